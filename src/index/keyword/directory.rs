//! tantivy's files on a shelf: sealed, pages at a time.
//!
//! Small files are held whole while tantivy has them open; of large ones pages are, as many as there is room for.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::HasLen;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, Directory, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};

use crate::domain::{Error, ErrorKind};
use crate::store::{PAGE, PagedFile, PagesWriter, Shelf};

/// Files up to so many bytes are held whole.
const WHOLE: usize = 4 << 20;
/// So many pages of larger ones are held: 64 MB.
const HELD: usize = 2048;

/// A folder of sealed files, as tantivy wants one. Copies are handles to the same one.
#[derive(Clone)]
pub(super) struct Sealed {
    shelf: Shelf,
    pages: Arc<Pages>,
}

impl Sealed {
    pub(super) fn new(shelf: Shelf) -> Self {
        Self { shelf, pages: Arc::default() }
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shelf.fmt(f)
    }
}

/// Pages that were opened lately.
#[derive(Default)]
struct Pages {
    held: Mutex<Held>,
}

/// A page, and when it was used last.
type Page = (Arc<Vec<u8>>, u64);

#[derive(Default)]
struct Held {
    pages: HashMap<(String, usize), Page>,
    /// Counts up: which were used last.
    now: u64,
}

impl Pages {
    fn page(&self, name: &str, file: &PagedFile, number: usize) -> io::Result<Arc<Vec<u8>>> {
        let key = (name.to_owned(), number);
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.now += 1;
            let now = held.now;
            if let Some((page, used)) = held.pages.get_mut(&key) {
                *used = now;
                return Ok(page.clone());
            }
        }
        let page = Arc::new(file.page(number).map_err(told)?);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.pages.len() >= HELD {
            // The older half goes.
            let mut used: Vec<u64> = held.pages.values().map(|(_, used)| *used).collect();
            used.sort_unstable();
            let middle = used[used.len() / 2];
            held.pages.retain(|_, (_, used)| *used > middle);
        }
        let now = held.now;
        held.pages.insert(key, (page.clone(), now));
        Ok(page)
    }

    fn forget(&self, name: &str) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.pages.retain(|(file, _), _| file != name);
    }
}

/// A large file that is open.
struct Large {
    name: String,
    file: PagedFile,
    pages: Arc<Pages>,
}

impl fmt::Debug for Large {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Large({})", self.name)
    }
}

impl HasLen for Large {
    fn len(&self) -> usize {
        self.file.length()
    }
}

impl FileHandle for Large {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        let mut bytes = Vec::with_capacity(range.len());
        let mut at = range.start;
        while at < range.end {
            let page = self.pages.page(&self.name, &self.file, at / PAGE)?;
            let from = at % PAGE;
            let until = (range.end - at + from).min(page.len());
            let part = page.get(from..until).filter(|part| !part.is_empty());
            let part =
                part.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends before"))?;
            bytes.extend_from_slice(part);
            at += part.len();
        }
        Ok(OwnedBytes::new(bytes))
    }
}

/// A small file that is open.
#[derive(Debug)]
struct Small(OwnedBytes);

impl HasLen for Small {
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl FileHandle for Small {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        Ok(self.0.slice(range))
    }
}

/// A file on its way.
struct Writing(PagesWriter);

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(told)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Writing {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        self.0.finish().map_err(told)
    }
}

impl Directory for Sealed {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let name = name(path);
        if !self.shelf.has(&name) {
            return Err(OpenReadError::FileDoesNotExist(path.to_owned()));
        }
        let failed = |error| OpenReadError::wrap_io_error(told(error), path.to_owned());
        let file = self.shelf.paged(&name).map_err(failed)?;
        if file.length() <= WHOLE {
            return Ok(Arc::new(Small(OwnedBytes::new(file.all().map_err(failed)?))));
        }
        Ok(Arc::new(Large { name, file, pages: self.pages.clone() }))
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let name = name(path);
        if !self.shelf.has(&name) {
            return Err(DeleteError::FileDoesNotExist(path.to_owned()));
        }
        self.pages.forget(&name);
        let failed =
            |error| DeleteError::IoError { io_error: Arc::new(told(error)), filepath: path.to_owned() };
        self.shelf.remove(&name).map_err(failed)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.shelf.has(&name(path)))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let name = name(path);
        if self.shelf.has(&name) {
            return Err(OpenWriteError::FileAlreadyExists(path.to_owned()));
        }
        let failed = |error| OpenWriteError::wrap_io_error(told(error), path.to_owned());
        Ok(BufWriter::new(Box::new(Writing(self.shelf.pages(&name).map_err(failed)?))))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let failed = |error| OpenReadError::wrap_io_error(told(error), path.to_owned());
        let bytes = self.shelf.read(&name(path)).map_err(failed)?;
        bytes.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.shelf.write(&name(path), data).map_err(told)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.shelf.sync().map_err(told)
    }

    /// The store's owner is alone already; a lock of tantivy's would be left behind by a death.
    fn acquire_lock(&self, _: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(())))
    }

    /// Whoever commits reloads.
    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

fn name(path: &Path) -> String {
    PathBuf::from(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// As tantivy passes it on.
fn told(error: Error) -> io::Error {
    let kind = match error.kind {
        ErrorKind::Full => io::ErrorKind::StorageFull,
        ErrorKind::NotFound => io::ErrorKind::NotFound,
        ErrorKind::Corrupt => io::ErrorKind::InvalidData,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
