//! From one schema of the store to the next, with a step that these tests bring.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use outcrop::domain::message::Message;
use outcrop::domain::{ErrorKind, Result};
use outcrop::store::record::Kind;
use outcrop::store::{Faults, Options, Owner, Scan, Step, Store, Stored, WrapWith};
use rustix::process::{Signal, getpid, kill_process};

use super::{conversation_id, message_id, name, open, own, small, turn, unlock, walk};

/// The texts of messages change, and those that say so go.
const STEPS: &[Step] = &[|mut stored: Stored| {
    if stored.key[0] != Kind::Message as u8 {
        return Ok(Some(stored));
    }
    let text = String::from_utf8(stored.plain).unwrap();
    if text.contains("to be dropped") {
        return Ok(None);
    }
    stored.plain = text.replace("pebble", "boulder").into_bytes();
    Ok(Some(stored))
}];

fn options() -> Options {
    Options { steps: STEPS, ..small() }
}

fn try_new(home: &Path) -> Result<(Store, Vec<String>)> {
    Store::open_with(&own(home), &unlock(None), options())
}

/// A store of the first schema.
fn built(home: &Path) {
    let store = open(home);
    for number in 0..300 {
        turn(&store, number % 3, number, "pebble");
    }
    turn(&store, 1, 1000, &"pebble ".repeat(2000));
    turn(&store, 1, 1001, "to be dropped");
    store.backup_automatic().unwrap();
}

fn texts(store: &Store) -> (usize, usize) {
    let texts: Vec<_> = store.scan::<Message>(Scan::all()).map(|record| record.unwrap().1.text()).collect();
    let of = |word: &str| texts.iter().filter(|text| text.contains(word)).count();
    assert_eq!(store.verify().unwrap().damaged, []);
    assert_eq!(store.newest(9, None).unwrap().heads.len(), 3);
    (of("pebble"), of("boulder"))
}

#[test]
fn a_store_of_an_older_schema_is_led_over_and_a_backup_from_before_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    built(&home);
    let (store, notices) = try_new(&home).unwrap();
    assert_eq!(texts(&store), (0, 301));
    assert!(notices.len() == 1 && notices[0].contains("from version 1 to 2"), "{notices:?}");
    assert!(store.get::<Message>(&(conversation_id(1), message_id(1001))).unwrap().is_none());
    assert_eq!(store.info().unwrap().schema, 2);
    turn(&store, 1, 2000, "boulder");
    // The backup of the old schema comes back as one of the new, and the next start finds nothing to do.
    store.restore(&home.join("backup-before-2"), &unlock(None)).unwrap();
    assert_eq!(texts(&store), (0, 301));
    drop(store);
    let (store, notices) = try_new(&home).unwrap();
    assert_eq!((texts(&store), notices.len()), ((0, 301), 0));
}

#[test]
fn a_store_and_a_backup_from_the_future_are_refused_by_name_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    built(&home);
    try_new(&home).unwrap().0.backup(&saved).unwrap();
    let before: Vec<_> = walk(&home).into_iter().map(|path| fs::read(path).unwrap()).collect();
    let error = Store::open_with(&own(&home), &unlock(None), small()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Version);
    assert!(error.why.contains("a newer outcrop (version 2 of the store; this one reads 1)"), "{error}");
    assert!(error.hint.contains("Update this program"), "{error}");
    let after: Vec<_> = walk(&home).into_iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(before == after, "it is as it was");
    let old = folder.path().join("old");
    built(&old);
    let refused = open(&old).restore(&saved, &unlock(None)).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Version, "{refused}");
    assert_eq!(texts(&open(&old)).0, 301);
}

#[test]
fn a_damaged_record_stays_what_it_is_and_a_step_that_fails_leaves_the_store_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    built(&home);
    let blob = walk(&home).into_iter().find(|path| path.to_string_lossy().contains("/blobs/")).unwrap();
    let mut bytes = fs::read(&blob).unwrap();
    bytes[3000] ^= 1;
    fs::write(&blob, bytes).unwrap();
    let broken: &'static [Step] =
        &[|_| Err(outcrop::domain::Error::internal("leading a record over", "planned"))];
    let error = Store::open_with(&own(&home), &unlock(None), Options { steps: broken, ..small() });
    assert_eq!(error.unwrap_err().kind, ErrorKind::Internal);
    assert_eq!(open(&home).verify().unwrap().damaged.len(), 1);
    let (store, _) = try_new(&home).unwrap();
    assert_eq!(store.verify().unwrap().damaged.len(), 1);
    assert_eq!(store.scan::<Message>(Scan::all()).flatten().count(), 300);
    // The last whole backup is of the old schema: no salvage takes anything from it, and no partial one takes its place.
    for (name, there) in [("backup", false), ("backup-partial", true), ("backup-before-2-whole", true)] {
        assert_eq!(home.join(name).exists(), there, "{name}");
    }
}

#[test]
fn a_whole_backup_of_the_old_schema_stays_where_there_is_no_room_for_one_of_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    built(&home);
    let before = fs::read(home.join("backup")).unwrap();
    // The disk is full as soon as the records are led over.
    let led = AtomicU32::new(0);
    let faults = Faults::new(move |step| match step {
        "copy a chunk" => {
            led.store(1, Ordering::SeqCst);
            Ok(())
        }
        "back up a chunk" if led.load(Ordering::SeqCst) == 1 => {
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
        }
        _ => Ok(()),
    });
    let (store, notices) =
        Store::open_with(&own(&home), &unlock(None), Options { faults, ..options() }).unwrap();
    assert_eq!(texts(&store), (0, 301));
    assert!(notices.iter().any(|said| said.contains("own backup could not be brought up")), "{notices:?}");
    assert!(!home.join("backup").exists(), "it has records of the old schema");
    assert!(fs::read(home.join("backup-before-2-whole")).unwrap() == before);
}

#[test]
fn a_store_that_runs_lays_a_whole_backup_of_the_old_schema_aside_too_unless_only_the_old_key_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (whole, aside) = (home.join("backup"), home.join("backup-before-2-whole"));
    built(&home);
    let before = fs::read(&whole).unwrap();
    drop(try_new(&home).unwrap());
    // The disk has no room for a backup from here on.
    let faults = Faults::new(|step| match step {
        "back up a chunk" => Err(std::io::Error::from(std::io::ErrorKind::StorageFull)),
        _ => Ok(()),
    });
    let (store, _) = Store::open_with(&own(&home), &unlock(None), Options { faults, ..options() }).unwrap();
    // As a migration leaves it that was killed before its own backup was renewed.
    fs::write(&whole, &before).unwrap();
    store.compact().unwrap();
    assert!(!whole.exists() && fs::read(&aside).unwrap() == before);
    let said = store.notices();
    assert!(said.iter().any(|said| said.contains("own backup could not be brought up")), "{said:?}");
    fs::write(&whole, &before).unwrap();
    store.rekey_data(&WrapWith::KeyFile).unwrap();
    assert!(!whole.exists() && !aside.exists(), "a new data key leaves nothing that the old one opens");
}

/// Opens the store with the step and dies before its step `last`.
pub fn in_a_child(home: &Path, last: u32) {
    let passed = AtomicU32::new(0);
    let faults = Faults::new(move |_| {
        if passed.fetch_add(1, Ordering::SeqCst) + 1 == last {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
        Ok(())
    });
    let owner = Owner::take(home).unwrap();
    Store::open_with(&owner, &unlock(None), Options { faults, ..options() }).unwrap();
}

#[test]
fn a_migration_survives_being_killed_at_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    built(&made);
    for step in 1.. {
        let home = folder.path().join(format!("home-{step}"));
        super::damage::copy(&made, &home);
        let child = super::crash::child("migrate", &home, step).wait_with_output().unwrap();
        let old = Store::open_with(&own(&home), &unlock(None), small());
        let store = match old {
            // What was not finished is a good store of the old schema.
            Ok((store, _)) => {
                assert_eq!(texts(&store), (301, 0), "killed at step {step}");
                assert!(!child.status.success());
                drop(store);
                try_new(&home).unwrap().0
            }
            Err(error) => {
                assert_eq!(error.kind, ErrorKind::Version, "killed at step {step}: {error}");
                try_new(&home).unwrap().0
            }
        };
        assert_eq!(texts(&store), (0, 301), "killed at step {step}");
        turn(&store, 1, 5000, "life goes on");
        drop(store);
        let files = walk(&home);
        let count = |called: fn(&str) -> bool| files.iter().filter(|path| called(&name(path))).count();
        let (trees, halves) = (count(|name| name == "db"), count(|name| name.ends_with(".unfinished")));
        assert_eq!((trees, halves), (1, 0), "killed at step {step}: {files:?}");
        assert!(home.join("backup-before-2").exists(), "killed at step {step}");
        if child.status.success() {
            assert!(step > 10, "only {step} steps");
            return;
        }
    }
}
