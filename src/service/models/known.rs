//! The catalogue of models that providers serve, and what the person says of some.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::Error;
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::known::{self, Correction, KnownModel, Names};
use crate::domain::range::{self, Range};

const TEXT: &str = include_str!("../../../assets/catalogue.toml");

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    names: Names,
    range: Vec<Range>,
    model: Vec<KnownModel>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    // A test reads it whole; one that cannot be read knows nothing.
    toml::from_str(TEXT).unwrap_or_default()
});

fn all() -> &'static [KnownModel] {
    &CATALOGUE.model
}

/// What the person says of models, by their ids.
pub type Corrections = BTreeMap<ModelId, Correction>;

/// Whose models a provider serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor<'a> {
    /// Those of whom it is called after: it has no address that would say it.
    Called,
    /// Those of this one, whatever it is called.
    Named(&'a str),
    /// The same, behind a server that asks a price of its own: the ids of that vendor's API are no other's.
    Behind(&'a str),
    /// Its own: a server that is no vendor's may have a vendor's names for what it serves, and other models behind them.
    Nobodys,
}

impl Vendor<'_> {
    /// As the provider's address says, and whose API it speaks that nobody else has.
    pub fn at(address: Option<&str>, api: Option<&'static str>) -> Self {
        match address {
            None => Self::Called,
            Some(address) => {
                vendor_at(address).map(Vendor::Named).or(api.map(Vendor::Behind)).unwrap_or(Self::Nobodys)
            }
        }
    }

    /// The catalogue's name of it, for a provider that is called so.
    fn name<'a>(&'a self, own: &'a str) -> Option<&'a str> {
        match *self {
            Self::Called => Some(own),
            Self::Named(name) | Self::Behind(name) => Some(name),
            Self::Nobodys => None,
        }
    }
}

/// What the vendor's API takes of the settings for that model, where that is known.
pub fn range(card: &ModelCard, vendor: Vendor<'_>) -> Option<&'static Range> {
    let model = card.base.as_deref().unwrap_or(card.id.model());
    let id = ModelId::new(vendor.name(card.id.provider())?, model).ok()?;
    range::find(&CATALOGUE.range, &id)
}

/// Fills in what the provider left unknown, and never what it said; then says what became of a retired model.
pub fn complete(card: &mut ModelCard, vendor: Vendor<'_>) {
    let own = card.id.provider().to_owned();
    let told = card.price.clone();
    let is_behind = matches!(vendor, Vendor::Behind(_));
    let vendor = vendor.name(&own);
    let of_vendor = |model: &str| known::find(all(), &ModelId::new(vendor?, model).ok()?);
    // The person, or a list, may say what it is made of with the vendor's name in front.
    let of_base = |base: &str| of_vendor(base).or_else(|| known::find(all(), &base.parse().ok()?));
    if let Some(model) = of_vendor(card.id.model()) {
        model.complete(card);
    } else if let Some(model) = card.base.as_deref().and_then(of_base) {
        let (price, title) = (card.price.clone(), card.title.clone());
        model.complete(card);
        card.title = title;
        // What is bought by the hour, or trained, is sold otherwise than the model behind it.
        if !card.id.model().contains("application-inference-profile") {
            card.price = price;
        }
    }
    if is_behind {
        card.price = told;
    }
    // The successor is asked of the same provider.
    if let Some(successor) = card.successor.as_mut().filter(|successor| successor.provider() != own)
        && let Ok(renamed) = ModelId::new(&own, successor.model())
    {
        *successor = renamed;
    }
    if let Some(successor) = &card.successor {
        let said = retired(successor);
        if !card.detail.contains(&said) {
            card.detail = if card.detail.is_empty() { said } else { format!("{} ({said})", card.detail) };
        }
    }
}

/// Where the vendors are whose models the catalogue has: another server under the same name has others.
const VENDORS: [(&str, &str); 11] = [
    ("anthropic", "api.anthropic.com"),
    ("bedrock", "amazonaws.com"),
    ("cohere", "api.cohere.ai"),
    ("deepseek", "api.deepseek.com"),
    ("gemini", "generativelanguage.googleapis.com"),
    ("groq", "api.groq.com"),
    ("jina", "api.jina.ai"),
    ("mistral", "api.mistral.ai"),
    ("openai", "api.openai.com"),
    ("voyage", "api.voyageai.com"),
    ("xai", "api.x.ai"),
];

/// The vendor whose API is at that address, by the catalogue's name of it.
pub fn vendor_at(address: &str) -> Option<&'static str> {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = host.split(['/', ':', '?']).next().unwrap_or_default();
    let is = |at: &str| host == at || host.strip_suffix(at).is_some_and(|front| front.ends_with('.'));
    VENDORS.iter().find(|(_, at)| is(at)).map(|(name, _)| *name)
}

/// The models that the catalogue has of the vendor whose API is at that address; none where that is another server. Those
/// that are retired come on a list of their own.
pub fn of_vendor(provider: &str, address: &str) -> Vec<ModelId> {
    listed(provider, address, |model| model.successor.is_none())
}

/// The same of those that are retired.
pub fn retired_of(provider: &str, address: &str) -> Vec<ModelId> {
    listed(provider, address, |model| model.successor.is_some())
}

fn listed(provider: &str, address: &str, is_meant: impl Fn(&KnownModel) -> bool) -> Vec<ModelId> {
    let Some(vendor) = vendor_at(address) else { return Vec::new() };
    let id = |model: &KnownModel| match model.listed() {
        None if vendor == "anthropic" => model.id.strip_suffix('*')?.parse().ok(),
        listed => listed,
    };
    let meant = all().iter().filter(|model| !model.can.is_empty() && is_meant(model));
    let of_vendor = meant.filter_map(id).filter(|id: &ModelId| id.provider() == vendor);
    of_vendor.filter_map(|id| ModelId::new(provider, id.model()).ok()).collect()
}

/// The vendors whose models the catalogue has, by its names of them, with the address of the API.
pub fn vendors() -> impl Iterator<Item = (&'static str, String)> {
    VENDORS.iter().map(|(name, host)| (*name, format!("https://{host}")))
}

/// In words.
pub fn retired(successor: &ModelId) -> String {
    format!("retired; its successor is {successor}")
}

/// The error, with the successor of the retired model that it is about.
pub fn succeeded(mut error: Error, successor: Option<&ModelId>) -> Error {
    if let Some(successor) = successor {
        error.hint.insert_str(0, &format!("It is {}. ", retired(successor)));
        error.hint.truncate(error.hint.trim_end().len());
    }
    error
}

/// Completes the card, then lets the person's word win; what nobody says is guessed last.
pub fn settle(card: &mut ModelCard, corrections: &Corrections, vendor: Vendor<'_>) {
    let correction = corrections.get(&card.id);
    if let Some(base) = correction.and_then(|said| said.base.as_ref()) {
        card.base = Some(base.clone());
    }
    complete(card, vendor);
    if let Some(correction) = correction {
        correction.apply(card);
    }
    known::guess(card, &CATALOGUE.names);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::Capability;

    fn card(id: &str) -> ModelCard {
        let mut card = ModelCard::unknown(id.parse().unwrap());
        complete(&mut card, Vendor::Called);
        card
    }

    fn is_date(text: &str) -> bool {
        let digits = |part: &str, many: usize| part.len() == many && part.bytes().all(|b| b.is_ascii_digit());
        matches!(text.split('-').collect::<Vec<_>>()[..], [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2)
            && ("01"..="12").contains(&m) && ("01"..="31").contains(&d))
    }

    #[test]
    fn a_vendors_models_are_known_under_whatever_name_its_api_has() {
        let vendor = vendor_at("https://bedrock.eu-west-1.amazonaws.com");
        assert_eq!(
            (vendor, vendor_at("https://evil-amazonaws.com"), vendor_at("http://127.0.0.1:1")),
            (Some("bedrock"), None, None)
        );
        let mut work = ModelCard::unknown("work/eu.anthropic.claude-opus-4-5-20251101-v1:0".parse().unwrap());
        complete(&mut work, Vendor::Named("bedrock"));
        let same = card("bedrock/eu.anthropic.claude-opus-4-5-20251101-v1:0");
        assert_eq!(
            (work.context, &work.capabilities, &work.price),
            (same.context, &same.capabilities, &same.price)
        );
        assert!(work.context.is_some());
        let mut retired = ModelCard::unknown("work/amazon.titan-text-express-v1".parse().unwrap());
        complete(&mut retired, Vendor::Named("bedrock"));
        assert_eq!(retired.successor.unwrap().provider(), "work");
        let listed = of_vendor("work", "https://bedrock.eu-west-1.amazonaws.com");
        assert!(!listed.is_empty() && listed.iter().all(|id| id.provider() == "work"));
    }

    #[test]
    fn the_catalogue_of_remote_models_is_sound() {
        let models = toml::from_str::<Catalogue>(TEXT).unwrap().model;
        assert_eq!(models, all());
        let mut ids = Vec::new();
        for model in &models {
            for id in model.ids() {
                assert!(id.trim_end_matches('*').parse::<ModelId>().is_ok() && !ids.contains(&id), "{id}");
                assert!(!id.trim_end_matches('*').contains('*'), "{id}");
                ids.push(id);
            }
            if let Some(listed) = &model.listed {
                let found = model.listed().and_then(|id| known::find(&models, &id));
                assert_eq!(found.map(|found| &found.id), Some(&model.id), "{listed}");
                assert!(model.id.ends_with('*'), "{listed}");
            }
            let id = &model.id;
            // What this program asks nothing of is there for what it lacks.
            let is_other = model.lacks.contains(&Capability::Chat);
            assert!(!model.title.is_empty() && (is_other || !model.can.is_empty()), "{id}");
            assert!(model.can.iter().all(|capability| !model.lacks.contains(capability)), "{id}");
            assert!(model.context.is_none_or(|n| n > 0) && model.max_output.is_none_or(|n| n > 0), "{id}");
            if let Some(price) = &model.price {
                let tokens = [price.input, price.output, price.cache_read, price.cache_write];
                let parts = [&tokens[..], &[price.image, price.search]].concat();
                assert!(parts.iter().any(Option::is_some), "{id}");
                assert!(parts.iter().flatten().all(|dollars| dollars.is_finite() && *dollars >= 0.0), "{id}");
                assert!(is_date(&price.as_of) && !price.source.is_empty(), "{id}");
            }
            if let Some(successor) = &model.successor {
                let next = known::find(&models, successor);
                assert!(next.is_some_and(|next| next.successor.is_none()), "{id}: {successor}");
                assert_eq!(id.split('/').next(), Some(successor.provider()), "{id}");
            }
        }
    }

    #[test]
    fn the_ranges_of_the_catalogue_are_sound_and_hold_for_a_vendors_own_api_alone() {
        for range in &CATALOGUE.range {
            assert!(!range.models.is_empty() && !range.source.is_empty(), "{range:?}");
            for id in &range.models {
                let vendor = id.split('/').next().unwrap();
                assert!(VENDORS.iter().any(|(name, _)| *name == vendor), "{id}");
            }
            assert!(range.temperature.is_none_or(|(least, most)| 0.0 <= least && least < most), "{range:?}");
            assert!(
                range.temperature.is_some() || range.top_k.is_some() || range.stop.is_some(),
                "{range:?}"
            );
        }
        let most = |id: &str, vendor: Vendor<'_>| {
            range(&ModelCard::unknown(id.parse().unwrap()), vendor)?.temperature.map(|(_, most)| most)
        };
        assert_eq!(most("anthropic/claude-sonnet-4-5", Vendor::Called), Some(1.0));
        assert_eq!(most("work/eu.amazon.nova-lite-v1:0", Vendor::Behind("bedrock")), Some(1.0));
        assert_eq!(most("openai/gpt-4o", Vendor::Called), None);
        assert_eq!(most("anthropic/m", Vendor::Nobodys), None);
    }

    #[test]
    fn what_nobody_says_is_taken_from_the_name_and_never_said_to_be_known() {
        let settled = |id: &str| {
            let mut card = ModelCard::unknown(id.parse().unwrap());
            settle(&mut card, &Corrections::new(), Vendor::Nobodys);
            card
        };
        for (name, guess) in [
            ("qwen3", Some(Capability::Chat)),
            ("bge-m3", Some(Capability::Embed)),
            ("nomic-embed-text", Some(Capability::Embed)),
            ("flux.1-dev", Some(Capability::Images)),
            ("whisper-1", None),
            ("tts-1", None),
            ("sora-2", None),
            ("rerank-v3", Some(Capability::Rerank)),
            ("BAAI/bge-reranker-v2-m3", Some(Capability::Rerank)),
            ("gpt-realtime", None),
            ("omni-moderation-latest", None),
        ] {
            let card = settled(&format!("there/{name}"));
            assert_eq!((card.guess, card.capabilities.len(), card.lacks.len()), (guess, 0, 0), "{name}");
            assert_eq!(card.is_for(Capability::Chat), guess == Some(Capability::Chat), "{name}");
        }
        for name in [
            "whisper-1",
            "tts-1-hd",
            "gpt-4o-mini-tts",
            "gpt-realtime",
            "sora-2-pro",
            "omni-moderation-latest",
        ] {
            assert_eq!(card(&format!("openai/{name}")).can(Capability::Chat), Some(false), "{name}");
        }
        assert_eq!(settled("there/x").can(Capability::Chat), None);
    }

    #[test]
    fn every_model_is_found_by_its_own_ids() {
        for model in all() {
            for id in model.ids() {
                let id = id.trim_end_matches('*').parse().unwrap();
                assert_eq!(known::find(all(), &id).map(|found| &found.id), Some(&model.id), "{id}");
            }
        }
    }

    #[test]
    fn a_model_of_the_catalogue_is_known_and_its_neighbour_is_not() {
        let model = card("bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0");
        assert_eq!((model.context, model.max_output), (Some(200_000), Some(64_000)));
        assert_eq!(card("openai/gpt-4o-2024-08-06").title, "GPT-4o");
        assert_eq!(card("openai/gpt-4o-mini").title, "GPT-4o mini");
        assert_eq!(card("openai/text-embedding-3-small").can(Capability::Chat), Some(false));
        for other in ["openai/gpt-4o-audio-preview", "openai/gpt-99", "home/gpt-4o", "local/smollm2-135m"] {
            assert_eq!(card(other), ModelCard::unknown(other.parse().unwrap()));
        }
    }

    #[test]
    fn the_catalogue_shows_what_a_vendor_has_and_nothing_of_another_server_under_its_name() {
        let openai = of_vendor("openai", "https://api.openai.com/v1");
        assert!(openai.contains(&"openai/gpt-4o".parse().unwrap()), "{openai:?}");
        assert!(openai.iter().all(|id| id.provider() == "openai" && card(id.as_str()).successor.is_none()));
        let bedrock = "https://bedrock.eu-west-1.amazonaws.com";
        let of_bedrock =
            all().iter().filter(|model| model.id.starts_with("bedrock/") && !model.can.is_empty());
        let (served, gone) = (of_vendor("bedrock", bedrock), retired_of("bedrock", bedrock));
        assert_eq!(served.len() + gone.len(), of_bedrock.count(), "every one is shown");
        assert!(gone.contains(&"bedrock/amazon.titan-text-express-v1".parse().unwrap()), "{gone:?}");
        let claude = of_vendor("anthropic", "https://api.anthropic.com/v1");
        assert!(claude.contains(&"anthropic/claude-sonnet-4-5".parse().unwrap()), "{claude:?}");
        for (name, address) in [
            ("openai", "http://127.0.0.1:8080/v1"),
            ("openai", "https://notapi.openai.com.example/v1"),
            ("openai", "https://xapi.openai.com/v1"),
        ] {
            assert!(of_vendor(name, address).is_empty(), "{name} {address}");
        }
    }

    #[test]
    fn a_server_that_is_no_vendors_is_told_nothing_of_a_vendor_that_it_is_named_after() {
        for address in ["http://127.0.0.1:8791/v1", "https://gateway.example/v1"] {
            let id: ModelId = "openai/gpt-4o".parse().unwrap();
            let vendor = Vendor::at(Some(address), None);
            let mut card = ModelCard::unknown(id.clone());
            complete(&mut card, vendor);
            assert_eq!(card, ModelCard::unknown(id.clone()), "{address}");
            // Who knows better says it; what their server asks for it is another matter.
            let said = Correction { base: Some("openai/gpt-4o".into()), ..Correction::default() };
            settle(&mut card, &Corrections::from([(id, said)]), vendor);
            assert_eq!((card.context, card.can(Capability::Reasoning)), (Some(128_000), Some(false)));
            assert_eq!((card.title.as_str(), card.price), ("gpt-4o", None));
        }
        assert_eq!(Vendor::at(Some("https://api.openai.com/v1"), None), Vendor::Named("openai"));
        assert_eq!(Vendor::at(None, None), Vendor::Called);
        // The ids of Bedrock's API are Amazon's wherever it is spoken; what is asked for them is the gateway's.
        let vendor = Vendor::at(Some("https://gateway.example"), Some("bedrock"));
        let mut card = ModelCard::unknown("work/amazon.nova-lite-v1:0".parse().unwrap());
        complete(&mut card, vendor);
        assert!(card.context.is_some() && card.price.is_none(), "{card:?}");
    }

    #[test]
    fn a_retired_model_names_its_successor_once() {
        let mut model = ModelCard {
            detail: "Bedrock in us-east-1".into(),
            ..ModelCard::unknown("bedrock/anthropic.claude-v2:1".parse().unwrap())
        };
        complete(&mut model, Vendor::Called);
        complete(&mut model, Vendor::Called);
        let said = "Bedrock in us-east-1 (retired; its successor is bedrock/anthropic.claude-sonnet-4-6)";
        assert_eq!(model.detail, said);
        assert_eq!(card("openai/gpt-4o").successor, None);
    }

    #[test]
    fn the_first_ids_of_bedrock_name_what_is_there_in_their_place() {
        for (id, successor) in [
            ("amazon.titan-tg1-large", "amazon.nova-lite-v1:0"),
            ("amazon.titan-embed-g1-text-02", "amazon.titan-embed-text-v2:0"),
            ("anthropic.claude-v1", "anthropic.claude-sonnet-4-6"),
            ("ai21.j2-jumbo-instruct", "amazon.nova-pro-v1:0"),
            ("ai21.j2-grande-instruct", "amazon.nova-lite-v1:0"),
            ("meta.llama2-13b-v1", "meta.llama3-1-8b-instruct-v1:0"),
            ("meta.llama2-70b-v1:0:4k", "meta.llama3-3-70b-instruct-v1:0"),
        ] {
            let named = card(&format!("bedrock/{id}")).successor;
            assert_eq!(named.as_ref().map(ModelId::model), Some(successor), "{id}");
        }
    }

    #[test]
    fn a_model_behind_an_arn_is_known_by_what_a_list_or_the_person_says() {
        let arn =
            |kind: &str| ModelId::new("bedrock", &format!("arn:aws:bedrock:eu-west-1:1:{kind}/abc")).unwrap();
        let base = Some("anthropic.claude-sonnet-4-5-20250929-v1:0".to_owned());
        let (profile, bought) = (arn("application-inference-profile"), arn("provisioned-model"));
        let listed = ModelCard { base: base.clone(), title: "team".into(), ..ModelCard::unknown(profile) };
        let (mut told, mut said) = (listed, ModelCard::unknown(bought.clone()));
        settle(&mut told, &Corrections::new(), Vendor::Called);
        let correction = Correction { base, ..Correction::default() };
        settle(&mut said, &Corrections::from([(bought, correction)]), Vendor::Called);
        for card in [&told, &said] {
            assert_eq!(
                (card.context, card.can(Capability::Tools)),
                (Some(200_000), Some(true)),
                "{}",
                card.id
            );
        }
        assert_eq!(told.title, "team");
        assert!(told.price.is_some() && said.price.is_none(), "throughput is bought by the hour");
    }

    #[test]
    fn the_persons_word_wins_over_the_catalogue() {
        let id: ModelId = "openai/gpt-4".parse().unwrap();
        let said = Correction { can: vec![Capability::Vision], ..Correction::default() };
        let mut card = ModelCard::unknown(id.clone());
        settle(&mut card, &BTreeMap::from([(id, said)]), Vendor::Called);
        assert_eq!((card.can(Capability::Vision), card.context), (Some(true), Some(8192)));
    }
}
