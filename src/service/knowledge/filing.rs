//! One file of a source: read, cut, and what of it is to be embedded.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};

use super::embedding::Embedder;
use super::listing::Listed;
use crate::domain::hex::hex;
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::attribute::{
    Attributes, Metadata, PAGE_NUMBER, PLACE, SOURCE_URI, Value, attributes, before_embedding,
};
use crate::domain::knowledge::chunking::{Chunking, Cuts, Plan, Text};
use crate::domain::knowledge::document::{Document, Places};
use crate::domain::knowledge::passage::Passage;
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::knowledge::metadata::{self, SUFFIX};
use crate::worker::Parsers;

/// A file as it was read.
#[derive(Debug)]
pub(super) struct Taken {
    pub bytes: Vec<u8>,
    /// SHA-256, in hexadecimal.
    pub hash: String,
}

/// A document that was cut.
#[derive(Debug)]
pub(super) struct Cut {
    pub format: String,
    pub notes: Vec<String>,
    pub passages: Vec<Passage>,
    /// What is embedded of each passage.
    pub texts: Vec<String>,
    /// What is said of the document is embedded with each.
    pub prefixed: bool,
    /// Passages longer than their model reads at once.
    pub windowed: u64,
}

/// Reads the bytes of a file, of at most so many, and what the metadata file beside it says.
pub(super) async fn take(file: &Listed, most: u64) -> Result<(Taken, Result<Metadata>)> {
    let (uri, with) = (file.uri.clone(), file.metadata.is_some());
    let doing = format!("reading {uri}");
    blocking(&doing.clone(), move || {
        let bytes = whole(&uri, most, "Split it, or raise documents.file_mb in the configuration.")?;
        let hash = hex(&Sha256::digest(&bytes));
        let said = if with { said_of(&uri) } else { Ok(Metadata::new()) };
        Ok((Taken { bytes, hash }, said))
    })
    .await
}

/// What the metadata file beside a file says.
fn said_of(uri: &str) -> Result<Metadata> {
    let most = metadata::LARGEST as u64;
    metadata::read(&whole(&format!("{uri}{SUFFIX}"), most, "Leave attributes out that no filter asks for.")?)
}

/// The bytes of a plain file, as it is when it is opened: a link that took its place is not followed, nothing waits for a pipe, and
/// what grows is not read on for ever.
fn whole(path: &str, most: u64, hint: &str) -> Result<Vec<u8>> {
    let io = |why: std::io::Error| Error::io(format!("reading {path}"), &why);
    let wrong =
        |why: String, hint: &str| Err(Error::new(ErrorKind::Invalid, format!("reading {path}"), why, hint));
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(|why| io(why.into()))?);
    if !file.metadata().map_err(io)?.is_file() {
        return wrong("it is no plain file".to_owned(), "Leave it out.");
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > most {
        return wrong(format!("it has more than the {} KB that are read", most >> 10), hint);
    }
    Ok(bytes)
}

/// Reads a document of bytes and cuts it.
pub(super) async fn cut(
    parsers: &Parsers,
    embedder: &Embedder,
    chunking: Chunking,
    file: (&Listed, DocumentId, &Metadata),
    bytes: Vec<u8>,
) -> Result<Cut> {
    let (listed, id, said) = file;
    let document = parsers.read(&listed.uri, &bytes).await?;
    if document.text.trim().is_empty() {
        let why = "it has no text";
        let hint = "Where it is a picture of text, have it read by another program first.";
        return Err(Error::new(ErrorKind::Invalid, format!("reading {}", listed.uri), why, hint));
    }
    let document = Arc::new(document);
    let (own, whole) = (embedder.clone(), Arc::clone(&document));
    let tokens = blocking("cutting a document", move || own.tokens(&whole.text)).await?;
    let text = Text { text: &document.text, tokens: &tokens, sections: &document.sections };
    let cuts = match chunking.plan(text)? {
        Plan::Cut(cuts) => cuts,
        Plan::Semantic(semantic) => {
            let texts: Vec<String> = semantic.texts().map(str::to_owned).collect();
            semantic.finish(&embedder.vectors(&texts).await?)?
        }
    };
    Ok(laid_out(&document, cuts, (listed, id, said), embedder.window()))
}

/// The passages of a document with what is said of them.
fn laid_out(
    document: &Document,
    cuts: Cuts,
    (listed, id, said): (&Listed, DocumentId, &Metadata),
    window: Option<usize>,
) -> Cut {
    let places = Places::new(document);
    let before = before_embedding(said);
    let mut own: Attributes = attributes(said);
    own.insert(SOURCE_URI.to_owned(), Value::Text(listed.uri.clone()));
    let (mut passages, mut texts, mut windowed) = (Vec::new(), Vec::new(), 0);
    for (cut, ordinal) in cuts.passages.into_iter().zip(0_u32..) {
        let text = document.text[cut.range.clone()].to_owned();
        let mut attributes = own.clone();
        if let Some(page) = places.page(cut.range.start) {
            attributes.insert(PAGE_NUMBER.to_owned(), Value::Number(f64::from(page)));
        }
        let place = places.name(&cut.range);
        if !place.is_empty() {
            attributes.insert(PLACE.to_owned(), Value::Text(place));
        }
        windowed += u64::from(window.is_some_and(|window| cut.tokens as usize > window));
        texts.push(format!("{before}{text}"));
        let parent = cut.parent.and_then(|at| cuts.parents.get(at)).map(|parent| parent.range.clone());
        let (id, document) = (passage_id(id, ordinal), id);
        passages.push(Passage {
            id,
            document,
            ordinal,
            range: cut.range,
            parent,
            tokens: cut.tokens,
            text,
            attributes,
        });
    }
    let (format, notes) = (document.format.clone(), document.notes.clone());
    Cut { format, notes, passages, texts, prefixed: !before.is_empty(), windowed }
}

/// The same passage of the same document has the same id whenever it is made.
fn passage_id(document: DocumentId, ordinal: u32) -> PassageId {
    let digest =
        Sha256::new().chain_update(document.as_bytes()).chain_update(ordinal.to_be_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    PassageId::from_bytes(bytes)
}

async fn blocking<T: Send + 'static>(
    doing: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|why| Err(Error::internal(doing, why.to_string())))
}
