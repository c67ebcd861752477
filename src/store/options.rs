//! The store's sizes, and the seam for faults. People never see these; tests make them small.

use super::fault::Faults;
use super::keyring::Keyring;
use super::migrate::{STEPS, Step};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Values of more bytes than this get a file of their own.
    pub blob_over: usize,
    /// Bytes of the file that is given up so that a store on a full disk can still be opened.
    pub ballast: u64,
    /// Bytes that must stay free: a commit that would go below is refused before anything is touched.
    pub reserve: u64,
    /// Bytes of records that sled keeps in memory.
    pub cache: u64,
    /// Where the data key's wrapping may lie.
    pub keyring: Keyring,
    /// How the records of one schema of the store become those of the next; the first step leads from 1 to 2.
    pub steps: &'static [Step],
    /// What goes wrong.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            blob_over: 256 * 1024,
            ballast: 16 * 1024 * 1024,
            reserve: 4 * 1024 * 1024,
            cache: 8 * 1024 * 1024,
            keyring: Keyring::default(),
            steps: STEPS,
            faults: Faults::default(),
        }
    }
}
