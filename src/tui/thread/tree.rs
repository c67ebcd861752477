//! The messages as a tree, and the branch of it that is shown.

use super::item::{Item, appended, streams};
use super::turn::Turn;
use super::{Load, Thread};
use crate::domain::id::MessageId;
use crate::domain::message::{Block, Message, Role};

impl Thread {
    /// All messages of a saved conversation, as they were when the store was read. What is known of an answer since
    /// then stays: its end where the store saw it grow, and one that this screen is receiving.
    pub fn take_messages(&mut self, messages: Vec<Message>, leaf: Option<MessageId>) {
        // What has not changed keeps its epoch, so that nothing is wrapped anew.
        let old = std::mem::take(&mut self.items);
        let at = std::mem::take(&mut self.index);
        self.children.clear();
        let mut unread = Vec::new();
        let mut leaf = leaf;
        if let Turn::Streaming { answer, .. } = self.turn {
            leaf = Some(answer);
            let mut next = leaf;
            while let Some(kept) =
                next.filter(|id| !messages.iter().any(|m| m.id == *id)).and_then(|id| at.get(&id))
            {
                next = old[*kept].message.parent;
                unread.push(old[*kept].message.clone());
            }
        }
        for message in messages.into_iter().chain(unread.into_iter().rev()) {
            let mut item = Item::of(message);
            if let Some(before) = at.get(&item.message.id).map(|i| &old[*i]) {
                if self.streams(item.message.id) || streams(&item.message) && !streams(&before.message) {
                    item.message = before.message.clone();
                }
                let grown = appended(&before.message.blocks, &item.message.blocks);
                item.epoch = before.epoch + u32::from(!grown);
                item.thought_ms = before.thought_ms;
            }
            self.insert(item);
        }
        self.leaf = leaf.filter(|leaf| self.index.contains_key(leaf));
        self.expected = None;
        self.load = Load::Ready;
        self.find_path();
    }

    /// A message that is new or has changed; a new one after the shown end becomes the end.
    pub fn upsert(&mut self, message: Message) {
        let id = message.id;
        if let Some(at) = self.index.get(&id).copied() {
            let item = &mut self.items[at];
            item.epoch += u32::from(!appended(&item.message.blocks, &message.blocks));
            item.message = message;
            return;
        }
        let follows = message.parent == self.leaf;
        let forks = self.children.contains_key(&message.parent);
        self.insert(Item::of(message));
        if follows {
            self.leaf = Some(id);
            self.path.push(self.items.len() - 1);
        }
        let comes = self.expected == Some(id);
        if comes {
            self.expected = None;
            self.leaf = Some(id);
        }
        if forks || comes {
            self.find_path();
        }
    }

    /// Shows the branch that ends at `leaf` as soon as that is here; until then what is shown stays.
    pub(super) fn go_to(&mut self, leaf: MessageId) {
        let known = self.index.contains_key(&leaf);
        self.expected = (!known).then_some(leaf);
        if known && self.leaf != Some(leaf) {
            self.leaf = Some(leaf);
            self.find_path();
        }
    }

    pub(super) fn insert(&mut self, mut item: Item) {
        item.when = self.stamp.clock(item.message.created);
        let at = self.items.len();
        self.index.insert(item.message.id, at);
        self.children.entry(item.message.parent).or_default().push(at);
        self.items.push(item);
    }

    /// The blocks of an answer that another process writes; of one that has ended, nothing more is taken.
    pub fn grow(&mut self, id: MessageId, blocks: Vec<Block>) {
        if self.streams(id) {
            return;
        }
        if let Some(at) = self.index.get(&id).copied().filter(|at| streams(&self.items[*at].message)) {
            let item = &mut self.items[at];
            item.epoch += u32::from(!appended(&item.message.blocks, &blocks));
            item.message.blocks = blocks;
        }
    }

    /// Shows the branch that ends at `leaf`.
    pub fn show(&mut self, leaf: MessageId) {
        if self.index.contains_key(&leaf) {
            self.leaf = Some(leaf);
            self.find_path();
        }
    }

    pub(super) fn find_path(&mut self) {
        self.path.clear();
        let mut next = self.leaf.and_then(|leaf| self.index.get(&leaf).copied());
        while let Some(at) = next {
            self.path.push(at);
            if self.path.len() > self.items.len() {
                break;
            }
            next = self.items[at].message.parent.and_then(|parent| self.index.get(&parent).copied());
        }
        self.path.reverse();
        for at in &self.path {
            let item = &mut self.items[*at];
            let siblings = self.children.get(&item.message.parent);
            item.branch = siblings
                .map_or((0, 1), |all| (all.iter().position(|other| other == at).unwrap_or(0), all.len()));
        }
    }

    /// The end of the shown branch.
    pub fn leaf(&self) -> Option<MessageId> {
        self.leaf
    }

    /// What stands on the screen, oldest first: the shown branch, and what was just sent.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &Item> + '_ {
        let (end, pending) = match &self.turn {
            Turn::Asking { pending, after, .. } => {
                let end = after.map_or(0, |after| {
                    let at = self.index.get(&after);
                    self.path.iter().rposition(|p| Some(p) == at).map_or(self.path.len(), |p| p + 1)
                });
                (end, pending.as_ref())
            }
            _ => (self.path.len(), None),
        };
        self.path[..end].iter().map(|at| &self.items[*at]).chain(pending)
    }

    /// Every message, also those of branches that are not shown.
    pub fn messages(&self) -> impl Iterator<Item = &Message> + '_ {
        self.items.iter().map(|item| &item.message)
    }

    /// The message with that id.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.index.get(&id).map(|at| &self.items[*at].message)
    }

    /// The answer that is shown last.
    pub fn last_answer(&self) -> Option<&Message> {
        self.shown().rev().map(|item| &item.message).find(|m| m.role == Role::Assistant)
    }

    /// Which of how many branches a message is; `None` where there is one only.
    pub fn branch(&self, id: MessageId) -> Option<(usize, usize)> {
        let siblings = self.children.get(&self.message(id)?.parent)?;
        let place = siblings.iter().position(|at| self.items[*at].message.id == id)?;
        (siblings.len() > 1).then_some((place, siblings.len()))
    }

    /// The end of the branch that lies `steps` beside the one of `id`.
    pub fn beside(&self, id: MessageId, steps: isize) -> Option<MessageId> {
        let (place, _) = self.branch(id)?;
        let siblings = self.children.get(&self.message(id)?.parent)?;
        Some(self.end_from(*siblings.get(place.checked_add_signed(steps)?)?))
    }

    /// The end of the newest branch through a message.
    pub fn end_through(&self, id: MessageId) -> Option<MessageId> {
        self.index.get(&id).map(|at| self.end_from(*at))
    }

    fn end_from(&self, mut at: usize) -> MessageId {
        for _ in 0..self.items.len() {
            let Some(child) = self.children.get(&Some(self.items[at].message.id)).and_then(|c| c.last())
            else {
                break;
            };
            at = *child;
        }
        self.items[at].message.id
    }
}
