//! How the lines of the file look.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::domain::catalog::ModelId;
use crate::domain::id::{DocumentId, SourceId};
use crate::domain::knowledge::base::Source;
use crate::domain::knowledge::sync::{DocumentState, Stamp, Validators};
use crate::domain::time::Timestamp;

/// A line, without its check.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "one at a time is in hand; a box would only move the bytes")]
pub(super) enum Shape {
    KnowledgeBase(BaseShape),
    Document(DocumentShape),
    Passage(PassageShape),
    End { documents: u64, passages: u64 },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BaseShape {
    pub version: u32,
    #[serde(flatten)]
    pub head: Head,
    pub sources: Vec<SourceShape>,
}

/// The base of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub embedder: ModelId,
    pub dimensions: u32,
    /// Its model makes each vector of the length one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalised: Option<bool>,
    /// Every passage has its vector; else only those have that no text alone makes again.
    pub vectors: bool,
    pub documents: u64,
    pub passages: u64,
    /// As settings: none is looked through by itself. In the file they have a shape of their own.
    #[serde(skip)]
    pub sources: Vec<Source>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SourceShape {
    pub id: SourceId,
    pub origin: OriginShape,
    /// As `--chunking` takes it.
    pub chunking: String,
    /// A cron expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    #[serde(default)]
    pub watch: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum OriginShape {
    Files {
        path: String,
        #[serde(default)]
        include: Vec<String>,
        #[serde(default)]
        exclude: Vec<String>,
        /// What ignore files name is read too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ignored: bool,
    },
    S3 {
        bucket: String,
        #[serde(default)]
        prefix: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
        #[serde(default)]
        include: Vec<String>,
        #[serde(default)]
        exclude: Vec<String>,
    },
    Url {
        url: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DocumentShape {
    pub id: DocumentId,
    pub source: SourceId,
    pub uri: String,
    pub state: DocumentState,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    pub stamp: Stamp,
    pub hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Stamp>,
    /// What is said of it was embedded with its passages.
    #[serde(default)]
    pub prefixed: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validators: Option<Validators>,
    pub format: String,
    pub passages: u32,
    pub tokens: u64,
    pub updated: Timestamp,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PassageShape {
    pub ordinal: u32,
    /// Bytes of the document's text.
    pub start: usize,
    pub end: usize,
    /// Those of the passage that is given in its stead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<(usize, usize)>,
    pub tokens: u32,
    pub text: String,
    /// By key, as Bedrock's metadata files have values in the plain form.
    pub attributes: Map<String, Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
}
