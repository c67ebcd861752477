//! A new evaluation while it is put together: what its form says, and the plan that comes of it.

use super::form::{Asked, Brought, Form, Row, is_like, numbered, words};
use crate::domain::Error;
use crate::domain::evaluation::job::{Estimate, Plan, Source};
use crate::domain::evaluation::metric::{MOST_ANSWERS, Method};
use crate::domain::evaluation::{Dataset, Metric, TaskDefinition};
use crate::tui::effect::TaskId;
use crate::tui::keymap::Context;
use crate::tui::overlay::prompt::Blank;
use crate::tui::setup::drawer::Drawer;

/// Repeats are asked for in steps of so many in a hundred items, up to half of them.
const REPEATS: (u8, u8) = (5, 50);
/// A step of how many items.
const ITEMS: u32 = 10;

/// What the door said of the plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Told {
    #[default]
    Nothing,
    Estimate(Estimate),
    Wrong(Error),
}

/// The form and what is known of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Making {
    pub form: Form,
    /// The name that it has where none was entered.
    pub usual: String,
    /// The dataset that it was opened with.
    begun: Option<Dataset>,
    pub selected: usize,
    pub told: Told,
    /// What the answers may cost is asked.
    pub asking: Option<TaskId>,
    /// Whose answers the dataset brings is looked up.
    pub looking: Option<TaskId>,
    pub creating: Option<TaskId>,
    /// The model whose place the chosen one takes.
    pub choosing: Option<usize>,
    /// The model whose settings are shown: keys go to them.
    pub settings_of: Option<usize>,
    pub drawer: Drawer,
}

impl Making {
    /// An empty form, or one for that dataset.
    pub fn of(begun: Option<Dataset>) -> Self {
        Self { begun, ..Self::default() }
    }

    /// Something was entered that would be lost.
    pub fn is_entered(&self) -> bool {
        let brought =
            self.form.brought.iter().map(|known| Brought { rated: known.is_whole(), ..known.clone() });
        let brought = brought.collect();
        self.form != Form { dataset: self.begun.clone(), brought, ..Form::default() }
    }

    pub fn name(&self) -> &str {
        self.form.name.as_deref().unwrap_or(&self.usual)
    }

    /// The lines that there are.
    pub fn rows(&self) -> Vec<Row> {
        let form = &self.form;
        let mut rows = vec![Row::Name, Row::Dataset];
        rows.extend((0..form.models.len()).map(Row::Model));
        if self.sources().len() < MOST_ANSWERS {
            rows.push(Row::AddModel);
        }
        rows.extend((0..form.brought.len()).map(Row::Brought));
        for at in 0..self.task().metrics.len() {
            rows.extend([Row::Method(at), Row::Metric(at), Row::Description(at), Row::Labels(at)]);
        }
        rows.extend([Row::AddMetric, Row::Instructions]);
        rows.extend([Row::Raters, Row::Repeats, Row::Names, Row::Sides, Row::SelfNaming, Row::Items]);
        rows
    }

    /// The selected line.
    pub fn row(&self) -> Row {
        self.rows().get(self.selected).copied().unwrap_or(Row::Name)
    }

    /// Which keys hold: on a line that holds a text, letters are its.
    pub fn context(&self) -> Context {
        if self.row().is_text() { Context::MakingText } else { Context::Making }
    }

    /// What was entered in the selected line, if it is one that is written; empty where the usual stands.
    pub fn written(&self) -> Option<(Blank, String)> {
        let form = &self.form;
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        let number =
            |number: u32, usual: u32| if number == usual { String::new() } else { number.to_string() };
        let asked = |at: usize| form.metrics.get(at);
        Some(match self.row() {
            Row::Name => (Blank::Name, said(&form.name)),
            Row::Metric(at) => (Blank::Metric(at), said(&asked(at)?.name)),
            Row::Description(at) => (Blank::Description(at), said(&asked(at)?.description)),
            Row::Labels(at) => (Blank::Labels(at), asked(at)?.labels.join(", ")),
            Row::Instructions => (Blank::Instructions, said(&form.instructions)),
            Row::Raters => (Blank::Raters, number(form.raters, 1)),
            Row::Repeats => (Blank::Repeats, number(form.repeats.into(), 0)),
            Row::Items => (Blank::Items, number(form.limit.unwrap_or(0), 0)),
            _ => return None,
        })
    }

    pub fn select(&mut self, at: usize) {
        self.selected = at.min(self.rows().len().saturating_sub(1));
    }

    /// Moves to that line, wherever it stands now.
    pub fn go_to(&mut self, row: Row) {
        let at = self.rows().iter().position(|other| *other == row);
        self.select(at.unwrap_or(self.selected));
    }

    /// Whose answers are rated.
    pub fn sources(&self) -> Vec<Source> {
        let brought = self.form.brought.iter().filter(|known| known.rated);
        let brought = brought.map(|known| Source { name: known.name.clone(), column: None });
        self.form.models.iter().cloned().chain(brought).collect()
    }

    /// What raters will be asked, with the usual where nothing was entered.
    pub fn task(&self) -> TaskDefinition {
        let form = &self.form;
        let answers = self.sources().len();
        let mut metrics: Vec<Metric> = Vec::new();
        if form.metrics != [Asked::default()]
            && let Some(usual) = TaskDefinition::named("").filled(answers).metrics.pop()
        {
            for asked in &form.metrics {
                let method = asked.method.unwrap_or(usual.method);
                let (name, description) = if method == usual.method {
                    (usual.name.clone(), usual.description.clone())
                } else {
                    words(method)
                };
                let is_taken = |name: &str| metrics.iter().any(|other| is_like(&other.name, name));
                let name = asked.name.clone().unwrap_or_else(|| numbered(&name, is_taken));
                let description = asked.description.clone().unwrap_or(description);
                let labels = asked.labels.clone();
                metrics.push(Metric { name, description, method, labels });
            }
        }
        let task = TaskDefinition {
            instructions: form.instructions.clone().unwrap_or_default(),
            metrics,
            raters_per_item: form.raters,
            blinding: form.blinding,
            repeats: form.repeats,
            ..TaskDefinition::named(self.name())
        };
        task.filled(answers)
    }

    /// What the evaluation would be made of, or what the form lacks for that.
    pub fn plan(&self) -> Result<Plan, &'static str> {
        let Some(dataset) = &self.form.dataset else {
            return Err("A dataset is needed: the questions that are answered.");
        };
        let sources = self.sources();
        if sources.is_empty() {
            return Err(match self.looking {
                Some(_) => "Looking whose answers the dataset brings…",
                None => "Answers are needed: of a model that is asked, or such as the dataset brings.",
            });
        }
        if self.twin().is_some() {
            return Err("Two of those who answer are the same model, asked the same way.");
        }
        let limit = self.form.limit.filter(|limit| *limit < dataset.items);
        Ok(Plan { task: self.task(), dataset: dataset.name.clone(), sources, known: Vec::new(), limit })
    }

    /// One step more or less in the selected line; whether it is one that has steps.
    pub fn step(&mut self, up: bool) -> bool {
        let by =
            |value: u32, step: u32| if up { value.saturating_add(step) } else { value.saturating_sub(step) };
        let items = self.form.dataset.as_ref().map_or(u32::MAX, |dataset| dataset.items);
        match self.row() {
            Row::Method(nth) => {
                let methods = Method::ALL;
                let now = self.task().metrics.get(nth).map(|metric| metric.method);
                let at = methods.iter().position(|method| Some(*method) == now).unwrap_or(0);
                let at = if up { at + 1 } else { at.saturating_sub(1) };
                self.take_method(nth, methods.get(at).copied().or(now));
            }
            Row::Raters => self.form.raters = by(self.form.raters, 1).max(1),
            Row::Repeats => {
                let more = by(self.form.repeats.into(), REPEATS.0.into()).min(REPEATS.1.into());
                self.form.repeats = u8::try_from(more).unwrap_or(REPEATS.1);
            }
            Row::Items if items < u32::MAX => {
                let few = by(self.form.limit.unwrap_or(items), ITEMS).max(1);
                self.form.limit = Some(few).filter(|few| *few < items);
            }
            _ => return self.toggle(),
        }
        true
    }

    /// How a thing is rated.
    pub fn take_method(&mut self, nth: usize, method: Option<Method>) {
        if let Some(asked) = self.form.metrics.get_mut(nth) {
            // Words for what is said another way mean nothing any more.
            if asked.method != method {
                asked.labels.clear();
            }
            asked.method = method;
        }
        self.go_to(Row::Method(nth));
    }

    /// One thing more is rated, from its first line on.
    pub fn add_metric(&mut self) {
        self.form.metrics.push(Asked::default());
        self.go_to(Row::Method(self.form.metrics.len() - 1));
    }

    /// The thing that the selected line is of is not rated any more; whether there is another one.
    pub fn remove_metric(&mut self, nth: usize) -> bool {
        if self.form.metrics.len() < 2 || nth >= self.form.metrics.len() {
            return false;
        }
        self.form.metrics.remove(nth);
        self.go_to(Row::Method(nth.min(self.form.metrics.len() - 1)));
        true
    }

    /// Turns the selected line over; whether it is one that can be.
    pub fn toggle(&mut self) -> bool {
        let row = self.row();
        let blinding = &mut self.form.blinding;
        let on = match row {
            Row::Names => &mut blinding.models,
            Row::Sides => &mut blinding.sides,
            Row::SelfNaming => &mut blinding.self_naming,
            Row::Brought(at) => match self.form.brought.get_mut(at) {
                Some(known) => &mut known.rated,
                None => return false,
            },
            _ => return false,
        };
        *on = !*on;
        // There may be one line more or less above it now.
        self.go_to(row);
        true
    }

    /// The selected line says the usual again; a model is asked no more.
    pub fn reset(&mut self) {
        let (row, usual) = (self.row(), Form::default());
        let form = &mut self.form;
        match row {
            Row::Name => form.name = None,
            Row::Model(at) => {
                form.models.remove(at);
                self.select(self.selected);
            }
            Row::Brought(at) => {
                if form.brought.get(at).is_some_and(|known| known.rated) {
                    self.toggle();
                }
            }
            Row::Method(at) => self.take_method(at, None),
            Row::Metric(at) | Row::Description(at) | Row::Labels(at) => {
                let Some(asked) = form.metrics.get_mut(at) else { return };
                match row {
                    Row::Metric(_) => asked.name = None,
                    Row::Description(_) => asked.description = None,
                    _ => asked.labels.clear(),
                }
            }
            Row::Instructions => form.instructions = None,
            Row::Raters => form.raters = usual.raters,
            Row::Repeats => form.repeats = usual.repeats,
            Row::Names => form.blinding.models = usual.blinding.models,
            Row::Sides => form.blinding.sides = usual.blinding.sides,
            Row::SelfNaming => form.blinding.self_naming = usual.blinding.self_naming,
            Row::Items => form.limit = None,
            Row::Dataset | Row::AddModel | Row::AddMetric => {}
        }
    }

    /// What was written for a blank; nothing is the usual.
    pub fn fill(&mut self, blank: Blank, text: &str) {
        let form = &mut self.form;
        let said = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        match blank {
            Blank::Name => form.name = said,
            Blank::Metric(at) | Blank::Description(at) | Blank::Labels(at) => {
                let Some(asked) = form.metrics.get_mut(at) else { return };
                match blank {
                    Blank::Metric(_) => asked.name = said,
                    Blank::Description(_) => asked.description = said,
                    _ => {
                        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                        asked.labels = words.map(str::to_owned).collect();
                    }
                }
            }
            Blank::Instructions => form.instructions = said,
            Blank::Raters => form.raters = text.parse().unwrap_or(1),
            Blank::Repeats => form.repeats = text.parse().unwrap_or(0),
            Blank::Items => form.limit = text.parse().ok(),
        }
    }
}
