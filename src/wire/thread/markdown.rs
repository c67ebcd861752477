//! The shown branch as Markdown with a front matter, for people and for other programs' notes.

use std::fmt::Write;

use crate::domain::attachment::file_name;
use crate::domain::conversation::Thread;
use crate::domain::message::{Answer, Block, Message, Outcome, Role, StopReason};
use crate::domain::schema::SchemaCheck;
use crate::domain::settings::FIELDS;
use crate::domain::time::Timestamp;
use crate::domain::tree::Tree;
use crate::wire::written::encoded;

/// The shown branch. Texts stand as they are: whoever shows them on a terminal sanitises them. Attachments are named, and
/// linked in `folder` where they lie in one.
pub fn markdown(thread: &Thread, folder: Option<&str>) -> String {
    let head = &thread.conversation;
    let mut out = String::from("---\n");
    let mut field = |name: &str, value: &str| field(&mut out, name, value);
    field("title", &head.title);
    field("id", &head.id.to_string());
    if let Some(model) = &head.model {
        field("model", model.as_str());
    }
    field("created", &date(head.created));
    field("updated", &date(head.updated));
    if let Some(system) = &head.system {
        field("system", system);
    }
    for setting in FIELDS {
        if let Some(value) = head.settings.get(setting.name) {
            field(setting.name, &value);
        }
    }
    out.push_str("---\n");
    let tree = Tree::new(&thread.messages);
    for message in head.leaf.map(|leaf| tree.path(leaf)).unwrap_or_default() {
        add(&mut out, message, folder);
    }
    out
}

/// A line of a front matter: a JSON string is a YAML string.
pub(in crate::wire) fn field(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{name}: {}", serde_json::Value::from(value));
}

fn add(out: &mut String, message: &Message, folder: Option<&str>) {
    let who = match (&message.answer, message.role) {
        (Some(answer), _) => answer.model.as_str(),
        (None, Role::User) => "You",
        (None, Role::Assistant) => "Assistant",
        (None, Role::System) => "System",
        (None, Role::Tool) => "Tool",
    };
    let _ = write!(out, "\n## {who}\n\n*{}*\n", date(message.created));
    blocks(out, message, folder);
    let figures = message.answer.as_ref().map(figures).unwrap_or_default();
    if !figures.is_empty() {
        let _ = write!(out, "\n*{}*\n", figures.join(" · "));
    }
}

/// What a message holds, and what a check of it has found.
pub(in crate::wire) fn blocks(out: &mut String, message: &Message, folder: Option<&str>) {
    for block in &message.blocks {
        out.push('\n');
        match block {
            Block::Text { text } => {
                out.push_str(text);
                out.push('\n');
            }
            Block::Reasoning { text, .. } => {
                out.push_str("> *Reasoning*\n>\n");
                for line in text.lines() {
                    let _ = writeln!(out, "> {line}");
                }
            }
            Block::ToolUse { name, input, .. } => fenced(out, &format!("json {name}"), &input.to_string()),
            Block::ToolResult { content, is_error, .. } => {
                fenced(out, if *is_error { "text error" } else { "text result" }, content);
            }
            Block::Image { media_type, file, .. } => {
                let name = file.as_ref().map(|file| &*file.name);
                let _ = match (link(block, folder), name) {
                    (Some(to), name) => writeln!(out, "![{}]({to})", escaped(name.unwrap_or("picture"))),
                    (None, Some(name)) => writeln!(out, "*[picture {name}, {media_type}]*"),
                    (None, None) => writeln!(out, "*[picture, {media_type}]*"),
                };
            }
            Block::Document { name, media_type, .. } => {
                let _ = match link(block, folder) {
                    Some(to) => writeln!(out, "[{}]({to}), {media_type}", escaped(name)),
                    None => writeln!(out, "*[document {name}, {media_type}]*"),
                };
            }
            Block::RedactedReasoning { .. } => {
                out.push_str("*[thought, which only its provider can read]*\n");
            }
            Block::CachePoint => {
                out.pop();
            }
        }
    }
    if let Some(answer) = &message.answer {
        for line in answer.schema.iter().flat_map(SchemaCheck::lines) {
            let _ = write!(out, "\n*✗ {line}*\n");
        }
    }
}

/// A name as the text of a link: what could end it is escaped.
fn escaped(name: &str) -> String {
    name.replace(['\n', '\r'], " ").replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// Where a link to the file of a block leads.
fn link(block: &Block, folder: Option<&str>) -> Option<String> {
    let path = format!("{}/{}", folder?.trim_end_matches('/'), file_name(block)?);
    Some(path.split('/').map(encoded).collect::<Vec<_>>().join("/"))
}

/// What is known of an answer, each in a few words.
pub(in crate::wire) fn figures(answer: &Answer) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(ms) = answer.timing.first_token_ms {
        all.push(format!("{:.2} s to the first token", f64::from(ms) / 1000.0));
    }
    if let Some(rate) = answer.tokens_per_second() {
        all.push(format!("{rate:.0} tokens/s"));
    }
    match (answer.usage.input, answer.usage.output) {
        (Some(input), Some(output)) => all.push(format!("{input} → {output} tokens")),
        (None, Some(output)) => all.push(format!("{output} tokens")),
        _ => {}
    }
    match &answer.outcome {
        Outcome::Complete { reason: StopReason::MaxTokens } => all.push("cut at the longest answer".into()),
        Outcome::Complete { reason: StopReason::ContextFull } => all.push("the context is full".into()),
        Outcome::Complete { reason: StopReason::Filtered } => all.push("filtered".into()),
        Outcome::Complete { .. } | Outcome::Streaming => {}
        Outcome::Stopped => all.push("stopped".into()),
        Outcome::Interrupted => all.push("interrupted".into()),
        Outcome::Failed { error } => all.push(format!("failed: {}", error.why)),
    }
    all
}

fn fenced(out: &mut String, info: &str, text: &str) {
    let fence = fence(text);
    let _ = writeln!(out, "{fence}{info}\n{text}\n{fence}");
}

/// A fence that the text does not hold: one backtick more than its longest run.
pub(super) fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// RFC 3339, UTC, to the second.
pub(in crate::wire) fn date(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.0.div_euclid(1000)).map_or_else(|_| at.0.to_string(), |t| t.to_string())
}
