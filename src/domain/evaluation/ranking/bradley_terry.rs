//! The model of Bradley and Terry: the chance that i is chosen over j is σ(βᵢ − βⱼ), ties being half a win for each.
//!
//! "Rank analysis of incomplete block designs", Biometrika 39, 1952. Fitted by Newton's method (for this model the same
//! as Fisher's scoring) under Σβ = 0.

use super::matrix::Factor;

/// How two contestants did against each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Meeting {
    pub a: usize,
    pub b: usize,
    /// Wins of `a`, ties as halves.
    pub score: f64,
    /// How often they met.
    pub weight: f64,
}

/// The strengths that make what was seen likeliest.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Natural logarithms of the odds, Σ = 0.
    pub beta: Vec<f64>,
    /// The inverse of the information where Σβ = 0, row by row.
    covariance: Vec<f64>,
}

/// Fits `n` contestants, from `start` where there is one. `None` where no finite strengths are likeliest: some group never
/// won, or never met the others (Ford, "Solution of a ranking problem from binary comparisons", 1957).
pub fn fit(n: usize, meetings: &[Meeting], start: Option<&[f64]>) -> Option<Fit> {
    let beta = strengths(n, meetings, start)?;
    let covariance = Factor::of(n, information(n, meetings, &beta))?.inverse();
    // The anchor of the sum has its own part in the inverse, the same in each cell.
    let anchor = 1.0 / (n as f64 * n as f64 * anchor(n, meetings, &beta));
    Some(Fit { beta, covariance: covariance.into_iter().map(|cell| cell - anchor).collect() })
}

/// The strengths alone.
pub(super) fn strengths(n: usize, meetings: &[Meeting], start: Option<&[f64]>) -> Option<Vec<f64>> {
    /// Beyond e²⁵ to one there is no strength but a separation that nobody looked for.
    const FURTHEST: f64 = 25.0;
    let mut beta = start.map_or_else(|| vec![0.0; n], <[f64]>::to_vec);
    let mut likelihood = log_likelihood(meetings, &beta);
    for _ in 0..100 {
        let mut step = gradient(n, meetings, &beta);
        Factor::of(n, information(n, meetings, &beta))?.solve(&mut step);
        // Far from the top the parabola may lead past it: halve the way until it is no way down.
        let mut share = 1.0;
        let (mut next, mut reached);
        loop {
            next = beta.iter().zip(&step).map(|(beta, step)| beta + share * step).collect::<Vec<_>>();
            reached = log_likelihood(meetings, &next);
            if reached >= likelihood - 1e-9 * likelihood.abs() || share < 1e-6 {
                break;
            }
            share /= 2.0;
        }
        beta = next;
        likelihood = reached;
        let longest = step.iter().fold(0.0_f64, |longest, step| longest.max(step.abs()));
        if longest < 1e-9 {
            let mean = beta.iter().sum::<f64>() / n as f64;
            return Some(beta.into_iter().map(|beta| beta - mean).collect());
        }
        if beta.iter().any(|beta| !beta.is_finite() || beta.abs() > FURTHEST) {
            return None;
        }
    }
    None
}

/// The chance that one is chosen whose strength is so much greater.
pub fn chance(difference: f64) -> f64 {
    1.0 / (1.0 + (-difference).exp())
}

impl Fit {
    /// βᵢ − βⱼ with its standard error, as the information tells it: every battle by itself.
    pub fn difference(&self, i: usize, j: usize) -> (f64, f64) {
        let cell = |a: usize, b: usize| self.covariance[a * self.beta.len() + b];
        let variance = cell(i, i) + cell(j, j) - 2.0 * cell(i, j);
        (self.beta[i] - self.beta[j], variance.max(0.0).sqrt())
    }

    /// How far the meetings are from their expectation, each pair once in `meetings`: 2 Σ observed · ln(observed /
    /// expected), to be held against χ² with as many degrees of freedom as there are pairs, less n − 1.
    pub fn deviance(&self, meetings: &[Meeting]) -> f64 {
        let part = |seen: f64, expected: f64| if seen > 0.0 { seen * (seen / expected).ln() } else { 0.0 };
        meetings
            .iter()
            .map(|met| {
                let p = chance(self.beta[met.a] - self.beta[met.b]);
                let lost = met.weight - met.score;
                2.0 * (part(met.score, met.weight * p) + part(lost, met.weight * (1.0 - p)))
            })
            .sum()
    }
}

fn log_likelihood(meetings: &[Meeting], beta: &[f64]) -> f64 {
    // ln σ(x) = −ln(1 + e⁻ˣ), without overflow.
    let ln_chance = |x: f64| x.min(0.0) - (-x.abs()).exp().ln_1p();
    meetings
        .iter()
        .map(|met| {
            let x = beta[met.a] - beta[met.b];
            met.score * ln_chance(x) + (met.weight - met.score) * ln_chance(-x)
        })
        .sum()
}

fn gradient(n: usize, meetings: &[Meeting], beta: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; n];
    for met in meetings {
        let rest = met.score - met.weight * chance(beta[met.a] - beta[met.b]);
        gradient[met.a] += rest;
        gradient[met.b] -= rest;
    }
    gradient
}

/// Σ w·p(1−p)·x·xᵀ, where x is 1 for a and −1 for b.
pub(super) fn curvature(n: usize, meetings: &[Meeting], beta: &[f64]) -> Vec<f64> {
    let mut cells = vec![0.0; n * n];
    for met in meetings {
        let p = chance(beta[met.a] - beta[met.b]);
        let weight = met.weight * p * (1.0 - p);
        cells[met.a * n + met.a] += weight;
        cells[met.b * n + met.b] += weight;
        cells[met.a * n + met.b] -= weight;
        cells[met.b * n + met.a] -= weight;
    }
    cells
}

/// The curvature made definite: it knows no sum of the strengths, so that it is flat along (1, …, 1), and a weight there
/// changes no step.
fn information(n: usize, meetings: &[Meeting], beta: &[f64]) -> Vec<f64> {
    let weight = anchor(n, meetings, beta);
    curvature(n, meetings, beta).into_iter().map(|cell| cell + weight).collect()
}

/// A weight along (1, …, 1) of the size of the others.
fn anchor(n: usize, meetings: &[Meeting], beta: &[f64]) -> f64 {
    let trace: f64 = meetings
        .iter()
        .map(|met| {
            let p = chance(beta[met.a] - beta[met.b]);
            2.0 * met.weight * p * (1.0 - p)
        })
        .sum();
    trace.max(f64::MIN_POSITIVE) / (n as f64 * n as f64)
}
