//! The bytes of a picture or a document.

use serde::{Deserialize, Serialize};

use super::{Kind, Name, Record};

/// The bytes; the key is a name that tells nothing of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attached(#[serde(with = "crate::domain::base64")] pub Vec<u8>);

impl Record for Attached {
    const KIND: Kind = Kind::Attached;
    const SCHEMA: u8 = 1;
    type Key = Name;
}
