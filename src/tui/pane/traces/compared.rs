//! Two runs side by side: first what they were made with otherwise, then their steps aligned, then what became of the one that
//! is chosen, word by word.
//!
//! ```text
//!  Compared::new([name, name], rest)         Traces::Diff { left, right } and Traces::Made { id } of each are asked for
//!      pairs(pairs, [&left, &right])         the answer to the first: `false` where its rows make no sense
//!      made(side, made)                      the answers to the others; 0 is left, 1 is right
//!      failed(error)
//!  step(by, area), to_start(), to_end(area), toggle() (what is alike), open(), close(), scroll(by, area); fit(area) after each
//!  want() ─► (side, row) ─► Traces::Span { id of that side, row } ─► take(side, row, &contents) | missed(side, row, &error)
//!  rows() -> the chosen step's rows, left and right, to be looked at alone
//!  draw(area, look, focused, cells)          in view
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::json::pretty;
use super::sheet::{Part, Sheet, line};
use super::words::{dollars, sign, took};
use crate::domain::Error;
use crate::domain::diff::{MOST_WORDS, Mark, Stretch, words};
use crate::domain::figures::{count, grouped};
use crate::domain::trace::aligned::{Fate, Pair};
use crate::domain::trace::contents::{Contents, Part as Piece, Said};
use crate::domain::trace::made::{Change, Made, What};
use crate::domain::trace::{Outline, Packed, Row};
use crate::domain::untrusted::brief;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{put, put_right, scrollbar, thumb, tint};
use crate::tui::widget::text::Ink;

/// From this width on what became of a step stands beside the steps.
const BESIDE: u16 = 110;
/// The deepest that a step is set in.
const DEEPEST: u32 = 12;
/// Steps whose texts are kept.
const KEPT: usize = 64;
/// Characters of a value that stands on a line.
const ON_A_LINE: usize = 60;

/// A line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// A head over what follows.
    Head(&'static str),
    Change(usize),
    Pair(usize),
    /// So many steps that are alike are not shown.
    Alike(usize),
}

/// What was said in a step of one run.
#[derive(Debug, Clone, PartialEq)]
enum Text {
    Said(String),
    Missed(String),
}

/// Two runs side by side.
#[derive(Debug, Clone)]
pub(super) struct Compared {
    names: [String; 2],
    rest: String,
    outlines: [Outline; 2],
    pairs: Option<Vec<Pair>>,
    made: [Option<Made>; 2],
    changes: Vec<Change>,
    error: Option<Error>,
    /// Also the steps that are alike.
    all: bool,
    lines: Vec<Line>,
    selected: usize,
    top: usize,
    /// Somebody chose a line: it stays chosen when more comes.
    moved: bool,
    /// What became of the chosen one is read.
    opened: bool,
    texts: BTreeMap<(usize, u32), Text>,
    sheet: Sheet,
}

impl PartialEq for Compared {
    fn eq(&self, other: &Self) -> bool {
        // Outlines are what the pairs were made of.
        (&self.names, &self.pairs, &self.made, &self.error, &self.lines)
            == (&other.names, &other.pairs, &other.made, &other.error, &other.lines)
            && (self.all, self.selected, self.top, self.moved, self.opened)
                == (other.all, other.selected, other.top, other.moved, other.opened)
            && (&self.texts, &self.sheet) == (&other.texts, &other.sheet)
    }
}

impl Compared {
    /// Of two runs by their names. `rest` leads to all of a text that is cut.
    pub(super) fn new(names: [String; 2], rest: String) -> Self {
        Self {
            names,
            rest,
            outlines: [Outline::default(), Outline::default()],
            pairs: None,
            made: [None, None],
            changes: Vec::new(),
            error: None,
            all: false,
            lines: Vec::new(),
            selected: 0,
            top: 0,
            moved: false,
            opened: false,
            texts: BTreeMap::new(),
            sheet: Sheet::default(),
        }
    }

    /// The steps have come, with the rows that they speak of; whether those make sense.
    pub(super) fn pairs(&mut self, pairs: Vec<Pair>, packs: [&Packed; 2]) -> bool {
        let mut outlines = [Outline::default(), Outline::default()];
        let read = outlines.iter_mut().zip(packs).all(|(outline, pack)| pack.unpack(outline).is_some());
        let has =
            |side: usize, row: Option<u32>| row.is_none_or(|row| outlines[side].rows.len() > row as usize);
        if !read || !pairs.iter().all(|pair| has(0, pair.left) && has(1, pair.right)) {
            return false;
        }
        (self.outlines, self.pairs) = (outlines, Some(pairs));
        self.lay();
        true
    }

    /// What one of them was made with.
    pub(super) fn made(&mut self, side: usize, made: Made) {
        if let Some(known) = self.made.get_mut(side) {
            *known = Some(made);
        }
        if let [Some(left), Some(right)] = &self.made {
            self.changes = left.changes(right);
        }
        self.lay();
    }

    /// They cannot be compared.
    pub(super) fn failed(&mut self, error: Error) {
        self.error = Some(error);
    }

    /// Makes the lines anew; the chosen one stays.
    fn lay(&mut self) {
        let chosen = self.lines.get(self.selected).copied();
        self.lines.clear();
        if !self.changes.is_empty() {
            self.lines.push(Line::Head("made with"));
            self.lines.extend((0..self.changes.len()).map(Line::Change));
        }
        if let Some(pairs) = &self.pairs {
            self.lines.push(Line::Head("steps"));
            let mut alike = 0;
            for (at, pair) in pairs.iter().enumerate() {
                if pair.fate == Fate::Same && !self.all {
                    alike += 1;
                    continue;
                }
                if alike > 0 {
                    self.lines.push(Line::Alike(std::mem::take(&mut alike)));
                }
                self.lines.push(Line::Pair(at));
            }
            if alike > 0 {
                self.lines.push(Line::Alike(alike));
            }
        }
        let found = chosen.and_then(|chosen| self.lines.iter().position(|line| *line == chosen));
        let kept = found.unwrap_or(self.selected).min(self.lines.len().saturating_sub(1));
        self.selected = if self.moved { kept } else { 0 };
        self.on_a_line(true);
        self.read();
    }

    /// Heads are no lines to stand on.
    fn on_a_line(&mut self, down: bool) {
        if let Some(Line::Head(_)) = self.lines.get(self.selected) {
            let is_last = self.selected + 1 == self.lines.len();
            let goes_down = (down || self.selected == 0) && !is_last;
            self.selected = if goes_down { self.selected + 1 } else { self.selected.saturating_sub(1) };
        }
    }

    /// The next line, or the one before.
    pub(super) fn step(&mut self, by: isize, area: Rect) {
        self.moved = true;
        let last = self.lines.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
        self.on_a_line(by > 0);
        self.read();
        self.fit(area);
    }

    #[expect(clippy::wrong_self_convention, reason = "it goes there")]
    pub(super) fn to_start(&mut self) {
        (self.selected, self.top, self.moved) = (0, 0, true);
        self.on_a_line(true);
        self.read();
    }

    #[expect(clippy::wrong_self_convention, reason = "it goes there")]
    pub(super) fn to_end(&mut self, area: Rect) {
        self.step(isize::MAX, area);
    }

    /// Shows the steps that are alike, or not.
    pub(super) fn toggle(&mut self) {
        self.all = !self.all;
        self.lay();
    }

    /// Reads what became of the chosen line.
    pub(super) fn open(&mut self) {
        self.opened = true;
        self.sheet.go_first();
        self.read();
    }

    /// Back to the lines; `false` where that is where one is.
    pub(super) fn close(&mut self) -> bool {
        std::mem::take(&mut self.opened)
    }

    /// What became of a line is read: keys that scroll go there.
    pub(super) fn is_open(&self) -> bool {
        self.opened
    }

    /// Scrolls what is read; `false` where that is its end.
    pub(super) fn scroll(&mut self, by: isize, area: Rect) -> bool {
        self.sheet.scroll(by, areas(area, self.opened).1)
    }

    /// The chosen step's rows in both runs.
    pub(super) fn rows(&self) -> [Option<u32>; 2] {
        self.pair().map_or([None, None], |pair| [pair.left, pair.right])
    }

    /// What is read, for the clipboard.
    pub(super) fn says(&self) -> String {
        self.sheet.says()
    }

    fn pair(&self) -> Option<&Pair> {
        match self.lines.get(self.selected)? {
            Line::Pair(at) => self.pairs.as_ref()?.get(*at),
            Line::Head(_) | Line::Change(_) | Line::Alike(_) => None,
        }
    }

    /// The side and the row of a span that has to be read for what is shown.
    pub(super) fn want(&self) -> Option<(usize, u32)> {
        let rows = self.rows();
        let wanted = (0..).zip(rows).filter_map(|(side, row)| Some((side, row?)));
        wanted.filter(|_| self.opened).find(|key| !self.texts.contains_key(key))
    }

    /// What was said in a span.
    pub(super) fn take(&mut self, side: usize, row: u32, contents: &Contents) {
        self.put((side, row), Text::Said(text_of(contents)));
    }

    /// It cannot be read.
    pub(super) fn missed(&mut self, side: usize, row: u32, error: &Error) {
        self.put((side, row), Text::Missed(error.to_string()));
    }

    fn put(&mut self, key: (usize, u32), text: Text) {
        if self.texts.len() >= KEPT {
            self.texts.clear();
        }
        self.texts.insert(key, text);
        self.read();
    }

    /// Sets what became of the chosen line.
    fn read(&mut self) {
        let mut parts = Vec::new();
        match self.lines.get(self.selected).copied() {
            Some(Line::Change(at)) => {
                if let Some(told) = self.changes.get(at) {
                    change(told, &mut parts);
                }
            }
            Some(Line::Pair(_)) => self.became(&mut parts),
            Some(Line::Alike(_)) => {
                parts.push(line("These are alike but for times and tokens.", Role::Muted));
            }
            Some(Line::Head(_)) | None => {}
        }
        self.sheet.change(parts);
    }

    /// What became of a step.
    fn became(&self, parts: &mut Vec<Part>) {
        let Some(pair) = self.pair() else { return };
        let said = match pair.fate {
            Fate::Same => "alike but for times and tokens".to_owned(),
            Fate::Changed => format!("changed: {}", pair.differs.join(", ")),
            Fate::Removed => format!("only in {}", self.names[0]),
            Fate::Added => format!("only in {}", self.names[1]),
        };
        let role = role_of(pair.fate);
        let said = format!("{} {said}", pair.fate.sign());
        parts.push(Part::Flow { runs: vec![(said, Ink::of(role).with(Modifier::BOLD))], inset: 0 });
        for (side, row) in self.rows().into_iter().enumerate() {
            let Some(row) = row.and_then(|row| self.outlines[side].rows.get(row as usize)) else { continue };
            let (mark, role) = if side == 0 { ('−', Role::Removed) } else { ('+', Role::Added) };
            let about = about(&self.outlines[side], row);
            parts.push(Part::Flow { runs: vec![(format!("{mark} {about}"), Ink::of(role))], inset: 0 });
        }
        parts.push(Part::Gap);
        let texts = (0..).zip(self.rows()).filter_map(|(side, row)| self.texts.get(&(side, row?)));
        let texts: Vec<&Text> = texts.collect();
        let wanted = self.rows().into_iter().flatten().count();
        if texts.len() < wanted {
            let said = if self.opened { "reading …" } else { "" };
            return parts.push(line(said, Role::Faint));
        }
        match texts.as_slice() {
            [Text::Said(one), Text::Said(other)] => both(one, other, &self.rest, parts),
            texts => {
                for text in texts {
                    let (said, role) = match text {
                        Text::Said(said) => (said, role),
                        Text::Missed(why) => (why, Role::Bad),
                    };
                    parts.push(Part::Text { text: said.clone(), ink: Ink::of(role), inset: 0 });
                }
            }
        }
    }

    /// Sets what is in sight.
    pub(super) fn fit(&mut self, area: Rect) {
        let (list, read) = areas(area, self.opened);
        let height = usize::from(list.height.saturating_sub(1)).max(1);
        let last = self.lines.len().saturating_sub(height);
        self.top = self.top.clamp((self.selected + 1).saturating_sub(height), self.selected).min(last);
        // The first head belongs to the first line.
        if self.selected == 1 {
            self.top = 0;
        }
        self.sheet.fit(read);
    }

    /// Draws it.
    pub(super) fn draw(&self, area: Rect, look: &Look, focused: bool, cells: &mut Buffer) {
        if area.is_empty() {
            return;
        }
        let (list, read) = areas(area, self.opened);
        let head = format!("− {}   + {}", brief(&self.names[0], 40), brief(&self.names[1], 40));
        put(cells, list.x + 2, list.y, list.right(), &head, look.style(Role::Muted));
        let body = Rect { y: list.y + 1, height: list.height.saturating_sub(1), ..list };
        if let Some(error) = &self.error {
            put(cells, body.x + 2, body.y, body.right(), &format!("✗ {error}"), look.style(Role::Bad));
        } else if self.pairs.is_none() {
            put(cells, body.x + 2, body.y, body.right(), "comparing …", look.style(Role::Faint));
        }
        for (y, at) in (body.top()..body.bottom()).zip(self.top..self.lines.len()) {
            let row = Rect { y, height: 1, ..body };
            self.draw_line(at, row, look, focused && !self.opened, cells);
        }
        let bar = thumb(body.height, self.top, body.height.into(), self.lines.len());
        scrollbar(cells, body, bar, look.style(Role::Rule));
        if read.is_empty() {
            return;
        }
        if read.y == list.y {
            for y in read.top()..read.bottom() {
                put(cells, read.x.saturating_sub(2), y, read.x, "│", look.style(Role::Rule));
            }
        } else {
            let rule = "─".repeat(usize::from(read.width));
            put(cells, read.x, read.y.saturating_sub(1), read.right(), &rule, look.style(Role::Rule));
        }
        if focused && self.opened {
            put(cells, read.x.saturating_sub(1), read.y, read.x, "▌", look.style(Role::Accent));
        }
        self.sheet.draw(read, look, cells);
    }

    fn draw_line(&self, at: usize, area: Rect, look: &Look, focused: bool, cells: &mut Buffer) {
        let chosen = at == self.selected;
        if chosen {
            tint(cells, area, look.style(Role::Selected));
            let role = if focused { Role::Accent } else { Role::Muted };
            put(cells, area.x, area.y, area.x + 1, "▌", look.style(Role::Selected).patch(look.style(role)));
        }
        let ground = |role| {
            let style = look.style(role);
            if chosen { look.style(Role::Selected).patch(style) } else { style }
        };
        let right = area.right().saturating_sub(1);
        match self.lines[at] {
            Line::Head(text) => {
                put(cells, area.x + 1, area.y, right, text, ground(Role::Faint).add_modifier(Modifier::BOLD));
            }
            Line::Alike(steps) => {
                let said = format!("= {} alike", count(steps as u64, "step", "steps"));
                put(cells, area.x + 2, area.y, right, &said, ground(Role::Faint));
            }
            Line::Change(at) => {
                let Some(change) = self.changes.get(at) else { return };
                let x = put(cells, area.x + 2, area.y, right, "~ ", ground(Role::Changed));
                let name = format!("{} {}", change.what.as_str(), change.name);
                let x = put(cells, x, area.y, right, &name, ground(Role::Text));
                put(cells, x + 2, area.y, right, &short(change), ground(Role::Muted));
            }
            Line::Pair(at) => {
                if let Some(pair) = self.pairs.as_ref().and_then(|pairs| pairs.get(at)) {
                    self.draw_pair(pair, area, &ground, cells);
                }
            }
        }
    }

    fn draw_pair(
        &self,
        pair: &Pair,
        area: Rect,
        ground: &dyn Fn(Role) -> ratatui::style::Style,
        cells: &mut Buffer,
    ) {
        let side = usize::from(pair.left.is_none());
        let Some(row) = pair.left.or(pair.right) else { return };
        let Some(row) = self.outlines[side].rows.get(row as usize) else { return };
        let figures = deltas(pair, area.width);
        let edge = put_right(
            cells,
            area.x + 2,
            area.y,
            area.right().saturating_sub(1),
            &figures,
            ground(Role::Muted),
        )
        .saturating_sub(1);
        let role = role_of(pair.fate);
        let x = put(cells, area.x + 2, area.y, edge, &format!("{} ", pair.fate.sign()), ground(role));
        let most = if area.width < 60 { 4 } else { DEEPEST };
        let x = x + 2 * pair.depth.min(most) as u16;
        let (glyph, kind) = sign(row.kind);
        let x = put(cells, x, area.y, edge, glyph, ground(kind));
        let name = self.outlines[side].names.get(row.name);
        let role = if pair.fate == Fate::Same { Role::Muted } else { role };
        let x = put(cells, x + 1, area.y, edge, name, ground(role));
        if !pair.differs.is_empty() {
            put(cells, x + 2, area.y, edge, &pair.differs.join(", "), ground(Role::Changed));
        }
    }
}

const fn role_of(fate: Fate) -> Role {
    match fate {
        Fate::Same => Role::Text,
        Fate::Changed => Role::Changed,
        Fate::Removed => Role::Removed,
        Fate::Added => Role::Added,
    }
}

/// Where the lines are, and where what became of one is read: beside them, below them, or not at all.
fn areas(area: Rect, opened: bool) -> (Rect, Rect) {
    if area.width >= BESIDE {
        let left = Rect { width: area.width / 2, ..area };
        let x = left.right() + 2;
        return (left, Rect { x, width: area.right().saturating_sub(x), ..area });
    }
    if !opened || area.height < 6 {
        let none = Rect { y: area.bottom(), height: 0, ..area };
        return if opened {
            (Rect { height: 1.min(area.height), ..area }, below(area, 1))
        } else {
            (area, none)
        };
    }
    let top = (area.height / 3).max(3);
    (Rect { height: top, ..area }, inset(below(area, top + 1)))
}

fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

fn inset(area: Rect) -> Rect {
    let left = 2.min(area.width);
    Rect { x: area.x + left, width: area.width - left, ..area }
}

/// Right less left, what is not alike: `+1.2 s  −45 tok  +$0.0031`.
fn deltas(pair: &Pair, width: u16) -> String {
    let signed = |less: bool, shown: String| format!("{}{shown}", if less { '−' } else { '+' });
    let mut said = Vec::new();
    if pair.duration != 0 {
        said.push(signed(pair.duration < 0, took(pair.duration.unsigned_abs())));
    }
    if pair.tokens != 0 && width >= 50 {
        said.push(signed(pair.tokens < 0, format!("{} tok", grouped(pair.tokens.unsigned_abs()))));
    }
    if let Some(amount) = pair.dollars.filter(|amount| amount.abs() > 0.0 && width >= 70) {
        said.push(signed(amount < 0.0, dollars(amount.abs())));
    }
    said.join("  ")
}

/// A step's figures: name, model, time, tokens.
fn about(outline: &Outline, row: &Row) -> String {
    let text = |symbol| outline.names.get(symbol);
    let mut said = text(row.name).to_owned();
    for (label, text) in [("", text(row.model)), ("", text(row.error)), ("stopped by ", text(row.finish))] {
        if !text.is_empty() {
            let _ = write!(said, " · {label}{text}");
        }
    }
    let _ = write!(said, " · {}", if row.is_running() { "runs".to_owned() } else { took(row.duration()) });
    if let Some(tokens) = row.tokens() {
        let _ = write!(said, " · {} tok", grouped(tokens));
    }
    said
}

/// Values on one line.
fn short(change: &Change) -> String {
    let told = |values: &[String]| {
        let values: Vec<String> = values.iter().map(|value| brief(value, ON_A_LINE)).collect();
        if values.is_empty() { "–".to_owned() } else { values.join(" | ") }
    };
    format!("{} → {}", told(&change.left), told(&change.right))
}

/// What a run was made with otherwise, whole.
fn change(change: &Change, parts: &mut Vec<Part>) {
    let head = format!("~ {} {}", change.what.as_str(), change.name);
    parts.push(Part::Flow { runs: vec![(head, Ink::of(Role::Changed).with(Modifier::BOLD))], inset: 0 });
    parts.push(Part::Gap);
    if let ([one], [other]) = (change.left.as_slice(), change.right.as_slice())
        && change.what == What::Prompt
    {
        return both(one, other, "", parts);
    }
    for (mark, role, values) in [('−', Role::Removed, &change.left), ('+', Role::Added, &change.right)] {
        for value in values {
            parts.push(Part::Text { text: format!("{mark} {value}"), ink: Ink::of(role), inset: 0 });
        }
    }
}

/// Both texts as one, word by word.
fn both(one: &str, other: &str, rest: &str, parts: &mut Vec<Part>) {
    if one == other {
        let said = if one.is_empty() {
            "Nothing that was said in it is told."
        } else {
            "They say the same, word for word."
        };
        parts.push(line(said, Role::Muted));
        return parts.push(Part::Text { text: one.to_owned(), ink: Ink::of(Role::Text), inset: 0 });
    }
    let end = |text: &str| text.floor_char_boundary(MOST_WORDS);
    let (first, second) = (&one[..end(one)], &other[..end(other)]);
    let mut runs: Vec<(String, Ink)> = Vec::new();
    for stretch in words(first, second) {
        stretched(&stretch, &mut runs, parts);
    }
    if !runs.is_empty() {
        parts.push(Part::Flow { runs, inset: 0 });
    }
    if first.len() < one.len() || second.len() < other.len() {
        let rest = if rest.is_empty() { String::new() } else { format!("; {rest}") };
        let said = format!("… what lies beyond the first {} KB is not compared{rest}", MOST_WORDS / 1024);
        parts.push(Part::Flow { runs: vec![(said, Ink::of(Role::Warn))], inset: 0 });
    }
}

/// A piece of both texts; each line of it ends what was gathered.
fn stretched(stretch: &Stretch, runs: &mut Vec<(String, Ink)>, parts: &mut Vec<Part>) {
    // The signs tell it where there is no colour.
    let (open, close, ink) = match stretch.mark {
        Mark::Same => ("", "", Ink::of(Role::Text)),
        Mark::Removed => ("[−", "]", Ink::of(Role::Removed).with(Modifier::BOLD)),
        Mark::Added => ("[+", "]", Ink::of(Role::Added).with(Modifier::BOLD)),
    };
    for (at, text) in stretch.text.split('\n').enumerate() {
        if at > 0 {
            parts.push(Part::Flow { runs: std::mem::take(runs), inset: 0 });
        }
        let words = text.trim();
        if words.is_empty() {
            if !text.is_empty() {
                runs.push((text.to_owned(), Ink::of(Role::Text)));
            }
            continue;
        }
        // The text's own white space stands outside of the signs.
        let start = text.len() - text.trim_start().len();
        let (before, after) = (&text[..start], &text[start + words.len()..]);
        let plain = |text: &str| (text.to_owned(), Ink::of(Role::Text));
        runs.extend([plain(before), (format!("{open}{words}{close}"), ink), plain(after)]);
    }
}

/// All that was said in a span, as one text.
fn text_of(contents: &Contents) -> String {
    let mut text = String::new();
    let mut add = |said: &str| {
        // No more of it is compared.
        if text.len() <= MOST_WORDS && !said.is_empty() {
            text.push_str(&said[..said.floor_char_boundary(MOST_WORDS + 1)]);
            text.push('\n');
        }
    };
    if let Some(ran) = &contents.ran {
        for (word, json) in [("with", &ran.arguments), ("gave", &ran.result)] {
            if let Some(json) = json {
                add(&format!("{word} {}", pretty(json, MOST_WORDS).0));
            }
        }
    }
    if let Some(query) = &contents.query {
        add(&format!("looked for {query}"));
    }
    for found in &contents.found {
        add(&format!("found {}", found.id.as_deref().unwrap_or_default()));
        add(found.text.as_deref().unwrap_or_default());
    }
    for said in contents.input.iter().chain(&contents.output) {
        add(&format!("{}:", said.role));
        add(&spoken(said));
    }
    text
}

fn spoken(said: &Said) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text { text } => text.clone(),
        Piece::Reasoning { text } => format!("(thought) {text}"),
        Piece::ToolCall { name, arguments, .. } => {
            format!("calls {name} {}", pretty(arguments, MOST_WORDS).0)
        }
        Piece::ToolResult { result, .. } => format!("result: {}", pretty(result, MOST_WORDS).0),
        Piece::Other { kind, .. } => format!("[{kind}]"),
    };
    said.parts.iter().map(piece).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::aligned::{Run, align};
    use crate::domain::trace::{Facts, Kind, Rollups, SpanKey, TraceSpan, Tree};

    fn outline(lines: &[(Kind, &str, u64)]) -> Outline {
        let mut outline = Outline::default();
        for (at, (kind, name, arguments)) in lines.iter().enumerate() {
            let span = TraceSpan {
                id: SpanKey(at as u64 + 1),
                parent: (at > 0).then_some(SpanKey(1)),
                name: (*name).to_owned(),
                start: 1 + at as u64,
                end: 1_000_000_000 + at as u64,
                ..TraceSpan::default()
            };
            outline.add(&span, &Facts { kind: *kind, arguments: *arguments, ..Facts::default() }, |_| None);
        }
        outline
    }

    fn compared(left: &[(Kind, &str, u64)], right: &[(Kind, &str, u64)]) -> Compared {
        let outlines = [outline(left), outline(right)];
        let trees = [Tree::of(&outlines[0]), Tree::of(&outlines[1])];
        let sums = [0, 1].map(|side| Rollups::of(&outlines[side], &trees[side]));
        let run = |side: usize| Run { outline: &outlines[side], tree: &trees[side], rollups: &sums[side] };
        let pairs = align(run(0), run(1));
        let packs = [0, 1].map(|side| Packed::of(&outlines[side], 0..outlines[side].rows.len()));
        let mut compared = Compared::new(["run A".to_owned(), "run B".to_owned()], String::new());
        assert!(compared.pairs(pairs, [&packs[0], &packs[1]]));
        compared
    }

    const LEFT: [(Kind, &str, u64); 4] = [
        (Kind::Agent, "agent", 0),
        (Kind::Model, "chat", 0),
        (Kind::Tool, "look", 1),
        (Kind::Model, "chat", 0),
    ];
    const RIGHT: [(Kind, &str, u64); 4] = [
        (Kind::Agent, "agent", 0),
        (Kind::Model, "chat", 0),
        (Kind::Tool, "look", 2),
        (Kind::Tool, "sum", 3),
    ];

    fn drawn(compared: &mut Compared, width: u16, height: u16) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        compared.fit(area);
        let mut cells = Buffer::empty(area);
        compared.draw(area, &Look::colourless(), true, &mut cells);
        let row = |y| (0..width).map(|x| cells[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| row(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn what_they_were_made_with_comes_first_then_what_is_not_alike() {
        let mut both = compared(&LEFT, &RIGHT);
        let mut made = [Made::default(), Made::default()];
        made[0].put(What::Version, "agent", "2");
        made[1].put(What::Version, "agent", "3");
        for (side, made) in made.into_iter().enumerate() {
            both.made(side, made);
        }
        let rows = drawn(&mut both, 60, 12);
        let wanted = [
            "  − run A   + run B",
            " made with",
            "▌ ~ version agent  2 → 3",
            " steps",
            "  = 2 steps alike",
            "  ~   ⚙ look  arguments",
            "  −   ● chat",
            "  +   ⚙ sum",
        ];
        for (row, wanted) in rows.iter().zip(wanted) {
            assert!(row.starts_with(wanted), "{rows:#?}");
        }
        both.toggle();
        let rows = drawn(&mut both, 60, 12);
        assert!(rows[4].starts_with("  = ◆ agent") && rows[5].starts_with("  =   ● chat"), "{rows:#?}");
    }

    #[test]
    fn a_step_is_read_word_by_word_once_both_have_come() {
        let area = Rect::new(0, 0, 60, 20);
        let mut both = compared(&LEFT, &RIGHT);
        both.step(1, area);
        assert_eq!((both.rows(), both.want()), ([Some(2), Some(2)], None));
        both.open();
        assert_eq!(both.want(), Some((0, 2)));
        let said =
            |text: &str| Contents { output: vec![Said::new("assistant", text)], ..Contents::default() };
        both.take(0, 2, &said("It rains in Paris.\nBye"));
        assert!(both.says().contains("reading …"));
        assert_eq!(both.want(), Some((1, 2)));
        both.take(1, 2, &said("It snows in Paris.\nBye"));
        assert_eq!(both.want(), None);
        assert!(both.says().contains("It [−rains] [+snows] in Paris.\nBye"), "{}", both.says());
        let rows = drawn(&mut both, 60, 20);
        assert!(rows.iter().any(|row| row.contains("[−rains]")), "{rows:#?}");
        assert!(both.close() && !both.close());
    }

    #[test]
    fn what_only_one_run_has_is_read_of_that_one_and_what_is_missing_says_why() {
        let area = Rect::new(0, 0, 120, 20);
        let mut both = compared(&LEFT, &RIGHT);
        both.to_end(area);
        both.open();
        assert_eq!(both.rows(), [None, Some(3)]);
        both.missed(1, 3, &Error::internal("opening a span", "it is damaged"));
        assert!(both.says().contains("only in run B") && both.says().contains("it is damaged"));
        assert!(drawn(&mut both, 120, 20)[0].contains('│'));
    }

    #[test]
    fn rows_that_are_not_there_are_refused_and_every_size_is_drawn() {
        let mut both = compared(&LEFT, &RIGHT);
        let none = Packed::of(&Outline::default(), 0..0);
        let pairs = both.pairs.clone().unwrap();
        assert!(!both.pairs(pairs, [&none, &none]));
        both.open();
        for (width, height) in [(0, 0), (1, 1), (7, 3), (40, 5), (40, 12), (110, 4), (200, 60)] {
            let _ = drawn(&mut both, width, height);
        }
        let mut empty = Compared::new([String::new(), String::new()], String::new());
        empty.step(1, Rect::new(0, 0, 9, 9));
        empty.failed(Error::internal("comparing", "one is gone"));
        assert!(drawn(&mut empty, 60, 5)[1].contains("one is gone"));
    }

    #[test]
    fn texts_of_megabytes_are_compared_by_their_beginnings() {
        let said = Contents {
            output: vec![Said::new("assistant", "word ".repeat(2_000_000))],
            ..Contents::default()
        };
        assert!(text_of(&said).len() < 2 * MOST_WORDS + 100);
        let mut parts = Vec::new();
        both(&"a ".repeat(50_000), &"a ".repeat(50_001), "e exports", &mut parts);
        let says = Sheet::new(parts).says();
        assert!(says.contains("beyond the first 64 KB is not compared; e exports"), "{}", says.len());
    }
}
