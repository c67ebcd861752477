//! Krippendorff's α: any number of raters, any level of measurement, values missing.
//!
//! α = 1 − Dₒ/Dₑ over the matrix of coincidences; Krippendorff, "Computing Krippendorff's alpha-reliability", 2011. At
//! least .800 is taken for good, at least .667 for tentative.

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
pub fn alpha(table: &Table, level: Level) -> Figure {
    table.varied()?;
    let units = Units::of(table, level)?;
    units.alpha(&units.coincidences(&units.counts))
}

/// Fewer items than this tell nothing of how items differ.
const LEAST_ITEMS: u64 = 10;

/// α between its bounds of 95 %: from the 2.5th to the 97.5th of a hundred α of samples of the items.
pub fn alpha_between(table: &Table, level: Level, rounds: u32, seed: u64) -> Figure<Estimate> {
    alpha_between_clusters(table, level, (rounds, seed), |_| None)
}

/// The same of samples of what items belong to, as several of one conversation do: `cluster` names it by the item's name; one
/// without is one by itself.
pub fn alpha_between_clusters(
    table: &Table,
    level: Level,
    (rounds, seed): (u32, u64),
    cluster: impl Fn(&str) -> Option<usize>,
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
        seen.extend(units.alpha(&units.coincidences(&counts)));
    }
    if seen.len() * 100 < rounds.max(1) as usize * 99 {
        return Err(Missing::Unvaried);
    }
    seen.sort_by(f64::total_cmp);
    let at = |share| percentile(&seen, share).ok_or(Missing::Unvaried);
    Ok(Estimate { value, low: at(0.025)?, high: at(0.975)? })
}

/// What items add to the matrix of coincidences.
struct Units<'a> {
    level: Level,
    values: Vec<f64>,
    /// What was said of an item with two values or more: how many there are of which value. Items of which the same was
    /// said share one.
    said: Vec<Vec<(usize, u32)>>,
    /// Of how many items that is.
    counts: Vec<u32>,
    /// The items by their names, and which of them each has.
    of_items: Vec<(&'a str, u32)>,
}

/// There is a cell for every two values.
const MOST_VALUES: usize = 1000;

impl<'a> Units<'a> {
    fn of(table: &'a Table, level: Level) -> Figure<Self> {
        let items: Vec<(&str, Vec<f64>)> = table.units().filter(|(_, values)| values.len() > 1).collect();
        let mut values: Vec<f64> = items.iter().flat_map(|(_, said)| said).map(|value| value + 0.0).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        if level == Level::Ratio && values.first().is_some_and(|least| *least < 0.0) {
            return Err(Missing::Unfit { what: "a ratio scale has no values below zero".into() });
        }
        if values.len() > MOST_VALUES {
            return Err(Missing::Unfit { what: format!("more than {MOST_VALUES} different values") });
        }
        let mut units = Self { level, values, said: Vec::new(), counts: Vec::new(), of_items: Vec::new() };
        let mut known: HashMap<Vec<(usize, u32)>, u32> = HashMap::new();
        for (name, item) in items {
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
    fn clusters(&self, cluster: impl Fn(&str) -> Option<usize>) -> Vec<Vec<u32>> {
        let mut clusters: Vec<Vec<u32>> = Vec::new();
        let mut known: HashMap<usize, usize> = HashMap::new();
        for (name, said) in &self.of_items {
            let fresh = clusters.len();
            let at = cluster(name).map_or(fresh, |cluster| *known.entry(cluster).or_insert(fresh));
            if at == fresh {
                clusters.push(Vec::new());
            }
            clusters[at].push(*said);
        }
        clusters
    }

    /// oₖₗ: each ordered pair of values within an item of m values counts 1/(m − 1).
    fn coincidences(&self, counts: &[u32]) -> Vec<f64> {
        let n = self.values.len();
        let mut cells = vec![0.0; n * n];
        for (said, times) in self.said.iter().zip(counts).filter(|(_, times)| **times > 0) {
            let many: u32 = said.iter().map(|(_, count)| count).sum();
            let each = f64::from(*times) / (f64::from(many) - 1.0);
            for (a, of_a) in said {
                for (b, of_b) in said {
                    let pairs = of_a * if a == b { of_b - 1 } else { *of_b };
                    cells[a * n + b] += each * f64::from(pairs);
                }
            }
        }
        cells
    }

    fn alpha(&self, cells: &[f64]) -> Figure {
        let many = self.values.len();
        let sums: Vec<f64> = cells.chunks_exact(many.max(1)).map(|row| row.iter().sum()).collect();
        let total: f64 = sums.iter().sum();
        // Sums from the lowest value up to each, itself by half: what an order knows of places.
        let mut below = 0.0;
        let places: Vec<f64> = sums
            .iter()
            .map(|sum| {
                below += sum;
                below - sum / 2.0
            })
            .collect();
        let (mut seen, mut expected) = (0.0, 0.0);
        for a in 0..many {
            for b in 0..many {
                let difference = self.difference(a, b, &places);
                seen += cells[a * many + b] * difference;
                expected += sums[a] * sums[b] * difference;
            }
        }
        if expected <= 0.0 {
            return Err(Missing::NoVariation);
        }
        Ok(1.0 - (total - 1.0) * seen / expected)
    }

    /// δ²; for an order (Σ n from one value to the other − half of both)², which is how far their places are apart.
    fn difference(&self, a: usize, b: usize, places: &[f64]) -> f64 {
        let (x, y) = (self.values[a], self.values[b]);
        match self.level {
            _ if a == b => 0.0,
            Level::Nominal => 1.0,
            Level::Ordinal => (places[a] - places[b]).powi(2),
            Level::Interval => (x - y).powi(2),
            Level::Ratio => ((x - y) / (x + y)).powi(2),
        }
    }
}
