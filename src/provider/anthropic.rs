//! A voice over HTTP: Anthropic's Messages API, and servers that speak it.

use std::borrow::Cow;

use super::answering::{answering, asks, bare, body_of, keeps_none, once, refused, scrubbed, wait_ms};
use super::key::Key;
use super::openai::BEARER;
use super::sent::{keyed, sent};
use super::{Events, KeyCheck, Provider};
use crate::domain::Result;
use crate::domain::call::{Call, Converse};
use crate::domain::catalog::ModelCard;
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::script::{Api, Operation, Sent};
use crate::net::{Client, Request, Response};
use crate::wire::anthropic::request::{self, Thinking};
use crate::wire::anthropic::{Messages, VERSION, fault, reply};
use crate::wire::unstreamed::unstreamed;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// The path at which conversations are answered.
const MESSAGES: &str = "messages";

/// The header of the key.
const KEY: &str = "x-api-key";

const CHAT_ONLY: &str = "this API is asked for chat only";

/// Pages of a thousand models that are read at most: a server that names the next one without end is left.
const PAGES: usize = 20;

/// One configured server.
#[derive(Debug, Clone)]
pub struct Anthropic {
    name: String,
    base_url: String,
    key: Key,
    key_header: &'static str,
    /// Its answers are asked for whole.
    whole: bool,
}

impl Anthropic {
    /// The server whose API starts at `base_url`, without `/messages`; its models are `name/…`.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>, key: Key) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Self { name: name.into(), base_url, key, key_header: KEY, whole: false }
    }

    /// The same server, which wants its key in that header: a gateway, or one that is asked with a token.
    #[must_use]
    pub fn with_key_in(self, key_header: &'static str) -> Self {
        Self { key_header, ..self }
    }

    /// The same server; with `whole` its answers are asked for in one piece, not as a stream.
    #[must_use]
    pub fn whole(self, whole: bool) -> Self {
        Self { whole, ..self }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url)
    }

    async fn send(&self, net: &Client, request: Request) -> Result<Response> {
        let key = self.key.get(net).await?;
        let request = versioned(request);
        let keyed = match self.key_header {
            BEARER => request.bearer(key.as_ref()),
            header => request.secret(header, key.as_ref()),
        };
        net.send(keyed).await
    }

    fn asking(&self, doing: &str, path: &str, body: Vec<u8>) -> Request {
        let body = if self.whole && path == MESSAGES { unstreamed(body) } else { body };
        Request::post_json(doing, self.url(path), body)
            .header("accept", "text/event-stream, application/json")
    }

    /// Sends a conversation to `path`; the answer's head is one of success.
    async fn ask(
        &self,
        net: &Client,
        converse: &Converse,
        path: &str,
        body: fn(&Converse, Thinking) -> Result<Vec<u8>>,
        doing: &str,
    ) -> Result<Response> {
        let first = Thinking::of(converse.model.model());
        let mut thinking = first;
        let mut converse = Cow::Borrowed(converse);
        loop {
            let request = self.asking(doing, path, body(&converse, thinking)?);
            let mut response = self.send(net, request).await?;
            if response.is_success() {
                return Ok(response);
            }
            let (status, wait) = (response.status(), wait_ms(&response));
            let complaint = response.complaint().await;
            if thinking == first && fault::wants_other_thinking(status, &complaint) {
                thinking = first.other();
                continue;
            }
            if fault::wants_no_begun_answer(status, &complaint)
                && let Some(asked) = converse.asked_to_go_on()
            {
                converse = Cow::Owned(asked);
                continue;
            }
            return Err(fault::of_status(doing, status, &complaint, wait));
        }
    }

    async fn count(&self, net: &Client, converse: &Converse) -> Result<Event> {
        let doing = format!("counting tokens with {}", converse.model);
        let mut response = self.ask(net, converse, "messages/count_tokens", request::count, &doing).await?;
        let body = body_of(&doing, &mut response, fault::of_status).await?;
        let count = reply::tokens(&doing, &body).map_err(|error| scrubbed(error, &response))?;
        Ok(Event::Tokens { count })
    }

    async fn list(&self, net: &Client) -> Result<Event> {
        let doing = format!("listing the models of {}", self.name);
        let mut cards: Vec<ModelCard> = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let url = self.url(&format!("models?{}", request::models(after.as_deref())));
            let mut response = self.send(net, Request::get(&doing, url)).await?;
            let body = body_of(&doing, &mut response, fault::of_status).await?;
            let place = response.place().to_owned();
            let page = reply::models(&doing, &self.name, &place, &body)
                .map_err(|error| scrubbed(error, &response))?;
            cards.extend(page.cards);
            match page.next {
                Some(next) if after.as_ref() != Some(&next) => after = Some(next),
                _ => break,
            }
        }
        cards.sort_by(|a, b| a.id.cmp(&b.id));
        cards.dedup_by(|a, b| a.id == b.id);
        Ok(Event::Models { cards })
    }
}

fn versioned(request: Request) -> Request {
    request.header("anthropic-version", VERSION)
}

impl Provider for Anthropic {
    fn name(&self) -> &str {
        &self.name
    }

    fn operation(&self, _: &Converse) -> Option<Operation> {
        self.whole.then_some(Operation::Converse)
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn address(&self) -> Option<String> {
        Some(self.base_url.clone())
    }

    fn has_key(&self) -> bool {
        self.key.is_some()
    }

    fn check_key(&self, net: &Client) -> Option<BoxFuture<'static, Result<KeyCheck>>> {
        let (url, net) = (self.url("models"), net.clone());
        let doing = format!("asking {} about its key", self.name);
        self.key.is_some().then(|| async move { bare(&net, &doing, url).await }.boxed())
    }

    fn sent(&self, converse: &Converse) -> Result<Sent> {
        let body = request::body(converse, Thinking::of(converse.model.model()))?;
        let request = versioned(self.asking(&format!("asking {}", converse.model), MESSAGES, body));
        let before = if self.key_header == BEARER { "Bearer " } else { "" };
        Ok(sent(&request, keyed(&self.key, &self.name, self.key_header, before), Api::Messages))
    }

    fn left_out(&self, converse: &Converse) -> Vec<LeftOut> {
        request::left_out(converse)
    }

    fn on_top(&self, converse: &Converse) -> u32 {
        request::budget(converse, Thinking::of(converse.model.model())).unwrap_or(0)
    }

    fn usual_longest(&self, _: &Converse) -> Option<u32> {
        Some(request::MAX_TOKENS)
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        let (voice, net) = (self.clone(), net.clone());
        let events = match call {
            Call::Converse(converse) => {
                let doing = format!("asking {}", converse.model);
                let asked = (voice, converse, doing.clone());
                let ask = asks(asked, |asked, net| async move {
                    asked.0.ask(&net, &asked.1, MESSAGES, request::body, &asked.2).await
                });
                answering::<Messages>(doing, net, ask, reply::message)
            }
            Call::ListModels => once(async move { voice.list(&net).await }),
            Call::Pull { model } | Call::Remove { model } => keeps_none(&model),
            Call::CountTokens(converse) => once(async move { voice.count(&net, &converse).await }),
            Call::Image(picture) => {
                refused(format!("making a picture with {}", picture.model), "images", CHAT_ONLY)
            }
            Call::Embed { model, .. } => refused(format!("embedding with {model}"), "embed", CHAT_ONLY),
            Call::Rerank(asked) => refused(format!("reranking with {}", asked.model), "rerank", CHAT_ONLY),
        };
        self.key.attended(&self.name, events)
    }
}
