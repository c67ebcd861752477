//! A vote: what one rater said of one item.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use super::battle::{Battle, Outcome};
use super::item::{ItemHash, ItemName, hashed};
use super::metric::{Method, Metric};
use super::task::TaskDefinition;
use crate::domain::hex::hex;
use crate::domain::id::VoteId;
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};

/// The name of an answer that tells nothing of whose it is: another one in every item. What it stands for stays at home.
/// Results hold hundreds of thousands of them, each in its own place without room elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResponseId(pub CompactString);

impl ResponseId {
    /// The id of a model's answer to an item; who does not know the task's seed cannot make it.
    pub fn of(seed: u64, item: &ItemHash, model: &str) -> Self {
        let seed = seed.to_be_bytes();
        let parts: [&[u8]; 4] = [b"outcrop response 1", &seed, item.0.as_bytes(), model.as_bytes()];
        Self(CompactString::new(hex(&hashed(&parts)[..8])))
    }
}

impl fmt::Display for ResponseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One vote. It is never changed: one that takes it back supersedes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    pub id: VoteId,
    pub rater: String,
    pub item: ItemHash,
    /// The version of the task.
    pub version: u32,
    /// The answers as they stood, the left one first.
    pub shown: Vec<ResponseId>,
    pub said: Said,
    /// How long the item was in front of the rater, without pauses.
    pub active_ms: u64,
    pub at: Timestamp,
    /// The vote of the same rater that this one takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<VoteId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The item had come before and was shown again unannounced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeat: bool,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Of each metric, by its name.
    Values(Vec<(String, Value)>),
    Skipped(Skip),
    /// Nothing any more: the vote that it supersedes is taken back.
    Withdrawn,
}

/// A vote that says something, however it is held: by itself, or with a hundred thousand others in little room.
pub trait Saying {
    fn rater(&self) -> &str;
    /// Of which item it is.
    fn item(&self) -> ItemName;
    /// The answers as they stood, the left one first.
    fn shown(&self) -> &[ResponseId];
    /// What was said of a metric.
    fn value(&self, metric: &str) -> Option<&Value>;
    /// The item had come before and was shown again unannounced.
    fn is_repeat(&self) -> bool;
}

impl Saying for Vote {
    fn rater(&self) -> &str {
        &self.rater
    }

    fn item(&self) -> ItemName {
        (&self.item).into()
    }

    fn shown(&self) -> &[ResponseId] {
        &self.shown
    }

    fn value(&self, metric: &str) -> Option<&Value> {
        Vote::value(self, metric)
    }

    fn is_repeat(&self) -> bool {
        self.repeat
    }
}

/// Why an item was not rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    Unclear,
    Offensive,
    NotMyField,
    /// The comment tells.
    Other,
}

/// What was said of one metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Up or down, each answer.
    Thumbs(Vec<(ResponseId, bool)>),
    /// Points from 1, each answer.
    Points(Vec<(ResponseId, u8)>),
    /// Points from 1, strongly the left one, on.
    Preference(u8),
    Choice(Chosen),
    /// Places from 1, each answer; equal ones are ties.
    Ranks(Vec<(ResponseId, u8)>),
}

/// Which answer was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    One(ResponseId),
    Tie,
    BothBad,
}

/// The votes that stand: those that no later one of the same rater has taken the place of, each once. One that takes an
/// earlier one back stands for nothing itself.
pub fn standing<'a>(votes: impl IntoIterator<Item = &'a Vote>) -> Vec<&'a Vote> {
    let votes: Vec<&Vote> = votes.into_iter().collect();
    let gone: HashSet<(&str, VoteId)> =
        votes.iter().filter_map(|vote| Some((vote.rater.as_str(), vote.supersedes?))).collect();
    let mut seen = HashSet::new();
    votes
        .into_iter()
        .filter(|vote| vote.said != Said::Withdrawn)
        .filter(|vote| !gone.contains(&(vote.rater.as_str(), vote.id)) && seen.insert(vote.id))
        .collect()
}

/// The votes that stand, each where the first one stood that it has, step by step, taken the place of. Their ids tell the order
/// in which they were made only of those of one clock: one from another machine may have an earlier id than what it supersedes.
pub fn in_order<'a>(votes: impl IntoIterator<Item = &'a Vote>) -> Vec<&'a Vote> {
    let votes: Vec<&Vote> = votes.into_iter().collect();
    let places: HashMap<VoteId, usize> = votes.iter().enumerate().map(|(at, vote)| (vote.id, at)).collect();
    let began = |vote: &Vote| {
        let mut at = places.get(&vote.id).copied().unwrap_or_default();
        // A file from elsewhere may hold a circle.
        let mut seen = HashSet::new();
        while let Some(before) = votes[at].supersedes.and_then(|old| places.get(&old))
            && seen.insert(at)
        {
            at = *before;
        }
        at
    };
    let mut standing = standing(votes.iter().copied());
    standing.sort_by_cached_key(|vote| began(vote));
    standing
}

impl Vote {
    /// What takes this vote back.
    #[must_use]
    pub fn withdrawal(self, id: VoteId, at: Timestamp) -> Self {
        let supersedes = Some(self.id);
        Self { id, said: Said::Withdrawn, supersedes, at, active_ms: 0, comment: None, ..self }
    }

    /// What was said of a metric.
    pub fn value(&self, metric: &str) -> Option<&Value> {
        match &self.said {
            Said::Values(values) => values.iter().find(|(name, _)| name == metric).map(|(_, value)| value),
            Said::Skipped(_) | Said::Withdrawn => None,
        }
    }

    /// Whether the task could have led to it: its version, its metrics, its scales, the answers that were shown.
    pub fn check(&self, task: &TaskDefinition) -> Result<()> {
        self.check_said(task)?;
        let Said::Values(_) = &self.said else { return Ok(()) };
        match task.metrics.iter().find(|metric| self.value(&metric.name).is_none()) {
            Some(metric) => Err(self.wrong(format!("it says nothing of {:?}", metric.name))),
            None => Ok(()),
        }
    }

    fn wrong(&self, why: String) -> Error {
        let doing = format!("reading the vote of {:?} on item {}", self.rater, self.item);
        Error::new(ErrorKind::Invalid, doing, why, "Take the vote again with the task's own file.")
    }

    /// The same of one that need not say something of every metric.
    pub fn check_said(&self, task: &TaskDefinition) -> Result<()> {
        let wrong = |why: String| Err(self.wrong(why));
        if self.version != task.version {
            return wrong(format!("it is of version {} of the task, not {}", self.version, task.version));
        }
        let Said::Values(values) = &self.said else { return Ok(()) };
        for (name, value) in values {
            let Some(metric) = task.metric(name) else {
                return wrong(format!("the task has no metric {name:?}"));
            };
            if values.iter().filter(|(other, _)| other == name).count() > 1 {
                return wrong(format!("it rates {name:?} twice"));
            }
            if let Some(why) = value.wrong(metric, &self.shown) {
                return wrong(format!("of {name:?} it says {why}"));
            }
        }
        Ok(())
    }

    /// The battles of a comparing metric, by model; `model` tells whose an answer is. None where it compares nothing.
    pub fn battles<'a>(
        &self,
        metric: &Metric,
        model: impl Fn(&ResponseId) -> Option<&'a str>,
    ) -> Vec<Battle> {
        let Some(value) = self.value(&metric.name) else { return Vec::new() };
        let mut battles = Vec::new();
        value.meetings(&self.shown, metric, |a, b, outcome| {
            if let (Some(a), Some(b)) = (model(a), model(b)) {
                let prompt = Some(self.item.0.clone());
                battles.push(Battle { prompt, ..Battle::new(a, b, outcome) });
            }
        });
        battles
    }
}

/// Who has won, where `a` is so to `b`.
fn by(order: std::cmp::Ordering) -> Outcome {
    match order {
        std::cmp::Ordering::Greater => Outcome::A,
        std::cmp::Ordering::Equal => Outcome::Tie,
        std::cmp::Ordering::Less => Outcome::B,
    }
}

impl Said {
    /// The same of other ids of answers; `None` where one has no other.
    pub fn with_ids(&self, other: impl Fn(&ResponseId) -> Option<ResponseId>) -> Option<Self> {
        let values = match self {
            Self::Skipped(_) | Self::Withdrawn => return Some(self.clone()),
            Self::Values(values) => values,
        };
        let renamed = values.iter().map(|(metric, value)| Some((metric.clone(), value.with_ids(&other)?)));
        renamed.collect::<Option<_>>().map(Self::Values)
    }
}

impl Value {
    /// The method that it is of.
    pub const fn method(&self) -> Method {
        match self {
            Self::Thumbs(_) => Method::ThumbsUpDown,
            Self::Points(_) => Method::IndividualLikertScale,
            Self::Preference(_) => Method::ComparisonLikertScale,
            Self::Choice(_) => Method::ComparisonChoice,
            Self::Ranks(_) => Method::ComparisonRank,
        }
    }

    fn with_ids(&self, other: impl Fn(&ResponseId) -> Option<ResponseId>) -> Option<Self> {
        fn all<T: Copy>(
            said: &[(ResponseId, T)],
            other: impl Fn(&ResponseId) -> Option<ResponseId>,
        ) -> Option<Vec<(ResponseId, T)>> {
            said.iter().map(|(id, said)| Some((other(id)?, *said))).collect()
        }
        Some(match self {
            Self::Thumbs(said) => Self::Thumbs(all(said, other)?),
            Self::Points(said) => Self::Points(all(said, other)?),
            Self::Ranks(said) => Self::Ranks(all(said, other)?),
            Self::Choice(Chosen::One(id)) => Self::Choice(Chosen::One(other(id)?)),
            Self::Choice(_) | Self::Preference(_) => self.clone(),
        })
    }

    /// The answers that it compares by a metric, two by two, with who has won, to `meet`.
    pub(super) fn meetings(
        &self,
        shown: &[ResponseId],
        metric: &Metric,
        mut meet: impl FnMut(&ResponseId, &ResponseId, Outcome),
    ) {
        let pairs =
            || (0..shown.len()).flat_map(move |a| (a + 1..shown.len()).map(move |b| (&shown[a], &shown[b])));
        match self {
            Self::Preference(points) => {
                let middle = (metric.points().unwrap_or_default() + 1).cmp(&points.saturating_mul(2));
                for (left, right) in pairs() {
                    meet(left, right, by(middle));
                }
            }
            Self::Choice(Chosen::One(one)) => {
                for other in shown.iter().filter(|other| *other != one) {
                    meet(one, other, Outcome::A);
                }
            }
            Self::Choice(tie) => {
                let outcome = if *tie == Chosen::Tie { Outcome::Tie } else { Outcome::BothBad };
                for (a, b) in pairs() {
                    meet(a, b, outcome);
                }
            }
            Self::Ranks(ranks) => {
                for (at, (a, of_a)) in ranks.iter().enumerate() {
                    for (b, of_b) in &ranks[at + 1..] {
                        // The lower place is the better one.
                        meet(a, b, by(of_b.cmp(of_a)));
                    }
                }
            }
            Self::Thumbs(_) | Self::Points(_) => {}
        }
    }

    /// What is wrong with it for a metric; `None` where nothing is.
    fn wrong(&self, metric: &Metric, shown: &[ResponseId]) -> Option<String> {
        let all = |rated: BTreeSet<&ResponseId>, count: usize| {
            (count != shown.len() || rated != shown.iter().collect())
                .then(|| "something of other answers than were shown, or not of all".to_owned())
        };
        let beside = |points: u8, most: u8| {
            (!(1..=most).contains(&points)).then(|| format!("{points}, which is not from 1 to {most}"))
        };
        let points = metric.points().unwrap_or_default();
        match (metric.method, self) {
            (Method::ThumbsUpDown, Self::Thumbs(thumbs)) => {
                all(thumbs.iter().map(|(id, _)| id).collect(), thumbs.len())
            }
            (Method::IndividualLikertScale, Self::Points(said)) => {
                all(said.iter().map(|(id, _)| id).collect(), said.len())
                    .or_else(|| said.iter().find_map(|(_, value)| beside(*value, points)))
            }
            (Method::ComparisonLikertScale, Self::Preference(value)) => beside(*value, points)
                .or_else(|| (shown.len() != 2).then(|| "which of two, where not two were shown".to_owned())),
            (Method::ComparisonChoice, Self::Choice(Chosen::One(id))) => {
                (!shown.contains(id)).then(|| "an answer that was not shown".to_owned())
            }
            (Method::ComparisonChoice, Self::Choice(_)) => None,
            (Method::ComparisonRank, Self::Ranks(ranks)) => {
                let most = u8::try_from(shown.len()).unwrap_or(u8::MAX);
                all(ranks.iter().map(|(id, _)| id).collect(), ranks.len())
                    .or_else(|| ranks.iter().find_map(|(_, rank)| beside(*rank, most)))
            }
            (method, _) => Some(format!("what is not of the method {}", method.as_str())),
        }
    }
}
