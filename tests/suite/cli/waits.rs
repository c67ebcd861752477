//! Waits of one provider, beside those of every server.

use super::home::Home;
use crate::loopback::{Part, Server, events, whole};
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

/// A port whose line of waiting connections is full: the kernel answers no further one.
fn deaf() -> (rustix::fd::OwnedFd, Vec<std::net::TcpStream>, u16) {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    let door = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&door, &std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
    listen(&door, 0).unwrap();
    let port = std::net::SocketAddr::try_from(getsockname(&door).unwrap()).unwrap().port();
    let (address, moment) = (([127, 0, 0, 1], port).into(), std::time::Duration::from_millis(300));
    let waiting =
        std::iter::from_fn(|| std::net::TcpStream::connect_timeout(&address, moment).ok()).take(64).collect();
    (door, waiting, port)
}

#[test]
fn a_provider_that_cannot_be_reached_is_given_up_after_its_own_wait() {
    let (_door, _waiting, port) = deaf();
    let home = Home::with(&format!(
        "[net]\nconnect_timeout = 600\n\
         [providers.box]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:{port}/v1'\nconnect_timeout = 1\n"
    ));
    let began = std::time::Instant::now();
    let said = home.run(&["chat", "-m", "box/m", "hi"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("did not accept a connection in time"), "{}", said.stderr);
    assert!(began.elapsed() < std::time::Duration::from_mins(1), "the wait of every server held");
}

/// Who asks for a list waits ten seconds, and is told of those who said nothing: this one is left before that.
#[test]
fn a_server_that_may_be_there_and_accepts_nobody_is_left_at_once_and_not_spoken_of() {
    let (_door, _waiting, port) = deaf();
    let home = Home::with(&format!(
        "[net]\nconnect_timeout = 600\n\
         [providers.maybe]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:{port}/v1'\noptional = true\n"
    ));
    let listed = home.run(&["models", "list", "--probe"]);
    assert_eq!((listed.code, listed.stderr.as_str()), (Some(0), ""), "{listed:?}");
    assert!(!listed.stdout.contains("maybe"), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_sent_again_or_held_back_says_so_and_for_how_long() {
    let server = Server::start(|number, _| match number {
        0 => whole(503, &[("retry-after", "1")], "busy"),
        _ => events([Part::Bytes(data("llama_chat.sse"))]),
    })
    .await;
    let home = configured(&server, "per_minute = 1\n");
    tokio::task::block_in_place(|| {
        let said = home.run(&["chat", "-m", "box/m", "hi"]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stderr.contains("box/m: 503, second try in 2 s"), "{}", said.stderr);
        assert!(!said.stdout.contains("second try"), "{}", said.stdout);
        let said = home.run(&["chat", "-m", "box/m", "--json", "hi"]);
        assert!(!said.stderr.contains("try in"), "{}", said.stderr);
    });
}
