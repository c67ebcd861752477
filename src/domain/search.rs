//! What a search over conversations finds.

use serde::{Deserialize, Serialize};

use super::conversation::Conversation;
use super::id::MessageId;

/// Where a search found its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub conversation: Conversation,
    /// `None` where the title matched.
    pub message: Option<MessageId>,
    /// The surrounding text, on one line.
    pub snippet: String,
    /// Byte range of the match in `snippet`.
    pub matched: (usize, usize),
}
