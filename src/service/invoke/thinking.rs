//! The seam where reasoning that a model wrote into its text becomes reasoning, whatever the voice.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::stream;

use crate::domain::Result;
use crate::domain::call::Call;
use crate::domain::delta::Event;
use crate::domain::message::Role;
use crate::domain::thinking::Splitter;
use crate::provider::Events;

/// Whether the answer may open with reasoning: one that is continued is past its opening.
pub(super) fn may_open(call: &Call) -> bool {
    match call {
        Call::Converse(converse) => converse.turns.last().is_none_or(|last| last.role != Role::Assistant),
        _ => false,
    }
}

/// The same events with the reasoning told apart.
pub(super) fn apart(events: Events) -> Events {
    let start =
        Apart { events, splitter: Splitter::default(), ready: VecDeque::new(), over: false, last: None };
    stream::unfold(start, |mut apart| async move { apart.next().await.map(|item| (item, apart)) }).boxed()
}

struct Apart {
    events: Events,
    splitter: Splitter,
    ready: VecDeque<Event>,
    /// Nothing more is read.
    over: bool,
    /// The error that the events ended with, until it is given out.
    last: Option<Result<Event>>,
}

impl Apart {
    async fn next(&mut self) -> Option<Result<Event>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.over {
                return self.last.take();
            }
            match self.events.next().await {
                Some(Ok(event)) if self.splitter.is_over() => return Some(Ok(event)),
                Some(Ok(event)) => self.splitter.push(event, &mut self.ready),
                // What was held came before it.
                last => {
                    self.splitter.finish(&mut self.ready);
                    self.over = true;
                    self.last = last;
                }
            }
        }
    }
}
