//! From one schema of the store to the next: a verified backup first, then a generation in which every record is led over.
//!
//! Death at any step leaves the store of the old schema or that of the new one; where it is the old one, the next start
//! begins again.

use std::path::Path;

use super::backup::BackupHead;
use super::generation::Generation;
use super::record::{Kind, recency};
use super::rewrite::{CHUNK, Copied, Purpose};
use super::site::{Desk, Site};
use crate::domain::{ErrorKind, Result};

/// The first schema: what the records as a whole look like where no step has been taken.
const FIRST: u32 = 1;

/// How the name of the backup from before a migration begins; the schema that it led to follows.
pub(super) const BEFORE: &str = "backup-before-";

/// The steps of this program, in order: the first leads from schema 1 to 2.
pub(super) const STEPS: &[Step] = &[];

/// What becomes of a record in the next schema; `None` where it goes.
pub type Step = fn(Stored) -> Result<Option<Stored>>;

/// A record as it lies in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The byte of its kind, then ids and times.
    pub key: Vec<u8>,
    /// The schema of its kind.
    pub schema: u8,
    pub plain: Vec<u8>,
}

/// The schema that all of `steps` lead to.
pub(super) fn newest(steps: &[Step]) -> u32 {
    u32::try_from(steps.len()).map_or(u32::MAX, |steps| FIRST + steps)
}

impl Site {
    /// The schema that this program reads and writes.
    pub(super) fn schema(&self) -> u32 {
        newest(self.options.steps)
    }

    /// What a record of schema `from` is in the present one.
    pub(super) fn lead(&self, from: u32, stored: Stored) -> Result<Option<Stored>> {
        let taken = usize::try_from(from.saturating_sub(FIRST)).unwrap_or(usize::MAX);
        let mut steps = self.options.steps.iter().skip(taken);
        steps.try_fold(Some(stored), |stored, step| stored.map_or(Ok(None), step))
    }

    /// Gives back `live`, or what took its place where it was of an older schema.
    pub(super) fn migrate(
        &self,
        desk: &mut Desk,
        live: Generation,
        notices: &mut Vec<String>,
    ) -> Result<Generation> {
        let (from, to) = (desk.head.schema, self.schema());
        if from == to {
            return Ok(live);
        }
        let saved = self.folder().join(format!("{BEFORE}{to}"));
        // One that a migration of before, which did not come to its end, has left may be whole.
        let partial =
            if saved.exists() { self.folder().join(format!("{BEFORE}{to}-partial")) } else { saved.clone() };
        self.back_up_alone(desk, &live, &saved, &partial)?;
        let keys = desk.keys.clone();
        let fresh = self.begin(desk, Purpose::Migrate, &keys)?;
        let done = self.lead_tree(&fresh, &live, from).and_then(|copied| {
            self.enthrone(desk, &fresh, keys, false)?;
            Ok(copied)
        });
        let copied = match done {
            Ok(copied) => copied,
            Err(error) => return Err(self.give_up(desk, fresh, error)),
        };
        live.doom();
        notices.push(format!(
            "The store was brought from version {from} to {to}: {} records. A backup from before is {}.",
            copied.records,
            saved.display()
        ));
        notices.extend(self.refresh_automatic(desk, &fresh));
        Ok(fresh)
    }

    fn lead_tree(&self, to: &Generation, live: &Generation, from: u32) -> Result<Copied> {
        let mut copied = Copied::default();
        let mut last = None;
        loop {
            let chunk = super::scan::take(live, &[], last.as_deref(), false, CHUNK)?;
            let Some((key, _)) = chunk.back() else { return Ok(copied) };
            last = Some(key.to_vec());
            let mut batch = sled::Batch::default();
            for (key, frame) in chunk.iter().filter(|(key, _)| Kind::is_record(key)) {
                match live.unseal(key, frame) {
                    Ok(opened) => {
                        let (schema, plain) = (opened.schema, opened.plain);
                        let stored = Stored { key: key.to_vec(), schema, plain };
                        let Some(led) = self.lead(from, stored)? else { continue };
                        self.seal_into(&mut batch, to, opened.sequence, &led)?;
                        copied.records += 1;
                    }
                    // It stays what it is: `verify` names it.
                    Err(error) if matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Locked) => {
                        batch.insert(key, frame);
                        copied.damaged += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
            self.put(to, batch)?;
        }
    }

    /// Seals a record for a generation that is under way, with its entry in the index.
    pub(super) fn seal_into(
        &self,
        batch: &mut sled::Batch,
        to: &Generation,
        sequence: u64,
        stored: &Stored,
    ) -> Result<()> {
        if let Some(entry) = recency::entry_of(&stored.key, &stored.plain) {
            batch.insert(entry, &[]);
        }
        let sealed = to.seal(&self.options, stored.schema, sequence, &stored.key, &stored.plain)?;
        batch.insert(stored.key.as_slice(), sealed);
        Ok(())
    }

    /// Whether the frames of a backup are of that schema, which the store has now.
    pub(super) fn is_of(&self, backup: &Path, schema: u32) -> bool {
        BackupHead::of(backup, self.schema()).map_or(true, |head| head.schema == schema)
    }
}
