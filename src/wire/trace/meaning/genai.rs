//! OpenTelemetry's GenAI conventions as they are now.

use serde_json::Value as Json;

use super::contents::{json_of, json_or_text};
use super::message::{messages, parts_of};
use crate::domain::trace::contents::{Contents, Found, Offered, Ran, Said};
use crate::domain::trace::{Attributes, Value};

/// Reads what stands under `gen_ai.`.
pub(super) fn read(attributes: &Attributes, contents: &mut Contents) {
    let text = |key: &str| attributes.text(key).map(str::to_owned);
    for (key, value) in attributes.iter() {
        match key {
            "gen_ai.system_instructions" => {
                let parts = parts_of(&json_or_text(value));
                contents.input.insert(0, Said { role: "system".to_owned(), name: None, parts });
            }
            "gen_ai.input.messages" => match json_of(value).and_then(|json| messages(&json, "user")) {
                Some(said) => contents.input.extend(said),
                None => contents.unread.push(key.to_owned()),
            },
            "gen_ai.output.messages" => match json_of(value).and_then(|json| messages(&json, "assistant")) {
                Some(said) => contents.output.extend(said),
                None => contents.unread.push(key.to_owned()),
            },
            "gen_ai.tool.definitions" => match json_of(value) {
                Some(Json::Array(tools)) => contents.offered.extend(tools.iter().map(offered)),
                _ => contents.unread.push(key.to_owned()),
            },
            "gen_ai.retrieval.query.text" | "gen_ai.memory.query.text" => {
                contents.query = value.as_text().map(str::to_owned);
            }
            "gen_ai.retrieval.documents" | "gen_ai.memory.records" => match json_of(value) {
                Some(Json::Array(documents)) => contents.found.extend(documents.into_iter().map(found)),
                _ => contents.unread.push(key.to_owned()),
            },
            "gen_ai.response.finish_reasons" => match value {
                Value::List(reasons) => {
                    contents.finish = reasons.iter().filter_map(Value::as_text).map(str::to_owned).collect();
                }
                other => contents.finish.extend(other.as_text().map(str::to_owned)),
            },
            _ => {
                // The model is a fact, no parameter.
                if let Some(name) = key.strip_prefix("gen_ai.request.").filter(|name| *name != "model") {
                    contents.parameters.push(name, value.clone());
                } else if key == "gen_ai.output.type" {
                    contents.parameters.push("output_type", value.clone());
                }
            }
        }
    }
    let (arguments, result) =
        (attributes.get("gen_ai.tool.call.arguments"), attributes.get("gen_ai.tool.call.result"));
    if arguments.is_some() || result.is_some() || attributes.get("gen_ai.tool.name").is_some() {
        contents.ran = Some(Ran {
            name: text("gen_ai.tool.name").unwrap_or_default(),
            id: text("gen_ai.tool.call.id"),
            description: text("gen_ai.tool.description"),
            arguments: arguments.map(json_or_text),
            result: result.map(json_or_text),
        });
    }
}

/// A tool's definition: flat, or within "function" as `OpenAI` has it.
pub(super) fn offered(json: &Json) -> Offered {
    let inner = json.get("function").filter(|inner| inner.is_object()).unwrap_or(json);
    let text = |key: &str| inner.get(key).and_then(Json::as_str).map(str::to_owned);
    let schema = ["parameters", "input_schema", "inputSchema"].iter().find_map(|key| inner.get(key));
    Offered {
        name: text("name").unwrap_or_default(),
        description: text("description"),
        schema: schema.cloned().unwrap_or_default(),
    }
}

fn found(json: Json) -> Found {
    let Json::Object(mut map) = json else {
        return Found { text: Some(json.to_string()), ..Found::default() };
    };
    let text = |json: Json| match json {
        Json::String(text) => Some(text),
        Json::Null => None,
        other => Some(other.to_string()),
    };
    let id = map.shift_remove("id").and_then(text);
    let score = map.shift_remove("score").and_then(|score| Value::from_json(score).as_number());
    let words = map.shift_remove("content").or_else(|| map.shift_remove("text")).and_then(text);
    let more = if map.is_empty() { Json::Null } else { Json::Object(map) };
    Found { id, score, text: words, more }
}
