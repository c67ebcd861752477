//! What `OpenAI`'s own SDK sends for a conversation, and what it reads in the answers: as ours.
//!
//! Ours alone are `top_k`, which the SDK knows no name for and servers that copy the API take, and `store: false`.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Call, Converse, Picture, Turn};
use outcrop::domain::delta::Event;
use outcrop::domain::message::{BlobId, Block, Role};
use outcrop::domain::settings::Settings;
use outcrop::net::{Client, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::openai::{Api, OpenAi};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::answer::{self, text};
use crate::loopback::{Part, Seen, Server, events, whole};
use crate::provider_openai::{Kept, options};
use crate::soon;
use crate::wire::openai::data;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn client() -> Client {
    Network::new(options(), Arc::new(Kept::default())).client(Reach::default())
}

/// A python with the SDK; says what is skipped without one.
pub fn python(what: &str) -> Option<std::ffi::OsString> {
    let python = std::env::var_os("OUTCROP_TEST_PEERS");
    if python.is_none() {
        crate::skipped!("{what}; OUTCROP_TEST_PEERS names a python with it");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_PEERS is not set");
    }
    python
}

/// A conversation with a block of every kind that is sent, and every setting.
pub fn everything(model: &str) -> Converse {
    let tools = r#"[{"name":"look","description":"Looks.","schema":{"type":"object","properties":{"at":{"type":"string"}}}}]"#;
    let mut settings = Settings::default();
    for (name, value) in [
        ("temperature", "0.2"),
        ("top_p", "0.9"),
        ("top_k", "40"),
        ("max_tokens", "100"),
        ("stop", "END,\\n\\n"),
        ("seed", "7"),
        ("reasoning", "low"),
        ("tools", tools),
        ("tool_choice", "auto"),
        ("response_schema", r#"{"type":"object","properties":{},"additionalProperties":false}"#),
    ] {
        settings.set(name, value).unwrap();
    }
    let text = |text: &str| Block::Text { text: text.to_owned() };
    let blob = BlobId("1".to_owned());
    let mut blobs = Blobs::default();
    blobs.put(blob.clone(), *b"\x00\xff!");
    Converse {
        model: model.parse().unwrap(),
        system: Some("Be brief.".into()),
        turns: vec![
            Turn {
                role: Role::User,
                blocks: vec![
                    text("hello"),
                    Block::Image { media_type: "image/png".into(), blob: blob.clone(), file: None },
                    Block::Document { name: "a.pdf".into(), media_type: "application/pdf".into(), blob },
                ],
            },
            Turn {
                role: Role::Assistant,
                blocks: vec![
                    Block::Reasoning { text: "hm".into(), signature: None },
                    Block::ToolUse {
                        id: "c1".into(),
                        name: "look".into(),
                        input: json!({"at": "é"}),
                        extra: None,
                    },
                ],
            },
            Turn {
                role: Role::Tool,
                blocks: vec![Block::ToolResult { id: "c1".into(), content: "dark".into(), is_error: false }],
            },
            Turn { role: Role::User, blocks: vec![text("and?")] },
        ],
        settings,
        conversation: None,
        blobs,
    }
}

fn sent(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

fn answers(seen: &Seen) -> Vec<Part> {
    let path = seen.line.split(' ').nth(1).unwrap_or_default();
    match path.rsplit('/').next().unwrap_or_default() {
        "completions" => events([Part::Bytes(data("llama_chat.sse"))]),
        "responses" => events([Part::Bytes(data("llama_responses.sse"))]),
        "embeddings" => whole(
            200,
            &JSON,
            json!({"object": "list", "model": "m", "usage": {"prompt_tokens": 2, "total_tokens": 2}, "data": [
                {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
                {"object": "embedding", "index": 1, "embedding": [0.25, 2.0]},
            ]})
            .to_string(),
        ),
        _ => whole(200, &JSON, r#"{"created": 1, "data": [{"b64_json": "iVBORw=="}]}"#),
    }
}

#[tokio::test]
async fn the_apis_own_sdk_sends_what_we_send_and_reads_what_we_read() {
    let Some(python) = python("OpenAI's SDK") else { return };
    let server = Server::start(|_, seen| answers(seen)).await;
    let voice =
        |api| OpenAi::new("there", server.url("/v1/"), SecretString::from("sk-canary").into()).by(api);
    let mut read = Vec::new();
    for api in [Api::Chat, Api::Responses] {
        let call = Call::Converse(everything("there/gpt-4o"));
        let (fold, error) = soon(answer::whole(voice(api).serve(call, &client()))).await;
        assert_eq!(error, None);
        read.push(json!({"text": text(&fold), "input": fold.usage.input, "output": fold.usage.output}));
    }
    let texts = vec!["one".to_owned(), "zwei".to_owned()];
    let embed = Call::Embed { model: "there/embed-3".parse().unwrap(), texts, query: false };
    let events: Vec<_> = soon(voice(Api::Chat).serve(embed, &client()).collect()).await;
    let Some(Ok(Event::Embeddings { vectors })) = events.last() else { panic!("{events:?}") };
    read.push(json!(vectors));
    let picture = Picture {
        model: "there/dall-e-3".parse().unwrap(),
        prompt: "a cat".into(),
        negative: None,
        size: Some((1024, 1024)),
        seed: None,
        count: 1,
        from: None,
        blobs: Blobs::default(),
    };
    let made: Vec<_> = soon(voice(Api::Chat).serve(Call::Image(picture), &client()).collect()).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    read.push(json!(["iVBORw=="]));

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/openai_sdk.py");
    let url = server.url("/v1");
    let peer = tokio::task::spawn_blocking(move || Command::new(python).args([script, &url]).output());
    let peer = tokio::time::timeout(Duration::from_mins(2), peer).await.unwrap().unwrap().unwrap();
    assert!(peer.status.success(), "{}", String::from_utf8_lossy(&peer.stderr));

    let seen = server.seen();
    assert_eq!(seen.len(), 8);
    for (ours, theirs) in seen[..4].iter().zip(&seen[4..]) {
        assert_eq!(ours.line, theirs.line);
        assert_eq!(sent(ours), sent(theirs), "the bodies of {}", ours.line);
        for name in ["authorization", "content-type"] {
            assert_eq!(ours.headers[name], theirs.headers[name]);
        }
    }
    let told: Vec<Value> = serde_json::from_slice(&peer.stdout).unwrap();
    assert_eq!(told, read);
}

#[tokio::test]
async fn the_sdk_names_the_longest_answer_of_newer_models_as_we_do_when_we_were_told() {
    let Some(python) = python("OpenAI's SDK") else { return };
    let server = Server::start(|_, seen| {
        if String::from_utf8_lossy(&seen.body).contains("\"max_tokens\"") {
            let complaint = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
            return whole(400, &JSON, json!({"error": {"message": complaint}}).to_string());
        }
        answers(seen)
    })
    .await;
    let turn = Turn { role: Role::User, blocks: vec![Block::Text { text: "hello".into() }] };
    let call = Call::Converse(Converse {
        model: "there/gpt-5".parse().unwrap(),
        system: None,
        turns: vec![turn],
        settings: Settings { max_tokens: Some(100), ..Settings::default() },
        conversation: None,
        blobs: Blobs::default(),
    });
    let voice = OpenAi::new("there", server.url("/v1/"), SecretString::from("sk-canary").into());
    let (_, error) = soon(answer::whole(voice.serve(call, &client()))).await;
    assert_eq!(error, None);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/openai_sdk.py");
    let url = server.url("/v1");
    let peer =
        tokio::task::spawn_blocking(move || Command::new(python).args([script, &url, "newer"]).output());
    let peer = tokio::time::timeout(Duration::from_mins(2), peer).await.unwrap().unwrap().unwrap();
    assert!(peer.status.success(), "{}", String::from_utf8_lossy(&peer.stderr));
    let seen = server.seen();
    assert_eq!(seen.len(), 3, "the older name, the newer one, the SDK");
    assert_eq!(sent(&seen[1]), sent(&seen[2]));
}
