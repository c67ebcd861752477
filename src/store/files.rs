//! Private files: 0600 in 0700 folders whatever the umask, never through a symbolic link, replaced whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::fault::Faults;
use crate::domain::{Error, ErrorKind, Result};

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// How the name of a file ends that was not written to its end.
pub(super) const UNFINISHED: &str = ".unfinished";

/// Makes sure that `path` is a folder of ours that nobody else can enter, and that it does not lie in a link. Wider
/// permissions are taken away and told.
pub(super) fn private_folder(path: &Path, notices: &mut Vec<String>) -> Result<()> {
    let doing = || format!("opening the folder {}", path.display());
    if let Some(above) = path.parent().filter(|above| above.is_symlink()) {
        return Err(link_refused(format!("opening the folder {}", above.display())));
    }
    let about = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            DirBuilder::new()
                .recursive(true)
                .mode(FOLDER)
                .create(path)
                .map_err(|e| Error::io(doing(), &e))?;
            fs::symlink_metadata(path)
        }
        other => other,
    }
    .map_err(|e| Error::io(doing(), &e))?;
    if about.is_symlink() {
        return Err(link_refused(doing()));
    }
    if !about.is_dir() {
        return Err(Error::new(
            ErrorKind::Invalid,
            doing(),
            "it is not a folder",
            "Move it away or name another.",
        ));
    }
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::new(
            ErrorKind::Invalid,
            doing(),
            "it belongs to another user",
            "Name a folder of your own with OUTCROP_HOME.",
        ));
    }
    if about.mode() & 0o777 != FOLDER {
        fs::set_permissions(path, Permissions::from_mode(FOLDER)).map_err(|e| Error::io(doing(), &e))?;
        if about.mode() & 0o077 != 0 {
            notices.push(format!("{} could be entered by others; it is private now.", path.display()));
        }
    }
    Ok(())
}

/// Makes the files that lie in `folder` itself private. Wider permissions are taken away and told, by the name of the
/// file: others may have read a key, and that is the person's to judge.
pub(super) fn private_files(folder: &Path, notices: &mut Vec<String>) -> Result<()> {
    let doing = |path: &Path| format!("making {} private", path.display());
    let entries = fs::read_dir(folder).map_err(|e| Error::io(doing(folder), &e))?;
    for entry in entries {
        let path = entry.map_err(|e| Error::io(doing(folder), &e))?.path();
        let about = match fs::symlink_metadata(&path) {
            Ok(about) if about.is_file() && about.mode() & 0o777 != FILE => about,
            // A link is refused where it is read.
            _ => continue,
        };
        match fs::set_permissions(&path, Permissions::from_mode(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other.map_err(|e| Error::io(doing(&path), &e))?,
        }
        if about.mode() & 0o077 != 0 {
            notices.push(format!("{} could be read by others; it is private now.", path.display()));
        }
    }
    Ok(())
}

/// Makes everything under `folder` private and refuses symbolic links: for folders that sled fills with its own modes.
pub(super) fn tighten(folder: &Path) -> Result<()> {
    let doing = || format!("making {} private", folder.display());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io(doing(), &error)),
    };
    for entry in entries {
        let path = entry.map_err(|e| Error::io(doing(), &e))?.path();
        let about = match fs::symlink_metadata(&path) {
            Ok(about) => about,
            // sled replaces its snapshots while we look.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Error::io(doing(), &error)),
        };
        if about.is_symlink() {
            return Err(link_refused(format!("opening {}", path.display())));
        }
        let wanted = if about.is_dir() { FOLDER } else { FILE };
        if about.mode() & 0o777 != wanted {
            match fs::set_permissions(&path, Permissions::from_mode(wanted)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io(doing(), &error));
                }
                _ => {}
            }
        }
        if about.is_dir() {
            tighten(&path)?;
        }
    }
    Ok(())
}

/// Opens a private file for reading and writing, making it where it is missing.
pub(super) fn open(path: &Path) -> Result<File> {
    let doing = || format!("opening {}", path.display());
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE)
        .custom_flags(no_follow())
        .open(path)
        .map_err(|e| refusal(doing(), &e))?;
    file.set_permissions(Permissions::from_mode(FILE)).map_err(|e| Error::io(doing(), &e))?;
    Ok(file)
}

/// Opens a file that is there, to read it.
pub(super) fn open_to_read(path: &Path) -> Result<File> {
    let opened = OpenOptions::new().read(true).custom_flags(no_follow()).open(path);
    opened.map_err(|e| refusal(format!("opening {}", path.display()), &e))
}

/// The bytes of a file; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let doing = || format!("reading {}", path.display());
    let mut file = match OpenOptions::new().read(true).custom_flags(no_follow()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refusal(doing(), &error)),
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|e| Error::io(doing(), &e))?;
    Ok(Some(bytes))
}

/// A file that appears under its name only when it is whole and on the disk. Dropped before that, it is taken away.
pub(super) struct Fresh {
    file: File,
    unfinished: PathBuf,
    path: PathBuf,
    faults: Faults,
    finished: bool,
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.finished {
            // The disk may be full of it. What cannot be removed now is removed at the next start.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

impl Fresh {
    /// Starts writing what will be `path`.
    pub(super) fn create(path: &Path, faults: &Faults) -> Result<Self> {
        let doing = || format!("writing {}", path.display());
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(UNFINISHED);
        let unfinished = path.with_file_name(name);
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io(doing(), &error)),
            _ => {}
        }
        let file = faults
            .at("create a file")
            .and_then(|()| {
                OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .mode(FILE)
                    .custom_flags(no_follow())
                    .open(&unfinished)
            })
            .and_then(|file| file.set_permissions(Permissions::from_mode(FILE)).map(|()| file))
            .map_err(|e| refusal(doing(), &e))?;
        Ok(Self { file, unfinished, path: path.to_owned(), faults: faults.clone(), finished: false })
    }

    /// The file under its unfinished name.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Where it lies until it is finished.
    pub(super) fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Has it take another name in its folder than the one that it was begun for.
    pub(super) fn rename(&mut self, path: &Path) {
        path.clone_into(&mut self.path);
    }

    /// Puts it on the disk, then under its name, then the name on the disk.
    pub(super) fn finish(mut self) -> Result<()> {
        let doing = || format!("writing {}", self.path.display());
        self.faults
            .at("sync a file")
            .and_then(|()| self.file.sync_all())
            .and_then(|()| self.faults.at("rename a file"))
            .and_then(|()| fs::rename(&self.unfinished, &self.path))
            .map_err(|e| Error::io(doing(), &e))?;
        self.finished = true;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")), &self.faults)
    }
}

/// Replaces `path` by `bytes`, whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8], faults: &Faults) -> Result<()> {
    let mut fresh = Fresh::create(path, faults)?;
    faults
        .at("write a file")
        .and_then(|()| fresh.file().write_all(bytes))
        .map_err(|e| Error::io(format!("writing {}", path.display()), &e))?;
    fresh.finish()
}

/// Gives a file another name in its folder, on the disk as well.
pub(super) fn rename(from: &Path, to: &Path, faults: &Faults) -> Result<()> {
    faults
        .at("rename a file")
        .and_then(|()| fs::rename(from, to))
        .map_err(|e| Error::io(format!("renaming {}", from.display()), &e))?;
    sync_folder(to.parent().unwrap_or(Path::new(".")), faults)
}

/// Puts a folder's names on the disk.
pub(super) fn sync_folder(folder: &Path, faults: &Faults) -> Result<()> {
    // That of a name alone is this one.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    faults
        .at("sync a folder")
        .and_then(|()| File::open(folder))
        .and_then(|folder| folder.sync_all())
        .map_err(|e| Error::io(format!("writing the folder {}", folder.display()), &e))
}

/// Removes a file or a folder with all that is in it; what is not there is removed already.
pub(super) fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io(format!("removing {}", path.display()), &error))
        }
        _ => Ok(()),
    }
}

/// Bytes of every file under `folder`.
pub(super) fn bytes_under(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => bytes_under(&entry.path()),
            // What is written, not how long a file pretends to be: sled's file has holes.
            Ok(about) => about.len().min(about.blocks() * 512),
            Err(_) => 0,
        })
        .sum()
}

/// Bytes that this user may still write beside `path`; what cannot be asked is taken as plenty.
pub(super) fn free_bytes(path: &Path) -> u64 {
    rustix::fs::statvfs(path).map_or(u64::MAX, |about| about.f_bavail.saturating_mul(about.f_frsize))
}

/// Gives `file` that many bytes of the disk.
pub(super) fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes).is_ok() {
        return Ok(());
    }
    let zeros = vec![0; 1 << 20];
    let mut left = bytes;
    let mut file = file;
    while left > 0 {
        let piece = left.min(zeros.len() as u64);
        file.write_all(&zeros[..usize::try_from(piece).unwrap_or(zeros.len())])?;
        left -= piece;
    }
    Ok(())
}

fn no_follow() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

fn refusal(doing: String, error: &io::Error) -> Error {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        link_refused(doing)
    } else {
        Error::io(doing, error)
    }
}

fn link_refused(doing: String) -> Error {
    Error::new(
        ErrorKind::Invalid,
        doing,
        "it is a symbolic link, which could lead to somebody else's files",
        "Put the real file or folder there.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbolic_link_is_neither_read_nor_written_nor_entered() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "theirs").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(read(&link).unwrap_err().why.contains("symbolic link"));
        assert!(open(&link).unwrap_err().why.contains("symbolic link"));
        write(&link, b"ours", &Faults::default()).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"theirs", "the name is replaced, not what it led to");
        let folder_link = folder.path().join("folder");
        std::os::unix::fs::symlink(folder.path(), &folder_link).unwrap();
        assert!(private_folder(&folder_link, &mut Vec::new()).unwrap_err().why.contains("symbolic link"));
        let within = private_folder(&folder_link.join("new"), &mut Vec::new()).unwrap_err();
        assert!(within.doing.ends_with("/folder") && within.why.contains("symbolic link"), "{within}");
        assert!(!folder.path().join("new").exists());
        assert!(tighten(folder.path()).unwrap_err().why.contains("symbolic link"));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_closed_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wide");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        let mut notices = Vec::new();
        private_folder(&path, &mut notices).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        assert_eq!(notices.len(), 1);
    }

    #[test]
    fn a_file_that_others_may_read_is_closed_and_that_is_said_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in [("key-1", 0o644), ("head", 0o600), ("mark", 0o400)] {
            fs::write(folder.path().join(name), name).unwrap();
            fs::set_permissions(folder.path().join(name), Permissions::from_mode(mode)).unwrap();
        }
        let mut notices = Vec::new();
        private_files(folder.path(), &mut notices).unwrap();
        for name in ["key-1", "head", "mark"] {
            assert_eq!(fs::metadata(folder.path().join(name)).unwrap().mode() & 0o777, 0o600, "{name}");
        }
        assert!(notices.len() == 1 && notices[0].contains("key-1"), "{notices:?}");
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"before", &Faults::default()).unwrap();
        for step in ["create a file", "write a file", "sync a file", "rename a file"] {
            let faults =
                Faults::new(move |at| if at == step { Err(io::Error::other("planned")) } else { Ok(()) });
            write(&path, b"after", &faults).unwrap_err();
            assert_eq!(fs::read(&path).unwrap(), b"before", "{step}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{step}: half a file is left");
        }
        write(&path, b"after", &Faults::default()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
}
