//! Amazon's own botocore as the judge of what the `bedrock` voice sends and reads.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use outcrop::domain::call::{Call, Converse, Picture, Turn};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{BlobId, Block, Role};
use outcrop::domain::rerank::Rerank;
use outcrop::provider::Provider;
use serde_json::{Value, json};

use crate::answer;
use crate::loopback::{Seen, Server, whole};
use crate::provider_bedrock::{
    CLAUDE, JSON, bearer, client, complaint, converse, keys, picture, say, sent, streamed, voice,
};
use crate::provider_bedrock_lists::lists;
use crate::soon;
use crate::wire::bedrock::data;

/// A conversation with a block of every kind.
fn everything(model: &str) -> Converse {
    let tools = r#"[{"name":"look","description":"Looks.","schema":{"type":"object","properties":{"at":{"type":"string"}}}}]"#;
    let mut converse = converse(
        model,
        &[
            ("temperature", "0.2"),
            ("top_p", "0.9"),
            ("top_k", "40"),
            ("max_tokens", "100"),
            ("stop", "END"),
            ("tools", tools),
            ("tool_choice", "look"),
            ("response_schema", r#"{"type":"object"}"#),
        ],
    );
    let blob = |id: &str| BlobId(id.to_owned());
    converse.blobs.put(blob("1"), *b"\x00\xff!");
    converse.blobs.put(blob("2"), "# é".as_bytes());
    converse.system = Some("Be brief.".into());
    converse.turns[0].blocks.extend([
        Block::Image { media_type: "image/png".into(), blob: blob("1"), file: None },
        Block::Document { name: "a_1.pdf".into(), media_type: "application/pdf".into(), blob: blob("1") },
        Block::Document { name: "b.md".into(), media_type: "text/markdown".into(), blob: blob("2") },
        Block::CachePoint,
    ]);
    converse.turns.extend([
        Turn {
            role: Role::Assistant,
            blocks: vec![
                Block::Reasoning { text: "hm".into(), signature: Some("c2VhbA==".into()) },
                Block::RedactedReasoning { data: "eA==".into() },
                Block::ToolUse {
                    id: "tooluse_1".into(),
                    name: "look".into(),
                    input: json!({"at": "é"}),
                    extra: None,
                },
            ],
        },
        Turn {
            role: Role::Tool,
            blocks: vec![Block::ToolResult {
                id: "tooluse_1".into(),
                content: "dark".into(),
                is_error: true,
            }],
        },
        say(Role::User, "and?"),
    ]);
    converse
}

/// What the judge is told of a request.
pub fn as_asked(seen: &Seen) -> Value {
    json!({ "line": seen.line, "headers": seen.headers, "body": STANDARD.encode(&seen.body) })
}

/// What `tests/peers/botocore_judge.py` says of all that; `None` where there is no such peer here.
fn judged(evidence: Value) -> Option<tokio::task::JoinHandle<Vec<Value>>> {
    let Some(python) = std::env::var_os("OUTCROP_TEST_PEERS") else {
        crate::skipped!("Amazon's botocore; OUTCROP_TEST_PEERS names a python with botocore");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_PEERS is not set");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/botocore_judge.py");
    Some(tokio::task::spawn_blocking(move || {
        let mut peer = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        peer.stdin.take().unwrap().write_all(evidence.to_string().as_bytes()).unwrap();
        let told = peer.wait_with_output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        serde_json::from_slice(&told.stdout).unwrap()
    }))
}

pub async fn verdict(evidence: Value) -> Option<Vec<Value>> {
    Some(tokio::time::timeout(Duration::from_mins(2), judged(evidence)?).await.unwrap().unwrap())
}

fn rerank(model: &str) -> Call {
    let (query, texts) = ("é?".to_owned(), vec!["é".to_owned()]);
    Call::Rerank(Rerank { model: format!("aws/{model}").parse().unwrap(), query, texts, top: 1 })
}

/// What its maker's own API alone has room for.
fn own(model: &str) -> Call {
    Call::Converse(Converse { system: Some("é".into()), ..converse(model, &[("max_tokens", "64")]) })
}

#[tokio::test]
async fn botocore_takes_every_request_as_its_own_and_finds_the_same_signature() {
    let server = Server::start(|_, seen| match seen.line.as_str() {
        line if line.starts_with("GET ") => lists(seen),
        line if line.contains("rerank") => {
            whole(200, &JSON, r#"{"results": [{"index": 0, "relevance_score": 0.5}]}"#)
        }
        line if line.contains("embed") => whole(200, &JSON, r#"{"embedding": [1], "embeddings": [[1]]}"#),
        line if line.contains("cohere.command") || line.contains("meta.llama") => {
            if line.contains("converse") {
                let words = "This action doesn't support the model that you provided.";
                return complaint(400, "ValidationException", words);
            }
            streamed("native_llama.events")
        }
        line if line.contains("j2-") => whole(200, &JSON, r#"{"completions": [{"data": {"text": "Hi"}}]}"#),
        line if line.contains("claude-v2") => {
            if line.contains("converse") {
                let words = "This action doesn't support the model that you provided.";
                return complaint(400, "ValidationException", words);
            }
            streamed("native_claude.events")
        }
        line if line.contains("stable-diffusion") => {
            whole(200, &JSON, r#"{"artifacts": [{"base64": "cG5n", "finishReason": "SUCCESS"}]}"#)
        }
        line if line.contains("stable-image") => whole(200, &JSON, r#"{"images": ["cG5n"]}"#),
        line if line.contains("image") || line.contains("canvas") => {
            whole(200, &JSON, r#"{"images": ["cG5n", "cG5n"]}"#)
        }
        line if line.contains("titan") => streamed("native_titan.events"),
        line if line.contains("count-tokens") => whole(200, &JSON, r#"{"inputTokens": 14}"#),
        line if line.contains("jamba") && line.contains("-stream") => {
            complaint(400, "ValidationException", "The model is unsupported for streaming")
        }
        line if line.contains("jamba") => whole(200, &JSON, data("answer.json")),
        _ => streamed("text.events"),
    })
    .await;
    let voice = voice(&server, keys());
    let arn = |what: &str| format!("arn:aws:bedrock:eu-west-1:123456789012:{what}/abc123def456");
    let [bought, deployed, profile] =
        ["provisioned-model", "custom-model-deployment", "application-inference-profile"].map(arn);
    let mut thinking = everything(CLAUDE);
    thinking.settings.set("reasoning", "low").unwrap();
    let mut varied = picture("amazon.titan-image-generator-v2:0");
    let first = BlobId("first".to_owned());
    varied.blobs.put(first.clone(), *b"\x89PNG\r\n\x1a\n");
    varied.from = Some(first);
    // A document without a word beside it, and a tool's call whose id another API gave.
    let mut alone = everything(CLAUDE);
    alone.turns[0].blocks.retain(|block| matches!(block, Block::Document { .. }));
    for block in alone.turns.iter_mut().flat_map(|turn| &mut turn.blocks) {
        if let Block::ToolUse { id, .. } | Block::ToolResult { id, .. } = block {
            *id = format!("call/{}|é", "x".repeat(80));
        }
    }
    let calls = [
        Call::Converse(everything(CLAUDE)),
        Call::Converse(thinking),
        Call::Converse(everything("amazon.nova-lite-v1:0")),
        Call::Converse(everything("ai21.jamba-instruct-v1:0")),
        Call::Converse(converse(&bought, &[])),
        Call::Converse(converse(&deployed, &[])),
        Call::Converse(converse(&profile, &[])),
        Call::CountTokens(everything(CLAUDE)),
        Call::ListModels,
        Call::Converse(Converse { system: Some("é".into()), ..converse("amazon.titan-text-lite-v1", &[]) }),
        Call::Embed {
            model: "aws/amazon.titan-embed-text-v1".parse().unwrap(),
            texts: vec!["é".into()],
            query: false,
        },
        Call::Image(picture("amazon.titan-image-generator-v1")),
        Call::Image(Picture { count: 1, ..picture("stability.stable-image-core-v1:1") }),
        Call::Embed {
            model: "aws/cohere.embed-english-v3".parse().unwrap(),
            texts: vec!["é".into()],
            query: false,
        },
        Call::Embed {
            model: "aws/amazon.titan-embed-text-v2:0".parse().unwrap(),
            texts: vec!["é".into()],
            query: false,
        },
        rerank("amazon.rerank-v1:0"),
        rerank("cohere.rerank-v3-5:0"),
        Call::Image(picture("amazon.nova-canvas-v1:0")),
        Call::Image(varied),
        Call::Image(Picture { count: 1, ..picture("stability.stable-diffusion-xl-v1") }),
        own("ai21.j2-mid-v1"),
        own("cohere.command-text-v14"),
        Call::Converse(converse("cohere.command-r-v1:0", &[("top_k", "4")])),
        Call::Converse(converse("meta.llama3-8b-instruct-v1:0", &[("temperature", "0.5")])),
        Call::Converse(converse("meta.llama2-13b-chat-v1", &[("temperature", "0.5")])),
        Call::Converse(alone),
        Call::Converse(everything("anthropic.claude-v2:1")),
    ];
    // One is refused as a stream first, and four by Converse; the profiles have two pages, and five lists are of the
    // account.
    let count = calls.len() + 1 + 4 + 2 + 5;
    for call in calls {
        let (_, error) = soon(answer::whole(voice.serve(call, &client()))).await;
        assert_eq!(error, None);
    }
    let requests: Vec<Value> = server.seen().iter().map(as_asked).collect();
    assert_eq!(requests.len(), count);
    let keys = json!({"id": "AKIDEXAMPLE", "secret": "wJalr/canary+secret", "token": "canary/token=="});
    let evidence = json!({"requests": requests, "keys": keys, "region": "eu-west-1"});
    let Some(told) = verdict(evidence).await else { return };
    assert_eq!(told.len(), count);
    for (told, seen) in told.iter().zip(server.seen()) {
        assert_eq!(told["problems"], json!([]), "{}", seen.line);
        assert_eq!(told["authorization"], json!(seen.headers["authorization"]), "{}", seen.line);
        let path = seen.line.split(' ').nth(1).unwrap();
        assert_eq!(told["path"], json!(path), "the address as botocore writes it");
        if !seen.body.is_empty() {
            assert_eq!(told["body"], sent(&seen), "the body as botocore writes it");
        }
    }
}

#[tokio::test]
async fn botocore_reads_what_we_read() {
    let streams = [
        "text.events",
        "cached.events",
        "reasoning.events",
        "tools.events",
        "guarded.events",
        "picture.events",
        "exception.events",
        "error.events",
        "strangers.events",
        "no_metadata.events",
    ];
    let evidence: Vec<Value> =
        streams.iter().map(|name| json!({"name": name, "stream": STANDARD.encode(data(name))})).collect();
    let answer = String::from_utf8(data("answer.json")).unwrap();
    let mut read = Vec::new();
    for name in streams {
        let server = Server::start(move |_, _| streamed(name)).await;
        let call = Call::Converse(converse(CLAUDE, &[]));
        let mut events = voice(&server, bearer()).serve(call, &client());
        read.push(soon(as_read(&mut events)).await);
    }
    let server = Server::start(|_, seen| {
        if seen.line.contains("-stream") {
            complaint(400, "ValidationException", "The model is unsupported for streaming")
        } else {
            whole(200, &JSON, data("answer.json"))
        }
    })
    .await;
    let mut events = voice(&server, bearer()).serve(Call::Converse(converse("m", &[])), &client());
    read.push(soon(as_read(&mut events)).await);
    let server = Server::start(|_, seen| match seen.line.as_str() {
        line if line.contains("/foundation-models") => whole(200, &JSON, data("models.json")),
        line if line.contains("SYSTEM_DEFINED") => whole(200, &JSON, data("profiles.json")),
        line if line.contains("/inference-profiles") => whole(200, &JSON, data("own_profiles.json")),
        line if line.contains("/provisioned-model-throughputs") => {
            whole(200, &JSON, data("throughputs.json"))
        }
        line if line.contains("/custom-models") => whole(200, &JSON, data("custom_models.json")),
        line if line.contains("/custom-model-deployments") => whole(200, &JSON, data("deployments.json")),
        line if line.contains("/imported-models") => whole(200, &JSON, data("imported_models.json")),
        line => panic!("{line}"),
    })
    .await;
    let listed = soon(voice(&server, bearer()).serve(Call::ListModels, &client()).next()).await.unwrap();
    let Ok(Event::Models { cards }) = listed else { panic!("{listed:?}") };
    let cards: Value = cards.iter().map(|card| json!({"id": card.id.model(), "title": card.title})).collect();
    let listed: Vec<Value> = [
        ("ListFoundationModels", "models.json"),
        ("ListInferenceProfiles", "profiles.json"),
        ("ListInferenceProfiles", "own_profiles.json"),
        ("ListProvisionedModelThroughputs", "throughputs.json"),
        ("ListCustomModels", "custom_models.json"),
        ("ListCustomModelDeployments", "deployments.json"),
        ("ListImportedModels", "imported_models.json"),
    ]
    .iter()
    .map(|(operation, name)| json!({"operation": operation, "body": String::from_utf8(data(name)).unwrap()}))
    .collect();
    let listed_count = listed.len();
    let mut natives = Vec::new();
    for (name, model) in [
        ("native_titan.events", "amazon.titan-text-express-v1"),
        ("native_command.events", "cohere.command-text-v14"),
    ] {
        natives.push(json!({"stream": STANDARD.encode(data(name))}));
        let server = Server::start(move |_, _| streamed(name)).await;
        let mut events = voice(&server, bearer()).serve(own(model), &client());
        read.push(soon(as_read(&mut events)).await);
    }
    for (name, model) in [
        ("native_llama.events", "meta.llama3-8b-instruct-v1:0"),
        ("native_command_r.events", "cohere.command-r-v1:0"),
        ("native_claude.events", "anthropic.claude-v2:1"),
    ] {
        natives.push(json!({"stream": STANDARD.encode(data(name))}));
        let server = Server::start(move |number, _| match number {
            0 => complaint(
                400,
                "ValidationException",
                "This action doesn't support the model that you provided.",
            ),
            _ => streamed(name),
        })
        .await;
        let mut events = voice(&server, bearer()).serve(Call::Converse(converse(model, &[])), &client());
        read.push(soon(as_read(&mut events)).await);
    }
    let evidence = json!({"streams": evidence, "answers": [answer], "natives": natives, "lists": listed});
    let Some(mut told) = verdict(evidence).await else { return };
    let lists: Vec<Value> = told.drain(streams.len() + 1..=streams.len() + listed_count).collect();
    let mut models: Vec<Value> = lists.iter().flat_map(|list| list.as_array().unwrap()).cloned().collect();
    models.sort_by_key(|model| model["id"].to_string());
    assert_eq!(Value::Array(models), cards);
    assert_eq!(told.len(), read.len());
    for (told, read) in told.iter().zip(&read) {
        assert_eq!(told, read);
    }
}

/// An answer in the words of the judge.
async fn as_read(events: &mut outcrop::provider::Events) -> Value {
    let (mut fold, mut pictures, mut failed) = (Fold::default(), Vec::new(), None);
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Image { media_type, bytes }) => {
                pictures.push(json!({"image": media_type, "bytes": STANDARD.encode(bytes)}));
            }
            Ok(event) => fold.push(&event),
            Err(error) => failed = Some(error.why.rsplit(": ").next().unwrap_or_default().to_owned()),
        }
    }
    let block = |block: &Block| match block {
        Block::Text { text } => json!({"text": text}),
        Block::Reasoning { text, signature } => json!({"reasoning": text, "signature": signature}),
        Block::RedactedReasoning { data } => json!({"redacted": data}),
        Block::ToolUse { id, name, input, .. } => json!({"tool": id, "name": name, "input": input}),
        other => panic!("{other:?}"),
    };
    json!({
        "content": fold.blocks.iter().map(block).chain(pictures).collect::<Vec<_>>(),
        "input": fold.usage.input,
        "output": fold.usage.output,
        "cache_read": fold.usage.cache_read,
        "cache_write": fold.usage.cache_write,
        "stop": fold.stop.map(|stop| format!("{stop:?}")),
        "error": failed,
    })
}
