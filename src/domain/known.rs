//! What is known of models that providers serve (`assets/catalogue.toml`), and what a person says of one.

use serde::{Deserialize, Serialize};

use super::catalog::{Capability, ModelCard, ModelId, Price};

/// One model of the catalogue. What it does not say is unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownModel {
    /// `provider/model`; a trailing `*` stands for any continuation.
    pub id: String,
    /// The whole id that its provider's list has, where `id` stands for several.
    pub listed: Option<String>,
    /// Further ids of the same model, of the same form.
    #[serde(default)]
    pub also: Vec<String>,
    /// The name for people.
    pub title: String,
    /// Context length in tokens.
    pub context: Option<u32>,
    /// Longest answer in tokens.
    pub max_output: Option<u32>,
    #[serde(default)]
    pub can: Vec<Capability>,
    #[serde(default)]
    pub lacks: Vec<Capability>,
    pub price: Option<Price>,
    /// Regions that serve it.
    #[serde(default)]
    pub regions: Vec<String>,
    /// What its provider serves in its place; it stands only at models that are retired.
    pub successor: Option<ModelId>,
}

impl KnownModel {
    /// Every id that it has.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.id).chain(&self.also).map(String::as_str)
    }

    /// The whole id by which it is listed; `None` where no such id is known.
    pub fn listed(&self) -> Option<ModelId> {
        self.listed
            .as_ref()
            .unwrap_or(&self.id)
            .parse()
            .ok()
            .filter(|id: &ModelId| !id.model().ends_with('*'))
    }

    /// How closely the model's id is met: the characters that agree, one more where all do. `None` where it is another
    /// model.
    fn closeness(&self, id: &str) -> Option<usize> {
        self.ids().filter_map(|known| met(known, id)).max()
    }

    /// Fills in what the card leaves unknown; what it says stays.
    pub fn complete(&self, card: &mut ModelCard) {
        if card.title == card.id.model() {
            card.title.clone_from(&self.title);
        }
        let unknown = |card: &ModelCard, capability: &Capability| card.can(*capability).is_none();
        for capability in &self.can {
            if unknown(card, capability) {
                card.capabilities.push(*capability);
            }
        }
        for capability in &self.lacks {
            if unknown(card, capability) {
                card.lacks.push(*capability);
            }
        }
        card.context = card.context.or(self.context);
        card.max_output = card.max_output.or(self.max_output);
        if card.price.is_none() {
            card.price.clone_from(&self.price);
        }
        // A list tells only of the Region that was asked.
        for region in &self.regions {
            if !card.regions.contains(region) {
                card.regions.push(region.clone());
            }
        }
        if card.successor.is_none() {
            card.successor.clone_from(&self.successor);
        }
    }
}

/// How closely the id is met by one of the catalogue, which may end with a `*`.
pub(super) fn met(known: &str, id: &str) -> Option<usize> {
    match known.strip_suffix('*') {
        Some(start) => id.starts_with(start).then_some(start.len()),
        None => (id == known).then_some(known.len() + 1),
    }
}

/// Parts of names by which a model is taken to be for something, where nobody says it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub embed: Vec<String>,
    pub images: Vec<String>,
    /// They are looked for first: `bge-reranker` makes no vectors.
    pub rerank: Vec<String>,
    /// For what this program does not ask for: speech, video, moderation.
    pub other: Vec<String>,
}

/// Takes a model of which nobody says what it is for to be one that chats, or by its name one that does something else.
pub fn guess(card: &mut ModelCard, names: &Names) {
    let purposes = [Capability::Chat, Capability::Embed, Capability::Images, Capability::Rerank];
    let is_told = purposes.iter().any(|purpose| card.can(*purpose) == Some(true));
    let name = card.base.as_deref().unwrap_or(card.id.model()).to_ascii_lowercase();
    let has = |parts: &[String]| parts.iter().any(|part| name.contains(part.as_str()));
    let guess = if has(&names.rerank) {
        Some(Capability::Rerank)
    } else if has(&names.embed) {
        Some(Capability::Embed)
    } else if has(&names.images) {
        Some(Capability::Images)
    } else if has(&names.other) {
        None
    } else {
        Some(Capability::Chat)
    };
    card.guess = guess.filter(|guess| !is_told && card.can(*guess).is_none());
}

/// The model of the catalogue that the id names; the closest one counts.
pub fn find<'a>(models: &'a [KnownModel], id: &ModelId) -> Option<&'a KnownModel> {
    let id = plain(id);
    let close = |model: &'a KnownModel| Some((model.closeness(&id)?, model));
    models.iter().filter_map(close).max_by_key(|(closeness, _)| *closeness).map(|(_, model)| model)
}

/// The geographies of Bedrock's inference profiles ("Supported Regions and models for inference profiles" of its guide).
const GEOGRAPHIES: [&str; 8] = ["us.", "us-gov.", "eu.", "apac.", "global.", "jp.", "au.", "ca."];

/// The id as the catalogue writes it: without what providers put in front of the model's own name.
pub(super) fn plain(id: &ModelId) -> String {
    let (provider, mut model) = (id.provider(), id.model());
    match provider {
        "bedrock" => {
            if model.starts_with("arn:") {
                model = model.rsplit('/').next().unwrap_or(model);
            }
            model = GEOGRAPHIES.iter().find_map(|geography| model.strip_prefix(geography)).unwrap_or(model);
        }
        "gemini" => model = model.strip_prefix("models/").unwrap_or(model),
        _ => {}
    }
    format!("{provider}/{model}")
}

/// What a person says of a model: it wins over whatever is known otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Correction {
    pub context: Option<u32>,
    pub max_output: Option<u32>,
    pub can: Vec<Capability>,
    pub lacks: Vec<Capability>,
    /// Its provider's name of the model that it is made of.
    pub base: Option<String>,
    /// The Regions of Bedrock from which it can be called; an empty list is none of them.
    pub regions: Option<Vec<String>>,
    /// US dollars for a million tokens, as the three below.
    pub input_price: Option<f64>,
    pub output_price: Option<f64>,
    /// Of tokens that are read from the cache.
    pub cached_price: Option<f64>,
    /// Of tokens that are written into the cache.
    pub cache_write_price: Option<f64>,
    /// US dollars for one picture.
    pub picture_price: Option<f64>,
    /// US dollars for one search of a reranker.
    pub search_price: Option<f64>,
}

/// The source of a price that a person said.
const PERSON: &str = "the configuration";

impl Correction {
    /// Puts what it says into the card.
    pub fn apply(&self, card: &mut ModelCard) {
        if self.base.is_some() {
            card.base.clone_from(&self.base);
        }
        card.context = self.context.or(card.context);
        card.max_output = self.max_output.or(card.max_output);
        for capability in &self.can {
            card.lacks.retain(|other| other != capability);
            if !card.capabilities.contains(capability) {
                card.capabilities.push(*capability);
            }
        }
        for capability in &self.lacks {
            card.capabilities.retain(|other| other != capability);
            if !card.lacks.contains(capability) {
                card.lacks.push(*capability);
            }
        }
        if let Some(regions) = &self.regions {
            card.regions.clone_from(regions);
        }
        let said = [
            self.input_price,
            self.output_price,
            self.cached_price,
            self.cache_write_price,
            self.picture_price,
            self.search_price,
        ];
        if said.iter().all(Option::is_none) {
            return;
        }
        let known = card.price.take();
        let part = |of: fn(&Price) -> Option<f64>| known.as_ref().and_then(of);
        card.price = Some(Price {
            input: self.input_price.or(part(|price| price.input)),
            output: self.output_price.or(part(|price| price.output)),
            cache_read: self.cached_price.or(part(|price| price.cache_read)),
            cache_write: self.cache_write_price.or(part(|price| price.cache_write)),
            image: self.picture_price.or(part(|price| price.image)),
            search: self.search_price.or(part(|price| price.search)),
            as_of: String::new(),
            source: PERSON.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, context: u32) -> KnownModel {
        KnownModel {
            id: id.into(),
            listed: None,
            also: Vec::new(),
            title: format!("The {id}"),
            context: Some(context),
            max_output: Some(8),
            can: vec![Capability::Chat, Capability::Vision],
            lacks: vec![Capability::Tools],
            price: Some(Price {
                input: Some(3.0),
                output: Some(15.0),
                cache_read: None,
                cache_write: Some(3.75),
                image: None,
                search: None,
                as_of: "2026-01-02".into(),
                source: "a page".into(),
            }),
            regions: Vec::new(),
            successor: Some("a/next".parse().unwrap()),
        }
    }

    fn id(text: &str) -> ModelId {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_id_that_fits_is_meant() {
        let also = KnownModel { also: vec!["openai/alias".into()], ..model("openai/gpt", 4) };
        let models =
            [model("openai/gpt-4*", 1), model("openai/gpt-4o*", 2), model("openai/gpt-4o-x", 3), also];
        let context = |text: &str| find(&models, &id(text)).and_then(|model| model.context);
        assert_eq!(context("openai/gpt-4"), Some(1));
        assert_eq!(context("openai/gpt-4o-2024"), Some(2));
        assert_eq!(context("openai/gpt-4o-x"), Some(3));
        assert_eq!(context("openai/gpt"), Some(4));
        assert_eq!(context("openai/alias"), Some(4));
        assert_eq!(context("openai/gpt-5"), None);
        assert_eq!(context("home/gpt-4"), None);
    }

    #[test]
    fn what_stands_in_front_of_a_models_own_name_does_not_hide_it() {
        let models = [model("bedrock/anthropic.claude-x*", 1), model("gemini/gemini-y", 2)];
        for text in [
            "bedrock/anthropic.claude-x-v1:0",
            "bedrock/us.anthropic.claude-x-v1:0",
            "bedrock/apac.anthropic.claude-x-v1:0",
            "bedrock/arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-x-v1:0",
            "gemini/models/gemini-y",
        ] {
            assert!(find(&models, &id(text)).is_some(), "{text}");
        }
        assert_eq!(find(&models, &id("openai/us.anthropic.claude-x")), None);
    }

    #[test]
    fn what_a_provider_said_stays_and_the_rest_is_filled_in() {
        let mut card = ModelCard::unknown(id("a/b"));
        card.context = Some(7);
        card.lacks = vec![Capability::Vision];
        card.capabilities = vec![Capability::Tools];
        model("a/b", 100).complete(&mut card);
        assert_eq!((card.context, card.max_output), (Some(7), Some(8)));
        assert_eq!(card.capabilities, [Capability::Tools, Capability::Chat]);
        assert_eq!(card.lacks, [Capability::Vision]);
        assert_eq!(card.title, "The a/b");
        assert_eq!(card.successor, Some(id("a/next")));
        let named = ModelCard { title: "Mine".into(), ..ModelCard::unknown(id("a/b")) };
        let mut card = named.clone();
        model("a/b", 100).complete(&mut card);
        assert_eq!((card.title.as_str(), card.price.unwrap().input), ("Mine", Some(3.0)));
    }

    #[test]
    fn what_a_person_says_wins_and_what_they_leave_out_stays() {
        let mut card = ModelCard::unknown(id("a/b"));
        model("a/b", 100).complete(&mut card);
        let before = card.clone();
        Correction::default().apply(&mut card);
        assert_eq!(card, before);
        let said = Correction {
            context: Some(5),
            can: vec![Capability::Tools],
            lacks: vec![Capability::Vision],
            input_price: Some(0.0),
            ..Correction::default()
        };
        said.apply(&mut card);
        assert_eq!((card.context, card.max_output), (Some(5), Some(8)));
        assert_eq!((card.can(Capability::Tools), card.can(Capability::Vision)), (Some(true), Some(false)));
        let price = card.price.clone().unwrap();
        assert_eq!((price.input, price.output, price.cache_write), (Some(0.0), Some(15.0), Some(3.75)));
        assert_eq!((price.as_of.as_str(), price.source.as_str()), ("", "the configuration"));
        assert!(card.regions.is_empty());
        let said = Correction {
            regions: Some(vec!["eu-west-1".into()]),
            cache_write_price: Some(4.0),
            picture_price: Some(0.04),
            search_price: Some(0.002),
            ..Correction::default()
        };
        said.apply(&mut card);
        let price = card.price.clone().unwrap();
        assert_eq!((price.cache_write, price.image, price.output), (Some(4.0), Some(0.04), Some(15.0)));
        assert_eq!(price.search, Some(0.002));
        assert_eq!(card.regions, ["eu-west-1"]);
        Correction::default().apply(&mut card);
        assert_eq!(card.regions, ["eu-west-1"], "what is left out stays");
        Correction { regions: Some(Vec::new()), ..Correction::default() }.apply(&mut card);
        assert!(card.regions.is_empty(), "none is said with an empty list");
    }
}
