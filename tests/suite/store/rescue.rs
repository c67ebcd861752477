//! Stores that do not open: refused without harm, and brought back.

use std::fs;
use std::path::{Path, PathBuf};

use outcrop::domain::ErrorKind;
use outcrop::domain::conversation::Conversation;
use outcrop::domain::message::Message;
use outcrop::store::{Faults, Options, Scan, Store, WrapWith};

use super::{conversation_id, name, open, open_with, own, small, turn, unlock, walk};

/// A store in its second generation, with its key file.
fn built(home: &Path) -> PathBuf {
    let store = open(home);
    for number in 0..6 {
        turn(&store, number % 3, number, &"pebble ".repeat(1 + number as usize * 300));
    }
    store.compact().unwrap();
    key_file(home)
}

fn key_file(home: &Path) -> PathBuf {
    walk(home).into_iter().find(|path| name(path).starts_with("key-")).unwrap()
}

fn behead(home: &Path) {
    fs::remove_file(home.join("head")).unwrap();
    fs::remove_file(home.join("head.copy")).unwrap();
}

fn texts(store: &Store) -> usize {
    store
        .scan::<Message>(Scan::all())
        .filter(|record| record.as_ref().unwrap().1.text().contains("pebble"))
        .count()
}

#[test]
fn a_store_whose_heads_are_gone_is_refused_and_nothing_of_it_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let key = built(&home);
    let heads = ["head", "head.copy"].map(|name| (home.join(name), fs::read(home.join(name)).unwrap()));
    behead(&home);
    for _ in 0..2 {
        let error = Store::open_with(&own(&home), &unlock(None), small()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
        assert!(error.hint.contains("workspace restore"), "{error}");
    }
    assert!(key.exists() && home.join("gen-000002/tree/db").exists());
    assert!(!home.join("head").exists(), "no other store takes its place");
    // What the hint says first: put them back.
    for (path, bytes) in heads {
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(texts(&open(&home)), 6);
}

#[test]
fn a_lost_head_is_made_again_from_the_stores_own_backup() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    built(&home);
    let store = open(&home);
    store.backup_automatic().unwrap();
    turn(&store, 1, 77, "pebble after the backup");
    drop(store);
    behead(&home);
    // Half a generation that was under way when all this happened, and an empty one.
    fs::create_dir_all(home.join("gen-000004/tree")).unwrap();
    fs::create_dir_all(home.join("gen-000003/tree")).unwrap();
    fs::write(home.join("gen-000003/tree/db"), vec![7; 5000]).unwrap();
    let store = open(&home);
    assert_eq!(texts(&store), 7, "what came after the backup is there as well");
    assert_eq!(store.notices().len(), 1, "{:?}", store.notices());
    assert_eq!(store.verify().unwrap().damaged, []);
    store.compact().unwrap();
    drop(store);
    assert_eq!(texts(&open(&home)), 7);
    // Where nothing says which generation was the store, the newest of which anything can be read is.
    behead(&home);
    fs::remove_file(home.join("mark")).unwrap();
    fs::create_dir_all(home.join("gen-000090/tree")).unwrap();
    fs::write(home.join("gen-000090/tree/db"), vec![7; 5000]).unwrap();
    assert_eq!(texts(&open(&home)), 7);
}

#[test]
fn a_store_without_a_head_comes_back_from_a_backup_and_what_lay_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    built(&home);
    open(&home).backup(&saved).unwrap();
    behead(&home);
    let (store, _) = Store::open_restored_with(&own(&home), &unlock(None), &saved, &small()).unwrap();
    assert_eq!(texts(&store), 6);
    turn(&store, 1, 99, "pebble");
    drop(store);
    let store = open(&home);
    assert_eq!(texts(&store), 7);
    assert!(home.join("gen-000002/tree/db").exists(), "what did not open is kept");
}

#[test]
fn what_did_not_open_is_kept_through_every_later_restore_until_the_store_is_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    built(&home);
    open(&home).backup(&saved).unwrap();
    behead(&home);
    let (store, _) = Store::open_restored_with(&own(&home), &unlock(None), &saved, &small()).unwrap();
    for _ in 0..3 {
        store.restore(&saved, &unlock(None)).unwrap();
    }
    drop(store);
    let store = open(&home);
    for number in 2..=5 {
        assert!(home.join(format!("gen-00000{number}/tree/db")).exists(), "generation {number}");
    }
    store.compact().unwrap();
    assert_eq!(walk(&home).iter().filter(|path| name(path) == "db").count(), 1);
    assert_eq!(texts(&store), 6);
}

#[test]
fn a_new_data_key_leaves_nothing_under_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    built(&home);
    let store = open(&home);
    store.backup(&saved).unwrap();
    store.restore(&saved, &unlock(None)).unwrap();
    let before = home.join("backup-before-2");
    fs::copy(&saved, &before).unwrap();
    store.rekey(&WrapWith::KeyFile).unwrap();
    assert!(home.join("gen-000002/tree/db").exists() && before.exists(), "the data key is the same");
    store.rekey_data(&WrapWith::KeyFile).unwrap();
    assert!(!home.join("gen-000002").exists() && !before.exists());
    assert_eq!(store.info().unwrap().kept, 0);
    assert_eq!(texts(&store), 6);
    drop(store);
    assert_eq!(texts(&open(&home)), 6);
}

#[test]
fn a_store_whose_passphrase_is_forgotten_comes_back_from_a_backup_with_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    let key = built(&home);
    let store = open(&home);
    store.backup(&saved).unwrap();
    fs::copy(&key, folder.path().join(name(&key))).unwrap();
    store.rekey(&WrapWith::Passphrase("words".into())).unwrap();
    turn(&store, 1, 77, "pebble that only the words open");
    drop(store);
    let restored = |words| Store::open_restored_with(&own(&home), &unlock(words), &saved, &small());
    let untold = restored(None).unwrap_err();
    assert_eq!(untold.kind, ErrorKind::Passphrase, "the words are asked for first: {untold}");
    let (back, notices) = restored(Some("not these")).unwrap();
    assert_eq!((texts(&back), back.key_kind()), (6, "a key file"));
    assert!(notices.iter().any(|notice| notice.contains("a key file")), "{notices:?}");
    drop(back);
    // The words came back: the head that they open lies beside its generation.
    for name in ["head", "head.copy"] {
        fs::copy(home.join("gen-000002").join(name), home.join(name)).unwrap();
    }
    assert_eq!(texts(&open_with(&home, Some("words")).0), 7);
}

#[test]
fn a_store_whose_key_is_lost_comes_back_from_a_backup_with_another_key_and_can_still_be_opened_by_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    let (store, _) = open_with(&home, Some("words"));
    turn(&store, 1, 1, "pebble");
    store.backup(&saved).unwrap();
    store.rekey(&WrapWith::KeyFile).unwrap();
    turn(&store, 1, 2, "pebble that only the lost key opens");
    drop(store);
    let lost = key_file(&home);
    fs::rename(&lost, folder.path().join("found later")).unwrap();
    let error = Store::open_with(&own(&home), &unlock(None), small()).unwrap_err();
    assert!(error.kind == ErrorKind::Locked && error.hint.contains("workspace restore"), "{error}");
    let wrong = Store::open_restored_with(&own(&home), &unlock(Some("no")), &saved, &small()).unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::Passphrase, "{wrong}");
    let back = Store::open_restored_with(&own(&home), &unlock(Some("words")), &saved, &small()).unwrap();
    assert_eq!((texts(&back.0), back.0.key_kind()), (1, "a passphrase"));
    drop(back);
    // The key was found: the head that it opens lies beside its generation.
    fs::rename(folder.path().join("found later"), lost).unwrap();
    for name in ["head", "head.copy"] {
        fs::copy(home.join("gen-000001").join(name), home.join(name)).unwrap();
    }
    assert_eq!(texts(&open(&home)), 2);
}

#[test]
fn what_lies_on_shelves_under_a_key_that_is_lost_is_laid_aside_until_the_store_is_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    let key = built(&home);
    let store = open(&home);
    store.shelf("kb-1").unwrap().write("base", b"pebble").unwrap();
    store.backup(&saved).unwrap();
    fs::copy(&key, folder.path().join(name(&key))).unwrap();
    store.rekey_data(&WrapWith::Passphrase("words".into())).unwrap();
    drop(store);
    let restored = Store::open_restored_with(&own(&home), &unlock(Some("not these")), &saved, &small());
    let (back, notices) = restored.unwrap();
    assert!(notices.iter().any(|notice| notice.contains("the knowledge bases. A sync")), "{notices:?}");
    assert_eq!(back.verify().unwrap().damaged, []);
    let shelf = back.shelf("kb-1").unwrap();
    assert_eq!(shelf.read("base").unwrap(), None, "it is made anew");
    shelf.write("base", b"pebble again").unwrap();
    drop((shelf, back));
    let bases = || walk(&home).iter().filter(|path| path.ends_with("shelves/kb-1/base")).count();
    assert_eq!(bases(), 2, "what was there is kept");
    let store = open(&home);
    assert_eq!(store.shelf("kb-1").unwrap().read("base").unwrap().as_deref(), Some(&b"pebble again"[..]));
    store.compact().unwrap();
    assert_eq!(bases(), 1);
}

#[test]
fn whichever_step_of_a_restore_of_what_does_not_open_fails_it_can_be_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let mut step = 0;
    loop {
        step += 1;
        let home = folder.path().join(format!("home-{step}"));
        built(&home);
        if step == 1 {
            open(&home).backup(&saved).unwrap();
        }
        let key = key_file(&home);
        fs::copy(&key, folder.path().join(name(&key))).unwrap();
        behead(&home);
        let passed = std::sync::atomic::AtomicU32::new(0);
        let faults =
            Faults::new(move |_| match passed.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1 {
                at if at == step => Err(std::io::Error::other("planned")),
                _ => Ok(()),
            });
        let options = Options { faults, ..small() };
        let failed = Store::open_restored_with(&own(&home), &unlock(None), &saved, &options).is_err();
        let again = Store::open_restored_with(&own(&home), &unlock(None), &saved, &small());
        assert_eq!(texts(&again.unwrap().0), 6, "step {step}");
        assert!(home.join("gen-000002/tree/db").exists(), "step {step}");
        if !failed {
            assert!(step > 8, "only {step} steps");
            return;
        }
    }
}

#[test]
fn a_key_file_that_was_put_back_for_an_old_backup_is_not_swept_away() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    let old = built(&home);
    let store = open(&home);
    store.backup(&saved).unwrap();
    let copy = folder.path().join("elsewhere");
    fs::copy(&old, &copy).unwrap();
    store.rekey_data(&WrapWith::KeyFile).unwrap();
    assert!(!old.exists(), "the replaced key file is gone");
    let error = store.restore(&saved, &unlock(None)).unwrap_err();
    assert!(error.kind == ErrorKind::Locked && error.hint.contains("beside the backup"), "{error}");
    drop(store);
    fs::copy(&copy, &old).unwrap();
    drop(open(&home));
    let store = open(&home);
    assert!(old.exists(), "nobody takes away what the person put there");
    store.restore(&saved, &unlock(None)).unwrap();
    assert_eq!(texts(&store), 6);
}
#[test]
fn what_is_written_after_a_restore_wins_over_what_the_backup_brought() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let (there, _) = open_with(&folder.path().join("there"), Some("theirs"));
    for _ in 0..4 {
        there.compact().unwrap();
    }
    for number in 1..=3 {
        turn(&there, number, number, "pebble");
    }
    there.backup(&saved).unwrap();
    let home = folder.path().join("here");
    let here = open(&home);
    here.restore(&saved, &unlock(Some("theirs"))).unwrap();
    turn(&here, 1, 50, "pebble, later");
    let mut batch = outcrop::store::Batch::new();
    batch.remove::<Conversation>(&conversation_id(2));
    here.commit(batch).unwrap();
    drop(here);
    fs::write(home.join("gen-000002/tree/conf"), "no longer a configuration").unwrap();
    let here = open(&home);
    assert_eq!(here.notices().len(), 1, "{:?}", here.notices());
    let heads: Vec<_> =
        here.newest(9, None).unwrap().heads.iter().map(|head| (head.id, head.updated.0)).collect();
    assert_eq!(heads, [(conversation_id(1), 50), (conversation_id(3), 3)]);
}
