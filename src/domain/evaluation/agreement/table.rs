//! Who said what of which item, on one metric: what every coefficient of agreement is made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::kappa::counts;
use super::krippendorff::Level;
use crate::domain::evaluation::figure::{Figure, Missing};

/// Values by item and rater; what nobody said is not there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    raters: Vec<String>,
    names: Vec<String>,
    /// An item's values, by the index of their raters, in order of the raters.
    items: Vec<Vec<(usize, f64)>>,
}

/// An item on which raters disagree.
#[derive(Debug, Clone, PartialEq)]
pub struct Disputed<'a> {
    pub item: &'a str,
    /// Between the lowest and the highest value; of kinds the share of votes that are not of the commonest one.
    pub spread: f64,
    pub votes: u64,
}

impl Table {
    /// From (rater, item, value); of two by one rater on one item the later counts, and what is no number is left out.
    pub fn of<'a>(votes: impl IntoIterator<Item = (&'a str, &'a str, f64)>) -> Self {
        let mut items: BTreeMap<&str, BTreeMap<&str, f64>> = BTreeMap::new();
        for (rater, item, value) in votes {
            if value.is_finite() {
                items.entry(item).or_default().insert(rater, value);
            }
        }
        let raters: BTreeSet<&str> = items.values().flat_map(BTreeMap::keys).copied().collect();
        let index: BTreeMap<&str, usize> = raters.iter().zip(0..).map(|(rater, at)| (*rater, at)).collect();
        let names = items.keys().map(|item| (*item).to_owned()).collect();
        let items = items
            .into_values()
            .map(|said| said.into_iter().map(|(rater, value)| (index[rater], value)).collect())
            .collect();
        Self { raters: raters.into_iter().map(str::to_owned).collect(), names, items }
    }

    /// From kinds of answer that have no order, as (rater, item, kind).
    pub fn of_kinds<'a>(votes: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> Self {
        let mut kinds = BTreeMap::new();
        let votes: Vec<_> = votes
            .into_iter()
            .map(|(rater, item, kind)| {
                let next = kinds.len() as f64;
                (rater, item, *kinds.entry(kind).or_insert(next))
            })
            .collect();
        Self::of(votes)
    }

    /// The raters, in alphabetical order.
    pub fn raters(&self) -> &[String] {
        &self.raters
    }

    /// The items on which two raters are too far apart to leave it at that, the most disputed first: other kinds, or two
    /// points and more on a scale.
    pub fn disputed(&self, level: Level) -> Vec<Disputed<'_>> {
        let mut disputed: Vec<Disputed<'_>> = self
            .names
            .iter()
            .zip(&self.items)
            .filter_map(|(item, said)| {
                let values = || said.iter().map(|(_, value)| *value);
                let range =
                    values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min);
                let nominal = level == Level::Nominal;
                let apart = if nominal { range > 0.0 } else { range >= 2.0 };
                let most = counts(values()).into_iter().fold(0.0, |most: f64, (_, count)| most.max(count));
                let spread = if nominal { 1.0 - most / said.len() as f64 } else { range };
                apart.then_some(Disputed { item, spread, votes: said.len() as u64 })
            })
            .collect();
        disputed.sort_by(|a, b| b.spread.total_cmp(&a.spread));
        disputed
    }

    /// The items by their names, with the values of each.
    pub(super) fn units(&self) -> impl Iterator<Item = (&str, Vec<f64>)> {
        let values = |said: &[(usize, f64)]| said.iter().map(|(_, value)| *value).collect();
        self.names.iter().zip(&self.items).map(move |(name, said)| (name.as_str(), values(said)))
    }

    /// The values of two raters on the items that both have rated.
    pub(super) fn shared(&self, a: usize, b: usize) -> Vec<(f64, f64)> {
        let value = |said: &[(usize, f64)], rater| {
            said.binary_search_by_key(&rater, |(rater, _)| *rater).ok().map(|at| said[at].1)
        };
        self.items.iter().filter_map(|said| value(said, a).zip(value(said, b))).collect()
    }

    /// The same of every two raters at once, the first before the other: once through the items, however many raters there
    /// are. Those who have none in common are not in it.
    pub(super) fn all_shared(&self) -> HashMap<(usize, usize), Vec<(f64, f64)>> {
        let mut shared: HashMap<_, Vec<_>> = HashMap::new();
        for said in &self.items {
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
            _ if self.items.iter().all(|said| said.len() < 2) => Err(Missing::NothingShared),
            _ => Ok(()),
        }
    }

    /// The same for a coefficient, which needs two items to know what chance would do.
    pub(super) fn varied(&self) -> Figure<()> {
        self.comparable()?;
        match self.items.iter().filter(|said| said.len() > 1).count() {
            1 => Err(Missing::OneItem),
            _ => Ok(()),
        }
    }
}
