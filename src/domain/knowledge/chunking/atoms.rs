//! Atoms: sentences, and the parts of those that are too long for a passage. Passages are made of whole atoms.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::{Text, sentences::sentences, words};

/// What is not cut any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Atom {
    pub(super) range: Range<usize>,
    pub(super) tokens: u32,
}

/// Where a part that is too long is cut, from the best place to the last resort.
#[derive(Debug, Clone, Copy)]
enum Level {
    Line,
    Phrase,
    Word,
    Grapheme,
}

/// The atoms of a part of a text, without gaps; none has more than `limit` tokens, unless a grapheme has.
pub(super) fn atoms(text: Text<'_>, part: Range<usize>, limit: u32) -> Vec<Atom> {
    let mut found = Vec::new();
    for sentence in sentences(text.text, part) {
        divide(text, sentence, limit, Level::Line, &mut found);
    }
    found
}

fn divide(text: Text<'_>, part: Range<usize>, limit: u32, level: Level, found: &mut Vec<Atom>) {
    let tokens = text.tokens.count(&part);
    if tokens <= limit {
        found.push(Atom { range: part, tokens });
        return;
    }
    let next = match level {
        Level::Line => Some(Level::Phrase),
        Level::Phrase => Some(Level::Word),
        Level::Word => Some(Level::Grapheme),
        Level::Grapheme => None,
    };
    let mut from = part.start;
    let own = &text.text[part.clone()];
    let mut graphemes = Graphemes::of(own);
    for end in ends(own, level) {
        if part.start + end <= from || !graphemes.end_at(end) {
            continue;
        }
        let end = part.start + end;
        let own = from..end;
        from = end;
        match next {
            Some(next) => divide(text, own, limit, next, found),
            None => found.push(Atom { tokens: text.tokens.count(&own), range: own }),
        }
    }
    // What ends inside a grapheme goes with what comes behind it.
    if from < part.end {
        let own = from..part.end;
        found.push(Atom { tokens: text.tokens.count(&own), range: own });
    }
}

/// Where the pieces of a part end; the last one is its end.
fn ends(part: &str, level: Level) -> Box<dyn Iterator<Item = usize> + '_> {
    let last = std::iter::once(part.len());
    match level {
        Level::Line => Box::new(part.match_indices('\n').map(|(at, _)| at + 1).chain(last)),
        Level::Phrase => {
            let pairs = part.char_indices().zip(part.chars().skip(1));
            let ended = pairs.filter(|((_, c), next)| {
                let gap = c.is_whitespace() && !next.is_whitespace();
                gap || matches!(c, '、' | '，' | '；' | '：' | '・')
            });
            Box::new(ended.map(|((at, c), _)| at + c.len_utf8()).chain(last))
        }
        Level::Word => Box::new(words::ends(part).into_iter()),
        Level::Grapheme => Box::new(part.grapheme_indices(true).map(|(at, letter)| at + letter.len())),
    }
}

/// The graphemes of a part of a text that begins and ends between two, gone through once: to find by itself whether a place lies
/// between two may take all that is before it, as in a row of flags.
struct Graphemes<'t> {
    part: &'t str,
    cursor: GraphemeCursor,
    /// Where the last one ended.
    at: usize,
}

impl<'t> Graphemes<'t> {
    fn of(part: &'t str) -> Self {
        Self { part, cursor: GraphemeCursor::new(0, part.len(), true), at: 0 }
    }

    /// Whether one ends here. Asked for places in their order.
    fn end_at(&mut self, end: usize) -> bool {
        while self.at < end {
            self.at = self.cursor.next_boundary(self.part, 0).ok().flatten().unwrap_or(self.part.len());
        }
        self.at == end
    }
}

/// Whether `at` lies between two graphemes.
pub(super) fn is_boundary(text: &str, at: usize) -> bool {
    text.is_char_boundary(at) && GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0) != Ok(false)
}

/// The next place from `at` on that lies between two graphemes.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| is_boundary(text, *at)).unwrap_or(text.len())
}

/// A range without the white space at its ends; `None` where nothing is left. No grapheme is split.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let inner = &text[range.clone()];
    let mut start = range.end - inner.trim_start().len();
    let mut end = range.start + inner.trim_end().len();
    // A mark that stands on a space keeps it.
    while start > range.start && !is_boundary(text, start) {
        start = text.floor_char_boundary(start - 1);
    }
    while end < range.end && !is_boundary(text, end) {
        end = text.ceil_char_boundary(end + 1);
    }
    (start < end).then_some(start..end)
}
