//! The transcript: a branch of a conversation, drawn at the cost of what is visible.
//!
//! ```text
//!  items ──┐
//!  Scroll ─┼─► Transcript::layout(area, &scroll, &mut cache) ──► Geometry ──► Transcript::draw(&geometry, look, buf)
//!  Cache ──┘                                                        └── hit(x, y), scroll (settled), new lines, wants
//! ```
//!
//! - [`Item`] is one message with what the pane knows of it. Build the slice anew for each frame; it borrows.
//! - [`Scroll`] is plain state. Its methods only note what was asked; `Geometry::scroll` is the same place settled: put it
//!   back into the state in `update` (after a scroll, and it does no harm after anything else). `layout` is a pure function:
//!   a fresh [`Cache`] gives the same geometry as a warm one, only later.
//! - The cache holds wrapped rows of the messages near the screen, never all heights; throw it away when you like.
//! - A place in the text is a [`Position`] (message, block, byte of its source); [`Selection`] copies the source text.
//! - Highlighted code comes from [`Highlights`](super::code::Highlights); what is plain still is in `Geometry::wants`.

mod body;
mod cache;
mod find;
mod foot;
mod geometry;
mod layout;
mod paint;
mod plain;
mod scroll;
mod select;
mod steps;
mod walk;

pub use cache::Cache;
pub use find::{Found, find, place};
pub use foot::stopped;
pub use geometry::{Geometry, Hit, Part, Placed};
pub use scroll::{Anchor, Scroll};
pub use select::{Position, Selection};
pub use walk::word;

use crate::domain::id::MessageId;
use crate::domain::message::{Block, Message, Outcome, Role};

/// The widest that text is set.
pub const MEASURE: u16 = 100;

/// A message as the transcript draws it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    pub message: &'a Message,
    /// Grows when text that was already given changed; appending, and new blocks, leave it.
    pub epoch: u32,
    /// Position among its siblings, from 0, and their number.
    pub branch: (usize, usize),
    /// One line of it is shown.
    pub folded: bool,
    /// Its reasoning, what its agent did, or a file or a very long text of the person's own, is shown whole.
    pub open: bool,
    /// How long it reasoned, in milliseconds, where that was measured.
    pub thought_ms: Option<u64>,
    /// Of the message before it, whose calls of tools it may answer.
    pub before: &'a [Block],
    /// What its agent waited for has come: the messages after it go on with that.
    pub answered: bool,
    /// Shown at the right of the person's words: "14:02".
    pub when: &'a str,
    /// Shown while an answer is awaited: "reading the prompt, 128 of 512".
    pub status: &'a str,
    pub named: Named,
}

/// Where it stands who gave an answer, and what that took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Named {
    /// Around the answer.
    #[default]
    Here,
    /// Not in the transcript.
    Elsewhere,
    /// Nowhere: of a failure it is told that there was one, no more.
    Nowhere,
}

impl<'a> Item<'a> {
    /// A message about which nothing more is known.
    pub fn of(message: &'a Message) -> Self {
        Self {
            message,
            epoch: 0,
            branch: (0, 1),
            folded: false,
            open: false,
            thought_ms: None,
            before: &[],
            answered: false,
            when: "",
            status: "",
            named: Named::Here,
        }
    }

    /// A part of it folds and opens by itself: its reasoning, what its agent did, or a very long text of the person's own.
    pub fn has_fold(&self) -> bool {
        let failed = match self.message.answer.as_ref().map(|answer| &answer.outcome) {
            Some(Outcome::Failed { error }) => foot::is_long(error),
            _ => false,
        };
        failed
            || steps::acting(self).is_some_and(|acting| !acting.doings.is_empty())
            || self.message.blocks.iter().any(|block| match block {
                Block::Reasoning { .. } => true,
                Block::Text { text } => self.message.role == Role::User && body::folds(text),
                _ => false,
            })
    }

    /// It is being written now.
    pub fn streams(&self) -> bool {
        self.message.answer.as_ref().is_some_and(|answer| answer.outcome == Outcome::Streaming)
    }
}

/// A branch of a conversation, and what is marked in it.
#[derive(Debug, Clone, Copy)]
pub struct Transcript<'a> {
    pub items: &'a [Item<'a>],
    /// The message that keys act on; it has the bar.
    pub focus: Option<MessageId>,
    /// Keys go here: the bar is bright.
    pub active: bool,
    pub selection: Option<&'a Selection>,
    /// What is searched for; empty for nothing.
    pub query: &'a str,
    /// The match that the reader is at.
    pub found: Option<Found>,
    pub highlights: Option<&'a super::code::Highlights>,
    /// The width of the narrowest that stands beside others: all are set in from their edges as it is.
    pub narrowest: Option<u16>,
}

impl<'a> Transcript<'a> {
    /// Nothing marked.
    pub fn new(items: &'a [Item<'a>]) -> Self {
        Self {
            items,
            focus: None,
            active: false,
            selection: None,
            query: "",
            found: None,
            highlights: None,
            narrowest: None,
        }
    }
}
