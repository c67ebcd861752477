//! The `openai` voice and `net` below it, against servers on this machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Call, Converse, Picture, Turn};
use outcrop::domain::catalog::ModelId;
use outcrop::domain::delta::{Event, Fold, Pause};
use outcrop::domain::message::{BlobId, Block, Role, StopReason, Usage};
use outcrop::domain::priority::Priority;
use outcrop::domain::settings::Settings;
use outcrop::domain::trace::{Retried, Span, SpanStatus};
use outcrop::domain::{Error, ErrorKind};
use outcrop::net::{Client, Egress, EgressSink, NetOptions, Network, Proxies, Reach, Request, Retries};
use outcrop::provider::Provider;
use outcrop::provider::key::Key;
use outcrop::provider::limited::{Limited, Limits};
use outcrop::provider::openai::OpenAi;
use outcrop::service::invoke::{Invoke, SpanSink, Terms};
use secrecy::SecretString;
use serde_json::json;

use crate::answer::{self, text};
use crate::loopback::{Part, Seen, Server, events, head, whole};
use crate::soon;
use crate::wire::openai::data;

#[derive(Debug, Default)]
pub struct Kept(pub Mutex<Vec<Egress>>);

impl EgressSink for Kept {
    fn record(&self, egress: &Egress) {
        self.0.lock().unwrap().push(egress.clone());
    }
}

/// Waits are short, so that a test of them is.
pub fn options() -> NetOptions {
    let retries = Retries { attempts: 3, base: Duration::from_millis(2), cap: Duration::from_secs(1) };
    NetOptions { idle: Duration::from_millis(300), retries, ..NetOptions::default() }
}

fn client(options: NetOptions) -> (Client, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    (Network::new(options, Arc::clone(&kept) as _).client(Reach::default()), kept)
}

/// A voice with the way to the network that its calls are given.
struct Voice {
    voice: OpenAi,
    net: Client,
}

impl Voice {
    fn serve(&self, call: Call) -> outcrop::provider::Events {
        self.voice.serve(call, &self.net)
    }
}

fn voice(server: &Server, net: Client) -> Voice {
    Voice { voice: OpenAi::new("there", server.url("/v1/"), SecretString::from("sk-canary").into()), net }
}

fn hello() -> Call {
    let turn = Turn { role: Role::User, blocks: vec![Block::Text { text: "hello".into() }] };
    let settings = Settings { max_tokens: Some(9), ..Settings::default() };
    let model = "there/m".parse().unwrap();
    Call::Converse(Converse {
        model,
        system: None,
        turns: vec![turn],
        settings,
        conversation: None,
        blobs: Blobs::default(),
    })
}

async fn ask(voice: &Voice) -> (Fold, Option<Error>) {
    soon(answer::whole(voice.serve(hello()))).await
}

#[tokio::test]
async fn a_streamed_answer_arrives_and_leaves_an_egress_record() {
    let server =
        Server::start(|_, _| events(data("llama_chat.sse").chunks(5).map(|c| Part::Bytes(c.to_vec())))).await;
    let (client, kept) = client(options());
    let (fold, error) = ask(&voice(&server, client)).await;
    assert_eq!(error, None);
    assert_eq!((text(&fold).as_str(), fold.stop), ("👋🏽 你好！👋🏽\n\n👋", Some(StopReason::MaxTokens)));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(seen.headers["authorization"], "Bearer sk-canary");
    let records = kept.0.lock().unwrap();
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!(
        (record.host.as_str(), record.status),
        (format!("127.0.0.1:{}", server.port).as_str(), Some(200))
    );
    assert_eq!(record.sent, seen.body.len() as u64);
    let headers = seen.headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len());
    let head = seen.line.len() + headers.sum::<usize>() + "\r\n\r\n".len();
    assert_eq!(record.head, Some(head as u64), "{:?}", seen.headers);
    assert!(record.received > Some(3000), "{record:?}");
}

#[derive(Debug, Default)]
struct Spans(Mutex<Vec<Span>>);

impl SpanSink for Spans {
    fn record(&self, span: Span) {
        self.0.lock().unwrap().push(span);
    }
}

/// Every try of a call: the one that failed, the one that was retried and answered.
#[tokio::test]
async fn what_leaves_the_machine_names_the_call_that_it_was_made_for() {
    let server = Server::start(|number, _| match number {
        0 => whole(503, &[], "busy"),
        _ => whole(200, &[], data("llama_models.json")),
    })
    .await;
    let (net, egress) = client(options());
    let spans = Arc::new(Spans::default());
    let there: Arc<dyn Provider> = Arc::new(OpenAi::new("there", server.url("/v1"), Key::None));
    let invoke = Invoke::new([there], Vec::new(), Arc::clone(&spans) as _);
    let terms = Terms { principal: "somebody".into(), ..Terms::new(net.clone()) };
    let listed: Vec<_> = invoke.serve_by("there", Call::ListModels, &terms).collect().await;
    let again = Pause::Retry { status: 503, attempt: 2 };
    assert!(
        matches!(&listed[..], [Ok(Event::Paused { pause, .. }), Ok(Event::Models { .. })] if *pause == again),
        "{listed:?}"
    );
    let spans = std::mem::take(&mut *spans.0.lock().unwrap());
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((span.principal.as_str(), &span.status), ("somebody", &SpanStatus::Done));
    assert_eq!(span.retried, Retried { server_errors: 1, ..Retried::default() });
    assert_eq!(
        egress.0.lock().unwrap()[0].received,
        Some("busy".len() as u64),
        "what came before counts too"
    );
    let told =
        || -> Vec<_> { egress.0.lock().unwrap().iter().map(|entry| (entry.status, entry.span)).collect() };
    assert_eq!(told(), [(Some(503), Some(span.id)), (Some(200), Some(span.id))]);
    // What is made for no call names none.
    net.send(Request::get("reading", server.url("/v1/models"))).await.unwrap();
    assert_eq!(told()[2].1, None);
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let json = [("content-type", "application/json; charset=utf-8")];
    let server = Server::start(move |_, _| whole(200, &json, data("llama_whole.json"))).await;
    let (fold, error) = ask(&voice(&server, client(options()).0)).await;
    assert_eq!((text(&fold).as_str(), error), ("I'm sorry for any misglamour. I'm", None));
}

#[tokio::test]
async fn a_setting_that_the_server_refuses_is_left_out_from_then_on_and_said() {
    let server = Server::start(|_, seen| {
        let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
        match ["temperature", "seed"].into_iter().find(|name| body.get(*name).is_some()) {
            Some(name) => {
                let complaint = format!("Unsupported parameter: '{name}' is not supported with this model.");
                whole(400, &[], json!({ "error": { "message": complaint } }).to_string())
            }
            None => events([Part::Bytes(data("no_done.sse"))]),
        }
    })
    .await;
    let there: Arc<dyn Provider> = Arc::new(OpenAi::new("there", server.url("/v1"), Key::None));
    let invoke = Invoke::new([there], Vec::new(), Arc::new(Spans::default()));
    let settings =
        Settings { temperature: Some(0.2), seed: Some(7), max_tokens: Some(9), ..Settings::default() };
    let ask = || {
        let Call::Converse(converse) = hello() else { unreachable!() };
        let call = Call::Converse(Converse { settings: settings.clone(), ..converse });
        invoke.serve_by("there", call, &Terms::new(client(options()).0)).collect::<Vec<_>>()
    };
    let events = soon(ask()).await;
    let Ok(Event::Notice { text: said }) = &events[0] else { panic!("{events:?}") };
    assert_eq!(said, "seed and temperature are not sent: the server takes none for this model");
    assert!(
        events.iter().any(|event| matches!(event, Ok(Event::Text { text }) if text == "Hel")),
        "{events:?}"
    );
    assert_eq!(server.seen().len(), 3, "each was refused once");
    soon(ask()).await;
    let seen = server.seen();
    assert_eq!(seen.len(), 4, "it is known now");
    let body: serde_json::Value = serde_json::from_slice(&seen[3].body).unwrap();
    assert_eq!(body["max_tokens"], 9);
}

#[tokio::test]
async fn a_model_that_insists_on_responses_is_asked_in_that_way() {
    let server = Server::start(|_, seen| {
        if seen.line.contains("/responses") {
            events([Part::Bytes(data("llama_responses.sse"))])
        } else {
            let complaint = "This model is only supported in v1/responses and not in v1/chat/completions.";
            whole(404, &[], json!({ "error": { "message": complaint } }).to_string())
        }
    })
    .await;
    let (fold, error) = ask(&voice(&server, client(options()).0)).await;
    assert_eq!((error, fold.stop), (None, Some(StopReason::EndTurn)));
    assert!(text(&fold).starts_with("晴晴！Hello"), "{fold:?}");
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].headers["authorization"], "Bearer sk-canary");
    let Call::Converse(mut seeded) = hello() else { panic!("no conversation") };
    let fresh = || voice(&server, client(options()).0);
    let plain = fresh().serve(Call::Converse(seeded.clone())).next().await;
    assert!(!matches!(plain, Some(Ok(Event::Notice { .. }))), "all of it was sent: {plain:?}");
    seeded.settings.set("seed", "7").unwrap();
    let said = fresh().serve(Call::Converse(seeded)).next().await;
    let text = "seed is not sent: the Responses API has none".to_owned();
    assert_eq!(said, Some(Ok(Event::Notice { text })), "Chat Completions would have taken it");
}

#[tokio::test]
async fn vectors_and_pictures_are_asked_for_where_the_api_has_them() {
    let server = Server::start(|_, seen| {
        let body = if seen.line.contains("/embeddings") {
            r#"{"data":[{"index":0,"embedding":[0.5,1]}],"usage":{"prompt_tokens":3}}"#
        } else {
            r#"{"data":[{"b64_json":"cG5n"},{"b64_json":"cG5n"}]}"#
        };
        whole(200, &[], body)
    })
    .await;
    let voice = voice(&server, client(options()).0);
    let model: ModelId = "there/m".parse().unwrap();
    let embed = Call::Embed { model: model.clone(), texts: vec!["a".into()], query: false };
    assert_eq!(
        answer::events(voice.serve(embed)).await,
        [
            Event::Usage { usage: Usage { input: Some(3), ..Usage::default() } },
            Event::Embeddings { vectors: vec![vec![0.5, 1.0]] }
        ]
    );
    let picture = Picture {
        model,
        prompt: "a river".into(),
        negative: None,
        size: None,
        seed: None,
        count: 2,
        from: None,
        blobs: Blobs::default(),
    };
    let made = Event::Image { media_type: "image/png".into(), bytes: b"png".to_vec() };
    assert_eq!(answer::events(voice.serve(Call::Image(picture))).await, [made.clone(), made]);
    let lines: Vec<_> = server.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(lines, ["POST /v1/embeddings HTTP/1.1", "POST /v1/images/generations HTTP/1.1"]);
}

#[tokio::test]
async fn a_vendor_is_asked_for_vectors_in_its_own_way_and_place() {
    let server = Server::start(|_, seen| {
        let body = if seen.line.contains("/v2/embed") {
            r#"{"embeddings":{"float":[[0.5,1]]},"meta":{"billed_units":{"input_tokens":3}}}"#
        } else {
            r#"{"data":[{"index":0,"embedding":[0.5,1]}],"usage":{"total_tokens":3}}"#
        };
        whole(200, &[], body)
    })
    .await;
    let there: &'static str = Box::leak(server.url("/v2/embed").into_boxed_str());
    for (at, vendor, line, kind) in [
        (Some(there), "cohere", "POST /v2/embed HTTP/1.1", "search_query"),
        (None, "voyage", "POST /v1/embeddings HTTP/1.1", "query"),
    ] {
        let Voice { voice, net } = voice(&server, client(options()).0);
        let voice = Voice { voice: voice.with_embed(at, Some(vendor)), net };
        let embed = Call::Embed { model: "there/m".parse().unwrap(), texts: vec!["a".into()], query: true };
        assert_eq!(
            answer::events(voice.serve(embed)).await,
            [
                Event::Usage { usage: Usage { input: Some(3), ..Usage::default() } },
                Event::Embeddings { vectors: vec![vec![0.5, 1.0]] }
            ]
        );
        let seen = server.seen();
        let seen = seen.last().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!((seen.line.as_str(), &body["input_type"]), (line, &kind.into()));
    }
}

#[tokio::test]
async fn a_server_that_wants_not_to_be_asked_for_the_bytes_of_pictures_is_asked_without_from_then_on() {
    let server = Server::start(|_, seen| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        if body.contains("response_format") {
            let error = json!({"error": {"message": "Unknown parameter: 'response_format'."}});
            return whole(400, &[], error.to_string());
        }
        whole(200, &[], json!({"data": [{"b64_json": "cG5n"}]}).to_string())
    })
    .await;
    let (client, _) = client(options());
    let voice = voice(&server, client);
    let picture = Picture {
        model: "there/flux-1".parse().unwrap(),
        prompt: "a river".into(),
        negative: None,
        size: None,
        seed: None,
        count: 1,
        from: None,
        blobs: Blobs::default(),
    };
    for asked in [2, 3] {
        let made = answer::events(voice.serve(Call::Image(picture.clone()))).await;
        assert_eq!(made, [Event::Image { media_type: "image/png".into(), bytes: b"png".to_vec() }]);
        assert_eq!(server.seen().len(), asked);
    }
}

/// Reading a long prompt may take minutes, and many servers send the head before.
#[tokio::test]
async fn the_first_piece_of_an_answer_may_take_as_long_as_its_head() {
    let server = Server::start(|_, _| events([Part::Stall])).await;
    let patient =
        NetOptions { idle: Duration::from_millis(20), first_byte: Duration::from_millis(400), ..options() };
    let began = std::time::Instant::now();
    let (_, error) = ask(&voice(&server, client(patient).0)).await;
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.hint.contains("net.answer_timeout"), "{error}");
    assert!(began.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn a_stalled_stream_times_out_and_keeps_what_came() {
    let server = Server::start(|_, _| events([Part::Bytes(data("cut.sse")), Part::Stall])).await;
    let (fold, error) = ask(&voice(&server, client(options()).0)).await;
    assert_eq!(text(&fold), "Hello");
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.why.contains("nothing came"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_times_out() {
    let server = Server::start(|_, _| vec![Part::Stall]).await;
    let options = NetOptions { first_byte: Duration::from_millis(100), ..options() };
    let (_, error) = ask(&voice(&server, client(options).0)).await;
    assert_eq!(error.unwrap().kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn an_answer_whose_end_came_is_whole_even_if_the_connection_stalls_after_it() {
    let server = Server::start(|_, _| {
        events([Part::Bytes([data("no_done.sse"), b"\n\n".to_vec()].concat()), Part::Stall])
    })
    .await;
    let (fold, error) = ask(&voice(&server, client(options()).0)).await;
    assert_eq!((text(&fold).as_str(), fold.stop, error), ("Hello", Some(StopReason::MaxTokens), None));
}

#[tokio::test]
async fn a_broken_connection_is_a_network_error_that_keeps_what_came() {
    let server = Server::start(|_, _| {
        let mut parts =
            vec![head(200, &[("content-type", "text/event-stream"), ("content-length", "99999")])];
        parts.push(Part::Bytes(data("cut.sse")));
        parts
    })
    .await;
    let (fold, error) = ask(&voice(&server, client(options()).0)).await;
    assert_eq!(text(&fold), "Hello");
    assert_eq!(error.unwrap().kind, ErrorKind::Network);
    assert_eq!(server.seen().len(), 1, "nothing is sent again once a word came");
}

#[tokio::test]
async fn a_piece_that_cannot_be_read_is_an_error_that_keeps_the_words_before_it() {
    let frame = r#"data: {"choices":[{"delta":{"content":"Hello"}}]}"#;
    let bytes = format!("{frame}\n\ndata: {{\"choices\":[{{\"delta\":{{\"con\n\n{frame}\n\ndata: [DONE]\n\n");
    let server = Server::start(move |_, _| events([Part::Bytes(bytes.clone().into_bytes())])).await;
    let (fold, error) = ask(&voice(&server, client(options()).0)).await;
    assert_eq!(text(&fold), "Hello");
    assert!(error.is_some(), "an answer with a hole is not whole");
}

#[tokio::test]
async fn failures_that_may_pass_are_retried_before_the_first_word() {
    for status in [408, 429, 500, 503, 529] {
        let server = Server::start(move |number, _| match number {
            0 | 1 => whole(status, &[("retry-after", "0")], "busy"),
            _ => events([Part::Bytes(data("no_done.sse"))]),
        })
        .await;
        let (fold, error) = ask(&voice(&server, client(options()).0)).await;
        assert_eq!((text(&fold).as_str(), error), ("Hello", None), "{status}");
        assert_eq!(server.seen().len(), 3);
    }
}

/// A head of success, and behind it an error: of a gateway whose model has no room.
fn refused_in_a_stream(before: &str) -> Vec<u8> {
    let error = r#"data: {"error":{"message":"Overloaded","code":529}}"#;
    format!("{before}{error}\n\n").into_bytes()
}

#[tokio::test]
async fn an_error_that_may_pass_is_retried_behind_a_head_of_success_too() {
    let server = Server::start(|number, _| match number {
        0 => events([Part::Bytes(refused_in_a_stream(": a sign of life\n\n"))]),
        _ => events([Part::Bytes(data("no_done.sse"))]),
    })
    .await;
    let (net, _) = client(options());
    let spans = Arc::new(Spans::default());
    let there: Arc<dyn Provider> = Arc::new(OpenAi::new("there", server.url("/v1"), Key::None));
    let invoke = Invoke::new([there], Vec::new(), Arc::clone(&spans) as _);
    let (fold, error) = soon(answer::whole(invoke.serve_by("there", hello(), &Terms::new(net)))).await;
    assert_eq!((text(&fold).as_str(), error), ("Hello", None));
    assert_eq!(server.seen().len(), 2);
    assert_eq!(spans.0.lock().unwrap()[0].retried, Retried { server_errors: 1, ..Retried::default() });
}

#[tokio::test]
async fn whatever_status_a_stream_names_is_told_when_it_is_asked_again() {
    for status in [408_u16, 429, 500, 502, 503, 504, 529] {
        let server = Server::start(move |number, _| {
            let frame = format!("data: {{\"error\":{{\"message\":\"busy\",\"code\":{status}}}}}\n\n");
            let bytes = if number == 0 { frame.into_bytes() } else { data("no_done.sse") };
            events([Part::Bytes(bytes)])
        })
        .await;
        let (net, _) = client(options());
        let there: Arc<dyn Provider> = Arc::new(OpenAi::new("there", server.url("/v1"), Key::None));
        let invoke = Invoke::new([there], Vec::new(), Arc::new(Spans::default()));
        let events: Vec<_> =
            soon(invoke.serve_by("there", hello(), &Terms::new(net)).collect::<Vec<_>>()).await;
        let again = Pause::Retry { status, attempt: 2 };
        let told = |event: &outcrop::domain::Result<Event>| matches!(event, Ok(Event::Paused { pause, .. }) if *pause == again);
        assert!(events.iter().any(told), "{status}: {events:?}");
        assert_eq!(server.seen().len(), 2, "{status}");
    }
    // An error without a status or a name that is known tells nothing of the next time.
    let server =
        Server::start(|_, _| events([Part::Bytes(b"data: {\"error\":{\"message\":\"no\"}}\n\n".into())]))
            .await;
    let (_, error) = ask(&voice(&server, client(options()).0)).await;
    assert!(error.unwrap().why.contains("the server says: no"));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn nothing_is_asked_again_once_a_word_has_come_and_not_without_end() {
    let word = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n";
    for (before, asked, came) in [(word, 1, "Hel"), ("", 3, "")] {
        let server = Server::start(move |_, _| events([Part::Bytes(refused_in_a_stream(before))])).await;
        let (fold, error) = ask(&voice(&server, client(options()).0)).await;
        let error = error.unwrap();
        assert_eq!((&error.kind, text(&fold).as_str()), (&ErrorKind::Overloaded, came), "{error}");
        assert!(error.why.contains("Overloaded"), "{error}");
        assert_eq!(server.seen().len(), asked);
    }
}

#[tokio::test]
async fn what_is_sent_again_counts_for_the_minute_too() {
    let server = Server::start(|_, _| whole(503, &[("retry-after", "0")], "busy")).await;
    let (net, _) = client(options());
    let there: Arc<dyn Provider> = Arc::new(OpenAi::new("there", server.url("/v1"), Key::None));
    let limits = Limits { per_minute: Some(2), ..Limits::default() };
    let limited: Arc<dyn Provider> = Arc::new(Limited::new(there, limits));
    let invoke = Invoke::new([limited], Vec::new(), Arc::new(Spans::default()));
    let mut events = invoke.serve_by("there", hello(), &Terms::new(net));
    let mut told = Vec::new();
    while told.len() < 3 {
        match soon(events.next()).await {
            Some(Ok(Event::Paused { pause, .. })) => told.push(pause),
            other => panic!("{other:?}"),
        }
    }
    let again = |attempt| Pause::Retry { status: 503, attempt };
    assert_eq!(told, [again(2), again(3), Pause::RateLimit { per_minute: 2 }]);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn what_is_sent_again_waits_by_its_priority_in_the_line_of_first_requests() {
    for (again, first) in
        [(Priority::Background, Priority::Interactive), (Priority::Interactive, Priority::Background)]
    {
        let server = Server::start(|_, _| whole(503, &[("retry-after", "0")], "busy")).await;
        let (net, _) = client(options());
        let there: Arc<dyn Provider> = Arc::new(OpenAi::new("there", server.url("/v1"), Key::None));
        let limits = Limits { per_minute: Some(2), ..Limits::default() };
        let limited: Arc<dyn Provider> = Arc::new(Limited::new(there, limits));
        let invoke = Invoke::new([Arc::clone(&limited)], Vec::new(), Arc::new(Spans::default()));
        let mut events =
            invoke.serve_by("there", hello(), &Terms { priority: again, ..Terms::new(net.clone()) });
        let spent = Pause::RateLimit { per_minute: 2 };
        loop {
            match soon(events.next()).await {
                Some(Ok(Event::Paused { pause, .. })) if pause == spent => break,
                Some(Ok(Event::Paused { .. })) => {}
                other => panic!("{other:?}"),
            }
        }
        // Both wait for the minute now, and one of them for the other as well.
        let mut other = limited.serve(hello(), &net.with_priority(first));
        match soon(other.next()).await.unwrap().unwrap() {
            Event::Paused { pause, .. } => assert_eq!((pause, first), (spent, Priority::Interactive)),
            Event::Queued { .. } => assert_eq!(first, Priority::Background),
            told => panic!("{told:?}"),
        }
    }
}

#[tokio::test]
async fn a_failure_that_stays_ends_after_the_attempts_with_the_servers_words() {
    let server =
        Server::start(|_, _| whole(429, &[("retry-after", "0")], r#"{"error":{"message":"slow down"}}"#))
            .await;
    let (_, error) = ask(&voice(&server, client(options()).0)).await;
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: Some(0) });
    assert!(error.why.contains("slow down"), "{error}");
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_long_retry_after_is_told_and_not_waited_for() {
    let server = Server::start(|_, _| whole(429, &[("retry-after", "3600")], "")).await;
    let (_, error) = ask(&voice(&server, client(options()).0)).await;
    let error = error.unwrap();
    assert_eq!(error.kind, ErrorKind::RateLimited { retry_after_ms: Some(3_600_000) });
    assert!(error.hint.contains("asks to wait 60 min"), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_wait_in_milliseconds_is_kept_as_one_in_seconds_is() {
    let server = Server::start(|number, _| match number {
        0 => whole(429, &[("retry-after", "3600"), ("retry-after-ms", "5")], ""),
        _ => events([Part::Bytes(data("no_done.sse"))]),
    })
    .await;
    let (fold, error) = ask(&voice(&server, client(options()).0)).await;
    assert_eq!((text(&fold).as_str(), error, server.seen().len()), ("Hello", None, 2));
}

#[tokio::test]
async fn who_has_no_credit_left_is_told_so_at_once() {
    let quota = r#"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#;
    let server = Server::start(move |_, _| whole(429, &[], quota)).await;
    let (_, error) = ask(&voice(&server, client(options()).0)).await;
    let error = error.unwrap();
    assert!(error.why.contains("your current quota") && error.hint.contains("credit"), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn refusals_are_not_retried_and_a_key_that_the_server_repeats_is_taken_out() {
    for status in [400, 401, 403, 404] {
        let server = Server::start(move |_, _| whole(status, &[], "no: sk-canary is wrong")).await;
        let (_, error) = ask(&voice(&server, client(options()).0)).await;
        let error = error.unwrap();
        assert!(!error.to_string().contains("canary") && error.why.contains("[key]"), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
    let frame = "data: {\"error\":{\"message\":\"bad sk-canary\"}}\n\n";
    let server = Server::start(move |_, _| events([Part::Bytes(frame.into())])).await;
    let (_, error) = ask(&voice(&server, client(options()).0)).await;
    assert!(!error.unwrap().to_string().contains("canary"));
}

#[tokio::test]
async fn a_server_that_wants_the_newer_name_of_the_limit_gets_it() {
    let server = Server::start(|number, _| match number {
        0 => whole(400, &[], r#"{"error":{"message":"Use 'max_completion_tokens' instead."}}"#),
        _ => events([Part::Bytes(data("no_done.sse"))]),
    })
    .await;
    let (fold, _) = ask(&voice(&server, client(options()).0)).await;
    assert_eq!(text(&fold), "Hello");
    let body = |seen: &Seen| String::from_utf8(seen.body.clone()).unwrap();
    assert!(body(&server.seen()[0]).contains(r#""max_tokens":9"#));
    assert!(body(&server.seen()[1]).contains(r#""max_completion_tokens":9"#));
}

#[tokio::test]
async fn the_words_that_a_model_insists_on_are_remembered_and_stand_in_its_scripts() {
    let newer = Server::start(|_, seen| {
        if String::from_utf8_lossy(&seen.body).contains("max_completion_tokens") {
            return events([Part::Bytes(data("no_done.sse"))]);
        }
        whole(400, &[], r#"{"error":{"message":"Use 'max_completion_tokens' instead."}}"#)
    })
    .await;
    let responses = Server::start(|_, seen| {
        if seen.line.contains("/responses") {
            return events([Part::Bytes(data("llama_responses.sse"))]);
        }
        whole(404, &[], r#"{"error":{"message":"This model is only supported in v1/responses."}}"#)
    })
    .await;
    let Call::Converse(asked) = hello() else { panic!("no conversation") };
    for (server, path, words) in [
        (&newer, "/v1/chat/completions", "max_completion_tokens"),
        (&responses, "/v1/responses", "max_output_tokens"),
    ] {
        let voice = voice(server, client(options()).0);
        for requests in [2, 3] {
            let (_, error) = ask(&voice).await;
            assert_eq!((error, server.seen().len()), (None, requests), "{path}");
        }
        let sent = voice.voice.sent(&asked).unwrap();
        let body = String::from_utf8(sent.body).unwrap();
        assert!(sent.url.ends_with(path) && body.contains(words), "{} {body}", sent.url);
    }
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let server = Server::start(|_, _| events([Part::Bytes(data("cut.sse")), Part::Stall])).await;
    let (client, kept) = client(NetOptions { idle: Duration::from_mins(1), ..options() });
    let mut stream = voice(&server, client).serve(hello());
    assert!(matches!(stream.next().await, Some(Ok(Event::Text { .. }))));
    drop(stream);
    assert_eq!(kept.0.lock().unwrap().len(), 1, "the exchange has ended and is on record");
}

#[tokio::test]
async fn models_are_listed() {
    let server = Server::start(|_, _| whole(200, &[], data("llama_models.json"))).await;
    let listed = voice(&server, client(options()).0).serve(Call::ListModels).next().await;
    let Some(Ok(Event::Models { cards })) = listed else { panic!("{listed:?}") };
    assert_eq!(cards[0].id.as_str(), "there/SmolLM2-135M-Instruct.Q4_1.gguf");
    assert_eq!(server.seen()[0].line, "GET /v1/models HTTP/1.1");
}

#[tokio::test]
async fn offline_reaches_this_machine_and_no_other_not_even_by_redirect() {
    let server = Server::start(|number, _| match number {
        0 => whole(200, &[], data("llama_models.json")),
        _ => whole(302, &[("location", "http://192.0.2.1/elsewhere")], ""),
    })
    .await;
    let (client, _) = client(NetOptions { offline: true, ..options() });
    let listed = voice(&server, client.clone()).serve(Call::ListModels).next().await;
    assert!(matches!(listed, Some(Ok(_))));
    let listed = voice(&server, client.clone()).serve(Call::ListModels).next().await;
    assert_eq!(listed.unwrap().unwrap_err().kind, ErrorKind::Offline);
    let far = Voice { voice: OpenAi::new("far", "https://api.example.com/v1", Key::None), net: client };
    assert_eq!(ask(&far).await.1.unwrap().kind, ErrorKind::Offline);
}

/// A server stands in for the world: every name that is not this machine's is asked for there, as of a proxy.
#[tokio::test]
async fn an_offline_call_goes_nowhere_though_its_process_may_and_others_do() {
    let world = Server::start(|_, _| whole(200, &[], data("llama_models.json"))).await;
    let proxies = Proxies { all: Some(SecretString::from(world.url(""))), ..Proxies::default() };
    let network = Network::new(NetOptions { proxies, ..options() }, Arc::new(Kept::default()));
    let far = |net| Voice { voice: OpenAi::new("far", "http://far.example/v1", Key::None), net };
    let online = network.client(Reach::default());
    let offline = network.client(Reach { offline: true, ..Reach::default() });
    assert!(matches!(far(online.clone()).serve(Call::ListModels).next().await, Some(Ok(_))));
    assert_eq!(world.seen().len(), 1);
    let refused = far(offline.clone()).serve(Call::ListModels).next().await.unwrap().unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Offline);
    assert_eq!(offline.leave("fetching", "pip").unwrap_err().kind, ErrorKind::Offline);
    assert_eq!(world.seen().len(), 1, "nothing was tried");
    // What goes out with leave does so as this program was told.
    let leave = online.leave("fetching", "pip").unwrap();
    assert!(leave.variables().any(|(name, value)| name == "all_proxy" && value == world.url("")));
}

/// The first server is reached as of a proxy, since every address of this machine lies inside.
#[tokio::test]
async fn a_server_elsewhere_cannot_lead_into_this_network() {
    let trap = Server::start(|_, _| whole(200, &[], "a secret")).await;
    let port = trap.port;
    let world = Server::start(move |_, seen| {
        let (_, to) = seen.line.split_once("?to=").unwrap_or_default();
        let to = to.split_whitespace().next().unwrap_or_default();
        if to.is_empty() { whole(200, &[], "public") } else { whole(302, &[("location", to)], "") }
    })
    .await;
    let proxies = Proxies { all: Some(SecretString::from(world.url(""))), ..Proxies::default() };
    let (client, _) = client(NetOptions { proxies, ..options() });
    let get = |from: &str, to: &str| client.send(Request::get("reading", format!("http://{from}/?to={to}")));
    for inside in ["127.0.0.1", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "localhost", "0.0.0.0"] {
        let error = get("far.example", &format!("http://{inside}:{port}/")).await.unwrap_err();
        assert!(error.why.contains("into this network"), "{inside}: {error}");
    }
    for inside in ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://metadata.google.internal/"] {
        assert!(get("far.example", inside).await.is_err(), "{inside}");
    }
    assert!(trap.seen().is_empty(), "{:?}", trap.seen());
    assert_eq!(get("far.example", "http://further.example/").await.unwrap().status(), 200);
    // The person's own server inside may lead on there.
    assert_eq!(get("router", &format!("http://127.0.0.1:{port}/")).await.unwrap().status(), 200);
    assert_eq!(trap.seen().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_another_host_loses_the_key_and_what_is_sent_goes_nowhere_else() {
    let other = Server::start(|_, _| whole(200, &[], "{}")).await;
    let elsewhere = other.url("/there");
    let server = Server::start(move |_, seen| {
        let to = if seen.line.contains("/same") { "/moved".to_owned() } else { elsewhere.clone() };
        if seen.line.contains("/moved") {
            whole(200, &[], "ok")
        } else {
            whole(307, &[("location", &to)], "")
        }
    })
    .await;
    let (client, _) = client(options());
    let key = || Some(SecretString::from("sk-canary"));
    let send = |request: Request| client.send(request.bearer(key().as_ref()));

    send(Request::get("reading", server.url("/far"))).await.unwrap();
    assert_eq!(other.seen()[0].headers.get("authorization"), None);
    send(Request::get("reading", server.url("/same"))).await.unwrap();
    assert_eq!(server.seen()[2].headers["authorization"], "Bearer sk-canary");

    let error = send(Request::post_json("asking", server.url("/far"), b"{}".to_vec())).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert_eq!(other.seen().len(), 1, "the body did not go to the other host");
}

#[tokio::test]
async fn a_closed_port_is_said_plainly_and_no_error_repeats_an_address_with_a_secret() {
    let (client, _) = client(options());
    let request = Request::get("asking there/m", "http://user:canary@127.0.0.1:1/v1?key=canary");
    let error = client.send(request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.why.contains("127.0.0.1:1") && error.why.contains("refused"), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn a_proxy_is_used_for_other_hosts_and_never_for_this_machine() {
    let proxy = Server::start(|_, _| whole(200, &[], "by proxy")).await;
    let server = Server::start(|_, _| whole(200, &[], "direct")).await;
    let mut options = options();
    options.proxies.all = Some(SecretString::from(proxy.url("")));
    let (client, _) = client(options);
    let mut far = client.send(Request::get("reading", "http://far.example/x")).await.unwrap();
    assert_eq!(far.bytes(100).await.unwrap(), b"by proxy");
    assert_eq!(proxy.seen()[0].line, "GET http://far.example/x HTTP/1.1");
    let mut near = client.send(Request::get("reading", server.url("/"))).await.unwrap();
    assert_eq!(near.bytes(100).await.unwrap(), b"direct");
}

#[test]
fn what_openai_itself_does_not_take_is_refused_and_another_server_is_asked() {
    let blob = BlobId("p".into());
    let mut converse = Converse {
        model: "there/m".parse().unwrap(),
        system: None,
        turns: vec![Turn {
            role: Role::User,
            blocks: vec![Block::Image { media_type: "image/png".into(), blob: blob.clone(), file: None }],
        }],
        settings: Settings::default(),
        conversation: None,
        blobs: Blobs::default(),
    };
    converse.blobs.put(blob, vec![0; 40 << 20]);
    for (url, is_refused) in [
        ("https://api.openai.com/v1", true),
        ("https://mine.openai.azure.com/openai/v1", true),
        ("http://127.0.0.1:8080/v1", false),
        ("https://example.com/api.openai.com/v1", false),
    ] {
        let sent = OpenAi::new("there", url, Key::None).sent(&converse);
        assert_eq!(sent.is_err(), is_refused, "{url}");
        if let Err(error) = sent {
            assert_eq!(error.kind, ErrorKind::Invalid);
            assert!(error.why.contains("weighs 55.9 MB") && error.why.contains("takes 52.4 MB"), "{error}");
        }
    }
}
