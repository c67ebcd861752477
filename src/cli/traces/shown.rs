//! Traces in lines, and their spans for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::words;
use crate::domain::figures::took as time;
use crate::domain::trace::aligned::Pair;
use crate::domain::trace::contents::{Contents, Part, Said};
use crate::domain::trace::latency::Latency;
use crate::domain::trace::made::Change;
use crate::domain::trace::outline::Outline;
use crate::domain::trace::replay::Replay;
use crate::domain::trace::run::Source;
use crate::domain::trace::{Brought, Kind, Mark, Rollups, Run, Status, Sum, TraceId, TraceSpan, Tree, Went};
use crate::domain::usage::budget::money;

/// The last digits of a trace's id.
pub(super) fn short(id: TraceId) -> String {
    id.to_string()[24..].to_owned()
}

/// Columns that a name takes in a table at most: what stands behind it is to be in sight.
const NAME: usize = 60;

/// Columns of why a run failed, at most.
const WHY: usize = 400;

/// A name in a table; what has none is called so.
fn called(name: &str) -> String {
    if name.trim().is_empty() { "no name".to_owned() } else { words::cut(name, NAME) }
}

/// A line of the list.
pub(super) fn run(run: &Run) -> Vec<String> {
    let went = match run.went() {
        Went::Stopped => "stopped",
        Went::GaveUp => "gave up",
        _ => "",
    };
    // That it gave up is an error itself.
    let errors = run.errors - u64::from(run.went() == Went::GaveUp).min(run.errors);
    let errors = if errors > 0 { words::count(errors, "error", "errors") } else { String::new() };
    let errors =
        [went, errors.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    let took = if run.runs() { "runs".to_owned() } else { time(run.duration()) };
    vec![
        short(run.id),
        words::time(run.at),
        took,
        words::count(run.spans, "span", "spans"),
        errors,
        tokens((run.input, run.untold_input), (run.output, run.untold_output)),
        paid(run.dollars, run.unpriced),
        source(run.source).to_owned(),
        named(run),
    ]
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Own => "own",
        Source::Received => "received",
        Source::Imported => "imported",
    }
}

fn named(run: &Run) -> String {
    let name = match run.service.as_str() {
        "" => run.name.clone(),
        service => format!("{} ({service})", run.name),
    };
    if run.asked.is_empty() { name } else { format!("{name}: {}", words::cut(&run.asked, NAME)) }
}

/// A sum; that there is more to it where of so many calls nobody knows what they add.
fn more(sum: String, untold: u64) -> String {
    if untold == 0 { sum } else { sum + "+" }
}

fn paid(amount: Option<f64>, unpriced: u64) -> String {
    amount.map_or_else(String::new, |amount| more(money(amount), unpriced))
}

/// Tokens in and out, each with the calls that did not tell them.
fn tokens(input: (Option<u64>, u64), output: (Option<u64>, u64)) -> String {
    let told = |(told, untold): (Option<u64>, u64)| Some(more(told?.to_string(), untold));
    match (told(input), told(output)) {
        (None, None) => String::new(),
        (Some(input), None) => format!("{input} tok in"),
        (None, Some(output)) => format!("{output} tok out"),
        (Some(input), Some(output)) => format!("{input}→{output} tok"),
    }
}

/// What stands over a tree.
pub(super) fn headline(run: &Run) -> String {
    let mut line = run_parts(run).join("  ");
    if run.swept > 0 {
        let _ = write!(line, "  {} are gone, by age or room", words::count(run.swept, "span", "spans"));
    }
    line
}

/// Why a run failed, or what in it did.
pub(super) fn why(run: &Run) -> Option<String> {
    let failed = run.failed.as_ref()?;
    let how = match run.went() {
        Went::GaveUp => "gave up",
        Went::Failed => "failed",
        _ => "failed in it",
    };
    Some(format!("{how}: {}", words::cut(&failed.says(), WHY)))
}

fn run_parts(of: &Run) -> Vec<String> {
    let mut parts = run(of);
    parts[0] = of.id.to_string();
    parts.retain(|part| !part.is_empty());
    parts
}

/// A trace that is looked at.
pub(super) struct View<'a> {
    pub outline: &'a Outline,
    pub tree: &'a Tree,
    pub rollups: &'a Rollups,
    /// What was asked in the place of its spans.
    pub replays: &'a [Replay],
}

impl View<'_> {
    /// A line of the tree.
    pub(super) fn line(&self, at: u32) -> Vec<String> {
        let row = &self.outline.rows[at as usize];
        let sum = self.rollups.get(at);
        let indent = "  ".repeat(self.tree.depth(at).min(40) as usize);
        let mut odd: Vec<&str> = self.tree.marks(at).iter().map(Mark::says).collect();
        let again = self.replays(at);
        let replays = words::count(again, "replay", "replays");
        if again > 0 {
            odd.push(&replays);
        }
        let error = self.outline.names.get(row.error);
        let failed = if error.is_empty() { "failed".to_owned() } else { format!("failed: {error}") };
        if row.is_error() {
            odd.insert(0, &failed);
        } else if self.outline.was_made_already(row) {
            odd.insert(0, "not made again");
        }
        let took = if row.is_running() { "runs".to_owned() } else { time(self.tree.duration(at)) };
        vec![
            at.to_string(),
            format!("{indent}{}", called(self.outline.names.get(row.name))),
            row.kind.as_str().to_owned(),
            took,
            format!("self {}", time(self.tree.own_time(at))),
            summed(&sum),
            paid(sum.dollars, sum.unpriced.into()),
            odd.join("; "),
        ]
    }

    /// How often it was asked again.
    fn replays(&self, at: u32) -> u64 {
        let id = self.outline.rows[at as usize].id;
        self.replays.iter().filter(|replay| replay.of.span.0 == id).count() as u64
    }

    /// The same for programs.
    pub(super) fn told(&self, at: u32) -> Told<'_> {
        let row = &self.outline.rows[at as usize];
        let sum = self.rollups.get(at);
        let text = |symbol| Some(self.outline.names.get(symbol)).filter(|text| !text.is_empty());
        Told {
            row: at,
            under: self.tree.parent(at),
            depth: self.tree.depth(at),
            span_id: format!("{:016x}", row.id),
            name: self.outline.names.get(row.name),
            kind: row.kind,
            status: row.status,
            start: row.start,
            end: (!row.is_running()).then_some(row.end),
            duration: self.tree.duration(at),
            own: self.tree.own_time(at),
            provider: text(row.provider),
            model: text(row.model),
            agent: text(row.agent),
            tool: text(row.tool),
            finish: text(row.finish),
            error: text(row.error),
            words: text(row.words),
            service: text(row.service),
            session: text(row.session),
            input: sum.input,
            output: sum.output,
            untold_input: sum.untold_input.into(),
            untold_output: sum.untold_output.into(),
            dollars: sum.dollars,
            unpriced: sum.unpriced,
            marks: self.tree.marks(at).iter().map(Mark::as_str).collect(),
            replays: self.replays(at),
        }
    }
}

fn summed(sum: &Sum) -> String {
    tokens((sum.input, sum.untold_input.into()), (sum.output, sum.untold_output.into()))
}

/// A span of a tree; times in nanoseconds, tokens and dollars with everything below.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Told<'a> {
    row: u32,
    under: Option<u32>,
    depth: u32,
    span_id: String,
    name: &'a str,
    kind: Kind,
    status: Status,
    start: u64,
    end: Option<u64>,
    duration: u64,
    #[serde(rename = "self")]
    own: u64,
    provider: Option<&'a str>,
    model: Option<&'a str>,
    agent: Option<&'a str>,
    tool: Option<&'a str>,
    finish: Option<&'a str>,
    error: Option<&'a str>,
    words: Option<&'a str>,
    service: Option<&'a str>,
    session: Option<&'a str>,
    input: Option<u64>,
    output: Option<u64>,
    /// Calls that did not tell theirs.
    #[serde(skip_serializing_if = "is_none")]
    untold_input: u64,
    #[serde(skip_serializing_if = "is_none")]
    untold_output: u64,
    dollars: Option<f64>,
    unpriced: u32,
    marks: Vec<&'static str>,
    #[serde(skip_serializing_if = "is_none")]
    replays: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What became of spans that were brought.
pub(super) fn brought(brought: &Brought) -> String {
    let mut said = format!(
        "{} of {}",
        words::count(brought.spans, "span", "spans"),
        words::count(brought.traces.len() as u64, "trace", "traces")
    );
    said.push_str(&brought.already());
    if brought.rejected > 0 {
        let _ = write!(said, ", {} rejected", brought.rejected);
    }
    said
}

/// What one of two traces was made with otherwise: `~ version Weather  2 → 3`.
pub(super) fn change(change: &Change) -> Vec<String> {
    let told = |values: &[String]| {
        let values: Vec<String> = values.iter().map(|value| words::cut(value, 40)).collect();
        if values.is_empty() { "–".to_owned() } else { values.join(" | ") }
    };
    let name = format!("~ {}", change.called());
    vec![name, format!("{} → {}", told(&change.left), told(&change.right))]
}

/// A line of two traces side by side.
pub(super) fn pair(pair: &Pair, name: &str) -> Vec<String> {
    let signed =
        |number: i64, shown: String| if number < 0 { format!("−{shown}") } else { format!("+{shown}") };
    let changed =
        |number: i64, shown: String| if number == 0 { String::new() } else { signed(number, shown) };
    vec![
        format!("{} {}{}", pair.fate.sign(), "  ".repeat(pair.depth.min(40) as usize), called(name)),
        changed(pair.duration, time(pair.duration.unsigned_abs())),
        changed(pair.tokens, format!("{} tok", pair.tokens.unsigned_abs())),
        pair.differs.join(", "),
    ]
}

/// A table of times by name.
pub(super) fn latencies(latencies: &[Latency]) -> Vec<Vec<String>> {
    let head = ["name", "kind", "spans", "errors", "p50", "p90", "p99", "max", "self"];
    let rows = latencies.iter().map(|of| {
        vec![
            called(&of.name),
            of.kind.as_str().to_owned(),
            of.spans.to_string(),
            of.errors.to_string(),
            time(of.p50),
            time(of.p90),
            of.p99.map_or_else(|| "–".to_owned(), time),
            time(of.longest),
            time(of.own),
        ]
    });
    std::iter::once(head.map(str::to_owned).to_vec()).chain(rows).collect()
}

/// A span with all that was said in it.
pub(super) fn span(span: &TraceSpan, contents: &Contents) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", span.name, time(span.duration()))];
    if !span.status_message.is_empty() {
        lines.push(format!("status: {}", span.status_message));
    }
    for said in contents.input.iter().chain(&contents.output) {
        message(said, &mut lines);
    }
    if let Some(ran) = &contents.ran {
        let json = |json: Option<&serde_json::Value>| json.map_or_else(String::new, ToString::to_string);
        lines.push(format!("{}({}) → {}", ran.name, json(ran.arguments.as_ref()), json(ran.result.as_ref())));
    }
    if let Some(query) = &contents.query {
        lines.push(format!("query: {query}"));
    }
    for found in &contents.found {
        let score = found.score.map_or_else(String::new, |score| format!(" {score:.3}"));
        let id = found.id.as_deref().unwrap_or_default();
        lines.push(format!("found: {id}{score}  {}", found.text.as_deref().unwrap_or_default()));
    }
    for (key, value) in span.attributes.iter() {
        let value = value.as_text().map_or_else(|| value.to_json().to_string(), str::to_owned);
        lines.push(format!("{key} = {value}"));
    }
    lines
}

/// A line of what was asked in the place of a span.
pub(super) fn replay(replay: &Replay) -> String {
    let model = replay.asked.model.as_ref().map_or_else(String::new, ToString::to_string);
    let id = short(TraceId(*replay.id.as_bytes()));
    format!("replayed: {id}  {}  {model}", words::time(replay.at))
}

fn message(said: &Said, lines: &mut Vec<String>) {
    for part in &said.parts {
        let text = match part {
            Part::Text { text } => text.clone(),
            Part::Reasoning { text, .. } => format!("(thinks) {text}"),
            Part::ToolCall { name, arguments, .. } => format!("calls {name}({arguments})"),
            Part::ToolResult { result, .. } => format!("result: {result}"),
            Part::Other { kind, .. } => format!("[{kind}]"),
        };
        lines.push(format!("{}: {text}", said.role));
    }
}
