//! What becomes part of a base in one act: documents with their passages and vectors, and those that go.

use std::collections::HashSet;

use tokio::time::Instant;

use super::asking::{Asked, Before};
use super::embedding::refuses_text;
use super::filing::{Cut, digest_of, passage_id};
use super::is_own;
use super::listing::Listed;
use super::pass::{Pass, Work};
use super::reading::{Read, Reading};
use crate::domain::figures::count;
use crate::domain::id::DocumentId;
use crate::domain::knowledge::attribute::{Metadata, SOURCE_URI, Value, attributes};
use crate::domain::knowledge::passage::{Entry as Indexed, Passage};
use crate::domain::knowledge::sync::{At, DocumentState, Filed, SyncState};
use crate::domain::{Error, Result};
use crate::index::Change;
use crate::service::fresh;
use crate::store::Batch;
use crate::store::record::FiledOf;

/// With so many documents or passages an act is carried out.
pub(super) const DOCUMENTS: usize = 64;
pub(super) const PASSAGES: usize = 512;
/// A document with more passages becomes part of the index in several acts.
const LARGE: usize = 4096;

/// How a note on a metadata file begins.
const METADATA: &str = "metadata: ";

/// What becomes part of the base in one act.
#[derive(Default)]
pub(super) struct Act {
    pub change: Change,
    pub filed: Vec<Filed>,
    pub gone: Vec<DocumentId>,
}

impl Pass<'_> {
    /// A document is at another place: its passages say so, and their vectors stay.
    pub async fn readdress(
        &mut self,
        (file, known, said): (Listed, Filed, Metadata),
        act: &mut Act,
    ) -> Result<()> {
        self.sync.statistics.moved += 1;
        let uri = Value::Text(file.uri.clone());
        for mut entry in self.entries(known.id).await? {
            entry.passage.attributes.retain(|key, _| is_own(key));
            entry.passage.attributes.extend(attributes(&said));
            entry.passage.attributes.insert(SOURCE_URI.to_owned(), uri.clone());
            act.change.put.push(entry);
        }
        let Listed { uri, stamp, metadata } = file;
        let mut filed = Filed { uri, stamp, metadata, updated: fresh::now(), ..known };
        // What is said of it was read.
        filed.notes.retain(|note| !note.starts_with(METADATA));
        told(&mut filed, None);
        act.filed.push(filed);
        if act.change.put.len() >= PASSAGES { self.carry_out(act).await } else { Ok(()) }
    }

    /// What the index has of a document.
    pub async fn entries(&self, document: DocumentId) -> Result<Vec<Indexed>> {
        let ids = self.index.of_document(document).await?;
        Ok(self.index.entries(ids).await?.into_iter().flatten().collect())
    }

    /// What a document is to be asked together with others: nothing of one that goes into the index by and by, or of which only
    /// what the model refused is asked for again.
    pub async fn asks(&self, Work { id, file, known }: &Work, read: &Read) -> Result<Option<Asked>> {
        let Read::Cut(_, cut) = read else { return Ok(None) };
        let in_part = known.as_ref().is_some_and(|known| known.state == DocumentState::PartiallyIndexed);
        if in_part || cut.passages.len() > LARGE {
            return Ok(None);
        }
        let mut old = said_before(known.as_ref(), *id, &cut.before);
        self.asked(&file.uri, &cut.passages, &cut.before, &mut old).await.map(Some)
    }

    /// Takes what came of a file into an act, with its vectors where they were asked for already.
    pub async fn take(
        &mut self,
        Work { id, file, known }: Work,
        read: Read,
        asked: Option<Asked>,
        act: &mut Act,
    ) -> Result<()> {
        match read {
            Read::Failed(error) => {
                // What a model refuses is a call that failed, and found by that.
                self.lacks(&file.uri, &error.kind, &error.why);
                self.failed((id, &file), known, &error, act);
            }
            Read::Ends(error) => return Err(error),
            Read::Unchanged if known.as_ref().is_some_and(|known| known.state == DocumentState::Ignored) => {
                self.sync.statistics.skipped += 1;
            }
            Read::Unchanged => self.sync.statistics.unchanged += 1,
            Read::Empty(reading, why) => {
                self.sync.statistics.skipped += 1;
                let new = self.unread(id, &file, DocumentState::Ignored, vec![why]);
                let Reading { hash, validators, .. } = reading;
                act.change.remove.push(id);
                act.filed.push(Filed { hash, validators, ..new });
            }
            Read::Same(Reading { hash, validators, complaint }, said) => {
                let Some(known) = known else { return Ok(()) };
                let mut filed = Filed { hash, validators, stamp: file.stamp, updated: fresh::now(), ..known };
                // What could not be read of it before may be read now.
                let lacks = filed.state == DocumentState::MetadataUpdateFailed;
                if filed.metadata == file.metadata && complaint.is_none() && !lacks {
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
            Read::Cut(reading, cut) => {
                if let Some(known) = &known
                    && let Some((left, error)) = self.refused_again(&file, known, &reading, &cut).await?
                {
                    self.sync.statistics.unchanged += 1;
                    self.sync.leave_out(left, &file.uri, &left_out(left, &error));
                    if known.stamp != file.stamp {
                        act.filed.push(Filed { stamp: file.stamp, ..known.clone() });
                    }
                    return Ok(());
                }
                return self.take_in((file, known), (reading, id, cut), asked, act).await;
            }
        }
        Ok(())
    }

    /// A file that could not be read; what it said before is found as before.
    fn failed(
        &mut self,
        (id, file): (DocumentId, &Listed),
        known: Option<Filed>,
        error: &Error,
        act: &mut Act,
    ) {
        self.sync.fail(&file.uri, &error.to_string());
        let notes = vec![error.to_string()];
        act.filed.push(match known {
            Some(known) => Filed { state: DocumentState::Failed, notes, updated: fresh::now(), ..known },
            None => self.unread(id, file, DocumentState::Failed, notes),
        });
    }

    /// How many passages of a document its model refuses still, where those are all that is missing of it, and why: nothing is
    /// asked for but them. `None` where there is more to be done, or now it takes one of them.
    async fn refused_again(
        &mut self,
        file: &Listed,
        known: &Filed,
        reading: &Reading,
        cut: &Cut,
    ) -> Result<Option<(u64, Error)>> {
        let same = known.state == DocumentState::PartiallyIndexed
            && known.hash == reading.hash
            && known.before == digest_of(&cut.before)
            && known.metadata == file.metadata;
        if !same {
            return Ok(None);
        }
        let place = |passage: &Passage| (passage.range.clone(), passage.parent.clone());
        let entries = self.entries(known.id).await?;
        let there: HashSet<_> = entries.iter().map(|entry| place(&entry.passage)).collect();
        let missing = cut.passages.iter().filter(|passage| !there.contains(&place(passage)));
        let missing: Vec<Passage> = missing.cloned().collect();
        if missing.is_empty() || missing.len() + entries.len() != cut.passages.len() {
            return Ok(None);
        }
        let left = missing.len() as u64;
        let mut nothing = Before::nothing();
        match self.vectors(&file.uri, &missing, &cut.before, &mut nothing).await {
            Ok(made) if made.vectors.iter().any(Option::is_some) => Ok(None),
            Ok(made) => Ok(made.refused.map(|error| (left, error))),
            Err(error) if refuses_text(&error) => Ok(Some((left, error))),
            Err(error) => Err(error),
        }
    }

    /// Embeds a document. A large one goes into the index by and by; until it is whole it counts as being done.
    async fn take_in(
        &mut self,
        (file, known): (Listed, Option<Filed>),
        (reading, document, cut): (Reading, DocumentId, Cut),
        mut asked: Option<Asked>,
        act: &mut Act,
    ) -> Result<()> {
        let Cut { format, notes, mut passages, before, windowed } = cut;
        let was_in = known.as_ref().is_some_and(|known| known.passages > 0);
        let mut old = said_before(known.as_ref(), document, &before);
        let many = passages.len();
        let mut filed = Filed {
            id: document,
            source: self.source.id,
            uri: file.uri.clone(),
            state: DocumentState::InProgress,
            notes,
            stamp: file.stamp,
            hash: reading.hash,
            metadata: file.metadata,
            prefixed: !before.is_empty(),
            before: digest_of(&before),
            validators: reading.validators,
            format,
            passages: u32::try_from(many).unwrap_or(u32::MAX),
            tokens: passages.iter().map(|passage| u64::from(passage.tokens)).sum(),
            updated: fresh::now(),
        };
        if asked.is_none() {
            let (uri, bytes) = (file.uri.clone(), file.stamp.bytes);
            self.sync.at = Some(At { uri, bytes, passages: many as u64, passages_done: 0 });
        }
        let large = many > LARGE;
        if large {
            self.carry_out(act).await?;
            self.write(vec![filed.clone()], Vec::new()).await?;
        }
        let (mut recalled, mut begun) = (0, false);
        let (mut taken, mut tokens, mut refused) = (0_u32, 0, None);
        while !passages.is_empty() {
            let rest = passages.split_off(passages.len().min(LARGE));
            let piece = std::mem::replace(&mut passages, rest);
            let answer = match asked.take() {
                Some(asked) => asked.answer(),
                None => self.vectors(&file.uri, &piece, &before, &mut old).await,
            };
            let made = match answer {
                Ok(made) => made,
                Err(error) if refuses_text(&error) => {
                    return self.refused(&file, known, filed, (large, begun), &error, act).await;
                }
                Err(error) => return Err(error),
            };
            recalled += made.known;
            refused = refused.or(made.refused);
            let mut put = Vec::with_capacity(piece.len());
            for (passage, vector) in piece.into_iter().zip(made.vectors) {
                let Some(vector) = vector else { continue };
                // Their numbers have no gap where one is left out.
                let passage = Passage { id: passage_id(document, taken), ordinal: taken, ..passage };
                (taken, tokens) = (taken + 1, tokens + u64::from(passage.tokens));
                put.push(Indexed { passage, vector });
            }
            if put.is_empty() {
                continue;
            }
            if large {
                let remove = if begun { Vec::new() } else { vec![document] };
                self.index.apply(Change { remove, put }).await?;
                begun = true;
            } else {
                act.change.remove.push(document);
                act.change.put.extend(put);
            }
        }
        if let Some(error) = refused {
            if taken == 0 {
                return self.refused(&file, known, filed, (large, begun), &error, act).await;
            }
            let left = (many as u64).saturating_sub(taken.into());
            let why = left_out(left, &error);
            self.sync.leave_out(left, &file.uri, &why);
            filed.notes.push(why);
            filed.state = DocumentState::PartiallyIndexed;
            (filed.passages, filed.tokens) = (taken, tokens);
        }
        told(&mut filed, reading.complaint);
        let statistics = &mut self.sync.statistics;
        if was_in {
            statistics.modified += 1;
        } else {
            statistics.new += 1;
        }
        statistics.passages += u64::from(taken);
        statistics.tokens += tokens;
        statistics.known += recalled;
        statistics.windowed += windowed;
        statistics.bytes += file.stamp.bytes;
        act.filed.push(filed);
        Ok(())
    }

    /// The model takes nothing of a document. What that said before is found as before, unless some of it went already.
    async fn refused(
        &mut self,
        file: &Listed,
        mut known: Option<Filed>,
        filed: Filed,
        (large, begun): (bool, bool),
        error: &Error,
        act: &mut Act,
    ) -> Result<()> {
        let id = filed.id;
        if begun {
            self.index.apply(Change { remove: vec![id], put: Vec::new() }).await?;
        }
        if begun || large && known.is_none() {
            known = Some(Filed { passages: 0, tokens: 0, ..filed });
        }
        self.failed((id, file), known, error, act);
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

    /// Makes an act durable. A document is marked as being done first: broken off in between, it is done again, as the same one.
    pub async fn carry_out(&mut self, act: &mut Act) -> Result<()> {
        let Act { change, filed, gone } = std::mem::take(act);
        if filed.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let put: HashSet<DocumentId> = change.put.iter().map(|entry| entry.passage.document).collect();
        if !change.remove.is_empty() || !change.put.is_empty() {
            let begun: Vec<Filed> = filed
                .iter()
                .filter(|document| put.contains(&document.id))
                .map(|document| Filed { state: DocumentState::InProgress, ..document.clone() })
                .collect();
            self.write(begun, Vec::new()).await?;
            self.index.apply(change).await?;
        }
        self.count(&filed, &gone);
        let stand: Vec<String> = filed.iter().map(|document| document.uri.clone()).collect();
        self.write(filed, gone).await?;
        for uri in &stand {
            self.plan.done(uri);
        }
        self.keep().await
    }

    /// What the base has after documents became others and went.
    fn count(&mut self, filed: &[Filed], gone: &[DocumentId]) {
        let holds = &mut self.holds;
        for id in filed.iter().map(|document| document.id).chain(gone.iter().copied()) {
            if let Some((passages, tokens)) = self.counted.remove(&id) {
                holds.documents -= 1;
                holds.passages -= passages;
                holds.tokens -= tokens;
            }
        }
        for document in filed.iter().filter(|document| document.passages > 0) {
            let (passages, tokens) = (u64::from(document.passages), document.tokens);
            self.counted.insert(document.id, (passages, tokens));
            holds.documents += 1;
            holds.passages += passages;
            holds.tokens += tokens;
        }
    }

    async fn write(&self, filed: Vec<Filed>, gone: Vec<DocumentId>) -> Result<()> {
        let id = self.under;
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

    /// What it found and left undone stays listed, with why: the next sync does it.
    pub async fn leave(&self, stopped: bool) -> Result<()> {
        let (id, left) = (self.under, self.plan.left(stopped));
        self.service
            .archive
            .run(move |store| {
                for some in left.chunks(PASSAGES) {
                    let mut batch = Batch::new();
                    for document in some {
                        let key = FiledOf(id, document.id);
                        // What is filed says already how it stands, but for why it waited before.
                        let known = store.get::<Filed>(&key)?;
                        if known.is_none_or(|known| known.state == DocumentState::Pending) {
                            batch.put(&key, document)?;
                        }
                    }
                    store.commit(batch)?;
                }
                Ok(())
            })
            .await
    }

    /// Keeps how far it is.
    pub async fn keep(&mut self) -> Result<()> {
        let (holds, source, building) = (self.holds, self.source.id, self.building);
        let mut sync = self.sync.clone();
        self.base = self
            .service
            .changed(self.base.id, move |base| {
                let (had, sources) = base.parts_mut(building);
                *had = holds;
                if let Some(source) = sources.iter_mut().find(|known| known.id == source) {
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
}

/// What a document said before, by which a passage that stays as it was need not be embedded again.
fn said_before(known: Option<&Filed>, document: DocumentId, before: &str) -> Before {
    match known {
        Some(known) if known.passages > 0 && !known.prefixed && before.is_empty() => Before::Unread(document),
        _ => Before::nothing(),
    }
}

/// What is said of a document some passages of which its model refuses.
fn left_out(passages: u64, error: &Error) -> String {
    format!("{} left out: {error}", count(passages, "passage", "passages"))
}

/// What a metadata file could not be read for is said of its document. That passages of it are missing matters more.
fn told(filed: &mut Filed, complaint: Option<String>) {
    if filed.state != DocumentState::PartiallyIndexed {
        let lacks = complaint.is_some();
        filed.state = if lacks { DocumentState::MetadataUpdateFailed } else { DocumentState::Indexed };
    }
    filed.notes.extend(complaint.map(|complaint| format!("{METADATA}{complaint}")));
}
