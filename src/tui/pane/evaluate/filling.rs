//! Putting a new evaluation together: what keys do to its form, and what is asked of the door for it.

use super::State;
use super::asked_with::source;
use super::form::{Row, is_like, methods, named_after, whose};
use super::making::{Making, Told};
use crate::domain::Error;
use crate::domain::catalog::ModelId;
use crate::domain::evaluation::Dataset;
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::metric::MOST_ANSWERS;
use crate::domain::figures::count;
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TaskId};
use crate::tui::keymap::Context;
use crate::tui::models::Stock;
use crate::tui::overlay::input::Input;
use crate::tui::overlay::menu::{Entry, Menu};
use crate::tui::overlay::pad::Pad;
use crate::tui::overlay::picker::{Picker, Purpose};
use crate::tui::overlay::prompt::{Blank, Prompt};
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::setup::Setup;
use crate::tui::setup::drawer::Row as Setting;
use crate::tui::stroke::Stroke;
use crate::tui::widget::composer::Composer;
use crate::workbench::request::datasets::Datasets;
use crate::workbench::request::evaluations::Evaluations;
use crate::workbench::{Reply, Request};

/// Estimates replace each other: the latest plan counts.
const LANE: Lane = Lane("evaluation estimate");

impl State {
    /// Opens the form, for that dataset where one is meant.
    pub(super) fn make(&mut self, dataset: Option<Dataset>, desk: &mut Desk<'_>) {
        self.making = Some(Making::of(dataset.clone()));
        self.read_datasets(desk);
        if let Some(dataset) = dataset {
            self.take_dataset(dataset, desk);
        }
    }

    /// Opens the form for a dataset to which another place has added.
    pub fn make_of(&mut self, dataset: Dataset, desk: &mut Desk<'_>) {
        if self.sitting.is_some() {
            let key = desk.key(Context::Datasets, Action::NewEvaluation);
            let name = safe_line(&dataset.name).into_owned();
            return desk.say(format!(
                "Somebody rates here. Among the datasets {key} makes an evaluation of {name}."
            ));
        }
        (self.results, self.shelf.open) = (None, false);
        if let Some(making) = self.making.take().filter(Making::is_entered) {
            self.aside = Some(making);
        }
        // Whoever begins anew is known by it.
        self.shelf.list.retain(|known| known.id != dataset.id);
        self.shelf.list.insert(0, dataset.clone());
        self.begin(Some(dataset), desk);
    }

    /// The name that the new one has by itself, now that those are known which there are.
    pub(super) fn name_usually(&mut self) {
        let Some(making) = &mut self.making else { return };
        let Some(dataset) = &making.form.dataset else { return };
        let is_taken = |name: &str| self.list.iter().any(|other| is_like(other.name(), name));
        making.usual = named_after(&dataset.name, is_taken);
    }

    /// Opens the form, or asks first where one lies aside that was begun.
    pub(super) fn begin(&mut self, dataset: Option<Dataset>, desk: &mut Desk<'_>) {
        let Some(aside) = &self.aside else { return self.make(dataset, desk) };
        let entry = |label: String, detail: &str, choice| Entry {
            label,
            detail: detail.to_owned(),
            right: String::new(),
            current: false,
            off: false,
            choice,
            words: &[],
        };
        let name = match aside.name() {
            "" => "what was begun".to_owned(),
            name => safe_line(name).into_owned(),
        };
        let anew = Choice::MakeAnew(dataset.map(|dataset| dataset.id));
        let entries = vec![
            entry(format!("go on with {name}"), "as it was left", Choice::GoOnMaking),
            entry("begin anew".to_owned(), "what was entered is dropped", anew),
        ];
        desk.overlays.push(Overlay::Menu(Menu::new("A new evaluation", "take it", "", entries)));
    }

    /// Takes what was chosen of a form that lies aside.
    pub(super) fn begun(&mut self, choice: &Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::GoOnMaking => {
                let Some(mut aside) = self.aside.take() else { return };
                let unknown = aside.form.dataset.clone().filter(|_| aside.looking.is_some());
                (aside.asking, aside.looking) = (None, None);
                self.making = Some(aside);
                self.read_datasets(desk);
                match unknown {
                    Some(dataset) => self.take_dataset(dataset, desk),
                    None => self.estimate(desk),
                }
            }
            Choice::MakeAnew(id) => {
                self.aside = None;
                let dataset = self.shelf.list.iter().find(|dataset| Some(dataset.id) == *id).cloned();
                self.make(dataset, desk);
            }
            _ => {}
        }
    }

    /// Leaves the form; what was entered lies aside until it is gone on with.
    fn put_aside(&mut self, desk: &mut Desk<'_>) {
        let Some(making) = self.making.take().filter(Making::is_entered) else { return };
        self.aside = Some(making);
        let context = if self.shelf.open { Context::Datasets } else { Context::Evaluations };
        desk.say(format!("Put aside; {} goes on with it.", desk.key(context, Action::NewEvaluation)));
    }

    /// Something was entered of an evaluation that is not made.
    pub fn has_unmade(&self) -> bool {
        self.aside.is_some() || self.making.as_ref().is_some_and(Making::is_entered)
    }

    /// What is known of the models.
    pub fn restock(&mut self, stock: &Stock, asking: bool) {
        self.asks_models = asking;
        if !self.stock.is(stock) {
            self.stock = stock.clone();
        }
    }

    /// Whether the action opens the list of models: what is in it is to be new.
    pub fn picks_model(&self, action: Action) -> bool {
        let open = self.making.as_ref().filter(|_| self.sitting.is_none());
        open.is_some_and(|making| match action {
            Action::AddSource | Action::ChooseModel => true,
            Action::Open if making.settings_of.is_some() => making.drawer.row() == Setting::Model,
            Action::Open => matches!(making.row(), Row::Model(_) | Row::AddModel),
            _ => false,
        })
    }

    pub(super) fn can_make(action: Action) -> bool {
        use Action as A;
        let moves = matches!(
            action,
            A::SelectNext | A::SelectPrevious | A::SelectFirst | A::SelectLast | A::PageDown | A::PageUp
        );
        let changes = matches!(
            action,
            A::Open
                | A::AddSource
                | A::AddMetric
                | A::Delete
                | A::Decrease
                | A::Increase
                | A::Reset
                | A::EditInEditor
        );
        // What a model is asked with is changed here; the chat's is not meant.
        let settings = matches!(
            action,
            A::ToggleSettings | A::ChooseModel | A::ChoosePreset | A::EditSystem | A::Accept | A::Cancel
        );
        let leaves = matches!(action, A::CreateEvaluation | A::Back | A::FocusNext | A::FocusPrevious);
        moves || changes || settings || leaves
    }

    /// What is done in the form.
    pub(super) fn in_form(&mut self, action: Action, desk: &mut Desk<'_>) {
        let Some(making) = &self.making else { return };
        match action {
            Action::ToggleSettings => return self.toggle_form_settings(desk),
            Action::ChooseModel => {
                let at = match making.row() {
                    Row::Model(at) => Some(making.settings_of.unwrap_or(at)),
                    _ => making.settings_of,
                };
                return self.pick(at, desk);
            }
            Action::ChoosePreset | Action::EditSystem => {
                if self.show_form_settings(desk) {
                    match action {
                        Action::ChoosePreset => self.choose_form_preset(desk),
                        _ => self.edit_form_system(desk),
                    }
                }
                return;
            }
            _ if making.settings_of.is_some() => return self.in_form_settings(action, desk),
            _ => {}
        }
        let Some(making) = &mut self.making else { return };
        let page = usize::from(making.area(desk.area).height).max(1);
        let at = making.selected;
        let before = making.plan();
        match action {
            Action::SelectNext | Action::FocusNext => making.select(at + 1),
            Action::SelectPrevious | Action::FocusPrevious => making.select(at.saturating_sub(1)),
            Action::SelectFirst => making.select(0),
            Action::SelectLast => making.select(usize::MAX),
            Action::PageDown => making.select(at + page),
            Action::PageUp => making.select(at.saturating_sub(page)),
            Action::Decrease | Action::Increase => {
                making.step(action == Action::Increase);
            }
            Action::Reset => making.reset(),
            Action::Delete if matches!(making.row(), Row::Model(_) | Row::Brought(_)) => making.reset(),
            Action::Delete => match making.row() {
                Row::Method(at) | Row::Metric(at) | Row::Description(at) | Row::Labels(at) => {
                    if !making.remove_metric(at) {
                        desk.say("One thing at least is rated.");
                    }
                }
                _ => desk.say("Only whose answers are rated, and what of them, is taken away."),
            },
            Action::AddMetric => making.add_metric(),
            Action::AddSource => return self.pick(None, desk),
            Action::Open => self.change_row(desk),
            Action::EditInEditor => desk.ask(Effect::Edit(making.task().instructions)),
            Action::CreateEvaluation => return self.create(desk),
            Action::Back if making.creating.is_some() => desk.say("It is being made."),
            Action::Back => self.put_aside(desk),
            _ => {}
        }
        if self.making.as_ref().is_some_and(|making| making.plan() != before) {
            self.estimate(desk);
        }
    }

    /// Changes the selected line, or asks with what.
    fn change_row(&mut self, desk: &mut Desk<'_>) {
        let Some(making) = &mut self.making else { return };
        let task = making.task();
        let metric = |at: usize| task.metrics.get(at);
        let ask = |blank, before: &str| Overlay::Prompt(Prompt::blank(blank, before));
        let number = |number: u32| if number == 0 { String::new() } else { number.to_string() };
        let overlay = match making.row() {
            Row::Name => ask(Blank::Name, making.name()),
            Row::Dataset => return self.choose_dataset(desk),
            Row::Model(at) => return self.pick(Some(at), desk),
            Row::AddModel => return self.pick(None, desk),
            Row::Method(at) => {
                let menu = methods(metric(at).map(|metric| metric.method));
                Overlay::Menu(menu.below(making.row_of_selected(desk.area)))
            }
            Row::Metric(at) => ask(Blank::Metric(at), metric(at).map_or("", |metric| &metric.name)),
            Row::Description(at) => {
                ask(Blank::Description(at), metric(at).map_or("", |metric| &metric.description))
            }
            Row::Labels(at) => {
                let labels = metric(at).map(|metric| metric.labels.join(", "));
                ask(Blank::Labels(at), labels.as_deref().unwrap_or_default())
            }
            Row::AddMetric => {
                making.add_metric();
                return;
            }
            Row::Instructions => Overlay::Pad(Box::new(Pad::instructions(&task.instructions))),
            Row::Raters => ask(Blank::Raters, &number(making.form.raters)),
            Row::Repeats => ask(Blank::Repeats, &number(making.form.repeats.into())),
            Row::Items => ask(Blank::Items, &number(making.form.limit.unwrap_or(0))),
            Row::Brought(_) | Row::Names | Row::Sides | Row::SelfNaming => {
                making.toggle();
                return;
            }
        };
        desk.overlays.push(overlay);
    }

    /// Writing begins on a line of the form that is written: it goes on where something was entered, and anew where the usual
    /// stands.
    pub(super) fn type_in_form(&self, stroke: Stroke, desk: &mut Desk<'_>) {
        let Some(making) = self.form_in_front() else { return };
        let Some((blank, before)) = making.written() else { return };
        let is_text = making.row().is_text();
        let begins = match stroke {
            Stroke::Types(c) => is_text || c.is_ascii_digit(),
            Stroke::Edits { .. } => is_text && !before.is_empty(),
        };
        if !begins {
            return;
        }
        let line = |line: &mut Input| {
            line.press(stroke);
        };
        let long = |text: &mut Composer| {
            text.press(stroke);
        };
        desk.overlays.push(writing(blank, &before, line, long));
    }

    /// A pasted text goes into the selected line, if that is written.
    pub(super) fn paste_in_form(&self, text: &str, desk: &mut Desk<'_>) {
        let Some(making) = self.form_in_front().filter(|making| making.row().is_text()) else { return };
        if let Some((blank, before)) = making.written() {
            desk.overlays.push(writing(blank, &before, |line| line.insert(text), |long| long.paste(text)));
        }
    }

    /// The form, where keys go to its lines.
    fn form_in_front(&self) -> Option<&Making> {
        let open = self.sitting.is_none() && self.results.is_none() && self.closed.is_none();
        self.making.as_ref().filter(|making| open && making.settings_of.is_none())
    }

    /// Opens the list of models, for one more or for another one in the place of that one.
    pub(super) fn pick(&mut self, choosing: Option<usize>, desk: &mut Desk<'_>) {
        let Some(making) = &mut self.making else { return };
        if choosing.is_none() && making.sources().len() >= MOST_ANSWERS {
            return desk.say(format!("{MOST_ANSWERS} answers are the most."));
        }
        making.choosing = choosing;
        let column = choosing.and_then(|at| making.form.models.get(at)?.column.as_ref());
        let model = column.map(|column| &column.model);
        let picker =
            Picker::new(Purpose::Talking, self.stock.clone(), model, self.asks_models, desk.now.wall);
        desk.overlays.push(Overlay::Picker(Box::new(picker)));
    }

    fn choose_dataset(&self, desk: &mut Desk<'_>) {
        let Some(making) = &self.making else { return };
        let now = making.form.dataset.as_ref();
        let entry = |dataset: &Dataset| Entry {
            label: dataset.name.clone(),
            detail: String::new(),
            right: count(dataset.items.into(), "item", "items"),
            current: now.is_some_and(|now| now.id == dataset.id),
            off: dataset.items == 0,
            choice: Choice::TakeDataset(dataset.id),
            words: &[],
        };
        let entries = self.shelf.list.iter().map(entry).collect();
        let menu = Menu::new("Datasets", "take it", "The datasets are being read.", entries);
        desk.overlays.push(Overlay::Menu(menu.below(making.row_of_selected(desk.area))));
    }

    /// Takes what was chosen over the form, if it is of it.
    pub(super) fn chosen_in_form(&mut self, choice: &Choice, desk: &mut Desk<'_>) {
        if self.chosen_for_settings(choice, desk) {
            return;
        }
        let Some(making) = &mut self.making else { return };
        let before = making.plan();
        match choice {
            Choice::TakeDataset(id) => {
                if let Some(dataset) = self.shelf.list.iter().find(|dataset| dataset.id == *id).cloned() {
                    return self.take_dataset(dataset, desk);
                }
            }
            Choice::TakeMethod(method) => {
                if let Row::Method(at) = making.row() {
                    making.take_method(at, Some(*method));
                }
            }
            Choice::Model(model) => self.take_model(model, desk),
            Choice::Fill(blank, text) => making.fill(*blank, text),
            _ => return,
        }
        if self.making.as_ref().is_some_and(|making| making.plan() != before) {
            self.estimate(desk);
        }
    }

    /// Takes the instructions that come back from the editor.
    pub(super) fn take_instructions(&mut self, text: &str, desk: &mut Desk<'_>) {
        self.chosen_in_form(&Choice::Fill(Blank::Instructions, text.to_owned()), desk);
    }

    /// The questions are those of this dataset; who has answered them already is looked up.
    fn take_dataset(&mut self, dataset: Dataset, desk: &mut Desk<'_>) {
        let is_taken = |name: &str| self.list.iter().any(|other| is_like(other.name(), name));
        let usual = named_after(&dataset.name, is_taken);
        let Some(making) = &mut self.making else { return };
        making.usual = usual;
        making.form.brought.clear();
        let request = Datasets::Answered { id: dataset.id };
        making.looking = Some(desk.call(Some(Lane("evaluation brings")), Request::Datasets(request)));
        making.form.dataset = Some(dataset);
        making.go_to(Row::Dataset);
        self.estimate(desk);
    }

    /// One model more, or another one in the place of one.
    fn take_model(&mut self, model: &ModelId, desk: &mut Desk<'_>) {
        let Some(making) = &mut self.making else { return };
        let place = making.choosing.take().filter(|at| *at < making.form.models.len());
        if let Some(at) = place {
            // Another model, asked as the one was whose place it takes.
            let setup = Setup { model: Some(model.clone()), ..making.setup(at).unwrap_or_default() };
            making.form.models.splice(at..=at, source(setup));
        } else {
            making.form.models.extend(source(Setup::of(Some(model.clone()), &desk.options.defaults)));
        }
        if let Some(twin) = making.twin() {
            let model = making.setup(twin).and_then(|setup| setup.model).unwrap_or_else(|| model.clone());
            making.go_to(Row::Model(place.unwrap_or(twin)));
            let key = desk.key(Context::Making, Action::ToggleSettings);
            return desk.say(format!("{model} answers twice: {key} gives this one settings of its own."));
        }
        if place.is_some() {
            return;
        }
        let last = making.form.models.len() - 1;
        // The next one is added from here.
        let next = if making.rows().contains(&Row::AddModel) { Row::AddModel } else { Row::Model(last) };
        making.go_to(next);
    }

    /// Asks what the answers may cost, as the form stands; what is wrong with it comes back as well.
    pub(super) fn estimate(&mut self, desk: &mut Desk<'_>) {
        let Some(making) = &mut self.making else { return };
        if let Ok(plan) = making.plan() {
            let request = Request::Evaluations(Evaluations::Estimate { plan });
            making.asking = Some(desk.call(Some(LANE), request));
        } else {
            (making.asking, making.told) = (None, Told::Nothing);
        }
    }

    fn create(&mut self, desk: &mut Desk<'_>) {
        let Some(making) = &mut self.making else { return };
        match making.plan() {
            _ if making.creating.is_some() => {}
            Ok(plan) => {
                let request = Request::Evaluations(Evaluations::Create { plan });
                making.creating = Some(desk.call(None, request));
            }
            Err(lacks) => desk.say(lacks),
        }
    }

    /// It is made: back to the list, where it is the selected one.
    fn made(&mut self, evaluation: Evaluation, desk: &mut Desk<'_>) {
        self.making = None;
        self.shelf.open = false;
        let (id, due) = (evaluation.id, evaluation.generation.total);
        self.put(evaluation, desk);
        if let Some(at) = self.list.iter().position(|other| other.id == id) {
            self.select(at, desk);
        }
        let key = |action| desk.key(Context::Evaluations, action);
        let words = if due > 0 {
            let due = count(due, "answer", "answers");
            format!("Made; nothing is asked yet: {} asks for the {due}.", key(Action::RunEvaluation))
        } else {
            format!("Made, with every answer: {} rates them.", key(Action::Open))
        };
        desk.say(words);
    }

    pub(super) fn form_waits(&self, task: TaskId) -> bool {
        let waits = |making: &Making| [making.asking, making.looking, making.creating].contains(&Some(task));
        self.making.as_ref().is_some_and(waits)
    }

    /// Takes a reply in that the form waits for.
    pub(super) fn take_in_form(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        let Some(making) = &mut self.making else { return };
        match reply {
            Reply::Estimate { estimate } if making.asking == Some(task) => {
                making.told = Told::Estimate(estimate);
            }
            Reply::DatasetAnswered { answered, items } if making.looking == Some(task) => {
                let row = making.row();
                making.form.brought = whose(&answered, items);
                making.looking = None;
                // Rows that come in between move nobody.
                making.go_to(row);
                self.estimate(desk);
            }
            Reply::Evaluation { evaluation } if making.creating == Some(task) => self.made(evaluation, desk),
            _ => {}
        }
    }

    /// Asks anew, as the form stands, for what did not come.
    pub(super) fn form_resume(&mut self, desk: &mut Desk<'_>) {
        let Some(making) = &mut self.making else { return };
        if making.asking.is_none() && making.told == Told::Nothing {
            self.estimate(desk);
        }
    }

    /// A call of the form is over.
    pub(super) fn form_over(&mut self, task: TaskId, error: Option<Error>) {
        let Some(making) = &mut self.making else { return };
        for waited in [&mut making.asking, &mut making.looking, &mut making.creating] {
            if *waited == Some(task) {
                *waited = None;
            }
        }
        if let Some(error) = error {
            making.told = Told::Wrong(error);
        }
    }
}

/// A line, or for what is longer a text, in which writing has begun.
fn writing(
    blank: Blank,
    before: &str,
    line: impl FnOnce(&mut Input),
    long: impl FnOnce(&mut Composer),
) -> Overlay {
    if blank == Blank::Instructions {
        let mut pad = Pad::instructions(before);
        long(&mut pad.composer);
        return Overlay::Pad(Box::new(pad));
    }
    let mut prompt = Prompt::blank(blank, before);
    line(&mut prompt.input);
    Overlay::Prompt(prompt)
}
