//! The state on disk: the only place that names sled.
//!
//! Here live records (one file a kind under `record`), their sealing, commits, and everything that keeps them: the lock
//! of the owner, the key and its wrapping, salvage, compaction, backup. Never here: what a conversation *is* (that is
//! `domain`), when something is saved (that is `service`), async (callers use a blocking thread;
//! only `keyring` waits for a bus).
//!
//! ```text
//! lock          the owner's lock, with its process id
//! head          which generation is the store, and its keys, wrapped; head.copy beside it
//! key-…         what unwraps them, where neither a passphrase nor the system's keyring does
//! gen-000001/   a generation: tree/ is sled's, blobs/ has sealed files for large values
//! shelves/      sealed files beside the records: the indexes of knowledge bases; see `shelf`
//! mark          the number of the last acknowledged batch; see `tail`
//! backup        the automatic backup; backup-partial lacks what is damaged; backup-before-… are from before a migration or a
//!               new data key
//! ballast       room to give up when the disk is full
//! ```
//!
//! What the store promises, each held by a test: a batch that was committed survives the death of the process; nothing
//! made from a person's content is readable without the key; a record that was moved, swapped or changed is an error,
//! not a value; damage costs what it hit and no more; every step of every rewrite may be the last.

mod astray;
mod attachment;
mod automatic;
mod backup;
mod ballast;
mod batch;
mod blob;
mod cassette;
mod change;
mod commit;
mod draft;
mod fault;
mod files;
mod frames;
mod generation;
mod head;
mod info;
mod key;
mod keyring;
mod log;
mod migrate;
mod open;
mod options;
mod owner;
mod pages;
mod provider_key;
pub mod record;
mod rekey;
mod renew;
mod rescue;
mod reseal;
mod restore;
mod rewrite;
mod salvage;
mod scan;
mod seal;
mod shelf;
mod shelves;
mod shield;
mod site;
mod slack;
mod tail;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

pub use backup::Moved;
pub use batch::Batch;
pub use cassette::{Cassette, Tape};
pub use fault::Faults;
pub use info::{Info, Verified};
pub use key::{Unlock, WrapWith};
pub use keyring::{Keyring, Ring, RingEntry, RingFault};
pub use log::{Log, LogReader, Met, Span};
pub use migrate::{Step, Stored};
pub use options::Options;
pub use owner::Owner;
pub use pages::{PAGE, PagedFile, PagesWriter};
pub use record::Record;
pub use scan::{Newest, Records, Scan};
pub use shelf::{Hold, Shelf};
pub use shield::shielded;

use blob::Address;
use commit::Group;
use generation::Generation;
use site::{Desk, Site};

/// An open store. Copies are handles to the same one; the last to go closes it.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    site: Site,
    live: RwLock<Arc<Generation>>,
    desk: Mutex<Desk>,
    work: Mutex<()>,
    drafts: Mutex<()>,
    open_shelves: Mutex<shelf::Open>,
    in_use: Mutex<BTreeSet<record::Name>>,
    group: Group,
    /// About how many bytes were written since it was opened.
    written: AtomicU64,
    unmarked: Mutex<Vec<Address>>,
    notices: Mutex<Vec<String>>,
    /// What is said once of a store that was made when it was opened.
    founded: Mutex<Option<String>>,
    listener: OnceLock<Listener>,
}

/// Hears what is noticed while the store is open.
pub type Listener = Box<dyn Fn(&str) + Send + Sync>;

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("site", &self.site).finish_non_exhaustive()
    }
}

impl Shared {
    /// The generation that is the store now.
    fn live(&self) -> Arc<Generation> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another in its place and gives back the old one.
    fn replace(&self, fresh: Generation) -> Arc<Generation> {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *live, Arc::new(fresh))
    }

    /// One long work at a time: a backup, a restore, a rewrite. It is taken before the desk, which stays free for those
    /// who write meanwhile.
    fn work(&self) -> MutexGuard<'_, ()> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer's seat. It is never taken twice by one thread, and after the list of open shelves.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notice(&self, text: String) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&text) {
            if let Some(listener) = self.listener.get() {
                listener(&text);
            }
            notices.push(text);
        }
    }
}

impl Store {
    /// What was mended or noticed since the store was opened, in words.
    pub fn notices(&self) -> Vec<String> {
        self.shared.notices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What opens it, where it was made just now and nobody chose that; told once.
    pub fn founded(&self) -> Option<String> {
        self.shared.founded.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Has what is noticed from now on told to `listener` too, which must not block. Only the first one is taken.
    pub fn tell(&self, listener: Listener) {
        let _ = self.shared.listener.set(listener);
    }

    /// Whether it was rebuilt since it was opened, because a part of it was damaged.
    pub fn was_rebuilt(&self) -> bool {
        self.notices().iter().any(|notice| notice.starts_with(salvage::REBUILT))
    }

    /// What wraps the data key, in words: "a key file", "a passphrase", "the keyring".
    pub fn key_kind(&self) -> &'static str {
        self.shared.desk().head.wrap.words()
    }
}
