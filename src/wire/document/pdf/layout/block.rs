//! Blocks: words that stand close to each other, grown from the upper left.

use super::line::{INTRALINE, Line, lines};
use super::pool::Pool;
use super::word::{Place, Word};

/// How far apart baselines of lines in a block are, in parts of the size.
const LINES: f64 = 1.5;
/// How much sizes differ in a block: from line to line; where a word overlaps the block; beside it.
const SIZE_LINE: f64 = 0.05;
const SIZE_OVERLAP: f64 = 0.6;
const SIZE_BESIDE: f64 = 0.2;
/// How far from the block a word of its lines may be to belong to it, and how far where only few lines have such.
pub const COLUMN: f64 = 0.7;
const OUTLYING: f64 = 1.0;
const FEW: usize = 3;

#[derive(Debug)]
pub struct Block {
    pub place: Place,
    pub turn: usize,
    /// Of the first word of its first line.
    pub size: f64,
    pub lines: Vec<Line>,
}

impl Block {
    pub fn text(&self) -> impl Iterator<Item = &char> {
        self.lines.iter().flat_map(|line| &line.text)
    }

    pub fn chars(&self) -> usize {
        self.lines.iter().map(|line| line.text.len()).sum()
    }
}

/// What a block grows by.
struct Growing {
    turn: usize,
    place: Place,
    size: f64,
    /// The least and the greatest baseline.
    low: f64,
    high: f64,
    words: Pool,
    /// From where to where was looked last for words within it, and how wide it was then and is still: nothing that was
    /// passed over there fits now.
    looked: Option<((f64, f64), (f64, f64))>,
}

impl Growing {
    fn new(word: Word) -> Self {
        let (turn, place, size, base) = (word.style.turn, word.place(), word.style.size, word.base);
        let mut words = Pool::default();
        words.add(word);
        Self { turn, place, size, low: base, high: base, words, looked: None }
    }

    /// The extent of a place along the lines.
    fn along(&self, place: &Place) -> (f64, f64) {
        if self.turn.is_multiple_of(2) { (place.left, place.right) } else { (place.top, place.bottom) }
    }

    fn alike(&self, word: &Word, delta: f64) -> bool {
        (word.style.size - self.size).abs() < delta * self.size
    }

    /// Whether a word overlaps the block, widened by `by`, along the lines.
    fn overlaps(&self, word: &Word, by: f64) -> bool {
        let ((from, to), (start, end)) = (self.along(&word.place()), self.along(&self.place));
        from < end + by && to > start - by
    }

    fn take(&mut self, pool: &mut Pool, side: Side) -> bool {
        let (line, within) = (LINES * self.size, INTRALINE * self.size);
        let (low, high) = (self.low, self.high);
        let (from, to) = match side {
            Side::Above => (low - line, low),
            Side::Below => (high, high + line),
            _ => (low - within, high + within),
        };
        if matches!(side, Side::Before | Side::After) {
            let few = pool.firsts(from, to, |word| self.fits(word, side));
            if few == 0 || few > FEW {
                return false;
            }
        }
        if side == Side::Within {
            return self.take_within(pool, from, to);
        }
        let taken = self.take_from(pool, from, to, side);
        let edge = taken.last().map(|word| word.base);
        match (side, edge) {
            (Side::Above, Some(edge)) => self.low = edge,
            (Side::Below, Some(edge)) => self.high = edge,
            _ => {}
        }
        self.keep(taken)
    }

    fn keep(&mut self, taken: Vec<Word>) -> bool {
        let found = !taken.is_empty();
        for word in taken {
            self.words.add(word);
        }
        found
    }

    fn take_from(&mut self, pool: &mut Pool, from: f64, to: f64, side: Side) -> Vec<Word> {
        pool.take(from, to, side == Side::Above, |word| {
            let fits = self.fits(word, side);
            if fits {
                self.place = self.place.with(word.place());
                if matches!(side, Side::Before | Side::After) {
                    (self.low, self.high) = (self.low.min(word.base), self.high.max(word.base));
                }
            }
            fits
        })
    }

    /// Takes what overlaps the block; where it is as wide as at the last look, only what is above and below that.
    fn take_within(&mut self, pool: &mut Pool, from: f64, to: f64) -> bool {
        let width = self.along(&self.place);
        let mut taken = Vec::new();
        let mut rest = from;
        if let Some(((top, bottom), wide)) = self.looked
            && wide == width
        {
            taken = self.take_from(pool, from, top, Side::Within);
            rest = if self.along(&self.place) == width { bottom } else { top };
        }
        taken.extend(self.take_from(pool, rest, to, Side::Within));
        let now = self.along(&self.place);
        self.looked = (now == width).then_some(((from, to), now));
        self.keep(taken)
    }

    fn fits(&self, word: &Word, side: Side) -> bool {
        let (from, to) = self.along(&word.place());
        let (start, end) = self.along(&self.place);
        match side {
            Side::Above => word.base < self.low && self.overlaps(word, 0.0) && self.alike(word, SIZE_LINE),
            Side::Below => word.base > self.high && self.overlaps(word, 0.0) && self.alike(word, SIZE_LINE),
            Side::Within => self.overlaps(word, COLUMN * self.size) && self.alike(word, SIZE_OVERLAP),
            Side::Before => to <= start && to > start - OUTLYING * self.size && self.alike(word, SIZE_BESIDE),
            Side::After => from >= end && from < end + OUTLYING * self.size && self.alike(word, SIZE_BESIDE),
        }
    }

    fn block(mut self) -> Block {
        self.words.undouble();
        let lines = lines(&mut self.words);
        let size = lines.first().map_or(self.size, |line| line.size);
        Block { place: self.place, turn: self.turn, size, lines }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Above,
    Below,
    Within,
    Before,
    After,
}

/// Empties a page's pool of one turn into its blocks.
pub fn gather(pool: &mut Pool) -> Vec<Block> {
    let mut blocks = Vec::new();
    while let Some(word) = pool.pop() {
        let mut block = Growing::new(word);
        loop {
            let mut found = false;
            for side in [Side::Above, Side::Below, Side::Within] {
                found |= block.take(pool, side);
            }
            // What stands apart only where nothing else was found.
            if !found {
                found = block.take(pool, Side::Before);
                found |= block.take(pool, Side::After);
            }
            if !found {
                break;
            }
        }
        blocks.push(block.block());
    }
    blocks
}
