//! How a passage stands in the lists in which it was looked for.

use crate::domain::knowledge::ranking::{Mode, Placed};
use crate::domain::knowledge::retrieval::Found;

/// Its rank and score by each way of looking.
pub(super) fn ranks(hit: &Found) -> String {
    let one = |what: &str, placed: Option<Placed>, digits: usize| {
        placed.map(|placed| format!("{what} {} ({:.digits$})", placed.rank, placed.score))
    };
    let standing = &hit.standing;
    let both = standing.vector.is_some() && standing.keyword.is_some();
    let fused = standing.fused.filter(|_| both);
    // Its place by vectors is deeper than anybody looked.
    let deep = standing.cosine.map(|cosine| format!("vector deeper ({cosine:.3})"));
    let told = [
        one("vector", standing.vector, 3).or(deep),
        one("words", standing.keyword, 2),
        one("fused", fused, 4),
        one("reranked", standing.reranked, 3),
    ];
    told.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The same of one that was expected, or why it is in none of them: all vectors that pass a filter are compared.
pub(super) fn expected(passage: &Found, mode: Mode, is_filtered: bool) -> String {
    let ranks = ranks(passage);
    if !ranks.is_empty() {
        return ranks;
    }
    let why = match (mode.semantic(), is_filtered) {
        (true, true) => "kept out by the filter",
        (true, false) => "not compared",
        (false, true) => "no word of the question, or kept out by the filter",
        (false, false) => "no word of the question",
    };
    why.to_owned()
}
