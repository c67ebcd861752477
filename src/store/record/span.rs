//! Spans: one piece of work each, always recorded, small; contents are references to what the store has anyway.

use serde::{Deserialize, Serialize};

use super::{Kind, Record};
use crate::domain::catalog::ModelId;
use crate::domain::id::{ConversationId, MessageId, SpanId};
use crate::domain::message::Usage;
use crate::domain::time::Timestamp;

/// What was done for a call, and what it used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub id: SpanId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<SpanId>,
    pub work: SpanWork,
    pub started: Timestamp,
    /// `None` while it runs, or where the program died in the middle.
    pub ended: Option<Timestamp>,
    pub status: SpanStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    #[serde(default)]
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The answer that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
}

/// The kinds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SpanWork {
    Converse,
    Embed,
    CountTokens,
    ListModels,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanStatus {
    Running,
    Done,
    Cancelled,
    Failed,
}

impl Record for Span {
    const KIND: Kind = Kind::Span;
    const SCHEMA: u8 = 1;
    type Key = SpanId;
}
