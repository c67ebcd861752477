//! The stream of an answer (<https://docs.anthropic.com/en/docs/build-with-claude/streaming>): bytes to events.

use serde::Deserialize;
use serde_json::Value;

use super::{fault, reply};
use crate::domain::delta::Event;
use crate::domain::message::{StopReason, Usage};
use crate::domain::{Error, Result};
use crate::wire::decode::{self, Meaning, Protocol};
use crate::wire::loose;
use crate::wire::sse::{Frame, Sse};

/// Reads one answer of the Messages API.
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
        // The common case first, in one pass; an error or nonsense is looked at twice.
        match serde_json::from_str::<Piece>(data) {
            Ok(piece) if PIECES.contains(&piece.r#type.as_str()) => {
                self.take_piece(piece, events);
                Ok(Meaning::Piece)
            }
            Ok(piece) if piece.r#type == "message_stop" => Ok(Meaning::End),
            Ok(piece) if piece.r#type == "ping" => Ok(Meaning::Nothing),
            read => {
                let is_piece = |value: &Value| {
                    value.get("type").and_then(Value::as_str).is_some_and(|name| PIECES.contains(&name))
                };
                decode::other(doing, data, read.as_ref().err(), understood, fault::in_stream, is_piece)
            }
        }
    }

    fn has_stopped(&self) -> bool {
        self.reason.is_some()
    }

    fn held(&self) -> usize {
        self.open.iter().map(|tool| size_of::<Tool>() + tool.input.len()).sum()
    }

    fn stop(&mut self, events: &mut Vec<Event>) {
        while let Some(index) = self.open.first().map(|tool| tool.index) {
            self.close(index, events);
        }
        events.push(Event::Stop { reason: self.reason.unwrap_or(StopReason::Other) });
    }

    fn unreadable(doing: &str, start: &str) -> Error {
        reply::unreadable(doing, "its events are none of that API", start.as_bytes())
    }
}

/// The events that hold a part of the answer.
const PIECES: [&str; 5] =
    ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"];

#[derive(Deserialize)]
struct Piece {
    r#type: String,
    #[serde(default, deserialize_with = "loose::count")]
    index: Option<u32>,
    message: Option<Begun>,
    content_block: Option<Content>,
    delta: Option<Delta>,
    usage: Option<Counted>,
}

#[derive(Deserialize)]
struct Begun {
    usage: Option<Counted>,
}

/// A block as it begins, or whole.
#[derive(Deserialize)]
pub(super) struct Content {
    #[serde(default, deserialize_with = "loose::text")]
    r#type: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    thinking: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    signature: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    data: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    name: Option<String>,
    input: Option<Value>,
}

/// What is added to a block, or said of the whole answer at its end.
#[derive(Deserialize)]
struct Delta {
    #[serde(default, deserialize_with = "loose::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    thinking: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    signature: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    partial_json: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    stop_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Counted {
    /// Neither read from a cache nor put into one.
    #[serde(default, deserialize_with = "loose::count")]
    input_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    cache_read_input_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    cache_creation_input_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    output_tokens: Option<u32>,
    output_tokens_details: Option<Thought>,
}

#[derive(Debug, Deserialize)]
struct Thought {
    #[serde(default, deserialize_with = "loose::count")]
    thinking_tokens: Option<u32>,
}

/// What is put together over several events.
#[derive(Debug, Default)]
pub struct Collector {
    /// Tool calls whose input still comes.
    open: Vec<Tool>,
    /// Something was thought in this block, so that its seal has what it seals.
    thought: bool,
    /// Uncached, read and written prompt tokens: each may be told early or late.
    prompt: [Option<u32>; 3],
    reason: Option<StopReason>,
}

#[derive(Debug)]
struct Tool {
    index: u32,
    id: String,
    name: String,
    /// As it stood at the beginning: servers that stream no input send it there.
    whole: Option<Value>,
    input: String,
}

impl Collector {
    fn take_piece(&mut self, piece: Piece, events: &mut Vec<Event>) {
        let index = piece.index.unwrap_or(0);
        match piece.r#type.as_str() {
            "message_start" => {
                let usage = piece.message.and_then(|message| message.usage);
                // The output counted so early is that of no answer yet.
                self.take_usage(usage.map(|usage| Counted { output_tokens: None, ..usage }), events);
            }
            "content_block_start" => {
                if let Some(content) = piece.content_block {
                    self.begin(index, content, events);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = piece.delta {
                    self.grow(index, delta, events);
                }
            }
            "content_block_stop" => self.close(index, events),
            _ => {
                self.take_reason(piece.delta.and_then(|delta| delta.stop_reason));
                self.take_usage(piece.usage, events);
            }
        }
    }

    /// A block begins; blocks of kinds that are not known here say nothing.
    pub(super) fn begin(&mut self, index: u32, content: Content, events: &mut Vec<Event>) {
        match content.r#type.as_deref() {
            Some("text") => say(content.text, events),
            Some("thinking") => {
                self.thought = false;
                self.think(content.thinking, events);
                self.seal(content.signature, events);
            }
            Some("redacted_thinking") => {
                events.extend(content.data.map(|data| Event::RedactedReasoning { data }));
            }
            Some("tool_use") => {
                // A number that comes twice without an end between is another call all the same.
                self.close(index, events);
                self.open.push(Tool {
                    index,
                    id: content.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{index}")),
                    name: content.name.unwrap_or_default(),
                    whole: content.input,
                    input: String::new(),
                });
            }
            _ => {}
        }
    }

    /// Texts, thoughts, seals and inputs; of anything else, citations among them, nothing is kept.
    fn grow(&mut self, index: u32, delta: Delta, events: &mut Vec<Event>) {
        say(delta.text, events);
        self.think(delta.thinking, events);
        self.seal(delta.signature, events);
        if let Some(piece) = delta.partial_json
            && let Some(tool) = self.open.iter_mut().find(|tool| tool.index == index)
        {
            tool.input.push_str(&piece);
        }
    }

    fn think(&mut self, text: Option<String>, events: &mut Vec<Event>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.thought = true;
            events.push(Event::Reasoning { text });
        }
    }

    fn seal(&mut self, signature: Option<String>, events: &mut Vec<Event>) {
        let Some(signature) = signature.filter(|signature| !signature.is_empty()) else { return };
        if !std::mem::replace(&mut self.thought, true) {
            // Thoughts that are not shown have a seal all the same, which goes back with them.
            events.push(Event::Reasoning { text: String::new() });
        }
        events.push(Event::ReasoningSignature { signature });
    }

    /// A block has ended: a tool call is whole.
    pub(super) fn close(&mut self, index: u32, events: &mut Vec<Event>) {
        let Some(at) = self.open.iter().position(|tool| tool.index == index) else { return };
        let Tool { id, name, whole, input, .. } = self.open.remove(at);
        let input = match whole {
            Some(whole) if input.trim().is_empty() && !whole.is_null() => whole,
            _ => loose::input(input),
        };
        events.push(Event::ToolUse { id, name, input });
    }

    pub(super) fn take_reason(&mut self, reason: Option<String>) {
        let Some(reason) = reason else { return };
        self.reason = Some(match reason.as_str() {
            "end_turn" => StopReason::EndTurn,
            "max_tokens" => StopReason::MaxTokens,
            "stop_sequence" => StopReason::StopSequence,
            "tool_use" => StopReason::ToolUse,
            "refusal" => StopReason::Filtered,
            "model_context_window_exceeded" => StopReason::ContextFull,
            _ => StopReason::Other,
        });
    }

    pub(super) fn take_usage(&mut self, counted: Option<Counted>, events: &mut Vec<Event>) {
        let Some(counted) = counted else { return };
        let told =
            [counted.input_tokens, counted.cache_read_input_tokens, counted.cache_creation_input_tokens];
        for (known, told) in self.prompt.iter_mut().zip(told) {
            *known = told.or(*known);
        }
        let [fresh, cache_read, cache_write] = self.prompt;
        let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
        let usage = Usage {
            input: fresh.map(|fresh| fresh.saturating_add(cached)),
            output: counted.output_tokens,
            cache_read,
            cache_write,
            reasoning: counted.output_tokens_details.and_then(|details| details.thinking_tokens),
            estimated: false,
        };
        if usage != Usage::default() {
            events.push(Event::Usage { usage });
        }
    }
}

fn say(text: Option<String>, events: &mut Vec<Event>) {
    events.extend(text.filter(|text| !text.is_empty()).map(|text| Event::Text { text }));
}
