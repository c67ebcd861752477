//! The lists of models, while they come.

use std::sync::Arc;

use futures_util::StreamExt;
use outcrop::domain::call::Call;
use outcrop::domain::catalog::Availability;
use outcrop::domain::delta::Event;
use outcrop::net::{Network, Reach};
use outcrop::provider::Provider;
use outcrop::provider::key::Key;
use outcrop::provider::openai::OpenAi;
use outcrop::provider::optional::Optional;
use outcrop::workbench::Reply;
use outcrop::workbench::request::Request;
use outcrop::workbench::request::models::Models;

use crate::chat::{Home, call};
use crate::loopback::{Part, Server, whole};
use crate::provider_openai::{Kept, options};
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

#[tokio::test]
async fn what_the_catalogue_has_of_vendors_without_a_key_says_which_key_is_missing() {
    let home = Home::with(
        "[providers.work]\nkind = 'openai'\nbase_url = 'https://api.openai.com/v1'\napi_key = 'sk-canary'\n",
    );
    let door = home.open().await;
    let mut replies = call(&door, Request::Models(Models::Keyless));
    let Some(Ok(Reply::Models { cards })) = soon(replies.next()).await else { panic!("no cards") };
    let why = |provider: &str| {
        let card = cards.iter().find(|card| card.id.provider() == provider)?;
        assert!(card.context.is_some() || !card.capabilities.is_empty(), "{card:?}");
        match &card.availability {
            Availability::Unusable { why } => Some(why.as_str()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(why("openai"), None, "a provider leads to it, whatever its name");
    assert!(why("anthropic").unwrap().starts_with("no key: set ANTHROPIC_API_KEY, or "));
    assert!(why("gemini").unwrap().contains("GEMINI_API_KEY or GOOGLE_API_KEY"));
    assert!(why("bedrock").unwrap().contains("Amazon"));
}

#[tokio::test]
async fn what_listens_at_a_usual_port_and_is_no_server_of_models_is_not_spoken_of() {
    let web = Server::start(|_, _| whole(404, &[("content-type", "text/html")], "<html>")).await;
    let silent = Server::start(|_, _| vec![Part::Stall]).await;
    for server in [&web, &silent] {
        let net = Network::new(options(), Arc::new(Kept::default())).client(Reach::default());
        let voice = OpenAi::new("vllm", server.url("/v1"), Key::None);
        let voice = Optional::new(Arc::new(voice), server.url("/v1")).looked_for(true);
        let found: Vec<_> = soon(voice.serve(Call::ListModels, &net).collect()).await;
        assert_eq!(found, [Ok(Event::Models { cards: Vec::new() })]);
        assert!(!server.seen().is_empty());
    }
}
