//! Members that nobody knows, in whatever is no answer to a conversation: lists, vectors, pictures, counts and refusals say the
//! same with them as without.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use outcrop::domain::Error;
use outcrop::domain::call::{Blobs, Call, Converse, Picture, Turn};
use outcrop::domain::delta::Event;
use outcrop::domain::message::{Block, Role};
use outcrop::domain::rerank::Rerank;
use outcrop::domain::settings::Settings;
use outcrop::net::{Client, Network, Reach};
use serde_json::{Value, json};

use crate::faults::{VOICES, Voice, WORDS, with_strangers};
use crate::loopback::{Seen, Server, whole};
use crate::provider_openai::{Kept, options};
use crate::soon;
use crate::wire::decoding::data;

fn client() -> Client {
    Network::new(options(), Arc::new(Kept::default())).client(Reach::default())
}

/// What the voice says of a call to a server that answers so: as it is, and with strangers in every object.
async fn said(
    voice: &Voice,
    call: &Call,
    status: u16,
    body: impl Fn(&Seen) -> Value + Send + Sync + 'static,
) -> [Vec<Result<Event, Error>>; 2] {
    let strange = Arc::new(AtomicBool::new(false));
    let is_strange = Arc::clone(&strange);
    let server = Server::start(move |_, seen| {
        let mut body = body(seen);
        if is_strange.load(Ordering::Relaxed) {
            with_strangers(&mut body);
        }
        let headers = [("content-type", "application/json"), ("retry-after", "0")];
        whole(status, &headers, body.to_string())
    })
    .await;
    let provider = (voice.make)(&server);
    let plain = soon(provider.serve(call.clone(), &client()).collect()).await;
    strange.store(true, Ordering::Relaxed);
    let provider = (voice.make)(&server);
    [plain, soon(provider.serve(call.clone(), &client()).collect()).await]
}

fn named(name: &str) -> &'static Voice {
    VOICES.iter().find(|voice| voice.name == name).unwrap()
}

fn converse(model: &str) -> Converse {
    Converse {
        model: format!("there/{model}").parse().unwrap(),
        system: None,
        turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text: "hello".into() }] }],
        settings: Settings::default(),
        conversation: None,
        blobs: Blobs::default(),
    }
}

fn embed(model: &str, texts: &[&str]) -> Call {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    Call::Embed { model: format!("there/{model}").parse().unwrap(), texts, query: false }
}

fn rerank(model: &str) -> Call {
    let texts = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    Call::Rerank(Rerank {
        model: format!("there/{model}").parse().unwrap(),
        query: "q".into(),
        texts,
        top: 4,
    })
}

fn picture(model: &str) -> Call {
    Call::Image(Picture {
        model: format!("there/{model}").parse().unwrap(),
        prompt: "a river".into(),
        negative: None,
        size: None,
        seed: None,
        count: 1,
        from: None,
        blobs: Blobs::default(),
    })
}

fn file(api: &str, name: &str) -> Value {
    serde_json::from_slice(&data(api, name)).unwrap()
}

/// The models of Amazon, in all of the lists that it has.
fn of_bedrock(seen: &Seen) -> Value {
    let lists = [
        ("/foundation-models", "models.json"),
        ("SYSTEM_DEFINED", "profiles.json"),
        ("APPLICATION", "own_profiles.json"),
        ("/custom-model-deployments", "deployments.json"),
        ("/custom-models", "custom_models.json"),
        ("/imported-models", "imported_models.json"),
        ("/provisioned-model-throughputs", "throughputs.json"),
    ];
    let list = lists.iter().find(|(path, _)| seen.line.contains(path));
    list.map_or_else(|| json!({}), |(_, name)| file("bedrock", name))
}

fn of_ollama(seen: &Seen) -> Value {
    let name = match seen.line.split(' ').nth(1) {
        Some("/api/tags") => "tags.json",
        Some("/api/ps") => "ps.json",
        _ if String::from_utf8_lossy(&seen.body).contains("embed") => "show_embedding.json",
        _ => "show_vision.json",
    };
    file("ollama", name)
}

fn of_anthropic(seen: &Seen) -> Value {
    file("anthropic", if seen.line.contains("after_id") { "models_2.json" } else { "models_1.json" })
}

#[tokio::test]
async fn lists_with_members_that_nobody_knows_are_the_same_lists() {
    type Body = fn(&Seen) -> Value;
    let lists: [(&str, Body); 5] = [
        ("openai", |_| file("openai", "llama_models.json")),
        ("openai", |_| file("openai", "openrouter_models.json")),
        ("anthropic", of_anthropic),
        ("ollama", of_ollama),
        ("bedrock", of_bedrock),
    ];
    for (name, body) in lists {
        let [plain, strange] = said(named(name), &Call::ListModels, 200, body).await;
        let Some(Ok(Event::Models { cards })) = plain.last() else { panic!("{name}: {plain:?}") };
        assert!(!cards.is_empty(), "{name}");
        assert_eq!(plain, strange, "{name}");
    }
}

#[tokio::test]
async fn vectors_pictures_and_counts_with_members_that_nobody_knows_are_the_same() {
    let cases = [
        (
            "openai",
            embed("embed-3", &["a"]),
            json!({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1]}],
                "usage": {"prompt_tokens": 3, "total_tokens": 3}}),
        ),
        (
            "openai",
            picture("gpt-image-1"),
            json!({"created": 1, "data": [{"b64_json": "cG5n", "revised_prompt": "A river."}],
                "usage": {"input_tokens": 3, "output_tokens": 5, "input_tokens_details": {"text_tokens": 3}}}),
        ),
        ("openai", rerank("rerank-v3.5"), file("openai", "rerank_cohere.json")),
        ("openai", rerank("jina-reranker-m0"), file("openai", "rerank_jina.json")),
        ("bedrock", rerank("cohere.rerank-v3-5:0"), file("bedrock", "rerank.json")),
        ("anthropic", Call::CountTokens(converse("claude-m")), json!({"input_tokens": 14})),
        ("ollama", embed("all-minilm", &["a", "b"]), file("ollama", "embed.json")),
        ("bedrock", Call::CountTokens(converse("anthropic.claude-m")), json!({"inputTokens": 14})),
        (
            "bedrock",
            embed("amazon.titan-embed-text-v2:0", &["a"]),
            json!({"embedding": [0.5, 1], "embeddingsByType": {"float": [0.5, 1]}, "inputTextTokenCount": 1}),
        ),
        (
            "bedrock",
            embed("cohere.embed-english-v3", &["a"]),
            json!({"embeddings": [[0.5, 1]], "id": "x", "response_type": "embeddings_floats"}),
        ),
        (
            "bedrock",
            embed("cohere.embed-v4:0", &["a"]),
            json!({"embeddings": {"float": [[0.5, 1]]}, "id": "x", "response_type": "embeddings_by_type"}),
        ),
        ("bedrock", picture("amazon.titan-image-generator-v2:0"), json!({"images": ["cG5n"], "error": null})),
        (
            "bedrock",
            picture("stability.stable-image-core-v1:1"),
            json!({"images": ["cG5n"], "seeds": [7], "finish_reasons": [null]}),
        ),
    ];
    for (name, call, body) in cases {
        let [plain, strange] = said(named(name), &call, 200, move |_| body.clone()).await;
        assert!(!plain.is_empty() && plain.iter().all(Result::is_ok), "{name} {call:?}: {plain:?}");
        assert_eq!(plain, strange, "{name} {call:?}");
    }
}

#[tokio::test]
async fn refusals_with_members_that_nobody_knows_are_the_same_refusals() {
    for voice in &VOICES {
        let calls = [
            Call::Converse(Converse { system: voice.system().map(str::to_owned), ..converse(voice.model) }),
            Call::ListModels,
        ];
        for call in calls {
            for status in [400, 401, 404, 429, 500] {
                let refusal = voice.refusal;
                let [plain, strange] = said(voice, &call, status, move |_| refusal()).await;
                let Some(Err(error)) = plain.last() else { panic!("{} {status}: {plain:?}", voice.name) };
                assert!(error.why.contains(WORDS), "{} {status}: {error}", voice.name);
                assert_eq!(plain, strange, "{} {status}", voice.name);
            }
        }
    }
}
