//! Conversations as files: this program's Markdown, JSON and JSONL out and in; `ChatGPT`'s `conversations.json` and other
//! programs' Markdown in.
//!
//! JSON and JSONL hold the whole tree and lose nothing; Markdown holds the shown branch as a person reads it. Reading is tolerant of every damage to one conversation: what
//! cannot be taken is named, the rest is.

mod chatgpt;
mod markdown;
mod read;
mod spoken;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

pub use markdown::markdown;
pub(super) use markdown::{blocks, date, field, figures};
pub use read::read;

use crate::domain::attachment::blobs_of;
use crate::domain::call::Blobs;
use crate::domain::catalog::ModelId;
use crate::domain::conversation::{Conversation, Thread};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::{Answer, BlobId, Message, Outcome, StopReason};
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;
use crate::domain::{Error, Result};
use crate::wire::attachment::base64;

/// The version of the JSON and JSONL forms.
const VERSION: u32 = 1;

/// What a file held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Imported {
    pub threads: Vec<Thread>,
    /// The bytes of attachments, by the names that the messages have for them.
    pub blobs: Blobs,
    /// What was left out, each in a sentence.
    pub skipped: Vec<String>,
}

/// Where fresh ids come from; later ones sort after earlier ones.
pub trait Ids {
    fn conversation(&mut self) -> ConversationId;
    fn message(&mut self) -> MessageId;
}

/// A conversation of which only its id is known.
fn blank(id: ConversationId) -> Conversation {
    Conversation {
        id,
        title: String::new(),
        titled: false,
        created: Timestamp::default(),
        updated: Timestamp::default(),
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

/// An answer of which only its model is known.
fn imported_answer(model: ModelId) -> Answer {
    Answer::untold(model, Outcome::Complete { reason: StopReason::EndTurn })
}

#[derive(Serialize)]
struct Whole<'a> {
    outcrop: u32,
    conversation: &'a Conversation,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Kept>,
}

/// The bytes of an attachment.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: BlobId,
    /// In base64.
    bytes: String,
}

#[derive(Serialize)]
struct Head<'a> {
    outcrop: u32,
    conversation: &'a Conversation,
}

#[derive(Serialize)]
struct Line<'a> {
    message: &'a Message,
}

#[derive(Serialize)]
struct Attached {
    attachment: Kept,
}

/// What the messages have with them, each once; what is lost is left out.
fn kept<'a>(thread: &'a Thread, blobs: &'a Blobs) -> impl Iterator<Item = Kept> + 'a {
    let ids: BTreeSet<&BlobId> =
        thread.messages.iter().flat_map(|message| blobs_of(&message.blocks)).collect();
    ids.into_iter().filter_map(|id| Some(Kept { id: id.clone(), bytes: base64(blobs.get(id)?) }))
}

/// The whole tree as one pretty object, with a line feed at its end. Several after one another are read as well.
pub fn json(thread: &Thread, blobs: &Blobs) -> Result<String> {
    let attachments = kept(thread, blobs).collect();
    let Thread { conversation, messages } = thread;
    let whole = Whole { outcrop: VERSION, conversation, messages, attachments };
    serde_json::to_string_pretty(&whole).map(|text| text + "\n").map_err(unwritable)
}

/// The whole tree, an object a line: the conversation, its messages, then their attachments.
pub fn jsonl(thread: &Thread, blobs: &Blobs) -> Result<String> {
    let head = Head { outcrop: VERSION, conversation: &thread.conversation };
    let mut text = serde_json::to_string(&head).map_err(unwritable)?;
    text.push('\n');
    for message in &thread.messages {
        text.push_str(&serde_json::to_string(&Line { message }).map_err(unwritable)?);
        text.push('\n');
    }
    for attachment in kept(thread, blobs) {
        text.push_str(&serde_json::to_string(&Attached { attachment }).map_err(unwritable)?);
        text.push('\n');
    }
    Ok(text)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn unwritable(why: serde_json::Error) -> Error {
    Error::internal("writing a conversation", why.to_string())
}

/// The same thread under ids of its own, as if it had been made here.
pub fn renumbered(mut thread: Thread, ids: &mut dyn Ids) -> Thread {
    let fresh: HashMap<MessageId, MessageId> =
        thread.messages.iter().map(|message| (message.id, ids.message())).collect();
    let id = ids.conversation();
    thread.conversation.id = id;
    (thread.conversation.run, thread.conversation.side) = (None, None);
    // What it was copied from is not here, or not called so.
    thread.conversation.forked_from = None;
    thread.conversation.leaf = thread.conversation.leaf.and_then(|leaf| fresh.get(&leaf).copied());
    for message in &mut thread.messages {
        message.conversation = id;
        message.id = fresh.get(&message.id).copied().unwrap_or(message.id);
        message.parent = message.parent.and_then(|parent| fresh.get(&parent).copied());
    }
    thread
}

/// Mends what a hand or a bug may have broken: doubled messages, parents that are missing or lead in a circle, a leaf
/// that is none of the messages. Says what was mended.
fn sound(mut thread: Thread, skipped: &mut Vec<String>) -> Thread {
    let title = thread.conversation.title.clone();
    let id = thread.conversation.id;
    let mut seen = HashSet::new();
    thread.messages.retain(|message| {
        let fresh = seen.insert(message.id);
        if !fresh {
            skipped.push(format!("{title:?}: a second message with the id {}", message.id));
        }
        fresh
    });
    let parents: HashMap<MessageId, Option<MessageId>> =
        thread.messages.iter().map(|message| (message.id, message.parent)).collect();
    // A message is sound if the way up from it ends; each is walked once.
    let mut ends: HashSet<MessageId> = HashSet::new();
    for message in &mut thread.messages {
        message.conversation = id;
        if message.parent.is_some_and(|parent| !parents.contains_key(&parent)) {
            skipped.push(format!("{title:?}: the parent of message {}, which is missing", message.id));
            message.parent = None;
        }
        let mut way = vec![message.id];
        let mut on_way = HashSet::from([message.id]);
        let mut next = message.parent;
        while let Some(at) = next.filter(|at| !ends.contains(at)) {
            if !on_way.insert(at) {
                skipped
                    .push(format!("{title:?}: the parent of message {}: it leads in a circle", message.id));
                message.parent = None;
                way.truncate(1);
                break;
            }
            way.push(at);
            next = parents.get(&at).copied().flatten();
        }
        ends.extend(way);
    }
    if thread.conversation.leaf.is_none_or(|leaf| !seen.contains(&leaf)) {
        thread.conversation.leaf = thread.messages.last().map(|message| message.id);
    }
    thread
}
