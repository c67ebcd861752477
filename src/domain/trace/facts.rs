//! What a span means to somebody who looks at models and agents: short facts, whatever names its maker used for them.
//!
//! `wire::trace::meaning` reads them; everything after it (tree, filters, lints, differences) knows these alone.

use serde::{Deserialize, Serialize};

use crate::domain::message::Usage;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Agent,
    /// A chain, a graph, a step: what only holds others.
    Workflow,
    /// A model wrote.
    Model,
    Tool,
    Retrieval,
    Rerank,
    Embedding,
    Guardrail,
    Evaluation,
    Memory,
    #[default]
    Other,
}

impl Kind {
    pub const ALL: [Self; 11] = [
        Self::Agent,
        Self::Workflow,
        Self::Model,
        Self::Tool,
        Self::Retrieval,
        Self::Rerank,
        Self::Embedding,
        Self::Guardrail,
        Self::Evaluation,
        Self::Memory,
        Self::Other,
    ];

    /// The word of filters and of `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Workflow => "workflow",
            Self::Model => "model",
            Self::Tool => "tool",
            Self::Retrieval => "retrieval",
            Self::Rerank => "rerank",
            Self::Embedding => "embedding",
            Self::Guardrail => "guardrail",
            Self::Evaluation => "evaluation",
            Self::Memory => "memory",
            Self::Other => "other",
        }
    }

    /// Whether a model was asked: its tokens are its own and no sum of others'.
    pub const fn is_inference(self) -> bool {
        matches!(self, Self::Model | Self::Embedding | Self::Rerank)
    }
}

/// Whose names the attributes of a span are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// OpenTelemetry's GenAI conventions as they are now.
    GenAi,
    /// As they were up to 1.36, and what grew beside them.
    OlderGenAi,
    OpenInference,
    /// Nothing said of models.
    #[default]
    Plain,
}

/// The facts of one span, borrowed from it. A text that is empty says nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Facts<'a> {
    pub kind: Kind,
    pub dialect: Dialect,
    /// In the words of its maker: "chat", "`execute_tool`".
    pub operation: &'a str,
    pub provider: &'a str,
    /// The model that was asked for.
    pub model: &'a str,
    /// The model that says it answered.
    pub answered_by: &'a str,
    pub agent: &'a str,
    /// The session that the trace belongs to.
    pub session: &'a str,
    pub tool: &'a str,
    /// The model's name of the call.
    pub call: &'a str,
    /// A hash of the tool's arguments as they were written; zero where none are.
    pub arguments: u64,
    pub usage: Usage,
    /// US dollars, where its maker told them.
    pub dollars: Option<f64>,
    /// Nanoseconds to the first piece of an answer.
    pub first: Option<u64>,
    /// Why the model stopped, in its maker's words.
    pub finish: &'a str,
    /// What went wrong: its type, "timeout". Of a call that was not made, [`MADE_ALREADY`], nothing did.
    pub error: &'a str,
    /// What was said of it: the words of its status or of an exception.
    pub words: &'a str,
    /// It ended before it was done: somebody stopped it, or its process died.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
}

impl Facts<'_> {
    /// Whether the answer was cut at the limit of its length.
    pub fn is_truncated(&self) -> bool {
        is_cut(self.finish)
    }
}

/// The error of an agent that ended without an answer: it came to its limits, or went no further.
pub const GAVE_UP: &str = "gave_up";

/// The word for a call that an agent's model asked for and that was not made, since the same one was right before it: it stands
/// in an error's place, and is none.
pub const MADE_ALREADY: &str = "made_already";

/// Whether a reason to stop, as any provider writes it, is the limit of an answer's length.
pub fn is_cut(finish: &str) -> bool {
    ["length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"]
        .iter()
        .any(|cut| finish.eq_ignore_ascii_case(cut))
}

/// A hash of bytes that is the same in every process: 64-bit FNV-1a (Fowler, Noll, Vo).
pub fn hash(bytes: &[u8]) -> u64 {
    hash_on(0xcbf2_9ce4_8422_2325, bytes)
}

/// The same, going on from an earlier one.
pub fn hash_on(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn an_answer_is_cut_in_the_words_of_every_provider() {
        for (finish, cut) in [("length", true), ("MAX_TOKENS", true), ("stop", false), ("", false)] {
            assert_eq!(is_cut(finish), cut, "{finish}");
        }
    }
}
