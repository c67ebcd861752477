//! A text of many lines that is asked for: the system prompt.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Choice, Outcome};
use crate::domain::conversation::Draft;
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::look::{Look, Role};
use crate::tui::widget::composer::{self, Composer};

/// The text as it is being written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pad {
    pub composer: Composer,
    /// The text as it was.
    before: String,
}

impl Pad {
    /// Starts from the text as it is.
    pub fn new(text: &str) -> Self {
        let mut composer = Composer::default();
        composer.set_draft(&Draft { text: text.to_owned(), pastes: Vec::new() });
        Self { composer, before: text.to_owned() }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, action: Option<Action>) -> Outcome {
        match action {
            Some(Action::Accept) if !self.composer.newline_for_backslash() => {
                return Outcome::Chosen(Choice::System(self.composer.text().trim().to_owned()));
            }
            Some(Action::Cancel) => return self.leave(),
            Some(Action::Accept) => {}
            Some(Action::Newline) => self.composer.newline(),
            Some(Action::Undo) => {
                self.composer.undo();
            }
            Some(Action::Redo) => {
                self.composer.redo();
            }
            _ => {
                self.composer.press(key);
            }
        }
        Outcome::Stay
    }

    /// Leaves it: a text that was changed is kept.
    pub fn leave(&self) -> Outcome {
        let text = self.composer.text();
        let changed = text != self.before && !text.trim().is_empty();
        if changed { Outcome::Chosen(Choice::SystemAside(text)) } else { Outcome::Close }
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) -> Option<Position> {
        let ground = look.style(Role::Raised);
        let styles = composer::Look {
            text: ground.patch(look.style(Role::Text)),
            placeholder: ground.patch(look.style(Role::Faint)),
            chip: look.style(Role::Info),
            selection: look.style(Role::Selected),
        };
        self.composer.draw(area, cells, &styles, "How the model is to behave, in your words.");
        self.composer.caret_in(area)
    }
}
