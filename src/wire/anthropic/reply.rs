//! What comes whole: an answer of a server that does not stream, a count of tokens, and the list of models.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fault;
use super::stream::{Collector, Content, Counted};
use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId};
use crate::domain::delta::Event;
use crate::domain::{Error, Result};
use crate::wire::decode::Protocol;
use crate::wire::loose;

#[derive(Deserialize)]
struct Message {
    content: Vec<Content>,
    #[serde(default, deserialize_with = "loose::text")]
    stop_reason: Option<String>,
    usage: Option<Counted>,
}

/// A whole message, as servers send it that know no streaming.
pub fn message(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let message: Message = read(doing, body)?;
    let mut collector = Collector::default();
    let mut events = Vec::new();
    for (content, index) in message.content.into_iter().zip(0..) {
        collector.begin(index, content, &mut events);
        collector.close(index, &mut events);
    }
    collector.take_reason(message.stop_reason);
    collector.take_usage(message.usage, &mut events);
    collector.stop(&mut events);
    Ok(events)
}

/// The answer to a count.
pub fn tokens(doing: &str, body: &[u8]) -> Result<u32> {
    #[derive(Deserialize)]
    struct Counted {
        input_tokens: u32,
    }
    read(doing, body).map(|counted: Counted| counted.input_tokens)
}

fn read<T: DeserializeOwned>(doing: &str, body: &[u8]) -> Result<T> {
    let not_one = |why: serde_json::Error| unreadable(doing, &why.to_string(), body);
    let value: Value = serde_json::from_slice(body).map_err(not_one)?;
    match fault::in_stream(doing, &value) {
        Some(error) => Err(error),
        None => serde_json::from_value(value).map_err(not_one),
    }
}

pub(super) fn unreadable(doing: &str, why: &str, body: &[u8]) -> Error {
    crate::wire::fault::unreadable(
        doing,
        "none of the Messages API",
        why,
        body,
        "Check that the base_url ends where the API starts, often with /v1.",
    )
}

/// One page of the list of models.
#[derive(Debug, PartialEq)]
pub struct Page {
    pub cards: Vec<ModelCard>,
    /// The last model, where more follow it.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Listing {
    data: Vec<Value>,
    #[serde(default)]
    has_more: bool,
    #[serde(default, deserialize_with = "loose::text")]
    last_id: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(default, deserialize_with = "loose::text")]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "loose::count")]
    max_input_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    max_tokens: Option<u32>,
    /// Each with its `supported`; absent where the server does not tell.
    #[serde(default)]
    capabilities: Value,
    #[serde(default, deserialize_with = "loose::text")]
    lifecycle: Option<String>,
}

/// A page of `/models`; entries that make no sense are left out.
pub fn models(doing: &str, provider: &str, place: &str, body: &[u8]) -> Result<Page> {
    let list: Listing = read(doing, body)?;
    let listed = list.data.iter().filter_map(|entry| Listed::deserialize(entry).ok());
    let cards = listed.filter_map(|listed| card(provider, place, listed)).collect();
    Ok(Page { cards, next: list.last_id.filter(|_| list.has_more) })
}

fn card(provider: &str, place: &str, listed: Listed) -> Option<ModelCard> {
    let id = ModelId::new(provider, &listed.id).ok()?;
    let (capabilities, lacks) = abilities(&listed);
    let availability = match listed.lifecycle.as_deref() {
        Some("retired") => Availability::Unusable { why: "its provider has retired it".to_owned() },
        _ => Availability::Ready,
    };
    let unknown = ModelCard::unknown(id);
    Some(ModelCard {
        title: listed.display_name.filter(|name| !name.is_empty()).unwrap_or_else(|| unknown.title.clone()),
        availability,
        capabilities,
        lacks,
        context: listed.max_input_tokens.filter(|tokens| *tokens > 0),
        max_output: listed.max_tokens.filter(|tokens| *tokens > 0),
        detail: format!("Anthropic's Messages API at {place}"),
        ..unknown
    })
}

/// What a model can do and what it cannot: as the server tells, else what every Claude of today can.
fn abilities(listed: &Listed) -> (Vec<Capability>, Vec<Capability>) {
    const TOLD: [(Capability, &str); 4] = [
        (Capability::Vision, "image_input"),
        (Capability::Documents, "pdf_input"),
        (Capability::Reasoning, "thinking"),
        (Capability::Schema, "structured_outputs"),
    ];
    let (mut can, mut lacks) = (vec![Capability::Chat], Vec::new());
    let is_claude = listed.id.contains("claude");
    if is_claude {
        can.push(Capability::Tools);
        lacks.extend([Capability::Embed, Capability::Images]);
    }
    for (capability, name) in TOLD {
        let told = listed.capabilities.get(name).and_then(|told| told.get("supported")?.as_bool());
        let known = is_claude && matches!(capability, Capability::Vision | Capability::Documents);
        match told.or(known.then_some(true)) {
            Some(true) => can.push(capability),
            Some(false) => lacks.push(capability),
            None => {}
        }
    }
    (can, lacks)
}
