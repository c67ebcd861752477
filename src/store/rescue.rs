//! A store that does not open: its head made again from the store's own backup, or everything from a backup that the
//! person names.
//!
//! Whatever lies in the folder stays there. It is named in the head as kept, until `compact` is told to let it go.

use std::path::Path;

use super::Store;
use super::backup::BackupHead;
use super::generation::{Generation, PREFIX, TREE, folder};
use super::head::Head;
use super::key::{Keys, Unlock, Wrap, WrapWith, Wrapper};
use super::options::Options;
use super::owner::Owner;
use super::restore::prove;
use super::salvage::{Wreck, files_under};
use super::seal::Sealer;
use super::site::{Desk, Site};
use super::tail::Mark;
use crate::domain::{Error, ErrorKind, Result};

impl Store {
    /// Opens the store of an owned folder with everything in it replaced by the backup `from`, also where what lies there
    /// cannot be opened: a head that is gone, a key that is lost, a passphrase that is not the one that was given. Without
    /// any passphrase that error is given back, so that the person is asked. What was there is kept beside it.
    pub fn open_restored(owner: &Owner, unlock: &Unlock, from: &Path) -> Result<(Self, Vec<String>)> {
        Self::open_restored_with(owner, unlock, from, &Options::default())
    }

    /// `open_restored` with other sizes, or with faults.
    pub fn open_restored_with(
        owner: &Owner,
        unlock: &Unlock,
        from: &Path,
        options: &Options,
    ) -> Result<(Self, Vec<String>)> {
        match Self::open_with(owner, unlock, options.clone()) {
            Ok((store, notices)) => {
                store.restore(from, unlock)?;
                return Ok((store, notices));
            }
            Err(error) if matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Locked) => {}
            Err(error) if error.kind == ErrorKind::Passphrase && unlock.passphrase.is_some() => {}
            Err(error) => return Err(error),
        }
        let mark = Mark::open(owner.folder())?;
        Site { owner: owner.clone(), options: options.clone(), mark }.begin_again(from, unlock)?;
        let (store, mut notices) = Self::open_with(owner, unlock, options.clone())?;
        let opened = format!("What opened the backup opens the workspace now: {}.", store.key_kind());
        store.shared.notice(opened.clone());
        notices.push(opened);
        Ok((store, notices))
    }
}

impl Site {
    /// Generations with anything in them, in the order in which they were made.
    pub(super) fn generations(&self) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        for name in self.leftovers()? {
            let Some(number) = name.strip_prefix(PREFIX).and_then(|number| number.parse().ok()) else {
                continue;
            };
            let path = self.folder().join(&name);
            let mut inside = Vec::new();
            files_under(&path, &mut inside)
                .map_err(|e| Error::io(format!("reading {}", path.display()), &e))?;
            if inside.iter().any(|path| path.metadata().is_ok_and(|about| about.len() > 0)) {
                found.push(number);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The head of a store that has lost both files of it, from the backup that it keeps of itself: the keys are the same
    /// until a new data key is made, which renews the backup. `met` is the error where there is none.
    pub(super) fn find_head(&self, unlock: &Unlock, met: Error, notices: &mut Vec<String>) -> Result<Desk> {
        let own = self.own_backups();
        let Some(of) = own.iter().find_map(|own| BackupHead::of(own, self.schema()).ok()) else {
            return Err(met);
        };
        let places = [self.folder().to_owned()];
        let wrapper = Wrapper::find(&of.wrap, of.workspace, &places, unlock, &self.options)?;
        let keys = wrapper.unwrap(&of.keys, &of.wrap)?;
        let mut kept = self.generations()?;
        let newest_first = kept.iter().rev().copied();
        let likely = self.mark.generation().into_iter().filter(|marked| kept.contains(marked));
        let mut chosen = None;
        for number in likely.chain(newest_first) {
            if self.opens(number, &keys)? {
                chosen = Some(number);
                break;
            }
        }
        let Some(generation) = chosen else { return Err(met) };
        kept.retain(|number| *number != generation);
        let head = Head { generation, kept, ..Head::first(of.schema, of.workspace, of.wrap, of.keys) };
        head.save(self.folder(), &self.options.faults)?;
        notices.push(
            "The store's head file was lost; it was made again from the backup that the store keeps of itself."
                .to_owned(),
        );
        Ok(Desk { head, wrapper, keys, stuck: None, touched: None })
    }

    /// Whether a record of that generation opens with these keys.
    fn opens(&self, number: u32, keys: &Keys) -> Result<bool> {
        let tree = folder(self.folder(), number).join(TREE);
        let mut wreck = Wreck::default();
        if tree.is_dir() {
            wreck.search(&tree, &Sealer::new(&keys.data))?;
        }
        Ok(wreck.has_records())
    }

    /// Writes a generation from the backup and, as the last step, a head that names it. Death before that step leaves
    /// everything as it was.
    fn begin_again(&self, from: &Path, unlock: &Unlock) -> Result<()> {
        let of = BackupHead::of(from, self.schema())?;
        let keys = self.unwrap_backup(&of, from, unlock)?;
        prove(from, &keys)?;
        self.room_to_take_in(from)?;
        let kept = self.generations()?;
        let number = kept.last().map_or(1, |newest| newest + 1);
        let fresh = Generation::open(self.folder(), number, &keys, &self.options)?;
        let ready = self.take_in(&fresh, from, &keys).and_then(|_| self.put_on_disk(&fresh));
        let tip = ready.inspect_err(|_| fresh.doom())?;
        let with = match (&of.wrap, &unlock.passphrase) {
            (Wrap::Passphrase { .. }, Some(passphrase)) => WrapWith::Passphrase(passphrase.clone()),
            (Wrap::Keyring { .. }, _) => WrapWith::Keyring,
            _ => WrapWith::KeyFile,
        };
        let wrap = Wrap::draw(&with)?;
        let made = Wrapper::make(&wrap, &with, of.workspace, self.folder(), &self.options);
        let wrapped = made.and_then(|wrapper| {
            self.keep_head()?;
            wrapper.wrap(&keys)
        });
        let keys = wrapped.inspect_err(|_| {
            fresh.doom();
            // No head names it.
            let _ = wrap.discard(of.workspace, self.folder(), &self.options);
        })?;
        let head = Head { generation: number, kept, ..Head::first(self.schema(), of.workspace, wrap, keys) };
        // Where this fails, nobody knows which head is on the disk: its key stays.
        head.save(self.folder(), &self.options.faults)?;
        self.mark.set(tip);
        Ok(())
    }

    /// Lays the head that is about to be replaced beside the generation that it opens, for the day when its key is found.
    fn keep_head(&self) -> Result<()> {
        let Ok(Some(head)) = Head::load(self.folder(), self.schema(), &mut Vec::new()) else { return Ok(()) };
        let beside = folder(self.folder(), head.generation);
        if beside.is_dir() { head.save(&beside, &self.options.faults) } else { Ok(()) }
    }
}
