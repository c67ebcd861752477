//! Calls of models that were asked again, under the span whose place they are asked in.

use super::{Kind, Record, RecordKey};
use crate::domain::id::SpanId;
use crate::domain::trace::replay::{Place, Replay};
use crate::domain::trace::{SpanKey, TraceId};

/// The span that is asked again, and the call, in the order in which they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayOf(pub Place, pub SpanId);

impl Record for Replay {
    const KIND: Kind = Kind::Replay;
    const SCHEMA: u8 = 1;
    type Key = ReplayOf;
}

impl RecordKey for Place {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.trace.0);
        bytes.extend_from_slice(&self.span.0.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (trace, span) = bytes.split_at_checked(16)?;
        let (trace, span) = (TraceId(trace.try_into().ok()?), span.try_into().ok()?);
        Some(Self { trace, span: SpanKey(u64::from_be_bytes(span)) })
    }
}

impl RecordKey for ReplayOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (of, id) = bytes.split_at_checked(24)?;
        Some(Self(Place::read(of)?, SpanId::read(id)?))
    }
}
