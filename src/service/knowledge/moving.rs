//! Moving a base to another store: copied page by page, looked at, then it is there and what it was in is emptied.
//!
//! How far it is is kept with the base after every page, so that it goes on from there whatever ended it; a page that is brought twice
//! is there once. Until all was looked at the base is where it was. What changes a base meanwhile makes the move begin anew.

use futures_util::stream::BoxStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Knowledge;
use super::stores::arranged;
use super::sync::Running;
use crate::domain::id::{BaseId, PassageId};
use crate::domain::knowledge::attribute::{Attributes, Value};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::filter::{Filter, Test};
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::ranking::Hit;
use crate::domain::knowledge::store::{Move, MoveState, StoreKind};
use crate::domain::knowledge::terms::terms;
use crate::domain::{Error, ErrorKind, Result};
use crate::index::{Change, Matching, Nearest, VectorStore};
use crate::service::invoke::Terms;

const DOING: &str = "moving a knowledge base";
/// Passages of a page.
const PAGE: usize = 256;
/// So many passages are looked for in both stores.
const SAMPLES: u8 = 16;
/// So many of each one's neighbours.
const NEIGHBOURS: usize = 10;
/// Scores so near to each other are the same: stores add up in different orders.
const SAME: f64 = 1e-4;
/// Of the neighbours at least so much must be the same; an approximate index may miss one.
const ALIKE: f64 = 0.95;

impl Knowledge {
    /// Moves a base and shows it as that goes on. Dropping the stream stops nothing: see [`Self::pause`].
    pub fn transfer(&self, id: BaseId, to: StoreKind, terms: Terms) -> BoxStream<'static, Result<Base>> {
        let service = self.clone();
        self.grown(id, DOING, Base::is_moving, async move { service.begin_move(id, to, terms).await })
    }

    async fn begin_move(&self, id: BaseId, to: StoreKind, terms: Terms) -> Result<Base> {
        let Some(run) = self.enter(id) else {
            let hint = "`outcrop kb sync --pause` stops what works on it.";
            return Err(Error::new(ErrorKind::Busy, DOING, "a sync or a move of it runs already", hint));
        };
        let base = self.base(id).await?;
        if base.rebuild.is_some() {
            let hint = "`outcrop kb rebuild` brings it to its end, and with --drop takes it back.";
            return Err(Error::new(ErrorKind::Busy, DOING, "a rebuild of it is not at its end", hint));
        }
        let left = base.moving.clone();
        let moving = match left {
            // It is there, and what it was in is not emptied yet.
            Some(left) if left.to == to && base.store == to => Move { state: MoveState::Clearing, ..left },
            // It stays where it is.
            Some(left) if base.store == to => {
                self.clear(&base, left.to, &terms).await?;
                return self
                    .changed(id, |base| {
                        base.moving = None;
                        Ok(())
                    })
                    .await;
            }
            None if base.store == to => {
                let why = format!("{:?} lies in {} already", base.name, to.title());
                return Err(Error::new(ErrorKind::Invalid, DOING, why, "Name another store."));
            }
            Some(left) if left.to == to && left.after.is_some() => {
                Move { state: MoveState::Copying, why: None, ..left }
            }
            left => {
                // Whatever lies there is a copy that is not whole, or of what the base was.
                for kind in
                    left.map(|left| left.to).into_iter().chain([to]).filter(|kind| *kind != base.store)
                {
                    self.clear(&base, kind, &terms).await?;
                }
                Move::begun(base.store, to, base.holds.passages)
            }
        };
        let begun = self
            .changed(id, move |base| {
                base.moving = Some(moving);
                Ok(())
            })
            .await?;
        let service = self.clone();
        let started = begun.clone();
        self.tasks.spawn(async move {
            let ended = service.carry(started, &terms, &run.stop).await;
            if let Err(error) = service.end_move(id, ended, &run).await {
                tracing::warn!(%error, "the end of a move could not be kept");
            }
        });
        Ok(begun)
    }

    /// Writes how a move ended.
    async fn end_move(&self, id: BaseId, ended: Result<()>, run: &Running) -> Result<()> {
        let stopped = run.stop.is_cancelled();
        let ends = self.ends.is_cancelled();
        let changed = self.changed(id, move |base| {
            match (ended, &mut base.moving) {
                (Ok(()), _) => base.moving = None,
                (Err(error), Some(moving)) => {
                    if error.kind == ErrorKind::Corrupt {
                        moving.forget();
                    }
                    moving.state = if stopped { MoveState::Stopped } else { MoveState::Failed };
                    moving.why = Some(match (stopped, ends) {
                        (true, true) => "the program ended".to_owned(),
                        (true, false) => "you stopped it".to_owned(),
                        (false, _) => error.to_string(),
                    });
                }
                (Err(_), None) => {}
            }
            Ok(())
        });
        changed.await.map(drop)
    }

    async fn carry(&self, mut base: Base, terms: &Terms, stop: &CancellationToken) -> Result<()> {
        let Some(moving) = base.moving.clone() else { return Ok(()) };
        if base.store != moving.to {
            let from = self.index_in(&base, moving.from, terms).await?;
            let to = self.index_in(&base, moving.to, terms).await?;
            self.copy(&base, &moving, (&*from, &*to), stop).await?;
            to.settle().await?;
            compared(&*from, &*to, stop).await?;
            arranged(&*to, stop, watch::Sender::default()).await;
            base = self
                .changed(base.id, move |base| {
                    base.store = moving.to;
                    if let Some(moving) = &mut base.moving {
                        moving.state = MoveState::Clearing;
                    }
                    Ok(())
                })
                .await?;
        }
        self.clear(&base, moving.from, terms).await
    }

    async fn copy(
        &self,
        base: &Base,
        moving: &Move,
        (from, to): (&dyn VectorStore, &dyn VectorStore),
        stop: &CancellationToken,
    ) -> Result<()> {
        let mut after = moving.after;
        loop {
            if stop.is_cancelled() {
                return Err(Error::cancelled(DOING));
            }
            let page = from.page(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.passage.id);
            let many = page.len() as u64;
            to.apply(Change { remove: Vec::new(), put: page }).await?;
            self.changed(base.id, move |base| {
                if let Some(moving) = &mut base.moving {
                    moving.after = after;
                    moving.copied += many;
                }
                Ok(())
            })
            .await?;
        }
    }
}

/// Whether both stores have the same: as many of everything, and of some passages the same neighbours, as many with a word of
/// theirs, and as many that pass a filter.
async fn compared(from: &dyn VectorStore, to: &dyn VectorStore, stop: &CancellationToken) -> Result<()> {
    let other = |why: String| {
        let hint = "Nothing was changed; move it again, which copies all anew.";
        Err(Error::new(ErrorKind::Corrupt, DOING, why, hint))
    };
    let (had, has) = (from.counts().await?, to.counts().await?);
    if had != has {
        let (had, has) = ((had.passages, had.documents), (has.passages, has.documents));
        return other(format!(
            "{} passages of {} documents were copied, and {} of {} are there",
            had.0, had.1, has.0, has.1
        ));
    }
    let (mut met, mut wanted) = (0_usize, 0_usize);
    for sample in 0..SAMPLES {
        if stop.is_cancelled() {
            return Err(Error::cancelled(DOING));
        }
        // Ids are digests: from evenly spread beginnings on they are a sample of all.
        let begin = PassageId::from_bytes([sample * (u8::MAX / SAMPLES); 16]);
        let Some(entry) = from.page(Some(begin), 1).await?.pop() else { continue };
        if to.entries(vec![entry.passage.id]).await? != [Some(entry.clone())] {
            return other(format!("passage {} is not as it was", entry.passage.id.short()));
        }
        for (asked, filter) in questions(&entry.passage) {
            let had = matched(from, &asked, filter.clone()).await?;
            let has = matched(to, &asked, filter).await?;
            if had != has {
                return other(format!(
                    "a word of passage {} is found {had} times, and there {has} times",
                    entry.passage.id.short()
                ));
            }
        }
        let (here, there) = (near(from, &entry.vector).await?, near(to, &entry.vector).await?);
        wanted += here.len();
        met += here
            .iter()
            .zip(&there)
            .filter(|(hit, at)| {
                let known = there.iter().any(|other| other.id == hit.id);
                known || (hit.placed.score - at.placed.score).abs() <= SAME
            })
            .count();
    }
    if (met as f64) < ALIKE * wanted as f64 {
        return other(format!("of {wanted} neighbours of some passages only {met} are found there"));
    }
    Ok(())
}

/// What a passage is found by: the longest of its words, which few others have, alone and under a filter that the passage passes.
fn questions(passage: &Passage) -> Vec<(String, Option<Filter>)> {
    let Some(word) = terms(&passage.text).into_keys().max_by_key(String::len) else { return Vec::new() };
    let filter = one_of(&passage.attributes);
    std::iter::once(None).chain(filter.map(Some)).map(|filter| (word.clone(), filter)).collect()
}

/// A filter that these attributes pass, by the first of them.
fn one_of(attributes: &Attributes) -> Option<Filter> {
    let (key, value) = attributes.iter().next()?;
    let test = match value {
        Value::Texts(texts) => Test::ListContains(texts.first()?.clone()),
        value => Test::Equals(value.clone()),
    };
    Some(Filter::test(key, test))
}

/// How many passages have that word.
async fn matched(store: &dyn VectorStore, word: &str, filter: Option<Filter>) -> Result<u64> {
    let query = Matching { text: word.to_owned(), results: 1, filter, expected: Vec::new() };
    Ok(store.matching(query).await?.among)
}

/// What is nearest to a vector.
async fn near(store: &dyn VectorStore, vector: &[f32]) -> Result<Vec<Hit>> {
    let query = Nearest { vector: vector.to_vec(), results: NEIGHBOURS, filter: None, expected: Vec::new() };
    Ok(store.nearest(query).await?.hits)
}
