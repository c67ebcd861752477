//! Safe text in inks: measured, wrapped and cut by the columns that a terminal gives it.
//!
//! A [`Row`] is one screen line. Its spans remember which bytes of the source they show, so that a place on the screen
//! can be found in the text and back.

mod measure;
mod wrap;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Modifier, Style};

pub use measure::{expand_tabs, fit, fit_left, fit_middle, graphemes, joined, prefix, width};
pub use wrap::{Inline, wrap, wrap_hanging};

use crate::tui::look::{Look, Role};

/// A role with modifiers: what a span looks like in any theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ink {
    pub role: Role,
    pub modifier: Modifier,
}

impl Ink {
    /// A role as it is.
    pub const fn of(role: Role) -> Self {
        Self { role, modifier: Modifier::empty() }
    }

    /// With a modifier more.
    #[must_use]
    pub const fn with(self, modifier: Modifier) -> Self {
        Self { role: self.role, modifier: self.modifier.union(modifier) }
    }

    /// In another role, with the same modifiers.
    #[must_use]
    pub const fn role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// The style in a look.
    pub fn style(self, look: &Look) -> Style {
        look.style(self.role).add_modifier(self.modifier)
    }
}

/// The bytes of a source that a span shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    pub start: u32,
    pub end: u32,
    /// The span's text is those very bytes; otherwise it stands for them as a whole.
    pub exact: bool,
}

/// A run of safe text in one ink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub ink: Ink,
    pub source: Option<Source>,
}

impl Span {
    /// Text of this program's own, or safe by another way.
    pub fn new(text: impl Into<String>, ink: Ink) -> Self {
        Self { text: text.into(), ink, source: None }
    }
}

/// One screen line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub spans: Vec<Span>,
    /// The row stands on the raised ground.
    pub raised: bool,
    /// The line of a code block that it shows.
    pub code: Option<CodeRow>,
}

/// Which code a row shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeRow {
    /// The n-th code block of its text block, from 0.
    pub block: u32,
    /// The line's place in the block; `None` on the frame around it.
    pub line: Option<u32>,
    /// Columns of frame before the code.
    pub inset: u16,
    /// Byte of the shown line where this row begins.
    pub offset: u32,
}

impl Row {
    /// A row of one span.
    pub fn of(text: impl Into<String>, ink: Ink) -> Self {
        Self { spans: vec![Span::new(text, ink)], ..Self::default() }
    }

    /// Columns that it takes.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| width(&span.text)).sum()
    }

    /// Its text without inks.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }

    /// Paints it from `at`, `columns` wide at most.
    pub fn draw(&self, at: Position, columns: u16, look: &Look, buf: &mut Buffer) {
        let area = buf.area;
        if at.y < area.y || at.y >= area.bottom() || at.x < area.x {
            return;
        }
        let end = area.right().min(at.x.saturating_add(columns));
        if self.raised {
            for x in at.x..end {
                buf[(x, at.y)].set_style(look.style(Role::Raised));
            }
        }
        let mut x = at.x;
        for span in &self.spans {
            if x >= end {
                break;
            }
            (x, _) = buf.set_stringn(x, at.y, &span.text, usize::from(end - x), span.ink.style(look));
        }
    }

    /// The source byte under column `x` of the row; past the end, the end of the last span.
    pub fn source_at(&self, x: u16) -> Option<u32> {
        let mut left = usize::from(x);
        let mut last = None;
        for span in &self.spans {
            let columns = width(&span.text);
            if let Some(source) = span.source {
                if left < columns {
                    return Some(source.byte_at(&span.text, left));
                }
                last = Some(source.end);
            } else if left < columns {
                // A frame, a marker: what follows it is meant, or what stood before.
                left = 0;
                continue;
            }
            left -= columns.min(left);
        }
        last
    }

    /// The bytes that the row shows, from its first span to its last.
    pub fn source(&self) -> Option<(u32, u32)> {
        let mut sources = self.spans.iter().filter_map(|span| span.source);
        let first = sources.next()?;
        let end = sources.next_back().map_or(first.end, |last| last.end);
        Some((first.start, end))
    }

    /// The columns `from..to` of each piece of the row that shows bytes of `start..end`.
    pub fn columns_of(&self, start: u32, end: u32) -> Vec<(u16, u16)> {
        let mut found = Vec::new();
        let mut x = 0;
        for span in &self.spans {
            let columns = width(&span.text);
            if let Some(source) = span.source
                && source.start < end
                && start < source.end
            {
                let (from, to) = source.columns(&span.text, start, end, columns);
                if from < to {
                    found.push(((x + from) as u16, (x + to) as u16));
                }
            }
            x += columns;
        }
        found
    }
}

impl Source {
    fn byte_at(self, text: &str, column: usize) -> u32 {
        if !self.exact {
            return self.start;
        }
        let mut left = column;
        let mut byte = 0;
        for grapheme in graphemes(text) {
            let columns = width(grapheme);
            if left < columns {
                break;
            }
            left -= columns;
            byte += grapheme.len() as u32;
        }
        self.start + byte
    }

    fn columns(self, text: &str, start: u32, end: u32, columns: usize) -> (usize, usize) {
        if !self.exact {
            return (0, columns);
        }
        let (mut from, mut to) = (None, 0);
        let (mut x, mut byte) = (0, self.start);
        for grapheme in graphemes(text) {
            let columns = width(grapheme);
            let next = byte + grapheme.len() as u32;
            if byte < end && start < next {
                from.get_or_insert(x);
                to = x + columns;
            }
            x += columns;
            byte = next;
        }
        (from.unwrap_or(0), to)
    }
}
