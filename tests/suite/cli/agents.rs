//! Agents on the command line: made, changed, run with a model that acts a script, taken over from Bedrock.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::home::{Home, SCRIPTED, Said, on_both};
use crate::loopback::{Server, whole};

pub(super) const SUMS: &str = "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n";

/// A model whose card has tools; the same at a rate has none, and is asked for steps in JSON.
pub(super) const ACTS: &str = "scripted/acts";
const WRITES: &str = "scripted/acts@100000";

pub(super) fn home() -> Home {
    Home::with(&format!("{SCRIPTED}[models.\"{ACTS}\"]\ncan = ['tools']\n"))
}

/// A home with the agent `a`.
fn with(more: &str) -> Home {
    let home = home();
    made(&home, more);
    home
}

pub(super) fn made(home: &Home, more: &str) {
    let text = format!("name = 'a'\ninstruction = 'You help.'\nmodel = '{ACTS}'\n{more}");
    fs::write(home.beside().join("a.toml"), text).unwrap();
    let said = home.run(&["agent", "create", "a.toml"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

pub(super) fn run(home: &Home, script: &str, more: &[&str]) -> Said {
    home.run(&[&["agent", "run", "a", &format!("acts\n{script}")], more].concat())
}

/// What happened in a run.
pub(super) fn events(said: &Said) -> Vec<Value> {
    said.objects()
        .into_iter()
        .filter(|one| one["reply"] == "agent_event")
        .map(|mut one| one["event"].take())
        .collect()
}

/// What the calls of a run gave, in the order in which the model asked for them: action, content, whether it failed.
pub(super) fn gave(said: &Said) -> Vec<(String, String, bool)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let mut events = events(said);
    events.retain(|event| event["happened"] == "gave");
    // Each is told when it ends; the numbers in their ids are those of the step and of the call.
    let numbers = |id: &str| -> Vec<u32> { id.split('_').filter_map(|part| part.parse().ok()).collect() };
    events.sort_by_key(|one| numbers(&text(one, "id")));
    let gave = |one: Value| (text(&one, "action"), text(&one, "content"), one["is_error"] == true);
    events.into_iter().map(gave).collect()
}

pub(super) fn last(said: &Said) -> Value {
    let last = events(said).pop().unwrap_or_else(|| panic!("{said:?}"));
    assert_eq!(last["happened"], "ended", "{said:?}");
    last["state"].clone()
}

#[test]
fn a_model_calls_a_tool_and_answers_with_what_it_gave() {
    for said in on_both(
        || with(SUMS),
        |home| {
            let script = "I compute.\ncall calculator {\"expression\": \"6 * 7\"}\n---\nIt is 42.";
            (run(home, script, &[]), run(home, script, &["--json"]))
        },
    ) {
        let (people, programs) = said;
        assert_eq!(people.code, Some(0), "{people:?}");
        assert!(people.stdout.ends_with("It is 42.\n"), "{people:?}");
        assert!(
            people.stderr.contains("calls calculator") && people.stderr.contains("gave: 42"),
            "{people:?}"
        );
        assert_eq!(gave(&programs), [("calculator".to_owned(), "42".to_owned(), false)]);
        assert_eq!(last(&programs), json!({"state": "answered", "text": "It is 42."}));
    }
}

#[test]
fn a_model_without_tools_writes_steps_in_json_and_is_told_where_one_cannot_be_read() {
    let home = with(SUMS);
    let call = "{\"thought\": \"t\", \"tool\": \"calculator\", \"input\": {\"expression\": \"1+1\"}}";
    let script = format!("hm\n---\n{call}\n---\n{{\"thought\": \"\", \"answer\": \"2, so.\"}}");
    let said = run(&home, &script, &["-m", WRITES]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "hm\n2, so.\n"), "{said:?}");
    assert!(said.stderr.contains("could not be read"), "{said:?}");
    let said = run(&home, "hm\n---\nhm\n---\nhm\n---\nhm", &["-m", WRITES, "--json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(last(&said)["why"]["why"], "malformed");
    // Its card has nothing of tools.
    assert!(said.stdout.contains(&format!("nobody says whether {WRITES} calls tools")), "{said:?}");
}

#[test]
fn a_model_without_tools_that_makes_the_same_call_again_is_asked_for_its_answer() {
    let home = with(SUMS);
    let call = "{\"thought\": \"t\", \"tool\": \"calculator\", \"input\": {\"expression\": \"1+1\"}}";
    let script = format!("{call}\n---\n{call}\n---\n{{\"thought\": \"\", \"answer\": \"2, so.\"}}");
    let said = run(&home, &script, &["-m", WRITES, "--json"]);
    assert_eq!(last(&said)["text"], "2, so.", "{said:?}");
    let called = events(&said).iter().filter(|event| event["happened"] == "called").count();
    assert_eq!(called, 1, "it was made once: {said:?}");
    assert!(said.stdout.contains("it is not made, and the model is asked for its answer"), "{said:?}");
    let first = events(&said)[0]["run"].as_str().unwrap().to_owned();
    // A replay takes what was not made for no call that was.
    let again = home.run(&["agent", "replay", &first, "--json"]);
    assert_eq!((again.code, last(&again)["text"].as_str()), (Some(0), Some("2, so.")), "{again:?}");
    let played = events(&again).iter().filter(|event| event["happened"] == "called").count();
    assert_eq!(played, 1, "{again:?}");
}

#[test]
fn a_base_that_an_agent_names_before_it_is_there_is_told() {
    let home = home();
    let text = format!("name = 'a'\ninstruction = 'You help.'\nmodel = '{ACTS}'\n[[bases]]\nname = 'teas'\n");
    fs::write(home.beside().join("a.toml"), text).unwrap();
    let said = home.run(&["agent", "create", "a.toml"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stderr.contains("outcrop kb create teas --from FOLDER"), "{said:?}");
}

#[test]
fn a_call_that_cannot_be_made_is_told_to_the_model() {
    let home = with(SUMS);
    let script = "call calculator {}\ncall rocket {\"to\": \"moon\"}\ncall calculator {\"expression\": \"1 / 0\"}\n---\nNo.";
    let gave = gave(&run(&home, script, &["--json"]));
    let told: Vec<&str> = gave.iter().map(|(_, content, _)| content.as_str()).collect();
    assert!(gave.iter().all(|(_, _, failed)| *failed), "{gave:?}");
    assert!(told[0].contains("expression") && told[1].contains("there are: calculator"), "{told:?}");
    assert!(told[2].contains("zero"), "{told:?}");
}

pub(super) const ANSWER: &str = "printf '{\"messageVersion\": \"1.0\", \"response\": {\"functionResponse\": {\"responseBody\": {\"TEXT\": {\"body\": \"%s\"}}}}}'";

/// A group `shop` with the functions `one` and `two`, which `script` does; it finds the event in `$event`.
pub(super) fn program(home: &Home, script: &str, more: &str) -> String {
    fs::write(home.beside().join("shop.sh"), format!("read -r event\n{script}\n")).unwrap();
    format!(
        "[[groups]]\nname = 'shop'\nruns = {{ program = {{ command = ['/bin/sh', 'shop.sh']{more} }} }}\n\
         functions = [{{ name = 'one', description = '' }}, {{ name = 'two', description = '', confirm = true }}]\n"
    )
}

#[test]
fn calls_of_one_step_are_made_at_once() {
    let home = home();
    fs::create_dir(home.beside().join("meet")).unwrap();
    let pipe = home.beside().join("meet/pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Each waits for the other: one after the other they would end by their time.
    let script = format!(
        "case \"$event\" in *'\"first\"'*) echo hello > {pipe};; *) read -r word < {pipe};; esac\n{ANSWER} done",
        pipe = pipe.display()
    );
    fs::write(home.beside().join("shop.sh"), format!("read -r event\n{script}\n")).unwrap();
    made(
        &home,
        "[[groups]]\nname = 'shop'\nruns = { program = { command = ['/bin/sh', 'shop.sh'], write = ['meet'] } }\n\
         functions = [{ name = 'first', description = '' }, { name = 'second', description = '' }]\n",
    );
    let said = run(&home, "call first {}\ncall second {}\n---\nBoth.", &["--json"]);
    let done = |name: &str| (name.to_owned(), "done".to_owned(), false);
    assert_eq!(gave(&said), [done("first"), done("second")], "{said:?}");
}

#[test]
fn what_must_be_agreed_to_is_shown_and_made_only_then() {
    let home = home();
    let out = home.beside().join("out");
    fs::create_dir(&out).unwrap();
    let event = out.join("event");
    let script = format!("printf %s \"$event\" > {}\n{ANSWER} sold", event.display());
    made(&home, &program(&home, &script, ", write = ['out']"));
    let script = "call two {}\n---\nDone.";
    let said = run(&home, script, &["--json"]);
    assert!(gave(&said)[0].1.contains("did not agree") && gave(&said)[0].2, "{said:?}");
    assert!(!event.exists(), "it was called");
    assert!(said.stderr.contains("nobody is there"), "{said:?}");
    let said = run(&home, script, &["--json", "--yes", "--attribute", "user=\u{202e}é"]);
    assert_eq!(gave(&said), [("two".to_owned(), "sold".to_owned(), false)], "{said:?}");
    let confirm = events(&said).into_iter().find(|event| event["happened"] == "confirm").unwrap();
    let given = fs::read_to_string(&event).unwrap();
    assert!(given.contains("\"user\":\"\u{202e}é\""), "{given}");
    assert_eq!(confirm["action"], "two");
    assert_eq!(confirm["shown"], given, "the very bytes that were given");
    let said = run(&home, "call one {}\n---\nDone.", &["--json"]);
    assert_eq!(gave(&said)[0].1, "sold", "it needs no yes: {said:?}");
}

#[test]
fn limits_end_a_run_with_what_it_has() {
    let again = "I look.\ncall calculator {\"expression\": \"1\"}\n---\nI look on.\ncall calculator {\"expression\": \"2\"}\n---\nDone.";
    for (limits, words) in [("steps = 2", "2 steps"), ("tokens = 5", "5 tokens")] {
        let home = with(&format!("[limits]\n{limits}\n{SUMS}"));
        let said = run(&home, again, &[]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.stderr.contains(&format!("it gave up: its limit of {words} is reached")), "{said:?}");
        assert!(said.stdout.contains("I look"), "{said:?}");
        let listed = home.run(&["traces", "list", "--json", "-n", "1"]).objects();
        assert_eq!(listed[0]["run"]["errors"], 1, "its trace says so: {listed:?}");
    }
    let home = home();
    let group = program(&home, "sleep 60", "");
    made(&home, &format!("[limits]\nseconds = 1\n{group}"));
    let said = run(&home, "call one {}\n---\nDone.", &["--json"]);
    assert_eq!((said.code, &last(&said)["why"]["limit"]["limit"]), (Some(1), &json!("seconds")), "{said:?}");
}

#[test]
fn a_program_keeps_its_limits() {
    for (script, bounds, why) in [
        ("while :; do :; done", ", bounds = { seconds = 1 }", "it "),
        ("sleep 60", ", bounds = { seconds = 1 }", "not done after 1 s"),
        ("yes", ", bounds = { output_kb = 1 }", "more than 1 KB"),
        ("exit 3", "", "exit status: 3"),
        ("echo no; exit 0", "", "expected"),
    ] {
        let home = home();
        let group = program(&home, script, bounds);
        made(&home, &group);
        let said = run(&home, "call one {}\n---\nDone.", &["--json"]);
        let gave = gave(&said);
        assert!(gave[0].2 && gave[0].1.contains(why), "{script}: {said:?}");
        assert_eq!(last(&said)["state"], "answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_and_reaches_only_what_is_named() {
    let plain = home();
    made(&plain, &program(&plain, &format!("{ANSWER} sold"), ""));
    let said = run(&plain, "call one {}\n---\nDone.", &[]);
    let is_told = said.stderr.contains("keeps no file from the programs of shop");
    assert_eq!(is_told, !crate::documents::has_landlock(), "{said:?}");
    if !crate::documents::is_fenced() {
        return;
    }
    let server = Server::start(|_, _| whole(200, &[], "hello")).await;
    let home = home();
    let secret = home.beside().join("secret");
    fs::write(&secret, "word").unwrap();
    let secret = secret.display().to_string();
    let reads = format!("word=$(cat {secret}) || exit 4\n{ANSWER} \"$word\"");
    let group = program(&home, &reads, "");
    made(&home, &group);
    let call = "call one {}\n---\nDone.";
    let said = run(&home, call, &["--json"]);
    assert!(gave(&said)[0].1.contains("exit status: 4"), "{said:?}");
    let named = program(&home, &reads, ", read = ['secret']");
    fs::write(home.beside().join("b.toml"), format!("instruction = 'x'\nmodel = '{ACTS}'\n{named}")).unwrap();
    assert_eq!(home.run(&["agent", "edit", "a", "b.toml"]).code, Some(0));
    assert_eq!(gave(&run(&home, call, &["--json"]))[0].1, "word");
    if !std::path::Path::new("/bin/bash").exists() {
        crate::documents::lacks("what a program reaches, with bash, which opens connections");
        return;
    }
    let connects =
        format!("/bin/bash -c 'exec 3<>/dev/tcp/127.0.0.1/{}' || exit 5\n{ANSWER} connected", server.port);
    let gives = |offline: bool| {
        let how: &[&str] = if offline { &["--json", "--offline"] } else { &["--json"] };
        gave(&run(&home, call, how))[0].1.clone()
    };
    let fenced = program(&home, &connects, "");
    fs::write(home.beside().join("b.toml"), format!("instruction = 'x'\nmodel = '{ACTS}'\n{fenced}"))
        .unwrap();
    assert_eq!(home.run(&["agent", "edit", "a", "b.toml"]).code, Some(0));
    assert!(gives(false).contains("exit status: 5"));
    let free = program(&home, &connects, ", network = true");
    fs::write(home.beside().join("b.toml"), format!("instruction = 'x'\nmodel = '{ACTS}'\n{free}")).unwrap();
    assert_eq!(home.run(&["agent", "edit", "a", "b.toml"]).code, Some(0));
    assert!(gives(false).contains("connected"));
    let offline = gives(true);
    // A machine that cannot keep the network from it does not start it.
    let refused = offline.contains("--offline forbids the network");
    assert!(offline.contains("exit status: 5") || refused, "{offline}");
    let left = home.run(&["usage", "egress"]).stdout;
    assert_eq!(left.matches("the program /bin/sh").count(), 1, "{left}");
}

/// Teas at an API, with a document that names `server`.
fn teas(server: &str) -> Value {
    json!({
        "openapi": "3.0.0", "servers": [{"url": server}],
        "paths": {"/teas/{tea}": {"patch": {
            "operationId": "change", "description": "Changes a tea.", "responses": {},
            "parameters": [{"name": "tea", "in": "path", "required": true, "schema": {"type": "string"}}],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object"}}}},
        }}},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_tools_looks_again_as_long_as_it_sees_something_new() {
    let server =
        Server::start(|number, _| whole(200, &[], if number == 0 { "steeping" } else { "ready" })).await;
    let home = home();
    let document =
        json!({"openapi": "3.0.0", "paths": {"/tea": {"get": {"operationId": "look", "responses": {}}}}});
    let group = json!({"name": "teas", "openapi": document, "runs": {"http": {"url": server.url("/")}}});
    let agent = json!({"name": "a", "instruction": "You help.", "model": WRITES, "groups": [group]});
    fs::write(home.beside().join("a.json"), agent.to_string()).unwrap();
    assert_eq!(home.run(&["agent", "create", "a.json"]).code, Some(0));
    let look = "{\"thought\": \"t\", \"tool\": \"look\", \"input\": {}}";
    let script =
        format!("{look}\n---\n{look}\n---\n{look}\n---\n{{\"thought\": \"\", \"answer\": \"Ready.\"}}");
    let said = run(&home, &script, &["--json"]);
    assert_eq!(last(&said)["text"], "Ready.", "{said:?}");
    assert_eq!(server.seen().len(), 3, "{said:?}");
    let asked = said.stdout.matches("the same call again: the model is asked for its answer").count();
    assert_eq!(asked, 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_of_a_document_are_called_where_the_definition_says() {
    let server = Server::start(|_, _| whole(503, &[], "{\"no\": \"tea\"}")).await;
    let home = home().variable("TEA_TOKEN", "s3cret-word");
    let group = |runs: Value| {
        json!({
            "name": "a", "instruction": "You help.", "model": ACTS,
            "groups": [{"name": "teas", "openapi": teas(&server.url("")), "runs": {"http": runs}}],
        })
    };
    let headers = json!({"X-Token": "$TEA_TOKEN", "X-Key": "Bearer ${TEA_TOKEN}, costs $5"});
    let own = group(json!({"url": server.url("/v1"), "headers": headers}));
    fs::write(home.beside().join("a.json"), own.to_string()).unwrap();
    assert_eq!(home.run(&["agent", "create", "a.json"]).code, Some(0));
    let call = "call change {\"tea\": \"a b\", \"body\": {\"price\": 3}}\n---\nDone.";
    let said = run(&home, call, &["--json"]);
    assert_eq!(
        gave(&said),
        [("change".to_owned(), "status 503: {\"no\": \"tea\"}".to_owned(), true)],
        "{said:?}"
    );
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "what may not be harmless is not sent again");
    assert_eq!(seen[0].line, "PATCH /v1/teas/a%20b HTTP/1.1");
    assert_eq!(
        (seen[0].headers["x-token"].as_str(), seen[0].body.as_slice()),
        ("s3cret-word", &b"{\"price\":3}"[..])
    );
    assert_eq!(seen[0].headers["x-key"], "Bearer s3cret-word, costs $5");

    // The document alone may not lead inside.
    fs::write(home.beside().join("a.json"), group(json!({})).to_string()).unwrap();
    assert_eq!(home.run(&["agent", "edit", "a", "a.json"]).code, Some(0));
    let said = run(&home, call, &["--json"]);
    assert!(gave(&said)[0].1.contains("leads into this network"), "{said:?}");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn what_the_person_is_to_do_ends_the_run_and_their_answer_goes_on_with_it() {
    let home = with(
        "[[groups]]\nname = 'ask'\nruns = { built_in = { tool = 'ask_user' } }\n\
         [[groups]]\nname = 'me'\nruns = { person = {} }\nfunctions = [{ name = 'fetch', description = '' }]\n",
    );
    let script = "call ask_user {\"question\": \"Which tea?\"}\ncall fetch {}\n---\nAssam it is.";
    let said = run(&home, script, &[]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.stderr.contains("it asks: Which tea?") && said.stderr.contains("it wants fetch"),
        "{said:?}"
    );
    let said = home.run(&["agent", "run", "a", "--answer", "fetch=milk"]);
    assert!(said.code == Some(2) && said.stderr.contains("ask_user) has no answer"), "{said:?}");
    let said =
        home.run(&["agent", "run", "a", "--answer", "fetch=milk", "--answer", "ask_user=Assam", "--json"]);
    assert_eq!(last(&said), json!({"state": "answered", "text": "Assam it is."}), "{said:?}");
    let shown = home.run(&["agent", "show", "a", "--json"]);
    let run = shown.objects().into_iter().find(|one| one["reply"] == "agent_run").unwrap();
    let told = run["run"]["turns"].to_string();
    assert!(told.contains("milk") && told.contains("Assam"), "{told}");
    assert!(run["run"]["hashes"]["prompts"].as_array().unwrap().len() == 5, "{run}");
}

#[test]
fn the_steps_before_and_after_are_taken_where_they_are_on() {
    let step = |name: &str, template: &str| {
        format!("[steps.{name}]\nenabled = true\nmodel = 'scripted/echo'\ntemplate = '{template}'\n")
    };
    let home = with(&format!("{}{SUMS}", step("post_processing", "Dear user: $latest_response$")));
    assert_eq!(run(&home, "It is 42.", &[]).stdout, "Dear user: It is 42.\n");
    let verdict = "{\"rationale\": \"no tea\", \"valid\": false}";
    let home = with(&format!("{}{SUMS}", step("pre_processing", verdict)));
    let said = run(&home, "It is 42.", &[]);
    assert!(said.code == Some(1) && said.stderr.contains("none for this agent: no tea"), "{said:?}");
}

#[test]
fn what_show_prints_of_an_agent_is_its_file_and_of_a_run_what_it_came_to() {
    let home = with(SUMS);
    assert_eq!(run(&home, "It is 42.", &[]).code, Some(0));
    let shown = home.run(&["agent", "show", "a"]).stdout;
    let line = shown.lines().find(|line| line.starts_with("# run ")).unwrap();
    assert!(line.contains("answered"), "{shown}");
    let again = home.fed(&shown, &["agent", "create", "-", "--name", "again"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    let id = line.split(' ').nth(2).unwrap();
    let one = home.run(&["agent", "show", id]);
    assert!(one.code == Some(0) && one.stdout.ends_with("It is 42.\n"), "{one:?}");
    assert!(one.stderr.contains("traces show"), "{one:?}");
    let none = home.run(&["agent", "show", "nobody"]);
    assert!(none.code == Some(2) && none.stderr.contains("no agent is named"), "{none:?}");
}

#[test]
fn what_an_agent_names_that_is_not_there_is_told_of_when_it_is_made() {
    let home = home();
    let text = "name = 'a'\ninstruction = 'You help.'\n[[groups]]\nname = 'shop'\n\
                runs = { program = { command = ['/usr/bin/python3', 'nowhere.py'] } }\n\
                functions = [{ name = 'order', description = '' }]\n";
    fs::write(home.beside().join("a.toml"), text).unwrap();
    let made = home.run(&["agent", "create", "a.toml"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stderr.contains("no file nowhere.py") && made.stderr.contains("names no model"), "{made:?}");
    let edited = home.run(&["agent", "edit", "a", "--model", "nobodys/model"]);
    assert!(edited.code == Some(0) && edited.stderr.contains("nobodys/model cannot be asked"), "{edited:?}");
}

#[test]
fn an_answer_beside_a_question_is_refused_with_what_to_do() {
    let home = with(SUMS);
    let said = home.run(&["agent", "run", "a", "hello", "--answer", "foo=1"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("Leave the question out") && said.stderr.contains("--run ID"), "{said:?}");
}

#[test]
fn lines_of_a_long_text_are_compared_each_for_itself() {
    let home = with(SUMS);
    let text = |second: &str| {
        format!("instruction = '''\nYou help.\n{second}\nBe brief.'''\nmodel = 'scripted/acts'\n{SUMS}")
    };
    for second in ["Use \"the calculator\".", "Use none."] {
        fs::write(home.beside().join("long.toml"), text(second)).unwrap();
        assert_eq!(home.run(&["agent", "edit", "a", "long.toml"]).code, Some(0));
    }
    let diff = home.run(&["agent", "diff", "a"]).stdout;
    for line in ["  You help.\n", "− Use \"the calculator\".\n", "+ Use none.\n", "  Be brief."] {
        assert!(diff.contains(line), "{line}: {diff}");
    }
    let signed = |line: &&str| line.starts_with('+') || line.starts_with('−');
    // The two lines that say which versions they are, too.
    assert_eq!(diff.lines().filter(signed).count(), 4, "{diff}");
}

#[test]
fn versions_that_only_white_space_sets_apart_are_shown_in_the_lines_in_which_they_differ() {
    let home = with(SUMS);
    for text in ["You  help.", "You help."] {
        let agent = format!("instruction = '{text}'\nmodel = 'scripted/acts'\n{SUMS}");
        fs::write(home.beside().join("blanks.toml"), agent).unwrap();
        assert_eq!(home.run(&["agent", "edit", "a", "blanks.toml"]).code, Some(0));
    }
    let diff = home.run(&["agent", "diff", "a"]).stdout;
    assert!(diff.contains("\n− instruction = \"You  help.\"\n+ instruction = \"You help.\"\n"), "{diff}");
}

#[test]
fn versions_that_a_written_out_secret_sets_apart_are_said_to_differ_in_it_without_showing_it() {
    let home = with(SUMS);
    for key in ["sk-1", "sk-2"] {
        let server = "[[groups]]\nname = 'far'\nruns.mcp = { url = 'https://tea.example/', headers";
        let agent = format!(
            "instruction = 'You help.'\nmodel = 'scripted/acts'\n{server} = {{ API_KEY = '{key}' }} }}\n"
        );
        fs::write(home.beside().join("key.toml"), agent).unwrap();
        let said = home.run(&["agent", "edit", "a", "key.toml"]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    let diff = home.run(&["agent", "diff", "a"]).stdout;
    let says = "\n  a secret is another one; it is not shown\n  all else is the same\n";
    assert!(diff.contains(says) && !diff.contains("sk-"), "{diff}");
    let told = home.run(&["agent", "diff", "a", "--json"]);
    assert_eq!(told.objects()[0]["other_secrets"], true, "{told:?}");
    let diff = home.run(&["agent", "diff", "a", "1", "2"]).stdout;
    assert!(!diff.contains("a secret"), "{diff}");
}

#[test]
fn a_field_that_there_is_not_is_named_with_its_file_and_line() {
    let home = with(SUMS);
    fs::write(home.beside().join("b.toml"), "name = 'b'\ninstruction = 'c'\n[limits]\nstep = 3\n").unwrap();
    let read: [&[&str]; 3] =
        [&["agent", "create", "b.toml"], &["agent", "import", "b.toml"], &["agent", "edit", "a", "b.toml"]];
    for words in read {
        let said = home.run(words);
        let says =
            "reading an agent from b.toml: line 4, column 1: unknown field `step` (did you mean `steps`?)";
        assert!(said.code == Some(2) && said.stderr.contains(says), "{said:?}");
    }
}

#[test]
fn what_a_definition_says_that_cannot_be_is_named_with_its_file_and_field() {
    let home = with(SUMS);
    let twice = format!("{SUMS}{SUMS}");
    for (more, says) in [
        ("[limits]\nsteps = 0\n", "reading limits.steps of an agent from b.toml: 0 lets it do nothing"),
        (twice.as_str(), "reading the groups of an agent from b.toml: \"sums\" is there twice"),
    ] {
        fs::write(home.beside().join("b.toml"), format!("name = 'b'\ninstruction = 'c'\n{more}")).unwrap();
        for words in [&["agent", "create", "b.toml"][..], &["agent", "edit", "a", "b.toml"]] {
            let said = home.run(words);
            assert!(said.code == Some(2) && said.stderr.contains(says), "{said:?}");
        }
    }
}

#[test]
fn an_agent_is_kept_in_versions_that_are_compared_and_reset() {
    let home = with(SUMS);
    fs::write(home.beside().join("prompt"), "Only $instruction$ $weather$").unwrap();
    let edited = home.run(&["agent", "edit", "a", "--template", "orchestration=prompt", "--note", "shorter"]);
    assert!(edited.code == Some(0) && edited.stderr.contains("$weather$"), "{edited:?}");
    let diff = home.run(&["agent", "diff", "a"]);
    // As `export` writes it.
    assert!(diff.stdout.contains("\n+ template = \"Only $instruction$ $weather$\"\n"), "{diff:?}");
    let diff = home.run(&["agent", "diff", "a", "--baseline"]);
    assert!(diff.stdout.contains("orchestration: ") && diff.stdout.contains("+ Only"), "{diff:?}");
    assert_eq!(home.run(&["agent", "edit", "a", "--reset", "orchestration"]).code, Some(0));
    assert_eq!(home.run(&["agent", "diff", "a", "--baseline"]).stdout, "");
    let said = home.run(&["agent", "edit", "a", "--reset", "orchestration"]);
    assert!(said.code == Some(2) && said.stderr.contains("the same as version 3"), "{said:?}");
    let said = home.run(&["agent", "edit", "a", "--reset", "weather"]);
    assert!(said.code == Some(2) && said.stderr.contains("knowledge_base_response"), "{said:?}");
    let shown = home.run(&["agent", "show", "a", "--json"]).objects().remove(0);
    let notes: Vec<&Value> =
        shown["book"]["versions"].as_array().unwrap().iter().map(|one| &one["note"]).collect();
    assert_eq!(notes, [&Value::Null, &json!("shorter"), &Value::Null]);
    assert_eq!(home.run(&["agent", "edit", "a", "--rename", "b"]).code, Some(0));
    let list = home.run(&["agent", "list"]).stdout;
    assert!(list.ends_with("version 3  b  scripted/acts  calls sums\n"), "{list}");
    let said = home.run(&["agent", "remove", "b"]);
    assert!(said.code == Some(2) && said.stderr.contains("--yes"), "{said:?}");
    assert_eq!(home.run(&["agent", "remove", "b", "--yes"]).stdout, "removed b\n");
    let none = home.run(&["agent", "list"]);
    assert!(none.stdout.is_empty() && none.stderr.contains("there is none yet"), "{none:?}");
}

#[test]
fn an_agent_goes_out_as_a_file_and_comes_back_and_bedrocks_is_taken_over_with_remarks() {
    let home = with(SUMS);
    for form in ["toml", "json"] {
        let file = format!("out.{form}");
        assert_eq!(home.run(&["agent", "export", "a", "--form", form, "-o", &file]).code, Some(0));
        let said = home.run(&["agent", "import", &file, "--name", form]);
        assert!(said.code == Some(0), "{said:?}");
        let again = home.run(&["agent", "export", form, "--form", "json"]).stdout;
        let first = home.run(&["agent", "export", "a", "--form", "json"]).stdout;
        assert_eq!(again.replace(&format!("\"{form}\""), "\"a\""), first);
    }
    let theirs = json!([
        {"agent": {"agentName": "shop", "instruction": "You sell.", "foundationModel": "anthropic.claude-v2"}},
        {"agentActionGroup": {"actionGroupName": "code", "parentActionSignature": "AMAZON.CodeInterpreter"}},
        {"agentActionGroup": {"actionGroupName": "ask", "parentActionSignature": "AMAZON.UserInput"}},
    ]);
    let said = home.fed(&theirs.to_string(), &["agent", "import", "-"]);
    assert!(said.code == Some(0) && said.stdout.ends_with("version 1  shop\n"), "{said:?}");
    assert!(said.stderr.contains("AMAZON.CodeInterpreter"), "{said:?}");
    let said = home.fed("instruction = 'x'\nwrong = 1", &["agent", "import", "-", "--name", "w"]);
    assert!(said.code == Some(2) && said.stderr.contains("wrong"), "{said:?}");
}

#[test]
fn a_secret_that_a_definition_has_written_out_is_spoken_of_and_shown_nowhere() {
    let home = home();
    let text = "name = 'a'\ninstruction = 'You help.'\nmodel = 'scripted/acts'\n[[groups]]\nname = 'web'\n\
                runs = { http = { url = 'http://127.0.0.1:9', headers = { Authorization = 'Bearer sk-canary' } } }\n\
                functions = [{ name = 'one', description = '' }]\n";
    fs::write(home.beside().join("a.toml"), text).unwrap();
    let made = home.run(&["agent", "create", "a.toml"]);
    assert!(made.code == Some(0) && made.stderr.contains("write ${AUTHORIZATION}"), "{made:?}");
    for arguments in [
        &["agent", "show", "a"][..],
        &["agent", "show", "a", "--json"],
        &["agent", "export", "a"],
        &["agent", "export", "a", "--form", "json"],
        &["agent", "import", "a.toml", "--name", "b"],
        &["agent", "import", "a.toml", "--name", "c", "--json"],
    ] {
        let said = home.run(arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(!format!("{said:?}").contains("canary"), "{arguments:?}: {said:?}");
    }
}

#[test]
fn an_edit_of_what_was_exported_leaves_a_secret_as_it_was_and_elsewhere_it_is_to_be_written() {
    let home = home();
    made(
        &home,
        "[[groups]]\nname = 'g'\nruns = { mcp = { command = 'srv', args = ['--api-key', 'sk-canary'] } }\n",
    );
    let file = home.beside().join("out.toml");
    let path = file.display().to_string();
    assert_eq!(home.run(&["agent", "export", "a", "-o", &path]).code, Some(0));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("***") && !text.contains("canary"), "{text}");
    let same = home.run(&["agent", "edit", "a", &path]);
    assert!(same.code == Some(2) && same.stderr.contains("the same as version 1"), "{same:?}");
    fs::write(&file, text.replace("You help.", "You sell.")).unwrap();
    let edited = home.run(&["agent", "edit", "a", &path]);
    assert!(edited.code == Some(0) && !edited.stderr.contains("***: write"), "{edited:?}");
    let same = home.run(&["agent", "edit", "a", &path]);
    assert!(same.code == Some(2) && same.stderr.contains("the same as version 2"), "{same:?}");
    fs::write(&file, text.replace("--api-key", "--other")).unwrap();
    for arguments in [&["agent", "edit", "a", &path][..], &["agent", "import", &path, "--name", "b"]] {
        let said = home.run(arguments);
        assert!(said.code == Some(2) && said.stderr.contains("is ***"), "{said:?}");
        assert!(said.stderr.contains("$NAME") && !format!("{said:?}").contains("canary"), "{said:?}");
    }
}

#[test]
fn files_are_read_below_their_folder_alone() {
    let home = home();
    let text = format!(
        "name = 'early'\ninstruction = 'You help.'\nmodel = '{ACTS}'\n[[groups]]\nname = 'n'\nruns = {{ built_in = {{ tool = \
         'read_files', folder = 'notes' }} }}\n"
    );
    fs::write(home.beside().join("early.toml"), text).unwrap();
    let early = home.run(&["agent", "create", "early.toml"]);
    assert!(early.code == Some(0) && early.stderr.contains("there is no folder "), "{early:?}");
    fs::create_dir(home.beside().join("notes")).unwrap();
    fs::write(home.beside().join("notes/today.md"), "Buy tea.").unwrap();
    made(&home, "[[groups]]\nname = 'n'\nruns = { built_in = { tool = 'read_files', folder = 'notes' } }\n");
    let script = "call list_files {}\ncall read_file {\"path\": \"today.md\"}\ncall read_file {\"path\": \"../a.toml\"}\n---\nDone.";
    let said = run(&home, script, &["--json"]);
    let gave: Vec<(String, bool)> =
        gave(&said).into_iter().map(|(_, content, failed)| (content, failed)).collect();
    assert_eq!(gave[..2], [("today.md".to_owned(), false), ("Buy tea.".to_owned(), false)], "{said:?}");
    assert!(gave[2].1 && gave[2].0.contains("leads out"), "{gave:?}");
}
