//! Traces: a run with its place in the list, where its spans lie, and how far the segments are known.
//!
//! All of that is made from the segments (see `service::trace::kept`) and can be made from them again. Notes are what people
//! said of a trace, and are nowhere else.

use serde::{Deserialize, Serialize};

use super::{Kind, Record, RecordKey};
use crate::domain::id::NoteId;
use crate::domain::time::Timestamp;
use crate::domain::trace::{Note, Run, TraceId};

/// Runs lie in the order of their beginnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunKey(pub Timestamp, pub TraceId);

impl RecordKey for RunKey {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&super::recency::ordered(self.0));
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (time, id) = bytes.split_at_checked(8)?;
        Some(Self(super::recency::time(time.try_into().ok()?), TraceId::read_key(id)?))
    }
}

impl Record for Run {
    const KIND: Kind = Kind::TraceRun;
    const SCHEMA: u8 = 1;
    type Key = RunKey;
}

impl RecordKey for TraceId {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Self::read_key(bytes)
    }
}

impl TraceId {
    fn read_key(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// Where a trace stands among the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceAt {
    pub at: Timestamp,
}

impl Record for TraceAt {
    const KIND: Kind = Kind::TraceAt;
    const SCHEMA: u8 = 1;
    type Key = TraceId;
}

/// Some spans of a trace that came together, in order of arrival: the segment and the place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChunkKey {
    pub trace: TraceId,
    pub segment: u32,
    pub at: u64,
}

impl RecordKey for ChunkKey {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.trace.write(bytes);
        bytes.extend_from_slice(&self.segment.to_be_bytes());
        bytes.extend_from_slice(&self.at.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (trace, rest) = bytes.split_at_checked(16)?;
        let (segment, at) = rest.split_at_checked(4)?;
        Some(Self {
            trace: TraceId::read_key(trace)?,
            segment: u32::from_be_bytes(segment.try_into().ok()?),
            at: u64::from_be_bytes(at.try_into().ok()?),
        })
    }
}

/// How long the frame with the spans is, and where that with their rows lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    pub length: u32,
    pub rows_at: u64,
    pub rows_length: u32,
    pub spans: u32,
}

impl Record for Chunk {
    const KIND: Kind = Kind::TraceChunk;
    const SCHEMA: u8 = 1;
    type Key = ChunkKey;
}

/// The number of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentKey(pub u32);

impl RecordKey for SegmentKey {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(u32::from_be_bytes).map(Self)
    }
}

/// What is known of a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Bytes whose spans are in the records.
    pub known: u64,
    /// Spans in it that belong to a run still.
    pub spans: u64,
    /// When the last of them came.
    pub last: Timestamp,
}

impl Record for Segment {
    const KIND: Kind = Kind::TraceSegment;
    const SCHEMA: u8 = 1;
    type Key = SegmentKey;
}

/// A note's trace, and the note: in the order in which they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteOf(pub TraceId, pub NoteId);

impl RecordKey for NoteOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (trace, note) = bytes.split_at_checked(16)?;
        Some(Self(TraceId::read_key(trace)?, NoteId::read(note)?))
    }
}

impl Record for Note {
    const KIND: Kind = Kind::TraceNote;
    const SCHEMA: u8 = 1;
    type Key = NoteOf;
}

/// What lies in the place of a note and is none.
#[cfg(test)]
#[derive(Debug, Serialize, Deserialize)]
pub struct NoNote;

#[cfg(test)]
impl Record for NoNote {
    const KIND: Kind = Kind::TraceNote;
    const SCHEMA: u8 = 1;
    type Key = NoteOf;
}
