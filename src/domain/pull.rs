//! Fetching a model: what will happen, and what is happening.

use serde::{Deserialize, Serialize};

use super::catalog::ModelId;
use super::figures::bytes;

/// What fetching a model will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullPlan {
    pub id: ModelId,
    pub title: String,
    pub licence: String,
    /// Bytes to fetch, where known.
    pub bytes: Option<u64>,
    /// The bytes are what a model of its kind comes to, not the size of the file.
    #[serde(default)]
    pub rough: bool,
    /// Bytes on the disk in the end, where they are others and known.
    #[serde(default)]
    pub kept: Option<u64>,
    /// The folder that it goes to, or in words who keeps it.
    pub to: String,
    /// Each source in the order of trial, in words: "huggingface.co/… over HTTPS".
    pub sources: Vec<String>,
    pub checked: Checked,
}

impl PullPlan {
    /// What is fetched, and what it comes to on the disk, in words; `None` where nothing is known.
    pub fn size(&self) -> Option<String> {
        let about = if self.rough { "about " } else { "" };
        let kept = self.kept.map_or_else(String::new, |kept| format!(", {} on the disk", bytes(kept)));
        self.bytes.map(|fetched| format!("{about}{}{kept}", bytes(fetched)))
    }
}

/// Who compares what is fetched with its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// This program: the digest of every source is pinned in the catalogue.
    Here,
    /// This program where it knows the digest: each of `sources` that is not pinned says so.
    Partly,
    /// The server that fetches and keeps it.
    There,
    /// Nobody: no digest is known.
    Nowhere,
}

/// A step of fetching a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum PullStep {
    /// Asking this source; one that `starts_over` keeps nothing of a fetch that is stopped.
    Trying {
        source: String,
        #[serde(default)]
        starts_over: bool,
    },
    /// Bytes so far; `resumed` of them were there already.
    Fetching { done: u64, total: Option<u64>, resumed: u64, per_second: Option<u64> },
    /// This source failed; the next one is tried.
    SourceFailed { source: String, why: String },
    /// Computing the digest.
    Checking,
    /// Changing the weights into the form that the engine runs.
    Converting { done: u64, total: u64 },
}
