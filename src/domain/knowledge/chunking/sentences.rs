//! Sentences, by Unicode's rules (UAX 29) and the habits of text files.
//!
//! Unicode ends a sentence at every line break. Texts are often wrapped at some column, so here a break inside a paragraph
//! ends none, unless the line says that it does: a blank line, a heading, an item of a list, a row of a table.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::atoms::is_boundary;

/// The sentences of a part of a text, without gaps, each with the white space behind it.
pub fn sentences(text: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    // Whether the next piece goes with the last one.
    let mut open = false;
    let mut before = "";
    for (at, piece) in text[part.clone()].split_sentence_bound_indices() {
        let own = part.start + at..part.start + at + piece.len();
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
    fn languages_without_spaces_have_sentences_too() {
        assert_eq!(
            said("川は曲がる。なぜか？流れが速いから。"),
            ["川は曲がる。", "なぜか？", "流れが速いから。"]
        );
        assert_eq!(said("မြစ်ကွေ့သည်။ အဘယ်ကြောင့်။").len(), 2);
    }
}
