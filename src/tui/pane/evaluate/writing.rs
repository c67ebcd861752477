//! Results on their way to a file that the person named.

use super::State;
use crate::domain::Error;
use crate::domain::id::EvaluationId;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, TaskId, Written};
use crate::tui::overlay::prompt::report_form_of;
use crate::workbench::Request;
use crate::workbench::request::evaluations::Evaluations;

/// The evaluation and the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Writing {
    pub task: TaskId,
    id: EvaluationId,
    path: String,
    replace: bool,
}

impl State {
    /// Writes the results of an evaluation to a file, in the form that its name asks for.
    pub(super) fn write_results(
        &mut self,
        id: EvaluationId,
        path: String,
        replace: bool,
        desk: &mut Desk<'_>,
    ) {
        let Some(form) = report_form_of(&path) else { return };
        let request = Evaluations::WriteReport { id, version: None, form };
        let task = desk.call(None, Request::Evaluations(request));
        self.writing = Some(Writing { task, id, path, replace });
    }

    pub(super) fn is_writing_to(&self, task: TaskId) -> bool {
        self.writing.as_ref().is_some_and(|writing| writing.task == task)
    }

    /// They are there as text: it goes to the file.
    pub(super) fn written(&mut self, text: String, desk: &mut Desk<'_>) {
        if let Some(Writing { id, path, replace, .. }) = self.writing.clone() {
            desk.ask(Effect::Save { of: Written::Results(id), path, text, replace });
        }
    }

    /// The call for them is over.
    pub(super) fn write_over(&mut self, error: Option<Error>, desk: &mut Desk<'_>) {
        self.writing = None;
        if let Some(error) = error {
            desk.complain(&error);
        }
    }
}
