//! A run as a conversation: what was asked, each step in the order in which it began, the answer. A step is a line and a few
//! rows of what was said in it; opened it is all of that.
//!
//! ```text
//!  Transcript::of(steps)                  renew(steps) where the run has grown
//!  want(area) ─► Traces::Span { id, row } ─► tell(kind(row), …) away from the screen's thread ─► take(row, told)
//!                                         | failed(row, &error), then want(area) again
//!  step(by, area), to(row), scroll(by, area), toggle()   and fit(area) after each, in update
//!  draw(run, area, look, focused, cells)  in view
//! ```
//!
//! Contents are asked for only of steps that are in sight, and those far from there are forgotten.

mod telling;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::sheet::{Part, line, rows};
use super::words::{called, ended, sign, summed, took};
use crate::domain::Error;
use crate::domain::figures::count;
use crate::domain::trace::aligned::Run;
use crate::domain::trace::{Kind, Row as Line};
use crate::tui::look::{Look, Role};
use crate::tui::paint::{columns, put, put_right};
use crate::tui::rows::styled;
use crate::tui::trace::{Step, Steps};
use crate::tui::widget::text::{Ink, Row};

pub(super) use telling::tell;

/// Rows of a step that is not opened.
const FOLDED: usize = 3;
/// Steps whose contents are kept, and how near to the chosen one those are that stay.
const KEPT: usize = 400;
const NEAR: usize = 150;
/// The deepest that a step is set in.
const DEEPEST: u16 = 6;

/// What was said in a step, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// What a model was asked, by its hash: the same question is shown once.
    asked: Option<(u64, Vec<Part>)>,
    /// A few lines of it; all of it with thoughts folded; and all of it.
    folded: Vec<Part>,
    open: Vec<Part>,
    whole: Vec<Part>,
    /// There is more than what is shown of it folded.
    folds: bool,
}

/// The transcript of a run, and the place in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Transcript {
    steps: Arc<[Step]>,
    /// Spans that are no steps.
    hidden: usize,
    selected: usize,
    /// The first step in sight, and how many of its rows are not.
    top: (usize, usize),
    /// Rows that were opened.
    turned: BTreeSet<u32>,
    told: BTreeMap<u32, Told>,
    /// What leads to all of a text that is cut.
    rest: String,
    /// The rows below the lines of some steps, at that width.
    set: (u16, BTreeMap<usize, Vec<Row>>),
}

impl Transcript {
    pub(super) fn of(steps: &Steps, rest: String) -> Self {
        Self {
            steps: steps.all.clone(),
            hidden: steps.hidden,
            selected: 0,
            top: (0, 0),
            turned: BTreeSet::new(),
            told: BTreeMap::new(),
            rest,
            set: (0, BTreeMap::new()),
        }
    }

    /// The run has grown: what was chosen stays so, and whoever was at the end stays there.
    pub(super) fn renew(&mut self, steps: &Steps) {
        let was_last = self.selected > 0 && self.selected + 1 == self.steps.len();
        let row = self.row();
        // What ran may have ended since: an agent, and of calls made at once any of them.
        for step in self.steps.iter().filter(|step| step.runs) {
            self.told.remove(&step.row);
        }
        (self.steps, self.hidden) = (steps.all.clone(), steps.hidden);
        self.set.1.clear();
        let found = row.and_then(|row| self.steps.iter().position(|step| step.row == row));
        self.selected = if was_last { self.last() } else { found.unwrap_or(0) };
        self.top.0 = self.top.0.min(self.last());
    }

    /// Rows have other numbers now, or are gone; the run is renewed next.
    pub(super) fn renumber(&mut self, place: impl Fn(u32) -> Option<u32>) {
        self.turned = self.turned.iter().filter_map(|row| place(*row)).collect();
        let told = std::mem::take(&mut self.told);
        self.told = told.into_iter().filter_map(|(row, told)| Some((place(row)?, told))).collect();
        let moved = |step: &Step| Step { row: place(step.row).unwrap_or(u32::MAX), ..*step };
        self.steps = self.steps.iter().map(moved).collect();
    }

    /// The chosen step's row.
    pub(super) fn row(&self) -> Option<u32> {
        self.steps.get(self.selected).map(|step| step.row)
    }

    /// Which step is chosen, of how many: counted from one.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.selected + 1, self.steps.len())
    }

    fn last(&self) -> usize {
        self.steps.len().saturating_sub(1)
    }

    /// Chooses the step of a row, or the one before it.
    pub(super) fn to(&mut self, run: Run<'_>, row: u32) {
        let key = |row: u32| (run.tree.shown(row).0, run.tree.place(row));
        let after = self.steps.partition_point(|step| key(step.row) <= key(row));
        self.selected = after.saturating_sub(1);
    }

    /// The next steps, or those before.
    pub(super) fn step(&mut self, by: isize, area: Rect) {
        self.selected = self.selected.saturating_add_signed(by).min(self.last());
        self.fit(area);
    }

    pub(super) fn go_first(&mut self) {
        (self.selected, self.top) = (0, (0, 0));
    }

    pub(super) fn go_last(&mut self, area: Rect) {
        self.selected = self.last();
        self.fit(area);
    }

    /// Opens the chosen step, or folds it.
    pub(super) fn toggle(&mut self) {
        let Some(row) = self.row() else { return };
        if !self.turned.remove(&row) {
            self.turned.insert(row);
        }
        self.set.1.remove(&self.selected);
    }

    /// Whether it is the last that a model said: that is read whole.
    fn answers(&self, at: usize) -> bool {
        self.steps.iter().rposition(|step| step.kind == Kind::Model) == Some(at)
    }

    /// The row of a step in sight whose contents are not here.
    pub(super) fn want(&self, area: Rect) -> Option<u32> {
        let mut left = usize::from(area.height) + self.top.1;
        let lacks = |at: usize| !self.told.contains_key(&self.steps[at].row);
        for at in self.top.0..self.steps.len() {
            if lacks(at) {
                return Some(self.steps[at].row);
            }
            left = left.saturating_sub(self.height(at, wide(area)));
            if left == 0 {
                break;
            }
        }
        // The question of the first model in sight is known by that of the one before.
        let asked = self.model_before(self.top.0)?;
        (!self.told.contains_key(&asked.row)).then_some(asked.row)
    }

    /// The model that was asked before a step, not far from there.
    fn model_before(&self, at: usize) -> Option<&Step> {
        let at = at.min(self.steps.len());
        let near = &self.steps[at.saturating_sub(NEAR / 2)..at];
        near.iter().rev().find(|step| step.kind == Kind::Model)
    }

    /// What kind of step a row is.
    pub(super) fn kind(&self, row: u32) -> Option<Kind> {
        self.steps.iter().find(|step| step.row == row).map(|step| step.kind)
    }

    /// What leads to all of a text that is cut.
    pub(super) fn rest(&self) -> &str {
        &self.rest
    }

    /// It cannot be read.
    pub(super) fn failed(&mut self, row: u32, error: &Error) {
        let part = Part::Flow { runs: vec![(format!("✗ {error}"), Ink::of(Role::Bad))], inset: 2 };
        let [folded, open, whole] = [(); 3].map(|()| vec![part.clone()]);
        self.take(row, Told { asked: None, folded, open, whole, folds: false });
    }

    /// What was said in a step is known.
    pub(super) fn take(&mut self, row: u32, told: Told) {
        self.told.insert(row, told);
        // All others stay set but for the next model: whether its question is shown hangs on this one.
        if let Some(at) = self.steps.iter().position(|step| step.row == row) {
            let next = self.steps.iter().skip(at + 1).position(|step| step.kind == Kind::Model);
            self.set.1.remove(&at);
            self.set.1.retain(|other, _| Some(*other) != next.map(|next| at + 1 + next));
        }
        if self.told.len() > KEPT {
            let (from, to) = (self.selected.saturating_sub(NEAR), self.selected.saturating_add(NEAR));
            let near = self.steps.iter().take(to).skip(from).map(|step| step.row);
            let near: BTreeSet<u32> = near.collect();
            self.told.retain(|row, _| near.contains(row));
            self.set.1.clear();
        }
    }

    /// What stands below the line of a step.
    fn parts(&self, at: usize) -> Vec<Part> {
        let Some(told) = self.told.get(&self.steps[at].row) else { return vec![line("  …", Role::Faint)] };
        let mut parts = Vec::new();
        if let Some((asked, question)) = &told.asked {
            // What is not known yet of the model before says nothing.
            let is_new = self.model_before(at).is_none_or(|step| {
                let told = self.told.get(&step.row);
                told.is_some_and(|told| told.asked.as_ref().is_none_or(|(before, _)| before != asked))
            });
            if is_new {
                parts.extend(question.iter().cloned());
            }
        }
        let (shown, folded) = match (self.turned.contains(&self.steps[at].row), self.answers(at)) {
            (true, _) => (&told.whole, false),
            (false, true) => (&told.open, false),
            (false, false) => (&told.folded, true),
        };
        parts.extend(shown.iter().cloned());
        if folded && told.folds {
            parts.push(line("  more ›", Role::Faint));
        }
        parts
    }

    fn rows(&self, at: usize, columns: u16) -> Cow<'_, [Row]> {
        if let Some(rows) = self.set.1.get(&at).filter(|_| self.set.0 == columns) {
            return Cow::Borrowed(rows);
        }
        let inset = self.inset(at, columns);
        Cow::Owned(rows(&self.parts(at), columns.saturating_sub(inset)))
    }

    /// Columns that a step is set in by the agents that it is under.
    fn inset(&self, at: usize, columns: u16) -> u16 {
        if columns < 40 { 0 } else { 2 * self.steps[at].depth.min(DEEPEST) }
    }

    /// Its line, what was said, a gap.
    fn height(&self, at: usize, columns: u16) -> usize {
        2 + self.rows(at, columns).len()
    }

    /// Sets what is in sight, and brings the chosen step into it.
    pub(super) fn fit(&mut self, area: Rect) {
        if area.is_empty() || self.steps.is_empty() {
            return;
        }
        let (columns, height) = (wide(area), usize::from(area.height));
        if self.set.0 != columns {
            self.set = (columns, BTreeMap::new());
        }
        self.selected = self.selected.min(self.last());
        // As far up as the chosen step allows, so that its end is in sight, or its beginning where it is longer.
        let mut first = (self.selected, 0);
        let mut taken = self.height(self.selected, columns) - 1;
        while taken < height
            && let Some(above) = first.0.checked_sub(1)
        {
            taken += self.height(above, columns);
            first.0 = above;
        }
        if first.0 < self.selected {
            first.1 = taken.saturating_sub(height);
        }
        // Of one that is longer than the area any part may be in sight.
        let long = self.height(self.selected, columns);
        let inside = self.top.0 == self.selected && self.top.1 < long && long > height + 1;
        if self.top > (self.selected, 0) && !inside {
            self.top = (self.selected, 0);
        } else if self.top < first {
            self.top = first;
        }
        let mut at = self.top.0;
        let mut seen = 0;
        self.set.1.retain(|step, _| *step >= self.top.0 && *step <= self.top.0 + height);
        while seen < height + self.top.1 && at < self.steps.len() {
            let rows = self.rows(at, columns).into_owned();
            seen += rows.len() + 2;
            self.set.1.insert(at, rows);
            at += 1;
        }
    }

    /// Moves what is in sight by rows; the chosen step goes along where it would be left behind.
    pub(super) fn scroll(&mut self, by: isize, area: Rect) {
        if area.is_empty() || self.steps.is_empty() {
            return;
        }
        let columns = wide(area);
        let (mut at, mut skip) = self.top;
        for _ in 0..by.unsigned_abs() {
            if by > 0 {
                skip += 1;
                if skip >= self.height(at, columns) {
                    if at == self.last() {
                        break;
                    }
                    (at, skip) = (at + 1, 0);
                }
            } else if skip > 0 {
                skip -= 1;
            } else if let Some(above) = at.checked_sub(1) {
                (at, skip) = (above, self.height(above, columns) - 1);
            } else {
                break;
            }
        }
        // The end stays at the bottom.
        let (mut end, mut taken) = (self.steps.len(), 0);
        while taken < usize::from(area.height) && end > 0 {
            end -= 1;
            taken += self.height(end, columns);
        }
        let most = (end, taken.saturating_sub(area.height.into()));
        self.top = (at, skip).min(most);
        let mut last = self.top.0;
        let mut seen = self.height(last, columns).saturating_sub(self.top.1);
        while seen < usize::from(area.height) && last < self.last() {
            last += 1;
            seen += self.height(last, columns);
        }
        // A step of which only the beginning is in sight would be scrolled to.
        let whole = if seen > usize::from(area.height) { last.saturating_sub(1) } else { last };
        let first = if self.top.1 > 0 { (self.top.0 + 1).min(whole.max(self.top.0)) } else { self.top.0 };
        self.selected = self.selected.clamp(first, whole.max(first));
        self.fit(area);
    }

    /// Draws it; `run` is the one that it is of, and the moment up to which what runs in it has run, where that is known.
    pub(super) fn draw(
        &self,
        (run, until): (Run<'_>, Option<u64>),
        area: Rect,
        look: &Look,
        focused: bool,
        cells: &mut Buffer,
    ) {
        let columns = wide(area);
        let (mut at, mut skip) = self.top;
        let mut y = area.y;
        while y < area.bottom() && at < self.steps.len() {
            let inset = self.inset(at, columns);
            if skip == 0 {
                let place = Rect { y, height: 1, ..area };
                self.draw_line((run, until), at, inset, place, look, focused, cells);
                y += 1;
            }
            let rows = self.rows(at, columns);
            for row in rows.iter().skip(skip.saturating_sub(1)) {
                if y >= area.bottom() {
                    return;
                }
                let place = Position { x: area.x + 2 + inset, y };
                row.draw(place, columns.saturating_sub(inset), look, cells);
                y += 1;
            }
            // The gap, where that was not all that was left of it.
            y += u16::from(skip <= rows.len() + 1);
            (at, skip) = (at + 1, 0);
        }
        if y < area.bottom() && self.hidden > 0 {
            let said =
                format!("{} of other kinds: the tree shows them", count(self.hidden as u64, "span", "spans"));
            put(cells, area.x + 2, y, area.right(), &said, look.style(Role::Faint));
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a line needs all of its run, its place and its look")]
    fn draw_line(
        &self,
        (run, until): (Run<'_>, Option<u64>),
        at: usize,
        inset: u16,
        area: Rect,
        look: &Look,
        focused: bool,
        cells: &mut Buffer,
    ) {
        let step = self.steps[at];
        let Some(row) = run.outline.rows.get(step.row as usize) else { return };
        let ground = styled(at == self.selected, focused, area, look, cells);
        let figures = figures(run, step.row, row, until);
        let (glyph, word, role) = ended(run.outline, row);
        let told = row.is_error() || row.stopped || row.is_running() || run.outline.was_made_already(row);
        let end = match (told, figures.as_str()) {
            (true, "") => format!("{glyph} {word}"),
            (true, figures) => format!("{glyph} {word} · {figures}"),
            (false, _) => figures,
        };
        // The name is worth more than the figures.
        let room = area.width.saturating_sub(inset + 4);
        let end = if columns(&end) + 16 > room { glyph } else { end.as_str() };
        let style = ground(if told { role } else { Role::Faint });
        let right = area.right().saturating_sub(1);
        let edge = put_right(cells, area.x + 2, area.y, right, end, style).saturating_sub(1);
        let (glyph, role) = sign(row.kind);
        let x = put(cells, area.x + 2 + inset, area.y, edge, glyph, ground(role));
        let name = called(run.outline.names.get(row.name));
        put(cells, x + 1, area.y, edge, name, ground(Role::Text).add_modifier(Modifier::BOLD));
    }
}

/// Columns for what is said, beside the bar and the last column.
fn wide(area: Rect) -> u16 {
    area.width.saturating_sub(3)
}

fn figures(run: Run<'_>, at: u32, row: &Line, until: Option<u64>) -> String {
    let time = if row.is_running() {
        let so_far = until.map(|until| until.saturating_sub(run.tree.shown(at).0));
        so_far.map(took).unwrap_or_default()
    } else {
        took(run.tree.duration(at))
    };
    let tokens = summed(&run.rollups.get(at));
    [time, tokens].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests;
