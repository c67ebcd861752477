//! What was said before, the newest first, whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::page::Page;
use super::{Hidden, Outcome};
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, hanging, put};

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub when: String,
    /// What kind of news it is.
    pub mark: &'static str,
    pub text: String,
    pub role: Role,
}

/// The notices, and the first line that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    said: Vec<Said>,
    page: Page,
}

struct Line<'a> {
    when: &'a str,
    text: String,
    role: Role,
}

impl Past {
    /// These, the newest first.
    pub fn new(said: Vec<Said>) -> Self {
        Self { said, page: Page::default() }
    }

    fn when_width(&self) -> u16 {
        self.said.iter().map(|said| columns(&said.when)).max().unwrap_or(0)
    }

    fn lines(&self, width: u16) -> Vec<Line<'_>> {
        let room = width.saturating_sub(self.when_width() + 2);
        let all = self.said.iter().flat_map(|said| {
            let line = move |(at, text)| Line {
                when: if at == 0 { said.when.as_str() } else { "" },
                text,
                role: said.role,
            };
            hanging(said.mark, &said.text, room).into_iter().enumerate().map(line)
        });
        all.collect()
    }

    /// Its rows at that width.
    pub fn rows(&self, width: u16) -> usize {
        self.lines(width).len()
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, action: Option<Action>, area: Rect) -> Outcome {
        let all = self.rows(area.width);
        self.page.key(key, action, area.height, all).unwrap_or(Outcome::Stay)
    }

    /// Scrolls; it stops at the ends.
    pub fn scroll(&mut self, steps: isize, area: Rect) {
        let all = self.rows(area.width);
        self.page.scroll(steps, area.height, all);
    }

    /// What lies above and below.
    pub fn hidden(&self, area: Rect) -> Hidden {
        self.page.hidden(area.height, self.rows(area.width))
    }

    /// Paints it.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) {
        let raised = look.style(Role::Raised);
        let role = |role| raised.patch(look.style(role));
        if self.said.is_empty() {
            put(cells, area.x, area.y, area.right(), "Nothing was said yet.", role(Role::Muted));
        }
        let text = area.x + self.when_width() + 2;
        for (y, line) in (area.top()..area.bottom()).zip(self.lines(area.width).iter().skip(self.page.top)) {
            put(cells, area.x, y, text, line.when, role(Role::Faint));
            put(cells, text, y, area.right(), &line.text, role(line.role));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_not_broken_at_its_hyphens() {
        let text = "`outcrop agent hand-out` gives it".to_owned();
        let past = Past::new(vec![Said { when: "14:02".to_owned(), mark: "·", text, role: Role::Text }]);
        let lines: Vec<_> = past.lines(30).into_iter().map(|line| line.text).collect();
        assert_eq!(lines, ["· `outcrop agent", "  hand-out` gives it"]);
    }
}
