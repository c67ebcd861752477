//! Where the tokens of a text are, without the model's weights: for cutting texts by the encoder's own tokens.

use std::ops::Range;
use std::path::Path;

use super::pieces::Pieces;
use super::{PIECES, WINDOW};
use crate::domain::Result;

/// The tokenizer of an encoder, by itself.
#[derive(Debug)]
pub struct Tokeniser(Pieces);

impl Tokeniser {
    /// That of the encoder whose weights are the file at `path`.
    pub fn of(path: &Path) -> Result<Self> {
        Pieces::load(&path.with_file_name(PIECES), usize::MAX, WINDOW as usize).map(Self)
    }

    /// The bytes of each token of a text, marks of begin and end left out, in order. The text is tokenised once.
    pub fn places(&self, text: &str) -> Result<Vec<Range<usize>>> {
        self.0.places(text)
    }

    /// The most tokens that the encoder reads at once, its two marks left out. Longer passages it reads in windows, whose
    /// vectors are pooled.
    pub fn window(&self) -> usize {
        self.0.most()
    }
}
