//! The bodies of requests.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::call::{Converse, Turn};
use crate::domain::catalog::ModelId;
use crate::domain::message::{Block, Role};
use crate::domain::settings::{Effort, Settings};
use crate::domain::tool::{Tool, ToolChoice, told_result};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::attachment;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    /// What does not fit is an error, and not the beginning of the conversation lost.
    truncate: bool,
    options: Options<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a Value>,
}

#[derive(Serialize)]
struct Options<'a> {
    /// The context that it is to be run with; else the server takes what its memory or its own file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    num_ctx: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_penalty: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

#[derive(Default, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    /// Base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    /// Older servers know the name alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Texts<'a> {
    model: &'a str,
    input: &'a [String],
    truncate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
}

/// The body that asks for a streamed answer by a model that runs with so much context, in tokens, where that is said. A last
/// turn of the assistant is continued by Ollama itself.
pub fn body(converse: &Converse, context: Option<u32>) -> Result<Vec<u8>> {
    let doing = format!("asking {}", converse.model);
    let settings = &converse.settings;
    let tools = tools(settings, &doing)?;
    let mut messages = Vec::with_capacity(converse.turns.len() + 1);
    if let Some(system) = &converse.system {
        messages.push(Message { role: "system", content: system.clone(), ..Message::default() });
    }
    // The names of the tools that were called: a later call may have an earlier one's id.
    let mut called = HashMap::new();
    for turn in &converse.turns {
        add(&mut messages, turn, &mut called, converse, &doing)?;
    }
    let body = Body {
        model: converse.model.model(),
        messages,
        stream: true,
        truncate: false,
        options: Options {
            num_ctx: context,
            temperature: settings.temperature,
            top_p: settings.top_p,
            top_k: settings.top_k,
            repeat_penalty: settings.repeat_penalty,
            num_predict: settings.max_tokens,
            stop: &settings.stop,
            seed: settings.seed,
        },
        think: settings.reasoning.map(|effort| think(&converse.model, effort)),
        tools,
        format: settings.response_schema.as_ref(),
    };
    serde_json::to_vec(&body).map_err(|why| Error::internal(doing, why.to_string()))
}

/// The body that asks for the vectors of texts, by a model that runs with so much context.
pub fn embed(model: &ModelId, texts: &[String], context: Option<u32>) -> Result<Vec<u8>> {
    let options = context.map(|tokens| json!({ "num_ctx": tokens }));
    let texts = Texts { model: model.model(), input: texts, truncate: false, options };
    serde_json::to_vec(&texts)
        .map_err(|why| Error::internal(format!("embedding with {model}"), why.to_string()))
}

/// The body that asks what is known of a model.
pub fn show(model: &ModelId) -> Vec<u8> {
    json!({ "model": model.model() }).to_string().into_bytes()
}

fn refused(doing: &str, capability: &str, why: String, hint: &str) -> Error {
    Error::new(ErrorKind::Refused { capability: capability.to_owned() }, doing, why, hint)
}

/// The tools to send, by what is chosen among them.
fn tools(settings: &Settings, doing: &str) -> Result<Vec<Value>> {
    match &settings.tool_choice {
        None | Some(ToolChoice::Auto) => Ok(settings.tools.iter().map(tool).collect()),
        Some(ToolChoice::None) => Ok(Vec::new()),
        Some(choice @ (ToolChoice::Any | ToolChoice::Named(_))) => Err(refused(
            doing,
            "tool_choice",
            format!("Ollama lets the model choose among the tools, and tool_choice is {choice}"),
            "Set tool_choice to auto or none.",
        )),
    }
}

fn tool(tool: &Tool) -> Value {
    let mut function = json!({ "name": tool.name, "parameters": tool.schema });
    if !tool.description.is_empty() {
        function["description"] = json!(tool.description);
    }
    json!({ "type": "function", "function": function })
}

/// Most models think or do not; those of gpt-oss know efforts.
fn think(model: &ModelId, effort: Effort) -> Value {
    match effort {
        Effort::Off => json!(false),
        Effort::Low | Effort::Medium | Effort::High if model.model().contains("gpt-oss") => {
            json!(effort.as_str())
        }
        Effort::Low | Effort::Medium | Effort::High => json!(true),
    }
}

/// Adds a turn's messages.
fn add<'a>(
    messages: &mut Vec<Message<'a>>,
    turn: &'a Turn,
    called: &mut HashMap<&'a str, &'a str>,
    converse: &Converse,
    doing: &str,
) -> Result<()> {
    let mut said = Message { role: turn.role.as_str(), ..Message::default() };
    let mut text: Vec<&str> = Vec::new();
    for block in &turn.blocks {
        match block {
            Block::Text { text: piece } => text.push(piece),
            Block::Reasoning { text, .. } => said.thinking.push_str(text),
            Block::Image { blob, .. } => {
                said.images.push(attachment::base64(attachment::bytes(&converse.blobs, blob, doing)?));
            }
            Block::Document { name, .. } => {
                let why = format!("Ollama takes no documents, and {name:?} is one");
                return Err(refused(doing, "documents", why, "Send its text, or ask another provider."));
            }
            Block::ToolUse { id, name, input, .. } => {
                called.insert(id, name);
                said.tool_calls.push(json!({
                    "id": id,
                    "function": { "name": name, "arguments": arguments(input) },
                }));
            }
            Block::ToolResult { id, content, is_error } => messages.push(Message {
                role: Role::Tool.as_str(),
                content: told_result(content, *is_error).into_owned(),
                tool_name: called.get(id.as_str()).copied(),
                tool_call_id: Some(id),
                ..Message::default()
            }),
            Block::RedactedReasoning { .. } | Block::CachePoint => {}
        }
    }
    // A turn of tool results alone has no words of its own.
    let is_empty = text.is_empty() && said.images.is_empty() && said.tool_calls.is_empty();
    if !is_empty || turn.role == Role::Assistant {
        said.content = text.join("\n\n");
        messages.push(said);
    }
    Ok(())
}

/// Ollama takes an object alone; what another model wrote may be none.
fn arguments(input: &Value) -> Value {
    match input {
        Value::Object(_) => input.clone(),
        other => Value::Object(Map::from_iter([("input".to_owned(), other.clone())])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Blobs;
    use crate::domain::message::BlobId;

    fn text(text: &str) -> Block {
        Block::Text { text: text.to_owned() }
    }

    fn called(name: &str, input: Value) -> Turn {
        let call = Block::ToolUse { id: "call_0".into(), name: name.into(), input, extra: None };
        Turn { role: Role::Assistant, blocks: vec![call] }
    }

    fn seen(content: &str) -> Turn {
        let result = Block::ToolResult { id: "call_0".into(), content: content.into(), is_error: false };
        Turn { role: Role::Tool, blocks: vec![result] }
    }

    fn converse(turns: Vec<Turn>) -> Converse {
        Converse {
            model: "there/org/model:1b".parse().unwrap(),
            system: None,
            turns,
            settings: Settings::default(),
            conversation: None,
            blobs: Blobs::default(),
        }
    }

    fn sent(converse: &Converse) -> Value {
        serde_json::from_slice(&body(converse, None).unwrap()).unwrap()
    }

    #[test]
    fn a_conversation_becomes_messages_and_unset_settings_are_left_out() {
        let mut assistant = called("look", json!({"at": "é"}));
        assistant.blocks.insert(0, Block::Reasoning { text: "hm".into(), signature: None });
        let mut converse = converse(vec![
            Turn { role: Role::User, blocks: vec![text("one"), text("two")] },
            assistant,
            seen("there"),
            Turn { role: Role::Assistant, blocks: vec![text("It is")] },
        ]);
        converse.system = Some("Be brief.".into());
        assert_eq!(
            sent(&converse),
            json!({
                "model": "org/model:1b",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "one\n\ntwo"},
                    {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [
                        {"id": "call_0", "function": {"name": "look", "arguments": {"at": "é"}}}
                    ]},
                    {"role": "tool", "content": "there", "tool_name": "look", "tool_call_id": "call_0"},
                    {"role": "assistant", "content": "It is"},
                ],
                "stream": true,
                "truncate": false,
                "options": {},
            })
        );
    }

    #[test]
    fn a_result_names_the_latest_call_of_its_id_and_what_is_no_object_is_put_into_one() {
        let turns =
            vec![called("first", json!("{broken")), seen("1"), called("second", json!({})), seen("2")];
        let messages = sent(&converse(turns))["messages"].clone();
        assert_eq!(messages[0]["tool_calls"][0]["function"]["arguments"], json!({"input": "{broken"}));
        assert_eq!(
            (&messages[1]["tool_name"], &messages[3]["tool_name"]),
            (&json!("first"), &json!("second"))
        );
    }

    #[test]
    fn every_setting_is_sent_as_it_was_typed() {
        let mut converse = converse(Vec::new());
        for (name, value) in [
            ("temperature", "0.2"),
            ("top_p", "0.9"),
            ("top_k", "40"),
            ("repeat_penalty", "1.25"),
            ("max_tokens", "64"),
            ("stop", "END,\\n\\n"),
            ("seed", "18446744073709551615"),
            ("reasoning", "low"),
            ("tools", r#"[{"name":"look","description":"d","schema":{"type":"object"}}]"#),
            ("response_schema", r#"{"type":"object"}"#),
        ] {
            converse.settings.set(name, value).unwrap();
        }
        let written = String::from_utf8(body(&converse, None).unwrap()).unwrap();
        let options = r#""options":{"temperature":0.2,"top_p":0.9,"top_k":40,"repeat_penalty":1.25,"num_predict":64,"stop":["END","\n\n"],"seed":18446744073709551615}"#;
        assert!(written.contains(options), "{written}");
        let body = sent(&converse);
        let function = json!({"name": "look", "description": "d", "parameters": {"type": "object"}});
        assert_eq!(body["tools"], json!([{"type": "function", "function": function}]));
        assert_eq!((&body["format"], &body["think"]), (&json!({"type": "object"}), &json!(true)));
    }

    #[test]
    fn the_context_is_asked_for_where_it_is_said() {
        let of = |body: Vec<u8>| serde_json::from_slice::<Value>(&body).unwrap()["options"].clone();
        assert_eq!(of(body(&converse(Vec::new()), Some(32_768)).unwrap()), json!({"num_ctx": 32_768}));
        let model = "there/minilm".parse().unwrap();
        assert_eq!(of(embed(&model, &[], Some(512)).unwrap()), json!({"num_ctx": 512}));
        assert_eq!(of(embed(&model, &[], None).unwrap()), Value::Null);
    }

    #[test]
    fn an_effort_is_a_word_for_the_models_that_know_it_and_off_is_off_for_all() {
        let think = |model: &str, effort| think(&model.parse().unwrap(), effort);
        assert_eq!(think("there/gpt-oss:20b", Effort::High), json!("high"));
        assert_eq!(think("there/gpt-oss:20b", Effort::Off), json!(false));
        assert_eq!(think("there/qwen3:0.6b", Effort::Low), json!(true));
        assert_eq!(think("there/qwen3:0.6b", Effort::Off), json!(false));
    }

    #[test]
    fn a_choice_of_no_tool_sends_none_and_one_that_ollama_cannot_keep_is_refused_by_name() {
        let mut converse = converse(Vec::new());
        converse.settings.set("tools", r#"[{"name":"look"}]"#).unwrap();
        for (choice, tools) in [("auto", 1), ("none", 0)] {
            converse.settings.set("tool_choice", choice).unwrap();
            assert_eq!(sent(&converse)["tools"].as_array().map_or(0, Vec::len), tools, "{choice}");
        }
        for choice in ["any", "look"] {
            converse.settings.set("tool_choice", choice).unwrap();
            let error = body(&converse, None).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Refused { capability: "tool_choice".into() });
            assert!(error.why.contains(choice), "{error}");
        }
    }

    #[test]
    fn a_picture_goes_with_its_message_and_one_without_bytes_or_a_document_is_no_silence() {
        let blob = || BlobId("p".into());
        let picture = Block::Image { media_type: "image/png".into(), blob: blob(), file: None };
        let mut converse = converse(vec![Turn { role: Role::User, blocks: vec![text("see"), picture] }]);
        assert_eq!(body(&converse, None).unwrap_err().kind, ErrorKind::NotFound);
        converse.blobs.put(blob(), *b"png");
        let messages = sent(&converse)["messages"].clone();
        assert_eq!(messages, json!([{"role": "user", "content": "see", "images": ["cG5n"]}]));
        let document =
            Block::Document { name: "a.pdf".into(), media_type: "application/pdf".into(), blob: blob() };
        converse.turns[0].blocks.push(document);
        let error = body(&converse, None).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused { capability: "documents".into() });
        assert!(error.why.contains("a.pdf"), "{error}");
    }
}
