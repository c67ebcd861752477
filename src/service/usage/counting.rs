//! Adds calls up as they are recorded, in the same batch: each is counted once, or neither kept nor counted.
//!
//! A store of before counts what it has in the order of keys, piece by piece, and remembers how far it has come. What
//! is recorded meanwhile is counted at once where that place lies behind it, and else when its turn comes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Result;
use crate::domain::id::SpanId;
use crate::domain::trace::Span;
use crate::domain::usage::{Subject, day_and_hour};
use crate::store::record::{Remembered, UsageDay, UsageKey};
use crate::store::{Batch, Scan, Store};

/// The name under which it is remembered how far the spans were counted.
const COUNTED: &str = "usage.counted";

/// Spans of before that are counted at a time.
const PIECE: usize = 512;

/// How far the spans of a store were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counted {
    /// Every span up to this one was; `None` where none was.
    upto: Option<SpanId>,
    /// All were, and new ones are as they come.
    all: bool,
}

impl Counted {
    fn of(store: &Store) -> Result<Self> {
        let kept = store.get::<Remembered>(&store.name(COUNTED))?;
        Ok(kept.and_then(|kept| serde_json::from_value(kept.value).ok()).unwrap_or_default())
    }

    /// Whether a span that is recorded now is counted now.
    fn takes(self, span: SpanId) -> bool {
        self.all || self.upto.is_some_and(|upto| span <= upto)
    }

    fn put(self, store: &Store, batch: &mut Batch) -> Result<()> {
        let value = serde_json::to_value(self).map_err(|error| {
            crate::domain::Error::internal("remembering which calls were counted", error.to_string())
        })?;
        batch.put(&store.name(COUNTED), &Remembered { name: COUNTED.to_owned(), value })?;
        Ok(())
    }
}

/// What one batch changes of the sums. Only one thread of a process counts.
#[derive(Debug)]
pub struct Counting<'a> {
    store: &'a Store,
    counted: Counted,
    days: BTreeMap<UsageKey, UsageDay>,
}

impl<'a> Counting<'a> {
    /// Begins a batch. How far the store was counted is read each time: a restore may have put another in its place.
    pub fn begin(store: &'a Store) -> Result<Self> {
        Ok(Self { store, counted: Counted::of(store)?, days: BTreeMap::new() })
    }

    /// Whether every call that is kept is counted.
    pub fn is_done(store: &Store) -> Result<bool> {
        Ok(Counted::of(store)?.all)
    }

    /// Counts a span that goes into the same batch, unless its turn comes later.
    pub fn record(&mut self, span: &Span) -> Result<()> {
        if self.counted.takes(span.id) { self.add(span) } else { Ok(()) }
    }

    fn add(&mut self, span: &Span) -> Result<()> {
        if span.is_misnamed() {
            return Ok(());
        }
        let Some(subject) = Subject::of(span) else { return Ok(()) };
        let (day, hour) = day_and_hour(span.started);
        let key = UsageKey(day, self.store.subject_name(&subject)?);
        if !self.days.contains_key(&key) {
            let kept = self.store.get::<UsageDay>(&key).unwrap_or_else(|error| {
                // What is lost is a day of one model. Counting goes on.
                tracing::warn!(%error, "a day of usage cannot be read and begins anew");
                None
            });
            self.days.insert(key, kept.unwrap_or_else(|| UsageDay::new(subject)));
        }
        if let Some(day) = self.days.get_mut(&key) {
            day.change(hour, |tally| tally.record(span));
        }
        Ok(())
    }

    /// Puts the sums into the batch; whether there are any.
    pub fn finish(self, batch: &mut Batch) -> Result<bool> {
        for (key, day) in &self.days {
            batch.put(key, day)?;
        }
        Ok(!self.days.is_empty())
    }

    /// Counts the next of the spans that the store had before they were counted at all; whether none is left.
    pub fn catch_up(store: &Store) -> Result<bool> {
        let mut counting = Counting::begin(store)?;
        if counting.counted.all {
            return Ok(true);
        }
        let mut scan = Scan::<Span>::all();
        if let Some(upto) = counting.counted.upto {
            scan = scan.after(&upto);
        }
        let keys = store.keys::<Span>(scan.limit(PIECE)).collect::<Result<Vec<_>>>()?;
        for key in &keys {
            match store.get::<Span>(key) {
                Ok(Some(span)) => counting.add(&span)?,
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "a record of a call cannot be read and is not counted"),
            }
        }
        let all = keys.len() < PIECE;
        let upto = keys.last().copied().or(counting.counted.upto);
        let mut batch = Batch::new();
        Counted { upto, all }.put(store, &mut batch)?;
        counting.finish(&mut batch)?;
        store.commit_soft(batch)?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
