//! Providers that are found without a configuration file.

use super::home::Home;
use crate::loopback::{Part, Server, events, whole};
use crate::wire::ollama;
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
        let said = home.run(&["chat", "-m", "openai/SmolLM2-135M-Instruct.Q4_1.gguf", "hi there"]);
        assert_eq!((said.stdout.as_str(), said.code), ("Hello\n", Some(0)), "{}", said.stderr);
        let kept = home.run(&["conversations", "list"]);
        assert!(kept.stdout.contains("hi there"), "{}", kept.stdout);
        let asked = server.seen().iter().filter(|seen| seen.line.starts_with("POST ")).count();
        assert_eq!(asked, 1, "no model is asked for a title: it is of the first words");
        let doctor = home.run(&["doctor"]);
        assert!(doctor.stdout.contains("provider openai"), "{}", doctor.stdout);
    });
}

#[test]
fn with_a_key_and_no_list_yet_the_catalogue_is_shown_and_marked_as_such() {
    let home = bare().variable("OPENAI_API_KEY", "sk-canary");
    for arguments in [&["models", "list"][..], &["--offline", "models", "list", "--probe"]] {
        let listed = home.run(arguments);
        let line = listed.stdout.lines().find(|line| line.starts_with("openai/gpt-4o "));
        let line = line.unwrap_or_else(|| panic!("{}{}", listed.stdout, listed.stderr));
        assert!(line.contains("in the catalogue, not listed yet"), "{line}");
        assert!(
            !listed.stdout.contains("openai/gpt-4 "),
            "what is retired is not offered: {}",
            listed.stdout
        );
    }
    let listed = home.run(&["models", "list"]);
    let line = |name: &str| listed.stdout.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    assert!(line("openai/gpt-4o ").unwrap().contains("~$2.50 in, ~$10.00 out"), "{}", listed.stdout);
    assert!(listed.stderr.contains("estimates of 20"), "{}", listed.stderr);
    let nothing = bare().run(&["models", "list"]);
    assert!(!nothing.stdout.contains("openai/"), "{}", nothing.stdout);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_fetched_and_deleted_where_its_provider_keeps_it() {
    let server = Server::start(|_, seen| match seen.line.split(' ').nth(1) {
        Some("/api/pull") => events([Part::Bytes(ollama::data("pull.ndjson"))]),
        Some("/api/tags") => whole(
            200,
            &[("content-type", "application/json")],
            r#"{"models":[{"model":"qwen3:0.6b"},{"model":"llama3.2:latest"}]}"#,
        ),
        Some("/api/delete") => whole(200, &[], ""),
        _ => whole(404, &[], "{}"),
    })
    .await;
    let far = "[providers.far]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9/v1'\n";
    let file = format!("{far}[providers.box]\nkind = 'ollama'\nbase_url = '{}'\n", server.url(""));
    let home = Home::with(&file);
    tokio::task::block_in_place(|| {
        let said = home.run(&["models", "pull", "box/qwen3:0.6b", "--yes", "--force"]);
        assert_eq!(
            (said.stdout.as_str(), said.code),
            ("box/qwen3:0.6b is ready\n", Some(0)),
            "{}",
            said.stderr
        );
        assert!(said.stderr.contains("the models of box at http://127.0.0.1"), "{}", said.stderr);
        let steps = home.run(&["models", "pull", "box/qwen3:0.6b", "--yes", "--force", "--json"]).objects();
        assert!(steps.iter().any(|step| step["step"]["step"] == "checking"), "{steps:?}");
        let said = home.run(&["models", "pull", "box/llama3.2", "--yes", "--force"]);
        assert_eq!(
            said.stdout, "box/llama3.2:latest is ready\n",
            "it is listed with its tag: {}",
            said.stderr
        );
        let said = home.run(&["models", "remove", "box/qwen3:0.6b", "--yes"]);
        assert_eq!(
            (said.stdout.as_str(), said.code),
            ("removed box/qwen3:0.6b\n", Some(0)),
            "{}",
            said.stderr
        );
        let refused = home.run(&["models", "pull", "far/x", "--yes"]);
        assert_eq!(refused.code, Some(2));
        assert!(refused.stderr.contains("far is not asked to fetch or delete models"), "{}", refused.stderr);
    });
    assert!(server.seen().iter().any(|seen| seen.line == "DELETE /api/delete HTTP/1.1"));
}

#[test]
fn what_is_retired_is_shown_with_what_took_its_place_and_what_has_no_key_with_what_is_missing() {
    let line = |said: &str, id: &str| {
        let line = said.lines().find(|line| line.starts_with(id) && line[id.len()..].starts_with(' '));
        line.unwrap_or_else(|| panic!("{id} is missing in {said}")).to_owned()
    };
    let (keyless, keyed) = (bare(), bare().variable("AWS_BEARER_TOKEN_BEDROCK", "canary"));
    let keyed = keyed.variable("AWS_REGION", "eu-west-1");
    let titan = "bedrock/amazon.titan-text-express-v1";
    for home in [&keyless, &keyed] {
        let listed = home.run(&["--offline", "models", "list", "--all"]);
        let retired = line(&listed.stdout, titan);
        assert!(retired.contains("retired, now bedrock/amazon.nova-lite-v1:0"), "{retired}");
        line(&listed.stdout, "bedrock/anthropic.claude-haiku-4-5-20251001-v1:0");
        let ranks = line(&listed.stdout, "bedrock/amazon.rerank-v1:0");
        assert!(ranks.contains("~$0.001 a search"), "{ranks}");
        let shown = home.run(&["--offline", "models", "show", titan]);
        assert!(shown.code == Some(0) && shown.stdout.contains("bedrock/amazon.nova-lite-v1:0"), "{shown:?}");
        let usual = home.run(&["models", "list"]).stdout;
        assert!(!usual.contains(titan), "it clutters no list: {usual}");
    }
    let listed = keyless.run(&["models", "list", "--all"]).stdout;
    assert!(line(&listed, "openai/gpt-4o").contains("no key: set OPENAI_API_KEY"), "{listed}");
}
