//! Folders and files of models: private, whole or absent.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{MANIFEST, UNFINISHED};
use crate::domain::catalog::{InstalledFile, InstalledModel};
use crate::domain::hex::hex;
use crate::domain::{Error, ErrorKind, Result};
use crate::provider::local::{manifest, no_link};
use crate::service;

/// Runs work that blocks. It goes on when the caller is gone, so it must own what it needs.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    service::blocking::blocking("working on model files", work).await
}

/// Whether a text can be the name of one visible folder or file.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// The folder of a model that is not finished.
pub(super) fn unfinished(models: &Path, name: &str) -> PathBuf {
    models.join(UNFINISHED).join(name)
}

/// Makes a folder for its owner alone, with those above it.
pub(super) fn make_folder(doing: &str, folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|why| Error::io(doing, &why))
}

/// Makes the folder that models come to. A link there is refused, as the store refuses one: what is written would lie
/// in somebody else's folder.
pub(super) fn make_home(doing: &str, models: &Path) -> Result<()> {
    for folder in [models, &models.join(UNFINISHED)] {
        if fs::symlink_metadata(folder).is_ok_and(|about| about.is_symlink()) {
            return Err(Error::new(
                ErrorKind::Invalid,
                doing,
                format!("{} is a symbolic link, which could lead to somebody else's files", folder.display()),
                "Put a real folder there. To have models on another disk, mount it there, or move everything with \
                 OUTCROP_HOME.",
            ));
        }
        make_folder(doing, folder)?;
    }
    Ok(())
}

/// Opens a file for writing, for its owner alone; a symbolic link at its place is refused.
pub(super) fn private(path: &Path, append: bool) -> std::io::Result<File> {
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    OpenOptions::new()
        .create(true)
        .write(true)
        .append(append)
        .truncate(!append)
        .mode(0o600)
        .custom_flags(nofollow)
        .open(path)
}

/// SHA-256 in hexadecimal, and the bytes.
pub(super) fn digest(doing: &str, path: &Path) -> Result<(String, u64)> {
    let mut file = File::open(path).map_err(|why| Error::io(doing, &why))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer).map_err(|why| Error::io(doing, &why))?;
        if count == 0 {
            return Ok((hex(&hash.finalize()), bytes));
        }
        hash.update(&buffer[..count]);
        bytes += count as u64;
    }
}

/// Refuses to begin what the disk has no room for.
pub(super) fn room(doing: &str, folder: &Path, needed: u64) -> Result<()> {
    let disk = rustix::fs::statvfs(folder).map_err(|why| Error::io(doing, &why.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= needed {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Full,
        doing,
        format!("it needs {} MB and {} has {} MB free", needed >> 20, folder.display(), free >> 20),
        "Free some space, then try again.",
    ))
}

/// Writes the manifest beside the files in `staging` and puts the folder in its place, whole. A model that was there
/// is replaced.
pub(super) fn install(doing: &str, models: &Path, staging: &Path, model: &InstalledModel) -> Result<()> {
    let io = |why: std::io::Error| Error::io(doing, &why);
    let text = serde_json::to_vec_pretty(model).map_err(|why| Error::internal(doing, why.to_string()))?;
    let mut manifest = private(&staging.join(MANIFEST), false).map_err(io)?;
    manifest.write_all(&text).and_then(|()| manifest.sync_all()).map_err(io)?;
    File::open(staging).and_then(|folder| folder.sync_all()).map_err(io)?;
    let place = models.join(&model.name);
    let old = unfinished(models, &model.name).join("replaced");
    // One that an earlier run could not delete any more.
    let _ = fs::remove_dir_all(&old);
    if fs::symlink_metadata(&place).is_ok() {
        fs::rename(&place, &old).map_err(io)?;
    }
    if let Err(why) = fs::rename(staging, &place) {
        let _ = fs::rename(&old, &place);
        return Err(io(why));
    }
    File::open(models).and_then(|folder| folder.sync_all()).map_err(io)?;
    let _ = fs::remove_dir_all(unfinished(models, &model.name));
    Ok(())
}

/// What the manifest will say of a finished file.
pub(super) fn describe(doing: &str, path: &Path) -> Result<InstalledFile> {
    let (sha256, bytes) = digest(doing, path)?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(InstalledFile { name, bytes, sha256 })
}

/// Compares every file of an installed model with the digest that its manifest has of it.
pub(super) fn compare(doing: &str, models: &Path, name: &str) -> Result<()> {
    let Some(model) = manifest(models, name)? else { return Ok(()) };
    for file in model.files.iter().filter(|file| is_plain(&file.name)) {
        let path = models.join(name).join(&file.name);
        no_link(&path)?;
        let (found, _) = digest(doing, &path)?;
        if !found.eq_ignore_ascii_case(&file.sha256) {
            let why = format!(
                "{} is another file than the one that was installed: its SHA-256 is {found}, its manifest says {}",
                path.display(),
                file.sha256
            );
            return Err(Error::new(ErrorKind::Corrupt, doing, why, ""));
        }
    }
    Ok(())
}

/// Deletes a model, and what is left of one that was never finished.
pub(super) fn remove(doing: &str, models: &Path, name: &str) -> Result<()> {
    let mut found = false;
    for folder in [models.join(name), unfinished(models, name)] {
        match fs::symlink_metadata(&folder) {
            Ok(facts) if facts.is_dir() => {
                fs::remove_dir_all(&folder).map_err(|why| Error::io(doing, &why))?;
                found = true;
            }
            Ok(_) => {
                let hint = "Remove that yourself: `outcrop paths` says where models lie.";
                return Err(Error::new(ErrorKind::Invalid, doing, "its folder is a link or a file", hint));
            }
            Err(_) => {}
        }
    }
    if found {
        return Ok(());
    }
    let hint = "`outcrop models list` shows the models of this machine.";
    Err(Error::new(ErrorKind::NotFound, doing, "it is not on this machine", hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_known_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        fs::write(&path, "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest("reading", &path).unwrap(), (expected.to_owned(), 3));
    }

    #[test]
    fn an_installed_file_is_compared_with_its_manifest_and_read_through_no_link() {
        let models = tempfile::tempdir().unwrap();
        let folder = models.path().join("small");
        fs::create_dir(&folder).unwrap();
        let weights = folder.join("weights.bin");
        fs::write(&weights, "as installed").unwrap();
        let model = InstalledModel {
            name: "small".to_owned(),
            title: "Small".to_owned(),
            licence: None,
            capabilities: Vec::new(),
            architecture: "bert".to_owned(),
            context: None,
            files: vec![describe("writing", &weights).unwrap()],
            source: "a test".to_owned(),
        };
        fs::write(folder.join(MANIFEST), serde_json::to_vec(&model).unwrap()).unwrap();
        let compared = || compare("comparing", models.path(), "small");
        compared().unwrap();
        fs::write(&weights, "as 1nstalled").unwrap();
        assert!(compared().unwrap_err().why.contains("its manifest says"));
        let elsewhere = models.path().join("elsewhere");
        fs::rename(&weights, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &weights).unwrap();
        assert!(compared().unwrap_err().why.contains("symbolic link"));
        fs::rename(folder.join(MANIFEST), models.path().join("said")).unwrap();
        std::os::unix::fs::symlink(models.path().join("said"), folder.join(MANIFEST)).unwrap();
        assert!(compared().unwrap_err().why.contains("symbolic link"));
    }

    #[test]
    fn a_link_is_never_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target");
        fs::write(&target, "mine").unwrap();
        std::os::unix::fs::symlink(&target, folder.path().join("link")).unwrap();
        assert!(private(&folder.path().join("link"), false).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    }

    #[test]
    fn names_that_lead_elsewhere_are_no_names() {
        for bad in ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "ä", "a\0"] {
            assert!(!is_plain(bad), "{bad:?}");
        }
        assert!(is_plain("smollm2-1.7b_Q8"));
    }

    #[test]
    fn a_disk_without_room_is_refused_before_the_work() {
        let error = room("fetching", Path::new("/tmp"), u64::MAX).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Full);
    }
}
