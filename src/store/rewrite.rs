//! Writing the next generation and making it the store: what compaction, a new data key, a new schema, a restored backup
//! and a salvage have in common.
//!
//! The head first names the generation under way, then, in one step, names it as the store. Death before that step
//! leaves the old store, death after it the new one.

use std::collections::BTreeSet;
use std::fs;

use serde::{Deserialize, Serialize};

use super::backup::BackupHead;
use super::generation::{Generation, TREE, Value, Vault, folder};
use super::head::{Head, Next};
use super::key::{Keys, Wrapped};
use super::migrate::BEFORE;
use super::record::{Kind, recency};
use super::seal::Frame;
use super::shield::shield;
use super::site::{Desk, Site};
use super::tail::TIP;
use super::{commit, files};
use crate::domain::{Error, ErrorKind, Result};

/// Entries that go into the new tree at a time.
pub(super) const CHUNK: usize = 256;

/// Why a generation is written; a death in the middle is told by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    Compact,
    /// The next schema. Where a death came in the middle, the next start begins it again.
    Migrate,
    /// A new data key. The one rewrite that is finished at the next start: the person asked for the old key to end.
    Rekey,
    Restore,
    Salvage,
}

/// What became of the entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Copied {
    pub(super) records: u64,
    /// Entries whose seal is broken. Under the same key they are taken along as they are.
    pub(super) damaged: u64,
}

impl Site {
    /// Names a new generation in the head and opens it, or opens again the one that is under way.
    pub(super) fn begin(&self, desk: &mut Desk, purpose: Purpose, keys: &Keys) -> Result<Generation> {
        desk.ready()?;
        let number = desk.head.fresh_generation();
        let next = Next { generation: number, keys: desk.wrapper.wrap(keys)?, purpose };
        let head = Head { next: Some(next), ..desk.head.clone() };
        self.save(desk, head)?;
        self.step("open the next generation")?;
        Generation::open(self.folder(), number, keys, &self.options)
    }

    /// Copies one entry; indexes are made anew and marks of removal left behind.
    pub(super) fn carry(
        &self,
        to: &Generation,
        from: &Vault,
        key: &[u8],
        frame: &[u8],
        batch: &mut sled::Batch,
        copied: &mut Copied,
    ) -> Result<()> {
        if !Kind::is_record(key) {
            return Ok(());
        }
        match self.carried(to, from, key, frame) {
            Ok((frame, entry)) => {
                if let Some(entry) = entry {
                    batch.insert(entry, &[]);
                }
                batch.insert(key, frame);
                copied.records += 1;
            }
            // Damage is this record's own. Anything else, a full disk above all, ends the copying.
            Err(error) if matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Locked) => {
                copied.damaged += 1;
                if to.sealer.id() == from.sealer.id() {
                    batch.insert(key, frame);
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn carried(
        &self,
        to: &Generation,
        from: &Vault,
        key: &[u8],
        frame: &[u8],
    ) -> Result<(Vec<u8>, Option<Vec<u8>>)> {
        let opened = from.sealer.open(key, frame)?;
        let (schema, sequence) = (opened.schema, opened.sequence);
        if to.sealer.id() == from.sealer.id()
            && let Value::Here(plain) = Value::from_bytes(opened.plain.clone())?
        {
            return Ok((frame.to_vec(), recency::entry_of(key, &plain)));
        }
        let plain = from.resolve(opened)?.plain;
        let sealed = to.seal(&self.options, schema, sequence, key, &plain)?;
        Ok((sealed, recency::entry_of(key, &plain)))
    }

    /// Makes one tree hold what another holds. What is there already from an interrupted time is not written again.
    pub(super) fn carry_tree(&self, to: &Generation, from: &Generation) -> Result<Copied> {
        let mut copied = Copied::default();
        let mut last = None;
        loop {
            let chunk = super::scan::take(from, &[], last.as_deref(), false, CHUNK)?;
            let Some((key, _)) = chunk.back() else { return Ok(copied) };
            last = Some(key.to_vec());
            let mut batch = sled::Batch::default();
            let mut removed = BTreeSet::new();
            for (key, frame) in &chunk {
                let sequence = |frame: &[u8]| Frame::parse(frame).map(|frame| frame.sequence);
                if let Some((kind, key)) = key.split_first()
                    && *kind == Kind::Removed as u8
                {
                    if to.frame(key)?.is_some() && from.frame(key)?.is_none() {
                        removed.insert(key.to_vec());
                    }
                } else if let Some(there) = to.frame(key)?
                    && sequence(&there) == sequence(frame)
                {
                    copied.records += 1;
                } else {
                    self.carry_found(to, from, key, frame, &mut batch, &mut copied)?;
                }
            }
            self.put(to, batch)?;
            // What was copied before it was removed goes again, with all that belongs to it.
            self.carry_again(to, from, &removed, &mut copied)?;
        }
    }

    /// Copies one entry as it was found in a tree that others write to.
    pub(super) fn carry_found(
        &self,
        to: &Generation,
        from: &Generation,
        key: &[u8],
        frame: &sled::IVec,
        batch: &mut sled::Batch,
        copied: &mut Copied,
    ) -> Result<()> {
        let damaged = copied.damaged;
        self.carry(to, from, key, frame, batch, copied)?;
        if copied.damaged > damaged && from.frame(key)?.as_ref() != Some(frame) {
            // It was replaced since, and its large value went: it is copied with what was written meanwhile.
            copied.damaged = damaged;
        }
        Ok(())
    }

    /// Puts a chunk into a generation that is under way.
    pub(super) fn put(&self, to: &Generation, batch: sled::Batch) -> Result<()> {
        self.step("copy a chunk")?;
        shield("writing the next generation", || to.tree.apply_batch(batch))
    }

    /// Makes the generation under way the store. What was the store is kept beside it where `keep` says so; otherwise
    /// its folder may go as soon as nobody reads it. A new data key ends with everything that only the old one opens.
    pub(super) fn enthrone(&self, desk: &mut Desk, fresh: &Generation, keys: Keys, keep: bool) -> Result<()> {
        let tip = self.put_on_disk(fresh)?;
        let mut head = desk.head.clone();
        let mut forgotten = Vec::new();
        if let Some(next) = head.next.take() {
            if keep {
                head.kept.push(head.generation);
            }
            match next.purpose {
                Purpose::Migrate => head.schema = self.schema(),
                Purpose::Rekey => {
                    // Before the head, so that a death in between leaves none of them.
                    self.forget_backups_of_before(&next.keys)?;
                    forgotten = std::mem::take(&mut head.kept);
                    // What lies on shelves is sealed with it until that is done anew.
                    head.before.push(head.keys.clone());
                }
                Purpose::Compact | Purpose::Restore | Purpose::Salvage => {}
            }
            head.generation = next.generation;
            head.keys = next.keys;
        }
        self.save(desk, head)?;
        self.mark.set(tip);
        desk.keys = keys;
        for number in forgotten {
            // What stays is named by nothing now: the next start takes it away.
            let _ = files::remove(&folder(self.folder(), number));
        }
        Ok(())
    }

    /// Takes away the backups from before, of which these keys open none but the one that was just sealed with them.
    fn forget_backups_of_before(&self, keys: &Wrapped) -> Result<()> {
        let failed = |error| Error::io(format!("reading the folder {}", self.folder().display()), &error);
        for entry in fs::read_dir(self.folder()).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let named = entry.file_name().to_string_lossy().starts_with(BEFORE);
            let opens = |of: BackupHead| of.keys.id == keys.id;
            if named && !BackupHead::of(&entry.path(), self.schema()).is_ok_and(opens) {
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Puts all of a generation on the disk, and gives the number that its last batch has.
    pub(super) fn put_on_disk(&self, fresh: &Generation) -> Result<u64> {
        let tip = fresh.sequence()?;
        shield("writing the next generation", || fresh.tree.insert(TIP, &tip.to_be_bytes()))?;
        commit::flush(fresh, self)?;
        files::tighten(fresh.folder())?;
        for made in [&fresh.folder().join(TREE), fresh.folder(), self.folder()] {
            files::sync_folder(made, &self.options.faults)?;
        }
        Ok(tip)
    }

    /// Takes away the generation under way after an error, which is given back: it is the one to tell.
    ///
    /// Where the head cannot be written either, nobody knows which generation it names now: nothing is removed and
    /// nothing more is written, so that the next start finds both as they are.
    pub(super) fn give_up(&self, desk: &mut Desk, fresh: Generation, error: Error) -> Error {
        if let Err(stuck) = self.save(desk, Head { next: None, ..desk.head.clone() }) {
            desk.stuck = Some(stuck);
        } else {
            fresh.doom();
        }
        drop(fresh);
        error
    }

    /// Forgets a generation that was under way and did not become the store.
    pub(super) fn abandon(&self, desk: &mut Desk) -> Result<()> {
        let mut head = desk.head.clone();
        let Some(next) = head.next.take() else { return Ok(()) };
        self.save(desk, head)?;
        files::remove(&folder(self.folder(), next.generation))
    }

    /// Replaces the head, on the disk and here.
    pub(super) fn save(&self, desk: &mut Desk, head: Head) -> Result<()> {
        head.save(self.folder(), &self.options.faults)?;
        desk.head = head;
        Ok(())
    }
}
