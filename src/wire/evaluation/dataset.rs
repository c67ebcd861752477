//! Datasets as JSONL: Bedrock's prompt datasets (`bedrock-spec` 4.3) and the nested form of `SageMaker`.
//!
//! ```text
//! {"prompt": "…", "referenceResponse": "…", "category": "…", "modelResponses": [{"response": "…", "modelIdentifier": "…"}]}
//! {"prompt": {"text": "…"}, "referenceResponse": {"text": "…"}, "responses": [{"modelIdentifier": "…", "text": "…"}]}
//! ```
//!
//! Neither has turns before the prompt: they stand in a field of our own, `precedingTurns`, which others ignore, next to
//! `conversation`.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::lines::{Read, jsonl, line};
use crate::domain::Result;
use crate::domain::evaluation::item::{Item, Response, Turn};
use crate::domain::message::Role;

/// The longest prompt, reference or answer, in bytes: more than any model reads.
pub const LONGEST: usize = 4 * 1024 * 1024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    prompt: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_response: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_responses: Vec<Answer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    preceding_turns: Vec<Turn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
}

impl<'de> Deserialize<'de> for Record {
    /// Field by field: what is wrong names its field, and what is expected of it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Fields::deserialize(deserializer).and_then(|fields| fields.record().map_err(D::Error::custom))
    }
}

/// The fields that are known, as they stand.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    prompt: Option<Value>,
    reference_response: Option<Value>,
    category: Option<Value>,
    #[serde(alias = "responses")]
    model_responses: Option<Value>,
    preceding_turns: Option<Value>,
    conversation: Option<Value>,
}

/// A text, or an object with one.
const TEXT: &str = "a text, or an object with one as \"text\"";
const RESPONSES: &str = "a list of {\"response\": \"…\", \"modelIdentifier\": \"…\"}";
const TURNS: &str = "a list of {\"role\": \"user\" or \"assistant\" or \"system\", \"text\": \"…\"}";

impl Fields {
    fn record(self) -> std::result::Result<Record, String> {
        Ok(Record {
            prompt: field("prompt", self.prompt, TEXT)?,
            reference_response: field("referenceResponse", self.reference_response, TEXT)?,
            category: field("category", self.category, "a text")?,
            model_responses: field("modelResponses", self.model_responses, RESPONSES)?.unwrap_or_default(),
            preceding_turns: field("precedingTurns", self.preceding_turns, TURNS)?.unwrap_or_default(),
            conversation: field("conversation", self.conversation, "a text")?,
        })
    }
}

/// A field, or what it should have been.
fn field<T: DeserializeOwned>(
    name: &str,
    said: Option<Value>,
    expected: &str,
) -> std::result::Result<Option<T>, String> {
    let Some(said) = said else { return Ok(None) };
    let is = match &said {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    let read = serde_json::from_value(said);
    read.map(Some).map_err(|why| match is.as_str() {
        // A list of the right kind has something wrong in it.
        "a list" if expected.starts_with("a list") => format!("`{name}`: {why}; it is {expected}"),
        _ => format!("`{name}` is {is}; it is to be {expected}"),
    })
}

/// A text, by itself or nested.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Nested { text: String },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(alias = "text")]
    response: String,
    model_identifier: String,
}

impl Text {
    fn into_string(self) -> String {
        match self {
            Self::Plain(text) | Self::Nested { text } => text,
        }
    }
}

/// The items of a dataset in either form; texts are kept verbatim.
pub fn read(bytes: &[u8]) -> Read<Item> {
    jsonl(bytes).and_then(item)
}

/// The dataset in Bedrock's form.
pub fn write(items: &[Item]) -> Result<String> {
    items.iter().map(|item| line(&record(item))).collect()
}

/// An item, or what is wrong with it.
pub(super) fn item(record: Record) -> std::result::Result<Item, String> {
    let Some(prompt) = record.prompt.map(Text::into_string) else { return Err("it has no prompt".into()) };
    let mut turns = record.preceding_turns;
    turns.push(Turn { role: Role::User, text: prompt });
    let responses = record
        .model_responses
        .into_iter()
        .map(|answer| Response { model: answer.model_identifier, text: answer.response })
        .collect();
    sound(Item {
        turns,
        reference: record.reference_response.map(Text::into_string),
        category: record.category.filter(|category| !category.is_empty()),
        responses,
        conversation: record.conversation,
    })
}

/// The item, if there is something to ask and every answer is somebody's.
pub fn sound(item: Item) -> std::result::Result<Item, String> {
    if item.prompt().trim().is_empty() {
        return Err("its prompt is empty".into());
    }
    for (at, response) in item.responses.iter().enumerate() {
        if response.model.trim().is_empty() {
            return Err(format!("its response {} names no model", at + 1));
        }
        if item.responses[..at].iter().any(|other| other.model == response.model) {
            return Err(format!("it has two responses of {:?}", response.model));
        }
    }
    let texts = item.turns.iter().map(|turn| &turn.text);
    let texts = texts.chain(&item.reference).chain(item.responses.iter().map(|response| &response.text));
    if let Some(long) = texts.map(String::len).find(|bytes| *bytes > LONGEST) {
        return Err(format!("a text of it has {long} bytes, at most {LONGEST} are taken"));
    }
    Ok(item)
}

pub(super) fn record(item: &Item) -> Record {
    let before = item.turns.len().saturating_sub(1);
    Record {
        prompt: Some(Text::Plain(item.prompt().to_owned())),
        reference_response: item.reference.clone().map(Text::Plain),
        category: item.category.clone(),
        model_responses: item
            .responses
            .iter()
            .map(|response| Answer {
                response: response.text.clone(),
                model_identifier: response.model.clone(),
            })
            .collect(),
        preceding_turns: item.turns[..before].to_vec(),
        conversation: item.conversation.clone(),
    }
}

/// Why a text is not the JSON that it should be, without the line, which is told apart.
pub(in crate::wire) fn no_json(why: &serde_json::Error) -> String {
    let said = why.to_string();
    let said = said.rfind(" at line ").map_or(said.as_str(), |at| &said[..at]);
    // What the parser calls a word of JSON: true, false, null.
    let said = said.replace("expected ident", "expected value");
    if why.is_data() { said } else { format!("no JSON at column {}: {said}", why.column()) }
}
