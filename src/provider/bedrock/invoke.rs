//! `InvokeModel`: vectors, orders of texts and pictures, which Converse does not make.

use futures_util::future::{ready, try_join_all};
use futures_util::{StreamExt, stream};

use super::{Bedrock, Service};
use crate::domain::call::Picture;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::message::Usage;
use crate::domain::rerank::Rerank;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Response};
use crate::provider::Events;
use crate::provider::answering::{LONGEST_PICTURES, each, once, scrubbed};
use crate::wire::bedrock::native::{Row, embed, picture, rerank};
use crate::wire::bedrock::request::{self, Ask};

/// Requests for vectors that are under way at once, of one call.
const AT_ONCE: usize = 4;

const UNKNOWN: &str = "only the pictures of Titan, Nova Canvas and Stability's models are known here";

impl Bedrock {
    pub(super) async fn embed(
        &self,
        net: &Client,
        model: &ModelId,
        texts: &[String],
        query: bool,
    ) -> Result<Vec<Event>> {
        let doing = format!("embedding with {model}");
        let family = Row::of(&self.learnt.model(model)).map(|row| row.family);
        let Some((family, size)) = family.and_then(|family| Some((family, embed::at_once(family)?))) else {
            return Err(unable(
                doing,
                "embed",
                "only Titan's and Cohere's models for vectors are known here",
            ));
        };
        let mut answers = Vec::with_capacity(texts.len().div_ceil(size));
        for group in texts.chunks(size * AT_ONCE) {
            let asked = group.chunks(size).map(async |some| {
                let body = embed::body(family, some, query);
                let ((vectors, read), told) =
                    self.invoke(net, &doing, model, family, body, embed::vectors).await?;
                Ok((vectors, read.or(told.input)))
            });
            let told: Vec<embed::Part> = try_join_all(asked).await?;
            answers.extend(told);
        }
        embed::all(&doing, texts.len(), answers)
    }

    pub(super) async fn rerank(&self, net: &Client, asked: &Rerank) -> Result<Vec<Event>> {
        let model = &asked.model;
        let doing = format!("reranking with {model}");
        let family = Row::of(&self.learnt.model(model)).map(|row| row.family);
        let Some((family, body)) = family.and_then(|family| Some((family, rerank::body(family, asked)?)))
        else {
            return Err(unable(doing, "rerank", "only Amazon's and Cohere's rerankers are known here"));
        };
        let (scores, counted) = self.invoke(net, &doing, model, family, body, rerank::scores).await?;
        rerank::ordered(&doing, asked, scores, counted)
    }

    /// One request after the other; what came of the first is there when a later one fails.
    pub(super) fn pictures(self, net: Client, picture: Picture) -> Events {
        let doing = format!("making a picture with {}", picture.model);
        let model = picture.model.clone();
        let picture = Picture { model: self.learnt.model(&model), ..picture };
        let Some(row) = Row::of(&picture.model) else {
            return once(ready(Err(unable(doing, "images", UNKNOWN))));
        };
        let bodies = match picture::bodies(&picture, row.family) {
            Ok(bodies) => bodies,
            Err(error) => return once(ready(Err(error))),
        };
        each(stream::iter(bodies).then(move |body| {
            let (voice, net, doing, model) = (self.clone(), net.clone(), doing.clone(), model.clone());
            async move {
                let read = voice.invoke(&net, &doing, &model, row.family, body, picture::pictures).await;
                read.map(|(events, _)| events)
            }
        }))
    }

    /// The body that makes the first of them.
    pub(super) fn first_picture(&self, picture: &Picture) -> Result<(Vec<u8>, Ask)> {
        let based = Picture { model: self.learnt.model(&picture.model), ..picture.clone() };
        let family = Row::of(&based.model).map(|row| row.family);
        let body = family.map(|family| Ok((picture::bodies(&based, family)?, family))).transpose()?;
        let first = body.and_then(|(bodies, family)| Some((bodies.into_iter().next()?, Ask::Native(family))));
        first.ok_or_else(|| unable(format!("making a picture with {}", picture.model), "images", UNKNOWN))
    }

    async fn invoke<T>(
        &self,
        net: &Client,
        doing: &str,
        model: &ModelId,
        family: crate::wire::bedrock::native::Family,
        body: Vec<u8>,
        read: fn(&str, &[u8]) -> Result<T>,
    ) -> Result<(T, Usage)> {
        let url = self.url(Service::Runtime, &request::path(model, Ask::Native(family)));
        let request = self.request(net, doing, url, Some(body)).await?.header("accept", "application/json");
        let mut response = net.send(request).await?;
        if !response.is_success() {
            return Err(self.complaint(doing, &mut response).await.2);
        }
        let body = response.bytes(LONGEST_PICTURES).await?;
        let read = read(doing, &body).map_err(|error| scrubbed(error, &response))?;
        Ok((read, counts(&response)))
    }
}

/// What Bedrock itself has counted of an answer that comes whole, where the model's own body says nothing of it.
pub(super) fn counts(response: &Response) -> Usage {
    let count = |name: &str| response.header(name)?.trim().parse().ok();
    Usage {
        input: count("x-amzn-bedrock-input-token-count"),
        output: count("x-amzn-bedrock-output-token-count"),
        ..Usage::default()
    }
}

fn unable(doing: String, capability: &str, why: &str) -> Error {
    let kind = ErrorKind::Refused { capability: capability.to_owned() };
    Error::new(kind, doing, why, "Ask one of them.")
}
