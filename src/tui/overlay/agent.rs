//! What can be done with an agent as it is kept.

use super::pad::Pad;
use crate::domain::agent::Step;
use crate::domain::id::RunId;

/// What is to be done with one that was chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Its newest version is written anew.
    Edit,
    /// One of its versions is to be chosen.
    Versions,
    /// What is done with that version is to be chosen.
    Version(u32),
    /// That version is read.
    Read(u32),
    /// What became of it from the first of these versions to the second.
    Compare(u32, u32),
    /// That version becomes the newest one.
    GoBack(u32),
    /// One of its own prompts is to be chosen.
    Prompts,
    /// What is done with its prompt of that step is to be chosen.
    Prompt(Step),
    /// The prompt that outcrop comes with for that step is read.
    DefaultPrompt(Step),
    /// That prompt beside the one that outcrop comes with.
    ComparePrompt(Step),
    /// That prompt becomes the one that outcrop comes with.
    ResetPrompt(Step),
    /// One of the sessions that it remembers is to be chosen.
    Memory,
    /// What it remembers of that session is read.
    Session(RunId),
    /// The same is written anew.
    EditSession(RunId),
    /// What was written of that session is what it remembers.
    Remember(RunId, Box<Pad>),
    /// Asks before that session is forgotten, or deleted with what was said in it.
    AskToForget(RunId, bool),
    Forget(RunId, bool),
    /// Asks before it is deleted.
    AskToRemove,
    Remove,
}

impl Deed {
    /// It is what the person has said is to be done, and no list, question or text of theirs comes before it.
    pub const fn writes(&self) -> bool {
        matches!(
            self,
            Self::GoBack(_) | Self::ResetPrompt(_) | Self::Remember(..) | Self::Forget(..) | Self::Remove
        )
    }

    /// It shows more of what a list is of, which stays below it: a step back leads to the list.
    pub const fn leads_on(&self) -> bool {
        matches!(
            self,
            Self::Versions
                | Self::Version(_)
                | Self::Read(_)
                | Self::Compare(..)
                | Self::Prompts
                | Self::Prompt(_)
                | Self::DefaultPrompt(_)
                | Self::ComparePrompt(_)
                | Self::Memory
                | Self::Session(_)
        )
    }

    /// Over the list of the agents, of which one is to be chosen for that.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Edit => "Edit the agent",
            Self::Prompts => "Prompts of the agent",
            Self::Memory => "What the agent remembers",
            Self::AskToRemove => "Delete the agent",
            _ => "Versions of the agent",
        }
    }

    /// What taking one of the list does, for the footer.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Edit => "edit it",
            Self::AskToRemove => "delete it",
            _ => "show them",
        }
    }
}
