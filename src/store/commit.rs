//! Commits: one batch at a time into the tree, one flush for all that wait.

use std::fs::File;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::backup::removed;
use super::batch::{Batch, Put};
use super::blob::{self, Address};
use super::change::outrun;
use super::generation::{Generation, TREE};
use super::record::{Kind, Record, recency};
use super::rewrite::CHUNK;
use super::seal::Frame;
use super::shield::shield;
use super::site::Site;
use super::{Shared, Store, files, scan, tail};
use crate::domain::{Error, ErrorKind, Result};

/// Losses that are remembered; who waits for a batch of an earlier one has long been told.
const LOSSES: usize = 64;

/// Who waits for the disk.
#[derive(Debug, Default)]
pub(super) struct Group {
    state: Mutex<Flushes>,
    done: Condvar,
}

#[derive(Debug, Default)]
struct Flushes {
    /// The last batch that is in the tree.
    applied: u64,
    /// Its sequence number.
    sequence: u64,
    /// The last batch that is on the disk.
    durable: u64,
    /// Somebody is flushing.
    busy: bool,
    /// Large values that a batch replaced: they go when it is on the disk.
    unnamed: Vec<Unnamed>,
    /// Batches that are not on the disk and will not come there, as long as somebody may still ask for them.
    lost: Vec<Lost>,
}

/// The batches behind one up to another, and why they are lost. What is flushed later does not bring them back.
#[derive(Debug)]
struct Lost {
    behind: u64,
    upto: u64,
    why: Error,
}

#[derive(Debug)]
struct Unnamed {
    batch: u64,
    generation: Arc<Generation>,
    addresses: Vec<Address>,
}

impl Flushes {
    fn lose(&mut self, upto: u64, why: Error) {
        if self.lost.len() == LOSSES {
            self.lost.remove(0);
        }
        self.lost.push(Lost { behind: self.durable, upto, why });
        self.durable = self.durable.max(upto);
    }
}

impl Group {
    fn state(&self) -> MutexGuard<'_, Flushes> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that one more batch is in the tree, and its number.
    fn applied(&self, sequence: u64) -> u64 {
        let mut state = self.state();
        state.applied += 1;
        state.sequence = sequence;
        state.applied
    }

    /// Says that the tree which has everything up to now is given up without having been flushed: `why`.
    pub(super) fn lose(&self, why: Error) {
        let mut state = self.state();
        let upto = state.applied;
        if state.durable < upto {
            state.lose(upto, why);
        }
        self.done.notify_all();
    }

    /// Returns when `batch` is on the disk. The first to come flushes for everybody who has applied by then.
    fn wait(&self, batch: u64, flush: impl Fn(u64, u64) -> Result<()>) -> Result<()> {
        let mut state = self.state();
        loop {
            if let Some(lost) = state.lost.iter().find(|lost| lost.behind < batch && batch <= lost.upto) {
                return Err(lost.why.clone());
            }
            if state.durable >= batch {
                return Ok(());
            }
            if state.busy {
                state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.busy = true;
            let (upto, sequence) = (state.applied, state.sequence);
            drop(state);
            let result = flush(upto, sequence);
            state = self.state();
            state.busy = false;
            match result {
                Ok(()) => state.durable = state.durable.max(upto),
                Err(error) => state.lose(upto, error),
            }
            self.done.notify_all();
        }
    }
}

impl Store {
    /// Makes a batch true. When this returns, it is on the disk.
    #[expect(clippy::needless_pass_by_value, reason = "a batch is spent when it is committed")]
    pub fn commit(&self, batch: Batch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let number = self.apply(&batch)?;
        self.settle(number)
    }

    /// Makes a batch true for everybody who reads; it is on the disk after the next `commit` or `flush`.
    #[expect(clippy::needless_pass_by_value, reason = "a batch is spent when it is committed")]
    pub fn commit_soft(&self, batch: Batch) -> Result<()> {
        if !batch.is_empty() {
            self.apply(&batch)?;
        }
        Ok(())
    }

    /// Puts everything on the disk that was committed softly.
    pub fn flush(&self) -> Result<()> {
        let number = self.shared.group.state().applied;
        self.settle(number)
    }

    /// Takes away the marks that removals of this kind have left in stores of before; how many. Kinds that leave marks keep
    /// them.
    pub fn forget_marks<R: Record>(&self) -> Result<usize> {
        if Kind::is_marked(&[R::KIND as u8]) {
            return Ok(0);
        }
        let prefix = [Kind::Removed as u8, R::KIND as u8];
        let mut forgotten = 0;
        loop {
            let desk = self.shared.desk();
            desk.ready()?;
            let generation = self.shared.live();
            let marks = scan::take(&generation, &prefix, None, false, CHUNK)?;
            if marks.is_empty() {
                return Ok(forgotten);
            }
            let mut changes = sled::Batch::default();
            for (mark, _) in &marks {
                changes.remove(mark);
            }
            shield("writing to the store", || generation.tree.apply_batch(changes))?;
            forgotten += marks.len();
        }
    }

    fn settle(&self, number: u64) -> Result<()> {
        self.shared.group.wait(number, |upto, sequence| {
            match flush(&self.shared.live(), &self.shared.site) {
                Ok(()) => {
                    self.shared.site.mark.set(sequence);
                    self.shared.free(upto);
                    Ok(())
                }
                Err(error) => {
                    // After a failed sync the system takes the pages for written, and the next one succeeds over the
                    // hole. Damage is mended by whoever meets it next.
                    if error.kind != ErrorKind::Corrupt {
                        self.shared.desk().stuck.get_or_insert_with(|| error.clone());
                    }
                    Err(error)
                }
            }
        })
    }

    fn apply(&self, batch: &Batch) -> Result<u64> {
        let generation = self.shared.live().number;
        match self.write(batch) {
            Err(error) if error.kind == ErrorKind::Corrupt => {
                self.mend(generation, &error)?;
                self.write(batch)
            }
            result => result,
        }
    }

    /// One batch at a time: the entry that a head had in the index must still be the one that is read here.
    fn write(&self, batch: &Batch) -> Result<u64> {
        let mut desk = self.shared.desk();
        desk.ready()?;
        self.shared.site.room_for(batch)?;
        let generation = self.shared.live();
        if let Some((key, sequence)) = &batch.over {
            let now = generation.frame(key)?;
            let now = now.as_deref().and_then(Frame::parse);
            if now.is_none_or(|now| now.sequence != *sequence) {
                return Err(outrun());
            }
        }
        let mut changes = sled::Batch::default();
        let mut unnamed = Vec::new();
        for key in batch.changes.keys() {
            let Some(known) = generation.frame(key)? else { continue };
            let (entry, address) = generation.belongings(key, &known);
            if let Some(entry) = entry {
                changes.remove(entry);
            }
            if let Some(address) = address {
                changes.insert(blob::unnamed(&address), &[]);
                unnamed.push(address);
            }
        }
        for address in self.shared.unmarked() {
            changes.remove(blob::unnamed(&address));
        }
        let mut written = Vec::new();
        let sealed = self.shared.site.seal_all(&generation, batch, &mut changes, &mut written);
        let ready = sealed.and_then(|sequence| {
            self.shared.site.step("apply a batch")?;
            Ok(sequence)
        });
        let sequence = ready.inspect_err(|_| {
            for address in &written {
                // No frame names it, and none will.
                let _ = generation.blobs.remove(address);
            }
        })?;
        changes.insert(&tail::TIP, &sequence.to_be_bytes());
        if let Some(touched) = &mut desk.touched {
            touched.extend(batch.changes.keys().cloned());
        }
        shield("writing to the store", || generation.tree.apply_batch(changes))?;
        self.shared.written.fetch_add(batch.written(), Ordering::Relaxed);
        let number = self.shared.group.applied(sequence);
        if !unnamed.is_empty() {
            self.shared.group.state().unnamed.push(Unnamed { batch: number, generation, addresses: unnamed });
        }
        Ok(number)
    }
}

impl Shared {
    /// Takes the files away that the batches up to this one have left without a name.
    fn free(&self, upto: u64) {
        let mut waiting = std::mem::take(&mut self.group.state().unnamed);
        let later = waiting.split_off(waiting.partition_point(|unnamed| unnamed.batch <= upto));
        self.group.state().unnamed.splice(..0, later);
        for Unnamed { generation, addresses, .. } in waiting {
            self.free_files(&generation, addresses);
        }
    }

    /// Takes these files away. A mark whose file stays is looked at again at the next start.
    pub(super) fn free_files(&self, generation: &Generation, addresses: Vec<Address>) {
        let gone = addresses.into_iter().filter(|address| generation.blobs.remove(address).is_ok());
        self.unmarked.lock().unwrap_or_else(PoisonError::into_inner).extend(gone);
    }

    /// The marks whose files are gone; they go with the next batch.
    fn unmarked(&self) -> Vec<Address> {
        std::mem::take(&mut *self.unmarked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Site {
    /// Seals what a batch puts, and a mark for what it removes; the last sequence number. `written` gets the files of large
    /// values.
    fn seal_all(
        &self,
        generation: &Generation,
        batch: &Batch,
        changes: &mut sled::Batch,
        written: &mut Vec<Address>,
    ) -> Result<u64> {
        let mut sequence = 0;
        for (key, put) in &batch.changes {
            sequence = generation.sequence()?;
            if let Some(Put { schema, plain }) = put {
                let sealed = generation.seal(&self.options, *schema, sequence, key, plain)?;
                written.extend(generation.own_address(key, &sealed));
                if let Some(entry) = recency::entry_of(key, plain) {
                    changes.insert(entry, &[]);
                }
                changes.insert(key.as_slice(), sealed);
            } else {
                changes.remove(key.as_slice());
                if Kind::is_marked(key) {
                    let mark = removed(key);
                    let sealed = generation.sealer.seal(1, sequence, &mark, &[])?;
                    changes.insert(mark, sealed);
                }
            }
        }
        Ok(sequence)
    }

    /// Refuses what would fill the disk, before sled meets the end of it in the middle.
    fn room_for(&self, batch: &Batch) -> Result<()> {
        let free = files::free_bytes(self.folder());
        if free >= self.options.reserve + 2 * batch.put_bytes() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Full,
            "writing to the store",
            format!("only {} MB are free on its disk", free / 1_000_000),
            "Free some space, then try again; nothing that was saved is lost.",
        ))
    }
}

/// Puts what is in the tree on the disk: sled writes its buffers, and the file system is asked to keep them.
pub(super) fn flush(generation: &Generation, site: &Site) -> Result<()> {
    let doing = "writing to the store";
    site.step("flush the tree")?;
    shield(doing, || generation.tree.flush())?;
    site.step("sync the tree")?;
    // On Linux sled only starts the write-out of its ranges; the length of the file and the disk's cache need this.
    File::open(generation.folder().join(TREE).join("db"))
        .and_then(|file| file.sync_data())
        .map_err(|error| Error::io(doing, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::conversation::Conversation;
    use crate::domain::id::{ConversationId, SpanId};
    use crate::domain::trace::Span;

    #[test]
    fn what_was_lost_is_never_acknowledged_by_a_later_flush() {
        let group = Group::default();
        let first = group.applied(1);
        group.wait(first, |_, _| Ok(())).unwrap();
        let second = group.applied(2);
        group.lose(Error::new(ErrorKind::Corrupt, "writing", "the tree was rebuilt", ""));
        let third = group.applied(3);
        group.wait(third, |_, _| Ok(())).unwrap();
        assert_eq!(group.wait(second, |_, _| Ok(())).unwrap_err().kind, ErrorKind::Corrupt);
        group.wait(first, |_, _| Ok(())).unwrap();
        group.wait(third, |_, _| Ok(())).unwrap();
    }

    #[test]
    fn what_was_flushed_between_two_losses_is_not_told_as_lost() {
        let group = Group::default();
        let lose = || group.lose(Error::new(ErrorKind::Corrupt, "writing", "the tree was rebuilt", ""));
        let first = group.applied(1);
        lose();
        let second = group.applied(2);
        group.wait(second, |_, _| Ok(())).unwrap();
        let third = group.applied(3);
        lose();
        group.wait(first, |_, _| Ok(())).unwrap_err();
        group.wait(second, |_, _| Ok(())).unwrap();
        group.wait(third, |_, _| Ok(())).unwrap_err();
    }

    #[test]
    fn what_a_failed_flush_was_for_is_never_acknowledged_by_a_later_one() {
        let group = Group::default();
        let first = group.applied(1);
        let fault = || Err(Error::new(ErrorKind::Io, "writing", "planned", ""));
        group.wait(first, |_, _| fault()).unwrap_err();
        let second = group.applied(2);
        group.wait(second, |_, _| Ok(())).unwrap();
        group.wait(first, |_, _| Ok(())).unwrap_err();
    }

    #[test]
    fn what_a_sweep_removes_leaves_no_mark_and_the_marks_of_before_go() {
        let home = tempfile::tempdir().unwrap();
        let owner = super::super::Owner::take(home.path()).unwrap();
        let store = Store::open(&owner, &super::super::Unlock::default()).unwrap().0;
        let id = SpanId::from_bytes([7; 16]);
        let mut batch = Batch::new();
        batch.remove::<Span>(&id).remove::<Conversation>(&ConversationId::from_bytes([7; 16]));
        store.commit(batch).unwrap();
        let live = store.shared.live();
        let marks = || scan::take(&live, &[Kind::Removed as u8], None, false, 9000).unwrap().len();
        assert_eq!(marks(), 1, "that of the conversation");
        for number in 0..600_u16 {
            let key = [&[Kind::Span as u8], &number.to_be_bytes()[..]].concat();
            live.tree.insert(removed(&key), &[]).unwrap();
        }
        assert_eq!(store.forget_marks::<Conversation>().unwrap(), 0);
        assert_eq!(store.forget_marks::<Span>().unwrap(), 600);
        assert_eq!(marks(), 1);
    }
}
