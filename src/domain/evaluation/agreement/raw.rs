//! Plain agreement: how often two votes are equal, with nothing taken off for chance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kappa::equal_pairs;
use super::table::Table;
use crate::domain::evaluation::battle::Outcome;
use crate::domain::evaluation::figure::{Figure, Missing, plain};

/// A share of pairs of votes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// 0 to 1.
    pub share: f64,
    /// Of so many pairs.
    pub pairs: u64,
}

impl Agreement {
    fn of(equal: u64, pairs: u64) -> Figure<Self> {
        if pairs == 0 {
            return Err(Missing::NothingShared);
        }
        Ok(Self { share: equal as f64 / pairs as f64, pairs })
    }
}

/// The share of pairs of votes on one item that are equal.
pub fn percent_agreement<K: Ord + Copy>(table: &Table<'_, K>) -> Figure<Agreement> {
    table.comparable()?;
    let (mut equal, mut pairs) = (0, 0);
    for (_, said) in table.units() {
        let many = said.len() as u64;
        pairs += many * (many - 1) / 2;
        equal += equal_pairs(&said) as u64 / 2;
    }
    Agreement::of(equal, pairs)
}

/// Agreement on who is better, as MT-Bench tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OnWinners {
    /// Of all pairs of votes; a tie and "both bad" are equal.
    #[serde(with = "plain")]
    pub with_ties: Figure<Agreement>,
    /// Of pairs in which neither is a tie.
    #[serde(with = "plain")]
    pub without_ties: Figure<Agreement>,
}

/// How often two votes on the same two answers agree: Zheng et al., "Judging LLM-as-a-judge with MT-Bench and Chatbot
/// Arena", 2023. Outcomes are by answer, not by side.
pub fn on_winners(pairs: impl IntoIterator<Item = (Outcome, Outcome)>) -> OnWinners {
    let (mut all, mut all_equal, mut decided, mut decided_equal) = (0, 0, 0, 0);
    let (mut ties, mut bad) = (false, false);
    for (one, other) in pairs {
        let equal = one == other || one.is_tie() && other.is_tie();
        all += 1;
        ties |= one == Outcome::Tie || other == Outcome::Tie;
        bad |= one == Outcome::BothBad || other == Outcome::BothBad;
        all_equal += u64::from(equal);
        if !one.is_tie() && !other.is_tie() {
            decided += 1;
            decided_equal += u64::from(equal);
        }
    }
    OnWinners {
        with_ties: Agreement::of(all_equal, all),
        // Pairs there are, and each has a tie in it.
        without_ties: match decided {
            0 if all > 0 => Err(Missing::undecided(ties, bad)),
            _ => Agreement::of(decided_equal, decided),
        },
    }
}

/// The pairs of a judge's verdict on an item and each rater's vote on it, for [`on_winners`]; from (item, outcome).
pub fn between<'a>(
    judge: impl IntoIterator<Item = (&'a str, Outcome)>,
    raters: impl IntoIterator<Item = (&'a str, Outcome)>,
) -> Vec<(Outcome, Outcome)> {
    let judged: BTreeMap<&str, Outcome> = judge.into_iter().collect();
    raters.into_iter().filter_map(|(item, said)| Some((*judged.get(item)?, said))).collect()
}

/// The pairs of votes of two raters on one item, for [`on_winners`]; from (rater, item, outcome), by their names or by whatever else
/// tells them apart.
pub fn among_raters<R: Ord + Copy, I: Ord + Copy>(
    votes: impl IntoIterator<Item = (R, I, Outcome)>,
) -> Vec<(Outcome, Outcome)> {
    let mut votes: Vec<(I, R, Outcome)> =
        votes.into_iter().map(|(rater, item, outcome)| (item, rater, outcome)).collect();
    // Of two by one rater on one item the later one stays behind the earlier, and counts.
    votes.sort_by_key(|(item, rater, _)| (*item, *rater));
    let mut pairs = Vec::new();
    for of_item in votes.chunk_by(|(one, ..), (other, ..)| one == other) {
        let by_rater = of_item.chunk_by(|(_, one, _), (_, other, _)| one == other);
        let said: Vec<Outcome> = by_rater.filter_map(|of| Some(of.last()?.2)).collect();
        for (at, one) in said.iter().enumerate() {
            pairs.extend(said[at + 1..].iter().map(|other| (*one, *other)));
        }
    }
    pairs
}
