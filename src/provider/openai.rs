//! A voice over HTTP: any server that speaks `OpenAI`'s Chat Completions.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream};
use secrecy::SecretString;

use super::{Events, Provider};
use crate::domain::call::{Call, Converse};
use crate::domain::delta::Event;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response};
use crate::wire::openai::request::Limit;
use crate::wire::openai::{Decoder, fault, reply, request};

/// The longest answer or list that is read when it comes whole, in bytes.
const LONGEST: usize = 32 * 1024 * 1024;

/// One configured server.
#[derive(Debug, Clone)]
pub struct OpenAi {
    name: String,
    base_url: String,
    api_key: Option<SecretString>,
}

impl OpenAi {
    /// The server whose API starts at `base_url`, without `/chat/completions`; its models are `name/…`.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>, api_key: Option<SecretString>) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        Self { name: name.into(), base_url, api_key }
    }

    /// Sends a conversation; the answer's head is one of success.
    async fn ask(&self, net: &Client, converse: &Converse, doing: &str) -> Result<Response> {
        let mut limit = Limit::MaxTokens;
        loop {
            let body = request::body(converse, limit)?;
            let url = format!("{}/chat/completions", self.base_url);
            let request = Request::post_json(doing, url, body)
                .bearer(self.api_key.clone())
                .header("accept", "text/event-stream, application/json");
            let mut response = net.send(request).await?;
            if response.is_success() {
                return Ok(response);
            }
            let (status, wait) = (response.status(), response.retry_after());
            let complaint = response.complaint().await;
            if status == 400
                && limit == Limit::MaxTokens
                && converse.settings.max_tokens.is_some()
                && fault::wants_max_completion_tokens(&complaint)
            {
                limit = Limit::MaxCompletionTokens;
                continue;
            }
            let wait = wait.map(|w| u64::try_from(w.as_millis()).unwrap_or(u64::MAX));
            return Err(fault::of_status(doing, status, &complaint, wait));
        }
    }

    async fn list(&self, net: &Client) -> Result<Event> {
        let doing = format!("listing the models of {}", self.name);
        let request = Request::get(&doing, format!("{}/models", self.base_url)).bearer(self.api_key.clone());
        let mut response = net.send(request).await?;
        if !response.is_success() {
            let complaint = response.complaint().await;
            return Err(fault::of_status(&doing, response.status(), &complaint, None));
        }
        let place = response.place().to_owned();
        let body = response.bytes(LONGEST).await?;
        let cards = reply::models(&doing, &self.name, &place, &body).map_err(|mut error| {
            error.why = response.scrub(error.why);
            error
        })?;
        Ok(Event::Models { cards })
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        let (voice, net) = (self.clone(), net.clone());
        match call {
            Call::Converse(converse) => {
                let doing = format!("asking {}", converse.model);
                let answering = Answering {
                    decoder: Decoder::new(&doing),
                    doing,
                    ready: VecDeque::new(),
                    at: At::Start(Box::new((voice, net, converse))),
                };
                stream::unfold(answering, |mut answering| async move {
                    answering.next().await.map(|item| (item, answering))
                })
                .boxed()
            }
            Call::ListModels => stream::once(async move { voice.list(&net).await }).boxed(),
            Call::Image(picture) => refused(format!("making a picture with {}", picture.model), "images"),
            Call::Embed { model, .. } => refused(format!("embedding with {model}"), "embed"),
            Call::CountTokens(converse) => {
                refused(format!("counting tokens with {}", converse.model), "count_tokens")
            }
        }
    }
}

fn refused(doing: String, capability: &str) -> Events {
    let kind = ErrorKind::Refused { capability: capability.to_owned() };
    let error = Error::new(kind, doing, "servers of this kind are asked for chat only", "");
    stream::once(std::future::ready(Err(error))).boxed()
}

/// One answer on its way.
struct Answering {
    doing: String,
    decoder: Decoder,
    /// Read and not handed out yet; an error is the last.
    ready: VecDeque<Result<Event>>,
    at: At,
}

enum At {
    Start(Box<(OpenAi, Client, Converse)>),
    Reading(Box<Response>),
    End,
}

impl Answering {
    async fn next(&mut self) -> Option<Result<Event>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            match std::mem::replace(&mut self.at, At::End) {
                At::Start(asked) => match asked.0.ask(&asked.1, &asked.2, &self.doing).await {
                    Ok(response) => self.begin(response).await,
                    Err(error) => return Some(Err(error)),
                },
                At::Reading(response) => self.read(response).await,
                At::End => return None,
            }
        }
    }

    async fn begin(&mut self, mut response: Response) {
        let is_whole = response.header("content-type").is_some_and(|t| t.starts_with("application/json"));
        if !is_whole {
            self.at = At::Reading(Box::new(response));
            return;
        }
        match response.bytes(LONGEST).await.and_then(|body| reply::completion(&self.doing, &body)) {
            Ok(events) => self.ready.extend(events.into_iter().map(Ok)),
            Err(error) => self.fail(error, &response),
        }
    }

    async fn read(&mut self, mut response: Box<Response>) {
        let mut events = Vec::new();
        let (read, more) = match response.chunk().await {
            Ok(Some(bytes)) => (self.decoder.push(&bytes, &mut events), true),
            Ok(None) => (self.decoder.finish(&mut events), false),
            // The model has ended its answer and only the stream's end is missing: the answer is whole.
            Err(_) if self.decoder.has_stopped() => (self.decoder.finish(&mut events), false),
            Err(error) => (Err(error), false),
        };
        self.ready.extend(events.into_iter().map(Ok));
        match read {
            Ok(()) if more && !self.decoder.is_over() => self.at = At::Reading(response),
            Ok(()) => {}
            Err(error) => self.fail(error, &response),
        }
    }

    fn fail(&mut self, mut error: Error, response: &Response) {
        error.why = response.scrub(error.why);
        self.ready.push_back(Err(error));
    }
}
