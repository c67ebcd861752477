//! When the store is looked at for space that it may give back: once much was written, and seldom else, since much of it is read for
//! that; more seldom where writing it anew gave little.

use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant};

use crate::domain::time::Timestamp;
use crate::domain::{Error, Result};
use crate::service::archive::Archive;
use crate::service::fresh;
use crate::store::record::Remembered;
use crate::store::{Batch, Store};

/// The name under which the last look is remembered.
const LOOKED: &str = "space.looked";

/// A store that takes less is left as it is, however little is in it.
const NOT_WORTH_IT: u64 = 8 << 20;

/// Once so many bytes were written it is looked at again,
const MUCH: u64 = 2 << 20;

/// and without them after so long.
const LOOK_EVERY: Duration = Duration::from_hours(1);

/// How often is seen whether that is so: two numbers are compared.
const SEE_EVERY: Duration = Duration::from_mins(1);

/// How long nobody looks again.
const REST: Duration = Duration::from_hours(24);

/// How long where all of it was written for little.
const LONG_REST: Duration = Duration::from_hours(30 * 24);

/// The last look.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Looked {
    at: Timestamp,
    /// Nobody looks again for a time, unless the files take more than so many bytes.
    most: u64,
    /// All of it was written anew, and more than half of the files is still there.
    in_vain: bool,
}

impl Looked {
    fn rests(&self, now: Timestamp, taken: u64) -> bool {
        let rest = if self.in_vain { LONG_REST } else { REST };
        let young = self.at <= now && u128::from(now.since(self.at)) < rest.as_millis();
        young && taken <= self.most
    }
}

/// Has the store give back, as long as this runs, what it takes far beyond what is in it.
pub(super) async fn stay_close(archive: Archive) {
    loop {
        let (written, looked) = (archive.written(), Instant::now());
        match archive.run(|store| give_back_at_times(store, fresh::now(), NOT_WORTH_IT)).await {
            Ok(0) => {}
            Ok(bytes) => tracing::info!(bytes, "the store was written anew and gave space back"),
            Err(error) => tracing::warn!(%error, "the store could not be written anew to give space back"),
        }
        while archive.written() < written + MUCH && looked.elapsed() < LOOK_EVERY {
            tokio::time::sleep(SEE_EVERY).await;
        }
    }
}

/// Has it give that back where it is much and the files take more than `least`; how many bytes those were. Blocks.
fn give_back_at_times(store: &Store, now: Timestamp, least: u64) -> Result<u64> {
    let before = store.taken();
    if before <= least || last(store)?.is_some_and(|last| last.rests(now, before)) {
        return Ok(0);
    }
    // Noted first: what fails, or ends this process, is not begun again with every start.
    note(store, &Looked { at: now, most: before + before / 8, in_vain: false })?;
    if !store.is_slack()? {
        return Ok(0);
    }
    let after = store.give_back()?;
    note(store, &Looked { at: now, most: 2 * after, in_vain: after > before / 2 })?;
    Ok(before.saturating_sub(after))
}

fn last(store: &Store) -> Result<Option<Looked>> {
    let last = store.get::<Remembered>(&store.name(LOOKED))?;
    Ok(last.and_then(|last| serde_json::from_value(last.value).ok()))
}

fn note(store: &Store, looked: &Looked) -> Result<()> {
    let value = serde_json::to_value(looked)
        .map_err(|error| Error::internal("remembering when space was given back", error.to_string()))?;
    let mut batch = Batch::new();
    batch.put(&store.name(LOOKED), &Remembered { name: LOOKED.to_owned(), value })?;
    store.commit(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Owner, Unlock};

    const DAY: i64 = 24 * 60 * 60 * 1000;

    /// Writes one record so often; all but the last is waste.
    fn write(store: &Store, times: usize) {
        let name = "a name".to_owned();
        let value = serde_json::Value::String("grain ".repeat(350));
        for _ in 0..times {
            let mut batch = Batch::new();
            let record = Remembered { name: name.clone(), value: value.clone() };
            batch.put(&store.name(&name), &record).unwrap();
            store.commit_soft(batch).unwrap();
        }
        store.flush().unwrap();
    }

    #[test]
    fn what_is_waste_is_given_back_and_nobody_looks_again_before_there_is_much_more() {
        let home = tempfile::tempdir().unwrap();
        let owner = Owner::take(home.path()).unwrap();
        let store = Store::open(&owner, &Unlock { passphrase: None, ask: false }).unwrap().0;
        let now = fresh::now();
        write(&store, 4000);
        let before = store.taken();
        assert_eq!(give_back_at_times(&store, now, before).unwrap(), 0, "it is not worth it");
        assert_eq!(last(&store).unwrap(), None);
        let given = give_back_at_times(&store, now, 0).unwrap();
        assert!(given > before / 2, "{given} of {before}");
        let looked = last(&store).unwrap();
        assert!(looked.as_ref().is_some_and(|looked| looked.at == now && !looked.in_vain), "{looked:?}");
        assert_eq!(give_back_at_times(&store, Timestamp(now.0 + 1), 0).unwrap(), 0);
        assert_eq!(last(&store).unwrap(), looked, "nobody looked");
        write(&store, 4000);
        assert!(give_back_at_times(&store, Timestamp(now.0 + 1), 0).unwrap() > 0, "it has grown by much");
    }

    /// Writes a thousand values of 4 KB in each of twelve rounds, under those names and in the place of those of the round before. How
    /// many bytes were given back meanwhile, what the files took at most, and what they take written anew.
    fn worn(name: impl Fn(i64, i32) -> String) -> [u64; 3] {
        let home = tempfile::tempdir().unwrap();
        let owner = Owner::take(home.path()).unwrap();
        let store = Store::open(&owner, &Unlock { passphrase: None, ask: false }).unwrap().0;
        let value = serde_json::Value::String("grain ".repeat(682));
        let (mut looked, mut given, mut most) = (store.written(), 0, 0);
        for round in 0..12 {
            for some in (0..1000).collect::<Vec<_>>().chunks(50) {
                let mut batch = Batch::new();
                for number in some {
                    let (fresh, old) = (name(round, *number), name(round - 1, *number));
                    if round > 0 && old != fresh {
                        batch.remove::<Remembered>(&store.name(&old));
                    }
                    let record = Remembered { name: fresh.clone(), value: value.clone() };
                    batch.put(&store.name(&fresh), &record).unwrap();
                }
                store.commit_soft(batch).unwrap();
                if store.written() >= looked + MUCH {
                    store.flush().unwrap();
                    most = most.max(store.taken());
                    given += give_back_at_times(&store, Timestamp(round), NOT_WORTH_IT).unwrap();
                    looked = store.written();
                }
            }
        }
        store.give_back().unwrap();
        [given, most, store.taken()]
    }

    #[test]
    fn what_comes_and_goes_takes_less_than_three_times_what_stays() {
        let [given, most, anew] = worn(|round, number| format!("name {round} {number}"));
        assert!(given > 0 && most < 3 * anew, "{most} bytes at most, {anew} written anew");
    }

    #[test]
    fn what_is_written_again_and_again_takes_less_than_three_times_what_it_is() {
        let [given, most, anew] = worn(|_, number| format!("name {number}"));
        assert!(given > 0 && most < 3 * anew, "{most} bytes at most, {anew} written anew");
    }

    #[test]
    fn what_gave_little_is_not_done_again_soon() {
        let at = Timestamp(100 * DAY);
        let days = |days: i64| Timestamp(at.0 + days * DAY);
        let rests = |in_vain, now, taken| Looked { at, most: 10, in_vain }.rests(now, taken);
        assert!(rests(false, at, 10) && !rests(false, days(1), 10));
        assert!(rests(true, days(29), 10) && !rests(true, days(30), 10));
        assert!(!rests(true, days(2), 11), "it has grown");
        assert!(!rests(false, days(-1), 10), "the clock was put back");
    }
}
