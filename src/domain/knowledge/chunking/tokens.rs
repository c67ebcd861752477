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

    /// About as many as most tokenizers find, for a model whose own is not here: a piece of at most four bytes of a word, and
    /// everything that is no word by itself.
    pub fn estimated(text: &str) -> Self {
        const PIECE: usize = 4;
        let (mut lasts, mut length) = (Vec::new(), 0);
        for (at, letter) in text.char_indices() {
            let end = at + letter.len_utf8();
            if letter.is_whitespace() {
                length = 0;
            } else if letter.is_alphanumeric() && length > 0 && length + letter.len_utf8() <= PIECE {
                length += letter.len_utf8();
                // The piece ends with this letter.
                lasts.pop();
                lasts.push(end - 1);
            } else {
                length = if letter.is_alphanumeric() { letter.len_utf8() } else { 0 };
                lasts.push(end - 1);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_no_tokenizer_is_here_tokens_are_about_four_bytes_of_a_word() {
        let tokens = Tokens::estimated("Estimated, at once: ab.");
        // Esti mate d , at once : ab .
        assert_eq!(tokens.len(), 9);
        assert_eq!(tokens.count(&(0..9)), 3);
        assert_eq!(Tokens::estimated("日本語").len(), 3);
        assert!(Tokens::estimated(" \n").is_empty());
    }
}
