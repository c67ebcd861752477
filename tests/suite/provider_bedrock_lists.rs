//! The lists of the `bedrock` voice, and the models that stand behind the ARNs in them.

use outcrop::domain::call::Call;
use outcrop::domain::catalog::{Capability, ModelId};
use outcrop::domain::delta::Event;
use outcrop::provider::Provider;
use serde_json::{Value, json};

use crate::answer;
use crate::loopback::{Part, Seen, Server, whole};
use crate::provider_bedrock::{CLAUDE, JSON, bearer, client, complaint, converse, one, sent, voice};
use crate::soon;
use crate::wire::bedrock::data;

/// Answers the lists, the profiles in two pages; the account has made nothing.
pub fn lists(seen: &Seen) -> Vec<Part> {
    if seen.line.contains("/foundation-models") {
        return whole(200, &JSON, data("models.json"));
    }
    if !seen.line.contains("SYSTEM_DEFINED") {
        return whole(200, &JSON, "{}");
    }
    let mut page: Value = serde_json::from_slice(&data("profiles.json")).unwrap();
    if !seen.line.contains("nextToken=") {
        page["nextToken"] = json!("a/b+c=");
        page["inferenceProfileSummaries"] = json!([{"inferenceProfileId": "eu.x-v1:0"}]);
    }
    whole(200, &JSON, page.to_string())
}

#[tokio::test]
async fn models_and_the_pages_of_profiles_are_listed_together() {
    let server = Server::start(|_, seen| lists(seen)).await;
    let listed = one(&server, Call::ListModels).await;
    let Ok(Event::Models { cards }) = listed else { panic!("{listed:?}") };
    let ids: Vec<_> = cards.iter().map(|card| card.id.model()).collect();
    assert_eq!(
        ids,
        [
            "ai21.jamba-instruct-v1:0",
            "amazon.titan-embed-text-v2:0",
            "amazon.titan-image-generator-v2:0",
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "eu.x-v1:0",
            CLAUDE,
            "x.bare",
        ]
    );
    let mut lines: Vec<_> = server.seen().into_iter().map(|seen| seen.line).collect();
    let page = "GET /inference-profiles?maxResults=1000";
    assert_eq!(
        lines[..3],
        [
            "GET /foundation-models HTTP/1.1".to_owned(),
            format!("{page}&type=SYSTEM_DEFINED HTTP/1.1"),
            format!("{page}&nextToken=a%2Fb%2Bc%3D&type=SYSTEM_DEFINED HTTP/1.1")
        ]
    );
    lines[3..].sort();
    assert_eq!(
        lines[3..],
        [
            "GET /custom-models?maxResults=1000 HTTP/1.1",
            "GET /imported-models?maxResults=1000 HTTP/1.1",
            "GET /inference-profiles?maxResults=1000&type=APPLICATION HTTP/1.1",
            "GET /model-customization/custom-model-deployments?maxResults=1000 HTTP/1.1",
            "GET /provisioned-model-throughputs?maxResults=1000 HTTP/1.1",
        ]
    );
    let endless = Server::start(|_, seen| {
        let end = json!({"inferenceProfileSummaries": [], "nextToken": "same"}).to_string();
        if seen.line.contains("/foundation-models") { lists(seen) } else { whole(200, &JSON, end) }
    })
    .await;
    one(&endless, Call::ListModels).await.unwrap();
    assert_eq!(endless.seen().len(), 1 + 6 * 2, "a page that names itself again is the last");
    let models_alone = Server::start(|_, seen| {
        let refused =
            complaint(403, "AccessDeniedException", "not authorized to perform ListInferenceProfiles");
        if seen.line.contains("/foundation-models") { lists(seen) } else { refused }
    })
    .await;
    let listed = one(&models_alone, Call::ListModels).await;
    let Ok(Event::Models { cards }) = listed else { panic!("{listed:?}") };
    assert_eq!(cards.len(), 5, "an account may see the models alone");
}

const BOUGHT: &str = "arn:aws:bedrock:eu-west-1:123456789012:provisioned-model/abc";

/// The account has bought throughput of a model that makes vectors; it may not see its other lists.
fn bought(seen: &Seen) -> Vec<Part> {
    if seen.line.contains("/provisioned-model-throughputs") {
        let entry = json!({
            "provisionedModelName": "fast", "provisionedModelArn": BOUGHT, "status": "InService",
            "foundationModelArn": "arn:aws:bedrock:eu-west-1::foundation-model/amazon.titan-embed-text-v2:0",
        });
        return whole(200, &JSON, json!({ "provisionedModelSummaries": [entry] }).to_string());
    }
    if seen.line.contains("/foundation-models") {
        return lists(seen);
    }
    complaint(403, "AccessDeniedException", "not authorized to list that")
}

#[tokio::test]
async fn a_list_that_an_account_may_not_see_takes_nothing_from_the_others() {
    let server = Server::start(|_, seen| bought(seen)).await;
    let Ok(Event::Models { cards }) = one(&server, Call::ListModels).await else { panic!("no list") };
    let card = cards.iter().find(|card| card.id.model() == BOUGHT).unwrap();
    assert_eq!((card.title.as_str(), card.base.as_deref()), ("fast", Some("amazon.titan-embed-text-v2:0")));
    assert_eq!((card.can(Capability::Embed), card.can(Capability::Chat)), (Some(true), Some(false)));
    assert_eq!(cards.len(), 6);
}

#[tokio::test]
async fn an_arn_is_asked_as_the_model_behind_it_would_be() {
    let server =
        Server::start(|_, _| whole(200, &JSON, r#"{"embedding": [1.0], "inputTextTokenCount": 1}"#)).await;
    let model: ModelId = format!("aws/{BOUGHT}").parse().unwrap();
    let embed = || Call::Embed { model: model.clone(), texts: vec!["x".into()], query: false };
    let voice = voice(&server, bearer());
    let (_, error) = soon(answer::whole(voice.serve(embed(), &client()))).await;
    assert!(error.is_some() && server.seen().is_empty(), "what it takes is unknown");
    voice.based_on(&model, "amazon.titan-embed-text-v2:0");
    let (_, error) = soon(answer::whole(voice.serve(embed(), &client()))).await;
    assert_eq!(error, None);
    let seen = &server.seen()[0];
    assert_eq!(
        seen.line,
        format!("POST /model/{}/invoke HTTP/1.1", BOUGHT.replace(':', "%3A").replace('/', "%2F"))
    );
    assert_eq!(sent(seen)["inputText"], "x");
    let claude = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/c";
    let mut thinking =
        converse(claude, &[("reasoning", "low"), ("temperature", "0.5"), ("max_tokens", "100")]);
    thinking.model = format!("aws/{claude}").parse().unwrap();
    assert_eq!(voice.on_top(&thinking), 0);
    voice.based_on(&thinking.model, CLAUDE);
    assert!(voice.on_top(&thinking) > 0, "it thinks as Claude does");
    assert!(voice.left_out(&thinking).iter().any(|left| left.settings == ["temperature"]));
}

#[tokio::test]
async fn an_arn_of_another_region_is_told_from_one_that_is_wrong() {
    let server = Server::start(|_, _| {
        complaint(400, "ValidationException", "The provided model identifier is invalid.")
    })
    .await;
    for (region, is_told) in [("us-west-2", true), ("eu-west-1", false)] {
        let arn = format!("arn:aws:bedrock:{region}:123456789012:provisioned-model/abc");
        let asked = Call::Converse(converse(&arn, &[]));
        let (_, error) = soon(answer::whole(voice(&server, bearer()).serve(asked, &client()))).await;
        let error = error.unwrap();
        assert!(error.why.contains("model identifier is invalid"), "{error}");
        assert_eq!(
            error.hint.contains("The ARN is of us-west-2, and aws asks eu-west-1"),
            is_told,
            "{error}"
        );
    }
}
