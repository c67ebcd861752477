//! What records take on the disk beyond what is wanted of them, given back without anybody's word. sled gives nothing back by
//! itself: what is overwritten or removed stays in its file.

use super::generation::{Generation, TREE};
use super::record::Kind;
use super::rewrite::{CHUNK, Purpose};
use super::{Store, files, scan};
use crate::domain::Result;

/// How many times what is wanted of them records may take.
const TIMES: u64 = 3;

impl Store {
    /// Where the files of the records take more than `most` bytes, looks whether that is more than three times what is wanted of
    /// them, and writes them anew if so. What they take then; `None` where it is no more than `most`. Others read and write
    /// meanwhile; what a restore or a salvage kept stays.
    pub fn give_back(&self, most: u64) -> Result<Option<u64>> {
        let _work = self.shared.work();
        let taken = || files::bytes_under(&self.shared.live().folder().join(TREE));
        let before = taken();
        if before <= most {
            return Ok(None);
        }
        if before / TIMES <= self.undamaged(|shared| wanted(&shared.live()))? {
            return Ok(Some(before));
        }
        self.undamaged(|shared| {
            let keys = shared.desk().keys.clone();
            shared.renew(Purpose::Compact, keys).map(|_| ())
        })?;
        // The marks of what was removed are gone: a backup from before knows it still.
        self.shared.refresh_automatic();
        Ok(Some(taken()))
    }
}

/// Bytes of all records, sealed, with their keys.
fn wanted(live: &Generation) -> Result<u64> {
    let mut bytes = 0;
    let mut last = None;
    loop {
        let chunk = scan::take(live, &[], last.as_deref(), false, CHUNK)?;
        let Some((key, _)) = chunk.back() else { return Ok(bytes) };
        last = Some(key.to_vec());
        let records = chunk.iter().filter(|(key, _)| Kind::is_record(key));
        bytes += records.map(|(key, frame)| (key.len() + frame.len()) as u64).sum::<u64>();
    }
}
