//! How long spans of one name take.

use serde::{Deserialize, Serialize};

use super::facts::Kind;
use super::names::Symbol;
use super::outline::{Outline, Row};
use super::tree::{Mark, Tree};

/// Below so many the highest percentile says no more than the longest.
const MANY: usize = 100;

/// How a percentile was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// One that was measured: the smallest that as many are not above.
    NearestRank,
    /// Between two that were measured, as NumPy does by default.
    Linear,
}

/// The times of the spans of one kind and name, in nanoseconds. Those that run still are not among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    pub kind: Kind,
    pub name: String,
    pub spans: usize,
    pub errors: usize,
    /// All of them together, and what of it was their own.
    pub total: u64,
    pub own: u64,
    pub method: Method,
    pub p50: u64,
    pub p90: u64,
    /// `None` for fewer than a hundred: the longest says it.
    pub p99: Option<u64>,
    pub longest: u64,
    /// How many fell into each eighth between nothing and the longest: a line of bars.
    pub shape: [u32; 8],
}

/// The percentile of sorted values; `None` of none.
pub fn percentile(sorted: &[u64], percent: f64, method: Method) -> Option<u64> {
    let last = sorted.len().checked_sub(1)?;
    let share = percent / 100.0;
    match method {
        Method::NearestRank => {
            let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
            Some(sorted[(rank - 1).min(last)])
        }
        Method::Linear => {
            let at = share * last as f64;
            let low = (at.floor() as usize).min(last);
            let (one, next) = (sorted[low], sorted[(low + 1).min(last)]);
            Some(one + ((next - one) as f64 * (at - low as f64)).round() as u64)
        }
    }
}

/// What spans are measured together by: their name, but of vectors, which may be named by what they are of, their model.
fn alike(row: &Row) -> Symbol {
    if row.kind == Kind::Embedding && !row.model.is_none() { row.model } else { row.name }
}

/// The times by kind and name, those that took the most of their own first.
pub fn latencies(outline: &Outline, tree: &Tree) -> Vec<Latency> {
    let mut rows: Vec<(Kind, Symbol, u32)> = (0..)
        .zip(&outline.rows)
        .filter(|(at, row)| !row.is_running() && !tree.marks(*at).has(Mark::Again))
        .map(|(at, row)| (row.kind, alike(row), at))
        .collect();
    rows.sort_unstable();
    let mut found: Vec<Latency> = rows
        .chunk_by(|one, other| (one.0, one.1) == (other.0, other.1))
        .map(|alike| latency(outline, tree, alike))
        .collect();
    found.sort_by(|a, b| b.own.cmp(&a.own).then_with(|| a.name.cmp(&b.name)));
    found
}

fn latency(outline: &Outline, tree: &Tree, alike: &[(Kind, Symbol, u32)]) -> Latency {
    let mut times: Vec<u64> = alike.iter().map(|(.., at)| outline.rows[*at as usize].duration()).collect();
    times.sort_unstable();
    let method = if times.len() < MANY { Method::NearestRank } else { Method::Linear };
    let at = |percent| percentile(&times, percent, method).unwrap_or(0);
    let longest = times.last().copied().unwrap_or(0);
    let mut shape = [0; 8];
    for time in &times {
        let part = (u128::from(*time) * 8).checked_div(u128::from(longest)).unwrap_or(0);
        shape[(part as usize).min(7)] += 1;
    }
    let (kind, name, _) = alike[0];
    Latency {
        kind,
        name: outline.names.get(name).to_owned(),
        spans: times.len(),
        errors: alike.iter().filter(|(.., at)| outline.rows[*at as usize].is_error()).count(),
        total: times.iter().fold(0, |sum, time| sum.saturating_add(*time)),
        own: alike.iter().fold(0, |sum, (.., at)| sum.saturating_add(tree.own_time(*at))),
        method,
        p50: at(50.0),
        p90: at(90.0),
        p99: (times.len() >= MANY).then(|| at(99.0)),
        longest,
        shape,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::{Facts, SpanKey, TraceSpan};

    #[test]
    fn percentiles_are_those_of_the_two_methods() {
        let values: Vec<u64> = (1..=10).map(|at| at * 10).collect();
        for (percent, nearest, linear) in [(0.0, 10, 10), (50.0, 50, 55), (90.0, 90, 91), (100.0, 100, 100)] {
            assert_eq!(percentile(&values, percent, Method::NearestRank), Some(nearest), "{percent}");
            assert_eq!(percentile(&values, percent, Method::Linear), Some(linear), "{percent}");
        }
        assert_eq!(percentile(&[], 50.0, Method::Linear), None);
    }

    #[test]
    fn spans_of_one_name_are_measured_together_and_running_ones_are_not() {
        let mut outline = Outline::default();
        for (id, end) in [(1, 80), (2, 10), (3, 0), (4, 20)] {
            let span =
                TraceSpan { id: SpanKey(id), name: "a".to_owned(), start: 0, end, ..TraceSpan::default() };
            outline.add(&span, &Facts::default(), |_| None);
        }
        let found = latencies(&outline, &Tree::of(&outline));
        assert_eq!(found.len(), 1);
        let one = &found[0];
        assert_eq!((one.spans, one.p50, one.longest, one.p99), (3, 20, 80, None));
        assert_eq!((one.total, one.shape), (110, [0, 1, 1, 0, 0, 0, 0, 1]));
    }

    #[test]
    fn vectors_are_measured_together_by_their_model() {
        let mut outline = Outline::default();
        for (id, name) in [(1, "32 passages: a.md"), (2, "3 passages: b.md")] {
            let name = name.to_owned();
            let span = TraceSpan { id: SpanKey(id), name, start: 0, end: 10, ..TraceSpan::default() };
            let facts = Facts { kind: Kind::Embedding, model: "m", ..Facts::default() };
            outline.add(&span, &facts, |_| None);
        }
        let found = latencies(&outline, &Tree::of(&outline));
        let told: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.spans)).collect();
        assert_eq!(told, [("m", 2)]);
    }
}
