//! `outcrop eval rate --json`: rating without a screen, a line each way, for scripts.

use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::super::args::RateEvaluation;
use super::super::out::say;
use super::{Asker, End, Evaluations, Exit, Item, Out, found, unexpected};
use crate::config::Config;
use crate::domain::evaluation::Metric;
use crate::domain::evaluation::metric::Method;
use crate::domain::evaluation::sheet::{Cast, Seat, Sheet, Step};
use crate::domain::evaluation::vote::{Chosen, ResponseId, Said, Skip, Value};
use crate::domain::id::EvaluationId;
use crate::domain::untrusted::json_escape;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::away::Away;
use crate::workbench::{Reply, Request, Workbench};

/// No line is longer, in bytes.
const LONGEST: u64 = 1024 * 1024;

const READING: &str = "reading a line of votes";

/// What a rater says in a line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Line {
    values: Option<Map<String, Json>>,
    skip: Option<Skip>,
    undo: Option<bool>,
    to: Option<u64>,
    comment: Option<String>,
    active_ms: Option<u64>,
}

/// What it asks for.
#[derive(Debug)]
enum Wish {
    Say(Said),
    Go(Step),
}

pub(super) async fn rate(wanted: RateEvaluation, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let RateEvaluation { name, rater, output } = wanted;
    let id = meant(&name, asker, out).await?;
    if output.is_some() {
        let why = "its votes are kept in the workspace";
        let hint = "-o says where those on a hand-out go; `hand-out` writes one.";
        return Err(Error::new(ErrorKind::Invalid, format!("rating {name:?}"), why, hint).into());
    }
    by_lines(id, (&name, rater), asker, out).await
}

/// The evaluation of that name.
async fn meant<D: Workbench>(name: &str, asker: &Asker<D>, out: &mut Out) -> Result<EvaluationId, End> {
    match found(name, asker, out).await {
        Ok(evaluation) => Ok(evaluation.id),
        Err(End::Error(error)) if error.kind == ErrorKind::NotFound => {
            let why = format!("{}, and no file is called so", error.why);
            Err(Error { why, ..error }.into())
        }
        Err(other) => Err(other),
    }
}

/// Refuses a name that no evaluation has, or several might. What else is wrong the screen tells, which can ask for a passphrase.
pub(in super::super) async fn may_rate<D: Workbench>(name: &str, asker: &Asker<D>) -> Result<()> {
    match meant(name, asker, &mut Out::new(false)).await {
        Err(End::Error(error)) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::Invalid) => {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Rates a hand-out, without its evaluation.
pub(in super::super) async fn rate_away(
    wanted: RateEvaluation,
    file: &Path,
    config: Config,
    out: &mut Out,
) -> Result<Exit, End> {
    let RateEvaluation { name, rater, output } = wanted;
    let door = Arc::new(Away::open(file, &rater, output)?);
    let asker = Asker { door: Arc::clone(&door), config, _watcher: None };
    let Reply::Evaluation { evaluation } =
        asker.one(Request::Evaluations(Evaluations::Find { text: String::new() }), out).await?
    else {
        return Ok(Exit::Done);
    };
    let exit = by_lines(evaluation.id, (&name, rater), &asker, out).await?;
    kept_away(&door);
    Ok(exit)
}

/// Says where the votes on a hand-out are, and what is to be done with them.
pub(in super::super) fn kept_away(door: &Away) {
    let pace = door.pace();
    let file = door.ratings().display();
    let skipped = match pace.skipped {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    let (rated, total) = (pace.rated(), pace.total);
    say(&format!("note: {rated} of {total} items are rated{skipped}; the ratings are in {file}"));
    say(&if pace.done < pace.total {
        "hint: the same command goes on there; `outcrop eval take-in FILE` takes them in where the evaluation is.".to_owned()
    } else {
        format!("hint: send {file} to whoever sent the items: `outcrop eval take-in FILE` takes it in.")
    });
}

async fn by_lines<D: Workbench>(
    id: EvaluationId,
    (name, rater): (&str, String),
    asker: &Asker<D>,
    out: &mut Out,
) -> Result<Exit, End> {
    if !out.json {
        let doing = format!("rating {name:?} as {rater:?}");
        let hint = "With --json programs rate, a line each way.";
        return Err(Error::new(ErrorKind::Invalid, doing, "rating needs a terminal", hint).into());
    }
    let mut seat = sat(Evaluations::Sit { id, rater: rater.clone(), step: Step::On }, asker, out).await?;
    loop {
        let reply = Reply::Seat { seat };
        out.object(&reply)?;
        let Reply::Seat { seat: now } = reply else { break };
        seat = now;
        let Some(sheet) = &seat.sheet else { break };
        let laid = Instant::now();
        let Some(line) = next_line().await? else {
            sat(Evaluations::Sit { id, rater, step: Step::Leave }, asker, out).await?;
            break;
        };
        let request = match wish(&line, &seat, sheet) {
            Ok((Wish::Go(step), _)) => Evaluations::Sit { id, rater: rater.clone(), step },
            Ok((Wish::Say(said), line)) => {
                let lain = u64::try_from(laid.elapsed().as_millis()).unwrap_or(u64::MAX);
                Evaluations::Rate { id, cast: cast(&seat, sheet, said, line, lain) }
            }
            Err(error) => {
                refused(&error)?;
                continue;
            }
        };
        match sat(request, asker, out).await {
            Ok(next) => seat = next,
            Err(End::Error(error)) if is_of_the_line(&error) => {
                refused(&error)?;
                seat = after_refusal(seat, id, asker, out).await?;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(Exit::Done)
}

/// Whether another line may do better.
fn is_of_the_line(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Invalid | ErrorKind::NotFound)
}

/// The same seat, unless the task or what is left has changed meanwhile.
async fn after_refusal<D: Workbench>(
    before: Seat,
    id: EvaluationId,
    asker: &Asker<D>,
    out: &mut Out,
) -> Result<Seat, End> {
    let on = Evaluations::Sit { id, rater: before.rater.clone(), step: Step::On };
    let now = sat(on, asker, out).await?;
    let revisits = before.sheet.as_ref().is_some_and(|sheet| sheet.before.is_some());
    Ok(if revisits && now.task.version == before.task.version { before } else { now })
}

async fn sat<D: Workbench>(request: Evaluations, asker: &Asker<D>, out: &mut Out) -> Result<Seat, End> {
    match asker.one(Request::Evaluations(request), out).await? {
        Reply::Seat { seat } => Ok(seat),
        other => Err(unexpected(&other)),
    }
}

/// An error that ends nothing; the answers stay a line each.
fn refused(error: &Error) -> Result<(), End> {
    let item = Item::Error { error };
    let text =
        serde_json::to_string(&item).map_err(|why| Error::internal("writing JSON", why.to_string()))?;
    say(&json_escape(&text));
    Ok(())
}

/// The next line that says something; `None` at the end. Read on a thread of its own, so that a signal is heard.
async fn next_line() -> Result<Option<String>> {
    let read = tokio::task::spawn_blocking(|| {
        let mut input = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            input.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(None);
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    });
    let line = read.await.map_err(|why| Error::internal(READING, why.to_string()))?;
    let line = line.map_err(|why: std::io::Error| Error::io(READING, &why))?;
    let Some(line) = line else { return Ok(None) };
    if line.len() as u64 == LONGEST && !line.ends_with(b"\n") {
        let why = format!("it is longer than {} KB", LONGEST >> 10);
        return Err(Error::new(ErrorKind::Invalid, READING, why, "End each line."));
    }
    String::from_utf8(line)
        .map(Some)
        .map_err(|_| Error::new(ErrorKind::Invalid, READING, "it is no UTF-8 text", "Write it as one."))
}

fn wrong(why: impl Into<String>) -> Error {
    let hint = "Write {\"values\": {METRIC: …}}, {\"skip\": \"unclear\"}, {\"undo\": true} or {\"to\": 1}.";
    Error::new(ErrorKind::Invalid, READING, why, hint)
}

fn wish(text: &str, seat: &Seat, sheet: &Sheet) -> Result<(Wish, Line)> {
    let mut line: Line = serde_json::from_str(text.trim()).map_err(|why| wrong(why.to_string()))?;
    let wish = match (line.values.take(), line.skip, line.undo, line.to) {
        (Some(said), None, None, None) => Wish::Say(Said::Values(values(&said, &seat.task.metrics, sheet)?)),
        (None, Some(why), None, None) => Wish::Say(Said::Skipped(why)),
        (None, None, Some(true), None) => Wish::Go(Step::Undo),
        (None, None, None, Some(number)) => Wish::Go(Step::To(number)),
        _ => return Err(wrong("it takes one of values, skip, undo, to")),
    };
    Ok((wish, line))
}

fn cast(seat: &Seat, sheet: &Sheet, said: Said, line: Line, lain_ms: u64) -> Cast {
    Cast {
        rater: seat.rater.clone(),
        item: sheet.item.clone(),
        version: seat.task.version,
        shown: sheet.answers.iter().map(|answer| answer.id.clone()).collect(),
        said,
        active_ms: line.active_ms.unwrap_or(lain_ms),
        comment: line.comment,
        supersedes: sheet.before.as_ref().map(|before| before.vote),
    }
}

/// What is said of each metric, by the ids of the answers.
fn values(said: &Map<String, Json>, metrics: &[Metric], sheet: &Sheet) -> Result<Vec<(String, Value)>> {
    let ids: Vec<&ResponseId> = sheet.answers.iter().map(|answer| &answer.id).collect();
    if let Some(other) = said.keys().find(|name| metrics.iter().all(|metric| metric.name != **name)) {
        let names: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        return Err(wrong(format!("there is no metric {other:?}; there are: {}", names.join(", "))));
    }
    let each = metrics.iter().map(|metric| {
        let name = &metric.name;
        let value = said.get(name).ok_or_else(|| wrong(format!("it says nothing of {name:?}")))?;
        let value = of_metric(metric, value, &ids);
        Ok((name.clone(), value.map_err(|why| wrong(format!("of {name:?}: {why}")))?))
    });
    each.collect()
}

fn of_metric(metric: &Metric, said: &Json, ids: &[&ResponseId]) -> std::result::Result<Value, String> {
    // A number, or the word for it.
    let number = |said: &Json| match said {
        Json::String(word) => metric.number_of(word),
        said => u8::deserialize(said).ok(),
    };
    let thumb = |said: &Json| match said {
        Json::String(word) => metric.thumb_of(word),
        said => said.as_bool(),
    };
    Ok(match metric.method {
        Method::ThumbsUpDown => Value::Thumbs(each(said, ids, "true or false", thumb)?),
        Method::IndividualLikertScale => Value::Points(each(said, ids, "a number", number)?),
        Method::ComparisonRank => Value::Ranks(each(said, ids, "a number", number)?),
        Method::ComparisonLikertScale => {
            Value::Preference(number(said).ok_or_else(|| format!("{said} is no number of points"))?)
        }
        Method::ComparisonChoice => {
            let none = said.as_str().and_then(|said| metric.none_of(said));
            let place = || said.as_u64().and_then(|place| ids.get(usize::try_from(place).ok()?));
            let chosen = none.or_else(|| place().map(|id| Chosen::One((*id).clone())));
            Value::Choice(chosen.ok_or_else(|| {
                let last = ids.len().saturating_sub(1);
                format!("{said} is no place from 0 to {last}, \"tie\" or \"both_bad\"")
            })?)
        }
    })
}

/// Something of each answer, from the left.
fn each<T>(
    said: &Json,
    ids: &[&ResponseId],
    what: &str,
    read: impl Fn(&Json) -> Option<T>,
) -> std::result::Result<Vec<(ResponseId, T)>, String> {
    let wrong = || format!("{said} is not a list of {}, {what} each", ids.len());
    let said = said.as_array().filter(|said| said.len() == ids.len()).ok_or_else(wrong)?;
    let pairs = ids.iter().zip(said).map(|(id, said)| Some(((*id).clone(), read(said)?)));
    pairs.collect::<Option<_>>().ok_or_else(wrong)
}
