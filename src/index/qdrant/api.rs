//! Requests to one collection.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value as Json;

use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request};
use crate::wire::qdrant::reply;

/// No answer is larger.
const LARGEST: usize = 512 << 20;
/// The waits before a connection that broke is tried again. All that is asked may be asked twice.
const WAITS: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(600), Duration::from_millis(1800)];

/// One collection.
#[derive(Debug)]
pub(super) struct Api {
    net: Client,
    /// Where the collection is.
    url: String,
    key: Option<SecretString>,
}

impl Api {
    pub(super) fn new(net: Client, url: &str, key: Option<&Secret>, name: &str) -> Self {
        let url = format!("{}/collections/{name}", url.trim_end_matches('/'));
        Self { net, url, key: key.map(|key| SecretString::from(key.expose())) }
    }

    /// What the collection is; `None` where there is none.
    pub(super) async fn found(&self, doing: &str) -> Result<Option<Vec<u8>>> {
        let asked = self.send(Request::get(doing, &self.url)).await;
        match asked {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    pub(super) async fn put(&self, doing: &str, path: &str, body: &Json) -> Result<Vec<u8>> {
        self.send(Request::put_json(doing, format!("{}{path}", self.url), body.to_string().into_bytes()))
            .await
    }

    pub(super) async fn post(&self, doing: &str, path: &str, body: &Json) -> Result<Vec<u8>> {
        self.send(Request::post_json(doing, format!("{}{path}", self.url), body.to_string().into_bytes()))
            .await
    }

    pub(super) async fn remove(&self, doing: &str) -> Result<()> {
        match self.send(Request::delete(doing, &self.url)).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            other => other.map(drop),
        }
    }

    async fn send(&self, request: Request) -> Result<Vec<u8>> {
        let mut waits = WAITS.into_iter();
        loop {
            match (self.once(&request).await, waits.next()) {
                (Err(error), Some(wait)) if error.kind == ErrorKind::Network => {
                    tracing::info!(why = ?error.why, wait_ms = wait.as_millis() as u64, "asking Qdrant again");
                    tokio::time::sleep(wait).await;
                }
                (done, _) => return done,
            }
        }
    }

    async fn once(&self, request: &Request) -> Result<Vec<u8>> {
        let mut response = self.net.send(request.clone().secret("api-key", self.key.as_ref())).await?;
        if response.is_success() {
            return response.bytes(LARGEST).await;
        }
        let status = response.status();
        let words = response.complaint().await;
        let why =
            reply::complaint(&words).unwrap_or_else(|| format!("{} answered {status}", response.place()));
        let (kind, hint) = match status {
            404 => (ErrorKind::NotFound, "Check stores.qdrant_url in the configuration."),
            401 | 403 => (ErrorKind::Auth, "Check stores.qdrant_api_key in the configuration."),
            429 | 503 => (ErrorKind::Overloaded, "Try again in a while: nothing is lost."),
            507 => (ErrorKind::Full, "Free some space on the server, then try again."),
            400..=499 => (ErrorKind::Invalid, ""),
            _ => (ErrorKind::Server { status }, "Try again: nothing is lost."),
        };
        let doing =
            if request.url() == self.url { "asking Qdrant for a collection" } else { "asking Qdrant" };
        Err(Error::new(kind, doing, why, hint))
    }
}
