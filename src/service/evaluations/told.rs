//! What is told of an evaluation to whom it belongs: its task as a file, and why answers are not there.

use super::{Evaluations, evaluation};
use crate::domain::evaluation::TaskDefinition;
use crate::domain::evaluation::job::{Evaluation, Failure, Generated, Known};
use crate::domain::id::EvaluationId;
use crate::domain::{ErrorKind, Result};
use crate::store::record::{GeneratedOf, RatedItemOf};
use crate::store::{Scan, Store};
use crate::wire::evaluation::task_file;

impl Evaluations {
    /// Reads a rating task that a person wrote in the file `file`; `name` is the task's where it names none.
    pub fn read_task(text: &str, file: &str, name: &str) -> Result<(TaskDefinition, Vec<Known>)> {
        task_file::read(text, file, name)
    }

    /// The task as a file.
    pub async fn write_task(&self, id: EvaluationId) -> Result<String> {
        let evaluation = self.archive.run(move |store| evaluation(store, id)).await?;
        task_file::write(&evaluation.task, &evaluation.known)
    }

    /// Why answers are not there, the most frequent reason first.
    pub async fn failures(&self, id: EvaluationId) -> Result<Vec<Failure>> {
        self.archive.run(move |store| failures(store, &evaluation(store, id)?)).await
    }
}

fn failures(store: &Store, evaluation: &Evaluation) -> Result<Vec<Failure>> {
    let mut failures: Vec<Failure> = Vec::new();
    for record in store.scan::<Generated>(Scan::under(&evaluation.id)) {
        let (key, error) = match record {
            Ok((key, Generated::Failed { error })) => (key, error),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            _ => continue,
        };
        let GeneratedOf(RatedItemOf(_, item), source) = key;
        let Some(source) = evaluation.sources.get(usize::from(source)) else { continue };
        match failures.iter_mut().find(|other| other.source == source.name && other.error == error) {
            Some(alike) => alike.count += 1,
            None => failures.push(Failure { source: source.name.clone(), error, count: 1, item }),
        }
    }
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    Ok(failures)
}
