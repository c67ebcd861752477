//! Small values that a face keeps under a name.

use serde::{Deserialize, Serialize};

use super::{Kind, Record, RecordKey};

/// A text as a key, which tells nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name([u8; 16]);

impl Name {
    /// The first half of what the names key made of the text.
    pub(in crate::store) fn of(named: &[u8; 32]) -> Self {
        let mut name = Self([0; 16]);
        name.0.copy_from_slice(&named[..16]);
        name
    }

    pub(in crate::store) fn bytes(&self) -> [u8; 16] {
        self.0
    }

    /// The last of all names in the order of keys.
    pub(in crate::store) const fn last() -> Self {
        Self([u8::MAX; 16])
    }
}

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
