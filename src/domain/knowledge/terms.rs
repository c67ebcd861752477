//! The words of texts and of questions, as every store looks for them.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{findable, folded, words};

/// So many words of a question are looked for; a question can be a whole page.
const MOST_ASKED: usize = 256;

/// BM25's two constants: how soon a word that comes again counts no more, and how much long passages lose.
pub const K1: f64 = 1.2;
pub const B: f64 = 0.75;

/// The words that a question asks for, each once, in order.
pub fn asked(question: &str) -> Vec<String> {
    let some = words(question).into_iter().take(MOST_ASKED);
    some.map(|range| folded(&question[range])).collect::<BTreeSet<_>>().into_iter().collect()
}

/// How often a text has each of what it is found by.
pub fn terms(text: &str) -> BTreeMap<String, u32> {
    let mut terms = BTreeMap::new();
    for range in findable(text) {
        *terms.entry(folded(&text[range])).or_default() += 1;
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_asked_for_once_and_counted_as_often_as_it_is_there() {
        assert_eq!(asked("River, river: the RIVER bends"), ["bends", "river", "the"]);
        assert_eq!(
            terms("River, river bends"),
            BTreeMap::from([("bends".to_owned(), 1), ("river".to_owned(), 2)])
        );
    }
}
