//! A request as callers make it.

use secrecy::{ExposeSecret, SecretString};

/// One request. `GET`, or `POST` where it has a body.
#[derive(Debug, Clone)]
pub struct Request {
    /// For error texts, as a gerund: "asking openai/gpt-5".
    pub(super) doing: String,
    pub(super) url: String,
    pub(super) bearer: Option<SecretString>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Vec<u8>>,
}

impl Request {
    /// Reads `url`.
    pub fn get(doing: impl Into<String>, url: impl Into<String>) -> Self {
        Self { doing: doing.into(), url: url.into(), bearer: None, headers: Vec::new(), body: None }
    }

    /// Sends a JSON body to `url`.
    pub fn post_json(doing: impl Into<String>, url: impl Into<String>, body: Vec<u8>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { doing: doing.into(), url: url.into(), bearer: None, headers, body: Some(body) }
    }

    /// Sends `Authorization: Bearer`; it is dropped when a redirect leads to another host.
    #[must_use]
    pub fn bearer(mut self, key: Option<SecretString>) -> Self {
        self.bearer = key.filter(|key| !key.expose_secret().is_empty());
        self
    }

    /// Adds a header that is no credential.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
