//! The list of evaluations: what is there, and what is done with the selected one.

use super::State;
use crate::domain::Error;
use crate::domain::change::Changed;
use crate::domain::evaluation::job::{Evaluation, Generation, GenerationState};
use crate::domain::figures::grouped;
use crate::domain::id::EvaluationId;
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Lane, TaskId};
use crate::tui::keymap::Context;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::{Choice, Overlay};
use crate::tui::rows::refitted;
use crate::workbench::request::Topic;
use crate::workbench::request::evaluations::Evaluations;
use crate::workbench::{Reply, Request, person};

const LANE: Lane = Lane("evaluations");
/// Evaluations that are read.
const PAGE: usize = 500;

impl State {
    /// It comes into sight.
    pub(super) fn enter(&mut self, desk: &mut Desk<'_>) {
        if self.closed.is_some() {
            return;
        }
        self.follow(desk);
        self.read(desk);
    }

    /// Is told from now on what becomes of evaluations.
    pub fn follow(&mut self, desk: &mut Desk<'_>) {
        if self.watch.is_none() {
            self.watch = Some(desk.call(None, Request::Watch { topic: Topic::Evaluations }));
        }
    }

    pub(super) fn read(&mut self, desk: &mut Desk<'_>) {
        let request = Evaluations::List { limit: PAGE, before: None };
        self.listing = Some(desk.call(Some(LANE), Request::Evaluations(request)));
    }

    pub(super) fn waits(&self, task: TaskId) -> bool {
        let rating = self.sitting.as_ref().and_then(|sitting| sitting.asking).map(|(asking, _)| asking);
        [self.listing, self.watch, self.finding, self.leaving, rating].contains(&Some(task))
            || self.results.as_ref().is_some_and(|results| results.waits(task))
            || self.acts.contains(&task)
            || self.failing.waits(task)
            || self.is_writing_to(task)
            || self.form_waits(task)
            || self.shelf_waits(task)
    }

    /// Drops a call that the sealed workspace refused; whether it was this place's.
    pub fn forget(&mut self, task: TaskId) -> bool {
        let waits = self.waits(task);
        for waited in [&mut self.listing, &mut self.watch, &mut self.finding, &mut self.leaving] {
            if *waited == Some(task) {
                *waited = None;
            }
        }
        self.acts.retain(|act| *act != task);
        self.failing.over(task, true);
        self.writing.take_if(|writing| writing.task == task);
        self.form_over(task, None);
        self.shelf.forget(task);
        if let Some(results) = &mut self.results {
            results.forget(task);
        }
        if let Some(sitting) = &mut self.sitting {
            sitting.forget(task);
        }
        waits
    }

    /// The workspace is open again: what is shown and did not come is asked for anew.
    pub fn resume(&mut self, desk: &mut Desk<'_>) {
        if self.closed.is_some() {
            return;
        }
        // Before it was ever shown there is nothing to ask.
        if self.known || self.error.is_some() || self.results.is_some() || self.sitting.is_some() {
            self.enter(desk);
        }
        if let Some(results) = &mut self.results {
            results.resume(desk);
        }
        if let Some(sitting) = &mut self.sitting {
            sitting.resume(desk);
        }
        self.form_resume(desk);
        if self.shelf.open || self.making.is_some() {
            self.read_datasets(desk);
        }
    }

    pub(super) fn take(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        match reply {
            Reply::Evaluations { evaluations, .. } if self.listing == Some(task) => {
                let chosen = self.current().map(|evaluation| evaluation.id);
                (self.list, self.known, self.error) = (evaluations, true, None);
                self.early.clear();
                self.name_usually();
                let at = chosen.and_then(|id| self.list.iter().position(|evaluation| evaluation.id == id));
                self.select(at.unwrap_or(self.selected), desk);
            }
            Reply::EvaluationReport { report, .. } => {
                if let Some(results) = self.results.as_mut().filter(|results| results.asked(task)) {
                    results.reported(report, desk);
                }
            }
            Reply::JudgedItem { item, votes, .. } => {
                if let Some(results) = &mut self.results {
                    results.found(task, item, votes, desk);
                }
            }
            Reply::Decision { decision } => {
                if let Some(results) = &mut self.results {
                    results.decided(task, &decision, desk);
                }
            }
            Reply::Text { text } if self.is_writing_to(task) => self.written(text, desk),
            Reply::Text { text } => {
                if let Some(results) = &self.results {
                    results.written(task, text, desk);
                }
            }
            Reply::Evaluation { evaluation } if self.finding == Some(task) => {
                self.finding = None;
                self.found(&evaluation, desk);
            }
            Reply::Evaluation { evaluation } => self.put(evaluation, desk),
            Reply::Failures { failures } if self.failing.waits(task) => self.failing.take(failures),
            Reply::Seat { seat } => self.seated(task, seat, desk),
            Reply::Changed { change, .. } if self.watch == Some(task) => match change {
                Changed::Evaluation { evaluation } => {
                    self.seen_elsewhere(&evaluation, desk);
                    if self.known || self.list.iter().any(|known| known.id == evaluation.id) {
                        self.put(evaluation, desk);
                    } else {
                        self.put_early(evaluation);
                    }
                }
                Changed::EvaluationRemoved { id } => self.gone(id, desk),
                Changed::Missed => self.read(desk),
                _ => {}
            },
            _ => {}
        }
        self.ask_why(desk);
    }

    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.listing == Some(task) {
            self.listing = None;
            if error.is_some() {
                self.error = error;
            }
        } else if self.watch == Some(task) {
            // The next time that it is shown begins anew.
            self.watch = None;
        } else if self.failing.waits(task) {
            self.failing.over(task, error.is_some());
        } else if self.finding == Some(task) {
            self.finding = None;
            self.error = error;
        } else if self.is_writing_to(task) {
            self.write_over(error, desk);
        } else if self.leaving == Some(task) {
            // What could not be given back is free after a while by itself.
            self.leaving = None;
        } else if let Some(results) = self.results.as_mut().filter(|results| results.waits(task)) {
            results.over(task, error, desk);
        } else if let Some(at) = self.acts.iter().position(|act| *act == task) {
            self.acts.remove(at);
            if let Some(error) = error {
                desk.complain(&error);
            }
        } else {
            self.unseated(task, error, desk);
        }
    }

    /// The door keeps that the person was shown whose the answers are elsewhere than in the results here.
    fn seen_elsewhere(&self, now: &Evaluation, desk: &mut Desk<'_>) {
        let who = person(&desk.options.principal);
        let before = self.list.iter().find(|known| known.id == now.id);
        let here = self.results.as_ref().is_some_and(|results| results.id == now.id);
        if !here && now.was_seen_by(&who) && before.is_some_and(|before| !before.was_seen_by(&who)) {
            let name = safe_line(now.name());
            desk.say(format!(
                "This may tell whose the answers of {name} are: that you looked is kept with it."
            ));
        }
    }

    /// One that it is told of before there is a list: that it runs counts, whoever has seen it.
    fn put_early(&mut self, evaluation: Evaluation) {
        self.early.retain(|known| known.id != evaluation.id);
        self.early.push(evaluation);
    }

    pub(super) fn put(&mut self, evaluation: Evaluation, desk: &mut Desk<'_>) {
        self.early.retain(|known| known.id != evaluation.id);
        if let Some(known) = self.list.iter_mut().find(|known| known.id == evaluation.id) {
            *known = evaluation;
            return;
        }
        let at = self.list.partition_point(|known| known.id > evaluation.id);
        self.list.insert(at, evaluation);
        if self.list.len() > 1 && at <= self.selected {
            self.select(self.selected + 1, desk);
        }
    }

    fn gone(&mut self, id: EvaluationId, desk: &mut Desk<'_>) {
        self.list.retain(|evaluation| evaluation.id != id);
        self.early.retain(|evaluation| evaluation.id != id);
        if self.results.take_if(|results| results.id == id).is_some() {
            desk.say("It is deleted, and its results with it.");
        }
        self.select(self.selected, desk);
    }

    pub(super) fn select(&mut self, at: usize, desk: &Desk<'_>) {
        self.selected = at.min(self.list.len().saturating_sub(1));
        let rows = usize::from(Self::list_area(desk.area).height);
        self.top = refitted(self.top, self.selected, rows, self.list.len());
    }

    fn act_on(&mut self, request: Evaluations, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Evaluations(request));
        self.acts.push(task);
    }

    /// What is done in the list.
    pub(super) fn in_list(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = usize::from(Self::list_area(desk.area).height).max(1);
        let last = self.list.len().saturating_sub(1);
        match action {
            Action::SelectNext => self.select(self.selected + 1, desk),
            Action::SelectPrevious => self.select(self.selected.saturating_sub(1), desk),
            Action::SelectFirst => self.select(0, desk),
            Action::SelectLast => self.select(last, desk),
            Action::PageDown => self.select(self.selected + page, desk),
            Action::PageUp => self.select(self.selected.saturating_sub(page), desk),
            Action::Open => {
                let Some(evaluation) = self.current().cloned() else { return };
                match lacking(&evaluation, &desk.key(Context::Evaluations, Action::RunEvaluation)) {
                    Some(words) => desk.say(words),
                    None => self.sit_down(&evaluation, desk),
                }
            }
            Action::RunEvaluation => {
                let Some(evaluation) = self.current() else { return };
                let id = evaluation.id;
                match evaluation.generation.state {
                    GenerationState::Running => self.act_on(Evaluations::Pause { id }, desk),
                    GenerationState::Ended if evaluation.generation.failed == 0 => {
                        desk.say("Every answer is there.");
                    }
                    _ => self.act_on(Evaluations::Run { id }, desk),
                }
            }
            Action::ShowReport => {
                let Some(evaluation) = self.current().cloned() else { return };
                if !evaluation.is_silent() && evaluation.hides_from(&person(&desk.options.principal)) {
                    let confirm = Confirm::look_at_results(evaluation.id, evaluation.name());
                    desk.overlays.push(Overlay::Confirm(confirm));
                } else {
                    self.show_results(&evaluation, desk);
                }
            }
            Action::Delete => {
                if let Some(evaluation) = self.current() {
                    let confirm = Confirm::remove_evaluation(evaluation.id, evaluation.name());
                    desk.overlays.push(Overlay::Confirm(confirm));
                }
            }
            Action::NewEvaluation => self.begin(None, desk),
            Action::ShowDatasets => self.show_datasets(desk),
            Action::Reload => self.read(desk),
            _ => {}
        }
        self.ask_why(desk);
    }

    /// What was chosen over the list.
    pub(super) fn chosen_in_list(&mut self, choice: &Choice, desk: &mut Desk<'_>) {
        match choice {
            Choice::RemoveEvaluation(id) => self.act_on(Evaluations::Remove { id: *id }, desk),
            Choice::LookAtResults(id) => {
                if let Some(evaluation) = self.list.iter().find(|known| known.id == *id).cloned() {
                    self.show_results(&evaluation, desk);
                }
            }
            _ => {}
        }
    }
}

/// Whether an item can be rated, as far as the counts of answers tell: one needs an answer of every model that is asked.
pub(super) fn may_rate(evaluation: &Evaluation) -> bool {
    let asked = evaluation.sources.iter().filter(|source| source.column.is_some()).count() as u64;
    evaluation.generation.state == GenerationState::Ended && evaluation.generation.done >= asked
}

/// Why nothing can be rated yet, and the key that asks the models; `None` where the answers are there.
pub(super) fn lacking(evaluation: &Evaluation, asks: &str) -> Option<String> {
    let Generation { state, done, total, .. } = &evaluation.generation;
    let so_far = || format!("{} of {} answers are there", grouped(*done), grouped(*total));
    match state {
        GenerationState::Ended => None,
        GenerationState::Running => Some(format!("{}: they are rated when all have come.", so_far())),
        _ if *done == 0 => Some(format!("No answers yet: {asks} asks the models first.")),
        _ => Some(format!("{}: {asks} asks for the others first.", so_far())),
    }
}
