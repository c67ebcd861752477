//! The models that a server has, and what it knows of each.

use serde::Deserialize;
use serde_json::Value;

use super::reply;
use crate::domain::Result;
use crate::domain::catalog::{Capability, ModelCard, ModelId};
use crate::wire::loose;

#[derive(Deserialize)]
struct Listed {
    #[serde(default, deserialize_with = "loose::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    model: Option<String>,
    size: Option<Value>,
    details: Option<Value>,
    /// Who really answers, for models of Ollama's cloud.
    #[serde(default, deserialize_with = "loose::text")]
    remote_host: Option<String>,
}

/// The cards of `/api/tags`; entries that make no sense are left out. What [`show`] adds is unknown yet.
pub fn cards(doing: &str, provider: &str, place: &str, body: &[u8]) -> Result<Vec<ModelCard>> {
    let value = reply::json(doing, body)?;
    let Some(list) = value.get("models").and_then(Value::as_array) else {
        return Err(reply::unreadable(doing, "it holds no list of models", body));
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
    let name = listed.model.as_deref().or(listed.name.as_deref())?;
    let detail = |key: &str| {
        let text = listed.details.as_ref().and_then(|details| details.get(key)?.as_str());
        text.map(str::trim).filter(|text| !text.is_empty() && *text != "unknown")
    };
    let family = detail("family").unwrap_or_default();
    let mut weights: Vec<String> =
        [detail("family"), detail("parameter_size")].into_iter().flatten().map(str::to_owned).collect();
    weights.extend(detail("quantization_level").map(|level| format!("at {level}")));
    let served = match &listed.remote_host {
        Some(host) => format!("Ollama at {place}, which asks {host}"),
        None => format!("Ollama at {place}"),
    };
    let detail = if weights.is_empty() { served } else { format!("{}, {served}", weights.join(" ")) };
    // Those of the families of BERT make vectors, and nothing else.
    let embeds = family.contains("bert") || name.to_ascii_lowercase().contains("embed");
    Some(ModelCard {
        capabilities: if embeds { vec![Capability::Embed] } else { chat() },
        lacks: vec![Capability::Documents, Capability::Images],
        // What is asked elsewhere takes no room here.
        bytes: listed.size.as_ref().and_then(Value::as_u64).filter(|_| listed.remote_host.is_none()),
        removable: true,
        detail,
        ..ModelCard::unknown(ModelId::new(provider, name).ok()?)
    })
}

/// What every model that writes can do: Ollama itself keeps it to a schema.
fn chat() -> Vec<Capability> {
    vec![Capability::Chat, Capability::Schema]
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default, deserialize_with = "loose::text")]
    license: Option<String>,
    /// Of the model's own file, a line each: `num_ctx    8192`.
    #[serde(default, deserialize_with = "loose::text")]
    parameters: Option<String>,
    /// Older servers tell none.
    capabilities: Option<Value>,
}

/// Adds what `/api/show` says of a model to its card.
pub fn show(doing: &str, card: &mut ModelCard, body: &[u8]) -> Result<()> {
    let shown = Shown::deserialize(reply::json(doing, body)?)
        .map_err(|why| reply::unreadable(doing, &why.to_string(), body))?;
    let told = shown.capabilities.as_ref().and_then(Value::as_array).filter(|told| !told.is_empty());
    if let Some(told) = told {
        let has = |name: &str| told.iter().any(|capability| capability == name);
        card.capabilities = if has("completion") { chat() } else { Vec::new() };
        for (name, capability) in [
            ("embedding", Capability::Embed),
            ("vision", Capability::Vision),
            ("tools", Capability::Tools),
            ("thinking", Capability::Reasoning),
        ] {
            if has(name) {
                card.capabilities.push(capability);
            } else if name != "embedding" {
                // Vectors can be asked of any model.
                card.lacks.push(capability);
            }
        }
        if !has("completion") {
            card.lacks.push(Capability::Chat);
        }
    }
    card.context = card.context.or_else(|| context(&shown));
    let licence =
        shown.license.iter().flat_map(|text| text.lines()).map(str::trim).find(|line| !line.is_empty());
    card.licence = licence.map(|line| line.chars().take(80).collect());
    Ok(())
}

/// The context that the model's own file says it is run with. How long it was made to be says nothing: what a server runs it
/// with hangs on its memory (<https://docs.ollama.com/context-length>).
fn context(shown: &Shown) -> Option<u32> {
    shown.parameters.iter().flat_map(|text| text.lines()).find_map(|line| {
        let (name, value) = line.trim().split_once(char::is_whitespace)?;
        (name == "num_ctx").then(|| value.trim().parse().ok())?
    })
}

#[derive(Deserialize)]
struct Running {
    #[serde(default, deserialize_with = "loose::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    model: Option<String>,
    /// Older servers tell none.
    #[serde(default, deserialize_with = "loose::count")]
    context_length: Option<u32>,
}

/// Adds to the cards of the models that are loaded, by `/api/ps`, the context that they run with.
pub fn running(doing: &str, cards: &mut [ModelCard], body: &[u8]) -> Result<()> {
    let value = reply::json(doing, body)?;
    let loaded = value.get("models").and_then(Value::as_array).into_iter().flatten();
    for running in loaded.filter_map(|entry| Running::deserialize(entry).ok()) {
        let Some(name) = running.model.or(running.name) else { continue };
        if let Some(card) = cards.iter_mut().find(|card| card.id.model() == name) {
            card.context = running.context_length.filter(|tokens| *tokens > 0).or(card.context);
        }
    }
    Ok(())
}
