//! Presets: model, system prompt and settings at once, from the config file; and the way back.

use std::collections::BTreeMap;

use super::Setup;
use crate::config::Preset;
use crate::domain::settings::{FIELDS, Settings};
use crate::tui::overlay::Choice;
use crate::tui::overlay::menu::{Entry, Menu};

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
pub fn with(setup: &Setup, preset: &Preset) -> Setup {
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
pub fn differences(before: &Setup, after: &Setup, standing: &Settings) -> String {
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

/// What a preset says, in a line: `temperature 0.1 · tools get_weather · Be exact.`
pub fn words(preset: &Preset) -> String {
    let mut parts: Vec<String> = preset.model.iter().map(ToString::to_string).collect();
    parts.extend(FIELDS.iter().filter_map(|field| preset.settings.said(field.name)));
    parts.extend(preset.system.iter().map(|text| text.lines().next().unwrap_or_default().to_owned()));
    parts.join(" · ")
}

/// The list of presets; the way back from the last one stands behind them.
pub fn menu(
    presets: &BTreeMap<String, Preset>,
    setup: &Setup,
    before: Option<&Before>,
    standing: &Settings,
) -> Menu {
    let now = in_force(setup, presets).map(|(name, _)| name);
    let entry = |label: String, detail: String, current: bool, choice: Choice| Entry {
        label,
        detail,
        right: String::new(),
        current,
        off: false,
        choice,
        words: &[],
    };
    let back = before.map(|before| {
        let detail = differences(setup, &before.setup, standing);
        entry(format!("Undo {}", before.preset), detail, false, Choice::BeforePreset)
    });
    let all = presets.iter().map(|(name, preset)| {
        let current = now == Some(name);
        entry(name.clone(), words(preset), current, Choice::Preset(name.clone()))
    });
    Menu::new(
        "Presets",
        "take it",
        "None yet. The models place makes one of what the conversation is asked with.",
        all.chain(back).collect(),
    )
}
