//! Backups: everything in one sealed file that opens with the key that the store had.
//!
//! ```text
//! "OCBK0001"   then the length of the head (4 bytes, big-endian), then the head: JSON, with the wrapped keys
//! frames       as `seal` describes them; the file of a large value comes before the record that names it; of two frames
//!              of one key the later counts, and a mark of removal takes away what came before
//! "OCBKEND1"   then the number of frames (8 bytes, big-endian), then HMAC-SHA-256 over everything before it
//! ```
//!
//! Shelves are not in it: what lies on one is made from documents, and is made again from them where it is missing.
//!
//! Others write meanwhile. The store is read without them having to wait, then what they have touched is read again, and
//! the last of it at the desk: the file holds one moment.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::blob;
use super::files::{self, Fresh};
use super::generation::{Generation, Value};
use super::head::Head;
use super::key::{Keys, Wrap, Wrapped};
use super::record::Kind;
use super::restore::prove;
use super::rewrite::{CHUNK, Copied};
use super::seal::{Secret, keyed, mac};
use super::site::{Desk, Site};
use super::{Shared, Store, scan};
use crate::domain::figures::count;
use crate::domain::id::WorkspaceId;
use crate::domain::{Error, ErrorKind, Result};

pub(super) const MAGIC: &[u8; 8] = b"OCBK0001";
pub(super) const END: &[u8; 8] = b"OCBKEND1";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BackupHead {
    pub(super) schema: u32,
    pub(super) workspace: WorkspaceId,
    pub(super) wrap: Wrap,
    pub(super) keys: Wrapped,
}

impl From<&Head> for BackupHead {
    fn from(head: &Head) -> Self {
        Self {
            schema: head.schema,
            workspace: head.workspace,
            wrap: head.wrap.clone(),
            keys: head.keys.clone(),
        }
    }
}

/// What a backup or a restore moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    pub records: u64,
    /// Records that could not be read and were left behind.
    pub damaged: u64,
}

impl From<Copied> for Moved {
    fn from(copied: Copied) -> Self {
        Self { records: copied.records, damaged: copied.damaged }
    }
}

impl Store {
    /// Writes everything into the new file `to`, then reads it again. It opens with what opens the store now: keep the
    /// passphrase, or a copy of the key file.
    pub fn backup(&self, to: &Path) -> Result<Moved> {
        if std::fs::symlink_metadata(to).is_ok() {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!("writing the backup {}", to.display()),
                "there is something of that name already",
                "Name a new file.",
            ));
        }
        let _work = self.shared.work();
        let moved = self.undamaged(|shared| shared.back_up(to, to)).map(Moved::from)?;
        if moved.damaged > 0 {
            self.shared.notice(format!(
                "The backup {} lacks {}: `outcrop workspace verify` names the damage. Keep the backups from before, which may \
                 have what is missing.",
                to.display(),
                count(moved.damaged, "damaged record", "damaged records")
            ));
        }
        Ok(moved)
    }

    /// Runs `work`; where it meets damage in the tree, mends that and runs it again.
    pub(super) fn undamaged<T>(&self, work: impl Fn(&Shared) -> Result<T>) -> Result<T> {
        let generation = self.shared.live().number;
        match work(&self.shared) {
            Err(error) if error.kind == ErrorKind::Corrupt => {
                self.mend(generation, &error)?;
                work(&self.shared)
            }
            result => result,
        }
    }
}

impl Shared {
    /// Writes a backup while others read and write: `to`, or `partial` where damaged records are left out.
    pub(super) fn back_up(&self, to: &Path, partial: &Path) -> Result<Copied> {
        let (live, head, keys) = {
            let mut desk = self.desk();
            desk.touched = Some(BTreeSet::new());
            (self.live(), BackupHead::from(&desk.head), desk.keys.clone())
        };
        let written = self.write_backup(&live, &head, &keys, to);
        self.desk().touched = None;
        written?.finish(partial)
    }

    fn write_backup<'a>(
        &'a self,
        live: &Generation,
        head: &BackupHead,
        keys: &'a Keys,
        to: &Path,
    ) -> Result<Writing<'a>> {
        let mut writing = Writing::begin(&self.site, live, head, keys, to)?;
        writing.add_all(live)?;
        self.catch_up(|touched| writing.add(live, touched))?;
        let mut desk = self.desk();
        let touched = desk.touched.take().unwrap_or_default();
        self.still(live)?;
        writing.add(live, &touched)?;
        Ok(writing)
    }
}

impl Site {
    /// `Shared::back_up` while the store is being opened and nobody else is there.
    pub(super) fn back_up_alone(
        &self,
        desk: &Desk,
        live: &Generation,
        to: &Path,
        partial: &Path,
    ) -> Result<Copied> {
        let mut writing = Writing::begin(self, live, &BackupHead::from(&desk.head), &desk.keys, to)?;
        writing.add_all(live)?;
        writing.finish(partial)
    }

    /// Refuses a backup that would fill the disk. The store's files are never smaller than what is in them.
    fn room_to_back_up(&self, live: &Generation, to: &Path) -> Result<()> {
        let bytes = files::bytes_under(live.folder());
        let wanted = self.options.reserve + bytes + bytes / 10;
        let free = files::free_bytes(to.parent().unwrap_or(to));
        if free >= wanted {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Full,
            format!("writing the backup {}", to.display()),
            format!("it may need {} MB and {} MB are free", wanted.div_ceil(1_000_000), free / 1_000_000),
            "Free some space, or write it to another disk: `outcrop workspace backup FILE`.",
        ))
    }
}

/// A backup that is being written.
pub(super) struct Writing<'a> {
    site: &'a Site,
    keys: &'a Keys,
    path: PathBuf,
    fresh: Fresh,
    out: BufWriter<File>,
    mac: Hmac<Sha256>,
    frames: u64,
    copied: Copied,
}

impl<'a> Writing<'a> {
    pub(super) fn begin(
        site: &'a Site,
        live: &Generation,
        head: &BackupHead,
        keys: &'a Keys,
        path: &Path,
    ) -> Result<Self> {
        site.room_to_back_up(live, path)?;
        let doing = || format!("writing the backup {}", path.display());
        let mut fresh = Fresh::create(path, &site.options.faults)?;
        let out = BufWriter::new(fresh.file().try_clone().map_err(|e| Error::io(doing(), &e))?);
        let (mac, copied) = (proof(keys), Copied::default());
        let mut writing = Self { site, keys, path: path.to_owned(), fresh, out, mac, frames: 0, copied };
        let head = serde_json::to_vec(head).map_err(|e| Error::internal(doing(), e.to_string()))?;
        writing.write(MAGIC)?;
        writing.write(&u32::try_from(head.len()).unwrap_or_default().to_be_bytes())?;
        writing.write(&head)?;
        Ok(writing)
    }

    /// Writes and proves at once.
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.mac.update(bytes);
        self.out.write_all(bytes).map_err(|e| self.failed(&e))
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        Error::io(format!("writing the backup {}", self.path.display()), error)
    }

    /// Adds a frame that is sealed with the backup's keys.
    pub(super) fn frame(&mut self, bytes: &[u8]) -> Result<()> {
        self.frames += 1;
        self.write(bytes)
    }

    fn add_all(&mut self, live: &Generation) -> Result<()> {
        let mut last = None;
        loop {
            let chunk = scan::take(live, &[], last.as_deref(), false, CHUNK)?;
            let Some((key, _)) = chunk.back() else { return Ok(()) };
            last = Some(key.to_vec());
            self.site.step("back up a chunk")?;
            for (key, frame) in &chunk {
                if Kind::is_record(key) {
                    self.record(live, key, frame)?;
                }
            }
        }
    }

    /// Adds what lies under these keys now, or that nothing does.
    fn add<'k>(&mut self, live: &Generation, keys: impl IntoIterator<Item = &'k Vec<u8>>) -> Result<()> {
        for key in keys {
            if let Some(frame) = live.frame(key)? {
                self.record(live, key, &frame)?;
            } else if let Some(mark) = live.frame(&removed(key))? {
                self.frame(&mark)?;
            }
        }
        Ok(())
    }

    fn record(&mut self, live: &Generation, key: &[u8], frame: &[u8]) -> Result<()> {
        let large = match live.sealer.open(key, frame).and_then(|opened| Value::from_bytes(opened.plain)) {
            Ok(Value::Here(_)) => None,
            Ok(Value::Elsewhere(address)) => Some(address),
            Err(_) => {
                self.copied.damaged += 1;
                return Ok(());
            }
        };
        if let Some(address) = large {
            let Ok(plain) = live.blobs.get(&live.sealer, &address) else {
                // Where it was only replaced since, it comes with what was written meanwhile.
                if live.frame(key)?.as_deref() == Some(frame) {
                    self.copied.damaged += 1;
                }
                return Ok(());
            };
            let sealed = live.sealer.seal(1, 0, &blob::key(&address), &plain)?;
            self.frame(&sealed)?;
        }
        self.copied.records += 1;
        self.frame(frame)
    }

    /// Ends it with its proof, reads all of it again, and puts it in its place: `partial` where records were left out.
    pub(super) fn finish(mut self, partial: &Path) -> Result<Copied> {
        self.write(END)?;
        let frames = self.frames.to_be_bytes();
        self.write(&frames)?;
        let mac = self.mac.clone().finalize().into_bytes();
        self.out.write_all(&mac).and_then(|()| self.out.flush()).map_err(|e| self.failed(&e))?;
        prove(self.fresh.unfinished(), self.keys)?;
        if self.copied.damaged > 0 {
            self.fresh.rename(partial);
        }
        self.fresh.finish()?;
        Ok(self.copied)
    }
}

/// The key of the mark that says that what lay under `key` was removed.
pub(super) fn removed(key: &[u8]) -> Vec<u8> {
    let mut mark = vec![Kind::Removed as u8];
    mark.extend_from_slice(key);
    mark
}

pub(super) fn proof(keys: &Keys) -> Hmac<Sha256> {
    keyed(&Secret::new(mac(&keys.data, b"outcrop backup")))
}
