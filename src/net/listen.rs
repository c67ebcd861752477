//! The one socket that listens: HTTP on this machine itself, for what other programs here send.
//!
//! Loopback alone does not keep a page in a browser out, so whoever asks must name this machine as the host and come from no
//! other place; a token keeps other users of the machine out. Everything is bounded: connections, headers, bodies and what all
//! bodies take together, and how long a sender may take.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ACCEPT_ENCODING, ALLOW, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use hyper::header::{
    EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};

/// Connections at once; another waits until one ends. Each process that sends keeps one open.
const CONNECTIONS: usize = 128;
/// Bytes of a request's line and headers.
const HEAD: usize = 32 * 1024;
/// How long a request's headers may take, and how long a connection may be silent between two of them.
const HEAD_WITHIN: Duration = Duration::from_mins(1);
/// How long a body may take.
const BODY_WITHIN: Duration = Duration::from_mins(1);
/// How long a request waits for room among the bodies of others.
const ROOM_WITHIN: Duration = Duration::from_secs(10);
/// How long what is refused may go on coming.
const REST_WITHIN: Duration = Duration::from_secs(2);
/// Seconds after which a sender may try again.
const AGAIN: &str = "2";
/// Bytes that one permit of the room stands for.
const PERMIT: usize = 64 * 1024;

/// Who may ask for what.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The one path, which is posted to.
    pub path: &'static str,
    /// The `Content-Encoding` that is read beside none.
    pub packing: &'static str,
    /// What `Authorization: Bearer` must say, where something must.
    pub token: Option<Secret>,
    /// Bytes of a body, and of all bodies that are worked on at once.
    pub body: usize,
    pub bodies: usize,
}

/// A request that may be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub content_type: String,
    /// The body is packed as the rules say.
    pub packed: bool,
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// Answers what is asked.
pub trait Answering: Send + Sync {
    /// Whether bodies of this media type can be read.
    fn takes(&self, content_type: &str) -> bool;
    /// The answer to what is refused before its body is read; a status and why.
    fn refuse(&self, content_type: &str, status: u16, why: &str) -> Answer;
    /// The answer.
    fn answer(&self, asked: Asked) -> BoxFuture<'static, Answer>;
}

/// A socket on this machine.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Takes a port of this machine itself; 0 takes any that is free.
    pub async fn bind(port: u16) -> Result<Self> {
        let failed = |why: &std::io::Error| {
            let hint = match why.kind() {
                std::io::ErrorKind::AddrInUse => "Something else listens there: give another port.",
                _ => "Give another port.",
            };
            let doing = format!("listening on port {port} of this machine");
            Error::new(ErrorKind::Io, doing, why.to_string(), hint)
        };
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|why| failed(&why))?;
        let address = socket.local_addr().map_err(|why| failed(&why))?;
        Ok(Self { socket, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves whoever comes. Dropping this ends every connection.
    pub async fn serve(self, rules: Rules, answering: Arc<dyn Answering>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let house =
            Arc::new(House { room: Arc::new(Semaphore::new(permits(rules.bodies))), rules, answering });
        let mut connections = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            while connections.try_join_next().is_some() {}
            match self.socket.accept().await {
                Ok((stream, _)) => {
                    connections.spawn(attend(stream, Arc::clone(&house), place));
                }
                Err(why) => {
                    // Too many open files, most often: it passes.
                    tracing::warn!(%why, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

struct House {
    rules: Rules,
    room: Arc<Semaphore>,
    answering: Arc<dyn Answering>,
}

fn permits(bytes: usize) -> usize {
    bytes.div_ceil(PERMIT).max(1)
}

async fn attend(stream: TcpStream, house: Arc<House>, place: OwnedSemaphorePermit) {
    let service = service_fn(move |request| {
        let house = Arc::clone(&house);
        async move { Ok::<_, std::convert::Infallible>(house.answer(request).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(why) = served {
        tracing::debug!(%why, "a connection ended badly");
    }
    drop(place);
}

/// Why a request is refused.
struct Refusal(StatusCode, &'static str);

impl House {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let content_type = text(request.headers(), &CONTENT_TYPE);
        match self.admitted(request, &content_type).await {
            Ok((asked, held)) => {
                let answer = self.answering.answer(asked).await;
                drop(held);
                self.response(answer, false)
            }
            Err(Refusal(status, why)) => {
                // What was not read of the body would be taken for the next request.
                self.response(self.answering.refuse(&content_type, status.as_u16(), why), true)
            }
        }
    }

    async fn admitted(
        &self,
        request: Request<Incoming>,
        content_type: &str,
    ) -> Result<(Asked, OwnedSemaphorePermit), Refusal> {
        let most = self.rules.body;
        if let Err(refusal) = self.check(&request, content_type) {
            // Who asks before sending does not send.
            if !request.headers().contains_key(EXPECT) {
                let_come(request.into_body(), most).await;
            }
            return Err(refusal);
        }
        let packed = !matches!(encoding(request.headers()).as_str(), "" | "identity");
        let body = request.into_body();
        let too_large = Refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
        let announced = match body.size_hint().exact() {
            Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
            None => most,
        };
        if announced > most {
            return Err(too_large);
        }
        let wanted = u32::try_from(permits(announced)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(wanted);
        let Ok(Ok(mut held)) = timeout(ROOM_WITHIN, room).await else {
            let_come(body, most).await;
            return Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, "too much comes at once"));
        };
        match timeout(BODY_WITHIN, Limited::new(body, most).collect()).await {
            Ok(Ok(whole)) => {
                let body = whole.to_bytes().to_vec();
                // One that does not tell its length is most often far from the largest.
                drop(held.split(permits(announced).saturating_sub(permits(body.len()))));
                Ok((Asked { content_type: content_type.to_owned(), packed, body }, held))
            }
            Ok(Err(why)) if why.is::<http_body_util::LengthLimitError>() => Err(too_large),
            Ok(Err(_)) => Err(Refusal(StatusCode::BAD_REQUEST, "the body broke off")),
            Err(_) => Err(Refusal(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
        }
    }

    /// What can be told before the body is read.
    fn check(&self, request: &Request<Incoming>, content_type: &str) -> Result<(), Refusal> {
        let headers = request.headers();
        // Where the address that is asked for names a host, that one counts.
        let named = request.uri().authority().is_none_or(|named| is_here(named.host()));
        if headers.get_all(HOST).iter().count() != 1 || !is_here(&text(headers, &HOST)) || !named {
            return Err(Refusal(StatusCode::FORBIDDEN, "the host that is asked for is not this machine"));
        }
        let origin = headers.get(ORIGIN).map(|_| text(headers, &ORIGIN));
        let comes_from_here = |origin: &str| origin.split_once("://").is_some_and(|(_, host)| is_here(host));
        if origin.is_some_and(|origin| !comes_from_here(&origin)) {
            return Err(Refusal(StatusCode::FORBIDDEN, "a page of another place asks"));
        }
        if self.rules.token.as_ref().is_some_and(|token| !says(headers, token)) {
            return Err(Refusal(StatusCode::UNAUTHORIZED, "the bearer token is missing or another one"));
        }
        if request.uri().path() != self.rules.path {
            return Err(Refusal(StatusCode::NOT_FOUND, "there is nothing under this path"));
        }
        if request.method() != Method::POST {
            return Err(Refusal(StatusCode::METHOD_NOT_ALLOWED, "this path is posted to"));
        }
        if !self.answering.takes(content_type) {
            let why = "the media type is none that is read here: application/x-protobuf or application/json";
            return Err(Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
        }
        let encoding = encoding(headers);
        if !["", "identity", self.rules.packing].contains(&encoding.as_str()) {
            let why = "the body is packed in a way that is not read here";
            return Err(Refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
        }
        Ok(())
    }

    fn response(&self, answer: Answer, closes: bool) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(answer.body)));
        *response.status_mut() =
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut put = |name, value| response.headers_mut().insert(name, HeaderValue::from_static(value));
        put(CONTENT_TYPE, answer.content_type);
        match answer.status {
            401 => put(WWW_AUTHENTICATE, "Bearer"),
            405 => put(ALLOW, "POST"),
            415 => put(ACCEPT_ENCODING, self.rules.packing),
            429 | 503 => put(RETRY_AFTER, AGAIN),
            _ => None,
        };
        if closes {
            put(CONNECTION, "close");
        }
        response
    }
}

/// Reads what nobody wants of who is refused: a connection that is closed while bytes wait to be read takes its answer back.
async fn let_come(body: Incoming, most: usize) {
    let mut body = Limited::new(body, most);
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    // What comes after that is not waited for.
    let _ = timeout(REST_WITHIN, rest).await;
}

/// Whether a `Host` names this machine itself, with any port.
fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) if port.is_empty() || port.starts_with(':') => name,
            _ => "",
        },
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "::1"
}

/// Whether the bearer token is that one. Hashes are compared, so that how long it takes tells nothing.
fn says(headers: &HeaderMap, token: &Secret) -> bool {
    let said = text(headers, &AUTHORIZATION);
    let Some((scheme, said)) = said.split_once(' ') else { return false };
    scheme.eq_ignore_ascii_case("bearer") && Sha256::digest(said.trim()) == Sha256::digest(token.expose())
}

/// `Content-Encoding` by its name today; empty where none is said.
fn encoding(headers: &HeaderMap) -> String {
    let said = text(headers, &CONTENT_ENCODING).trim().to_ascii_lowercase();
    match said.strip_prefix("x-") {
        Some(today) => today.to_owned(),
        None => said,
    }
}

/// A header as text; what is none is empty.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    struct Echo;

    impl Answering for Echo {
        fn takes(&self, content_type: &str) -> bool {
            content_type == "text/x"
        }

        fn refuse(&self, _: &str, status: u16, why: &str) -> Answer {
            Answer { status, content_type: "text/plain", body: why.as_bytes().to_vec() }
        }

        fn answer(&self, asked: Asked) -> BoxFuture<'static, Answer> {
            Box::pin(async { Answer { status: 200, content_type: "text/x", body: asked.body } })
        }
    }

    /// The answer to a request.
    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    fn rules(body: usize) -> Rules {
        let token = Some(Secret::new("word".to_owned()));
        Rules { path: "/v1/traces", packing: "gzip", token, body, bodies: 10 * body }
    }

    #[tokio::test]
    async fn only_who_asks_this_machine_from_this_machine_is_answered() {
        let listener = Listener::bind(0).await.unwrap();
        let address = listener.address();
        assert!(address.ip().is_loopback());
        let serving = tokio::spawn(listener.serve(rules(100), Arc::new(Echo)));
        let good = [
            ("Host", "localhost:4318"),
            ("Authorization", "Bearer word"),
            ("Content-Type", "text/x"),
            ("Connection", "close"),
            ("Content-Length", "2"),
        ];
        let request = |line: &str, changed: (&str, &str)| {
            let mut headers: Vec<(&str, &str)> =
                good.iter().copied().filter(|(name, _)| *name != changed.0).collect();
            headers.push(changed);
            let headers: Vec<String> =
                headers.iter().map(|(name, value)| [name, ": ", value].concat()).collect();
            [line, " HTTP/1.1\r\n", &headers.join("\r\n"), "\r\n\r\nhi"].concat()
        };
        let post = "POST /v1/traces";
        for (line, changed, status) in [
            (post, ("X", "y"), "200"),
            (post, ("Host", "[::1]:4318"), "200"),
            (post, ("Origin", "http://127.0.0.1:9"), "200"),
            (post, ("Host", "evil.example"), "403"),
            (post, ("Host", "localhost.evil.example:80"), "403"),
            (post, ("Host", "[::1].evil.example"), "403"),
            (post, ("Origin", "https://evil.example"), "403"),
            (post, ("Origin", "null"), "403"),
            (post, ("Authorization", "Bearer words"), "401"),
            (post, ("Content-Type", "text/plain"), "415"),
            (post, ("Content-Length", "101"), "413"),
            ("POST /v1/metrics", ("X", "y"), "404"),
            ("GET /v1/traces", ("X", "y"), "405"),
            ("HEAD /v1/traces", ("X", "y"), "405"),
            ("OPTIONS /v1/traces", ("Origin", "https://evil.example"), "403"),
            ("OPTIONS /v1/traces", ("Origin", "http://localhost:9"), "405"),
            ("POST http://evil.example/v1/traces", ("X", "y"), "403"),
            ("POST http://localhost:4318@evil.example/v1/traces", ("X", "y"), "403"),
            ("POST http://localhost:4318/v1/traces", ("X", "y"), "200"),
            (post, ("Content-Encoding", "X-GZIP"), "200"),
            (post, ("Content-Encoding", "br"), "415"),
        ] {
            let answer = ask(address, &request(line, changed)).await;
            assert!(answer.starts_with(&["HTTP/1.1 ", status].concat()), "{line} {changed:?}: {answer}");
            let told = match status {
                "401" => "www-authenticate: Bearer",
                "405" => "allow: POST",
                "415" => "accept-encoding: gzip",
                _ => "content-type: text/",
            };
            assert!(answer.contains(told), "{line} {changed:?}: {answer}");
            // No page of a browser may read it.
            assert!(!answer.contains("access-control-"), "{answer}");
        }
        let two = [request(post, ("Connection", "keep-alive")), request(post, ("X", "y"))].concat();
        let answer = ask(address, &two).await;
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 2, "one connection, two requests: {answer}");
        let chunked = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer word\r\n\
                       Content-Type: text/x\r\nTransfer-Encoding: chunked\r\n\r\n";
        let long = [chunked, "80\r\n", &"x".repeat(128), "\r\n0\r\n\r\n"].concat();
        assert!(ask(address, &long).await.contains(" 413 "), "counted where no length is told");
        serving.abort();
    }

    #[tokio::test]
    async fn who_is_refused_hears_why_though_the_body_is_long() {
        let listener = Listener::bind(0).await.unwrap();
        let address = listener.address();
        let body = 8 << 20;
        let serving = tokio::spawn(listener.serve(rules(body), Arc::new(Echo)));
        let head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/x\r\n";
        let request = format!("{head}Content-Length: {body}\r\n\r\n{}", "x".repeat(body));
        let answer = ask(address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        serving.abort();
    }
}
