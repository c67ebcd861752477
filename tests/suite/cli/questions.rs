//! Questions on a terminal.

use crate::tty::Home;

const SIZE: (u16, u16) = (80, 24);

#[test]
fn ctrl_c_ends_a_question_and_gives_the_echo_back() {
    let home = Home::scripted();
    home.said(&["chat", "-m", "scripted/echo", "kept"]);
    let id = home.said(&["conversations", "list"])[..8].to_owned();
    for (arguments, question) in [
        (&["conversations", "remove", &id][..], "[y/N]"),
        (&["workspace", "rekey", "--to", "passphrase"], "New passphrase"),
    ] {
        let mut tty = home.open(SIZE, arguments);
        tty.wait_for(question);
        tty.send("\x03");
        tty.ends_restored(130);
    }
    assert_eq!(home.said(&["conversations", "list"]).lines().count(), 1);
}

#[test]
fn a_yes_is_heard_and_a_passphrase_is_not_shown() {
    let home = Home::scripted();
    home.said(&["chat", "-m", "scripted/echo", "gone"]);
    let id = home.said(&["conversations", "list"])[..8].to_owned();
    let mut tty = home.open(SIZE, &["conversations", "remove", &id]);
    tty.wait_for("[y/N]");
    tty.send("y\r");
    tty.ends_restored(0);
    assert_eq!(home.said(&["conversations", "list"]), "");
    let mut tty = home.open(SIZE, &["workspace", "rekey", "--to", "passphrase"]);
    tty.wait_for("New passphrase");
    tty.send("river stone\r");
    tty.wait_for("again");
    tty.send("river stone\r");
    tty.wait_for("opens the workspace now");
    tty.ends_restored(0);
    assert!(!tty.text().contains("river"), "{}", tty.text());
}

/// A folder of somebody else's files, and a pattern that names them all.
#[test]
fn a_mistake_repeats_what_was_typed_without_driving_the_terminal() {
    let home = Home::scripted();
    let hostile = "x\u{1b}]52;c;eA==\u{7}\u{1b}[2J.gguf";
    let said = home.run(&["models", "add", "a.gguf", hostile]);
    let text = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(2), "{text:?}");
    assert!(text.contains(".gguf") && !text.contains(['\u{1b}', '\u{7}']), "{text:?}");
}
