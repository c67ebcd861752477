//! Krippendorff's α: any number of raters, any level of measurement, values missing.
//!
//! α = 1 − Dₒ/Dₑ; Krippendorff, "Computing Krippendorff's alpha-reliability", 2011. At least .800 is taken for good, at least
//! .667 for tentative. The matrix of coincidences is never made: what items add to it is summed item by item.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::domain::evaluation::chance::Chance;
use crate::domain::evaluation::figure::{Estimate, Figure, Missing};
use crate::domain::evaluation::interval::percentile;

/// What the differences of values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Kinds: equal or not.
    Nominal,
    /// An order: how many values lie between.
    Ordinal,
    /// Steps: how far apart.
    Interval,
    /// Amounts from zero on: how far apart for their size.
    Ratio,
}

/// α of the votes in a table.
pub fn alpha<K: Ord + Copy>(table: &Table<'_, K>, level: Level) -> Figure {
    table.varied()?;
    let units = Units::of(table, level)?;
    units.alpha(&units.counts)
}

/// Fewer items than this tell nothing of how items differ.
const LEAST_ITEMS: u64 = 10;

/// α between its bounds of 95 %: from the 2.5th to the 97.5th of a hundred α of samples of the items.
pub fn alpha_between<K: Ord + Copy>(
    table: &Table<'_, K>,
    level: Level,
    rounds: u32,
    seed: u64,
) -> Figure<Estimate> {
    alpha_between_clusters(table, level, (rounds, seed), |_| None)
}

/// The same of samples of what items belong to, as several of one conversation do: `cluster` names it by the item's name; one
/// without is one by itself.
pub fn alpha_between_clusters<K: Ord + Copy>(
    table: &Table<'_, K>,
    level: Level,
    (rounds, seed): (u32, u64),
    cluster: impl Fn(K) -> Option<usize>,
) -> Figure<Estimate> {
    let value = alpha(table, level)?;
    let units = Units::of(table, level)?;
    let clusters = units.clusters(cluster);
    let items = clusters.len() as u64;
    if items < LEAST_ITEMS {
        return Err(Missing::too_few(items, LEAST_ITEMS, "item", "items"));
    }
    let mut chance = Chance::new(seed);
    let mut seen = Vec::with_capacity(rounds as usize);
    let mut counts = vec![0; units.counts.len()];
    for _ in 0..rounds.max(1) {
        counts.fill(0);
        for _ in 0..clusters.len() {
            for said in &clusters[chance.below(clusters.len())] {
                counts[*said as usize] += 1;
            }
        }
        // A sample in which all say the same has no α.
        seen.extend(units.alpha(&counts));
    }
    if seen.len() * 100 < rounds.max(1) as usize * 99 {
        return Err(Missing::Unvaried);
    }
    seen.sort_by(f64::total_cmp);
    let at = |share| percentile(&seen, share).ok_or(Missing::Unvaried);
    Ok(Estimate { value, low: at(0.025)?, high: at(0.975)? })
}

/// What was said of items.
struct Units<K> {
    level: Level,
    values: Vec<f64>,
    /// What was said of an item with two values or more: how many there are of which value. Items of which the same was
    /// said share one.
    said: Vec<Vec<(usize, u32)>>,
    /// Of how many items that is.
    counts: Vec<u32>,
    /// The items by their names, and which of them each has.
    of_items: Vec<(K, u32)>,
}

/// On a ratio scale every two values are held against each other.
const MOST_AMOUNTS: usize = 1000;

impl<K: Ord + Copy> Units<K> {
    fn of(table: &Table<'_, K>, level: Level) -> Figure<Self> {
        // Of a hundred thousand items none has a list that stays.
        let items = || table.units().filter(|(_, values)| values.len() > 1);
        let mut values: Vec<f64> = items().flat_map(|(_, said)| said).map(|value| value + 0.0).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        if level == Level::Ratio && values.first().is_some_and(|least| *least < 0.0) {
            return Err(Missing::Unfit { what: "a ratio scale has no values below zero".into() });
        }
        if level == Level::Ratio && values.len() > MOST_AMOUNTS {
            return Err(Missing::Unfit { what: format!("more than {MOST_AMOUNTS} different values") });
        }
        let mut units = Self { level, values, said: Vec::new(), counts: Vec::new(), of_items: Vec::new() };
        let mut known: HashMap<Vec<(usize, u32)>, u32> = HashMap::new();
        for (name, item) in items() {
            let mut places: Vec<usize> =
                item.iter().map(|value| units.values.partition_point(|known| known < value)).collect();
            places.sort_unstable();
            let said: Vec<(usize, u32)> =
                places.chunk_by(|a, b| a == b).map(|equal| (equal[0], equal.len() as u32)).collect();
            let fresh = units.said.len() as u32;
            let at = *known.entry(said).or_insert_with_key(|said| {
                units.said.push(said.clone());
                units.counts.push(0);
                fresh
            });
            units.counts[at as usize] += 1;
            units.of_items.push((name, at));
        }
        Ok(units)
    }

    /// What is drawn for a sample: what was said of the items that belong together.
    fn clusters(&self, cluster: impl Fn(K) -> Option<usize>) -> Vec<Vec<u32>> {
        let mut clusters: Vec<Vec<u32>> = Vec::new();
        let mut known: HashMap<usize, usize> = HashMap::new();
        for (name, said) in &self.of_items {
            let fresh = clusters.len();
            let at = cluster(*name).map_or(fresh, |cluster| *known.entry(cluster).or_insert(fresh));
            if at == fresh {
                clusters.push(Vec::new());
            }
            clusters[at].push(*said);
        }
        clusters
    }

    /// α where each unit stands for so many items.
    fn alpha(&self, counts: &[u32]) -> Figure {
        let units = || self.said.iter().zip(counts).filter(|(_, times)| **times > 0);
        let mut sums = vec![0.0; self.values.len()];
        for (said, times) in units() {
            for (value, count) in said {
                sums[*value] += f64::from(*times) * f64::from(*count);
            }
        }
        let total: f64 = sums.iter().sum();
        let places = self.places(&sums);
        // Each ordered pair of values within an item of m values counts 1/(m − 1).
        let mut seen = 0.0;
        for (said, times) in units().filter(|(said, _)| said.len() > 1) {
            let many: u32 = said.iter().map(|(_, count)| count).sum();
            let apart = self.apart(|| said.iter().map(|(value, count)| (*value, f64::from(*count))), &places);
            seen += f64::from(*times) * apart / (f64::from(many) - 1.0);
        }
        let given = || sums.iter().copied().enumerate().filter(|(_, sum)| *sum > 0.0);
        if given().nth(1).is_none() {
            return Err(Missing::NoVariation);
        }
        Ok(1.0 - (total - 1.0) * seen / self.apart(given, &places))
    }

    /// Where each value stands: of an order, how many values are below it, itself by half.
    fn places(&self, sums: &[f64]) -> Vec<f64> {
        if self.level != Level::Ordinal {
            return self.values.clone();
        }
        let mut below = 0.0;
        let place = |sum: &f64| {
            below += sum;
            below - sum / 2.0
        };
        sums.iter().map(place).collect()
    }

    /// The sum of δ² over all ordered pairs of some values, each given with how often it is there.
    fn apart<I: Iterator<Item = (usize, f64)>>(&self, said: impl Fn() -> I, places: &[f64]) -> f64 {
        let many: f64 = said().map(|(_, count)| count).sum();
        match self.level {
            // δ² is 1 of two that differ.
            Level::Nominal => said().map(|(_, count)| count * (many - count)).sum(),
            // δ² is (x − y)², of an order with places for values, and the sum of it 2n times that of (x − mean)².
            Level::Ordinal | Level::Interval => {
                let mean = said().map(|(value, count)| count * places[value]).sum::<f64>() / many;
                let from_mean = |(value, count): (usize, f64)| count * (places[value] - mean).powi(2);
                2.0 * many * said().map(from_mean).sum::<f64>()
            }
            Level::Ratio => {
                let of = |(a, of_a): (usize, f64), (b, of_b): (usize, f64)| {
                    let (x, y) = (places[a], places[b]);
                    if a == b { 0.0 } else { of_a * of_b * ((x - y) / (x + y)).powi(2) }
                };
                said().flat_map(|one| said().map(move |other| of(one, other))).sum()
            }
        }
    }
}
