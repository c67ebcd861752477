use serde_json::json;

use super::message::messages;
use super::*;
use crate::domain::trace::contents::{Contents, Part, Said};
use crate::domain::trace::{Dialect, Facts, Kind, TraceSpan, Value};
use crate::wire::trace::otlp;

const GENAI: &[u8] = include_bytes!("../../../../tests/data/traces/otlp_genai.pb");
const OPENINFERENCE: &[u8] = include_bytes!("../../../../tests/data/traces/otlp_openinference.pb");
const OLDER: &[u8] = include_bytes!("../../../../tests/data/traces/otlp_older.json");

fn genai() -> Vec<TraceSpan> {
    otlp::protobuf::decode(GENAI).spans
}

fn older() -> Vec<TraceSpan> {
    otlp::json::decode(OLDER).unwrap().spans
}

fn with(pairs: &[(&str, Value)]) -> TraceSpan {
    let mut span = TraceSpan::default();
    for (key, value) in pairs {
        span.attributes.push(*key, value.clone());
    }
    span
}

#[test]
fn a_model_s_span_tells_its_facts() {
    let spans = genai();
    let told = facts(&spans[0]);
    assert_eq!((told.kind, told.dialect, told.operation), (Kind::Model, Dialect::GenAi, "chat"));
    assert_eq!((told.provider, told.model, told.answered_by), ("aws.bedrock", "m1", "m1-0613"));
    assert_eq!((told.usage.input, told.usage.output), (Some(100), Some(20)));
    assert_eq!(told.usage.cache_read, Some(40));
    assert_eq!((told.first, told.finish), (Some(150_000_000), "tool_call"));
    let tool = facts(&spans[1]);
    assert_eq!((tool.kind, tool.tool, tool.call), (Kind::Tool, "get_weather", "call_1"));
    assert_eq!((tool.error, tool.words), ("timeout", "slow"));
    let agent = facts(&spans[3]);
    assert_eq!((agent.kind, agent.agent), (Kind::Agent, "Weather"));
    assert_eq!((agent.usage.input, agent.usage.output), (Some(250), Some(45)));
}

#[test]
fn what_was_said_is_read_from_its_json() {
    let spans = genai();
    let first = contents(&spans[0]);
    assert_eq!(first.input, [Said::new("user", "Weather in Paris?")]);
    assert_eq!(
        first.output[0].calls().collect::<Vec<_>>(),
        [(Some("call_1"), "get_weather", &json!({"location": "Paris"}))]
    );
    assert_eq!(first.parameters.get("temperature"), Some(&Value::Number(0.2)));
    let ran = contents(&spans[1]).ran.unwrap();
    assert_eq!((ran.arguments, ran.result), (Some(json!({"location": "Paris"})), Some(json!({"t": 57}))));
    let second = contents(&spans[2]);
    let result =
        Part::ToolResult { id: Some("call_1".to_owned()), result: json!({"t": 57}), is_error: false };
    assert_eq!(second.input[0].parts, [result]);
    assert_eq!(second.output[0].parts, [Part::thought("hm"), Part::text("Rainy, 57F")]);
    let score = &second.scores[0];
    assert_eq!((score.name.as_str(), score.value), ("Relevance", Some(4.0)));
    assert_eq!(score.label.as_deref(), Some("relevant"));
}

#[test]
fn openinference_s_flat_lists_are_set_up_again() {
    let spans = otlp::protobuf::decode(OPENINFERENCE).spans;
    let kinds: Vec<Kind> = spans.iter().map(|span| facts(span).kind).collect();
    assert_eq!(kinds, [Kind::Retrieval, Kind::Model, Kind::Tool, Kind::Agent]);
    let retrieval = contents(&spans[0]);
    assert_eq!(retrieval.query.as_deref(), Some("q"));
    assert_eq!(retrieval.found.len(), 2);
    assert_eq!((retrieval.found[0].id.as_deref(), retrieval.found[0].score), (Some("d1"), Some(0.9)));
    assert_eq!((retrieval.found[1].id.as_deref(), retrieval.found[1].score), (Some("d2"), None));
    let told = facts(&spans[1]);
    assert_eq!((told.usage.input, told.usage.output, told.dollars), (Some(100), Some(20), Some(0.0012)));
    assert_eq!((told.model, told.provider, told.dialect), ("m1", "aws", Dialect::OpenInference));
    let model = contents(&spans[1]);
    assert_eq!(model.input, [Said::new("user", "q")]);
    assert_eq!(model.output[0].calls().collect::<Vec<_>>(), [(Some("c1"), "f", &json!({"x": 1}))]);
    assert_eq!(model.parameters.get("temperature"), Some(&Value::Number(0.2)));
    let ran = contents(&spans[2]).ran.unwrap();
    assert_eq!((ran.name.as_str(), ran.arguments, ran.result), ("f", Some(json!({"x": 1})), Some(json!(2))));
    let agent = contents(&spans[3]);
    assert_eq!((agent.input, agent.output), (vec![Said::new("input", "q")], vec![Said::new("output", "a")]));
    assert_eq!(facts(&spans[3]).session, "s1");
}

#[test]
fn the_older_names_mean_the_same() {
    let spans = older();
    let told = facts(&spans[0]);
    assert_eq!((told.kind, told.dialect, told.provider), (Kind::Model, Dialect::OlderGenAi, "openai"));
    assert_eq!((told.usage.input, told.usage.output), (Some(10), Some(3)));
    let said = contents(&spans[0]);
    assert_eq!(said.input, [Said::new("user", "Say hello")]);
    assert_eq!(said.output, [Said::new("assistant", "Hello")]);
    let second = contents(&spans[1]);
    let roles: Vec<&str> = second.input.iter().map(|said| said.role.as_str()).collect();
    assert_eq!(roles, ["system", "user", "tool"]);
    let result = Part::ToolResult { id: Some("call_1".to_owned()), result: json!("rain"), is_error: false };
    assert_eq!(second.input[2].parts, [result]);
    assert_eq!(second.output[0].calls().collect::<Vec<_>>(), [(Some("call_2"), "look", &json!({"x": 1}))]);
    assert!(facts(&spans[1]).is_truncated());
    let third = contents(&spans[2]);
    assert_eq!(third.input, [Said::new("system", "Be brief."), Said::new("user", "Hi")]);
    assert_eq!(third.output[0].calls().collect::<Vec<_>>(), [(Some("c7"), "add", &json!({"a": 1}))]);
    assert_eq!(
        (third.offered[0].name.as_str(), &third.offered[0].schema),
        ("add", &json!({"type": "object"}))
    );
    assert_eq!((facts(&spans[2]).kind, facts(&spans[3]).kind), (Kind::Model, Kind::Workflow));
}

#[test]
fn a_span_of_no_convention_means_nothing_and_keeps_everything() {
    let span = with(&[("http.request.method", Value::from("GET")), ("input.value", Value::from("x"))]);
    assert_eq!(facts(&span), Facts { kind: Kind::Other, ..Facts::default() });
    let plain = with(&[("http.request.method", Value::from("GET"))]);
    assert_eq!(contents(&plain), Contents::default());
}

#[test]
fn of_two_names_of_one_thing_the_current_one_counts_wherever_it_stands() {
    let pairs =
        [("gen_ai.usage.prompt_tokens", Value::Whole(9)), ("gen_ai.usage.input_tokens", Value::Whole(7))];
    for order in [[0, 1], [1, 0]] {
        let span = with(&order.map(|at: usize| pairs[at].clone()));
        assert_eq!(facts(&span).usage.input, Some(7));
    }
}

#[test]
fn the_same_arguments_are_the_same_however_they_are_set() {
    let arguments = |value: Value| {
        let span = with(&[("gen_ai.tool.name", Value::from("f")), ("gen_ai.tool.call.arguments", value)]);
        facts(&span).arguments
    };
    let one = arguments(Value::from(r#"{"a": 1, "b": "x"}"#));
    assert_eq!(one, arguments(Value::from("{\"a\":1,\n\"b\":\"x\"}")));
    let map = vec![("a".to_owned(), Value::Whole(1)), ("b".to_owned(), Value::from("x"))];
    assert_eq!(one, arguments(Value::Map(map)));
    assert_ne!(one, arguments(Value::from(r#"{"a": 2, "b": "x"}"#)));
}

#[test]
fn what_should_be_json_and_is_none_is_named() {
    let span = with(&[
        ("gen_ai.operation.name", Value::from("chat")),
        ("gen_ai.input.messages", Value::from("[{\"role\": \"us")),
        ("gen_ai.output.messages", Value::Number(f64::NAN)),
    ]);
    assert_eq!(contents(&span).unread, ["gen_ai.input.messages", "gen_ai.output.messages"]);
}

#[test]
fn seals_and_failures_are_read_where_a_provider_writes_them() {
    let read = |json: serde_json::Value| messages(&json, "user").unwrap().remove(0).parts;
    let sealed = Part::Reasoning { text: "hm".to_owned(), signature: Some("s".to_owned()) };
    let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
    let redacted = json!({"type": "redacted_thinking", "data": "x/y="});
    let anthropic = read(json!([{"role": "assistant", "content": [thinking, redacted]}]));
    assert_eq!(anthropic[0], sealed);
    assert_eq!(anthropic[1].sealed(), Some("x/y="));
    assert_eq!(sealed.sealed(), None);
    let failed = |parts: Vec<Part>| matches!(parts[0], Part::ToolResult { is_error: true, .. });
    for (json, has_failed) in [
        (
            json!({"content": [{"type": "tool_result", "tool_use_id": "1", "content": "no", "is_error": true}]}),
            true,
        ),
        (json!({"content": [{"type": "tool_result", "tool_use_id": "1", "content": "7"}]}), false),
        (json!({"content": [{"toolResult": {"toolUseId": "1", "content": [], "status": "error"}}]}), true),
        (json!({"content": "no", "tool_call_id": "1", "error": {"type": "timeout"}}), true),
        (json!({"content": "7", "tool_call_id": "1", "error": null}), false),
    ] {
        let mut message = json!({"role": "tool"});
        message.as_object_mut().unwrap().extend(json.as_object().unwrap().clone());
        assert_eq!(failed(read(json!([message]))), has_failed, "{json}");
    }
    let seal = json!({"google": {"thought_signature": "c2VhbA=="}});
    let call = json!({"id": "1", "function": {"name": "f", "arguments": "{}"}, "extra_content": seal});
    let gemini = read(json!([{"role": "assistant", "tool_calls": [call]}]));
    assert!(matches!(&gemini[0], Part::ToolCall { extra: Some(extra), .. } if *extra == seal), "{gemini:?}");
}

#[test]
fn messages_are_read_as_every_provider_writes_them() {
    let read = |json: serde_json::Value| messages(&json, "user").unwrap();
    let call = |id: &str| Part::ToolCall {
        id: Some(id.to_owned()),
        name: "f".to_owned(),
        arguments: json!({"a": 1}),
        extra: None,
    };
    let result = |id: &str| Part::ToolResult { id: Some(id.to_owned()), result: json!("7"), is_error: false };
    for (json, wanted) in [
        (json!([{"role": "user", "content": "x"}]), vec![Part::text("x")]),
        (json!([{"role": "user", "content": [{"type": "text", "text": "x"}]}]), vec![Part::text("x")]),
        (json!([{"role": "user", "content": [{"text": "x"}]}]), vec![Part::text("x")]),
        (
            json!([{"role": "a", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{\"a\":1}"}}]}]),
            vec![call("1")],
        ),
        (
            json!([{"role": "a", "content": "", "tool_calls": [{"id": "1", "function": "f", "arguments": {"a": 1}}]}]),
            vec![call("1")],
        ),
        (
            json!([{"role": "a", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}]}]),
            vec![call("1")],
        ),
        (
            json!([{"role": "a", "content": [{"toolUse": {"toolUseId": "1", "name": "f", "input": {"a": 1}}}]}]),
            vec![call("1")],
        ),
        (json!([{"role": "tool", "tool_call_id": "1", "content": "7"}]), vec![result("1")]),
        (
            json!([{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "7"}]}]),
            vec![result("1")],
        ),
        (
            json!([{"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "result": "7"}]}]),
            vec![result("1")],
        ),
        (json!([{"type": "text", "content": "x"}]), vec![Part::text("x")]),
    ] {
        assert_eq!(read(json.clone())[0].parts, wanted, "{json}");
    }
    let with_system = read(json!({"system": "s", "messages": [{"role": "user", "content": "x"}]}));
    assert_eq!(with_system, [Said::new("system", "s"), Said::new("user", "x")]);
    assert_eq!(messages(&json!(7), "user"), None);
}
