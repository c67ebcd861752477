//! A shelf: a private folder of sealed files beside the records, for what is large and made from content: the files of an
//! index, the segments of traces.
//!
//! What lies on it is sealed with a secret that the data key makes. A new data key seals it anew: at once where nobody has the
//! shelf open, otherwise at the next start; until then the head keeps the old key, wrapped. Three kinds of files: a small one
//! that is replaced whole; a [`log`](super::log), frames one behind the other; [`pages`](super::pages), written once and read
//! anywhere.
//!
//! A backup does not hold shelves: what lies on one can be made again from where it came, except the traces of other programs, which
//! are too large for it. A restore leaves them as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use super::fault::Faults;
use super::log::Log;
use super::pages::{PagedFile, PagesWriter};
use super::seal::Sealer;
use super::{Store, files};
use crate::domain::{Error, ErrorKind, Result};

/// What lies on a shelf and cannot be read. What helps is for those to say who put it there.
pub(super) fn damaged(doing: impl Into<String>, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, doing, why, "")
}

/// What lies on the shelf of that name, in words: on it alone, and on all of its kind.
pub(super) fn called(name: &str) -> (&'static str, &'static str) {
    match name.split('/').next() {
        Some("traces") => ("the traces of other programs", "the traces of other programs"),
        Some("embeddings") => ("the vectors that were kept", "the vectors that were kept"),
        _ => ("a knowledge base", "the knowledge bases"),
    }
}

/// A private folder of sealed files. Copies are handles to the same one.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
    /// What each of its files is sealed as, so that none can stand for another.
    name: String,
    faults: Faults,
    root: Arc<Root>,
}

/// What all handles to a shelf, and to those on it, have in common.
#[derive(Debug)]
pub(super) struct Root {
    sealer: Arc<Sealer>,
    held: AtomicBool,
}

/// The shelves that somebody has, by their names.
pub(super) type Open = BTreeMap<String, Weak<Root>>;

/// A shelf that is somebody's alone until this goes.
#[derive(Debug)]
pub struct Hold(Arc<Root>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::Release);
    }
}

impl Store {
    /// The shelf of that name, made where it is missing. A name is of letters, digits and hyphens.
    pub fn shelf(&self, name: &str) -> Result<Shelf> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(Error::internal("opening a shelf", format!("{name:?} is no name of one")));
        }
        let mut open = self.shared.shelves();
        let site = &self.shared.site;
        let shelves = site.shelves();
        let (folder, faults) = (shelves.join(name), site.options.faults.clone());
        let shelf = |root| Shelf { folder: folder.clone(), name: name.to_owned(), faults, root };
        if let Some(root) = open.get(name).and_then(Weak::upgrade) {
            return Ok(shelf(root));
        }
        files::private_folder(&shelves, &mut Vec::new())?;
        files::sync_folder(site.folder(), &site.options.faults)?;
        files::private_folder(&folder, &mut Vec::new())?;
        files::sync_folder(&shelves, &site.options.faults)?;
        let (sealer, old) = self.shared.sealers(name)?;
        // Somebody had it open when the data key became another.
        site.seal_shelf(name, &sealer, &old)?;
        let root = Arc::new(Root { sealer: Arc::new(sealer), held: AtomicBool::new(false) });
        open.insert(name.to_owned(), Arc::downgrade(&root));
        Ok(shelf(root))
    }

    /// The names of the shelves that there are.
    pub fn shelves(&self) -> Result<Vec<String>> {
        self.shared.site.shelf_names()
    }

    /// Takes a shelf away with all that lies on it; one that is not there is away. Whoever reads one still reads to the end.
    pub fn remove_shelf(&self, name: &str) -> Result<()> {
        let _open = self.shared.shelves();
        let shelves = self.shared.site.shelves();
        files::remove(&shelves.join(name))?;
        if shelves.exists() { files::sync_folder(&shelves, &self.shared.site.options.faults) } else { Ok(()) }
    }
}

impl Root {
    /// `name` is whose they are.
    fn hold(self: Arc<Self>, name: &str) -> Result<Hold> {
        if self.held.swap(true, Ordering::AcqRel) {
            let (doing, why) = (format!("opening {}", called(name).0), "something else here has it open");
            return Err(Error::new(
                ErrorKind::Busy,
                doing,
                why,
                "Wait until that has ended, then try again.",
            ));
        }
        Ok(Hold(self))
    }
}

impl Shelf {
    /// A shelf on this one, made where it is missing.
    pub fn inner(&self, name: &str) -> Result<Self> {
        let shelf =
            Self { folder: self.folder.join(name), name: format!("{}/{name}", self.name), ..self.clone() };
        let doing = || format!("opening {}", called(&self.name).0);
        self.faults.at("make a folder").map_err(|why| Error::io(doing(), &why))?;
        files::private_folder(&shelf.folder, &mut Vec::new())?;
        files::sync_folder(&self.folder, &self.faults)?;
        Ok(shelf)
    }

    /// Takes the whole shelf for oneself: two that write to one file would spoil it.
    pub fn hold(&self) -> Result<Hold> {
        self.root.clone().hold(&self.name)
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
        names(&self.folder)
    }

    /// Whether a file lies on it.
    pub fn has(&self, file: &str) -> bool {
        self.path(file).exists()
    }

    /// The bytes of a small file; `None` where there is none.
    pub fn read(&self, file: &str) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = files::read(&self.path(file))? else { return Ok(None) };
        let opened = self.root.sealer.open(self.key(file).as_bytes(), &bytes);
        let doing = || format!("reading {}", self.path(file).display());
        Ok(Some(opened.map_err(|error| damaged(doing(), error.why))?.plain))
    }

    /// Replaces a small file, whole or not at all.
    pub fn write(&self, file: &str, plain: &[u8]) -> Result<()> {
        let sealed = self.root.sealer.seal(1, 0, self.key(file).as_bytes(), plain)?;
        files::write(&self.path(file), &sealed, &self.faults)
    }

    /// Takes a file or an inner shelf away; what is not there is away.
    pub fn remove(&self, file: &str) -> Result<()> {
        let doing = || format!("removing {}", self.path(file).display());
        self.faults.at("remove from a shelf").map_err(|why| Error::io(doing(), &why))?;
        files::remove(&self.path(file))
    }

    /// Opens a log, made where it is missing.
    pub fn log(&self, file: &str) -> Result<Log> {
        Log::open(&self.path(file), self.key(file), self.root.sealer.clone(), self.faults.clone())
    }

    /// Starts a file of pages, which must not be there yet.
    pub fn pages(&self, file: &str) -> Result<PagesWriter> {
        PagesWriter::create(&self.path(file), self.key(file), self.root.sealer.clone(), self.faults.clone())
    }

    /// Opens a file of pages.
    pub fn paged(&self, file: &str) -> Result<PagedFile> {
        PagedFile::open(&self.path(file), self.key(file), self.root.sealer.clone())
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

/// The names of what lies in a folder.
pub(super) fn names(folder: &Path) -> Result<Vec<String>> {
    let failed = |why: &std::io::Error| Error::io(format!("reading the folder {}", folder.display()), why);
    let entries = fs::read_dir(folder).map_err(|why| failed(&why))?;
    let names = entries
        .map(|entry| Ok(entry.map_err(|why| failed(&why))?.file_name().to_string_lossy().into_owned()));
    names.collect()
}
