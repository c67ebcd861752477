//! One act: what it puts and removes becomes true together or not at all.

use std::collections::BTreeMap;

use super::record::{Record, key_bytes};
use crate::domain::{Error, Result};

/// A value on its way, not sealed yet: the key that seals it is the one that is in force when it is committed.
#[derive(Clone)]
pub(super) struct Put {
    pub(super) schema: u8,
    pub(super) plain: Vec<u8>,
}

/// What its key and its sealing add to a value, at most.
const FRAME: u64 = 256;

/// Puts and removals, the last of each key counting.
#[derive(Clone, Default)]
#[must_use = "a batch changes nothing until it is committed"]
pub struct Batch {
    pub(super) changes: BTreeMap<Vec<u8>, Option<Put>>,
    /// A key, and the number of what must still lie there.
    pub(super) over: Option<(Vec<u8>, u64)>,
}

impl Batch {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `value` under `key`.
    pub fn put<R: Record>(&mut self, key: &R::Key, value: &R) -> Result<&mut Self> {
        let plain = serde_json::to_vec(value)
            .map_err(|error| Error::internal("writing a record", error.to_string()))?;
        self.changes.insert(key_bytes::<R>(key), Some(Put { schema: R::SCHEMA, plain }));
        Ok(self)
    }

    /// Removes what lies under `key`, if anything.
    pub fn remove<R: Record>(&mut self, key: &R::Key) -> &mut Self {
        self.changes.insert(key_bytes::<R>(key), None);
        self
    }

    /// It is refused where something else lies under that key than what has the number.
    pub(super) fn over(&mut self, key: Vec<u8>, sequence: u64) {
        self.over = Some((key, sequence));
    }

    /// About how many bytes it puts.
    pub(super) fn put_bytes(&self) -> u64 {
        self.changes.values().flatten().map(|put| put.plain.len() as u64 + FRAME).sum()
    }

    /// About how many it writes: a removal is written, too.
    pub(super) fn written(&self) -> u64 {
        let puts = self.changes.values().flatten().map(|put| put.plain.len() as u64);
        puts.sum::<u64>() + self.changes.len() as u64 * FRAME
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Batch({} changes)", self.changes.len())
    }
}
