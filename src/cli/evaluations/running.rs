//! `outcrop eval run`: asks until every answer has come or failed; who stops this program pauses that.

use std::cell::Cell;

use futures_util::StreamExt;

use super::super::progress::Progress;
use super::{Asker, End, Evaluations, Exit, Item, Out, evaluation, unexpected, words};
use crate::domain::evaluation::job::{Evaluation, Failure, GenerationState};
use crate::domain::id::EvaluationId;
use crate::workbench::{Reply, Request};

/// Reasons of failures that are told.
const REASONS: usize = 3;

/// The run that this program waits for.
#[derive(Debug, Default)]
pub(in super::super) struct Running(Cell<Option<EvaluationId>>);

impl Running {
    pub(super) async fn run(&self, begun: Evaluation, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
        self.0.set(Some(begun.id));
        let mut replies = asker.ask(Request::Evaluations(Evaluations::Run { id: begun.id }));
        let mut progress = Progress::new(out.json);
        let mut last = begun;
        while let Some(reply) = replies.next().await {
            let evaluation = match reply {
                Ok(Reply::Evaluation { evaluation }) => evaluation,
                Ok(other) => return Err(unexpected(&other)),
                Err(error) => {
                    self.0.set(None);
                    return Err(error.into());
                }
            };
            let generation = &evaluation.generation;
            if out.json {
                out.object(&Item::Generation { evaluation: evaluation.id, generation })?;
            }
            let come = generation.done + generation.failed;
            if generation.total > 0 {
                progress.show("answers", come, Some(generation.total));
            }
            last = evaluation;
        }
        progress.clear();
        self.0.set(None);
        ended(&last, asker, out).await
    }

    /// Pauses the run that this program waited for when it was stopped: in another process it would go on.
    pub(in super::super) async fn pause(&self, asker: &Asker, out: &mut Out) {
        let Some(id) = self.0.take() else { return };
        let paused = evaluation(Evaluations::Pause { id }, asker, out).await;
        // Whoever stopped the program waits for nothing more; what failed here shows at the next start.
        if let Ok(paused) = paused {
            let name = words::in_shell(paused.name());
            let _ = out.note(&format!("paused; `outcrop eval run {name}` goes on from there"));
        }
    }
}

/// How it ended, and what to do then.
async fn ended(evaluation: &Evaluation, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    super::told(evaluation, &state(evaluation), out)?;
    let generation = &evaluation.generation;
    let name = words::in_shell(evaluation.name());
    if generation.failed > 0 {
        for line in reasons(&failures(evaluation, asker, out).await?) {
            out.note(&line)?;
        }
    }
    match generation.state {
        GenerationState::Ended if generation.failed == 0 => {
            out.note(&format!("`outcrop eval rate {name} --rater NAME` rates them"))?;
            Ok(Exit::Done)
        }
        GenerationState::Ended => {
            // An answer that failed keeps one item from raters: of more items than that some can be rated for certain.
            let some = generation.failed < u64::from(evaluation.items);
            let others = if some { "; the other items can be rated" } else { "" };
            out.note(&format!("`outcrop eval run {name}` asks for those again{others}"))?;
            Ok(Exit::Negative)
        }
        _ => {
            out.note(&format!("`outcrop eval run {name}` goes on from there"))?;
            Ok(if generation.failed > 0 { Exit::Negative } else { Exit::Interrupted })
        }
    }
}

pub(super) async fn failures(
    evaluation: &Evaluation,
    asker: &Asker,
    out: &mut Out,
) -> Result<Vec<Failure>, End> {
    let request = Evaluations::Failures { id: evaluation.id };
    match asker.one(Request::Evaluations(request), out).await? {
        Reply::Failures { failures } => Ok(failures),
        other => Err(unexpected(&other)),
    }
}

/// Why answers failed, the most frequent reason first.
pub(super) fn reasons(failures: &[Failure]) -> Vec<String> {
    let mut lines: Vec<String> = failures
        .iter()
        .take(REASONS)
        .map(|failure| {
            let count = words::count(failure.count, "answer", "answers");
            format!(
                "{count} of {} failed, first at item {}: {}",
                failure.source,
                failure.item + 1,
                failure.error
            )
        })
        .collect();
    let others: u64 = failures.iter().skip(REASONS).map(|failure| failure.count).sum();
    if others > 0 {
        lines.push(format!("{} failed for other reasons", words::count(others, "answer", "answers")));
    }
    lines
}

/// How far the answers are, in words.
pub(super) fn state(evaluation: &Evaluation) -> String {
    let generation = &evaluation.generation;
    if generation.total == 0 {
        return "all answers were brought".to_owned();
    }
    let due = words::count(generation.total, "answer", "answers");
    let mut said = format!("{} of {due}", words::grouped(generation.done));
    if generation.failed > 0 {
        said = format!("{said}, {} failed", words::grouped(generation.failed));
    }
    let state = match generation.state {
        GenerationState::Ended => return said,
        GenerationState::Ready => "not asked yet",
        GenerationState::Running => "being asked",
        GenerationState::Paused => "paused",
    };
    let why = generation.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    format!("{said}, {state}{why}")
}
