//! The text of PDF files, page by page, in the order in which `pdftotext` prints it.
//!
//! Bytes in, text out: objects, streams and decryption are `lopdf`'s, font programs `ttf-parser`'s, the rest is here.
//! Never here: files, pictures of pages, recognising letters in pictures.

mod annotations;
mod content;
mod font;
mod layout;
mod lex;
mod marked;
mod matrix;
mod objects;
mod pages;

use lopdf::{Document, LoadOptions};

use crate::domain::error::{Error, ErrorKind, Result};
use crate::domain::knowledge::document;
use annotations::Look;
use content::Reader;
use layout::{Glyph, Page, Style};
use objects::Objects;

/// Bounds on the work; what goes past them is left out, and a note says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub text: usize,
    pub pages: usize,
    /// Bytes of one unpacked stream.
    pub stream: usize,
    /// How deep forms lie in each other.
    pub depth: usize,
    /// Tokens of content and glyphs, in the whole file.
    pub operations: usize,
}

impl Limits {
    /// As the settings have them.
    pub fn of(limits: &document::Limits) -> Self {
        Self {
            text: limits.text,
            pages: limits.pages,
            stream: usize::try_from(limits.unpacked).unwrap_or(usize::MAX),
            depth: limits.forms,
            operations: limits.operations,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(&document::Limits::default())
    }
}

/// A document's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    /// Of each page, from the first; a page without text is empty.
    pub pages: Vec<String>,
    /// What a reader should know: pages that have only pictures, and what was left out.
    pub notes: Vec<String>,
}

const DOING: &str = "reading the PDF";

/// Reads a document's text.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Pdf> {
    let document = open(bytes, limits)?;
    let objects = Objects { document: &document, stream: limits.stream };
    let (leaves, more) = pages::leaves(objects, limits.pages);
    if leaves.is_empty() {
        return Err(damaged("it has no pages"));
    }
    let mut reader = Reader::new(objects, limits.depth, limits.operations);
    let (mut pages, mut notes) = (Vec::new(), Vec::new());
    let (mut length, mut pictures, mut unknown, mut broken) = (0, 0, 0, 0);
    for (number, leaf) in (1..).zip(&leaves) {
        let (text, whole) = page(&mut reader, leaf, number, &mut notes);
        broken += usize::from(!whole);
        if text.is_empty() && reader.pictures {
            notes.push(format!("page {number} has no text (scanned?)"));
            pictures += 1;
        }
        unknown += reader.unknown;
        length += text.len();
        if length > limits.text {
            notes.push(format!(
                "the text from page {number} on was left out: more than {} bytes (documents.text_mb)",
                limits.text
            ));
            break;
        }
        pages.push(text);
        if reader.spent() {
            notes.push(format!(
                "what comes after page {number} was left out: too much content (documents.operations)"
            ));
            break;
        }
    }
    if reader.deep {
        notes.push(format!("forms more than {} deep were left out (documents.forms)", limits.depth));
    }
    if more {
        notes.push(format!("the pages after the first {} were left out (documents.pages)", limits.pages));
    }
    if length == 0 {
        return Err(textless(leaves.len(), pictures, unknown, broken));
    }
    Ok(Pdf { pages, notes })
}

/// The text of a page, and whether all of the page could be read.
fn page<'a>(
    reader: &mut Reader<'a>,
    leaf: &pages::Leaf<'a>,
    number: usize,
    notes: &mut Vec<String>,
) -> (String, bool) {
    let objects = reader.objects;
    let (width, height, to_page) = leaf.view();
    let mut page = Page::new(width, height);
    (reader.pictures, reader.unknown) = (false, 0);
    let (content, whole) = leaf.content(objects);
    if !whole {
        notes.push(format!("page {number} could not be read whole"));
    }
    reader.show(&content, leaf.resources, to_page, &mut page);
    for look in annotations::looks(objects, leaf.page) {
        match look {
            Look::Form(form, place) => {
                let Some(content) = objects.bytes(form) else { continue };
                let resources = objects.dictionary(&form.dict, b"Resources").or(leaf.resources);
                reader.show(&content, resources, place.then(&to_page), &mut page);
            }
            Look::Value(text, (x, y), (wide, size)) => {
                let style =
                    Style { font: usize::MAX, size, turn: 0, vertical: false, ascent: 0.8, descent: -0.2 };
                let ((x, y), (dx, dy)) = (to_page.point(x, y), to_page.direction(wide, 0.0));
                page.add(&Glyph { x, y, dx, dy, text: &text, bytes: text.len(), style: &style });
            }
        }
    }
    (page.text(), whole)
}

fn open(bytes: &[u8], limits: &Limits) -> Result<Document> {
    let options = LoadOptions { max_decompressed_size: Some(limits.stream), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| match error {
        lopdf::Error::InvalidPassword => locked(),
        lopdf::Error::Decryption(error) => Error::new(
            ErrorKind::Invalid,
            DOING,
            format!("it cannot be decrypted: {error}"),
            "Save it without encryption.",
        ),
        error => damaged(error.to_string()),
    })?;
    if document.is_encrypted() && document.encryption_state.is_none() {
        return Err(locked());
    }
    Ok(document)
}

fn locked() -> Error {
    let why = "it needs a password to be opened";
    Error::new(ErrorKind::Invalid, DOING, why, "Save it without one, as with `qpdf --decrypt --password=…`.")
}

fn damaged(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, DOING, why, "Check that it opens in a viewer; saving it anew may mend it.")
}

fn textless(pages: usize, pictures: usize, unknown: usize, broken: usize) -> Error {
    if broken > 0 {
        let why = format!("{broken} of {pages} pages could not be read whole, and none has text");
        let hint = "Check that it opens in a viewer; if it is sound, raise documents.unpacked_mb in the configuration.";
        return Error::new(ErrorKind::Corrupt, DOING, why, hint);
    }
    if unknown > 0 {
        let why = "its fonts do not tell which characters they show";
        return Error::new(
            ErrorKind::Invalid,
            DOING,
            why,
            "Recognise its text (OCR), or use the file it was made from.",
        );
    }
    if pictures > 0 {
        let why = format!("it looks scanned: {pictures} of {pages} pages have pictures, and none has text");
        return Error::new(
            ErrorKind::Invalid,
            DOING,
            why,
            "Recognise its text first (OCR), as with `ocrmypdf`.",
        );
    }
    Error::new(ErrorKind::Invalid, DOING, "its pages are empty", "Use another file.")
}
