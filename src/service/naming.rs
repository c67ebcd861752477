//! Which of the kept bytes somebody still names: a message, a run of an agent, a making of pictures, a draft, what a face
//! remembers.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::Result;
use crate::domain::agent::Run;
use crate::domain::attachment::blobs_of;
use crate::domain::id::{ConversationId, MakingId, RunId};
use crate::domain::message::{BlobId, Message};
use crate::domain::picture::Making;
use crate::store::record::Remembered;
use crate::store::{Scan, Store};

/// What is being removed: what it names does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone<'a> {
    Conversations(&'a [ConversationId]),
    Making(MakingId),
    /// Runs of agents.
    Runs(&'a [RunId]),
    /// Nothing is: what cannot be read may name any of them.
    Nothing,
}

/// Removes the bytes that nobody names and that nobody has just attached: of chips that were taken out again, of a process
/// that died before a draft was saved. How many that were.
pub fn sweep(store: &Store) -> Result<usize> {
    let unnamed = unnamed(store, Gone::Nothing, store.attachments()?)?;
    store.detach_unused(&unnamed)
}

/// Those of `blobs` that nobody names once that is gone. What cannot be read names nothing, where something goes.
pub fn unnamed(store: &Store, gone: Gone<'_>, mut blobs: BTreeSet<BlobId>) -> Result<BTreeSet<BlobId>> {
    if blobs.is_empty() {
        return Ok(blobs);
    }
    for files in store.files_of_drafts() {
        let Some(files) = readable(files, gone)? else { continue };
        let held: Vec<_> =
            files.iter().flat_map(|file| blobs_of(std::slice::from_ref(&file.block))).collect();
        blobs.retain(|blob| !held.contains(&blob));
    }
    for record in store.scan::<Remembered>(Scan::all()) {
        if let Some((_, Remembered { value, .. })) = readable(record, gone)? {
            unname(&value, &mut blobs);
        }
    }
    for record in store.scan::<Making>(Scan::all()) {
        let Some((id, making)) = readable(record, gone)? else { continue };
        if gone != Gone::Making(id) {
            for blob in making.blobs() {
                blobs.remove(blob);
            }
        }
    }
    for record in store.scan::<Run>(Scan::all()) {
        let Some((_, run)) = readable(record, gone)? else { continue };
        if !matches!(gone, Gone::Runs(gone) if gone.contains(&run.id)) {
            for blob in &run.holds {
                blobs.remove(blob);
            }
        }
    }
    for record in store.scan::<Message>(Scan::all()) {
        let Some(((conversation, _), message)) = readable(record, gone)? else { continue };
        if !matches!(gone, Gone::Conversations(gone) if gone.contains(&conversation)) {
            for blob in blobs_of(&message.blocks) {
                blobs.remove(blob);
            }
        }
    }
    Ok(blobs)
}

fn readable<T>(record: Result<T>, gone: Gone<'_>) -> Result<Option<T>> {
    match record {
        Ok(record) => Ok(Some(record)),
        Err(error) if gone == Gone::Nothing => Err(error),
        Err(_) => Ok(None),
    }
}

/// Takes out of `blobs` what a value names anywhere.
fn unname(value: &Value, blobs: &mut BTreeSet<BlobId>) {
    match value {
        Value::String(text) => {
            blobs.retain(|blob| blob.0 != *text);
        }
        Value::Array(values) => values.iter().for_each(|value| unname(value, blobs)),
        Value::Object(values) => values.values().for_each(|value| unname(value, blobs)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
