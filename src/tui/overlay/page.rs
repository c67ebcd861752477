//! A text that is longer than its overlay: which of its rows is the first in sight, and what moves it.

use ratatui::layout::Rect;

use super::{Hidden, LONGEST, Outcome, centred, inner};
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode};

/// Columns of the border and the air beside a text.
const FRAME: u16 = 4;
/// The columns of the longest line of a text.
pub const MEASURE: u16 = LONGEST - FRAME;

/// The first row that is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Page {
    pub top: usize,
}

impl Page {
    /// What a key does to a text of `all` rows, of which `height` are in sight; `None` where it does nothing to a text.
    pub fn key(&mut self, key: Key, action: Option<Action>, height: u16, all: usize) -> Option<Outcome> {
        let page = isize::try_from(height).unwrap_or(1);
        match action {
            Some(Action::Accept | Action::Cancel) => return Some(Outcome::Close),
            Some(Action::SelectNext) => self.scroll(1, height, all),
            Some(Action::SelectPrevious) => self.scroll(-1, height, all),
            Some(Action::PageDown) => self.scroll(page, height, all),
            Some(Action::PageUp) => self.scroll(-page, height, all),
            _ if key.code == KeyCode::Home => self.top = 0,
            _ if key.code == KeyCode::End => self.scroll(isize::MAX, height, all),
            _ => return None,
        }
        Some(Outcome::Stay)
    }

    /// Scrolls; it stops at the ends.
    pub fn scroll(&mut self, steps: isize, height: u16, all: usize) {
        let most = all.saturating_sub(height.into());
        self.top = self.top.saturating_add_signed(steps).min(most);
    }

    /// What lies above and below.
    pub fn hidden(self, height: u16, all: usize) -> Hidden {
        Hidden { above: self.top, below: all.saturating_sub(self.top + usize::from(height)) }
    }
}

/// The columns that a text gets on that screen.
pub fn width(screen: Rect) -> u16 {
    inner(centred(screen, LONGEST, screen.height)).width
}

/// The columns that a table gets there, whose rows are not to be broken.
pub fn widest(screen: Rect) -> u16 {
    inner(centred(screen, u16::MAX, screen.height)).width
}

/// The cells of an overlay around a text of so many rows.
pub fn area(screen: Rect, rows: usize) -> Rect {
    around(screen, width(screen), rows)
}

/// The same around one of so many columns. Of a single row a blank one is left below it.
pub fn around(screen: Rect, width: u16, rows: usize) -> Rect {
    centred(screen, width.saturating_add(FRAME), rows.clamp(2, 1000) as u16 + 2)
}
