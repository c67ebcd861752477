//! Text to word-pieces, in windows that the encoder reads at once.

use std::ops::Range;
use std::path::Path;

use tokenizers::{Encoding, Tokenizer};

use crate::domain::{Error, ErrorKind, Result};

/// The most pieces of a window, marks included: longer ones the model was not taught (sentence-transformers cuts there).
pub const WINDOW: u32 = 256;

/// About so many bytes of a long text are cut into pieces at once.
const PART: usize = 64 * 1024;

/// A vocabulary of word-pieces.
#[derive(Debug)]
pub(super) struct Pieces {
    tokenizer: Box<Tokenizer>,
    /// The marks that begin and end a window.
    begin: u32,
    end: u32,
    /// The most pieces between them.
    most: usize,
}

impl Pieces {
    /// Reads the `tokenizer.json` at `path`, of a model with so many rows and positions.
    pub(super) fn load(path: &Path, vocabulary: usize, positions: usize) -> Result<Self> {
        let doing = || format!("loading the vocabulary {}", path.display());
        let wrong = |why: String| {
            let hint = "Fetch the model again.";
            Error::new(ErrorKind::Corrupt, doing(), why, hint)
        };
        let bytes = std::fs::read(path).map_err(|why| Error::io(doing(), &why))?;
        let mut tokenizer = Tokenizer::from_bytes(&bytes).map_err(|why| wrong(why.to_string()))?;
        // Whoever wrote the file may have had it cut and fill texts.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|why| wrong(why.to_string()))?;
        let largest = tokenizer.get_vocab(true).into_values().max().unwrap_or(0);
        if largest as usize >= vocabulary {
            return Err(wrong(format!("it has a token {largest}, the model only {vocabulary}")));
        }
        let mark = |name: &str| tokenizer.token_to_id(name).ok_or_else(|| wrong(format!("it has no {name}")));
        let (begin, end) = (mark("[CLS]")?, mark("[SEP]")?);
        let most = (WINDOW as usize).min(positions).saturating_sub(2).max(1);
        Ok(Self { tokenizer: Box::new(tokenizer), begin, end, most })
    }

    fn encoded(&self, text: &str) -> Result<Encoding> {
        self.tokenizer
            .encode(text, false)
            .map_err(|why| Error::internal("cutting a text into word-pieces", why.to_string()))
    }

    /// The most pieces of a window, marks left out.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The bytes of each piece of a text, in order.
    pub(super) fn places(&self, text: &str) -> Result<Vec<Range<usize>>> {
        let mut places = Vec::with_capacity(text.len() / 4);
        let mut from = 0;
        while from < text.len() {
            // No piece reaches across a line's end, so a long text takes no more memory than a part of it.
            let least = text.floor_char_boundary(from + PART);
            let end = text[least..].find('\n').map_or(text.len(), |at| least + at + 1);
            let encoding = self.encoded(&text[from..end])?;
            places.extend(encoding.get_offsets().iter().map(|(start, stop)| from + start..from + stop));
            from = end;
        }
        Ok(places)
    }

    /// The windows of a text: one for all that is not too long, and one without pieces for an empty text.
    pub(super) fn cut(&self, text: &str) -> Result<Vec<Vec<u32>>> {
        let encoding = self.encoded(text)?;
        let ids = encoding.get_ids();
        let count = ids.len().div_ceil(self.most).max(1);
        let window = |at: usize| {
            let own = &ids[at * ids.len() / count..(at + 1) * ids.len() / count];
            [&[self.begin], own, &[self.end]].concat()
        };
        Ok((0..count).map(window).collect())
    }
}
