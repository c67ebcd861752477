//! One conversation as a place holds it: its messages, the branch that is shown, the turn that runs.

mod acting;
mod advice;
mod figures;
mod item;
mod tree;
mod turn;

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::domain::Error;
use crate::domain::agent::Chosen;
use crate::domain::conversation::{Conversation, Draft};
use crate::domain::id::{ConversationId, MessageId};
use crate::tui::effect::TaskId;

pub use figures::{going_on, spin};
pub use item::Item;
pub use turn::{Phase, Turn};

use super::setup::Setup;
use super::setup::presets::Before;
use crate::tui::when::Now;

/// A prompt that waits: as the composer held it, and as it is sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Queued {
    pub draft: Draft,
    pub text: String,
}

/// What the person said that a tool gives back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    pub text: String,
    /// It is to be sent as it is.
    pub taken: bool,
}

/// How the messages of a saved conversation come.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Load {
    #[default]
    Ready,
    Opening(TaskId),
    Failed(Error),
}

/// A conversation, saved or not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Thread {
    /// `None` until the first turn is durable.
    pub id: Option<ConversationId>,
    pub title: String,
    /// The conversation that it is a copy of.
    pub forked_from: Option<ConversationId>,
    /// By the ids of the calls.
    pub tools: BTreeMap<String, Given>,
    pub setup: Setup,
    /// The agent that answers; `None` leaves it to the model alone.
    pub agent: Option<Chosen>,
    /// The store has no model for it: the one of `setup` stands in, and becomes its own with the next message.
    pub lent: bool,
    pub load: Load,
    pub turn: Turn,
    /// Prompts that wait for the running answer, the next one first.
    pub queue: VecDeque<Queued>,
    /// What became of the last turn, where it never began; the text is back in the composer.
    pub failed: Option<Error>,
    /// The message that the composer's text replaces, in a branch of its own.
    pub editing: Option<MessageId>,
    pub watch: Option<TaskId>,
    /// What the composer held when another conversation was shown.
    pub aside: Draft,
    /// The way back from the preset that was taken last.
    pub before: Option<Before>,
    /// A system prompt that was written and not taken.
    pub system_aside: Option<String>,
    items: Vec<Item>,
    index: HashMap<MessageId, usize>,
    children: HashMap<Option<MessageId>, Vec<usize>>,
    leaf: Option<MessageId>,
    /// The end of what another process writes: it is shown when it comes.
    expected: Option<MessageId>,
    path: Vec<usize>,
    /// Clock times were written on this day.
    stamped: Option<i64>,
    stamp: Now,
}

impl Thread {
    /// An unsaved conversation.
    pub fn new(setup: Setup) -> Self {
        Self { setup, ..Self::default() }
    }

    /// A saved one whose messages are still to come.
    pub fn opening(head: &Conversation, task: TaskId) -> Self {
        let mut thread = Self { id: Some(head.id), load: Load::Opening(task), ..Self::default() };
        thread.take_head(head);
        thread
    }

    /// A saved one of which no more than the id is known.
    pub fn remembered(id: ConversationId, task: TaskId) -> Self {
        Self { id: Some(id), load: Load::Opening(task), ..Self::default() }
    }

    /// It must be kept while another one is shown.
    pub fn busy(&self) -> bool {
        self.turn != Turn::Idle || !self.queue.is_empty()
    }

    /// Nothing was ever said in it.
    pub fn blank(&self) -> bool {
        self.id.is_none() && self.items.is_empty() && self.turn == Turn::Idle
    }

    /// What the store says of the conversation.
    pub fn take_head(&mut self, head: &Conversation) {
        self.id = Some(head.id);
        self.title.clone_from(&head.title);
        self.forked_from = head.forked_from;
        self.agent.clone_from(&head.agent);
        self.lent &= head.model.is_none();
        let lent = self.setup.model.take().filter(|_| self.lent);
        self.setup = Setup {
            model: head.model.clone().or(lent),
            system: head.system.clone(),
            settings: head.settings.clone(),
        };
        if let (Turn::Idle, Some(leaf)) = (&self.turn, head.leaf) {
            self.go_to(leaf);
        }
    }

    /// Writes the clock times for a day; does nothing on the same day.
    pub fn stamp(&mut self, now: Now) {
        self.stamp = now;
        if self.stamped == Some(now.today()) {
            return;
        }
        self.stamped = Some(now.today());
        for item in &mut self.items {
            item.when = now.clock(item.message.created);
        }
    }
}

#[cfg(test)]
mod tests;
