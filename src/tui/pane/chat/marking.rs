//! Selecting a part of what is read by keys: one end stays, the other goes.

use super::{Focus, State};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::widget::transcript::{Position, Selection, word};

/// Rows that are scrolled at most to find the next one that shows text: what stands between two messages.
const GAP: usize = 12;

/// Keys move an end of the selection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marking {
    /// The column that rows are gone through in.
    column: Option<u16>,
}

impl State {
    /// Keys move an end of a selection.
    pub(super) fn marks(&self) -> bool {
        self.marking.is_some() && self.selection.is_some() && self.focus == Focus::Transcript
    }

    /// The end of the selection that keys move: the caret stands there.
    pub(super) fn marked_end(&self) -> Option<Position> {
        self.selection.filter(|_| self.marks()).map(|selection| selection.to)
    }

    /// Begins a selection at the top of the selected message, or goes on with the one that the mouse made; ends one
    /// that keys make.
    pub(super) fn mark(&mut self, desk: &mut Desk<'_>) {
        if self.marks() {
            return self.unmark();
        }
        self.enter_transcript();
        if self.selection.is_none() {
            self.selection = self.first_place(desk).map(|at| Selection { from: at, to: at });
        }
        self.marking = self.selection.map(|_| Marking::default());
    }

    /// Takes the selection away.
    pub(super) fn unmark(&mut self) {
        self.marking = None;
        self.selection = None;
    }

    /// Copies what is selected, which ends it.
    pub(super) fn copy_marked(&mut self, desk: &mut Desk<'_>) {
        let text = self.selection.map(|selection| selection.text(&self.items(""))).unwrap_or_default();
        if text.is_empty() {
            return desk.say("Nothing is selected yet: the keys that move select.");
        }
        self.unmark();
        desk.ask(Effect::Copy(text));
    }

    /// The first place in the text of the selected message that is in sight.
    fn first_place(&mut self, desk: &mut Desk<'_>) -> Option<Position> {
        let message = self.at?;
        let shown = |state: &Self, desk: &mut Desk<'_>| {
            let geometry = state.geometry(desk);
            let mut rows = (0..geometry.rows.len()).filter(|row| geometry.rows[*row].message == message);
            rows.find_map(|row| geometry.row_end(row, false))
        };
        shown(self, desk).or_else(|| {
            self.scroll.to_message(message);
            self.scroll_by(0, desk);
            shown(self, desk)
        })
    }

    /// Moves the end of the selection that goes.
    pub(super) fn mark_on(&mut self, action: Action, desk: &mut Desk<'_>) {
        let Some(at) = self.selection.map(|selection| selection.to) else { return };
        let height = usize::from(self.areas(desk.area).transcript.height.max(2));
        let (rows, down) = match action {
            Action::RowDown => (1, true),
            Action::RowUp => (1, false),
            Action::HalfPageDown => (height / 2, true),
            Action::HalfPageUp => (height / 2, false),
            Action::PageDown => (height - 1, true),
            Action::PageUp => (height - 1, false),
            _ => (0, true),
        };
        if rows > 0 {
            for _ in 0..rows {
                self.mark_row(down, desk);
            }
            return;
        }
        let right = matches!(action, Action::CharRight | Action::WordRight | Action::LineEnd);
        self.see(at, desk);
        let geometry = self.geometry(desk);
        let to = match action {
            Action::CharLeft | Action::CharRight => geometry.beside(at, right),
            Action::WordLeft | Action::WordRight => {
                self.thread.message(at.message).and_then(|message| word(message, at, right))
            }
            Action::LineStart | Action::LineEnd => {
                geometry.find(at).and_then(|(row, _)| geometry.row_end(row, right))
            }
            _ => return,
        };
        match to {
            Some(to) => self.mark_to(to, None, desk),
            None if matches!(action, Action::LineStart | Action::LineEnd) => {}
            // Beyond the row, or the message, lies the next one.
            None => {
                self.mark_row(right, desk);
                let Some(there) = self.selection.map(|selection| selection.to) else { return };
                let geometry = self.geometry(desk);
                let end = geometry.find(there).and_then(|(row, _)| geometry.row_end(row, !right));
                if let Some(end) = end.filter(|_| there != at) {
                    self.mark_to(end, None, desk);
                }
            }
        }
    }

    /// A row down or up, in the column that it began in.
    fn mark_row(&mut self, down: bool, desk: &mut Desk<'_>) {
        let Some(at) = self.selection.map(|selection| selection.to) else { return };
        self.see(at, desk);
        let Some((_, column)) = self.geometry(desk).find(at) else { return };
        let goal = self.marking.and_then(|marking| marking.column).unwrap_or(column);
        for _ in 0..GAP {
            let geometry = self.geometry(desk);
            let Some((row, _)) = geometry.find(at) else { return };
            if let Some(to) = geometry.text_row(row, down).and_then(|row| geometry.place(row, goal)) {
                return self.mark_to(to, Some(goal), desk);
            }
            self.scroll_by(if down { 1 } else { -1 }, desk);
            // The end, or the row is about to leave the screen.
            if self.geometry(desk).scroll == geometry.scroll {
                return;
            }
        }
    }

    fn mark_to(&mut self, to: Position, column: Option<u16>, desk: &mut Desk<'_>) {
        if let Some(selection) = &mut self.selection {
            selection.to = to;
        }
        self.marking = Some(Marking { column });
        self.see(to, desk);
    }

    /// Brings a place in the text into sight.
    fn see(&mut self, at: Position, desk: &mut Desk<'_>) {
        if self.geometry(desk).find(at).is_none() {
            let height = self.areas(desk.area).transcript.height;
            self.scroll.to_position(at, height);
            self.scroll_by(0, desk);
        }
    }
}
