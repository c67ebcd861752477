//! What a search asks and what it gives: ranks and scores, by each way of looking and all together.

use serde::{Deserialize, Serialize};

use super::filter::Filter;
use super::vectors::Probed;
use crate::domain::id::PassageId;

/// How passages are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By the nearness of vectors.
    Semantic,
    /// By both, fused.
    #[default]
    Hybrid,
    /// By words (BM25).
    Keyword,
}

impl Mode {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Semantic => "semantic",
            Self::Hybrid => "hybrid",
            Self::Keyword => "keyword",
        }
    }

    /// Whether vectors are compared.
    pub fn semantic(self) -> bool {
        self != Self::Keyword
    }

    /// Whether words are looked for.
    pub fn keyword(self) -> bool {
        self != Self::Semantic
    }
}

/// A question to an index.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    pub mode: Mode,
    /// For words; not looked at by [`Mode::Semantic`].
    pub text: String,
    /// For nearness; not looked at by [`Mode::Keyword`].
    pub vector: Vec<f32>,
    /// So many are wanted.
    pub results: usize,
    pub filter: Option<Filter>,
    /// Passages whose standing is told in any case: why was this one not found?
    pub expected: Vec<PassageId>,
}

/// A place in one ranked list.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// From 1.
    pub rank: u64,
    /// Cosine (-1 to 1) of vectors, BM25 of words, the sum of reciprocal ranks when fused, relevance as a model says it when
    /// reranked: higher is better.
    pub score: f64,
}

/// A passage in a ranked list.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub id: PassageId,
    pub placed: Placed,
}

/// One ranked list, best first; equal scores in the order of their ids.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ranked {
    pub hits: Vec<Hit>,
    /// Of the passages that were asked for, where they stand, in the order in which they were asked for. `None` where the list
    /// does not have it: it is not there, the filter keeps it out, or no word of it was asked for.
    pub expected: Vec<Option<Placed>>,
    /// How many passages the list would have in all.
    pub among: u64,
    /// Which vectors were compared, where those were not all that `among` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed: Option<Probed>,
}

/// Where one passage stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub id: PassageId,
    pub vector: Option<Placed>,
    pub keyword: Option<Placed>,
    /// The place that counts where nobody reranks; `None` for one that no list brought far enough up.
    pub fused: Option<Placed>,
    /// The place that counts before it; `None` for one that was not given to a reranker, or not said anything of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reranked: Option<Placed>,
    /// Of one that words brought up, and that stands deeper by its vector than the list goes: the cosine, without a rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f64>,
}

impl Standing {
    /// How near its vector is to the question's, -1 to 1; `None` where vectors were not compared.
    pub fn nearness(&self) -> Option<f64> {
        self.vector.map(|placed| placed.score).or(self.cosine)
    }

    /// Whether it is less near than that cosine. One whose cosine nobody knows is too.
    pub fn is_below(&self, least: f64) -> bool {
        self.nearness().is_none_or(|cosine| cosine < least)
    }
}

/// What a search gives.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Standings {
    /// Best first.
    pub hits: Vec<Standing>,
    /// Of the passages that were expected, in the order in which they were asked for.
    pub expected: Vec<Standing>,
    /// Passages that passed the filter and were compared by their vectors.
    pub compared: u64,
    /// Passages that have a word of the question.
    pub matched: u64,
    /// Which vectors were compared, where those were not all of the passages that passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probed: Option<Probed>,
}
