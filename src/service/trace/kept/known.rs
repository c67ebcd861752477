//! Spans that are here already: whoever reads a file again has each of its spans once, and so has a sender that tries again. One
//! of the same id that says anything else is another one. Of a file's spans all of their traces is looked through; of a sender's
//! only what came last, since looking further would cost each of its requests.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Arrival;
use super::open::Readers;
use super::recent::{Recent, Suspects};
use crate::domain::Result;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::{Source, SpanKey, TraceId, TraceSpan};
use crate::store::record::Chunk;
use crate::store::{Scan, Shelf, Store};
use crate::wire::trace::otlp::protobuf;

/// A span among those of some arrivals: which of these, and its place there.
pub(super) type Place = (usize, usize);
type Id = (TraceId, SpanKey);

/// What is left of some arrivals.
pub(super) struct Left {
    /// How many spans of each were here already.
    pub(super) known: Vec<u64>,
    /// The numbers of those that are left of each (see `recent`); none of a file's.
    pub(super) numbers: Vec<Vec<u64>>,
}

/// Takes out of what came what is kept already, or stands twice among it.
pub(super) fn take_out(
    store: &Store,
    shelf: &Shelf,
    recent: &mut Recent,
    arrivals: &mut [Arrival],
) -> Result<Left> {
    let mut places: HashMap<Id, Vec<Place>> = HashMap::new();
    for (which, arrival) in arrivals.iter().enumerate() {
        if arrival.source == Source::Imported {
            for (at, span) in arrival.spans.iter().enumerate() {
                places.entry((span.trace, span.id)).or_default().push((which, at));
            }
        }
    }
    let traces: BTreeSet<TraceId> = places.keys().map(|(trace, _)| *trace).collect();
    let Suspects { places: suspects, parts, mut numbers } = recent.suspects(store, shelf, arrivals);
    for (which, at) in suspects {
        let span = &arrivals[which].spans[at];
        places.entry((span.trace, span.id)).or_default().push((which, at));
    }
    let mut known = vec![HashSet::new(); arrivals.len()];
    if !places.is_empty() {
        let said = |(which, at): Place| as_kept(&arrivals[which].spans[at]);
        let mut several: HashMap<Id, HashMap<Vec<u8>, Place>> = HashMap::new();
        for (id, alike) in places.iter().filter(|(_, alike)| alike.len() > 1) {
            let first = several.entry(*id).or_default();
            for place in alike {
                if *first.entry(said(*place)).or_insert(*place) != *place {
                    known[place.0].insert(place.1);
                }
            }
        }
        let mut compare = |span: &TraceSpan| {
            let id = (span.trace, span.id);
            let Some(alike) = places.get(&id) else { return };
            let kept = written(span);
            let same = match several.get(&id) {
                Some(first) => first.get(&kept).copied(),
                None => alike.first().copied().filter(|place| said(*place) == kept),
            };
            if let Some((which, at)) = same {
                known[which].insert(at);
            }
        };
        let mut readers = Readers::new(shelf);
        for trace in &traces {
            visit(store, &mut readers, *trace, &places, &mut compare)?;
        }
        for key in parts.iter().filter(|key| !traces.contains(&key.trace)) {
            // Its trace may have been removed since.
            let Ok(Some(chunk)) = store.get::<Chunk>(key) else { continue };
            if let Ok(spans) = readers.spans(key, &chunk) {
                spans.iter().for_each(&mut compare);
            }
        }
    }
    for ((arrival, numbers), known) in arrivals.iter_mut().zip(&mut numbers).zip(&known) {
        let mut places = 0..;
        arrival.spans.retain(|_| places.next().is_some_and(|at| !known.contains(&at)));
        let mut places = 0..;
        numbers.retain(|_| places.next().is_some_and(|at| !known.contains(&at)));
    }
    Ok(Left { known: known.into_iter().map(|known| known.len() as u64).collect(), numbers })
}

/// Visits the kept spans of a trace, of those parts alone in which there is one of these ids. What cannot be read says nothing.
fn visit(
    store: &Store,
    readers: &mut Readers<'_>,
    trace: TraceId,
    ids: &HashMap<Id, Vec<Place>>,
    mut visit: impl FnMut(&TraceSpan),
) -> Result<()> {
    for key in store.keys::<Chunk>(Scan::under(&trace)) {
        let key = key?;
        let Ok(Some(chunk)) = store.get::<Chunk>(&key) else { continue };
        let mut rows = Outline::default();
        let is_read = readers.rows(&key, &chunk, &mut rows).is_ok();
        if is_read && !rows.rows.iter().any(|row| ids.contains_key(&(trace, SpanKey(row.id)))) {
            continue;
        }
        if let Ok(spans) = readers.spans(&key, &chunk) {
            spans.iter().for_each(&mut visit);
        }
    }
    Ok(())
}

/// All that a span says, as it is written.
fn written(span: &TraceSpan) -> Vec<u8> {
    protobuf::encode(std::slice::from_ref(span))
}

/// The same of one that is not kept yet, as it will be read again.
fn as_kept(span: &TraceSpan) -> Vec<u8> {
    protobuf::encode(&protobuf::decode(&written(span)).spans)
}
