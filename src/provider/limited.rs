//! A voice within what the person allows it: so many calls at once, so many a minute, and waits of its own.
//!
//! Interactive calls go before those in the background. Who has to wait is told how many are before them, or how long it takes, and when it is over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{StreamExt, stream};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Events, Provider};
use crate::domain::Result;
use crate::domain::call::Call;
use crate::domain::delta::{Event, Pause};
use crate::domain::priority::{Precedence, Priority};
use crate::net::{Client, Pace, Waits};

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
        let pace = limits.per_minute.map(|most| Arc::new(Pace::new(most)));
        let line = Line { at_once: limits.at_once, pace, inner: Mutex::default(), moved: Notify::new() };
        Self { voice, waits: limits.waits, line: Arc::new(line) }
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
        let net = match &self.line.pace {
            Some(pace) => net.paced(Arc::clone(pace)),
            None => net,
        };
        let (voice, place) = (Arc::clone(&self.voice), Line::join(&self.line, net.priority()));
        let serve = move || voice.serve(call, &net);
        let at = At::Waiting { place, told: None, serve: Box::new(serve) };
        stream::unfold(at, At::next).boxed()
    }
}

/// Those who run and those who wait.
#[derive(Debug)]
struct Line {
    at_once: Option<u32>,
    pace: Option<Arc<Pace>>,
    inner: Mutex<Inner>,
    /// Somebody began, ended, left or passed others.
    moved: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    /// In the order in which they go.
    waiting: VecDeque<(u64, Priority)>,
    precedence: Precedence,
    running: u32,
}

impl Line {
    fn join(line: &Arc<Self>, priority: Priority) -> Place {
        let mut inner = line.inner();
        let number = inner.next;
        inner.next += 1;
        let place = inner.precedence.place(inner.waiting.iter().map(|(_, priority)| *priority), priority);
        let passes = place < inner.waiting.len();
        inner.waiting.insert(place, (number, priority));
        drop(inner);
        if passes {
            line.moved.notify_waiters();
        }
        Place { line: Arc::clone(line), number, runs: false }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call's place, given back when it is dropped.
#[derive(Debug)]
struct Place {
    line: Arc<Line>,
    number: u64,
    runs: bool,
}

/// What a call that waits was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// So many are before it.
    Ahead(u32),
    /// Only time is missing, since so many a minute have begun.
    Spent(u32),
}

/// Whether a call may begin.
enum Turn {
    Now,
    /// What is to be told, and until when nothing can have changed but by others.
    Later {
        told: Told,
        until: Option<Instant>,
    },
}

impl Place {
    fn turn(&mut self) -> Turn {
        let mut inner = self.line.inner();
        let before = inner.waiting.iter().position(|(number, _)| *number == self.number).unwrap_or(0);
        let full = self.line.at_once.is_some_and(|most| inner.running >= most);
        if before > 0 || full {
            let ahead = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(inner.running.min(1));
            return Turn::Later { told: Told::Ahead(ahead), until: None };
        }
        if let Some(pace) = &self.line.pace
            && let Err(until) = pace.begin()
        {
            return Turn::Later { told: Told::Spent(pace.per_minute()), until: Some(until) };
        }
        if let Some((_, priority)) = inner.waiting.pop_front() {
            let background_waits = inner.waiting.iter().any(|(_, other)| *other == Priority::Background);
            inner.precedence.went(priority, background_waits);
        }
        inner.running += 1;
        drop(inner);
        self.runs = true;
        self.line.moved.notify_waiters();
        Turn::Now
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.line.inner();
        if self.runs {
            inner.running -= 1;
        } else {
            inner.waiting.retain(|(number, _)| *number != self.number);
        }
        drop(inner);
        self.line.moved.notify_waiters();
    }
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
                    let line = Arc::clone(&place.line);
                    // Listened for before looking, so that no move is missed.
                    let moved = line.moved.notified();
                    tokio::pin!(moved);
                    moved.as_mut().enable();
                    match place.turn() {
                        Turn::Now => {
                            self = Self::Running { events: serve(), place };
                            if last.is_some() {
                                return Some((Ok(Event::Begun), self));
                            }
                        }
                        Turn::Later { told, until } if last != Some(told) => {
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
                        Turn::Later { until, .. } => {
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
    }
}
