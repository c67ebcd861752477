//! The store as its callers see it.

mod backup;
mod crash;
mod damage;
mod draft;
mod faults;
mod full;
mod keyring;
mod meanwhile;
mod migrate;
mod privacy;
mod rescue;
mod space;

use std::path::Path;

use outcrop::domain::ErrorKind;
use outcrop::domain::conversation::{Conversation, Draft};
use outcrop::domain::id::{ConversationId, MessageId};
use outcrop::domain::message::{Block, Message, MessageOrigin, Role};
use outcrop::domain::settings::Settings;
use outcrop::domain::time::Timestamp;
use outcrop::store::record::{DraftOf, Kind, Remembered};
use outcrop::store::{Batch, Options, Owner, Scan, Store, Unlock, WrapWith};
use secrecy::SecretString;

/// Small sizes, so that tests are quick and large values are not large.
pub fn small() -> Options {
    Options { blob_over: 4096, ballast: 64 * 1024, ..Options::default() }
}

pub fn open(folder: &Path) -> Store {
    open_with(folder, None).0
}

pub fn open_with(folder: &Path, passphrase: Option<&str>) -> (Store, Vec<String>) {
    Store::open_with(&own(folder), &unlock(passphrase), small()).unwrap()
}

/// Owns a folder that nobody else wants. A child that another test is just starting holds a copy of every open file
/// until its program begins, and so, for that moment, the lock of an owner that has gone.
pub fn own(folder: &Path) -> Owner {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        if let Some(owner) = Owner::try_take(folder).unwrap() {
            return owner;
        }
        assert!(std::time::Instant::now() < deadline, "somebody holds {}", folder.display());
        std::thread::yield_now();
    }
}

pub fn unlock(passphrase: Option<&str>) -> Unlock {
    Unlock { passphrase: passphrase.map(SecretString::from), ask: false }
}

pub fn conversation_id(number: u32) -> ConversationId {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    ConversationId::from_bytes(bytes)
}

pub fn message_id(number: u32) -> MessageId {
    MessageId::from_bytes(*conversation_id(number).as_bytes())
}

pub fn head(number: u32, updated: i64) -> Conversation {
    Conversation {
        id: conversation_id(number),
        title: format!("conversation {number}"),
        titled: false,
        created: Timestamp(updated),
        updated: Timestamp(updated),
        model: None,
        system: None,
        settings: Settings::default(),
        leaf: None,
        run: None,
        side: None,
        forked_from: None,
        agent: None,
    }
}

pub fn message(conversation: u32, number: u32, text: &str) -> Message {
    Message {
        id: message_id(number),
        conversation: conversation_id(conversation),
        parent: None,
        role: Role::User,
        blocks: vec![Block::Text { text: text.to_owned() }],
        created: Timestamp(0),
        answer: None,
        origin: MessageOrigin::Here,
    }
}

pub fn key(message: &Message) -> (ConversationId, MessageId) {
    (message.conversation, message.id)
}

/// Keeps a draft of the one terminal that there is.
pub fn save_draft(store: &Store, of: DraftOf, draft: Draft) {
    draft::save(store, of, 1, None, draft);
}

/// The one draft that there is; an empty one where there is none.
pub fn load_draft(store: &Store, of: DraftOf) -> Draft {
    let mut drafts = draft::load(store, of, 1);
    assert!(drafts.len() <= 1);
    drafts.pop().map_or_else(Draft::default, |saved| saved.draft)
}

/// One committed turn: a head and a message.
pub fn turn(store: &Store, conversation: u32, number: u32, text: &str) {
    let mut batch = Batch::new();
    let head = head(conversation, i64::from(number));
    let message = message(conversation, number, text);
    batch.put(&head.id, &head).unwrap().put(&key(&message), &message).unwrap();
    store.commit(batch).unwrap();
}

#[test]
fn what_was_committed_is_there_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    turn(&store, 1, 1, "why do rivers meander?");
    let draft = Draft { text: "and then".to_owned(), pastes: vec!["long".into()] };
    save_draft(&store, DraftOf(None), draft.clone());
    let mut batch = Batch::new();
    let remembered = Remembered { name: "sidebar".to_owned(), value: serde_json::json!({"folded": true}) };
    batch.put(&store.name("sidebar"), &remembered).unwrap();
    store.commit(batch).unwrap();
    drop(store);

    let store = open(folder.path());
    assert_eq!(store.get::<Conversation>(&conversation_id(1)).unwrap(), Some(head(1, 1)));
    let messages: Vec<Message> =
        store.scan(Scan::under(&conversation_id(1))).map(|record| record.unwrap().1).collect();
    assert_eq!(messages, [message(1, 1, "why do rivers meander?")]);
    assert_eq!(load_draft(&store, DraftOf(None)), draft);
    assert_eq!(load_draft(&store, DraftOf(Some(conversation_id(1)))), Draft::default());
    assert_eq!(store.get::<Remembered>(&store.name("sidebar")).unwrap(), Some(remembered));
    assert_eq!(store.notices(), Vec::<String>::new());
    assert_eq!(store.info().unwrap().count(Kind::Message), 1);
}

#[test]
fn conversations_list_newest_first_and_a_change_moves_one_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 0..250 {
        turn(&store, number, number, "text");
    }
    turn(&store, 7, 1000, "text");
    let ids = |page: &outcrop::store::Newest| page.heads.iter().map(|h| h.id).collect::<Vec<_>>();
    let first = store.newest(100, None).unwrap();
    assert!(first.more);
    assert_eq!(first.heads.len(), 100);
    assert_eq!(ids(&first)[..3], [7, 249, 248].map(conversation_id));
    let second = store.newest(200, Some(first.heads[99].id)).unwrap();
    assert!(!second.more);
    assert_eq!(second.heads.len(), 150, "the one that moved is not listed twice");

    let mut batch = Batch::new();
    batch.remove::<Conversation>(&conversation_id(7));
    store.commit(batch).unwrap();
    assert_eq!(ids(&store.newest(1, None).unwrap()), [conversation_id(249)]);
    let gone = store.newest(1, Some(conversation_id(7))).unwrap_err();
    assert_eq!(gone.kind, ErrorKind::NotFound);
}

#[test]
fn messages_scan_in_both_directions_from_any_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 0..200 {
        turn(&store, 1, number, "text");
        turn(&store, 2, number, "other");
    }
    let numbers = |scan: Scan<Message>| -> Vec<MessageId> {
        store.scan(scan).map(|record| record.unwrap().0.1).collect()
    };
    let all: Vec<_> = (0..200).map(message_id).collect();
    assert_eq!(numbers(Scan::under(&conversation_id(1))), all);
    let middle = (conversation_id(1), message_id(100));
    assert_eq!(numbers(Scan::under(&conversation_id(1)).after(&middle).limit(2)), all[101..103]);
    assert_eq!(
        numbers(Scan::under(&conversation_id(1)).after(&middle).reverse().limit(2)),
        [message_id(99), message_id(98)]
    );
    assert_eq!(store.keys::<Message>(Scan::all()).count(), 400);
}

#[test]
fn of_two_who_would_take_a_record_up_one_does_and_no_change_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    for number in 0..10 {
        turn(&store, number, number, "x");
        let start = std::sync::Barrier::new(2);
        let take = |name: &str| {
            start.wait();
            let taken = store.change::<Conversation>(&conversation_id(number), |head| {
                if head.titled {
                    return Err(outcrop::domain::Error::internal("taking it", "it is taken"));
                }
                Ok((Conversation { titled: true, title: name.to_owned(), ..head }, Batch::new()))
            });
            taken.is_ok()
        };
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(|| take("other"));
            (take("one"), other.join().unwrap())
        });
        assert!(one != other, "{one} {other}");
        let head = store.get::<Conversation>(&conversation_id(number)).unwrap().unwrap();
        assert_eq!(head.title, if one { "one" } else { "other" });
    }
    let count = || {
        for _ in 0..10 {
            let one_more = |head: Conversation| {
                let updated = Timestamp(head.updated.0 + 1);
                Ok((Conversation { updated, ..head }, Batch::new()))
            };
            store.change::<Conversation>(&conversation_id(3), one_more).unwrap().unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(count);
        count();
    });
    let head = store.get::<Conversation>(&conversation_id(3)).unwrap().unwrap();
    assert_eq!(head.updated, Timestamp(3 + 20));
    assert_eq!(
        store.change::<Conversation>(&conversation_id(99), |head| Ok((head, Batch::new()))).unwrap(),
        None
    );
}

#[test]
fn a_large_value_lies_in_a_file_of_its_own_and_reads_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let large = "strata ".repeat(10_000);
    turn(&store, 1, 1, &large);
    let read = store.get::<Message>(&(conversation_id(1), message_id(1))).unwrap().unwrap();
    assert_eq!(read.text(), large);
    assert_eq!(walk(&folder.path().join("gen-000001/blobs")).len(), 1);
}

#[test]
fn a_wrong_passphrase_is_told_and_the_right_one_opens() {
    let folder = tempfile::tempdir().unwrap();
    turn(&open_with(folder.path(), Some("correct horse")).0, 1, 1, "text");
    for wrong in [None, Some("battery staple")] {
        let owner = Owner::take(folder.path()).unwrap();
        let error = Store::open_with(&owner, &unlock(wrong), small()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Passphrase, "{error}");
    }
    let (store, _) = open_with(folder.path(), Some("correct horse"));
    assert_eq!(store.key_kind(), "a passphrase");
    assert!(store.get::<Conversation>(&conversation_id(1)).unwrap().is_some());
}

#[test]
fn the_key_can_be_wrapped_anew_and_the_old_wrapping_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    turn(&store, 1, 1, "text");
    let old_key = walk(folder.path()).into_iter().find(|path| name(path).starts_with("key-")).unwrap();
    store.rekey(&WrapWith::Passphrase("first".into())).unwrap();
    assert!(!old_key.exists());
    turn(&store, 1, 2, "text");
    drop(store);
    let (store, _) = open_with(folder.path(), Some("first"));
    store.rekey_data(&WrapWith::Passphrase("second".into())).unwrap();
    turn(&store, 1, 3, "text");
    drop(store);
    let owner = Owner::take(folder.path()).unwrap();
    assert!(Store::open_with(&owner, &unlock(Some("first")), small()).is_err());
    drop(owner);
    let (store, _) = open_with(folder.path(), Some("second"));
    store.rekey_data(&WrapWith::KeyFile).unwrap();
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.verify().unwrap().records, 4);
    assert_eq!(store.verify().unwrap().damaged, []);
    assert_eq!(store.newest(9, None).unwrap().heads.len(), 1);
}

#[test]
fn compaction_gives_the_space_back_and_keeps_what_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let large = "sediment ".repeat(300);
    for round in 0..20 {
        for number in 0..200 {
            turn(&store, number, 1000 * (round % 2) + number, &large);
        }
    }
    for number in 1..200 {
        let mut batch = Batch::new();
        batch.remove::<Conversation>(&conversation_id(number));
        for key in store.keys::<Message>(Scan::under(&conversation_id(number))) {
            batch.remove::<Message>(&key.unwrap());
        }
        store.commit(batch).unwrap();
    }
    let before = store.info().unwrap().bytes;
    store.compact().unwrap();
    let after = store.info().unwrap().bytes;
    assert!(after * 4 < before, "{before} bytes before, {after} after");
    assert_eq!(store.newest(9, None).unwrap().heads.len(), 1);
    turn(&store, 0, 5000, "after");
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.scan::<Message>(Scan::all()).count(), 3);
}

/// Every file under `folder`.
pub fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
