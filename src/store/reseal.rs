//! Sealing what lies on shelves with a new data key.
//!
//! A frame keeps its length under another key, so a file keeps its form, whatever it is the file of. Each is replaced whole; a
//! death leaves some under the new key and some under the old one, and doing it again does the rest.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use super::fault::Faults;
use super::files::{self, Fresh, UNFINISHED};
use super::frames::Frames;
use super::seal::{Frame, Sealer};
use crate::domain::{Error, Result};

/// The keys of a shelf.
pub(super) struct Reseal<'a> {
    pub(super) new: &'a Sealer,
    pub(super) old: &'a [Sealer],
    pub(super) faults: &'a Faults,
}

impl Reseal<'_> {
    /// Seals every file under `folder` with the new key.
    pub(super) fn folder(&self, folder: &Path) -> Result<()> {
        let doing = || format!("sealing {} with the new key", folder.display());
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(|why| Error::io(doing(), &why))? {
            paths.push(entry.map_err(|why| Error::io(doing(), &why))?.path());
        }
        for path in paths {
            if path.is_dir() {
                self.folder(&path)?;
            } else if path.as_os_str().to_string_lossy().ends_with(UNFINISHED) {
                files::remove(&path)?;
            } else {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    fn file(&self, path: &Path) -> Result<()> {
        let failed =
            |why: std::io::Error| Error::io(format!("sealing {} with the new key", path.display()), &why);
        let file = files::open_to_read(path)?;
        let frames = Frames::new(&file, file.metadata().map_err(failed)?.len());
        // The first frame tells of all: a file is replaced whole.
        let first = frames.at(0).map_err(failed)?;
        if first.is_some_and(|bytes| Frame::parse(&bytes).is_some_and(|frame| frame.key_id == self.new.id()))
        {
            return Ok(());
        }
        self.faults.at("seal a file anew").map_err(failed)?;
        let mut fresh = Fresh::create(path, self.faults)?;
        let mut out = BufWriter::new(fresh.file().try_clone().map_err(failed)?);
        self.copy(frames, &mut out).and_then(|()| out.flush().map_err(failed))?;
        drop(out);
        fresh.finish()
    }

    fn copy(&self, frames: Frames<'_>, out: &mut BufWriter<File>) -> Result<()> {
        let failed = |why: std::io::Error| Error::io("sealing a file with the new key", &why);
        let mut at = 0;
        while at < frames.length() {
            if let Some(bytes) = frames.at(at).map_err(failed)?
                && let Some(sealed) = self.anew(&bytes)?
            {
                out.write_all(&sealed).map_err(failed)?;
                at += bytes.len() as u64;
                continue;
            }
            // Damage stays damage, in its place, without what the old key might still open.
            let next = frames.search(at + 1, |_, bytes| matches!(self.anew(bytes), Ok(Some(_))));
            let next = next.map_err(failed)?.unwrap_or(frames.length());
            std::io::copy(&mut std::io::Read::take(std::io::repeat(0), next - at), out).map_err(failed)?;
            at = next;
        }
        Ok(())
    }

    /// The same frame under the new key; `None` for one that does not open.
    fn anew(&self, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(frame) = Frame::parse(bytes) else { return Ok(None) };
        let known = self.old.iter().chain([self.new]).find(|sealer| sealer.id() == frame.key_id);
        let Some(opened) = known.and_then(|sealer| sealer.unseal(&frame).ok()) else { return Ok(None) };
        self.new.seal(opened.schema, opened.sequence, frame.key, &opened.plain).map(Some)
    }
}
