//! A voice over HTTP: Amazon Bedrock, through its Converse API, and `InvokeModel` for what that does not do.

mod invoke;
mod learnt;
mod list;

use std::borrow::Cow;

use futures_util::stream;
use learnt::Learnt;

use super::answering::{LONGEST, answering_counted, asks, each, keeps_none, once, scrubbed, wait_ms};
pub use super::aws::{Credentials, Fetched};
use super::aws::{Right, Signing};
use super::key::announced;
use super::sent::{sent, without_user};
use super::{Events, Provider};
use crate::config::aws_domain;
use crate::domain::call::{Call, Converse, Picture};
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::script::{Api, Credential, Operation, Sent};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response};
use crate::wire::anthropic::request::MAX_TOKENS;
use crate::wire::bedrock::native::{self, Family, Row};
use crate::wire::bedrock::request::{self, Ask, Thinking};
use crate::wire::bedrock::{Answer, fault, reply};

/// Bedrock in one region.
#[derive(Debug, Clone)]
pub struct Bedrock {
    name: String,
    region: String,
    /// In place of Amazon's own addresses.
    runtime_url: Option<String>,
    control_url: Option<String>,
    credentials: Credentials,
    /// Its answers are asked for whole.
    whole: bool,
    learnt: Learnt,
}

/// Which of Bedrock's services.
#[derive(Debug, Clone, Copy)]
enum Service {
    /// Answers.
    Runtime,
    /// Lists.
    Control,
}

impl Bedrock {
    /// Its models are `name/…`.
    pub fn new(
        name: impl Into<String>,
        region: impl Into<String>,
        base_url: Option<&str>,
        credentials: Credentials,
    ) -> Self {
        let both = base_url.map(|url| url.trim_end_matches('/').to_owned());
        let (name, region) = (name.into(), region.into());
        let (runtime_url, control_url) = (both.clone(), both);
        Self { name, region, runtime_url, control_url, credentials, whole: false, learnt: Learnt::default() }
    }

    /// The same, at these addresses where it has not been given one.
    #[must_use]
    pub fn moved(self, runtime: Option<String>, control: Option<String>) -> Self {
        let (runtime_url, control_url) = (self.runtime_url.or(runtime), self.control_url.or(control));
        Self { runtime_url, control_url, ..self }
    }

    /// The same; with `whole` its answers are asked for in one piece, not as a stream.
    #[must_use]
    pub fn whole(self, whole: bool) -> Self {
        Self { whole, ..self }
    }

    fn url(&self, service: Service, path: &str) -> String {
        let (own, host) = match service {
            Service::Runtime => (&self.runtime_url, "bedrock-runtime"),
            Service::Control => (&self.control_url, "bedrock"),
        };
        if let Some(own) = own {
            return format!("{own}{path}");
        }
        format!("https://{host}.{}.{}{path}", self.region, aws_domain(&self.region))
    }

    /// A request that is signed now.
    async fn request(
        &self,
        net: &Client,
        doing: &str,
        url: String,
        body: Option<Vec<u8>>,
    ) -> Result<Request> {
        let keys = match self.credentials.now(net).await? {
            Right::Bearer(key) => return Ok(made(doing, url, body).bearer(key.as_ref())),
            Right::Keys(keys) => keys,
        };
        let signing = Signing {
            doing,
            method: if body.is_some() { "POST" } else { "GET" },
            url: &url,
            body: body.as_deref().unwrap_or_default(),
            media_type: body.is_some().then_some("application/json"),
            region: &self.region,
            service: "bedrock",
        };
        signing.with(&keys, made(doing, url.clone(), body.clone()))
    }

    /// Sends a conversation; the answer's head is one of success. Converse is asked first where it has room for the
    /// conversation, and what it refuses to do in its own words is done as the model's maker has it.
    async fn ask(&self, net: &Client, converse: &Converse, first: Ask, doing: &str) -> Result<Response> {
        let model = &converse.model;
        let mut converse = self.learnt.based(converse);
        let row = Row::of(&converse.model);
        let begun = self.first_ask(&converse, first);
        let mut ask = begun;
        let first_thinking = Thinking::of(converse.model.model());
        let mut thinking = first_thinking;
        loop {
            let body = body(&converse, ask, thinking)?;
            let url = self.url(Service::Runtime, &request::path(model, ask));
            let (name, value) = ask.accept();
            let request = self.request(net, doing, url, Some(body)).await?.header(name, value);
            let mut response = net.send(request).await?;
            if response.is_success() {
                if begun.converses() && !ask.converses() {
                    self.learnt.wants_native(&converse.model);
                }
                if begun.whole().is_some() && ask.whole().is_none() {
                    self.learnt.wants_whole(&converse);
                }
                return Ok(response);
            }
            let (status, complaint, error) = self.complaint(doing, &mut response).await;
            let whole = ask.whole().filter(|_| fault::wants_no_stream(status, &complaint));
            let own =
                row.filter(|row| row.chats() && ask.converses() && fault::wants_native(status, &complaint));
            if let Some(next) = whole.or(own.map(Ask::native)) {
                ask = next;
            } else if thinking == first_thinking && fault::wants_other_thinking(status, &complaint) {
                thinking = thinking.other();
            } else if fault::wants_no_begun_answer(status, &complaint)
                && let Some(asked) = converse.asked_to_go_on()
            {
                converse = Cow::Owned(asked);
            } else {
                return Err(self.of_another_region(model, error));
            }
        }
    }

    /// The error about a model whose ARN is of another Region than the one that is asked: Amazon calls such a one invalid.
    fn of_another_region(&self, model: &ModelId, mut error: Error) -> Error {
        // "arn:aws:bedrock:REGION:ACCOUNT:…"
        let region = model.model().strip_prefix("arn:").and_then(|arn| arn.split(':').nth(2));
        if let Some(region) = region.filter(|region| !region.is_empty() && *region != self.region)
            && matches!(error.kind, ErrorKind::Invalid | ErrorKind::NotFound)
        {
            error.hint = format!(
                "The ARN is of {region}, and {} asks {}: a provider of its own with region = \"{region}\" asks there.",
                self.name, self.region
            );
        }
        error
    }

    /// Converse where it has room for the conversation, and has not refused the model, else what the model's maker has; in one
    /// piece where that is wanted, or the model is known to stream nothing.
    fn first_ask(&self, converse: &Converse, first: Ask) -> Ask {
        let ask = match Row::of(&converse.model) {
            Some(row)
                if first == Ask::Stream
                    && (!row.converses(converse) || self.learnt.is_native(&converse.model)) =>
            {
                Ask::native(row)
            }
            _ => first,
        };
        let whole = ask.whole().filter(|_| self.whole || self.learnt.is_whole(converse));
        whole.unwrap_or(ask)
    }

    /// A request without what says who asks.
    fn as_sent(&self, request: &Request, model: &ModelId, operation: Operation) -> Sent {
        let region = self.region.clone();
        let credential = match self.credentials {
            Credentials::Bearer(_) => Credential::Key {
                header: "authorization",
                before: "Bearer ",
                variable: "AWS_BEARER_TOKEN_BEDROCK".to_owned(),
            },
            Credentials::Keys(_) | Credentials::Fetched(_) => {
                Credential::Signature { region: region.clone() }
            }
        };
        let endpoint = self.runtime_url.as_deref().map(without_user);
        let model = model.model().to_owned();
        sent(request, credential, Api::Bedrock { model, region, endpoint, operation })
    }

    async fn count(&self, net: &Client, converse: &Converse) -> Result<Event> {
        let doing = format!("counting tokens with {}", converse.model);
        let mut response = self.ask(net, converse, Ask::Count, &doing).await?;
        let body = response.bytes(LONGEST).await?;
        let count = reply::tokens(&doing, &body).map_err(|error| scrubbed(error, &response))?;
        Ok(Event::Tokens { count })
    }

    /// The status, the words, and the error that they are.
    async fn complaint(&self, doing: &str, response: &mut Response) -> (u16, String, Error) {
        let (status, wait) = (response.status(), wait_ms(response));
        let name = response.header("x-amzn-errortype").map(str::to_owned);
        let words = response.complaint().await;
        let mut error = fault::of_status(doing, status, name.as_deref(), &words, wait);
        if error.kind == ErrorKind::Auth {
            if fault::refuses_keys(name.as_deref(), &words) {
                self.credentials.forget().await;
            }
            if let (fault::RENEW, Some(renewal)) = (error.hint.as_str(), self.credentials.renewal()) {
                error.hint = renewal;
            }
        }
        (status, words, error)
    }
}

fn body(converse: &Converse, ask: Ask, thinking: Thinking) -> Result<Vec<u8>> {
    match ask {
        Ask::Count => request::count(converse, thinking),
        Ask::Stream | Ask::Whole => request::body(converse, thinking),
        Ask::NativeStream(family) | Ask::Native(family) => native::body(converse, family, thinking),
    }
}

fn made(doing: &str, url: String, body: Option<Vec<u8>>) -> Request {
    match body {
        Some(body) => Request::post_json(doing, url, body),
        None => Request::get(doing, url),
    }
}

impl Provider for Bedrock {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn address(&self) -> Option<String> {
        // Where answers come from counts before where lists do: what is known of Amazon's models holds for its own only.
        let service = if self.runtime_url.is_some() { Service::Runtime } else { Service::Control };
        Some(self.url(service, ""))
    }

    fn vendor(&self) -> Option<&'static str> {
        Some("bedrock")
    }

    fn region(&self) -> Option<String> {
        Some(self.region.clone())
    }

    fn has_key(&self) -> bool {
        true
    }

    fn sent(&self, converse: &Converse) -> Result<Sent> {
        let doing = format!("asking {}", converse.model);
        let based = self.learnt.based(converse);
        let ask = self.first_ask(&based, Ask::Stream);
        let body = body(&based, ask, Thinking::of(based.model.model()))?;
        let (name, value) = ask.accept();
        let url = self.url(Service::Runtime, &request::path(&converse.model, ask));
        let request = made(&doing, url, Some(body)).header(name, value);
        Ok(self.as_sent(&request, &converse.model, ask.operation()))
    }

    fn operation(&self, converse: &Converse) -> Option<Operation> {
        Some(self.first_ask(&self.learnt.based(converse), Ask::Stream).operation())
    }

    fn sent_picture(&self, picture: &Picture) -> Result<Sent> {
        let (body, ask) = self.first_picture(picture)?;
        let url = self.url(Service::Runtime, &request::path(&picture.model, ask));
        let doing = format!("making a picture with {}", picture.model);
        let request = made(&doing, url, Some(body)).header("accept", "application/json");
        Ok(self.as_sent(&request, &picture.model, Operation::InvokeModel))
    }

    fn left_out(&self, converse: &Converse) -> Vec<LeftOut> {
        let converse = self.learnt.based(converse);
        match self.first_ask(&converse, Ask::Stream) {
            Ask::NativeStream(family) | Ask::Native(family) => native::left_out(&converse, family),
            Ask::Stream | Ask::Whole | Ask::Count => request::left_out(&converse),
        }
    }

    fn on_top(&self, converse: &Converse) -> u32 {
        let converse = self.learnt.based(converse);
        request::budget(&converse, Thinking::of(converse.model.model())).unwrap_or(0)
    }

    fn usual_longest(&self, converse: &Converse) -> Option<u32> {
        // Converse leaves it to the model.
        match self.first_ask(&self.learnt.based(converse), Ask::Stream) {
            Ask::NativeStream(Family::Claude) | Ask::Native(Family::Claude) => Some(MAX_TOKENS),
            _ => None,
        }
    }

    fn unpictured(&self, model: &ModelId) -> Vec<LeftOut> {
        let model = self.learnt.model(model);
        Row::of(&model).map_or_else(Vec::new, |row| native::unpictured(&model, row.family))
    }

    fn based_on(&self, model: &ModelId, base: &str) {
        self.learnt.base(model, base);
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        let (voice, net) = (self.clone(), net.clone());
        let credentials = self.credentials.clone();
        let events = match call {
            Call::Converse(converse) => {
                let doing = format!("asking {}", converse.model);
                let asked = (voice, converse, doing.clone());
                let ask = asks(asked, |asked, net| async move {
                    asked.0.ask(&net, &asked.1, Ask::Stream, &asked.2).await
                });
                answering_counted::<Answer>(doing, net, ask, reply::answer, invoke::counts)
            }
            Call::ListModels => once(async move { voice.list(&net).await }),
            Call::Pull { model } | Call::Remove { model } => keeps_none(&model),
            Call::CountTokens(converse) => once(async move { voice.count(&net, &converse).await }),
            Call::Embed { model, texts, query } => {
                each(stream::once(async move { voice.embed(&net, &model, &texts, query).await }))
            }
            Call::Rerank(asked) => each(stream::once(async move { voice.rerank(&net, &asked).await })),
            Call::Image(picture) => voice.pictures(net, picture),
        };
        announced(events, move || credentials.asking())
    }
}
