//! What a model writes stays a text in the real program: nothing that it names is fetched, and the terminal is told nothing of it.

use std::net::TcpListener;

use crate::tty::Home;

const SIZE: (u16, u16) = (100, 30);

/// Pictures and links as models write them; `AT` is where something listens, `N` their number.
const WRITTEN: [&str; 8] = [
    "![xNx](http://AT/N.png)",
    "[xNx](http://AT/N)",
    "<img alt=\"xNx\" src=\"http://AT/N.png\" onerror=\"fetch('http://AT/N')\">",
    "<http://AT/N> xNx",
    "http://AT/N xNx",
    "![xNx][rN]\n\n[rN]: http://AT/N.png",
    "<iframe src=\"http://AT/N\"></iframe> ![xNx](file:///etc/passwd)",
    "&#27;]8;;http://AT/N&#27;\\xNx&#27;]8;;&#27;\\ &#27;]52;c;eHg=&#7;",
];

#[test]
fn a_thousand_pictures_and_links_of_a_model_are_fetched_by_nobody() {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let at = trap.local_addr().unwrap().to_string();
    let payload: Vec<String> = (0..1_000)
        .map(|number| {
            let written = WRITTEN[number % WRITTEN.len()].replace('N', &number.to_string());
            written.replace("AT", &at)
        })
        .collect();
    let home = Home::scripted();
    let mut tty = home.open(SIZE, &["-m", "scripted/echo"]);
    tty.wait_for_composer();
    tty.send(format!("\x1b[200~{}\n\nthe very end\x1b[201~", payload.join("\n\n")));
    tty.wait_for("[Pasted #1");
    tty.enter_after_paste();
    tty.wait_for("the very end");
    tty.send("\t");
    tty.wait("the focus in what is read", vt100::Screen::hide_cursor);
    tty.send("g");
    tty.wait_for("x0x");
    tty.send("\x11");
    tty.ends_restored(0);
    assert!(trap.accept().is_err(), "somebody asked for what a model has named");
    let told = tty.bytes();
    for sequence in [&b"\x1b]8;;http"[..], b"\x1b]52;c;eHg"] {
        assert!(!told.windows(sequence.len()).any(|bytes| bytes == sequence));
    }
}
