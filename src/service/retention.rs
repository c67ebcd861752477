//! Spans, what was said in them, replays and egress entries are kept for a while, and no more of them than there is room for;
//! attachments as long as something names them; what agents remember, and their runs then, as long as their definitions say.

use std::cmp::Reverse;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::id::SpanId;
use crate::domain::time::Timestamp;
use crate::domain::trace::replay::Replay;
use crate::domain::trace::told::Told;
use crate::domain::trace::{Egress, Span};
use crate::domain::{Error, Result};
use crate::service::trace::notes;
use crate::service::{agent, naming};
use crate::store::record::{EgressKey, Remembered, ReplayOf};
use crate::store::{Batch, Record, Scan, Store};

/// The name under which the last sweep is remembered.
const SWEPT: &str = "retention.swept";

/// Removals that become one batch.
const BATCH: usize = 256;

/// How much of the past is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keep {
    /// Nothing older than so many milliseconds.
    pub age_ms: u64,
    /// The newest that take so many bytes: of spans, as many of their texts, and as many of egress entries.
    pub bytes: u64,
}

/// When the record of calls was swept, and by which measure.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Swept {
    at: Timestamp,
    keep: Keep,
}

/// `sweep`, unless that was done by the same measure in the last `rest`: every record is looked at for it.
pub fn sweep_at_times(store: &Store, keep: Keep, now: Timestamp, rest: Duration) -> Result<usize> {
    let key = store.name(SWEPT);
    let last =
        store.get::<Remembered>(&key)?.and_then(|last| serde_json::from_value::<Swept>(last.value).ok());
    let young = |last: &Swept| last.at <= now && u128::from(now.since(last.at)) < rest.as_millis();
    if last.is_some_and(|last| last.keep == keep && young(&last)) {
        return Ok(0);
    }
    let removed = sweep(store, keep, now)?;
    let value = serde_json::to_value(Swept { at: now, keep })
        .map_err(|error| Error::internal("remembering when calls were swept", error.to_string()))?;
    let mut batch = Batch::new();
    batch.put(&key, &Remembered { name: SWEPT.to_owned(), value })?;
    store.commit_soft(batch)?;
    Ok(removed + agent::forget_old(store, now)? + naming::sweep(store)? + notes::sweep(store)?)
}

/// Removes what is too old or too much at the time `now`; how many records that were. Nothing of them is left, nor of those
/// that earlier versions removed. Blocks.
pub fn sweep(store: &Store, keep: Keep, now: Timestamp) -> Result<usize> {
    let spans = sweep_kind::<Span>(store, keep, now, SpanId::made)?
        + sweep_kind::<Told>(store, keep, now, SpanId::made)?
        + sweep_replays(store, keep, now)?;
    Ok(spans + sweep_kind::<Egress>(store, keep, now, |key: &EgressKey| Some(key.0))?)
}

/// A kind whose keys are in order of time.
fn sweep_kind<R: Record>(
    store: &Store,
    keep: Keep,
    now: Timestamp,
    made: impl Fn(&R::Key) -> Option<Timestamp>,
) -> Result<usize> {
    sweep_behind::<R>(store, keep, now, store.sizes::<R>(Scan::all().reverse()), made)
}

/// Replays stand by the span that they are of, whichever was made first.
fn sweep_replays(store: &Store, keep: Keep, now: Timestamp) -> Result<usize> {
    let mut all = store.sizes::<Replay>(Scan::all()).collect::<Result<Vec<_>>>()?;
    all.sort_unstable_by_key(|(key, _)| Reverse(key.1));
    sweep_behind::<Replay>(store, keep, now, all.into_iter().map(Ok), |key: &ReplayOf| key.1.made())
}

fn sweep_behind<R: Record>(
    store: &Store,
    keep: Keep,
    now: Timestamp,
    newest_first: impl Iterator<Item = Result<(R::Key, u64)>>,
    made: impl Fn(&R::Key) -> Option<Timestamp>,
) -> Result<usize> {
    let mut batch = Batch::new();
    let (mut waiting, mut removed, mut bytes) = (0, 0, 0_u64);
    // What is left when the room is used up goes.
    for entry in newest_first {
        let (key, size) = entry?;
        bytes = bytes.saturating_add(size);
        let old = made(&key).is_some_and(|made| now.since(made) > keep.age_ms);
        if !old && bytes <= keep.bytes {
            continue;
        }
        batch.remove::<R>(&key);
        waiting += 1;
        removed += 1;
        if waiting == BATCH {
            store.commit_soft(std::mem::take(&mut batch))?;
            waiting = 0;
        }
    }
    if waiting > 0 {
        store.commit_soft(batch)?;
    }
    store.forget_marks::<R>()?;
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::replay::{Asked, Gave, Place};
    use crate::domain::trace::{SpanKind, SpanStatus};
    use crate::service::fresh;
    use crate::store::record::{Kind, RecordKey};
    use crate::store::{Owner, Unlock};

    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn open(folder: &std::path::Path) -> Store {
        Store::open(&Owner::take(folder).unwrap(), &Unlock { passphrase: None, ask: false }).unwrap().0
    }

    /// The id of a span that began `days` before `now`, whose other bits are `number`.
    fn id(now: Timestamp, days: u64, number: u8) -> SpanId {
        let millis = (now.0 as u64 - days * DAY).to_be_bytes();
        let mut bytes = [number; 16];
        bytes[..6].copy_from_slice(&millis[2..]);
        // Version and variant, as RFC 9562 has them.
        bytes[6] = 0x70;
        bytes[8] = 0x80 | (number & 0x3f);
        SpanId::from_bytes(bytes)
    }

    fn put(store: &Store, now: Timestamp, days: u64, number: u8) {
        let id = id(now, days, number);
        let at = Timestamp(now.0 - (days * DAY) as i64);
        assert_eq!(id.made(), Some(at));
        let span = Span { status: SpanStatus::Done, ..Span::begun(id, SpanKind::ListModels, "p", at) };
        let egress = Egress {
            number: 1,
            span: Some(id),
            doing: None,
            host: "h:1".into(),
            status: None,
            sent: 0,
            head: None,
            received: Some(0),
            request_id: None,
        };
        let mut batch = Batch::new();
        batch.put(&id, &span).unwrap().put(&EgressKey(at, id), &egress).unwrap();
        store.commit(batch).unwrap();
    }

    fn left(store: &Store) -> (usize, usize) {
        let spans = store.keys::<Span>(Scan::all()).count();
        (spans, store.keys::<Egress>(Scan::all()).count())
    }

    #[test]
    fn what_is_too_old_goes_and_what_is_young_stays() {
        let home = tempfile::tempdir().unwrap();
        let (store, now) = (open(home.path()), fresh::now());
        // More than one batch of old ones.
        for number in 0..=255 {
            put(&store, now, 40, number);
        }
        for number in 0..50 {
            put(&store, now, 41, number);
            put(&store, now, 3, number);
        }
        let keep = Keep { age_ms: 30 * DAY, bytes: u64::MAX };
        assert_eq!(sweep(&store, keep, now).unwrap(), 2 * 306);
        assert_eq!(left(&store), (50, 50));
        assert_eq!(sweep(&store, keep, now).unwrap(), 0);
        let (old, young) = (id(now, 40, 1), id(now, 3, 1));
        let mut batch = Batch::new();
        batch.put(&old, &Told::default()).unwrap().put(&young, &Told::default()).unwrap();
        store.commit(batch).unwrap();
        assert_eq!(sweep(&store, keep, now).unwrap(), 1, "what was said goes by the same measure");
        assert!(store.has::<Told>(&young).unwrap() && !store.has::<Told>(&old).unwrap());
        // A clock that was set back makes nothing old.
        assert_eq!(sweep(&store, keep, Timestamp(0)).unwrap(), 0);
    }

    /// The mark that earlier versions left of every span that they removed.
    #[derive(Serialize, Deserialize)]
    struct Mark;

    struct MarkOf(SpanId);

    impl RecordKey for MarkOf {
        fn write(&self, bytes: &mut Vec<u8>) {
            bytes.push(Kind::Span as u8);
            self.0.write(bytes);
        }

        fn read(bytes: &[u8]) -> Option<Self> {
            SpanId::read(bytes.strip_prefix(&[Kind::Span as u8])?).map(Self)
        }
    }

    impl Record for Mark {
        const KIND: Kind = Kind::Removed;
        const SCHEMA: u8 = 1;
        type Key = MarkOf;
    }

    #[test]
    fn a_sweep_leaves_no_marks_and_takes_those_of_before() {
        let home = tempfile::tempdir().unwrap();
        let (store, now) = (open(home.path()), fresh::now());
        let marks = || store.keys::<Mark>(Scan::all()).count();
        let keep = Keep { age_ms: 30 * DAY, bytes: u64::MAX };
        put(&store, now, 40, 1);
        assert_eq!(sweep(&store, keep, now).unwrap(), 2);
        assert_eq!(marks(), 0, "of what is swept now");
        let mut batch = Batch::new();
        for number in 2..9 {
            batch.put(&MarkOf(id(now, 40, number)), &Mark).unwrap();
        }
        store.commit(batch).unwrap();
        assert_eq!(marks(), 7);
        sweep(&store, keep, now).unwrap();
        assert_eq!(marks(), 0, "of what was swept before");
    }

    #[test]
    fn what_was_swept_today_is_swept_again_only_by_another_measure() {
        let home = tempfile::tempdir().unwrap();
        let (store, now) = (open(home.path()), fresh::now());
        let keep = Keep { age_ms: 30 * DAY, bytes: u64::MAX };
        let day = Duration::from_millis(DAY);
        put(&store, now, 40, 1);
        assert_eq!(sweep_at_times(&store, keep, now, day).unwrap(), 2);
        put(&store, now, 40, 2);
        let later = Timestamp(now.0 + DAY as i64 - 1);
        assert_eq!(sweep_at_times(&store, keep, later, day).unwrap(), 0);
        let less = Keep { age_ms: 20 * DAY, ..keep };
        assert_eq!(sweep_at_times(&store, less, later, day).unwrap(), 2);
        put(&store, now, 40, 3);
        assert_eq!(sweep_at_times(&store, less, Timestamp(later.0 + DAY as i64), day).unwrap(), 2);
        // A clock that was set back puts nothing off.
        put(&store, now, 40, 4);
        assert_eq!(sweep_at_times(&store, less, now, day).unwrap(), 2);
    }

    #[test]
    fn of_what_is_too_much_the_newest_stay() {
        let home = tempfile::tempdir().unwrap();
        let (store, now) = (open(home.path()), fresh::now());
        for number in 0..20 {
            put(&store, now, u64::from(number), number);
        }
        let sizes = store.sizes::<Span>(Scan::all().reverse().limit(7));
        let keep = Keep { age_ms: u64::MAX, bytes: sizes.map(|entry| entry.unwrap().1).sum() };
        sweep(&store, keep, now).unwrap();
        let kept: Vec<_> = store.keys::<Span>(Scan::all().reverse()).map(Result::unwrap).collect();
        assert_eq!(kept, (0..7).map(|number| id(now, number.into(), number)).collect::<Vec<_>>());
        assert!((1..20).contains(&left(&store).1));
    }

    #[test]
    fn of_replays_the_newest_stay_whosever_they_are() {
        let home = tempfile::tempdir().unwrap();
        let (store, now) = (open(home.path()), fresh::now());
        let mut batch = Batch::new();
        // The newest of all is one of the span with the smallest id.
        for number in 0..6 {
            let of = Place::first(SpanId::from_bytes([1 + number % 3; 16]));
            let id = id(now, number.into(), number);
            let replay = Replay { id, of, at: now, asked: Asked::default(), gave: Gave::default() };
            batch.put(&ReplayOf(of, id), &replay).unwrap();
        }
        store.commit(batch).unwrap();
        let sizes = || store.sizes::<Replay>(Scan::all()).map(Result::unwrap);
        let young = |key: &ReplayOf| key.1.made().is_some_and(|made| now.since(made) < 4 * DAY);
        let bytes = sizes().filter(|(key, _)| young(key)).map(|(_, size)| size).sum();
        assert_eq!(sweep(&store, Keep { age_ms: u64::MAX, bytes }, now).unwrap(), 2);
        assert!(sizes().count() == 4 && sizes().all(|(key, _)| young(&key)));
    }
}
