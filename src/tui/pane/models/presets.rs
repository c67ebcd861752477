//! The presets: which there are, what each says, and changing them. They lie in the configuration file, which the runtime
//! changes; here is what is asked of it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::State;
use crate::config::{Preset, PresetChange};
use crate::domain::settings::Settings;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, TimerId};
use crate::tui::event::{Mouse, MouseKind};
use crate::tui::key::Key;
use crate::tui::keymap::Context;
use crate::tui::layout::{Side, Sides, sides};
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::picker::{Picker, Purpose};
use crate::tui::overlay::prompt::Prompt;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::setup::drawer::{Drawer, Row};
use crate::tui::setup::view::row_at;
use crate::tui::setup::{Setup, comes_back};
use crate::tui::stroke::Stroke;
use ratatui::layout::Rect;

/// The delay after which a changed preset is kept.
pub(super) const SAVE_PRESET: TimerId = TimerId("save_preset");
const QUIET: Duration = Duration::from_millis(700);

/// The presets, while they are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Presets {
    /// What a new one begins with: what the conversation is asked with.
    from: Setup,
    /// The selected one.
    pub(super) name: Option<String>,
    pub(super) drawer: Drawer,
    /// The drawer has the keys.
    pub(super) editing: bool,
    edit: Option<Edit>,
    /// A system prompt that was changed and not taken, and whose.
    aside: Option<(String, String)>,
    undo: Option<PresetChange>,
}

/// One that is being changed.
#[derive(Debug, Clone, PartialEq)]
struct Edit {
    name: String,
    before: Preset,
    /// What the file was last told.
    kept: Preset,
    now: Preset,
}

impl Presets {
    /// The presets, the first one selected.
    pub fn new(from: Setup, desk: &Desk<'_>) -> Self {
        Self { from, name: desk.options.presets.keys().next().cloned(), ..Self::default() }
    }

    pub(super) fn context(&self) -> Context {
        match (self.editing, &self.drawer.input) {
            (true, Some(_)) => Context::Menu,
            (true, None) => Context::Settings,
            (false, _) => Context::Presets,
        }
    }

    pub(super) fn can(&self, action: Action) -> bool {
        match action {
            Action::Back
            | Action::FocusNext
            | Action::FocusPrevious
            | Action::NewPreset
            | Action::Accept
            | Action::Cancel
            | Action::Decrease
            | Action::Increase
            | Action::Reset => true,
            Action::Open | Action::Rename | Action::Delete => self.name.is_some(),
            Action::UndoPreset => self.undo.is_some(),
            action => action.moves(),
        }
    }

    /// What the selected one says, as far as it is known here.
    pub(super) fn setup(&self, all: &BTreeMap<String, Preset>) -> Option<Setup> {
        let name = self.name.as_ref()?;
        let edited = self.edit.as_ref().filter(|edit| edit.name == *name).map(|edit| &edit.now);
        let Preset { model, system, settings } = edited.or_else(|| all.get(name))?.clone();
        Some(Setup { model, system, settings })
    }

    pub(super) fn sides(&self, body: Rect) -> Sides {
        let none = Side { open: false, focused: false };
        sides(body, none, Side { open: true, focused: self.editing })
    }

    /// The place of the selected one.
    pub(super) fn at(&self, all: &BTreeMap<String, Preset>) -> usize {
        all.keys().position(|name| Some(name) == self.name.as_ref()).unwrap_or(0)
    }

    fn beside(&self, steps: isize, all: &BTreeMap<String, Preset>) -> Option<String> {
        let to = self.at(all).saturating_add_signed(steps).min(all.len().saturating_sub(1));
        all.keys().nth(to).cloned()
    }
}

impl State {
    /// Shows the presets; a new one begins as the conversation stands.
    pub fn show_presets(&mut self, from: Setup, desk: &Desk<'_>) {
        self.presets = Some(Presets::new(from, desk));
    }

    /// What an action does among the presets.
    pub(super) fn do_preset(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        let Some(presets) = &mut self.presets else { return };
        if presets.editing {
            return self.do_drawer(action, key, desk);
        }
        match action {
            Action::Back => self.presets = None,
            Action::Open | Action::FocusNext | Action::FocusPrevious => {
                presets.editing = presets.name.is_some();
            }
            Action::NewPreset => desk.overlays.push(Overlay::Prompt(Prompt::new_preset())),
            Action::Rename => {
                if let Some(name) = &presets.name {
                    desk.overlays.push(Overlay::Prompt(Prompt::rename_preset(name)));
                }
            }
            Action::Delete => {
                if let Some(name) = &presets.name {
                    desk.overlays.push(Overlay::Confirm(Confirm::delete_preset(name)));
                }
            }
            Action::UndoPreset => {
                if let Some(change) = presets.undo.take() {
                    self.change(change, "As it was before.", desk);
                }
            }
            Action::SelectNext => self.step_preset(1, desk),
            Action::SelectPrevious => self.step_preset(-1, desk),
            Action::SelectFirst | Action::PageUp | Action::HalfPageUp => self.step_preset(isize::MIN, desk),
            Action::SelectLast | Action::PageDown | Action::HalfPageDown => {
                self.step_preset(isize::MAX, desk);
            }
            _ => {}
        }
    }

    fn step_preset(&mut self, steps: isize, desk: &mut Desk<'_>) {
        let to = self.presets.as_ref().and_then(|presets| presets.beside(steps, &desk.options.presets));
        self.select_preset(to, desk);
    }

    /// Selects one: what was changed in the one before is kept, and what was being typed for it dropped.
    fn select_preset(&mut self, name: Option<String>, desk: &mut Desk<'_>) {
        let Some(presets) = &mut self.presets else { return };
        if presets.name != name {
            presets.editing = false;
            presets.drawer.input = None;
            presets.drawer.error = None;
            self.keep_preset(desk);
            if let Some(presets) = &mut self.presets {
                presets.name = name;
            }
        }
    }

    fn do_drawer(&mut self, action: Action, key: Option<Key>, desk: &mut Desk<'_>) {
        let Some(presets) = &mut self.presets else { return };
        let Some(setup) = presets.setup(&desk.options.presets) else {
            presets.editing = false;
            return;
        };
        if presets.drawer.input.is_some() {
            match action {
                Action::Accept => {
                    if let Some(settings) = presets.drawer.accept(&setup.settings) {
                        self.say_in_preset(|preset| preset.settings = settings, desk);
                    }
                }
                Action::Cancel => {
                    presets.drawer.input = None;
                    presets.drawer.error = None;
                }
                _ => {
                    if let Some(stroke) = desk.stroke(key) {
                        self.type_in_preset(stroke);
                    }
                }
            }
            return;
        }
        let changed = presets.drawer.go(action, &setup.settings, &Settings::default());
        let row = presets.drawer.row();
        match (action, row) {
            (Action::Back | Action::FocusNext | Action::FocusPrevious | Action::FocusComposer, _) => {
                presets.editing = false;
                self.keep_preset(desk);
            }
            (Action::Open, _) => self.change_row(row, &setup, desk),
            (Action::Reset, Row::Model) => self.say_in_preset(|preset| preset.model = None, desk),
            (Action::Reset, Row::System) => self.say_in_preset(|preset| preset.system = None, desk),
            _ => {}
        }
        if let Some(settings) = changed {
            self.say_in_preset(|preset| preset.settings = settings, desk);
        }
    }

    fn change_row(&mut self, row: Row, setup: &Setup, desk: &mut Desk<'_>) {
        let Some(presets) = &mut self.presets else { return };
        match row {
            Row::Model => {
                let (stock, model) = (self.list.stock().clone(), setup.model.as_ref());
                let picker = Picker::new(Purpose::Talking, stock, model, self.asking, desk.now.wall);
                desk.overlays.push(Overlay::Picker(Box::new(picker)));
            }
            Row::Preset => {
                if let Some(name) = &presets.name {
                    desk.overlays.push(Overlay::Prompt(Prompt::rename_preset(name)));
                }
            }
            Row::System => {
                let mut pad = Pad::system(setup.system.as_deref().unwrap_or_default());
                if let Some((_, text)) = presets.aside.take_if(|(of, _)| presets.name.as_ref() == Some(of)) {
                    pad.composer.set_text(&text);
                    desk.say(comes_back(desk));
                }
                desk.overlays.push(Overlay::Pad(Box::new(pad)));
            }
            Row::Field(_) => {
                if let Some(pad) = presets.drawer.type_value(&setup.settings) {
                    desk.overlays.push(Overlay::Pad(Box::new(pad)));
                }
            }
        }
    }

    /// A key into the value that is typed.
    pub(super) fn type_in_preset(&mut self, stroke: Stroke) {
        let Some(presets) = &mut self.presets else { return };
        if let Some(input) = presets.drawer.input.as_mut().filter(|_| presets.editing) {
            input.press(stroke);
            presets.drawer.error = None;
        }
    }

    pub(super) fn paste_in_preset(&mut self, text: &str) {
        let Some(presets) = &mut self.presets else { return };
        if let Some(input) = presets.drawer.input.as_mut().filter(|_| presets.editing) {
            input.insert(text);
        }
    }

    /// The selected preset says something else now; it is kept after a moment of quiet.
    fn say_in_preset(&mut self, change: impl FnOnce(&mut Preset), desk: &mut Desk<'_>) {
        let Some(presets) = &mut self.presets else { return };
        let Some(name) = presets.name.clone() else { return };
        if presets.edit.as_ref().is_none_or(|edit| edit.name != name) {
            let Some(preset) = desk.options.presets.get(&name).cloned() else { return };
            let (before, kept, now) = (preset.clone(), preset.clone(), preset);
            presets.edit = Some(Edit { name, before, kept, now });
        }
        if let Some(edit) = &mut presets.edit {
            change(&mut edit.now);
            desk.ask(Effect::After { timer: SAVE_PRESET, delay: QUIET });
        }
    }

    /// Keeps what was changed in the preset that is being edited.
    pub fn keep_preset(&mut self, desk: &mut Desk<'_>) {
        let Some(presets) = &mut self.presets else { return };
        let editing = presets.editing;
        let Some(edit) = &mut presets.edit else { return };
        if edit.now != edit.kept {
            // Until the file refuses it.
            edit.kept = edit.now.clone();
            let (name, preset) = (edit.name.clone(), edit.now.clone());
            presets.undo = Some(PresetChange::Set { name: name.clone(), preset: edit.before.clone() });
            let change = PresetChange::Set { name, preset };
            desk.ask(Effect::ChangePreset { change, said: String::new() });
        } else if !editing {
            presets.edit = None;
        }
    }

    /// The file was changed, or not: what it has not taken is still to be kept.
    pub fn preset_changed(&mut self, taken: bool, desk: &Desk<'_>) {
        let Some(presets) = &mut self.presets else { return };
        if !taken {
            presets.undo = None;
        }
        let Some(edit) = &mut presets.edit else { return };
        if let (false, Some(there)) = (taken, desk.options.presets.get(&edit.name)) {
            edit.kept.clone_from(there);
        } else if taken && !presets.editing && edit.now == edit.kept {
            presets.edit = None;
        }
    }

    /// Has the file changed; what takes it back is kept.
    fn change(&mut self, change: PresetChange, said: &str, desk: &mut Desk<'_>) {
        self.keep_preset(desk);
        let Some(presets) = &mut self.presets else { return };
        let there = |name: &String| desk.options.presets.get(name).cloned();
        let (undo, name) = match &change {
            PresetChange::Set { name, .. } => {
                let undo = match there(name) {
                    Some(preset) => PresetChange::Set { name: name.clone(), preset },
                    None => PresetChange::Remove { name: name.clone() },
                };
                (Some(undo), Some(name.clone()))
            }
            PresetChange::Remove { name } => {
                let undo = there(name).map(|preset| PresetChange::Set { name: name.clone(), preset });
                let others = desk.options.presets.keys().filter(|other| *other != name);
                let near = others.clone().find(|other| *other > name).or_else(|| others.clone().next_back());
                (undo, near.cloned())
            }
            PresetChange::Rename { from, to } => {
                (Some(PresetChange::Rename { from: to.clone(), to: from.clone() }), Some(to.clone()))
            }
        };
        presets.undo = undo;
        presets.name = name;
        presets.edit = None;
        let back = desk.key(Context::Presets, Action::UndoPreset);
        let said = if said.is_empty() { String::new() } else { format!("{said} {back} takes that back.") };
        desk.ask(Effect::ChangePreset { change, said });
    }

    /// Does what was chosen in an overlay.
    pub(super) fn choose_in_presets(&mut self, choice: Choice, desk: &mut Desk<'_>) {
        let Some(presets) = &self.presets else { return };
        match choice {
            Choice::NamePreset { name, of: None } => {
                if desk.options.presets.contains_key(&name) {
                    return desk.overlays.push(Overlay::Prompt(Prompt::new_preset().taken(&name)));
                }
                let Setup { model, system, settings } = presets.from.clone();
                let preset = Preset { settings, system, model };
                let said = format!("{name} says what the conversation is asked with.");
                self.change(PresetChange::Set { name, preset }, &said, desk);
            }
            Choice::NamePreset { name, of: Some(from) } => {
                if from == name {
                    return;
                }
                if desk.options.presets.contains_key(&name) {
                    return desk.overlays.push(Overlay::Prompt(Prompt::rename_preset(&from).taken(&name)));
                }
                let said = format!("{from} is {name} now.");
                self.change(PresetChange::Rename { from, to: name }, &said, desk);
            }
            Choice::DeletePreset(name) => {
                let said = format!("{name} is deleted.");
                self.change(PresetChange::Remove { name }, &said, desk);
            }
            Choice::Model(id) => self.say_in_preset(|preset| preset.model = Some(id), desk),
            Choice::System(text) => {
                self.say_in_preset(|preset| preset.system = (!text.is_empty()).then_some(text), desk);
            }
            Choice::SystemAside(text) => {
                let of = presets.name.clone();
                if let Some(presets) = &mut self.presets {
                    presets.aside = of.map(|of| (of, text));
                }
                desk.say("Not taken; it is there again when the system prompt is written next.");
            }
            // The pad took it, so it is one.
            Choice::Setting { field, text } => {
                self.say_in_preset(|preset| drop(preset.settings.set(field.name, &text)), desk);
            }
            _ => {}
        }
    }

    pub(super) fn click_preset(&mut self, mouse: Mouse, desk: &mut Desk<'_>) {
        let Some(presets) = &mut self.presets else { return };
        let Sides { main, drawer, .. } = presets.sides(desk.area);
        let at = (mouse.column, mouse.row).into();
        let wheel = match mouse.kind {
            MouseKind::ScrollDown => 1,
            MouseKind::ScrollUp => -1,
            MouseKind::Down(_) => 0,
            _ => return,
        };
        if let Some(area) = drawer.filter(|area| area.contains(at)) {
            if wheel != 0 {
                return presets.drawer.step(wheel);
            }
            presets.editing = presets.name.is_some();
            if let Some(row) = row_at(area, at.y, presets.drawer.selected) {
                presets.drawer.choose(row);
            }
        } else if let Some(area) = main.filter(|area| area.contains(at)) {
            if wheel != 0 {
                return self.step_preset(wheel, desk);
            }
            let top = super::view::presets::first(presets.at(&desk.options.presets), area);
            let row = top + usize::from(at.y.saturating_sub(super::view::presets::rows(area).y));
            let clicked = desk.options.presets.keys().nth(row).cloned();
            let to = clicked.or_else(|| presets.name.clone());
            presets.editing = false;
            self.select_preset(to, desk);
            self.keep_preset(desk);
        }
    }
}
