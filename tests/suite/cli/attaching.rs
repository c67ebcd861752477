//! Files that go with a message, on the command line.

use super::home::Home;
use crate::loopback::{Part, Server, events};
use crate::wire::openai::data;

/// The smallest PNG: one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

async fn home() -> (Server, Home) {
    let server = Server::start(|_, _| events([Part::Bytes(data("no_done.sse"))])).await;
    let configuration = format!(
        "[providers.box]\nkind = 'openai'\nbase_url = '{}'\n[models.'box/blind']\nlacks = ['vision']\n",
        server.url("/v1")
    );
    (server, Home::with(&configuration))
}

fn bodies(server: &Server) -> Vec<String> {
    server.seen().iter().map(|seen| String::from_utf8(seen.body.clone()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_with_the_prompt_and_with_every_later_turn() {
    let (server, home) = home().await;
    std::fs::write(home.beside().join("a.png"), PIXEL).unwrap();
    std::fs::write(home.beside().join("notes.md"), "# Notes\n").unwrap();
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/m", "-f", "a.png", "-f", "notes.md", "what is it?"]);
        assert_eq!(said.stdout, "Hello\n", "{}", said.stderr);
        let said = home.run(&["chat", "-C", "and why?"]);
        assert_eq!(said.stdout, "Hello\n", "{}", said.stderr);
    });
    let bodies = bodies(&server);
    assert_eq!(bodies.len(), 2);
    for body in &bodies {
        assert!(body.contains("data:image/png;base64,iVBORw0KGgo"), "{body}");
        assert!(body.contains("notes.md:") && body.contains("what is it?"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_for_a_model_that_cannot_see_is_refused_before_anything_is_sent() {
    let (server, home) = home().await;
    std::fs::write(home.beside().join("a.png"), PIXEL).unwrap();
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/blind", "-f", "a.png", "what is it?"]);
        assert!(said.code == Some(2) && said.stderr.contains("vision"), "{}", said.stderr);
    });
    assert!(bodies(&server).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_model_takes_is_said_with_its_name() {
    let (_server, home) = home().await;
    std::fs::write(home.beside().join("a.bin"), b"\0\x01\x02").unwrap();
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/m", "-f", "a.bin", "what is it?"]);
        assert!(said.code == Some(2) && said.stderr.contains("a.bin"), "{}", said.stderr);
        let said = home.run(&["chat", "-m", "box/m", "-f", "gone.png", "what is it?"]);
        assert!(said.code == Some(2) && said.stderr.contains("gone.png"), "{}", said.stderr);
    });
}
