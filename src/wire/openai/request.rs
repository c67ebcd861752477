//! The body of a request.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::call::{Blobs, Converse, Turn};
use crate::domain::left_out::LeftOut;
use crate::domain::message::{Block, Role};
use crate::domain::settings::{Effort, Settings};
use crate::domain::tool::{Tool, ToolChoice, told_result};
use crate::domain::{Error, Result};
use crate::wire::attachment::{self, data_url};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    /// llama.cpp, vLLM, Ollama and `OpenRouter` take it.
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
    /// What Mistral calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    random_seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Value>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<Content>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<Cow<'a, str>>,
}

/// Text alone goes as text, which every server takes.
#[derive(Serialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Value>),
}

#[derive(Serialize)]
struct ToolCall<'a> {
    id: Cow<'a, str>,
    r#type: &'static str,
    function: Function<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<&'a Value>,
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

/// What the seed is called by the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Seed {
    #[default]
    Seed,
    /// `random_seed`.
    RandomSeed,
}

/// Which ids of tool calls the server takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CallIds {
    /// Any, as another provider may have given them earlier in the conversation.
    #[default]
    Any,
    /// Mistral: nine letters and digits.
    Nine,
}

impl CallIds {
    /// The id as the server takes it: the same one for the same id, always.
    fn fit(self, id: &str) -> Cow<'_, str> {
        let fits = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if self == Self::Any || fits {
            return Cow::Borrowed(id);
        }
        // FNV-1a, as nine digits of base 62.
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        let mut rest = id.bytes().fold(0xcbf2_9ce4_8422_2325, hash);
        let digit = || {
            let at = (rest % 62) as u8;
            rest /= 62;
            char::from(match at {
                0..10 => b'0' + at,
                10..36 => b'a' + at - 10,
                _ => b'A' + at - 36,
            })
        };
        Cow::Owned(std::iter::repeat_with(digit).take(9).collect())
    }
}

/// How a server differs from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    pub limit: Limit,
    /// It takes `top_k`, which is no part of `OpenAI`'s own API.
    pub top_k: bool,
    pub seed: Seed,
    /// It counts the tokens of a stream when it is asked to.
    pub counts: bool,
    pub call_ids: CallIds,
    /// It wants what it thought before it called a tool back with the call.
    pub reasoning_back: bool,
}

/// The body that asks for a streamed answer.
pub fn body(converse: &Converse, dialect: Dialect) -> Result<Vec<u8>> {
    let doing = || format!("asking {}", converse.model);
    let mut messages = Vec::with_capacity(converse.turns.len() + 1);
    if let Some(system) = &converse.system {
        messages.push(said("system", Content::Text(system.clone())));
    }
    for turn in &converse.turns {
        add(&mut messages, turn, dialect, &converse.blobs, &doing())?;
    }
    let settings = &converse.settings;
    let body = Body {
        model: converse.model.model(),
        messages,
        stream: true,
        stream_options: dialect.counts.then_some(StreamOptions { include_usage: true }),
        temperature: settings.temperature,
        top_p: settings.top_p,
        top_k: settings.top_k.filter(|_| dialect.top_k),
        max_tokens: settings.max_tokens.filter(|_| dialect.limit == Limit::MaxTokens),
        max_completion_tokens: settings.max_tokens.filter(|_| dialect.limit == Limit::MaxCompletionTokens),
        stop: &settings.stop,
        seed: settings.seed.filter(|_| dialect.seed == Seed::Seed),
        random_seed: settings.seed.filter(|_| dialect.seed == Seed::RandomSeed),
        reasoning_effort: settings.reasoning.map(effort),
        tools: settings.tools.iter().map(tool).collect(),
        tool_choice: settings.tool_choice.as_ref().filter(|_| !settings.tools.is_empty()).map(choice),
        response_format: format(settings),
    };
    serde_json::to_vec(&body).map_err(|why| Error::internal(doing(), why.to_string()))
}

/// The settings that the body leaves out.
pub fn left_out(settings: &Settings, dialect: Dialect) -> Vec<LeftOut> {
    let lacks = LeftOut::of(settings, &["top_k"], "OpenAI's own API has none").filter(|_| !dialect.top_k);
    // Servers that have one have no common name for it.
    let none = LeftOut::of(settings, &["repeat_penalty"], "the Chat Completions API has none");
    lacks.into_iter().chain(none).collect()
}

pub(super) fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::Off => "none",
        Effort::Low | Effort::Medium | Effort::High => effort.as_str(),
    }
}

fn tool(tool: &Tool) -> Value {
    let mut function = json!({ "name": tool.name, "parameters": tool.schema });
    if !tool.description.is_empty() {
        function["description"] = json!(tool.description);
    }
    json!({ "type": "function", "function": function })
}

pub(super) fn choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::None => json!("none"),
        ToolChoice::Any => json!("required"),
        ToolChoice::Named(name) => json!({ "type": "function", "function": { "name": name } }),
    }
}

fn format(settings: &Settings) -> Option<Value> {
    let named = named_schema(settings)?;
    Some(json!({ "type": "json_schema", "json_schema": named }))
}

/// `strict` is asked for where the schema is closed: `OpenAI` refuses to be strict about an open one.
pub(super) fn named_schema(settings: &Settings) -> Option<Value> {
    let schema = settings.response_schema.as_ref()?;
    let mut named = json!({ "name": "answer", "schema": schema });
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        named["strict"] = json!(true);
    }
    Some(named)
}

fn said<'a>(role: &'static str, content: Content) -> Message<'a> {
    Message {
        role,
        content: Some(content),
        reasoning_content: None,
        tool_calls: Vec::new(),
        tool_call_id: None,
    }
}

/// Adds a turn's messages.
fn add<'a>(
    messages: &mut Vec<Message<'a>>,
    turn: &'a Turn,
    dialect: Dialect,
    blobs: &Blobs,
    doing: &str,
) -> Result<()> {
    let mut text: Vec<&str> = Vec::new();
    // Pictures and documents in their places between the texts; empty where there are none.
    let mut parts: Vec<Value> = Vec::new();
    let mut tool_calls = Vec::new();
    let mut thought: Vec<&str> = Vec::new();
    for block in &turn.blocks {
        match block {
            Block::Text { text: piece } => text.push(piece),
            Block::ToolUse { id, name, input, extra } => tool_calls.push(ToolCall {
                id: dialect.call_ids.fit(id),
                r#type: "function",
                function: Function { name, arguments: input.to_string() },
                extra_content: extra.as_ref(),
            }),
            Block::ToolResult { id, content, is_error } => messages.push(Message {
                tool_call_id: Some(dialect.call_ids.fit(id)),
                ..said("tool", Content::Text(told_result(content, *is_error).into_owned()))
            }),
            Block::Image { media_type, blob, .. } => {
                let url = data_url(media_type, attachment::bytes(blobs, blob, doing)?);
                parts.extend(text.drain(..).map(words));
                parts.push(json!({ "type": "image_url", "image_url": { "url": url } }));
            }
            Block::Document { name, media_type, blob } => {
                let data = data_url(media_type, attachment::bytes(blobs, blob, doing)?);
                parts.extend(text.drain(..).map(words));
                parts.push(json!({ "type": "file", "file": { "filename": name, "file_data": data } }));
            }
            Block::Reasoning { text, .. } if dialect.reasoning_back => thought.push(text),
            // Other servers put earlier reasoning in front of the answer or refuse it.
            Block::Reasoning { .. } | Block::RedactedReasoning { .. } | Block::CachePoint => {}
        }
    }
    let content = if parts.is_empty() {
        // A turn of tool results alone has no words of its own.
        if text.is_empty() && tool_calls.is_empty() && turn.role != Role::Assistant {
            return Ok(());
        }
        (!text.is_empty() || tool_calls.is_empty()).then(|| Content::Text(text.join("\n\n")))
    } else {
        parts.extend(text.drain(..).map(words));
        Some(Content::Parts(parts))
    };
    let thought = Some(thought.join("\n\n")).filter(|text| !text.is_empty() && !tool_calls.is_empty());
    let role = turn.role.as_str();
    messages.push(Message { role, content, reasoning_content: thought, tool_calls, tool_call_id: None });
    Ok(())
}

fn words(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;
    use crate::domain::message::BlobId;

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
                        Block::ToolUse {
                            id: "c1".into(),
                            name: "look".into(),
                            input: json!({"at": "é"}),
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
        }
    }

    fn sent(converse: &Converse, limit: Limit) -> Value {
        serde_json::from_slice(&body(converse, copied(limit)).unwrap()).unwrap()
    }

    fn copied(limit: Limit) -> Dialect {
        Dialect {
            limit,
            top_k: true,
            seed: Seed::Seed,
            counts: true,
            call_ids: CallIds::Any,
            reasoning_back: false,
        }
    }

    fn sent_in(converse: &Converse, dialect: Dialect) -> Value {
        serde_json::from_slice(&body(converse, dialect).unwrap()).unwrap()
    }

    #[test]
    fn what_was_thought_before_a_call_goes_back_where_the_server_wants_it_and_with_a_call_alone() {
        let mut converse = converse();
        let thought = Block::Reasoning { text: "mm".into(), signature: None };
        let said = Block::Text { text: "done".into() };
        converse.turns.push(Turn { role: Role::Assistant, blocks: vec![thought, said] });
        let back = Dialect { reasoning_back: true, ..copied(Limit::MaxTokens) };
        let messages = &sent_in(&converse, back)["messages"];
        assert_eq!(messages[2]["reasoning_content"], "hm");
        assert_eq!(messages[4], json!({"role": "assistant", "content": "done"}));
        assert_eq!(sent(&converse, Limit::MaxTokens)["messages"][2].get("reasoning_content"), None);
    }

    #[test]
    fn what_a_provider_wants_back_with_a_call_goes_back_with_it() {
        let mut converse = converse();
        let seal = json!({"google": {"thought_signature": "c2VhbA=="}});
        for block in converse.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
            if let Block::ToolUse { extra, .. } = block {
                *extra = Some(seal.clone());
            }
        }
        let call = &sent(&converse, Limit::MaxTokens)["messages"][2]["tool_calls"][0];
        assert_eq!(call["extra_content"], seal);
    }

    #[test]
    fn ids_of_calls_become_nine_letters_and_digits_where_only_those_are_taken() {
        let nine = Dialect { call_ids: CallIds::Nine, ..copied(Limit::MaxTokens) };
        let messages = &sent_in(&converse(), nine)["messages"];
        let id = messages[2]["tool_calls"][0]["id"].as_str().unwrap();
        assert!(id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        assert_eq!(messages[3]["tool_call_id"], id, "the result names its call");
        assert_eq!(CallIds::Nine.fit("aB3dE6gH9"), "aB3dE6gH9");
        assert_ne!(CallIds::Nine.fit("call_1"), CallIds::Nine.fit("call_2"));
        assert_ne!(CallIds::Nine.fit(""), "");
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
        let text = String::from_utf8(body(&converse, copied(Limit::MaxTokens)).unwrap()).unwrap();
        assert!(text.contains(r#""temperature":0.2,"top_p":0.9,"top_k":40,"max_tokens":64,"stop":["END","\n\n"],"seed":18446744073709551615"#), "{text}");
        let newer = sent(&converse, Limit::MaxCompletionTokens);
        assert_eq!((newer.get("max_tokens"), &newer["max_completion_tokens"]), (None, &json!(64)));
        assert_eq!(left_out(&converse.settings, copied(Limit::MaxTokens)), []);
        let mistral = Dialect { seed: Seed::RandomSeed, counts: false, ..copied(Limit::MaxTokens) };
        let text = String::from_utf8(body(&converse, mistral).unwrap()).unwrap();
        assert!(
            text.contains(r#""random_seed":18446744073709551615"#) && !text.contains(r#""seed""#),
            "{text}"
        );
        assert!(!text.contains("stream_options"), "{text}");
        let own = Dialect { top_k: false, ..copied(Limit::MaxTokens) };
        let sent: Value = serde_json::from_slice(&body(&converse, own).unwrap()).unwrap();
        assert_eq!(sent.get("top_k"), None);
        let told = LeftOut::said(&left_out(&converse.settings, own));
        assert_eq!(told.unwrap(), "top_k is not sent: OpenAI's own API has none");
        converse.settings.set("top_k", "").unwrap();
        assert_eq!(left_out(&converse.settings, own), []);
    }

    #[test]
    fn pictures_and_documents_go_between_the_words_and_one_without_bytes_is_no_silence() {
        let mut converse = converse();
        let blob = |name: &str| BlobId(name.into());
        converse.turns[0]
            .blocks
            .insert(1, Block::Image { media_type: "image/png".into(), blob: blob("p"), file: None });
        converse.turns[0].blocks.push(Block::Document {
            name: "a.pdf".into(),
            media_type: "application/pdf".into(),
            blob: blob("d"),
        });
        let error = body(&converse, copied(Limit::MaxTokens)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        converse.blobs.put(blob("p"), *b"png");
        converse.blobs.put(blob("d"), *b"pdf");
        assert_eq!(
            sent(&converse, Limit::MaxTokens)["messages"][1]["content"],
            json!([
                {"type": "text", "text": "one"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}},
                {"type": "text", "text": "two"},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,cGRm"}},
            ])
        );
    }

    #[test]
    fn tools_their_choice_a_schema_and_effort_are_sent() {
        let mut converse = converse();
        for (name, value) in [
            ("tools", r#"[{"name":"look","description":"d","schema":{"type":"object"}}]"#),
            ("tool_choice", "look"),
            ("response_schema", r#"{"type":"object","additionalProperties":false}"#),
            ("reasoning", "low"),
        ] {
            converse.settings.set(name, value).unwrap();
        }
        let body = sent(&converse, Limit::MaxTokens);
        let function = json!({"name": "look", "description": "d", "parameters": {"type": "object"}});
        assert_eq!(body["tools"], json!([{"type": "function", "function": function}]));
        assert_eq!(body["tool_choice"], json!({"type": "function", "function": {"name": "look"}}));
        let schema = json!({"type": "object", "additionalProperties": false});
        assert_eq!(
            body["response_format"],
            json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": true}})
        );
        assert_eq!(body["reasoning_effort"], "low");
        converse.settings.set("tool_choice", "any").unwrap();
        converse.settings.set("response_schema", r#"{"type":"object"}"#).unwrap();
        converse.settings.set("reasoning", "off").unwrap();
        let body = sent(&converse, Limit::MaxTokens);
        assert_eq!((&body["tool_choice"], &body["reasoning_effort"]), (&json!("required"), &json!("none")));
        assert_eq!(body["response_format"]["json_schema"].get("strict"), None);
    }
}
