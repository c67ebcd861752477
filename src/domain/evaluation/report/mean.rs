//! Means of points, with bounds that know which votes are of one item.

use serde::{Deserialize, Serialize};

use crate::domain::evaluation::figure::{Figure, Missing, plain};
use crate::domain::evaluation::interval::Z95;

/// A value and its interval, each of which may be missing for a reason of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bounded {
    #[serde(with = "plain")]
    pub value: Figure,
    /// From and to, at 95 %.
    #[serde(with = "plain")]
    pub interval: Figure<(f64, f64)>,
}

/// Fewer items than this tell nothing of how items differ.
const LEAST_ITEMS: u64 = 10;

/// The mean of points from 1 on, each with its item, or with the conversation that its item is of: m ± 1.96·√V, V = C/(C−1)·Σ(sᵢ − nᵢ·m)²/n² over C items of nᵢ votes with
/// the sum sᵢ. Votes on one item are not independent, so that it is items that are taken for a sample (Cochran, "Sampling
/// Techniques", 1977, on clusters of unequal sizes). The interval does not leave the scale.
pub(super) fn by_item(mut said: Vec<(usize, u8)>, points: u8) -> Bounded {
    if said.is_empty() {
        return Bounded { value: Err(Missing::NoVotes), interval: Err(Missing::NoVotes) };
    }
    said.sort_unstable();
    let n = said.len() as f64;
    let mean = said.iter().map(|(_, value)| f64::from(*value)).sum::<f64>() / n;
    let (mut items, mut squares) = (0_u64, 0.0);
    for votes in said.chunk_by(|(one, _), (other, _)| one == other) {
        items += 1;
        squares += votes.iter().map(|(_, value)| f64::from(*value) - mean).sum::<f64>().powi(2);
    }
    let interval = if items == 1 {
        // As every other figure says it.
        Err(Missing::OneItem)
    } else if items < LEAST_ITEMS {
        Err(Missing::too_few(items, LEAST_ITEMS, "item", "items"))
    } else if squares < 1e-12 {
        Err(Missing::AllAlike)
    } else {
        let many = items as f64;
        let reach = Z95 * (many / (many - 1.0) * squares).sqrt() / n;
        Ok(((mean - reach).max(1.0), (mean + reach).min(f64::from(points))))
    };
    Bounded { value: Ok(mean), interval }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_of_one_vote_an_item_has_the_usual_bounds() {
        let said: Vec<(usize, u8)> = (0..40).map(|at| (at, (at % 5) as u8 + 1)).collect();
        let told = by_item(said, 5);
        let (low, high) = told.interval.unwrap();
        // s² = 40/39 · 2, s/√40 · 1.96.
        let reach = 1.959_964 * (2.0_f64 * 40.0 / 39.0 / 40.0).sqrt();
        assert!((told.value.unwrap() - 3.0).abs() < 1e-12);
        assert!((low - (3.0 - reach)).abs() < 1e-6 && (high - (3.0 + reach)).abs() < 1e-6, "{low} {high}");
    }

    #[test]
    fn votes_that_only_repeat_what_was_said_of_an_item_make_nothing_surer() {
        let once: Vec<(usize, u8)> = (0..20).map(|at| (at, (at % 5) as u8 + 1)).collect();
        let thrice = once.iter().flat_map(|vote| [*vote; 3]).collect();
        let close = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9;
        assert!(close(by_item(once, 5).interval.unwrap(), by_item(thrice, 5).interval.unwrap()));
    }

    #[test]
    fn few_items_have_a_mean_and_no_bounds() {
        let told = by_item(vec![(0, 5), (1, 4)], 5);
        assert_eq!(told.value, Ok(4.5));
        assert_eq!(told.interval.unwrap_err().words(), "n/a: 2 items of the 10 that it needs");
        assert_eq!(by_item(vec![(0, 5), (0, 4)], 5).interval, Err(Missing::OneItem));
        assert_eq!(by_item(Vec::new(), 5).value, Err(Missing::NoVotes));
    }

    #[test]
    fn items_that_are_all_alike_have_a_mean_and_no_bounds() {
        let told = by_item((0..30).map(|at| (at, 3)).collect(), 5);
        assert_eq!(told.value, Ok(3.0));
        assert_eq!(told.interval.unwrap_err().words(), "n/a: no variation, every item came out the same");
    }
}
