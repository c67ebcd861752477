//! `outcrop traces …`

mod noting;
mod replaying;
mod sending;
mod shown;

pub(super) use shown::Told;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use futures_util::StreamExt;

use super::args::{TraceForm, Traces as Verb};
use super::export::refuse_existing;
use super::item::Item;
use super::out::{self, Out};
use super::{Asker, End, Exit, absolute, ask, unexpected, words};
use crate::domain::secret::Secret;
use crate::domain::trace::aligned::Pair;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::{Brought, Made, Rollups, Run, TraceId, Tree};
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::traces::{Traces, Written};
use crate::workbench::{Reply, Request};

/// Runs that are asked for at a time.
const PAGE: usize = 256;
/// Digits by which a trace may be named.
const DIGITS: usize = 4;

pub(super) async fn traces(verb: Verb, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    match verb {
        Verb::List { filter, limit } => list(&filter, limit, asker, out).await?,
        Verb::Show { id, span: Some(row), .. } => span(&id, row, asker, out).await?,
        Verb::Show { id, filter, .. } => show(&id, &filter, asker, out).await?,
        Verb::Import { file } => return import(&file, asker, out).await,
        Verb::Export { id, format, to: Some(url), header, .. } => {
            sending::send(&id, url, &header, format, asker, out).await?;
        }
        Verb::Export { id, output, format, force, .. } => {
            let form = format.unwrap_or(TraceForm::Json);
            export(&id, output.as_deref(), form, force, asker, out).await?;
        }
        Verb::Replay(wanted) => return replaying::replay(wanted, asker, out).await,
        Verb::Diff { left, right } => diff(&left, &right, asker, out).await?,
        Verb::Stats { id } => stats(&id, asker, out).await?,
        Verb::Note { id, remove: Some(note), .. } => noting::remove(&id, &note, asker, out).await?,
        Verb::Note { id, span, score, name, text, .. } => {
            noting::note(&id, span, noting::opinion(score, name, text)?, asker, out).await?;
        }
        Verb::Listen { port, token_file } => listen(port, token_file, asker, out).await?,
        Verb::Remove { id, yes } => remove(&id, yes, asker, out).await?,
    }
    Ok(Exit::Done)
}

/// The words of a filter as they were written; `None` where there are none.
fn written(filter: &[String]) -> Option<String> {
    (!filter.is_empty()).then(|| filter.join(" "))
}

async fn list(filter: &[String], limit: usize, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let limit = if limit == 0 { usize::MAX } else { limit };
    let (mut found, mut before, mut more) = (Vec::<Run>::new(), None, true);
    while more && found.len() < limit {
        let filter = written(filter);
        let ask = Traces::List { filter, limit: PAGE.min(limit - found.len()), before };
        let reply = asker.one(Request::Traces(ask), out).await?;
        let Reply::Traces { runs, more: left } = reply else { return Err(unexpected(&reply)) };
        before = runs.last().map(|run| (run.at, run.id));
        more = left && before.is_some();
        found.extend(runs);
    }
    if out.json {
        return found.iter().try_for_each(|run| out.object(&Item::Trace { run }));
    }
    let rows: Vec<_> = found.iter().map(shown::run).collect();
    words::table(&rows).iter().try_for_each(|line| out.line(line))?;
    if found.is_empty() {
        out.note(if filter.is_empty() {
            "there are no traces yet; `outcrop traces listen` takes those of other programs"
        } else {
            "no trace has such a span"
        })?;
    }
    if more {
        out.note("there are more; -n 0 shows all")?;
    }
    Ok(())
}

async fn found(text: &str, asker: &Asker, out: &mut Out) -> Result<Run, End> {
    if text.chars().count() < DIGITS {
        let doing = format!("finding the trace {text}");
        let why = format!("an id takes at least {DIGITS} of its digits");
        return Err(Error::new(ErrorKind::Invalid, doing, why, "Give more of its digits.").into());
    }
    match asker.one(Request::Traces(Traces::Find { text: text.to_owned() }), out).await? {
        Reply::Trace { run } => Ok(run),
        other => Err(unexpected(&other)),
    }
}

/// What there is of a trace.
#[derive(Default)]
struct Whole {
    /// Those under its id, the one that the rows are of last.
    runs: Vec<Run>,
    outline: Outline,
    /// What cannot be read of it.
    damaged: Vec<String>,
}

async fn opened(id: TraceId, asker: &Asker) -> Result<Whole, End> {
    let Whole { mut runs, mut outline, mut damaged } = Whole::default();
    let mut replies = asker.ask(Request::Traces(Traces::Open { id }));
    while let Some(reply) = replies.next().await {
        match reply? {
            Reply::Trace { run } => runs.push(run),
            Reply::TraceRows { rows } => {
                let why = "its rows make no sense to this program";
                rows.unpack(&mut outline).ok_or_else(|| Error::internal("opening a trace", why))?;
            }
            Reply::TraceDamaged { places } => damaged.extend(places),
            other => return Err(unexpected(&other)),
        }
    }
    Ok(Whole { runs, outline, damaged })
}

async fn show(text: &str, filter: &[String], asker: &Asker, out: &mut Out) -> Result<(), End> {
    let run = found(text, asker, out).await?;
    let Whole { mut runs, outline, damaged } = opened(run.id, asker).await?;
    let run = runs.pop().unwrap_or(run);
    let tree = Tree::of(&outline);
    let rollups = Rollups::of(&outline, &tree);
    let wanted = match written(filter) {
        None => None,
        Some(filter) => Some(passing(run.id, filter, outline.rows.len(), asker).await?),
    };
    let again =
        asker.one(Request::Traces(Traces::Replays { id: run.id, row: None, span: None }), out).await?;
    let Reply::TraceReplays { replays, damaged: lost } = &again else { return Err(unexpected(&again)) };
    warn(lost);
    let view = shown::View { outline: &outline, tree: &tree, rollups: &rollups, replays };
    let rows = tree.order().iter().copied();
    let rows: Vec<u32> =
        rows.filter(|row| wanted.as_ref().is_none_or(|wanted| wanted[*row as usize])).collect();
    let notes = noting::of(run.id, asker, out).await?;
    let is_shown = |note: &noting::Placed<'_>| note.row.is_none_or(|row| rows.contains(&row));
    let notes =
        noting::placed(&notes, &outline).into_iter().filter(|note| wanted.is_none() || is_shown(note));
    if out.json {
        out.object(&Item::Trace { run: &run })?;
        for row in &rows {
            out.object(&Item::TraceRow(view.told(*row)))?;
        }
        for noting::Placed { note, row } in notes {
            out.object(&Item::TraceNote { row, note })?;
        }
    } else {
        out.line(&shown::headline(&run))?;
        shown::why(&run).iter().try_for_each(|why| out.line(why))?;
        let lines: Vec<_> = rows.iter().map(|row| view.line(*row)).collect();
        words::table(&lines).iter().try_for_each(|line| out.line(line))?;
        let lines: Vec<_> = notes.map(|placed| placed.line()).collect();
        words::table(&lines).iter().try_for_each(|line| out.line(line))?;
    }
    for other in runs {
        let (spans, id) = (words::count(other.spans, "span", "spans"), other.id);
        out::say(&format!(
            "note: a trace from elsewhere has this id, too, with {spans}; `outcrop traces remove {id}` takes that one away"
        ));
    }
    warn(&damaged);
    Ok(())
}

/// Tells what cannot be read.
fn warn(damaged: &[String]) {
    for place in damaged {
        out::say(&format!("warning: {place}"));
    }
}

/// For each row whether it passes.
async fn passing(id: TraceId, filter: String, rows: usize, asker: &Asker) -> Result<Vec<bool>, End> {
    let mut passing = vec![false; rows];
    let mut replies = asker.ask(Request::Traces(Traces::Search { id, filter }));
    while let Some(reply) = replies.next().await {
        match reply? {
            Reply::TraceFound { rows } => {
                for row in rows {
                    if let Some(passes) = passing.get_mut(row as usize) {
                        *passes = true;
                    }
                }
            }
            other => return Err(unexpected(&other)),
        }
    }
    Ok(passing)
}

async fn span(text: &str, row: u32, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let run = found(text, asker, out).await?;
    let reply = asker.one(Request::Traces(Traces::Span { id: run.id, row, span: None }), out).await?;
    let Reply::TraceSpan { span, contents } = &reply else { return Err(unexpected(&reply)) };
    let notes = noting::of(run.id, asker, out).await?;
    let mut notes = notes.iter().filter(|note| note.span == Some(span.id));
    // In a run that goes on the row may be another's by now.
    let of = Traces::Replays { id: run.id, row: Some(row), span: Some(span.id) };
    let again = asker.one(Request::Traces(of), out).await?;
    let Reply::TraceReplays { replays, damaged: lost } = &again else { return Err(unexpected(&again)) };
    warn(lost);
    if out.json {
        out.object(&reply)?;
        notes.try_for_each(|note| out.object(&Item::TraceNote { row: Some(row), note }))?;
        return if replays.is_empty() { Ok(()) } else { out.object(&again) };
    }
    let mut lines = shown::span(span, contents).into_iter().chain(replays.iter().map(shown::replay));
    lines.try_for_each(|line| out.text(&format!("{line}\n")))?;
    notes.try_for_each(|note| out.text(&format!("note: {}\n", note.line())))?;
    out.end_line()
}

/// Brings what stands in files: one that cannot be read does not keep the others out.
async fn import(files: &[PathBuf], asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let (mut came, mut failed) = (false, None);
    for file in files {
        match one_imported(file, asker, out).await {
            Ok(()) => came = true,
            Err(End::Error(error)) if files.len() > 1 && error.kind != ErrorKind::Cancelled => {
                if out.json {
                    out.object(&Item::TracesNotBrought { file, error: &error })?;
                }
                out::say(&format!("error: {error}"));
                failed = Some(error);
            }
            Err(other) => return Err(other),
        }
    }
    match failed {
        None => Ok(Exit::Done),
        Some(_) if came => Ok(Exit::Negative),
        Some(Error { kind, hint, .. }) => {
            Err(Error::new(kind, "reading traces", "no file could be read: see above", hint).into())
        }
    }
}

async fn one_imported(file: &Path, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let ask = Traces::Import { file: absolute(file)? };
    let reply = asker.one(Request::Traces(ask), out).await?;
    if out.json {
        return out.object(&reply);
    }
    let Reply::TracesBrought { brought } = &reply else { return Err(unexpected(&reply)) };
    out.line(&format!("{}  {}", shown::brought(brought), file.display()))?;
    remarks(brought);
    Ok(())
}

fn remarks(brought: &Brought) {
    if !brought.remarks.is_empty() {
        out::say(&format!("note: {}", brought.remarks));
    }
}

async fn export(
    texts: &[String],
    output: Option<&Path>,
    form: TraceForm,
    force: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    let doing = "writing a trace";
    if form == TraceForm::Protobuf && output.is_none() {
        let why = "protobuf is no text";
        return Err(Error::new(ErrorKind::Invalid, doing, why, "Name a file: -o FILE.").into());
    }
    if form == TraceForm::Html && texts.len() > 1 {
        let why = "a page is of one trace";
        return Err(Error::new(ErrorKind::Invalid, doing, why, "Write them one by one.").into());
    }
    if let Some(path) = output {
        refuse_existing(path, force)?;
    }
    let ids = all_found(texts, asker, out).await?;
    let is_text = matches!(form, TraceForm::Markdown | TraceForm::Html);
    let is_rows = matches!(form, TraceForm::Prompts | TraceForm::OpenAi);
    let form = match form {
        TraceForm::Json => Written::Json,
        TraceForm::Protobuf => Written::Protobuf,
        TraceForm::Markdown => Written::Markdown,
        TraceForm::Html => Written::Html,
        TraceForm::Prompts => Written::Prompts,
        TraceForm::OpenAi => Written::OpenAi,
    };
    let (mut file, mut written) = (None, 0);
    for id in &ids {
        let mut replies = asker.ask(Request::Traces(Traces::Export { id: *id, form }));
        while let Some(reply) = replies.next().await {
            let reply = reply?;
            let bytes = match &reply {
                Reply::TraceWritten { bytes } => bytes,
                Reply::TraceDamaged { places } => {
                    warn(places);
                    let parts = words::count(places.len() as u64, "part", "parts");
                    out.note(&format!(
                        "{parts} of {} could not be read; the rest is written",
                        shown::short(*id)
                    ))?;
                    continue;
                }
                other => return Err(unexpected(other)),
            };
            written += bytes.len();
            match output {
                Some(path) => {
                    let failed = |why: &std::io::Error| Error::io(format!("writing {}", path.display()), why);
                    if file.is_none() {
                        let mut options = OpenOptions::new();
                        options.write(true).create(force).truncate(force).create_new(!force);
                        file = Some(options.open(path).map_err(|why| failed(&why))?);
                    }
                    if let Some(file) = &mut file {
                        file.write_all(bytes).map_err(|why| failed(&why))?;
                    }
                }
                None if out.json => {
                    out.object(&Reply::Text { text: String::from_utf8_lossy(bytes).into_owned() })?;
                }
                None if bytes.is_empty() => {}
                None if is_text => out.text(&String::from_utf8_lossy(bytes))?,
                None => out.json_text(&String::from_utf8_lossy(bytes))?,
            }
        }
    }
    if written == 0 {
        out.note(if is_rows { "no call of a model in it makes a row" } else { "nothing of it can be read" })?;
    }
    if let Some(path) = output.filter(|_| file.is_some())
        && !out.json
    {
        let ids: Vec<String> = ids.into_iter().map(shown::short).collect();
        out.line(&format!("{}  {}", ids.join(" "), path.display()))?;
    }
    Ok(())
}

/// The traces of that name, each once.
async fn all_found(texts: &[String], asker: &Asker, out: &mut Out) -> Result<Vec<TraceId>, End> {
    let mut ids = Vec::new();
    for text in texts {
        let id = found(text, asker, out).await?.id;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// What a run was made with.
async fn made(id: TraceId, asker: &Asker, out: &mut Out) -> Result<Made, End> {
    match asker.one(Request::Traces(Traces::Made { id }), out).await? {
        Reply::TraceMade { made } => Ok(made),
        other => Err(unexpected(&other)),
    }
}

async fn diff(left: &str, right: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let left = found(left, asker, out).await?.id;
    let right = found(right, asker, out).await?.id;
    let changes = made(left, asker, out).await?.changes(&made(right, asker, out).await?);
    let reply = asker.one(Request::Traces(Traces::Diff { left, right }), out).await?;
    let Reply::TraceDiff { pairs, left, right } = reply else { return Err(unexpected(&reply)) };
    let (mut one, mut other) = (Outline::default(), Outline::default());
    if left.unpack(&mut one).is_none() || right.unpack(&mut other).is_none() {
        let why = "its rows make no sense to this program";
        return Err(Error::internal("opening a trace", why).into());
    }
    let name = |pair: &Pair| {
        let of = |outline: &Outline, row: Option<u32>| {
            let row = outline.rows.get(row? as usize)?;
            Some(outline.names.get(row.name).to_owned())
        };
        of(&one, pair.left).or_else(|| of(&other, pair.right)).unwrap_or_default()
    };
    if out.json {
        changes.iter().try_for_each(|change| out.object(&Item::TraceChange { change }))?;
        return pairs.iter().try_for_each(|pair| out.object(&Item::TracePair { name: name(pair), pair }));
    }
    let lines: Vec<_> = changes.iter().map(shown::change).collect();
    words::table(&lines).iter().try_for_each(|line| out.line(line))?;
    let lines: Vec<_> = pairs.iter().map(|pair| shown::pair(pair, &name(pair))).collect();
    words::table(&lines).iter().try_for_each(|line| out.line(line))
}

async fn stats(text: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let id = found(text, asker, out).await?.id;
    let reply = asker.one(Request::Traces(Traces::Stats { id }), out).await?;
    let Reply::TraceStats { latencies } = &reply else { return Err(unexpected(&reply)) };
    let reply = asker.one(Request::Traces(Traces::Lints { id }), out).await?;
    let Reply::TraceFindings { findings } = &reply else { return Err(unexpected(&reply)) };
    if out.json {
        latencies.iter().try_for_each(|latency| out.object(&Item::TraceLatency { latency }))?;
        return findings.iter().try_for_each(|finding| out.object(&Item::TraceFinding { finding }));
    }
    words::ledger(shown::latencies(latencies)).iter().try_for_each(|line| out.line(line))?;
    findings.iter().try_for_each(|finding| out.line(&format!("! {}", finding.says)))
}

async fn listen(port: u16, token: Option<PathBuf>, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let token = token.map(|file| first_line(&file)).transpose()?;
    let mut replies = asker.ask(Request::Traces(Traces::Listen { port, token }));
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        if out.json {
            out.object(&reply)?;
            continue;
        }
        match &reply {
            Reply::TracesListening { address } => {
                out.line(&format!("listening on http://{address}/v1/traces; Ctrl+C ends it"))?;
            }
            Reply::TracesBrought { brought } => {
                let ids: Vec<_> = brought.traces.iter().map(|id| shown::short(*id)).collect();
                out.line(&format!("{}  {}", shown::brought(brought), ids.join(" ")))?;
                remarks(brought);
            }
            other => return Err(unexpected(other)),
        }
        out.flush()?;
    }
    Ok(())
}

fn first_line(file: &Path) -> Result<Secret> {
    let doing = || format!("reading {}", file.display());
    let text = std::fs::read_to_string(file).map_err(|why| Error::io(doing(), &why))?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => {
            let why = "its first line is empty";
            Err(Error::new(ErrorKind::Invalid, doing(), why, "Write the token there."))
        }
    }
}

async fn remove(texts: &[String], yes: bool, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let mut runs: Vec<Run> = Vec::new();
    for text in texts {
        let run = found(text, asker, out).await?;
        // The same one may be named twice.
        if runs.iter().all(|known| known.id != run.id) {
            runs.push(run);
        }
    }
    let spans = words::count(runs.iter().map(|run| run.spans).sum(), "span", "spans");
    let question = match runs.as_slice() {
        [run] => format!("Delete “{}”, {spans}?", run.name),
        _ => format!("Delete {}, {spans}?", words::count(runs.len() as u64, "trace", "traces")),
    };
    ask::agreed(yes, &question, "removing traces").await?;
    for run in runs {
        let reply = asker.one(Request::Traces(Traces::Remove { id: run.id }), out).await?;
        if out.json {
            out.object(&reply)?;
        } else {
            out.line(&format!("removed {}  {}", shown::short(run.id), run.name))?;
        }
    }
    Ok(())
}
