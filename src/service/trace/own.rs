//! What this program itself did, as traces: its records of calls, each under the one that it was made for.
//!
//! A record keeps no content; what was said is added when somebody looks (see `said`). The
//! trace's id is the first call's, whose id is in order of time: those of the calls below it come later.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use serde_json::Value as Json;

use super::kept::Price;
use super::said;
use crate::domain::id::SpanId;
use crate::domain::time::Timestamp;
use crate::domain::trace::facts::MADE_ALREADY;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::replay::Place;
use crate::domain::trace::{
    Attributes, Facts, Origin, Run, Side, Source, Span, SpanKey, SpanKind, SpanLink, SpanStatus, Status,
    TraceId, TraceSpan,
};
use crate::domain::{ErrorKind, Result};
use crate::store::{Scan, Store};
use crate::wire::trace::meaning;

/// How long after the begin of a call that has told no end others may be a part of it, in milliseconds.
const OPEN: i64 = 60 * 60 * 1000;
/// How many calls are looked at for those that are a part of one.
const LOOKED_AT: usize = 100_000;
/// Nanoseconds by which whole milliseconds make a call seem longer than the one that it is a part of.
const ROUNDED: u64 = 2_000_000;

/// Who made them.
static ORIGIN: LazyLock<Arc<Origin>> = LazyLock::new(|| {
    let mut resource = Attributes::default();
    resource.push("service.name", "outcrop");
    resource.push("service.version", env!("CARGO_PKG_VERSION"));
    Arc::new(Origin { resource, scope: "outcrop".to_owned(), ..Origin::default() })
});

/// The trace that a first call begins.
pub(super) fn trace(id: SpanId) -> TraceId {
    TraceId(*id.as_bytes())
}

/// Whether a call is worth a line of the list: lists and counts are not.
fn is_shown(kind: SpanKind) -> bool {
    matches!(
        kind,
        SpanKind::Converse
            | SpanKind::Embed
            | SpanKind::Rerank
            | SpanKind::Image
            | SpanKind::Retrieve
            | SpanKind::Answer
            | SpanKind::Sync
            | SpanKind::Measure
            | SpanKind::Agent
            | SpanKind::Tool
    )
}

/// Traces of this program, newest first.
pub(super) struct Runs<'a> {
    store: &'a Store,
    price: &'a Price,
    since: Timestamp,
    records: Box<dyn Iterator<Item = Result<(SpanId, Span)>> + 'a>,
    /// Calls whose first call has not come yet, by that.
    waiting: BTreeMap<SpanId, Vec<Span>>,
    roots: HashMap<SpanId, SpanId>,
}

impl<'a> Runs<'a> {
    /// Those that began before `upto`, or all; what runs has begun after `since`, and the calls among that are `underway`.
    pub(super) fn new(
        store: &'a Store,
        underway: &[Span],
        price: &'a Price,
        (since, upto): (Timestamp, Option<Timestamp>),
    ) -> Self {
        let scan = match upto {
            Some(upto) => {
                Scan::all().reverse().after(&SpanId::before(Timestamp(upto.0.saturating_add(OPEN))))
            }
            None => Scan::all().reverse(),
        };
        let records = Box::new(store.scan::<Span>(scan));
        let mut runs = Self { store, price, since, records, waiting: BTreeMap::new(), roots: HashMap::new() };
        for span in underway {
            let root = runs.root(span);
            runs.waiting.entry(root).or_default().push(span.clone());
        }
        runs
    }

    /// The first call that a call is a part of; itself where what it is a part of is gone.
    fn root(&mut self, span: &Span) -> SpanId {
        let mut path = vec![span.id];
        let mut parent = span.parent;
        let root = loop {
            let Some(id) = parent else { break path[path.len() - 1] };
            if let Some(root) = self.roots.get(&id) {
                break *root;
            }
            match self.store.get::<Span>(&id) {
                Ok(Some(above)) if path.len() < 64 => {
                    path.push(id);
                    parent = above.parent;
                }
                _ => break path[path.len() - 1],
            }
        };
        self.roots.extend(path.into_iter().map(|id| (id, root)));
        root
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let span = match self.records.next()? {
                Ok((_, span)) => span,
                Err(error) if error.kind == ErrorKind::Corrupt => continue,
                Err(error) => return Some(Err(error)),
            };
            let root = self.root(&span);
            if root != span.id {
                self.waiting.entry(root).or_default().push(span);
                continue;
            }
            let mut spans = vec![span];
            spans.extend(self.waiting.remove(&root).into_iter().flatten());
            in_order(&mut spans);
            if spans.len() > 1 || is_shown(spans[0].kind) {
                return Some(Ok(run(&spans, self.price, self.since)));
            }
        }
    }
}

/// The run of a trace's calls, of which there is one at least.
pub(super) fn run(spans: &[Span], price: &Price, since: Timestamp) -> Run {
    let first = &spans[0];
    let outline = outline(spans, price, since);
    Run {
        at: first.started,
        service: "outcrop".to_owned(),
        ..Run::of(trace(first.id), Source::Own, &outline)
    }
}

/// The rows of calls of one trace.
pub(super) fn outline(spans: &[Span], price: &Price, since: Timestamp) -> Outline {
    let mut outline = Outline::default();
    for whole in &wholes(spans, since) {
        add(&mut outline, whole, price);
    }
    outline
}

/// The same, which tells apart what tools were called with.
pub(super) fn opened(store: &Store, spans: &[Span], price: &Price, since: Timestamp) -> Result<Outline> {
    let (mut outline, mut known) = (Outline::default(), said::Known::default());
    // What was said in one is gone before the next is read.
    for (span, mut whole) in spans.iter().zip(wholes(spans, since)) {
        if span.kind == SpanKind::Tool {
            said::say(store, span, &mut whole, &mut known)?;
        }
        add(&mut outline, &whole, price);
    }
    Ok(outline)
}

fn add(outline: &mut Outline, whole: &TraceSpan, price: &Price) {
    let facts = meaning::facts(whole);
    outline.add(whole, &facts, |facts: &Facts<'_>| price(facts.provider, facts.model, &facts.usage));
}

/// Calls behind the first of them by their ids, which is by their begin. Of one that was underway and has ended meanwhile its
/// record stays.
fn in_order(spans: &mut Vec<Span>) {
    let first = spans.first().map(|span| span.id);
    spans.sort_by_key(|span| (Some(span.id) != first, span.id, span.running.is_some()));
    spans.dedup_by_key(|span| span.id);
}

/// The calls of a trace in order of their begin, those that are `underway` among them; none where it is none of this program's.
pub(super) fn spans(store: &Store, underway: &[Span], id: TraceId) -> Result<Vec<Span>> {
    let root = SpanId::from_bytes(id.0);
    let Some(first) = store.get::<Span>(&root)? else { return Ok(Vec::new()) };
    let until = match (first.running, first.timing.total_ms) {
        // What is called for it comes as long as it runs.
        (Some(_), _) => i64::MAX,
        (None, Some(total)) => first.started.0 + i64::from(total) + 60_000,
        (None, None) => first.started.0 + OPEN,
    };
    let mut known = std::collections::BTreeSet::from([root]);
    let mut found = vec![first];
    for record in store.scan::<Span>(Scan::all().after(&root).limit(LOOKED_AT)) {
        let span = match record {
            Ok((_, span)) => span,
            Err(error) if error.kind == ErrorKind::Corrupt => continue,
            Err(error) => return Err(error),
        };
        if span.started.0 > until {
            break;
        }
        if span.parent.is_some_and(|parent| known.contains(&parent)) {
            known.insert(span.id);
            found.push(span);
        }
    }
    let is_part = |span: &&Span| span.parent.is_some_and(|parent| known.contains(&parent));
    found.extend(underway.iter().filter(is_part).cloned());
    in_order(&mut found);
    Ok(found)
}

/// The calls of a trace as spans, without what was said in them; of a step that has begun before `since` and has not ended since,
/// the process is dead: it was stopped.
pub(super) fn wholes(spans: &[Span], since: Timestamp) -> Vec<TraceSpan> {
    let Some(first) = spans.first() else { return Vec::new() };
    let id = trace(first.id);
    let mut made: Vec<TraceSpan> = spans.iter().map(|span| whole(span, id, since)).collect();
    let places: HashMap<SpanId, usize> = spans.iter().enumerate().map(|(at, span)| (span.id, at)).collect();
    // Times are kept in whole milliseconds: what is a part of another may seem to end after it.
    for at in (0..made.len()).rev() {
        let end = made[at].end;
        let Some(above) = spans[at].parent.and_then(|parent| places.get(&parent)) else { continue };
        let above = &mut made[*above];
        if end > above.end && end - above.end <= ROUNDED {
            above.end = end;
        }
    }
    made
}

/// A call as a span.
fn whole(span: &Span, trace: TraceId, since: Timestamp) -> TraceSpan {
    let runs = span.running.is_some_and(|began| began >= since);
    let start = nanos(span.started);
    let total = span.timing.total_ms.map_or(0, |total| u64::from(total) * 1_000_000);
    let (operation, is_other) = match span.kind {
        SpanKind::Converse => ("chat", false),
        SpanKind::Embed => ("embeddings", false),
        SpanKind::Rerank => ("rerank", false),
        SpanKind::Image => ("generate_content", false),
        SpanKind::Retrieve => ("retrieval", false),
        SpanKind::Answer | SpanKind::Sync | SpanKind::Measure => ("invoke_workflow", false),
        SpanKind::Agent => ("invoke_agent", false),
        SpanKind::Tool => ("execute_tool", false),
        other => (other.as_str(), true),
    };
    let model = span.model.as_ref().map(|model| model.model().to_owned());
    let with = span.with.as_ref().filter(|_| matches!(span.kind, SpanKind::Agent | SpanKind::Tool));
    let own = span.workflow.as_ref().filter(|_| span.kind == SpanKind::Embed);
    let named = model.as_ref().or(with).or(span.workflow.as_ref());
    let mut to = TraceSpan {
        trace,
        id: SpanKey::of(span.id),
        parent: span.parent.map(SpanKey::of),
        name: match (own, named) {
            (Some(own), _) => own.clone(),
            // Its name says what is done already.
            (_, Some(name)) if span.kind == SpanKind::Sync => name.clone(),
            (_, Some(name)) if span.kind == SpanKind::Answer => format!("answer from {name}"),
            (_, Some(name)) if span.kind == SpanKind::Measure => format!("measure {name}"),
            (_, Some(name)) => format!("{operation} {name}"),
            (_, None) => operation.to_owned(),
        },
        side: if span.provider.is_empty() { Side::Internal } else { Side::Client },
        start,
        // One that ended at once has ended all the same.
        end: if runs { 0 } else { start + total.max(1) },
        origin: Arc::clone(&ORIGIN),
        ..TraceSpan::default()
    };
    let attributes = &mut to.attributes;
    if !is_other {
        attributes.push("gen_ai.operation.name", operation);
    }
    attributes.put("gen_ai.provider.name", Some(span.provider.as_str()).filter(|name| !name.is_empty()));
    let with = match span.kind {
        SpanKind::Agent => "gen_ai.agent.name",
        SpanKind::Tool => "gen_ai.tool.name",
        _ => "gen_ai.data_source.id",
    };
    attributes.put(with, span.with.clone());
    attributes.put("gen_ai.workflow.name", span.workflow.clone().filter(|_| own.is_none()));
    attributes.put("gen_ai.request.model", model);
    attributes.put("gen_ai.conversation.id", span.conversation.map(|id| id.to_string()));
    let usage = &span.usage;
    attributes.put("gen_ai.usage.input_tokens", usage.input);
    attributes.put("gen_ai.usage.output_tokens", usage.output);
    attributes.put("gen_ai.usage.cache_read.input_tokens", usage.cache_read);
    attributes.put("gen_ai.usage.cache_creation.input_tokens", usage.cache_write);
    attributes.put("gen_ai.usage.reasoning.output_tokens", usage.reasoning);
    let first = span.timing.first_token_ms.map(|first| f64::from(first) / 1000.0);
    attributes.put("gen_ai.response.time_to_first_chunk", first);
    attributes.put("cloud.region", span.region.clone());
    if span.kind == SpanKind::Image {
        attributes.push("gen_ai.output.type", "image");
        attributes.push("outcrop.images", span.images);
    }
    if let Some(Place { trace, span }) = span.replays {
        let mut attributes = Attributes::default();
        attributes.push("outcrop.link", "replay");
        to.links.push(SpanLink { trace, span, attributes, ..SpanLink::default() });
        to.attributes.push("outcrop.replay.of.trace", trace.to_string());
        to.attributes.push("outcrop.replay.of.span", span.to_string());
    }
    if span.recorded {
        to.attributes.push("outcrop.recorded", true);
    }
    if span.stands_in {
        to.attributes.push("outcrop.recorded.other_arguments", true);
    }
    to.attributes.put("outcrop.guardrail.not_applied", span.unguarded.clone());
    let attributes = &mut to.attributes;
    // What was not made since the same was has not failed; until now it was kept as if it had.
    let not_made =
        span.fault.as_ref().and_then(|fault| fault.name.as_deref()).filter(|name| *name == MADE_ALREADY);
    match &span.status {
        _ if not_made.is_some() => attributes.put("outcrop.not_made", not_made),
        SpanStatus::Done => to.status = Status::Ok,
        SpanStatus::Cancelled if runs => {}
        SpanStatus::Cancelled => attributes.push("outcrop.stopped", true),
        SpanStatus::Failed { kind } => {
            to.status = Status::Error;
            let fault = span.fault.as_ref();
            let name = fault.and_then(|fault| fault.name.clone());
            attributes.put("error.type", name.or_else(|| word(kind)));
            to.status_message = fault.map(|fault| fault.words.clone()).unwrap_or_default();
        }
    }
    to
}

/// The word of `error.type`; of what a server answered it is the status, as OpenTelemetry has it.
fn word(kind: &ErrorKind) -> Option<String> {
    if let ErrorKind::Server { status } = kind {
        return Some(status.to_string());
    }
    match serde_json::to_value(kind).ok()? {
        Json::String(word) => Some(word),
        // A kind that says more is an object of that.
        Json::Object(members) => members.keys().next().cloned(),
        _ => None,
    }
}

fn nanos(time: Timestamp) -> u64 {
    u64::try_from(time.0).unwrap_or(0).saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests;
