//! What goes with messages: bytes under names that tell nothing of them, each kept once.

use super::record::Name;
use super::record::attachment::Attached;
use super::seal::{hex, unhex};
use super::{Batch, Store};
use crate::domain::Result;
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
