//! One way through a source: what is there is set against what the base has, and what is new or changed is read and taken in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Knowledge;
use super::act::{Act, DOCUMENTS, PASSAGES};
use super::asking::Asked;
use super::embedding::Embedder;
use super::listing::{Listed, Listing};
use super::place::Place;
use super::reading::{Read, Reader, Reads, embeds_the_same};
use super::standing::Plan;
use super::stores::arranged;
use crate::domain::change::Changed;
use crate::domain::id::{BaseId, DocumentId};
use crate::domain::knowledge::attribute::Metadata;
use crate::domain::knowledge::base::{Base, Holds, Source};
use crate::domain::knowledge::sync::{At, DocumentState, Filed, MOST_FAILURES, Sorting, Sync};
use crate::domain::{Error, ErrorKind, Result};
use crate::index::{Change, VectorStore};
use crate::service::fresh;
use crate::wire::document;

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

impl Pass<'_> {
    /// Goes through what there is; `elsewhere` is what other sources of the base have.
    pub async fn run(
        &mut self,
        listing: Listing,
        known: Vec<Filed>,
        elsewhere: &HashSet<String>,
    ) -> Result<()> {
        for (uri, why) in &listing.unread {
            self.lacks(uri, &ErrorKind::Io, why);
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
        // What is done is done, however it ended, and counted.
        self.sync.at = None;
        self.carry_out(&mut act).await?;
        if went.is_err() {
            self.keep().await?;
        }
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
        let mut reads = Reads::begin(reader, due);
        loop {
            let hand = tokio::select! {
                biased;
                () = stop.cancelled() => return Err(Error::cancelled("syncing a source")),
                hand = reads.next() => hand?,
            };
            if hand.is_empty() {
                return Ok(());
            }
            let went = self.work_on(hand, act).await;
            self.sync.at = None;
            went?;
        }
    }

    /// Takes documents in, embedded together. Where nobody can be asked any more, those before the first that lacks a vector are
    /// in.
    async fn work_on(&mut self, hand: Vec<(Work, Read)>, act: &mut Act) -> Result<()> {
        let bytes = |work: &Work, asked: Option<&Asked>| asked.map_or(0, |_| work.file.stamp.bytes);
        let mut asked = Vec::with_capacity(hand.len());
        for (work, read) in &hand {
            self.plan.stands(&work.file.uri, DocumentState::InProgress);
            asked.push(self.asks(work, read).await?);
        }
        let together: Vec<&Asked> = asked.iter().flatten().collect();
        self.sync.at = together.first().map(|first| At {
            uri: first.uri().to_owned(),
            bytes: hand.iter().zip(&asked).map(|((work, _), asked)| bytes(work, asked.as_ref())).sum(),
            passages: together.iter().map(|asked| asked.passages()).sum(),
            passages_done: together.iter().map(|asked| asked.made()).sum(),
        });
        let mut together: Vec<&mut Asked> = asked.iter_mut().flatten().collect();
        let went = self.embed(&mut together).await;
        for ((work, read), asked) in hand.into_iter().zip(asked) {
            // What nobody is asked for is taken in all the same.
            let lacks = asked.as_ref().map_or(matches!(read, Read::Cut(..)), |asked| !asked.is_answered());
            if went.is_err() && lacks {
                break;
            }
            let (uri, own) = (work.file.uri.clone(), work.file.stamp.bytes);
            let part = bytes(&work, asked.as_ref());
            // One that is asked for by itself says how far that is; then it is as far as before.
            let before = asked.is_none().then(|| self.sync.at.take());
            self.take(work, read, asked, act).await?;
            if let Some(before) = before {
                self.sync.at = before;
            }
            if !act.filed.iter().any(|document| document.uri == uri) {
                self.plan.done(&uri);
            }
            self.sync.due.files_done += 1;
            self.sync.due.bytes_done += own;
            // Of what is in hand it is not any more.
            if let Some(at) = &mut self.sync.at {
                at.bytes = at.bytes.saturating_sub(part);
            }
            if act.filed.len() >= DOCUMENTS || act.change.put.len() >= PASSAGES {
                self.carry_out(act).await?;
            }
            self.tell();
        }
        went
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
            if document.state.is_in() {
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

    /// Has the trace of the sync tell of a file that could not be read, as long as the sync names such files.
    pub fn lacks(&self, uri: &str, kind: &ErrorKind, why: &str) {
        if self.sync.failures.len() < MOST_FAILURES {
            self.embedder.lacks(uri, kind.clone(), why);
        }
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
