//! Traces of Amazon Bedrock's agents: the events of an `InvokeAgent` stream, or parts of its trace by themselves.
//!
//! Source: the `bedrock-agent-runtime` model of botocore 1.44 (`TracePart`, `Trace`), and the user guide, which spells some
//! members otherwise; both are read. A file is one run for each session in it. Its parts become spans:
//!
//! | part | span |
//! |---|---|
//! | the run, and each collaborator's | agent |
//! | the parts of one `traceId` | workflow: a step |
//! | `modelInvocationInput` + `…Output` | model |
//! | `invocationInput` + `observation` | tool, retrieval, or a collaborator's agent |
//! | `guardrailTrace` | guardrail |
//! | `failureTrace` | a span that failed |
//! | `rationale`, and what the agent says at last | events |
//!
//! Every part stays in its span, under `bedrock.trace`, as it was.

mod grow;
mod parts;
mod piece;

use serde_json::Value as Json;

use crate::domain::{Error, ErrorKind, Result};
use crate::wire::bedrock::Frames;
use crate::wire::decode::Framing;
use crate::wire::trace::Decoded;
use parts::Part;

const DOING: &str = "reading the trace of a Bedrock agent";

/// Reads JSON (one document, or one a line) or a recorded event stream.
///
/// # Errors
///
/// `Invalid` where no part of a trace stands in it.
pub fn decode(bytes: &[u8]) -> Result<Decoded> {
    let mut decoded = Decoded::default();
    let mut found = Vec::new();
    if bytes.first().is_some_and(|first| *first < b' ' && !first.is_ascii_whitespace()) {
        stream(bytes, &mut found, &mut decoded);
    } else {
        text(&String::from_utf8_lossy(bytes), &mut found, &mut decoded)?;
    }
    if found.is_empty() {
        let hint = "A part has \"trace\" with one of orchestrationTrace, preProcessingTrace … in it.";
        return Err(Error::new(ErrorKind::Invalid, DOING, "no part of a trace stands in it", hint));
    }
    grow::grow(found, &mut decoded);
    Ok(decoded)
}

/// What an answer's bytes held, as Amazon frames them; of a stream that breaks off, what stood before.
fn stream(bytes: &[u8], found: &mut Vec<Part>, decoded: &mut Decoded) {
    let mut frames = Frames::default();
    let mut framed = Vec::new();
    if frames.push(bytes, &mut framed).is_err() || !is_whole(bytes) {
        decoded.cut("the stream ends in the middle");
    }
    for frame in framed {
        let json = serde_json::from_slice(&frame.payload)
            .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(&frame.payload).into_owned()));
        let event = Json::Object(serde_json::Map::from_iter([(frame.kind, json)]));
        if !parts::collect(event, found) {
            decoded.reject("an event of the stream is none that is known");
        }
    }
}

/// Whether the last message ends where the bytes do: each begins with its length.
fn is_whole(mut bytes: &[u8]) -> bool {
    while let Some(length) = bytes.first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        match bytes.get(length.max(4)..) {
            Some(rest) => bytes = rest,
            None => return false,
        }
    }
    bytes.is_empty()
}

fn text(text: &str, found: &mut Vec<Part>, decoded: &mut Decoded) -> Result<()> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_json::from_str::<Json>(text) {
        Ok(json) => {
            if !parts::collect(json, found) {
                decoded.reject("something in it is no part of a trace");
            }
        }
        Err(why) => {
            let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
            while let Some(line) = lines.next() {
                match serde_json::from_str::<Json>(line) {
                    Ok(json) => {
                        if !parts::collect(json, found) {
                            decoded.reject("a line is no part of a trace");
                        }
                    }
                    Err(_) if found.is_empty() => {
                        let hint = "Give JSON of what InvokeAgent answered, or a part of a trace a line.";
                        let why = format!("it is no JSON: {why}");
                        return Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
                    }
                    Err(_) if lines.peek().is_none() => decoded.cut("the last line ends in the middle"),
                    Err(_) => decoded.reject("a line is no JSON"),
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
