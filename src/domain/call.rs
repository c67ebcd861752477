//! What a provider can be asked: a closed set of calls.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::attachment::unfenced;
use super::catalog::{Capability, ModelId};
use super::id::ConversationId;
use super::message::{BlobId, Block, Role};
use super::rerank::Rerank;
use super::settings::{Effort, Settings};

/// Bytes of a text that are about one token, where nobody has counted.
pub const TOKEN: usize = 4;

/// The bytes of a text by which its tokens are guessed. Long runs of blanks become few tokens: sixteen blanks weigh as one
/// beyond the first.
pub fn weight(text: &str) -> usize {
    let mut weight = 0;
    let mut run = 0_usize;
    for byte in text.bytes() {
        run = if byte.is_ascii_whitespace() { run + 1 } else { 0 };
        weight += usize::from(run <= TOKEN || run.is_multiple_of(TOKEN));
    }
    weight
}

/// About how many tokens a text of that weight has.
pub fn tokens_of(weight: usize) -> u32 {
    u32::try_from(weight.div_ceil(TOKEN)).unwrap_or(u32::MAX)
}

/// One turn of the conversation that is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub role: Role,
    pub blocks: Vec<Block>,
}

/// The bytes behind the pictures and documents of a call, by their names. They travel beside the call, not in its JSON.
#[derive(Clone, Default, PartialEq)]
pub struct Blobs(BTreeMap<BlobId, Arc<[u8]>>);

impl Blobs {
    /// Adds the bytes of a blob.
    pub fn put(&mut self, id: BlobId, bytes: impl Into<Arc<[u8]>>) {
        self.0.insert(id, bytes.into());
    }

    /// The bytes of a blob; `None` where nobody has put them.
    pub fn get(&self, id: &BlobId) -> Option<&[u8]> {
        self.0.get(id).map(AsRef::as_ref)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(id, bytes)| (&id.0, bytes.len()))).finish()
    }
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
    /// What the turns' pictures and documents hold.
    #[serde(skip)]
    pub blobs: Blobs,
}

impl Converse {
    /// Everything that the model's card must list, `Chat` first: what the turns hold and the settings ask for.
    pub fn needs(&self) -> Vec<Capability> {
        let any = |wanted: fn(&Block) -> bool| self.turns.iter().flat_map(|turn| &turn.blocks).any(wanted);
        let settings = &self.settings;
        let wanted = [
            (Capability::Chat, true),
            (Capability::Vision, any(|block| matches!(block, Block::Image { .. }))),
            (Capability::Documents, any(|block| matches!(block, Block::Document { .. }))),
            (Capability::Tools, !settings.tools.is_empty()),
            (Capability::Schema, settings.response_schema.is_some()),
            (Capability::Reasoning, settings.reasoning.is_some_and(|effort| effort != Effort::Off)),
        ];
        wanted.into_iter().filter(|(_, needed)| *needed).map(|(capability, _)| capability).collect()
    }

    /// About how many tokens the texts of attached files have. What pictures and documents come to is each API's own affair, and
    /// no part of it.
    pub fn attached_tokens(&self) -> u32 {
        let bytes = self.turns.iter().flat_map(|turn| &turn.blocks).filter_map(|block| match block {
            Block::Text { text } => unfenced(text).map(|(_, body)| weight(body)),
            _ => None,
        });
        tokens_of(bytes.sum())
    }

    /// The weight of its texts, the system prompt's with them.
    pub fn weight(&self) -> usize {
        let texts = self.turns.iter().flat_map(|turn| &turn.blocks).map(|block| match block {
            Block::Text { text }
            | Block::Reasoning { text, .. }
            | Block::ToolResult { content: text, .. } => weight(text),
            Block::ToolUse { name, input, .. } => name.len() + input.to_string().len(),
            _ => 0,
        });
        self.system.as_deref().map_or(0, weight) + texts.sum::<usize>()
    }

    /// Puts marks up to which an API that caches on demand shall keep what it was sent: behind what stands before the
    /// conversation, and behind the last two turns of the person (or of tools), so that a turn finds what the one before it
    /// had kept. Three in all; both APIs that know them take four.
    #[must_use]
    pub fn cached(mut self) -> Self {
        let asks = |turn: &&mut Turn| matches!(turn.role, Role::User | Role::Tool);
        for turn in self.turns.iter_mut().filter(asks).rev().take(2) {
            turn.blocks.push(Block::CachePoint);
        }
        // At the very start of a message it lies behind the system prompt.
        if let Some(first) = self.turns.first_mut().filter(|_| self.system.is_some()) {
            first.blocks.insert(0, Block::CachePoint);
        }
        self
    }

    /// The same for a model that takes no begun answer: it is asked to go on. `None` where none is begun.
    pub fn asked_to_go_on(&self) -> Option<Self> {
        const GO_ON: &str =
            "Go on exactly where your last answer stops. Repeat nothing of it, and say nothing about it.";
        self.turns.last().filter(|last| last.role == Role::Assistant)?;
        let mut asked = self.clone();
        asked.turns.push(Turn { role: Role::User, blocks: vec![Block::Text { text: GO_ON.to_owned() }] });
        Some(asked)
    }
}

/// A picture to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub model: ModelId,
    pub prompt: String,
    /// What must not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative: Option<String>,
    /// Width and height in pixels; `None` leaves them to the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<(u32, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How many, from 1.
    pub count: u32,
    /// The picture to vary, in `blobs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<BlobId>,
    #[serde(skip)]
    pub blobs: Blobs,
}

/// Everything that a provider may be asked. What a model cannot do is refused before it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Call {
    /// Answer a conversation: text, reasoning, tool calls, usage, stop.
    Converse(Converse),
    /// Vectors of texts.
    Embed {
        model: ModelId,
        texts: Vec<String>,
        /// They are looked for by, and not looked for: some models make other vectors of such texts.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        query: bool,
    },
    /// Put texts in order by how well they answer a query: one `Event::Reranked`.
    Rerank(Rerank),
    /// Make pictures: one `Event::Image` each.
    Image(Picture),
    /// The cards of the models that the provider has.
    ListModels,
    /// Tokens of the conversation as it would be sent.
    CountTokens(Converse),
    /// Fetch a model to where the provider runs it: `Event::Pulling`, until it is there.
    Pull { model: ModelId },
    /// Delete a model from there.
    Remove { model: ModelId },
}

impl Call {
    /// The model asked, where one is.
    pub fn model(&self) -> Option<&ModelId> {
        match self {
            Self::Converse(converse) | Self::CountTokens(converse) => Some(&converse.model),
            Self::Embed { model, .. } | Self::Pull { model } | Self::Remove { model } => Some(model),
            Self::Rerank(rerank) => Some(&rerank.model),
            Self::Image(picture) => Some(&picture.model),
            Self::ListModels => None,
        }
    }

    /// Whether it is about what models there are, and no model answers it.
    pub fn is_about_models(&self) -> bool {
        matches!(self, Self::ListModels | Self::Pull { .. } | Self::Remove { .. })
    }

    /// What the model's card must list.
    pub fn needs(&self) -> Vec<Capability> {
        match self {
            Self::Converse(converse) | Self::CountTokens(converse) => converse.needs(),
            Self::Embed { .. } => vec![Capability::Embed],
            Self::Rerank(_) => vec![Capability::Rerank],
            Self::Image(_) => vec![Capability::Images],
            Self::ListModels | Self::Pull { .. } | Self::Remove { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_weigh_little_where_there_are_many_and_words_weigh_what_they_are_long() {
        for text in ["", "one two\n\n  three", "長い文章", "a\tb"] {
            assert_eq!(weight(text), text.len(), "{text:?}");
        }
        assert_eq!(weight(&" ".repeat(16)), 4 + 3);
        assert_eq!(weight(&" ".repeat(16_000)).div_ceil(TOKEN), 1_001);
        assert_eq!(weight(&format!("x{}y", "\n".repeat(404))), 2 + 4 + 100);
    }
}
