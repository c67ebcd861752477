//! Branches, what was sent and not stored yet, and what is set anew.

use uuid::Uuid;

use super::*;
use crate::domain::message::{Block, Message, MessageOrigin, Outcome, Role};
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;

fn id(n: u128) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(n))
}

fn message(n: u128, parent: Option<u128>, role: Role, text: &str) -> Message {
    Message {
        id: id(n),
        conversation: ConversationId::from_uuid(Uuid::nil()),
        parent: parent.map(id),
        role,
        blocks: vec![Block::Text { text: text.to_owned() }],
        created: Timestamp(0),
        answer: None,
        origin: MessageOrigin::Here,
    }
}

fn texts(thread: &Thread) -> Vec<String> {
    thread.shown().map(|item| item.message.text()).collect()
}

fn forked() -> Thread {
    let mut thread = Thread::default();
    let messages = vec![
        message(1, None, Role::User, "q"),
        message(2, Some(1), Role::Assistant, "a"),
        message(3, Some(1), Role::Assistant, "b"),
        message(4, Some(3), Role::User, "more"),
    ];
    thread.take_messages(messages, Some(id(2)));
    thread
}

#[test]
fn both_branches_are_reachable_and_a_branch_is_shown_to_its_end() {
    let mut thread = forked();
    assert_eq!(texts(&thread), ["q", "a"]);
    assert_eq!(thread.branch(id(2)), Some((0, 2)));
    assert_eq!(thread.branch(id(1)), None);
    let end = thread.beside(id(2), 1).unwrap();
    thread.show(end);
    assert_eq!(texts(&thread), ["q", "b", "more"]);
    assert_eq!(thread.beside(id(3), 1), None);
}

#[test]
fn what_was_sent_stands_on_the_screen_before_the_store_answers() {
    let mut thread = forked();
    thread.ask(TaskId(9), Timestamp(5), Some(id(2)), Some(Draft::default()), "next");
    assert_eq!(texts(&thread), ["q", "a", "next"]);
    thread.ask(TaskId(9), Timestamp(5), Some(id(1)), Some(Draft::default()), "other");
    assert_eq!(texts(&thread), ["q", "other"], "an edited message stands in the place of the old one");
    thread.ask(TaskId(9), Timestamp(5), None, Some(Draft::default()), "first");
    assert_eq!(texts(&thread), ["first"]);
    let back = thread.end(Outcome::Stopped);
    assert!(back.is_some() && texts(&thread) == ["q", "a"]);
}

#[test]
fn only_text_that_was_shown_and_changed_is_set_anew() {
    let mut thread = forked();
    thread.upsert(message(2, Some(1), Role::Assistant, "a and more"));
    assert_eq!(thread.items[1].epoch, 0, "appended");
    let mut messages: Vec<Message> = thread.items.iter().map(|item| item.message.clone()).collect();
    messages[1].blocks = vec![Block::Text { text: "[masked]".into() }];
    thread.take_messages(messages, Some(id(2)));
    let epochs: Vec<u32> = thread.items.iter().map(|item| item.epoch).collect();
    assert_eq!(epochs, [0, 1, 0, 0]);
}

#[test]
fn a_branch_made_elsewhere_is_counted_at_once() {
    let mut thread = forked();
    thread.upsert(message(5, Some(1), Role::Assistant, "c"));
    let last = thread.shown().last().unwrap();
    assert_eq!((last.branch, last.message.text()), ((0, 3), "a".to_owned()));
}

#[test]
fn what_another_process_says_in_it_follows_what_is_shown() {
    let head = |leaf: u128| Conversation {
        id: ConversationId::from_uuid(Uuid::nil()),
        title: "q".into(),
        titled: false,
        created: Timestamp(0),
        updated: Timestamp(0),
        model: None,
        system: None,
        settings: Settings::default(),
        leaf: Some(id(leaf)),
        run: None,
        side: None,
        forked_from: None,
        agent: None,
    };
    let mut thread = forked();
    thread.take_head(&head(6));
    assert_eq!(texts(&thread), ["q", "a"], "its messages are still to come");
    thread.upsert(message(5, Some(2), Role::User, "and?"));
    thread.upsert(message(6, Some(5), Role::Assistant, "so."));
    assert_eq!(texts(&thread), ["q", "a", "and?", "so."]);
    // An edit there makes a branch, which is gone to when it is here.
    thread.take_head(&head(8));
    thread.upsert(message(7, None, Role::User, "p"));
    assert_eq!(texts(&thread), ["q", "a", "and?", "so."]);
    thread.upsert(message(8, Some(7), Role::Assistant, "o"));
    assert_eq!(texts(&thread), ["p", "o"]);
}
