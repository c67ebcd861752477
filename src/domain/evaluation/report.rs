//! The report of a rating task: everything that its votes come to, as one value.
//!
//! Main figures are of votes that stand, fit the task and are of its version; items whose answer is known and items that
//! came again unannounced are counted apart. A figure that cannot be given says why: no votes, one rater, one item, only
//! ties, a source that only won, groups that never met. What each number means is in [`mod@definitions`].

mod agreement;
mod biases;
mod decided;
pub mod definitions;
mod disagreements;
mod facts;
mod gather;
mod input;
mod mean;
mod presentation;
mod ranking;
mod raters;
mod sources;
mod votes;
pub mod words;

use serde::{Deserialize, Serialize};

pub use agreement::{Agreements, RaterPair};
pub use biases::Biases;
pub use decided::{Decided, in_words};
pub use definitions::{Definition, definition, definitions};
pub use disagreements::Disagreement;
pub use facts::said_of;
pub use gather::Counted;
pub use input::{Rated, RatedItem};
pub use mean::Bounded;
pub use presentation::{Choice, Choices, OfStrength, Points, Preference, Presented, Strength, Thumbs};
pub use ranking::{Ranking, Sandwich, WinMatrix, WinRate};
pub use raters::{LeftChoice, RaterReport, Repeated};
pub use sources::Sources;
pub use votes::Votes;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::decision::Decision;
use super::item::ItemHash;
use super::metric::{Method, Metric};
use super::ranking::Leaderboard;
use super::tally::Coverage;
use super::vote::{ResponseId, Skip};
use crate::domain::untrusted::brief;
use gather::{Gathered, Kept};

/// Columns of a question that a report tells.
const QUESTION: usize = 60;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Of the task.
    pub name: String,
    pub version: u32,
    /// In alphabetical order.
    pub sources: Vec<String>,
    /// That main figures are of: not those whose answer is known.
    pub items: u64,
    pub raters_per_item: u32,
    pub votes: Counted,
    /// Of those in the main figures of a blind task, the votes of raters who had looked whose answers are whose before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_blind: u64,
    /// Items that nobody can rate, by what they lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unanswered: Vec<Unanswered>,
    pub coverage: Coverage,
    /// Empty where no item has a category.
    pub coverage_by_category: Vec<CategoryCoverage>,
    /// In the task's order.
    pub metrics: Vec<MetricReport>,
    /// In alphabetical order.
    pub raters: Vec<RaterReport>,
    /// In the order in which they were given, as are the comments.
    pub skips: Vec<Skipped>,
    pub comments: Vec<Comment>,
    /// What the owner decided where raters differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<Decided>,
    /// How the question begins of each item that is named: of what raters differ on, skips, comments and decisions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub questions: BTreeMap<String, String>,
}

/// Items that nobody can rate, as an answer of a source is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    pub source: String,
    /// It was asked for and failed; else it has not come yet.
    pub failed: bool,
    /// An item that lacks several is among those of the first.
    pub items: u64,
}

/// The coverage of the items of a category; `None` for those of none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryCoverage {
    pub category: Option<String>,
    pub items: u64,
    pub coverage: Coverage,
}

/// What was said by a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricReport {
    pub name: String,
    /// What raters were asked.
    pub description: String,
    pub method: Method,
    /// Words for what can be said, as the task has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// What its figures are, in words.
    pub definition: String,
    pub votes: u64,
    pub whole: Presented,
    /// Empty where no item has a category.
    pub by_category: Vec<OfCategory>,
    /// In alphabetical order; empty where only one has rated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_rater: Vec<OfRater>,
    pub agreement: Agreements,
    /// Of a comparing metric, as are the biases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranking: Option<Ranking>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biases: Option<Biases>,
    /// The most disputed first.
    pub disagreements: Vec<Disagreement>,
}

/// What was said of the items of a category; `None` for those of none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfCategory {
    pub category: Option<String>,
    pub votes: u64,
    pub presented: Presented,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaderboard: Option<Leaderboard>,
}

/// What one rater said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfRater {
    pub rater: String,
    pub votes: u64,
    pub presented: Presented,
}

/// An item that was not rated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    pub item: ItemHash,
    pub rater: String,
    pub reason: Skip,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What a rater added to a vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    pub item: ItemHash,
    pub rater: String,
    pub comment: String,
}

impl Report {
    /// What is known of a task comes to this.
    pub fn of(input: &Rated<'_>) -> Self {
        let shown = gather::shown_sources(input);
        let gathered = Gathered::of(input, &shown);
        let by_group = gathered.main_by_group();
        let (coverage, coverage_by_category) = coverage(&gathered);
        Self {
            name: input.task.name.clone(),
            version: input.task.version,
            sources: (0..gathered.sources.len()).map(|at| gathered.name(at)).collect(),
            items: gathered.groups.iter().map(|group| group.items).sum(),
            raters_per_item: input.task.raters_per_item,
            votes: gathered.counted,
            not_blind: not_blind(&gathered),
            unanswered: Vec::new(),
            coverage,
            coverage_by_category,
            metrics: input
                .task
                .metrics
                .iter()
                .map(|metric| of_metric(&gathered, &by_group, metric))
                .collect(),
            raters: raters::raters(&gathered),
            skips: gathered.skipped.iter().filter_map(|kept| skipped(&gathered, kept)).collect(),
            comments: comments(&gathered),
            decided: Vec::new(),
            questions: BTreeMap::new(),
        }
    }
}

impl Report {
    /// With what the owner decided; `sources` as in [`Rated`].
    #[must_use]
    pub fn with_decisions(self, decisions: &[Decision], sources: &Sources) -> Self {
        Self { decided: decided::decided(decisions, &self, |id| sources.get(id)), ..self }
    }

    /// With the items that are in no figure, as they lack an answer.
    #[must_use]
    pub fn with_unanswered(self, unanswered: Vec<Unanswered>) -> Self {
        Self { unanswered, ..self }
    }

    /// The items that it names: those that raters differ on, skipped, commented, decided.
    pub fn names(&self) -> HashSet<&ItemHash> {
        self.metrics
            .iter()
            .flat_map(|metric| metric.disagreements.iter().map(|told| &told.item))
            .chain(self.skips.iter().map(|skip| &skip.item))
            .chain(self.comments.iter().map(|comment| &comment.item))
            .chain(self.decided.iter().map(|decided| &decided.item))
            .collect()
    }

    /// With how the questions begin of the items that it names.
    #[must_use]
    pub fn with_questions<'a>(
        mut self,
        questions: impl IntoIterator<Item = (&'a ItemHash, &'a str)>,
    ) -> Self {
        let names = self.names();
        let named = questions.into_iter().filter(|(item, _)| names.contains(item));
        self.questions = named.map(|(item, text)| (item.0.clone(), brief(text, QUESTION))).collect();
        self
    }

    /// How the question of an item begins; nothing where that is not told.
    pub fn question(&self, item: &ItemHash) -> &str {
        self.questions.get(&item.0).map_or("", String::as_str)
    }

    /// Raters who have rated something, and those who have joined.
    pub fn voters(&self) -> (u64, u64) {
        let voted = |rater: &&RaterReport| rater.skipped > 0 || rater.mean_seconds.is_ok();
        (self.raters.iter().filter(voted).count() as u64, self.raters.len() as u64)
    }

    /// Puts one more decision behind those that there are; `sources` say whose each of its item's answers is.
    pub fn decide(&mut self, decision: &Decision, sources: &HashMap<ResponseId, String>) {
        if decision.version != self.version {
            return;
        }
        let about = |known: &&mut Decided| known.item == decision.item && known.metric == decision.metric;
        self.decided.iter_mut().filter(about).for_each(|known| known.stands = false);
        let name = |id: &ResponseId| sources.get(id).map(String::as_str);
        let fresh = decided::decided(std::slice::from_ref(decision), self, name);
        self.decided.extend(fresh);
    }
}

impl MetricReport {
    /// The metric as the task has it.
    pub fn asked(&self) -> Metric {
        Metric {
            name: self.name.clone(),
            description: self.description.clone(),
            method: self.method,
            labels: self.labels.clone(),
        }
    }
}

fn of_metric(gathered: &Gathered<'_>, by_group: &[Vec<&Kept<'_>>], metric: &Metric) -> MetricReport {
    let compares = metric.method.compares();
    let agreed = || {
        let (agreement, table, level) = agreement::agreements(gathered, metric);
        let disagreements = disagreements::disagreements(gathered, metric, &table, level);
        (agreement, disagreements)
    };
    let ranked = || {
        (
            compares.then(|| ranking::ranking(gathered, metric)),
            compares.then(|| biases::biases(gathered, metric)),
        )
    };
    // Each is about a half of the time that a report takes.
    let ((agreement, disagreements), (ranking, biases)) = rayon::join(agreed, ranked);
    let by_category = told_groups(gathered)
        .map(|at| {
            let votes = || by_group[at].iter().copied();
            OfCategory {
                category: gathered.groups[at].category.map(str::to_owned),
                votes: votes().filter(|kept| kept.says(metric)).count() as u64,
                presented: presentation::present(votes(), metric, &gathered.sources),
                leaderboard: compares.then(|| ranking::of_some(gathered, votes(), metric)),
            }
        })
        .collect();
    MetricReport {
        name: metric.name.clone(),
        description: metric.description.clone(),
        method: metric.method,
        labels: metric.labels.clone(),
        definition: definitions::of_method(metric.method).to_owned(),
        votes: gathered.main_by(metric).count() as u64,
        whole: presentation::present(gathered.main.iter(), metric, &gathered.sources),
        by_category,
        by_rater: by_rater(gathered, metric),
        agreement,
        ranking,
        biases,
        disagreements,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde gives it so.
fn is_zero(many: &u64) -> bool {
    *many == 0
}

/// The votes of raters who had looked before.
fn not_blind(gathered: &Gathered<'_>) -> u64 {
    let Rated { task, unblinded, .. } = gathered.input;
    let knew = |kept: &&Kept<'_>| {
        unblinded.iter().any(|look| look.by == kept.vote.rater() && look.at <= kept.vote.at())
    };
    if task.blinding.models { gathered.main.iter().filter(knew).count() as u64 } else { 0 }
}

/// What each rater said, where there are several.
fn by_rater(gathered: &Gathered<'_>, metric: &Metric) -> Vec<OfRater> {
    let mut votes: Vec<Vec<&Kept<'_>>> = vec![Vec::new(); gathered.raters.len()];
    for kept in gathered.main_by(metric) {
        votes[kept.rater].push(kept);
    }
    let said = || gathered.raters.iter().zip(&votes).filter(|(_, votes)| !votes.is_empty());
    if said().nth(1).is_none() {
        return Vec::new();
    }
    let of = |(rater, votes): (&&str, &Vec<&Kept<'_>>)| OfRater {
        rater: (*rater).to_owned(),
        votes: votes.len() as u64,
        presented: presentation::present(votes.iter().copied(), metric, &gathered.sources),
    };
    said().map(of).collect()
}

/// The groups of items that are told apart: none where no item has a category.
fn told_groups(gathered: &Gathered<'_>) -> impl Iterator<Item = usize> {
    let has_names = gathered.groups.iter().any(|group| group.category.is_some() && group.items > 0);
    (0..gathered.groups.len()).filter(move |at| has_names && gathered.groups[*at].items > 0)
}

/// How many of the votes that are due are there; more than are due of one item do not make up for another one.
fn coverage(gathered: &Gathered<'_>) -> (Coverage, Vec<CategoryCoverage>) {
    let due = u64::from(gathered.input.task.raters_per_item);
    let mut of_items = vec![0_u64; gathered.input.items.len()];
    gathered.main.iter().for_each(|kept| of_items[kept.item] += 1);
    let mut votes = vec![0_u64; gathered.groups.len()];
    for (group, there) in gathered.group_of.iter().zip(of_items) {
        votes[*group] += there.min(due);
    }
    let mut skipped = vec![0_u64; gathered.groups.len()];
    gathered.main_skipped().for_each(|kept| skipped[gathered.group_of[kept.item]] += 1);
    let items: u64 = gathered.groups.iter().map(|group| group.items).sum();
    let whole = Coverage::of(votes.iter().sum(), skipped.iter().sum(), items, due);
    let of_group = |at: usize| CategoryCoverage {
        category: gathered.groups[at].category.map(str::to_owned),
        items: gathered.groups[at].items,
        coverage: Coverage::of(votes[at], skipped[at], gathered.groups[at].items, due),
    };
    (whole, told_groups(gathered).map(of_group).collect())
}

fn skipped(gathered: &Gathered<'_>, kept: &Kept<'_>) -> Option<Skipped> {
    let reason = kept.vote.skip()?;
    Some(Skipped {
        item: gathered.hash(kept.item),
        rater: gathered.raters[kept.rater].to_owned(),
        reason,
        comment: kept.vote.comment().map(str::to_owned),
    })
}

fn comments(gathered: &Gathered<'_>) -> Vec<Comment> {
    let mut said: Vec<&Kept<'_>> = gathered
        .main
        .iter()
        .chain(&gathered.on_gold)
        .chain(&gathered.repeats)
        .filter(|kept| kept.vote.comment().is_some())
        .collect();
    said.sort_by_key(|kept| kept.vote.at());
    said.into_iter()
        .filter_map(|kept| {
            Some(Comment {
                item: gathered.hash(kept.item),
                rater: gathered.raters[kept.rater].to_owned(),
                comment: kept.vote.comment()?.to_owned(),
            })
        })
        .collect()
}
