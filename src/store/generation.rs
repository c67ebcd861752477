//! A generation: one folder with one sled tree, its large values beside it, all under one data key.
//!
//! A store is replaced by making the next generation and pointing the head at it, so that no path is ever opened
//! twice in one process: sled may hold on to its files for a while after it was dropped.

use std::fs::{self, File};
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::blob::{Address, Blobs};
use super::files;
use super::key::Keys;
use super::options::Options;
use super::record::recency;
use super::seal::{FIXED, Opened, Sealer, Secret, mac};
use super::shield::shield;
use crate::domain::{ErrorKind, Result};

/// How long another thread of sled may keep the lock of a store that this process has just closed.
const LATE: Duration = Duration::from_secs(5);

/// By how much the timers of sled's threads may be late, in nanoseconds: an hour.
#[cfg(target_os = "linux")]
const PATIENCE: u64 = 3_600_000_000_000;

/// More bytes than the address of a large value takes where it is sealed.
const ADDRESS: usize = 128;

/// Sequence numbers of a generation lie above those of all before it.
const SEQUENCE_BITS: u32 = 40;

/// The keys and the large values of a generation: what reads its frames, wherever they are found.
#[derive(Debug)]
pub(super) struct Vault {
    pub(super) sealer: Sealer,
    pub(super) blobs: Blobs,
    names: Secret,
}

/// The generation that drew a sequence number.
pub(super) fn sequence_generation(sequence: u64) -> u32 {
    (sequence >> SEQUENCE_BITS) as u32
}

/// An open generation.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) number: u32,
    pub(super) tree: sled::Db,
    vault: Vault,
    // Last, so that it is dropped after sled has let go.
    leaving: Leaving,
}

impl Deref for Generation {
    type Target = Vault;

    fn deref(&self) -> &Vault {
        &self.vault
    }
}

/// What happens to the folder when the last user is gone.
#[derive(Debug)]
struct Leaving {
    folder: PathBuf,
    doomed: AtomicBool,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        // What fails here is done at the next start.
        let _ = if self.doomed.load(Ordering::SeqCst) {
            files::remove(&self.folder)
        } else {
            files::tighten(&self.folder)
        };
    }
}

/// The folder of a generation.
pub(super) fn folder(store: &Path, number: u32) -> PathBuf {
    store.join(format!("{PREFIX}{number:06}"))
}

/// How the names of generations begin.
pub(super) const PREFIX: &str = "gen-";

/// Where sled lives in a generation.
pub(super) const TREE: &str = "tree";

/// The file there that sled locks while it has the others open.
const SLEDS_LOCK: &str = "db";

/// Whether sled has the files of a generation of the store in `store` open, in whichever process.
pub(super) fn is_open(store: &Path) -> bool {
    let Ok(entries) = fs::read_dir(store) else { return false };
    let generations = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        entry.file_name().to_str()?.starts_with(PREFIX).then(|| entry.path())
    });
    generations.map(|folder| folder.join(TREE).join(SLEDS_LOCK)).any(|file| {
        let lock = |file| flock(file, FlockOperation::NonBlockingLockExclusive);
        File::open(file).is_ok_and(|file| lock(file) == Err(Errno::WOULDBLOCK))
    })
}

impl Generation {
    /// Opens or makes generation `number` of the store in `store`.
    pub(super) fn open(store: &Path, number: u32, keys: &Keys, options: &Options) -> Result<Self> {
        let folder = folder(store, number);
        let tree = folder.join(TREE);
        let first = !tree.exists();
        files::private_folder(&folder, &mut Vec::new())?;
        files::private_folder(&tree, &mut Vec::new())?;
        files::tighten(&folder)?;
        let opened = open_tree(&tree, options)?;
        files::tighten(&folder)?;
        if first {
            // What is committed to a file is lost with the name of a folder above it.
            for made in [tree.as_path(), folder.as_path(), store] {
                files::sync_folder(made, &options.faults)?;
            }
        }
        Ok(Self {
            number,
            tree: opened,
            vault: Vault::new(&folder, keys, options),
            leaving: Leaving { folder, doomed: AtomicBool::new(false) },
        })
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        &self.leaving.folder
    }

    /// Removes the folder once nobody uses it.
    pub(super) fn doom(&self) {
        self.leaving.doomed.store(true, Ordering::SeqCst);
    }

    /// A number above all that were given out before.
    pub(super) fn sequence(&self) -> Result<u64> {
        let id = shield("numbering a record", || self.tree.generate_id())?;
        Ok((u64::from(self.number) << SEQUENCE_BITS) | (id & ((1 << SEQUENCE_BITS) - 1)))
    }

    /// Opens what was found under `key`. Where it was replaced since, and its large value is gone, what is there now counts;
    /// `None` where that is nothing.
    pub(super) fn read(&self, key: &[u8], mut frame: sled::IVec) -> Result<Option<Opened>> {
        loop {
            let error = match self.unseal(key, &frame) {
                Ok(opened) => return Ok(Some(opened)),
                Err(error) => error,
            };
            match self.frame(key)? {
                None => return Ok(None),
                Some(now) if now == frame => return Err(error),
                Some(now) => frame = now,
            }
        }
    }

    /// The sealed frame under `key`, as sled has it. An error is sled's: the tree is damaged.
    pub(super) fn frame(&self, key: &[u8]) -> Result<Option<sled::IVec>> {
        shield("reading a record", || self.tree.get(key))
    }
}

impl Vault {
    /// Of the generation in `folder`.
    pub(super) fn new(folder: &Path, keys: &Keys, options: &Options) -> Self {
        Self {
            sealer: Sealer::new(&keys.data),
            blobs: Blobs::new(folder, options.faults.clone()),
            names: keys.names.clone(),
        }
    }

    /// A key that tells nothing of `text`.
    pub(super) fn name(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        let mut message = purpose.as_bytes().to_vec();
        message.push(0);
        message.extend_from_slice(text);
        mac(&self.names, &message)
    }

    /// Seals a value for the tree; a large one goes to a file first.
    pub(super) fn seal(
        &self,
        options: &Options,
        schema: u8,
        sequence: u64,
        key: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>> {
        let value = if plain.len() > options.blob_over {
            let address = self.address(sequence, key);
            self.blobs.put(&self.sealer, &address, sequence, plain)?;
            Value::Elsewhere(address)
        } else {
            Value::Here(plain.to_vec())
        };
        self.sealer.seal(schema, sequence, key, &value.into_bytes())
    }

    /// Where the large value of one frame lies.
    pub(super) fn address(&self, sequence: u64, key: &[u8]) -> Address {
        self.name("blob", &[&sequence.to_be_bytes(), key].concat())
    }

    /// The address of the large value that a frame names, if it names one that is its own.
    pub(super) fn own_address(&self, key: &[u8], frame: &[u8]) -> Option<Address> {
        // A value that lies in the frame itself is not decrypted to see that; an address is short.
        if frame.len() > FIXED + key.len() + ADDRESS {
            return None;
        }
        let opened = self.sealer.open(key, frame).ok()?;
        let own = self.address(opened.sequence, key);
        matches!(Value::from_bytes(opened.plain), Ok(Value::Elsewhere(address)) if address == own)
            .then_some(own)
    }

    /// What goes with a frame that is replaced or removed: its entry in the index, the file of its large value.
    pub(super) fn belongings(&self, key: &[u8], frame: &[u8]) -> (Option<Vec<u8>>, Option<Address>) {
        let opened = recency::has_entry(key).then(|| self.unseal(key, frame).ok()).flatten();
        let entry = opened.and_then(|opened| recency::entry_of(key, &opened.plain));
        (entry, self.own_address(key, frame))
    }

    /// Opens what lay under `key`. An error is this record's alone.
    pub(super) fn unseal(&self, key: &[u8], frame: &[u8]) -> Result<Opened> {
        let opened = self.sealer.open(key, frame)?;
        self.resolve(opened)
    }

    /// Fetches a large value from its file.
    pub(super) fn resolve(&self, opened: Opened) -> Result<Opened> {
        let plain = match Value::from_bytes(opened.plain)? {
            Value::Here(plain) => plain,
            Value::Elsewhere(address) => self.blobs.get(&self.sealer, &address)?,
        };
        Ok(Opened { plain, ..opened })
    }
}

/// What is sealed in the tree: the value, or where it is.
pub(super) enum Value {
    Here(Vec<u8>),
    Elsewhere(Address),
}

impl Value {
    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Here(mut plain) => {
                plain.push(0);
                plain
            }
            Self::Elsewhere(address) => {
                let mut bytes = address.to_vec();
                bytes.push(1);
                bytes
            }
        }
    }

    /// Reads it back.
    pub(super) fn from_bytes(mut bytes: Vec<u8>) -> Result<Self> {
        let damaged = || super::shield::corrupt("opening a sealed record", "its value makes no sense");
        match bytes.pop() {
            Some(0) => Ok(Self::Here(bytes)),
            Some(1) => Ok(Self::Elsewhere(bytes.try_into().map_err(|_| damaged())?)),
            _ => Err(damaged()),
        }
    }
}

/// Does `open`, whose threads need not be woken on the second. Those of sled look each second whether there is work, though
/// they are told of it; a thread inherits the slack of its timers from the one that starts it (prctl(2), `PR_SET_TIMERSLACK`),
/// and with an hour of it an idle program stays idle.
#[cfg(target_os = "linux")]
fn with_patient_threads<T>(open: impl FnOnce() -> T) -> T {
    use rustix::thread::set_current_timer_slack;
    let patient = set_current_timer_slack(NonZeroU64::new(PATIENCE)).is_ok();
    let opened = open();
    // With nothing given it is again what it was when this thread began.
    if patient && let Err(error) = set_current_timer_slack(None) {
        tracing::warn!(%error, "the timers of the thread that opened the store stay imprecise");
    }
    opened
}

/// Does `open`.
#[cfg(not(target_os = "linux"))]
fn with_patient_threads<T>(open: impl FnOnce() -> T) -> T {
    open()
}

/// What is found there is read by sled's own threads, which begin with that. Where there was nothing they are asked for
/// something too, or they would begin with the first commit, elsewhere.
fn open_once(config: &sled::Config) -> Result<sled::Db> {
    shield("opening the store", || {
        let tree = config.open()?;
        if !tree.was_recovered() {
            drop(tree.flush_async().now_or_never());
        }
        Ok(tree)
    })
}

/// Opens sled. Nobody else can hold its lock, since the folder is ours: if it is held, sled is still letting go.
fn open_tree(path: &Path, options: &Options) -> Result<sled::Db> {
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(options.cache)
        // Commits flush by themselves, and an idle program does nothing.
        .flush_every_ms(None);
    let started = Instant::now();
    loop {
        match with_patient_threads(|| open_once(&config)) {
            Err(error)
                if error.kind == ErrorKind::Io
                    && error.why.contains("could not acquire lock")
                    && started.elapsed() < LATE =>
            {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::{PATIENCE, with_patient_threads};

    /// Of this thread, in nanoseconds; only the folder of that name in `/proc` itself has it.
    fn slack() -> u64 {
        let thread = std::fs::read_link("/proc/thread-self").unwrap();
        let file = std::path::Path::new("/proc").join(thread.file_name().unwrap()).join("timerslack_ns");
        std::fs::read_to_string(file).unwrap().trim().parse().unwrap()
    }

    #[test]
    fn a_thread_started_while_the_store_opens_is_patient_and_the_one_that_opens_it_is_as_before() {
        let before = slack();
        let started = with_patient_threads(|| std::thread::spawn(slack));
        assert_eq!(started.join().unwrap(), PATIENCE);
        assert_eq!(slack(), before);
        assert_ne!(before, PATIENCE);
    }
}
