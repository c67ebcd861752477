//! What records take on the disk beyond what is wanted of them, given back without anybody's word. sled gives nothing back by
//! itself: what is overwritten or removed stays in its file.
//!
//! It is what `compact` does, and is held back where only somebody who asked for it may want that: where a record is damaged, since
//! its large value goes with the old files and its last whole copy with the store's own backup, which is made anew; and where
//! the disk might come to its end meanwhile, which those who write would meet.

use std::sync::atomic::Ordering;

use super::generation::{Generation, TREE};
use super::record::Kind;
use super::rewrite::{CHUNK, Purpose};
use super::site::Site;
use super::{Shared, Store, files, scan};
use crate::domain::{Error, ErrorKind, Result};

/// How many times what is wanted of them records may take.
const TIMES: u64 = 3;

impl Store {
    /// Bytes that the files of the records take, without those of large values.
    pub fn taken(&self) -> u64 {
        taken(&self.shared.live())
    }

    /// About how many bytes were written since the store was opened, those of large values, too.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// Whether that is more than three times what is wanted of them. Of records that fill their files a third is read for it.
    pub fn is_slack(&self) -> Result<bool> {
        let most = self.taken() / TIMES;
        let (_, wanted) = self.mending(|live| {
            let mut wanted = 0;
            each(live, |key, frame| {
                wanted += bytes(key, frame);
                Ok(wanted < most)
            })?;
            Ok(wanted)
        })?;
        Ok(wanted < most)
    }

    /// Writes the records anew while others read and write; what they take then. What a restore or a salvage kept stays.
    /// Refused where a record does not open, and where the disk has no room for what is written before the old files go.
    pub fn give_back(&self) -> Result<u64> {
        let _work = self.shared.work();
        let live = self.shared.live();
        // Opened before anything is written: damage and a short disk cost a look, not a copy of the store each day.
        let mut wanted = 0;
        each(&live, |key, frame| {
            wanted += bytes(key, frame);
            live.read(key, frame.clone()).map(|_| true)
        })?;
        let doing = "giving back what records take beyond what is in them";
        let hint = "Free some space; it is tried again a day later.";
        self.shared.site.room_to_rewrite(&live, wanted, doing, hint)?;
        // Whoever holds the old files keeps them from going.
        drop(live);
        let keys = self.shared.desk().keys.clone();
        self.shared.renew(Purpose::Compact, keys)?;
        // The marks of what was removed are gone: a backup from before knows it still.
        self.refresh_automatic();
        Ok(self.taken())
    }
}

impl Shared {
    /// Refuses a rewrite that might fill the disk. For what is wanted of the records all of them are seen, and none is opened.
    pub(super) fn room_to_rewrite(&self, doing: &str) -> Result<()> {
        let live = self.live();
        let mut wanted = 0;
        each(&live, |key, frame| {
            wanted += bytes(key, frame);
            Ok(true)
        })?;
        let hint = "Free that much on the disk of the workspace and try again; nothing was touched.";
        self.site.room_to_rewrite(&live, wanted, doing, hint)
    }
}

fn taken(live: &Generation) -> u64 {
    files::bytes_under(&live.folder().join(TREE))
}

/// Of a record, sealed, with its key.
fn bytes(key: &[u8], frame: &[u8]) -> u64 {
    (key.len() + frame.len()) as u64
}

/// Shows every record to `look`, until it has seen enough.
fn each(live: &Generation, mut look: impl FnMut(&[u8], &sled::IVec) -> Result<bool>) -> Result<()> {
    let mut last = None;
    loop {
        let chunk = scan::take(live, &[], last.as_deref(), false, CHUNK)?;
        let Some((key, _)) = chunk.back() else { return Ok(()) };
        last = Some(key.to_vec());
        for (key, frame) in chunk.iter().filter(|(key, _)| Kind::is_record(key)) {
            if !look(key, frame)? {
                return Ok(());
            }
        }
    }
}

impl Site {
    /// Refuses what might fill the disk: the new files with a copy of the large values, and the store's own backup of as much, while
    /// the old ones are there.
    fn room_to_rewrite(&self, live: &Generation, wanted: u64, doing: &str, hint: &str) -> Result<()> {
        let large = files::bytes_under(live.folder()).saturating_sub(taken(live));
        let needed = self.options.reserve + 2 * (TIMES * wanted + large);
        let free = files::free_bytes(self.folder());
        if free >= needed {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Full,
            doing,
            format!("it may need {} MB and {} MB are free", needed.div_ceil(1_000_000), free / 1_000_000),
            hint,
        ))
    }
}
