//! Every key, from the table of the keymap, in columns by place; typing finds.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Outcome;
use super::input::Input;
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::keymap::{Context, Keymap, label};
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, put};

/// What is typed and how far it is scrolled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Help {
    input: Input,
    top: usize,
}

enum Line {
    Blank,
    Head(&'static str),
    Key(String, &'static str),
}

impl Help {
    fn lines(&self, keymap: &Keymap) -> Vec<Line> {
        let query = self.input.text().trim().to_lowercase();
        let mut lines = Vec::new();
        for context in Context::ALL {
            let mut own: Vec<Line> = Vec::new();
            for binding in keymap.bindings().iter().filter(|b| b.context == *context) {
                let keys: Vec<String> = binding.keys.iter().map(|key| label(*key)).collect();
                let keys = keys.join("  ");
                let title = binding.action.title();
                let found = title.to_lowercase().contains(&query)
                    || keys.to_lowercase().contains(&query)
                    || binding.action.name().contains(&query);
                if found && !keys.is_empty() {
                    own.push(Line::Key(keys, title));
                }
            }
            if !own.is_empty() {
                if !lines.is_empty() {
                    lines.push(Line::Blank);
                }
                lines.push(Line::Head(context.title()));
                lines.append(&mut own);
            }
        }
        lines
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, action: Option<Action>, keymap: &Keymap, area: Rect) -> Outcome {
        let page = isize::try_from(area.height).unwrap_or(1).max(1);
        match action {
            Some(Action::Accept | Action::Cancel) => return Outcome::Close,
            Some(Action::SelectNext) => self.scroll(1, keymap, area),
            Some(Action::SelectPrevious) => self.scroll(-1, keymap, area),
            Some(Action::PageDown) => self.scroll(page, keymap, area),
            Some(Action::PageUp) => self.scroll(-page, keymap, area),
            _ if key.typed() == Some('?') && self.input.text().is_empty() => return Outcome::Close,
            _ if keymap.action(Context::Everywhere, key) == Some(Action::Help) => return Outcome::Close,
            _ => {
                if self.input.key(key) {
                    self.top = 0;
                }
            }
        }
        Outcome::Stay
    }

    /// Scrolls; it stops at the ends.
    pub fn scroll(&mut self, steps: isize, keymap: &Keymap, area: Rect) {
        let rows = usize::from(area.height.saturating_sub(2));
        let columns = self.columns(area);
        let most = self.lines(keymap).len().div_ceil(columns).saturating_sub(rows);
        self.top = self.top.saturating_add_signed(steps).min(most);
    }

    fn columns(&self, area: Rect) -> usize {
        if area.width >= 100 && self.input.text().is_empty() { 2 } else { 1 }
    }

    /// Paints it; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look, keymap: &Keymap) -> Option<Position> {
        let raised = look.style(Role::Raised);
        let role = |role| raised.patch(look.style(role));
        put(cells, area.x, area.y, area.right(), "▌", role(Role::Accent));
        let line = Rect { x: area.x + 2, width: area.width.saturating_sub(2), height: 1, ..area };
        if self.input.text().is_empty() {
            put(cells, line.x + 1, line.y, line.right(), "find a key or an action", role(Role::Faint));
        }
        let caret = self.input.draw(line, cells, role(Role::Text));
        let lines = self.lines(keymap);
        let count = self.columns(area);
        let rows = usize::from(area.height.saturating_sub(2));
        let per_column = lines.len().div_ceil(count).max(rows.min(lines.len()));
        let width = area.width / count as u16;
        let keys = lines
            .iter()
            .filter_map(|line| if let Line::Key(keys, _) = line { Some(columns(keys)) } else { None })
            .max()
            .unwrap_or(0)
            .min(width / 2);
        if lines.is_empty() {
            put(cells, area.x, area.y + 2, area.right(), "Nothing of that name.", role(Role::Muted));
        }
        for column in 0..count {
            let x = area.x + column as u16 * width;
            let right = (x + width).saturating_sub(if count > 1 { 2 } else { 0 });
            let from = column * per_column;
            let own = &lines[from.min(lines.len())..(from + per_column).min(lines.len())];
            for (y, line) in (area.y + 2..area.bottom()).zip(own.iter().skip(self.top)) {
                match line {
                    Line::Blank => {}
                    Line::Head(head) => {
                        put(cells, x, y, right, head, role(Role::Accent));
                    }
                    Line::Key(key, title) => {
                        put(cells, x, y, x + keys, key, role(Role::Text));
                        put(cells, x + keys + 2, y, right, title, role(Role::Muted));
                    }
                }
            }
        }
        Some(caret)
    }
}
