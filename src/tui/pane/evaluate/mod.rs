//! The evaluate place: the evaluations that there are, one item after the other before a rater, and what the votes come to.
//!
//! Here lives its state and what it makes of events. Never here: which item comes next, and whose an answer is where that is
//! hidden (the door does not tell it).

mod answer;
mod asked_with;
mod card;
mod charts;
mod decide;
mod dispute;
mod failing;
mod filling;
mod form;
mod importing;
mod layout;
mod lines;
mod list;
mod making;
mod marks;
mod place;
mod ranks;
mod results;
mod scales;
mod shelf;
mod sitting;
mod view;
mod writing;

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::Error;
use crate::domain::evaluation::ItemHash;
use crate::domain::evaluation::job::{Evaluation, GenerationState};
use crate::domain::evaluation::sheet::{Before, Seat};
use crate::domain::id::EvaluationId;
use crate::tui::effect::TaskId;
use crate::tui::models::Stock;
use crate::tui::widget::text::Row;
use crate::tui::work::Work;
use answer::Set;
use failing::Failing;
use making::Making;
use marks::Marks;
use results::Results;
use shelf::Shelf;
use writing::Writing;

/// Somebody rates one evaluation and sees nothing else of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// Its name, or the digits of its id.
    pub evaluation: String,
    pub rater: String,
    /// Of a hand-out: the file that the votes go to.
    pub ratings: Option<PathBuf>,
}

/// What the place is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    closed: Option<Closed>,
    /// The newest first.
    list: Vec<Evaluation>,
    /// Others that it was told of before the list has come: they are no list.
    early: Vec<Evaluation>,
    /// The list has come once.
    known: bool,
    selected: usize,
    top: usize,
    error: Option<Error>,
    listing: Option<TaskId>,
    watch: Option<TaskId>,
    /// Why answers of the selected one are not there.
    failing: Failing,
    /// What else is waited for: its refusal is said.
    acts: Vec<TaskId>,
    /// The evaluation that is looked for by its name.
    finding: Option<TaskId>,
    sitting: Option<Sitting>,
    /// What a rater had begun to say in evaluations that they left.
    begun: Vec<(EvaluationId, Vec<Begun>)>,
    /// What the votes of one of them come to; never where somebody only rates.
    results: Option<Box<Results>>,
    /// Results that go to a file.
    writing: Option<Writing>,
    /// What lay before a rater who has gone is given back.
    leaving: Option<TaskId>,
    /// A new one that is being put together.
    making: Option<Making>,
    /// One that was begun and left.
    aside: Option<Making>,
    shelf: Shelf,
    /// What is known of the models, and whether the servers are being asked.
    stock: Stock,
    asks_models: bool,
}

/// A rater at an evaluation.
#[derive(Debug, Clone, PartialEq)]
struct Sitting {
    id: EvaluationId,
    /// As far as it is known before the seat is.
    name: String,
    rater: String,
    seat: Option<Seat>,
    /// What is asked of the door for this rater.
    asking: Option<(TaskId, Asking)>,
    error: Option<Error>,
    marks: Marks,
    /// What the vote said that stood of this item, or stands until another takes its place.
    earlier: Option<Marks>,
    comment: Option<String>,
    /// What was begun of items that the rater went away from.
    begun: Vec<Begun>,
    /// Where keys scroll: an answer, from the left, which has its turn where each is rated for itself; behind the last one
    /// the question.
    focus: usize,
    /// Which answers were on the screen: before all were, they are not compared.
    met: Vec<bool>,
    together: bool,
    reference: bool,
    /// The answers are set as Markdown.
    markdown: bool,
    /// The first row in sight of each answer, then of the question.
    tops: Vec<usize>,
    /// The texts in rows, at the widths that they have now.
    rows: Rows,
    /// Since the item is before the rater, without pauses.
    active: Duration,
    /// The last moment that the rater did something.
    seen: Duration,
    /// Until then a key is still the one that was pressed for the item before.
    guard: Duration,
    /// What was done last, in words.
    said: String,
}

/// What a rater had said of an item when they went back to another one.
#[derive(Debug, Clone, PartialEq)]
struct Begun {
    item: ItemHash,
    /// Of the task.
    version: u32,
    marks: Marks,
    comment: Option<String>,
    /// What they had said of it until they took it back.
    taken_back: Option<Before>,
}

/// What a rater waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    Seat,
    Vote,
}

/// Texts that were broken into rows for a screen.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rows {
    /// Columns that an answer has, and the question.
    widths: (u16, u16),
    answers: Vec<Set>,
    question: Vec<Row>,
}

impl State {
    /// The one in which somebody only rates.
    pub fn closed(closed: Closed) -> Self {
        Self { closed: Some(closed), ..Self::default() }
    }

    /// A vote is on its way to the disk, or an item back to the others.
    pub fn is_writing(&self) -> bool {
        let asking = self.sitting.as_ref().and_then(|sitting| sitting.asking);
        let making = self.making.as_ref().is_some_and(|making| making.creating.is_some());
        making || self.leaving.is_some() || asking.is_some_and(|(_, asking)| asking == Asking::Vote)
    }

    /// Evaluations whose answers are being asked for.
    pub fn running(&self) -> Vec<Work> {
        let runs = |evaluation: &&Evaluation| evaluation.generation.state == GenerationState::Running;
        let work = |evaluation: &Evaluation| {
            let generation = &evaluation.generation;
            Work::evaluation(&evaluation.task.name, generation.done, generation.total)
        };
        self.list.iter().chain(&self.early).filter(runs).map(work).collect()
    }

    /// `who` has an item before them whose answers models gave to this program, and neither is to know nor has seen which.
    pub fn rates_blindly(&self, who: &str) -> bool {
        let blind = |sitting: &&Sitting| {
            sitting.seat.as_ref().is_some_and(|seat| seat.task.blind && seat.sheet.is_some())
        };
        let Some(sitting) = self.sitting.as_ref().filter(blind) else { return false };
        let rated = self.list.iter().find(|evaluation| evaluation.id == sitting.id);
        rated.is_some_and(|evaluation| {
            evaluation.sources.iter().any(|source| source.column.is_some()) && !evaluation.was_seen_by(who)
        })
    }

    /// The evaluation that is selected in the list.
    fn current(&self) -> Option<&Evaluation> {
        self.list.get(self.selected)
    }
}
