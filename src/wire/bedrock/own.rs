//! The lists of what an account has made for itself: inference profiles, throughput that was bought, custom and imported
//! models. They are asked by ARNs that say nothing of the model behind them; the lists do.
//!
//! Source: `ListInferenceProfiles`, `ListProvisionedModelThroughputs`, `ListCustomModels`, `ListCustomModelDeployments` and
//! `ListImportedModels` of Amazon's API reference.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::reply::unreadable;
use crate::domain::Result;
use crate::domain::catalog::{Availability, ModelCard, ModelId};
use crate::wire::loose;
use crate::wire::written::encoded;

/// How many ARNs are followed to a model of Amazon's list: a deployment of a custom model of one is three.
const STEPS: usize = 4;

/// One list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Profiles,
    Throughputs,
    Custom,
    Deployments,
    Imported,
}

impl List {
    /// Every one.
    pub const ALL: [Self; 5] =
        [Self::Profiles, Self::Throughputs, Self::Custom, Self::Deployments, Self::Imported];

    /// The path of a page of it.
    pub fn path(self, after: Option<&str>) -> String {
        let after = after.map(|token| format!("&nextToken={}", encoded(token))).unwrap_or_default();
        let (path, more) = match self {
            Self::Profiles => ("/inference-profiles", "&type=APPLICATION"),
            Self::Throughputs => ("/provisioned-model-throughputs", ""),
            Self::Custom => ("/custom-models", ""),
            Self::Deployments => ("/model-customization/custom-model-deployments", ""),
            Self::Imported => ("/imported-models", ""),
        };
        format!("{path}?maxResults=1000{after}{more}")
    }

    /// What its entries are, for people.
    fn sort(self) -> &'static str {
        match self {
            Self::Profiles => "inference profile",
            Self::Throughputs => "provisioned throughput",
            Self::Custom => "custom model",
            Self::Deployments => "deployment",
            Self::Imported => "imported model",
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    arn: String,
    name: String,
    list: List,
    /// The ARN of the model behind it.
    of: Option<String>,
    /// What Amazon says of its state, where it is not in use.
    not_yet: Option<String>,
    architecture: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(
        default,
        alias = "inferenceProfileSummaries",
        alias = "provisionedModelSummaries",
        alias = "modelDeploymentSummaries"
    )]
    model_summaries: Vec<Value>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(
        alias = "inferenceProfileArn",
        alias = "provisionedModelArn",
        alias = "customModelDeploymentArn"
    )]
    arn: Option<String>,
    /// The entry's own ARN in two of the lists, the ARN of the model behind it in two others.
    model_arn: Option<String>,
    #[serde(
        default,
        deserialize_with = "loose::text",
        alias = "inferenceProfileName",
        alias = "provisionedModelName",
        alias = "customModelDeploymentName"
    )]
    model_name: Option<String>,
    #[serde(default)]
    models: Vec<Behind>,
    foundation_model_arn: Option<String>,
    base_model_arn: Option<String>,
    #[serde(default, deserialize_with = "loose::text", alias = "modelStatus")]
    status: Option<String>,
    #[serde(default, deserialize_with = "loose::text")]
    model_architecture: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Behind {
    model_arn: Option<String>,
}

/// One page: its entries, and the token of the next. What makes no sense is left out.
pub fn page(doing: &str, list: List, body: &[u8]) -> Result<(Vec<Own>, Option<String>)> {
    let page: Page = serde_json::from_slice(body).map_err(|why| {
        unreadable(doing, &format!("no list of the kind {}", list.sort()), &why.to_string(), body)
    })?;
    let entries = page.model_summaries.iter().filter_map(|entry| own(list, Entry::deserialize(entry).ok()?));
    Ok((entries.collect(), page.next_token.filter(|token| !token.is_empty())))
}

fn own(list: List, entry: Entry) -> Option<Own> {
    let (arn, of) = match list {
        List::Profiles => (entry.arn?, entry.models.into_iter().find_map(|model| model.model_arn)),
        // Throughput of a custom model is of that model first, which its own list knows better.
        List::Throughputs => (entry.arn?, entry.foundation_model_arn.or(entry.model_arn)),
        List::Deployments => (entry.arn?, entry.model_arn),
        List::Custom => (entry.model_arn?, entry.base_model_arn),
        List::Imported => (entry.model_arn?, None),
    };
    let in_use = |status: &str| ["active", "inservice", "updating"].contains(&&*status.to_ascii_lowercase());
    Some(Own {
        name: entry.model_name.unwrap_or_else(|| last(&arn).to_owned()),
        arn,
        list,
        of,
        not_yet: entry.status.filter(|status| !status.is_empty() && !in_use(status)),
        architecture: entry.model_architecture,
    })
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Their cards. Each can what the model behind it can, which is among `models` where that list has it; `base` names it.
pub fn cards(provider: &str, region: &str, models: &[ModelCard], owns: Vec<Own>) -> Vec<ModelCard> {
    let by_name: BTreeMap<&str, &ModelCard> = models.iter().map(|card| (card.id.model(), card)).collect();
    let behind: BTreeMap<String, String> =
        owns.iter().filter_map(|own| Some((own.arn.clone(), own.of.clone()?))).collect();
    let card = |own: Own| {
        let id = ModelId::new(provider, &own.arn).ok()?;
        let base = base(&own, &behind);
        let model = base.as_deref().and_then(|base| by_name.get(base).copied());
        let mut detail = own.list.sort().to_owned();
        match (&base, &own.architecture) {
            (Some(base), _) => detail.extend([" of ", base]),
            (None, Some(architecture)) => detail.extend([" of the architecture ", architecture]),
            (None, None) => {}
        }
        detail.extend([" on Bedrock in ", region]);
        Some(ModelCard {
            title: own.name,
            availability: match (own.not_yet, own.list) {
                (Some(status), _) => Availability::Unusable { why: format!("its status is {status}") },
                (None, List::Custom) => Availability::Unusable {
                    why: "it is asked by the ARN of a deployment, or of throughput that was bought for it"
                        .to_owned(),
                },
                (None, _) => Availability::Ready,
            },
            regions: vec![region.to_owned()],
            base,
            detail,
            id: id.clone(),
            ..model.cloned().unwrap_or_else(|| ModelCard::unknown(id))
        })
    };
    owns.into_iter().filter_map(card).collect()
}

/// The name of the model of Amazon's list that stands behind an entry.
fn base(own: &Own, behind: &BTreeMap<String, String>) -> Option<String> {
    let mut arn = own.of.as_ref()?;
    for _ in 0..STEPS {
        if arn.contains(":foundation-model/") || arn.contains(":inference-profile/") {
            return Some(last(arn).to_owned());
        }
        let Some(next) = behind.get(arn) else { break };
        arn = next;
    }
    // "arn:aws:bedrock:REGION:ACCOUNT:custom-model/BASE/ID"
    let (_, of_custom) = arn.split_once(":custom-model/")?;
    Some(of_custom.split_once('/')?.0.to_owned()).filter(|base| base.contains('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::catalog::Capability;

    const ACCOUNT: &str = "arn:aws:bedrock:eu-west-1:123456789012:";
    const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    fn read(list: List, name: &str, entries: &Value) -> Vec<Own> {
        page("listing", list, json!({ name: entries }).to_string().as_bytes()).unwrap().0
    }

    fn everything() -> Vec<Own> {
        let model = |name: &str| format!("arn:aws:bedrock:eu-west-1::foundation-model/{name}");
        let arn = |rest: &str| format!("{ACCOUNT}{rest}");
        [
            read(List::Profiles, "inferenceProfileSummaries", &json!([
                {"inferenceProfileName": "team", "inferenceProfileArn": arn("application-inference-profile/abc"),
                 "inferenceProfileId": "abc", "models": [{"modelArn": model(CLAUDE)}], "status": "ACTIVE"},
                {"nonsense": true},
            ])),
            read(List::Throughputs, "provisionedModelSummaries", &json!([
                {"provisionedModelName": "bought", "provisionedModelArn": arn("provisioned-model/def"),
                 "modelArn": arn("custom-model/x/1"), "foundationModelArn": model("meta.llama3-8b"), "status": "InService"},
                {"provisionedModelName": "late", "provisionedModelArn": arn("provisioned-model/ghi"), "status": "Creating"},
            ])),
            read(List::Custom, "modelSummaries", &json!([
                {"modelName": "mine", "modelArn": arn("custom-model/1"), "baseModelArn": model("cohere.command-r")},
            ])),
            read(List::Deployments, "modelDeploymentSummaries", &json!([
                {"customModelDeploymentName": "served", "customModelDeploymentArn": arn("custom-model-deployment/2"),
                 "modelArn": arn("custom-model/1"), "status": "Active"},
                {"customModelDeploymentName": "another's", "customModelDeploymentArn": arn("custom-model-deployment/3"),
                 "modelArn": arn("custom-model/amazon.titan-text-lite-v1:0:4k/xyz"), "status": "Active"},
            ])),
            read(List::Imported, "modelSummaries", &json!([
                {"modelName": "brought", "modelArn": arn("imported-model/4"), "modelArchitecture": "llama3"},
            ])),
        ]
        .concat()
    }

    #[test]
    fn what_an_account_made_names_the_model_behind_it() {
        let claude = ModelCard {
            capabilities: vec![Capability::Chat, Capability::Vision],
            ..ModelCard::unknown(ModelId::new("aws", CLAUDE).unwrap())
        };
        let cards = cards("aws", "eu-west-1", &[claude], everything());
        let bases: Vec<_> = cards.iter().map(|card| (card.title.as_str(), card.base.as_deref())).collect();
        assert_eq!(
            bases,
            [
                ("team", Some(CLAUDE)),
                ("bought", Some("meta.llama3-8b")),
                ("late", None),
                ("mine", Some("cohere.command-r")),
                ("served", Some("cohere.command-r")),
                ("another's", Some("amazon.titan-text-lite-v1:0:4k")),
                ("brought", None),
            ]
        );
        assert_eq!(cards[0].id.as_str(), format!("aws/{ACCOUNT}application-inference-profile/abc"));
        assert_eq!(cards[0].can(Capability::Vision), Some(true), "it can what its model can");
        assert_eq!(cards[0].detail, format!("inference profile of {CLAUDE} on Bedrock in eu-west-1"));
        assert_eq!(cards[6].detail, "imported model of the architecture llama3 on Bedrock in eu-west-1");
    }

    #[test]
    fn what_cannot_be_asked_yet_says_why() {
        let cards = cards("aws", "eu-west-1", &[], everything());
        let why = |at: usize| match &cards[at].availability {
            Availability::Unusable { why } => why.as_str(),
            _ => "",
        };
        assert_eq!((why(0), why(1), why(2), why(4)), ("", "", "its status is Creating", ""));
        assert!(why(3).contains("deployment"), "{}", why(3));
    }
}
