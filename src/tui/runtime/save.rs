//! A text on its way to a file that the person named.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind as Why, Write as _};
use std::path::{Path, PathBuf};

use crate::domain::{Error, Result};
use crate::tui::event::Saved;

/// Writes the text to a new file, or with `replace` in the place of another one, which is there whole until then.
pub fn save(named: &str, home: Option<&Path>, text: &str, replace: bool) -> Result<Saved> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    save_bytes(named, home, format!("{text}{end}").as_bytes(), replace)
}

/// The same for what is no text.
pub fn save_bytes(named: &str, home: Option<&Path>, bytes: &[u8], replace: bool) -> Result<Saved> {
    save_pieces(named, home, &[bytes], replace)
}

/// The same for what came in pieces.
pub fn save_pieces<P: AsRef<[u8]>>(
    named: &str,
    home: Option<&Path>,
    pieces: &[P],
    replace: bool,
) -> Result<Saved> {
    let path = place(named, home, "writing")?;
    let doing = || format!("writing {}", path.display());
    let wrong = |why: std::io::Error| Error::io(doing(), &why);
    if !replace {
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(why) if why.kind() == Why::AlreadyExists => return Ok(Saved::Exists),
            opened => opened.map_err(wrong)?,
        };
        if let Err(why) = fill(file, pieces) {
            // Half a file is worse than none; what matters is why it is half.
            let _ = fs::remove_file(&path);
            return Err(wrong(why));
        }
        return Ok(Saved::To(path));
    }
    // The file that a link leads to, not the link.
    let target = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    let beside = target.with_extension(format!("{}.unfinished", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).open(&beside).and_then(|file| {
        fill(file, pieces)?;
        fs::rename(&beside, &target)
    });
    if let Err(why) = written {
        let _ = fs::remove_file(&beside);
        return Err(wrong(why));
    }
    Ok(Saved::To(path))
}

fn fill<P: AsRef<[u8]>>(mut file: File, pieces: &[P]) -> std::io::Result<()> {
    for piece in pieces {
        file.write_all(piece.as_ref())?;
    }
    file.sync_all()
}

/// The whole path; `~/` is the person's home, and what is relative lies in the working folder.
pub(super) fn place(named: &str, home: Option<&Path>, doing: &str) -> Result<PathBuf> {
    let path = match (named.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(named),
    };
    std::path::absolute(&path).map_err(|why| Error::io(format!("{doing} {named}"), &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_written_over_only_when_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("talk.md");
        let name = path.to_str().unwrap();
        assert_eq!(save(name, None, "one", false).unwrap(), Saved::To(path.clone()));
        assert_eq!(save(name, None, "two", false).unwrap(), Saved::Exists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        assert_eq!(save("~/talk.md", Some(folder.path()), "two\n", true).unwrap(), Saved::To(path.clone()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn what_came_in_pieces_is_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.pb");
        let pieces = [vec![1, 2], Vec::new(), vec![3]];
        assert_eq!(
            save_pieces(path.to_str().unwrap(), None, &pieces, false).unwrap(),
            Saved::To(path.clone())
        );
        assert_eq!(fs::read(&path).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_said_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("none/talk.md");
        let error = save(name.to_str().unwrap(), None, "x", false).unwrap_err();
        assert!(error.doing.contains("none/talk.md"), "{error}");
    }
}
