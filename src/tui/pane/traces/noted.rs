//! What the person thinks of the chosen span, or of the whole run: scored, or noted in a line.
//!
//! What it is on is held fast when it is asked: what comes live meanwhile moves what is chosen.

use super::{State, Wait};
use crate::domain::trace::note::in_short;
use crate::domain::trace::{Grade, Note, Opinion, TraceId};
use crate::tui::app::Desk;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::trace::Target;
use crate::workbench::Request;
use crate::workbench::request::traces::Traces;

/// The grades that have a name, the best first.
const GRADES: [(f64, &str); 5] =
    [(1.0, "good"), (0.75, "rather good"), (0.5, "so-so"), (0.25, "rather bad"), (0.0, "bad")];

impl State {
    /// What notes are on: the chosen span of the run that is looked into, or all of the chosen run.
    fn noted(&self) -> Option<Target> {
        let run = self.meant()?;
        let span = self.open.as_ref().and_then(|open| open.target(open.chosen()?));
        let whole =
            || Target { id: run.id, row: None, span: None, name: run.name.clone(), model: String::new() };
        Some(span.unwrap_or_else(whole))
    }

    /// Asks for a grade.
    pub(super) fn ask_for_grade(&self, desk: &mut Desk<'_>) {
        let Some(target) = self.noted() else { return };
        let entry = |(number, label): (f64, &str)| {
            let grade = Grade::Number(number);
            Entry {
                label: label.to_owned(),
                detail: grade.words(),
                right: String::new(),
                current: false,
                off: false,
                choice: Choice::Opine(Box::new(target.clone()), Opinion::new(Some(grade), "")),
                words: &[],
            }
        };
        let title = format!("How good is {}?", target.words());
        let entries = GRADES.into_iter().map(entry).collect();
        let menu = Menu::grades(&title, "score it", entries, target);
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// Asks for a note.
    pub(super) fn ask_for_note(&self, desk: &mut Desk<'_>) {
        if let Some(target) = self.noted() {
            desk.overlays.push(Overlay::Prompt(Prompt::opinion(target)));
        }
    }

    /// Keeps what was said.
    pub(super) fn opine(&mut self, of: &Target, said: Opinion, desk: &mut Desk<'_>) {
        let note = Traces::Note { id: of.id, row: of.row, span: of.span, said };
        let task = desk.call(None, Request::Traces(note));
        self.wait(task, Wait::Note);
    }

    /// It is kept. What is looked at is told of it by the watch as well, as of those that others make; for the list the run is asked
    /// for, since what was noted before is told with it.
    pub(super) fn was_noted(&mut self, note: &Note, desk: &mut Desk<'_>) {
        let of = if note.span.is_some() { "the span" } else { "the run" };
        desk.say(format!("Noted on {of}: {}", note.line()));
        if self.open.as_ref().is_some_and(|open| open.id() == note.trace) {
            self.read_notes(desk);
        }
        let find = Traces::Find { text: note.trace.to_string() };
        let task = desk.call(None, Request::Traces(find));
        self.wait(task, Wait::Noted);
    }

    /// These notes are on the run that is looked into, and so many that cannot be read: the list tells of those of others, too.
    pub(super) fn count_notes(&mut self, notes: &[Note], damaged: usize) {
        let Some(open) = &self.open else { return };
        let id = open.id();
        self.tell_notes(id, (notes.len() + damaged) as u64, &in_short(notes));
    }

    /// So many notes are on a run, and they come to that.
    pub(super) fn tell_notes(&mut self, id: TraceId, notes: u64, noted: &str) {
        let open = self.open.as_mut().map(|open| &mut open.run);
        for run in self.runs.iter_mut().chain(open).filter(|run| run.id == id) {
            run.notes = notes;
            noted.clone_into(&mut run.noted);
        }
    }
}
