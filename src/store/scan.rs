//! Reading: one record, the records under a prefix, the conversations newest first.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::Arc;

use super::Store;
use super::generation::Generation;
use super::record::{Kind, Name, Record, RecordKey, key_bytes, recency};
use super::seal::Opened;
use super::shield::{corrupt, shield};
use crate::domain::conversation::Conversation;
use crate::domain::id::ConversationId;
use crate::domain::usage::Subject;
use crate::domain::{Error, ErrorKind, Result};

/// Entries that a scan takes from the tree at a time.
const CHUNK: usize = 64;

/// Which records of a kind, and in which order.
#[derive(Debug, Clone)]
pub struct Scan<R> {
    prefix: Vec<u8>,
    after: Option<Vec<u8>>,
    reverse: bool,
    left: usize,
    kind: PhantomData<R>,
}

impl<R: Record> Scan<R> {
    /// Every record of the kind, in the order of keys.
    pub fn all() -> Self {
        Self { prefix: vec![R::KIND as u8], after: None, reverse: false, left: usize::MAX, kind: PhantomData }
    }

    /// Only those whose keys begin with `part`: the messages of a conversation.
    pub fn under(part: &impl RecordKey) -> Self {
        let mut scan = Self::all();
        part.write(&mut scan.prefix);
        scan
    }

    /// Begins behind `key`, in the direction of the scan.
    #[must_use]
    pub fn after(mut self, key: &R::Key) -> Self {
        self.after = Some(key_bytes::<R>(key));
        self
    }

    /// From the last key to the first.
    #[must_use]
    pub fn reverse(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// At most so many.
    #[must_use]
    pub fn limit(mut self, records: usize) -> Self {
        self.left = records;
        self
    }
}

/// Records as they are read; one that is damaged is an error, and the next one follows.
#[derive(Debug)]
pub struct Records<R> {
    entries: Entries,
    kind: PhantomData<R>,
}

impl<R: Record> Iterator for Records<R> {
    type Item = Result<(R::Key, R)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (key, frame) = match self.entries.next()? {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            match self.entries.generation.read(&key, frame) {
                Ok(Some(opened)) => {
                    let value = decode::<R>(&opened);
                    return Some(value.and_then(|value| Ok((key_of::<R>(&key)?, value))));
                }
                // It was removed since.
                Ok(None) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A page of the list of conversations.
#[derive(Debug, Clone, PartialEq)]
pub struct Newest {
    pub heads: Vec<Conversation>,
    /// There are older ones.
    pub more: bool,
    /// Heads that could not be read; the others are all there.
    pub damaged: Vec<Error>,
}

impl Store {
    /// The record under `key`.
    pub fn get<R: Record>(&self, key: &R::Key) -> Result<Option<R>> {
        let bytes = key_bytes::<R>(key);
        let (generation, frame) = self.mending(|generation| generation.frame(&bytes))?;
        let Some(frame) = frame else { return Ok(None) };
        generation.read(&bytes, frame)?.map(|opened| decode(&opened)).transpose()
    }

    /// Whether there is a record under `key`, be it damaged.
    pub fn has<R: Record>(&self, key: &R::Key) -> Result<bool> {
        let bytes = key_bytes::<R>(key);
        Ok(self.mending(|generation| generation.frame(&bytes))?.1.is_some())
    }

    /// Reads the records that `scan` names. What is committed meanwhile may or may not be seen.
    pub fn scan<R: Record>(&self, scan: Scan<R>) -> Records<R> {
        Records {
            entries: Entries::new(self.clone(), scan.prefix, scan.after, scan.reverse, scan.left),
            kind: PhantomData,
        }
    }

    /// The keys alone: also those of records that are damaged, so that these can be removed.
    pub fn keys<R: Record>(&self, scan: Scan<R>) -> impl Iterator<Item = Result<R::Key>> + use<R> {
        Entries::new(self.clone(), scan.prefix, scan.after, scan.reverse, scan.left)
            .map(|entry| key_of::<R>(&entry?.0))
    }

    /// The keys with the bytes that their records take on the disk.
    pub fn sizes<R: Record>(&self, scan: Scan<R>) -> impl Iterator<Item = Result<(R::Key, u64)>> + use<R> {
        Entries::new(self.clone(), scan.prefix, scan.after, scan.reverse, scan.left).map(|entry| {
            let (key, frame) = entry?;
            Ok((key_of::<R>(&key)?, (key.len() + frame.len()) as u64))
        })
    }

    /// The key of a remembered value.
    pub fn name(&self, name: &str) -> Name {
        Name::of(&self.shared.live().name("name", name.as_bytes()))
    }

    /// The name of what calls of a subject came to.
    pub fn subject_name(&self, subject: &Subject) -> Result<Name> {
        let text = serde_json::to_vec(subject)
            .map_err(|error| Error::internal("naming what is counted", error.to_string()))?;
        Ok(Name::of(&self.shared.live().name("usage", &text)))
    }

    /// Conversations by their last change, newest first; `before` continues behind that one.
    pub fn newest(&self, limit: usize, before: Option<ConversationId>) -> Result<Newest> {
        let after = match before {
            None => None,
            Some(id) => {
                let head = self.get::<Conversation>(&id)?.ok_or_else(|| {
                    Error::new(
                        ErrorKind::NotFound,
                        "listing conversations",
                        "the one to continue behind is gone",
                        "List them from the start.",
                    )
                })?;
                Some(recency::entry(head.updated, id))
            }
        };
        let mut page = Newest { heads: Vec::new(), more: false, damaged: Vec::new() };
        for entry in Entries::new(self.clone(), vec![Kind::Recency as u8], after, true, usize::MAX) {
            let (entry, _) = entry?;
            let Some((updated, id)) = recency::parse(&entry) else { continue };
            match self.get::<Conversation>(&id) {
                Ok(Some(head)) if recency::holds(updated, &head) => {
                    if page.heads.len() == limit {
                        page.more = true;
                        break;
                    }
                    page.heads.push(head);
                }
                Ok(_) => {}
                Err(error) => page.damaged.push(error),
            }
        }
        Ok(page)
    }

    /// Runs `read` on the live generation; where sled says that the tree is damaged, mends it and runs it again.
    pub(super) fn mending<T>(&self, read: impl Fn(&Generation) -> Result<T>) -> Result<(Arc<Generation>, T)> {
        let generation = self.shared.live();
        match read(&generation) {
            Ok(value) => return Ok((generation, value)),
            Err(error) if error.kind == ErrorKind::Corrupt => self.mend(generation.number, &error)?,
            Err(error) => return Err(error),
        }
        let generation = self.shared.live();
        let value = read(&generation)?;
        Ok((generation, value))
    }
}

/// Sealed entries under a prefix, taken in chunks: between two chunks the generation may have been replaced.
#[derive(Debug)]
pub(super) struct Entries {
    store: Store,
    /// Where the entries of the chunk are from.
    pub(super) generation: Arc<Generation>,
    prefix: Vec<u8>,
    last: Option<Vec<u8>>,
    reverse: bool,
    left: usize,
    chunk: VecDeque<(sled::IVec, sled::IVec)>,
    ended: bool,
}

impl Entries {
    /// Every record of a kind.
    pub(super) fn of(store: &Store, kind: Kind) -> Self {
        Self::new(store.clone(), vec![kind as u8], None, false, usize::MAX)
    }

    pub(super) fn new(
        store: Store,
        prefix: Vec<u8>,
        after: Option<Vec<u8>>,
        reverse: bool,
        left: usize,
    ) -> Self {
        let generation = store.shared.live();
        Self { store, generation, prefix, last: after, reverse, left, chunk: VecDeque::new(), ended: false }
    }

    fn fill(&mut self) -> Result<()> {
        let wanted = self.left.min(CHUNK);
        let (generation, chunk) = self.store.mending(|generation| {
            take(generation, &self.prefix, self.last.as_deref(), self.reverse, wanted)
        })?;
        self.ended = chunk.len() < wanted;
        self.generation = generation;
        self.last = chunk.back().map(|(key, _)| key.to_vec());
        self.chunk = chunk;
        Ok(())
    }
}

impl Iterator for Entries {
    type Item = Result<(sled::IVec, sled::IVec)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        if self.chunk.is_empty()
            && !self.ended
            && let Err(error) = self.fill()
        {
            self.left = 0;
            return Some(Err(error));
        }
        self.left -= 1;
        self.chunk.pop_front().map(Ok)
    }
}

/// Up to `wanted` entries of the tree under `prefix`, behind `last`.
pub(super) fn take(
    generation: &Generation,
    prefix: &[u8],
    last: Option<&[u8]>,
    reverse: bool,
    wanted: usize,
) -> Result<VecDeque<(sled::IVec, sled::IVec)>> {
    let end = successor(prefix);
    let mut low = Bound::Included(prefix.to_vec());
    let mut high = end.map_or(Bound::Unbounded, Bound::Excluded);
    match last {
        Some(last) if reverse => high = Bound::Excluded(last.to_vec()),
        Some(last) => low = Bound::Excluded(last.to_vec()),
        None => {}
    }
    shield("reading the store", || {
        let range = generation.tree.range((low, high));
        if reverse { range.rev().take(wanted).collect() } else { range.take(wanted).collect() }
    })
}

/// The first key behind all that begin with `prefix`.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

fn key_of<R: Record>(key: &[u8]) -> Result<R::Key> {
    R::Key::read(&key[1..]).ok_or_else(|| corrupt("reading a record", "its key makes no sense"))
}

pub(super) fn decode<R: Record>(opened: &Opened) -> Result<R> {
    if opened.schema != R::SCHEMA {
        return Err(Error::new(
            ErrorKind::Version,
            "reading a record",
            format!("it has version {} of its kind; this program reads {}", opened.schema, R::SCHEMA),
            "Update this program.",
        ));
    }
    serde_json::from_slice(&opened.plain).map_err(|error| corrupt("reading a record", error.to_string()))
}
