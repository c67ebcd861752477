//! Traces at the door.

use std::sync::Arc;

use futures_util::TryStreamExt;
use futures_util::stream::{self, StreamExt};

use super::{Here, one};
use crate::config::Config;
use crate::domain::Error;
use crate::domain::trace::TraceId;
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::invoke::Terms;
use crate::service::recorder::Recorder;
use crate::service::replay::Step;
use crate::service::trace::kept::Keep;
use crate::service::trace::{Heard, OpenStep, Traces, WriteStep};
use crate::workbench::request::traces::Traces as Ask;
use crate::workbench::standing::Standing;
use crate::workbench::{Replies, Reply, person};

/// The service, over what the configuration keeps of it.
pub(super) fn service(
    config: &Config,
    archive: Archive,
    recorder: Recorder,
    standing: &Arc<Standing>,
    changes: Changes,
) -> Traces {
    let age_ms = u64::try_from(config.trace.age.as_millis()).unwrap_or(u64::MAX);
    let keep = Keep { age_ms, bytes: config.trace.foreign };
    Traces::new(archive, recorder, standing.invoke().prices(), changes, keep)
}

/// The traces that a request shows something of.
fn shown_by(request: &Ask) -> Vec<TraceId> {
    match request {
        Ask::Open { id }
        | Ask::Span { id, .. }
        | Ask::Call { id, .. }
        | Ask::Replay { id, .. }
        | Ask::ReplayRun { id, .. }
        | Ask::Replays { id, .. }
        | Ask::Search { id, .. }
        | Ask::Stats { id }
        | Ask::Lints { id }
        | Ask::Made { id }
        | Ask::Export { id, .. }
        | Ask::Send { id, .. } => vec![*id],
        Ask::Diff { left, right } => vec![*left, *right],
        // Which a list has, and which one is found, is known when it is; the others show nothing of what was called.
        Ask::List { .. }
        | Ask::Find { .. }
        | Ask::Import { .. }
        | Ask::Remove { .. }
        | Ask::Notes { .. }
        | Ask::Note { .. }
        | Ask::RemoveNote { .. }
        | Ask::Listen { .. } => Vec::new(),
    }
}

impl Here {
    pub(super) fn traces(&self, request: Ask, terms: Terms) -> Replies {
        let shown = shown_by(&request);
        if shown.is_empty() {
            return self.told_of_traces(request, terms);
        }
        let (here, who) = (self.clone(), person(&terms.principal));
        // Kept first: what is seen is seen.
        let kept = async move {
            let kept = here.unblinding.by_traces(shown, &who).await;
            kept.map(|()| here.told_of_traces(request, terms))
        };
        stream::once(kept).try_flatten().boxed()
    }

    fn told_of_traces(&self, request: Ask, terms: Terms) -> Replies {
        let (service, replays) = (self.traces.clone(), self.replays.clone());
        let (unblinding, who) = (self.unblinding.clone(), person(&terms.principal));
        match request {
            Ask::List { filter, limit, before } => one(async move {
                let (runs, more) = service.list(filter, limit, before).await?;
                unblinding.by_traces(runs.iter().map(|run| run.id).collect(), &who).await?;
                Ok(Reply::Traces { runs, more })
            }),
            Ask::Find { text } => one(async move {
                let run = service.find(text).await?;
                unblinding.by_traces(vec![run.id], &who).await?;
                Ok(Reply::Trace { run })
            }),
            Ask::Open { id } => service
                .open(id)
                .map_ok(|step| match step {
                    OpenStep::Run(run) => Reply::Trace { run },
                    OpenStep::Rows(rows) => Reply::TraceRows { rows },
                    OpenStep::Damaged(places) => Reply::TraceDamaged { places },
                })
                .boxed(),
            Ask::Span { id, row, span } => one(async move {
                let (span, contents) = service.span(id, row, span).await?;
                Ok(Reply::TraceSpan { span, contents })
            }),
            Ask::Call { id, row, span } => {
                one(async move { Ok(Reply::TraceCall { original: replays.original(id, row, span).await? }) })
            }
            Ask::Replay { id, row, span, asked } => replays
                .ask(id, (row, span), *asked, terms)
                .map_ok(|step| match step {
                    Step::Delta(event) => Reply::Delta { event },
                    Step::Done(replay) => Reply::TraceReplayed { replay },
                })
                .boxed(),
            Ask::ReplayRun { id, model } => {
                let agents = self.agents.clone();
                let begun = async move {
                    let recorded = service.recorded(id).await?;
                    let events = agents.retrace(recorded, model, terms);
                    Ok::<_, Error>(events.map_ok(|event| Reply::AgentEvent { event }))
                };
                stream::once(begun).try_flatten().boxed()
            }
            Ask::Replays { id, row, span } => one(async move {
                let (replays, damaged) = replays.of(id, row, span).await?;
                Ok(Reply::TraceReplays { replays, damaged })
            }),
            Ask::Search { id, filter } => {
                service.search(id, &filter).map_ok(|rows| Reply::TraceFound { rows }).boxed()
            }
            Ask::Stats { id } => {
                one(async move { Ok(Reply::TraceStats { latencies: service.stats(id).await? }) })
            }
            Ask::Lints { id } => {
                one(async move { Ok(Reply::TraceFindings { findings: service.lints(id).await? }) })
            }
            Ask::Diff { left, right } => one(async move {
                let (pairs, [left, right]) = service.diff(left, right).await?;
                Ok(Reply::TraceDiff { pairs, left, right })
            }),
            Ask::Import { file } => {
                let file = self.standing.at_home(file);
                one(async move { Ok(Reply::TracesBrought { brought: service.import(file).await? }) })
            }
            Ask::Export { id, form } => service
                .export(id, form)
                .map_ok(|step| match step {
                    WriteStep::Bytes(bytes) => Reply::TraceWritten { bytes },
                    WriteStep::Damaged(places) => Reply::TraceDamaged { places },
                })
                .boxed(),
            Ask::Send { id, to } => {
                one(async move { Ok(Reply::TraceSent { sent: service.send(id, &to, &terms.net).await? }) })
            }
            Ask::Made { id } => one(async move { Ok(Reply::TraceMade { made: service.made(id).await? }) }),
            Ask::Notes { id } => one(async move {
                let (notes, damaged) = service.notes(id).await?;
                Ok(Reply::TraceNotes { notes, damaged })
            }),
            Ask::Note { id, row, span, said } => {
                let on = row.map(|row| (row, span));
                one(async move { Ok(Reply::TraceNoted { note: service.note(id, on, said, who).await? }) })
            }
            Ask::RemoveNote { id, note } => {
                one(async move { service.remove_note(id, note).await.map(|()| Reply::Done) })
            }
            Ask::Remove { id } => one(async move { service.remove(id).await.map(|()| Reply::Done) }),
            Ask::Listen { port, token } => service
                .listen(port, token)
                .map_ok(|heard| match heard {
                    Heard::At(address) => Reply::TracesListening { address: address.to_string() },
                    Heard::Came(brought) => Reply::TracesBrought { brought },
                })
                .boxed(),
        }
    }
}
