//! Claude Code's sessions: lines of `user` and `assistant` with a message of Anthropic's API each.
//!
//! An answer comes in several lines of one `message.id`, one block each, that repeat its usage. Lines with `isSidechain` are
//! of an agent that a tool asked, named by `agentId` where it is.

use serde_json::Value as Json;

use super::growing::{Growing, Tokens};
use super::text;
use crate::wire::trace::moment;

/// Tools that ask another agent.
const ASKING: [&str; 2] = ["Task", "Agent"];

pub(super) fn is_line(line: &Json) -> bool {
    line.get("sessionId").is_some() && (line.get("uuid").is_some() || line.get("message").is_some())
}

pub(super) fn grow(lines: Vec<Json>) -> Growing {
    let session = lines.iter().map(|line| text(line, &["sessionId"])).find(|id| !id.is_empty());
    let mut growing = Growing::new("claude_code", "Claude Code", "anthropic", session.unwrap_or_default());
    for line in lines {
        growing.at(line.get("timestamp").and_then(moment::nanos));
        growing.say("gen_ai.agent.version", text(&line, &["version"]));
        growing.say("claude_code.cwd", text(&line, &["cwd"]));
        growing.say("claude_code.git_branch", text(&line, &["gitBranch"]));
        let kind = text(&line, &["type"]).to_owned();
        match (kind.as_str(), line.get("message")) {
            ("user", Some(_)) => user(&mut growing, line),
            ("assistant", Some(_)) => assistant(&mut growing, line),
            _ => growing.tell(&kind, line),
        }
    }
    growing
}

fn agent(line: &Json) -> String {
    let is_other = line.get("isSidechain") == Some(&Json::Bool(true));
    match (is_other, text(line, &["agentId"])) {
        (false, _) => String::new(),
        (true, "") => "sidechain".to_owned(),
        (true, id) => id.to_owned(),
    }
}

fn blocks(line: &Json) -> impl Iterator<Item = &Json> {
    line.get("message")
        .and_then(|message| message.get("content"))
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
}

fn user(growing: &mut Growing, line: Json) {
    let agent = agent(&line);
    let mut kept = None;
    for block in blocks(&line).filter(|block| text(block, &["type"]) == "tool_result") {
        let failed = block.get("is_error") == Some(&Json::Bool(true));
        let result = block.get("content").cloned().unwrap_or_default();
        kept = growing.answered(text(block, &["tool_use_id"]), &result, failed).or(kept);
    }
    growing.heard(&agent, line.get("message").cloned().unwrap_or_default());
    match kept {
        Some(span) => growing.keep(span, line),
        None => growing.tell("user", line),
    }
}

fn assistant(growing: &mut Growing, line: Json) {
    let agent = agent(&line);
    let (id, model) = (text(&line, &["message", "id"]), text(&line, &["message", "model"]));
    let mut span = growing.spoke(&agent, id, model, "anthropic", None);
    for block in blocks(&line) {
        span = growing.spoke(&agent, id, model, "anthropic", Some(block.clone()));
        if text(block, &["type"]) == "tool_use" {
            let (call, name) = (text(block, &["id"]), text(block, &["name"]));
            let input = block.get("input").cloned().unwrap_or_default();
            growing.called(&agent, call, name, &input, ASKING.contains(&name));
        }
    }
    let usage = line.get("message").and_then(|message| message.get("usage")).map(tokens);
    growing.tokens(&agent, usage, text(&line, &["message", "stop_reason"]));
    growing.keep(span, line);
}

/// Anthropic's input leaves out what came from a cache or went into one.
fn tokens(usage: &Json) -> Tokens {
    let count = |key: &str| usage.get(key).and_then(Json::as_i64);
    let (read, written) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    Tokens {
        input: count("input_tokens").unwrap_or(0) + read.unwrap_or(0) + written.unwrap_or(0),
        output: count("output_tokens").unwrap_or(0),
        cache_read: read,
        cache_write: written,
        reasoning: None,
    }
}
