//! `outcrop kb rebuild`

use futures_util::StreamExt;

use super::{SORTING, counted, found, holds, one, source_of, told};
use crate::cli::args::RebuildBase;
use crate::cli::item::Item;
use crate::cli::out::Out;
use crate::cli::progress::Progress;
use crate::cli::{Asker, End, Exit, ask, unexpected};
use crate::domain::figures::grouped;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::rebuild::{Rebuild, RebuildState};
use crate::domain::knowledge::sync::Sync;
use crate::domain::{Error, ErrorKind};
use crate::workbench::request::knowledge::{Knowledge, Wish};
use crate::workbench::{Reply, Request};

const DOING: &str = "rebuilding a knowledge base";

pub(super) async fn rebuild(wanted: RebuildBase, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let RebuildBase { name, embedder, chunking, source, drop, yes } = wanted;
    let embedder = embedder.map(|model| model.parse()).transpose()?;
    let chunking = chunking.map(|said| said.parse()).transpose()?;
    let base = found(&name, asker, out).await?;
    if drop {
        let base = one(Knowledge::DropRebuild { id: base.id }, asker, out).await?;
        told(&base, "the rebuild is taken back; it answers as before", out)?;
        return Ok(Exit::Done);
    }
    let source = source.map(|text| source_of(&base, &text).map(|source| source.id)).transpose()?;
    let wish = Wish { embedder, chunking, source };
    // What is built already only has its remains cleared away.
    let built = base.rebuild.as_ref().is_some_and(|rebuild| rebuild.built);
    if !(built && wish.is_none()) {
        let request = Knowledge::PlanRebuild { id: base.id, wish: wish.clone() };
        let reply = asker.one(Request::Knowledge(request), out).await?;
        let Reply::RebuildPlan { plan } = &reply else { return Err(unexpected(&reply)) };
        if out.json {
            out.object(&reply)?;
        } else {
            out.note(&plan.words())?;
        }
        // Who began it has said yes.
        if !plan.goes_on {
            ask::agreed(yes, &format!("Rebuild {}?", base.name), DOING).await?;
        }
    }
    carry(base, wish, asker, out).await
}

/// Rebuilds it and shows how far that is.
async fn carry(base: Base, wish: Wish, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    let mut replies = asker.ask(Request::Knowledge(Knowledge::Rebuild { id: base.id, wish }));
    let mut progress = Progress::new(out.json);
    let mut last = base;
    while let Some(reply) = replies.next().await {
        let Reply::Base { base } = reply? else { continue };
        if let Some(rebuild) = base.rebuild.as_ref().filter(|rebuild| rebuild.is_running()) {
            show(rebuild, &mut progress);
        }
        if out.json {
            out.object(&Item::Base { base: &base })?;
        }
        last = base;
    }
    progress.clear();
    let Some(rebuild) = &last.rebuild else {
        if !out.json {
            out.line(&format!("{}: embedded by {}, {}", last.name, last.embedder, holds(&last)))?;
            for source in &last.sources {
                let counted = source.last.as_ref().map(counted).unwrap_or_default();
                out.line(&format!("  {}, cut {}: {counted}", source.origin.place(), source.chunking))?;
            }
        }
        let failed = last.sources.iter().filter_map(|source| source.last.as_ref());
        let failed: u64 = failed.map(Sync::faulty).sum();
        return Ok(if failed > 0 { Exit::Negative } else { Exit::Done });
    };
    let why = rebuild.why.clone().unwrap_or_default();
    if rebuild.state == RebuildState::Failed {
        let hint = "The base answers as it is. Mend that, then `outcrop kb rebuild` goes on from there.";
        return Err(Error::new(ErrorKind::Io, DOING, why, hint).into());
    }
    out.note(&format!("{why}; `outcrop kb rebuild {}` goes on from there", last.name))?;
    Ok(Exit::Interrupted)
}

/// The source that is being read, and the files of it.
fn show(rebuild: &Rebuild, progress: &mut Progress) {
    let running = |at: &usize| {
        let last = rebuild.sources[*at].last.as_ref();
        last.is_some_and(|sync| sync.state.is_running())
    };
    let at = (0..rebuild.sources.len()).find(running);
    let sync = at.and_then(|at| rebuild.sources[at].last.as_ref());
    let (Some(at), Some(sync)) = (at, sync) else { return };
    if let Some(sorting) = sync.sorting {
        return progress.share(SORTING, sorting.done, sorting.of);
    }
    let all = rebuild.sources.len();
    let what = if all > 1 {
        format!("source {} of {}: files", grouped(at as u64 + 1), grouped(all as u64))
    } else {
        "files".to_owned()
    };
    progress.show(&what, sync.due.files_done, Some(sync.due.files));
}

/// A rebuild that is not at its end.
pub(super) fn status(base: &Base, out: &mut Out) -> Result<(), End> {
    let Some(rebuild) = &base.rebuild else { return Ok(()) };
    out.line("")?;
    let why = rebuild.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    let how = match rebuild.state {
        RebuildState::Running => "goes on".to_owned(),
        RebuildState::Stopped => format!("is stopped{why}"),
        RebuildState::Failed => format!("could not go on{why}"),
    };
    out.line(&format!("a rebuild, embedded by {}, {how}", rebuild.embedder))?;
    let next = match (rebuild.built, rebuild.is_running()) {
        (_, true) => "the base answers as before".to_owned(),
        (true, false) => {
            format!("it is done; `outcrop kb rebuild {}` clears away what was before", base.name)
        }
        (false, false) => {
            format!("`outcrop kb rebuild {}` goes on from there; with --drop it is taken back", base.name)
        }
    };
    out.line(&format!("  {next}"))
}
