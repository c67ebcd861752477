//! What a provider can be asked: a closed set of calls.

use serde::{Deserialize, Serialize};

use super::catalog::{Capability, ModelId};
use super::id::ConversationId;
use super::message::{Block, Role};
use super::settings::Settings;

/// One turn of the conversation that is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub role: Role,
    pub blocks: Vec<Block>,
}

/// A conversation to answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Converse {
    pub model: ModelId,
    pub system: Option<String>,
    /// Oldest first. A last turn of the assistant is continued, not answered.
    pub turns: Vec<Turn>,
    pub settings: Settings,
    /// Whose prompt cache may be used; the content decides what is reused.
    pub conversation: Option<ConversationId>,
}

/// Everything that a provider may be asked. What a model cannot do is refused before it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Call {
    /// Answer a conversation: text, reasoning, tool calls, usage, stop.
    Converse(Converse),
    /// Vectors of texts.
    Embed { model: ModelId, texts: Vec<String> },
    /// The cards of the models that the provider has.
    ListModels,
    /// Tokens of the conversation as it would be sent.
    CountTokens(Converse),
}

impl Call {
    /// The model asked, where one is.
    pub fn model(&self) -> Option<&ModelId> {
        match self {
            Self::Converse(converse) | Self::CountTokens(converse) => Some(&converse.model),
            Self::Embed { model, .. } => Some(model),
            Self::ListModels => None,
        }
    }

    /// What the model's card must list.
    pub fn capability(&self) -> Option<Capability> {
        match self {
            Self::Converse(_) | Self::CountTokens(_) => Some(Capability::Chat),
            Self::Embed { .. } => Some(Capability::Embed),
            Self::ListModels => None,
        }
    }
}
