//! What tends knowledge bases while somebody lets it: a sync begins at the times of a source, and when its files change.

use serde::{Deserialize, Serialize};

use super::sync::Sync;
use crate::domain::id::{BaseId, SourceId};
use crate::domain::time::Timestamp;

/// Something that is told of a source that is tended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tended {
    pub base: BaseId,
    /// The base's name.
    pub name: String,
    pub source: SourceId,
    pub place: String,
    #[serde(flatten)]
    pub step: Step,
}

/// What is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// It is waited for.
    Waits {
        /// The next time of its schedule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        watched: Option<Watched>,
    },
    /// A sync of it began.
    Began { cause: Cause },
    /// It came to its end, however that was.
    Ended { sync: Box<Sync> },
    /// None could begin.
    Failed { why: String },
}

/// Why a sync begins by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its time has come.
    Time,
    /// Its time came while nobody tended it.
    Missed,
    /// Its files are others.
    Files,
}

/// How files are watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Watched {
    /// The system tells of changes in these folders.
    Events { folders: u64 },
    /// They are looked at again and again, since the system does not tell.
    Looks { seconds: u64, why: String },
}
