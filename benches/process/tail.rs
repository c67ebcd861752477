//! Spans that another program sends, on the screen of the traces place.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::tty::Home;
use super::{SIZE, in_short, line, quit};

/// Runs that are sent one after another, and spans that one run grows by.
const ROUNDS: u32 = 20;

/// Prints the rows.
pub fn tail() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = Home::scripted();
    let tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.send("\x1b9");
    tty.wait_for("Every call of a model");
    tty.send("L");
    tty.wait_for("what other programs send to the port");
    tty.send(format!("\x15{port}\r"));
    tty.wait_for(&format!("127.0.0.1:{port}/v1/traces"));
    let sent = |trace: u32, span: u32, name: &str| {
        // Frames of the one before are over.
        thread::sleep(Duration::from_millis(200));
        let begun = Instant::now();
        post(port, trace, span, name);
        tty.wait_for(name).saturating_duration_since(begun)
    };
    let runs: Vec<_> = (1..=ROUNDS).map(|trace| sent(trace, 1, &format!("arrives{trace}x"))).collect();
    line("a span sent → its run in the list, median / worst of 20", &in_short(&runs), "100 ms");
    // The newest stands first.
    tty.send("g\r");
    tty.wait("that run alone", |screen| !screen.contents().contains("arrives1x"));
    let spans: Vec<_> = (1..=ROUNDS).map(|span| sent(ROUNDS, span + 1, &format!("grows{span}x"))).collect();
    line("a span sent → in the run that is open, the same", &in_short(&spans), "100 ms");
    quit(tty);
}

/// Sends a span that begins now.
fn post(port: u16, trace: u32, span: u32, name: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    // The first one goes on, and the others are parts of it.
    let (parent, end) = if span == 1 { (String::new(), 0) } else { (format!("{:016x}", 1), now + 1_000) };
    let said = json!({
        "traceId": format!("{trace:032x}"), "spanId": format!("{span:016x}"), "parentSpanId": parent, "name": name,
        "startTimeUnixNano": now.to_string(), "endTimeUnixNano": end.to_string(),
    });
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [said]}]}]}).to_string();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut peer = TcpStream::connect(("127.0.0.1", port)).unwrap();
    peer.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
