//! Traces for a server elsewhere that takes OTLP over HTTP: Jaeger, Phoenix, Langfuse, another outcrop.

use futures_util::StreamExt;

use super::Traces;
use super::inflate::deflate;
use super::writing::hand_on;
use crate::domain::trace::run::{Destination, Sent};
use crate::domain::trace::{TraceId, TraceSpan};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Client, Request, Response, WebAddress, web_address};
use crate::wire::fault;
use crate::wire::trace::otlp::answer::{self, Encoding};

const DOING: &str = "sending a trace";
/// Where the protocol has it.
const PATH: &str = "/v1/traces";
/// The most spans of a request, and about how many bytes before they are packed: many servers take 4 MB.
const SPANS: usize = 512;
const BYTES: usize = 4 << 20;
/// The longest answer that is read, in bytes.
const ANSWER: usize = 1 << 20;

/// A packed body with how many spans are in it, again and again; then what cannot be read.
enum Part {
    Body(u64, Vec<u8>),
    Damaged(Vec<String>),
}

impl Traces {
    /// Sends a trace, packed, in as many requests as it needs. What may pass is sent again as every request is: a server knows
    /// a span that comes twice by its ids.
    pub async fn send(&self, id: TraceId, to: &Destination, net: &Client) -> Result<Sent> {
        let url = address(&to.url)?;
        let encoding = if to.json { Encoding::Json } else { Encoding::Protobuf };
        let mut parts = self.pieces(move |view, send| {
            view.run(id)?;
            let body = |(spans, body): (u64, Vec<u8>)| send(Part::Body(spans, body));
            let damaged = hand_on(view, id, DOING, |spans| {
                for spans in spans.chunks(SPANS) {
                    if !parts_of(spans, encoding, &body)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            })?;
            send(Part::Damaged(damaged));
            Ok(())
        });
        let mut sent =
            Sent { id, to: String::new(), spans: 0, rejected: 0, words: String::new(), damaged: Vec::new() };
        while let Some(part) = parts.next().await {
            let (spans, body) = match part? {
                Part::Body(spans, body) => (spans, body),
                Part::Damaged(damaged) => {
                    sent.damaged = damaged;
                    continue;
                }
            };
            let mut request = Request::post(DOING, &url, encoding.content_type(), body);
            request = request.header("content-encoding", "gzip");
            for (name, value) in &to.headers {
                request = request.named(name, value.expose().to_owned());
            }
            let answered = match net.send(request).await {
                Ok(mut response) => taken(&mut response, encoding).await.map(|told| (told, response)),
                Err(error) => Err(error),
            };
            let ((rejected, words), response) = answered.map_err(|error| after(error, sent.spans))?;
            response.place().clone_into(&mut sent.to);
            sent.spans += spans;
            sent.rejected += rejected;
            if !words.is_empty() {
                sent.words = words;
            }
        }
        Ok(sent)
    }
}

/// The address that takes traces: as it is written where it says that itself, else below what is written.
fn address(text: &str) -> Result<String> {
    let WebAddress { url, is_inside, .. } = web_address(DOING, text)?;
    if url.starts_with("http:") && !is_inside {
        let why = "what was said in it would go through the world unencrypted";
        return Err(Error::new(
            ErrorKind::Invalid,
            DOING,
            why,
            "Write https:// where the server is elsewhere.",
        ));
    }
    let (place, query) =
        url.split_once('?').map_or((url.as_str(), None), |(place, query)| (place, Some(query)));
    let place = place.trim_end_matches('/');
    let path = if place.ends_with(PATH) { "" } else { PATH };
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    Ok(format!("{place}{path}{query}"))
}

/// Hands over spans as packed bodies, each with how many are in it; whether more are wanted. A body that would be too large
/// becomes two.
fn parts_of(spans: &[TraceSpan], encoding: Encoding, send: &dyn Fn((u64, Vec<u8>)) -> bool) -> Result<bool> {
    let body = answer::request(spans, encoding);
    if body.len() > BYTES && spans.len() > 1 {
        let (one, other) = spans.split_at(spans.len() / 2);
        return Ok(parts_of(one, encoding, send)? && parts_of(other, encoding, send)?);
    }
    Ok(send((spans.len() as u64, deflate(&body)?)))
}

/// What a server says to a request that it took: how many spans it did not, and words.
async fn taken(response: &mut Response, encoding: Encoding) -> Result<(u64, String)> {
    let media_type = response.header("content-type").unwrap_or_default().to_owned();
    let answered = Encoding::of(&media_type).unwrap_or(encoding);
    if !response.is_success() {
        let wait = response.retry_after().and_then(|wait| u64::try_from(wait.as_millis()).ok());
        let said = response.complaint().await;
        let error = fault::of_status(DOING, response.status(), &answer::complaint(said, answered), wait);
        let hint = match &error.kind {
            ErrorKind::Auth => {
                "Give its key: --header 'Authorization=Bearer $NAME', with the variable that has it."
            }
            ErrorKind::NotFound => {
                "Check the address: OTLP over HTTP is taken at …/v1/traces, mostly at port 4318."
            }
            _ => error.hint.as_str(),
        };
        return Err(Error::new(error.kind.clone(), DOING, &error.why, hint));
    }
    if media_type.starts_with("text/html") {
        let why = format!("{} answers with a web page, and not as OTLP has it", response.place());
        let hint = "Check the address: OTLP over HTTP is taken at …/v1/traces, mostly at port 4318.";
        return Err(Error::new(ErrorKind::Server { status: response.status() }, DOING, why, hint));
    }
    let body = response.bytes(ANSWER).await?;
    let (rejected, words) = answer::partial_success(&body, answered).unwrap_or_default();
    Ok((u64::try_from(rejected).unwrap_or(0), response.scrub(words)))
}

/// An error behind requests that were taken.
fn after(mut error: Error, taken: u64) -> Error {
    if taken > 0 {
        error.why = format!("{} ({taken} spans were taken before)", error.why);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_completed_and_one_that_goes_out_unencrypted_is_refused() {
        for (text, wanted) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://jaeger:4318/", "http://jaeger:4318/v1/traces"),
            ("https://x.example/api/otel", "https://x.example/api/otel/v1/traces"),
            ("https://x.example/v1/traces?a=b", "https://x.example/v1/traces?a=b"),
        ] {
            assert_eq!(address(text).unwrap(), wanted);
        }
        for wrong in ["http://x.example", "ftp://127.0.0.1", "127.0.0.1", "https://me:word@x.example"] {
            assert_eq!(address(wrong).unwrap_err().kind, ErrorKind::Invalid, "{wrong}");
        }
    }

    #[test]
    fn a_body_that_would_be_too_large_becomes_several() {
        let large = |length: usize| {
            let mut span = TraceSpan::default();
            span.attributes.push("k", "x".repeat(length));
            span
        };
        let spans = [large(3 << 20), large(3 << 20), large(9 << 20), large(1)];
        let counts = std::cell::RefCell::new(Vec::new());
        let send = |(count, _): (u64, Vec<u8>)| {
            counts.borrow_mut().push(count);
            true
        };
        assert!(parts_of(&spans, Encoding::Protobuf, &send).unwrap());
        assert_eq!(counts.into_inner(), [1, 1, 1, 1], "one span alone is never split");
        assert!(!parts_of(&spans[3..], Encoding::Json, &|_| false).unwrap());
    }
}
