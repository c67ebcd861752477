//! Where a store stands: its folder, its sizes, and the desk at which one writer sits at a time.

use std::collections::BTreeSet;
use std::path::Path;

use super::head::Head;
use super::key::{Keys, Wrapper};
use super::options::Options;
use super::owner::Owner;
use super::tail::Mark;
use crate::domain::{Error, Result};

/// The owned folder and how it is used.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) owner: Owner,
    pub(super) options: Options,
    pub(super) mark: Mark,
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

impl Desk {
    /// Whether writing is still allowed.
    pub(super) fn ready(&self) -> Result<()> {
        self.stuck.as_ref().map_or(Ok(()), |stuck| {
            let hint = "Start outcrop again; nothing that was saved is lost.";
            Err(Error { hint: hint.to_owned(), ..stuck.clone() })
        })
    }
}

/// What the one writer needs: the head as it is on the disk, and the keys that it holds, unwrapped.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) head: Head,
    pub(super) wrapper: Wrapper,
    pub(super) keys: Keys,
    /// Why nothing may be written any more until the next start.
    pub(super) stuck: Option<Error>,
    /// The keys that were written since a long work began, which looks at them again.
    pub(super) touched: Option<BTreeSet<Vec<u8>>>,
}
