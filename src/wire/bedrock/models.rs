//! The lists of models: `ListFoundationModels`, and `ListInferenceProfiles`, by whose ids newer models are asked.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::native::Row;
use super::reply::unreadable;
use crate::domain::Result;
use crate::domain::catalog::{Availability, Capability, ModelCard, ModelId};
use crate::wire::loose;
use crate::wire::written::encoded;

/// The path of the models.
pub const MODELS: &str = "/foundation-models";

/// The path of a page of the profiles that Amazon has made.
pub fn profiles_path(after: Option<&str>) -> String {
    let after = after.map(|token| format!("&nextToken={}", encoded(token))).unwrap_or_default();
    format!("/inference-profiles?maxResults=1000{after}&type=SYSTEM_DEFINED")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Models {
    model_summaries: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    model_id: String,
    #[serde(default, deserialize_with = "loose::text")]
    model_name: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    provider_name: Option<String>,
    #[serde(default)]
    input_modalities: Vec<String>,
    #[serde(default)]
    output_modalities: Vec<String>,
    response_streaming_supported: Option<bool>,
    #[serde(default)]
    inference_types_supported: Vec<String>,
    model_lifecycle: Option<Lifecycle>,
}

#[derive(Deserialize)]
struct Lifecycle {
    #[serde(default)]
    status: String,
}

/// The cards of the models of `region`; entries that make no sense are left out.
pub fn foundation(doing: &str, provider: &str, region: &str, body: &[u8]) -> Result<Vec<ModelCard>> {
    let list: Models = serde_json::from_slice(body)
        .map_err(|why| unreadable(doing, "no list of models", &why.to_string(), body))?;
    let listed = list.model_summaries.iter().filter_map(|entry| Listed::deserialize(entry).ok());
    let mut cards: Vec<ModelCard> = listed.filter_map(|listed| card(provider, region, &listed)).collect();
    cards.sort_by(|a, b| a.id.cmp(&b.id));
    cards.dedup_by(|a, b| a.id == b.id);
    Ok(cards)
}

fn card(provider: &str, region: &str, listed: &Listed) -> Option<ModelCard> {
    let makes = |what: &str| listed.output_modalities.iter().any(|modality| modality == what);
    let takes = |what: &str| listed.input_modalities.iter().any(|modality| modality == what);
    let told = !listed.input_modalities.is_empty() && !listed.output_modalities.is_empty();
    let id = ModelId::new(provider, &listed.model_id).ok()?;
    // The list has scores for texts.
    let reranks = Row::of(&id).is_some_and(Row::reranks);
    let facts = [
        (Capability::Chat, makes("TEXT") && !reranks),
        (Capability::Embed, makes("EMBEDDING")),
        (Capability::Images, makes("IMAGE")),
        (Capability::Vision, makes("TEXT") && takes("IMAGE")),
    ];
    let reranker = reranks.then_some(Capability::Rerank);
    let those = |wanted: bool| facts.iter().filter(move |(_, fact)| *fact == wanted).map(|(what, _)| *what);
    let mut detail = match &listed.provider_name {
        Some(maker) => format!("{maker} on Bedrock in {region}"),
        None => format!("Bedrock in {region}"),
    };
    if listed.model_lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.status == "LEGACY") {
        detail.push_str(", legacy");
    }
    if listed.response_streaming_supported == Some(false) && makes("TEXT") {
        detail.push_str(", answers come whole");
    }
    let types = &listed.inference_types_supported;
    let availability = if types.is_empty() || types.iter().any(|kind| kind == "ON_DEMAND") {
        Availability::Ready
    } else if types.iter().any(|kind| kind == "INFERENCE_PROFILE") {
        Availability::Unusable {
            why: "it is asked by the id of an inference profile, like us.NAME".to_owned(),
        }
    } else {
        Availability::Unusable {
            why: "it wants throughput that was bought, and is asked by its ARN".to_owned(),
        }
    };
    Some(ModelCard {
        title: listed.model_name.clone().unwrap_or_else(|| id.model().to_owned()),
        availability,
        capabilities: if told { those(true).chain(reranker).collect() } else { Vec::new() },
        lacks: if told { those(false).collect() } else { Vec::new() },
        regions: vec![region.to_owned()],
        detail,
        ..ModelCard::unknown(id)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profiles {
    inference_profile_summaries: Vec<serde_json::Value>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    inference_profile_id: String,
    #[serde(default, deserialize_with = "loose::text")]
    inference_profile_name: Option<String>,
    #[serde(default)]
    models: Vec<ProfileModel>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileModel {
    #[serde(default)]
    model_arn: String,
}

/// One page: its cards, and the token of the next. A profile can what its model among `models` can.
pub fn profiles(
    doing: &str,
    models: &[ModelCard],
    provider: &str,
    body: &[u8],
) -> Result<(Vec<ModelCard>, Option<String>)> {
    let list: Profiles = serde_json::from_slice(body)
        .map_err(|why| unreadable(doing, "no list of inference profiles", &why.to_string(), body))?;
    let by_name: BTreeMap<&str, &ModelCard> = models.iter().map(|card| (card.id.model(), card)).collect();
    let card = |profile: Profile| {
        let id = ModelId::new(provider, &profile.inference_profile_id).ok()?;
        let model = profile
            .models
            .iter()
            .find_map(|model| by_name.get(model.model_arn.rsplit('/').next().unwrap_or_default()).copied());
        let card = model.cloned().unwrap_or_else(|| ModelCard::unknown(id.clone()));
        // "arn:aws:bedrock:REGION::foundation-model/NAME"
        let mut regions: Vec<String> = profile
            .models
            .iter()
            .filter_map(|model| model.model_arn.split(':').nth(3).filter(|region| !region.is_empty()))
            .map(str::to_owned)
            .collect();
        regions.sort();
        regions.dedup();
        Some(ModelCard {
            title: profile.inference_profile_name.unwrap_or_else(|| id.model().to_owned()),
            availability: Availability::Ready,
            regions,
            id,
            ..card
        })
    };
    let profiles =
        list.inference_profile_summaries.iter().filter_map(|entry| Profile::deserialize(entry).ok());
    Ok((profiles.filter_map(card).collect(), list.next_token.filter(|token| !token.is_empty())))
}
