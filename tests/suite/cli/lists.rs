//! Lists of models that are kept with their age, and what the doctor finds of who gives them.

use super::home::{Home, SCRIPTED, files};
use crate::loopback::{Server, whole};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A server with these models.
async fn server(models: usize) -> Server {
    Server::start(move |_, _| {
        let listed: Vec<_> =
            (0..models).map(|n| serde_json::json!({ "id": format!("model-{n:05}") })).collect();
        whole(200, &[JSON], serde_json::json!({ "data": listed }).to_string())
    })
    .await
}

fn home(url: &str) -> Home {
    Home::with(&configured(url))
}

fn configured(url: &str) -> String {
    format!("[providers.home]\nkind = 'openai'\nbase_url = '{url}'\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_kept_with_its_age_and_outlives_its_server() {
    let server = server(1).await;
    let home = home(&server.url("/v1"));
    let listed = |arguments: &[&str]| tokio::task::block_in_place(|| home.run(arguments));
    let before = listed(&["models", "list"]);
    assert!(!before.stdout.contains("home/model-00000"), "nobody asked it yet: {}", before.stdout);
    assert!(server.seen().is_empty());
    let asked = listed(&["models", "list", "--probe"]);
    assert!(asked.stdout.contains("home/model-00000") && asked.stderr.is_empty(), "{}", asked.stderr);
    let kept = listed(&["models", "list", "--json"]).objects();
    let kept = kept.iter().find(|line| line["card"]["id"] == "home/model-00000").unwrap();
    assert!(kept["reply"] == "model" && kept["listed"].is_i64() && kept["age_ms"].is_u64(), "{kept}");
    assert_eq!(server.seen().len(), 1, "what is kept is shown without asking");
    drop(server);
    let gone = listed(&["models", "list", "--probe"]);
    assert!(gone.stdout.contains("home/model-00000"), "{}", gone.stdout);
    assert!(gone.stderr.contains("note: home: listed just now; asked now: no connection"), "{}", gone.stderr);
    let gone = listed(&["models", "list", "--probe", "--json"]).objects();
    let gone = gone.iter().find(|line| line["card"]["id"] == "home/model-00000").unwrap();
    assert!(gone["error"]["why"].as_str().unwrap().contains("no connection"), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_another_address_is_another_list() {
    let server = server(1).await;
    let home = home(&server.url("/v1"));
    tokio::task::block_in_place(|| {
        assert!(home.run(&["models", "list", "--probe"]).stdout.contains("home/model-00000"));
        std::fs::write(home.path().join("config.toml"), configured("http://127.0.0.1:1/v1")).unwrap();
        let moved = home.run(&["models", "list"]);
        assert!(!moved.stdout.contains("home/model-00000"), "{}", moved.stdout);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_models_are_read_kept_sealed_and_shown() {
    let server = server(10_000).await;
    let home = home(&server.url("/v1"));
    tokio::task::block_in_place(|| {
        for arguments in [&["models", "list", "--probe"][..], &["models", "list"]] {
            let listed = home.run(arguments);
            let many = listed.stdout.lines().filter(|line| line.starts_with("home/model-")).count();
            assert_eq!(many, 10_000, "{arguments:?}: {}", listed.stderr);
        }
        for (path, bytes) in files(&home.path()) {
            let told = bytes.windows(11).any(|w| w == b"model-04711" || w == b"home/model-");
            assert!(!told, "{} tells a model", path.display());
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_how_far_each_provider_is_reached_and_what_time_it_has() {
    let early = (jiff::Timestamp::now() - jiff::Span::new().minutes(7)).to_zoned(jiff::tz::TimeZone::UTC);
    let date =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&early.timestamp()).unwrap();
    let good = Server::start(move |_, _| {
        whole(200, &[JSON, ("date", &date)], serde_json::json!({ "data": [{ "id": "one" }] }).to_string())
    })
    .await;
    let closed = Server::start(|_, seen| match seen.headers.get("authorization").map(String::as_str) {
        Some("Bearer right") => {
            whole(200, &[JSON], serde_json::json!({ "data": [{ "id": "one" }] }).to_string())
        }
        _ => whole(401, &[JSON], r#"{"error":{"message":"no such key"}}"#),
    })
    .await;
    let narrow = Server::start(|_, _| {
        let words = "You have insufficient permissions for this operation. Missing scopes: api.model.read.";
        whole(403, &[JSON], serde_json::json!({ "error": { "message": words } }).to_string())
    })
    .await;
    let provider = |name: &str, url: &str, more: &str| {
        format!("[providers.{name}]\nkind = 'openai'\nbase_url = '{url}'\n{more}\n")
    };
    let home = Home::with(
        &[
            provider("behind", &good.url("/v1"), ""),
            provider("open", &good.url("/v1"), "api_key = 'any'"),
            provider("right", &closed.url("/v1"), "api_key = 'right'"),
            provider("wrong", &closed.url("/v1"), "api_key = 'wrong'"),
            provider("narrow", &narrow.url("/v1"), "api_key = 'narrow'"),
            provider("nobody", "http://127.0.0.1:1/v1", ""),
        ]
        .concat(),
    );
    let said = tokio::task::block_in_place(|| home.run(&["doctor"]));
    assert_eq!(said.code, Some(1));
    let line = |what: &str| {
        let at = said.stdout.lines().position(|line| line.contains(what));
        let at = at.unwrap_or_else(|| panic!("{what} is missing in {}", said.stdout));
        said.stdout.lines().skip(at).take(2).collect::<Vec<_>>().join("\n")
    };
    let behind = line("provider behind");
    assert!(
        behind.starts_with("✓") && behind.contains(&format!("reached at {}", good.url("/v1"))),
        "{behind}"
    );
    let clock = line("clock of behind");
    assert!(clock.contains("its clock is 7 min") || clock.contains("its clock is 6 min 59 s"), "{clock}");
    assert!(clock.contains("behind this machine's") && clock.contains("requests that are signed"), "{clock}");
    assert!(line("provider open").contains("its key was not asked for"), "{}", said.stdout);
    assert!(line("provider right").contains("its key was taken; 1 model can be asked"));
    let wrong = line("provider wrong");
    assert!(
        wrong.contains("✗") && wrong.contains("was not taken") && wrong.contains("no such key"),
        "{wrong}"
    );
    let narrow = line("provider narrow");
    assert!(narrow.starts_with("·") && narrow.contains("was taken, and may not list the models"), "{narrow}");
    assert!(narrow.contains("-m narrow/ID"), "{narrow}");
    assert!(line("provider nobody").contains("not reached at http://127.0.0.1:1/v1"), "{}", said.stdout);
    assert!(!said.stdout.contains("clock of right"), "who says no time has none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_reason_is_cut_in_the_list_and_whole_for_programs() {
    let server = Server::start(|_, _| {
        let error = serde_json::json!({ "error": { "message": format!("{}end", "no room ".repeat(30)) } });
        whole(400, &[JSON], error.to_string())
    })
    .await;
    let home = Home::with(&format!("{SCRIPTED}{}", configured(&server.url("/v1"))));
    tokio::task::block_in_place(|| {
        let listed = home.run(&["models", "list", "--probe"]).stdout;
        let line =
            listed.lines().find(|line| line.starts_with("home/…")).unwrap_or_else(|| panic!("{listed}"));
        assert!(line.contains("unusable: the server says (400): "), "{line}");
        assert!(line.contains('…') && line.chars().count() < 140 && !line.contains("end"), "{line}");
        let whole = home.run(&["models", "list", "--probe", "--json"]).stdout;
        assert!(whole.lines().any(|line| line.contains("home/…") && line.contains("no room end")), "{whole}");
    });
}

#[test]
fn a_model_that_is_not_there_is_told_before_anybody_is_asked_whether_it_is_to_go() {
    let home = Home::new();
    for (model, words) in [
        ("local/none", "no such model"),
        ("scripted/none", "no such model"),
        ("local/smollm2-135m", "not on this machine"),
    ] {
        let said = home.run(&["models", "remove", model]);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(
            said.stderr.contains(&format!("removing {model}: ")) && said.stderr.contains(words),
            "{said:?}"
        );
    }
}
