//! What this program tells of its own calls: what failed in them, what belongs together, what was said.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use super::agents;
use super::home::Home;
use super::knowledge::{self, create, embedding, good, write};
use crate::loopback::{Server, whole};

/// The spans of the newest trace, whole, in the order of its rows.
pub(super) fn newest(home: &Home) -> Vec<Value> {
    let listed = home.run(&["traces", "list", "--json", "-n", "1"]).objects();
    let id = listed[0]["run"]["id"].as_str().unwrap();
    let shown = home.run(&["traces", "show", id, "--json"]).objects();
    let span = |row: usize| {
        home.run(&["traces", "show", id, "--span", &row.to_string(), "--json"]).objects().remove(0)
    };
    (0..shown.len() - 1).map(span).collect()
}

/// What was done in the newest trace, each with how deep it lies, in order.
fn done(home: &Home) -> Vec<(String, u64)> {
    let listed = home.run(&["traces", "list", "--json", "-n", "1"]).objects();
    let shown = home.run(&["traces", "show", listed[0]["run"]["id"].as_str().unwrap(), "--json"]).objects();
    let of = |row: &Value| (row["kind"].as_str().unwrap().to_owned(), row["depth"].as_u64().unwrap());
    shown[1..].iter().map(of).collect()
}

/// The text under a name among the attributes of a span.
pub(super) fn text<'a>(span: &'a Value, name: &str) -> Option<&'a str> {
    let attributes = span["span"]["attributes"].as_array()?;
    attributes.iter().find(|pair| pair[0] == name)?[1]["text"].as_str()
}

/// The spans that tell an error, by the tool that was called: its type, and its words.
pub(super) fn failed(spans: &[Value]) -> BTreeMap<String, (String, String)> {
    let failed = spans.iter().filter(|span| span["span"]["status"] == "error");
    let told = |span: &Value| {
        let words = span["span"]["status_message"].as_str().unwrap_or_default().to_owned();
        let tool = text(span, "gen_ai.tool.name").unwrap_or_default().to_owned();
        (tool, (text(span, "error.type").unwrap_or_default().to_owned(), words))
    };
    failed.map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_a_tool_that_fails_is_marked_failed_with_its_type_and_its_words() {
    let server = Server::start(|_, seen| {
        if seen.line.contains("/functions/") {
            let head = [("x-amz-function-error", "Unhandled")];
            return whole(200, &head, r#"{"errorMessage": "no tea", "errorType": "KeyError"}"#);
        }
        whole(503, &[], "{\"no\": \"tea\"}")
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = agents::home()
            .variable("AWS_ENDPOINT_URL_LAMBDA", &server.url(""))
            .variable("AWS_ACCESS_KEY_ID", "AKID")
            .variable("AWS_SECRET_ACCESS_KEY", "canary")
            .variable("AWS_REGION", "eu-west-1");
        let function =
            |name: &str, confirm: bool| json!({"name": name, "description": "", "confirm": confirm});
        let definition = json!({
            "name": "a", "instruction": "You help.", "model": "scripted/acts",
            "groups": [
                {"name": "sums", "runs": {"built_in": {"tool": "calculator"}}},
                {"name": "shop", "runs": {"program": {"command": ["/bin/sh", "-c", "echo closed >&2; exit 3"]}},
                    "functions": [function("buy", false), function("sell", true)]},
                {"name": "far", "runs": {"http": {"url": server.url("/far")}}, "functions": [function("fetch", false)]},
                {"name": "orders", "runs": {"lambda": {"function": "orders"}}, "functions": [function("order", false)]},
            ],
        });
        fs::write(home.beside().join("a.json"), definition.to_string()).unwrap();
        let made = home.run(&["agent", "create", "a.json"]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let script = "call calculator {\"expression\": \"1 / 0\"}\ncall calculator {\"expression\": \"1\"}\n\
                      call rocket {}\ncall buy {}\ncall sell {}\ncall fetch {}\ncall order {}\n---\nDone.";
        let said = agents::run(&home, script, &["--json"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        let spans = newest(&home);
        let tools = spans.iter().filter(|span| text(span, "gen_ai.tool.name").is_some()).count();
        assert_eq!(tools, 7, "what was refused is told too: {spans:?}");
        let failed = failed(&spans);
        for (tool, kind, words) in [
            ("calculator", "tool_error", "zero"),
            ("rocket", "unknown_tool", "there is no tool"),
            ("buy", "io", "exit status: 3"),
            ("sell", "not_agreed", "did not agree"),
            ("fetch", "503", "status 503: {\"no\": \"tea\"}"),
            ("order", "function_error", "no tea"),
        ] {
            let told = failed.get(tool).unwrap_or_else(|| panic!("{tool}: {failed:?}"));
            assert!(told.0 == kind && told.1.contains(words), "{tool}: {told:?}");
        }
        assert_eq!(failed.len(), 6, "{failed:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_conversation_that_is_from_a_base_is_one_trace_with_all_that_was_done_for_it() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = knowledge::home(&server);
        write(&home, "rivers.md", "# Rivers\n\nRivers bend because the outer bank is cut.\n");
        good(&create(&home));
        good(&home.run(&["chat", "--set", "knowledge=docs", "why do rivers bend"]));
        let named = |wanted: &[(&str, u64)]| -> Vec<(String, u64)> {
            wanted.iter().map(|(kind, depth)| ((*kind).to_owned(), *depth)).collect()
        };
        let first = [("workflow", 0), ("retrieval", 1), ("embedding", 2), ("model", 1)];
        assert_eq!(done(&home), named(&first));
        good(&home.run(&["chat", "-C", "and lakes?"]));
        // Behind what was said before the model is asked first what the question is.
        let second = [("workflow", 0), ("model", 1), ("retrieval", 1), ("embedding", 2), ("model", 1)];
        assert_eq!(done(&home), named(&second));
        good(&home.run(&["chat", "without one"]));
        assert_eq!(done(&home), named(&[("model", 0)]));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_to_a_base_is_named_by_the_base_and_listed_with_what_was_asked() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = knowledge::home(&server);
        write(&home, "rivers.md", "# Rivers\n\nRivers bend because the outer bank is cut.\n");
        good(&create(&home));
        good(&home.run(&["kb", "ask", "docs", "why do rivers bend", "-n", "1"]));
        good(&home.run(&["chat", "--set", "knowledge=docs", "why do they bend"]));
        let listed = home.run(&["traces", "list", "--json", "-n", "2"]).objects();
        for (run, asked) in listed.iter().zip(["why do they bend", "why do rivers bend"]) {
            assert_eq!(run["run"]["name"], "answer from docs", "{run}");
            assert_eq!(run["run"]["asked"], asked, "{run}");
        }
        assert_eq!(text(&newest(&home)[0], "gen_ai.workflow.name"), Some("docs"));
        let listed = home.run(&["traces", "list", "-n", "1"]).stdout;
        assert!(listed.contains("answer from docs (outcrop): why do they bend"), "{listed}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sync_embeds_is_one_trace_and_one_that_embeds_nothing_makes_none() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = knowledge::home(&server);
        for number in 0..5 {
            write(&home, &format!("{number}.md"), &format!("# River {number}\n\nIt bends {number} times.\n"));
        }
        good(&create(&home));
        let syncs = || -> Vec<Value> {
            let listed = home.run(&["traces", "list", "--json", "-n", "50"]).objects();
            listed.into_iter().filter(|run| run["run"]["name"] == "sync docs").collect()
        };
        let first = syncs();
        assert_eq!(first.len(), 1, "{first:?}");
        let run = &first[0]["run"];
        assert!(
            run["spans"].as_u64().unwrap() > 1 && run["running"] == 0 && run["kind"] == "workflow",
            "{run}"
        );
        let id = run["id"].as_str().unwrap();
        let shown = home.run(&["traces", "show", id, "--json"]).objects();
        assert!(shown[2..].iter().all(|row| row["kind"] == "embedding" && row["depth"] == 1), "{shown:?}");
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(syncs().len(), 1, "nothing was new");
        write(&home, "6.md", "# River 6\n\nIt bends 6 times.\n");
        good(&home.run(&["kb", "sync", "docs"]));
        assert_eq!(syncs().len(), 2);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_sync_could_not_read_is_an_error_of_its_trace() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = knowledge::home(&server);
        write(&home, "rivers.md", "# Rivers\n\nRivers bend because the outer bank is cut.\n");
        write(&home, "broken.docx", "This is no package.");
        assert_eq!(create(&home).code, Some(1));
        let failed = |home: &Home| -> Vec<Value> {
            newest(home).into_iter().filter(|span| span["span"]["status"] == "error").collect()
        };
        let found = failed(&home);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0]["span"]["name"], "read broken.docx");
        assert!(!found[0]["span"]["status_message"].as_str().unwrap_or_default().is_empty(), "{found:?}");
        let listed = home.run(&["traces", "list", "--json", "-n", "1", "status:error"]).objects();
        assert_eq!(listed[0]["run"]["name"], "sync docs");
        // Also where nothing is embedded.
        assert_eq!(home.run(&["kb", "sync", "docs"]).code, Some(1));
        assert_eq!(newest(&home).len(), 2);
        assert_eq!(failed(&home).len(), 1);
    });
}

/// What was done of a kind, in order.
fn of<'a>(spans: &'a [Value], operation: &str) -> Vec<&'a Value> {
    spans.iter().filter(|span| text(span, "gen_ai.operation.name") == Some(operation)).collect()
}

#[test]
fn what_an_agent_and_its_tools_said_stands_in_their_spans_and_goes_with_the_agent() {
    let home = agents::home();
    agents::made(&home, "[[groups]]\nname = 'sums'\nruns = { built_in = { tool = 'calculator' } }\n");
    let script = "I compute.\ncall calculator {\"expression\": \"6 * 7\"}\n---\nIt is 42.";
    assert_eq!(agents::run(&home, script, &["--json"]).code, Some(0));
    let spans = newest(&home);
    let tool = &of(&spans, "execute_tool")[0]["contents"]["ran"];
    assert_eq!((&tool["name"], &tool["arguments"]["expression"]), (&json!("calculator"), &json!("6 * 7")));
    assert_eq!(tool["result"], 42);
    let asked = of(&spans, "chat");
    let [first, second] = asked.as_slice() else { panic!("{asked:?}") };
    let roles = |span: &Value| -> Vec<String> {
        let said = span["contents"]["input"].as_array().unwrap().iter();
        said.map(|said| said["role"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(roles(first), ["system", "user"]);
    // What was said before is told of each, and kept once.
    assert_eq!(roles(second), ["system", "user", "assistant", "tool"]);
    assert_eq!(second["contents"]["input"][1], first["contents"]["input"][1]);
    assert_eq!(second["contents"]["input"][2]["parts"], first["contents"]["output"][0]["parts"]);
    assert!(second["contents"]["input"][3].to_string().contains("42"), "{second}");
    assert!(second["contents"]["output"].to_string().contains("It is 42."), "{second}");
    let agent = &of(&spans, "invoke_agent")[0]["contents"];
    assert!(
        agent["input"].to_string().contains("I compute.")
            && agent["output"].to_string().contains("It is 42.")
    );

    assert_eq!(home.run(&["agent", "remove", "a", "--yes"]).code, Some(0));
    let left = newest(&home);
    assert_eq!(left.len(), spans.len());
    let said: Vec<&Value> = left.iter().map(|span| &span["contents"]).collect();
    assert!(said.iter().all(|said| !said.to_string().contains("42")), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn passages_that_were_found_stand_in_the_spans_with_their_scores() {
    let server = embedding(Duration::ZERO).await;
    tokio::task::block_in_place(|| {
        let home = knowledge::home(&server);
        write(&home, "rivers.md", "# Rivers\n\nRivers bend because the outer bank is cut.\n");
        good(&create(&home));
        let told = |span: &Value| {
            let contents = &span["contents"];
            let found = &contents["found"][0];
            assert_eq!(contents["query"], "why do rivers bend");
            assert!(found["text"].as_str().unwrap().contains("the outer bank is cut"), "{found}");
            assert!(
                found["score"].is_number() && found["more"]["uri"].as_str().unwrap().ends_with("rivers.md")
            );
        };
        good(&home.run(&["kb", "ask", "docs", "why do rivers bend", "-n", "1"]));
        let spans = newest(&home);
        told(of(&spans, "retrieval")[0]);
        let asked = &of(&spans, "chat")[0]["contents"];
        assert!(asked["input"].to_string().contains("the outer bank is cut"), "{asked}");
        assert!(!asked["output"].as_array().unwrap().is_empty(), "{asked}");
        let whole = &of(&spans, "invoke_workflow")[0]["contents"];
        assert_eq!(whole["input"][0]["parts"][0]["text"], "why do rivers bend");
        assert_eq!(whole["output"], asked["output"]);

        good(&home.run(&["kb", "search", "docs", "why do rivers bend"]));
        told(of(&newest(&home), "retrieval")[0]);

        good(&home.run(&["chat", "--set", "knowledge=docs", "why do rivers bend"]));
        let spans = newest(&home);
        told(of(&spans, "retrieval")[0]);
        let asked = &of(&spans, "chat")[0]["contents"]["input"];
        assert!(asked.to_string().contains("<result number="), "{asked}");
        let id = home.run(&["conversations", "list"]).stdout[..8].to_owned();
        good(&home.run(&["conversations", "remove", &id, "--yes"]));
        let left = newest(&home);
        let found = &of(&left, "retrieval")[0]["contents"];
        assert!(found["found"][0]["score"].is_number(), "{found}");
        assert!(found["query"].is_null() && found["found"][0]["text"].is_null(), "{found}");
    });
}
