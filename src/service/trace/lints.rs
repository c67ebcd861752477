//! What looks wrong in a trace: what its rows tell, and, of one that is read whole in a moment, what was said in it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Traces;
use super::view::{Reckoned, View};
use crate::domain::Result;
use crate::domain::schema::Schema;
use crate::domain::trace::contents::Contents;
use crate::domain::trace::lint::{self, Finding};
use crate::domain::trace::outline::{Outline, Row};
use crate::domain::trace::{Kind, Rollups, TraceId, Value};
use crate::wire::trace::meaning;

/// Calls of models and tools of a trace that is read for it, and about how many bytes of them.
const CALLS: usize = 2_000;
const BYTES: usize = 32 << 20;
/// About how many bytes what is no text takes.
const SMALL: usize = 64;

impl Traces {
    /// What looks wrong in it.
    pub async fn lints(&self, id: TraceId) -> Result<Vec<Finding>> {
        self.with(move |view| {
            let Reckoned { outline, tree } = Reckoned::of(view.open(id)?.outline);
            let rollups = Rollups::of(&outline, &tree);
            let mut found = lint::of_rows(&outline, &tree, &rollups);
            if let Some(mut said) = said(view, id, &outline)? {
                found.extend(lint::of_contents(&outline, &tree, |row| said.remove(&row), invalid));
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

/// What was said in the calls of models and tools, by their rows; `None` of a trace that is too long for it.
fn said(view: &View<'_>, id: TraceId, outline: &Outline) -> Result<Option<BTreeMap<u32, Contents>>> {
    if outline.rows.iter().filter(|row| is_call(row)).count() > CALLS {
        return Ok(None);
    }
    let (mut said, mut bytes) = (BTreeMap::new(), 0);
    view.visit(id, |first, spans| {
        // What cannot be read says nothing.
        for (at, span) in (first..).zip(spans.iter().flatten()) {
            if outline.rows.get(at as usize).is_some_and(is_call) {
                let sizes =
                    span.attributes.iter().map(|(_, value)| Value::as_text(value).map_or(SMALL, str::len));
                bytes += sizes.sum::<usize>();
                said.insert(at, meaning::contents(span));
            }
        }
        bytes <= BYTES
    })?;
    Ok((bytes <= BYTES).then_some(said))
}

/// What is wrong with arguments by a schema; nothing by one that makes no sense.
fn invalid(schema: &Json, arguments: &Json) -> Option<String> {
    Schema::read(schema).ok()?.broken(arguments).map(|broken| broken.to_string())
}
