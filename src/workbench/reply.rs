//! What comes back through the door.

use std::path::PathBuf;

use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};

use crate::domain::Result;
use crate::domain::catalog::{ModelCard, ModelId};
pub use crate::domain::change::Changed;
use crate::domain::conversation::{Conversation, Draft, Thread};
use crate::domain::delta::Event;
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::Message;

/// A bounded stream; an error is its last item. Dropping it cancels the call.
pub type Replies = BoxStream<'static, Result<Reply>>;

/// Everything that can be answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight; a box would only move the bytes")]
pub enum Reply {
    /// The act is done and durable.
    Done,
    /// A turn is durable and sent: its conversation, the person's new message (none for a retry), the answer so far.
    Started {
        conversation: Conversation,
        asked: Option<Message>,
        answer: Message,
    },
    /// A piece of the answer.
    Delta {
        event: Event,
    },
    /// The answer as it was stored last.
    Finished {
        answer: Message,
    },
    Conversations {
        heads: Vec<Conversation>,
        more: bool,
    },
    Conversation {
        head: Conversation,
    },
    Thread {
        thread: Thread,
    },
    Hits {
        hits: Vec<Hit>,
    },
    Export {
        id: ConversationId,
        title: String,
        text: String,
    },
    Imported {
        heads: Vec<Conversation>,
        skipped: Vec<String>,
    },
    Draft {
        draft: Draft,
    },
    Models {
        cards: Vec<ModelCard>,
    },
    Plan {
        plan: PullPlan,
    },
    Pulling {
        step: PullStep,
    },
    Progress {
        what: String,
        done: u64,
        total: Option<u64>,
    },
    Workspace {
        info: WorkspaceInfo,
    },
    Verified {
        records: u64,
        damaged: Vec<String>,
    },
    Checks {
        checks: Vec<Check>,
    },
    Remembered {
        value: Option<serde_json::Value>,
    },
    /// A watched topic changed; `number` grows by one from 1, a gap means that changes were merged.
    Changed {
        number: u64,
        change: Changed,
    },
}

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

/// What fetching a model will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullPlan {
    pub id: ModelId,
    pub title: String,
    pub licence: String,
    /// Bytes to fetch, where known.
    pub bytes: Option<u64>,
    /// The folder that it goes to.
    pub to: PathBuf,
    /// Each source in the order of trial, in words: "huggingface.co/… over HTTPS".
    pub sources: Vec<String>,
    /// Every file's digest is pinned in the catalogue.
    pub pinned: bool,
}

/// A step of fetching a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum PullStep {
    /// Asking this source.
    Trying { source: String },
    /// Bytes so far; `resumed` of them were there already.
    Fetching { done: u64, total: Option<u64>, resumed: u64, per_second: Option<u64> },
    /// This source failed; the next one is tried.
    SourceFailed { source: String, why: String },
    /// Computing the digest.
    Checking,
    /// Changing the weights into the form that the engine runs.
    Converting { done: u64, total: u64 },
}

/// What a workspace is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceInfo {
    pub path: PathBuf,
    /// "a key file", "a passphrase", "the keyring".
    pub key: String,
    pub conversations: u64,
    pub messages: u64,
    /// Bytes of the store's files.
    pub bytes: u64,
    /// The process that owns the store.
    pub owner_pid: u32,
    pub schema: u32,
    /// What was mended or noticed when the store was opened.
    pub notices: Vec<String>,
}

/// One line of the doctor's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub what: String,
    pub verdict: Verdict,
    pub found: String,
    /// What to do about it; empty where nothing is wrong.
    pub advice: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Good,
    Note,
    Bad,
}
