//! The workspace: its state on disk and the program's own small memory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
pub use crate::domain::workspace::{Configured, KeyChoice};

/// Asks about the workspace. Long ones reply with `Progress` before their last reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workspace {
    /// Opens the workspace with what the person typed: `Done`, also where it is open already.
    Unlock { passphrase: Secret },
    /// One `Workspace` reply.
    Info,
    /// Which of these values the owner works without: `Differences`. Without any, the door puts in its own process's.
    Compare { told: BTreeMap<String, Configured> },
    /// A verified copy of everything, sealed, into the new file `to`: `Done`.
    Backup { to: PathBuf },
    /// Replaces everything by a backup; what was there is kept beside it: `Done`.
    Restore { from: PathBuf },
    /// Gives back the space of deleted records: `Workspace`.
    Compact,
    /// What was mended or noticed since the workspace was opened and nobody was told yet: `Notices`.
    Notices,
    /// What was blind to the person, and may be so no more because of the calls or datasets that they were shown since then:
    /// `Unblinded`. That is kept with each anyway.
    Unblinded { since: Timestamp },
    /// Reads and opens every record: `Verified`.
    Verify,
    /// Wraps the data key anew; `data` also makes a new data key and rewrites everything: `Done`.
    Rekey { data: bool, to: KeyChoice },
    /// One `Checks` reply: what `outcrop doctor` prints.
    Doctor,
    /// Keeps a small value of a face under a name: `Done`.
    Remember { name: String, value: serde_json::Value },
    /// Gives it back: `Remembered`.
    Recall { name: String },
}
