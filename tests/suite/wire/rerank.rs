//! Answers of rerankers, written by hand after what their makers document: the four texts of Cohere's own example, of which the
//! last one tells the capital.

use outcrop::domain::delta::Event;
use outcrop::domain::message::Usage;
use outcrop::domain::rerank::{Relevance, Rerank};
use outcrop::domain::{Error, Result};
use outcrop::wire::bedrock::native::rerank as native;
use outcrop::wire::openai::rerank;

use super::decoding;

fn asked(top: usize) -> Rerank {
    let texts = [
        "Carson City is the capital city of Nevada.",
        "The Northern Mariana Islands are a group of islands.",
        "Capitalization is the use of capital letters.",
        "Washington, D.C. is the capital of the United States.",
    ];
    Rerank {
        model: "there/rerank".parse().unwrap(),
        query: "What is the capital of the United States?".to_owned(),
        texts: texts.map(str::to_owned).to_vec(),
        top,
    }
}

fn bedrock(asked: &Rerank, body: &[u8]) -> Result<Vec<Event>> {
    native::ordered("reranking", asked, native::scores("reranking", body)?, Usage::default())
}

/// The places of the texts, the tokens that were read, the searches.
fn told(events: &[Event]) -> (Vec<usize>, Option<u32>, u32) {
    let (read, [Event::Reranked { results, searches }]) = (match events {
        [Event::Usage { usage }, rest @ ..] => (usage.input, rest),
        rest => (None, rest),
    }) else {
        panic!("{events:?}")
    };
    (results.iter().map(|Relevance { index, .. }| *index).collect(), read, *searches)
}

#[test]
fn every_kind_of_reranker_puts_the_same_texts_in_the_same_order() {
    for (name, read) in [
        ("rerank_cohere.json", None),
        ("rerank_jina.json", Some(815)),
        ("rerank_voyage.json", Some(26)),
        ("rerank_vllm.json", Some(56)),
        // Which tells logits, in the order in which texts were sent.
        ("rerank_llamacpp.json", Some(79)),
    ] {
        let body = decoding::data("openai", name);
        let events = rerank::ordered("reranking", &asked(4), &body).unwrap();
        assert_eq!(told(&events), (vec![3, 0, 1, 2], read, 1), "{name}");
        // More than are wanted may come.
        let events = rerank::ordered("reranking", &asked(2), &body).unwrap();
        assert_eq!(told(&events).0, [3, 0], "{name}");
    }
    let body = decoding::data("bedrock", "rerank.json");
    let events = bedrock(&asked(4), &body).unwrap();
    assert_eq!(told(&events), (vec![3, 0, 1, 2], None, 1));
}

#[test]
fn an_answer_that_is_broken_off_anywhere_is_an_error() {
    let cut = |body: &[u8], read: &dyn Fn(&[u8]) -> Result<Vec<Event>>| {
        let whole = body.trim_ascii_end();
        for end in 0..whole.len() {
            let error: Error = read(&whole[..end]).unwrap_err();
            assert!(!error.why.is_empty(), "{end}");
        }
    };
    cut(&decoding::data("openai", "rerank_cohere.json"), &|body: &[u8]| {
        rerank::ordered("reranking", &asked(4), body)
    });
    cut(&decoding::data("bedrock", "rerank.json"), &|body: &[u8]| bedrock(&asked(4), body));
}

#[test]
fn bodies_of_bedrock_differ_by_the_version_of_coheres_api() {
    use outcrop::wire::bedrock::native::Family;
    let body = |family| -> serde_json::Value {
        serde_json::from_slice(&native::body(family, &asked(9)).unwrap()).unwrap()
    };
    let amazon = body(Family::AmazonRerank);
    assert_eq!(amazon["top_n"], 4);
    assert_eq!(amazon["documents"], serde_json::json!(asked(1).texts));
    assert_eq!(amazon.get("api_version"), None);
    assert_eq!(body(Family::CohereRerank)["api_version"], 2);
    assert_eq!(native::body(Family::CohereEmbed, &asked(1)), None);
}

#[test]
fn a_reranker_of_bedrocks_list_reranks_and_does_not_converse() {
    use outcrop::domain::catalog::Capability;
    let listed = |id: &str| serde_json::json!({"modelId": id, "inputModalities": ["TEXT"], "outputModalities": ["TEXT"]});
    let list = serde_json::json!({"modelSummaries": [listed("amazon.rerank-v1:0"), listed("amazon.nova-lite-v1:0")]});
    let body = list.to_string().into_bytes();
    let cards = outcrop::wire::bedrock::models::foundation("listing", "aws", "us-west-2", &body).unwrap();
    let can =
        |name: &str, capability| cards.iter().find(|card| card.id.model() == name).unwrap().can(capability);
    let reranker = "amazon.rerank-v1:0";
    assert_eq!(
        (can(reranker, Capability::Rerank), can(reranker, Capability::Chat)),
        (Some(true), Some(false))
    );
    let other = "amazon.nova-lite-v1:0";
    assert_eq!((can(other, Capability::Rerank), can(other, Capability::Chat)), (None, Some(true)));
}
