//! A conversation as one text, as models take it that know no turns.

use crate::domain::call::{Converse, Turn};
use crate::domain::message::{Block, Role};
use crate::domain::{Error, ErrorKind, Result};

/// The text of a turn; other things than text are refused by name.
pub(super) fn text(converse: &Converse, turn: &Turn) -> Result<String> {
    let mut text = String::new();
    for block in &turn.blocks {
        let lacks = match block {
            Block::Text { text: more } => {
                text.push_str(more);
                continue;
            }
            Block::Reasoning { .. } | Block::RedactedReasoning { .. } | Block::CachePoint => continue,
            Block::Image { .. } => "vision",
            Block::Document { .. } => "documents",
            Block::ToolUse { .. } | Block::ToolResult { .. } => "tools",
        };
        return Err(refused(converse, lacks));
    }
    Ok(text)
}

/// The model is asked by its own body, which has no room for that.
pub(super) fn refused(converse: &Converse, capability: &str) -> Error {
    Error::new(
        ErrorKind::Refused { capability: capability.to_owned() },
        format!("asking {}", converse.model),
        format!("it is asked by its maker's own body, which has no room for {capability}"),
        "Leave it out, or ask a newer model.",
    )
}

/// What is said before everything: the system prompt, and turns of that role.
pub(super) fn system(converse: &Converse) -> Result<String> {
    let mut parts: Vec<String> = converse.system.iter().cloned().collect();
    for turn in converse.turns.iter().filter(|turn| turn.role == Role::System) {
        parts.push(text(converse, turn)?);
    }
    parts.retain(|part| !part.trim().is_empty());
    Ok(parts.join("\n\n"))
}

/// The turns of the two sides with their texts: whether it is the model's, and what was said.
pub(super) fn sides(converse: &Converse) -> Result<Vec<(bool, String)>> {
    let turns = converse.turns.iter().filter(|turn| turn.role != Role::System);
    turns.map(|turn| Ok((turn.role == Role::Assistant, text(converse, turn)?))).collect()
}

/// "User: …\nBot:", as Amazon's guide writes conversations with Titan Text; one text alone stands for itself.
pub(super) fn dialogue(converse: &Converse) -> Result<(String, bool)> {
    let (system, sides) = (system(converse)?, sides(converse)?);
    if let ([(false, text)], true) = (sides.as_slice(), system.is_empty()) {
        return Ok((text.clone(), false));
    }
    let mut prompt = if system.is_empty() { system } else { format!("{system}\n\n") };
    for (model, text) in &sides {
        prompt.push_str(if *model { "Bot: " } else { "User: " });
        prompt.push_str(text);
        prompt.push('\n');
    }
    if sides.last().is_some_and(|(model, _)| *model) {
        // It is continued.
        prompt.truncate(prompt.trim_end().len());
    } else {
        prompt.push_str("Bot:");
    }
    Ok((prompt, true))
}

/// Llama 2's form (<https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-2/>).
pub(super) fn llama2(converse: &Converse) -> Result<String> {
    let mut system = system(converse)?;
    if !system.is_empty() {
        system = format!("<<SYS>>\n{system}\n<</SYS>>\n\n");
    }
    let mut prompt = String::new();
    let mut sides = sides(converse)?.into_iter().peekable();
    while let Some((model, text)) = sides.next() {
        let system = if model { String::new() } else { std::mem::take(&mut system) };
        let (before, after) = match (model, sides.peek()) {
            (false, _) => ("<s>[INST] ", " [/INST]"),
            (true, None) => (" ", ""),
            (true, Some(_)) => (" ", " </s>"),
        };
        prompt.extend([before, &system, text.trim(), after]);
    }
    Ok(prompt)
}

/// Llama 3's form (<https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-3/>).
pub(super) fn llama3(converse: &Converse) -> Result<String> {
    let said = |role: &str, text: &str| {
        format!("<|start_header_id|>{role}<|end_header_id|>\n\n{}<|eot_id|>", text.trim())
    };
    let system = system(converse)?;
    let mut prompt = "<|begin_of_text|>".to_owned();
    if !system.is_empty() {
        prompt.push_str(&said("system", &system));
    }
    let sides = sides(converse)?;
    for (model, text) in &sides {
        prompt.push_str(&said(if *model { "assistant" } else { "user" }, text));
    }
    match sides.last() {
        Some((true, _)) => prompt.truncate(prompt.len() - "<|eot_id|>".len()),
        _ => prompt.push_str("<|start_header_id|>assistant<|end_header_id|>\n\n"),
    }
    Ok(prompt)
}
