//! Pictures (`/images/generations`, and for those that begin with one `/images/edits` and `/images/variations`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault;
use super::reply::unreadable;
use crate::domain::call::Picture;
use crate::domain::delta::Event;
use crate::domain::left_out::LeftOut;
use crate::domain::message::Usage;
use crate::domain::picture::media_type;
use crate::domain::script::Form;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::{loose, picture_size};

const TEXT_ALONE: &str = "DALL·E 3 takes a text alone";

/// One request for pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Behind the address at which the API starts.
    pub path: &'static str,
    pub media_type: String,
    pub body: Vec<u8>,
}

/// The requests that make as many pictures as were asked for. What this API has no room for is refused, not left out.
pub fn requests(picture: &Picture) -> Result<Vec<Asked>> {
    requests_for(picture, wants_bytes(picture))
}

/// The same of a server that does not want to be asked for the bytes.
pub fn unasked_for_bytes(picture: &Picture) -> Result<Vec<Asked>> {
    requests_for(picture, false)
}

fn requests_for(picture: &Picture, bytes: bool) -> Result<Vec<Asked>> {
    let lacks = [(picture.negative.is_some(), "a negative prompt"), (picture.seed.is_some(), "a seed")];
    if let Some((_, what)) = lacks.into_iter().find(|(asked, _)| *asked) {
        let why = format!("servers of this kind take no {}", what.trim_start_matches("a "));
        return Err(refused(picture, what, why));
    }
    picture_size::check(picture)?;
    // It makes one at a time, and refuses to be asked for more.
    let (times, each) =
        if picture.model.model().starts_with("dall-e-3") { (picture.count, 1) } else { (1, picture.count) };
    let asked = match source(picture)? {
        None => generation(picture, each, bytes),
        Some(source) => variation(picture, each, &source, bytes),
    };
    Ok(vec![asked; times as usize])
}

/// The form that varies a picture, and where it goes; `None` where the picture is made of a text alone.
pub fn form(picture: &Picture) -> Result<Option<(&'static str, Form)>> {
    // What is refused is refused here too.
    requests(picture)?;
    Ok(source(picture)?.map(|source| {
        let (path, fields) = fields(picture, picture.count, wants_bytes(picture));
        let name = format!("picture.{}", source.media_type.trim_start_matches("image/"));
        (path, Form { fields, file: ("image", name, source.media_type), bytes: source.bytes.to_vec() })
    }))
}

/// What such servers cannot be asked for of that model.
pub fn unpictured(model: &str) -> Vec<LeftOut> {
    let left = |names: &[&str], why: &str| LeftOut {
        settings: names.iter().map(|name| (*name).to_owned()).collect(),
        why: why.to_owned(),
    };
    let mut all = vec![left(&["negative prompt", "seed"], "servers of this kind take none")];
    all.extend(model.starts_with("dall-e-3").then(|| left(&["vary"], TEXT_ALONE)));
    all
}

fn refused(picture: &Picture, capability: &str, why: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::Refused { capability: capability.to_owned() },
        format!("making a picture with {}", picture.model),
        why,
        "Leave it out, or ask a model of another provider.",
    )
}

/// Newer models of `OpenAI` send the bytes by themselves, and refuse to be asked for them; others send an address unasked.
fn wants_bytes(picture: &Picture) -> bool {
    !picture.model.model().contains("gpt-image")
}

fn generation(picture: &Picture, count: u32, bytes: bool) -> Asked {
    let mut body = json!({ "model": picture.model.model(), "prompt": picture.prompt, "n": count });
    if let Some((width, height)) = picture.size {
        body["size"] = json!(format!("{width}x{height}"));
    }
    if bytes {
        body["response_format"] = json!("b64_json");
    }
    Asked {
        path: "images/generations",
        media_type: "application/json".to_owned(),
        body: body.to_string().into_bytes(),
    }
}

/// The picture to begin with.
struct Source<'a> {
    bytes: &'a [u8],
    media_type: &'static str,
}

fn source(picture: &Picture) -> Result<Option<Source<'_>>> {
    let Some(blob) = &picture.from else { return Ok(None) };
    let model = picture.model.model();
    if model.starts_with("dall-e-3") {
        return Err(refused(picture, "a picture to vary", TEXT_ALONE));
    }
    let bytes = picture.blobs.get(blob).ok_or_else(|| {
        let doing = format!("making a picture with {}", picture.model);
        Error::new(ErrorKind::NotFound, doing, "the bytes of the picture are not here", "Name it again.")
    })?;
    let taken: &[&str] =
        if model.starts_with("dall-e") { &["image/png"] } else { &["image/png", "image/jpeg", "image/webp"] };
    match media_type(bytes) {
        Some(media_type) if taken.contains(&media_type) => Ok(Some(Source { bytes, media_type })),
        _ => {
            let why = format!("it varies {} only", taken.join(", "));
            Err(refused(picture, "a picture of that form", why))
        }
    }
}

/// Without a word DALL·E 2 makes one like it; with one, and all others, it is edited.
fn fields(picture: &Picture, count: u32, bytes: bool) -> (&'static str, Vec<(&'static str, String)>) {
    let model = picture.model.model();
    let wordless = model.starts_with("dall-e-2") && picture.prompt.trim().is_empty();
    let mut fields = vec![("model", model.to_owned()), ("n", count.to_string())];
    if !wordless {
        fields.push(("prompt", picture.prompt.clone()));
    }
    if let Some((width, height)) = picture.size {
        fields.push(("size", format!("{width}x{height}")));
    }
    if bytes {
        fields.push(("response_format", "b64_json".to_owned()));
    }
    (if wordless { "images/variations" } else { "images/edits" }, fields)
}

fn variation(picture: &Picture, count: u32, source: &Source<'_>, bytes: bool) -> Asked {
    let (path, fields) = fields(picture, count, bytes);
    let boundary = boundary(&fields, source.bytes);
    Asked {
        path,
        body: multipart(&boundary, &fields, source),
        media_type: format!("multipart/form-data; boundary={boundary}"),
    }
}

/// A line that is in none of the parts.
fn boundary(fields: &[(&str, String)], bytes: &[u8]) -> String {
    let mut number = 0_u32;
    loop {
        let line = format!("outcrop-{number:08x}-part");
        let within = bytes.windows(line.len()).any(|window| window == line.as_bytes())
            || fields.iter().any(|(_, value)| value.contains(&line));
        if !within {
            return line;
        }
        number += 1;
    }
}

/// A form of fields and one file (RFC 7578).
fn multipart(boundary: &str, fields: &[(&str, String)], source: &Source<'_>) -> Vec<u8> {
    let mut body = Vec::with_capacity(source.bytes.len() + 1024);
    for (name, value) in fields {
        let part =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let ending = source.media_type.trim_start_matches("image/");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"picture.{ending}\"\r\n\
         Content-Type: {}\r\n\r\n",
        source.media_type
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(source.bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    body
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Made>,
    output_format: Option<String>,
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Made {
    b64_json: Option<String>,
    url: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Used {
    #[serde(default, deserialize_with = "loose::count")]
    input_tokens: Option<u32>,
    #[serde(default, deserialize_with = "loose::count")]
    output_tokens: Option<u32>,
}

/// What an answer is not that cannot be read.
const LIST: &str = "no list of pictures";

/// One `Event::Image` a picture, and what was counted, where that is told.
pub fn pictures(doing: &str, body: &[u8]) -> Result<Vec<Event>> {
    let value: Value =
        serde_json::from_slice(body).map_err(|why| unreadable(doing, LIST, &why.to_string(), b"(bytes)"))?;
    if let Some(error) = fault::in_stream(doing, &value) {
        return Err(error);
    }
    let answer =
        Answer::deserialize(value).map_err(|why| unreadable(doing, LIST, &why.to_string(), b"(bytes)"))?;
    let told = format!("image/{}", answer.output_format.as_deref().unwrap_or("png"));
    let leads = answer.data.iter().any(|made| made.b64_json.is_none() && made.url.is_some());
    let read = |made: Made| {
        let bytes = STANDARD.decode(made.b64_json?).ok()?;
        let media_type = media_type(&bytes).map_or_else(|| told.clone(), str::to_owned);
        Some(Event::Image { media_type, bytes })
    };
    let events: Option<Vec<_>> = answer.data.into_iter().map(read).collect();
    let mut events = events.filter(|events| !events.is_empty()).ok_or_else(|| {
        Error::new(
            ErrorKind::Server { status: 200 },
            doing,
            if leads {
                "the server sent where its picture lies, not its bytes"
            } else {
                "the server sent no picture's bytes"
            },
            "A server that sends links only cannot be used: nothing is fetched from where an answer leads.",
        )
    })?;
    if let Some(used) = answer.usage.and_then(|usage| Used::deserialize(usage).ok()) {
        let usage = Usage { input: used.input_tokens, output: used.output_tokens, ..Usage::default() };
        events.push(Event::Usage { usage });
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::BlobId;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0rest outcrop-00000000-part";

    fn picture(model: &str) -> Picture {
        Picture {
            model: format!("openai/{model}").parse().unwrap(),
            prompt: "a river".into(),
            negative: None,
            size: Some((1536, 1024)),
            seed: None,
            count: 2,
            from: None,
            blobs: crate::domain::call::Blobs::default(),
        }
    }

    fn varied(model: &str, bytes: &[u8]) -> Picture {
        let mut picture = Picture { from: Some(BlobId("a".into())), ..picture(model) };
        picture.blobs.put(BlobId("a".into()), bytes);
        picture
    }

    #[test]
    fn an_answer_without_pictures_is_said_to_be_no_list_of_them() {
        let error = pictures("asking", b"<oops>").unwrap_err();
        assert!(error.why.contains("no list of pictures") && !error.why.contains("chat"), "{error}");
    }

    #[test]
    fn a_picture_is_asked_for_and_what_the_api_lacks_is_refused_by_name() {
        let sent = |asked: &Asked| serde_json::from_slice::<Value>(&asked.body).unwrap();
        let [asked] = &requests(&picture("gpt-image-1")).unwrap()[..] else { panic!() };
        assert_eq!(asked.path, "images/generations");
        assert_eq!(
            sent(asked),
            json!({"model": "gpt-image-1", "prompt": "a river", "n": 2, "size": "1536x1024"})
        );
        let square = |model| Picture { size: Some((1024, 1024)), ..picture(model) };
        let old = requests(&square("dall-e-2")).unwrap();
        assert_eq!((old.len(), &sent(&old[0])["response_format"]), (1, &json!("b64_json")));
        let other = Picture { size: None, ..picture("grok-2-image") };
        assert_eq!(sent(&requests(&other).unwrap()[0])["response_format"], "b64_json");
        assert_eq!(sent(&unasked_for_bytes(&other).unwrap()[0]).get("response_format"), None);
        for (picture, words) in [
            (Picture { negative: Some("fog".into()), ..picture("dall-e-3") }, "negative prompt"),
            (Picture { seed: Some(1), ..picture("dall-e-3") }, "no seed"),
            (Picture { size: None, ..varied("dall-e-3", PNG) }, "a text alone"),
            (Picture { size: None, ..varied("dall-e-2", b"\xff\xd8\xff\xe0") }, "image/png only"),
            (Picture { size: Some((333, 777)), ..picture("gpt-image-1-mini") }, "none of 333x777"),
            (picture("dall-e-3"), "none of 1536x1024"),
            (varied("gpt-image-1", b"GIF89a"), "image/webp only"),
        ] {
            let error = requests(&picture).unwrap_err();
            assert!(error.why.contains(words), "{error}");
            assert!(matches!(error.kind, ErrorKind::Refused { .. }), "{error}");
        }
        let lost = Picture { blobs: crate::domain::call::Blobs::default(), ..varied("gpt-image-1", PNG) };
        assert_eq!(requests(&lost).unwrap_err().kind, ErrorKind::NotFound);
    }

    #[test]
    fn a_model_that_makes_one_at_a_time_is_asked_as_often() {
        let asked = requests(&Picture { size: Some((1792, 1024)), ..picture("dall-e-3") }).unwrap();
        assert_eq!(asked.len(), 2);
        let body: Value = serde_json::from_slice(&asked[1].body).unwrap();
        assert_eq!(body["n"], 1);
    }

    #[test]
    fn a_picture_to_vary_goes_as_a_file_behind_a_line_that_is_in_no_part() {
        let [asked] = &requests(&varied("gpt-image-1", PNG)).unwrap()[..] else { panic!() };
        assert_eq!(asked.path, "images/edits");
        assert_eq!(asked.media_type, "multipart/form-data; boundary=outcrop-00000001-part");
        let mut expected = Vec::new();
        for (name, value) in
            [("model", "gpt-image-1"), ("n", "2"), ("prompt", "a river"), ("size", "1536x1024")]
        {
            let head = "--outcrop-00000001-part\r\nContent-Disposition: form-data; name=";
            expected.extend(format!("{head}\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        expected.extend(b"--outcrop-00000001-part\r\nContent-Disposition: form-data; name=\"image\"; ");
        expected.extend(b"filename=\"picture.png\"\r\nContent-Type: image/png\r\n\r\n");
        expected.extend(PNG);
        expected.extend(b"\r\n--outcrop-00000001-part--\r\n");
        assert_eq!(asked.body.escape_ascii().to_string(), expected.escape_ascii().to_string());
        let [wordless] =
            &requests(&Picture { prompt: " ".into(), size: None, ..varied("dall-e-2", PNG) }).unwrap()[..]
        else {
            panic!()
        };
        assert_eq!(wordless.path, "images/variations");
        assert!(!wordless.body.windows(8).any(|window| window == b"\"prompt\""));
    }

    #[test]
    fn the_bytes_come_out_with_what_was_counted_and_a_link_alone_is_an_error() {
        let body = br#"{"created":1,"data":[{"b64_json":"cG5n"},{"b64_json":"cG5n"}],"output_format":"webp",
            "usage":{"input_tokens":9,"output_tokens":1056,"total_tokens":1065,"input_tokens_details":{"text_tokens":9}}}"#;
        let event = Event::Image { media_type: "image/webp".into(), bytes: b"png".to_vec() };
        let usage = Usage { input: Some(9), output: Some(1056), ..Usage::default() };
        assert_eq!(pictures("making", body).unwrap(), [event.clone(), event, Event::Usage { usage }]);
        let link = br#"{"data":[{"url":"https://x.test/p.png"}]}"#;
        let error = pictures("making", link).unwrap_err();
        assert!(error.why.contains("where its picture lies") && error.hint.contains("links"), "{error}");
        let none = pictures("making", br#"{"data":[{"b64_json":"?"}]}"#).unwrap_err();
        assert!(none.why.contains("no picture's bytes"), "{none}");
        let body = json!({"data": [{"b64_json": STANDARD.encode(PNG)}], "output_format": "jpeg"}).to_string();
        let event = Event::Image { media_type: "image/png".into(), bytes: PNG.to_vec() };
        assert_eq!(
            pictures("making", body.as_bytes()).unwrap(),
            [event],
            "what it is, not what it is said to be"
        );
    }
}
