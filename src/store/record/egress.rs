//! What left the machine: one record a request.

use super::{Kind, Record, RecordKey};
use crate::domain::id::SpanId;
use crate::domain::time::Timestamp;
use crate::domain::trace::Egress;

/// When it ended, and an id of its own; which call it was made for is in the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EgressKey(pub Timestamp, pub SpanId);

impl Record for Egress {
    const KIND: Kind = Kind::Egress;
    const SCHEMA: u8 = 1;
    type Key = EgressKey;
}

impl RecordKey for EgressKey {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&super::recency::ordered(self.0));
        bytes.extend_from_slice(self.1.as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (time, span) = bytes.split_at_checked(8)?;
        Some(Self(super::recency::time(time.try_into().ok()?), SpanId::read(span)?))
    }
}
