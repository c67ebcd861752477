//! The real program in a pseudo-terminal: type into it, read its screen, note when what was seen. The benches use it too.
//!
//! What is waited for is on the screen or in the bytes, never a time that goes by.
#![allow(dead_code, reason = "the tests use one part, the benches another")]

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use portable_pty::CommandBuilder;
use portable_pty::{Child, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// What else serves models on the machine of the tests is none of theirs.
pub const ALONE: (&str, &str) = ("OUTCROP_NET_FIND_SERVERS", "false");

/// How long anything is waited for; only what is broken takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a terminal with every capability answers, dark blue behind.
pub const ANSWERS: &[u8] = b"\x1b]11;rgb:0000/0000/4040\x1b\\\x1b[?0u\x1b[?2004;1$y\x1b[?62;22c";

/// What a plain one answers.
const PLAIN: &[u8] = b"\x1b]11;rgb:1212/1212/1212\x1b\\\x1b[?2004;2$y\x1b[?62;22c";

/// A home of its own for one test, removed with it.
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// With a configuration file.
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder }
    }

    /// One that has the scripted voice.
    pub fn scripted() -> Self {
        Self::new("[providers.scripted]\nkind = \"scripted\"\n")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program's variables and no others, but for what finds libraries and programs.
    pub fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let text = |s: &str| PathBuf::from(s);
        vec![
            ("OUTCROP_HOME", self.path().to_owned()),
            ("HOME", self.path().to_owned()),
            ("PATH", std::env::var_os("PATH").map(PathBuf::from).unwrap_or_default()),
            (ALONE.0, text(ALONE.1)),
            ("LANG", text("C.UTF-8")),
            ("TERM", text("xterm-256color")),
            ("COLORTERM", text("truecolor")),
        ]
    }

    /// Runs a command of the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outcrop"));
        command.args(arguments).env_clear().envs(self.variables()).stdin(std::process::Stdio::null());
        command.output().unwrap()
    }

    /// The same; its standard output, which must come.
    pub fn said(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "outcrop {arguments:?} failed: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The program as it is started here, for more variables.
    pub fn command(&self, arguments: &[&str]) -> CommandBuilder {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_outcrop"));
        command.args(arguments);
        command.env_clear();
        for (name, value) in self.variables() {
            command.env(name, value);
        }
        command.cwd(self.path());
        command
    }

    /// A shell that controls jobs, with the same variables, at its prompt.
    pub fn shell(&self, size: (u16, u16)) -> Tty {
        let mut command = CommandBuilder::new("bash");
        command.args(["--norc", "--noprofile", "-i"]);
        command.env_clear();
        for (name, value) in self.variables() {
            command.env(name, value);
        }
        for (name, value) in [("PS1", "ready> "), ("HISTFILE", "/dev/null")] {
            command.env(name, value);
        }
        command.cwd(self.path());
        let tty = Tty::start(command, size, &[]);
        tty.wait_for("ready>");
        tty
    }

    /// Starts the program in a terminal of this size that answers no questions.
    pub fn open(&self, size: (u16, u16), arguments: &[&str]) -> Tty {
        Tty::start(self.command(arguments), size, &[])
    }

    /// The same in a terminal that answers what real ones do.
    pub fn open_answering(&self, size: (u16, u16), arguments: &[&str]) -> Tty {
        Tty::start(self.command(arguments), size, PLAIN)
    }
}

/// What the terminal has got so far.
pub struct Seen {
    parser: vt100::Parser,
    /// Every byte.
    pub raw: Vec<u8>,
    /// When the last bytes came.
    at: Instant,
    ended: bool,
    /// So many of the bytes have been looked through for questions.
    answered: usize,
}

impl Seen {
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// The text on the screen, line by line.
    pub fn text(&self) -> String {
        self.screen().contents()
    }

    /// How often the program wrote this.
    pub fn count(&self, bytes: &[u8]) -> usize {
        self.raw.windows(bytes.len()).filter(|w| *w == bytes).count()
    }

    /// No mode of a program in full screen is on.
    pub fn is_restored(&self) -> bool {
        let screen = self.screen();
        !screen.alternate_screen()
            && !screen.bracketed_paste()
            && !screen.hide_cursor()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
            && self.count(b"\x1b[?1004h") == self.count(b"\x1b[?1004l")
            && self.count(b"\x1b[>1u") == self.count(b"\x1b[<u")
    }
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// A running program and its terminal. Killed when dropped.
pub struct Tty {
    // Before the master, so that a test that fails hangs up on its program.
    writer: Option<Arc<Mutex<Box<dyn Write + Send>>>>,
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Shared,
    reader: Option<JoinHandle<()>>,
    hangs_up: Arc<AtomicBool>,
    name: PathBuf,
    /// Just before the process was made.
    pub started: Instant,
    /// The terminal's settings before the program started.
    pub found: String,
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n.max(1)).unwrap()
}

fn pixels((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

impl Tty {
    /// Starts a program in a terminal of this size, columns and rows, that says `answers` to its questions.
    pub fn start(mut command: CommandBuilder, size: (u16, u16), answers: &'static [u8]) -> Self {
        let pair = native_pty_system().openpty(pixels(size)).unwrap();
        let name = pair.master.tty_name().unwrap();
        let found = settings(&name);
        command.env("TERM", "xterm-256color");
        let reader = pair.master.try_clone_reader().unwrap();
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let seen = Seen {
            parser: vt100::Parser::new(cells(size.1), cells(size.0), 0),
            raw: Vec::new(),
            at: Instant::now(),
            ended: false,
            answered: 0,
        };
        let seen: Shared = Arc::new((Mutex::new(seen), Condvar::new()));
        let hangs_up = Arc::new(AtomicBool::new(false));
        let (to, stops) = (Arc::clone(&seen), Arc::clone(&hangs_up));
        let back = (!answers.is_empty()).then(|| (Arc::downgrade(&writer), answers));
        let reader = thread::spawn(move || {
            read(reader, &to, &stops, || {
                let Some((writer, answers)) = &back else { return };
                let Some(writer) = writer.upgrade() else { return };
                // A terminal that stops reading while it answers would wait for itself.
                let answers = *answers;
                thread::spawn(move || {
                    // The program may have ended.
                    let _ = writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(answers);
                });
            });
        });
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (writer, master) = (Some(writer), Some(pair.master));
        Self { writer, master, child, seen, reader: Some(reader), hangs_up, name, started, found }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// The settings of the terminal, as `tcgetattr` has them.
    pub fn settings(&self) -> String {
        settings(&self.name)
    }

    /// Sends bytes as the keyboard would.
    pub fn send(&self, keys: impl AsRef<[u8]>) {
        let writer = self.writer.as_ref().unwrap();
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(keys.as_ref()).unwrap();
        writer.flush().unwrap();
    }

    /// Enter after a paste, when a person can have read that: one that comes sooner is a line of it.
    #[expect(clippy::disallowed_methods, reason = "nothing shows when it counts as a key again")]
    pub fn enter_after_paste(&self) {
        std::thread::sleep(Duration::from_millis(400));
        self.send("\r");
    }

    /// Types a prompt and sends it, once the composer has taken all of it.
    pub fn ask(&self, prompt: &str) {
        self.send(prompt);
        let end: String = prompt.chars().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect();
        self.wait_for(&end);
        self.send("\r");
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what is there now.
    pub fn look<T>(&self, at: impl FnOnce(&Seen) -> T) -> T {
        at(&self.seen())
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.look(Seen::text)
    }

    /// Everything that was written to the terminal.
    pub fn bytes(&self) -> Vec<u8> {
        self.look(|seen| seen.raw.clone())
    }

    /// Forgets the bytes that came; what is on the screen stays.
    pub fn forget(&self) {
        let mut seen = self.seen();
        seen.raw.clear();
        seen.answered = 0;
    }

    /// Waits until what came is as wanted; when the bytes came that made it so.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&Seen) -> bool) -> Instant {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        loop {
            if wanted(&seen) {
                return seen.at;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !seen.ended && !left.is_zero(),
                "{what} never came; the screen:\n{}\nits last bytes: {}",
                seen.text(),
                seen.raw[seen.raw.len().saturating_sub(600)..].escape_ascii()
            );
            seen = self.seen.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The same for what is on the screen.
    pub fn wait(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> Instant {
        self.wait_until(what, |seen| wanted(seen.screen()))
    }

    /// Waits for a text anywhere on the screen.
    pub fn wait_for(&self, text: &str) -> Instant {
        self.wait(&format!("{text:?}"), |screen| screen.contents().contains(text))
    }

    /// Waits until the caret stands in the composer.
    pub fn wait_for_composer(&self) -> Instant {
        self.wait("the composer", |screen| screen.alternate_screen() && !screen.hide_cursor())
    }

    pub fn resize(&self, size: (u16, u16)) {
        self.seen().parser.screen_mut().set_size(cells(size.1), cells(size.0));
        self.master.as_ref().unwrap().resize(pixels(size)).unwrap();
    }

    fn process(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).unwrap();
    }

    /// Waits for the process to end and for the last of its output; one that hangs is killed.
    fn wait_exit(&mut self) -> ExitStatus {
        let process = self.process();
        let (done, rest) = channel::<()>();
        let watch = thread::spawn(move || {
            if rest.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                // The killer of portable-pty asks with a hang-up first, which a program that hangs does not hear.
                let _ = kill_process(process, Signal::KILL);
            }
        });
        let status = self.child.wait().unwrap();
        drop(done);
        watch.join().unwrap();
        // Unless it was closed, the terminal has more to give.
        if self.reader.is_some() {
            let open = |seen: &mut Seen| !seen.ended;
            let rest = self.seen.1.wait_timeout_while(self.seen(), PATIENCE, open);
            let (seen, _) = rest.unwrap_or_else(PoisonError::into_inner);
            assert!(seen.ended, "somebody still holds the terminal");
        }
        status
    }

    /// Waits for the end; its exit code, or `None` where a signal ended it.
    pub fn ended(&mut self) -> Option<u32> {
        let status = self.wait_exit();
        status.signal().is_none().then(|| status.exit_code())
    }

    /// Waits for the end, which must have this code and leave the terminal as it was found.
    #[track_caller]
    pub fn ends_restored(&mut self, code: u32) {
        assert_eq!(self.ended(), Some(code), "{}", self.text());
        assert!(self.look(Seen::is_restored), "{}", self.look(|s| s.raw.escape_ascii().to_string()));
        assert_eq!(self.settings(), self.found);
    }

    /// Closes the terminal under the program, as a window that is shut does.
    pub fn hang_up(&mut self) {
        // The reader's handle is one more; it lets go at the next bytes, which a new size brings, or a key where the
        // program is of another session and no size is told to it.
        self.hangs_up.store(true, Ordering::SeqCst);
        self.resize((61, 21));
        self.send("x");
        self.reader.take().unwrap().join().unwrap();
        self.writer = None;
        self.master = None;
    }

    /// Ends it as a crash of the machine would.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = kill_process(self.process(), Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

fn settings(name: &Path) -> String {
    let file = File::options().read(true).write(true).open(name).unwrap();
    format!("{:?}", rustix::termios::tcgetattr(file).unwrap())
}

/// Takes in what the program writes; `asked` each time that it asks what every terminal answers.
fn read(mut from: Box<dyn Read + Send>, to: &Shared, stops: &AtomicBool, asked: impl Fn()) {
    let mut chunk = vec![0; 1 << 16];
    loop {
        let count = from.read(&mut chunk).unwrap_or(0);
        let at = Instant::now();
        let mut seen = to.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.parser.process(&chunk[..count]);
        seen.raw.extend_from_slice(&chunk[..count]);
        seen.at = at;
        seen.ended = count == 0;
        // The last question.
        let asks = seen.raw[seen.answered..].windows(3).any(|w| w == b"\x1b[c");
        if asks {
            seen.answered = seen.raw.len();
        }
        drop(seen);
        to.1.notify_all();
        if asks {
            asked();
        }
        if count == 0 || stops.load(Ordering::SeqCst) {
            return;
        }
    }
}
