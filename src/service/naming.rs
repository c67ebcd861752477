//! Which of the kept bytes somebody still names: a message, a making of pictures, a draft.

use std::collections::BTreeSet;

use crate::domain::Result;
use crate::domain::attachment::blobs_of;
use crate::domain::conversation::Held;
use crate::domain::id::{ConversationId, MakingId};
use crate::domain::message::{BlobId, Message};
use crate::domain::picture::Making;
use crate::store::{Scan, Store};

/// What is being removed: what it names does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone<'a> {
    Conversations(&'a [ConversationId]),
    Making(MakingId),
}

/// Those of `blobs` that nobody names once that is gone. What cannot be read names nothing.
pub fn unnamed(store: &Store, gone: Gone<'_>, mut blobs: BTreeSet<BlobId>) -> Result<BTreeSet<BlobId>> {
    if blobs.is_empty() {
        return Ok(blobs);
    }
    for draft in store.drafts()? {
        let files = draft.pastes.iter().filter_map(Held::file);
        let held: Vec<_> = files.flat_map(|file| blobs_of(std::slice::from_ref(&file.block))).collect();
        blobs.retain(|blob| !held.contains(&blob));
    }
    for record in store.scan::<Making>(Scan::all()) {
        let Ok((id, making)) = record else { continue };
        if gone != Gone::Making(id) {
            for blob in making.blobs() {
                blobs.remove(blob);
            }
        }
    }
    for record in store.scan::<Message>(Scan::all()) {
        let Ok(((conversation, _), message)) = record else { continue };
        if !matches!(gone, Gone::Conversations(gone) if gone.contains(&conversation)) {
            for blob in blobs_of(&message.blocks) {
                blobs.remove(blob);
            }
        }
    }
    Ok(blobs)
}
