//! Drafts of several terminals in one conversation.

use outcrop::domain::ErrorKind;
use outcrop::domain::conversation::{Draft, SavedDraft};
use outcrop::domain::id::{DraftId, TerminalId};
use outcrop::store::record::{DraftOf, Kind};
use outcrop::store::{Batch, Store};
use uuid::Uuid;

use super::{conversation_id, open, walk};

pub fn save(store: &Store, of: DraftOf, terminal: u8, over: Option<DraftId>, draft: Draft) {
    let id = DraftId::from_uuid(Uuid::now_v7());
    store.save_draft(of, TerminalId::from_bytes([terminal; 16]), over, id, draft).unwrap();
}

pub fn load(store: &Store, of: DraftOf, terminal: u8) -> Vec<SavedDraft> {
    store.load_drafts(of, TerminalId::from_bytes([terminal; 16])).unwrap()
}

fn write(store: &Store, of: DraftOf, terminal: u8, text: &str) {
    save(store, of, terminal, None, Draft { text: text.to_owned(), pastes: Vec::new() });
}

fn texts(store: &Store, of: DraftOf, terminal: u8) -> Vec<String> {
    load(store, of, terminal).into_iter().map(|saved| saved.draft.text).collect()
}

#[test]
fn two_terminals_in_one_conversation_keep_a_draft_each() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for of in [DraftOf(None), DraftOf(Some(conversation_id(1)))] {
        write(&store, of, 1, "why do");
        write(&store, of, 2, "list");
        write(&store, of, 1, "why do rivers");
        assert_eq!(texts(&store, of, 1), ["why do rivers", "list"]);
        assert_eq!(texts(&store, of, 2), ["list", "why do rivers"], "its own comes first");
        assert_eq!(texts(&store, of, 3), ["why do rivers", "list"], "the newest, where none is its own");
        write(&store, of, 1, "");
        assert_eq!(texts(&store, of, 1), ["list"], "what was sent goes, and no more");
        write(&store, of, 2, "");
        assert!(texts(&store, of, 2).is_empty());
    }
    assert_eq!(store.info().unwrap().count(Kind::Draft), 0);
}

#[test]
fn a_draft_that_another_terminal_goes_on_with_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let of = DraftOf(None);
    write(&store, of, 1, "why do");
    write(&store, of, 2, "list");
    let found = load(&store, of, 3);
    assert_eq!(found[0].draft.text, "list");
    save(&store, of, 3, found[0].id, Draft { text: "list all".to_owned(), pastes: Vec::new() });
    assert_eq!(texts(&store, of, 3), ["list all", "why do"]);
    // The first one has written on: what the third began with is not what is there.
    let found = load(&store, of, 4);
    write(&store, of, 3, "list all rivers");
    save(&store, of, 4, found[0].id, Draft { text: "list two".to_owned(), pastes: Vec::new() });
    assert_eq!(texts(&store, of, 4), ["list two", "list all rivers", "why do"]);
}

#[test]
fn pastes_stay_as_long_as_a_draft_of_any_terminal_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let of = DraftOf(None);
    let paste = "paste ".repeat(4000);
    let draft = Draft { text: "\u{100000}".to_owned(), pastes: vec![paste.into()] };
    save(&store, of, 1, None, draft.clone());
    save(&store, of, 2, None, draft.clone());
    write(&store, of, 1, "");
    assert_eq!(load(&store, of, 2)[0].draft, draft);
    let mut batch = Batch::new();
    store.forget_draft(of, &mut batch).unwrap();
    store.commit(batch).unwrap();
    let info = store.info().unwrap();
    assert_eq!((info.count(Kind::Draft), info.count(Kind::Paste)), (0, 0));
}

#[test]
fn drafts_of_many_terminals_are_kept_up_to_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for terminal in 1..=40 {
        write(&store, DraftOf(None), terminal, &format!("draft {terminal}"));
    }
    let texts = texts(&store, DraftOf(None), 0);
    assert_eq!((texts.len(), texts[0].as_str(), texts[15].as_str()), (16, "draft 40", "draft 25"));
}

#[test]
fn a_draft_that_is_damaged_keeps_nobody_from_saving_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let of = DraftOf(None);
    // As long as this it lies in a file of its own.
    write(&store, of, 1, &"why ".repeat(3000));
    let large = walk(&folder.path().join("gen-000001/blobs"));
    assert_eq!(large.len(), 1);
    std::fs::write(&large[0], "no longer a draft").unwrap();
    let error = store.load_drafts(of, TerminalId::from_bytes([1; 16])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Corrupt, "{error}");
    write(&store, of, 1, "and now?");
    assert_eq!(texts(&store, of, 1), ["and now?"]);
    assert_eq!(store.verify().unwrap().damaged, []);
}
