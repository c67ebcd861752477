//! Turns and their blocks as the API takes them.

use serde_json::{Value, json};

use super::request::is_anthropic;
use crate::domain::call::{Converse, Turn};
use crate::domain::message::{BlobId, Block, Role};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::attachment::base64;

/// The system blocks and the messages. Turns of one side that follow each other become one message, since the API wants
/// the sides to take turns; what holds nothing is left out, since it refuses that.
pub(super) fn messages(converse: &Converse, doing: &str) -> Result<(Vec<Value>, Vec<Value>)> {
    let mut writer = Writer { converse, doing, documents: Vec::new() };
    let mut system: Vec<Value> = converse
        .system
        .iter()
        .filter(|text| !text.trim().is_empty())
        .map(|text| json!({ "text": text }))
        .collect();
    let mut messages: Vec<(&str, Vec<Value>)> = Vec::new();
    for turn in &converse.turns {
        let mut content = writer.content(turn)?;
        let role = match turn.role {
            Role::System => {
                system.extend(content);
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        if turn.role == Role::Assistant {
            // An answer that broke off while it was thought out: the models take no message that ends so.
            while content.last().is_some_and(|last| last.get("reasoningContent").is_some()) {
                content.pop();
            }
        }
        if turn.blocks.first() == Some(&Block::CachePoint) {
            // What is cached lies before it, and there must be something.
            let before = messages.last_mut().map_or(&mut system, |(_, before)| before);
            if !before.is_empty() {
                before.push(cache_point());
            }
        }
        match messages.last_mut() {
            Some((last, before)) if *last == role => before.extend(content),
            _ if content.is_empty() => {}
            _ => messages.push((role, content)),
        }
    }
    for (_, content) in &mut messages {
        // A document is refused that no text stands beside: its own name does.
        if let Some(name) = content.iter().find_map(|block| block.get("document")?.get("name").cloned())
            && !content.iter().any(|block| block.get("text").is_some())
        {
            content.insert(0, json!({ "text": name }));
        }
    }
    if let Some(("assistant", content)) = messages.last_mut()
        && let Some(Value::String(text)) = content.last_mut().and_then(|last| last.get_mut("text"))
    {
        // Nor one that is to be continued behind a blank.
        text.truncate(text.trim_end().len());
    }
    let messages = messages.into_iter().map(|(role, content)| json!({ "role": role, "content": content }));
    Ok((system, messages.collect()))
}

struct Writer<'a> {
    converse: &'a Converse,
    doing: &'a str,
    /// The names of documents so far, no two of which may be the same.
    documents: Vec<String>,
}

impl Writer<'_> {
    fn content(&mut self, turn: &Turn) -> Result<Vec<Value>> {
        let mut content = Vec::new();
        for block in &turn.blocks {
            content.extend(match block {
                // It lies behind the turn before.
                Block::CachePoint if content.is_empty() => None,
                block => self.block(block)?,
            });
        }
        Ok(content)
    }

    /// `None` for what the API has no room for.
    fn block(&mut self, block: &Block) -> Result<Option<Value>> {
        Ok(Some(match block {
            Block::Text { text } if text.trim().is_empty() => return Ok(None),
            Block::Text { text } => json!({ "text": text }),
            Block::Image { media_type, blob, .. } => {
                let format = image_format(media_type).ok_or_else(|| {
                    self.unknown("a picture", media_type, "Send it as PNG, JPEG, GIF or WebP.")
                })?;
                json!({ "image": { "format": format, "source": { "bytes": self.bytes(blob, "a picture")? } } })
            }
            Block::Document { name, media_type, blob } => {
                let format = document_format(media_type).ok_or_else(|| {
                    let hint = "Send it as PDF, CSV, Word, Excel, HTML, Markdown or plain text.";
                    self.unknown(&format!("the document {name}"), media_type, hint)
                })?;
                let bytes = self.bytes(blob, &format!("the document {name}"))?;
                let name = self.name(name);
                json!({ "document": { "format": format, "name": name, "source": { "bytes": bytes } } })
            }
            Block::ToolUse { id, name, input, .. } => {
                // What the model wrote may have been no JSON; the API takes objects alone.
                let input = if input.is_object() { input.clone() } else { json!({ "input": input }) };
                json!({ "toolUse": { "toolUseId": plain_id(id), "name": name, "input": input } })
            }
            Block::ToolResult { id, content, is_error } => {
                let status = if *is_error { "error" } else { "success" };
                let content: Vec<_> = Some(content)
                    .filter(|text| !text.trim().is_empty())
                    .map(|text| json!({ "text": text }))
                    .into_iter()
                    .collect();
                json!({ "toolResult": { "toolUseId": plain_id(id), "content": content, "status": status } })
            }
            Block::Reasoning { text, signature: Some(seal) } if is_anthropic(&self.converse.model) => {
                json!({ "reasoningContent": { "reasoningText": { "text": text, "signature": seal } } })
            }
            Block::RedactedReasoning { data } if is_anthropic(&self.converse.model) => {
                json!({ "reasoningContent": { "redactedContent": data } })
            }
            Block::Reasoning { .. } | Block::RedactedReasoning { .. } => return Ok(None),
            Block::CachePoint => cache_point(),
        }))
    }

    fn bytes(&self, blob: &BlobId, what: &str) -> Result<String> {
        let bytes = self.converse.blobs.get(blob).ok_or_else(|| {
            let why = format!("the bytes of {what} are not here");
            Error::new(ErrorKind::NotFound, self.doing, why, "Attach it again.")
        })?;
        Ok(base64(bytes))
    }

    fn unknown(&self, what: &str, media_type: &str, hint: &str) -> Error {
        let why = format!("{what} is of the kind {media_type:?}, which Bedrock does not take");
        Error::new(ErrorKind::Invalid, self.doing, why, hint)
    }

    /// A name as the API takes it, unlike those before: its ending is told by the format.
    fn name(&mut self, name: &str) -> String {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let taken = |c: char| c.is_ascii_alphanumeric() || "-()[]".contains(c);
        let plain: String = stem
            .chars()
            .map(|c| {
                if taken(c) {
                    c
                } else if c.is_whitespace() {
                    ' '
                } else {
                    '-'
                }
            })
            .collect();
        let mut plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        plain.truncate(190);
        let plain = plain.trim_end();
        let plain = if plain.contains(|c: char| c.is_ascii_alphanumeric()) { plain } else { "document" };
        let mut name = plain.to_owned();
        let mut number = 1;
        while self.documents.contains(&name) {
            number += 1;
            name = format!("{plain} {number}");
        }
        self.documents.push(name.clone());
        name
    }
}

/// The id of a tool's call as this API takes it, at most 64 characters: another API's may have others.
fn plain_id(id: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let plain: String = id.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    // The end tells it from the others.
    let start = plain.len().saturating_sub(64);
    if plain.is_empty() { "_".to_owned() } else { plain[start..].to_owned() }
}

fn cache_point() -> Value {
    json!({ "cachePoint": { "type": "default" } })
}

fn image_format(media_type: &str) -> Option<&'static str> {
    Some(match essence(media_type).as_str() {
        "image/png" => "png",
        "image/jpeg" | "image/jpg" => "jpeg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => return None,
    })
}

fn document_format(media_type: &str) -> Option<&'static str> {
    Some(match essence(media_type).as_str() {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/markdown" => "md",
        "text/plain" => "txt",
        _ => return None,
    })
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
