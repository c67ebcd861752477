//! To JSON: spans to an export request, and the answers of a server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use crate::domain::trace::value::number;
use crate::domain::trace::{Attributes, SpanEvent, SpanLink, TraceSpan, Value};
use crate::wire::trace::otlp::groups::{Group, by_resource};

/// An `ExportTraceServiceRequest` of these spans, in one line.
pub fn encode(spans: &[TraceSpan]) -> String {
    let mut to = String::from("{\"resourceSpans\":[");
    for (at, scopes) in by_resource(spans).iter().enumerate() {
        if at > 0 {
            to.push(',');
        }
        resource_spans(&mut to, scopes);
    }
    to.push_str("]}");
    to
}

/// An `ExportTraceServiceResponse`: empty where all was taken and nothing is to be said.
pub fn partial_success(rejected: u64, words: &str) -> String {
    if rejected == 0 && words.is_empty() {
        return "{}".to_owned();
    }
    let mut told = Map::new();
    if rejected > 0 {
        told.insert("rejectedSpans".to_owned(), rejected.to_string().into());
    }
    told.insert("errorMessage".to_owned(), words.into());
    json!({ "partialSuccess": told }).to_string()
}

/// A `google.rpc.Status`.
pub fn status(code: u32, words: &str) -> String {
    json!({ "code": code, "message": words }).to_string()
}

/// A span at a time, so that not all of them stand in memory once more.
fn resource_spans(to: &mut String, scopes: &[Group<'_>]) {
    let Some(first) = scopes.first() else { return };
    let mut resource = Object::default();
    resource.attributes(&first.origin.resource, first.origin.dropped_resource);
    to.extend(["{\"resource\":", &resource.text(), ",\"scopeSpans\":["]);
    for (at, group) in scopes.iter().enumerate() {
        let mut scope = Object::default();
        scope.text_of("name", &group.origin.scope);
        scope.text_of("version", &group.origin.version);
        scope.attributes(&group.origin.scope_attributes, group.origin.dropped_scope);
        to.extend([if at > 0 { ",{\"scope\":" } else { "{\"scope\":" }, &scope.text(), ",\"spans\":["]);
        for (at, one) in group.spans.iter().enumerate() {
            to.extend([if at > 0 { "," } else { "" }, &span(one).to_string()]);
        }
        to.push(']');
        schema(to, &group.origin.scope_schema);
        to.push('}');
    }
    to.push(']');
    schema(to, &first.origin.resource_schema);
    to.push('}');
}

fn schema(to: &mut String, url: &str) {
    if !url.is_empty() {
        to.extend([",\"schemaUrl\":", &Json::from(url).to_string()]);
    }
}

/// A span, as it stands in a request.
pub fn span(span: &TraceSpan) -> Json {
    let mut to = Object::default();
    to.put("traceId", span.trace.to_string());
    to.put("spanId", span.id.to_string());
    if let Some(parent) = span.parent {
        to.put("parentSpanId", parent.to_string());
    }
    to.text_of("traceState", &span.state);
    to.put("name", span.name.as_str());
    to.put("kind", span.side as u32);
    to.put("startTimeUnixNano", span.start.to_string());
    to.put("endTimeUnixNano", span.end.to_string());
    to.attributes(&span.attributes, span.dropped_attributes);
    if !span.events.is_empty() {
        to.put("events", span.events.iter().map(event).collect::<Json>());
    }
    to.count("droppedEventsCount", span.dropped_events);
    if !span.links.is_empty() {
        to.put("links", span.links.iter().map(link).collect::<Json>());
    }
    to.count("droppedLinksCount", span.dropped_links);
    let mut status = Object::default();
    status.text_of("message", &span.status_message);
    status.count("code", span.status as u32);
    to.put("status", status.0);
    to.count("flags", span.flags);
    Json::Object(to.0)
}

fn event(event: &SpanEvent) -> Json {
    let mut to = Object::default();
    to.put("timeUnixNano", event.at.to_string());
    to.put("name", event.name.as_str());
    to.attributes(&event.attributes, event.dropped_attributes);
    Json::Object(to.0)
}

fn link(link: &SpanLink) -> Json {
    let mut to = Object::default();
    to.put("traceId", link.trace.to_string());
    to.put("spanId", link.span.to_string());
    to.text_of("traceState", &link.state);
    to.attributes(&link.attributes, link.dropped_attributes);
    to.count("flags", link.flags);
    Json::Object(to.0)
}

fn value(said: &Value) -> Json {
    match said {
        Value::Null => json!({}),
        Value::Truth(truth) => json!({ "boolValue": truth }),
        Value::Whole(whole) => json!({ "intValue": whole.to_string() }),
        Value::Number(n) if n.is_finite() => json!({ "doubleValue": n }),
        Value::Number(n) => json!({ "doubleValue": number::name(*n) }),
        Value::Text(text) => json!({ "stringValue": text }),
        Value::Bytes(bytes) => json!({ "bytesValue": STANDARD.encode(bytes) }),
        Value::List(values) => {
            json!({ "arrayValue": { "values": values.iter().map(value).collect::<Vec<_>>() } })
        }
        Value::Map(entries) => {
            let values: Vec<Json> = entries.iter().map(|(key, said)| pair(key, said)).collect();
            json!({ "kvlistValue": { "values": values } })
        }
    }
}

fn pair(key: &str, said: &Value) -> Json {
    json!({ "key": key, "value": value(said) })
}

/// A JSON object in which nothing is said of what has its default value.
#[derive(Default)]
struct Object(Map<String, Json>);

impl Object {
    fn put(&mut self, key: &str, said: impl Into<Json>) {
        self.0.insert(key.to_owned(), said.into());
    }

    fn text_of(&mut self, key: &str, said: &str) {
        if !said.is_empty() {
            self.put(key, said);
        }
    }

    fn count(&mut self, key: &str, count: u32) {
        if count > 0 {
            self.put(key, count);
        }
    }

    fn attributes(&mut self, all: &Attributes, dropped: u32) {
        if !all.is_empty() {
            self.put("attributes", all.iter().map(|(key, said)| pair(key, said)).collect::<Json>());
        }
        self.count("droppedAttributesCount", dropped);
    }

    fn text(self) -> String {
        Json::Object(self.0).to_string()
    }
}
