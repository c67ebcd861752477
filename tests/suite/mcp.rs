//! Servers of the Model Context Protocol that behave badly, by `tests/peers/mcp_server.sh` and over HTTP.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use outcrop::domain::agent::Server;
use outcrop::domain::agent::pin::Pinned;
use outcrop::domain::{ErrorKind, Result};
use outcrop::net::{Client, EgressLog, NetOptions, Network, Reach};
use outcrop::service::mcp::{Outcome, Patience, Session, Terms};
use outcrop::worker::Surroundings;
use serde_json::{Value, json};

use crate::loopback::{self, Part, Seen};
use crate::soon;

pub fn client(offline: bool) -> Client {
    let options = NetOptions { offline, ..NetOptions::default() };
    Network::new(options, Arc::new(EgressLog)).client(Reach::default())
}

pub fn around() -> Surroundings {
    let path = std::env::var_os("PATH").unwrap_or_default();
    [("PATH".into(), path), ("LANG".into(), "C".into())].into_iter().collect()
}

pub async fn open(server: &Server, net: &Client, folder: &Path, patience: Patience) -> Result<Session> {
    let (around, variable) = (around(), |name: &str| (name != "NONE").then(|| format!("canary-{name}")));
    let terms = Terms { name: "odd", net, folder, around: &around, variable: &variable, patience };
    soon(Session::open(server, terms)).await
}

/// A second is enough for what never comes, and too little for nothing that does.
const SHORT: Patience = Patience { start: Duration::from_secs(20), call: Duration::from_secs(1) };

fn odd(mode: &str) -> Server {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/mcp_server.sh");
    let env = BTreeMap::from([("SECRET".to_owned(), "$TOKEN".to_owned())]);
    Server::Stdio {
        command: "sh".to_owned(),
        args: vec![script.to_owned(), mode.to_owned()],
        env,
        memory_mb: 4096,
    }
}

async fn opened(mode: &str, folder: &Path) -> Result<Session> {
    open(&odd(mode), &client(false), folder, SHORT).await
}

async fn called(mode: &str, folder: &Path) -> Result<Outcome> {
    soon(opened(mode, folder).await.unwrap().call("look", &json!({"at": 1}))).await
}

#[tokio::test]
async fn a_server_is_opened_and_its_tools_are_listed_page_by_page_and_called() {
    let folder = tempfile::tempdir().unwrap();
    let session = opened("pages", folder.path()).await.unwrap();
    assert_eq!(session.server(), Some(("odd".to_owned(), "1.2".to_owned())));
    let tools = soon(session.tools()).await.unwrap();
    let told: Vec<_> = tools.iter().map(|tool| (tool.name.as_str(), tool.description.as_str())).collect();
    assert_eq!(told, [("a", "First."), ("b", "Second.")]);
    assert_eq!(tools[0].schema, json!({"type": "object"}));
    assert_eq!(soon(session.call("a", &json!({"b": [1]}))).await.unwrap().text, "seen");
    let sent: Value = serde_json::from_slice(&std::fs::read(folder.path().join("called")).unwrap()).unwrap();
    assert_eq!((&sent["params"]["name"], &sent["params"]["arguments"]), (&json!("a"), &json!({"b": [1]})));
    soon(session.close()).await;
}

#[tokio::test]
async fn a_server_of_the_protocol_without_a_greeting_is_opened_too() {
    let folder = tempfile::tempdir().unwrap();
    let session = opened("modern", folder.path()).await.unwrap();
    assert_eq!(soon(session.tools()).await.unwrap().len(), 1);
    assert_eq!(soon(session.call("look", &Value::Null)).await.unwrap().text, "seen");
}

#[tokio::test]
async fn noise_and_floods_keep_no_server_from_being_heard() {
    let folder = tempfile::tempdir().unwrap();
    for mode in ["garbage", "large", "floods"] {
        let session = opened(mode, folder.path()).await.unwrap();
        assert_eq!(soon(session.tools()).await.unwrap().len(), 1, "{mode}");
    }
    let outcome = Box::pin(called("chatty", folder.path())).await.unwrap();
    assert_eq!((outcome.text.as_str(), outcome.is_error), ("at last", false));
}

#[tokio::test]
async fn a_message_that_is_too_long_ends_the_connection_at_once_and_the_error_names_the_limit() {
    let long = Patience { start: Duration::from_mins(5), call: Duration::from_mins(5) };
    for mode in ["huge", "unending"] {
        let folder = tempfile::tempdir().unwrap();
        let error = open(&odd(mode), &client(false), folder.path(), long).await.unwrap_err();
        assert!(error.kind == ErrorKind::Full && error.why.contains("more than 16 MB"), "{mode}: {error}");
        gone(folder.path()).await;
        assert!(!folder.path().join("sent").exists(), "{mode}");
    }
    // The same where it is what a tool gives.
    let folder = tempfile::tempdir().unwrap();
    let session = open(&odd("bursts"), &client(false), folder.path(), long).await.unwrap();
    for _ in 0..2 {
        let error = soon(session.call("look", &Value::Null)).await.unwrap_err();
        assert!(error.kind == ErrorKind::Full && error.why.contains("more than 16 MB"), "{error}");
    }
    gone(folder.path()).await;
}

/// Waits until the program of that folder has ended.
async fn gone(folder: &Path) {
    let pid = std::fs::read_to_string(folder.join("pid")).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    soon(async {
        while rustix::process::test_kill_process(pid).is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn answers_that_cross_reach_who_asked_and_news_before_the_greeting_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let session = opened("crossed", folder.path()).await.unwrap();
    let (one, other) = (json!({"n": 1}), json!({"n": 2}));
    let both = futures_util::future::join(session.call("look", &one), session.call("look", &other));
    let (one, other) = Box::pin(soon(both)).await;
    assert_eq!((one.unwrap().text.as_str(), other.unwrap().text.as_str()), ("it was 1", "it was 2"));
    let session = opened("early", folder.path()).await.unwrap();
    assert_eq!(soon(session.tools()).await.unwrap().len(), 1);
    assert_eq!(soon(session.call("look", &Value::Null)).await.unwrap().text, "seen");
}

#[tokio::test]
async fn a_server_that_never_opens_says_why_and_tells_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    for (mode, kind, why) in [
        ("dies", ErrorKind::Network, "exit status: 3); it said last: no such key: [TOKEN]"),
        ("refuses", ErrorKind::Invalid, "and none of those either"),
        ("strange", ErrorKind::Invalid, "nothing that an MCP server says"),
    ] {
        let error = opened(mode, folder.path()).await.unwrap_err();
        assert!(error.kind == kind && error.why.contains(why), "{mode}: {error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    let short = Patience { start: Duration::from_millis(300), ..SHORT };
    let error = open(&odd("silent"), &client(false), folder.path(), short).await.unwrap_err();
    assert!(error.kind == ErrorKind::Timeout && error.why.contains("0.3 s"), "{error}");

    let none = |command: &str, value: &str| Server::Stdio {
        command: command.to_owned(),
        args: Vec::new(),
        env: BTreeMap::from([("A".to_owned(), value.to_owned())]),
        memory_mb: 4096,
    };
    let error = open(&none("no-such-program", "1"), &client(false), folder.path(), SHORT).await.unwrap_err();
    assert!(error.kind == ErrorKind::NotFound && error.why.contains("no-such-program"), "{error}");
    let error = open(&none("sh", "$NONE"), &client(false), folder.path(), SHORT).await.unwrap_err();
    assert!(error.kind == ErrorKind::Config && error.why.contains("NONE"), "{error}");
}

#[tokio::test]
async fn lists_without_end_or_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (mode, why) in [
        ("endless", "no end of them"),
        ("wordy", "more than 16 MB"),
        ("twice", "two tools"),
        ("nonsense", "nothing that was asked for"),
    ] {
        let error = soon(opened(mode, folder.path()).await.unwrap().tools()).await.unwrap_err();
        assert!(error.why.contains(why), "{mode}: {error}");
    }
}

#[tokio::test]
async fn a_call_that_goes_wrong_is_an_outcome_or_an_error_that_says_how() {
    let folder = tempfile::tempdir().unwrap();
    for (mode, text) in
        [("fails", "it is dark"), ("unknown", "refuses the call (-32602): there is no such tool")]
    {
        let outcome = Box::pin(called(mode, folder.path())).await.unwrap();
        assert!(outcome.is_error && outcome.text.contains(text), "{mode}: {outcome:?}");
    }
    for (mode, kind, why) in [
        ("leaves", ErrorKind::Network, "it has ended (exit status: 7); it said last: out of memory"),
        ("closes", ErrorKind::Network, "it has closed the connection"),
        ("hangs", ErrorKind::Timeout, "did not answer within 1 s; it said last: waiting for the moon"),
    ] {
        let error = Box::pin(called(mode, folder.path())).await.unwrap_err();
        assert!(error.kind == kind && error.why.contains(why), "{mode}: {error:?}");
    }
    let session = opened("pages", folder.path()).await.unwrap();
    assert_eq!(session.call("a", &json!([1])).await.unwrap_err().kind, ErrorKind::Invalid);
}

#[tokio::test]
async fn nobody_waits_any_more_and_the_server_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let session = opened("hangs", folder.path()).await.unwrap();
    let nothing = json!({});
    let waiting = tokio::time::timeout(Duration::from_millis(300), session.call("look", &nothing));
    assert!(waiting.await.is_err());
    let told = folder.path().join("cancelled");
    soon(async {
        while std::fs::read(&told).unwrap_or_default().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let id = |file: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder.path().join(file)).unwrap()).unwrap()
    };
    assert_eq!(id("cancelled")["params"]["requestId"], id("called")["id"]);
}

#[tokio::test]
async fn a_session_that_is_dropped_leaves_no_program_behind() {
    let folder = tempfile::tempdir().unwrap();
    let session = opened("hangs", folder.path()).await.unwrap();
    let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    assert!(rustix::process::test_kill_process(pid).is_ok());
    drop(session);
    gone(folder.path()).await;
}

#[tokio::test]
async fn a_program_knows_what_it_was_given_and_no_secret_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = Box::pin(called("tells", folder.path())).await.unwrap();
    let names: Vec<&str> = outcome
        .text
        .split_whitespace()
        .filter(|name| !["_", "OLDPWD", "PWD", "SHLVL"].contains(name))
        .collect();
    assert_eq!(names, ["LANG", "PATH", "SECRET"]);
}

#[tokio::test]
async fn tools_that_change_behind_a_back_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let session = opened("chatty", folder.path()).await.unwrap();
    let pinned = Pinned::of(&soon(session.tools()).await.unwrap());
    assert!(!session.changed());
    soon(session.call("look", &Value::Null)).await.unwrap();
    soon(async {
        while !session.changed() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let compared = pinned.compare(&soon(session.tools()).await.unwrap());
    assert!(compared.asks() && !session.changed(), "{compared:?}");
    assert_eq!(compared.changed[0].tool.name, "look");
}

/// Only where this machine can keep the network from a program.
#[tokio::test]
async fn offline_a_program_has_no_network_and_no_address_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    match open(&odd("pages"), &client(true), folder.path(), SHORT).await {
        Ok(session) => assert_eq!(soon(session.tools()).await.unwrap().len(), 2),
        Err(error) => {
            crate::skipped!("a program without a network: {error}");
            assert_eq!(error.kind, ErrorKind::Offline, "{error}");
        }
    }
    let far = Server::Http { url: "https://mcp.example.org/mcp".to_owned(), headers: BTreeMap::new() };
    let error = open(&far, &client(true), folder.path(), SHORT).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Offline, "{error}");
}

/// What a server at an address answers to a request of this method.
fn at_an_address(seen: &Seen, call: impl FnOnce(&Value) -> Vec<Part>) -> Vec<Part> {
    if !seen.line.starts_with("POST") {
        return loopback::whole(405, &[], "");
    }
    let asked: Value = serde_json::from_slice(&seen.body).unwrap();
    let answer = |result: Value| {
        let body = json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}).to_string();
        loopback::whole(
            200,
            &[("content-type", "application/json; charset=utf-8"), ("mcp-session-id", "s-1")],
            body,
        )
    };
    match asked["method"].as_str() {
        Some("initialize") => answer(json!({
            "protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "web", "version": "1"},
        })),
        Some("tools/list") => {
            let tool = |name: &str, hint: &str| json!({"name": name, "inputSchema": {"type": "object"}, "annotations": {hint: true}});
            let tools =
                [tool("look", "readOnlyHint"), tool("put", "idempotentHint"), tool("order", "openWorldHint")];
            answer(json!({ "tools": tools }))
        }
        Some("tools/call") => call(&asked),
        _ => loopback::whole(202, &[], ""),
    }
}

fn address(url: String) -> Server {
    let headers = [("Authorization", "$TOKEN"), ("X-Team", "tea ${TEAM}")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Server::Http { url, headers: headers.into_iter().collect() }
}

#[tokio::test]
async fn a_server_at_an_address_is_asked_with_its_headers_and_its_stream_is_read() {
    let server = loopback::Server::start(|_, seen| {
        at_an_address(seen, |asked| {
            let note = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}});
            let result = json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"content": [{"type": "text", "text": "é"}]}});
            let text = format!(": hello\n\nevent: message\ndata: {note}\n\nid: 7\ndata: {result}\n\n");
            loopback::events(text.into_bytes().chunks(7).map(|piece| Part::Bytes(piece.to_vec())))
        })
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let session = open(&address(server.url("/mcp")), &client(false), folder.path(), SHORT).await.unwrap();
    assert_eq!(soon(session.tools()).await.unwrap()[0].name, "look");
    assert_eq!(
        ["look", "put", "order", "other"].map(|tool| session.is_safe(tool)),
        [true, true, false, false]
    );
    assert_eq!(soon(session.call("look", &json!({}))).await.unwrap().text, "é");
    soon(session.close()).await;
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.headers["authorization"] == "Bearer canary-TOKEN"), "{seen:?}");
    assert!(seen.iter().all(|seen| seen.headers["x-team"] == "tea canary-TEAM"));
    let of = |method: &str| {
        let wanted = format!("\"method\":\"{method}\"");
        seen.iter()
            .find(|seen| String::from_utf8_lossy(&seen.body).contains(&wanted))
            .unwrap()
            .headers
            .clone()
    };
    assert!(!of("initialize").contains_key("mcp-session-id"));
    let call = of("tools/call");
    assert_eq!(
        (call["mcp-session-id"].as_str(), call["mcp-protocol-version"].as_str()),
        ("s-1", "2025-06-18")
    );
    assert!(seen.iter().all(|seen| !seen.line.starts_with("GET")), "no stream is held open");
    assert!(seen.iter().any(|seen| seen.line.starts_with("DELETE")), "and it is said when it is over");
}

#[tokio::test]
async fn the_name_of_a_session_goes_to_no_other_server_that_its_own_leads_to() {
    let other = loopback::Server::start(|_, _| loopback::whole(200, &[], "")).await;
    let led = other.url("/mcp");
    let server = loopback::Server::start(move |_, seen| {
        if seen.line.starts_with("DELETE") {
            return loopback::whole(307, &[("location", &led)], "");
        }
        at_an_address(seen, |_| loopback::whole(500, &[], ""))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let session = open(&address(server.url("/mcp")), &client(false), folder.path(), SHORT).await.unwrap();
    soon(session.close()).await;
    soon(async {
        while other.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    let ended = server.seen().into_iter().find(|seen| seen.line.starts_with("DELETE")).unwrap();
    assert_eq!(ended.headers["mcp-session-id"], "s-1");
    let led = other.seen().remove(0);
    assert!(led.line.starts_with("DELETE"), "{led:?}");
    for name in ["mcp-session-id", "authorization", "x-team"] {
        assert!(!led.headers.contains_key(name), "{name} went along: {led:?}");
    }
}

#[tokio::test]
async fn what_goes_wrong_at_an_address_is_told_in_words_and_called_once() {
    let folder = tempfile::tempdir().unwrap();
    for (status, media_type, body, kind, why) in [
        (401, "text/plain", "who is canary-TOKEN?", ErrorKind::Auth, "answers 401: who is [key]?"),
        (404, "text/html", "<p>nothing", ErrorKind::NotFound, "answers 404"),
        (200, "text/html", "<p>hello", ErrorKind::Invalid, "text/html"),
        (200, "application/json", "{\"so\":", ErrorKind::Network, "nothing that an MCP server says"),
        (503, "text/plain", "later", ErrorKind::Server { status: 503 }, "answers 503: later"),
    ] {
        let server = loopback::Server::start(move |_, _| {
            loopback::whole(status, &[("content-type", media_type)], body)
        })
        .await;
        let error = open(&address(server.url("/")), &client(false), folder.path(), SHORT).await.unwrap_err();
        assert!(error.kind == kind && error.why.contains(why), "{status}: {error:?}");
        assert_eq!(server.seen().len(), 1, "{status}");
    }
    let server = loopback::Server::start(|_, seen| {
        at_an_address(seen, |_| loopback::whole(500, &[("content-type", "text/plain")], "broken"))
    })
    .await;
    let session = open(&address(server.url("/mcp")), &client(false), folder.path(), SHORT).await.unwrap();
    let error = soon(session.call("look", &json!({}))).await.unwrap_err();
    assert!(error.kind == ErrorKind::Server { status: 500 } && error.why.contains("broken"), "{error:?}");
    let calls = server
        .seen()
        .iter()
        .filter(|seen| String::from_utf8_lossy(&seen.body).contains("tools/call"))
        .count();
    assert_eq!(calls, 1, "it may have been done");
}

#[tokio::test]
async fn an_answer_that_hangs_or_breaks_at_an_address_ends() {
    let folder = tempfile::tempdir().unwrap();
    let server = loopback::Server::start(|number, seen| {
        at_an_address(seen, |_| {
            let stall = number % 2 == 0;
            let piece = Part::Bytes(b"data: {\"jsonrpc\"".to_vec());
            loopback::events([piece].into_iter().chain(stall.then_some(Part::Stall)))
        })
    })
    .await;
    let session = open(&address(server.url("/mcp")), &client(false), folder.path(), SHORT).await.unwrap();
    for _ in 0..2 {
        let error = soon(session.call("look", &json!({}))).await.unwrap_err();
        assert!([ErrorKind::Timeout, ErrorKind::Network].contains(&error.kind), "{error:?}");
    }
}
