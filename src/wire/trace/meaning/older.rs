//! The GenAI conventions up to 1.36, and OpenLLMetry's, which grew beside them.

use serde_json::Value as Json;

use super::contents::{json_of, json_or_text};
use super::flat::{list, list_at, text, under};
use super::message::{messages, unquoted};
use crate::domain::trace::contents::{Contents, Offered, Part, Ran, Said};
use crate::domain::trace::{Attributes, SpanEvent, TraceSpan, Value};

/// Reads the older names, for what the current ones have not told.
pub(super) fn read(span: &TraceSpan, contents: &mut Contents) {
    let attributes = &span.attributes;
    if contents.input.is_empty() {
        contents.input = flat(attributes, "gen_ai.prompt.", "user");
        contents.input.extend(whole(attributes, "gen_ai.prompt", "user"));
    }
    if contents.output.is_empty() {
        contents.output = flat(attributes, "gen_ai.completion.", "assistant");
        contents.output.extend(whole(attributes, "gen_ai.completion", "assistant"));
    }
    let (no_input, no_output) = (contents.input.is_empty(), contents.output.is_empty());
    for event in &span.events {
        let (said, is_output) = match event.name.as_str() {
            "gen_ai.content.prompt" => (whole(&event.attributes, "gen_ai.prompt", "user"), false),
            "gen_ai.content.completion" => (whole(&event.attributes, "gen_ai.completion", "assistant"), true),
            "gen_ai.choice" => (vec![choice(event)], true),
            name => match name.strip_prefix("gen_ai.").and_then(|name| name.strip_suffix(".message")) {
                Some(role @ ("system" | "user" | "assistant" | "tool")) => {
                    (vec![message(event, role)], false)
                }
                _ => continue,
            },
        };
        if is_output && no_output {
            contents.output.extend(said);
        } else if !is_output && no_input {
            contents.input.extend(said);
        }
    }
    for tool in list(&under(attributes, "llm.request.functions.")) {
        contents.offered.push(Offered {
            name: text(tool, &["name"]).unwrap_or_default(),
            description: text(tool, &["description"]),
            schema: tool.get("parameters").map(unquoted).unwrap_or_default(),
        });
    }
    let (input, output) =
        (attributes.get("traceloop.entity.input"), attributes.get("traceloop.entity.output"));
    if input.is_none() && output.is_none() {
        return;
    }
    if attributes.text("traceloop.span.kind") == Some("tool") {
        contents.ran.get_or_insert_with(|| Ran {
            arguments: input.map(json_or_text),
            result: output.map(json_or_text),
            ..Ran::default()
        });
        return;
    }
    let words = |value: &Value| value.as_text().unwrap_or_default().to_owned();
    if contents.input.is_empty() {
        contents.input.extend(input.map(|value| Said::new("input", words(value))));
    }
    if contents.output.is_empty() {
        contents.output.extend(output.map(|value| Said::new("output", words(value))));
    }
}

/// One attribute: JSON of messages, or a text.
fn whole(attributes: &Attributes, key: &str, role: &str) -> Vec<Said> {
    let Some(value) = attributes.get(key) else { return Vec::new() };
    json_of(value)
        .and_then(|json| messages(&json, role))
        .unwrap_or_else(|| value.as_text().map(|words| Said::new(role, words)).into_iter().collect())
}

/// OpenLLMetry's `gen_ai.prompt.0.content`.
fn flat(attributes: &Attributes, prefix: &str, role: &str) -> Vec<Said> {
    let messages = under(attributes, prefix);
    let message = |json: &Json| {
        let mut parts = Vec::new();
        let content = text(json, &["content"]).filter(|content| !content.is_empty());
        match (content, text(json, &["tool_call_id"])) {
            (Some(content), id @ Some(_)) => {
                let result = unquoted(&Json::String(content));
                parts.push(Part::ToolResult { id, result, is_error: false });
            }
            (Some(content), None) => {
                let structured = serde_json::from_str::<Json>(&content).ok().filter(Json::is_array);
                match structured {
                    Some(list) => parts.extend(super::message::parts_of(&list)),
                    None => parts.push(Part::text(content)),
                }
            }
            (None, _) => {}
        }
        for call in list_at(json, "tool_calls") {
            parts.push(Part::ToolCall {
                id: text(call, &["id"]),
                name: text(call, &["name"]).unwrap_or_default(),
                arguments: call.get("arguments").map(unquoted).unwrap_or_default(),
                extra: None,
            });
        }
        Said { role: text(json, &["role"]).unwrap_or_else(|| role.to_owned()), name: None, parts }
    };
    list(&messages).into_iter().map(message).collect()
}

/// `gen_ai.user.message` and its like: the fields of a message are the attributes of an event.
fn message(event: &SpanEvent, role: &str) -> Said {
    let json = Json::Object(
        event
            .attributes
            .iter()
            .filter(|(key, _)| ["role", "content", "id", "name", "tool_calls"].contains(key))
            .map(|(key, value)| {
                // Structures came as texts of JSON, which a content may be by chance.
                let json = if key == "tool_calls" { json_or_text(value) } else { value.to_json() };
                // Of a tool's message the id is that of its call.
                let key = if key == "id" && role == "tool" { "tool_call_id" } else { key };
                (key.to_owned(), json)
            })
            .collect(),
    );
    let whole = Json::Array(vec![with_role(json, role)]);
    messages(&whole, role).and_then(|mut said| said.pop()).unwrap_or_default()
}

/// `gen_ai.choice`: its message stands within, as JSON or flat.
fn choice(event: &SpanEvent) -> Said {
    match event.attributes.get("message").and_then(json_of) {
        Some(json) if json.is_object() => {
            let whole = Json::Array(vec![with_role(json, "assistant")]);
            messages(&whole, "assistant").and_then(|mut said| said.pop()).unwrap_or_default()
        }
        _ => message(event, "assistant"),
    }
}

fn with_role(mut json: Json, role: &str) -> Json {
    if let Some(map) = json.as_object_mut() {
        map.entry("role").or_insert_with(|| role.into());
    }
    json
}
