//! Knowledge bases and their documents. Passages and vectors are not records: they lie in the base's index.

use super::{Kind, Record, RecordKey};
use crate::domain::id::{BaseId, DocumentId, SourceId, SyncId};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::sync::{Filed, SyncRun};

impl Record for Base {
    const KIND: Kind = Kind::Base;
    const SCHEMA: u8 = 1;
    type Key = BaseId;
}

/// A document of a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiledOf(pub BaseId, pub DocumentId);

impl Record for Filed {
    const KIND: Kind = Kind::Filed;
    const SCHEMA: u8 = 1;
    type Key = FiledOf;
}

impl RecordKey for FiledOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (base, document) = bytes.split_at_checked(16)?;
        Some(Self(BaseId::read(base)?, DocumentId::read(document)?))
    }
}

/// A sync of a source of a base; the later one has the greater key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncOf(pub BaseId, pub SourceId, pub SyncId);

impl Record for SyncRun {
    const KIND: Kind = Kind::SyncRun;
    const SCHEMA: u8 = 1;
    type Key = SyncOf;
}

impl RecordKey for SyncOf {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
        self.1.write(bytes);
        self.2.write(bytes);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (base, rest) = bytes.split_at_checked(16)?;
        let (source, sync) = rest.split_at_checked(16)?;
        Some(Self(BaseId::read(base)?, SourceId::read(source)?, SyncId::read(sync)?))
    }
}
