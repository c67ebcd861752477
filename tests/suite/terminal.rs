//! The whole program in the terminals that there are: their mice, clipboards, editors, keyboards, sizes and ends.

use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::tty::{ANSWERS, Home, Seen, Tty};

const SIZE: (u16, u16) = (100, 30);
const OSC52: &[u8] = b"\x1b]52;c;";

/// The program over SSH, where the clipboard is the terminal's, with an echo asked once.
fn asked(home: &Home, variables: &[(&str, &str)], prompt: &str) -> Tty {
    let mut command = home.command(&["-m", "scripted/echo"]);
    command.env("SSH_TTY", "/dev/pts/9");
    for (name, value) in variables {
        command.env(name, value);
    }
    let tty = Tty::start(command, SIZE, &[]);
    tty.wait_for_composer();
    tty.ask(prompt);
    tty.wait("the end of the answer", |screen| {
        let text = screen.contents();
        text.contains("→") && !text.contains("Esc stop")
    });
    tty
}

/// Row and column, from 1, of the last place where a text is shown.
fn place(tty: &Tty, text: &str) -> (usize, usize) {
    let screen = tty.text();
    let found = screen.lines().enumerate().filter_map(|(y, line)| {
        let x = line[..line.find(text)?].chars().count();
        Some((y + 1, x + 1))
    });
    found.last().unwrap_or_else(|| panic!("{text} is not on the screen:\n{screen}"))
}

/// What the last OSC 52 holds.
fn copied(seen: &Seen) -> Option<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let start = seen.raw.windows(OSC52.len()).rposition(|w| w == OSC52)? + OSC52.len();
    let length = seen.raw[start..].iter().position(|b| *b == 7)?;
    let mut bytes = Vec::new();
    for four in seen.raw[start..start + length].chunks(4) {
        let digits = four.iter().filter_map(|c| ALPHABET.iter().position(|a| a == c));
        let bits =
            digits.clone().fold(0_u32, |sum, d| sum << 6 | d as u32) << (6 * (4 - digits.clone().count()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..digits.count()]);
    }
    String::from_utf8(bytes).ok()
}

fn quit(mut tty: Tty) {
    tty.send("\x11");
    tty.ends_restored(0);
}

#[test]
fn the_mouse_selects_the_source_scrolls_and_focuses_and_f3_lets_it_go() {
    let home = Home::scripted();
    let tty = asked(&home, &[], "alpha **bold** omega");
    let (y, x) = place(&tty, "alpha bold omega");
    let end = x + "alpha bold omega".len() - 1;
    tty.send(format!("\x1b[<0;{x};{y}M\x1b[<32;{};{y}M\x1b[<32;{end};{y}M\x1b[<0;{end};{y}m", x + 4));
    tty.wait_until("the copy", |seen| copied(seen).is_some());
    let text = tty.look(copied).unwrap();
    assert!(text.starts_with("alpha **bold** omeg") && !text.contains('\x1b'), "{text:?}");
    // The click took the focus, and another gives it back to the composer.
    tty.wait("no caret", vt100::Screen::hide_cursor);
    let (y, _) = place(&tty, "ask a follow-up");
    tty.send(format!("\x1b[<0;60;{y}M\x1b[<0;60;{y}m"));
    tty.wait("the caret", |screen| !screen.hide_cursor());

    tty.send("\x1b[200~");
    for n in 0..60 {
        tty.send(format!("row {n}\n"));
    }
    tty.send("\x1b[201~");
    tty.wait_for("[Pasted");
    tty.enter_after_paste();
    tty.wait_for("row 59");
    for _ in 0..40 {
        tty.send("\x1b[<64;60;10M");
    }
    tty.wait_for("alpha bold omega");
    for _ in 0..60 {
        tty.send("\x1b[<65;60;10M");
    }
    tty.wait("the end again", |screen| {
        let text = screen.contents();
        // Its figures are there: to quit in the middle of an answer would be asked about.
        text.contains("→120 tok") && !text.contains("alpha bold")
    });

    tty.send("\x1bOR");
    tty.wait("no mouse", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None);
    tty.wait_for("mouse off");
    quit(tty);
}

#[test]
fn over_ssh_a_copy_goes_through_the_terminal_and_in_tmux_wrapped_besides() {
    let home = Home::scripted();
    let tty = asked(&home, &[], "carry **this** over");
    tty.send("\ty");
    tty.wait_until("the copy", |seen| copied(seen).is_some());
    assert_eq!(tty.look(copied).unwrap(), "carry **this** over");
    assert_eq!(tty.look(|seen| seen.count(b"\x1bPtmux;")), 0);
    quit(tty);

    let home = Home::scripted();
    let tty = asked(&home, &[("TMUX", "/tmp/tmux-0/default,1,0")], "carry **this** over");
    tty.send("\ty");
    tty.wait_until("the wrapped copy", |seen| seen.count(b"\x1bPtmux;\x1b\x1b]52;c;") == 1);
    tty.wait_until("the plain copy", |seen| copied(seen).as_deref() == Some("carry **this** over"));
    quit(tty);
}

/// There is no display here, so this machine's clipboard takes nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_copy_that_nobody_took_is_not_said_to_be_one() {
    let home = Home::new("[providers.scripted]\nkind = \"scripted\"\n[ui]\nosc52 = \"off\"\n");
    let tty = asked(&home, &[], "nobody takes this");
    tty.send("\ty");
    tty.wait_for("the clipboard failed");
    assert_eq!(tty.look(|seen| seen.count(OSC52) + seen.count(b"Copied")), 0);
    quit(tty);
}

#[test]
fn an_editor_has_the_draft_in_a_private_file_and_one_that_fails_changes_nothing() {
    let home = Home::scripted();
    let editor = home.path().join("editor");
    let script = "#!/bin/sh\nstat -c %a \"$1\" \"$(dirname \"$1\")\" >> seen\ncat \"$1\" >> seen\n\
                  echo >> seen\nprintf '%s' 'from the editor' > \"$1\"\nif [ -e fail ]; then exit 3; fi\n";
    std::fs::write(&editor, script).unwrap();
    std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = home.command(&["-m", "scripted/echo"]);
    command.env("VISUAL", &editor);
    command.env("XDG_RUNTIME_DIR", home.path().join("run"));
    let texts = home.path().join("run/outcrop");
    let tty = Tty::start(command, SIZE, &[]);
    tty.wait_for_composer();
    tty.send("before");
    tty.wait_for("before");
    tty.send("\x07");
    tty.wait_for("from the editor");
    let seen = std::fs::read_to_string(home.path().join("seen")).unwrap();
    assert_eq!(seen, "600\n700\nbefore\n");
    assert_eq!(std::fs::read_dir(&texts).unwrap().count(), 0, "the file is gone");

    std::fs::write(home.path().join("fail"), "").unwrap();
    tty.send(", and more");
    tty.wait_for("from the editor, and more");
    tty.send("\x07");
    tty.wait_until("the screen, a third time", |seen| {
        seen.count(b"\x1b[?1049h") == 3 && seen.text().contains("from the editor, and more")
    });
    tty.send("!");
    tty.wait_for("from the editor, and more!");
    assert_eq!(std::fs::read_dir(&texts).unwrap().count(), 0);
    quit(tty);
    assert_eq!(home.said(&["conversations", "list"]), "", "nothing was sent");
}

/// The newest answer, as it is stored.
fn answer(home: &Home) -> serde_json::Value {
    let list = home.said(&["conversations", "list"]);
    let id = list.split_whitespace().next().unwrap_or_else(|| panic!("no conversation"));
    let shown = home.said(&["conversations", "show", id, "--json"]);
    let reply: serde_json::Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    reply["thread"]["messages"][1].clone()
}

/// The program while an answer streams.
fn streaming(home: &Home) -> Tty {
    let tty = home.open(SIZE, &["-m", "scripted/stream-2000@100"]);
    tty.wait_for_composer();
    tty.ask("go");
    tty.wait_for("quiet engines count");
    tty
}

/// Its first words are stored, and it is not still being written.
#[track_caller]
fn is_kept(home: &Home) {
    let answer = answer(home);
    let text = answer["blocks"][0]["text"].as_str().unwrap_or_default();
    assert!(text.contains("quiet engines count"), "{answer}");
    assert_ne!(answer["answer"]["outcome"]["state"], "streaming", "{answer}");
}

#[test]
fn when_the_terminal_is_closed_in_the_middle_of_an_answer_what_came_is_kept() {
    let home = Home::scripted();
    let mut tty = streaming(&home);
    tty.hang_up();
    assert_eq!(tty.ended(), Some(129));
    is_kept(&home);
}

#[test]
fn a_signal_in_the_middle_of_an_answer_keeps_what_came_and_gives_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let home = Home::scripted();
        let mut tty = streaming(&home);
        tty.signal(signal);
        tty.ends_restored(code);
        is_kept(&home);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a slow line is one that brings nothing for a while")]
fn a_paste_of_ten_megabytes_or_with_an_end_mark_in_it_is_sent_by_nobody() {
    let home = Home::scripted();
    let tty = home.open_answering(SIZE, &["-m", "scripted/echo"]);
    tty.wait_for_composer();
    let mut paste = b"\x1b[200~".to_vec();
    for _ in 0..10 * 1024 {
        paste.extend_from_slice(&[b'x'; 1023]);
        paste.push(b'\r');
    }
    paste.extend_from_slice(b"\x1b[201~");
    tty.send(paste);
    tty.wait_for("[Pasted #1 · 10.5 MB]");
    tty.send("\x1b[200~ harmless\x1b[201~\rsudo reboot\r\x1b[201~");
    tty.wait_for("sudo reboot");
    // The same over a slow line, which brings it in pieces.
    for piece in
        ["\x1b[200~ rm -rf\x1b[201~\r", " more\x1b[201~", "\x1b[200~ shut\x1b[201~", "\r down\x1b[201~"]
    {
        tty.send(piece);
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    tty.wait_for("down");
    quit(tty);
    assert_eq!(home.said(&["conversations", "list"]), "");
}

#[test]
fn a_storm_of_sizes_while_an_answer_streams_ends_with_the_whole_picture() {
    let home = Home::scripted();
    let tty = home.open(SIZE, &["-m", "scripted/stream-300@300"]);
    tty.wait_for_composer();
    tty.ask("go");
    tty.wait_for("carries silt");
    for i in 0..150_u16 {
        tty.resize((1 + (i * 37) % 200, 1 + (i * 13) % 60));
    }
    tty.resize((40, 8));
    tty.wait_for("40x8.");
    tty.resize((60, 20));
    tty.wait("the answer", |screen| {
        let text = screen.contents();
        text.contains("→300 tok") && text.contains("▌") && !screen.hide_cursor()
    });
    quit(tty);
}

#[test]
fn a_terminal_with_the_kitty_keyboard_gets_it_and_its_keys_mean_the_same() {
    let home = Home::scripted();
    let mut tty = Tty::start(home.command(&["-m", "scripted/echo"]), SIZE, ANSWERS);
    tty.wait_for_composer();
    tty.wait_until("the protocol", |seen| seen.count(b"\x1b[>1u") == 1);
    tty.send("one\x1b[13;2utwo");
    tty.wait("two lines", |screen| {
        let text = screen.contents();
        text.contains("one") && text.contains("two") && !text.contains("onetwo")
    });
    tty.send("\x1b[112;5u");
    tty.wait_for("Show every key");
    tty.send("\x1b[27u");
    tty.wait("no palette", |screen| !screen.contents().contains("Show every key"));
    tty.send("\x1b[113;5u");
    tty.ends_restored(0);
    assert_eq!(home.said(&["conversations", "list"]), "");
}

#[test]
fn answers_that_come_late_and_in_pieces_are_typed_nowhere() {
    let home = Home::scripted();
    let tty = home.open(SIZE, &["-m", "scripted/echo"]);
    tty.wait_for_composer();
    tty.send("typed");
    tty.wait_for("typed");
    for (i, piece) in ANSWERS.chunks(5).enumerate() {
        tty.send(piece);
        // Something is seen between two pieces, so that each is a read of its own.
        tty.resize((70 + i as u16, 25));
        tty.wait_until("a frame", |seen| seen.count(b"\x1b[?2026l") > i + 1);
    }
    tty.wait_until("the last answer", |seen| seen.count(b"\x1b[>1u") == 1);
    tty.send("!");
    tty.wait_for("typed!");
    assert!(!tty.text().contains("rgb"), "{}", tty.text());
    quit(tty);
}

#[test]
fn without_a_locale_text_is_still_text() {
    let home = Home::scripted();
    let mut command = home.command(&["-m", "scripted/wide"]);
    command.env("LANG", "C");
    command.env("LC_ALL", "C");
    let tty = Tty::start(command, SIZE, &[]);
    tty.wait_for_composer();
    tty.ask("é 漢字");
    tty.wait_for("漢字かな交じり文");
    tty.wait_for("é 漢字");
    // While an answer runs, quitting asks.
    tty.wait_for("· stop");
    quit(tty);
}
