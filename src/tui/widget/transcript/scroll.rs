//! Where the reader is, as plain state.

use crate::domain::id::MessageId;

use super::Position;

/// The place at the top of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    pub message: MessageId,
    /// Row of the message, counted at `width`.
    pub row: u32,
    /// Columns that `row` was counted at; 0 is never true, so `place` decides.
    pub width: u16,
    /// Block and byte at that row: what holds the place when the width changes.
    pub place: Option<(u32, u32)>,
}

/// How much of the last message there was when the reader left the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    pub message: MessageId,
    pub rows: u32,
    pub width: u16,
}

/// Where the reader is. Its methods note what was asked; a layout settles it against the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scroll {
    /// The end stays in sight as text comes.
    pub(super) follow: bool,
    /// `None` is the end.
    pub(super) anchor: Option<Anchor>,
    /// Rows to move from there; positive is down.
    pub(super) pending: i64,
    pub(super) left: Option<Left>,
}

impl Default for Scroll {
    fn default() -> Self {
        Self { follow: true, anchor: None, pending: 0, left: None }
    }
}

impl Scroll {
    /// Whether the end is followed.
    pub fn follows(&self) -> bool {
        self.follow
    }

    /// Whether that message is the one at the top.
    pub fn holds(&self, message: MessageId) -> bool {
        self.anchor.is_some_and(|anchor| anchor.message == message)
    }

    /// Moves by rows; positive is down. Up stops following; reaching the end follows again.
    pub fn by(&mut self, rows: i64) {
        if self.follow {
            if rows >= 0 {
                return;
            }
            self.follow = false;
            self.anchor = None;
            self.pending = 0;
        }
        self.pending = self.pending.saturating_add(rows);
    }

    /// Moves by pages of `height` rows, two of which stay in sight.
    pub fn page(&mut self, height: u16, pages: i64) {
        self.by(i64::from(height.saturating_sub(2).max(1)) * pages);
    }

    /// Moves by half pages.
    pub fn half(&mut self, height: u16, halves: i64) {
        self.by(i64::from((height / 2).max(1)) * halves);
    }

    /// To the end, and stays there.
    pub fn to_end(&mut self) {
        *self = Self::default();
    }

    /// A message's first row to the top.
    pub fn to_message(&mut self, message: MessageId) {
        self.hold(Anchor { message, row: 0, width: 0, place: None }, 0);
    }

    /// A row of a message, counted at `width`, to the top.
    pub(super) fn hold_row(&mut self, message: MessageId, row: u32, width: u16) {
        self.hold(Anchor { message, row, width, place: None }, 0);
    }

    /// A place in the text into the upper third of `height` rows.
    pub fn to_position(&mut self, position: Position, height: u16) {
        let Position { message, block, byte } = position;
        self.hold(Anchor { message, row: 0, width: 0, place: Some((block, byte)) }, -i64::from(height / 3));
    }

    fn hold(&mut self, anchor: Anchor, pending: i64) {
        self.follow = false;
        self.anchor = Some(anchor);
        self.pending = pending;
    }
}
