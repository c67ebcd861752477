//! From JSON: an export request, a list of them, or one a line, to spans.

use std::sync::Arc;

use serde_json::Value as Json;

use super::loose;
use super::value::Mended;
use crate::domain::trace::{Origin, Side, SpanEvent, SpanLink, Status, TraceSpan};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::trace::Decoded;

const DOING: &str = "reading traces of OTLP's JSON";
const SIDES: [(&str, Side); 6] = [
    ("UNSPECIFIED", Side::Unspecified),
    ("INTERNAL", Side::Internal),
    ("SERVER", Side::Server),
    ("CLIENT", Side::Client),
    ("PRODUCER", Side::Producer),
    ("CONSUMER", Side::Consumer),
];
const CODES: [(&str, Status); 3] = [("UNSET", Status::Unset), ("OK", Status::Ok), ("ERROR", Status::Error)];
const OUTSIDE: &str = "a resource or a scope was mended";

/// Reads an export request, a list of them, or a file of one a line, whose last line may be cut.
///
/// # Errors
///
/// `Invalid` where it is no JSON, or JSON in which no trace stands.
pub fn decode(bytes: &[u8]) -> Result<Decoded> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut decoded = Decoded::default();
    match loose::parse(text) {
        Ok((json, places)) => {
            decoded.repair(places, "a number is none");
            if !request(json, &mut decoded) {
                return Err(no_trace());
            }
        }
        Err(why) => lines(text, &why, &mut decoded)?,
    }
    if text.len() != bytes.len() && str::from_utf8(bytes).is_err() {
        decoded.repair(1, "it is no UTF-8 throughout");
    }
    Ok(decoded)
}

fn lines(text: &str, why: &serde_json::Error, decoded: &mut Decoded) -> Result<()> {
    let no_json = || {
        let hint = "Send an ExportTraceServiceRequest, as OTLP writes it in JSON.";
        Error::new(ErrorKind::Invalid, DOING, format!("it is no JSON: {why}"), hint)
    };
    let mut found = false;
    let mut rest = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    while let Some(line) = rest.next() {
        match loose::parse(line) {
            Ok((json, places)) => {
                decoded.repair(places, "a number is none");
                found |= request(json, decoded);
            }
            Err(_) if !found => return Err(no_json()),
            Err(_) if rest.peek().is_none() => decoded.cut("the last line ends in the middle"),
            Err(_) => decoded.reject("a line is no JSON"),
        }
    }
    // Lines that are JSON each, and of something else.
    if found { Ok(()) } else { Err(no_trace()) }
}

fn no_trace() -> Error {
    let hint = "Traces stand under \"resourceSpans\".";
    Error::new(ErrorKind::Invalid, DOING, "no trace stands in it", hint)
}

/// Whether it was one.
fn request(json: Json, decoded: &mut Decoded) -> bool {
    match json {
        Json::Array(requests) => {
            let mut all = true;
            for one in requests {
                all &= request(one, decoded);
            }
            all
        }
        Json::Object(map) => {
            // An empty request is one that says nothing.
            let mut found = map.is_empty();
            let mut mended = Mended::default();
            for (key, value) in map {
                match mended.key(&key).as_ref() {
                    "resourceSpans" => {}
                    // Tempo's name.
                    "batches" => mended.0 += 1,
                    _ => continue,
                }
                found = true;
                for resource in mended.list(value) {
                    resource_spans(resource, decoded);
                }
            }
            decoded.repair(mended.0, "the request was mended");
            found
        }
        _ => false,
    }
}

fn resource_spans(json: Json, decoded: &mut Decoded) {
    let Json::Object(map) = json else { return decoded.repair(1, OUTSIDE) };
    let mut mended = Mended::default();
    let mut origin = Origin::default();
    let mut scopes = Vec::new();
    for (key, value) in map {
        match mended.key(&key).as_ref() {
            "resource" => {
                for (key, value) in mended.object(value) {
                    match mended.key(&key).as_ref() {
                        "attributes" => origin.resource = mended.attributes(value),
                        "droppedAttributesCount" => origin.dropped_resource = mended.count(&value),
                        _ => {}
                    }
                }
            }
            "scopeSpans" => scopes.extend(mended.list(value)),
            "instrumentationLibrarySpans" => {
                mended.0 += 1;
                scopes.extend(mended.list(value));
            }
            "schemaUrl" => origin.resource_schema = mended.text(value),
            _ => {}
        }
    }
    for scope in scopes {
        scope_spans(scope, &origin, &mut mended, decoded);
    }
    decoded.repair(mended.0, OUTSIDE);
}

fn scope_spans(json: Json, resource: &Origin, mended: &mut Mended, decoded: &mut Decoded) {
    let mut origin = resource.clone();
    let mut spans = Vec::new();
    for (key, value) in mended.object(json) {
        match mended.key(&key).as_ref() {
            "scope" | "instrumentationLibrary" => {
                for (key, value) in mended.object(value) {
                    match mended.key(&key).as_ref() {
                        "name" => origin.scope = mended.text(value),
                        "version" => origin.version = mended.text(value),
                        "attributes" => origin.scope_attributes = mended.attributes(value),
                        "droppedAttributesCount" => origin.dropped_scope = mended.count(&value),
                        _ => {}
                    }
                }
            }
            "spans" => spans = mended.list(value),
            "schemaUrl" => origin.scope_schema = mended.text(value),
            _ => {}
        }
    }
    let origin = Arc::new(origin);
    for json in spans {
        if !json.is_object() {
            decoded.reject("a span is no JSON object");
            continue;
        }
        let mut own = Mended::default();
        let mut span = span(json, &mut own);
        span.origin = Arc::clone(&origin);
        span.repaired = own.0;
        decoded.take(span);
    }
}

fn span(json: Json, mended: &mut Mended) -> TraceSpan {
    let mut span = TraceSpan::default();
    for (key, value) in mended.object(json) {
        match mended.key(&key).as_ref() {
            "traceId" => span.trace = mended.trace(value),
            "spanId" => span.id = mended.span(value),
            "parentSpanId" => span.parent = Some(mended.span(value)).filter(|key| !key.is_zero()),
            "traceState" => span.state = mended.text(value),
            "flags" => span.flags = mended.count(&value),
            "name" => span.name = mended.text(value),
            "kind" => span.side = mended.one_of(&value, "SPAN_KIND_", &SIDES),
            "startTimeUnixNano" => span.start = mended.nanos(&value),
            "endTimeUnixNano" => span.end = mended.nanos(&value),
            "attributes" => span.attributes = mended.attributes(value),
            "droppedAttributesCount" => span.dropped_attributes = mended.count(&value),
            "events" => {
                span.events = mended.list(value).into_iter().map(|json| event(json, mended)).collect();
            }
            "droppedEventsCount" => span.dropped_events = mended.count(&value),
            "links" => {
                span.links = mended.list(value).into_iter().map(|json| link(json, mended)).collect();
            }
            "droppedLinksCount" => span.dropped_links = mended.count(&value),
            "status" => {
                for (key, value) in mended.object(value) {
                    match mended.key(&key).as_ref() {
                        "code" => span.status = mended.one_of(&value, "STATUS_CODE_", &CODES),
                        "message" => span.status_message = mended.text(value),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    span
}

fn event(json: Json, mended: &mut Mended) -> SpanEvent {
    let mut event = SpanEvent::default();
    for (key, value) in mended.object(json) {
        match mended.key(&key).as_ref() {
            "timeUnixNano" => event.at = mended.nanos(&value),
            "name" => event.name = mended.text(value),
            "attributes" => event.attributes = mended.attributes(value),
            "droppedAttributesCount" => event.dropped_attributes = mended.count(&value),
            _ => {}
        }
    }
    event
}

fn link(json: Json, mended: &mut Mended) -> SpanLink {
    let mut link = SpanLink::default();
    for (key, value) in mended.object(json) {
        match mended.key(&key).as_ref() {
            "traceId" => link.trace = mended.trace(value),
            "spanId" => link.span = mended.span(value),
            "traceState" => link.state = mended.text(value),
            "attributes" => link.attributes = mended.attributes(value),
            "droppedAttributesCount" => link.dropped_attributes = mended.count(&value),
            "flags" => link.flags = mended.count(&value),
            _ => {}
        }
    }
    link
}
