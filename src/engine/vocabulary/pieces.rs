//! Vocabularies of pieces (`SentencePiece`): neighbours are joined, the best score first; what is left over goes by
//! bytes.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use super::{BYTE, CONTROL, Tokens, UNKNOWN, USER_DEFINED};
use crate::domain::{Error, ErrorKind, Result};
use crate::engine::gguf::Header;

/// How such vocabularies write a space.
const SPACE: &str = "\u{2581}";

/// The pieces of a file.
#[derive(Debug)]
pub(super) struct Pieces {
    ids: HashMap<String, u32>,
    scores: Vec<f32>,
    /// The tokens of single bytes.
    bytes: Vec<Option<u32>>,
    /// Tokens that are found in a text before it is cut, the longest first.
    special: Vec<(String, u32)>,
    /// A text, and what follows a special token, begins with a space.
    spaced: bool,
}

/// A part of a text: still text, or a token already.
enum Part<'t> {
    Text(&'t str),
    Token(u32),
}

/// Two neighbours that would make a piece.
#[derive(Debug, PartialEq)]
struct Join {
    score: f32,
    left: usize,
    right: usize,
    /// Bytes of both, when they were looked at.
    length: usize,
    token: u32,
}

impl Eq for Join {}

impl Ord for Join {
    /// The best score first, then the one further left.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.left.cmp(&self.left))
    }
}

impl PartialOrd for Join {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A piece of the text, linked with its neighbours.
struct Symbol {
    start: usize,
    end: usize,
    before: Option<usize>,
    after: Option<usize>,
}

impl Pieces {
    pub(super) fn read(header: &Header, tokens: &Tokens, doing: &str) -> Result<Self> {
        let scores = header.floats("tokenizer.ggml.scores").filter(|s| s.len() == tokens.texts.len());
        let scores = scores.ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, doing, "its vocabulary has no sound scores", "Fetch it again.")
        })?;
        let mut ids = HashMap::new();
        for (text, id) in tokens.texts.iter().zip(0..) {
            ids.entry(text.clone()).or_insert(id);
        }
        let byte = |byte: u8| {
            let id = *ids.get(&format!("<0x{byte:02X}>"))?;
            (tokens.kind(id as usize) == BYTE).then_some(id)
        };
        let mut special: Vec<_> = tokens
            .texts
            .iter()
            .zip(0_u32..)
            .filter(|(text, id)| {
                matches!(tokens.kind(*id as usize), CONTROL | USER_DEFINED | UNKNOWN) && !text.is_empty()
            })
            .map(|(text, id)| (text.clone(), id))
            .collect();
        special.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Ok(Self {
            bytes: (0..=255).map(byte).collect(),
            ids,
            scores,
            special,
            spaced: header.flag("tokenizer.ggml.add_space_prefix").unwrap_or(true),
        })
    }

    /// The ids of `text`, marks of turns included; whether a text begins with it, or goes on.
    pub(super) fn encode(&self, text: &str, mut begins: bool) -> Vec<u32> {
        let mut parts = if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] };
        for (special, id) in self.special.iter().filter(|(special, _)| text.contains(special.as_str())) {
            parts = parts.into_iter().flat_map(|part| cut(part, special, *id)).collect();
        }
        let mut ids = Vec::new();
        for part in parts {
            match part {
                Part::Token(id) => ids.push(id),
                Part::Text(text) => {
                    let space = if self.spaced && begins { SPACE } else { "" };
                    self.join(&format!("{space}{}", text.replace(' ', SPACE)), &mut ids);
                }
            }
            begins = matches!(part, Part::Token(_));
        }
        ids
    }

    /// Joins the characters of a text to pieces.
    fn join(&self, text: &str, ids: &mut Vec<u32>) {
        let mut symbols: Vec<Symbol> = text
            .char_indices()
            .enumerate()
            .map(|(i, (start, c))| Symbol {
                start,
                end: start + c.len_utf8(),
                before: i.checked_sub(1),
                after: Some(i + 1),
            })
            .collect();
        if let Some(last) = symbols.last_mut() {
            last.after = None;
        }
        let mut joins = BinaryHeap::new();
        let look = |symbols: &[Symbol], left: Option<usize>, right: Option<usize>| {
            let (left, right) = (left?, right?);
            let (start, end) = (symbols[left].start, symbols[right].end);
            let token = *self.ids.get(&text[start..end])?;
            Some(Join { score: self.scores[token as usize], left, right, length: end - start, token })
        };
        joins.extend((1..symbols.len()).filter_map(|i| look(&symbols, Some(i - 1), Some(i))));
        while let Some(join) = joins.pop() {
            let (left, right) = (&symbols[join.left], &symbols[join.right]);
            let stands = left.start < left.end && right.start < right.end;
            if !stands || right.end - left.start != join.length {
                continue;
            }
            let (end, after, before) = (right.end, right.after, left.before);
            symbols[join.left].end = end;
            symbols[join.left].after = after;
            symbols[join.right].start = symbols[join.right].end;
            if let Some(after) = after {
                symbols[after].before = Some(join.left);
            }
            joins.extend(look(&symbols, before, Some(join.left)));
            joins.extend(look(&symbols, Some(join.left), after));
        }
        let mut at = (!symbols.is_empty()).then_some(0);
        while let Some(i) = at {
            let piece = &text[symbols[i].start..symbols[i].end];
            match self.ids.get(piece) {
                Some(id) => ids.push(*id),
                // A character that is no piece goes by its bytes; one without a token for them is lost.
                None => ids.extend(piece.bytes().filter_map(|byte| self.bytes[usize::from(byte)])),
            }
            at = symbols[i].after;
        }
    }
}

/// Takes a special token out of a part.
fn cut<'t>(part: Part<'t>, special: &str, id: u32) -> Vec<Part<'t>> {
    let Part::Text(text) = part else { return vec![part] };
    let mut parts = Vec::new();
    for (i, between) in text.split(special).enumerate() {
        if i > 0 {
            parts.push(Part::Token(id));
        }
        if !between.is_empty() {
            parts.push(Part::Text(between));
        }
    }
    parts
}

/// The bytes that each token stands for.
pub(super) fn bytes(tokens: &Tokens) -> Vec<Box<[u8]>> {
    let texts = tokens.texts.iter().enumerate();
    texts
        .map(|(id, text)| match tokens.kind(id) {
            CONTROL | UNKNOWN => Box::default(),
            USER_DEFINED => text.as_bytes().into(),
            BYTE => text
                .strip_prefix("<0x")
                .and_then(|hex| u8::from_str_radix(hex.strip_suffix('>')?, 16).ok())
                .into_iter()
                .collect(),
            _ => text.replace(SPACE, " ").into_bytes().into(),
        })
        .collect()
}
