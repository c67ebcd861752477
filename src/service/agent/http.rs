//! Actions behind HTTP: operations of an API, an endpoint that takes Bedrock's events, pages.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use serde_json::Value;

use crate::domain::agent::group::Endpoint;
use crate::domain::agent::operation::{Method, Operation};
use crate::domain::agent::variable;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response};

/// The most of an answer that is read, in bytes.
const LARGEST: usize = 2 << 20;

/// An answer.
pub(super) struct Answer {
    pub status: u16,
    pub is_success: bool,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// As a model is told of it.
    pub(super) fn told(&self) -> String {
        let body = String::from_utf8_lossy(&self.bytes);
        if self.is_success && !body.trim().is_empty() {
            return body.into_owned();
        }
        format!("status {}: {}", self.status, body.trim())
    }
}

/// The value of a header, with variables of the environment in their places.
fn value(text: &str, variables: &BTreeMap<OsString, OsString>, doing: &str) -> Result<String> {
    let known =
        |name: &str| -> Option<String> { variables.get(OsStr::new(name))?.to_str().map(str::to_owned) };
    variable::filled(text, &known).map_err(|name| {
        Error::new(
            ErrorKind::Config,
            doing,
            format!("the variable {name} is not set"),
            "A header of the agent's definition names it: set it where outcrop runs.",
        )
    })
}

fn with(
    mut request: Request,
    endpoint: &Endpoint,
    variables: &BTreeMap<OsString, OsString>,
    doing: &str,
) -> Result<Request> {
    for (name, text) in &endpoint.headers {
        request = request.named(name, value(text, variables, doing)?);
    }
    Ok(request)
}

/// Calls an operation. An address that the definition itself names may be inside; one that only the document names may not,
/// for others write documents.
pub(super) async fn operation(
    net: &Client,
    operation: &Operation,
    input: &Value,
    (endpoint, server): (&Endpoint, Option<&str>),
    variables: &BTreeMap<OsString, OsString>,
) -> Result<Answer> {
    let doing = format!("calling {}", operation.id);
    let refused = |why: String, hint: &str| Error::new(ErrorKind::Invalid, &doing, why, hint);
    let asked = operation.request(input).map_err(|why| refused(why, ""))?.under(&endpoint.headers);
    let base = endpoint.url.as_deref().or(server).ok_or_else(|| {
        refused(
            "neither the group nor its document says where the API is".to_owned(),
            "Set url for the group.",
        )
    })?;
    let mut request = Request::act(&doing, asked.method, asked.url(base), asked.body.map(String::into_bytes));
    if endpoint.url.is_none() {
        request = request.outside();
    }
    let mut request = with(request, endpoint, variables, &doing)?;
    for (name, value) in asked.headers {
        request = request.named(&name, value);
    }
    // A model fills in what is asked for: no server may be had to lead that on to another.
    sent(net, request.only_there()).await
}

/// Sends Bedrock's event to an endpoint.
pub(super) async fn event(
    net: &Client,
    event: &Value,
    endpoint: &Endpoint,
    variables: &BTreeMap<OsString, OsString>,
) -> Result<Answer> {
    let doing = "calling an action's endpoint";
    let url = endpoint.url.as_deref().ok_or_else(|| {
        Error::new(ErrorKind::Invalid, doing, "the group does not say where it is", "Set url for the group.")
    })?;
    let request = Request::act(doing, Method::Post, url, Some(event.to_string().into_bytes()));
    sent(net, with(request, endpoint, variables, doing)?).await
}

/// Fetches a page that a model named: of these hosts alone where any are named, and never from inside.
pub(super) async fn get(net: &Client, url: &str, hosts: &[String]) -> Result<Answer> {
    let request = Request::get("fetching a page for an agent", url).outside().only_at(hosts);
    sent(net, request).await
}

async fn sent(net: &Client, request: Request) -> Result<Answer> {
    let mut response = net.send(request).await?;
    read(&mut response).await
}

async fn read(response: &mut Response) -> Result<Answer> {
    let (status, is_success) = (response.status(), response.is_success());
    let bytes = response.bytes(LARGEST).await?;
    // A server that repeats what it was sent must not tell a model a key.
    let text =
        String::from_utf8(bytes).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
    let bytes = response.scrub(text).into_bytes();
    Ok(Answer { status, is_success, bytes })
}
