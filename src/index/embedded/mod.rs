//! The store of this program: everything in sealed files of this workspace, vectors in memory, all compared where they
//! are few, those of the nearest lists where they are many.
//!
//! ```text
//! base          which generation it is, and the dimensions of its vectors
//! damaged       only since damage was met, until the base is mended
//! gen-000001/
//!   base        a copy of that
//!   passages    a log: texts, attributes and vectors as they came; the truth
//!   rows        a log: of each passage what search needs, loaded when the base is opened
//!   words/      tantivy's files; may be deleted at any time
//!   lists       of many passages which ones lie near each other; may be deleted at any time
//! ```
//!
//! Of a passage of 384 dimensions 0.8 KB are in memory. What was deleted stays on the disk, sealed, until the generation is
//! written anew. An act counts when its last frame is in `passages` and on the disk; everything else can be made from that.

mod ask;
mod base;
mod bits;
mod block;
mod centres;
mod frame;
mod generation;
mod listing;
mod lists;
#[cfg(test)]
mod lists_tests;
mod postings;
mod scan;
mod table;
#[cfg(test)]
mod tests;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use futures_util::future::{BoxFuture, FutureExt};
use outcrop_kernel::nearness::padded;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::base::Base;
pub use self::bits::Bits;
use self::generation::{Live, Opened, Opening, Writer};
pub use self::scan::exact;
use super::keyword::Keyword;
use super::{Change, Counts, Matching, Nearest, VectorStore};
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::ranking::Ranked;
use crate::domain::knowledge::sync::Sorting;
use crate::domain::knowledge::vectors::{self, VectorSearch};
use crate::domain::{Error, ErrorKind, Result};
use crate::store::{Hold, Shelf};

/// What says on the shelf of a base that damage was met in it.
const DAMAGED: &str = "damaged";

/// What a mending could not save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mended {
    /// Places that could not be read: of one or more blocks of at most sixteen passages, or ends of acts. The next sync brings
    /// them again.
    pub lost: u64,
}

/// An embedded store. Copies are handles to the same one; nobody else opens it until the last is gone.
#[derive(Debug, Clone)]
pub struct Embedded {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shelf: Shelf,
    dimensions: usize,
    width: usize,
    notes: Vec<String>,
    search: VectorSearch,
    /// From so many rows on lists pay.
    pays: u64,
    // Taken in this order.
    /// Who has it knows that no row gets another number meanwhile.
    numbers: Mutex<()>,
    desk: Mutex<Desk>,
    /// `None` where they must be opened again: what they hold after a failure is known to their files alone.
    words: RwLock<Option<Keyword>>,
    live: RwLock<Live>,
    /// The last to go, after all that writes.
    _hold: Hold,
}

/// Who writes, and where.
#[derive(Debug)]
struct Desk {
    base: Base,
    writer: Writer,
}

impl Embedded {
    /// Opens the base on a shelf, or makes it there. One that somebody has open is refused.
    pub fn open(shelf: Shelf, dimensions: usize) -> Result<Self> {
        Self::open_for(shelf, dimensions, VectorSearch::default())
    }

    /// The same, the nearest vectors looked for in that way.
    pub fn open_for(shelf: Shelf, dimensions: usize, search: VectorSearch) -> Result<Self> {
        let pays = vectors::from(dimensions as u64);
        Self::open_as(shelf, dimensions, (search, pays), false).map(|(embedded, _)| embedded)
    }

    /// Opens a damaged base: its rows and words are made anew from the passages that can be read.
    pub fn mend(shelf: Shelf, dimensions: usize) -> Result<(Self, Mended)> {
        let search = (VectorSearch::default(), vectors::from(dimensions as u64));
        let (embedded, lost) = Self::open_as(shelf, dimensions, search, true)?;
        Ok((embedded, Mended { lost }))
    }

    /// Whether damage was met in the base on a shelf, by whatever process, and nobody has mended it since.
    pub fn is_damaged(shelf: &Shelf) -> bool {
        shelf.has(DAMAGED)
    }

    fn open_as(
        shelf: Shelf,
        dimensions: usize,
        (search, pays): (VectorSearch, u64),
        mending: bool,
    ) -> Result<(Self, u64)> {
        let hold = shelf.hold()?;
        let mut notes = Vec::new();
        let base = Base::find(&shelf, dimensions, mending, &mut notes)?;
        let own = base.shelf(&shelf)?;
        if mending {
            own.remove("rows")?;
            own.remove("words")?;
            own.remove(listing::FILE)?;
        }
        let words = write::opened(&own)?;
        let width = padded(dimensions);
        let opening = Opening { dimensions, width, mending, told: words.watermark().covers };
        let Opened { writer, live, lost } = generation::open(&own, opening, &mut notes)?;
        let words = write::checked(words, &own, &live)?;
        base.keep(&shelf)?;
        if mending {
            shelf.remove(DAMAGED)?;
        }
        let inner = Inner {
            shelf,
            dimensions,
            width,
            notes,
            search,
            pays,
            numbers: Mutex::new(()),
            desk: Mutex::new(Desk { base, writer }),
            words: RwLock::new(Some(words)),
            live: RwLock::new(live),
            _hold: hold,
        };
        Ok((Self { inner: Arc::new(inner) }, lost))
    }

    /// What was cut off or made again when it was opened, in words.
    pub fn notes(&self) -> &[String] {
        &self.inner.notes
    }

    /// Makes the words anew: they are of no use where they are damaged.
    pub fn rebuild_words(&self) -> BoxFuture<'_, Result<()>> {
        self.run(Inner::rebuild_words)
    }

    /// Writes what lives into a new generation, so that nothing deleted is on the disk any more.
    pub fn compact(&self) -> BoxFuture<'_, Result<()>> {
        self.run(Inner::compact)
    }

    /// Bytes on the disk.
    pub fn bytes(&self) -> u64 {
        self.inner.shelf.bytes()
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'_, Result<T>> {
        let inner = self.inner.clone();
        let done =
            tokio::task::spawn_blocking(move || work(&inner).inspect_err(|error| inner.remember(error)));
        async move {
            done.await.unwrap_or_else(|why| Err(Error::internal("using a knowledge base", why.to_string())))
        }
        .boxed()
    }
}

impl Inner {
    /// That damage was met is kept beside the base, so that the next sync mends it.
    fn remember(&self, error: &Error) {
        if error.kind == ErrorKind::Corrupt && !self.shelf.has(DAMAGED) {
            // Where that fails, whoever meets the damage next does it.
            let _ = self.shelf.write(DAMAGED, b"");
        }
    }

    fn numbers(&self) -> MutexGuard<'_, ()> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn live_mut(&self) -> RwLockWriteGuard<'_, Live> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn words(&self) -> RwLockReadGuard<'_, Option<Keyword>> {
        self.words.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn words_mut(&self) -> RwLockWriteGuard<'_, Option<Keyword>> {
        self.words.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl VectorStore for Embedded {
    fn dimensions(&self) -> usize {
        self.inner.dimensions
    }

    fn apply(&self, change: Change) -> BoxFuture<'_, Result<()>> {
        self.run(move |inner| inner.apply(change))
    }

    fn settle(&self) -> BoxFuture<'_, Result<()>> {
        self.run(Inner::settle)
    }

    fn arrange(&self, stop: CancellationToken, told: watch::Sender<Sorting>) -> BoxFuture<'_, Result<()>> {
        self.run(move |inner| {
            inner.list(&|sorting| {
                told.send_replace(sorting);
                !stop.is_cancelled()
            })
        })
    }

    fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
        self.run(Inner::counts)
    }

    fn nearest(&self, query: Nearest) -> BoxFuture<'_, Result<Ranked>> {
        self.run(move |inner| inner.nearest(&query))
    }

    fn matching(&self, query: Matching) -> BoxFuture<'_, Result<Ranked>> {
        self.run(move |inner| inner.matching(&query))
    }

    fn passages(&self, ids: Vec<PassageId>) -> BoxFuture<'_, Result<Vec<Option<Passage>>>> {
        self.run(move |inner| {
            let entries = inner.entries(&ids, false)?;
            Ok(entries.into_iter().map(|entry| entry.map(|entry| entry.passage)).collect())
        })
    }

    fn entries(&self, ids: Vec<PassageId>) -> BoxFuture<'_, Result<Vec<Option<Entry>>>> {
        self.run(move |inner| inner.entries(&ids, true))
    }

    fn of_document(&self, document: DocumentId) -> BoxFuture<'_, Result<Vec<PassageId>>> {
        self.part_of_document(document, 0, usize::MAX)
    }

    fn part_of_document(
        &self,
        document: DocumentId,
        from: usize,
        most: usize,
    ) -> BoxFuture<'_, Result<Vec<PassageId>>> {
        self.run(move |inner| inner.of_document(document, from, most))
    }

    fn page(&self, after: Option<PassageId>, most: usize) -> BoxFuture<'_, Result<Vec<Entry>>> {
        self.run(move |inner| inner.page(after, most))
    }
}
