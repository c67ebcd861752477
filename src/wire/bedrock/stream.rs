//! The stream of an answer: messages to events.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Framed, Frames, fault, native};
use crate::domain::delta::Event;
use crate::domain::message::{StopReason, Usage};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::decode::{self, Meaning, Protocol};
use crate::wire::loose;

/// Reads one answer of `ConverseStream`.
pub type Decoder = decode::Decoder<Collector>;

/// What is put together over several messages.
#[derive(Debug, Default)]
pub struct Collector {
    /// Calls of tools and pictures, by their number in the answer.
    open: Vec<(u32, Open)>,
    thoughts: Vec<(u32, Thought)>,
    reason: Option<StopReason>,
    /// The chunks of `InvokeModel`'s stream, which come instead.
    chunks: native::Told,
}

#[derive(Debug)]
enum Open {
    Tool { id: String, name: String, input: String },
    Image { format: String, bytes: Vec<u8> },
}

#[derive(Debug, Default)]
struct Thought {
    said: bool,
    seal: String,
}

impl Protocol for Collector {
    type Framing = Frames;

    fn take(&mut self, doing: &str, frame: &Framed, _: bool, events: &mut Vec<Event>) -> Result<Meaning> {
        match frame.class.as_str() {
            "event" => self.event(doing, frame, events),
            "exception" | "error" => Err(fault::in_stream(doing, &frame.kind, &frame.payload)),
            _ => Ok(Meaning::Foreign),
        }
    }

    fn has_stopped(&self) -> bool {
        self.reason.is_some() || self.chunks.has_stopped()
    }

    fn held(&self) -> usize {
        let open = self.open.iter().map(|(_, open)| {
            size_of::<Open>()
                + match open {
                    Open::Tool { input, .. } => input.len(),
                    Open::Image { bytes, .. } => bytes.len(),
                }
        });
        let thoughts = self.thoughts.iter().map(|(_, thought)| size_of::<Thought>() + thought.seal.len());
        open.sum::<usize>() + thoughts.sum::<usize>()
    }

    fn stop(&mut self, events: &mut Vec<Event>) {
        if self.reason.is_none() {
            return self.chunks.stop(events);
        }
        for (_, thought) in std::mem::take(&mut self.thoughts) {
            thought.give_out(events);
        }
        for (_, open) in std::mem::take(&mut self.open) {
            open.give_out(events);
        }
        events.push(Event::Stop { reason: self.reason.unwrap_or(StopReason::Other) });
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    #[serde(default)]
    content_block_index: u32,
    #[serde(default)]
    start: Start,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    tool_use: Option<ToolStart>,
    image: Option<ImageStart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolStart {
    #[serde(default)]
    tool_use_id: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct ImageStart {
    #[serde(default)]
    format: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grown {
    #[serde(default)]
    content_block_index: u32,
    #[serde(default)]
    delta: Delta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta {
    text: Option<String>,
    reasoning_content: Option<ReasoningDelta>,
    tool_use: Option<ToolDelta>,
    image: Option<ImageDelta>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReasoningDelta {
    text: Option<String>,
    signature: Option<String>,
    redacted_content: Option<String>,
}

#[derive(Deserialize)]
struct ToolDelta {
    #[serde(default)]
    input: String,
}

#[derive(Deserialize)]
struct ImageDelta {
    source: Option<ImageSource>,
}

#[derive(Deserialize)]
pub(super) struct ImageSource {
    pub(super) bytes: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stopped {
    #[serde(default)]
    content_block_index: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ended {
    #[serde(default, deserialize_with = "loose::text")]
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    usage: Option<Counted>,
}

#[derive(Deserialize)]
pub(super) struct Counted {
    #[serde(rename = "inputTokens", default, deserialize_with = "loose::count")]
    input: Option<u32>,
    #[serde(rename = "outputTokens", default, deserialize_with = "loose::count")]
    output: Option<u32>,
    #[serde(rename = "cacheReadInputTokens", default, deserialize_with = "loose::count")]
    cache_read: Option<u32>,
    #[serde(rename = "cacheWriteInputTokens", default, deserialize_with = "loose::count")]
    cache_write: Option<u32>,
}

impl Collector {
    fn event(&mut self, doing: &str, frame: &Framed, events: &mut Vec<Event>) -> Result<Meaning> {
        match frame.kind.as_str() {
            "chunk" => return self.chunks.take(doing, &frame.payload, events),
            "messageStart" => {}
            "contentBlockStart" => {
                let Started { content_block_index: at, start } = read(doing, frame)?;
                if let Some(tool) = start.tool_use {
                    let input = String::new();
                    self.open.push((at, Open::Tool { id: tool.tool_use_id, name: tool.name, input }));
                } else if let Some(image) = start.image {
                    self.open.push((at, Open::Image { format: image.format, bytes: Vec::new() }));
                }
            }
            "contentBlockDelta" => {
                let Grown { content_block_index: at, delta } = read(doing, frame)?;
                self.grow(doing, at, delta, events)?;
            }
            "contentBlockStop" => {
                let Stopped { content_block_index: at } = read(doing, frame)?;
                if let Some(place) = self.thoughts.iter().position(|(number, _)| *number == at) {
                    self.thoughts.remove(place).1.give_out(events);
                }
                if let Some(place) = self.open.iter().position(|(number, _)| *number == at) {
                    self.open.remove(place).1.give_out(events);
                }
            }
            "messageStop" => {
                let Ended { stop_reason } = read(doing, frame)?;
                self.reason = Some(reason(stop_reason.as_deref().unwrap_or_default()));
            }
            "metadata" => {
                let Metadata { usage } = read(doing, frame)?;
                take_usage(usage, events);
                // It is the last one.
                return Ok(if self.has_stopped() { Meaning::End } else { Meaning::Piece });
            }
            // Of a later version of the API.
            _ => return Ok(Meaning::Nothing),
        }
        Ok(Meaning::Piece)
    }

    fn grow(&mut self, doing: &str, at: u32, delta: Delta, events: &mut Vec<Event>) -> Result<()> {
        if let Some(text) = delta.text.filter(|text| !text.is_empty()) {
            events.push(Event::Text { text });
        }
        if let Some(thought) = delta.reasoning_content {
            let known = self.reasoning(at);
            if let Some(text) = thought.text.filter(|text| !text.is_empty()) {
                known.said = true;
                events.push(Event::Reasoning { text });
            }
            known.seal.push_str(&thought.signature.unwrap_or_default());
            events.extend(thought.redacted_content.map(|data| Event::RedactedReasoning { data }));
        }
        let open = self.open.iter_mut().find(|(number, _)| *number == at).map(|(_, open)| open);
        match (open, delta.tool_use, delta.image) {
            (Some(Open::Tool { input, .. }), Some(piece), _) => input.push_str(&piece.input),
            (Some(Open::Image { bytes, .. }), _, Some(piece)) => {
                let piece = piece.source.and_then(|source| source.bytes).unwrap_or_default();
                bytes.extend(decoded(doing, &piece)?);
            }
            _ => {}
        }
        Ok(())
    }

    /// The reasoning of this number, begun where it is new.
    fn reasoning(&mut self, at: u32) -> &mut Thought {
        let known = self.thoughts.iter().position(|(number, _)| *number == at);
        let place = known.unwrap_or_else(|| {
            self.thoughts.push((at, Thought::default()));
            self.thoughts.len() - 1
        });
        &mut self.thoughts[place].1
    }
}

impl Thought {
    fn give_out(self, events: &mut Vec<Event>) {
        if self.seal.is_empty() {
            return;
        }
        // One that is kept back has its seal all the same.
        if !self.said {
            events.push(Event::Reasoning { text: String::new() });
        }
        events.push(Event::ReasoningSignature { signature: self.seal });
    }
}

impl Open {
    fn give_out(self, events: &mut Vec<Event>) {
        match self {
            Self::Tool { id, name, input } => {
                events.push(Event::ToolUse { id, name, input: loose::input(input) });
            }
            Self::Image { format, bytes } if !bytes.is_empty() => {
                events.push(Event::Image { media_type: format!("image/{format}"), bytes });
            }
            Self::Image { .. } => {}
        }
    }
}

fn read<'a, T: Deserialize<'a>>(doing: &str, frame: &'a Framed) -> Result<T> {
    serde_json::from_slice(&frame.payload).map_err(|why| {
        let start = decode::Frame::start(frame);
        Error::new(
            ErrorKind::Server { status: 200 },
            doing,
            format!("the server sent a piece that cannot be read ({why}): {start}"),
            "What came before it is kept; try again.",
        )
    })
}

pub(super) fn decoded(doing: &str, bytes: &str) -> Result<Vec<u8>> {
    STANDARD.decode(bytes).map_err(|why| {
        let why = format!("the server sent a picture whose bytes are no base64: {why}");
        Error::new(ErrorKind::Server { status: 200 }, doing, why, "Try again.")
    })
}

pub(super) fn reason(name: &str) -> StopReason {
    match name {
        "end_turn" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "guardrail_intervened" | "content_filtered" => StopReason::Filtered,
        "model_context_window_exceeded" => StopReason::ContextFull,
        _ => StopReason::Other,
    }
}

/// The API counts what came from a cache, and what went into it, apart from the input
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>); ours is all of it.
pub(super) fn take_usage(counted: Option<Counted>, events: &mut Vec<Event>) {
    let Some(counted) = counted else { return };
    let (read, written) = (counted.cache_read, counted.cache_write);
    let input = counted
        .input
        .map(|fresh| fresh.saturating_add(read.unwrap_or(0)).saturating_add(written.unwrap_or(0)));
    let usage =
        Usage { input, output: counted.output, cache_read: read, cache_write: written, ..Usage::default() };
    if usage != Usage::default() {
        events.push(Event::Usage { usage });
    }
}
