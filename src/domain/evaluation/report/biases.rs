//! What votes by a metric go by besides the answers.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::gather::{Gathered, Kept};
use super::ranking::is_of_one_item;
use crate::domain::evaluation::bias::{Leaning, chosen, flips, length, position, side};
use crate::domain::evaluation::figure::{Estimate, Figure, Missing, plain};
use crate::domain::evaluation::interval::median;
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::vote::{Chosen, Value};

/// The leanings of a comparing metric. How fast each rater is stands with the raters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Biases {
    /// How often the left one was chosen, of more than two one of the left half.
    pub position: Leaning,
    /// The same of the votes that took their rater less than half of theirs did.
    pub speed: Leaning,
    /// How often the longer one was chosen, of more than two one that is longer than most.
    pub length: Leaning,
    /// How often a rater's winner changed when the same two answers came again the other way round.
    #[serde(with = "plain")]
    pub flips: Figure<Estimate>,
}

/// A vote, and the place of the answer that it put first.
type Compared<'a> = (&'a Kept<'a>, Option<usize>);

pub(super) fn biases(gathered: &Gathered<'_>, metric: &Metric) -> Biases {
    let compared: Vec<Compared<'_>> =
        gathered.main.iter().filter_map(|kept| Some((kept, chosen(kept, metric)?))).collect();
    // What they were where none of them says anything of it.
    let is_bad =
        |kept: &Kept<'_>| matches!(kept.vote.value(&metric.name), Some(Value::Choice(Chosen::BothBad)));
    let bad = compared.iter().any(|(kept, _)| is_bad(kept));
    let ties = compared.iter().any(|(kept, chosen)| chosen.is_none() && !is_bad(kept));
    let undecided = if compared.iter().any(|(_, chosen)| chosen.is_some()) {
        Missing::Unfit { what: "where one was chosen it is neither longer nor shorter than most".into() }
    } else {
        Missing::undecided(ties, bad)
    };
    let told = |leaning: Leaning| {
        if leaning.votes == 0 && leaning.left_out > 0 { leaning.without(&undecided) } else { leaning }
    };
    let sides =
        |votes: &[&Compared<'_>]| position(votes.iter().map(|(kept, _)| side(*kept, metric).flatten()));
    let quick = quick(gathered.raters.len(), &compared);
    let speed = if quick.is_empty() && !compared.is_empty() {
        sides(&quick).without(&Missing::Unfit { what: "no vote was quicker than another".into() })
    } else {
        sides(&quick)
    };
    let lengths = compared.iter().map(|(kept, chosen)| {
        let length = |id| gathered.input.sources.length(id);
        let lengths: Option<Vec<u64>> = kept.vote.shown().iter().map(length).collect();
        (lengths.unwrap_or_default(), *chosen)
    });
    let one_item = is_of_one_item(compared.iter().map(|(kept, _)| *kept));
    let told = |leaning: Leaning| if one_item { leaning.without(&Missing::OneItem) } else { told(leaning) };
    Biases {
        length: told(length(lengths)),
        position: told(sides(&compared.iter().collect::<Vec<_>>())),
        speed: if one_item { speed.without(&Missing::OneItem) } else { speed },
        flips: flipped(gathered, metric),
    }
}

/// The votes that took less than the median of their rater's.
fn quick<'c, 'g>(raters: usize, compared: &'c [Compared<'g>]) -> Vec<&'c Compared<'g>> {
    let mut times = vec![Vec::new(); raters];
    for (kept, _) in compared {
        times[kept.rater].push(kept.vote.active_ms() as f64);
    }
    let medians: Vec<Option<f64>> = times.iter().map(|times| median(times)).collect();
    let is_quick =
        |kept: &Kept<'_>| medians[kept.rater].is_some_and(|half| (kept.vote.active_ms() as f64) < half);
    compared.iter().filter(|(kept, _)| is_quick(kept)).collect()
}

fn flipped(gathered: &Gathered<'_>, metric: &Metric) -> Figure<Estimate> {
    let pairs = repeated(gathered).into_iter().filter_map(|(first, again)| {
        let turned = first.shown.iter().eq(again.shown.iter().rev()) && first.shown.len() == 2;
        let outcome = |kept: &Kept<'_>| kept.outcome(metric);
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
