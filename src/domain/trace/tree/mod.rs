//! The tree that the spans of a trace form, whatever order they came in and whatever is wrong with them.
//!
//! Nothing is thrown away: a span whose parent is missing, one that is its own ancestor, one whose id another has, one whose
//! clock runs otherwise each have their place and a mark. The tree does not depend on the order of arrival, except where two
//! spans are alike in everything that it looks at. No walk here is a recursion: a chain of a million is as deep as it is.

mod critical;
mod link;
mod mark;
mod rollup;

use std::collections::HashMap;

pub use critical::Stretch;
pub use mark::{Mark, Marks};
pub use rollup::{Rollups, Sum};

use super::outline::Outline;

/// No row.
const NONE: u32 = u32::MAX;

/// Rows of an outline, linked. All lists are by the numbers of rows.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    parent: Vec<u32>,
    /// Where each row's children begin in `children`; one more than there are rows.
    begin: Vec<u32>,
    /// In order of their starts.
    children: Vec<u32>,
    roots: Vec<u32>,
    /// Every row, parents first: the order on a screen.
    order: Vec<u32>,
    /// Where each row stands in `order`.
    place: Vec<u32>,
    depth: Vec<u32>,
    /// Rows in the subtree, itself included.
    size: Vec<u32>,
    marks: Vec<Marks>,
    /// Starts and ends within those of the parent.
    shown: Vec<(u64, u64)>,
    /// Starts and ends as they were told, of those rows that are shown otherwise.
    apart: HashMap<u32, (u64, u64)>,
}

impl Tree {
    /// Links the rows of an outline.
    pub fn of(outline: &Outline) -> Self {
        link::link(outline)
    }

    pub fn len(&self) -> usize {
        self.parent.len()
    }

    pub fn is_empty(&self) -> bool {
        self.parent.is_empty()
    }

    /// Rows without a parent here: the true roots by their starts, then the orphans by the parent that they miss.
    pub fn roots(&self) -> &[u32] {
        &self.roots
    }

    /// The parent that a row hangs under.
    pub fn parent(&self, row: u32) -> Option<u32> {
        self.parent.get(row as usize).copied().filter(|parent| *parent != NONE)
    }

    /// A row's children by their starts.
    pub fn children(&self, row: u32) -> &[u32] {
        let at = row as usize;
        match (self.begin.get(at), self.begin.get(at + 1)) {
            (Some(from), Some(to)) => &self.children[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// Every row, parents first, children by their starts.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Where a row stands in the order.
    pub fn place(&self, row: u32) -> usize {
        self.place.get(row as usize).map_or(0, |place| *place as usize)
    }

    /// A row and everything below it, in order.
    pub fn subtree(&self, row: u32) -> &[u32] {
        let from = self.place(row);
        let size = self.size.get(row as usize).map_or(0, |size| *size as usize);
        self.order.get(from..from + size).unwrap_or_default()
    }

    /// How far below its root.
    pub fn depth(&self, row: u32) -> u32 {
        self.depth.get(row as usize).copied().unwrap_or(0)
    }

    /// What is odd about a row.
    pub fn marks(&self, row: u32) -> Marks {
        self.marks.get(row as usize).copied().unwrap_or_default()
    }

    /// How many rows have a mark.
    pub fn count(&self, mark: Mark) -> usize {
        self.marks.iter().filter(|marks| marks.has(mark)).count()
    }

    /// When a row is shown to start and to end: within its parent, as clocks of several machines do not agree.
    pub fn shown(&self, row: u32) -> (u64, u64) {
        self.shown.get(row as usize).copied().unwrap_or_default()
    }

    /// When it started and ended by its own clock; what runs still has run up to the last moment that anything tells of.
    fn told(&self, row: u32) -> (u64, u64) {
        self.apart.get(&row).copied().unwrap_or_else(|| self.shown(row))
    }

    /// Nanoseconds that it took by its own clock, wherever it is shown.
    pub fn duration(&self, row: u32) -> u64 {
        let (start, end) = self.told(row);
        end.saturating_sub(start)
    }

    /// The first start and the last end.
    pub fn span(&self) -> (u64, u64) {
        let starts = self.roots.iter().map(|root| self.shown(*root).0);
        let ends = self.shown.iter().map(|(_, end)| *end);
        (starts.min().unwrap_or(0), ends.max().unwrap_or(0))
    }

    /// Nanoseconds in which none of its children ran: children that ran at once count once.
    pub fn own_time(&self, row: u32) -> u64 {
        let children = self.children(row);
        // By their starts, so that the union is one pass.
        let covered = match self.apart.get(&row) {
            None => covered(children.iter().map(|child| self.shown(*child))),
            Some((from, to)) => {
                // Its parts lie where its own clock has them.
                let within = |at: u64| at.clamp(*from, *to);
                let part = |child: &u32| self.told(*child);
                let parts = children.iter().map(part).map(|(start, end)| (within(start), within(end)));
                let mut parts: Vec<(u64, u64)> = parts.collect();
                parts.sort_unstable();
                covered(parts.into_iter())
            }
        };
        self.duration(row).saturating_sub(covered)
    }

    /// The next row in order after `from` that passes, going round; `None` where none does.
    pub fn next(&self, from: u32, passes: impl Fn(u32) -> bool) -> Option<u32> {
        let at = self.place(from);
        let (before, after) = (self.order.get(..=at)?, self.order.get(at + 1..)?);
        after.iter().chain(before).copied().find(|row| passes(*row))
    }

    /// The one before, going round.
    pub fn previous(&self, from: u32, passes: impl Fn(u32) -> bool) -> Option<u32> {
        let at = self.place(from);
        let (before, after) = (self.order.get(..at)?, self.order.get(at..)?);
        before.iter().rev().chain(after.iter().rev()).copied().find(|row| passes(*row))
    }

    /// Rows by their own time, the slowest first.
    pub fn slowest(&self, most: usize) -> Vec<u32> {
        let mut timed: Vec<(u64, u32)> = self.order.iter().map(|row| (self.own_time(*row), *row)).collect();
        timed.sort_by_key(|(own, _)| std::cmp::Reverse(*own));
        timed.truncate(most);
        timed.into_iter().map(|(_, row)| row).collect()
    }
}

/// Nanoseconds that lie in any of these stretches, which come by their starts.
fn covered(stretches: impl Iterator<Item = (u64, u64)>) -> u64 {
    let (mut covered, mut until) = (0, 0);
    for (start, end) in stretches {
        covered += end.saturating_sub(start.max(until));
        until = until.max(end);
    }
    covered
}

#[cfg(test)]
mod tests;
