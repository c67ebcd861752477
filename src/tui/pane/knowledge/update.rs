//! What an action, a key or the mouse does here.

use super::{Focus, Open, Page, State, cited, is_worked_on, layout};
use crate::domain::id::PassageId;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::overlay::Choice;
use crate::tui::rows::{followed, refitted};
use crate::tui::stroke::{Edit, Stroke};

impl State {
    pub(super) fn where_keys_go(&self) -> Context {
        if self.cuts.is_some() {
            return Context::Preview;
        }
        let Some((open, _)) = self.opened() else { return Context::Bases };
        match open.page {
            Page::Found if open.focus == Focus::Query => Context::Query,
            Page::Found => Context::Hits,
            Page::Documents if open.shelf.writing => Context::Menu,
            Page::Documents => Context::Documents,
            Page::Passages => Context::Passages,
            Page::Sources => Context::Sources,
        }
    }

    /// Whether the action means something here and now.
    pub(super) fn can_do(&self, action: Action) -> bool {
        match (action, self.opened()) {
            (action, _) if self.cuts.is_some() => self.can_among_cuts(action),
            (Action::Back, None) => false,
            (Action::Back, Some(_)) => true,
            (action, None) => self.can_among_bases(action),
            (action, Some((open, _))) => match open.page {
                Page::Found => self.can_among_hits(action) || self.edits(action),
                Page::Documents => self.can_among_documents(action),
                Page::Passages => self.can_among_passages(action),
                Page::Sources => self.can_among_sources(action),
            },
        }
    }

    /// Where two stand side by side the key that parts them leads back to one.
    pub(super) fn called(&self, action: Action) -> Option<&'static str> {
        let (sides, columns) = (self.cuts.as_ref(), self.open.as_ref());
        match action {
            Action::TwoChunkings if sides.is_some_and(|cuts| cuts.sides.len() > 1) => Some("one way"),
            Action::SyncBase if self.meant().is_some_and(is_worked_on) => Some("pause"),
            Action::Open if sides.is_none() => {
                let open = columns.filter(|open| open.page == Page::Found && open.focus == Focus::Answer)?;
                Some(if open.whole { "less of it" } else { "all of it" })
            }
            Action::ExpectPassage
                if columns.is_some_and(|open| open.wishes && open.page == Page::Passages) =>
            {
                Some("choose it")
            }
            Action::TwoSettings if columns.is_some_and(|open| open.columns.len() > 1) => Some("one setting"),
            _ => None,
        }
    }

    /// The action is one of the line that is being written.
    fn edits(&self, action: Action) -> bool {
        action.edits() && self.where_keys_go() == Context::Query
    }

    pub(super) fn does(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        if self.cuts.is_some() {
            return self.among_cuts(action, desk);
        }
        let page = self.opened().map(|(open, _)| (open.page, open.shelf.writing));
        if action == Action::Back && page.is_none_or(|(_, writing)| !writing) {
            return self.back(desk);
        }
        match page {
            None => self.among_bases(action, desk),
            Some((Page::Found, _)) => self.among_hits(action, desk),
            Some((Page::Documents, true)) => match desk.stroke(key) {
                Some(stroke) if !matches!(action, Action::Accept | Action::Cancel) && !action.moves() => {
                    self.type_among_documents(stroke, desk);
                }
                _ => self.among_documents(action, desk),
            },
            Some((Page::Documents, false)) => self.among_documents(action, desk),
            Some((Page::Passages, _)) => self.among_passages(action, desk),
            Some((Page::Sources, _)) => self.among_sources(action, desk),
        }
    }

    /// What runs is stopped, then one step out.
    fn back(&mut self, desk: &mut Desk<'_>) {
        if self.stop_answer(desk) {
            return;
        }
        let Some(open) = &mut self.open else { return };
        match open.page {
            Page::Passages if open.shelf.known && open.asked.is_empty() => open.page = Page::Documents,
            Page::Documents if !open.shelf.narrow.text().is_empty() => {
                open.shelf.narrow.clear();
                open.shelf.arrange();
                self.keep_in_sight(desk);
            }
            // Where nothing was asked they were come to from the list, as sources always are.
            Page::Documents if open.asked.is_empty() && open.query.text().is_empty() => self.look_into(None),
            Page::Passages | Page::Documents => open.page = Page::Found,
            Page::Found if open.whole => open.whole = false,
            Page::Found if open.focus != Focus::Query => open.focus = Focus::Query,
            Page::Found | Page::Sources => self.look_into(None),
        }
    }

    /// The question is written.
    pub(super) fn write_question(&mut self) {
        if let Some(open) = &mut self.open {
            (open.page, open.focus) = (Page::Found, Focus::Query);
        }
    }

    /// What a key that means no action does to the line that is being written.
    pub(super) fn press(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        match self.where_keys_go() {
            Context::Query => match stroke {
                // Below the line are the hits.
                Stroke::Edits { edit: Edit::RowDown, .. } => self.among_hits(Action::SelectNext, desk),
                Stroke::Edits { edit: Edit::RowUp, .. } => self.among_hits(Action::SelectPrevious, desk),
                stroke => {
                    if let Some(open) = &mut self.open {
                        open.query.press(stroke);
                    }
                }
            },
            Context::Menu => self.type_among_documents(stroke, desk),
            _ => {}
        }
    }

    /// A pasted text goes into what is being written; never anywhere else.
    pub(super) fn insert(&mut self, text: &str, desk: &Desk<'_>) {
        let context = self.where_keys_go();
        let Some(open) = &mut self.open else { return };
        match context {
            Context::Query => open.query.insert(text),
            Context::Menu => {
                open.shelf.narrow.insert(text);
                open.shelf.arrange();
                self.keep_in_sight(desk);
            }
            _ => {}
        }
    }

    /// Takes what was chosen in an overlay.
    pub(super) fn was_chosen(&mut self, choice: &Choice, desk: &mut Desk<'_>) {
        if !self.chosen_of_cuts(choice, desk)
            && !self.chosen_of_form(choice, desk)
            && !self.chosen_of_bases(choice, desk)
            && !Self::chosen_of_reranking(choice, desk)
        {
            self.chosen_among_hits(choice, desk);
        }
    }

    pub(super) fn pointed(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        if self.cuts.is_some() {
            return self.pointed_at_cuts(mouse, desk);
        }
        let wheel = match mouse.kind {
            MouseKind::ScrollDown => Some(Action::SelectNext),
            MouseKind::ScrollUp => Some(Action::SelectPrevious),
            _ => None,
        };
        if let Some(action) = wheel {
            if !self.wheeled_over_text(mouse, desk) {
                // What is listed is meant, not the answer above it.
                if let Some(open) = self.open.as_mut().filter(|open| open.focus == Focus::Answer) {
                    open.focus = Focus::Hits;
                }
                self.does(action, None, desk);
            }
            return;
        }
        if matches!(mouse.kind, MouseKind::Down(_)) {
            self.pressed_at(mouse, desk);
        }
    }

    /// The wheel over the card or the answer scrolls that.
    fn wheeled_over_text(&mut self, mouse: Mouse, desk: &Desk<'_>) -> bool {
        let at = (mouse.column, mouse.row).into();
        let down = mouse.kind == MouseKind::ScrollDown;
        let Some((open, _)) = self.opened() else { return false };
        let (card, areas) = match open.page {
            Page::Found => {
                let areas = layout::found(open, desk.area);
                (areas.card, Some(areas))
            }
            Page::Documents | Page::Sources => return false,
            Page::Passages => (layout::listed(desk.area).1, None),
        };
        let Some(open) = &mut self.open else { return false };
        if card.contains(at) {
            open.scroll = if down { open.scroll.saturating_add(1) } else { open.scroll.saturating_sub(1) };
        } else if let Some(areas) = areas.filter(|areas| areas.answer.contains(at)) {
            let action = if down { Action::LineDown } else { Action::LineUp };
            open.scroll_answer(action, &areas);
        } else {
            return false;
        }
        true
    }

    fn pressed_at(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let at = (mouse.column, mouse.row).into();
        let Some((open, _)) = self.opened() else {
            let rows = layout::bases(desk.area).0;
            let row = self.top + usize::from(mouse.row.saturating_sub(rows.y));
            if rows.contains(at) && row < self.bases.len() {
                self.select_base(row, desk);
            }
            return;
        };
        match open.page {
            Page::Found => {
                let areas = layout::found(open, desk.area);
                self.pressed_among_hits(&areas, mouse);
            }
            Page::Documents => {
                let rows = layout::listed(desk.area).0;
                let row = open.shelf.top + usize::from(mouse.row.saturating_sub(rows.y));
                let known = rows.contains(at) && row < open.shelf.order.len();
                if let Some(open) = self.open.as_mut().filter(|_| known) {
                    open.shelf.selected = row;
                    open.shelf.top = followed(open.shelf.top, row, usize::from(rows.height));
                }
            }
            Page::Sources => {
                if layout::listed(desk.area).0.contains(at) {
                    self.row_pressed(mouse.row, desk);
                }
            }
            Page::Passages => {
                let rows = layout::listed(desk.area).0;
                let leaf = self.open.as_mut().and_then(|open| open.leaf.as_mut());
                if let Some(leaf) = leaf.filter(|_| rows.contains(at)) {
                    let row = leaf.top + u32::from(mouse.row - rows.y);
                    leaf.selected = row.min(leaf.all.saturating_sub(1));
                    Self::rest(desk);
                }
            }
        }
    }

    /// What is selected is in sight in whatever room there is now, and however few rows are left. Of hits the picture sees to it:
    /// their room changes with the answer above them.
    pub(super) fn keep_in_sight(&mut self, desk: &Desk<'_>) {
        let page = usize::from(layout::bases(desk.area).0.height);
        self.top = refitted(self.top, self.selected, page, self.bases.len());
        if let Some(cuts) = &mut self.cuts {
            let areas = layout::cuts(cuts.sides.len(), cuts.at, desk.area);
            for (at, side) in cuts.sides.iter_mut().enumerate() {
                side.top = refitted(side.top, side.selected, areas.page(at).into(), side.list.len());
            }
        }
        let sources = self.opened().map_or(0, |(open, base)| open.sources.rows(base).len());
        let Some(open) = &mut self.open else { return };
        let page = usize::from(layout::listed(desk.area).0.height);
        open.shelf.top = refitted(open.shelf.top, open.shelf.selected, page, open.shelf.order.len());
        open.sources.top = refitted(open.sources.top, open.sources.selected, page, sources);
        if let Some(leaf) = &mut open.leaf {
            leaf.top = refitted(leaf.top as usize, leaf.selected as usize, page, leaf.all as usize) as u32;
        }
    }

    fn pressed_among_hits(&mut self, areas: &layout::Found, mouse: Mouse) {
        let at = (mouse.column, mouse.row).into();
        let Some(open) = &mut self.open else { return };
        if let Some(id) = open.marked_at(areas, mouse) {
            return open.select(id);
        }
        if areas.query.contains(at) {
            open.focus = Focus::Query;
        }
        if areas.answer.contains(at) && open.answer.as_ref().is_some_and(|said| said.error.is_none()) {
            open.focus = Focus::Answer;
        }
        for (place, rows) in areas.rows.iter().enumerate().filter(|(_, rows)| rows.contains(at)) {
            let Some(column) = open.columns.get_mut(place) else { continue };
            let first = column.first(rows.height);
            let row = first + usize::from(mouse.row - rows.y);
            if row < column.rows() {
                (column.top, column.selected) = (first, row);
                (open.at, open.focus, open.scroll) = (place, Focus::Hits, 0);
                open.chosen = None;
            }
        }
    }
}

impl Open {
    /// The passage that the answer names where the mouse is.
    fn marked_at(&self, areas: &layout::Found, mouse: Mouse) -> Option<PassageId> {
        // In the place of one that broke off stands why it did.
        let said = self.answer.as_ref().filter(|said| said.error.is_none())?;
        let text = layout::text_of(areas.answer);
        if !text.contains((mouse.column, mouse.row).into()) {
            return None;
        }
        let top = self.answer_row(text.height.into(), areas.said.len());
        let row = areas.said.get(top + usize::from(mouse.row - text.y))?;
        let number = cited::named_at(row, said.given, usize::from(mouse.column - text.x))?;
        said.hits.get(number.checked_sub(1)?).copied()
    }

    /// Selects that passage, where it is among what is found now.
    fn select(&mut self, id: PassageId) {
        let Some(column) = self.columns.get_mut(self.at) else { return };
        let is_it = |at: &usize| column.row(*at).is_some_and(|(_, found)| found.passage.id == id);
        if let Some(at) = (0..column.rows()).find(is_it) {
            column.selected = at;
            (self.focus, self.scroll, self.chosen) = (Focus::Hits, 0, None);
        }
    }

    /// After what was found has come: something is selected, the passage that was expected where one was chosen, and it is in sight.
    pub(super) fn settle(&mut self, place: usize) {
        let chosen = self.chosen;
        if let Some(column) = self.columns.get_mut(place) {
            (column.of, column.by) = (self.asked.clone(), column.tuning.clone());
            let is_it = |at: &usize| column.row(*at).map(|(_, found)| found.passage.id) == chosen;
            let row = chosen.and_then(|_| (0..column.rows()).find(is_it));
            column.selected = row.unwrap_or(column.selected);
            column.selected = column.selected.min(column.rows().saturating_sub(1));
            column.top = column.top.min(column.selected);
        }
        self.scroll = 0;
    }
}
