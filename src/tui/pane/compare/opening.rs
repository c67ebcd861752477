//! Which comparison is shown: coming into sight, the list, where the person left off.

use std::time::Duration;

use serde::Serialize;

use super::{Focus, Lane, Memory, SAVE, State, Wait};
use crate::domain::comparison::{Ballot, Column, Comparison};
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane as CallLane};
use crate::tui::setup::Setup;
use crate::tui::thread::Thread;
use crate::workbench::request::Topic;
use crate::workbench::request::comparisons::Comparisons;
use crate::workbench::request::conversations::Conversations;
use crate::workbench::request::workspace::Workspace;
use crate::workbench::{Request, person};

/// The name that the place's small memory is kept under, and how long nothing is typed before that is done.
const MEMORY: &str = "tui.compare";
/// The name that the table of values is kept under.
const VALUES: &str = "tui.compare.values";
const QUIET: Duration = Duration::from_millis(700);
/// Comparisons that are read at a time.
const PAGE: usize = 200;

impl Memory {
    /// What is remembered, but of what is set in the place what that is `now` where it was something else `before`.
    fn since(&self, before: &Self, now: &Self) -> Self {
        fn newer<T: Clone + PartialEq>(kept: &T, before: &T, now: &T) -> T {
            if now == before { kept.clone() } else { now.clone() }
        }
        Self {
            folded: newer(&self.folded, &before.folded, &now.folded),
            blind: newer(&self.blind, &before.blind, &now.blind),
            samples: newer(&self.samples, &before.samples, &now.samples),
            category: newer(&self.category, &before.category, &now.category),
            ..self.clone()
        }
    }
}

impl State {
    /// It comes into sight.
    pub(super) fn enter(&mut self, desk: &mut Desk<'_>) {
        if !self.begun {
            self.begun = true;
            self.ask_back(MEMORY, Wait::Recall, desk);
        }
        if !self.waits.values().any(|wait| *wait == Wait::Watch) {
            let task = desk.call(None, Request::Watch { topic: Topic::Comparisons });
            self.waits.insert(task, Wait::Watch);
            self.read(false, desk);
        }
        self.fit(desk);
        if self.waits.values().any(|wait| *wait == Wait::Recall) {
            // What differs from this when the memory comes is what the person did since.
            self.kept = self.memory();
        }
    }

    /// Asks for what is kept under a name.
    fn ask_back(&mut self, name: &str, wait: Wait, desk: &mut Desk<'_>) {
        let recall = Workspace::Recall { name: name.to_owned() };
        let task = desk.call(None, Request::Workspace(recall));
        self.waits.insert(task, wait);
    }

    /// Keeps something under a name.
    fn put_by(&mut self, name: &str, value: &impl Serialize, desk: &mut Desk<'_>) {
        if let Ok(value) = serde_json::to_value(value) {
            let remember = Workspace::Remember { name: name.to_owned(), value };
            let task = desk.call(None, Request::Workspace(remember));
            self.waits.insert(task, Wait::Keep);
        }
    }

    /// The table of values is back; one that was taken since is newer.
    pub(super) fn values_recalled(&mut self, value: Option<serde_json::Value>) {
        self.kept_values = value.and_then(|value| serde_json::from_value(value).ok());
        if self.rounds.values.is_none() && self.rounds.file.is_none() {
            self.rounds.values.clone_from(&self.kept_values);
        }
    }

    /// What `Recall` gave back; what was done here since is newer.
    pub(super) fn recalled(&mut self, value: Option<serde_json::Value>, desk: &mut Desk<'_>) {
        let memory: Memory = value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        let before = std::mem::replace(&mut self.kept, memory.clone());
        let now = self.memory();
        let set = memory.since(&before, &now);
        (self.folded, self.blind) = (set.folded, set.blind);
        self.rounds.samples = set.samples.max(1);
        self.rounds.category = set.category;
        if memory.values {
            self.ask_back(VALUES, Wait::RecallValues, desk);
        }
        if self.composer.is_empty() {
            self.composer.set_draft(&memory.draft);
        }
        if self.comparison.is_some() || self.runs() || self.brought {
            return;
        }
        if let Some(id) = memory.comparison {
            self.ask_for(id, desk);
        }
        if !memory.columns.is_empty() && now.columns.len() <= before.columns.len().max(1) {
            self.lanes = memory.columns.into_iter().map(|column| Lane::of(setup_of(column))).collect();
        }
        self.fit(desk);
    }

    /// Where the person is.
    fn memory(&self) -> Memory {
        Memory {
            columns: self.lanes.iter().filter_map(Lane::column).collect(),
            draft: self.composer.draft(),
            blind: self.blind,
            samples: self.rounds.samples,
            values: self.rounds.values.is_some(),
            category: self.rounds.category.clone(),
            folded: self.folded,
            comparison: self.comparison.as_ref().map(|comparison| comparison.id),
        }
    }

    /// Keeps where the person is, where that has changed.
    pub fn keep(&mut self, desk: &mut Desk<'_>) {
        if !self.begun || self.waits.values().any(|wait| matches!(wait, Wait::Recall | Wait::RecallValues)) {
            return;
        }
        let memory = self.memory();
        // First the values, so that none are promised that are not there.
        if self.rounds.values != self.kept_values {
            self.kept_values.clone_from(&self.rounds.values);
            let values = self.rounds.values.clone();
            self.put_by(VALUES, &values, desk);
        }
        if memory != self.kept {
            self.put_by(MEMORY, &memory, desk);
            self.kept = memory;
        }
    }

    /// Reads the newest of the list, or those behind its last one.
    pub(super) fn read(&mut self, more: bool, desk: &mut Desk<'_>) {
        let before = self.list.last().filter(|_| more).map(|comparison| comparison.id);
        let list = Comparisons::List { limit: PAGE, before };
        self.waits.retain(|_, wait| !matches!(wait, Wait::List { .. }));
        let task = desk.call(Some(CallLane("comparisons")), Request::Comparisons(list));
        self.waits.insert(task, Wait::List { more });
    }

    pub(super) fn take_list(&mut self, mut comparisons: Vec<Comparison>, more: bool, behind: bool) {
        (self.known, self.more) = (true, more);
        if behind {
            self.list.append(&mut comparisons);
        } else {
            let selected = self.list.get(self.selected).map(|comparison| comparison.id);
            self.list = comparisons;
            let found = selected.and_then(|id| self.list.iter().position(|other| other.id == id));
            self.selected = found.unwrap_or(0);
        }
    }

    /// The list reaches its end: older ones are read.
    pub(super) fn read_on(&mut self, desk: &mut Desk<'_>) {
        let reads = self.waits.values().any(|wait| matches!(wait, Wait::List { .. }));
        if self.more && !reads && self.selected + 20 >= self.list.len() {
            self.read(true, desk);
        }
    }

    /// A comparison as it is now, wherever it was changed.
    pub(super) fn put(&mut self, comparison: Comparison) {
        if let Some(shown) = self.comparison.as_mut().filter(|shown| shown.id == comparison.id) {
            shown.clone_from(&comparison);
        }
        if let Some(at) = self.list.iter().position(|other| other.id == comparison.id) {
            self.list[at] = comparison;
            return;
        }
        let at = self.list.partition_point(|other| other.id > comparison.id);
        self.list.insert(at, comparison);
        self.selected += usize::from(at <= self.selected && self.list.len() > 1);
    }

    /// Opens the selected one of the list.
    pub(super) fn open_selected(&mut self, desk: &mut Desk<'_>) {
        let Some(id) = self.list.get(self.selected).map(|comparison| comparison.id) else { return };
        if self.comparison.as_ref().is_some_and(|comparison| comparison.id == id) {
            self.focus = Focus::Columns;
        } else if self.idle(desk) {
            self.ask_for(id, desk);
        }
        self.fit(desk);
    }

    fn ask_for(&mut self, id: crate::domain::id::ComparisonId, desk: &mut Desk<'_>) {
        self.waits.retain(|_, wait| !matches!(wait, Wait::Open(_)));
        let request = Request::Comparisons(Comparisons::Open { id });
        let task = desk.call(Some(CallLane("comparison")), request);
        self.waits.insert(task, Wait::Open(id));
    }

    /// A comparison came with what was chosen in it.
    pub(super) fn opened(&mut self, comparison: Comparison, mut ballots: Vec<Ballot>, desk: &mut Desk<'_>) {
        if let Some(at) = self.list.iter().position(|other| other.id == comparison.id) {
            self.selected = at;
        }
        self.let_go();
        let who = person(&desk.options.principal);
        self.seen = comparison.was_seen_by(&who);
        self.strayed &= self.comparison.as_ref().is_some_and(|shown| shown.id == comparison.id);
        let seen = (0..comparison.pages.len()).filter(|page| comparison.was_seen_on(*page, &who));
        self.revealed = ballots.iter().map(|ballot| ballot.page as usize).chain(seen).collect();
        self.comparison = Some(comparison);
        // What was taken back counts no more, but who answers there was seen; what others chose is not the person's own.
        ballots.retain(|ballot| ballot.taken_back.is_none() && ballot.is_of(&who));
        self.ballots = ballots;
        (self.page, self.at, self.first, self.failed) = (0, 0, 0, None);
        self.show_page(desk);
        keep_later(desk);
    }

    /// Reads the conversations of the page that is shown.
    pub(super) fn show_page(&mut self, desk: &mut Desk<'_>) {
        let Some(comparison) = &self.comparison else { return };
        let Some(page) = comparison.pages.get(self.page) else { return };
        self.waits.retain(|_, wait| !matches!(wait, Wait::Lane(_)));
        self.lanes.clear();
        for (id, column) in page.lanes.iter().zip(&comparison.columns) {
            let task = desk.call(None, Request::Conversations(Conversations::Open { id: *id }));
            self.waits.insert(task, Wait::Lane(*id));
            let mut thread = Thread::remembered(*id, task);
            thread.setup = setup_of(column.clone());
            self.lanes.push(Lane { thread, ..Lane::default() });
        }
        self.fit(desk);
    }

    pub(super) fn step_page(&mut self, steps: isize, desk: &mut Desk<'_>) {
        let pages = self.comparison.as_ref().map_or(0, |comparison| comparison.pages.len());
        let to = self.page.checked_add_signed(steps).filter(|page| *page < pages);
        match to {
            Some(page) => self.turn_to(page, desk),
            None => desk.say(if steps < 0 { "This is the first page." } else { "This is the last page." }),
        }
    }

    /// The same columns, and nothing said yet.
    pub(super) fn begin_new(&mut self, desk: &mut Desk<'_>) {
        if !self.idle(desk) {
            return;
        }
        self.forget_comparison();
        self.focus = Focus::Composer;
        self.typed(desk);
    }

    /// Nothing of its other pages is waited for any more.
    fn let_go(&mut self) {
        self.aside.clear();
        self.calls.clear();
        self.due.clear();
    }

    /// What was said stays in its comparison; the columns begin anew.
    pub(super) fn forget_comparison(&mut self) {
        self.let_go();
        self.comparison = None;
        self.ballots.clear();
        self.revealed.clear();
        (self.seen, self.strayed) = (false, false);
        (self.page, self.failed) = (0, None);
        self.waits.retain(|_, wait| !matches!(wait, Wait::Lane(_) | Wait::Open(_)));
        for lane in &mut self.lanes {
            *lane = Lane::of(std::mem::take(&mut lane.thread.setup));
        }
    }

    /// It was removed here or elsewhere.
    pub(super) fn gone(&mut self, id: crate::domain::id::ComparisonId) {
        self.list.retain(|comparison| comparison.id != id);
        self.selected = self.selected.min(self.list.len().saturating_sub(1));
        if self.comparison.as_ref().is_some_and(|comparison| comparison.id == id) {
            self.forget_comparison();
        }
    }
}

/// Something is written or chosen: it is kept after a moment of quiet.
pub(super) fn keep_later(desk: &mut Desk<'_>) {
    desk.ask(Effect::After { timer: SAVE, delay: QUIET });
}

pub(super) fn setup_of(column: Column) -> Setup {
    Setup { model: Some(column.model), system: column.system, settings: column.settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_since_stays_and_the_rest_is_as_remembered() {
        let category = |name: &str| Some(name.to_owned());
        let before = Memory { samples: 1, ..Memory::default() };
        let kept =
            Memory { blind: true, folded: true, samples: 3, category: category("rivers"), ..before.clone() };
        assert_eq!(kept.since(&before, &before), kept);
        let now = Memory { samples: 5, category: category("poems"), ..before.clone() };
        let set = kept.since(&before, &now);
        assert_eq!((set.blind, set.folded, set.samples, set.category), (true, true, 5, category("poems")));
    }
}
