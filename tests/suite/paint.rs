//! Pictures for tests, made as they are needed.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Of that size, from blue at the left to red at the right, darker below; another `tint`, another picture.
pub fn painted(width: u32, height: u32, tint: u8, form: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let across = (x * 255 / width.max(2).saturating_sub(1).max(1)) as u8;
        let down = (y * 160 / height.max(2).saturating_sub(1).max(1)) as u8;
        Rgb([across.saturating_sub(down), tint, 255 - across.max(down)])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture).write_to(&mut bytes, form).unwrap();
    bytes.into_inner()
}

pub fn png(width: u32, height: u32, tint: u8) -> Vec<u8> {
    painted(width, height, tint, ImageFormat::Png)
}

/// A PNG whose head says that it is far larger than what follows could fill without a trick.
pub fn bomb() -> Vec<u8> {
    let mut bytes = png(1, 1, 0);
    bytes[16..24].copy_from_slice(&[0, 0, 0x3f, 0xff, 0, 0, 0x3f, 0xff]);
    let sum = crc32fast::hash(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// What a server that speaks `OpenAI`'s API answers with.
pub fn answered(pictures: &[Vec<u8>]) -> Vec<u8> {
    let data: Vec<_> =
        pictures.iter().map(|bytes| serde_json::json!({ "b64_json": STANDARD.encode(bytes) })).collect();
    serde_json::json!({ "created": 1, "data": data }).to_string().into_bytes()
}
