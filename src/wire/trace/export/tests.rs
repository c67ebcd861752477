use serde_json::{Value as Json, json};

use super::*;
use crate::domain::trace::{Attributes, SpanKey, Status, TraceId, TraceSpan, Value};
use crate::wire::trace::otlp::protobuf;

const GENAI: &[u8] = include_bytes!("../../../../tests/data/traces/otlp_genai.pb");

fn genai() -> Vec<TraceSpan> {
    protobuf::decode(GENAI).spans
}

/// A span of which everything is hostile.
fn hostile() -> Vec<TraceSpan> {
    let evil = "</pre><script>alert(1)</script>\" onload='x' &amp; ``` ```` \u{1b}[2J \u{202e}txt";
    let mut span = TraceSpan {
        trace: TraceId([1; 16]),
        id: SpanKey(1),
        name: evil.to_owned(),
        start: 1,
        end: 9,
        status: Status::Error,
        status_message: evil.to_owned(),
        ..TraceSpan::default()
    };
    span.attributes.push("gen_ai.operation.name", "chat");
    span.attributes.push(evil, evil);
    let messages = json!([{"role": evil, "parts": [
        {"type": "text", "content": evil}, {"type": "reasoning", "content": evil},
        {"type": "tool_call", "name": evil, "arguments": {evil: evil}}, {"type": evil, "x": evil}]}]);
    span.attributes.push("gen_ai.input.messages", messages.to_string());
    span.attributes.push("gen_ai.retrieval.documents", json!([{"id": evil, "content": evil}]).to_string());
    span.attributes.push("nan", Value::Number(f64::NAN));
    vec![span]
}

#[test]
fn markdown_tells_the_tree_and_what_was_said() {
    let spans = genai();
    let text = markdown(&Report::of(&spans, |_| Some(0.25)));
    for wanted in [
        "# `invoke_agent Weather`",
        "- 4 spans · 473 µs · 250 in, 45 out · $0.5000 · 1 error",
        "- agent `invoke_agent Weather` · ",
        "  - tool `execute_tool get_weather` · ",
        "Weather in Paris?",
        "Calls `get_weather`",
        "Rainy, 57F",
        "### Score `Relevance` 4 `relevant`",
        "- `gen_ai.request.temperature` `0.2`",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

#[test]
fn sums_of_calls_that_did_not_all_tell_say_that_there_is_more() {
    let mut spans = genai();
    let model = spans.iter().position(|span| span.attributes.text("gen_ai.operation.name") == Some("chat"));
    let mut silent = spans[model.unwrap()].clone();
    silent.id = SpanKey(99);
    silent.attributes = Attributes::default();
    silent.attributes.push("gen_ai.operation.name", "chat");
    spans.push(silent);
    let text = markdown(&Report::of(&spans, |facts| facts.usage.input.map(|_| 0.25)));
    assert!(text.contains(" · 250+ in, 45+ out · $0.5000+ · "), "{text}");
}

#[test]
fn no_text_closes_its_fence() {
    let spans = hostile();
    let text = markdown(&Report::of(&spans, |_| None));
    let mut open: Option<&str> = None;
    for line in text.lines() {
        let marks = &line[..line.len() - line.trim_start_matches('`').len()];
        match open {
            // Five: the text has four.
            None if marks.len() >= 3 && !line[marks.len()..].contains('`') => open = Some(marks),
            Some(fence) if line == fence => open = None,
            _ => {}
        }
        assert!(open.is_none_or(|fence| fence.len() >= 3));
    }
    assert_eq!(open, None);
    assert!(text.contains("`````\n</pre><script>"));
}

#[test]
fn in_html_nothing_of_a_trace_is_markup() {
    let spans = hostile();
    let page = html(&Report::of(&spans, |_| None));
    assert!(!page.contains("<script") && !page.contains("onload='x'") && !page.contains("</pre><s"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp; ```"));
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}') && page.contains("\\u{1b}[2J"));
    assert!(page.contains("default-src 'none'"));
    let opened = page.matches("<pre>").count();
    assert_eq!(opened, page.matches("</pre>").count());
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("url("));
}

#[test]
fn html_shows_every_span_with_its_bar() {
    let spans = genai();
    let page = html(&Report::of(&spans, |_| None));
    assert_eq!(page.matches("<details>").count(), 4);
    assert!(page.contains("<title>invoke_agent Weather</title>"));
    assert!(page.contains("class=\"bar agent\" style=\"left:0.000%;width:100.000%\""));
    assert!(
        page.contains("<span class=\"error\" style=\"padding-left:1.2em\">tool execute_tool get_weather")
    );
}

#[test]
fn what_a_person_asked_becomes_a_row_and_what_follows_a_tool_does_not() {
    let rows = prompts(&genai());
    assert_eq!((rows.rows, rows.left_out), (1, 1));
    let row: Json = serde_json::from_str(&rows.text).unwrap();
    assert_eq!(row, json!({"prompt": "Weather in Paris?"}));
    let spans = crate::wire::trace::otlp::json::decode(include_bytes!(
        "../../../../tests/data/traces/otlp_older.json"
    ))
    .unwrap()
    .spans;
    let rows = prompts(&spans);
    let lines: Vec<Json> = rows.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines[0],
        json!({"prompt": "Say hello", "modelResponses": [{"response": "Hello", "modelIdentifier": "gpt-old"}]})
    );
    assert_eq!(
        lines[1],
        json!({"prompt": "Hi", "precedingTurns": [{"role": "system", "text": "Be brief."}]})
    );
}

#[test]
fn calls_become_messages_of_a_chat() {
    let rows = openai(&genai());
    let lines: Vec<Json> = rows.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["messages"][0], json!({"role": "user", "content": "Weather in Paris?"}));
    assert_eq!(
        lines[0]["messages"][1]["tool_calls"][0]["function"],
        json!({"name": "get_weather", "arguments": "{\"location\":\"Paris\"}"})
    );
    assert_eq!(
        lines[1]["messages"][0],
        json!({"role": "tool", "tool_call_id": "call_1", "content": "{\"t\":57}"})
    );
}
