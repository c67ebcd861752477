//! The order of blocks. What is above goes before what it overlaps; what is to the left goes before what is to the
//! right, unless something between says otherwise; tables are read row by row. (The first two rules are Breuel's, "High
//! performance document layout analysis", 2003.)

use super::block::{Block, COLUMN};
use super::line::INTRALINE;
use super::word::Place;

/// More blocks than this are read from top to bottom: the rules cost the square of their number.
pub const MOST: usize = 3000;

pub fn sorted(blocks: Vec<Block>, turn: usize, leftward: bool) -> Vec<Block> {
    if blocks.len() > MOST {
        let mut blocks = blocks;
        blocks.sort_by(|one, other| one.place.top.total_cmp(&other.place.top));
        return blocks;
    }
    let order = Order::of(&blocks, turn, leftward).sort();
    let mut blocks: Vec<Option<Block>> = blocks.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| blocks[at].take()).collect()
}

struct Order {
    places: Vec<Place>,
    /// The same, widened to what they reign over.
    reach: Vec<Place>,
    tables: Vec<Option<usize>>,
    /// Of each block, and of most of the page.
    turns: Vec<usize>,
    turn: usize,
    leftward: bool,
    /// Of each block those that go after it for being below, and those that go before it for being above; as bits.
    below: Vec<Vec<u64>>,
    above: Vec<Vec<u64>>,
}

impl Order {
    fn of(blocks: &[Block], turn: usize, leftward: bool) -> Self {
        let places: Vec<Place> = blocks.iter().map(|block| block.place).collect();
        let sizes: Vec<f64> = blocks.iter().map(|block| block.size).collect();
        let turns = blocks.iter().map(|block| block.turn).collect();
        let tables = tables(&places, &sizes);
        let reach = reach(&places, &tables);
        let words = places.len().div_ceil(64);
        let none = vec![vec![0; words]; places.len()];
        let mut order =
            Self { places, reach, tables, turns, turn, leftward, below: none.clone(), above: none };
        for one in 0..order.places.len() {
            for other in 0..order.places.len() {
                if one != other && order.is_above(one, other) {
                    order.below[one][other / 64] |= 1 << (other % 64);
                    order.above[other][one / 64] |= 1 << (one % 64);
                }
            }
        }
        order
    }

    /// Both overlap along the lines, and the first is above the other as one reads.
    fn is_above(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.reach[one], &self.reach[other]);
        let overlap = |a: (f64, f64), b: (f64, f64)| (a.0 <= b.0 && b.0 <= a.1) || (b.0 <= a.0 && a.0 <= b.1);
        let wide = overlap((one.left, one.right), (other.left, other.right));
        let high = overlap((one.top, one.bottom), (other.top, other.bottom));
        match self.turn {
            0 => wide && one.top < other.top,
            1 => high && one.right > other.right,
            2 => wide && one.bottom > other.bottom,
            _ => high && one.left < other.left,
        }
    }

    /// The first ends before the other begins, along its lines as one reads. For upright text the sides are compared
    /// crosswise, as `pdftotext` does: there, what is not wholly after goes before.
    fn is_left(&self, one: usize, other: usize) -> bool {
        let turn = (self.turns[one] + if self.leftward { 2 } else { 0 }) % 4;
        let (one, other) = (&self.reach[one], &self.reach[other]);
        match turn {
            0 => one.right <= other.left,
            1 => one.top <= other.bottom,
            2 => other.right <= one.left,
            _ => other.top <= one.bottom,
        }
    }

    fn goes_before(&self, one: usize, other: usize) -> bool {
        if self.tables[one].is_some() && self.tables[one] == self.tables[other] {
            let (one, other) = (&self.places[one], &self.places[other]);
            let side = if self.leftward { one.left >= other.right } else { one.right <= other.left };
            return (side && one.beside(other)) || one.bottom <= other.top;
        }
        if self.below[one][other / 64] >> (other % 64) & 1 == 1 {
            return true;
        }
        // Something below the other and above this one would part them.
        self.is_left(one, other)
            && !self.below[other].iter().zip(&self.above[one]).any(|(below, above)| below & above != 0)
    }

    /// Each block after all that go before it; where they go round in a circle, as first met.
    fn sort(&self) -> Vec<usize> {
        let count = self.places.len();
        let mut visited = vec![false; count];
        let mut sorted = Vec::with_capacity(count);
        for first in 0..count {
            if std::mem::replace(&mut visited[first], true) {
                continue;
            }
            let mut path = vec![(first, 0)];
            while let Some((block, next)) = path.last_mut() {
                let block = *block;
                let before = (*next..count).find(|other| !visited[*other] && self.goes_before(*other, block));
                if let Some(other) = before {
                    *next = other + 1;
                    visited[other] = true;
                    path.push((other, 0));
                } else {
                    sorted.push(block);
                    path.pop();
                }
            }
        }
        sorted
    }
}

/// Which blocks are cells of one table: a block, the next to its right, the next below and the next to the lower right
/// that line up both ways.
fn tables(places: &[Place], sizes: &[f64]) -> Vec<Option<usize>> {
    let mut tables: Vec<Option<usize>> = vec![None; places.len()];
    let mut count = 0;
    for (at, one) in places.iter().enumerate() {
        let (mut right, mut below, mut across) = (None, None, None);
        let far = f64::MAX;
        let (mut right_at, mut below_at, mut across_at) = (far, far, (far, far));
        for (other_at, other) in places.iter().enumerate() {
            if other_at == at {
                continue;
            }
            let (to_right, to_below) = (other.left > one.right, other.top > one.bottom);
            if other.beside(one) && to_right && other.left < right_at {
                (right_at, right) = (other.left, Some(other_at));
            } else if other.over_or_under(one) && to_below && other.top < below_at {
                (below_at, below) = (other.top, Some(other_at));
            } else if to_right && to_below && other.left < across_at.0 && other.top < across_at.1 {
                (across_at, across) = ((other.left, other.top), Some(other_at));
            }
        }
        let (Some(right), Some(below), Some(across)) = (right, below, across) else { continue };
        let cells = [at, right, below, across];
        if grid(cells.map(|cell| places[cell]), cells.map(|cell| sizes[cell])) {
            let known = cells.iter().filter_map(|cell| tables[*cell]).max();
            let table = known.unwrap_or(count);
            count = count.max(table + 1);
            for cell in cells {
                tables[cell] = Some(table);
            }
        }
    }
    tables
}

/// Whether four blocks (one, its right, its lower and its lower right neighbour) line up.
fn grid([one, right, below, across]: [Place; 4], sizes: [f64; 4]) -> bool {
    let stray = below.over_or_under(&across)
        || right.beside(&across)
        || right.over_or_under(&below)
        || right.beside(&below)
        || !(across.over_or_under(&right) && across.beside(&below));
    if stray {
        return false;
    }
    let size = sizes.into_iter().fold(f64::MAX, f64::min);
    let near = |a: f64, b: f64, by: f64| (a - b).abs() <= by;
    let by = COLUMN * size;
    let columns = (near(one.left, below.left, by) && near(right.left, across.left, by))
        || (near(one.right, below.right, by) && near(right.right, across.right, by))
        || (near(one.left + one.right, below.left + below.right, 2.0 * by)
            && near(right.left + right.right, across.left + across.right, 2.0 * by));
    let by = INTRALINE * size;
    let rows = (near(one.top, right.top, by) && near(below.top, across.top, by))
        || (near(one.bottom, right.bottom, by) && near(below.bottom, across.bottom, by))
        || (near(one.top + one.bottom, right.top + right.bottom, 2.0 * by)
            && near(below.top + below.bottom, across.top + across.bottom, 2.0 * by));
    columns && rows
}

/// Cells stand for their whole table; other blocks reach as far sideways as what is below them, up to their neighbours.
fn reach(places: &[Place], tables: &[Option<usize>]) -> Vec<Place> {
    let mut reach = places.to_vec();
    for (at, one) in places.iter().enumerate() {
        if let Some(table) = tables[at] {
            for (cell, other) in places.iter().zip(tables) {
                if *other == Some(table) {
                    reach[at] = reach[at].with(*cell);
                }
            }
            continue;
        }
        let others = || places.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, place)| place);
        let (mut left, mut right) = (0.0_f64, f64::MAX);
        for other in others().filter(|other| one.beside(other)) {
            if other.left < right && other.left > one.right {
                right = other.left;
            }
            if other.right > left && other.right < one.left {
                left = other.right;
            }
        }
        for other in others().filter(|other| other.top >= one.bottom) {
            if other.right > reach[at].right && other.right <= right {
                reach[at].right = other.right;
            }
            if other.left < reach[at].left && other.left >= left {
                reach[at].left = other.left;
            }
        }
    }
    reach
}
