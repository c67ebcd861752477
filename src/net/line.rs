//! The line before one server: calls of which only so many run at once, and requests of which a minute has only so many.
//!
//! Interactive ones go before those in the background, whether they are a call's first request or sent again. Whoever does not
//! take up the turn that has come to it, since nobody reads what it says, keeps its place and holds nobody behind it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::{Duration, Instant};

use super::pace::Pace;
use crate::domain::priority::{Precedence, Priority};

/// How long those behind wait for whoever could go and does not. One that is awake goes at once.
const GRACE: Duration = Duration::from_secs(1);

/// Those who run and those who wait.
#[derive(Debug)]
pub struct Line {
    at_once: Option<u32>,
    pace: Option<Pace>,
    inner: Mutex<Inner>,
    /// Somebody began, ended, left or passed others.
    moved: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    /// In the order in which they go.
    waiting: VecDeque<Waiting>,
    precedence: Precedence,
    running: u32,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    number: u64,
    priority: Priority,
    /// It belongs to a call that runs, and needs no more than its part of the minute.
    again: bool,
    /// Since when it could go, as those behind it saw; it has not looked since.
    offered: Option<Instant>,
}

impl Waiting {
    /// It has let its turn pass, and is not waited for until it looks again.
    fn sleeps(&self, now: Instant) -> bool {
        self.offered.is_some_and(|at| now.saturating_duration_since(at) >= GRACE)
    }
}

/// Whether one may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Now,
    /// So many are before it. Where nobody moves it looks again at that time: one of them may have let its turn pass by then.
    Behind {
        ahead: u32,
        until: Option<Instant>,
    },
    /// It is the next, and nothing but time is missing.
    Until(Instant),
}

impl Line {
    /// At most `at_once` calls, and `per_minute` requests within a minute; `None` is without limit.
    pub fn new(at_once: Option<u32>, per_minute: Option<u32>) -> Self {
        Self { at_once, pace: per_minute.map(Pace::new), inner: Mutex::default(), moved: Notify::new() }
    }

    /// Requests that a minute may have; `None` is without limit.
    pub fn per_minute(&self) -> Option<u32> {
        self.pace.as_ref().map(Pace::per_minute)
    }

    /// When the minute has room again, where it has none now.
    pub fn spent_until(&self) -> Option<Instant> {
        self.pace.as_ref()?.spent_until()
    }

    /// Ends when somebody has moved. It hears of it once it was enabled or polled.
    pub fn moved(&self) -> Notified<'_> {
        self.moved.notified()
    }

    /// Lets a call wait until it may begin.
    pub fn join(line: &Arc<Self>, priority: Priority) -> Place {
        Self::stand(line, priority, false)
    }

    /// Lets a call that runs wait until it may send one more request.
    pub fn join_again(line: &Arc<Self>, priority: Priority) -> Place {
        Self::stand(line, priority, true)
    }

    fn stand(line: &Arc<Self>, priority: Priority, again: bool) -> Place {
        let mut inner = line.inner();
        let number = inner.next;
        inner.next += 1;
        let now = Instant::now();
        let (length, awake) = (inner.waiting.len(), inner.waiting.iter().filter(|other| !other.sleeps(now)));
        let place = inner.precedence.place(awake.map(|other| other.priority), priority);
        // Those who let their turn pass are before whoever comes later.
        let mut awake = (0..length).filter(|at| !inner.waiting[*at].sleeps(now));
        let at = awake.nth(place).unwrap_or(length);
        let passes = at < length;
        inner.waiting.insert(at, Waiting { number, priority, again, offered: None });
        drop(inner);
        if passes {
            line.moved.notify_waiters();
        }
        Place { line: Arc::clone(line), number, again, went: false }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, and that of a call that runs; given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    line: Arc<Line>,
    number: u64,
    again: bool,
    went: bool,
}

impl Place {
    pub fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Goes, or says what is missing. Who has gone is not asked again.
    pub fn turn(&mut self) -> Turn {
        let mut inner = self.line.inner();
        let Some(at) = inner.waiting.iter().position(|other| other.number == self.number) else {
            return Turn::Now;
        };
        let now = Instant::now();
        inner.waiting[at].offered = None;
        let full = self.line.at_once.is_some_and(|most| inner.running >= most);
        let has_room = self.again || !full;
        // Those who wait for a call to end are not waited for by that call.
        let only_again = self.again && full;
        let is_before = |other: &Waiting| !other.sleeps(now) && (other.again || !only_again);
        let before = inner.waiting.iter().take(at).filter(|other| is_before(other)).count();
        if before > 0 || !has_room {
            // Where there is no room it hears of an end.
            let until = has_room.then(|| {
                self.line.spent_until().unwrap_or_else(|| {
                    let first = inner.waiting.iter_mut().take(at).find(|other| is_before(other));
                    first.map_or(now, |first| *first.offered.get_or_insert(now)) + GRACE
                })
            });
            let before = u32::try_from(before).unwrap_or(u32::MAX);
            return Turn::Behind { ahead: before.saturating_add(inner.running.min(1)), until };
        }
        if let Some(pace) = &self.line.pace
            && let Err(until) = pace.begin()
        {
            return Turn::Until(until);
        }
        if let Some(own) = inner.waiting.remove(at) {
            let waits = |other: &Waiting| other.priority == Priority::Background && !other.sleeps(now);
            let background_waits = inner.waiting.iter().any(waits);
            inner.precedence.went(own.priority, background_waits);
        }
        if !self.again {
            inner.running += 1;
        }
        drop(inner);
        self.went = true;
        self.line.moved.notify_waiters();
        Turn::Now
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.line.inner();
        match (self.went, self.again) {
            (true, true) => return,
            (true, false) => inner.running -= 1,
            (false, _) => inner.waiting.retain(|other| other.number != self.number),
        }
        drop(inner);
        self.line.moved.notify_waiters();
    }
}

/// The line of one call, whose first request was let through already: what it sends besides waits its turn.
#[derive(Debug)]
pub(super) struct Lined {
    line: Arc<Line>,
    first: AtomicBool,
}

impl Lined {
    pub fn new(line: Arc<Line>) -> Self {
        Self { line, first: AtomicBool::new(true) }
    }

    /// The place of the next request; none for the first.
    pub fn join(&self, priority: Priority) -> Option<Place> {
        (!self.first.swap(false, Ordering::Relaxed)).then(|| Line::join_again(&self.line, priority))
    }
}

#[cfg(test)]
mod tests {
    use super::Priority::{Background, Interactive};
    use super::*;
    use crate::domain::priority::IN_A_ROW;

    #[tokio::test(start_paused = true)]
    async fn what_is_sent_again_waits_in_the_order_of_first_requests() {
        let line = Arc::new(Line::new(None, Some(1)));
        let mut runs = Line::join(&line, Background);
        assert_eq!(runs.turn(), Turn::Now);
        let again_behind = Line::join_again(&line, Background);
        let first_behind = Line::join(&line, Background);
        let again = Line::join_again(&line, Interactive);
        let first = Line::join(&line, Interactive);
        let mut places = VecDeque::from([again, first, again_behind, first_behind]);
        let mut done = Vec::new();
        while let Some(mut next) = places.pop_front() {
            for place in &mut places {
                assert!(matches!(place.turn(), Turn::Behind { .. }), "{place:?}");
            }
            let until = line.spent_until().unwrap();
            assert_eq!(next.turn(), Turn::Until(until));
            tokio::time::advance(until - Instant::now()).await;
            for place in &mut places {
                assert!(matches!(place.turn(), Turn::Behind { .. }), "{place:?}");
            }
            assert_eq!(next.turn(), Turn::Now);
            done.push(next);
        }
        assert_eq!(line.inner().running, 3, "what is sent again is no call more");
        drop((runs, done));
        assert_eq!(line.inner().running, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_sends_again_waits_for_nobody_who_waits_for_its_end() {
        let line = Arc::new(Line::new(Some(1), Some(2)));
        let mut runs = Line::join(&line, Background);
        assert_eq!(runs.turn(), Turn::Now);
        let mut waits = Line::join(&line, Interactive);
        assert_eq!(waits.turn(), Turn::Behind { ahead: 1, until: None });
        let mut again = Line::join_again(&line, Background);
        assert_eq!(again.turn(), Turn::Now);
        drop((again, runs));
        // The minute has had both of its requests.
        assert_eq!(waits.turn(), Turn::Until(line.spent_until().unwrap()));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(waits.turn(), Turn::Now);
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_the_line_is_waited_for_no_more() {
        let line = Arc::new(Line::new(None, Some(1)));
        assert_eq!(Line::join(&line, Interactive).turn(), Turn::Now);
        let again = Line::join_again(&line, Interactive);
        let mut behind = Line::join(&line, Background);
        assert_eq!(behind.turn(), Turn::Behind { ahead: 1, until: line.spent_until() });
        drop(again);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(behind.turn(), Turn::Now);
    }

    #[tokio::test(start_paused = true)]
    async fn who_lets_its_turn_pass_is_passed_and_keeps_its_place() {
        for stand in [Line::join, Line::join_again] {
            let line = Arc::new(Line::new(None, Some(1)));
            assert_eq!(Line::join(&line, Interactive).turn(), Turn::Now);
            let mut sleeper = stand(&line, Interactive);
            let mut behind = Line::join(&line, Background);
            let until = line.spent_until();
            assert_eq!(sleeper.turn(), Turn::Until(until.unwrap()));
            assert_eq!(behind.turn(), Turn::Behind { ahead: 1, until });
            tokio::time::advance(Duration::from_mins(1)).await;
            let until = Some(Instant::now() + GRACE);
            assert_eq!(behind.turn(), Turn::Behind { ahead: 1, until });
            tokio::time::advance(GRACE / 2).await;
            assert_eq!(behind.turn(), Turn::Behind { ahead: 1, until });
            tokio::time::advance(GRACE / 2).await;
            assert_eq!(behind.turn(), Turn::Now);
            // A minute has no more than it may for that, and nobody waits for the sleeper a second time.
            let mut next = Line::join(&line, Interactive);
            assert_eq!(next.turn(), Turn::Until(line.spent_until().unwrap()));
            tokio::time::advance(Duration::from_mins(1)).await;
            assert_eq!(next.turn(), Turn::Now);
            // Once it looks again it is the first.
            let mut last = Line::join(&line, Interactive);
            let until = line.spent_until();
            assert_eq!(sleeper.turn(), Turn::Until(until.unwrap()));
            assert_eq!(last.turn(), Turn::Behind { ahead: 2, until });
            tokio::time::advance(Duration::from_mins(1)).await;
            assert_eq!(sleeper.turn(), Turn::Now);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_of_several_who_let_their_turn_pass_is_waited_for_once() {
        let line = Arc::new(Line::new(Some(1), None));
        let mut runs = Line::join(&line, Interactive);
        assert_eq!(runs.turn(), Turn::Now);
        let sleepers = [Line::join(&line, Interactive), Line::join(&line, Interactive)];
        let mut behind = Line::join(&line, Interactive);
        assert_eq!(behind.turn(), Turn::Behind { ahead: 3, until: None });
        drop(runs);
        for ahead in [2, 1] {
            let until = Some(Instant::now() + GRACE);
            assert_eq!(behind.turn(), Turn::Behind { ahead, until });
            tokio::time::advance(GRACE).await;
        }
        assert_eq!(behind.turn(), Turn::Now);
        drop(behind);
        assert_eq!(Line::join(&line, Background).turn(), Turn::Now);
        drop(sleepers);
        assert!(line.inner().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_lets_its_turn_pass_takes_none_of_those_of_the_background() {
        let line = Arc::new(Line::new(Some(1), None));
        let mut runs = Line::join(&line, Interactive);
        assert_eq!(runs.turn(), Turn::Now);
        let _sleeper = Line::join(&line, Background);
        let mut waits = Line::join(&line, Background);
        drop(runs);
        assert!(matches!(waits.turn(), Turn::Behind { ahead: 1, .. }));
        tokio::time::advance(GRACE).await;
        for _ in 0..IN_A_ROW {
            assert_eq!(Line::join(&line, Interactive).turn(), Turn::Now);
        }
        let mut ninth = Line::join(&line, Interactive);
        assert!(matches!(ninth.turn(), Turn::Behind { ahead: 1, .. }));
        assert_eq!(waits.turn(), Turn::Now);
    }
}
