//! Starting contacts nothing: a server that is configured hears of the program once its models are asked for, and not before.
//! Nor does it leave anything behind that would wake an idle machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::tty::Home;

const SIZE: (u16, u16) = (100, 30);

/// A server of this machine that counts who connects, whatever they say then; its port, and the count.
fn counting() -> (u16, Arc<AtomicUsize>) {
    const MODELS: &str = r#"{"object":"list","data":[{"id":"heard-of","object":"model"}]}"#;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let connected = Arc::clone(&count);
    // It ends with the process of the test.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            connected.fetch_add(1, Ordering::SeqCst);
            let Ok(mut stream) = stream else { continue };
            let Ok(read) = stream.try_clone() else { continue };
            let _ = BufReader::new(read).lines().map_while(Result::ok).find(String::is_empty);
            let length = MODELS.len();
            let head = format!(
                "HTTP/1.1 200 X\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}"
            );
            let _ = write!(stream, "{head}\r\n\r\n{MODELS}");
        }
    });
    (port, count)
}

/// Servers of every kind at that port, and a voice that answers without one.
fn home(port: u16) -> Home {
    Home::new(&format!(
        "model = 'scripted/echo'\n[providers.scripted]\nkind = 'scripted'\n\
         [providers.near]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:{port}/v1'\n\
         [providers.claude]\nkind = 'anthropic'\nbase_url = 'http://127.0.0.1:{port}/v1'\napi_key = 'k'\n\
         [providers.llamas]\nkind = 'ollama'\nbase_url = 'http://127.0.0.1:{port}'\n\
         [providers.amazon]\nkind = 'bedrock'\nbase_url = 'http://127.0.0.1:{port}'\nregion = 'eu-west-1'\n\
         api_key = 'k'\n"
    ))
}

#[test]
fn starting_asking_a_model_walking_the_places_and_quitting_connect_to_no_server_that_is_not_asked() {
    let (port, count) = counting();
    let home = home(port);
    for question in [Some("hello there"), None] {
        let mut tty = home.open(SIZE, &[]);
        tty.wait_for_composer();
        if let Some(question) = question {
            tty.ask(question);
        }
        // The answer's end, which stands there again at the second start.
        tty.wait_for("· stop");
        // Every place but that of the models, and back.
        for place in "2345689".chars() {
            tty.send(format!("\x1b{place}"));
        }
        tty.wait_for("takes what other programs send");
        tty.send("\x1b1");
        tty.wait_for("· stop");
        tty.send("\x11");
        tty.ends_restored(0);
    }
    assert_eq!(count.load(Ordering::SeqCst), 0, "somebody was connected to");
    assert!(home.said(&["usage", "egress"]).is_empty());
}

#[test]
fn starting_with_a_server_s_model_and_writing_to_it_connects_to_nobody_before_it_is_asked() {
    let (port, count) = counting();
    let home = home(port);
    for model in ["near/heard-of", "claude/heard-of", "llamas/heard-of", "amazon/heard-of"] {
        let mut tty = home.open(SIZE, &["-m", model]);
        tty.wait_for_composer();
        tty.wait_for("heard-of");
        tty.send("why do rivers");
        tty.wait_for("why do rivers");
        tty.send("\x11");
        tty.ends_restored(0);
    }
    assert_eq!(count.load(Ordering::SeqCst), 0, "somebody was connected to");
    assert!(home.said(&["usage", "egress"]).is_empty());
}

#[test]
fn opening_the_list_of_models_asks_the_servers() {
    let (port, count) = counting();
    let home = home(port);
    let mut tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    assert_eq!(count.load(Ordering::SeqCst), 0);
    tty.send("\x0c");
    tty.wait_for("near/heard-of");
    assert!(count.load(Ordering::SeqCst) > 0, "the trap is one");
    tty.send("\x1b");
    tty.wait("no list", |screen| !screen.contents().contains("heard-of"));
    tty.send("\x11");
    tty.ends_restored(0);
}

/// Threads of the store wait for work without looking for it, also where there was no workspace before.
#[test]
#[cfg(target_os = "linux")]
fn the_store_s_own_threads_wake_nobody_up_from_the_first_start_on() {
    let home = Home::scripted();
    let mut tty = home.open(SIZE, &["-m", "scripted/echo"]);
    tty.wait_for_composer();
    tty.ask("hello there");
    tty.wait_for("· stop");
    let mut waiting = 0;
    for thread in std::fs::read_dir(format!("/proc/{}/task", tty.pid())).unwrap().flatten() {
        let name = std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        if name.starts_with("sled-io") {
            // Only the folder of that name in `/proc` itself has it.
            let slack = std::path::Path::new("/proc").join(thread.file_name()).join("timerslack_ns");
            let slack: u64 = std::fs::read_to_string(slack).unwrap().trim().parse().unwrap();
            assert!(slack >= 60_000_000_000, "{} may be late by {slack} ns alone", name.trim());
            waiting += 1;
        }
    }
    assert!(waiting > 0, "the store has no threads of that name any more");
    tty.kill();
}
