//! Conversations as things: listed, opened, changed, searched, moved in and out.

use serde::{Deserialize, Serialize};

use crate::domain::conversation::Draft;
pub use crate::domain::conversation::{Change, Format};
use crate::domain::id::{ConversationId, DraftId, MessageId, TerminalId};

/// Asks about conversations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight; a box would only move the bytes")]
#[serde(rename_all = "snake_case")]
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
    /// One `Export` reply a conversation; all of them where `ids` is empty. JSON and JSONL hold the bytes of attachments;
    /// with Markdown they come along where `folder` names the one that it is to link them in.
    Export {
        ids: Vec<ConversationId>,
        format: Format,
        #[serde(default)]
        folder: Option<String>,
    },
    /// Reads an exported text (this program's JSON, JSONL or Markdown, `ChatGPT`'s `conversations.json`, other Markdown): one `Imported`.
    /// With `skip_known` those are left out that say what one says that is here.
    Import {
        text: String,
        #[serde(default)]
        skip_known: bool,
    },
    /// Keeps what a terminal's composer holds, in the place of what it held before and of `over`, another terminal's draft
    /// that was gone on with; `None` is the composer of a new conversation. `Done`.
    SaveDraft { id: Option<ConversationId>, by: TerminalId, over: Option<DraftId>, draft: Draft },
    /// Gives the drafts back, that of the terminal itself first, the others from the newest on: `Drafts`.
    LoadDraft { id: Option<ConversationId>, by: TerminalId },
}
