//! A voice over HTTP: any server that speaks `OpenAI`'s API, Chat Completions or Responses.

use super::answering::{
    answering, asks, bare, body_of, each, keeps_none, once, pictures_of, refused, scrubbed, wait_ms,
};
use super::fitted::Refused;
use super::key::Key;
use super::sent::{keyed, sent, without_user};
use super::{Events, KeyCheck, Provider};
use crate::domain::call::{Call, Converse, Picture};
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::rerank::Rerank;
use crate::domain::script::{self, Operation, Sent};
use crate::domain::{Error, Result};
use crate::net::{Client, Request, Response};
use crate::wire::attachment::Limits;
use crate::wire::openai::request::{CallIds, Dialect, Limit, Seed};
use crate::wire::openai::responses::{self, Responses};
use crate::wire::openai::{Chat, embed, fault, picture, reply, request, rerank};
use crate::wire::unstreamed::unstreamed;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};

/// Which of its two ways to converse a server is asked in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Api {
    /// Chat Completions, which every server has. A model that insists on the other way is asked in that.
    #[default]
    Chat,
    Responses,
}

/// The header whose credential is a bearer of the key.
pub(super) const BEARER: &str = "authorization";

/// The path at which servers are asked for vectors.
const EMBED: &str = "embeddings";
/// The path at which most servers put texts in order.
const RERANK: &str = "rerank";

/// The host of `OpenAI` itself.
const OPENAI: &str = "api.openai.com";

/// One configured server.
#[derive(Debug, Clone)]
pub struct OpenAi {
    name: String,
    base_url: String,
    key: Key,
    key_header: &'static str,
    /// Headers that say to `OpenAI` for whom a call is counted.
    account: Vec<(&'static str, String)>,
    api: Api,
    /// The path behind the address that answers only to a key that is taken.
    key_check: Option<&'static str>,
    /// Its answers are asked for whole.
    whole: bool,
    /// What it calls the seed.
    seed: Seed,
    call_ids: CallIds,
    /// It wants its reasoning back with a tool call.
    reasoning_back: bool,
    /// Where it puts texts in order: a path behind the address, or a whole address; and what it calls the number of the wanted.
    reranks: (&'static str, &'static str),
    /// Where it is asked for vectors: the same; and how.
    embeds: (&'static str, embed::Way),
    refused: Refused,
}

impl OpenAi {
    /// The server whose API starts at `base_url`, without `/chat/completions`; its models are `name/…`.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>, key: Key) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        let (name, api) = (name.into(), Api::default());
        let (key_check, refused) = (None, Refused::default());
        Self {
            name,
            base_url,
            key,
            key_header: BEARER,
            account: Vec::new(),
            api,
            key_check,
            whole: false,
            seed: Seed::default(),
            call_ids: CallIds::default(),
            reasoning_back: false,
            reranks: (RERANK, rerank::TOP),
            embeds: (EMBED, embed::Way::default()),
            refused,
        }
    }

    /// The same server, asked in the way `api`.
    #[must_use]
    pub fn by(self, api: Api) -> Self {
        Self { api, ..self }
    }

    /// The same server, which wants its key in that header.
    #[must_use]
    pub fn with_key_in(self, key_header: &'static str) -> Self {
        Self { key_header, ..self }
    }

    /// The same server; where it is `OpenAI` itself, it is told so for whom a call is counted. No other server is.
    #[must_use]
    pub fn for_account(self, account: Vec<(&'static str, String)>) -> Self {
        Self { account, ..self }
    }

    /// The same server, which says there whether a key is taken.
    #[must_use]
    pub fn with_key_check(self, key_check: Option<&'static str>) -> Self {
        Self { key_check, ..self }
    }

    /// The same server, which calls the seed `random_seed` where that is `so`.
    #[must_use]
    pub fn with_random_seed(self, so: bool) -> Self {
        Self { seed: if so { Seed::RandomSeed } else { Seed::Seed }, ..self }
    }

    /// The same server, which takes ids of tool calls of nine letters and digits alone where that is `so`.
    #[must_use]
    pub fn with_nine_ids(self, so: bool) -> Self {
        Self { call_ids: if so { CallIds::Nine } else { CallIds::Any }, ..self }
    }

    /// The same server, which wants what it thought before a tool call back with it where that is `so`.
    #[must_use]
    pub fn with_reasoning_back(self, so: bool) -> Self {
        Self { reasoning_back: so, ..self }
    }

    /// The same server, which puts texts in order there, and calls the number of the wanted so.
    #[must_use]
    pub fn with_rerank(self, at: Option<&'static str>, top: Option<&'static str>) -> Self {
        Self { reranks: (at.unwrap_or(RERANK), top.unwrap_or(rerank::TOP)), ..self }
    }

    /// The same server, which is asked for vectors there, in the way of that vendor.
    #[must_use]
    pub fn with_embed(self, at: Option<&'static str>, vendor: Option<&str>) -> Self {
        Self { embeds: (at.unwrap_or(EMBED), embed::Way::of(vendor)), ..self }
    }

    /// The same server; with `whole` its answers are asked for in one piece, not as a stream.
    #[must_use]
    pub fn whole(self, whole: bool) -> Self {
        Self { whole, ..self }
    }

    /// Whether `OpenAI` itself is asked, or its models at Microsoft, and none of the servers that copy its API.
    fn is_openais_own(&self) -> bool {
        self.host().is_some_and(|host| host == OPENAI || host.ends_with(".openai.azure.com"))
    }

    fn host(&self) -> Option<&str> {
        self.base_url.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next())
    }

    fn accounted(&self, mut request: Request) -> Request {
        if self.host() == Some(OPENAI) {
            for (name, value) in self.account.clone() {
                request = request.header(name, value);
            }
        }
        request
    }

    /// The way in which the model is asked, as far as its server has said that it wants the other one.
    fn api_of(&self, model: &ModelId) -> Api {
        if self.refused.has(model, fault::CHAT) { Api::Responses } else { self.api }
    }

    fn limit_of(&self, model: &ModelId) -> Limit {
        let is_old = self.refused.has(model, fault::OLD_LIMIT);
        if is_old { Limit::MaxCompletionTokens } else { Limit::MaxTokens }
    }

    fn dialect(&self, model: &ModelId, limit: Limit) -> Dialect {
        let counts = !self.refused.has(model, fault::COUNTS);
        Dialect {
            limit,
            top_k: !self.is_openais_own(),
            seed: self.seed,
            counts,
            call_ids: self.call_ids,
            reasoning_back: self.reasoning_back,
        }
    }

    async fn send(&self, net: &Client, request: Request) -> Result<Response> {
        let key = self.key.get(net).await?;
        let keyed = match self.key_header {
            BEARER => request.bearer(key.as_ref()),
            header => request.secret(header, key.as_ref()),
        };
        net.send(self.accounted(keyed)).await
    }

    /// The request for an answer, without a key.
    fn asking(&self, doing: &str, converse: &Converse, api: Api, limit: Limit) -> Result<Request> {
        if self.is_openais_own() {
            Limits::OPENAI.check(converse, doing)?;
        }
        let converse = &*self.refused.fitted(converse);
        let (path, body) = match api {
            Api::Chat => ("chat/completions", request::body(converse, self.dialect(&converse.model, limit))?),
            Api::Responses => ("responses", responses::request::body(converse)?),
        };
        let body = if self.whole { unstreamed(body) } else { body };
        let request = Request::post_json(doing, format!("{}/{path}", self.base_url), body);
        Ok(request.header("accept", "text/event-stream, application/json"))
    }

    /// Sends a conversation to Chat Completions; the answer's head is one of success.
    async fn chat(&self, net: &Client, converse: &Converse, doing: &str) -> Result<Response> {
        let mut limit = self.limit_of(&converse.model);
        loop {
            let request = self.asking(doing, converse, Api::Chat, limit)?;
            let mut response = self.send(net, request).await?;
            if response.is_success() {
                if limit == Limit::MaxCompletionTokens {
                    self.refused.learn(&converse.model, fault::OLD_LIMIT);
                }
                return Ok(response);
            }
            let (status, wait) = (response.status(), wait_ms(&response));
            let complaint = response.complaint().await;
            if self.learns(converse, status, &complaint) {
                continue;
            }
            if status == 400
                && limit == Limit::MaxTokens
                && converse.settings.max_tokens.is_some()
                && fault::wants_max_completion_tokens(&complaint)
            {
                limit = Limit::MaxCompletionTokens;
                continue;
            }
            return Err(fault::of_status(doing, status, &complaint, wait));
        }
    }

    /// Sends a conversation to Responses; the answer's head is one of success.
    async fn respond(&self, net: &Client, converse: &Converse, doing: &str) -> Result<Response> {
        loop {
            let request = self.asking(doing, converse, Api::Responses, Limit::MaxTokens)?;
            let mut response = self.send(net, request).await?;
            if response.is_success() {
                self.refused.learn(&converse.model, fault::CHAT);
                return Ok(response);
            }
            let (status, wait) = (response.status(), wait_ms(&response));
            let complaint = response.complaint().await;
            if !self.learns(converse, status, &complaint) {
                return Err(fault::of_status(doing, status, &complaint, wait));
            }
        }
    }

    /// Whether a complaint says for the first time that the server does not take a part of the request at any value.
    fn learns(&self, converse: &Converse, status: u16, complaint: &str) -> bool {
        let Some(setting) = fault::refuses(status, complaint) else { return false };
        let sent = setting == fault::COUNTS || converse.settings.get(setting).is_some();
        sent && self.refused.learn(&converse.model, setting)
    }

    fn converse(self, net: Client, converse: Converse) -> Events {
        let doing = format!("asking {}", converse.model);
        let asked = (self.clone(), converse.clone(), doing.clone());
        if self.api_of(&converse.model) == Api::Responses {
            let ask =
                asks(asked, |asked, net| async move { asked.0.respond(&net, &asked.1, &asked.2).await });
            return answering::<Responses>(doing, net, ask, responses::whole);
        }
        let other = (self.by(Api::Responses), net.clone(), converse);
        let ask = asks(asked, |asked, net| async move { asked.0.chat(&net, &asked.1, &asked.2).await });
        or_else(answering::<Chat>(doing, net, ask, reply::completion), move |error| {
            let (voice, net, converse) = other;
            fault::wants_responses(error).then(|| {
                let told = LeftOut::said(&responses::request::left_out(&converse.settings));
                let told = told.filter(|_| more_is_left_out(&voice, &converse));
                let told = told.map(|text| Ok(Event::Notice { text }));
                stream::iter(told).chain(voice.converse(net, converse)).boxed()
            })
        })
    }

    fn left_out_in(&self, api: Api, converse: &Converse) -> Vec<LeftOut> {
        let fitted = self.refused.fitted(converse);
        let mut all = match api {
            Api::Chat => request::left_out(&fitted.settings, self.dialect(&converse.model, Limit::MaxTokens)),
            Api::Responses => responses::request::left_out(&fitted.settings),
        };
        all.extend(self.refused.left_out(converse));
        all
    }

    async fn list(&self, net: &Client) -> Result<Event> {
        let doing = format!("listing the models of {}", self.name);
        let request = Request::get(&doing, format!("{}/models", self.base_url));
        let mut response = self.send(net, request).await?;
        let body = body_of(&doing, &mut response, fault::of_status).await?;
        let cards = reply::models(&doing, &self.name, response.place(), &body)
            .map_err(|error| scrubbed(error, &response))?;
        Ok(Event::Models { cards })
    }

    /// Whether the key is taken; where no path says so, whether the models are listed without it.
    async fn try_key(&self, net: &Client) -> Result<KeyCheck> {
        let doing = format!("asking {} about its key", self.name);
        let Some(path) = self.key_check else {
            return bare(net, &doing, format!("{}/models", self.base_url)).await;
        };
        let mut response = self.send(net, Request::get(&doing, format!("{}/{path}", self.base_url))).await?;
        body_of(&doing, &mut response, fault::of_status).await.map(|_| KeyCheck::Taken)
    }

    /// The whole address of a path behind that of its API; a whole one is itself.
    fn address(&self, at: &str) -> String {
        if at.contains("://") { at.to_owned() } else { format!("{}/{at}", self.base_url) }
    }

    async fn embed(
        &self,
        net: &Client,
        model: &ModelId,
        texts: &[String],
        query: bool,
    ) -> Result<Vec<Event>> {
        let doing = format!("embedding with {model}");
        let (at, way) = self.embeds;
        let body = embed::body(way, model.model(), texts, query);
        let request = Request::post_json(&doing, self.address(at), body);
        let mut response = self.send(net, request).await?;
        let body = body_of(&doing, &mut response, fault::of_status).await?;
        embed::vectors(&doing, way, texts.len(), &body).map_err(|error| scrubbed(error, &response))
    }

    async fn rerank(&self, net: &Client, asked: &Rerank) -> Result<Vec<Event>> {
        let doing = format!("reranking with {}", asked.model);
        let (at, top) = self.reranks;
        let request = Request::post_json(&doing, self.address(at), rerank::body(asked, top));
        let mut response = self.send(net, request).await?;
        let body = body_of(&doing, &mut response, fault::of_status).await?;
        rerank::ordered(&doing, asked, &body).map_err(|error| scrubbed(error, &response))
    }

    /// One request after the other; what came of the first is there when a later one fails.
    fn pictures(self, net: Client, picture: &Picture) -> Events {
        let doing = format!("making a picture with {}", picture.model);
        let both =
            || -> Result<_> { Ok((picture::requests(picture)?, picture::unasked_for_bytes(picture)?)) };
        let (asked, bare) = match both() {
            Ok(both) => both,
            Err(error) => return once(std::future::ready(Err(error))),
        };
        let model = picture.model.clone();
        let made = stream::iter(asked.into_iter().zip(bare)).then(move |ways| {
            let (voice, net, doing, model) = (self.clone(), net.clone(), doing.clone(), model.clone());
            async move { voice.picture(&net, &model, ways, &doing).await }
        });
        each(made)
    }

    /// Sends the first way to ask, and the other one to a server that does not want to be asked for the bytes.
    async fn picture(
        &self,
        net: &Client,
        model: &ModelId,
        (asked, bare): (picture::Asked, picture::Asked),
        doing: &str,
    ) -> Result<Vec<Event>> {
        let request = |asked: picture::Asked| {
            let url = format!("{}/{}", self.base_url, asked.path);
            Request::post(doing, url, asked.media_type, asked.body)
        };
        let differ = asked != bare && !self.refused.has(model, fault::BYTES);
        let first = if differ { asked } else { bare.clone() };
        let mut response = self.send(net, request(first)).await?;
        if differ && !response.is_success() {
            let (status, wait) = (response.status(), wait_ms(&response));
            let complaint = response.complaint().await;
            if fault::refuses(status, &complaint) != Some(fault::BYTES) {
                return Err(fault::of_status(doing, status, &complaint, wait));
            }
            self.refused.learn(model, fault::BYTES);
            response = self.send(net, request(bare)).await?;
        }
        let body = pictures_of(doing, &mut response, fault::of_status).await?;
        picture::pictures(doing, &body).map_err(|error| scrubbed(error, &response))
    }
}

/// Whether the one way to converse lacks what the other has, of what is set.
fn more_is_left_out(voice: &OpenAi, converse: &Converse) -> bool {
    let names = |api: Api| -> Vec<String> {
        voice.left_out_in(api, converse).into_iter().flat_map(|left| left.settings).collect()
    };
    names(Api::Responses) != names(Api::Chat)
}

/// `events`; where they begin with an error that `other` has an answer to, that.
fn or_else(events: Events, other: impl FnOnce(&Error) -> Option<Events> + Send + 'static) -> Events {
    let begin = async move {
        let mut events = events;
        let first = events.next().await;
        let instead = match &first {
            Some(Err(error)) => other(error),
            _ => None,
        };
        instead.unwrap_or_else(|| stream::iter(first).chain(events).boxed())
    };
    stream::once(begin).flatten().boxed()
}

impl Provider for OpenAi {
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
        let (voice, net) = (self.clone(), net.clone());
        self.key.is_some().then(|| async move { voice.try_key(&net).await }.boxed())
    }

    fn sent(&self, converse: &Converse) -> Result<Sent> {
        let doing = format!("asking {}", converse.model);
        let api = self.api_of(&converse.model);
        let request = self.asking(&doing, converse, api, self.limit_of(&converse.model))?;
        let before = if self.key_header == BEARER { "Bearer " } else { "" };
        let base = without_user(&self.base_url);
        let api = match api {
            Api::Chat => script::Api::ChatCompletions { base },
            Api::Responses => script::Api::Responses { base },
        };
        Ok(sent(&request, keyed(&self.key, &self.name, self.key_header, before), api))
    }

    fn sent_picture(&self, picture: &Picture) -> Result<Sent> {
        let doing = format!("making a picture with {}", picture.model);
        let before = if self.key_header == BEARER { "Bearer " } else { "" };
        let credential = keyed(&self.key, &self.name, self.key_header, before);
        if let Some((path, form)) = picture::form(picture)? {
            let request = Request::get(&doing, format!("{}/{path}", self.base_url));
            let body = b"null".to_vec();
            return Ok(Sent { body, ..sent(&request, credential, script::Api::Edits { form }) });
        }
        let first = picture::requests(picture)?.into_iter().next();
        let asked = first.ok_or_else(|| Error::internal(&doing, "nothing is asked for"))?;
        let url = format!("{}/{}", self.base_url, asked.path);
        let request = Request::post(&doing, url, "application/json", asked.body);
        let api = script::Api::Images { base: without_user(&self.base_url) };
        Ok(sent(&request, credential, api))
    }

    fn left_out(&self, converse: &Converse) -> Vec<LeftOut> {
        self.left_out_in(self.api_of(&converse.model), converse)
    }

    fn unpictured(&self, model: &ModelId) -> Vec<LeftOut> {
        picture::unpictured(model.model())
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        let (voice, net) = (self.clone(), net.clone());
        let events = match call {
            Call::Converse(converse) => voice.converse(net, converse),
            Call::ListModels => once(async move { voice.list(&net).await }),
            Call::Embed { model, texts, query } => {
                each(stream::once(async move { voice.embed(&net, &model, &texts, query).await }))
            }
            Call::Rerank(asked) => each(stream::once(async move { voice.rerank(&net, &asked).await })),
            Call::Image(picture) => voice.pictures(net, &picture),
            Call::Pull { model } | Call::Remove { model } => keeps_none(&model),
            Call::CountTokens(converse) => refused(
                format!("counting tokens with {}", converse.model),
                "count_tokens",
                "servers of this kind count no tokens before they answer",
            ),
        };
        self.key.attended(&self.name, events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_whom_a_call_is_counted_is_said_to_openai_alone() {
        let account = vec![("openai-organization", "org-1".to_owned())];
        let says = |url: &str| {
            let voice = OpenAi::new("there", url, Key::None).for_account(account.clone());
            let request = voice.accounted(Request::get("listing", url));
            request.headers().iter().any(|(name, value)| *name == "openai-organization" && value == "org-1")
        };
        assert!(says("https://api.openai.com/v1"));
        for url in
            ["https://api.groq.com/openai/v1", "https://mine.openai.azure.com/openai/v1", "http://h/v1"]
        {
            assert!(!says(url), "{url}");
        }
    }
}
