//! Syncs: a source is looked through, and what is new, changed or gone becomes so in the base. Words and counts are Amazon
//! Bedrock's: `IngestionJob`, `KnowledgeBaseDocumentDetail`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::tending::Cause;
use crate::domain::id::{DocumentId, SourceId, SyncId};
use crate::domain::time::Timestamp;

/// So many failures a sync keeps word for word; its statistics count all.
pub const MOST_FAILURES: usize = 100;

/// So many syncs of a source are remembered, the newest.
pub const MOST_RUNS: usize = 50;

/// Where a sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SyncState {
    Starting,
    InProgress,
    /// Every document was looked at; some may have failed.
    Complete,
    /// It could not be looked through.
    Failed,
    Stopping,
    /// Somebody stopped it, or the program ended: the next one goes on from there.
    Stopped,
}

impl SyncState {
    /// Whether it goes on.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Starting | Self::InProgress | Self::Stopping)
    }

    /// Bedrock's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl fmt::Display for SyncState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What had a sync begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Started {
    /// Somebody asked for it.
    Hand,
    /// Its time had come.
    Schedule,
    /// Its time had come while nobody tended it: it was made up for at the next start.
    Missed,
    /// Its files were others.
    Change,
    /// The base was embedded anew, or cut in another way.
    Rebuild,
}

impl Started {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hand => "by hand",
            Self::Schedule => "on schedule",
            Self::Missed => "missed time",
            Self::Change => "on change",
            Self::Rebuild => "by a rebuild",
        }
    }
}

impl From<Cause> for Started {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Time => Self::Schedule,
            Cause::Missed => Self::Missed,
            Cause::Files => Self::Change,
        }
    }
}

/// Bedrock's counts (`IngestionJobStatistics`), then our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Statistics {
    /// Files of the source, metadata files not among them.
    pub scanned: u64,
    pub metadata_scanned: u64,
    pub new: u64,
    /// Their text is another one, and was embedded anew.
    pub modified: u64,
    /// Only what is said of them is another.
    pub metadata_modified: u64,
    pub deleted: u64,
    pub failed: u64,
    /// Files of kinds that are not read, and such without any text.
    pub skipped: u64,
    /// Files that another source of the base has: they are in it once.
    pub elsewhere: u64,
    /// As they were.
    pub unchanged: u64,
    /// The same text at another place: nothing was embedded.
    pub moved: u64,
    /// Passages made, and their tokens.
    pub passages: u64,
    pub tokens: u64,
    /// Passages that their model read in windows, being longer than it reads at once.
    pub windowed: u64,
    /// Passages that their model refused.
    pub refused: u64,
    /// Documents that are in without such ones.
    pub partial: u64,
    /// Of the passages made those whose vector was known already: the same text was embedded before.
    pub known: u64,
    /// Bytes of the files that were read.
    pub bytes: u64,
}

/// One sync of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sync {
    pub id: SyncId,
    pub state: SyncState,
    /// Not known of one that an older version of this program made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Started>,
    /// The one before it, which was stopped: it goes on from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<SyncId>,
    pub began: Timestamp,
    pub updated: Timestamp,
    pub statistics: Statistics,
    /// Files that are to be read, new and changed ones, with their bytes; known once the source was listed.
    #[serde(default)]
    pub due: Due,
    /// What is being embedded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// All else is done, and what the base has is being sorted; it answers as before meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sorting: Option<Sorting>,
    /// Why it failed or stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The first ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
}

/// A sync with whose it is, as it is remembered (`IngestionJob`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncRun {
    pub source: SourceId,
    #[serde(flatten)]
    pub sync: Sync,
}

/// What a sync has before it, and what of it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Due {
    pub files: u64,
    pub bytes: u64,
    pub files_done: u64,
    pub bytes_done: u64,
}

/// How far that is which is being embedded: a document, or several small ones that share requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// The one that is asked for now.
    pub uri: String,
    /// Of their files.
    pub bytes: u64,
    pub passages: u64,
    pub passages_done: u64,
}

/// How far the passages of a base are sorted into the lists that questions are asked by: steps that take equally long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sorting {
    pub done: u64,
    pub of: u64,
}

impl Sorting {
    /// How much of it is done, 0 to 1.
    pub fn share(self) -> f64 {
        (self.done as f64 / self.of.max(1) as f64).min(1.0)
    }
}

/// A file that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub uri: String,
    pub why: String,
}

impl Sync {
    /// One that begins.
    pub fn begun(id: SyncId, now: Timestamp) -> Self {
        Self {
            id,
            state: SyncState::Starting,
            started: None,
            resumes: None,
            began: now,
            updated: now,
            statistics: Statistics::default(),
            due: Due::default(),
            at: None,
            sorting: None,
            why: None,
            failures: Vec::new(),
        }
    }

    /// How much of what is due is done, 0 to 1, by bytes: of what is being embedded, the part that is.
    pub fn share(&self) -> f64 {
        let part = self
            .at
            .as_ref()
            .map_or(0.0, |at| at.bytes as f64 * at.passages_done as f64 / at.passages.max(1) as f64);
        ((self.due.bytes_done as f64 + part) / self.due.bytes.max(1) as f64).min(1.0)
    }

    /// How much of what it does now is done, 0 to 1; `None` where that is not known, or nothing is due.
    pub fn shown(&self) -> Option<f64> {
        let due = || (self.due.files > 0).then(|| self.share());
        self.sorting.map(Sorting::share).or_else(due)
    }

    /// Whole seconds that it took, or has taken so far.
    pub fn took(&self) -> u64 {
        self.updated.since(self.began) / 1000
    }

    /// Counts a file that came to nothing.
    pub fn fail(&mut self, uri: &str, why: &str) {
        self.statistics.failed += 1;
        self.list(uri, why);
    }

    /// Counts a document that is in without so many of its passages, which its model refused.
    pub fn leave_out(&mut self, passages: u64, uri: &str, why: &str) {
        self.statistics.partial += 1;
        self.statistics.refused += passages;
        self.list(uri, why);
    }

    fn list(&mut self, uri: &str, why: &str) {
        if self.failures.len() < MOST_FAILURES {
            self.failures.push(Failure { uri: uri.to_owned(), why: why.to_owned() });
        }
    }

    /// Files that came to nothing, or not to all that they are.
    pub fn faulty(&self) -> u64 {
        self.statistics.failed + self.statistics.partial
    }
}

/// How a document stands (`DocumentStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DocumentState {
    /// A sync that runs has it before it, or one that was stopped left it to the next one.
    Pending,
    /// Its file is being read and cut. Never kept.
    Starting,
    /// Being embedded, or that was broken off: the next sync does it.
    InProgress,
    Indexed,
    /// It is in, but for passages that its model refused.
    PartiallyIndexed,
    /// Its text is in, what is said of it is not.
    MetadataUpdateFailed,
    /// What it said before, if anything, is still found.
    Failed,
    /// Of a kind that is not read, or without any text.
    Ignored,
}

impl DocumentState {
    /// Whether it stays as it is as long as its file does. Of one that is in but in part, what is missing is tried again: its
    /// model may be another one behind the same name, or take more than it did.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Indexed | Self::MetadataUpdateFailed | Self::Ignored)
    }

    /// Whether a sync was, or is, not through with it: the next one does it, though its file stays as it is.
    pub fn is_due(self) -> bool {
        matches!(self, Self::Pending | Self::Starting | Self::InProgress)
    }

    /// Whether a file of a base tells of it: of what was found and never read there is nothing to be told.
    pub fn is_carried(self) -> bool {
        !matches!(self, Self::Pending | Self::Starting)
    }

    /// Whether what its file says is in, as far as it can be.
    pub fn is_in(self) -> bool {
        matches!(self, Self::Indexed | Self::PartiallyIndexed | Self::MetadataUpdateFailed)
    }

    /// Bedrock's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Starting => "STARTING",
            Self::InProgress => "IN_PROGRESS",
            Self::Indexed => "INDEXED",
            Self::PartiallyIndexed => "PARTIALLY_INDEXED",
            Self::MetadataUpdateFailed => "METADATA_UPDATE_FAILED",
            Self::Failed => "FAILED",
            Self::Ignored => "IGNORED",
        }
    }
}

impl fmt::Display for DocumentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What tells without reading a file that it is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stamp {
    pub bytes: u64,
    /// Nanoseconds since 1970.
    pub modified: i64,
    /// Its number in its file system, of what lies elsewhere a digest of its entity tag; 0 where there is none.
    pub inode: u64,
}

/// What a server said of what it gave, to be asked whether that is as it was (RFC 9110, 8.8).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Validators {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
}

/// A document of a base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filed {
    pub id: DocumentId,
    pub source: SourceId,
    /// Where it is: a path from the root, or an address.
    pub uri: String,
    pub state: DocumentState,
    /// Why it failed or is ignored, or what is to be said of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    pub stamp: Stamp,
    /// SHA-256 of its bytes, in hexadecimal; empty of one that was never read.
    #[serde(default)]
    pub hash: String,
    /// The stamp of its metadata file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Stamp>,
    /// What is said of it there is embedded with its passages.
    #[serde(default)]
    pub prefixed: bool,
    /// A digest of that, in hexadecimal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validators: Option<Validators>,
    /// What it was taken for.
    #[serde(default)]
    pub format: String,
    #[serde(default)]
    pub passages: u32,
    #[serde(default)]
    pub tokens: u64,
    pub updated: Timestamp,
}

impl Filed {
    /// One that waits, and of which nothing was read.
    pub fn unread(id: DocumentId, source: SourceId, uri: String, stamp: Stamp, updated: Timestamp) -> Self {
        Self {
            id,
            source,
            uri,
            state: DocumentState::Pending,
            notes: Vec::new(),
            stamp,
            hash: String::new(),
            metadata: None,
            prefixed: false,
            before: String::new(),
            validators: None,
            format: String::new(),
            passages: 0,
            tokens: 0,
            updated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_what_is_done_grows_within_a_document_too() {
        let mut sync = Sync::begun(SyncId::from_bytes([1; 16]), Timestamp(0));
        assert!(sync.share().abs() < 1e-9, "nothing is due");
        sync.due = Due { files: 2, bytes: 1000, files_done: 1, bytes_done: 200 };
        assert!((sync.share() - 0.2).abs() < 1e-9);
        sync.at = Some(At { uri: "/a".to_owned(), bytes: 800, passages: 10, passages_done: 5 });
        assert!((sync.share() - 0.6).abs() < 1e-9);
    }

    #[test]
    fn what_is_shown_of_a_sync_is_how_far_that_is_which_it_does_now() {
        let mut sync = Sync::begun(SyncId::from_bytes([1; 16]), Timestamp(0));
        assert_eq!(sync.shown(), None);
        sync.due = Due { files: 2, bytes: 1000, files_done: 1, bytes_done: 500 };
        assert_eq!(sync.shown(), Some(0.5));
        sync.due = Due { files: 0, ..sync.due };
        sync.sorting = Some(Sorting { done: 3, of: 4 });
        assert_eq!(sync.shown(), Some(0.75));
        assert!(Sorting::default().share().abs() < 1e-9);
    }

    #[test]
    fn a_sync_counts_every_failure_and_keeps_the_first_ones() {
        let mut sync = Sync::begun(SyncId::from_bytes([1; 16]), Timestamp(0));
        for n in 0..150 {
            sync.fail(&format!("/{n}"), "broken");
        }
        assert_eq!((sync.statistics.failed, sync.failures.len()), (150, MOST_FAILURES));
        assert_eq!(sync.failures[0].uri, "/0");
        sync.leave_out(3, "/1", "refused");
        assert_eq!((sync.faulty(), sync.statistics.partial, sync.statistics.refused), (151, 1, 3));
    }
}
