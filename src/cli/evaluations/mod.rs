//! `outcrop eval …`: answers judged by people.

mod create;
mod judged;
mod rate;
mod results;
mod running;
mod show;

use std::path::Path;

use super::args::Evaluations as Verb;
use super::item::Item;
use super::out::Out;
use super::prompt::{read_input, text_file};
use super::{Asker, End, Exit, ask, unexpected, words};
use crate::domain::evaluation::job::{Evaluation, Known};
use crate::domain::evaluation::{Method, TaskDefinition};
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::evaluations::Evaluations;
use crate::workbench::{Reply, Request, Workbench};

pub(super) use rate::{kept_away, may_rate, rate_away};
pub(super) use running::Running;

/// The fewest digits that name an evaluation to be deleted: with fewer, a slip of the finger names another one.
const DIGITS: usize = 4;

pub(super) async fn evaluations(
    verb: Verb,
    asker: &Asker,
    running: &Running,
    out: &mut Out,
) -> Result<Exit, End> {
    match verb {
        Verb::Create(wanted) => return create::create(wanted, asker, running, out).await,
        Verb::List { limit } => list(limit, asker, out).await?,
        Verb::Show { name, task: true } => show::task(&name, asker, out).await?,
        Verb::Show { name, task: false } => show::show(&name, asker, out).await?,
        Verb::Run { name } => {
            let evaluation = found(&name, asker, out).await?;
            return running.run(evaluation, asker, out).await;
        }
        Verb::Pause { name } => {
            let id = found(&name, asker, out).await?.id;
            let evaluation = evaluation(Evaluations::Pause { id }, asker, out).await?;
            told(&evaluation, &running::state(&evaluation), out)?;
        }
        Verb::Change { name, task } => change(&name, &task, asker, out).await?,
        Verb::Rate(wanted) => return rate::rate(wanted, asker, out).await,
        Verb::Report(wanted) => results::report(wanted, asker, out).await?,
        Verb::HandOut(wanted) => results::hand_out(wanted, asker, out).await?,
        Verb::TakeIn { file } => return results::take_in(file, asker, out).await,
        Verb::Import(wanted) => return results::import(wanted, asker, out).await,
        Verb::Export(wanted) => results::export(wanted, asker, out).await?,
        Verb::Adjudicate(wanted) => results::adjudicate(wanted, asker, out).await?,
        Verb::Remove { name, yes } => remove(&name, yes, asker, out).await?,
    }
    Ok(Exit::Done)
}

async fn list(limit: usize, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let limit = if limit == 0 { usize::MAX } else { limit };
    let reply = asker.one(Request::Evaluations(Evaluations::List { limit, before: None }), out).await?;
    let Reply::Evaluations { evaluations, more } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        return evaluations.iter().try_for_each(|evaluation| out.object(&Item::Evaluation { evaluation }));
    }
    let rows: Vec<_> = evaluations.iter().map(row).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    if evaluations.is_empty() {
        out.note("there is none yet; `outcrop eval create NAME --dataset DATASET -m MODEL` makes one")?;
    }
    if *more {
        out.note("there are more; -n 0 shows all")?;
    }
    Ok(())
}

fn row(evaluation: &Evaluation) -> Vec<String> {
    vec![
        evaluation.id.short(),
        words::time(evaluation.updated),
        words::count(evaluation.items.into(), "item", "items"),
        running::state(evaluation),
        raters(evaluation),
        evaluation.name().to_owned(),
    ]
}

/// Who has joined; who only has a hand-out has not.
fn raters(evaluation: &Evaluation) -> String {
    let joined = evaluation.joined().len() as u64;
    let joined = format!("{} joined", words::count(joined, "rater", "raters"));
    match evaluation.away.len() as u64 {
        0 => joined,
        away => format!(
            "{joined}, {}",
            words::count(away, "rater has a hand-out only", "raters have a hand-out only")
        ),
    }
}

async fn change(name: &str, file: &Path, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let before = found(name, asker, out).await?;
    let (task, known) = task_of(file, before.name(), asker, out).await?;
    let request = Evaluations::Change { id: before.id, task, known: Some(known) };
    let after = evaluation(request, asker, out).await?;
    let said = if after.task.version == before.task.version {
        format!("changed; still version {}", after.task.version)
    } else {
        format!(
            "changed; version {} begins, because there are votes of version {} that would mean something else now",
            after.task.version, before.task.version
        )
    };
    told(&after, &said, out)?;
    create::without_repeats(&after, out)
}

async fn remove(names: &[String], yes: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut all: Vec<Evaluation> = Vec::new();
    for name in names {
        let evaluation = found(name, asker, out).await?;
        let by_id = evaluation.name().to_lowercase() != name.trim().to_lowercase();
        if by_id && name.chars().filter(|c| *c != '-').count() < DIGITS {
            let why = format!("an id takes at least {DIGITS} of its digits");
            let hint = "`outcrop eval list` shows names and ids.";
            let doing = format!("finding the evaluation {name:?}");
            return Err(Error::new(ErrorKind::Invalid, doing, why, hint).into());
        }
        // The same one may be named twice.
        if all.iter().all(|known| known.id != evaluation.id) {
            all.push(evaluation);
        }
    }
    let question = match all.as_slice() {
        [one] => format!("Delete the evaluation “{}” with its answers and votes?", one.name()),
        several => {
            let count = words::count(several.len() as u64, "evaluation", "evaluations");
            format!("Delete {count} with their answers and votes?")
        }
    };
    ask::agreed(yes, &question, "removing evaluations").await?;
    for evaluation in all {
        let request = Evaluations::Remove { id: evaluation.id };
        let reply = asker.one(Request::Evaluations(request), out).await?;
        if out.json {
            out.object(&reply)?;
        } else {
            out.line(&format!("removed {}  {}", evaluation.id.short(), evaluation.name()))?;
        }
    }
    Ok(())
}

/// The rating task in a file, and what it knows; `name` is the task's where the file names none.
async fn task_of(
    file: &Path,
    name: &str,
    asker: &Asker,
    out: &mut Out,
) -> Result<(TaskDefinition, Vec<Known>), End> {
    let (text, file) = if file == Path::new("-") {
        (read_input().await?, "of the standard input".to_owned())
    } else {
        (text_file(file)?, file.display().to_string())
    };
    let request = Evaluations::ReadTask { text, file, name: name.to_owned() };
    match asker.one(Request::Evaluations(request), out).await? {
        Reply::Task { task, known } => Ok((task, known)),
        other => Err(unexpected(&other)),
    }
}

/// What there is to say of an evaluation, or the evaluation for programs.
fn told(evaluation: &Evaluation, said: &str, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::Evaluation { evaluation });
    }
    out.line(&format!("{}: {said}", evaluation.name()))
}

async fn found<D: Workbench>(text: &str, asker: &Asker<D>, out: &mut Out) -> Result<Evaluation, End> {
    evaluation(Evaluations::Find { text: text.to_owned() }, asker, out).await
}

/// The reply of a request that has an evaluation for one.
async fn evaluation<D: Workbench>(
    request: Evaluations,
    asker: &Asker<D>,
    out: &mut Out,
) -> Result<Evaluation, End> {
    match asker.one(Request::Evaluations(request), out).await? {
        Reply::Evaluation { evaluation } => Ok(evaluation),
        other => Err(unexpected(&other)),
    }
}

/// A method in the words of a person.
fn method(method: Method) -> &'static str {
    match method {
        Method::ThumbsUpDown => "up or down, each",
        Method::IndividualLikertScale => "points, each",
        Method::ComparisonLikertScale => "one over the other, in points",
        Method::ComparisonChoice => "the best, a tie, or all bad",
        Method::ComparisonRank => "in order, ties allowed",
    }
}
