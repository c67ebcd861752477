//! Text to word-pieces, in windows that the encoder reads at once.

use std::ops::Range;
use std::path::Path;

use tokenizers::{Encoding, Tokenizer};

use crate::domain::{Error, ErrorKind, Result};

/// The most pieces of a window, marks included: longer ones the model was not taught (sentence-transformers cuts there).
pub const WINDOW: u32 = 256;

/// A word with more characters than this is one unknown piece to the model, however long it is.
const LONGEST: usize = 100;
/// Where passages are measured such a word counts as many: a piece for so many characters, about what other models make of it.
/// Otherwise one passage could be a whole file of encoded bytes.
const LETTERS: usize = 4;

/// About so many bytes of a long text are cut into pieces at once, and never more than twice as many.
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

    /// The bytes of each piece of a text, in order. A word that is too long to be known has one for every few characters.
    pub(super) fn places(&self, text: &str) -> Result<Vec<Range<usize>>> {
        let mut places = Vec::with_capacity(text.len() / 4);
        for Range { start: from, end } in parts(text) {
            let encoding = self.encoded(&text[from..end])?;
            for (start, stop) in encoding.get_offsets() {
                let own = &text[from + start..from + stop];
                if own.len() <= LONGEST || own.chars().nth(LONGEST).is_none() {
                    places.push(from + start..from + stop);
                    continue;
                }
                let starts: Vec<usize> = own.char_indices().step_by(LETTERS).map(|(at, _)| at).collect();
                let ends = starts.iter().skip(1).copied().chain([own.len()]);
                places.extend(starts.iter().zip(ends).map(|(at, end)| from + start + at..from + start + end));
            }
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

/// The parts of a text that are cut into pieces one after the other, so that a long one takes no more memory, and no more work on
/// what a tokenizer moves about, than a part of it. No piece reaches across a line's end, nor across a space or a mark, which
/// are taken where a line does not end; a run that has none of them is no words.
fn parts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        if from >= text.len() {
            return None;
        }
        let least = text.floor_char_boundary(from + PART);
        let most = text.floor_char_boundary(from + 2 * PART);
        let next = &text[least..most];
        let end = match next.find('\n').or_else(|| next.find(parts_words)) {
            Some(at) => least + at + next[at..].chars().next().map_or(0, char::len_utf8),
            None => most,
        };
        Some(std::mem::replace(&mut from, end)..end)
    })
}

/// Whether words end at it in every text.
fn parts_words(c: char) -> bool {
    c.is_whitespace()
        || c.is_ascii_punctuation()
        || matches!(
            c,
            '、' | '。' | '，' | '．' | '！' | '？' | '；' | '：' | '・' | '「' | '」' | '（' | '）'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_a_long_text_runs_a_part_of_it_is_cut_at_once() {
        let lines = "some words of a line\n".repeat(20_000);
        let spaces = "some words of no line ".repeat(20_000);
        let marks = "日本語の文。".repeat(30_000);
        let base64 = "QUJDREVGRw/+".repeat(40_000);
        let nothing = "é".repeat(300_000);
        for (text, ends) in [
            (lines, Some("\n")),
            (spaces, Some(" ")),
            (marks, Some("。")),
            (base64, Some("/")),
            (nothing, None),
            (String::new(), None),
        ] {
            let found: Vec<_> = parts(&text).collect();
            assert_eq!(found.iter().map(Range::len).sum::<usize>(), text.len());
            assert!(found.windows(2).all(|two| two[0].end == two[1].start));
            assert!(found.iter().all(|part| !part.is_empty() && part.len() <= 2 * PART));
            assert!(found.len() <= text.len().div_ceil(PART), "{} of {}", found.len(), text.len());
            if let (Some(end), [most @ .., _]) = (ends, &found[..]) {
                assert!(most.iter().all(|part| text[part.clone()].ends_with(end)), "{end:?}");
            }
        }
    }

    fn pieces() -> Pieces {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.json");
        let json = r###"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
            "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":null,"decoder":null,
            "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,
                "vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"a":3,"##a":4,"river":5}}}"###;
        std::fs::write(&path, json).unwrap();
        Pieces::load(&path, 6, 256).unwrap()
    }

    #[test]
    fn a_word_that_is_too_long_to_be_known_counts_as_many_tokens() {
        let pieces = pieces();
        assert_eq!(pieces.places("river aa").unwrap(), [0..5, 6..7, 7..8]);
        assert_eq!(pieces.places(&"a".repeat(100)).unwrap().len(), 100);
        let text = format!("river {} river", "é".repeat(1003));
        let places = pieces.places(&text).unwrap();
        assert_eq!(places.len(), 2 + 251);
        assert_eq!((places[1].clone(), places[251].clone()), (6..14, 6 + 2000..6 + 2006));
        assert!(places.iter().all(|place| text.get(place.clone()).is_some()));
        // The model still reads what it was taught to read.
        assert_eq!(pieces.cut(&text).unwrap()[0], [1, 5, 0, 5, 2]);
    }
}
