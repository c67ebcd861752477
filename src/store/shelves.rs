//! All shelves of a store: sealed anew with a new data key, verified, counted.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::frames::Frames;
use super::head::Head;
use super::info::Verified;
use super::key::Keys;
use super::reseal::Reseal;
use super::seal::{Frame, Sealer, mac};
use super::shelf::{Open, called, damaged, names};
use super::site::{Desk, Site};
use super::{Shared, files};
use crate::domain::{Error, ErrorKind, Result};

/// The folder of all shelves, in that of the store.
pub(super) const SHELVES: &str = "shelves";

impl Shared {
    pub(super) fn shelves(&self) -> MutexGuard<'_, Open> {
        self.open_shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals with the new data key what nobody has open. What is left is told; the next start does it.
    pub(super) fn seal_shelves(&self) -> Result<()> {
        let mut open = self.shelves();
        open.retain(|_, root| root.strong_count() > 0);
        let mut left = None;
        for name in self.site.shelf_names()? {
            let sealed = if open.contains_key(&name) {
                let hint = "It is done at the next start.";
                let doing = format!("sealing {} with the new key", called(&name).0);
                Err(Error::new(ErrorKind::Busy, doing, "it is in use", hint))
            } else {
                let (new, old) = self.sealers(&name)?;
                self.site.seal_shelf(&name, &new, &old)
            };
            left = left.or(sealed.err().map(|why| kept(&name, &why)));
        }
        if let Some(left) = left {
            self.notice(left);
            return Ok(());
        }
        self.site.forget_old_keys(&mut self.desk())
    }

    /// What seals a shelf now, and what it may be sealed with still. Nobody waits at the desk for what is done with them.
    pub(super) fn sealers(&self, name: &str) -> Result<(Sealer, Vec<Sealer>)> {
        let desk = self.desk();
        Ok((sealer(&desk.keys, name), old_sealers(&desk, name)?))
    }

    /// Opens every frame that lies on a shelf.
    pub(super) fn verify_shelves(&self, verified: &mut Verified) -> Result<()> {
        for name in self.site.shelf_names()? {
            let (new, mut sealers) = self.sealers(&name)?;
            sealers.push(new);
            verify(&self.site.shelves().join(&name), &sealers, verified)?;
        }
        Ok(())
    }
}

impl Site {
    /// The folder of all shelves.
    pub(super) fn shelves(&self) -> PathBuf {
        self.folder().join(SHELVES)
    }

    /// Bytes of all that lies on shelves.
    pub(super) fn shelf_bytes(&self) -> u64 {
        files::bytes_under(&self.shelves())
    }

    /// What a backup leaves out, in words, so that nobody takes one for more than it is.
    pub(super) fn left_out(&self) -> Result<Vec<&'static str>> {
        let mut kinds = BTreeSet::new();
        for name in self.shelf_names()? {
            // Vectors that were kept save time, and nobody misses them.
            if name == "embeddings" || files::bytes_under(&self.shelves().join(&name)) == 0 {
                continue;
            }
            kinds.insert(match name.as_str() {
                "traces" => "the traces of other programs",
                _ => "what was read into the knowledge bases: sync them after a restore",
            });
        }
        Ok(kinds.into_iter().collect())
    }

    pub(super) fn shelf_names(&self) -> Result<Vec<String>> {
        names(&self.shelves())
            .or_else(|error| if self.shelves().exists() { Err(error) } else { Ok(Vec::new()) })
    }

    /// Seals a shelf that nobody has open.
    pub(super) fn seal_shelf(&self, name: &str, new: &Sealer, old: &[Sealer]) -> Result<()> {
        if old.is_empty() {
            return Ok(());
        }
        Reseal { new, old, faults: &self.options.faults }.folder(&self.shelves().join(name))
    }

    /// At the start, where nobody has a shelf yet: seals with the data key what lies under an old one.
    pub(super) fn end_sealing(&self, desk: &mut Desk, notices: &mut Vec<String>) {
        if desk.head.before.is_empty() {
            return;
        }
        let mut last = String::new();
        let sealed = self.shelf_names().and_then(|names| {
            for name in &names {
                last.clone_from(name);
                self.seal_shelf(name, &sealer(&desk.keys, name), &old_sealers(desk, name)?)?;
            }
            self.forget_old_keys(desk)?;
            Ok(names)
        });
        match sealed {
            Ok(names) if names.is_empty() => {}
            Ok(names) => notices.push(format!("Sealed with the new data key now: {}.", all_of(&names))),
            // It keeps nobody from the store.
            Err(error) => notices.push(kept(&last, &error)),
        }
    }

    fn forget_old_keys(&self, desk: &mut Desk) -> Result<()> {
        if desk.head.before.is_empty() {
            return Ok(());
        }
        let head = Head { before: Vec::new(), ..desk.head.clone() };
        self.save(desk, head)
    }
}

/// What is told where the shelf of that name needs an old data key still.
fn kept(name: &str, why: &Error) -> String {
    format!(
        "What is stored of {} is not sealed with the new data key yet, so the old one is kept, wrapped: {}.",
        called(name).0,
        why.why
    )
}

/// What lies on those shelves, in words.
pub(super) fn all_of(names: &[String]) -> String {
    let kinds: BTreeSet<&str> = names.iter().map(|name| called(name).1).collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}

/// What seals a shelf.
pub(super) fn sealer(keys: &Keys, name: &str) -> Sealer {
    Sealer::new(&Zeroizing::new(mac(&keys.data, format!("outcrop shelf {name}").as_bytes())))
}

/// The keys that a shelf may still be sealed with.
pub(super) fn old_sealers(desk: &Desk, name: &str) -> Result<Vec<Sealer>> {
    let unwrapped = desk.head.before.iter().map(|keys| desk.wrapper.unwrap(keys, &desk.head.wrap));
    unwrapped.map(|keys| Ok(sealer(&keys?, name))).collect()
}

/// Opens all frames of the files under `folder`. What was not written to its end is no damage.
fn verify(folder: &Path, sealers: &[Sealer], verified: &mut Verified) -> Result<()> {
    for name in names(folder)? {
        let path = folder.join(name);
        if path.is_dir() {
            verify(&path, sealers, verified)?;
            continue;
        }
        let failed = |why: &std::io::Error| Error::io(format!("verifying {}", path.display()), why);
        // Whoever has the shelf open may have taken it away since.
        let Ok(file) = File::open(&path) else { continue };
        let length = file.metadata().map_err(|why| failed(&why))?.len();
        let frames = Frames::new(&file, length);
        let opens = |bytes: &[u8]| {
            let frame = Frame::parse(bytes);
            frame.is_some_and(|frame| sealers.iter().any(|sealer| sealer.unseal(&frame).is_ok()))
        };
        let mut at = 0;
        while at < length {
            let bytes = frames.at(at).map_err(|why| failed(&why))?;
            if let Some(bytes) = bytes.as_ref().filter(|bytes| opens(bytes)) {
                verified.frames += 1;
                at += bytes.len() as u64;
                continue;
            }
            let next = frames.search(at + 1, |_, bytes| opens(bytes)).map_err(|why| failed(&why))?;
            if next.is_some() || bytes.is_some() || at == 0 {
                let why = format!("what lies at {at} is damaged");
                verified.damaged.push(damaged(format!("verifying {}", path.display()), why));
            }
            at = next.unwrap_or(length);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::{Faults, Options, Owner, Shelf, Store, Unlock, WrapWith};
    use super::*;

    fn open(folder: &Path, faults: Faults) -> (Store, Vec<String>) {
        // A child that another test is just starting holds a copy of the last owner's lock until its program begins.
        let owner = loop {
            if let Some(owner) = Owner::try_take(&folder.join("home")).unwrap() {
                break owner;
            }
            std::thread::yield_now();
        };
        Store::open_with(&owner, &Unlock::default(), Options { faults, ..Options::default() }).unwrap()
    }

    /// One file of each kind, and a log that is damaged in the middle and torn at its end.
    fn fill(shelf: &Shelf) {
        shelf.write("small", b"canary").unwrap();
        let inner = shelf.inner("inner").unwrap();
        let mut pages = inner.pages("pages").unwrap();
        pages.write(&vec![7; 100_000]).unwrap();
        pages.finish().unwrap();
        let mut log = inner.log("log").unwrap();
        let spans: Vec<_> = ["one", "two", "three"].map(|text| log.append(text.as_bytes()).unwrap()).into();
        log.sync().unwrap();
        let path = inner.folder().join("log");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[spans[1].at as usize + 60] ^= 1;
        bytes.extend_from_within(..20);
        std::fs::write(&path, bytes).unwrap();
    }

    fn check(shelf: &Shelf) {
        assert_eq!(shelf.read("small").unwrap().as_deref(), Some(&b"canary"[..]));
        let inner = shelf.inner("inner").unwrap();
        assert_eq!(inner.paged("pages").unwrap().all().unwrap(), vec![7; 100_000]);
        let log = inner.log("log").unwrap();
        let spans = log.reader().spans(log.length()).unwrap();
        assert_eq!(log.reader().read(spans[0]).unwrap(), b"one");
        assert!(spans.get(1).is_none_or(|second| log.reader().read(*second).is_err()));
        let damage = log.reader().next(spans[0].end(), log.length()).unwrap();
        let Some(super::super::Met::Damage(damage)) = damage else { panic!("{damage:?}") };
        let third = log.reader().next(damage.end, log.length()).unwrap();
        assert!(matches!(third, Some(super::super::Met::Frame(_, plain)) if plain == b"three"));
    }

    /// The keys that the frames under `folder` begin with.
    fn keys(folder: &Path) -> BTreeSet<Vec<u8>> {
        let mut found = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(keys(&path));
            } else {
                let bytes = std::fs::read(&path).unwrap();
                let heads = bytes.windows(13).filter(|head| head.starts_with(super::super::seal::MAGIC));
                found.extend(heads.map(|head| head[5..].to_vec()));
            }
        }
        found
    }

    #[test]
    fn a_new_data_key_seals_what_lies_on_shelves_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = open(folder.path(), Faults::default());
        let shelf = store.shelf("base").unwrap();
        fill(&shelf);
        let place = shelf.folder().to_owned();
        let (before, bytes) = (keys(&place), shelf.bytes());
        assert_eq!(before.len(), 1);
        drop(shelf);
        store.rekey_data(&WrapWith::KeyFile).unwrap();
        assert_eq!(store.notices(), [""; 0]);
        let after = keys(&place);
        assert!(after.len() == 1 && after != before, "nothing opens with the old key any more");
        let shelf = store.shelf("base").unwrap();
        assert_eq!(shelf.bytes(), bytes);
        check(&shelf);
        drop((shelf, store));
        let (store, notices) = open(folder.path(), Faults::default());
        assert_eq!(notices, [""; 0]);
        check(&store.shelf("base").unwrap());
        let verified = store.verify().unwrap();
        assert_eq!((verified.frames, verified.damaged.len()), (7, 1), "{:?}", verified.damaged);
        assert!(store.info().unwrap().shelves > 100_000);
        assert_eq!(store.shelves().unwrap(), ["base"]);
    }

    #[test]
    fn what_lies_on_a_shelf_is_called_by_its_name() {
        let names = ["kb-1", "traces", "kb-2"].map(str::to_owned);
        assert_eq!(all_of(&names), "the knowledge bases, the traces of other programs");
        assert_eq!(called("traces/other").0, "the traces of other programs");
    }

    #[test]
    fn a_shelf_that_is_in_use_is_sealed_anew_when_it_is_opened_next() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = open(folder.path(), Faults::default());
        let shelf = store.shelf("base").unwrap();
        fill(&shelf);
        let place = shelf.folder().to_owned();
        let before = keys(&place);
        store.rekey_data(&WrapWith::KeyFile).unwrap();
        assert!(store.notices()[0].contains("not sealed with the new data key yet"), "{:?}", store.notices());
        // It goes on as it was, for whoever has it and for whoever comes.
        shelf.write("small", b"canary").unwrap();
        check(&store.shelf("base").unwrap());
        assert_eq!(keys(&place), before);
        assert_eq!(store.verify().unwrap().damaged.len(), 1);
        // Another key, and another wrapping, while that lies there.
        store.rekey_data(&WrapWith::Passphrase("words".into())).unwrap();
        store.rekey(&WrapWith::KeyFile).unwrap();
        drop(shelf);
        check(&store.shelf("base").unwrap());
        assert!(keys(&place).is_disjoint(&before));
        drop(store);
        let (store, notices) = open(folder.path(), Faults::default());
        assert_eq!(notices[0], "Sealed with the new data key now: the knowledge bases.");
        check(&store.shelf("base").unwrap());
        drop(store);
        assert_eq!(open(folder.path(), Faults::default()).1, [""; 0], "the old keys are forgotten");
    }

    #[test]
    fn wherever_a_new_data_key_is_interrupted_shelves_open_after_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let own = left.clone();
        let faults = Faults::new(move |_| {
            // From there on nothing works, as after a death.
            let now = own.load(Ordering::SeqCst);
            own.store(now.saturating_sub(1), Ordering::SeqCst);
            if now == 0 { Err(std::io::Error::other("planned")) } else { Ok(()) }
        });
        let (store, _) = open(folder.path(), Faults::default());
        fill(&store.shelf("base").unwrap());
        drop(store);
        for step in 0.. {
            left.store(usize::MAX, Ordering::SeqCst);
            let (store, _) = open(folder.path(), faults.clone());
            left.store(step, Ordering::SeqCst);
            let _ = store.rekey_data(&WrapWith::KeyFile);
            let reached = left.swap(usize::MAX, Ordering::SeqCst) == 0;
            drop(store);
            let (store, _) = open(folder.path(), Faults::default());
            let shelf = store.shelf("base").unwrap();
            check(&shelf);
            assert_eq!(keys(shelf.folder()).len(), 1, "{step}");
            if !reached {
                assert!(step > 10);
                break;
            }
        }
    }

    #[test]
    fn a_shelf_is_one_user_s_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = open(folder.path(), Faults::default());
        let hold = store.shelf("base").unwrap().hold().unwrap();
        assert_eq!(store.shelf("base").unwrap().hold().unwrap_err().kind, ErrorKind::Busy);
        drop(hold);
        drop(store.shelf("base").unwrap().hold().unwrap());
        store.remove_shelf("base").unwrap();
        assert_eq!(store.shelves().unwrap(), [""; 0]);
        store.remove_shelf("base").unwrap();
    }
}
