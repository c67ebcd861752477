//! Space that comes back: large values that nothing names, drafts with pastes, stores that were replaced.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use outcrop::domain::ErrorKind;
use outcrop::domain::conversation::{Conversation, Draft};
use outcrop::domain::message::Message;
use outcrop::store::record::{DraftOf, Kind, Paste};
use outcrop::store::{Batch, Faults, Options, Scan, Store};

use super::{
    conversation_id, key, load_draft, message, name, open, own, save_draft, small, turn, unlock, walk,
};

/// The files of large values: what they are called, which file it is, when it was written.
fn large(home: &Path) -> BTreeMap<String, (u64, SystemTime)> {
    let files = walk(home).into_iter().filter(|path| path.to_string_lossy().contains("/blobs/"));
    files
        .map(|path| {
            let about = fs::metadata(&path).unwrap();
            (name(&path), (about.ino(), about.modified().unwrap()))
        })
        .collect()
}

fn write(store: &Store, number: u32, text: &str) {
    let message = message(1, number, text);
    let mut batch = Batch::new();
    batch.put(&key(&message), &message).unwrap();
    store.commit(batch).unwrap();
}

#[test]
fn a_large_value_goes_with_the_record_that_named_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let text = "boulder ".repeat(2000);
    for round in 0..20 {
        write(&store, 1, &format!("{round} {text}"));
        write(&store, 2, &text);
        // The same text in two records is two files: one may go without the other.
        write(&store, 3, &text);
        assert_eq!(large(folder.path()).len(), 3, "round {round}");
    }
    write(&store, 2, "small");
    assert_eq!(large(folder.path()).len(), 2);
    let mut batch = Batch::new();
    batch.remove::<Message>(&key(&message(1, 1, "")));
    store.commit(batch).unwrap();
    assert_eq!(large(folder.path()).len(), 1);
    assert_eq!(store.get::<Message>(&key(&message(1, 3, ""))).unwrap().unwrap().text(), text);
    store.compact().unwrap();
    drop(store);
    let store = open(folder.path());
    assert_eq!(large(folder.path()).len(), 1);
    assert_eq!(store.verify().unwrap().damaged, []);
    write(&store, 3, "small");
    assert_eq!(large(folder.path()).len(), 0);
}

#[test]
fn a_large_value_stays_until_what_replaced_it_is_on_the_disk_and_a_death_in_between_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    let (home, left) = (folder.path().join("home"), folder.path().join("left"));
    let copied = left.clone();
    let from = home.clone();
    // What a death after the flush and before the removal would leave.
    let faults = Faults::new(move |step| {
        if step == "sync the tree" && from.join("now").exists() {
            fs::remove_file(from.join("now")).unwrap();
            super::damage::copy(&from, &copied);
        }
        Ok(())
    });
    let store = Store::open_with(&own(&home), &unlock(None), Options { faults, ..small() }).unwrap().0;
    write(&store, 1, &"boulder ".repeat(2000));
    let mut batch = Batch::new();
    let small_one = message(1, 1, "small");
    batch.put(&key(&small_one), &small_one).unwrap();
    store.commit_soft(batch).unwrap();
    assert_eq!(large(&home).len(), 1, "nothing is on the disk yet that would not need it");
    fs::write(home.join("now"), "").unwrap();
    store.flush().unwrap();
    assert_eq!(large(&home).len(), 0);
    assert_eq!(large(&left).len(), 1);
    let store = open(&left);
    assert_eq!(store.get::<Message>(&key(&small_one)).unwrap(), Some(small_one));
    assert_eq!(large(&left).len(), 0, "the next start takes it away");
}

#[test]
fn whoever_reads_a_large_value_while_it_is_replaced_gets_the_old_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let text = |round| format!("{round} ").repeat(3000);
    write(&store, 1, &text(0));
    std::thread::scope(|scope| {
        let reader = store.clone();
        let reads = scope.spawn(move || {
            let mut seen = 0;
            while seen < 150 {
                let found = reader.get::<Message>(&key(&message(1, 1, ""))).unwrap().unwrap().text();
                let listed = reader.scan::<Message>(Scan::all()).next().unwrap().unwrap().1.text();
                seen = found.split(' ').next().unwrap().parse().unwrap();
                assert!(found == text(seen) && listed.len() >= 6000);
            }
        });
        for round in 1..=150 {
            write(&store, 1, &text(round));
        }
        reads.join().unwrap();
    });
}

#[test]
fn a_large_paste_is_written_once_however_often_its_draft_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let (one, two) = ("paste ".repeat(500_000), "other ".repeat(4000));
    let save = |text: &str, pastes: &[&String]| {
        let pastes = pastes.iter().map(|paste| (*paste).clone().into()).collect();
        let draft = Draft { text: text.to_owned(), pastes };
        save_draft(&store, DraftOf(None), draft.clone());
        assert_eq!(load_draft(&store, DraftOf(None)), draft);
        large(folder.path())
    };
    let mine = DraftOf(Some(conversation_id(1)));
    save_draft(&store, mine, Draft { text: "x".to_owned(), pastes: vec![one.clone().into()] });
    let first = save("w", &[&one]);
    assert_eq!(first.len(), 2);
    for typed in 1..20 {
        assert_eq!(save(&"why ".repeat(typed), &[&one]), first, "it is the same file, untouched");
    }
    assert_eq!(save("two", &[&two, &one]).len(), 3);
    assert_eq!(save("one", &[&two]).len(), 2, "one that was taken out goes");
    let info = store.info().unwrap();
    assert_eq!((info.count(Kind::Draft), info.count(Kind::Paste)), (2, 2));
    save("", &[]);
    assert_eq!(large(folder.path()).len(), 1, "only the other composer's");
    let mut batch = Batch::new();
    store.forget_draft(mine, &mut batch).unwrap();
    store.commit(batch).unwrap();
    assert_eq!(store.info().unwrap().count(Kind::Paste), 0);
    assert_eq!(large(folder.path()).len(), 0);
}

#[test]
fn of_a_record_that_a_backup_has_twice_a_restore_brings_the_later_and_no_file_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    let (later, writer) = ("cliff ".repeat(2000), Arc::new(OnceLock::<Store>::new()));
    let (chunks, rounds) = (AtomicU32::new(0), AtomicU32::new(0));
    let (text, seen) = (later.clone(), Arc::clone(&writer));
    let faults = Faults::new(move |step| {
        let write = |number| write(seen.get().unwrap(), number, &text);
        match step {
            // Somebody writes what the backup has already read.
            "back up a chunk" if chunks.fetch_add(1, Ordering::SeqCst) == 1 => {
                write(1);
                write(300);
                let mut batch = Batch::new();
                batch.remove::<Message>(&key(&message(1, 2, "")));
                seen.get().unwrap().commit(batch).unwrap();
            }
            // And once more, so that its frames lie side by side.
            "copy what was written meanwhile" if rounds.fetch_add(1, Ordering::SeqCst) == 0 => write(300),
            _ => {}
        }
        Ok(())
    });
    let options = Options { faults, ..small() };
    let home = own(&folder.path().join("there"));
    let there = Store::open_with(&home, &unlock(Some("theirs")), options).unwrap().0;
    for number in 1..=2 {
        write(&there, number, &"boulder ".repeat(2000));
    }
    for number in 3..=300 {
        write(&there, number, "pebble");
    }
    writer.set(there.clone()).unwrap();
    there.backup(&saved).unwrap();
    let home = folder.path().join("here");
    let here = open(&home);
    assert_eq!(here.restore(&saved, &unlock(Some("theirs"))).unwrap().records, 299);
    assert_eq!(large(&home).len(), 2);
    for number in [1, 300] {
        assert_eq!(here.get::<Message>(&key(&message(1, number, ""))).unwrap().unwrap().text(), later);
    }
    assert_eq!(here.get::<Message>(&key(&message(1, 2, ""))).unwrap(), None);
}

#[test]
fn a_paste_that_is_lost_says_so_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let draft = Draft { text: "why".to_owned(), pastes: vec!["paste ".repeat(4000).into(), "short".into()] };
    save_draft(&store, DraftOf(None), draft);
    let blobs = walk(&folder.path().join("gen-000001/blobs"));
    fs::write(&blobs[0], "no longer a paste").unwrap();
    let found = load_draft(&store, DraftOf(None));
    assert_eq!(found.pastes, ["[a paste that could not be read]".into(), "short".into()]);
    let lost = store.keys::<Paste>(Scan::all()).next().unwrap().unwrap();
    let mut batch = Batch::new();
    batch.remove::<Paste>(&lost);
    store.commit(batch).unwrap();
    assert_eq!(load_draft(&store, DraftOf(None)), found, "also where it is gone altogether");
}

#[test]
fn a_large_value_whose_record_is_not_written_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let bad = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&bad);
    let faults = Faults::new(move |step| {
        let fails = step == "apply a batch" && seen.load(Ordering::SeqCst);
        if fails { Err(std::io::Error::other("planned")) } else { Ok(()) }
    });
    let options = Options { faults, ..small() };
    let store = Store::open_with(&own(folder.path()), &unlock(None), options).unwrap().0;
    write(&store, 1, &"boulder ".repeat(2000));
    bad.store(true, Ordering::SeqCst);
    let large_one = message(1, 1, &"cliff ".repeat(2000));
    let mut batch = Batch::new();
    batch.put(&key(&large_one), &large_one).unwrap();
    store.commit(batch).unwrap_err();
    assert_eq!(large(folder.path()).len(), 1);
    assert!(store.get::<Message>(&key(&large_one)).unwrap().unwrap().text().starts_with("boulder"));
}

#[test]
fn what_a_restore_kept_is_counted_and_goes_when_the_store_is_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    let store = open(&home);
    turn(&store, 1, 1, &"boulder ".repeat(2000));
    store.backup(&saved).unwrap();
    assert_eq!(store.info().unwrap().kept, 0);
    store.restore(&saved, &unlock(None)).unwrap();
    let info = store.info().unwrap();
    assert!(info.kept > 16_000 && info.kept < info.bytes, "{info:?}");
    assert!(home.join("gen-000001").exists());
    store.compact().unwrap();
    assert_eq!(store.info().unwrap().kept, 0);
    assert!(!home.join("gen-000001").exists());
    drop(store);
    assert!(open(&home).get::<Conversation>(&conversation_id(1)).unwrap().is_some());
}

#[test]
fn a_store_that_takes_much_more_than_is_in_it_is_written_anew_and_keeps_all_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let (home, saved) = (folder.path().join("home"), folder.path().join("saved"));
    let store = open(&home);
    turn(&store, 1, 1, "from before");
    store.backup(&saved).unwrap();
    store.restore(&saved, &unlock(None)).unwrap();
    store.backup_automatic().unwrap();
    let text = "grain ".repeat(500);
    for number in 10..3_000 {
        let mut batch = Batch::new();
        let message = message(1, number, &text);
        batch.put(&key(&message), &message).unwrap();
        store.commit_soft(batch).unwrap();
    }
    store.flush().unwrap();
    let mut batch = Batch::new();
    for number in 20..3_000 {
        batch.remove::<Message>(&key(&message(1, number, "")));
    }
    store.commit(batch).unwrap();
    let before = store.info().unwrap().bytes;
    assert!(store.is_slack().unwrap());
    let taken = store.give_back().unwrap();
    let after = store.info().unwrap();
    assert!(taken < 4 << 20 && taken == store.taken(), "{taken}");
    assert!(after.bytes + (4 << 20) < before && after.kept > 0, "{before} bytes before, {after:?} after");
    drop(store);
    let store = open(&home);
    assert_eq!(store.scan::<Message>(Scan::all()).count(), 11);
    assert_eq!(store.get::<Message>(&key(&message(1, 19, ""))).unwrap().unwrap().text(), text);
    assert_eq!(store.verify().unwrap().damaged, []);
}

/// Writes a thousand values of 4 KB so often, each time all of them.
fn write_rounds(store: &Store, rounds: u32) {
    for round in 0..rounds {
        for first in (0..1000).step_by(100) {
            let mut batch = Batch::new();
            for number in first..first + 100 {
                let message = message(1, number, &of_round(round, number));
                batch.put(&key(&message), &message).unwrap();
            }
            store.commit_soft(batch).unwrap();
        }
    }
    store.flush().unwrap();
}

/// 4 KB that say of which round they are.
fn of_round(round: u32, number: u32) -> String {
    format!("{round:2048}{number:2048}")
}

#[test]
fn compacted_what_was_written_sixty_times_takes_what_once_does_and_little_where_all_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    // As large as they are in use: values of 4 KB lie among the records.
    let at = |name: &str| {
        let options = Options { ballast: 64 * 1024, ..Options::default() };
        Store::open_with(&own(&folder.path().join(name)), &unlock(None), options).unwrap().0
    };
    let fresh = at("fresh");
    write_rounds(&fresh, 1);
    let once = fresh.taken();
    drop(fresh);
    let store = at("worn");
    write_rounds(&store, 60);
    let worn = store.taken();
    store.compact().unwrap();
    let anew = store.taken();
    assert!(
        anew < worn && 2 * anew < 3 * once,
        "{once} bytes written once, {worn} worn, {anew} written anew"
    );
    drop(store);
    let store = at("worn");
    for number in 0..1000 {
        let found = store.get::<Message>(&key(&message(1, number, ""))).unwrap().unwrap();
        assert_eq!(found.text(), of_round(59, number));
    }
    let mut batch = Batch::new();
    for number in 0..1000 {
        batch.remove::<Message>(&key(&message(1, number, "")));
    }
    store.commit(batch).unwrap();
    store.compact().unwrap();
    assert!(store.taken() < anew / 2, "{} bytes of {anew} with nothing in them", store.taken());
}

#[test]
fn a_store_that_is_full_of_what_is_wanted_is_not_slack() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let text = "grain ".repeat(500);
    for number in 0..2_000 {
        let mut batch = Batch::new();
        let message = message(1, number, &text);
        batch.put(&key(&message), &message).unwrap();
        store.commit_soft(batch).unwrap();
    }
    store.flush().unwrap();
    store.give_back().unwrap();
    assert!(!store.is_slack().unwrap());
}

#[test]
fn a_store_with_damage_gives_nothing_back_by_itself_and_keeps_the_backup_that_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    turn(&store, 1, 1, &"boulder ".repeat(2000));
    turn(&store, 1, 2, "pebble");
    store.backup_automatic().unwrap();
    let (tree, saved) = (folder.path().join("gen-000001/tree"), folder.path().join("backup"));
    let whole = fs::read(&saved).unwrap();
    let large = walk(&folder.path().join("gen-000001/blobs")).remove(0);
    let mut bytes = fs::read(&large).unwrap();
    bytes[2000] ^= 1;
    fs::write(&large, &bytes).unwrap();
    assert_eq!(store.give_back().unwrap_err().kind, ErrorKind::Corrupt);
    assert!(tree.exists() && fs::read(&large).unwrap() == bytes, "the damaged file is where it was");
    assert!(fs::read(&saved).unwrap() == whole);
    turn(&store, 1, 3, "life goes on");
    // Once nobody wants it any more, nothing is in the way.
    let mut batch = Batch::new();
    batch.remove::<Message>(&key(&message(1, 1, "")));
    store.commit(batch).unwrap();
    store.give_back().unwrap();
    assert!(!tree.exists());
    assert_eq!(store.verify().unwrap().damaged, []);
    assert_eq!(store.scan::<Message>(Scan::all()).count(), 2);
}
