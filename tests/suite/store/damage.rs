//! Flipped bytes, cut files, empty snapshots: what is hit may be lost, everything else must be there, nothing panics.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use outcrop::domain::message::Message;
use outcrop::domain::{ErrorKind, Result};
use outcrop::store::{Batch, Faults, Options, Owner, Scan, Store, WrapWith};

use super::{conversation_id, key, message, name, open_with, small, turn, unlock, walk};

const TURNS: u32 = 120;

fn text(number: u32) -> String {
    format!("turn {number} ").repeat(1 + number as usize % 300)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Written and closed.
    Closed,
    /// Closed and opened again before the last turns, so that there is a snapshot.
    Reopened,
    /// As a killed process leaves it.
    Killed,
}

/// A store with `TURNS` turns in four conversations.
fn built(folder: &Path, shape: Shape) -> PathBuf {
    let made = folder.join("made");
    let left = folder.join("left");
    let mut store = open_with(&made, None).0;
    for number in 0..TURNS {
        if shape == Shape::Reopened && number == TURNS - 20 {
            drop(store);
            store = open_with(&made, None).0;
        }
        turn(&store, number % 4, number, &text(number));
    }
    if shape == Shape::Killed {
        copy(&made, &left);
    } else {
        drop(store);
        copy(&made, &left);
    }
    left
}

pub fn copy(from: &Path, to: &Path) {
    DirBuilder::new().mode(0o700).create(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else if name(&path) != "ballast" {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The turns that can be read after `harm` was done to a copy, how many records said that they are damaged, and the
/// notices.
struct After {
    read: Vec<u32>,
    wrong: Vec<u32>,
    errors: usize,
    notices: Vec<String>,
}

fn after(left: &Path, harm: impl FnOnce(&Path)) -> Result<After> {
    let folder = tempfile::tempdir().unwrap();
    let copied = folder.path().join("copy");
    copy(left, &copied);
    harm(&copied);
    let owner = Owner::take(&copied)?;
    let (store, _) = Store::open_with(&owner, &unlock(None), small())?;
    let mut after = After { read: Vec::new(), wrong: Vec::new(), errors: 0, notices: Vec::new() };
    for conversation in 0..4 {
        for record in store.scan::<Message>(Scan::under(&conversation_id(conversation))) {
            match record {
                Ok((_, message)) => {
                    let number = u32::from_be_bytes(message.id.as_bytes()[12..].try_into().unwrap());
                    let good = message.text() == text(number) || number == TURNS + 1;
                    if good { &mut after.read } else { &mut after.wrong }.push(number);
                }
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
                    after.errors += 1;
                }
            }
        }
    }
    turn(&store, 0, TURNS + 1, "a damaged store can be written again");
    after.read.sort_unstable();
    after.notices = store.notices();
    Ok(after)
}

fn tree_files(folder: &Path) -> Vec<PathBuf> {
    walk(&folder.join("gen-000001/tree"))
}

/// The end of what is written in a file: sled's has a tail of zeroes.
fn used(path: &Path) -> usize {
    fs::read(path).unwrap().iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

fn flipped(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::write(path, bytes).unwrap();
}

/// What may be missing after one byte was hit: the record that it was in.
fn judge(what: &str, after: &After, may_miss: usize) {
    let lost = TURNS as usize - after.read.len();
    assert!(after.wrong.is_empty(), "{what}: wrong text in {:?}", after.wrong);
    assert!(lost <= may_miss, "{what}: {lost} turns are gone; {:?}", after.notices);
    assert!(
        lost == 0 || after.errors > 0 || !after.notices.is_empty(),
        "{what}: {lost} are gone without a word"
    );
}

#[test]
fn a_flipped_byte_costs_at_most_the_record_that_it_hit() {
    for shape in [Shape::Closed, Shape::Reopened, Shape::Killed] {
        let folder = tempfile::tempdir().unwrap();
        let left = built(folder.path(), shape);
        let mut told = 0;
        for path in tree_files(&left) {
            let inside = path.strip_prefix(&left).unwrap().to_owned();
            let used = used(&path);
            for at in (0..used).step_by((used / 40).max(1)).chain([used - 1]) {
                let what = format!("{shape:?}, {} byte {at}", inside.display());
                let after = after(&left, |copied| flipped(&copied.join(&inside), at));
                let after = after.unwrap_or_else(|error| panic!("{what}: {error}"));
                judge(&what, &after, 1);
                told += usize::from(!after.notices.is_empty());
            }
        }
        assert!(told > 20, "{shape:?}: the matrix hit nothing ({told})");
    }
}

#[test]
fn a_damaged_or_empty_snapshot_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let left = built(folder.path(), Shape::Reopened);
    let snapshots: Vec<_> =
        tree_files(&left).into_iter().filter(|path| name(path).starts_with("snap.")).collect();
    assert!(!snapshots.is_empty());
    for content in [&b""[..], &[0; 64], b"no snapshot"] {
        let after = after(&left, |copied| {
            for path in &snapshots {
                fs::write(copied.join(path.strip_prefix(&left).unwrap()), content).unwrap();
            }
        });
        judge(&format!("{content:?}"), &after.unwrap(), 0);
    }
}

#[test]
fn a_file_that_was_cut_short_keeps_what_is_left_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let left = built(folder.path(), Shape::Closed);
    let path = left.join("gen-000001/tree/db");
    let used = used(&path);
    let mut before = 0;
    for tenth in 0..=10 {
        let length = used * tenth / 10;
        let after = after(&left, |copied| {
            let file = fs::File::options().write(true).open(copied.join("gen-000001/tree/db")).unwrap();
            file.set_len(length as u64).unwrap();
        });
        let after = after.unwrap_or_else(|error| panic!("cut at {length}: {error}"));
        judge(&format!("cut at {length}"), &after, TURNS as usize);
        // Every turn takes some of the file, so each further tenth brings some back.
        assert!(after.read.len() > before || tenth == 0, "cut at {length}: {} turns", after.read.len());
        before = after.read.len();
    }
    assert_eq!(before, TURNS as usize);
}

#[test]
fn a_damaged_head_is_read_from_its_copy_and_without_both_the_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let left = built(folder.path(), Shape::Closed);
    let length = fs::metadata(left.join("head")).unwrap().len() as usize;
    for at in (0..length).step_by(7) {
        let mended = after(&left, |copied| flipped(&copied.join("head"), at)).unwrap();
        judge(&format!("head byte {at}"), &mended, 0);
        let copy = after(&left, |copied| flipped(&copied.join("head.copy"), at)).unwrap();
        judge(&format!("copy byte {at}"), &copy, 0);
    }
    let both = after(&left, |copied| {
        flipped(&copied.join("head"), 20);
        flipped(&copied.join("head.copy"), 20);
    });
    assert_eq!(both.err().unwrap().kind, ErrorKind::Corrupt);
    let neither = after(&left, |copied| {
        fs::remove_file(copied.join("head")).unwrap();
        fs::remove_file(copied.join("head.copy")).unwrap();
    });
    assert_eq!(neither.err().unwrap().kind, ErrorKind::Corrupt);
}

#[test]
fn what_is_not_on_the_disk_when_a_reader_mends_the_store_is_not_acknowledged_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let armed = Arc::new(AtomicBool::new(false));
    let seen = armed.clone();
    // The flush of the damaged tree fails, the one of the tree that takes its place does not.
    let faults = Faults::new(move |step| {
        let fails = step == "flush the tree" && seen.swap(false, Ordering::SeqCst);
        if fails { Err(std::io::Error::other("planned")) } else { Ok(()) }
    });
    let owner = Owner::take(&home).unwrap();
    let options = Options { faults, cache: 1024, ..small() };
    let (store, _) = Store::open_with(&owner, &unlock(None), options).unwrap();
    // More than sled keeps in memory, so that reading goes to the disk.
    for number in 0..5000 {
        let message = message(number % 4, number, &format!("turn {number} ").repeat(300));
        let mut batch = Batch::new();
        batch.put(&key(&message), &message).unwrap();
        store.commit_soft(batch).unwrap();
    }
    store.flush().unwrap();
    let mut batch = Batch::new();
    let late = message(9, 9000, "only in memory");
    batch.put(&key(&late), &late).unwrap();
    store.commit_soft(batch).unwrap();
    let tree = home.join("gen-000001/tree/db");
    let used = used(&tree);
    let file = fs::File::options().write(true).open(&tree).unwrap();
    file.write_all_at(&vec![0x55; used / 4 * 3], 4096).unwrap();
    armed.store(true, Ordering::SeqCst);
    let _ = store.scan::<Message>(Scan::all()).count();
    assert!(!store.notices().is_empty(), "the damage was met");
    assert!(!armed.load(Ordering::SeqCst));
    assert_eq!(store.flush().unwrap_err().kind, ErrorKind::Corrupt);
    assert_eq!(store.get::<Message>(&key(&late)).unwrap(), None);
    turn(&store, 9, 9001, "sent again");
}

/// A store with an automatic backup, whose files were hit since; it is met by who reads them next.
fn hit_beneath(home: &Path) -> Store {
    let owner = Owner::take(home).unwrap();
    let (store, _) = Store::open_with(&owner, &unlock(None), Options { cache: 1024, ..small() }).unwrap();
    // More than sled keeps in memory, so that reading goes to the disk.
    for number in 0..5000 {
        let message = message(number % 4, number, &format!("turn {number} ").repeat(300));
        let mut batch = Batch::new();
        batch.put(&key(&message), &message).unwrap();
        store.commit_soft(batch).unwrap();
    }
    store.flush().unwrap();
    store.backup_automatic().unwrap();
    let tree = home.join("gen-000001/tree/db");
    let used = used(&tree);
    let file = fs::File::options().write(true).open(&tree).unwrap();
    file.write_all_at(&vec![0x55; used / 4 * 3], 4096).unwrap();
    store
}

#[test]
fn damage_that_a_new_key_meets_is_mended_from_the_automatic_backup_before_that_follows_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = hit_beneath(&home);
    store.rekey(&WrapWith::KeyFile).unwrap();
    assert!(!store.notices().is_empty(), "the damage was met");
    assert_eq!(store.scan::<Message>(Scan::all()).flatten().count(), 5000);
    assert!(home.join("backup").exists());
}

#[test]
fn the_damaged_files_that_compaction_meets_are_kept_until_it_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let store = hit_beneath(&home);
    store.compact().unwrap();
    assert!(!store.notices().is_empty(), "the damage was met");
    assert!(home.join("gen-000001/tree/db").exists() && store.info().unwrap().kept > 0);
    assert_eq!(store.scan::<Message>(Scan::all()).flatten().count(), 5000);
    store.compact().unwrap();
    assert!(!home.join("gen-000001").exists() && store.info().unwrap().kept == 0);
}

#[test]
fn a_damaged_large_value_is_an_error_of_its_own_record() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    let (store, _) = open_with(&made, None);
    turn(&store, 0, 1, &"large ".repeat(4000));
    turn(&store, 0, 2, "small");
    let file = walk(&made.join("gen-000001/blobs")).remove(0);
    flipped(&file, 2000);
    let records: Vec<_> = store.scan::<Message>(Scan::under(&conversation_id(0))).collect();
    assert_eq!(records[0].as_ref().unwrap_err().kind, ErrorKind::Corrupt);
    assert_eq!(records[1].as_ref().unwrap().1.text(), "small");
    assert_eq!(store.verify().unwrap().damaged.len(), 1);
}
