//! The texts of an item as named fields, as annotation programs have them.
//!
//! We write `prompt`, `reference` and `answer_0`, `answer_1` …; of others we also read the usual names.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::dataset::sound;
use crate::domain::evaluation::item::{Item, Response, Turn};
use crate::domain::message::Role;

const PROMPTS: [&str; 5] = ["prompt", "question", "instruction", "input", "text"];
const REFERENCES: [&str; 3] = ["reference", "referenceResponse", "reference_response"];
const ANSWERS: [&str; 4] = ["answer", "response", "completion", "output"];

/// The item, and the field that each of its answers stands in. `models` names whose the answers are; where it does not,
/// the field does.
pub(super) fn item(
    fields: &Map<String, Value>,
    models: Option<&Value>,
) -> Result<(Item, Vec<String>), String> {
    let text = |names: &[&str]| names.iter().find_map(|name| fields.get(*name)?.as_str()).map(str::to_owned);
    let prompt = text(&PROMPTS).ok_or_else(|| format!("it has no field {}", PROMPTS.join(", ")))?;
    let mut turns = match fields.get("preceding_turns") {
        None | Some(Value::Null) => Vec::new(),
        Some(said) => Vec::<Turn>::deserialize(said).map_err(|why| format!("its turns before: {why}"))?,
    };
    turns.push(Turn { role: Role::User, text: prompt });
    let answers: Vec<(&String, &str)> = fields
        .iter()
        .filter(|(name, _)| is_answer(name))
        .filter_map(|(name, text)| Some((name, text.as_str()?)))
        .collect();
    let keys = answers.iter().map(|(name, _)| (*name).clone()).collect();
    let responses = answers
        .into_iter()
        .enumerate()
        .map(|(at, (name, text))| Response {
            model: models
                .and_then(|models| models.get(at)?.as_str())
                .map_or_else(|| name.clone(), str::to_owned),
            text: text.to_owned(),
        })
        .collect();
    let item = Item {
        turns,
        reference: text(&REFERENCES),
        category: text(&["category"]),
        responses,
        conversation: text(&["conversation"]),
    };
    Ok((sound(item)?, keys))
}

/// `left`, `right`, or the usual names with a number or one letter behind: `answer_0`, `response-b`, `output1`.
fn is_answer(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let numbered = |rest: &str| {
        let mark = rest.trim_start_matches(['_', '-', ' ']);
        !mark.is_empty()
            && (mark.bytes().all(|byte| byte.is_ascii_digit())
                || mark.len() == 1 && mark.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    name == "left"
        || name == "right"
        || ANSWERS.iter().any(|known| name.strip_prefix(known).is_some_and(numbered))
}

/// The field of the answer at a place.
pub(super) fn key(at: usize) -> String {
    format!("answer_{at}")
}

/// The texts of an item; models and category are told apart.
pub(super) fn of(item: &Item) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("prompt".into(), json!(item.prompt()));
    if let Some(reference) = &item.reference {
        fields.insert("reference".into(), json!(reference));
    }
    for (at, response) in item.responses.iter().enumerate() {
        fields.insert(key(at), json!(response.text));
    }
    fields
}

/// The turns before the prompt and the conversation, where there are any.
pub(super) fn before(item: &Item, fields: &mut Map<String, Value>) {
    let before = &item.turns[..item.turns.len().saturating_sub(1)];
    if !before.is_empty() {
        fields.insert("preceding_turns".into(), json!(before));
    }
    for (name, text) in [("category", &item.category), ("conversation", &item.conversation)] {
        if let Some(text) = text {
            fields.insert(name.into(), json!(text));
        }
    }
}

/// Whose the answers are.
pub(super) fn models(item: &Item) -> Value {
    item.responses.iter().map(|response| json!(response.model)).collect()
}
