//! The first start: no model can answer yet. What will be fetched is said, and nothing is fetched before a yes.

use std::time::Duration;

use crate::domain::Error;
use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId};
use crate::domain::id::ConversationId;
use crate::tui::effect::TaskId;
use crate::workbench::reply::{PullPlan, PullStep};

/// A screen that appears by itself takes no Enter for so long.
const DEAF: Duration = Duration::from_millis(400);

/// How fetching stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Fetch {
    /// Waiting for the person's yes.
    #[default]
    Offered,
    Running {
        task: TaskId,
        since: Duration,
        step: Option<PullStep>,
        /// The source that is asked keeps nothing of a fetch that is stopped.
        starts_over: bool,
    },
    Failed(Error),
}

/// The screen's state.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstRun {
    /// Models that can be fetched.
    pub choices: Vec<ModelCard>,
    pub selected: usize,
    /// What fetching the selected one will do.
    pub plan: Option<PullPlan>,
    pub plan_task: Option<TaskId>,
    pub fetch: Fetch,
    /// Sources that failed, and why.
    pub failed: Vec<(String, String)>,
    /// When it appeared; `None` where the person asked for it.
    pub appeared: Option<Duration>,
    /// The conversation that the person chose a model for: it gets the one that is fetched.
    pub chosen_for: Option<Chooser>,
}

/// The conversation that a model was chosen for; `None` is a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chooser(pub Option<ConversationId>);

/// Chat models of the catalogue that are not on this machine; before them those that are, and cannot be used.
pub fn fetchable(cards: &[ModelCard]) -> Vec<ModelCard> {
    let all = cards.iter().filter(|card| card.is_fetchable() && chats(card)).cloned();
    let (broken, new): (Vec<_>, Vec<_>) = all.partition(|card| card.unusable().is_some());
    [broken, new].concat()
}

/// Whether the model can be asked in a conversation now.
pub fn usable(card: &ModelCard) -> bool {
    matches!(card.availability, Availability::Ready | Availability::Catalogued) && chats(card)
}

pub fn chats(card: &ModelCard) -> bool {
    card.is_for(Capability::Chat)
}

impl FirstRun {
    /// The screen for these choices, with `preferred` selected where it is among them.
    pub fn new(choices: Vec<ModelCard>, preferred: &ModelId, appeared: Option<Duration>) -> Self {
        let selected = choices.iter().position(|card| card.id == *preferred).unwrap_or(0);
        Self {
            choices,
            selected,
            plan: None,
            plan_task: None,
            fetch: Fetch::Offered,
            failed: Vec::new(),
            appeared,
            chosen_for: None,
        }
    }

    /// The model that Enter fetches.
    pub fn choice(&self) -> Option<&ModelCard> {
        self.choices.get(self.selected)
    }

    /// Another choice; not while one is fetched.
    pub fn step(&mut self, steps: isize) -> bool {
        if self.runs() {
            return false;
        }
        let selected = self.selected.saturating_add_signed(steps).min(self.choices.len().saturating_sub(1));
        let moved = selected != self.selected;
        self.selected = selected;
        if moved {
            self.plan = None;
            self.fetch = Fetch::Offered;
            self.failed.clear();
        }
        moved
    }

    /// Whether an Enter at `now` is meant for this screen.
    pub fn hears(&self, now: Duration) -> bool {
        self.appeared.is_none_or(|at| now >= at + DEAF)
    }

    /// Something is being fetched.
    pub fn runs(&self) -> bool {
        matches!(self.fetch, Fetch::Running { .. })
    }

    /// What fetching the selected one would do is not known yet.
    pub fn plans(&self) -> bool {
        self.plan.is_none() && self.fetch == Fetch::Offered && self.choice().is_some()
    }

    /// Whether an Enter at `now` is meant for this screen and there is something to fetch.
    pub fn accepts(&self, now: Duration) -> bool {
        self.hears(now) && self.plan.is_some() && !self.runs()
    }

    /// A step of fetching.
    pub fn progress(&mut self, new: PullStep) {
        if let PullStep::SourceFailed { source, why } = &new {
            self.failed.push((source.clone(), why.clone()));
        }
        if let Fetch::Running { step, starts_over, .. } = &mut self.fetch {
            if let PullStep::Trying { starts_over: new, .. } = &new {
                *starts_over = *new;
            }
            *step = Some(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pull::Checked;

    fn card(name: &str) -> ModelCard {
        ModelCard {
            title: name.to_owned(),
            availability: Availability::NotPulled,
            capabilities: vec![Capability::Chat],
            ..ModelCard::unknown(name.parse().unwrap())
        }
    }

    #[test]
    fn a_model_of_the_catalogue_that_cannot_be_used_is_offered_first() {
        let mut damaged = card("local/z");
        damaged.availability = Availability::Unusable { why: "it is truncated".into() };
        let brought = ModelCard { title: "brought".into(), ..damaged.clone() };
        damaged.fetched = Some(Checked::Here);
        let found = fetchable(&[card("local/a"), brought, damaged.clone()]);
        assert_eq!(
            found,
            [damaged, card("local/a")],
            "nobody knows where a file that was brought comes from"
        );
    }

    #[test]
    fn an_enter_counts_only_when_the_screen_could_be_read_and_the_plan_is_known() {
        let preferred = "local/b".parse().unwrap();
        let at = Duration::from_secs(1);
        let mut screen = FirstRun::new(vec![card("local/a"), card("local/b")], &preferred, Some(at));
        assert_eq!(screen.choice().unwrap().id, preferred);
        assert!(!screen.accepts(at + DEAF) && screen.plans(), "the plan is not known");
        screen.plan = Some(PullPlan {
            id: preferred,
            title: String::new(),
            licence: String::new(),
            bytes: None,
            rough: false,
            kept: None,
            to: "/".into(),
            sources: Vec::new(),
            checked: Checked::Here,
        });
        assert!(!screen.accepts(at + DEAF / 2), "it appeared under the person's fingers");
        assert!(screen.accepts(at + DEAF) && !screen.plans());
        screen.step(-1);
        assert!(!screen.accepts(at + DEAF) && screen.plans(), "another model has another plan");
    }
}
