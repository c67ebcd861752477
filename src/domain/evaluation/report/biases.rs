//! What votes by a metric go by besides the answers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::gather::{Gathered, Kept};
use crate::domain::evaluation::battle::Outcome;
use crate::domain::evaluation::bias::{Leaning, Side, flips, length, position, side};
use crate::domain::evaluation::figure::{Estimate, Figure, Missing, plain};
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::vote::{Chosen, Value};

/// The leanings of a comparing metric. How fast raters are stands with the raters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Biases {
    /// How often the left one of two was chosen.
    pub position: Leaning,
    /// How often the longer one of two was chosen.
    pub length: Leaning,
    /// How often a rater's winner changed when the same two answers came again the other way round.
    #[serde(with = "plain")]
    pub flips: Figure<Estimate>,
}

pub(super) fn biases(gathered: &Gathered<'_>, metric: &Metric) -> Biases {
    let compared: Vec<_> =
        gathered.main.iter().filter_map(|kept| Some((kept, side(kept.vote, metric)?))).collect();
    // What they were where none of them says anything of it.
    let is_bad =
        |kept: &Kept<'_>| matches!(kept.vote.value(&metric.name), Some(Value::Choice(Chosen::BothBad)));
    let bad = compared.iter().any(|(kept, _)| is_bad(kept));
    let ties = compared.iter().any(|(kept, side)| side.is_none() && !is_bad(kept));
    let undecided = if compared.iter().any(|(_, side)| side.is_some()) {
        Missing::Unfit { what: "where one was chosen both are of one length".into() }
    } else {
        Missing::undecided(ties, bad)
    };
    // Votes among three and more have no left one; where there are no others that is why.
    let votes = gathered.main_by(metric).count() as u64;
    let among_more = compared.is_empty() && votes > 0;
    let told = |leaning: Leaning| {
        if !among_more {
            let why = |_| undecided.clone();
            let silent = leaning.votes == 0 && leaning.left_out > 0;
            return if silent {
                Leaning { share: leaning.share.map_err(why), p: leaning.p.map_err(why), ..leaning }
            } else {
                leaning
            };
        }
        let why = || Missing::Unfit { what: "no vote is on two answers".into() };
        Leaning { share: Err(why()), p: Err(why()), left_out: votes, ..leaning }
    };
    let lengths = compared.iter().map(|(kept, side)| {
        let item = &gathered.input.items[kept.item];
        let of = |at: usize| kept.vote.shown.get(at).and_then(|id| item.length(id));
        let (left, right) = of(0).zip(of(1)).unwrap_or_default();
        let outcome = match side {
            Some(Side::Left) => Outcome::A,
            Some(Side::Right) => Outcome::B,
            None => Outcome::Tie,
        };
        (left, right, outcome)
    });
    Biases {
        length: told(length(lengths)),
        position: told(position(compared.iter().map(|(_, side)| *side))),
        flips: flipped(gathered, metric),
    }
}

fn flipped(gathered: &Gathered<'_>, metric: &Metric) -> Figure<Estimate> {
    let pairs = repeated(gathered).into_iter().filter_map(|(first, again)| {
        let turned = first.shown.iter().eq(again.shown.iter().rev()) && first.shown.len() == 2;
        let outcome = |kept: &Kept<'_>| kept.outcome(metric, &gathered.sources);
        turned.then(|| outcome(first).zip(outcome(again))).flatten()
    });
    flips(pairs).map_err(|_| Missing::Unfit { what: "nothing came again the other way round".into() })
}

/// What came again unannounced, each with the first vote of the same rater on it.
pub(super) fn repeated<'a>(gathered: &'a Gathered<'a>) -> Vec<(&'a Kept<'a>, &'a Kept<'a>)> {
    if gathered.repeats.is_empty() {
        return Vec::new();
    }
    let firsts: HashMap<(usize, usize), &Kept<'_>> =
        gathered.main.iter().chain(&gathered.on_gold).map(|kept| ((kept.rater, kept.item), kept)).collect();
    let pair = |again: &'a Kept<'a>| Some((*firsts.get(&(again.rater, again.item))?, again));
    gathered.repeats.iter().filter_map(pair).collect()
}
