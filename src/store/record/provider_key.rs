//! A provider's key, or where it is.

use serde::{Deserialize, Serialize};

use super::{Kind, Name, Record};
use crate::domain::secret::Secret;

/// The key that the person gave for a provider; the record's own key is the provider's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderKey {
    pub provider: String,
    pub at: Place,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Place {
    Here {
        key: Secret,
    },
    /// The entry of the operating system's keyring.
    Keyring {
        entry: String,
    },
}

impl Record for ProviderKey {
    const KIND: Kind = Kind::ProviderKey;
    const SCHEMA: u8 = 1;
    type Key = Name;
}
