//! Pictures that models made: what was asked for, and what came of it.

use serde::{Deserialize, Serialize};

use super::attachment::{Form, form};
use super::call::Picture;
use super::error::{Error, ErrorKind};
use super::id::MakingId;
use super::message::{BlobId, Outcome, Timing, Usage};
use super::time::Timestamp;

/// The most pictures of one making.
pub const MOST: u32 = 10;
/// The longest side that can be asked for, in pixels.
const LONGEST: u32 = 16_384;

/// One picture that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub blob: BlobId,
    /// What its first bytes say that it is, "image/png" or another of its kind.
    pub media_type: String,
    pub bytes: u64,
    /// Width and height; `None` where its head does not say them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<(u32, u32)>,
}

impl Made {
    /// "1024x1024 png, 1.2 MB".
    pub fn label(&self) -> String {
        let form = self.media_type.trim_start_matches("image/");
        let pixels = self.pixels.map_or_else(String::new, |(width, height)| format!("{width}x{height} "));
        format!("{pixels}{form}, {}", super::figures::bytes(self.bytes))
    }
}

/// One act: pictures that were asked for together. It is durable before it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Making {
    pub id: MakingId,
    pub asked: Picture,
    pub created: Timestamp,
    pub outcome: Outcome,
    /// In the order in which they came; at most as many as were asked for.
    pub made: Vec<Made>,
    #[serde(default)]
    pub usage: Usage,
    #[serde(default)]
    pub timing: Timing,
    /// US dollars, an estimate by the price that was known then; `None` is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

impl Making {
    /// Every picture that it names: those that it made, and the one that it began with.
    pub fn blobs(&self) -> impl Iterator<Item = &BlobId> {
        self.made.iter().map(|made| &made.blob).chain(&self.asked.from)
    }

    /// Whether it is on its way.
    pub fn runs(&self) -> bool {
        self.outcome == Outcome::Streaming
    }

    /// A name for the file of the picture with this number, from 0: words of the prompt, the id's end, the number.
    pub fn file_name(&self, at: usize) -> String {
        let ending = self.made.get(at).map_or("png", |made| match made.media_type.as_str() {
            "image/jpeg" => "jpg",
            other => other.trim_start_matches("image/"),
        });
        let words = words(&self.asked.prompt);
        let gap = if words.is_empty() { "" } else { "-" };
        let id = self.id.short();
        format!("{words}{gap}{id}-{}.{ending}", at + 1)
    }
}

/// Letters and digits of a text, joined by `-`: what every file system takes.
fn words(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if name.len() >= 40 {
            break;
        }
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_end_matches('-').to_owned()
}

/// A size as people write it: `1024x768`.
pub fn size(text: &str) -> Result<(u32, u32), Error> {
    let side = |text: &str| text.trim().parse().ok().filter(|side| (1..=LONGEST).contains(side));
    let sides = text.trim().split_once(['x', 'X', '×']);
    sides.and_then(|(width, height)| Some((side(width)?, side(height)?))).ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            "reading the size of a picture",
            format!("{text:?} is none"),
            format!("Write it like 1024x768, each side from 1 to {LONGEST}."),
        )
    })
}

/// What a picture's first bytes say that it is; `None` for what is no picture.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match form("", bytes) {
        Some(Form::Image(media_type)) => Some(media_type),
        _ => None,
    }
}

/// Width and height as a picture's head says them, which may be wrong (PNG, ISO/IEC 15948 11.2.2; `GIF89a` 18; JPEG, ITU-T
/// T.81 B.2.2; `WebP`, RFC 9649 2.4 to 2.7).
pub fn pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    let at = |from: usize, length: usize| bytes.get(from..from + length);
    let big =
        |from, length| Some(at(from, length)?.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)));
    let little = |from, length| {
        Some(at(from, length)?.iter().rev().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
    };
    match media_type(bytes)? {
        "image/png" => Some((big(16, 4)?, big(20, 4)?)),
        "image/gif" => Some((little(6, 2)?, little(8, 2)?)),
        "image/jpeg" => {
            let mut from = 2;
            loop {
                let marker = big(from, 2)?;
                match marker {
                    0xffc0..=0xffcf if ![0xffc4, 0xffc8, 0xffcc].contains(&marker) => {
                        return Some((big(from + 7, 2)?, big(from + 5, 2)?));
                    }
                    // One that may be filled up.
                    0xffff => from += 1,
                    0xffd8..=0xffda | 0..0xff00 => return None,
                    _ => from += 2 + usize::try_from(big(from + 2, 2)?).ok()?,
                }
            }
        }
        "image/webp" => match at(12, 4)? {
            b"VP8X" => Some((little(24, 3)? + 1, little(27, 3)? + 1)),
            b"VP8L" => {
                let bits = little(21, 4)?;
                Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
            }
            b"VP8 " => Some((little(26, 2)? & 0x3fff, little(28, 2)? & 0x3fff)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::call::Blobs;
    use super::*;

    #[test]
    fn a_head_says_the_size_and_a_broken_one_says_nothing() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x10\0\0\0\0\x01";
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc4\0\x03x\xff\xff\xc2\0\x0b\x08\x01\0\x02\0\x01";
        let lossless = b"RIFF0000WEBPVP8L0000\x2f\x7f\xc2\x31\0";
        let extended = b"RIFF0000WEBPVP8X00000000\xff\x03\0\xff\x02\0";
        let lossy = b"RIFF0000WEBPVP8 0000abc\x9d\x01\x2a\x80\x02\xe0\x01";
        for (bytes, size) in [
            (&png[..], Some((4096, 1))),
            (b"GIF89a\x0a\0\x14\0", Some((10, 20))),
            (jpeg, Some((512, 256))),
            (lossless, Some((640, 200))),
            (extended, Some((1024, 768))),
            (lossy, Some((640, 480))),
            (b"\x89PNG\r\n\x1a\n", None),
            (b"\xff\xd8\xff\xda\0\x02", None),
            (b"\xff\xd8\xff\xe0\xff\xff", None),
            (b"GIF89a", None),
            (b"RIFF0000WEBPNONE", None),
            (b"text", None),
        ] {
            assert_eq!(pixels(bytes), size, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_size_is_written_with_an_x_and_has_two_sides() {
        assert_eq!(size(" 1024X768").unwrap(), (1024, 768));
        assert_eq!(size("4096×1").unwrap(), (4096, 1));
        for text in ["", "1024", "x", "0x5", "5x-1", "99999x1", "1x2x3"] {
            assert!(size(text).unwrap_err().hint.contains("1024x768"), "{text}");
        }
    }

    #[test]
    fn a_file_is_named_by_what_was_asked_for() {
        let asked = Picture {
            model: "a/b".parse().unwrap(),
            prompt: "A river / at dawn…".into(),
            negative: None,
            size: None,
            seed: None,
            count: 1,
            from: None,
            blobs: Blobs::default(),
        };
        let made = Made {
            blob: BlobId("aa".into()),
            media_type: "image/jpeg".into(),
            bytes: 1_234_567,
            pixels: Some((640, 480)),
        };
        assert_eq!(made.label(), "640x480 jpeg, 1.2 MB");
        let mut making = Making {
            id: MakingId::from_bytes([7; 16]),
            asked,
            created: Timestamp(0),
            outcome: Outcome::Streaming,
            made: vec![made],
            usage: Usage::default(),
            timing: Timing::default(),
            cost: None,
        };
        assert_eq!(making.file_name(0), "a-river-at-dawn-07070707-1.jpg");
        making.asked.prompt = "../../".into();
        assert_eq!(making.file_name(9), "07070707-10.png");
    }
}
