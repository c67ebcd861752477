//! Which passages an answer has its words from, where the model names none, as small ones do not.

use std::collections::HashSet;

use super::chunking;
use super::retrieval::Citation;
use super::words::{folded, words};

/// A statement with fewer pairs of neighbouring words could be from anywhere.
const LEAST: usize = 4;

/// The statements of an answer at least half of whose pairs of neighbouring words stand in one of these texts: each is of the text
/// that has most of them, of equal ones the first.
pub fn alike(answer: &str, texts: &[&str]) -> Vec<Citation> {
    let known: Vec<HashSet<(String, String)>> =
        texts.iter().map(|text| pairs(text).into_iter().collect()).collect();
    let mut found = Vec::new();
    for statement in chunking::sentences(answer, 0..answer.len()) {
        let said = &answer[statement.clone()];
        let own = pairs(said);
        let shared = |at: usize| own.iter().filter(|pair| known[at].contains(*pair)).count();
        // Of equal ones the last is taken, which is the first here.
        let best = (0..known.len()).rev().max_by_key(|at| shared(*at));
        let Some(at) = best.filter(|at| own.len() >= LEAST && shared(*at) * 2 >= own.len()) else { continue };
        let start = statement.start + (said.len() - said.trim_start().len());
        let end = statement.start + said.trim_end().len();
        found.push(Citation { start, end, hits: vec![at + 1], alike: true });
    }
    found
}

/// The pairs of words that stand beside each other, as they are compared.
fn pairs(text: &str) -> Vec<(String, String)> {
    let all: Vec<String> = words(text).into_iter().map(|word| folded(&text[word])).collect();
    all.windows(2).map(|two| (two[0].clone(), two[1].clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 3] = [
        "Lakes are still because nothing carries their water away quickly.",
        "A duplicate charge is refunded within five days, provided that the customer says so within a month.",
        "平らな地層を川が削ると、両岸にその歴史が現れる。",
    ];

    fn of(answer: &str) -> Vec<(&str, Vec<usize>)> {
        let one = |found: Citation| {
            assert!(found.alike);
            (&answer[found.start..found.end], found.hits)
        };
        alike(answer, &TEXTS).into_iter().map(one).collect()
    }

    #[test]
    fn a_statement_is_of_the_passage_that_has_most_of_its_words_in_their_order() {
        let answer = "Charges are refunded within five days, provided that the customer says so. I like tea very much \
                      indeed.\nLakes are still because nothing carries their water away.";
        assert_eq!(
            of(answer),
            [
                ("Charges are refunded within five days, provided that the customer says so.", vec![2]),
                ("Lakes are still because nothing carries their water away.", vec![1]),
            ]
        );
        assert_eq!(
            of("川が削ると、両岸にその歴史が現れる。"),
            [("川が削ると、両岸にその歴史が現れる。", vec![3])]
        );
    }

    #[test]
    fn single_words_and_short_statements_are_of_none() {
        for answer in [
            "",
            "Lakes are still.",
            "Still water carries nothing, and their lakes are away quickly, because.",
        ] {
            assert_eq!(of(answer), [], "{answer}");
        }
        assert_eq!(alike("Lakes are still because nothing carries water.", &[]), []);
    }
}
