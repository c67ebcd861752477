//! Which conversations of a file are here already. It is told by what is said in them: an import gives everything new ids.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use crate::domain::Result;
use crate::domain::conversation::Thread;
use crate::domain::id::MessageId;
use crate::service::archive::Archive;
use crate::service::blocking::blocking;

/// What a conversation says, whatever its ids, its times and its title are.
pub(super) type Said = [u8; 32];

/// What all conversations say.
pub(super) async fn all(archive: &Archive) -> Result<HashSet<Said>> {
    let archive = archive.clone();
    blocking("reading conversations", move || {
        let mut all = HashSet::new();
        archive.scan(|thread| {
            all.insert(said(thread));
            true
        })?;
        Ok(all)
    })
    .await
}

/// Its messages in any order, each with the one that it follows. One without messages is known by its title.
pub(super) fn said(thread: &Thread) -> Said {
    let each: HashMap<MessageId, Said> = thread
        .messages
        .iter()
        .map(|message| {
            let text = serde_json::json!([message.role, message.blocks]).to_string();
            let digest: Said = Sha256::digest(text.as_bytes()).into();
            (message.id, digest)
        })
        .collect();
    let of = |id: MessageId| each.get(&id).copied().unwrap_or_default();
    let mut pairs: Vec<(Said, Said)> = thread
        .messages
        .iter()
        .map(|message| (message.parent.map(of).unwrap_or_default(), of(message.id)))
        .collect();
    pairs.sort_unstable();
    let mut hash = Sha256::new();
    if pairs.is_empty() {
        hash.update(thread.conversation.title.as_bytes());
    }
    for (parent, message) in pairs {
        hash.update(parent);
        hash.update(message);
    }
    hash.finalize().into()
}
