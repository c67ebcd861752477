//! OpenInference's conventions (`openinference-semantic-conventions` 0.1.42): lists written flat.

use serde_json::{Map, Value as Json};

use super::contents::{json_of, json_or_text, score};
use super::flat::{at, list, list_at, text, under};
use super::genai::offered;
use super::message::unquoted;
use crate::domain::trace::contents::{Contents, Found, Part, Ran, Said};
use crate::domain::trace::{Attributes, Kind, Value};

/// Reads what stands under OpenInference's names. `kind`: an input is a question, arguments, or only an input.
pub(super) fn read(attributes: &Attributes, kind: Kind, contents: &mut Contents) {
    let is_known = |key: &str| {
        [
            "llm.",
            "input.",
            "output.",
            "retrieval.",
            "reranker.",
            "tool.",
            "embedding.",
            "annotation.",
            "evaluation.",
        ]
        .iter()
        .any(|prefix| key.starts_with(prefix))
    };
    if !attributes.iter().any(|(key, _)| is_known(key)) {
        return;
    }
    if contents.input.is_empty() {
        contents.input = said(&under(attributes, "llm.input_messages."), "user");
    }
    if contents.output.is_empty() {
        contents.output = said(&under(attributes, "llm.output_messages."), "assistant");
    }
    completions(attributes, contents);
    for tool in list(&under(attributes, "llm.tools.")) {
        let schema = at(tool, &["tool", "json_schema"]).map(unquoted).unwrap_or_default();
        let mut one = offered(&schema);
        if one.name.is_empty() {
            one.name = text(tool, &["tool", "name"]).unwrap_or_default();
        }
        one.description = one.description.or_else(|| text(tool, &["tool", "description"]));
        if one.schema.is_null() {
            one.schema = schema;
        }
        contents.offered.push(one);
    }
    if let Some(value) = attributes.get("llm.invocation_parameters") {
        match json_of(value) {
            Some(Json::Object(map)) => {
                let plain = map.into_iter().map(|(key, value)| (key, Value::from_json(value)));
                contents.parameters.0.extend(plain);
            }
            _ => contents.unread.push("llm.invocation_parameters".to_owned()),
        }
    }
    for prefix in ["retrieval.documents.", "reranker.output_documents."] {
        contents.found.extend(list(&under(attributes, prefix)).into_iter().map(found));
    }
    let query = attributes.text("reranker.query");
    contents.query = contents.query.take().or_else(|| query.map(str::to_owned));
    contents.scores.extend(score(attributes, "annotation."));
    contents.scores.extend(score(attributes, "evaluation."));
    plain(attributes, kind, contents);
}

/// `llm.prompts` and `llm.choices` of models that complete text.
fn completions(attributes: &Attributes, contents: &mut Contents) {
    for prompt in list(&under(attributes, "llm.prompts.")) {
        contents.input.extend(text(prompt, &["prompt", "text"]).map(|words| Said::new("user", words)));
    }
    for choice in list(&under(attributes, "llm.choices.")) {
        contents
            .output
            .extend(text(choice, &["completion", "text"]).map(|words| Said::new("assistant", words)));
    }
}

/// `input.value` and `output.value`, where nothing says it better.
fn plain(attributes: &Attributes, kind: Kind, contents: &mut Contents) {
    let (input, output) = (attributes.get("input.value"), attributes.get("output.value"));
    let words = |value: &Value| value.as_text().map_or_else(|| value.to_json().to_string(), str::to_owned);
    if kind == Kind::Tool {
        if contents.ran.is_none() {
            contents.ran = Some(Ran {
                name: attributes.text("tool.name").unwrap_or_default().to_owned(),
                id: None,
                description: attributes.text("tool.description").map(str::to_owned),
                arguments: input.map(json_or_text),
                result: output.map(json_or_text),
            });
        }
        return;
    }
    if matches!(kind, Kind::Retrieval | Kind::Rerank) && contents.query.is_none() {
        contents.query = input.map(words);
        return;
    }
    if contents.input.is_empty() {
        contents.input.extend(input.map(|value| Said::new("input", words(value))));
    }
    if contents.output.is_empty() {
        contents.output.extend(output.map(|value| Said::new("output", words(value))));
    }
}

fn said(messages: &Map<String, Json>, role: &str) -> Vec<Said> {
    let message = |json: &Json| {
        let json = json.get("message").unwrap_or(json);
        let mut parts = Vec::new();
        let answer_to = text(json, &["tool_call_id"]);
        match (at(json, &["content"]), answer_to) {
            (Some(content), id @ Some(_)) => {
                parts.push(Part::ToolResult { id, result: unquoted(content), is_error: false });
            }
            (Some(_), None) => parts.extend(text(json, &["content"]).map(Part::text)),
            (None, _) => {}
        }
        for content in list_at(json, "contents") {
            parts.push(part(content.get("message_content").unwrap_or(content)));
        }
        for call in list_at(json, "tool_calls") {
            let call = call.get("tool_call").unwrap_or(call);
            parts.push(Part::ToolCall {
                id: text(call, &["id"]),
                name: text(call, &["function", "name"]).unwrap_or_default(),
                arguments: at(call, &["function", "arguments"]).map(unquoted).unwrap_or_default(),
                extra: None,
            });
        }
        Said {
            role: text(json, &["role"]).unwrap_or_else(|| role.to_owned()),
            name: text(json, &["name"]),
            parts,
        }
    };
    list(messages).into_iter().map(message).collect()
}

fn part(content: &Json) -> Part {
    let kind = text(content, &["type"]).unwrap_or_default();
    match (kind.as_str(), text(content, &["text"])) {
        ("reasoning" | "thinking", Some(thought)) => {
            Part::Reasoning { text: thought, signature: text(content, &["signature"]) }
        }
        ("text" | "", Some(text)) => Part::Text { text },
        _ => Part::Other { kind, value: content.clone() },
    }
}

fn found(json: &Json) -> Found {
    let document = json.get("document").unwrap_or(json);
    Found {
        id: text(document, &["id"]),
        score: document.get("score").and_then(|score| Value::from_json(score.clone()).as_number()),
        text: text(document, &["content"]),
        more: document.get("metadata").map(unquoted).unwrap_or_default(),
    }
}
