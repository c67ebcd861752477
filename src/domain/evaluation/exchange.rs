//! Evaluations in the forms of other programs, and what became of a file that was read.

use serde::{Deserialize, Serialize};

use super::queue::Showing;
use crate::domain::time::Timestamp;

/// A form that evaluations are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Bedrock's output of a human evaluation.
    Bedrock,
    LabelStudio,
    Argilla,
    /// `FastChat`'s: who met whom, and who won.
    Battles,
    /// Of every two answers the one that was preferred, and the other.
    Dpo,
    /// Every answer with whether it was good.
    Kto,
}

/// An evaluation in such a form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    pub text: String,
    /// What the form has no place for, or what gives no preference.
    pub left_out: Vec<String>,
    /// What to know of it besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A form that reports are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportForm {
    Markdown,
    /// One file that needs no other.
    Html,
    /// A number a line.
    Csv,
    /// The report itself.
    Json,
}

/// What a rater took away: by it the votes are read that they bring back, whatever has changed since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOut {
    pub rater: String,
    /// Of the task.
    pub version: u32,
    /// Of the file, as its first line has it.
    pub digest: String,
    /// In the file's order; subjects are places in the evaluation, models those of its sources.
    pub items: Vec<Showing>,
    /// In the file items have names that are made with the seed; never in one from before there were such.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keyed: bool,
    /// Until then its items count as before that rater; never in what was handed out before that was so, and once its votes
    /// are back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Timestamp>,
}

/// An item is before a rater: whichever process serves the others next knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// In the evaluation, from 0.
    pub place: u32,
    pub until: Timestamp,
}

/// What became of a file with votes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenIn {
    /// Votes that are new and stand: not those that the same file takes back or changes.
    pub taken: u64,
    /// Votes that were here already and stand.
    pub known: u64,
    /// The version of the task that they are of.
    #[serde(default)]
    pub version: u32,
    /// What was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bad: Vec<Unread>,
}

/// A line that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Counts from 1.
    pub line: u64,
    pub why: String,
}
