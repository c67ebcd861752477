//! Where words end, by Unicode's rules (UAX 29), and by a model in the languages that those leave to others: Thai, Lao, Khmer and
//! Burmese write no spaces between words, and the rules alone would cut them between any two letters.

use std::ops::Range;

use icu_segmenter::WordSegmenter;
use icu_segmenter::options::WordBreakInvariantOptions;
use unicode_segmentation::UnicodeSegmentation;

/// The model looks at so many bytes of a run at once: it takes memory with each.
const WINDOW: usize = 4096;

/// Nobody writes so many bytes without a space. Such a run is cut between letters, since the model takes its time with each.
const LONGEST: usize = 32 * 1024;

/// Where each word of a text ends, what stands between words counted as such; the last one is its end.
pub(super) fn ends(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut run = 0..0;
    for (at, piece) in text.split_word_bound_indices() {
        let end = at + piece.len();
        if piece.starts_with(is_together) {
            run = if run.is_empty() { at..end } else { run.start..end };
            continue;
        }
        together(text, std::mem::take(&mut run), &mut found);
        found.push(end);
    }
    together(text, run, &mut found);
    found
}

/// The ends within a run of letters between which no spaces are.
fn together(text: &str, run: Range<usize>, found: &mut Vec<usize>) {
    if run.is_empty() {
        return;
    }
    if run.len() > LONGEST {
        let letters = text[run.clone()].grapheme_indices(true);
        return found.extend(letters.map(|(at, letter)| run.start + at + letter.len()));
    }
    let words = WordSegmenter::new_lstm(WordBreakInvariantOptions::default());
    by_windows(text, run, found, |window| words.segment_str(window).collect());
}

/// The ends within a run, by a model that sees a window of it at a time and tells where words of that end.
fn by_windows(
    text: &str,
    run: Range<usize>,
    found: &mut Vec<usize>,
    mut words: impl FnMut(&str) -> Vec<usize>,
) {
    let mut from = run.start;
    while from < run.end {
        let to = run.end.min(text.floor_char_boundary(from + WINDOW));
        let ends = words(&text[from..to]);
        let mut own: Vec<usize> = ends.into_iter().filter(|end| *end > 0).map(|end| from + end).collect();
        // The last word of a window may go on behind it. One as long as half a window is no word, and to look at it again and
        // again would take for ever.
        let last = own.len().checked_sub(2).map_or(from, |at| own[at]);
        if to < run.end && last - from >= WINDOW / 2 {
            own.pop();
        }
        from = own.last().copied().unwrap_or(to);
        found.append(&mut own);
    }
}

/// Letters of languages that write words together and have no rules for where they end.
fn is_together(c: char) -> bool {
    matches!(u32::from(c),
        0x0e01..=0x0e3a | 0x0e40..=0x0e4e // Thai
        | 0x0e81..=0x0ece | 0x0edc..=0x0edf // Lao
        | 0x1000..=0x103f | 0x1050..=0x108f | 0xa9e0..=0xa9ef | 0xa9fa..=0xa9fe | 0xaa60..=0xaa7f // Burmese
        | 0x1780..=0x17d3) // Khmer
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let ends = ends(text);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(&ends).map(|(start, end)| &text[start..*end]).collect()
    }

    #[test]
    fn words_that_are_written_together_end_where_a_reader_ends_them() {
        assert_eq!(words("ทุกสองสัปดาห์"), ["ทุก", "สอง", "สัปดาห์"]);
        assert_eq!(words("ภาษาไทยภาษาไทย"), ["ภาษา", "ไทย", "ภาษา", "ไทย"]);
        assert_eq!(words("One ทุกสองสัปดาห์, two."), ["One", " ", "ทุก", "สอง", "สัปดาห์", ",", " ", "two", "."]);
        // A space that shows no width parts words too.
        assert!(words("ภาษา\u{200b}ไทย").contains(&"\u{200b}"));
    }

    #[test]
    fn lao_khmer_and_burmese_are_not_cut_between_any_two_letters() {
        for text in [
            "ພາສາລາວເປັນພາສາທີ່ໃຊ້ໃນປະເທດລາວ",
            "ភាសាខ្មែរជាភាសាផ្លូវការរបស់ប្រទេសកម្ពុជា",
            "မြန်မာဘာသာစကားသည်မြန်မာနိုင်ငံ၏ရုံးသုံးဘာသာစကားဖြစ်သည်",
        ] {
            let (words, letters) = (words(text), text.graphemes(true).count());
            assert_eq!(words.concat(), text);
            assert!(words.len() > 2 && words.len() < letters, "{words:?}");
        }
    }

    #[test]
    fn a_long_run_is_looked_at_by_the_part_and_cut_alike() {
        let one = "ทุกสองสัปดาห์";
        let text = one.repeat(WINDOW / one.len() * 3);
        let found = words(&text);
        assert_eq!(found.concat(), text);
        let longest = found.iter().map(|word| word.graphemes(true).count()).max();
        assert!(found.len() > WINDOW / one.len() * 6 && longest < Some(12), "{longest:?} of {}", found.len());
        // What is no text any more is cut in no time.
        let endless = "ก".repeat(LONGEST);
        assert_eq!(words(&endless).len(), LONGEST);
    }

    #[test]
    fn a_run_in_which_the_model_sees_one_word_and_no_end_is_not_looked_at_again_and_again() {
        let text = "ก".repeat(LONGEST / 3);
        let (mut looked, mut found) = (0, Vec::new());
        by_windows(&text, 0..text.len(), &mut found, |window| {
            looked += window.len();
            vec![0, 3, window.len()]
        });
        assert!(looked <= 2 * text.len(), "{looked} of {}", text.len());
        assert!(found.windows(2).all(|two| two[0] < two[1]) && found.last() == Some(&text.len()));
        // Words are looked at once, but for those at the end of a window.
        let (mut looked, mut found) = (0, Vec::new());
        by_windows(&text, 0..text.len(), &mut found, |window| {
            looked += window.len();
            (0..=window.len()).step_by(12).chain([window.len()]).collect()
        });
        assert!(looked <= text.len() / 16 * 17, "{looked} of {}", text.len());
        assert!(
            found.iter().all(|end| end.is_multiple_of(12) || *end == text.len()),
            "none is cut by a window"
        );
    }

    proptest! {
        #[test]
        fn the_ends_are_in_order_and_lose_nothing(text in "[ก-๎a ။က-႟ក-៓ກ-ໝ\u{200b}\u{301}👩]{0,60}") {
            prop_assert_eq!(words(&text).concat(), text.clone());
            let ends = ends(&text);
            prop_assert!(ends.windows(2).all(|two| two[0] < two[1]), "{:?}", ends);
        }
    }
}
