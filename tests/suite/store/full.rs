//! A disk that is really full: a small one of the test's own, where the machine lets a user mount it.

use std::fs;
use std::path::Path;
use std::process::Command;

use outcrop::domain::ErrorKind;
use outcrop::domain::message::Message;
use outcrop::store::{Batch, Options, Store, WrapWith};

use super::{conversation_id, message, message_id, own, small, unlock};

/// In a child whose `folder` is a disk of four megabytes: it is filled to its last byte, told, and emptied again.
#[allow(clippy::print_stdout, reason = "the parent reads it")]
pub fn on_a_full_disk(folder: &Path) {
    let home = folder.join("home");
    // Without the store's own reserve, so that sled itself meets the end of the disk.
    let options = || Options { reserve: 0, ballast: 0, ..small() };
    let open = || Store::open_with(&own(&home), &unlock(None), options());
    let filler = folder.join("filler");
    let store = open().unwrap().0;
    fs::write(&filler, vec![1; 1 << 20]).unwrap();
    let commit = |store: &Store, number: u32| {
        let message = message(number % 3, number, &"gravel ".repeat(1 + number as usize % 900));
        let mut batch = Batch::new();
        batch.put(&super::key(&message), &message).unwrap();
        store.commit(batch)
    };
    let mut acknowledged = Vec::new();
    let error = loop {
        let number = u32::try_from(acknowledged.len()).unwrap();
        match commit(&store, number) {
            Ok(()) => acknowledged.push(number),
            Err(error) => break error,
        }
        assert!(number < 20_000, "the disk is never full");
    };
    assert_eq!(error.kind, ErrorKind::Full, "{error}");
    assert!(error.hint.contains("Free some space"), "{error}");
    let again = commit(&store, 50_000).unwrap_err();
    assert_eq!(again.kind, ErrorKind::Full, "{again}");
    drop(store);
    // Even a start on the full disk harms nothing.
    if let Err(error) = open() {
        assert_eq!(error.kind, ErrorKind::Full, "{error}");
    }
    fs::remove_file(&filler).unwrap();
    let store = open().unwrap().0;
    for number in &acknowledged {
        let found = store.get::<Message>(&(conversation_id(number % 3), message_id(*number))).unwrap();
        assert!(found.is_some(), "turn {number} is lost; {:?}", store.notices());
    }
    assert_eq!(store.verify().unwrap().damaged, []);
    commit(&store, 60_000).unwrap();
    // A backup that would fill the disk is not begun, so that there is room to write as before.
    let own_backup = home.join("backup");
    let used = |path: &Path| rustix::fs::statvfs(path).unwrap().f_bfree;
    let free = used(&home);
    for _ in 0..2 {
        let error = store.backup_automatic().unwrap_err();
        assert_eq!(error.kind, ErrorKind::Full, "{error}");
    }
    assert_eq!(used(&home), free, "nothing is left of it");
    assert!(!own_backup.exists());
    assert_eq!(store.notices().iter().filter(|notice| notice.contains("own backup")).count(), 1);
    // Nor is the store written anew by itself where that might fill it.
    assert_eq!(store.give_back().unwrap_err().kind, ErrorKind::Full);
    // Who asks for it is told how much is missing.
    for error in [store.compact().unwrap_err(), store.rekey_data(&WrapWith::KeyFile).unwrap_err()] {
        assert_eq!(error.kind, ErrorKind::Full, "{error}");
        assert!(error.why.contains("it may need ") && error.why.contains("MB are free"), "{error}");
        assert!(error.hint.contains("nothing was touched"), "{error}");
    }
    assert_eq!(used(&home), free);
    commit(&store, 70_000).unwrap();
    super::crash::say(&format!("full after {} turns, and all of them are there", acknowledged.len()));
}

#[test]
fn a_disk_that_is_really_full_loses_nothing_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = "mount -t tmpfs -o size=4m,mode=700 tmpfs \"$0\"";
    let mounted = Command::new("unshare").args(["-rm", "sh", "-c", mount]).arg(&disk).output();
    if !mounted.is_ok_and(|done| done.status.success()) {
        // A permission of the machine, which no gate can fetch.
        crate::skipped!("a really full disk; `unshare -rm` cannot mount one here");
        return;
    }
    let inner = super::crash::command("full", &disk, 0);
    let said = Command::new("unshare")
        .args(["-rm", "sh", "-c", &format!("{mount} && exec \"$@\"")])
        .arg(&disk)
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(out.contains("all of them are there"), "{out}\n{err}");
}
