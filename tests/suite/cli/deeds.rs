//! What an agent does with a knowledge base and with an endpoint, and what its run records of what it was made with.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::agents::{ACTS, gave, home, made, program, run};
use super::home::{Home, on_both};
use super::knowledge::{create, embedding, good, home_of_tools, write};
use crate::loopback::{Server, whole};

const SUMS: &str = "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n";

/// Makes the agent's next version.
fn edited(home: &Home, more: &str) {
    let text = format!("instruction = 'You help.'\nmodel = '{ACTS}'\n{more}");
    fs::write(home.beside().join("b.toml"), text).unwrap();
    good(&home.run(&["agent", "edit", "a", "b.toml"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_base_has_is_worded_by_the_prompt_of_its_step_or_given_as_it_stands() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home_of_tools(&server, ACTS);
        write(&home, "rivers.md", "Rivers bend because the outer bank is cut.\n");
        good(&create(&home));
        let base = "[[bases]]\nname = 'docs'\ndescription = 'Of rivers.'\n";
        let step = "[steps.knowledge_base_response]\nmodel = 'scripted/echo'\n\
                    template = 'Asked $query$ of: $search_results$'\n";
        made(&home, &format!("{step}{base}"));
        let script = "call search_docs {\"query\": \"why do rivers bend\"}\n---\nDone.";
        let content = || {
            let said = run(&home, script, &["--json"]);
            let (action, content, failed) = gave(&said).remove(0);
            assert_eq!((action.as_str(), failed), ("search_docs", false), "{said:?}");
            assert!(content.contains("the outer bank is cut"), "{content}");
            content
        };
        let worded = content();
        assert!(worded.starts_with("Asked why do rivers bend of: "), "{worded}");
        assert!(worded.contains("Sources:\n[1] ") && worded.contains("rivers.md"), "{worded}");
        edited(&home, &format!("[steps.knowledge_base_response]\nenabled = false\n{base}"));
        let plain = content();
        assert!(
            plain.contains("<result") && !plain.contains("Asked") && !plain.contains("Sources:"),
            "{plain}"
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_sets_besides_holds_for_the_rest_of_the_turn() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = home_of_tools(&server, ACTS);
        write(&home, "bend.md", "Rivers bend.\n");
        write(&home, "flow.md", "Rivers flow.\n");
        good(&create(&home));
        let one = json!({"vectorSearchConfiguration": {"numberOfResults": 1}});
        let response = json!({
            "response": {"functionResponse": {"responseBody": {"TEXT": {"body": "%s"}}}},
            "promptSessionAttributes": {"today": "Monday"},
            "knowledgeBasesConfiguration": [{"knowledgeBaseId": "docs", "retrievalConfiguration": one}],
        });
        let script = format!(
            "case \"$event\" in *'\"today\":\"Monday\"'*) word=known;; *) word=new;; esac\nprintf '{response}' $word"
        );
        let base = "[[bases]]\nname = 'docs'\n[steps.knowledge_base_response]\nenabled = false\n";
        made(&home, &format!("{}{base}", program(&home, &script, "")));
        let search = "call search_docs {\"query\": \"rivers\"}";
        // What is called again has another call before it.
        let script =
            format!("{search}\ncall one {{}}\n---\ncall two {{}}\n---\ncall one {{}}\n{search}\n---\nDone.");
        let said = run(&home, &script, &["--json", "--yes"]);
        let gave: Vec<String> = gave(&said).into_iter().map(|(_, content, _)| content).collect();
        let passages = |at: usize| gave[at].matches("<result number=").count();
        assert_eq!((passages(0), passages(4)), (2, 1), "{said:?}");
        assert_eq!((gave[1].as_str(), gave[3].as_str()), ("new", "known"), "{said:?}");
        // Another turn knows nothing of it.
        let shown = home.run(&["agent", "show", "a", "--json"]).objects();
        let before = shown.into_iter().find(|one| one["reply"] == "agent_run").unwrap()["run"]["id"].clone();
        let said = run(&home, "call one {}\n---\nDone.", &["--run", before.as_str().unwrap(), "--json"]);
        assert_eq!(super::agents::gave(&said)[0].1, "new", "{said:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_sent_bedrock_s_event_and_what_it_says_is_given_to_the_model() {
    let server = Server::start(|_, _| {
        let body = json!({"TEXT": {"body": "12 left"}});
        let gave = json!({"messageVersion": "1.0", "response": {"functionResponse": {"responseBody": body}}});
        whole(200, &[], gave.to_string())
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = home();
        let function =
            "{ name = 'count', description = '', parameters = [{ name = 'tea', required = true }] }";
        let url = server.url("/stock");
        made(
            &home,
            &format!(
                "[[groups]]\nname = 'stock'\nruns = {{ http = {{ url = '{url}' }} }}\nfunctions = [{function}]\n"
            ),
        );
        let known = ["--json", "--attribute", "user=7", "--turn-attribute", "today=Mon=day"];
        let said = run(&home, "call count {\"tea\": \"assam\"}\n---\nDone.", &known);
        assert_eq!(gave(&said), [("count".to_owned(), "12 left".to_owned(), false)], "{said:?}");
    });
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].line.as_str()), (1, "POST /stock HTTP/1.1"));
    let event: Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!((&event["messageVersion"], &event["actionGroup"]), (&json!("1.0"), &json!("stock")));
    assert_eq!(event["function"], "count");
    assert_eq!(event["parameters"], json!([{"name": "tea", "type": "string", "value": "assam"}]));
    assert_eq!(event["sessionAttributes"], json!({"user": "7"}));
    assert_eq!(event["promptSessionAttributes"], json!({"today": "Mon=day"}));
}

/// Runs a handler of AWS Lambda as a program, as `docs/agents.md` has it.
const HANDLES: &str = "import json, runpy, sys; handler = runpy.run_path(sys.argv[1])['lambda_handler']; \
                       print(json.dumps(handler(json.load(sys.stdin), None)))";

/// One that Lambda would run as it is.
const HANDLER: &str = "def lambda_handler(event, context):
    values = {one['name']: one['value'] for one in event['parameters']}
    body = event['agent']['name'] + ' ordered ' + values['tea'] + ' for ' + event['sessionAttributes']['user']
    response = {'actionGroup': event['actionGroup'], 'function': event['function']}
    response['functionResponse'] = {'responseBody': {'TEXT': {'body': body}}}
    return {'messageVersion': event['messageVersion'], 'response': response}
";

#[test]
fn the_handler_of_a_function_of_lambda_runs_here_as_it_is() {
    if !Path::new("/usr/bin/python3").exists() {
        crate::skipped!("the system's Python, which runs handlers");
        return;
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/agents.md")).unwrap();
    assert!(page.contains(HANDLES), "the page says how");
    let home = home();
    fs::write(home.beside().join("orders.py"), HANDLER).unwrap();
    let command = format!("command = ['/usr/bin/python3', '-c', \"{HANDLES}\", 'orders.py']");
    let function = "{ name = 'order', description = '', parameters = [{ name = 'tea', required = true }] }";
    made(
        &home,
        &format!(
            "[[groups]]\nname = 'orders'\nruns = {{ program = {{ {command} }} }}\nfunctions = [{function}]\n"
        ),
    );
    let said =
        run(&home, "call order {\"tea\": \"Assam\"}\n---\nDone.", &["--json", "--attribute", "user=Ada"]);
    assert_eq!(gave(&said), [("order".to_owned(), "a ordered Assam for Ada".to_owned(), false)], "{said:?}");
}

#[test]
fn an_action_that_wants_another_try_is_told_to_the_model_and_one_that_does_not_work_ends_the_run() {
    let home = home();
    let says = |state: &str| {
        let body = json!({"responseState": state, "responseBody": {"TEXT": {"body": "which tea?"}}});
        format!("printf '{}'", json!({"response": {"functionResponse": body}}))
    };
    made(&home, &program(&home, &says("REPROMPT"), ""));
    let script = "call one {}\n---\nDone.";
    let said = run(&home, script, &["--json"]);
    assert_eq!(gave(&said), [("one".to_owned(), "which tea?".to_owned(), true)], "{said:?}");
    assert_eq!(said.code, Some(0));
    program(&home, &says("FAILURE"), "");
    let said = run(&home, script, &[]);
    assert!(said.code == Some(1) && said.stderr.contains("one does not work: which tea?"), "{said:?}");
    assert!(!said.stdout.contains("Done."), "{said:?}");
}

#[test]
fn a_run_records_the_version_the_prompts_and_the_tools_that_it_was_made_with() {
    let home = home();
    made(&home, SUMS);
    let recorded = || {
        assert_eq!(run(&home, "Done.", &[]).code, Some(0));
        let shown = home.run(&["agent", "show", "a", "--json"]).objects();
        let run = shown.into_iter().find(|one| one["reply"] == "agent_run").unwrap()["run"].clone();
        (run["version"].clone(), run["hashes"]["prompts"].clone(), run["hashes"]["tools"].clone())
    };
    let first = recorded();
    assert_eq!((&first.0, first.1.as_array().unwrap().len()), (&json!(1), 5));
    assert_eq!(first.2.as_array().unwrap().len(), 1, "{first:?}");
    assert_eq!(recorded(), first, "the same of the same");
    edited(
        &home,
        &format!("{SUMS}[[groups]]\nname = 'ask'\nruns = {{ built_in = {{ tool = 'ask_user' }} }}\n"),
    );
    let more = recorded();
    assert_eq!((&more.0, more.2.as_array().unwrap().len()), (&json!(2), 2));
    edited(&home, &format!("[steps.orchestration]\ntemplate = 'Only $instruction$'\n{SUMS}"));
    let other = recorded();
    assert_eq!((&other.0, &other.2), (&json!(3), &first.2));
    assert_ne!(other.1, first.1, "the prompt is another one");
}

#[test]
fn of_two_runs_of_an_agent_it_is_told_first_what_became_of_its_definition() {
    let home = home();
    made(&home, SUMS);
    let script = "call calculator {\"expression\": \"6 * 7\"}\n---\nIt is 42.";
    assert_eq!(run(&home, script, &[]).code, Some(0));
    let ask = "[[groups]]\nname = 'ask'\nruns = { built_in = { tool = 'ask_user' } }\n";
    edited(&home, &format!("[steps.orchestration]\ntemplate = 'Only $instruction$'\n{SUMS}{ask}"));
    assert_eq!(run(&home, script, &[]).code, Some(0));
    let listed = home.run(&["traces", "list", "--json"]).objects();
    let id = |at: usize| listed[at]["run"]["id"].as_str().unwrap();
    let told = home.run(&["traces", "diff", id(1), id(0), "--json"]).objects();
    let is_change = |line: &&Value| line["reply"] == "trace_change";
    let changes: Vec<&Value> = told.iter().take_while(is_change).collect();
    let whats: Vec<&str> = changes.iter().map(|change| change["what"].as_str().unwrap()).collect();
    assert_eq!(whats[0], "version", "{told:?}");
    assert!(whats.contains(&"prompt") && whats.contains(&"tool"), "{told:?}");
    assert!(!told[changes.len()..].iter().any(|line| is_change(&line)), "{told:?}");
}

#[test]
fn every_verb_of_agents_tells_programs_objects_alone() {
    let [(), ()] = on_both(home, |home| {
        let text = format!("name = 'a'\ninstruction = 'You help.'\nmodel = '{ACTS}'\n");
        fs::write(home.beside().join("a.toml"), text).unwrap();
        fs::write(home.beside().join("prompt"), "Only $instruction$").unwrap();
        for (words, kind) in [
            ("create a.toml", "agent_head"),
            ("list", "agent_head"),
            ("show a", "agent"),
            ("edit a --template orchestration=prompt", "agent_head"),
            ("diff a", "diff"),
            ("diff a --baseline", "template_diff"),
            ("run a hello", "agent_event"),
            ("export a", "text"),
            ("export a --form json", "text"),
            ("import a.toml --name b", "agent_imported"),
            ("remove b --yes", "done"),
        ] {
            let words = format!("agent {words} --json");
            let said = home.run(&words.split(' ').collect::<Vec<_>>());
            assert_eq!(said.code, Some(0), "{words}: {said:?}");
            let objects = said.objects();
            assert!(objects.iter().all(|object| object["reply"].is_string()), "{words}: {objects:?}");
            assert_eq!(objects.first().map(|object| &object["reply"]), Some(&kind.into()), "{words}");
        }
    });
}
