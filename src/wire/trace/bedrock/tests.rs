use serde_json::json;

use super::*;
use crate::domain::trace::contents::{Part as Said, Said as Message};
use crate::domain::trace::{Kind, Rollups, Status, Tree};
use crate::wire::trace::meaning::{contents, facts};
use crate::wire::trace::tests::{drawn, outlined};

const RUN: &[u8] = include_bytes!("../../../../tests/data/traces/bedrock_agent.json");

fn read(bytes: &[u8]) -> Decoded {
    decode(bytes).unwrap_or_else(|why| panic!("{why}"))
}

fn shape(decoded: &Decoded) -> Vec<String> {
    let outline = outlined(decoded);
    drawn(&outline, &Tree::of(&outline))
}

#[test]
fn a_run_becomes_steps_with_models_tools_and_retrievals_in_them() {
    let decoded = read(RUN);
    assert_eq!((decoded.rejected, decoded.repaired, decoded.cut), (0, 0, false), "{}", decoded.remarks());
    assert_eq!(
        shape(&decoded),
        [
            "agent invoke_agent AGENT12345",
            "  guardrail guardrail",
            "  workflow pre-processing",
            "    model chat amazon.nova-lite-v1:0",
            "  workflow orchestration",
            "    model chat amazon.nova-lite-v1:0",
            "    tool execute_tool get_weather",
            "  workflow orchestration",
            "    model chat amazon.nova-lite-v1:0",
            "    retrieval retrieval KB12345678",
        ]
    );
    let outline = outlined(&decoded);
    let tree = Tree::of(&outline);
    let whole = Rollups::of(&outline, &tree).whole;
    assert_eq!((whole.input, whole.output), (Some(280), Some(57)));
    assert_eq!(tree.span().1 - tree.span().0, 4_000_000_001);
    assert!(tree.order().iter().all(|row| tree.marks(*row).is_empty()));
}

#[test]
fn what_its_steps_said_is_read_like_any_other_span() {
    let spans = read(RUN).spans;
    let find = |name: &str| spans.iter().filter(|span| span.name.starts_with(name)).collect::<Vec<_>>();
    let models = find("chat");
    let said = contents(models[1]);
    assert_eq!(said.input, [Message::new("system", "You plan."), Message::new("user", "Weather in Bern?")]);
    let thought = Said::thought("Ask the tool.");
    assert_eq!(said.output[0].parts, [thought, Said::text("<invoke>weather</invoke>")]);
    assert_eq!(said.parameters.get("max_tokens").and_then(crate::domain::trace::Value::as_count), Some(2048));
    assert_eq!(contents(models[2]).input, [Message::new("user", "plain prompt")]);
    let ran = contents(find("execute_tool")[0]).ran.unwrap();
    assert_eq!((ran.name.as_str(), ran.id.as_deref()), ("get_weather", Some("inv-1")));
    assert_eq!((ran.arguments, ran.result), (Some(json!({"city": "Bern"})), Some(json!({"t": 7}))));
    let found = contents(find("retrieval")[0]);
    assert_eq!(found.query.as_deref(), Some("rain in Bern"));
    assert_eq!(found.found[0].id.as_deref(), Some("s3://docs/rain.txt"));
    assert_eq!(found.found[0].text.as_deref(), Some("It rains often."));
    assert_eq!(contents(&spans[0]).output, [Message::new("assistant", "7 degrees, rain likely.")]);
    assert_eq!((spans[1].name.as_str(), facts(&spans[1]).kind), ("guardrail", Kind::Guardrail));
    let step = find("orchestration")[0];
    assert_eq!(step.events[0].name, "bedrock.rationale");
    assert_eq!(step.events[0].attributes.text("text"), Some("I need the weather."));
    // Nothing of what came is gone.
    let kept: usize = spans
        .iter()
        .filter_map(|span| span.attributes.get("bedrock.trace"))
        .map(|raw| if let crate::domain::trace::Value::List(parts) = raw { parts.len() } else { 0 })
        .sum();
    assert_eq!(kept, 13);
}

#[test]
fn the_same_file_is_the_same_trace() {
    assert_eq!(read(RUN), read(RUN));
}

#[test]
fn parts_are_read_by_themselves_a_line_each_and_from_an_event_stream() {
    let whole: serde_json::Value = serde_json::from_slice(RUN).unwrap();
    let events = whole["completion"].as_array().unwrap();
    let lines: Vec<String> = events.iter().map(serde_json::Value::to_string).collect();
    assert_eq!(read(lines.join("\n").as_bytes()).spans, read(RUN).spans);
    let bare: Vec<&serde_json::Value> = events.iter().filter_map(|event| event.get("trace")).collect();
    assert_eq!(read(json!(bare).to_string().as_bytes()).spans.len(), 10);
    let one = json!({"modelInvocationOutput": {"rawResponse": {"content": "x"}, "traceId": "t"}});
    assert_eq!(shape(&read(json!({ "orchestrationTrace": one }).to_string().as_bytes())).len(), 3);
    let cut = lines.join("\n");
    let decoded = read(&cut.as_bytes()[..cut.len() - 10]);
    assert!(decoded.cut && decoded.spans.len() == 10);
}

#[test]
fn an_event_stream_is_read_also_where_it_breaks_off() {
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
    let whole: serde_json::Value = serde_json::from_slice(RUN).unwrap();
    let mut bytes = Vec::new();
    for event in whole["completion"].as_array().unwrap() {
        let (name, payload) = event.as_object().unwrap().iter().next().unwrap();
        let header = |name: &str, value: &str| {
            Header::new(name.to_owned(), HeaderValue::String(value.to_owned().into()))
        };
        let message = Message::new(payload.to_string().into_bytes())
            .add_header(header(":message-type", "event"))
            .add_header(header(":event-type", name));
        write_message_to(&message, &mut bytes).unwrap();
    }
    assert_eq!(read(&bytes).spans, read(RUN).spans);
    let decoded = read(&bytes[..bytes.len() - 100]);
    assert!(decoded.cut && decoded.spans.len() == 10, "{}", decoded.remarks());
}

#[test]
fn the_user_guide_s_spelling_is_read_too() {
    let part = |trace: serde_json::Value| json!({"agentId": "A", "sessionId": "s", "trace": {"orchestrationTrace": trace}});
    let lines = [
        part(json!({"modelInvocationInput": {"text": "x", "traceId": "t"}})),
        part(json!({"modelInvocationOutput": {"rawResponse": {"content": "y"}, "traceId": "t",
            "metadata": {"usage": {"inputToken": 7, "outputToken": 3}}}})),
        part(json!({"invocationInput": {"invocationType": "ACTION_GROUP", "traceId": "t",
            "actionGroupInvocation": {"actionGroupName": "g", "verb": "get", "apiPath": "/x", "parameters": [],
                "requestBody": {"content": {"application/json": [{"name": "a", "type": "string", "value": "1"}]}}}}})),
        part(
            json!({"observation": {"type": "ACTION_GROUP", "traceId": "t", "actionGroupInvocation": {"text": "done"}}}),
        ),
        json!({"agentId": "A", "sessionId": "s", "trace": {"guardrailTrace": {"action": "GUARDRAIL_INTERVENED"}}}),
    ];
    let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let decoded = read(text.join("\n").as_bytes());
    assert_eq!(
        shape(&decoded),
        [
            "agent invoke_agent A",
            "  workflow orchestration",
            "    model chat",
            "    tool execute_tool get /x",
            "  guardrail guardrail"
        ]
    );
    let usage = facts(&decoded.spans[2]).usage;
    assert_eq!((usage.input, usage.output), (Some(7), Some(3)));
    let ran = contents(&decoded.spans[3]).ran.unwrap();
    assert_eq!((ran.arguments, ran.result), (Some(json!({"a": "1"})), Some(json!("done"))));
    assert_eq!(decoded.spans[4].attributes.text("bedrock.guardrail.action"), Some("INTERVENED"));
}

#[test]
fn a_collaborator_s_steps_hang_under_the_call_that_asked_it() {
    let by = |chain: &[&str], name: &str, trace: serde_json::Value| {
        let chain: Vec<_> = chain.iter().map(|arn| json!({ "agentAliasArn": arn })).collect();
        json!({"agentId": "A", "sessionId": "s", "collaboratorName": name, "callerChain": chain,
            "trace": {"orchestrationTrace": trace}})
    };
    let lines = [
        by(
            &["main"],
            "",
            json!({"invocationInput": {"invocationType": "AGENT_COLLABORATOR", "traceId": "t",
            "agentCollaboratorInvocationInput": {"agentCollaboratorName": "Maths", "input": {"text": "2+3?"}}}}),
        ),
        by(
            &["main", "sub"],
            "Maths",
            json!({"modelInvocationInput": {"text": "x", "foundationModel": "m", "traceId": "u"}}),
        ),
        by(
            &["main", "sub"],
            "Maths",
            json!({"modelInvocationOutput": {"rawResponse": {"content": "5"}, "traceId": "u"}}),
        ),
        by(
            &["main"],
            "",
            json!({"observation": {"type": "AGENT_COLLABORATOR", "traceId": "t",
            "agentCollaboratorInvocationOutput": {"agentCollaboratorName": "Maths", "output": {"text": "5"}}}}),
        ),
    ];
    let decoded = read(json!(lines).to_string().as_bytes());
    assert_eq!(
        shape(&decoded),
        [
            "agent invoke_agent A",
            "  workflow orchestration",
            "    agent invoke_agent Maths",
            "      workflow orchestration",
            "        model chat m",
        ]
    );
    assert_eq!(contents(&decoded.spans[2]).output, [Message::new("assistant", "5")]);
}

#[test]
fn failures_and_exceptions_are_errors_and_what_is_new_is_kept() {
    let lines = [
        json!({"agentId": "A", "sessionId": "s", "trace": {"failureTrace": {"failureCode": 424, "failureReason": "no Lambda", "traceId": "t"}}}),
        json!({"agentId": "A", "sessionId": "s", "trace": {"newTrace": {"x": 1}}}),
        json!({"throttlingException": {"message": "slow down"}}),
    ];
    let decoded = read(json!(lines).to_string().as_bytes());
    assert_eq!(shape(&decoded), ["agent invoke_agent A", "  other failure", "  workflow newTrace"]);
    assert_eq!(
        (decoded.spans[0].status, decoded.spans[0].status_message.as_str()),
        (Status::Error, "slow down")
    );
    assert_eq!(
        (decoded.spans[1].status_message.as_str(), facts(&decoded.spans[1]).error),
        ("no Lambda", "424")
    );
    assert_eq!(decoded.repaired, 1);
    assert!(decoded.spans[2].attributes.get("bedrock.trace").is_some());
}

#[test]
fn each_of_the_seven_traces_is_read_as_what_it_is() {
    let part = |name: &str, trace: serde_json::Value| json!({"agentId": "A", "sessionId": "s", "trace": { name: trace }});
    let asked = |kind: &str, id: &str| json!({"modelInvocationInput": {"type": kind, "text": "x", "foundationModel": "m", "traceId": id}});
    let gave = |id: &str, parsed: serde_json::Value| json!({"modelInvocationOutput": {"rawResponse": {"content": "raw"}, "traceId": id, "parsedResponse": parsed}});
    let seen = json!({"type": "REPROMPT", "traceId": "o", "repromptResponse": {"source": "PARSER", "text": "again"}});
    let refused = json!({"isValid": false, "rationale": "no"});
    let worded = json!({"text": "worded"});
    let lines = [
        part("guardrailTrace", json!({"action": "NONE", "traceId": "g"})),
        part("preProcessingTrace", asked("PRE_PROCESSING", "p")),
        part("preProcessingTrace", gave("p", refused)),
        part("routingClassifierTrace", asked("ROUTING_CLASSIFIER", "r")),
        part("routingClassifierTrace", gave("r", serde_json::Value::Null)),
        part("orchestrationTrace", json!({ "observation": seen })),
        part("customOrchestrationTrace", json!({"traceId": "c", "event": {"text": "own"}})),
        part("postProcessingTrace", asked("POST_PROCESSING", "q")),
        part("postProcessingTrace", gave("q", worded)),
        part("failureTrace", json!({"failureReason": "broken", "traceId": "f"})),
    ];
    let decoded = read(json!(lines).to_string().as_bytes());
    assert_eq!((decoded.rejected, decoded.repaired), (0, 0), "{}", decoded.remarks());
    let mut shape = shape(&decoded);
    assert_eq!(shape.remove(0), "agent invoke_agent A");
    shape.sort();
    let wanted = [
        "    model chat m",
        "    model chat m",
        "    model chat m",
        "  guardrail guardrail",
        "  other failure",
        "  workflow custom orchestration",
        "  workflow orchestration",
        "  workflow post-processing",
        "  workflow pre-processing",
        "  workflow routing",
    ];
    assert_eq!(shape, wanted);
    let named = |name: &str| decoded.spans.iter().find(|span| span.name == name).unwrap();
    for (name, id) in [("guardrail", "g"), ("failure", "f"), ("routing", "r"), ("custom orchestration", "c")]
    {
        assert_eq!(named(name).attributes.text("bedrock.trace_id"), Some(id), "{name}");
    }
    assert_eq!(named("custom orchestration").events[0].attributes.text("text"), Some("own"));
    assert_eq!(named("orchestration").events[0].name, "bedrock.reprompt");
    let parsed = decoded.spans.iter().filter(|span| span.attributes.get("bedrock.parsed_response").is_some());
    assert_eq!(parsed.count(), 2);
}

#[test]
fn an_answer_comes_with_what_it_is_drawn_from_however_its_bytes_were_written() {
    let drawn = json!({"citations": [{"retrievedReferences": [{"content": {"text": "It rains."}}]}]});
    let lines = [
        json!({"chunk": {"bytes": "NyA="}}),
        json!({"chunk": {"bytes": r"b'\xc2\xb0C, \'fair\'\n'", "attribution": drawn}}),
        json!({"chunk": {"bytes": "b\"it's\"", "attribution": null}}),
        json!({"chunk": {"bytes": " b'so"}}),
    ];
    let decoded = read(json!(lines).to_string().as_bytes());
    let root = &decoded.spans[0];
    assert_eq!(contents(root).output, [Message::new("assistant", "7 °C, 'fair'\nit's b'so")]);
    let [event] = &root.events[..] else { panic!("{:?}", root.events) };
    assert_eq!(event.name, "bedrock.attribution");
    assert!(event.attributes.get("citations").is_some());
}

#[test]
fn what_is_no_trace_is_an_error() {
    for text in ["", "nonsense", "{}", "[1]", "{\"a\": {\"trace\": 7}}"] {
        assert!(decode(text.as_bytes()).is_err(), "{text}");
    }
}
