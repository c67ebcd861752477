//! A model's call asked again: with what the person makes of it, by any model; what came of it beside what was there.

use super::anew::Anew;
use super::card::Card;
use super::{State, Wait};
use crate::domain::Error;
use crate::domain::delta::Event;
use crate::domain::diff::{self, Mark};
use crate::domain::trace::SpanKey;
use crate::domain::trace::replay::{Asked, Original, Replay, beside};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TaskId};
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::trace::Target;
use crate::workbench::request::traces::Traces;
use crate::workbench::{Reply, Request};

/// Lines around a change that are shown.
const AROUND: usize = 2;

/// A call that is asked again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Again {
    row: u32,
    of: Target,
    original: Box<Original>,
    /// It is being asked.
    pub task: Option<TaskId>,
    /// Characters that have come.
    said: usize,
}

impl Again {
    /// How far it is, once it is being asked.
    pub fn words(&self) -> Option<String> {
        self.task?;
        Some(match self.said {
            0 => "● asked again…".to_owned(),
            said => format!("● answers again, {} characters", crate::domain::figures::grouped(said as u64)),
        })
    }
}

impl State {
    /// Asks for what the chosen model was asked, to make something else of it.
    pub(super) fn edit_call(&mut self, desk: &mut Desk<'_>) {
        let Some((row, of)) = self.call() else { return };
        let call = Traces::Call { id: of.id, row, span: of.span };
        let task = desk.call(Some(Lane("traces.edit")), Request::Traces(call));
        self.instead(|wait| matches!(wait, Wait::Edit(..)));
        self.wait(task, Wait::Edit(row, Box::new(of)));
    }

    /// It has come: it is written anew.
    pub(super) fn write_call(&mut self, row: u32, of: Target, original: Original, desk: &mut Desk<'_>) {
        if self.again.as_ref().is_some_and(|again| again.task.is_some()) {
            desk.say("Another call is still being asked again.");
            return;
        }
        if !original.remarks.is_empty() {
            desk.note(format!("Not as it was: {}.", original.remarks.join("; ")));
        }
        desk.overlays.push(Overlay::Pad(Box::new(Pad::call(&original.asked))));
        self.again = Some(Again { row, of, original: Box::new(original), task: None, said: 0 });
    }

    /// Asks what was made of it.
    pub(super) fn ask_again(&mut self, asked: Box<Asked>, desk: &mut Desk<'_>) {
        let Some(again) = self.again.as_mut().filter(|again| again.task.is_none()) else { return };
        let Target { id, span, .. } = again.of;
        let request = Traces::Replay { id, row: again.row, span, asked };
        again.task = Some(desk.call(None, Request::Traces(request)));
    }

    /// What it answers.
    pub(super) fn answers_again(&mut self, reply: Reply, desk: &mut Desk<'_>) {
        let Some(again) = &mut self.again else { return };
        match reply {
            Reply::Delta { event: Event::Text { text } } => again.said += text.chars().count(),
            Reply::TraceReplayed { replay } => {
                let reading = Reading::new("Asked again", told(&again.original, &replay));
                desk.overlays.push(Overlay::Reading(Box::new(reading)));
                // It hangs beside the original from now on.
                if let Some(open) = self.open.as_mut().filter(|open| open.id() == replay.of.trace) {
                    open.replays.push(replay);
                }
                self.mark_asked_again(desk);
                self.grow(desk);
            }
            _ => {}
        }
    }

    /// Asks what was asked again of the run that is looked into.
    pub(super) fn read_replays(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        open.replays_unread = false;
        let replays = Traces::Replays { id: open.id(), row: None, span: None };
        let task = desk.call(Some(Lane("trace.replays")), Request::Traces(replays));
        self.instead(|wait| *wait == Wait::Replays);
        self.wait(task, Wait::Replays);
    }

    /// It cannot be read now: whoever wants it has it read once more.
    pub(super) fn lack_replays(&mut self, error: &Error, desk: &mut Desk<'_>) {
        if let Some(open) = &mut self.open {
            open.replays_unread = true;
        }
        desk.complain(error);
    }

    /// Whether what was asked again of the run is to be read once more: nothing is known of it.
    pub(super) fn lacks_replays(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.replays_unread)
    }

    /// It has come.
    pub(super) fn take_replays(&mut self, replays: Vec<Replay>, desk: &Desk<'_>) {
        if let Some(open) = &mut self.open {
            open.replays = replays;
        }
        self.mark_asked_again(desk);
        self.fit(desk);
    }

    /// The card says how often its call was asked again, and what shows that.
    pub(super) fn mark_asked_again(&mut self, desk: &Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let Some(row) = open.card.as_ref().map(Card::row) else { return };
        let often = match open.replays_of(row).count() {
            0 => String::new(),
            times => {
                let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
                let key = desk.key(Context::Spans, Action::ShowReplays);
                format!("asked again {often} · {key} shows it")
            }
        };
        if let Some(card) = &mut open.card {
            card.asked_again(often);
        }
    }

    /// Whether the chosen call was asked again.
    pub(super) fn was_asked_again(&self) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| open.chosen().is_some_and(|row| open.replays_of(row).next().is_some()))
    }

    /// Asks for what the chosen model was asked first, to put beside it what came since.
    pub(super) fn show_replays(&mut self, desk: &mut Desk<'_>) {
        if self.lacks_replays() {
            desk.say("What was asked again is read once more.");
            return self.read_replays(desk);
        }
        let Some((row, of)) = self.call().filter(|_| self.was_asked_again()) else { return };
        let call = Traces::Call { id: of.id, row, span: of.span };
        let task = desk.call(Some(Lane("traces.beside")), Request::Traces(call));
        self.instead(|wait| matches!(wait, Wait::Beside(_)));
        self.wait(task, Wait::Beside(of.span));
    }

    /// It has come: all that came since stands below each other, the newest first.
    pub(super) fn show_beside(&self, span: Option<SpanKey>, original: &Original, desk: &mut Desk<'_>) {
        let Some(open) = &self.open else { return };
        let mut lines = Vec::new();
        for replay in open.replays.iter().rev().filter(|replay| Some(replay.of.span) == span) {
            if !lines.is_empty() {
                lines.push(Line::blank());
            }
            let model = replay.asked.model.as_ref().map(|model| format!(" · {model}")).unwrap_or_default();
            let head = format!("{}{model}", desk.wall().ago(replay.at));
            lines.push(Line::of(&head, Role::Muted));
            lines.extend(told(original, replay));
        }
        desk.overlays.push(Overlay::Reading(Box::new(Reading::new("Asked again", lines))));
    }

    /// It is over.
    pub(super) fn asked_again(&mut self, error: Option<&Error>, desk: &mut Desk<'_>) {
        self.again = None;
        if let Some(error) = error {
            desk.complain(error);
        }
    }

    /// Whether a call is being asked again, or a run goes on once more.
    pub(super) fn asks_again(&self) -> bool {
        self.again_words().is_some()
    }

    /// How far that is.
    pub(super) fn again_words(&self) -> Option<String> {
        let call = self.again.as_ref().and_then(Again::words);
        call.or_else(|| self.anew.as_ref().map(Anew::words))
    }

    /// Stops it; `false` where there is none.
    pub(super) fn stop_asking(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some(task) = self.again.as_ref().and_then(|again| again.task) else {
            return self.stop_anew(desk);
        };
        self.again = None;
        desk.ask(Effect::Cancel(task));
        desk.say("It is not asked again.");
        true
    }
}

/// Both side by side: what was asked otherwise, what came otherwise, the figures.
fn told(original: &Original, replay: &Replay) -> Vec<Line> {
    let mut lines = vec![Line::strong("Asked")];
    let facts = diff::facts(&original.asked.facts(), &replay.asked.facts());
    let said = facts
        .iter()
        .map(|(mark, name, value)| Line::of(&format!("{} {name} = {value}", mark.sign()), role(*mark)));
    lines.extend(said);
    lines.extend(changes(&original.asked.told(), &replay.asked.told()));
    lines.push(Line::blank());
    lines.push(Line::strong("Answered"));
    lines.extend(changes(&original.gave.told(), &replay.gave.told()));
    lines.push(Line::blank());
    let head = vec![String::new(), "before".to_owned(), "now".to_owned()];
    let rows = beside(&original.gave.figures(), &replay.gave.figures());
    let rows = rows.into_iter().map(|(name, one, other)| vec![name.to_owned(), one, other]);
    lines.extend(Line::table(&std::iter::once(head).chain(rows).collect::<Vec<_>>()));
    lines
}

/// The lines of a text that changed, with some around them.
fn changes(before: &str, now: &str) -> Vec<Line> {
    let all = diff::lines(before, now);
    if all.iter().all(|line| line.mark == Mark::Same) {
        return vec![Line::of("  the same", Role::Muted)];
    }
    let line = |line: Option<&diff::Line>| match line {
        None => Line::of("  …", Role::Faint),
        Some(line) => Line::of(&format!("{} {}", line.mark.sign(), line.text()), role(line.mark)),
    };
    diff::hunks(&all, AROUND).into_iter().map(line).collect()
}

fn role(mark: Mark) -> Role {
    match mark {
        Mark::Same => Role::Text,
        Mark::Removed => Role::Removed,
        Mark::Added => Role::Added,
    }
}
