//! How good retrieval is: questions whose right passages are known, and what each setting finds of them.
//!
//! Figures are those of Manning, Raghavan and Schütze, "Introduction to Information Retrieval", chapter 8, and nDCG of Järvelin and
//! Kekäläinen, 2002, with the grade as gain and log₂(rank + 1) as discount. Intervals are the bootstrap's over questions.

use serde::{Deserialize, Serialize};

use super::passage::Passage;
use super::ranking::Mode;
use super::reranking::Reranking;
use crate::domain::evaluation::chance::Chance;
use crate::domain::evaluation::interval::percentile;
use crate::domain::figures::count;
use crate::domain::{Error, ErrorKind, Result};

/// The most questions that are asked in one go.
pub const MOST: usize = 10_000;
/// Samples of the bootstrap.
const ROUNDS: usize = 1000;

/// A question and what answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub query: String,
    /// At least one.
    pub relevant: Vec<Relevant>,
}

/// Something that answers a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Relevant {
    pub what: What,
    /// How well it does, above 0; 1 where nobody says.
    pub grade: f64,
}

/// A document, one of its passages, or a text that a passage has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The document whose place is or ends so.
    Document(String),
    /// The passage of that number, from 1, of such a document.
    Passage { document: String, number: u32 },
    /// A passage with this text, white space aside.
    Text(String),
}

/// A way of looking that is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    #[serde(default)]
    pub mode: Mode,
    /// Bedrock's JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Hits below this cosine are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Who puts what is found in order.
    #[serde(default, skip_serializing_if = "Reranking::is_as_base")]
    pub rerank: Reranking,
}

/// A mean over the questions, with the interval of 95 % that the bootstrap gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

/// What one setting comes to, each from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub setting: Setting,
    /// Questions for which anything relevant is among the first k.
    pub hit_rate: Mean,
    /// The share of what is relevant that is among them.
    pub recall: Mean,
    /// One by the rank of the first that is relevant, 0 where none is.
    pub mrr: Mean,
    pub ndcg: Mean,
    /// Of each question, in their order.
    pub questions: Vec<Scored>,
    /// The questions whose hits were to be put in order and were not: they count as they were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unranked: Option<Unranked>,
}

/// Questions whose reranker failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unranked {
    pub questions: u32,
    /// Of the first of them.
    pub why: String,
}

/// What one question comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The rank of the first hit that is relevant.
    pub first: Option<u32>,
    pub recall: f64,
    pub ndcg: f64,
}

/// What all settings come to on one set of questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// So many hits were looked at.
    pub k: u32,
    pub questions: u32,
    pub settings: Vec<Measured>,
}

impl Setting {
    /// In words.
    pub fn words(&self) -> String {
        let mut words = self.mode.as_str().to_owned();
        if let Some(threshold) = self.threshold.filter(|_| self.mode.semantic()) {
            words.push_str(" ≥ ");
            words.push_str(&threshold.to_string());
        }
        if self.filter.is_some() {
            words.push_str(", filtered");
        }
        if let Reranking::By(reranker) = &self.rerank {
            words.push_str(", reranked by ");
            words.push_str(&reranker.words());
        }
        words
    }
}

impl Relevant {
    fn is(&self, passage: &Passage, uri: &str) -> bool {
        match &self.what {
            What::Document(document) => ends_with(uri, document),
            What::Passage { document, number } => ends_with(uri, document) && passage.ordinal + 1 == *number,
            What::Text(text) => plain(&passage.text).contains(&plain(text)),
        }
    }
}

/// Whether a place is that one, or ends with it after a slash.
fn ends_with(uri: &str, place: &str) -> bool {
    uri.strip_suffix(place)
        .is_some_and(|before| before.is_empty() || before.ends_with('/') || place.starts_with('/'))
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Judged {
    /// Only whole documents are relevant: of several hits of one document the first counts.
    pub fn is_of_documents(&self) -> bool {
        self.relevant.iter().all(|relevant| matches!(relevant.what, What::Document(_)))
    }

    /// What the first `k` of the hits come to. Something relevant counts once, where it comes first.
    pub fn score(&self, hits: &[(&Passage, &str)], k: usize) -> Scored {
        let mut seen = Vec::new();
        let mut documents = Vec::new();
        let (mut first, mut gained, mut rank) = (None, 0.0, 0_usize);
        for (passage, uri) in hits {
            if self.is_of_documents() {
                if documents.contains(&passage.document) {
                    continue;
                }
                documents.push(passage.document);
            }
            rank += 1;
            if rank > k {
                break;
            }
            let fresh: Vec<usize> = (0..self.relevant.len())
                .filter(|at| !seen.contains(at) && self.relevant[*at].is(passage, uri))
                .collect();
            let gain: f64 = fresh.iter().map(|at| self.relevant[*at].grade).sum();
            if !fresh.is_empty() {
                first = first.or(u32::try_from(rank).ok());
                gained += gain * discount(rank);
            }
            seen.extend(fresh);
        }
        let mut grades: Vec<f64> = self.relevant.iter().map(|relevant| relevant.grade).collect();
        grades.sort_by(|one, other| other.total_cmp(one));
        let best: f64 = grades.iter().take(k).zip(1..).map(|(grade, rank)| grade * discount(rank)).sum();
        // One hit may be several that are relevant at once, which no order of single ones gives.
        let ndcg = if best > 0.0 { (gained / best).min(1.0) } else { 0.0 };
        Scored { first, recall: seen.len() as f64 / self.relevant.len().max(1) as f64, ndcg }
    }
}

fn discount(rank: usize) -> f64 {
    1.0 / ((rank + 1) as f64).log2()
}

impl Measured {
    /// Of what each question comes to; the seed is the bootstrap's.
    pub fn of(setting: Setting, questions: Vec<Scored>, unranked: Option<Unranked>, seed: u64) -> Self {
        let mean = |of: fn(&Scored) -> f64| {
            let values: Vec<f64> = questions.iter().map(of).collect();
            Mean::of(&values, seed)
        };
        Self {
            hit_rate: mean(|scored| f64::from(u8::from(scored.first.is_some()))),
            recall: mean(|scored| scored.recall),
            mrr: mean(|scored| scored.first.map_or(0.0, |rank| 1.0 / f64::from(rank))),
            ndcg: mean(|scored| scored.ndcg),
            setting,
            questions,
            unranked,
        }
    }

    /// What the person should know of its figures.
    pub fn remark(&self) -> Option<String> {
        let Unranked { questions, why } = self.unranked.as_ref()?;
        let setting = self.setting.words();
        let questions = count(u64::from(*questions), "question", "questions");
        Some(format!("{setting}: not reranked for {questions}, whose hits count as they were found: {why}"))
    }
}

impl Mean {
    fn of(values: &[f64], seed: u64) -> Self {
        let many = values.len().max(1);
        let mean = values.iter().sum::<f64>() / many as f64;
        let mut chance = Chance::new(seed);
        let sample = |chance: &mut Chance| -> f64 {
            let drawn = (0..values.len()).map(|_| values[chance.below(values.len())]);
            drawn.sum::<f64>() / many as f64
        };
        let mut means: Vec<f64> = (0..ROUNDS).map(|_| sample(&mut chance)).collect();
        means.sort_by(f64::total_cmp);
        let bound = |share| percentile(&means, share).unwrap_or(mean);
        Self { mean, low: bound(0.025), high: bound(0.975) }
    }
}

/// Questions that can be asked, or why not.
pub fn checked(judged: &[Judged]) -> Result<()> {
    let wrong = |why: String, hint: &str| {
        Err(Error::new(ErrorKind::Invalid, "measuring retrieval", why, hint.to_owned()))
    };
    if judged.is_empty() {
        return wrong("there are no questions".to_owned(), "Write one a line.");
    }
    if judged.len() > MOST {
        return wrong(format!("there are {} questions", judged.len()), "Ask at most 10,000 in one go.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{DocumentId, PassageId};
    use crate::domain::knowledge::attribute::Attributes;

    fn passage(document: u8, ordinal: u32, text: &str) -> Passage {
        Passage {
            id: PassageId::from_bytes([document; 16]),
            document: DocumentId::from_bytes([document; 16]),
            ordinal,
            range: 0..text.len(),
            parent: None,
            tokens: 1,
            text: text.to_owned(),
            attributes: Attributes::new(),
        }
    }

    fn judged(relevant: Vec<(What, f64)>) -> Judged {
        let relevant = relevant.into_iter().map(|(what, grade)| Relevant { what, grade }).collect();
        Judged { query: "q".to_owned(), relevant }
    }

    fn document(name: &str) -> What {
        What::Document(name.to_owned())
    }

    #[test]
    fn figures_are_those_of_the_books() {
        let pages: Vec<Passage> = (0..4).map(|n| passage(n, 0, "text")).collect();
        let hits: Vec<(&Passage, &str)> =
            pages.iter().zip(["/d/a.md", "/d/b.md", "/d/c.md", "/d/e.md"]).collect();
        // Relevant at ranks 2 and 4, with a third that is not found: grades 1, 2, 1.
        let scored = judged(vec![(document("b.md"), 1.0), (document("e.md"), 2.0), (document("z.md"), 1.0)])
            .score(&hits, 4);
        assert_eq!(scored.first, Some(2));
        assert!((scored.recall - 2.0 / 3.0).abs() < 1e-12);
        let gained = 1.0 / 3_f64.log2() + 2.0 / 5_f64.log2();
        let best = 2.0 + 1.0 / 3_f64.log2() + 1.0 / 4_f64.log2();
        assert!((scored.ndcg - gained / best).abs() < 1e-12);
        let none = judged(vec![(document("z.md"), 1.0)]).score(&hits, 4);
        assert_eq!((none.first, none.recall, none.ndcg), (None, 0.0, 0.0));
        // Behind the first k nothing counts.
        assert_eq!(judged(vec![(document("e.md"), 1.0)]).score(&hits, 3).first, None);
        let all = judged(vec![(document("a.md"), 1.0), (document("b.md"), 1.0)]).score(&hits, 4);
        assert_eq!((all.first, all.recall, all.ndcg), (Some(1), 1.0, 1.0));
    }

    #[test]
    fn of_several_hits_of_one_document_the_first_counts_where_documents_are_wanted() {
        let pages = [passage(1, 0, "one"), passage(1, 1, "two"), passage(2, 0, "three")];
        let hits: Vec<(&Passage, &str)> = pages.iter().zip(["a.md", "a.md", "b.md"]).collect();
        assert_eq!(judged(vec![(document("b.md"), 1.0)]).score(&hits, 2).first, Some(2));
        let second = What::Passage { document: "a.md".to_owned(), number: 2 };
        assert_eq!(judged(vec![(second, 1.0)]).score(&hits, 2).first, Some(2));
        assert_eq!(judged(vec![(What::Text("th ree".to_owned()), 1.0)]).score(&hits, 3).first, None);
        assert_eq!(judged(vec![(What::Text(" three\n".to_owned()), 1.0)]).score(&hits, 3).first, Some(3));
    }

    #[test]
    fn a_place_ends_at_a_slash() {
        assert!(ends_with("/docs/guide/a.md", "guide/a.md"));
        assert!(ends_with("/docs/guide/a.md", "/guide/a.md"));
        assert!(ends_with("a.md", "a.md"));
        assert!(!ends_with("/docs/banana.md", "a.md"));
    }

    #[test]
    fn an_interval_holds_the_mean_and_is_the_same_each_time() {
        let scored = |first: Option<u32>| Scored { first, recall: 0.5, ndcg: 0.25 };
        let questions: Vec<Scored> = (0..50).map(|n| scored((n % 2 == 0).then_some(1))).collect();
        let rerank = Reranking::Off;
        let setting =
            || Setting { mode: Mode::Hybrid, filter: None, threshold: None, rerank: rerank.clone() };
        let measured = Measured::of(setting(), questions.clone(), None, 7);
        let rate = measured.hit_rate;
        assert!(
            (rate.mean - 0.5).abs() < 1e-12 && rate.low < 0.45 && rate.high > 0.55 && rate.low > 0.3,
            "{rate:?}"
        );
        assert_eq!(measured, Measured::of(setting(), questions, None, 7));
        assert_eq!((measured.remark(), setting().words()), (None, "hybrid".to_owned()));
        assert_eq!((measured.recall.low, measured.recall.high), (0.5, 0.5));
    }
}
