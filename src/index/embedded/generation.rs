//! A generation: the logs of a base, written and read back.
//!
//! `passages` is the truth: blocks of entries, then the record that makes them count. `rows` has of the same what search needs,
//! with how far it knows the passages; an act that it lacks is read from there. `words` is `keyword`'s.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use super::block::{self, Commit, Part};
use super::frame::{Frame, Row};
use super::table::Table;
use crate::domain::id::{DocumentId, PassageId};
use crate::domain::knowledge::passage::Entry;
use crate::domain::{Error, ErrorKind, Result};
use crate::index::Change;
use crate::store::{Log, LogReader, Shelf, Span};

/// Rows of a frame: about 200 KB of the usual vectors.
const ROWS: usize = 256;
/// Frames that are opened at once when a base is opened, so that no more memory is taken than that.
const AT_ONCE: usize = 32;

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
    /// Why it tells nothing: its rows could not be loaded again.
    pub(super) broken: Option<Error>,
}

impl Live {
    /// Whether it can be asked.
    pub(super) fn whole(&self) -> Result<()> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    pub(super) fn apply(&mut self, frames: &[Frame]) {
        for frame in frames {
            self.gone.extend(&frame.removed);
            self.table.apply(frame);
            self.covers = self.covers.max(frame.covers);
        }
        self.order = OnceLock::new();
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

/// Opens the generation on a shelf.
pub(super) fn open(shelf: &Shelf, opening: Opening) -> Result<Opened> {
    let passages = shelf.log("passages")?;
    let mut rows = shelf.log("rows")?;
    let table = Table::new(opening.width);
    let reader = passages.reader();
    let mut live = Live { table, reader, covers: 0, gone: Vec::new(), order: OnceLock::new(), broken: None };
    load(&mut rows, &mut live, opening)?;
    if live.covers > passages.length() {
        let why = "its passages end before what its rows know of them";
        return Err(damaged(why));
    }
    let mut writer = Writer { rows, passages, stuck: None };
    let lost = replay(&mut writer, &mut live, opening)?;
    Ok(Opened { writer, live, lost })
}

/// Reads the rows. An act that was not written to its end is cut off.
fn load(rows: &mut Log, live: &mut Live, opening: Opening) -> Result<()> {
    let spans = rows.recover(0)?;
    let reader = rows.reader();
    live.table
        .reserve(spans.len().saturating_mul(ROWS).min(rows.length() as usize / (2 * opening.width.max(1))));
    let mut waiting: Vec<Frame> = Vec::new();
    let mut whole = 0;
    for some in spans.chunks(AT_ONCE) {
        let frames = decoded(&reader, some, opening.width)?;
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
    }
    if whole < rows.length() {
        rows.truncate(whole)?;
    }
    Ok(())
}

/// Opens some frames, on several threads.
fn decoded(reader: &LogReader, spans: &[Span], width: usize) -> Result<Vec<Frame>> {
    let one = |span: &Span| {
        let frame = reader.read(*span).and_then(|bytes| Frame::decode(&bytes, width));
        frame.map_err(|error| Error { hint: HINT.to_owned(), ..error })
    };
    let threads =
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(spans.len()).max(1);
    let parts = std::thread::scope(|scope| {
        let (own, others) = spans.split_at(spans.len() / threads);
        let per_thread = others.len().div_ceil((threads - 1).max(1)).max(1);
        let work = |part: &[Span]| part.iter().map(one).collect::<Result<Vec<_>>>();
        let running: Vec<_> = others.chunks(per_thread).map(|part| scope.spawn(move || work(part))).collect();
        let mut done = vec![work(own)];
        for thread in running {
            done.push(thread.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)));
        }
        done
    });
    let mut frames = Vec::with_capacity(spans.len());
    for part in parts {
        frames.extend(part?);
    }
    Ok(frames)
}

/// Reads the acts that the rows lack, and writes their rows. What was not made to count is cut off.
fn replay(writer: &mut Writer, live: &mut Live, opening: Opening) -> Result<u64> {
    let mut lost = 0;
    let spans = writer.passages.recover(live.covers)?;
    let reader = writer.passages.reader();
    let mut blocks: Vec<(Span, Vec<Entry>)> = Vec::new();
    let mut whole = live.covers;
    for span in spans {
        let part = reader.read(span).and_then(|bytes| block::decode(&bytes, opening.dimensions));
        match part {
            Ok(Part::Block(entries)) => blocks.push((span, entries)),
            Ok(Part::Commit(commit)) => {
                let frames = frames(&live.table, &commit.removed, &blocks, span.end(), opening.width)?;
                write_rows(&mut writer.rows, &frames)?;
                live.apply(&frames);
                blocks.clear();
                whole = span.end();
            }
            Err(_) if opening.mending => lost += 1,
            Err(error) => return Err(Error { hint: HINT.to_owned(), ..error }),
        }
    }
    if whole < writer.passages.length() {
        writer.passages.truncate(whole)?;
    }
    Ok(lost)
}

/// What helps where something is damaged.
pub(super) const HINT: &str =
    "It can be mended: what is not damaged is kept, and the next sync brings the rest.";

fn damaged(why: &str) -> Error {
    Error::new(ErrorKind::Corrupt, "opening a knowledge base", why, HINT)
}

impl Writer {
    /// Carries out an act: it is on the disk when this returns. What it does to the rows is given back, to be applied.
    pub(super) fn write(&mut self, table: &Table, change: Change, width: usize) -> Result<Vec<Frame>> {
        if let Some(stuck) = &self.stuck {
            return Err(stuck.clone());
        }
        let start = self.passages.length();
        let written = self.write_passages(change);
        let (removed, blocks) = match written {
            Ok(written) => written,
            Err(error) => {
                // Blocks that nothing makes count would be taken for a part of the next act.
                if let Err(why) = self.passages.truncate(start) {
                    self.stuck = Some(stuck(why));
                }
                return Err(error);
            }
        };
        let covers = self.passages.length();
        let rows = frames(table, &removed, &blocks, covers, width).and_then(|frames| {
            write_rows(&mut self.rows, &frames)?;
            Ok(frames)
        });
        rows.inspect_err(|error| {
            // The act counts already. The next opening reads it from the passages.
            self.stuck = Some(stuck(error.clone()));
        })
    }

    /// Blocks, then what makes them count.
    #[allow(clippy::type_complexity, reason = "the documents that go and the blocks that come")]
    fn write_passages(&mut self, change: Change) -> Result<(Vec<DocumentId>, Vec<(Span, Vec<Entry>)>)> {
        let mut blocks = Vec::new();
        let mut entries = change.put.into_iter();
        loop {
            let some: Vec<Entry> = entries.by_ref().take(block::ENTRIES).collect();
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
) -> Result<Vec<Frame>> {
    let mut gone: HashSet<u32> =
        removed.iter().flat_map(|document| table.rows_of(document)).copied().collect();
    let entries = || blocks.iter().flat_map(|(_, entries)| entries);
    gone.extend(entries().filter_map(|entry| table.row_of(&entry.passage.id)).map(|row| row as u32));
    // Of two entries with one id the last counts.
    let last: BTreeMap<PassageId, usize> =
        entries().enumerate().map(|(at, entry)| (entry.passage.id, at)).collect();
    let mut gone: Vec<u32> = gone.into_iter().collect();
    gone.sort_unstable();
    let mut frames = vec![Frame { removed: gone, ..Frame::default() }];
    let mut fresh: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut number = 0;
    for (span, entries) in blocks {
        for (within, Entry { passage, vector }) in entries.iter().enumerate() {
            let at = number;
            number += 1;
            if last.get(&passage.id) != Some(&at) {
                continue;
            }
            if frames.last().is_some_and(|frame| frame.rows.len() >= ROWS) {
                frames.push(Frame::default());
            }
            let Some(frame) = frames.last_mut() else { continue };
            let set = if let Some(set) = table.postings.number(&passage.attributes) {
                set
            } else {
                let key = serde_json::to_vec(&passage.attributes)
                    .map_err(|why| Error::internal("writing a knowledge base's rows", why.to_string()))?;
                let next = (table.postings.len() + fresh.len()) as u32;
                *fresh.entry(key).or_insert_with(|| {
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
    Ok(frames)
}
