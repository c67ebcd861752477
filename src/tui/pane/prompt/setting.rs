//! What the prompt is sent with: model, system prompt, presets, settings.

use super::{Focus, State};
use crate::config::Preset;
use crate::domain::catalog::ModelCard;
use crate::domain::settings::Settings;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::picker::{Picker, Purpose};
use crate::tui::setup::drawer::Row;
use crate::tui::setup::presets::{Before, differences, menu, with};
use crate::tui::setup::{comes_back, standing};

impl State {
    /// Opens the list of models.
    pub(super) fn choose_model(&self, desk: &mut Desk<'_>) {
        let setup = self.in_force();
        let (stock, model) = (self.stock.clone(), setup.model.as_ref());
        let picker = Picker::new(Purpose::Talking, stock, model, self.asking, desk.now.wall);
        desk.overlays.push(Overlay::Picker(Box::new(picker)));
    }

    pub(super) fn card(&self) -> Option<&ModelCard> {
        let model = self.setup.model.as_ref().or(self.usual.as_ref())?;
        self.stock.card(model)
    }

    /// What the model is asked with where nothing is set, as far as that is known.
    pub(super) fn standing(&self) -> Settings {
        standing(self.card())
    }

    pub(super) fn choose_preset(&self, desk: &mut Desk<'_>) {
        let menu = menu(&desk.options.presets, &self.setup, self.before.as_ref(), &self.standing());
        desk.overlays.push(Overlay::Menu(menu));
    }

    /// Model, system prompt and settings in one change; says what became different.
    pub(super) fn take_preset(&mut self, name: &str, preset: &Preset, desk: &mut Desk<'_>) {
        let after = with(&self.setup, preset);
        let said = differences(&self.setup, &after, &self.standing());
        if said.is_empty() {
            return desk.say(format!("Preset {name} is in force already."));
        }
        let setup = std::mem::replace(&mut self.setup, after);
        self.before = Some(Before { preset: name.to_owned(), setup });
        self.typed(desk);
        desk.say(format!("Preset {name}: {said}"));
    }

    /// As it was before the last preset.
    pub(super) fn undo_preset(&mut self, desk: &mut Desk<'_>) {
        if let Some(Before { preset, setup }) = self.before.take() {
            self.setup = setup;
            self.typed(desk);
            desk.say(format!("As it was before {preset}."));
        }
    }

    /// Opens the system prompt; one that was written and not taken comes back.
    pub(super) fn edit_system(&mut self, desk: &mut Desk<'_>) {
        let mut pad = Pad::system(self.setup.system.as_deref().unwrap_or_default());
        if let Some(text) = self.system_aside.take() {
            pad.composer.set_text(&text);
            desk.say(comes_back(desk));
        }
        desk.overlays.push(Overlay::Pad(Box::new(pad)));
    }

    pub(super) fn set_system(&mut self, system: &str, desk: &mut Desk<'_>) {
        self.setup.system = (!system.is_empty()).then(|| system.to_owned());
        self.typed(desk);
    }

    /// Shows the settings, or folds them away.
    pub(super) fn toggle_settings(&mut self, desk: &Desk<'_>) {
        let shown = self.areas(desk.area).drawer.is_some();
        self.drawer_open = !shown;
        self.focus = if shown { Focus::Editor } else { Focus::Settings };
    }

    /// What an action does among the rows of the settings.
    pub(super) fn set_as(&mut self, action: Action, desk: &mut Desk<'_>) {
        let standing = self.standing();
        let changed = self.drawer.go(action, &self.setup.settings, &standing);
        match (action, self.drawer.row()) {
            (Action::Open, _) => self.change_setting(desk),
            (Action::Reset, Row::System) => self.set_system("", desk),
            _ => {}
        }
        if let Some(settings) = changed {
            self.setup.settings = settings;
            self.typed(desk);
        }
    }

    pub(super) fn change_setting(&mut self, desk: &mut Desk<'_>) {
        match self.drawer.row() {
            Row::Model => self.choose_model(desk),
            Row::Preset => self.choose_preset(desk),
            Row::System => self.edit_system(desk),
            Row::Field(_) => {
                if let Some(pad) = self.drawer.type_value(&self.setup.settings) {
                    desk.overlays.push(Overlay::Pad(Box::new(pad)));
                }
            }
        }
    }

    /// What Enter, Esc and arrows do while a line is typed; `false` where none is.
    pub(super) fn act_in_line(&mut self, action: Action, desk: &mut Desk<'_>) -> bool {
        if !self.types_line() {
            return false;
        }
        if self.focus == Focus::Settings {
            match action {
                Action::Accept => {
                    if let Some(settings) = self.drawer.accept(&self.setup.settings) {
                        self.setup.settings = settings;
                        self.typed(desk);
                    }
                }
                Action::Cancel => {
                    self.drawer.input = None;
                    self.drawer.error = None;
                }
                _ => {}
            }
            return true;
        }
        let book = self.book.as_ref();
        match action {
            Action::Accept => {
                self.library.typing = false;
                self.open_selected(desk);
            }
            Action::Cancel => {
                self.library.typing = false;
                self.library.filter = crate::tui::overlay::input::Input::default();
            }
            Action::SelectNext => self.library.step(1, book),
            Action::SelectPrevious => self.library.step(-1, book),
            _ => {}
        }
        self.refit(desk);
        true
    }
}
