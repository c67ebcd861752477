//! Battles as numbers: contestants by index, equal battles in one bucket, battles of one prompt side by side.

use std::collections::{BTreeSet, HashMap};

use super::bradley_terry::Meeting;
use crate::domain::evaluation::battle::{Battle, Outcome};

/// Battles that are equal but for their prompt; `a` is before `b`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    pub a: usize,
    pub b: usize,
    pub outcome: Outcome,
    pub weight: f64,
    /// How many battles there are.
    pub count: u32,
    /// Which of the contest's pairs it is of.
    pub pair: usize,
}

/// Two that met: a battle, or the same in less room.
pub(in crate::domain::evaluation) trait Met: Sync {
    fn names(&self) -> [&str; 2];
    fn outcome(&self) -> Outcome;
    fn weight(&self) -> f64;
    /// What it belongs to; `None` stands by itself.
    fn prompt(&self) -> Option<Prompt<'_>>;
}

/// What battles belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::domain::evaluation) enum Prompt<'a> {
    Name(&'a str),
    Place(u32),
}

impl Met for Battle {
    fn names(&self) -> [&str; 2] {
        [&self.a, &self.b]
    }

    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn prompt(&self) -> Option<Prompt<'_>> {
        self.prompt.as_deref().map(Prompt::Name)
    }
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(super) struct Contest {
    /// In alphabetical order.
    pub names: Vec<String>,
    pub buckets: Vec<Bucket>,
    /// Who met, each pair once.
    pub pairs: Vec<(usize, usize)>,
    /// The bucket of every battle, those of one prompt together.
    entries: Vec<u32>,
    /// Where each prompt ends among the entries.
    ends: Vec<u32>,
    /// Battles that are none: of one with itself, or without a weight.
    pub ignored: u64,
}

impl Contest {
    pub(super) fn of<'a, M: Met + 'a>(battles: impl Iterator<Item = &'a M> + Clone) -> Self {
        let names: BTreeSet<&str> = battles.clone().flat_map(Met::names).collect();
        let index: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let mut contest = Self { names: names.into_iter().map(str::to_owned).collect(), ..Self::default() };
        let (mut pairs, mut buckets, mut prompts) = (HashMap::new(), HashMap::new(), HashMap::new());
        // The prompt and the bucket of each battle: of a hundred thousand prompts none has a list of its own.
        let mut all: Vec<(u32, u32)> = Vec::new();
        let mut fresh = 0;
        for battle in battles {
            let ([name_a, name_b], weight) = (battle.names(), battle.weight());
            if name_a == name_b || !weight.is_finite() || weight <= 0.0 {
                contest.ignored += 1;
                continue;
            }
            let (mut a, mut b, mut outcome) = (index[name_a], index[name_b], battle.outcome());
            if a > b {
                (a, b, outcome) = (b, a, outcome.swapped());
            }
            let pair = *pairs.entry((a, b)).or_insert_with(|| {
                contest.pairs.push((a, b));
                contest.pairs.len() - 1
            });
            let bucket = *buckets.entry((pair, outcome, weight.to_bits())).or_insert_with(|| {
                contest.buckets.push(Bucket { a, b, outcome, weight, count: 0, pair });
                contest.buckets.len() - 1
            });
            contest.buckets[bucket].count += 1;
            let at = battle.prompt().map_or(fresh, |prompt| *prompts.entry(prompt).or_insert(fresh));
            if at == fresh {
                fresh += 1;
            }
            all.push((at, bucket as u32));
        }
        // Those of one prompt stay in their order.
        all.sort_by_key(|(prompt, _)| *prompt);
        for prompt in all.chunk_by(|(one, _), (other, _)| one == other) {
            contest.entries.extend(prompt.iter().map(|(_, bucket)| *bucket));
            contest.ends.push(contest.entries.len() as u32);
        }
        contest
    }

    /// What is left of it among the contestants that have a new index.
    pub(super) fn among(&self, fresh: &[Option<usize>]) -> Self {
        let mut left = Self::default();
        for (name, _) in self.names.iter().zip(fresh).filter(|(_, fresh)| fresh.is_some()) {
            left.names.push(name.clone());
        }
        let mut pairs = vec![usize::MAX; self.pairs.len()];
        let mut buckets = vec![None; self.buckets.len()];
        for (at, bucket) in self.buckets.iter().enumerate() {
            let (Some(a), Some(b)) = (fresh[bucket.a], fresh[bucket.b]) else { continue };
            if pairs[bucket.pair] == usize::MAX {
                pairs[bucket.pair] = left.pairs.len();
                left.pairs.push((a, b));
            }
            buckets[at] = Some(left.buckets.len() as u32);
            left.buckets.push(Bucket { a, b, pair: pairs[bucket.pair], ..*bucket });
        }
        for prompt in self.prompts() {
            let before = left.entries.len();
            left.entries.extend(prompt.iter().filter_map(|bucket| buckets[*bucket as usize]));
            if left.entries.len() > before {
                left.ends.push(left.entries.len() as u32);
            }
        }
        left
    }

    /// How many prompts there are, a battle that names none being one.
    pub(super) fn prompt_count(&self) -> usize {
        self.ends.len()
    }

    /// The buckets of a prompt's battles.
    pub(super) fn prompt(&self, at: usize) -> &[u32] {
        // Samples draw a hundred million of them: one look is less than three.
        if self.is_independent() {
            return &self.entries[at..=at];
        }
        let from = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.entries[from as usize..self.ends[at] as usize]
    }

    pub(super) fn prompts(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.ends.len()).map(|at| self.prompt(at))
    }

    /// Whether every battle stands by itself.
    pub(super) fn is_independent(&self) -> bool {
        self.ends.len() == self.entries.len()
    }

    /// The pairs with what came of them, into a place that may be used again; `count` tells how often each bucket is
    /// counted.
    pub(super) fn meetings(&self, count: impl Fn(usize, &Bucket) -> u32, meetings: &mut Vec<Meeting>) {
        meetings.clear();
        meetings.extend(self.pairs.iter().map(|&(a, b)| Meeting { a, b, score: 0.0, weight: 0.0 }));
        for (at, bucket) in self.buckets.iter().enumerate() {
            let weight = bucket.weight * f64::from(count(at, bucket));
            meetings[bucket.pair].weight += weight;
            meetings[bucket.pair].score += weight * bucket.outcome.score();
        }
    }
}
