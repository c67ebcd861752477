//! A text of many lines that is asked for: the system prompt, what a tool gives back.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Choice, Outcome};
use crate::domain::conversation::Draft;
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{put, wrap};
use crate::tui::widget::composer::{self, Composer};

/// A tool that a model called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub id: String,
    pub name: String,
    /// As JSON.
    pub input: String,
}

/// What the text is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Of {
    #[default]
    System,
    Tool(Call),
}

/// The text as it is being written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pad {
    of: Of,
    title: String,
    pub composer: Composer,
    /// The text as it was.
    before: String,
}

impl Pad {
    /// Asks for the system prompt, from the text as it is.
    pub fn system(text: &str) -> Self {
        Self::new(Of::System, "System prompt".to_owned(), text)
    }

    /// Asks for what a tool gives back, from the text as it was left.
    /// `of` is its place among the calls, from 1, and their number.
    pub fn tool(call: Call, of: (usize, usize), text: &str) -> Self {
        let count = if of.1 > 1 { format!(" ({} of {})", of.0, of.1) } else { String::new() };
        let title = format!("What {} gives back{count}", safe_line(&call.name));
        Self::new(Of::Tool(call), title, text)
    }

    /// Its head.
    pub fn title(&self) -> &str {
        &self.title
    }

    fn new(of: Of, title: String, text: &str) -> Self {
        let mut composer = Composer::default();
        composer.set_draft(&Draft { text: text.to_owned(), pastes: Vec::new() });
        Self { of, title, composer, before: text.to_owned() }
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, action: Option<Action>) -> Outcome {
        match action {
            Some(Action::Accept) if !self.composer.newline_for_backslash() => {
                let text = self.composer.text().trim().to_owned();
                return Outcome::Chosen(match &self.of {
                    Of::System => Choice::System(text),
                    Of::Tool(call) => Choice::Tool { id: call.id.clone(), text, taken: true },
                });
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
        match &self.of {
            _ if !changed => Outcome::Close,
            Of::System => Outcome::Chosen(Choice::SystemAside(text)),
            Of::Tool(call) => Outcome::Chosen(Choice::Tool { id: call.id.clone(), text, taken: false }),
        }
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
        let (area, placeholder) = match &self.of {
            Of::System => (area, "How the model is to behave, in your words."),
            Of::Tool(call) => {
                let asked = ground.patch(look.style(Role::Tool));
                let lines = wrap(&safe_line(&format!("{} {}", call.name, call.input)), area.width);
                let most = usize::from(area.height.saturating_sub(3)).min(lines.len()).min(5);
                for (y, line) in (area.y..).zip(&lines[..most]) {
                    put(cells, area.x, y, area.right(), line, asked);
                }
                let rows = most as u16 + 1;
                let rest = Rect { y: area.y + rows, height: area.height.saturating_sub(rows), ..area };
                (rest, "JSON or text; a ! in front makes it an error.")
            }
        };
        self.composer.draw(area, cells, &styles, placeholder);
        self.composer.caret_in(area)
    }
}
