//! What goes: segments that are too old or too much, and traces that nobody wants any more.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kept, Price, file, missing, open, put_run, run_of};
use crate::domain::Result;
use crate::domain::time::Timestamp;
use crate::domain::trace::{Run, TraceId};
use crate::service::trace::notes;
use crate::store::record::{Chunk, ChunkKey, RunKey, Segment, SegmentKey, TraceAt};
use crate::store::{Batch, Scan, Shelf, Store};

/// Removals that become one batch.
const BATCH: usize = 1024;

/// How much of the traces is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Segments whose last span came before so many milliseconds go.
    pub age_ms: u64,
    /// The newest that take so many bytes stay.
    pub bytes: u64,
}

impl Kept {
    /// Takes away what is too old or too much at the time `now`; the traces of which nothing is left, and those of which less
    /// is.
    pub fn sweep(&self, keep: Keep, now: Timestamp) -> Result<Vec<TraceId>> {
        let mut state = self.state();
        let mut total = 0_u64;
        let mut gone = BTreeSet::new();
        let segments: Vec<(SegmentKey, Segment)> =
            self.store.scan::<Segment>(Scan::all().reverse()).collect::<Result<_>>()?;
        for (SegmentKey(number), segment) in segments {
            total = total.saturating_add(segment.known);
            let is_old = segment.spans > 0 && now.since(segment.last) > keep.age_ms;
            let is_empty = segment.spans == 0 && number != state.number;
            if is_old || is_empty || total > keep.bytes {
                gone.insert(number);
            }
        }
        if gone.is_empty() {
            return Ok(Vec::new());
        }
        if gone.contains(&state.number) {
            self.rotate(&mut state)?;
        }
        let changed = forget(&self.store, &self.shelf, &self.price, &gone)?;
        // The records first: a death in between leaves files, which come back whole and go again.
        self.store.flush()?;
        for number in gone {
            self.shelf.remove(&file(number))?;
        }
        Ok(changed)
    }

    /// Takes a trace away. Its bytes go with the last trace of their segment.
    pub fn remove(&self, trace: TraceId) -> Result<()> {
        let mut state = self.state();
        let Some(run) = run_of(&self.store, trace)? else { return Err(missing(trace)) };
        let mut less: BTreeMap<u32, u64> = BTreeMap::new();
        let mut batch = Batch::new();
        let keys: Vec<ChunkKey> = self.store.keys::<Chunk>(Scan::under(&trace)).collect::<Result<_>>()?;
        for key in keys {
            // One that cannot be read is removed as well.
            let spans = self.store.get::<Chunk>(&key).ok().flatten().map_or(0, |chunk| chunk.spans);
            *less.entry(key.segment).or_default() += u64::from(spans);
            batch.remove::<Chunk>(&key);
        }
        let mut empty = BTreeSet::new();
        for (number, spans) in less {
            let kept = self.store.get::<Segment>(&SegmentKey(number))?.unwrap_or_default();
            let segment = Segment { spans: kept.spans.saturating_sub(spans), ..kept };
            batch.put(&SegmentKey(number), &segment)?;
            if number == state.number {
                state.segment = segment;
            }
            if segment.spans == 0 {
                empty.insert(number);
            }
        }
        batch.remove::<Run>(&RunKey(run.at, trace)).remove::<TraceAt>(&trace);
        notes::forget(&self.store, trace, &mut batch)?;
        self.store.commit(batch)?;
        if empty.contains(&state.number) {
            self.rotate(&mut state)?;
        }
        if !empty.is_empty() {
            forget(&self.store, &self.shelf, &self.price, &empty)?;
            self.store.flush()?;
        }
        for number in empty {
            self.shelf.remove(&file(number))?;
        }
        Ok(())
    }
}

/// Forgets what lies in these segments: the runs become shorter, or go. Which runs that are.
pub(super) fn forget(
    store: &Store,
    shelf: &Shelf,
    price: &Price,
    segments: &BTreeSet<u32>,
) -> Result<Vec<TraceId>> {
    let mut batch = Batch::new();
    let (mut waiting, mut swept) = (0, BTreeMap::<TraceId, u64>::new());
    for key in store.keys::<Chunk>(Scan::all()) {
        let key = key?;
        if !segments.contains(&key.segment) {
            continue;
        }
        let spans = store.get::<Chunk>(&key).ok().flatten().map_or(0, |chunk| chunk.spans);
        *swept.entry(key.trace).or_default() += u64::from(spans);
        batch.remove::<Chunk>(&key);
        waiting += 1;
        if waiting == BATCH {
            store.commit_soft(std::mem::take(&mut batch))?;
            waiting = 0;
        }
    }
    store.commit_soft(std::mem::take(&mut batch))?;
    for (trace, spans) in &swept {
        let Some(before) = run_of(store, *trace)? else { continue };
        let left = open::outline(store, shelf, price, *trace).outline;
        if left.rows.is_empty() {
            batch.remove::<Run>(&RunKey(before.at, *trace)).remove::<TraceAt>(trace);
            notes::forget(store, *trace, &mut batch)?;
        } else {
            let bytes = chunk_bytes(store, *trace)?;
            let Run { at, source, rough, .. } = before;
            let swept = before.swept + spans;
            put_run(&mut batch, &Run { at, bytes, swept, rough, ..Run::of(*trace, source, &left) })?;
        }
    }
    for number in segments {
        batch.remove::<Segment>(&SegmentKey(*number));
    }
    store.commit_soft(batch)?;
    Ok(swept.into_keys().collect())
}

fn chunk_bytes(store: &Store, trace: TraceId) -> Result<u64> {
    let mut bytes = 0;
    for chunk in store.scan::<Chunk>(Scan::under(&trace)) {
        let (_, chunk) = chunk?;
        bytes += u64::from(chunk.length) + u64::from(chunk.rows_length);
    }
    Ok(bytes)
}
