//! A voice within what the person allows it: so many calls at once, so many a minute, and waits of its own.
//!
//! Interactive calls go before those in the background. Who has to wait is told how many are before them, or how long it takes, and when it is over.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::{Events, Provider};
use crate::domain::Result;
use crate::domain::call::Call;
use crate::domain::delta::{Event, Pause};
use crate::net::{Client, Line, Place, Turn, Waits};

/// What a voice may do; `None` is without limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Calls at once.
    pub at_once: Option<u32>,
    /// Requests within a minute: calls, and what they send besides their first one.
    pub per_minute: Option<u32>,
    pub waits: Waits,
}

/// A voice and its limits. What is about models is not counted: a person waits for it.
#[derive(Debug)]
pub struct Limited {
    voice: Arc<dyn Provider>,
    waits: Waits,
    line: Arc<Line>,
}

impl Limited {
    /// `voice` within `limits`.
    pub fn new(voice: Arc<dyn Provider>, limits: Limits) -> Self {
        let line = Arc::new(Line::new(limits.at_once, limits.per_minute));
        Self { voice, waits: limits.waits, line }
    }
}

impl Provider for Limited {
    fn name(&self) -> &str {
        self.voice.name()
    }

    fn within(&self) -> Option<&dyn Provider> {
        Some(&*self.voice)
    }

    fn serve(&self, call: Call, net: &Client) -> Events {
        let net = net.patient(self.waits);
        if call.is_about_models() {
            return self.voice.serve(call, &net);
        }
        let net = if self.line.per_minute().is_some() { net.lined(Arc::clone(&self.line)) } else { net };
        let (voice, place) = (Arc::clone(&self.voice), Line::join(&self.line, net.priority()));
        let serve = move || voice.serve(call, &net);
        let at = At::Waiting { place, told: None, serve: Box::new(serve) };
        stream::unfold(at, At::next).boxed()
    }
}

/// What a call that waits was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// So many are before it.
    Ahead(u32),
    /// Only time is missing, since so many a minute have begun.
    Spent(u32),
}

enum At {
    Waiting {
        place: Place,
        told: Option<Told>,
        serve: Box<dyn FnOnce() -> Events + Send>,
    },
    Running {
        events: Events,
        /// Held until the answer has ended.
        place: Place,
    },
}

impl At {
    async fn next(mut self) -> Option<(Result<Event>, Self)> {
        loop {
            match self {
                Self::Running { mut events, place } => {
                    let item = events.next().await?;
                    return Some((item, Self::Running { events, place }));
                }
                Self::Waiting { mut place, told: last, serve } => {
                    let line = Arc::clone(place.line());
                    // Listened for before looking, so that no move is missed.
                    let moved = line.moved();
                    tokio::pin!(moved);
                    moved.as_mut().enable();
                    let (told, until) = match place.turn() {
                        Turn::Now => {
                            self = Self::Running { events: serve(), place };
                            if last.is_some() {
                                return Some((Ok(Event::Begun), self));
                            }
                            continue;
                        }
                        Turn::Behind { ahead, until } => (Told::Ahead(ahead), until),
                        Turn::Until(until) => {
                            (Told::Spent(line.per_minute().unwrap_or_default()), Some(until))
                        }
                    };
                    if last != Some(told) {
                        let event = match told {
                            Told::Ahead(ahead) => Event::Queued { ahead },
                            Told::Spent(per_minute) => Event::Paused {
                                pause: Pause::RateLimit { per_minute },
                                ms: until.map_or(0, |until| {
                                    let left = until.saturating_duration_since(Instant::now());
                                    u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
                                }),
                            },
                        };
                        return Some((Ok(event), Self::Waiting { place, told: Some(told), serve }));
                    }
                    match until {
                        Some(until) => drop(tokio::time::timeout_at(until, moved).await),
                        None => moved.await,
                    }
                    self = Self::Waiting { place, told: last, serve };
                }
            }
        }
    }
}
