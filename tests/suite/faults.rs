//! The same faults of every voice that speaks to a server, one table of voices and one test a fault: each gives the same kind
//! of error, keeps the provider's own words, and loses no text that came.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Call, Converse, Turn};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{Block, Role, StopReason};
use outcrop::domain::settings::Settings;
use outcrop::domain::{Error, ErrorKind};
use outcrop::net::{Client, NetOptions, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::anthropic::Anthropic;
use outcrop::provider::bedrock::{Bedrock, Credentials};
use outcrop::provider::key::Key;
use outcrop::provider::ollama::Ollama;
use outcrop::provider::openai::{Api, OpenAi};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::answer::{self, text};
use crate::cli::home::{Home, Said};
use crate::loopback::{Part, Seen, Server, head, whole};
use crate::provider_openai::{Kept, options};
use crate::soon;

/// What is said in pieces, and the whole of it: cut bytewise, it is cut inside of letters.
pub const PIECES: [&str; 3] = ["Hel", "lo é", " 👋🏽!"];
pub const ALL: &str = "Hello é 👋🏽!";
pub const WORDS: &str = "its own words";

/// A voice and how its API says things.
pub struct Voice {
    pub name: &'static str,
    /// Of every voice's own: one that Converse is asked for, and two that it has no room for.
    pub model: &'static str,
    /// Of the section in a configuration file that makes it, without its address.
    pub config: &'static str,
    pub make: fn(&Server) -> Box<dyn Provider>,
    pub content_type: &'static str,
    /// What comes before the words, one piece of the words, and what ends the answer.
    pub before: fn() -> Vec<Value>,
    pub piece: fn(&str) -> Value,
    pub after: fn() -> Vec<Value>,
    /// An answer that says these words, and comes whole.
    pub whole: fn(&str) -> Value,
    /// What it says when it fails after its first words.
    pub failure: fn() -> Vec<u8>,
    /// A frame whose payload is no JSON.
    pub garbage: fn() -> Vec<u8>,
    /// A frame of the stream with this payload.
    pub frame: fn(&Value) -> Vec<u8>,
    /// The body of a refusal.
    pub refusal: fn() -> Value,
    /// A list of so many models, for whatever is asked to have it.
    pub list: fn(usize, &Seen) -> Vec<u8>,
}

fn key() -> Key {
    SecretString::from("sk-canary").into()
}

fn sse(payload: &Value) -> Vec<u8> {
    format!("data: {payload}\n\n").into_bytes()
}

fn line(payload: &Value) -> Vec<u8> {
    format!("{payload}\n").into_bytes()
}

/// A message of Amazon's event streams; the payload names its kind as `:event` or `:exception`.
fn message(payload: &Value) -> Vec<u8> {
    let mut payload = payload.clone();
    let members = payload.as_object_mut().unwrap();
    let (sort, kind) = [("event", ":event"), ("exception", ":exception")]
        .iter()
        .find_map(|(sort, name)| Some((*sort, members.remove(*name)?.as_str().unwrap().to_owned())))
        .unwrap();
    framed(sort, &kind, payload.to_string().as_bytes())
}

fn framed(sort: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut headers = Vec::new();
    let of_kind = format!(":{sort}-type");
    for (name, value) in [(of_kind.as_str(), kind), (":message-type", sort)] {
        headers.push(u8::try_from(name.len()).unwrap());
        headers.extend_from_slice(name.as_bytes());
        headers.push(7);
        headers.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        headers.extend_from_slice(value.as_bytes());
    }
    let lengths = [12 + headers.len() + body.len() + 4, headers.len()];
    let mut bytes: Vec<u8> =
        lengths.iter().flat_map(|length| u32::try_from(*length).unwrap().to_be_bytes()).collect();
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(&headers);
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

fn openai_list(count: usize, _: &Seen) -> Vec<u8> {
    let data: Vec<_> =
        (0..count).map(|n| json!({"id": format!("model-{n:05}"), "object": "model"})).collect();
    json!({"object": "list", "data": data}).to_string().into_bytes()
}

const CLAUDE: &str = "anthropic.claude-m";

fn bedrock_at(server: &Server) -> Box<dyn Provider> {
    let credentials = Credentials::Bearer(key());
    Box::new(Bedrock::new("there", "eu-west-1", Some(&server.url("/")), credentials))
}

fn bedrock_list(count: usize, seen: &Seen) -> Vec<u8> {
    if !seen.line.contains("/foundation-models") {
        return json!({"inferenceProfileSummaries": []}).to_string().into_bytes();
    }
    let models: Vec<_> = (0..count)
        .map(|n| json!({"modelId": format!("model-{n:05}"), "outputModalities": ["TEXT"]}))
        .collect();
    json!({ "modelSummaries": models }).to_string().into_bytes()
}

/// By the model's own body and its stream: Converse has no room for a system prompt of this one.
const OWN: Voice = Voice {
    name: "bedrock by InvokeModelWithResponseStream",
    model: "amazon.titan-text-m",
    config: "kind = 'bedrock'\nregion = 'eu-west-1'\napi_key = 'sk-canary'\n",
    make: bedrock_at,
    content_type: "application/vnd.amazon.eventstream",
    before: || vec![json!({"outputText": "", "index": 0, "inputTextTokenCount": 3})],
    piece: |words| json!({"outputText": words, "index": 0}),
    after: || {
        let metrics = json!({"inputTokenCount": 3, "outputTokenCount": 3});
        let end = json!({"outputText": "", "completionReason": "FINISH", "amazon-bedrock-invocationMetrics": metrics});
        vec![end]
    },
    whole: |words| json!({"results": [{"outputText": words, "completionReason": "FINISH"}]}),
    failure: || message(&json!({":exception": "internalServerException", "message": WORDS})),
    garbage: || framed("event", "chunk", b"{\"byt"),
    frame: |piece| {
        let chunk = json!({"bytes": STANDARD.encode(piece.to_string())});
        framed("event", "chunk", chunk.to_string().as_bytes())
    },
    refusal: || json!({ "message": WORDS }),
    list: bedrock_list,
};

/// By the model's own body, and no stream: this one has none.
pub const OWN_WHOLE: Voice = Voice {
    name: "bedrock by InvokeModel",
    model: "ai21.j2-m",
    whole: |words| json!({"completions": [{"data": {"text": words}, "finishReason": {"reason": "endoftext"}}]}),
    ..OWN
};

pub const VOICES: [Voice; 6] = [
    Voice {
        name: "openai",
        model: CLAUDE,
        config: "kind = 'openai'\napi_key = 'sk-canary'\n",
        make: |server| Box::new(OpenAi::new("there", server.url("/v1/"), key())),
        content_type: "text/event-stream",
        before: || vec![json!({"choices": [{"index": 0, "delta": {"role": "assistant"}}]})],
        piece: |words| json!({"choices": [{"index": 0, "delta": {"content": words}}]}),
        after: || vec![json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})],
        whole: |words| {
            let message = json!({"role": "assistant", "content": words});
            json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
        },
        failure: || sse(&json!({"error": {"message": WORDS, "type": "server_error", "code": 500}})),
        garbage: || b"data: {\"choi\n\n".to_vec(),
        frame: sse,
        refusal: || json!({"error": {"message": WORDS, "type": "some_error"}}),
        list: openai_list,
    },
    Voice {
        name: "openai by Responses",
        model: CLAUDE,
        config: "kind = 'openai'\napi = 'responses'\napi_key = 'sk-canary'\n",
        make: |server| Box::new(OpenAi::new("there", server.url("/v1/"), key()).by(Api::Responses)),
        content_type: "text/event-stream",
        before: || vec![json!({"type": "response.created", "response": {"status": "in_progress"}})],
        piece: |words| json!({"type": "response.output_text.delta", "item_id": "m", "delta": words}),
        after: || vec![json!({"type": "response.completed", "response": {"status": "completed"}})],
        whole: |words| {
            let content = json!([{"type": "output_text", "text": words}]);
            let output = json!([{"type": "message", "role": "assistant", "content": content}]);
            json!({"object": "response", "status": "completed", "output": output})
        },
        failure: || {
            let error = json!({"code": "server_error", "message": WORDS});
            sse(&json!({"type": "response.failed", "response": {"status": "failed", "error": error}}))
        },
        garbage: || b"data: {\"choi\n\n".to_vec(),
        frame: sse,
        refusal: || json!({"error": {"message": WORDS, "type": "some_error"}}),
        list: openai_list,
    },
    Voice {
        name: "anthropic",
        model: CLAUDE,
        config: "kind = 'anthropic'\napi_key = 'sk-canary'\n",
        make: |server| Box::new(Anthropic::new("there", server.url("/v1/"), key())),
        content_type: "text/event-stream",
        before: || {
            vec![
                json!({"type": "message_start", "message": {"role": "assistant", "usage": {"input_tokens": 3}}}),
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
            ]
        },
        piece: |words| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": words}}),
        after: || {
            vec![
                json!({"type": "content_block_stop", "index": 0}),
                json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}),
                json!({"type": "message_stop"}),
            ]
        },
        whole: |words| {
            let content = json!([{"type": "text", "text": words}]);
            json!({"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn"})
        },
        failure: || sse(&json!({"type": "error", "error": {"type": "api_error", "message": WORDS}})),
        garbage: || b"data: {\"choi\n\n".to_vec(),
        frame: sse,
        refusal: || json!({"type": "error", "error": {"type": "some_error", "message": WORDS}}),
        list: |count, _| {
            let data: Vec<_> =
                (0..count).map(|n| json!({"id": format!("model-{n:05}"), "type": "model"})).collect();
            json!({"data": data, "has_more": false}).to_string().into_bytes()
        },
    },
    Voice {
        name: "ollama",
        model: CLAUDE,
        config: "kind = 'ollama'\n",
        make: |server| Box::new(Ollama::new("there", server.url("/"), key())),
        content_type: "application/x-ndjson",
        before: Vec::new,
        piece: |words| json!({"model": "m", "message": {"role": "assistant", "content": words}, "done": false}),
        after: || {
            let message = json!({"role": "assistant", "content": ""});
            vec![json!({"model": "m", "message": message, "done": true, "done_reason": "stop"})]
        },
        whole: |words| {
            let message = json!({"role": "assistant", "content": words});
            json!({"model": "m", "message": message, "done": true, "done_reason": "stop"})
        },
        failure: || line(&json!({"error": WORDS})),
        garbage: || b"{\"mess\n".to_vec(),
        frame: line,
        refusal: || json!({"error": WORDS}),
        list: |count, seen| {
            if seen.line.starts_with("POST ") {
                return b"{}".to_vec();
            }
            let models: Vec<_> = (0..count).map(|n| json!({"name": format!("model-{n:05}")})).collect();
            json!({ "models": models }).to_string().into_bytes()
        },
    },
    Voice {
        name: "bedrock",
        model: CLAUDE,
        config: "kind = 'bedrock'\nregion = 'eu-west-1'\napi_key = 'sk-canary'\n",
        make: bedrock_at,
        content_type: "application/vnd.amazon.eventstream",
        before: || vec![json!({":event": "messageStart", "role": "assistant"})],
        piece: |words| json!({":event": "contentBlockDelta", "contentBlockIndex": 0, "delta": {"text": words}}),
        after: || {
            vec![
                json!({":event": "contentBlockStop", "contentBlockIndex": 0}),
                json!({":event": "messageStop", "stopReason": "end_turn"}),
                json!({":event": "metadata", "usage": {"inputTokens": 3, "outputTokens": 3}}),
            ]
        },
        whole: |words| {
            let message = json!({"role": "assistant", "content": [{"text": words}]});
            json!({"output": {"message": message}, "stopReason": "end_turn"})
        },
        failure: || message(&json!({":exception": "internalServerException", "message": WORDS})),
        garbage: || framed("event", "contentBlockDelta", b"{\"delt"),
        frame: message,
        refusal: || json!({ "message": WORDS }),
        list: bedrock_list,
    },
    OWN,
];

impl Voice {
    /// The frames of an answer that says these pieces, up to its end or to the last word.
    pub fn frames(&self, pieces: &[&str], ends: bool) -> Vec<Value> {
        let mut frames = (self.before)();
        frames.extend(pieces.iter().map(|words| (self.piece)(words)));
        if ends {
            frames.extend((self.after)());
        }
        frames
    }

    pub fn bytes(&self, frames: &[Value]) -> Vec<u8> {
        frames.iter().flat_map(|frame| (self.frame)(frame)).collect()
    }

    /// The first words of an answer.
    pub fn begun(&self) -> Vec<u8> {
        self.bytes(&self.frames(&PIECES[..2], false))
    }

    pub fn system(&self) -> Option<&'static str> {
        (self.model != CLAUDE).then_some("Be brief.")
    }

    /// The sections of a configuration in which it is `there`, at this server.
    pub fn config_at(&self, server: &Server) -> String {
        let path = if self.name.starts_with("openai") || self.name == "anthropic" { "/v1" } else { "" };
        let system =
            self.system().map_or_else(String::new, |system| format!("[defaults]\nsystem = '{system}'\n"));
        format!("{system}[providers.there]\nbase_url = '{}'\n{}", server.url(path), self.config)
    }

    /// What the binary says of an answer by this server.
    pub fn without_a_screen(&self, server: &Server, net: &str) -> Said {
        let home = Home::with(&format!("[net]\n{net}\n{}", self.config_at(server)));
        tokio::task::block_in_place(|| home.run(&["chat", "-m", &format!("there/{}", self.model), "hello"]))
    }

    pub async fn ask(&self, server: &Server) -> (Fold, Option<Error>) {
        self.ask_by(server, &client()).await
    }

    pub async fn ask_by(&self, server: &Server, net: &Client) -> (Fold, Option<Error>) {
        let call = Call::Converse(Converse {
            model: format!("there/{}", self.model).parse().unwrap(),
            system: self.system().map(str::to_owned),
            turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text: "hello".into() }] }],
            settings: Settings::default(),
            conversation: None,
            blobs: Blobs::default(),
        });
        soon(answer::whole((self.make)(server).serve(call, net))).await
    }

    /// A server that sends a stream of these bytes, and goes away.
    pub async fn after(&self, bytes: Vec<u8>) -> (Fold, Option<Error>) {
        let content_type = self.content_type;
        let server = Server::start(move |_, _| {
            vec![head(200, &[("content-type", content_type)]), Part::Bytes(bytes.clone())]
        })
        .await;
        let (fold, error) = self.ask(&server).await;
        assert_eq!(server.seen().len(), 1, "{}: nothing is sent again once a word came", self.name);
        (fold, error)
    }

    /// A server that only refuses, with this status and these headers; how often it was asked.
    pub async fn refused(&self, status: u16, headers: &'static [(&str, &str)]) -> (Error, usize) {
        let refusal = (self.refusal)().to_string();
        let server = Server::start(move |_, _| whole(status, headers, refusal.clone())).await;
        let error = self.ask(&server).await.1.unwrap();
        assert!(error.why.contains(WORDS), "{} {status}: {error}", self.name);
        (error, server.seen().len())
    }
}

pub fn client() -> Client {
    Network::new(options(), Arc::new(Kept::default())).client(Reach::default())
}

#[tokio::test]
async fn a_stream_that_is_cut_keeps_its_words_and_says_so() {
    for voice in &VOICES {
        let (fold, error) = voice.after(voice.begun()).await;
        assert_eq!(
            (text(&fold).as_str(), error.unwrap().kind),
            ("Hello é", ErrorKind::Network),
            "{}",
            voice.name
        );
    }
}

#[tokio::test]
async fn a_stream_that_falls_silent_keeps_its_words_and_says_so() {
    for voice in &VOICES {
        let (bytes, content_type) = (voice.begun(), voice.content_type);
        let server = Server::start(move |_, _| {
            vec![head(200, &[("content-type", content_type)]), Part::Bytes(bytes.clone()), Part::Stall]
        })
        .await;
        let (fold, error) = voice.ask(&server).await;
        assert_eq!(
            (text(&fold).as_str(), error.unwrap().kind),
            ("Hello é", ErrorKind::Timeout),
            "{}",
            voice.name
        );
    }
}

/// What each API says to show that it lives, without a word of the answer.
fn sign_of_life(voice: &Voice) -> Vec<u8> {
    match voice.content_type {
        "text/event-stream" if voice.name == "anthropic" => {
            b"event: ping\ndata: {\"type\": \"ping\"}\n\n".to_vec()
        }
        "text/event-stream" => b": still here\n\n".to_vec(),
        "application/x-ndjson" => b"\n".to_vec(),
        _ => framed("event", "initial-response", b"{}"),
    }
}

#[tokio::test]
async fn signs_of_life_keep_a_stream_for_a_while_and_not_for_ever() {
    let patient = NetOptions { idle: Duration::from_millis(100), ..options() };
    let net = Network::new(patient, Arc::new(Kept::default())).client(Reach::default());
    for voice in &VOICES {
        let (begun, sign, content_type) = (voice.begun(), sign_of_life(voice), voice.content_type);
        let rest = voice.bytes(&[vec![(voice.piece)(PIECES[2])], (voice.after)()].concat());
        let server = Server::start(move |number, _| {
            let mut parts = vec![head(200, &[("content-type", content_type)]), Part::Bytes(begun.clone())];
            // The first answer is slow, the second never comes. A busy machine makes each pause longer.
            for _ in 0..if number == 0 { 15 } else { 500 } {
                parts.extend([Part::Pause(Duration::from_millis(20)), Part::Bytes(sign.clone())]);
            }
            parts.push(Part::Bytes(rest.clone()));
            parts
        })
        .await;
        let (fold, error) = voice.ask_by(&server, &net).await;
        assert_eq!((text(&fold).as_str(), error), (ALL, None), "{}", voice.name);
        let (fold, error) = voice.ask_by(&server, &net).await;
        let error = error.unwrap();
        assert_eq!((text(&fold).as_str(), &error.kind), ("Hello é", &ErrorKind::Timeout), "{}", voice.name);
        assert!(error.why.starts_with("only signs of life came from"), "{}: {error}", voice.name);
        assert!(error.hint.contains("What came is kept"), "{}: {error}", voice.name);
    }
}

#[tokio::test]
async fn a_model_that_begins_and_then_thinks_in_silence_has_the_time_of_its_first_words() {
    for voice in &VOICES {
        let (begun, content_type) = (voice.bytes(&(voice.before)()), voice.content_type);
        let rest = voice.bytes(&[vec![(voice.piece)(ALL)], (voice.after)()].concat());
        let server = Server::start(move |_, _| {
            // Longer than the idle time.
            let silence = Part::Pause(Duration::from_millis(700));
            let head = head(200, &[("content-type", content_type)]);
            vec![head, Part::Bytes(begun.clone()), silence, Part::Bytes(rest.clone())]
        })
        .await;
        let (fold, error) = voice.ask(&server).await;
        assert_eq!((text(&fold).as_str(), error), (ALL, None), "{}", voice.name);
    }
}

#[tokio::test]
async fn a_stream_that_is_dripped_a_byte_at_a_time_says_the_same() {
    for voice in &VOICES {
        let bytes = voice.bytes(&voice.frames(&PIECES, true));
        let content_type = voice.content_type;
        let server = Server::start(move |_, _| {
            let head = head(200, &[("content-type", content_type)]);
            std::iter::once(head).chain(bytes.iter().map(|byte| Part::Bytes(vec![*byte]))).collect()
        })
        .await;
        let (fold, error) = voice.ask(&server).await;
        assert_eq!((text(&fold).as_str(), error), (ALL, None), "{}", voice.name);
        assert_eq!(fold.stop, Some(StopReason::EndTurn), "{}", voice.name);
    }
}

#[tokio::test]
async fn a_frame_that_is_no_json_is_an_error_that_keeps_the_words_before_it() {
    for voice in &VOICES {
        let broken = [voice.begun(), (voice.garbage)(), voice.bytes(&(voice.after)())].concat();
        let (fold, error) = voice.after(broken).await;
        let error = error.unwrap();
        assert_eq!(text(&fold), "Hello é", "{}", voice.name);
        assert_eq!(error.kind, ErrorKind::Server { status: 200 }, "{}: {error}", voice.name);
    }
}

#[tokio::test]
async fn a_page_of_a_web_server_is_told_from_a_stream_that_broke() {
    for voice in &VOICES {
        let page = b"<!DOCTYPE html>\n<html><body>Welcome to the router</body></html>\n".to_vec();
        let (fold, error) = voice.after(page).await;
        let error = error.unwrap();
        assert!(fold.blocks.is_empty(), "{}", voice.name);
        assert!(error.why.contains("<!DOCTYPE html>"), "{}: {error}", voice.name);
        assert!(error.hint.contains("base_url"), "{}: {error}", voice.name);
    }
}

#[tokio::test]
async fn an_address_that_answers_for_browsers_is_told_from_an_api() {
    for voice in VOICES.iter().filter(|voice| !voice.name.contains("bedrock")) {
        let kind = [("content-type", "text/html; charset=utf-8")];
        let server =
            Server::start(move |_, _| whole(200, &kind, "<!DOCTYPE html>\n<html>hello</html>")).await;
        let (fold, error) = voice.ask(&server).await;
        let listed: Vec<_> = soon((voice.make)(&server).serve(Call::ListModels, &client()).collect()).await;
        let [Err(unlisted)] = &listed[..] else { panic!("{listed:?}") };
        assert!(fold.blocks.is_empty(), "{}", voice.name);
        for error in [&error.unwrap(), unlisted] {
            assert_eq!(
                error.why, "it answers with a web page (text/html), not with the API",
                "{}",
                voice.name
            );
            assert!(error.hint.contains("base_url") && error.hint.contains("/v1"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_failure_after_the_first_words_keeps_them_and_its_own() {
    for voice in &VOICES {
        let (fold, error) = voice.after([voice.begun(), (voice.failure)()].concat()).await;
        let error = error.unwrap();
        assert_eq!(text(&fold), "Hello é", "{}", voice.name);
        assert_eq!(error.kind, ErrorKind::Server { status: 500 }, "{}", voice.name);
        assert!(error.why.contains(WORDS), "{}: {error}", voice.name);
    }
}

#[tokio::test]
async fn refusals_are_the_same_kinds_everywhere_and_only_what_may_pass_is_tried_again() {
    const AT_ONCE: &[(&str, &str)] = &[("content-type", "application/json"), ("retry-after", "0")];
    const IN_AN_HOUR: &[(&str, &str)] = &[("content-type", "application/json"), ("retry-after", "3600")];
    const SILENT: &[(&str, &str)] = &[("content-type", "application/json")];
    let limited = |ms| ErrorKind::RateLimited { retry_after_ms: ms };
    for voice in wholes() {
        for (status, headers, kind, times) in [
            (401, SILENT, ErrorKind::Auth, 1),
            (403, SILENT, ErrorKind::Auth, 1),
            (404, SILENT, ErrorKind::NotFound, 1),
            (408, SILENT, ErrorKind::Timeout, 3),
            (429, SILENT, limited(None), 3),
            (429, AT_ONCE, limited(Some(0)), 3),
            (429, IN_AN_HOUR, limited(Some(3_600_000)), 1),
            (500, SILENT, ErrorKind::Server { status: 500 }, 3),
            (529, SILENT, ErrorKind::Overloaded, 3),
        ] {
            let (error, asked) = voice.refused(status, headers).await;
            assert_eq!((&error.kind, asked), (&kind, times), "{} {status} {headers:?}: {error}", voice.name);
        }
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_gets_neither_the_key_nor_the_question() {
    for voice in wholes() {
        let other = Server::start(|_, _| whole(200, &[], "{}")).await;
        let to = other.url("/there");
        let server = Server::start(move |_, _| whole(307, &[("location", &to)], "")).await;
        let error = voice.ask(&server).await.1.unwrap();
        assert_eq!(error.kind, ErrorKind::Network, "{}: {error}", voice.name);
        assert!(other.seen().is_empty(), "{}", voice.name);
        assert!(!error.to_string().contains("canary"), "{}: {error}", voice.name);
    }
}

#[tokio::test]
async fn a_list_of_models_that_is_at_another_host_is_asked_for_without_the_key() {
    for voice in &VOICES {
        let other = Server::start(|_, _| whole(200, &[("content-type", "application/json")], "{}")).await;
        let to = other.url("/there");
        let server = Server::start(move |_, _| whole(302, &[("location", &to)], "")).await;
        let listed: Vec<_> = soon((voice.make)(&server).serve(Call::ListModels, &client()).collect()).await;
        assert_eq!(listed.len(), 1, "{}: {listed:?}", voice.name);
        for seen in other.seen() {
            let tells = |(name, value): (&String, &String)| {
                ["authorization", "x-api-key"].contains(&name.as_str()) || value.contains("canary")
            };
            assert!(!seen.headers.iter().any(tells), "{}: {seen:?}", voice.name);
            assert!(!seen.line.contains("canary"), "{}: {seen:?}", voice.name);
        }
        assert!(!format!("{listed:?}").contains("canary"), "{}: {listed:?}", voice.name);
    }
}

#[tokio::test]
async fn a_line_of_two_megabytes_is_read_and_one_without_end_is_not() {
    let long = "x".repeat(2 << 20);
    for voice in &VOICES {
        let (fold, error) = voice.after(voice.bytes(&voice.frames(&[&long], true))).await;
        assert_eq!(error, None, "{}", voice.name);
        assert!(text(&fold) == long, "{}", voice.name);
    }
    let endless = "x".repeat(25 << 20);
    for voice in &VOICES {
        let (fold, error) = voice.after(voice.bytes(&voice.frames(&["Hello", &endless], true))).await;
        assert!(text(&fold) == "Hello", "{}", voice.name);
        assert!(error.is_some(), "{}", voice.name);
    }
}

/// Of every voice whose calls of tools come in pieces: what begins a call, and a piece of what it is asked with.
fn calls(piece: &str) -> [(&'static str, Vec<Value>, Value); 4] {
    [
        ("openai", Vec::new(), {
            let function = json!({"name": "f", "arguments": piece});
            json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "id": "c", "function": function}]}}]})
        }),
        (
            "openai by Responses",
            vec![
                json!({"type": "response.output_item.added", "item": {"type": "function_call", "call_id": "c", "name": "f"}}),
            ],
            json!({"type": "response.function_call_arguments.delta", "item_id": "i", "delta": piece}),
        ),
        (
            "anthropic",
            vec![
                json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "c", "name": "f"}}),
            ],
            json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": piece}}),
        ),
        (
            "bedrock",
            vec![
                json!({":event": "contentBlockStart", "contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "c", "name": "f"}}}),
            ],
            json!({":event": "contentBlockDelta", "contentBlockIndex": 1, "delta": {"toolUse": {"input": piece}}}),
        ),
    ]
}

#[tokio::test]
async fn a_call_of_a_tool_that_never_ends_is_ended_and_keeps_the_words_before_it() {
    for (name, begins, piece) in calls(&"x".repeat(8 << 20)) {
        let voice = VOICES.iter().find(|voice| voice.name == name).unwrap();
        let mut bytes = [voice.begun(), voice.bytes(&begins)].concat();
        (0..6).for_each(|_| bytes.extend((voice.frame)(&piece)));
        let (fold, error) = voice.after(bytes).await;
        assert_eq!((text(&fold).as_str(), error.unwrap().kind), ("Hello é", ErrorKind::Full), "{name}");
    }
}

/// A piece of a call is a piece of the answer: what fails behind it is not asked again, and it is no mere sign of life.
#[tokio::test]
async fn a_call_of_a_tool_that_has_begun_is_an_answer_that_has_begun() {
    let patient = NetOptions { idle: Duration::from_millis(100), ..options() };
    let net = Network::new(patient, Arc::new(Kept::default())).client(Reach::default());
    for (name, begins, piece) in calls(" ") {
        let voice = VOICES.iter().find(|voice| voice.name == name).unwrap();
        let begun = voice.bytes(&[(voice.before)(), begins, vec![piece.clone()]].concat());
        // `after` says that it was asked once.
        let (_, error) = voice.after([begun.clone(), (voice.failure)()].concat()).await;
        assert_eq!(error.unwrap().kind, ErrorKind::Server { status: 500 }, "{name}");
        let (more, end, content_type) =
            (voice.bytes(&[piece]), voice.bytes(&(voice.after)()), voice.content_type);
        let server = Server::start(move |_, _| {
            let mut parts = vec![head(200, &[("content-type", content_type)]), Part::Bytes(begun.clone())];
            // Longer than signs of life would be waited for.
            for _ in 0..48 {
                parts.extend([Part::Pause(Duration::from_millis(25)), Part::Bytes(more.clone())]);
            }
            parts.push(Part::Bytes(end.clone()));
            parts
        })
        .await;
        let (_, error) = voice.ask_by(&server, &net).await;
        assert_eq!(error, None, "{name}");
    }
}

#[tokio::test]
async fn ten_thousand_models_are_listed() {
    for voice in &VOICES {
        let list = voice.list;
        let json = [("content-type", "application/json")];
        let server = Server::start(move |_, seen| whole(200, &json, list(10_000, seen))).await;
        let listed = soon((voice.make)(&server).serve(Call::ListModels, &client()).next()).await;
        let Some(Ok(Event::Models { cards })) = listed else { panic!("{}: {listed:?}", voice.name) };
        assert_eq!(cards.len(), 10_000, "{}", voice.name);
    }
}

/// Adds to every object a member that nobody knows.
pub fn with_strangers(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(with_strangers);
            members.insert("unheard_of".into(), json!({"a": [1, null, {"type": "text"}]}));
        }
        Value::Array(values) => values.iter_mut().for_each(with_strangers),
        _ => {}
    }
}

#[tokio::test]
async fn what_nobody_knows_is_passed_over_everywhere() {
    for voice in &VOICES {
        let mut frames = voice.frames(&PIECES, true);
        frames.iter_mut().for_each(with_strangers);
        let (fold, error) = voice.after(voice.bytes(&frames)).await;
        assert_eq!((text(&fold).as_str(), error), (ALL, None), "{}", voice.name);
        assert_eq!(fold.stop, Some(StopReason::EndTurn), "{}", voice.name);
    }
}

/// All that answer whole, whatever they are asked for.
pub fn wholes() -> impl Iterator<Item = &'static Voice> {
    const ALONE: &Voice = &OWN_WHOLE;
    const STREAMED: &[Voice; 6] = &VOICES;
    STREAMED.iter().chain([ALONE])
}
