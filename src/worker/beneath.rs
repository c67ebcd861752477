//! Opening what a person has named, which may lie where programs write: there nothing that they have put in its place leads
//! anywhere else.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// How a step of a path is held: not to be read, where the system can hold it so.
#[cfg(target_os = "linux")]
const HELD: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const HELD: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Links that a path may lead over, as in Linux.
const LINKS: usize = 40;

/// Folders into which programs write: by what they are, since one folder may have several names.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Written(Vec<(u64, u64)>);

impl Written {
    /// Those that there are.
    pub fn of(folders: &[PathBuf]) -> Self {
        let known = |folder: &PathBuf| fs::metadata(folder).ok().map(|facts| (facts.dev(), facts.ino()));
        Self(folders.iter().filter_map(known).collect())
    }

    /// All there are: by a path in which no link was, nothing is opened once there is one.
    pub fn everywhere() -> Self {
        Self::of(&[PathBuf::from("/")])
    }

    fn has(&self, folder: &File) -> io::Result<bool> {
        let facts = folder.metadata()?;
        Ok(self.0.contains(&(facts.dev(), facts.ino())))
    }
}

/// Why something is not opened.
#[derive(Debug)]
pub enum Shut {
    /// A step of it is a link, or leads up, where a program writes.
    Led(PathBuf),
    Io(io::Error),
}

impl From<io::Error> for Shut {
    fn from(why: io::Error) -> Self {
        Self::Io(why)
    }
}

impl From<Errno> for Shut {
    fn from(why: Errno) -> Self {
        Self::Io(why.into())
    }
}

impl fmt::Display for Shut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Led(path) => write!(
                f,
                "{} leads over a link in a folder that a program writes into, and none is followed there",
                path.display()
            ),
            Self::Io(why) => write!(f, "{why}"),
        }
    }
}

/// Opens what lies there, step by step. Links are followed, as everywhere, up to the first of these folders; within it none is.
pub fn open(path: &Path, written: &Written) -> Result<File, Shut> {
    let mut left: VecDeque<OsString> = VecDeque::new();
    let mut at = begin(path, &mut left)?;
    let mut inside = written.has(&at)?;
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        let led = || Shut::Led(path.to_owned());
        if inside && part == ".." {
            return Err(led());
        }
        match readlinkat(&at, &part, Vec::<u8>::new()) {
            Ok(_) if inside => return Err(led()),
            Ok(target) => {
                links += 1;
                if links > LINKS {
                    return Err(Errno::LOOP.into());
                }
                let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                if target.has_root() {
                    at = begin(&target, &mut left)?;
                    inside = written.has(&at)?;
                } else {
                    ahead(&target, &mut left);
                }
            }
            // It is no link.
            Err(Errno::INVAL) => {
                at = File::from(openat(&at, &part, HELD, Mode::empty())?);
                // It may have become one in this very moment.
                if at.metadata()?.is_symlink() {
                    return Err(led());
                }
                inside |= written.has(&at)?;
            }
            Err(why) => return Err(why.into()),
        }
    }
    Ok(at)
}

/// The same, to be read. A link in its own place is not followed wherever that is, and nothing waits for a pipe.
pub fn read(path: &Path, written: &Written) -> Result<File, Shut> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::ISDIR.into());
    };
    let held = open(folder, written)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(openat(&held, name, flags, Mode::empty())?))
}

/// Where a path begins; its steps come before those that are left.
fn begin(path: &Path, left: &mut VecDeque<OsString>) -> Result<File, Shut> {
    ahead(path, left);
    let from = if path.has_root() { "/" } else { "." };
    Ok(File::from(openat(CWD, from, HELD, Mode::empty())?))
}

fn ahead(path: &Path, left: &mut VecDeque<OsString>) {
    for part in path.components().rev() {
        match part {
            Component::Normal(name) => left.push_front(name.to_owned()),
            Component::ParentDir => left.push_front(OsStr::new("..").to_owned()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn is(file: &File, path: &Path) -> bool {
        let (one, other) = (file.metadata().unwrap(), fs::metadata(path).unwrap());
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }

    #[test]
    fn links_are_followed_up_to_a_folder_that_programs_write_into_and_none_within() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("out/deep")).unwrap();
        fs::create_dir(path("own")).unwrap();
        for file in ["out/deep/file", "own/secret"] {
            fs::write(path(file), "word").unwrap();
        }
        symlink("out", path("short")).unwrap();
        symlink(path("own"), path("whole")).unwrap();
        symlink("whole/../short", path("round")).unwrap();
        symlink("me", path("me")).unwrap();
        symlink("../own/secret", path("out/link")).unwrap();
        symlink(path("own"), path("out/folder")).unwrap();
        symlink("deep", path("out/near")).unwrap();
        let written = Written::of(&[path("out"), path("gone")]);
        for (name, real) in [
            ("out", "out"),
            ("short/deep/file", "out/deep/file"),
            ("round/./deep", "out/deep"),
            ("whole/secret", "own/secret"),
            ("own/../out/deep", "out/deep"),
        ] {
            assert!(is(&open(&path(name), &written).unwrap(), &path(real)), "{name}");
        }
        for name in
            ["out/link", "short/link", "out/folder/secret", "out/near/file", "out/../own", "out/deep/../link"]
        {
            let shut = open(&path(name), &written).unwrap_err();
            assert!(matches!(&shut, Shut::Led(led) if *led == path(name)), "{name}: {shut}");
        }
        for name in ["me", "gone", "own/secret/x"] {
            assert!(matches!(open(&path(name), &written), Err(Shut::Io(_))), "{name}");
        }
        let real = folder.path().canonicalize().unwrap();
        assert!(is(&open(&real.join("out/deep"), &Written::everywhere()).unwrap(), &path("out/deep")));
        for name in ["short", "short/deep/file", "round/deep", "own/../out/deep"] {
            assert!(matches!(open(&real.join(name), &Written::everywhere()), Err(Shut::Led(_))), "{name}");
        }
        // Where nobody writes they lead on.
        assert!(is(&open(&path("out/folder/secret"), &Written::default()).unwrap(), &path("own/secret")));
    }
}
