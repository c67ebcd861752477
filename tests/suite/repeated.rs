//! A call that is asked for again with the very same input: made once, and said to be.

use outcrop::domain::agent::acting::Doing;
use outcrop::domain::agent::{AgentEvent, Chosen};
use outcrop::domain::message::Message;
use outcrop::domain::trace::TraceId;
use outcrop::workbench::request::Request;
use outcrop::workbench::request::traces::Traces;
use outcrop::workbench::{Door, Reply};
use serde_json::json;

use crate::acting::{acting, begun, first, home, made, rest, turn};
use crate::chat::{call, one};
use crate::loopback::{Server, whole};

/// An agent whose orders a server takes, and who computes.
async fn orders(door: &Door, server: &Server) -> Chosen {
    let functions = json!([{"name": "order", "description": ""}]);
    let groups = json!([
        {"name": "sums", "runs": {"built_in": {"tool": "calculator"}}},
        {"name": "shop", "functions": functions, "runs": {"http": {"url": server.url("/")}}},
    ]);
    made(door, &json!({ "groups": groups })).await
}

/// The orders in what an agent did: who took each, and what it gave.
fn ordered(answer: &Message) -> Vec<(bool, String)> {
    let order = |doing: &Doing| match doing {
        Doing::Called(call) if call.action == "order" => {
            Some((!call.by.is_empty(), call.gave.as_ref().unwrap().content.clone()))
        }
        _ => None,
    };
    acting(answer).doings.iter().filter_map(order).collect()
}

/// Of each call that a person was asked about, whether they were told that it was made before.
fn confirmed(events: &[AgentEvent]) -> Vec<bool> {
    let confirm = |event: &AgentEvent| match event {
        AgentEvent::Confirm { again, .. } => Some(*again),
        _ => None,
    };
    events.iter().filter_map(confirm).collect()
}

async fn shop() -> Server {
    Server::start(|_, _| {
        let body = json!({"TEXT": {"body": "ordered"}});
        whole(200, &[], json!({"response": {"functionResponse": {"responseBody": body}}}).to_string())
    })
    .await
}

#[tokio::test]
async fn the_same_call_right_behind_itself_is_made_once_and_its_trace_says_so() {
    let server = shop().await;
    let home = home();
    let door = home.open().await;
    let agent = orders(&door, &server).await;
    let sum = "call calculator {\"expression\": \"6 * 7\"}";
    let script =
        format!("call order {{}}\n---\ncall order {{}}\n---\n{sum}\n---\ncall order {{}}\n---\nDone.");
    let (_, answer) = turn(&door, first(&agent, &script)).await;
    assert_eq!(answer.text(), "Done.");
    assert_eq!(server.seen().len(), 2, "the second was not made, the one behind another was");
    let did = ordered(&answer);
    assert_eq!(did.iter().map(|(made, _)| *made).collect::<Vec<_>>(), [true, false, true], "{did:?}");
    assert!(did[1].1.starts_with("ordered\n") && did[1].1.contains("had that already"), "{did:?}");
    let remarks = acting(&answer).doings.iter();
    let remarks =
        remarks.filter(|doing| matches!(doing, Doing::Remark { text } if text.contains("not made")));
    assert_eq!(remarks.count(), 1);
    door.close().await;
    drop(door);
    let door = home.open().await;
    let id = TraceId(*acting(&answer).run.unwrap().as_bytes());
    let mut not_made = 0;
    for row in 1..10 {
        let shown = one(&door, Request::Traces(Traces::Span { id, row, span: None })).await.unwrap();
        let told = serde_json::to_value(&shown).unwrap().to_string();
        not_made += u32::from(told.contains("made_already"));
    }
    assert_eq!(not_made, 1);
    let list = Traces::List { filter: Some("status:error".to_owned()), limit: 9, before: None };
    let Reply::Traces { runs, .. } = one(&door, Request::Traces(list)).await.unwrap() else {
        panic!("no list of runs")
    };
    assert!(runs.is_empty(), "nothing failed: {runs:?}");
}

#[tokio::test]
async fn what_only_looks_is_called_again_each_time_that_it_is_asked_for() {
    let server = Server::start(|number, _| whole(200, &[], json!({ "asked": number }).to_string())).await;
    let home = home();
    let door = home.open().await;
    let of = |method: &str, id: &str| json!({"/order": {method: {"operationId": id, "responses": {}}}});
    let group = |name: &str, paths: serde_json::Value| {
        let document = json!({"openapi": "3.0.0", "paths": paths});
        json!({"name": name, "openapi": document, "runs": {"http": {"url": server.url("/")}}})
    };
    let groups = [group("state", of("get", "look")), group("shop", of("post", "order"))];
    let agent = made(&door, &json!({ "groups": groups })).await;
    let script = "call look {}\n---\ncall look {}\n---\ncall look {}\ncall look {}\n---\ncall order {}\n---\n\
                  call order {}\n---\nDone.";
    let (_, answer) = turn(&door, first(&agent, script)).await;
    assert_eq!(answer.text(), "Done.");
    let lines: Vec<String> = server.seen().into_iter().map(|seen| seen.line).collect();
    let looks = lines.iter().filter(|line| line.starts_with("GET")).count();
    assert_eq!((looks, lines.len()), (3, 4), "of two at once one is made, and no order twice: {lines:?}");
    let saw = |doing: &Doing| match doing {
        Doing::Called(call) if call.action == "look" => Some(call.gave.as_ref().unwrap().content.clone()),
        _ => None,
    };
    let saw: Vec<String> = acting(&answer).doings.iter().filter_map(saw).collect();
    let number = |at: usize| json!({ "asked": at }).to_string();
    assert!(saw[0].contains(&number(0)) && saw[1].contains(&number(1)), "{saw:?}");
}

#[tokio::test]
async fn of_two_same_calls_at_once_one_is_made_and_both_have_its_result() {
    let server = shop().await;
    let home = home();
    let door = home.open().await;
    let agent = orders(&door, &server).await;
    let (_, answer) = turn(&door, first(&agent, "call order {}\ncall order {}\n---\nDone.")).await;
    assert_eq!(answer.text(), "Done.");
    assert_eq!(server.seen().len(), 1);
    let did = ordered(&answer);
    let [(true, one), (false, other)] = &did[..] else { panic!("{did:?}") };
    assert!(one == "ordered" && other.starts_with("ordered\n"), "{did:?}");
}

#[tokio::test]
async fn a_person_is_told_that_they_are_asked_about_a_call_that_was_made() {
    let home = home();
    let door = home.open().await;
    let group = json!({"name": "sums", "confirm": true, "runs": {"built_in": {"tool": "calculator"}}});
    let agent = made(&door, &json!({ "groups": [group] })).await;
    let sum = |of: &str| format!("call calculator {{\"expression\": \"{of}\"}}\n---\n");
    let script = format!("{}{}{}{}Done.", sum("1 + 1"), sum("1 + 1"), sum("2 + 2"), sum("1 + 1"));
    let mut replies = call(&door, first(&agent, &script));
    begun(&mut replies).await;
    let (answer, events) = rest(&door, replies, Some(true)).await;
    assert_eq!(answer.text(), "Done.");
    assert_eq!(confirmed(&events), [false, false, true], "and of the one that is not made nobody is asked");
}

#[tokio::test]
async fn a_person_is_asked_about_each_look_that_they_are_to_agree_to() {
    let server = Server::start(|_, _| whole(200, &[], "{}")).await;
    let home = home();
    let door = home.open().await;
    let paths = json!({"/order": {"get": {"operationId": "look", "responses": {}}}});
    let document = json!({"openapi": "3.0.0", "paths": paths});
    let runs = json!({"http": {"url": server.url("/")}});
    let group = json!({"name": "state", "confirm": true, "openapi": document, "runs": runs});
    let agent = made(&door, &json!({ "groups": [group] })).await;
    let script = "call look {}\n---\ncall look {}\n---\nDone.";
    for agreed in [true, false] {
        let mut replies = call(&door, first(&agent, script));
        begun(&mut replies).await;
        let (answer, events) = rest(&door, replies, Some(agreed)).await;
        assert_eq!(answer.text(), "Done.");
        assert_eq!(confirmed(&events), [false, agreed], "what was declined was not made before");
        assert_eq!(server.seen().len(), 2, "the second run has made none");
    }
}
