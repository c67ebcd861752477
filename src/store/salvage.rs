//! Mending a damaged tree: every frame that can still be found in the wreck goes into a fresh generation.
//!
//! sled refuses a file with one bad byte, or the half of it behind that byte. Our frames name their record, carry their
//! own proof and begin with a magic, so the wreck is searched for them without sled. Older frames of a record lie in
//! the file for a while; the one with the highest sequence number counts, and a mark of removal counts as well. A large
//! value whose file is gone or damaged is taken from the automatic backup; where that has none either, the frame of before
//! counts.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::backup::removed;
use super::blob::{self, Address};
use super::generation::{Generation, TREE, Vault};
use super::record::Kind;
use super::rewrite::{CHUNK, Copied, Purpose};
use super::seal::{Frame, MAGIC, Sealer};
use super::site::{Desk, Site};
use super::{Store, files};
use crate::domain::{Error, ErrorKind, Result};

/// Bytes looked at in one piece. A frame of the tree is shorter than half of it; those of large values may be longer.
const WINDOW: usize = 8 * 1024 * 1024;

/// Where a frame was found.
#[derive(Debug, Clone, Copy)]
struct Found {
    sequence: u64,
    file: usize,
    at: u64,
    length: usize,
}

/// Everything found so far.
#[derive(Debug, Default)]
pub(super) struct Wreck {
    files: Vec<File>,
    /// Of each record every frame, the oldest first.
    records: BTreeMap<Vec<u8>, Vec<Found>>,
    /// The newest mark of each record that was removed.
    removed: BTreeMap<Vec<u8>, Found>,
    /// Large values that lie in a backup.
    blobs: BTreeMap<Address, Found>,
}

impl Wreck {
    /// Looks through every file under `folder`.
    pub(super) fn search(&mut self, folder: &Path, sealer: &Sealer) -> Result<()> {
        let doing = || format!("searching {}", folder.display());
        let mut paths = Vec::new();
        files_under(folder, &mut paths).map_err(|e| Error::io(doing(), &e))?;
        paths.iter().try_for_each(|path| self.look_into(path, sealer))
    }

    /// Looks through one file, if it is there.
    fn look_into(&mut self, path: &Path, sealer: &Sealer) -> Result<()> {
        let doing = || format!("searching {}", path.display());
        let file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            file => file.map_err(|e| Error::io(doing(), &e))?,
        };
        self.files.push(file);
        self.search_file(self.files.len() - 1, sealer).map_err(|e| Error::io(doing(), &e))
    }

    fn search_file(&mut self, file: usize, sealer: &Sealer) -> std::io::Result<()> {
        let mut window = vec![0; WINDOW];
        let mut start = 0;
        loop {
            let filled = read_at(&self.files[file], &mut window, start)?;
            let last = filled < WINDOW;
            // A frame that begins in the second half may go on behind the window: the next one begins there.
            let border = if last { filled } else { WINDOW / 2 };
            let mut at = 0;
            while let Some(magic) = find(&window[at..filled], MAGIC).map(|found| at + found) {
                if magic >= border {
                    break;
                }
                at = magic + 1;
                let (seen, place) = (&window[magic..filled], start + magic as u64);
                let beyond = read_beyond(&self.files[file], seen, place)?;
                if let Some(frame) = Frame::parse(beyond.as_deref().unwrap_or(seen))
                    && sealer.unseal(&frame).is_ok()
                {
                    let (sequence, length) = (frame.sequence, frame.length);
                    self.note(frame.key, Found { sequence, file, at: place, length });
                    at = filled.min(magic + length);
                }
            }
            if last {
                return Ok(());
            }
            start += border as u64;
        }
    }

    /// Whether any record was found.
    pub(super) fn has_records(&self) -> bool {
        !self.records.is_empty()
    }

    fn note(&mut self, key: &[u8], found: Found) {
        match key.split_first() {
            Some((kind, rest)) if *kind == Kind::Removed as u8 => {
                let newest = self.removed.entry(rest.to_vec()).or_insert(found);
                if newest.sequence < found.sequence {
                    *newest = found;
                }
            }
            Some((kind, address)) if *kind == Kind::Blob as u8 => {
                if let Ok(address) = address.try_into() {
                    self.blobs.insert(address, found);
                }
            }
            Some(_) if Kind::is_record(key) => {
                let known = self.records.entry(key.to_vec()).or_default();
                if let Err(at) = known.binary_search_by_key(&found.sequence, |known| known.sequence) {
                    known.insert(at, found);
                }
            }
            _ => {}
        }
    }

    fn fetch(&self, found: &Found) -> Result<Vec<u8>> {
        let mut bytes = vec![0; found.length];
        let read = self.files[found.file].read_exact_at(&mut bytes, found.at);
        read.map_err(|e| Error::io("mending the store", &e)).map(|()| bytes)
    }

    /// The frame of a record that counts: the newest that was not removed and has its value, or the newest of all.
    fn choose(&self, key: &[u8], frames: &[Found], from: &Vault) -> Result<Option<Vec<u8>>> {
        let mark = self.removed.get(key).map_or(0, |mark| mark.sequence);
        let mut newest = None;
        for found in frames.iter().rev().take_while(|found| found.sequence > mark) {
            let frame = self.fetch(found)?;
            if self.has_value(key, &frame, from)? {
                return Ok(Some(frame));
            }
            newest.get_or_insert(frame);
        }
        Ok(newest)
    }

    /// Whether the value of a frame is there; a large one is put back where only the backup has it.
    fn has_value(&self, key: &[u8], frame: &[u8], from: &Vault) -> Result<bool> {
        let Some(address) = from.own_address(key, frame) else { return Ok(true) };
        if from.blobs.get(&from.sealer, &address).is_ok() {
            return Ok(true);
        }
        let Some(found) = self.blobs.get(&address) else { return Ok(false) };
        let Ok(opened) = from.sealer.open(&blob::key(&address), &self.fetch(found)?) else {
            return Ok(false);
        };
        from.blobs.put(&from.sealer, &address, opened.sequence, &opened.plain)?;
        Ok(true)
    }

    /// Puts what counts into `to`. `from` is where the large values lie.
    fn carry(&self, site: &Site, to: &Generation, from: &Vault) -> Result<Copied> {
        let mut copied = Copied::default();
        let mut batch = sled::Batch::default();
        let mut chunk = 0;
        for (key, frames) in &self.records {
            let Some(frame) = self.choose(key, frames, from)? else { continue };
            site.carry(to, from, key, &frame, &mut batch, &mut copied)?;
            chunk += 1;
            if chunk == CHUNK {
                site.put(to, std::mem::take(&mut batch))?;
                chunk = 0;
            }
        }
        site.put(to, batch)?;
        // The whole backup, which stays while records are damaged, knows still what was removed.
        let marks: Vec<_> = self.removed.iter().filter(|(key, _)| Kind::is_marked(key)).collect();
        for chunk in marks.chunks(CHUNK) {
            let mut batch = sled::Batch::default();
            for (key, mark) in chunk {
                batch.insert(removed(key), self.fetch(mark)?);
            }
            site.put(to, batch)?;
        }
        Ok(copied)
    }
}

impl Store {
    /// Replaces the tree of a generation in which sled has met damage by a fresh one with all that can be found. Called by
    /// whoever met it; the second one finds it done.
    pub(super) fn mend(&self, generation: u32, met: &Error) -> Result<()> {
        let mut desk = self.shared.desk();
        let broken = self.shared.live();
        if broken.number != generation {
            return Ok(());
        }
        // What is only in memory yet must be in the files that are searched. Who waits for what a tree too damaged for that
        // had is told, so that they send it again.
        if super::commit::flush(&broken, &self.shared.site).is_err() {
            self.shared.group.lose(Error::new(
                ErrorKind::Corrupt,
                "writing to the store",
                "a part of the store was damaged, and it was rebuilt before this was on the disk",
                "Do it again; everything else that was saved is there.",
            ));
        }
        let (fresh, copied) = self.shared.site.salvage(&mut desk, &broken, broken.folder())?;
        self.shared.replace(fresh);
        self.shared.notice(rebuilt(&met.why, copied));
        Ok(())
    }
}

/// How it begins.
pub(super) const REBUILT: &str = "A part of the store was damaged";

/// What is told after a salvage.
pub(super) fn rebuilt(why: &str, copied: Copied) -> String {
    format!(
        "{REBUILT} ({why}). It was rebuilt from what could be found: {} records. What was written last may be missing; the \
         damaged files are kept.",
        copied.records
    )
}

impl Site {
    /// Makes a generation of what lies under `wreck` and enthrones it; the damaged one is kept. `from` has the keys
    /// and the large values.
    pub(super) fn salvage(
        &self,
        desk: &mut Desk,
        from: &Vault,
        wreck: &Path,
    ) -> Result<(Generation, Copied)> {
        let hint = "Free some space and start again; the damaged files are untouched.";
        room_for_another(self.folder(), files::bytes_under(wreck), "mending the damaged store", hint)?;
        let mut found = Wreck::default();
        found.search(&wreck.join(TREE), &from.sealer)?;
        for backup in self.own_backups() {
            if self.is_of(&backup, desk.head.schema) {
                found.look_into(&backup, &from.sealer)?;
            }
        }
        let keys = desk.keys.clone();
        let fresh = self.begin(desk, Purpose::Salvage, &keys)?;
        let done = found.carry(self, &fresh, from).and_then(|copied| {
            self.enthrone(desk, &fresh, keys, true)?;
            Ok(copied)
        });
        match done {
            Ok(copied) => Ok((fresh, copied)),
            Err(error) => Err(self.give_up(desk, fresh, error)),
        }
    }
}

/// Refuses to write another generation of so many bytes where there is no room for it.
pub(super) fn room_for_another(folder: &Path, bytes: u64, doing: &str, hint: &str) -> Result<()> {
    let wanted = 2 * bytes + 2 * 1024 * 1024;
    let free = files::free_bytes(folder);
    if free >= wanted {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Full,
        doing,
        format!("it needs {} MB and {} MB are free", wanted.div_ceil(1_000_000), free / 1_000_000),
        hint,
    ))
}

pub(super) fn files_under(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            files_under(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn read_at(file: &File, window: &mut [u8], start: u64) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < window.len() {
        match file.read_at(&mut window[filled..], start + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// The whole of a frame that goes on behind what was `seen` of it; `None` for one that does not, or for none.
fn read_beyond(file: &File, seen: &[u8], place: u64) -> std::io::Result<Option<Vec<u8>>> {
    let Some(length) = Frame::announced(seen).filter(|length| *length > seen.len()) else { return Ok(None) };
    if file.metadata()?.len() < place + length as u64 {
        return Ok(None);
    }
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, place)?;
    Ok(Some(bytes))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = 0;
    while let Some(found) = haystack[at..].iter().position(|byte| *byte == first) {
        if haystack[at + found..].starts_with(needle) {
            return Some(at + found);
        }
        at += found + 1;
    }
    None
}
