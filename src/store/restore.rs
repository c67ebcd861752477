//! The way back from a backup: read to its proof before anything is touched, then sealed anew into a fresh generation.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::backup::{BackupHead, END, MAGIC, Moved, proof};
use super::blob::Address;
use super::generation::Generation;
use super::head::newer;
use super::key::{Keys, Unlock, Wrap, Wrapper};
use super::migrate::Stored;
use super::record::Kind;
use super::rewrite::{CHUNK, Copied, Purpose};
use super::salvage::room_for_another;
use super::seal::{FIXED, Frame, Opened, Sealer};
use super::site::Site;
use super::{Shared, Store};
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
        let keys = site.backup_keys(&self.shared, from, unlock)?;
        // The whole of it is proven before anything is touched.
        prove(from, &keys)?;
        site.room_to_take_in(from)?;
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
                self.refresh_automatic();
                Ok(copied.into())
            }
            Err(error) => Err(site.give_up(&mut desk, fresh, error)),
        }
    }
}

impl Site {
    fn backup_keys(&self, shared: &Shared, from: &Path, unlock: &Unlock) -> Result<Keys> {
        let head = BackupHead::of(from, self.schema())?;
        {
            let desk = shared.desk();
            if head.workspace == desk.head.workspace && head.keys.id == desk.head.keys.id {
                return Ok(desk.keys.clone());
            }
        }
        // Nobody waits at the desk while a passphrase is stretched or a keyring asks the person.
        self.unwrap_backup(&head, from, unlock)
    }

    /// Refuses a backup that the disk has no room for.
    pub(super) fn room_to_take_in(&self, from: &Path) -> Result<()> {
        let doing = format!("restoring {}", from.display());
        let bytes = std::fs::metadata(from).map_err(|e| Error::io(reading(from), &e))?.len();
        room_for_another(self.folder(), bytes, &doing, "Free some space and try again; nothing was touched.")
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
        let mut intake = Intake::new(self, to);
        let mut brought = BTreeSet::new();
        Reader::open(from, keys)?.for_each(|bytes| {
            let frame = Frame::parse(bytes).ok_or_else(|| damaged(from))?;
            let opened = sealer.unseal(&frame)?;
            if let Some((kind, address)) = frame.key.split_first()
                && *kind == Kind::Blob as u8
            {
                let address = address.try_into().map_err(|_| damaged(from))?;
                brought.insert(address);
                return to.blobs.put(&to.sealer, &address, frame.sequence, &opened.plain);
            }
            if let Some((kind, key)) = frame.key.split_first()
                && *kind == Kind::Removed as u8
            {
                return intake.remove(key);
            }
            let Opened { schema, plain, .. } = to.resolve(opened)?;
            let stored = Stored { key: frame.key.to_vec(), schema, plain };
            let Some(stored) = self.lead(before, stored)? else { return Ok(()) };
            brought.remove(&intake.add(&stored)?);
            Ok(())
        })?;
        intake.put()?;
        // Each record has a file of its own now.
        brought.iter().try_for_each(|address| to.blobs.remove(address))?;
        Ok(intake.copied)
    }
}

/// Records of a backup on their way into a generation. Of two of one key the later counts, and what belonged to the earlier
/// goes with it.
struct Intake<'a> {
    site: &'a Site,
    to: &'a Generation,
    batch: sled::Batch,
    /// The keys in the batch.
    keys: BTreeSet<Vec<u8>>,
    unnamed: Vec<Address>,
    copied: Copied,
}

impl<'a> Intake<'a> {
    fn new(site: &'a Site, to: &'a Generation) -> Self {
        let (keys, copied) = (BTreeSet::new(), Copied::default());
        Self { site, to, batch: sled::Batch::default(), keys, unnamed: Vec::new(), copied }
    }

    /// Adds a record; the address that its large value has, if it is one.
    fn add(&mut self, stored: &Stored) -> Result<Address> {
        self.remove(&stored.key)?;
        // Its number is drawn here: those of the other store may lie above all that this one will draw for long.
        let sequence = self.to.sequence()?;
        self.site.seal_into(&mut self.batch, self.to, sequence, stored)?;
        self.keys.insert(stored.key.clone());
        self.copied.records += 1;
        if self.keys.len() >= CHUNK {
            self.put()?;
        }
        Ok(self.to.address(sequence, &stored.key))
    }

    /// Takes away what an earlier frame brought under `key`.
    fn remove(&mut self, key: &[u8]) -> Result<()> {
        if self.keys.contains(key) {
            self.put()?;
        }
        let Some(stale) = self.to.frame(key)? else { return Ok(()) };
        let (entry, address) = self.to.belongings(key, &stale);
        if let Some(entry) = entry {
            self.batch.remove(entry);
        }
        self.batch.remove(key);
        self.keys.insert(key.to_vec());
        self.unnamed.extend(address);
        self.copied.records -= 1;
        Ok(())
    }

    /// Puts into the generation what has come together.
    fn put(&mut self) -> Result<()> {
        self.keys.clear();
        self.site.put(self.to, std::mem::take(&mut self.batch))?;
        let unnamed = std::mem::take(&mut self.unnamed);
        unnamed.iter().try_for_each(|address| self.to.blobs.remove(address))
    }
}

/// Reads a backup from its start to its proof.
pub(super) struct Reader {
    input: BufReader<File>,
    mac: Hmac<Sha256>,
    path: PathBuf,
    sealer: Sealer,
}

impl Reader {
    pub(super) fn open(path: &Path, keys: &Keys) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io(reading(path), &e))?;
        let mut input = BufReader::new(file);
        let mut mac = proof(keys);
        let (_, bytes) = read_head(&mut input, path)?;
        mac.update(&bytes);
        Ok(Self { input, mac, path: path.to_owned(), sealer: Sealer::new(&keys.data) })
    }

    /// Gives every frame to `each`, opened once to see that it can be; then checks that nothing is missing.
    pub(super) fn for_each(mut self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
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

pub(super) fn damaged(path: &Path) -> Error {
    Error::new(
        ErrorKind::Invalid,
        reading(path),
        "it is damaged or cut short",
        "Take another copy of it; the store was not touched.",
    )
}
