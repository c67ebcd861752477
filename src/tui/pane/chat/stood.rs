//! Where the reader stood in conversations and branches that are not shown: coming back, they stand there again.

use std::collections::{HashSet, VecDeque};

use super::State;
use crate::domain::id::{ConversationId, MessageId};
use crate::tui::app::Desk;
use crate::tui::widget::transcript::Scroll;

/// How many places are remembered.
const KEPT: usize = 64;

/// What the reader left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Conversation(ConversationId),
    /// The branch that ends in this message.
    Branch(MessageId),
}

/// Where they stood in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stand {
    pub scroll: Scroll,
    /// The message that keys act on.
    pub at: Option<MessageId>,
    pub folded: HashSet<MessageId>,
    pub opened: HashSet<MessageId>,
}

/// The places, the one that was left last first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Stood(VecDeque<(Of, Stand)>);

impl Stood {
    fn keep(&mut self, of: Of, stand: Stand) {
        self.take(of);
        self.0.push_front((of, stand));
        self.0.truncate(KEPT);
    }

    fn take(&mut self, of: Of) -> Option<Stand> {
        let at = self.0.iter().position(|(other, _)| *other == of)?;
        self.0.remove(at).map(|(_, stand)| stand)
    }
}

impl State {
    /// The shown conversation is left: where the reader stands is kept.
    pub(super) fn keep_stand(&mut self) {
        if let Some(id) = self.thread.id {
            let stand = Stand {
                scroll: self.scroll.clone(),
                at: self.at,
                folded: std::mem::take(&mut self.folded),
                opened: std::mem::take(&mut self.opened),
            };
            self.stood.keep(Of::Conversation(id), stand);
        }
    }

    /// A conversation is shown: the reader stands where they stood in it, or at its end.
    pub(super) fn take_stand(&mut self) {
        let stand = self.thread.id.and_then(|id| self.stood.take(Of::Conversation(id)));
        let Stand { scroll, at, folded, opened } = stand.unwrap_or_default();
        (self.scroll, self.at) = (scroll, at);
        (self.folded, self.opened) = (folded, opened);
    }

    /// Shows the branch that ends in `leaf`; the branches part at the message `from`. In a branch that was read the reader
    /// stands where they stood; in another one the place where they part stays where it is on the screen.
    pub(super) fn show_branch(&mut self, leaf: MessageId, from: MessageId, desk: &mut Desk<'_>) {
        let parts = self.thread.shown().position(|item| item.message.id == from);
        let rows = self.geometry(desk).rows_above(from);
        if let Some(end) = self.thread.leaf() {
            let stand = Stand { scroll: self.scroll.clone(), at: self.at, ..Stand::default() };
            self.stood.keep(Of::Branch(end), stand);
        }
        self.thread.show(leaf);
        if let Some(Stand { scroll, at, .. }) = self.stood.take(Of::Branch(leaf)) {
            (self.scroll, self.at) = (scroll, at);
            return;
        }
        self.at = parts.and_then(|at| self.thread.shown().nth(at)).map(|item| item.message.id);
        if let (false, Some(at)) = (self.scroll.follows(), self.at) {
            // What lies above is of both branches and stays; below, a reader begins with what differs.
            match rows {
                Some(rows) => {
                    self.scroll.to_message(at);
                    self.scroll.by(-i64::from(rows));
                }
                None if !self.thread.shown().any(|item| self.scroll.holds(item.message.id)) => {
                    self.scroll.to_message(at);
                }
                None => {}
            }
        }
        self.settle(desk);
    }
}
