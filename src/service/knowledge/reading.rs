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
/// A passage counts once more for so many bytes: one may be a whole file.
const LONG: usize = 16 * 1024;
/// The room for what waits and what is in hand.
const ROOM: usize = 2 * PASSAGES;

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

    /// Its passages, long ones as several.
    fn size(&self) -> usize {
        match self {
            Self::Cut(_, cut) => cut.passages.iter().map(|passage| 1 + passage.text.len() / LONG).sum(),
            _ => 0,
        }
    }
}

/// A file that was read, and the room that it takes until it is done with.
type Waiting = (Result<(Work, Read)>, OwnedSemaphorePermit);

/// The files of a pass as they are read.
pub(super) struct Reads {
    waiting: mpsc::Receiver<Waiting>,
    /// The room of those that were given last.
    in_hand: Vec<OwnedSemaphorePermit>,
    /// So many are still to come.
    left: usize,
    /// Who reads them ends with this.
    _reader: AbortOnDropHandle<()>,
}

impl Reads {
    /// Begins to read these.
    pub fn begin(reader: Reader, due: Vec<Work>) -> Self {
        Self::by(due, move |work| {
            let reader = reader.clone();
            async move {
                let read = reader.read(&work).await;
                (work, read)
            }
        })
    }

    fn by<F>(due: Vec<Work>, mut one: impl FnMut(Work) -> F + Send + 'static) -> Self
    where
        F: Future<Output = (Work, Read)> + Send + 'static,
    {
        let (sender, waiting) = mpsc::channel(DOCUMENTS);
        let left = due.len();
        let reads = tokio::spawn(async move {
            let room = Arc::new(Semaphore::new(ROOM));
            // They go on while nobody asks.
            let reads = stream::iter(due).map(move |work| AbortOnDropHandle::new(tokio::spawn(one(work))));
            let mut reads = std::pin::pin!(reads.buffered(AT_ONCE));
            while let Some(read) = reads.next().await {
                let read = read.map_err(|why| Error::internal(DOING, why.to_string()));
                let size = read.as_ref().map_or(0, |(_, read)| read.size());
                // One that is larger than all the room waits until nothing else is held.
                let takes = u32::try_from(size.min(ROOM)).unwrap_or(u32::MAX);
                let Ok(room) = Arc::clone(&room).acquire_many_owned(takes).await else { return };
                if sender.send((read, room)).await.is_err() {
                    return;
                }
            }
        });
        Self { waiting, in_hand: Vec::new(), left, _reader: AbortOnDropHandle::new(reads) }
    }

    /// The next documents in their order: those that are read by now, and not more than share requests well. It waits for one;
    /// none are given where none are left. Those that were given before are done with.
    pub async fn next(&mut self) -> Result<Vec<(Work, Read)>> {
        self.in_hand.clear();
        let (mut hand, mut size) = (Vec::new(), 0);
        let mut next = self.waiting.recv().await;
        while let Some((read, room)) = next {
            let (work, read) = read?;
            size += read.size();
            self.left -= 1;
            self.in_hand.push(room);
            hand.push((work, read));
            if size >= PASSAGES || hand.len() >= DOCUMENTS {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::knowledge::attribute::Attributes;
    use crate::domain::knowledge::passage::Passage;
    use crate::domain::knowledge::sync::Stamp;
    use crate::service::fresh;
    use crate::service::knowledge::filing::passage_id;

    fn work(number: usize) -> Work {
        let file = Listed { uri: format!("/{number:03}"), stamp: Stamp::default(), metadata: None };
        Work { id: fresh::document_id(), file, known: None }
    }

    /// A document that was cut into passages of these bytes.
    fn cut_into(work: &Work, passages: &[usize]) -> Read {
        let one = |(bytes, ordinal): (&usize, u32)| Passage {
            id: passage_id(work.id, ordinal),
            document: work.id,
            ordinal,
            range: 0..*bytes,
            parent: None,
            tokens: 1,
            text: "x".repeat(*bytes),
            attributes: Attributes::new(),
        };
        let passages = passages.iter().zip(0..).map(one).collect();
        let cut =
            Cut { format: String::new(), notes: Vec::new(), passages, before: String::new(), windowed: 0 };
        Read::Cut(Reading { hash: String::new(), validators: None, complaint: None }, cut)
    }

    /// So many documents of such passages, and how many of them were begun.
    fn reads(many: usize, passages: Vec<usize>) -> (Reads, Arc<AtomicUsize>) {
        let begun = Arc::<AtomicUsize>::default();
        let counts = Arc::clone(&begun);
        let reads = Reads::by((0..many).map(work).collect(), move |work| {
            counts.fetch_add(1, Ordering::Relaxed);
            let read = cut_into(&work, &passages);
            async move { (work, read) }
        });
        (reads, begun)
    }

    /// Until nobody has anything to do any more.
    async fn quiet() {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn small_documents_come_together_in_their_order_and_each_once() {
        let (mut reads, begun) = reads(300, vec![10]);
        quiet().await;
        let ahead = begun.load(Ordering::Relaxed);
        assert!((DOCUMENTS..DOCUMENTS + 4).contains(&ahead), "{ahead}");
        let mut came = Vec::new();
        loop {
            let hand = reads.next().await.unwrap();
            if hand.is_empty() {
                break;
            }
            assert!(hand.len() <= DOCUMENTS);
            came.extend(hand.into_iter().map(|(work, _)| work.file.uri));
        }
        assert_eq!(came, (0..300).map(|number| work(number).file.uri).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn of_large_documents_few_are_held_at_once_also_where_each_is_one_passage() {
        for passages in [vec![10; ROOM + 1], vec![ROOM * LONG]] {
            let (mut reads, begun) = reads(8, passages);
            for number in 0..8 {
                let hand = reads.next().await.unwrap();
                assert_eq!(hand.len(), 1);
                quiet().await;
                // That one, one that waits for its room, and one that is being read.
                let begun = begun.load(Ordering::Relaxed);
                assert!(begun <= number + 1 + AT_ONCE, "{begun} at {number}");
            }
            assert_eq!(reads.next().await.unwrap().len(), 0);
        }
    }
}
