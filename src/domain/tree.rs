//! The tree that a conversation's messages form: branches, siblings, the path to a leaf.

use std::collections::HashMap;

use super::id::MessageId;
use super::message::Message;

/// An index over messages in order of creation.
#[derive(Debug)]
pub struct Tree<'a> {
    messages: &'a [Message],
    at: HashMap<MessageId, usize>,
}

impl<'a> Tree<'a> {
    /// Indexes `messages`; parents that are missing make their children roots.
    pub fn new(messages: &'a [Message]) -> Self {
        let at = messages.iter().enumerate().map(|(i, m)| (m.id, i)).collect();
        Self { messages, at }
    }

    /// The message with that id.
    pub fn get(&self, id: MessageId) -> Option<&'a Message> {
        self.at.get(&id).map(|i| &self.messages[*i])
    }

    /// From the root to `leaf`, both included; a cycle (only damage makes one) ends the walk.
    pub fn path(&self, leaf: MessageId) -> Vec<&'a Message> {
        let mut path = Vec::new();
        let mut next = self.get(leaf);
        while let Some(message) = next {
            path.push(message);
            if path.len() > self.messages.len() {
                break;
            }
            next = message.parent.and_then(|parent| self.get(parent));
        }
        path.reverse();
        path
    }

    /// The children of `parent` (or the roots), in order of creation.
    pub fn children(&self, parent: Option<MessageId>) -> impl Iterator<Item = &'a Message> + '_ {
        self.messages.iter().filter(move |m| m.parent.filter(|p| self.at.contains_key(p)) == parent)
    }

    /// The position of a message among its siblings and their number: `(0, 1)` where there is no other branch.
    pub fn branch(&self, id: MessageId) -> Option<(usize, usize)> {
        let message = self.get(id)?;
        let parent = message.parent.filter(|p| self.at.contains_key(p));
        let mut position = 0;
        let mut count = 0;
        for sibling in self.children(parent) {
            if sibling.id == id {
                position = count;
            }
            count += 1;
        }
        Some((position, count))
    }
}
