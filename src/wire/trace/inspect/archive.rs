//! The zip of a log. Its parts are packed with zstd (method 93), which is unpacked in pure Rust; what a part claims to
//! hold is not believed.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use ruzstd::decoding::StreamingDecoder;
use serde_json::Value as Json;
use zip::{CompressionMethod, ZipArchive};

/// Parts of one log.
const MOST_PARTS: usize = 200_000;

pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may be unpacked of all parts.
    most: u64,
    /// What of them is left.
    left: u64,
}

impl<'a> Archive<'a> {
    pub fn open(bytes: &'a [u8], most: u64) -> Result<Self, String> {
        let zip =
            ZipArchive::new(Cursor::new(bytes)).map_err(|why| format!("its zip cannot be read: {why}"))?;
        if zip.len() > MOST_PARTS {
            return Err(format!("its zip has {} parts", zip.len()));
        }
        Ok(Self { zip, most, left: most })
    }

    /// Every part once, in the order of the zip.
    pub fn names(&self) -> Vec<String> {
        self.zip.file_names().filter_map(Result::ok).map(Cow::into_owned).collect()
    }

    /// A part as JSON.
    pub fn json(&mut self, name: &str) -> Result<Json, String> {
        let bytes = self.part(name)?;
        serde_json::from_slice(&bytes).map_err(|why| format!("is no JSON: {why}"))
    }

    fn part(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let failed = |why: String| format!("cannot be unpacked: {why}");
        let index = self.zip.index_for_name(name).ok_or_else(|| failed("it is not there".to_owned()))?;
        let raw = self.zip.by_index_raw(index).map_err(|why| failed(why.to_string()))?;
        let (method, sum) = (raw.compression(), raw.crc32());
        let mut bytes = Vec::new();
        let unpacked = if method == CompressionMethod::ZSTD {
            unpack(raw, self.left, &mut bytes)
        } else {
            drop(raw);
            let part = self.zip.by_index(index).map_err(|why| failed(why.to_string()))?;
            take(part, self.left, &mut bytes)
        };
        // What a liar cost is gone too, or a thousand of them would cost a thousand times as much.
        let over = bytes.len() as u64 > self.left;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        if over {
            return Err(failed(format!(
                "the log unpacks to more than the {} MB that are let",
                self.most >> 20
            )));
        }
        unpacked.map_err(failed)?;
        if crc32fast::hash(&bytes) != sum {
            return Err("is damaged: its checksum is wrong".to_owned());
        }
        Ok(bytes)
    }
}

/// One frame after the other, as zstd allows.
fn unpack(packed: impl Read, most: u64, to: &mut Vec<u8>) -> Result<(), String> {
    let mut packed = std::io::BufReader::new(packed);
    loop {
        let frame = StreamingDecoder::new(&mut packed).map_err(|why| why.to_string())?;
        take(frame, most, to)?;
        if to.len() as u64 > most {
            return Ok(());
        }
        if std::io::BufRead::fill_buf(&mut packed).map_err(|why| why.to_string())?.is_empty() {
            return Ok(());
        }
    }
}

/// Reads to the end, and one byte further than to `most` of them in all.
fn take(from: impl Read, most: u64, to: &mut Vec<u8>) -> Result<(), String> {
    let room = most.saturating_sub(to.len() as u64);
    from.take(room.saturating_add(1)).read_to_end(to).map_err(|why| why.to_string())?;
    Ok(())
}
