//! tantivy's files on a shelf: sealed, pages at a time.
//!
//! Small files are held whole while tantivy has them open; of large ones pages are, as many as there is room for.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

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
    locks: Arc<Locks>,
}

impl Sealed {
    pub(super) fn new(shelf: Shelf) -> Self {
        Self { shelf, pages: Arc::default(), locks: Arc::default() }
    }
}

/// What tantivy's threads keep from each other: above all that files go while a reader is about to open them. Other processes are
/// kept out by the store's owner, so nothing of it lies on the disk.
#[derive(Default)]
struct Locks {
    taken: Mutex<BTreeSet<PathBuf>>,
    freed: Condvar,
}

/// A lock of this directory, until it goes.
struct Taken {
    locks: Arc<Locks>,
    path: PathBuf,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.locks.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.path);
        self.locks.freed.notify_all();
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
        let failed = |error| OpenWriteError::wrap_io_error(told(error), path.to_owned());
        if self.shelf.has(&name) {
            // tantivy writes no name twice, unless a commit failed or a death came before it counted: what lists of deleted rows
            // are called comes from the number of the commit, which is then given again. Nothing refers to the old one.
            self.pages.forget(&name);
            self.shelf.remove(&name).map_err(failed)?;
        }
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

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        let mut taken = self.locks.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while !taken.insert(lock.filepath.clone()) {
            if !lock.is_blocking {
                return Err(LockError::LockBusy);
            }
            taken = self.locks.freed.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(DirectoryLock::from(Box::new(Taken { locks: self.locks.clone(), path: lock.filepath.clone() })))
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tantivy::directory::{INDEX_WRITER_LOCK, META_LOCK};

    use super::*;
    use crate::store::{Owner, Store, Unlock};

    #[test]
    fn files_do_not_go_while_a_reader_opens_them_and_one_alone_writes() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::try_take(folder.path()).unwrap().unwrap();
        let store = Store::open(&owner, &Unlock::default()).unwrap().0;
        let one = Sealed::new(store.shelf("one").unwrap());
        let writes = one.acquire_lock(&INDEX_WRITER_LOCK).unwrap();
        assert!(matches!(one.clone().acquire_lock(&INDEX_WRITER_LOCK), Err(LockError::LockBusy)));
        // Another directory has locks of its own.
        let other = Sealed::new(store.shelf("other").unwrap());
        drop(other.acquire_lock(&INDEX_WRITER_LOCK).unwrap());
        drop(writes);
        drop(one.acquire_lock(&INDEX_WRITER_LOCK).unwrap());
        let opens = one.acquire_lock(&META_LOCK).unwrap();
        drop(other.acquire_lock(&META_LOCK).unwrap());
        let open = AtomicBool::new(true);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _goes = one.acquire_lock(&META_LOCK).unwrap();
                assert!(!open.load(Ordering::SeqCst), "it waits");
            });
            std::thread::yield_now();
            open.store(false, Ordering::SeqCst);
            drop(opens);
        });
    }
}
