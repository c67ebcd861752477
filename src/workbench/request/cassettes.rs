//! Cassettes: what was recorded, and copies to give away.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::secret::Secret;

/// Asks about cassettes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cassettes {
    /// What is on one: a `Take` each, then `Done`. A passphrase opens one that was shared.
    Show { file: PathBuf, passphrase: Option<Secret> },
    /// Writes a copy to the new file `to` that the passphrase opens wherever it is played: `Done`.
    Share { file: PathBuf, to: PathBuf, passphrase: Secret },
}
