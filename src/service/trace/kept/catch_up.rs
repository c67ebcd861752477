//! At the start: what the records do not know of the segments is read from them, and what they know of segments that are gone is
//! forgotten.

use std::collections::{BTreeMap, BTreeSet};

use super::{Grown, Price, file, frame, put_run, sweep};
use crate::domain::Result;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::packed::unpack;
use crate::store::record::{Chunk, ChunkKey, Segment, SegmentKey};
use crate::store::{Batch, Log, Met, Scan, Shelf, Store};

/// Spans whose records are one batch.
const SPANS: u64 = 10_000;

/// Makes the records true; the number of the newest segment.
pub(super) fn catch_up(
    store: &Store,
    shelf: &Shelf,
    price: &Price,
    notices: &mut Vec<String>,
) -> Result<Option<u32>> {
    let number = |name: &String| name.strip_prefix("segment-")?.parse::<u32>().ok();
    let there: BTreeSet<u32> = shelf.names()?.iter().filter_map(number).collect();
    let gone = |key: &Result<SegmentKey>| key.as_ref().is_ok_and(|key| !there.contains(&key.0));
    let gone: Vec<SegmentKey> = store.keys::<Segment>(Scan::all()).filter(gone).collect::<Result<_>>()?;
    if !gone.is_empty() {
        sweep::forget(store, shelf, price, &gone.iter().map(|key| key.0).collect())?;
    }
    for number in &there {
        // One that cannot be read is made anew.
        let known = store.get::<Segment>(&SegmentKey(*number)).ok().flatten().unwrap_or_default();
        let path = shelf.folder().join(file(*number));
        let length = std::fs::metadata(&path).map_or(0, |about| about.len());
        if length != known.known {
            read(store, shelf, price, (*number, known), Some(*number) == there.last().copied(), notices)?;
        }
    }
    Ok(there.last().copied())
}

/// Reads what a segment has behind what is known of it.
fn read(
    store: &Store,
    shelf: &Shelf,
    price: &Price,
    (number, mut segment): (u32, Segment),
    is_last: bool,
    notices: &mut Vec<String>,
) -> Result<()> {
    let mut log = shelf.log(&file(number))?;
    let reader = log.reader();
    let mut part = Part::default();
    let mut at = segment.known.min(log.length());
    // Where the last frame of rows ends: a death may have left spans without theirs behind it.
    let mut end = at;
    while let Some(met) = reader.next(at, log.length())? {
        match met {
            Met::Frame(span, plain) => {
                at = span.end();
                let Some((head, packed)) = frame::read_rows(&plain) else { continue };
                end = at;
                let mut rows = Outline::default();
                let Some(spans) = unpack(packed, &mut rows) else { continue };
                let chunk = Chunk {
                    length: head.spans.length,
                    rows_at: span.at,
                    rows_length: span.length,
                    spans: u32::try_from(spans).unwrap_or(u32::MAX),
                };
                let key = ChunkKey { trace: head.trace, segment: number, at: head.spans.at };
                if store.has::<Chunk>(&key)? {
                    continue;
                }
                part.batch.put(&key, &chunk)?;
                part.spans += u64::from(chunk.spans);
                segment.spans += u64::from(chunk.spans);
                segment.last = segment.last.max(head.arrived);
                let bytes = u64::from(chunk.length) + u64::from(chunk.rows_length);
                let grown = part.grown.entry(head.trace).or_insert_with(|| Grown::new(head.source));
                grown.take(rows, bytes);
                if part.spans >= SPANS {
                    segment.known = end;
                    std::mem::take(&mut part).write(store, shelf, price, number, &segment)?;
                }
            }
            Met::Damage(range) => {
                at = range.end;
                if range.end < log.length() {
                    let place = shelf.folder().join(file(number));
                    notices.push(format!(
                        "Some spans of traces cannot be read any more: {} is damaged at {}.",
                        place.display(),
                        range.start
                    ));
                }
            }
        }
    }
    segment.known = cut(&mut log, end, is_last)?;
    part.write(store, shelf, price, number, &segment)
}

/// Cuts off what was not written to its end, of the segment that is written to; how much is known then.
fn cut(log: &mut Log, end: u64, is_last: bool) -> Result<u64> {
    if is_last && end < log.length() {
        log.truncate(end)?;
    }
    Ok(log.length())
}

#[derive(Default)]
struct Part {
    batch: Batch,
    grown: BTreeMap<crate::domain::trace::TraceId, Grown>,
    spans: u64,
}

impl Part {
    fn write(
        self,
        store: &Store,
        shelf: &Shelf,
        price: &Price,
        number: u32,
        segment: &Segment,
    ) -> Result<()> {
        let Self { mut batch, grown, .. } = self;
        for (trace, grown) in grown {
            put_run(&mut batch, &grown.run(store, shelf, price, trace)?)?;
        }
        batch.put(&SegmentKey(number), segment)?;
        store.commit_soft(batch)
    }
}
