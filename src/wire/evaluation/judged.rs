//! An item with what people said of it, with its answers by place: the common ground of the forms of other programs.
//!
//! In a [`Value`] of an [`Opinion`] the ids of answers are their places in the item's responses: `0`, `1` …

use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::item::{Item, Response};
use crate::domain::evaluation::metric::{Metric, POINTS};
use crate::domain::evaluation::vote::{ResponseId, Said, Skip, Value, Vote};
use crate::domain::id::VoteId;
use crate::domain::time::Timestamp;

/// An item and its opinions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    pub item: Item,
    /// What was asked, as far as it is told.
    pub metrics: Vec<Metric>,
    pub opinions: Vec<Opinion>,
    /// What the owner decided, by metric.
    pub decisions: Vec<(String, Value)>,
    /// What was said of it that nothing here means, each in words.
    pub untold: Vec<String>,
}

/// What one rater said.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    pub rater: String,
    /// The answers as they stood, the left one first, by their places.
    pub shown: Vec<usize>,
    pub said: Said,
    pub active_ms: u64,
    pub at: Timestamp,
    pub comment: Option<String>,
}

/// The id of the answer at a place.
pub(super) fn place(at: usize) -> ResponseId {
    ResponseId(at.to_string().into())
}

/// The place that an id of an opinion stands for.
pub(super) fn at(id: &ResponseId) -> Option<usize> {
    id.0.parse().ok()
}

impl Judged {
    /// An item with the votes on it: ids of answers, made with the task's seed, become places. Votes on other items,
    /// those that name an answer which the item has not, and those that were only taken back are left out.
    pub fn of<'a>(
        item: &Item,
        metrics: &[Metric],
        votes: impl IntoIterator<Item = &'a Vote>,
        seed: u64,
    ) -> Self {
        let hash = item.hash();
        let ids: Vec<ResponseId> =
            item.responses.iter().map(|response| ResponseId::of(seed, &hash, &response.model)).collect();
        let known = |id: &ResponseId| ids.iter().position(|known| known == id);
        let opinions = votes
            .into_iter()
            .filter(|vote| vote.item == hash && vote.said != Said::Withdrawn)
            .filter_map(|vote| {
                Some(Opinion {
                    rater: vote.rater.clone(),
                    shown: vote.shown.iter().map(known).collect::<Option<_>>()?,
                    said: vote.said.with_ids(|id| known(id).map(place))?,
                    active_ms: vote.active_ms,
                    at: vote.at,
                    comment: vote.comment.clone(),
                })
            })
            .collect();
        Self { item: item.clone(), metrics: metrics.to_vec(), opinions, ..Self::default() }
    }

    /// With what the owner decided of it: those that stand.
    #[must_use]
    pub fn with_decisions<'a>(
        mut self,
        decisions: impl IntoIterator<Item = &'a Decision>,
        seed: u64,
    ) -> Self {
        let hash = self.item.hash();
        let known = |id: &ResponseId| {
            let mut models = self.item.responses.iter().map(|response| &response.model);
            models.position(|model| ResponseId::of(seed, &hash, model) == *id)
        };
        let said = decisions.into_iter().filter(|decision| decision.item == hash).filter_map(|decision| {
            let said = Said::Values(vec![(decision.metric.clone(), decision.value.clone())]);
            match said.with_ids(|id| known(id).map(place))? {
                Said::Values(values) => values.into_iter().next(),
                Said::Skipped(_) | Said::Withdrawn => None,
            }
        });
        self.decisions = said.collect();
        self
    }

    /// What the owner decided by a metric, as a vote whose answers are places.
    pub(super) fn decided(&self, metric: &str) -> Option<Vote> {
        let decided = self.decisions.iter().find(|(name, _)| name == metric)?;
        // A preference goes from the alphabetically first source to the other one.
        let mut shown: Vec<usize> = (0..self.item.responses.len()).collect();
        shown.sort_by_key(|at| &self.item.responses[*at].model);
        Some(self.vote(shown, Said::Values(vec![decided.clone()])))
    }

    /// Something that was said of it, as a vote whose answers are places.
    pub(super) fn vote(&self, shown: Vec<usize>, said: Said) -> Vote {
        Vote {
            id: VoteId::from_bytes([0; 16]),
            rater: String::new(),
            item: self.item.hash(),
            version: 1,
            shown: shown.into_iter().map(place).collect(),
            said,
            active_ms: 0,
            at: Timestamp(0),
            supersedes: None,
            comment: None,
            repeat: false,
        }
    }

    /// What was asked; where that is not told, what the opinions answer, as far as they show it.
    pub fn asked(&self) -> Vec<Metric> {
        if !self.metrics.is_empty() {
            return self.metrics.clone();
        }
        let mut asked: Vec<Metric> = Vec::new();
        for (name, value) in self.opinions.iter().flat_map(Opinion::values) {
            let highest = match value {
                Value::Points(points) => points.iter().map(|(_, point)| *point).max().unwrap_or_default(),
                Value::Preference(point) => *point,
                _ => 0,
            };
            // Of a longer scale than the usual one its points are the labels.
            let labels: Vec<String> = (1..=highest).map(|point| point.to_string()).collect();
            let labels = if highest > POINTS { labels } else { Vec::new() };
            match asked.iter_mut().find(|metric| metric.name == *name) {
                Some(known) if known.labels.len() < labels.len() => known.labels = labels,
                Some(_) => {}
                None => {
                    let (description, method) = (String::new(), value.method());
                    asked.push(Metric { name: name.clone(), description, method, labels });
                }
            }
        }
        asked
    }

    /// With metrics that were told; of others that the opinions answer, what those show.
    pub(super) fn asking(mut self, told: Vec<Metric>) -> Self {
        if !told.is_empty() {
            let others =
                self.asked().into_iter().filter(|metric| !told.iter().any(|of| of.name == metric.name));
            let others: Vec<Metric> = others.collect();
            self.metrics = told.into_iter().chain(others).collect();
        }
        self
    }

    /// The opinions as votes of a task, with fresh ids. One that names no answer of the item is left out.
    pub fn votes(&self, seed: u64, version: u32, mut fresh: impl FnMut() -> VoteId) -> Vec<Vote> {
        let hash = self.item.hash();
        let id = |response: &Response| ResponseId::of(seed, &hash, &response.model);
        let by_place = |at: usize| self.item.responses.get(at).map(id);
        self.opinions
            .iter()
            .filter_map(|opinion| {
                Some(Vote {
                    id: fresh(),
                    rater: opinion.rater.clone(),
                    item: hash.clone(),
                    version,
                    shown: opinion.shown.iter().map(|at| by_place(*at)).collect::<Option<_>>()?,
                    said: opinion.said.with_ids(|id| at(id).and_then(by_place))?,
                    active_ms: opinion.active_ms,
                    at: opinion.at,
                    supersedes: None,
                    comment: opinion.comment.clone(),
                    repeat: false,
                })
            })
            .collect()
    }
}

impl Opinion {
    /// What was said, metric by metric; nothing where it was skipped.
    pub(super) fn values(&self) -> &[(String, Value)] {
        match &self.said {
            Said::Values(values) => values,
            Said::Skipped(_) | Said::Withdrawn => &[],
        }
    }

    /// One that says nothing.
    pub(super) fn skipped(rater: String, shown: Vec<usize>) -> Self {
        let said = Said::Skipped(Skip::Other);
        Self { rater, shown, said, active_ms: 0, at: Timestamp(0), comment: None }
    }
}
