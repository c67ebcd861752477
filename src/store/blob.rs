//! Values too large for the tree: sealed files, each named by one frame alone.
//!
//! A file is written before the frame that names it: a death in between leaves it, without a name, until the store is
//! compacted. It goes when the batch that replaced that frame is on the disk. In the same batch lies a mark with the file's
//! address, so that a death in between leaves nothing for good.

use std::path::{Path, PathBuf};

use super::fault::Faults;
use super::files;
use super::record::Kind;
use super::seal::Sealer;
use super::shield::corrupt;
use crate::domain::Result;
use crate::domain::hex::hex;

/// The names key makes it from the record's key and sequence number: no address is ever used for something else, and
/// nobody can tell what is in the file.
pub(super) type Address = [u8; 32];

/// The files of one generation.
#[derive(Debug)]
pub(super) struct Blobs {
    folder: PathBuf,
    faults: Faults,
}

impl Blobs {
    /// Under the folder of a generation; it is made when the first value comes.
    pub(super) fn new(generation: &Path, faults: Faults) -> Self {
        Self { folder: generation.join("blobs"), faults }
    }

    /// Writes a value, unless it is there already and whole.
    pub(super) fn put(&self, sealer: &Sealer, address: &Address, sequence: u64, plain: &[u8]) -> Result<()> {
        if self.get(sealer, address).is_ok() {
            return Ok(());
        }
        let path = self.path(address);
        if let Some(folder) = path.parent() {
            let first = !self.folder.exists();
            files::private_folder(&self.folder, &mut Vec::new())?;
            if let Some(generation) = self.folder.parent().filter(|_| first) {
                files::sync_folder(generation, &self.faults)?;
            }
            files::private_folder(folder, &mut Vec::new())?;
        }
        files::write(&path, &sealer.seal(1, sequence, &key(address), plain)?, &self.faults)?;
        // The name of a fresh sub-folder must be on the disk as well.
        files::sync_folder(&self.folder, &self.faults)
    }

    /// Reads a value.
    pub(super) fn get(&self, sealer: &Sealer, address: &Address) -> Result<Vec<u8>> {
        let Some(bytes) = files::read(&self.path(address))? else {
            return Err(corrupt("reading a large value", "its file is missing"));
        };
        Ok(sealer.open(&key(address), &bytes)?.plain)
    }

    /// Takes a value away; one that is not there is away.
    pub(super) fn remove(&self, address: &Address) -> Result<()> {
        files::remove(&self.path(address))
    }

    fn path(&self, address: &Address) -> PathBuf {
        let name = hex(address);
        self.folder.join(&name[..2]).join(name)
    }
}

/// The key of the mark that says that nothing names this file any more.
pub(super) fn unnamed(address: &Address) -> Vec<u8> {
    let mut key = vec![Kind::Unnamed as u8];
    key.extend_from_slice(address);
    key
}

/// The key that a blob is sealed under.
pub(super) fn key(address: &Address) -> Vec<u8> {
    let mut key = vec![Kind::Blob as u8];
    key.extend_from_slice(address);
    key
}
