//! Bytes to pixels, within bounds: what a server sent may claim any size.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};

use super::failed;
use crate::domain::Result;

/// The longest side, in pixels.
const LONGEST: u32 = 16_384;
/// What decoding may take of the memory, in bytes: 64 megapixels.
const MOST: u64 = 256 << 20;

/// Of a moving picture the first frame, the way up that its camera noted.
pub(super) fn decode(bytes: &[u8]) -> Result<DynamicImage> {
    let read = || -> std::result::Result<DynamicImage, ImageError> {
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(LONGEST), Some(LONGEST));
        limits.max_alloc = Some(MOST);
        reader.limits(limits);
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation()?;
        // Some decoders take the bound for a wish.
        if decoder.total_bytes() > MOST {
            return Err(ImageError::Limits(image::error::LimitError::from_kind(
                image::error::LimitErrorKind::InsufficientMemory,
            )));
        }
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    };
    read().map_err(|why| match why {
        ImageError::Limits(_) => failed(
            "it would take more memory than a picture may",
            "It can be saved and opened elsewhere, with care.",
        ),
        why => failed(&format!("it is damaged or cut off: {why}"), "It can still be saved as it came."),
    })
}
