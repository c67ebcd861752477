//! The configuration file as a thing that changes while the program runs.

use std::fmt;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use super::show::default_file;
use super::{Environment, Flags};
use crate::domain::{Error, Result};

/// Which state of the file was read: its time, size and number; `None` where there is no file.
pub type Stamp = Option<(SystemTime, u64, u64)>;

/// The state of the file at `path`. One look at the directory, no read.
pub(super) fn stamp(path: &Path) -> Stamp {
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.modified().ok()?, facts.len(), facts.ino()))
}

/// Puts a file with every key, commented out, where there is none.
pub fn begin_file(path: &Path, doing: &str) -> Result<()> {
    let io = |why: std::io::Error| Error::io(doing, &why);
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => file.write_all(default_file().as_bytes()).map_err(io),
        Err(why) if why.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(why) => Err(io(why)),
    }
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
