//! A trace as Markdown: the tree, then every span with what was said in it. Texts stand as they are, each in a fence that it
//! cannot close.

use std::fmt::Write;

use serde_json::Value as Json;

use super::report::{Report, moment, took};
use crate::domain::trace::contents::{Contents, Part, Said};
use crate::domain::trace::{Attributes, Mark, TraceSpan};
use crate::wire::trace::meaning::contents;

/// The whole trace.
pub fn markdown(report: &Report<'_>) -> String {
    let mut to = String::new();
    let (start, end) = report.tree.span();
    let _ = write!(to, "# {}\n\n", code(report.title()));
    if let Some(first) = report.spans.first() {
        let _ = writeln!(to, "- trace {}", first.trace);
    }
    let _ = writeln!(to, "- {}", moment(start));
    let whole = &report.rollups.whole;
    let _ = writeln!(to, "- {} spans · {}", whole.spans, report.figures(whole, end.saturating_sub(start)));
    to.push_str("\n## Spans\n\n");
    for at in report.tree.order() {
        let row = report.row(*at);
        let indent = "  ".repeat(report.tree.depth(*at) as usize);
        let name = code(report.outline.names.get(row.name));
        let figures = report.figures(&report.rollups.get(*at), report.tree.duration(*at));
        let marks: Vec<&str> = report.tree.marks(*at).iter().map(Mark::says).collect();
        let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join("; ")) };
        let _ = writeln!(to, "{indent}- {} {name} · {figures}{marks}", row.kind.as_str());
    }
    for at in report.tree.order() {
        span(&mut to, &report.spans[*at as usize], report.tree.own_time(*at));
    }
    to
}

fn span(to: &mut String, span: &TraceSpan, own: u64) {
    let _ = write!(to, "\n## {}\n\n", code(&span.name));
    let _ = writeln!(
        to,
        "{} · {} · {} its own · span {}",
        moment(span.start),
        took(span.duration()),
        took(own),
        span.id
    );
    if !span.status_message.is_empty() {
        block(to, "Error", &span.status_message);
    }
    said(to, &contents(span));
    for event in &span.events {
        let _ = write!(to, "\n### Event {}\n\n{}\n", code(&event.name), moment(event.at));
        attributes(to, &event.attributes);
    }
    to.push_str("\n### Attributes\n\n");
    attributes(to, &span.attributes);
}

fn said(to: &mut String, contents: &Contents) {
    if !contents.parameters.is_empty() {
        to.push_str("\n### Parameters\n\n");
        attributes(to, &contents.parameters);
    }
    for message in &contents.input {
        self::message(to, message);
    }
    for message in &contents.output {
        self::message(to, message);
    }
    if let Some(ran) = &contents.ran {
        let _ = write!(to, "\n### Tool {}\n", code(&ran.name));
        json(to, "Arguments", ran.arguments.as_ref());
        json(to, "Result", ran.result.as_ref());
    }
    if let Some(query) = &contents.query {
        block(to, "Query", query);
    }
    for (at, found) in contents.found.iter().enumerate() {
        let id = found.id.as_deref().map(code).unwrap_or_default();
        let score = found.score.map(|score| format!(" {score}")).unwrap_or_default();
        let _ = write!(to, "\n### Passage {} {id}{score}\n", at + 1);
        fence(to, "", found.text.as_deref().unwrap_or_default());
    }
    for score in &contents.scores {
        let value = score.value.map(|value| format!(" {value}")).unwrap_or_default();
        let label = score.label.as_deref().map(|label| format!(" {}", code(label))).unwrap_or_default();
        let _ = write!(to, "\n### Score {}{value}{label}\n", code(&score.name));
        if let Some(why) = &score.explanation {
            fence(to, "", why);
        }
    }
}

fn message(to: &mut String, message: &Said) {
    let _ = write!(to, "\n### {}\n", code(&message.role));
    for part in &message.parts {
        match part {
            Part::Text { text } => fence(to, "", text),
            Part::Reasoning { text } => block(to, "Reasoning", text),
            Part::ToolCall { name, arguments, .. } => {
                let _ = write!(to, "\nCalls {}\n", code(name));
                fence(to, "json", &pretty(arguments));
            }
            Part::ToolResult { result, .. } => json(to, "Result", Some(result)),
            Part::Other { kind, value } => json(to, kind, Some(value)),
        }
    }
}

fn attributes(to: &mut String, all: &Attributes) {
    for (key, value) in all.iter() {
        match value.as_text() {
            Some(text) if text.contains('\n') || text.len() > 200 => {
                let _ = writeln!(to, "- {}", code(key));
                fence(to, "", text);
            }
            Some(text) => {
                let _ = writeln!(to, "- {} {}", code(key), code(text));
            }
            None => {
                let _ = writeln!(to, "- {} {}", code(key), code(&value.to_json().to_string()));
            }
        }
    }
}

fn block(to: &mut String, title: &str, text: &str) {
    let _ = write!(to, "\n{title}\n");
    fence(to, "", text);
}

fn json(to: &mut String, title: &str, value: Option<&Json>) {
    if let Some(value) = value {
        let _ = write!(to, "\n{}\n", code(title));
        fence(to, "json", &pretty(value));
    }
}

fn pretty(value: &Json) -> String {
    value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned)
}

/// A block of code whose fence is longer than any run of backticks in it.
fn fence(to: &mut String, language: &str, text: &str) {
    let marks = "`".repeat(longest_run(text).max(2) + 1);
    let _ = write!(to, "\n{marks}{language}\n{text}\n{marks}\n");
}

/// One line of code, whatever is in it.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let marks = "`".repeat(longest_run(&text) + 1);
    // A blank keeps backticks at the edges from the marks, and Markdown takes it away again.
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{marks}{pad}{text}{pad}{marks}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
