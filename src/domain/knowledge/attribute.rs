//! What is said of a document or a passage, for filters: Amazon Bedrock's metadata attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The longest key, in characters (Bedrock, `FilterAttribute.key`).
pub const LONGEST_KEY: usize = 100;
/// Keys that begin so are the service's own.
pub const RESERVED: &str = "x-amz-bedrock";
/// The attribute that holds the number of a PDF's page, from 1.
pub const PAGE_NUMBER: &str = "x-amz-bedrock-kb-document-page-number";
/// The attribute that holds where a document came from.
pub const SOURCE_URI: &str = "x-amz-bedrock-kb-source-uri";
/// Our own among the reserved ones: what a citation calls the place of a passage: "page 3", "Install › Linux".
pub const PLACE: &str = "x-amz-bedrock-outcrop-place";
/// Our own: of rows of a table the row that names their columns, where that row stands in another passage.
pub const COLUMNS: &str = "x-amz-bedrock-outcrop-columns";

/// A value of one of Bedrock's four types.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Text(String),
    Number(f64),
    Truth(bool),
    Texts(Vec<String>),
}

impl Value {
    /// What it is, with its article, for errors.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Number(_) => "a number",
            Self::Truth(_) => "a boolean",
            Self::Texts(_) => "a list of strings",
        }
    }

    /// As people and embedding models read it.
    pub fn words(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Texts(texts) => texts.join(", "),
        }
    }
}

/// What filters look at, by key.
pub type Attributes = BTreeMap<String, Value>;

/// One attribute as a metadata file gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    pub value: Value,
    /// It is put before the passage when that is embedded.
    #[serde(default)]
    pub embedded: bool,
}

/// What a metadata file says of its document, by key.
pub type Metadata = BTreeMap<String, Attribute>;

/// What filters look at of it.
pub fn attributes(metadata: &Metadata) -> Attributes {
    metadata.iter().map(|(key, attribute)| (key.clone(), attribute.value.clone())).collect()
}

/// What is put before a passage for the embedding model alone: a line `key: value` for each attribute that wants it, then a
/// blank line. Empty where none does; the passage itself is kept and given back without it.
pub fn before_embedding(metadata: &Metadata) -> String {
    let wanted = metadata.iter().filter(|(_, attribute)| attribute.embedded);
    let lines: Vec<_> =
        wanted.map(|(key, attribute)| format!("{key}: {}", attribute.value.words())).collect();
    if lines.is_empty() { String::new() } else { format!("{}\n\n", lines.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_attributes_that_want_it_are_put_before_a_passage() {
        let one = |value, embedded| Attribute { value, embedded };
        let metadata = Metadata::from([
            ("company".to_owned(), one(Value::Text("BioPharm".to_owned()), true)),
            ("year".to_owned(), one(Value::Number(2022.0), true)),
            ("tags".to_owned(), one(Value::Texts(vec!["a".to_owned()]), false)),
        ]);
        assert_eq!(before_embedding(&metadata), "company: BioPharm\nyear: 2022\n\n");
        assert_eq!(before_embedding(&Metadata::new()), "");
        assert_eq!(attributes(&metadata).len(), 3);
    }
}
