//! What knowledge bases, agents, evaluations, prompts, comparisons and traces keep: readable in no file, and back from a backup
//! but for what that says it leaves out.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::home::{Home, SCRIPTED, files};
use super::knowledge::{embedding, good, write};
use crate::loopback::Server;

const CANARY: &str = "kestrel-canary";

/// A span of another program.
const SPANS: &str = r#"{"resourceSpans": [{"resource": {"attributes": [
    {"key": "service.name", "value": {"stringValue": "kestrel-canary"}}]}, "scopeSpans": [{"spans": [{
    "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "chat kestrel-canary",
    "kind": 3, "startTimeUnixNano": "1764500000000000000", "endTimeUnixNano": "1764500001000000000",
    "attributes": [{"key": "gen_ai.request.model", "value": {"stringValue": "kestrel-canary"}}]}]}]}]}"#;

const AGENT: &str = "name = 'falconer'\ninstruction = 'You keep a kestrel-canary.'\nmodel = 'scripted/acts'\n\
                     [memory]\ndays = 30\n[[bases]]\nname = 'docs'\ndescription = 'kestrel-canary'\n\
                     [[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n";

const SCRIPT: &str = "acts\ncall search_docs {\"query\": \"kestrel-canary\"}\ncall calculator {\"expression\": \"6 * 7\"}\n\
                      ---\nThe kestrel-canary says 42.";

/// A home in which every service has kept something.
fn filled(server: &Server) -> Home {
    let url = server.url("/v1");
    let home = Home::with(&format!(
        "log = 'trace'\n{SCRIPTED}[providers.emb]\nkind = 'openai'\nbase_url = '{url}'\n\
         [models.\"scripted/acts\"]\ncan = ['tools']\n"
    ));
    fs::create_dir(home.beside().join("docs")).unwrap();
    write(&home, "rivers.md", "# Rivers\n\nThe kestrel-canary sits over rivers that bend.\n");
    fs::write(home.beside().join("a.toml"), AGENT).unwrap();
    fs::write(home.beside().join("spans.json"), SPANS).unwrap();
    let item = "{\"prompt\": \"Where is the kestrel-canary?\", \"referenceResponse\": \"kestrel-canary\"}\n";
    fs::write(home.beside().join("q.jsonl"), item).unwrap();
    for arguments in [
        &["kb", "create", "docs", "--from", "docs", "--embedder", "emb/letters"][..],
        &["kb", "ask", "docs", "Where is the kestrel-canary?"],
        &["agent", "create", "a.toml", "--note", CANARY],
        &["agent", "run", "falconer", SCRIPT],
        &["datasets", "import", "q.jsonl", "--name", "questions"],
        &[
            "eval",
            "create",
            "which",
            "--dataset",
            "questions",
            "-m",
            "scripted/echo",
            "-m",
            "scripted/wide",
            "--run",
            "--yes",
        ],
        &["prompts", "save", "letter", "Write of the kestrel-canary to {{who}}.", "--note", CANARY],
        &["prompts", "run", "letter", "--var", "who=kestrel-canary"],
        &["compare", "-m", "scripted/echo", "-m", "scripted/wide", "kestrel-canary or not?"],
        &["chat", "kestrel-canary"],
        &["traces", "import", "spans.json"],
        &["traces", "note", "5b8efff7", "--text", "the kestrel-canary was seen"],
        &["conversations", "search", CANARY],
    ] {
        good(&home.run(arguments));
    }
    let vote = "{\"values\": {\"Preference\": \"tie\"}, \"comment\": \"kestrel-canary\"}\n";
    good(&home.fed(vote, &["eval", "rate", "which", "--rater", "ada", "--json"]));
    home
}

/// What the lists of a home have, without the calls of this program, which grow with each of them.
fn lists(home: &Home) -> Vec<String> {
    let verbs = ["agent", "datasets", "eval", "prompts", "comparisons", "conversations", "kb"];
    verbs.map(|verb| good(&home.run(&[verb, "list"])).to_owned()).into()
}

fn lies_open(home: &Home) -> Vec<String> {
    let found = files(&home.path()).into_iter().filter(|(path, bytes)| {
        let open = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        open || path.display().to_string().contains(CANARY)
    });
    found.map(|(path, _)| path.display().to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_any_service_keeps_lies_open_nowhere_and_comes_back_from_a_backup() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = filled(&server);
        assert_eq!(lies_open(&home), [""; 0]);
        for (path, _) in files(&home.path().join("data")) {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
        }
        let before = lists(&home);
        assert!(before.iter().all(|list| !list.is_empty()), "{before:?}");
        let run = good(&home.run(&["agent", "show", "falconer"])).to_owned();
        assert!(run.contains("answered"), "{run}");

        good(&home.run(&["workspace", "rekey", "--data", "--to", "file", "--yes"]));
        good(&home.run(&["workspace", "compact"]));
        good(&home.run(&["workspace", "verify"]));
        assert_eq!((lists(&home), lies_open(&home)), (before.clone(), Vec::new()));
        let shown = home.run(&["traces", "show", "5b8efff7", "--span", "0"]);
        assert!(good(&shown).contains(CANARY), "{shown:?}");
        assert!(good(&home.run(&["kb", "search", "docs", CANARY])).contains("rivers that bend"));

        let kept = good(&home.run(&["workspace", "backup", "copy"])).to_owned();
        assert!(kept.contains("left out: the traces of other programs"), "{kept}");
        assert!(kept.contains("left out: what was read into the knowledge bases"), "{kept}");
        // It opens elsewhere with the key file beside it.
        let other = Home::with(&fs::read_to_string(home.path().join("config.toml")).unwrap());
        let key = files(&home.path().join("data/home")).into_iter().find(|(path, _)| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("key-"))
        });
        let (key, bytes) = key.unwrap();
        fs::write(other.beside().join(key.file_name().unwrap()), bytes).unwrap();
        fs::copy(home.beside().join("copy"), other.beside().join("copy")).unwrap();
        good(&other.run(&["workspace", "restore", "copy", "--yes"]));
        assert_eq!((lists(&other), lies_open(&other)), (before, Vec::new()));
        assert_eq!(good(&other.run(&["agent", "show", "falconer"])), run);
        let memory = other.run(&["agent", "memory", "list", "falconer"]);
        assert_eq!(good(&memory).lines().count(), 1, "{memory:?}");
        assert!(good(&other.run(&["eval", "report", "which"])).contains("Preference"));

        // What is not in it is told where it is missed, and comes again from where it came.
        let missed = other.run(&["kb", "search", "docs", CANARY]);
        assert!(missed.code == Some(2) && missed.stderr.contains("outcrop kb sync docs"), "{missed:?}");
        good(&other.run(&["kb", "sync", "docs"]));
        assert!(good(&other.run(&["kb", "search", "docs", CANARY])).contains("rivers that bend"));
        assert_eq!(other.run(&["traces", "show", "5b8efff7"]).code, Some(2));
    });
}
