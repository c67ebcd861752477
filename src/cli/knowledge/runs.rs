//! `outcrop kb status --runs`, and `--run`: the syncs of a base that are remembered, and one of them whole; what they left undone.

use std::collections::BTreeMap;

use super::{counted, found, went};
use crate::cli::item::Item;
use crate::cli::out::Out;
use crate::cli::{Asker, End, unexpected, words};
use crate::domain::figures::count;
use crate::domain::id::{is_piece, piece};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::sync::{DocumentState, Filed, Started, Sync, SyncRun};
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind};
use crate::workbench::request::knowledge::Knowledge;
use crate::workbench::{Reply, Request};

/// Each source with its syncs, the newest first.
pub(super) async fn all(name: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let (base, runs) = known(name, asker, out).await?;
    if out.json {
        return runs.iter().try_for_each(|run| out.object(&Item::SyncRun { run }));
    }
    for source in &base.sources {
        out.line("")?;
        out.line(&format!("{}  {}", source.id.short(), source.origin.place()))?;
        let own = runs.iter().filter(|run| run.source == source.id);
        let rows: Vec<_> = own.map(|run| row(&run.sync)).collect();
        if rows.is_empty() {
            out.line("  never synced")?;
        }
        words::table(&rows).iter().try_for_each(|line| out.line(&format!("  {line}")))?;
    }
    Ok(())
}

/// What is to be said of documents; of those that a sync left undone, which may be many, how many there are, and why.
pub(super) fn notes(all: &[Filed], out: &mut Out) -> Result<(), End> {
    let told = all.iter().filter(|document| !document.notes.is_empty());
    let (left, told): (Vec<&Filed>, Vec<&Filed>) =
        told.partition(|document| document.state == DocumentState::Pending);
    for document in told {
        out.note(&safe_line(&format!("{}: {}", document.uri, document.notes.join("; "))))?;
    }
    let mut whys: BTreeMap<&str, u64> = BTreeMap::new();
    for why in left.iter().filter_map(|document| document.notes.first()) {
        *whys.entry(why).or_default() += 1;
    }
    for (why, many) in whys {
        let many = count(many, "document", "documents");
        out.note(&safe_line(&format!("{many} to be read by the next sync: {why}")))?;
    }
    Ok(())
}

/// One of them, with each file that failed.
pub(super) async fn one(name: &str, wanted: &str, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let (base, runs) = known(name, asker, out).await?;
    let digits = piece(wanted);
    let meant: Vec<&SyncRun> =
        runs.iter().filter(|run| is_piece(&digits, &run.sync.id.to_string())).collect();
    let [run] = meant.as_slice() else {
        let (why, hint) = match meant.len() {
            0 => ("it remembers no such sync", "`outcrop kb status --runs` lists those that it does."),
            _ => ("several begin or end so", "Give more of its first or of its last digits."),
        };
        let doing = format!("finding the sync {wanted:?}");
        return Err(Error::new(ErrorKind::NotFound, doing, why, hint).into());
    };
    if out.json {
        return out.object(&Item::SyncRun { run });
    }
    let sync = &run.sync;
    let place = base.source(run.source).map(|source| source.origin.place()).unwrap_or_default();
    out.line(&format!("{}  {place}", sync.id.short()))?;
    let (began, took) = (words::time(sync.began), words::span(sync.took()));
    let started = sync.started.map(|started| format!("{}, ", started.as_str())).unwrap_or_default();
    out.line(&format!("  {started}began {began}, {took}"))?;
    if let Some(before) = &sync.resumes {
        out.line(&format!("  goes on from {}", before.short()))?;
    }
    went(sync, out)
}

async fn known(name: &str, asker: &Asker, out: &mut Out) -> Result<(Base, Vec<SyncRun>), End> {
    let base = found(name, asker, out).await?;
    match asker.one(Request::Knowledge(Knowledge::Runs { id: base.id }), out).await? {
        Reply::SyncRuns { runs } => Ok((base, runs)),
        other => Err(unexpected(&other)),
    }
}

fn row(sync: &Sync) -> Vec<String> {
    let why = sync.why.as_ref().map(|why| format!("{why}: ")).unwrap_or_default();
    vec![
        sync.id.short(),
        sync.state.to_string(),
        words::time(sync.began),
        words::span(sync.took()),
        sync.started.map_or("", Started::as_str).to_owned(),
        format!("{why}{}", counted(sync)),
    ]
}
