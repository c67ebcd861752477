//! Backups: everything in one sealed file that opens with the key that the store had, and the way back.
//!
//! ```text
//! "OCBK0001"   then the length of the head (4 bytes, big-endian), then the head: JSON, with the wrapped keys
//! frames       as `seal` describes them; the file of a large value comes before the first record that names it
//! "OCBKEND1"   then the number of frames (8 bytes, big-endian), then HMAC-SHA-256 over everything before it
//! ```

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::blob;
use super::files::{self, Fresh};
use super::generation::{Generation, Value};
use super::head::{SCHEMA, newer};
use super::key::{Keys, Unlock, Wrap, Wrapped, Wrapper};
use super::record::{Kind, recency};
use super::rewrite::{CHUNK, Copied, Purpose};
use super::seal::{FIXED, Frame, Opened, Sealer, Secret, keyed, mac};
use super::site::{Desk, Site};
use super::{Shared, Store, scan};
use crate::domain::id::WorkspaceId;
use crate::domain::{Error, ErrorKind, Result};

const MAGIC: &[u8; 8] = b"OCBK0001";
const END: &[u8; 8] = b"OCBKEND1";

/// Nobody wrote a longer head or frame.
const LONGEST: usize = 1 << 30;

/// The automatic backup's name in the store's folder.
const AUTOMATIC: &str = "backup";

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BackupHead {
    pub(super) schema: u32,
    pub(super) workspace: WorkspaceId,
    pub(super) wrap: Wrap,
    pub(super) keys: Wrapped,
}

impl BackupHead {
    /// Of the backup `from`.
    pub(super) fn of(from: &Path) -> Result<Self> {
        let (head, _) = read_head(&mut File::open(from).map_err(|e| Error::io(reading(from), &e))?, from)?;
        if head.schema > SCHEMA {
            return Err(newer(head.schema));
        }
        Ok(head)
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
        self.undamaged(|shared| shared.site.back_up(&shared.desk(), &shared.live(), to)).map(Moved::from)
    }

    /// Renews the backup that the store keeps of itself, from which a salvage takes what the damage hit. Where there is
    /// no room for it, that becomes a notice as well.
    pub fn backup_automatic(&self) -> Result<Moved> {
        let to = self.shared.site.automatic();
        let made = self.undamaged(|shared| shared.site.back_up(&shared.desk(), &shared.live(), &to));
        if let Err(error) = &made
            && error.kind == ErrorKind::Full
        {
            self.shared.notice(format!("The store's own backup was not renewed: {}.", error.why));
        }
        made.map(Moved::from)
    }

    /// When the automatic backup was made; `None` where there is none.
    pub fn automatic_backup_age(&self) -> Option<std::time::Duration> {
        let about = std::fs::metadata(self.shared.site.folder().join(AUTOMATIC)).ok()?;
        about.modified().ok()?.elapsed().ok()
    }

    /// Replaces everything by what is in the backup `from`, which `unlock` opens where it has another key than the
    /// store. A key file is looked for in the store and beside the backup. What was there is kept beside it.
    pub fn restore(&self, from: &Path, unlock: &Unlock) -> Result<Moved> {
        let mut desk = self.shared.desk();
        let site = &self.shared.site;
        let keys = site.backup_keys(&desk, from, unlock)?;
        // The whole of it is proven before anything is touched.
        prove(from, &keys)?;
        let target = Keys { data: desk.keys.data.clone(), names: keys.names.clone() };
        let fresh = site.begin(&mut desk, Purpose::Restore, &target)?;
        let done = site.take_in(&fresh, from, &keys).and_then(|copied| {
            site.enthrone(&mut desk, &fresh, target, true)?;
            Ok(copied)
        });
        match done {
            Ok(copied) => {
                self.shared.replace(fresh);
                site.refresh_automatic(&desk, &self.shared.live());
                Ok(copied.into())
            }
            Err(error) => Err(site.give_up(&mut desk, fresh, error)),
        }
    }

    /// Runs `work`; where it meets damage in the tree, mends that and runs it again.
    pub(super) fn undamaged<T>(&self, work: impl Fn(&Shared) -> Result<T>) -> Result<T> {
        match work(&self.shared) {
            Err(error) if error.kind == ErrorKind::Corrupt => {
                self.mend(&error)?;
                work(&self.shared)
            }
            result => result,
        }
    }
}

impl Site {
    /// The file of the automatic backup, where a salvage looks as well.
    pub(super) fn automatic(&self) -> PathBuf {
        self.folder().join(AUTOMATIC)
    }

    /// Renews the automatic backup where there is one: the old one knows another key, or what was removed since.
    pub(super) fn refresh_automatic(&self, desk: &Desk, live: &Generation) {
        let path = self.automatic();
        if path.exists() && self.back_up(desk, live, &path).is_err() {
            // An old one would do harm, no backup only less good.
            let _ = files::remove(&path);
        }
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

    fn back_up(&self, desk: &Desk, live: &Generation, to: &Path) -> Result<Copied> {
        let doing = || format!("writing the backup {}", to.display());
        self.room_to_back_up(live, to)?;
        let mut fresh = Fresh::create(to, &self.options.faults)?;
        let unfinished = fresh.unfinished().to_owned();
        let head = BackupHead {
            schema: desk.head.schema,
            workspace: desk.head.workspace,
            wrap: desk.head.wrap.clone(),
            keys: desk.head.keys.clone(),
        };
        let head = serde_json::to_vec(&head).map_err(|e| Error::internal(doing(), e.to_string()))?;
        let io = |e: std::io::Error| Error::io(doing(), &e);
        let mut out = Proven { out: BufWriter::new(fresh.file()), mac: proof(&desk.keys) };
        out.write(MAGIC).map_err(io)?;
        out.write(&u32::try_from(head.len()).unwrap_or_default().to_be_bytes()).map_err(io)?;
        out.write(&head).map_err(io)?;
        let mut copied = Copied::default();
        let mut frames: u64 = 0;
        let mut written = HashSet::new();
        let mut last = None;
        loop {
            let chunk = scan::take(live, &[], last.as_deref(), false, CHUNK)?;
            let Some((key, _)) = chunk.back() else { break };
            last = Some(key.to_vec());
            self.step("back up a chunk")?;
            for (key, frame) in &chunk {
                if key.first().is_none_or(|kind| *kind >= Kind::Recency as u8) {
                    continue;
                }
                let large =
                    match live.sealer.open(key, frame).and_then(|opened| Value::from_bytes(opened.plain)) {
                        Ok(Value::Here(_)) => None,
                        Ok(Value::Elsewhere(address)) => Some(address),
                        Err(_) => {
                            copied.damaged += 1;
                            continue;
                        }
                    };
                if let Some(address) = large.filter(|address| !written.contains(address)) {
                    let Ok(plain) = live.blobs.get(&live.sealer, &address) else {
                        copied.damaged += 1;
                        continue;
                    };
                    let sealed = live.sealer.seal(1, 0, &blob::key(&address), &plain)?;
                    out.write(&sealed).map_err(io)?;
                    frames += 1;
                    written.insert(address);
                }
                out.write(frame).map_err(io)?;
                frames += 1;
                copied.records += 1;
            }
        }
        out.write(END).map_err(io)?;
        out.write(&frames.to_be_bytes()).map_err(io)?;
        out.finish().map_err(io)?;
        prove(&unfinished, &desk.keys)?;
        fresh.finish()?;
        Ok(copied)
    }

    fn backup_keys(&self, desk: &Desk, from: &Path, unlock: &Unlock) -> Result<Keys> {
        let head = BackupHead::of(from)?;
        if head.workspace == desk.head.workspace && head.keys.id == desk.head.keys.id {
            return Ok(desk.keys.clone());
        }
        self.unwrap_backup(&head, from, unlock)
    }

    /// The keys of a backup. Its key file is looked for in the store's folder and beside the backup.
    pub(super) fn unwrap_backup(&self, head: &BackupHead, from: &Path, unlock: &Unlock) -> Result<Keys> {
        let beside = from.parent().map_or_else(PathBuf::new, Path::to_owned);
        let places = [self.folder().to_owned(), beside];
        let keys = Wrapper::find(&head.wrap, head.workspace, &places, unlock, &self.options)
            .and_then(|wrapper| wrapper.unwrap(&head.keys, &head.wrap));
        keys.map_err(|error| {
            let hint = match (&head.wrap, &error.kind) {
                (Wrap::KeyFile { .. }, ErrorKind::Locked) => {
                    "Lay that key file beside the backup.".to_owned()
                }
                _ => error.hint,
            };
            Error { doing: format!("opening the backup {}", from.display()), hint, ..error }
        })
    }

    pub(super) fn take_in(&self, to: &Generation, from: &Path, keys: &Keys) -> Result<Copied> {
        let sealer = Sealer::new(&keys.data);
        let mut copied = Copied::default();
        let mut batch = sled::Batch::default();
        let mut chunk = 0;
        Reader::open(from, keys)?.for_each(|bytes| {
            let frame = Frame::parse(bytes).ok_or_else(|| damaged(from))?;
            let opened = sealer.unseal(&frame)?;
            if let Some((kind, address)) = frame.key.split_first()
                && *kind == Kind::Blob as u8
            {
                let address = address.try_into().map_err(|_| damaged(from))?;
                return to.blobs.put(&to.sealer, &address, frame.sequence, &opened.plain);
            }
            let Opened { schema, plain, .. } = to.resolve(opened)?;
            // Its number is drawn here: those of the other store may lie above all that this one will draw for long.
            let sealed = to.seal(&self.options, schema, to.sequence()?, frame.key, &plain)?;
            if let Some(entry) = recency::entry_of(frame.key, &plain) {
                batch.insert(entry, &[]);
            }
            batch.insert(frame.key, sealed);
            copied.records += 1;
            chunk += 1;
            if chunk == CHUNK {
                chunk = 0;
                self.put(to, std::mem::take(&mut batch))?;
            }
            Ok(())
        })?;
        self.put(to, batch)?;
        Ok(copied)
    }
}

/// Writes and proves at once.
struct Proven<W> {
    out: W,
    mac: Hmac<Sha256>,
}

impl<W: Write> Proven<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.mac.update(bytes);
        self.out.write_all(bytes)
    }

    /// Writes the proof.
    fn finish(self) -> std::io::Result<()> {
        let Self { mut out, mac } = self;
        out.write_all(&mac.finalize().into_bytes())?;
        out.flush()
    }
}

/// Reads a backup from its start to its proof.
struct Reader {
    input: BufReader<File>,
    mac: Hmac<Sha256>,
    path: PathBuf,
    sealer: Sealer,
}

impl Reader {
    fn open(path: &Path, keys: &Keys) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io(reading(path), &e))?;
        let mut input = BufReader::new(file);
        let mut mac = proof(keys);
        let (_, bytes) = read_head(&mut input, path)?;
        mac.update(&bytes);
        Ok(Self { input, mac, path: path.to_owned(), sealer: Sealer::new(&keys.data) })
    }

    /// Gives every frame to `each`, opened once to see that it can be; then checks that nothing is missing.
    fn for_each(mut self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut frames: u64 = 0;
        loop {
            let mut start = vec![0; 8];
            self.fill(&mut start)?;
            if start == END {
                break;
            }
            start.resize(FIXED, 0);
            self.fill(&mut start[8..])?;
            let length = Frame::announced(&start).filter(|length| *length < LONGEST);
            let length = length.ok_or_else(|| damaged(&self.path))?;
            start.resize(length, 0);
            self.fill(&mut start[FIXED..])?;
            self.mac.update(&start);
            let frame = Frame::parse(&start).ok_or_else(|| damaged(&self.path))?;
            self.sealer.unseal(&frame).map_err(|_| damaged(&self.path))?;
            each(&start)?;
            frames += 1;
        }
        let mut count = [0; 8];
        self.fill(&mut count)?;
        let mut proof = [0; 32];
        self.fill(&mut proof)?;
        self.mac.update(END);
        self.mac.update(&count);
        let proven = self.mac.verify_slice(&proof).is_ok();
        if proven && u64::from_be_bytes(count) == frames { Ok(()) } else { Err(damaged(&self.path)) }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.input.read_exact(bytes).map_err(|_| damaged(&self.path))
    }
}

/// Reads a backup from its start to its proof, for nothing but that.
pub(super) fn prove(path: &Path, keys: &Keys) -> Result<()> {
    Reader::open(path, keys)?.for_each(|_| Ok(()))
}

fn proof(keys: &Keys) -> Hmac<Sha256> {
    keyed(&Secret::new(mac(&keys.data, b"outcrop backup")))
}

/// The head, and the bytes that it was read from.
fn read_head(input: &mut impl Read, path: &Path) -> Result<(BackupHead, Vec<u8>)> {
    let mut bytes = vec![0; 12];
    input.read_exact(&mut bytes).map_err(|_| damaged(path))?;
    if &bytes[..8] != MAGIC {
        return Err(Error::new(
            ErrorKind::Invalid,
            reading(path),
            "it is not a backup of outcrop",
            "Name a file that `outcrop workspace backup` wrote.",
        ));
    }
    let length =
        usize::try_from(u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]])).unwrap_or(LONGEST);
    if length > 1 << 16 {
        return Err(damaged(path));
    }
    bytes.resize(12 + length, 0);
    input.read_exact(&mut bytes[12..]).map_err(|_| damaged(path))?;
    let head = serde_json::from_slice(&bytes[12..]).map_err(|_| damaged(path))?;
    Ok((head, bytes))
}

fn reading(path: &Path) -> String {
    format!("reading the backup {}", path.display())
}

fn damaged(path: &Path) -> Error {
    Error::new(
        ErrorKind::Invalid,
        reading(path),
        "it is damaged or cut short",
        "Take another copy of it; the store was not touched.",
    )
}
