//! Passages: what is embedded, found and cited.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::attribute::{Attributes, PLACE, Value};
use crate::domain::id::{DocumentId, PassageId};

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    pub id: PassageId,
    pub document: DocumentId,
    /// Its place among the passages of its document, from 0.
    pub ordinal: u32,
    /// Its bytes in the document's text.
    pub range: Range<usize>,
    /// Of the larger passage that is given back in its stead, the bytes (hierarchical chunking).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Range<usize>>,
    /// Tokens, by the tokenizer of its embedding model.
    pub tokens: u32,
    pub text: String,
    /// What filters look at.
    #[serde(default)]
    pub attributes: Attributes,
}

impl Passage {
    /// What a citation calls its place in the document: "page 3", "Install › Linux".
    pub fn place(&self) -> Option<&str> {
        match self.attributes.get(PLACE)? {
            Value::Text(place) => Some(place),
            _ => None,
        }
    }
}

/// A passage with its vector, as an index takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub passage: Passage,
    /// As the embedding model gave it; its length need not be one.
    pub vector: Vec<f32>,
}
