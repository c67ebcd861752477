//! A log: sealed frames one behind the other, each under its place in the file.
//!
//! A log knows frames, not what belongs together: whoever writes several as one act cuts off what was not written to its end.
//! Damage is told with where the next frame is that opens, so that what lies behind it is not lost.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault::Faults;
use super::files;
use super::frames::Frames;
use super::seal::Sealer;
use super::shelf::damaged;
use crate::domain::{Error, Result};

/// A log that is written and read.
#[derive(Debug)]
pub struct Log {
    reader: LogReader,
    length: u64,
    /// Whether a write that failed may have left something behind the end.
    torn: bool,
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

/// What lies at a place of a log.
#[derive(Debug, PartialEq, Eq)]
pub enum Met {
    /// A frame, and what it holds.
    Frame(Span, Vec<u8>),
    /// Bytes that are no frame of this log, up to one that is or to the end.
    Damage(Range<u64>),
}

impl Log {
    pub(super) fn open(path: &Path, key: String, sealer: Arc<Sealer>, faults: Faults) -> Result<Self> {
        let doing = || format!("opening {}", path.display());
        faults.at("open a log").map_err(|why| Error::io(doing(), &why))?;
        let file = files::open(path)?;
        // Its name must outlive a power cut as what is written to it does.
        files::sync_folder(path.parent().unwrap_or(Path::new(".")), &faults)?;
        let length = file.metadata().map_err(|why| Error::io(doing(), &why))?.len();
        let reader =
            LogReader { file: Arc::new(file), path: Arc::new(path.to_owned()), key: key.into(), sealer };
        Ok(Self { reader, length, torn: false, faults })
    }

    /// Reads beside whoever writes.
    pub fn reader(&self) -> LogReader {
        self.reader.clone()
    }

    /// Its bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Cuts off what lies behind `end`.
    pub fn truncate(&mut self, end: u64) -> Result<()> {
        self.torn = true;
        let cut = self.faults.at("cut a log").and_then(|()| self.reader.file.set_len(end));
        cut.map_err(|why| self.reader.failed(&why))?;
        (self.length, self.torn) = (end, false);
        Ok(())
    }

    /// Appends a frame. It is on the disk after the next `sync`; where writing fails, nothing is appended.
    pub fn append(&mut self, plain: &[u8]) -> Result<Span> {
        let at = self.length;
        if self.torn {
            self.truncate(at)?;
        }
        let frame = self.reader.sealer.seal(1, 0, self.reader.place(at).as_bytes(), plain)?;
        let length = u32::try_from(frame.len()).map_err(|_| {
            Error::internal(format!("using {}", self.reader.path.display()), "it is too long")
        })?;
        let mut file = &*self.reader.file;
        let written = self
            .faults
            .at("append to a log")
            .and_then(|()| file.seek(SeekFrom::Start(at)))
            .and_then(|_| file.write_all(&frame));
        if let Err(why) = written {
            // Where that fails too, it is done before the next one is written; at the latest the next opening does it.
            let _ = self.truncate(at);
            return Err(self.reader.failed(&why));
        }
        self.length = at + u64::from(length);
        Ok(Span { at, length })
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
        self.opened(span.at, &bytes).ok_or_else(|| self.damaged_at(span.at))
    }

    /// The frames from the begin of a log of that length on by what they announce, none of them opened, up to the first that
    /// announces nothing or more than there is.
    pub fn spans(&self, length: u64) -> Result<Vec<Span>> {
        let frames = Frames::new(&self.file, length);
        let mut spans = Vec::new();
        let mut at = 0;
        while let Some(bytes) = frames.announced(at).map_err(|why| self.failed(&why))? {
            spans.push(Span { at, length: bytes });
            at += u64::from(bytes);
        }
        Ok(spans)
    }

    /// What lies at a place of a log of that length; nothing at its end.
    pub fn next(&self, at: u64, length: u64) -> Result<Option<Met>> {
        let frames = Frames::new(&self.file, length);
        let own = |at: u64, bytes: &[u8]| self.opened(at, bytes);
        if at >= length {
            return Ok(None);
        }
        let failed = |why| self.failed(&why);
        if let Some(bytes) = frames.at(at).map_err(failed)?
            && let Some(plain) = own(at, &bytes)
        {
            return Ok(Some(Met::Frame(Span { at, length: bytes.len() as u32 }, plain)));
        }
        let found = frames.search(at + 1, |at, bytes| own(at, bytes).is_some()).map_err(failed)?;
        Ok(Some(Met::Damage(at..found.unwrap_or(length))))
    }

    /// What is told of a place where a frame should be.
    pub fn damaged_at(&self, at: u64) -> Error {
        damaged(format!("reading {}", self.path.display()), format!("the frame at {at} is damaged"))
    }

    /// Its secret is this workspace's until all is sealed anew, so a frame of another key is a damaged one.
    fn opened(&self, at: u64, bytes: &[u8]) -> Option<Vec<u8>> {
        self.sealer.open(self.place(at).as_bytes(), bytes).ok().map(|opened| opened.plain)
    }

    /// The key of the frame at `at`: one that was swapped, left out or brought from elsewhere is found out.
    fn place(&self, at: u64) -> String {
        format!("{} {at}", self.key)
    }

    fn failed(&self, why: &io::Error) -> Error {
        Error::io(format!("using {}", self.path.display()), why)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Owner, Store, Unlock};
    use super::*;
    use crate::domain::ErrorKind;
    use crate::store::shelf::Shelf;

    fn shelf(folder: &Path) -> Shelf {
        let owner = Owner::try_take(folder).unwrap().unwrap();
        Store::open(&owner, &Unlock::default()).unwrap().0.shelf("trial").unwrap()
    }

    /// The frames; damage that is not the end is an error, and what is no frame at the end is cut off.
    fn texts(shelf: &Shelf) -> Result<Vec<String>> {
        let mut log = shelf.log("log")?;
        let reader = log.reader();
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(met) = reader.next(at, log.length())? {
            match met {
                Met::Frame(span, plain) => {
                    assert_eq!(reader.read(span).unwrap(), plain);
                    found.push(String::from_utf8_lossy(&plain).into_owned());
                    at = span.end();
                }
                Met::Damage(range) if range.end == log.length() => log.truncate(range.start)?,
                Met::Damage(range) => return Err(reader.damaged_at(range.start)),
            }
        }
        Ok(found)
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
        let log = shelf.log("log").unwrap();
        let third = log.reader().spans(log.length()).unwrap()[2];
        drop(log);
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
    #[test]
    fn behind_a_damaged_frame_the_next_ones_are_found_whatever_its_length_says() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = shelf(folder.path());
        let bytes = written(&shelf);
        let path = shelf.folder().join("log");
        let spans = shelf.log("log").unwrap().reader().spans(bytes.len() as u64).unwrap();
        for at in spans[0].end() as usize..spans[1].end() as usize {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x04;
            std::fs::write(&path, &flipped).unwrap();
            let log = shelf.log("log").unwrap();
            let met = log.reader().next(spans[1].at, log.length()).unwrap();
            assert_eq!(met, Some(Met::Damage(spans[1].at..spans[1].end())), "the flip at {at}");
            let third = log.reader().next(spans[2].at, log.length()).unwrap();
            assert_eq!(third, Some(Met::Frame(spans[2], b"three".to_vec())));
        }
    }

    #[test]
    fn the_name_of_a_log_is_on_the_disk_before_anything_is_written_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::try_take(folder.path()).unwrap().unwrap();
        let steps = Arc::new(std::sync::Mutex::new(Vec::new()));
        let told = steps.clone();
        let faults = Faults::new(move |step| {
            told.lock().unwrap().push(step);
            Ok(())
        });
        let options = Options { faults, ..Options::default() };
        let store = Store::open_with(&owner, &Unlock::default(), options).unwrap().0;
        let shelf = store.shelf("trial").unwrap();
        steps.lock().unwrap().clear();
        shelf.log("log").unwrap().append(b"text").unwrap();
        assert_eq!(*steps.lock().unwrap(), ["open a log", "sync a folder", "append to a log"]);
    }

    #[test]
    fn what_a_failed_write_left_is_gone_before_the_next_one_comes() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::try_take(folder.path()).unwrap().unwrap();
        let broken = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let own = broken.clone();
        let faults = Faults::new(move |step| {
            let fails = own.load(std::sync::atomic::Ordering::SeqCst) && step.ends_with("a log");
            if fails { Err(io::Error::other("planned")) } else { Ok(()) }
        });
        let options = Options { faults, ..Options::default() };
        let store = Store::open_with(&owner, &Unlock::default(), options).unwrap().0;
        let shelf = store.shelf("trial").unwrap();
        let mut log = shelf.log("log").unwrap();
        log.append(b"one").unwrap();
        // A write that came half as far, and could not be taken back.
        broken.store(true, std::sync::atomic::Ordering::SeqCst);
        log.append(b"two").unwrap_err();
        let path = shelf.folder().join("log");
        let half = [std::fs::read(&path).unwrap(), vec![7; 5000]].concat();
        std::fs::write(&path, half).unwrap();
        broken.store(false, std::sync::atomic::Ordering::SeqCst);
        log.append(b"three").unwrap();
        assert_eq!(log.length(), std::fs::metadata(&path).unwrap().len());
        assert_eq!(texts(&shelf).unwrap(), ["one", "three"]);
    }
}
