//! What was said within a span.

use serde_json::Value as Json;

use super::{facts, genai, older, openinference};
use crate::domain::trace::contents::{Contents, Score};
use crate::domain::trace::{Attributes, TraceSpan, Value};

/// The messages, tools, passages and parameters of a span, whichever names they stand under.
pub fn contents(span: &TraceSpan) -> Contents {
    let facts = facts(span);
    let mut contents = Contents::default();
    genai::read(&span.attributes, &mut contents);
    for event in &span.events {
        match event.name.as_str() {
            // The same attributes, told as an event.
            "gen_ai.client.inference.operation.details" => genai::read(&event.attributes, &mut contents),
            "gen_ai.evaluation.result" => {
                contents.scores.extend(score(&event.attributes, "gen_ai.evaluation."));
            }
            _ => {}
        }
    }
    openinference::read(&span.attributes, facts.kind, &mut contents);
    older::read(span, &mut contents);
    if !facts.finish.is_empty() && contents.finish.is_empty() {
        contents.finish.push(facts.finish.to_owned());
    }
    if let Some(ran) = &mut contents.ran {
        if ran.name.is_empty() {
            facts.tool.clone_into(&mut ran.name);
        }
        if ran.id.is_none() && !facts.call.is_empty() {
            ran.id = Some(facts.call.to_owned());
        }
    }
    contents
}

/// A score under a prefix; `None` without a name.
pub(super) fn score(attributes: &Attributes, prefix: &str) -> Option<Score> {
    let get = |key: &str| attributes.get(&[prefix, key].concat());
    let text = |key: &str| get(key).and_then(Value::as_text).map(str::to_owned);
    Some(Score {
        name: text("name")?,
        value: get("score.value").or_else(|| get("score")).and_then(Value::as_number),
        label: text("score.label").or_else(|| text("label")),
        explanation: text("explanation"),
        by: text("annotator_kind").map(|by| by.to_ascii_lowercase()),
    })
}

/// A value that should be JSON: structured, or a text of it.
pub(super) fn json_of(value: &Value) -> Option<Json> {
    match value {
        Value::Text(text) => serde_json::from_str(text).ok(),
        Value::Null => None,
        other => Some(other.to_json()),
    }
}

/// The same; what is none stays the text that it is.
pub(super) fn json_or_text(value: &Value) -> Json {
    json_of(value).unwrap_or_else(|| value.to_json())
}
