//! In which order a rater sees items, and which answer stands left: pure functions of the task's seed.
//!
//! What is held to, and proved by the properties in `tests/suite/evaluation/queue.rs`:
//!
//! - per rater, of the items of the same models each model stands first equally often, give or take one, wherever the
//!   rater stops;
//! - of two answers, a rater sees them the other way round than the next one: each item is shown both ways;
//! - every item comes once, in an order of the rater's own; hidden repeats come later and turned round;
//! - the same seed gives the same queue, in whichever order the items are told.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::chance::Chance;
use super::item::ItemHash;

/// So many items lie between an item and its repeat where there are enough, so that it is not known again.
pub const GAP: usize = 10;

/// Fewer between them and nobody is taken in.
const LEAST: usize = 3;

/// How many others lie at least between an item and its repeat, of so many items: half of them, within bounds.
pub fn gap(items: usize) -> usize {
    (items / 2).clamp(LEAST, GAP)
}

/// Whether any of so many items can come again.
pub fn can_repeat(items: usize) -> bool {
    items > gap(items)
}

/// An item to rate, and whose answers it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub item: ItemHash,
    /// Shared: a hundred thousand items have the same.
    pub models: Arc<[String]>,
}

/// An item in front of a rater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Showing {
    /// Which of the subjects.
    pub subject: usize,
    /// Its models as they stand from the left, by their index.
    pub order: Vec<usize>,
    /// It came before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeat: bool,
}

/// The queue of a rater, who is the `rater`th to join from 0 on, with so many of a hundred items repeated. With `sides`
/// false the answers stand as they are told.
pub fn queue(seed: u64, subjects: &[Subject], rater: u32, repeats: u8, sides: bool) -> Vec<Showing> {
    let mut chance = Chance::of(&[b"queue", &seed.to_be_bytes(), &rater.to_be_bytes()]);
    let mut blocks: Vec<Vec<Vec<Showing>>> = Vec::new();
    for group in groups(seed, subjects).into_values() {
        blocks.push(in_blocks(seed, subjects, &group, rater, &mut chance));
    }
    // Groups take turns by chance, each in its own order of blocks.
    let mut turns: Vec<usize> =
        blocks.iter().enumerate().flat_map(|(at, blocks)| vec![at; blocks.len()]).collect();
    chance.shuffle(&mut turns);
    let mut blocks: Vec<_> = blocks.into_iter().map(Vec::into_iter).collect();
    let mut queue: Vec<Showing> = turns.into_iter().filter_map(|at| blocks[at].next()).flatten().collect();
    if !sides {
        for showing in &mut queue {
            showing.order.sort_unstable();
        }
    }
    with_repeats(queue, repeats, sides, &mut chance)
}

/// The subjects of the same models, each group in an order of the seed's.
fn groups(seed: u64, subjects: &[Subject]) -> BTreeMap<Vec<&str>, Vec<usize>> {
    let mut groups: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
    for (at, subject) in subjects.iter().enumerate() {
        let mut models: Vec<&str> = subject.models.iter().map(String::as_str).collect();
        models.sort_unstable();
        groups.entry(models).or_default().push(at);
    }
    for group in groups.values_mut() {
        group.sort_by_cached_key(|at| {
            let item = &subjects[*at].item;
            (Chance::of(&[b"place", &seed.to_be_bytes(), item.0.as_bytes()]).draw(), item)
        });
    }
    groups
}

/// Items in blocks in each of which every model stands first once; the last may be short.
fn in_blocks(
    seed: u64,
    subjects: &[Subject],
    group: &[usize],
    rater: u32,
    chance: &mut Chance,
) -> Vec<Vec<Showing>> {
    let many = group.first().map_or(1, |at| subjects[*at].models.len()).max(1);
    let mut first: Vec<Vec<Showing>> = vec![Vec::new(); many];
    for (place, at) in group.iter().enumerate() {
        let who = (place + rater as usize) % many;
        let showing = Showing { subject: *at, order: order(seed, &subjects[*at], rater, who), repeat: false };
        first[who].push(showing);
    }
    for showings in &mut first {
        chance.shuffle(showings);
    }
    // A model that stands first in one more item than another does so in the short block.
    let blocks = first.iter().map(Vec::len).max().unwrap_or(0);
    (0..blocks)
        .map(|at| {
            let mut block: Vec<Showing> =
                first.iter().filter_map(|showings| showings.get(at).cloned()).collect();
            chance.shuffle(&mut block);
            block
        })
        .collect()
}

/// The models of a subject with one, by its alphabetical place, first and the others as chance has it.
fn order(seed: u64, subject: &Subject, rater: u32, first: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..subject.models.len()).collect();
    order.sort_by_key(|at| &subject.models[*at]);
    if let Some(front) = order.get_mut(..=first) {
        front.rotate_right(1);
        let parts: [&[u8]; 4] =
            [b"others", &seed.to_be_bytes(), subject.item.0.as_bytes(), &rater.to_be_bytes()];
        Chance::of(&parts).shuffle(&mut order[1..]);
    }
    order
}

/// The queue with some of its items again, at least [`gap`] others later.
fn with_repeats(queue: Vec<Showing>, repeats: u8, sides: bool, chance: &mut Chance) -> Vec<Showing> {
    let gap = gap(queue.len());
    let early = queue.len().saturating_sub(gap);
    let many = (queue.len() * usize::from(repeats)).div_ceil(100).min(early);
    let mut again: Vec<usize> = (0..early).collect();
    chance.shuffle(&mut again);
    again.truncate(many);
    // What comes again behind which place.
    let mut behind: BTreeMap<usize, Vec<Showing>> = BTreeMap::new();
    for at in again {
        let later = at + gap + chance.below(queue.len() - at - gap);
        let mut showing = Showing { repeat: true, ..queue[at].clone() };
        if sides {
            showing.order.reverse();
        }
        behind.entry(later).or_default().push(showing);
    }
    let mut whole = Vec::with_capacity(queue.len() + many);
    for (at, showing) in queue.into_iter().enumerate() {
        whole.push(showing);
        whole.extend(behind.remove(&at).unwrap_or_default());
    }
    whole
}
