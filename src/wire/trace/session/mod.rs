//! Sessions of coding agents, as they log them for themselves: Claude Code (`~/.claude/projects/…/*.jsonl`) and Codex
//! (`~/.codex/sessions/…/rollout-*.jsonl`), one JSON object a line.
//!
//! Neither has a published schema: what is read is what the programs write in 2026 and what others have found of it, and a
//! line of another kind is kept as an event. A session is a trace: an agent with the calls of its model, its tools, and the
//! agents that it asked. A log tells when something was there, not when it began: a model's call begins with the last thing
//! that it was told.

mod claude_code;
mod codex;
mod growing;

use serde_json::Value as Json;

use crate::domain::{Error, ErrorKind, Result};
use crate::wire::trace::Decoded;

const DOING: &str = "reading the session of a coding agent";

/// Reads a session's log; which program's it is stands in its lines. A last line that is cut is left out and told.
///
/// # Errors
///
/// `Invalid` where it is neither's.
pub fn decode(bytes: &[u8]) -> Result<Decoded> {
    let text = String::from_utf8_lossy(bytes);
    let mut decoded = Decoded::default();
    let mut lines = Vec::new();
    let mut rest = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    while let Some(line) = rest.next() {
        match serde_json::from_str::<Json>(line) {
            Ok(json) if json.is_object() => lines.push(json),
            Err(_) if rest.peek().is_none() && !lines.is_empty() => {
                decoded.cut("the last line ends in the middle");
            }
            _ => decoded.reject("a line is no JSON object"),
        }
    }
    let grown = if lines.iter().any(claude_code::is_line) {
        claude_code::grow(lines)
    } else if lines.iter().any(codex::is_line) {
        codex::grow(lines)
    } else {
        let hint = "Give a session of Claude Code or of Codex, as their own folders hold them.";
        return Err(Error::new(ErrorKind::Invalid, DOING, "no line of a session stands in it", hint));
    };
    for span in grown.finish() {
        decoded.take(span);
    }
    Ok(decoded)
}

/// A text within, empty where there is none.
fn text<'a>(json: &'a Json, path: &[&str]) -> &'a str {
    path.iter().try_fold(json, |json, key| json.get(key)).and_then(Json::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
