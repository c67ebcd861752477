//! What the person thinks of the chosen span, or of the whole run: scored with a key, or noted in a line.

use super::{State, Wait};
use crate::domain::trace::{Grade, Note, Opinion, TraceId};
use crate::tui::app::Desk;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::Request;
use crate::workbench::request::traces::Traces;

/// The grades that have a key of their own.
const GRADES: [(char, &str); 5] =
    [('1', "bad"), ('2', "rather bad"), ('3', "so-so"), ('4', "rather good"), ('5', "good")];

impl State {
    /// What notes are on: the chosen span of the run that is looked into, or all of the chosen run.
    fn noted(&self) -> Option<(TraceId, Option<u32>)> {
        let row = self.open.as_ref().and_then(super::open::Open::chosen);
        self.meant().map(|run| (run.id, row))
    }

    fn of_what(&self) -> &'static str {
        if matches!(self.noted(), Some((_, Some(_)))) { "the span" } else { "the run" }
    }

    /// Asks for a grade.
    pub(super) fn ask_for_grade(&self, desk: &mut Desk<'_>) {
        if self.noted().is_none() {
            return;
        }
        let entry = |(key, label): (char, &str)| {
            let grade = Grade::of_key(key);
            Entry {
                label: label.to_owned(),
                detail: grade.as_ref().map(Grade::words).unwrap_or_default(),
                right: String::new(),
                current: false,
                off: false,
                choice: Choice::Opine(Opinion::new(grade, "")),
                words: &[],
            }
        };
        let title = format!("How good is {}?", self.of_what());
        let menu = Menu::numbered(&title, "score it", GRADES.into_iter().map(entry).collect());
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// Asks for a note.
    pub(super) fn ask_for_note(&self, desk: &mut Desk<'_>) {
        if self.noted().is_some() {
            desk.overlays.push(Overlay::Prompt(Prompt::opinion(self.of_what())));
        }
    }

    /// Keeps what was said.
    pub(super) fn opine(&mut self, said: Opinion, desk: &mut Desk<'_>) {
        let Some((id, row)) = self.noted() else { return };
        let task = desk.call(None, Request::Traces(Traces::Note { id, row, said }));
        self.wait(task, Wait::Note);
    }

    /// It is kept. What is looked at is told of it by the watch as well, as of those that others make.
    pub(super) fn was_noted(&mut self, note: &Note, desk: &mut Desk<'_>) {
        let of = if note.span.is_some() { "the span" } else { "the run" };
        desk.say(format!("Noted on {of}: {}", note.line()));
        if self.open.as_ref().is_some_and(|open| open.id() == note.trace) {
            self.read_notes(desk);
        }
    }
}
