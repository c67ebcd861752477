//! The `anthropic` voice, against servers on this machine; what its SDK sends and reads, as a peer.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Call, Converse, Picture, Turn};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{BlobId, Block, Role, StopReason};
use outcrop::domain::settings::Settings;
use outcrop::domain::{Error, ErrorKind};
use outcrop::net::{Client, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::anthropic::Anthropic;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::answer::{self, text};
use crate::loopback::{Part, Seen, Server, events, whole};
use crate::provider_openai::{Kept, options};
use crate::provider_openai_sdk::python;
use crate::soon;
use crate::wire::anthropic::data;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

fn client() -> Client {
    Network::new(options(), Arc::new(Kept::default())).client(Reach::default())
}

fn voice(server: &Server) -> Anthropic {
    Anthropic::new("there", server.url("/v1/"), SecretString::from("sk-canary").into())
}

fn say(role: Role, text: &str) -> Turn {
    Turn { role, blocks: vec![Block::Text { text: text.into() }] }
}

fn converse(model: &str, settings: &[(&str, &str)]) -> Converse {
    let mut converse = Converse {
        model: format!("there/{model}").parse().unwrap(),
        system: None,
        turns: vec![say(Role::User, "hello")],
        settings: Settings::default(),
        conversation: None,
        blobs: Blobs::default(),
    };
    for (name, value) in settings {
        converse.settings.set(name, value).unwrap();
    }
    converse
}

async fn ask(server: &Server) -> (Fold, Option<Error>) {
    let call = Call::Converse(converse("claude-sonnet-4-5", &[]));
    soon(answer::whole(voice(server).serve(call, &client()))).await
}

async fn one(server: &Server, call: Call) -> Result<Event, Error> {
    soon(async { voice(server).serve(call, &client()).next().await.unwrap() }).await
}

fn sent(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

fn complaint(kind: &str, message: &str) -> String {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}).to_string()
}

#[tokio::test]
async fn a_token_goes_as_a_bearer_where_the_server_wants_it_so() {
    let server = Server::start(|_, _| events([Part::Bytes(data("text.sse"))])).await;
    let voice = voice(&server).with_key_in("authorization");
    let call = Call::Converse(converse("claude-sonnet-4-5", &[]));
    let (_, error) = soon(answer::whole(voice.serve(call, &client()))).await;
    assert_eq!(error, None);
    let seen = &server.seen()[0];
    assert_eq!(seen.headers["authorization"], "Bearer sk-canary");
    assert!(!seen.headers.contains_key("x-api-key"));
}

#[tokio::test]
async fn a_streamed_answer_arrives_and_the_key_goes_where_the_api_wants_it() {
    let server =
        Server::start(|_, _| events(data("text.sse").chunks(5).map(|c| Part::Bytes(c.to_vec())))).await;
    let (fold, error) = ask(&server).await;
    assert_eq!(error, None);
    assert_eq!((text(&fold).as_str(), fold.stop), ("Hello é 👋🏽!", Some(StopReason::EndTurn)));
    assert_eq!((fold.usage.input, fold.usage.output), (Some(132), Some(15)));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /v1/messages HTTP/1.1");
    assert_eq!(seen.headers["x-api-key"], "sk-canary");
    assert_eq!(seen.headers["anthropic-version"], "2023-06-01");
    assert_eq!(seen.headers.get("authorization"), None);
    assert_eq!(sent(seen)["stream"], json!(true));
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let server = Server::start(|_, _| whole(200, &JSON, data("whole.json"))).await;
    let (fold, error) = ask(&server).await;
    assert_eq!((text(&fold).as_str(), error), ("Hi! My name is Claude.", None));
    assert_eq!(fold.stop, Some(StopReason::Filtered));
}

#[tokio::test]
async fn a_stalled_stream_times_out_and_keeps_what_came() {
    let server = Server::start(|_, _| events([Part::Bytes(data("cut.sse")), Part::Stall])).await;
    let (fold, error) = ask(&server).await;
    assert_eq!(text(&fold), "Hello é 👋🏽");
    assert_eq!(error.unwrap().kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn an_error_after_the_first_words_keeps_them() {
    let server = Server::start(|_, _| events([Part::Bytes(data("error_after_200.sse"))])).await;
    let (fold, error) = ask(&server).await;
    assert_eq!(text(&fold), "Hel");
    assert_eq!(error.unwrap().kind, ErrorKind::Overloaded);
    assert_eq!(server.seen().len(), 1, "nothing is sent again once a word came");
}

#[tokio::test]
async fn complaints_become_kinds_and_keep_the_servers_words() {
    for (status, kind, expected, times) in [
        (401, "authentication_error", ErrorKind::Auth, 1),
        (404, "not_found_error", ErrorKind::NotFound, 1),
        (429, "rate_limit_error", ErrorKind::RateLimited { retry_after_ms: Some(0) }, 3),
        (529, "overloaded_error", ErrorKind::Overloaded, 3),
    ] {
        let body = complaint(kind, "its own words");
        let server = Server::start(move |_, _| whole(status, &[("retry-after", "0")], body.clone())).await;
        let error = ask(&server).await.1.unwrap();
        assert_eq!(error.kind, expected, "{status}");
        assert!(error.why.contains("its own words"), "{error}");
        assert_eq!(server.seen().len(), times, "{status}");
    }
    let server = Server::start(|_, _| whole(429, &[("retry-after", "3600")], "")).await;
    let error = ask(&server).await.1.unwrap();
    assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: Some(3_600_000) });
    let long = complaint("invalid_request_error", "prompt is too long: 209353 tokens > 200000 maximum");
    let server = Server::start(move |_, _| whole(400, &JSON, long.clone())).await;
    let kind = ErrorKind::ContextLength { tokens: 209_353, limit: 200_000 };
    assert_eq!(ask(&server).await.1.unwrap().kind, kind);
}

#[tokio::test]
async fn what_passes_is_tried_again_before_the_first_word() {
    let server = Server::start(|number, _| match number {
        0 => whole(529, &[("retry-after", "0")], complaint("overloaded_error", "Overloaded")),
        _ => events([Part::Bytes(data("no_end.sse"))]),
    })
    .await;
    let (fold, error) = ask(&server).await;
    assert_eq!((text(&fold).as_str(), error), ("Hello", None));
}

#[tokio::test]
async fn a_key_that_the_server_repeats_is_taken_out_of_every_error() {
    let refused = complaint("authentication_error", "invalid x-api-key: sk-canary");
    let in_stream = format!("event: error\ndata: {refused}\n\n");
    let status = {
        let refused = refused.clone();
        Server::start(move |_, _| whole(401, &JSON, refused.clone())).await
    };
    let ok = Server::start(move |_, _| whole(200, &JSON, refused.clone())).await;
    let stream = Server::start(move |_, _| events([Part::Bytes(in_stream.clone().into_bytes())])).await;
    for server in [status, ok, stream] {
        let mut errors = vec![ask(&server).await.1.unwrap()];
        for call in [Call::ListModels, Call::CountTokens(converse("m", &[]))] {
            errors.push(one(&server, call).await.unwrap_err());
        }
        for error in errors {
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }
    let voice = Anthropic::new("there", "http://h", SecretString::from("sk-canary").into());
    assert!(!format!("{voice:?}").contains("canary"));
}

#[tokio::test]
async fn a_model_that_wants_the_other_form_of_thinking_gets_it_once() {
    let newer = r#""thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior."#;
    let server = Server::start(move |_, seen| {
        if sent(seen)["thinking"]["type"] == "adaptive" {
            events([Part::Bytes(data("thinking.sse"))])
        } else {
            whole(400, &JSON, complaint("invalid_request_error", newer))
        }
    })
    .await;
    let call = |model: &str| Call::Converse(converse(model, &[("reasoning", "low")]));
    let ask = async |server: &Server, model: &str| {
        soon(answer::whole(voice(server).serve(call(model), &client()))).await
    };
    let (fold, error) = ask(&server, "claude-3-like").await;
    assert_eq!((text(&fold).as_str(), error), ("Sí, 42.", None));
    let seen: Vec<Value> = server.seen().iter().map(sent).collect();
    assert_eq!(seen[0]["thinking"], json!({"type": "enabled", "budget_tokens": 1024}));
    assert_eq!(seen[1]["output_config"], json!({"effort": "low"}));
    let neither = "thinking is neither enabled nor adaptive here";
    let server =
        Server::start(move |_, _| whole(400, &JSON, complaint("invalid_request_error", neither))).await;
    assert_eq!(ask(&server, "claude-next").await.1.unwrap().kind, ErrorKind::Invalid);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_model_that_takes_no_begun_answer_is_asked_to_go_on_once() {
    let newer = "This model does not support assistant message prefill. The conversation must end with a user message.";
    let server = Server::start(move |_, seen| match sent(seen)["messages"].as_array().unwrap().last() {
        Some(last) if last["role"] == "user" => events([Part::Bytes(data("thinking.sse"))]),
        _ => whole(400, &JSON, complaint("invalid_request_error", newer)),
    })
    .await;
    let mut begun = converse("claude-next", &[]);
    begun
        .turns
        .push(Turn { role: Role::Assistant, blocks: vec![Block::Text { text: "The answer ".into() }] });
    let ask = async |server: &Server| {
        soon(answer::whole(voice(server).serve(Call::Converse(begun.clone()), &client()))).await
    };
    let (fold, error) = ask(&server).await;
    assert_eq!((text(&fold).as_str(), error), ("Sí, 42.", None));
    let seen: Vec<Value> = server.seen().iter().map(sent).collect();
    assert_eq!(seen[0]["messages"][1]["content"][0]["text"], "The answer");
    assert_eq!(seen[1]["messages"][1]["content"][0]["text"], "The answer ", "what it said stays");
    assert!(seen[1]["messages"][2]["content"][0]["text"].as_str().unwrap().starts_with("Go on"));
    let server =
        Server::start(move |_, _| whole(400, &JSON, complaint("invalid_request_error", newer))).await;
    assert_eq!(ask(&server).await.1.unwrap().kind, ErrorKind::Invalid);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn models_are_listed_page_by_page() {
    let server = Server::start(|_, seen| {
        let page = if seen.line.contains("after_id") { "models_2.json" } else { "models_1.json" };
        whole(200, &JSON, data(page))
    })
    .await;
    let listed = one(&server, Call::ListModels).await;
    let Ok(Event::Models { cards }) = listed else { panic!("{listed:?}") };
    let ids: Vec<_> = cards.iter().map(|card| card.id.model()).collect();
    assert_eq!(ids, ["claude-3-5-haiku-20241022", "claude-opus-4-6", "claude-sonnet-4-20250514", "glm-5"]);
    let lines: Vec<_> = server.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(
        lines,
        [
            "GET /v1/models?limit=1000 HTTP/1.1",
            "GET /v1/models?limit=1000&after_id=claude-3-5-haiku-20241022 HTTP/1.1"
        ]
    );
    let endless = Server::start(|_, _| whole(200, &JSON, data("models_1.json"))).await;
    one(&endless, Call::ListModels).await.unwrap();
    assert_eq!(endless.seen().len(), 2, "a page that names itself again is the last");
}

#[tokio::test]
async fn tokens_are_counted_by_the_api() {
    let server = Server::start(|_, _| whole(200, &JSON, r#"{"input_tokens": 14}"#)).await;
    let counted = one(&server, Call::CountTokens(converse("claude-opus-4-5", &[("max_tokens", "5")]))).await;
    assert_eq!(counted, Ok(Event::Tokens { count: 14 }));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /v1/messages/count_tokens HTTP/1.1");
    let messages = json!([{"role": "user", "content": [{"type": "text", "text": "hello"}]}]);
    assert_eq!(sent(seen), json!({"model": "claude-opus-4-5", "messages": messages}));
}

#[tokio::test]
async fn embeddings_and_pictures_are_refused_by_name() {
    let server = Server::start(|_, _| Vec::new()).await;
    let model = || "there/m".parse().unwrap();
    let picture = Picture {
        model: model(),
        prompt: "a cat".into(),
        negative: None,
        size: None,
        seed: None,
        count: 1,
        from: None,
        blobs: Blobs::default(),
    };
    for (call, capability) in [
        (Call::Embed { model: model(), texts: Vec::new(), query: false }, "embed"),
        (Call::Image(picture), "images"),
    ] {
        let error = one(&server, call).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused { capability: capability.into() });
    }
    assert!(server.seen().is_empty());
}

/// A conversation with a block of every kind.
fn everything() -> Converse {
    let tools = r#"[{"name":"look","description":"Looks.","schema":{"type":"object","properties":{"at":{"type":"string"}}}}]"#;
    let mut converse = converse(
        "claude-sonnet-4-5",
        &[
            ("max_tokens", "100"),
            ("stop", "END"),
            ("reasoning", "low"),
            ("tools", tools),
            ("tool_choice", "auto"),
            ("response_schema", r#"{"type":"object"}"#),
        ],
    );
    let blob = |id: &str| BlobId(id.to_owned());
    converse.blobs.put(blob("1"), *b"\x00\xff!");
    converse.blobs.put(blob("2"), "# é".as_bytes());
    converse.system = Some("Be brief.".into());
    converse.turns[0].blocks.extend([
        Block::Image { media_type: "image/png".into(), blob: blob("1"), file: None },
        Block::Document { name: "a.pdf".into(), media_type: "application/pdf".into(), blob: blob("1") },
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
                    id: "toolu_1".into(),
                    name: "look".into(),
                    input: json!({"at": "é"}),
                    extra: None,
                },
            ],
        },
        Turn {
            role: Role::Tool,
            blocks: vec![Block::ToolResult { id: "toolu_1".into(), content: "dark".into(), is_error: true }],
        },
        say(Role::User, "and?"),
    ]);
    converse
}

#[tokio::test]
async fn the_apis_own_sdk_sends_what_we_send_and_reads_what_we_read() {
    let Some(python) = std::env::var_os("OUTCROP_TEST_PEERS") else {
        crate::skipped!("Anthropic's SDK; OUTCROP_TEST_PEERS names a python with anthropic");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "OUTCROP_TEST_PEERS is not set");
        return;
    };
    let server = Server::start(|number, _| {
        // The SDK reads no input that is no JSON.
        let broken = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace("{not json", "{}");
        match number % 3 {
            0 => events([Part::Bytes(data("text.sse"))]),
            1 => events([Part::Bytes(data("thinking.sse"))]),
            _ => events([Part::Bytes(broken(data("tools.sse")).into_bytes())]),
        }
    })
    .await;
    let mut read = Vec::new();
    for _ in 0..3 {
        let answer = answer::whole(voice(&server).serve(Call::Converse(everything()), &client()));
        let (fold, error) = soon(answer).await;
        assert_eq!(error, None);
        read.push(fold);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/anthropic_sdk.py");
    let url = server.url("");
    let peer = tokio::task::spawn_blocking(move || Command::new(python).args([script, &url]).output());
    let peer = tokio::time::timeout(Duration::from_mins(2), peer).await.unwrap().unwrap().unwrap();
    assert!(peer.status.success(), "{}", String::from_utf8_lossy(&peer.stderr));

    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    assert_eq!(sent(&seen[0]), sent(&seen[3]), "the bodies");
    for name in ["x-api-key", "anthropic-version", "content-type"] {
        assert_eq!(seen[0].headers[name], seen[3].headers[name]);
    }
    let told: Vec<Value> = serde_json::from_slice(&peer.stdout).unwrap();
    for (fold, told) in read.iter().zip(&told) {
        assert_eq!(&as_told(fold), told);
    }
}

#[tokio::test]
async fn the_sdk_lets_a_model_think_as_we_do() {
    let Some(python) = python("Anthropic's SDK") else { return };
    let server = Server::start(|_, _| events([Part::Bytes(data("text.sse"))])).await;
    for asked in [
        converse("claude-sonnet-5", &[("max_tokens", "100"), ("reasoning", "low")]),
        converse(
            "claude-sonnet-4-5",
            &[("max_tokens", "100"), ("temperature", "0.2"), ("top_p", "0.9"), ("top_k", "40")],
        ),
    ] {
        let (_, error) = soon(answer::whole(voice(&server).serve(Call::Converse(asked), &client()))).await;
        assert_eq!(error, None);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/anthropic_sdk.py");
    let url = server.url("");
    let peer =
        tokio::task::spawn_blocking(move || Command::new(python).args([script, &url, "newer"]).output());
    let peer = tokio::time::timeout(Duration::from_mins(2), peer).await.unwrap().unwrap().unwrap();
    assert!(peer.status.success(), "{}", String::from_utf8_lossy(&peer.stderr));
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert_eq!([sent(&seen[0]), sent(&seen[1])], [sent(&seen[2]), sent(&seen[3])]);
}

/// An answer as the peer's script tells it.
fn as_told(fold: &Fold) -> Value {
    let block = |block: &Block| match block {
        Block::Text { text } => json!({"type": "text", "text": text}),
        Block::Reasoning { text, signature } => {
            json!({"type": "thinking", "thinking": text, "signature": signature})
        }
        Block::RedactedReasoning { data } => json!({"type": "redacted_thinking", "data": data}),
        Block::ToolUse { id, name, input, .. } => {
            json!({"type": "tool_use", "id": id, "name": name, "input": input})
        }
        other => panic!("{other:?}"),
    };
    json!({
        "content": fold.blocks.iter().map(block).collect::<Vec<_>>(),
        "input": fold.usage.input,
        "output": fold.usage.output,
    })
}
