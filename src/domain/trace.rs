//! Spans: what was done for a call, small and always on. Contents are references; the store has the messages.

use serde::{Deserialize, Serialize};

use super::catalog::ModelId;
use super::error::ErrorKind;
use super::id::{ConversationId, MessageId, SpanId};
use super::message::{Timing, Usage};
use super::time::Timestamp;

/// What a span measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    Converse,
    Embed,
    Image,
    ListModels,
    CountTokens,
    PullModel,
    RemoveModel,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum SpanStatus {
    Done,
    /// The caller went away or stopped it.
    Cancelled,
    Failed {
        kind: ErrorKind,
    },
}

/// One call of a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub id: SpanId,
    pub parent: Option<SpanId>,
    /// Who asked: on one machine, the name of the account.
    #[serde(default)]
    pub principal: String,
    pub kind: SpanKind,
    pub provider: String,
    pub model: Option<ModelId>,
    pub started: Timestamp,
    pub timing: Timing,
    pub usage: Usage,
    /// Pictures that were made.
    #[serde(default)]
    pub images: u32,
    pub status: SpanStatus,
    /// The conversation and the answer that it wrote, where it wrote one.
    pub conversation: Option<ConversationId>,
    pub answer: Option<MessageId>,
}

/// One exchange with a server, as it ended. No content, no path, no credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// Counts the exchanges of one process, from 1; a retry or a redirect is an exchange of its own.
    pub number: u64,
    /// The call that it was made for; `None` for what no model was asked in, such as fetching one.
    #[serde(default)]
    pub span: Option<SpanId>,
    /// `host:port`; a program that went out itself is named with what it was told to fetch.
    pub host: String,
    /// `None` where no answer came.
    pub status: Option<u16>,
    /// Bytes of the body sent.
    pub sent: u64,
    /// Bytes of the body received, as far as it was read.
    pub received: u64,
    /// The server's own name of the exchange, for its operators.
    pub request_id: Option<String>,
}
