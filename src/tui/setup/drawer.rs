//! The rows of the settings drawer: the model, the preset, the system prompt and one row for each field of the domain's table.

use super::Setup;
use crate::config::Preset;
use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::settings::{FIELDS, Field, KNOWLEDGE, Settings};
use crate::tui::action::Action;
use crate::tui::overlay::input::Input;
use crate::tui::overlay::pad::Pad;

/// One row of the drawer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row {
    Model,
    Preset,
    System,
    Field(&'static Field),
}

/// What is selected and typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drawer {
    pub selected: usize,
    /// A value that is being typed.
    pub input: Option<Input>,
    /// Why the last value was not taken.
    pub error: Option<Error>,
}

/// Every row, in order.
pub fn rows() -> impl ExactSizeIterator<Item = Row> {
    (0..FIELDS.len() + 3).map(|at| match at {
        0 => Row::Model,
        1 => Row::Preset,
        2 => Row::System,
        _ => Row::Field(&FIELDS[at - 3]),
    })
}

/// Where stepping begins while the value is left to the default.
fn start(field: &str) -> f64 {
    match field {
        "temperature" => 0.7,
        "top_p" | "repeat_penalty" => 1.0,
        "top_k" => 40.0,
        "max_tokens" => 512.0,
        _ => 0.0,
    }
}

impl Drawer {
    /// The selected row.
    pub fn row(&self) -> Row {
        rows().nth(self.selected).unwrap_or(Row::Model)
    }

    /// Whether the last line says the key of what changes a value: the selected row has one that is changed so.
    pub fn offers(&self, action: Action) -> bool {
        match (action, self.row()) {
            (Action::Decrease | Action::Increase, Row::Field(field)) => {
                field.step > 0.0 || !field.choices.is_empty()
            }
            (Action::Decrease | Action::Increase | Action::Reset, Row::Model | Row::Preset | Row::System) => {
                false
            }
            _ => true,
        }
    }

    /// Moves the selection; it stops at the ends.
    pub fn step(&mut self, steps: isize) {
        self.choose(self.selected.saturating_add_signed(steps).min(rows().len() - 1));
    }

    /// Selects a row. A value that was being typed for another one is dropped: it was not for this.
    pub fn choose(&mut self, row: usize) {
        if row != self.selected {
            self.error = None;
            self.input = None;
        }
        self.selected = row;
    }

    /// Starts typing the value of the selected field: in its row, or in the pad that this gives.
    #[must_use]
    pub fn type_value(&mut self, settings: &Settings) -> Option<Pad> {
        let Row::Field(field) = self.row() else { return None };
        self.error = None;
        if field.is_json() {
            return Some(Pad::setting(field, settings));
        }
        self.input = Some(Input::new(&settings.get(field.name).unwrap_or_default()));
        None
    }

    /// The settings with the typed value; `None` (and the reason kept) where it is not one.
    pub fn accept(&mut self, settings: &Settings) -> Option<Settings> {
        let (Row::Field(field), Some(input)) = (self.row(), &self.input) else { return None };
        let mut changed = settings.clone();
        match changed.set(field.name, input.text()) {
            Ok(()) => {
                self.input = None;
                self.error = None;
                Some(changed)
            }
            Err(error) => {
                self.error = Some(error);
                None
            }
        }
    }

    /// The settings with the selected field one step up or down from what is in force; it stops at the range's ends.
    /// `standing` is what the model is asked with where nothing is set.
    pub fn nudge(&mut self, settings: &Settings, standing: &Settings, direction: f32) -> Option<Settings> {
        let Row::Field(field) = self.row() else { return None };
        if field.step <= 0.0 && field.choices.is_empty() {
            return None;
        }
        self.error = None;
        let now = settings.get(field.name).or_else(|| standing.get(field.name));
        if !field.choices.is_empty() {
            let at = now.and_then(|now| field.choices.iter().position(|choice| *choice == now));
            let last = field.choices.len() - 1;
            let next = match at {
                Some(at) if direction > 0.0 => (at + 1).min(last),
                Some(at) => at.saturating_sub(1),
                None => 0,
            };
            let mut changed = settings.clone();
            return changed.set(field.name, field.choices[next]).ok().map(|()| changed);
        }
        let now = now.and_then(|value| value.parse::<f64>().ok());
        let step = f64::from(field.step);
        // Steps lie on a grid, so that 0.1 up and 0.1 down come back to the same text.
        let next = match now {
            Some(value) => ((value / step).round() + f64::from(direction)) * step,
            None => start(field.name),
        };
        let mut changed = settings.clone();
        let text = |value: f64| {
            let rounded = format!("{value:.2}");
            rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        let low = if field.name == "max_tokens" || field.name == "top_p" { step } else { 0.0 };
        changed.set(field.name, &text(next.max(low))).ok().map(|()| changed)
    }

    /// What an action does among the rows; the settings where it changed them.
    pub fn go(&mut self, action: Action, settings: &Settings, standing: &Settings) -> Option<Settings> {
        match action {
            Action::Decrease => return self.nudge(settings, standing, -1.0),
            Action::Increase => return self.nudge(settings, standing, 1.0),
            Action::Reset => return self.reset(settings),
            Action::SelectNext => self.step(1),
            Action::SelectPrevious => self.step(-1),
            Action::SelectFirst => self.step(isize::MIN),
            Action::SelectLast => self.step(isize::MAX),
            _ => {}
        }
        None
    }

    /// The settings with the selected field left to the default.
    pub fn reset(&mut self, settings: &Settings) -> Option<Settings> {
        let Row::Field(field) = self.row() else { return None };
        self.error = None;
        settings.get(field.name)?;
        let mut changed = settings.clone();
        changed.set(field.name, "").ok().map(|()| changed)
    }
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// Set in this conversation.
    Here,
    Preset(&'a str),
    /// `[defaults]` of the config file.
    Config,
    /// What the model, or its file, asks for.
    Model,
    /// Nobody here knows: the server has its own.
    Server,
    /// It is not set, and nobody else sets it.
    Nobody,
}

/// The value of a field that is in force, and where it comes from.
pub fn value<'a>(
    field: &Field,
    setup: &Setup,
    standing: &Settings,
    preset: Option<(&'a str, &Preset)>,
    defaults: &Settings,
) -> (String, Source<'a>) {
    if let Some(value) = setup.settings.get(field.name) {
        let of = |settings: &Settings| settings.get(field.name).as_ref() == Some(&value);
        let source = match preset {
            Some((name, preset)) if of(&preset.settings) => Source::Preset(name),
            _ if of(defaults) => Source::Config,
            _ => Source::Here,
        };
        return (setup.settings.shown(field.name).unwrap_or(value), source);
    }
    if let Some(value) = standing.get(field.name) {
        return (value, Source::Model);
    }
    let local = setup.model.as_ref().is_some_and(ModelId::is_local);
    let (words, source) = match field.name {
        "seed" => ("random", Source::Nobody),
        "stop" | "tools" | "tool_choice" | "response_schema" | KNOWLEDGE => ("none", Source::Nobody),
        "cache" => ("off", Source::Nobody),
        "repeat_penalty" if local => ("none", Source::Nobody),
        "max_tokens" if local => ("no limit", Source::Nobody),
        _ if local => ("its own", Source::Model),
        _ => ("its own", Source::Server),
    };
    (words.to_owned(), source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(name: &str) -> Drawer {
        let selected = rows().position(|row| matches!(row, Row::Field(f) if f.name == name)).unwrap();
        Drawer { selected, ..Drawer::default() }
    }

    #[test]
    fn steps_go_up_and_down_on_a_grid_and_stop_at_the_ends() {
        let mut drawer = at("temperature");
        let mut settings = drawer.nudge(&Settings::default(), &Settings::default(), 1.0).unwrap();
        assert_eq!(settings.get("temperature").as_deref(), Some("0.7"));
        for _ in 0..40 {
            settings = drawer.nudge(&settings, &Settings::default(), 1.0).unwrap_or(settings);
        }
        assert_eq!(settings.get("temperature").as_deref(), Some("2"));
        for _ in 0..40 {
            settings = drawer.nudge(&settings, &Settings::default(), -1.0).unwrap_or(settings);
        }
        assert_eq!(settings.get("temperature").as_deref(), Some("0"));
        assert_eq!(drawer.reset(&settings), Some(Settings::default()));
    }

    #[test]
    fn words_are_stepped_through_and_stop_at_their_ends() {
        let mut drawer = at("reasoning");
        let mut settings = Settings::default();
        let mut seen = Vec::new();
        for direction in [1.0, 1.0, 1.0, 1.0, 1.0, -1.0] {
            settings = drawer.nudge(&settings, &Settings::default(), direction).unwrap();
            seen.push(settings.get("reasoning").unwrap());
        }
        assert_eq!(seen, ["off", "low", "medium", "high", "high", "medium"]);
    }

    #[test]
    fn every_field_can_be_stepped_or_typed() {
        for field in FIELDS {
            let mut drawer = at(field.name);
            if field.step > 0.0 || !field.choices.is_empty() {
                assert!(
                    drawer.nudge(&Settings::default(), &Settings::default(), -1.0).is_some(),
                    "{}",
                    field.name
                );
            }
            let pad = drawer.type_value(&Settings::default());
            assert_eq!((drawer.input.is_some(), pad.is_some()), (!field.is_json(), field.is_json()));
        }
    }

    #[test]
    fn a_wrong_value_stays_in_the_line_and_says_why() {
        let mut drawer = at("temperature");
        assert_eq!(drawer.type_value(&Settings::default()), None);
        drawer.input = Some(Input::new("9"));
        assert_eq!(drawer.accept(&Settings::default()), None);
        assert!(drawer.error.as_ref().unwrap().hint.contains("0 – 2") && drawer.input.is_some());
        drawer.input = Some(Input::new("0.3"));
        assert_eq!(drawer.accept(&Settings::default()).unwrap().temperature, Some(0.3));
    }

    #[test]
    fn a_step_goes_from_the_number_in_force() {
        let standing = Settings { temperature: Some(0.9), ..Settings::default() };
        let changed = at("temperature").nudge(&Settings::default(), &standing, 1.0).unwrap();
        assert_eq!(changed.get("temperature").as_deref(), Some("1"));
    }

    #[test]
    fn every_value_says_where_it_comes_from() {
        let field = &FIELDS[0];
        let mut setup = Setup { model: "local/a".parse().ok(), ..Setup::default() };
        let standing = Settings { temperature: Some(0.7), ..Settings::default() };
        let defaults = Settings { temperature: Some(0.2), ..Settings::default() };
        let preset = Preset {
            settings: Settings { temperature: Some(0.1), ..Settings::default() },
            ..Preset::default()
        };
        let mut seen = |now: Option<f32>| {
            setup.settings.temperature = now;
            let (text, source) = value(field, &setup, &standing, Some(("exact", &preset)), &defaults);
            (text, source)
        };
        assert_eq!(seen(None), ("0.7".into(), Source::Model));
        assert_eq!(seen(Some(0.1)), ("0.1".into(), Source::Preset("exact")));
        assert_eq!(seen(Some(0.2)), ("0.2".into(), Source::Config));
        assert_eq!(seen(Some(0.3)), ("0.3".into(), Source::Here));
    }
}
