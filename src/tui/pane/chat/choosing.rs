//! What the person chooses: the model, a preset, the settings, and what an overlay gave back.

use super::drawer::Row;
use super::first_run::{Chooser, usable};
use super::{Focus, State, Wait};
use crate::config::Preset;
use crate::domain::catalog::{Availability, Capability, ModelId};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Effect;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::prompt::format_of;
use crate::tui::overlay::{Choice, Overlay};
use crate::workbench::Request;
use crate::workbench::request::conversations::{Change, Conversations};

use super::when::bytes;

impl State {
    /// Enter on a row of the drawer.
    pub(super) fn change_setting(&mut self, desk: &mut Desk<'_>) {
        match self.drawer.row() {
            Row::Model => self.act(Action::ChooseModel, None, desk),
            Row::Preset => self.act(Action::ChoosePreset, None, desk),
            Row::System => self.act(Action::EditSystem, None, desk),
            Row::Field(_) => self.drawer.type_value(&self.thread.setup.settings),
        }
    }

    pub(super) fn set_settings(&mut self, settings: crate::domain::settings::Settings, desk: &mut Desk<'_>) {
        self.thread.setup.settings = settings.clone();
        self.change(Change { settings: Some(settings), ..Change::default() }, desk);
    }

    /// Model, system prompt and settings in one change.
    fn take_preset(&mut self, preset: Preset, desk: &mut Desk<'_>) {
        let setup = &mut self.thread.setup;
        setup.settings = setup.settings.overlaid(&preset.settings);
        if let Some(system) = &preset.system {
            setup.system = Some(system.clone()).filter(|system| !system.is_empty());
        }
        if let Some(model) = &preset.model {
            self.insisted = true;
            setup.model = Some(model.clone());
        }
        let settings = Some(setup.settings.clone());
        let change = Change { model: preset.model, system: preset.system, settings, ..Change::default() };
        self.change(change, desk);
        self.remember(desk);
    }

    pub(super) fn set_system(&mut self, system: &str, desk: &mut Desk<'_>) {
        self.thread.setup.system = (!system.is_empty()).then(|| system.to_owned());
        self.change(Change { system: Some(system.to_owned()), ..Change::default() }, desk);
    }

    pub(super) fn set_model(&mut self, model: ModelId, desk: &mut Desk<'_>) {
        self.insisted = true;
        self.thread.setup.model = Some(model.clone());
        self.change(Change { model: Some(model), ..Change::default() }, desk);
        self.remember(desk);
    }

    /// Opens the list of models. The servers are asked now, unless they were a moment ago: one may have been added to the
    /// configuration, or have loaded another model.
    pub(super) fn choose_model(&mut self, desk: &mut Desk<'_>) {
        let old = self.asked.is_none_or(|at| desk.now.elapsed.saturating_sub(at) > super::FRESH);
        if self.models_error.is_some() || !self.models_known || old {
            self.ask_models(desk);
        }
        let mut menu = Menu::new("Models", "take it", "No model is known yet.", self.model_entries());
        menu.waits = self.is_asking_models();
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// Every model that can be talked to, those that can answer now first.
    pub fn model_entries(&self) -> Vec<Entry> {
        let mut cards: Vec<_> =
            self.models.iter().filter(|card| card.capabilities.contains(&Capability::Chat)).collect();
        cards.sort_by_key(|card| match card.availability {
            Availability::Ready => 0,
            Availability::NotPulled => 1,
            Availability::Unusable { .. } => 2,
        });
        let entry = |card: &&crate::domain::catalog::ModelCard| {
            let size = card.bytes.map(bytes);
            let (detail, right) = match &card.availability {
                Availability::Ready => {
                    let context = card.context.map(|c| format!("{} ctx", super::when::grouped(c.into())));
                    (card.detail.clone(), context.unwrap_or_default())
                }
                Availability::NotPulled => {
                    (card.title.clone(), size.map_or_else(|| "fetch".to_owned(), |s| format!("fetch {s}")))
                }
                Availability::Unusable { why } => (why.clone(), "unusable".to_owned()),
            };
            Entry {
                label: card.id.to_string(),
                detail,
                right,
                current: self.thread.setup.model.as_ref() == Some(&card.id),
                off: matches!(card.availability, Availability::Unusable { .. }),
                choice: Choice::Model(card.id.clone()),
                words: &[],
            }
        };
        cards.iter().map(entry).collect()
    }

    /// What was chosen in an overlay.
    pub fn chosen(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::Model(id) => {
                let card = self.models.iter().find(|card| card.id == id);
                if card.is_some_and(|card| !usable(card)) {
                    // The conversation keeps its model until this one is here.
                    self.insisted = true;
                    self.offer(Some(id), None, desk);
                    if let Some(first) = self.first_run.as_mut().filter(|first| !first.runs()) {
                        first.chosen_for = Some(Chooser(self.thread.id));
                    }
                    self.focus = Focus::FirstRun;
                } else {
                    self.set_model(id, desk);
                }
            }
            Choice::Preset(name) => {
                let Some(preset) = desk.options.presets.get(&name).cloned() else { return };
                self.take_preset(preset, desk);
                desk.say(format!("Preset {name}."));
            }
            Choice::Written(text) => {
                if !self.composer.is_empty() {
                    self.composer.take();
                }
                self.composer.set_text(&text);
                self.focus = Focus::Composer;
                self.typed(desk);
            }
            Choice::Typed(text) => {
                self.composer.insert(&text);
                self.focus = Focus::Composer;
                self.typed(desk);
            }
            Choice::Export { id, path, replace } => {
                if let Some(format) = format_of(&path) {
                    let export = Conversations::Export { ids: vec![id], format };
                    let task = desk.call(None, Request::Conversations(export));
                    self.waits.insert(task, Wait::Save { path, replace });
                }
            }
            Choice::CopyCode(code) => desk.ask(Effect::Copy(code)),
            Choice::Rename(id, title) => {
                if self.thread.id == Some(id) {
                    self.thread.title.clone_from(&title);
                }
                let change = Change { title: Some(title), ..Change::default() };
                self.write(Request::Conversations(Conversations::Change { id, change }), desk);
            }
            Choice::Delete(id) => {
                self.list.remove(id);
                self.write(Request::Conversations(Conversations::Remove { id }), desk);
                if self.thread.id == Some(id) {
                    self.leave_gone(desk);
                }
            }
            Choice::System(text) => self.set_system(&text, desk),
            Choice::SystemAside(text) => {
                self.thread.system_aside = Some(text);
                desk.say("Not taken; it is there again when the system prompt is written next.");
            }
            Choice::Act(_) | Choice::Unlock(_) | Choice::Quit => {}
        }
        self.refit(desk);
    }
}

pub(super) fn choose_preset(desk: &mut Desk<'_>) {
    let entries = desk.options.presets.iter().map(|(name, preset)| {
        let mut parts: Vec<String> = preset.model.iter().map(ToString::to_string).collect();
        for field in crate::domain::settings::FIELDS {
            parts.extend(preset.settings.get(field.name).map(|value| format!("{} {value}", field.name)));
        }
        parts.extend(preset.system.iter().map(|s| s.lines().next().unwrap_or_default().to_owned()));
        Entry {
            label: name.clone(),
            detail: parts.join(" · "),
            right: String::new(),
            current: false,
            off: false,
            choice: Choice::Preset(name.clone()),
            words: &[],
        }
    });
    let menu = Menu::new(
        "Presets",
        "take it",
        "None yet: [presets.NAME] in the config file makes one (model, system, settings).",
        entries.collect(),
    );
    desk.overlays.push(Overlay::Menu(menu));
}
