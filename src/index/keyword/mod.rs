//! The words of a store's passages: tantivy (BM25) over sealed files.
//!
//! It holds no text, only which rows have which words. It knows how far it is: what it lacks is brought to it before it is
//! asked, and where it is missing or damaged it is made anew.

mod collect;
mod directory;
mod tokens;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tantivy::indexer::IndexWriterOptions;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term,
};

use self::collect::{Gather, Scored};
use self::directory::Sealed;
use self::tokens::Words;
use super::embedded::Bits;
use crate::domain::knowledge::terms::asked;
use crate::domain::{Error, ErrorKind, Result};
use crate::store::Shelf;

/// The field of a row's number.
const ROW: &str = "row";
/// The field of its words.
const TEXT: &str = "text";
/// Another name with every change of what a text is found by: words that were cut otherwise are made anew.
const TOKENIZER: &str = "words-2";
/// Bytes that are gathered before they are written.
const BUDGET: usize = 32 << 20;

/// How far the words are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Watermark {
    /// Of the log of passages.
    pub(super) covers: u64,
    /// Rows that were looked at.
    pub(super) rows: u32,
}

/// The words of one generation.
pub(super) struct Keyword {
    index: Index,
    reader: IndexReader,
    writer: Option<IndexWriter>,
    row: Field,
    text: Field,
    watermark: Watermark,
}

impl std::fmt::Debug for Keyword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyword").field("watermark", &self.watermark).finish_non_exhaustive()
    }
}

impl Drop for Keyword {
    /// Ends the threads that write, so that nothing more happens to the files: others may be opened in their place. What was not
    /// committed is forgotten.
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            let _ = writer.wait_merging_threads();
        }
    }
}

impl Keyword {
    /// Opens the words on a shelf, or begins them there.
    pub(super) fn open(shelf: Shelf) -> Result<Self> {
        let mut schema = Schema::builder();
        let row = schema.add_u64_field(ROW, FAST | INDEXED);
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqs);
        let text = schema.add_text_field(TEXT, TextOptions::default().set_indexing_options(indexing));
        let schema = schema.build();
        let begun = shelf.has("meta.json");
        let directory = Sealed::new(shelf);
        let mut index = if begun {
            Index::open(directory)
        } else {
            Index::create(directory, schema.clone(), IndexSettings::default())
        }
        .map_err(|why| failed(&why))?;
        if index.schema() != schema {
            let why = "its index of words has another form than this outcrop writes";
            return Err(Error::new(ErrorKind::Corrupt, "opening a knowledge base", why, ""));
        }
        let tokenizers = TokenizerManager::default();
        tokenizers.register(TOKENIZER, Words);
        index.set_tokenizers(tokenizers);
        let metas = index.load_metas().map_err(|why| failed(&why))?;
        let watermark = metas.payload.and_then(|json| serde_json::from_str(&json).ok());
        if watermark.is_none() && !metas.segments.is_empty() {
            // Without knowing how far it is, all of it would be brought a second time.
            let why = "its index of words does not say how far it is";
            return Err(Error::new(ErrorKind::Corrupt, "opening a knowledge base", why, ""));
        }
        let watermark = watermark.unwrap_or_default();
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader = reader.map_err(|why: TantivyError| failed(&why))?;
        Ok(Self { index, reader, writer: None, row, text, watermark })
    }

    /// How far they are known.
    pub(super) fn watermark(&self) -> Watermark {
        self.watermark
    }

    /// Takes a row in.
    pub(super) fn put(&mut self, row: u32, text: &str) -> Result<()> {
        let mut document = TantivyDocument::new();
        document.add_u64(self.row, row.into());
        document.add_text(self.text, text);
        self.writer()?.add_document(document).map(drop).map_err(|why| failed(&why))
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, row: u32) -> Result<()> {
        let term = Term::from_field_u64(self.row, row.into());
        self.writer()?.delete_term(term);
        Ok(())
    }

    /// Makes what was put and removed known, and remembers how far that is. The files are on the disk then.
    pub(super) fn commit(&mut self, watermark: Watermark) -> Result<()> {
        let payload =
            serde_json::to_string(&watermark).map_err(|why| Error::internal(DOING, why.to_string()))?;
        let writer = self.writer()?;
        let mut prepared = writer.prepare_commit().map_err(|why| failed(&why))?;
        prepared.set_payload(&payload);
        prepared.commit().map_err(|why| failed(&why))?;
        self.reader.reload().map_err(|why| failed(&why))?;
        self.watermark = watermark;
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter> {
        if self.writer.is_none() {
            let options = IndexWriterOptions::builder()
                .num_worker_threads(1)
                .num_merge_threads(1)
                .memory_budget_per_thread(BUDGET)
                .build();
            self.writer = Some(self.index.writer_with_options(options).map_err(|why| failed(&why))?);
        }
        self.writer.as_mut().ok_or_else(|| Error::internal(DOING, "there is no writer"))
    }

    /// The rows that have a word of `question` and pass, with their scores, in no order: the `best`, or all; and how many all
    /// are.
    pub(super) fn matching(
        &self,
        question: &str,
        passing: Arc<Bits>,
        best: Option<usize>,
    ) -> Result<(Vec<Scored>, u64)> {
        let terms = asked(question).into_iter().map(|word| {
            let query = TermQuery::new(Term::from_field_text(self.text, &word), IndexRecordOption::WithFreqs);
            (Occur::Should, Box::new(query) as Box<dyn Query>)
        });
        let query = BooleanQuery::new(terms.collect());
        self.reader.searcher().search(&query, &Gather { passing, best }).map_err(|why| failed(&why))
    }
}

const DOING: &str = "using a knowledge base's index of words";

fn failed(why: &TantivyError) -> Error {
    let text = why.to_string();
    let kind = match why {
        TantivyError::IoError(error) if error.kind() == std::io::ErrorKind::StorageFull => ErrorKind::Full,
        _ if text.contains("No space left") => ErrorKind::Full,
        _ => ErrorKind::Corrupt,
    };
    let hint = match kind {
        ErrorKind::Full => "Free some space, then try again.",
        _ => "It holds nothing of its own and can be made anew from the passages.",
    };
    Error::new(kind, DOING, text, hint)
}
