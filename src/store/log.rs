//! A log: sealed frames one behind the other, each under its place in the file.
//!
//! What was not written to its end is cut off when the log is opened. A frame that is whole and does not open is damage, and so
//! is one of which only the length looks torn while others lie behind it.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault::Faults;
use super::files;
use super::seal::{FIXED, Frame, MAGIC, Sealer};
use super::shelf::damaged;
use crate::domain::{Error, Result};

/// A log that is written and read.
#[derive(Debug)]
pub struct Log {
    reader: LogReader,
    length: u64,
    faults: Faults,
}

/// Reads frames of a log, from several threads at once. Copies are handles to the same file.
#[derive(Debug, Clone)]
pub struct LogReader {
    file: Arc<File>,
    path: Arc<PathBuf>,
    key: Arc<str>,
    sealer: Arc<Sealer>,
}

/// Where a frame lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub at: u64,
    pub length: u32,
}

impl Span {
    /// Where the next one begins.
    pub fn end(self) -> u64 {
        self.at + u64::from(self.length)
    }
}

impl Log {
    pub(super) fn open(path: &Path, key: String, sealer: Arc<Sealer>, faults: Faults) -> Result<Self> {
        let file = files::open(path)?;
        let length =
            file.metadata().map_err(|why| Error::io(format!("opening {}", path.display()), &why))?.len();
        let reader =
            LogReader { file: Arc::new(file), path: Arc::new(path.to_owned()), key: key.into(), sealer };
        Ok(Self { reader, length, faults })
    }

    /// Reads beside whoever writes.
    pub fn reader(&self) -> LogReader {
        self.reader.clone()
    }

    /// Bytes of what is whole, as far as that is known.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The frames from `from` on. What was not written to its end is cut off.
    pub fn recover(&mut self, from: u64) -> Result<Vec<Span>> {
        let (spans, end) = self.reader.spans(from, self.length)?;
        if end < self.length {
            self.truncate(end)?;
        }
        Ok(spans)
    }

    /// Cuts off what lies behind `end`.
    pub fn truncate(&mut self, end: u64) -> Result<()> {
        self.reader.file.set_len(end).map_err(|why| self.reader.failed(&why))?;
        self.length = end;
        Ok(())
    }

    /// Appends a frame. It is on the disk after the next `sync`; where writing fails, nothing is appended.
    pub fn append(&mut self, plain: &[u8]) -> Result<Span> {
        let at = self.length;
        let frame = self.reader.sealer.seal(1, 0, self.reader.place(at).as_bytes(), plain)?;
        let mut file = &*self.reader.file;
        let written = self
            .faults
            .at("append to a log")
            .and_then(|()| file.seek(SeekFrom::Start(at)))
            .and_then(|_| file.write_all(&frame));
        if let Err(why) = written {
            // Where that fails too, the next one is written over it, or the next opening cuts it off.
            let _ = self.reader.file.set_len(at);
            return Err(self.reader.failed(&why));
        }
        self.length = at + frame.len() as u64;
        Ok(Span { at, length: frame.len() as u32 })
    }

    /// Puts what was appended on the disk.
    pub fn sync(&self) -> Result<()> {
        let synced = self.faults.at("sync a log").and_then(|()| self.reader.file.sync_data());
        synced.map_err(|why| self.reader.failed(&why))
    }
}

impl LogReader {
    /// What a frame holds.
    pub fn read(&self, span: Span) -> Result<Vec<u8>> {
        let mut bytes = vec![0; span.length as usize];
        self.file.read_exact_at(&mut bytes, span.at).map_err(|why| self.failed(&why))?;
        self.opened(span.at, &bytes)
    }

    fn opened(&self, at: u64, bytes: &[u8]) -> Result<Vec<u8>> {
        let opened = self.sealer.open(self.place(at).as_bytes(), bytes);
        // Its secret is this workspace's for good, so a frame of another key is a damaged one.
        Ok(opened.map_err(|error| damaged(self.doing(), error.why))?.plain)
    }

    /// The frames between two places by what they announce, and where the last whole one ends.
    fn spans(&self, from: u64, length: u64) -> Result<(Vec<Span>, u64)> {
        let mut spans = Vec::new();
        let mut at = from;
        while at < length {
            let mut fixed = [0; FIXED];
            let there = (length - at).min(FIXED as u64) as usize;
            self.file.read_exact_at(&mut fixed[..there], at).map_err(|why| self.failed(&why))?;
            let announced = Frame::announced(&fixed[..there]).and_then(|bytes| u32::try_from(bytes).ok());
            match announced {
                Some(bytes) if at + u64::from(bytes) <= length => {
                    spans.push(Span { at, length: bytes });
                    at += u64::from(bytes);
                }
                announced => {
                    let mut rest = vec![0; (length - at) as usize];
                    self.file.read_exact_at(&mut rest, at).map_err(|why| self.failed(&why))?;
                    let zeros = rest.iter().all(|byte| *byte == 0);
                    if announced.is_none() && there == FIXED && !zeros || self.finds_whole(at, &rest) {
                        return Err(damaged(self.doing(), format!("the frame at {at} is damaged")));
                    }
                    break;
                }
            }
        }
        Ok((spans, at))
    }

    /// Whether a frame that opens lies behind the first byte of `rest`, which is at `at`.
    fn finds_whole(&self, at: u64, rest: &[u8]) -> bool {
        let found = rest.windows(MAGIC.len()).enumerate().skip(1).filter(|(_, four)| four == MAGIC);
        found.into_iter().any(|(ahead, _)| {
            let own = &rest[ahead..];
            let whole = Frame::announced(own).and_then(|length| own.get(..length));
            whole.is_some_and(|frame| self.opened(at + ahead as u64, frame).is_ok())
        })
    }

    /// The key of the frame at `at`: one that was swapped, left out or brought from elsewhere is found out.
    fn place(&self, at: u64) -> String {
        format!("{} {at}", self.key)
    }

    fn doing(&self) -> String {
        format!("reading {}", self.path.display())
    }

    fn failed(&self, why: &io::Error) -> Error {
        Error::io(format!("using {}", self.path.display()), why)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Owner, Store, Unlock};
    use super::*;
    use crate::domain::ErrorKind;
    use crate::store::shelf::Shelf;

    fn shelf(folder: &Path) -> Shelf {
        let owner = Owner::try_take(folder).unwrap().unwrap();
        Store::open(&owner, &Unlock::default()).unwrap().0.shelf("trial").unwrap()
    }

    fn texts(shelf: &Shelf) -> Result<Vec<String>> {
        let mut log = shelf.log("log")?;
        let spans = log.recover(0)?;
        let reader = log.reader();
        spans.into_iter().map(|span| Ok(String::from_utf8_lossy(&reader.read(span)?).into_owned())).collect()
    }

    fn written(shelf: &Shelf) -> Vec<u8> {
        let mut log = shelf.log("log").unwrap();
        for text in ["canary one", "two", "three"] {
            log.append(text.as_bytes()).unwrap();
        }
        log.sync().unwrap();
        std::fs::read(shelf.folder().join("log")).unwrap()
    }

    #[test]
    fn frames_come_back_in_order_and_nothing_lies_open() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path());
        let bytes = written(&shelf);
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
        assert_eq!(texts(&shelf).unwrap(), ["canary one", "two", "three"]);
        shelf.write("small", b"canary").unwrap();
        assert_eq!(shelf.read("small").unwrap().as_deref(), Some(&b"canary"[..]));
        assert!(!std::fs::read(shelf.folder().join("small")).unwrap().windows(6).any(|six| six == b"canary"));
        std::fs::copy(shelf.folder().join("small"), shelf.folder().join("other")).unwrap();
        assert!(shelf.read("other").unwrap_err().why.contains("another record lies in its place"));
    }

    #[test]
    fn wherever_a_log_is_cut_the_whole_frames_before_it_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path());
        let bytes = written(&shelf);
        let path = shelf.folder().join("log");
        let all = texts(&shelf).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            let got = texts(&shelf).unwrap();
            assert_eq!(got[..], all[..got.len()]);
            seen.insert(got.len());
            // What is appended then stands behind them.
            shelf.log("log").unwrap().append(b"more").unwrap();
            assert_eq!(texts(&shelf).unwrap().len(), got.len() + 1);
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
        std::fs::write(&path, [&bytes[..], &[0; 100]].concat()).unwrap();
        assert_eq!(texts(&shelf).unwrap(), all, "a file that was made longer and not filled");
    }

    #[test]
    fn a_flipped_byte_is_an_error_unless_it_makes_the_last_frame_look_torn() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path());
        let bytes = written(&shelf);
        let path = shelf.folder().join("log");
        let third = shelf.log("log").unwrap().recover(0).unwrap()[2];
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x40;
            std::fs::write(&path, &flipped).unwrap();
            match texts(&shelf) {
                Err(error) => assert_eq!(error.kind, ErrorKind::Corrupt, "{error}"),
                Ok(got) => {
                    assert!(
                        at as u64 >= third.at && got == ["canary one", "two"],
                        "the flip at {at}: {got:?}"
                    );
                }
            }
        }
    }
}
