//! The store's head file: which generation is the store, and the data key, wrapped.
//!
//! One small file names everything that must change together, so that replacing it is the one step that turns a
//! compaction, a new key or a restored backup into the store. It is two lines: JSON, and the JSON's SHA-256. A copy
//! lies beside it for the day when a byte of the first flips.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fault::Faults;
use super::files;
use super::key::{Wrap, Wrapped};
use super::rewrite::Purpose;
use crate::domain::hex::hex;
use crate::domain::id::WorkspaceId;
use crate::domain::{Error, ErrorKind, Result};

const HEAD: &str = "head";
const COPY: &str = "head.copy";

/// The version of the head file itself.
const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    /// What the records as a whole look like; `migrate` leads from one to the next.
    pub(super) schema: u32,
    pub(super) workspace: WorkspaceId,
    /// What wraps the keys.
    pub(super) wrap: Wrap,
    /// The generation that is the store.
    pub(super) generation: u32,
    /// Its keys.
    pub(super) keys: Wrapped,
    /// A generation that is being written to take its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<Next>,
    /// Wrappings that this store made and does not stand on: a new one until it is named above, an old one until it is
    /// gone. What they keep outside of the head is taken away at the next start, or at the first one that can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) loose: Vec<Wrap>,
    /// Data keys of before that a shelf is still sealed with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) before: Vec<Wrapped>,
    /// Generations that were replaced but hold what could be wanted back; oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) kept: Vec<u32>,
}

/// A generation under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Next {
    pub(super) generation: u32,
    pub(super) keys: Wrapped,
    pub(super) purpose: Purpose,
}

#[derive(Deserialize)]
struct Versions {
    format: u32,
    schema: u32,
}

impl Head {
    /// Reads the head; `None` where there is no store yet. One of a schema above `newest` is refused.
    pub(super) fn load(folder: &Path, newest: u32, notices: &mut Vec<String>) -> Result<Option<Self>> {
        let first = files::read(&path(folder))?;
        let copy = files::read(&folder.join(COPY))?;
        let missing = first.is_none() && copy.is_none();
        match first.as_deref().map_or_else(|| Err(damaged()), |first| Self::parse(first, newest)) {
            Ok(head) => Ok(Some(head)),
            Err(error) if error.kind == ErrorKind::Version => Err(error),
            Err(_) if missing => Ok(None),
            Err(error) => {
                let Some(copy) = copy else { return Err(error) };
                let head = Self::parse(&copy, newest)?;
                notices.push("The store's head file was damaged; its copy was taken instead.".to_owned());
                Ok(Some(head))
            }
        }
    }

    fn parse(bytes: &[u8], newest: u32) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
        let (json, sum) = text.split_once('\n').ok_or_else(damaged)?;
        if hex(&Sha256::digest(json)) != sum.trim_end() {
            return Err(damaged());
        }
        let versions: Versions = serde_json::from_str(json).map_err(|_| damaged())?;
        if versions.format > FORMAT || versions.schema > newest {
            return Err(newer(versions.schema.max(versions.format), newest));
        }
        serde_json::from_str(json).map_err(|_| damaged())
    }

    /// Replaces the head on the disk; the copy follows.
    pub(super) fn save(&self, folder: &Path, faults: &Faults) -> Result<()> {
        let json = serde_json::to_string(self)
            .map_err(|e| Error::internal("writing the store's head", e.to_string()))?;
        let text = format!("{json}\n{}\n", hex(&Sha256::digest(&json)));
        files::write(&path(folder), text.as_bytes(), faults)?;
        let copy = folder.join(COPY);
        if files::write(&copy, text.as_bytes(), faults).is_err() {
            // The head counts. An old copy would lead astray; the next start makes a new one.
            let _ = files::remove(&copy);
        }
        Ok(())
    }

    /// Makes the copy equal to the head where a death came between the two.
    pub(super) fn mend_copy(&self, folder: &Path, faults: &Faults) -> Result<()> {
        if files::read(&folder.join(COPY))? == files::read(&path(folder))? {
            return Ok(());
        }
        self.save(folder, faults)
    }

    /// A first head.
    pub(super) fn first(schema: u32, workspace: WorkspaceId, wrap: Wrap, keys: Wrapped) -> Self {
        Self {
            format: FORMAT,
            schema,
            workspace,
            wrap,
            generation: 1,
            keys,
            next: None,
            loose: Vec::new(),
            before: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// A number that no generation has had.
    pub(super) fn fresh_generation(&self) -> u32 {
        let next = self.next.as_ref().map_or(0, |next| next.generation);
        let kept = self.kept.iter().copied().max().unwrap_or(0);
        self.generation.max(next).max(kept) + 1
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(HEAD)
}

fn damaged() -> Error {
    headless("its head file is damaged, and no good copy of it is there")
}

/// What is told of a store whose head files are both of no use.
pub(super) fn headless(why: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "opening the store",
        why,
        "Put `head` or `head.copy` back from a copy of its folder, or bring a backup back with \
         `outcrop workspace restore FILE`: what lies there is kept beside it.",
    )
}

/// The refusal of what a newer program wrote.
pub(super) fn newer(found: u32, newest: u32) -> Error {
    Error::new(
        ErrorKind::Version,
        "opening the store",
        format!("it was written by a newer outcrop (version {found} of the store; this one reads {newest})"),
        "Update this program, or restore a backup of the older version.",
    )
}
