//! The small language in which spans are asked for.
//!
//! `kind:tool status:error dur>2s "timed out"`: terms side by side all hold; `or`, `not` (or a `-` in front) and brackets
//! do what they say. A word by itself stands anywhere in a span.
//!
//! | term | holds where |
//! |---|---|
//! | `kind:` | the kind is that |
//! | `name:` `model:` `provider:` `tool:` `agent:` `service:` `error:` | it has that within, whatever its case; with `=` it is that |
//! | `session:` | the session is that |
//! | `status:` | it is `ok`, `error`, `unset`, `running` or `stopped` |
//! | `is:` | it has that mark: `orphan`, `cycle`, `skewed` … |
//! | `tok>` `in>` `out>` | tokens: `2k` |
//! | `cost>` | US dollars |
//! | `dur>` `self>` `first>` | times: `150ms`, `2s`, `1.5m`; `first` is to the first piece of an answer |
//! | `score.NAME>` | a score; `:` compares its label |
//! | `attr."KEY"=` | an attribute; `:` has it within; numbers compare |
//!
//! What is unknown holds for no comparison.

mod read;

use super::contents::Score;
use super::find;
use super::names::Names;
use super::outline::Row;
use super::tree::{Mark, Marks};
use super::value::Value;
use super::{Kind, Status, TraceSpan};

/// How two things are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// `:`
    Has,
    Is,
    IsNot,
    More,
    AtLeast,
    Less,
    AtMost,
}

impl Compare {
    fn numbers(self, one: f64, other: f64) -> bool {
        match self {
            Self::Has | Self::Is => is_same(one, other),
            Self::IsNot => !is_same(one, other),
            Self::More => one > other,
            Self::AtLeast => one >= other,
            Self::Less => one < other,
            Self::AtMost => one <= other,
        }
    }

    /// `wanted` is in lower case where something has it within.
    fn texts(self, text: &str, wanted: &str) -> bool {
        match self {
            Self::Has => find::within(text, wanted),
            Self::Is => text == wanted,
            Self::IsNot => text != wanted,
            Self::More => text > wanted,
            Self::AtLeast => text >= wanted,
            Self::Less => text < wanted,
            Self::AtMost => text <= wanted,
        }
    }
}

/// As near as sums of dollars and decimal fractions come.
fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// Texts of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Name,
    Model,
    Vendor,
    Tool,
    Agent,
    Service,
    Session,
    Error,
}

/// Numbers of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Tokens,
    Input,
    Output,
    Dollars,
    Duration,
    Own,
    First,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Kind(Kind),
    Status(Status),
    Mark(Mark),
    Field(Field, Compare, String),
    /// Tokens, US dollars or nanoseconds.
    Measure(Measure, Compare, f64),
    Score(String, Compare, String),
    Attribute(String, Compare, String),
    /// In lower case.
    Text(String),
}

/// A span as far as the asker has it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub row: &'a Row,
    pub names: &'a Names,
    pub marks: Marks,
    /// Nanoseconds of its own.
    pub own: u64,
    /// The whole of it, for what is asked of attributes and contents.
    pub span: Option<&'a TraceSpan>,
    pub scores: &'a [Score],
}

impl Filter {
    /// Reads what a person wrote; an empty text asks for every span.
    ///
    /// # Errors
    ///
    /// `Invalid`, with the column.
    pub fn read(text: &str) -> crate::domain::Result<Self> {
        read::read(text)
    }

    /// Whether whole spans are needed to tell: rows alone do for the rest.
    pub fn needs_spans(&self) -> bool {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().any(Self::needs_spans),
            Self::Not(filter) => filter.needs_spans(),
            Self::Attribute(..) | Self::Text(_) => true,
            _ => false,
        }
    }

    /// Whether scores are needed to tell.
    pub fn needs_scores(&self) -> bool {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().any(Self::needs_scores),
            Self::Not(filter) => filter.needs_scores(),
            Self::Score(..) => true,
            _ => false,
        }
    }

    /// Whether the other spans of its trace are needed to tell.
    pub fn needs_tree(&self) -> bool {
        match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().any(Self::needs_tree),
            Self::Not(filter) => filter.needs_tree(),
            Self::Mark(_) | Self::Measure(Measure::Own, ..) => true,
            _ => false,
        }
    }

    /// Whether a span is asked for.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let row = subject.row;
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.matches(subject)),
            Self::Any(filters) => filters.iter().any(|filter| filter.matches(subject)),
            Self::Not(filter) => !filter.matches(subject),
            Self::Kind(kind) => row.kind == *kind,
            Self::Status(status) => row.status == *status,
            Self::Mark(mark) => subject.marks.has(*mark),
            Self::Field(field, compare, wanted) => subject.field(*field, *compare, wanted),
            Self::Measure(measure, compare, wanted) => {
                subject.measure(*measure).is_some_and(|number| compare.numbers(number, *wanted))
            }
            Self::Score(name, compare, wanted) => subject
                .scores
                .iter()
                .filter(|score| score.name.eq_ignore_ascii_case(name))
                .any(|score| score_is(score, *compare, wanted)),
            Self::Attribute(key, compare, wanted) => {
                subject.span.is_some_and(|span| attribute_is(span, key, *compare, wanted))
            }
            Self::Text(text) => subject.says(text),
        }
    }
}

impl Subject<'_> {
    fn field(&self, field: Field, compare: Compare, wanted: &str) -> bool {
        let row = self.row;
        let symbol = match field {
            Field::Name => row.name,
            Field::Model => row.model,
            Field::Vendor => row.provider,
            Field::Tool => row.tool,
            Field::Agent => row.agent,
            Field::Service => row.service,
            Field::Session => row.session,
            Field::Error => {
                let words = self.names.get(row.words);
                return compare.texts(self.names.get(row.error), wanted) || compare.texts(words, wanted);
            }
        };
        compare.texts(self.names.get(symbol), wanted)
    }

    fn measure(&self, measure: Measure) -> Option<f64> {
        let row = self.row;
        match measure {
            Measure::Tokens => row.tokens().map(|tokens| tokens as f64),
            Measure::Input => row.usage.input.map(f64::from),
            Measure::Output => row.usage.output.map(f64::from),
            Measure::Dollars => row.dollars,
            Measure::Duration => (!row.is_running()).then(|| row.duration() as f64),
            Measure::Own => (!row.is_running()).then_some(self.own as f64),
            Measure::First => row.first.map(|first| first as f64),
        }
    }

    fn says(&self, text: &str) -> bool {
        let row = self.row;
        let has = |symbol| find::within(self.names.get(symbol), text);
        has(row.name)
            || has(row.model)
            || has(row.tool)
            || has(row.agent)
            || has(row.provider)
            || has(row.service)
            || has(row.session)
            || has(row.error)
            || has(row.words)
            || self.span.is_some_and(|span| span.says(text))
    }
}

fn score_is(score: &Score, compare: Compare, wanted: &str) -> bool {
    let label = score.label.as_deref().unwrap_or_default();
    if let (Some(value), Ok(wanted)) = (score.value, wanted.parse::<f64>()) {
        return compare.numbers(value, wanted);
    }
    // A label is not more or less than another.
    let compares = matches!(compare, Compare::Has | Compare::Is | Compare::IsNot);
    compares && !label.is_empty() && compare.texts(label, wanted)
}

fn attribute_is(span: &TraceSpan, key: &str, compare: Compare, wanted: &str) -> bool {
    let value = span.attributes.get(key).or_else(|| span.origin.resource.get(key));
    let Some(value) = value else { return compare == Compare::IsNot };
    if compare == Compare::Has {
        return find::in_value(value, wanted);
    }
    match (value.as_number(), wanted.parse::<f64>()) {
        (Some(number), Ok(wanted)) => compare.numbers(number, wanted),
        _ => match value {
            Value::Text(text) => compare.texts(text, wanted),
            Value::Truth(truth) => compare.texts(if *truth { "true" } else { "false" }, wanted),
            other => compare.texts(&other.to_json().to_string(), wanted),
        },
    }
}

#[cfg(test)]
mod tests;
