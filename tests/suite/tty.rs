//! The real program in a pseudo-terminal: type into it, read its screen, note when what was seen. The benches use it too.
#![allow(dead_code, reason = "the tests use one part, the benches another")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// How long anything is waited for; only what is broken takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

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
    fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let text = |s: &str| PathBuf::from(s);
        vec![
            ("OUTCROP_HOME", self.path().to_owned()),
            ("HOME", self.path().to_owned()),
            ("PATH", std::env::var_os("PATH").map(PathBuf::from).unwrap_or_default()),
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

    /// Starts the program in a terminal of this size that answers no questions.
    pub fn open(&self, size: (u16, u16), arguments: &[&str]) -> Tty {
        Tty::start(self, size, arguments, false)
    }

    /// The same in a terminal that answers what real ones do.
    pub fn open_answering(&self, size: (u16, u16), arguments: &[&str]) -> Tty {
        Tty::start(self, size, arguments, true)
    }
}

/// What the terminal has got so far.
struct Seen {
    screen: vt100::Parser,
    bytes: Vec<u8>,
    /// When the last bytes came.
    at: Instant,
    ended: bool,
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// A running program and its terminal. Killed when dropped.
pub struct Tty {
    child: Box<dyn Child + Send + Sync>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    seen: Shared,
    /// Just before the process was made.
    pub started: Instant,
    _master: Box<dyn MasterPty + Send>,
}

impl Tty {
    fn start(home: &Home, (columns, rows): (u16, u16), arguments: &[&str], answers: bool) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_outcrop"));
        command.args(arguments);
        command.env_clear();
        for (name, value) in home.variables() {
            command.env(name, value);
        }
        command.cwd(home.path());
        let reader = pair.master.try_clone_reader().unwrap();
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let seen = Seen {
            screen: vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0),
            bytes: Vec::new(),
            at: Instant::now(),
            ended: false,
        };
        let seen: Shared = Arc::new((Mutex::new(seen), Condvar::new()));
        let (to, back) = (Arc::clone(&seen), answers.then(|| Arc::clone(&writer)));
        thread::spawn(move || read(reader, &to, back.as_ref()));
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        Self { child, writer, seen, started, _master: pair.master }
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends keys as a terminal would.
    pub fn send(&self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
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

    /// The screen as text.
    pub fn text(&self) -> String {
        self.seen().screen.screen().contents()
    }

    /// Everything that was written to the terminal.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen().bytes.clone()
    }

    /// Waits until the screen is as wanted; when the bytes came that made it so.
    pub fn wait(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> Instant {
        let end = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        loop {
            if wanted(seen.screen.screen()) {
                return seen.at;
            }
            let left = end.saturating_duration_since(Instant::now());
            let over = seen.ended || left.is_zero();
            assert!(!over, "{what} never came; the screen:\n{}", seen.screen.screen().contents());
            seen = self.seen.1.wait_timeout(seen, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for a text anywhere on the screen.
    pub fn wait_for(&self, text: &str) -> Instant {
        self.wait(text, |screen| screen.contents().contains(text))
    }

    /// Waits until the caret stands in the composer.
    pub fn wait_for_composer(&self) -> Instant {
        self.wait("the composer", |screen| screen.alternate_screen() && !screen.hide_cursor())
    }

    /// Waits for the process to end and all that it wrote; its exit code, or `None` where a signal ended it.
    pub fn ended(&mut self) -> Option<u32> {
        let status = self.child.wait().unwrap();
        let open = |seen: &mut Seen| !seen.ended;
        let rest = self.seen.1.wait_timeout_while(self.seen(), PATIENCE, open);
        let (seen, _) = rest.unwrap_or_else(PoisonError::into_inner);
        assert!(seen.ended, "somebody still holds the terminal");
        drop(seen);
        status.signal().is_none().then(|| status.exit_code())
    }

    /// Ends it as a crash of the machine would.
    pub fn kill(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::KILL);
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

fn read(mut from: Box<dyn Read + Send>, to: &Shared, answers: Option<&Arc<Mutex<Box<dyn Write + Send>>>>) {
    let mut chunk = vec![0; 1 << 16];
    let mut answered = 0;
    loop {
        let count = from.read(&mut chunk).unwrap_or(0);
        let at = Instant::now();
        let mut seen = to.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count == 0 {
            seen.ended = true;
            to.1.notify_all();
            return;
        }
        seen.screen.process(&chunk[..count]);
        seen.bytes.extend_from_slice(&chunk[..count]);
        seen.at = at;
        // The last question is one that every terminal answers.
        let asked = answers.is_some() && seen.bytes[answered..].windows(3).any(|w| w == b"\x1b[c");
        if asked {
            answered = seen.bytes.len();
        }
        drop(seen);
        to.1.notify_all();
        if let (true, Some(writer)) = (asked, answers) {
            let answer = b"\x1b]11;rgb:1212/1212/1212\x1b\\\x1b[?2004;2$y\x1b[?62;22c";
            let _ = writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(answer);
        }
    }
}
