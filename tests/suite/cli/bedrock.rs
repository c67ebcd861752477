//! Bedrock, through Amazon's own files and variables.

use std::fs;

use super::home::{Home, SCRIPTED};
use crate::loopback::{Part, Server, head, whole};
use crate::wire::bedrock::data;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

async fn server() -> Server {
    Server::start(|_, seen| match seen.line.as_str() {
        line if line.contains("/foundation-models") => whole(200, &JSON, data("models.json")),
        line if line.contains("SYSTEM_DEFINED") => whole(200, &JSON, data("profiles.json")),
        line if line.contains("claude-v2") => {
            let body = r#"{"message": "This model version has reached the end of its life."}"#;
            whole(404, &[("x-amzn-errortype", "ResourceNotFoundException")], body)
        }
        line if line.contains("jamba") && line.contains("-stream") => {
            let body = r#"{"message": "The model is unsupported for streaming"}"#;
            whole(400, &[("x-amzn-errortype", "ValidationException")], body)
        }
        line if line.contains("jamba") => whole(200, &JSON, data("answer.json")),
        _ => vec![
            head(200, &[("content-type", "application/vnd.amazon.eventstream")]),
            Part::Bytes(data("text.events")),
        ],
    })
    .await
}

/// A home with a folder `.aws`; Bedrock is at `url`, if it is said.
fn home(config: &str, url: Option<&str>) -> Home {
    let file = url.map_or_else(String::new, |url| format!("[providers.bedrock]\nbase_url = '{url}'\n"));
    let home = Home::with(&file);
    let aws = home.beside().join(".aws");
    fs::create_dir(&aws).unwrap();
    fs::write(aws.join("config"), config).unwrap();
    let beside = home.beside().display().to_string();
    home.variable("HOME", &beside)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_calls_names_what_each_was_asked_for_by() {
    let server = server().await;
    let home = home(KEYS, Some(&server.url("")));
    tokio::task::block_in_place(|| {
        for model in ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "ai21.jamba-instruct-v1:0"] {
            let said = home.run(&["chat", "-m", &format!("bedrock/{model}"), "hi"]);
            assert_eq!(said.code, Some(0), "{}", said.stderr);
        }
        let log = home.run(&["usage", "-f", "jsonl"]).objects();
        let told: Vec<_> = log.iter().map(|call| (&call["operation"], &call["region"])).collect();
        let region = &"eu-west-1".into();
        assert_eq!(told, [(&"ConverseStream".into(), region), (&"Converse".into(), region)]);
    });
}

const KEYS: &str =
    "[default]\nregion = eu-west-1\naws_access_key_id = AKIAFILE\naws_secret_access_key = canary\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_amazons_own_files_sees_the_models_and_talks_to_one() {
    let server = server().await;
    let home = home(KEYS, Some(&server.url("")));
    tokio::task::block_in_place(|| {
        let listed = home.run(&["models", "list", "--probe"]);
        for id in
            ["bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/amazon.titan-embed-text-v2:0"]
        {
            assert!(listed.stdout.contains(id), "{}{}", listed.stdout, listed.stderr);
        }
        let said = home.run(&["chat", "-m", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "hi"]);
        assert_eq!((said.stdout.as_str(), said.code), ("Hello, é👋\n", Some(0)), "{}", said.stderr);
        let retired = home.run(&["chat", "-m", "bedrock/anthropic.claude-v2:1", "hi"]);
        assert_eq!(retired.code, Some(2));
        assert!(retired.stderr.contains("end of its life"), "{}", retired.stderr);
        assert!(
            retired.stderr.contains("its successor is bedrock/anthropic.claude-sonnet-4-6"),
            "{}",
            retired.stderr
        );
        let shown = home.run(&["config", "show"]);
        assert!(shown.stdout.contains("providers.bedrock.kind") && !shown.stdout.contains("canary"));
    });
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.headers["authorization"].contains("Credential=AKIAFILE/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_and_a_region_of_the_environment_are_enough_and_nothing_is_asked_before_a_model_is() {
    let server = server().await;
    let home = home("", Some(&server.url("")))
        .variable("AWS_BEARER_TOKEN_BEDROCK", "bearer-canary")
        .variable("AWS_REGION", "eu-west-1");
    tokio::task::block_in_place(|| {
        assert_eq!(home.run(&["config", "check"]).code, Some(0));
        home.run(&["models", "list"]);
        assert!(server.seen().is_empty(), "nothing is asked at the start");
        let said = home.run(&["chat", "-m", "bedrock/amazon.nova-lite-v1:0", "hi"]);
        assert_eq!(said.stdout, "Hello, é👋\n", "{}", said.stderr);
    });
    assert_eq!(server.seen()[0].headers["authorization"], "Bearer bearer-canary");
}

#[test]
fn what_is_missing_is_said_with_what_to_do_about_it() {
    let ask = |home: &Home| {
        let said = home.run(&["chat", "-m", "bedrock/amazon.nova-lite-v1:0", "hi"]);
        assert_eq!(said.code, Some(2), "{}", said.stdout);
        said.stderr
    };
    let region = ask(&home("[default]\naws_access_key_id = a\naws_secret_access_key = b\n", None));
    assert!(region.contains("Region is not known") && region.contains("us-east-1"), "{region}");
    let sso = "[profile corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\nregion = eu-west-1\n\
               sso_account_id = 1\nsso_role_name = r\n";
    let login = ask(&home(sso, None).variable("AWS_PROFILE", "corp"));
    assert!(
        login.contains("nobody has signed in") && login.contains("aws sso login --profile corp"),
        "{login}"
    );
    let nobody = ask(&home(sso, None).variable("AWS_PROFILE", "nobody"));
    assert!(nobody.contains("no profile nobody"), "{nobody}");
    let none = home("[default]\nregion = eu-west-1\n", None);
    let listed = none.run(&["models", "list", "--probe"]);
    assert!(
        !listed.stdout.contains("bedrock") && listed.stderr.is_empty(),
        "{}{}",
        listed.stdout,
        listed.stderr
    );
    // To name one of its models chooses it: the machine is asked for its role then, where it says that it has one.
    let none = ask(&none.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9"));
    assert!(none.contains("nor is this a machine in Amazon's cloud"), "{none}");
    assert!(none.contains("there are no credentials") && none.contains("AWS_BEARER_TOKEN_BEDROCK"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_chosen_after_the_start_has_the_machine_asked_for_its_role_too() {
    let metadata = Server::start(|_, _| whole(404, &[], "")).await;
    let hinted = home("[default]\nregion = eu-west-1\n", None);
    for home in [Home::new(), hinted] {
        std::fs::write(home.path().join("config.toml"), SCRIPTED).unwrap();
        let home = home.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url(""));
        let home = home.variable("AWS_REGION", "eu-west-1");
        tokio::task::block_in_place(|| {
            let before = metadata.seen().len();
            let listed = home.run(&["models", "list", "--probe"]);
            assert!(!listed.stdout.contains("bedrock/"), "{}", listed.stdout);
            assert_eq!(metadata.seen().len(), before, "nobody has chosen it");
            let models = ["-m", "scripted/echo", "-m", "bedrock/amazon.nova-lite-v1:0"];
            let said = home.run(&[&["compare"], &models[..], &["hi"]].concat());
            let all = format!("{}{}", said.stdout, said.stderr);
            assert!(!all.contains("no key of bedrock") && all.contains("there are no credentials"), "{all}");
            assert!(metadata.seen().len() > before, "{all}");
        });
    }
}
