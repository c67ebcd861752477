//! What is read of a run: the card of the chosen span, whose head is there at once and the rest when keys have rested on it;
//! all of it as a conversation.

use std::time::Duration;

use ratatui::layout::Rect;

use super::aside::{Awaited, Task};
use super::card::{Card, Tab};
use super::open::{Focus, Open};
use super::transcript::{Told, Transcript};
use super::{State, Wait, layout};
use crate::domain::Error;
use crate::domain::trace::aligned::Run;
use crate::domain::trace::contents::Contents;
use crate::domain::trace::{Note, TraceSpan};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TimerId};
use crate::tui::keymap::Context;
use crate::tui::trace::Trace;
use crate::workbench::Request;
use crate::workbench::request::traces::Traces;

/// A span is asked for when keys have rested on it so long.
pub(super) const REST: TimerId = TimerId("traces.rest");
const RESTED: Duration = Duration::from_millis(80);

/// The rows with what is reckoned of them, as a card wants them.
pub(super) fn run(trace: &Trace) -> Run<'_> {
    Run { outline: &trace.outline, tree: &trace.tree, rollups: &trace.sums }
}

impl Open {
    /// Where the card is, if it is in sight.
    pub fn card_area(&self, body: Rect) -> Option<Rect> {
        match (layout::spans(body).side, self.focus) {
            (Some(side), _) => Some(side),
            (None, Focus::Text) => Some(layout::text(body)),
            (None, Focus::Spans) => None,
        }
    }

    /// The card is that of the chosen row; whether its span has ended since it was dealt.
    fn deal(&mut self, rest: String) -> bool {
        let (Some(laid), Some(row)) = (&self.laid, self.current()) else {
            self.card = None;
            return false;
        };
        let findings = self.wrong.as_deref().unwrap_or(&laid.findings);
        match &mut self.card {
            Some(card) if card.row() == row => card.renew(run(laid), findings),
            card => {
                let new = card.insert(Card::of(run(laid), row, findings, rest));
                new.note(&self.notes);
                false
            }
        }
    }
}

impl State {
    /// What leads to all of a text that is cut.
    pub(super) fn rest_of(desk: &Desk<'_>) -> String {
        format!("{} writes all of it", desk.key(Context::Spans, Action::WriteTrace))
    }

    /// Another row is chosen, perhaps, or it is known anew.
    pub(super) fn rest(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        if open.deal(Self::rest_of(desk)) {
            // What is on its way may be of the time before.
            self.instead(|wait| matches!(wait, Wait::Span(_)));
        }
        self.mark_asked_again(desk);
        self.fit(desk);
        let Some(open) = &self.open else { return };
        let lacks = open.card.as_ref().is_some_and(Card::lacks);
        if lacks && open.card_area(desk.area).is_some() {
            desk.ask(Effect::After { timer: REST, delay: RESTED });
        }
    }

    /// Keys have rested: asks for the span.
    pub(super) fn rested(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &self.open else { return };
        let Some(card) = open.card.as_ref().filter(|card| card.lacks()) else { return };
        let (id, row) = (open.id(), card.row());
        let span = open.laid.as_ref().and_then(|laid| laid.key(row));
        if self.waits_for(&Wait::Span(row)) {
            return;
        }
        let task = desk.call(Some(Lane("trace.span")), Request::Traces(Traces::Span { id, row, span }));
        self.instead(|wait| matches!(wait, Wait::Span(_)));
        self.wait(task, Wait::Span(row));
    }

    /// The span has come.
    pub(super) fn take_span(&mut self, row: u32, span: TraceSpan, contents: Contents, desk: &Desk<'_>) {
        let card = self.open.as_mut().and_then(|open| open.card.as_mut());
        if let Some(card) = card.filter(|card| card.row() == row) {
            card.take(span, contents);
            self.fit(desk);
        }
    }

    /// It cannot be read.
    pub(super) fn no_span(&mut self, row: u32, error: Error, desk: &Desk<'_>) {
        let card = self.open.as_mut().and_then(|open| open.card.as_mut());
        if let Some(card) = card.filter(|card| card.row() == row) {
            card.failed(error);
            self.fit(desk);
        }
    }

    /// Asks what people noted on the run.
    pub(super) fn read_notes(&mut self, desk: &mut Desk<'_>) {
        let Some(id) = self.open.as_ref().map(Open::id) else { return };
        let task = desk.call(Some(Lane("trace.notes")), Request::Traces(Traces::Notes { id }));
        self.instead(|wait| *wait == Wait::Notes);
        self.wait(task, Wait::Notes);
    }

    /// It has come.
    pub(super) fn take_notes(&mut self, notes: Vec<Note>, desk: &Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        open.notes = notes;
        if let Some(card) = &mut open.card {
            card.note(&open.notes);
        }
        self.fit(desk);
    }

    /// What is read fits where it is shown.
    pub(super) fn fit(&mut self, desk: &Desk<'_>) {
        if let Some(versus) = &mut self.versus {
            versus.shown.fit(desk.area);
        }
        let Some(open) = &mut self.open else { return };
        let area = open.card_area(desk.area);
        if let (Some(area), Some(card)) = (area, &mut open.card) {
            card.fit(area);
        }
        if let Some(talk) = &mut open.talk {
            talk.fit(layout::text(desk.area));
        }
    }

    /// Reads the run as a conversation, from the chosen span on; or goes back to the span that was read last.
    pub(super) fn toggle_talk(&mut self, desk: &mut Desk<'_>) {
        let page = Self::page(desk);
        let rest = Self::rest_of(desk);
        let Some(open) = &mut self.open else { return };
        if let Some(talk) = open.talk.take() {
            self.instead(|wait| matches!(wait, Wait::Step(_)));
            self.tell_no_more();
            if let (Some(row), Some(open)) = (talk.row(), &mut self.open) {
                open.go(row, page);
            }
            return self.rest(desk);
        }
        let (Some(laid), Some(row)) = (&open.laid, open.current()) else { return };
        let mut talk = Transcript::of(&laid.steps, rest);
        talk.to(run(laid), row);
        open.talk = Some(talk);
        self.fit(desk);
        self.read_step(desk);
    }

    /// Asks for what was said in a step that is in sight, one after the other.
    pub(super) fn read_step(&mut self, desk: &mut Desk<'_>) {
        if self.tells_a_step() || self.waits.values().any(|wait| matches!(wait, Wait::Step(_))) {
            return;
        }
        let Some(open) = &self.open else { return };
        let Some(row) = open.talk.as_ref().and_then(|talk| talk.want(layout::text(desk.area))) else {
            return;
        };
        let span = open.laid.as_ref().and_then(|laid| laid.key(row));
        let request = Traces::Span { id: open.id(), row, span };
        let task = desk.call(Some(Lane("trace.step")), Request::Traces(request));
        self.wait(task, Wait::Step(row));
    }

    /// It has come: what of it is shown is made away from the screen's thread.
    pub(super) fn tell_step(&mut self, row: u32, contents: Contents, desk: &mut Desk<'_>) {
        let Some(talk) = self.open.as_ref().and_then(|open| open.talk.as_ref()) else { return };
        let Some(kind) = talk.kind(row) else { return };
        let work = Task::Step { kind, contents: Box::new(contents), rest: talk.rest().to_owned() };
        self.have_done(Awaited::Step(row), work, desk);
    }

    /// It is ready, or cannot be read.
    pub(super) fn take_step(&mut self, row: u32, told: Result<Told, &Error>, desk: &mut Desk<'_>) {
        let Some(talk) = self.open.as_mut().and_then(|open| open.talk.as_mut()) else { return };
        match told {
            Ok(told) => talk.take(row, told),
            Err(error) => talk.failed(row, error),
        }
        talk.fit(layout::text(desk.area));
        self.read_step(desk);
    }

    /// What is done in the conversation.
    pub(super) fn in_talk(&mut self, action: Action, desk: &mut Desk<'_>) {
        let area = layout::text(desk.area);
        let page = isize::try_from(area.height.max(2)).unwrap_or(2);
        let Some(talk) = self.open.as_mut().and_then(|open| open.talk.as_mut()) else { return };
        match action {
            Action::SelectNext => talk.step(1, area),
            Action::SelectPrevious => talk.step(-1, area),
            Action::SelectFirst => talk.go_first(),
            Action::SelectLast => talk.go_last(area),
            Action::LineDown => talk.scroll(1, area),
            Action::LineUp => talk.scroll(-1, area),
            Action::HalfPageDown => talk.scroll(page / 2, area),
            Action::HalfPageUp => talk.scroll(-page / 2, area),
            Action::PageDown => talk.scroll(page, area),
            Action::PageUp => talk.scroll(-page, area),
            Action::Open | Action::ToggleFold => talk.toggle(),
            Action::ShowTranscript => return self.toggle_talk(desk),
            _ => {}
        }
        talk.fit(area);
        self.read_step(desk);
    }

    /// Goes to what is read, or back to the spans.
    pub(super) fn focus(&mut self, focus: Focus, desk: &mut Desk<'_>) {
        if let Some(open) = &mut self.open {
            open.focus = focus;
        }
        self.rest(desk);
    }

    /// What is done in what is read.
    pub(super) fn in_text(&mut self, action: Action, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let Some(area) = open.card_area(desk.area) else { return };
        let Some(card) = &mut open.card else { return };
        let page = isize::try_from(area.height.saturating_sub(4).max(1)).unwrap_or(1);
        let steps = match action {
            Action::LineDown => 1,
            Action::LineUp => -1,
            Action::HalfPageDown => page / 2 + 1,
            Action::HalfPageUp => -(page / 2 + 1),
            Action::PageDown => page,
            Action::PageUp => -page,
            _ => 0,
        };
        match action {
            Action::SelectFirst => card.go_first(),
            Action::SelectLast => card.go_last(area),
            Action::NextPart => card.turn(false),
            Action::PreviousPart => card.turn(true),
            Action::ToggleFold => card.think(),
            Action::ShowRaw => card.show(if card.tab() == Tab::Raw { Tab::Said } else { Tab::Raw }),
            Action::Copy => desk.ask(Effect::Copy(card.says())),
            _ => {
                card.scroll(steps, area);
            }
        }
        card.fit(area);
    }
}
