//! Progress on the standard error: one line that is written over on a terminal, a line a tenth elsewhere.

use std::io::{self, IsTerminal, Write};

use super::words;
use crate::domain::untrusted::safe_line;

/// Where work stands.
pub(super) struct Progress {
    tty: bool,
    silent: bool,
    /// What is shown now, and its last tenth.
    what: String,
    tenth: Option<u64>,
    drawn: bool,
}

impl Progress {
    /// For programs it is silent: they read the replies.
    pub fn new(silent: bool) -> Self {
        Self { tty: io::stderr().is_terminal(), silent, what: String::new(), tenth: None, drawn: false }
    }

    /// Counted work.
    pub fn show(&mut self, what: &str, done: u64, total: Option<u64>) {
        let figures = match total {
            Some(total) => format!("{} of {}", words::grouped(done), words::grouped(total)),
            None => words::grouped(done),
        };
        self.put(what, &figures, done, total);
    }

    /// Work whose steps tell people nothing.
    pub fn share(&mut self, what: &str, done: u64, total: u64) {
        self.put(what, "", done, Some(total));
    }

    /// Bytes that are fetched.
    pub fn bytes(&mut self, what: &str, done: u64, total: Option<u64>, per_second: Option<u64>) {
        let mut figures = words::bytes(done);
        if let Some(total) = total {
            figures = format!("{figures} of {}", words::bytes(total));
        }
        if let Some(rate) = per_second.filter(|rate| *rate > 0) {
            figures = format!("{figures} · {}/s", words::bytes(rate));
            if let Some(total) = total {
                figures = format!("{figures} · {} left", words::span(total.saturating_sub(done) / rate));
            }
        }
        self.put(what, &figures, done, total);
    }

    /// Nothing comes: seconds on a terminal, said once elsewhere.
    pub fn waiting(&mut self, what: &str, seconds: u64) {
        let figures = words::span(seconds);
        if self.tty || self.what != what {
            self.put(what, if self.tty { &figures } else { "…" }, 0, None);
        }
    }

    /// A step that is not counted.
    pub fn step(&mut self, what: &str) {
        self.clear();
        if !self.silent {
            super::out::say(what);
        }
    }

    fn put(&mut self, what: &str, figures: &str, done: u64, total: Option<u64>) {
        if self.silent {
            return;
        }
        let tenth = total.filter(|total| *total > 0).map(|total| done.min(total) * 10 / total);
        let share = total.filter(|total| *total > 0).map(|total| done.min(total) * 100 / total);
        let share = share.map_or_else(String::new, |share| format!("{share:3} %  "));
        let line = format!("{what}  {share}{figures}");
        let line = line.trim_end();
        if self.tty {
            let mut stderr = io::stderr();
            // Our own sequences: back to the start of the line, clear it.
            let _ = write!(stderr, "\r\x1b[K{}", safe_line(line)).and_then(|()| stderr.flush());
            self.drawn = true;
        } else if self.what != what || self.tenth != tenth {
            super::out::say(line);
        }
        what.clone_into(&mut self.what);
        self.tenth = tenth;
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let mut stderr = io::stderr();
            let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
