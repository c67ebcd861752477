//! Where a voice's key comes from, and what is said of it when a server does not take it.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use outcrop::domain::call::Call;
use outcrop::domain::delta::Event;
use outcrop::domain::{Error, ErrorKind, Result};
use outcrop::net::{Client, Network, Reach};
use outcrop::provider::anthropic::Anthropic;
use outcrop::provider::key::{Command, Commands, Key};
use outcrop::provider::ollama::Ollama;
use outcrop::provider::openai::OpenAi;
use outcrop::provider::told_key::ToldKey;
use outcrop::provider::{KeyCheck, Provider};
use outcrop::service::key_commands::KeyCommands;
use secrecy::SecretString;

use crate::loopback::{Seen, Server, whole};
use crate::provider_openai::{Kept, options};
use crate::soon;
use crate::wire::openai::data;

/// The key of "box" by that command.
fn told(line: &str) -> Key {
    let around = [("PATH".into(), "/usr/bin:/bin".into())].into_iter().collect();
    let commands = Arc::new(KeyCommands::new(std::env::temp_dir(), around));
    Key::Found(Arc::new(ToldKey::new("box", line, commands)))
}

fn at(server: &Server, key: Key) -> OpenAi {
    OpenAi::new("box", server.url("/v1"), key)
}

fn net(reach: Reach) -> (Client, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    (Network::new(options(), Arc::clone(&kept) as _).client(reach), kept)
}

async fn list(voice: &OpenAi, net: &Client) -> Result<Event> {
    soon(voice.serve(Call::ListModels, net).next()).await.unwrap()
}

fn count(file: &Path) -> usize {
    std::fs::read_to_string(file).unwrap_or_default().lines().count()
}

/// A server that takes one key alone.
async fn choosy(wanted: &'static str) -> Server {
    Server::start(move |_, seen: &Seen| match seen.headers.get("authorization") {
        Some(key) if key == &format!("Bearer {wanted}") => whole(200, &[], data("llama_models.json")),
        _ => whole(401, &[], r#"{"error": {"message": "no"}}"#),
    })
    .await
}

#[tokio::test]
async fn a_command_tells_its_first_line_and_is_asked_again_only_when_the_key_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    // The first key that it tells has run out.
    let line = format!(
        "echo x >> {0}; [ $(wc -l < {0}) = 1 ] && echo ' old ' || echo sk-2; echo more",
        runs.display()
    );
    let server = choosy("sk-2").await;
    let voice = at(&server, told(&line));
    let (net, kept) = net(Reach::default());
    let refused = list(&voice, &net).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Auth);
    assert_eq!(
        refused.hint,
        "The key came from api_key_cmd of box, which is asked again with the next request."
    );
    assert_eq!(server.seen()[0].headers["authorization"], "Bearer old");
    for _ in 0..2 {
        list(&voice, &net).await.unwrap();
    }
    assert_eq!(count(&runs), 2);
    let hosts: Vec<_> = kept.0.lock().unwrap().iter().map(|egress| egress.host.clone()).collect();
    let far = format!("127.0.0.1:{}", server.port);
    let command = "api_key_cmd of box".to_owned();
    assert_eq!(
        hosts,
        [command.clone(), far.clone(), command, far.clone(), far],
        "the record names the command"
    );
}

#[tokio::test]
async fn servers_of_every_kind_have_a_command_asked_anew() {
    let server = Server::start(|_, _| whole(401, &[], r#"{"error": {"message": "no"}}"#)).await;
    let (net, _) = net(Reach::default());
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let key = || {
        let _ = std::fs::remove_file(&runs);
        told(&format!("echo x >> {}; echo key", runs.display()))
    };
    for kind in ["openai", "anthropic", "ollama"] {
        let voice: Box<dyn Provider> = match kind {
            "openai" => Box::new(OpenAi::new("box", server.url("/v1"), key())),
            "anthropic" => Box::new(Anthropic::new("box", server.url("/v1"), key())),
            _ => Box::new(Ollama::new("box", server.url(""), key())),
        };
        for asked in 1..=2 {
            let error = soon(voice.serve(Call::ListModels, &net).next()).await.unwrap().unwrap_err();
            assert!(error.hint.starts_with("The key came from api_key_cmd of box"), "{kind}: {error}");
            assert_eq!(count(&runs), asked, "{kind}");
        }
    }
}

#[tokio::test]
async fn a_command_that_fails_or_tells_nothing_says_so_without_what_it_wrote() {
    let server = choosy("none").await;
    let (net, _) = net(Reach::default());
    let ask = async |line: &str| list(&at(&server, told(line)), &net).await.unwrap_err();
    let error = ask("echo sk-canary; echo 'the vault is locked' >&2; exit 3").await;
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(error.why.contains("the vault is locked") && !error.to_string().contains("sk-canary"), "{error}");
    assert!(ask("true").await.why.contains("no key"));
    assert!(ask("printf '\\377'").await.why.contains("no text"));
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn offline_no_command_runs_not_even_for_a_server_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let ran = folder.path().join("ran");
    let server = choosy("sk").await;
    let (net, kept) = net(Reach { offline: true, ..Reach::default() });
    let voice = at(&server, told(&format!("touch {}; echo sk", ran.display())));
    let error = list(&voice, &net).await.unwrap_err();
    assert_eq!(
        (error.kind, error.doing.as_str()),
        (ErrorKind::Offline, "asking api_key_cmd for the key of box")
    );
    assert!(!ran.exists() && server.seen().is_empty() && kept.0.lock().unwrap().is_empty());
}

/// A password manager that nobody unlocks.
#[derive(Debug)]
struct Locked;

impl Commands for Locked {
    fn written<'a>(&'a self, _: &'a Client, _: Command<'a>) -> BoxFuture<'a, Result<SecretString>> {
        std::future::pending().boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_takes_long_is_named() {
    let (net, _) = net(Reach::default());
    let key = Key::Found(Arc::new(ToldKey::new("box", "pass show box", Arc::new(Locked))));
    let mut events = OpenAi::new("box", "http://127.0.0.1:9/v1", key).serve(Call::ListModels, &net);
    let Some(Ok(Event::Notice { text })) = events.next().await else { panic!("no word of it") };
    assert_eq!(text, "still waiting for api_key_cmd of box: it may want something of you");
}

#[tokio::test]
async fn what_a_server_does_not_take_is_named_by_where_it_came_from() {
    let server = choosy("right").await;
    let (net, _) = net(Reach::default());
    let hint = async |key| -> Error { list(&at(&server, key), &net).await.unwrap_err() };
    let given = |place: &str| Key::Given { key: "wrong".into(), place: place.into() };
    let error = hint(given("the variable BOX_KEY")).await;
    assert_eq!(error.hint, "The key came from the variable BOX_KEY: check it there.");
    assert_eq!(error.why, "the server says (401): no");
    let none = hint(Key::None).await;
    assert_eq!(none.hint, "No key was sent. Set BOX_API_KEY, or keep one with `outcrop keys set box`.");
    let forbidden = Server::start(|_, _| whole(403, &[], r#"{"error": {"message": "not here"}}"#)).await;
    let error = list(&at(&forbidden, given("x")), &net).await.unwrap_err();
    assert!(error.hint.contains("what its key may do"), "a key that was known is not called wrong: {error}");
}

#[tokio::test]
async fn a_key_is_tried_where_a_list_that_everybody_gets_says_nothing_of_it() {
    let open = Server::start(|_, seen: &Seen| {
        let is_right = seen.headers.get("authorization").is_some_and(|key| key == "Bearer right");
        if seen.line.contains("/v1/key ") && !is_right {
            whole(401, &[], r#"{"error": {"message": "no such key"}}"#)
        } else {
            whole(200, &[], data("llama_models.json"))
        }
    })
    .await;
    let closed = choosy("right").await;
    let (net, _) = net(Reach::default());
    let tried = async |server: &Server, key: &str, path: Option<&'static str>| {
        let voice = at(server, SecretString::from(key).into()).with_key_check(path);
        soon(voice.check_key(&net).unwrap()).await
    };
    assert_eq!(tried(&open, "right", None).await, Ok(KeyCheck::NotAsked));
    assert_eq!(tried(&closed, "right", None).await, Ok(KeyCheck::Taken));
    assert_eq!(tried(&open, "right", Some("key")).await, Ok(KeyCheck::Taken));
    let error = tried(&open, "wrong", Some("key")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Auth);
    assert!(error.why.contains("no such key"), "{error}");
    assert!(at(&open, Key::None).check_key(&net).is_none());
    let known = outcrop::config::known_providers().iter().find(|known| known.name == "openrouter").unwrap();
    assert_eq!(known.key_check.as_deref(), Some("key"));
}
