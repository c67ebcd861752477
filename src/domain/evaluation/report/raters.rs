//! Each rater: how many votes, how fast, to which side, how they did on what is known and on what came again.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::biases::repeated;
use super::facts::facts;
use super::gather::{Gathered, Kept};
use crate::domain::evaluation::bias::{Consistency, Leaning, Pace, Side, consistency, pace, position, side};
use crate::domain::evaluation::figure::{Estimate, Figure, Missing, plain};
use crate::domain::evaluation::gold::on_gold;
use crate::domain::evaluation::metric::{Method, Metric};

/// One rater.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RaterReport {
    pub name: String,
    /// In the main figures.
    pub votes: u64,
    pub skipped: u64,
    /// The mean time an item was in front of them, without pauses, over all that they rated.
    #[serde(with = "plain")]
    pub mean_seconds: Figure,
    /// Hasty where `hasty_from` is there; it counts all that they rated, in order.
    pub pace: Pace,
    /// By each comparing metric.
    pub left: Vec<LeftChoice>,
    /// The share of right answers on items whose answer is known.
    #[serde(with = "plain")]
    pub gold: Figure<Estimate>,
    /// By each metric, on items that came again.
    pub repeats: Vec<Repeated>,
}

/// How often the left one of two was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftChoice {
    pub metric: String,
    pub leaning: Leaning,
}

/// Whether they agree with themself. Of a choice the distance is the share that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeated {
    pub metric: String,
    pub consistency: Consistency,
}

pub(super) fn raters(gathered: &Gathered<'_>) -> Vec<RaterReport> {
    let metrics = &gathered.input.task.metrics;
    let by_rater = |votes: &'_ [Kept<'_>]| {
        let mut counts = vec![0_u64; gathered.raters.len()];
        for kept in votes {
            counts[kept.rater] += 1;
        }
        counts
    };
    let (votes, skipped) = (by_rater(&gathered.main), by_rater(&gathered.skipped));
    let known = on_gold(gathered.input.task, &gathered.on_gold);
    let known: HashMap<&str, Figure<Estimate>> = known.into_iter().collect();
    let times = times(gathered);
    let sides: Vec<Vec<Vec<_>>> = metrics.iter().map(|metric| sides(gathered, metric)).collect();
    let again: Vec<Vec<Vec<_>>> = metrics.iter().map(|metric| again(gathered, metric)).collect();
    let row = |(at, name): (usize, &&str)| RaterReport {
        name: (*name).to_owned(),
        votes: votes[at],
        skipped: skipped[at],
        mean_seconds: mean_seconds(&times[at]),
        pace: pace(&times[at]),
        left: metrics
            .iter()
            .zip(&sides)
            .filter(|(metric, _)| metric.method.compares())
            .map(|(metric, sides)| LeftChoice { metric: metric.name.clone(), leaning: leaning(&sides[at]) })
            .collect(),
        gold: known.get(name).cloned().unwrap_or(Err(Missing::NoVotes)),
        repeats: metrics
            .iter()
            .zip(&again)
            .map(|(metric, again)| Repeated {
                metric: metric.name.clone(),
                consistency: with_themself(&again[at]),
            })
            .collect(),
    };
    gathered.raters.iter().enumerate().map(row).collect()
}

/// To which side they lean. Who rated one item alone has shown no habit.
fn leaning(sides: &[(usize, Option<Side>)]) -> Leaning {
    let leaning = position(sides.iter().map(|(_, side)| *side));
    let one_item = sides.first().is_some_and(|(first, _)| sides.iter().all(|(item, _)| item == first));
    if one_item { leaning.without(&Missing::OneItem) } else { leaning }
}

fn with_themself(pairs: &[(f64, f64)]) -> Consistency {
    if pairs.is_empty() {
        let why = || Missing::Unfit { what: "nothing came again".into() };
        return Consistency { equal: Err(why()), distance: Err(why()) };
    }
    consistency(pairs)
}

fn mean_seconds(active_ms: &[u64]) -> Figure {
    match active_ms.len() {
        0 => Err(Missing::NoVotes),
        many => Ok(active_ms.iter().map(|ms| *ms as f64).sum::<f64>() / many as f64 / 1_000.0),
    }
}

/// Active times of everything that each rater rated, in order.
fn times(gathered: &Gathered<'_>) -> Vec<Vec<u64>> {
    let mut all: Vec<&Kept<'_>> =
        gathered.main.iter().chain(&gathered.on_gold).chain(&gathered.repeats).collect();
    all.sort_by_key(|kept| kept.vote.at());
    let mut times = vec![Vec::new(); gathered.raters.len()];
    for kept in all {
        times[kept.rater].push(kept.vote.active_ms());
    }
    times
}

/// What each rater chose, with the item.
fn sides(gathered: &Gathered<'_>, metric: &Metric) -> Vec<Vec<(usize, Option<Side>)>> {
    let mut sides = vec![Vec::new(); gathered.raters.len()];
    for kept in &gathered.main {
        sides[kept.rater].extend(side(kept, metric).map(|side| (kept.item, side)));
    }
    sides
}

/// The values of first and repeated votes of each rater.
fn again(gathered: &Gathered<'_>, metric: &Metric) -> Vec<Vec<(f64, f64)>> {
    let mut pairs = vec![Vec::new(); gathered.raters.len()];
    for (first, again) in repeated(gathered) {
        let before = facts(first, metric, gathered.sources.len());
        for fact in facts(again, metric, gathered.sources.len()) {
            let Some(known) = before.iter().find(|known| known.answer == fact.answer) else { continue };
            let (one, other) = if metric.method == Method::ComparisonChoice {
                (0, u16::from(known.value != fact.value))
            } else {
                (known.value, fact.value)
            };
            pairs[again.rater].push((f64::from(one), f64::from(other)));
        }
    }
    pairs
}
