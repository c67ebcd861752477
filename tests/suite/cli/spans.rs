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
