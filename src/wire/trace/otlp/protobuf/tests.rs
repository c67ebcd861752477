use super::*;
use crate::domain::trace::{Attributes, Origin, Side, SpanEvent, SpanKey, SpanLink, Status, TraceId};
use crate::domain::trace::{TraceSpan, Value};
use crate::wire::trace::otlp::json;

const GENAI: &[u8] = include_bytes!("../../../../../tests/data/traces/otlp_genai.pb");
const OPENINFERENCE: &[u8] = include_bytes!("../../../../../tests/data/traces/otlp_openinference.pb");

/// A span in which everything is said.
fn full() -> TraceSpan {
    let mut attributes = Attributes::default();
    attributes.push("text", "a");
    attributes.push("empty", "");
    attributes.push("none", Value::Null);
    attributes.push("no", false);
    attributes.push("zero", 0_i64);
    attributes.push("negative", -3_i64);
    attributes.push("number", f64::INFINITY);
    attributes.push("bytes", Value::Bytes(vec![0, 255]));
    attributes.push("list", Value::List(vec![Value::Whole(1), Value::Null, Value::List(Vec::new())]));
    attributes
        .push("map", Value::Map(vec![("k".to_owned(), Value::from("v")), (String::new(), Value::Null)]));
    let origin = Origin {
        resource: attributes.clone(),
        dropped_resource: 1,
        resource_schema: "r".to_owned(),
        scope: "scope".to_owned(),
        version: "1".to_owned(),
        scope_attributes: attributes.clone(),
        dropped_scope: 2,
        scope_schema: "s".to_owned(),
    };
    TraceSpan {
        trace: TraceId([7; 16]),
        id: SpanKey(3),
        parent: Some(SpanKey(2)),
        name: "chat".to_owned(),
        side: Side::Client,
        start: 5,
        end: u64::MAX,
        status: Status::Error,
        status_message: "slow".to_owned(),
        events: vec![SpanEvent {
            at: 6,
            name: "e".to_owned(),
            attributes: attributes.clone(),
            dropped_attributes: 1,
        }],
        links: vec![SpanLink {
            trace: TraceId([8; 16]),
            span: SpanKey(9),
            state: "a=b".to_owned(),
            attributes: attributes.clone(),
            dropped_attributes: 1,
            flags: 256,
        }],
        attributes,
        state: "a=b".to_owned(),
        flags: 257,
        dropped_attributes: 1,
        dropped_events: 2,
        dropped_links: 300,
        origin: std::sync::Arc::new(origin),
        repaired: 0,
    }
}

#[test]
fn what_python_s_sdk_sent_is_the_same_in_both_encodings() {
    for (pb, text) in [
        (GENAI, include_str!("../../../../../tests/data/traces/otlp_genai.json")),
        (OPENINFERENCE, include_str!("../../../../../tests/data/traces/otlp_openinference.json")),
    ] {
        let decoded = decode(pb);
        assert_eq!(decoded.spans.len(), 4);
        assert_eq!((decoded.rejected, decoded.repaired, decoded.cut), (0, 0, false));
        assert_eq!(decoded, json::decode(text.as_bytes()).unwrap());
    }
}

#[test]
fn a_span_comes_back_whole_from_what_is_written() {
    let spans = [full(), TraceSpan { id: SpanKey(4), parent: None, ..full() }];
    let decoded = decode(&encode(&spans));
    assert_eq!(decoded.spans, spans);
    assert_eq!(decoded.repaired, 0);
    let mut decoded = json::decode(json::encode(&spans).as_bytes()).unwrap().spans;
    // JSON has no form for infinity; its name is counted as mended.
    for span in &mut decoded {
        assert_eq!(span.repaired, 3);
        span.repaired = 0;
    }
    assert_eq!(decoded, spans);
}

#[test]
fn python_s_bytes_are_written_again_as_they_were() {
    for bytes in [GENAI, OPENINFERENCE] {
        assert_eq!(encode(&decode(bytes).spans), bytes);
    }
}

#[test]
fn of_a_request_that_breaks_off_what_stood_before_is_kept_wherever_it_breaks() {
    let whole = decode(GENAI).spans;
    let mut most = 0;
    for at in 0..GENAI.len() {
        let decoded = decode(&GENAI[..at]);
        assert!(at == 0 || decoded.cut, "{at}");
        let untouched = decoded.spans.iter().zip(&whole).take_while(|(span, whole)| span == whole).count();
        // All but the one in which it broke.
        assert!(untouched + 1 >= decoded.spans.len(), "{at}");
        assert!(untouched >= most, "{at}");
        most = untouched;
        if let Some(broken) = decoded.spans.get(untouched) {
            assert!(broken.repaired > 0, "{at}");
        }
    }
    assert_eq!(most, 3);
}

#[test]
fn no_bytes_make_it_fail() {
    let mut seed = 1u64;
    for _ in 0..300 {
        let mut bytes = GENAI.to_vec();
        for _ in 0..8 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % bytes.len();
            bytes[at] = (seed >> 20) as u8;
        }
        let decoded = decode(&bytes);
        assert!(decoded.spans.len() <= bytes.len());
    }
}

#[test]
fn spans_without_ids_are_rejected_and_short_ids_are_mended() {
    let nameless = TraceSpan { id: SpanKey(0), ..full() };
    let decoded = decode(&encode(&[nameless, full()]));
    assert_eq!((decoded.spans.len(), decoded.rejected), (1, 1));
    assert_eq!(decoded.reasons, [("a span has no valid span id".to_owned(), 1)]);
    // ResourceSpans { ScopeSpans { Span { trace_id: [1], span_id: [2] } } }
    let short = [0x0a, 10, 0x12, 8, 0x12, 6, 0x0a, 1, 1, 0x12, 1, 2];
    let decoded = decode(&short);
    assert_eq!(decoded.spans[0].id, SpanKey(2));
    assert_eq!(decoded.repaired, 2);
}

#[test]
fn fifty_megabytes_of_one_span_s_attributes_are_kept() {
    let mut span = full();
    span.attributes.push("large", "x".repeat(50 << 20));
    let decoded = decode(&encode(std::slice::from_ref(&span)));
    assert_eq!(decoded.spans, [span]);
}

#[test]
fn values_nested_deeper_than_anything_are_kept_unread() {
    let mut value = Value::Whole(1);
    for _ in 0..500 {
        value = Value::List(vec![value]);
    }
    let mut span = full();
    span.attributes.push("deep", value);
    let decoded = decode(&encode(&[span]));
    assert_eq!((decoded.spans.len(), decoded.repaired), (1, 1));
    let mut value = decoded.spans[0].attributes.get("deep").unwrap();
    let mut depth = 0;
    while let Value::List(inner) = value {
        value = &inner[0];
        depth += 1;
    }
    assert!(matches!(value, Value::Bytes(_)) && depth == 64, "{depth} {value:?}");
}
