//! The frames of a segment: spans, and rows that say whose they are.

use crate::domain::time::Timestamp;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::value::{Attributes, Value};
use crate::domain::trace::{Packed, Source, TraceId, TraceSpan};
use crate::store::Span;
use crate::wire::trace::otlp::protobuf;

/// The first byte of each, which tells its version too.
const SPANS: u8 = b'S';
const ROWS: u8 = b'R';

/// What a frame of rows says of the spans before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub source: Source,
    pub trace: TraceId,
    /// Where they lie.
    pub spans: Span,
    pub arrived: Timestamp,
}

/// Bytes of a head after the first.
const HEAD: usize = 1 + 16 + 8 + 4 + 8;

/// Spans of one trace, in order: a request for each that share an origin, one behind the other, which is a request again.
pub(super) fn spans(spans: &[TraceSpan]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + spans.iter().map(weight).sum::<usize>());
    bytes.push(SPANS);
    for alike in spans.chunk_by(same) {
        protobuf::encode_to(&mut bytes, alike);
    }
    bytes
}

fn same(one: &TraceSpan, other: &TraceSpan) -> bool {
    std::sync::Arc::ptr_eq(&one.origin, &other.origin) || *one.origin == *other.origin
}

/// The spans of such a frame; `None` where it is none, or not whole.
pub(super) fn read_spans(plain: &[u8]) -> Option<Vec<TraceSpan>> {
    let (&SPANS, bytes) = plain.split_first()? else { return None };
    let decoded = protobuf::decode(bytes);
    (!decoded.cut).then_some(decoded.spans)
}

/// Rows behind their head.
pub(super) fn rows(head: &Head, outline: &Outline) -> Vec<u8> {
    let mut bytes = vec![ROWS];
    bytes.push(match head.source {
        Source::Own => 0,
        Source::Received => 1,
        Source::Imported => 2,
    });
    bytes.extend_from_slice(&head.trace.0);
    bytes.extend_from_slice(&head.spans.at.to_le_bytes());
    bytes.extend_from_slice(&head.spans.length.to_le_bytes());
    bytes.extend_from_slice(&head.arrived.0.to_le_bytes());
    bytes.extend_from_slice(&Packed::of(outline, 0..outline.rows.len()).0);
    bytes
}

/// The head of such a frame and its packed rows; `None` where it is none.
pub(super) fn read_rows(plain: &[u8]) -> Option<(Head, &[u8])> {
    let (&ROWS, rest) = plain.split_first()? else { return None };
    let (head, packed) = rest.split_first_chunk::<HEAD>()?;
    let source = match head[0] {
        0 => Source::Own,
        1 => Source::Received,
        2 => Source::Imported,
        _ => return None,
    };
    let at = u64::from_le_bytes(head[17..25].try_into().ok()?);
    let length = u32::from_le_bytes(head[25..29].try_into().ok()?);
    let arrived = Timestamp(i64::from_le_bytes(head[29..37].try_into().ok()?));
    let trace = TraceId(head[1..17].try_into().ok()?);
    Some((Head { source, trace, spans: Span { at, length }, arrived }, packed))
}

/// About how many bytes a span takes.
pub(in crate::service::trace) fn weight(span: &TraceSpan) -> usize {
    let events: usize = span.events.iter().map(|event| 32 + attributes(&event.attributes)).sum();
    let links: usize = span.links.iter().map(|link| 64 + attributes(&link.attributes)).sum();
    128 + span.name.len() + span.status_message.len() + attributes(&span.attributes) + events + links
}

fn attributes(attributes: &Attributes) -> usize {
    attributes.iter().map(|(key, said)| key.len() + value(said)).sum()
}

fn value(said: &Value) -> usize {
    match said {
        Value::Text(text) => text.len() + 4,
        Value::Bytes(bytes) => bytes.len() + 4,
        Value::List(values) => values.iter().map(value).sum::<usize>() + 4,
        Value::Map(entries) => entries.iter().map(|(key, said)| key.len() + value(said)).sum::<usize>() + 4,
        Value::Null | Value::Truth(_) | Value::Whole(_) | Value::Number(_) => 12,
    }
}
