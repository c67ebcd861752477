//! A JSON value whose members keep their order, written as JSON or as Python.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::domain::untrusted::json_escape;

/// A value as it is written in a program.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    /// `null`, a truth or a number.
    Plain(Value),
    Text(String),
    /// Base64 of bytes, which Python is to decode.
    Bytes(String),
    List(Vec<Literal>),
    Map(Vec<(String, Literal)>),
}

/// The language that it is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    Python,
}

impl Literal {
    /// Writes it; further lines begin `depth` steps in.
    pub fn write(&self, out: &mut String, language: Language, depth: usize) {
        let python = language == Language::Python;
        match self {
            Self::Plain(Value::Null) if python => out.push_str("None"),
            Self::Plain(Value::Bool(truth)) if python => out.push_str(if *truth { "True" } else { "False" }),
            Self::Plain(value) => out.push_str(&value.to_string()),
            Self::Text(text) => out.push_str(&quoted(text, language)),
            Self::Bytes(base64) => {
                out.push_str("base64.b64decode(");
                out.push_str(&quoted(base64, language));
                out.push(')');
            }
            Self::List(items) => {
                let write = |item: &Self, out: &mut String| item.write(out, language, depth + 1);
                within(out, ('[', ']'), items, language, depth, write);
            }
            Self::Map(members) => {
                let write = |(name, value): &(String, Self), out: &mut String| {
                    out.push_str(&quoted(name, language));
                    out.push_str(": ");
                    value.write(out, language, depth + 1);
                };
                within(out, ('{', '}'), members, language, depth, write);
            }
        }
    }
}

fn within<T>(
    out: &mut String,
    (open, close): (char, char),
    items: &[T],
    language: Language,
    depth: usize,
    write: impl Fn(&T, &mut String),
) {
    // As people lay out Python, and JSON.
    let step = if language == Language::Python { "    " } else { "  " };
    out.push(open);
    for (i, item) in items.iter().enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        out.push_str(&step.repeat(depth + 1));
        write(item, out);
    }
    if !items.is_empty() {
        if language == Language::Python {
            out.push(',');
        }
        out.push('\n');
        out.push_str(&step.repeat(depth));
    }
    out.push(close);
}

/// A string. The escapes of JSON are Python's too, save those of two halves.
pub(super) fn quoted(text: &str, language: Language) -> String {
    let json = Value::from(text).to_string();
    match json_escape(&json) {
        escaped if language == Language::Json => escaped.into_owned(),
        Cow::Borrowed(_) => json,
        Cow::Owned(_) => {
            let mut python = String::with_capacity(json.len());
            for c in json.chars() {
                let one = c.to_string();
                if matches!(json_escape(&one), Cow::Borrowed(_)) {
                    python.push(c);
                } else {
                    let _ = write!(python, "\\U{:08x}", c as u32);
                }
            }
            python
        }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Literal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Literal, E> {
        Ok(Literal::Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Literal, E> {
        Ok(Literal::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Literal, E> {
        Ok(Literal::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Literal, E> {
        Ok(Literal::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Literal, E> {
        Ok(Literal::Plain(value.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Literal, E> {
        Ok(Literal::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Literal, E> {
        Ok(Literal::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Literal, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Literal::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Literal, A::Error> {
        let mut map = Vec::new();
        while let Some(member) = members.next_entry()? {
            map.push(member);
        }
        Ok(Literal::Map(map))
    }
}
