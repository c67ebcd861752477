//! Zip packages of XML parts (ECMA-376), with bounds on what they unpack to.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::fault::Fault;
use crate::domain::knowledge::document::Limits;

/// A package whose parts are read one after the other.
#[derive(Debug)]
pub struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may still be unpacked.
    left: u64,
    limits: Limits,
}

fn damaged(why: &zip::result::ZipError) -> Fault {
    Fault::damaged(format!("its zip package cannot be read: {why}"))
}

impl<'a> Package<'a> {
    pub fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, Fault> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|why| damaged(&why))?;
        if archive.len() > limits.parts {
            let why = format!("its zip package has {} parts, more than {}", archive.len(), limits.parts);
            return Err(Fault::beyond(why, "documents.parts"));
        }
        let package = Self { archive, left: limits.unpacked, limits: *limits };
        // What the directory says may be a lie; whoever reads counts too.
        let told = package.archive.decompressed_size().unwrap_or(0);
        if told > u128::from(limits.unpacked) {
            let told = u64::try_from(told).unwrap_or(u64::MAX);
            return Err(Fault::too_large("unpacked, it", told, limits.unpacked, "documents.unpacked_mb"));
        }
        Ok(package)
    }

    pub fn has(&self, part: &str) -> bool {
        self.archive.index_for_name(part).is_some()
    }

    /// The names of parts that begin so.
    pub fn count(&self, start: &str) -> usize {
        self.archive.file_names_raw().filter(|name| name.starts_with(start.as_bytes())).count()
    }

    /// Reads a part through `read`; `None` where there is none.
    pub fn part<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let Some(index) = self.archive.index_for_name(name) else { return Ok(None) };
        let file = self.archive.by_index(index).map_err(|why| damaged(&why))?;
        let mut counted = file.take(self.left.saturating_add(1));
        let made = read(&mut counted);
        self.left = counted.limit().saturating_sub(1);
        if counted.limit() == 0 {
            let most = self.limits.unpacked;
            return Err(Fault::too_large("unpacked, it", 0, most, "documents.unpacked_mb"));
        }
        made.map(Some)
    }

    /// Unpacks every part once and forgets it, so that who cannot count may read them after.
    pub fn weigh(&mut self) -> Result<(), Fault> {
        for index in 0..self.archive.len() {
            let name =
                self.archive.name_for_index(index).and_then(Result::ok).map(std::borrow::Cow::into_owned);
            let Some(name) = name else { continue };
            self.part(&name, |part| {
                std::io::copy(part, &mut std::io::sink())
                    .map_err(|why| Fault::damaged(format!("{name} cannot be unpacked: {why}")))
            })?;
        }
        Ok(())
    }
}
