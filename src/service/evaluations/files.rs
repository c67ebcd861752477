//! Evaluations in the forms of other programs, and their records in bulk.

use std::collections::HashMap;

use super::{Evaluations, evaluation, votes, whole};
use crate::domain::evaluation::exchange::Form;
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::vote::standing;
use crate::domain::evaluation::{Item, Vote};
use crate::domain::id::EvaluationId;
use crate::domain::{Error, ErrorKind, Result};
use crate::store::record::{EvaluationItem, RatedItemOf, VoteOf};
use crate::store::{Batch, Store};
use crate::wire::evaluation::human::{About, Line};
use crate::wire::evaluation::{Judged, argilla, human, label_studio, preference};

/// Votes written in one go.
const AT_ONCE: usize = 1024;

impl Evaluations {
    /// The evaluation in the form of another program, and what that has no place for.
    pub async fn export(
        &self,
        id: EvaluationId,
        form: Form,
        metric: Option<String>,
        by: String,
    ) -> Result<(String, Vec<String>)> {
        self.looked(id, by).await?;
        self.archive
            .run(move |store| {
                let evaluation = evaluation(store, id)?;
                let judged = judged(store, &evaluation)?;
                let name =
                    metric.or_else(|| evaluation.task.metrics.first().map(|metric| metric.name.clone()));
                let name = name.unwrap_or_default();
                if evaluation.task.metric(&name).is_none() {
                    let why = format!("{name:?} is no metric of {:?}", evaluation.name());
                    let names = evaluation.task.metrics.iter().map(|metric| metric.name.as_str());
                    let hint = format!("It has {}.", names.collect::<Vec<_>>().join(", "));
                    return Err(Error::new(ErrorKind::NotFound, "exporting an evaluation", why, hint));
                }
                Ok(match form {
                    Form::Bedrock => {
                        let about = About {
                            instructions: evaluation.task.instructions.clone(),
                            fixed_sides: !evaluation.task.blinding.sides,
                        };
                        let (lines, left_out): (Vec<Line>, Vec<Vec<String>>) =
                            judged.iter().map(|judged| Line::of(judged, &about)).unzip();
                        (human::write(&lines)?, left_out.concat())
                    }
                    Form::LabelStudio => (label_studio::write(&judged)?, Vec::new()),
                    Form::Argilla => (argilla::write(&judged)?, Vec::new()),
                    Form::Dpo => (preference::dpo(&judged, &name)?, Vec::new()),
                    Form::Kto => (preference::kto(&judged, &name)?, Vec::new()),
                })
            })
            .await
    }
}

/// Every whole item with the votes of the version in force that stand.
fn judged(store: &Store, evaluation: &Evaluation) -> Result<Vec<Judged>> {
    let task = &evaluation.task;
    let all: Vec<Vote> = votes(store, evaluation.id, |vote| vote.version == task.version)?.collect();
    let mut by_item: HashMap<&str, Vec<&Vote>> = HashMap::new();
    for vote in standing(&all).into_iter().filter(|vote| !vote.repeat) {
        by_item.entry(&vote.item.0).or_default().push(vote);
    }
    let mut judged = Vec::new();
    for place in 0..evaluation.items {
        let Some(item) = whole(store, evaluation, place)? else { continue };
        let hash = item.hash();
        let votes = by_item.get(hash.0.as_str()).into_iter().flatten().copied();
        judged.push(Judged::of(&item, &task.metrics, votes, evaluation.seed));
    }
    Ok(judged)
}

/// Puts votes down: they are on the disk with the next flush.
pub(super) fn put_votes(store: &Store, id: EvaluationId, votes: &[Vote]) -> Result<()> {
    for chunk in votes.chunks(AT_ONCE) {
        let mut batch = Batch::new();
        for vote in chunk {
            batch.put(&VoteOf(id, vote.id), vote)?;
        }
        store.commit_soft(batch)?;
    }
    Ok(())
}

/// Puts the items of a new evaluation down: its head comes last, without it they are nobody's.
pub(super) fn put_items(store: &Store, id: EvaluationId, mut items: Vec<Item>) -> Result<()> {
    let mut place = 0;
    while !items.is_empty() {
        let mut batch = Batch::new();
        for item in items.drain(..AT_ONCE.min(items.len())) {
            batch.put(&RatedItemOf(id, place), &EvaluationItem(item))?;
            place += 1;
        }
        store.commit_soft(batch)?;
    }
    Ok(())
}
