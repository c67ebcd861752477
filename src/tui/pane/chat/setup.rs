//! What the next turn is sent with: the drawer's rows changed, and how they stand.

use super::State;
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::settings::Settings;
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::keymap::Context;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::pad::Pad;
use crate::tui::setup::drawer::Row;
use crate::tui::setup::{comes_back, standing};
use crate::workbench::request::conversations::Change;

impl State {
    /// Whether the row of the drawer is heeded: an agent has a prompt and settings of its own.
    pub(super) fn heeds_row(&self) -> bool {
        self.thread.agent.is_none() || self.drawer.row() == Row::Model
    }

    /// Says that an agent answers by what stands elsewhere, where one does.
    pub(super) fn say_whose(&self, desk: &mut Desk<'_>) {
        if let Some(agent) = &self.thread.agent {
            let chooses = desk.key(Context::Composer, Action::ChooseAgent);
            let name = safe_line(&agent.name);
            desk.say(format!(
                "{name} answers by its own prompt and settings; {chooses} has it changed, or the model alone answer."
            ));
        }
    }

    /// Enter on a row of the drawer.
    pub(super) fn change_setting(&mut self, desk: &mut Desk<'_>) {
        if !self.heeds_row() {
            return self.say_whose(desk);
        }
        match self.drawer.row() {
            Row::Model => self.act(Action::ChooseModel, None, desk),
            Row::Preset => self.act(Action::ChoosePreset, None, desk),
            Row::System => self.act(Action::EditSystem, None, desk),
            Row::Field(_) => {
                if let Some(pad) = self.drawer.type_value(&self.thread.setup.settings) {
                    desk.overlays.push(Overlay::Pad(Box::new(pad)));
                }
            }
        }
    }

    pub(super) fn set_settings(&mut self, settings: Settings, desk: &mut Desk<'_>) {
        self.thread.setup.settings = settings.clone();
        self.change(Change { settings: Some(settings), ..Change::default() }, desk);
    }

    pub(super) fn set_system(&mut self, system: &str, desk: &mut Desk<'_>) {
        self.thread.setup.system = (!system.is_empty()).then(|| system.to_owned());
        self.change(Change { system: Some(system.to_owned()), ..Change::default() }, desk);
        self.say_whose(desk);
    }

    /// Opens the system prompt; one that was written and not taken comes back.
    pub(super) fn edit_system(&mut self, desk: &mut Desk<'_>) {
        let aside = self.thread.system_aside.take();
        let mut pad = Pad::system(self.thread.setup.system.as_deref().unwrap_or_default());
        if let Some(text) = aside {
            pad.composer.set_text(&text);
            desk.say(comes_back(desk));
        }
        desk.overlays.push(Overlay::Pad(Box::new(pad)));
    }

    pub(super) fn set_model(&mut self, model: ModelId, desk: &mut Desk<'_>) {
        self.insisted = true;
        self.thread.lent = false;
        self.thread.setup.model = Some(model.clone());
        self.put_offer_away();
        self.ask_whether_known(desk);
        self.used(&model, desk);
        self.change(Change { model: Some(model), ..Change::default() }, desk);
        self.remember(desk);
        if let Some(agent) = &self.thread.agent {
            let chooses = desk.key(Context::Composer, Action::ChooseAgent);
            let name = safe_line(&agent.name);
            desk.say(format!(
                "{name} still answers, by its own model where it names one; {chooses} has the model alone answer."
            ));
        }
    }

    /// What is known of the conversation's model.
    pub(super) fn card(&self) -> Option<&ModelCard> {
        let model = self.thread.setup.model.as_ref()?;
        self.stock.card(model)
    }

    /// What the model is asked with where the conversation sets nothing, as far as that is known.
    pub(super) fn standing(&self) -> Settings {
        standing(self.card())
    }
}
