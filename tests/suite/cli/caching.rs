//! What is sent again with every turn, kept at the provider.

use serde_json::{Value, json};

use super::home::Home;
use crate::loopback::{Part, Server, events};
use crate::wire::{anthropic, openai};

#[tokio::test(flavor = "multi_thread")]
async fn what_every_turn_repeats_is_marked_for_the_api_that_keeps_what_it_is_told_to() {
    let claude = Server::start(|_, _| events([Part::Bytes(anthropic::data("text.sse"))])).await;
    let other = Server::start(|_, _| events([Part::Bytes(openai::data("no_done.sse"))])).await;
    let home = Home::with(&format!(
        "[providers.claude]\nkind = 'anthropic'\nbase_url = '{}'\napi_key = 'k'\n\
         [providers.box]\nkind = 'openai'\nbase_url = '{}'\n",
        claude.url("/v1"),
        other.url("/v1")
    ));
    tokio::task::block_in_place(|| {
        let first = ["chat", "-m", "claude/claude-sonnet-4-5", "-s", "Be brief.", "--set", "cache=on", "one"];
        assert_eq!(home.run(&first).code, Some(0));
        for text in ["two", "three"] {
            assert_eq!(home.run(&["chat", "-C", text]).code, Some(0));
        }
        assert_eq!(home.run(&["chat", "-C", "--set", "cache=off", "four"]).code, Some(0));
        let said = home.run(&["chat", "-m", "box/m", "--set", "cache=on", "one"]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
    });
    let bodies: Vec<Value> =
        claude.seen().iter().filter_map(|seen| serde_json::from_slice(&seen.body).ok()).collect();
    let [_, _, third, fourth] = &bodies[..] else { panic!("{bodies:#?}") };
    let mark = json!({ "type": "ephemeral" });
    assert_eq!(third["system"][0]["cache_control"], mark);
    let marked: Vec<bool> = third["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_array().unwrap().last().unwrap()["cache_control"] == mark)
        .collect();
    // Of the person's three turns the last two: the first is the one before's beginning.
    assert_eq!(marked, [false, false, true, false, true]);
    assert!(!fourth.to_string().contains("cache_control"), "{fourth}");
    let body = String::from_utf8(other.seen()[0].body.clone()).unwrap();
    assert!(!body.contains("cache"), "{body}");
}
