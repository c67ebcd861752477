//! A disk that fails: at every operation in turn, and for good.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use outcrop::domain::message::Message;
use outcrop::domain::{ErrorKind, Result};
use outcrop::store::{Batch, Faults, Options, Owner, Scan, Store, WrapWith};

use super::{conversation_id, head, key, message, message_id, open, own, small, turn, unlock};

/// Does a bit of everything and notes what was acknowledged; an error ends nothing but the act that met it.
fn live(store: &Store, folder: &std::path::Path, acknowledged: &mut BTreeMap<u32, String>) {
    let mut commit = |number: u32, text: String| {
        let mut batch = Batch::new();
        let message = message(number % 3, number, &text);
        let head = head(number % 3, i64::from(number));
        batch.put(&head.id, &head).unwrap().put(&key(&message), &message).unwrap();
        if store.commit(batch).is_ok() {
            acknowledged.insert(number, text);
        }
    };
    for number in 0..5 {
        commit(number, format!("text {number}"));
    }
    commit(10, "large ".repeat(2000));
    let _ = store.compact();
    commit(11, "after the compaction".to_owned());
    let _ = store.backup_automatic();
    let _ = store.rekey(&WrapWith::KeyFile);
    commit(12, "after the new wrapping".to_owned());
    let _ = store.rekey_data(&WrapWith::KeyFile);
    commit(13, "after the new key".to_owned());
    let _ = store.backup(&folder.join("saved"));
    commit(14, "at the end".to_owned());
}

/// `live` on a disk on which `fails` says which steps fail; then a start on a good one.
fn everything_acknowledged_is_there(fails: impl Fn(u32) -> bool + Send + Sync + 'static, what: &str) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let steps = Arc::new(AtomicU32::new(0));
    let counted = steps.clone();
    let faults = Faults::new(move |_| {
        if fails(counted.fetch_add(1, Ordering::SeqCst) + 1) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    });
    let mut acknowledged = BTreeMap::new();
    let owner = Owner::take(&home).unwrap();
    match Store::open_with(&owner, &unlock(None), Options { faults, ..small() }) {
        Ok((store, _)) => live(&store, folder.path(), &mut acknowledged),
        Err(error) => assert_eq!(error.kind, ErrorKind::Full, "{what}: {error}"),
    }
    drop(owner);
    let store = open(&home);
    for (number, text) in &acknowledged {
        let found: Result<Option<Message>> = store.get(&(conversation_id(number % 3), message_id(*number)));
        assert_eq!(
            found.unwrap().map(|message| message.text()).as_ref(),
            Some(text),
            "{what}: turn {number}"
        );
    }
    assert_eq!(store.verify().unwrap().damaged, [], "{what}");
    turn(&store, 0, 99, "life goes on");
    steps.load(Ordering::SeqCst)
}

#[test]
fn whichever_operation_fails_everything_acknowledged_is_there() {
    let steps = everything_acknowledged_is_there(|_| false, "no failure");
    assert!(steps > 60, "only {steps} steps pass the seam");
    for step in 1..=steps {
        everything_acknowledged_is_there(move |at| at == step, &format!("step {step} fails"));
    }
}

#[test]
fn from_whichever_operation_on_the_disk_is_full_everything_acknowledged_is_there() {
    let steps = everything_acknowledged_is_there(|_| false, "no failure");
    for step in 1..=steps {
        everything_acknowledged_is_there(move |at| at >= step, &format!("full from step {step} on"));
    }
}

#[test]
fn after_a_sync_that_failed_nothing_more_is_acknowledged_until_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let bad = Arc::new(AtomicU32::new(0));
    let seen = bad.clone();
    let faults = Faults::new(move |step| {
        let fails = step == "sync the tree" && seen.swap(0, Ordering::SeqCst) == 1;
        if fails { Err(io::Error::other("the disk is failing")) } else { Ok(()) }
    });
    let owner = Owner::take(folder.path()).unwrap();
    let (store, _) = Store::open_with(&owner, &unlock(None), Options { faults, ..small() }).unwrap();
    turn(&store, 0, 1, "text");
    let commit = |number| {
        let message = message(0, number, "text");
        let mut batch = Batch::new();
        batch.put(&key(&message), &message).unwrap();
        store.commit(batch)
    };
    bad.store(1, Ordering::SeqCst);
    commit(2).unwrap_err();
    // The kernel forgets the failure, and this sync would succeed over the hole that it left.
    let refused = commit(3).unwrap_err();
    assert!(refused.hint.contains("Start outcrop again"), "{refused}");
    drop(store);
    drop(owner);
    turn(&open(folder.path()), 0, 4, "life goes on");
}

#[test]
fn a_backup_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    for bad in ["back up a chunk", "sync a file", "rename a file"] {
        let armed = Arc::new(AtomicU32::new(0));
        let seen = armed.clone();
        let faults = Faults::new(move |step| match seen.load(Ordering::SeqCst) {
            1 if step == bad => Err(io::Error::from(io::ErrorKind::StorageFull)),
            _ => Ok(()),
        });
        let owner = Owner::take(&home).unwrap();
        let (store, _) = Store::open_with(&owner, &unlock(None), Options { faults, ..small() }).unwrap();
        turn(&store, 0, 1, "text");
        armed.store(1, Ordering::SeqCst);
        assert_eq!(store.backup(&saved).unwrap_err().kind, ErrorKind::Full, "{bad}");
        assert_eq!(store.backup_automatic().unwrap_err().kind, ErrorKind::Full, "{bad}");
        let left = super::walk(folder.path());
        assert!(!left.iter().any(|path| super::name(path).ends_with(".unfinished")), "{bad}: {left:?}");
        turn(&store, 0, 2, "life goes on");
    }
}

#[test]
fn a_backup_that_the_disk_garbles_is_no_backup_and_no_migration_begins_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    // What was written of the backup by then is another thing when it is read again.
    let places = [saved.clone(), home.join("backup-before-2")];
    let faults = Faults::new(move |step| {
        if step == "sync a file" || step == "back up a chunk" {
            for place in &places {
                let unfinished = place.with_extension("unfinished");
                if std::fs::metadata(&unfinished).is_ok_and(|about| about.len() > 4000) {
                    let file = std::fs::File::options().write(true).open(unfinished)?;
                    file.write_all_at(b"garbled", 3000)?;
                }
            }
        }
        Ok(())
    });
    let options = Options { faults, ..small() };
    let store = Store::open_with(&own(&home), &unlock(None), options.clone()).unwrap().0;
    for number in 0..600 {
        turn(&store, 0, number, "some text");
    }
    let error = store.backup(&saved).unwrap_err();
    assert!(error.why.contains("damaged"), "{error}");
    assert!(!saved.exists());
    drop(store);
    let led = Options { steps: &[|stored| Ok(Some(stored))], ..options };
    Store::open_with(&own(&home), &unlock(None), led).unwrap_err();
    assert!(!home.join("backup-before-2").exists());
    assert_eq!(open(&home).scan::<Message>(Scan::all()).count(), 600);
}

#[test]
fn a_commit_that_would_fill_the_disk_is_refused_before_anything_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    turn(&open(folder.path()), 0, 1, "text");
    let owner = Owner::take(folder.path()).unwrap();
    let options = Options { reserve: u64::MAX / 4, ..small() };
    let error = Store::open_with(&owner, &unlock(None), options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Full, "{error}");
    assert!(error.doing.contains(&folder.path().display().to_string()), "{error}");
    assert!(error.hint.starts_with("Free ") && error.hint.contains("OUTCROP_HOME"), "{error}");
    drop(owner);
    assert!(!folder.path().join("ballast").exists(), "the ballast is given up when the disk is full");
    let store = open(folder.path());
    assert_eq!(store.scan::<Message>(Scan::all()).count(), 1);
}

#[test]
fn the_folders_of_a_new_store_are_on_the_disk_before_anything_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    let told = steps.clone();
    let faults = Faults::new(move |step| {
        told.lock().unwrap().push(step);
        Ok(())
    });
    let options = Options { faults, ..small() };
    let store = Store::open_with(&own(folder.path()), &unlock(None), options).unwrap().0;
    // Of the tree, of the generation, of the store.
    assert!(steps.lock().unwrap().ends_with(&["sync a folder"; 3]), "{steps:?}");
    turn(&store, 0, 1, "text");
}
