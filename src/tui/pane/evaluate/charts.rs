//! Figures as lines of a screen that is so wide: tables with bars, histograms, sentences. Pure: what is drawn is a value.
//!
//! Nothing is left out where the width is short: columns that do not fit stand below, under the same names.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::domain::evaluation::tally::Spread;
use crate::domain::figures::grouped;
use crate::domain::untrusted::safe_line;
use crate::tui::look::Role;
use crate::tui::paint::{columns, meter, wrap};
use crate::tui::widget::text::{fit, fit_left, width as wide_of};

/// Columns of air before a table, and between two of its columns.
const INDENT: u16 = 2;
const GAP: u16 = 2;
/// Columns of a bar.
const SHORT: u16 = 8;
const LONG: u16 = 36;
/// The narrowest column of a histogram, and the widest one.
const SLIM: u16 = 18;
const BROAD: u16 = 34;
/// Columns of a name that is made short.
const BRIEF: u16 = 16;
/// Where a share is, in a bar with its bounds.
const VALUE: char = '┃';
/// Where a value is on its scale, and where nothing is on a scale that goes below it: bare, and between the bounds.
const PLACE: char = '●';
const ZERO: [char; 2] = ['│', '┼'];
/// Between the names of two that are compared.
pub(super) const PAIR: &str = " | ";
/// Columns of text that is read as sentences.
pub(super) const SENTENCE: u16 = 100;

/// Something on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub x: u16,
    pub text: String,
    pub role: Role,
    pub bold: bool,
    /// It stands on the ground of a bar.
    pub bar: bool,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    /// It begins a part.
    Head,
    /// The line before goes on.
    More,
    /// It stands beside what can be chosen: the titles of a table, the head of some of its rows, a note below it.
    Aside,
    Plain,
    /// Of the metric and the disagreement at these places of the report.
    Disputed(usize, usize),
    /// Of a text that is set, by its place, the row at that place; it has no pieces of its own.
    Set(usize, usize),
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub pieces: Vec<Piece>,
    pub kind: Kind,
    /// What a row of a table is about, whole: what is shown of it is made short where the width is.
    pub about: String,
    /// The names of the definitions of its numbers.
    pub terms: Vec<&'static str>,
}

impl Line {
    pub fn of(kind: Kind, pieces: Vec<Piece>) -> Self {
        Self { pieces, kind, about: String::new(), terms: Vec::new() }
    }

    pub fn blank() -> Self {
        Self::of(Kind::Blank, Vec::new())
    }

    /// The head of a part, and what stands beside it.
    pub fn head(words: &str, beside: &str, width: u16) -> Self {
        let name = fit(&safe_line(words), usize::from(width)).into_owned();
        let x = columns(&name) + GAP;
        let mut pieces = vec![Piece { bold: true, ..piece(0, name, Role::Accent) }];
        if !beside.is_empty() && x + 4 < width {
            let beside = fit(&safe_line(beside), usize::from(width - x)).into_owned();
            pieces.push(piece(x, beside, Role::Faint));
        }
        Self::of(Kind::Head, pieces)
    }

    /// The rows of a text that is set, by its place.
    pub fn rows(place: usize, rows: usize) -> impl Iterator<Item = Self> {
        (0..rows).map(move |row| Self::of(Kind::Set(place, row), Vec::new()))
    }

    /// A smaller head.
    pub fn sub(words: &str) -> Self {
        Self::of(
            Kind::Head,
            vec![Piece { bold: true, ..piece(0, safe_line(words).into_owned(), Role::Text) }],
        )
    }

    /// Whether the cursor stops at it.
    pub fn stops(&self) -> bool {
        matches!(self.kind, Kind::Plain | Kind::Disputed(..))
    }

    #[cfg(test)]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            while columns(&text) < piece.x {
                text.push(' ');
            }
            text.push_str(&piece.text);
        }
        text.trim_end().to_owned()
    }
}

pub(super) fn piece(x: u16, text: impl Into<String>, role: Role) -> Piece {
    Piece { x, text: text.into(), role, bold: false, bar: false }
}

/// A sentence, in lines.
pub(super) fn words(text: &str, role: Role, width: u16) -> Vec<Line> {
    indented(text, role, 0, width)
}

/// A sentence below a name, in lines from `x` on.
pub(super) fn indented(text: &str, role: Role, x: u16, width: u16) -> Vec<Line> {
    let room = width.saturating_sub(x).clamp(8, SENTENCE);
    wrap(text, room)
        .into_iter()
        .enumerate()
        .map(|(at, line)| {
            let kind = if at == 0 { Kind::Plain } else { Kind::More };
            Line::of(kind, vec![piece(x, line, role)])
        })
        .collect()
}

/// Something between 0 and 1 that is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bar {
    /// As long as a share. Where its bounds are known it is full up to the lower one, fades from there to the upper one, and a
    /// sign stands where the share is.
    Share { value: f64, bounds: Option<(f64, f64)> },
    /// A place on a scale, with how far it may be elsewhere, and where nothing is, of a scale that goes below it.
    Place { value: f64, bounds: Option<(f64, f64)>, zero: Option<f64> },
}

impl Bar {
    /// A number from −1 to 1: less than nothing is to the left of the middle.
    pub fn signed(value: f64, bounds: Option<(f64, f64)>) -> Self {
        let share = |value: f64| f64::midpoint(value, 1.0);
        let bounds = bounds.map(|(low, high)| (share(low), share(high)));
        Self::Place { value: share(value), bounds, zero: Some(share(0.0)) }
    }

    fn drawn(self, width: u16) -> String {
        let cell = |share: f64| (share.clamp(0.0, 1.0) * f64::from(width)).round() as u16;
        match self {
            Self::Share { value, bounds: None } => meter(value, width),
            Self::Share { value, bounds: Some((low, high)) } => {
                let (low, high) = (cell(low), cell(high));
                // The value has a cell of its own: beside it a wide interval is not taken for it.
                let within = (value.clamp(0.0, 1.0) * f64::from(width)) as u16;
                let value = within.min(width.saturating_sub(1));
                let sign = |at: u16| match at {
                    at if at == value => VALUE,
                    at if at < low.min(value) => '█',
                    at if at < value => '▒',
                    at if at < high => '░',
                    _ => ' ',
                };
                (0..width).map(sign).collect()
            }
            Self::Place { value, bounds, zero } => {
                let last = width.saturating_sub(1);
                let place = |share: f64| (share.clamp(0.0, 1.0) * f64::from(last)).round() as u16;
                let at = place(value);
                let (low, high) = bounds.map_or((at, at), |(low, high)| (place(low), place(high)));
                let zero = zero.map(place);
                let sign = |cell: u16| match (low..=high).contains(&cell) {
                    _ if cell == at => PLACE,
                    within if zero == Some(cell) => ZERO[usize::from(within)],
                    true => '─',
                    false => '·',
                };
                (0..width).map(sign).collect()
            }
        }
    }
}

/// What the signs of bars with bounds mean, where there are such bars.
pub(super) fn legend(lines: &[Line], width: u16) -> Vec<Line> {
    let has =
        |line: &Line, signs: &[char]| line.pieces.iter().any(|piece| piece.bar && piece.text.contains(signs));
    let first = |signs: &[char]| lines.iter().position(|line| has(line, signs));
    let share = first(&[VALUE]).and_then(|at| {
        let [to, bound] = [("▒", "to the value"), ("┃", "value")];
        let long = [("█", "to the lower bound of 95 %"), to, bound, ("░", "to the upper bound")];
        let short = [("█", "lower bound"), to, bound, ("░", "upper bound")];
        Some((at, explained(&long, width).or_else(|| explained(&short, width))?))
    });
    let place = first(&[PLACE]).and_then(|at| {
        let mut signs = vec![("●", "the value on its scale"), ("─", "to the bounds of 95 %")];
        signs.extend(first(&ZERO).map(|_| ("│", "0")));
        Some((at, explained(&signs, width)?))
    });
    // In the order in which the bars come.
    let mut told: Vec<(usize, Line)> = share.into_iter().chain(place).collect();
    told.sort_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, line)| line).collect()
}

/// Signs as they stand in bars, each with what it means, where one line holds them.
fn explained(signs: &[(&str, &str)], width: u16) -> Option<Line> {
    let mut x = 0;
    let mut pieces = Vec::new();
    for (sign, words) in signs {
        x += if x > 0 { GAP } else { 0 };
        pieces.push(Piece { bar: true, ..piece(x, *sign, Role::Info) });
        x += columns(sign) + 1;
        pieces.push(piece(x, *words, Role::Faint));
        x += columns(words);
    }
    (x <= width).then(|| Line::of(Kind::Aside, pieces))
}

/// A name in so many columns. Of a long one the end tells models apart: so many bytes before it stay, and of two names the end
/// of each.
fn short(name: &str, stays: usize, columns: usize) -> Cow<'_, str> {
    if wide_of(name) <= columns {
        return Cow::Borrowed(name);
    }
    if let Some((first, second)) = name.split_once(PAIR) {
        // Each has half of the room, and what the other one leaves.
        let room = columns.saturating_sub(wide_of(PAIR));
        let first = fit_left(first, (room / 2).max(room.saturating_sub(wide_of(second))));
        let second = fit_left(second, room.saturating_sub(wide_of(&first)));
        return Cow::Owned(format!("{first}{PAIR}{second}"));
    }
    let (before, model) = name.split_at_checked(stays).unwrap_or(("", name));
    if before.is_empty() {
        return fit_left(name, columns);
    }
    Cow::Owned(format!("{before}{}", fit_left(model, columns.saturating_sub(wide_of(before)))))
}

/// A row of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Figures {
    pub name: String,
    /// Bytes at the beginning of the name that stay where it is made short.
    pub stays: usize,
    pub bar: Option<Bar>,
    /// The most telling one first.
    pub cells: Vec<String>,
    /// Why there are none, in their place.
    pub instead: String,
    /// Said below the table: why a cell is not there.
    pub note: String,
    pub terms: Vec<&'static str>,
    /// It is a head of the rows that follow.
    pub group: bool,
    /// It is worth a second look.
    pub warn: bool,
}

/// Names with figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Table {
    /// Of the cells.
    pub titles: Vec<String>,
    pub rows: Vec<Figures>,
    /// After how many columns it may go on below; where there are none it goes on anywhere. Before it does names are made short,
    /// as far as they stay apart, and a bar gives its room.
    pub parts: Vec<usize>,
}

impl Figures {
    /// A row of that name.
    pub fn of(name: &str, terms: &[&'static str]) -> Self {
        Self { name: safe_line(name).into_owned(), terms: terms.to_vec(), ..Self::default() }
    }

    /// The head of rows.
    pub fn group(name: &str) -> Self {
        Self { group: true, ..Self::of(name, &[]) }
    }
}

impl Table {
    pub fn of(titles: &[&str]) -> Self {
        Self { titles: titles.iter().map(|title| (*title).to_owned()).collect(), ..Self::default() }
    }

    /// The table in lines that are so wide.
    pub fn lines(&self, width: u16) -> Vec<Line> {
        let own = self.rows.iter().filter(|row| !row.group);
        let mut bars = own.clone().any(|row| row.bar.is_some());
        let wide = |at: usize| {
            let cells = own.clone().filter_map(|row| row.cells.get(at)).map(|cell| columns(cell));
            cells.chain([columns(&self.titles[at])]).max().unwrap_or(0)
        };
        let widths: Vec<u16> = (0..self.titles.len()).map(wide).collect();
        // Names have what the columns leave, and no less than two fifths.
        let cells = INDENT + widths.iter().map(|own| own + GAP).sum::<u16>();
        let longest = own.clone().map(|row| columns(&row.name)).max().unwrap_or(0);
        let short = self.shortest().min(longest);
        if self.parts.is_empty() && cells + SHORT + GAP + short > width && cells + short <= width {
            bars = false;
        }
        let taken = cells + if bars { SHORT + GAP } else { 0 };
        let least = if self.parts.is_empty() && taken + short > width { width * 2 / 5 } else { short };
        let most = width.saturating_sub(taken).max(least).max(12);
        let name = longest.min(most);
        let start = INDENT + name + GAP;
        let mut lines = Vec::new();
        let mut from = 0;
        loop {
            // The first part of the columns has the bar.
            let barred = bars && from == 0;
            let left = width.saturating_sub(start + if barred { SHORT + GAP } else { 0 });
            let taken = |to: usize| widths[from..to].iter().map(|own| own + GAP).sum::<u16>();
            let fits = |to: &usize| *to > from && taken(*to) <= left + GAP;
            let part = self.parts.iter().copied().filter(fits).max();
            let any = (from + 1..=widths.len()).take_while(fits).last();
            let to = part.filter(|_| any < Some(widths.len())).or(any).unwrap_or(from + 1).min(widths.len());
            let bar = if barred { (SHORT + left.saturating_sub(taken(to))).min(LONG) } else { 0 };
            self.part(from, &widths[from..to], (name, bar), width, &mut lines);
            from = to;
            if from >= widths.len() {
                break;
            }
        }
        lines.extend(self.notes(width));
        lines
    }

    /// Columns at which shortened names are still different ones.
    fn shortest(&self) -> u16 {
        let names: BTreeSet<_> = self.rows.iter().map(|row| (row.name.as_str(), row.stays)).collect();
        let differ = |width: &u16| {
            let shown = names.iter().map(|(name, stays)| short(name, *stays, usize::from(*width)));
            shown.collect::<BTreeSet<_>>().len() == names.len()
        };
        (BRIEF..u16::MAX).find(differ).unwrap_or(BRIEF)
    }

    /// Some of the columns.
    fn part(&self, from: usize, widths: &[u16], (name, bar): (u16, u16), width: u16, lines: &mut Vec<Line>) {
        let start = INDENT + name + GAP;
        let first = start + if bar > 0 { bar + GAP } else { 0 };
        let places = |words: &dyn Fn(usize) -> String, role: Role| {
            let mut x = first;
            let mut pieces = Vec::new();
            for (at, wide) in widths.iter().enumerate() {
                let text = words(from + at);
                if !text.is_empty() {
                    pieces.push(piece(x + wide.saturating_sub(columns(&text)), text, role));
                }
                x += wide + GAP;
            }
            pieces
        };
        let titles = places(&|at| self.titles[at].clone(), Role::Faint);
        // A table whose rows all say why they are empty needs no titles.
        if !titles.is_empty() && self.rows.iter().any(|row| !row.cells.is_empty()) {
            lines.push(Line::of(Kind::Aside, titles));
        }
        let mut group = "";
        for row in &self.rows {
            if row.group {
                group = &row.name;
            }
            let about = format!("{group}\n{}", row.name);
            let mut pieces = Vec::new();
            let role = if row.group { Role::Muted } else { Role::Text };
            let room = if row.group { width.saturating_sub(INDENT) } else { name };
            let shown = short(&row.name, row.stays, room.into()).into_owned();
            pieces.push(piece(if row.group { 1 } else { INDENT }, shown, role));
            if !row.instead.is_empty() && from == 0 {
                let mut more = indented(&row.instead, Role::Muted, start, width);
                if let Some(head) = more.first_mut() {
                    head.pieces.splice(0..0, pieces);
                    head.terms.clone_from(&row.terms);
                    head.about = about;
                }
                lines.append(&mut more);
                continue;
            }
            let own = row.cells.iter().skip(from).take(widths.len());
            if from > 0 && !row.group && own.clone().all(String::is_empty) {
                continue;
            }
            if let Some(drawn) = row.bar.filter(|_| bar > 0) {
                let role = if row.warn { Role::Warn } else { Role::Info };
                pieces.push(Piece { bar: true, ..piece(start, drawn.drawn(bar), role) });
            }
            let role = if row.warn { Role::Warn } else { Role::Text };
            pieces.extend(places(&|at| row.cells.get(at).cloned().unwrap_or_default(), role));
            let kind = if row.group { Kind::Aside } else { Kind::Plain };
            lines.push(Line { about, terms: row.terms.clone(), ..Line::of(kind, pieces) });
        }
    }

    /// What is said below: once where it is the same of all rows.
    fn notes(&self, width: u16) -> Vec<Line> {
        // Each with the head that it stands under.
        let mut group = "";
        let mut own: Vec<(&str, &Figures)> = Vec::new();
        for row in &self.rows {
            if row.group {
                group = &row.name;
            } else if !row.cells.is_empty() {
                own.push((group, row));
            }
        }
        let mut said: Vec<&str> = Vec::new();
        let mut lines = Vec::new();
        for note in own.iter().map(|(_, row)| row.note.as_str()).filter(|note| !note.is_empty()) {
            if said.contains(&note) {
                continue;
            }
            said.push(note);
            let says = |row: &Figures| row.note == note;
            let whole = |group: &str| own.iter().filter(|(of, _)| *of == group).all(|(_, row)| says(row));
            let mut of: Vec<String> = own
                .iter()
                .filter(|(_, row)| says(row))
                .map(|(group, row)| match *group {
                    "" => row.name.clone(),
                    group if whole(group) => group.to_owned(),
                    group => format!("{group} {}", row.name),
                })
                .collect();
            of.dedup();
            let all = own.iter().all(|(_, row)| says(row));
            let text = if all { note.to_owned() } else { format!("{}: {note}", of.join(", ")) };
            let more = indented(&text, Role::Muted, INDENT, width).into_iter();
            lines.extend(more.map(|line| Line { kind: Kind::Aside, ..line }));
        }
        lines
    }
}

/// A column of a histogram: the part that it is of, and its name.
pub(super) type Column<'a> = (String, String, &'a Spread);

/// Columns in rows of so many: those of one part stay together where a row holds them.
fn chunks<'a, 'b>(mut of: &'b [Column<'a>], most: usize) -> Vec<&'b [Column<'a>]> {
    let mut chunks = Vec::new();
    while !of.is_empty() {
        let mut end = 0;
        for part in of.chunk_by(|a, b| a.0 == b.0) {
            if end > 0 && end + part.len() > most {
                break;
            }
            end += part.len();
        }
        let (chunk, rest) = of.split_at(end.min(most));
        chunks.push(chunk);
        of = rest;
    }
    chunks
}

/// How often each value was given, of several side by side: a row a value, as many columns as fit.
pub(super) fn histogram(
    values: &[String],
    of: &[Column<'_>],
    terms: &[&'static str],
    width: u16,
) -> Vec<Line> {
    let label = values.iter().map(|value| columns(value)).max().unwrap_or(0).min((width / 4).max(8));
    let room = width.saturating_sub(INDENT + label + GAP);
    let fitting = ((room + GAP) / (SLIM + GAP)).max(1);
    let chunks = chunks(of, fitting.into());
    let widest = chunks.iter().map(|chunk| chunk.len()).max().unwrap_or(1) as u16;
    let column = ((room + GAP) / widest.max(1)).saturating_sub(GAP).min(BROAD);
    let votes = |spread: &Spread| spread.votes().max(1) as f64;
    let most = of
        .iter()
        .flat_map(|(_, _, spread)| spread.counts.iter().map(|(_, count)| *count as f64 / votes(spread)))
        .fold(0.0, f64::max);
    let mut lines = Vec::new();
    for part in chunks {
        if !lines.is_empty() {
            lines.push(Line::blank());
        }
        let x = |at: usize| INDENT + label + GAP + at as u16 * (column + GAP);
        let head = |name: &str, at: usize, role: Role| {
            piece(x(at), short(&safe_line(name), 0, column.into()).into_owned(), role)
        };
        if part.iter().any(|(group, ..)| !group.is_empty()) {
            // Over all of its columns, once.
            let mut groups = Vec::new();
            let mut at = 0;
            for own in part.chunk_by(|a, b| a.0 == b.0) {
                let room = x(own.len()) - x(0) - GAP;
                let name = fit(&safe_line(&own[0].0), room.into()).into_owned();
                groups.push(piece(x(at), name, Role::Muted));
                at += own.len();
            }
            lines.push(Line::of(Kind::Aside, groups));
        }
        let names = part.iter().enumerate().map(|(at, (_, name, _))| head(name, at, Role::Faint));
        lines.push(Line::of(Kind::Aside, names.collect()));
        for (row, value) in values.iter().enumerate() {
            let mut pieces =
                vec![piece(INDENT, fit(&safe_line(value), label.into()).into_owned(), Role::Text)];
            for (at, (_, _, spread)) in part.iter().enumerate() {
                let Some((_, count)) = spread.counts.get(row) else { continue };
                let share = *count as f64 / votes(spread);
                let said = match column {
                    28.. => format!("{:>6}  {:>5.1} %", grouped(*count), share * 100.0),
                    _ => format!("{:>6}", grouped(*count)),
                };
                let bar = column.saturating_sub(columns(&said));
                let drawn = meter(if most > 0.0 { share / most } else { 0.0 }, bar);
                pieces.push(Piece { bar: true, ..piece(x(at), drawn, Role::Info) });
                pieces.push(piece(x(at) + bar, said, Role::Text));
            }
            let (about, terms) = (value.clone(), terms.to_vec());
            lines.push(Line { about, terms, ..Line::of(Kind::Plain, pieces) });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: f64, cells: &[&str]) -> Figures {
        Figures {
            bar: Some(Bar::Share { value, bounds: Some((value - 0.2, value + 0.2)) }),
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
            ..Figures::of(name, &["chosen"])
        }
    }

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn a_bar_is_full_up_to_its_lower_bound_and_fades_to_the_upper_one() {
        let bar = |low, value, high| Bar::Share { value, bounds: Some((low, high)) }.drawn(10);
        assert_eq!(bar(0.3, 0.5, 0.8), "███▒▒┃░░  ");
        assert_eq!(bar(0.0, 0.0, 0.3), "┃░░       ");
        assert_eq!(bar(0.7, 1.0, 1.0), "███████▒▒┃");
        assert_eq!(Bar::Share { value: 0.25, bounds: None }.drawn(2), "▌ ");
        let place = Bar::Place { value: 0.5, bounds: Some((0.25, 1.0)), zero: None };
        assert_eq!(place.drawn(9), "··──●────");
    }

    #[test]
    fn a_number_below_nothing_is_left_of_the_middle() {
        assert_eq!(Bar::signed(-0.5, Some((-0.75, -0.25))).drawn(9), "·─●─│····");
        assert_eq!(Bar::signed(0.5, Some((-0.25, 0.75))).drawn(9), "···─┼─●─·");
        assert_eq!(Bar::signed(0.0, None).drawn(9), "····●····");
        assert_eq!(Bar::signed(-0.01, None).drawn(8), "···●│···");
    }

    #[test]
    fn the_legend_has_the_signs_of_the_bars_that_are_there_in_their_order() {
        let mut table = Table::of(&["value"]);
        table.rows.push(Figures {
            bar: Some(Bar::signed(-0.5, None)),
            cells: vec!["−0.5".into()],
            ..Figures::of("alpha", &[])
        });
        let only = texts(&legend(&table.lines(56), 56));
        assert_eq!(only, ["● the value on its scale  ─ to the bounds of 95 %  │ 0"]);
        table.rows.push(row("a", 0.5, &["50.0 %"]));
        let both = texts(&legend(&table.lines(56), 56));
        assert_eq!(both.len(), 2);
        assert_eq!(both[1], "█ lower bound  ▒ to the value  ┃ value  ░ upper bound");
        assert!(legend(&[], 56).is_empty());
    }

    #[test]
    fn names_are_made_short_before_a_table_is_split() {
        let mut table = Table::of(&["chosen", "95 %", "times", "of votes"]);
        let cells = ["50.0 %", "30.0–70.0 %", "12", "24"];
        let long = |end: &str| row(&format!("local/smollm2-135m temperature=0.7 seed={end}"), 0.5, &cells);
        table.rows = vec![long("1"), long("2")];
        let lines = texts(&table.lines(76));
        assert_eq!(lines.len(), 3, "a head and two rows: {lines:?}");
        assert!(lines[0].ends_with("chosen         95 %  times  of votes"), "{lines:?}");
        assert!(lines[1].contains("seed=1") && lines[2].contains("seed=2"), "{lines:?}");
    }

    #[test]
    fn columns_that_do_not_fit_stand_below_under_the_same_names() {
        let mut table = Table::of(&["chosen", "95 %", "times"]);
        table.rows =
            vec![row("a", 0.5, &["50.0 %", "30.0–70.0 %", "12"]), row("bee", 0.2, &["20.0 %", "", "5"])];
        let wide = texts(&table.lines(46));
        assert_eq!(wide.len(), 3, "{wide:#?}");
        assert!(
            wide[1].starts_with("  a    █") && wide[1].ends_with("50.0 %  30.0–70.0 %     12"),
            "{wide:#?}"
        );
        assert!(wide[0].ends_with("chosen         95 %  times") && wide[2].ends_with("    5"), "{wide:#?}");
        let bare = texts(&table.lines(34));
        assert_eq!(bare.len(), 3, "without a bar it fits: {bare:#?}");
        let narrow = texts(&table.lines(28));
        assert_eq!(narrow.len(), 6, "{narrow:#?}");
        assert!(narrow[3].ends_with("times") && narrow[4].starts_with("  a") && narrow[4].ends_with("12"));
        assert!(narrow.iter().all(|line| columns(line) <= 28), "{narrow:#?}");
    }

    #[test]
    fn a_table_goes_on_below_where_it_may_and_makes_names_short_before() {
        let mut table = Table::of(&["chosen", "95 %", "won", "lost"]);
        let cells = ["50.0 %", "30.0–70.0 %", "12", "3"];
        table.rows = vec![row("bedrock/some-long-name-one", 0.5, &cells), row("home/two", 0.2, &cells)];
        table.parts = vec![2];
        assert_eq!(texts(&table.lines(90)).len(), 3);
        let short = texts(&table.lines(64));
        assert!(short.len() == 3 && short[1].starts_with("  …/some-long-name-one  "), "{short:#?}");
        let below = texts(&table.lines(54));
        assert!(below[0].ends_with("95 %") && below[3].ends_with("won  lost"), "{below:#?}");
        assert!(below[1].starts_with("  …e-long-name-one  "), "{below:#?}");
        // Two that end alike stay apart.
        table.rows =
            vec![row("home/some-long-name-one", 0.5, &cells), row("away/some-long-name-one", 0.2, &cells)];
        let apart = texts(&table.lines(54));
        assert!(apart[1].contains("e/some") && apart[2].contains("y/some"), "{apart:#?}");
    }

    #[test]
    fn of_a_name_that_is_made_short_what_is_said_of_it_stays_and_of_two_names_each() {
        let long = "slightly beta/a-very-long-name-of-a-preview";
        assert_eq!(short(long, 9, 20), "slightly …-a-preview");
        assert_eq!((&*short(long, 0, 12), &*short(long, 9, 60)), ("…f-a-preview", long));
        let two = "alpha | beta/a-very-long-name-of-a-preview";
        assert_eq!(short(two, 0, 20), "alpha | …f-a-preview");
        assert_eq!(short("one/a-long-name | two/another-name", 0, 21), "…ong-name | …her-name");
        // Rows that differ in the first word alone do so on a small screen too.
        let mut table = Table::of(&["share", "95 %", "times", "of votes"]);
        let cells = ["42.9 %", "15.8–75.0 %", "3", "7"];
        table.rows = ["slightly", "strongly"]
            .map(|word| Figures {
                stays: word.len() + 1,
                ..row(&format!("{word} beta/a-very-long-model-of-2026-11-30-preview"), 0.4, &cells)
            })
            .to_vec();
        let lines = texts(&table.lines(76));
        assert_eq!(lines.len(), 3, "{lines:#?}");
        assert!(lines[1].starts_with("  slightly …") && lines[2].starts_with("  strongly …"), "{lines:#?}");
        assert!(texts(&table.lines(56))[2].starts_with("  strongly …"));
    }

    #[test]
    fn what_is_not_there_is_said_and_once_where_it_is_the_same_of_all() {
        let mut table = Table::of(&["mean", "95 %"]);
        let row = |name: &str, note: &str| Figures {
            cells: vec!["4.50".into(), "n/a".into()],
            note: note.to_owned(),
            ..Figures::of(name, &[])
        };
        table.rows = vec![row("a", "n/a: one item"), row("b", "n/a: one item")];
        assert_eq!(texts(&table.lines(40)).last().unwrap(), "  n/a: one item");
        table.rows.push(Figures { instead: "n/a: no votes".into(), ..Figures::of("c", &[]) });
        table.rows.push(row("d", ""));
        let lines = texts(&table.lines(40));
        assert_eq!(lines[3], "  c  n/a: no votes");
        assert_eq!(lines.last().unwrap(), "  a, b: n/a: one item");
    }

    #[test]
    fn a_histogram_has_a_row_a_value_and_as_many_columns_as_fit() {
        let (a, b) = (Spread::of(3, [1, 3, 3, 3]), Spread::of(3, [2]));
        let values = ["1 bad", "2", "3 good"].map(str::to_owned);
        let of = [(String::new(), "a".to_owned(), &a), (String::new(), "b".to_owned(), &b)];
        let wide = texts(&histogram(&values, &of, &["points"], 60));
        assert_eq!(wide.len(), 4, "{wide:#?}");
        assert!(wide[3].starts_with("  3 good  █") && wide[1].contains("     1"), "{wide:#?}");
        assert_eq!(histogram(&values, &of, &["points"], 34).len(), 9, "one below the other");
    }

    #[test]
    fn what_is_of_one_part_stands_side_by_side_in_a_histogram_where_it_can() {
        let spread = Spread::of(1, [1]);
        let column = |part: &str, name: &str| (part.to_owned(), name.to_owned(), &spread);
        let of = ["ana", "bo", "cy"].map(|part| ["x", "y"].map(|name| column(part, name))).concat();
        let lengths = |most| chunks(&of, most).into_iter().map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!((lengths(1), lengths(3), lengths(5)), (vec![1; 6], vec![2; 3], vec![4, 2]));
        let lines = texts(&histogram(&["1".to_owned()], &of, &["points"], 90));
        let heads: Vec<&String> = lines.iter().filter(|line| line.contains("ana")).collect();
        assert_eq!(heads.len(), 1, "{lines:#?}");
        assert_eq!(heads[0].matches("ana").count(), 1, "over both of its columns: {lines:#?}");
    }
}
