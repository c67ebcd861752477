//! The modes that the terminal is put into, and the way back, which must work from any thread at any time.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr};

/// Alternate screen, bracketed paste, focus.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?1004h";
/// Background colour, keyboard protocol, bracketed paste.
const QUESTIONS: &[u8] = b"\x1b]11;?\x1b\\\x1b[?u\x1b[?2004$p";
/// Kitty's graphics (a picture of one point, asked about and not kept), the terminal's name, the size of a cell.
const PICTURES: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[16t";
/// DA1, which every terminal answers, ends them; it also says whether there is Sixel.
const LAST: &[u8] = b"\x1b[c";
/// Some terminals show what they do not understand: wipe it.
const WIPE: &[u8] = b"\x1b[0m\x1b[H\x1b[2J\x1b[?25l";
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";
const KEYS_ON: &[u8] = b"\x1b[>1u";
const KEYS_OFF: &[u8] = b"\x1b[<u";
const TITLE_KEEP: &[u8] = b"\x1b[22;2t";
const TITLE_BACK: &[u8] = b"\x1b[23;2t";
/// An open frame is ended first, the cursor shown last.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?1004l\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// How long the way back waits for a terminal that takes nothing.
const STALLED: Duration = Duration::from_millis(200);

/// What the person chose and the terminal can.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    pub mouse: bool,
    pub title: bool,
    /// The terminal is asked how it shows pictures.
    pub pictures: bool,
}

/// The terminal's modes, as they were found and as they are.
#[derive(Debug)]
pub struct Modes {
    input: File,
    output: File,
    found: Termios,
    title: bool,
    pictures: bool,
    entered: AtomicBool,
    mouse: AtomicBool,
    /// The kitty keyboard protocol was reported, and is on whenever the modes are.
    full_keys: AtomicBool,
    /// Questions are out. Their answers must not reach the shell.
    asked: AtomicBool,
    /// What makes the terminal forget the pictures that it was sent; empty where it was sent none.
    forget: Mutex<Vec<u8>>,
}

impl Modes {
    /// Notes how the terminal was found.
    pub fn of(input: File, output: File, options: Options) -> io::Result<Self> {
        let found = tcgetattr(&input)?;
        Ok(Self {
            input,
            output,
            found,
            title: options.title,
            pictures: options.pictures,
            entered: AtomicBool::new(false),
            mouse: AtomicBool::new(options.mouse),
            full_keys: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            forget: Mutex::default(),
        })
    }

    /// Puts the terminal into the program's modes; with `ask`, sends the questions.
    pub fn enter(&self, ask: bool) -> io::Result<()> {
        let mut raw = self.found.clone();
        raw.make_raw();
        tcsetattr(&self.input, OptionalActions::Now, &raw)?;
        self.entered.store(true, Ordering::SeqCst);
        let mut bytes = ENTER.to_vec();
        if self.title {
            bytes.extend_from_slice(TITLE_KEEP);
        }
        if self.mouse.load(Ordering::SeqCst) {
            bytes.extend_from_slice(MOUSE_ON);
        }
        if self.full_keys.load(Ordering::SeqCst) {
            bytes.extend_from_slice(KEYS_ON);
        }
        if ask {
            bytes.extend_from_slice(QUESTIONS);
            if self.pictures {
                bytes.extend_from_slice(PICTURES);
            }
            bytes.extend_from_slice(LAST);
            self.asked.store(true, Ordering::SeqCst);
        }
        bytes.extend_from_slice(WIPE);
        self.write(&bytes)
    }

    /// Gives the terminal back as it was found; does nothing where that was done. Waits for a stalled terminal, but
    /// not for long.
    pub fn leave(&self) {
        if !self.entered.swap(false, Ordering::SeqCst) {
            return;
        }
        let mut bytes = Vec::new();
        if self.full_keys.load(Ordering::SeqCst) {
            bytes.extend_from_slice(KEYS_OFF);
        }
        if self.mouse.load(Ordering::SeqCst) {
            bytes.extend_from_slice(MOUSE_OFF);
        }
        if self.title {
            bytes.extend_from_slice(TITLE_BACK);
        }
        bytes.append(&mut self.forget.lock().unwrap_or_else(PoisonError::into_inner));
        bytes.extend_from_slice(LEAVE);
        let timeout = Timespec::try_from(STALLED).ok();
        let mut fds = [PollFd::new(&self.output, PollFlags::OUT)];
        if poll(&mut fds, timeout.as_ref()).is_ok_and(|ready| ready > 0) {
            // There is nobody left to tell.
            let _ = self.write(&bytes);
        }
        if self.asked.load(Ordering::SeqCst) {
            let _ = tcflush(&self.input, QueueSelector::IFlush);
        }
        let _ = tcsetattr(&self.input, OptionalActions::Now, &self.found);
    }

    /// Whether the window's title is this program's to set.
    pub fn titles(&self) -> bool {
        self.title
    }

    /// Whether the terminal is in the program's modes.
    pub fn entered(&self) -> bool {
        self.entered.load(Ordering::SeqCst)
    }

    /// The terminal keeps a picture: `forget` takes it away again, at the latest when the terminal is given back.
    pub fn keeps(&self, forget: &[u8]) {
        let mut all = self.forget.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.windows(forget.len()).any(|known| known == forget) {
            all.extend_from_slice(forget);
        }
    }

    /// The terminal has answered all that it will.
    pub fn answered(&self) {
        self.asked.store(false, Ordering::SeqCst);
    }

    /// Turns the kitty keyboard protocol on, now and at every entering; the terminal has reported it.
    pub fn full_keys(&self) -> io::Result<()> {
        if self.full_keys.swap(true, Ordering::SeqCst) || !self.entered() {
            return Ok(());
        }
        self.write(KEYS_ON)
    }

    /// Takes the mouse, or leaves it to the terminal.
    pub fn mouse(&self, on: bool) -> io::Result<()> {
        if self.mouse.swap(on, Ordering::SeqCst) == on || !self.entered() {
            return Ok(());
        }
        self.write(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Whether this process may touch the terminal: its group is in the foreground.
    pub fn in_foreground(&self) -> bool {
        tcgetpgrp(&self.input).is_ok_and(|group| group == rustix::process::getpgrp())
    }

    /// Writes everything, waiting where the terminal takes nothing. One that is gone takes all: its end is the reader's
    /// to tell, so that there is one way to end, whoever meets it first.
    pub fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.output, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                Err(Errno::IO | Errno::NXIO | Errno::PIPE) => return Ok(()),
                Err(Errno::AGAIN) => {
                    poll(&mut [PollFd::new(&self.output, PollFlags::OUT)], None)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Columns and rows; `None` where the terminal does not know.
    pub fn size(&self) -> Option<(u16, u16)> {
        let size = rustix::termios::tcgetwinsize(&self.output).ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
    }
}

#[cfg(test)]
mod tests {
    use portable_pty::{PtySize, native_pty_system};

    use super::*;

    #[test]
    fn a_terminal_that_is_gone_takes_everything() {
        let pair = native_pty_system().openpty(PtySize::default()).unwrap();
        let name = pair.master.tty_name().unwrap();
        let open = || File::options().read(true).write(true).open(&name).unwrap();
        let modes = Modes::of(open(), open(), Options { mouse: true, title: true, pictures: true }).unwrap();
        drop(pair);
        modes.write(b"a frame").unwrap();
        modes.leave();
    }
}
