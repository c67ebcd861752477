//! Names of files, for who writes a path.

use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::completion::{Completion, Gathering};
use crate::domain::{Error, Result};
use crate::service::blocking::blocking;

/// The most entries of a folder that are looked at.
const READ: usize = 200_000;

/// The names in `folder` that begin with `start`.
pub async fn complete(folder: PathBuf, start: String) -> Result<Completion> {
    blocking("looking into a folder", move || {
        names(&folder, &start, READ)
            .map_err(|why| Error::io(format!("looking into {}", folder.display()), &why))
    })
    .await
}

/// Only what is told is looked at closer; what cannot be read of the rest is left out.
fn names(folder: &Path, start: &str, most: usize) -> std::io::Result<Completion> {
    let mut gathering = Gathering::new(start);
    let mut entries = fs::read_dir(folder)?;
    for entry in entries.by_ref().take(most).flatten() {
        if let (Some(name), Ok(form)) = (entry.file_name().to_str(), entry.file_type()) {
            gathering.take(name, form);
        }
    }
    let whole = entries.next().is_none();
    Ok(gathering.end(whole, |name, form| {
        let leads = || fs::metadata(folder.join(name)).is_ok_and(|about| about.is_dir());
        form.is_dir() || form.is_symlink() && leads()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ErrorKind;

    #[tokio::test]
    async fn the_names_of_a_folder_are_told_and_what_leads_to_a_folder_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("rivers")).unwrap();
        std::os::unix::fs::symlink(at("rivers"), at("rivers-too")).unwrap();
        fs::write(at("river.md"), "x").unwrap();
        fs::write(at(".river"), "x").unwrap();
        let found = complete(folder.path().to_owned(), "ri".to_owned()).await.unwrap();
        let told: Vec<_> = found.names.iter().map(|name| (name.name.as_str(), name.folder)).collect();
        assert_eq!(told, [("river.md", false), ("rivers", true), ("rivers-too", true)]);
        assert_eq!(found.common, "river");
        let gone = complete(at("gone"), String::new()).await.unwrap_err();
        assert_eq!(gone.kind, ErrorKind::NotFound);
        assert!(gone.to_string().contains("looking into"), "{gone}");
    }

    #[test]
    fn a_folder_without_an_end_is_not_read_to_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a1", "a2", "a3"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = names(folder.path(), "a", 1).unwrap();
        assert_eq!((found.names.len(), found.common.as_str(), found.only()), (1, "a", None));
    }
}
