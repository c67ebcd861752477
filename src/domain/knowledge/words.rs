//! The words that keyword search looks for.
//!
//! Words are those of Unicode (UAX 29), in small letters, the parts of `snake_case` apart. Languages that write no spaces
//! between words have no dictionary here: of Han, kana, hangul, Thai, Lao, Burmese and Khmer every two neighbours are a word,
//! as in Lucene's CJK analyser; one that stands alone is a word by itself. A text is found by each of its letters too, since that
//! can be a whole word (น้ำ and 水 are water); of a question it is looked for where it stands alone. Where a script ends, a word
//! ends: of "LG전자" and of "USB-кабель" without its hyphen both parts are found.
//!
//! Letters are compared as Unicode's compatibility form (NFKC) has them: narrow and wide ones, ligatures, composed and not.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, is_nfkc};
use unicode_segmentation::UnicodeSegmentation;

/// Longer ones are numbers of somebody's machine, not words; in bytes.
const LONGEST: usize = 128;

/// What letters are written in, as far as words end where it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    /// Every two neighbours are a word.
    Spaceless,
    /// Latin letters and the digits that go with them.
    Latin,
    /// Letters of every other script.
    Other,
}

/// The bytes of every word, in order. Neighbours of a language without spaces overlap.
pub fn words(text: &str) -> Vec<Range<usize>> {
    cut(text, false)
}

/// The bytes of all that a text is found by: its words, and every letter of a language without spaces.
pub fn findable(text: &str) -> Vec<Range<usize>> {
    cut(text, true)
}

fn cut(text: &str, letters: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut run = 0..0;
    for (at, piece) in text.split_word_bound_indices() {
        for part in parts(piece) {
            let own = at + part.start..at + part.end;
            let part = &piece[part];
            if run.end != own.start {
                pairs(text, std::mem::take(&mut run), letters, &mut found);
            }
            if part.chars().next().is_some_and(is_spaceless) {
                run = if run.is_empty() { own } else { run.start..own.end };
                continue;
            }
            pairs(text, std::mem::take(&mut run), letters, &mut found);
            if part.contains(char::is_alphanumeric) && part.len() <= LONGEST {
                found.push(own);
            }
        }
    }
    pairs(text, run, letters, &mut found);
    found
}

/// A word as it is compared.
pub fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let told = |c: &char| !is_ignorable(*c);
    let plain = |c| if c == '\u{2019}' { '\'' } else { c };
    let small: String = word.nfkc().filter(told).map(plain).collect::<String>().to_lowercase();
    if is_nfkc(&small) { small } else { small.nfkc().collect() }
}

/// The parts of one piece: cut at low lines and where the script changes. A mark goes with the letter that it stands on.
fn parts(piece: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut own = 0..0;
    let mut script = None;
    for (at, c) in piece.char_indices() {
        let end = at + c.len_utf8();
        let next = script_of(c);
        let ends = c == '_' || next.is_some() && script.is_some() && next != script;
        if ends && !own.is_empty() {
            found.push(std::mem::take(&mut own));
        }
        if c == '_' {
            own = end..end;
            script = None;
            continue;
        }
        script = next.or(script);
        own = if own.is_empty() { at..end } else { own.start..end };
    }
    if !own.is_empty() {
        found.push(own);
    }
    found
}

fn script_of(c: char) -> Option<Script> {
    match u32::from(c) {
        _ if is_spaceless(c) => Some(Script::Spaceless),
        // ASCII, the two Latin blocks behind it, more of them, and wide ones.
        0x30..=0x39 | 0x41..=0x5a | 0x61..=0x7a | 0xaa | 0xba | 0xc0..=0x24f | 0x1e00..=0x1eff => {
            Some(Script::Latin)
        }
        0xfb00..=0xfb06 | 0xff10..=0xff19 | 0xff21..=0xff3a | 0xff41..=0xff5a => Some(Script::Latin),
        _ if c.is_alphabetic() => Some(Script::Other),
        _ => None,
    }
}

/// What changes how letters are drawn or where lines break, not which letters they are.
fn is_ignorable(c: char) -> bool {
    matches!(u32::from(c), 0xad | 0x34f | 0x200b..=0x200f | 0x2060..=0x2064 | 0xfe00..=0xfe0f | 0xfeff)
}

/// Every two neighbours of a run of letters, with each letter itself where they are wanted too; of a single one, itself.
fn pairs(text: &str, run: Range<usize>, letters: bool, found: &mut Vec<Range<usize>>) {
    let mut before: Option<Range<usize>> = None;
    let first = found.len();
    for (at, letter) in text[run.clone()].grapheme_indices(true) {
        let own = run.start + at..run.start + at + letter.len();
        let Some(before) = before.replace(own.clone()) else { continue };
        if letters {
            found.push(before.clone());
        }
        found.push(before.start..own.end);
    }
    found.extend(before.filter(|_| letters || found.len() == first));
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
        assert_eq!(said("The River’s bend, 3.14 m!"), ["the", "river's", "bend", "3.14", "m"]);
        assert_eq!(said("read_file(ÉTÉ) _x_"), ["read", "file", "été", "x"]);
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

    #[test]
    fn a_text_is_found_by_each_of_its_letters_too_which_may_be_a_word() {
        let found = |text: &str| -> Vec<String> {
            let all = findable(text);
            assert!(all.is_sorted_by_key(|range| range.start), "{all:?}");
            all.into_iter().map(|range| folded(&text[range])).collect()
        };
        assert_eq!(found("東京都 a_b"), ["東", "東京", "京", "京都", "都", "a", "b"]);
        // One letter with two marks on it is a word.
        assert_eq!(said("น้ำ").len(), 1);
        for (text, words) in [
            ("แม่น้ำไหลคดเคี้ยว", "น้ำ ไหล แม่น้ำ"),
            ("ແມ່ນ້ຳໄຫຼ", "ນ້ຳ ໄຫຼ"),
            ("ទឹកហូរ", "ទឹក ហូរ"),
            ("မြစ်ရေစီး", "ရေ မြစ်"),
            ("黒猫が水を飲む", "水 猫 黒猫"),
        ] {
            let known = found(text);
            for word in words.split(' ') {
                assert!(said(word).iter().all(|word| known.contains(word)), "{word} in {known:?}");
            }
        }
    }

    #[test]
    fn a_word_ends_where_its_script_does() {
        assert_eq!(said("LG전자의 신제품"), ["lg", "전자", "자의", "신제", "제품"]);
        assert_eq!(said("전자LG 3월 2024년도"), ["전자", "lg", "3", "월", "2024", "년도"]);
        assert_eq!(said("USBкабель 5кг 3D mp3"), ["usb", "кабель", "5", "кг", "3d", "mp3"]);
        assert_eq!(said("カナ_abc データbase"), ["カナ", "abc", "デー", "ータ", "base"]);
        assert_eq!(said("川_山"), ["川", "山"]);
        assert_eq!(said("iPhone発売 v2版"), ["iphone", "発売", "v2", "版"]);
        // A mark does not part a word, whatever it is a mark of.
        assert_eq!(said("cafe\u{301} и\u{306}од"), ["café", "йод"]);
        assert_eq!(said("3.14 don't"), ["3.14", "don't"]);
    }

    #[test]
    fn letters_that_differ_in_form_alone_are_the_same() {
        assert_eq!(said("ＡＢＣ１２３"), said("abc123"));
        assert_eq!(said("ｶﾞｷﾞ"), said("ガギ"));
        assert_eq!(said("\u{fb01}le \u{fb00}"), ["file", "ff"]);
        assert_eq!(said("E\u{301}te\u{301}"), said("Été"));
        assert_eq!(said("\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"), ["한국"]);
        assert_eq!(said("co\u{ad}operate"), ["cooperate"]);
        assert_eq!(said("x²"), ["x", "2"]);
    }
}
