//! A long text in parts, set into rows only as far as somebody has read: what lies below costs nothing.
//!
//! ```text
//!  Sheet::change(parts) ─► fit(area) in update, after anything that may change the area or the parts
//!                       ─► scroll(steps, area), go_first(), go_last(area)
//!                       ─► draw(area, look, cells) in view, which changes nothing
//! ```
//!
//! Texts of any length are cut by a [`Room`] before they become parts: a sheet is never larger than that.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::cells::flat;
use super::json::inked;
use crate::domain::figures::bytes;
use crate::domain::untrusted::safe_line;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{scrollbar, thumb};
use crate::tui::widget::markdown::Stream;
use crate::tui::widget::text::{Ink, Inline, Row, Span, fit, width, wrap};

/// Bytes of one text that are shown, and of all texts of a sheet.
const TEXT: usize = 256 * 1024;
const ALL: usize = 1024 * 1024;
/// Bytes of Markdown that are set as such; what is longer is set as it is written.
const MARKDOWN: usize = 64 * 1024;
/// What a text counts for besides its bytes: very many short ones are a long one too.
const PART: usize = 64;
/// About so many bytes of a plain text are set at a time.
const PIECE: usize = 4 * 1024;
/// The widest that text is set.
const WIDEST: u16 = 100;

/// A part of a sheet. Its texts are as they came; setting makes them safe.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// One row, cut where it does not fit.
    Line(Vec<(String, Ink)>),
    /// Wrapped; rows after the first are set in by two columns more than `inset`.
    Flow {
        runs: Vec<(String, Ink)>,
        inset: u16,
    },
    /// As it is written, wrapped.
    Text {
        text: String,
        ink: Ink,
        inset: u16,
    },
    /// On the raised ground, behind a bar.
    Code {
        text: String,
        inset: u16,
    },
    /// The same in the colours of JSON; it may begin `within` a text of that.
    Json {
        text: String,
        within: bool,
        inset: u16,
    },
    Markdown {
        text: String,
        inset: u16,
    },
    /// An empty row, unless there is one before it.
    Gap,
}

/// A row of one text in one colour.
pub(super) fn line(text: impl Into<String>, role: Role) -> Part {
    Part::Line(vec![(text.into(), Ink::of(role))])
}

/// How much of what is untrusted goes into a sheet.
#[derive(Debug)]
pub(super) struct Room<'a> {
    left: usize,
    /// What leads to all of it: "e exports all of it"; empty for nothing.
    rest: &'a str,
}

impl<'a> Room<'a> {
    pub(super) fn new(rest: &'a str) -> Self {
        Self { left: ALL, rest }
    }

    /// The same for so many bytes of all texts.
    pub(super) fn of(left: usize, rest: &'a str) -> Self {
        Self { left: left.min(ALL), rest }
    }

    /// Nothing more is shown.
    pub(super) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// The beginning of a text for which there is room, and how many bytes of it are left out.
    pub(super) fn take<'t>(&mut self, text: &'t str) -> (&'t str, usize) {
        let end = text.floor_char_boundary(TEXT.min(self.left));
        // A single long character may have no room.
        let is_cut = end < text.len() && end + 4 > self.left;
        self.left = if is_cut { 0 } else { self.left.saturating_sub(end + PART) };
        (&text[..end], text.len() - end)
    }

    /// How many bytes one text may have.
    pub(super) fn most(&self) -> usize {
        TEXT.min(self.left)
    }

    /// Says what was left out.
    pub(super) fn more(&self, left_out: usize, inset: u16, parts: &mut Vec<Part>) {
        if left_out > 0 {
            let rest = if self.rest.is_empty() { String::new() } else { format!("; {}", self.rest) };
            let said = format!("… {} more{rest}", bytes(left_out as u64));
            parts.push(Part::Flow { runs: vec![(said, Ink::of(Role::Warn))], inset });
        }
    }

    /// A text as it is written.
    pub(super) fn text(&mut self, text: &str, ink: Ink, inset: u16, parts: &mut Vec<Part>) {
        let (text, left_out) = self.take(text);
        parts.extend(pieces(text).map(|piece| Part::Text { text: piece.to_owned(), ink, inset }));
        self.more(left_out, inset, parts);
    }

    /// Code, or what is written like it.
    pub(super) fn code(&mut self, text: &str, inset: u16, parts: &mut Vec<Part>) {
        let (text, left_out) = self.take(text);
        parts.extend(pieces(text).map(|piece| Part::Code { text: piece.to_owned(), inset }));
        self.more(left_out, inset, parts);
    }

    /// JSON as it is written.
    pub(super) fn json(&mut self, text: &str, inset: u16, parts: &mut Vec<Part>) {
        let (text, left_out) = self.take(text);
        let mut within = false;
        for piece in pieces(text) {
            parts.push(Part::Json { text: piece.to_owned(), within, inset });
            within = inked(piece, within).1;
        }
        self.more(left_out, inset, parts);
    }

    /// Markdown; what is very long is shown as it is written.
    pub(super) fn markdown(&mut self, text: &str, inset: u16, parts: &mut Vec<Part>) {
        if text.len() > MARKDOWN {
            return self.text(text, Ink::of(Role::Text), inset, parts);
        }
        let (text, left_out) = self.take(text);
        parts.push(Part::Markdown { text: text.to_owned(), inset });
        self.more(left_out, inset, parts);
    }
}

/// A text in pieces that are set one at a time: cut at the ends of lines, or where a very long line has a blank. An empty
/// one has none.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text.strip_suffix('\n').unwrap_or(text)).filter(|text| !text.is_empty());
    std::iter::from_fn(move || {
        let text = rest.take()?;
        if text.len() <= PIECE {
            return Some(text);
        }
        let end = text.floor_char_boundary(PIECE);
        let (cut, skipped) = match (text[..end].rfind('\n'), text[..end].rfind(' ')) {
            (Some(at), _) | (None, Some(at)) => (at, 1),
            (None, None) => (end, 0),
        };
        rest = Some(&text[cut + skipped..]);
        Some(&text[..cut])
    })
}

impl Part {
    /// About how many bytes it shows.
    fn weight(&self) -> usize {
        match self {
            Self::Line(_) | Self::Gap => 1,
            Self::Flow { runs, .. } => runs.iter().map(|(text, _)| text.len()).sum(),
            Self::Text { text, .. }
            | Self::Code { text, .. }
            | Self::Json { text, .. }
            | Self::Markdown { text, .. } => text.len(),
        }
    }

    /// What it says, for a copy and for tests.
    fn says(&self) -> String {
        match self {
            Self::Line(runs) | Self::Flow { runs, .. } => {
                runs.iter().map(|(text, _)| text.as_str()).collect()
            }
            Self::Text { text, .. }
            | Self::Code { text, .. }
            | Self::Json { text, .. }
            | Self::Markdown { text, .. } => text.clone(),
            Self::Gap => String::new(),
        }
    }

    fn set(&self, columns: u16, rows: &mut Vec<Row>) {
        let room = |inset: u16| usize::from(columns.saturating_sub(inset).clamp(1, WIDEST));
        match self {
            Self::Line(runs) => rows.push(one_row(runs, usize::from(columns))),
            Self::Gap => {
                if rows.last().is_some_and(|row| !row.spans.is_empty()) {
                    rows.push(Row::default());
                }
            }
            Self::Flow { runs, inset } => {
                let mut inline = Inline::default();
                for (text, ink) in runs {
                    inline.push(&safe_line(text), *ink, None);
                }
                // The first row may be as wide as the others and two columns more, which nobody misses.
                let hang = if columns > 30 { 2 } else { 0 };
                for (at, row) in wrap(&inline, room(inset + hang)).into_iter().enumerate() {
                    rows.push(inside(row, if at == 0 { *inset } else { inset + hang }));
                }
            }
            Self::Text { text, ink, inset } => {
                let inline = Inline::plain(&flat(text, room(*inset)), *ink);
                rows.extend(wrap(&inline, room(*inset)).into_iter().map(|row| inside(row, *inset)));
            }
            Self::Code { text, inset } => {
                let inline = Inline::plain(&flat(text, room(inset + 2)), Ink::of(Role::Text));
                rows.extend(barred(&inline, room(inset + 2)).map(|row| inside(row, *inset)));
            }
            Self::Json { text, within, inset } => {
                let mut inline = Inline::default();
                for (piece, role) in inked(&flat(text, room(inset + 2)), *within).0 {
                    inline.push(piece, Ink::of(role), None);
                }
                rows.extend(barred(&inline, room(inset + 2)).map(|row| inside(row, *inset)));
            }
            Self::Markdown { text, inset } => {
                let mut stream = Stream::new(room(*inset));
                stream.update(text, true);
                rows.extend(stream.rows().iter().map(|row| inside(row.clone(), *inset)));
            }
        }
    }
}

/// All rows of some parts at a width.
pub(super) fn rows(parts: &[Part], columns: u16) -> Vec<Row> {
    let mut rows = Vec::new();
    for part in parts {
        part.set(columns, &mut rows);
    }
    rows
}

/// Its rows as those of code.
fn barred(inline: &Inline, columns: usize) -> impl Iterator<Item = Row> {
    wrap(inline, columns).into_iter().map(|mut row| {
        row.spans.insert(0, Span::new("▏ ", Ink::of(Role::Rule)));
        row.raised = true;
        row
    })
}

fn inside(mut row: Row, inset: u16) -> Row {
    if inset > 0 && !row.spans.is_empty() {
        row.spans.insert(0, Span::new(" ".repeat(inset.into()), Ink::of(Role::Text)));
    }
    row
}

fn one_row(runs: &[(String, Ink)], columns: usize) -> Row {
    let mut left = columns;
    let mut spans = Vec::new();
    for (text, ink) in runs {
        let safe = safe_line(text);
        let wide = width(&safe);
        spans.push(Span::new(fit(&safe, left).into_owned(), *ink));
        if wide > left {
            break;
        }
        left -= wide;
    }
    Row { spans, ..Row::default() }
}

/// A sheet and the place in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sheet {
    parts: Vec<Part>,
    /// The first row in sight.
    top: usize,
    set: Set,
}

/// The rows of the first parts, at a width.
#[derive(Debug, Clone, Default, PartialEq)]
struct Set {
    columns: u16,
    rows: Vec<Row>,
    /// Where each part begins that is set.
    begins: Vec<usize>,
}

impl Set {
    /// Sets parts until there are so many rows, or no more parts.
    fn grow(&mut self, parts: &[Part], rows: usize) {
        while self.rows.len() < rows
            && let Some(part) = parts.get(self.begins.len())
        {
            self.begins.push(self.rows.len());
            part.set(self.columns, &mut self.rows);
        }
    }
}

impl Sheet {
    #[cfg(test)]
    pub(super) fn new(parts: Vec<Part>) -> Self {
        Self { parts, ..Self::default() }
    }

    /// Other parts in their place; what is in sight stays there as far as that can be.
    pub(super) fn change(&mut self, parts: Vec<Part>) {
        let same = self.parts.iter().zip(&parts).take_while(|(old, new)| old == new).count();
        let kept = self.set.begins.len().min(same);
        if let Some(begin) = self.set.begins.get(kept).copied() {
            self.set.rows.truncate(begin);
            self.set.begins.truncate(kept);
        }
        self.parts = parts;
    }

    /// Sets what is in sight in `area`.
    pub(super) fn fit(&mut self, area: Rect) {
        if area.is_empty() {
            return;
        }
        if self.set.columns != columns(area) {
            // The part at the top stays there.
            let at = self.set.begins.partition_point(|begin| *begin <= self.top).saturating_sub(1);
            self.set = Set { columns: columns(area), ..Set::default() };
            if self.top > 0 {
                while self.set.begins.len() <= at && self.set.begins.len() < self.parts.len() {
                    self.set.grow(&self.parts, self.set.rows.len() + 1);
                }
                self.top = self.set.begins.get(at).copied().unwrap_or(0);
            }
        }
        self.settle(area.height);
    }

    fn settle(&mut self, height: u16) {
        let height = usize::from(height);
        self.set.grow(&self.parts, self.top.saturating_add(height));
        self.top = self.top.min(self.set.rows.len().saturating_sub(height));
    }

    /// Scrolls; it stops at the ends. Where it did not move it says so.
    pub(super) fn scroll(&mut self, steps: isize, area: Rect) -> bool {
        let before = self.top;
        self.fit(area);
        self.top = self.top.saturating_add_signed(steps);
        self.settle(area.height);
        self.top != before
    }

    pub(super) fn go_first(&mut self) {
        self.top = 0;
    }

    /// All of it is set for that.
    pub(super) fn go_last(&mut self, area: Rect) {
        self.fit(area);
        self.top = usize::MAX / 2;
        self.settle(area.height);
    }

    /// Draws it, with a thumb at the right where not all of it is in sight.
    pub(super) fn draw(&self, area: Rect, look: &Look, cells: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let height = usize::from(area.height);
        let set = self.set_for(area);
        let top = self.top.min(set.rows.len().saturating_sub(height));
        let wide = columns(area);
        for (y, row) in (area.top()..area.bottom()).zip(set.rows.iter().skip(top)) {
            row.draw(Position { x: area.x, y }, wide, look, cells);
        }
        let below = self.parts.iter().skip(set.begins.len());
        let unset: usize = below.map(|part| 1 + part.weight() / usize::from(wide.max(1))).sum();
        let bar = thumb(area.height, top, height, set.rows.len() + unset);
        scrollbar(cells, area, bar, look.style(Role::Rule));
    }

    fn set_for(&self, area: Rect) -> Cow<'_, Set> {
        let wanted = self.top.saturating_add(area.height.into());
        let is_set = self.set.rows.len() >= wanted || self.set.begins.len() == self.parts.len();
        if self.set.columns == columns(area) && is_set {
            return Cow::Borrowed(&self.set);
        }
        let mut set = if self.set.columns == columns(area) {
            self.set.clone()
        } else {
            Set { columns: columns(area), ..Set::default() }
        };
        set.grow(&self.parts, wanted);
        Cow::Owned(set)
    }

    /// All that it says.
    pub(super) fn says(&self) -> String {
        self.parts.iter().map(Part::says).collect::<Vec<_>>().join("\n")
    }
}

/// Columns beside the thumb.
fn columns(area: Rect) -> u16 {
    area.width.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(width: u16, height: u16) -> Rect {
        Rect::new(0, 0, width, height)
    }

    fn drawn(sheet: &Sheet, area: Rect) -> Vec<String> {
        let mut cells = Buffer::empty(area);
        sheet.draw(area, &Look::colourless(), &mut cells);
        let row = |y| (0..area.width).map(|x| cells[(x, y)].symbol()).collect::<String>();
        (0..area.height).map(|y| row(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn a_text_of_megabytes_is_cut_and_what_is_left_out_is_said() {
        let text = "word ".repeat(10_000_000);
        let (mut room, mut parts) = (Room::new("e exports all of it"), Vec::new());
        room.text(&text, Ink::of(Role::Text), 0, &mut parts);
        assert!(parts.iter().map(Part::weight).sum::<usize>() < TEXT + 200);
        let last = parts.last().unwrap().says();
        assert_eq!(last, "… 49.7 MB more; e exports all of it");
        for _ in 0..5 {
            room.code(&text, 0, &mut parts);
        }
        assert!(room.is_full());
        assert!(parts.iter().map(Part::weight).sum::<usize>() < ALL + 1000);
    }

    #[test]
    fn no_more_is_set_than_was_read_and_the_picture_is_the_same_without_fitting() {
        let parts: Vec<Part> = (0..10_000).map(|at| line(format!("row {at}"), Role::Text)).collect();
        let (mut sheet, area) = (Sheet::new(parts), area(20, 5));
        let unfitted = drawn(&sheet, area);
        sheet.fit(area);
        assert_eq!(drawn(&sheet, area), unfitted);
        assert_eq!(sheet.set.rows.len(), 5);
        assert!(sheet.scroll(10, area) && sheet.set.rows.len() == 15);
        assert_eq!(drawn(&sheet, area)[0], "row 10");
        sheet.go_last(area);
        assert!(drawn(&sheet, area)[4].starts_with("row 9999"));
        assert!(!sheet.scroll(1, area));
        sheet.go_first();
        assert!(drawn(&sheet, area)[0].starts_with("row 0"));
    }

    #[test]
    fn the_part_at_the_top_stays_there_when_the_width_changes() {
        let text =
            |at| Part::Text { text: format!("{at} {}", "x ".repeat(60)), ink: Ink::of(Role::Text), inset: 0 };
        let mut sheet = Sheet::new((0..20).map(text).collect());
        sheet.fit(area(40, 4));
        while !drawn(&sheet, area(40, 4))[0].starts_with("7 ") {
            assert!(sheet.scroll(1, area(40, 4)));
        }
        sheet.fit(area(80, 4));
        assert!(drawn(&sheet, area(80, 4))[0].starts_with("7 "));
        sheet.fit(area(12, 4));
        assert!(drawn(&sheet, area(12, 4))[0].starts_with("7 "));
    }

    #[test]
    fn nothing_untrusted_drives_the_terminal_and_every_width_is_drawn() {
        let evil = "a\u{1b}[2J\u{202e}\tb\u{9b}31m";
        let parts = vec![
            line(evil, Role::Text),
            Part::Flow { runs: vec![(evil.to_owned(), Ink::of(Role::Text))], inset: 4 },
            Part::Text { text: evil.to_owned(), ink: Ink::of(Role::Text), inset: 2 },
            Part::Code { text: evil.to_owned(), inset: 2 },
            Part::Json { text: evil.to_owned(), within: false, inset: 2 },
            Part::Gap,
            Part::Markdown { text: format!("# {evil}\n\n```\n{evil}\n```"), inset: 2 },
        ];
        for wide in 0..60 {
            let mut sheet = Sheet::new(parts.clone());
            sheet.fit(area(wide, 40));
            let text = drawn(&sheet, area(wide, 40)).concat();
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\t']), "{wide}: {text:?}");
        }
    }

    #[test]
    fn what_stayed_alike_is_not_set_again() {
        let rows =
            |last: &str| vec![line("one", Role::Text), line("two", Role::Text), line(last, Role::Text)];
        let mut sheet = Sheet::new(rows("three"));
        sheet.fit(area(20, 9));
        sheet.change(rows("four"));
        assert_eq!(sheet.set.rows.len(), 2);
        sheet.fit(area(20, 9));
        assert_eq!(drawn(&sheet, area(20, 9))[..3], ["one", "two", "four"]);
    }
}
