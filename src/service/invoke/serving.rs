//! A call in flight: its deadline, its checks, and the span that it leaves, whatever becomes of it.

use std::sync::{Arc, OnceLock};

use futures_util::StreamExt;
use tokio::time::Instant;

use super::check::Check;
use super::clock::Clock;
use super::meter::Meter;
use super::seen::SeenCards;
use super::telling::Telling;
use super::{SpanSink, lost};
use crate::domain::call::tokens_of;
use crate::domain::catalog::ModelId;
use crate::domain::delta::{Event, Fold, Pause};
use crate::domain::message::Block;
use crate::domain::script::Operation;
use crate::domain::trace::{ByLength, Span, SpanStatus};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::provider::Events;

/// The longest answer that is taken in, in bytes of all but pictures: one that never ends is ended.
const LONGEST: usize = 8 * 1024 * 1024;
/// What each block, and each picture, counts besides its bytes, of which it may have none.
const BLOCK_BYTES: usize = 1024;

/// The same of pictures.
const LONGEST_PICTURES: usize = 256 * 1024 * 1024;

/// One call in flight. Dropped early, it records a cancelled span.
pub(super) struct Serving {
    pub(super) doing: String,
    pub(super) span: Span,
    pub(super) clock: Clock,
    pub(super) meter: Option<Meter>,
    /// It waits for a turn: the clock begins behind that.
    pub(super) queued: bool,
    pub(super) asked: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) fold: Fold,
    /// Of text, reasoning and calls of tools that came.
    pub(super) bytes: usize,
    /// Of what came beside them and is kept with the answer: ids, seals, and what its provider alone can read.
    pub(super) sealed_bytes: usize,
    pub(super) picture_bytes: usize,
    /// The weight of what is sent.
    pub(super) asked_weight: usize,
    /// Where it goes out by the network: the way that it takes.
    pub(super) net: Option<Client>,
    /// What it was asked for by, once it was.
    pub(super) operation: Option<Box<dyn Fn() -> Option<Operation> + Send>>,
    /// What the gate keeps for the call. It falls with the call, which is recorded before that.
    pub(super) held: Arc<OnceLock<Box<dyn Send + Sync>>>,
    pub(super) checks: Vec<Arc<dyn Check>>,
    /// What is said in it, where that is kept.
    pub(super) telling: Option<Telling>,
    pub(super) spans: Arc<dyn SpanSink>,
    pub(super) cards: Arc<SeenCards>,
    pub(super) events: Events,
    /// What a check put behind the last event.
    pub(super) pending: Option<Event>,
    pub(super) ended: bool,
}

impl Serving {
    pub(super) async fn next(&mut self) -> Option<Result<Event>> {
        if self.ended {
            return None;
        }
        if let Some(event) = self.pending.take() {
            self.fold.push(&event);
            return Some(Ok(event));
        }
        let next = match self.deadline {
            None => self.events.next().await,
            Some(deadline) => match tokio::time::timeout_at(deadline, self.events.next()).await {
                Ok(next) => next,
                Err(_) => Some(Err(Error::new(
                    ErrorKind::Timeout,
                    &self.doing,
                    format!("it was not done within {} s", (deadline - self.asked).as_secs_f32()),
                    "Check that who answers it is up, or give it more time.",
                ))),
            },
        };
        match next {
            Some(Ok(event)) => Some(self.take_in(event)),
            Some(Err(error)) => {
                let error = match &self.span.model {
                    // What was refused before it was sent says itself what is wrong.
                    Some(model) if !self.span.unsent => lost::told(error, model, &self.cards),
                    _ => error,
                };
                // What this machine has not is never begun.
                let own = self.span.model.as_ref().is_some_and(ModelId::is_local);
                self.span.unsent |= own && error.kind == ErrorKind::NotFound;
                self.fail(&error);
                Some(Err(error))
            }
            None => {
                self.span.status = SpanStatus::Done;
                self.ended = true;
                None
            }
        }
    }

    fn fail(&mut self, error: &Error) {
        self.span.status = match &error.kind {
            ErrorKind::Cancelled => SpanStatus::Cancelled,
            kind => {
                self.span.fault = Some(error.into());
                SpanStatus::Failed { kind: kind.clone() }
            }
        };
        self.ended = true;
    }

    /// Whether nothing was sent so far; of what runs in this program nobody can tell.
    fn is_unsent(&self) -> bool {
        self.net.as_ref().is_some_and(|net| net.exchanges() == 0)
    }

    fn take_in(&mut self, mut event: Event) -> Result<Event> {
        match &event {
            Event::Paused { pause: Pause::Retry { status, .. }, .. } => self.span.retried.count(*status),
            // Between the requests of a call a wait is a part of it.
            Event::Paused { pause: Pause::RateLimit { .. }, .. }
                if self.net.is_some() && !self.is_unsent() => {}
            Event::Queued { .. } | Event::Paused { pause: Pause::RateLimit { .. }, .. } => self.queued = true,
            Event::Notice { .. } => {}
            _ if std::mem::take(&mut self.queued) => self.clock.begin(),
            _ => {}
        }
        if matches!(event, Event::Text { .. } | Event::Reasoning { .. } | Event::ToolUse { .. }) {
            self.clock.first();
        }
        match &event {
            Event::Reasoning { .. } => self.clock.thinks(),
            Event::Text { .. } | Event::ToolUse { .. } => self.clock.speaks(),
            _ => {}
        }
        let (said, sealed) = brought(&event);
        self.bytes += said;
        self.sealed_bytes += sealed;
        if self.bytes + self.sealed_bytes + self.fold.blocks.len() * BLOCK_BYTES > LONGEST {
            let error = endless(&self.doing, LONGEST);
            self.fail(&error);
            return Err(error);
        }
        if let Event::Image { bytes, .. } = &event {
            self.picture_bytes += bytes.len() + BLOCK_BYTES;
            if self.picture_bytes > LONGEST_PICTURES {
                let error = endless(&self.doing, LONGEST_PICTURES);
                self.fail(&error);
                return Err(error);
            }
        }
        self.span.images += u32::from(matches!(event, Event::Image { .. }));
        if let Event::Reranked { searches, .. } = &event {
            self.span.searches = self.span.searches.saturating_add(*searches);
        }
        match &mut event {
            Event::Models { cards } => self.cards.keep(&self.span.provider, cards),
            other => self.fold.push(other),
        }
        if ends(&event) {
            // The caller may leave now, and has all that it asked for.
            self.span.status = SpanStatus::Done;
        }
        if !self.checks.is_empty() {
            let answer: String = self
                .fold
                .blocks
                .iter()
                .filter_map(|b| if let Block::Text { text } = b { Some(text.as_str()) } else { None })
                .collect();
            for check in &self.checks {
                match check.output(&answer, &event) {
                    Ok(None) => {}
                    Ok(replaced) => {
                        self.pending = replaced;
                        break;
                    }
                    Err(error) => {
                        self.fail(&error);
                        return Err(error);
                    }
                }
            }
        }
        Ok(event)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.clock.stop();
        self.span.timing = self.clock.timing();
        self.span.usage = self.fold.usage;
        self.span.unsent |= self.is_unsent();
        self.span.operation = self.operation.as_ref().and_then(|operation| operation());
        if !self.span.unsent {
            let (input, output) = (tokens_of(self.asked_weight), tokens_of(self.bytes));
            self.span.by_length = ByLength { input, output };
        }
        if let Some(telling) = self.telling.take() {
            self.spans.tell(self.span.id, telling.end(self.span.id, &self.fold.blocks).bounded());
        }
        if let Some(meter) = &self.meter {
            meter.add(&self.span);
        }
        self.spans.record(self.span.clone());
    }
}

/// Bytes of what an event says, and of what it brings besides that is kept with the answer.
fn brought(event: &Event) -> (usize, usize) {
    match event {
        Event::Text { text } | Event::Reasoning { text } | Event::Replace { text, .. } => (text.len(), 0),
        Event::ToolUse { id, name, input } => (name.len() + input.to_string().len(), id.len()),
        Event::ReasoningSignature { signature } => (0, signature.len()),
        Event::RedactedReasoning { data } => (0, data.len()),
        Event::ToolExtra { extra } => (0, extra.to_string().len()),
        _ => (0, 0),
    }
}

fn endless(doing: &str, longest: usize) -> Error {
    let why = format!("the answer did not end after {} MB", longest >> 20);
    Error::new(ErrorKind::Full, doing, why, "What came is kept; set max_tokens.")
}

/// Whether nothing that the caller needs comes behind this event.
fn ends(event: &Event) -> bool {
    matches!(
        event,
        Event::Stop { .. }
            | Event::Models { .. }
            | Event::Tokens { .. }
            | Event::Embeddings { .. }
            | Event::Reranked { .. }
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_of_a_tool_says_as_much_as_its_name_and_its_input_have() {
        let call = Event::ToolUse { id: "call_1".to_owned(), name: "f".to_owned(), input: json!({"a": 1}) };
        assert_eq!(brought(&call), (8, 6));
        assert_eq!(brought(&Event::Text { text: "é".to_owned() }), (2, 0));
        assert_eq!(brought(&Event::ReasoningSignature { signature: "seal".to_owned() }), (0, 4));
        assert_eq!(brought(&Event::Notice { text: "much".to_owned() }), (0, 0));
    }
}
