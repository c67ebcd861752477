//! A word: characters that follow each other without a gap.

use super::Style;

/// The place of something on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Place {
    pub fn with(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            right: self.right.max(other.right),
            top: self.top.min(other.top),
            bottom: self.bottom.max(other.bottom),
        }
    }

    pub fn beside(&self, other: &Self) -> bool {
        self.top <= other.bottom && self.bottom >= other.top
    }

    pub fn over_or_under(&self, other: &Self) -> bool {
        self.left <= other.right && self.right >= other.left
    }
}

#[derive(Debug, Clone)]
pub struct Word {
    pub style: Style,
    pub text: Vec<char>,
    /// Along the reading direction: where it starts, where its last character starts, where it ends. They grow as one
    /// reads, whatever the turn.
    pub start: f64,
    pub last: f64,
    pub end: f64,
    /// Across it: the baseline, and the extent of its letters; y for level text, x for upright.
    pub base: f64,
    across: (f64, f64),
    /// Which of the page's shown bytes it begins with, and how many it has.
    pub at: usize,
    pub bytes: usize,
    /// A space goes after it in its line.
    pub spaced: bool,
}

impl Word {
    pub fn new(x: f64, y: f64, style: Style, at: usize) -> Self {
        let (start, base) = along(style.turn, x, y);
        let (ascent, descent) = (style.ascent * style.size, style.descent * style.size);
        let mut across = match (style.vertical, style.turn) {
            (true, 0 | 3) => (base - style.size, base),
            (true, _) => (base, base + style.size),
            (false, 0 | 3) => (base - ascent, base - descent),
            (false, _) => (base + descent, base + ascent),
        };
        if across.1 <= across.0 {
            across = (base, base + 1.0);
        }
        let text = Vec::new();
        Self { style, text, start, last: start, end: start, base, across, at, bytes: 0, spaced: false }
    }

    pub fn push(&mut self, char: char, (x, y): (f64, f64), (dx, dy): (f64, f64)) {
        self.text.push(char);
        self.last = self.along(x, y).0;
        self.end = self.along(x + dx, y + dy).0;
    }

    /// Where a point is along this word's direction and across it.
    pub fn along(&self, x: f64, y: f64) -> (f64, f64) {
        along(self.style.turn, x, y)
    }

    pub fn merge(&mut self, next: Self) {
        self.text.extend(next.text);
        (self.last, self.end) = (next.last, self.end.max(next.end));
        self.across = (self.across.0.min(next.across.0), self.across.1.max(next.across.1));
        self.bytes += next.bytes;
    }

    pub fn place(&self) -> Place {
        let (from, to) = self.across;
        match self.style.turn {
            0 => Place { left: self.start, right: self.end, top: from, bottom: to },
            1 => Place { left: from, right: to, top: self.start, bottom: self.end },
            2 => Place { left: -self.end, right: -self.start, top: from, bottom: to },
            _ => Place { left: from, right: to, top: -self.end, bottom: -self.start },
        }
    }

    /// Whether this is the same text at the same place, as shadows and fake bold print it.
    pub fn doubles(&self, other: &Self) -> bool {
        let (along, across) = (super::SAME_ALONG * self.style.size, super::SAME_ACROSS * self.style.size);
        self.text == other.text
            && (self.start - other.start).abs() < along
            && (self.end - other.end).abs() < along
            && (self.across.0 - other.across.0).abs() < across
            && (self.across.1 - other.across.1).abs() < across
    }
}

fn along(turn: usize, x: f64, y: f64) -> (f64, f64) {
    match turn {
        0 => (x, y),
        1 => (y, x),
        2 => (-x, y),
        _ => (-y, x),
    }
}
