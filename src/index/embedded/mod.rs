//! The store of this program: everything in sealed files of this workspace, vectors in memory, search exact.
//!
//! ```text
//! base          which generation it is, and the dimensions of its vectors
//! gen-000001/
//!   passages    a log: texts, attributes and vectors as they came; the truth
//!   rows        a log: of each passage what search needs, loaded when the base is opened
//!   words/      tantivy's files; may be deleted at any time
//! ```
//!
//! Of a passage of 384 dimensions 0.8 KB are in memory. What was deleted stays on the disk, sealed, until the generation is
//! written anew.

mod bits;
mod block;
mod frame;
mod generation;
mod postings;
mod scan;
mod table;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use futures_util::future::{BoxFuture, FutureExt};
use outcrop_kernel::nearness::padded;
use serde::{Deserialize, Serialize};

pub use self::bits::Bits;
use self::generation::{HINT, Live, Opened, Opening, Writer};
use self::scan::Asked;
pub use self::scan::exact;
use super::keyword::{Keyword, Watermark};
use super::{Change, Counts, Matching, Nearest, VectorStore};
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::passage::{Entry, Passage};
use crate::domain::knowledge::ranking::{Hit, Placed, Ranked};
use crate::domain::{Error, ErrorKind, Result};
use crate::store::{LogReader, Shelf, Span};

const BASE: &str = "base";
const FORMAT: u32 = 1;
/// The words are brought up to date at once when so many rows are unknown to them.
const BEHIND: usize = 4096;
/// Rows whose texts are read for them at once.
const STEP: usize = 1024;
/// Fewer gaps are not worth a new generation.
const FEW_GAPS: usize = 4096;

/// What a base is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Base {
    format: u32,
    dimensions: usize,
    generation: u32,
}

impl Base {
    fn shelf(self, of: &Shelf) -> Result<Shelf> {
        of.inner(&name(self.generation))
    }
}

fn name(generation: u32) -> String {
    format!("gen-{generation:06}")
}

/// What a mending could not save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mended {
    /// Blocks of at most sixteen passages, or acts, that could not be read. The next sync brings them again.
    pub lost: u64,
}

/// An embedded store. Copies are handles to the same one.
#[derive(Debug, Clone)]
pub struct Embedded {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shelf: Shelf,
    dimensions: usize,
    width: usize,
    // Taken in this order.
    desk: Mutex<Desk>,
    words: RwLock<Keyword>,
    live: RwLock<Live>,
}

/// Who writes, and where.
#[derive(Debug)]
struct Desk {
    base: Base,
    writer: Writer,
}

impl Embedded {
    /// Opens the base on a shelf, or makes it there.
    pub fn open(shelf: Shelf, dimensions: usize) -> Result<Self> {
        Self::open_as(shelf, dimensions, false).map(|(embedded, _)| embedded)
    }

    /// Opens a damaged base: its rows and words are made anew from the passages that can be read.
    pub fn mend(shelf: Shelf, dimensions: usize) -> Result<(Self, Mended)> {
        if let Some(base) = read_base(&shelf)? {
            let own = base.shelf(&shelf)?;
            own.remove("rows")?;
            own.remove("words")?;
        }
        let (embedded, lost) = Self::open_as(shelf, dimensions, true)?;
        Ok((embedded, Mended { lost }))
    }

    fn open_as(shelf: Shelf, dimensions: usize, mending: bool) -> Result<(Self, u64)> {
        let base = if let Some(base) = read_base(&shelf)? {
            base
        } else {
            let base = Base { format: FORMAT, dimensions, generation: 1 };
            write_base(&shelf, base)?;
            base
        };
        if base.dimensions != dimensions {
            let why = format!("its vectors have {} numbers, not {dimensions}", base.dimensions);
            let hint = "Another embedding model needs the base built anew.";
            return Err(Error::new(ErrorKind::Invalid, "opening a knowledge base", why, hint));
        }
        for other in shelf.names()? {
            // A generation that was not finished, or is none any more.
            if other.starts_with("gen-") && other != name(base.generation) {
                shelf.remove(&other)?;
            }
        }
        let width = padded(dimensions);
        let own = base.shelf(&shelf)?;
        let words = words(&own)?;
        let opening = Opening { dimensions, width, mending, told: words.watermark().covers };
        let Opened { writer, live, lost } = generation::open(&own, opening)?;
        let words = checked(words, &own, &live)?;
        let desk = Mutex::new(Desk { base, writer });
        let inner =
            Inner { shelf, dimensions, width, desk, live: RwLock::new(live), words: RwLock::new(words) };
        Ok((Self { inner: Arc::new(inner) }, lost))
    }

    /// Makes the words anew: they are of no use where they are damaged.
    pub fn rebuild_words(&self) -> BoxFuture<'_, Result<()>> {
        self.run(|inner| {
            let desk = inner.desk();
            let own = desk.base.shelf(&inner.shelf)?;
            let mut words = inner.words_mut();
            // What it was about to write is of no use.
            let _ = words.close();
            *words = begun_anew(&own)?;
            drop((words, desk));
            inner.catch_up()
        })
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
        let done = tokio::task::spawn_blocking(move || work(&inner));
        async move {
            done.await.unwrap_or_else(|why| Err(Error::internal("using a knowledge base", why.to_string())))
        }
        .boxed()
    }
}

fn read_base(shelf: &Shelf) -> Result<Option<Base>> {
    let doing = "opening a knowledge base";
    let Some(bytes) = shelf.read(BASE)? else { return Ok(None) };
    let base: Base = serde_json::from_slice(&bytes).map_err(|why| {
        Error::new(ErrorKind::Corrupt, doing, format!("what it is cannot be read: {why}"), "Build it anew.")
    })?;
    if base.format > FORMAT {
        let hint = "Use the newer outcrop, or build the base anew.";
        return Err(Error::new(ErrorKind::Version, doing, "a newer outcrop wrote it", hint));
    }
    Ok(Some(base))
}

fn write_base(shelf: &Shelf, base: Base) -> Result<()> {
    let bytes = serde_json::to_vec(&base)
        .map_err(|why| Error::internal("writing a knowledge base", why.to_string()))?;
    shelf.write(BASE, &bytes)
}

/// The words of a generation; those that cannot be opened are begun anew, since they hold nothing of their own.
fn words(own: &Shelf) -> Result<Keyword> {
    match Keyword::open(own.inner("words")?) {
        Err(error) if error.kind == ErrorKind::Corrupt => begun_anew(own),
        other => other,
    }
}

fn begun_anew(own: &Shelf) -> Result<Keyword> {
    own.remove("words")?;
    Keyword::open(own.inner("words")?)
}

/// Words that know more than there is belong to another past.
fn checked(words: Keyword, own: &Shelf, live: &Live) -> Result<Keyword> {
    let Watermark { covers, rows } = words.watermark();
    if covers > live.covers || rows as usize > live.table.rows.len() {
        drop(words);
        return begun_anew(own);
    }
    Ok(words)
}

impl Inner {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> RwLockReadGuard<'_, Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn live_mut(&self) -> RwLockWriteGuard<'_, Live> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn words(&self) -> RwLockReadGuard<'_, Keyword> {
        self.words.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn words_mut(&self) -> RwLockWriteGuard<'_, Keyword> {
        self.words.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses a vector that is none of this base.
    fn check(&self, vector: &[f32]) -> Result<()> {
        let why = if vector.len() != self.dimensions {
            format!("a vector has {} numbers, and those of this base have {}", vector.len(), self.dimensions)
        } else if vector.iter().any(|number| !number.is_finite()) {
            "a vector has a number that is infinite or none".to_owned()
        } else {
            return Ok(());
        };
        let hint = "Embed with the model that the base was built with.";
        Err(Error::new(ErrorKind::Invalid, "using a knowledge base", why, hint))
    }

    fn apply(&self, change: Change) -> Result<()> {
        change.put.iter().try_for_each(|entry| self.check(&entry.vector))?;
        if change.remove.is_empty() && change.put.is_empty() {
            return Ok(());
        }
        let mut desk = self.desk();
        let frames = desk.writer.write(&self.live().table, change, self.width)?;
        let rows = {
            let mut live = self.live_mut();
            live.apply(&frames);
            live.table.rows.len()
        };
        drop(desk);
        if rows.saturating_sub(self.words().watermark().rows as usize) >= BEHIND {
            self.catch_up()?;
        }
        Ok(())
    }

    /// Brings to the words what they lack.
    fn catch_up(&self) -> Result<()> {
        let known = self.words().watermark();
        let lacks = {
            let live = self.live();
            live.covers > known.covers || !live.gone.is_empty()
        };
        if !lacks {
            return Ok(());
        }
        // Nobody is told that there is a new generation meanwhile: whoever makes one needs these words as well.
        let _desk = self.desk();
        let mut words = self.words_mut();
        let mut next = words.watermark().rows as usize;
        loop {
            let (batch, gone, reader, covers, total) = {
                let mut live = self.live_mut();
                let gone = std::mem::take(&mut live.gone);
                let end = (next + STEP).min(live.table.rows.len());
                let batch: Vec<(u32, Span, u32)> = (next..end)
                    .filter(|row| live.table.is_alive(*row))
                    .map(|row| (row as u32, live.table.rows[row].block, live.table.rows[row].within))
                    .collect();
                next = end;
                (batch, gone, live.reader.clone(), live.covers, live.table.rows.len())
            };
            for row in gone {
                words.remove(row)?;
            }
            let mut blocks = Blocks::new(&reader, self.dimensions);
            for (row, block, within) in batch {
                words.put(row, &blocks.entry(block, within, false)?.passage.text)?;
            }
            if next >= total {
                return words.commit(Watermark { covers, rows: total as u32 });
            }
        }
    }

    fn compact(&self) -> Result<()> {
        let mut desk = self.desk();
        let base = Base { generation: desk.base.generation + 1, ..desk.base };
        self.shelf.remove(&name(base.generation))?;
        let own = base.shelf(&self.shelf)?;
        {
            let live = self.live();
            // Of the new rows only what their numbers need is in memory: the vectors are there once already.
            let opening = Opening { dimensions: self.dimensions, width: 0, mending: false, told: 0 };
            let Opened { mut writer, live: mut skeleton, .. } = generation::open(&own, opening)?;
            let mut blocks = Blocks::new(&live.reader, self.dimensions);
            let rows: Vec<usize> =
                (0..live.table.rows.len()).filter(|row| live.table.is_alive(*row)).collect();
            for some in rows.chunks(STEP) {
                let entries = some.iter().map(|row| {
                    let row = &live.table.rows[*row];
                    blocks.entry(row.block, row.within, true)
                });
                let change = Change { remove: Vec::new(), put: entries.collect::<Result<_>>()? };
                let frames = writer.write(&skeleton.table, change, self.width)?;
                skeleton.apply(&frames);
            }
        }
        let opening = Opening { dimensions: self.dimensions, width: self.width, mending: false, told: 0 };
        // From here on it is the base; a death leaves either of the two.
        write_base(&self.shelf, base)?;
        let old = std::mem::replace(&mut desk.base, base);
        let mut words = self.words_mut();
        let mut live = self.live_mut();
        // The old vectors go before the new ones come.
        live.table = table::Table::new(self.width);
        let opened = generation::open(&own, opening).inspect_err(|error| {
            desk.writer.stuck = Some(error.clone());
            live.broken = Some(error.clone());
        })?;
        desk.writer = opened.writer;
        *live = opened.live;
        drop(live);
        // What they were about to write nobody reads any more.
        let _ = words.close();
        *words = begun_anew(&own)?;
        drop(words);
        self.shelf.remove(&name(old.generation))?;
        drop(desk);
        self.catch_up()
    }

    fn settle(&self) -> Result<()> {
        let gaps = {
            let live = self.live();
            live.table.gaps() > FEW_GAPS && live.table.gaps() * 2 > live.table.rows.len()
        };
        if gaps { self.compact() } else { self.catch_up() }
    }

    fn nearest(&self, query: &Nearest) -> Result<Ranked> {
        self.check(&query.vector)?;
        let live = self.live();
        live.whole()?;
        let passing = live.table.passing(query.filter.as_ref());
        let asked = Asked {
            vector: &query.vector,
            results: query.results,
            passing: &passing,
            expected: &query.expected,
        };
        Ok(scan::nearest(&live.table, &asked))
    }

    fn matching(&self, query: &Matching) -> Result<Ranked> {
        self.catch_up()?;
        let words = self.words();
        let live = self.live();
        live.whole()?;
        let passing = Arc::new(live.table.passing(query.filter.as_ref()));
        // Where places are asked for, all that match must be known.
        let best = query.expected.is_empty().then_some(query.results);
        let (found, among) = words.matching(&query.text, passing, best)?;
        let mut scored: Vec<(f64, PassageId)> = found
            .into_iter()
            .map(|(score, row)| (f64::from(score), live.table.rows[row as usize].id))
            .collect();
        scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let placed = |at: usize| Placed { rank: at as u64 + 1, score: scored[at].0 };
        let expected =
            query.expected.iter().map(|id| scored.iter().position(|(_, own)| own == id).map(placed));
        let expected = expected.collect();
        let hits =
            (0..scored.len().min(query.results)).map(|at| Hit { id: scored[at].1, placed: placed(at) });
        Ok(Ranked { hits: hits.collect(), expected, among })
    }

    fn entries(&self, ids: &[PassageId], vectors: bool) -> Result<Vec<Option<Entry>>> {
        let (places, reader) = {
            let live = self.live();
            live.whole()?;
            let places = ids.iter().map(|id| live.table.row_of(id).map(|row| live.table.rows[row]));
            (places.collect::<Vec<_>>(), live.reader.clone())
        };
        let mut blocks = Blocks::new(&reader, self.dimensions);
        let entry = |place: Option<frame::Row>| {
            place.map(|row| blocks.entry(row.block, row.within, vectors)).transpose()
        };
        places.into_iter().map(entry).collect()
    }

    fn page(&self, after: Option<PassageId>, most: usize) -> Result<Vec<Entry>> {
        let ids: Vec<PassageId> = {
            let live = self.live();
            let id = |row: &u32| live.table.rows[*row as usize].id;
            let order = live.order.get_or_init(|| {
                let mut rows: Vec<u32> = (0..live.table.rows.len() as u32).collect();
                rows.retain(|row| live.table.is_alive(*row as usize));
                rows.sort_unstable_by_key(id);
                rows
            });
            let from = after.map_or(0, |after| order.partition_point(|row| id(row) <= after));
            order[from..].iter().take(most).map(id).collect()
        };
        Ok(self.entries(&ids, true)?.into_iter().flatten().collect())
    }

    fn of_document(&self, document: &DocumentId) -> Vec<PassageId> {
        let live = self.live();
        let mut rows: Vec<_> =
            live.table.rows_of(document).iter().map(|row| &live.table.rows[*row as usize]).collect();
        rows.sort_by_key(|row| (row.ordinal, row.id));
        rows.into_iter().map(|row| row.id).collect()
    }
}

/// Entries that are read one after the other: neighbours lie in one block.
struct Blocks<'a> {
    reader: &'a LogReader,
    dimensions: usize,
    last: Option<(Span, Vec<u8>)>,
}

impl<'a> Blocks<'a> {
    fn new(reader: &'a LogReader, dimensions: usize) -> Self {
        Self { reader, dimensions, last: None }
    }

    fn entry(&mut self, span: Span, within: u32, vector: bool) -> Result<Entry> {
        let bytes = match self.last.take() {
            Some((last, bytes)) if last == span => bytes,
            _ => self.reader.read(span).map_err(|error| Error { hint: HINT.to_owned(), ..error })?,
        };
        let entry = block::one(&bytes, within as usize, self.dimensions, vector);
        self.last = Some((span, bytes));
        entry
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

    fn counts(&self) -> BoxFuture<'_, Result<Counts>> {
        self.run(|inner| Ok(inner.live().table.counts()))
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
        self.run(move |inner| Ok(inner.of_document(&document)))
    }

    fn page(&self, after: Option<PassageId>, most: usize) -> BoxFuture<'_, Result<Vec<Entry>>> {
        self.run(move |inner| inner.page(after, most))
    }
}
