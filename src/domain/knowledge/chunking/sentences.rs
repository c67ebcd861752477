//! Sentences, by Unicode's rules (UAX 29) and the habits of text files.
//!
//! Unicode ends a sentence at every line break. Texts are often wrapped at some column, so here a break inside a paragraph
//! ends none, unless the line says that it does: a blank line, a heading, an item of a list, a row of a table.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::atoms::is_boundary;

/// Behind so many spaces and marks after a full stop nothing goes on with its sentence.
const ROW: usize = 256;

/// The sentences of a part of a text, without gaps, each with the white space behind it.
pub fn sentences(text: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    // Whether the next piece goes with the last one.
    let mut open = false;
    let mut before = "";
    let stretches = stretches(&text[part.clone()]);
    let pieces = stretches.into_iter().flat_map(|stretch| {
        let start = part.start + stretch.start;
        let pieces = text[start..part.start + stretch.end].split_sentence_bound_indices();
        pieces.map(move |(at, piece)| (start + at, piece))
    });
    for (start, piece) in pieces {
        let own = start..start + piece.len();
        let blank = piece.trim_start().is_empty();
        // A vowel sign behind a space belongs to that space: no sentence begins with it.
        let joins =
            blank || open && !starts_anew(piece) && !is_one_line(before) || !is_boundary(text, own.start);
        match found.last_mut() {
            Some(last) if joins => last.end = own.end,
            _ => found.push(own),
        }
        // A blank line ends what is before it.
        open = !blank && piece.ends_with(['\n', '\r']) && !is_ended(piece);
        before = piece;
    }
    found
}

/// A text in stretches without gaps, nearly always one. At each space and closing mark behind a full stop the rules look ahead for
/// a small letter, by which the sentence would go on: a row of those that does not end would take all day, so it is parted.
fn stretches(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut from) = (Vec::new(), 0);
    // How many there are since a full stop.
    let mut row: Option<usize> = None;
    for (at, c) in text.char_indices() {
        row = match row {
            _ if matches!(c, '.' | '․' | '﹒' | '．') => Some(0),
            Some(_) if c.is_alphanumeric() || c == '\n' || ends_row(c) => None,
            Some(ROW) if is_boundary(text, at) => {
                found.push(from..at);
                from = at;
                None
            }
            Some(many) => Some((many + 1).min(ROW)),
            None => None,
        };
    }
    found.push(from..text.len());
    found
}

/// Whether nothing is looked ahead for behind it: a mark that closes nothing, such as those between the cells of a table.
fn ends_row(c: char) -> bool {
    c.is_ascii_punctuation() && !matches!(c, '"' | '\'' | '(' | ')' | '[' | ']' | '{' | '}')
}

/// Whether the words end as a sentence does.
fn is_ended(piece: &str) -> bool {
    let words = piece.trim_end().trim_end_matches(['"', '\'', ')', ']', '”', '’', '»', '」', '』', '）']);
    words.ends_with(['.', '!', '?', ':', ';', '…', '。', '！', '？', '：', '；', '။', '។', '।', '؟'])
}

/// Whether a line begins something of its own: an item, a heading, a row, a fence.
fn starts_anew(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with(['#', '|', '>', '`', '~', '•']) {
        return true;
    }
    let marked = line.trim_start_matches(|c: char| c.is_ascii_digit());
    if marked.len() < line.len() {
        return marked.starts_with(". ") || marked.starts_with(") ");
    }
    ["- ", "* ", "+ ", "– "].iter().any(|mark| line.starts_with(mark))
}

/// Whether a line is all of its sentence: a heading or a row.
fn is_one_line(line: &str) -> bool {
    line.trim_start().starts_with(['#', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<&str> {
        let found = sentences(text, 0..text.len());
        assert!(found.windows(2).all(|two| two[0].end == two[1].start));
        found.into_iter().map(|range| text[range].trim()).collect()
    }

    #[test]
    fn a_wrapped_line_ends_no_sentence_and_a_blank_one_does() {
        assert_eq!(
            said("A river\nbends. It\nmoves on\n\nA heading\n\nMore."),
            ["A river\nbends.", "It\nmoves on", "A heading", "More."]
        );
        assert_eq!(said("She said “go.” Then\r\nshe went."), ["She said “go.”", "Then\r\nshe went."]);
    }

    #[test]
    fn headings_items_and_rows_are_sentences_of_their_own() {
        assert_eq!(
            said("# Rivers\nThey bend\n- one\n- two\n2. three\n| a | b |\n| c | d |\n"),
            ["# Rivers", "They bend", "- one", "- two", "2. three", "| a | b |", "| c | d |"]
        );
    }

    #[test]
    fn a_row_of_spaces_or_marks_that_does_not_end_is_parted() {
        for row in [" ", "\"", ") "] {
            let text = format!("One here.{}Two there. three", row.repeat(200_000));
            let found = stretches(&text);
            assert_eq!(found.len(), 2, "the rest has no full stop before it");
            assert!(found[0].end < 1024 && found[0].end == found[1].start && found[1].end == text.len());
            let said = said(&text);
            assert!(said[0].starts_with("One here.") && said[1..].concat().ends_with("Two there. three"));
        }
        let ordinary = "One. Two (three.) “Four.”   Five... six\n\n| a |  .  | b |\n|-----|\n".repeat(50);
        assert_eq!((stretches(&ordinary).len(), stretches("").len()), (1, 1));
        for row in ["|    ", "=", " -"] {
            let wide = format!("| One. {}two |\n", row.repeat(1000));
            assert_eq!((stretches(&wide).len(), said(&wide)), (1, vec![wide.trim()]), "{row:?}");
        }
    }

    #[test]
    fn languages_without_spaces_have_sentences_too() {
        assert_eq!(
            said("川は曲がる。なぜか？流れが速いから。"),
            ["川は曲がる。", "なぜか？", "流れが速いから。"]
        );
        assert_eq!(said("မြစ်ကွေ့သည်။ အဘယ်ကြောင့်။").len(), 2);
    }
}
