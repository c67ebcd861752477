//! The body of a request.

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::call::{Blobs, Converse, Turn};
use crate::domain::left_out::LeftOut;
use crate::domain::message::{Block, Role};
use crate::domain::settings::{Effort, Settings};
use crate::domain::tool::{Tool, ToolChoice, told_result};
use crate::domain::{Error, Result};
use crate::wire::attachment::{self, data_url};
use crate::wire::openai::request;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    input: Vec<Value>,
    stream: bool,
    store: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Value>,
}

/// The body that asks for a streamed answer.
pub fn body(converse: &Converse) -> Result<Vec<u8>> {
    let doing = || format!("asking {}", converse.model);
    let mut input = Vec::with_capacity(converse.turns.len());
    for turn in &converse.turns {
        add(&mut input, turn, &converse.blobs, &doing())?;
    }
    let settings = &converse.settings;
    let body = Body {
        model: converse.model.model(),
        instructions: converse.system.as_deref(),
        input,
        stream: true,
        store: false,
        temperature: settings.temperature,
        top_p: settings.top_p,
        max_output_tokens: settings.max_tokens,
        reasoning: settings.reasoning.map(reasoning),
        tools: settings.tools.iter().map(tool).collect(),
        tool_choice: settings.tool_choice.as_ref().filter(|_| !settings.tools.is_empty()).map(choice),
        text: format(settings),
    };
    serde_json::to_vec(&body).map_err(|why| Error::internal(doing(), why.to_string()))
}

/// The settings that the body leaves out.
pub fn left_out(settings: &Settings) -> Vec<LeftOut> {
    let lacks = ["top_k", "repeat_penalty", "stop", "seed"];
    LeftOut::of(settings, &lacks, "the Responses API has none").into_iter().collect()
}

/// A summary is asked for: the reasoning itself is not shown.
fn reasoning(effort: Effort) -> Value {
    match effort {
        Effort::Off => json!({ "effort": request::effort(effort) }),
        Effort::Low | Effort::Medium | Effort::High => {
            json!({ "effort": request::effort(effort), "summary": "auto" })
        }
    }
}

fn tool(tool: &Tool) -> Value {
    let mut function = json!({ "type": "function", "name": tool.name, "parameters": tool.schema });
    if !tool.description.is_empty() {
        function["description"] = json!(tool.description);
    }
    function
}

fn choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Named(name) => json!({ "type": "function", "name": name }),
        other => request::choice(other),
    }
}

fn format(settings: &Settings) -> Option<Value> {
    let mut format = request::named_schema(settings)?;
    format["type"] = json!("json_schema");
    Some(json!({ "format": format }))
}

/// Adds a turn's items: messages, calls and their results stand beside each other.
fn add(input: &mut Vec<Value>, turn: &Turn, blobs: &Blobs, doing: &str) -> Result<()> {
    let mut content = Vec::new();
    let text = if turn.role == Role::Assistant { "output_text" } else { "input_text" };
    let message = |content: &mut Vec<Value>, input: &mut Vec<Value>| {
        if !content.is_empty() {
            let content = std::mem::take(content);
            input.push(json!({ "type": "message", "role": turn.role.as_str(), "content": content }));
        }
    };
    for block in &turn.blocks {
        match block {
            Block::Text { text: words } => content.push(json!({ "type": text, "text": words })),
            Block::Image { media_type, blob, .. } => {
                let url = data_url(media_type, attachment::bytes(blobs, blob, doing)?);
                content.push(json!({ "type": "input_image", "image_url": url }));
            }
            Block::Document { name, media_type, blob } => {
                let data = data_url(media_type, attachment::bytes(blobs, blob, doing)?);
                content.push(json!({ "type": "input_file", "filename": name, "file_data": data }));
            }
            Block::ToolUse { id, name, input: arguments, .. } => {
                message(&mut content, input);
                input.push(json!({
                    "type": "function_call", "call_id": id, "name": name, "arguments": arguments.to_string(),
                }));
            }
            Block::ToolResult { id, content: output, is_error } => {
                message(&mut content, input);
                let output = told_result(output, *is_error);
                input.push(json!({ "type": "function_call_output", "call_id": id, "output": output }));
            }
            Block::Reasoning { .. } | Block::RedactedReasoning { .. } | Block::CachePoint => {}
        }
    }
    message(&mut content, input);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::BlobId;

    #[test]
    fn what_is_not_sent_is_told_by_name_and_nothing_is_where_all_is_sent() {
        let mut settings = Settings::default();
        for (name, value) in
            [("temperature", "1"), ("top_p", "0.9"), ("max_tokens", "9"), ("reasoning", "low")]
        {
            settings.set(name, value).unwrap();
        }
        assert_eq!(left_out(&settings), []);
        for (name, value) in [("stop", "END"), ("seed", "7"), ("top_k", "4")] {
            settings.set(name, value).unwrap();
        }
        let told = LeftOut::said(&left_out(&settings)).unwrap();
        assert_eq!(told, "top_k, stop and seed are not sent: the Responses API has none");
    }

    #[test]
    fn a_conversation_becomes_items_and_nothing_is_kept_at_the_server() {
        let text = |t: &str| Block::Text { text: t.to_owned() };
        let mut converse = Converse {
            model: "openai/gpt-5".parse().unwrap(),
            system: Some("Be brief.".into()),
            turns: vec![
                Turn {
                    role: Role::User,
                    blocks: vec![
                        text("look"),
                        Block::Image { media_type: "image/png".into(), blob: BlobId("p".into()), file: None },
                    ],
                },
                Turn {
                    role: Role::Assistant,
                    blocks: vec![
                        Block::Reasoning { text: "hm".into(), signature: None },
                        text("I look."),
                        Block::ToolUse {
                            id: "c1".into(),
                            name: "look".into(),
                            input: json!({"at": 1}),
                            extra: None,
                        },
                    ],
                },
                Turn {
                    role: Role::Tool,
                    blocks: vec![Block::ToolResult {
                        id: "c1".into(),
                        content: "seen".into(),
                        is_error: false,
                    }],
                },
            ],
            settings: Settings::default(),
            conversation: None,
            blobs: Blobs::default(),
        };
        converse.blobs.put(BlobId("p".into()), *b"png");
        for (name, value) in [
            ("max_tokens", "64"),
            ("reasoning", "low"),
            ("tools", r#"[{"name":"look"}]"#),
            ("tool_choice", "look"),
            ("response_schema", r#"{"type":"object"}"#),
        ] {
            converse.settings.set(name, value).unwrap();
        }
        let sent: Value = serde_json::from_slice(&body(&converse).unwrap()).unwrap();
        assert_eq!(
            sent,
            json!({
                "model": "gpt-5",
                "instructions": "Be brief.",
                "input": [
                    {"type": "message", "role": "user", "content": [
                        {"type": "input_text", "text": "look"},
                        {"type": "input_image", "image_url": "data:image/png;base64,cG5n"},
                    ]},
                    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
                    {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{\"at\":1}"},
                    {"type": "function_call_output", "call_id": "c1", "output": "seen"},
                ],
                "stream": true,
                "store": false,
                "max_output_tokens": 64,
                "reasoning": {"effort": "low", "summary": "auto"},
                "tools": [{"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}}],
                "tool_choice": {"type": "function", "name": "look"},
                "text": {"format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}}},
            })
        );
    }
}
