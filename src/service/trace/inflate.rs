//! Gzip, done, and undone within bounds.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::domain::{Error, ErrorKind, Result};

/// What packed bytes hold, of which there may be so many.
///
/// # Errors
///
/// `Full` where there are more; `Invalid` where it is no gzip, or breaks off.
pub fn inflate(packed: &[u8], most: usize) -> Result<Vec<u8>> {
    let doing = "unpacking traces";
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(packed).take(limit).read_to_end(&mut bytes).map_err(|why| {
        Error::new(ErrorKind::Invalid, doing, format!("it is no whole gzip: {why}"), "Send it again.")
    })?;
    if bytes.len() > most {
        let why = format!("it holds more than {} MB", most / 1_000_000);
        return Err(Error::new(ErrorKind::Full, doing, why, "Send fewer spans at a time."));
    }
    Ok(bytes)
}

/// Bytes, packed.
pub fn deflate(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map_err(|why| Error::internal("packing traces", why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_a_bomb_does_not_go_off() {
        let bytes = deflate(&vec![7; 100_000]).unwrap();
        assert!(bytes.len() < 1000);
        assert_eq!(inflate(&bytes, 100_000).unwrap(), vec![7; 100_000]);
        assert_eq!(inflate(&bytes, 99_999).unwrap_err().kind, ErrorKind::Full);
        assert_eq!(inflate(&bytes[..bytes.len() - 9], 100_000).unwrap_err().kind, ErrorKind::Invalid);
        assert_eq!(inflate(b"no gzip", 10).unwrap_err().kind, ErrorKind::Invalid);
    }
}
