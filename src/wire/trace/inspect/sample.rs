//! From a sample to the spans of a trace.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::event;
use super::pool::Pool;
use crate::domain::trace::facts::{hash, hash_on};
use crate::domain::trace::{Attributes, Origin, Side, SpanEvent, SpanKey, Status, TraceId, TraceSpan, Value};
use crate::wire::trace::{Decoded, moment};

/// Of a sample what becomes something else.
const READ: [&str; 4] = ["events", "events_data", "attachments", "scores"];

/// What stands in its events too, where it has any.
const TOLD: [&str; 3] = ["messages", "output", "timelines"];

pub(super) fn take(mut sample: Json, task: &str, decoded: &mut Decoded) {
    if !sample.is_object() {
        decoded.reject("a sample is no JSON object");
        return;
    }
    let pool = Pool::of(&mut sample);
    let events = match sample.get_mut("events").map(Json::take) {
        Some(Json::Array(events)) => events,
        _ => Vec::new(),
    };
    let mut growing = Growing::new(&sample, task, &pool, events.is_empty());
    for event in events {
        growing.take(event, &pool);
    }
    for span in growing.finish(&sample) {
        decoded.take(span);
    }
}

fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// An id of Inspect's, or a number, in words.
fn id_of(json: Option<&Json>) -> String {
    match json {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

struct Growing {
    trace: TraceId,
    origin: Arc<Origin>,
    spans: Vec<TraceSpan>,
    /// Spans by Inspect's ids.
    known: HashMap<String, usize>,
    /// Spans of tools whose event has not come: by parent and name.
    tools: Vec<(SpanKey, String, usize)>,
}

impl Growing {
    /// `bare`: it has no events.
    fn new(sample: &Json, task: &str, pool: &Pool, bare: bool) -> Self {
        let (id, epoch) = (id_of(sample.get("id")), id_of(sample.get("epoch")));
        // Older logs give a sample no id of its own.
        let own = match text(sample, "uuid") {
            "" => format!("{task}/{id}/{epoch}/{}", text(sample, "started_at")),
            uuid => uuid.to_owned(),
        };
        let begin = hash(own.as_bytes());
        let mut trace = [0; 16];
        trace[..8].copy_from_slice(&begin.to_be_bytes());
        trace[8..].copy_from_slice(&hash_on(begin, b"inspect").to_be_bytes());
        let origin = Origin { scope: "inspect_ai".to_owned(), ..Origin::default() };
        let mut growing = Self {
            trace: TraceId(trace),
            origin: Arc::new(origin),
            spans: Vec::new(),
            known: HashMap::new(),
            tools: Vec::new(),
        };
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", "invoke_workflow");
        said.push("gen_ai.workflow.name", task);
        said.push("gen_ai.conversation.id", own.as_str());
        let mut input = sample.get("input").cloned().unwrap_or_default();
        pool.resolve(&mut input);
        said.push("input.value", input.as_str().map_or_else(|| input.to_string(), str::to_owned));
        let mut answer = sample.get("output").and_then(|output| output.get("completion")).cloned();
        if let Some(answer) = &mut answer {
            pool.resolve(answer);
            said.put("output.value", answer.as_str());
        }
        let is_rest = |key: &str| !READ.contains(&key) && (bare || !TOLD.contains(&key));
        let rest: Map<String, Json> = sample
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| is_rest(key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let mut rest = Json::Object(rest);
        if bare {
            pool.resolve(&mut rest);
        }
        said.push("inspect.sample", Value::from_json(rest));
        let name = format!("{task} sample {id} epoch {epoch}").trim_start().to_owned();
        growing.add("sample", SpanKey(0), name, said);
        growing
    }

    fn add(&mut self, id: &str, parent: SpanKey, name: String, attributes: Attributes) -> usize {
        let number = hash_on(hash(&self.trace.0), id.as_bytes()).max(1);
        self.spans.push(TraceSpan {
            trace: self.trace,
            id: SpanKey(number),
            parent: Some(parent).filter(|parent| !parent.is_zero()),
            name,
            side: Side::Internal,
            attributes,
            origin: Arc::clone(&self.origin),
            ..TraceSpan::default()
        });
        self.spans.len() - 1
    }

    /// The span that an event lies in; the sample's own where it names none that is known.
    fn around(&self, id: &str) -> usize {
        self.known.get(id).copied().unwrap_or(0)
    }

    fn take(&mut self, mut event: Json, pool: &Pool) {
        let at = event.get("timestamp").and_then(moment::nanos).unwrap_or(0);
        match text(&event, "event") {
            "span_begin" => self.begin(&event, at),
            "span_end" => {
                let span = self.around(&id_of(event.get("id")));
                self.spans[span].end = self.spans[span].end.max(at);
            }
            "model" => self.model(event, at, pool),
            "tool" => {
                pool.resolve(&mut event);
                self.tool(event, at);
            }
            _ => {
                pool.resolve(&mut event);
                self.other(event, at);
            }
        }
    }

    fn begin(&mut self, event: &Json, at: u64) {
        let id = id_of(event.get("id"));
        let parent = self.spans[self.around(text(event, "parent_id"))].id;
        let (kind, name) = (text(event, "type"), text(event, "name"));
        let operation = match kind {
            "agent" => "invoke_agent",
            "tool" => "execute_tool",
            "scorer" => "evaluation",
            _ => "invoke_workflow",
        };
        let mut said = Attributes::default();
        said.push("gen_ai.operation.name", operation);
        match kind {
            "agent" => said.push("gen_ai.agent.name", name),
            "tool" => said.push("gen_ai.tool.name", name),
            _ => {}
        }
        said.push("inspect.span.type", kind);
        said.push("inspect.event", Value::from_json(event.clone()));
        let span = self.add(&id, parent, name.to_owned(), said);
        self.spans[span].start = at;
        if kind == "tool" {
            self.tools.push((parent, name.to_owned(), span));
        }
        self.known.insert(id, span);
    }

    fn model(&mut self, event: Json, at: u64, pool: &Pool) {
        let input = pool.input(&event);
        let is_cut = input.is_none();
        let mut attributes = event::model(&event, input.unwrap_or_default());
        let name = format!("chat {}", text(&event, "model"));
        let parent = self.spans[self.around(text(&event, "span_id"))].id;
        let error = text(&event, "error").to_owned();
        let end = ended(&event, at);
        let id = text(&event, "uuid").to_owned();
        attributes.push("inspect.event", Value::from_json(event));
        let span = self.add(&id, parent, name, attributes);
        let span = &mut self.spans[span];
        (span.start, span.end, span.side) = (at, end, Side::Client);
        // Its prompt is named in a pool that does not hold it.
        span.repaired += u32::from(is_cut);
        if !error.is_empty() {
            span.status = Status::Error;
            span.status_message = error;
        }
    }

    /// The event of a tool stands beside the span of the tool, under the same parent: both are one.
    fn tool(&mut self, event: Json, at: u64) {
        let parent = self.spans[self.around(text(&event, "span_id"))].id;
        let function = text(&event, "function").to_owned();
        let mut attributes = event::tool(&event);
        let words = event.get("error").map(|error| text(error, "message").to_owned()).unwrap_or_default();
        let failed = event.get("error").is_some_and(|error| !error.is_null());
        let end = ended(&event, at);
        let id = text(&event, "uuid").to_owned();
        attributes.push("inspect.event", Value::from_json(event));
        let begun = self.tools.iter().rposition(|(under, name, _)| *under == parent && *name == function);
        let span = if let Some(begun) = begun {
            let span = self.tools.remove(begun).2;
            self.spans[span].attributes.0.extend(attributes.0);
            self.spans[span].start = self.spans[span].start.min(at);
            span
        } else {
            let span = self.add(&id, parent, String::new(), attributes);
            self.spans[span].start = at;
            span
        };
        let span = &mut self.spans[span];
        span.name = format!("execute_tool {function}");
        span.end = span.end.max(end);
        if failed {
            span.status = Status::Error;
            span.status_message = words;
        }
    }

    fn other(&mut self, event: Json, at: u64) {
        let span = self.around(text(&event, "span_id"));
        let kind = text(&event, "event").to_owned();
        let span = &mut self.spans[span];
        let mut name = format!("inspect.{kind}");
        let mut attributes = Attributes::default();
        if kind == "score" && event.get("intermediate") != Some(&Json::Bool(true)) {
            "gen_ai.evaluation.result".clone_into(&mut name);
            attributes = event::score(text(&event, "scorer"), event.get("score").unwrap_or(&Json::Null));
        } else if kind == "error" {
            let error = event.get("error").cloned().unwrap_or_default();
            span.status = Status::Error;
            text(&error, "message").clone_into(&mut span.status_message);
        }
        attributes.push("inspect.event", Value::from_json(event));
        span.events.push(SpanEvent { at, name, attributes, dropped_attributes: 0 });
    }

    fn finish(mut self, sample: &Json) -> Vec<TraceSpan> {
        let told = |key: &str| sample.get(key).and_then(moment::nanos);
        let starts = self.spans[1..].iter().map(|span| span.start).filter(|start| *start > 0);
        let start = starts.chain(told("started_at")).min().unwrap_or(0);
        let ends = self.spans[1..].iter().map(|span| span.end.max(span.start));
        let end = ends.chain(told("completed_at")).max().unwrap_or(start);
        let root = &mut self.spans[0];
        (root.start, root.end) = (start, end);
        // A sample without an end is still running.
        if told("completed_at").is_none() && sample.get("total_time").is_none_or(Json::is_null) {
            root.end = 0;
        }
        for (name, score) in sample.get("scores").and_then(Json::as_object).into_iter().flatten() {
            let attributes = event::score(name, score);
            let name = "gen_ai.evaluation.result".to_owned();
            root.events.push(SpanEvent { at: end, name, attributes, dropped_attributes: 0 });
        }
        if let Some(error) = sample.get("error").filter(|error| !error.is_null()) {
            root.status = Status::Error;
            text(error, "message").clone_into(&mut root.status_message);
        }
        self.spans
    }
}

/// When a call was done: told, or after the time that it took.
fn ended(event: &Json, at: u64) -> u64 {
    event.get("completed").and_then(moment::nanos).unwrap_or_else(|| {
        let took = event.get("working_time").and_then(Json::as_f64).unwrap_or(0.0);
        at + (took.max(0.0) * 1e9) as u64
    })
}
