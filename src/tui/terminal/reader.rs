//! The thread that waits for the terminal and for signals; it sleeps in one `poll` and uses no CPU while nothing comes.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;
use tokio::sync::mpsc;

use super::Signal;
use super::modes::Modes;
use super::parse::Parser;
use crate::tui::event::{Capability, Event};

/// Bytes of one read.
const READ: usize = 64 << 10;
/// Inputs that wait for the loop. Beyond, the terminal is not read until the loop has caught up.
const INBOX: usize = 256;
/// How often a full inbox is tried again.
const FULL: Duration = Duration::from_millis(2);
/// After a signal to end, or the terminal's end, the loop has this long before the process is ended under it.
const GRACE: Duration = Duration::from_millis(700);

/// The other end of the thread.
#[derive(Debug)]
pub struct Reader {
    pub inbox: mpsc::Receiver<Event>,
    /// Never behind a full inbox.
    pub signals: mpsc::Receiver<Signal>,
    wake: UnixStream,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    /// The terminal is somebody else's: it is not read.
    paused: AtomicBool,
    /// The thread has seen the pause.
    rests: AtomicBool,
    ends: AtomicBool,
    /// The process is ending by a signal: the thread stays to see that it does.
    guards: AtomicBool,
}

impl Reader {
    /// Starts the thread on `input`.
    pub fn start(input: File, modes: Arc<Modes>) -> io::Result<Self> {
        let (wake, woken) = UnixStream::pair()?;
        let (signal_read, signal_write) = UnixStream::pair()?;
        let signals = [SIGTERM, SIGINT, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT];
        let signals = SignalDelivery::with_pipe(signal_read, signal_write, SignalOnly, signals)?;
        woken.set_nonblocking(true)?;
        wake.set_nonblocking(true)?;
        let (out, inbox) = mpsc::channel(INBOX);
        let (told, told_signals) = mpsc::channel(INBOX);
        let state = Arc::new(State::default());
        let mut parser = Parser::default();
        parser.asked();
        let watch = Watch {
            input,
            woken,
            signals,
            modes,
            out,
            told,
            waiting: VecDeque::new(),
            parser,
            state: state.clone(),
            deadline: None,
        };
        let thread = std::thread::Builder::new().name("terminal".into()).spawn(move || watch.run())?;
        Ok(Self { inbox, signals: told_signals, wake, state, thread: Some(thread) })
    }

    /// Stops reading the terminal; when this returns, the thread does not.
    pub fn pause(&mut self) {
        self.state.rests.store(false, Ordering::SeqCst);
        self.state.paused.store(true, Ordering::SeqCst);
        self.nudge();
        while !self.state.rests.load(Ordering::SeqCst) && self.alive() {
            std::thread::yield_now();
        }
    }

    /// Reads again.
    pub fn resume(&mut self) {
        self.state.paused.store(false, Ordering::SeqCst);
        self.nudge();
    }

    /// Keeps the thread to end the process, should the loop not come to its end in time.
    pub fn guard(&self) {
        self.state.guards.store(true, Ordering::SeqCst);
    }

    fn alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| !t.is_finished())
    }

    fn nudge(&mut self) {
        // A full pipe has nudged already.
        let _ = self.wake.write(&[0]);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.state.guards.load(Ordering::SeqCst) {
            return;
        }
        self.state.ends.store(true, Ordering::SeqCst);
        self.inbox.close();
        self.nudge();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Watch {
    input: File,
    woken: UnixStream,
    signals: SignalDelivery<UnixStream, SignalOnly>,
    modes: Arc<Modes>,
    out: mpsc::Sender<Event>,
    told: mpsc::Sender<Signal>,
    /// What the inbox had no room for.
    waiting: VecDeque<Event>,
    parser: Parser,
    state: Arc<State>,
    /// When the process is ended, and its exit code then.
    deadline: Option<(Instant, i32)>,
}

/// What `poll` found.
#[allow(clippy::struct_excessive_bools, reason = "one a file")]
#[derive(Debug, Clone, Copy, Default)]
struct Ready {
    input: bool,
    woken: bool,
    signals: bool,
    nothing: bool,
}

impl Watch {
    fn run(mut self) {
        let mut buffer = vec![0; READ];
        let mut gone = false;
        while !self.state.ends.load(Ordering::SeqCst) {
            let paused = self.state.paused.load(Ordering::SeqCst);
            if paused {
                self.state.rests.store(true, Ordering::SeqCst);
            }
            self.hand_on();
            let Ok(ready) = self.wait(!paused && !gone && self.waiting.is_empty()) else { return };
            if ready.woken {
                self.drain_wakes();
            }
            if ready.signals {
                self.take_signals();
            }
            if ready.input && !self.state.paused.load(Ordering::SeqCst) {
                match rustix::io::read(&self.input, &mut buffer) {
                    Ok(0) => gone = true,
                    Ok(length) => self.feed(Some(&buffer[..length])),
                    Err(Errno::INTR | Errno::AGAIN) => {}
                    Err(_) => gone = true,
                }
                if gone {
                    self.end_soon(Signal::HangUp, 129);
                }
            }
            if ready.nothing && self.waiting.is_empty() {
                self.feed(None);
            }
            if self.deadline.is_some_and(|(at, _)| Instant::now() >= at) {
                self.end_now();
            }
        }
    }

    fn wait(&self, reads: bool) -> io::Result<Ready> {
        let left = self.deadline.map(|(at, _)| at.saturating_duration_since(Instant::now()));
        let patience = self.parser.patience().filter(|_| reads);
        let full = (!self.waiting.is_empty()).then_some(FULL);
        let timeout =
            [left, patience, full].into_iter().flatten().min().and_then(|d| Timespec::try_from(d).ok());
        let mut fds = vec![
            PollFd::new(&self.woken, PollFlags::IN),
            PollFd::new(self.signals.get_read(), PollFlags::IN),
        ];
        if reads {
            fds.push(PollFd::new(&self.input, PollFlags::IN));
        }
        let count = match poll(&mut fds, timeout.as_ref()) {
            Ok(count) => count,
            Err(Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        };
        let ready = |i: usize| fds.get(i).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready { woken: ready(0), signals: ready(1), input: ready(2), nothing: count == 0 })
    }

    fn drain_wakes(&mut self) {
        let mut bytes = [0; 64];
        while rustix::io::read(&self.woken, &mut bytes).is_ok_and(|n| n > 0) {}
    }

    /// Hands on what one read gave; nothing, when it was quiet.
    fn feed(&mut self, bytes: Option<&[u8]>) {
        let mut events = Vec::new();
        match bytes {
            Some(bytes) => self.parser.feed(bytes, &mut events),
            None => self.parser.quiet(&mut events),
        }
        for event in events {
            match event {
                Event::Terminal(Capability::Answered { .. }) => self.modes.answered(),
                // A terminal that fails here is gone, which the next read finds.
                Event::Terminal(Capability::FullKeys) => drop(self.modes.full_keys()),
                _ => {}
            }
            self.waiting.push_back(event);
        }
    }

    fn take_signals(&mut self) {
        let signals: Vec<_> = self.signals.pending().collect();
        for signal in signals {
            match signal {
                SIGWINCH => {
                    if let Some((width, height)) = self.modes.size() {
                        self.waiting.push_back(Event::Resize { width, height });
                    }
                }
                SIGTSTP => self.tell(Signal::Stop),
                SIGCONT => self.tell(Signal::Continue),
                SIGINT => self.tell(Signal::Interrupt),
                SIGTERM => self.end_soon(Signal::Terminate, 143),
                _ => self.end_soon(Signal::HangUp, 129),
            }
        }
    }

    /// Gives the loop what it has room for.
    fn hand_on(&mut self) {
        while let Some(event) = self.waiting.pop_front() {
            match self.out.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => {
                    self.waiting.push_front(event);
                    return;
                }
                // The loop has ended.
                Err(mpsc::error::TrySendError::Closed(_)) => self.waiting.clear(),
            }
        }
    }

    /// Signals are few; a loop that has not taken the last hundred is stuck, and the deadline is for that.
    fn tell(&self, signal: Signal) {
        let _ = self.told.try_send(signal);
    }

    /// Tells the loop to end, and begins to wait for it.
    fn end_soon(&mut self, signal: Signal, code: i32) {
        if self.deadline.is_none() {
            self.deadline = Some((Instant::now() + GRACE, code));
        }
        self.tell(signal);
    }

    /// The loop did not end. What is stored is stored; the terminal is given back.
    fn end_now(&self) {
        self.modes.leave();
        std::process::exit(self.deadline.map_or(1, |(_, code)| code));
    }
}
