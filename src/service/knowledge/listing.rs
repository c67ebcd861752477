//! The files of a source, without reading them.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use crate::domain::knowledge::sync::Stamp;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::knowledge::metadata::SUFFIX;
use crate::worker::beneath::{self, Shut, Written};

const LISTING: &str = "listing the files of a source";

/// A file, and the metadata file beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// From the root, or an address.
    pub uri: String,
    pub stamp: Stamp,
    pub metadata: Option<Stamp>,
}

/// What a source has.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// By their places.
    pub files: Vec<Listed>,
    /// Files whose names are no text.
    pub unnamed: u64,
    /// Folders and files that could not be looked at, and why.
    pub unread: Vec<(String, String)>,
    /// The folders in which files of it can appear, each with its number in the file system.
    pub folders: Vec<(PathBuf, u64)>,
}

/// Whether a source can be made of these; the path by which it is, without the links that lead there now.
pub(super) fn check(path: &Path, include: &[String], exclude: &[String]) -> Result<PathBuf> {
    let doing = || format!("adding {} as a source", path.display());
    if !path.is_absolute() {
        let hint = "Name it from the root.";
        return Err(Error::new(ErrorKind::Invalid, doing(), "its path begins nowhere", hint));
    }
    let path = std::fs::canonicalize(path).map_err(|why| Error::io(doing(), &why))?;
    chosen(&path, include, exclude)?;
    Ok(path)
}

/// Whether a source lies still where it was found when it was added. By another link than those of that time, one in the place of
/// its own folder or of one above it, whoever may write there could have anything read.
fn in_place(path: &Path) -> Result<()> {
    let doing = || format!("{LISTING} {}", path.display());
    let Err(why) = beneath::open(path, &Written::everywhere()) else { return Ok(()) };
    Err(match why {
        Shut::Io(why) => Error::io(doing(), &why),
        Shut::Led(_) => {
            let why = "a link stands on its path, and none is followed there";
            let leads = std::fs::canonicalize(path);
            let leads = leads.map(|real| format!("It leads to {}. ", real.display())).unwrap_or_default();
            let hint = format!(
                "{leads}If that is meant, take the source away (`outcrop kb remove-source`) and add it again; \
                 else put the folder back."
            );
            Error::new(ErrorKind::Invalid, doing(), why, hint)
        }
    })
}

/// Whether files can be chosen by these patterns, wherever they are.
pub(super) fn can_choose(include: &[String], exclude: &[String]) -> Result<()> {
    chosen(Path::new("/"), include, exclude).map(drop)
}

/// Lists a source of files, with those that ignore files name where they are to be read, as long as that is `wanted`.
pub(super) fn list(
    path: &Path,
    (include, exclude): (&[String], &[String]),
    ignored: bool,
    wanted: &dyn Fn() -> bool,
) -> Result<Listing> {
    in_place(path)?;
    let top =
        std::fs::metadata(path).map_err(|why| Error::io(format!("{LISTING} {}", path.display()), &why))?;
    let mut listing = Listing::default();
    if top.is_file() {
        listing.files.extend(listed(path, &top));
        // Who saves it may put another one in its place.
        let folder = path.parent().and_then(|folder| Some((folder, std::fs::metadata(folder).ok()?)));
        listing.folders.extend(folder.map(|(folder, facts)| (folder.to_owned(), facts.ino())));
        return Ok(listing);
    }
    let mut walk = WalkBuilder::new(path);
    walk.require_git(false).git_global(false).git_exclude(false).parents(false).follow_links(false);
    walk.git_ignore(!ignored).ignore(!ignored);
    // Not as the walk's own: there a pattern would bring back what is hidden or ignored.
    let chosen = chosen(path, include, exclude)?;
    walk.filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        !chosen.matched(entry.path(), is_folder).is_ignore()
    });
    for entry in walk.build() {
        if !wanted() {
            return Err(Error::cancelled(LISTING));
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(why) => {
                listing.unread.push(unread(&why, path));
                continue;
            }
        };
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            listing.folders.push((entry.path().to_owned(), entry.ino().unwrap_or_default()));
        }
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if !is_file {
            continue;
        }
        if entry.path().to_str().is_none() {
            listing.unnamed += 1;
            continue;
        }
        match entry.metadata() {
            Ok(facts) => listing.files.extend(listed(entry.path(), &facts)),
            Err(why) => listing.unread.push(unread(&why, entry.path())),
        }
    }
    listing.files.sort_by(|one, other| one.uri.cmp(&other.uri));
    Ok(listing)
}

/// Which place could not be looked at, and why: in its own words the walk names it twice.
fn unread(why: &ignore::Error, at: &Path) -> (String, String) {
    let at = place_of(why).unwrap_or(at).display().to_string();
    let doing = format!("looking at {at}");
    let said = why.io_error().map_or_else(|| why.to_string(), |io| Error::io(doing, root_of(io)).to_string());
    (at, said)
}

fn place_of(why: &ignore::Error) -> Option<&Path> {
    match why {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } => place_of(err),
        _ => None,
    }
}

/// The system's own fault, below what others say of it.
fn root_of(error: &io::Error) -> &io::Error {
    let mut root = error;
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        root = error.downcast_ref().unwrap_or(root);
        next = error.source();
    }
    root
}

/// A file with what lies beside it; `None` of a metadata file itself.
fn listed(path: &Path, facts: &Metadata) -> Option<Listed> {
    let uri = path.to_str()?.to_owned();
    if uri.ends_with(SUFFIX) {
        return None;
    }
    let beside = std::fs::metadata(format!("{uri}{SUFFIX}")).ok();
    Some(Listed {
        uri,
        stamp: stamp(facts),
        metadata: beside.filter(Metadata::is_file).map(|facts| stamp(&facts)),
    })
}

fn stamp(facts: &Metadata) -> Stamp {
    let modified = facts.mtime().saturating_mul(1_000_000_000).saturating_add(facts.mtime_nsec());
    Stamp { bytes: facts.len(), modified, inode: facts.ino() }
}

/// What is chosen of a folder.
pub(super) fn chosen(path: &Path, include: &[String], exclude: &[String]) -> Result<Override> {
    let mut chosen = OverrideBuilder::new(path);
    let wrong = |why: ignore::Error| {
        let hint = "Patterns are those of .gitignore: `*.md`, `guides/**`.";
        Error::new(ErrorKind::Invalid, "choosing the files of a source", why.to_string(), hint)
    };
    for pattern in include {
        chosen.add(pattern).map_err(wrong)?;
    }
    for pattern in exclude {
        chosen.add(&format!("!{pattern}")).map_err(wrong)?;
    }
    chosen.build().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(path: &Path, include: &[&str], exclude: &[&str]) -> Vec<String> {
        let own = |patterns: &[&str]| -> Vec<String> {
            patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
        };
        let listing = list(path, (&own(include), &own(exclude)), false, &|| true).unwrap();
        let at = path.to_str().unwrap().len() + 1;
        listing.files.iter().map(|file| file.uri[at..].to_owned()).collect()
    }

    #[test]
    fn what_could_not_be_looked_at_is_named_once() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let why = WalkBuilder::new(&gone).build().find_map(std::result::Result::err).unwrap();
        let (at, said) = unread(&why, folder.path());
        assert_eq!(at, gone.display().to_string());
        assert_eq!(said.matches(&at).count(), 1, "{said}");
        assert!(said.starts_with("looking at ") && said.contains("No such file"), "{said}");
    }

    #[test]
    fn hidden_and_ignored_files_are_left_out_and_patterns_choose() {
        let folder = tempfile::tempdir().unwrap();
        let root = &folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("guides/.git")).unwrap();
        for (name, text) in [
            ("a.md", "a"),
            ("b.txt", "b"),
            (".hidden.md", "h"),
            ("guides/c.md", "c"),
            ("guides/.git/d.md", "d"),
            ("drop.log", "e"),
            (".gitignore", "*.log\n"),
            ("a.md.metadata.json", "{}"),
        ] {
            fs::write(root.join(name), text).unwrap();
        }
        assert_eq!(names(root, &[], &[]), ["a.md", "b.txt", "guides/c.md"]);
        assert_eq!(names(root, &["*.md"], &[]), ["a.md", "guides/c.md"]);
        assert_eq!(names(root, &["*.md"], &["guides/**"]), ["a.md"]);
        assert_eq!(names(root, &[], &["b.*"]), ["a.md", "guides/c.md"]);
        assert_eq!(names(root, &[], &["guides"]), ["a.md", "b.txt"]);
        let all = list(root, (&[], &[]), true, &|| true).unwrap();
        let all: Vec<_> = all.files.iter().map(|file| file.uri.rsplit('/').next().unwrap()).collect();
        assert_eq!(all, ["a.md", "b.txt", "drop.log", "c.md"], "what is hidden stays left out");
        let one = list(&root.join("a.md"), (&[], &[]), false, &|| true).unwrap();
        assert_eq!((one.files.len(), one.files[0].metadata.map(|stamp| stamp.bytes)), (1, Some(2)));
        assert!(list(root, (&[], &[]), false, &|| false).is_err(), "nobody waits for it any more");
    }

    #[test]
    fn a_source_that_is_not_there_or_has_a_wrong_pattern_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let told = check(&folder.path().join("gone"), &[], &[]).unwrap_err().to_string();
        assert!(told.contains("as a source"), "{told}");
        assert!(check(Path::new("docs"), &[], &[]).unwrap_err().to_string().contains("begins nowhere"));
        assert!(check(folder.path(), &["{a".to_owned()], &[]).is_err());
        check(folder.path(), &[], &[]).unwrap();
    }

    #[test]
    fn a_source_is_its_real_path_and_no_link_that_takes_its_place_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("team/docs")).unwrap();
        fs::create_dir_all(root.join("own/docs")).unwrap();
        fs::write(root.join("team/docs/a.md"), "a").unwrap();
        fs::write(root.join("own/docs/secret.md"), "s").unwrap();
        std::os::unix::fs::symlink(root.join("team"), root.join("short")).unwrap();
        let path = check(&root.join("short/../team/docs"), &[], &[]).unwrap();
        assert_eq!(path, root.join("team/docs"));
        assert_eq!(check(&root.join("short/docs"), &[], &[]).unwrap(), path);
        assert_eq!(names(&path, &[], &[]), ["a.md"]);
        let told = || list(&path, (&[], &[]), false, &|| true).unwrap_err().to_string();
        fs::rename(root.join("team/docs"), root.join("away")).unwrap();
        std::os::unix::fs::symlink(root.join("own/docs"), &path).unwrap();
        assert!(told().contains("a link stands on its path"), "{}", told());
        assert!(told().contains(&format!("It leads to {}.", root.join("own/docs").display())), "{}", told());
        // Nor one above it.
        fs::rename(root.join("team"), root.join("other")).unwrap();
        std::os::unix::fs::symlink(root.join("own"), root.join("team")).unwrap();
        assert!(told().contains("remove-source"), "{}", told());
    }
}
