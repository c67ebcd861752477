//! Presets: model, system prompt and settings at once, from the config file; and the way back.

use std::collections::BTreeMap;

use super::State;
use super::thread::Setup;
use crate::config::Preset;
use crate::domain::settings::{FIELDS, Settings};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::keymap::label;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::request::conversations::Change;

/// How a conversation stood before a preset was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    pub preset: String,
    pub setup: Setup,
}

/// The preset whose every word is in force; of several the one that says most.
pub fn in_force<'a>(setup: &Setup, presets: &'a BTreeMap<String, Preset>) -> Option<(&'a str, &'a Preset)> {
    let words = |preset: &Preset| {
        let fields = FIELDS.iter().filter(|field| preset.settings.get(field.name).is_some()).count();
        fields + usize::from(preset.system.is_some()) + usize::from(preset.model.is_some())
    };
    let holds = |preset: &Preset| words(preset) > 0 && with(setup, preset) == *setup;
    let found = presets.iter().filter(|(_, preset)| holds(preset)).max_by_key(|(_, preset)| words(preset));
    found.map(|(name, preset)| (name.as_str(), preset))
}

/// The setup with what the preset says put over it.
fn with(setup: &Setup, preset: &Preset) -> Setup {
    let system = match &preset.system {
        Some(system) => Some(system.clone()).filter(|system| !system.is_empty()),
        None => setup.system.clone(),
    };
    Setup {
        model: preset.model.clone().or_else(|| setup.model.clone()),
        system,
        settings: setup.settings.overlaid(&preset.settings),
    }
}

/// What is another thing after than before: `temperature 0.9 → 0.1 · system prompt`. `standing` is in force where
/// nothing is set.
fn differences(before: &Setup, after: &Setup, standing: &Settings) -> String {
    let mut parts = Vec::new();
    if let Some(model) = after.model.as_ref().filter(|model| before.model.as_ref() != Some(model)) {
        parts.push(format!("model {model}"));
    }
    for field in FIELDS {
        let (old, new) = (before.settings.get(field.name), after.settings.get(field.name));
        if old != new {
            let unset = || standing.get(field.name).unwrap_or_else(|| "default".to_owned());
            let word = |value: Option<String>| value.unwrap_or_else(unset);
            parts.push(format!("{} {} → {}", field.name, word(old), word(new)));
        }
    }
    if before.system != after.system {
        parts.push("system prompt".to_owned());
    }
    parts.join(" · ")
}

impl State {
    /// Opens the list of presets; the way back from the last one stands behind them.
    pub(super) fn choose_preset(&self, desk: &mut Desk<'_>) {
        let presets = &desk.options.presets;
        let now = in_force(&self.thread.setup, presets).map(|(name, _)| name);
        let standing = self.standing();
        let entry = |label: String, detail: String, current: bool, choice: Choice| Entry {
            label,
            detail,
            right: String::new(),
            current,
            off: false,
            choice,
            words: &[],
        };
        let back = self.thread.before.as_ref().map(|before| {
            let detail = differences(&self.thread.setup, &before.setup, &standing);
            entry(format!("Undo {}", before.preset), detail, false, Choice::BeforePreset)
        });
        let all = presets.iter().map(|(name, preset)| {
            let mut parts: Vec<String> = preset.model.iter().map(ToString::to_string).collect();
            for field in FIELDS {
                parts.extend(preset.settings.get(field.name).map(|value| format!("{} {value}", field.name)));
            }
            parts.extend(preset.system.iter().map(|s| s.lines().next().unwrap_or_default().to_owned()));
            let current = now == Some(name);
            entry(name.clone(), parts.join(" · "), current, Choice::Preset(name.clone()))
        });
        let menu = Menu::new(
            "Presets",
            "take it",
            "None yet: [presets.NAME] in the config file makes one (model, system, settings).",
            all.chain(back).collect(),
        );
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
