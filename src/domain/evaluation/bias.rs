//! What votes go by besides the answers: the side, the length, haste; and whether a rater agrees with themself.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

use super::battle::Outcome;
use super::figure::{Estimate, Figure, Missing, plain};
use super::interval::{median, sign_test, wilson};
use super::metric::Metric;
use super::vote::{Chosen, ResponseId, Saying, Value};

/// Where the chosen answer stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
}

/// How often one of two kinds of answers was chosen, where without a bias it is half of the time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaning {
    /// The share, with Wilson's interval; ties are not among it.
    #[serde(with = "plain")]
    pub share: Figure<Estimate>,
    /// The chance of a share as far from half if there were no bias (sign test).
    #[serde(with = "plain")]
    pub p: Figure,
    /// Of so many votes.
    pub votes: u64,
    /// Votes that say nothing of it.
    pub left_out: u64,
}

impl Leaning {
    fn of(said: impl Iterator<Item = Option<bool>>) -> Self {
        let (mut yes, mut no, mut left_out) = (0, 0, 0);
        for said in said {
            match said {
                Some(true) => yes += 1,
                Some(false) => no += 1,
                None => left_out += 1,
            }
        }
        let why = if left_out > 0 { Missing::OnlyTies } else { Missing::NoVotes };
        Self {
            share: wilson(yes as f64, (yes + no) as f64).map_err(|_| why.clone()),
            p: sign_test(yes, no).map_err(|_| why),
            votes: yes + no,
            left_out,
        }
    }

    /// The same without a share, and why.
    #[must_use]
    pub fn without(self, why: &Missing) -> Self {
        Self { share: Err(why.clone()), p: Err(why.clone()), ..self }
    }

    /// Whether half is outside of the interval.
    pub fn is_leaning(&self) -> bool {
        self.share.as_ref().is_ok_and(|share| share.low > 0.5 || share.high < 0.5)
    }
}

/// The answer that a vote put first by a metric, by its place from the left: `None` where the vote says nothing of the metric, or
/// rates each answer by itself; `Some(None)` for a tie.
pub fn chosen(vote: &impl Saying, metric: &Metric) -> Option<Option<usize>> {
    let place = |id: &ResponseId| vote.shown().iter().position(|shown| shown == id);
    match vote.value(&metric.name)? {
        // 1 is strongly the left one.
        Value::Preference(points) => {
            Some(match (2 * u16::from(*points)).cmp(&(u16::from(metric.points()?) + 1)) {
                Ordering::Less => Some(0),
                Ordering::Equal => None,
                Ordering::Greater => Some(1),
            })
        }
        Value::Choice(Chosen::One(id)) => Some(place(id)),
        Value::Choice(_) => Some(None),
        Value::Ranks(ranks) => {
            let best = ranks.iter().map(|(_, rank)| rank).min()?;
            let mut first = ranks.iter().filter(|(_, rank)| rank == best);
            let (id, _) = first.next()?;
            Some(place(id).filter(|_| first.next().is_none()))
        }
        Value::Thumbs(_) | Value::Points(_) => None,
    }
}

/// The side that a vote chose by a comparing metric: `None` where it says nothing of it, `Some(None)` for a tie. Of more than two
/// answers the middle one stands on no side.
pub fn side(vote: &impl Saying, metric: &Metric) -> Option<Option<Side>> {
    let last = vote.shown().len().checked_sub(1)?;
    Some(chosen(vote, metric)?.and_then(|place| match (2 * place).cmp(&last) {
        Ordering::Less => Some(Side::Left),
        Ordering::Equal => None,
        Ordering::Greater => Some(Side::Right),
    }))
}

/// How often the left one was chosen, or one of the left half; `None` for a tie. With sides balanced, half is what there is without
/// a bias.
pub fn position(chosen: impl IntoIterator<Item = Option<Side>>) -> Leaning {
    Leaning::of(chosen.into_iter().map(|side| side.map(|side| side == Side::Left)))
}

/// How often the longer one was chosen, or of several one that is longer than most, from the lengths of the answers and the place
/// of the chosen one. Ties and lengths in the middle say nothing. A share beyond half is no proof of a bias: longer answers may be
/// better ones.
pub fn length(votes: impl IntoIterator<Item = (Vec<u64>, Option<usize>)>) -> Leaning {
    Leaning::of(votes.into_iter().map(|(lengths, chosen)| {
        let own = lengths.get(chosen?)?;
        let [shorter, longer] = [Ordering::Less, Ordering::Greater]
            .map(|order| lengths.iter().filter(|other| (*other).cmp(own) == order).count());
        (shorter != longer).then_some(shorter > longer)
    }))
}

/// How often the winner changes when the same two answers change sides, from the outcomes of both orders by answer. Both
/// kinds of ties are equal.
pub fn flips(pairs: impl IntoIterator<Item = (Outcome, Outcome)>) -> Figure<Estimate> {
    let (mut changed, mut all) = (0_u64, 0_u64);
    for (one, other) in pairs {
        all += 1;
        changed += u64::from(one != other && !(one.is_tie() && other.is_tie()));
    }
    wilson(changed as f64, all as f64).map_err(|_| Missing::NothingShared)
}

/// How a rater answered what came again without their knowing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Consistency {
    /// The share of equal answers, with Wilson's interval.
    #[serde(with = "plain")]
    pub equal: Figure<Estimate>,
    /// The mean distance on a scale of steps.
    #[serde(with = "plain")]
    pub distance: Figure,
}

/// From the values of first and repeated votes.
pub fn consistency(pairs: &[(f64, f64)]) -> Consistency {
    let n = pairs.len() as f64;
    let apart = |(one, other): &(f64, f64)| (one - other).abs();
    let equal = pairs.iter().filter(|pair| apart(pair) <= 0.0).count() as f64;
    let equal = wilson(equal, n).map_err(|_| Missing::NothingShared);
    let distance = pairs.iter().map(apart).sum::<f64>() / n.max(1.0);
    Consistency { distance: equal.as_ref().map(|_| distance).map_err(Clone::clone), equal }
}

/// How fast a rater is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Half of the items took less, in milliseconds.
    #[serde(with = "plain")]
    pub median_ms: Figure,
    /// The votes, from 0 in their order, from which on the last ten were hasty: the flag is for the owner of a task.
    pub hasty_from: Option<usize>,
}

/// Ten votes tell whether someone hurries.
const WINDOW: usize = 10;

/// A rater's pace from the active times of their votes in order: hasty are ten votes whose median is below 40 % of the
/// median of all before them, of which there must be ten.
pub fn pace(active_ms: &[u64]) -> Pace {
    let times: Vec<f64> = active_ms.iter().map(|ms| *ms as f64).collect();
    let mut before = Running::default();
    let mut hasty_from = None;
    for (at, ms) in active_ms.iter().enumerate() {
        let last = times.get(at..at + WINDOW).filter(|_| at >= WINDOW).and_then(median);
        if last.zip(before.median()).is_some_and(|(last, before)| last < 0.4 * before) {
            hasty_from = Some(at);
            break;
        }
        before.push(*ms);
    }
    Pace { median_ms: median(&times).ok_or(Missing::NoVotes), hasty_from }
}

/// The median of values as they come: the lower half, and the upper one, which is never the larger.
#[derive(Default)]
struct Running {
    low: BinaryHeap<u64>,
    high: BinaryHeap<Reverse<u64>>,
}

impl Running {
    fn push(&mut self, value: u64) {
        self.low.push(value);
        self.high.extend(self.low.pop().map(Reverse));
        if self.high.len() > self.low.len() {
            self.low.extend(self.high.pop().map(|Reverse(least)| least));
        }
    }

    fn median(&self) -> Option<f64> {
        let low = *self.low.peek()? as f64;
        let high = self.high.peek().filter(|_| self.high.len() == self.low.len());
        Some(high.map_or(low, |Reverse(high)| f64::midpoint(low, *high as f64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaning_is_told_with_its_bounds_and_ties_are_left_out() {
        let left = |left, right, ties| {
            let said = [(Some(Side::Left), left), (Some(Side::Right), right), (None, ties)];
            position(said.into_iter().flat_map(|(side, times)| vec![side; times]))
        };
        let leans = left(70, 30, 12);
        assert_eq!((leans.votes, leans.left_out, leans.is_leaning()), (100, 12, true));
        assert!((leans.share.unwrap().value - 0.7).abs() < 1e-12);
        assert!(leans.p.unwrap() < 0.001);
        assert!(!left(52, 48, 0).is_leaning());
        assert_eq!(left(0, 0, 3).share, Err(Missing::OnlyTies));
        assert_eq!(left(0, 0, 0).p, Err(Missing::NoVotes));
    }

    #[test]
    fn the_longer_answer_is_counted_where_one_is_longer() {
        let two = |one, other| vec![one, other];
        let votes = [(two(10, 5), Some(0)), (two(10, 5), Some(1)), (two(3, 9), Some(1))];
        let silent = [(two(4, 4), Some(0)), (two(1, 2), None)];
        let told = length(votes.into_iter().chain(silent));
        assert_eq!((told.votes, told.left_out), (3, 2));
        assert!((told.share.unwrap().value - 2.0 / 3.0).abs() < 1e-12);
        // Of several: longer than most, in the middle, shorter than most.
        let told = length([(vec![1, 2, 3], Some(2)), (vec![1, 2, 3], Some(1)), (vec![1, 2, 3, 4], Some(1))]);
        assert_eq!((told.votes, told.left_out, told.share.unwrap().value), (2, 1, 0.5));
    }

    #[test]
    fn a_winner_that_changes_with_the_sides_is_a_flip() {
        use Outcome::{A, B, BothBad, Tie};
        assert!((flips([(A, A), (A, B), (Tie, BothBad), (A, Tie)]).unwrap().value - 0.5).abs() < 1e-12);
        assert_eq!(flips([]), Err(Missing::NothingShared));
    }

    #[test]
    fn what_came_again_is_held_against_the_first_answer() {
        let told = consistency(&[(3.0, 3.0), (5.0, 4.0), (1.0, 4.0), (2.0, 2.0)]);
        assert!((told.equal.unwrap().value - 0.5).abs() < 1e-12);
        assert!((told.distance.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(consistency(&[]).distance, Err(Missing::NothingShared));
    }

    #[test]
    fn the_median_of_values_as_they_come_is_theirs() {
        let (mut running, mut so_far) = (Running::default(), Vec::new());
        assert_eq!(running.median(), None);
        for value in [5, 1, 9, 9, 2, 8, 0, 7, 3] {
            running.push(value);
            so_far.push(value as f64);
            assert_eq!(running.median(), median(&so_far), "{so_far:?}");
        }
    }

    #[test]
    fn who_hurries_is_seen_where_the_hurry_begins() {
        let steady: Vec<u64> = (0..40).map(|at| 10_000 + at % 7 * 500).collect();
        assert_eq!(pace(&steady).hasty_from, None);
        let hurried: Vec<u64> = steady.iter().copied().take(20).chain([2_000; 15]).collect();
        let from = pace(&hurried).hasty_from.unwrap();
        assert!((14..=20).contains(&from), "{from}");
        assert_eq!(pace(&[]).median_ms, Err(Missing::NoVotes));
        assert_eq!(pace(&[1; 19]).hasty_from, None);
    }
}
