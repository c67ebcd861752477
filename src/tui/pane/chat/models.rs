//! The models: which there are, the list that one is chosen from.

use super::{State, Wait};
use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::listing::Listing;
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::models::{LIKES, Likes, Stock};
use crate::tui::overlay::Overlay;
use crate::tui::overlay::picker::{Picker, Purpose};
use crate::tui::pane::Place;
use crate::tui::setup::Setup;
use crate::workbench::Request;
use crate::workbench::request::models::Models;
use crate::workbench::request::workspace::Workspace;

impl State {
    /// Opens the list of models. The servers are asked now, unless they were a moment ago: one may have been added to the
    /// configuration, or have loaded another model.
    pub(super) fn choose_model(&mut self, desk: &mut Desk<'_>) {
        self.look_through_models(desk);
        let current = self.thread.setup.model.as_ref();
        let asking = self.is_asking_models();
        let picker = Picker::new(Purpose::Talking, self.stock.clone(), current, asking, desk.now.wall);
        desk.overlays.push(Overlay::Picker(Box::new(picker)));
    }

    /// All models are to be looked through: what is known of them is made new where it is old.
    pub fn look_through_models(&mut self, desk: &mut Desk<'_>) {
        let old = self.asked.is_none_or(|at| desk.now.elapsed.saturating_sub(at) > super::FRESH);
        if self.models_error.is_some() || !self.models_known || old {
            self.ask_models(desk);
        }
    }

    /// Asks the servers, however new it is what they said.
    pub fn list_again(&mut self, desk: &mut Desk<'_>) {
        self.ask_models(desk);
        desk.say("Asking the servers for their models…");
    }

    /// Who answers in the conversation that is shown.
    pub fn model(&self) -> Option<&ModelId> {
        self.thread.setup.model.as_ref()
    }

    /// What the conversation that is shown is asked with.
    pub fn setup(&self) -> &Setup {
        &self.thread.setup
    }

    /// The models that there are.
    pub fn stock(&self) -> &Stock {
        &self.stock
    }

    /// Asks what is known of the chosen model where no list has it. Says at once, before a message is written for it, where
    /// nobody can ask it.
    pub(super) fn ask_whether_known(&mut self, desk: &mut Desk<'_>) {
        self.ask_card(Wait::Knows, desk);
    }

    /// Asks what is known of the conversation's model where that is not here: one that nobody can ask is no news.
    pub(super) fn ask_what_is_known(&mut self, desk: &mut Desk<'_>) {
        if self.models_known {
            self.ask_card(Wait::Card, desk);
        }
    }

    /// Takes in why nobody can ask a model: in an empty conversation it stands where that would say how to begin, else a model
    /// that was just chosen is told of for a moment.
    pub(super) fn take_refusal(&mut self, id: ModelId, error: Error, chosen: bool, desk: &mut Desk<'_>) {
        let stands = desk.place == Place::Chat && self.is_bare() && self.first_run.is_none();
        if chosen && !stands {
            desk.complain(&error);
        }
        self.refused = Some((id, error));
        self.refit(desk);
    }

    /// Why nobody can ask the conversation's model, as far as that was asked. A list that has it by now knows better.
    pub(super) fn refusal(&self) -> Option<&Error> {
        let (id, error) = self.refused.as_ref()?;
        (self.model() == Some(id) && self.stock.card(id).is_none()).then_some(error)
    }

    fn ask_card(&mut self, wait: fn(ModelId) -> Wait, desk: &mut Desk<'_>) {
        let Some(id) = self.thread.setup.model.clone().filter(|id| self.stock.card(id).is_none()) else {
            return;
        };
        let wait = wait(id.clone());
        let task = desk.call(Some(Lane("knows")), Request::Models(Models::Knows { id }));
        self.waits.retain(|_, wait| !matches!(wait, Wait::Knows(_) | Wait::Card(_)));
        self.waits.insert(task, wait);
    }

    /// Asks which models there are, servers too: the person wants to know.
    pub(super) fn ask_models(&mut self, desk: &mut Desk<'_>) {
        self.asked = Some(desk.now.elapsed);
        self.list_models(true, desk);
    }

    pub(super) fn list_models(&mut self, probe: bool, desk: &mut Desk<'_>) {
        self.probed = probe;
        self.lists_coming.clear();
        let task = desk.call(Some(Lane("models")), Request::Models(Models::List { probe }));
        self.waits.retain(|_, wait| *wait != Wait::Models);
        self.waits.insert(task, Wait::Models);
    }

    /// How old what comes next is.
    pub(super) fn take_lists(&mut self, lists: Vec<Listing>) {
        self.lists_coming = lists;
    }

    /// Servers are being asked for their models.
    pub fn is_asking_models(&self) -> bool {
        self.probed && self.waits.values().any(|wait| *wait == Wait::Models)
    }

    /// What the person likes, as it was kept.
    pub(super) fn ask_likes(&mut self, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Workspace(Workspace::Recall { name: LIKES.to_owned() }));
        self.waits.insert(task, Wait::Likes);
    }

    pub(super) fn take_likes(&mut self, value: Option<serde_json::Value>) {
        let kept: Likes = value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        // What was chosen before it came is newer.
        let chosen = std::mem::replace(&mut self.stock.likes, kept);
        chosen.recent.iter().rev().for_each(|id| self.stock.likes.used(id));
    }

    /// It is in use now.
    pub(super) fn used(&mut self, id: &ModelId, desk: &mut Desk<'_>) {
        self.stock.likes.used(id);
        self.keep_likes(desk);
    }

    /// Gives a model a star, or takes it away.
    pub(super) fn star(&mut self, id: &ModelId, desk: &mut Desk<'_>) {
        self.stock.likes.toggle(id);
        self.keep_likes(desk);
    }

    fn keep_likes(&mut self, desk: &mut Desk<'_>) {
        let Ok(value) = serde_json::to_value(&self.stock.likes) else { return };
        self.write(Request::Workspace(Workspace::Remember { name: LIKES.to_owned(), value }), desk);
    }
}
