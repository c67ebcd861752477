//! The spans that senders brought last, each as one number, and the part of a trace where it lies: a sender that had no answer
//! sends its request again.
//!
//! The number only says where to look; whether two are one is told by all that they say (see `known`). It is bounded: what came
//! long ago is forgotten, and if that comes again it is kept again, which its trace then marks.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::open::Readers;
use super::{Arrival, known};
use crate::domain::trace::outline::{Outline, Row};
use crate::domain::trace::{Source, TraceId, TraceSpan};
use crate::store::record::{Chunk, ChunkKey};
use crate::store::{Scan, Shelf, Store};

/// Spans that are remembered for certain; never more than twice as many are. All of them take some 3 MB.
const MOST: usize = 1 << 15;
/// Parts of a trace of before this start that are read when it goes on: the newest.
const PARTS: usize = 64;

/// What a span tells in short: its trace, its id and its name, when it began and ended, how many events and links it has. Its row
/// tells the same.
type Short<'a> = (TraceId, u64, &'a str, u64, u64, u32, u32);

/// Where the part of a trace lies: its segment, and the place in it.
type Part = (u32, u64);

/// What is remembered.
pub(super) struct Recent {
    words: RandomState,
    young: HashMap<u64, Part>,
    /// What was young before; it goes when as many have come again.
    old: HashMap<u64, Part>,
    /// Where this start began to write.
    begun: Part,
    /// Traces of before it whose spans are remembered.
    earlier: HashSet<TraceId>,
}

/// What of some arrivals may have come before.
pub(super) struct Suspects {
    pub(super) places: Vec<known::Place>,
    /// Where to look.
    pub(super) parts: BTreeSet<ChunkKey>,
    /// The numbers of each arrival's spans; none of a file's.
    pub(super) numbers: Vec<Vec<u64>>,
}

impl Recent {
    /// Nothing, and what lies before `begun` is read when it is wanted.
    pub(super) fn new(begun: Part) -> Self {
        let (words, young, old) = (RandomState::new(), HashMap::new(), HashMap::new());
        Self { words, young, old, begun, earlier: HashSet::new() }
    }

    /// The number of a span.
    fn number(&self, span: &TraceSpan) -> u64 {
        let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
        let (events, links) = (count(span.events.len()), count(span.links.len()));
        let short: Short<'_> = (span.trace, span.id.0, &span.name, span.start, span.end, events, links);
        self.words.hash_one(short)
    }

    fn number_of_row(&self, trace: TraceId, rows: &Outline, row: &Row) -> u64 {
        let name = rows.names.get(row.name);
        let short: Short<'_> = (trace, row.id, name, row.start, row.end, row.events, row.links);
        self.words.hash_one(short)
    }

    /// Remembers a span.
    pub(super) fn put(&mut self, number: u64, part: Part) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(number, part);
    }

    fn part(&self, number: u64) -> Option<Part> {
        self.young.get(&number).or_else(|| self.old.get(&number)).copied()
    }

    /// Looks for the spans of senders that may have come before, or may stand twice among what came.
    pub(super) fn suspects(&mut self, store: &Store, shelf: &Shelf, arrivals: &[Arrival]) -> Suspects {
        let received =
            || arrivals.iter().enumerate().filter(|(_, arrival)| arrival.source == Source::Received);
        let spans = received().flat_map(|(which, arrival)| {
            arrival.spans.iter().enumerate().map(move |(at, span)| ((which, at), span))
        });
        let count: usize = received().map(|(_, arrival)| arrival.spans.len()).sum();
        let traces: BTreeSet<TraceId> = spans.clone().map(|(_, span)| span.trace).collect();
        let mut readers = Readers::new(shelf);
        for trace in traces {
            self.look_back(store, &mut readers, trace);
        }
        let (mut suspects, mut parts) = (Vec::new(), BTreeSet::new());
        let mut numbers = vec![Vec::new(); arrivals.len()];
        let mut first: HashMap<u64, Option<known::Place>> = HashMap::with_capacity(count);
        for (place, span) in spans {
            let number = self.number(span);
            numbers[place.0].push(number);
            if let Some((segment, at)) = self.part(number) {
                suspects.push(place);
                parts.insert(ChunkKey { trace: span.trace, segment, at });
                continue;
            }
            match first.entry(number) {
                Entry::Vacant(free) => {
                    free.insert(Some(place));
                }
                Entry::Occupied(mut taken) => {
                    suspects.extend(taken.get_mut().take());
                    suspects.push(place);
                }
            }
        }
        Suspects { places: suspects, parts, numbers }
    }

    /// Remembers the newest spans of a trace of before this start, when it goes on: a request may have come while the program
    /// ended. What cannot be read says nothing.
    fn look_back(&mut self, store: &Store, readers: &mut Readers<'_>, trace: TraceId) {
        if self.earlier.contains(&trace) {
            return;
        }
        let (segment, at) = self.begun;
        let before = Scan::<Chunk>::under(&trace).after(&ChunkKey { trace, segment, at }).reverse();
        let mut found = false;
        for (key, chunk) in store.scan(before.limit(PARTS)).flatten() {
            found = true;
            let mut rows = Outline::default();
            if readers.rows(&key, &chunk, &mut rows).is_err() {
                continue;
            }
            for row in &rows.rows {
                let number = self.number_of_row(trace, &rows, row);
                // The newest are read first.
                if self.part(number).is_none() {
                    self.put(number, (key.segment, key.at));
                }
            }
        }
        if found {
            if self.earlier.len() >= MOST {
                self.earlier.clear();
            }
            self.earlier.insert(trace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::{SpanEvent, SpanKey};
    use crate::wire::trace::meaning;

    #[test]
    fn the_last_spans_are_remembered_and_those_of_long_ago_are_not() {
        let mut recent = Recent::new((1, 0));
        let span = |id: usize| TraceSpan { id: SpanKey(id as u64), ..TraceSpan::default() };
        for id in 0..MOST * 3 {
            let number = recent.number(&span(id));
            recent.put(number, (1, id as u64));
        }
        let part = |id: usize| recent.part(recent.number(&span(id)));
        assert_eq!(part(MOST * 3 - 1), Some((1, MOST as u64 * 3 - 1)));
        assert_eq!(part(MOST * 2), Some((1, MOST as u64 * 2)));
        assert_eq!(part(0), None);
        assert!(recent.young.len() + recent.old.len() <= 2 * MOST);
        let other = TraceSpan { end: 7, ..span(MOST * 3 - 1) };
        assert_eq!(recent.part(recent.number(&other)), None, "one that tells otherwise is another one");
    }

    #[test]
    fn a_row_has_the_number_of_its_span() {
        let recent = Recent::new((1, 0));
        let (trace, id, name) = (TraceId([3; 16]), SpanKey(4), "step".to_owned());
        let mut span = TraceSpan { trace, id, name, start: 5, end: 6, ..TraceSpan::default() };
        span.events.push(SpanEvent::default());
        let mut rows = Outline::default();
        rows.add(&span, &meaning::facts(&span), |_| None);
        assert_eq!(recent.number_of_row(span.trace, &rows, &rows.rows[0]), recent.number(&span));
    }
}
