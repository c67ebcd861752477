//! The program's own log: a file a day in the state folder, a week of them. Never a prompt, an answer, a secret, the tty.

use std::fs::{self, DirBuilder};
use std::io::{Result as Io, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::Config;
use crate::domain::untrusted::safe_text;
use crate::domain::{Error, ErrorKind, Result};

/// How the files' names begin.
const NAME: &str = "outcrop";

/// Files kept.
const KEPT: usize = 7;

/// Bytes that a process writes in a day: what goes wrong without an end fills no disk.
const MOST: u64 = 64 << 20;

/// The last that is written on a day that had more to say.
const FULL: &[u8] = b"the log of this day is full: what else happens on it is not written down\n";

/// Opens the log at the configured level. Libraries are heard from `warn` on.
pub fn start(config: &Config) -> Result<()> {
    let folder = config.paths.logs();
    let doing = || format!("opening the log in {}", folder.display());
    if let Some(above) = folder.parent() {
        refuse_link(above)?;
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|why| Error::io(doing(), &why))?;
    refuse_links(&folder)?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(NAME)
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(&folder)
        .map_err(|why| {
            Error::new(
                ErrorKind::Io,
                doing(),
                innermost(&why),
                "Make room for it, or let it be written there.",
            )
        })?;
    let filter = EnvFilter::new(format!("warn,outcrop={}", config.log));
    // A second start, as in tests, keeps the first log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Sanitised(Bounded { writer: file, account: Account::new(MOST) }))
        .try_init();
    Ok(())
}

/// What an error comes from at last.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// A link in the place of the folder or of one of its files could lead to somebody else's.
fn refuse_links(folder: &Path) -> Result<()> {
    refuse_link(folder)?;
    let doing = || format!("opening the log {}", folder.display());
    for entry in fs::read_dir(folder).map_err(|why| Error::io(doing(), &why))?.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(NAME.as_bytes()) {
            refuse_link(&entry.path())?;
        }
    }
    Ok(())
}

fn refuse_link(path: &Path) -> Result<()> {
    if path.is_symlink() {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("opening the log {}", path.display()),
            "it is a symbolic link, which could lead to somebody else's files",
            "Take the link away.",
        ));
    }
    Ok(())
}

/// What is written by it went through the sanitiser, event by event: a log is read in a terminal, and libraries
/// put into it what servers said.
struct Sanitised<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Sanitised<W> {
    type Writer = Sanitised<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Sanitised(self.0.make_writer())
    }
}

impl<W: Write> Write for Sanitised<W> {
    fn write(&mut self, event: &[u8]) -> Io<usize> {
        self.0.write_all(safe_text(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> Io<()> {
        self.0.flush()
    }
}

/// What of a log's day is left to be written.
struct Account {
    most: u64,
    /// The day, counted since 1970 as the files' days are, and the bytes of it.
    written: Mutex<(u64, u64)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Room {
    Free,
    /// There is none from now on.
    Ended,
    None,
}

impl Account {
    fn new(most: u64) -> Self {
        Self { most, written: Mutex::default() }
    }

    fn take(&self, today: u64, bytes: u64) -> Room {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.0 != today {
            *written = (today, 0);
        }
        let before = written.1;
        written.1 = before.saturating_add(bytes);
        match (before > self.most, written.1 > self.most) {
            (true, _) => Room::None,
            (false, true) => Room::Ended,
            (false, false) => Room::Free,
        }
    }
}

/// Writes so much of a day and no more.
struct Bounded<W> {
    writer: W,
    account: Account,
}

struct BoundedWriter<'a, W> {
    writer: W,
    account: &'a Account,
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for Bounded<W> {
    type Writer = BoundedWriter<'a, W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        BoundedWriter { writer: self.writer.make_writer(), account: &self.account }
    }
}

impl<W: Write> Write for BoundedWriter<'_, W> {
    fn write(&mut self, event: &[u8]) -> Io<usize> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        match self.account.take(since.as_secs() / 86_400, event.len() as u64) {
            Room::Free => self.writer.write_all(event)?,
            Room::Ended => self.writer.write_all(FULL)?,
            Room::None => {}
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> Io<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, read_to_string};

    use super::*;

    #[test]
    fn a_day_has_so_much_of_a_log_and_the_next_one_as_much_again() {
        let account = Account::new(10);
        let room = |today: u64, bytes: u64| account.take(today, bytes);
        let first = [room(1, 6), room(1, 4), room(1, 1), room(1, 1)];
        assert_eq!(first, [Room::Free, Room::Free, Room::Ended, Room::None]);
        assert_eq!([room(2, 10), room(2, 90), room(2, 0)], [Room::Free, Room::Ended, Room::None]);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let writer = Mutex::new(File::create(&path).unwrap());
        let file = Sanitised(Bounded { writer, account: Account::new(1_000) });
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(file).finish();
        tracing::subscriber::with_default(log, || {
            for _ in 0..100 {
                tracing::warn!("it goes wrong");
            }
        });
        let log = read_to_string(path).unwrap();
        assert!(log.len() < 1_200 && log.ends_with("is not written down\n"), "{log}");
        assert_eq!(log.matches("is full").count(), 1);
    }

    #[test]
    fn a_link_in_the_place_of_a_log_file_or_of_the_folder_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("logs");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("outcrop.2026-01-01.log"), "").unwrap();
        refuse_links(&folder).unwrap();
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(refuse_links(&link).unwrap_err().why.contains("symbolic link"));
        std::os::unix::fs::symlink("/dev/null", folder.join("outcrop.2026-01-02.log")).unwrap();
        assert!(refuse_links(&folder).unwrap_err().doing.ends_with("outcrop.2026-01-02.log"));
    }

    #[test]
    fn whatever_a_library_says_no_control_or_mark_of_direction_reaches_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let file = Sanitised(Mutex::new(File::create(&path).unwrap()));
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(file).finish();
        tracing::subscriber::with_default(log, || {
            tracing::warn!(said = "\u{1b}[2J\u{9b}31m", "abc\u{202e}cba\u{2066}\u{7}");
        });
        let log = read_to_string(path).unwrap();
        let bad = |c: char| {
            c.is_control() && c != '\n' || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        };
        assert!(log.contains("abc") && log.contains("⟨RLO⟩") && !log.contains(bad), "{log:?}");
    }
}
