//! The way back from a backup: read to its proof before anything is touched, then sealed anew into a fresh generation.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::Store;
use super::backup::{BackupHead, END, MAGIC, Moved, proof};
use super::generation::Generation;
use super::head::newer;
use super::key::{Keys, Unlock, Wrap, Wrapper};
use super::migrate::Stored;
use super::record::Kind;
use super::rewrite::{CHUNK, Copied, Purpose};
use super::seal::{FIXED, Frame, Opened, Sealer};
use super::site::{Desk, Site};
use crate::domain::{Error, ErrorKind, Result};

/// Nobody wrote a longer head or frame.
const LONGEST: usize = 1 << 30;

impl BackupHead {
    /// Of the backup `from`; one of a schema above `newest` is refused.
    pub(super) fn of(from: &Path, newest: u32) -> Result<Self> {
        let (head, _) = read_head(&mut File::open(from).map_err(|e| Error::io(reading(from), &e))?, from)?;
        if head.schema > newest {
            return Err(newer(head.schema, newest));
        }
        Ok(head)
    }
}

impl Store {
    /// Replaces everything by what is in the backup `from`, which `unlock` opens where it has another key than the
    /// store. A key file is looked for in the store and beside the backup. What was there is kept beside it.
    pub fn restore(&self, from: &Path, unlock: &Unlock) -> Result<Moved> {
        let _work = self.shared.work();
        let site = &self.shared.site;
        let keys = site.backup_keys(&self.shared.desk(), from, unlock)?;
        // The whole of it is proven before anything is touched.
        prove(from, &keys)?;
        let mut desk = self.shared.desk();
        let target = Keys { data: desk.keys.data.clone(), names: keys.names.clone() };
        let fresh = site.begin(&mut desk, Purpose::Restore, &target)?;
        let done = site.take_in(&fresh, from, &keys).and_then(|copied| {
            site.enthrone(&mut desk, &fresh, target, true)?;
            Ok(copied)
        });
        match done {
            Ok(copied) => {
                self.shared.replace(fresh);
                drop(desk);
                self.shared.refresh_automatic();
                Ok(copied.into())
            }
            Err(error) => Err(site.give_up(&mut desk, fresh, error)),
        }
    }
}

impl Site {
    fn backup_keys(&self, desk: &Desk, from: &Path, unlock: &Unlock) -> Result<Keys> {
        let head = BackupHead::of(from, self.schema())?;
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
        let before = BackupHead::of(from, self.schema())?.schema;
        let sealer = Sealer::new(&keys.data);
        let mut copied = Copied::default();
        let mut batch = sled::Batch::default();
        let mut chunk = 0;
        let mut brought = Vec::new();
        Reader::open(from, keys)?.for_each(|bytes| {
            let frame = Frame::parse(bytes).ok_or_else(|| damaged(from))?;
            let opened = sealer.unseal(&frame)?;
            if let Some((kind, address)) = frame.key.split_first()
                && *kind == Kind::Blob as u8
            {
                let address = address.try_into().map_err(|_| damaged(from))?;
                brought.push(address);
                return to.blobs.put(&to.sealer, &address, frame.sequence, &opened.plain);
            }
            if let Some((kind, key)) = frame.key.split_first()
                && *kind == Kind::Removed as u8
            {
                batch.remove(key);
                return Ok(());
            }
            let Opened { schema, plain, .. } = to.resolve(opened)?;
            let stored = Stored { key: frame.key.to_vec(), schema, plain };
            let Some(stored) = self.lead(before, stored)? else { return Ok(()) };
            // Its number is drawn here: those of the other store may lie above all that this one will draw for long.
            self.seal_into(&mut batch, to, to.sequence()?, &stored)?;
            copied.records += 1;
            chunk += 1;
            if chunk == CHUNK {
                chunk = 0;
                self.put(to, std::mem::take(&mut batch))?;
            }
            Ok(())
        })?;
        self.put(to, batch)?;
        // Each record has a file of its own now.
        brought.iter().try_for_each(|address| to.blobs.remove(address))?;
        Ok(copied)
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
