//! The syncs of a base's sources that are remembered: the newest of each source, however they went.
//!
//! The base has the last one of each source; what is remembered follows it, in the same act.

use std::collections::BTreeSet;

use super::{Knowledge, base};
use crate::domain::id::{BaseId, SourceId};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::sync::{MOST_RUNS, Sync, SyncRun, SyncState};
use crate::domain::{ErrorKind, Result};
use crate::store::record::SyncOf;
use crate::store::{Batch, Scan, Store};

impl Knowledge {
    /// The syncs of a base that are remembered, those of each source together and the newest first.
    pub async fn runs(&self, id: BaseId) -> Result<Vec<SyncRun>> {
        self.archive
            .run(move |store| {
                let base = base(store, id)?;
                let mut known = Vec::new();
                for record in store.scan::<SyncRun>(Scan::under(&id)) {
                    match record {
                        Ok((_, run)) => known.push(run),
                        Err(error) if error.kind == ErrorKind::Corrupt => {}
                        Err(error) => return Err(error),
                    }
                }
                let told = |(source, sync): (SourceId, &Sync)| SyncRun { source, sync: sync.clone() };
                Ok(base.runs(&known).into_iter().map(told).collect())
            })
            .await
    }
}

/// Remembers what has become of the syncs of a base's sources between two of its states, and forgets those of sources that went. How
/// far a sync is while it runs is the base's to tell.
pub(super) fn follow(store: &Store, before: &Base, after: &Base, batch: &mut Batch) -> Result<()> {
    for source in &after.sources {
        let was = before.source(source.id).and_then(|source| source.last.as_ref());
        let Some(last) = &source.last else { continue };
        if was.is_some_and(|was| was.id == last.id && was.state == last.state) {
            continue;
        }
        let key = |sync: &Sync| SyncOf(after.id, source.id, sync.id);
        let run = |sync: Sync| SyncRun { source: source.id, sync };
        batch.put(&key(last), &run(last.clone()))?;
        if was.is_some_and(|was| was.id == last.id) {
            continue;
        }
        let mut all = BTreeSet::from([last.id]);
        if let Some(was) = was {
            // One whose end could not be kept has ended all the same, and an older version of this program remembered none.
            if was.state.is_running() || !store.has::<SyncRun>(&key(was))? {
                batch.put(&key(was), &run(over(was)))?;
            }
            all.insert(was.id);
        }
        for known in store.keys::<SyncRun>(Scan::under(&after.id)) {
            let known = known?;
            if known.1 == source.id {
                all.insert(known.2);
            } else if after.source(known.1).is_none() {
                // A salvage may have brought it back.
                batch.remove::<SyncRun>(&known);
            }
        }
        let old = all.len().saturating_sub(MOST_RUNS);
        for id in all.into_iter().take(old) {
            batch.remove::<SyncRun>(&SyncOf(after.id, source.id, id));
        }
    }
    let gone = before.sources.iter().filter(|source| after.source(source.id).is_none());
    let gone: Vec<_> = gone.map(|source| source.id).collect();
    if gone.is_empty() { Ok(()) } else { forget(store, after.id, |run| gone.contains(&run.1), batch) }
}

/// Forgets those syncs of a base.
pub(super) fn forget(
    store: &Store,
    id: BaseId,
    goes: impl Fn(&SyncOf) -> bool,
    batch: &mut Batch,
) -> Result<()> {
    for key in store.keys::<SyncRun>(Scan::under(&id)) {
        let key = key?;
        if goes(&key) {
            batch.remove::<SyncRun>(&key);
        }
    }
    Ok(())
}

/// The same as one that runs no more.
fn over(sync: &Sync) -> Sync {
    if !sync.state.is_running() {
        return sync.clone();
    }
    let why = Some("how it ended could not be kept".to_owned());
    Sync { state: SyncState::Stopped, why, at: None, ..sync.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SyncId;
    use crate::domain::knowledge::base::{Holds, Origin, Source};
    use crate::domain::knowledge::chunking::Chunking;
    use crate::domain::knowledge::retrieval::Answers;
    use crate::domain::knowledge::store::StoreKind;
    use crate::domain::time::Timestamp;
    use crate::service::fresh;
    use crate::store::{Owner, Unlock};

    fn source() -> Source {
        Source {
            id: fresh::source_id(),
            origin: Origin::Url { url: "https://e.org/".into(), private: false },
            chunking: Chunking::Default,
            schedule: None,
            watch: false,
            last: None,
        }
    }

    fn base() -> Base {
        Base {
            id: fresh::base_id(),
            name: "docs".to_owned(),
            description: None,
            created: Timestamp(0),
            updated: Timestamp(0),
            embedder: "far/b".parse().unwrap(),
            dimensions: 2,
            normalised: None,
            reranker: None,
            answers: Answers::default(),
            store: StoreKind::default(),
            moving: None,
            index: None,
            rebuild: None,
            sources: vec![source(), source()],
            holds: Holds::default(),
        }
    }

    fn store(folder: &std::path::Path) -> Store {
        Store::open(&Owner::take(folder).unwrap(), &Unlock::default()).unwrap().0
    }

    /// The base after a change, with what is remembered of it.
    fn change(store: &Store, before: &Base, change: impl FnOnce(&mut Base)) -> Base {
        let mut after = before.clone();
        change(&mut after);
        let mut batch = Batch::new();
        batch.put(&after.id, &after).unwrap();
        follow(store, before, &after, &mut batch).unwrap();
        store.commit(batch).unwrap();
        after
    }

    fn begun() -> Sync {
        Sync::begun(fresh::sync_id(), fresh::now())
    }

    /// Whose each one is, and how it stands, the newest of each source first.
    fn remembered(store: &Store, base: &Base) -> Vec<(SourceId, SyncState)> {
        let known: Vec<_> =
            store.scan::<SyncRun>(Scan::under(&base.id)).map(|record| record.unwrap().1).collect();
        base.runs(&known).into_iter().map(|(source, sync)| (source, sync.state)).collect()
    }

    #[test]
    fn the_newest_syncs_of_each_source_are_remembered_and_go_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let mut base = base();
        let (one, other) = (base.sources[0].id, base.sources[1].id);
        let mut ids = Vec::new();
        for _ in 0..MOST_RUNS + 3 {
            let sync = begun();
            ids.push(sync.id);
            base = change(&store, &base, |base| base.sources[0].last = Some(sync));
            base = change(&store, &base, |base| {
                base.sources[0].last.as_mut().unwrap().state = SyncState::Complete;
            });
        }
        base = change(&store, &base, |base| base.sources[1].last = Some(begun()));
        let keys: Vec<SyncId> = store
            .keys::<SyncRun>(Scan::under(&base.id))
            .map(Result::unwrap)
            .filter(|key| key.1 == one)
            .map(|key| key.2)
            .collect();
        assert_eq!(keys, ids[3..], "the oldest are forgotten");
        let all = remembered(&store, &base);
        assert_eq!(all.len(), MOST_RUNS + 1);
        assert!(all[..MOST_RUNS].iter().all(|run| *run == (one, SyncState::Complete)));
        assert_eq!(all[MOST_RUNS], (other, SyncState::Starting));
        base = change(&store, &base, |base| drop(base.sources.remove(0)));
        assert_eq!(remembered(&store, &base), [(other, SyncState::Starting)]);
        assert_eq!(store.keys::<SyncRun>(Scan::all()).count(), 1);
        let mut batch = Batch::new();
        forget(&store, base.id, |_| true, &mut batch).unwrap();
        store.commit(batch).unwrap();
        assert_eq!(store.keys::<SyncRun>(Scan::all()).count(), 0);
    }

    #[test]
    fn what_was_never_remembered_and_what_never_ended_is_kept_when_the_next_one_begins() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        // As an older version of this program left it.
        let mut base = base();
        base.sources[0].last = Some(Sync { state: SyncState::Complete, ..begun() });
        let of = base.sources[0].id;
        assert_eq!(remembered(&store, &base), [(of, SyncState::Complete)], "the base tells of the last one");
        base = change(&store, &base, |base| base.sources[0].last = Some(begun()));
        assert_eq!(remembered(&store, &base), [(of, SyncState::Starting), (of, SyncState::Complete)]);
        // How that one ended was lost.
        base = change(&store, &base, |base| base.sources[0].last = Some(begun()));
        let states = [SyncState::Starting, SyncState::Stopped, SyncState::Complete];
        assert_eq!(remembered(&store, &base), states.map(|state| (of, state)));
    }
}
