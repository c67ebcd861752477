//! A span that another process sends to the receiver of this one, until its name is on the screen: in the list of runs, and in
//! the run that is looked into.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tty::{Home, Tty};
use super::{SIZE, in_short, line, quit};

const TIMES: u64 = 20;
/// When the first of them began, in nanoseconds since the Unix epoch.
const BEGUN: u64 = 1_790_000_000_000_000_000;
const SECOND: u64 = 1_000_000_000;

pub fn measure() {
    let home = Home::scripted();
    let tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.send("\x1b9");
    tty.wait_for("Every call of a model");
    // Any port that is free.
    tty.send("L\x15");
    tty.wait_for("0 is any that is free");
    tty.send("0\r");
    let address = address(&tty);

    let new: Vec<_> = (0..TIMES)
        .map(|number| {
            let name = format!("run-{number:02}");
            // The newest stands at the top.
            let start = BEGUN + number * SECOND;
            seen(&tty, &address, &name, &span(number + 1, 1, None, &name, start))
        })
        .collect();
    line("span sent → run in the list, median / worst of 20", &in_short(&new), "100 ms");

    let (trace, start) = (TIMES + 1, BEGUN + TIMES * SECOND);
    seen(&tty, &address, "run-open", &span(trace, 1, None, "run-open", start));
    tty.send("\r");
    tty.wait("the run alone", |screen| !screen.contents().contains("run-00"));
    let grown: Vec<_> = (0..TIMES)
        .map(|number| {
            let name = format!("step-{number:02}");
            // Each began before those that are there, so that it stands in sight.
            let began = start + (TIMES - number) * 1000;
            seen(&tty, &address, &name, &span(trace, number + 2, Some(1), &name, began))
        })
        .collect();
    line("span sent → in the run that is open, the same", &in_short(&grown), "100 ms");
    quit(tty);
}

/// Where it listens, as the screen tells it.
fn address(tty: &Tty) -> String {
    tty.wait_for("/v1/traces");
    let text = tty.text();
    let (before, _) = text.split_once("/v1/traces").unwrap();
    before.rsplit_once("http://").unwrap().1.to_owned()
}

fn span(trace: u64, id: u64, parent: Option<u64>, name: &str, start: u64) -> Value {
    let length = if parent.is_some() { SECOND / 4 } else { SECOND / 2 };
    let mut span = json!({
        "traceId": format!("{trace:032x}"),
        "spanId": format!("{id:016x}"),
        "name": name,
        "kind": 1,
        "startTimeUnixNano": start.to_string(),
        "endTimeUnixNano": (start + length).to_string(),
    });
    if let Some(parent) = parent {
        span["parentSpanId"] = format!("{parent:016x}").into();
    }
    span
}

/// Sends a span; the time until its name is on the screen.
fn seen(tty: &Tty, address: &str, name: &str, span: &Value) -> Duration {
    // What the one before has left to do is done; unequal pauses meet every phase of a frame.
    thread::sleep(Duration::from_millis(150 + name.bytes().map(u64::from).sum::<u64>() * 7 % 50));
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string();
    let mut peer = TcpStream::connect(address).unwrap();
    let head = format!("POST /v1/traces HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    let about = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    let request = [head, about, body].concat();
    let start = Instant::now();
    peer.write_all(request.as_bytes()).unwrap();
    let time = tty.wait_for(name).saturating_duration_since(start);
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    time
}
