//! Two runs side by side: which span of the one is which of the other, and what became of it.
//!
//! Ids differ from run to run and say nothing. Children are aligned by what they are (kind, name, a tool's arguments): the
//! longest common subsequence first, then what is left over by kind and name, then by kind, in order. Aligning the other
//! way round gives the same pairs.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::facts::Kind;
use super::outline::{Outline, Row};
use super::tree::{Rollups, Tree};

/// Cells of a table of subsequences; beyond them children are aligned by what they are and their order alone.
const CELLS: usize = 4_000_000;

/// What became of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Alike but for times and tokens.
    Same,
    Changed,
    Removed,
    Added,
}

impl Fate {
    /// The sign before the line.
    pub const fn sign(self) -> char {
        match self {
            Self::Same => '=',
            Self::Changed => '~',
            Self::Removed => '−',
            Self::Added => '+',
        }
    }
}

/// A line of the comparison: a span of either run, or of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub fate: Fate,
    pub left: Option<u32>,
    pub right: Option<u32>,
    pub depth: u32,
    /// What is not alike: "model", "status", "arguments" …
    pub differs: Vec<String>,
    /// Right less left: nanoseconds, tokens with everything below, US dollars with everything below where both are known.
    pub duration: i64,
    pub tokens: i64,
    pub dollars: Option<f64>,
}

/// A run with what is reckoned of it.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub outline: &'a Outline,
    pub tree: &'a Tree,
    pub rollups: &'a Rollups,
}

impl<'a> Run<'a> {
    fn row(&self, at: u32) -> &'a Row {
        &self.outline.rows[at as usize]
    }

    fn key(&self, at: u32) -> Key<'a> {
        let row = self.row(at);
        (row.kind, self.outline.names.get(row.name), row.arguments)
    }
}

type Key<'a> = (Kind, &'a str, u64);

/// Aligns two runs; lines stand parents first.
pub fn align(left: Run<'_>, right: Run<'_>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut stack = Vec::new();
    push(&mut stack, left, right, left.tree.roots(), right.tree.roots(), 0);
    while let Some((one, other, depth)) = stack.pop() {
        pairs.push(pair(left, right, one, other, depth));
        let below =
            |run: Run<'_>, at: Option<u32>| at.map_or_else(Vec::new, |at| run.tree.children(at).to_vec());
        let (lefts, rights) = (below(left, one), below(right, other));
        push(&mut stack, left, right, &lefts, &rights, depth + 1);
    }
    pairs
}

type Work = (Option<u32>, Option<u32>, u32);

fn push(stack: &mut Vec<Work>, left: Run<'_>, right: Run<'_>, lefts: &[u32], rights: &[u32], depth: u32) {
    let one: Vec<Key<'_>> = lefts.iter().map(|at| left.key(*at)).collect();
    let other: Vec<Key<'_>> = rights.iter().map(|at| right.key(*at)).collect();
    // Aligned the one way whichever is left, so that left and right do not matter.
    let script = if one <= other {
        script(&one, &other)
    } else {
        script(&other, &one).into_iter().map(|(one, other)| (other, one)).collect()
    };
    let work = script.into_iter().rev().map(|(l, r)| (l.map(|at| lefts[at]), r.map(|at| rights[at]), depth));
    stack.extend(work);
}

type Step = (Option<usize>, Option<usize>);

/// Pairs of places, in an order in which both stand, as far as there is one.
fn script<'a>(one: &[Key<'a>], other: &[Key<'a>]) -> Vec<Step> {
    let begin = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let rest = one.len().min(other.len()) - begin;
    let end = one.iter().rev().zip(other.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (one_mid, other_mid) = (&one[begin..one.len() - end], &other[begin..other.len() - end]);
    let mut matched = if one_mid.len().saturating_mul(other_mid.len()) <= CELLS {
        longest(one_mid, other_mid)
    } else {
        vec![None; one_mid.len()]
    };
    let mut taken = vec![false; other_mid.len()];
    for at in matched.iter().flatten() {
        taken[*at] = true;
    }
    leftovers(&mut matched, &mut taken, one_mid, other_mid, |key| *key);
    leftovers(&mut matched, &mut taken, one_mid, other_mid, |key| (key.0, key.1, 0));
    leftovers(&mut matched, &mut taken, one_mid, other_mid, |key| (key.0, "", 0));
    let mut steps: Vec<Step> = (0..begin).map(|at| (Some(at), Some(at))).collect();
    let mut next = 0;
    for (at, partner) in matched.iter().enumerate() {
        if let Some(partner) = partner {
            // What was added before it stands before it.
            while next < *partner {
                if !taken[next] {
                    steps.push((None, Some(begin + next)));
                }
                next += 1;
            }
            next = next.max(partner + 1);
        }
        steps.push((Some(begin + at), partner.map(|partner| begin + partner)));
    }
    steps.extend((next..other_mid.len()).filter(|at| !taken[*at]).map(|at| (None, Some(begin + at))));
    let (one_end, other_end) = (one.len() - end, other.len() - end);
    steps.extend((0..end).map(|at| (Some(one_end + at), Some(other_end + at))));
    steps
}

/// The longest common subsequence: for each of `one` its place in `other`.
fn longest(one: &[Key<'_>], other: &[Key<'_>]) -> Vec<Option<usize>> {
    let wide = other.len() + 1;
    let mut lengths = vec![0u32; (one.len() + 1) * wide];
    for i in (0..one.len()).rev() {
        for j in (0..other.len()).rev() {
            lengths[i * wide + j] = if one[i] == other[j] {
                lengths[(i + 1) * wide + j + 1] + 1
            } else {
                lengths[(i + 1) * wide + j].max(lengths[i * wide + j + 1])
            };
        }
    }
    let mut matched = vec![None; one.len()];
    let (mut i, mut j) = (0, 0);
    while i < one.len() && j < other.len() {
        if one[i] == other[j] {
            matched[i] = Some(j);
            (i, j) = (i + 1, j + 1);
        } else if lengths[(i + 1) * wide + j] >= lengths[i * wide + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    matched
}

/// Pairs what has no partner yet, by a coarser key, in order.
fn leftovers<'a>(
    matched: &mut [Option<usize>],
    taken: &mut [bool],
    one: &[Key<'a>],
    other: &[Key<'a>],
    coarse: impl Fn(&Key<'a>) -> Key<'a>,
) {
    let mut free: HashMap<Key<'a>, Vec<usize>> = HashMap::new();
    for at in (0..other.len()).rev().filter(|at| !taken[*at]) {
        free.entry(coarse(&other[at])).or_default().push(at);
    }
    for (at, partner) in matched.iter_mut().enumerate().filter(|(_, partner)| partner.is_none()) {
        *partner = free.get_mut(&coarse(&one[at])).and_then(Vec::pop);
        if let Some(found) = partner {
            taken[*found] = true;
        }
    }
}

fn pair(left: Run<'_>, right: Run<'_>, one: Option<u32>, other: Option<u32>, depth: u32) -> Pair {
    let measured = |run: Run<'_>, at: Option<u32>| {
        at.map_or((0, 0, Some(0.0)), |at| {
            let sum = run.rollups.get(at);
            (run.row(at).duration().cast_signed(), sum.tokens().cast_signed(), sum.dollars)
        })
    };
    let (then, now) = (measured(left, one), measured(right, other));
    let differs = match (one, other) {
        (Some(one), Some(other)) => differences(left, right, one, other),
        _ => Vec::new(),
    };
    let fate = match (one, other) {
        (Some(_), Some(_)) if differs.is_empty() => Fate::Same,
        (Some(_), Some(_)) => Fate::Changed,
        (Some(_), None) => Fate::Removed,
        (None, _) => Fate::Added,
    };
    Pair {
        fate,
        left: one,
        right: other,
        depth,
        differs,
        duration: now.0.saturating_sub(then.0),
        tokens: now.1.saturating_sub(then.1),
        dollars: now.2.zip(then.2).map(|(now, then)| now - then),
    }
}

fn differences(left: Run<'_>, right: Run<'_>, one: u32, other: u32) -> Vec<String> {
    let (a, b) = (left.row(one), right.row(other));
    let named = |symbol| left.outline.names.get(symbol);
    let then = |symbol| right.outline.names.get(symbol);
    [
        ("name", named(a.name) == then(b.name)),
        ("model", named(a.model) == then(b.model)),
        ("provider", named(a.provider) == then(b.provider)),
        ("tool", named(a.tool) == then(b.tool)),
        ("arguments", a.arguments == b.arguments),
        ("status", (a.status, a.stopped) == (b.status, b.stopped)),
        ("error", named(a.error) == then(b.error)),
        ("finish", named(a.finish) == then(b.finish)),
    ]
    .into_iter()
    .filter(|(_, same)| !same)
    .map(|(what, _)| what.to_owned())
    .collect()
}

#[cfg(test)]
mod tests;
