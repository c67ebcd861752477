//! Lines of a block: words with about one baseline, and where spaces go between them.

use super::pool::Pool;
use super::word::Word;

/// How far baselines of one line are apart (raised and lowered words), in parts of the size.
pub const INTRALINE: f64 = 0.5;
/// How far a word of the same line may overlap the last one, and how far away it may start.
const OVERLAP: f64 = -0.5;
const FAR: f64 = 1.5;
/// A gap that is a space; in text that is set with wide gaps between all letters, so many times the least one, up to a bound.
const SPACE: f64 = 0.03;
const WIDE: f64 = 1.3;
const WIDEST: f64 = 0.4;
/// How much sizes differ inside a word.
const ONE_SIZE: f64 = 0.05;

#[derive(Debug)]
pub struct Line {
    turn: usize,
    base: f64,
    start: f64,
    /// Of its first word.
    pub size: f64,
    /// In the order of its places, left to right for level text.
    pub text: Vec<char>,
}

impl Line {
    fn new(mut words: Vec<Word>) -> Self {
        let first = &words[0];
        let (turn, base, start, size) = (first.style.turn, first.base, first.start, first.style.size);
        space(&mut words);
        let mut text = Vec::new();
        for word in words {
            text.extend(word.text);
            text.extend(word.spaced.then_some(' '));
        }
        Self { turn, base, start, size, text }
    }

    /// As lines follow each other: x falls from line to line where text is turned to read downwards, y where it is
    /// upside down.
    fn order(&self) -> (f64, f64) {
        let across = if matches!(self.turn, 0 | 3) { self.base } else { -self.base };
        (across, self.start)
    }
}

/// Empties a block's pool into its lines.
pub fn lines(pool: &mut Pool) -> Vec<Line> {
    let mut lines = Vec::new();
    while let Some(first) = pool.pop() {
        let size = first.style.size;
        let (from, to) = (first.base - INTRALINE * size, first.base + INTRALINE * size);
        let mut words = vec![first];
        while let Some(word) = pool.next(from, to, &words[words.len() - 1], OVERLAP * size, FAR * size) {
            words.push(word);
        }
        lines.push(Line::new(words));
    }
    lines.sort_by(|one, other| {
        let ((a, b), (c, d)) = (one.order(), other.order());
        a.total_cmp(&c).then(b.total_cmp(&d))
    });
    lines
}

/// Sets the spaces after words, and joins what belongs to one.
fn space(words: &mut Vec<Word>) {
    let size = words[0].style.size;
    let least = match words.as_slice() {
        [one, other, ..] if one.text.len() == 1 && other.text.len() == 1 => {
            let mut least = other.start - one.end;
            for pair in words[1..].windows(2) {
                if least <= 0.0 {
                    break;
                }
                least = if pair[1].text.len() > 1 { 0.0 } else { least };
                least = least.min(pair[1].start - pair[0].end);
            }
            least
        }
        _ => 0.0,
    };
    let space = if least <= 0.0 { SPACE * size } else { (WIDE * least).min(WIDEST * size) };
    let mut joined: Vec<Word> = Vec::with_capacity(words.len());
    for word in words.drain(..) {
        if let Some(last) = joined.last_mut() {
            let follows = last.style.font == word.style.font
                && (last.style.size - word.style.size).abs() < ONE_SIZE * size
                && word.at == last.at + last.bytes;
            if word.start - last.end >= space {
                last.spaced = true;
            } else if follows {
                last.merge(word);
                continue;
            }
        }
        joined.push(word);
    }
    *words = joined;
}
