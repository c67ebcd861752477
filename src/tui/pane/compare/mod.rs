//! The compare place: the same messages to several models at once, their answers side by side, and which is the best.
//!
//! Here lives which columns there are, what runs in them, and what of it is hidden until a choice is made. Never here: how an
//! answer comes in (`tui/thread` has it), or what a choice means for a leaderboard (the door knows that).

mod asking;
mod brought;
mod choosing;
mod columns;
mod differing;
mod layout;
mod opening;
mod place;
mod replies;
mod rounds;
mod tables;
mod update;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Error;
use crate::domain::comparison::{Ballot, COLUMNS, Column, Comparison, Table};
use crate::domain::conversation::Draft;
use crate::domain::id::{ComparisonId, ConversationId, MessageId};
use crate::domain::message::{Message, Outcome, Role};
use crate::domain::time::Timestamp;
use crate::tui::effect::{TaskId, TimerId};
use crate::tui::event::Now;
use crate::tui::keymap::Context;
use crate::tui::models::Stock;
use crate::tui::setup::Setup;
use crate::tui::setup::drawer::Drawer;
use crate::tui::thread::{Phase, Thread, Turn, spin};
use crate::tui::widget::composer::Composer;
use crate::tui::widget::transcript::Scroll;
use rounds::Rounds;

/// The delay after which what is written is kept.
const SAVE: TimerId = TimerId("compare");

/// Where keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Composer,
    Columns,
    List,
    /// Of the column that keys act on.
    Settings,
}

/// One column on the page that is shown.
#[derive(Debug, Clone, Default, PartialEq)]
struct Lane {
    thread: Thread,
    scroll: Scroll,
    /// Messages whose folding part is open.
    opened: HashSet<MessageId>,
    /// What it was asked and never got, where it failed before that.
    unsent: Option<Draft>,
}

impl Lane {
    /// Answers that are to be judged are read from their beginning, under what was asked: unless the reader has moved already.
    fn read_from_its_question(&mut self) {
        let asked =
            self.thread.shown().rfind(|item| item.message.role == Role::User).map(|item| item.message.id);
        if let Some(asked) = asked.filter(|_| self.scroll.follows()) {
            self.scroll.to_message(asked);
        }
    }

    fn of(setup: Setup) -> Self {
        Self { thread: Thread::new(setup), ..Self::default() }
    }

    /// What it is asked with, as the door takes it; `None` while no model is chosen.
    fn column(&self) -> Option<Column> {
        let Setup { model, system, settings } = self.thread.setup.clone();
        Some(Column { model: model?, system, settings })
    }

    fn runs(&self) -> bool {
        self.thread.turn != Turn::Idle
    }

    fn writes(&self) -> bool {
        matches!(self.thread.turn, Turn::Streaming { phase: Phase::Writing, .. })
    }

    /// What is waited for, below what was said; that an answer is being written stands where its figures will.
    fn status(&self, now: Now, reduced_motion: bool) -> String {
        if self.writes() { String::new() } else { self.thread.status(now, reduced_motion) }
    }

    /// Its last answer, once it has ended in any way.
    fn ended(&self) -> Option<&Message> {
        self.thread.last_answer().filter(|_| !self.runs())
    }

    /// An answer came in part, also one that was asked for again since.
    fn was_broken_off(&self) -> bool {
        let mut outcomes =
            self.thread.messages().filter_map(|message| Some(&message.answer.as_ref()?.outcome));
        outcomes.any(|outcome| matches!(outcome, Outcome::Stopped | Outcome::Interrupted))
    }

    /// It ended before it said anything, and did not fail: it is no answer that could be the best one.
    fn was_cut_off(&self) -> bool {
        !self.has_failed() && self.ended().is_some_and(Message::has_no_answer)
    }

    fn has_failed(&self) -> bool {
        let failed = |message: &Message| {
            matches!(message.answer.as_ref().map(|a| &a.outcome), Some(Outcome::Failed { .. }))
        };
        !self.runs() && (self.thread.failed.is_some() || self.ended().is_some_and(failed))
    }
}

/// What a reply is for.
#[derive(Debug, Clone, PartialEq)]
enum Wait {
    /// Where the person left off.
    Recall,
    /// The table of values that they left there.
    RecallValues,
    /// A comparison to be asked when it is there.
    Create,
    List {
        more: bool,
    },
    Open(ComparisonId),
    Lane(ConversationId),
    Choose,
    /// Who answers was seen before a choice.
    Look,
    TakeBack {
        /// Who answered was not known when it was chosen.
        blind: bool,
        /// What was chosen before it among the same answers.
        again: Option<String>,
    },
    Remove,
    Fork,
    Keep,
    Watch,
    /// Who was chosen over whom.
    Board,
    /// What the answers took.
    Summary,
    /// An item of a dataset.
    Add,
    Categorise,
    /// To be written to this file.
    Save {
        id: ComparisonId,
        path: String,
        replace: bool,
        text: String,
    },
    /// The request of an answer, as programs.
    Scripts,
}

/// Where the person left off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    columns: Vec<Column>,
    draft: Draft,
    blind: bool,
    samples: u32,
    /// There is a table of values, which is kept apart: it may be long.
    values: bool,
    category: Option<String>,
    folded: bool,
    comparison: Option<ComparisonId>,
}

/// Everything of the compare place.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "what is shown and known, each on its own")]
pub struct State {
    focus: Focus,
    composer: Composer,
    /// Of the page that is shown, in the order of the comparison's columns.
    lanes: Vec<Lane>,
    /// Those of other pages that have something to do.
    aside: BTreeMap<usize, Vec<Lane>>,
    /// The page and the column that each call is for.
    calls: BTreeMap<TaskId, (usize, usize)>,
    /// The pages and columns that are still to be asked.
    due: VecDeque<(usize, usize)>,
    /// When all that runs was asked.
    since: Option<Timestamp>,
    /// How the next comparison is asked.
    rounds: Rounds,
    /// `None` until the first message is sent.
    comparison: Option<Comparison>,
    /// Which of its pages is shown.
    page: usize,
    /// The person's own choices in it that were not taken back: of several about the same answers the last counts.
    ballots: Vec<Ballot>,
    /// Pages on which who answers was seen: a choice was made, also where it was taken back, or one answer was asked for again alone.
    revealed: BTreeSet<usize>,
    /// The person saw who answers before choosing.
    seen: bool,
    /// They have been where calls stand by their models: they may know.
    strayed: bool,
    /// Columns that are folded to their letters, by where they stand: on another blind page that is another one.
    narrow: BTreeSet<usize>,
    /// The category whose leaderboard was asked for last.
    board: Option<String>,
    /// The next comparison hides who answers.
    blind: bool,
    /// Columns scroll each for itself.
    apart: bool,
    /// The place of the column that keys act on, from the left.
    at: usize,
    /// The place of the leftmost column in sight.
    first: usize,
    /// What was sent last, to be sent again where it never arrived.
    sent: Draft,
    failed: Option<Error>,
    /// The newest first.
    list: Vec<Comparison>,
    more: bool,
    known: bool,
    folded: bool,
    selected: usize,
    top: usize,
    drawer: Drawer,
    drawer_open: bool,
    stock: Stock,
    asking: bool,
    /// The column whose model is being chosen; `None` for a new one.
    choosing: Option<usize>,
    /// The dataset that something was added to last.
    dataset: String,
    /// It was in sight once.
    begun: bool,
    /// A question was brought here: where the person left off before is older.
    brought: bool,
    kept: Memory,
    kept_values: Option<Table>,
    waits: BTreeMap<TaskId, Wait>,
}

impl State {
    /// What is known of the models has changed, or how it is being asked for.
    pub fn restock(&mut self, stock: &Stock, asking: bool) {
        self.asking = asking;
        if !self.stock.is(stock) {
            self.stock = stock.clone();
        }
    }

    /// Who stands in the first column where none is chosen.
    pub fn would_ask(&mut self, setup: &Setup) {
        if self.lanes.is_empty() && self.comparison.is_none() && setup.model.is_some() {
            self.lanes.push(Lane::of(setup.clone()));
        }
    }

    /// Answers that quitting would cut off.
    pub fn running(&self) -> usize {
        self.all_lanes().filter(|lane| lane.runs()).count()
    }

    /// Something was asked, and not all of it is there.
    pub fn is_asking(&self) -> bool {
        self.runs()
    }

    /// Writes are under way that the store has not acknowledged.
    pub fn is_writing(&self) -> bool {
        self.waits.values().any(|wait| matches!(wait, Wait::Keep | Wait::Choose | Wait::TakeBack { .. }))
    }

    fn runs(&self) -> bool {
        self.running() > 0 || !self.due.is_empty() || self.waits.values().any(|wait| *wait == Wait::Create)
    }

    /// For how many milliseconds all that runs has been running; `None` where nothing does, or it was asked elsewhere.
    fn waited(&self, now: Timestamp) -> Option<u64> {
        self.since.filter(|_| self.runs()).map(|since| now.since(since))
    }

    /// The lanes in the order in which they stand on the screen.
    fn order(&self) -> Vec<usize> {
        match &self.comparison {
            Some(comparison) if comparison.columns.len() == self.lanes.len() => comparison.order(self.page),
            _ => (0..self.lanes.len()).collect(),
        }
    }

    /// The lane that keys act on.
    fn current(&self) -> Option<usize> {
        self.order().get(self.at).copied()
    }

    /// Every column has an answer, or something that took its place.
    fn all_ended(&self) -> bool {
        !self.lanes.is_empty() && self.lanes.iter().all(|lane| lane.ended().is_some() || lane.has_failed())
    }

    /// The choice among the answers that are shown last.
    fn ballot(&self) -> Option<&Ballot> {
        let answers: Vec<Option<&Message>> = self.lanes.iter().map(Lane::ended).collect();
        self.ballots.iter().rfind(|ballot| ballot.page as usize == self.page && ballot.is_about(&answers))
    }

    /// Who answered is not to be known yet.
    fn is_hidden(&self) -> bool {
        self.is_hidden_on(self.page)
    }

    /// The same of one page.
    fn is_hidden_on(&self, page: usize) -> bool {
        match &self.comparison {
            Some(comparison) => {
                let broken_off = page == self.page && self.lanes.iter().any(Lane::was_broken_off);
                comparison.blind.is_some() && !self.seen && !self.revealed.contains(&page) && !broken_off
            }
            None => self.blind && self.waits.values().any(|wait| *wait == Wait::Create),
        }
    }

    /// Who gave the last answers on the page is known before anything is chosen among them, or was when it was.
    fn is_seen(&self) -> bool {
        let blind = self.ballot().is_some_and(|ballot| ballot.blind.is_some());
        self.comparison.is_some() && !self.is_hidden() && self.all_ended() && !blind
    }

    /// A column must be chosen before anything can be asked.
    pub fn lacks_column(&self) -> bool {
        self.lanes.len() < *COLUMNS.start()
    }

    /// There is room for one column more.
    fn may_grow(&self) -> bool {
        self.lanes.len() < *COLUMNS.end()
    }

    /// Which keys hold.
    fn where_keys_go(&self) -> Context {
        match self.focus {
            Focus::Settings if self.drawer.input.is_some() => Context::Menu,
            Focus::Composer => Context::Compare,
            Focus::Columns => Context::Columns,
            Focus::List => Context::Comparisons,
            Focus::Settings => Context::Settings,
        }
    }

    /// How often the time is wanted while something goes on.
    fn beat(&self, reduced_motion: bool) -> Option<Duration> {
        // Until all have answered blindly the whole alone is told of: no beat is that of one of them.
        if self.is_hidden() && !self.all_ended() {
            return self.runs().then(|| spin(reduced_motion));
        }
        let soonest = self.lanes.iter().filter_map(|lane| lane.thread.beat(reduced_motion)).min();
        soonest.or_else(|| self.runs().then_some(Duration::from_secs(1)))
    }
}
