//! The passphrase of a workspace that is sealed with one. What is typed is shown to nobody: not on the screen, not by
//! `Debug`; it is wiped when it goes.
//!
//! It appears by itself, but no key can do harm in it: at worst a wrong passphrase is tried.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroizing;

use super::{Choice, Outcome};
use crate::domain::secret::Secret;
use crate::tui::action::Action;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{put, wrap};
use crate::tui::stroke::{Edit, Stroke};

/// Bytes of the longest. The buffer never grows, so that no copy is left behind.
const LONGEST: usize = 1024;

/// The question, and what was typed so far.
#[derive(Clone, PartialEq)]
pub struct Ask {
    typed: Zeroizing<String>,
    /// Why it is asked again.
    said: Option<String>,
    /// It is being tried.
    opening: bool,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask")
            .field("said", &self.said)
            .field("opening", &self.opening)
            .finish_non_exhaustive()
    }
}

impl Ask {
    /// Asks for it; `said` is why it is asked again.
    pub fn new(said: Option<String>) -> Self {
        Self { typed: Zeroizing::new(String::with_capacity(LONGEST)), said, opening: false }
    }

    /// While it is being tried.
    pub fn opening() -> Self {
        Self { typed: Zeroizing::default(), said: None, opening: true }
    }

    /// Takes a key.
    pub fn key(&mut self, stroke: Option<Stroke>, action: Option<Action>) -> Outcome {
        if action == Some(Action::Cancel) {
            return Outcome::Chosen(Choice::Quit);
        }
        if self.opening {
            return Outcome::Stay;
        }
        if action == Some(Action::Accept) && !self.typed.is_empty() {
            return Outcome::Chosen(Choice::Unlock(Secret::new(self.typed.as_str())));
        }
        match stroke {
            Some(Stroke::Types(typed)) => self.insert(typed.encode_utf8(&mut [0; 4])),
            Some(Stroke::Edits { edit: Edit::KillLineStart | Edit::KillBlankWord, .. }) => self.cut(0),
            Some(Stroke::Edits { edit: Edit::DeleteLeft | Edit::KillWordLeft, .. }) => {
                let last = self.typed.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
                self.cut(last);
            }
            _ => {}
        }
        Outcome::Stay
    }

    /// Takes a pasted text: its first line.
    pub fn paste(&mut self, text: &str) {
        self.insert(text.trim_start_matches('\n').lines().next().unwrap_or_default());
    }

    fn insert(&mut self, text: &str) {
        if !self.opening && self.typed.len() + text.len() <= LONGEST {
            self.typed.push_str(text);
        }
    }

    fn cut(&mut self, at: usize) {
        let kept = Zeroizing::new(self.typed[..at].to_owned());
        // Dropping the old buffer wipes what stood behind.
        *self = Self { said: self.said.take(), ..Self::new(None) };
        self.typed.push_str(&kept);
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) -> Option<Position> {
        let raised = look.style(Role::Raised);
        let (words, role) = match &self.said {
            Some(said) => (said.as_str(), Role::Bad),
            None if self.opening => ("Opening the workspace …", Role::Muted),
            None => ("This workspace is sealed with a passphrase.", Role::Text),
        };
        for (y, line) in (area.y..).zip(wrap(words, area.width).iter().take(2)) {
            put(cells, area.x, y, area.right(), line, raised.patch(look.style(role)));
        }
        if self.opening {
            return None;
        }
        let y = area.y + 3.min(area.height.saturating_sub(1));
        put(cells, area.x, y, area.right(), "▌", raised.patch(look.style(Role::Accent)));
        let room = usize::from(area.width.saturating_sub(3));
        let dots = "•".repeat(self.typed.graphemes(true).count().min(room));
        let x = put(cells, area.x + 2, y, area.right(), &dots, raised.patch(look.style(Role::Text)));
        Some(Position { x: x.min(area.right().saturating_sub(1)), y })
    }
}
