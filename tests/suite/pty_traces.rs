//! Traces in the real program: what another process brings is seen at once, opened, walked and searched.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::json;

use crate::tty::Home;

const SIZE: (u16, u16) = (100, 30);

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces").join(name);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_run_that_another_process_brings_is_seen_at_once_and_looked_into() {
    let home = Home::scripted();
    let mut tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.send("\x1b9");
    tty.wait_for("Every call of a model");
    home.said(&["traces", "import", &data("otlp_genai.json")]);
    tty.wait_for("◆ Weather");
    tty.send("\r");
    // Among the runs, too, stands what failed in it.
    tty.wait_for("f findings");
    tty.send("]");
    tty.wait("the failed tool", |screen| {
        let text = screen.contents();
        text.contains("3 of 4") && text.contains("timeout: slow")
    });
    // The answer stands in no name: only what was said has it.
    tty.send("/rainy\r");
    tty.wait_for("1 found");
    tty.send("\x1b");
    tty.wait("the line is left", |screen| !screen.contents().contains("1 found"));
    tty.send("v");
    tty.wait_for("Weather in Paris?");
    tty.send("\x11");
    tty.ends_restored(0);
}

#[test]
fn a_span_that_is_sent_to_the_receiver_is_seen_at_once_and_sent_again_counts_once() {
    let home = Home::scripted();
    let mut tty = home.open(SIZE, &[]);
    tty.wait_for_composer();
    tty.send("\x1b9");
    tty.wait_for("Every call of a model");
    tty.send("L\x15");
    tty.wait_for("0 is any that is free");
    tty.send("0\r");
    tty.wait_for("/v1/traces");
    let text = tty.text();
    let address = text.split_once("/v1/traces").unwrap().0.rsplit_once("http://").unwrap().1;
    let span = json!({
        "traceId": "ab".repeat(16), "spanId": "cd".repeat(8), "name": "weir by the mill",
        "startTimeUnixNano": "1000000000", "endTimeUnixNano": "2000000000",
    });
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string();
    let head = ["POST /v1/traces HTTP/1.1\r\nConnection: close\r\nHost: ", address].concat();
    let about = format!("\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    for said in ["1 span", "1 span · 1 sent again"] {
        let mut peer = TcpStream::connect(address).unwrap();
        peer.write_all([head.as_str(), &about, &body].concat().as_bytes()).unwrap();
        let mut answer = String::new();
        peer.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        tty.wait_for("weir by the mill");
        tty.wait_for(&["/v1/traces · ", said].concat());
    }
    tty.send("\x11");
    tty.ends_restored(0);
}
