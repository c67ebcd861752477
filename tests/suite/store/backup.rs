//! Backups: written, read again, brought back, and what they do for a salvage.

use std::fs;

use outcrop::domain::ErrorKind;
use outcrop::domain::conversation::Conversation;
use outcrop::domain::message::Message;
use outcrop::store::record::Remembered;
use outcrop::store::{Batch, Scan, WrapWith};

use super::{conversation_id, name, open, open_with, turn, unlock, walk};

#[test]
fn a_backup_brings_everything_back_and_what_was_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let file = folder.path().join("saved");
    let store = open(&home);
    for number in 0..50 {
        turn(&store, number % 5, number, &"pebble ".repeat(number as usize * 40));
    }
    let mut batch = Batch::new();
    let remembered = Remembered { name: "sidebar".to_owned(), value: serde_json::json!(42) };
    batch.put(&store.name("sidebar"), &remembered).unwrap();
    store.commit(batch).unwrap();
    let moved = store.backup(&file).unwrap();
    assert_eq!((moved.records, moved.damaged), (56, 0));
    assert_eq!(store.backup(&file).unwrap_err().kind, ErrorKind::Invalid, "a backup is never overwritten");

    turn(&store, 9, 900, "after the backup");
    assert_eq!(store.restore(&file, &unlock(None)).unwrap().records, 56);
    assert!(store.get::<Conversation>(&conversation_id(9)).unwrap().is_none());
    assert_eq!(store.scan::<Message>(Scan::all()).flatten().count(), 50);
    assert_eq!(store.newest(9, None).unwrap().heads.len(), 5);
    drop(store);
    let store = open(&home);
    assert_eq!(store.verify().unwrap().damaged, []);
    assert_eq!(store.get::<Remembered>(&store.name("sidebar")).unwrap(), Some(remembered));
    let generations = walk(&home).iter().filter(|path| name(path) == "db").count();
    assert_eq!(generations, 2, "the store before the restore is kept");
}

#[test]
fn a_backup_of_another_machine_opens_with_its_passphrase_and_takes_the_key_of_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved");
    let (there, _) = open_with(&folder.path().join("there"), Some("theirs"));
    turn(&there, 1, 1, &"boulder ".repeat(2000));
    there.backup(&file).unwrap();
    let here_folder = folder.path().join("here");
    let (here, _) = open_with(&here_folder, Some("ours"));
    assert_eq!(here.restore(&file, &unlock(Some("wrong"))).unwrap_err().kind, ErrorKind::Passphrase);
    here.restore(&file, &unlock(Some("theirs"))).unwrap();
    drop(here);
    let (here, _) = open_with(&here_folder, Some("ours"));
    assert_eq!(here.verify().unwrap().records, 2);
    assert_eq!(here.scan::<Message>(Scan::all()).next().unwrap().unwrap().1.text(), "boulder ".repeat(2000));
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved");
    let store = open(&folder.path().join("home"));
    for number in 0..6 {
        turn(&store, 1, number, "pebble");
    }
    store.backup(&file).unwrap();
    turn(&store, 1, 77, "newer");
    let good = fs::read(&file).unwrap();
    let bad = folder.path().join("bad");
    for at in (0..good.len()).step_by(13).chain(good.len() - 48..good.len()) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(&bad, &bytes).unwrap();
        assert!(store.restore(&bad, &unlock(None)).is_err(), "byte {at}");
        fs::write(&bad, &good[..at]).unwrap();
        assert!(store.restore(&bad, &unlock(None)).is_err(), "cut at {at}");
    }
    assert_eq!(store.verify().unwrap().records, 8, "the store is as it was");
}

#[test]
fn what_a_flipped_byte_hit_comes_from_the_automatic_backup() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open(&home);
    for number in 0..40 {
        turn(&store, 1, number, "pebble pebble pebble");
    }
    store.backup_automatic().unwrap();
    drop(store);
    let tree = home.join("gen-000001/tree/db");
    let mut bytes = fs::read(&tree).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[20..used].fill(0x55);
    fs::write(&tree, bytes).unwrap();
    let store = open(&home);
    assert_eq!(store.scan::<Message>(Scan::all()).flatten().count(), 40);
    assert_eq!(store.notices().len(), 1, "{:?}", store.notices());
}

/// A store whose tree is damaged beyond reading, with a large text that was replaced since the automatic backup.
fn replaced_and_lost(home: &std::path::Path, text: &str, harm: impl FnOnce(&mut [u8])) -> String {
    let store = open(home);
    turn(&store, 1, 1, text);
    store.backup_automatic().unwrap();
    turn(&store, 1, 1, &"cliff ".repeat(3000));
    drop(store);
    let tree = home.join("gen-000001/tree/db");
    let mut bytes = fs::read(&tree).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    harm(&mut bytes[20..used]);
    fs::write(&tree, bytes).unwrap();
    let store = open(home);
    assert_eq!(store.notices().len(), 1, "{:?}", store.notices());
    assert_eq!(store.verify().unwrap().damaged, []);
    store.scan::<Message>(Scan::all()).next().unwrap().unwrap().1.text()
}

#[test]
fn a_salvage_takes_a_large_value_from_the_automatic_backup() {
    let folder = tempfile::tempdir().unwrap();
    for (home, boulders) in [("one", 2000), ("two", 1_200_000)] {
        // Its file went when it was replaced.
        let text = "boulder ".repeat(boulders);
        let found = replaced_and_lost(&folder.path().join(home), &text, |tree| tree.fill(0x55));
        assert!(found == text, "{} bytes for {}", found.len(), text.len());
    }
}

#[test]
fn a_salvage_takes_the_text_of_before_where_the_newest_large_value_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let text = "boulder ".repeat(2000);
    let found = replaced_and_lost(&home, &text, |_| {
        fs::write(home.join("gen-000001/tree/conf"), "no longer a configuration").unwrap();
        let blobs = walk(&home.join("gen-000001/blobs"));
        assert_eq!(blobs.len(), 1);
        fs::write(&blobs[0], "no longer a boulder").unwrap();
    });
    assert_eq!(found, text);
}

#[test]
fn a_salvage_brings_nothing_back_that_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open(&home);
    for number in 0..10 {
        turn(&store, number, number, "pebble");
    }
    store.backup_automatic().unwrap();
    let remove = |number| {
        let mut batch = Batch::new();
        batch.remove::<Conversation>(&conversation_id(number));
        store.commit(batch).unwrap();
    };
    remove(3);
    store.compact().unwrap();
    remove(4);
    drop(store);
    fs::write(home.join("gen-000002/tree/conf"), "no longer a configuration").unwrap();
    let store = open(&home);
    assert!(!store.notices().is_empty());
    let left: Vec<_> = store.newest(20, None).unwrap().heads.into_iter().map(|head| head.id).collect();
    assert_eq!(left, [9, 8, 7, 6, 5, 2, 1, 0].map(conversation_id));
}

#[test]
fn the_automatic_backup_follows_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open(&home);
    turn(&store, 1, 1, "pebble");
    store.backup_automatic().unwrap();
    let with_file = fs::read(home.join("backup")).unwrap();
    store.rekey(&WrapWith::Passphrase("new".into())).unwrap();
    let rewrapped = fs::read(home.join("backup")).unwrap();
    store.rekey_data(&WrapWith::Passphrase("new".into())).unwrap();
    let resealed = fs::read(home.join("backup")).unwrap();
    assert!(with_file != rewrapped && rewrapped != resealed);
    assert!(!String::from_utf8_lossy(&rewrapped).contains("key_file"));
}
