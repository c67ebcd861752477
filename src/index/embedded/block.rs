//! Passages as bytes of the log `passages`: blocks of entries, then the record that makes them count.
//!
//! ```text
//! "B"  4 entries, then of each 4 bytes of its passage, that as JSON, and its vector: 4 bytes a number, little-endian
//! "C"  JSON: the documents that go before the blocks since the last such record come
//! ```

use serde::{Deserialize, Serialize};

use super::frame::Reader;
use crate::domain::id::DocumentId;
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::{Error, ErrorKind, Result};

/// Entries of a block at most. One is read with all its neighbours, so none is added to so many bytes.
pub(super) const ENTRIES: usize = 16;
pub(super) const BYTES: usize = 32 * 1024;

/// A frame of the log.
#[derive(Debug)]
pub(super) enum Part {
    Block(Vec<Entry>),
    Commit(Commit),
}

/// What makes an act count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Commit {
    pub(super) removed: Vec<DocumentId>,
}

impl Commit {
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = b"C".to_vec();
        serde_json::to_writer(&mut bytes, self).map_err(|why| failed(&why))?;
        Ok(bytes)
    }
}

pub(super) fn encode(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut bytes = b"B".to_vec();
    bytes.extend((entries.len() as u32).to_le_bytes());
    for entry in entries {
        let passage = serde_json::to_vec(&entry.passage).map_err(|why| failed(&why))?;
        bytes.extend((passage.len() as u32).to_le_bytes());
        bytes.extend(passage);
        entry.vector.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    }
    Ok(bytes)
}

pub(super) fn decode(bytes: &[u8], dimensions: usize) -> Result<Part> {
    let mut from = Reader(bytes);
    match from.take(1) {
        Some(b"C") => serde_json::from_slice(from.0).map(Part::Commit).map_err(|_| wrong()),
        Some(b"B") => {
            let count = from.number().ok_or_else(wrong)? as usize;
            let entries = (0..count).map(|_| entry(&mut from, dimensions).ok_or_else(wrong));
            let entries = entries.collect::<Result<_>>()?;
            if from.0.is_empty() { Ok(Part::Block(entries)) } else { Err(wrong()) }
        }
        _ => Err(wrong()),
    }
}

/// One entry of a block, the others not read; its vector only where that is wanted.
pub(super) fn one(bytes: &[u8], within: usize, dimensions: usize, vector: bool) -> Result<Entry> {
    let read = || {
        let mut from = Reader(bytes.strip_prefix(b"B")?);
        let count = from.number()? as usize;
        for _ in 0..within.min(count) {
            let passage = from.number()? as usize;
            from.take(passage + 4 * dimensions)?;
        }
        if vector {
            return entry(&mut from, dimensions);
        }
        Some(Entry { passage: passage(&mut from)?, vector: Vec::new() })
    };
    read().ok_or_else(wrong)
}

fn passage(from: &mut Reader<'_>) -> Option<Passage> {
    let length = from.number()? as usize;
    serde_json::from_slice(from.take(length)?).ok()
}

fn entry(from: &mut Reader<'_>, dimensions: usize) -> Option<Entry> {
    let passage = passage(from)?;
    let numbers = from.take(4 * dimensions)?.as_chunks::<4>().0.iter();
    Some(Entry { passage, vector: numbers.map(|number| f32::from_le_bytes(*number)).collect() })
}

fn failed(why: &serde_json::Error) -> Error {
    Error::internal("writing a knowledge base's passages", why.to_string())
}

fn wrong() -> Error {
    let why = "a frame of its passages has another form than this outcrop writes";
    Error::new(ErrorKind::Corrupt, "reading a knowledge base's passages", why, "")
}
