//! Evaluations in the forms of other programs, and their records in bulk.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::import::told;
use super::results::{decisions, task_of};
use super::seats::half;
use super::{Evaluations, evaluation, votes, whole};
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::exchange::{Form, Written};
use crate::domain::evaluation::item::ItemHash;
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::limits::wrong_for_bedrock;
use crate::domain::evaluation::metric::POINTS;
use crate::domain::evaluation::vote::standing;
use crate::domain::evaluation::{Item, Method, Metric, TaskDefinition, Vote};
use crate::domain::figures::count;
use crate::domain::id::EvaluationId;
use crate::domain::{Error, ErrorKind, Result};
use crate::store::record::{EvaluationItem, Foreign, ForeignOf, RatedItemOf, VoteOf};
use crate::store::{Batch, Store};
use crate::wire::evaluation::human::{About, Line, Since};
use crate::wire::evaluation::{Judged, Preferences, argilla, battles, human, label_studio, preference};

/// The version of a task that nobody has changed.
const FIRST: u32 = 1;

/// Votes written in one go.
const AT_ONCE: usize = 1024;

impl Evaluations {
    /// What was said by a version of the task, by the one in force where none is named, in the form of another program, and what
    /// that has no place for.
    pub async fn export(
        &self,
        id: EvaluationId,
        form: Form,
        metric: Option<String>,
        version: Option<u32>,
        by: String,
    ) -> Result<Written> {
        self.looked_at_votes(id, by).await?;
        self.archive
            .run(move |store| {
                let evaluation = evaluation(store, id)?;
                let task = task_of(&evaluation, version)?;
                let (judged, others) = judged(store, &evaluation, &task)?;
                let metric = || asked(&task, form, metric.as_deref());
                let mut notes: Vec<String> = others.into_iter().collect();
                let (text, left_out) = match form {
                    Form::Bedrock => {
                        notes.extend(no_job(&evaluation, &task, judged.len()));
                        notes.extend(no_words(&task));
                        bedrock(store, &evaluation, &task, &judged)?
                    }
                    Form::LabelStudio => (label_studio::write(&alone(judged))?, Vec::new()),
                    Form::Argilla => (argilla::write(&alone(judged))?, Vec::new()),
                    Form::Battles => {
                        let metric = metric()?;
                        let fought: Vec<_> =
                            judged.iter().flat_map(|(_, judged)| battles::of(judged, metric)).collect();
                        (battles::write(&fought)?, Vec::new())
                    }
                    Form::Dpo => preferred(preference::dpo(&alone(judged), &metric()?.name)?, &evaluation)?,
                    Form::Kto => preferred(preference::kto(&alone(judged), &metric()?.name)?, &evaluation)?,
                };
                Ok(Written { text, left_out, notes })
            })
            .await
    }
}

/// What keeps Bedrock from a job of its own with the same, in a sentence; its form holds it all the same.
fn no_job(evaluation: &Evaluation, task: &TaskDefinition, prompts: usize) -> Option<String> {
    let names: Vec<&str> = evaluation.sources.iter().map(|source| source.name.as_str()).collect();
    let wrong = wrong_for_bedrock(task, prompts, &names);
    (!wrong.is_empty()).then(|| format!("Bedrock would take no job of this: {}", wrong.join("; ")))
}

/// Whose words Bedrock's form has no place for, in a sentence. What is said on a scale of more or of fewer points is left out.
fn no_words(task: &TaskDefinition) -> Option<String> {
    let is_told = |metric: &&Metric| metric.points().is_none_or(|points| points == POINTS);
    let labelled = task.metrics.iter().filter(|metric| !metric.labels.is_empty()).filter(is_told);
    let names: Vec<String> = labelled.map(|metric| format!("{:?}", metric.name)).collect();
    let words = "Bedrock's form has no place for the words of";
    (!names.is_empty()).then(|| format!("{words} {}: numbers stand for them", names.join(", ")))
}

/// In Bedrock's form: lines that items came as, with what has changed; the others as Bedrock would write them.
fn bedrock(
    store: &Store,
    evaluation: &Evaluation,
    task: &TaskDefinition,
    judged: &[(u32, Judged)],
) -> Result<(String, Vec<String>)> {
    let about = About { instructions: task.instructions.clone(), fixed_sides: !task.blinding.sides };
    let came = came(store, evaluation.id)?;
    let of_item: HashMap<ItemHash, usize> =
        judged.iter().enumerate().map(|(at, (_, judged))| (judged.item.hash(), at)).collect();
    let at: Vec<Option<usize>> =
        came.iter().map(|line| of_item.get(&line.judged.item.hash()).copied()).collect();
    let mut alike: Vec<Vec<&Line>> = vec![Vec::new(); judged.len()];
    for (line, at) in came.iter().zip(&at) {
        if let Some(at) = at {
            alike[*at].push(line);
        }
    }
    let ever = if came.is_empty() { HashMap::new() } else { ever(store, evaluation.id)? };
    let (mut lines, mut left_out) = (Vec::new(), Vec::new());
    let told = came.first().map(told).unwrap_or_default();
    for (line, at) in came.iter().zip(at) {
        let Some(at) = at else { continue };
        let of = &judged[at].1;
        let votes = ever.get(&of.item.hash()).map_or(&[][..], Vec::as_slice);
        let since = Since {
            told: &told,
            about: &about,
            // What was never taken is of the version that came with it.
            ever: (task.version == FIRST).then(|| Judged::of(&of.item, &[], votes, evaluation.seed).opinions),
        };
        let (line, without) = line.again(&line.share(of, &alike[at]), &since);
        lines.push(line);
        left_out.extend(without);
    }
    for (_, judged) in judged.iter().zip(&alike).filter(|(_, alike)| alike.is_empty()).map(|(of, _)| of) {
        let (line, without) = Line::of(judged, &about);
        lines.push(line);
        left_out.extend(without);
    }
    Ok((human::write(&lines)?, left_out))
}

/// The lines that the items of an evaluation came as.
fn came(store: &Store, id: EvaluationId) -> Result<Vec<Line>> {
    let mut came = Vec::new();
    let mut number = 0;
    while let Some(Foreign(text)) = store.get::<Foreign>(&ForeignOf(RatedItemOf(id, number)))? {
        came.extend(human::read(text.as_bytes()).into_taken());
        number += 1;
    }
    Ok(came)
}

/// All votes that there ever were, also those that others have taken the place of.
fn ever(store: &Store, id: EvaluationId) -> Result<HashMap<ItemHash, Vec<Vote>>> {
    let mut ever: HashMap<ItemHash, Vec<Vote>> = HashMap::new();
    for vote in votes(store, id, |_| true)?.filter(|vote| !vote.repeat) {
        ever.entry(vote.item.clone()).or_default().push(vote);
    }
    Ok(ever)
}

/// The metric that preferences are of: the one that is named, or the first that gives any.
fn asked<'a>(task: &'a TaskDefinition, form: Form, wanted: Option<&str>) -> Result<&'a Metric> {
    let fits = |metric: &&Metric| match form {
        Form::Kto => metric.method == Method::ThumbsUpDown,
        _ => metric.method.compares(),
    };
    let metrics = &task.metrics;
    let names = |metrics: Vec<&Metric>| {
        let names = metrics.into_iter().map(|metric| metric.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let doing = format!("exporting {:?}", task.name);
    let named = match wanted {
        Some(name) => Some(task.metric(name).ok_or_else(|| {
            let why = format!("{name:?} is no metric of it");
            let hint = format!("It has {}.", names(metrics.iter().collect()));
            Error::new(ErrorKind::NotFound, &doing, why, hint)
        })?),
        None => metrics.iter().find(fits).or(metrics.first()),
    };
    match named {
        Some(metric) if fits(&metric) => Ok(metric),
        other => {
            let (name, word) = other.map_or(("", ""), |metric| (metric.name.as_str(), metric.method.word()));
            let (lacks, instead) = match form {
                Form::Kto => (
                    "says nothing of one answer by itself",
                    "Thumbs give KTO; `--form dpo` takes comparisons.",
                ),
                Form::Battles => ("prefers no answer to another", "Comparisons give battles."),
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

/// An item at its place.
type Lain = (u32, Judged);

/// Items without their places.
fn alone(judged: Vec<Lain>) -> Vec<Judged> {
    judged.into_iter().map(|(_, judged)| judged).collect()
}

/// Every whole item once with its place, the votes of a version of the task that stand, and what was decided of it by that version; and
/// how many votes are of other versions, in a sentence.
fn judged(
    store: &Store,
    evaluation: &Evaluation,
    task: &TaskDefinition,
) -> Result<(Vec<Lain>, Option<String>)> {
    let all: Vec<Vote> = votes(store, evaluation.id, |_| true)?.collect();
    let standing = standing(&all);
    let mut others: BTreeMap<u32, u64> = BTreeMap::new();
    let mut by_item: HashMap<&str, Vec<&Vote>> = HashMap::new();
    for vote in standing.into_iter().filter(|vote| !vote.repeat) {
        if vote.version == task.version {
            by_item.entry(&vote.item.0).or_default().push(vote);
        } else {
            *others.entry(vote.version).or_default() += 1;
        }
    }
    let mut decided = decisions(store, evaluation.id)?;
    decided.retain(|decision| decision.version == task.version);
    let decided = Decision::standing(&decided);
    let (mut judged, mut seen) = (Vec::new(), HashSet::new());
    for place in 0..evaluation.items {
        let Some(item) = whole(store, evaluation, place)? else { continue };
        let hash = item.hash();
        // Of two that look the same the first is rated: its votes are not the other's, too.
        if !seen.insert(half(&hash)) {
            continue;
        }
        let votes = by_item.get(hash.0.as_str()).into_iter().flatten().copied();
        let of = Judged::of(&item, &task.metrics, votes, evaluation.seed);
        judged.push((place, of.with_decisions(decided.iter().copied(), evaluation.seed)));
    }
    let others: Vec<String> = others
        .iter()
        .map(|(version, many)| format!("{} of version {version}", count(*many, "vote", "votes")))
        .collect();
    let others = (!others.is_empty()).then(|| {
        format!(
            "{}; what is written is of version {}: --version names another",
            others.join(", "),
            task.version
        )
    });
    Ok((judged, others))
}

/// Puts the lines down that items came as, by their numbers.
pub(super) fn put_lines(store: &Store, id: EvaluationId, lines: Vec<(u32, String)>) -> Result<()> {
    let mut lines = lines.into_iter().peekable();
    while lines.peek().is_some() {
        let mut batch = Batch::new();
        for (number, line) in lines.by_ref().take(AT_ONCE) {
            batch.put(&ForeignOf(RatedItemOf(id, number)), &Foreign(line))?;
        }
        store.commit_soft(batch)?;
    }
    Ok(())
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
