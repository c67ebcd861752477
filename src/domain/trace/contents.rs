//! What was said within a span: messages, tools, passages, parameters. Read when somebody looks.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::value::Attributes;

/// What such thoughts are called, here and by Anthropic.
const REDACTED: [&str; 2] = ["redacted_reasoning", "redacted_thinking"];

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text {
        text: String,
    },
    /// `signature` is the provider's own seal of it, without which some take no thought back.
    Reasoning {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    ToolCall {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        name: String,
        arguments: Json,
        /// What the provider wants back with the call, unread.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extra: Option<Json>,
    },
    ToolResult {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        result: Json,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
    /// A picture, a file, or what nobody knows yet: as it was written.
    Other {
        kind: String,
        value: Json,
    },
}

impl Part {
    /// A piece of text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// A thought that nobody sealed.
    pub fn thought(text: impl Into<String>) -> Self {
        Self::Reasoning { text: text.into(), signature: None }
    }

    /// What a provider thought and keeps to itself, in the sealed form that it takes back.
    pub fn sealed(&self) -> Option<&str> {
        match self {
            Self::Other { kind, value } if REDACTED.contains(&kind.as_str()) => value.get("data")?.as_str(),
            _ => None,
        }
    }
}

/// A message, whoever wrote it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// "user", "assistant", "tool", "system", or any other word.
    pub role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub parts: Vec<Part>,
}

impl Said {
    /// A message of one text.
    pub fn new(role: &str, text: impl Into<String>) -> Self {
        Self { role: role.to_owned(), name: None, parts: vec![Part::text(text)] }
    }

    /// Its text alone.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        texts.join("\n")
    }

    /// The calls of tools in it: id, name and arguments.
    pub fn calls(&self) -> impl Iterator<Item = (Option<&str>, &str, &Json)> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall { id, name, arguments, .. } => Some((id.as_deref(), name.as_str(), arguments)),
            _ => None,
        })
    }
}

/// A tool that a model might call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Offered {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The schema of its arguments, where it was told.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub schema: Json,
}

/// A tool that ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ran {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub arguments: Option<Json>,
    pub result: Option<Json>,
}

/// A passage that was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What else was said of it.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub more: Json,
}

/// What somebody or something thought of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// "human", "llm", "code", or unsaid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Everything that was said within a span.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contents {
    /// Request parameters by their plain names: "temperature".
    pub parameters: Attributes,
    /// What went in, a system prompt first.
    pub input: Vec<Said>,
    pub output: Vec<Said>,
    pub offered: Vec<Offered>,
    pub ran: Option<Ran>,
    pub query: Option<String>,
    pub found: Vec<Found>,
    pub scores: Vec<Score>,
    pub finish: Vec<String>,
    /// Attributes that should hold one of these and do not; they stand among the raw ones.
    pub unread: Vec<String>,
}
