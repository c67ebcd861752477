//! The lists of models, while they come.

use futures_util::StreamExt;
use outcrop::workbench::Reply;
use outcrop::workbench::request::Request;
use outcrop::workbench::request::models::Models;

use crate::chat::{Home, call};
use crate::loopback::{Part, Server, whole};
use crate::soon;

#[tokio::test]
async fn a_slow_server_holds_nobodys_models_up() {
    let quick = Server::start(|_, _| {
        whole(200, &[("content-type", "application/json")], r#"{"data": [{"id": "nimble"}]}"#)
    })
    .await;
    let slow = Server::start(|_, _| vec![Part::Stall]).await;
    let provider = |name, server: &Server| {
        format!("[providers.{name}]\nkind = 'openai'\nbase_url = '{}'\n", server.url("/v1"))
    };
    let home = Home::with(&format!("{}{}", provider("quick", &quick), provider("slow", &slow)));
    let door = home.open().await;
    let mut replies = call(&door, Request::Models(Models::List { probe: true }));
    let first = soon(async {
        loop {
            match replies.next().await.expect("a list").unwrap() {
                Reply::Models { cards } => break cards,
                Reply::Lists { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
    let has = |provider: &str| first.iter().filter(|card| card.id.provider() == provider).count();
    assert_eq!((has("quick"), has("slow")), (1, 0), "the slow one is still asked");
    assert!(has("scripted") > 0);
    tokio::time::timeout(std::time::Duration::from_millis(200), replies.next())
        .await
        .expect_err("nothing comes without news");
}
