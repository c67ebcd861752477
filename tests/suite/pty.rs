//! A program in a real terminal: typed into, looked at, ended. Waits for what is on the screen, never for time.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use portable_pty::CommandBuilder;
use portable_pty::{Child, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// The longest that anything may take; a machine under load is slow, a hang is for ever.
const LIMIT: Duration = Duration::from_secs(40);

/// What a terminal with every capability answers, dark blue behind.
pub const ANSWERS: &[u8] = b"\x1b]11;rgb:0000/0000/4040\x1b\\\x1b[?0u\x1b[?2004;1$y\x1b[?62;22c";

/// A program, its terminal and what that shows.
pub struct Pty {
    // Before the master, so that a test that fails hangs up on its program.
    writer: Option<Box<dyn Write + Send>>,
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    reader: Option<JoinHandle<()>>,
    hangs_up: Arc<AtomicBool>,
    name: PathBuf,
    /// The terminal's settings before the program started.
    pub found: String,
}

/// What the terminal has got so far.
pub struct Seen {
    parser: vt100::Parser,
    /// Every byte.
    pub raw: Vec<u8>,
    ended: bool,
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

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

impl Pty {
    /// Starts a program in a terminal of this size, which answers no question.
    pub fn spawn(mut command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let name = pair.master.tty_name().unwrap();
        let found = settings(&name);
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let parser = vt100::Parser::new(cells(rows.max(1)), cells(columns.max(1)), 0);
        let seen = Arc::new((Mutex::new(Seen { parser, raw: Vec::new(), ended: false }), Condvar::new()));
        let hangs_up = Arc::new(AtomicBool::new(false));
        let (into, stops) = (seen.clone(), hangs_up.clone());
        let reader = std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            loop {
                let length = output.read(&mut buffer).unwrap_or(0);
                let mut seen = into.0.lock().unwrap();
                seen.parser.process(&buffer[..length]);
                seen.raw.extend_from_slice(&buffer[..length]);
                seen.ended = length == 0;
                into.1.notify_all();
                if length == 0 || stops.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        let writer = Some(pair.master.take_writer().unwrap());
        let master = Some(pair.master);
        Self { writer, master, child, seen, reader: Some(reader), hangs_up, name, found }
    }

    /// The settings of the terminal, as `tcgetattr` has them.
    pub fn settings(&self) -> String {
        settings(&self.name)
    }

    /// Sends bytes as the keyboard would.
    pub fn keys(&mut self, bytes: impl AsRef<[u8]>) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(bytes.as_ref()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until the screen is as `wanted`; `what` says it in words.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        let begun = Instant::now();
        let mut seen = self.seen.0.lock().unwrap();
        while !wanted(&seen) {
            let left = LIMIT.saturating_sub(begun.elapsed());
            assert!(
                !left.is_zero() && !seen.ended,
                "no {what}; the screen:\n{}\nits last bytes: {}",
                seen.text(),
                seen.raw[seen.raw.len().saturating_sub(600)..].escape_ascii()
            );
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until a text is on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), |seen| seen.text().contains(text));
    }

    /// Looks at what is there now.
    pub fn look<T>(&self, at: impl FnOnce(&Seen) -> T) -> T {
        at(&self.seen.0.lock().unwrap())
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen.0.lock().unwrap().parser.screen_mut().set_size(cells(rows.max(1)), cells(columns.max(1)));
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits for the end of the program and of its output: the exit code, 128 and more for a signal.
    pub fn wait_exit(&mut self) -> u32 {
        let mut killer = self.child.clone_killer();
        let (done, rest) = std::sync::mpsc::channel::<()>();
        let watch = std::thread::spawn(move || {
            if rest.recv_timeout(LIMIT) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = killer.kill();
            }
        });
        let status = self.child.wait().unwrap();
        drop(done);
        watch.join().unwrap();
        if self.master.is_some() {
            self.reader.take().unwrap().join().unwrap();
        }
        status.exit_code()
    }

    /// Closes the terminal under the program, as a window that is shut does.
    pub fn hang_up(&mut self) {
        // The reader's handle is one more; it lets go at the next bytes, which a new size brings.
        self.hangs_up.store(true, Ordering::SeqCst);
        self.resize(61, 21);
        self.reader.take().unwrap().join().unwrap();
        self.writer = None;
        self.master = None;
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn settings(name: &PathBuf) -> String {
    let file = File::options().read(true).write(true).open(name).unwrap();
    format!("{:?}", rustix::termios::tcgetattr(file).unwrap())
}
