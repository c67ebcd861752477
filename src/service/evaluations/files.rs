//! Evaluations in the forms of other programs, and their records in bulk.

use std::collections::HashMap;

use super::results::decisions;
use super::{Evaluations, evaluation, votes, whole};
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::exchange::Form;
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::vote::standing;
use crate::domain::evaluation::{Item, Method, Metric, Vote};
use crate::domain::id::EvaluationId;
use crate::domain::{Error, ErrorKind, Result};
use crate::store::record::{EvaluationItem, RatedItemOf, VoteOf};
use crate::store::{Batch, Store};
use crate::wire::evaluation::human::{About, Line};
use crate::wire::evaluation::{Judged, Preferences, argilla, human, label_studio, preference};

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
                let metric = || asked(&evaluation, form, metric.as_deref());
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
                    Form::Dpo => preferred(preference::dpo(&judged, metric()?)?, &evaluation)?,
                    Form::Kto => preferred(preference::kto(&judged, metric()?)?, &evaluation)?,
                })
            })
            .await
    }
}

/// The metric that preferences are of: the one that is named, or the first that gives any.
fn asked<'a>(evaluation: &'a Evaluation, form: Form, wanted: Option<&str>) -> Result<&'a str> {
    let fits = |metric: &&Metric| match form {
        Form::Kto => metric.method == Method::ThumbsUpDown,
        _ => metric.method.compares(),
    };
    let metrics = &evaluation.task.metrics;
    let names = |metrics: Vec<&Metric>| {
        let names = metrics.into_iter().map(|metric| metric.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let doing = format!("exporting {:?}", evaluation.name());
    let named = match wanted {
        Some(name) => Some(evaluation.task.metric(name).ok_or_else(|| {
            let why = format!("{name:?} is no metric of it");
            let hint = format!("It has {}.", names(metrics.iter().collect()));
            Error::new(ErrorKind::NotFound, &doing, why, hint)
        })?),
        None => metrics.iter().find(fits).or(metrics.first()),
    };
    match named {
        Some(metric) if fits(&metric) => Ok(&metric.name),
        other => {
            let (name, word) = other.map_or(("", ""), |metric| (metric.name.as_str(), metric.method.word()));
            let (lacks, instead) = match form {
                Form::Kto => (
                    "says nothing of one answer by itself",
                    "Thumbs give KTO; `--form dpo` takes comparisons.",
                ),
                _ => ("prefers no answer to another", "Comparisons give DPO; `--form kto` takes thumbs."),
            };
            let others = names(metrics.iter().filter(fits).collect());
            let hint = if others.is_empty() {
                instead.to_owned()
            } else {
                format!("--metric names another: {others}.")
            };
            Err(Error::new(
                ErrorKind::Invalid,
                doing,
                format!("{name:?} is rated by {word}, which {lacks}"),
                hint,
            ))
        }
    }
}

/// Preference data; none at all is an error that says why.
fn preferred(told: Preferences, evaluation: &Evaluation) -> Result<(String, Vec<String>)> {
    if told.lines == 0 {
        let why = match told.left_out.as_slice() {
            [] => "there is no item".to_owned(),
            left => format!("it gives no preference: {}", left.join("; ")),
        };
        let hint = "Let raters rate more, or decide where they differ: `outcrop eval adjudicate`.";
        return Err(Error::new(ErrorKind::NotFound, format!("exporting {:?}", evaluation.name()), why, hint));
    }
    Ok((told.text, told.left_out))
}

/// Every whole item with the votes of the version in force that stand, and what was decided of it.
fn judged(store: &Store, evaluation: &Evaluation) -> Result<Vec<Judged>> {
    let task = &evaluation.task;
    let all: Vec<Vote> = votes(store, evaluation.id, |vote| vote.version == task.version)?.collect();
    let mut by_item: HashMap<&str, Vec<&Vote>> = HashMap::new();
    for vote in standing(&all).into_iter().filter(|vote| !vote.repeat) {
        by_item.entry(&vote.item.0).or_default().push(vote);
    }
    let mut decided = decisions(store, evaluation.id)?;
    decided.retain(|decision| decision.version == task.version);
    let decided = Decision::standing(&decided);
    let mut judged = Vec::new();
    for place in 0..evaluation.items {
        let Some(item) = whole(store, evaluation, place)? else { continue };
        let hash = item.hash();
        let votes = by_item.get(hash.0.as_str()).into_iter().flatten().copied();
        let of = Judged::of(&item, &task.metrics, votes, evaluation.seed);
        judged.push(of.with_decisions(decided.iter().copied(), evaluation.seed));
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
