//! A text to be read, longer than its overlay may be: instructions, a report.

use std::borrow::Cow;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::page::{self, Page};
use super::table::Table;
use super::{Choice, Hidden, Outcome};
use crate::domain::id::RunId;
use crate::domain::untrusted::safe_text;
use crate::tui::action::Action;
use crate::tui::key::Key;
use crate::tui::look::{Look, Role};
use crate::tui::paint::columns;
use crate::tui::widget::markdown::Stream;
use crate::tui::widget::text::{Ink, Inline, Row, Span, fit, prefix, width, wrap};

/// A paragraph of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    text: String,
    ink: Ink,
    /// Of a row of a table, the columns of its first cell.
    name: Option<u16>,
    /// Stands before the text, whose further rows stand under its first.
    term: String,
    /// None of its blanks is left out where it takes several rows, and a sign says that it goes on.
    exact: bool,
}

/// Stands before a line that is shown as it is, and where it goes on that is too long for one row.
const BAR: &str = "▏ ";
const MORE: &str = "▏↳";

/// Columns that the first cell of a row keeps where the room is less than the row.
const NAME: u16 = 8;

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.term)?;
        f.write_str(&self.text)
    }
}

impl Line {
    /// A paragraph in that role.
    pub fn of(text: &str, role: Role) -> Self {
        Self { text: text.to_owned(), ink: Ink::of(role), name: None, term: String::new(), exact: false }
    }

    /// A head.
    pub fn strong(text: &str) -> Self {
        Self { ink: Ink::of(Role::Accent).with(Modifier::BOLD), ..Self::of(text, Role::Accent) }
    }

    /// What a thing is called, with its columns, and what it is: that keeps to its own column.
    pub fn term(term: &str, text: &str) -> Self {
        Self { term: term.to_owned(), ..Self::of(text, Role::Text) }
    }

    /// A line that is shown as it is: whoever reads it decides on its very bytes.
    pub fn exact(text: &str) -> Self {
        Self { exact: true, ..Self::of(text, Role::Text) }
    }

    /// The same in that role.
    #[must_use]
    pub fn inked(self, role: Role) -> Self {
        Self { ink: Ink::of(role), ..self }
    }

    /// Rows of cells under each other: the first one of each row at the left, the others at the right; the first row is the head.
    pub fn table(rows: &[Vec<String>]) -> Vec<Self> {
        let wide = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell)).max();
        let widths: Vec<u16> = (0..).map_while(wide).collect();
        let line = |(n, row): (usize, &Vec<String>)| {
            let mut text = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let air = " ".repeat(usize::from(width.saturating_sub(columns(cell))));
                if at == 0 {
                    text.push_str(cell);
                    text.push_str(&air);
                } else {
                    text.push_str("  ");
                    text.push_str(&air);
                    text.push_str(cell);
                }
            }
            let name = widths.first().copied();
            Self { name, ..Self::of(&text, if n == 0 { Role::Faint } else { Role::Text }) }
        };
        rows.iter().enumerate().map(line).collect()
    }

    /// A row in so many columns: where they are too few its name gives way, then its end; it is not broken.
    fn cut(safe: &str, name: u16, room: usize) -> String {
        let over = width(safe).saturating_sub(room);
        let keeps = usize::from(name).saturating_sub(over).max(usize::from(name.min(NAME)));
        let (head, _) = prefix(safe, name.into());
        let shorter = fit(head.trim_end(), keeps);
        let air = " ".repeat(keeps.saturating_sub(width(&shorter)));
        let rest = &safe[head.len()..];
        fit(&format!("{shorter}{air}{rest}"), room).into_owned()
    }

    /// The rows of a text beside its term.
    fn under(&self, safe: &str, room: usize) -> Vec<Row> {
        let beside = width(&self.term);
        let mut rows = wrap(&Inline::plain(safe, self.ink), room.saturating_sub(beside).max(8));
        for (at, row) in rows.iter_mut().enumerate() {
            let before = if at == 0 { self.term.clone() } else { " ".repeat(beside) };
            row.spans.insert(0, Span::new(before, self.ink));
        }
        rows
    }

    /// The rows of a text that is shown as it is.
    fn exactly(&self, safe: &str, room: usize) -> Vec<Row> {
        let room = room.saturating_sub(width(BAR)).max(8);
        let (mut rows, mut rest) = (Vec::new(), safe);
        while rows.is_empty() || !rest.is_empty() {
            let bar = if rows.is_empty() { BAR } else { MORE };
            // A cluster that is wider than the room is broken.
            let first = rest.chars().next().map_or(0, char::len_utf8);
            let fits = prefix(rest, room).0;
            // Behind a blank where one is not far, so that words stay whole; the blank stays, too.
            let blank = fits.rfind(' ').filter(|at| fits.len() < rest.len() && *at >= fits.len() / 2);
            let end = blank.map_or(fits.len().max(first), |at| at + 1);
            let (head, tail) = rest.split_at(end);
            rows.push(Row {
                spans: vec![Span::new(bar, Ink::of(Role::Rule)), Span::new(head, self.ink)],
                ..Row::default()
            });
            rest = tail;
        }
        rows
    }

    /// Air between two paragraphs.
    pub fn blank() -> Self {
        Self::of(" ", Role::Text)
    }
}

/// The text, and the first row that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    title: String,
    /// Stands above the lines.
    table: Option<Table>,
    lines: Vec<Line>,
    /// A text in Markdown instead.
    markdown: Option<String>,
    /// In rows of that many columns.
    rows: (u16, Vec<Row>),
    page: Page,
    offers: Vec<Offer>,
    /// It came by itself: until then, and as long as somebody goes on typing, it hears no key.
    deaf_until: Option<Duration>,
}

/// How long what came by itself hears nothing.
const DEAF: Duration = Duration::from_millis(500);

/// What can be done with what is read: its letter, what it does, the choice.
#[derive(Debug, Clone, PartialEq)]
struct Offer {
    letter: char,
    does: &'static str,
    choice: Choice,
}

impl Reading {
    /// A text under a title.
    pub fn new(title: &str, lines: Vec<Line>) -> Self {
        let title = title.to_owned();
        Self {
            title,
            table: None,
            lines,
            markdown: None,
            rows: (0, Vec::new()),
            page: Page::default(),
            offers: Vec::new(),
            deaf_until: None,
        }
    }

    /// A table, and lines below it: laid out anew wherever the room becomes another.
    pub fn tabled(title: &str, table: Table, lines: Vec<Line>) -> Self {
        Self { table: Some(table), ..Self::new(title, lines) }
    }

    /// Columns that its lines have on that screen: a table that is wider would be broken.
    pub fn room(screen: Rect) -> u16 {
        page::widest(screen)
    }

    /// Columns that it has on that screen: those of a text, more where a table in it needs them.
    pub fn width(&self, screen: Rect) -> u16 {
        let widest = page::widest(screen);
        let table = self.table.as_ref().map(|table| table.width(widest));
        let tables = self.lines.iter().filter(|line| line.name.is_some());
        let needed = tables.map(|line| columns(&line.text)).chain(table).max().unwrap_or(0);
        page::width(screen).max(needed.min(widest))
    }

    /// A text in Markdown under a title.
    pub fn markdown(title: &str, text: String) -> Self {
        Self { markdown: Some(text), ..Self::new(title, Vec::new()) }
    }

    /// The same with something that can be done besides leaving it.
    #[must_use]
    pub fn offering(mut self, letter: char, does: &'static str, choice: Choice) -> Self {
        self.offers.push(Offer { letter, does, choice });
        self
    }

    /// The same as something that nobody asked for now.
    #[must_use]
    pub fn uninvited(self, now: Duration) -> Self {
        Self { deaf_until: Some(now + DEAF), ..self }
    }

    /// Nobody asked for it.
    pub fn is_uninvited(&self) -> bool {
        self.deaf_until.is_some()
    }

    /// Whether it asks if that call of a run may be made.
    pub fn asks(&self, run: RunId, call: &str) -> bool {
        self.offers.iter().any(|offer| match &offer.choice {
            Choice::Consent { run: of, call: id, .. } => *of == run && id == call,
            _ => false,
        })
    }

    /// It asks whether an agent may do something.
    pub fn asks_for_consent(&self) -> bool {
        self.offers.iter().any(|offer| matches!(offer.choice, Choice::Consent { .. }))
    }

    /// Whether a key is none for it yet: it was for what lies below, and so is the next one that follows at once.
    pub fn is_deaf(&mut self, now: Duration) -> bool {
        let deaf = self.deaf_until.is_some_and(|until| now < until);
        if deaf {
            self.deaf_until = Some(now + DEAF);
        }
        deaf
    }

    /// The keys of what can be done, and what that is.
    pub fn offered(&self) -> impl Iterator<Item = (Key, &'static str)> + '_ {
        self.offers.iter().map(|offer| (Key::char(offer.letter), offer.does))
    }

    /// What lies over the place.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its rows fit a room that is so wide.
    pub fn fit(&mut self, width: u16) {
        if self.rows.0 != width {
            self.rows = (width, self.wrapped(width));
        }
    }

    fn rows(&self, width: u16) -> Cow<'_, [Row]> {
        if self.rows.0 == width { Cow::Borrowed(&self.rows.1) } else { Cow::Owned(self.wrapped(width)) }
    }

    fn wrapped(&self, width: u16) -> Vec<Row> {
        if let Some(text) = &self.markdown {
            let mut markdown = Stream::new(usize::from(width).max(8));
            markdown.update(&safe_text(text), true);
            return markdown.rows().to_vec();
        }
        let broken = |line: &Line| {
            let safe = safe_text(&line.text).replace('\t', "    ");
            let width = usize::from(width).max(8);
            match line.name {
                _ if line.exact => line.exactly(&safe, width.min(page::MEASURE.into())),
                Some(name) => wrap(&Inline::plain(&Line::cut(&safe, name, width), line.ink), width),
                None if !line.term.is_empty() => line.under(&safe, width.min(page::MEASURE.into())),
                None => wrap(&Inline::plain(&safe, line.ink), width.min(page::MEASURE.into())),
            }
        };
        let table = self.table.as_ref().map(|table| table.lines(width)).unwrap_or_default();
        table.iter().chain(&self.lines).flat_map(broken).collect()
    }

    /// How many rows it has at that width.
    pub fn height(&self, width: u16) -> usize {
        self.rows(width).len()
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key, action: Option<Action>, area: Rect) -> Outcome {
        if let Some(offer) = self.offers.iter().find(|offer| key.typed() == Some(offer.letter)) {
            return Outcome::Chosen(offer.choice.clone());
        }
        let all = self.height(area.width);
        self.page.key(key, action, area.height, all).unwrap_or(Outcome::Stay)
    }

    /// Scrolls; it stops at the ends.
    pub fn scroll(&mut self, steps: isize, area: Rect) {
        let all = self.height(area.width);
        self.page.scroll(steps, area.height, all);
    }

    /// What lies above and below.
    pub fn hidden(&self, area: Rect) -> Hidden {
        self.page.hidden(area.height, self.height(area.width))
    }

    /// Paints it.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, look: &Look) {
        for (y, row) in (area.top()..area.bottom()).zip(self.rows(area.width).iter().skip(self.page.top)) {
            row.draw(Position { x: area.x, y }, area.width, look, cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_by_itself_hears_no_key_while_somebody_types() {
        let at = Duration::from_secs(9);
        let mut reading = Reading::new("t", Vec::new()).uninvited(at);
        assert!(reading.is_deaf(at) && reading.is_deaf(at + DEAF / 2));
        assert!(reading.is_deaf(at + DEAF), "a key came in between");
        assert!(!reading.is_deaf(at + DEAF * 3));
        assert!(!Reading::new("t", Vec::new()).is_deaf(at));
    }

    #[test]
    fn what_is_shown_as_it_is_keeps_its_blanks_and_says_where_it_goes_on() {
        let mut reading = Reading::new("t", vec![Line::exact("12345678  abcdefgh"), Line::exact("")]);
        reading.fit(12);
        let rows: Vec<String> = reading.rows(12).iter().map(Row::text).collect();
        assert_eq!(rows, ["▏ 12345678  ", "▏↳abcdefgh", "▏ "]);
    }

    #[test]
    fn a_table_has_the_room_of_the_screen_and_none_of_its_rows_is_broken() {
        let row = |name: &str| vec![name.to_owned(), "4.82 s".to_owned(), "x".repeat(120)];
        let mut lines = Line::table(&[row(""), row("a name that goes on")]);
        lines.push(Line::of(&"word ".repeat(40), Role::Muted));
        let reading = Reading::new("t", lines);
        let wide = Rect::new(0, 0, 240, 40);
        assert_eq!((reading.width(wide), reading.height(reading.width(wide))), (149, 4));
        assert_eq!(reading.width(Rect::new(0, 0, 60, 20)), 52);
        assert_eq!(Line::cut("a name that goes on  4.82 s", 19, 20), "a name that…  4.82 s");
        assert_eq!(Line::cut("a name that goes on  4.82 s", 19, 12), "a name…   4…");
        assert_eq!(Line::cut("a       1", 7, 20), "a       1");
    }

    #[test]
    fn a_table_is_laid_out_anew_where_the_screen_becomes_another() {
        let row = |name: &str| vec![name.to_owned(), "4.82 s".to_owned(), "9 ms".to_owned()];
        let table = Table::new(vec![row("name"), row("a name that goes on")], &[(60, &[1, 2]), (0, &[2])]);
        let mut reading = Reading::tabled("t", table, vec![Line::of("below", Role::Muted)]);
        let mut drawn = |screen: Rect| {
            reading.fit(reading.width(screen));
            let rows = reading.rows(reading.width(screen)).into_owned();
            let text = |row: &Row| row.spans.iter().map(|span| span.text.as_str()).collect::<String>();
            rows.iter().map(text).collect::<Vec<_>>()
        };
        let wide = ["name                 4.82 s  9 ms", "a name that goes on  4.82 s  9 ms", "below"];
        let narrow = ["name                 9 ms", "a name that goes on  9 ms", "below"];
        let (large, small) = (Rect::new(0, 0, 120, 40), Rect::new(0, 0, 60, 20));
        assert_eq!(drawn(large), wide);
        assert_eq!(drawn(small), narrow);
        assert_eq!(drawn(large), wide);
    }

    #[test]
    fn what_stands_beside_a_term_keeps_to_its_column() {
        let lines = vec![Line::term("may call  ", "orders · asks first"), Line::term("steps  ", "one")];
        let rows = Reading::new("t", lines).wrapped(24);
        let text: Vec<String> = rows.iter().map(Row::text).collect();
        assert_eq!(text, ["may call  orders · asks", "          first", "steps  one"]);
    }

    #[test]
    fn nothing_but_its_own_letter_takes_an_offer() {
        let choice = Choice::CopyCode("x".to_owned());
        let mut reading = Reading::new("t", Vec::new()).offering('y', "do it", choice.clone());
        let area = Rect::new(0, 0, 20, 4);
        assert_eq!(reading.key(Key::char('Y'), None, area), Outcome::Stay);
        assert_eq!(reading.key(Key::char('x'), Some(Action::Accept), area), Outcome::Close);
        assert_eq!(reading.key(Key::char('y'), None, area), Outcome::Chosen(choice));
    }
}
