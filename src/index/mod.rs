//! Indexes of passages: one trait, many stores; and the only place that names tantivy.
//!
//! ```text
//! VectorStore   what every store can do: change, count, nearest vectors, matching words, read, page through
//! embedded/     the store of this program: sealed logs on a shelf of `store`, vectors in memory, all compared or the nearest lists
//! keyword/      words of the embedded store: tantivy (BM25) over sealed files; may be deleted at any time
//! pgvector/     the same in PostgreSQL        qdrant/       the same in Qdrant
//! fitting       what no store takes
//! search        what the modes have in common: both ways of looking, fused
//! ```
//!
//! Never here: where documents come from, how they are cut, who embeds them (that is `service`), and models.

mod embedded;
mod fitting;
mod keyword;
mod pgvector;
mod qdrant;
mod search;

use std::fmt::Debug;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::Result;
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::filter::Filter;
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::ranking::Ranked;
use crate::domain::knowledge::sync::Sorting;

pub use embedded::{Embedded, Mended, exact};
pub use pgvector::{PgOptions, Pgvector};
pub use qdrant::{Qdrant, QdrantOptions};
pub use search::{search, search_all};

/// Up to so many passages a store elsewhere compares all: ten to twenty milliseconds of 384 numbers each.
pub const EXACT: u64 = 20_000;

/// What one act changes: documents go, then entries come. Both become true together, where the store can do that.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// All passages of these documents go.
    pub remove: Vec<DocumentId>,
    /// Entries that come. One whose id is there takes its place; of two with one id the last counts.
    pub put: Vec<Entry>,
}

/// What a store has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub passages: u64,
    pub documents: u64,
}

/// A question by a vector. Scores are cosines, -1 to 1; the vectors' lengths do not matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    pub vector: Vec<f32>,
    /// So many are wanted.
    pub results: usize,
    pub filter: Option<Filter>,
    /// Passages whose place is told however deep it is.
    pub expected: Vec<PassageId>,
}

/// A question by words. Scores are BM25 (k1 1.2, b 0.75), above 0; a passage without any of the words is no hit.
#[derive(Debug, Clone, PartialEq)]
pub struct Matching {
    pub text: String,
    /// So many are wanted.
    pub results: usize,
    pub filter: Option<Filter>,
    /// Passages whose place is told however deep it is.
    pub expected: Vec<PassageId>,
}

/// A store of passages and their vectors. What an act changed survives the death of the process once it was answered.
pub trait VectorStore: Send + Sync + Debug {
    /// The numbers in each of its vectors.
    fn dimensions(&self) -> usize;

    /// Carries out one act. A vector of another length, or one with a number that is none, is refused before anything changes.
    fn apply(&self, change: Change) -> BoxFuture<'_, Result<()>>;

    /// Does now what the next question would have to wait for, and tidies up: a sync calls it at its end.
    fn settle(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Makes questions faster, where that takes long and nobody waits for it, and tells how far that is; questions are answered as
    /// before meanwhile. What is not done when it is to stop stays for another time. A sync calls it when all else is done.
    fn arrange(&self, stop: CancellationToken, told: watch::Sender<Sorting>) -> BoxFuture<'_, Result<()>> {
        drop((stop, told));
        Box::pin(std::future::ready(Ok(())))
    }

    /// What it has.
    fn counts(&self) -> BoxFuture<'_, Result<Counts>>;

    /// The passages whose vectors are nearest, best first, equal ones in the order of their ids.
    fn nearest(&self, query: Nearest) -> BoxFuture<'_, Result<Ranked>>;

    /// The passages whose words match, best first, equal ones in the order of their ids.
    fn matching(&self, query: Matching) -> BoxFuture<'_, Result<Ranked>>;

    /// Passages by their ids, in that order; `None` for one that is not there.
    fn passages(&self, ids: Vec<PassageId>) -> BoxFuture<'_, Result<Vec<Option<Passage>>>>;

    /// The same with their vectors.
    fn entries(&self, ids: Vec<PassageId>) -> BoxFuture<'_, Result<Vec<Option<Entry>>>>;

    /// The passages of a document, in order.
    fn of_document(&self, document: DocumentId) -> BoxFuture<'_, Result<Vec<PassageId>>>;

    /// At most `most` of them, from the one at `from` on.
    fn part_of_document(
        &self,
        document: DocumentId,
        from: usize,
        most: usize,
    ) -> BoxFuture<'_, Result<Vec<PassageId>>>;

    /// At most `most` entries in the order of their ids, those behind `after`.
    fn page(&self, after: Option<PassageId>, most: usize) -> BoxFuture<'_, Result<Vec<Entry>>>;
}
