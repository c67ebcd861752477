//! A message as the thread keeps it.

use crate::domain::message::{Block, Message, Outcome};

/// A message with what the transcript is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub message: Message,
    /// Grows when text that was already shown changed; what is appended leaves it.
    pub epoch: u32,
    /// Its place among its siblings and their number.
    pub branch: (usize, usize),
    /// The time beside the person's words.
    pub when: String,
    /// How long the model reasoned, where it was seen.
    pub thought_ms: Option<u64>,
}

impl Item {
    pub(super) fn of(message: Message) -> Self {
        Self { message, epoch: 0, branch: (0, 1), when: String::new(), thought_ms: None }
    }
}

/// Whether `new` is `old` with nothing but text put at its end.
pub(super) fn appended(old: &[Block], new: &[Block]) -> bool {
    let grows = |(old, new): (&Block, &Block)| match (old, new) {
        (Block::Text { text: a }, Block::Text { text: b })
        | (Block::Reasoning { text: a, .. }, Block::Reasoning { text: b, .. }) => b.starts_with(a.as_str()),
        (a, b) => a == b,
    };
    old.len() <= new.len() && old.iter().zip(new).all(grows)
}

/// Its answer is being written.
pub(super) fn streams(message: &Message) -> bool {
    message.answer.as_ref().is_some_and(|answer| answer.outcome == Outcome::Streaming)
}
