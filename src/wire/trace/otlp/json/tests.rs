use super::*;
use crate::domain::trace::{Side, SpanKey, Status, TraceSpan, Value};
use crate::wire::trace::Decoded;

const GENAI: &str = include_str!("../../../../../tests/data/traces/otlp_genai.json");

/// A request of one span, of which `fields` are said.
fn request(fields: &str) -> String {
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{
            "traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331",{fields}}}]}}]}}]}}"#
    )
}

fn only(text: &str) -> (TraceSpan, Decoded) {
    let decoded = decode(text.as_bytes()).unwrap_or_else(|why| panic!("{why}\n{text}"));
    (decoded.spans.first().cloned().unwrap_or_else(|| panic!("no span: {decoded:?}\n{text}")), decoded)
}

#[test]
fn python_s_json_is_written_again_as_it_was() {
    let spans = decode(GENAI.as_bytes()).unwrap().spans;
    let wanted: serde_json::Value = serde_json::from_str(GENAI).unwrap();
    let written: serde_json::Value = serde_json::from_str(&encode(&spans)).unwrap();
    assert_eq!(written, wanted);
}

#[test]
fn what_is_written_as_otlp_says_is_not_mended() {
    let (span, decoded) = only(&request(
        r#""kind":3,"startTimeUnixNano":"5","endTimeUnixNano":6,"unknown":{},"status":{"code":2},
           "attributes":[{"key":"a","value":{"intValue":"42"}},{"key":"b","value":{"intValue":43}},
                         {"key":"c"},{"key":"d","value":{"bytesValue":"AP8="}},{"key":"e","value":{}}]"#,
    ));
    assert_eq!((decoded.repaired, span.repaired), (0, 0));
    assert_eq!((span.side, span.start, span.end, span.status), (Side::Client, 5, 6, Status::Error));
    assert_eq!(span.attributes.get("a"), Some(&Value::Whole(42)));
    assert_eq!(span.attributes.get("b"), Some(&Value::Whole(43)));
    assert_eq!(span.attributes.get("c"), Some(&Value::Null));
    assert_eq!(span.attributes.get("d"), Some(&Value::Bytes(vec![0, 255])));
}

#[test]
fn what_sdks_write_otherwise_is_kept_and_counted() {
    let value = |written: &str| format!(r#""attributes":[{{"key":"a","value":{written}}}]"#);
    for (fields, check) in [
        (
            r#""kind":"SPAN_KIND_CLIENT""#.to_owned(),
            (|span| span.side == Side::Client) as fn(&TraceSpan) -> bool,
        ),
        (r#""kind":"client""#.to_owned(), |span| span.side == Side::Client),
        (r#""kind":"3""#.to_owned(), |span| span.side == Side::Client),
        (r#""kind":99"#.to_owned(), |span| span.side == Side::Unspecified),
        (r#""status":{"code":"STATUS_CODE_ERROR"}"#.to_owned(), |span| span.status == Status::Error),
        (r#""parentSpanId":null"#.to_owned(), |span| span.parent.is_none()),
        (r#""parent_span_id":"00000000000000aa""#.to_owned(), |span| span.parent == Some(SpanKey(0xaa))),
        (r#""parentSpanId":"AAAAAAAAAKo=""#.to_owned(), |span| span.parent == Some(SpanKey(0xaa))),
        (r#""parentSpanId":"00000000000000AA""#.to_owned(), |span| span.parent == Some(SpanKey(0xaa))),
        (r#""parentSpanId":"aa""#.to_owned(), |span| span.parent == Some(SpanKey(0xaa))),
        (r#""attributes":null"#.to_owned(), |span| span.attributes.is_empty()),
        (r#""attributes":{"a":1}"#.to_owned(), |span| span.attributes.get("a") == Some(&Value::Whole(1))),
        (value(r#"{"doubleValue":"NaN"}"#), |_| true),
        (value(r#"{"doubleValue":"-Infinity"}"#), |span| {
            span.attributes.get("a") == Some(&Value::Number(f64::NEG_INFINITY))
        }),
        (value(r#"{"string_value":"x"}"#), |span| span.attributes.text("a") == Some("x")),
        (value(r#""plain""#), |span| span.attributes.text("a") == Some("plain")),
        (value(r#"{"intValue":1.5}"#), |span| span.attributes.get("a") == Some(&Value::Number(1.5))),
        (value(r#"{"arrayValue":[{"intValue":1}]}"#), |span| {
            span.attributes.get("a") == Some(&Value::List(vec![Value::Whole(1)]))
        }),
        (value(r#"{"bytesValue":"no base64!"}"#), |span| span.attributes.text("a") == Some("no base64!")),
        (r#""startTimeUnixNano":1.7e18"#.to_owned(), |span| span.start == 1_700_000_000_000_000_000),
        (r#""startTimeUnixNano":"1970-01-01T00:00:01Z""#.to_owned(), |span| span.start == 1_000_000_000),
        (r#""name":null"#.to_owned(), |span| span.name.is_empty()),
    ] {
        let (span, decoded) = only(&request(&fields));
        assert!(check(&span), "{fields}: {span:?}");
        assert_eq!(decoded.repaired, 1, "{fields}");
        assert_eq!(decoded.rejected, 0, "{fields}");
    }
}

#[test]
fn a_bare_nan_is_read_as_one() {
    let (span, decoded) = only(&request(r#""attributes":[{"key":"a","value":{"doubleValue":NaN}}]"#));
    assert!(matches!(span.attributes.get("a"), Some(Value::Number(number)) if number.is_nan()));
    assert!(decoded.repaired > 0);
}

#[test]
fn names_in_snake_case_are_read_throughout() {
    let text = r#"{"resource_spans":[{"resource":{"attributes":[]},"scope_spans":[{"spans":[{
        "trace_id":"0AF7651916CD43DD8448EB211C80319C","span_id":"b7ad6b7169203331","name":"x",
        "start_time_unix_nano":1,"end_time_unix_nano":2}]}]}]}"#;
    let (span, decoded) = only(text);
    assert_eq!((span.name.as_str(), span.start, span.end), ("x", 1, 2));
    assert_eq!(span.trace.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!((decoded.repaired, span.repaired), (7, 5));
}

#[test]
fn a_span_that_is_none_is_rejected_and_the_others_are_taken() {
    let text = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[7,{"traceId":"","spanId":"b7ad6b7169203331"},
        {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}]}]}]}"#;
    let (_, decoded) = only(text);
    assert_eq!((decoded.spans.len(), decoded.rejected), (1, 2));
    assert_eq!(decoded.remarks(), "a span is no JSON object; a span has no valid trace id");
}

#[test]
fn a_file_of_a_request_a_line_is_read_and_a_last_line_may_be_cut() {
    let line = GENAI.replace('\n', "");
    let decoded = decode(format!("{line}\n{line}\n\n").as_bytes()).unwrap();
    assert_eq!((decoded.spans.len(), decoded.cut), (8, false));
    let decoded = decode(format!("{line}\n{}", &line[..line.len() / 2]).as_bytes()).unwrap();
    assert_eq!((decoded.spans.len(), decoded.cut), (4, true));
    let decoded = decode(format!("{line}\nnonsense\n{line}").as_bytes()).unwrap();
    assert_eq!((decoded.spans.len(), decoded.rejected), (8, 1));
    let decoded = decode(format!("[{line},{line}]").as_bytes()).unwrap();
    assert_eq!(decoded.spans.len(), 8);
}

#[test]
fn what_is_no_trace_is_an_error() {
    for text in ["", "nonsense", "7", "{\"a\":1}", "{\"resourceSpans\":["] {
        assert!(decode(text.as_bytes()).is_err(), "{text}");
    }
    assert!(decode(b"{}").unwrap().spans.is_empty());
}

#[test]
fn no_text_makes_it_fail() {
    let mut seed = 7u64;
    for _ in 0..400 {
        let mut bytes = GENAI.as_bytes().to_vec();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (seed >> 33) as usize % bytes.len();
            bytes[at] = b"{}[]\",:0aZ\\ "[(seed >> 20) as usize % 12];
        }
        if let Ok(decoded) = decode(&bytes) {
            assert!(decoded.spans.len() <= 4);
        }
    }
}
