//! Work of the traces place that may take longer than a frame: what is long is taken apart, told and compared away from the
//! screen's thread. Whoever asked knows an answer again by its number, and drops one that is not waited for any more.

use super::State;
use super::compared::{Key, Outlines, Words};
use super::transcript::{Told, tell};
use crate::domain::Error;
use crate::domain::diff::words;
use crate::domain::trace::aligned::Pair;
use crate::domain::trace::contents::Contents;
use crate::domain::trace::{Kind, Packed};
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Work};

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    number: u64,
    work: Task,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Task {
    /// What was said in a step, as it is shown.
    Step { kind: Kind, contents: Box<Contents>, rest: String },
    /// The rows of two runs.
    Two { pairs: Vec<Pair>, packs: [Packed; 2] },
    /// Two texts as one, word by word.
    Words { one: String, other: String },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    number: u64,
    made: Made,
}

#[derive(Debug, Clone, PartialEq)]
enum Made {
    Step(Box<Told>),
    /// `None` where the rows make no sense.
    Two(Option<(Vec<Pair>, Outlines)>),
    Words(Words),
}

impl Want {
    /// Does it; blocks.
    pub fn run(&self) -> Read {
        let made = match &self.work {
            Task::Step { kind, contents, rest } => Made::Step(Box::new(tell(*kind, contents, rest))),
            Task::Two { pairs, packs } => {
                let outlines = Outlines::of(pairs, packs);
                Made::Two(outlines.map(|outlines| (pairs.clone(), outlines)))
            }
            Task::Words { one, other } => Made::Words(Words::Read(words(one, other).into())),
        };
        Read { number: self.number, made }
    }
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Awaited {
    /// The step of that row.
    Step(u32),
    Two,
    /// The texts of that line of two runs.
    Words(Key),
}

impl State {
    /// Has it done.
    pub(super) fn have_done(&mut self, awaited: Awaited, work: Task, desk: &mut Desk<'_>) {
        self.numbers += 1;
        self.aside.insert(self.numbers, awaited);
        desk.ask(Effect::Compute(Work::Reading(Want { number: self.numbers, work })));
    }

    /// Whether a step is on its way from what was said in it to what is shown.
    pub(super) fn tells_a_step(&self) -> bool {
        self.aside.values().any(|awaited| matches!(awaited, Awaited::Step(_)))
    }

    /// The conversation is closed: what was on its way to it is not waited for any more.
    pub(super) fn tell_no_more(&mut self) {
        self.aside.retain(|_, awaited| !matches!(awaited, Awaited::Step(_)));
    }

    /// Nor is what was on its way to two runs side by side.
    pub(super) fn compare_no_more(&mut self) {
        self.aside.retain(|_, awaited| matches!(awaited, Awaited::Step(_)));
    }

    /// It was done.
    pub fn was_read(&mut self, read: Read, desk: &mut Desk<'_>) {
        let Some(awaited) = self.aside.remove(&read.number) else { return };
        match (awaited, read.made) {
            (Awaited::Step(row), Made::Step(told)) => self.take_step(row, Ok(*told), desk),
            (Awaited::Two, Made::Two(Some((pairs, outlines)))) => {
                self.with_shown(|shown| shown.pairs(pairs, outlines), desk);
            }
            (Awaited::Two, Made::Two(None)) => self.with_shown(|shown| shown.failed(senseless()), desk),
            (Awaited::Words(key), Made::Words(words)) => {
                self.with_shown(|shown| shown.differing(key, words), desk);
            }
            _ => {}
        }
    }

    /// Some of it failed in the middle, and nobody knows which: none of it is waited for any more.
    pub fn was_not_read(&mut self, desk: &mut Desk<'_>) {
        for awaited in std::mem::take(&mut self.aside).into_values() {
            match awaited {
                Awaited::Step(row) => {
                    let error = Error::internal("reading a step", "the work on it failed");
                    self.take_step(row, Err(&error), desk);
                }
                Awaited::Two => self.with_shown(|shown| shown.failed(senseless()), desk),
                Awaited::Words(key) => self.with_shown(|shown| shown.differing(key, Words::Failed), desk),
            }
        }
    }
}

fn senseless() -> Error {
    Error::internal("comparing two runs", "their rows make no sense to this program")
}
