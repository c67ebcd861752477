use super::*;
use crate::domain::attachment::Attachment;
use crate::domain::call::Blobs;
use crate::domain::conversation::{Draft, Held};
use crate::domain::message::Block;
use crate::domain::picture::Made;
use crate::domain::trace::Span;
use crate::store::{Owner, Store, Unlock};

#[derive(Debug)]
struct Nobody;

impl crate::service::invoke::SpanSink for Nobody {
    fn record(&self, _: Span) {}
}

fn pictures(folder: &std::path::Path) -> Pictures {
    let owner = Owner::try_take(folder).unwrap().unwrap();
    let archive = Archive::new(Store::open(&owner, &Unlock::default()).unwrap().0);
    let invoke = Invoke::new([], Vec::new(), Arc::new(Nobody));
    Pictures::new(archive, Arc::new(invoke), Changes::default())
}

/// A making of these pictures that begins with `from`.
async fn kept(pictures: &Pictures, made: &[&'static [u8]], from: Option<BlobId>) -> Making {
    let mut making = Making {
        id: fresh::making_id(),
        asked: Picture {
            model: "a/b".parse().unwrap(),
            prompt: "a river".into(),
            negative: None,
            size: None,
            seed: None,
            count: 1,
            from,
            blobs: Blobs::default(),
        },
        created: fresh::now(),
        outcome: Outcome::Stopped,
        made: Vec::new(),
        usage: Usage::default(),
        timing: Timing::default(),
        cost: None,
    };
    for bytes in made {
        let blob = pictures.archive.run(|store| store.attach(bytes.to_vec())).await.unwrap();
        let (media_type, bytes) = ("image/png".to_owned(), bytes.len() as u64);
        making.made.push(Made { blob, media_type, bytes, pixels: None });
    }
    pictures.put(making.clone()).await.unwrap();
    making
}

async fn has(pictures: &Pictures, blob: &BlobId) -> bool {
    let blob = blob.clone();
    pictures.archive.run(move |store| Ok(store.attached(&blob)?.is_some())).await.unwrap()
}

const ONE: &[u8] = b"\x89PNG\r\n\x1a\n1";
const HERE: crate::domain::id::TerminalId = crate::domain::id::TerminalId::from_bytes([1; 16]);
const TWO: &[u8] = b"\x89PNG\r\n\x1a\n2";

#[tokio::test]
async fn the_bytes_of_a_picture_go_with_the_last_that_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = pictures(&folder.path().join("home"));
    let first = kept(&pictures, &[ONE, TWO], None).await;
    let (one, two) = (first.made[0].blob.clone(), first.made[1].blob.clone());
    let second = kept(&pictures, &[], Some(one.clone())).await;
    pictures.remove(first.id).await.unwrap();
    assert!(has(&pictures, &one).await && !has(&pictures, &two).await, "the other one begins with it");
    assert_eq!(pictures.bytes(one.clone()).await.unwrap(), ("image/png".to_owned(), ONE.to_vec()));
    let block = Block::Image { media_type: "image/png".into(), blob: one.clone(), file: None };
    let file = Attachment { name: "a.png".into(), bytes: None, block };
    let draft = Draft { text: "\u{100000}".into(), pastes: vec![Held::File(file)] };
    pictures.archive.save_draft(None, HERE, None, draft).await.unwrap();
    pictures.remove(second.id).await.unwrap();
    assert!(has(&pictures, &one).await, "a message that is being written has it");
    pictures.archive.save_draft(None, HERE, None, Draft::default()).await.unwrap();
    let third = kept(&pictures, &[ONE], None).await;
    pictures.remove(third.id).await.unwrap();
    assert!(!has(&pictures, &one).await);
    assert_eq!(pictures.bytes(one).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(pictures.remove(third.id).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn the_newest_come_first_and_those_that_a_dead_process_left_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = pictures(&folder.path().join("home"));
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, kept(&pictures, &[ONE], None).await.id);
    }
    let (page, more) = pictures.list(2, None).await.unwrap();
    assert_eq!((page.iter().map(|making| making.id).collect::<Vec<_>>(), more), (ids[..2].to_vec(), true));
    let (page, more) = pictures.list(9, Some(ids[1])).await.unwrap();
    assert_eq!((page.iter().map(|making| making.id).collect::<Vec<_>>(), more), (ids[2..].to_vec(), false));
    let mut open = page[0].clone();
    open.outcome = Outcome::Streaming;
    pictures.put(open.clone()).await.unwrap();
    assert_eq!(pictures.remove(open.id).await.unwrap_err().kind, ErrorKind::Busy);
    assert_eq!(pictures.mark_interrupted().await.unwrap(), 1);
    assert_eq!(pictures.mark_interrupted().await.unwrap(), 0);
    let found = pictures.find(open.id.short()).await.unwrap();
    assert_eq!((found.outcome, found.made.len()), (Outcome::Interrupted, 1));
    pictures.finish().await;
}
