//! What lies over a place: a stack of plain state whose top takes the event first.
//!
//! An overlay decides nothing: it gives back what the person chose, and the app does it.

pub mod confirm;
pub mod help;
pub mod input;
pub mod menu;
pub mod pad;
pub mod passphrase;
pub mod prompt;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::Action;
use super::key::Key;
use super::keymap::{Context, Keymap};
use super::look::{Look, Role};
use super::paint::{fill, put, put_right};
use crate::domain::catalog::ModelId;
use crate::domain::id::ConversationId;
use crate::domain::workspace::Passphrase;
use confirm::Confirm;
use help::Help;
use menu::Menu;
use pad::Pad;
use passphrase::Ask;
use prompt::Prompt;

/// Columns of the widest overlay.
const WIDEST: u16 = 80;

/// What can lie over a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    Help(Help),
    /// The palette and the pickers.
    Menu(Menu),
    Confirm(Confirm),
    /// One line: a name.
    Prompt(Prompt),
    /// Many lines: the system prompt.
    Pad(Pad),
    /// What opens a sealed workspace.
    Passphrase(Ask),
}

/// What the person chose in one.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    Act(Action),
    Model(ModelId),
    Preset(String),
    /// A text that was written before.
    Written(String),
    /// A text for the composer, as if it had been typed there.
    Typed(String),
    CopyCode(String),
    /// Writes the conversation to the file; `replace` where another one may be lost.
    Export {
        id: ConversationId,
        path: String,
        replace: bool,
    },
    Rename(ConversationId, String),
    Delete(ConversationId),
    System(String),
    /// A system prompt that was changed and not taken.
    SystemAside(String),
    Unlock(Passphrase),
    Quit,
}

/// What an event did to the top overlay.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Stay,
    Close,
    Chosen(Choice),
}

impl Overlay {
    /// Takes a key.
    pub fn key(&mut self, key: Key, keymap: &Keymap, area: Rect) -> Outcome {
        let action = keymap.action(Context::Menu, key);
        let page = usize::from(self.area(area).height.saturating_sub(4)).max(1);
        match self {
            Self::Help(help) => help.key(key, action, keymap, self::inner(self_area(area, 200, 200))),
            Self::Menu(menu) => menu.key(key, action, page),
            Self::Confirm(confirm) => confirm.key(key, action),
            Self::Prompt(prompt) => prompt.key(key, action),
            Self::Pad(pad) => {
                let writes = |action: &Action| matches!(action, Action::Undo | Action::Redo);
                pad.key(key, action.or_else(|| keymap.action(Context::Composer, key).filter(writes)))
            }
            Self::Passphrase(ask) => ask.key(key, action),
        }
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) -> Outcome {
        match self {
            Self::Menu(menu) => return menu.paste(text),
            Self::Prompt(prompt) => {
                prompt.wrong = "";
                prompt.input.insert(text);
            }
            Self::Pad(pad) => pad.composer.paste(text),
            Self::Passphrase(ask) => ask.paste(text),
            Self::Help(_) | Self::Confirm(_) => {}
        }
        Outcome::Stay
    }

    /// Takes a click at a cell of the screen; outside of it, one that nothing is written in closes.
    pub fn click(&mut self, at: Position, screen: Rect) -> Outcome {
        let area = self.area(screen);
        if !area.contains(at) {
            // What was typed is not lost by a click.
            return match self {
                Self::Help(_) | Self::Menu(_) => Outcome::Close,
                Self::Confirm(_) | Self::Prompt(_) | Self::Pad(_) | Self::Passphrase(_) => Outcome::Stay,
            };
        }
        match self {
            Self::Menu(menu) => menu.click(at, inner(area)),
            _ => Outcome::Stay,
        }
    }

    /// Takes a turn of the wheel.
    pub fn scroll(&mut self, steps: isize, screen: Rect, keymap: &Keymap) {
        match self {
            Self::Menu(menu) => menu.step(steps),
            Self::Help(help) => help.scroll(steps, keymap, inner(self_area(screen, 200, 200))),
            _ => {}
        }
    }

    /// The cells that it covers.
    pub fn area(&self, screen: Rect) -> Rect {
        match self {
            Self::Help(_) => self_area(screen, 200, 200),
            Self::Menu(menu) => self_area(screen, WIDEST, menu.height()),
            Self::Confirm(confirm) => self_area(screen, 64, confirm.height(self_area(screen, 64, 9).width)),
            Self::Prompt(_) => self_area(screen, WIDEST, 5),
            Self::Pad(_) => self_area(screen, WIDEST, 16),
            Self::Passphrase(_) => self_area(screen, 64, 7),
        }
    }

    /// Paints it; returns the cell of the caret where a text is typed.
    pub fn draw(&self, screen: Rect, cells: &mut Buffer, look: &Look, keymap: &Keymap) -> Option<Position> {
        let area = self.area(screen);
        let (title, keys) = match self {
            Self::Help(_) => ("Keys", "↑ ↓ scroll · type to find · Esc close"),
            Self::Menu(menu) => (menu.title.as_str(), menu.keys.as_str()),
            Self::Confirm(_) => ("", ""),
            Self::Prompt(prompt) => (prompt.title.as_str(), "Enter take it · Esc leave it"),
            Self::Pad(_) => ("System prompt", "Enter take it · Alt+Enter line · Esc leave it"),
            Self::Passphrase(_) => ("Passphrase", "Enter open · Esc quit"),
        };
        frame(area, cells, look, title, keys);
        let inside = inner(area);
        match self {
            Self::Help(help) => help.draw(inside, cells, look, keymap),
            Self::Menu(menu) => menu.draw(inside, cells, look),
            Self::Confirm(confirm) => {
                confirm.draw(inside, cells, look);
                None
            }
            Self::Prompt(prompt) => Some(prompt.draw(inside, cells, look)),
            Self::Pad(pad) => pad.draw(inside, cells, look),
            Self::Passphrase(ask) => ask.draw(inside, cells, look),
        }
    }
}

/// At most so wide and high, centred, its top in the upper third.
fn self_area(screen: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(screen.width.saturating_sub(4)).min(110).max(screen.width.min(20));
    let height = height.min(screen.height.saturating_sub(2)).max(screen.height.min(3));
    let x = screen.x + (screen.width.saturating_sub(width)) / 2;
    let y = screen.y + (screen.height.saturating_sub(height)) / 3;
    Rect { x, y, width, height }
}

/// The room inside the border, one column of air at each side.
fn inner(area: Rect) -> Rect {
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}

fn frame(area: Rect, cells: &mut Buffer, look: &Look, title: &str, keys: &str) {
    fill(cells, area, look.style(Role::Raised));
    let area = area.intersection(cells.area);
    if area.width < 4 || area.height < 2 {
        return;
    }
    let rule = look.style(Role::Raised).patch(look.style(Role::Rule));
    let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
    for x in left + 1..right {
        put(cells, x, top, x + 1, "─", rule);
        put(cells, x, bottom, x + 1, "─", rule);
    }
    for y in top + 1..bottom {
        put(cells, left, y, left + 1, "│", rule);
        put(cells, right, y, right + 1, "│", rule);
    }
    for (x, y, corner) in [(left, top, "╭"), (right, top, "╮"), (left, bottom, "╰"), (right, bottom, "╯")]
    {
        put(cells, x, y, x + 1, corner, rule);
    }
    let raised = look.style(Role::Raised);
    if !title.is_empty() {
        put(cells, left + 2, top, right - 1, &format!(" {title} "), raised.patch(look.style(Role::Accent)));
    }
    if !keys.is_empty() {
        put_right(
            cells,
            left + 2,
            bottom,
            right - 1,
            &format!(" {keys} "),
            raised.patch(look.style(Role::Muted)),
        );
    }
}
