//! The columns: who answers in each, and with what.

use super::opening::keep_later;
use super::{Focus, Lane, State};
use crate::config::Preset;
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::comparison::{Column, Comparison, own, shared};
use crate::domain::settings::Settings;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::picker::{Picker, Purpose};
use crate::tui::setup::drawer::Row;
use crate::tui::setup::presets::{menu, with};
use crate::tui::setup::{Setup, standing};
use crate::workbench::person;

impl State {
    /// Opens the list of models for one more column.
    pub(super) fn add_column(&mut self, desk: &mut Desk<'_>) {
        if !self.idle(desk) {
            return;
        }
        if !self.may_grow() {
            return desk.say("Eight columns are the most.");
        }
        self.choosing = None;
        self.pick(None, desk);
    }

    /// Opens it for the column that keys act on.
    pub(super) fn choose_model(&mut self, desk: &mut Desk<'_>) {
        if !self.idle(desk) || self.may_not_tell(desk) {
            return;
        }
        self.choosing = self.current();
        let model = self.current().and_then(|at| self.lanes[at].thread.setup.model.clone());
        self.pick(model.as_ref(), desk);
    }

    fn pick(&self, model: Option<&ModelId>, desk: &mut Desk<'_>) {
        let picker = Picker::new(Purpose::Talking, self.stock.clone(), model, self.asking, desk.now.wall);
        desk.overlays.push(Overlay::Picker(Box::new(picker)));
    }

    /// A model was chosen for it.
    pub(super) fn take_model(&mut self, model: ModelId, desk: &mut Desk<'_>) {
        self.change(desk);
        if let Some(at) = self.choosing.take().filter(|at| *at < self.lanes.len()) {
            self.lanes[at].thread.setup.model = Some(model);
        } else {
            let mut setup = Setup::of(Some(model), &desk.options.defaults);
            if let Some(last) = self.lanes.last() {
                // The same question under the same terms, unless they are changed.
                setup.system.clone_from(&last.thread.setup.system);
                setup.settings.clone_from(&last.thread.setup.settings);
            }
            self.lanes.push(Lane::of(setup));
            self.at = self.lanes.len() - 1;
        }
        self.typed(desk);
    }

    /// Takes the column away that keys act on.
    pub(super) fn remove_column(&mut self, desk: &mut Desk<'_>) {
        if !self.idle(desk) || self.may_not_tell(desk) {
            return;
        }
        let Some(at) = self.current() else { return };
        self.change(desk);
        self.lanes.remove(at);
        self.at = self.at.min(self.lanes.len().saturating_sub(1));
        self.typed(desk);
    }

    /// The columns of a comparison stay as they were asked: with others a new one begins.
    fn change(&mut self, desk: &mut Desk<'_>) {
        if self.comparison.is_some() {
            self.forget_comparison();
            desk.say("Other columns: a new comparison begins; the one before is in the list.");
        }
    }

    /// What would tell who answers waits until a choice was made.
    pub fn may_not_tell(&self, desk: &mut Desk<'_>) -> bool {
        let hidden = self.is_hidden();
        if hidden {
            desk.say("Choose first: that would tell who answers.");
        }
        hidden
    }

    /// The same of what tells of all pages.
    pub(super) fn hides_a_page(&self, desk: &mut Desk<'_>) -> bool {
        let pages = self.comparison.as_ref().map_or(0, |comparison| comparison.pages.len());
        let hidden = (0..pages).any(|page| self.is_hidden_on(page));
        if hidden {
            desk.say(if pages > 1 {
                "Choose on every page first: that would tell who answers."
            } else {
                "Choose first: that would tell who answers."
            });
        }
        hidden
    }

    /// A choice is still to be made, and neither is who answers to be known nor was it seen.
    pub fn chooses_blindly(&self) -> bool {
        let pages = self.comparison.as_ref().map_or(0, |comparison| comparison.pages.len());
        !self.strayed && (0..pages).any(|page| self.is_hidden_on(page))
    }

    /// The person goes where calls stand by their models, with their times and costs: what they choose after that is not blind.
    pub fn strays(&mut self, desk: &mut Desk<'_>) {
        if self.chooses_blindly() {
            self.strayed = true;
            // Kept, so that it holds after a restart, too; what is hidden on the screen stays so.
            self.keep_seen(None, desk);
            desk.say("Calls have names here: your next blind choice is not kept as blind.");
        }
    }

    /// The door keeps that the person was shown who answers in another way, as on the command line.
    pub(super) fn seen_elsewhere(&mut self, now: &Comparison, desk: &mut Desk<'_>) {
        let shown = self.comparison.as_ref().is_some_and(|shown| shown.id == now.id);
        let hidden = (0..now.pages.len()).any(|page| self.is_hidden_on(page));
        if shown && hidden && !self.strayed && now.was_seen_by(&person(&desk.options.principal)) {
            self.strayed = true;
            desk.say("Who answers was shown to you elsewhere: your next blind choice is not kept as blind.");
        }
    }

    pub(super) fn toggle_blind(&mut self, desk: &mut Desk<'_>) {
        if !self.idle(desk) || self.may_not_tell(desk) {
            return;
        }
        self.blind = !self.blind;
        desk.say(match (self.comparison.is_some(), self.blind) {
            (false, true) => "Blind: who answers is hidden, and in another order, until you have chosen.",
            (false, false) => "Not blind: who answers is shown.",
            (true, true) => "The next comparison is blind; this one stays as it is.",
            (true, false) => "The next comparison is not blind; this one stays as it is.",
        });
        keep_later(desk);
    }

    /// Shows the settings of the column, or folds them away.
    pub(super) fn toggle_settings(&mut self, desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        if self.lanes.is_empty() {
            return desk.say("There is no column yet.");
        }
        let shown = self.areas(desk.area).drawer.is_some();
        self.drawer_open = !shown;
        self.focus = if shown { Focus::Composer } else { Focus::Settings };
    }

    /// The setup of the column that keys act on.
    pub(super) fn setup(&self) -> Setup {
        self.current().map(|at| self.lanes[at].thread.setup.clone()).unwrap_or_default()
    }

    /// The knowledge base that the column which keys act on answers from.
    pub fn answers_from(&self) -> Option<String> {
        self.setup().settings.knowledge
    }

    /// What tells a lane from the others besides its model, in words.
    pub(super) fn own(&self) -> Vec<String> {
        if let Some(comparison) = &self.comparison
            && comparison.columns.len() == self.lanes.len()
        {
            return own(&comparison.columns);
        }
        let columns: Vec<Option<Column>> = self.lanes.iter().map(Lane::column).collect();
        let mut said = own(&columns.iter().flatten().cloned().collect::<Vec<_>>()).into_iter();
        columns.iter().map(|column| column.as_ref().and_then(|_| said.next()).unwrap_or_default()).collect()
    }

    /// What every lane is asked with, in words.
    pub(super) fn shared(&self) -> Option<String> {
        let said = match &self.comparison {
            Some(comparison) if comparison.columns.len() == self.lanes.len() => shared(&comparison.columns),
            _ => shared(&self.lanes.iter().map(Lane::column).collect::<Option<Vec<_>>>()?),
        }?;
        Some(if self.lanes.len() > 1 { format!("all with {said}") } else { format!("with {said}") })
    }

    /// All models are of one provider, so that it tells nobody apart.
    pub(super) fn has_one_provider(&self) -> bool {
        let mut providers =
            self.lanes.iter().filter_map(|lane| lane.thread.setup.model.as_ref()).map(ModelId::provider);
        let first = providers.next();
        providers.all(|provider| Some(provider) == first)
    }

    /// Who answers in each lane: the model, and what tells it from the others.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |(lane, own): (&Lane, String)| {
            let model = lane.thread.setup.model.as_ref().map(ToString::to_string).unwrap_or_default();
            if own.is_empty() { model } else { format!("{model} · {own}") }
        };
        self.lanes.iter().zip(self.own()).map(name).collect()
    }

    pub(super) fn card(&self, model: Option<&ModelId>) -> Option<&ModelCard> {
        self.stock.card(model?)
    }

    pub(super) fn standing(&self) -> Settings {
        standing(self.card(self.setup().model.as_ref()))
    }

    /// Changes the setup of the column that keys act on.
    pub(super) fn set(&mut self, change: impl FnOnce(&mut Setup), desk: &mut Desk<'_>) {
        if !self.idle(desk) {
            return;
        }
        let Some(at) = self.current() else { return };
        self.change(desk);
        change(&mut self.lanes[at].thread.setup);
        self.typed(desk);
    }

    pub(super) fn choose_preset(&self, desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        let menu = menu(&desk.options.presets, &self.setup(), None, &self.standing());
        desk.overlays.push(Overlay::Menu(menu));
    }

    pub(super) fn take_preset(&mut self, preset: &Preset, desk: &mut Desk<'_>) {
        self.set(|setup| *setup = with(setup, preset), desk);
    }

    pub(super) fn edit_system(&self, desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        let pad = Pad::system(self.setup().system.as_deref().unwrap_or_default());
        desk.overlays.push(Overlay::Pad(Box::new(pad)));
    }

    /// What an action does among the rows of the settings.
    pub(super) fn set_as(&mut self, action: Action, desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        let (setup, standing) = (self.setup(), self.standing());
        let changed = self.drawer.go(action, &setup.settings, &standing);
        match (action, self.drawer.row()) {
            (Action::Open, _) => self.change_setting(desk),
            (Action::Reset, Row::System) => self.set(|setup| setup.system = None, desk),
            _ => {}
        }
        if let Some(settings) = changed {
            self.set(|setup| setup.settings = settings, desk);
        }
    }

    pub(super) fn change_setting(&mut self, desk: &mut Desk<'_>) {
        if self.may_not_tell(desk) {
            return;
        }
        match self.drawer.row() {
            Row::Model => self.choose_model(desk),
            Row::Preset => self.choose_preset(desk),
            Row::System => self.edit_system(desk),
            Row::Field(_) => {
                let settings = self.setup().settings;
                if let Some(pad) = self.drawer.type_value(&settings) {
                    desk.overlays.push(Overlay::Pad(Box::new(pad)));
                }
            }
        }
    }

    /// What Enter and Esc do while a value is typed; `false` where none is.
    pub(super) fn act_in_line(&mut self, action: Action, desk: &mut Desk<'_>) -> bool {
        if self.focus != Focus::Settings || self.drawer.input.is_none() {
            return false;
        }
        match action {
            Action::Accept => {
                if let Some(settings) = self.drawer.accept(&self.setup().settings) {
                    self.set(|setup| setup.settings = settings, desk);
                }
            }
            Action::Cancel => {
                self.drawer.input = None;
                self.drawer.error = None;
            }
            _ => {}
        }
        true
    }
}
