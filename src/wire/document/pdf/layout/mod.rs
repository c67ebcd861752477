//! Glyphs on a page become text in reading order: words by gaps, blocks by closeness, lines by baseline, and the blocks
//! one after another, column by column. The order is `pdftotext`'s, whose text this is measured against.
//!
//! Never here: fonts, content streams, files. Coordinates are points from the page's upper left corner, y downwards.

mod bidi;
mod block;
mod flow;
mod line;
mod order;
mod pool;
mod word;

use pool::Pool;
use word::Word;

/// One shown code: where it starts, how far it moves on, what it means.
#[derive(Debug, Clone, Copy)]
pub struct Glyph<'a> {
    pub x: f64,
    pub y: f64,
    /// The move along the line, without what character and word spacing add.
    pub dx: f64,
    pub dy: f64,
    pub text: &'a [char],
    /// Bytes of the content that show it.
    pub bytes: usize,
    pub style: &'a Style,
}

/// What a run of glyphs has in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Which font, by any number.
    pub font: usize,
    /// The height of the font on the page.
    pub size: f64,
    /// Quarter turns clockwise of the reading direction, from left to right.
    pub turn: usize,
    pub vertical: bool,
    /// In parts of the size; the second is below zero.
    pub ascent: f64,
    pub descent: f64,
}

/// Glyphs that move too little to be read are counted and, past so many, left out.
const TINY: usize = 50_000;
/// A character over another one of its place, in parts of the size, along the line and across it.
const SAME_ALONG: f64 = 0.1;
const SAME_ACROSS: f64 = 0.2;
/// How far back and how far on the next character of a word may start.
const OVERLAP: f64 = 0.2;
const GAP: f64 = 0.1;

/// The glyphs of one page, in the order in which they were shown.
#[derive(Debug)]
pub struct Page {
    width: f64,
    height: f64,
    /// One for each turn.
    pools: [Pool; 4],
    word: Option<Word>,
    overlapped: bool,
    /// Bytes shown so far.
    at: usize,
    tiny: usize,
}

impl Page {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, pools: Default::default(), word: None, overlapped: false, at: 0, tiny: 0 }
    }

    pub fn add(&mut self, glyph: &Glyph<'_>) {
        let at = self.at;
        self.at += glyph.bytes;
        let (x, y, dx, dy) = (glyph.x, glyph.y, glyph.dx, glyph.dy);
        let outside = x + dx < 0.0 || x > self.width || y + dy < 0.0 || y > self.height;
        if outside || !(x + dx).is_finite() || !(y + dy).is_finite() {
            return;
        }
        if dx.abs() < 3.0 && dy.abs() < 3.0 {
            self.tiny += 1;
            if self.tiny > TINY {
                return;
            }
        }
        if let [one] = glyph.text
            && one.is_whitespace()
        {
            return self.end_word();
        }
        self.break_word(glyph);
        if !glyph.text.is_empty() {
            self.extend(glyph, at);
        }
    }

    /// Ends the word where this glyph does not go on with it.
    fn break_word(&mut self, glyph: &Glyph<'_>) {
        let Some(word) = &self.word else {
            self.overlapped = false;
            return;
        };
        let (style, size) = (glyph.style, word.style.size);
        let (along, base) = word.along(glyph.x, glyph.y);
        let gap = along - word.end;
        let overlaps =
            (along - word.last).abs() < SAME_ALONG * size && (base - word.base).abs() < SAME_ACROSS * size;
        let apart = gap < -OVERLAP * size || gap > GAP * size || (base - word.base).abs() > 0.5;
        #[expect(clippy::float_cmp, reason = "the same size is the same number")]
        let other = style.size != size || style.vertical != word.style.vertical;
        if overlaps || self.overlapped || apart || other {
            self.end_word();
        }
        self.overlapped = overlaps;
    }

    fn extend(&mut self, glyph: &Glyph<'_>, at: usize) {
        let Glyph { mut x, mut y, mut dx, mut dy, .. } = *glyph;
        let turn = self.word.as_ref().map_or(glyph.style.turn, |word| word.style.turn);
        let backwards = match turn {
            0 => dx < 0.0,
            1 => dy < 0.0,
            2 => dx > 0.0,
            _ => dy > 0.0,
        };
        // Shown from its end: a word of its own.
        if backwards {
            self.end_word();
            (x, y, dx, dy) = (x + dx, y + dy, -dx, -dy);
        }
        let count = glyph.text.len() as f64;
        let (dx, dy) = (dx / count, dy / count);
        let word = self.word.get_or_insert_with(|| Word::new(x, y, *glyph.style, at));
        for &char in glyph.text {
            word.push(char, (x, y), (dx, dy));
            (x, y) = (x + dx, y + dy);
        }
        word.bytes += glyph.bytes;
    }

    fn end_word(&mut self) {
        if let Some(word) = self.word.take() {
            self.pools[word.style.turn].add(word);
        }
    }

    /// The page's text; lines end in a line feed, and an empty line parts what stands apart.
    pub fn text(mut self) -> String {
        self.end_word();
        let mut blocks = Vec::new();
        let mut counts = [0; 4];
        for (pool, count) in self.pools.iter_mut().zip(&mut counts) {
            let found = block::gather(pool);
            *count = found.iter().map(block::Block::chars).sum::<usize>();
            blocks.extend(found);
        }
        let mut turn = 0;
        for other in 1..4 {
            if counts[other] > counts[turn] {
                turn = other;
            }
        }
        let leftward = bidi::leftward(blocks.iter().flat_map(block::Block::text));
        let blocks = order::sorted(blocks, turn, leftward);
        let goes_on = flow::goes_on(&blocks, turn);
        let mut text = String::new();
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 && !goes_on[at] {
                text.push('\n');
            }
            let flows = goes_on.get(at + 1).is_some_and(|goes_on| *goes_on);
            for (number, line) in (1..).zip(&block.lines) {
                let more = flows || number < block.lines.len();
                // A word that was divided at the line's end becomes one again.
                match line.text.split_last() {
                    Some(('-', divided)) if more => bidi::write(divided, leftward, &mut text),
                    _ => {
                        bidi::write(&line.text, leftward, &mut text);
                        text.push('\n');
                    }
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Glyph, Page, Style};

    const STYLE: Style = Style { font: 0, size: 10.0, turn: 0, vertical: false, ascent: 0.8, descent: -0.2 };

    /// Letters of five points each, from a place on.
    fn show(page: &mut Page, x: f64, y: f64, text: &str) {
        let mut x = x;
        for char in text.chars() {
            page.add(&Glyph { x, y, dx: 5.0, dy: 0.0, text: &[char], bytes: 1, style: &STYLE });
            x += 5.0;
        }
    }

    fn text(shown: &[(f64, f64, &str)]) -> String {
        let mut page = Page::new(600.0, 800.0);
        for (x, y, text) in shown {
            show(&mut page, *x, *y, text);
        }
        page.text()
    }

    #[test]
    fn columns_are_read_one_after_the_other() {
        let shown = [
            (20.0, 50.0, "left one"),
            (300.0, 50.0, "right one"),
            (20.0, 62.0, "left two"),
            (300.0, 62.0, "right two"),
        ];
        assert_eq!(text(&shown), "left one\nleft two\n\nright one\nright two\n");
    }

    #[test]
    fn a_divided_word_is_joined() {
        assert_eq!(text(&[(20.0, 50.0, "a moun-"), (20.0, 62.0, "tain top-")]), "a mountain top-\n");
    }

    #[test]
    fn what_is_printed_twice_is_read_once() {
        assert_eq!(text(&[(20.0, 50.0, "bold"), (20.3, 50.0, "bold")]), "bold\n");
    }

    #[test]
    fn gaps_are_spaces_and_what_is_outside_the_page_is_left_out() {
        assert_eq!(
            text(&[(20.0, 50.0, "one"), (38.0, 50.0, "two"), (-90.0, 50.0, "out"), (20.0, 900.0, "out")]),
            "one two\n"
        );
    }

    #[test]
    fn text_from_right_to_left_is_turned_round_between_marks() {
        let leftward = text(&[(20.0, 50.0, "ג12 בא")]);
        assert_eq!(leftward, "\u{202b}אב \u{202a}12\u{202c}ג\u{202c}\n");
        let mixed = text(&[(20.0, 50.0, "letters בא here")]);
        assert_eq!(mixed, "letters \u{202b} אב\u{202c}here\n");
    }

    #[test]
    fn very_many_blocks_are_read_from_top_to_bottom() {
        let mut page = Page::new(6000.0, 90_000.0);
        for number in 0..3500_u32 {
            show(&mut page, f64::from(number % 7) * 400.0, f64::from(number) * 20.0, "x");
        }
        assert_eq!(page.text().matches('x').count(), 3500);
    }
}
