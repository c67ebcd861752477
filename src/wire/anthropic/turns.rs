//! From turns to the API's messages: the user and the assistant by turns, each with a list of blocks.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::call::{Converse, Turn};
use crate::domain::message::{BlobId, Block, Role};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::attachment;

/// The API takes so many points up to which it caches.
const CACHE_POINTS: usize = 4;

#[derive(Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    content: Vec<Content<'a>>,
}

/// A block, with the mark that the prompt may be cached up to it.
#[derive(Serialize)]
pub(super) struct Content<'a> {
    #[serde(flatten)]
    part: Part<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct CacheControl {
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text {
        text: &'a str,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "str::is_empty")]
        title: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Cow<'a, Value>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "str::is_empty")]
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: String },
    Text { media_type: &'static str, data: &'a str },
}

impl Part<'_> {
    fn is_thought(&self) -> bool {
        matches!(self, Self::Thinking { .. } | Self::RedactedThinking { .. })
    }
}

/// The system prompt and the messages of a conversation. Turns that follow each other by the same speaker are one message.
pub(super) fn messages<'a>(
    converse: &'a Converse,
    doing: &str,
) -> Result<(Vec<Content<'a>>, Vec<Message<'a>>)> {
    let mut system = Vec::new();
    if let Some(text) = &converse.system {
        put_text(&mut system, text);
    }
    let mut messages: Vec<Message<'a>> = Vec::new();
    for turn in &converse.turns {
        let role = match turn.role {
            Role::System => {
                add(&mut system, turn, converse, doing)?;
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        if messages.last().is_none_or(|last| last.role != role) {
            // A point at the very start of a message lies behind the block before it.
            let leads = turn.blocks.first() == Some(&Block::CachePoint);
            if leads {
                cache(messages.last_mut().map_or(&mut system, |last| &mut last.content));
            }
            messages.push(Message { role, content: Vec::new() });
        }
        if let Some(message) = messages.last_mut() {
            add(&mut message.content, turn, converse, doing)?;
            if turn.role == Role::Assistant {
                // An answer that broke off while it was thought out: the API takes no message that ends so.
                while message.content.last().is_some_and(|last| last.part.is_thought()) {
                    message.content.pop();
                }
            }
        }
        if messages.last().is_some_and(|last| last.content.is_empty()) {
            messages.pop();
        }
    }
    if let Some(last) = messages.last_mut()
        && last.role == "assistant"
        && let Some(Content { part: Part::Text { text }, .. }) = last.content.last_mut()
    {
        *text = text.trim_end();
    }
    keep_last_points(&mut system, &mut messages);
    Ok((system, messages))
}

/// Whether what is sent last answers calls of tools, and the message that made them does not begin with a sealed thought.
pub(super) fn answers_unsealed_calls(turns: &[Turn]) -> bool {
    let is_answer = |turn: &&Turn| turn.role == Role::Assistant;
    let is_result = |block: &Block| matches!(block, Block::ToolResult { .. });
    let behind = turns.iter().rev().take_while(|turn| !is_answer(turn));
    if !behind.flat_map(|turn| &turn.blocks).any(is_result) {
        return false;
    }
    let message = turns.iter().rev().skip_while(|turn| !is_answer(turn)).take_while(is_answer);
    // The first of its blocks, seen from its end.
    let first = message.flat_map(|turn| turn.blocks.iter().rev()).filter(|block| is_sent(block)).last();
    first.is_some_and(|first| !matches!(first, Block::Reasoning { .. } | Block::RedactedReasoning { .. }))
}

fn is_sent(block: &Block) -> bool {
    match block {
        Block::Reasoning { signature: None, .. } | Block::CachePoint => false,
        Block::Text { text } => !text.trim().is_empty(),
        _ => true,
    }
}

/// Adds a turn's blocks.
fn add<'a>(
    content: &mut Vec<Content<'a>>,
    turn: &'a Turn,
    converse: &'a Converse,
    doing: &str,
) -> Result<()> {
    let bytes = |blob: &BlobId| attachment::bytes(&converse.blobs, blob, doing);
    for block in &turn.blocks {
        let part = match block {
            Block::Text { text } => {
                put_text(content, text);
                continue;
            }
            Block::CachePoint => {
                cache(content);
                continue;
            }
            // Sent back as it came, or not at all: the API takes none without its seal.
            Block::Reasoning { signature: None, .. } => continue,
            Block::Reasoning { text, signature: Some(signature) } => {
                Part::Thinking { thinking: text, signature }
            }
            Block::RedactedReasoning { data } => Part::RedactedThinking { data },
            Block::Image { media_type, blob, .. } => {
                Part::Image { source: encoded(media_type, bytes(blob)?) }
            }
            Block::Document { name, media_type, blob } => {
                Part::Document { source: document(name, media_type, bytes(blob)?, doing)?, title: name }
            }
            Block::ToolUse { id, name, input, .. } => {
                Part::ToolUse { id: plain(id), name, input: object(input) }
            }
            Block::ToolResult { id, content, is_error } => {
                Part::ToolResult { tool_use_id: plain(id), content, is_error: *is_error }
            }
        };
        content.push(Content { part, cache_control: None });
    }
    Ok(())
}

/// The API takes no text of blanks alone.
fn put_text<'a>(content: &mut Vec<Content<'a>>, text: &'a str) {
    if !text.trim().is_empty() {
        content.push(Content { part: Part::Text { text }, cache_control: None });
    }
}

/// Marks the last block that can be marked: what was thought cannot.
fn cache(content: &mut [Content<'_>]) {
    if let Some(last) = content.iter_mut().rev().find(|content| !content.part.is_thought()) {
        last.cache_control = Some(CacheControl { r#type: "ephemeral" });
    }
}

/// The API refuses more than it takes; the last ones reach furthest.
fn keep_last_points<'a>(system: &mut [Content<'a>], messages: &mut [Message<'a>]) {
    let all = system.iter_mut().chain(messages.iter_mut().flat_map(|message| &mut message.content));
    let points: Vec<_> = all.filter(|content| content.cache_control.is_some()).collect();
    let over = points.len().saturating_sub(CACHE_POINTS);
    for point in points.into_iter().take(over) {
        point.cache_control = None;
    }
}

fn encoded<'a>(media_type: &'a str, bytes: &[u8]) -> Source<'a> {
    Source::Base64 { media_type, data: attachment::base64(bytes) }
}

/// The API reads PDF, and text of any kind as plain text.
fn document<'a>(name: &str, media_type: &'a str, bytes: &'a [u8], doing: &str) -> Result<Source<'a>> {
    if media_type == "application/pdf" {
        return Ok(encoded(media_type, bytes));
    }
    if !media_type.starts_with("text/") {
        return Err(Error::new(
            ErrorKind::Refused { capability: "documents".to_owned() },
            doing,
            format!("this API reads PDF and text, and {name:?} is {media_type}"),
            "Send it as a PDF or as text.",
        ));
    }
    let data = std::str::from_utf8(bytes).map_err(|why| {
        let why = format!("{name:?} is no UTF-8 text: {why}");
        Error::new(ErrorKind::Invalid, doing, why, "Save it as UTF-8, then attach it again.")
    })?;
    Ok(Source::Text { media_type: "text/plain", data })
}

/// The API takes ids of letters, digits, `_` and `-`; those of other providers, earlier in the conversation, may be others.
fn plain(id: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !id.is_empty() && id.chars().all(fits) {
        return Cow::Borrowed(id);
    }
    let plain: String = id.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    Cow::Owned(if plain.is_empty() { "_".to_owned() } else { plain })
}

/// The API takes objects alone; what a model wrote instead goes into one.
fn object(input: &Value) -> Cow<'_, Value> {
    if input.is_object() { Cow::Borrowed(input) } else { Cow::Owned(json!({ "input": input })) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Blobs;
    use crate::domain::settings::Settings;

    fn text(text: &str) -> Block {
        Block::Text { text: text.to_owned() }
    }

    fn turn(role: Role, blocks: impl Into<Vec<Block>>) -> Turn {
        Turn { role, blocks: blocks.into() }
    }

    fn converse(system: Option<&str>, turns: Vec<Turn>) -> Converse {
        Converse {
            model: "there/claude-1".parse().unwrap(),
            system: system.map(str::to_owned),
            turns,
            settings: Settings::default(),
            conversation: None,
            blobs: Blobs::default(),
        }
    }

    fn sent(converse: &Converse) -> (Value, Value) {
        let (system, messages) = messages(converse, "asking").unwrap();
        (serde_json::to_value(system).unwrap(), serde_json::to_value(messages).unwrap())
    }

    fn said(text: &str) -> Value {
        json!({"type": "text", "text": text})
    }

    #[test]
    fn turns_become_messages_of_two_speakers_and_results_are_the_users() {
        let call =
            Block::ToolUse { id: "c.1".into(), name: "look".into(), input: json!({"at": "é"}), extra: None };
        let broken =
            Block::ToolUse { id: "c2".into(), name: "look".into(), input: json!("{at"), extra: None };
        let result = |id: &str, content: &str, is_error| Block::ToolResult {
            id: id.into(),
            content: content.into(),
            is_error,
        };
        let (system, messages) = sent(&converse(
            Some("Be brief."),
            vec![
                turn(Role::User, [text("one"), text(" \n")]),
                turn(Role::User, [text("two")]),
                turn(Role::Assistant, [text("I look."), call, broken]),
                turn(Role::Tool, [result("c.1", "seen", false)]),
                turn(Role::Tool, [result("c2", "", true)]),
                turn(Role::User, [text("three")]),
                turn(Role::System, [text("Be kind.")]),
            ],
        ));
        assert_eq!(system, json!([said("Be brief."), said("Be kind.")]));
        assert_eq!(
            messages,
            json!([
                {"role": "user", "content": [said("one"), said("two")]},
                {"role": "assistant", "content": [
                    said("I look."),
                    {"type": "tool_use", "id": "c_1", "name": "look", "input": {"at": "é"}},
                    {"type": "tool_use", "id": "c2", "name": "look", "input": {"input": "{at"}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "c_1", "content": "seen"},
                    {"type": "tool_result", "tool_use_id": "c2", "is_error": true},
                    said("three"),
                ]},
            ])
        );
    }

    #[test]
    fn sealed_reasoning_goes_back_unchanged_and_what_has_no_seal_stays_here() {
        let thought = |signature: Option<&str>| Block::Reasoning {
            text: "hm ".into(),
            signature: signature.map(str::to_owned),
        };
        let redacted = Block::RedactedReasoning { data: "x/y=".into() };
        let (_, messages) = sent(&converse(
            None,
            vec![
                turn(Role::User, [text("a")]),
                turn(Role::Assistant, [thought(None), thought(Some("s+/=")), redacted.clone(), text("b")]),
                turn(Role::User, [text("c")]),
                turn(Role::Assistant, [thought(Some("s")), redacted]),
                turn(Role::User, [text("d")]),
            ],
        ));
        assert_eq!(
            messages,
            json!([
                {"role": "user", "content": [said("a")]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm ", "signature": "s+/="},
                    {"type": "redacted_thinking", "data": "x/y="},
                    said("b"),
                ]},
                {"role": "user", "content": [said("c"), said("d")]},
            ])
        );
    }

    #[test]
    fn an_answer_to_be_continued_ends_without_blanks() {
        let ask = |answer: &str| {
            sent(&converse(None, vec![turn(Role::User, [text("a ")]), turn(Role::Assistant, [text(answer)])]))
                .1
        };
        assert_eq!(ask("The sky \n")[1], json!({"role": "assistant", "content": [said("The sky")]}));
        assert_eq!(ask(" \n"), json!([{"role": "user", "content": [said("a ")]}]));
    }

    #[test]
    fn cache_points_mark_the_block_before_them_and_no_more_than_the_api_takes() {
        let cached =
            |text: &str| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
        let (system, messages) = sent(&converse(
            Some("s"),
            vec![
                turn(Role::User, [Block::CachePoint, text("a"), Block::CachePoint, text("b")]),
                turn(Role::Assistant, [text("c")]),
                turn(Role::User, [Block::CachePoint, text("d"), Block::CachePoint]),
            ],
        ));
        assert_eq!(system, json!([cached("s")]));
        assert_eq!(
            messages,
            json!([
                {"role": "user", "content": [cached("a"), said("b")]},
                {"role": "assistant", "content": [cached("c")]},
                {"role": "user", "content": [cached("d")]},
            ])
        );
        let many = (0..6).flat_map(|n| [text(&n.to_string()), Block::CachePoint]).collect::<Vec<_>>();
        let (_, messages) = sent(&converse(None, vec![turn(Role::User, many)]));
        let all: Vec<Value> =
            (0..6).map(|n| if n < 2 { said(&n.to_string()) } else { cached(&n.to_string()) }).collect();
        assert_eq!(messages[0]["content"], json!(all));
    }

    #[test]
    fn pictures_and_documents_are_sent_with_their_bytes() {
        let blob = |id: &str| BlobId(id.to_owned());
        let image = Block::Image { media_type: "image/png".into(), blob: blob("1"), file: None };
        let file = |name: &str, media_type: &str, id: &str| Block::Document {
            name: name.into(),
            media_type: media_type.into(),
            blob: blob(id),
        };
        let mut converse = converse(
            None,
            vec![turn(
                Role::User,
                [image, file("a.pdf", "application/pdf", "1"), file("b.md", "text/markdown", "2")],
            )],
        );
        converse.blobs.put(blob("1"), *b"\x00\xff!");
        converse.blobs.put(blob("2"), "# é".as_bytes());
        assert_eq!(
            sent(&converse).1[0]["content"],
            json!([
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AP8h"}},
                {"type": "document", "title": "a.pdf",
                 "source": {"type": "base64", "media_type": "application/pdf", "data": "AP8h"}},
                {"type": "document", "title": "b.md",
                 "source": {"type": "text", "media_type": "text/plain", "data": "# é"}},
            ])
        );
        let mut refused = |block: Block| {
            converse.turns[0].blocks = vec![block];
            messages(&converse, "asking").map(|_| ()).unwrap_err()
        };
        let error = refused(file("c.docx", "application/msword", "1"));
        assert_eq!(error.kind, ErrorKind::Refused { capability: "documents".into() });
        assert_eq!(refused(file("d.txt", "text/plain", "1")).kind, ErrorKind::Invalid);
        let error = refused(file("gone.pdf", "application/pdf", "3"));
        assert_eq!(error.kind, ErrorKind::NotFound);
    }
}
