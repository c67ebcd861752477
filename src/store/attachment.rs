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
        let name = Name::of(&self.shared.live().name("attached", &bytes));
        if !self.has::<Attached>(&name)? {
            let mut batch = Batch::new();
            batch.put(&name, &Attached(bytes))?;
            self.commit(batch)?;
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
