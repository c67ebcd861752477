//! Reading a file of conversations, whichever of the known forms it has.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Ids, Imported, Kept, VERSION, chatgpt, sound, spoken};
use crate::domain::conversation::{Conversation, Thread};
use crate::domain::message::Message;
use crate::domain::{Error, ErrorKind, Result};

const DOING: &str = "reading a file of conversations";
const FORMS: &str = "It takes what `outcrop conversations export` wrote, ChatGPT's conversations.json, or Markdown with a \
                     heading a turn, as ## User and ## Assistant.";

/// What any object of a known file may hold.
#[derive(Deserialize)]
struct Object<'a> {
    outcrop: Option<u32>,
    conversation: Option<Conversation>,
    messages: Option<Vec<Message>>,
    message: Option<Message>,
    attachments: Option<Vec<Kept>>,
    attachment: Option<Kept>,
    #[serde(borrow)]
    mapping: Option<&'a RawValue>,
}

/// Reads this program's JSON, JSONL or Markdown, several after one another, `ChatGPT`'s `conversations.json`, or Markdown
/// of others. Our JSON keeps its ids; the others get theirs from `ids`. A text that is none of these is an error; a damaged
/// part is skipped.
pub fn read(text: &str, ids: &mut dyn Ids) -> Result<Imported> {
    let text = text.trim_start_matches('\u{feff}');
    let mut imported = Imported::default();
    if !text.trim_start().is_empty() && !text.trim_start().starts_with(['{', '[']) {
        imported.threads = spoken::threads(text, ids, &mut imported.skipped);
        if imported.threads.is_empty() {
            let why = "it is no JSON, and no heading in it says who speaks";
            return Err(Error::new(ErrorKind::Invalid, DOING, why, FORMS));
        }
        return Ok(imported);
    }
    let (objects, broken) = objects(text);
    let count = objects.len();
    for (number, object) in objects.into_iter().enumerate() {
        take(number + 1, object, ids, &mut imported);
    }
    if let Some(why) = broken {
        imported.skipped.push(format!("everything after entry {count}: {why}"));
    }
    imported.threads = std::mem::take(&mut imported.threads)
        .into_iter()
        .map(|thread| sound(thread, &mut imported.skipped))
        .collect();
    if imported.threads.is_empty() && !text.trim().is_empty() && text.trim() != "[]" {
        let why = imported.skipped.first().map_or("it holds no conversation", String::as_str);
        return Err(Error::new(ErrorKind::Invalid, DOING, why, FORMS));
    }
    Ok(imported)
}

fn take(number: usize, object: &RawValue, ids: &mut dyn Ids, imported: &mut Imported) {
    let parsed: Object<'_> = match serde_json::from_str(object.get()) {
        Ok(parsed) => parsed,
        Err(why) => {
            imported.skipped.push(format!("entry {number}: {why}"));
            return;
        }
    };
    if parsed.mapping.is_some() {
        match chatgpt::thread(object.get(), ids, &mut imported.skipped) {
            Ok(thread) => imported.threads.push(thread),
            Err(why) => imported.skipped.push(format!("entry {number}: {why}")),
        }
    } else if let Some(version) = parsed.outcrop.filter(|version| *version > VERSION) {
        imported
            .skipped
            .push(format!("entry {number}: it is of version {version}, written by a newer outcrop"));
    } else if let Some(conversation) = parsed.conversation {
        let messages = parsed.messages.unwrap_or_default();
        imported.threads.push(Thread { conversation, messages });
        for kept in parsed.attachments.into_iter().flatten() {
            attach(number, kept, imported);
        }
    } else if let Some(message) = parsed.message {
        let home = imported.threads.iter_mut().rev().find(|t| t.conversation.id == message.conversation);
        match home {
            Some(thread) => thread.messages.push(message),
            None => imported.skipped.push(format!("entry {number}: a message without its conversation")),
        }
    } else if let Some(kept) = parsed.attachment {
        attach(number, kept, imported);
    } else {
        imported.skipped.push(format!("entry {number}: it is no conversation"));
    }
}

fn attach(number: usize, kept: Kept, imported: &mut Imported) {
    // The first one of a name counts: what others bring under it is not what the messages before meant.
    if imported.blobs.get(&kept.id).is_some() {
        return;
    }
    match STANDARD.decode(&kept.bytes) {
        Ok(bytes) => imported.blobs.put(kept.id, bytes),
        Err(why) => imported.skipped.push(format!("entry {number}: an attachment that is no base64: {why}")),
    }
}

/// The objects of a list, or of a text that holds them one after another; and why it broke off, if it did.
fn objects(text: &str) -> (Vec<&RawValue>, Option<String>) {
    if text.trim_start().starts_with('[') {
        let mut found = Vec::new();
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = reader.deserialize_seq(Elements(&mut found)).and_then(|()| reader.end());
        return (found, read.err().map(|why| why.to_string()));
    }
    let mut found = Vec::new();
    for object in serde_json::Deserializer::from_str(text).into_iter() {
        match object {
            Ok(object) => found.push(object),
            Err(why) => return (found, Some(why.to_string())),
        }
    }
    (found, None)
}

/// Takes a list's elements up to its end or its damage.
struct Elements<'found, 'text>(&'found mut Vec<&'text RawValue>);

impl<'text> Visitor<'text> for Elements<'_, 'text> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of conversations")
    }

    fn visit_seq<A: SeqAccess<'text>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            self.0.push(element);
        }
        Ok(())
    }
}
