//! What an action, a key or the mouse does here.

use super::open::{Focus, Open};
use super::transcript::Transcript;
use super::{State, layout};
use crate::domain::figures::{count, grouped};
use crate::domain::trace::{Kind, Row};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::rows::stepped;
use crate::tui::stroke::Stroke;
use crate::tui::trace::Shared;

/// Lines of a turn of the wheel.
const WHEEL: isize = 3;

impl State {
    pub(super) fn where_keys_go(&self) -> Context {
        if self.versus.is_some() {
            return Context::Steps;
        }
        match &self.open {
            None if self.narrow.writing => Context::Menu,
            None => Context::Runs,
            Some(open) if open.find.writing => Context::Menu,
            Some(open) if open.talk.is_some() => Context::Steps,
            Some(open) if open.focus == Focus::Text => Context::SpanText,
            Some(_) => Context::Spans,
        }
    }

    /// Whether the action means something here and now.
    pub(super) fn can_do(&self, action: Action) -> bool {
        if action == Action::Back && self.asks_again() {
            return true;
        }
        if self.versus.is_some() {
            return is_of_two(action);
        }
        let Some(open) = &self.open else { return self.can_among_runs(action) };
        match action {
            Action::Back | Action::Help => true,
            action if is_handed_on(action) && !open.find.writing => match action {
                Action::ScoreSpan | Action::NoteSpan => open.chosen().is_some(),
                Action::ReplayRun => self.can_run_anew(),
                Action::ShowReplays => self.was_asked_again() || self.lacks_replays() && open.laid.is_some(),
                Action::AddToDataset | Action::RateCall => self.has_answer(),
                _ => self.has_call(),
            },
            _ if open.find.writing => {
                matches!(action, Action::Accept | Action::Cancel)
                    || matches!(action, Action::SelectNext | Action::SelectPrevious) && open.find.count() > 0
            }
            action if open.talk.is_some() => is_in_talk(action),
            action if open.focus == Focus::Text && leads_on(action) => can_among_spans(open, action),
            action if open.focus == Focus::Text => open.card.is_some() && is_in_text(action),
            action => can_among_spans(open, action),
        }
    }

    /// The rows of a page of spans.
    pub(super) fn page(desk: &Desk<'_>) -> usize {
        usize::from(layout::spans(desk.area).rows.height).max(1)
    }

    pub(super) fn does(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        let typed = desk.stroke(key).filter(|_| {
            self.where_keys_go() == Context::Menu
                && !matches!(action, Action::Accept | Action::Cancel)
                && !action.moves()
        });
        if let Some(stroke) = typed {
            return self.press(stroke, desk);
        }
        if action == Action::Back && self.stop_asking(desk) {
            return;
        }
        if self.versus.is_some() {
            return self.with_two(action, desk);
        }
        match &self.open {
            None => self.among_runs(action, desk),
            Some(open) if open.find.writing => self.find_line(action, desk),
            Some(_) if is_handed_on(action) => self.on_run(action, desk),
            Some(_) if action == Action::Back => self.back(desk),
            Some(open) if open.talk.is_some() => self.in_talk(action, desk),
            Some(open) if open.focus == Focus::Text => match action {
                Action::ShowTranscript => self.toggle_talk(desk),
                Action::FocusNext | Action::FocusPrevious => self.focus(Focus::Spans, desk),
                action if leads_on(action) => self.among_spans(action, desk),
                action => self.in_text(action, desk),
            },
            Some(_) => self.among_spans(action, desk),
        }
    }

    /// The place has another size: what is chosen stays in sight.
    pub(super) fn stay_in_sight(&mut self, desk: &mut Desk<'_>) {
        let page = Self::page(desk);
        self.select(self.selected, desk);
        if let Some(open) = &mut self.open {
            open.step(open.at, page);
        }
        self.rest(desk);
        self.read_step(desk);
        self.fit(desk);
    }

    /// One step out.
    fn back(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        if open.talk.is_some() {
            self.toggle_talk(desk);
        } else if open.focus == Focus::Text {
            self.focus(Focus::Spans, desk);
        } else if !open.find.is_empty() {
            self.leave_finding(desk);
        } else if open.zoom.is_some() {
            open.zoom = None;
        } else {
            self.close(desk);
        }
    }

    /// Shows the list again.
    pub(super) fn close(&mut self, desk: &mut Desk<'_>) {
        self.stop_finding(desk);
        // What still comes is of a run that is not looked into any more; of what is written it is told how it went.
        self.instead(|wait| !wait.outlives_its_run());
        self.tell_no_more();
        self.open = None;
        self.select(self.selected, desk);
    }

    fn among_spans(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = Self::page(desk);
        let Some(open) = &mut self.open else { return };
        let until = open.until(desk.now.wall);
        if let Some(to) = stepped(action, open.at, page, open.lines().len()) {
            open.step(to, page);
            return self.rest(desk);
        }
        match action {
            Action::FoldSpan => open.fold(page),
            Action::UnfoldSpan => open.unfold(page),
            Action::FoldSpans => open.fold_to_first(page),
            Action::UnfoldSpans => open.unfold_to_last(page),
            Action::ZoomSpan => open.zoom_to_row(until),
            Action::ZoomIn => open.zoom(true, until),
            Action::ZoomOut => open.zoom(false, until),
            Action::NextSlow => open.seek_slow(page),
            Action::NextError | Action::PreviousError => {
                let fails = |laid: &Shared, row: u32| laid.row(row).is_some_and(Row::is_error);
                open.seek(action == Action::NextError, page, fails);
            }
            Action::NextCall | Action::PreviousCall => {
                let asks = |laid: &Shared, row: u32| laid.row(row).is_some_and(|row| row.kind == Kind::Model);
                open.seek(action == Action::NextCall, page, asks);
            }
            Action::Search => open.find.writing = true,
            Action::SearchNext => return self.find_next(true, desk),
            Action::SearchPrevious => return self.find_next(false, desk),
            Action::ShowSpan | Action::FocusNext | Action::FocusPrevious => {
                return self.focus(Focus::Text, desk);
            }
            Action::ShowTranscript => return self.toggle_talk(desk),
            Action::ShowLatencies => return self.ask_latencies(desk),
            Action::ShowFindings => return self.show_findings(desk),
            Action::LineDown | Action::LineUp | Action::Copy | Action::ShowRaw => {
                return self.in_text(action, desk);
            }
            action => return self.on_run(action, desk),
        }
        self.rest(desk);
    }

    /// What a key that means no action does to the line that is being written.
    pub(super) fn press(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        match &self.open {
            Some(open) if open.find.writing => self.type_to_find(stroke, desk),
            None if self.narrow.writing => self.type_to_narrow(stroke),
            _ => {}
        }
    }

    /// A pasted text goes into what is being written; never anywhere else.
    pub(super) fn insert(&mut self, text: &str, desk: &mut Desk<'_>) {
        match &mut self.open {
            Some(open) if open.find.writing => {
                open.find.line.insert(text);
                self.stop_finding(desk);
            }
            None if self.narrow.writing => self.narrow.line.insert(text),
            _ => {}
        }
    }

    pub(super) fn pointed(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let at = (mouse.column, mouse.row).into();
        let steps = match mouse.kind {
            MouseKind::ScrollDown => WHEEL,
            MouseKind::ScrollUp => -WHEEL,
            MouseKind::Down(_) => return self.pressed_at(mouse, desk),
            _ => return,
        };
        if self.versus.is_some() {
            let down = if steps > 0 { Action::LineDown } else { Action::LineUp };
            (0..WHEEL).for_each(|_| self.with_two(down, desk));
            return;
        }
        let page = Self::page(desk);
        let Some(open) = &mut self.open else {
            let to = self.selected.saturating_add_signed(steps);
            self.select(to, desk);
            return self.read_older(desk);
        };
        if let Some(talk) = &mut open.talk {
            talk.scroll(steps, layout::text(desk.area));
            return self.read_step(desk);
        }
        if let Some(area) = open.card_area(desk.area).filter(|area| area.contains(at)) {
            if let Some(card) = &mut open.card {
                card.scroll(steps, area);
            }
            return;
        }
        open.step(open.at.saturating_add_signed(steps), page);
        self.rest(desk);
    }

    fn pressed_at(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        if self.versus.is_some() {
            return;
        }
        let at = (mouse.column, mouse.row).into();
        let page = Self::page(desk);
        let Some(open) = &mut self.open else {
            let rows = self.areas(desk.area, desk.wall()).rows;
            let row = self.top + usize::from(mouse.row.saturating_sub(rows.y));
            if rows.contains(at) && row < self.runs.len() {
                self.select(row, desk);
                self.read_older(desk);
            }
            return;
        };
        if open.talk.is_some() {
            return;
        }
        if open.card_area(desk.area).is_some_and(|area| area.contains(at)) {
            return self.focus(Focus::Text, desk);
        }
        let rows = layout::spans(desk.area).rows;
        let row = open.top + usize::from(mouse.row.saturating_sub(rows.y));
        if rows.contains(at) && row < open.lines().len() {
            open.step(row, page);
            self.focus(Focus::Spans, desk);
        }
    }

    /// The figures of the place, for the last line.
    pub(super) fn figures(&self) -> String {
        if self.versus.is_some() {
            return String::new();
        }
        let Some(open) = &self.open else {
            let more = if self.more { "+" } else { "" };
            return match self.runs.len() as u64 {
                0 => String::new(),
                runs => format!("{}{more}", count(runs, "run", "runs")),
            };
        };
        let (at, all) = open.talk.as_ref().map_or((open.at + 1, open.lines().len()), Transcript::place);
        if all == 0 { String::new() } else { format!("{} of {}", grouped(at as u64), grouped(all as u64)) }
    }
}

fn can_among_spans(open: &Open, action: Action) -> bool {
    use Action as A;
    let Some(laid) = open.laid.as_ref().filter(|laid| !laid.is_empty()) else {
        return matches!(action, A::WriteTrace | A::MarkRun | A::CompareRuns);
    };
    match action {
        A::NextError | A::PreviousError => laid.sums.whole.errors > 0,
        A::NextCall | A::PreviousCall => laid.sums.whole.inferences > 0,
        A::ShowFindings => {
            laid.sums.whole.errors > 0 || !open.findings().is_empty() || !open.damaged.is_empty()
        }
        A::SearchNext | A::SearchPrevious if open.find.is_empty() => open.has_wrong(),
        A::SearchNext | A::SearchPrevious => open.find.count() > 0,
        A::ZoomSpan => open.zoom.is_some() || open.is_part(),
        A::ZoomOut => open.zoom.is_some(),
        A::ShowSpan
        | A::FocusNext
        | A::FocusPrevious
        | A::Search
        | A::FoldSpan
        | A::UnfoldSpan
        | A::FoldSpans
        | A::UnfoldSpans
        | A::ZoomIn
        | A::NextSlow
        | A::ShowTranscript
        | A::ShowLatencies
        | A::MarkRun
        | A::CompareRuns
        | A::WriteTrace
        | A::LineDown
        | A::LineUp
        | A::ShowRaw
        | A::Copy => true,
        action => stepped(action, 0, 1, 1).is_some() && open.lines().len() > 1,
    }
}

/// What leads to another span, also while one is read.
pub(super) fn leads_on(action: Action) -> bool {
    matches!(
        action,
        Action::NextError
            | Action::PreviousError
            | Action::NextCall
            | Action::PreviousCall
            | Action::NextSlow
    )
}

/// What a span is noted and handed on by, wherever it is read.
pub(super) fn is_handed_on(action: Action) -> bool {
    matches!(
        action,
        Action::ScoreSpan
            | Action::NoteSpan
            | Action::AddToDataset
            | Action::RateCall
            | Action::AskOthers
            | Action::EditCall
            | Action::ShowReplays
            | Action::ReplayRun
    )
}

fn is_of_two(action: Action) -> bool {
    stepped(action, 0, 1, 1).is_some()
        || matches!(
            action,
            Action::Back
                | Action::Help
                | Action::LineDown
                | Action::LineUp
                | Action::Open
                | Action::ToggleFold
                | Action::Copy
        )
}

fn is_in_talk(action: Action) -> bool {
    stepped(action, 0, 1, 1).is_some()
        || matches!(
            action,
            Action::LineDown | Action::LineUp | Action::Open | Action::ToggleFold | Action::ShowTranscript
        )
}

fn is_in_text(action: Action) -> bool {
    matches!(
        action,
        Action::LineDown
            | Action::LineUp
            | Action::HalfPageDown
            | Action::HalfPageUp
            | Action::PageDown
            | Action::PageUp
            | Action::SelectFirst
            | Action::SelectLast
            | Action::NextPart
            | Action::PreviousPart
            | Action::ToggleFold
            | Action::ShowTranscript
            | Action::ShowRaw
            | Action::Copy
            | Action::FocusNext
            | Action::FocusPrevious
    )
}
