//! What the two fixed lines say of this place.

use super::first_run::Fetch;
use super::{Focus, State};
use crate::tui::event::Now;
use crate::tui::models::progress::share;
use crate::tui::thread::{Thread, Turn};
use crate::tui::work::Work;

impl State {
    /// The shown conversation's name.
    pub fn name(&self) -> &str {
        &self.thread.title
    }

    /// The shown conversation is a copy of another one.
    pub fn is_fork(&self) -> bool {
        self.thread.forked_from.is_some()
    }

    /// The title of the one that it is a copy of, where that is known and says more than its own.
    pub fn origin(&self) -> Option<&str> {
        let title = self.list.head(self.thread.forked_from?)?.title.as_str();
        Some(title).filter(|title| !title.is_empty() && *title != self.thread.title)
    }

    /// A step back stops an answer, or the fetching that is looked at.
    pub fn stoppable(&self) -> bool {
        let fetches = self.focus == Focus::FirstRun
            && self.first_run.as_ref().is_some_and(super::first_run::FirstRun::runs);
        self.thread.turn != Turn::Idle || fetches
    }

    /// What goes on where the person does not look: in other conversations, and in this one too where the chat is not `shown`.
    pub fn elsewhere(&self, shown: bool) -> Vec<Work> {
        let unseen = || self.others.iter().chain((!shown).then_some(&self.thread));
        let waiting = unseen().filter(|thread| thread.consent().is_some()).filter_map(Thread::acting);
        let agents: Vec<&str> = waiting.map(|acting| acting.agent.name.as_str()).collect();
        let mut work: Vec<Work> = Work::waits(&agents).into_iter().collect();
        let goes_on = |thread: &&Thread| thread.turn != Turn::Idle && thread.consent().is_none();
        let answers = unseen().filter(goes_on).count();
        work.extend(Work::answers(answers, if shown { "elsewhere" } else { "in the chat" }));
        if let Some(Fetch::Running { step, .. }) = self.first_run.as_ref().map(|first| &first.fetch) {
            work.push(match step.as_ref().and_then(share) {
                Some(share) => {
                    let words = format!("fetching {:.0} %", share * 100.0);
                    Work::called(&words, &words)
                }
                None => Work::called("fetching a model", "fetching"),
            });
        }
        work
    }

    /// The figures of this conversation: how full the context is, how fast the last answer came.
    pub fn meter(&self, now: Now) -> String {
        // Who searches looks at all of them.
        if self.list.search.is_some() {
            return String::new();
        }
        self.thread.meter(now)
    }
}
