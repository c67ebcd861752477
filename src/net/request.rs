//! A request as callers make it.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::agent::operation;

/// What is done with the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Delete,
    Patch,
    Head,
    Options,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// For error texts, as a gerund: "asking openai/gpt-5".
    pub(super) doing: String,
    pub(super) method: Method,
    pub(super) url: String,
    /// Credentials, each in its header.
    pub(super) secrets: Secrets,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Vec<u8>>,
    /// It goes to what anybody can reach, and to nothing inside.
    pub(super) outside: bool,
    /// The hosts, or hosts and ports, that it may reach; with none it may reach any.
    pub(super) hosts: Vec<String>,
    /// It is sent a single time, whatever the answer's status is.
    pub(super) once: bool,
}

/// Headers that hold credentials: dropped when a redirect leads to another host, and taken out of what a server says.
pub(super) type Secrets = Vec<(Cow<'static, str>, SecretString)>;

impl Request {
    fn new(doing: impl Into<String>, method: Method, url: impl Into<String>) -> Self {
        let (doing, url) = (doing.into(), url.into());
        Self {
            doing,
            method,
            url,
            secrets: Vec::new(),
            headers: Vec::new(),
            body: None,
            outside: false,
            hosts: Vec::new(),
            once: false,
        }
    }

    /// Reads `url`.
    pub fn get(doing: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(doing, Method::Get, url)
    }

    /// Sends a JSON body to `url`.
    pub fn post_json(doing: impl Into<String>, url: impl Into<String>, body: Vec<u8>) -> Self {
        Self { body: Some(body), ..Self::new(doing, Method::Post, url) }
            .header("content-type", "application/json")
    }

    /// Puts nothing to `url`: there is an API that makes a token so.
    pub fn put(doing: impl Into<String>, url: impl Into<String>) -> Self {
        Self { body: Some(Vec::new()), ..Self::new(doing, Method::Put, url) }
    }

    /// Puts a JSON body to `url`.
    pub fn put_json(doing: impl Into<String>, url: impl Into<String>, body: Vec<u8>) -> Self {
        Self { method: Method::Put, ..Self::post_json(doing, url, body) }
    }

    /// Has what is at `url` removed.
    pub fn delete(doing: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(doing, Method::Delete, url)
    }

    /// Has what is at `url` removed; `body` says what, where the API wants that.
    pub fn delete_json(doing: impl Into<String>, url: impl Into<String>, body: Vec<u8>) -> Self {
        Self { method: Method::Delete, ..Self::post_json(doing, url, body) }
    }

    /// Sends a body of the type `media_type` to `url`.
    pub fn post(
        doing: impl Into<String>,
        url: impl Into<String>,
        media_type: impl Into<String>,
        body: Vec<u8>,
    ) -> Self {
        Self { body: Some(body), ..Self::new(doing, Method::Post, url) }.header("content-type", media_type)
    }

    /// What an action does with `url`, with a JSON body where it has one. It may not be harmless to do twice: nothing is sent again.
    pub fn act(
        doing: impl Into<String>,
        method: operation::Method,
        url: impl Into<String>,
        body: Option<Vec<u8>>,
    ) -> Self {
        let method = match method {
            operation::Method::Get => Method::Get,
            operation::Method::Put => Method::Put,
            operation::Method::Post => Method::Post,
            operation::Method::Delete => Method::Delete,
            operation::Method::Patch => Method::Patch,
            operation::Method::Head => Method::Head,
            operation::Method::Options => Method::Options,
        };
        let request = Self { once: true, ..Self::new(doing, method, url) };
        match body {
            Some(body) => Self { body: Some(body), ..request }.header("content-type", "application/json"),
            None => request,
        }
    }

    /// Adds a header by a name that somebody wrote. It goes to that server alone, as a credential does.
    #[must_use]
    pub fn named(mut self, name: &str, value: String) -> Self {
        self.secrets.push((Cow::Owned(name.to_ascii_lowercase()), SecretString::from(value)));
        self
    }

    /// The same, to an address that somebody else may have chosen: neither it nor what it redirects to may be this machine or
    /// its network, also by a name that leads there.
    #[must_use]
    pub fn outside(self) -> Self {
        Self { outside: true, ..self }
    }

    /// The same, to these hosts alone (`host` or `host:port`), also where it is led on; with none, to any.
    #[must_use]
    pub fn only_at(self, hosts: &[String]) -> Self {
        Self { hosts: hosts.to_vec(), ..self }
    }

    /// The same, to the host of its address alone, also where it is led on.
    #[must_use]
    pub fn only_there(self) -> Self {
        // What is no address is sent nowhere.
        let host = reqwest::Url::parse(&self.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Self { hosts: host.into_iter().collect(), ..self }
    }

    /// Whether it may be sent to a place, `host:port`.
    pub(super) fn may_reach(&self, place: &str) -> bool {
        let host = place.rsplit_once(':').map_or(place, |(host, _)| host);
        let is_one = |known: &String| known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(place);
        self.hosts.is_empty() || self.hosts.iter().any(is_one)
    }

    /// The same; it is not sent again, since what it asks for may be done although the server failed.
    #[must_use]
    pub fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// Where it goes.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its headers; none is a credential.
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// What it sends.
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// Sends `Authorization: Bearer`; none where there is no key or an empty one.
    #[must_use]
    pub fn bearer(self, key: Option<&SecretString>) -> Self {
        let key = key.filter(|key| !key.expose_secret().is_empty());
        let value = key.map(|key| SecretString::from(format!("Bearer {}", key.expose_secret())));
        self.secret("authorization", value.as_ref())
    }

    /// Adds a header that is a credential; none where there is no value or an empty one.
    #[must_use]
    pub fn secret(mut self, name: &'static str, value: Option<&SecretString>) -> Self {
        self.secrets.extend(
            value
                .filter(|value| !value.expose_secret().is_empty())
                .map(|value| (Cow::Borrowed(name), value.clone())),
        );
        self
    }

    /// Adds a header that is no credential.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
