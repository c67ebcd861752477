//! One document as it was cut: its passages in order, as many as are looked at, and all that is known of one.

use std::time::Duration;

use super::{Focus, Page, State, Wait, layout};
use crate::domain::Error;
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::retrieval::Looked;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TimerId};
use crate::tui::rows::{followed, stepped};
use crate::workbench::Request;
use crate::workbench::request::knowledge::Knowledge;

/// A passage is asked about when keys have rested on it so long.
pub(super) const REST: TimerId = TimerId("knowledge.rest");
const RESTED: Duration = Duration::from_millis(120);

/// Passages that are read at once, so many of them before the one that is looked at.
const WINDOW: u32 = 400;
const BEFORE: u32 = 150;

/// The document that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub document: DocumentId,
    pub uri: String,
    /// Its passages.
    pub all: u32,
    /// The passages that were read, from that one on.
    pub from: u32,
    pub list: Vec<Passage>,
    pub selected: u32,
    pub top: u32,
    pub error: Option<Error>,
    /// What is known of the selected one.
    pub looked: Option<Looked>,
}

impl Leaf {
    /// A passage, where it was read.
    pub fn passage(&self, at: u32) -> Option<&Passage> {
        self.list.get(at.checked_sub(self.from)? as usize)
    }

    pub fn current(&self) -> Option<&Passage> {
        self.passage(self.selected)
    }

    /// What is known of the selected one, once it is.
    pub fn known(&self) -> Option<&Looked> {
        let id = self.current()?.id;
        self.looked.as_ref().filter(|looked| looked.passage.id == id)
    }

    /// Bytes of a passage that the one before it has too, and those that the next one has too.
    pub fn overlaps(&self, at: u32) -> (usize, usize) {
        let Some(passage) = self.passage(at) else { return (0, 0) };
        let before = at.checked_sub(1).and_then(|at| self.passage(at));
        let next = self.passage(at + 1);
        shared(before, passage, next)
    }
}

/// Bytes of a passage that the one before it has too, and those that the next one has too.
pub(super) fn shared(before: Option<&Passage>, passage: &Passage, next: Option<&Passage>) -> (usize, usize) {
    let (start, end) = (passage.range.start, passage.range.end);
    let all = end.saturating_sub(start);
    (
        before.map_or(0, |before| before.range.end.saturating_sub(start).min(all)),
        next.map_or(0, |next| end.saturating_sub(next.range.start).min(all)),
    )
}

impl State {
    /// Shows a document at one of its passages.
    pub(super) fn show_passage(&mut self, document: DocumentId, ordinal: u32, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let filed = open.shelf.list.iter().find(|filed| filed.id == document);
        if filed.is_none() {
            // Which document it is comes with the list.
            self.read_documents(desk);
        }
        let Some(open) = &mut self.open else { return };
        let filed = open.shelf.list.iter().find(|filed| filed.id == document);
        let (uri, all) = filed.map_or((String::new(), 0), |filed| (filed.uri.clone(), filed.passages));
        open.page = Page::Passages;
        open.scroll = 0;
        open.leaf = Some(Leaf {
            document,
            uri,
            all: all.max(ordinal + 1),
            from: 0,
            list: Vec::new(),
            selected: ordinal,
            top: ordinal.saturating_sub(3),
            error: None,
            looked: None,
        });
        self.read_passages(desk);
    }

    /// Reads the passages around the selected one, where they are not here.
    fn read_passages(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &self.open else { return };
        let Some(leaf) = &open.leaf else { return };
        let page = u32::from(layout::listed(desk.area).0.height);
        let last = leaf.all.saturating_sub(1);
        let wanted = [leaf.top.saturating_sub(1), (leaf.top + page).min(last), leaf.selected];
        if wanted.iter().all(|at| leaf.passage(*at).is_some()) && !leaf.list.is_empty() {
            return;
        }
        let from = leaf.selected.saturating_sub(BEFORE);
        let document = leaf.document;
        let asked = Wait::Passages(document, from);
        if self.waits.values().any(|wait| *wait == asked) {
            return;
        }
        let request = Knowledge::Passages { id: open.id, document, from, most: Some(WINDOW) };
        let task = desk.call(Some(Lane("passages")), Request::Knowledge(request));
        self.instead(|wait| matches!(wait, Wait::Passages(..)));
        self.wait(task, asked);
    }

    pub(super) fn can_among_passages(&self, action: Action) -> bool {
        use Action as A;
        let Some(leaf) = self.opened().and_then(|(open, _)| open.leaf.as_ref()) else { return false };
        match action {
            A::FocusComposer | A::NextDocument | A::PreviousDocument | A::Help => true,
            A::ExpectPassage | A::Copy | A::LineDown | A::LineUp => leaf.current().is_some(),
            action => stepped(action, 0, 1, 1).is_some() && leaf.all > 1,
        }
    }

    pub(super) fn among_passages(&mut self, action: Action, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let page = usize::from(layout::listed(desk.area).0.height).max(1);
        let Some(leaf) = &mut open.leaf else { return };
        if let Some(to) = stepped(action, leaf.selected as usize, page, leaf.all as usize) {
            leaf.selected = to as u32;
            leaf.top = followed(leaf.top as usize, to, page) as u32;
            open.scroll = 0;
            self.read_passages(desk);
            return Self::rest(desk);
        }
        match action {
            Action::LineDown => open.scroll = open.scroll.saturating_add(1),
            Action::LineUp => open.scroll = open.scroll.saturating_sub(1),
            Action::Copy => {
                if let Some(passage) = leaf.current() {
                    desk.ask(Effect::Copy(passage.text.clone()));
                }
            }
            Action::ExpectPassage => {
                let Some(id) = leaf.current().map(|passage| passage.id) else { return };
                if !open.expected.contains(&id) {
                    open.expected.push(id);
                }
                open.chosen = Some(id);
                open.page = Page::Found;
                if open.asked.is_empty() {
                    open.focus = Focus::Query;
                    desk.say("Ask, and its ranks are told whatever is found.");
                } else {
                    open.focus = Focus::Hits;
                    self.find_again(desk);
                }
            }
            Action::NextDocument | Action::PreviousDocument => {
                let shelf = &open.shelf;
                let here = shelf.list.iter().position(|filed| filed.id == leaf.document);
                let with = |at: &usize| shelf.list[*at].passages > 0;
                let to = here.and_then(|here| {
                    if action == Action::NextDocument {
                        (here + 1..shelf.list.len()).find(with)
                    } else {
                        (0..here).rev().find(with)
                    }
                });
                if let Some(document) = to.map(|at| shelf.list[at].id) {
                    self.show_passage(document, 0, desk);
                }
            }
            Action::FocusComposer => self.write_question(),
            _ => {}
        }
    }

    /// Keys may rest on a passage now.
    pub(super) fn rest(desk: &mut Desk<'_>) {
        desk.ask(Effect::After { timer: REST, delay: RESTED });
    }

    /// They do: asks what is known of it.
    pub(super) fn rested(&mut self, desk: &mut Desk<'_>) {
        let Some((open, _)) = self.opened() else { return };
        let Some(leaf) = open.leaf.as_ref().filter(|_| open.page == Page::Passages) else { return };
        let Some(passage) = leaf.current().filter(|_| leaf.known().is_none()).map(|passage| passage.id)
        else {
            return;
        };
        let request = Knowledge::Look { id: open.id, passage };
        let task = desk.call(Some(Lane("passage")), Request::Knowledge(request));
        self.instead(|wait| matches!(wait, Wait::Look(_)));
        self.wait(task, Wait::Look(passage));
    }

    /// Passages of a document have come.
    pub(super) fn take_passages(
        &mut self,
        document: DocumentId,
        from: u32,
        passages: Vec<Passage>,
        desk: &mut Desk<'_>,
    ) {
        let leaf = self.open.as_mut().and_then(|open| open.leaf.as_mut());
        let Some(leaf) = leaf.filter(|leaf| leaf.document == document) else { return };
        if passages.is_empty() && from > 0 {
            // It has fewer by now than were told of: the last ones are looked for.
            (leaf.all, leaf.selected, leaf.looked) = (from, from - 1, None);
            leaf.list.clear();
            return self.read_passages(desk);
        }
        (leaf.from, leaf.list, leaf.error) = (from, passages, None);
        let end = leaf.from + leaf.list.len() as u32;
        if (leaf.list.len() as u32) < WINDOW {
            // There are no more of them, however many were told of.
            leaf.all = end;
            leaf.selected = leaf.selected.min(end.saturating_sub(1));
        }
        Self::rest(desk);
    }

    /// What is known of a passage has come.
    pub(super) fn take_look(&mut self, id: PassageId, looked: Looked) {
        let leaf = self.open.as_mut().and_then(|open| open.leaf.as_mut());
        if let Some(leaf) = leaf.filter(|leaf| leaf.current().is_some_and(|passage| passage.id == id)) {
            leaf.looked = Some(looked);
        }
    }

    /// The documents have come: the one that is looked at has its name and its number of passages. Where that is another one than
    /// it was, it was cut anew, and its passages are read again, once a sync is through with it: until then it has fewer.
    pub(super) fn name_leaf(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let Some(leaf) = &mut open.leaf else { return };
        let Some(filed) = open.shelf.list.iter().find(|filed| filed.id == leaf.document) else { return };
        let named = !leaf.uri.is_empty();
        leaf.uri.clone_from(&filed.uri);
        if !named {
            leaf.all = filed.passages.max(leaf.from + leaf.list.len() as u32);
        } else if filed.passages != leaf.all && !leaf.list.is_empty() && !filed.state.is_due() {
            leaf.all = filed.passages;
            leaf.selected = leaf.selected.min(leaf.all.saturating_sub(1));
            (leaf.list, leaf.looked) = (Vec::new(), None);
            if leaf.all > 0 {
                self.read_passages(desk);
            }
        }
    }
}
