//! What comes whole: an answer of a server that does not stream, and the list of models.

use serde::Deserialize;
use serde_json::Value;

use super::fault;
use super::stream::{Choice, Collector, Counted, take_usage};
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::delta::Event;
use crate::domain::{Error, Result};
use crate::wire::loose;

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Counted>,
}

/// A whole completion, as servers send it that know no streaming.
pub fn completion(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let not_one = |why: String| unreadable(doing, "no chat completion", &why, body);
    let value: Value = serde_json::from_slice(body).map_err(|why| not_one(why.to_string()))?;
    if let Some(error) = fault::in_stream(doing, &value) {
        return Err(error);
    }
    let completion: Completion = serde_json::from_value(value).map_err(|why| not_one(why.to_string()))?;
    let choice = completion.choices.into_iter().next().ok_or_else(|| not_one("it has no choices".into()))?;
    let mut collector = Collector::default();
    let mut events = Vec::new();
    collector.take_choice(choice, &mut events);
    take_usage(completion.usage, &mut events);
    collector.give_out(&mut events);
    Ok(events)
}

pub(super) fn unreadable(doing: &str, of: &str, why: &str, body: &[u8]) -> Error {
    crate::wire::fault::unreadable(
        doing,
        of,
        why,
        body,
        "Check that the base_url ends where the API starts, often with /v1.",
    )
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    /// vLLM.
    #[serde(default, deserialize_with = "loose::count")]
    max_model_len: Option<u32>,
    /// `OpenRouter`, Together.
    #[serde(default, deserialize_with = "loose::count")]
    context_length: Option<u32>,
    /// Groq.
    #[serde(default, deserialize_with = "loose::count")]
    context_window: Option<u32>,
    /// llama.cpp.
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default, deserialize_with = "loose::count")]
    n_ctx: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    n_ctx_train: Option<u32>,
}

/// What an answer to `/models` is not that cannot be read.
const LIST: &str = "no list of models";

/// The cards of `/models`; entries that make no sense are left out.
pub fn models(doing: &str, provider: &str, place: &str, body: &[u8]) -> Result<Vec<ModelCard>> {
    let value: Value =
        serde_json::from_slice(body).map_err(|why| unreadable(doing, LIST, &why.to_string(), body))?;
    if let Some(error) = fault::in_stream(doing, &value) {
        return Err(error);
    }
    // An object with `data`; Together sends the bare list.
    let Some(list) = value.get("data").unwrap_or(&value).as_array() else {
        return Err(unreadable(doing, LIST, "it holds no list", body));
    };
    let mut cards: Vec<ModelCard> = list
        .iter()
        .filter_map(|entry| Listed::deserialize(entry).ok())
        .filter_map(|listed| card(provider, place, &listed))
        .collect();
    cards.sort_by(|a, b| a.id.cmp(&b.id));
    cards.dedup_by(|a, b| a.id == b.id);
    Ok(cards)
}

fn card(provider: &str, place: &str, listed: &Listed) -> Option<ModelCard> {
    let meta = listed.meta.as_ref();
    Some(ModelCard {
        context: listed
            .max_model_len
            .or(listed.context_length)
            .or(listed.context_window)
            .or_else(|| meta.and_then(|m| m.n_ctx.or(m.n_ctx_train))),
        detail: format!("OpenAI-compatible at {place}"),
        ..ModelCard::unknown(ModelId::new(provider, &listed.id).ok()?)
    })
}
