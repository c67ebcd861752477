//! Turns of a conversation.

use serde::{Deserialize, Serialize};

use crate::domain::catalog::ModelId;
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::Block;
use crate::domain::settings::Settings;

/// Asks for a turn. Replies: `Started`, then `Delta`s, then `Finished`. Dropping them stops the answer; what came is
/// kept and marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Chat {
    /// Sends the person's blocks and streams the answer.
    Send { to: Target, blocks: Vec<Block> },
    /// Answers the same message again: a sibling of the answer `message`.
    Retry { conversation: ConversationId, message: MessageId },
    /// Goes on with the answer `message` where it ended.
    Continue { conversation: ConversationId, message: MessageId },
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum Target {
    /// A new conversation.
    New { model: ModelId, system: Option<String>, settings: Settings },
    /// After `parent` in an existing one: its leaf, or, to edit and fork, the parent of the edited message.
    After { conversation: ConversationId, parent: Option<MessageId> },
}
