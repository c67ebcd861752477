//! Syncs: what a source has against what the base has of it. Nothing is done twice, and nothing is lost, wherever it is broken off.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::embedding::Embedder;
use super::filing::{Cut, cut, take};
use super::listing::{Listed, Listing, list};
use super::{Knowledge, filed, is_own};
use crate::domain::change::{Changed, Topic};
use crate::domain::id::{BaseId, DocumentId, SourceId};
use crate::domain::knowledge::attribute::{Metadata, SOURCE_URI, Value, attributes};
use crate::domain::knowledge::base::{Base, Holds, Source};
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::passage::Entry as Indexed;
use crate::domain::knowledge::store::Move;
use crate::domain::knowledge::sync::{DocumentState, Filed, Sync, SyncState};
use crate::domain::{Error, ErrorKind, Result};
use crate::index::{Change, VectorStore};
use crate::service::changes::Growing;
use crate::service::fresh;
use crate::service::invoke::Terms;
use crate::store::Batch;
use crate::store::record::FiledOf;
use crate::wire::document;

/// Files that are read and cut while others are embedded.
const AHEAD: usize = 2;
/// So many documents or passages at most become part of the index in one act.
const DOCUMENTS: usize = 64;
const PASSAGES: usize = 512;
/// How often it is told how far a sync is.
const TOLD: Duration = Duration::from_millis(250);

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

/// What is to be done with a file.
#[derive(Debug)]
struct Work {
    file: Listed,
    /// What the base has of it.
    known: Option<Filed>,
}

/// What came of reading a file.
enum Read {
    /// Its text is to be embedded.
    Cut {
        document: DocumentId,
        hash: String,
        cut: Cut,
        complaint: Option<String>,
    },
    /// The bytes are what they were.
    Same {
        hash: String,
        said: Metadata,
        complaint: Option<String>,
    },
    Failed(Error),
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
        let (service, again) = (self.clone(), self.clone());
        let growing = Growing {
            topic: Topic::Knowledge,
            told: Box::new(move |change| match change {
                Changed::Base { base } if base.id == id => Some(Ok(base)),
                Changed::BaseRemoved { id: gone } if gone == id => {
                    Some(Err(Error::cancelled("syncing a knowledge base")))
                }
                _ => None,
            }),
            again: Box::new(move || {
                let service = again.clone();
                async move { service.base(id).await }.boxed()
            }),
            goes_on: Base::is_syncing,
        };
        self.changes.grown(growing, async move { service.begin(id, source, terms).await })
    }

    /// Stops a sync; what it has done stays, and the next one goes on from there.
    pub async fn pause(&self, id: BaseId) -> Result<Base> {
        let running = self.base(id).await?;
        if running.is_moving() {
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

    async fn begin(&self, id: BaseId, source: Option<SourceId>, terms: Terms) -> Result<Base> {
        const DOING: &str = "syncing a knowledge base";
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
        let wanted = sources.clone();
        let begun = self
            .changed(id, move |base| {
                // What was copied elsewhere is no longer what it is.
                base.moving.iter_mut().for_each(Move::forget);
                for source in base.sources.iter_mut().filter(|source| wanted.contains(&source.id)) {
                    source.last = Some(Sync::begun(fresh::sync_id(), fresh::now()));
                }
                Ok(())
            })
            .await?;
        let service = self.clone();
        self.tasks.spawn(async move {
            for source in sources {
                let ended = service.sync_source(id, source, &embedder, &run.stop).await;
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
                        (true, false) => "somebody stopped it".to_owned(),
                        (false, _) => error.to_string(),
                    });
                    sync
                }
            });
            if let Some(sync) = &mut source.last {
                sync.updated = fresh::now();
            }
            Ok(())
        });
        changed.await.map(drop)
    }

    /// Looks a source through to its end.
    async fn sync_source(
        &self,
        id: BaseId,
        source: SourceId,
        embedder: &Embedder,
        stop: &CancellationToken,
    ) -> Result<Sync> {
        let base = self.base(id).await?;
        let source = base.source(source).cloned().ok_or_else(|| Error::cancelled("syncing a source"))?;
        let sync = source.last.clone().unwrap_or_else(|| Sync::begun(fresh::sync_id(), fresh::now()));
        let origin = source.origin.clone();
        let wanted = stop.clone();
        let listed = tokio::task::spawn_blocking(move || list(&origin, &|| !wanted.is_cancelled())).await;
        let listing = listed.map_err(|why| Error::internal("listing a source", why.to_string()))??;
        let known = self.archive.run(move |store| filed(store, id)).await?;
        let index = self.index(&base, &embedder.terms).await?;
        let known = reconciled(&*index, known).await?;
        let known: Vec<Filed> = known.into_iter().filter(|document| document.source == source.id).collect();
        let mut pass = Pass { service: self, base, source, sync, embedder, told: Instant::now(), index };
        pass.sync.state = SyncState::InProgress;
        pass.run(listing, known, stop).await?;
        pass.sync.state = SyncState::Complete;
        Ok(pass.sync)
    }
}

/// One way through a source.
struct Pass<'a> {
    service: &'a Knowledge,
    base: Base,
    source: Source,
    sync: Sync,
    embedder: &'a Embedder,
    told: Instant,
    index: Arc<dyn VectorStore>,
}

/// What becomes part of the base in one act.
#[derive(Default)]
struct Act {
    change: Change,
    filed: Vec<Filed>,
    gone: Vec<DocumentId>,
}

impl Pass<'_> {
    async fn run(&mut self, listing: Listing, known: Vec<Filed>, stop: &CancellationToken) -> Result<()> {
        for (uri, why) in &listing.unread {
            self.sync.fail(uri, why);
        }
        self.sync.statistics.scanned += listing.unnamed;
        self.sync.statistics.skipped += listing.unnamed;
        // What could not be listed is not gone.
        let complete = listing.unread.is_empty();
        let (due, missing) = self.sorted_out(listing.files, known).await?;
        let (moved, gone, due) = self.moved(due, missing, stop).await?;
        let mut act = Act::default();
        for filed in moved {
            self.readdress(filed, &mut act).await?;
        }
        if complete {
            self.sync.statistics.deleted +=
                gone.iter().filter(|document| document.passages > 0).count() as u64;
            act.change.remove.extend(gone.iter().map(|document| document.id));
            act.gone.extend(gone.iter().map(|document| document.id));
        }
        self.carry_out(&mut act).await?;
        let service = self.service;
        let (embedder, chunking) = (self.embedder, self.source.chunking);
        let reads = stream::iter(due).map(|work| {
            let (service, embedder) = (service.clone(), embedder.clone());
            // They go on while others are embedded.
            AbortOnDropHandle::new(tokio::spawn(async move {
                let read = read(service, embedder, chunking, &work).await;
                (work, read)
            }))
        });
        let mut reads = std::pin::pin!(reads.buffered(AHEAD));
        loop {
            let (work, read) = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.carry_out(&mut act).await?;
                    return Err(Error::cancelled("syncing a source"));
                }
                next = reads.next() => match next {
                    Some(next) => next.map_err(|why| Error::internal("reading a document", why.to_string()))?,
                    None => break,
                },
            };
            let bytes = work.file.stamp.bytes;
            self.take(work, read, &mut act, stop).await?;
            self.sync.due.files_done += 1;
            self.sync.due.bytes_done += bytes;
            if act.filed.len() >= DOCUMENTS || act.change.put.len() >= PASSAGES {
                self.carry_out(&mut act).await?;
            }
            self.tell();
        }
        self.carry_out(&mut act).await?;
        self.index.settle().await
    }

    /// Which files are to be read, and which documents have no file any more.
    async fn sorted_out(&mut self, files: Vec<Listed>, known: Vec<Filed>) -> Result<(Vec<Work>, Vec<Filed>)> {
        let mut known: BTreeMap<String, Filed> =
            known.into_iter().map(|document| (document.uri.clone(), document)).collect();
        let mut due = Vec::new();
        let mut ignored = Act::default();
        for file in files {
            self.sync.statistics.scanned += 1;
            self.sync.statistics.metadata_scanned += u64::from(file.metadata.is_some());
            let known = known.remove(&file.uri);
            if !document::is_known(&file.uri) {
                self.sync.statistics.skipped += 1;
                if known.is_none() {
                    let notes = vec!["files of this kind are not read".to_owned()];
                    ignored.filed.push(self.unread(&file, DocumentState::Ignored, notes));
                }
                continue;
            }
            let is_as_it_was = known.as_ref().is_some_and(|known| {
                let settled =
                    matches!(known.state, DocumentState::Indexed | DocumentState::MetadataUpdateFailed);
                settled && known.stamp == file.stamp && known.metadata == file.metadata
            });
            if is_as_it_was {
                self.sync.statistics.unchanged += 1;
                continue;
            }
            self.sync.due.files += 1;
            self.sync.due.bytes += file.stamp.bytes;
            due.push(Work { file, known });
        }
        self.carry_out(&mut ignored).await?;
        Ok((due, known.into_values().collect()))
    }

    /// Which of the files that are new hold what a missing document held: they were moved.
    async fn moved(
        &mut self,
        due: Vec<Work>,
        missing: Vec<Filed>,
        stop: &CancellationToken,
    ) -> Result<(Vec<(Listed, Filed)>, Vec<Filed>, Vec<Work>)> {
        let mut by_size: HashMap<u64, Vec<Filed>> = HashMap::new();
        let (mut gone, mut moved, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for document in missing {
            if document.state == DocumentState::Indexed {
                by_size.entry(document.stamp.bytes).or_default().push(document);
            } else {
                gone.push(document);
            }
        }
        for work in due {
            let candidates = by_size.get_mut(&work.file.stamp.bytes).filter(|_| work.known.is_none());
            let Some(candidates) = candidates.filter(|candidates| !candidates.is_empty()) else {
                left.push(work);
                continue;
            };
            if stop.is_cancelled() {
                return Err(Error::cancelled("syncing a source"));
            }
            let taken = take(&work.file, self.service.parsers.largest()).await.map(|(taken, _)| taken);
            let at =
                taken.ok().and_then(|taken| candidates.iter().position(|known| known.hash == taken.hash));
            match at {
                // What is said of it may embed otherwise.
                Some(at) if work.file.metadata.is_none() && candidates[at].metadata.is_none() => {
                    self.sync.due.files_done += 1;
                    self.sync.due.bytes_done += work.file.stamp.bytes;
                    moved.push((work.file, candidates.swap_remove(at)));
                }
                _ => left.push(work),
            }
        }
        gone.extend(by_size.into_values().flatten());
        Ok((moved, gone, left))
    }

    /// A document is at another place: its passages say so, and their vectors stay.
    async fn readdress(&mut self, (file, known): (Listed, Filed), act: &mut Act) -> Result<()> {
        self.sync.statistics.moved += 1;
        let uri = Value::Text(file.uri.clone());
        for mut entry in self.entries(known.id).await? {
            entry.passage.attributes.insert(SOURCE_URI.to_owned(), uri.clone());
            act.change.put.push(entry);
        }
        act.filed.push(Filed { uri: file.uri, stamp: file.stamp, updated: fresh::now(), ..known });
        if act.change.put.len() >= PASSAGES {
            self.carry_out(act).await?;
        }
        Ok(())
    }

    /// What the index has of a document.
    async fn entries(&self, document: DocumentId) -> Result<Vec<Indexed>> {
        let ids = self.index.of_document(document).await?;
        Ok(self.index.entries(ids).await?.into_iter().flatten().collect())
    }

    /// Takes what came of a file into an act.
    async fn take(&mut self, work: Work, read: Read, act: &mut Act, stop: &CancellationToken) -> Result<()> {
        let Work { file, known } = work;
        let is_new = known.as_ref().is_none_or(|known| known.passages == 0);
        match read {
            Read::Failed(error) => {
                self.sync.fail(&file.uri, &error.to_string());
                let notes = vec![error.to_string()];
                act.filed.push(match known {
                    // What it said before is found as before.
                    Some(known) => {
                        Filed { state: DocumentState::Failed, notes, updated: fresh::now(), ..known }
                    }
                    None => self.unread(&file, DocumentState::Failed, notes),
                });
            }
            Read::Same { hash, said, complaint } => {
                let Some(known) = known else { return Ok(()) };
                let mut filed = Filed { hash, stamp: file.stamp, updated: fresh::now(), ..known };
                if filed.metadata == file.metadata && complaint.is_none() {
                    self.sync.statistics.unchanged += 1;
                } else {
                    self.sync.statistics.metadata_modified += 1;
                    self.retell(filed.id, &said, act).await?;
                }
                filed.metadata = file.metadata;
                filed.notes.retain(|note| !note.starts_with(METADATA));
                told(&mut filed, complaint);
                act.filed.push(filed);
            }
            Read::Cut { document, hash, cut, complaint } => {
                let mut vectors: HashMap<String, Vec<f32>> = HashMap::new();
                // A passage that stays as it was need not be embedded again.
                if known.as_ref().is_some_and(|known| known.passages > 0 && !known.prefixed) && !cut.prefixed
                {
                    let entries = self.entries(document).await?;
                    vectors.extend(entries.into_iter().map(|entry| (entry.passage.text, entry.vector)));
                }
                let fresh_texts: Vec<String> =
                    cut.texts.iter().filter(|text| !vectors.contains_key(*text)).cloned().collect();
                let embedded = tokio::select! {
                    biased;
                    () = stop.cancelled() => return Ok(()),
                    embedded = self.embedder.vectors(&fresh_texts) => embedded?,
                };
                self.sync.statistics.known += (cut.texts.len() - fresh_texts.len()) as u64;
                vectors.extend(fresh_texts.into_iter().zip(embedded));
                let tokens = cut.passages.iter().map(|passage| u64::from(passage.tokens)).sum();
                let mut filed = Filed {
                    id: document,
                    source: self.source.id,
                    uri: file.uri,
                    state: DocumentState::Indexed,
                    notes: cut.notes,
                    stamp: file.stamp,
                    hash,
                    metadata: file.metadata,
                    prefixed: cut.prefixed,
                    format: cut.format,
                    passages: u32::try_from(cut.passages.len()).unwrap_or(u32::MAX),
                    tokens,
                    updated: fresh::now(),
                };
                told(&mut filed, complaint);
                let statistics = &mut self.sync.statistics;
                if is_new {
                    statistics.new += 1;
                } else {
                    statistics.modified += 1;
                }
                statistics.passages += cut.passages.len() as u64;
                statistics.tokens += tokens;
                statistics.windowed += cut.windowed;
                statistics.bytes += file.stamp.bytes;
                act.change.remove.push(document);
                for (passage, text) in cut.passages.into_iter().zip(&cut.texts) {
                    let vector = vectors.get(text).cloned().unwrap_or_default();
                    act.change.put.push(Indexed { passage, vector });
                }
                act.filed.push(filed);
            }
        }
        Ok(())
    }

    /// What is said of a document is another; its text and vectors stay.
    async fn retell(&self, document: DocumentId, said: &Metadata, act: &mut Act) -> Result<()> {
        for mut entry in self.entries(document).await? {
            entry.passage.attributes.retain(|key, _| is_own(key));
            entry.passage.attributes.extend(attributes(said));
            act.change.put.push(entry);
        }
        Ok(())
    }

    /// A file that comes to nothing.
    fn unread(&self, file: &Listed, state: DocumentState, notes: Vec<String>) -> Filed {
        Filed {
            id: fresh::document_id(),
            source: self.source.id,
            uri: file.uri.clone(),
            state,
            notes,
            stamp: file.stamp,
            hash: String::new(),
            metadata: file.metadata,
            prefixed: false,
            format: String::new(),
            passages: 0,
            tokens: 0,
            updated: fresh::now(),
        }
    }

    /// Makes an act durable. A document is marked as being done first: broken off in between, it is done again, as the same one.
    async fn carry_out(&mut self, act: &mut Act) -> Result<()> {
        let Act { change, filed, gone } = std::mem::take(act);
        if filed.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let id = self.base.id;
        let put: HashSet<DocumentId> = change.put.iter().map(|entry| entry.passage.document).collect();
        if !change.remove.is_empty() || !change.put.is_empty() {
            let begun: Vec<Filed> = filed
                .iter()
                .filter(|document| put.contains(&document.id))
                .map(|document| Filed { state: DocumentState::InProgress, ..document.clone() })
                .collect();
            self.write(id, begun, Vec::new()).await?;
            self.index.apply(change).await?;
        }
        self.write(id, filed, gone).await?;
        self.keep().await
    }

    async fn write(&self, id: BaseId, filed: Vec<Filed>, gone: Vec<DocumentId>) -> Result<()> {
        self.service
            .archive
            .run(move |store| {
                let mut batch = Batch::new();
                for document in &filed {
                    batch.put(&FiledOf(id, document.id), document)?;
                }
                for document in &gone {
                    batch.remove::<Filed>(&FiledOf(id, *document));
                }
                store.commit(batch)
            })
            .await
    }

    /// Keeps how far it is.
    async fn keep(&mut self) -> Result<()> {
        let holds: Holds = self.service.holds(self.base.id).await?;
        let (source, mut sync) = (self.source.id, self.sync.clone());
        self.base = self
            .service
            .changed(self.base.id, move |base| {
                base.holds = holds;
                if let Some(source) = base.source_mut(source) {
                    sync.updated = fresh::now();
                    if source.last.as_ref().is_some_and(|last| last.state == SyncState::Stopping) {
                        sync.state = SyncState::Stopping;
                    }
                    source.last = Some(sync);
                }
                Ok(())
            })
            .await?;
        self.told = Instant::now();
        Ok(())
    }

    /// Tells how far it is, without keeping that, a few times a second.
    fn tell(&mut self) {
        if self.told.elapsed() < TOLD {
            return;
        }
        self.told = Instant::now();
        let mut base = self.base.clone();
        if let Some(source) = base.source_mut(self.source.id) {
            source.last = Some(Sync { updated: fresh::now(), ..self.sync.clone() });
        }
        self.service.changes.tell(Changed::Base { base });
    }
}

/// The documents as the index has them: one of which it lacks a passage is to be done again, and what it has of none goes. They
/// differ where a record could not be read, the index was mended, or the workspace is that of a backup.
async fn reconciled(index: &dyn VectorStore, mut known: Vec<Filed>) -> Result<Vec<Filed>> {
    let counts = index.counts().await?;
    let with = known.iter().filter(|document| document.passages > 0);
    let (documents, passages) =
        with.fold((0, 0), |(many, sum), document| (many + 1, sum + u64::from(document.passages)));
    if (counts.documents, counts.passages) == (documents, passages) {
        return Ok(known);
    }
    let (mut there, mut after): (HashMap<DocumentId, u32>, _) = (HashMap::new(), None);
    loop {
        let page = index.page(after, PASSAGES).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.passage.id);
        for entry in &page {
            *there.entry(entry.passage.document).or_default() += 1;
        }
    }
    for document in known.iter_mut().filter(|document| document.passages > 0) {
        if there.get(&document.id) != Some(&document.passages) {
            document.state = DocumentState::InProgress;
        }
    }
    let named: HashSet<DocumentId> = known.iter().map(|document| document.id).collect();
    let remove: Vec<DocumentId> = there.into_keys().filter(|document| !named.contains(document)).collect();
    if !remove.is_empty() {
        index.apply(Change { remove, put: Vec::new() }).await?;
    }
    Ok(known)
}

/// How a note on a metadata file begins.
const METADATA: &str = "metadata: ";

/// What a metadata file could not be read for is said of its document.
fn told(filed: &mut Filed, complaint: Option<String>) {
    filed.state = DocumentState::Indexed;
    if let Some(complaint) = complaint {
        filed.state = DocumentState::MetadataUpdateFailed;
        filed.notes.push(format!("{METADATA}{complaint}"));
    }
}

/// Reads a file, and cuts it where it is another than the base has.
async fn read(service: Knowledge, embedder: Embedder, chunking: Chunking, work: &Work) -> Read {
    let (taken, said) = match take(&work.file, service.parsers.largest()).await {
        Ok(taken) => taken,
        Err(error) => return Read::Failed(error),
    };
    let (said, complaint) = match said {
        Ok(said) => (said, None),
        Err(error) => (Metadata::new(), Some(error.to_string())),
    };
    let hash = taken.hash;
    if let Some(known) = &work.known {
        let whole = matches!(known.state, DocumentState::Indexed | DocumentState::MetadataUpdateFailed);
        // Where what is said of it is embedded with it, another word means other vectors.
        let retold = known.metadata != work.file.metadata;
        let embeds = known.prefixed || said.values().any(|attribute| attribute.embedded);
        if whole && known.hash == hash && !(retold && embeds) {
            return Read::Same { hash, said, complaint };
        }
    }
    let document = work.known.as_ref().map_or_else(fresh::document_id, |known| known.id);
    match cut(&service.parsers, &embedder, chunking, (&work.file, document, &said), taken.bytes).await {
        Ok(cut) => Read::Cut { document, hash, cut, complaint },
        Err(error) => Read::Failed(error),
    }
}
