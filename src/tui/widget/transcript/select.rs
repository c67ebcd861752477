//! Places in the text, and what lies between two of them.

use crate::domain::id::MessageId;
use crate::domain::message::{Block, Message};

use super::Item;

/// A byte of a message's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub message: MessageId,
    /// Index in the message's blocks.
    pub block: u32,
    pub byte: u32,
}

/// A stretch of the text, from where the mouse went down to where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selection {
    pub from: Position,
    pub to: Position,
}

/// A place in the order of the items: item, block, byte.
pub(super) type Order = (usize, u32, u32);

impl Selection {
    /// Its two ends in the order of the text; `None` where a message is gone.
    pub(super) fn ordered(&self, items: &[Item<'_>]) -> Option<(Order, Order)> {
        let order = |p: Position| {
            let item = items.iter().position(|item| item.message.id == p.message)?;
            Some((item, p.block, p.byte))
        };
        let (a, b) = (order(self.from)?, order(self.to)?);
        Some(if a <= b { (a, b) } else { (b, a) })
    }

    /// The source text between its ends: Markdown as the model wrote it, messages parted by a blank line.
    pub fn text(&self, items: &[Item<'_>]) -> String {
        let Some((start, end)) = self.ordered(items) else { return String::new() };
        let mut pieces = Vec::new();
        for (i, item) in items.iter().enumerate().take(end.0 + 1).skip(start.0) {
            for (b, text) in texts(item.message) {
                let here = (i, b);
                if here < (start.0, start.1) || here > (end.0, end.1) {
                    continue;
                }
                let from = if here == (start.0, start.1) { start.2 as usize } else { 0 };
                let to = if here == (end.0, end.1) { end.2 as usize } else { text.len() };
                let piece = &text[text.floor_char_boundary(from)..text.floor_char_boundary(to)];
                if !piece.is_empty() {
                    pieces.push(piece);
                }
            }
        }
        pieces.join("\n\n")
    }
}

/// The blocks of a message that hold text which is shown, with their index.
pub(super) fn texts(message: &Message) -> impl Iterator<Item = (u32, &str)> {
    message.blocks.iter().enumerate().filter_map(|(i, block)| match block {
        Block::Text { text } | Block::Reasoning { text, .. } | Block::ToolResult { content: text, .. } => {
            Some((i as u32, text.as_str()))
        }
        _ => None,
    })
}
