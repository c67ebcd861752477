//! A trace as a list has it, and what is done with traces as things.

use serde::{Deserialize, Serialize};

use super::facts::{GAVE_UP, Kind};
use super::failing;
use super::names::Names;
use super::outline::Outline;
use super::span::TraceId;
use super::tree::{Mark, Rollups, Tree};
use crate::domain::figures::grouped;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// Who a trace came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// This program did it.
    Own,
    /// Another program sent it.
    Received,
    /// A file held it.
    Imported,
}

/// What failed in a run, in the words of its spans.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Failure {
    /// The name of the span in which it did; empty where that is the run itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub span: String,
    /// A word for it, "timeout", and what was said of it. Either may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// The run failed of it, or gave up; else it came to its end all the same.
    pub whole: bool,
}

impl Failure {
    /// The one of these spans that tells why the run failed.
    fn of(outline: &Outline, tree: &Tree) -> Option<Self> {
        let at = failing::of_run(outline, tree)?;
        let row = outline.rows.get(at as usize)?;
        let text = |symbol| outline.names.get(symbol).to_owned();
        let is_run = tree.roots().first() == Some(&at);
        let mut roots = tree.roots().iter().map(|root| &outline.rows[*root as usize]);
        Some(Self {
            span: if is_run { String::new() } else { text(row.name) },
            error: text(row.error),
            words: text(row.words),
            whole: roots.any(|root| root.parent == 0 && root.is_error()),
        })
    }

    /// It is an agent that gave up: no more than its limits, or itself, kept it from an answer.
    pub fn gave_up(&self) -> bool {
        self.whole && self.span.is_empty() && self.error == GAVE_UP
    }

    /// In words: `execute_tool get_weather: timeout: the server is slow`; also where nobody says why.
    pub fn says(&self) -> String {
        let error = if self.gave_up() { "" } else { self.error.as_str() };
        let words = Some(self.words.as_str()).filter(|words| *words != error).unwrap_or_default();
        let parts = [self.span.as_str(), error, words].into_iter().filter(|part| !part.is_empty());
        let says = parts.collect::<Vec<_>>().join(": ");
        if says.is_empty() { "nobody says why".to_owned() } else { says }
    }
}

/// How a run went. What says most of it comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// It ended before it was done.
    Stopped,
    /// It is an agent's, and came to its limits or went no further.
    GaveUp,
    Failed,
    /// It came to its end, or runs still, and something in it failed.
    WithErrors,
    /// Spans of it have told no end.
    Runs,
    Well,
}

/// A trace in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: TraceId,
    pub source: Source,
    /// Its place in lists: when it began, as its first spans told; it stays.
    pub at: Timestamp,
    /// The first start and the last end that were told, in nanoseconds since the Unix epoch; an end of zero was not told.
    pub start: u64,
    pub end: u64,
    /// Of its root, or of its first span as long as that has not come.
    pub name: String,
    /// How what it was asked begins, in a line, where it is one of this program and that is kept.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked: String,
    pub kind: Kind,
    pub service: String,
    pub session: String,
    pub agent: String,
    pub model: String,
    pub spans: u64,
    pub errors: u64,
    /// Spans whose end was not told.
    pub running: u64,
    /// Tokens, each counted once; `None` where nobody told any.
    pub input: Option<u64>,
    pub output: Option<u64>,
    /// Calls that did not tell what they read, and what they wrote: the tokens are more.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untold_input: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untold_output: u64,
    /// US dollars of what is known.
    pub dollars: Option<f64>,
    /// Calls of models whose cost nobody knows.
    pub unpriced: u64,
    /// Bytes that it takes on the disk.
    pub bytes: u64,
    /// Spans that are gone because they were too old or too much.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub swept: u64,
    /// What people noted on it and on its spans, where that was counted: it is no part of what is kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub notes: u64,
    /// What those come to in a line, likewise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub noted: String,
    /// It is so large that its sums are those of its parts: what came twice may be counted twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rough: bool,
    /// One of this program that ended before it was done: somebody stopped it, or its process died.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// Why it failed, or what in it did; `None` where nothing did, and of one that was kept before this was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failure>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Run {
    /// Nanoseconds from the first start to the last end.
    pub fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it has no end yet. One of this program runs as long as one of its spans does; another program may never tell the
    /// end of one.
    pub fn runs(&self) -> bool {
        self.end == 0 || self.running > 0 && self.source == Source::Own
    }

    /// How it went.
    pub fn went(&self) -> Went {
        match &self.failed {
            _ if self.stopped => Went::Stopped,
            Some(failed) if failed.gave_up() => Went::GaveUp,
            Some(Failure { whole: true, .. }) => Went::Failed,
            _ if self.errors > 0 => Went::WithErrors,
            _ if self.running > 0 => Went::Runs,
            _ => Went::Well,
        }
    }

    /// What these spans come to.
    pub fn of(id: TraceId, source: Source, outline: &Outline) -> Self {
        let tree = Tree::of(outline);
        let whole = Rollups::of(outline, &tree).whole;
        let first = tree.roots().first().map(|root| &outline.rows[*root as usize]);
        let names = &outline.names;
        let said = |of: &dyn Fn(&super::Row) -> super::names::Symbol| {
            let from_first = first.map(of).filter(|symbol| !symbol.is_none());
            let from_any = || outline.rows.iter().map(of).find(|symbol| !symbol.is_none());
            text(names, from_first.or_else(from_any))
        };
        // A model that speaks tells more of a run than one that embeds.
        let mut models = outline.rows.iter().filter(|row| row.kind == Kind::Model).map(|row| row.model);
        let speaks = models.find(|symbol| !symbol.is_none());
        let model = match speaks {
            Some(_) if first.is_none_or(|row| row.model.is_none()) => text(names, speaks),
            _ => said(&|row| row.model),
        };
        let starts = outline.rows.iter().map(|row| row.start).filter(|start| *start > 0);
        let start = starts.min().unwrap_or(0);
        let alone = |at: u32| !tree.marks(at).has(Mark::Again);
        let running = (0..).zip(&outline.rows).filter(|(at, row)| row.is_running() && alone(*at)).count();
        Self {
            id,
            source,
            at: Timestamp(i64::try_from(start / 1_000_000).unwrap_or(i64::MAX)),
            start,
            end: outline.rows.iter().map(|row| row.end).max().unwrap_or(0),
            name: said(&|row| row.name),
            asked: String::new(),
            kind: first.map_or(Kind::Other, |row| row.kind),
            service: said(&|row| row.service),
            session: said(&|row| row.session),
            agent: said(&|row| row.agent),
            model,
            spans: outline.rows.len() as u64,
            errors: u64::from(whole.errors),
            running: running as u64,
            input: whole.input,
            output: whole.output,
            untold_input: u64::from(whole.untold_input),
            untold_output: u64::from(whole.untold_output),
            dollars: whole.dollars,
            unpriced: u64::from(whole.unpriced),
            bytes: 0,
            swept: 0,
            notes: 0,
            noted: String::new(),
            rough: false,
            stopped: first.is_some_and(|row| row.stopped),
            failed: Failure::of(outline, &tree),
        }
    }

    /// The same run with more spans, which `more` is of alone: sums are added, whatever the two have in common.
    #[must_use]
    pub fn and(mut self, more: Self, more_has_root: bool) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        self.start = match (self.start, more.start) {
            (0, start) | (start, 0) => start,
            (one, other) => one.min(other),
        };
        self.end = self.end.max(more.end);
        if more_has_root {
            (self.name, self.kind) = (more.name, more.kind);
            self.stopped = more.stopped;
        }
        // What the run itself failed of says more than what some part of it did.
        if self.failed.is_none() || more.failed.as_ref().is_some_and(|failed| failed.whole) {
            self.failed = more.failed.or(self.failed.take());
        }
        for (mine, others) in [
            (&mut self.service, more.service),
            (&mut self.session, more.session),
            (&mut self.agent, more.agent),
            (&mut self.model, more.model),
        ] {
            if mine.is_empty() {
                *mine = others;
            }
        }
        self.spans += more.spans;
        self.errors += more.errors;
        self.running += more.running;
        self.input = sum(self.input, more.input);
        self.output = sum(self.output, more.output);
        self.untold_input += more.untold_input;
        self.untold_output += more.untold_output;
        self.dollars = match (self.dollars, more.dollars) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        self.unpriced += more.unpriced;
        self.rough = true;
        self
    }
}

fn text(names: &Names, symbol: Option<super::names::Symbol>) -> String {
    symbol.map_or_else(String::new, |symbol| names.get(symbol).to_owned())
}

/// What became of spans that were brought.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brought {
    pub spans: u64,
    /// Those among them that were here already, as they are: they are not kept twice.
    #[serde(skip_serializing_if = "is_zero")]
    pub known: u64,
    /// The traces that they are of, in order.
    pub traces: Vec<TraceId>,
    /// Spans that could not be taken.
    pub rejected: u64,
    /// Places that were written in an unusual way, and read all the same.
    pub repaired: u64,
    /// It ends in the middle; what stood before that was taken.
    pub cut: bool,
    /// What there is to say of it, in one line; empty where all was well.
    pub remarks: String,
}

impl Brought {
    /// How many were here already, behind the number of all: `, 4 there already`; nothing where none was.
    pub fn already(&self) -> String {
        match self.known {
            0 => String::new(),
            known if known == self.spans => ", all there already".to_owned(),
            known => format!(", {} there already", grouped(known)),
        }
    }
}

/// A server that takes OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Destination {
    /// Its address, with `/v1/traces` or without.
    pub url: String,
    /// Headers that it wants; their values may be credentials.
    pub headers: Vec<(String, Secret)>,
    /// As JSON, and not as protobuf.
    pub json: bool,
}

/// What became of a trace that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub id: TraceId,
    /// `host:port` of the server.
    pub to: String,
    pub spans: u64,
    /// Those among them that the server did not take.
    pub rejected: u64,
    /// What it says to that, or besides.
    pub words: String,
    /// What of it could not be read, a line each: that was not sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<String>,
}

/// The forms in which a trace is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// OTLP as JSON: a request a line.
    Json,
    /// OTLP as protobuf: one request.
    Protobuf,
    /// For people.
    Markdown,
    /// One page.
    Html,
    /// What was asked, as rows of a dataset.
    Prompts,
    /// The calls of models as messages of `OpenAI`'s chat, one a line.
    OpenAi,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::{Facts, SpanKey, Status, TraceSpan};

    fn run(root: Facts<'_>, status: Status) -> Run {
        let mut outline = Outline::default();
        let tool = Facts { kind: Kind::Tool, error: "timeout", words: "it is slow", ..Facts::default() };
        for (id, facts, status) in [(1, root, status), (2, tool, Status::Error)] {
            let span = TraceSpan {
                id: SpanKey(id),
                parent: (id > 1).then_some(SpanKey(1)),
                name: if id > 1 { "execute_tool get".to_owned() } else { "invoke_agent a".to_owned() },
                start: id,
                end: 10 - id,
                status,
                ..TraceSpan::default()
            };
            outline.add(&span, &facts, |_| None);
        }
        Run::of(TraceId([1; 16]), Source::Own, &outline)
    }

    fn told(run: &Run) -> (Went, String) {
        (run.went(), run.failed.as_ref().map(Failure::says).unwrap_or_default())
    }

    #[test]
    fn one_that_was_stopped_failed_or_gave_up_is_told_apart_and_says_why() {
        let tool = "execute_tool get: timeout: it is slow";
        let done = run(Facts::default(), Status::Ok);
        assert_eq!(told(&done), (Went::WithErrors, tool.to_owned()));
        let stopped = run(Facts { stopped: true, ..Facts::default() }, Status::Unset);
        assert_eq!(told(&stopped), (Went::Stopped, tool.to_owned()));
        assert_eq!(told(&run(Facts::default(), Status::Error)), (Went::Failed, tool.to_owned()));
        let limit = "its limit of 2 steps is reached";
        let gave_up = run(Facts { error: GAVE_UP, words: limit, ..Facts::default() }, Status::Error);
        assert_eq!(told(&gave_up), (Went::GaveUp, limit.to_owned()));
        assert_eq!(Failure { whole: true, ..Failure::default() }.says(), "nobody says why");
        let well = Run { errors: 0, failed: None, running: 1, ..done.clone() };
        assert_eq!((well.went(), Run { running: 0, ..well.clone() }.went()), (Went::Runs, Went::Well));
        let text = serde_json::to_string(&well).unwrap();
        assert!(!text.contains("failed"), "{text}");
        // Runs that were kept before this was known say nothing of it either.
        assert_eq!(serde_json::from_str::<Run>(&text).unwrap(), well);
    }

    #[test]
    fn of_a_run_in_parts_the_failure_of_its_whole_is_told() {
        let part = run(Facts::default(), Status::Ok);
        let whole = run(Facts { error: "x", ..Facts::default() }, Status::Error);
        assert_eq!(part.clone().and(whole.clone(), true).went(), Went::Failed);
        assert_eq!(whole.and(part.clone(), false).went(), Went::Failed);
        let none = Run { failed: None, errors: 0, ..part.clone() };
        assert_eq!(none.and(part.clone(), false).failed, part.failed);
    }
}
