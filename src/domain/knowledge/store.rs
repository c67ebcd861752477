//! Where the passages of a base lie, and how far a move to another place is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::id::PassageId;
use crate::domain::{Error, ErrorKind, Result};

/// A store of passages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// In this workspace.
    #[default]
    Embedded,
    /// In PostgreSQL.
    Pgvector,
    Qdrant,
}

impl StoreKind {
    /// Its name, as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Pgvector => "pgvector",
            Self::Qdrant => "qdrant",
        }
    }

    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Embedded => "this workspace",
            Self::Pgvector => "PostgreSQL",
            Self::Qdrant => "Qdrant",
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StoreKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Embedded, Self::Pgvector, Self::Qdrant]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                let why = format!("there is no store {text:?}");
                let hint = "Write embedded, pgvector or qdrant.";
                Error::new(ErrorKind::Invalid, "choosing where a knowledge base lies", why, hint)
            })
    }
}

/// What a move does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveState {
    /// Passages are copied, then looked at; the base is where it was.
    Copying,
    /// The base is at its new place; what it was in is emptied.
    Clearing,
    /// Somebody stopped it, or the program ended: the same command goes on from there.
    Stopped,
    /// It could not go on; the base is whole all the same.
    Failed,
}

/// A move that has not come to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Move {
    pub from: StoreKind,
    pub to: StoreKind,
    pub state: MoveState,
    /// Passages up to this one are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<PassageId>,
    /// So many are there.
    pub copied: u64,
    /// Of so many.
    pub passages: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Move {
    /// A move that begins.
    pub fn begun(from: StoreKind, to: StoreKind, passages: u64) -> Self {
        Self { from, to, state: MoveState::Copying, after: None, copied: 0, passages, why: None }
    }

    /// The base has changed since: what is there is no part of it any more.
    pub fn forget(&mut self) {
        self.after = None;
        self.copied = 0;
    }

    /// Whether it goes on.
    pub fn is_running(&self) -> bool {
        matches!(self.state, MoveState::Copying | MoveState::Clearing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_store_is_read_by_its_name() {
        for kind in [StoreKind::Embedded, StoreKind::Pgvector, StoreKind::Qdrant] {
            assert_eq!(kind.to_string().parse::<StoreKind>().unwrap(), kind);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
        assert!(
            "lance".parse::<StoreKind>().unwrap_err().to_string().contains("embedded, pgvector or qdrant")
        );
    }
}
