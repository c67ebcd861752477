//! Two runs side by side: first what they were made with otherwise, then their steps aligned, then what became of the one that
//! is chosen, word by word.
//!
//! ```text
//!  Compared::new([name, name], rest)         Traces::Diff { left, right } and Traces::Made { id } of each are asked for
//!      pairs(pairs, Outlines::of(…))         the answer to the first, its rows taken apart away from the screen's thread
//!      made(side, made)                      the answers to the others; 0 is left, 1 is right
//!      failed(error)
//!  step(by, area), go_first(), go_last(area), toggle() (what is alike), open(), close(), scroll(by, area); fit(area) after each
//!  want() ─► (side, row) ─► Traces::Span { id of that side, row } ─► take(side, row, &contents) | missed(side, row, &error)
//!  differ() ─► words(one, other) away from the screen's thread ─► differing(key, words)
//!  rows() -> the chosen step's rows, left and right, to be looked at alone
//!  draw(area, look, focused, cells)          in view
//! ```

mod text;

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::ops::Deref;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::sheet::{Part, Sheet, line};
use super::words::{called, dollars, sign, took};
use crate::domain::Error;
use crate::domain::diff::Stretch;
use crate::domain::figures::{count, grouped};
use crate::domain::trace::aligned::{Fate, Pair};
use crate::domain::trace::contents::Contents;
use crate::domain::trace::made::{Change, Made};
use crate::domain::trace::{Outline, Packed, Row, SpanKey};
use crate::domain::untrusted::brief;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{put, put_right, scrollbar, thumb, wrap};
use crate::tui::rows::styled;
use crate::tui::widget::text::Ink;
use text::{beginning, both, change, prompts, short, text_of};

/// From this width on what became of a step stands beside the steps.
const BESIDE: u16 = 110;
/// The deepest that a step is set in.
const DEEPEST: u32 = 12;
/// Steps whose texts are kept.
const KEPT: usize = 64;

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

/// A line whose two texts are compared word by word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Change(usize),
    /// The rows of a step, left and right.
    Pair(u32, u32),
}

/// Two texts as one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Words {
    Read(Arc<[Stretch]>),
    /// They could not be compared.
    Failed,
}

/// The rows of both runs. Shared; one is the same as another where it is that very one.
#[derive(Clone, Default)]
pub(super) struct Outlines(Arc<[Outline; 2]>);

impl Outlines {
    /// Takes the rows apart; `None` where they make no sense, or `pairs` speak of others. Blocks where there are many.
    pub(super) fn of(pairs: &[Pair], packs: &[Packed; 2]) -> Option<Self> {
        let mut outlines = [Outline::default(), Outline::default()];
        for (outline, pack) in outlines.iter_mut().zip(packs) {
            pack.unpack(outline)?;
        }
        let has =
            |side: usize, row: Option<u32>| row.is_none_or(|row| outlines[side].rows.len() > row as usize);
        let sensible = pairs.iter().all(|pair| has(0, pair.left) && has(1, pair.right));
        sensible.then(|| Self(Arc::new(outlines)))
    }
}

impl Deref for Outlines {
    type Target = [Outline; 2];

    fn deref(&self) -> &[Outline; 2] {
        &self.0
    }
}

impl PartialEq for Outlines {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Outlines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outlines({} and {} rows)", self[0].rows.len(), self[1].rows.len())
    }
}

/// Two runs side by side.
#[derive(Debug, Clone)]
pub(super) struct Compared {
    names: [String; 2],
    rest: String,
    outlines: Outlines,
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
    words: BTreeMap<Key, Words>,
    sheet: Sheet,
}

impl PartialEq for Compared {
    fn eq(&self, other: &Self) -> bool {
        // Outlines are what the pairs were made of.
        (&self.names, &self.pairs, &self.made, &self.error, &self.lines)
            == (&other.names, &other.pairs, &other.made, &other.error, &other.lines)
            && (self.all, self.selected, self.top, self.moved, self.opened)
                == (other.all, other.selected, other.top, other.moved, other.opened)
            && (&self.texts, &self.words, &self.sheet) == (&other.texts, &other.words, &other.sheet)
    }
}

impl Compared {
    /// Of two runs by their names. `rest` leads to all of a text that is cut.
    pub(super) fn new(mut names: [String; 2], rest: String) -> Self {
        if names[0] == names[1] {
            // Runs of one agent most often have one name.
            names[0].push_str(", first");
            names[1].push_str(", second");
        }
        Self {
            names,
            rest,
            outlines: Outlines::default(),
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
            words: BTreeMap::new(),
            sheet: Sheet::default(),
        }
    }

    /// The steps have come, with the rows that they speak of.
    pub(super) fn pairs(&mut self, pairs: Vec<Pair>, outlines: Outlines) {
        (self.outlines, self.pairs) = (outlines, Some(pairs));
        self.lay();
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

    pub(super) fn go_first(&mut self) {
        (self.selected, self.top, self.moved) = (0, 0, true);
        self.on_a_line(true);
        self.read();
    }

    pub(super) fn go_last(&mut self, area: Rect) {
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

    /// The id of a row's span.
    pub(super) fn span(&self, side: usize, row: u32) -> Option<SpanKey> {
        self.outlines.get(side)?.rows.get(row as usize)?.key()
    }

    /// What was said in a span.
    pub(super) fn take(&mut self, side: usize, row: u32, contents: &Contents) {
        self.put((side, row), Text::Said(text_of(contents)));
    }

    /// It cannot be read.
    pub(super) fn missed(&mut self, side: usize, row: u32, error: &Error) {
        self.put((side, row), Text::Missed(error.to_string()));
    }

    /// The two texts of the chosen line, where both are here and were not compared yet.
    pub(super) fn differ(&self) -> Option<(Key, [String; 2])> {
        let key = self.key().filter(|key| !self.words.contains_key(key))?;
        let [one, other] = self.both_texts(key)?;
        (one != other).then(|| (key, [one, other].map(|text| beginning(text).to_owned())))
    }

    /// They were compared.
    pub(super) fn differing(&mut self, key: Key, words: Words) {
        if self.words.len() >= KEPT {
            self.words.clear();
        }
        self.words.insert(key, words);
        self.read();
    }

    /// The chosen line, where there may be two texts.
    fn key(&self) -> Option<Key> {
        match (self.lines.get(self.selected)?, self.rows()) {
            (Line::Change(at), _) => Some(Key::Change(*at)),
            (Line::Pair(_), [Some(left), Some(right)]) => Some(Key::Pair(left, right)),
            _ => None,
        }
    }

    fn both_texts(&self, key: Key) -> Option<[&str; 2]> {
        match key {
            Key::Change(at) => prompts(self.changes.get(at)?),
            Key::Pair(left, right) => match (self.texts.get(&(0, left))?, self.texts.get(&(1, right))?) {
                (Text::Said(one), Text::Said(other)) => Some([one.as_str(), other.as_str()]),
                _ => None,
            },
        }
    }

    /// What became of the words of the chosen line, where that is known.
    fn compared(&self) -> Option<&Words> {
        self.words.get(&self.key()?)
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
                    change(told, self.compared(), &mut parts);
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
            [Text::Said(one), Text::Said(other)] => both([one, other], self.compared(), &self.rest, parts),
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
            let lines = wrap(&format!("✗ {error}"), body.width.saturating_sub(4));
            for (y, line) in (body.top()..body.bottom()).zip(lines) {
                put(cells, body.x + 2, y, body.right(), &line, look.style(Role::Bad));
            }
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
        let ground = styled(at == self.selected, focused, area, look, cells);
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
                let x = put(cells, x, area.y, right, &change.called(), ground(Role::Text));
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
        let name = called(self.outlines[side].names.get(row.name));
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
    let mut said = called(text(row.name)).to_owned();
    for (label, text) in [("", text(row.model)), ("", text(row.error)), ("stopped by ", text(row.finish))] {
        if !text.is_empty() {
            let _ = write!(said, " · {label}{text}");
        }
    }
    if row.stopped {
        said.push_str(" · stopped");
    }
    let _ = write!(said, " · {}", if row.is_running() { "runs".to_owned() } else { took(row.duration()) });
    if let Some(tokens) = row.tokens() {
        let _ = write!(said, " · {} tok", grouped(tokens));
    }
    said
}

#[cfg(test)]
mod tests;
