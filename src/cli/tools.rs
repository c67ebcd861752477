//! Calls of tools without a screen: said after the answer, answered with the next question.

use std::path::Path;

use super::out::Out;
use super::prompt::text_file;
use super::{End, args};
use crate::domain::message::{Block, Message, Role};
use crate::domain::{Error, ErrorKind, Result};

/// A call that the last answer made.
struct Call<'a> {
    id: &'a str,
    name: &'a str,
    input: String,
}

fn calls(answer: &Message) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for block in &answer.blocks {
        if let Block::ToolUse { id, name, input } = block {
            calls.push(Call { id, name, input: input.to_string() });
        }
    }
    calls
}

/// Says which tools an answer calls, and how they are answered.
pub(super) fn say(answer: &Message, out: &mut Out) -> Result<(), End> {
    let calls = calls(answer);
    for Call { id, name, input } in &calls {
        out.note(&format!("the model calls {name} {input} as {id}"))?;
    }
    if calls.is_empty() {
        return Ok(());
    }
    let results: Vec<String> = calls.iter().map(|call| format!("--tool-result {}=TEXT", call.id)).collect();
    let conversation = answer.conversation.short();
    out.note(&format!(
        "answer with `outcrop chat --conversation {conversation} {}`, or =@FILE; on the screen with Alt+T",
        results.join(" ")
    ))
}

/// The results that the arguments give, one for each call of the last answer on the way to `leaf`.
pub(super) fn results(arguments: &args::Chat, path: &[&Message]) -> Result<Vec<Block>> {
    let answer = path.last().filter(|message| message.role == Role::Assistant);
    let calls = answer.map(|answer| calls(answer)).unwrap_or_default();
    let bad =
        |why: String, hint: String| Error::new(ErrorKind::Invalid, "answering the calls of tools", why, hint);
    let named = || {
        let all: Vec<String> = calls.iter().map(|call| format!("{} ({})", call.id, call.name)).collect();
        if all.is_empty() {
            "The last answer calls none.".to_owned()
        } else {
            format!("It calls {}.", all.join(", "))
        }
    };
    let mut given: Vec<(&str, Block)> = Vec::new();
    for said in &arguments.tool_result {
        let (of, text) = said
            .split_once('=')
            .ok_or_else(|| bad(format!("--tool-result {said} is not of the form ID=TEXT"), named()))?;
        let of_name: Vec<_> = calls.iter().filter(|call| call.name == of).collect();
        let call = match (calls.iter().find(|call| call.id == of), &of_name[..]) {
            (Some(call), _) => call,
            (None, [call]) => *call,
            (None, []) => return Err(bad(format!("no call {of:?} waits for a result"), named())),
            (None, _) => return Err(bad(format!("{of} was called more than once"), named())),
        };
        if given.iter().any(|(id, _)| *id == call.id) {
            return Err(bad(format!("{of} is answered twice"), named()));
        }
        let text = match text.strip_prefix('@') {
            Some(file) => text_file(Path::new(file))?,
            None => text.to_owned(),
        };
        let (content, is_error) = match text.strip_prefix('!') {
            Some(why) => (why.trim_start().to_owned(), true),
            None => (text, false),
        };
        given.push((call.id, Block::ToolResult { id: call.id.to_owned(), content, is_error }));
    }
    if let Some(open) = calls.iter().find(|call| given.iter().all(|(id, _)| *id != call.id)) {
        let hint = format!("Add --tool-result {}=TEXT.", open.id);
        return Err(bad(format!("{} ({}) has no result", open.id, open.name), hint));
    }
    Ok(given.into_iter().map(|(_, block)| block).collect())
}
