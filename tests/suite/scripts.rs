//! Requests that were copied as programs: each is run, by curl and by the libraries themselves, and sends what we send.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outcrop::domain::ErrorKind;
use outcrop::domain::call::{Call, Converse, Picture};
use outcrop::domain::catalog::{LocalModel, Sampling};
use outcrop::domain::message::Block;
use outcrop::domain::script::Script;
use outcrop::engine::{Options, Trial};
use outcrop::net::{Client, Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::anthropic::Anthropic;
use outcrop::provider::bedrock::{Bedrock, Credentials};
use outcrop::provider::key::Key;
use outcrop::provider::local::Local;
use outcrop::provider::ollama::Ollama;
use outcrop::provider::openai::{Api, OpenAi};
use outcrop::provider::scripted::Scripted;
use outcrop::wire::aws::Keys;
use outcrop::wire::script;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::answer;
use crate::loopback::{Part, Seen, Server, events, head, whole};
use crate::provider_bedrock_judge::verdict;
use crate::provider_openai::{Kept, options};
use crate::provider_openai_sdk::{everything, python};
use crate::soon;
use crate::wire::{bedrock, openai};

/// What a shell or Python might take for something else.
const HOSTILE: &str = "it's \"so\" `id` $HOME $(id) \\ \\n {x} %s\r\n\tJSON\n\0 é 漢 👍🏽 \u{1b}[2J \u{9b} \u{202e} \u{e0041} '''\"\"\"\nJSON\n";

const CANARY: &str = "sk-canary";

fn client() -> Client {
    Network::new(options(), Arc::new(Kept::default())).client(Reach::default())
}

fn key() -> Key {
    SecretString::from(CANARY).into()
}

fn keys() -> Credentials {
    Credentials::Keys(Keys {
        id: "AKIDEXAMPLE".into(),
        secret: "wJalr/canary+secret".into(),
        token: Some("canary/token==".into()),
        ends: None,
    })
}

/// What a person has in the environment.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("BOX_API_KEY", CANARY),
    ("OPENAI_API_KEY", CANARY),
    ("AWS_BEARER_TOKEN_BEDROCK", CANARY),
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalr/canary+secret"),
    ("AWS_SESSION_TOKEN", "canary/token=="),
];

fn hostile(mut converse: Converse) -> Converse {
    converse.system = Some(HOSTILE.to_owned());
    converse.turns[0].blocks[0] = Block::Text { text: HOSTILE.to_owned() };
    if let Some(turn) = converse.turns.get_mut(2) {
        turn.blocks = vec![Block::ToolResult { id: "c1".into(), content: HOSTILE.into(), is_error: false }];
    }
    converse
}

async fn server() -> Server {
    Server::start(|_, seen| {
        let path = seen.line.split(' ').nth(1).unwrap_or_default();
        let stream = |name| {
            vec![
                head(200, &[("content-type", "application/vnd.amazon.eventstream")]),
                Part::Bytes(bedrock::data(name)),
            ]
        };
        match path.rsplit('/').next().unwrap_or_default() {
            "completions" => events([Part::Bytes(openai::data("llama_chat.sse"))]),
            "responses" => events([Part::Bytes(openai::data("llama_responses.sse"))]),
            "converse-stream" => stream("text.events"),
            "invoke-with-response-stream" => stream("native_titan.events"),
            "invoke" => whole(200, &[("content-type", "application/json")], "{}"),
            "generations" => whole(
                200,
                &[("content-type", "application/json")],
                r#"{"created": 1, "data": [{"b64_json": "cG5n"}]}"#,
            ),
            // Nobody reads what these answer.
            _ => whole(400, &[("content-type", "application/json")], "{}"),
        }
    })
    .await
}

/// Every voice that has an address, with a conversation that it can be sent.
fn voices(server: &Server) -> Vec<(Box<dyn Provider>, Converse)> {
    let base = server.url("/v1/it's");
    let openai = |api| OpenAi::new("box", &base, key()).by(api);
    let aws = |credentials| Bedrock::new("aws", "eu-west-1", Some(&server.url("/")), credentials);
    let everything = |model: &str| hostile(everything(model));
    let plain = |model: &str| {
        let mut converse = everything(model);
        converse.turns.truncate(1);
        converse.turns[0].blocks.truncate(1);
        converse.settings = outcrop::domain::settings::Settings { max_tokens: Some(9), ..Default::default() };
        converse
    };
    let no_key = OpenAi::new("home", server.url("/v1"), Key::None);
    vec![
        (Box::new(openai(Api::Chat)), everything("box/org/model")),
        (Box::new(openai(Api::Responses)), everything("box/m")),
        (Box::new(openai(Api::Chat).with_key_in("api-key")), everything("box/m")),
        (Box::new(no_key), everything("home/m")),
        (Box::new(Anthropic::new("box", &base, key())), everything("box/claude-sonnet-4-5")),
        (Box::new(Ollama::new("box", server.url(""), key())), plain("box/llama3.2:1b")),
        (Box::new(aws(Credentials::Bearer(key()))), everything("aws/us.anthropic.claude-sonnet-4-5-v1:0")),
        (Box::new(aws(keys())), everything("aws/us.anthropic.claude-sonnet-4-5")),
        (Box::new(aws(keys())), plain("aws/amazon.titan-text-express-v1")),
        (Box::new(aws(keys())), plain("aws/ai21.j2-ultra-v1")),
    ]
}

/// Runs it; what it said on the standard error where it failed.
async fn run(mut command: Command, input: String) {
    let running = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    });
    let ended = tokio::time::timeout(Duration::from_mins(2), running).await.unwrap().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

fn command(program: &std::ffi::OsStr) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs(ENVIRONMENT).env("NO_PROXY", "127.0.0.1").env("PYTHONIOENCODING", "utf-8");
    command
}

fn json_of(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body)
        .unwrap_or_else(|why| panic!("{why}: {:?}", String::from_utf8_lossy(&seen.body)))
}

/// What the voice itself sends, first.
async fn ours(server: &Server, voice: &dyn Provider, converse: &Converse) -> Seen {
    let before = server.seen().len();
    soon(answer::whole(voice.serve(Call::Converse(converse.clone()), &client()))).await;
    server.seen()[before].clone()
}

fn written(script: Script, voice: &dyn Provider, converse: &Converse) -> String {
    let code = script::code(script, &voice.sent(converse).unwrap()).unwrap();
    assert!(!code.contains("canary"), "{code}");
    assert!(!code.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\0', '\r', '\u{e0041}']), "{code:?}");
    code
}

#[tokio::test]
async fn curl_sends_what_each_voice_sends() {
    if Command::new("curl").arg("--version").output().is_err() {
        crate::skipped!("curl");
        return;
    }
    let server = server().await;
    for shell in ["sh", "bash"] {
        for (voice, converse) in voices(&server) {
            let code = written(Script::Curl, &*voice, &converse);
            let ours = ours(&server, &*voice, &converse).await;
            let before = server.seen().len();
            run(command(shell.as_ref()), code).await;
            let theirs = &server.seen()[before];
            assert_eq!(theirs.line, ours.line);
            assert_eq!(json_of(theirs), json_of(&ours), "{}", ours.line);
            for name in [
                "content-type",
                "accept",
                "x-amzn-bedrock-accept",
                "x-api-key",
                "api-key",
                "anthropic-version",
                "x-amz-security-token",
            ] {
                // curl says of its own that it accepts anything.
                if ours.headers.contains_key(name) || name != "accept" {
                    assert_eq!(theirs.headers.get(name), ours.headers.get(name), "{name} of {}", ours.line);
                }
            }
            let credential = |seen: &Seen| {
                let value = seen.headers.get("authorization").cloned().unwrap_or_default();
                // Two signatures are of two moments.
                value.split(['/', '=']).next().unwrap_or_default().to_owned()
            };
            assert_eq!(credential(theirs), credential(&ours));
        }
    }
}

#[tokio::test]
async fn curl_signs_as_amazon_s_own_library_does() {
    if Command::new("curl").arg("--version").output().is_err() {
        crate::skipped!("curl");
        return;
    }
    let server = server().await;
    let voice = Bedrock::new("aws", "eu-west-1", Some(&server.url("/")), keys());
    let converse = hostile(everything("aws/us.anthropic.claude-sonnet-4-5"));
    run(command("sh".as_ref()), written(Script::Curl, &voice, &converse)).await;
    let seen = &server.seen()[0];
    let body = STANDARD.encode(&seen.body);
    let evidence = json!({
        "keys": {"id": "AKIDEXAMPLE", "secret": "wJalr/canary+secret", "token": "canary/token=="},
        "region": "eu-west-1",
        "requests": [{"line": seen.line, "headers": seen.headers, "body": body}],
    });
    let Some(verdicts) = verdict(evidence).await else { return };
    let parts = |text: &str| {
        let mut parts: Vec<String> = text.replace(", ", ",").split([',', ' ']).map(str::to_owned).collect();
        parts.sort();
        parts
    };
    let judged = verdicts[0]["authorization"].as_str().unwrap();
    assert_eq!(parts(&seen.headers["authorization"]), parts(judged));
    assert_eq!(verdicts[0]["problems"], json!([]));
}

#[tokio::test]
async fn openai_s_library_sends_what_we_send() {
    let Some(python) = python("OpenAI's SDK") else { return };
    let server = server().await;
    for (voice, converse) in voices(&server).into_iter().take(4) {
        let code = written(Script::OpenaiPython, &*voice, &converse);
        let ours = ours(&server, &*voice, &converse).await;
        let before = server.seen().len();
        let mut command = command(&python);
        command.arg("-");
        run(command, code).await;
        let theirs = &server.seen()[before];
        assert_eq!(theirs.line, ours.line);
        assert_eq!(json_of(theirs), json_of(&ours), "{}", ours.line);
        for name in ["authorization", "api-key"].into_iter().filter(|name| ours.headers.contains_key(*name)) {
            assert_eq!(theirs.headers.get(name), ours.headers.get(name));
        }
    }
}

#[derive(Debug)]
struct Untried;

impl Trial for Untried {
    fn pass(&self, _: &std::path::Path, _: &dyn Fn() -> bool) -> outcrop::domain::Result<()> {
        Ok(())
    }

    fn vouch(&self, _: &std::path::Path) {}
}

#[tokio::test]
async fn what_was_answered_on_this_machine_is_asked_of_a_server_that_the_person_names_and_of_no_other() {
    let server = server().await;
    let known = LocalModel {
        name: "m".into(),
        title: "M".into(),
        about: "A model.".into(),
        licence: "MIT".into(),
        capabilities: Vec::new(),
        context: None,
        sampling: Sampling { top_p: Some(0.5), top_k: Some(5), ..Sampling::default() },
        files: Vec::new(),
    };
    let options = Options { threads: None, backend: None };
    let local = Local::new("/nowhere".into(), vec![known], options, Arc::new(Untried));
    let mut converse = hostile(everything("local/m"));
    converse.settings.top_p = None;
    // As a server of that API that has the model is asked, by what the engine draws with.
    let mut drawn = converse.clone();
    drawn.settings.top_p = Some(0.5);
    drawn.settings.reasoning = None;
    let ours = ours(&server, &OpenAi::new("local", server.url("/v1"), key()), &drawn).await;
    assert_eq!(json_of(&ours)["top_k"], 40, "what the person said stays");

    let mut programs: Vec<(Script, std::ffi::OsString)> = Vec::new();
    if Command::new("curl").arg("--version").output().is_ok() {
        programs.push((Script::Curl, "sh".into()));
        programs.push((Script::Curl, "bash".into()));
    } else {
        crate::skipped!("curl");
    }
    programs.extend(python("OpenAI's SDK").map(|python| (Script::OpenaiPython, python)));
    for (script, program) in programs {
        let code = written(script, &local, &converse);
        let (before, named) = (server.seen().len(), ["-c", &code]);
        let unnamed = command(&program).args(named).output().unwrap();
        assert!(!unnamed.status.success() && server.seen().len() == before);
        assert!(String::from_utf8_lossy(&unnamed.stderr).contains("OPENAI_BASE_URL"), "{unnamed:?}");
        for (key, sent) in [(CANARY, Some(format!("Bearer {CANARY}"))), ("", None)] {
            let mut command = command(&program);
            command.args(named).env("OPENAI_BASE_URL", server.url("/v1")).env("OPENAI_API_KEY", key);
            run(command, String::new()).await;
            let seen = server.seen();
            let theirs = seen.last().unwrap();
            assert_eq!((&theirs.line, json_of(theirs)), (&ours.line, json_of(&ours)));
            if script == Script::Curl || sent.is_some() {
                assert_eq!(theirs.headers.get("authorization"), sent.as_ref());
            }
        }
    }
}

#[tokio::test]
async fn amazon_s_library_sends_what_we_send() {
    let Some(python) = python("Amazon's botocore") else { return };
    let server = server().await;
    // boto3 is botocore with other ways in; of those one is used.
    let folder = tempfile::tempdir().unwrap();
    let stand_in = "import botocore.session\n\ndef client(service, **options):\n    return botocore.session.get_session().create_client(service, **options)\n";
    std::fs::write(folder.path().join("boto3.py"), stand_in).unwrap();
    for (voice, converse) in voices(&server).into_iter().skip(6) {
        let code = written(Script::Boto3, &*voice, &converse);
        let ours = ours(&server, &*voice, &converse).await;
        let before = server.seen().len();
        let mut command = command(&python);
        // A bearer it sends by https alone.
        command.arg("-").env("PYTHONPATH", folder.path()).env_remove("AWS_BEARER_TOKEN_BEDROCK");
        run(command, code).await;
        let theirs = &server.seen()[before];
        assert_eq!(theirs.line, ours.line);
        assert_eq!(json_of(theirs), json_of(&ours), "{}", ours.line);
    }
}

/// The parts of a form: name and bytes of each, whatever parts them.
fn parts_of(seen: &Seen) -> Vec<(String, Vec<u8>)> {
    let end = seen.body.windows(2).position(|two| two == b"\r\n").unwrap();
    let mark = seen.body[..end].to_vec();
    let mut parts = Vec::new();
    let mut rest = &seen.body[..];
    while let Some(at) = rest.windows(mark.len()).skip(1).position(|window| window == mark) {
        let (part, more) = rest.split_at(at + 1);
        let head = part.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let words = String::from_utf8_lossy(&part[mark.len()..head]).into_owned();
        let name = words.split("name=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        parts.push((name, part[head + 4..part.len() - 2].to_vec()));
        rest = more;
    }
    parts
}

#[tokio::test]
async fn pictures_are_asked_for_by_curl_and_by_the_libraries_as_they_are_here() {
    let curls = Command::new("curl").arg("--version").output().is_ok();
    let server = server().await;
    let openai = OpenAi::new("box", server.url("/v1"), key());
    let aws = Bedrock::new("aws", "eu-west-1", Some(&server.url("/")), keys());
    let asked = |model: &str| Picture {
        model: model.parse().unwrap(),
        prompt: HOSTILE.to_owned(),
        negative: None,
        size: Some((1024, 1024)),
        seed: None,
        count: 2,
        from: None,
        blobs: outcrop::domain::call::Blobs::default(),
    };
    let python = python("OpenAI's library and Amazon's botocore");
    let folder = tempfile::tempdir().unwrap();
    let stand_in = "import botocore.session\n\ndef client(service, **options):\n    return botocore.session.get_session().create_client(service, **options)\n";
    std::fs::write(folder.path().join("boto3.py"), stand_in).unwrap();
    for (voice, picture, script) in [
        (&openai as &dyn Provider, asked("box/gpt-image-1"), Script::OpenaiPython),
        (&aws, asked("aws/amazon.titan-image-generator-v2:0"), Script::Boto3),
    ] {
        let before = server.seen().len();
        let _ = soon(answer::whole(voice.serve(Call::Image(picture.clone()), &client()))).await;
        let ours = server.seen()[before].clone();
        let sent = voice.sent_picture(&picture).unwrap();
        for script in [Script::Curl, script] {
            let code = script::code(script, &sent).unwrap();
            assert!(!code.contains("canary"), "{code}");
            let before = server.seen().len();
            let mut command = match (script, &python) {
                (Script::Curl, _) if !curls => continue,
                (Script::Curl, _) => {
                    let mut command = command("sh".as_ref());
                    command.arg("-s");
                    command
                }
                (_, Some(python)) => {
                    let mut command = command(python);
                    command.arg("-").env("PYTHONPATH", folder.path()).env_remove("AWS_BEARER_TOKEN_BEDROCK");
                    command
                }
                (_, None) => continue,
            };
            command.current_dir(folder.path());
            run(command, code).await;
            let theirs = &server.seen()[before];
            // Libraries and shells of some ages write a colon in an address as it is.
            assert_eq!(theirs.line.replace("%3A", ":"), ours.line.replace("%3A", ":"));
            assert_eq!(json_of(theirs), json_of(&ours));
        }
    }
    let mut varied = asked("box/gpt-image-1");
    let png = b"\x89PNG\r\n\x1a\n".to_vec();
    let blob = outcrop::domain::message::BlobId("aa".into());
    varied.blobs.put(blob.clone(), png);
    varied.from = Some(blob);
    // No argument of a program holds a NUL; the line ends stay, which a shell takes from the end of what a command prints.
    varied.prompt = HOSTILE.replace('\0', "").trim_end().to_owned() + "\n\n";
    let sent = openai.sent_picture(&varied).unwrap();
    let error = script::code(Script::OpenaiPython, &sent).unwrap_err();
    assert!(error.why.contains("file") && error.hint.contains("curl"), "{error}");
    if curls {
        let before = server.seen().len();
        let _ = soon(answer::whole(openai.serve(Call::Image(varied), &client()))).await;
        let mut command = command("sh".as_ref());
        command.arg("-s").current_dir(folder.path());
        let code = script::code(Script::Curl, &sent).unwrap();
        assert!(!code.chars().any(|c| c.is_control() && c != '\n'), "{code}");
        run(command, code).await;
        let seen = server.seen();
        let (ours, theirs) = (&seen[before], &seen[before + 1]);
        assert_eq!(theirs.line, ours.line);
        assert_eq!(parts_of(theirs), parts_of(ours));
    }
}

#[tokio::test]
async fn a_model_without_an_endpoint_says_so_by_name_and_invents_none() {
    let error = Scripted::new("here").sent(&everything("here/echo")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused { capability: "endpoint".into() });
    assert!(error.why.contains("here has no endpoint"), "{error}");
    // What could not be sent cannot be written either.
    let server = server().await;
    let mut lost = everything("box/m");
    lost.blobs = outcrop::domain::call::Blobs::default();
    let error = OpenAi::new("box", server.url("/v1"), key()).sent(&lost).unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(server.seen().is_empty(), "nothing is sent for it");
}
