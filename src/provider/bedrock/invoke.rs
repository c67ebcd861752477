//! `InvokeModel`: vectors and pictures, which Converse does not make.

use futures_util::future::{ready, try_join_all};
use futures_util::{StreamExt, stream};

use super::{Bedrock, Service};
use crate::domain::call::Picture;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::Events;
use crate::provider::answering::{LONGEST_PICTURES, each, once, scrubbed};
use crate::wire::bedrock::native::{Row, embed, picture};
use crate::wire::bedrock::request::{self, Ask};

/// Requests for vectors that are under way at once, of one call.
const AT_ONCE: usize = 4;

impl Bedrock {
    pub(super) async fn embed(&self, net: &Client, model: &ModelId, texts: &[String]) -> Result<Vec<Event>> {
        let doing = format!("embedding with {model}");
        let family = Row::of(model).map(|row| row.family);
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
                let body = embed::body(family, some);
                self.invoke(net, &doing, model, family, body, embed::vectors).await
            });
            answers.extend(try_join_all(asked).await?);
        }
        embed::all(&doing, texts.len(), answers)
    }

    /// One request after the other; what came of the first is there when a later one fails.
    pub(super) fn pictures(self, net: Client, picture: Picture) -> Events {
        let doing = format!("making a picture with {}", picture.model);
        let Some(row) = Row::of(&picture.model) else {
            let why = "only the pictures of Titan, Nova Canvas and Stability's models are known here";
            return once(ready(Err(unable(doing, "images", why))));
        };
        let bodies = match picture::bodies(&picture, row.family) {
            Ok(bodies) => bodies,
            Err(error) => return once(ready(Err(error))),
        };
        each(stream::iter(bodies).then(move |body| {
            let (voice, net, doing, model) =
                (self.clone(), net.clone(), doing.clone(), picture.model.clone());
            async move { voice.invoke(&net, &doing, &model, row.family, body, picture::pictures).await }
        }))
    }

    async fn invoke<T>(
        &self,
        net: &Client,
        doing: &str,
        model: &ModelId,
        family: crate::wire::bedrock::native::Family,
        body: Vec<u8>,
        read: fn(&str, &[u8]) -> Result<T>,
    ) -> Result<T> {
        let url = self.url(Service::Runtime, &request::path(model, Ask::Native(family)));
        let request = self.request(net, doing, url, Some(body)).await?.header("accept", "application/json");
        let mut response = net.send(request).await?;
        if !response.is_success() {
            return Err(self.complaint(doing, &mut response).await.2);
        }
        let body = response.bytes(LONGEST_PICTURES).await?;
        read(doing, &body).map_err(|error| scrubbed(error, &response))
    }
}

fn unable(doing: String, capability: &str, why: &str) -> Error {
    let kind = ErrorKind::Refused { capability: capability.to_owned() };
    Error::new(kind, doing, why, "Ask one of them.")
}
