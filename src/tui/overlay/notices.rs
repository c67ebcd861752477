//! What was said before, the newest first, whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Hidden, Outcome};
use crate::tui::action::Action;
use crate::tui::key::{Key, KeyCode};
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, put, wrap};

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub when: String,
    pub text: String,
    pub bad: bool,
}

/// The notices, and the first line that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    said: Vec<Said>,
    top: usize,
}

struct Line<'a> {
    when: &'a str,
    text: String,
    bad: bool,
}

impl Past {
    /// These, the newest first.
    pub fn new(said: Vec<Said>) -> Self {
        Self { said, top: 0 }
    }

    fn when_width(&self) -> u16 {
        self.said.iter().map(|said| columns(&said.when)).max().unwrap_or(0)
    }

    fn lines(&self, width: u16) -> Vec<Line<'_>> {
        let room = width.saturating_sub(self.when_width() + 2);
        let one = |said: &'_ Said| wrap(&said.text, room);
        let all = self.said.iter().flat_map(|said| {
            let line = move |(at, text)| Line {
                when: if at == 0 { said.when.as_str() } else { "" },
                text,
                bad: said.bad,
            };
            one(said).into_iter().enumerate().map(line)
        });
        all.collect()
    }

    /// Rows of the whole overlay.
    pub fn height(&self, width: u16) -> u16 {
        (self.lines(width).len().clamp(3, 1000)) as u16 + 2
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, action: Option<Action>, area: Rect) -> Outcome {
        let page = isize::try_from(area.height).unwrap_or(1);
        match action {
            Some(Action::Accept | Action::Cancel) => return Outcome::Close,
            Some(Action::SelectNext) => self.scroll(1, area),
            Some(Action::SelectPrevious) => self.scroll(-1, area),
            Some(Action::PageDown) => self.scroll(page, area),
            Some(Action::PageUp) => self.scroll(-page, area),
            _ if key.code == KeyCode::Home => self.top = 0,
            _ if key.code == KeyCode::End => self.scroll(isize::MAX, area),
            _ => {}
        }
        Outcome::Stay
    }

    /// Scrolls; it stops at the ends.
    pub fn scroll(&mut self, steps: isize, area: Rect) {
        let most = self.lines(area.width).len().saturating_sub(area.height.into());
        self.top = self.top.saturating_add_signed(steps).min(most);
    }

    /// What lies above and below.
    pub fn hidden(&self, area: Rect) -> Hidden {
        let all = self.lines(area.width).len();
        Hidden { above: self.top, below: all.saturating_sub(self.top + usize::from(area.height)) }
    }

    /// Paints it.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) {
        let raised = look.style(Role::Raised);
        let role = |role| raised.patch(look.style(role));
        if self.said.is_empty() {
            put(cells, area.x, area.y, area.right(), "Nothing was said yet.", role(Role::Muted));
        }
        let text = area.x + self.when_width() + 2;
        for (y, line) in (area.top()..area.bottom()).zip(self.lines(area.width).iter().skip(self.top)) {
            put(cells, area.x, y, text, line.when, role(Role::Faint));
            let of = if line.bad { Role::Bad } else { Role::Text };
            put(cells, text, y, area.right(), &line.text, role(of));
        }
    }
}
