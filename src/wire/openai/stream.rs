//! The stream of an answer: bytes to events.

use serde::Deserialize;
use serde_json::Value;

use super::{fault, reply};
use crate::domain::delta::Event;
use crate::domain::message::{StopReason, Usage};
use crate::domain::{Error, Result};
use crate::wire::attachment;
use crate::wire::decode::{self, Meaning, Protocol};
use crate::wire::loose;
use crate::wire::sse::{Frame, Sse};

/// Reads one answer of Chat Completions.
pub type Decoder = decode::Decoder<Collector>;

impl Protocol for Collector {
    type Framing = Sse;

    fn take(
        &mut self,
        doing: &str,
        frame: &Frame,
        understood: bool,
        events: &mut Vec<Event>,
    ) -> Result<Meaning> {
        let data = frame.data.trim();
        if data.is_empty() {
            return Ok(Meaning::Nothing);
        }
        if data == "[DONE]" {
            return Ok(Meaning::End);
        }
        // The common case first, in one pass; an error object or nonsense is looked at twice.
        let chunk = match serde_json::from_str::<Chunk>(data) {
            Ok(chunk) if chunk.error.is_none() && (chunk.choices.is_some() || chunk.usage.is_some()) => chunk,
            read => {
                let is_piece = |value: &Value| value.get("choices").is_some();
                return decode::other(
                    doing,
                    data,
                    read.as_ref().err(),
                    understood,
                    fault::in_stream,
                    is_piece,
                );
            }
        };
        if let Some(choice) = chunk.choices.and_then(|c| c.into_iter().next()) {
            self.take_choice(choice, events);
        }
        take_usage(chunk.usage, events);
        Ok(Meaning::Piece)
    }

    fn has_stopped(&self) -> bool {
        self.reason.is_some()
    }

    fn held(&self) -> usize {
        let extra = |tool: &Tool| tool.extra.as_ref().map_or(0, |extra| extra.to_string().len());
        let size = |tool: &Tool| size_of::<Tool>() + tool.name.len() + tool.arguments.len() + extra(tool);
        self.tools.iter().map(size).sum()
    }

    fn stop(&mut self, events: &mut Vec<Event>) {
        self.give_out(events);
    }

    fn unreadable(doing: &str, start: &str) -> Error {
        reply::unreadable(doing, "no chat completion", "its frames are no JSON of that API", start.as_bytes())
    }
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Counted>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    delta: Option<Delta>,
    /// In an answer that comes whole.
    message: Option<Delta>,
    #[serde(default, deserialize_with = "loose::text")]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Content>,
    /// llama.cpp, vLLM, `DeepSeek`.
    reasoning_content: Option<Content>,
    /// `OpenRouter`, Ollama.
    reasoning: Option<Content>,
    #[serde(default, deserialize_with = "loose::text")]
    refusal: Option<String>,
    tool_calls: Option<Vec<ToolPiece>>,
    /// `OpenRouter`: addresses of pictures, which hold their bytes.
    images: Option<Value>,
}

/// A text, or (Mistral) a list of typed parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
    thinking: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct ToolPiece {
    #[serde(default, deserialize_with = "loose::count")]
    index: Option<u32>,
    #[serde(default, deserialize_with = "loose::text")]
    id: Option<String>,
    function: Option<FunctionPiece>,
    /// Gemini: the seal of what it thought, which it wants back with the call.
    extra_content: Option<Value>,
}

#[derive(Deserialize)]
struct FunctionPiece {
    #[serde(default, deserialize_with = "loose::text")]
    name: Option<String>,
    /// A text that grows; some servers send the object itself.
    arguments: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Counted {
    #[serde(default, deserialize_with = "loose::count")]
    prompt_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    completion_tokens: Option<u32>,
    prompt_tokens_details: Option<Cached>,
    completion_tokens_details: Option<Reasoned>,
}

#[derive(Deserialize)]
struct Cached {
    #[serde(default, deserialize_with = "loose::count")]
    cached_tokens: Option<u32>,
}

#[derive(Deserialize)]
struct Reasoned {
    #[serde(default, deserialize_with = "loose::count")]
    reasoning_tokens: Option<u32>,
}

/// What is put together over several chunks.
#[derive(Debug, Default)]
pub struct Collector {
    tools: Vec<Tool>,
    reason: Option<StopReason>,
}

#[derive(Debug, Default)]
struct Tool {
    index: Option<u32>,
    id: String,
    name: String,
    arguments: String,
    extra: Option<Value>,
}

impl Collector {
    pub(super) fn take_choice(&mut self, choice: Choice, events: &mut Vec<Event>) {
        if let Some(delta) = choice.delta.or(choice.message) {
            let thought = delta
                .reasoning_content
                .filter(|thought| matches!(thought, Content::Text(_)))
                .or(delta.reasoning);
            if let Some(Content::Text(text)) = thought
                && !text.is_empty()
            {
                events.push(Event::Reasoning { text });
            }
            match delta.content {
                Some(Content::Text(text)) if !text.is_empty() => events.push(Event::Text { text }),
                Some(Content::Parts(parts)) => take_parts(parts, events),
                _ => {}
            }
            if let Some(text) = delta.refusal.filter(|t| !t.is_empty()) {
                events.push(Event::Text { text });
            }
            let images = delta.images.as_ref().and_then(Value::as_array);
            events.extend(images.into_iter().flatten().filter_map(picture));
            for piece in delta.tool_calls.into_iter().flatten() {
                self.take_tool(piece);
            }
        }
        if let Some(reason) = choice.finish_reason.filter(|r| !r.is_empty()) {
            self.reason = Some(match reason.as_str() {
                "stop" | "eos" => StopReason::EndTurn,
                "length" => StopReason::MaxTokens,
                "tool_calls" | "function_call" => StopReason::ToolUse,
                "content_filter" => StopReason::Filtered,
                _ => StopReason::Other,
            });
        }
    }

    fn take_tool(&mut self, piece: ToolPiece) {
        // Servers without an index send each call whole: a new id is a new call.
        let known = self.tools.iter().position(|tool| match (piece.index, &piece.id) {
            (Some(_), _) => tool.index == piece.index,
            (None, Some(id)) => tool.id == *id,
            (None, None) => false,
        });
        let last = self.tools.len().checked_sub(1);
        let at = known.or_else(|| last.filter(|_| piece.index.is_none() && piece.id.is_none()));
        let at = at.unwrap_or_else(|| {
            self.tools.push(Tool { index: piece.index, ..Tool::default() });
            self.tools.len() - 1
        });
        let tool = &mut self.tools[at];
        if let Some(id) = piece.id.filter(|id| !id.is_empty()) {
            tool.id = id;
        }
        if let Some(extra) = piece.extra_content.filter(|extra| !extra.is_null()) {
            tool.extra = Some(extra);
        }
        if let Some(function) = piece.function {
            if let Some(name) = function.name
                && tool.name != name
            {
                tool.name.push_str(&name);
            }
            match function.arguments {
                Some(Value::String(text)) => tool.arguments.push_str(&text),
                Some(Value::Null) | None => {}
                Some(whole) => tool.arguments = whole.to_string(),
            }
        }
    }

    /// Gives out the tool calls, whole now, and the end.
    pub(super) fn give_out(&mut self, events: &mut Vec<Event>) {
        for (at, tool) in self.tools.drain(..).enumerate() {
            let input = loose::input(tool.arguments);
            let id = if tool.id.is_empty() { format!("call_{at}") } else { tool.id };
            events.push(Event::ToolUse { id, name: tool.name, input });
            events.extend(tool.extra.map(|extra| Event::ToolExtra { extra }));
        }
        events.push(Event::Stop { reason: self.reason.unwrap_or(StopReason::Other) });
    }
}

/// `{"type":"image_url","image_url":{"url":"data:…"}}`; what is none says nothing.
fn picture(entry: &Value) -> Option<Event> {
    entry.pointer("/image_url/url")?.as_str().map(attachment::picture_at)
}

fn take_parts(parts: Vec<Part>, events: &mut Vec<Event>) {
    for part in parts {
        for thought in part.thinking.into_iter().flatten() {
            if let Some(text) = thought.text.filter(|t| !t.is_empty()) {
                events.push(Event::Reasoning { text });
            }
        }
        if let Some(text) = part.text.filter(|t| !t.is_empty()) {
            events.push(Event::Text { text });
        }
    }
}

pub(super) fn take_usage(counted: Option<Counted>, events: &mut Vec<Event>) {
    let Some(counted) = counted else { return };
    let usage = Usage {
        input: counted.prompt_tokens,
        output: counted.completion_tokens,
        cache_read: counted.prompt_tokens_details.and_then(|d| d.cached_tokens),
        cache_write: None,
        reasoning: counted.completion_tokens_details.and_then(|d| d.reasoning_tokens),
        estimated: false,
    };
    if usage != Usage::default() {
        events.push(Event::Usage { usage });
    }
}
