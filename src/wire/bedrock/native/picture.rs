//! Pictures: Titan Image and Nova Canvas make several a request, Stability's models one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Family;
use crate::domain::call::Picture;
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::picture::media_type;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::bedrock::reply::unreadable;
use crate::wire::picture_size;

/// The shapes that Stable Image makes.
const RATIOS: [(u32, u32); 9] = [(16, 9), (1, 1), (21, 9), (2, 3), (3, 2), (4, 5), (5, 4), (9, 16), (9, 21)];

const TEXT_ALONE: &str = "Stable Image Core takes a text alone";

/// Titan makes so many at once.
const TITAN_MOST: u32 = 5;

/// Its largest seed.
const TITAN_SEED: u64 = 2_147_483_646;

/// The bodies that make as many pictures as were asked for.
pub fn bodies(picture: &Picture, family: Family) -> Result<Vec<Vec<u8>>> {
    picture_size::check(picture)?;
    let count = picture.count.max(1);
    let bodies: Result<Vec<Value>> = match family {
        Family::TitanImage => {
            let whole = (0..count / TITAN_MOST).map(|_| TITAN_MOST);
            let rest = Some(count % TITAN_MOST).filter(|rest| *rest > 0);
            let parts = whole.chain(rest).enumerate();
            parts.map(|(at, many)| titan(picture, many, seed(picture, at as u64))).collect()
        }
        Family::Sdxl => (0..count).map(|at| sdxl(picture, seed(picture, at.into()))).collect(),
        Family::StableImage => (0..count).map(|at| stable(picture, seed(picture, at.into()))).collect(),
        _ => Err(refused(picture, "images", "it makes no pictures")),
    };
    Ok(bodies?.into_iter().map(|body| body.to_string().into_bytes()).collect())
}

/// What these models cannot be asked for; other sizes than theirs are refused with the sizes that there are.
pub fn unpictured(model: &ModelId, family: Family) -> Vec<LeftOut> {
    let takes_text_alone = family == Family::StableImage && model.model().contains("stable-image-core");
    let vary = || LeftOut { settings: vec!["vary".to_owned()], why: TEXT_ALONE.to_owned() };
    takes_text_alone.then(vary).into_iter().collect()
}

/// Of the request with that number: the same for all would make the same picture.
fn seed(picture: &Picture, at: u64) -> Option<u64> {
    Some(picture.seed?.saturating_add(at))
}

fn refused(picture: &Picture, capability: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::Refused { capability: capability.to_owned() },
        format!("making a picture with {}", picture.model),
        why,
        "Leave it out, or ask another model.",
    )
}

/// The picture that is to be varied, in one of the forms that the model reads.
fn from(picture: &Picture, unread: &[&str]) -> Result<Option<String>> {
    let Some(blob) = &picture.from else { return Ok(None) };
    let bytes = picture.blobs.get(blob).ok_or_else(|| {
        let doing = format!("making a picture with {}", picture.model);
        Error::new(ErrorKind::NotFound, doing, "the bytes of the picture are not here", "Attach it again.")
    })?;
    if let Some(media_type) = media_type(bytes)
        && unread.contains(&media_type)
    {
        let why = format!("it reads no {media_type}");
        return Err(refused(picture, "a picture of that form", &why));
    }
    Ok(Some(STANDARD.encode(bytes)))
}

fn titan(picture: &Picture, count: u32, seed: Option<u64>) -> Result<Value> {
    let mut params = json!({ "text": picture.prompt });
    if let Some(negative) = &picture.negative {
        params["negativeText"] = negative.as_str().into();
    }
    let mut config = json!({ "numberOfImages": count });
    if let Some((width, height)) = picture.size {
        (config["width"], config["height"]) = (width.into(), height.into());
    }
    if let Some(seed) = seed {
        if seed > TITAN_SEED {
            let why = format!("its seeds go up to {TITAN_SEED}, and one is {seed}");
            return Err(refused(picture, "that seed", &why));
        }
        config["seed"] = seed.into();
    }
    let (task, name) = match from(picture, &["image/gif", "image/webp"])? {
        Some(image) => {
            params["images"] = json!([image]);
            ("IMAGE_VARIATION", "imageVariationParams")
        }
        None => ("TEXT_IMAGE", "textToImageParams"),
    };
    Ok(json!({ "taskType": task, name: params, "imageGenerationConfig": config }))
}

fn sdxl(picture: &Picture, seed: Option<u64>) -> Result<Value> {
    let mut prompts = vec![json!({ "text": picture.prompt, "weight": 1.0 })];
    prompts.extend(picture.negative.as_ref().map(|text| json!({ "text": text, "weight": -1.0 })));
    let mut body = json!({ "text_prompts": prompts });
    if let Some((width, height)) = picture.size {
        (body["width"], body["height"]) = (width.into(), height.into());
    }
    if let Some(seed) = seed {
        body["seed"] = seed.into();
    }
    if let Some(image) = from(picture, &["image/gif", "image/webp"])? {
        body["init_image"] = image.into();
    }
    Ok(body)
}

fn stable(picture: &Picture, seed: Option<u64>) -> Result<Value> {
    let mut body = json!({ "prompt": picture.prompt, "output_format": "png" });
    if let Some(negative) = &picture.negative {
        body["negative_prompt"] = negative.as_str().into();
    }
    if let Some(seed) = seed {
        body["seed"] = seed.into();
    }
    if let Some(image) = from(picture, &["image/gif"])? {
        if picture.model.model().contains("stable-image-core") {
            return Err(refused(picture, "a picture to vary", TEXT_ALONE));
        }
        if picture.size.is_some() {
            let why = "a picture that is varied keeps its size";
            return Err(refused(picture, "a size and a picture to vary", why));
        }
        // How far it may go from the picture; the API wants to be told.
        (body["mode"], body["image"], body["strength"]) = ("image-to-image".into(), image.into(), json!(0.7));
        return Ok(body);
    }
    if let Some((width, height)) = picture.size {
        let same =
            |(w, h): &&(u32, u32)| u64::from(width) * u64::from(*h) == u64::from(height) * u64::from(*w);
        let (w, h) = RATIOS.iter().find(same).ok_or_else(|| {
            let why = "its pictures are 1:1, 16:9, 9:16, 21:9, 9:21, 2:3, 3:2, 4:5 or 5:4";
            refused(picture, "that size", why)
        })?;
        body["aspect_ratio"] = format!("{w}:{h}").into();
    }
    Ok(body)
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    images: Vec<String>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
    error: Option<String>,
    #[serde(default)]
    finish_reasons: Vec<Option<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    base64: Option<String>,
    finish_reason: Option<String>,
}

/// One `Event::Image` a picture.
pub fn pictures(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|why| unreadable(doing, "none with pictures", &why.to_string(), b"(bytes)"))?;
    // One that was filtered has its reason, and bytes that show nothing.
    let filtered =
        |artifact: &Artifact| artifact.finish_reason.as_deref().is_some_and(|reason| reason != "SUCCESS");
    let reason = answer.error.or_else(|| answer.finish_reasons.into_iter().flatten().next()).or_else(|| {
        answer.artifacts.iter().find(|one| filtered(one)).and_then(|one| one.finish_reason.clone())
    });
    let sound = answer.artifacts.into_iter().filter(|one| !filtered(one)).filter_map(|one| one.base64);
    let read = |text: String| {
        let bytes = STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty())?;
        let media_type = media_type(&bytes).unwrap_or("image/png").to_owned();
        Some(Event::Image { media_type, bytes })
    };
    let events: Vec<Event> = answer.images.into_iter().chain(sound).filter_map(read).collect();
    match (events.is_empty(), reason) {
        (false, _) => Ok(events),
        (true, Some(reason)) => {
            let why = format!("the model made no picture: {reason}");
            Err(Error::new(ErrorKind::Invalid, doing, why, "Say it in other words."))
        }
        (true, None) => Err(unreadable(doing, "none with pictures", "no bytes are in it", b"(bytes)")),
    }
}
