//! Small values that a face keeps under a name.

use serde::{Deserialize, Serialize};

use super::{Kind, Record, RecordKey};

/// A name as a key: `Store::name` makes it, and it tells nothing of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name(pub(in crate::store) [u8; 16]);

/// The value, with the name that the key hides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    pub name: String,
    pub value: serde_json::Value,
}

impl Record for Remembered {
    const KIND: Kind = Kind::Remembered;
    const SCHEMA: u8 = 1;
    type Key = Name;
}

impl RecordKey for Name {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }
}
