//! What lies before a rater, and what they give back: nothing of it tells whose an answer is.

use serde::{Deserialize, Serialize};

use super::item::{ItemHash, Turn};
use super::metric::Metric;
use super::task::{Example, TaskDefinition};
use super::vote::{ResponseId, Said, Vote};
use crate::domain::figures::{count, grouped};
use crate::domain::id::{EvaluationId, VoteId};

/// A rater's place at an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    pub evaluation: EvaluationId,
    pub rater: String,
    pub task: Asked,
    /// What is to be rated now; `None` when nothing is left for this rater.
    pub sheet: Option<Sheet>,
    pub pace: Pace,
}

/// The task as raters see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    pub name: String,
    pub version: u32,
    pub instructions: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
    pub metrics: Vec<Metric>,
    pub raters_per_item: u32,
    /// Names, times and costs are hidden.
    pub blind: bool,
}

/// One item to rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub item: ItemHash,
    /// Up to the question, which is last.
    pub turns: Vec<Turn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// From the left.
    pub answers: Vec<Shown>,
    /// The vote that a new one takes the place of, where the rater came back to this item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// What was said of it until it was taken back just now; no vote stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<Before>,
}

/// An answer as it stands before a rater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub id: ResponseId,
    pub text: String,
    /// Whose it is, where the task does not hide that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// What the rater said of an item when it was there before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Before {
    pub vote: VoteId,
    pub said: Said,
    /// How long the item was in front of the rater then, without pauses.
    #[serde(default)]
    pub active_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Before {
    /// What that vote said.
    pub fn of(vote: &Vote) -> Self {
        Self {
            vote: vote.id,
            said: vote.said.clone(),
            active_ms: vote.active_ms,
            comment: vote.comment.clone(),
        }
    }
}

/// How far a rater is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Items that this rater has rated or skipped.
    pub done: u64,
    /// Of those, items that they skipped.
    #[serde(default)]
    pub skipped: u64,
    /// Items that this rater could still come to, with those done.
    pub total: u64,
    /// Of those, items that others have before them now.
    #[serde(default)]
    pub taken: u64,
    /// The median time that one of their last items took, in milliseconds; 0 before the first.
    pub median_ms: u64,
    /// Raters who have joined so far, however many an item needs.
    pub raters: u32,
}

impl Pace {
    /// Items that this rater has rated.
    pub const fn rated(&self) -> u64 {
        self.done.saturating_sub(self.skipped)
    }

    /// `3 items are rated, 2 skipped`, with who rates behind "rated".
    pub fn words(&self, by: &str) -> String {
        let rated = count(self.rated(), "item is", "items are");
        match self.skipped {
            0 => format!("{rated} rated{by}"),
            skipped => format!("{rated} rated{by}, {} skipped", grouped(skipped)),
        }
    }
}

/// What a rater says of the item before them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cast {
    pub rater: String,
    pub item: ItemHash,
    /// The version of the task that was on the screen.
    pub version: u32,
    /// From the left.
    pub shown: Vec<ResponseId>,
    pub said: Said,
    /// How long the item was in front of the rater, without pauses.
    pub active_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The vote that it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<VoteId>,
}

/// Where a rater goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// To the next item that needs them.
    On,
    /// The last vote is taken back, and its item lies before them again.
    Undo,
    /// To the item of their vote of that number, from 1; the vote stands until another takes its place.
    To(u64),
    /// Away: what lies before them is given back, for others to get.
    Leave,
}

impl Asked {
    /// What raters see of a task.
    pub fn of(task: &TaskDefinition) -> Self {
        Self {
            name: task.name.clone(),
            version: task.version,
            instructions: task.instructions.clone(),
            examples: task.examples.clone(),
            metrics: task.metrics.clone(),
            raters_per_item: task.raters_per_item,
            blind: task.blinding.models,
        }
    }
}
