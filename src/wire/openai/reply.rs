//! What comes whole: an answer of a server that does not stream, and the list of models.

use serde::Deserialize;
use serde_json::Value;

use super::fault;
use super::stream::{Choice, Collector, Counted, take_usage};
use crate::domain::catalog::{Capability, ModelCard, ModelId, Price};
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
    /// Mistral.
    #[serde(default, deserialize_with = "loose::count")]
    max_context_length: Option<u32>,
    /// Groq.
    #[serde(default, deserialize_with = "loose::count")]
    max_completion_tokens: Option<u32>,
    /// Mistral, Azure.
    #[serde(default, deserialize_with = "loose::or_none")]
    capabilities: Option<Abilities>,
    /// llama.cpp.
    meta: Option<Meta>,
    /// `OpenRouter`, as the three below.
    #[serde(default, deserialize_with = "loose::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "loose::or_none")]
    pricing: Option<Pricing>,
    #[serde(default, deserialize_with = "loose::or_none")]
    architecture: Option<Architecture>,
    #[serde(default, deserialize_with = "loose::or_none")]
    supported_parameters: Option<Vec<String>>,
}

/// US dollars for one token, or one picture, as texts.
#[derive(Deserialize)]
struct Pricing {
    prompt: Option<String>,
    completion: Option<String>,
    input_cache_read: Option<String>,
    input_cache_write: Option<String>,
}

#[derive(Deserialize)]
struct Architecture {
    #[serde(default)]
    input_modalities: Vec<String>,
    #[serde(default)]
    output_modalities: Vec<String>,
}

#[derive(Deserialize)]
struct Abilities {
    /// Mistral, as the two below.
    completion_chat: Option<bool>,
    function_calling: Option<bool>,
    vision: Option<bool>,
    /// Azure, as the one below. What it says no of may be asked through Responses all the same.
    chat_completion: Option<bool>,
    embeddings: Option<bool>,
}

impl Pricing {
    /// For a million tokens. What is below zero depends on the call.
    fn price(&self) -> Option<Price> {
        let million = |text: &Option<String>| {
            let one: f64 = text.as_deref()?.parse().ok()?;
            // A price of a billionth of a dollar is exact in the text and not in its product.
            (one >= 0.0).then(|| (one * 1e12).round() / 1e6)
        };
        let price = Price {
            input: million(&self.prompt),
            output: million(&self.completion),
            cache_read: million(&self.input_cache_read),
            cache_write: million(&self.input_cache_write),
            image: None,
            search: None,
            as_of: String::new(),
            source: Price::LISTED.to_owned(),
        };
        (price.input.is_some() || price.output.is_some()).then_some(price)
    }
}

impl Listed {
    /// What it says that the model can do, and what it cannot.
    fn abilities(&self) -> (Vec<Capability>, Vec<Capability>) {
        let mut told = Vec::new();
        if let Some(Architecture { input_modalities, output_modalities }) = &self.architecture {
            let has = |list: &[String], name: &str| list.iter().any(|one| one == name);
            if !output_modalities.is_empty() {
                told.push((Capability::Chat, has(output_modalities, "text")));
                told.push((Capability::Images, has(output_modalities, "image")));
            }
            if !input_modalities.is_empty() {
                told.push((Capability::Vision, has(input_modalities, "image")));
                told.push((Capability::Documents, has(input_modalities, "file")));
            }
        }
        if let Some(parameters) = &self.supported_parameters {
            let has = |name: &str| parameters.iter().any(|one| one == name);
            told.push((Capability::Tools, has("tools")));
            told.push((Capability::Reasoning, has("reasoning")));
            told.push((Capability::Schema, has("structured_outputs")));
        }
        if let Some(said) = &self.capabilities {
            let known = [
                (Capability::Chat, said.completion_chat.or(said.chat_completion.filter(|can| *can))),
                (Capability::Embed, said.embeddings.filter(|can| *can)),
                (Capability::Vision, said.vision),
                (Capability::Tools, said.function_calling),
            ];
            told.extend(known.into_iter().filter_map(|(capability, can)| Some((capability, can?))));
        }
        let (can, lacks): (Vec<_>, Vec<_>) = told.into_iter().partition(|(_, can)| *can);
        let names =
            |list: Vec<(Capability, bool)>| list.into_iter().map(|(capability, _)| capability).collect();
        (names(can), names(lacks))
    }
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
    let (capabilities, lacks) = listed.abilities();
    let id = ModelId::new(provider, &listed.id).ok()?;
    Some(ModelCard {
        title: listed.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| id.model().to_owned()),
        capabilities,
        lacks,
        price: listed.pricing.as_ref().and_then(Pricing::price),
        // None at all is what some say that do not know it.
        context: listed
            .max_model_len
            .or(listed.context_length)
            .or(listed.context_window)
            .or(listed.max_context_length)
            .or_else(|| meta.and_then(|m| m.n_ctx.or(m.n_ctx_train)))
            .filter(|tokens| *tokens > 0),
        max_output: listed.max_completion_tokens.filter(|tokens| *tokens > 0),
        detail: format!("OpenAI-compatible at {place}"),
        ..ModelCard::unknown(id)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_that_tells_prices_and_modalities_is_believed_and_strange_ones_are_passed_over() {
        let body = json!({"data": [
            {
                "id": "maker/sees",
                "name": "Maker: Sees",
                "context_length": 200_000,
                "pricing": {"prompt": "0.000003", "completion": "0.000015", "input_cache_read": "0.0000003", "request": "0"},
                "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
                "supported_parameters": ["tools", "temperature"],
            },
            {"id": "maker/router", "pricing": {"prompt": "-1", "completion": "-1"}, "architecture": "what is asked"},
            {"id": "maker/bare", "name": 7, "pricing": []},
        ]});
        let cards = models("listing", "router", "openrouter.ai:443", body.to_string().as_bytes()).unwrap();
        let [bare, router, sees] = &cards[..] else { panic!("{cards:?}") };
        assert_eq!((bare.title.as_str(), &bare.price, &bare.capabilities), ("maker/bare", &None, &vec![]));
        assert_eq!((&router.price, &router.lacks), (&None, &vec![]));
        let price = sees.price.as_ref().unwrap();
        assert_eq!((price.input, price.output, price.cache_read), (Some(3.0), Some(15.0), Some(0.3)));
        assert_eq!(sees.title, "Maker: Sees");
        assert_eq!(sees.capabilities, [Capability::Chat, Capability::Vision, Capability::Tools]);
        let lacks = [Capability::Images, Capability::Documents, Capability::Reasoning, Capability::Schema];
        assert_eq!(sees.lacks, lacks);
    }

    #[test]
    fn the_longest_answer_and_what_it_can_are_read_of_each_vendors_list() {
        let body = json!({"data": [
            {
                "id": "azure",
                "capabilities": {"chat_completion": true, "embeddings": false, "inference": true},
            },
            {"id": "azure-pro", "capabilities": {"chat_completion": false, "embeddings": false}},
            {"id": "azure-vectors", "capabilities": {"chat_completion": false, "embeddings": true}},
            {"id": "groq", "context_window": 131_072, "max_completion_tokens": 32_768},
            {
                "id": "mistral",
                "max_context_length": 131_072,
                "capabilities": {"completion_chat": true, "function_calling": true, "vision": false},
            },
            {"id": "mistral-ocr", "capabilities": {"completion_chat": false, "vision": true}},
            {"id": "router", "context_length": 0, "top_provider": {"max_completion_tokens": 16_384}},
            {"id": "strange", "top_provider": "x", "capabilities": ["chat"], "max_completion_tokens": 0},
        ]});
        let cards = models("listing", "there", "host:1", body.to_string().as_bytes()).unwrap();
        let told: Vec<_> = cards
            .iter()
            .map(|card| {
                let (can, lacks) = (card.capabilities.clone(), card.lacks.clone());
                (card.id.model(), card.context, card.max_output, can, lacks)
            })
            .collect();
        let (chat, vision, tools) = (Capability::Chat, Capability::Vision, Capability::Tools);
        let row = |id: &'static str, context, longest, can: &[Capability], lacks: &[Capability]| {
            (id, context, longest, can.to_vec(), lacks.to_vec())
        };
        assert_eq!(
            told,
            [
                row("azure", None, None, &[chat], &[]),
                row("azure-pro", None, None, &[], &[]),
                row("azure-vectors", None, None, &[Capability::Embed], &[]),
                row("groq", Some(131_072), Some(32_768), &[], &[]),
                row("mistral", Some(131_072), None, &[chat, tools], &[vision]),
                row("mistral-ocr", None, None, &[vision], &[chat]),
                // What its first server gives at most is no bound of the others.
                row("router", None, None, &[], &[]),
                row("strange", None, None, &[], &[]),
            ]
        );
    }
}
