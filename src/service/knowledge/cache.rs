//! Vectors that were made before, by what they were made of: a text is embedded once by a model, wherever it stands.
//!
//! They lie on a shelf of their own in two parts, the young and the old. What is made or asked for is in the young one; when
//! that has half of the bytes that there may be, the old one goes, and the young one is the old one. So what nobody asks for
//! goes in the end, and what is used stays. A part is two logs: vectors, and which text each is of. Nothing is synced: what
//! a power cut takes is made again, and what cannot be read was never there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use sha2::{Digest, Sha256};

use crate::domain::Result;
use crate::domain::catalog::ModelId;
use crate::store::{Log, Met, Shelf, Span};

/// The shelf that they lie on.
pub(super) const SHELF: &str = "embeddings";

/// A digest of the text that was embedded, the model that did, and the numbers that it made of it.
pub(super) type Key = [u8; 32];

/// Bytes of an entry in the log of keys: a key, the place and length of a frame, and which vector of it.
const ENTRY: usize = 32 + 8 + 4 + 4;

/// The key of what a model makes of a text.
pub(super) fn key(model: &ModelId, dimensions: u32, text: &str) -> Key {
    let model = model.to_string();
    let digest = Sha256::new().chain_update(model.as_bytes()).chain_update([0]);
    digest.chain_update(dimensions.to_be_bytes()).chain_update(text.as_bytes()).finalize().into()
}

/// The vectors that are kept. Copies are handles to the same ones.
#[derive(Debug, Clone)]
pub(super) struct Cache(Arc<Mutex<Parts>>);

/// The same, as long as somebody else has them open.
#[derive(Debug)]
pub(super) struct WeakCache(Weak<Mutex<Parts>>);

impl WeakCache {
    pub fn get(&self) -> Option<Cache> {
        self.0.upgrade().map(Cache)
    }
}

#[derive(Debug)]
struct Parts {
    shelf: Shelf,
    /// So many bytes there may be, about.
    most: u64,
    young: Part,
    old: Option<Part>,
}

#[derive(Debug)]
struct Part {
    number: u64,
    vectors: Log,
    keys: Log,
    places: HashMap<Key, Place>,
}

/// Where a vector lies: a frame, and which of its vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    frame: Span,
    at: u32,
}

impl Cache {
    /// Opens what lies on that shelf; blocks. There may be about so many bytes.
    pub fn open(shelf: Shelf, most: u64) -> Result<Self> {
        let mut numbers: Vec<u64> = shelf.names()?.iter().filter_map(|name| number(name)).collect();
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        numbers.dedup();
        for number in numbers.iter().skip(2) {
            Part::remove(&shelf, *number)?;
        }
        let young = Part::open(&shelf, numbers.first().copied().unwrap_or(1))?;
        let old = numbers.get(1).map(|number| Part::open(&shelf, *number)).transpose()?;
        let mut parts = Parts { shelf, most, young, old };
        // There may be less than when it was written.
        if parts.bytes() > most {
            parts.turn()?;
        }
        Ok(Self(Arc::new(Mutex::new(parts))))
    }

    /// The vectors of these, in their order.
    pub async fn find(&self, keys: Vec<Key>) -> Vec<Option<Vec<f32>>> {
        let (many, own) = (keys.len(), self.clone());
        let found = tokio::task::spawn_blocking(move || own.parts().find(&keys)).await;
        found.unwrap_or_else(|why| {
            tracing::warn!(panicked = why.is_panic(), "kept vectors could not be read");
            vec![None; many]
        })
    }

    /// Keeps vectors of one model. Where that fails they are made again the next time.
    pub async fn keep(&self, made: Vec<(Key, Vec<f32>)>) {
        let own = self.clone();
        let kept = tokio::task::spawn_blocking(move || own.parts().keep(&made)).await;
        let why = match kept {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the work ended badly".to_owned(),
        };
        tracing::warn!(why, "vectors could not be kept");
    }

    pub fn weak(&self) -> WeakCache {
        WeakCache(Arc::downgrade(&self.0))
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    fn bytes(&self) -> u64 {
        self.young.bytes() + self.old.as_ref().map_or(0, Part::bytes)
    }

    fn find(&mut self, keys: &[Key]) -> Vec<Option<Vec<f32>>> {
        let mut found = self.young.find(keys);
        let missing: Vec<usize> = (0..keys.len()).filter(|at| found[*at].is_none()).collect();
        let Some(old) = self.old.as_mut().filter(|_| !missing.is_empty()) else { return found };
        let wanted: Vec<Key> = missing.iter().map(|at| keys[*at]).collect();
        let mut used = Vec::new();
        for (at, vector) in missing.into_iter().zip(old.find(&wanted)) {
            if let Some(vector) = vector {
                used.push((keys[at], vector.clone()));
                found[at] = Some(vector);
            }
        }
        // It is in use, so it stays.
        if let Err(error) = self.keep(&used) {
            tracing::warn!(%error, "vectors could not be kept");
        }
        found
    }

    fn keep(&mut self, made: &[(Key, Vec<f32>)]) -> Result<()> {
        if made.is_empty() {
            return Ok(());
        }
        self.young.keep(made)?;
        if self.young.bytes() > self.most / 2 { self.turn() } else { Ok(()) }
    }

    /// The young part is the old one from now on.
    fn turn(&mut self) -> Result<()> {
        let next = Part::open(&self.shelf, self.young.number + 1)?;
        let young = std::mem::replace(&mut self.young, next);
        let old = self.old.replace(young);
        // There may be less than what one part has.
        let young = self.old.take_if(|part| part.bytes() > self.most);
        for part in [old, young].into_iter().flatten() {
            Part::remove(&self.shelf, part.number)?;
        }
        Ok(())
    }
}

impl Part {
    fn open(shelf: &Shelf, number: u64) -> Result<Self> {
        let vectors = shelf.log(&format!("vectors-{number}"))?;
        let mut keys = shelf.log(&format!("keys-{number}"))?;
        let reader = keys.reader();
        let (mut places, mut at) = (HashMap::new(), 0);
        while let Some(met) = reader.next(at, keys.length())? {
            match met {
                Met::Frame(span, plain) => {
                    places.extend(entries(&plain));
                    at = span.end();
                }
                // It was not written to its end.
                Met::Damage(range) if range.end == keys.length() => {
                    keys.truncate(range.start)?;
                    at = range.start;
                }
                Met::Damage(range) => at = range.end,
            }
        }
        Ok(Self { number, vectors, keys, places })
    }

    fn remove(shelf: &Shelf, number: u64) -> Result<()> {
        // The keys first: vectors without them are nobody's.
        shelf.remove(&format!("keys-{number}"))?;
        shelf.remove(&format!("vectors-{number}"))
    }

    fn bytes(&self) -> u64 {
        self.vectors.length() + self.keys.length()
    }

    fn find(&mut self, keys: &[Key]) -> Vec<Option<Vec<f32>>> {
        let reader = self.vectors.reader();
        // Neighbours lie in one frame.
        let mut frame: Option<(Span, Option<Vec<u8>>)> = None;
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(place) = self.places.get(key).copied() else {
                found.push(None);
                continue;
            };
            if frame.as_ref().is_none_or(|(span, _)| *span != place.frame) {
                frame = Some((place.frame, reader.read(place.frame).ok()));
            }
            let vector = frame.as_ref().and_then(|(_, plain)| vector(plain.as_deref()?, place.at));
            if vector.is_none() {
                self.places.remove(key);
            }
            found.push(vector);
        }
        found
    }

    fn keep(&mut self, made: &[(Key, Vec<f32>)]) -> Result<()> {
        let width = made.first().map_or(0, |(_, vector)| vector.len());
        let made = || made.iter().filter(|(_, vector)| vector.len() == width);
        let mut plain = (width as u32).to_le_bytes().to_vec();
        plain.extend(made().flat_map(|(_, vector)| vector.iter().flat_map(|number| number.to_le_bytes())));
        let frame = self.vectors.append(&plain)?;
        let mut plain = Vec::new();
        for ((key, _), at) in made().zip(0_u32..) {
            plain.extend_from_slice(key);
            plain.extend_from_slice(&frame.at.to_le_bytes());
            plain.extend_from_slice(&frame.length.to_le_bytes());
            plain.extend_from_slice(&at.to_le_bytes());
        }
        self.keys.append(&plain)?;
        self.places.extend(entries(&plain));
        Ok(())
    }
}

/// The entries of a frame of keys.
fn entries(plain: &[u8]) -> impl Iterator<Item = (Key, Place)> + '_ {
    plain.chunks_exact(ENTRY).filter_map(|entry| {
        let (key, rest) = entry.split_first_chunk::<32>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let frame = Span { at: u64::from_le_bytes(*at), length: u32::from_le_bytes(*length) };
        Some((*key, Place { frame, at: u32::from_le_bytes(*rest.first_chunk::<4>()?) }))
    })
}

/// One vector of a frame.
fn vector(plain: &[u8], at: u32) -> Option<Vec<f32>> {
    let (width, numbers) = plain.split_first_chunk::<4>()?;
    let bytes = u32::from_le_bytes(*width) as usize * 4;
    let start = (at as usize).checked_mul(bytes)?;
    let own = numbers.get(start..start.checked_add(bytes)?)?;
    Some(own.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

/// The number of a part, by the name of one of its files.
fn number(name: &str) -> Option<u64> {
    name.strip_prefix("vectors-").or_else(|| name.strip_prefix("keys-"))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::{Owner, Store, Unlock};

    fn store(folder: &Path) -> Store {
        // A child that another test is just starting holds a copy of the last owner's lock until its program begins.
        let owner = loop {
            if let Some(owner) = Owner::try_take(folder).unwrap() {
                break owner;
            }
            std::thread::yield_now();
        };
        Store::open(&owner, &Unlock::default()).unwrap().0
    }

    fn own(text: &str) -> Key {
        key(&"local/a".parse().unwrap(), 3, text)
    }

    fn made(numbers: std::ops::Range<u32>) -> Vec<(Key, Vec<f32>)> {
        numbers.map(|n| (own(&format!("text {n}")), vec![n as f32; 64])).collect()
    }

    #[test]
    fn a_text_another_model_and_another_length_are_other_keys() {
        let model = |name: &str| -> ModelId { name.parse().unwrap() };
        let keys = [
            key(&model("local/a"), 3, "text"),
            key(&model("local/b"), 3, "text"),
            key(&model("local/a"), 4, "text"),
            key(&model("local/a"), 3, "texts"),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys[..at].iter().all(|other| other != one), "{at}");
        }
    }

    #[tokio::test]
    async fn what_was_kept_is_found_again_by_the_next_process_and_lies_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let kept = store(folder.path());
        let cache = Cache::open(kept.shelf(SHELF).unwrap(), 1 << 20).unwrap();
        cache.keep(made(0..3)).await;
        cache.keep(vec![(own("other"), vec![0.5, -1.5])]).await;
        drop((cache, kept));
        let kept = store(folder.path());
        let shelf = kept.shelf(SHELF).unwrap();
        let bytes = std::fs::read(shelf.folder().join("keys-1")).unwrap();
        assert!(!bytes.windows(32).any(|window| window == own("other")), "not even a digest lies open");
        let cache = Cache::open(shelf, 1 << 20).unwrap();
        let found = cache.find(vec![own("text 2"), own("text 3"), own("other"), own("text 0")]).await;
        let expected = [Some(vec![2.0; 64]), None, Some(vec![0.5, -1.5]), Some(vec![0.0; 64])];
        assert_eq!(found, expected);
    }

    #[tokio::test]
    async fn it_stays_within_its_bytes_and_what_is_used_stays_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let kept = store(folder.path());
        let (most, shelf) = (100_000, kept.shelf(SHELF).unwrap());
        let cache = Cache::open(shelf.clone(), most).unwrap();
        for round in 0..100 {
            cache.keep(made(round * 10..round * 10 + 10)).await;
            assert!(shelf.bytes() <= most + 5_000, "{round}: {}", shelf.bytes());
            assert!(cache.find(vec![own("text 0")]).await[0].is_some(), "{round}: it is asked for each time");
        }
        assert_eq!(cache.find(vec![own("text 11")]).await, [None], "nobody asked for it");
        assert!(cache.find(vec![own("text 995")]).await[0].is_some());
        drop(cache);
        let cache = Cache::open(shelf.clone(), 10_000).unwrap();
        assert!(shelf.bytes() <= 11_000, "there may be less: {}", shelf.bytes());
        cache.keep(made(0..1)).await;
        assert!(cache.find(vec![own("text 0")]).await[0].is_some());
    }

    #[tokio::test]
    async fn damage_costs_the_vectors_that_it_hit() {
        let folder = tempfile::tempdir().unwrap();
        let kept = store(folder.path());
        let shelf = kept.shelf(SHELF).unwrap();
        let cache = Cache::open(shelf.clone(), 1 << 20).unwrap();
        cache.keep(made(0..2)).await;
        cache.keep(made(2..4)).await;
        drop(cache);
        let path = shelf.folder().join("vectors-1");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let keys = shelf.folder().join("keys-1");
        let mut bytes = std::fs::read(&keys).unwrap();
        bytes.extend_from_slice(b"torn");
        std::fs::write(&keys, bytes).unwrap();
        let cache = Cache::open(shelf.clone(), 1 << 20).unwrap();
        let found = cache.find(vec![own("text 0"), own("text 3")]).await;
        assert!(found[0].is_none() && found[1].is_some(), "{found:?}");
        cache.keep(made(0..1)).await;
        drop(cache);
        let cache = Cache::open(shelf, 1 << 20).unwrap();
        assert!(cache.find(vec![own("text 0")]).await[0].is_some());
    }
}
