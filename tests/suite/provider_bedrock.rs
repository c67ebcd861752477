//! The `bedrock` voice, against servers on this machine.

use std::sync::Arc;

use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Call, Converse, Picture, Turn};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, Role, StopReason, Usage};
use outcrop::domain::rerank::Rerank;
use outcrop::domain::settings::Settings;
use outcrop::domain::{Error, ErrorKind};
use outcrop::net::{Client, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::bedrock::{Bedrock, Credentials};
use outcrop::provider::key::Key;
use outcrop::wire::aws::Keys;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::answer::{self, text};
use crate::loopback::{Part, Seen, Server, head, whole};
use crate::provider_openai::{Kept, options};
use crate::soon;
use crate::wire::bedrock::data;

pub const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
pub const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

pub fn client() -> Client {
    Network::new(options(), Arc::new(Kept::default())).client(Reach::default())
}

pub fn bearer() -> Credentials {
    Credentials::Bearer(Key::from(SecretString::from("sk-canary")))
}

pub fn keys() -> Credentials {
    Credentials::Keys(Keys {
        id: "AKIDEXAMPLE".into(),
        secret: "wJalr/canary+secret".into(),
        token: Some("canary/token==".into()),
        ends: None,
    })
}

pub fn voice(server: &Server, credentials: Credentials) -> Bedrock {
    Bedrock::new("aws", "eu-west-1", Some(&server.url("/")), credentials)
}

pub fn say(role: Role, text: &str) -> Turn {
    Turn { role, blocks: vec![Block::Text { text: text.into() }] }
}

pub fn converse(model: &str, settings: &[(&str, &str)]) -> Converse {
    let mut converse = Converse {
        model: format!("aws/{model}").parse().unwrap(),
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

/// An event stream of these pieces.
fn stream(pieces: impl IntoIterator<Item = Part>) -> Vec<Part> {
    let mut parts = vec![head(200, &[("content-type", "application/vnd.amazon.eventstream")])];
    parts.extend(pieces);
    parts
}

pub fn streamed(name: &str) -> Vec<Part> {
    stream([Part::Bytes(data(name))])
}

pub fn complaint(status: u16, name: &str, words: &str) -> Vec<Part> {
    let body = json!({ "message": words }).to_string();
    whole(status, &[("x-amzn-errortype", name), ("retry-after", "0")], body)
}

async fn ask(server: &Server, model: &str) -> (Fold, Option<Error>) {
    let call = Call::Converse(converse(model, &[]));
    soon(answer::whole(voice(server, bearer()).serve(call, &client()))).await
}

pub async fn one(server: &Server, call: Call) -> Result<Event, Error> {
    soon(async { voice(server, bearer()).serve(call, &client()).next().await.unwrap() }).await
}

pub fn sent(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

#[tokio::test]
async fn a_streamed_answer_arrives_and_an_api_key_goes_as_a_bearer() {
    let server =
        Server::start(|_, _| stream(data("text.events").chunks(5).map(|c| Part::Bytes(c.to_vec())))).await;
    let (fold, error) = ask(&server, CLAUDE).await;
    assert_eq!(error, None);
    assert_eq!((text(&fold).as_str(), fold.stop), ("Hello, é👋", Some(StopReason::EndTurn)));
    assert_eq!((fold.usage.input, fold.usage.output), (Some(9), Some(7)));
    let seen = &server.seen()[0];
    let path = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream";
    assert_eq!(seen.line, format!("POST {path} HTTP/1.1"));
    assert_eq!(seen.headers["authorization"], "Bearer sk-canary");
    assert_eq!(seen.headers.get("x-amz-date"), None);
    assert_eq!(
        sent(seen),
        json!({"messages": [{"role": "user", "content": [{"text": "hello"}]}]}),
        "what nobody set is not sent"
    );
}

#[tokio::test]
async fn keys_sign_and_are_not_sent_themselves() {
    let server = Server::start(|_, _| streamed("text.events")).await;
    let call = Call::Converse(converse(CLAUDE, &[]));
    let voice = voice(&server, keys());
    assert_eq!(soon(answer::whole(voice.serve(call, &client()))).await.1, None);
    assert!(!format!("{voice:?}").contains("canary"));
    let seen = &server.seen()[0];
    let signed = &seen.headers["authorization"];
    let date = &seen.headers["x-amz-date"];
    let scope = format!("Credential=AKIDEXAMPLE/{}/eu-west-1/bedrock/aws4_request", &date[..8]);
    assert!(signed.starts_with("AWS4-HMAC-SHA256 ") && signed.contains(&scope), "{signed}");
    assert!(signed.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"), "{signed}");
    assert_eq!(seen.headers["x-amz-security-token"], "canary/token==");
    assert!(!format!("{seen:?}").contains("wJalr"));
}

#[tokio::test]
async fn a_model_that_knows_no_streaming_is_asked_for_a_whole_answer() {
    for words in
        ["The model is unsupported for streaming", "This model doesn't support tool use in streaming mode."]
    {
        let server = Server::start(move |_, seen| {
            if seen.line.contains("/converse-stream") {
                complaint(400, "ValidationException", words)
            } else {
                whole(200, &JSON, data("answer.json"))
            }
        })
        .await;
        let (fold, error) = ask(&server, "ai21.jamba-instruct-v1:0").await;
        assert_eq!((text(&fold).as_str(), error), ("Looking é. Cited.", None));
        let lines: Vec<_> = server.seen().into_iter().map(|seen| seen.line).collect();
        assert_eq!(lines[1], "POST /model/ai21.jamba-instruct-v1%3A0/converse HTTP/1.1");
        assert_eq!((server.seen()[0].body.clone(), lines.len()), (server.seen()[1].body.clone(), 2));
    }
}

#[tokio::test]
async fn what_streams_nothing_is_asked_for_a_stream_once_and_of_tools_it_says_nothing_of_the_rest() {
    let server = Server::start(|_, seen| match seen.line.as_str() {
        line if !line.contains("-stream") => whole(200, &JSON, data("answer.json")),
        line if line.contains("jamba") => {
            complaint(400, "ValidationException", "The model is unsupported for streaming")
        }
        _ if sent(seen).get("toolConfig").is_some() => {
            let words = "This model doesn't support tool use in streaming mode.";
            complaint(400, "ValidationException", words)
        }
        _ => streamed("text.events"),
    })
    .await;
    let voice = voice(&server, keys());
    let plain = |model: &str| converse(model, &[]);
    let tools = || converse("mistral.mistral-large-2402-v1:0", &[("tools", r#"[{"name":"look"}]"#)]);
    let asked = [
        (plain("ai21.jamba-instruct-v1:0"), "Converse"),
        (plain("ai21.jamba-instruct-v1:0"), "Converse"),
        (tools(), "Converse"),
        (tools(), "Converse"),
        (plain("mistral.mistral-large-2402-v1:0"), "ConverseStream"),
    ];
    for (conversation, operation) in asked {
        let call = Call::Converse(conversation.clone());
        let (_, error) = soon(answer::whole(voice.serve(call, &client()))).await;
        assert_eq!(error, None);
        assert_eq!(format!("{:?}", voice.operation(&conversation).unwrap()), operation);
    }
    let streams: Vec<bool> = server.seen().iter().map(|seen| seen.line.contains("-stream")).collect();
    assert_eq!(streams, [true, false, false, true, false, false, true]);
}

#[tokio::test]
async fn a_stalled_stream_times_out_and_keeps_what_came() {
    let server = Server::start(|_, _| stream([Part::Bytes(data("cut.events")), Part::Stall])).await;
    let (fold, error) = ask(&server, CLAUDE).await;
    assert_eq!(text(&fold), "Hello");
    assert_eq!(error.unwrap().kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn an_exception_or_a_damaged_message_after_the_first_words_keeps_them() {
    let mut flipped = data("text.events");
    let at = flipped.windows(3).rposition(|window| window == b"lo,").unwrap();
    flipped[at] ^= 1;
    for (bytes, words, kind) in [
        (data("exception.events"), "Hello", ErrorKind::RateLimited { retry_after_ms: None }),
        (data("error.events"), "Hello", ErrorKind::Server { status: 500 }),
        (flipped, "Hel", ErrorKind::Network),
        (data("cut.events"), "Hello", ErrorKind::Network),
    ] {
        let server = Server::start(move |_, _| stream([Part::Bytes(bytes.clone())])).await;
        let (fold, error) = ask(&server, CLAUDE).await;
        assert_eq!((text(&fold).as_str(), error.unwrap().kind), (words, kind));
        assert_eq!(server.seen().len(), 1, "nothing is sent again once a word came");
    }
}

#[tokio::test]
async fn complaints_become_kinds_and_keep_the_servers_words() {
    for (status, name, expected, times) in [
        (401, "UnauthorizedException", ErrorKind::Auth, 1),
        (403, "AccessDeniedException", ErrorKind::Auth, 1),
        (403, "ExpiredTokenException:http://x/", ErrorKind::Auth, 1),
        (404, "ResourceNotFoundException", ErrorKind::NotFound, 1),
        (400, "ThrottlingException", ErrorKind::RateLimited { retry_after_ms: Some(0) }, 1),
        (429, "ThrottlingException", ErrorKind::RateLimited { retry_after_ms: Some(0) }, 3),
        (500, "InternalServerException", ErrorKind::Server { status: 500 }, 3),
        (503, "ServiceUnavailableException", ErrorKind::Overloaded, 3),
        (529, "", ErrorKind::Overloaded, 3),
    ] {
        let server = Server::start(move |_, _| complaint(status, name, "its own words")).await;
        let error = ask(&server, CLAUDE).await.1.unwrap();
        assert_eq!(error.kind, expected, "{status} {name}");
        assert!(error.why.contains("its own words"), "{error}");
        assert_eq!(server.seen().len(), times, "{status} {name}");
    }
    let server = Server::start(|_, _| {
        complaint(403, "ExpiredTokenException", "The security token included in the request is expired")
    })
    .await;
    for (credentials, renewal) in [(bearer(), "make a new one"), (keys(), "aws sso login")] {
        let events = voice(&server, credentials).serve(Call::Converse(converse(CLAUDE, &[])), &client());
        let error = soon(answer::whole(events)).await.1.unwrap();
        assert!(error.hint.contains(renewal), "{error}");
    }
    let long = "Input is too long for requested model.";
    let server = Server::start(move |_, _| complaint(400, "ValidationException", long)).await;
    let error = ask(&server, CLAUDE).await.1.unwrap();
    assert!(matches!(error.kind, ErrorKind::ContextLength { .. }), "{error}");
}

#[tokio::test]
async fn what_passes_is_tried_again_before_the_first_word() {
    let server = Server::start(|number, _| match number {
        0 => complaint(429, "ThrottlingException", "Too many requests"),
        _ => streamed("text.events"),
    })
    .await;
    let (fold, error) = ask(&server, CLAUDE).await;
    assert_eq!((text(&fold).as_str(), error, server.seen().len()), ("Hello, é👋", None, 2));
}

#[tokio::test]
async fn a_key_that_the_server_repeats_is_taken_out_of_every_error() {
    let words = "the key sk-canary is not known";
    let body = json!({ "message": words }).to_string();
    let refused = Server::start(move |_, _| complaint(403, "AccessDeniedException", words)).await;
    let ok = Server::start(move |_, _| whole(200, &JSON, body.clone())).await;
    for server in [refused, ok] {
        let mut errors = vec![ask(&server, CLAUDE).await.1.unwrap()];
        for call in [Call::ListModels, Call::CountTokens(converse("m", &[]))] {
            errors.push(one(&server, call).await.unwrap_err());
        }
        for error in errors {
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }
    assert!(!format!("{:?}", bearer()).contains("canary"));
}

#[tokio::test]
async fn a_model_that_wants_the_other_form_of_thinking_gets_it_once() {
    let newer = r#""thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior."#;
    let server = Server::start(move |_, seen| {
        if sent(seen)["additionalModelRequestFields"]["thinking"]["type"] == "adaptive" {
            streamed("reasoning.events")
        } else {
            complaint(400, "ValidationException", newer)
        }
    })
    .await;
    let call = Call::Converse(converse(CLAUDE, &[("reasoning", "low")]));
    let (fold, error) = soon(answer::whole(voice(&server, bearer()).serve(call, &client()))).await;
    assert_eq!((text(&fold).as_str(), error), ("42.", None));
    assert_eq!(sent(&server.seen()[1])["outputConfig"], json!({"effort": "low"}));
    let server = Server::start(move |_, _| complaint(400, "ValidationException", newer)).await;
    let call = Call::Converse(converse(CLAUDE, &[("reasoning", "low")]));
    let (_, error) = soon(answer::whole(voice(&server, bearer()).serve(call, &client()))).await;
    assert_eq!((error.unwrap().kind, server.seen().len()), (ErrorKind::Invalid, 2));
}

#[tokio::test]
async fn a_model_that_takes_no_begun_answer_is_asked_to_go_on_once() {
    let newer = "This model does not support assistant message prefill. The conversation must end with a user message.";
    let server = Server::start(move |_, seen| match sent(seen)["messages"].as_array().unwrap().last() {
        Some(last) if last["role"] == "user" => streamed("reasoning.events"),
        _ => complaint(400, "ValidationException", newer),
    })
    .await;
    let mut begun = converse(CLAUDE, &[]);
    begun
        .turns
        .push(Turn { role: Role::Assistant, blocks: vec![Block::Text { text: "The answer ".into() }] });
    let call = Call::Converse(begun);
    let (fold, error) = soon(answer::whole(voice(&server, bearer()).serve(call, &client()))).await;
    assert_eq!((text(&fold).as_str(), error), ("42.", None));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn tokens_are_counted_by_the_api() {
    let server = Server::start(|_, _| whole(200, &JSON, r#"{"inputTokens": 14}"#)).await;
    let counted = one(&server, Call::CountTokens(converse(CLAUDE, &[("max_tokens", "5")]))).await;
    assert_eq!(counted, Ok(Event::Tokens { count: 14 }));
    let seen = &server.seen()[0];
    assert!(seen.line.ends_with("/count-tokens HTTP/1.1"), "{}", seen.line);
    let messages = json!([{"role": "user", "content": [{"text": "hello"}]}]);
    assert_eq!(sent(seen), json!({"input": {"converse": {"messages": messages}}}));
}

#[tokio::test]
async fn an_offline_call_reaches_nobody() {
    let voice = Bedrock::new("aws", "eu-west-1", None, keys());
    let offline = Network::new(options(), Arc::new(Kept::default()))
        .client(Reach { offline: true, ..Reach::default() });
    for call in [Call::ListModels, Call::Converse(converse(CLAUDE, &[]))] {
        let error = soon(voice.serve(call, &offline).next()).await.unwrap().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Offline);
        assert!(error.why.contains(".eu-west-1.amazonaws.com"), "{error}");
    }
}

#[tokio::test]
async fn a_model_that_converse_has_no_room_for_is_asked_in_its_own_words() {
    let server = Server::start(|_, seen| match seen.line.as_str() {
        line if line.contains("titan") => streamed("native_titan.events"),
        line if line.contains("j2-") => {
            whole(200, &JSON, r#"{"completions": [{"data": {"text": "Hi"}, "finishReason": {"reason": "length"}}]}"#)
        }
        line if line.ends_with("/converse-stream HTTP/1.1") => {
            let words = "This action doesn't support the model that you provided. Try again with a supported text or chat model.";
            complaint(400, "ValidationException", words)
        }
        line if line.contains("llama") => streamed("native_llama.events"),
        _ => streamed("native_claude.events"),
    })
    .await;
    let ask = async |model: &str| {
        let mut converse = converse(model, &[]);
        converse.system = Some("Be brief.".into());
        let (fold, error) =
            soon(answer::whole(voice(&server, bearer()).serve(Call::Converse(converse), &client()))).await;
        assert_eq!(error, None);
        (text(&fold), fold.stop.unwrap(), server.seen().pop().unwrap())
    };
    let (said, stop, seen) = ask("amazon.titan-text-express-v1").await;
    assert_eq!((said.as_str(), stop), ("Hello, é👋", StopReason::EndTurn));
    let path = "POST /model/amazon.titan-text-express-v1/invoke-with-response-stream HTTP/1.1";
    assert_eq!(
        (seen.line.as_str(), seen.headers["x-amzn-bedrock-accept"].as_str()),
        (path, "application/json")
    );
    assert_eq!(sent(&seen)["inputText"], "Be brief.\n\nUser: hello\nBot:");
    assert_eq!(server.seen().len(), 1, "Converse takes no system prompt for it, and is not asked");
    let (said, stop, seen) = ask("ai21.j2-mid-v1").await;
    assert_eq!((said.as_str(), stop), ("Hi", StopReason::MaxTokens));
    assert_eq!(seen.line, "POST /model/ai21.j2-mid-v1/invoke HTTP/1.1");
    let (said, stop, seen) = ask("arn:aws:bedrock:eu-west-1:1:custom-model/meta.llama3-8b/x").await;
    assert_eq!((said.as_str(), stop), ("Hello, é👋", StopReason::MaxTokens));
    assert!(sent(&seen)["prompt"].as_str().unwrap().contains("Be brief."));
    let (said, stop, seen) = ask("anthropic.claude-instant-v1").await;
    assert_eq!((said.as_str(), stop), ("Hello, é👋", StopReason::ToolUse));
    assert_eq!(sent(&seen)["anthropic_version"], "bedrock-2023-05-31");
    let refused = ask_refused(&server).await;
    assert_eq!(refused.kind, ErrorKind::Refused { capability: "chat".into() });
}

#[tokio::test]
async fn a_model_that_converse_refused_is_asked_in_its_own_words_from_then_on_and_keeps_its_settings() {
    let server = Server::start(|_, seen| match seen.line.as_str() {
        line if line.ends_with("/converse-stream HTTP/1.1") => {
            complaint(400, "ValidationException", "This action doesn't support the model that you provided.")
        }
        _ => streamed("native_llama.events"),
    })
    .await;
    let voice = voice(&server, bearer());
    let asked = converse("cohere.command-r-v1:0", &[("top_k", "4")]);
    assert_eq!(voice.left_out(&asked).len(), 1, "Converse has no top_k");
    for _ in 0..2 {
        let (_, error) = soon(answer::whole(voice.serve(Call::Converse(asked.clone()), &client()))).await;
        assert_eq!(error, None);
        assert_eq!(voice.left_out(&asked), [], "its own API has one");
    }
    let lines: Vec<_> = server.seen().iter().map(|seen| seen.line.contains("converse")).collect();
    assert_eq!(lines, [true, false, false]);
    assert_eq!(sent(&server.seen()[1])["k"], 4);
}

#[tokio::test]
async fn what_the_body_does_not_count_is_read_from_the_head() {
    const COUNTED: [(&str, &str); 3] = [
        ("content-type", "application/json"),
        ("x-amzn-bedrock-input-token-count", "11"),
        ("x-amzn-bedrock-output-token-count", "3"),
    ];
    let server = Server::start(|_, seen| match seen.line.as_str() {
        line if line.contains("j2-") => {
            whole(200, &COUNTED, r#"{"completions": [{"data": {"text": "Hi"}}]}"#)
        }
        line if line.contains("embed") => whole(200, &COUNTED, r#"{"embeddings": [[1.0]]}"#),
        // What the body says wins.
        _ => whole(200, &COUNTED, r#"{"generation": "Hi", "prompt_token_count": 5, "stop_reason": "stop"}"#),
    })
    .await;
    let mut system = converse("ai21.j2-mid-v1", &[]);
    system.system = Some("Be brief.".into());
    for (call, counted) in [
        (Call::Converse(system), (Some(11), Some(3))),
        (Call::Converse(converse("meta.llama3-8b", &[])), (Some(5), Some(3))),
        (
            Call::Embed {
                model: "aws/cohere.embed-english-v3".parse().unwrap(),
                texts: vec!["x".into()],
                query: false,
            },
            (Some(11), None),
        ),
    ] {
        let (fold, error) = soon(answer::whole(voice(&server, bearer()).serve(call, &client()))).await;
        assert_eq!((error, (fold.usage.input, fold.usage.output)), (None, counted));
    }
}

async fn ask_refused(server: &Server) -> Error {
    let count = server.seen().len();
    let error = ask(server, "stability.stable-image-core-v1:1").await.1.unwrap();
    assert_eq!(server.seen().len(), count, "nothing is sent");
    error
}

#[tokio::test]
async fn vectors_are_asked_for_in_parts_and_come_in_the_order_of_their_texts() {
    let server = Server::start(|_, seen| {
        let body = sent(seen);
        let answer = match body["texts"].as_array() {
            Some(texts) => {
                let vectors: Vec<_> = texts.iter().map(|text| [text.as_str().unwrap().len()]).collect();
                json!({"embeddings": {"float": vectors}, "id": "x"})
            }
            None => {
                json!({"embedding": [body["inputText"].as_str().unwrap().len()], "inputTextTokenCount": 1})
            }
        };
        whole(200, &JSON, answer.to_string())
    })
    .await;
    let texts: Vec<String> = (1..=100).map(|length| "x".repeat(length)).collect();
    let expected: Vec<Vec<f32>> = (1..=100_u8).map(|length| vec![f32::from(length)]).collect();
    for (model, times, path, counted) in [
        ("cohere.embed-english-v3", 2, "/model/cohere.embed-english-v3/invoke", None),
        ("amazon.titan-embed-text-v2:0", 100, "/model/amazon.titan-embed-text-v2%3A0/invoke", Some(100)),
    ] {
        let before = server.seen().len();
        let call = Call::Embed {
            model: format!("aws/{model}").parse().unwrap(),
            texts: texts.clone(),
            query: false,
        };
        let events: Vec<_> = soon(voice(&server, bearer()).serve(call, &client()).collect()).await;
        let usage = Usage { input: counted, ..Usage::default() };
        let told = counted.map(|_| Ok(Event::Usage { usage }));
        let vectors = Ok(Event::Embeddings { vectors: expected.clone() });
        assert_eq!(events, told.into_iter().chain([vectors]).collect::<Vec<_>>(), "{model}");
        assert_eq!(server.seen().len() - before, times, "{model}");
        assert!(server.seen().last().unwrap().line.contains(path));
    }
    let before = server.seen().len();
    let call = Call::Embed { model: "aws/amazon.nova-lite-v1:0".parse().unwrap(), texts, query: false };
    assert_eq!(one(&server, call).await.unwrap_err().kind, ErrorKind::Refused { capability: "embed".into() });
    assert_eq!(server.seen().len(), before);
}

#[tokio::test]
async fn rerankers_are_asked_with_their_own_bodies_and_others_are_not_asked() {
    let server = Server::start(|_, _| whole(200, &JSON, data("rerank.json"))).await;
    let asked = |model: &str| {
        let (query, texts) = ("which?".to_owned(), ["a", "b", "c", "d"].map(str::to_owned).to_vec());
        Call::Rerank(Rerank { model: format!("aws/{model}").parse().unwrap(), query, texts, top: 2 })
    };
    for (model, path) in [
        ("cohere.rerank-v3-5:0", "POST /model/cohere.rerank-v3-5%3A0/invoke HTTP/1.1"),
        ("amazon.rerank-v1:0", "POST /model/amazon.rerank-v1%3A0/invoke HTTP/1.1"),
    ] {
        let events: Vec<_> = soon(voice(&server, bearer()).serve(asked(model), &client()).collect()).await;
        let [Ok(Event::Reranked { results, searches: 1 })] = &events[..] else { panic!("{events:?}") };
        assert_eq!(results.iter().map(|one| one.index).collect::<Vec<_>>(), [3, 0]);
        let seen = server.seen();
        assert_eq!(seen.last().unwrap().line, path);
    }
    let before = server.seen().len();
    let error = one(&server, asked("amazon.nova-lite-v1:0")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused { capability: "rerank".into() });
    assert_eq!(server.seen().len(), before);
}

pub fn picture(model: &str) -> Picture {
    Picture {
        model: format!("aws/{model}").parse().unwrap(),
        prompt: "a river".into(),
        negative: Some("fog".into()),
        size: Some((1024, 1024)),
        seed: Some(7),
        count: 2,
        from: None,
        blobs: Blobs::default(),
    }
}

#[tokio::test]
async fn pictures_come_as_many_as_were_asked_for() {
    let server = Server::start(|_, seen| {
        let titan = json!({"images": ["cG5n", "cG5n"]});
        let stable = json!({"images": ["cG5n"], "seeds": [7], "finish_reasons": [null]});
        let answer = if seen.line.contains("titan") { titan } else { stable };
        whole(200, &JSON, answer.to_string())
    })
    .await;
    let image = Event::Image { media_type: "image/png".into(), bytes: b"png".to_vec() };
    for (model, times) in [("amazon.titan-image-generator-v2:0", 1), ("stability.sd3-5-large-v1:0", 2)] {
        let before = server.seen().len();
        let made =
            soon(answer::events(voice(&server, keys()).serve(Call::Image(picture(model)), &client()))).await;
        assert_eq!(made, [image.clone(), image.clone()]);
        assert_eq!(server.seen().len() - before, times);
    }
    let error = one(&server, Call::Image(picture("amazon.nova-lite-v1:0"))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused { capability: "images".into() });
    let filtered =
        Server::start(|_, _| complaint(400, "ValidationException", "blocked by our content filters")).await;
    let error = one(&filtered, Call::Image(picture("amazon.titan-image-generator-v2:0"))).await.unwrap_err();
    assert!(error.why.contains("content filters"), "{error}");
}
