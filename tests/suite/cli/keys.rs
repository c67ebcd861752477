//! Keys of providers that the program keeps.

use super::home::Home;
use crate::loopback::{Part, Server, events, whole};
use crate::wire::openai::data;

const MODEL: &str = "box/SmolLM2-135M-Instruct.Q4_1.gguf";

/// A server that lets in who brings `credential` in that header.
async fn server(header: &'static str, credential: &'static str) -> Server {
    Server::start(move |_, seen| {
        if seen.headers.get(header).map(String::as_str) != Some(credential) {
            let words = r#"{"error":{"message":"no such key"}}"#;
            return whole(401, &[("content-type", "application/json")], words);
        }
        if seen.line.starts_with("GET /v1/models ") {
            whole(200, &[("content-type", "application/json")], data("llama_models.json"))
        } else {
            events([Part::Bytes(data("no_done.sse"))])
        }
    })
    .await
}

fn configured(server: &Server, more: &str) -> Home {
    let url = server.url("/v1");
    Home::with(&format!("[providers.box]\nkind = 'openai'\nbase_url = '{url}'\n{more}"))
}

/// Whether a file under the home holds that text.
fn lies_open(home: &Home, text: &str) -> bool {
    let mut folders = vec![home.path()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path)
                && bytes.windows(text.len()).any(|window| window == text.as_bytes())
            {
                return true;
            }
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_key_is_sent_is_shown_nowhere_and_lies_nowhere_in_the_open() {
    let server = server("authorization", "Bearer sk-canary-kept").await;
    let home = configured(&server, "");
    tokio::task::block_in_place(|| {
        let refused = home.run(&["chat", "-m", MODEL, "hi"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stdout);
        let kept = home.fed("sk-canary-kept\n", &["keys", "set", "box"]);
        assert_eq!(kept.stdout, "the key of box is kept in the sealed store\n", "{}", kept.stderr);
        let said = home.run(&["chat", "-m", MODEL, "hi"]);
        assert_eq!(said.stdout, "Hello\n", "{}", said.stderr);
        let listed = home.run(&["keys", "list"]);
        assert_eq!(listed.stdout, "box  the sealed store\n", "{}", listed.stderr);
        let json = home.run(&["keys", "list", "--json"]);
        assert_eq!(
            json.stdout,
            "{\"reply\":\"keys\",\"keys\":[{\"provider\":\"box\",\"at\":\"store\",\"overridden\":false}]}\n"
        );
        assert!(!lies_open(&home, "sk-canary-kept"));
        let gone = home.run(&["keys", "remove", "box"]);
        assert_eq!(gone.stdout, "the key of box is forgotten\n", "{}", gone.stderr);
        assert_eq!(home.run(&["chat", "-m", MODEL, "hi"]).code, Some(2));
        let again = home.run(&["keys", "remove", "box"]);
        assert!(again.code == Some(2) && again.stderr.contains("none is kept"), "{}", again.stderr);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_said_wins_over_one_that_is_kept_and_that_is_told() {
    let server = server("authorization", "Bearer sk-said").await;
    let home = configured(&server, "api_key = 'sk-said'\n");
    tokio::task::block_in_place(|| {
        assert_eq!(home.fed("sk-kept\n", &["keys", "set", "box"]).code, Some(0));
        assert_eq!(home.run(&["chat", "-m", MODEL, "hi"]).stdout, "Hello\n");
        let listed = home.run(&["keys", "list"]).stdout;
        assert!(listed.contains("not used: the configuration or the environment says another"), "{listed}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_its_key_in_another_header_gets_it_there_and_nowhere_else() {
    let server = server("api-key", "sk-azure").await;
    let home = configured(&server, "key_header = 'api-key'\napi_key = 'sk-azure'\n");
    tokio::task::block_in_place(|| {
        assert_eq!(home.run(&["chat", "-m", MODEL, "hi"]).stdout, "Hello\n");
        assert!(home.run(&["models", "list", "--probe"]).stdout.contains(MODEL));
    });
    let seen = server.seen();
    assert!(seen.iter().all(|seen| !seen.headers.contains_key("authorization")), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variables_that_azure_names_are_enough_for_its_models() {
    let server = Server::start(|_, seen| {
        let json = ("content-type", "application/json");
        if seen.headers.get("api-key").map(String::as_str) != Some("sk-azure") {
            return whole(401, &[json], r#"{"error":{"code":"401","message":"Access denied"}}"#);
        }
        match seen.line.split(' ').nth(1) {
            Some("/openai/v1/models") => whole(200, &[json], data("llama_models.json")),
            Some("/openai/v1/chat/completions") => events([Part::Bytes(data("no_done.sse"))]),
            _ => whole(404, &[json], r#"{"error":{"code":"404","message":"Resource not found"}}"#),
        }
    })
    .await;
    let home = Home::new()
        .variable("AZURE_OPENAI_API_KEY", "sk-azure")
        .variable("AZURE_OPENAI_ENDPOINT", &server.url("/"));
    let model = MODEL.replace("box/", "azure/");
    tokio::task::block_in_place(|| {
        let listed = home.run(&["models", "list", "--probe"]);
        assert!(listed.stdout.contains(&model), "{}{}", listed.stdout, listed.stderr);
        assert_eq!(home.run(&["chat", "-m", &model, "hi"]).stdout, "Hello\n");
    });
    assert!(server.seen().iter().all(|seen| !seen.headers.contains_key("authorization")));
}

#[test]
fn a_known_provider_that_nobody_configured_is_there_as_soon_as_it_has_a_key() {
    let home = Home::new();
    let asked = home.run(&["--offline", "chat", "-m", "openrouter/x", "hi"]);
    assert!(asked.stderr.contains("no key of openrouter is known"), "{}", asked.stderr);
    assert_eq!(home.fed("sk-or", &["keys", "set", "openrouter"]).code, Some(0));
    let asked = home.run(&["--offline", "chat", "-m", "openrouter/x", "hi"]);
    assert!(asked.stderr.contains("openrouter.ai"), "{}", asked.stderr);
}

#[test]
fn what_is_no_key_or_of_nobody_is_refused_and_nothing_is_kept() {
    let home = Home::new();
    for (typed, provider, words) in [
        ("", "scripted", "nothing was there"),
        ("two words\n", "scripted", "holds a space"),
        ("sk\n", "nobody", "no provider of that name is configured or known"),
    ] {
        let refused = home.fed(typed, &["keys", "set", provider]);
        assert!(refused.code == Some(2) && refused.stderr.contains(words), "{}", refused.stderr);
    }
    // There is no session bus in this environment.
    let refused = home.fed("sk\n", &["keys", "set", "scripted", "--to", "keyring"]);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("no keyring can be used here"),
        "{}",
        refused.stderr
    );
    assert!(home.run(&["keys", "list"]).stdout.starts_with("no key is kept"));
}
