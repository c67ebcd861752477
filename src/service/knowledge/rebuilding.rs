//! Rebuilding a base: what it is to be is built beside it, under an id of its own, by the same passes that a sync makes; then it
//! takes its place in one write, and what it was before is cleared away.
//!
//! Until then the base answers as it is. Whatever ends a rebuild, it goes on from there: documents that are built are as they
//! were, and no text is embedded twice.

use futures_util::stream::BoxStream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::embedding::{Embedder, made};
use super::sync::Running;
use super::{Knowledge, forget};
use crate::domain::id::{BaseId, SourceId};
use crate::domain::knowledge::base::{Base, Holds};
use crate::domain::knowledge::rebuild::{Rebuild, RebuildPlan, RebuildState, Wish, cut};
use crate::domain::knowledge::store::StoreKind;
use crate::domain::knowledge::sync::{Started, Sync, SyncState};
use crate::domain::message::Usage;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::service::invoke::Terms;

const DOING: &str = "rebuilding a knowledge base";
/// So many passages are embedded to see how long all take.
const SAMPLE: usize = 8;
/// Prices are of so many tokens.
const PRICED: u32 = 1_000_000;

impl Knowledge {
    /// What a rebuild would do and cost. Of a model of this machine a few passages are embedded, to see how long it takes.
    pub async fn plan_rebuild(&self, id: BaseId, wish: Wish, terms: &Terms) -> Result<RebuildPlan> {
        let base = self.base(id).await?;
        let going = going_on(&base, &wish).cloned();
        let begun = match &going {
            Some(left) => left.clone(),
            None => begun(&base, &wish, (base.dimensions, base.normalised))?,
        };
        let local = begun.embedder.is_local();
        let dollars = if local { Some(0.0) } else { self.price(&begun, base.holds) };
        let seconds = if local { self.pace(&base, &begun, terms).await? } else { None };
        Ok(RebuildPlan {
            chunkings: begun.sources.iter().map(|source| source.chunking).collect(),
            embedder: begun.embedder,
            holds: base.holds,
            local,
            dollars,
            seconds,
            goes_on: going.is_some(),
        })
    }

    /// What so many tokens cost with a model, if that is known.
    fn price(&self, begun: &Rebuild, holds: Holds) -> Option<f64> {
        let usage = Usage { input: Some(PRICED), output: Some(0), ..Usage::default() };
        let price = self.invoke.prices().of(&begun.embedder)?.of(&usage)?;
        Some(price * holds.tokens as f64 / f64::from(PRICED))
    }

    /// How many seconds it takes to embed what a base has, by the pace of a few of its passages.
    async fn pace(&self, base: &Base, begun: &Rebuild, terms: &Terms) -> Result<Option<u64>> {
        let embedder = self.embedder(&begun.embedder, terms).await?;
        let index = self.index(base, terms).await?;
        let sample = index.page(None, SAMPLE).await?;
        let tokens: u64 = sample.iter().map(|entry| u64::from(entry.passage.tokens)).sum();
        if tokens == 0 {
            return Ok(None);
        }
        // Loading the model is done once.
        embedder.vectors(std::slice::from_ref(&base.name)).await?;
        let texts: Vec<String> = sample.into_iter().map(|entry| entry.passage.text).collect();
        let since = Instant::now();
        embedder.vectors(&texts).await?;
        let each = since.elapsed().as_secs_f64() / tokens as f64;
        Ok(Some((each * base.holds.tokens as f64).ceil() as u64))
    }

    /// Rebuilds a base and shows it as that goes on. Dropping the stream stops nothing: see [`Self::pause`].
    pub fn rebuild(&self, id: BaseId, wish: Wish, terms: Terms) -> BoxStream<'static, Result<Base>> {
        let service = self.clone();
        self.grown(
            id,
            DOING,
            Base::is_rebuilding,
            async move { service.begin_rebuild(id, wish, terms).await },
        )
    }

    /// Takes back a rebuild that is not at its end; the base stays as it is.
    pub async fn drop_rebuild(&self, id: BaseId, terms: &Terms) -> Result<Base> {
        let _alone = self.alone(id, DOING).await?;
        let base = self.base(id).await?;
        let Some(rebuild) = &base.rebuild else {
            let why = format!("no rebuild of {:?} was begun", base.name);
            return Err(Error::new(ErrorKind::NotFound, DOING, why, "There is nothing to be taken back."));
        };
        self.clear_under(&base, rebuild.under, terms).await?;
        self.changed(id, |base| {
            base.rebuild = None;
            Ok(())
        })
        .await
    }

    async fn begin_rebuild(&self, id: BaseId, wish: Wish, terms: Terms) -> Result<Base> {
        let terms = terms.in_background();
        if self.ends.is_cancelled() {
            return Err(Error::cancelled(DOING));
        }
        let Some(run) = self.enter(id) else {
            let hint = "`outcrop kb sync --pause` stops what works on it.";
            return Err(Error::new(ErrorKind::Busy, DOING, "it is being worked on already", hint));
        };
        let mut base = self.base(id).await?;
        if let Some(moving) = &base.moving {
            let hint = format!("`outcrop kb move --to {}` brings it to its end.", moving.to);
            return Err(Error::new(ErrorKind::Busy, DOING, "a move of it is not at its end", hint));
        }
        if let Some(left) =
            base.rebuild.clone().filter(|left| left.built || !left.does(&wish, &base.embedder, &base.sources))
        {
            // What it was before, or what nobody wants any more.
            self.clear_under(&base, left.under, &terms).await?;
            base = self
                .changed(id, |base| {
                    base.rebuild = None;
                    Ok(())
                })
                .await?;
            if left.built && wish.is_none() {
                return Ok(base);
            }
        }
        let rebuild = if let Some(left) = going_on(&base, &wish) {
            Rebuild { state: RebuildState::Running, why: None, ..left.clone() }
        } else {
            let embedder = wish.embedder.as_ref().unwrap_or(&base.embedder);
            let tried = self.embedder(embedder, &terms).await?;
            let tried = tried.vectors(std::slice::from_ref(&base.name)).await?;
            begun(&base, &wish, made(&tried))?
        };
        let embedder = self.embedder(&rebuild.embedder, &terms).await?;
        let embedder = embedder.keeping(self.cache().await, rebuild.dimensions);
        let begun = self
            .changed(id, move |base| {
                let mut rebuild = rebuild;
                rebuild.follow(&base.sources);
                base.rebuild = Some(rebuild);
                Ok(())
            })
            .await?;
        let service = self.clone();
        self.tasks.spawn(async move {
            let went = service.build(id, &embedder, &terms, &run.stop).await;
            if let Err(error) = service.end_rebuild(id, went, &run).await {
                tracing::warn!(%error, "the end of a rebuild could not be kept");
            }
        });
        Ok(begun)
    }

    async fn build(
        &self,
        id: BaseId,
        embedder: &Embedder,
        terms: &Terms,
        stop: &CancellationToken,
    ) -> Result<()> {
        let base = self.base(id).await?;
        let Some(seen) = base.rebuilt() else { return Ok(()) };
        let sources: Vec<SourceId> = seen.sources.iter().map(|source| source.id).collect();
        // A source may have gone since it was begun.
        let known = sources.clone();
        self.take_out(&seen, move |document| !known.contains(&document.source), terms).await?;
        for source in sources {
            let begun = Sync::begun(fresh::sync_id(), fresh::now());
            self.synced(id, source, Sync { started: Some(Started::Rebuild), ..begun }).await?;
            let sync = self.sync_source(id, source, embedder, (&terms.net, stop), true).await?;
            self.synced(id, source, Sync { at: None, updated: fresh::now(), ..sync }).await?;
        }
        let base = self.base(id).await?;
        let Some(seen) = base.rebuilt() else { return Ok(()) };
        if seen.holds.passages == 0 && base.holds.passages > 0 && failed(&seen) > 0 {
            let why = "none of its documents could be read";
            let hint = "`outcrop kb sync` says why; the base answers as before.";
            return Err(Error::new(ErrorKind::NotFound, DOING, why, hint));
        }
        let base = self.changed(id, take_its_place).await?;
        match &base.rebuild {
            Some(rebuild) => self.clear_under(&base, rebuild.under, terms).await,
            None => Ok(()),
        }
    }

    /// Keeps how far a source is that is built.
    async fn synced(&self, id: BaseId, source: SourceId, sync: Sync) -> Result<()> {
        let changed = self.changed(id, move |base| {
            let (_, sources) = base.parts_mut(true);
            if let Some(source) = sources.iter_mut().find(|known| known.id == source) {
                source.last = Some(sync);
            }
            Ok(())
        });
        changed.await.map(drop)
    }

    /// Writes how a rebuild ended.
    async fn end_rebuild(&self, id: BaseId, went: Result<()>, run: &Running) -> Result<()> {
        let (stopped, ends) = (run.stop.is_cancelled(), self.ends.is_cancelled());
        let changed = self.changed(id, move |base| {
            match (went, &mut base.rebuild) {
                (Ok(()), rebuild) => *rebuild = None,
                (Err(error), Some(rebuild)) => {
                    let state = if stopped { RebuildState::Stopped } else { RebuildState::Failed };
                    let why = match (stopped, ends) {
                        (true, true) => "the program ended".to_owned(),
                        (true, false) => "you stopped it".to_owned(),
                        (false, _) => error.to_string(),
                    };
                    ended(rebuild, state, why);
                }
                (Err(_), None) => {}
            }
            Ok(())
        });
        changed.await.map(drop)
    }

    /// Takes away what lies under an id that is not the base's.
    async fn clear_under(&self, base: &Base, under: BaseId, terms: &Terms) -> Result<()> {
        if under == base.lies_under() {
            return Err(Error::internal(DOING, "what is to be cleared away is the base"));
        }
        let other = Base { index: Some(under), ..base.clone() };
        if base.store != StoreKind::Embedded {
            self.clear(&other, base.store, terms).await?;
        }
        // The documents first: what lies on a shelf that is nobody's is swept.
        self.archive.run(move |store| forget(store, under)).await?;
        self.clear(&other, StoreKind::Embedded, terms).await
    }
}

/// The rebuild of a base that does what is wished, and is not at its end.
fn going_on<'a>(base: &'a Base, wish: &Wish) -> Option<&'a Rebuild> {
    let left = base.rebuild.as_ref()?;
    (!left.built && left.does(wish, &base.embedder, &base.sources)).then_some(left)
}

/// A rebuild that begins, by a model that makes so many numbers of a text, of length one or not.
fn begun(base: &Base, wish: &Wish, (dimensions, normalised): (u32, Option<bool>)) -> Result<Rebuild> {
    if let Some(chunking) = wish.chunking {
        chunking.check()?;
    }
    if let Some(source) = wish.source.filter(|source| base.source(*source).is_none()) {
        let why = format!("it has no source {}", source.short());
        return Err(Error::new(ErrorKind::NotFound, DOING, why, "`outcrop kb show` lists them."));
    }
    let mut sources = base.sources.clone();
    for source in &mut sources {
        (source.chunking, source.last) = (cut(source, wish), None);
    }
    Ok(Rebuild {
        embedder: wish.embedder.clone().unwrap_or_else(|| base.embedder.clone()),
        dimensions,
        normalised,
        state: RebuildState::Running,
        began: fresh::now(),
        built: false,
        under: fresh::base_id(),
        sources,
        holds: Holds::default(),
        why: None,
    })
}

/// What was built is the base from now on; what that was before is to be cleared away.
fn take_its_place(base: &mut Base) -> Result<()> {
    let was = base.lies_under();
    let Some(rebuild) = &mut base.rebuild else { return Err(Error::cancelled(DOING)) };
    base.index = Some(std::mem::replace(&mut rebuild.under, was));
    base.embedder = rebuild.embedder.clone();
    (base.dimensions, base.normalised) = (rebuild.dimensions, rebuild.normalised);
    base.holds = rebuild.holds;
    for source in &mut base.sources {
        let built = rebuild.sources.iter().find(|built| built.id == source.id);
        // One that came while it was built is read by the next sync.
        source.last = built.and_then(|built| built.last.clone());
        source.chunking = built.map_or(source.chunking, |built| built.chunking);
        let began = source.last.as_ref().map(|sync| sync.began);
        if let (Some(schedule), Some(began)) = (&mut source.schedule, began) {
            schedule.since = schedule.since.max(began);
        }
    }
    rebuild.built = true;
    Ok(())
}

/// Files that came to nothing.
fn failed(base: &Base) -> u64 {
    base.sources.iter().filter_map(|source| source.last.as_ref()).map(|sync| sync.statistics.failed).sum()
}

/// It goes on no more, and so does no source of it.
pub(super) fn ended(rebuild: &mut Rebuild, state: RebuildState, why: String) {
    (rebuild.state, rebuild.why) = (state, Some(why));
    let syncs = rebuild.sources.iter_mut().filter_map(|source| source.last.as_mut());
    for sync in syncs.filter(|sync| sync.state.is_running()) {
        (sync.state, sync.at) = (SyncState::Stopped, None);
    }
}
