//! The bytes behind pictures and documents, as APIs take them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::pdf;
use crate::domain::call::{Blobs, Converse};
use crate::domain::delta::Event;
use crate::domain::figures;
use crate::domain::message::{BlobId, Block};
use crate::domain::picture;
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

/// The picture of an answer, whose bytes came as base64 text. What cannot be read is said: it is no part of the answer.
pub fn picture(media_type: &str, text: &str) -> Event {
    match STANDARD.decode(text.trim()) {
        Ok(bytes) if !bytes.is_empty() => Event::Image { media_type: media_type.to_owned(), bytes },
        _ => Event::Notice { text: "a picture came with the answer that cannot be read".to_owned() },
    }
}

/// The same for a picture that came as an address: its bytes are in a `data:` URL (RFC 2397). What lies elsewhere is not
/// fetched.
pub fn picture_at(url: &str) -> Event {
    let inline = url.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    let told = inline.and_then(|(about, text)| Some((about.strip_suffix(";base64")?, text)));
    if let Some((media_type, text)) = told {
        return picture(media_type.split(';').next().unwrap_or_default(), text);
    }
    let start: String = url.chars().take(200).collect();
    Event::Notice { text: format!("a picture of the answer is not fetched; it is at {start}") }
}

/// What an API takes at most; `None` is not known. Weights are in bytes as they are sent: in base64, a third more than the file.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub picture: Option<usize>,
    pub document: Option<usize>,
    /// Pixels of a picture's longer side.
    pub side: Option<u32>,
    /// Pictures in one message.
    pub pictures_at_once: Option<usize>,
    /// Pictures in all messages together; documents likewise.
    pub pictures: Option<usize>,
    pub documents: Option<usize>,
    /// Pages of PDFs in all messages together, as far as the PDFs tell them.
    pub pages: Option<usize>,
    /// All that is sent at once.
    pub request: Option<usize>,
}

/// So many bytes in base64.
const fn encoded(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

impl Limits {
    /// Anthropic's own (<https://platform.claude.com/docs/en/build-with-claude/vision> and `…/pdf-support`, November 2026). Where
    /// the window is of 200,000 tokens, `small`, a request takes fewer pictures and pages.
    pub const fn anthropic(small: bool) -> Self {
        Self {
            picture: Some(10 << 20),
            document: None,
            side: Some(8000),
            pictures_at_once: None,
            pictures: Some(if small { 100 } else { 600 }),
            documents: None,
            pages: Some(if small { 100 } else { 600 }),
            request: Some(32 << 20),
        }
    }

    /// Claude by Bedrock's `InvokeModel`, by the same page.
    pub const CLAUDE_ON_BEDROCK: Self =
        Self { picture: Some(5 << 20), request: Some(20 << 20), ..Self::anthropic(true) };

    /// Converse's own: `ImageBlock`, `DocumentBlock` and `Message` of its API reference, which weighs files as they are.
    pub const CONVERSE: Self = Self {
        picture: Some(encoded(3_750_000)),
        document: Some(encoded(4_500_000)),
        side: Some(8000),
        pictures_at_once: Some(20),
        pictures: None,
        documents: Some(5),
        pages: None,
        request: None,
    };

    /// Claude by Converse (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-api-restrictions.html>).
    pub const CLAUDE_BY_CONVERSE: Self = Self { pages: Some(100), ..Self::CONVERSE };

    /// `OpenAI`'s own (<https://platform.openai.com/docs/guides/images-vision>, November 2026). Servers that copy its API have
    /// others, which nobody knows.
    pub const OPENAI: Self = Self {
        picture: None,
        document: None,
        side: None,
        pictures_at_once: None,
        pictures: Some(500),
        documents: None,
        pages: None,
        request: Some(50 << 20),
    };

    /// Whether what is to be sent keeps to them.
    ///
    /// # Errors
    ///
    /// `Invalid` with what is too large or too many; nothing is to be sent then.
    pub fn check(&self, converse: &Converse, doing: &str) -> Result<()> {
        let stop = |why: String, hint: &str| Err(Error::new(ErrorKind::Invalid, doing, why, hint));
        let files = weighed(converse);
        for (at_once, most, what) in [
            (false, self.pictures, Kind::Picture),
            (false, self.documents, Kind::Document),
            (true, self.pictures_at_once, Kind::Picture),
        ] {
            let of_kind = |turn: Option<usize>| {
                files
                    .iter()
                    .filter(|file| file.kind == what && turn.is_none_or(|turn| file.turn == turn))
                    .count()
            };
            let (count, place) = if at_once {
                ((0..converse.turns.len()).map(|turn| of_kind(Some(turn))).max().unwrap_or(0), "one message")
            } else {
                (of_kind(None), "all messages together")
            };
            if let Some(most) = most.filter(|most| count > *most) {
                let why = format!("there are {count} {}s in {place}; this API takes {most}", what.word());
                let hint = if at_once { "Send them in several messages." } else { LEAVE_OUT };
                return stop(why, hint);
            }
        }
        for file in &files {
            let (most, hint) = match file.kind {
                Kind::Picture => (self.picture, "Scale it down, or save it as JPEG."),
                Kind::Document => (self.document, "Attach a part of it, or its text."),
            };
            if let Some(most) = most.filter(|most| file.weight > *most) {
                let (weight, most) = (figures::bytes(file.weight as u64), figures::bytes(most as u64));
                let why = format!(
                    "{} weighs {weight} as it is sent, in base64; this API takes {most} of one",
                    file.called(&files)
                );
                return stop(why, hint);
            }
        }
        for file in &files {
            if let (Some(most), Some((width, height))) = (self.side, file.pixels)
                && width.max(height) > most
            {
                let why = format!(
                    "{} has {width}x{height} pixels; this API takes {most} a side",
                    file.called(&files)
                );
                return stop(why, "Scale it down.");
            }
        }
        if let Some(most) = self.pages
            && let Some(why) = too_many_pages(&files, most)
        {
            return stop(why, "Split it, and attach the pages that matter.");
        }
        let texts = converse.turns.iter().flat_map(|turn| &turn.blocks).map(|block| match block {
            Block::Text { text } => text.len(),
            Block::ToolResult { content, .. } => content.len(),
            _ => 0,
        });
        let sum = files.iter().map(|file| file.weight).sum::<usize>() + texts.sum::<usize>();
        if let Some(most) = self.request.filter(|most| sum > *most) {
            let (sum, most) = (figures::bytes(sum as u64), figures::bytes(most as u64));
            let heaviest = files.iter().max_by_key(|file| file.weight).map_or_else(String::new, |file| {
                format!(
                    "; the heaviest is {} with {}",
                    file.called(&files),
                    figures::bytes(file.weight as u64)
                )
            });
            let why = format!(
                "the conversation weighs {sum} as it is sent, its files in base64; this API takes {most} in one \
                 request{heaviest}"
            );
            return stop(why, LEAVE_OUT);
        }
        Ok(())
    }
}

/// What is said of PDFs with more pages than `most` in all.
fn too_many_pages(files: &[Weighed<'_>], most: usize) -> Option<String> {
    let documents = files.iter().filter(|file| file.kind == Kind::Document);
    let counted: Vec<_> = documents.filter_map(|file| Some((pdf::pages(file.bytes)?, file))).collect();
    let sum: usize = counted.iter().map(|(pages, _)| pages).sum();
    let (longest, file) = counted.iter().max_by_key(|(pages, _)| *pages)?;
    (sum > most).then(|| {
        let name = file.called(files);
        if counted.len() == 1 {
            format!("{name} has {sum} pages; this API takes {most}")
        } else {
            format!(
                "the PDFs of all messages together have {sum} pages, {name} {longest} of them; this API takes {most}"
            )
        }
    })
}

const LEAVE_OUT: &str =
    "All messages are sent again with each one: edit the message that has them, or start a new conversation.";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Picture,
    Document,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Document => "document",
        }
    }
}

/// A picture or document of a conversation, and what it weighs as it is sent.
struct Weighed<'a> {
    kind: Kind,
    /// Empty for a picture.
    name: &'a str,
    /// Which of its kind it is, from one.
    number: usize,
    turn: usize,
    bytes: &'a [u8],
    weight: usize,
    /// Of a picture, as its head says them.
    pixels: Option<(u32, u32)>,
}

impl Weighed<'_> {
    fn called(&self, all: &[Self]) -> String {
        if !self.name.is_empty() {
            return self.name.to_owned();
        }
        let (what, count) = (self.kind.word(), all.iter().filter(|file| file.kind == self.kind).count());
        if count == 1 { format!("the {what}") } else { format!("{what} {} of {count}", self.number) }
    }
}

fn weighed(converse: &Converse) -> Vec<Weighed<'_>> {
    let mut files: Vec<Weighed<'_>> = Vec::new();
    for (turn, block) in converse
        .turns
        .iter()
        .enumerate()
        .flat_map(|(at, turn)| turn.blocks.iter().map(move |block| (at, block)))
    {
        let (kind, name, blob) = match block {
            Block::Image { blob, .. } => (Kind::Picture, "", blob),
            Block::Document { name, blob, .. } => (Kind::Document, name.as_str(), blob),
            _ => continue,
        };
        let number = files.iter().filter(|file| file.kind == kind).count() + 1;
        let bytes = converse.blobs.get(blob).unwrap_or_default();
        let pixels = if kind == Kind::Picture { picture::pixels(bytes) } else { None };
        files.push(Weighed { kind, name, number, turn, bytes, weight: encoded(bytes.len()), pixels });
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Turn;
    use crate::domain::message::Role;
    use crate::domain::settings::Settings;

    /// A message of pictures and documents of these sizes.
    fn message(pictures: &[usize], documents: &[usize]) -> Converse {
        let mut blobs = Blobs::default();
        let mut blocks = Vec::new();
        for (at, size) in pictures.iter().chain(documents).enumerate() {
            let blob = BlobId(format!("{at}"));
            blobs.put(blob.clone(), vec![0; *size]);
            blocks.push(if at < pictures.len() {
                Block::Image { media_type: "image/png".into(), blob, file: None }
            } else {
                Block::Document { name: "a.pdf".into(), media_type: "application/pdf".into(), blob }
            });
        }
        Converse {
            model: "box/m".parse().unwrap(),
            system: None,
            turns: vec![Turn { role: Role::User, blocks }],
            settings: Settings::default(),
            conversation: None,
            blobs,
        }
    }

    #[test]
    fn a_file_is_weighed_as_it_is_sent_and_one_that_is_too_heavy_is_named() {
        let limits = Limits {
            picture: Some(encoded(10)),
            document: Some(encoded(20)),
            side: None,
            pictures_at_once: Some(2),
            pictures: Some(3),
            documents: Some(1),
            pages: None,
            request: Some(60),
        };
        let check = |pictures: &[usize], documents: &[usize]| {
            limits.check(&message(pictures, documents), "asking box/m").map_err(|error| error.to_string())
        };
        assert_eq!(check(&[10, 10], &[20]), Ok(()));
        for (pictures, documents, words) in [
            (
                &[13][..],
                &[][..],
                "the picture weighs 20 B as it is sent, in base64; this API takes 16 B of one",
            ),
            (&[1, 13], &[], "picture 2 of 2 weighs 20 B"),
            (&[13], &[], "Scale it down"),
            (&[], &[22], "a.pdf weighs 32 B as it is sent, in base64; this API takes 28 B of one"),
            (&[1, 1, 1], &[], "there are 3 pictures in one message; this API takes 2"),
            (&[1; 4], &[], "there are 4 pictures in all messages together; this API takes 3"),
            (&[], &[1, 1], "there are 2 documents in all messages together; this API takes 1"),
        ] {
            let error = check(pictures, documents).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_by_what_its_head_says() {
        // The head of a PNG: its signature, then IHDR with width and height.
        let png = |width: u32, height: u32| {
            let head = [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes()];
            [&head.concat()[..], &[8, 6, 0, 0, 0]].concat()
        };
        let check = |width, height| {
            let mut asked = message(&[1], &[]);
            let Block::Image { blob, .. } = asked.turns[0].blocks[0].clone() else { unreachable!() };
            asked.blobs.put(blob, png(width, height));
            Limits::CONVERSE.check(&asked, "asking box/m").map_err(|error| error.to_string())
        };
        assert_eq!(check(8000, 8000), Ok(()));
        let error = check(100, 9000).unwrap_err();
        assert!(error.contains("the picture has 100x9000 pixels; this API takes 8000 a side"), "{error}");
    }

    #[test]
    fn pdfs_of_too_many_pages_are_refused_and_one_that_does_not_tell_them_is_sent() {
        let limits = Limits { pages: Some(100), ..Limits::CONVERSE };
        let check = |pdfs: &[Vec<u8>]| {
            let mut asked = message(&[], &vec![1; pdfs.len()]);
            for (at, bytes) in pdfs.iter().enumerate() {
                asked.blobs.put(BlobId(format!("{at}")), bytes.clone());
            }
            limits.check(&asked, "asking box/m").map_err(|error| error.to_string())
        };
        let of = pdf::with_pages;
        assert_eq!(check(&[of(60), of(40)]), Ok(()));
        assert_eq!(check(&[b"%PDF-1.7 and no more".to_vec()]), Ok(()));
        let error = check(&[of(101)]).unwrap_err();
        assert!(error.contains("a.pdf has 101 pages; this API takes 100"), "{error}");
        let error = check(&[of(60), of(41)]).unwrap_err();
        assert!(error.contains("together have 101 pages, a.pdf 60 of them; this API takes 100"), "{error}");
        let without = Limits { pages: None, ..limits };
        assert!(without.check(&message(&[], &[1]), "asking box/m").is_ok());
    }

    #[test]
    fn all_that_is_sent_at_once_is_weighed_together() {
        let mut asked = message(&[1 << 20; 4], &[]);
        let more = message(&[2 << 20], &[]);
        let blob = BlobId("more".into());
        asked.blobs.put(blob.clone(), vec![0; 2 << 20]);
        asked.turns.extend(more.turns);
        asked.turns[1].blocks = vec![
            Block::Image { media_type: "image/png".into(), blob, file: None },
            Block::Text { text: "x".repeat(1 << 20) },
        ];
        let limits = |request| Limits { request: Some(request), ..Limits::OPENAI };
        assert!(limits(10 << 20).check(&asked, "asking").is_ok());
        let error = limits(9 << 20).check(&asked, "asking").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.why.starts_with("the conversation weighs 9.4 MB as it is sent"), "{error}");
        assert!(
            error.why.ends_with("takes 9.4 MB in one request; the heaviest is picture 5 of 5 with 2.8 MB"),
            "{error}"
        );
        assert!(error.hint.contains("new conversation"), "{error}");
    }

    #[test]
    fn each_api_takes_what_its_own_page_says() {
        let takes = |limits: Limits, size: usize| limits.check(&message(&[size], &[]), "asking").is_ok();
        // 10 MiB and 5 MiB of base64, and 3.75 MB of picture.
        for (limits, most) in [
            (Limits::anthropic(false), 7_864_320),
            (Limits::CLAUDE_ON_BEDROCK, 3_932_160),
            (Limits::CONVERSE, 3_750_000),
        ] {
            assert!(takes(limits, most) && !takes(limits, most + 1), "{most}");
        }
        let many =
            |limits: Limits, count: usize| limits.check(&message(&vec![1; count], &[]), "asking").is_ok();
        for (limits, most) in [
            (Limits::anthropic(false), 600),
            (Limits::anthropic(true), 100),
            (Limits::CONVERSE, 20),
            (Limits::OPENAI, 500),
        ] {
            assert!(many(limits, most) && !many(limits, most + 1), "{most}");
        }
    }
}
