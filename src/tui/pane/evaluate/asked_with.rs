//! What the models of a new evaluation are asked with: their settings beside its form, as the columns of a comparison have them.

use ratatui::layout::{Position, Rect};

use super::State;
use super::form::Row as Line;
use super::making::Making;
use crate::domain::comparison::Column;
use crate::domain::evaluation::job::Source;
use crate::domain::settings::Settings;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::event::{Button, Mouse, MouseKind};
use crate::tui::layout::{Side, Sides, sides};
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::setup::drawer::{Row, rows};
use crate::tui::setup::presets::{menu, with};
use crate::tui::setup::view::row_at;
use crate::tui::setup::{Setup, standing};

/// A model with what it is asked with, under the name that it has on a leaderboard.
pub(super) fn source(setup: Setup) -> Option<Source> {
    let column = Column { model: setup.model?, system: setup.system, settings: setup.settings };
    Some(Source { name: column.contestant(), column: Some(column) })
}

impl Making {
    /// What a model of the form is asked with.
    pub fn setup(&self, at: usize) -> Option<Setup> {
        let column = self.form.models.get(at)?.column.clone()?;
        Some(Setup { model: Some(column.model), system: column.system, settings: column.settings })
    }

    /// The form, and the settings beside it or alone where there is no room for both.
    pub fn sides(&self, body: Rect) -> Sides {
        let none = Side { open: false, focused: false };
        let shown = self.settings_of.is_some();
        sides(body, none, Side { open: shown, focused: shown })
    }

    /// The model whose settings are meant: that of the selected line, else the last one.
    fn meant(&self) -> Option<usize> {
        match self.row() {
            Line::Model(at) => Some(at),
            _ => self.form.models.len().checked_sub(1),
        }
    }

    /// The first model that is the same as somebody else who answers, and asked the same way.
    pub fn twin(&self) -> Option<usize> {
        let sources = self.sources();
        let others = |at: usize| sources.iter().enumerate().filter(move |(other, _)| *other != at);
        (0..self.form.models.len()).rfind(|at| others(*at).any(|(_, other)| other.name == sources[*at].name))
    }
}

impl State {
    /// The setup that the drawer shows.
    pub(super) fn form_setup(&self) -> Setup {
        let shown = self.making.as_ref().and_then(|making| making.setup(making.settings_of?));
        shown.unwrap_or_default()
    }

    /// What the model is asked with where nothing is set.
    pub(super) fn form_standing(&self) -> Settings {
        standing(self.form_setup().model.as_ref().and_then(|model| self.stock.card(model)))
    }

    /// Shows the settings of the model that is meant, or puts them away.
    pub(super) fn toggle_form_settings(&mut self, desk: &mut Desk<'_>) {
        let Some(making) = &mut self.making else { return };
        if making.settings_of.take().is_some() {
            (making.drawer.input, making.drawer.error) = (None, None);
        } else {
            self.show_form_settings(desk);
        }
    }

    /// Shows them; whether there is a model that has any.
    pub(super) fn show_form_settings(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some(making) = &mut self.making else { return false };
        let meant = making.settings_of.or_else(|| making.meant());
        if let Some(at) = meant {
            making.go_to(Line::Model(at));
        } else {
            desk.say("Add a model first: its settings are shown then.");
        }
        making.settings_of = meant;
        (making.drawer.input, making.drawer.error) = (None, None);
        meant.is_some()
    }

    /// Changes what the model is asked with whose settings are shown.
    fn set_in_form(&mut self, change: impl FnOnce(&mut Setup), desk: &mut Desk<'_>) {
        let mut setup = self.form_setup();
        change(&mut setup);
        let Some(making) = &mut self.making else { return };
        let place = making.settings_of.and_then(|at| making.form.models.get_mut(at));
        if let (Some(place), Some(source)) = (place, source(setup)) {
            *place = source;
            self.estimate(desk);
        }
    }

    /// What an action does while the settings are shown.
    pub(super) fn in_form_settings(&mut self, action: Action, desk: &mut Desk<'_>) {
        let (setup, standing) = (self.form_setup(), self.form_standing());
        let Some(making) = &mut self.making else { return };
        let drawer = &mut making.drawer;
        if drawer.input.is_some() {
            match action {
                Action::Accept => {
                    if let Some(settings) = drawer.accept(&setup.settings) {
                        self.set_in_form(|setup| setup.settings = settings, desk);
                    }
                }
                Action::Cancel => (drawer.input, drawer.error) = (None, None),
                _ => {}
            }
            return;
        }
        let changed = drawer.go(action, &setup.settings, &standing);
        let row = drawer.row();
        match action {
            Action::Back | Action::FocusNext | Action::FocusPrevious => self.toggle_form_settings(desk),
            Action::Open => self.change_form_setting(desk),
            Action::Reset if row == Row::System => self.set_in_form(|setup| setup.system = None, desk),
            _ => {}
        }
        if let Some(settings) = changed {
            self.set_in_form(|setup| setup.settings = settings, desk);
        }
    }

    fn change_form_setting(&mut self, desk: &mut Desk<'_>) {
        let settings = self.form_setup().settings;
        let Some(making) = &mut self.making else { return };
        match making.drawer.row() {
            Row::Model => {
                let at = making.settings_of;
                self.pick(at, desk);
            }
            Row::Preset => self.choose_form_preset(desk),
            Row::System => self.edit_form_system(desk),
            Row::Field(_) => {
                if let Some(pad) = making.drawer.type_value(&settings) {
                    desk.overlays.push(Overlay::Pad(Box::new(pad)));
                }
            }
        }
    }

    pub(super) fn choose_form_preset(&self, desk: &mut Desk<'_>) {
        let menu = menu(&desk.options.presets, &self.form_setup(), None, &self.form_standing());
        desk.overlays.push(Overlay::Menu(menu));
    }

    pub(super) fn edit_form_system(&self, desk: &mut Desk<'_>) {
        let pad = Pad::system(self.form_setup().system.as_deref().unwrap_or_default());
        desk.overlays.push(Overlay::Pad(Box::new(pad)));
    }

    /// Takes what was chosen for the settings; whether it was of them.
    pub(super) fn chosen_for_settings(&mut self, choice: &Choice, desk: &mut Desk<'_>) -> bool {
        match choice {
            Choice::Preset(name) => {
                if let Some(preset) = desk.options.presets.get(name).cloned() {
                    self.set_in_form(|setup| *setup = with(setup, &preset), desk);
                }
            }
            Choice::System(text) => {
                let text = Some(text.clone()).filter(|text| !text.is_empty());
                self.set_in_form(|setup| setup.system = text, desk);
            }
            // The pad took it, so it is one.
            Choice::Setting { field, text } => {
                let mut settings = self.form_setup().settings;
                if settings.set(field.name, text).is_ok() {
                    self.set_in_form(|setup| setup.settings = settings, desk);
                }
            }
            _ => return false,
        }
        true
    }

    /// The mouse over the settings; whether it was there.
    pub(super) fn point_at_settings(&mut self, mouse: Mouse, steps: isize, desk: &mut Desk<'_>) -> bool {
        let Some(making) = &mut self.making else { return false };
        let Some(area) = making.sides(desk.area).drawer else { return false };
        if !area.contains(Position { x: mouse.column, y: mouse.row }) {
            return false;
        }
        let row = row_at(area, mouse.row, making.drawer.selected).filter(|row| *row < rows().len());
        match row {
            _ if steps != 0 => making.drawer.step(steps.signum()),
            Some(row) if mouse.kind == MouseKind::Down(Button::Left) => {
                let again = making.drawer.selected == row;
                making.drawer.choose(row);
                if again {
                    self.change_form_setting(desk);
                }
            }
            _ => {}
        }
        true
    }
}
