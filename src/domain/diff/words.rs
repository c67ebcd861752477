//! Two texts word by word: what both say, and what one of them says alone.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

use super::Mark;
use super::sentences::sentences;

/// A piece of text that both have, or one of them alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    pub mark: Mark,
    pub text: String,
}

/// Texts of more bytes than this are not compared word by word: it would take too long to wait for.
pub const LARGEST: usize = 64 * 1024;

/// Both texts as one, word by word: what stands in `old` alone comes before what `new` has in its place. White space
/// makes no difference; where both have a word it stands as in `new`. Where `new` has none before what is gone, that of
/// `old` goes with it. Takes long for texts beyond [`LARGEST`].
pub fn words(old: &str, new: &str) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    let mut push = |mark: Mark, text: &str| match all.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.mark == mark => last.text.push_str(text),
        _ => all.push(Stretch { mark, text: text.to_owned() }),
    };
    let (before, after) = (tokens(old), tokens(new));
    let (before_keys, after_keys) = (keys(&before), keys(&after));
    for op in capture_diff_slices(Algorithm::Patience, &before_keys, &after_keys) {
        let mut put = |mark, tokens: &[&str], range: Range<usize>| push(mark, &tokens[range].concat());
        // `two three` that has become `two`: the word went with the blank before it.
        let gone = op.old_range().start.checked_sub(1).map(|at| space_after(before[at]));
        let kept = op.new_range().start.checked_sub(1).map(|at| space_after(after[at]));
        if let (Some(gone), Some("")) = (gone, kept)
            && op.tag() != DiffTag::Equal
            && !op.old_range().is_empty()
        {
            put(Mark::Removed, &[gone], 0..1);
        }
        match op.tag() {
            DiffTag::Equal => put(Mark::Same, &after, op.new_range()),
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => {
                put(Mark::Removed, &before, op.old_range());
                put(Mark::Added, &after, op.new_range());
            }
        }
    }
    all
}

/// The white space that a word ends with.
fn space_after(token: &str) -> &str {
    &token[token.trim_end().len()..]
}

fn keys<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    tokens.iter().map(|token| token.trim()).collect()
}

/// Words with the white space after them; a text that begins with white space begins with that alone.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = 0;
    for (at, piece) in text.split_word_bound_indices() {
        if at > start && !piece.trim().is_empty() {
            tokens.push(&text[start..at]);
            start = at;
        }
    }
    if start < text.len() {
        tokens.push(&text[start..]);
    }
    tokens
}

/// The sentences of `text` that `other` does not say: those that share at most half of their words, whatever their case,
/// with each sentence of it. Takes long for texts beyond [`LARGEST`].
pub fn only(text: &str, other: &str) -> Vec<String> {
    // By word: the sentences that have it.
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    let mut count = 0;
    for sentence in sentences(other) {
        for word in distinct(sentence) {
            places.entry(word).or_default().push(count);
        }
        count += 1;
    }
    let mut shared = vec![0_usize; count];
    let mut alone = Vec::new();
    for sentence in sentences(text) {
        let words = distinct(sentence);
        shared.fill(0);
        for place in words.iter().filter_map(|word| places.get(word)).flatten() {
            shared[*place] += 1;
        }
        let most = shared.iter().copied().max().unwrap_or(0);
        if !words.is_empty() && 2 * most <= words.len() {
            alone.push(sentence.trim().to_owned());
        }
    }
    alone
}

/// The words of a sentence, each once, in lower case.
fn distinct(sentence: &str) -> Vec<String> {
    let mut words: Vec<String> = sentence.unicode_words().map(str::to_lowercase).collect();
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(old: &str, new: &str) -> String {
        let bracket = |stretch: Stretch| match stretch.mark {
            Mark::Same => stretch.text,
            Mark::Removed => format!("[-{}-]", stretch.text),
            Mark::Added => format!("[+{}+]", stretch.text),
        };
        words(old, new).into_iter().map(bracket).collect()
    }

    #[test]
    fn words_that_only_one_has_stand_beside_those_in_their_place() {
        assert_eq!(said("A river bends.", "A river turns."), "A river [-bends-][+turns+].");
        assert_eq!(said("one two", "one two three"), "one two [+three+]");
        assert_eq!(said("one two three.", "one two."), "one two[- three-].");
        assert_eq!(said("one, two.", "one."), "one[-, two-].");
    }

    #[test]
    fn white_space_makes_no_difference_and_scripts_without_it_are_compared_too() {
        assert_eq!(said("one\n\ntwo  three", "one two three"), "one two three");
        assert_eq!(said("川は曲がる", "川は流れる").matches("[-").count(), 1);
        assert_eq!(said("", "new"), "[+new+]");
        assert_eq!(said("", ""), "");
    }

    #[test]
    fn both_texts_can_be_read_from_the_one() {
        let old = "The current on the outer bank is faster, so it erodes.\nThe inner one gains sand.";
        let new = "Water runs faster along the outer bank and erodes it. Sand settles inside.";
        let stretches = words(old, new);
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let of = |gone: Mark| {
            let parts = stretches.iter().filter(|s| s.mark != gone).map(|s| s.text.as_str());
            squeezed(&parts.collect::<String>())
        };
        assert_eq!((of(Mark::Added), of(Mark::Removed)), (squeezed(old), squeezed(new)));
    }

    #[test]
    fn a_sentence_that_is_said_in_nearly_the_same_words_is_not_said_by_one_alone() {
        let one = "Rivers meander because banks erode. The Nile is long. They flood in spring.";
        let other = "In spring they flood! Because banks erode, rivers will meander.";
        assert_eq!(only(one, other), ["The Nile is long."]);
        assert_eq!(only(other, one), Vec::<String>::new());
        assert_eq!(only("One. Two.", ""), ["One.", "Two."]);
        assert_eq!(only("***", ""), Vec::<String>::new());
        let address = "See https://a.example/find?q=Rivers for more.";
        assert_eq!(only(address, "Nothing."), [address]);
    }
}
