//! One conversation as the chat place holds it: its messages, the branch that is shown, the turn that runs.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use crate::config::Preset;
use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::conversation::{Conversation, Draft};
use crate::domain::delta::{Event as Delta, Fold};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::{Block, Message, MessageOrigin, Outcome, Role};
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;
use crate::tui::effect::TaskId;

use super::when::Now;

/// What the next turn is sent with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Setup {
    pub model: Option<ModelId>,
    pub system: Option<String>,
    pub settings: Settings,
}

impl Setup {
    /// What a new conversation begins with.
    pub fn of(model: Option<ModelId>, defaults: &Preset) -> Self {
        Self { model, system: defaults.system.clone(), settings: defaults.settings.clone() }
    }
}

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
    fn of(message: Message) -> Self {
        Self { message, epoch: 0, branch: (0, 1), when: String::new(), thought_ms: None }
    }
}

/// Whether `new` is `old` with nothing but text put at its end.
fn appended(old: &[Block], new: &[Block]) -> bool {
    let grows = |(old, new): (&Block, &Block)| match (old, new) {
        (Block::Text { text: a }, Block::Text { text: b })
        | (Block::Reasoning { text: a, .. }, Block::Reasoning { text: b, .. }) => b.starts_with(a.as_str()),
        (a, b) => a == b,
    };
    old.len() <= new.len() && old.iter().zip(new).all(grows)
}

/// Its answer is being written.
fn streams(message: &Message) -> bool {
    message.answer.as_ref().is_some_and(|answer| answer.outcome == Outcome::Streaming)
}

/// What a running answer is doing before and between its words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Waiting,
    /// So many calls are before this one.
    Queued(u32),
    /// So many of so many tokens of the prompt were read.
    Reading(u32, u32),
    Writing,
}

/// A prompt that waits: as the composer held it, and as it is sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Queued {
    pub draft: Draft,
    pub text: String,
}

/// The turn of a conversation.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one a conversation")]
pub enum Turn {
    #[default]
    Idle,
    /// Asked; the store has not said that it is durable.
    Asking {
        task: TaskId,
        since: Timestamp,
        /// What was sent, as it stands on the screen until the store's own message takes its place.
        pending: Option<Item>,
        /// The end of what is shown above it.
        after: Option<MessageId>,
        /// To give back to the composer where nothing comes of it.
        draft: Option<Draft>,
    },
    Streaming {
        task: TaskId,
        answer: MessageId,
        since: Timestamp,
        first: Option<Timestamp>,
        /// When it began to reason; `None` when it does not, or does no more.
        thinking: Option<Timestamp>,
        phase: Phase,
    },
}

impl Turn {
    /// The call that it waits for.
    pub fn task(&self) -> Option<TaskId> {
        match self {
            Self::Idle => None,
            Self::Asking { task, .. } | Self::Streaming { task, .. } => Some(*task),
        }
    }

    /// When it was asked.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Idle => None,
            Self::Asking { since, .. } | Self::Streaming { since, .. } => Some(*since),
        }
    }
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
    pub setup: Setup,
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
    /// A system prompt that was written and not taken.
    pub system_aside: Option<String>,
    items: Vec<Item>,
    index: HashMap<MessageId, usize>,
    children: HashMap<Option<MessageId>, Vec<usize>>,
    leaf: Option<MessageId>,
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
        self.setup =
            Setup { model: head.model.clone(), system: head.system.clone(), settings: head.settings.clone() };
        if self.turn == Turn::Idle && head.leaf.is_some() && head.leaf != self.leaf {
            self.leaf = head.leaf;
            self.find_path();
        }
    }

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
        if forks {
            self.find_path();
        }
    }

    fn insert(&mut self, mut item: Item) {
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

    /// This screen itself is receiving that answer.
    pub fn streams(&self, id: MessageId) -> bool {
        matches!(self.turn, Turn::Streaming { answer, .. } if answer == id)
    }

    /// Shows the branch that ends at `leaf`.
    pub fn show(&mut self, leaf: MessageId) {
        if self.index.contains_key(&leaf) {
            self.leaf = Some(leaf);
            self.find_path();
        }
    }

    fn find_path(&mut self) {
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

    /// A turn was asked; `text` stands below `after` until the store answers.
    pub fn ask(
        &mut self,
        task: TaskId,
        now: Timestamp,
        after: Option<MessageId>,
        draft: Option<Draft>,
        text: &str,
    ) {
        let pending = draft.is_some().then(|| {
            let message = Message {
                // An id that no store makes: its version is not 7.
                id: MessageId::from_uuid(Uuid::from_u128(u128::from(task.0))),
                conversation: self.id.unwrap_or(ConversationId::from_uuid(Uuid::nil())),
                parent: after,
                role: Role::User,
                blocks: vec![Block::Text { text: text.to_owned() }],
                created: now,
                answer: None,
                origin: MessageOrigin::Here,
            };
            Item { when: self.stamp.clock(now), ..Item::of(message) }
        });
        self.failed = None;
        self.editing = None;
        self.turn = Turn::Asking { task, since: now, pending, after, draft };
    }

    /// The turn is durable and sent.
    pub fn started(&mut self, conversation: &Conversation, asked: Option<Message>, answer: Message) {
        let (Some(task), Some(since)) = (self.turn.task(), self.turn.since()) else { return };
        let id = answer.id;
        if let Some(asked) = asked {
            self.leaf = asked.parent;
            self.find_path();
            self.upsert(asked);
        } else {
            self.leaf = answer.parent;
            self.find_path();
        }
        self.upsert(answer);
        self.turn =
            Turn::Streaming { task, answer: id, since, first: None, thinking: None, phase: Phase::Waiting };
        self.take_head(conversation);
        self.show(id);
    }

    /// A piece of the answer.
    pub fn delta(&mut self, event: &Delta, now: Timestamp) {
        let Turn::Streaming { answer, phase, first, thinking, .. } = &mut self.turn else { return };
        let mut thought = None;
        match event {
            Delta::Queued { ahead } => *phase = Phase::Queued(*ahead),
            Delta::Prefill { done, total, .. } => *phase = Phase::Reading(*done, *total),
            Delta::Text { .. } | Delta::Reasoning { .. } => {
                *phase = Phase::Writing;
                first.get_or_insert(now);
                if matches!(event, Delta::Reasoning { .. }) {
                    thinking.get_or_insert(now);
                } else {
                    thought = thinking.take().map(|since| now.since(since));
                }
            }
            _ => {}
        }
        let Some(at) = self.index.get(answer).copied() else { return };
        if matches!(event, Delta::Queued { .. } | Delta::Prefill { .. }) {
            return;
        }
        let item = &mut self.items[at];
        item.thought_ms = thought.or(item.thought_ms);
        item.epoch += u32::from(matches!(event, Delta::Replace { .. }));
        let mut fold = Fold::from_blocks(std::mem::take(&mut item.message.blocks));
        if let Some(answer) = &item.message.answer {
            fold.usage = answer.usage;
        }
        fold.push(event);
        item.message.blocks = fold.blocks;
        if let Some(answer) = &mut item.message.answer {
            answer.usage = fold.usage;
        }
    }

    /// The answer as it was stored last.
    pub fn finished(&mut self, answer: Message) {
        self.upsert(answer);
        self.turn = Turn::Idle;
    }

    /// The turn ends here; returns what was sent where nothing came of it.
    pub fn end(&mut self, outcome: Outcome) -> Option<Draft> {
        match std::mem::take(&mut self.turn) {
            Turn::Idle => None,
            Turn::Asking { draft, .. } => {
                if let Outcome::Failed { error } = outcome {
                    self.failed = Some(error);
                }
                draft
            }
            Turn::Streaming { answer, .. } => {
                let item = self.index.get(&answer).copied().and_then(|at| self.items.get_mut(at));
                let answer = item.and_then(|item| item.message.answer.as_mut());
                if let Some(answer) = answer.filter(|a| a.outcome == Outcome::Streaming) {
                    answer.outcome = outcome;
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> MessageId {
        MessageId::from_uuid(Uuid::from_u128(n))
    }

    fn message(n: u128, parent: Option<u128>, role: Role, text: &str) -> Message {
        Message {
            id: id(n),
            conversation: ConversationId::from_uuid(Uuid::nil()),
            parent: parent.map(id),
            role,
            blocks: vec![Block::Text { text: text.to_owned() }],
            created: Timestamp(0),
            answer: None,
            origin: MessageOrigin::Here,
        }
    }

    fn texts(thread: &Thread) -> Vec<String> {
        thread.shown().map(|item| item.message.text()).collect()
    }

    fn forked() -> Thread {
        let mut thread = Thread::default();
        let messages = vec![
            message(1, None, Role::User, "q"),
            message(2, Some(1), Role::Assistant, "a"),
            message(3, Some(1), Role::Assistant, "b"),
            message(4, Some(3), Role::User, "more"),
        ];
        thread.take_messages(messages, Some(id(2)));
        thread
    }

    #[test]
    fn both_branches_are_reachable_and_a_branch_is_shown_to_its_end() {
        let mut thread = forked();
        assert_eq!(texts(&thread), ["q", "a"]);
        assert_eq!(thread.branch(id(2)), Some((0, 2)));
        assert_eq!(thread.branch(id(1)), None);
        let end = thread.beside(id(2), 1).unwrap();
        thread.show(end);
        assert_eq!(texts(&thread), ["q", "b", "more"]);
        assert_eq!(thread.beside(id(3), 1), None);
    }

    #[test]
    fn what_was_sent_stands_on_the_screen_before_the_store_answers() {
        let mut thread = forked();
        thread.ask(TaskId(9), Timestamp(5), Some(id(2)), Some(Draft::default()), "next");
        assert_eq!(texts(&thread), ["q", "a", "next"]);
        thread.ask(TaskId(9), Timestamp(5), Some(id(1)), Some(Draft::default()), "other");
        assert_eq!(texts(&thread), ["q", "other"], "an edited message stands in the place of the old one");
        thread.ask(TaskId(9), Timestamp(5), None, Some(Draft::default()), "first");
        assert_eq!(texts(&thread), ["first"]);
        let back = thread.end(Outcome::Stopped);
        assert!(back.is_some() && texts(&thread) == ["q", "a"]);
    }

    #[test]
    fn only_text_that_was_shown_and_changed_is_set_anew() {
        let mut thread = forked();
        thread.upsert(message(2, Some(1), Role::Assistant, "a and more"));
        assert_eq!(thread.items[1].epoch, 0, "appended");
        let mut messages: Vec<Message> = thread.items.iter().map(|item| item.message.clone()).collect();
        messages[1].blocks = vec![Block::Text { text: "[masked]".into() }];
        thread.take_messages(messages, Some(id(2)));
        let epochs: Vec<u32> = thread.items.iter().map(|item| item.epoch).collect();
        assert_eq!(epochs, [0, 1, 0, 0]);
    }

    #[test]
    fn a_branch_made_elsewhere_is_counted_at_once() {
        let mut thread = forked();
        thread.upsert(message(5, Some(1), Role::Assistant, "c"));
        let last = thread.shown().last().unwrap();
        assert_eq!((last.branch, last.message.text()), ((0, 3), "a".to_owned()));
    }
}
