//! What votes come to, as a report or as a decision of the owner; evaluations on their way to other people and back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::judged;
use crate::cli::args::{
    AdjudicateEvaluation, ExportEvaluation, ExportForm, HandOut, ImportEvaluation, ImportForm,
    ReportEvaluation, ReportedAs,
};
use crate::cli::datasets::bytes;
use crate::cli::item::Item as Line;
use crate::cli::out::{Out, say};
use crate::cli::{Asker, End, Exit, ask, export, unexpected, words};
use crate::domain::evaluation::decision::Decision;
use crate::domain::evaluation::exchange::{Form, ReportForm, TakenIn, Written};
use crate::domain::evaluation::job::Evaluation;
use crate::domain::evaluation::metric::Method;
use crate::domain::evaluation::report::{MetricReport, Report};
use crate::domain::evaluation::vote::{Chosen, Value};
use crate::domain::evaluation::{Item, ItemHash, Metric, ResponseId};
use crate::domain::time::Timestamp;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::evaluations::Evaluations;
use crate::workbench::{Reply, Request, person};

/// Lines that are printed of those that were left out; programs get all.
const REMARKS: usize = 20;

/// Disagreements that are listed of a metric; programs get all.
const LISTED: usize = 20;

pub(super) async fn report(wanted: ReportEvaluation, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let ReportEvaluation { name, version, items, item, reveal, form, output, force } = wanted;
    let evaluation = super::found(&name, asker, out).await?;
    if items {
        return judged::list(&evaluation, asker, out).await;
    }
    let plain = !out.json && item.is_none() && version.is_none() && form.is_none() && output.is_none();
    if plain && evaluation.is_silent() {
        let name = evaluation.name();
        let items = words::count(evaluation.items.into(), "item", "items");
        let state = match evaluation.generation.total {
            0 => String::new(),
            _ => format!(" ({})", super::running::state(&evaluation)),
        };
        out.line(&format!("{name}: there are no votes yet on its {items}{state}"))?;
        let name = words::in_shell(name);
        return out.note(&format!(
            "`outcrop eval rate {name} --rater NAME` rates them, `outcrop eval hand-out` has somebody else rate them; with --form \
             the report is written all the same"
        ));
    }
    let tells_nothing = item.is_none() && evaluation.is_silent();
    agreed(&evaluation, reveal || tells_nothing, asker).await?;
    let id = evaluation.id;
    if let Some(item) = item {
        return judged::show(&evaluation, item, version, asker, out).await;
    }
    if out.json && form.is_none() && output.is_none() {
        let (report, decisions) = reported(Evaluations::Report { id, version }, asker, out).await?;
        return out.object(&Line::Report { report: &report, decisions: &decisions });
    }
    let named = output.as_ref().map_or(Some(ReportedAs::Markdown), |path| ReportedAs::of(path));
    let Some(form) = form.or(named) else {
        let why = "its name ends like none of a report's forms";
        let hint = "End it with .md, .html, .csv or .json, or name the form with --form.";
        return Err(Error::new(ErrorKind::Invalid, "writing a report", why, hint).into());
    };
    let form = match form {
        ReportedAs::Markdown => ReportForm::Markdown,
        ReportedAs::Html => ReportForm::Html,
        ReportedAs::Csv => ReportForm::Csv,
        ReportedAs::Json => ReportForm::Json,
    };
    let reply = asker.one(Request::Evaluations(Evaluations::WriteReport { id, version, form }), out).await?;
    let Reply::Text { text } = &reply else { return Err(unexpected(&reply)) };
    if output.is_some() || out.json {
        return kept(text, output.as_deref(), force, Beside::default(), out);
    }
    out.text(text)?;
    out.end_line()
}

/// Asks whoever rates in it, and sits before a terminal, before they look at results. That they looked is kept anyway.
async fn agreed(evaluation: &Evaluation, reveal: bool, asker: &Asker) -> Result<()> {
    if reveal || !ask::somebody() || !evaluation.hides_from(&person(&asker.config.user)) {
        return Ok(());
    }
    let doing = format!("looking at the results of {:?}", evaluation.name());
    let question = "You rate in it, and this tells whose the answers are and what others said: that you looked is kept, and what you \
                    rate after that is not blind. Look?";
    ask::agreed(false, question, &doing).await
}

/// What is said of a text that was written out.
#[derive(Clone, Copy, Default)]
struct Beside<'a> {
    left_out: &'a [String],
    notes: &'a [String],
    until: Option<Timestamp>,
}

/// Into the file, or for programs in an object with all that is to be said of it.
fn kept(text: &str, path: Option<&Path>, force: bool, beside: Beside<'_>, out: &mut Out) -> Result<(), End> {
    if let Some(path) = path {
        export::refuse_existing(path, force)?;
        export::write(path, &mut None, force, text)?;
        out.note(&format!("written to {}", path.display()))?;
    }
    if out.json {
        let Beside { left_out, notes, until } = beside;
        let text = Some(text).filter(|_| path.is_none());
        out.object(&Line::Text { text, path, left_out, notes, until })?;
    }
    Ok(())
}

async fn reported(
    request: Evaluations,
    asker: &Asker,
    out: &mut Out,
) -> Result<(Report, Vec<Decision>), End> {
    match asker.one(Request::Evaluations(request), out).await? {
        Reply::EvaluationReport { report, decisions } => Ok((report, decisions)),
        other => Err(unexpected(&other)),
    }
}

pub(super) async fn hand_out(wanted: HandOut, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let HandOut { name, rater, items: most, all, output, force } = wanted;
    let id = super::found(&name, asker, out).await?.id;
    let whose = rater.clone();
    let reply = asker.one(Request::Evaluations(Evaluations::HandOut { id, rater, most, all }), out).await?;
    let Reply::HandOut { text, until } = &reply else { return Err(unexpected(&reply)) };
    let beside = Beside { until: Some(*until), ..Beside::default() };
    written_lines(text, output.as_deref(), force, beside, out)?;
    // The first line is of the task.
    let items = text.lines().skip(1).count() as u64;
    if let Some(most) = most.filter(|most| items < u64::from(*most)) {
        let items = words::count(items, "item is", "items are");
        out.note(&format!(
            "only {items} in it, of the {most} asked for: no more is left that {whose} could rate now"
        ))?;
    }
    let until = words::time(*until);
    out.note(&format!(
        "its items are held for {whose} until {until}, or until `outcrop eval take-in` reads their ratings"
    ))
}

pub(super) async fn take_in(files: Vec<PathBuf>, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let (mut came, mut lacks, mut failed) = (false, false, None);
    for file in &files {
        // One that is no rating file does not keep the others out.
        match one_taken_in(file, asker, out).await {
            Ok(left_out) => {
                came = true;
                lacks |= left_out;
            }
            Err(End::Error(error)) if files.len() > 1 && error.kind != ErrorKind::Cancelled => {
                if out.json {
                    out.object(&Line::NotTakenIn { file, error: &error })?;
                }
                say(&format!("error: {}: {error}", file.display()));
                failed = Some(error);
            }
            Err(other) => return Err(other),
        }
    }
    match failed {
        Some(Error { kind, doing, hint, .. }) if !came => {
            Err(Error::new(kind, doing, "no file could be taken in: see above", hint).into())
        }
        Some(_) => Ok(Exit::Negative),
        None if lacks => Ok(Exit::Negative),
        None => Ok(Exit::Done),
    }
}

/// Whether something of a file was left out.
async fn one_taken_in(file: &Path, asker: &Asker, out: &mut Out) -> Result<bool, End> {
    let bytes = bytes(file).await?;
    let reply = asker.one(Request::Evaluations(Evaluations::TakeIn { bytes }), out).await?;
    let Reply::TakenIn { evaluation, taken } = &reply else { return Err(unexpected(&reply)) };
    told(evaluation, taken, out)
}

pub(super) async fn import(wanted: ImportEvaluation, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let ImportEvaluation { file, name, form } = wanted;
    let form = match form {
        ImportForm::Bedrock => Form::Bedrock,
        ImportForm::LabelStudio => Form::LabelStudio,
        ImportForm::Argilla => Form::Argilla,
        ImportForm::Battles => Form::Battles,
        ImportForm::Dpo => Form::Dpo,
        ImportForm::Kto => Form::Kto,
    };
    let request = Evaluations::Import { name, form, bytes: bytes(&file).await? };
    let reply = asker.one(Request::Evaluations(request), out).await?;
    let Reply::TakenIn { evaluation, taken } = &reply else { return Err(unexpected(&reply)) };
    Ok(if told(evaluation, taken, out)? { Exit::Negative } else { Exit::Done })
}

/// Says what became of a file; whether something was left out.
fn told(evaluation: &Evaluation, taken: &TakenIn, out: &mut Out) -> Result<bool, End> {
    if out.json {
        out.object(&Line::TakenIn { evaluation, taken })?;
        return Ok(!taken.bad.is_empty());
    }
    for bad in taken.bad.iter().take(REMARKS) {
        out.note(&format!("line {}: {}", bad.line, bad.why))?;
    }
    if taken.bad.len() > REMARKS {
        out.note(&format!(
            "and {} more; --json names all",
            words::grouped((taken.bad.len() - REMARKS) as u64)
        ))?;
    }
    let votes = words::count(taken.taken, "vote", "votes");
    let known = match taken.known {
        0 => String::new(),
        1 => ", 1 was here already".to_owned(),
        known => format!(", {known} were here already"),
    };
    // Of one line several things may be left out.
    let lines: BTreeSet<u64> = taken.bad.iter().map(|bad| bad.line).collect();
    let left = match lines.len() {
        0 => String::new(),
        left => format!(", {} left out", words::count(left as u64, "line", "lines")),
    };
    // Where another version is in force, reports count them when that one is asked for.
    let version = if taken.version == evaluation.task.version {
        String::new()
    } else {
        format!(" of version {} of the task", taken.version)
    };
    out.line(&format!("{}: {votes} taken{version}{known}{left}", evaluation.name()))?;
    Ok(!taken.bad.is_empty())
}

pub(super) async fn export(wanted: ExportEvaluation, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let ExportEvaluation { name, form, metric, version, reveal, output, force } = wanted;
    let evaluation = super::found(&name, asker, out).await?;
    agreed(&evaluation, reveal, asker).await?;
    let id = evaluation.id;
    let request = Evaluations::Export { id, form: formed(form), metric, version };
    let reply = asker.one(Request::Evaluations(request), out).await?;
    let Reply::EvaluationFile { written: Written { text, left_out, notes } } = &reply else {
        return Err(unexpected(&reply));
    };
    let why = match form {
        ExportForm::Dpo | ExportForm::Kto => "left out",
        _ => "left out, as the form has no place for it",
    };
    for what in left_out.iter().take(REMARKS) {
        out.note(&format!("{why}: {what}"))?;
    }
    if let Some(more) = left_out.len().checked_sub(REMARKS).filter(|more| *more > 0) {
        out.note(&format!("and {} more; --json names all", words::grouped(more as u64)))?;
    }
    notes.iter().try_for_each(|note| out.note(note))?;
    written_lines(text, output.as_deref(), force, Beside { left_out, notes, until: None }, out)
}

/// Into the file, or to the output: lines of JSON, whose controls are escaped without a loss.
fn written_lines(
    text: &str,
    path: Option<&Path>,
    force: bool,
    beside: Beside<'_>,
    out: &mut Out,
) -> Result<(), End> {
    if path.is_none() && !out.json {
        return out.json_text(text);
    }
    kept(text, path, force, beside, out)
}

fn formed(form: ExportForm) -> Form {
    match form {
        ExportForm::Bedrock => Form::Bedrock,
        ExportForm::LabelStudio => Form::LabelStudio,
        ExportForm::Argilla => Form::Argilla,
        ExportForm::Battles => Form::Battles,
        ExportForm::Dpo => Form::Dpo,
        ExportForm::Kto => Form::Kto,
    }
}

/// Lists what raters differ on, shows one of it, or decides it.
pub(super) async fn adjudicate(
    wanted: AdjudicateEvaluation,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let AdjudicateEvaluation { name, item, metric, value, reason, reveal, version } = wanted;
    let evaluation = super::found(&name, asker, out).await?;
    agreed(&evaluation, reveal, asker).await?;
    let id = evaluation.id;
    let (item, said) = match (item, value) {
        (Some(item), Some(said)) => (item, said),
        (Some(item), None) => return judged::show(&evaluation, item, version, asker, out).await,
        _ => {
            if let Some(named) = &metric {
                known(&evaluation, named)?;
            }
            let (report, decisions) = reported(Evaluations::Report { id, version }, asker, out).await?;
            return disputed(&report, metric.as_deref(), &decisions, out);
        }
    };
    let metric = metric.or_else(|| evaluation.task.metrics.first().map(|metric| metric.name.clone()));
    let metric = known(&evaluation, metric.as_deref().unwrap_or_default())?;
    let reply = asker.one(Request::Evaluations(Evaluations::Item { id, item: ItemHash(item) }), out).await?;
    let Reply::RatedItem { item } = &reply else { return Err(unexpected(&reply)) };
    let value = decided(metric, item, evaluation.seed, &said)?;
    let version = evaluation.task.version;
    let (item, metric) = (item.hash(), metric.name.clone());
    let request = Evaluations::Adjudicate { id, item, metric, value, reason, version };
    let reply = asker.one(Request::Evaluations(request), out).await?;
    let Reply::Decision { decision } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        return out.object(&Line::Decision { decision });
    }
    out.line(&format!("{}: decided for item {:.12}", evaluation.name(), decision.item.0))
}

/// The metric of that name.
fn known<'a>(evaluation: &'a Evaluation, name: &str) -> Result<&'a Metric> {
    evaluation.task.metric(name).ok_or_else(|| {
        let names: Vec<_> = evaluation.task.metrics.iter().map(|metric| metric.name.as_str()).collect();
        let why = format!("{:?} has no such metric", evaluation.name());
        Error::new(ErrorKind::NotFound, "deciding an item", why, format!("It has {}.", names.join(", ")))
    })
}

fn disputed(report: &Report, of: Option<&str>, decisions: &[Decision], out: &mut Out) -> Result<(), End> {
    let standing = Decision::standing(decisions);
    let mut any = false;
    let wanted = |metric: &&MetricReport| of.is_none_or(|of| metric.name == of);
    for metric in report.metrics.iter().filter(wanted) {
        let all = metric.disagreements.len();
        let listed = if out.json { all } else { all.min(LISTED) };
        for disagreement in &metric.disagreements[..listed] {
            any = true;
            if out.json {
                let question = report.question(&disagreement.item);
                out.object(&Line::Disagreement { metric: &metric.name, disagreement, question })?;
                continue;
            }
            let said: Vec<_> =
                disagreement.said.iter().map(|(what, many)| format!("{what} ×{many}")).collect();
            let is_decided = standing.iter().any(|d| d.item == disagreement.item && d.metric == metric.name);
            let mark = if is_decided { "  ✓ decided" } else { "" };
            let whose = disagreement.source.as_ref().map_or_else(String::new, |source| format!("  {source}"));
            let (hash, question) = (&disagreement.item.0, report.question(&disagreement.item));
            out.line(&format!("{hash:.12}  {}{whose}  {}{mark}  {question}", metric.name, said.join(", ")))?;
        }
        if listed < all {
            let more = words::grouped((all - listed) as u64);
            out.note(&format!("and {more} more by {}; --json names all", metric.name))?;
        }
    }
    if !any {
        out.note("raters differ on nothing")?;
    }
    Ok(())
}

/// A value as it is said on the command line: the name of a source, `tie`, `both_bad`; points; yes or no and points of a source as
/// `SOURCE=VALUE`, with commas between them. Words of the metric's own are taken as well, and of one answer alone its value without
/// a name.
fn decided(metric: &Metric, item: &Item, seed: u64, said: &str) -> Result<Value> {
    let hash = item.hash();
    let failed = |why: String| {
        let names: Vec<_> = item.responses.iter().map(|response| response.model.as_str()).collect();
        let hint = format!("Its answers are of {}. {}", names.join(" and "), takes(metric, &names));
        Error::new(ErrorKind::Invalid, format!("reading the value {said:?}"), why, hint)
    };
    let id = |name: &str| {
        let found = item.responses.iter().find(|response| response.model == name.trim());
        found.map(|response| ResponseId::of(seed, &hash, &response.model))
    };
    let each = || {
        said.split(',').map(|part| {
            if let ([only], false) = (item.responses.as_slice(), part.contains('=')) {
                return Ok((ResponseId::of(seed, &hash, &only.model), part.trim().to_owned()));
            }
            // A source's name may hold the sign itself.
            let (name, value) =
                part.rsplit_once('=').ok_or_else(|| failed("it does not say of which answer".into()))?;
            let id = id(name).ok_or_else(|| failed(format!("no answer is of {name:?}")))?;
            Ok((id, value.trim().to_owned()))
        })
    };
    let number = |text: &str| {
        metric.number_of(text).ok_or_else(|| failed(format!("{text:?} is no point of the scale")))
    };
    Ok(match metric.method {
        // The name of a source goes before a word.
        Method::ComparisonChoice => {
            let chosen = id(said).map(Chosen::One).or_else(|| metric.none_of(said));
            Value::Choice(chosen.ok_or_else(|| failed(format!("no answer is of {said:?}")))?)
        }
        Method::ComparisonLikertScale => Value::Preference(number(said)?),
        Method::ThumbsUpDown => {
            let thumb = |(id, value): (ResponseId, String)| {
                let up = metric.thumb_of(&value);
                Ok((id, up.ok_or_else(|| failed(format!("{value:?} is neither yes nor no")))?))
            };
            Value::Thumbs(each().map(|part| part.and_then(thumb)).collect::<Result<_>>()?)
        }
        Method::IndividualLikertScale => {
            let point = |(id, value): (ResponseId, String)| Ok((id, number(&value)?));
            Value::Points(each().map(|part| part.and_then(point)).collect::<Result<_>>()?)
        }
        Method::ComparisonRank => {
            let place = |(id, value): (ResponseId, String)| Ok((id, number(&value)?));
            Value::Ranks(each().map(|part| part.and_then(place)).collect::<Result<_>>()?)
        }
    })
}

/// How a value is said of a metric, for a hint.
fn takes(metric: &Metric, names: &[&str]) -> String {
    let named = |values: &dyn Fn(usize) -> String| -> String {
        let each = names.iter().enumerate().map(|(at, name)| format!("{name}={}", values(at)));
        each.collect::<Vec<_>>().join(",")
    };
    let word = |number: u8| metric.word(number).map_or_else(|| number.to_string(), str::to_owned);
    let words = |numbers: std::ops::RangeInclusive<u8>| numbers.map(word).collect::<Vec<_>>().join(", ");
    match metric.method {
        Method::ComparisonChoice => format!(
            "Name one of them, or say {} or {}.",
            metric.tie().unwrap_or("tie"),
            metric.all_bad().unwrap_or("both_bad")
        ),
        Method::ComparisonLikertScale => {
            format!("It takes one of {}, or its number.", words(1..=metric.points().unwrap_or_default()))
        }
        Method::ThumbsUpDown => {
            let thumb = |at: usize| metric.thumb(at == 0).unwrap_or(if at == 0 { "yes" } else { "no" });
            format!("Say it of each: {}.", named(&|at| thumb(at).to_owned()))
        }
        Method::IndividualLikertScale => {
            let last = metric.points().unwrap_or_default();
            let say = named(&|at| word(last.saturating_sub(at as u8).max(1)));
            format!("Say it of each: {say}; the points are {}.", words(1..=last))
        }
        Method::ComparisonRank => format!("Say the place of each: {}.", named(&|at| word(at as u8 + 1))),
    }
}
