//! One document of a source: what its bytes are cut into, and what of it is to be embedded.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::embedding::{Embedder, refuses_text};
use super::place::Taken;
use crate::domain::hex::hex;
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::attribute::{
    Attributes, COLUMNS, Metadata, PAGE_NUMBER, PLACE, SOURCE_URI, Value, attributes, before_embedding,
};
use crate::domain::knowledge::chunking::{self, Chunking, Cuts, Plan, Tokens};
use crate::domain::knowledge::document::{Document, Places};
use crate::domain::knowledge::passage::Passage;
use crate::domain::{Error, Result};
use crate::service::blocking::blocking;
use crate::worker::Parsers;

/// A document that was cut.
#[derive(Debug)]
pub(super) struct Cut {
    pub format: String,
    pub notes: Vec<String>,
    pub passages: Vec<Passage>,
    /// What is put before each passage when it is embedded.
    pub before: String,
    /// Passages longer than their model reads at once.
    pub windowed: u64,
}

/// What keeps a document out of a base.
#[derive(Debug)]
pub(super) enum Out {
    /// It has no text, and here is how that comes.
    Empty(String),
    /// It could not be read, or the model takes nothing of it.
    Failed(Error),
    /// No other document would fare better.
    Ends(Error),
}

/// What is put before passages, told apart from others; nothing of nothing.
pub(super) fn digest_of(before: &str) -> String {
    if before.is_empty() { String::new() } else { hex(&Sha256::digest(before)) }
}

/// Reads the bytes of a document and cuts it. What is large is worked on by threads that may block.
pub(super) async fn cut(
    parsers: &Parsers,
    embedder: &Embedder,
    chunking: Chunking,
    named: (&str, DocumentId),
    taken: (&Taken, &Metadata),
) -> Result<Cut, Out> {
    read(parsers, embedder, named, taken).await?.cut(chunking, embedder).await
}

/// Reads the bytes of a document and finds its tokens, once for however it is cut.
pub(super) async fn read(
    parsers: &Parsers,
    embedder: &Embedder,
    (uri, id): (&str, DocumentId),
    (taken, said): (&Taken, &Metadata),
) -> Result<Text, Out> {
    if taken.bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Out::Empty("it is empty".to_owned()));
    }
    let document = parsers.read(&taken.name, &taken.bytes).await.map_err(Out::Failed)?;
    if document.text.trim().is_empty() {
        let why = "it has no text; where it is a picture of text, have it read by another program first";
        return Err(Out::Empty(why.to_owned()));
    }
    let document = Arc::new(document);
    let (own, whole, before) = (embedder.clone(), Arc::clone(&document), before_embedding(said));
    let counted = blocking("cutting a document", move || {
        let before = if before.is_empty() { 0 } else { own.tokens(&before)?.len() };
        Ok((own.tokens(&whole.text)?, before))
    });
    let (tokens, before) = counted.await.map_err(Out::Failed)?;
    Ok(Text {
        document,
        tokens: Arc::new(tokens),
        window: embedder.window().map(|window| window.saturating_sub(before)),
        uri: uri.to_owned(),
        id,
        said: said.clone(),
    })
}

/// The text of a document, to be cut.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub document: Arc<Document>,
    pub tokens: Arc<Tokens>,
    /// The most tokens of a passage that its model reads at once, beside what is put before each.
    pub window: Option<usize>,
    uri: String,
    id: DocumentId,
    said: Metadata,
}

enum Begun {
    Done(Cut),
    /// The vectors of these texts decide where it is cut.
    Wants(Vec<String>),
}

impl Text {
    /// Cuts it.
    pub async fn cut(&self, chunking: Chunking, embedder: &Embedder) -> Result<Cut, Out> {
        let begun = self.on_a_thread(move |text| text.begin(chunking)).await.map_err(Out::Failed)?;
        let vectors = match begun {
            Begun::Done(cut) => return Ok(cut),
            Begun::Wants(texts) => embedder
                .vectors_of(&texts)
                .await
                .map_err(|error| if refuses_text(&error) { Out::Failed(error) } else { Out::Ends(error) })?,
        };
        self.on_a_thread(move |text| text.finish(chunking, &vectors)).await.map_err(Out::Failed)
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let own = self.clone();
        blocking("cutting a document", move || work(&own)).await
    }

    fn begin(&self, chunking: Chunking) -> Result<Begun> {
        self.planned(chunking, |plan| match plan {
            Plan::Cut(cuts) => Ok(Begun::Done(self.laid_out(cuts, chunking))),
            Plan::Semantic(semantic) => Ok(Begun::Wants(semantic.texts().map(str::to_owned).collect())),
        })
    }

    fn finish(&self, chunking: Chunking, vectors: &[Vec<f32>]) -> Result<Cut> {
        self.planned(chunking, |plan| match plan {
            Plan::Cut(cuts) => Ok(self.laid_out(cuts, chunking)),
            Plan::Semantic(semantic) => Ok(self.laid_out(semantic.finish(vectors)?, chunking)),
        })
    }

    fn planned<T>(&self, chunking: Chunking, with: impl FnOnce(Plan<'_>) -> Result<T>) -> Result<T> {
        let (text, sections) = (&self.document.text, &self.document.sections);
        let headers = self.document.headers();
        with(chunking.plan(chunking::Text { text, tokens: &self.tokens, sections, headers: &headers })?)
    }

    /// The passages with what is said of them. A document that is one passage has the number of no page (Bedrock's `NONE`).
    fn laid_out(&self, cuts: Cuts, chunking: Chunking) -> Cut {
        let document = &*self.document;
        let places = Places::new(document);
        let mut own: Attributes = attributes(&self.said);
        own.insert(SOURCE_URI.to_owned(), Value::Text(self.uri.clone()));
        let (mut passages, mut windowed) = (Vec::new(), 0);
        for (cut, ordinal) in cuts.passages.into_iter().zip(0_u32..) {
            let text = document.text[cut.range.clone()].to_owned();
            let mut attributes = own.clone();
            let page = if chunking == Chunking::None { None } else { places.page(cut.range.start) };
            if let Some(page) = page {
                attributes.insert(PAGE_NUMBER.to_owned(), Value::Number(f64::from(page)));
            }
            let place = places.name(&cut.range);
            if !place.is_empty() {
                attributes.insert(PLACE.to_owned(), Value::Text(place));
            }
            if let Some(columns) = cut.header.and_then(|header| document.text.get(header)) {
                attributes.insert(COLUMNS.to_owned(), Value::Text(columns.trim_end().to_owned()));
            }
            windowed += u64::from(self.window.is_some_and(|window| cut.tokens as usize > window));
            let parent = cut.parent.and_then(|at| cuts.parents.get(at)).map(|parent| parent.range.clone());
            passages.push(Passage {
                id: passage_id(self.id, ordinal),
                document: self.id,
                ordinal,
                range: cut.range,
                parent,
                tokens: cut.tokens,
                text,
                attributes,
            });
        }
        let (format, notes) = (document.format.clone(), document.notes.clone());
        Cut { format, notes, passages, before: before_embedding(&self.said), windowed }
    }
}

/// The same passage of the same document has the same id whenever it is made.
pub(super) fn passage_id(document: DocumentId, ordinal: u32) -> PassageId {
    let digest =
        Sha256::new().chain_update(document.as_bytes()).chain_update(ordinal.to_be_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    PassageId::from_bytes(bytes)
}
