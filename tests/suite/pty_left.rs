//! What was left running without its screen, in a real terminal: what becomes of the shell meanwhile, and who ends it.

use rustix::process::Signal;

use crate::tty::{Home, Tty};

const SIZE: (u16, u16) = (100, 30);

/// A home with an evaluation whose answers never end.
fn endless() -> Home {
    let home = Home::scripted();
    let questions = home.path().join("questions.jsonl");
    std::fs::write(&questions, "{\"prompt\": \"one\"}\n{\"prompt\": \"two\"}\n").unwrap();
    home.said(&["datasets", "import", questions.to_str().unwrap()]);
    home.said(&["eval", "create", "e", "--dataset", "questions", "-m", "scripted/stream-100000@20"]);
    home
}

/// Asks for its answers on the screen, and leaves them running.
fn leave(tty: &Tty) {
    tty.wait_for_composer();
    tty.send("\x1b4");
    tty.wait_for("2 to ");
    tty.send("f");
    tty.wait_for("● 0");
    tty.send("\x11");
    tty.wait_for("g let it go on");
    tty.send("g");
    tty.wait("the terminal", |screen| {
        !screen.alternate_screen() && screen.contents().contains("goes on without a screen")
    });
}

fn state(home: &Home) -> serde_json::Value {
    let shown = home.said(&["eval", "show", "e", "--json"]);
    let reply: serde_json::Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    reply["evaluation"]["generation"]["state"].clone()
}

#[test]
fn it_gives_the_shell_back_to_ctrl_z_and_ends_once_nothing_runs_any_more() {
    let home = endless();
    let mut tty = home.shell(SIZE);
    tty.send(format!("{} -m scripted/echo\r", env!("CARGO_BIN_EXE_outcrop")));
    leave(&tty);
    tty.send("\x1a");
    tty.wait("the shell", |screen| {
        let text = screen.contents();
        text.contains("Stopped") && text.trim_end().ends_with("ready>")
    });
    tty.send("bg\r");
    tty.send("echo be''low\r");
    tty.wait_for("below");
    tty.send("wait %1; echo code=$?\r");
    assert_eq!(state(&home), "running", "it serves others");
    home.said(&["eval", "pause", "e"]);
    tty.wait_for("code=0");
    assert_eq!(state(&home), "paused");
    tty.send("exit\r");
    assert_eq!(tty.ended(), Some(0));
}

#[test]
fn a_signal_or_the_end_of_the_terminal_stops_it_to_be_gone_on_with() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let home = endless();
        let mut tty = home.open(SIZE, &["-m", "scripted/echo"]);
        leave(&tty);
        tty.signal(signal);
        tty.ends_restored(code);
        assert_eq!(state(&home), "paused");
    }
    let home = endless();
    let mut tty = home.open(SIZE, &["-m", "scripted/echo"]);
    leave(&tty);
    tty.hang_up();
    assert_eq!(tty.ended(), Some(129));
    assert_eq!(state(&home), "paused");
}
