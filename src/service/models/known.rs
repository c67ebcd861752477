//! The catalogue of models that providers serve, and what the person says of some.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::Error;
use crate::domain::catalog::{ModelCard, ModelId};
use crate::domain::known::{self, Correction, KnownModel};

const TEXT: &str = include_str!("../../../assets/catalogue.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    model: Vec<KnownModel>,
}

static KNOWN: LazyLock<Vec<KnownModel>> = LazyLock::new(|| {
    // A test reads it whole; one that cannot be read knows nothing.
    toml::from_str::<Catalogue>(TEXT).map(|catalogue| catalogue.model).unwrap_or_default()
});

/// What the person says of models, by their ids.
pub type Corrections = BTreeMap<ModelId, Correction>;

/// Fills in what the provider left unknown, and never what it said; then says what became of a retired model.
pub fn complete(card: &mut ModelCard) {
    if let Some(model) = known::find(&KNOWN, &card.id) {
        model.complete(card);
    }
    if let Some(successor) = &card.successor {
        let said = retired(successor);
        if !card.detail.contains(&said) {
            card.detail = if card.detail.is_empty() { said } else { format!("{} ({said})", card.detail) };
        }
    }
}

/// The model that the provider of a retired one serves in its place.
pub fn successor(id: &ModelId) -> Option<&'static ModelId> {
    known::find(&KNOWN, id)?.successor.as_ref()
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

/// Completes the card, then lets the person's word win; what nobody says is guessed last. Where the vendor does not sell
/// it (`is_sold`) the vendor's price is not its.
pub fn settle(card: &mut ModelCard, corrections: &Corrections, is_sold: bool) {
    let told = card.price.clone();
    complete(card);
    if !is_sold {
        card.price = told;
    }
    if let Some(correction) = corrections.get(&card.id) {
        correction.apply(card);
    }
    known::guess(card);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalog::Capability;

    fn card(id: &str) -> ModelCard {
        let mut card = ModelCard::unknown(id.parse().unwrap());
        complete(&mut card);
        card
    }

    fn is_date(text: &str) -> bool {
        let digits = |part: &str, many: usize| part.len() == many && part.bytes().all(|b| b.is_ascii_digit());
        matches!(text.split('-').collect::<Vec<_>>()[..], [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2)
            && ("01"..="12").contains(&m) && ("01"..="31").contains(&d))
    }

    #[test]
    fn the_catalogue_of_remote_models_is_sound() {
        let models = toml::from_str::<Catalogue>(TEXT).unwrap().model;
        assert_eq!(models, *KNOWN);
        let mut ids = Vec::new();
        for model in &models {
            for id in model.ids() {
                assert!(id.trim_end_matches('*').parse::<ModelId>().is_ok() && !ids.contains(&id), "{id}");
                assert!(!id.trim_end_matches('*').contains('*'), "{id}");
                ids.push(id);
            }
            let id = &model.id;
            assert!(!model.title.is_empty() && !model.can.is_empty(), "{id}");
            assert!(model.can.iter().all(|capability| !model.lacks.contains(capability)), "{id}");
            assert!(model.context.is_none_or(|n| n > 0) && model.max_output.is_none_or(|n| n > 0), "{id}");
            if let Some(price) = &model.price {
                let parts = [price.input, price.output, price.cache_read, price.cache_write, price.image];
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
    fn every_model_is_found_by_its_own_ids() {
        for model in KNOWN.iter() {
            for id in model.ids() {
                let id = id.trim_end_matches('*').parse().unwrap();
                assert_eq!(known::find(&KNOWN, &id).map(|found| &found.id), Some(&model.id), "{id}");
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
    fn a_retired_model_names_its_successor_once() {
        let mut model = ModelCard {
            detail: "Bedrock in us-east-1".into(),
            ..ModelCard::unknown("bedrock/anthropic.claude-v2:1".parse().unwrap())
        };
        complete(&mut model);
        complete(&mut model);
        let said = "Bedrock in us-east-1 (retired; its successor is bedrock/anthropic.claude-sonnet-4-6)";
        assert_eq!(model.detail, said);
        assert_eq!(successor(&"openai/gpt-4o".parse().unwrap()), None);
    }

    #[test]
    fn the_persons_word_wins_over_the_catalogue() {
        let id: ModelId = "openai/gpt-4".parse().unwrap();
        let said = Correction { can: vec![Capability::Vision], ..Correction::default() };
        let mut card = ModelCard::unknown(id.clone());
        settle(&mut card, &BTreeMap::from([(id, said)]), true);
        assert_eq!((card.can(Capability::Vision), card.context), (Some(true), Some(8192)));
    }
}
