//! The stream of an answer: lines to events.

use serde::Deserialize;
use serde_json::Value;

use super::{fault, reply};
use crate::domain::delta::Event;
use crate::domain::message::{StopReason, Usage};
use crate::domain::{Error, Result};
use crate::wire::decode::{self, Meaning, Protocol};
use crate::wire::loose;
use crate::wire::ndjson::{Line, Ndjson};

/// Reads one answer of `/api/chat`.
pub type Decoder = decode::Decoder<Collector>;

#[derive(Deserialize)]
pub(super) struct Piece {
    message: Option<Said>,
    done: Option<bool>,
    #[serde(default, deserialize_with = "loose::text")]
    done_reason: Option<String>,
    #[serde(default, deserialize_with = "loose::count")]
    prompt_eval_count: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    eval_count: Option<u32>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default, deserialize_with = "loose::text")]
    content: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    thinking: Option<String>,
    tool_calls: Option<Vec<Called>>,
}

#[derive(Deserialize)]
struct Called {
    /// Of newer servers alone.
    #[serde(default, deserialize_with = "loose::text")]
    id: Option<String>,
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    name: String,
    arguments: Option<Value>,
}

impl Piece {
    /// Whether it is one: a line of something else holds neither.
    pub(super) fn is_one(&self) -> bool {
        self.error.is_none() && (self.message.is_some() || self.done.is_some())
    }
}

/// What is known of an answer over its pieces.
#[derive(Debug, Default)]
pub struct Collector {
    /// The ids of the tools that were called.
    called: Vec<String>,
    reason: Option<StopReason>,
}

impl Protocol for Collector {
    type Framing = Ndjson;

    fn take(
        &mut self,
        doing: &str,
        line: &Line,
        understood: bool,
        events: &mut Vec<Event>,
    ) -> Result<Meaning> {
        // The common case first, in one pass; an error or nonsense is looked at twice.
        let piece = match serde_json::from_str::<Piece>(&line.text) {
            Ok(piece) if piece.is_one() => piece,
            read => {
                let (why, is_piece) = (read.as_ref().err(), |value: &Value| value.get("message").is_some());
                return decode::other(doing, &line.text, why, understood, fault::in_stream, is_piece);
            }
        };
        self.take_piece(piece, events);
        Ok(if self.reason.is_some() { Meaning::End } else { Meaning::Piece })
    }

    fn has_stopped(&self) -> bool {
        self.reason.is_some()
    }

    fn stop(&mut self, events: &mut Vec<Event>) {
        self.give_out(events);
    }

    fn unreadable(doing: &str, start: &str) -> Error {
        reply::unreadable(doing, "its lines are no JSON of that API", start.as_bytes())
    }
}

impl Collector {
    pub(super) fn take_piece(&mut self, piece: Piece, events: &mut Vec<Event>) {
        if let Some(said) = piece.message {
            if let Some(text) = said.thinking.filter(|text| !text.is_empty()) {
                events.push(Event::Reasoning { text });
            }
            if let Some(text) = said.content.filter(|text| !text.is_empty()) {
                events.push(Event::Text { text });
            }
            for call in said.tool_calls.into_iter().flatten() {
                let id = self.id(call.id);
                let input = input(call.function.arguments);
                events.push(Event::ToolUse { id, name: call.function.name, input });
            }
        }
        if piece.prompt_eval_count.is_some() || piece.eval_count.is_some() {
            let usage =
                Usage { input: piece.prompt_eval_count, output: piece.eval_count, ..Usage::default() };
            events.push(Event::Usage { usage });
        }
        if piece.done == Some(true) {
            self.reason = Some(match piece.done_reason.as_deref() {
                // Ollama has no reason of its own for it.
                Some("stop") if !self.called.is_empty() => StopReason::ToolUse,
                Some("stop") => StopReason::EndTurn,
                Some("length") => StopReason::MaxTokens,
                // "load" and "unload" are answers to no question.
                _ => StopReason::Other,
            });
        }
    }

    /// The id of a call, which is no other one's; servers without ids get one of ours.
    fn id(&mut self, told: Option<String>) -> String {
        let is_new = |id: &String| !id.is_empty() && !self.called.contains(id);
        let id = told.filter(is_new).or_else(|| {
            let from = self.called.len();
            (from..=from * 2).map(|number| format!("call_{number}")).find(is_new)
        });
        let id = id.unwrap_or_default();
        self.called.push(id.clone());
        id
    }

    /// The end of the answer.
    pub(super) fn give_out(&mut self, events: &mut Vec<Event>) {
        events.push(Event::Stop { reason: self.reason.unwrap_or(StopReason::Other) });
    }
}

/// A tool's input. What is neither an object nor the text of one is kept as it is, for the tool to refuse.
fn input(arguments: Option<Value>) -> Value {
    match arguments {
        None | Some(Value::Null) => loose::input(String::new()),
        Some(Value::String(text)) => loose::input(text),
        Some(other) => other,
    }
}
