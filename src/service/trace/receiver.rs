//! What other programs send: OTLP over HTTP, answered once it is on the disk.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::Traces;
use super::inflate::inflate;
use crate::domain::secret::Secret;
use crate::domain::trace::{Brought, Source};
use crate::domain::{Error, ErrorKind};
use crate::net;
use crate::wire::trace::Decoded;
use crate::wire::trace::otlp::answer::{Answer, Encoding};
use crate::wire::trace::otlp::{json, protobuf};

/// Bytes of a body, packed or not, and of all that are worked on at once.
const BODY: usize = 64 << 20;
const BODIES: usize = 128 << 20;

/// Where spans are posted to.
const PATH: &str = "/v1/traces";

/// Answers senders.
pub(super) struct Receiver {
    traces: Traces,
    /// Who watches is told of each request; one that is slow misses some.
    told: mpsc::Sender<Brought>,
}

impl Receiver {
    pub(super) fn new(traces: Traces, told: mpsc::Sender<Brought>) -> Self {
        Self { traces, told }
    }

    /// What it is asked by.
    pub(super) fn rules(token: Option<Secret>) -> net::Rules {
        net::Rules { path: PATH, token, body: BODY, bodies: BODIES }
    }
}

impl net::Answering for Receiver {
    fn takes(&self, content_type: &str) -> bool {
        Encoding::of(content_type).is_some()
    }

    fn refuse(&self, content_type: &str, status: u16, why: &str) -> net::Answer {
        let encoding = Encoding::of(content_type).unwrap_or(Encoding::Json);
        written(Answer::refused(encoding, status, why), encoding)
    }

    fn answer(&self, asked: net::Asked) -> BoxFuture<'static, net::Answer> {
        let (traces, told) = (self.traces.clone(), self.told.clone());
        async move {
            let encoding = Encoding::of(&asked.content_type).unwrap_or(Encoding::Json);
            // Reading takes a while: not on a thread that others wait for.
            let read = tokio::task::spawn_blocking(move || read(&asked, encoding)).await;
            let decoded = match read {
                Ok(Ok(decoded)) => decoded,
                Ok(Err(error)) if error.kind == ErrorKind::Full => {
                    return written(Answer::refused(encoding, 413, &error.why), encoding);
                }
                Ok(Err(error)) => return written(Answer::bad(&error, encoding), encoding),
                Err(why) => return written(Answer::busy(encoding, &why.to_string()), encoding),
            };
            let answer = Answer::to(&decoded, encoding);
            if answer.status == 200 {
                match traces.take(decoded, Source::Received).await {
                    Ok(brought) => {
                        // Who does not look misses it; the traces are there all the same.
                        let _ = told.try_send(brought);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "spans that were sent could not be kept");
                        return written(Answer::busy(encoding, &error.why), encoding);
                    }
                }
            }
            written(answer, encoding)
        }
        .boxed()
    }
}

fn read(asked: &net::Asked, encoding: Encoding) -> Result<Decoded, Error> {
    let unpacked = match asked.encoding.as_str() {
        "" | "identity" => None,
        "gzip" => Some(inflate(&asked.body, BODY)?),
        other => {
            let why = format!("{other:?} is no encoding that is read here");
            return Err(Error::new(ErrorKind::Invalid, "reading traces", why, "Send gzip, or none."));
        }
    };
    let bytes = unpacked.as_deref().unwrap_or(&asked.body);
    match encoding {
        Encoding::Protobuf => Ok(protobuf::decode(bytes)),
        Encoding::Json => json::decode(bytes),
    }
}

fn written(answer: Answer, encoding: Encoding) -> net::Answer {
    net::Answer { status: answer.status, content_type: encoding.content_type(), body: answer.body }
}

/// Takes what senders bring until its replies are dropped.
pub(super) async fn serve(
    listener: net::Listener,
    token: Option<Secret>,
    traces: Traces,
    told: mpsc::Sender<Brought>,
) {
    let gone = told.clone();
    let serving = listener.serve(Receiver::rules(token), Arc::new(Receiver::new(traces, told)));
    tokio::select! {
        () = serving => {}
        () = gone.closed() => {}
    }
}
