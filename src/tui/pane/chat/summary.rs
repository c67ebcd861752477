//! What the two fixed lines say of this place.

use super::first_run::Fetch;
use super::thread::{Phase, Turn};
use super::{Focus, State};
use crate::domain::figures::{self, grouped, seconds};
use crate::tui::event::Now;
use crate::tui::models::progress::share;
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
        let mut running = None;
        if let Turn::Streaming { phase: Phase::Writing, since, first, .. } = &self.thread.turn {
            parts.push(seconds(now.wall.since(*since)));
            running = Some(now.wall.since(first.unwrap_or(now.wall)));
        }
        let Some(answer) = self.thread.last_answer().and_then(|message| message.answer.as_ref()) else {
            return parts.join(" · ");
        };
        let output = u64::from(answer.usage.output.unwrap_or(0));
        if let Some(ms) = running {
            // Of a running answer, what has come of it so far.
            if output > 0 {
                parts.push(format!("{} tok", grouped(output)));
                parts.extend((ms >= 500).then(|| format!("{} tok/s", grouped(output * 1000 / ms))));
            }
        } else {
            let rate = answer.tokens_per_second();
            parts.extend(rate.map(|rate| format!("{} tok/s", figures::rate(rate))));
            parts.extend(
                answer.usage.input.map(|input| format!("{} tok", grouped(u64::from(input) + output))),
            );
        }
        if let Some(share) = answer.context_share() {
            parts.push(format!("ctx {} {:.0} %", meter(f64::from(share).max(0.125), 1), share * 100.0));
        }
        parts.join(" · ")
    }
}
