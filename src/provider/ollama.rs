//! A voice over HTTP: Ollama, by its own API, which tells more of its models than the one that it copies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::answering::{answering, asks, bare, body_of, complaint, each, once, refused, scrubbed};
use super::key::Key;
use super::sent::{keyed, sent};
use super::{Events, KeyCheck, Provider};
use crate::domain::call::{Call, Converse};
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::delta::Event;
use crate::domain::script::{Api, Operation, Sent};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response, Waits};
use crate::wire::ollama::pull::{self, Pulling};
use crate::wire::ollama::{Chat, fault, models, reply, request};
use crate::wire::unstreamed::unstreamed;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};

/// Models that are asked for what they can do: so many at once, and no more than that in all.
const AT_ONCE: usize = 16;
const ASKED: usize = 64;

/// How long what one model can do may take to come; the list does not wait for it longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may be silent while it fetches a model.
const QUIET: Duration = Duration::from_mins(30);

/// One configured server.
#[derive(Debug, Clone)]
pub struct Ollama {
    name: String,
    base_url: String,
    key: Key,
    /// Its answers are asked for whole.
    whole: bool,
    /// The context that models are asked to run with, in tokens, by their names.
    contexts: Arc<BTreeMap<String, u32>>,
}

impl Ollama {
    /// The server at `base_url`, without `/api`; its models are `name/…`. It needs a key only behind a gateway.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>, key: Key) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Self { name: name.into(), base_url, key, whole: false, contexts: Arc::default() }
    }

    /// The same server; with `whole` its answers are asked for in one piece, not as a stream.
    #[must_use]
    pub fn whole(self, whole: bool) -> Self {
        Self { whole, ..self }
    }

    /// The same server; these models of it, by their names, are to run with so much context, in tokens. Others run with what
    /// the server takes, which may be a small part of what they can do.
    #[must_use]
    pub fn with_contexts(self, contexts: BTreeMap<String, u32>) -> Self {
        Self { contexts: Arc::new(contexts), ..self }
    }

    /// A name without a tag is the one with the tag `latest`.
    fn context(&self, model: &ModelId) -> Option<u32> {
        let name = model.model();
        let same = name.strip_suffix(":latest").map_or_else(|| format!("{name}:latest"), str::to_owned);
        self.contexts.get(name).or_else(|| self.contexts.get(&same)).copied()
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/{path}", self.base_url)
    }

    fn post(&self, doing: &str, path: &str, body: Vec<u8>) -> Request {
        Request::post_json(doing, self.url(path), body)
    }

    async fn send(&self, net: &Client, request: Request) -> Result<Response> {
        let key = self.key.get(net).await?;
        net.send(request.bearer(key.as_ref())).await.map_err(not_running)
    }

    fn asking(&self, doing: &str, converse: &Converse) -> Result<Request> {
        let body = request::body(converse, self.context(&converse.model))?;
        let body = if self.whole { unstreamed(body) } else { body };
        let request = self.post(doing, "chat", body);
        Ok(request.header("accept", "application/x-ndjson, application/json"))
    }

    /// Sends a conversation; the answer's head is one of success.
    async fn ask(&self, net: &Client, converse: &Converse, doing: &str) -> Result<Response> {
        let mut response = self.send(net, self.asking(doing, converse)?).await?;
        if response.is_success() {
            return Ok(response);
        }
        Err(complaint(doing, &mut response, fault::of_status).await)
    }

    async fn embed(&self, net: &Client, model: &ModelId, texts: &[String]) -> Result<Vec<Event>> {
        let doing = format!("embedding with {model}");
        let body = request::embed(model, texts, self.context(model))?;
        let mut response = self.send(net, self.post(&doing, "embed", body)).await?;
        let body = body_of(&doing, &mut response, fault::of_status).await?;
        reply::vectors(&doing, texts.len(), &body).map_err(|error| scrubbed(error, &response))
    }

    /// Has the server fetch a model; the answer's head is one of success.
    async fn pull(&self, net: &Client, model: &ModelId, doing: &str) -> Result<Response> {
        // It says nothing while it checks what it has fetched.
        let net = net.patient(Waits { idle: Some(QUIET), first_byte: Some(QUIET), connect: None });
        let mut response = self.send(&net, self.post(doing, "pull", pull::body(model))).await?;
        if response.is_success() {
            return Ok(response);
        }
        Err(complaint(doing, &mut response, fault::of_status).await)
    }

    async fn remove(&self, net: &Client, model: &ModelId) -> Result<()> {
        let doing = format!("removing {model}");
        let request = Request::delete_json(&doing, self.url("delete"), pull::delete(model));
        let mut response = self.send(net, request).await?;
        body_of(&doing, &mut response, fault::of_status).await.map(|_| ())
    }

    async fn list(&self, net: &Client) -> Result<Event> {
        let doing = format!("listing the models of {}", self.name);
        let mut response = self.send(net, Request::get(&doing, self.url("tags"))).await?;
        let body = body_of(&doing, &mut response, fault::of_status).await?;
        let mut cards = models::cards(&doing, &self.name, response.place(), &body)
            .map_err(|error| scrubbed(error, &response))?;
        if !cards.is_empty() {
            self.running(net, &mut cards).await;
        }
        let cards = stream::iter(cards.into_iter().enumerate())
            .map(|(at, card)| async move { if at < ASKED { self.shown(net, card).await } else { card } })
            .buffered(AT_ONCE)
            .collect()
            .await;
        Ok(Event::Models { cards })
    }

    /// Adds what is known of those that are loaded; where that does not come, nothing.
    async fn running(&self, net: &Client, cards: &mut [ModelCard]) {
        let doing = format!("asking what {} has loaded", self.name);
        let asked = async {
            let mut response = self.send(net, Request::get(&doing, self.url("ps"))).await?;
            body_of(&doing, &mut response, fault::of_status).await
        };
        let told = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(body) => body.and_then(|body| models::running(&doing, cards, &body)),
            Err(_) => Err(Error::new(ErrorKind::Timeout, &doing, "nothing came in time", "")),
        };
        if let Err(error) = told {
            tracing::info!(server = ?self.name, kind = ?error.kind, "what is loaded stays unknown");
        }
    }

    /// The card with what its server knows of the model; where that does not come, the card as it is.
    async fn shown(&self, net: &Client, mut card: ModelCard) -> ModelCard {
        let doing = format!("asking what {} can do", card.id);
        let asked = async {
            let mut response = self.send(net, self.post(&doing, "show", request::show(&card.id))).await?;
            body_of(&doing, &mut response, fault::of_status).await
        };
        let shown = match tokio::time::timeout(PATIENCE, asked).await {
            Ok(body) => body.and_then(|body| models::show(&doing, &mut card, &body)),
            Err(_) => Err(Error::new(ErrorKind::Timeout, &doing, "nothing came in time", "")),
        };
        if let Err(error) = shown {
            tracing::info!(model = ?card.id.as_str(), kind = ?error.kind, "what it can do stays unknown");
        }
        card
    }
}

/// What helps where nobody listens.
fn not_running(mut error: Error) -> Error {
    if error.kind == ErrorKind::Network && error.why.contains("refused") {
        error.hint = format!("{} `ollama serve` starts it.", error.hint);
    }
    error
}

impl Provider for Ollama {
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

    fn keeps_models(&self) -> bool {
        true
    }

    fn may_cut(&self) -> bool {
        true
    }

    fn check_key(&self, net: &Client) -> Option<BoxFuture<'static, Result<KeyCheck>>> {
        let (url, net) = (self.url("tags"), net.clone());
        let doing = format!("asking {} about its key", self.name);
        self.key.is_some().then(|| async move { bare(&net, &doing, url).await }.boxed())
    }

    fn sent(&self, converse: &Converse) -> Result<Sent> {
        let request = self.asking(&format!("asking {}", converse.model), converse)?;
        Ok(sent(&request, keyed(&self.key, &self.name, "authorization", "Bearer "), Api::Ollama))
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        let (voice, net) = (self.clone(), net.clone());
        let events = match call {
            Call::Converse(converse) => {
                let doing = format!("asking {}", converse.model);
                let asked = (voice, converse, doing.clone());
                let ask =
                    asks(asked, |asked, net| async move { asked.0.ask(&net, &asked.1, &asked.2).await });
                answering::<Chat>(doing, net, ask, reply::answer)
            }
            Call::ListModels => once(async move { voice.list(&net).await }),
            Call::Embed { model, texts, .. } => {
                each(stream::once(async move { voice.embed(&net, &model, &texts).await }))
            }
            Call::Rerank(asked) => {
                let doing = format!("reranking with {}", asked.model);
                refused(doing, "rerank", "Ollama's API puts no texts in order")
            }
            Call::Image(picture) => {
                let doing = format!("making a picture with {}", picture.model);
                refused(doing, "images", "Ollama is asked for text and vectors only")
            }
            Call::CountTokens(converse) => {
                let doing = format!("counting tokens with {}", converse.model);
                refused(doing, "count_tokens", "Ollama's API counts no tokens before it answers")
            }
            Call::Pull { model } => {
                let doing = format!("fetching {model}");
                let asked = (voice, model, doing.clone());
                let ask =
                    asks(asked, |asked, net| async move { asked.0.pull(&net, &asked.1, &asked.2).await });
                answering::<Pulling>(doing, net, ask, pull::whole)
            }
            Call::Remove { model } => {
                let removed = async move { voice.remove(&net, &model).await };
                stream::once(removed).filter_map(async |removed| removed.err().map(Err)).boxed()
            }
        };
        self.key.attended(&self.name, events)
    }
}
