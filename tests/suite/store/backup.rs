//! Backups: written, read again, brought back, and what they do for a salvage.

use std::fs;
use std::path::Path;

use outcrop::domain::ErrorKind;
use outcrop::domain::conversation::Conversation;
use outcrop::domain::message::Message;
use outcrop::store::record::Remembered;
use outcrop::store::{Batch, Scan, Store, WrapWith};

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
fn replaced_and_lost(home: &Path, text: &str, harm: impl FnOnce(&mut [u8])) -> String {
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

const LARGE: &str = "boulder ";

/// A store whose automatic backup has a large text that a flipped byte hit since, and not what came after it.
fn hit_since_the_backup(home: &Path) -> Store {
    let store = open(home);
    turn(&store, 1, 1, &LARGE.repeat(2000));
    turn(&store, 3, 3, "to be removed");
    store.backup_automatic().unwrap();
    let large = walk(&home.join("gen-000001/blobs"));
    assert_eq!(large.len(), 1);
    let mut bytes = fs::read(&large[0]).unwrap();
    bytes[2000] ^= 1;
    fs::write(&large[0], bytes).unwrap();
    turn(&store, 1, 2, "newer");
    store
}

fn texts(store: &Store) -> Vec<String> {
    store.scan::<Message>(Scan::all()).map(|record| record.unwrap().1.text()).collect()
}

/// Makes the tree of a generation unreadable, so that the next start salvages it.
fn break_tree(home: &Path, generation: u32) {
    let conf = home.join(format!("gen-{generation:06}/tree/conf"));
    fs::write(conf, "no longer a configuration").unwrap();
}

#[test]
fn an_automatic_backup_that_lacks_a_damaged_record_lies_beside_the_whole_one_until_a_newer_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (whole, partial) = (home.join("backup"), home.join("backup-partial"));
    let store = hit_since_the_backup(&home);
    let before = fs::read(&whole).unwrap();
    for _ in 0..2 {
        let moved = store.backup_automatic().unwrap();
        assert_eq!((moved.records, moved.damaged), (4, 1));
    }
    assert!(fs::read(&whole).unwrap() == before, "the whole one is as it was");
    assert!(partial.exists() && store.automatic_backup_age().is_some());
    let notices = store.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    for said in ["1 damaged record;", "workspace verify", "workspace restore", partial.to_str().unwrap()] {
        assert!(notices[0].contains(said), "{said}: {notices:?}");
    }
    store.restore(&whole, &unlock(None)).unwrap();
    assert_eq!(texts(&store), [LARGE.repeat(2000), "to be removed".to_owned()]);
    assert!(
        fs::read(&whole).unwrap() != before && !partial.exists(),
        "the store is whole again, and so is its backup"
    );
}

#[test]
fn a_backup_that_a_person_asks_for_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let store = hit_since_the_backup(&folder.path().join("home"));
    let saved = folder.path().join("saved");
    assert_eq!(store.backup(&saved).unwrap().damaged, 1);
    let notices = store.notices();
    assert!(notices.len() == 1 && notices[0].contains("saved lacks 1 damaged record"), "{notices:?}");
}

#[test]
fn a_salvage_takes_what_is_whole_from_one_backup_and_what_is_newer_from_the_partial_one() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = hit_since_the_backup(&home);
    store.backup_automatic().unwrap();
    drop(store);
    let tree = home.join("gen-000001/tree/db");
    let mut bytes = fs::read(&tree).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[20..used].fill(0x55);
    fs::write(&tree, bytes).unwrap();
    let store = open(&home);
    assert_eq!(texts(&store), [LARGE.repeat(2000), "newer".to_owned(), "to be removed".to_owned()]);
    assert_eq!(store.verify().unwrap().damaged, []);
}

#[test]
fn a_damaged_store_that_is_compacted_keeps_its_whole_backup_which_brings_nothing_back_that_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = hit_since_the_backup(&home);
    let before = fs::read(home.join("backup")).unwrap();
    let mut batch = Batch::new();
    batch.remove::<Conversation>(&conversation_id(3));
    store.commit(batch).unwrap();
    store.compact().unwrap();
    assert!(fs::read(home.join("backup")).unwrap() == before);
    drop(store);
    break_tree(&home, 2);
    let store = open(&home);
    assert_eq!(texts(&store)[0], LARGE.repeat(2000), "the text that was damaged is whole again");
    assert!(store.get::<Conversation>(&conversation_id(3)).unwrap().is_none());
    assert_eq!(store.verify().unwrap().damaged, []);
}

#[test]
fn a_second_salvage_brings_nothing_back_either_that_was_removed_before_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = open(&home);
    turn(&store, 1, 1, "pebble");
    turn(&store, 3, 3, "to be removed");
    store.backup_automatic().unwrap();
    let mut batch = Batch::new();
    batch.remove::<Conversation>(&conversation_id(3));
    store.commit(batch).unwrap();
    drop(store);
    for generation in [1, 2] {
        break_tree(&home, generation);
        let store = open(&home);
        assert!(!store.notices().is_empty());
        let left: Vec<_> = store.newest(9, None).unwrap().heads.into_iter().map(|head| head.id).collect();
        assert_eq!(left, [conversation_id(1)], "generation {generation}");
    }
}

#[test]
fn the_whole_backup_of_a_damaged_store_follows_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (whole, kept) = (home.join("backup"), home.join("backup-before-rekey"));
    let store = hit_since_the_backup(&home);
    let before = fs::read(&whole).unwrap();
    store.rekey(&WrapWith::Passphrase("new".into())).unwrap();
    let rewrapped = fs::read(&whole).unwrap();
    assert!(rewrapped != before && !String::from_utf8_lossy(&rewrapped).contains("key_file"));
    store.rekey_data(&WrapWith::Passphrase("newer".into())).unwrap();
    let notices = store.notices();
    assert!(notices.iter().any(|notice| notice.contains(kept.to_str().unwrap())), "{notices:?}");
    assert_eq!(texts(&store), ["newer", "to be removed"], "what did not open is left behind");
    store.backup_automatic().unwrap();
    store.restore(&kept, &unlock(None)).unwrap();
    assert_eq!(texts(&store), [LARGE.repeat(2000), "to be removed".to_owned()]);
    store.rekey_data(&WrapWith::KeyFile).unwrap();
    assert!(!kept.exists(), "only the key of before opened it");
    assert_eq!(texts(&store).len(), 2);
}
