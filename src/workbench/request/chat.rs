//! Turns of a conversation.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::agent::replay::Edit;
pub use crate::domain::conversation::Target;
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::Block;

/// Asks for a turn. Replies: `Started`, then `Delta`s, then `Finished`. Dropping them stops the answer; what came is
/// kept and marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "a person makes one at a time")]
pub enum Chat {
    /// Sends the person's blocks and streams the answer.
    Send { to: Target, blocks: Vec<Block> },
    /// Reads a file that a message is to have with it: one `Attached`. Nothing is sent.
    Attach { file: PathBuf },
    /// The same for bytes that lie in no file.
    AttachBytes {
        name: String,
        #[serde(with = "crate::domain::base64")]
        bytes: Vec<u8>,
    },
    /// How the names in a folder go on that begin with `start`: one `Completion`. Nothing is sent.
    Complete { folder: PathBuf, start: String },
    /// The request that made the answer `message`, or that the person's `message` would make, as programs: one `Scripts`.
    /// Nothing is sent.
    Scripts { conversation: ConversationId, message: MessageId },
    /// Answers the same message again: a sibling of the answer `message`.
    Retry { conversation: ConversationId, message: MessageId },
    /// Answers as an agent did in `message`, as a sibling of that, but for what is edited: the model's word in a step, where steps of
    /// the loop count from the first one of that answer and those before it stay as they are recorded, or the template of a step.
    Redo { conversation: ConversationId, message: MessageId, edit: Box<Edit> },
    /// Goes on with the answer `message` where it ended.
    Continue { conversation: ConversationId, message: MessageId },
}
