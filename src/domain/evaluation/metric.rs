//! What is asked of a rater, by one of Bedrock's five methods.

use serde::{Deserialize, Serialize};

/// Points of a Likert scale where no labels say otherwise, as Bedrock has them.
pub const POINTS: u8 = 5;

/// How a metric is rated; the names are those of Bedrock's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// Each answer up or down.
    ThumbsUpDown,
    /// Each answer on a scale.
    IndividualLikertScale,
    /// One of two answers over the other on a scale: 1 is strongly the left one, the last point strongly the right one.
    ComparisonLikertScale,
    /// The best of the answers, or a tie, or all bad.
    ComparisonChoice,
    /// The answers in order from 1, ties allowed.
    ComparisonRank,
}

impl Method {
    /// All of them, in Bedrock's order.
    pub const ALL: [Self; 5] = [
        Self::ThumbsUpDown,
        Self::IndividualLikertScale,
        Self::ComparisonLikertScale,
        Self::ComparisonChoice,
        Self::ComparisonRank,
    ];

    /// The name in Bedrock's API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ThumbsUpDown => "ThumbsUpDown",
            Self::IndividualLikertScale => "IndividualLikertScale",
            Self::ComparisonLikertScale => "ComparisonLikertScale",
            Self::ComparisonChoice => "ComparisonChoice",
            Self::ComparisonRank => "ComparisonRank",
        }
    }

    /// The method of that name, in whichever case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name))
    }

    /// The short word that people write for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ThumbsUpDown => "thumbs",
            Self::IndividualLikertScale => "likert",
            Self::ComparisonLikertScale => "compare",
            Self::ComparisonChoice => "choice",
            Self::ComparisonRank => "rank",
        }
    }

    /// Both of its names, for people: the short word, then Bedrock's.
    pub fn called(self) -> String {
        format!("{} ({})", self.word(), self.as_str())
    }

    /// The method that a person means: by its short word or its name, in whichever case, also `thumbs_up_down`.
    pub fn meant(said: &str) -> Option<Self> {
        let plain: String = said.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
        let by_word = |method: &Self| method.word().eq_ignore_ascii_case(&plain);
        Self::ALL.into_iter().find(by_word).or_else(|| Self::named(&plain))
    }

    /// All short words, as a sentence lists them.
    pub fn words() -> String {
        Self::ALL.map(Self::word).join(", ")
    }

    /// Whether answers are held against each other.
    pub const fn compares(self) -> bool {
        matches!(self, Self::ComparisonLikertScale | Self::ComparisonChoice | Self::ComparisonRank)
    }

    /// The fewest and the most answers that it can be asked of.
    pub const fn answers(self) -> (usize, usize) {
        match self {
            Self::ThumbsUpDown | Self::IndividualLikertScale => (1, MOST_ANSWERS),
            Self::ComparisonLikertScale => (2, 2),
            Self::ComparisonChoice | Self::ComparisonRank => (2, MOST_ANSWERS),
        }
    }
}

/// As many answers as can stand side by side.
pub const MOST_ANSWERS: usize = 8;

/// One thing to rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    pub name: String,
    pub description: String,
    pub method: Method,
    /// Words for the points of the scale, the first for 1; for thumbs the ones for up and down. Empty for the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

impl Metric {
    /// Points of its scale; `None` where it has none.
    pub fn points(&self) -> Option<u8> {
        match self.method {
            Method::IndividualLikertScale | Method::ComparisonLikertScale => {
                Some(if self.labels.is_empty() {
                    POINTS
                } else {
                    u8::try_from(self.labels.len()).unwrap_or(u8::MAX)
                })
            }
            _ => None,
        }
    }
}
