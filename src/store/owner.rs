//! Who owns the store: one process, which holds a lock of ours before sled is touched.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{files, generation};
use crate::domain::{Error, ErrorKind, Result};

const LOCK: &str = "lock";

/// The right to open the store in a folder. It ends when the last copy is dropped or the process dies, however it dies.
#[derive(Debug, Clone)]
pub struct Owner {
    folder: PathBuf,
    notices: Vec<String>,
    _lock: Arc<File>,
}

impl Owner {
    /// Takes the right, making the folder where it is missing; `None` while another process holds it. To wait for it,
    /// ask again.
    pub fn try_take(folder: &Path) -> Result<Option<Self>> {
        let mut notices = Vec::new();
        files::private_folder(folder, &mut notices)?;
        let path = folder.join(LOCK);
        let mut file = files::open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(Error::io(format!("locking {}", path.display()), &error.into())),
        }
        // The process id is for people; a disk too full to hold it is no reason to refuse.
        let told = file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0)));
        let _ = told.and_then(|_| write!(file, "{}", std::process::id()));
        Ok(Some(Self { folder: folder.to_owned(), notices, _lock: Arc::new(file) }))
    }

    /// Takes the right, or says who has it.
    pub fn take(folder: &Path) -> Result<Self> {
        Self::try_take(folder)?.ok_or_else(|| {
            let who = Self::pid(folder).map_or_else(String::new, |pid| format!(" (process {pid})"));
            Error::new(
                ErrorKind::Busy,
                format!("opening the store in {}", folder.display()),
                format!("another outcrop has it open{who}"),
                "Close that one, or let this one attach to it.",
            )
        })
    }

    /// The process that holds the right, or held it last.
    pub fn pid(folder: &Path) -> Option<u32> {
        let mut text = String::new();
        File::open(folder.join(LOCK)).ok()?.read_to_string(&mut text).ok()?;
        text.trim().parse().ok()
    }

    /// Whether this process has the right now, or sled its files still: it lets go of them a moment after whoever used them
    /// last. Who wants the right in this very moment may have to ask again.
    pub fn is_this_process(folder: &Path) -> bool {
        match Self::try_take(folder) {
            Ok(None) => Self::pid(folder) == Some(std::process::id()),
            Ok(Some(_looking)) => generation::is_open(folder),
            Err(_) => false,
        }
    }

    /// The folder that is owned.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was mended on the way, in words.
    pub(super) fn notices(&self) -> &[String] {
        &self.notices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_owns_a_folder_and_the_second_is_told_who() {
        let folder = tempfile::tempdir().unwrap();
        let first = Owner::take(folder.path()).unwrap();
        assert!(Owner::try_take(folder.path()).unwrap().is_none());
        let error = Owner::take(folder.path()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Busy);
        assert!(error.why.contains(&std::process::id().to_string()), "{error}");
        assert!(Owner::is_this_process(folder.path()));
        drop(first);
        assert!(!Owner::is_this_process(folder.path()));
        // Sled is still letting go of its files.
        let tree = generation::folder(folder.path(), 1).join(generation::TREE);
        std::fs::create_dir_all(&tree).unwrap();
        let file = File::create(tree.join("db")).unwrap();
        assert!(!Owner::is_this_process(folder.path()));
        flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
        assert!(Owner::is_this_process(folder.path()));
        drop(file);
        assert!(!Owner::is_this_process(folder.path()));
        assert!(Owner::try_take(folder.path()).unwrap().is_some());
    }
}
