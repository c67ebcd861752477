//! A line that is asked for: the new name of a conversation.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::input::Input;
use super::{Choice, Outcome};
use crate::domain::id::ConversationId;
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::look::{Look, Role};
use crate::tui::paint::put;

/// The line and what it names.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    pub title: String,
    pub input: Input,
    pub of: ConversationId,
}

impl Prompt {
    /// Asks for a conversation's name.
    pub fn rename(of: ConversationId, title: &str) -> Self {
        Self { title: "Rename the conversation".to_owned(), input: Input::new(title), of }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, action: Option<Action>) -> Outcome {
        match action {
            Some(Action::Accept) if !self.input.text().trim().is_empty() => {
                Outcome::Chosen(Choice::Rename(self.of, self.input.text().trim().to_owned()))
            }
            Some(Action::Cancel) => Outcome::Close,
            _ => {
                self.input.key(key);
                Outcome::Stay
            }
        }
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) -> Position {
        let y = area.y + area.height / 2;
        let raised = look.style(Role::Raised);
        put(cells, area.x, y, area.right(), "▌", raised.patch(look.style(Role::Accent)));
        let line = Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 };
        self.input.draw(line, cells, raised.patch(look.style(Role::Text)))
    }
}
