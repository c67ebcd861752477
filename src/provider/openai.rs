//! A voice over HTTP: any server that speaks `OpenAI`'s Chat Completions.

use secrecy::SecretString;

use super::answering::{answering, body_of, once, refused, wait_ms};
use super::{Events, Provider};
use crate::domain::Result;
use crate::domain::call::{Call, Converse};
use crate::domain::delta::Event;
use crate::net::{Client, Request, Response};
use crate::wire::openai::request::Limit;
use crate::wire::openai::{Chat, fault, reply, request};

const CHAT_ONLY: &str = "servers of this kind are asked for chat only";

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
                .bearer(self.api_key.as_ref())
                .header("accept", "text/event-stream, application/json");
            let mut response = net.send(request).await?;
            if response.is_success() {
                return Ok(response);
            }
            let (status, wait) = (response.status(), wait_ms(&response));
            let complaint = response.complaint().await;
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

    async fn list(&self, net: &Client) -> Result<Event> {
        let doing = format!("listing the models of {}", self.name);
        let request = Request::get(&doing, format!("{}/models", self.base_url)).bearer(self.api_key.as_ref());
        let mut response = net.send(request).await?;
        let body = body_of(&doing, &mut response, fault::of_status).await?;
        let place = response.place().to_owned();
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
                let asked = doing.clone();
                let ask = async move { voice.ask(&net, &converse, &asked).await };
                answering::<Chat>(doing, ask, reply::completion)
            }
            Call::ListModels => once(async move { voice.list(&net).await }),
            Call::Image(picture) => {
                refused(format!("making a picture with {}", picture.model), "images", CHAT_ONLY)
            }
            Call::Embed { model, .. } => refused(format!("embedding with {model}"), "embed", CHAT_ONLY),
            Call::CountTokens(converse) => {
                refused(format!("counting tokens with {}", converse.model), "count_tokens", CHAT_ONLY)
            }
        }
    }
}
