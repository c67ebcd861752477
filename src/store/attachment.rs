//! What goes with messages: bytes under names that tell nothing of them, each kept once.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use super::record::Name;
use super::record::attachment::Attached;

use super::{Batch, Scan, Store};
use crate::domain::Result;
use crate::domain::hex::{hex, unhex};
use crate::domain::message::BlobId;

impl Store {
    /// Keeps bytes; the same ones have the same name.
    pub fn attach(&self, bytes: Vec<u8>) -> Result<BlobId> {
        let mut batch = Batch::new();
        let id = self.attach_with(bytes, &mut batch)?;
        self.commit(batch)?;
        Ok(id)
    }

    /// Keeps them with a batch.
    pub fn attach_with(&self, bytes: Vec<u8>, batch: &mut Batch) -> Result<BlobId> {
        let name = Name::of(&self.shared.live().name("attached", &bytes));
        self.in_use().insert(name);
        if !self.has::<Attached>(&name)? {
            batch.put(&name, &Attached(bytes))?;
        }
        Ok(BlobId(hex(&name.bytes())))
    }

    /// Gives them back; `None` where there are none of that name.
    pub fn attached(&self, id: &BlobId) -> Result<Option<Vec<u8>>> {
        let Some(name) = name(id) else { return Ok(None) };
        Ok(self.get::<Attached>(&name)?.map(|attached| attached.0))
    }

    /// The names of all of them.
    pub fn attachments(&self) -> Result<BTreeSet<BlobId>> {
        self.keys::<Attached>(Scan::all()).map(|name| Ok(BlobId(hex(&name?.bytes())))).collect()
    }

    /// Deletes those of `ids` that were not attached since the store was opened: who attached one may be about to name it.
    /// How many that were.
    pub fn detach_unused(&self, ids: &BTreeSet<BlobId>) -> Result<usize> {
        // Held to the end: what is attached meanwhile is written anew.
        let in_use = self.in_use();
        let unused: Vec<_> = ids.iter().filter_map(name).filter(|name| !in_use.contains(name)).collect();
        let mut batch = Batch::new();
        for name in &unused {
            batch.remove::<Attached>(name);
        }
        if !batch.is_empty() {
            self.commit(batch)?;
        }
        Ok(unused.len())
    }

    /// What was attached since the store was opened.
    fn in_use(&self) -> MutexGuard<'_, BTreeSet<Name>> {
        self.shared.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes them with a batch.
    pub fn detach(&self, id: &BlobId, batch: &mut Batch) {
        if let Some(name) = name(id) {
            batch.remove::<Attached>(&name);
        }
    }
}

fn name(id: &BlobId) -> Option<Name> {
    use super::record::RecordKey;
    Name::read(&unhex(&id.0)?)
}
