//! Sealed frames one behind the other in a file: whether one lies at a place, and where the next one lies that opens.
//!
//! No more of a file is in memory than a frame and a window to search in.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::seal::{FIXED, Frame, MAGIC};

/// Bytes that are searched at once.
const WINDOW: u64 = 1 << 20;

/// The frames of a file of that length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames<'a> {
    file: &'a File,
    length: u64,
}

impl<'a> Frames<'a> {
    pub(super) fn new(file: &'a File, length: u64) -> Self {
        Self { file, length }
    }

    /// The length of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The length that the frame at `at` announces; `None` where there is none, or not the whole of it.
    pub(super) fn announced(&self, at: u64) -> io::Result<Option<u32>> {
        let mut fixed = [0; FIXED];
        if at >= self.length || self.length - at < FIXED as u64 {
            return Ok(None);
        }
        self.file.read_exact_at(&mut fixed, at)?;
        let announced = Frame::announced(&fixed).and_then(|bytes| u32::try_from(bytes).ok());
        Ok(announced.filter(|bytes| u64::from(*bytes) <= self.length - at))
    }

    /// The bytes of the frame at `at`, not opened.
    pub(super) fn at(&self, at: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(length) = self.announced(at)? else { return Ok(None) };
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(Some(bytes))
    }

    /// The first place from `from` on with a frame that `opens`.
    pub(super) fn search(
        &self,
        from: u64,
        mut opens: impl FnMut(u64, &[u8]) -> bool,
    ) -> io::Result<Option<u64>> {
        let overlap = MAGIC.len() as u64 - 1;
        let mut at = from;
        while at + overlap < self.length {
            let mut window = vec![0; (self.length - at).min(WINDOW) as usize];
            self.file.read_exact_at(&mut window, at)?;
            let found = window.windows(MAGIC.len()).zip(at..).filter(|(four, _)| four == MAGIC);
            for (_, place) in found {
                if self.at(place)?.is_some_and(|bytes| opens(place, &bytes)) {
                    return Ok(Some(place));
                }
            }
            at += window.len() as u64 - overlap;
        }
        Ok(None)
    }
}
