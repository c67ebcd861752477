//! The votes that a report is of, with names as indices, and how many were left out for which reason.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::input::{Rated, RatedItem};
use super::sources::Sources;
use super::votes::{Fit, Held};
use crate::domain::evaluation::battle::Outcome;
use crate::domain::evaluation::item::{ItemHash, ItemName};
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::vote::{ResponseId, Saying, Value};

/// Whose an answer is that is nobody's.
const NOBODY: usize = usize::MAX;

/// Where every vote went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The main figures are of these.
    pub rated: u64,
    pub skipped: u64,
    /// On items whose answer is known: in no main figure.
    pub on_gold: u64,
    /// On items that came again unannounced: in no main figure.
    pub repeats: u64,
    /// Of other versions of the task: left out.
    pub other_versions: u64,
    /// What the task could not have led to: left out.
    pub unfit: u64,
    /// On items, or on answers, that are nobody's: left out.
    pub strangers: u64,
    /// A later vote of the same rater on the same item counts in their place.
    pub doubled: u64,
}

/// The votes of a report, sorted out.
pub(super) struct Gathered<'a> {
    pub input: &'a Rated<'a>,
    /// In alphabetical order, as are the raters.
    pub sources: Vec<&'a str>,
    pub raters: Vec<&'a str>,
    pub groups: Vec<Group<'a>>,
    /// Of each item.
    pub group_of: Vec<usize>,
    pub is_gold: Vec<bool>,
    /// The place of each item in the order of their names.
    pub ranks: Vec<u32>,
    /// The first item of each item's conversation: what samples are drawn of. An item of none is one by itself.
    pub cluster_of: Vec<usize>,
    /// In the order in which they were given, as are the others.
    pub main: Vec<Kept<'a>>,
    pub skipped: Vec<Kept<'a>>,
    pub on_gold: Vec<Kept<'a>>,
    pub repeats: Vec<Kept<'a>>,
    pub counted: Counted,
}

/// The items of one category; those of none stand together, last.
pub(super) struct Group<'a> {
    pub category: Option<&'a str>,
    pub items: u64,
}

/// A vote that fits, with names as indices.
#[derive(Clone)]
pub(super) struct Kept<'a> {
    pub vote: Held<'a>,
    pub item: usize,
    /// The first item of its conversation.
    pub cluster: usize,
    pub rater: usize,
    /// Whose the answers were, the left one first.
    pub shown: &'a [usize],
}

impl Saying for Kept<'_> {
    fn rater(&self) -> &str {
        self.vote.rater()
    }

    fn item(&self) -> ItemName {
        self.vote.item().clone()
    }

    fn shown(&self) -> &[ResponseId] {
        self.vote.shown()
    }

    fn value(&self, metric: &str) -> Option<&Value> {
        self.vote.value(metric)
    }

    fn is_repeat(&self) -> bool {
        self.vote.is_repeat()
    }
}

impl Kept<'_> {
    /// Whether it says something of a metric.
    pub fn says(&self, metric: &Metric) -> bool {
        self.vote.value(&metric.name).is_some()
    }

    /// Whose an answer is, of those that were shown.
    pub fn source(&self, id: &ResponseId) -> Option<usize> {
        let at = self.vote.shown().iter().position(|shown| shown == id)?;
        self.shown.get(at).copied()
    }

    /// Who was chosen of two answers, the alphabetically first source being `a`; `None` of more or of fewer.
    pub fn outcome(&self, metric: &Metric) -> Option<Outcome> {
        let [left, right] = self.shown else { return None };
        let battles = self.battles(metric);
        let [(a, _, outcome)] = battles.as_slice() else { return None };
        Some(if a == left.min(right) { *outcome } else { outcome.swapped() })
    }

    /// The battles of a comparing metric, by source.
    pub fn battles(&self, metric: &Metric) -> Vec<(usize, usize, Outcome)> {
        let mut battles = Vec::new();
        if let Some(value) = self.vote.value(&metric.name) {
            value.meetings(self.vote.shown(), metric, |a, b, outcome| {
                battles.extend(self.source(a).zip(self.source(b)).map(|(a, b)| (a, b, outcome)));
            });
        }
        battles
    }
}

/// The sources in alphabetical order, and where each of the names stands among them.
fn alphabetical(sources: &Sources) -> (Vec<&str>, Vec<usize>) {
    let names = sources.names();
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let ranks = names.iter().map(|name| sorted.partition_point(|other| *other < name.as_str())).collect();
    (sorted, ranks)
}

/// Whose each answer is that was shown by a vote, by its place among the sources in alphabetical order.
pub(super) fn shown_sources(input: &Rated<'_>) -> Vec<usize> {
    let (_, ranks) = alphabetical(input.sources);
    let source = |id: &ResponseId| input.sources.place(id).map_or(NOBODY, |place| ranks[place]);
    input.votes.shown().iter().map(source).collect()
}

impl<'a> Gathered<'a> {
    /// `shown` is what [`shown_sources`] tells of the same.
    pub fn of(input: &'a Rated<'a>, shown: &'a [usize]) -> Self {
        let (sources, _) = alphabetical(input.sources);
        let items: HashMap<&ItemName, usize> =
            input.items.iter().zip(0..).map(|(item, at)| (&item.hash, at)).collect();
        let gold: HashSet<ItemName> = input.task.gold.iter().map(|gold| (&gold.item).into()).collect();
        let is_gold: Vec<bool> = input.items.iter().map(|item| gold.contains(&item.hash)).collect();
        let (groups, group_of) = groups(input.items, &is_gold);

        let mut standing = input.votes.standing();
        standing.sort_by_key(|vote| vote.at());
        let known = input.raters.iter().map(String::as_str);
        let raters: BTreeSet<&str> = known.chain(standing.iter().map(|vote| vote.rater())).collect();
        let raters: Vec<&str> = raters.into_iter().collect();
        let by_rater: HashMap<&str, usize> = raters.iter().zip(0..).map(|(name, at)| (*name, at)).collect();

        let mut gathered = Self {
            input,
            sources,
            raters,
            groups,
            group_of,
            is_gold,
            ranks: ranks(input.items),
            cluster_of: clusters(input.items),
            main: Vec::with_capacity(standing.len()),
            skipped: Vec::new(),
            on_gold: Vec::new(),
            repeats: Vec::new(),
            counted: Counted::default(),
        };
        // From the latest on: of two votes of one rater on one item the later counts.
        let mut seen = HashSet::with_capacity(standing.len());
        for vote in standing.into_iter().rev() {
            let shown = vote.of_shown(shown);
            let rater = by_rater[vote.rater()];
            let item = items.get(vote.item()).copied().filter(|_| !shown.contains(&NOBODY));
            let counted = &mut gathered.counted;
            match item {
                _ if vote.fit() == Fit::OtherVersion => counted.other_versions += 1,
                None => counted.strangers += 1,
                _ if vote.fit() == Fit::Unfit => counted.unfit += 1,
                Some(item) if !seen.insert((rater as u32, item as u32, vote.is_repeat())) => {
                    counted.doubled += 1;
                }
                Some(item) => {
                    let cluster = gathered.cluster_of[item];
                    gathered.keep(Kept { vote, item, cluster, rater, shown });
                }
            }
        }
        for votes in [&mut gathered.main, &mut gathered.skipped, &mut gathered.on_gold, &mut gathered.repeats]
        {
            votes.reverse();
        }
        gathered
    }

    fn keep(&mut self, kept: Kept<'a>) {
        let (votes, count) = if kept.vote.skip().is_some() {
            (&mut self.skipped, &mut self.counted.skipped)
        } else if kept.vote.is_repeat() {
            (&mut self.repeats, &mut self.counted.repeats)
        } else if self.is_gold[kept.item] {
            (&mut self.on_gold, &mut self.counted.on_gold)
        } else {
            (&mut self.main, &mut self.counted.rated)
        };
        *count += 1;
        votes.push(kept);
    }

    /// The main votes of each group of items.
    pub fn main_by_group(&self) -> Vec<Vec<&Kept<'a>>> {
        let mut groups = vec![Vec::new(); self.groups.len()];
        for kept in &self.main {
            groups[self.group_of[kept.item]].push(kept);
        }
        groups
    }

    /// Skipped showings of items that main figures are of.
    pub fn main_skipped(&self) -> impl Iterator<Item = &Kept<'a>> {
        self.skipped.iter().filter(|kept| !kept.vote.is_repeat() && !self.is_gold[kept.item])
    }

    /// Main votes that say something of a metric.
    pub fn main_by<'g>(&'g self, metric: &'g Metric) -> impl Iterator<Item = &'g Kept<'a>> {
        self.main.iter().filter(|kept| kept.says(metric))
    }

    /// The name of an item as it is written.
    pub fn hash(&self, item: usize) -> ItemHash {
        self.input.items[item].hash.hash()
    }

    /// A name of its own of every source.
    pub fn name(&self, source: usize) -> String {
        self.sources.get(source).copied().unwrap_or_default().to_owned()
    }
}

/// The place of each item in the order of their names.
fn ranks(items: &[RatedItem]) -> Vec<u32> {
    let mut sorted: Vec<u32> = (0..items.len() as u32).collect();
    sorted.sort_by(|one, other| items[*one as usize].hash.cmp(&items[*other as usize].hash));
    let mut ranks = vec![0; items.len()];
    for (rank, at) in (0..).zip(sorted) {
        ranks[at as usize] = rank;
    }
    ranks
}

/// The first item of each item's conversation.
fn clusters(items: &[RatedItem]) -> Vec<usize> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut clusters = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let conversation = item.conversation.as_deref();
        clusters.push(conversation.map_or(at, |conversation| *first.entry(conversation).or_insert(at)));
    }
    clusters
}

/// The categories in alphabetical order, and which of them each item is of.
fn groups<'a>(items: &'a [RatedItem], is_gold: &[bool]) -> (Vec<Group<'a>>, Vec<usize>) {
    let names: BTreeSet<&str> = items.iter().filter_map(|item| item.category.as_deref()).collect();
    let mut groups: Vec<Group<'_>> =
        names.into_iter().map(|name| Group { category: Some(name), items: 0 }).collect();
    groups.push(Group { category: None, items: 0 });
    let index: HashMap<Option<&str>, usize> =
        groups.iter().zip(0..).map(|(group, at)| (group.category, at)).collect();
    let group_of: Vec<usize> = items.iter().map(|item| index[&item.category.as_deref()]).collect();
    for (at, _) in group_of.iter().zip(is_gold).filter(|(_, gold)| !**gold) {
        groups[*at].items += 1;
    }
    (groups, group_of)
}
