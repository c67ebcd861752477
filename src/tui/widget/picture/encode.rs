//! Pixels to a file.

use std::io::Cursor;

use image::{ImageFormat, RgbaImage};

use crate::domain::{Error, ErrorKind, Result};

/// Rows of pixels, red, green, blue and alpha each, as a PNG file.
pub fn png(width: usize, height: usize, rgba: &[u8]) -> Result<Vec<u8>> {
    let wrong = |why: &str| Error::new(ErrorKind::Invalid, "taking a picture in", why, "Save it as a file.");
    let sides = u32::try_from(width).ok().zip(u32::try_from(height).ok()).filter(|(w, h)| *w > 0 && *h > 0);
    let picture = sides.and_then(|(width, height)| RgbaImage::from_raw(width, height, rgba.to_vec()));
    let picture = picture.ok_or_else(|| wrong("its size is not that of its pixels"))?;
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|why| wrong(&why.to_string()))?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_the_same_in_the_file_and_too_few_of_them_are_none() {
        let pixels = [255, 0, 0, 255, 0, 0, 255, 128];
        let bytes = png(2, 1, &pixels).unwrap();
        let read = image::load_from_memory(&bytes).unwrap().into_rgba8();
        assert_eq!((read.dimensions(), read.into_raw()), ((2, 1), pixels.to_vec()));
        for (width, height) in [(2, 2), (0, 0), (usize::MAX, 1)] {
            assert!(png(width, height, &pixels).is_err());
        }
    }
}
