//! Agreement beyond chance: Cohen's κ of two raters, plain and weighted, and Fleiss' κ of as many on every item.

use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::domain::evaluation::figure::{Figure, Missing};

/// How much a difference counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// Any difference as much as any other.
    None,
    /// By how far the values are apart.
    Linear,
    /// By the square of it.
    Quadratic,
}

/// κ with what must be read next to it: it is low where nearly all votes are the same, however well raters agree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Kappa {
    pub kappa: f64,
    /// The share of equal votes, chance and all.
    pub agreement: f64,
    /// Items that both have rated.
    pub items: u64,
}

/// Cohen's κ = (pₒ − pₑ)/(1 − pₑ), weighted 1 − Σw·O/Σw·E, between two raters (by their index in the table) on the items
/// that both have rated.
///
/// "A coefficient of agreement for nominal scales", 1960; "Weighted kappa", 1968. Weights are of the values themselves, so
/// that a point of the scale which nobody chose still lies between its neighbours.
pub fn cohen<K: Ord + Copy>(table: &Table<'_, K>, a: usize, b: usize, weights: Weights) -> Figure<Kappa> {
    table.comparable()?;
    kappa(&table.shared(a, b), weights)
}

fn kappa(pairs: &[(f64, f64)], weights: Weights) -> Figure<Kappa> {
    let n = pairs.len() as f64;
    match pairs.len() {
        0 => return Err(Missing::NothingShared),
        1 => return Err(Missing::OneItem),
        _ => {}
    }
    let weight = |x: f64, y: f64| match weights {
        Weights::None => f64::from(u8::from((x - y).abs() > 0.0)),
        Weights::Linear => (x - y).abs(),
        Weights::Quadratic => (x - y).powi(2),
    };
    let seen: f64 = pairs.iter().map(|(x, y)| weight(*x, *y)).sum::<f64>() / n;
    // Over the values rather than over all pairs of votes: there may be many votes, there are few values.
    let (of_a, of_b) = (counts(pairs.iter().map(|(x, _)| *x)), counts(pairs.iter().map(|(_, y)| *y)));
    let expected: f64 = of_a
        .iter()
        .flat_map(|(x, many)| of_b.iter().map(move |(y, more)| weight(*x, *y) * many * more))
        .sum::<f64>()
        / (n * n);
    if expected <= 0.0 {
        return Err(Missing::NoVariation);
    }
    let equal = pairs.iter().filter(|(x, y)| weight(*x, *y) <= 0.0).count() as f64;
    Ok(Kappa { kappa: 1.0 - seen / expected, agreement: equal / n, items: pairs.len() as u64 })
}

/// Cohen's κ of every two raters.
pub fn cohen_of_all<'a, K: Ord + Copy>(
    table: &Table<'a, K>,
    weights: Weights,
) -> Vec<(&'a str, &'a str, Figure<Kappa>)> {
    let raters = table.raters();
    let shared = table.all_shared();
    let of = |a: usize, b: usize| {
        table.comparable()?;
        kappa(shared.get(&(a, b)).map_or(&[], Vec::as_slice), weights)
    };
    (0..raters.len())
        .flat_map(|a| (a + 1..raters.len()).map(move |b| (a, b)))
        .map(|(a, b)| (raters[a], raters[b], of(a, b)))
        .collect()
}

/// Fleiss' κ = (P̄ − P̄ₑ)/(1 − P̄ₑ): "Measuring nominal scale agreement among many raters", 1971. Every item needs the same
/// number of votes, by whomever; where they differ there is α.
pub fn fleiss<K: Ord + Copy>(table: &Table<'_, K>) -> Figure {
    table.varied()?;
    // Of a hundred thousand items none has a list that stays.
    let units = || table.units().map(|(_, said)| said);
    let raters = units().next().map_or(0, |said| said.len());
    if raters < 2 || units().any(|said| said.len() != raters) {
        return Err(Missing::UnevenRaters);
    }
    let (items, raters) = (units().count() as f64, raters as f64);
    let seen = units().map(|said| equal_pairs(&said)).sum::<f64>() / (items * raters * (raters - 1.0));
    let expected: f64 =
        counts(units().flatten()).into_iter().map(|(_, count)| (count / (items * raters)).powi(2)).sum();
    if expected >= 1.0 {
        return Err(Missing::NoVariation);
    }
    Ok((seen - expected) / (1.0 - expected))
}

/// How many votes there are of which value.
pub(super) fn counts(values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    let mut values: Vec<f64> = values.map(|value| value + 0.0).collect();
    values.sort_by(f64::total_cmp);
    values.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|equal| (equal[0], equal.len() as f64)).collect()
}

/// Ordered pairs of equal votes on one item.
pub(super) fn equal_pairs(said: &[f64]) -> f64 {
    counts(said.iter().copied()).into_iter().map(|(_, count)| count * (count - 1.0)).sum()
}
