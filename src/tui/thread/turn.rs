//! The turn of a conversation: asked, streaming, over.

use uuid::Uuid;

use super::Thread;
use super::item::Item;
use crate::domain::conversation::{Conversation, Draft};
use crate::domain::delta::{Event as Delta, Fold, Pause};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::{Block, Message, MessageOrigin, Outcome, Role};
use crate::domain::time::Timestamp;
use crate::tui::effect::TaskId;

/// What a running answer is doing before and between its words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    #[default]
    Waiting,
    /// So many calls are before this one.
    Queued(u32),
    /// Only time is missing, until then.
    Paused(Pause, Timestamp),
    /// So many of so many tokens of the prompt were read.
    Reading(u32, u32),
    /// An agent's model writes what is none of the answer.
    Thinking,
    /// So many actions are called.
    Calling(usize),
    /// The person is asked whether something may be done.
    Deciding,
    Writing,
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

/// What an answer is doing that says that; `None` where it goes on with what it did.
pub(super) fn phase_of(event: &Delta, now: Timestamp) -> Option<Phase> {
    Some(match event {
        Delta::Queued { ahead } => Phase::Queued(*ahead),
        Delta::Paused { pause, ms } => {
            let ms = i64::try_from(*ms).unwrap_or(i64::MAX);
            Phase::Paused(*pause, Timestamp(now.0.saturating_add(ms)))
        }
        Delta::Begun => Phase::Waiting,
        Delta::Prefill { done, total, .. } => Phase::Reading(*done, *total),
        Delta::Text { .. } | Delta::Reasoning { .. } => Phase::Writing,
        _ => return None,
    })
}

impl Thread {
    /// This screen itself is receiving that answer.
    pub fn streams(&self, id: MessageId) -> bool {
        matches!(self.turn, Turn::Streaming { answer, .. } if answer == id)
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
        *phase = phase_of(event, now).unwrap_or(*phase);
        match event {
            Delta::Text { .. } | Delta::Reasoning { .. } => {
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
        if matches!(event, Delta::Queued { .. } | Delta::Paused { .. } | Delta::Begun | Delta::Prefill { .. })
        {
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
            Turn::Streaming { answer, since, first, .. } => {
                let item = self.index.get(&answer).copied().and_then(|at| self.items.get_mut(at));
                let answer = item.and_then(|item| item.message.answer.as_mut());
                if let Some(answer) = answer.filter(|a| a.outcome == Outcome::Streaming) {
                    answer.outcome = outcome;
                    // As seen from here, until the store tells it.
                    let seen = first.map(|at| u32::try_from(at.since(since)).unwrap_or(u32::MAX));
                    answer.timing.first_token_ms = answer.timing.first_token_ms.or(seen);
                }
                None
            }
        }
    }
}
