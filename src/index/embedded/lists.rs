//! Rows in lists, each of those whose vectors are nearest to one centre: a question is compared with those of the nearest lists.
//!
//! Lists hold nothing of their own: whatever becomes of them, they can be made again from the rows, and what a question finds by
//! them is scored by the rows themselves. As bytes, little-endian:
//!
//! ```text
//! 4  form    4  values of a centre    4  lists    4  rows that are listed
//! 8  what tells those rows from all others    4  the share of the rows that is compared
//! then of each list 4 bytes, what one step of its centre is worth, and its values; of each row 2 bytes, its list
//! ```

use outcrop_kernel::nearness::Query;

use super::bits::Bits;
use super::centres::{Centres, Middles, Rows};
use super::frame::{Reader, Row};
use super::table::Table;
use crate::domain::knowledge::vectors::Probed;

/// As a file has them.
const FORM: u32 = 1;
/// The numbers of lists have two bytes, and so has how many there are.
const MOST: usize = u16::MAX as usize;
/// Lists by the square root of the rows: more of them are shorter, but ranking their centres takes longer.
const BY_ROOT: f64 = 4.0;
/// Of each list so many rows are looked at to find the centres.
const SAMPLE: usize = 32;
/// Of the rows one of so many is compared at least, whatever was measured: where passages are nearly alike, those next to one are all
/// in its list, which tells little of questions;
const PART: usize = 50;
/// and so many,
const FEWEST: usize = 256;
/// and so many for each that is wanted.
const DEPTH: usize = 20;
/// Lists are made anew where so many times the rows that came since are more than those that are in them,
const GROWTH: usize = 4;
/// and where they are so many times as many as what lives is worth: so much has gone that ranking them takes longer than they spare.
const SHRUNK: usize = 2;
/// Lists are asked where they spare all but one of so many comparisons: what is left costs more each than in a row.
const SPARE: usize = 4;
/// Rows that are asked for like questions, to measure how many must be compared to find what is nearest,
pub(super) const QUESTIONS: usize = 64;
/// so many nearest of each,
pub(super) const NEAREST: usize = 10;
/// and this share of those.
const FOUND: f64 = 0.99;
/// Questions lie farther from passages than these do from each other.
const MARGIN: f64 = 1.5;

/// The lists of a table's rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lists {
    centres: Centres,
    /// Of each row that is listed its list.
    of: Vec<u16>,
    /// Where each list begins in `rows`, and where the last one ends.
    begins: Vec<u32>,
    rows: Vec<u32>,
    /// The share of the rows that is compared.
    share: f32,
    /// What tells the rows that are listed from all others.
    digest: Digest,
}

impl Lists {
    /// A table's first rows in lists: each belongs to that one of the `centres` which `of` names.
    pub(super) fn of(centres: Centres, of: Vec<u16>, table: &Table) -> Self {
        let digest = Digest::of(&table.rows[..of.len()]);
        let (begins, rows) = sorted(&of, centres.len());
        Self { centres, of, begins, rows, share: 1.0, digest }
    }

    /// The same lists for a table that has `anew` what lives of this one, in the same order. Their centres lie amid that alone, so that
    /// what is gone has left nothing in them; a list of which all is gone goes too.
    pub(super) fn kept(&self, table: &Table, anew: &Table) -> Option<Self> {
        let living: Vec<usize> = (0..self.of.len()).filter(|row| table.is_alive(*row)).collect();
        let mut middles = Middles::new(self.centres.len(), table.width);
        for row in &living {
            middles.add(self.of[*row], table.halves(*row).0, table.size(*row).0);
        }
        let (centres, numbers) = middles.centres();
        let of: Vec<u16> = living.iter().filter_map(|row| numbers[usize::from(self.of[*row])]).collect();
        let fits = !of.is_empty() && of.len() <= anew.rows.len();
        fits.then(|| Self { share: self.share, ..Self::of(centres, of, anew) })
    }

    /// Whether lists would be others if they were made now: of so many rows too many are in none, or too few live. What came since is
    /// not put into these: it may be about something that no centre is near to, and would be missed; it is all compared until there
    /// are new centres.
    pub(super) fn outgrown(&self, rows: usize, living: usize) -> bool {
        GROWTH * rows.saturating_sub(self.of.len()) > self.of.len()
            || self.centres.len() > SHRUNK * many(living)
    }

    /// How many rows are compared before each of those `rows`, for a question of length one.
    pub(super) fn before(&self, vector: &[f32], rows: impl Iterator<Item = usize>) -> Vec<usize> {
        let (mut before, mut compared) = (vec![0; self.centres.len()], 0);
        for number in self.centres.ranked(&Query::new(vector)) {
            before[usize::from(number)] = compared;
            compared += self.list(number).len();
        }
        rows.filter_map(|row| Some(before[usize::from(*self.of.get(row)?)])).collect()
    }

    /// The same lists, of which as much is compared as must be to find nearly all of what is nearest: before each of that so many
    /// rows were compared.
    pub(super) fn tuned(self, mut before: Vec<usize>) -> Self {
        before.sort_unstable();
        let most = before.get((before.len() as f64 * FOUND) as usize).or(before.last());
        let share = most.map_or(1.0, |most| (*most + 1) as f64 * MARGIN / self.of.len().max(1) as f64);
        Self { share: share.min(1.0) as f32, ..self }
    }

    fn list(&self, number: u16) -> &[u32] {
        let at = usize::from(number);
        &self.rows[self.begins[at] as usize..self.begins[at + 1] as usize]
    }

    /// The passing rows of the lists that are nearest to a question of length one, until there are enough, and those that are in
    /// no list yet. So many are `among` those of the table that pass; where lists spare little, as where few pass, there is no answer.
    pub(super) fn probe(
        &self,
        vector: &[f32],
        table: &Table,
        (passing, among): (&Bits, usize),
        wanted: usize,
    ) -> Option<(Bits, Probed)> {
        let (listed, total) = (self.of.len(), table.rows.len());
        // Gaps are compared with nothing: a share of them would only be taken of what lives.
        let living = listed.min(table.counts().passages as usize);
        let share = (f64::from(self.share) * living as f64) as usize;
        let enough = share.max(living / PART).max(FEWEST).max(DEPTH * wanted);
        if enough.saturating_mul(SPARE) > among {
            return None;
        }
        let mut looked = Bits::default();
        let (mut lists, mut compared) = (0_u32, 0_usize);
        for number in self.centres.ranked(&Query::new(vector)) {
            if compared >= enough {
                break;
            }
            lists += 1;
            for row in self.list(number).iter().map(|row| *row as usize).filter(|row| passing.has(*row)) {
                looked.put(row);
                compared += 1;
            }
        }
        for row in (listed..total).filter(|row| passing.has(*row)) {
            looked.put(row);
            compared += 1;
        }
        Some((looked, Probed { lists, of: self.centres.len() as u32, compared: compared as u64 }))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let Rows { highs, scales } = &self.centres.0;
        let width = highs.len() / scales.len().max(1);
        let mut bytes = Vec::with_capacity(28 + 4 * scales.len() + highs.len() + 2 * self.of.len());
        for number in [FORM as usize, width, scales.len(), self.of.len()] {
            bytes.extend((number as u32).to_le_bytes());
        }
        bytes.extend(self.digest.0.to_le_bytes());
        bytes.extend(self.share.to_le_bytes());
        bytes.extend(scales.iter().flat_map(|scale| scale.to_le_bytes()));
        bytes.extend(highs.iter().map(|high| high.cast_unsigned()));
        self.of.iter().for_each(|list| bytes.extend(list.to_le_bytes()));
        bytes
    }

    /// The lists of a table's rows. `None` where the bytes are those of others, or of no lists that this program makes.
    pub(super) fn decode(bytes: &[u8], table: &Table) -> Option<Self> {
        let from = &mut Reader(bytes);
        if from.number()? != FORM || from.number()? as usize != table.width {
            return None;
        }
        let (lists, listed) = (from.number()? as usize, from.number()? as usize);
        let told = Digest::of(table.rows.get(..listed)?);
        if from.long()? != told.0 || !(1..=MOST).contains(&lists) {
            return None;
        }
        let share = f32::from_le_bytes(from.array()?);
        let scales = from.take(4 * lists)?.as_chunks::<4>().0.iter();
        let scales = scales.map(|scale| f32::from_le_bytes(*scale)).collect();
        let highs =
            from.take(lists.checked_mul(table.width)?)?.iter().map(|high| high.cast_signed()).collect();
        let of = from.take(2 * listed)?.as_chunks::<2>().0.iter();
        let of: Vec<u16> = of.map(|list| u16::from_le_bytes(*list)).collect();
        if !from.0.is_empty() || of.iter().any(|list| usize::from(*list) >= lists) {
            return None;
        }
        let (begins, rows) = sorted(&of, lists);
        Some(Self { centres: Centres(Rows { highs, scales }), of, begins, rows, share, digest: told })
    }
}

/// How many lists so many rows are worth.
pub(super) fn many(rows: usize) -> usize {
    ((BY_ROOT * (rows as f64).sqrt()) as usize).clamp(1, MOST).min(rows.max(1))
}

/// How many of so many living rows are looked at to find their centres.
pub(super) fn sample(living: usize) -> usize {
    (many(living) * SAMPLE).min(living)
}

/// Where each list begins, and the rows of all of them, each list's in their order.
fn sorted(of: &[u16], lists: usize) -> (Vec<u32>, Vec<u32>) {
    let mut begins = vec![0_u32; lists + 1];
    for list in of {
        begins[usize::from(*list) + 1] += 1;
    }
    for at in 1..begins.len() {
        begins[at] += begins[at - 1];
    }
    let (mut next, mut rows) = (begins.clone(), vec![0; of.len()]);
    for (list, row) in of.iter().zip(0..) {
        let place = &mut next[usize::from(*list)];
        rows[*place as usize] = row;
        *place += 1;
    }
    (begins, rows)
}

/// The high bytes of some rows of a table.
pub(super) fn highs(table: &Table, rows: impl Iterator<Item = usize>) -> Rows {
    let mut some = Rows::default();
    rows.for_each(|row| some.push(table.halves(row).0, table.size(row).0));
    some
}

/// About so many living rows, evenly from all.
pub(super) fn evenly(table: &Table, count: usize) -> Vec<usize> {
    let living = table.counts().passages as usize;
    let alive = (0..table.rows.len()).filter(|row| table.is_alive(*row));
    // The places where `count` steps of equal size through all of them fall.
    let falls = |at: &(usize, usize)| (at.0 + 1) * count / living != at.0 * count / living;
    alive.enumerate().filter(falls).map(|(_, row)| row).collect()
}

/// A number that is another one for other rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Digest(u64);

impl Digest {
    fn of(rows: &[Row]) -> Self {
        let mut digest = Self::default();
        for row in rows {
            digest.add(row);
        }
        digest
    }

    fn add(&mut self, row: &Row) {
        let (halves, _) = row.id.as_bytes().as_chunks::<8>();
        for half in halves {
            self.mix(u64::from_le_bytes(*half));
        }
        self.mix(u64::from(row.scale.to_bits()) << 32 | u64::from(row.spread.to_bits()));
    }

    fn mix(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}
