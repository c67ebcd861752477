//! Knowledge bases and their documents. Passages and vectors are not records: they lie in the base's index.

use super::{Kind, Record, RecordKey};
use crate::domain::id::{BaseId, DocumentId};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::sync::Filed;

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
