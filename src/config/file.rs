//! The configuration file as a thing that changes while the program runs.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use super::{Environment, Flags};

/// Which state of the file was read: its time, size and number; `None` where there is no file.
pub type Stamp = Option<(SystemTime, u64, u64)>;

/// The state of the file at `path`. One look at the directory, no read.
pub(super) fn stamp(path: &Path) -> Stamp {
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.modified().ok()?, facts.len(), facts.ino()))
}

/// What a configuration was made of besides its file, to make it again; its `Debug` shows nothing, for it holds secrets.
#[derive(Clone)]
pub(super) struct Inputs {
    pub(super) environment: Environment,
    pub(super) flags: Flags,
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inputs(…)")
    }
}
