//! What others can see of a store: no byte of its content, no file, no folder.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use outcrop::domain::ErrorKind;
use outcrop::domain::conversation::{Conversation, Draft};
use outcrop::domain::id::PromptId;
use outcrop::domain::message::Message;
use outcrop::domain::prompt::{Prompt, Sketch, Template, Version};
use outcrop::domain::provider_key::KeyPlace;
use outcrop::domain::secret::Secret;
use outcrop::domain::time::Timestamp;
use outcrop::store::record::{DraftOf, PromptOf, Remembered, VersionOf};
use outcrop::store::{Batch, Owner, Scan, Store, WrapWith};

use super::{conversation_id, head, key, message, name, open, save_draft, small, turn, unlock, walk};

const CANARY: &str = "kestrel-over-the-limestone";

/// Puts the canary into every kind that holds text.
fn fill(store: &Store) {
    let mut batch = Batch::new();
    let mut head = head(1, 1);
    CANARY.clone_into(&mut head.title);
    head.system = Some(CANARY.to_owned());
    batch.put(&head.id, &head).unwrap();
    for (number, text) in [(1, CANARY.to_owned()), (2, CANARY.repeat(1000))] {
        let message = message(1, number, &text);
        batch.put(&key(&message), &message).unwrap();
    }
    let draft = Draft { text: CANARY.to_owned(), pastes: vec![CANARY.repeat(500).into()] };
    save_draft(store, DraftOf(Some(head.id)), draft.clone());
    save_draft(store, DraftOf(None), draft);
    let remembered = Remembered { name: CANARY.to_owned(), value: serde_json::json!(CANARY) };
    batch.put(&store.name(CANARY), &remembered).unwrap();
    let template =
        Template { text: CANARY.to_owned(), system: Some(CANARY.to_owned()), ..Template::default() };
    let (id, created) = (PromptId::from_bytes([7; 16]), Timestamp(1));
    let prompt = Prompt { id, name: CANARY.to_owned(), created, updated: created, latest: 1 };
    let version = Version { number: 1, template: template.clone(), note: CANARY.to_owned(), created };
    let values = [(CANARY.to_owned(), CANARY.to_owned())].into();
    batch.put(&id, &prompt).unwrap().put(&VersionOf(id, 1), &version).unwrap();
    batch.put(&PromptOf(Some(id)), &Sketch { template, values }).unwrap();
    store.commit(batch).unwrap();
    store.attach(CANARY.repeat(2).into_bytes()).unwrap();
    store.attach(CANARY.repeat(20_000).into_bytes()).unwrap();
    store.keep_provider_key(CANARY, &Secret::new(CANARY), KeyPlace::Store).unwrap();
}

fn everything(folder: &Path) {
    let home = folder.join("home");
    let store = open(&home);
    fill(&store);
    store.backup_automatic().unwrap();
    store.backup(&folder.join("saved")).unwrap();
    store.compact().unwrap();
    fill(&store);
    store.rekey_data(&WrapWith::KeyFile).unwrap();
    let mut batch = Batch::new();
    batch.remove::<Conversation>(&conversation_id(1));
    store.commit(batch).unwrap();
    drop(store);
    let store = open(&home);
    store.restore(&folder.join("saved"), &unlock(None)).unwrap_err();
    store.backup(&folder.join("saved-again")).unwrap();
    store.restore(&folder.join("saved-again"), &unlock(None)).unwrap();
    drop(store);
    // A damaged tree is mended, so that a salvage leaves its files as well.
    for path in walk(&home).into_iter().filter(|path| name(path) == "conf") {
        fs::write(path, "broken beyond repair").unwrap();
    }
    let store = open(&home);
    assert!(!store.notices().is_empty());
}

/// In a child: its umask is its own.
pub fn everything_with_an_open_umask(folder: &Path) {
    rustix::process::umask(rustix::fs::Mode::empty());
    everything(folder);
}

/// Every file and folder is for one user alone.
fn check(folder: &Path, count: &mut u32) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o777;
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{}: {mode:o}", path.display());
        *count += 1;
        if path.is_dir() {
            check(&path, count);
        }
    }
}

#[test]
fn files_and_folders_are_private_whatever_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let output = super::crash::child("privacy", folder.path(), 0).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut count = 0;
    check(folder.path(), &mut count);
    assert!(count > 20, "only {count} files were looked at");
}

#[test]
fn no_byte_of_what_a_person_wrote_lies_open_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    everything(folder.path());
    let mut files = 0;
    for path in walk(folder.path()) {
        let bytes = fs::read(&path).unwrap();
        files += 1;
        let open = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!open && !path.to_string_lossy().contains(CANARY), "{}", path.display());
    }
    assert!(files > 10);
    let store = open(&folder.path().join("home"));
    assert!(store.scan::<Message>(Scan::all()).any(|record| record.unwrap().1.text() == CANARY));
}

#[test]
fn a_planted_symbolic_link_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    turn(&open(&home), 1, 1, "text");
    let target = folder.path().join("target");
    for planted in ["head", "lock", "mark", "gen-000001/tree/db", "gen-000001"] {
        let path = home.join(planted);
        fs::rename(&path, &target).unwrap();
        symlink(&target, &path).unwrap();
        let opened = Owner::take(&home).and_then(|owner| Store::open_with(&owner, &unlock(None), small()));
        let error = opened.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{planted}: {error}");
        assert!(error.why.contains("symbolic link"), "{planted}: {error}");
        fs::remove_file(&path).unwrap();
        fs::rename(&target, &path).unwrap();
    }
    assert_eq!(open(&home).scan::<Message>(Scan::all()).count(), 1);
}

#[test]
fn two_values_that_change_places_are_both_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 0..3 {
        turn(&store, 1, number, "text");
    }
    drop(store);
    // sled gives its lock back from a thread of its own, a little after the store is dropped.
    let path = folder.path().join("gen-000001/tree");
    let tree = std::iter::repeat_with(|| {
        std::thread::yield_now();
        sled::open(&path)
    });
    let tree = tree.take(100_000).find_map(Result::ok).unwrap();
    let entries: Vec<_> = tree.scan_prefix([2]).map(Result::unwrap).collect();
    tree.insert(&entries[0].0, &entries[1].1).unwrap();
    tree.insert(&entries[1].0, &entries[0].1).unwrap();
    tree.flush().unwrap();
    drop(tree);
    let store = open(folder.path());
    let read: Vec<_> = store.scan::<Message>(Scan::under(&conversation_id(1))).collect();
    let kinds: Vec<_> =
        read.iter().map(|record| record.as_ref().err().map(|error| error.kind.clone())).collect();
    assert_eq!(kinds, [Some(ErrorKind::Corrupt), Some(ErrorKind::Corrupt), None]);
    assert_eq!(store.verify().unwrap().damaged.len(), 2);
}

#[test]
fn a_key_file_that_others_may_read_is_closed_when_the_store_opens_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let keys = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let key = keys().find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("key")).unwrap();
    let blob = folder.path().join("head");
    for path in [&key, &blob] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let store = open(folder.path());
    for path in [&key, &blob] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        let said = |notice: &String| notice.contains(path.to_str().unwrap()) && notice.contains("by others");
        assert!(store.notices().iter().any(said), "{:?}", store.notices());
    }
    drop(store);
    assert!(open(folder.path()).notices().is_empty());
}
