//! Knowledge bases: made, filled from their sources, searched, asked.
//!
//! ```text
//! sources   what one is made of, and changed to
//! sync      begins, stops and ends; pass: what a source has against what the base has: new, changed, moved, gone
//!   place     where documents lie: listing, the files of a folder; objects of a bucket; a page of the web
//!   reading   files read and cut ahead    asking   the vectors of what is in hand, by requests that documents share
//!   filing    one document, cut           act      what becomes part of a base at once
//!   embedding who embeds                  cache    what was embedded before
//!   standing  what of the documents waits while one runs
//! tending   begins syncs at their times, and where watching sees other files     history  the syncs that there were
//! looking   the passages of a document, and all that is known of one     preview   those that a file would become
//! stores    which store a base is in               moving     to another one
//! rebuilding   embedded by another model, or cut in another way, beside what answers meanwhile
//! carrying  a base as one file, out and in
//! search    a question → hits with their ranks     answer   the same, then a model's answer with citations
//! reranking hits that a model puts in a better order
//! grounding what answers of conversations are from
//! quality   many questions whose right passages are known, by several settings
//! ```
//!
//! Passages lie in an index of `index`, documents are records of the store. Never here: how texts are cut and ranked, which is
//! `domain::knowledge`'s, and how files are read, which is a child's.

mod act;
mod answer;
mod asking;
mod cache;
mod carrying;
mod embedding;
mod filing;
mod grounding;
mod history;
mod listing;
mod looking;
mod moving;
mod objects;
mod page;
mod pass;
mod place;
mod preview;
mod quality;
mod reading;
mod rebuilding;
mod reranking;
mod search;
mod sources;
mod standing;
mod stores;
mod sync;
mod tending;
mod watching;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::stores::Opened;
use crate::domain::catalog::LocalModel;
use crate::domain::change::Changed;
use crate::domain::id::{BaseId, DocumentId, SourceId};
use crate::domain::knowledge::attribute::RESERVED;
use crate::domain::knowledge::base::{Base, Holds, Plan, SourcePlan, checked_name};
use crate::domain::knowledge::rebuild::RebuildState;
use crate::domain::knowledge::retrieval::Answers;
use crate::domain::knowledge::store::{Move, MoveState, StoreKind};
use crate::domain::knowledge::sync::{Filed, SyncState};
use crate::domain::knowledge::vectors::VectorSearch;
use crate::domain::{Error, ErrorKind, Result};
use crate::index::Change;
use crate::provider::s3::Buckets;
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::invoke::{Invoke, Terms};
use crate::service::{fresh, paging};
use crate::store::record::FiledOf;
use crate::store::{Batch, Scan, Store};
use crate::worker::Parsers;
use cache::{Cache, WeakCache};
use embedding::made;
use standing::Plans;
use tending::Tending;

pub use answer::Answering;
pub use carrying::Carrying;
pub use grounding::Grounded;
pub use preview::Previewing;
pub use quality::Measuring;
pub use search::check_filter;
pub use sources::{check_patterns, check_source};
pub use stores::Servers;
pub use tending::Standing;

/// Who embeds where nobody is named: the model of this program.
pub const EMBEDDER: &str = "local/all-minilm-l6-v2";

/// The models of this machine, for their tokenizers.
#[derive(Debug, Clone)]
pub struct Models {
    pub folder: PathBuf,
    pub catalogue: Vec<LocalModel>,
}

/// What a base's own work may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of the vectors that are kept by what was embedded; 0 keeps none.
    pub cache: u64,
    /// How long one document is fetched from elsewhere.
    pub fetch: Duration,
    /// How vectors are looked for in bases of this workspace.
    pub vectors: VectorSearch,
}

/// What documents are read by, and where bases may lie.
#[derive(Debug, Clone)]
pub struct Means {
    /// They read files.
    pub parsers: Parsers,
    pub models: Models,
    /// Those of S3.
    pub buckets: Buckets,
    /// They hold what has outgrown this machine.
    pub servers: Arc<dyn Servers>,
    pub bounds: Bounds,
}

/// The service.
#[derive(Debug, Clone)]
pub struct Knowledge {
    archive: Archive,
    invoke: Arc<Invoke>,
    changes: Changes,
    parsers: Parsers,
    models: Models,
    buckets: Buckets,
    bounds: Bounds,
    /// Reading a base and writing it back is one act.
    one: Arc<Mutex<()>>,
    tasks: TaskTracker,
    /// The program ends.
    ends: CancellationToken,
    /// Bases that are worked on: never two syncs of one, nor a sync of what is being removed.
    runs: Arc<Lock<HashMap<BaseId, CancellationToken>>>,
    servers: Arc<dyn Servers>,
    /// Stores that are open.
    open: Arc<Mutex<HashMap<(BaseId, StoreKind), Opened>>>,
    /// What was embedded before, while a sync has it.
    kept: Arc<Mutex<Option<WeakCache>>>,
    tending: Arc<Tending>,
    /// What syncs that run have before them.
    plans: Plans,
}

impl Knowledge {
    /// Over these records and shelves; `invoke`'s models embed and answer.
    pub fn new(archive: Archive, invoke: Arc<Invoke>, changes: Changes, means: Means) -> Self {
        let Means { parsers, models, buckets, servers, bounds } = means;
        Self {
            archive,
            invoke,
            changes,
            parsers,
            models,
            buckets,
            bounds,
            servers,
            one: Arc::default(),
            tasks: TaskTracker::new(),
            ends: CancellationToken::new(),
            runs: Arc::default(),
            open: Arc::default(),
            kept: Arc::default(),
            tending: Arc::default(),
            plans: Arc::default(),
        }
    }

    /// Makes an empty base. The model that shall embed is asked once, whether it does and for how many numbers.
    pub async fn create(&self, plan: Plan, terms: &Terms) -> Result<Base> {
        let name = checked_name(&plan.name)?;
        let embedder = match plan.embedder {
            Some(model) => model,
            None => EMBEDDER.parse()?,
        };
        let tried = self.embedder(&embedder, terms).await?.vectors(std::slice::from_ref(&name)).await?;
        let (dimensions, normalised) = made(&tried);
        let now = fresh::now();
        let base = Base {
            id: fresh::base_id(),
            name,
            description: plan.description.filter(|text| !text.trim().is_empty()),
            created: now,
            updated: now,
            embedder,
            dimensions,
            normalised,
            reranker: None,
            answers: Answers::default(),
            store: plan.store,
            moving: None,
            index: None,
            rebuild: None,
            sources: Vec::new(),
            holds: Holds::default(),
        };
        let _one = self.one.lock().await;
        let made = base.clone();
        self.archive.run(move |store| is_free(store, &made.name)).await?;
        if base.store != StoreKind::Embedded {
            // A server that is away or has no room for it is told now, not at the first sync.
            self.index(&base, terms).await?;
        }
        let made = base.clone();
        self.archive.run(move |store| put(store, &made)).await?;
        self.changes.tell(Changed::Base { base: base.clone() });
        Ok(base)
    }

    /// All of them, the newest first.
    pub async fn list(&self) -> Result<Vec<Base>> {
        self.archive.run(|store| Ok(paging::page(store, usize::MAX, None)?.0)).await
    }

    /// The one of that name, or whose id starts or ends with `text`.
    pub async fn find(&self, text: String) -> Result<Base> {
        self.archive
            .run(move |store| match named(store, text.trim())? {
                Some(base) => Ok(base),
                None => paging::find_named(store, &text, (NOUN, LISTS), |base: Base| base.name),
            })
            .await
    }

    /// Adds a source. Nothing is read before a sync.
    pub async fn add_source(&self, id: BaseId, plan: SourcePlan) -> Result<Base> {
        let source = sources::planned(plan)?;
        self.changed(id, move |base| {
            if let Some(known) = base.sources.iter().find(|known| known.origin == source.origin) {
                return Err(sources::doubled(known, "adding a source to a knowledge base"));
            }
            base.sources.push(source);
            Ok(())
        })
        .await
    }

    /// Takes a source away, with its documents.
    pub async fn remove_source(&self, id: BaseId, source: SourceId, terms: &Terms) -> Result<Base> {
        let _alone = self.alone(id, "removing a source of a knowledge base").await?;
        let base = self.base(id).await?;
        if base.source(source).is_none() {
            let why = format!("it has no source {}", source.short());
            let hint = "`outcrop kb show` lists them.";
            return Err(Error::new(ErrorKind::NotFound, "removing a source of a knowledge base", why, hint));
        }
        let holds = self.take_out(&base, move |known| known.source == source, terms).await?;
        self.changed(id, move |base| {
            base.sources.retain(|known| known.id != source);
            base.moving.iter_mut().for_each(Move::forget);
            base.holds = holds;
            Ok(())
        })
        .await
    }

    /// Takes those documents out of what a base has; what it has then.
    pub(super) async fn take_out(
        &self,
        base: &Base,
        goes: impl Fn(&Filed) -> bool + Send + 'static,
        terms: &Terms,
    ) -> Result<Holds> {
        let under = base.lies_under();
        let (gone, stay): (Vec<Filed>, Vec<Filed>) =
            self.archive.run(move |store| Ok(filed(store, under)?.into_iter().partition(goes))).await?;
        let gone: Vec<DocumentId> = gone.into_iter().map(|known| known.id).collect();
        if !gone.is_empty() {
            let index = self.index(base, terms).await?;
            index.apply(Change { remove: gone.clone(), put: Vec::new() }).await?;
            index.settle().await?;
            self.archive
                .run(move |store| {
                    let mut batch = Batch::new();
                    for document in &gone {
                        batch.remove::<Filed>(&FiledOf(under, *document));
                    }
                    store.commit(batch)
                })
                .await?;
        }
        Ok(holding(&stay))
    }

    /// Gives it another name.
    pub async fn rename(&self, id: BaseId, name: String) -> Result<Base> {
        let name = checked_name(&name)?;
        let wanted = name.clone();
        let other = self.archive.run(move |store| named(store, &wanted)).await?;
        if let Some(other) = other.filter(|other| other.id != id) {
            let why = format!("{} is called so already", other.id.short());
            return Err(Error::new(
                ErrorKind::Invalid,
                "renaming a knowledge base",
                why,
                "Choose another name.",
            ));
        }
        self.changed(id, move |base| {
            base.name = name;
            Ok(())
        })
        .await
    }

    /// Deletes it with all that is in it; a sync is stopped first. The documents themselves stay where they are. To forget it is
    /// to leave what servers have of it: one may be gone for good.
    pub async fn remove(&self, id: BaseId, forget: bool, terms: &Terms) -> Result<()> {
        let _alone = self.alone(id, "removing a knowledge base").await?;
        let base = self.base(id).await?;
        // Elsewhere first: a server that is away leaves the base, and the same can be tried again.
        let places = [Some(base.store), base.moving.as_ref().map(|moving| moving.from)];
        let places = places.into_iter().chain([base.moving.as_ref().map(|moving| moving.to)]).flatten();
        let other = base.rebuild.as_ref().map(|rebuild| Base { index: Some(rebuild.under), ..base.clone() });
        for kind in places.filter(|kind| *kind != StoreKind::Embedded && !forget) {
            for base in std::iter::once(&base).chain(&other) {
                self.clear(base, kind, terms).await.map_err(to_forget)?;
            }
        }
        let under: Vec<BaseId> = std::iter::once(&base).chain(&other).map(Base::lies_under).collect();
        self.shut(&under).await;
        let _one = self.one.lock().await;
        self.archive
            .run(move |store| {
                let mut batch = Batch::new();
                batch.remove::<Base>(&id);
                history::forget(store, id, |_| true, &mut batch)?;
                for under in &under {
                    for key in store.keys::<Filed>(Scan::under(under)) {
                        batch.remove::<Filed>(&key?);
                    }
                }
                store.commit(batch)?;
                under.iter().try_for_each(|under| store.remove_shelf(&shelf(*under)))?;
                // Nobody's documents are left, so what was made of them goes too.
                let last = store.keys::<Base>(Scan::all()).next().is_none();
                if last { store.remove_shelf(cache::SHELF) } else { Ok(()) }
            })
            .await?;
        self.changes.tell(Changed::BaseRemoved { id });
        Ok(())
    }

    /// Its documents, by their places; also those that a sync which runs has before it, or that one left undone.
    pub async fn documents(&self, id: BaseId) -> Result<Vec<Filed>> {
        let plans = Arc::clone(&self.plans);
        self.archive
            .run(move |store| {
                // What is done in between is among the records, and what was not is among those that wait.
                let base = base(store, id)?;
                let under = base.lies_under();
                let awaited = standing::awaited(&plans, under);
                let mut documents = standing::shown(filed(store, under)?, awaited);
                if !base.is_syncing() && !base.is_rebuilding() {
                    standing::wait(&mut documents);
                }
                Ok(documents)
            })
            .await
    }

    /// Whether something is being synced.
    pub fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Ends what is being synced, so that it can go on at the next start.
    pub async fn finish(&self) {
        self.tends_no_more();
        self.ends.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Marks those syncs and moves as stopped that were running when a process before this one ended; how many.
    pub async fn mark_interrupted(&self) -> Result<usize> {
        self.archive
            .run(|store| {
                let mut batch = Batch::new();
                let mut many = 0;
                for record in store.scan::<Base>(Scan::all()) {
                    let Ok((id, mut base)) = record else { continue };
                    if !base.is_syncing() && !base.is_moving() && !base.is_rebuilding() {
                        continue;
                    }
                    let before = base.clone();
                    if let Some(rebuild) = base.rebuild.as_mut().filter(|rebuild| rebuild.is_running()) {
                        rebuilding::ended(rebuild, RebuildState::Stopped, "the program ended".to_owned());
                        many += 1;
                    }
                    if let Some(moving) = base.moving.as_mut().filter(|moving| moving.is_running()) {
                        moving.state = MoveState::Stopped;
                        moving.why = Some("the program ended".to_owned());
                        many += 1;
                    }
                    let syncs = base.sources.iter_mut().filter_map(|source| source.last.as_mut());
                    for sync in syncs.filter(|sync| sync.state.is_running()) {
                        sync.state = SyncState::Stopped;
                        sync.why = Some("the program ended".to_owned());
                        sync.at = None;
                        many += 1;
                    }
                    batch.put(&id, &base)?;
                    history::follow(store, &before, &base, &mut batch)?;
                }
                if many > 0 {
                    store.commit(batch)?;
                }
                Ok(many)
            })
            .await
    }

    /// Takes away the indexes that belong to no base when a process before this one ended: of one that was being removed or
    /// brought, or of what it was before a rebuild; how many.
    pub async fn sweep(&self) -> Result<usize> {
        self.archive
            .run(|store| {
                let (mut owned, mut over) = (HashSet::new(), Vec::new());
                for record in store.scan::<Base>(Scan::all()) {
                    // A damaged base is still one, and does not say under which id it lies.
                    let Ok((_, base)) = record else { return Ok(0) };
                    owned.insert(base.lies_under());
                    match &base.rebuild {
                        Some(rebuild) if rebuild.built && base.store == StoreKind::Embedded => {
                            over.push(base);
                        }
                        Some(rebuild) => drop(owned.insert(rebuild.under)),
                        None => {}
                    }
                }
                let mut swept = 0;
                for name in store.shelves()? {
                    let Some(id) = name.strip_prefix(SHELVES).and_then(|id| id.parse::<BaseId>().ok()) else {
                        continue;
                    };
                    if owned.contains(&id) {
                        continue;
                    }
                    forget(store, id)?;
                    store.remove_shelf(&name)?;
                    swept += 1;
                }
                for base in over {
                    put(store, &Base { rebuild: None, ..base })?;
                }
                Ok(swept)
            })
            .await
    }

    async fn base(&self, id: BaseId) -> Result<Base> {
        self.archive.run(move |store| base(store, id)).await
    }

    /// Changes a base, and tells of it.
    async fn changed(
        &self,
        id: BaseId,
        change: impl FnOnce(&mut Base) -> Result<()> + Send + 'static,
    ) -> Result<Base> {
        let _one = self.one.lock().await;
        let base = self
            .archive
            .run(move |store| {
                let before = base(store, id)?;
                let mut base = before.clone();
                change(&mut base)?;
                base.updated = fresh::now();
                let mut batch = Batch::new();
                batch.put(&id, &base)?;
                history::follow(store, &before, &base, &mut batch)?;
                store.commit(batch)?;
                Ok(base)
            })
            .await?;
        self.changes.tell(Changed::Base { base: base.clone() });
        Ok(base)
    }

    /// What its documents come to.
    async fn holds(&self, id: BaseId) -> Result<Holds> {
        self.archive.run(move |store| Ok(holding(&documents(store, id)?))).await
    }

    /// What was embedded before. Without it all is embedded anew, which is no reason to do nothing.
    async fn cache(&self) -> Option<Cache> {
        let most = self.bounds.cache;
        let mut kept = self.kept.lock().await;
        if let Some(cache) = kept.as_ref().and_then(WeakCache::get).filter(|_| most > 0) {
            return Some(cache);
        }
        let opened = self.archive.run(move |store| match most {
            0 => store.remove_shelf(cache::SHELF).map(|()| None),
            most => Cache::open(store.shelf(cache::SHELF)?, most).map(Some),
        });
        match opened.await {
            Ok(cache) => {
                *kept = cache.as_ref().map(Cache::weak);
                cache
            }
            Err(error) => {
                tracing::warn!(%error, "what was embedded before cannot be read");
                None
            }
        }
    }

    fn stop(&self, id: BaseId) {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = runs.get(&id) {
            run.cancel();
        }
    }
}

/// What can be done where a server that holds a base is gone for good.
fn to_forget(error: Error) -> Error {
    let way = "Where it is gone for good, `outcrop kb remove --forget` takes the base away here alone.";
    Error { hint: format!("{} {way}", error.hint).trim_start().to_owned(), ..error }
}

/// Whether an attribute is told by this program, and not by a metadata file.
fn is_own(key: &str) -> bool {
    key.starts_with(RESERVED)
}

/// What errors call one, and the command that lists them.
const NOUN: &str = "knowledge base";
const LISTS: &str = "outcrop kb list";

/// How the names of bases' shelves begin.
const SHELVES: &str = "kb-";

/// The shelf of a base.
fn shelf(id: BaseId) -> String {
    format!("{SHELVES}{id}")
}

fn base(store: &Store, id: BaseId) -> Result<Base> {
    store.get::<Base>(&id)?.ok_or_else(|| {
        let why = format!("there is none with the id {}", id.short());
        let hint = "`outcrop kb list` shows those that there are.";
        Error::new(ErrorKind::NotFound, "opening a knowledge base", why, hint)
    })
}

fn put(store: &Store, base: &Base) -> Result<()> {
    let mut batch = Batch::new();
    batch.put(&base.id, base)?;
    store.commit(batch)
}

/// Refuses a name that a base has.
fn is_free(store: &Store, name: &str) -> Result<()> {
    let Some(other) = named(store, name)? else { return Ok(()) };
    let why = format!("there is one of that name already, {}", other.id.short());
    let doing = format!("making the knowledge base {name:?}");
    Err(Error::new(ErrorKind::Invalid, doing, why, "Choose another name."))
}

/// The one that is called so, in whichever case.
fn named(store: &Store, name: &str) -> Result<Option<Base>> {
    let wanted = name.to_lowercase();
    for record in store.scan::<Base>(Scan::all()) {
        match record {
            Ok((_, base)) if base.name.to_lowercase() == wanted => return Ok(Some(base)),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            _ => {}
        }
    }
    Ok(None)
}

/// What documents come to.
fn holding(documents: &[Filed]) -> Holds {
    let with = documents.iter().filter(|document| document.passages > 0);
    with.fold(Holds::default(), |holds, document| Holds {
        documents: holds.documents + 1,
        passages: holds.passages + u64::from(document.passages),
        tokens: holds.tokens + document.tokens,
    })
}

/// Takes away the documents under an id.
fn forget(store: &Store, under: BaseId) -> Result<()> {
    let mut batch = Batch::new();
    for key in store.keys::<Filed>(Scan::under(&under)) {
        batch.remove::<Filed>(&key?);
    }
    store.commit(batch)
}

/// The documents of a base.
fn documents(store: &Store, id: BaseId) -> Result<Vec<Filed>> {
    filed(store, base(store, id)?.lies_under())
}

/// The documents under an id that can be read; a damaged one is filed anew by the next sync.
fn filed(store: &Store, id: BaseId) -> Result<Vec<Filed>> {
    let mut documents = Vec::new();
    for record in store.scan::<Filed>(Scan::under(&id)) {
        match record {
            Ok((_, document)) => documents.push(document),
            Err(error) if error.kind == ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
    }
    Ok(documents)
}
