//! Where the tokens of a text stand.

use std::ops::Range;

/// The tokens of one text, each where its last byte is: so a token with a space before its word counts with the word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    lasts: Vec<usize>,
}

impl Tokens {
    /// From the byte ranges that a tokenizer gives, marks of begin and end left out.
    pub fn new(ranges: impl IntoIterator<Item = Range<usize>>) -> Self {
        let mut lasts: Vec<usize> =
            ranges.into_iter().map(|range| range.end.saturating_sub(1).max(range.start)).collect();
        if !lasts.is_sorted() {
            lasts.sort_unstable();
        }
        Self { lasts }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lasts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lasts.is_empty()
    }

    /// How many stand in these bytes.
    pub fn count(&self, range: &Range<usize>) -> u32 {
        (self.before(range.end) - self.before(range.start)) as u32
    }

    fn before(&self, at: usize) -> usize {
        self.lasts.partition_point(|last| *last < at)
    }
}
