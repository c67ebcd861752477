//! Values too large for the tree: sealed files named by what they hold.

use std::path::{Path, PathBuf};

use super::fault::Faults;
use super::files;
use super::record::Kind;
use super::seal::{Sealer, hex};
use super::shield::corrupt;
use crate::domain::Result;

/// The names key makes it from the content, so equal values share a file and nobody else can tell what is in it.
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
            files::private_folder(&self.folder, &mut Vec::new())?;
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

    fn path(&self, address: &Address) -> PathBuf {
        let name = hex(address);
        self.folder.join(&name[..2]).join(name)
    }
}

/// The key that a blob is sealed under.
pub(super) fn key(address: &Address) -> Vec<u8> {
    let mut key = vec![Kind::Blob as u8];
    key.extend_from_slice(address);
    key
}
