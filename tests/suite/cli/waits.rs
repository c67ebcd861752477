//! Waits of one provider, beside those of every server.

use super::home::Home;
use crate::loopback::{Part, Server, events};
use crate::wire::openai::data;

fn configured(server: &Server, waits: &str) -> Home {
    let url = server.url("/v1");
    Home::with(&format!(
        "[net]\nanswer_timeout = 600\nidle_timeout = 600\n\
         [providers.box]\nkind = 'openai'\nbase_url = '{url}'\n{waits}"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_nothing_is_given_up_after_its_own_wait() {
    let server = Server::start(|_, _| vec![Part::Stall]).await;
    let home = configured(&server, "answer_timeout = 1\n");
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/m", "hi"]);
        assert_eq!(said.code, Some(2));
        assert!(said.stderr.contains("did not answer within 1 s"), "{}", said.stderr);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_falls_silent_ends_after_its_providers_own_wait_and_keeps_its_words() {
    let server = Server::start(|_, _| events([Part::Bytes(data("cut.sse")), Part::Stall])).await;
    // The first piece waits as long as an answer may.
    let home = configured(&server, "answer_timeout = 1\nidle_timeout = 1\n");
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/m", "hi"]);
        assert_eq!(said.code, Some(2));
        assert!(!said.stdout.trim().is_empty(), "what came is there");
        assert!(said.stderr.contains("1 s"), "{}", said.stderr);
    });
}
