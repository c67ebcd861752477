//! Between this program and one that an agent calls: it ends when nobody hears it any more, also where this program was killed and
//! could end nobody, and takes all along that was started behind it.
//!
//! Where the system gives processes numbers of their own it is the first of them, and its end is the end of all; it also
//! ends them where they become too many. Elsewhere it ends its group, also when the program is done; those leave it that make
//! a session of their own.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpgid, getpid, getppid, kill_process_group, setpgid,
    test_kill_process, wait,
};

/// The words that put this program into the hidden mode, before what it is to run.
pub(super) const MODE: [&str; 2] = ["worker", "keep"];

/// What shells add to a signal's number where they tell that it ended a program.
pub(super) const SIGNAL: i32 = 128;

/// The numbers of signals.
pub(super) const SIGNALS: RangeInclusive<i32> = 1..=64;

/// Processes and threads that may be there at once: no limit of the system's counts those of one program alone.
const CROWD: usize = 512;

/// How often it is looked how many there are.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Serves the hidden mode: runs what the words say, with this process's number behind them, and ends as it does. The exit code.
pub(super) fn serve(words: &[OsString]) -> u8 {
    let Some((program, arguments)) = words.split_first() else { return 2 };
    let mut command = Command::new(program);
    command.args(arguments).arg(std::process::id().to_string());
    let started = thread::Builder::new().spawn(watch).and_then(|_| {
        let child = command.spawn()?;
        let number = Pid::from_child(&child);
        // It is waited for below, with all who are left behind.
        drop(child);
        Ok(number)
    });
    match started.and_then(ended) {
        Ok(status) => {
            end_rest();
            code(status)
        }
        Err(why) => {
            let _ = writeln!(io::stderr(), "{}: {why}", Path::new(program).display());
            127
        }
    }
}

/// Waits for the end of a child, and takes notice of everybody's whom it has left behind: nobody else would.
fn ended(program: Pid) -> io::Result<WaitStatus> {
    loop {
        if let Some((who, status)) = retry_on_intr(|| wait(WaitOptions::empty()))?
            && who == program
        {
            return Ok(status);
        }
    }
}

/// Ends those of its group that the program has left behind. It leaves the group itself before, since it is still to tell how the
/// program ended.
fn end_rest() {
    let own = getpid();
    // The first of all takes them along. A group that another began is not its own to end.
    if own.is_init() || getpgid(None) != Ok(own) {
        return;
    }
    // Its group keeps its number for as long as this process does.
    let outside = getppid().and_then(|parent| getpgid(Some(parent)).ok());
    if outside.is_some_and(|group| setpgid(None, Some(group)).is_ok()) {
        let _ = kill_process_group(own, Signal::KILL);
    }
}

/// As shells tell it.
fn code(status: WaitStatus) -> u8 {
    let signal = || status.terminating_signal().map_or(1, |signal| SIGNAL + signal);
    u8::try_from(status.exit_status().unwrap_or_else(signal)).unwrap_or(u8::MAX)
}

/// Ends everything once nobody reads what is said here: who started this has gone. So it does where too many are there.
fn watch() {
    let errors = io::stderr();
    let own = getpid();
    let mut crowd = if own.is_init() { Crowd::of_this() } else { None };
    loop {
        let pause = crowd.as_ref().map(|_| LOOK);
        // Of a pipe nothing is asked; that it has no reader any more is told unasked.
        let told = retry_on_intr(|| poll(&mut [PollFd::new(&errors, PollFlags::empty())], pause.as_ref()));
        if told != Ok(0) {
            break;
        }
        if crowd.as_mut().is_some_and(Crowd::is_too_large) {
            let _ = writeln!(io::stderr(), "it had more than {CROWD} processes and threads at once");
            std::process::exit(1);
        }
    }
    if !own.is_init() {
        let _ = kill_process_group(own, Signal::KILL);
    }
    std::process::exit(1);
}

/// All that have come after the first process. Their numbers are given one after the other: where few were given since they were
/// counted, few can have come.
struct Crowd {
    account: File,
    /// The newest number when they were counted, and the highest that was seen.
    last: i32,
    highest: i32,
    there: usize,
}

impl Crowd {
    /// `None` where the system tells no numbers.
    fn of_this() -> Option<Self> {
        let account = File::open("/proc/loadavg").ok()?;
        newest(&account)?;
        Some(Self { account, last: 0, highest: 0, there: 0 })
    }

    fn is_too_large(&mut self) -> bool {
        let Some(now) = newest(&self.account) else { return false };
        // They begin anew at the system's last one.
        if now >= self.last && self.there + (now - self.last) as usize <= CROWD {
            return false;
        }
        (self.last, self.highest) = (now, self.highest.max(now));
        self.there = (1..=self.highest).filter(|number| is_there(*number)).count();
        self.there > CROWD
    }
}

/// The number that was given last to a process or a thread.
fn newest(account: &File) -> Option<i32> {
    let mut text = [0; 128];
    let read = account.read_at(&mut text, 0).ok()?;
    let text = std::str::from_utf8(&text[..read]).ok()?;
    text.trim().rsplit(' ').next()?.parse().ok().filter(|number| *number >= 0)
}

fn is_there(number: i32) -> bool {
    Pid::from_raw(number).is_some_and(|number| test_kill_process(number) != Err(Errno::SRCH))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_number_that_was_given_last_is_known_and_who_is_there() {
        let account = File::open("/proc/loadavg").unwrap();
        let number = getpid().as_raw_pid();
        assert!(newest(&account).is_some_and(|newest| newest > 0));
        assert!(is_there(number) && !is_there(i32::MAX) && !is_there(0));
    }
}
