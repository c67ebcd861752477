//! Who said what of which item, on one metric: what every coefficient of agreement is made of.

use std::collections::{BTreeSet, HashMap};

use super::kappa::counts;
use super::krippendorff::Level;
use crate::domain::evaluation::figure::{Figure, Missing};

/// Values by item and rater; what nobody said is not there. There may be a hundred thousand items, so that none has a list of its
/// own; `K` names them, by their text or by whatever takes less room.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table<'a, K = &'a str> {
    raters: Vec<&'a str>,
    names: Vec<K>,
    /// The values item by item, by the index of their raters, in order of the raters.
    said: Vec<(usize, f64)>,
    /// Where each item's values end.
    ends: Vec<usize>,
}

/// An item on which raters disagree.
#[derive(Debug, Clone, PartialEq)]
pub struct Disputed<K> {
    pub item: K,
    /// Between the lowest and the highest value; of kinds the share of votes that are not of the commonest one.
    pub spread: f64,
    pub votes: u64,
}

impl<'a> Table<'a> {
    /// From (rater, item, value); of two by one rater on one item the later counts, and what is no number is left out.
    pub fn of(votes: impl IntoIterator<Item = (&'a str, &'a str, f64)>) -> Self {
        Self::sorted(votes.into_iter().collect())
    }
}

impl<'a, K: Ord + Copy> Table<'a, K> {
    /// The same of items that are named otherwise.
    pub(super) fn sorted(mut votes: Vec<(&'a str, K, f64)>) -> Self {
        votes.retain(|(_, _, value)| value.is_finite());
        // Of equal ones the later stays behind the earlier.
        votes.sort_by(|(rater, item, _), (other_rater, other, _)| (item, rater).cmp(&(other, other_rater)));
        let raters: BTreeSet<&str> = votes.iter().map(|(rater, _, _)| *rater).collect();
        let raters = raters.into_iter().collect();
        let said = Vec::with_capacity(votes.len());
        let mut table = Self { raters, names: Vec::new(), said, ends: Vec::new() };
        let mut last = None;
        for (rater, item, value) in votes {
            let rater = table.raters.partition_point(|known| *known < rater);
            if table.names.last().is_none_or(|name| *name != item) {
                table.names.push(item);
                table.ends.push(table.said.len());
                last = None;
            }
            match table.said.last_mut() {
                Some(said) if last == Some(rater) => said.1 = value,
                _ => {
                    table.said.push((rater, value));
                    table.ends.last_mut().into_iter().for_each(|end| *end += 1);
                }
            }
            last = Some(rater);
        }
        table
    }

    /// The values of each item.
    fn items(&self) -> impl Iterator<Item = &[(usize, f64)]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.said[start..*end])
    }

    /// The raters, in alphabetical order.
    pub fn raters(&self) -> &[&'a str] {
        &self.raters
    }

    /// The items on which two raters are too far apart to leave it at that, the most disputed first: other kinds, or two
    /// points and more on a scale.
    pub fn disputed(&self, level: Level) -> Vec<Disputed<K>> {
        let mut disputed: Vec<Disputed<K>> = self
            .names
            .iter()
            .zip(self.items())
            .filter_map(|(item, said)| {
                let values = || said.iter().map(|(_, value)| *value);
                let range =
                    values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min);
                let nominal = level == Level::Nominal;
                let apart = if nominal { range > 0.0 } else { range >= 2.0 };
                let most = counts(values()).into_iter().fold(0.0, |most: f64, (_, count)| most.max(count));
                let spread = if nominal { 1.0 - most / said.len() as f64 } else { range };
                apart.then_some(Disputed { item: *item, spread, votes: said.len() as u64 })
            })
            .collect();
        disputed.sort_by(|a, b| b.spread.total_cmp(&a.spread));
        disputed
    }

    /// The items by their names, with the values of each.
    pub(super) fn units(&self) -> impl Iterator<Item = (K, Vec<f64>)> {
        let values = |said: &[(usize, f64)]| said.iter().map(|(_, value)| *value).collect();
        self.names.iter().zip(self.items()).map(move |(name, said)| (*name, values(said)))
    }

    /// The values of two raters on the items that both have rated.
    pub(super) fn shared(&self, a: usize, b: usize) -> Vec<(f64, f64)> {
        let value = |said: &[(usize, f64)], rater| {
            said.binary_search_by_key(&rater, |(rater, _)| *rater).ok().map(|at| said[at].1)
        };
        self.items().filter_map(|said| value(said, a).zip(value(said, b))).collect()
    }

    /// The same of every two raters at once, the first before the other: once through the items, however many raters there
    /// are. Those who have none in common are not in it.
    pub(super) fn all_shared(&self) -> HashMap<(usize, usize), Vec<(f64, f64)>> {
        let mut shared: HashMap<_, Vec<_>> = HashMap::new();
        for said in self.items() {
            for (at, (a, of_a)) in said.iter().enumerate() {
                for (b, of_b) in &said[at + 1..] {
                    shared.entry((*a, *b)).or_default().push((*of_a, *of_b));
                }
            }
        }
        shared
    }

    /// Whether two raters have an item in common; else why no agreement can be told.
    pub(super) fn comparable(&self) -> Figure<()> {
        match self.raters.len() {
            0 => Err(Missing::NoVotes),
            1 => Err(Missing::OneRater),
            _ if self.items().all(|said| said.len() < 2) => Err(Missing::NothingShared),
            _ => Ok(()),
        }
    }

    /// The same for a coefficient, which needs two items to know what chance would do.
    pub(super) fn varied(&self) -> Figure<()> {
        self.comparable()?;
        match self.items().filter(|said| said.len() > 1).count() {
            1 => Err(Missing::OneItem),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_by_item_and_rater_and_of_two_by_one_rater_the_later_counts() {
        let said =
            [("bo", "y", 1.0), ("bo", "x", 2.0), ("ana", "x", 3.0), ("bo", "x", 4.0), ("cy", "z", f64::NAN)];
        let table = Table::of(said);
        assert_eq!(table.raters(), ["ana", "bo"]);
        let units: Vec<_> = table.units().collect();
        assert_eq!(units, [("x", vec![3.0, 4.0]), ("y", vec![1.0])]);
        assert_eq!(table.shared(0, 1), [(3.0, 4.0)]);
    }
}
