//! A shelf: a private folder of sealed files beside the records, for what is large and made from content: the files of an
//! index.
//!
//! What lies on it opens with the workspace whose names key made its secret, whatever its data key becomes. Three kinds of
//! files: a small one that is replaced whole; a [`log`](super::log), frames one behind the other; [`pages`](super::pages),
//! written once and read anywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::fault::Faults;
use super::log::Log;
use super::pages::{PagedFile, PagesWriter};
use super::seal::{Sealer, mac};
use super::{Store, files};
use crate::domain::{Error, ErrorKind, Result};

/// What lies on a shelf and cannot be read. What helps is for those to say who put it there.
pub(super) fn damaged(doing: impl Into<String>, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, doing, why, "")
}

/// The folder of all shelves, in that of the store.
const SHELVES: &str = "shelves";

/// A private folder of sealed files. Copies are handles to the same one.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
    /// What each of its files is sealed as, so that none can stand for another.
    name: String,
    sealer: Arc<Sealer>,
    faults: Faults,
}

impl Store {
    /// The shelf of that name, made where it is missing. A name is of letters, digits and hyphens.
    pub fn shelf(&self, name: &str) -> Result<Shelf> {
        let names = self.shared.desk().keys.names.clone();
        let secret = Zeroizing::new(mac(&names, format!("outcrop shelf {name}").as_bytes()));
        let site = &self.shared.site;
        let shelves = site.folder().join(SHELVES);
        files::private_folder(&shelves, &mut Vec::new())?;
        let shelf = Shelf {
            folder: shelves.join(name),
            name: name.to_owned(),
            sealer: Arc::new(Sealer::new(&secret)),
            faults: site.options.faults.clone(),
        };
        files::private_folder(&shelf.folder, &mut Vec::new())?;
        files::sync_folder(&shelves, &shelf.faults)?;
        Ok(shelf)
    }

    /// Takes a shelf away with all that lies on it; one that is not there is away.
    pub fn remove_shelf(&self, name: &str) -> Result<()> {
        files::remove(&self.shared.site.folder().join(SHELVES).join(name))
    }
}

impl Shelf {
    /// A shelf on this one, made where it is missing.
    pub fn inner(&self, name: &str) -> Result<Self> {
        let shelf =
            Self { folder: self.folder.join(name), name: format!("{}/{name}", self.name), ..self.clone() };
        files::private_folder(&shelf.folder, &mut Vec::new())?;
        files::sync_folder(&self.folder, &self.faults)?;
        Ok(shelf)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bytes of all that lies on it.
    pub fn bytes(&self) -> u64 {
        files::bytes_under(&self.folder)
    }

    /// The names of what lies on it.
    pub fn names(&self) -> Result<Vec<String>> {
        let failed =
            |why: &std::io::Error| Error::io(format!("reading the folder {}", self.folder.display()), why);
        let entries = fs::read_dir(&self.folder).map_err(|why| failed(&why))?;
        let names = entries
            .map(|entry| Ok(entry.map_err(|why| failed(&why))?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }

    /// Whether a file lies on it.
    pub fn has(&self, file: &str) -> bool {
        self.path(file).exists()
    }

    /// The bytes of a small file; `None` where there is none.
    pub fn read(&self, file: &str) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = files::read(&self.path(file))? else { return Ok(None) };
        let opened = self.sealer.open(self.key(file).as_bytes(), &bytes);
        let doing = || format!("reading {}", self.path(file).display());
        Ok(Some(opened.map_err(|error| damaged(doing(), error.why))?.plain))
    }

    /// Replaces a small file, whole or not at all.
    pub fn write(&self, file: &str, plain: &[u8]) -> Result<()> {
        let sealed = self.sealer.seal(1, 0, self.key(file).as_bytes(), plain)?;
        files::write(&self.path(file), &sealed, &self.faults)
    }

    /// Takes a file or an inner shelf away; what is not there is away.
    pub fn remove(&self, file: &str) -> Result<()> {
        files::remove(&self.path(file))
    }

    /// Opens a log, made where it is missing.
    pub fn log(&self, file: &str) -> Result<Log> {
        Log::open(&self.path(file), self.key(file), self.sealer.clone(), self.faults.clone())
    }

    /// Starts a file of pages, which must not be there yet.
    pub fn pages(&self, file: &str) -> Result<PagesWriter> {
        PagesWriter::create(&self.path(file), self.key(file), self.sealer.clone(), self.faults.clone())
    }

    /// Opens a file of pages.
    pub fn paged(&self, file: &str) -> Result<PagedFile> {
        PagedFile::open(&self.path(file), self.key(file), self.sealer.clone())
    }

    /// Puts the names of its files on the disk.
    pub fn sync(&self) -> Result<()> {
        files::sync_folder(&self.folder, &self.faults)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    fn key(&self, file: &str) -> String {
        format!("shelf {}/{file}", self.name)
    }
}
