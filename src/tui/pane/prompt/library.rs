//! The library as it stands at the side: the prompts, the versions of the one that is open, the line that narrows them.

use crate::domain::Error;
use crate::domain::id::PromptId;
use crate::domain::prompt::{Book, Prompt};
use crate::tui::overlay::input::Input;

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// The place among the prompts.
    Prompt(usize),
    /// A version of the open prompt.
    Version(u32),
}

/// The list, what is typed, what is selected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Library {
    /// The last changed first.
    pub prompts: Vec<Prompt>,
    /// The store has answered once.
    pub known: bool,
    pub error: Option<Error>,
    pub filter: Input,
    /// The line takes what is typed.
    pub typing: bool,
    /// The place of the selection among the rows.
    pub selected: usize,
    /// The first row that is shown.
    pub top: usize,
    /// The version that others are compared with.
    pub marked: Option<u32>,
}

impl Library {
    /// The rows: prompts whose name has what is typed, the versions of the open one under it, the newest first.
    pub fn rows(&self, book: Option<&Book>) -> Vec<Row> {
        let wanted = self.filter.text().trim().to_lowercase();
        let mut rows = Vec::new();
        for (at, prompt) in self.prompts.iter().enumerate() {
            if !prompt.name.to_lowercase().contains(&wanted) {
                continue;
            }
            rows.push(Row::Prompt(at));
            if let Some(book) = book.filter(|book| book.prompt.id == prompt.id) {
                rows.extend(book.versions.iter().rev().map(|version| Row::Version(version.number)));
            }
        }
        rows
    }

    /// The selected row.
    pub fn row(&self, book: Option<&Book>) -> Option<Row> {
        self.rows(book).get(self.selected).copied()
    }

    /// The selected prompt; of a version, the open one.
    pub fn prompt<'a>(&'a self, book: Option<&'a Book>) -> Option<&'a Prompt> {
        match self.row(book)? {
            Row::Prompt(at) => self.prompts.get(at),
            Row::Version(_) => book.map(|book| &book.prompt),
        }
    }

    /// Takes the list as it is now; what is selected stays so.
    pub fn take(&mut self, prompts: Vec<Prompt>, book: Option<&Book>) {
        let before = self.row(book).map(|row| (row, self.prompt(book).map(|prompt| prompt.id)));
        self.prompts = prompts;
        self.known = true;
        self.error = None;
        if let Some((row, id)) = before {
            let same = |other: &Row| match (row, other) {
                (Row::Version(number), Row::Version(other)) => number == *other,
                (Row::Prompt(_), Row::Prompt(at)) => self.prompts.get(*at).map(|prompt| prompt.id) == id,
                _ => false,
            };
            let found = self.rows(book).iter().position(same);
            self.selected = found.unwrap_or(self.selected);
        }
        self.step(0, book);
    }

    /// Selects the row of a prompt.
    pub fn select(&mut self, id: PromptId, book: Option<&Book>) {
        let is =
            |row: &Row| matches!(row, Row::Prompt(at) if self.prompts.get(*at).is_some_and(|p| p.id == id));
        if let Some(at) = self.rows(book).iter().position(is) {
            self.selected = at;
        }
    }

    /// Moves the selection; it stops at the ends.
    pub fn step(&mut self, steps: isize, book: Option<&Book>) {
        let last = self.rows(book).len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(steps).min(last);
    }

    /// Brings the selection into the rows that are shown.
    pub fn reveal(&mut self, height: usize, book: Option<&Book>) {
        let count = self.rows(book).len();
        let lowest = (self.selected + 1).saturating_sub(height);
        self.top = self.top.clamp(lowest, self.selected.max(lowest)).min(count.saturating_sub(height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::prompt::{Sketch, Template, Version};
    use crate::domain::time::Timestamp;

    fn prompt(n: u8, name: &str) -> Prompt {
        let at = Timestamp(0);
        let id = PromptId::from_bytes([n; 16]);
        Prompt { id, name: name.to_owned(), created: at, updated: at, latest: 2 }
    }

    fn book(n: u8) -> Book {
        let version = |number| Version {
            number,
            template: Template::default(),
            note: String::new(),
            created: Timestamp(0),
        };
        Book { prompt: prompt(n, ""), versions: vec![version(1), version(2)], draft: Sketch::default() }
    }

    #[test]
    fn versions_stand_under_the_open_prompt_and_what_is_typed_narrows() {
        let mut library = Library::default();
        library.take(vec![prompt(1, "Sum up"), prompt(2, "Greet"), prompt(3, "Résumé")], None);
        assert_eq!(library.rows(None), [Row::Prompt(0), Row::Prompt(1), Row::Prompt(2)]);
        let open = book(2);
        let rows = [Row::Prompt(0), Row::Prompt(1), Row::Version(2), Row::Version(1), Row::Prompt(2)];
        assert_eq!(library.rows(Some(&open)), rows);
        library.filter = Input::new("SUM");
        assert_eq!(library.rows(Some(&open)), [Row::Prompt(0), Row::Prompt(2)]);
        library.filter = Input::new("resumé");
        assert_eq!(library.rows(Some(&open)), [], "é is no e");
    }

    #[test]
    fn what_is_selected_stays_so_when_the_list_comes_anew() {
        let mut library = Library::default();
        library.take(vec![prompt(1, "a"), prompt(2, "b")], None);
        library.step(1, None);
        library.take(vec![prompt(3, "c"), prompt(1, "a"), prompt(2, "b")], None);
        assert_eq!(library.prompt(None).unwrap().name, "b");
        library.take(vec![prompt(3, "c")], None);
        assert_eq!(library.prompt(None).unwrap().name, "c");
        library.take(Vec::new(), None);
        assert_eq!(library.prompt(None), None);
    }

    #[test]
    fn the_selection_is_in_sight() {
        let mut library = Library::default();
        library.take((0..200).map(|n| prompt(n, "x")).collect(), None);
        library.step(150, None);
        library.reveal(10, None);
        assert_eq!(library.top, 141);
        library.step(-20, None);
        library.reveal(10, None);
        assert_eq!(library.top, 130);
        library.step(isize::MIN, None);
        library.reveal(10, None);
        assert_eq!((library.selected, library.top), (0, 0));
        library.reveal(0, None);
    }
}
