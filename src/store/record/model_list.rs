//! The models that a provider said it has, as it said it.

use serde::{Deserialize, Serialize};

use super::{Kind, Name, Record};
use crate::domain::catalog::ModelCard;
use crate::domain::time::Timestamp;

/// One provider's newest list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelList {
    pub provider: String,
    /// Where it was asked: the list of another address is another list.
    pub address: Option<String>,
    pub listed: Timestamp,
    /// Without what is known of them besides.
    pub cards: Vec<ModelCard>,
}

impl Record for ModelList {
    const KIND: Kind = Kind::ModelList;
    const SCHEMA: u8 = 1;
    /// The provider's name, hidden.
    type Key = Name;
}
