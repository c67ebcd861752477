//! Agents: kept in versions, run, and answered while they run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::agent::Definition;
use crate::domain::agent::replay::{Edit, Missing};
use crate::domain::agent::run::Attributes;
use crate::domain::catalog::ModelId;
use crate::domain::id::{AgentId, RunId};
use crate::domain::message::Block;

/// Asks about agents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "one at a time is in flight; a box would only move the bytes")]
#[serde(rename_all = "snake_case")]
pub enum Agents {
    /// The last changed first: one `Agents` reply.
    List,
    /// The one of that name, with its versions: `Agent`.
    Find { name: String },
    /// The one of that id, whatever it is called now: `Agent`.
    Open { id: AgentId },
    /// What a file says, TOML or JSON, ours or Bedrock's; nothing is kept: `AgentRead`.
    Read { text: String },
    /// A new one, the definition being its version 1: `Agent`. Paths that are no whole ones lie in `folder`.
    Create { name: String, definition: Box<Definition>, note: String, folder: Option<PathBuf> },
    /// The next version; one that is like the newest is refused. `Agent`.
    Save { id: AgentId, definition: Box<Definition>, note: String, folder: Option<PathBuf> },
    /// `Agent`.
    Rename { id: AgentId, name: String },
    /// Deletes it with its versions and runs: `Done`.
    Remove { id: AgentId },
    /// A version as a file: `Text`.
    Export { id: AgentId, version: Option<u32>, json: bool },
    /// Reads a file as a new agent, under a name that is free: `AgentImported`.
    Import { text: String, name: Option<String>, folder: Option<PathBuf> },
    /// Its runs, the newest first: `AgentRuns`.
    Runs { id: AgentId, limit: usize },
    /// Asks an agent; with `after` behind what was said in that run. `AgentEvent`s, the last one says how it ended. Dropping
    /// them stops it; what came is kept.
    Run {
        id: AgentId,
        question: String,
        /// Pictures and documents that go with it, as `Chat::Attach` gave them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<Block>,
        after: Option<RunId>,
        version: Option<u32>,
        model: Option<ModelId>,
        #[serde(default, skip_serializing_if = "Attributes::is_empty")]
        attributes: Attributes,
    },
    /// Goes on with a run that waits, the newest one where none is named; every call that it waits for has an answer, by its id
    /// or by its action's name. As `Run`.
    Answer { id: AgentId, run: Option<RunId>, answers: Vec<(String, String)> },
    /// The run that the first or last digits of an id mean, with its agent: `AgentRunFound`.
    FindRun { text: String },
    /// What was done already once more, as a new run: what its actions gave is taken from the recording. As `Run`.
    Replay {
        id: AgentId,
        run: RunId,
        edit: Box<Edit>,
        /// `None` takes the version that it was made with.
        version: Option<u32>,
        model: Option<ModelId>,
        missing: Missing,
    },
    /// What is remembered of sessions, of one person's or of everybody's, the newest first: `AgentMemories`.
    Memories { id: AgentId, user: Option<String> },
    /// Puts a person's words in the place of what is remembered of a session: `AgentMemories` with that one.
    EditMemory { id: AgentId, session: RunId, summary: String },
    /// Forgets sessions, with `runs` also what was said in them: `Done`.
    Forget {
        id: AgentId,
        sessions: Vec<RunId>,
        #[serde(default)]
        runs: bool,
    },
    /// Says whether a call may be made that a run waits with: `Done`.
    Decide { run: RunId, call: String, agreed: bool },
}
