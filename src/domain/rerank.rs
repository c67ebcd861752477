//! Texts that are put in order by how well they answer a query.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::catalog::ModelId;
use super::{Error, ErrorKind, Result};

/// So many texts and a query are one search, where prices count searches.
const OF_A_SEARCH: usize = 100;

/// Texts to put in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rerank {
    pub model: ModelId,
    pub query: String,
    pub texts: Vec<String>,
    /// So many of the best are wanted, from 1.
    pub top: usize,
}

/// How well a text answers the query, as a model says it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Relevance {
    /// The text's place among those that were sent, from 0.
    pub index: usize,
    /// Higher is better; most models stay between 0 and 1, some write logits.
    pub score: f64,
}

impl Rerank {
    /// For how many searches it counts, where nobody has told it.
    pub fn searches(&self) -> u32 {
        u32::try_from(self.texts.len().div_ceil(OF_A_SEARCH)).unwrap_or(u32::MAX)
    }

    /// What a model says of the texts, best first, equal ones in the order in which they were sent; as many as are wanted.
    ///
    /// # Errors
    ///
    /// `Server`: it names a text that was not sent, or one twice, scores one with no number, or says nothing of some.
    pub fn ordered(&self, doing: &str, mut results: Vec<Relevance>) -> Result<Vec<Relevance>> {
        let sent = self.texts.len();
        let wrong = |why: String| {
            Err(Error::new(
                ErrorKind::Server { status: 200 },
                doing,
                why,
                "Try again, or take another model.",
            ))
        };
        let mut met = HashSet::new();
        for Relevance { index, score } in &results {
            if *index >= sent {
                return wrong(format!("it names the text at {index}, and {sent} were sent, from 0 on"));
            }
            if !met.insert(*index) {
                return wrong(format!("it names the text at {index} twice"));
            }
            if !score.is_finite() {
                return wrong(format!("its score of the text at {index} is no number"));
            }
        }
        let wanted = self.top.min(sent);
        if results.len() < wanted {
            return wrong(format!("{wanted} texts were to be put in order, and {} came back", results.len()));
        }
        best_first(&mut results);
        results.truncate(wanted);
        Ok(results)
    }
}

/// A question and texts as a person writes them: the question in the first line, a text in each further one. Empty lines are
/// left out; `None` where there is no text.
pub fn read_lines(written: &str) -> Option<(String, Vec<String>)> {
    let mut lines = written.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    let query = lines.next()?;
    let texts: Vec<_> = lines.collect();
    (!texts.is_empty()).then_some((query, texts))
}

/// Puts the best first, equal ones in the order in which they were sent.
pub fn best_first(results: &mut [Relevance]) {
    results.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.index.cmp(&other.index)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(texts: usize, top: usize) -> Rerank {
        let texts = vec!["text".to_owned(); texts];
        Rerank { model: "a/b".parse().unwrap(), query: "q".to_owned(), texts, top }
    }

    fn said(results: &[(usize, f64)]) -> Vec<Relevance> {
        results.iter().map(|(index, score)| Relevance { index: *index, score: *score }).collect()
    }

    fn order(asked: &Rerank, results: &[(usize, f64)]) -> Vec<usize> {
        let ordered = asked.ordered("reranking", said(results)).unwrap();
        ordered.into_iter().map(|relevance| relevance.index).collect()
    }

    #[test]
    fn the_best_come_first_and_equal_ones_as_they_were_sent() {
        assert_eq!(order(&asked(4, 4), &[(3, 0.5), (0, 0.1), (1, 0.5), (2, 0.9)]), [2, 1, 3, 0]);
        assert_eq!(order(&asked(3, 3), &[(2, -0.0), (1, -3.5), (0, 0.0)]), [0, 2, 1]);
        assert_eq!(
            order(&asked(3, 2), &[(0, 0.1), (1, 0.2), (2, 0.3)]),
            [2, 1],
            "more came than were wanted"
        );
        assert_eq!(order(&asked(3, 2), &[(1, 0.2), (2, 0.3)]), [2, 1]);
        assert_eq!(order(&asked(1, 9), &[(0, 7.0)]), [0]);
        assert_eq!(order(&asked(0, 5), &[]), [] as [usize; 0]);
    }

    #[test]
    fn what_makes_no_order_is_an_error_that_says_why() {
        for (results, why) in [
            (&[(0, 0.1), (3, 0.2), (1, 0.3)][..], "it names the text at 3, and 3 were sent"),
            (&[(0, 0.1), (1, 0.2), (0, 0.3)], "it names the text at 0 twice"),
            (&[(0, 0.1), (1, f64::NAN), (2, 0.3)], "its score of the text at 1 is no number"),
            (&[(0, 0.1), (1, f64::INFINITY), (2, 0.3)], "its score of the text at 1 is no number"),
            (&[(0, 0.1), (2, 0.3)], "3 texts were to be put in order, and 2 came back"),
        ] {
            let error = asked(3, 3).ordered("reranking", said(results)).unwrap_err();
            assert!(error.why.contains(why), "{error}");
            assert_eq!(error.kind, ErrorKind::Server { status: 200 });
        }
    }

    #[test]
    fn the_first_line_is_the_question_and_each_further_one_a_text() {
        let (query, texts) = read_lines("\n which? \n\none\r\n  two three\n").unwrap();
        assert_eq!((query.as_str(), texts), ("which?", vec!["one".to_owned(), "two three".to_owned()]));
        for none in ["", " \n\n", "which?", "which?\n \n"] {
            assert_eq!(read_lines(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_search_has_a_hundred_texts() {
        assert_eq!([1, 100, 101, 250].map(|texts| asked(texts, 1).searches()), [1, 1, 2, 3]);
    }
}
