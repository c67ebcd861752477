//! The votes that a report is of, with names as indices, and how many were left out for which reason.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::input::{Rated, RatedItem};
use crate::domain::evaluation::battle::{Battle, Outcome};
use crate::domain::evaluation::item::ItemHash;
use crate::domain::evaluation::metric::Metric;
use crate::domain::evaluation::vote::{ResponseId, Said, Vote, standing};

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
    pub vote: &'a Vote,
    pub item: usize,
    /// The first item of its conversation.
    pub cluster: usize,
    pub rater: usize,
    /// Whose the answers were, the left one first.
    pub shown: Vec<usize>,
}

impl Kept<'_> {
    /// Whether it says something of a metric.
    pub fn says(&self, metric: &Metric) -> bool {
        self.vote.value(&metric.name).is_some()
    }

    /// Whose an answer is, of those that were shown.
    pub fn source(&self, id: &ResponseId) -> Option<usize> {
        let at = self.vote.shown.iter().position(|shown| shown == id)?;
        self.shown.get(at).copied()
    }

    /// Who was chosen of two answers, the alphabetically first source being `a`; `None` of more or of fewer.
    pub fn outcome(&self, metric: &Metric, sources: &[&str]) -> Option<Outcome> {
        let [left, right] = self.shown.as_slice() else { return None };
        let battles = self.battles(metric, sources);
        let [battle] = battles.as_slice() else { return None };
        let first = sources.get(*left.min(right))?;
        Some(if battle.a == *first { battle.outcome } else { battle.outcome.swapped() })
    }

    pub fn battles(&self, metric: &Metric, sources: &[&str]) -> Vec<Battle> {
        self.vote.battles(metric, |id| sources.get(self.source(id)?).copied())
    }
}

impl<'a> Gathered<'a> {
    pub fn of(input: &'a Rated<'a>) -> Self {
        let names = input.sources.names();
        let mut sources: Vec<&str> = names.iter().map(String::as_str).collect();
        sources.sort_unstable();
        // Where each name stands among them.
        let ranks: Vec<usize> =
            names.iter().map(|name| sources.partition_point(|other| *other < name.as_str())).collect();
        let source = |id: &ResponseId| input.sources.place(id).map(|place| ranks[place]);
        let items: HashMap<&ItemHash, usize> =
            input.items.iter().zip(0..).map(|(item, at)| (&item.hash, at)).collect();
        let gold: HashSet<&ItemHash> = input.task.gold.iter().map(|gold| &gold.item).collect();
        let is_gold: Vec<bool> = input.items.iter().map(|item| gold.contains(&item.hash)).collect();
        let (groups, group_of) = groups(input.items, &is_gold);

        let mut standing = standing(input.votes);
        standing.sort_by_key(|vote| vote.at);
        let known = input.raters.iter().map(String::as_str);
        let raters: BTreeSet<&str> = known.chain(standing.iter().map(|vote| vote.rater.as_str())).collect();
        let raters: Vec<&str> = raters.into_iter().collect();
        let by_rater: HashMap<&str, usize> = raters.iter().zip(0..).map(|(name, at)| (*name, at)).collect();

        let mut gathered = Self {
            input,
            sources,
            raters,
            groups,
            group_of,
            is_gold,
            cluster_of: clusters(input.items),
            main: Vec::new(),
            skipped: Vec::new(),
            on_gold: Vec::new(),
            repeats: Vec::new(),
            counted: Counted::default(),
        };
        // From the latest on: of two votes of one rater on one item the later counts.
        let mut seen = HashSet::new();
        for vote in standing.into_iter().rev() {
            let shown: Option<Vec<usize>> = vote.shown.iter().map(source).collect();
            let rater = by_rater[vote.rater.as_str()];
            let counted = &mut gathered.counted;
            match (items.get(&vote.item), shown) {
                _ if vote.version != input.task.version => counted.other_versions += 1,
                (None, _) | (_, None) => counted.strangers += 1,
                _ if !fits(vote, input) => counted.unfit += 1,
                (Some(item), _) if !seen.insert((rater, *item, vote.repeat)) => counted.doubled += 1,
                (Some(item), Some(shown)) => {
                    let cluster = gathered.cluster_of[*item];
                    gathered.keep(Kept { vote, item: *item, cluster, rater, shown });
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
        let (votes, count) = if let Said::Skipped(_) = kept.vote.said {
            (&mut self.skipped, &mut self.counted.skipped)
        } else if kept.vote.repeat {
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
        self.skipped.iter().filter(|kept| !kept.vote.repeat && !self.is_gold[kept.item])
    }

    /// Main votes that say something of a metric.
    pub fn main_by<'g>(&'g self, metric: &'g Metric) -> impl Iterator<Item = &'g Kept<'a>> {
        self.main.iter().filter(|kept| kept.says(metric))
    }

    /// A name of its own of every source.
    pub fn name(&self, source: usize) -> String {
        self.sources.get(source).copied().unwrap_or_default().to_owned()
    }
}

/// Whether the task could have led to a vote. Other programs let raters leave a metric out: what they said of the others counts.
fn fits(vote: &Vote, input: &Rated<'_>) -> bool {
    let says_nothing = matches!(&vote.said, Said::Values(values) if values.is_empty());
    !says_nothing && vote.check_said(input.task).is_ok()
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
