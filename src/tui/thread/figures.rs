//! What a conversation says of itself besides its text: what is waited for, how fast it comes, how full the context is.

use std::collections::HashSet;
use std::time::Duration;

use super::{Phase, Thread, Turn};
use crate::domain::figures::{self, grouped, so_far};
use crate::domain::id::MessageId;
use crate::domain::message::Block;
use crate::tui::event::Now;
use crate::tui::paint::meter;
use crate::tui::widget::transcript::{Item, Named};

/// What a spinner shows while nothing else moves.
const SPINNER: [char; 8] = ['⣾', '⣽', '⣻', '⢿', '⡿', '⣟', '⣯', '⣷'];

/// How often the time is wanted where it is told.
const SECOND: Duration = Duration::from_secs(1);

/// What goes on for so many milliseconds, with a sign that turns.
pub fn going_on(words: &str, waited: u64, now: Now, reduced_motion: bool) -> String {
    let elapsed =
        if waited >= 1000 || reduced_motion { format!(" · {}", so_far(waited)) } else { String::new() };
    if reduced_motion {
        return format!("{words}{elapsed}");
    }
    let frame = (now.elapsed.as_millis() / 100) as usize % SPINNER.len();
    format!("{} {words}{elapsed}", SPINNER[frame])
}

/// How often the time is wanted while that sign turns.
pub fn spin(reduced_motion: bool) -> Duration {
    if reduced_motion { SECOND } else { Duration::from_millis(100) }
}

impl Thread {
    /// What goes on, in words; empty where nothing does. An answer that comes in parts may stand still between two of them.
    pub fn status(&self, now: Now, reduced_motion: bool) -> String {
        let Some(since) = self.turn.since() else { return String::new() };
        let waited = now.wall.since(since);
        let words = match &self.turn {
            Turn::Idle => return String::new(),
            Turn::Streaming { phase: Phase::Writing, .. } => "writing".to_owned(),
            Turn::Asking { .. } => "sending".to_owned(),
            Turn::Streaming { phase: Phase::Waiting, .. } => "waiting".to_owned(),
            Turn::Streaming { phase: Phase::Queued(0), .. } => "waiting: next in line".to_owned(),
            Turn::Streaming { phase: Phase::Queued(ahead), .. } => {
                format!("waiting: {ahead} before this one")
            }
            Turn::Streaming { phase: Phase::Paused(pause, until), .. } => match until.since(now.wall) {
                0 => "waiting".to_owned(),
                left => pause.words(left),
            },
            Turn::Streaming { phase: Phase::Reading(done, total), .. } => {
                format!("reading the prompt, {done} of {total} tokens")
            }
            Turn::Streaming { phase: Phase::Thinking, .. } => "thinking".to_owned(),
            Turn::Streaming { phase: Phase::Calling(1), .. } => "calling 1 tool".to_owned(),
            Turn::Streaming { phase: Phase::Calling(tools), .. } => format!("calling {tools} tools at once"),
            Turn::Streaming { phase: Phase::Deciding, .. } => return "waits for your word".to_owned(),
        };
        going_on(&words, waited, now, reduced_motion)
    }

    /// How often the time is wanted while it goes on: a spinner turns until there is text, which is its own progress. Where a
    /// person is waited for nothing moves.
    pub fn beat(&self, reduced_motion: bool) -> Option<Duration> {
        match &self.turn {
            Turn::Idle | Turn::Streaming { phase: Phase::Deciding, .. } => None,
            Turn::Streaming { phase: Phase::Writing, .. } => Some(SECOND),
            Turn::Asking { .. } | Turn::Streaming { .. } => Some(spin(reduced_motion)),
        }
    }

    /// The messages that are shown, borrowed.
    pub fn items<'a>(
        &'a self,
        status: &'a str,
        folded: &HashSet<MessageId>,
        opened: &HashSet<MessageId>,
    ) -> Vec<Item<'a>> {
        let streaming = match &self.turn {
            Turn::Streaming { answer, .. } => Some(*answer),
            _ => None,
        };
        let mut before: &[Block] = &[];
        let agents = self.shown().map(|item| item.message.acting().map(|work| work.agent.id));
        // The person's word stands between what waited for it and what went on with it.
        let later = agents.skip(2).chain(std::iter::repeat(None));
        self.shown()
            .zip(later)
            .map(|(item, later)| {
                let before = std::mem::replace(&mut before, &item.message.blocks);
                let id = item.message.id;
                Item {
                    message: &item.message,
                    epoch: item.epoch,
                    branch: item.branch,
                    folded: folded.contains(&id),
                    open: opened.contains(&id),
                    thought_ms: item
                        .thought_ms
                        .or_else(|| item.message.answer.as_ref()?.timing.thought_ms.map(u64::from)),
                    before,
                    answered: item
                        .message
                        .acting()
                        .is_some_and(|work| !work.waiting().is_empty() && later == Some(work.agent.id)),
                    when: &item.when,
                    status: if streaming == Some(id) { status } else { "" },
                    named: Named::Here,
                }
            })
            .collect()
    }

    /// The figures of this conversation: how full the context is, how fast the last answer came.
    pub fn meter(&self, now: Now) -> String {
        let mut parts = Vec::new();
        let mut running = None;
        if let Turn::Streaming { phase: Phase::Writing, since, first, .. } = &self.turn {
            parts.push(so_far(now.wall.since(*since)));
            running = Some(now.wall.since(first.unwrap_or(now.wall)));
        }
        let Some(answer) = self.last_answer().and_then(|message| message.answer.as_ref()) else {
            return parts.join(" · ");
        };
        if let Some(acting) = &answer.agent {
            parts.push(format!("{} tok", grouped(acting.spent.tokens)));
            parts.extend(acting.spent.paid());
            return parts.join(" · ");
        }
        if let Some(ms) = running {
            // Of a running answer, what has come of it so far.
            let output = u64::from(answer.usage.output.unwrap_or(0));
            if output > 0 {
                parts.push(format!("{} tok", grouped(output)));
                parts.extend((ms >= 500).then(|| format!("{} tok/s", grouped(output * 1000 / ms))));
            }
        } else {
            let rate = answer.tokens_per_second();
            parts.extend(rate.map(|rate| format!("{} tok/s", figures::rate(rate))));
            // What was written and nobody told comes on top.
            let more = if answer.usage.output.is_none() { "+" } else { "" };
            let all = |input: u32| u64::from(input) + u64::from(answer.usage.output.unwrap_or(0));
            parts.extend(answer.usage.input.map(|input| format!("{}{more} tok", grouped(all(input)))));
        }
        if let Some(share) = answer.context_share() {
            parts.push(format!("ctx {} {:.0} %", meter(f64::from(share).max(0.125), 1), share * 100.0));
        }
        parts.join(" · ")
    }
}
