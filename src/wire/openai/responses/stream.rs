//! The answer: a stream of events, or whole.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::delta::Event;
use crate::domain::message::{StopReason, Usage};
use crate::domain::{Error, Result};
use crate::wire::attachment;
use crate::wire::decode::{self, Meaning, Protocol};
use crate::wire::loose;
use crate::wire::openai::{fault, reply};
use crate::wire::sse::{Frame, Sse};

/// Reads one answer of Responses.
pub type Decoder = decode::Decoder<Collector>;

#[derive(Deserialize)]
struct Said {
    r#type: String,
    #[serde(default, deserialize_with = "loose::text")]
    delta: Option<String>,
    item: Option<Item>,
    response: Option<Answer>,
}

/// A response as far as it has come.
#[derive(Deserialize)]
struct Answer {
    #[serde(default, deserialize_with = "loose::text")]
    status: Option<String>,
    incomplete_details: Option<Incomplete>,
    usage: Option<Counted>,
    output: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Incomplete {
    #[serde(default, deserialize_with = "loose::text")]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(default, deserialize_with = "loose::count")]
    input_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    output_tokens: Option<u32>,
    input_tokens_details: Option<Cached>,
    output_tokens_details: Option<Reasoned>,
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

/// Something that the model put out.
#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "loose::text")]
    r#type: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    call_id: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    arguments: Option<String>,
    /// Of a picture: its bytes, as base64.
    #[serde(default, deserialize_with = "loose::text")]
    result: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    output_format: Option<String>,
    content: Option<Vec<Part>>,
    summary: Option<Vec<Part>>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default, deserialize_with = "loose::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    refusal: Option<String>,
}

/// What is known of the calls and of the end.
#[derive(Debug, Default)]
pub struct Collector {
    calls: usize,
    /// Bytes of what calls are asked with that came in pieces: each call comes whole behind its own.
    begun: usize,
    reason: Option<StopReason>,
}

impl Collector {
    /// Gives out a tool call, whole.
    fn call(&mut self, item: Item, events: &mut Vec<Event>) {
        let arguments = item.arguments.unwrap_or_default();
        self.begun = self.begun.saturating_sub(arguments.len());
        let input = loose::input(arguments);
        let id = item.call_id.unwrap_or_else(|| format!("call_{}", self.calls));
        self.calls += 1;
        events.push(Event::ToolUse { id, name: item.name.unwrap_or_default(), input });
    }

    fn end(&mut self, answer: Option<Answer>, events: &mut Vec<Event>) {
        let Some(answer) = answer else {
            self.reason = Some(StopReason::Other);
            return;
        };
        if let Some(counted) = answer.usage {
            let usage = Usage {
                input: counted.input_tokens,
                output: counted.output_tokens,
                cache_read: counted.input_tokens_details.and_then(|d| d.cached_tokens),
                reasoning: counted.output_tokens_details.and_then(|d| d.reasoning_tokens),
                ..Usage::default()
            };
            events.push(Event::Usage { usage });
        }
        let why = answer.incomplete_details.and_then(|details| details.reason);
        self.reason = Some(match (answer.status.as_deref(), why.as_deref()) {
            (_, Some("max_output_tokens")) => StopReason::MaxTokens,
            (_, Some("content_filter")) => StopReason::Filtered,
            (Some("completed") | None, None) if self.calls > 0 => StopReason::ToolUse,
            (Some("completed") | None, None) => StopReason::EndTurn,
            _ => StopReason::Other,
        });
    }
}

/// What an answer is not that cannot be read.
const RESPONSE: &str = "no response of that API";

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
            return Ok(if self.reason.is_some() { Meaning::End } else { Meaning::Foreign });
        }
        let said = match serde_json::from_str::<Said>(data) {
            Ok(said) => said,
            Err(why) => {
                let is_piece = |value: &Value| value.get("type").is_some();
                return decode::other(doing, data, Some(&why), understood, fault::in_stream, is_piece);
            }
        };
        match said.r#type.as_str() {
            "response.output_text.delta" | "response.refusal.delta" => {
                events.extend(said.delta.filter(|t| !t.is_empty()).map(|text| Event::Text { text }));
            }
            "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
                events.extend(said.delta.filter(|t| !t.is_empty()).map(|text| Event::Reasoning { text }));
            }
            "response.function_call_arguments.delta" => {
                self.begun += said.delta.map_or(0, |delta| delta.len());
            }
            "response.output_item.done" => match said.item {
                Some(item) if item.r#type.as_deref() == Some("function_call") => self.call(item, events),
                Some(item) if item.r#type.as_deref() == Some(PICTURE) => events.extend(picture(&item)),
                _ => {}
            },
            "response.completed" | "response.incomplete" => {
                self.end(said.response, events);
                return Ok(Meaning::End);
            }
            "response.failed" | "error" => return Err(failed(doing, data)),
            kind if kind.starts_with("response.") => {}
            _ => return Ok(Meaning::Foreign),
        }
        Ok(Meaning::Piece)
    }

    fn has_stopped(&self) -> bool {
        self.reason.is_some()
    }

    fn held(&self) -> usize {
        self.begun
    }

    fn stop(&mut self, events: &mut Vec<Event>) {
        events.push(Event::Stop { reason: self.reason.unwrap_or(StopReason::Other) });
    }

    fn unreadable(doing: &str, start: &str) -> Error {
        reply::unreadable(doing, RESPONSE, "its frames are no events of a response", start.as_bytes())
    }
}

/// A tool of the server's own that made one.
const PICTURE: &str = "image_generation_call";

/// `None` where it failed: it holds no bytes then.
fn picture(item: &Item) -> Option<Event> {
    let media_type = format!("image/{}", item.output_format.as_deref().unwrap_or("png"));
    Some(attachment::picture(&media_type, item.result.as_deref()?))
}

/// The error of a frame that says that the response failed: in `response.error`, in `error`, or in itself.
fn failed(doing: &str, data: &str) -> Error {
    let value: Value = serde_json::from_str(data).unwrap_or(Value::Null);
    let inner = value.pointer("/response/error").or_else(|| value.get("error")).filter(|e| !e.is_null());
    let error = inner.unwrap_or(&value).clone();
    fault::in_stream(doing, &serde_json::json!({ "error": error }))
        .unwrap_or_else(|| crate::wire::fault::broken(doing, "the response failed", data))
}

/// A whole response, as servers send it that do not stream.
pub fn whole(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|why| reply::unreadable(doing, RESPONSE, &why.to_string(), body))?;
    if let Some(error) = fault::in_stream(doing, &value) {
        return Err(error);
    }
    let mut answer = Answer::deserialize(&value)
        .map_err(|why| reply::unreadable(doing, RESPONSE, &why.to_string(), body))?;
    let Some(output) = answer.output.take() else {
        return Err(reply::unreadable(doing, RESPONSE, "it has no output", body));
    };
    let mut collector = Collector::default();
    let mut events = Vec::new();
    for item in output {
        let kind = item.r#type.clone();
        match kind.as_deref() {
            Some("function_call") => collector.call(item, &mut events),
            Some(PICTURE) => events.extend(picture(&item)),
            Some("reasoning") => {
                let thoughts = item.content.into_iter().chain(item.summary).flatten();
                events.extend(thoughts.filter_map(|part| part.text).map(|text| Event::Reasoning { text }));
            }
            Some("message") => {
                let parts = item.content.into_iter().flatten();
                events.extend(parts.filter_map(|p| p.text.or(p.refusal)).map(|text| Event::Text { text }));
            }
            _ => {}
        }
    }
    collector.end(Some(answer), &mut events);
    collector.stop(&mut events);
    Ok(events)
}
