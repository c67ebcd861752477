//! Providers that are found without a configuration file.

use super::home::Home;
use crate::loopback::{Part, Server, events, whole};
use crate::wire::openai::data;

/// A server with one model, which says "Hello".
async fn server() -> Server {
    Server::start(|_, seen| {
        if seen.line.starts_with("GET /v1/models ") {
            whole(200, &[("content-type", "application/json")], data("llama_models.json"))
        } else {
            events([Part::Bytes(data("no_done.sse"))])
        }
    })
    .await
}

/// A home without a configuration file.
fn bare() -> Home {
    let home = Home::new();
    std::fs::remove_file(home.path().join("config.toml")).unwrap();
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_only_a_base_url_sees_the_models_of_that_server_and_talks_to_one() {
    let server = server().await;
    let home = bare().variable("OPENAI_BASE_URL", &server.url("/v1"));
    tokio::task::block_in_place(|| {
        let listed = home.run(&["models", "list", "--probe"]);
        assert!(listed.stdout.contains("openai/SmolLM2-135M-Instruct.Q4_1.gguf"), "{}", listed.stdout);
        let said = home.run(&["chat", "-m", "openai/SmolLM2-135M-Instruct.Q4_1.gguf", "hi"]);
        assert_eq!((said.stdout.as_str(), said.code), ("Hello\n", Some(0)), "{}", said.stderr);
        let doctor = home.run(&["doctor"]);
        assert!(doctor.stdout.contains("provider openai"), "{}", doctor.stdout);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_be_there_is_seen_when_it_is_and_not_spoken_of_when_it_is_not() {
    let server = server().await;
    let file =
        |url: &str| format!("[providers.maybe]\nkind = 'openai'\nbase_url = '{url}'\noptional = true\n");
    let here = Home::with(&file(&server.url("/v1")));
    let closed = Home::with(&file("http://127.0.0.1:1/v1"));
    tokio::task::block_in_place(|| {
        let listed = here.run(&["models", "list", "--probe"]);
        assert!(listed.stdout.contains("maybe/SmolLM2"), "{}", listed.stdout);
        let listed = closed.run(&["models", "list", "--probe"]);
        assert!(
            !listed.stdout.contains("maybe") && listed.stderr.is_empty(),
            "{}{}",
            listed.stdout,
            listed.stderr
        );
        let doctor = closed.run(&["doctor"]);
        assert!(!doctor.stdout.contains("maybe"), "{}", doctor.stdout);
        let asked = closed.run(&["chat", "-m", "maybe/x", "hi"]);
        assert_eq!(asked.code, Some(2));
        assert!(asked.stderr.contains("no connection to 127.0.0.1:1"), "{}", asked.stderr);
    });
}
