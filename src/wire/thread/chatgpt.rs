//! `ChatGPT`'s data export: a list of conversations, each a tree in `mapping` whose shown branch ends at `current_node`.
//!
//! The form is not documented; this is what its exports hold. Pictures, tools' outputs and hidden instructions stay
//! behind and are counted.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use super::{Ids, blank, imported_answer};
use crate::domain::catalog::ModelId;
use crate::domain::conversation::{Conversation, Thread, title_from};
use crate::domain::id::{ConversationId, MessageId};
use crate::domain::message::{Block, Message, MessageOrigin, Role};
use crate::domain::time::Timestamp;

#[derive(Deserialize)]
struct Export {
    title: Option<String>,
    create_time: Option<f64>,
    update_time: Option<f64>,
    mapping: HashMap<String, Node>,
    current_node: Option<String>,
}

#[derive(Deserialize)]
struct Node {
    message: Option<Said>,
    parent: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    author: Option<Author>,
    create_time: Option<f64>,
    content: Option<Value>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Author {
    role: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    model_slug: Option<String>,
    is_visually_hidden_from_conversation: Option<bool>,
}

/// One conversation. What stays behind is added to `skipped`.
pub(super) fn thread(text: &str, ids: &mut dyn Ids, skipped: &mut Vec<String>) -> Result<Thread, String> {
    let export: Export = serde_json::from_str(text).map_err(|why| why.to_string())?;
    let created = time(export.create_time).unwrap_or_default();
    let mut reading = Reading {
        export: &export,
        created,
        conversation: ids.conversation(),
        kept: Vec::new(),
        at: HashMap::new(),
        left: BTreeMap::new(),
    };
    reading.walk();
    let Reading { conversation, kept, at, left, .. } = reading;
    if kept.is_empty() {
        return Err(format!("{:?} holds no message", export.title.unwrap_or_default()));
    }

    // In order of creation, a parent always before its children: only now are ids made, so that they sort like that.
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by_key(|i| (kept[*i].created, *i));
    let mut fresh: Vec<Option<MessageId>> = vec![None; kept.len()];
    for i in &order {
        fresh[*i] = Some(ids.message());
    }
    let mut messages = Vec::with_capacity(kept.len());
    let mut slots: Vec<Option<Kept>> = kept.into_iter().map(Some).collect();
    for i in order {
        let (Some(kept), Some(id)) = (slots[i].take(), fresh[i]) else { continue };
        messages.push(Message {
            id,
            conversation,
            parent: kept.parent.and_then(|parent| fresh[parent]),
            role: kept.role,
            blocks: kept.blocks,
            created: kept.created,
            answer: kept.model.map(imported_answer),
            origin: MessageOrigin::Imported,
        });
    }
    let current = export.current_node.as_ref().and_then(|node| at.get(node).copied().flatten());
    let leaf = current.and_then(|i| fresh[i]).or_else(|| messages.last().map(|m| m.id));
    let given = export.title.filter(|title| !title.trim().is_empty());
    let title = given.clone().unwrap_or_else(|| {
        messages.iter().find(|m| m.role == Role::User).map(|m| title_from(&m.text())).unwrap_or_default()
    });
    for (what, count) in left {
        skipped.push(format!("{title:?}: {count} × {what}"));
    }
    let updated = time(export.update_time).or_else(|| messages.last().map(|m| m.created)).unwrap_or(created);
    let head = Conversation { titled: given.is_some(), title, created, updated, leaf, ..blank(conversation) };
    Ok(Thread { conversation: head, messages })
}

/// A message that is taken; parents are indexes.
struct Kept {
    parent: Option<usize>,
    role: Role,
    blocks: Vec<Block>,
    created: Timestamp,
    model: Option<ModelId>,
}

struct Reading<'a> {
    export: &'a Export,
    created: Timestamp,
    conversation: ConversationId,
    kept: Vec<Kept>,
    /// The message that a node became, or the nearest one above a node that became none.
    at: HashMap<String, Option<usize>>,
    /// What stays behind, counted.
    left: BTreeMap<String, usize>,
}

impl<'a> Reading<'a> {
    /// From the roots down, without recursion; what hangs in a circle is never reached.
    fn walk(&mut self) {
        let mapping = &self.export.mapping;
        let mut children: HashMap<Option<&str>, Vec<&'a str>> = HashMap::new();
        for (id, node) in mapping {
            let parent = node.parent.as_deref().filter(|parent| mapping.contains_key(*parent));
            children.entry(parent).or_default().push(id);
        }
        for list in children.values_mut() {
            // The mapping has no order of its own; last first, for a stack.
            list.sort_by(|a, b| self.when(b).total_cmp(&self.when(a)).then_with(|| b.cmp(a)));
        }
        let mut stack: Vec<&str> = children.remove(&None).unwrap_or_default();
        let mut reached = 0;
        while let Some(id) = stack.pop() {
            reached += 1;
            let below = children.remove(&Some(id)).unwrap_or_default();
            let node = &mapping[id];
            let above = node.parent.as_ref().and_then(|parent| self.at.get(parent).copied().flatten());
            let place = match &node.message {
                Some(said) => self.take(said, above).or(above),
                None => above,
            };
            self.at.insert(id.to_owned(), place);
            stack.extend(below);
        }
        if reached < mapping.len() {
            self.left.insert("nodes that hang in a circle".into(), mapping.len() - reached);
        }
    }

    fn when(&self, id: &str) -> f64 {
        self.export.mapping.get(id).and_then(|n| n.message.as_ref()?.create_time).unwrap_or(0.0)
    }

    /// The index of the new message; `None` where nothing of it is taken.
    fn take(&mut self, said: &Said, parent: Option<usize>) -> Option<usize> {
        let role = match said.author.as_ref().and_then(|a| a.role.as_deref()) {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            other => {
                if said.content.as_ref().is_some_and(says_something) {
                    let who = other.unwrap_or("nobody").chars().take(20).collect::<String>();
                    self.leave(&format!("message of the role {who}"));
                }
                return None;
            }
        };
        let metadata = said.metadata.as_ref();
        if metadata.is_some_and(|m| m.is_visually_hidden_from_conversation == Some(true)) {
            self.leave("hidden message");
            return None;
        }
        let mut left = Vec::new();
        let blocks = said.content.as_ref().map_or(Vec::new(), |c| blocks(c, &mut |what| left.push(what)));
        for what in left {
            self.leave(&what);
        }
        if blocks.is_empty() {
            return None;
        }
        let above = parent.map_or(self.created, |parent| self.kept[parent].created);
        let model = (role == Role::Assistant).then(|| {
            let slug = metadata.and_then(|m| m.model_slug.as_deref()).unwrap_or("unknown");
            ModelId::new("chatgpt", slug).ok()
        });
        self.kept.push(Kept {
            parent,
            role,
            blocks,
            created: time(said.create_time).unwrap_or(above).max(above),
            model: model.flatten(),
        });
        Some(self.kept.len() - 1)
    }

    fn leave(&mut self, what: &str) {
        *self.left.entry(what.to_owned()).or_default() += 1;
    }
}

/// Whether a content has anything in it, of whatever kind.
fn says_something(content: &Value) -> bool {
    fn is_empty(value: &Value) -> bool {
        match value {
            Value::String(text) => text.trim().is_empty(),
            Value::Array(parts) => parts.iter().all(is_empty),
            Value::Object(fields) => fields.is_empty(),
            _ => true,
        }
    }
    let Some(fields) = content.as_object() else { return false };
    fields
        .iter()
        .any(|(name, value)| !matches!(name.as_str(), "content_type" | "language") && !is_empty(value))
}

/// What a content becomes; `leave` is told of the rest.
fn blocks(content: &Value, leave: &mut impl FnMut(String)) -> Vec<Block> {
    let kind = content.get("content_type").and_then(Value::as_str).unwrap_or("text");
    let text = |key: &str| content.get(key).and_then(Value::as_str).filter(|t| !t.trim().is_empty());
    let mut found = Vec::new();
    match kind {
        "text" | "multimodal_text" => {
            for part in content.get("parts").and_then(Value::as_array).into_iter().flatten() {
                if let Some(words) = part.as_str() {
                    if !words.is_empty() {
                        found.push(Block::Text { text: words.to_owned() });
                    }
                } else if let Some(words) = part.get("text").and_then(Value::as_str) {
                    found.push(Block::Text { text: words.to_owned() });
                } else {
                    leave(name(part.get("content_type").and_then(Value::as_str).unwrap_or("part"), "part"));
                }
            }
        }
        "code" => {
            if let Some(code) = text("text") {
                let language = text("language").filter(|l| *l != "unknown").unwrap_or_default();
                let fence = super::markdown::fence(code);
                found.push(Block::Text { text: format!("{fence}{language}\n{code}\n{fence}") });
            }
        }
        "thoughts" => {
            let thoughts = content.get("thoughts").and_then(Value::as_array).into_iter().flatten();
            let words: Vec<&str> = thoughts.filter_map(|t| t.get("content")?.as_str()).collect();
            if !words.is_empty() {
                found.push(Block::Reasoning { text: words.join("\n\n"), signature: None });
            }
        }
        other => leave(name(other, "content")),
    }
    found
}

fn name(kind: &str, what: &str) -> String {
    let kind: String = kind.chars().take(40).collect();
    format!("{what} of the kind {kind}")
}

/// Seconds to milliseconds; what is no time of a calendar is none.
fn time(seconds: Option<f64>) -> Option<Timestamp> {
    let millis = seconds? * 1000.0;
    (millis.is_finite() && (0.0..253_402_300_800_000.0).contains(&millis)).then_some(Timestamp(millis as i64))
}
