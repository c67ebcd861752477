//! Calls of models and tools as attributes, under OpenTelemetry's names.

use serde_json::{Value as Json, json};

use crate::domain::trace::{Attributes, Value};

fn text(json: &Json, path: &[&str]) -> Option<String> {
    path.iter().try_fold(json, |json, key| json.get(key)).and_then(Json::as_str).map(str::to_owned)
}

/// A call of a model, whose prompt is resolved.
pub(super) fn model(event: &Json, input: Vec<Json>) -> Attributes {
    let mut said = Attributes::default();
    said.push("gen_ai.operation.name", "chat");
    let model = text(event, &["model"]).unwrap_or_default();
    // Inspect's models are named provider/model.
    said.put("gen_ai.provider.name", model.split_once('/').map(|(provider, _)| provider));
    said.push("gen_ai.request.model", model);
    said.put("gen_ai.response.model", text(event, &["output", "model"]));
    for (key, value) in event.get("config").and_then(Json::as_object).into_iter().flatten() {
        if !value.is_null() {
            said.push(format!("gen_ai.request.{key}"), Value::from_json(value.clone()));
        }
    }
    said.push("gen_ai.input.messages", Json::Array(input).to_string());
    let choices = event.get("output").and_then(|output| output.get("choices")).and_then(Json::as_array);
    let messages: Vec<&Json> =
        choices.into_iter().flatten().filter_map(|choice| choice.get("message")).collect();
    said.push("gen_ai.output.messages", json!(messages).to_string());
    let reasons = choices.into_iter().flatten().filter_map(|choice| text(choice, &["stop_reason"]));
    let reasons: Vec<Value> = reasons.map(Value::from).collect();
    if !reasons.is_empty() {
        said.push("gen_ai.response.finish_reasons", Value::List(reasons));
    }
    if let Some(tools) =
        event.get("tools").filter(|tools| tools.as_array().is_some_and(|list| !list.is_empty()))
    {
        said.push("gen_ai.tool.definitions", tools.to_string());
    }
    usage(event.get("output").and_then(|output| output.get("usage")), &mut said);
    said
}

/// Inspect's input leaves out what came from a cache or went into one; OpenTelemetry's has it in.
fn usage(usage: Option<&Json>, said: &mut Attributes) {
    let Some(usage) = usage else { return };
    let count = |key: &str| usage.get(key).and_then(Json::as_i64);
    let (read, written) = (count("input_tokens_cache_read"), count("input_tokens_cache_write"));
    let input = count("input_tokens").map(|fresh| fresh + read.unwrap_or(0) + written.unwrap_or(0));
    said.put("gen_ai.usage.input_tokens", input);
    said.put("gen_ai.usage.output_tokens", count("output_tokens"));
    said.put("gen_ai.usage.cache_read.input_tokens", read);
    said.put("gen_ai.usage.cache_creation.input_tokens", written);
    said.put("gen_ai.usage.reasoning.output_tokens", count("reasoning_tokens"));
    said.put("gen_ai.usage.cost", usage.get("total_cost").and_then(Json::as_f64));
}

/// A tool that ran.
pub(super) fn tool(event: &Json) -> Attributes {
    let mut said = Attributes::default();
    said.push("gen_ai.operation.name", "execute_tool");
    said.put("gen_ai.tool.name", text(event, &["function"]));
    said.put("gen_ai.tool.type", text(event, &["type"]));
    said.put("gen_ai.tool.call.id", text(event, &["id"]));
    said.put("gen_ai.tool.call.arguments", event.get("arguments").map(Json::to_string));
    said.put(
        "gen_ai.tool.call.result",
        event.get("result").map(|result| match result {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        }),
    );
    said.put("error.type", text(event, &["error", "type"]));
    said
}

/// A score, as the attributes of an evaluation's event.
pub(super) fn score(name: &str, score: &Json) -> Attributes {
    let mut said = Attributes::default();
    said.push("gen_ai.evaluation.name", name);
    match score.get("value") {
        // Inspect's marks, with the numbers that it reckons them as.
        Some(Json::String(mark)) => {
            let value = match mark.as_str() {
                "C" => Some(1.0),
                "P" => Some(0.5),
                "I" | "N" => Some(0.0),
                _ => None,
            };
            said.put("gen_ai.evaluation.score.value", value);
            said.push("gen_ai.evaluation.score.label", mark.as_str());
        }
        Some(Json::Number(value)) => said.put("gen_ai.evaluation.score.value", value.as_f64()),
        Some(Json::Bool(value)) => said.push("gen_ai.evaluation.score.value", f64::from(u8::from(*value))),
        Some(other) => said.push("gen_ai.evaluation.score.label", other.to_string()),
        None => {}
    }
    said.put("gen_ai.evaluation.explanation", text(score, &["explanation"]));
    said.put("inspect.score.answer", text(score, &["answer"]));
    for kept in ["metadata", "history", "reason"] {
        if let Some(value) = score.get(kept).filter(|value| !is_empty(value)) {
            said.push(format!("inspect.score.{kept}"), Value::from_json(value.clone()));
        }
    }
    said
}

fn is_empty(json: &Json) -> bool {
    json.is_null()
        || json.as_array().is_some_and(Vec::is_empty)
        || json.as_object().is_some_and(serde_json::Map::is_empty)
}
