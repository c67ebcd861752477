//! One way through a source: what is there is set against what the base has, and what is new or changed is read and taken in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Knowledge;
use super::act::{Act, DOCUMENTS, PASSAGES};
use super::embedding::Embedder;
use super::filing::{Cut, Out, cut, digest_of};
use super::listing::{Listed, Listing};
use super::place::{Place, Taken, Took};
use super::standing::Plan;
use super::stores::arranged;
use crate::domain::change::Changed;
use crate::domain::id::{BaseId, DocumentId};
use crate::domain::knowledge::attribute::{Metadata, before_embedding};
use crate::domain::knowledge::base::{Base, Holds, Source};
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::sync::{DocumentState, Filed, Sorting, Sync, Validators};
use crate::domain::{Error, Result};
use crate::index::{Change, VectorStore};
use crate::service::fresh;
use crate::wire::document;

/// Files that are read and cut while others are embedded.
const AHEAD: usize = 2;
/// How often it is told how far a sync is.
const TOLD: Duration = Duration::from_millis(250);

/// One way through a source.
pub(super) struct Pass<'a> {
    pub service: &'a Knowledge,
    pub base: Base,
    /// Under which id what it makes lies: the base's, or what is built in its place.
    pub under: BaseId,
    pub building: bool,
    pub source: Source,
    pub sync: Sync,
    pub embedder: &'a Embedder,
    pub place: Place,
    pub index: Arc<dyn VectorStore>,
    /// What the base has now, and what of it each document of the source is: passages and tokens.
    pub holds: Holds,
    pub counted: HashMap<DocumentId, (u64, u64)>,
    pub told: Instant,
    /// How what is due stands, for whoever lists documents meanwhile.
    pub plan: Plan,
    pub stop: CancellationToken,
}

/// What is to be done with a file.
#[derive(Debug)]
pub(super) struct Work {
    /// Under which it is filed.
    pub id: DocumentId,
    pub file: Listed,
    /// What the base has of it.
    pub known: Option<Filed>,
}

/// A document as it was read.
pub(super) struct Reading {
    pub hash: String,
    pub validators: Option<Validators>,
    /// What could not be read of what is said of it.
    pub complaint: Option<String>,
}

/// What came of reading a file.
pub(super) enum Read {
    /// Its text is to be embedded.
    Cut(Reading, Cut),
    /// The bytes are what they were, and so is what is embedded of them.
    Same(Reading, Metadata),
    /// Whoever has it says that it is as it was.
    Unchanged,
    /// It has no text, and why.
    Empty(Reading, String),
    Failed(Error),
    Ends(Error),
}

impl Pass<'_> {
    /// Goes through what there is; `elsewhere` is what other sources of the base have.
    pub async fn run(
        &mut self,
        listing: Listing,
        known: Vec<Filed>,
        elsewhere: &HashSet<String>,
    ) -> Result<()> {
        for (uri, why) in &listing.unread {
            self.sync.fail(uri, why);
        }
        self.sync.statistics.scanned += listing.unnamed;
        self.sync.statistics.skipped += listing.unnamed;
        // What could not be listed is not gone.
        let complete = listing.unread.is_empty();
        let (due, missing) = self.sorted_out(listing.files, known, elsewhere).await?;
        let (moved, gone, due) = self.moved(due, missing).await?;
        self.plan.begin(self.source.id, &due);
        let mut act = Act::default();
        for moved in moved {
            self.readdress(moved, &mut act).await?;
        }
        if complete {
            self.sync.statistics.deleted +=
                gone.iter().filter(|document| document.passages > 0).count() as u64;
            act.change.remove.extend(gone.iter().map(|document| document.id));
            act.gone.extend(gone.iter().map(|document| document.id));
        }
        self.carry_out(&mut act).await?;
        if !due.is_empty() {
            // What waits is known from here on; the first document may take its time.
            self.say();
        }
        let went = self.work_off(due, &mut act).await;
        // What is done is done, however it ended.
        self.sync.at = None;
        self.carry_out(&mut act).await?;
        went?;
        self.index.settle().await?;
        self.arrange().await;
        Ok(())
    }

    /// Makes questions faster, and tells how far that is. All that there is is in the base: whoever stops it has a whole sync.
    async fn arrange(&mut self) {
        let (tell, mut told) = watch::channel(Sorting::default());
        let (index, stop) = (Arc::clone(&self.index), self.stop.clone());
        let mut work = std::pin::pin!(arranged(&*index, &stop, tell));
        loop {
            tokio::select! {
                biased;
                () = &mut work => break,
                Ok(()) = told.changed() => {
                    self.sync.sorting = Some(*told.borrow_and_update());
                    // Whoever stopped it has said so.
                    if !stop.is_cancelled() {
                        self.tell();
                    }
                }
            }
        }
        self.sync.sorting = None;
    }

    async fn work_off(&mut self, due: Vec<Work>, act: &mut Act) -> Result<()> {
        let reader = Reader {
            service: self.service.clone(),
            embedder: self.embedder.clone(),
            place: self.place.clone(),
            chunking: self.source.chunking,
            plan: self.plan.clone(),
        };
        let stop = self.stop.clone();
        let reads = stream::iter(due).map(|work| {
            let reader = reader.clone();
            // They go on while others are embedded.
            AbortOnDropHandle::new(tokio::spawn(async move {
                let read = reader.read(&work).await;
                (work, read)
            }))
        });
        let mut reads = std::pin::pin!(reads.buffered(AHEAD));
        loop {
            let (work, read) = tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Error::cancelled("syncing a source")),
                next = reads.next() => match next {
                    Some(next) => next.map_err(|why| Error::internal("reading a document", why.to_string()))?,
                    None => return Ok(()),
                },
            };
            let (uri, bytes) = (work.file.uri.clone(), work.file.stamp.bytes);
            self.plan.stands(&uri, DocumentState::InProgress);
            self.take(work, read, act).await?;
            self.sync.at = None;
            if !act.filed.iter().any(|document| document.uri == uri) {
                self.plan.done(&uri);
            }
            self.sync.due.files_done += 1;
            self.sync.due.bytes_done += bytes;
            if act.filed.len() >= DOCUMENTS || act.change.put.len() >= PASSAGES {
                self.carry_out(act).await?;
            }
            self.tell();
        }
    }

    /// Which files are to be read, and which documents have no file any more.
    async fn sorted_out(
        &mut self,
        files: Vec<Listed>,
        known: Vec<Filed>,
        elsewhere: &HashSet<String>,
    ) -> Result<(Vec<Work>, Vec<Filed>)> {
        let mut known: BTreeMap<String, Filed> =
            known.into_iter().map(|document| (document.uri.clone(), document)).collect();
        let mut due = Vec::new();
        let mut ignored = Act::default();
        for file in files {
            self.sync.statistics.scanned += 1;
            self.sync.statistics.metadata_scanned += u64::from(file.metadata.is_some());
            if elsewhere.contains(&file.uri) {
                self.sync.statistics.elsewhere += 1;
                continue;
            }
            let known = known.remove(&file.uri);
            let by_stamps = self.place.tells_by_stamps();
            if by_stamps && !document::is_known(&file.uri) {
                self.sync.statistics.skipped += 1;
                if known.is_none() {
                    let notes = vec!["files of this kind are not read".to_owned()];
                    let id = fresh::document_id();
                    ignored.filed.push(self.unread(id, &file, DocumentState::Ignored, notes));
                }
                continue;
            }
            let as_it_was = known.as_ref().filter(|known| {
                // One that was never read was ignored for its kind, which is read now.
                let settled = known.state.is_settled() && !known.hash.is_empty();
                by_stamps && settled && known.stamp == file.stamp && known.metadata == file.metadata
            });
            match as_it_was.map(|known| known.state) {
                Some(DocumentState::Ignored) => self.sync.statistics.skipped += 1,
                Some(_) => self.sync.statistics.unchanged += 1,
                None => {
                    self.sync.due.files += 1;
                    self.sync.due.bytes += file.stamp.bytes;
                    let id = known.as_ref().map_or_else(fresh::document_id, |known| known.id);
                    due.push(Work { id, file, known });
                }
            }
        }
        self.carry_out(&mut ignored).await?;
        Ok((due, known.into_values().collect()))
    }

    /// Which of the files that are new hold what a missing document held: they were moved.
    async fn moved(
        &mut self,
        due: Vec<Work>,
        missing: Vec<Filed>,
    ) -> Result<(Vec<(Listed, Filed, Metadata)>, Vec<Filed>, Vec<Work>)> {
        let mut by_size: HashMap<u64, Vec<Filed>> = HashMap::new();
        let (mut gone, mut moved, mut left) = (Vec::new(), Vec::new(), Vec::new());
        for document in missing {
            if matches!(document.state, DocumentState::Indexed | DocumentState::PartiallyIndexed) {
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
            if self.stop.is_cancelled() {
                return Err(Error::cancelled("syncing a source"));
            }
            let largest = self.service.parsers.largest();
            let said = self.place.said(&work.file).await;
            match (self.place.twin(&work.file, candidates, largest).await, said) {
                (Some(at), Ok(said)) if embeds_the_same(&candidates[at], &work.file, &said) => {
                    self.sync.due.files_done += 1;
                    self.sync.due.bytes_done += work.file.stamp.bytes;
                    moved.push((work.file, candidates.swap_remove(at), said));
                }
                _ => left.push(work),
            }
        }
        gone.extend(by_size.into_values().flatten());
        Ok((moved, gone, left))
    }

    /// A file that comes to nothing.
    pub fn unread(&self, id: DocumentId, file: &Listed, state: DocumentState, notes: Vec<String>) -> Filed {
        Filed {
            state,
            notes,
            metadata: file.metadata,
            ..Filed::unread(id, self.source.id, file.uri.clone(), file.stamp, fresh::now())
        }
    }

    /// Tells how far it is, without keeping that, a few times a second.
    pub fn tell(&mut self) {
        if self.told.elapsed() >= TOLD {
            self.say();
        }
    }

    fn say(&mut self) {
        self.told = Instant::now();
        let mut base = self.base.clone();
        let (_, sources) = base.parts_mut(self.building);
        if let Some(source) = sources.iter_mut().find(|known| known.id == self.source.id) {
            source.last = Some(Sync { updated: fresh::now(), ..self.sync.clone() });
        }
        self.service.changes.tell(Changed::Base { base });
    }
}

/// Whether the model gets to see of a document what it saw: what is said of it may be embedded with it.
fn embeds_the_same(known: &Filed, file: &Listed, said: &Metadata) -> bool {
    if known.prefixed && known.before.is_empty() {
        // Filed before that was kept.
        return known.metadata == file.metadata;
    }
    known.before == digest_of(&before_embedding(said))
}

/// Reads files beside the pass.
#[derive(Clone)]
struct Reader {
    service: Knowledge,
    embedder: Embedder,
    place: Place,
    chunking: Chunking,
    plan: Plan,
}

impl Reader {
    /// Reads a file, and cuts it where it is another than the base has.
    async fn read(&self, work: &Work) -> Read {
        self.plan.stands(&work.file.uri, DocumentState::Starting);
        let parsers = &self.service.parsers;
        let taken = match self.place.take(&work.file, work.known.as_ref(), parsers.largest()).await {
            Ok(Took::Taken(taken)) => taken,
            Ok(Took::Unchanged) => return Read::Unchanged,
            Err(out) => return Read::out(out, None),
        };
        let (said, complaint) = match &taken.said {
            Ok(said) => (said.clone(), None),
            Err(error) => (Metadata::new(), Some(error.to_string())),
        };
        let Taken { hash, validators, .. } = &taken;
        let reading = Reading { hash: hash.clone(), validators: validators.clone(), complaint };
        if let Some(known) = &work.known
            && known.state.is_in()
            && known.state.is_settled()
            && known.hash == *hash
            && embeds_the_same(known, &work.file, &said)
        {
            return Read::Same(reading, said);
        }
        let named = (work.file.uri.as_str(), work.id);
        match cut(parsers, &self.embedder, self.chunking, named, (&taken, &said)).await {
            Ok(cut) => Read::Cut(reading, cut),
            Err(out) => Read::out(out, Some(reading)),
        }
    }
}

impl Read {
    fn out(out: Out, reading: Option<Reading>) -> Self {
        match (out, reading) {
            (Out::Empty(why), Some(reading)) => Self::Empty(reading, why),
            (Out::Empty(why), None) => Self::Failed(Error::internal("reading a document", why)),
            (Out::Failed(error), _) => Self::Failed(error),
            (Out::Ends(error), _) => Self::Ends(error),
        }
    }
}

/// The documents as the index has them: one of which it lacks a passage is to be done again, and what it has of none goes. They
/// differ where a record could not be read, the index was mended, or the workspace is that of a backup.
pub(super) async fn reconciled(index: &dyn VectorStore, mut known: Vec<Filed>) -> Result<Vec<Filed>> {
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
