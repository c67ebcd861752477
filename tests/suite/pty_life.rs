//! The life of a terminal: the runtime and a small screen of its own, in this test binary started anew within a real one.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use outcrop::config::Osc52;
use outcrop::tui::effect::Effect;
use outcrop::tui::event::{Capability, Event};
use outcrop::tui::key::{Key, KeyCode};
use outcrop::tui::keymap::Keymap;
use outcrop::tui::runtime::{App, Desk, Host, run};
use outcrop::tui::terminal::{Options, Tty as Screen};
use outcrop::tui::widget::composer::{Composer, Look};
use outcrop::workbench::{Context, Replies, Request, Workbench};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Paragraph;
use rustix::process::Signal;

use crate::tty::{ANSWERS, CommandBuilder, Seen, Tty};

#[derive(Debug)]
struct NoDoor;

impl Workbench for NoDoor {
    fn call(&self, _: Context, _: Request) -> Replies {
        futures_util::stream::empty().boxed()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}

/// A composer, a line of facts, and keys that make trouble.
#[derive(Default)]
struct Small {
    composer: Composer,
    size: (u16, u16),
    sent: usize,
    background: String,
    last: String,
    fails: bool,
}

impl App for Small {
    fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(Key { code: KeyCode::F(1), .. }) => {
                // As where a text is cut in the middle of a character: the message quotes it.
                panic!("on purpose: \u{1b}]0;hostile\u{7}")
            }
            Event::Key(Key { code: KeyCode::F(2), .. }) => {
                self.fails = true;
                return vec![Effect::Quit];
            }
            Event::Key(Key { code: KeyCode::F(3), .. }) => {
                let _ = std::thread::spawn(|| panic!("elsewhere")).join();
                self.last = "still here".into();
            }
            Event::Key(Key { code: KeyCode::F(4), .. }) => {
                std::io::stderr().write_all(b"stuck").unwrap();
                loop {
                    std::thread::park();
                }
            }
            Event::Key(key) if key == Key::ctrl('q') => return vec![Effect::Quit],
            Event::Key(key) if key == Key::ctrl('z') => return vec![Effect::Suspend],
            Event::Key(key) if key == Key::ctrl('g') => return vec![Effect::Edit(self.composer.text())],
            Event::Key(key) if key == Key::plain(KeyCode::Enter) => {
                self.sent += 1;
                self.composer.take();
            }
            Event::Key(key) => {
                if let Some(stroke) = Keymap::default().stroke(key) {
                    self.composer.press(stroke);
                }
            }
            Event::Paste { text, dropped } => {
                self.last = format!("pasted {} dropped {dropped}", text.len());
                self.composer.paste(&text);
            }
            Event::Resize { width, height } => self.size = (width, height),
            Event::Terminal(Capability::Background(r, g, b)) => self.background = format!("{r},{g},{b}"),
            Event::Edited(text) => self.composer.set_text(&text.unwrap()),
            Event::Resumed => self.last = "resumed".into(),
            _ => {}
        }
        Vec::new()
    }

    fn view(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let (w, h) = self.size;
        let facts = format!("size {w}x{h}; sent {}; back {}; {}", self.sent, self.background, self.last);
        frame.render_widget(Paragraph::new(facts), Rect { height: area.height.min(1), ..area });
        let room = Rect { y: 2, height: 3, ..area }.intersection(area);
        self.composer.draw(room, frame.buffer_mut(), &Look::default(), "ask");
        if let Some(caret) = self.composer.caret_in(room) {
            frame.set_cursor_position(caret);
        }
    }

    fn pulse(&self) -> Option<Duration> {
        None
    }
}

/// Not a test by itself: what the tests below start in their terminals.
#[test]
fn the_program_of_the_other_tests() {
    if std::env::var_os("OUTCROP_IN_PTY").is_none() {
        return;
    }
    let host = Host {
        editor: std::env::var_os("OUTCROP_PTY_EDITOR").map(|e| e.to_string_lossy().into_owned()),
        folder: std::env::var_os("OUTCROP_PTY_FOLDER").unwrap_or_default().into(),
        osc52: Osc52::Auto,
        tmux: false,
        desk: Desk::Elsewhere,
        offline: false,
        home: None,
        config: None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut app = Small::default();
    let mut terminal = Screen::open(Options { mouse: true, title: true, pictures: true }).unwrap();
    let ended = runtime.block_on(run(&mut app, Arc::new(NoDoor), &mut terminal, host));
    drop(terminal);
    let code = match ended {
        Err(error) => {
            writeln!(std::io::stderr(), "error: {error}").unwrap();
            2
        }
        Ok(_) if app.fails => {
            writeln!(std::io::stderr(), "error: on purpose").unwrap();
            2
        }
        Ok(ending) => ending.code(),
    };
    std::process::exit(i32::from(code));
}

const PROGRAM: [&str; 3] = ["pty_life::the_program_of_the_other_tests", "--exact", "--nocapture"];

fn command() -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(PROGRAM);
    command.env("OUTCROP_IN_PTY", "1");
    command.env("RUST_BACKTRACE", "0");
    command
}

/// The program, its first frame there though the terminal answered nothing.
fn started() -> Tty {
    let tty = Tty::start(command(), (60, 20), &[]);
    tty.wait_for("size 60x20; sent 0");
    tty
}

#[test]
fn the_first_frame_waits_for_no_answer_and_the_cursor_is_at_the_caret() {
    let mut tty = started();
    tty.look(|seen| {
        let screen = seen.screen();
        assert!(screen.alternate_screen() && screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::ButtonMotion);
        assert!(seen.count(b"\x1b[?2026h") > 0);
    });
    assert_ne!(tty.settings(), tty.found, "raw");
    tty.send("長い x");
    tty.wait_until("cursor behind the text", |s| {
        s.screen().cursor_position() == (2, 6) && !s.screen().hide_cursor()
    });
    tty.send("\x11");
    tty.ends_restored(0);
}

#[test]
fn late_answers_are_swallowed_wherever_they_are_split() {
    let mut tty = started();
    tty.send("typed");
    tty.wait_for("typed");
    for piece in ANSWERS.chunks(7) {
        tty.send(piece);
        // Something must be seen between two pieces, so that each is a read of its own.
        let size = (60 + piece.len() as u16, 20);
        tty.resize((size.0, size.1));
        tty.wait_for(&format!("size {}x", size.0));
        tty.resize((60, 20));
        tty.wait_for("size 60x");
    }
    tty.wait_for("back 0,0,64");
    tty.wait_until("kitty keys on", |s| s.count(b"\x1b[>1u") == 1);
    tty.send("!");
    tty.wait_for("typed!");
    tty.send("\x11");
    tty.ends_restored(0);
}

#[test]
fn an_error_and_a_panic_speak_on_a_restored_terminal() {
    let mut tty = started();
    tty.send("\x1bOQ");
    tty.ends_restored(2);
    assert!(tty.look(|s| s.text().contains("error: on purpose")));

    let mut tty = started();
    tty.send("\x1bOP");
    tty.ends_restored(101);
    tty.look(|seen| {
        assert!(seen.text().contains("on purpose"), "{}", seen.text());
        let left = seen.raw.windows(8).position(|w| w == b"\x1b[?1049l").unwrap();
        let spoke = seen.raw.windows(10).position(|w| w == b"on purpose").unwrap();
        assert!(left < spoke, "the message came into the picture");
        assert_eq!(seen.count(b"\x1b]0;hostile"), 0, "a panic drove the terminal");
    });
}

#[test]
fn a_panic_of_another_thread_leaves_the_picture_alone() {
    let mut tty = started();
    tty.send("\x1bOR");
    tty.wait_for("still here");
    tty.look(|seen| {
        assert!(seen.screen().alternate_screen());
        assert_eq!(seen.count(b"elsewhere"), 0);
    });
    tty.send("\x11");
    tty.ends_restored(0);
}

#[test]
fn signals_end_it_restored_with_their_exit_codes() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut tty = started();
        tty.signal(signal);
        tty.ends_restored(code);
    }
}

#[test]
fn a_loop_that_hangs_is_ended_by_a_signal_all_the_same() {
    let mut tty = started();
    tty.send("\x1bOS");
    // Told earlier, it would end by itself.
    tty.wait_for("stuck");
    tty.signal(Signal::TERM);
    tty.ends_restored(143);
}

#[test]
fn when_the_terminal_disappears_the_program_ends() {
    let mut tty = started();
    tty.hang_up();
    assert_eq!(tty.ended(), Some(129));
}

/// A program in another session than the terminal's gets no signal: it must find out by itself.
#[cfg(target_os = "linux")]
#[test]
fn when_the_terminal_disappears_without_a_word_the_program_ends_too() {
    use std::io::Read as _;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = CommandBuilder::new("setsid");
    command.args(["--wait", "sh", "-c", "exec 9> \"$LIFE\"; exec \"$0\" \"$@\""]);
    command.arg(std::env::current_exe().unwrap());
    command.args(PROGRAM);
    command.env("OUTCROP_IN_PTY", "1");
    command.env("LIFE", &pipe);
    // The pipe is open for as long as the program lives.
    let (over, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let read = std::fs::File::open(pipe).and_then(|mut life| life.read_to_end(&mut Vec::new()));
        let _ = over.send(read);
    });
    let mut tty = Tty::start(command, (60, 20), &[]);
    tty.wait_for("size 60x20; sent 0");
    tty.hang_up();
    assert_eq!(ended.recv_timeout(Duration::from_mins(1)).expect("it lives on").unwrap(), 0);
}

#[test]
fn ctrl_z_and_fg_work_under_a_shell_and_bg_touches_nothing() {
    let mut command = CommandBuilder::new("bash");
    command.args(["--norc", "--noprofile", "-i"]);
    for (name, value) in [("PS1", "ready> "), ("OUTCROP_IN_PTY", "1"), ("HISTFILE", "/dev/null")] {
        command.env(name, value);
    }
    let mut tty = Tty::start(command, (60, 20), &[]);
    tty.wait_for("ready>");
    let program = std::env::current_exe().unwrap();
    tty.send(format!("{} {}\r", program.display(), PROGRAM.join(" ")));
    tty.wait_for("size 60x20");
    tty.send("kept");
    tty.wait_for("kept");
    tty.send("\x1a");
    // The shell brackets pastes itself, so that mode says nothing here.
    let shell = |s: &Seen| !s.screen().alternate_screen() && s.text().trim_end().ends_with("ready>");
    tty.wait_until("shell", |s| shell(s) && s.text().contains("Stopped"));
    tty.send("bg\r");
    tty.send("echo be''low\r");
    tty.wait_for("below");
    assert!(tty.look(|s| !s.screen().alternate_screen()), "in the background it leaves the terminal alone");
    tty.resize((50, 15));
    tty.send("fg\r");
    tty.wait_until("picture", |s| s.screen().alternate_screen() && s.text().contains("resumed"));
    tty.wait_for("size 50x15");
    tty.wait_for("kept");
    tty.send("\x1a");
    tty.wait_until("shell again", shell);
    tty.send("fg\r");
    tty.wait_until("picture again", |s| s.screen().alternate_screen() && s.text().contains("kept"));
    tty.send("\x11");
    tty.wait_until("shell at last", shell);
    tty.send("echo code=$?\r");
    tty.wait_for("code=0");
    tty.send("exit\r");
    assert_eq!(tty.ended(), Some(0));
}

#[test]
fn with_no_shell_to_go_to_ctrl_z_stops_nothing() {
    let mut tty = started();
    tty.send("\x1a");
    tty.wait_for("resumed");
    tty.send("\x11");
    tty.ends_restored(0);
}

#[test]
fn a_storm_of_sizes_ends_at_the_last_one_and_size_zero_is_no_end() {
    let mut tty = started();
    for i in 0..200u16 {
        tty.resize((1 + (i * 37) % 200, 1 + (i * 13) % 60));
    }
    tty.resize((0, 0));
    tty.resize((70, 22));
    tty.wait_for("size 70x22");
    tty.send("\x11");
    tty.ends_restored(0);

    let mut tty = Tty::start(command(), (0, 0), &[]);
    tty.wait_until("frame", |s| s.screen().alternate_screen() && s.count(b"\x1b[?2026l") > 0);
    tty.resize((60, 20));
    tty.wait_for("size 60x20");
    tty.send("\x11");
    tty.ends_restored(0);
}

#[test]
fn keys_that_come_as_a_paste_would_send_nothing_and_enter_sends() {
    let mut tty = started();
    tty.send("one line\rand another\rand more\r");
    tty.wait_for("sent 0; back ; pasted 30");
    tty.send("\r");
    tty.wait_for("sent 1");
    tty.send("\x11");
    tty.ends_restored(0);
}

#[test]
fn an_editor_gets_the_terminal_and_gives_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command();
    command.env("OUTCROP_PTY_EDITOR", "f() { echo editing; read line; echo \"$line\" > \"$1\"; }; f");
    command.env("OUTCROP_PTY_FOLDER", folder.path().join("run"));
    let mut tty = Tty::start(command, (60, 20), &[]);
    tty.wait_for("size 60x20");
    tty.send("before\x07");
    tty.wait_until("editor", |s| s.text().contains("editing") && s.is_restored());
    assert_eq!(tty.settings(), tty.found);
    tty.send("from the editor\r");
    tty.wait_until("text back", |s| s.screen().alternate_screen() && s.text().contains("from the editor"));
    assert_eq!(std::fs::read_dir(folder.path().join("run")).unwrap().count(), 0);
    tty.send("\x11");
    tty.ends_restored(0);
}
