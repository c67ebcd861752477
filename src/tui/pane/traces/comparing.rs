//! Two runs side by side: which ones, and what is asked of them.

use super::aside::{Awaited, Task};
use super::compared::Compared;
use super::words::called;
use super::{State, Wait};
use crate::domain::Error;
use crate::domain::trace::TraceId;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane};
use crate::tui::keymap::Context;
use crate::workbench::request::traces::Traces;
use crate::workbench::{Reply, Request};

/// The two, and what is shown of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Versus {
    pub ids: [TraceId; 2],
    pub shown: Compared,
}

impl State {
    /// The two that would be compared: those that are marked, or the one that is and the one that is chosen.
    pub(super) fn two(&self) -> Option<[TraceId; 2]> {
        match (self.marked.as_slice(), self.meant()) {
            ([one, other], _) => Some([*one, *other]),
            ([one], Some(run)) if run.id != *one => Some([*one, run.id]),
            _ => None,
        }
    }

    /// Compares two runs.
    pub(super) fn compare(&mut self, desk: &mut Desk<'_>) {
        let Some(ids) = self.two() else {
            let key = desk.key(Context::Runs, Action::MarkRun);
            desk.say(format!("{key} marks a run; two are compared, or one with the chosen one."));
            return;
        };
        let shown = Compared::new(ids.map(|id| self.name_of(id)), Self::rest_of(desk));
        self.leave_two();
        self.versus = Some(Versus { ids, shown });
        let [left, right] = ids;
        let task = desk.call(Some(Lane("traces.two")), Request::Traces(Traces::Diff { left, right }));
        self.wait(task, Wait::Two);
        for (side, (id, lane)) in ids.into_iter().zip(["traces.left", "traces.right"]).enumerate() {
            let task = desk.call(Some(Lane(lane)), Request::Traces(Traces::Made { id }));
            self.wait(task, Wait::Made(side));
        }
    }

    fn name_of(&self, id: TraceId) -> String {
        let open = self.open.as_ref().map(|open| &open.run);
        let run = self.runs.iter().chain(open).find(|run| run.id == id);
        run.map_or_else(|| id.to_string(), |run| called(&run.name).to_owned())
    }

    /// The two are looked at no more.
    pub(super) fn leave_two(&mut self) {
        self.versus = None;
        self.instead(|wait| matches!(wait, Wait::Two | Wait::Made(_) | Wait::Said(..)));
        self.compare_no_more();
    }

    /// What is known of them.
    pub(super) fn take_of_two(&mut self, wait: &Wait, reply: Reply, desk: &mut Desk<'_>) {
        if self.versus.is_none() {
            return;
        }
        match (wait, reply) {
            (Wait::Two, Reply::TraceDiff { pairs, left, right }) => {
                let work = Task::Two { pairs, packs: [left, right] };
                self.have_done(Awaited::Two, work, desk);
            }
            (Wait::Made(side), Reply::TraceMade { made }) => {
                self.with_shown(|shown| shown.made(*side, made), desk);
            }
            (Wait::Said(side, row), Reply::TraceSpan { contents, .. }) => {
                self.with_shown(|shown| shown.take(*side, *row, &contents), desk);
            }
            _ => {}
        }
    }

    /// Something of them cannot be read.
    pub(super) fn lacks_of_two(&mut self, wait: &Wait, error: Error, desk: &mut Desk<'_>) {
        let tell = |shown: &mut Compared| match wait {
            Wait::Said(side, row) => shown.missed(*side, *row, &error),
            Wait::Two => shown.failed(error),
            // The steps tell enough.
            _ => {}
        };
        self.with_shown(tell, desk);
    }

    /// Changes what is shown of them, and asks for what it lacks then.
    pub(super) fn with_shown(&mut self, tell: impl FnOnce(&mut Compared), desk: &mut Desk<'_>) {
        let Some(Versus { shown, .. }) = &mut self.versus else { return };
        tell(shown);
        shown.fit(desk.area);
        self.read_said(desk);
    }

    /// Has the texts of the chosen line compared, where both are here.
    fn compare_texts(&mut self, desk: &mut Desk<'_>) {
        let texts = self.versus.as_ref().and_then(|versus| versus.shown.differ());
        let Some((key, [one, other])) = texts else { return };
        let awaited = Awaited::Words(key);
        if !self.aside.values().any(|other| *other == awaited) {
            self.have_done(awaited, Task::Words { one, other }, desk);
        }
    }

    /// Asks for what was said in the chosen step of one run and of the other.
    pub(super) fn read_said(&mut self, desk: &mut Desk<'_>) {
        self.compare_texts(desk);
        if self.waits.values().any(|wait| matches!(wait, Wait::Said(..))) {
            return;
        }
        let Some(Versus { ids, shown }) = &self.versus else { return };
        let Some((side, row)) = shown.want() else { return };
        let Some(id) = ids.get(side).copied() else { return };
        // A run that goes on may have other numbers by now.
        let span = shown.span(side, row);
        let task = desk.call(Some(Lane("traces.said")), Request::Traces(Traces::Span { id, row, span }));
        self.wait(task, Wait::Said(side, row));
    }

    /// What is done while they are looked at.
    pub(super) fn with_two(&mut self, action: Action, desk: &mut Desk<'_>) {
        let area = desk.area;
        let page = isize::try_from(area.height.max(4)).unwrap_or(4) - 2;
        let Some(Versus { shown, .. }) = &mut self.versus else { return };
        let steps = match action {
            Action::HalfPageDown => page / 2,
            Action::HalfPageUp => -page / 2,
            Action::PageDown => page,
            Action::PageUp => -page,
            Action::LineDown | Action::SelectNext => 1,
            Action::LineUp | Action::SelectPrevious => -1,
            _ => 0,
        };
        let reads = shown.is_open() && !matches!(action, Action::SelectNext | Action::SelectPrevious);
        match action {
            Action::SelectFirst => shown.go_first(),
            Action::SelectLast => shown.go_last(area),
            Action::Open => shown.open(),
            Action::ToggleFold => shown.toggle(),
            Action::Copy => desk.ask(Effect::Copy(shown.says())),
            Action::Back if !shown.close() => return self.leave_two(),
            Action::Back => {}
            _ if reads => {
                shown.scroll(steps, area);
            }
            _ => shown.step(steps, area),
        }
        shown.fit(area);
        self.read_said(desk);
    }
}
