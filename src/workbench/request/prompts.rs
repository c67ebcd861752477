//! The library of prompts, and running one.

use serde::{Deserialize, Serialize};

use crate::domain::id::{ConversationId, PromptId};
use crate::domain::prompt::{Sketch, Template, Values};

/// Asks about prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight; a box would only move the bytes")]
#[serde(rename_all = "snake_case")]
pub enum Prompts {
    /// The last changed first: one `Prompts` reply.
    List,
    /// With its versions and its draft: one `Prompt` reply.
    Open { id: PromptId },
    /// The one of that name: `Prompt`.
    Find { name: String },
    /// A new one, `template` being its version 1: `Prompt`.
    /// With `runs`, those of what had no name yet become its own.
    Create { name: String, template: Template, note: String, values: Values, runs: bool },
    /// The next version; one that is like the newest is refused. `Prompt`.
    Save { id: PromptId, template: Template, note: String },
    /// `Prompt`.
    Rename { id: PromptId, name: String },
    /// Deletes it with its versions, its draft and its runs: `Done`.
    Remove { id: PromptId },
    /// Keeps what is being written; `None` is what has no name yet. `Done`.
    SaveDraft { of: Option<PromptId>, draft: Sketch },
    /// What is being written and has no name yet: `Sketch`.
    LoadDraft,
    /// Runs a text: `Started`, then `Delta`s, then `Finished`. Dropping them stops it; what came is kept and marked.
    Run { of: Option<PromptId>, version: Option<u32>, template: Template, values: Values },
    /// Earlier runs, the newest first: `Conversations`.
    Runs { of: Option<PromptId>, limit: usize },
    /// Makes a run an ordinary conversation: `Conversation`.
    GoOn { run: ConversationId },
    /// Reads what `outcrop prompts show --json` printed; each becomes a new prompt: `Prompts`.
    Import { text: String },
}
