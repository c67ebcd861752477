//! Syncs as they begin, stop and end: one of a base at a time, and how it went is kept with the source.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::BoxStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::embedding::Embedder;
use super::pass::{Pass, reconciled};
use super::place::Place;
use super::standing::Plan;
use super::{Knowledge, filed, holding};
use crate::domain::change::{Changed, Topic};
use crate::domain::id::{BaseId, SourceId};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::store::Move;
use crate::domain::knowledge::sync::{DocumentState, Filed, Started, Sync, SyncState};
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Client;
use crate::service::changes::Growing;
use crate::service::fresh;
use crate::service::invoke::Terms;

/// A base on the list of those that are worked on; it is off when this is dropped.
pub(super) struct Running {
    id: BaseId,
    pub(super) stop: CancellationToken,
    runs: Arc<Lock<HashMap<BaseId, CancellationToken>>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

impl Knowledge {
    /// Looks one source through, or all of them, and shows the base as it grows until that ends. Dropping the stream stops
    /// nothing: see [`Self::pause`].
    pub fn sync(
        &self,
        id: BaseId,
        source: Option<SourceId>,
        terms: Terms,
    ) -> BoxStream<'static, Result<Base>> {
        let service = self.clone();
        self.grown(id, "syncing a knowledge base", Base::is_syncing, async move {
            service.begin(id, source, Started::Hand, terms).await
        })
    }

    /// The base as it grows by what `begin` sets going, for as long as that `goes_on`.
    pub(super) fn grown(
        &self,
        id: BaseId,
        doing: &'static str,
        goes_on: fn(&Base) -> bool,
        begin: impl Future<Output = Result<Base>> + Send + 'static,
    ) -> BoxStream<'static, Result<Base>> {
        let service = self.clone();
        let growing = Growing {
            topic: Topic::Knowledge,
            told: Box::new(move |change| match change {
                Changed::Base { base } if base.id == id => Some(Ok(base)),
                Changed::BaseRemoved { id: gone } if gone == id => Some(Err(Error::cancelled(doing))),
                _ => None,
            }),
            again: Box::new(move || {
                let service = service.clone();
                async move { service.base(id).await }.boxed()
            }),
            goes_on,
        };
        self.changes.grown(growing, begin)
    }

    /// Stops a sync; what it has done stays, and the next one goes on from there.
    pub async fn pause(&self, id: BaseId) -> Result<Base> {
        let running = self.base(id).await?;
        if running.is_moving() || running.is_rebuilding() {
            self.stop(id);
            return self.base(id).await;
        }
        if !running.is_syncing() {
            return Ok(running);
        }
        // Where no task is left that could end it, it has ended.
        let works = self.runs.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&id);
        self.stop(id);
        self.changed(id, move |base| {
            let syncs = base.sources.iter_mut().filter_map(|source| source.last.as_mut());
            for sync in syncs.filter(|sync| sync.state.is_running()) {
                sync.state = if works { SyncState::Stopping } else { SyncState::Stopped };
            }
            Ok(())
        })
        .await
    }

    /// Puts a base on the list of those that are worked on; `None` where it is on it.
    pub(super) fn enter(&self, id: BaseId) -> Option<Running> {
        let stop = self.ends.child_token();
        match self.runs.lock().unwrap_or_else(PoisonError::into_inner).entry(id) {
            Entry::Occupied(_) => return None,
            Entry::Vacant(vacant) => vacant.insert(stop.clone()),
        };
        Some(Running { id, stop, runs: Arc::clone(&self.runs) })
    }

    /// Stops what syncs a base, and lets nothing sync it before what is given back is dropped.
    pub(super) async fn alone(&self, id: BaseId, doing: &str) -> Result<Running> {
        self.stop(id);
        for _ in 0..600 {
            if let Some(alone) = self.enter(id) {
                return Ok(alone);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let why = "a sync of it does not end";
        Err(Error::new(ErrorKind::Busy, doing, why, "Try again when it has ended."))
    }

    pub(super) async fn begin(
        &self,
        id: BaseId,
        source: Option<SourceId>,
        started: Started,
        terms: Terms,
    ) -> Result<Base> {
        const DOING: &str = "syncing a knowledge base";
        let terms = terms.in_background();
        if self.ends.is_cancelled() {
            return Err(Error::cancelled(DOING));
        }
        let found = self.base(id).await?;
        let sources: Vec<SourceId> = found
            .sources
            .iter()
            .map(|source| source.id)
            .filter(|known| source.is_none_or(|wanted| wanted == *known))
            .collect();
        if sources.is_empty() {
            let why = if source.is_some() { "it has no such source" } else { "it has no source yet" };
            let hint = "`outcrop kb add-source` adds one.";
            return Err(Error::new(ErrorKind::NotFound, DOING, why, hint));
        }
        let Some(run) = self.enter(id) else {
            let hint = "It shows how far it is; `outcrop kb sync --pause` stops it.";
            return Err(Error::new(ErrorKind::Busy, DOING, "a sync of it runs already", hint));
        };
        // Before anything is looked at: whoever asks for it must know it at once.
        let embedder = self.embedder(&found.embedder, &terms).await?;
        let embedder = embedder.keeping(self.cache().await, found.dimensions);
        let wanted = sources.clone();
        let begun = self
            .changed(id, move |base| {
                // What was copied elsewhere is no longer what it is.
                base.moving.iter_mut().for_each(Move::forget);
                for source in base.sources.iter_mut().filter(|source| wanted.contains(&source.id)) {
                    let was = source.last.take().filter(|was| was.state == SyncState::Stopped);
                    let sync = Sync::begun(fresh::sync_id(), fresh::now());
                    let (started, resumes) = (Some(started), was.map(|was| was.id));
                    source.last = Some(Sync { started, resumes, ..sync });
                }
                Ok(())
            })
            .await?;
        let service = self.clone();
        self.tasks.spawn(async move {
            for source in sources {
                let ended = service.sync_source(id, source, &embedder, (&terms.net, &run.stop), false).await;
                if let Err(error) = service.end(id, source, ended, run.stop.is_cancelled()).await {
                    tracing::warn!(%error, "the end of a sync could not be kept");
                }
            }
            drop(run);
        });
        Ok(begun)
    }

    /// Writes how a sync ended.
    async fn end(&self, id: BaseId, source: SourceId, ended: Result<Sync>, stopped: bool) -> Result<()> {
        let holds = self.holds(id).await?;
        let ends = self.ends.is_cancelled();
        let changed = self.changed(id, move |base| {
            base.holds = holds;
            let Some(source) = base.source_mut(source) else { return Ok(()) };
            let last = source.last.take();
            source.last = Some(match ended {
                Ok(sync) => sync,
                Err(error) => {
                    let mut sync = last.unwrap_or_else(|| Sync::begun(fresh::sync_id(), fresh::now()));
                    sync.state = if stopped { SyncState::Stopped } else { SyncState::Failed };
                    sync.why = Some(match (stopped, ends) {
                        (true, true) => "the program ended".to_owned(),
                        (true, false) => "you stopped it".to_owned(),
                        (false, _) => error.to_string(),
                    });
                    sync
                }
            });
            if let Some(sync) = &mut source.last {
                sync.at = None;
                sync.updated = fresh::now();
                // A time at which the program ended is made up for.
                if let Some(schedule) = source.schedule.as_mut().filter(|_| !ends) {
                    schedule.since = schedule.since.max(sync.began);
                }
            }
            Ok(())
        });
        changed.await.map(drop)
    }

    /// Looks a source through to its end, for the base as it is or for what is being built in its place.
    pub(super) async fn sync_source(
        &self,
        id: BaseId,
        source: SourceId,
        embedder: &Embedder,
        (net, stop): (&Client, &CancellationToken),
        building: bool,
    ) -> Result<Sync> {
        let base = self.base(id).await?;
        let seen = if building { base.rebuilt() } else { Some(base.clone()) };
        let seen = seen.ok_or_else(|| Error::cancelled("rebuilding a knowledge base"))?;
        let under = seen.lies_under();
        let source = seen.source(source).cloned().ok_or_else(|| Error::cancelled("syncing a source"))?;
        let mut sync = source.last.clone().unwrap_or_else(|| Sync::begun(fresh::sync_id(), fresh::now()));
        sync.state = SyncState::InProgress;
        let place = Place::of(&source.origin, self, net.clone())?;
        let listing = place.list(stop).await?;
        let known = self.archive.run(move |store| filed(store, under)).await?;
        let index = self.mended(&seen, &embedder.terms).await?;
        let known = reconciled(&*index, known).await?;
        let holds = holding(&known);
        let (known, others): (Vec<Filed>, Vec<Filed>) =
            known.into_iter().partition(|document| document.source == source.id);
        // What another source found and left undone is nobody's yet.
        let elsewhere = others.into_iter().filter(|document| document.state != DocumentState::Pending);
        let elsewhere: HashSet<String> = elsewhere.map(|document| document.uri).collect();
        let counted = known.iter().filter(|document| document.passages > 0);
        let counted =
            counted.map(|document| (document.id, (u64::from(document.passages), document.tokens))).collect();
        // What is embedded for it is one trace, and not one a batch.
        let word = if building { "rebuild" } else { "sync" };
        let embedder = embedder.within(id, format!("{word} {}", base.name));
        let (plan, _ends) = Plan::new(&self.plans, under);
        let mut pass = Pass {
            service: self,
            base,
            under,
            building,
            source,
            sync,
            embedder: &embedder,
            place,
            index,
            holds,
            counted,
            told: Instant::now(),
            plan,
            stop: stop.clone(),
        };
        let went = pass.run(listing, known, &elsewhere).await;
        if !stop.is_cancelled() {
            embedder.end(went.as_ref().err());
        }
        if went.is_err()
            && !building
            && let Err(error) = pass.leave(stop.is_cancelled()).await
        {
            tracing::warn!(%error, "what a sync left undone could not be kept");
        }
        went?;
        pass.sync.state = SyncState::Complete;
        Ok(pass.sync)
    }
}
