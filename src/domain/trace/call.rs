//! Spans: what was done for a call, small and always on. Contents are references; the store has the messages.

use serde::{Deserialize, Serialize};

use super::replay::Place;
use crate::domain::catalog::ModelId;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::id::{ConversationId, EvaluationId, MessageId, SpanId};
use crate::domain::message::{Timing, Usage};
use crate::domain::script::Operation;
use crate::domain::time::Timestamp;

/// What a span measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    Converse,
    Embed,
    Rerank,
    Image,
    ListModels,
    CountTokens,
    PullModel,
    RemoveModel,
    CheckKey,
    /// Passages were looked for in a knowledge base; no provider was called for that itself.
    Retrieve,
    /// A knowledge base was asked: what was looked for, and the model's answer, are parts of it.
    Answer,
    /// What a knowledge base reads was embedded: all that one way through a source asked for.
    Sync,
    /// Retrieval from a knowledge base was measured: every question that was asked for that is a part of it.
    Measure,
    /// An agent worked on something.
    Agent,
    /// A tool was called for an agent.
    Tool,
}

impl SpanKind {
    /// In a word or two.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Converse => "chat",
            Self::Embed => "embedding",
            Self::Rerank => "reranking",
            Self::Image => "picture",
            Self::ListModels => "list of models",
            Self::CountTokens => "count of tokens",
            Self::PullModel => "pull",
            Self::RemoveModel => "removal",
            Self::CheckKey => "check of a key",
            Self::Retrieve => "retrieval",
            Self::Answer => "answer from a knowledge base",
            Self::Sync => "sync of a knowledge base",
            Self::Measure => "measurement of retrieval",
            Self::Agent => "agent",
            Self::Tool => "tool",
        }
    }

    /// Whether it holds calls and is none itself.
    pub const fn is_step(self) -> bool {
        matches!(self, Self::Retrieve | Self::Answer | Self::Sync | Self::Measure | Self::Agent | Self::Tool)
    }
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

/// What went wrong, as it was told: the words may be a server's or a tool's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// A word for programs, where there is a better one than the kind of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub words: String,
}

impl Fault {
    /// The most that is kept of the words, in bytes: a span stays small.
    const LONGEST: usize = 300;

    /// Words, with a word for programs where there is one.
    pub fn new(name: Option<&str>, words: &str) -> Self {
        let words = words.trim();
        let end = words.floor_char_boundary(Self::LONGEST);
        let rest = if end < words.len() { "…" } else { "" };
        Self { name: name.map(str::to_owned), words: [&words[..end], rest].concat() }
    }
}

impl From<&Error> for Fault {
    fn from(error: &Error) -> Self {
        Self::new(None, &error.why)
    }
}

/// Tokens by the length of what was sent and of what came: an estimate, for where nobody has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByLength {
    pub input: u32,
    pub output: u32,
}

/// Answers after which the same was sent again, by their statuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// 429.
    pub throttles: u32,
    /// Any other 4xx.
    pub client_errors: u32,
    /// 5xx.
    pub server_errors: u32,
}

impl Retried {
    /// Counts one more.
    pub fn count(&mut self, status: u16) {
        let counter = match status {
            429 => &mut self.throttles,
            500.. => &mut self.server_errors,
            _ => &mut self.client_errors,
        };
        *counter = counter.saturating_add(1);
    }

    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

/// One call of a provider, or a step that holds such calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    pub id: SpanId,
    pub parent: Option<SpanId>,
    /// Who asked: on one machine, the name of the account.
    #[serde(default)]
    pub principal: String,
    pub kind: SpanKind,
    /// Empty where none was called: what was done then is a step of this program's own.
    pub provider: String,
    /// What a step was done with: the id of a knowledge base, the name of an agent or of a tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// The name of a step that `with` does not name: of an answer and of a measurement the base's, of a sync what it does
    /// with it, of vectors what they are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The provider's Region, where it has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    pub model: Option<ModelId>,
    /// What it was asked for by, in Bedrock's words, where that is known and was no stream of Converse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    pub started: Timestamp,
    pub timing: Timing,
    pub usage: Usage,
    /// Pictures that were made.
    #[serde(default)]
    pub images: u32,
    /// Searches of a reranker, as its price counts them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub searches: u32,
    #[serde(default)]
    pub by_length: ByLength,
    #[serde(default, skip_serializing_if = "Retried::is_none")]
    pub retried: Retried,
    /// It ended before anything was sent: what it asked for was refused here, or it had not begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsent: bool,
    /// What was done already is done once more: that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replays: Option<Place>,
    /// Nothing was called: what was recorded of an earlier call was given.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recorded: bool,
    /// That call was one of the same tool with other arguments.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stands_in: bool,
    /// The guardrail that it was to pass and did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unguarded: Option<String>,
    /// It has not ended: when it began, or was gone on with. A process that died left it so; nothing is younger than the one
    /// that reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<Timestamp>,
    pub status: SpanStatus,
    /// Beside a status that says it failed, or of one in which nothing was done: why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// The conversation and the answer that it wrote, where it wrote one.
    pub conversation: Option<ConversationId>,
    pub answer: Option<MessageId>,
    /// The evaluation that it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvaluationId>,
}

impl Span {
    /// It asked for a model that nobody knows here, and was never sent.
    pub const fn is_misnamed(&self) -> bool {
        self.unsent && matches!(self.status, SpanStatus::Failed { kind: ErrorKind::NotFound })
    }

    /// A call that begins, of which nothing more is known; it counts as left by its caller until it ends otherwise.
    pub fn begun(id: SpanId, kind: SpanKind, provider: &str, started: Timestamp) -> Self {
        Self {
            id,
            parent: None,
            principal: String::new(),
            kind,
            provider: provider.to_owned(),
            with: None,
            workflow: None,
            region: None,
            model: None,
            operation: None,
            started,
            timing: Timing::default(),
            usage: Usage::default(),
            images: 0,
            searches: 0,
            by_length: ByLength::default(),
            retried: Retried::default(),
            unsent: false,
            replays: None,
            recorded: false,
            stands_in: false,
            unguarded: None,
            running: None,
            status: SpanStatus::Cancelled,
            fault: None,
            conversation: None,
            answer: None,
            evaluation: None,
        }
    }
}

/// One exchange with a server, as it ended. No content, no credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Egress {
    /// Counts the exchanges of one process, from 1; a retry or a redirect is an exchange of its own.
    pub number: u64,
    /// The call that it was made for; `None` for what no model was asked in, such as fetching one.
    #[serde(default)]
    pub span: Option<SpanId>,
    /// What was being done where it was for no call, as errors name it; `None` of what was kept before it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doing: Option<String>,
    /// `host:port`; a program that went out itself is named with what it was told to fetch.
    pub host: String,
    /// `None` where no answer came.
    pub status: Option<u16>,
    /// Bytes of the body sent, and with `head` all that was.
    pub sent: u64,
    /// Bytes of the request line and the headers sent, as HTTP/1.1 writes them; `None` of what was kept before they were counted,
    /// and of another program's.
    #[serde(default)]
    pub head: Option<u64>,
    /// Bytes of the body received, as far as it was read; `None` of another program that did not say.
    pub received: Option<u64>,
    /// The server's own name of the exchange, for its operators.
    pub request_id: Option<String>,
}

impl Egress {
    /// Bytes that left this machine; `None` where only the body is known.
    pub fn left(&self) -> Option<u64> {
        Some(self.head?.saturating_add(self.sent))
    }
}

/// Where an exchange lies in the log: when it ended, and an id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeId {
    pub at: Timestamp,
    pub id: SpanId,
}

/// An exchange of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    #[serde(flatten)]
    pub id: ExchangeId,
    pub egress: Egress,
    /// The call that it was made for; `None` where there was none, where it goes on, or where its record is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Purpose>,
}

/// What a call was for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    pub kind: SpanKind,
    pub provider: String,
    pub model: Option<ModelId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_long_words_the_beginning_is_kept_whole_characters_of_it() {
        assert_eq!(
            Fault::new(Some("w"), " short\n"),
            Fault { name: Some("w".into()), words: "short".into() }
        );
        let long = Fault::new(None, &"é".repeat(400)).words;
        assert!(long.ends_with("é…") && long.len() <= Fault::LONGEST + "…".len(), "{long}");
    }
}
