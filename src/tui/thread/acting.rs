//! What the agent does that answers in a conversation, and what it wants of the person.

use super::item::appended;
use super::turn::phase_of;
use super::{Phase, Thread, Turn};
use crate::domain::agent::acting::Consent;
use crate::domain::agent::{Acting, AgentEvent, Wanted};
use crate::domain::id::RunId;
use crate::domain::message::Outcome;
use crate::domain::time::Timestamp;

impl Thread {
    /// Something that the agent does.
    pub fn acted(&mut self, event: &AgentEvent, now: Timestamp) {
        let Turn::Streaming { answer, since, first, phase, .. } = &mut self.turn else { return };
        let Some(item) = self.index.get(answer).copied().and_then(|at| self.items.get_mut(at)) else {
            return;
        };
        let Some(known) = &mut item.message.answer else { return };
        let Some(acting) = &mut known.agent else { return };
        acting.push(event, now.since(*since));
        if let AgentEvent::Begun { model, .. } = event {
            known.model.clone_from(model);
        }
        let blocks = acting.blocks_after(event);
        let called = match acting.calling() {
            0 => Phase::Waiting,
            calls => Phase::Calling(calls),
        };
        *phase = match event {
            AgentEvent::Delta { event } => match phase_of(event, now) {
                Some(Phase::Writing) if blocks.is_empty() => Phase::Thinking,
                other => other.unwrap_or(*phase),
            },
            AgentEvent::Confirm { .. } | AgentEvent::Agree { .. } => Phase::Deciding,
            AgentEvent::Step { .. } | AgentEvent::Begun { .. } => Phase::Waiting,
            AgentEvent::Called { .. }
            | AgentEvent::Found { .. }
            | AgentEvent::Gave { .. }
            | AgentEvent::Decided { .. } => called,
            AgentEvent::Remark { .. } | AgentEvent::Spent { .. } | AgentEvent::Ended { .. } => *phase,
        };
        if !blocks.is_empty() {
            first.get_or_insert(now);
        }
        item.epoch += u32::from(!appended(&item.message.blocks, &blocks));
        item.message.blocks = blocks;
    }

    /// What an agent did for the answer that is shown last.
    pub fn acting(&self) -> Option<&Acting> {
        self.last_answer()?.acting()
    }

    /// The calls that its agent waits with for the person; none while something runs.
    pub fn waiting(&self) -> &[Wanted] {
        self.acting().filter(|_| self.turn == Turn::Idle).map(Acting::waiting).unwrap_or_default()
    }

    /// What the running answer's agent asks the person to agree to, with its run: whichever window has asked the agent.
    pub fn consent(&self) -> Option<(RunId, &Consent)> {
        let answer = self.last_answer()?.answer.as_ref()?;
        let acting = answer.agent.as_deref().filter(|_| answer.outcome == Outcome::Streaming)?;
        Some((acting.run?, acting.consent()?))
    }

    /// The call that is, with its run.
    pub fn asks_for(&self) -> Option<(RunId, String)> {
        self.consent().map(|(run, consent)| (run, consent.id.clone()))
    }
}
