//! What the two fixed lines say of this place.

use super::first_run::{Fetch, share};
use super::thread::{Phase, Turn};
use super::when::{grouped, seconds};
use super::{Focus, State};
use crate::tui::event::Now;
use crate::tui::paint::meter;

impl State {
    /// The shown conversation's name.
    pub fn name(&self) -> &str {
        &self.thread.title
    }

    /// A step back stops an answer, or the fetching that is looked at.
    pub fn stoppable(&self) -> bool {
        let fetches = self.focus == Focus::FirstRun
            && self.first_run.as_ref().is_some_and(super::first_run::FirstRun::runs);
        self.thread.turn != Turn::Idle || fetches
    }

    /// What goes on where the person does not look.
    pub fn elsewhere(&self) -> Vec<String> {
        let mut said = Vec::new();
        match self.others.iter().filter(|thread| thread.turn != Turn::Idle).count() {
            0 => {}
            1 => said.push("1 answer is written elsewhere".to_owned()),
            count => said.push(format!("{count} answers are written elsewhere")),
        }
        if let Some(Fetch::Running { step, .. }) = self.first_run.as_ref().map(|first| &first.fetch) {
            let percent = step.as_ref().and_then(share).map(|share| format!(" {:.0} %", share * 100.0));
            said.push(format!("fetching a model{}", percent.unwrap_or_default()));
        }
        said
    }

    /// The figures of this conversation: how full the context is, how fast the last answer came.
    pub fn meter(&self, now: Now) -> String {
        let mut parts = Vec::new();
        if let Turn::Streaming { phase: Phase::Writing, since, .. } = &self.thread.turn {
            parts.push(seconds(now.wall.since(*since)));
        }
        let Some(answer) = self.thread.last_answer().and_then(|message| message.answer.as_ref()) else {
            return parts.join(" · ");
        };
        if let Some(rate) = answer.tokens_per_second() {
            parts.push(format!("{} tok/s", crate::domain::figures::rate(rate)));
        }
        if let (Some(input), output) = (answer.usage.input, answer.usage.output.unwrap_or(0)) {
            parts.push(format!("{} tok", grouped(u64::from(input) + u64::from(output))));
        }
        if let Some(share) = answer.context_share() {
            parts.push(format!("ctx {} {:.0} %", meter(f64::from(share).max(0.125), 1), share * 100.0));
        }
        parts.join(" · ")
    }
}
