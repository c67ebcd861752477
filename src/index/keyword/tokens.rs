//! Our words as tantivy wants them.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::domain::knowledge::words::{findable, folded};

/// Cuts texts into what they are found by (`domain::knowledge::words`).
#[derive(Debug, Clone, Copy)]
pub(super) struct Words;

/// The words of one text.
pub(super) struct Stream<'a> {
    text: &'a str,
    words: std::iter::Enumerate<std::vec::IntoIter<Range<usize>>>,
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream<'a> {
        Stream { text, words: findable(text).into_iter().enumerate(), token: Token::default() }
    }
}

impl TokenStream for Stream<'_> {
    fn advance(&mut self) -> bool {
        let Some((position, range)) = self.words.next() else { return false };
        let text = folded(&self.text[range.clone()]);
        self.token =
            Token { offset_from: range.start, offset_to: range.end, position, text, position_length: 1 };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
