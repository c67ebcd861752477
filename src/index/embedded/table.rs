//! The rows in memory: of every passage what search needs, the vectors in two halves.
//!
//! A row keeps its number as long as its generation lives; one that is gone stays as a gap. Vectors lie in chunks, so that a
//! table grows without being copied.

use std::collections::HashMap;

use super::bits::Bits;
use super::frame::{Frame, Row};
use super::postings::Postings;
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::filter::Filter;
use crate::index::Counts;

/// Rows of a chunk.
pub(super) const CHUNK: usize = 4096;

/// The vectors of some rows.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) highs: Vec<i8>,
    pub(super) lows: Vec<i8>,
}

/// The rows of a document, those that are gaps among them, and how many are none.
#[derive(Debug, Default)]
struct Own {
    rows: Vec<u32>,
    living: usize,
}

/// All rows.
#[derive(Debug)]
pub(super) struct Table {
    /// Values of a row, filled up.
    pub(super) width: usize,
    pub(super) chunks: Vec<Chunk>,
    pub(super) rows: Vec<Row>,
    /// Of each row what is looked at for every query, so that nothing else is read then: its set, its scale and its spread.
    sets: Vec<u32>,
    sizes: Vec<(f32, f32)>,
    alive: Bits,
    living: usize,
    by_id: HashMap<PassageId, u32>,
    by_document: HashMap<DocumentId, Own>,
    pub(super) postings: Postings,
}

impl Table {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            chunks: Vec::new(),
            rows: Vec::new(),
            sets: Vec::new(),
            sizes: Vec::new(),
            alive: Bits::default(),
            living: 0,
            by_id: HashMap::new(),
            by_document: HashMap::new(),
            postings: Postings::default(),
        }
    }

    /// Makes room for so many rows more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.rows.reserve(more);
        self.sets.reserve(more);
        self.sizes.reserve(more);
        self.by_id.reserve(more);
    }

    /// Carries out what a frame says.
    pub(super) fn apply(&mut self, frame: &Frame) {
        for row in &frame.removed {
            self.remove(*row as usize);
        }
        for attributes in &frame.sets {
            self.postings.put(attributes);
        }
        for (at, row) in frame.rows.iter().enumerate() {
            let number = self.rows.len();
            let own = at * self.width..(at + 1) * self.width;
            if number.is_multiple_of(CHUNK) {
                // A small base takes no chunk's whole room.
                let room = if number == 0 { 0 } else { CHUNK * self.width };
                self.chunks.push(Chunk { highs: Vec::with_capacity(room), lows: Vec::with_capacity(room) });
            }
            if let Some(chunk) = self.chunks.last_mut() {
                chunk.highs.extend_from_slice(&frame.highs[own.clone()]);
                chunk.lows.extend_from_slice(&frame.lows[own]);
            }
            self.rows.push(*row);
            self.sets.push(row.set);
            self.sizes.push((row.scale, row.spread));
            self.alive.put(number);
            self.living += 1;
            self.by_id.insert(row.id, number as u32);
            let own = self.by_document.entry(row.document).or_default();
            own.rows.push(number as u32);
            own.living += 1;
        }
    }

    fn remove(&mut self, number: usize) {
        if !self.alive.take(number) {
            return;
        }
        self.living -= 1;
        let Row { id, document, .. } = self.rows[number];
        if self.by_id.get(&id) == Some(&(number as u32)) {
            self.by_id.remove(&id);
        }
        if let Some(own) = self.by_document.get_mut(&document) {
            own.living -= 1;
            if own.living == 0 {
                self.by_document.remove(&document);
            } else if own.rows.len() > 2 * own.living + 16 {
                // Seldom: looking through all of them for each that goes would take the square of their number.
                own.rows.retain(|row| self.alive.has(*row as usize));
            }
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { passages: self.living as u64, documents: self.by_document.len() as u64 }
    }

    /// Rows that are gaps.
    pub(super) fn gaps(&self) -> usize {
        self.rows.len() - self.living
    }

    pub(super) fn row_of(&self, id: &PassageId) -> Option<usize> {
        self.by_id.get(id).map(|row| *row as usize)
    }

    /// The rows of a document, as they came.
    pub(super) fn rows_of(&self, document: &DocumentId) -> impl Iterator<Item = u32> + '_ {
        let own = self.by_document.get(document).map(|own| &own.rows[..]).unwrap_or_default();
        own.iter().copied().filter(|row| self.alive.has(*row as usize))
    }

    pub(super) fn is_alive(&self, row: usize) -> bool {
        self.alive.has(row)
    }

    /// The living rows that pass.
    pub(super) fn passing(&self, filter: Option<&Filter>) -> Bits {
        let Some(filter) = filter else { return self.alive.clone() };
        let sets = self.postings.passing(filter);
        let mut found = Bits::where_in(&self.sets, &sets);
        found.keep(&self.alive);
        found
    }

    /// What one step of a row's values is worth, and the length of what its high bytes leave out.
    pub(super) fn size(&self, row: usize) -> (f32, f32) {
        self.sizes[row]
    }

    /// A row's vector, filled up, of any length.
    pub(super) fn vector(&self, row: usize) -> Vec<f32> {
        let (high, low) = self.halves(row);
        high.iter().zip(low).map(|(high, low)| (i32::from(*high) * 256 + i32::from(*low)) as f32).collect()
    }

    /// Both halves of a row's vector.
    pub(super) fn halves(&self, row: usize) -> (&[i8], &[i8]) {
        let chunk = &self.chunks[row / CHUNK];
        let own = row % CHUNK * self.width..(row % CHUNK + 1) * self.width;
        (&chunk.highs[own.clone()], &chunk.lows[own])
    }
}
