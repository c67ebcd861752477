//! Why answers of the selected evaluation are not there: asked for when it is selected, and shown below the list.

use super::State;
use crate::domain::evaluation::job::{Evaluation, Failure, GenerationState};
use crate::domain::figures::{count, grouped};
use crate::domain::id::EvaluationId;
use crate::tui::app::Desk;
use crate::tui::effect::{Lane, TaskId};
use crate::workbench::Request;
use crate::workbench::request::evaluations::Evaluations;

const LANE: Lane = Lane("evaluation failures");
/// Reasons that there is room for.
const REASONS: usize = 3;

/// What is known of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Failing {
    /// Of which evaluation, with how many; while it runs they are not asked for again.
    of: Option<(EvaluationId, Option<u64>)>,
    asking: Option<TaskId>,
    known: Vec<Failure>,
}

/// What is to be known of an evaluation: nothing where none failed, or where it says itself why it stands still.
fn wanted(evaluation: &Evaluation) -> Option<(EvaluationId, Option<u64>)> {
    let generation = &evaluation.generation;
    let standing = generation.state != GenerationState::Running;
    let wanted = generation.failed > 0 && generation.why.is_none();
    wanted.then(|| (evaluation.id, standing.then_some(generation.failed)))
}

impl Failing {
    pub fn waits(&self, task: TaskId) -> bool {
        self.asking == Some(task)
    }

    /// The call is over; one that failed is made again when something moves.
    pub fn over(&mut self, task: TaskId, failed: bool) {
        if self.asking.take_if(|asking| *asking == task).is_some() && failed {
            self.of = None;
        }
    }

    pub fn take(&mut self, failures: Vec<Failure>) {
        self.known = failures;
    }

    /// The reasons in words, the most frequent one first; `again` is the key that asks for those answers once more, where
    /// it does. While they are asked for they are not counted: more may fail than were known when the reasons were asked for.
    pub fn words(&self, again: Option<&str>) -> Vec<String> {
        let of = |failure: &Failure| {
            let answers = match again {
                Some(key) => {
                    let answers = count(failure.count, "answer", "answers");
                    format!("{answers} of {} ({key} asks again)", failure.source)
                }
                None => format!("answers of {}", failure.source),
            };
            format!("{answers}: {}", failure.error)
        };
        let mut words: Vec<String> = self.known.iter().take(REASONS).map(of).collect();
        let others: u64 = self.known.iter().skip(REASONS).map(|failure| failure.count).sum();
        if others > 0 {
            let many = if again.is_some() { grouped(others) } else { "others".to_owned() };
            words.push(format!("{many} for other reasons"));
        }
        words
    }
}

impl State {
    /// Asks why answers of the selected evaluation failed, where that is not known yet.
    pub(super) fn ask_why(&mut self, desk: &mut Desk<'_>) {
        let of = self.current().and_then(wanted);
        if self.failing.of == of {
            return;
        }
        let ask = |(id, _)| desk.call(Some(LANE), Request::Evaluations(Evaluations::Failures { id }));
        self.failing = Failing { of, asking: of.map(ask), known: Vec::new() };
    }
}
