//! Where a store stands: its folder, its sizes, and the desk at which one writer sits at a time.

use std::path::Path;

use super::head::Head;
use super::key::{Keys, Wrapper};
use super::options::Options;
use super::owner::Owner;
use crate::domain::{Error, Result};

/// The owned folder and how it is used.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) owner: Owner,
    pub(super) options: Options,
}

impl Site {
    /// The store's folder.
    pub(super) fn folder(&self) -> &Path {
        self.owner.folder()
    }

    /// Passes a step that changes the disk, unless a test makes it fail.
    pub(super) fn step(&self, step: &'static str) -> Result<()> {
        self.options.faults.at(step).map_err(|error| Error::io("writing to the store", &error))
    }
}

/// What the one writer needs: the head as it is on the disk, and the keys that it holds, unwrapped.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) head: Head,
    pub(super) wrapper: Wrapper,
    pub(super) keys: Keys,
}
