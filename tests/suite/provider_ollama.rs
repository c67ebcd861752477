//! The `ollama` voice, against servers on this machine.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use outcrop::domain::call::{Blobs, Call, Converse, Picture, Turn};
use outcrop::domain::catalog::{Capability, ModelCard};
use outcrop::domain::delta::{Event, Fold};
use outcrop::domain::message::{BlobId, Block, Role, StopReason};
use outcrop::domain::pull::PullStep;
use outcrop::domain::settings::Settings;
use outcrop::domain::{Error, ErrorKind};
use outcrop::net::{Client, NetOptions, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::key::Key;
use outcrop::provider::ollama::Ollama;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::answer::{self, text};
use crate::loopback::{Part, Seen, Server, head, whole};
use crate::provider_openai::{Kept, options};
use crate::soon;
use crate::wire::ollama::data;

fn client() -> Client {
    // Long enough for a machine with much else to do.
    let options = NetOptions { first_byte: Duration::from_secs(3), ..options() };
    Network::new(options, Arc::new(Kept::default())).client(Reach::default())
}

fn voice(server: &Server) -> Ollama {
    Ollama::new("there", server.url("/"), SecretString::from("sk-canary").into())
}

fn hello() -> Converse {
    Converse {
        model: "there/qwen3:0.6b".parse().unwrap(),
        system: None,
        turns: vec![Turn { role: Role::User, blocks: vec![Block::Text { text: "hello".into() }] }],
        settings: Settings { max_tokens: Some(9), ..Settings::default() },
        conversation: None,
        blobs: Blobs::default(),
    }
}

async fn ask(server: &Server) -> (Fold, Option<Error>) {
    soon(answer::whole(voice(server).serve(Call::Converse(hello()), &client()))).await
}

/// The one thing that a call is answered with.
async fn only(server: &Server, call: Call) -> Result<Event, Error> {
    let events: Vec<_> = soon(voice(server).serve(call, &client()).collect()).await;
    let [event]: [_; 1] = events.try_into().unwrap();
    event
}

/// A stream of these pieces, as Ollama sends it.
fn lines(pieces: impl IntoIterator<Item = Part>) -> Vec<Part> {
    std::iter::once(head(200, &[("content-type", "application/x-ndjson")])).chain(pieces).collect()
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

#[tokio::test]
async fn a_streamed_answer_arrives() {
    let server =
        Server::start(|_, _| lines(data("thinking.ndjson").chunks(5).map(|c| Part::Bytes(c.to_vec())))).await;
    let (fold, error) = ask(&server).await;
    assert_eq!(error, None);
    assert_eq!((text(&fold).as_str(), fold.stop), ("Sí, 42.", Some(StopReason::EndTurn)));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /api/chat HTTP/1.1");
    assert_eq!(seen.headers["authorization"], "Bearer sk-canary");
    assert_eq!((&body(seen)["stream"], &body(seen)["options"]["num_predict"]), (&json!(true), &json!(9)));
}

#[tokio::test]
async fn a_model_runs_with_the_context_that_is_said_of_it_with_its_tag_or_without() {
    let server = Server::start(|_, _| lines([Part::Bytes(data("chat.ndjson"))])).await;
    let said = [("qwen3:0.6b".to_owned(), 32_768_u32), ("mistral".to_owned(), 16_384)];
    let voice = voice(&server).with_contexts(said.into());
    for (model, context) in [
        ("qwen3:0.6b", json!(32_768)),
        ("mistral", json!(16_384)),
        ("mistral:latest", json!(16_384)),
        ("qwen3:8b", Value::Null),
    ] {
        let model = format!("there/{model}").parse().unwrap();
        let asked = voice.serve(Call::Converse(Converse { model, ..hello() }), &client());
        assert_eq!(soon(answer::whole(asked)).await.1, None);
        assert_eq!(body(server.seen().last().unwrap())["options"]["num_ctx"], context);
    }
}

#[tokio::test]
async fn a_gateway_that_does_not_stream_is_understood() {
    let server =
        Server::start(|_, _| whole(200, &[("content-type", "application/json")], data("whole.json"))).await;
    let (fold, error) = ask(&server).await;
    assert_eq!((text(&fold).as_str(), error), ("Hello! How are you today?", None));
}

#[tokio::test]
async fn a_stream_that_breaks_stalls_or_fails_keeps_its_words_and_says_why() {
    for (name, stalls, kind) in [
        ("cut.ndjson", false, ErrorKind::Network),
        ("cut.ndjson", true, ErrorKind::Timeout),
        ("error_after_200.ndjson", false, ErrorKind::Server { status: 500 }),
    ] {
        let server = Server::start(move |_, _| {
            lines([Part::Bytes(data(name))].into_iter().chain(stalls.then_some(Part::Stall)))
        })
        .await;
        let (fold, error) = ask(&server).await;
        assert_eq!(error.unwrap().kind, kind, "{name}");
        assert!(text(&fold).starts_with("Hel"), "{name}");
        assert_eq!(server.seen().len(), 1, "nothing is asked again after its first words");
    }
}

#[tokio::test]
async fn a_server_that_forgets_to_end_the_stream_is_not_waited_for() {
    let server = Server::start(|_, _| lines([Part::Bytes(data("chat.ndjson")), Part::Stall])).await;
    let (fold, error) = ask(&server).await;
    assert_eq!((fold.stop, error), (Some(StopReason::MaxTokens), None));
}

#[tokio::test]
async fn what_ollama_refuses_is_told_with_what_helps_and_asked_once() {
    for (status, said, kind, hint) in [
        (404, r#"{"error":"model 'qwen3:0.6b' not found"}"#, ErrorKind::NotFound, "models pull"),
        (
            400,
            r#"{"error":"registry.ollama.ai/library/x does not support tools"}"#,
            ErrorKind::Refused { capability: "tools".into() },
            "another model",
        ),
        (
            400,
            r#"{"error":"\"x\" does not support thinking"}"#,
            ErrorKind::Refused { capability: "reasoning".into() },
            "another model",
        ),
        (
            401,
            r#"{"error":"no: sk-canary is wrong"}"#,
            ErrorKind::Auth,
            "The key came from the configuration",
        ),
    ] {
        let server =
            Server::start(move |_, _| whole(status, &[("content-type", "application/json")], said)).await;
        let (_, error) = ask(&server).await;
        let error = error.unwrap();
        assert_eq!(error.kind, kind);
        assert!(error.hint.contains(hint) && !error.to_string().contains("canary"), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_server_without_room_is_asked_again_and_then_believed() {
    let busy = r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#;
    let server = Server::start(move |number, _| match number {
        0 => whole(503, &[("retry-after", "0")], busy),
        _ => lines([Part::Bytes(data("chat.ndjson"))]),
    })
    .await;
    assert_eq!(ask(&server).await.1, None);
    let server = Server::start(move |_, _| whole(503, &[("retry-after", "0")], busy)).await;
    let error = ask(&server).await.1.unwrap();
    assert_eq!((error.kind.clone(), server.seen().len()), (ErrorKind::Overloaded, 3));
    assert!(error.why.contains("maximum pending"), "{error}");
}

#[tokio::test]
async fn where_nobody_listens_the_error_says_how_to_start_it() {
    let closed = Ollama::new("there", "http://127.0.0.1:1", Key::None);
    for call in [Call::Converse(hello()), Call::ListModels] {
        let answered: Vec<_> = soon(closed.serve(call, &client()).collect()).await;
        let [Err(error)] = &answered[..] else { panic!("{answered:?}") };
        assert_eq!(error.kind, ErrorKind::Network);
        assert!(error.why.contains("127.0.0.1:1") && error.why.contains("refused"), "{error}");
        assert!(error.hint.contains("is running") && error.hint.contains("`ollama serve`"), "{error}");
    }
}

async fn list(server: &Server) -> Vec<ModelCard> {
    match only(server, Call::ListModels).await {
        Ok(Event::Models { cards }) => cards,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn models_are_listed_with_what_each_can_do_and_one_that_cannot_be_shown_costs_its_own_facts_only() {
    let server = Server::start(|_, seen| {
        if seen.line.starts_with("GET ") {
            let is_list = seen.line.starts_with("GET /api/tags ");
            return whole(200, &[], data(if is_list { "tags.json" } else { "ps.json" }));
        }
        match body(seen)["model"].as_str().unwrap() {
            "llama3.2:latest" => whole(200, &[], data("show_vision.json")),
            "deepseek-r1:latest" => whole(200, &[], data("show_tools.json")),
            "nomic-embed-text:latest" => whole(200, &[], data("show_embedding.json")),
            "all-minilm:latest" => whole(404, &[], r#"{"error":"model 'all-minilm:latest' not found"}"#),
            "bare:latest" => whole(200, &[], "<html>"),
            _ => lines([Part::Stall]),
        }
    })
    .await;
    let cards = list(&server).await;
    let can =
        |name: &str, capability| cards.iter().find(|card| card.id.model() == name).unwrap().can(capability);
    assert_eq!(cards.len(), 6);
    assert_eq!(can("llama3.2:latest", Capability::Vision), Some(true));
    let context = |name: &str| cards.iter().find(|card| card.id.model() == name).unwrap().context;
    assert_eq!(context("llama3.2:latest"), Some(4096), "it is loaded with that");
    assert_eq!(context("bare:latest"), None);
    assert_eq!(can("llama3.2:latest", Capability::Tools), Some(false));
    assert_eq!(can("deepseek-r1:latest", Capability::Reasoning), Some(true));
    assert_eq!(can("nomic-embed-text:latest", Capability::Chat), Some(false));
    for (name, capability) in [
        ("all-minilm:latest", Capability::Embed),
        ("bare:latest", Capability::Chat),
        ("gpt-oss:120b-cloud", Capability::Chat),
    ] {
        assert_eq!((can(name, capability), can(name, Capability::Tools)), (Some(true), None), "{name}");
    }
    let lines: Vec<_> = server.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(lines.iter().filter(|line| *line == "POST /api/show HTTP/1.1").count(), 6);
}

#[tokio::test]
async fn of_very_many_models_the_first_are_shown_and_all_are_listed() {
    let many: Vec<_> = (0..80).map(|number| json!({"name": format!("m{number:02}")})).collect();
    let many = json!({ "models": many }).to_string();
    let server = Server::start(move |_, seen| {
        let is_list = seen.line.starts_with("GET ");
        whole(200, &[], if is_list { many.clone().into_bytes() } else { data("show_tools.json") })
    })
    .await;
    let cards = list(&server).await;
    let shown = server.seen().iter().filter(|seen| seen.line.starts_with("POST /api/show ")).count();
    assert_eq!((shown, server.seen().len()), (64, 1 + 1 + 64), "and once what is loaded");
    assert_eq!(cards.len(), 80);
    assert!(cards.is_sorted_by_key(|card| card.id.clone()));
    assert!(cards.iter().enumerate().all(|(at, card)| card.context.is_some() == (at < 64)));
}

#[tokio::test]
async fn a_list_that_is_none_and_one_of_another_api_are_errors_without_the_key() {
    let server = Server::start(|_, _| whole(200, &[], "<html>sk-canary</html>")).await;
    let error = only(&server, Call::ListModels).await.unwrap_err();
    assert!(error.hint.contains("base_url") && !error.to_string().contains("canary"), "{error}");
    let server = Server::start(|_, _| whole(404, &[], "404 page not found")).await;
    let error = only(&server, Call::ListModels).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.hint.contains("base_url"), "{error}");
}

#[tokio::test]
async fn texts_become_vectors_and_too_few_of_them_are_an_error() {
    let server = Server::start(|_, _| whole(200, &[], data("embed.json"))).await;
    let embed = |texts: &[&str]| Call::Embed {
        model: "there/all-minilm".parse().unwrap(),
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        query: false,
    };
    let events: Vec<_> = soon(voice(&server).serve(embed(&["a", "é"]), &client()).collect()).await;
    let [Ok(Event::Usage { usage }), Ok(Event::Embeddings { vectors })] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(usage.input, Some(8));
    assert_eq!(vectors.len(), 2);
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /api/embed HTTP/1.1");
    assert_eq!(body(seen), json!({"model": "all-minilm", "input": ["a", "é"], "truncate": false}));
    let error = only(&server, embed(&["a"])).await.unwrap_err();
    assert!(error.why.contains("1 vectors") && error.why.contains("and 2 came"), "{error}");
}

#[tokio::test]
async fn what_ollama_cannot_do_is_refused_by_name_and_never_sent() {
    let server = Server::start(|_, _| whole(200, &[], "{}")).await;
    let mut choosing = hello();
    choosing.settings.set("tools", r#"[{"name":"look"}]"#).unwrap();
    choosing.settings.set("tool_choice", "any").unwrap();
    let picture = Picture {
        model: "there/m".parse().unwrap(),
        prompt: "a hill".into(),
        negative: None,
        size: None,
        seed: None,
        count: 1,
        from: None,
        blobs: Blobs::default(),
    };
    for (call, capability) in [
        (Call::Converse(choosing), "tool_choice"),
        (Call::CountTokens(hello()), "count_tokens"),
        (Call::Image(picture), "images"),
    ] {
        let error = only(&server, call).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused { capability: capability.into() });
    }
    assert!(server.seen().is_empty());
}

fn pulling(done: u64, total: u64) -> PullStep {
    PullStep::Fetching { done, total: Some(total), resumed: 0, per_second: None }
}

async fn pull(server: &Server) -> Vec<Result<PullStep, Error>> {
    let call = Call::Pull { model: "there/qwen3:0.6b".parse().unwrap() };
    let events: Vec<_> = soon(voice(server).serve(call, &client()).collect()).await;
    let step = |event| match event {
        Event::Pulling { step } => step,
        other => panic!("{other:?}"),
    };
    events.into_iter().map(|event| event.map(step)).collect()
}

#[tokio::test]
async fn a_model_is_fetched_by_the_server_step_by_step_and_deleted_again() {
    let server = Server::start(|_, seen| match seen.line.as_str() {
        "POST /api/pull HTTP/1.1" => lines(data("pull.ndjson").chunks(7).map(|c| Part::Bytes(c.to_vec()))),
        _ => whole(200, &[], ""),
    })
    .await;
    let steps: Vec<_> = pull(&server).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        steps,
        [
            pulling(0, 522_640_096),
            pulling(241_970, 522_640_096),
            pulling(522_640_096, 522_640_096),
            pulling(522_641_578, 522_641_578),
            PullStep::Checking,
        ]
    );
    assert_eq!(body(&server.seen()[0]), json!({"model": "qwen3:0.6b", "stream": true}));
    let call = Call::Remove { model: "there/qwen3:0.6b".parse().unwrap() };
    let events: Vec<_> = soon(voice(&server).serve(call, &client()).collect()).await;
    assert_eq!(events, []);
    let seen = &server.seen()[1];
    assert_eq!(seen.line, "DELETE /api/delete HTTP/1.1");
    assert_eq!(body(seen), json!({"model": "qwen3:0.6b"}));
}

#[tokio::test]
async fn a_fetch_that_is_refused_or_cut_says_so_behind_the_steps_that_came() {
    let refused = r#"{"error":"pull model manifest: file does not exist"}"#;
    let server = Server::start(move |number, _| match number {
        0 => lines([Part::Bytes(format!("{{\"status\":\"pulling manifest\"}}\n{refused}\n").into_bytes())]),
        1 => lines([Part::Bytes(data("pull.ndjson")[..500].to_vec())]),
        _ => whole(404, &[], r#"{"error":"model 'qwen3:0.6b' not found"}"#),
    })
    .await;
    let [Err(error)] = &pull(&server).await[..] else { panic!("no error alone") };
    assert!(error.why.contains("file does not exist"), "{error}");
    let steps = pull(&server).await;
    assert_eq!(steps[0], Ok(pulling(0, 522_640_096)));
    assert_eq!(steps.last().unwrap().as_ref().unwrap_err().kind, ErrorKind::Network);
    let call = Call::Remove { model: "there/qwen3:0.6b".parse().unwrap() };
    let error = soon(voice(&server).serve(call, &client()).next()).await.unwrap().unwrap_err();
    assert_eq!((error.kind, error.doing.as_str()), (ErrorKind::NotFound, "removing there/qwen3:0.6b"));
}

/// A conversation with a block of every kind that is sent, and every setting.
fn everything() -> Converse {
    let tools = r#"[{"name":"look","description":"Looks.","schema":{"type":"object","properties":{"at":{"type":"string"}}}}]"#;
    let mut converse = hello();
    for (name, value) in [
        ("temperature", "0.25"),
        ("top_p", "0.5"),
        ("top_k", "40"),
        ("max_tokens", "100"),
        ("stop", "END,\\n\\n"),
        ("seed", "7"),
        ("reasoning", "low"),
        ("tools", tools),
        ("response_schema", r#"{"type":"object","properties":{}}"#),
    ] {
        converse.settings.set(name, value).unwrap();
    }
    let blob = BlobId("1".to_owned());
    converse.blobs.put(blob.clone(), *b"\x00\xff!");
    converse.system = Some("Be brief.".into());
    converse.turns[0].blocks.push(Block::Image { media_type: "image/png".into(), blob, file: None });
    converse.turns.extend([
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
        Turn { role: Role::User, blocks: vec![Block::Text { text: "and?".into() }] },
    ]);
    converse
}

/// Without what is ours alone: that nothing is cut off in silence, and the ids of calls, which newer servers know.
fn without_ours(mut body: Value) -> Value {
    body.as_object_mut().unwrap().remove("truncate");
    for message in body["messages"].as_array_mut().into_iter().flatten() {
        message.as_object_mut().unwrap().remove("tool_call_id");
        for call in message["tool_calls"].as_array_mut().into_iter().flatten() {
            call.as_object_mut().unwrap().remove("id");
        }
        // Indexing made a member of what was none; the client leaves out an empty text.
        let says = |value: &Value| !value.is_null() && value != "";
        message.as_object_mut().unwrap().retain(|_, value| says(value));
    }
    body
}

#[tokio::test]
async fn the_apis_own_client_sends_what_we_send_and_reads_what_we_read() {
    let Some(python) = crate::provider_openai_sdk::python("Ollama's client") else { return };
    let server = Server::start(|number, seen| {
        if seen.line.contains("/api/embed") {
            return whole(200, &[("content-type", "application/json")], data("embed.json"));
        }
        let name = ["thinking.ndjson", "tools_with_ids.ndjson"][number % 3 % 2];
        lines([Part::Bytes(data(name))])
    })
    .await;
    let mut read = Vec::new();
    for _ in 0..2 {
        let (fold, error) =
            soon(answer::whole(voice(&server).serve(Call::Converse(everything()), &client()))).await;
        assert_eq!(error, None);
        let of =
            |kind: fn(&Block) -> Option<String>| -> String { fold.blocks.iter().filter_map(kind).collect() };
        let tools: Vec<_> = fold
            .blocks
            .iter()
            .filter_map(|block| match block {
                Block::ToolUse { name, input, .. } => Some(json!({"name": name, "input": input})),
                _ => None,
            })
            .collect();
        let thought = of(|block| match block {
            Block::Reasoning { text, .. } => Some(text.clone()),
            _ => None,
        });
        read.push(json!({
            "text": text(&fold), "thought": thought, "tools": tools,
            "input": fold.usage.input, "output": fold.usage.output,
        }));
    }
    let texts = vec!["a".to_owned(), "b".to_owned()];
    let embed = Call::Embed { model: "there/all-minilm".parse().unwrap(), texts, query: false };
    let made: Vec<_> = soon(voice(&server).serve(embed, &client()).collect()).await;
    let Some(Ok(Event::Embeddings { vectors })) = made.last() else { panic!("{made:?}") };
    let vectors: Vec<Vec<f64>> =
        vectors.iter().map(|vector| vector.iter().map(|number| f64::from(*number)).collect()).collect();

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/ollama_sdk.py");
    let url = server.url("");
    let peer = tokio::task::spawn_blocking(move || {
        std::process::Command::new(python).args([script, &url]).env("NO_PROXY", "127.0.0.1").output()
    });
    let peer = tokio::time::timeout(Duration::from_mins(2), peer).await.unwrap().unwrap().unwrap();
    assert!(peer.status.success(), "{}", String::from_utf8_lossy(&peer.stderr));
    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    for at in 0..3 {
        let body = |seen: &Seen| without_ours(serde_json::from_slice(&seen.body).unwrap());
        assert_eq!((&seen[at].line, body(&seen[at])), (&seen[at + 3].line, body(&seen[at + 3])));
    }
    let told: Vec<Value> = serde_json::from_slice(&peer.stdout).unwrap();
    assert_eq!(read[..], told[..2]);
    let theirs: Vec<Vec<f64>> = serde_json::from_value(told[2]["vectors"].clone()).unwrap();
    for (ours, theirs) in vectors.iter().flatten().zip(theirs.iter().flatten()) {
        assert!((ours - theirs).abs() < 1e-8, "{ours} {theirs}");
    }
    assert_eq!(told[2]["input"], 8);
}
