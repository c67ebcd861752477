//! A message: a node of a conversation's tree.

use serde::{Deserialize, Serialize};

use super::agent::Acting;
use super::catalog::ModelId;
use super::error::Error;
use super::id::{ConversationId, MessageId};
use super::knowledge::grounding::Grounding;
use super::schema::SchemaCheck;
use super::settings::Settings;
use super::time::Timestamp;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
    Tool,
}

impl Role {
    /// The name that chat templates and APIs use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// SHA-256 of a blob's plain bytes, in hexadecimal: its name in the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlobId(pub String);

/// What is known of a file that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// Its name, without its folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// One piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Block {
    Text {
        text: String,
    },
    /// What a model thought before it answered. `signature` is the provider's own seal, sent back unchanged.
    Reasoning {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// Reasoning that the provider keeps to itself: its sealed form, sent back unchanged.
    RedactedReasoning {
        data: String,
    },
    Image {
        media_type: String,
        blob: BlobId,
        /// The file that it was read from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<FileFacts>,
    },
    Document {
        name: String,
        media_type: String,
        blob: BlobId,
    },
    ToolUse {
        id: String,
        name: String,
        input: serde_json::Value,
        /// What the provider wants back with the call, unread. No other provider gets it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extra: Option<serde_json::Value>,
    },
    ToolResult {
        id: String,
        content: String,
        is_error: bool,
    },
    /// The provider may cache the prompt up to here.
    CachePoint,
}

/// Tokens counted; `None` is unknown, which is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Prompt tokens, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<u32>,
    /// Written tokens, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u32>,
    /// Prompt tokens that came from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u32>,
    /// Prompt tokens that were put into a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<u32>,
    /// Reasoning tokens among `output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u32>,
    /// `output` is the number of pieces that came, as long as the voice has told no number of tokens: nearly every
    /// voice sends one piece a token.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// When things came, in milliseconds from the sending of the request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// First piece of text or reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u32>,
    /// The end of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_ms: Option<u32>,
    /// How much of that it reasoned before it said something, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thought_ms: Option<u32>,
}

/// Why a model ended its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The model was done.
    EndTurn,
    /// `max_tokens` was reached.
    MaxTokens,
    /// The context is full.
    ContextFull,
    /// One of the stop texts came.
    StopSequence,
    /// The model asks for a tool.
    ToolUse,
    /// A check or the provider's filter ended it.
    Filtered,
    /// The provider gave a reason that this program does not know.
    Other,
}

/// How far an answer has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// Being written now.
    Streaming,
    /// The model ended it.
    Complete { reason: StopReason },
    /// The person stopped it; what came is kept.
    Stopped,
    /// The program ended in the middle; what was flushed is kept.
    Interrupted,
    /// It failed; what came is kept.
    Failed { error: Error },
}

/// What is known of an answer besides its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub model: ModelId,
    pub settings: Settings,
    pub usage: Usage,
    pub timing: Timing,
    pub outcome: Outcome,
    /// The model's context length when it was asked, in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<u32>,
    /// What a check against the response schema, and of tool calls against their tools', has found; `None` where there was
    /// none to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaCheck>,
    /// What was found for it in a knowledge base; `None` where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounding: Option<Grounding>,
    /// What an agent did for it, step by step; `None` where the model alone answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Box<Acting>>,
}

impl Block {
    /// What was said, where that is a text.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Text { text } => Some(text),
            _ => None,
        }
    }
}

impl Answer {
    /// One with the settings that a model has by itself, and of which nothing is told but how far it is.
    pub fn untold(model: ModelId, outcome: Outcome) -> Self {
        Self {
            model,
            settings: Settings::default(),
            usage: Usage::default(),
            timing: Timing::default(),
            outcome,
            context: None,
            schema: None,
            grounding: None,
            agent: None,
        }
    }

    /// Tokens per second over the streaming window (prefill excluded); `None` where it cannot be known.
    pub fn tokens_per_second(&self) -> Option<f32> {
        let tokens = self.usage.output?.checked_sub(1).filter(|n| *n > 0)?;
        let window = self.timing.total_ms?.checked_sub(self.timing.first_token_ms?).filter(|ms| *ms > 0)?;
        Some(tokens as f32 * 1000.0 / window as f32)
    }

    /// Tokens in and out as a share of the context, 0 to 1; `None` where unknown.
    pub fn context_share(&self) -> Option<f32> {
        let used = self.usage.input?.saturating_add(self.usage.output?);
        Some(used as f32 / self.context.filter(|c| *c > 0)? as f32)
    }
}

/// Where a message came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageOrigin {
    /// Written or answered here.
    #[default]
    Here,
    /// Read from a file of another program or machine.
    Imported,
}

/// A node of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub conversation: ConversationId,
    /// `None` for a first message.
    pub parent: Option<MessageId>,
    pub role: Role,
    pub blocks: Vec<Block>,
    pub created: Timestamp,
    /// Present on answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    #[serde(default)]
    pub origin: MessageOrigin,
}

impl Message {
    /// What an agent did for it.
    pub fn acting(&self) -> Option<&Acting> {
        self.answer.as_ref()?.agent.as_deref()
    }

    /// The text blocks, joined by blank lines. For titles and clipboards; export and search walk `blocks`.
    pub fn text(&self) -> String {
        let mut joined = String::new();
        for block in &self.blocks {
            if let Block::Text { text } = block {
                if !joined.is_empty() {
                    joined.push_str("\n\n");
                }
                joined.push_str(text);
            }
        }
        joined
    }

    /// Whether nothing was answered here: it failed, or was cut off before it said anything. What a model only reasoned it
    /// has not said.
    pub fn has_no_answer(&self) -> bool {
        let says = |block: &Block| match block {
            Block::Text { text } => !text.trim().is_empty(),
            Block::Reasoning { .. } | Block::RedactedReasoning { .. } | Block::CachePoint => false,
            Block::Image { .. }
            | Block::Document { .. }
            | Block::ToolUse { .. }
            | Block::ToolResult { .. } => true,
        };
        match self.answer.as_ref().map(|answer| &answer.outcome) {
            Some(Outcome::Failed { .. }) => true,
            Some(Outcome::Stopped | Outcome::Interrupted) => !self.blocks.iter().any(says),
            Some(Outcome::Streaming | Outcome::Complete { .. }) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_failed_or_was_cut_off_before_it_said_anything_is_no_answer() {
        let of = |blocks: Vec<Block>, outcome| Message {
            id: MessageId::from_uuid(Uuid::nil()),
            conversation: ConversationId::from_uuid(Uuid::nil()),
            parent: None,
            role: Role::Assistant,
            blocks,
            created: Timestamp(0),
            answer: Some(Answer::untold("a/b".parse().unwrap(), outcome)),
            origin: MessageOrigin::Here,
        };
        let text = |text: &str| Block::Text { text: text.to_owned() };
        let thought = Block::Reasoning { text: "Let me see.".to_owned(), signature: None };
        let done = Outcome::Complete { reason: StopReason::EndTurn };
        let failed = Outcome::Failed { error: Error::internal("asking", "no") };
        for (blocks, outcome, lacks) in [
            (vec![text("A river")], failed, true),
            (Vec::new(), Outcome::Stopped, true),
            (vec![text(" \n")], Outcome::Interrupted, true),
            (vec![thought.clone()], Outcome::Stopped, true),
            (vec![thought, text("A river")], Outcome::Stopped, false),
            (Vec::new(), Outcome::Streaming, false),
            // A model that says nothing has answered so.
            (Vec::new(), done, false),
        ] {
            let message = of(blocks, outcome);
            assert_eq!(message.has_no_answer(), lacks, "{message:?}");
        }
    }

    #[test]
    fn how_full_the_context_is_is_unknown_where_a_number_is() {
        let share = |input, output| {
            let done = Outcome::Complete { reason: StopReason::EndTurn };
            let answer = Answer {
                usage: Usage { input, output, ..Usage::default() },
                context: Some(100),
                ..Answer::untold("a/b".parse().unwrap(), done)
            };
            answer.context_share()
        };
        assert_eq!(
            [share(Some(20), Some(5)), share(Some(20), None), share(None, Some(5))],
            [Some(0.25), None, None]
        );
    }
}
