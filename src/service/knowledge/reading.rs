//! Files that are read and cut ahead of a pass, while that embeds others: as many as fit, and in their order.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::Knowledge;
use super::embedding::{BATCH, Embedder};
use super::filing::{Cut, Out, cut, digest_of};
use super::listing::Listed;
use super::pass::Work;
use super::place::{Place, Taken, Took};
use super::standing::Plan;
use crate::domain::knowledge::attribute::{Metadata, before_embedding};
use crate::domain::knowledge::chunking::Chunking;
use crate::domain::knowledge::sync::{DocumentState, Filed, Validators};
use crate::domain::{Error, Result};

/// Files that are read and cut at once.
const AT_ONCE: usize = 2;
/// So many documents wait at most, and so many are in hand.
const DOCUMENTS: usize = 64;
/// The same of passages: enough that few requests go out with room in them. One document may have more.
const PASSAGES: usize = 4 * BATCH;

const DOING: &str = "reading a document";

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

impl Read {
    fn out(out: Out, reading: Option<Reading>) -> Self {
        match (out, reading) {
            (Out::Empty(why), Some(reading)) => Self::Empty(reading, why),
            (Out::Empty(why), None) => Self::Failed(Error::internal(DOING, why)),
            (Out::Failed(error), _) => Self::Failed(error),
            (Out::Ends(error), _) => Self::Ends(error),
        }
    }

    fn passages(&self) -> usize {
        match self {
            Self::Cut(_, cut) => cut.passages.len(),
            _ => 0,
        }
    }
}

/// A file that was read, and the room that it takes until somebody has it in hand.
type Waiting = (Result<(Work, Read)>, OwnedSemaphorePermit);

/// The files of a pass as they are read.
pub(super) struct Reads {
    waiting: mpsc::Receiver<Waiting>,
    /// So many are still to come.
    left: usize,
    /// Who reads them ends with this.
    _reads: AbortOnDropHandle<()>,
}

impl Reads {
    /// Begins to read these.
    pub fn begin(reader: Reader, due: Vec<Work>) -> Self {
        let (sender, waiting) = mpsc::channel(DOCUMENTS);
        let left = due.len();
        let reads = tokio::spawn(async move {
            let room = Arc::new(Semaphore::new(PASSAGES));
            let reads = stream::iter(due).map(|work| {
                let reader = reader.clone();
                // They go on while nobody asks.
                AbortOnDropHandle::new(tokio::spawn(async move {
                    let read = reader.read(&work).await;
                    (work, read)
                }))
            });
            let mut reads = std::pin::pin!(reads.buffered(AT_ONCE));
            while let Some(read) = reads.next().await {
                let read = read.map_err(|why| Error::internal(DOING, why.to_string()));
                let passages = read.as_ref().map_or(0, |(_, read)| read.passages());
                // One that is larger than all the room waits until nothing else does.
                let takes = u32::try_from(passages.min(PASSAGES)).unwrap_or(u32::MAX);
                let Ok(room) = Arc::clone(&room).acquire_many_owned(takes).await else { return };
                if sender.send((read, room)).await.is_err() {
                    return;
                }
            }
        });
        Self { waiting, left, _reads: AbortOnDropHandle::new(reads) }
    }

    /// The next documents in their order: those that are read by now, and not more than share requests well. It waits for one;
    /// none are given where none are left.
    pub async fn next(&mut self) -> Result<Vec<(Work, Read)>> {
        let (mut hand, mut passages) = (Vec::new(), 0);
        let mut next = self.waiting.recv().await;
        while let Some((read, _room)) = next {
            let (work, read) = read?;
            passages += read.passages();
            self.left -= 1;
            hand.push((work, read));
            if passages >= PASSAGES || hand.len() >= DOCUMENTS {
                break;
            }
            next = self.waiting.try_recv().ok();
        }
        if hand.is_empty() && self.left > 0 {
            return Err(Error::internal(DOING, format!("{} were never read", self.left)));
        }
        Ok(hand)
    }
}

/// Whether the model gets to see of a document what it saw: what is said of it may be embedded with it.
pub(super) fn embeds_the_same(known: &Filed, file: &Listed, said: &Metadata) -> bool {
    if known.prefixed && known.before.is_empty() {
        // Filed before that was kept.
        return known.metadata == file.metadata;
    }
    known.before == digest_of(&before_embedding(said))
}

/// Reads files beside the pass.
#[derive(Clone)]
pub(super) struct Reader {
    pub service: Knowledge,
    pub embedder: Embedder,
    pub place: Place,
    pub chunking: Chunking,
    pub plan: Plan,
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
