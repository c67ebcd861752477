//! What comes whole: an answer of Converse, and a count of tokens.

use serde::Deserialize;
use serde_json::Value;

use super::native;
use super::stream::{Counted, ImageSource, decoded, reason, take_usage};
use crate::domain::delta::Event;
use crate::domain::{Error, Result};
use crate::wire::fault;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    output: Output,
    #[serde(default)]
    stop_reason: String,
    usage: Option<Counted>,
}

#[derive(Deserialize)]
struct Output {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Vec<Block>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    text: Option<String>,
    reasoning_content: Option<Reasoning>,
    tool_use: Option<ToolUse>,
    image: Option<Image>,
    citations_content: Option<Cited>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reasoning {
    reasoning_text: Option<ReasoningText>,
    redacted_content: Option<String>,
}

#[derive(Deserialize)]
struct ReasoningText {
    #[serde(default)]
    text: String,
    signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUse {
    #[serde(default, rename = "toolUseId")]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    input: Value,
}

#[derive(Deserialize)]
struct Image {
    #[serde(default)]
    format: String,
    source: Option<ImageSource>,
}

#[derive(Deserialize)]
struct Cited {
    #[serde(default)]
    content: Vec<Piece>,
}

#[derive(Deserialize)]
struct Piece {
    text: Option<String>,
}

/// A whole answer, of Converse or of a model's own.
pub fn answer(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let unread = |why: serde_json::Error| unreadable(doing, "no answer of Converse", &why.to_string(), body);
    let value: Value = serde_json::from_slice(body).map_err(unread)?;
    if value.get("output").is_none() {
        return native::answer(doing, body);
    }
    let answer = Answer::deserialize(value).map_err(unread)?;
    let mut events = Vec::new();
    for block in answer.output.message.content {
        let cited = block
            .citations_content
            .into_iter()
            .flat_map(|cited| cited.content)
            .filter_map(|piece| piece.text);
        let texts = block.text.into_iter().chain(cited).filter(|text| !text.is_empty());
        events.extend(texts.map(|text| Event::Text { text }));
        if let Some(Reasoning { reasoning_text, redacted_content }) = block.reasoning_content {
            if let Some(ReasoningText { text, signature }) = reasoning_text {
                events.push(Event::Reasoning { text });
                events.extend(signature.map(|signature| Event::ReasoningSignature { signature }));
            }
            events.extend(redacted_content.map(|data| Event::RedactedReasoning { data }));
        }
        events.extend(block.tool_use.map(|tool| Event::ToolUse {
            id: tool.id,
            name: tool.name,
            input: tool.input,
        }));
        if let Some(Image { format, source: Some(ImageSource { bytes: Some(bytes) }) }) = block.image {
            events
                .push(Event::Image { media_type: format!("image/{format}"), bytes: decoded(doing, &bytes)? });
        }
    }
    take_usage(answer.usage, &mut events);
    events.push(Event::Stop { reason: reason(&answer.stop_reason) });
    Ok(events)
}

/// The answer of `CountTokens`.
pub fn tokens(doing: &str, body: &[u8]) -> Result<u32> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Count {
        input_tokens: u32,
    }
    let count: Count =
        serde_json::from_slice(body).map_err(|why| unreadable(doing, "no count", &why.to_string(), body))?;
    Ok(count.input_tokens)
}

pub(super) fn unreadable(doing: &str, what: &str, why: &str, body: &[u8]) -> Error {
    fault::unreadable(doing, what, why, body, "Check base_url and region of this provider.")
}
