//! One answer over HTTP on its way: asked, then read piece by piece, whatever API it is of.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt, stream};

use super::{Events, KeyCheck};
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::message::Usage;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::{Brought, Client, Request, Response};
use crate::wire::decode::{Decoder, Protocol};
use crate::wire::fault;

/// The longest answer or list that is read when it comes whole, in bytes.
pub(super) const LONGEST: usize = 32 * 1024 * 1024;

/// The longest answer with pictures, in bytes: ten large ones, and a third more for their base64.
pub(super) const LONGEST_PICTURES: usize = 128 * 1024 * 1024;

/// Reads an answer that comes whole; the first argument is what is being done, for error texts.
pub(super) type Whole = fn(&str, &[u8]) -> Result<Vec<Event>>;

/// The events of the answer that `ask` brings. It is a stream of the protocol `P`, or comes whole as JSON, which `whole`
/// reads. The key that was sent is taken out of what the server says.
pub(super) fn answering<P: Protocol + 'static>(
    doing: String,
    net: Client,
    ask: impl Fn(Client) -> Asking + Send + 'static,
    whole: Whole,
) -> Events
where
    P::Framing: 'static,
{
    answering_counted::<P>(doing, net, ask, whole, |_| Usage::default())
}

/// A request on its way, and the head of its answer.
pub(super) type Asking = BoxFuture<'static, Result<Response>>;

/// The same, where the head of an answer that comes whole counts what its body may not: `counts` reads it.
pub(super) fn answering_counted<P: Protocol + 'static>(
    doing: String,
    net: Client,
    ask: impl Fn(Client) -> Asking + Send + 'static,
    whole: Whole,
    counts: fn(&Response) -> Usage,
) -> Events
where
    P::Framing: 'static,
{
    let answering = Answering::<P> {
        decoder: Decoder::new(&doing),
        doing,
        whole,
        counts,
        ready: VecDeque::new(),
        spoke: false,
        attempt: 1,
        at: At::Start(ask(net.clone())),
        ask: Box::new(ask),
        net,
    };
    stream::unfold(
        answering,
        |mut answering| async move { answering.next().await.map(|item| (item, answering)) },
    )
    .boxed()
}

/// Asks the same as often as it must be asked, each time with what `asked` holds.
pub(super) fn asks<T, R>(
    asked: T,
    ask: impl Fn(Arc<T>, Client) -> R + Send + 'static,
) -> impl Fn(Client) -> Asking
where
    T: Send + Sync + 'static,
    R: Future<Output = Result<Response>> + Send + 'static,
{
    let asked = Arc::new(asked);
    move |net| ask(Arc::clone(&asked), net).boxed()
}

/// A stream of one event or one error.
pub(super) fn once(coming: impl Future<Output = Result<Event>> + Send + 'static) -> Events {
    stream::once(coming).boxed()
}

/// What this kind of provider cannot be asked for.
pub(super) fn refused(doing: String, capability: &str, why: &str) -> Events {
    let kind = ErrorKind::Refused { capability: capability.to_owned() };
    let error = Error::new(kind, doing, why, "Ask a model of another provider.");
    once(std::future::ready(Err(error)))
}

/// Fetching or deleting a model, for those who keep none.
pub(super) fn keeps_none(model: &ModelId) -> Events {
    refused(format!("changing what {} has", model.provider()), "pull", "it fetches and deletes no models")
}

/// The body of a successful answer; a complaint is turned into an error by `fault`, which gets what is being done, the
/// status, the words and the wait in milliseconds that the server asks for.
pub(super) async fn body_of(
    doing: &str,
    response: &mut Response,
    fault: fn(&str, u16, &str, Option<u64>) -> Error,
) -> Result<Vec<u8>> {
    within(LONGEST, doing, response, fault).await
}

/// The same for an answer with pictures, which is longer.
pub(super) async fn pictures_of(
    doing: &str,
    response: &mut Response,
    fault: fn(&str, u16, &str, Option<u64>) -> Error,
) -> Result<Vec<u8>> {
    within(LONGEST_PICTURES, doing, response, fault).await
}

async fn within(
    longest: usize,
    doing: &str,
    response: &mut Response,
    fault: fn(&str, u16, &str, Option<u64>) -> Error,
) -> Result<Vec<u8>> {
    if response.is_success() {
        return match web_page(doing, response) {
            Some(error) => Err(error),
            None => response.bytes(longest).await,
        };
    }
    Err(complaint(doing, response, fault).await)
}

/// The error of an answer of success that is for browsers: the address is none of an API.
fn web_page(doing: &str, response: &Response) -> Option<Error> {
    let kind = response.header("content-type")?;
    kind.trim_start().to_ascii_lowercase().starts_with("text/html").then(|| fault::web_page(doing))
}

/// The events of answers that come one after the other; the first that fails ends them.
pub(super) fn each(answers: impl Stream<Item = Result<Vec<Event>>> + Send + 'static) -> Events {
    let items = answers.flat_map(|answer| {
        let items: Vec<Result<Event>> = match answer {
            Ok(events) => events.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        };
        stream::iter(items)
    });
    let until = items.scan(false, |failed, item| {
        let over = std::mem::replace(failed, item.is_err());
        std::future::ready((!over).then_some(item))
    });
    until.boxed()
}

/// The error that an answer without success is.
pub(super) async fn complaint(
    doing: &str,
    response: &mut Response,
    fault: fn(&str, u16, &str, Option<u64>) -> Error,
) -> Error {
    let (status, wait) = (response.status(), wait_ms(response));
    fault(doing, status, &response.complaint().await, wait)
}

/// The error without the key that was sent, which a server may repeat.
pub(super) fn scrubbed(mut error: Error, response: &Response) -> Error {
    error.why = response.scrub(error.why);
    error
}

/// Whether what a key was sent for is answered without one too.
pub(super) async fn bare(net: &Client, doing: &str, url: String) -> Result<KeyCheck> {
    let response = net.send(Request::get(doing, url)).await?;
    Ok(if response.is_success() { KeyCheck::NotAsked } else { KeyCheck::Taken })
}

/// How long the server asks to wait, in milliseconds.
pub(super) fn wait_ms(response: &Response) -> Option<u64> {
    response.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}

/// Adds what was counted elsewhere to what the answer itself says of it, which wins.
fn completed(events: &mut Vec<Event>, counted: Usage) {
    if counted == Usage::default() {
        return;
    }
    let told = events.iter_mut().find_map(|event| match event {
        Event::Usage { usage } => Some(usage),
        _ => None,
    });
    if let Some(told) = told {
        told.input = told.input.or(counted.input);
        told.output = told.output.or(counted.output);
        return;
    }
    let end = events.iter().rposition(|event| matches!(event, Event::Stop { .. })).unwrap_or(events.len());
    events.insert(end, Event::Usage { usage: counted });
}

/// What a piece of a stream brought, by the events that it was: a comment, a ping and half a frame are none.
fn brought(events: &[Event]) -> Brought {
    let of_one = |event: &Event| match event {
        Event::Usage { .. } | Event::Context { .. } | Event::Notice { .. } => Brought::Notes,
        _ => Brought::Words,
    };
    events.iter().map(of_one).max().unwrap_or(Brought::Life)
}

struct Answering<P: Protocol> {
    doing: String,
    decoder: Decoder<P>,
    whole: Whole,
    counts: fn(&Response) -> Usage,
    net: Client,
    ask: Box<dyn Fn(Client) -> Asking + Send>,
    /// Requests so far that were answered with a head of success.
    attempt: u32,
    /// Something of the answer came: nothing is asked again.
    spoke: bool,
    /// Read and not handed out yet; an error is the last.
    ready: VecDeque<Result<Event>>,
    at: At,
}

enum At {
    Start(Asking),
    Reading(Box<Response>),
    End,
}

impl<P: Protocol> Answering<P> {
    async fn next(&mut self) -> Option<Result<Event>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            match std::mem::replace(&mut self.at, At::End) {
                At::Start(asked) => match asked.await {
                    Ok(response) => self.begin(response).await,
                    Err(error) => return Some(Err(error)),
                },
                At::Reading(response) => self.read(response).await,
                At::End => return None,
            }
        }
    }

    async fn begin(&mut self, mut response: Response) {
        if let Some(error) = web_page(&self.doing, &response) {
            self.ready.push_back(Err(error));
            return;
        }
        let is_whole = response.header("content-type").is_some_and(|t| t.starts_with("application/json"));
        if !is_whole {
            self.at = At::Reading(Box::new(response));
            return;
        }
        match response.bytes(LONGEST).await.and_then(|body| (self.whole)(&self.doing, &body)) {
            Ok(mut events) => {
                completed(&mut events, (self.counts)(&response));
                self.ready.extend(events.into_iter().map(Ok));
            }
            Err(error) => self.fail(error, &response).await,
        }
    }

    async fn read(&mut self, mut response: Box<Response>) {
        let mut events = Vec::new();
        let held = self.decoder.held();
        let (read, more) = match response.piece().await {
            Ok(Some(bytes)) => (self.decoder.push(&bytes, &mut events), true),
            Ok(None) => (self.decoder.finish(&mut events), false),
            // The model has ended its answer and only the stream's end is missing: the answer is whole.
            Err(_) if self.decoder.has_stopped() => (self.decoder.finish(&mut events), false),
            Err(error) => (Err(error), false),
        };
        let said = if self.decoder.held() == held { brought(&events) } else { Brought::Words };
        response.brought(said);
        self.spoke |= said == Brought::Words;
        self.ready.extend(events.into_iter().map(Ok));
        match read {
            Ok(()) if more && !self.decoder.is_over() => self.at = At::Reading(response),
            Ok(()) => {}
            Err(error) => self.fail(error, &response).await,
        }
    }

    /// An error behind a head of success: what may pass is asked again while nothing of the answer came.
    async fn fail(&mut self, error: Error, response: &Response) {
        // One without a status or a name tells nothing of the next time.
        let asked = match &error.kind {
            ErrorKind::RateLimited { retry_after_ms } => *retry_after_ms,
            _ => None,
        };
        if let Some(status) = fault::may_pass(&error)
            && !self.spoke
            && self
                .net
                .again(response.place(), status, &mut self.attempt, asked.map(Duration::from_millis))
                .await
        {
            self.ready.clear();
            self.decoder = Decoder::new(&self.doing);
            self.at = At::Start((self.ask)(self.net.clone()));
            return;
        }
        self.ready.push_back(Err(scrubbed(error, response)));
    }
}
