//! A file that the person named, on its way to the screen.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::save::place;
use crate::domain::{Error, ErrorKind, Result};
use crate::tui::event::Contents;

/// What is in it, if that is at most `most` bytes.
pub fn read(named: &str, home: Option<&Path>, most: u64) -> Result<Contents> {
    let path = place(named, home, "reading")?;
    let doing = || format!("reading {}", path.display());
    let wrong = |why: std::io::Error| Error::io(doing(), &why);
    // A pipe or a device might never end.
    if !std::fs::metadata(&path).map_err(wrong)?.is_file() {
        return Err(Error::new(ErrorKind::Invalid, doing(), "it is no plain file", "Name a file."));
    }
    let mut bytes = Vec::new();
    let file = File::open(&path).map_err(wrong)?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > most {
        let why = format!("it is larger than {} MB", most >> 20);
        return Err(Error::new(ErrorKind::Invalid, doing(), why, "Split it into several files."));
    }
    Ok(Contents(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_file_of_the_home_is_read_if_it_is_not_too_large() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "prompt\nwhy?\n").unwrap();
        let home = Some(folder.path());
        assert_eq!(read("~/a.csv", home, 12).unwrap(), Contents(b"prompt\nwhy?\n".to_vec()));
        assert!(read("~/a.csv", home, 11).unwrap_err().why.contains("larger"));
        assert_eq!(read("~/b.csv", home, 12).unwrap_err().kind, ErrorKind::NotFound);
        assert!(read(folder.path().to_str().unwrap(), None, 12).unwrap_err().why.contains("no plain file"));
    }
}
