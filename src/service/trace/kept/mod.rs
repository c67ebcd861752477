//! Traces that came from elsewhere, kept: sealed segments that are only appended to, and records that say where in them the
//! spans of each trace lie.
//!
//! A segment is a log on a shelf. Spans of one trace that come together are two frames of it: the spans as OTLP writes them, and
//! their rows, which alone a trace is opened from. The frames are on the disk before they are acknowledged; the records follow
//! softly, since a start makes those anew that a death has taken. A damaged frame costs its spans and is named. What is too old
//! or too much goes by whole segments.

mod catch_up;
mod frame;
mod known;
mod open;
mod recent;
mod sweep;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::message::Usage;
use crate::domain::time::Timestamp;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::{Facts, Run, Source, TraceId, TraceSpan};
use crate::domain::{Error, ErrorKind, Result};
use crate::store::record::{Chunk, ChunkKey, RunKey, Segment, SegmentKey, TraceAt};
use crate::store::{Batch, Hold, Log, Scan, Shelf, Store};
use crate::wire::trace::meaning;

pub(super) use frame::weight;
pub use open::Opened;
use recent::Recent;
pub use sweep::Keep;

/// The shelf of the segments.
const SHELF: &str = "traces";
/// Bytes after which the next segment begins.
const SEGMENT: u64 = 64 << 20;
/// Spans of a chunk, and about how many bytes of them.
const CHUNK: usize = 512;
const CHUNK_BYTES: usize = 1 << 20;
/// A trace of up to so many spans is reckoned anew with all that comes; one of up to the second with its root, which most often
/// comes last. In between sums are added.
const SMALL: u64 = 500;
const LARGE: u64 = 200_000;

/// What a call of a model costs: its provider, the model, the tokens.
pub type Price = Arc<dyn Fn(&str, &str, &Usage) -> Option<f64> + Send + Sync>;

/// Spans of one sender.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    pub source: Source,
    pub spans: Vec<TraceSpan>,
}

/// What became of arrivals.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Added {
    /// The runs that have grown, as they are now.
    pub runs: Vec<Run>,
    /// For each arrival how many of its spans were here already, as they are.
    pub known: Vec<u64>,
}

/// The kept traces of a workspace. Everything here blocks.
pub struct Kept {
    store: Store,
    shelf: Shelf,
    price: Price,
    size: u64,
    state: Mutex<State>,
    /// Two that append to one segment would spoil it.
    _hold: Hold,
}

struct State {
    number: u32,
    log: Log,
    segment: Segment,
    recent: Recent,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("shelf", &self.shelf).finish_non_exhaustive()
    }
}

/// The name of a segment's file.
fn file(number: u32) -> String {
    format!("segment-{number:08}")
}

impl Kept {
    /// Opens what is kept in a store; what is to be said of it comes along.
    pub fn open(store: &Store, price: Price) -> Result<(Self, Vec<String>)> {
        Self::open_sized(store, price, SEGMENT)
    }

    /// The same with segments of another size, for tests.
    pub fn open_sized(store: &Store, price: Price, size: u64) -> Result<(Self, Vec<String>)> {
        let shelf = store.shelf(SHELF)?;
        let hold = shelf.hold()?;
        let mut notices = Vec::new();
        let newest = catch_up::catch_up(store, &shelf, &price, &mut notices)?;
        let number = newest.unwrap_or(1);
        let segment = store.get::<Segment>(&SegmentKey(number))?.unwrap_or_default();
        let recent = Recent::new((number, segment.known));
        let state = State { number, log: shelf.log(&file(number))?, segment, recent };
        let (store, state) = (store.clone(), Mutex::new(state));
        Ok((Self { store, shelf, price, size, state, _hold: hold }, notices))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps spans: when this returns they are on the disk. Several arrivals are one act: all of them are kept, or none.
    pub fn add(&self, mut arrivals: Vec<Arrival>, now: Timestamp) -> Result<Added> {
        let mut state = self.state();
        let known::Left { known, numbers } =
            known::take_out(&self.store, &self.shelf, &mut state.recent, &mut arrivals)?;
        if arrivals.iter().all(|arrival| arrival.spans.is_empty()) {
            return Ok(Added { runs: Vec::new(), known });
        }
        if state.log.length() >= self.size {
            self.rotate(&mut state)?;
        }
        let start = state.segment.known;
        if state.log.length() > start {
            state.log.truncate(start)?;
        }
        let added = self.append(&mut state, chunks(arrivals, numbers), now);
        if added.is_err() && state.log.length() > start {
            // Nothing of it was acknowledged: it must not come back. Where that fails too, it is done before the next ones.
            let _ = state.log.truncate(start);
        }
        added.map(|runs| Added { runs, known })
    }

    fn append(&self, state: &mut State, came: Vec<Came>, now: Timestamp) -> Result<Vec<Run>> {
        let mut grown: BTreeMap<TraceId, Grown> = BTreeMap::new();
        let mut batch = Batch::new();
        let (mut segment, mut come) = (state.segment, Vec::new());
        for Came { source, trace, spans, numbers } in came {
            let rows = outline_of(&spans, &self.price);
            let spans_frame = state.log.append(&frame::spans(&spans))?;
            let head = frame::Head { source, trace, spans: spans_frame, arrived: now };
            let rows_frame = state.log.append(&frame::rows(&head, &rows))?;
            let chunk = Chunk {
                length: spans_frame.length,
                rows_at: rows_frame.at,
                rows_length: rows_frame.length,
                spans: spans.len() as u32,
            };
            segment.spans += u64::from(chunk.spans);
            let key = ChunkKey { trace, segment: state.number, at: spans_frame.at };
            batch.put(&key, &chunk)?;
            come.extend(numbers.into_iter().map(|number| (number, (key.segment, key.at))));
            let bytes = u64::from(chunk.length) + u64::from(chunk.rows_length);
            grown.entry(trace).or_insert_with(|| Grown::new(source)).take(rows, bytes);
        }
        state.log.sync()?;
        let mut runs = Vec::new();
        for (trace, grown) in grown {
            let run = grown.run(&self.store, &self.shelf, &self.price, trace)?;
            put_run(&mut batch, &run)?;
            runs.push(run);
        }
        (segment.known, segment.last) = (state.log.length(), now);
        batch.put(&SegmentKey(state.number), &segment)?;
        self.store.commit_soft(batch)?;
        state.segment = segment;
        for (number, part) in come {
            state.recent.put(number, part);
        }
        Ok(runs)
    }

    /// Begins the next segment.
    fn rotate(&self, state: &mut State) -> Result<()> {
        let number = state.number + 1;
        state.log = self.shelf.log(&file(number))?;
        (state.number, state.segment) = (number, Segment::default());
        Ok(())
    }

    /// Runs by their beginnings, newest first, behind `after`. One that is damaged costs itself: `workspace verify` names it.
    pub fn runs(&self, after: Option<RunKey>) -> impl Iterator<Item = Result<Run>> + use<> {
        let mut scan = Scan::<Run>::all().reverse();
        if let Some(after) = after {
            scan = scan.after(&after);
        }
        let is_sound = |record: &Result<(RunKey, Run)>| {
            record.as_ref().err().is_none_or(|error| error.kind != ErrorKind::Corrupt)
        };
        self.store.scan(scan).filter(is_sound).map(|record| record.map(|(_, run)| run))
    }

    /// A run.
    pub fn run(&self, trace: TraceId) -> Result<Option<Run>> {
        run_of(&self.store, trace)
    }

    /// Puts on the disk what is known of the segments, so that the next start need not read them.
    pub fn flush(&self) -> Result<()> {
        self.store.flush()
    }
}

/// What a trace has grown by.
struct Grown {
    source: Source,
    outline: Outline,
    bytes: u64,
}

impl Grown {
    fn new(source: Source) -> Self {
        Self { source, outline: Outline::default(), bytes: 0 }
    }

    fn take(&mut self, rows: Outline, bytes: u64) {
        self.bytes += bytes;
        if self.outline.rows.is_empty() {
            self.outline = rows;
        } else {
            // Packed and unpacked, the texts of both become the same ones.
            let count = rows.rows.len();
            crate::domain::trace::Packed::of(&rows, 0..count).unpack(&mut self.outline);
        }
    }

    /// The run with what it has grown by, which its records do not tell yet.
    fn run(self, store: &Store, shelf: &Shelf, price: &Price, trace: TraceId) -> Result<Run> {
        let Some(before) = run_of(store, trace)? else {
            return Ok(Run { bytes: self.bytes, ..Run::of(trace, self.source, &self.outline) });
        };
        let spans = self.outline.rows.len() as u64;
        let bytes = before.bytes + self.bytes;
        let has_root = self.outline.rows.iter().any(|row| row.parent == 0);
        let most = if has_root { LARGE } else { SMALL };
        if before.spans + spans > most {
            let more = Run::of(trace, before.source, &self.outline);
            return Ok(Run { bytes, ..before.and(more, has_root) });
        }
        let mut all = open::outline(store, shelf, price, trace).outline;
        let count = self.outline.rows.len();
        crate::domain::trace::Packed::of(&self.outline, 0..count).unpack(&mut all);
        let Run { source, at, swept, .. } = before;
        Ok(Run { at, bytes, swept, ..Run::of(trace, source, &all) })
    }
}

/// The run of a trace.
fn run_of(store: &Store, trace: TraceId) -> Result<Option<Run>> {
    match store.get::<TraceAt>(&trace)? {
        Some(TraceAt { at }) => store.get::<Run>(&RunKey(at, trace)),
        None => Ok(None),
    }
}

fn put_run(batch: &mut Batch, run: &Run) -> Result<()> {
    batch.put(&RunKey(run.at, run.id), run)?;
    batch.put(&run.id, &TraceAt { at: run.at })?;
    Ok(())
}

/// The rows of spans.
pub(super) fn outline_of(spans: &[TraceSpan], price: &Price) -> Outline {
    let mut outline = Outline::default();
    for span in spans {
        let facts = meaning::facts(span);
        outline.add(span, &facts, |facts: &Facts<'_>| {
            let model = if facts.model.is_empty() { facts.answered_by } else { facts.model };
            price(facts.provider, model, &facts.usage)
        });
    }
    outline
}

/// What becomes a chunk.
struct Came {
    source: Source,
    trace: TraceId,
    spans: Vec<TraceSpan>,
    /// By which they are remembered; none of a file's.
    numbers: Vec<u64>,
}

/// Spans by their traces, as many together as a chunk holds, each in order of arrival; and the numbers that they have.
fn chunks(arrivals: Vec<Arrival>, numbers: Vec<Vec<u64>>) -> Vec<Came> {
    let mut made: Vec<(Came, usize)> = Vec::new();
    // The chunk of each trace that has room.
    let mut open: BTreeMap<(Source, TraceId), usize> = BTreeMap::new();
    for (Arrival { source, spans }, numbers) in arrivals.into_iter().zip(numbers) {
        let mut numbers = numbers.into_iter();
        for span in spans {
            let weight = frame::weight(&span);
            let has_room = |at: &&usize| {
                let (Came { spans, .. }, bytes) = &made[**at];
                spans.len() < CHUNK && (bytes + weight <= CHUNK_BYTES || spans.is_empty())
            };
            let place = open.get(&(source, span.trace)).filter(has_room).copied();
            let at = place.unwrap_or_else(|| {
                let came = Came { source, trace: span.trace, spans: Vec::new(), numbers: Vec::new() };
                made.push((came, 0));
                open.insert((source, span.trace), made.len() - 1);
                made.len() - 1
            });
            let (came, bytes) = &mut made[at];
            *bytes += weight;
            came.spans.push(span);
            came.numbers.extend(numbers.next());
        }
    }
    made.into_iter().map(|(came, _)| came).collect()
}

/// What is told of a trace that is not there.
pub fn missing(trace: TraceId) -> Error {
    Error::new(
        ErrorKind::NotFound,
        "opening a trace",
        format!("there is none with the id {trace}"),
        "`outcrop traces list` shows those that there are.",
    )
}

#[cfg(test)]
mod tests;
