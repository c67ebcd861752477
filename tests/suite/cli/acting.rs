//! Agents that act with what others have: tools of MCP servers, functions of AWS Lambda.

use std::fs;

use serde_json::{Value, json};

use super::agents::{events, gave, home, last, made, run};
use super::home::{Home, Said};
use super::spans;
use crate::loopback::{Seen, Server, whole};
use crate::mcp_real::program;

/// A home whose programs are started beside it, and find what this process finds.
fn outside() -> Home {
    let home = home();
    let beside = home.beside().display().to_string();
    home.variable("HOME", &beside).variable("PATH", &std::env::var_os("PATH").unwrap().into_string().unwrap())
}

/// A group of an MCP server that is a program.
fn server(name: &str, command: &[&str]) -> String {
    let (program, arguments) = command.split_first().unwrap();
    let arguments = json!(arguments);
    format!(
        "[[groups]]\nname = '{name}'\nruns = {{ mcp = {{ command = '{program}', args = {arguments} }} }}\n"
    )
}

/// Has the server of the script do this from now on.
fn becomes(home: &Home, mode: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/mcp_server.sh");
    fs::write(home.beside().join("server.sh"), format!("exec sh '{script}' {mode}\n")).unwrap();
}

fn asked(said: &Said) -> Vec<Value> {
    events(said).into_iter().filter(|event| event["happened"] == "agree").collect()
}

const LOOK: &str = "call look {}\n---\nDone.";

#[test]
fn tools_of_a_server_are_agreed_to_before_a_model_hears_of_them_and_again_when_they_change() {
    let home = outside();
    becomes(&home, "plain");
    let script = home.beside().join("server.sh");
    made(&home, &server("odd", &["/bin/sh", script.to_str().unwrap()]));

    let said = run(&home, LOOK, &["--json"]);
    assert!(
        asked(&said)[0]["shown"].as_str().unwrap().contains("new: look\nLooks, as it did 1 times."),
        "{said:?}"
    );
    assert!(said.stderr.contains("nobody is there"), "{said:?}");
    assert!(gave(&said)[0].2, "it is not offered: {said:?}");
    let calls = home.beside().join("called");
    assert!(!calls.exists(), "nor called");

    let said = run(&home, LOOK, &["--json", "--yes"]);
    assert_eq!(gave(&said), [("look".to_owned(), "seen".to_owned(), false)], "{said:?}");
    let first = events(&said)[0]["run"].as_str().unwrap().to_owned();
    assert!(calls.exists());
    let said = run(&home, LOOK, &["--json"]);
    assert_eq!((asked(&said).len(), gave(&said)[0].1.as_str()), (0, "seen"), "it was agreed to: {said:?}");

    becomes(&home, "other");
    fs::remove_file(&calls).unwrap();
    let said = run(&home, LOOK, &["--json"]);
    assert!(asked(&said)[0]["shown"].as_str().unwrap().contains("[+and tells the keys+]"), "{said:?}");
    assert!(gave(&said)[0].2 && !calls.exists(), "{said:?}");
    let said = run(&home, LOOK, &[]);
    assert!(said.stderr.contains("left out of odd, since nobody has agreed to them: look"), "{said:?}");

    becomes(&home, "dies");
    let said = run(&home, LOOK, &[]);
    assert!(said.code == Some(2) && said.stderr.contains("opening the MCP server odd"), "{said:?}");
    let said = home.run(&["agent", "replay", &first, "--json"]);
    assert_eq!((said.code, gave(&said)[0].1.as_str()), (Some(0), "seen"), "no server is asked: {said:?}");
}

#[test]
fn a_tool_that_its_server_changes_while_a_run_goes_on_is_called_no_more() {
    let home = outside();
    // Its first call says that there are other tools now, and there are.
    becomes(&home, "chatty");
    let script = home.beside().join("server.sh");
    made(&home, &server("odd", &["/bin/sh", script.to_str().unwrap()]));
    let calls = "call look {}\n---\ncall look {\"at\": 1}\n---\ncall look {\"at\": 2}\n---\nDone.";
    let said = run(&home, calls, &["--json", "--yes"]);
    let gave = gave(&said);
    assert_eq!((gave[0].1.as_str(), gave[0].2), ("at last", false), "{said:?}");
    assert!(gave[2].2 && gave[2].1.contains("has changed this tool meanwhile"), "{said:?}");
}

#[test]
fn the_official_servers_are_driven_by_an_agent() {
    let (Some(files), Some(everything)) = (program("server-filesystem"), program("server-everything")) else {
        return;
    };
    let home = outside();
    let folder = home.beside().canonicalize().unwrap().join("files");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("tea.txt"), "green\n").unwrap();
    let groups = [
        server("files", &["node", files.to_str().unwrap(), folder.to_str().unwrap()]),
        server("everything", &["node", everything.to_str().unwrap(), "stdio"]),
    ];
    made(&home, &groups.concat());
    let tea = folder.join("tea.txt").display().to_string();
    let script = format!(
        "call read_text_file {}\ncall get-sum {}\n---\ncall read_text_file {}\n---\nDone.",
        json!({ "path": tea }),
        json!({"a": 2, "b": 40}),
        json!({"path": "/etc/hostname"})
    );
    let said = run(&home, &script, &["--json", "--yes"]);
    let gave = gave(&said);
    assert_eq!((gave[0].1.trim(), gave[0].2), ("green", false), "{said:?}");
    assert!(gave[1].1.contains("42") && !gave[1].2, "{gave:?}");
    assert!(gave[2].1.contains("denied") && gave[2].2, "{gave:?}");
    assert_eq!(last(&said)["state"], "answered");
    let failed = spans::failed(&spans::newest(&home));
    let (kind, words) = &failed["read_text_file"];
    assert!(failed.len() == 1 && kind == "tool_error" && words.contains("denied"), "{failed:?}");
    assert_eq!(asked(&run(&home, "Done.", &["--json"])).len(), 0, "both were agreed to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_of_lambda_is_invoked_with_bedrocks_event() {
    let lambda = Server::start(|number, _: &Seen| {
        if number == 1 {
            let head = [("x-amz-function-error", "Unhandled")];
            return whole(200, &head, r#"{"errorMessage": "no tea", "errorType": "KeyError"}"#);
        }
        let body = json!({"TEXT": {"body": "ordered"}});
        let gave = json!({"messageVersion": "1.0", "response": {"functionResponse": {"responseBody": body}}});
        whole(200, &[], gave.to_string())
    })
    .await;
    tokio::task::block_in_place(|| {
        let home = outside()
            .variable("AWS_ENDPOINT_URL_LAMBDA", &lambda.url(""))
            .variable("AWS_ACCESS_KEY_ID", "AKID")
            .variable("AWS_SECRET_ACCESS_KEY", "canary")
            .variable("AWS_REGION", "eu-west-1");
        made(
            &home,
            "[[groups]]\nname = 'orders'\nruns = { lambda = { function = 'orders' } }\n\
             functions = [{ name = 'order', description = '', parameters = [{ name = 'tea' }] }]\n",
        );
        let script = "call order {\"tea\": \"Assam\"}\n---\ncall order {\"tea\": \"Sencha\"}\n---\nDone.";
        let said = run(&home, script, &["--json"]);
        let order = |content: &str, failed| ("order".to_owned(), content.to_owned(), failed);
        let failed = "The function failed (KeyError): no tea";
        assert_eq!(gave(&said), [order("ordered", false), order(failed, true)], "{said:?}");
    });
    let seen = lambda.seen();
    assert_eq!(seen[0].line, "POST /2015-03-31/functions/orders/invocations HTTP/1.1");
    assert!(seen[0].headers["authorization"].contains("/eu-west-1/lambda/aws4_request"), "{seen:?}");
    let event: Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!((&event["function"], &event["actionGroup"]), (&json!("order"), &json!("orders")));
}
