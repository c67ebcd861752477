//! Passages: what is embedded, found and cited.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::attribute::{Attributes, COLUMNS, PLACE, Value};
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
    /// Tokens, by the tokenizer of its embedding model, those of the row that names its columns among them.
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

    /// The row that names its columns, where that row stands in another passage.
    pub fn columns(&self) -> Option<&str> {
        columns(&self.attributes)
    }

    /// What models are given: see [`with_columns`].
    pub fn with_columns(&self) -> Cow<'_, str> {
        with_columns(&self.text, &self.attributes)
    }
}

fn columns(attributes: &Attributes) -> Option<&str> {
    match attributes.get(COLUMNS)? {
        Value::Text(columns) => Some(columns),
        _ => None,
    }
}

/// A passage's text as it is embedded and given to models: below the row that names its columns, unless it has that itself.
pub fn with_columns<'a>(text: &'a str, attributes: &Attributes) -> Cow<'a, str> {
    match columns(attributes) {
        Some(columns) if !has_row(text, columns) => Cow::Owned(format!("{columns}\n{text}")),
        _ => Cow::Borrowed(text),
    }
}

/// Whether a row is among those of a text: alone on its line, or on its lines where its cells have several.
fn has_row(text: &str, row: &str) -> bool {
    let row = row.trim();
    text.match_indices(row).any(|(at, _)| {
        let before = text[..at].rsplit('\n').next().unwrap_or_default();
        let after = text[at + row.len()..].lines().next().unwrap_or_default();
        before.trim().is_empty() && after.trim().is_empty()
    })
}

/// A passage with its vector, as an index takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub passage: Passage,
    /// As the embedding model gave it; its length need not be one.
    pub vector: Vec<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_below_the_row_that_names_their_columns_unless_they_have_it() {
        let attributes = Attributes::from([(COLUMNS.to_owned(), Value::Text("City\tLand".to_owned()))]);
        assert_eq!(with_columns("Bonn\tDE", &attributes), "City\tLand\nBonn\tDE");
        let whole = "City\tLand\nBonn\tDE";
        assert_eq!(with_columns(whole, &attributes), whole);
        assert_eq!(with_columns("Bonn\tDE", &Attributes::new()), "Bonn\tDE");
        assert_eq!(with_columns("The City\tLand", &attributes), "City\tLand\nThe City\tLand");
        let lines = Attributes::from([(COLUMNS.to_owned(), Value::Text("City\tLand\n(ISO)".to_owned()))]);
        assert_eq!(with_columns("Bonn\tDE", &lines), "City\tLand\n(ISO)\nBonn\tDE");
        let whole = "Of towns:\nCity\tLand\n(ISO)\nBonn\tDE";
        assert_eq!(with_columns(whole, &lines), whole);
    }
}
