//! Gathers the rows that match, with their scores.

use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::ColumnValues;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::ROW;
use crate::index::embedded::Bits;

/// So many rows are held before any goes, and four times those that are wanted.
const ROOM: usize = 1024;

/// A row and its score.
pub(super) type Scored = (Score, u32);

/// Gathers those of the rows that pass.
pub(super) struct Gather {
    pub(super) passing: Arc<Bits>,
    /// The best so many, and what is equal to the last of them; `None` for all.
    pub(super) best: Option<usize>,
}

/// What one segment has.
pub(super) struct Part {
    rows: Arc<dyn ColumnValues<u64>>,
    passing: Arc<Bits>,
    best: Option<usize>,
    found: Vec<Scored>,
    /// When there are so many, those that are none of the best go.
    room: usize,
    /// What scores less is none of the best.
    least: Score,
    met: u64,
}

/// What all have: the rows and how many there are in all.
pub(super) type Gathered = (Vec<Scored>, u64);

impl Collector for Gather {
    type Fruit = Gathered;
    type Child = Part;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<Part> {
        let rows = segment.fast_fields().u64(ROW)?.first_or_default_col(u64::MAX);
        let passing = self.passing.clone();
        let room = self.best.map_or(usize::MAX, |best| best.saturating_mul(4).saturating_add(ROOM));
        Ok(Part { rows, passing, best: self.best, found: Vec::new(), room, least: 0.0, met: 0 })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, parts: Vec<Gathered>) -> tantivy::Result<Gathered> {
        let mut all = Vec::new();
        let mut met = 0;
        for (part, own) in parts {
            all.extend(part);
            met += own;
        }
        Ok((all, met))
    }
}

impl SegmentCollector for Part {
    type Fruit = Gathered;

    fn collect(&mut self, doc: DocId, score: Score) {
        let row = self.rows.get_val(doc);
        if !usize::try_from(row).is_ok_and(|row| self.passing.has(row)) {
            return;
        }
        self.met += 1;
        if score < self.least {
            return;
        }
        self.found.push((score, row as u32));
        if let Some(best) = self.best
            && self.found.len() >= self.room
        {
            self.prune(best);
            // Where nearly all are equal few go: the next look comes when there are twice as many.
            self.room = self.room.max(2 * self.found.len());
        }
    }

    fn harvest(mut self) -> Gathered {
        if let Some(best) = self.best {
            self.prune(best);
        }
        (self.found, self.met)
    }
}

impl Part {
    fn prune(&mut self, best: usize) {
        if best == 0 {
            self.found.clear();
            self.least = Score::INFINITY;
        } else if self.found.len() > best {
            let (_, last, _) =
                self.found.select_nth_unstable_by(best - 1, |one, other| other.0.total_cmp(&one.0));
            self.least = last.0;
            let least = self.least;
            self.found.retain(|(score, _)| *score >= least);
        }
    }
}
