//! What other programs send: OTLP over HTTP, answered once it is on the disk.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

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
/// Bytes that one permit of the room for unpacked ones stands for.
const PERMIT: usize = 1024;
/// How long a packed body waits for that room.
const ROOM_WITHIN: Duration = Duration::from_secs(10);

/// Where spans are posted to.
const PATH: &str = "/v1/traces";

/// Answers senders.
pub(super) struct Receiver {
    traces: Traces,
    /// Who watches is told of each request; one that is slow misses some.
    told: mpsc::Sender<Brought>,
    /// Room for what packed bodies hold: little of it may be much.
    room: Arc<Semaphore>,
}

impl Receiver {
    pub(super) fn new(traces: Traces, told: mpsc::Sender<Brought>) -> Self {
        Self { traces, told, room: Arc::new(Semaphore::new(BODIES / PERMIT)) }
    }

    /// What it is asked by.
    pub(super) fn rules(token: Option<Secret>) -> net::Rules {
        net::Rules { path: PATH, packing: "gzip", token, body: BODY, bodies: BODIES }
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
        let (traces, told, room) = (self.traces.clone(), self.told.clone(), Arc::clone(&self.room));
        async move {
            let encoding = Encoding::of(&asked.content_type).unwrap_or(Encoding::Json);
            let mut held = None;
            if asked.packed {
                let most = room.acquire_many_owned((BODY / PERMIT) as u32);
                let Ok(Ok(most)) = timeout(ROOM_WITHIN, most).await else {
                    return written(Answer::busy(encoding, "too much comes at once"), encoding);
                };
                held = Some(most);
            }
            // Reading takes a while: not on a thread that others wait for.
            let read = tokio::task::spawn_blocking(move || read(&asked.body, held, encoding)).await;
            let (decoded, held) = match read {
                Ok(Ok(read)) => read,
                Ok(Err(error)) if error.kind == ErrorKind::Full => {
                    return written(Answer::refused(encoding, 413, &error.why), encoding);
                }
                Ok(Err(error)) => return written(Answer::bad(&error, encoding), encoding),
                // Sent again, it would fail again.
                Err(why) if why.is_panic() => {
                    let why = "this program failed at reading it";
                    return written(Answer::refused(encoding, 500, why), encoding);
                }
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
            drop(held);
            written(answer, encoding)
        }
        .boxed()
    }
}

/// The room that an unpacked body takes; none where it came so.
type Held = Option<OwnedSemaphorePermit>;

fn read(body: &[u8], mut held: Held, encoding: Encoding) -> Result<(Decoded, Held), Error> {
    let unpacked = held.as_mut().map(|held| unpack(body, held)).transpose()?;
    let bytes = unpacked.as_deref().unwrap_or(body);
    let decoded = match encoding {
        Encoding::Protobuf => protobuf::decode(bytes),
        Encoding::Json => json::decode(bytes)?,
    };
    Ok((decoded, held))
}

/// What a packed body holds. Of the room for the largest that it came with, what it does not take is given back.
fn unpack(body: &[u8], held: &mut OwnedSemaphorePermit) -> Result<Vec<u8>, Error> {
    let bytes = inflate(body, BODY)?;
    drop(held.split((BODY - bytes.len()) / PERMIT));
    Ok(bytes)
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
