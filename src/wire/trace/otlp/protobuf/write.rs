//! To protobuf: spans to an export request, and the answers of a server.
//!
//! As proto3 writes: what has its default value is left out. The length of a message stands before it, so a message is
//! written at the end of the buffer and its length put in front.

use crate::domain::trace::{Attributes, SpanEvent, SpanLink, TraceSpan, Value};
use crate::wire::trace::otlp::groups::{Group, by_resource};

/// An `ExportTraceServiceRequest` of these spans.
pub fn encode(spans: &[TraceSpan]) -> Vec<u8> {
    let mut to = Vec::with_capacity(spans.len() * 512);
    encode_to(&mut to, spans);
    to
}

/// The same behind what stands there already.
pub fn encode_to(to: &mut Vec<u8>, spans: &[TraceSpan]) {
    for scopes in by_resource(spans) {
        message(to, 1, |to| resource_spans(to, &scopes));
    }
}

/// An `ExportTraceServiceResponse`: empty where all was taken and nothing is to be said.
pub fn partial_success(rejected: u64, words: &str) -> Vec<u8> {
    let mut to = Vec::new();
    if rejected > 0 || !words.is_empty() {
        message(&mut to, 1, |to| {
            number(to, 1, rejected);
            text(to, 2, words);
        });
    }
    to
}

/// A `google.rpc.Status`.
pub fn status(code: u32, words: &str) -> Vec<u8> {
    let mut to = Vec::new();
    number(&mut to, 1, u64::from(code));
    text(&mut to, 2, words);
    to
}

fn resource_spans(to: &mut Vec<u8>, scopes: &[Group<'_>]) {
    let Some(first) = scopes.first() else { return };
    message(to, 1, |to| {
        attributes(to, 1, &first.origin.resource);
        number(to, 2, u64::from(first.origin.dropped_resource));
    });
    for group in scopes {
        message(to, 2, |to| {
            message(to, 1, |to| {
                text(to, 1, &group.origin.scope);
                text(to, 2, &group.origin.version);
                attributes(to, 3, &group.origin.scope_attributes);
                number(to, 4, u64::from(group.origin.dropped_scope));
            });
            for one in &group.spans {
                message(to, 2, |to| span(to, one));
            }
            text(to, 3, &group.origin.scope_schema);
        });
    }
    text(to, 3, &first.origin.resource_schema);
}

fn span(to: &mut Vec<u8>, span: &TraceSpan) {
    bytes(to, 1, &span.trace.0);
    bytes(to, 2, &span.id.0.to_be_bytes());
    text(to, 3, &span.state);
    if let Some(parent) = span.parent {
        bytes(to, 4, &parent.0.to_be_bytes());
    }
    text(to, 5, &span.name);
    number(to, 6, span.side as u64);
    fixed64(to, 7, span.start);
    fixed64(to, 8, span.end);
    attributes(to, 9, &span.attributes);
    number(to, 10, u64::from(span.dropped_attributes));
    for one in &span.events {
        message(to, 11, |to| event(to, one));
    }
    number(to, 12, u64::from(span.dropped_events));
    for one in &span.links {
        message(to, 13, |to| link(to, one));
    }
    number(to, 14, u64::from(span.dropped_links));
    message(to, 15, |to| {
        text(to, 2, &span.status_message);
        number(to, 3, span.status as u64);
    });
    fixed32(to, 16, span.flags);
}

fn event(to: &mut Vec<u8>, event: &SpanEvent) {
    fixed64(to, 1, event.at);
    text(to, 2, &event.name);
    attributes(to, 3, &event.attributes);
    number(to, 4, u64::from(event.dropped_attributes));
}

fn link(to: &mut Vec<u8>, link: &SpanLink) {
    bytes(to, 1, &link.trace.0);
    bytes(to, 2, &link.span.0.to_be_bytes());
    text(to, 3, &link.state);
    attributes(to, 4, &link.attributes);
    number(to, 5, u64::from(link.dropped_attributes));
    fixed32(to, 6, link.flags);
}

fn attributes(to: &mut Vec<u8>, field: u32, all: &Attributes) {
    for (key, said) in all.iter() {
        message(to, field, |to| pair(to, key, said));
    }
}

fn pair(to: &mut Vec<u8>, key: &str, said: &Value) {
    text(to, 1, key);
    if *said != Value::Null {
        message(to, 2, |to| value(to, said));
    }
}

/// The members of a oneof are written also where they have their default value.
fn value(to: &mut Vec<u8>, said: &Value) {
    match said {
        Value::Null => {}
        Value::Text(text) => bytes(to, 1, text.as_bytes()),
        Value::Truth(truth) => {
            tag(to, 2, 0);
            to.push(u8::from(*truth));
        }
        Value::Whole(whole) => {
            tag(to, 3, 0);
            varint(to, whole.cast_unsigned());
        }
        Value::Number(number) => {
            tag(to, 4, 1);
            to.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        Value::List(values) => message(to, 5, |to| {
            for one in values {
                message(to, 1, |to| value(to, one));
            }
        }),
        Value::Map(entries) => message(to, 6, |to| {
            for (key, one) in entries {
                message(to, 1, |to| pair(to, key, one));
            }
        }),
        Value::Bytes(raw) => bytes(to, 7, raw),
    }
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn tag(to: &mut Vec<u8>, field: u32, wire: u64) {
    varint(to, u64::from(field) << 3 | wire);
}

fn number(to: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        tag(to, field, 0);
        varint(to, value);
    }
}

fn fixed64(to: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        tag(to, field, 1);
        to.extend_from_slice(&value.to_le_bytes());
    }
}

fn fixed32(to: &mut Vec<u8>, field: u32, value: u32) {
    if value != 0 {
        tag(to, field, 5);
        to.extend_from_slice(&value.to_le_bytes());
    }
}

fn bytes(to: &mut Vec<u8>, field: u32, value: &[u8]) {
    tag(to, field, 2);
    varint(to, value.len() as u64);
    to.extend_from_slice(value);
}

fn text(to: &mut Vec<u8>, field: u32, value: &str) {
    if !value.is_empty() {
        bytes(to, field, value.as_bytes());
    }
}

/// A message within: written behind one byte of length, which is made more where it does not do.
fn message(to: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    tag(to, field, 2);
    let at = to.len();
    to.push(0);
    write(to);
    let length = to.len() - at - 1;
    if length < 0x80 {
        to[at] = length as u8;
        return;
    }
    let mut prefix = Vec::with_capacity(5);
    varint(&mut prefix, length as u64);
    to.splice(at..=at, prefix);
}
