//! Fetching a model to this machine: what is offered, the person's yes, what came of it.

use std::time::Duration;

use super::first_run::{Chooser, Fetch, FirstRun, fetchable, usable};
use super::{Focus, State, Wait};
use crate::domain::catalog::{ModelCard, ModelId};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::keymap::Context;
use crate::workbench::Request;
use crate::workbench::request::models::Models;

impl State {
    /// Shows what can be fetched, that model first. What is being fetched already goes on, and stays in sight.
    pub(super) fn offer(&mut self, wanted: Option<ModelId>, appeared: Option<Duration>, desk: &mut Desk<'_>) {
        if self.first_run.as_ref().is_some_and(FirstRun::runs) {
            let key = desk.options.keymap.name(Context::FirstRun, Action::Back);
            return desk
                .say(format!("One model is being fetched; {key} stops it, then another can be chosen."));
        }
        let wanted = wanted.or_else(|| self.thread.setup.model.clone());
        let wanted = wanted.unwrap_or_else(|| desk.options.model.clone());
        let choices = fetchable(&self.stock.cards);
        let preferred =
            if choices.iter().any(|c| c.id == wanted) { wanted } else { desk.options.model.clone() };
        self.first_run = Some(FirstRun::new(choices, &preferred, appeared));
        self.plan(desk);
    }

    /// Asks what fetching the selected model would do. It touches no network.
    pub(super) fn plan(&mut self, desk: &mut Desk<'_>) {
        let Some(first) = &mut self.first_run else { return };
        let Some(id) = first.choice().map(|card| card.id.clone()) else { return };
        let task = desk.call(Some(Lane("plan")), Request::Models(Models::Plan { id }));
        first.plan_task = Some(task);
        self.waits.retain(|_, wait| *wait != Wait::Plan);
        self.waits.insert(task, Wait::Plan);
    }

    /// The person's yes: fetches the selected model.
    pub(super) fn pull(&mut self, desk: &mut Desk<'_>) {
        let Some(first) = &mut self.first_run else { return };
        let failed = matches!(first.fetch, Fetch::Failed(_));
        if failed && first.plan.is_none() && first.hears(desk.now.elapsed) {
            // What failed was the question what fetching would do.
            first.fetch = Fetch::Offered;
            return self.plan(desk);
        }
        if !first.accepts(desk.now.elapsed) {
            if first.plans() && first.hears(desk.now.elapsed) {
                let key = desk.options.keymap.name(Context::FirstRun, Action::Accept);
                desk.say(format!(
                    "Nothing is fetched before it stands here what that would do; press {key} then."
                ));
            }
            return;
        }
        let Some(id) = first.choice().map(|card| card.id.clone()) else { return };
        let task = desk.call(None, Request::Models(Models::Pull { id }));
        first.failed.clear();
        first.fetch = Fetch::Running { task, since: desk.now.elapsed, step: None, starts_over: false };
        self.waits.insert(task, Wait::Pull);
    }

    pub(super) fn pulled(&mut self, cards: Vec<ModelCard>, desk: &mut Desk<'_>) {
        let Some(card) = cards.into_iter().next() else { return };
        desk.say(format!("{} is here. Ask it something.", card.title));
        let chosen =
            self.first_run.as_ref().is_some_and(|first| first.chosen_for == Some(Chooser(self.thread.id)));
        if chosen {
            self.set_model(card.id.clone(), desk);
        } else if self.thread.blank() {
            self.thread.setup.model = Some(card.id.clone());
        }
        self.used(&card.id, desk);
        self.stock.upsert(card);
        self.close_first_run();
        self.refit(desk);
    }

    /// Without a model that can answer, what can be fetched appears by itself where nothing else is shown: a person who
    /// has a conversation open, or a provider, was not asking for it.
    pub(super) fn welcome(&mut self, desk: &mut Desk<'_>) {
        if !self.models_known || self.resuming {
            return;
        }
        let wanted = self.thread.setup.model.clone().unwrap_or_else(|| desk.options.model.clone());
        let missing =
            self.insisted && self.stock.cards.iter().any(|card| card.id == wanted && card.is_fetchable());
        // Servers are not asked at the start: a provider that is not in the list may well have the model.
        let elsewhere = !self.stock.cards.iter().any(|card| card.id.provider() == wanted.provider())
            || !desk.options.servers.is_empty();
        let answered = (elsewhere || self.stock.cards.iter().any(usable)) && !missing;
        if answered || self.thread.id.is_some() || !self.is_bare() {
            self.withdraw();
        } else if self.first_run.is_none() {
            self.offer(None, Some(desk.now.elapsed), desk);
            if self.composer.is_empty() && self.focus == Focus::Composer {
                self.focus = Focus::FirstRun;
            }
        }
    }

    /// A model is offered here, or will be if it turns out that none can answer.
    pub fn may_offer(&self) -> bool {
        // A list is taken in before it is settled what follows from it: until its call has ended nothing of that is known.
        let listing = self.waits.values().any(|wait| *wait == Wait::Models);
        let open = self.resuming || listing || !self.models_known && self.models_error.is_none();
        open || self.first_run.is_some()
    }

    /// An offer that appeared by itself has no reason any more; one that was asked for stays.
    pub(super) fn withdraw(&mut self) {
        if self.first_run.as_ref().is_some_and(|first| first.appeared.is_some() && !first.runs()) {
            self.close_first_run();
        }
    }

    /// Takes an offer away, by itself or asked for; what is being fetched stays in sight. Whether there was one.
    pub(super) fn put_offer_away(&mut self) -> bool {
        let idle = self.first_run.as_ref().is_some_and(|first| !first.runs());
        if idle {
            self.close_first_run();
        }
        idle
    }

    /// Leaves the first-run screen for the composer.
    pub(super) fn close_first_run(&mut self) {
        self.first_run = None;
        if self.focus == Focus::FirstRun {
            self.focus = Focus::Composer;
        }
    }
}
