//! The documents of a base: how each stands, and why.

use super::{Page, State, Wait, layout, name_of};
use crate::domain::Error;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::sync::Filed;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::overlay::input::Input;
use crate::tui::rows::{followed, refitted, stepped};
use crate::tui::stroke::Stroke;
use crate::workbench::Request;
use crate::workbench::request::knowledge::Knowledge;

/// How far the syncs of a base that run are: files that are due, and that are done.
pub(super) fn went(base: &Base) -> (u64, u64) {
    let syncs = base.sources.iter().filter_map(|source| source.last.as_ref());
    let running = syncs.filter(|sync| sync.state.is_running());
    running.fold((0, 0), |(due, done), sync| (due + sync.due.files, done + sync.due.files_done))
}

/// Bytes that all of those places begin with, up to the end of a folder.
fn common_folder<'a>(mut uris: impl Iterator<Item = &'a str>) -> usize {
    let Some(first) = uris.next() else { return 0 };
    let shared = uris.fold(first, |shared, uri| {
        let same = shared.bytes().zip(uri.bytes()).take_while(|(one, other)| one == other).count();
        &shared[..shared.floor_char_boundary(same)]
    });
    shared.rfind('/').map_or(0, |at| at + 1)
}

/// The documents as far as they are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shelf {
    /// By their places.
    pub list: Vec<Filed>,
    /// Bytes of their places that all begin with: the folder that is common to them.
    pub common: usize,
    /// Those that are shown.
    pub order: Vec<usize>,
    pub known: bool,
    /// How far the syncs of the base were when they were asked for: files that are due, and that are done.
    pub seen: (u64, u64),
    pub error: Option<Error>,
    pub selected: usize,
    pub top: usize,
    /// What their places have in them.
    pub narrow: Input,
    /// That is being written.
    pub writing: bool,
    /// A passage is to be chosen: one that has some is selected once they are known.
    pub seeks: bool,
}

impl Shelf {
    /// The one that keys act on, by its place in the whole list.
    pub fn current(&self) -> Option<usize> {
        self.order.get(self.selected).copied()
    }

    /// Whether a sync went on so far that others wait now. A long list is read anew with every hundredth of it.
    pub fn is_behind(&self, went: (u64, u64)) -> bool {
        let step = (self.list.len() as u64 / 100).max(1);
        went.0 != self.seen.0 || went.1.abs_diff(self.seen.1) >= step
    }

    /// Takes them as they are now; the one that was selected stays so.
    pub fn take(&mut self, list: Vec<Filed>, page: usize) {
        let chosen = self.current().and_then(|at| self.list.get(at)).map(|document| document.id);
        let before = self.selected;
        self.common = common_folder(list.iter().map(|document| document.uri.as_str()));
        (self.list, self.known, self.error) = (list, true, None);
        self.arrange();
        let at = self.order.iter().position(|at| Some(self.list[*at].id) == chosen);
        self.selected = at.unwrap_or(before.min(self.order.len().saturating_sub(1)));
        let has_some = |at: &usize| self.list[*at].passages > 0;
        if std::mem::take(&mut self.seeks) && !self.current().as_ref().is_some_and(has_some) {
            self.selected = self.order.iter().position(has_some).unwrap_or(self.selected);
        }
        self.top = refitted(self.top, self.selected, page, self.order.len());
    }

    /// Shows those whose places have what is typed.
    pub fn arrange(&mut self) {
        let before = self.current();
        let wanted = self.narrow.text().to_lowercase();
        let shown = |at: &usize| self.list[*at].uri.to_lowercase().contains(&wanted);
        self.order = (0..self.list.len()).filter(shown).collect();
        self.selected = self.order.iter().position(|at| Some(*at) == before).unwrap_or(0);
    }
}

impl State {
    /// Shows the documents, and reads them anew.
    pub(super) fn show_documents(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        open.page = Page::Documents;
        (open.shelf.seeks, open.wishes) = (false, false);
        self.read_documents(desk);
    }

    pub(super) fn read_documents(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let base = self.bases.iter().find(|base| base.id == open.id);
        open.shelf.seen = base.map(went).unwrap_or_default();
        let request = Knowledge::Documents { id: open.id };
        let task = desk.call(Some(Lane("documents")), Request::Knowledge(request));
        self.instead(|wait| *wait == Wait::Documents);
        self.wait(task, Wait::Documents);
    }

    pub(super) fn can_among_documents(&self, action: Action) -> bool {
        use Action as A;
        let Some((open, _)) = self.opened() else { return false };
        let shelf = &open.shelf;
        match action {
            A::Open => shelf.current().is_some_and(|at| shelf.list[at].passages > 0),
            A::Search
            | A::FocusComposer
            | A::Accept
            | A::Cancel
            | A::SyncBase
            | A::AddDocuments
            | A::Help => true,
            action => stepped(action, 0, 1, 1).is_some() && shelf.order.len() > 1,
        }
    }

    /// Why the document that keys act on is not opened.
    pub(super) fn lacks_passages(&self, action: Action) -> Option<String> {
        let (open, _) = self.opened().filter(|(open, _)| open.page == Page::Documents)?;
        let document = open.shelf.current().and_then(|at| open.shelf.list.get(at))?;
        if action != Action::Open || document.passages > 0 {
            return None;
        }
        let why = document
            .notes
            .first()
            .map(|note| format!(": {}", by_name(note, &document.uri).trim_end_matches('.')));
        Some(format!("{} has no passages{}.", name_of(&document.uri), why.unwrap_or_default()))
    }

    pub(super) fn among_documents(&mut self, action: Action, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let page = usize::from(layout::listed(desk.area).0.height).max(1);
        let shelf = &mut open.shelf;
        if shelf.writing {
            match action {
                Action::Accept => shelf.writing = false,
                Action::Cancel | Action::Back => {
                    shelf.writing = false;
                    shelf.narrow = Input::default();
                    shelf.arrange();
                }
                action => {
                    if let Some(to) = stepped(action, shelf.selected, page, shelf.order.len()) {
                        shelf.selected = to;
                    }
                }
            }
            shelf.top = refitted(shelf.top, shelf.selected, page, shelf.order.len());
            return;
        }
        if let Some(to) = stepped(action, shelf.selected, page, shelf.order.len()) {
            shelf.selected = to;
            shelf.top = followed(shelf.top, to, page);
            return;
        }
        match action {
            Action::Open => {
                let Some(document) = shelf.current().map(|at| shelf.list[at].id) else { return };
                self.show_passage(document, 0, desk);
            }
            Action::Search => shelf.writing = true,
            Action::FocusComposer => self.write_question(),
            action => self.on_base(action, desk),
        }
    }

    /// A key into the line that narrows them.
    pub(super) fn type_among_documents(&mut self, stroke: Stroke, desk: &Desk<'_>) {
        let page = usize::from(layout::listed(desk.area).0.height).max(1);
        let Some(open) = &mut self.open else { return };
        let shelf = &mut open.shelf;
        if shelf.writing && shelf.narrow.press(stroke) {
            shelf.arrange();
            shelf.top = refitted(shelf.top, shelf.selected, page, shelf.order.len());
        }
    }
}

/// A text about a document that is named beside it: within it the last part of its place is enough.
pub(super) fn by_name(text: &str, uri: &str) -> String {
    text.replace(uri, name_of(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_that_all_documents_lie_in_is_told_of_none() {
        let common = |uris: &[&str]| common_folder(uris.iter().copied());
        assert_eq!(common(&[]), 0);
        assert_eq!(common(&["/a/book/one.md", "/a/book/other.md"]), "/a/book/".len());
        assert_eq!(common(&["/a/book/one.md", "/a/books.md"]), "/a/".len());
        assert_eq!(common(&["/a/川/one.md", "/a/州/one.md"]), "/a/".len());
        assert_eq!(common(&["/a/book/one.md"]), "/a/book/".len());
    }

    #[test]
    fn a_text_beside_a_place_says_that_once() {
        assert_eq!(
            by_name("reading /a/b.pdf: it has no text.", "/a/b.pdf"),
            "reading b.pdf: it has no text."
        );
    }
}
