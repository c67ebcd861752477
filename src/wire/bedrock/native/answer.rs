//! What comes back: whole, or in chunks. Whose words they are shows in their names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::delta::Event;
use crate::domain::message::{StopReason, Usage};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::anthropic::{self, Messages};
use crate::wire::bedrock::reply::unreadable;
use crate::wire::decode::{Meaning, Protocol};
use crate::wire::{loose, sse};

/// An answer of whatever family: the texts and ends of Titan, Jurassic-2, Llama, Command and Command R under their names.
#[derive(Default, Deserialize)]
struct Piece {
    /// Titan, whole.
    #[serde(default)]
    results: Vec<Titan>,
    /// Titan, a chunk.
    #[serde(flatten)]
    titan: Titan,
    #[serde(rename = "inputTextTokenCount", default, deserialize_with = "loose::count")]
    titan_input: Option<u32>,
    #[serde(rename = "totalOutputTextTokenCount", default, deserialize_with = "loose::count")]
    titan_output: Option<u32>,
    /// Jurassic-2.
    #[serde(default)]
    completions: Vec<Completion>,
    /// Llama.
    generation: Option<String>,
    #[serde(default, deserialize_with = "loose::count")]
    prompt_token_count: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    generation_token_count: Option<u32>,
    stop_reason: Option<String>,
    /// Command.
    #[serde(default)]
    generations: Vec<Generation>,
    /// Command's chunks, and Command R.
    text: Option<String>,
    finish_reason: Option<String>,
    #[serde(rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<Metrics>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Titan {
    output_text: Option<String>,
    completion_reason: Option<String>,
    #[serde(default, deserialize_with = "loose::count")]
    token_count: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Completion {
    data: Data,
    finish_reason: Option<Finish>,
}

#[derive(Deserialize)]
struct Data {
    text: String,
}

#[derive(Deserialize)]
struct Finish {
    reason: String,
}

#[derive(Deserialize)]
struct Generation {
    text: String,
    finish_reason: Option<String>,
}

/// What Bedrock itself has counted; it comes with the last chunk.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    #[serde(default, deserialize_with = "loose::count")]
    input_token_count: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    output_token_count: Option<u32>,
}

impl Piece {
    /// The texts in it and what was counted; the end goes into `end`. Whether it is of one of these families.
    fn read(self, events: &mut Vec<Event>, end: &mut Option<StopReason>) -> bool {
        let (mut texts, mut reasons) = (Vec::new(), vec![self.finish_reason, self.stop_reason]);
        let mut output = self.generation_token_count.or(self.titan_output);
        for titan in self.results.into_iter().chain([self.titan]) {
            texts.extend(titan.output_text);
            reasons.push(titan.completion_reason);
            output = output.or(titan.token_count);
        }
        for completion in self.completions {
            texts.push(completion.data.text);
            reasons.push(completion.finish_reason.map(|finish| finish.reason));
        }
        for generation in self.generations {
            texts.push(generation.text);
            reasons.push(generation.finish_reason);
        }
        texts.extend(self.generation);
        texts.extend(self.text);
        let reason = reasons.into_iter().flatten().next();
        if texts.is_empty() && reason.is_none() && self.metrics.is_none() {
            return false;
        }
        let texts = texts.into_iter().filter(|text| !text.is_empty());
        events.extend(texts.map(|text| Event::Text { text }));
        let metrics = self.metrics.as_ref();
        let usage = Usage {
            input: metrics
                .and_then(|counted| counted.input_token_count)
                .or(self.prompt_token_count)
                .or(self.titan_input),
            output: metrics.and_then(|counted| counted.output_token_count).or(output),
            ..Usage::default()
        };
        if usage != Usage::default() {
            events.push(Event::Usage { usage });
        }
        *end = reason.map(|reason| meant(&reason)).or(*end);
        true
    }
}

fn meant(reason: &str) -> StopReason {
    match reason {
        "FINISH" | "FINISHED" | "stop" | "COMPLETE" | "endoftext" => StopReason::EndTurn,
        "LENGTH" | "length" | "MAX_TOKENS" => StopReason::MaxTokens,
        "STOP_CRITERIA_MET" => StopReason::StopSequence,
        "CONTENT_FILTERED" | "ERROR_TOXIC" => StopReason::Filtered,
        "ERROR_LIMIT" => StopReason::ContextFull,
        _ => StopReason::Other,
    }
}

/// A whole answer.
pub fn answer(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let no = |why: &str| unreadable(doing, "none of a model that is known here", why, body);
    let value: Value = serde_json::from_slice(body).map_err(|why| no(&why.to_string()))?;
    if value.get("type").and_then(Value::as_str) == Some("message") {
        return anthropic::reply::message(doing, body);
    }
    let piece = Piece::deserialize(value).map_err(|why| no(&why.to_string()))?;
    let (mut events, mut reason) = (Vec::new(), None);
    if !piece.read(&mut events, &mut reason) {
        return Err(no("no text is in it"));
    }
    events.push(Event::Stop { reason: reason.unwrap_or(StopReason::Other) });
    Ok(events)
}

/// The chunks of an answer so far.
#[derive(Debug, Default)]
pub struct Told {
    claude: Messages,
    reason: Option<StopReason>,
}

#[derive(Deserialize)]
struct Chunk {
    bytes: String,
}

impl Told {
    /// Reads the payload of one `chunk` event.
    pub fn take(&mut self, doing: &str, payload: &[u8], events: &mut Vec<Event>) -> Result<Meaning> {
        let broken = |why: String| {
            let why = format!("the server sent a piece that cannot be read: {why}");
            Error::new(
                ErrorKind::Server { status: 200 },
                doing,
                why,
                "What came before it is kept; try again.",
            )
        };
        let chunk: Chunk = serde_json::from_slice(payload).map_err(|why| broken(why.to_string()))?;
        let bytes = STANDARD.decode(chunk.bytes).map_err(|why| broken(why.to_string()))?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|why| broken(why.to_string()))?;
        let metrics = value.get("amazon-bedrock-invocationMetrics").is_some();
        if value.get("type").is_some() {
            let frame = sse::Frame { data: String::from_utf8_lossy(&bytes).into_owned() };
            return self.claude.take(doing, &frame, true, events);
        }
        let piece = Piece::deserialize(value).map_err(|why| broken(why.to_string()))?;
        if !piece.read(events, &mut self.reason) {
            return Ok(Meaning::Nothing);
        }
        Ok(if metrics && self.reason.is_some() { Meaning::End } else { Meaning::Piece })
    }

    /// Whether the model has ended its answer.
    pub fn has_stopped(&self) -> bool {
        self.reason.is_some() || self.claude.has_stopped()
    }

    /// Gives out what was held back, and the end.
    pub fn stop(&mut self, events: &mut Vec<Event>) {
        match self.reason {
            Some(reason) => events.push(Event::Stop { reason }),
            None => self.claude.stop(events),
        }
    }
}
