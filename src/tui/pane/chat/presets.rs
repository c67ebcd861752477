//! Presets: model, system prompt and settings at once, from the config file; and the way back.

use super::State;
use crate::config::Preset;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::keymap::label;
use crate::tui::overlay::Overlay;
use crate::tui::setup::Setup;
use crate::tui::setup::presets::{Before, differences, menu, with};
use crate::workbench::request::conversations::Change;

impl State {
    /// Opens the list of presets.
    pub(super) fn choose_preset(&self, desk: &mut Desk<'_>) {
        let before = self.thread.before.as_ref();
        let menu = menu(&desk.options.presets, &self.thread.setup, before, &self.standing());
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// Model, system prompt and settings in one change; says what became different.
    pub(super) fn take_preset(&mut self, name: &str, preset: &Preset, desk: &mut Desk<'_>) {
        let before = self.thread.setup.clone();
        let after = with(&before, preset);
        let said = differences(&before, &after, &self.standing());
        if said.is_empty() {
            return desk.say(format!("Preset {name} is in force already."));
        }
        self.insisted |= preset.model.is_some();
        self.take_setup(after, desk);
        self.thread.before = Some(Before { preset: name.to_owned(), setup: before });
        let key = desk.options.keymap.any_key(Action::ChoosePreset).map(label);
        let back = key.map(|key| format!(". {key} has the way back.")).unwrap_or_default();
        desk.say(format!("Preset {name}: {said}{back}"));
    }

    /// As it was before the last preset.
    pub(super) fn undo_preset(&mut self, desk: &mut Desk<'_>) {
        if let Some(Before { preset, setup }) = self.thread.before.take() {
            self.take_setup(setup, desk);
            desk.say(format!("As it was before {preset}."));
        }
    }

    fn take_setup(&mut self, setup: Setup, desk: &mut Desk<'_>) {
        let was = std::mem::replace(&mut self.thread.setup, setup.clone());
        let Setup { model, system, settings } = setup;
        let system = (was.system != system).then(|| system.unwrap_or_default());
        let model = model.filter(|model| was.model.as_ref() != Some(model));
        self.change(Change { model, system, settings: Some(settings), ..Change::default() }, desk);
        self.remember(desk);
    }
}
