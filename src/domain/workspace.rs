//! What is told of a workspace, what the doctor found, and what wraps its key.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// What a workspace is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceInfo {
    pub path: PathBuf,
    /// "a key file", "a passphrase", "the keyring".
    pub key: String,
    /// The key file's path, where one opens the store.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Those that a list of them has.
    pub conversations: u64,
    /// Each has a conversation for every column and page, which are none of those.
    #[serde(default)]
    pub comparisons: u64,
    pub messages: u64,
    /// Bytes of the store's files.
    pub bytes: u64,
    /// Bytes among them of what a restore or a repair replaced and kept.
    #[serde(default)]
    pub kept: u64,
    /// What a backup leaves out, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// The process that owns the store.
    pub owner_pid: u32,
    pub schema: u32,
    /// What was mended or noticed when the store was opened.
    pub notices: Vec<String>,
}

/// A configured value that serves everybody who works in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configured {
    /// As TOML, secrets masked.
    pub value: String,
    /// Tells secrets apart that are shown alike; empty for what is no secret.
    pub print: String,
}

/// A value that one process was told and the owner of the workspace does not work with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub key: String,
    /// What the asking process was told; `None` where it has no such value.
    pub told: Option<String>,
    /// What is in force.
    pub in_force: Option<String>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.in_force, &self.told) {
            (Some(in_force), Some(told)) if in_force == told => write!(f, "{} is another one", self.key),
            (Some(in_force), Some(told)) => write!(f, "{} = {in_force}, not {told}", self.key),
            (Some(in_force), None) => write!(f, "{} = {in_force}, which is not set here", self.key),
            (None, Some(told)) => write!(f, "{} is not set, not {told}", self.key),
            (None, None) => f.write_str(&self.key),
        }
    }
}

/// One line of the doctor's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub what: String,
    pub verdict: Verdict,
    pub found: String,
    /// What to do about it; empty where nothing is wrong.
    pub advice: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Good,
    Note,
    Bad,
}

/// What wraps the data key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyChoice {
    /// A 0600 file beside the store.
    File,
    /// The operating system's keyring.
    Keyring,
    /// A passphrase, through Argon2id.
    Passphrase(Secret),
}
