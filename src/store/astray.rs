//! Shelves that no key here opens: a restore over a store that did not open has left them. They go beside what else is kept of
//! that store, and with it, so that what is on them is made anew.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::files;
use super::generation::folder;
use super::seal::{FIXED, Frame, KeyId, Sealer};
use super::shelf::names;
use super::shelves::{SHELVES, all_of, old_sealers, sealer};
use super::site::{Desk, Site};
use crate::domain::{Error, Result};

impl Site {
    /// At the start, where nobody has a shelf yet: lays those that nothing opens aside.
    pub(super) fn lay_astray_aside(&self, desk: &Desk, notices: &mut Vec<String>) {
        // Where no store is kept, none was restored over.
        let Some(kept) = desk.head.kept.iter().max() else { return };
        let aside = folder(self.folder(), *kept).join(SHELVES);
        let laid = self.astray(desk).and_then(|names| {
            names.iter().try_for_each(|name| self.lay_aside(name, &aside))?;
            Ok(names)
        });
        match laid {
            Ok(names) if names.is_empty() => {}
            Ok(names) => notices.push(format!(
                "Sealed with a key that is not here, and kept until `outcrop workspace compact`: {}. A sync reads a knowledge \
                 base again.",
                all_of(&names)
            )),
            // It keeps nobody from the store.
            Err(error) => notices.push(format!("What no key here opens is in the way still: {}.", error.why)),
        }
    }

    /// Shelves of which files are sealed, and none with a key that is known.
    fn astray(&self, desk: &Desk) -> Result<Vec<String>> {
        let mut astray = Vec::new();
        for name in self.shelf_names()? {
            let mut known: Vec<KeyId> = old_sealers(desk, &name)?.iter().map(Sealer::id).collect();
            known.push(sealer(&desk.keys, &name).id());
            if opens(&known, &self.shelves().join(&name))? == Some(false) {
                astray.push(name);
            }
        }
        Ok(astray)
    }

    fn lay_aside(&self, name: &str, aside: &Path) -> Result<()> {
        let doing = || format!("laying {name} aside");
        files::private_folder(aside, &mut Vec::new())?;
        self.step("lay a shelf aside")?;
        fs::rename(self.shelves().join(name), aside.join(name)).map_err(|why| Error::io(doing(), &why))?;
        files::sync_folder(aside, &self.options.faults)?;
        files::sync_folder(&self.shelves(), &self.options.faults)
    }
}

/// Whether one of these keys opens a file under a folder; `None` where none is sealed. The first that one opens settles it.
fn opens(keys: &[KeyId], folder: &Path) -> Result<Option<bool>> {
    let mut met = None;
    for name in names(folder)? {
        let path = folder.join(name);
        let one =
            if path.is_dir() { opens(keys, &path)? } else { first_key(&path).map(|key| keys.contains(&key)) };
        if one == Some(true) {
            return Ok(one);
        }
        met = met.or(one);
    }
    Ok(met)
}

/// The key that a sealed file begins with.
fn first_key(path: &Path) -> Option<KeyId> {
    let mut fixed = [0; FIXED];
    File::open(path).ok()?.read_exact_at(&mut fixed, 0).ok()?;
    Frame::announced(&fixed)?;
    fixed[5..13].try_into().ok()
}
