//! The settings drawer: the model, the preset, the system prompt and one row for each field of the domain's table.

use super::thread::Setup;
use crate::domain::Error;
use crate::domain::settings::{FIELDS, Field, Settings};
use crate::tui::overlay::input::Input;

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
        "top_p" => 1.0,
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

    /// Starts typing the value of the selected field.
    pub fn type_value(&mut self, settings: &Settings) {
        if let Row::Field(field) = self.row() {
            self.error = None;
            self.input = Some(Input::new(&settings.get(field.name).unwrap_or_default()));
        }
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

    /// The settings with the selected field one step up or down; it stops at the range's ends.
    pub fn nudge(&mut self, settings: &Settings, direction: f32) -> Option<Settings> {
        let Row::Field(field) = self.row() else { return None };
        if field.step <= 0.0 {
            return None;
        }
        self.error = None;
        let now = settings.get(field.name).and_then(|v| v.parse::<f64>().ok());
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

    /// The settings with the selected field left to the default.
    pub fn reset(&mut self, settings: &Settings) -> Option<Settings> {
        let Row::Field(field) = self.row() else { return None };
        self.error = None;
        settings.get(field.name)?;
        let mut changed = settings.clone();
        changed.set(field.name, "").ok().map(|()| changed)
    }
}

/// What a row shows and whether the person changed it.
pub fn value(row: Row, setup: &Setup) -> (String, bool) {
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    match row {
        Row::Model => (setup.model.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string), false),
        Row::Preset => (String::new(), false),
        Row::System => match &setup.system {
            Some(system) if !system.is_empty() => (first_line(system), true),
            _ => ("none".to_owned(), false),
        },
        Row::Field(field) => match setup.settings.get(field.name) {
            Some(value) => (value, true),
            None => ("default".to_owned(), false),
        },
    }
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
        let mut settings = drawer.nudge(&Settings::default(), 1.0).unwrap();
        assert_eq!(settings.get("temperature").as_deref(), Some("0.7"));
        for _ in 0..40 {
            settings = drawer.nudge(&settings, 1.0).unwrap_or(settings);
        }
        assert_eq!(settings.get("temperature").as_deref(), Some("2"));
        for _ in 0..40 {
            settings = drawer.nudge(&settings, -1.0).unwrap_or(settings);
        }
        assert_eq!(settings.get("temperature").as_deref(), Some("0"));
        assert_eq!(drawer.reset(&settings), Some(Settings::default()));
    }

    #[test]
    fn every_field_can_be_stepped_or_typed() {
        for field in FIELDS {
            let mut drawer = at(field.name);
            if field.step > 0.0 {
                assert!(drawer.nudge(&Settings::default(), -1.0).is_some(), "{}", field.name);
            }
            drawer.type_value(&Settings::default());
            assert!(drawer.input.is_some());
        }
    }

    #[test]
    fn a_wrong_value_stays_in_the_line_and_says_why() {
        let mut drawer = at("temperature");
        drawer.type_value(&Settings::default());
        drawer.input = Some(Input::new("9"));
        assert_eq!(drawer.accept(&Settings::default()), None);
        assert!(drawer.error.as_ref().unwrap().hint.contains("0 – 2") && drawer.input.is_some());
        drawer.input = Some(Input::new("0.3"));
        assert_eq!(drawer.accept(&Settings::default()).unwrap().temperature, Some(0.3));
    }
}
