//! Files that go with messages: read, told apart, kept; and their bytes for a call.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::domain::attachment::{Attachment, Form, LARGEST, admitted, blobs_of, fenced};
use crate::domain::call::{Blobs, Turn};
use crate::domain::message::{BlobId, Block, FileFacts, Message};
use crate::domain::picture::media_type;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::archive::Archive;
use crate::store::Store;

/// Reads a file and keeps what a message needs of it.
pub async fn attach(archive: &Archive, file: PathBuf) -> Result<Attachment> {
    archive.run(move |store| taken(store, &file)).await
}

/// The same for bytes that lie in no file.
pub async fn attach_bytes(archive: &Archive, name: String, bytes: Vec<u8>) -> Result<Attachment> {
    archive.run(move |store| kept(store, &format!("attaching {name}"), name, bytes)).await
}

/// The same for a file that must be a picture: the name of its bytes.
pub async fn attach_picture(archive: &Archive, file: PathBuf) -> Result<BlobId> {
    archive
        .run(move |store| {
            let doing = format!("reading {}", file.display());
            let (name, bytes) = read(&doing, &file)?;
            if media_type(&bytes).is_none() {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    doing,
                    "it is no picture",
                    "Name a PNG, JPEG, GIF or WebP file.",
                ));
            }
            admitted(&doing, &name, &bytes)?;
            store.attach(bytes)
        })
        .await
}

/// The name of a file and what is in it; of one that is too large, its beginning.
fn read(doing: &str, file: &Path) -> Result<(String, Vec<u8>)> {
    let about = std::fs::metadata(file).map_err(|why| Error::io(doing, &why))?;
    if about.is_dir() {
        return Err(Error::new(ErrorKind::Invalid, doing, "it is a folder", "Name the files in it."));
    }
    if !about.is_file() {
        return Err(Error::new(ErrorKind::Invalid, doing, "it is no file", "Name a file."));
    }
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|why| Error::io(doing, &why))?;
    opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|why| Error::io(doing, &why))?;
    let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok((name, bytes))
}

fn taken(store: &Store, file: &Path) -> Result<Attachment> {
    let doing = format!("attaching {}", file.display());
    let (name, bytes) = read(&doing, file)?;
    kept(store, &doing, name, bytes)
}

fn kept(store: &Store, doing: &str, name: String, bytes: Vec<u8>) -> Result<Attachment> {
    let size = bytes.len() as u64;
    let block = match admitted(doing, &name, &bytes)? {
        Form::Image(media_type) => {
            let file = Some(FileFacts { name: name.clone(), bytes: size });
            Block::Image { media_type: media_type.to_owned(), blob: store.attach(bytes)?, file }
        }
        Form::Document(media_type) => Block::Document {
            name: name.clone(),
            media_type: media_type.to_owned(),
            blob: store.attach(bytes)?,
        },
        Form::Text => Block::Text { text: fenced(&name, &String::from_utf8_lossy(&bytes)) },
    };
    Ok(Attachment { name, bytes: Some(size), block })
}

/// Keeps the bytes that the messages name, out of a file that was read, and puts the names that they have here in the place
/// of the file's own.
pub async fn restore(
    archive: &Archive,
    messages: &mut [Message],
    blobs: &Blobs,
    title: &str,
    skipped: &mut Vec<String>,
) -> Result<()> {
    let wanted: BTreeSet<BlobId> =
        messages.iter().flat_map(|message| blobs_of(&message.blocks)).cloned().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let mut found = Vec::new();
    let (mut lost, mut large) = (0, 0);
    for id in wanted {
        match blobs.get(&id) {
            None | Some([]) => lost += 1,
            Some(bytes) if bytes.len() as u64 > LARGEST => large += 1,
            Some(bytes) => found.push((id, bytes.to_vec())),
        }
    }
    for (count, why) in [
        (lost, "its bytes are not in the file".to_owned()),
        (large, format!("it is larger than {} MB", LARGEST >> 20)),
    ] {
        if count > 0 {
            skipped.push(format!("{title:?}: {count} × attachment: {why}"));
        }
    }
    let names = archive
        .run(move |store| {
            found
                .into_iter()
                .map(|(id, bytes)| Ok((id, store.attach(bytes)?)))
                .collect::<Result<BTreeMap<_, _>>>()
        })
        .await?;
    for block in messages.iter_mut().flat_map(|message| &mut message.blocks) {
        if let Block::Image { blob, .. } | Block::Document { blob, .. } = block
            && let Some(here) = names.get(blob)
        {
            blob.clone_from(here);
        }
    }
    Ok(())
}

/// The bytes that the turns name. One that is lost is left out here, and an error where it is sent.
pub async fn bytes_of(archive: &Archive, turns: &[Turn]) -> Result<Blobs> {
    let ids = turns.iter().flat_map(|turn| blobs_of(&turn.blocks)).cloned().collect();
    bytes_in(archive, ids).await
}

/// The bytes of the messages' attachments; one that is lost is left out.
pub async fn bytes_with(archive: &Archive, messages: &[Message]) -> Result<Blobs> {
    let ids = messages.iter().flat_map(|message| blobs_of(&message.blocks)).cloned().collect();
    bytes_in(archive, ids).await
}

async fn bytes_in(archive: &Archive, ids: BTreeSet<BlobId>) -> Result<Blobs> {
    if ids.is_empty() {
        return Ok(Blobs::default());
    }
    archive
        .run(move |store| {
            let mut blobs = Blobs::default();
            for id in ids {
                if let Some(bytes) = store.attached(&id)? {
                    blobs.put(id, bytes);
                }
            }
            Ok(blobs)
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ConversationId;
    use crate::domain::message::{MessageOrigin, Role};
    use crate::service::archive::Writing;
    use crate::service::{fresh, naming};
    use crate::store::{Owner, Store, Unlock};

    const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\nrest";

    fn archive(folder: &Path) -> Archive {
        let owner = Owner::try_take(folder).unwrap().unwrap();
        Archive::new(Store::open(&owner, &Unlock::default()).unwrap().0)
    }

    /// A conversation with one message that has `blocks`.
    async fn conversation(archive: &Archive, blocks: &[Block]) -> ConversationId {
        let now = fresh::now();
        let head = crate::domain::conversation::Conversation {
            id: fresh::conversation_id(),
            title: String::new(),
            titled: false,
            created: now,
            updated: now,
            model: None,
            system: None,
            settings: crate::domain::settings::Settings::default(),
            leaf: None,
            run: None,
            side: None,
            forked_from: None,
            agent: None,
        };
        let message = Message {
            id: fresh::message_id(),
            conversation: head.id,
            parent: None,
            role: Role::User,
            blocks: blocks.to_vec(),
            created: now,
            answer: None,
            origin: MessageOrigin::Here,
        };
        let id = head.id;
        archive
            .write(Writing { heads: vec![head], messages: vec![message], ..Writing::default() })
            .await
            .unwrap();
        id
    }

    async fn kept(archive: &Archive, id: &BlobId) -> bool {
        let id = id.clone();
        archive.run(move |store| Ok(store.attached(&id)?.is_some())).await.unwrap()
    }

    #[tokio::test]
    async fn a_picture_goes_with_the_last_conversation_that_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&folder.path().join("home"));
        let file = folder.path().join("a.png");
        std::fs::write(&file, PIXEL).unwrap();
        let attachment = attach(&archive, file.clone()).await.unwrap();
        assert_eq!((attachment.name.as_str(), attachment.bytes), ("a.png", Some(PIXEL.len() as u64)));
        let again = attach(&archive, file).await.unwrap();
        assert_eq!(again, attachment, "the same bytes are kept once");
        let clipped = attach_bytes(&archive, "a.png".to_owned(), PIXEL.to_vec()).await.unwrap();
        assert_eq!(clipped, attachment, "and the same from the clipboard");
        let blob = blobs_of(std::slice::from_ref(&attachment.block)).next().unwrap().clone();
        let turn = Turn { role: Role::User, blocks: vec![attachment.block.clone()] };
        let blobs = bytes_of(&archive, &[turn]).await.unwrap();
        assert_eq!(blobs.get(&blob), Some(PIXEL));
        let one = conversation(&archive, std::slice::from_ref(&attachment.block)).await;
        let two = conversation(&archive, std::slice::from_ref(&attachment.block)).await;
        archive.remove(one).await.unwrap();
        assert!(kept(&archive, &blob).await, "the other conversation has it still");
        let draft = crate::domain::conversation::Draft {
            text: "\u{100000}".to_owned(),
            pastes: vec![crate::domain::conversation::Held::File(attachment)],
        };
        archive.save_draft(None, HERE, None, draft.clone()).await.unwrap();
        assert_eq!(archive.load_drafts(None, HERE).await.unwrap()[0].draft, draft);
        archive.remove(two).await.unwrap();
        assert!(kept(&archive, &blob).await, "what is being written has it still");
        archive.save_draft(None, HERE, None, crate::domain::conversation::Draft::default()).await.unwrap();
        let three = conversation(&archive, &turn_blocks(&blob)).await;
        archive.remove(three).await.unwrap();
        assert!(!kept(&archive, &blob).await);
    }

    const HERE: crate::domain::id::TerminalId = crate::domain::id::TerminalId::from_bytes([1; 16]);

    #[tokio::test]
    async fn bytes_that_nothing_names_go_once_the_process_that_attached_them_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let swept = async |archive: &Archive| archive.run(naming::sweep).await.unwrap();
        let mut blobs = Vec::new();
        let archive = archive(&home);
        for name in ["sent", "drafted", "remembered", "taken out"] {
            let bytes = [PIXEL, name.as_bytes()].concat();
            blobs.push(archive.run(move |store| store.attach(bytes)).await.unwrap());
        }
        conversation(&archive, &turn_blocks(&blobs[0])).await;
        let block = turn_blocks(&blobs[1]).remove(0);
        let file = Attachment { name: "a.png".to_owned(), bytes: None, block };
        let pastes = vec![crate::domain::conversation::Held::File(file)];
        let draft = crate::domain::conversation::Draft { text: "\u{100000}".to_owned(), pastes };
        archive.save_draft(None, HERE, None, draft).await.unwrap();
        archive.remember("setup".to_owned(), serde_json::json!({ "of": [blobs[2]] })).await.unwrap();
        assert_eq!(swept(&archive).await, 0, "who attached it may be about to name it");
        drop(archive);
        let archive = self::archive(&home);
        assert_eq!(swept(&archive).await, 1);
        for (blob, stays) in blobs.iter().zip([true, true, true, false]) {
            assert_eq!(kept(&archive, blob).await, stays, "{blob:?}");
        }
    }

    fn turn_blocks(blob: &BlobId) -> Vec<Block> {
        vec![Block::Image { media_type: "image/png".to_owned(), blob: blob.clone(), file: None }]
    }

    #[tokio::test]
    async fn what_cannot_be_attached_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(&folder.path().join("home"));
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let large = folder.path().join("large.png");
        std::fs::write(&large, PIXEL).unwrap();
        std::fs::File::options().write(true).open(&large).unwrap().set_len(LARGEST + 1).unwrap();
        for (path, kind, words) in [
            (folder.path().join("gone.png"), ErrorKind::NotFound, "gone.png"),
            (folder.path().to_owned(), ErrorKind::Invalid, "it is a folder"),
            (file("empty.png", b""), ErrorKind::Invalid, "it is empty"),
            (file("a.zip", b"PK\x03\x04"), ErrorKind::Invalid, "neither a text nor"),
            (large, ErrorKind::Invalid, "larger than 32 MB"),
        ] {
            let error = attach(&archive, path).await.unwrap_err();
            assert!(error.kind == kind && error.to_string().contains(words), "{error}");
        }
    }
}
