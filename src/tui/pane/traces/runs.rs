//! The list of runs: newest first, a page at a time, only those that a filter asks for, live.

use std::time::Duration;

use ratatui::layout::Rect;

use super::about::about;
use super::columns::Widths;
use super::open::Open;
use super::{State, Wait, layout};
use crate::domain::time::Timestamp;
use crate::domain::trace::filter::Filter;
use crate::domain::trace::{Run, Source, TraceId};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TimerId};
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::prompt::Prompt;
use crate::tui::pane::Place;
use crate::tui::rows::{lines_of, refitted, stepped};
use crate::tui::stroke::Stroke;
use crate::tui::trace::RowFor;
use crate::tui::when;
use crate::workbench::Request;
use crate::workbench::request::Topic;
use crate::workbench::request::traces::Traces;

/// Runs that are read at a time.
const PAGE: usize = 200;
/// Runs that are read where something was done that the list does not show.
const NEWEST: usize = 30;
/// So near to the end of what was read older ones are asked for.
const NEAR: usize = 50;
const LANE: Lane = Lane("traces");
/// The delay after which what was done meanwhile is read.
pub(super) const AGAIN: TimerId = TimerId("traces");
const PAUSE: Duration = Duration::from_millis(300);

impl State {
    /// It comes into sight: what is shown is read anew.
    pub(super) fn enter(&mut self, desk: &mut Desk<'_>) {
        if self.watch.is_none() {
            self.watch = Some(desk.call(None, Request::Watch { topic: Topic::Traces }));
        }
        self.read(desk);
        self.grown(desk);
    }

    pub(super) fn read(&mut self, desk: &mut Desk<'_>) {
        self.outdated = false;
        let limit = self.runs.len().max(PAGE);
        self.ask(limit, None, Wait::List, desk);
    }

    /// Asks for older runs, where the selected one is near the last that is here.
    pub(super) fn read_older(&mut self, desk: &mut Desk<'_>) {
        let waits = self.waits_for(&Wait::List) || self.waits_for(&Wait::Older);
        let last = self.runs.last().map(|run| (run.at, run.id));
        if self.more && !waits && self.selected + NEAR >= self.runs.len() && last.is_some() {
            self.ask(PAGE, last, Wait::Older, desk);
        }
    }

    fn ask(&mut self, limit: usize, before: Option<(Timestamp, TraceId)>, wait: Wait, desk: &mut Desk<'_>) {
        let filter = Some(self.narrow.asked.clone()).filter(|asked| !asked.is_empty());
        let task = desk.call(Some(LANE), Request::Traces(Traces::List { filter, limit, before }));
        self.instead(|wait| matches!(wait, Wait::List | Wait::Newest | Wait::Older));
        self.wait(task, wait);
    }

    /// Something was done that the list does not show. Of many things at once the last state is enough.
    pub(super) fn outdated(&mut self, desk: &mut Desk<'_>) {
        if !self.outdated {
            self.outdated = true;
            desk.ask(Effect::After { timer: AGAIN, delay: PAUSE });
        }
    }

    pub(super) fn pause_is_over(&mut self, desk: &mut Desk<'_>) {
        if desk.place != Place::Traces {
            return;
        }
        let looks = !self.narrow.asked.is_empty() && self.waits_for(&Wait::List);
        if self.outdated && looks {
            // What looks through many runs would never come to its end, were it begun anew for every call that is made.
            desk.ask(Effect::After { timer: AGAIN, delay: PAUSE });
        } else if self.outdated && self.known && self.error.is_none() && self.narrow.asked.is_empty() {
            // Runs of long ago are what they were.
            self.outdated = false;
            self.ask(NEWEST, None, Wait::Newest, desk);
        } else if self.outdated {
            self.read(desk);
        }
    }

    /// The list has come. Whoever stands at its top sees what is new; any other run stays selected.
    pub(super) fn take_runs(&mut self, runs: Vec<Run>, more: bool, desk: &mut Desk<'_>) {
        let chosen = self.current().map(|run| run.id).filter(|_| self.selected > 0);
        (self.runs, self.more, self.known, self.error) = (runs, more, true, None);
        self.widths = Widths::of(&self.runs);
        let at = chosen.and_then(|id| self.runs.iter().position(|run| run.id == id));
        self.select(at.unwrap_or(if chosen.is_some() { self.selected } else { 0 }), desk);
        let run = self.open.as_ref().and_then(|open| self.runs.iter().find(|run| run.id == open.run.id));
        match run.cloned() {
            Some(run) => self.renew_open(&run, desk),
            None => self.grow_untold(desk),
        }
    }

    /// No list that came tells of the run that is looked into: others stand before it, or a filter leaves it out. One of this
    /// program that goes on is read anew all the same.
    fn grow_untold(&mut self, desk: &mut Desk<'_>) {
        if self.open.as_ref().is_some_and(Open::goes_on) {
            self.grow(desk);
        }
    }

    /// The newest ones have come. What of this program's own is not among them stands under another run by now.
    pub(super) fn take_newest(&mut self, runs: Vec<Run>, more: bool, desk: &mut Desk<'_>) {
        let last = runs.last().filter(|_| more).map(|run| (run.at, run.id));
        let is_told = |run: &Run| last.is_none_or(|last| (run.at, run.id) >= last);
        let is_gone = |run: &Run| {
            run.source == Source::Own && is_told(run) && runs.iter().all(|newer| newer.id != run.id)
        };
        if self.runs.iter().any(is_gone) {
            let chosen = self.current().map(|run| run.id).filter(|_| self.selected > 0);
            let gone: Vec<TraceId> = self.runs.iter().filter(|run| is_gone(run)).map(|run| run.id).collect();
            self.runs.retain(|run| !gone.contains(&run.id));
            self.widths = Widths::of(&self.runs);
            self.marked.retain(|id| !gone.contains(id));
            let at = chosen.and_then(|id| self.runs.iter().position(|run| run.id == id));
            self.select(at.unwrap_or(if chosen.is_some() { self.selected } else { 0 }), desk);
        }
        let is_open = |run: &Run| self.open.as_ref().is_some_and(|open| open.run.id == run.id);
        if !runs.iter().any(is_open) {
            self.grow_untold(desk);
        }
        for run in runs {
            self.renew_open(&run, desk);
            self.put(run, desk);
        }
    }

    /// The run that is looked into is so now; where it has changed its spans are read anew.
    pub(super) fn renew_open(&mut self, run: &Run, desk: &mut Desk<'_>) {
        if let Some(open) = self.open.as_mut().filter(|open| open.run.id == run.id && open.run != *run) {
            // What is noted on it are no spans.
            let (notes, noted) = (open.run.notes, open.run.noted.clone());
            let grown = open.run != Run { notes, noted, ..run.clone() };
            open.run = run.clone();
            if grown {
                self.grow(desk);
            }
        }
    }

    pub(super) fn take_older(&mut self, runs: Vec<Run>, more: bool) {
        self.more = more;
        let last = self.runs.last().map(|run| (run.at, run.id));
        let is_older = |run: &Run| last.is_none_or(|last| (run.at, run.id) < last);
        let older: Vec<Run> = runs.into_iter().filter(is_older).collect();
        self.widths.widen(&older);
        self.runs.extend(older);
    }

    /// A run has come or grown.
    pub(super) fn put(&mut self, run: Run, desk: &mut Desk<'_>) {
        if !self.narrow.asked.is_empty() {
            // Whether one of its spans passes, only the store knows.
            return self.outdated(desk);
        }
        let chosen = self.current().map(|run| run.id).filter(|_| self.selected > 0);
        self.runs.retain(|other| other.id != run.id);
        let at = self.runs.partition_point(|other| (other.at, other.id) > (run.at, run.id));
        if at < self.runs.len() || !self.more {
            self.widths.widen(std::slice::from_ref(&run));
            self.runs.insert(at, run);
        }
        let at = chosen.and_then(|id| self.runs.iter().position(|run| run.id == id));
        self.select(at.unwrap_or(0), desk);
    }

    /// A run is gone.
    pub(super) fn drop_run(&mut self, id: TraceId, desk: &mut Desk<'_>) {
        let before = self.runs.iter().position(|run| run.id == id).is_some_and(|at| at < self.selected);
        self.runs.retain(|run| run.id != id);
        self.widths = Widths::of(&self.runs);
        self.marked.retain(|marked| *marked != id);
        if self.versus.as_ref().is_some_and(|versus| versus.ids.contains(&id)) {
            self.leave_two();
        }
        self.select(self.selected.saturating_sub(usize::from(before)), desk);
        if self.open.as_ref().is_some_and(|open| open.run.id == id) {
            self.close(desk);
            desk.say("The run that was open is gone.");
        }
    }

    /// Where the list and what belongs to it are.
    pub(super) fn areas(&self, body: Rect, wall: when::Now) -> layout::Runs {
        let card = |run: &Run| 1 + lines_of(&about(run, wall, body.width), body.width);
        let wanted = self.current().map_or(0, card);
        let narrowed = self.narrow.writing || !self.narrow.asked.is_empty();
        layout::runs(narrowed, u16::try_from(wanted).unwrap_or(u16::MAX), body)
    }

    pub(super) fn select(&mut self, at: usize, desk: &Desk<'_>) {
        self.selected = at.min(self.runs.len().saturating_sub(1));
        // The card of the one that is selected now may take more rows.
        let page = usize::from(self.areas(desk.area, desk.wall()).rows.height);
        self.top = refitted(self.top, self.selected, page, self.runs.len());
    }

    /// Not all runs are shown, or a filter is being written.
    fn is_narrowed(&self) -> bool {
        self.narrow.writing || !self.narrow.asked.is_empty()
    }

    pub(super) fn can_among_runs(&self, action: Action) -> bool {
        use Action as A;
        match action {
            A::Search | A::ToggleReceiver | A::ImportTraces | A::Reload | A::Help => true,
            A::Accept | A::Cancel => self.narrow.writing,
            A::Back => self.is_narrowed() || !self.marked.is_empty(),
            A::Open | A::MarkRun | A::CompareRuns | A::WriteTrace | A::ScoreSpan | A::NoteSpan => {
                self.current().is_some()
            }
            A::ReplayRun => self.can_run_anew(),
            A::Delete => self.current().is_some_and(|run| run.source != Source::Own),
            action => stepped(action, 0, 1, 1).is_some() && self.runs.len() > 1,
        }
    }

    /// What is done among the runs.
    pub(super) fn among_runs(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = usize::from(self.areas(desk.area, desk.wall()).rows.height);
        if let Some(to) = stepped(action, self.selected, page, self.runs.len()) {
            self.select(to, desk);
            return self.read_older(desk);
        }
        match action {
            Action::Open => {
                if let Some(run) = self.current().cloned() {
                    self.open(run, desk);
                }
            }
            Action::Search => {
                self.narrow.writing = true;
                self.select(self.selected, desk);
            }
            Action::Accept => self.narrow_to_line(desk),
            Action::Back if !self.is_narrowed() => self.marked.clear(),
            Action::Back | Action::Cancel => self.widen(desk),
            Action::Reload => self.read(desk),
            Action::ToggleReceiver => self.toggle_receiver(desk),
            Action::ImportTraces => desk.overlays.push(Overlay::Prompt(Prompt::import_traces())),
            action => self.on_run(action, desk),
        }
    }

    /// What is done with the run that is meant, wherever it is shown.
    pub(super) fn on_run(&mut self, action: Action, desk: &mut Desk<'_>) {
        let Some(run) = self.meant() else { return };
        match action {
            Action::WriteTrace => desk.overlays.push(Overlay::Prompt(Prompt::trace(run.id, &run.name))),
            Action::Delete => desk.overlays.push(Overlay::Confirm(Confirm::remove_trace(run))),
            Action::MarkRun => {
                let id = run.id;
                self.mark(id);
            }
            Action::CompareRuns => self.compare(desk),
            Action::ScoreSpan => self.ask_for_grade(desk),
            Action::NoteSpan => self.ask_for_note(desk),
            Action::AddToDataset => self.ask_for_dataset(RowFor::Later, desk),
            Action::RateCall => self.ask_for_dataset(RowFor::Raters, desk),
            Action::AskOthers => self.ask_others(desk),
            Action::EditCall => self.edit_call(desk),
            Action::ShowReplays => self.show_replays(desk),
            Action::ReplayRun => self.run_anew(desk),
            _ => {}
        }
    }

    /// Marks a run, or takes its mark away. Of three the first one loses its own.
    fn mark(&mut self, id: TraceId) {
        if self.marked.contains(&id) {
            self.marked.retain(|marked| *marked != id);
            return;
        }
        if self.marked.len() > 1 {
            self.marked.remove(0);
        }
        self.marked.push(id);
    }

    /// Looks into the run of that id, which another place names.
    pub fn look_into(&mut self, id: TraceId, desk: &mut Desk<'_>) {
        let find = Traces::Find { text: id.to_string() };
        let task = desk.call(Some(Lane("trace led to")), Request::Traces(find));
        self.instead(|wait| *wait == Wait::Led);
        self.wait(task, Wait::Led);
    }

    /// Looks into a run.
    pub(super) fn open(&mut self, run: Run, desk: &mut Desk<'_>) {
        self.close(desk);
        self.leave_two();
        self.open = Some(Open::new(run));
        self.read_rows(desk);
        self.read_notes(desk);
        self.read_replays(desk);
    }

    /// A key into the line that narrows the list.
    pub(super) fn type_to_narrow(&mut self, stroke: Stroke) {
        self.narrow.line.press(stroke);
        self.narrow.wrong.clear();
    }

    /// The line is taken.
    fn narrow_to_line(&mut self, desk: &mut Desk<'_>) {
        let text = self.narrow.line.text().trim().to_owned();
        if let Err(error) = Filter::read(&text) {
            self.narrow.wrong = error.said();
            return;
        }
        self.narrow.writing = false;
        self.narrow_to(text, desk);
    }

    /// The line is left, and all runs are shown.
    fn widen(&mut self, desk: &mut Desk<'_>) {
        self.narrow.writing = false;
        self.narrow.line.clear();
        self.narrow.wrong.clear();
        self.narrow_to(String::new(), desk);
    }

    fn narrow_to(&mut self, asked: String, desk: &mut Desk<'_>) {
        if self.narrow.asked != asked {
            self.narrow.asked = asked;
            (self.selected, self.top, self.known) = (0, 0, false);
            self.runs.clear();
            self.read(desk);
        }
    }
}
