//! Lines that are scrolled: a cursor over those that can be chosen, or none.

use std::ops::Range;

use ratatui::layout::Rect;

use super::charts::{Kind, Line};

/// The lines, and what of them is in sight.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub all: Vec<Line>,
    /// The chosen one.
    pub at: usize,
    /// The first one in sight.
    pub top: usize,
    /// It is read, and nothing is chosen.
    pub reads: bool,
    /// Rows of the first column where there are two.
    pub first: usize,
}

/// What a line that can be chosen is, however wide it is: its part, whether raters differ on it, what it is about, its terms.
type Known<'a> = (usize, Kind, &'a str, &'a [&'static str]);

/// The lines that can be chosen, and what they are.
fn stops(lines: &[Line]) -> impl Iterator<Item = (usize, Known<'_>)> {
    let mut part = 0;
    lines.iter().enumerate().filter_map(move |(at, line)| {
        part += usize::from(line.kind == Kind::Head);
        line.stops().then_some((at, (part, line.kind, line.about.as_str(), line.terms.as_slice())))
    })
}

impl Lines {
    /// Others in their place, as another width or another report makes them: the cursor stays on what it stood on, or where
    /// that is gone as far from the first one.
    pub fn put(&mut self, all: Vec<Line>, height: usize) {
        let before = std::mem::replace(&mut self.all, all);
        let at = stops(&before).find(|(at, _)| *at == self.at).and_then(|(_, chosen)| {
            // A table that is parted has each of its rows several times.
            let nth = stops(&before).filter(|(at, other)| *at < self.at && *other == chosen).count();
            let alike: Vec<usize> =
                stops(&self.all).filter(|(_, other)| *other == chosen).map(|(at, _)| at).collect();
            alike.get(nth).or(alike.last()).copied()
        });
        let nth = stops(&before).filter(|(at, _)| *at < self.at).count();
        self.at = at.or_else(|| stops(&self.all).nth(nth).map(|(at, _)| at)).unwrap_or(0);
        self.step(0, height);
    }

    /// The line that is chosen.
    pub fn chosen(&self) -> Option<&Line> {
        self.all.get(self.at).filter(|line| !self.reads && line.stops())
    }

    /// The rows of what is chosen: its line, and those that it goes on in.
    pub fn chosen_rows(&self) -> Range<usize> {
        if self.reads {
            return 0..0;
        }
        let more = self.all.iter().skip(self.at + 1).take_while(|line| line.kind == Kind::More);
        self.at..self.at + 1 + more.count()
    }

    /// Moves the cursor by so many lines that can be chosen, or what is read by so many lines.
    pub fn step(&mut self, steps: isize, height: usize) {
        if self.reads {
            self.top = self.top.saturating_add_signed(steps);
            return self.keep(height);
        }
        let stops: Vec<usize> =
            self.all.iter().enumerate().filter(|(_, line)| line.stops()).map(|(at, _)| at).collect();
        let nth = stops.partition_point(|stop| *stop < self.at);
        let to = nth.saturating_add_signed(steps).min(stops.len().saturating_sub(1));
        self.at = stops.get(to).copied().unwrap_or(0);
        self.keep(height);
    }

    /// How many lines from `top` on stand in the first of two columns of so many rows: what would be torn at its foot goes to the
    /// second one whole, and a head there goes with what it heads.
    pub fn in_first(&self, top: usize, rows: usize) -> usize {
        let foot = top + rows;
        // Before a blank one stands a note of what is above it.
        let Some(next) = self.all.get(foot).filter(|line| line.kind != Kind::Blank) else {
            return rows;
        };
        let mut end = foot;
        if next.kind == Kind::More {
            let more = self.all[top..foot].iter().rev().take_while(|line| line.kind == Kind::More).count();
            end = foot.saturating_sub(more + 1).max(top);
        }
        let heads = |line: &&Line| matches!(line.kind, Kind::Head | Kind::Aside);
        let heads = self.all[top..end].iter().rev().take_while(heads).count();
        // What is longer than a column is torn: none is empty.
        if top + heads < end { end - heads - top } else { rows }
    }

    /// How many lines from `top` on the `n`th of the columns has room for.
    pub fn rows_of(&self, n: usize, columns: &[Rect], top: usize) -> usize {
        let rows = columns.get(n).map_or(0, |column| usize::from(column.height));
        if n + 1 < columns.len() { self.in_first(top, rows) } else { rows }
    }

    /// How many of so many rows have a line, from `top` on.
    fn shown(&self, top: usize, height: usize) -> usize {
        height.saturating_sub(self.first - self.in_first(top, self.first))
    }

    /// Moves by lines of any kind, as a page does.
    pub fn page(&mut self, lines: isize, height: usize) {
        // What no row was left for is not passed over.
        let most = isize::try_from(self.shown(self.top, height)).unwrap_or(isize::MAX);
        let lines = lines.clamp(-most, most);
        if self.reads {
            return self.step(lines, height);
        }
        let to = self.at.saturating_add_signed(lines).min(self.all.len().saturating_sub(1));
        self.top = self.top.saturating_add_signed(lines);
        self.choose(to, lines < 0, height);
    }

    /// To the first line, or to the last one.
    pub fn end(&mut self, last: bool, height: usize) {
        let most = isize::try_from(self.all.len()).unwrap_or(isize::MAX);
        self.step(if last { most } else { -most }, height);
        if !last {
            self.top = 0;
        }
    }

    /// To the next part, or to the one before.
    pub fn part(&mut self, next: bool, height: usize) {
        // Heads right under each other are one.
        let heads: Vec<usize> = (0..self.all.len()).filter(|at| self.all[*at].kind == Kind::Head).collect();
        let begins = |head: usize| self.all.iter().skip(head).position(Line::stops).map(|at| head + at);
        let mut parts = heads.into_iter().filter_map(|head| Some((head, begins(head)?)));
        let found = if next {
            parts.find(|(_, first)| *first > self.at)
        } else {
            parts.rfind(|(_, first)| *first < self.at)
        };
        match found {
            Some((head, first)) => {
                self.at = first;
                self.top = head;
                self.keep(height);
            }
            None => self.end(next, height),
        }
    }

    /// Chooses a line, or the nearest one that can be.
    pub fn choose(&mut self, at: usize, before: bool, height: usize) {
        let stops = |at: &usize| self.all.get(*at).is_some_and(Line::stops);
        let down = (at..self.all.len()).find(stops);
        let up = (0..=at.min(self.all.len().saturating_sub(1))).rev().find(stops);
        let near = if before { up.or(down) } else { down.or(up) };
        self.at = near.unwrap_or(self.at);
        self.keep(height);
    }

    /// What is chosen is in sight: with the lines that it goes on in, and the head right above it.
    pub fn keep(&mut self, height: usize) {
        let height = height.max(1);
        if !self.reads {
            let goes_on = |line: &&Line| matches!(line.kind, Kind::More | Kind::Aside);
            let end = self.at + 1 + self.all.iter().skip(self.at + 1).take_while(goes_on).count();
            // The head right above it, with the titles of a table; at the very beginning all that is there.
            let before = || self.all.iter().take(self.at).rev();
            let above = match before().position(Line::stops) {
                Some(_) => before().take_while(|line| line.kind == Kind::Head || goes_on(line)).count(),
                None => self.at,
            };
            self.top = self.top.max(end.saturating_sub(height));
            while self.top + self.shown(self.top, height) < end {
                self.top += 1;
            }
            self.top = self.top.min(self.at.saturating_sub(above.min(height.saturating_sub(1))));
        }
        let mut last = self.all.len().saturating_sub(height);
        while last + self.shown(last, height) < self.all.len() {
            last += 1;
        }
        self.top = self.top.min(last);
    }
}

#[cfg(test)]
mod tests {
    use super::super::charts::{Figures, Table, words};
    use super::*;
    use crate::tui::look::Role;

    /// `h` a head, `-` one that can be chosen, `+` it goes on, a blank one.
    fn lines(kinds: &str) -> Lines {
        let kind = |sign| match sign {
            'h' => Kind::Head,
            '-' => Kind::Plain,
            '+' => Kind::More,
            '~' => Kind::Aside,
            _ => Kind::Blank,
        };
        let all = kinds.chars().map(|sign| Line::of(kind(sign), Vec::new())).collect();
        let mut lines = Lines::default();
        lines.put(all, 4);
        lines
    }

    #[test]
    fn the_cursor_stops_at_what_can_be_chosen_and_its_head_stays_in_sight() {
        let mut lines = lines("h- h--+ h---");
        assert_eq!((lines.at, lines.top), (1, 0));
        lines.step(1, 4);
        assert_eq!((lines.at, lines.top), (4, 1));
        lines.step(1, 4);
        assert_eq!((lines.at, lines.top), (5, 3), "with what it goes on in");
        lines.step(9, 4);
        assert_eq!((lines.at, lines.top), (11, 8));
        lines.end(false, 4);
        assert_eq!((lines.at, lines.top), (1, 0));
    }

    #[test]
    fn the_cursor_stays_on_what_it_stood_on_where_the_width_parts_a_table() {
        let row = |name: &str| {
            let cells = ["1111111111"; 3].map(str::to_owned).into();
            Figures { cells, ..Figures::of(name, &["chosen"]) }
        };
        let table =
            Table { rows: ["first", "second", "third"].map(row).into(), ..Table::of(&["a", "b", "c"]) };
        let card = |width| {
            let mut lines = table.lines(width);
            lines.push(Line::blank());
            lines.push(Line::head("Raters", "", width));
            lines.extend(words("Two of them have said the same.", Role::Text, width));
            lines
        };
        let (wide, narrow) = (card(80), card(30));
        let stops = |card: &[Line]| card.iter().filter(|line| line.stops()).count();
        assert_eq!((stops(&wide), stops(&narrow)), (4, 10), "each row once, and three times");
        let mut lines = Lines::default();
        lines.put(narrow.clone(), 40);
        let chosen = |lines: &Lines| lines.chosen().map(Line::text).unwrap_or_default();
        let says = |lines: &Lines, word: &str| assert!(chosen(lines).contains(word), "{}", chosen(lines));
        // In the second of three parts.
        lines.step(4, 40);
        says(&lines, "second");
        lines.put(wide.clone(), 40);
        says(&lines, "second");
        lines.end(true, 40);
        says(&lines, "Two of them");
        lines.put(narrow, 40);
        says(&lines, "Two of them");
        lines.put(wide, 40);
        says(&lines, "Two of them");
        // Of what is gone the one that stands there stays.
        lines.put(vec![Line::of(Kind::Plain, Vec::new()); 9], 40);
        assert_eq!(lines.at, 3);
    }

    #[test]
    fn parts_are_gone_through_and_a_page_keeps_the_cursor_in_sight() {
        let mut lines = lines("h- h--+ h---");
        lines.part(true, 4);
        assert_eq!((lines.at, lines.top), (4, 3));
        lines.part(true, 4);
        assert_eq!((lines.at, lines.top), (9, 8));
        lines.part(false, 4);
        assert_eq!((lines.at, lines.top), (4, 3));
        lines.page(4, 4);
        assert_eq!(lines.at, 9);
        lines.page(-4, 4);
        assert_eq!((lines.at, lines.top), (5, 3));
        lines.page(-40, 4);
        assert_eq!((lines.at, lines.top), (1, 0), "no further than what is shown");
    }

    #[test]
    fn all_rows_of_what_is_chosen_are_marked_and_no_title_below_it() {
        let mut lines = lines("h~-++~--");
        assert_eq!(lines.chosen_rows(), 2..5);
        lines.step(1, 4);
        assert_eq!(lines.chosen_rows(), 6..7);
        lines.reads = true;
        assert!(lines.chosen_rows().is_empty());
    }

    #[test]
    fn a_head_at_the_foot_of_the_first_column_goes_with_what_it_heads() {
        let first = |kinds: &str, rows| lines(kinds).in_first(0, rows);
        assert_eq!(first("-- h~--", 4), 3);
        assert_eq!(first("-- h~--", 5), 3, "with the titles of the table");
        assert_eq!(first("h~--~--", 5), 4, "the head of some rows too");
        assert_eq!(first("h--~ --", 4), 4, "a note stays below its rows");
        assert_eq!(first("h~~~-", 4), 4, "no column is empty");
        assert_eq!(first("---h", 4), 4);
        assert_eq!(first("---+--", 3), 2, "what goes on below is not torn");
        assert_eq!(first("--++--", 3), 1);
        assert_eq!(first("-h-++-", 4), 1, "nor parted from its head");
        assert_eq!(first("--+-", 3), 3);
        assert_eq!(first("-+++-", 3), 3, "what is longer than the column is");
        // What there is no row left for is come to all the same.
        let mut lines = Lines { first: 4, ..lines("-- h~----") };
        lines.end(true, 8);
        assert_eq!((lines.at, lines.top, lines.in_first(2, 4)), (8, 2, 4));
        lines.end(false, 8);
        assert_eq!((lines.at, lines.top), (0, 0));
        lines.page(8, 8);
        assert_eq!((lines.at, lines.top), (7, 2));
    }

    #[test]
    fn what_is_read_scrolls_and_stops_at_its_end() {
        let mut read = Lines { reads: true, ..lines("--------") };
        read.step(3, 4);
        assert_eq!((read.top, read.chosen().is_none()), (3, true));
        read.step(99, 4);
        assert_eq!(read.top, 4);
    }
}
