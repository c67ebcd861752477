//! Messages as JSON, in the ways that conventions and providers write them.
//!
//! OpenTelemetry's `{role, parts}` first; `{role, content, tool_calls}` as `OpenAI`, Anthropic, Bedrock and Inspect have it,
//! since instrumentations pass on what they were given.

use serde_json::Value as Json;

use crate::domain::trace::contents::{Part, Said};

/// A list of messages, or one; `None` where it is neither.
pub(in crate::wire::trace) fn messages(json: &Json, role: &str) -> Option<Vec<Said>> {
    match json {
        Json::Array(list) if list.iter().all(is_message) => {
            Some(list.iter().map(|one| message(one, role)).collect())
        }
        Json::Array(list) if !list.is_empty() => {
            // Parts without a message around them.
            let parts: Vec<Part> = list.iter().flat_map(parts_of).collect();
            Some(vec![Said { role: role.to_owned(), name: None, parts }])
        }
        Json::Object(map) => match map.get("messages") {
            Some(inner) => {
                let mut said: Vec<Said> = map
                    .get("system")
                    .filter(|system| !system.is_null())
                    .map(|system| Said { role: "system".to_owned(), name: None, parts: parts_of(system) })
                    .into_iter()
                    .collect();
                said.extend(messages(inner, role)?);
                Some(said)
            }
            None if is_message(json) => Some(vec![message(json, role)]),
            None => None,
        },
        _ => None,
    }
}

fn is_message(json: &Json) -> bool {
    json.get("role").is_some() || json.get("parts").is_some() || json.get("message").is_some()
}

fn message(json: &Json, role: &str) -> Said {
    // A choice of a completion holds its message.
    let json = json.get("message").filter(|inner| inner.is_object()).unwrap_or(json);
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    let role = text("role").unwrap_or_else(|| role.to_owned());
    let mut parts = Vec::new();
    if let Some(thought) = text("reasoning_content").or_else(|| text("reasoning")) {
        parts.push(Part::thought(thought));
    }
    if let Some(list) = json.get("parts") {
        parts.extend(parts_of(list));
    }
    match (json.get("content"), text("tool_call_id")) {
        // The answer of a tool.
        (Some(content), id @ Some(_)) => {
            // Inspect's.
            let is_error = json.get("error").is_some_and(Json::is_object);
            parts.push(Part::ToolResult { id, result: content.clone(), is_error });
        }
        (Some(content), None) => parts.extend(parts_of(content)),
        (None, _) => {}
    }
    for call in json.get("tool_calls").and_then(Json::as_array).into_iter().flatten() {
        parts.push(tool_call(call));
    }
    Said { role, name: text("name"), parts }
}

/// What a message holds: a text, a part, or a list of them.
pub(super) fn parts_of(json: &Json) -> Vec<Part> {
    match json {
        Json::Null => Vec::new(),
        Json::String(text) if text.is_empty() => Vec::new(),
        Json::String(text) => vec![Part::text(text)],
        Json::Array(list) => list.iter().flat_map(parts_of).collect(),
        Json::Object(_) => vec![part(json)],
        other => vec![Part::text(other.to_string())],
    }
}

/// `OpenAI`'s call, and Inspect's, whose function is a name and whose arguments are none of a text.
fn tool_call(json: &Json) -> Part {
    let function = json.get("function").unwrap_or(json);
    let name = function.as_str().or_else(|| function.get("name").and_then(Json::as_str));
    let arguments = function.get("arguments").or_else(|| json.get("arguments"));
    Part::ToolCall {
        id: json.get("id").and_then(Json::as_str).map(str::to_owned),
        name: name.unwrap_or_default().to_owned(),
        arguments: arguments.map(unquoted).unwrap_or_default(),
        extra: extra(json),
    }
}

/// What Gemini, asked as `OpenAI` is, wants back with a call, and this program's own spans hold of any.
fn extra(json: &Json) -> Option<Json> {
    json.get("extra_content").filter(|extra| !extra.is_null()).cloned()
}

fn part(json: &Json) -> Part {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    let any = |keys: &[&str]| keys.iter().find_map(|key| json.get(key)).cloned().unwrap_or_default();
    let words = || text("content").or_else(|| text("text"));
    let kind = text("type").unwrap_or_default();
    let id = || text("id").or_else(|| text("tool_use_id")).or_else(|| text("toolUseId"));
    match kind.as_str() {
        "text" | "input_text" | "output_text" => match words() {
            Some(text) => Part::Text { text },
            None => Part::Other { kind, value: json.clone() },
        },
        "reasoning" | "thinking" => {
            match words().or_else(|| text("thinking")).or_else(|| text("reasoning")) {
                Some(thought) => Part::Reasoning { text: thought, signature: text("signature") },
                None => Part::Other { kind, value: json.clone() },
            }
        }
        "tool_call" | "tool_use" => Part::ToolCall {
            id: id(),
            name: text("name").unwrap_or_default(),
            arguments: unquoted(&any(&["arguments", "input"])),
            extra: extra(json),
        },
        // "result" is what earlier drafts said.
        "tool_call_response" | "tool_result" => Part::ToolResult {
            id: id(),
            result: any(&["response", "result", "content"]),
            is_error: json.get("is_error").and_then(Json::as_bool).unwrap_or(false),
        },
        "" => match (words(), json.get("toolUse"), json.get("toolResult")) {
            // Converse names its blocks by their key.
            (None, Some(call), _) => Part::ToolCall {
                id: call.get("toolUseId").and_then(Json::as_str).map(str::to_owned),
                name: call.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
                arguments: call.get("input").cloned().unwrap_or_default(),
                extra: None,
            },
            (None, None, Some(result)) => Part::ToolResult {
                id: result.get("toolUseId").and_then(Json::as_str).map(str::to_owned),
                result: result.get("content").cloned().unwrap_or_default(),
                is_error: result.get("status").and_then(Json::as_str) == Some("error"),
            },
            (Some(text), _, _) => Part::Text { text },
            _ => Part::Other { kind: "unknown".to_owned(), value: json.clone() },
        },
        _ => Part::Other { kind, value: json.clone() },
    }
}

/// Arguments that a provider writes as a text of JSON; what is none stays a text, for a lint to find.
pub(super) fn unquoted(json: &Json) -> Json {
    match json {
        Json::String(text) => serde_json::from_str(text).unwrap_or_else(|_| json.clone()),
        other => other.clone(),
    }
}
