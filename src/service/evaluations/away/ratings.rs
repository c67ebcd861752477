//! The file of a rater's votes: only ever added to, each line on the disk before anything else happens.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::in_words;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::evaluation::hand_out::HandOut;
use crate::wire::evaluation::rating_file::{self, Given, Header};

/// The file, held by this process alone.
#[derive(Debug)]
pub(super) struct Ratings {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines; what stands behind them was never told to be kept.
    whole: u64,
}

impl Ratings {
    /// Opens the ratings of a hand-out, or begins them; and the votes that are there. A last line that was not written to its
    /// end is no vote: its item was not left.
    pub(super) fn open(path: &Path, hand_out: &HandOut) -> Result<(Self, Vec<Given>)> {
        let doing = format!("opening the ratings {}", path.display());
        let failed = |why: &std::io::Error| {
            let Error { kind, doing, why, .. } = Error::io(&doing, why);
            Error::new(kind, doing, why, "-o FILE names another place for them.")
        };
        let wrong = |why: String, hint: &str| Error::new(ErrorKind::Invalid, &doing, why, hint);
        let is_new = !path.exists();
        let mut open = OpenOptions::new();
        let mut file = open
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|why| failed(&why))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let why = "somebody rates into it just now";
                return Err(Error::new(ErrorKind::Busy, doing, why, "End the other program first."));
            }
            Err(why) => return Err(failed(&why.into())),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|why| failed(&why))?;
        let head = Header::of(hand_out).write()?;
        // Of a first line that was cut off nothing is lost.
        if head.as_bytes().starts_with(&bytes) && bytes.len() < head.len() {
            let mut ratings = Self { file, path: path.to_owned(), whole: 0 };
            ratings.append(head.as_bytes()).map_err(|why| failed(&why))?;
            if is_new {
                // The name is to be there after a fall of the machine as well.
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = File::open(folder.unwrap_or(Path::new(".")));
                folder.and_then(|folder| folder.sync_all()).map_err(|why| failed(&why))?;
            }
            return Ok((ratings, Vec::new()));
        }
        let ends = bytes.ends_with(b"\n");
        let cut = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let last_is_whole = ends || serde_json::from_slice::<serde_json::Value>(&bytes[cut..]).is_ok();
        let kept = if last_is_whole { bytes.as_slice() } else { &bytes[..cut] };
        let read = rating_file::read(kept, hand_out);
        if !read.bad.is_empty() {
            let hint = "-o FILE names another file for this hand-out's ratings.";
            return Err(wrong(in_words(&read.bad), hint));
        }
        let mut ratings = Self { file, path: path.to_owned(), whole: kept.len() as u64 };
        if !ends && last_is_whole {
            ratings.append(b"\n").map_err(|why| failed(&why))?;
        }
        Ok((ratings, read.into_taken()))
    }

    /// Adds a vote.
    pub(super) fn add(&mut self, given: &Given) -> Result<()> {
        let line = given.write()?;
        self.append(line.as_bytes())
            .map_err(|why| Error::io(format!("keeping a vote in {}", self.path.display()), &why))
    }

    /// Behind the last whole line: half a line that could not be kept before goes.
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.set_len(self.whole)?;
        self.file.seek(SeekFrom::Start(self.whole))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        self.whole += bytes.len() as u64;
        Ok(())
    }
}
