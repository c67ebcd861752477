//! The bytes behind pictures and documents, as APIs take them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::call::Blobs;
use crate::domain::message::BlobId;
use crate::domain::{Error, ErrorKind, Result};

/// The bytes of a picture or document. What is asked about is never silently left out.
///
/// # Errors
///
/// `NotFound` where nobody has put them beside the call.
pub fn bytes<'a>(blobs: &'a Blobs, id: &BlobId, doing: &str) -> Result<&'a [u8]> {
    blobs.get(id).ok_or_else(|| {
        let why = "the bytes of an attachment are not here";
        Error::new(ErrorKind::NotFound, doing, why, "Attach it again, or edit the message without it.")
    })
}

/// Bytes as base64 text.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes as a `data:` URL (RFC 2397).
pub fn data_url(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", base64(bytes))
}
