//! Writing the next generation while others go on reading and writing.
//!
//! The tree is copied without the desk. What is written meanwhile is noted there and copied again, until so little is left
//! that the desk can be kept for it and for the one step that makes the new generation the store.

use std::collections::BTreeSet;

use super::generation::Generation;
use super::key::Keys;
use super::record::Kind;
use super::rewrite::{CHUNK, Copied, Purpose};
use super::seal::Frame;
use super::site::Site;
use super::{Shared, commit, scan, shield};
use crate::domain::Result;

/// How often what was written meanwhile is copied before the desk is kept for the rest.
const ROUNDS: usize = 4;

impl Shared {
    /// Copies everything into the next generation, under `keys`, and makes that the store.
    pub(super) fn renew(&self, purpose: Purpose, keys: Keys) -> Result<Copied> {
        let (old, fresh) = {
            let mut desk = self.desk();
            let fresh = self.site.begin(&mut desk, purpose, &keys)?;
            desk.touched = Some(BTreeSet::new());
            (self.live(), fresh)
        };
        let copied = self.copy_over(&fresh, &old);
        let mut desk = self.desk();
        let touched = desk.touched.take().unwrap_or_default();
        let done = copied.and_then(|mut copied| {
            self.still(&old)?;
            self.site.carry_again(&fresh, &old, &touched, &mut copied)?;
            if copied.damaged > 0 && purpose == Purpose::Rekey {
                self.site.keep_before_rekey(&desk, &old, &keys)?;
            } else if copied.damaged > 0 {
                self.site.carry_marks(&fresh, &old)?;
            }
            self.site.enthrone(&mut desk, &fresh, keys, false)?;
            Ok(copied)
        });
        match done {
            Ok(copied) => {
                self.replace(fresh).doom();
                Ok(copied)
            }
            Err(error) => Err(self.site.give_up(&mut desk, fresh, error)),
        }
    }

    fn copy_over(&self, fresh: &Generation, old: &Generation) -> Result<Copied> {
        let mut copied = self.site.carry_tree(fresh, old)?;
        self.catch_up(|touched| self.site.carry_again(fresh, old, touched, &mut copied))?;
        // Most of it goes to the disk here, so that little is left for those who wait at the desk.
        commit::flush(fresh, &self.site)?;
        Ok(copied)
    }

    /// Gives the keys that were written since to `again`, and those that were written during that, some times over.
    pub(super) fn catch_up(&self, mut again: impl FnMut(&BTreeSet<Vec<u8>>) -> Result<()>) -> Result<()> {
        for _ in 0..ROUNDS {
            let touched = self.desk().touched.replace(BTreeSet::new()).unwrap_or_default();
            if touched.is_empty() {
                break;
            }
            self.site.step("copy what was written meanwhile")?;
            again(&touched)?;
        }
        Ok(())
    }

    /// Whether a generation is still the store: damage that somebody met meanwhile puts another in its place.
    pub(super) fn still(&self, generation: &Generation) -> Result<()> {
        if self.live().number == generation.number {
            return Ok(());
        }
        Err(shield::corrupt("copying the store", "it was damaged and mended meanwhile"))
    }
}

impl Site {
    /// Takes along the marks of what was removed: the backup from before damage, which is not replaced by one that lacks
    /// records, knows it still.
    fn carry_marks(&self, to: &Generation, from: &Generation) -> Result<()> {
        let mut last = None;
        loop {
            let marks = scan::take(from, &[Kind::Removed as u8], last.as_deref(), false, CHUNK)?;
            let Some((mark, _)) = marks.back() else { return Ok(()) };
            last = Some(mark.to_vec());
            let mut batch = sled::Batch::default();
            for (mark, frame) in marks {
                batch.insert(mark, frame);
            }
            self.put(to, batch)?;
        }
    }

    /// Makes `to` hold what `from` holds under these keys.
    pub(super) fn carry_again(
        &self,
        to: &Generation,
        from: &Generation,
        keys: &BTreeSet<Vec<u8>>,
        copied: &mut Copied,
    ) -> Result<()> {
        let sequence = |frame: &sled::IVec| Frame::parse(frame).map(|frame| frame.sequence);
        let keys: Vec<_> = keys.iter().collect();
        for chunk in keys.chunks(CHUNK) {
            let mut batch = sled::Batch::default();
            let mut unnamed = Vec::new();
            for key in chunk {
                let (stale, now) = (to.frame(key)?, from.frame(key)?);
                if let (Some(stale), Some(now)) = (&stale, &now)
                    && sequence(stale) == sequence(now)
                {
                    continue;
                }
                if let Some(stale) = stale {
                    let (entry, address) = to.belongings(key, &stale);
                    unnamed.extend(address);
                    if let Some(entry) = entry {
                        batch.remove(entry);
                    }
                    batch.remove(key.as_slice());
                }
                if let Some(frame) = now {
                    self.carry_found(to, from, key, &frame, &mut batch, copied)?;
                }
            }
            self.put(to, batch)?;
            unnamed.iter().try_for_each(|address| to.blobs.remove(address))?;
        }
        Ok(())
    }
}
