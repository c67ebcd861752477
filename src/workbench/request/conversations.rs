//! Conversations as things: listed, opened, changed, searched, moved in and out.

use serde::{Deserialize, Serialize};

use crate::domain::catalog::ModelId;
use crate::domain::conversation::Draft;
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::settings::Settings;

/// Asks about conversations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Conversations {
    /// Newest first: one `Conversations` reply. `before` continues after that one.
    List { limit: usize, before: Option<ConversationId> },
    /// The whole thread: one `Thread` reply.
    Open { id: ConversationId },
    /// The one whose id starts or ends with `text`; `Thread`, or an error that lists those it could be.
    Find { text: String },
    /// Titles and every block of every message, newest first: `Hits`, in batches.
    Search { query: String, limit: usize },
    /// Changes the head; `None` leaves a value. One `Conversation` reply.
    Change { id: ConversationId, change: Change },
    /// Copies the branch that ends at `at` (or the shown leaf) into a conversation of its own: one `Conversation`.
    Fork { id: ConversationId, at: Option<MessageId> },
    /// Deletes it with its messages and draft: `Done`.
    Remove { id: ConversationId },
    /// One `Export` reply a conversation; all of them where `ids` is empty.
    Export { ids: Vec<ConversationId>, format: Format },
    /// Reads an exported text (this program's JSON or JSONL, or `ChatGPT`'s `conversations.json`): one `Imported`.
    Import { text: String },
    /// Keeps what the composer holds; `None` is the composer of a new conversation. `Done`.
    SaveDraft { id: Option<ConversationId>, draft: Draft },
    /// Gives it back: `Draft`.
    LoadDraft { id: Option<ConversationId> },
}

/// A change of a conversation's head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    pub title: Option<String>,
    pub model: Option<ModelId>,
    /// `Some("")` takes the system prompt away.
    pub system: Option<String>,
    pub settings: Option<Settings>,
    /// Shows the branch that ends here.
    pub leaf: Option<MessageId>,
}

/// The forms that conversations are exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The shown branch, with a front matter.
    Markdown,
    /// The whole tree, one pretty object.
    Json,
    /// The whole tree, one object a line: the conversation, then its messages.
    Jsonl,
}
