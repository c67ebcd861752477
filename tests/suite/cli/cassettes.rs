//! Answers that are recorded on a cassette and played again.

use std::path::{Path, PathBuf};

use super::home::{Home, SCRIPTED};
use crate::loopback::{Part, Server, events};
use crate::wire::openai::data;

fn tape(home: &Home) -> PathBuf {
    home.beside().join("demo.cassette")
}

fn replaying(file: &Path, more: &str) -> String {
    format!("[providers.demo]\nkind = 'replay'\npace = 'instant'\nfile = '{}'\n{more}", file.display())
}

/// A home whose calls are recorded.
fn recording() -> (Home, PathBuf) {
    let home = Home::new();
    let file = tape(&home);
    let configuration = format!("record = '{}'\n{SCRIPTED}{}", file.display(), replaying(&file, ""));
    std::fs::write(home.path().join("config.toml"), configuration).unwrap();
    (home, file)
}

#[test]
fn what_was_recorded_is_played_again_word_for_word_with_its_figures_and_failures() {
    let (home, file) = recording();
    let said = home.run(&["chat", "--set", "max_tokens=3", "canary one two three four"]);
    assert_eq!(said.stdout, "canary one two \n", "{}", said.stderr);
    let failed = home.run(&["chat", "-m", "scripted/cut", "hi"]);
    assert_eq!(failed.code, Some(2));
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"canary"), "the cassette is sealed");
    let played =
        home.run(&["chat", "-m", "demo/scripted/echo", "--set", "max_tokens=3", "canary one two three four"]);
    assert_eq!((played.stdout.as_str(), played.code), ("canary one two \n", Some(0)), "{}", played.stderr);
    let failed_again = home.run(&["chat", "-m", "demo/scripted/cut", "hi"]);
    assert_eq!((failed_again.stdout, failed_again.code), (failed.stdout, failed.code));
    assert_eq!(
        failed_again.stderr.split(": ").nth(2),
        failed.stderr.split(": ").nth(2),
        "the provider's own words"
    );
    let other = home.run(&["chat", "-m", "demo/scripted/echo", "something else"]);
    assert!(other.code == Some(2) && other.stderr.contains("no answer to this"), "{}", other.stderr);
    let listed = home.run(&["models", "list"]).stdout;
    assert!(listed.contains("demo/scripted/echo") && listed.contains("demo/scripted/cut"), "{listed}");
    let shown = home.run(&["cassettes", "show", "demo.cassette"]);
    assert!(
        shown.stdout.starts_with("scripted/echo  canary one two three four  → canary one two\n"),
        "{}{}",
        shown.stdout,
        shown.stderr
    );
    assert!(shown.stdout.contains("scripted/cut  hi  → failed: "), "{}", shown.stdout);
}

#[test]
fn a_conversation_of_several_turns_is_played_turn_by_turn() {
    let (home, _) = recording();
    for model in ["scripted/markdown", "demo/scripted/markdown"] {
        assert_eq!(home.run(&["chat", "-m", model, "first"]).code, Some(0));
        let second = home.run(&["chat", "-C", "-m", model, "second"]);
        assert_eq!(second.code, Some(0), "{model}: {}", second.stderr);
    }
}

#[test]
fn a_shared_cassette_is_played_in_another_workspace_with_its_passphrase_only() {
    let (home, _) = recording();
    assert_eq!(home.run(&["chat", "one two"]).code, Some(0));
    let shared = home.fed("sesame\n", &["cassettes", "share", "demo.cassette", "given.cassette"]);
    assert_eq!(shared.code, Some(0), "{}", shared.stderr);
    let given = home.beside().join("given.cassette");
    for (key, words) in [
        ("api_key = 'sesame'\n", None),
        ("api_key = 'simsalabim'\n", Some("another passphrase")),
        ("", Some("a passphrase opens it")),
    ] {
        let other = Home::with(&replaying(&given, key));
        let said = other.run(&["chat", "-m", "demo/scripted/echo", "one two"]);
        match words {
            None => assert_eq!(said.stdout, "one two\n", "{}", said.stderr),
            Some(words) => assert!(said.code == Some(2) && said.stderr.contains(words), "{}", said.stderr),
        }
    }
    let other = Home::new();
    let path = given.display().to_string();
    let shown = other.fed("sesame\n", &["cassettes", "show", &path, "--passphrase"]);
    assert_eq!(shown.stdout, "scripted/echo  one two  → one two\n", "{}", shown.stderr);
    let file = other.beside().join("passphrase");
    std::fs::write(&file, "sesame\n").unwrap();
    let file = file.display().to_string();
    let shown = other.run(&["--passphrase-file", &file, "cassettes", "show", &path]);
    assert_eq!(shown.stdout, "scripted/echo  one two  → one two\n", "{}", shown.stderr);
    let shut = other.run(&["cassettes", "show", &path]);
    assert!(shut.code == Some(2) && shut.stderr.contains("OUTCROP_PASSPHRASE"), "{}", shut.stderr);
    let other = other.variable("OUTCROP_PASSPHRASE", "simsalabim");
    let shut = other.run(&["cassettes", "show", &path]);
    assert!(shut.code == Some(2) && shut.stderr.contains("another passphrase"), "{}", shut.stderr);
    let own = home.beside().join("demo.cassette").display().to_string();
    let shut = other.run(&["cassettes", "show", &own]);
    assert!(shut.code == Some(2) && shut.stderr.contains("another workspace"), "{}", shut.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_traffic_of_a_server_is_played_when_the_server_is_gone() {
    let server = Server::start(|_, _| events([Part::Bytes(data("no_done.sse"))])).await;
    let home = Home::new();
    let file = tape(&home);
    let configuration = format!(
        "record = '{}'\n[providers.box]\nkind = 'openai'\nbase_url = '{}'\n{}",
        file.display(),
        server.url("/v1"),
        replaying(&file, "")
    );
    std::fs::write(home.path().join("config.toml"), configuration).unwrap();
    tokio::task::block_in_place(|| {
        assert_eq!(home.run(&["chat", "-m", "box/m", "hi"]).stdout, "Hello\n");
        drop(server);
        let played = home.run(&["--offline", "chat", "-m", "demo/box/m", "hi"]);
        assert_eq!(played.stdout, "Hello\n", "{}", played.stderr);
    });
}

#[test]
fn a_recording_that_cannot_be_written_is_an_error_before_anything_is_paid_for() {
    let home = Home::with(&format!("record = '/nowhere/demo.cassette'\n{SCRIPTED}"));
    let said = home.run(&["chat", "one two"]);
    assert_eq!((said.stdout.as_str(), said.code), ("", Some(2)));
    assert!(said.stderr.contains("demo.cassette"), "{}", said.stderr);
}

#[test]
fn a_cassette_that_was_given_away_is_played_byte_for_byte_as_it_lies_here() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cassette/rivers.cassette");
    let home = Home::with(&replaying(&file, "api_key = 'sesame'\n"));
    let said = home.run(&["chat", "-m", "demo/scripted/echo", "why do rivers meander?"]);
    assert_eq!((said.stdout.as_str(), said.code), ("why do rivers meander?\n", Some(0)), "{}", said.stderr);
    let cut = home.run(&["chat", "-m", "demo/scripted/cut", "why do rivers flow?"]);
    assert_eq!((cut.stdout.trim_end(), cut.code), ("one two three", Some(2)), "{}", cut.stderr);
    assert!(cut.stderr.contains("the connection broke in the middle of the answer"), "{}", cut.stderr);
    // Its person stopped it.
    let stopped = home.run(&["chat", "-m", "demo/scripted/stream-400@20", "how long is a river?"]);
    assert_eq!(stopped.code, Some(130), "{}", stopped.stderr);
    assert!(stopped.stdout.starts_with("the river carries silt past stone walls"), "{}", stopped.stdout);
    assert!(stopped.stdout.split_whitespace().count() < 400, "{}", stopped.stdout);
}
