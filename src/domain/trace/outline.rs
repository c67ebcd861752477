//! The spans of one trace in short: a row each, small enough for a million of them, with the texts kept once.
//!
//! Rows stand in the order in which their spans came and are never moved; whoever keeps the whole spans can find one by
//! its row's number. What becomes of them is `tree`.

use super::facts::{Dialect, Facts, GAVE_UP, Kind, MADE_ALREADY, hash, is_cut};
use super::names::{Names, Symbol};
use super::span::{SpanKey, Status, TraceSpan};
use crate::domain::message::Usage;

/// Characters of an error that a row keeps; the span has it whole.
const ERROR: usize = 400;

/// One span in short.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: u64,
    /// Zero where it has none.
    pub parent: u64,
    /// Nanoseconds since the Unix epoch.
    pub start: u64,
    /// Zero while it runs.
    pub end: u64,
    pub name: Symbol,
    pub operation: Symbol,
    pub provider: Symbol,
    pub model: Symbol,
    pub agent: Symbol,
    pub session: Symbol,
    pub tool: Symbol,
    pub finish: Symbol,
    pub error: Symbol,
    /// The beginning of what was said of the error.
    pub words: Symbol,
    pub service: Symbol,
    pub kind: Kind,
    pub dialect: Dialect,
    pub status: Status,
    /// It ended before it was done.
    pub stopped: bool,
    /// Hashes of a tool's call and of its arguments; zero where there are none.
    pub call: u64,
    pub arguments: u64,
    pub usage: Usage,
    /// US dollars: told, or reckoned by the caller.
    pub dollars: Option<f64>,
    /// `dollars` was told by the span.
    pub is_told: bool,
    /// Nanoseconds to the first piece.
    pub first: Option<u64>,
    /// Places that were mended when it was read.
    pub repaired: u32,
    /// Events and links.
    pub events: u32,
    pub links: u32,
}

impl Row {
    /// The id of its span; `None` where that tells none.
    pub fn key(&self) -> Option<SpanKey> {
        Some(SpanKey(self.id)).filter(|key| !key.is_zero())
    }

    /// Nanoseconds that it took; zero for one that runs, or ends before it starts.
    pub fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether its end has not come.
    pub fn is_running(&self) -> bool {
        self.end == 0
    }

    /// Whether it failed.
    pub fn is_error(&self) -> bool {
        self.status == Status::Error
    }

    /// Tokens in and out, where any were told.
    pub fn tokens(&self) -> Option<u64> {
        let (input, output) = (self.usage.input, self.usage.output);
        (input.is_some() || output.is_some())
            .then(|| u64::from(input.unwrap_or(0)) + u64::from(output.unwrap_or(0)))
    }

    /// Milliseconds a token after the first, where an answer came in pieces.
    pub fn pace(&self) -> Option<f64> {
        let rest = self.duration().checked_sub(self.first?)?;
        let more = self.usage.output?.checked_sub(1).filter(|more| *more > 0)?;
        Some(rest as f64 / 1e6 / f64::from(more))
    }
}

/// The rows of one trace.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    pub names: Names,
    pub rows: Vec<Row>,
}

impl Outline {
    /// Adds a span; `price` reckons what tokens of a model cost where the span does not tell.
    pub fn add(&mut self, span: &TraceSpan, facts: &Facts<'_>, price: impl Fn(&Facts<'_>) -> Option<f64>) {
        let told = facts.dollars.filter(|dollars| dollars.is_finite());
        let reckoned = || if facts.kind.is_inference() { price(facts) } else { None };
        let names = &mut self.names;
        let words = facts.words.char_indices().nth(ERROR).map_or(facts.words, |(at, _)| &facts.words[..at]);
        self.rows.push(Row {
            id: span.id.0,
            parent: span.parent.map_or(0, |parent| parent.0),
            start: span.start,
            end: span.end,
            name: names.keep(&span.name),
            operation: names.keep(facts.operation),
            provider: names.keep(facts.provider),
            model: names.keep(if facts.model.is_empty() { facts.answered_by } else { facts.model }),
            agent: names.keep(facts.agent),
            session: names.keep(facts.session),
            tool: names.keep(facts.tool),
            finish: names.keep(facts.finish),
            error: names.keep(facts.error),
            words: names.keep(words),
            service: names.keep(span.service().unwrap_or_default()),
            kind: facts.kind,
            dialect: facts.dialect,
            status: span.status,
            stopped: facts.stopped,
            call: if facts.call.is_empty() { 0 } else { hash(facts.call.as_bytes()) },
            arguments: facts.arguments,
            usage: facts.usage,
            dollars: told.or_else(reckoned),
            is_told: told.is_some(),
            first: facts.first,
            repaired: span.repaired,
            events: u32::try_from(span.events.len()).unwrap_or(u32::MAX),
            links: u32::try_from(span.links.len()).unwrap_or(u32::MAX),
        });
    }

    /// Whether it is an agent that gave up, which is no failure of what it called.
    pub fn gave_up(&self, row: &Row) -> bool {
        row.is_error() && self.names.get(row.error) == GAVE_UP
    }

    /// Whether it is a call that was not made, since the same one was right before it: nothing failed.
    pub fn was_made_already(&self, row: &Row) -> bool {
        self.names.get(row.error) == MADE_ALREADY
    }

    /// Whether an answer was cut at the limit of its length.
    pub fn is_truncated(&self, row: &Row) -> bool {
        is_cut(self.names.get(row.finish))
    }

    /// Rows in whose names, models, tools or errors `needle` (in lower case) stands, in order of arrival.
    pub fn find(&self, needle: &str) -> Vec<u32> {
        let has = self.names.passing(|text| super::find::within(text, needle));
        let has = |symbol: Symbol| has.get(symbol.index()).copied().unwrap_or(false);
        let said = |row: &Row| [row.name, row.model, row.tool, row.error, row.words].into_iter().any(has);
        (0..).zip(&self.rows).filter(|(_, row)| said(row)).map(|(at, _)| at).collect()
    }
}
