//! What looks wrong in a trace: what its rows tell, and, of one that is read whole in a moment, what was said in it.

use serde_json::Value as Json;

use super::Traces;
use super::kept::weight;
use super::view::{Reckoned, View};
use crate::domain::Result;
use crate::domain::schema::Schema;
use crate::domain::trace::lint::{self, Finding, Reading};
use crate::domain::trace::outline::{Outline, Row};
use crate::domain::trace::{Kind, Rollups, TraceId};
use crate::wire::trace::meaning;

/// Calls of models and tools of a trace that is read for it, and about how many bytes of them: no more are read in a moment. Each
/// is gone before the next one is read.
const CALLS: usize = 2_000;
const BYTES: usize = 64 << 20;
/// Every result that no prompt has held yet is looked for in the next one: in so many bytes, all taken together.
const LOOKED_THROUGH: usize = 2 << 30;

impl Traces {
    /// What looks wrong in it.
    pub async fn lints(&self, id: TraceId) -> Result<Vec<Finding>> {
        self.with(move |view| {
            let Reckoned { outline, tree } = Reckoned::of(view.open(id)?.outline);
            let rollups = Rollups::of(&outline, &tree);
            let mut found = lint::of_rows(&outline, &tree, &rollups);
            if let Some(reading) = read(view, id, &outline)? {
                found.extend(reading.findings(&outline));
                found.sort_by_key(|finding| finding.lint);
            }
            Ok(found)
        })
        .await
    }
}

fn is_call(row: &Row) -> bool {
    matches!(row.kind, Kind::Model | Kind::Tool)
}

/// What was said in the calls of models and tools; `None` of a trace that is too long for it.
fn read(view: &View<'_>, id: TraceId, outline: &Outline) -> Result<Option<Reading>> {
    if outline.rows.iter().filter(|row| is_call(row)).count() > CALLS {
        return Ok(None);
    }
    let (mut reading, mut bytes, mut looked_through) = (Reading::default(), 0, 0_usize);
    for kind in [Kind::Tool, Kind::Model] {
        let row = |at: u32| outline.rows.get(at as usize).filter(|row| row.kind == kind);
        view.visit_with(
            id,
            |at| row(at).is_some(),
            |first, spans| {
                // What cannot be read says nothing.
                for (at, span) in (first..).zip(spans.iter().flatten()) {
                    let Some(row) = row(at) else { continue };
                    let weight = weight(span);
                    bytes += weight;
                    let said = meaning::contents(span);
                    if kind == Kind::Tool {
                        reading.tool(at, row, &said);
                    } else {
                        looked_through += weight.saturating_mul(reading.due(row));
                        if looked_through > LOOKED_THROUGH {
                            return false;
                        }
                        reading.model(at, row, &said, invalid);
                    }
                }
                bytes <= BYTES
            },
        )?;
        if bytes > BYTES || looked_through > LOOKED_THROUGH {
            return Ok(None);
        }
    }
    Ok(Some(reading))
}

/// What is wrong with arguments by a schema; nothing by one that makes no sense.
fn invalid(schema: &Json, arguments: &Json) -> Option<String> {
    Schema::read(schema).ok()?.broken(arguments).map(|broken| broken.to_string())
}
