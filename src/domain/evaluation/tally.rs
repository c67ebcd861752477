//! Votes counted: how often each value was given, and how many of those that are due are there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::figure::{Estimate, Figure, Missing, plain};
use super::interval::wilson;

/// How often each value of a scale was given: Bedrock's card of a Likert scale or of ranks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Each value of the scale with its count, those that nobody gave among them.
    pub counts: Vec<(u8, u64)>,
    /// Values beside the scale.
    pub beside: u64,
}

impl Spread {
    /// From values, for a scale of so many points from 1 on.
    pub fn of(points: u8, values: impl IntoIterator<Item = u8>) -> Self {
        let mut counts: Vec<(u8, u64)> = (1..=points).map(|value| (value, 0)).collect();
        let mut beside = 0;
        for value in values {
            match value.checked_sub(1).and_then(|at| counts.get_mut(usize::from(at))) {
                Some((_, count)) => *count += 1,
                None => beside += 1,
            }
        }
        Self { counts, beside }
    }

    /// Votes on the scale.
    pub fn votes(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    /// The mean of the values.
    pub fn mean(&self) -> Figure {
        match self.votes() {
            0 => Err(Missing::NoVotes),
            votes => {
                let sum: u64 = self.counts.iter().map(|(value, count)| u64::from(*value) * count).sum();
                Ok(sum as f64 / votes as f64)
            }
        }
    }

    /// The share of a value, 0 to 1.
    pub fn share(&self, value: u8) -> Figure {
        let given = self.counts.iter().find(|(known, _)| *known == value).map_or(0, |(_, count)| *count);
        match self.votes() {
            0 => Err(Missing::NoVotes),
            votes => Ok(given as f64 / votes as f64),
        }
    }
}

/// The share of "up" among thumbs, with Wilson's interval: Bedrock's card of `ThumbsUpDown`.
pub fn thumbs_up(thumbs: impl IntoIterator<Item = bool>) -> Figure<Estimate> {
    let (mut up, mut all) = (0_u64, 0_u64);
    for thumb in thumbs {
        all += 1;
        up += u64::from(thumb);
    }
    wilson(up as f64, all as f64)
}

/// How often each was chosen, of all choices of one: Bedrock's card of `ComparisonChoice`. Ties are not among it.
pub fn preferred<'a>(choices: impl IntoIterator<Item = &'a str>) -> Vec<(&'a str, Figure<Estimate>)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for choice in choices {
        *counts.entry(choice).or_default() += 1;
    }
    let all: u64 = counts.values().sum();
    counts.into_iter().map(|(name, count)| (name, wilson(count as f64, all as f64))).collect()
}

/// How many of the votes that are due are there. Bedrock lets missing ones drop out silently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    pub votes: u64,
    /// Items × raters of each.
    pub expected: u64,
    /// Skipped ones among the missing.
    pub skipped: u64,
    /// 0 to 1.
    #[serde(with = "plain")]
    pub share: Figure,
}

impl Coverage {
    pub fn of(votes: u64, skipped: u64, items: u64, raters: u64) -> Self {
        let expected = items.saturating_mul(raters);
        let share =
            if expected == 0 { Err(Missing::NoVotes) } else { Ok((votes as f64 / expected as f64).min(1.0)) };
        Self { votes, expected, skipped, share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_with_those_that_nobody_gave() {
        let spread = Spread::of(5, [5, 4, 4, 1, 9, 0]);
        assert_eq!(spread.counts, [(1, 1), (2, 0), (3, 0), (4, 2), (5, 1)]);
        assert_eq!((spread.votes(), spread.beside), (4, 2));
        assert_eq!((spread.mean(), spread.share(4)), (Ok(3.5), Ok(0.5)));
        assert_eq!(Spread::of(5, []).mean(), Err(Missing::NoVotes));
        assert_eq!(Spread::of(5, []).share(1), Err(Missing::NoVotes));
    }

    #[test]
    fn shares_are_of_what_was_said() {
        assert!((thumbs_up([true, true, false, true]).unwrap().value - 0.75).abs() < 1e-12);
        assert_eq!(thumbs_up([]), Err(Missing::NoVotes));
        let told = preferred(["a", "b", "a", "a"]);
        assert_eq!((told[0].0, told[0].1.as_ref().unwrap().value), ("a", 0.75));
    }

    #[test]
    fn coverage_counts_what_is_missing() {
        let coverage = Coverage::of(45, 3, 20, 3);
        assert_eq!((coverage.expected, coverage.share), (60, Ok(0.75)));
        assert_eq!(Coverage::of(0, 0, 0, 3).share, Err(Missing::NoVotes));
    }
}
