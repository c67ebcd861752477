//! The sizes that models make pictures in, by their makers' pages (November 2026). One that is none of them is refused before it
//! is sent, with those that there are; of models that are not named here nobody knows.

use crate::domain::call::Picture;
use crate::domain::{Error, ErrorKind, Result};

type Size = (u32, u32);

/// `OpenAI`, "Image generation" of its guide.
const GPT_IMAGE: &[Size] = &[(1024, 1024), (1536, 1024), (1024, 1536)];
const DALL_E_3: &[Size] = &[(1024, 1024), (1792, 1024), (1024, 1792)];
const DALL_E_2: &[Size] = &[(256, 256), (512, 512), (1024, 1024)];

/// "Amazon Titan Image Generator G1 models" of Bedrock's guide.
const TITAN: &[Size] = &[
    (1024, 1024),
    (768, 768),
    (512, 512),
    (768, 1152),
    (384, 576),
    (1152, 768),
    (576, 384),
    (768, 1280),
    (384, 640),
    (1280, 768),
    (640, 384),
    (896, 1152),
    (448, 576),
    (1152, 896),
    (576, 448),
    (768, 1408),
    (384, 704),
    (1408, 768),
    (704, 384),
    (640, 1408),
    (320, 704),
    (1408, 640),
    (704, 320),
    (1152, 640),
    (1173, 640),
];

/// "Stability.ai Diffusion 1.0 text to image" of the same.
const SDXL: &[Size] = &[
    (1024, 1024),
    (1152, 896),
    (1216, 832),
    (1344, 768),
    (1536, 640),
    (640, 1536),
    (768, 1344),
    (832, 1216),
    (896, 1152),
];

/// Models by how their own names begin, wherever that stands in an id.
const TABLE: &[(&str, &[Size])] = &[
    ("gpt-image-1", GPT_IMAGE),
    ("dall-e-3", DALL_E_3),
    ("dall-e-2", DALL_E_2),
    ("amazon.titan-image", TITAN),
    ("stability.stable-diffusion-xl", SDXL),
];

/// Whether the model makes pictures of the size that is asked for.
///
/// # Errors
///
/// `Refused` with the sizes that it makes.
pub fn check(picture: &Picture) -> Result<()> {
    let Some(asked) = picture.size else { return Ok(()) };
    let model = picture.model.model();
    let known = TABLE.iter().find(|(name, _)| model.contains(name));
    let Some((_, sizes)) = known.filter(|(_, sizes)| !sizes.contains(&asked)) else { return Ok(()) };
    let all: Vec<_> = sizes.iter().map(|(width, height)| format!("{width}x{height}")).collect();
    Err(Error::new(
        ErrorKind::Refused { capability: "a picture of that size".to_owned() },
        format!("making a picture with {}", picture.model),
        format!("it makes none of {}x{}", asked.0, asked.1),
        format!("It makes {}.", all.join(", ")),
    ))
}
