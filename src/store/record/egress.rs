//! What left the machine: one record a request.

use serde::{Deserialize, Serialize};

use super::{Kind, Record, RecordKey};
use crate::domain::id::SpanId;
use crate::domain::time::Timestamp;

/// When, and for which span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EgressKey(pub Timestamp, pub SpanId);

/// Where a request went and how much it carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// "why": the provider, or the model that was fetched.
    pub purpose: String,
    /// Host and port.
    pub host: String,
    pub method: String,
    pub path: String,
    /// HTTP status; `None` where no answer came.
    pub status: Option<u16>,
    pub bytes_sent: u64,
    pub bytes_received: u64,
}

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
