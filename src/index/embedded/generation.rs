//! A generation: the logs of a base, written and read back.
//!
//! `passages` is the truth: blocks of entries, then the record that makes them count. `rows` has of the same what search needs,
//! with how far it knows the passages; an act that it lacks is read from there. `words` is `keyword`'s.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::ScopedJoinHandle;

use super::block::{self, Commit, Part};
use super::frame::{Frame, Row};
use super::lists::Lists;
use super::postings::Postings;
use super::table::Table;
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::passage::Entry;
use crate::domain::{Error, ErrorKind, Result};
use crate::index::Change;
use crate::store::{Log, LogReader, Met, Shelf, Span};

/// Rows of a frame at most, and values of their vectors: about 200 KB.
const ROWS: usize = 256;
const VALUES: usize = 128 * 1024;
/// Frames that are opened at once when a base is opened, so that no more memory is taken than that.
const AT_ONCE: usize = 32;
/// The order of documents of fewer passages is found again each time.
pub(super) const LONG: usize = 1024;

/// What writes a generation.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) passages: Log,
    pub(super) rows: Log,
    /// Why nothing more is written until the base is opened again.
    pub(super) stuck: Option<Error>,
}

/// What reads it.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) table: Table,
    pub(super) reader: LogReader,
    /// How far the passages are known.
    pub(super) covers: u64,
    /// Rows that went since the words were last told.
    pub(super) gone: Vec<u32>,
    /// The living rows in the order of their ids, where somebody has asked.
    pub(super) order: OnceLock<Vec<u32>>,
    /// Of long documents that somebody asked for, the living rows in their order: four bytes a passage.
    pub(super) in_order: Mutex<HashMap<DocumentId, Arc<[u32]>>>,
    /// Where it lies.
    pub(super) shelf: Shelf,
    /// The lists of its rows, where somebody has asked; `None` where there are none.
    pub(super) lists: OnceLock<Option<Arc<Lists>>>,
    /// Why it tells nothing: its rows could not be loaded again.
    pub(super) broken: Option<Error>,
}

impl Live {
    /// Whether it can be asked, and written to: what could not be loaded must not be taken for what there is.
    pub(super) fn whole(&self) -> Result<()> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    pub(super) fn apply(&mut self, frames: &[Frame]) {
        for frame in frames {
            self.forget_order(frame);
            self.gone.extend(&frame.removed);
            self.table.apply(frame);
            self.covers = self.covers.max(frame.covers);
        }
        self.order = OnceLock::new();
    }

    /// Of the documents that a frame changes. Whoever leafs through another one goes on as before.
    fn forget_order(&mut self, frame: &Frame) {
        let known = self.in_order.get_mut().unwrap_or_else(PoisonError::into_inner);
        if known.is_empty() {
            return;
        }
        let gone = frame.removed.iter().filter_map(|row| self.table.rows.get(*row as usize));
        for row in gone.chain(&frame.rows) {
            known.remove(&row.document);
        }
    }

    /// The living rows of a document in their order. Whoever leafs through one asks for a part after the other.
    pub(super) fn rows_in_order(&self, document: DocumentId) -> Arc<[u32]> {
        let known = || self.in_order.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known().get(&document).cloned();
        found.unwrap_or_else(|| {
            let mut rows: Vec<u32> = self.table.rows_of(&document).collect();
            rows.sort_by_key(|row| {
                let row = &self.table.rows[*row as usize];
                (row.ordinal, row.id)
            });
            let rows: Arc<[u32]> = rows.into();
            if rows.len() >= LONG {
                known().insert(document, Arc::clone(&rows));
            }
            rows
        })
    }
}

/// A generation that was opened, and the blocks that could not be read.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) writer: Writer,
    pub(super) live: Live,
    pub(super) lost: u64,
}

/// How a generation is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) dimensions: usize,
    pub(super) width: usize,
    /// Of passages that are damaged those that are not are taken.
    pub(super) mending: bool,
    /// Rows that went before are told to the words already.
    pub(super) told: u64,
}

/// Opens the generation on a shelf. `notes` say what was cut off or made anew.
pub(super) fn open(shelf: &Shelf, opening: Opening, notes: &mut Vec<String>) -> Result<Opened> {
    let passages = shelf.log("passages")?;
    let mut rows = shelf.log("rows")?;
    let table = Table::new(opening.width);
    let reader = passages.reader();
    let mut live = Live {
        table,
        reader,
        covers: 0,
        gone: Vec::new(),
        order: OnceLock::new(),
        in_order: Mutex::default(),
        shelf: shelf.clone(),
        lists: OnceLock::new(),
        broken: None,
    };
    load(&mut rows, &mut live, opening, notes)?;
    if live.covers > passages.length() {
        let why = "its passages end before what its rows know of them";
        return Err(damaged(why));
    }
    let mut writer = Writer { rows, passages, stuck: None };
    let lost = replay(&mut writer, &mut live, opening, notes)?;
    Ok(Opened { writer, live, lost })
}

/// Reads the rows as far as they are whole. What lies behind is made again from the passages, since it holds nothing of its own.
fn load(rows: &mut Log, live: &mut Live, opening: Opening, notes: &mut Vec<String>) -> Result<()> {
    let reader = rows.reader();
    let spans = reader.spans(rows.length())?;
    live.table
        .reserve(spans.len().saturating_mul(ROWS).min(rows.length() as usize / (2 * opening.width.max(1))));
    let mut waiting: Vec<Frame> = Vec::new();
    let mut whole = 0;
    let mut take = |frames: Vec<Frame>, some: &[Span]| {
        for (frame, span) in frames.into_iter().zip(some) {
            let ends = frame.covers > 0;
            waiting.push(frame);
            if ends {
                let told = waiting.last().is_some_and(|frame| frame.covers <= opening.told);
                live.apply(&waiting);
                if told {
                    live.gone.clear();
                }
                waiting.clear();
                whole = span.end();
            }
        }
    };
    let met = each_decoded(&reader, &spans, opening.width, &mut take)?;
    if whole < rows.length() {
        rows.truncate(whole)?;
    }
    if met.is_some() {
        notes.push("Some of what search needs was damaged; it was made again from the passages.".to_owned());
    }
    Ok(())
}

/// Gives the frames to `take`, some at a time and in order, while other threads open the next ones. Ends before the first that
/// is damaged, and tells that.
fn each_decoded(
    reader: &LogReader,
    spans: &[Span],
    width: usize,
    take: &mut dyn FnMut(Vec<Frame>, &[Span]),
) -> Result<Option<Error>> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let work = |part: &[Span]| {
        let mut frames = Vec::with_capacity(part.len());
        for span in part {
            match reader.read(*span).and_then(|bytes| Frame::decode(&bytes, width)) {
                Ok(frame) => frames.push(frame),
                Err(met) => return (frames, Some(met)),
            }
        }
        (frames, None)
    };
    let work = &work;
    std::thread::scope(|scope| {
        let mut batches = spans.chunks(AT_ONCE);
        let mut running: Vec<(&[Span], ScopedJoinHandle<'_, _>)> = Vec::new();
        loop {
            let mut done = Vec::new();
            for (part, thread) in std::mem::take(&mut running) {
                done.push((part, thread.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault))));
            }
            if let Some(batch) = batches.next() {
                let parts = batch.chunks(batch.len().div_ceil(threads));
                running = parts.map(|part| (part, scope.spawn(move || work(part)))).collect();
            }
            if done.is_empty() && running.is_empty() {
                return Ok(None);
            }
            for (part, (frames, met)) in done {
                take(frames, part);
                match met {
                    None => {}
                    Some(met) if met.kind == ErrorKind::Corrupt => return Ok(Some(met)),
                    Some(error) => return Err(error),
                }
            }
        }
    })
}

/// Reads the acts that the rows lack, and writes their rows. What no finished act has is cut off at the end and told; damage
/// before the end of a finished act is an error, unless that is what is to be mended.
fn replay(writer: &mut Writer, live: &mut Live, opening: Opening, notes: &mut Vec<String>) -> Result<u64> {
    let reader = writer.passages.reader();
    let length = writer.passages.length();
    let mut lost = 0;
    let mut blocks: Vec<(Span, Vec<Entry>)> = Vec::new();
    let (mut at, mut whole) = (live.covers, live.covers);
    let mut damage = None;
    while let Some(met) = reader.next(at, length)? {
        let (span, plain) = match met {
            Met::Frame(span, plain) => (span, plain),
            Met::Damage(range) => {
                damage.get_or_insert(range.start);
                lost += 1;
                at = range.end;
                continue;
            }
        };
        at = span.end();
        match block::decode(&plain, opening.dimensions)? {
            Part::Block(entries) => blocks.push((span, entries)),
            Part::Commit(commit) => {
                if let Some(damage) = damage.filter(|_| !opening.mending) {
                    let error = reader.damaged_at(damage);
                    return Err(Error { hint: HINT.to_owned(), ..error });
                }
                let frames = frames(&live.table, &commit.removed, &blocks, span.end(), opening.width);
                write_rows(&mut writer.rows, &frames)?;
                live.apply(&frames);
                blocks.clear();
                whole = span.end();
            }
        }
    }
    if whole < length {
        writer.passages.truncate(whole)?;
        let bytes = length - whole;
        notes.push(format!(
            "Its passages ended with {bytes} bytes that no finished act has; they were cut off."
        ));
    }
    Ok(if opening.mending { lost } else { 0 })
}

/// What helps where something is damaged.
pub(super) const HINT: &str =
    "It is mended by the next `outcrop kb sync`: what is not damaged is kept, and the rest is read again.";

fn damaged(why: &str) -> Error {
    Error::new(ErrorKind::Corrupt, "opening a knowledge base", why, HINT)
}

impl Writer {
    /// Whether anything may be written.
    pub(super) fn ready(&self) -> Result<()> {
        self.stuck.clone().map_or(Ok(()), Err)
    }

    /// Writes nothing more until the base is opened again.
    pub(super) fn stick(&mut self, why: Error) {
        self.stuck = Some(stuck(why));
    }

    /// Carries out an act: it is on the disk when this returns. What it does to the rows is given back, to be applied.
    pub(super) fn write(&mut self, table: &Table, change: Change, width: usize) -> Result<Vec<Frame>> {
        self.ready()?;
        let start = self.passages.length();
        let written = self.write_passages(change);
        let (removed, blocks) = match written {
            Ok(written) => written,
            Err(error) => {
                // Blocks that nothing makes count would be taken for a part of the next act.
                if let Err(why) = self.passages.truncate(start) {
                    self.stick(why);
                }
                return Err(error);
            }
        };
        let covers = self.passages.length();
        let frames = frames(table, &removed, &blocks, covers, width);
        if let Err(error) = write_rows(&mut self.rows, &frames) {
            // The act counts already. The next opening reads it from the passages.
            self.stick(error.clone());
            return Err(error);
        }
        Ok(frames)
    }

    /// Blocks, then what makes them count.
    #[allow(clippy::type_complexity, reason = "the documents that go and the blocks that come")]
    fn write_passages(&mut self, change: Change) -> Result<(Vec<DocumentId>, Vec<(Span, Vec<Entry>)>)> {
        let mut blocks = Vec::new();
        let mut entries = change.put.into_iter();
        loop {
            let (mut some, mut bytes) = (Vec::new(), 0);
            while some.len() < block::ENTRIES
                && bytes < block::BYTES
                && let Some(entry) = entries.next()
            {
                bytes += entry.passage.text.len() + 4 * entry.vector.len();
                some.push(entry);
            }
            if some.is_empty() {
                break;
            }
            blocks.push((self.passages.append(&block::encode(&some)?)?, some));
        }
        let commit = Commit { removed: change.remove };
        self.passages.append(&commit.encode()?)?;
        self.passages.sync()?;
        Ok((commit.removed, blocks))
    }
}

fn stuck(error: Error) -> Error {
    Error { hint: "Start outcrop again; nothing that was saved is lost.".to_owned(), ..error }
}

fn write_rows(rows: &mut Log, frames: &[Frame]) -> Result<()> {
    let start = rows.length();
    let written = frames
        .iter()
        .try_for_each(|frame| rows.append(&frame.encode()?).map(drop))
        .and_then(|()| rows.sync());
    written.inspect_err(|_| {
        // Where that fails too, the next opening cuts it off: its end is missing.
        let _ = rows.truncate(start);
    })
}

/// What an act does to the rows.
fn frames(
    table: &Table,
    removed: &[DocumentId],
    blocks: &[(Span, Vec<Entry>)],
    covers: u64,
    width: usize,
) -> Vec<Frame> {
    let mut gone: HashSet<u32> = removed.iter().flat_map(|document| table.rows_of(document)).collect();
    let entries = || blocks.iter().flat_map(|(_, entries)| entries);
    gone.extend(entries().filter_map(|entry| table.row_of(&entry.passage.id)).map(|row| row as u32));
    // Of two entries with one id the last counts.
    let last: BTreeMap<PassageId, usize> =
        entries().enumerate().map(|(at, entry)| (entry.passage.id, at)).collect();
    let mut gone: Vec<u32> = gone.into_iter().collect();
    gone.sort_unstable();
    let mut frames = vec![Frame { removed: gone, ..Frame::default() }];
    let mut fresh = HashMap::new();
    let rows = (VALUES / width.max(1)).clamp(1, ROWS);
    let mut number = 0;
    for (span, entries) in blocks {
        for (within, Entry { passage, vector }) in entries.iter().enumerate() {
            let at = number;
            number += 1;
            if last.get(&passage.id) != Some(&at) {
                continue;
            }
            if frames.last().is_some_and(|frame| frame.rows.len() >= rows) {
                frames.push(Frame::default());
            }
            let Some(frame) = frames.last_mut() else { continue };
            let set = if let Some(set) = table.postings.number(&passage.attributes) {
                set
            } else {
                let next = (table.postings.len() + fresh.len()) as u32;
                // Told apart as the table will tell them apart: the two zeros are equal.
                *fresh.entry(Postings::digest(&passage.attributes)).or_insert_with(|| {
                    frame.sets.push(passage.attributes.clone());
                    next
                })
            };
            let row = Row {
                id: passage.id,
                document: passage.document,
                ordinal: passage.ordinal,
                set,
                block: *span,
                within: within as u32,
                scale: 0.0,
                spread: 0.0,
            };
            frame.push(row, vector, width);
        }
    }
    if let Some(frame) = frames.last_mut() {
        frame.covers = covers;
    }
    frames
}
