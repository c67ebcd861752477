//! The nearest of some rows, exactly: a scan of the high bytes finds those that may be among the best, a second look ranks them.
//!
//! Of every row the high bytes give its score within a bound: the length of what they leave out, times the query's. A row whose
//! best case is below the worst case of as many others as are wanted is none of the best, so nothing is missed. What remains
//! of sixteen bits a value is about 1e-6 of a cosine.

use outcrop_kernel::nearness::Query;

use super::bits::Bits;
use super::frame::unit;
use super::table::{CHUNK, Table};
use crate::domain::id::PassageId;
use crate::domain::knowledge::ranking::{Hit, Placed, Ranked};

/// Below so many rows one thread is faster than several.
const ALONE: usize = 8192;
/// Where fewer than one of so many rows pass, the others are not scanned.
const FEW: usize = 4;
/// More threads wait for memory, not for arithmetic.
const MOST_THREADS: usize = 8;

/// The threads of work that somebody waits for.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MOST_THREADS)
}

/// The threads of work that nobody waits for: one processor is left to the screen and to questions, where there are several.
pub(super) fn spare_threads() -> usize {
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    all.saturating_sub(1).clamp(1, MOST_THREADS)
}

/// A question to a table.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) vector: &'a [f32],
    pub(super) results: usize,
    /// The rows that may be given.
    pub(super) passing: &'a Bits,
    pub(super) expected: &'a [PassageId],
}

/// The nearest rows, best first, equal ones in the order of their ids.
pub(super) fn nearest(table: &Table, asked: &Asked<'_>) -> Ranked {
    nearest_on(threads(), table, asked)
}

/// The same on so many threads at most.
pub(super) fn nearest_on(threads: usize, table: &Table, asked: &Asked<'_>) -> Ranked {
    let sight = Sight::new(table, asked.vector, threads);
    let among = asked.passing.count();
    let wanted = asked.results.min(among);
    let found = if wanted == 0 { Vec::new() } else { candidates(&sight, asked.passing, among, wanted) };
    let mut scored: Vec<(f64, PassageId)> =
        found.into_iter().map(|row| (sight.score(row), table.rows[row].id)).collect();
    scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
    scored.truncate(wanted);
    let hits = (1..).zip(scored).map(|(rank, (score, id))| Hit { id, placed: Placed { rank, score } });
    let place = |id: &PassageId| {
        let row = table.row_of(id).filter(|row| asked.passing.has(*row))?;
        Some(place(&sight, asked.passing, row))
    };
    let expected = asked.expected.iter().map(place).collect();
    Ranked { hits: hits.collect(), expected, among: among as u64, probed: None }
}

/// A table as one query sees it.
struct Sight<'a> {
    table: &'a Table,
    query: Query,
    /// So many look at most.
    threads: usize,
    /// By so much the rounding of the query itself moves a score at most.
    slack: f32,
}

impl<'a> Sight<'a> {
    fn new(table: &'a Table, vector: &[f32], threads: usize) -> Self {
        let query = Query::new(&unit(vector));
        let root = (table.width as f32).sqrt();
        // The high bytes of a row may be longer than the row, by what is left out of it at most.
        let longest = 1.0 + 128.0 / 32_639.0 * root;
        let slack = query.worth() / 256.0 * 0.5 * root * longest + 1e-6;
        Self { table, query, threads, slack }
    }

    fn score(&self, row: usize) -> f64 {
        let (high, low) = self.table.halves(row);
        // The two zeros are equal.
        self.query.near(high, low) * f64::from(self.table.size(row).0) + 0.0
    }

    /// The worst and the best case of a row's score, from its sum.
    fn bounds(&self, row: usize, sum: i32) -> (f32, f32) {
        let (scale, spread) = self.table.size(row);
        let middle = sum as f32 * (self.query.worth() * scale);
        (middle - spread - self.slack, middle + spread + self.slack)
    }

    /// Tells the bounds of the rows of one chunk that pass.
    fn chunk(&self, at: usize, passing: &Bits, space: &mut Space, mut tell: impl FnMut(usize, (f32, f32))) {
        let chunk = &self.table.chunks[at];
        let (first, width) = (at * CHUNK, self.table.width);
        let count = chunk.highs.len() / width;
        let rows = || passing.within(first..first + CHUNK);
        let wanted = passing.count_within(first..first + CHUNK);
        if wanted == count {
            space.sums.resize(count, 0);
            self.query.scan(&chunk.highs, &mut space.sums);
            (first..).zip(&space.sums).for_each(|(row, sum)| tell(row, self.bounds(row, *sum)));
        } else if wanted * FEW > count {
            space.sums.resize(count, 0);
            self.query.scan(&chunk.highs, &mut space.sums);
            rows().for_each(|row| tell(row, self.bounds(row, space.sums[row - first])));
        } else if wanted > 0 {
            // The few that pass are laid side by side.
            space.highs.clear();
            rows().for_each(|row| {
                space.highs.extend_from_slice(&chunk.highs[(row - first) * width..][..width]);
            });
            space.sums.resize(wanted, 0);
            self.query.scan(&space.highs, &mut space.sums);
            rows().zip(&space.sums).for_each(|(row, sum)| tell(row, self.bounds(row, *sum)));
        }
    }
}

/// Buffers of a scan.
#[derive(Default)]
struct Space {
    highs: Vec<i8>,
    sums: Vec<i32>,
}

/// Rows that may be among the `wanted` best: all that are, and few more.
fn candidates(sight: &Sight<'_>, passing: &Bits, among: usize, wanted: usize) -> Vec<usize> {
    let parts = over_parts(sight, among, |chunks| {
        let mut best = Best::new(wanted);
        let mut space = Space::default();
        for at in chunks {
            sight.chunk(at, passing, &mut space, |row, bounds| best.offer(row, bounds));
        }
        best
    });
    let mut all = Best::new(wanted);
    for part in parts {
        all.join(part);
    }
    all.rows()
}

/// Runs `work` over the chunks, on several threads where that pays.
fn over_parts<T: Send>(
    sight: &Sight<'_>,
    among: usize,
    work: impl Fn(std::ops::Range<usize>) -> T + Sync,
) -> Vec<T> {
    let chunks = sight.table.chunks.len();
    let threads = if among < ALONE { 1 } else { sight.threads.min(chunks) };
    let part = |at: usize| chunks * at / threads..chunks * (at + 1) / threads;
    if threads == 1 {
        return vec![work(0..chunks)];
    }
    let work = &work;
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|at| scope.spawn(move || work(part(at)))).collect();
        let mut done = vec![work(part(0))];
        for thread in others {
            done.push(thread.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)));
        }
        done
    })
}

/// The worst cases of the best rows so far, and every row whose best case reaches them.
struct Best {
    wanted: usize,
    /// The highest worst cases, the lowest of them at the top; as many as are wanted.
    floor: std::collections::BinaryHeap<std::cmp::Reverse<Ordered>>,
    rows: Vec<(f32, u32)>,
    /// When there are so many, those that cannot be among the best any more go.
    room: usize,
}

/// So many rows are held before any goes.
const ROOM: usize = 4096;

/// A number with an order.
#[derive(PartialEq)]
struct Ordered(f32);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Best {
    fn new(wanted: usize) -> Self {
        Self { wanted, floor: std::collections::BinaryHeap::new(), rows: Vec::new(), room: ROOM }
    }

    fn least(&self) -> f32 {
        let full = self.floor.len() == self.wanted;
        self.floor.peek().filter(|_| full).map_or(f32::NEG_INFINITY, |least| least.0.0)
    }

    fn offer(&mut self, row: usize, (worst, best): (f32, f32)) {
        let least = self.least();
        if best < least {
            return;
        }
        self.raise(worst);
        self.rows.push((best, row as u32));
        if self.rows.len() >= self.room {
            let least = self.least();
            self.rows.retain(|(best, _)| *best >= least);
            // Where nearly all are equal few go: the next look comes when there are twice as many.
            self.room = ROOM.max(2 * self.rows.len());
        }
    }

    fn raise(&mut self, worst: f32) {
        if self.floor.len() < self.wanted {
            self.floor.push(std::cmp::Reverse(Ordered(worst)));
        } else if worst > self.least() {
            self.floor.pop();
            self.floor.push(std::cmp::Reverse(Ordered(worst)));
        }
    }

    fn join(&mut self, other: Self) {
        other.floor.into_iter().for_each(|worst| self.raise(worst.0.0));
        self.rows.extend(other.rows);
    }

    fn rows(self) -> Vec<usize> {
        let least = self.least();
        self.rows.into_iter().filter(|(best, _)| *best >= least).map(|(_, row)| row as usize).collect()
    }
}

/// Where a row stands among all that pass.
fn place(sight: &Sight<'_>, passing: &Bits, own: usize) -> Placed {
    let (score, id) = (sight.score(own), sight.table.rows[own].id);
    let parts = over_parts(sight, passing.count(), |chunks| {
        let mut space = Space::default();
        let mut better = 0_u64;
        for at in chunks {
            sight.chunk(at, passing, &mut space, |row, (worst, best)| {
                if f64::from(worst) > score {
                    better += 1;
                } else if f64::from(best) >= score && row != own {
                    let other = sight.score(row);
                    better += u64::from(
                        other > score || other.to_bits() == score.to_bits() && sight.table.rows[row].id < id,
                    );
                }
            });
        }
        better
    });
    Placed { rank: parts.into_iter().sum::<u64>() + 1, score }
}

/// The nearest of some vectors, one by one in double precision: what every other way is measured by.
pub fn exact(vectors: &[(PassageId, Vec<f32>)], query: &[f32], results: usize) -> Vec<(PassageId, f64)> {
    let query = unit(query);
    let score = |vector: &[f32]| {
        unit(vector).iter().zip(&query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() + 0.0
    };
    let mut all: Vec<_> = vectors.iter().map(|(id, vector)| (*id, score(vector))).collect();
    all.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    all.truncate(results);
    all
}
