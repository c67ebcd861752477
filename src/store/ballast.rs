//! A file that is there to be given up: sled cannot even open a store on a disk without room.

use std::path::Path;

use super::files;
use super::options::Options;
use crate::domain::{Error, ErrorKind, Result};

const BALLAST: &str = "ballast";

/// Before the store is opened: makes the ballast while there is plenty, gives it up where room is short.
pub(super) fn prepare(folder: &Path, options: &Options, notices: &mut Vec<String>) -> Result<()> {
    let path = folder.join(BALLAST);
    let wanted = options.ballast;
    let free = files::free_bytes(folder);
    let has = std::fs::symlink_metadata(&path).map_or(0, |about| about.len());
    if free < options.reserve {
        files::remove(&path)?;
        let free = files::free_bytes(folder);
        if free < options.reserve {
            return Err(full(folder, free, options.reserve));
        }
        notices.push("The disk is nearly full: what is written from now on may not fit.".to_owned());
    } else if has < wanted && free > 4 * wanted {
        // It is only a reserve: where it cannot be made, the store still works.
        let _ = fill(&path, wanted);
    }
    Ok(())
}

/// Nothing is read either: sled writes as it opens. A copy where there is room is read like any other workspace.
fn full(folder: &Path, free: u64, reserve: u64) -> Error {
    let (kilobytes, missing) = (|bytes: u64| bytes.div_ceil(1000), reserve - free);
    Error::new(
        ErrorKind::Full,
        format!("opening the store in {}", folder.display()),
        format!("only {} KB are free on its disk, and {} KB are needed", free / 1000, kilobytes(reserve)),
        format!(
            "Free {} KB there, then start again; nothing that was saved is lost. To read it before that, copy this \
             folder to DIR/data/home on another disk and start with OUTCROP_HOME=DIR.",
            kilobytes(missing)
        ),
    )
}

fn fill(path: &Path, bytes: u64) -> Result<()> {
    let file = files::open(path)?;
    files::allocate(&file, bytes).map_err(|error| Error::io("setting room aside", &error))
}
