//! Pictures (`/images/generations`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault;
use super::reply::unreadable;
use crate::domain::call::Picture;
use crate::domain::delta::Event;
use crate::domain::{Error, ErrorKind, Result};

/// The body that asks for pictures. What this API has no room for is refused, not left out.
pub fn body(picture: &Picture) -> Result<Vec<u8>> {
    let lacks = [
        (picture.negative.is_some(), "a negative prompt"),
        (picture.seed.is_some(), "a seed"),
        (picture.from.is_some(), "a picture to vary"),
    ];
    if let Some((_, what)) = lacks.into_iter().find(|(asked, _)| *asked) {
        return Err(Error::new(
            ErrorKind::Refused { capability: what.to_owned() },
            format!("making a picture with {}", picture.model),
            format!("servers of this kind take no {}", what.trim_start_matches("a ")),
            "Leave it out, or ask a model of another provider.",
        ));
    }
    let model = picture.model.model();
    let mut body = json!({ "model": model, "prompt": picture.prompt, "n": picture.count });
    if let Some((width, height)) = picture.size {
        body["size"] = json!(format!("{width}x{height}"));
    }
    // Newer models send the bytes by themselves, and refuse to be asked for them.
    if model.starts_with("dall-e") {
        body["response_format"] = json!("b64_json");
    }
    Ok(body.to_string().into_bytes())
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Made>,
    output_format: Option<String>,
}

#[derive(Deserialize)]
struct Made {
    b64_json: Option<String>,
}

/// One `Event::Image` a picture.
pub fn pictures(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let value: Value =
        serde_json::from_slice(body).map_err(|why| unreadable(doing, &why.to_string(), b"(bytes)"))?;
    if let Some(error) = fault::in_stream(doing, &value) {
        return Err(error);
    }
    let answer = Answer::deserialize(value).map_err(|why| unreadable(doing, &why.to_string(), b"(bytes)"))?;
    let media_type = format!("image/{}", answer.output_format.as_deref().unwrap_or("png"));
    let read = |made: Made| {
        let bytes = STANDARD.decode(made.b64_json?).ok()?;
        Some(Event::Image { media_type: media_type.clone(), bytes })
    };
    let events: Option<Vec<_>> = answer.data.into_iter().map(read).collect();
    events.filter(|events| !events.is_empty()).ok_or_else(|| {
        Error::new(
            ErrorKind::Server { status: 200 },
            doing,
            "the server sent no picture's bytes",
            "A server that sends links only cannot be used: nothing is fetched from where an answer leads.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        Picture {
            model: "openai/dall-e-3".parse().unwrap(),
            prompt: "a river".into(),
            negative: None,
            size: Some((1024, 512)),
            seed: None,
            count: 2,
            from: None,
            blobs: crate::domain::call::Blobs::default(),
        }
    }

    #[test]
    fn a_picture_is_asked_for_and_what_the_api_lacks_is_refused_by_name() {
        let sent: Value = serde_json::from_slice(&body(&picture()).unwrap()).unwrap();
        assert_eq!(
            sent,
            json!({"model": "dall-e-3", "prompt": "a river", "n": 2, "size": "1024x512", "response_format": "b64_json"})
        );
        let error = body(&Picture { negative: Some("fog".into()), ..picture() }).unwrap_err();
        assert!(error.why.contains("negative prompt"), "{error}");
    }

    #[test]
    fn the_bytes_come_out_and_a_link_alone_is_an_error() {
        let body =
            br#"{"created":1,"data":[{"b64_json":"cG5n"},{"b64_json":"cG5n"}],"output_format":"webp"}"#;
        let event = Event::Image { media_type: "image/webp".into(), bytes: b"png".to_vec() };
        assert_eq!(pictures("making", body).unwrap(), [event.clone(), event]);
        let link = br#"{"data":[{"url":"https://x.test/p.png"}]}"#;
        assert!(pictures("making", link).unwrap_err().hint.contains("links"));
    }
}
