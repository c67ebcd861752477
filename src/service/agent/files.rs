//! Files that an agent may read, below one folder; and whole paths in the place of those that depend on where somebody is.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, openat};

use crate::domain::agent::{BuiltIn, Definition, Executor};
use crate::worker::beneath::{self, Shut, Written};

/// The most of a file that is read, in bytes.
const LARGEST: u64 = 256 * 1024;
/// Names of a folder that are told.
const MOST: usize = 1_000;

/// Makes paths whole: those that are not lie in `folder`. Words of a command are paths where a file lies there.
pub(super) fn root(definition: &mut Definition, folder: Option<&Path>) {
    let Some(folder) = folder else { return };
    let whole = |path: &mut PathBuf| *path = folder.join(&*path);
    for group in &mut definition.groups {
        match &mut group.runs {
            Executor::Program(program) => {
                program.read.iter_mut().chain(&mut program.write).for_each(whole);
                for (at, word) in program.command.iter_mut().enumerate() {
                    let file = folder.join(&*word);
                    // A program's bare name is looked for in PATH.
                    if (at > 0 || word.contains('/'))
                        && file.is_file()
                        && let Some(text) = file.to_str()
                    {
                        text.clone_into(word);
                    }
                }
            }
            Executor::BuiltIn(BuiltIn::ReadFiles { folder: of }) => whole(of),
            _ => {}
        }
    }
}

/// What may be read.
#[derive(Clone, Copy)]
pub(super) struct Below<'a> {
    pub folder: &'a Path,
    /// Folders into which programs write: where it lies in one of these, no link leads it out.
    pub written: &'a [PathBuf],
}

/// Reads a text file below a folder.
///
/// # Errors
///
/// Why it is not read, in words for a model.
pub(super) fn read(below: Below<'_>, path: &str) -> Result<String, String> {
    let mut file = open(below, path)?;
    let facts = file.metadata().map_err(|why| why.to_string())?;
    if !facts.is_file() {
        return Err(format!("{path:?} is no file"));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(LARGEST + 1).read_to_end(&mut bytes).map_err(|why| why.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{path:?} is larger than {} KB", LARGEST / 1024));
    }
    String::from_utf8(bytes).map_err(|_| format!("{path:?} is no text in UTF-8"))
}

/// Names in a folder below a folder, one a line; folders end with "/".
///
/// # Errors
///
/// Why it is not listed, in words for a model.
pub(super) fn list(below: Below<'_>, path: &str) -> Result<String, String> {
    let opened = open(below, path)?;
    let read = rustix::fs::Dir::read_from(&opened).map_err(|why| why.to_string())?;
    let mut names = Vec::new();
    for entry in read {
        let entry = entry.map_err(|why| why.to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if matches!(name.as_str(), "." | "..") {
            continue;
        }
        match entry.file_type() {
            rustix::fs::FileType::Directory => names.push(name + "/"),
            rustix::fs::FileType::RegularFile => names.push(name),
            // Links and devices are not followed, and so not told.
            _ => {}
        }
    }
    names.sort();
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    if more > 0 {
        names.push(format!("… and {more} more"));
    }
    if names.is_empty() { Ok("it is empty".to_owned()) } else { Ok(names.join("\n")) }
}

/// Opens what lies there, step by step: no step may be a link or lead up, so that nothing outside is ever opened.
fn open(below: Below<'_>, path: &str) -> Result<File, String> {
    let cannot = || "the folder that may be read cannot be opened".to_owned();
    let held = beneath::open(below.folder, &Written::of(below.written)).map_err(|why| match why {
        Shut::Led(_) => format!("{}: {why}", cannot()),
        Shut::Io(_) => cannot(),
    })?;
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut opened = File::from(openat(&held, ".", folder, Mode::empty()).map_err(|_| cannot())?);
    for part in Path::new(path).components() {
        let name = match part {
            Component::CurDir => continue,
            Component::Normal(name) => name,
            _ => return Err(format!("{path:?} leads out of the folder that may be read")),
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let next = openat(&opened, name, flags, Mode::empty()).map_err(|why| match why {
            rustix::io::Errno::NOENT => format!("there is no {path:?}"),
            rustix::io::Errno::LOOP => format!("{path:?} is a link, and none is followed"),
            why => format!("{path:?} cannot be opened: {why}"),
        })?;
        opened = File::from(next);
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_of_the_folder_is_ever_read() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        std::fs::create_dir_all(inside.join("notes")).unwrap();
        std::fs::write(folder.path().join("secret"), "secret").unwrap();
        std::fs::write(inside.join("notes/a.md"), "hello").unwrap();
        std::fs::write(inside.join("large"), vec![b'x'; 300 * 1024]).unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), inside.join("link")).unwrap();
        std::os::unix::fs::symlink(folder.path(), inside.join("up")).unwrap();
        let below = Below { folder: &inside, written: &[] };
        assert_eq!(read(below, "notes/a.md").as_deref(), Ok("hello"));
        assert_eq!(read(below, "./notes/./a.md").as_deref(), Ok("hello"));
        for (path, why) in [
            ("../secret", "leads out"),
            ("/etc/passwd", "leads out"),
            ("notes/../../secret", "leads out"),
            ("link", "link"),
            ("up/secret", "cannot be opened"),
            ("nothing", "there is no"),
            ("notes", "no file"),
            ("large", "larger than"),
        ] {
            let said = read(below, path).unwrap_err();
            assert!(said.contains(why) || said.contains("link"), "{path}: {said}");
        }
        assert_eq!(list(below, "").as_deref(), Ok("large\nnotes/"));
        assert_eq!(list(below, "notes").as_deref(), Ok("a.md"));
    }

    #[test]
    fn a_folder_that_a_program_has_put_a_link_in_the_place_of_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("out/notes")).unwrap();
        std::fs::write(path("out/notes/a.md"), "hello").unwrap();
        std::fs::write(path("secret"), "secret").unwrap();
        let (notes, written) = (path("out/notes"), [path("out")]);
        let below = Below { folder: &notes, written: &written };
        assert_eq!(read(below, "a.md").as_deref(), Ok("hello"));
        std::fs::remove_dir_all(&notes).unwrap();
        std::os::unix::fs::symlink(folder.path(), &notes).unwrap();
        for said in [read(below, "secret"), list(below, "")] {
            assert!(said.unwrap_err().contains("leads over a link"));
        }
        // Where no program writes it is the person's own.
        assert_eq!(read(Below { written: &[], ..below }, "secret").as_deref(), Ok("secret"));
    }
}
