//! The end of the log, which sled throws away without a word when a byte of it is bad.
//!
//! After a crash sled takes the first message whose checksum fails for a torn write and overwrites what lies behind it.
//! A flipped byte looks the same, and everything that was written since the last start may lie behind it. So every
//! acknowledged batch leaves its number in a small file beside the tree and in the tree itself; a tree that comes back
//! with a lower number has lost its end. The segments that sled may overwrite are read before it is let near them.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::generation::{Generation, sequence_generation};
use super::record::Kind;
use super::{files, shield};
use crate::domain::Result;

/// sled's segments: 512 KiB, each beginning with a checksum and the obfuscated number of its place in the log.
const SEGMENT: usize = 512 * 1024;
const HEADER: usize = 20;
const HIDDEN: u64 = 0x7FFF_FFFF_FFFF_FFFF;

/// Segments that are read at most: what is written between two starts is rarely more than a few.
const MOST: usize = 64;

/// The name of the file that they are put in when they are needed.
const BEFORE: &str = "before";

/// The key in the tree.
pub(super) const TIP: [u8; 1] = [Kind::Tip as u8];

/// The file beside the tree.
#[derive(Debug)]
pub(super) struct Mark {
    file: File,
    /// The last number that was noted here. A flush may end after another generation took the place of the one that it was
    /// of, and its number lies below.
    noted: Mutex<u64>,
}

impl Mark {
    /// Opens it.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        Ok(Self { file: files::open(&folder.join("mark"))?, noted: Mutex::default() })
    }

    /// Notes that everything up to `sequence` was acknowledged. It outlives the process, not the power: after a power
    /// cut an older mark proves less, never something wrong. So there is nothing to do where it cannot be written.
    pub(super) fn set(&self, sequence: u64) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if sequence < *noted {
            return;
        }
        *noted = sequence;
        let mut bytes = sequence.to_be_bytes().to_vec();
        bytes.extend_from_slice(&Sha256::digest(&bytes)[..8]);
        let _ = self.file.write_all_at(&bytes, 0);
    }

    /// The generation that the mark is of.
    pub(super) fn generation(&self) -> Option<u32> {
        self.get().map(sequence_generation)
    }

    fn get(&self) -> Option<u64> {
        let mut bytes = [0; 16];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let (sequence, sum) = bytes.split_at(8);
        (Sha256::digest(sequence)[..8] == *sum).then(|| sequence.try_into().ok().map(u64::from_be_bytes))?
    }

    /// Whether a tree came back without a batch that was acknowledged.
    pub(super) fn passed(&self, generation: &Generation) -> Result<bool> {
        let Some(mark) = self.get().filter(|mark| sequence_generation(*mark) == generation.number) else {
            return Ok(false);
        };
        let tip = generation.frame(&TIP)?.and_then(|tip| tip.as_ref().try_into().ok());
        Ok(tip.map_or(0, u64::from_be_bytes) < mark)
    }
}

/// The segments that sled may overwrite when it opens the tree in `folder`, newest first.
pub(super) fn preserve(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(file) = File::open(folder.join("db")) else { return Vec::new() };
    let segments = file.metadata().map_or(0, |about| about.len()).div_ceil(SEGMENT as u64);
    let known = snapshot(folder);
    let mut wanted: Vec<(u64, u64)> = (0..segments)
        .filter_map(|segment| {
            let mut header = [0; HEADER];
            file.read_exact_at(&mut header, segment * SEGMENT as u64).ok()?;
            let place = u64::from_le_bytes(header[4..12].try_into().ok()?) ^ HIDDEN;
            // What the snapshot covers is not replayed. A place beyond belief is a damaged header.
            (place + SEGMENT as u64 > known).then_some((place, segment))
        })
        .collect();
    wanted.sort_unstable_by(|a, b| b.cmp(a));
    wanted.truncate(MOST);
    wanted
        .into_iter()
        .filter_map(|(_, segment)| {
            let mut bytes = Vec::new();
            let mut at = &file;
            std::io::Seek::seek(&mut at, std::io::SeekFrom::Start(segment * SEGMENT as u64)).ok()?;
            at.take(SEGMENT as u64).read_to_end(&mut bytes).ok()?;
            Some(bytes)
        })
        .collect()
}

/// The place in the log up to which sled's snapshot goes; its name tells.
fn snapshot(folder: &Path) -> u64 {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            u64::from_str_radix(name.to_str()?.strip_prefix("snap.")?, 16).ok()
        })
        .max()
        .unwrap_or(0)
}

/// Lays preserved segments where a salvage finds them.
pub(super) fn lay_down(segments: &[Vec<u8>], folder: &Path, faults: &super::Faults) -> Result<()> {
    files::write(&folder.join(BEFORE), &segments.concat(), faults)
}

/// What is told when the end was lost.
pub(super) fn lost() -> crate::domain::Error {
    shield::corrupt("opening the store", "the newest part of its log is missing")
}
