//! What others make of our traces: Arize's map of OpenTelemetry's names to OpenInference's, and agx, which reads OTLP.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use agx_core::timeline::{Step, StepKind, compute_session_totals};
use outcrop::domain::trace::contents::{Part, Said};
use outcrop::domain::trace::{Attributes, TraceSpan, Value};
use outcrop::wire::trace::meaning::{contents, facts};
use outcrop::wire::trace::otlp::json;
use serde_json::{Map, Value as Json};

use super::agents;
use super::home::Home;
use super::spans::newest;

const FIXTURE: &[u8] = include_bytes!("../../data/traces/otlp_genai.json");

/// A home in which an agent has computed something, and what its run is as OTLP.
fn computed() -> (Home, String) {
    let home = agents::home();
    agents::made(&home, "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n");
    let script = "I compute.\ncall calculator {\"expression\": \"6 * 7\"}\n---\nIt is 42.";
    assert_eq!(agents::run(&home, script, &[]).code, Some(0));
    let written = exported(&home);
    (home, written)
}

/// The newest trace as OTLP.
fn exported(home: &Home) -> String {
    let listed = home.run(&["traces", "list", "--json", "-n", "1"]).objects();
    let said = home.run(&["traces", "export", listed[0]["run"]["id"].as_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.stdout
}

/// Where npm has put Arize's package; `None` where there is none.
fn arize() -> Option<PathBuf> {
    let folder = std::env::var_os("OUTCROP_TEST_MCP").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.join("node_modules/@arizeai/openinference-genai").is_dir());
    if folder.is_none() {
        crate::skipped!("Arize's map; OUTCROP_TEST_MCP names a folder with @arizeai/openinference-genai");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "Arize's package is not there");
    }
    folder
}

/// Spans with OpenInference's names, as Arize maps them.
fn mapped(folder: &Path, spans: &[TraceSpan]) -> Vec<TraceSpan> {
    let object = |span: &TraceSpan| -> Map<String, Json> {
        span.attributes.iter().map(|(key, value)| (key.to_owned(), value.to_json())).collect()
    };
    let asked: Vec<_> = spans.iter().map(object).collect();
    let mut node = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/openinference_genai.cjs"))
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(&serde_json::to_vec(&asked).unwrap()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    let told: Vec<Map<String, Json>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told.len(), spans.len());
    let with = |(map, span): (Map<String, Json>, &TraceSpan)| TraceSpan {
        name: span.name.clone(),
        attributes: Attributes(map.into_iter().map(|(key, value)| (key, Value::from_json(value))).collect()),
        ..TraceSpan::default()
    };
    told.into_iter().zip(spans).map(with).collect()
}

/// Messages in words. A result is text or JSON, as whoever writes it has it.
fn flat(said: &[Said]) -> Vec<String> {
    let words = |json: &Json| json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    let part = |part: &Part| match part {
        Part::Text { text } => format!("says {text}"),
        Part::Reasoning { text, .. } => format!("thinks {text}"),
        Part::ToolCall { id, name, arguments, .. } => format!("calls {id:?} {name} {arguments}"),
        Part::ToolResult { id, result, .. } => format!("gave {id:?} {}", words(result)),
        Part::Other { kind, .. } => kind.clone(),
    };
    let message = |said: &Said| {
        let parts: Vec<String> = said.parts.iter().map(part).collect();
        format!("{}: {}", said.role, parts.join("; "))
    };
    said.iter().map(message).collect()
}

#[test]
fn a_span_means_the_same_in_opentelemetry_s_names_and_as_arize_maps_them() {
    let Some(folder) = arize() else { return };
    let own = json::decode(computed().1.as_bytes()).unwrap().spans;
    assert!(own.len() > 3, "{own:?}");
    let spans = [json::decode(FIXTURE).unwrap().spans, own].concat();
    let spans: Vec<TraceSpan> =
        spans.into_iter().filter(|span| span.attributes.text("gen_ai.operation.name").is_some()).collect();
    for (span, theirs) in spans.iter().zip(mapped(&folder, &spans)) {
        let (ours, theirs_facts) = (facts(span), facts(&theirs));
        let name = &span.name;
        assert_eq!(theirs_facts.kind, ours.kind, "{name}");
        assert_eq!((theirs_facts.provider, theirs_facts.agent), (ours.provider, ours.agent), "{name}");
        // They have one name for the model that was asked and for the one that answered.
        let model = if ours.answered_by.is_empty() { ours.model } else { ours.answered_by };
        assert_eq!(theirs_facts.model, model, "{name}");
        assert_eq!((theirs_facts.tool, theirs_facts.call), (ours.tool, ours.call), "{name}");
        assert_eq!(theirs_facts.arguments, ours.arguments, "{name}");
        let tokens = |usage: &outcrop::domain::message::Usage| (usage.input, usage.output, usage.cache_read);
        assert_eq!(tokens(&theirs_facts.usage), tokens(&ours.usage), "{name}");
        assert_eq!(theirs_facts.finish, ours.finish, "{name}");

        let (ours, theirs) = (contents(span), contents(&theirs));
        if facts(span).kind == outcrop::domain::trace::Kind::Model {
            assert_eq!(flat(&theirs.input), flat(&ours.input), "{name}");
            assert_eq!(flat(&theirs.output), flat(&ours.output), "{name}");
        }
        let ran =
            |ran: Option<outcrop::domain::trace::contents::Ran>| ran.map(|ran| (ran.arguments, ran.result));
        assert_eq!(ran(theirs.ran), ran(ours.ran), "{name}");
    }
}

/// As agx reads them.
fn read(home: &Home, written: &str) -> Vec<Step> {
    let file = home.beside().join("trace.json");
    fs::write(&file, written).unwrap();
    agx_core::otel_json::load(&file).unwrap()
}

#[test]
fn agx_reads_the_tools_of_an_agent_in_what_is_written_out() {
    let (home, written) = computed();
    let steps = read(&home, &written);
    let told: Vec<_> = steps.iter().map(|step| (step.kind, step.tool_name.as_deref())).collect();
    assert_eq!(told, [(StepKind::ToolUse, Some("calculator")), (StepKind::ToolResult, Some("calculator"))]);
    let spans = newest(&home);
    let ran = spans.iter().map(|span| &span["contents"]["ran"]).find(|ran| ran.is_object()).unwrap();
    assert_eq!(steps[0].tool_call_id.as_deref(), ran["id"].as_str());
    assert!(steps[0].detail.ends_with(&ran["arguments"].to_string()), "{steps:?}");
    assert!(steps[1].detail.ends_with("Result:\n42"), "{steps:?}");
}

#[test]
fn agx_reads_the_messages_of_the_older_names_as_they_are_read_here() {
    let home = Home::new();
    let attribute = |key: &str, value: Json| serde_json::json!({"key": key, "value": value});
    let text = |key: &str, text: &str| attribute(key, serde_json::json!({"stringValue": text}));
    let count = |key: &str, count: &str| attribute(key, serde_json::json!({"intValue": count}));
    let span = serde_json::json!({
        "traceId": "ab".repeat(16), "spanId": "cd".repeat(8), "name": "openai.chat",
        "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000",
        "attributes": [
            text("gen_ai.operation.name", "chat"), text("gen_ai.request.model", "m1"),
            text("gen_ai.prompt.0.role", "user"), text("gen_ai.prompt.0.content", "Weather in Paris?"),
            text("gen_ai.completion.0.role", "assistant"), text("gen_ai.completion.0.content", "Rain."),
            count("gen_ai.usage.prompt_tokens", "10"), count("gen_ai.usage.completion_tokens", "3"),
        ],
    });
    let request = serde_json::json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    fs::write(home.beside().join("a.json"), request.to_string()).unwrap();
    assert_eq!(home.run(&["traces", "import", "a.json"]).code, Some(0));
    let steps = read(&home, &exported(&home));
    let told: Vec<_> = steps.iter().map(|step| (step.kind, step.detail.as_str())).collect();
    assert_eq!(told, [(StepKind::UserText, "Weather in Paris?"), (StepKind::AssistantText, "Rain.")]);
    let totals = compute_session_totals(&steps);
    let here = &newest(&home)[0]["contents"];
    assert_eq!(here["input"][0]["parts"][0]["text"], "Weather in Paris?");
    assert_eq!(here["output"][0]["parts"][0]["text"], "Rain.");
    let run = home.run(&["traces", "list", "--json"]).objects().remove(0)["run"].clone();
    assert_eq!(
        (run["input"].as_u64(), run["output"].as_u64()),
        (Some(totals.tokens_in), Some(totals.tokens_out))
    );
    assert_eq!((totals.tokens_in, totals.tokens_out, totals.unique_models), (10, 3, vec!["m1".to_owned()]));
}
