//! What was done, once more: calls of models by their spans, whole runs of agents; and what agents remember of sessions.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::agents::{ACTS, ANSWER, events, gave, home, last, made, program, run};
use super::home::{Home, SCRIPTED, Said, on_both};
use super::traces::{import, runs};
use crate::loopback::{Part, Server, events as stream};
use crate::wire::openai;

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

/// The trace that came last.
fn newest(home: &Home) -> String {
    id(&runs(home)[0])
}

#[test]
fn what_a_model_was_asked_is_asked_again_otherwise_and_hangs_beside_it() {
    let act = |home: &Home| {
        let asked = ["chat", "-m", "scripted/echo", "--set", "temperature=0.25", "canary words"];
        assert_eq!(home.run(&asked).code, Some(0));
        let first = newest(home);
        fs::write(home.beside().join("with"), "other words\n").unwrap();
        let edits = ["--with", "with", "-s", "Be terse.", "--set", "temperature=0.5"];
        let said = home.run(&[&["traces", "replay", &first, "0"][..], &edits[..]].concat());
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.stdout.starts_with("other words\n"), "{said:?}");
        for line in [
            "− temperature: 0.25",
            "+ temperature: 0.5",
            "+ system: Be terse.",
            "− user: canary words",
            "+ user: other words",
            "− canary words",
            "+ other words",
        ] {
            assert!(said.stdout.lines().any(|told| told == line), "{line}: {said:?}");
        }
        // It is a trace of its own, which says whose replay it is.
        let second = newest(home);
        assert_ne!(second, first);
        let span = home.run(&["traces", "show", &second, "--span", "0", "--json"]).objects();
        assert_eq!(span[0]["span"]["links"][0]["trace"], json!(first.replace('-', "")), "{span:?}");
        assert!(span[0]["contents"]["input"].to_string().contains("other words"), "{span:?}");
        assert!(span[0]["span"]["attributes"].to_string().contains("outcrop.replay.of.span"));
        // And the first one tells of it.
        let span = home.run(&["traces", "show", &first, "--span", "0", "--json"]).objects();
        assert_eq!(span[1]["replays"][0]["asked"]["system"], "Be terse.", "{span:?}");
        let shown = home.run(&["traces", "show", &first, "--span", "0"]).stdout;
        assert!(shown.contains(&format!("replayed: {}", &second[24..])), "{shown}");
        let tree = home.run(&["traces", "show", &first]).stdout;
        assert!(tree.trim_end().ends_with("1 replay"), "{tree}");
        // A replay is asked again as anything else is.
        let again = home.run(&["traces", "replay", &second, "0", "--json"]).objects();
        let kinds: Vec<&str> = again.iter().map(|one| one["reply"].as_str().unwrap()).collect();
        assert_eq!((kinds[0], kinds[kinds.len() - 1]), ("trace_call", "trace_replay_diff"), "{kinds:?}");
        assert_eq!(again[0]["original"]["asked"]["settings"], json!({"temperature": 0.5}));
        let diff = again.last().unwrap();
        assert_eq!((&diff["facts"], &diff["answer"]), (&json!([]), &json!([[" ", "other words"]])), "{diff}");
        assert!(diff["figures"].to_string().contains("time"), "{diff}");
        assert_eq!(home.run(&["traces", "replay", &first, "7"]).code, Some(2));
    };
    on_both(Home::new, act);
}

#[test]
fn a_call_of_another_program_is_asked_again_here_with_any_model() {
    let home = Home::new();
    import(&home, "otlp_genai.json");
    let trace = runs(&home).into_iter().find(|run| run["kind"] == "agent").map(|run| id(&run)).unwrap();
    let shown = home.run(&["traces", "show", &trace, "--json"]).objects();
    let row = |kind: &str| {
        let row = shown[1..].iter().find(|row| row["kind"] == kind).unwrap();
        row["row"].to_string()
    };
    let (model, tool) = (row("model"), row("tool"));
    let said = home.run(&["traces", "replay", &trace, &model, "-m", "scripted/echo"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.starts_with("Weather in Paris?\n"), "{said:?}");
    for line in
        ["− model: bedrock/m1", "+ model: scripted/echo", "− calls get_weather {\"location\":\"Paris\"}"]
    {
        assert!(said.stdout.lines().any(|told| told == line), "{line}: {said:?}");
    }
    assert!(said.stdout.contains("tokens in"), "{said:?}");
    let said = home.run(&["traces", "replay", &trace, &tool, "-m", "scripted/echo"]);
    assert!(said.code == Some(2) && said.stderr.contains("is no call of a model"), "{said:?}");
}

/// The run of another program in a home of its own, whose person said that to its model: its tool was asked for the weather in
/// Paris, and told it with an error.
fn foreign(said: &str, change: impl Fn(String) -> String) -> (Home, String) {
    let home = home();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces/otlp_genai.json");
    // Messages are JSON within a text of JSON.
    let within = |text: &str| json!(text).to_string().trim_matches('"').to_owned();
    let text = fs::read_to_string(path).unwrap().replace("Weather in Paris?", &within(&within(said)));
    fs::write(home.beside().join("run.json"), change(text)).unwrap();
    let said = home.run(&["traces", "import", "run.json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let trace = runs(&home).into_iter().find(|run| run["kind"] == "agent").map(|run| id(&run)).unwrap();
    (home, trace)
}

fn remarks(said: &Said) -> String {
    let all = events(said).into_iter().filter(|event| event["happened"] == "remark");
    all.map(|event| event["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
}

/// The number of the first span of that kind.
fn row(home: &Home, trace: &str, kind: &str) -> String {
    let shown = home.run(&["traces", "show", trace, "--json"]).objects();
    shown[1..].iter().find(|row| row["kind"] == kind).unwrap()["row"].to_string()
}

#[test]
fn what_another_program_did_is_done_once_more_with_what_its_tools_gave() {
    let script = "acts\nI look.\ncall get_weather {\"location\": \"Paris\"}\n---\nRainy.";
    let (home, trace) = foreign(script, |text| text);
    let said = home.run(&["traces", "replay", &trace, "-m", ACTS, "--json"]);
    let given = vec![("get_weather".to_owned(), "{\"t\":57}".to_owned(), true)];
    assert_eq!((said.code, gave(&said)), (Some(0), given.clone()), "{said:?}");
    assert_eq!(last(&said), json!({"state": "answered", "text": "Rainy."}));
    assert!(remarks(&said).contains("does not define get_weather"), "{said:?}");
    // It is a trace beside that one, and says whose replay it is.
    let second = events(&said)[0]["run"].as_str().unwrap().to_owned();
    let span = home.run(&["traces", "show", &second, "--span", "0", "--json"]).objects();
    assert_eq!(span[0]["span"]["links"][0]["trace"], json!(trace), "{span:?}");
    let call = home.run(&["traces", "show", &second, "--span", &row(&home, &second, "model"), "--json"]);
    let call = &call.objects()[0]["contents"];
    assert!(call["offered"].to_string().contains("location"), "{call}");
    assert_eq!(call["parameters"].to_string().matches("temperature").count(), 1, "{call}");
    let tool = home.run(&["traces", "show", &second, "--span", &row(&home, &second, "tool")]).stdout;
    assert!(tool.contains("outcrop.recorded = true") && !tool.contains("other_arguments"), "{tool}");
    let diff = home.run(&["traces", "diff", &trace, &second]);
    assert!(diff.code == Some(0) && diff.stdout.contains("get_weather"), "{diff:?}");
    // No agent is there of it, and it is done once more by its trace alone; its own model is here.
    let again = home.run(&["traces", "replay", &second, "--json"]);
    assert_eq!((again.code, gave(&again)), (Some(0), given), "{again:?}");
    assert!(!remarks(&again).contains("does not define"), "{again:?}");
    let people = home.run(&["traces", "replay", &trace, "-m", ACTS]);
    assert_eq!((people.code, people.stdout.ends_with("Rainy.\n")), (Some(0), true), "{people:?}");
    assert!(people.stderr.contains("puts both runs side by side"), "{people:?}");
}

#[test]
fn a_model_without_tool_calls_does_another_program_s_run_once_more_too() {
    let call = "{\"thought\": \"t\", \"tool\": \"get_weather\", \"input\": {\"location\": \"Paris\"}}";
    let script = format!("acts\n{call}\n---\n{{\"thought\": \"\", \"answer\": \"Rainy.\"}}");
    let (home, trace) = foreign(&script, |text| text);
    let said = home.run(&["traces", "replay", &trace, "-m", "scripted/acts@100000", "--json"]);
    assert_eq!(last(&said)["text"], "Rainy.", "{said:?}");
    assert_eq!(gave(&said)[0].1, "{\"t\":57}");
}

#[test]
fn a_call_of_another_program_s_tool_that_was_not_recorded_is_given_the_next_that_was_or_ends_the_replay() {
    let (home, trace) = foreign("acts\ncall get_weather {\"location\": \"Rome\"}\n---\nRainy.", |text| text);
    let said = home.run(&["traces", "replay", &trace, "-m", ACTS, "--json"]);
    assert_eq!((said.code, gave(&said)[0].1.as_str()), (Some(0), "{\"t\":57}"), "{said:?}");
    assert!(remarks(&said).contains("gives what get_weather {\"location\":\"Paris\"} gave"), "{said:?}");
    let second = events(&said)[0]["run"].as_str().unwrap().to_owned();
    let tool = home.run(&["traces", "show", &second, "--span", &row(&home, &second, "tool")]).stdout;
    assert!(tool.contains("outcrop.recorded.other_arguments = true"), "{tool}");
    let (home, trace) = foreign(
        "acts\ncall get_weather {\"location\": \"Rome\"}\ncall get_weather {\"location\": \"Oslo\"}",
        |text| text,
    );
    let said = home.run(&["traces", "replay", &trace, "-m", ACTS]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("nothing was recorded of get_weather {\"location\":\"Oslo\"}"), "{said:?}");
    let said = home.run(&["traces", "replay", &trace, "-m", ACTS, "--missing", "run"]);
    assert!(said.code == Some(2) && said.stderr.contains("another program's run"), "{said:?}");
}

#[test]
fn a_run_is_done_once_more_from_whatever_format_it_came() {
    for file in ["otlp_openinference.json", "bedrock_agent.json", "inspect_mockllm.eval", "claude_code.jsonl"]
    {
        let home = home();
        import(&home, file);
        let mut answered = 0;
        for run in runs(&home) {
            let said = home.run(&["traces", "replay", &id(&run), "-m", ACTS, "--json"]);
            if said.code == Some(0) {
                assert_eq!(last(&said)["state"], "answered", "{file}: {said:?}");
                // That Bedrock's model judged the question first is no part of it.
                assert!(!file.contains("bedrock") || remarks(&said).contains("begins with span"), "{said:?}");
                answered += 1;
            } else {
                let lacks = ["holds no messages", "no call of a model is among"];
                assert!(lacks.iter().any(|why| said.stderr.contains(why)), "{file}: {said:?}");
            }
        }
        assert!(answered > 0, "{file}");
    }
}

#[test]
fn a_session_of_claude_code_is_done_once_more_with_what_its_tools_gave() {
    let home = home();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces/claude_code.jsonl");
    let script = "acts\nI look for the prices.\ncall Bash {\"command\": \"ls\", \"description\": \"List files\"}\n---\n\
                  call Task {\"description\": \"Read prices\", \"prompt\": \"Read prices.csv\", \
                  \"subagent_type\": \"general-purpose\"}\n---\n4.20.";
    let log = fs::read_to_string(path).unwrap();
    let asked = json!("What does Assam cost?").to_string();
    assert!(log.contains(&asked), "{log}");
    fs::write(home.beside().join("session.jsonl"), log.replace(&asked, &json!(script).to_string())).unwrap();
    let said = home.run(&["traces", "import", "session.jsonl"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let trace = newest(&home);
    let said = home.run(&["traces", "replay", &trace, "-m", ACTS, "--json"]);
    let given = |name: &str, content: &str| (name.to_owned(), content.to_owned(), false);
    let wanted = vec![given("Bash", "prices.csv\nREADME.md"), given("Task", "Assam costs 4.20.")];
    assert_eq!((said.code, gave(&said)), (Some(0), wanted), "{said:?}");
    assert_eq!(last(&said), json!({"state": "answered", "text": "4.20."}));
    // What the other agent called is offered too: its results are among the recorded ones.
    assert!(remarks(&said).contains("does not define Bash, Task, Read"), "{said:?}");
    let second = events(&said)[0]["run"].as_str().unwrap().to_owned();
    let tool = home.run(&["traces", "show", &second, "--span", &row(&home, &second, "tool")]).stdout;
    assert!(tool.contains("outcrop.recorded = true") && !tool.contains("other_arguments"), "{tool}");
    let span = home.run(&["traces", "show", &second, "--span", "0", "--json"]).objects();
    assert_eq!(span[0]["span"]["links"][0]["trace"], json!(trace), "{span:?}");
}

#[test]
fn a_run_whose_trace_does_not_tell_what_was_asked_is_not_done_once_more() {
    let (home, trace) = foreign("hm", |text| text.replace("gen_ai.input.messages", "other.messages"));
    let said = home.run(&["traces", "replay", &trace, "-m", ACTS]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("(\"chat m1\"), holds no messages"), "{said:?}");
    let (home, trace) = foreign("hm", |text| text.replace("aws.bedrock", "nowhere"));
    let said = home.run(&["traces", "replay", &trace]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("it asked nowhere/m1, which is not here"), "{said:?}");
    assert!(said.stderr.contains("-m MODEL"), "{said:?}");
}

/// A home with an agent whose action `one` gives another number each time; and the id of its run.
fn counting() -> (Home, String, Said) {
    let home = home();
    let group = program(&home, &format!("{ANSWER} $$"), "");
    made(&home, &group);
    let said = run(&home, "I look.\ncall one {}\n---\nDone.", &["--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let id = events(&said)[0]["run"].as_str().unwrap().to_owned();
    (home, id, said)
}

#[test]
fn a_run_is_run_again_with_what_its_calls_gave() {
    let (home, first, said) = counting();
    let given = gave(&said);
    for replayed in [
        home.run(&["agent", "replay", &first, "--json"]),
        home.run(&["traces", "replay", &first, "--json"]),
        home.run(&["agent", "replay", &first, "--newest", "-m", ACTS, "--json"]),
    ] {
        assert_eq!((replayed.code, gave(&replayed)), (Some(0), given.clone()), "{replayed:?}");
        assert_eq!(last(&replayed), json!({"state": "answered", "text": "Done."}));
        let called = events(&replayed).into_iter().find(|event| event["happened"] == "called").unwrap();
        assert_eq!(called["by"], "recording");
        let second = events(&replayed)[0]["run"].as_str().unwrap().to_owned();
        assert_ne!(second, first);
        let span = home.run(&["traces", "show", &second, "--span", "0", "--json"]).objects();
        assert_eq!(span[0]["span"]["links"][0]["trace"], json!(first.replace('-', "")), "{span:?}");
        let diff = home.run(&["traces", "diff", &first, &second]).stdout;
        assert!(diff.lines().all(|line| !line.starts_with(['−', '+'])), "{diff}");
    }
    assert_eq!(
        home.run(&["agent", "show", "a"])
            .stdout
            .matches(&format!("(replays {})", &first[first.len() - 8..]))
            .count(),
        3
    );
    let other = home.run(&["agent", "replay", &first, "--question", "acts\nNo call.", "--json"]);
    assert_eq!((gave(&other).len(), last(&other)["text"].as_str()), (0, Some("No call.")), "{other:?}");
    assert_eq!(home.run(&["agent", "replay", "zzzz"]).code, Some(2));
}

#[test]
fn a_call_that_was_refused_is_no_recording_of_what_it_gives() {
    let home = home();
    let group = program(&home, &format!("{ANSWER} sold"), "");
    made(&home, &group);
    let said = run(&home, "call two {}\ncall rocket {}\n---\nDone.", &["--json"]);
    let given = gave(&said);
    assert!(given[0].1.contains("did not agree") && given[1].1.contains("no tool"), "{said:?}");
    let first = events(&said)[0]["run"].as_str().unwrap().to_owned();
    let replay = |more: &[&str]| home.run(&[&["agent", "replay", &first, "--json"], more].concat());
    let replayed = replay(&[]);
    assert_eq!((replayed.code, gave(&replayed)), (Some(0), given), "{replayed:?}");
    let called = |said: &Said| events(said).iter().filter(|event| event["happened"] == "called").count();
    assert_eq!(called(&replayed), 0, "it is declined again, not played: {replayed:?}");
    let made = replay(&["--missing", "run", "--yes"]);
    assert_eq!(gave(&made)[0], ("two".to_owned(), "sold".to_owned(), false), "{made:?}");
}

#[test]
fn a_step_of_an_agent_is_asked_again_with_its_tools_and_all_that_was_said_before() {
    let (home, first, _) = counting();
    let shown = home.run(&["traces", "show", &first, "--json"]).objects();
    let models = shown[1..].iter().filter(|row| row["kind"] == "model");
    let rows: Vec<String> = models.map(|row| row["row"].to_string()).collect();
    let said = home.run(&["traces", "replay", &first, &rows[1], "--json"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let lines = said.objects();
    let asked = &lines[0]["original"]["asked"];
    assert_eq!(asked["settings"]["tools"].as_array().unwrap().len(), 2, "{asked}");
    assert!(asked["system"].as_str().unwrap().contains("You help."), "{asked}");
    let roles: Vec<&Value> = asked["turns"].as_array().unwrap().iter().map(|turn| &turn["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "tool"]);
    let diff = lines.last().unwrap();
    assert_eq!(diff["facts"], json!([]), "{diff}");
    assert!(diff["answer"].as_array().unwrap().iter().all(|line| line[0] == " "), "{diff}");
    assert_eq!(diff["answer"][0][1], "Done.", "{diff}");
}

#[test]
fn a_run_goes_on_from_any_step_with_what_a_person_has_the_model_say() {
    let (home, first, said) = counting();
    let given = gave(&said);
    let with = |text: &str| fs::write(home.beside().join("said"), text).unwrap();
    let replay = |more: &[&str]| home.run(&[&["agent", "replay", &first, "--json"], more].concat());
    with("No, it is not.");
    let said = replay(&["--step", "2", "--with", "said"]);
    assert_eq!(last(&said), json!({"state": "answered", "text": "No, it is not."}), "{said:?}");
    assert_eq!(gave(&said).len(), 0, "the steps before stay");
    // The same call again has its result, another has none.
    with("{\"thought\": \"so\", \"tool\": \"one\", \"input\": {}}");
    assert_eq!(gave(&replay(&["--step", "1", "--with", "said"])), given);
    with("{\"tool\": \"two\", \"input\": {}}");
    let said = replay(&["--step", "1", "--with", "said"]);
    assert!(said.code == Some(2) && said.stderr.contains("nothing was recorded of two {}"), "{said:?}");
    let said = replay(&["--step", "1", "--with", "said", "--missing", "run", "--yes"]);
    assert_eq!((said.code, gave(&said)[0].0.as_str(), gave(&said)[0].2), (Some(0), "two", false), "{said:?}");
    let said = replay(&["--step", "1", "--with", "said", "--missing", "ask"]);
    assert!(gave(&said)[0].1.contains("did not agree"), "{said:?}");
    let said = replay(&["--step", "3"]);
    assert!(said.code == Some(2) && said.stderr.contains("there is no step 3"), "{said:?}");
    // A template of its own is known by its hash.
    fs::write(home.beside().join("prompt"), "Only $instruction$").unwrap();
    let said = replay(&["--template", "orchestration=prompt"]);
    assert!(said.code == Some(0) && said.stdout.contains("with another prompt of orchestration"), "{said:?}");
    let shown = home.run(&["agent", "show", "a", "--json"]).objects();
    let of =
        |at: usize| shown.iter().filter(|one| one["reply"] == "agent_run").nth(at).unwrap()["run"].clone();
    assert_eq!(of(0)["replays"]["prompts"]["orchestration"], "Only $instruction$");
    assert_ne!(of(0)["hashes"]["prompts"], of(1)["hashes"]["prompts"]);
}

#[test]
fn a_model_that_does_not_end_sums_a_session_up_no_longer_than_a_summary_may_be() {
    let home = Home::with(SCRIPTED);
    let summed = |name: &str, model: &str, settings: &str| {
        let agent = format!(
            "name = '{name}'\ninstruction = 'You sell tea.'\nmodel = 'scripted/echo'\n[memory]\ndays = 30\n\
             [steps.memory_summary]\nmodel = '{model}'\n{settings}"
        );
        fs::write(home.beside().join("a.toml"), agent).unwrap();
        assert_eq!(home.run(&["agent", "create", "a.toml"]).code, Some(0));
        let said = home.run(&["agent", "run", name, "Assam, please"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(!said.stderr.contains("not remembered"), "{said:?}");
        let kept = home.run(&["agent", "memory", "list", name, "--json"]).objects();
        kept[0]["memory"]["summary"].as_str().unwrap().to_owned()
    };
    let long = summed("a", "scripted/stream-600", "");
    assert!(long.ends_with(" …"), "{long}");
    assert_eq!(long.split_whitespace().count(), 512 + 1);
    let less = summed("b", "scripted/stream-600", "settings = { max_tokens = 3 }\n");
    assert_eq!(less, "the river carries …");
    let whole = summed("c", "scripted/stream-3", "");
    assert_eq!(whole, "the river carries");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_summed_up_with_little_thinking_unless_the_step_says_otherwise() {
    let server = Server::start(|_, _| stream([Part::Bytes(openai::data("no_done.sse"))])).await;
    let home = Home::with(&format!(
        "{SCRIPTED}[providers.box]\nkind = 'openai'\nbase_url = '{}'\n",
        server.url("/v1")
    ));
    let efforts = |name: &str, all: &str, own: &str| -> Vec<Value> {
        let agent = format!(
            "name = '{name}'\ninstruction = 'You sell tea.'\nmodel = 'box/m'\n[settings]\n{all}\n\
             [memory]\ndays = 30\n[steps.memory_summary]\n{own}\n"
        );
        fs::write(home.beside().join("a.toml"), agent).unwrap();
        assert_eq!(home.run(&["agent", "create", "a.toml"]).code, Some(0));
        let before = server.seen().len();
        assert_eq!(home.run(&["agent", "run", name, "Assam, please"]).code, Some(0));
        let bodies = server.seen().into_iter().skip(before);
        let bodies = bodies.filter_map(|seen| serde_json::from_slice::<Value>(&seen.body).ok());
        bodies
            .filter(|body| body.get("messages").is_some())
            .map(|body| body["reasoning_effort"].clone())
            .collect()
    };
    tokio::task::block_in_place(|| {
        assert_eq!(efforts("a", "reasoning = 'high'", ""), ["high", "low"]);
        assert_eq!(efforts("b", "reasoning = 'off'", ""), ["none", "none"]);
        assert_eq!(efforts("c", "reasoning = 'high'", "settings = { reasoning = 'high' }"), ["high", "high"]);
        assert_eq!(efforts("d", "", ""), [Value::Null, Value::Null]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_told_what_it_remembers_of_sessions_with_the_same_person() {
    let server = Server::start(|_, _| stream([Part::Bytes(openai::data("no_done.sse"))])).await;
    let home = Home::with(&format!(
        "{SCRIPTED}[providers.box]\nkind = 'openai'\nbase_url = '{}'\n",
        server.url("/v1")
    ));
    let agent = "name = 'a'\ninstruction = 'You sell tea.'\nmodel = 'box/m'\n[memory]\ndays = 30\n\
                 [steps.memory_summary]\nmodel = 'scripted/echo'\ntemplate = 'Known: $conversation$'\n";
    fs::write(home.beside().join("a.toml"), agent).unwrap();
    let told = || {
        let bodies: Vec<String> =
            server.seen().iter().map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).collect();
        bodies.into_iter().rfind(|body| body.contains("messages")).unwrap()
    };
    tokio::task::block_in_place(|| {
        assert_eq!(home.run(&["agent", "create", "a.toml"]).code, Some(0));
        let said = home.run(&["agent", "run", "a", "Assam, please"]);
        assert_eq!((said.code, said.stdout.as_str()), (Some(0), "Hello\n"), "{said:?}");
        assert!(!told().contains("<memory>"));
        let list = |more: &[&str]| {
            let said = home.run(&[&["agent", "memory", "list", "a", "--json"], more].concat());
            said.objects().into_iter().map(|one| one["memory"].clone()).collect::<Vec<Value>>()
        };
        let kept = list(&[]);
        assert_eq!(kept[0]["summary"], "Known: user: Assam, please\nagent: Hello");
        assert_eq!((kept[0]["user"].as_str(), list(&["--user", "bob"]).len()), (Some("ada"), 0));
        let session = kept[0]["session"].as_str().unwrap();

        assert_eq!(home.run(&["agent", "run", "a", "again"]).code, Some(0));
        assert!(told().contains("Known: user: Assam, please"), "{}", told());
        let edited = home.run(&["agent", "memory", "edit", "a", session, "Likes Darjeeling."]);
        assert!(edited.code == Some(0) && edited.stdout.contains("edited"), "{edited:?}");
        assert_eq!(home.run(&["agent", "run", "a", "once more"]).code, Some(0));
        assert!(told().contains("Likes Darjeeling.") && !told().contains("Assam"), "{}", told());
        let shown = home.run(&["agent", "memory", "show", "a", session]).stdout;
        let wanted = "Likes Darjeeling.\n\nuser: Assam, please\nassistant: Hello\n";
        assert!(shown.ends_with(wanted), "{shown}");

        // A session that goes on is summed up anew; what is done once more is none.
        assert_eq!(list(&[]).len(), 3);
        assert_eq!(home.run(&["agent", "run", "a", "--run", session, "and milk"]).code, Some(0));
        assert_eq!(home.run(&["agent", "replay", session]).code, Some(0));
        let kept = list(&[]);
        assert_eq!((kept.len(), kept[0]["session"].as_str()), (3, Some(session)));
        assert_eq!(kept[0]["summary"], "Known: user: and milk\nagent: Hello");
        let said = home.run(&["agent", "memory", "remove", "a", session]);
        assert!(said.code == Some(2) && said.stderr.contains("--yes"), "{said:?}");
        assert_eq!(home.run(&["agent", "memory", "remove", "a", session, "--yes"]).code, Some(0));
        // What was said stays, unless it is to go as well.
        let gone: Vec<Value> = list(&[]).iter().map(|kept| kept["session"].clone()).collect();
        let runs = || -> Vec<Value> {
            let shown = home.run(&["agent", "show", "a", "--json"]).objects();
            let runs = shown.iter().filter(|one| one["reply"] == "agent_run");
            runs.map(|one| one["run"]["id"].clone()).collect()
        };
        assert!(gone.len() == 2 && gone.iter().all(|id| runs().contains(id)), "{gone:?}");
        let all = ["agent", "memory", "remove", "a", "--user", "ada", "--runs", "--yes"];
        assert_eq!(home.run(&all).code, Some(0));
        assert_eq!(list(&[]).len(), 0);
        let left = runs();
        assert!(left.iter().any(|id| *id == session) && !gone.iter().any(|id| left.contains(id)), "{left:?}");
    });
}

#[test]
fn a_guardrail_that_is_not_applied_is_said_once_and_stands_in_the_trace() {
    let home = home();
    made(&home, "guardrail = 'no-gossip'\n");
    let said = run(&home, "Hello.", &[]);
    assert_eq!(said.stderr.matches("guardrails come with a later version").count(), 1, "{said:?}");
    let span = home.run(&["traces", "show", &newest(&home), "--span", "0"]).stdout;
    assert!(span.contains("outcrop.guardrail.not_applied = no-gossip"), "{span}");
    let exported = home.run(&["agent", "export", "a"]).stdout;
    assert!(exported.contains("no-gossip"), "{exported}");
    let edited = home.run(&["agent", "edit", "a", "--rename", "b"]);
    assert!(edited.stderr.contains("\"no-gossip\" is kept by its name, and not applied yet"), "{edited:?}");
}
