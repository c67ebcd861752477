//! From protobuf: an export request to spans.

use std::borrow::Cow;
use std::sync::Arc;

use super::fields::{Field, Fields};
use crate::domain::trace::value::DEEPEST;
use crate::domain::trace::{
    Attributes, Origin, Side, SpanEvent, SpanKey, SpanLink, Status, TraceId, TraceSpan, Value,
};
use crate::wire::trace::Decoded;

const CUT: &str = "the request ends in the middle, or holds what is no protobuf";

/// Reads an `ExportTraceServiceRequest`, which is also a `TracesData`. Of one that breaks off, what stood before.
pub fn decode(bytes: &[u8]) -> Decoded {
    let mut decoded = Decoded::default();
    let mut fields = Fields::of(bytes);
    for (number, field) in fields.by_ref() {
        if let (1, Field::Bytes(message)) = (number, field) {
            resource_spans(message, &mut decoded);
        } else if number == 1 {
            decoded.repair(1, "a field has another type than its schema says");
        }
    }
    if fields.broken {
        decoded.cut(CUT);
    }
    decoded
}

/// The answer to a request of one's own: spans that were rejected, and the server's words.
pub fn decode_partial_success(bytes: &[u8]) -> Option<(i64, String)> {
    let message = Fields::of(bytes).find_map(|(number, field)| match field {
        Field::Bytes(message) if number == 1 => Some(message),
        _ => None,
    })?;
    let mut told = (0, String::new());
    for (number, field) in Fields::of(message) {
        match (number, field) {
            (1, Field::Varint(rejected)) => told.0 = rejected.cast_signed(),
            (2, Field::Bytes(words)) => told.1 = String::from_utf8_lossy(words).into_owned(),
            _ => {}
        }
    }
    (told.0 != 0 || !told.1.is_empty()).then_some(told)
}

/// The words of a `google.rpc.Status`; `None` for bytes that are none.
pub fn decode_status(bytes: &[u8]) -> Option<String> {
    let mut fields = Fields::of(bytes);
    let (mut code, mut words) = (None, String::new());
    for (number, field) in fields.by_ref() {
        match (number, field) {
            (1, Field::Varint(number)) => code = Some(number),
            (2, Field::Bytes(said)) => words = String::from_utf8_lossy(said).into_owned(),
            _ => {}
        }
    }
    (code.is_some() && !fields.broken).then_some(words)
}

fn resource_spans(message: &[u8], decoded: &mut Decoded) {
    let mut mended = Mended::default();
    let mut origin = Origin::default();
    let mut scopes = Vec::new();
    let mut fields = Fields::of(message);
    for (number, field) in fields.by_ref() {
        match (number, field) {
            (1, Field::Bytes(resource)) => {
                let mut inner = Fields::of(resource);
                for (number, field) in inner.by_ref() {
                    match (number, field) {
                        (1, Field::Bytes(pair)) => mended.pair(pair, &mut origin.resource),
                        (2, Field::Varint(dropped)) => origin.dropped_resource = count(dropped),
                        (1 | 2, _) => mended.places += 1,
                        _ => {}
                    }
                }
                mended.broken |= inner.broken;
            }
            // The second is how scopes were called before OTLP 0.15.
            (2 | 1000, Field::Bytes(scope)) => scopes.push(scope),
            (3, Field::Bytes(schema)) => origin.resource_schema = mended.text(schema),
            (1..=3, _) => mended.places += 1,
            _ => {}
        }
    }
    mended.broken |= fields.broken;
    for scope in scopes {
        scope_spans(scope, &origin, &mut mended, decoded);
    }
    decoded.repair(mended.places, "a resource or a scope was mended");
    if mended.broken {
        decoded.cut(CUT);
    }
}

fn scope_spans(message: &[u8], resource: &Origin, mended: &mut Mended, decoded: &mut Decoded) {
    let mut origin = resource.clone();
    let mut spans = Vec::new();
    let mut fields = Fields::of(message);
    for (number, field) in fields.by_ref() {
        match (number, field) {
            (1, Field::Bytes(scope)) => {
                let mut inner = Fields::of(scope);
                for (number, field) in inner.by_ref() {
                    match (number, field) {
                        (1, Field::Bytes(name)) => origin.scope = mended.text(name),
                        (2, Field::Bytes(version)) => origin.version = mended.text(version),
                        (3, Field::Bytes(pair)) => mended.pair(pair, &mut origin.scope_attributes),
                        (4, Field::Varint(dropped)) => origin.dropped_scope = count(dropped),
                        (1..=4, _) => mended.places += 1,
                        _ => {}
                    }
                }
                mended.broken |= inner.broken;
            }
            (2, Field::Bytes(span)) => spans.push(span),
            (3, Field::Bytes(schema)) => origin.scope_schema = mended.text(schema),
            (1..=3, _) => mended.places += 1,
            _ => {}
        }
    }
    mended.broken |= fields.broken;
    let origin = Arc::new(origin);
    decoded.spans.reserve(spans.len());
    let last = spans.len().saturating_sub(1);
    for (at, bytes) in spans.into_iter().enumerate() {
        let mut own = Mended::default();
        let mut span = span(bytes, &mut own);
        // One that is cut between two of its fields does not know it.
        if own.broken || fields.cut && at == last {
            mended.broken = true;
            own.places += 1;
        }
        span.origin = Arc::clone(&origin);
        span.repaired = own.places;
        decoded.take(span);
    }
}

fn span(message: &[u8], mended: &mut Mended) -> TraceSpan {
    let mut span = TraceSpan::default();
    let mut fields = Fields::of(message);
    for (number, field) in fields.by_ref() {
        match (number, field) {
            (1, Field::Bytes(id)) => span.trace = mended.trace(id),
            (2, Field::Bytes(id)) => span.id = mended.key(id),
            (3, Field::Bytes(state)) => span.state = mended.text(state),
            (4, Field::Bytes(id)) => span.parent = Some(mended.key(id)).filter(|key| !key.is_zero()),
            (5, Field::Bytes(name)) => span.name = mended.text(name),
            (6, Field::Varint(side)) => span.side = mended.one_of(&Side::ALL, side),
            (7, Field::Fixed64(start)) => span.start = start,
            (8, Field::Fixed64(end)) => span.end = end,
            (9, Field::Bytes(pair)) => mended.pair(pair, &mut span.attributes),
            (10, Field::Varint(dropped)) => span.dropped_attributes = count(dropped),
            (11, Field::Bytes(bytes)) => span.events.push(event(bytes, mended)),
            (12, Field::Varint(dropped)) => span.dropped_events = count(dropped),
            (13, Field::Bytes(bytes)) => span.links.push(link(bytes, mended)),
            (14, Field::Varint(dropped)) => span.dropped_links = count(dropped),
            (15, Field::Bytes(bytes)) => status(bytes, &mut span, mended),
            (16, Field::Fixed32(flags)) => span.flags = flags,
            (1..=16, _) => mended.places += 1,
            _ => {}
        }
    }
    mended.broken |= fields.broken;
    span
}

fn status(message: &[u8], span: &mut TraceSpan, mended: &mut Mended) {
    const CODES: [Status; 3] = [Status::Unset, Status::Ok, Status::Error];
    let mut fields = Fields::of(message);
    for (number, field) in fields.by_ref() {
        match (number, field) {
            (2, Field::Bytes(words)) => span.status_message = mended.text(words),
            (3, Field::Varint(code)) => span.status = mended.one_of(&CODES, code),
            (2 | 3, _) => mended.places += 1,
            _ => {}
        }
    }
    mended.broken |= fields.broken;
}

fn event(message: &[u8], mended: &mut Mended) -> SpanEvent {
    let mut event = SpanEvent::default();
    let mut fields = Fields::of(message);
    for (number, field) in fields.by_ref() {
        match (number, field) {
            (1, Field::Fixed64(at)) => event.at = at,
            (2, Field::Bytes(name)) => event.name = mended.text(name),
            (3, Field::Bytes(pair)) => mended.pair(pair, &mut event.attributes),
            (4, Field::Varint(dropped)) => event.dropped_attributes = count(dropped),
            (1..=4, _) => mended.places += 1,
            _ => {}
        }
    }
    mended.broken |= fields.broken;
    event
}

fn link(message: &[u8], mended: &mut Mended) -> SpanLink {
    let mut link = SpanLink::default();
    let mut fields = Fields::of(message);
    for (number, field) in fields.by_ref() {
        match (number, field) {
            (1, Field::Bytes(id)) => link.trace = mended.trace(id),
            (2, Field::Bytes(id)) => link.span = mended.key(id),
            (3, Field::Bytes(state)) => link.state = mended.text(state),
            (4, Field::Bytes(pair)) => mended.pair(pair, &mut link.attributes),
            (5, Field::Varint(dropped)) => link.dropped_attributes = count(dropped),
            (6, Field::Fixed32(flags)) => link.flags = flags,
            (1..=6, _) => mended.places += 1,
            _ => {}
        }
    }
    mended.broken |= fields.broken;
    link
}

fn count(dropped: u64) -> u32 {
    u32::try_from(dropped).unwrap_or(u32::MAX)
}

/// What had to be mended of a message.
#[derive(Debug, Default)]
struct Mended {
    places: u32,
    /// It breaks off.
    broken: bool,
}

impl Mended {
    fn text(&mut self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        self.places += u32::from(matches!(text, Cow::Owned(_)));
        text.into_owned()
    }

    fn one_of<T: Copy + Default>(&mut self, all: &[T], number: u64) -> T {
        let one = usize::try_from(number).ok().and_then(|at| all.get(at)).copied();
        one.unwrap_or_else(|| {
            self.places += 1;
            T::default()
        })
    }

    /// Eight bytes are an id of before OpenTelemetry's, which is the lower half.
    fn trace(&mut self, bytes: &[u8]) -> TraceId {
        let mut id = [0; 16];
        match bytes.len() {
            0 => {}
            16 => id.copy_from_slice(bytes),
            shorter @ 1..16 => {
                self.places += 1;
                id[16 - shorter..].copy_from_slice(bytes);
            }
            _ => self.places += 1,
        }
        TraceId(id)
    }

    fn key(&mut self, bytes: &[u8]) -> SpanKey {
        let mut id = [0; 8];
        match bytes.len() {
            0 => {}
            8 => id.copy_from_slice(bytes),
            shorter @ 1..8 => {
                self.places += 1;
                id[8 - shorter..].copy_from_slice(bytes);
            }
            _ => self.places += 1,
        }
        SpanKey(u64::from_be_bytes(id))
    }

    fn pair(&mut self, message: &[u8], to: &mut Attributes) {
        let pair = self.key_value(message, DEEPEST);
        to.0.push(pair);
    }

    fn key_value(&mut self, message: &[u8], depth: usize) -> (String, Value) {
        let mut pair = (String::new(), Value::Null);
        let mut fields = Fields::of(message);
        for (number, field) in fields.by_ref() {
            match (number, field) {
                (1, Field::Bytes(key)) => pair.0 = self.text(key),
                (2, Field::Bytes(value)) => pair.1 = self.value(value, depth),
                (1 | 2, _) => self.places += 1,
                _ => {}
            }
        }
        self.broken |= fields.broken;
        pair
    }

    fn value(&mut self, message: &[u8], depth: usize) -> Value {
        let mut value = Value::Null;
        let mut fields = Fields::of(message);
        for (number, field) in fields.by_ref() {
            match (number, field) {
                (1, Field::Bytes(text)) => value = Value::Text(self.text(text)),
                (2, Field::Varint(truth)) => value = Value::Truth(truth != 0),
                (3, Field::Varint(whole)) => value = Value::Whole(whole.cast_signed()),
                (4, Field::Fixed64(bits)) => value = Value::Number(f64::from_bits(bits)),
                (7, Field::Bytes(bytes)) => value = Value::Bytes(bytes.to_vec()),
                // What is nested deeper than anything means is kept unread.
                (5 | 6, Field::Bytes(inner)) if depth == 0 => {
                    self.places += 1;
                    value = Value::Bytes(inner.to_vec());
                }
                (5, Field::Bytes(inner)) => {
                    let mut values = Vec::new();
                    self.each(inner, |mended, one| values.push(mended.value(one, depth - 1)));
                    value = Value::List(values);
                }
                (6, Field::Bytes(inner)) => {
                    let mut entries = Vec::new();
                    self.each(inner, |mended, one| entries.push(mended.key_value(one, depth - 1)));
                    value = Value::Map(entries);
                }
                (1..=7, _) => self.places += 1,
                _ => {}
            }
        }
        self.broken |= fields.broken;
        value
    }

    /// The members of an `ArrayValue` or a `KeyValueList`.
    fn each<'a>(&mut self, message: &'a [u8], mut take: impl FnMut(&mut Self, &'a [u8])) {
        let mut fields = Fields::of(message);
        for (number, field) in fields.by_ref() {
            match (number, field) {
                (1, Field::Bytes(one)) => take(self, one),
                (1, _) => self.places += 1,
                _ => {}
            }
        }
        self.broken |= fields.broken;
    }
}
