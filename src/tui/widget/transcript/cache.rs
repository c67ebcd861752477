//! Rows of the messages near the screen. Disposable: an empty cache gives the same picture.

use std::collections::HashMap;

use super::Item;
use super::body::Body;
use super::foot;
use super::geometry::Part;
use super::steps::{self, Line};
use crate::domain::id::MessageId;
use crate::tui::widget::text::Row;

/// Messages kept beyond those that the last layout used.
const SPARE: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub struct Cache {
    entries: HashMap<MessageId, Entry>,
    layouts: u64,
}

#[derive(Debug, Default)]
pub(super) struct Entry {
    epoch: u32,
    columns: usize,
    bodies: Vec<Body>,
    steps: Steps,
    used: u64,
}

/// What an agent did, set.
#[derive(Debug, Default)]
struct Steps {
    /// Whether it is open, whether it was ended before it was done, whether what it waited for has come, and the stamp of what was
    /// set; `None` before anything was.
    of: Option<(bool, bool, bool, u64)>,
    lines: Vec<Line>,
}

/// A message, set: its rows by number, without having them in one place.
#[derive(Debug)]
pub(super) struct Laid<'a> {
    head: Option<Row>,
    /// What an agent did for it.
    steps: &'a [Line],
    /// Index of the block with its rows.
    blocks: Vec<(usize, &'a Body)>,
    foot: Vec<Row>,
    gap: bool,
}

impl Cache {
    /// Messages whose rows are there: those that the last layout set, and a few more.
    pub fn held(&self) -> usize {
        self.entries.len()
    }

    /// A layout begins.
    pub(super) fn begin(&mut self) {
        self.layouts += 1;
    }

    /// A layout is over: what it and the last few did not use goes.
    pub(super) fn end(&mut self) {
        let used = self.entries.values().filter(|entry| entry.used == self.layouts).count();
        if self.entries.len() > used + SPARE {
            let mut ages: Vec<u64> = self.entries.values().map(|entry| entry.used).collect();
            ages.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = ages.get(used + SPARE / 2).copied().unwrap_or(0);
            self.entries.retain(|_, entry| entry.used > oldest);
        }
    }

    /// Sets a message at `columns`.
    pub(super) fn laid(&mut self, item: &Item<'_>, columns: usize, focused: bool, last: bool) -> Laid<'_> {
        let entry = self.entries.entry(item.message.id).or_default();
        entry.used = self.layouts;
        if entry.epoch != item.epoch
            || entry.columns != columns
            || entry.bodies.len() > item.message.blocks.len()
        {
            *entry = Entry { epoch: item.epoch, columns, used: self.layouts, ..Entry::default() };
        }
        let shown = if item.folded { 0 } else { item.message.blocks.len() };
        if shown > 0 {
            let mut old = std::mem::take(&mut entry.bodies).into_iter();
            entry.bodies = (0..shown).map(|i| Body::set(old.next(), item, i, columns)).collect();
        }
        let of = steps::acting(item)
            .map(|acting| (item.open, steps::is_broken(item), item.answered, acting.stamp()));
        if of != entry.steps.of {
            entry.steps = Steps { of, lines: steps::lines(item, columns) };
        }
        let steps: &[Line] = if item.folded { &[] } else { &entry.steps.lines };
        let blocks = if item.folded {
            Vec::new()
        } else {
            entry.bodies.iter().enumerate().filter(|(_, body)| !body.rows().is_empty()).collect()
        };
        let mut head = foot::head(item, columns);
        let mut foot = foot::foot(item, columns, focused);
        if item.folded {
            head = Some(super::layout::folded(item, head, columns));
            foot.clear();
        }
        Laid { head, steps, blocks, foot, gap: !last }
    }
}

impl<'a> Laid<'a> {
    /// Its rows in all.
    pub fn height(&self) -> usize {
        let bodies: usize = self.blocks.iter().map(|(_, body)| body.rows().len()).sum();
        let gaps = self.blocks.len().saturating_sub(1);
        self.before() + bodies + gaps + self.foot.len() + usize::from(self.gap)
    }

    /// Rows before the first block: the head, what an agent did, and air between that and the answer.
    fn before(&self) -> usize {
        let air = !self.steps.is_empty() && !self.blocks.is_empty();
        usize::from(self.head.is_some()) + self.steps.len() + usize::from(air)
    }

    /// The row of that number.
    pub fn row(&self, mut number: usize) -> (Part, Option<&Row>, Option<&'a Body>) {
        if let Some(head) = &self.head {
            if number == 0 {
                return (Part::Head, Some(head), None);
            }
            number -= 1;
        }
        if let Some(line) = self.steps.get(number) {
            let part = if line.begins { Part::Fold(u32::MAX) } else { Part::Foot };
            return (part, Some(&line.row), None);
        }
        number -= self.steps.len();
        for (i, (index, body)) in self.blocks.iter().enumerate() {
            if i > 0 || !self.steps.is_empty() {
                if number == 0 {
                    return (Part::Gap, None, None);
                }
                number -= 1;
            }
            let index = *index as u32;
            if let Some(row) = body.rows().get(number) {
                let part = if body.fold() == Some(number) { Part::Fold(index) } else { Part::Block(index) };
                return (part, Some(row), Some(body));
            }
            number -= body.rows().len();
        }
        match self.foot.get(number) {
            Some(row) => (Part::Foot, Some(row), None),
            None => (Part::Gap, None, None),
        }
    }

    /// The row that shows byte `byte` of block `block`, or the last one before it.
    pub fn row_of(&self, block: u32, byte: u32) -> usize {
        let mut number = self.before();
        for (i, (index, body)) in self.blocks.iter().enumerate() {
            number += usize::from(i > 0);
            if *index as u32 >= block {
                if *index as u32 > block {
                    return number;
                }
                let rows = body.rows();
                let shown = rows.iter().rposition(|row| row.source().is_some_and(|(start, _)| start <= byte));
                let first = rows.iter().position(|row| row.source().is_some());
                return number + shown.or(first).unwrap_or(0);
            }
            number += body.rows().len();
        }
        number.saturating_sub(1)
    }

    /// Block and byte of the row, or of the first one after it that shows any.
    pub fn place_of(&self, number: usize) -> Option<(u32, u32)> {
        (number..self.height()).find_map(|n| match self.row(n) {
            (Part::Block(block), Some(row), _) => row.source().map(|(start, _)| (block, start)),
            _ => None,
        })
    }
}
