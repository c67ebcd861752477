//! Servers at an address (streamable HTTP): the SDK's requests, sent through `net`.
//!
//! No stream is held open for what a server says unasked; answers come with what was asked, whole or as a stream.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use http::{HeaderName, HeaderValue};
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use secrecy::{ExposeSecret, SecretString};
use sse_stream::{Sse, SseStream};

use super::{Terms, program};
use crate::domain::agent::variable;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response, Waits};

/// The longest answer, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
/// What a server is told that it may answer with.
const BOTH: &str = "application/json, text/event-stream";
const SESSION: &str = "mcp-session-id";

type Failed = StreamableHttpError<Error>;

/// The last thing that went wrong on the way, in this program's own words: the SDK tells it on without them.
#[derive(Debug, Clone, Default)]
pub(super) struct Fault(Arc<Mutex<Option<Error>>>);

impl Fault {
    pub fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, error: Error) -> Failed {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        StreamableHttpError::Client(error)
    }
}

/// The SDK's way to the network.
#[derive(Clone)]
pub(super) struct Web {
    net: Client,
    doing: Arc<str>,
    /// What the person says with every request.
    headers: Arc<[(String, SecretString)]>,
    fault: Fault,
}

/// Nothing is asked yet.
pub(super) fn connect(
    terms: &Terms<'_>,
    url: &str,
    headers: &BTreeMap<String, String>,
) -> Result<(Fault, StreamableHttpClientTransport<Web>)> {
    let doing = super::doing(terms.name);
    terms.net.may_ask(&doing, url)?;
    let mut said = Vec::new();
    for (name, value) in headers {
        let filled = variable::filled(value, &|name| (terms.variable)(name))
            .map_err(|missing| program::unset(&doing, name, &missing))?;
        // A token alone is meant as what it is.
        let alone = value.starts_with('$') && !filled.contains(' ');
        let filled = if name.eq_ignore_ascii_case("authorization") && alone {
            format!("Bearer {filled}")
        } else {
            filled
        };
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            let why = format!("{:?} is no header's name", super::fault::brief(name));
            return Err(Error::new(ErrorKind::Config, doing, why, "Check the headers of the server."));
        }
        said.push((name.to_ascii_lowercase(), SecretString::from(filled)));
    }
    let fault = Fault::default();
    let waits =
        Waits { connect: None, first_byte: Some(terms.patience.call), idle: Some(terms.patience.call) };
    let net = terms.net.patient(waits);
    let web = Web { net, doing: doing.into(), headers: said.into(), fault: fault.clone() };
    let config = StreamableHttpClientTransportConfig::with_uri(url);
    Ok((fault, StreamableHttpClientTransport::with_client(web, config)))
}

impl Web {
    /// The request with what the person says, what the SDK says, and the session's name.
    fn dressed(
        &self,
        mut request: Request,
        session: Option<&str>,
        headers: &HashMap<HeaderName, HeaderValue>,
    ) -> Request {
        request = request.header("accept", BOTH);
        for (name, value) in &*self.headers {
            request = request.named(name, value.expose_secret().to_owned());
        }
        if let Some(session) = session {
            // Who has it has the session: it goes to that server alone.
            request = request.named(SESSION, session.to_owned());
        }
        for (name, value) in headers {
            let Ok(value) = value.to_str() else { continue };
            request = match name.as_str() {
                "mcp-protocol-version" => request.header("mcp-protocol-version", value),
                "mcp-method" => request.header("mcp-method", value),
                "mcp-name" => request.header("mcp-name", value),
                // What a tool wants to be told in its head may be anything.
                other => request.named(other, value.to_owned()),
            };
        }
        request
    }

    /// The head of an answer, whatever its status.
    async fn ask(&self, request: Request) -> Result<Response, Failed> {
        self.net.send(request).await.map_err(|error| self.fault.keep(error))
    }

    /// What a status that is none of success means.
    async fn refused(&self, mut response: Response) -> Failed {
        let (status, place) = (response.status(), response.place().to_owned());
        let words = super::fault::brief(&response.complaint().await);
        let (kind, hint) = match status {
            401 | 403 => (ErrorKind::Auth, "Check the Authorization among the headers of the server."),
            404 | 405 => (ErrorKind::NotFound, "Check the address: mostly it ends with /mcp."),
            429 => (ErrorKind::RateLimited { retry_after_ms: None }, "Wait a little, then try again."),
            500.. => (ErrorKind::Server { status }, "Try again later."),
            _ => (ErrorKind::Invalid, "Check the address, and that it is an MCP server."),
        };
        let why = if words.is_empty() {
            format!("{place} answers {status}")
        } else {
            format!("{place} answers {status}: {words}")
        };
        self.fault.keep(Error::new(kind, &*self.doing, why, hint))
    }

    /// The events of an answer, of which so many bytes are read.
    fn events(&self, response: Response) -> BoxStream<'static, Result<Sse, SseError>> {
        let fault = self.fault.clone();
        let pieces = stream::unfold(Some((response, 0)), move |state| {
            let fault = fault.clone();
            async move {
                let (mut response, read) = state?;
                match response.chunk().await {
                    Ok(None) => None,
                    Ok(Some(piece)) if read + piece.len() > LONGEST => {
                        let why =
                            format!("{} answered with more than {} MB", response.place(), LONGEST >> 20);
                        let hint = "Have its tool asked for less.";
                        let error = Error::new(ErrorKind::Full, "reading what an MCP server says", why, hint);
                        fault.keep(error.clone());
                        Some((Err(error), None))
                    }
                    Ok(Some(piece)) => {
                        let read = read + piece.len();
                        Some((Ok(std::io::Cursor::new(piece)), Some((response, read))))
                    }
                    Err(error) => {
                        fault.keep(error.clone());
                        Some((Err(error), None))
                    }
                }
            }
        });
        SseStream::from_bytes_stream(pieces.boxed()).boxed()
    }
}

/// Whether a body is of that type, whatever stands behind it.
fn is(response: &Response, media_type: &str) -> bool {
    let told = response.header("content-type").unwrap_or_default();
    told.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
}

impl StreamableHttpClient for Web {
    type Error = Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let waits_for_none = !matches!(message, ClientJsonRpcMessage::Request(_));
        let body = serde_json::to_vec(&message)?;
        let request = Request::post_json(&*self.doing, &*uri, body).once();
        let mut response = self.ask(self.dressed(request, session.as_deref(), &headers)).await?;
        if response.status() == 404 && session.is_some() {
            return Err(StreamableHttpError::SessionExpired);
        }
        let named = response.header(SESSION).map(str::to_owned);
        if !response.is_success() {
            // A refusal of the protocol's own.
            if is(&response, JSON) && !matches!(response.status(), 401 | 403) {
                let words = response.complaint().await;
                if let Ok(error @ ServerJsonRpcMessage::Error(_)) = serde_json::from_str(&words) {
                    return Ok(StreamableHttpPostResponse::Json(error, named));
                }
            }
            return Err(self.refused(response).await);
        }
        if matches!(response.status(), 202 | 204) {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if is(&response, EVENTS) {
            return Ok(StreamableHttpPostResponse::Sse(self.events(response), named));
        }
        if waits_for_none {
            return Ok(StreamableHttpPostResponse::Accepted);
        }
        if !is(&response, JSON) {
            let told = response.header("content-type").map(super::fault::brief).unwrap_or_default();
            let why = format!(
                "{} answers with {told:?}, which is nothing that an MCP server says",
                response.place()
            );
            let hint = "Check the address: mostly it ends with /mcp.";
            return Err(self.fault.keep(Error::new(ErrorKind::Invalid, &*self.doing, why, hint)));
        }
        let body = response.bytes(LONGEST).await.map_err(|error| self.fault.keep(error))?;
        match serde_json::from_slice(&body) {
            Ok(message) => Ok(StreamableHttpPostResponse::Json(message, named)),
            Err(_) => Err(StreamableHttpError::UnexpectedServerResponse(Cow::Borrowed(
                "what it answers is nothing that an MCP server says",
            ))),
        }
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Failed> {
        let request = Request::delete(&*self.doing, &*uri).once();
        // A server may keep its sessions as long as it likes.
        self.ask(self.dressed(request, Some(&session), &headers)).await.map(drop)
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        _: Option<String>,
        headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failed> {
        // Only what broke in the middle is asked for again.
        let Some(last) = last else { return Err(StreamableHttpError::ServerDoesNotSupportSse) };
        let request = Request::get(&*self.doing, &*uri).header("last-event-id", last);
        let response = self.ask(self.dressed(request, session.as_deref(), &headers)).await?;
        if !response.is_success() {
            return Err(self.refused(response).await);
        }
        Ok(self.events(response))
    }
}
