//! What became of a text from one version to another.

use super::State;
use super::library::Row;
use crate::domain::diff::{self, Mark};
use crate::domain::prompt::Template;
use crate::tui::app::Desk;

/// Two texts compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    pub from: String,
    pub to: String,
    /// What else it is sent with: the model, the settings.
    pub facts: Vec<(Mark, &'static str, String)>,
    pub lines: Vec<diff::Line>,
    /// The first row that is shown.
    pub top: usize,
}

impl State {
    /// Compares the selected version with the marked one or the one before it; elsewhere what is written with the
    /// marked or the newest version. The same again closes it.
    pub(super) fn compare(&mut self, desk: &mut Desk<'_>) {
        let Some(book) = &self.book else {
            return desk.say("What is written has no versions yet.");
        };
        let selected = match (self.focus, self.library.row(Some(book))) {
            (super::Focus::Library, Some(Row::Version(number))) => Some(number),
            _ => None,
        };
        let marked = self.library.marked.filter(|marked| selected != Some(*marked));
        let before = |number: u32| book.versions.iter().map(|v| v.number).rfind(|other| *other < number);
        let from = marked.or_else(|| selected.map_or(Some(book.prompt.latest), before));
        let (old, new) = match (from, selected) {
            (Some(from), Some(to)) => (from.min(to), Some(from.max(to))),
            // The first version has none before it: what became of it is what is written.
            (None, Some(first)) => (first, None),
            (from, None) => (from.unwrap_or(book.prompt.latest), None),
        };
        let Some(old) = book.version(old) else { return };
        let new: Option<(u32, Template)> =
            new.and_then(|number| book.version(number)).map(|v| (v.number, v.template.clone()));
        let to = new.as_ref().map_or("what is written".to_owned(), |(number, _)| format!("version {number}"));
        let new = new.map_or_else(|| self.template(), |(_, template)| template);
        let compared = Compared {
            from: format!("version {}", old.number),
            to,
            facts: diff::facts(&old.template.facts(), &new.facts()),
            lines: diff::lines(&old.template.text, &new.text),
            top: 0,
        };
        let again = self.compared.as_ref().is_some_and(|now| {
            (&now.from, &now.to, &now.lines) == (&compared.from, &compared.to, &compared.lines)
        });
        self.compared = (!again).then_some(compared);
        // The library covers the comparison where there is no room for both.
        if self.compared.is_some() && Self::is_narrow(desk.area) {
            self.focus = super::Focus::Answer;
        }
    }
}
