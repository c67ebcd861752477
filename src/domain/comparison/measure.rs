//! What an answer took: how soon, how fast, how much; which column did best, and what many turns come to.

use serde::{Deserialize, Serialize};

use crate::domain::catalog::Price;
use crate::domain::evaluation::interval::nearest_rank;
use crate::domain::message::{Answer, Outcome};

/// So many answers have a 95th percentile that says something.
pub const ENOUGH: usize = 20;

/// The figures of one answer; `None` is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measure {
    /// To the first piece, in milliseconds.
    pub first_ms: Option<u32>,
    /// To the end, in milliseconds.
    pub total_ms: Option<u32>,
    /// Over the streaming window.
    pub per_second: Option<f32>,
    pub input: Option<u32>,
    pub output: Option<u32>,
    /// US dollars, an estimate.
    pub cost: Option<f64>,
}

impl Measure {
    /// Of an answer, by the price of its model.
    pub fn of(answer: &Answer, price: Option<&Price>) -> Self {
        Self {
            first_ms: answer.timing.first_token_ms,
            total_ms: answer.timing.total_ms,
            per_second: answer.tokens_per_second(),
            input: answer.usage.input,
            output: answer.usage.output,
            cost: price.and_then(|price| price.of(&answer.usage)),
        }
    }
}

impl Measure {
    /// Of an answer that came to its own end: only such compete.
    pub fn of_complete(answer: &Answer, price: Option<&Price>) -> Option<Self> {
        matches!(answer.outcome, Outcome::Complete { .. }).then(|| Self::of(answer, price))
    }
}

/// A figure of which one can be better than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contest {
    First,
    Total,
    Speed,
    Cost,
}

impl Contest {
    pub const ALL: [Self; 4] = [Self::First, Self::Total, Self::Speed, Self::Cost];

    /// The figure, as one of which less is better.
    fn rank(self, measure: &Measure) -> Option<f64> {
        match self {
            Self::First => measure.first_ms.map(f64::from),
            Self::Total => measure.total_ms.map(f64::from),
            Self::Speed => measure.per_second.map(|rate| -f64::from(rate)),
            Self::Cost => measure.cost,
        }
    }

    /// The places of the best. None where fewer than two are known, or all are alike.
    pub fn best(self, measures: &[Option<Measure>]) -> Vec<usize> {
        let ranks: Vec<(usize, f64)> = measures
            .iter()
            .enumerate()
            .filter_map(|(at, measure)| Some((at, self.rank(measure.as_ref()?)?)))
            .collect();
        let Some(least) = ranks.iter().map(|(_, rank)| *rank).min_by(f64::total_cmp) else {
            return Vec::new();
        };
        let best: Vec<_> =
            ranks.iter().filter(|(_, rank)| rank.total_cmp(&least).is_eq()).map(|(at, _)| *at).collect();
        if best.len() == ranks.len() { Vec::new() } else { best }
    }
}

/// What the answers of a column come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Those that came, whole or in part.
    pub answers: u64,
    /// Calls that no answer came of.
    pub failed: u64,
    /// Half were so quick to their first piece, in milliseconds.
    pub first_p50: Option<u32>,
    /// 95 of 100 were; `None` with fewer than 20 answers.
    pub first_p95: Option<u32>,
    pub total_p50: Option<u32>,
    pub total_p95: Option<u32>,
    /// Half were so fast or faster, in tokens per second.
    pub per_second: Option<f32>,
    /// Tokens of all that came; `None` where those of any are not known, or none came.
    pub input: Option<u64>,
    pub output: Option<u64>,
    /// US dollars of all that came; `None` where the cost of any is not known, or none came.
    pub cost: Option<f64>,
}

impl Summary {
    /// Of the answers of one column.
    pub fn of<'a>(answers: impl IntoIterator<Item = &'a Answer>, price: Option<&Price>) -> Self {
        let answers: Vec<&Answer> = answers.into_iter().collect();
        let failed = answers.iter().filter(|answer| matches!(answer.outcome, Outcome::Failed { .. })).count();
        let ended = answers.iter().filter(|answer| !matches!(answer.outcome, Outcome::Failed { .. }));
        let measures: Vec<Measure> = ended.map(|answer| Measure::of(answer, price)).collect();
        // How long an answer took that was cut short says nothing of its model.
        let complete: Vec<Measure> =
            answers.iter().filter_map(|answer| Measure::of_complete(answer, price)).collect();
        let of =
            |figure: fn(&Measure) -> Option<u32>, share| at(&complete, |m| figure(m).map(f64::from), share);
        let sum = |figure: fn(&Measure) -> Option<u32>| {
            let known: Option<u64> = measures.iter().map(|measure| figure(measure).map(u64::from)).sum();
            known.filter(|_| !measures.is_empty())
        };
        let costs: Option<f64> = measures.iter().map(|measure| measure.cost).sum();
        Self {
            answers: measures.len() as u64,
            failed: failed as u64,
            first_p50: of(|m| m.first_ms, 0.5).map(whole),
            first_p95: of(|m| m.first_ms, 0.95).map(whole),
            total_p50: of(|m| m.total_ms, 0.5).map(whole),
            total_p95: of(|m| m.total_ms, 0.95).map(whole),
            per_second: at(&complete, |m| m.per_second.map(f64::from), 0.5).map(|rate| rate as f32),
            input: sum(|m| m.input),
            output: sum(|m| m.output),
            cost: costs.filter(|_| !measures.is_empty()),
        }
    }
}

/// The figure below which that share of those lies that are known; beyond the half only where there are enough.
fn at(measures: &[Measure], figure: impl Fn(&Measure) -> Option<f64>, share: f64) -> Option<f64> {
    let mut known: Vec<f64> = measures.iter().filter_map(figure).collect();
    if share > 0.5 && known.len() < ENOUGH {
        return None;
    }
    known.sort_by(f64::total_cmp);
    nearest_rank(&known, share)
}

fn whole(ms: f64) -> u32 {
    ms as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::{StopReason, Timing, Usage};

    fn answer(first: u32, total: u32, output: u32) -> Answer {
        Answer {
            usage: Usage { input: Some(10), output: Some(output), ..Usage::default() },
            timing: Timing { first_token_ms: Some(first), total_ms: Some(total), ..Timing::default() },
            ..Answer::untold("a/b".parse().unwrap(), Outcome::Complete { reason: StopReason::EndTurn })
        }
    }

    fn measure(first: u32, total: u32, output: u32) -> Measure {
        Measure::of(&answer(first, total, output), None)
    }

    #[test]
    fn the_best_of_each_figure_is_marked_and_none_where_there_is_nothing_to_choose() {
        let [a, b, d] = [measure(100, 1100, 101), measure(50, 2050, 401), measure(50, 3050, 11)].map(Some);
        let columns = [a, b, None, d];
        assert_eq!(Contest::First.best(&columns), [1, 3]);
        assert_eq!(Contest::Total.best(&columns), [0]);
        assert_eq!(Contest::Speed.best(&columns), [1]);
        assert_eq!(Contest::Cost.best(&columns), [0_usize; 0], "nobody knows a price");
        assert_eq!(Contest::First.best(&columns[..1]), [0_usize; 0], "alone nobody is best");
        assert_eq!(Contest::First.best(&[measure(5, 9, 2), measure(5, 8, 2)].map(Some)), [0_usize; 0]);
    }

    #[test]
    fn a_summary_tells_its_95th_percentile_only_of_enough_answers() {
        let answers: Vec<_> = (1..=20).map(|n| answer(n * 10, n * 100, 11)).collect();
        let all = Summary::of(&answers, None);
        assert_eq!((all.first_p50, all.first_p95), (Some(100), Some(190)));
        assert_eq!((all.total_p50, all.total_p95), (Some(1000), Some(1900)));
        assert_eq!((all.answers, all.failed, all.cost), (20, 0, None));
        assert_eq!((all.input, all.output), (Some(200), Some(220)));
        let fewer = Summary::of(&answers[..19], None);
        assert_eq!((fewer.first_p50, fewer.first_p95), (Some(100), None));
        assert_eq!(Summary::of([], None), Summary::default());
    }

    #[test]
    fn what_failed_is_counted_and_has_no_figures() {
        let failed = Answer {
            outcome: Outcome::Failed { error: crate::domain::Error::internal("x", "y") },
            ..answer(1, 1, 1)
        };
        let summary = Summary::of([&answer(70, 90, 3), &failed], None);
        assert_eq!((summary.answers, summary.failed, summary.first_p50), (1, 1, Some(70)));
        assert_eq!(summary.input, Some(10));
        let free = Summary::of([&answer(70, 90, 3), &failed], Some(&Price::nothing()));
        assert_eq!(free.cost, Some(0.0), "what failed takes no price away");
        let none = Summary::of([&failed], None);
        assert_eq!((none.answers, none.failed, none.cost), (0, 1, None));
    }

    #[test]
    fn a_sum_of_what_is_not_known_is_not_known() {
        let untold = Answer { usage: Usage { input: Some(7), ..Usage::default() }, ..answer(1, 9, 1) };
        let summary = Summary::of([&answer(70, 90, 3), &untold], None);
        assert_eq!((summary.input, summary.output), (Some(17), None));
    }
}
