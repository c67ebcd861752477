//! What a run was made with: as its spans tell it, and as this program's record of the agent's run knows it.

use std::collections::BTreeSet;

use super::Traces;
use super::view::View;
use crate::domain::agent::Run;
use crate::domain::id::RunId;
use crate::domain::trace::made::{Made, What};
use crate::domain::trace::{SpanKind, TraceId};
use crate::domain::{ErrorKind, Result};
use crate::store::Scan;
use crate::store::record::AgentRunOf;
use crate::wire::trace::meaning;

/// Spans that are looked at: whatever a run is made with shows in its first ones.
const LOOKED_AT: usize = 2_000;
/// Digits of a hash by which it is told.
const DIGITS: usize = 12;

impl Traces {
    /// What a trace was made with.
    pub async fn made(&self, id: TraceId) -> Result<Made> {
        self.with(move |view| {
            let mut made = Made::default();
            recorded(view, id, &mut made)?;
            let mut looked_at = 0;
            view.visit(id, |_, spans| {
                // What cannot be read tells nothing.
                for span in spans.iter().flatten() {
                    meaning::made(span, &mut made);
                    looked_at += 1;
                }
                looked_at < LOOKED_AT
            })?;
            Ok(made)
        })
        .await
    }
}

/// What the records of the agents' runs in it know.
fn recorded(view: &View<'_>, id: TraceId, made: &mut Made) -> Result<()> {
    let spans = view.own(id)?;
    let agents = spans.iter().filter(|span| span.kind == SpanKind::Agent);
    // A run has the id of its span.
    let runs: BTreeSet<RunId> = agents.map(|span| RunId::from_bytes(*span.id.as_bytes())).collect();
    if runs.is_empty() {
        return Ok(());
    }
    for key in view.store.keys::<Run>(Scan::all()) {
        let key = key?;
        let AgentRunOf(agent, run) = key;
        if !runs.contains(&run) {
            continue;
        }
        let run = match view.store.get::<Run>(&key) {
            Ok(Some(run)) => run,
            Ok(None) => continue,
            Err(error) if error.kind == ErrorKind::Corrupt => continue,
            Err(error) => return Err(error),
        };
        let name = view.store.get::<crate::domain::agent::Agent>(&agent).ok().flatten();
        let name = name.map_or_else(|| agent.short(), |agent| agent.name);
        made.put(What::Version, &name, &run.version.to_string());
        let short = |hash: &str| hash.chars().take(DIGITS).collect::<String>();
        for (step, hash) in &run.hashes.prompts {
            made.put(What::Prompt, step.as_str(), &short(hash));
        }
        for (tool, hash) in &run.hashes.tools {
            made.put(What::Tool, tool, &short(hash));
        }
    }
    Ok(())
}
