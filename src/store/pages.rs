//! Pages: a file that is written once from its begin to its end and read anywhere, sealed page by page.
//!
//! Every page but the last has the same length, so its place is known; the last says that it is the last, so a file that was
//! cut at a page's end is found out.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::fault::Faults;
use super::files;
use super::seal::Sealer;
use super::shelf::damaged;
use crate::domain::{Error, ErrorKind, Result};

/// Bytes of a page.
pub const PAGE: usize = 32 * 1024;

/// A file on its way.
#[derive(Debug)]
pub struct PagesWriter {
    file: File,
    path: PathBuf,
    key: String,
    sealer: Arc<Sealer>,
    faults: Faults,
    page: Vec<u8>,
    number: u64,
}

impl PagesWriter {
    pub(super) fn create(path: &Path, key: String, sealer: Arc<Sealer>, faults: Faults) -> Result<Self> {
        let doing = || format!("writing {}", path.display());
        if path.exists() {
            let hint = "Move it away, then try again.";
            return Err(Error::new(ErrorKind::Invalid, doing(), "there is such a file already", hint));
        }
        faults.at("create pages").map_err(|why| Error::io(doing(), &why))?;
        let file = files::open(path)?;
        Ok(Self {
            file,
            path: path.to_owned(),
            key,
            sealer,
            faults,
            page: Vec::with_capacity(PAGE),
            number: 0,
        })
    }

    /// Appends bytes; they are on the disk after `finish`.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            if self.page.len() == PAGE {
                self.put(false)?;
            }
            let now = bytes.len().min(PAGE - self.page.len());
            self.page.extend_from_slice(&bytes[..now]);
            bytes = &bytes[now..];
        }
        Ok(())
    }

    /// Writes the last page, and puts all on the disk.
    pub fn finish(&mut self) -> Result<()> {
        self.put(true)?;
        let synced = self.faults.at("sync pages").and_then(|()| self.file.sync_all());
        synced.map_err(|why| self.failed(&why))
    }

    fn put(&mut self, last: bool) -> Result<()> {
        let key = place(&self.key, self.number, last);
        let sealed = self.sealer.seal(1, 0, key.as_bytes(), &self.page)?;
        let written = self.faults.at("write pages").and_then(|()| self.file.write_all(&sealed));
        written.map_err(|why| self.failed(&why))?;
        self.number += 1;
        self.page.clear();
        Ok(())
    }

    fn failed(&self, why: &io::Error) -> Error {
        Error::io(format!("writing {}", self.path.display()), why)
    }
}

/// A file of pages that is read, from several threads at once.
#[derive(Debug)]
pub struct PagedFile {
    file: File,
    path: PathBuf,
    key: String,
    sealer: Arc<Sealer>,
    sealed_page: u64,
    sealed_length: u64,
    pages: u64,
    length: usize,
}

impl PagedFile {
    pub(super) fn open(path: &Path, key: String, sealer: Arc<Sealer>) -> Result<Self> {
        let failed = |why: io::Error| Error::io(format!("opening {}", path.display()), &why);
        let file = files::open_to_read(path)?;
        let sealed_length = file.metadata().map_err(failed)?.len();
        let overhead = sealer.seal(1, 0, place(&key, 0, false).as_bytes(), &[])?.len() as u64;
        let sealed_page = PAGE as u64 + overhead;
        let pages = sealed_length.div_ceil(sealed_page);
        let last = sealed_length.checked_sub(pages.saturating_sub(1) * sealed_page + overhead);
        let Some(last) = last.filter(|_| pages > 0) else {
            return Err(damaged(format!("opening {}", path.display()), "it was not written to its end"));
        };
        let length = (pages - 1) as usize * PAGE + last as usize;
        Ok(Self { file, path: path.to_owned(), key, sealer, sealed_page, sealed_length, pages, length })
    }

    /// Bytes of what it holds.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The page of that number.
    pub fn page(&self, number: usize) -> Result<Vec<u8>> {
        let number = number as u64;
        let doing = || format!("reading {}", self.path.display());
        if number >= self.pages {
            return Err(damaged(doing(), "it ends before what is looked for"));
        }
        let last = number + 1 == self.pages;
        let start = number * self.sealed_page;
        let end = if last { self.sealed_length } else { start + self.sealed_page };
        let mut bytes = vec![0; (end - start) as usize];
        self.file.read_exact_at(&mut bytes, start).map_err(|why| Error::io(doing(), &why))?;
        let opened = self.sealer.open(place(&self.key, number, last).as_bytes(), &bytes);
        Ok(opened.map_err(|error| damaged(doing(), error.why))?.plain)
    }

    /// All that it holds.
    pub fn all(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.length);
        for number in 0..self.pages {
            bytes.extend_from_slice(&self.page(number as usize)?);
        }
        Ok(bytes)
    }
}

/// The key of a page: as long for each of a file.
fn place(key: &str, number: u64, last: bool) -> String {
    format!("{key} {number:016x}{}", if last { '.' } else { ',' })
}

#[cfg(test)]
mod tests {
    use super::super::{Owner, Store, Unlock};
    use super::*;

    #[test]
    fn pages_are_read_anywhere_and_a_file_that_was_cut_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let owner = Owner::try_take(folder.path()).unwrap().unwrap();
        let shelf = Store::open(&owner, &Unlock::default()).unwrap().0.shelf("trial").unwrap();
        for length in [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE] {
            let name = format!("file-{length}");
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let mut writer = shelf.pages(&name).unwrap();
            for part in bytes.chunks(1000) {
                writer.write(part).unwrap();
            }
            writer.finish().unwrap();
            let file = shelf.paged(&name).unwrap();
            assert_eq!((file.length(), file.all().unwrap()), (length, bytes), "{length}");
            assert!(shelf.pages(&name).is_err(), "it is written once");
        }
        let path = shelf.folder().join(format!("file-{}", 3 * PAGE));
        let sealed = std::fs::read(&path).unwrap();
        for cut in [0, 10, sealed.len() / 3, sealed.len() / 3 * 2, sealed.len() - 1] {
            std::fs::write(&path, &sealed[..cut]).unwrap();
            assert!(shelf.paged(&format!("file-{}", 3 * PAGE)).and_then(|file| file.all()).is_err(), "{cut}");
        }
    }
}
