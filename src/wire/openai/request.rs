//! The body of a request.

use serde::Serialize;

use crate::domain::call::{Converse, Turn};
use crate::domain::message::{Block, Role};
use crate::domain::{Error, ErrorKind, Result};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    /// No part of `OpenAI`'s own API; llama.cpp, vLLM, Ollama and `OpenRouter` take it. Sent only where the person set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    /// What newer models of `OpenAI` call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct ToolCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: String,
}

/// What the longest answer is called by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// `max_tokens`, which nearly every server takes.
    MaxTokens,
    /// `max_completion_tokens`, which newer models of `OpenAI` insist on.
    MaxCompletionTokens,
}

/// The body that asks for a streamed answer.
pub fn body(converse: &Converse, limit: Limit) -> Result<Vec<u8>> {
    let doing = || format!("asking {}", converse.model);
    let mut messages = Vec::with_capacity(converse.turns.len() + 1);
    if let Some(system) = &converse.system {
        messages.push(said("system", system.clone()));
    }
    for turn in &converse.turns {
        add(&mut messages, turn).map_err(|capability| {
            Error::new(
                ErrorKind::Refused { capability: capability.to_owned() },
                doing(),
                "pictures and documents are not sent to this kind of server",
                "Send the text alone.",
            )
        })?;
    }
    let settings = &converse.settings;
    let body = Body {
        model: converse.model.model(),
        messages,
        stream: true,
        stream_options: StreamOptions { include_usage: true },
        temperature: settings.temperature,
        top_p: settings.top_p,
        top_k: settings.top_k,
        max_tokens: settings.max_tokens.filter(|_| limit == Limit::MaxTokens),
        max_completion_tokens: settings.max_tokens.filter(|_| limit == Limit::MaxCompletionTokens),
        stop: &settings.stop,
        seed: settings.seed,
    };
    serde_json::to_vec(&body).map_err(|why| Error::internal(doing(), why.to_string()))
}

fn said<'a>(role: &'static str, text: String) -> Message<'a> {
    Message { role, content: Some(text), tool_calls: Vec::new(), tool_call_id: None }
}

/// Adds a turn's messages; the error is the capability that it would need.
fn add<'a>(messages: &mut Vec<Message<'a>>, turn: &'a Turn) -> std::result::Result<(), &'static str> {
    let mut text: Vec<&str> = Vec::new();
    let mut tool_calls = Vec::new();
    for block in &turn.blocks {
        match block {
            Block::Text { text: piece } => text.push(piece),
            Block::ToolUse { id, name, input } => tool_calls.push(ToolCall {
                id,
                r#type: "function",
                function: Function { name, arguments: input.to_string() },
            }),
            Block::ToolResult { id, content, .. } => messages.push(Message {
                role: "tool",
                content: Some(content.clone()),
                tool_calls: Vec::new(),
                tool_call_id: Some(id),
            }),
            Block::Image { .. } => return Err("vision"),
            Block::Document { .. } => return Err("documents"),
            // Earlier reasoning is not sent back: servers put it in front of the answer or refuse it.
            Block::Reasoning { .. } | Block::RedactedReasoning { .. } | Block::CachePoint => {}
        }
    }
    // A turn of tool results alone has no words of its own.
    if !text.is_empty() || !tool_calls.is_empty() || turn.role == Role::Assistant {
        let content = (!text.is_empty() || tool_calls.is_empty()).then(|| text.join("\n\n"));
        messages.push(Message { role: turn.role.as_str(), content, tool_calls, tool_call_id: None });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::call::Blobs;
    use crate::domain::settings::Settings;

    fn converse() -> Converse {
        let text = |t: &str| Block::Text { text: t.to_owned() };
        Converse {
            model: "there/org/model-1".parse().unwrap(),
            system: Some("Be brief.".into()),
            turns: vec![
                Turn { role: Role::User, blocks: vec![text("one"), text("two")] },
                Turn {
                    role: Role::Assistant,
                    blocks: vec![
                        Block::Reasoning { text: "hm".into(), signature: None },
                        Block::ToolUse { id: "c1".into(), name: "look".into(), input: json!({"at": "é"}) },
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
        }
    }

    fn sent(converse: &Converse, limit: Limit) -> Value {
        serde_json::from_slice(&body(converse, limit).unwrap()).unwrap()
    }

    #[test]
    fn a_conversation_becomes_messages_and_unset_settings_are_left_out() {
        assert_eq!(
            sent(&converse(), Limit::MaxTokens),
            json!({
                "model": "org/model-1",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "one\n\ntwo"},
                    {"role": "assistant", "content": null, "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":\"é\"}"}}
                    ]},
                    {"role": "tool", "content": "seen", "tool_call_id": "c1"},
                ],
                "stream": true,
                "stream_options": {"include_usage": true},
            })
        );
    }

    #[test]
    fn every_setting_is_sent_as_it_was_typed() {
        let mut converse = converse();
        for (name, value) in [("temperature", "0.2"), ("top_p", "0.9"), ("top_k", "40"), ("max_tokens", "64")]
        {
            converse.settings.set(name, value).unwrap();
        }
        converse.settings.set("stop", "END,\\n\\n").unwrap();
        converse.settings.set("seed", "18446744073709551615").unwrap();
        let text = String::from_utf8(body(&converse, Limit::MaxTokens).unwrap()).unwrap();
        assert!(text.contains(r#""temperature":0.2,"top_p":0.9,"top_k":40,"max_tokens":64,"stop":["END","\n\n"],"seed":18446744073709551615"#), "{text}");
        let newer = sent(&converse, Limit::MaxCompletionTokens);
        assert_eq!((newer.get("max_tokens"), &newer["max_completion_tokens"]), (None, &json!(64)));
    }

    #[test]
    fn a_picture_is_refused_and_not_silently_left_out() {
        let mut converse = converse();
        let blob = crate::domain::message::BlobId("00".into());
        converse.turns[0].blocks.push(Block::Image { media_type: "image/png".into(), blob });
        let error = body(&converse, Limit::MaxTokens).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused { capability: "vision".into() });
    }
}
