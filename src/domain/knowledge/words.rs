//! The words that keyword search looks for.
//!
//! Words are those of Unicode (UAX 29), in small letters, the parts of `snake_case` apart. Languages that write no spaces
//! between words have no dictionary here: of Han, kana, hangul, Thai, Lao, Burmese and Khmer every two neighbours are a word,
//! as in Lucene's CJK analyser; one that stands alone is a word by itself.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Longer ones are numbers of somebody's machine, not words; in bytes.
const LONGEST: usize = 128;

/// The bytes of every word, in order. Neighbours of a language without spaces overlap.
pub fn words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut run = 0..0;
    for (at, piece) in text.split_word_bound_indices() {
        let end = at + piece.len();
        if piece.chars().next().is_some_and(is_spaceless) {
            run = if run.is_empty() { at..end } else { run.start..end };
            continue;
        }
        pairs(text, std::mem::take(&mut run), &mut found);
        if !piece.contains(char::is_alphanumeric) {
            continue;
        }
        let mut from = at;
        for part in piece.split('_') {
            if !part.is_empty() && part.len() <= LONGEST {
                found.push(from..from + part.len());
            }
            from += part.len() + 1;
        }
    }
    pairs(text, run, &mut found);
    found
}

/// A word as it is compared.
pub fn folded(word: &str) -> String {
    if word.is_ascii() { word.to_ascii_lowercase() } else { word.to_lowercase() }
}

/// Every two neighbours of a run of letters; of a single one, itself.
fn pairs(text: &str, run: Range<usize>, found: &mut Vec<Range<usize>>) {
    let letters = text[run.clone()].grapheme_indices(true);
    let mut before = None;
    let first = found.len();
    for (at, letter) in letters {
        let own = run.start + at;
        if let Some(before) = before {
            found.push(before..own + letter.len());
        }
        before = Some(own);
    }
    if let Some(only) = before.filter(|_| found.len() == first) {
        found.push(only..run.end);
    }
}

/// Letters of scripts that are written without spaces between words, or with spaces that part more than words (hangul).
pub fn is_spaceless(c: char) -> bool {
    matches!(u32::from(c),
        0x0e01..=0x0e3a | 0x0e40..=0x0e4e // Thai
        | 0x0e81..=0x0ece // Lao
        | 0x1000..=0x103f | 0x1050..=0x108f | 0xaa60..=0xaa7f // Burmese
        | 0x1100..=0x11ff | 0x3130..=0x318f | 0xa960..=0xa97f | 0xac00..=0xd7ff // hangul
        | 0x1780..=0x17d3 // Khmer
        | 0x3005..=0x3007 | 0x3041..=0x30ff | 0x3100..=0x312f | 0x31a0..=0x31ff // kana, bopomofo
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff // Han
        | 0xff66..=0xffdc) // narrow kana and hangul
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        words(text).into_iter().map(|range| folded(&text[range])).collect()
    }

    #[test]
    fn words_are_in_small_letters_without_what_stands_between_them() {
        assert_eq!(said("The River’s bend, 3.14 m!"), ["the", "river’s", "bend", "3.14", "m"]);
        assert_eq!(said("read_file(ÉTÉ)"), ["read", "file", "été"]);
        assert_eq!(said(" — "), [""; 0]);
        assert_eq!(said(&format!("a {} b", "x".repeat(200))), ["a", "b"]);
    }

    #[test]
    fn without_spaces_every_two_neighbours_are_a_word() {
        assert_eq!(said("東京都に"), ["東京", "京都", "都に"]);
        assert_eq!(said("猫 cat 犬"), ["猫", "cat", "犬"]);
        assert_eq!(said("カタカナ"), ["カタ", "タカ", "カナ"]);
        // A vowel sign belongs to its letter.
        assert_eq!(said("ที่นี่"), ["ที่นี่"]);
        assert_eq!(said("한국어 abc"), ["한국", "국어", "abc"]);
    }

    #[test]
    fn a_part_of_a_run_is_found_by_its_own_words() {
        let whole = said("แม่น้ำไหลคดเคี้ยว");
        assert!(said("ไหล").iter().all(|word| whole.contains(word)), "{whole:?}");
    }
}
