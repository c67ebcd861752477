//! The one stream of events that every model's answer is, and the fold that makes a message of it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::catalog::ModelCard;
use super::message::{BlobId, Block, StopReason, Usage};
use super::pull::PullStep;
use super::rerank::Relevance;

/// One thing that a provider says while it serves a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The model's context length, as the provider runs it.
    Context { tokens: u32 },
    /// Waiting for a turn; `ahead` calls are before this one.
    Queued { ahead: u32 },
    /// Only time is missing: the call goes on by itself in `ms` milliseconds.
    Paused { pause: Pause, ms: u64 },
    /// The wait for a turn is over: what answers is asked now.
    Begun,
    /// The prompt is being read: `done` of `total` tokens, `cached` of which were known from an earlier turn.
    Prefill { done: u32, total: u32, cached: u32 },
    /// Text of the answer, appended.
    Text { text: String },
    /// Reasoning, appended.
    Reasoning { text: String },
    /// The provider's seal of the reasoning just ended.
    ReasoningSignature { signature: String },
    /// A whole piece of reasoning that only its provider can read.
    RedactedReasoning { data: String },
    /// A whole tool call.
    ToolUse { id: String, name: String, input: serde_json::Value },
    /// What the provider wants back with the tool call just given out.
    ToolExtra { extra: serde_json::Value },
    /// A whole picture; `media_type` is "image/png" or another of its kind. In JSON the bytes are base64.
    Image {
        media_type: String,
        #[serde(with = "super::base64")]
        bytes: Vec<u8>,
    },
    /// A picture of a conversation's answer that is kept: what an `Image` becomes before anybody else hears of it.
    Picture { media_type: String, blob: BlobId },
    /// A check takes back the answer's text from byte `from` on and puts `text` there. A provider and a check count from
    /// the first text of their own call; who asks them adds what the answer held before.
    Replace { from: usize, text: String, why: String },
    /// Something that the person should know besides the answer, such as how much of a budget is used.
    Notice { text: String },
    /// What has been counted so far; later values replace earlier ones field by field.
    Usage { usage: Usage },
    /// The end of an answer.
    Stop { reason: StopReason },
    /// The answer to `Call::ListModels`.
    Models { cards: Vec<ModelCard> },
    /// The answer to `Call::CountTokens`.
    Tokens { count: u32 },
    /// How far `Call::Pull` has come.
    Pulling { step: PullStep },
    /// The answer to `Call::Embed`: one vector a text.
    Embeddings { vectors: Vec<Vec<f32>> },
    /// The answer to `Call::Rerank`: best first, equal ones in the order in which they were sent; and for how many searches it
    /// counts.
    Reranked { results: Vec<Relevance>, searches: u32 },
}

/// Why a call waits for nothing but time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Pause {
    /// So many calls may begin within a minute.
    RateLimit { per_minute: u32 },
    /// The server answered with that status; the next try is the one of that number.
    Retry { status: u16, attempt: u32 },
}

impl Pause {
    /// In words, when so many milliseconds of it are left: `500, second try in 1 s`.
    pub fn words(self, left_ms: u64) -> String {
        let left = left_ms.div_ceil(1000);
        match self {
            Self::RateLimit { per_minute } => format!("at most {per_minute} a minute, this one in {left} s"),
            Self::Retry { status, attempt } => {
                let number = match attempt {
                    2 => "second try".to_owned(),
                    3 => "third try".to_owned(),
                    number => format!("try {number}"),
                };
                format!("{status}, {number} in {left} s")
            }
        }
    }
}

/// Puts an event behind those that wait for a slow reader: neighbouring texts are one, and of how far a wait has come the last
/// word counts.
pub fn queue_for_reader(waiting: &mut VecDeque<Event>, event: Event) {
    match (waiting.back_mut(), event) {
        (Some(Event::Text { text }), Event::Text { text: more })
        | (Some(Event::Reasoning { text }), Event::Reasoning { text: more }) => text.push_str(&more),
        (Some(last @ Event::Prefill { .. }), event @ Event::Prefill { .. })
        | (Some(last @ Event::Queued { .. }), event @ Event::Queued { .. }) => *last = event,
        (_, event) => waiting.push_back(event),
    }
}

/// An answer as far as it has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fold {
    pub blocks: Vec<Block>,
    pub usage: Usage,
    pub stop: Option<StopReason>,
}

impl Fold {
    /// Starts from blocks that are already there, to continue an answer.
    pub fn from_blocks(blocks: Vec<Block>) -> Self {
        Self { blocks, ..Self::default() }
    }

    /// Takes one event in. Events that are no part of an answer change nothing.
    pub fn push(&mut self, event: &Event) {
        match event {
            Event::Text { text: piece } => match self.blocks.last_mut() {
                Some(Block::Text { text }) => text.push_str(piece),
                _ => self.blocks.push(Block::Text { text: piece.clone() }),
            },
            Event::Reasoning { text: piece } => match self.blocks.last_mut() {
                Some(Block::Reasoning { text, signature: None }) => text.push_str(piece),
                _ => self.blocks.push(Block::Reasoning { text: piece.clone(), signature: None }),
            },
            Event::ReasoningSignature { signature: seal } => {
                if let Some(Block::Reasoning { signature, .. }) =
                    self.blocks.iter_mut().rev().find(|b| matches!(b, Block::Reasoning { .. }))
                {
                    *signature = Some(seal.clone());
                }
            }
            Event::RedactedReasoning { data } => {
                self.blocks.push(Block::RedactedReasoning { data: data.clone() });
            }
            Event::ToolUse { id, name, input } => {
                let (id, name, input) = (id.clone(), name.clone(), input.clone());
                self.blocks.push(Block::ToolUse { id, name, input, extra: None });
            }
            Event::ToolExtra { extra: wanted } => {
                if let Some(Block::ToolUse { extra, .. }) = self.blocks.last_mut() {
                    *extra = Some(wanted.clone());
                }
            }
            Event::Picture { media_type, blob } => {
                self.blocks.push(Block::Image {
                    media_type: media_type.clone(),
                    blob: blob.clone(),
                    file: None,
                });
            }
            Event::Replace { from, text, .. } => self.replace(*from, text),
            Event::Usage { usage } => {
                self.usage.input = usage.input.or(self.usage.input);
                if usage.output.is_some() {
                    (self.usage.output, self.usage.estimated) = (usage.output, usage.estimated);
                }
                self.usage.cache_read = usage.cache_read.or(self.usage.cache_read);
                self.usage.cache_write = usage.cache_write.or(self.usage.cache_write);
                self.usage.reasoning = usage.reasoning.or(self.usage.reasoning);
            }
            Event::Stop { reason } => self.stop = Some(*reason),
            // Where the answer is kept its bytes become a blob, and it a `Picture`.
            Event::Image { .. }
            | Event::Context { .. }
            | Event::Notice { .. }
            | Event::Queued { .. }
            | Event::Paused { .. }
            | Event::Begun
            | Event::Prefill { .. }
            | Event::Models { .. }
            | Event::Tokens { .. }
            | Event::Pulling { .. }
            | Event::Embeddings { .. }
            | Event::Reranked { .. } => {}
        }
    }

    /// Text blocks count as one text for `from`; what lies after it goes, a cut inside a character moves back.
    fn replace(&mut self, from: usize, new: &str) {
        let mut left = from;
        let mut put = false;
        self.blocks.retain_mut(|block| {
            let Block::Text { text } = block else { return true };
            if put {
                return false;
            }
            if left >= text.len() && left > 0 {
                left -= text.len();
                return true;
            }
            let cut = (0..=left).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
            text.truncate(cut);
            text.push_str(new);
            put = true;
            true
        });
        if !put && !new.is_empty() {
            self.push(&Event::Text { text: new.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(t: &str) -> Event {
        Event::Text { text: t.to_owned() }
    }

    #[test]
    fn pieces_of_text_and_reasoning_grow_their_own_blocks() {
        let mut fold = Fold::default();
        for event in [
            Event::Reasoning { text: "let ".into() },
            Event::Reasoning { text: "me see".into() },
            text("Hel"),
            text("lo"),
            Event::Usage { usage: Usage { input: Some(3), ..Usage::default() } },
            Event::Usage { usage: Usage { output: Some(2), ..Usage::default() } },
            Event::Stop { reason: StopReason::EndTurn },
        ] {
            fold.push(&event);
        }
        assert_eq!(
            fold.blocks,
            [
                Block::Reasoning { text: "let me see".into(), signature: None },
                Block::Text { text: "Hello".into() }
            ]
        );
        assert_eq!((fold.usage.input, fold.usage.output), (Some(3), Some(2)));
        assert_eq!(fold.stop, Some(StopReason::EndTurn));
    }

    #[test]
    fn what_a_slow_reader_waits_for_is_joined_and_stays_in_order() {
        let mut waiting = VecDeque::new();
        let thought = |t: &str| Event::Reasoning { text: t.to_owned() };
        for event in [
            Event::Queued { ahead: 2 },
            Event::Queued { ahead: 1 },
            Event::Begun,
            thought("h"),
            thought("m"),
            text("a"),
            text("b"),
            thought("c"),
        ] {
            queue_for_reader(&mut waiting, event);
        }
        assert_eq!(
            waiting,
            [Event::Queued { ahead: 1 }, Event::Begun, thought("hm"), text("ab"), thought("c")]
        );
    }

    #[test]
    fn a_replacement_takes_back_what_was_streamed_from_that_byte_on() {
        let mut fold = Fold::default();
        fold.push(&text("the key is äsecret"));
        fold.push(&Event::Replace { from: 12, text: "[masked]".into(), why: "policy".into() });
        assert_eq!(fold.blocks, [Block::Text { text: "the key is [masked]".into() }]);
    }
}
