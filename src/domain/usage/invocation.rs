//! One call as the log of invocations has it.

use serde::{Deserialize, Serialize};

use crate::domain::message::Message;
use crate::domain::trace::Span;

/// A call, and what was said in it where that is wanted and still there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Invocation {
    pub span: Span,
    /// The system prompt of its conversation as it is now, the turns that were sent, and the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
}

/// What was sent and what came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    pub system: Option<String>,
    pub turns: Vec<Message>,
    pub answer: Message,
}
