//! Whether an answer keeps the JSON schema that it was asked for, and a tool's call that of the tool.
//!
//! Here is the only place that names the validator. What a schema refers to beyond itself is never fetched.

mod whole;

use std::fmt;

use jsonschema::ReferencingError;
use jsonschema::error::ValidationErrorKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{Error, ErrorKind, Result};
use super::message::Block;
use super::settings::Settings;

pub use whole::whole;

/// Breaks that are told; the others are counted.
const TOLD: usize = 3;
/// The longest text of one break, in characters: it may hold an answer's own words.
const LONGEST: usize = 200;
/// The largest schema that is taken, in bytes.
const LARGEST: usize = 256 * 1024;
/// Steps that one pattern may go back at most.
const STEPS_BACK: usize = 100_000;

/// Where an answer does not keep a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// The tool whose schema it is; `None` for that of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The JSON pointer (RFC 6901) into the answer; empty for the whole.
    pub at: String,
    pub why: String,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tool) = &self.tool {
            write!(f, "{tool}: ")?;
        }
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at)?;
        }
        f.write_str(&self.why)
    }
}

/// What a check of a whole answer has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum SchemaCheck {
    Kept,
    /// The first breaks, and how many more there are.
    Broken {
        breaks: Vec<Break>,
        more: u32,
    },
    /// Nobody knows.
    Unchecked {
        why: String,
    },
}

impl SchemaCheck {
    /// What is to be said of it, a line each; nothing where the schema is kept.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Kept => Vec::new(),
            Self::Unchecked { why } => vec![format!("schema: not checked: {why}")],
            Self::Broken { breaks, more } => {
                let last = breaks.len().saturating_sub(1);
                let line = |(i, broken): (usize, &Break)| {
                    let more = if i == last && *more > 0 { format!(" ({more} more)") } else { String::new() };
                    format!("schema: {broken}{more}")
                };
                breaks.iter().enumerate().map(line).collect()
            }
        }
    }
}

/// A schema that can be checked against.
#[derive(Debug)]
pub struct Schema(jsonschema::Validator);

impl Schema {
    /// Reads a schema of any draft up to 2020-12, which is meant where it names none. `format` is a remark, as in that draft.
    ///
    /// # Errors
    ///
    /// `Invalid`: no schema, one that refers to another document, or one too large; the pointer says where.
    pub fn read(schema: &Value) -> Result<Self> {
        let bad = |why: String| {
            Error::new(
                ErrorKind::Invalid,
                "reading a JSON schema",
                why,
                "It must be valid by its draft (2020-12 where it names none) and whole: nothing is fetched for it.",
            )
        };
        if schema.to_string().len() > LARGEST {
            return Err(bad(format!("it is larger than {} KB", LARGEST / 1024)));
        }
        let patterns = jsonschema::PatternOptions::fancy_regex().backtrack_limit(STEPS_BACK);
        let options = jsonschema::options().offline().with_pattern_options(patterns);
        options.build(schema).map(Self).map_err(|why| {
            let at = why.instance_path().to_string();
            let why = match why.kind() {
                ValidationErrorKind::Referencing(ReferencingError::Unretrievable { uri, .. }) => {
                    format!("it refers to {}, and no other document is ever fetched", cut(uri))
                }
                _ => cut(&why.to_string()),
            };
            bad(if at.is_empty() { why } else { format!("{at}: {why}") })
        })
    }

    /// The first place where `value` does not keep it.
    pub fn broken(&self, value: &Value) -> Option<Break> {
        let mut breaks = Vec::new();
        self.check(value, None, &mut breaks);
        breaks.into_iter().next()
    }

    /// Adds where `value` does not keep it; the number of those that are not told.
    fn check(&self, value: &Value, tool: Option<&str>, breaks: &mut Vec<Break>) -> u32 {
        let mut more = 0;
        for error in self.0.iter_errors(value) {
            if breaks.len() < TOLD {
                let why = cut(&error.masked_with("it").to_string());
                let at = cut(&error.instance_path().to_string());
                breaks.push(Break { tool: tool.map(str::to_owned), at, why });
            } else {
                more += 1;
            }
        }
        more
    }
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Whether there is something to check in an answer.
pub fn applies(blocks: &[Block], settings: &Settings) -> bool {
    settings.response_schema.is_some() || calls(blocks).next().is_some() && !settings.tools.is_empty()
}

/// Checks a whole answer: its text against the response schema, unless it calls tools and is no last word; each call's input
/// against the schema of its tool. It takes as long as the schema makes it take: never on a thread that must go on.
pub fn check(blocks: &[Block], settings: &Settings) -> SchemaCheck {
    let (mut breaks, mut more) = (Vec::new(), 0);
    for (name, input) in calls(blocks) {
        let Some(tool) = settings.tools.iter().find(|tool| tool.name == name) else { continue };
        match Schema::read(&tool.schema) {
            Ok(schema) => more += schema.check(input, Some(name), &mut breaks),
            Err(error) => return SchemaCheck::Unchecked { why: format!("{name}: {}", error.why) },
        }
    }
    if let Some(schema) = settings.response_schema.as_ref().filter(|_| calls(blocks).next().is_none()) {
        let value = match parsed(&text(blocks)) {
            Ok(value) => value,
            Err(Unread::Broken(why)) => {
                let breaks = vec![Break { tool: None, at: String::new(), why }];
                return SchemaCheck::Broken { breaks, more: 0 };
            }
            Err(Unread::Deep) => {
                return SchemaCheck::Unchecked { why: "the answer is nested too deeply".to_owned() };
            }
        };
        match Schema::read(schema) {
            Ok(schema) => more += schema.check(&value, None, &mut breaks),
            Err(error) => return SchemaCheck::Unchecked { why: error.why },
        }
    }
    if breaks.is_empty() { SchemaCheck::Kept } else { SchemaCheck::Broken { breaks, more } }
}

fn calls(blocks: &[Block]) -> impl Iterator<Item = (&str, &Value)> {
    blocks.iter().filter_map(|block| match block {
        Block::ToolUse { name, input, .. } => Some((name.as_str(), input)),
        _ => None,
    })
}

fn text(blocks: &[Block]) -> String {
    let texts = blocks.iter().filter_map(Block::said);
    texts.collect()
}

/// Why an answer is no JSON that can be checked.
enum Unread {
    Broken(String),
    /// The parser gives up at 128 levels.
    Deep,
}

/// The answer as a program would take it: JSON and nothing else. A code fence or words around it are what such a program
/// stumbles over, so they are breaks, with a word of what it is.
fn parsed(text: &str) -> std::result::Result<Value, Unread> {
    let text = text.trim();
    let why = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(why) if why.to_string().contains("recursion limit") => return Err(Unread::Deep),
        Err(why) => why,
    };
    let between = |open: &str, close: &str| {
        let inside = text.split_once(open)?.1.rsplit_once(close)?.0;
        // The language after the back-ticks.
        let inside = inside.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        serde_json::from_str::<Value>(inside.trim()).ok()
    };
    let around = |open: char, close: char| {
        let inside = text.get(text.find(open)?..=text.rfind(close)?)?;
        serde_json::from_str::<Value>(inside).ok()
    };
    Err(Unread::Broken(if text.is_empty() {
        "the answer is empty".to_owned()
    } else if between("```", "```").is_some() {
        "JSON inside a code fence, not JSON alone".to_owned()
    } else if around('{', '}').or_else(|| around('[', ']')).is_some() {
        "JSON with words around it, not JSON alone".to_owned()
    } else if text.starts_with(['{', '[']) {
        format!("broken JSON: {why}")
    } else {
        "not JSON".to_owned()
    }))
}

#[cfg(test)]
mod tests;
