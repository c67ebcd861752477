//! A trace as Markdown: the tree, then every span with what was said in it. Texts stand as they are, each in a fence that it
//! cannot close.

use std::fmt::Write;

use serde_json::Value as Json;

use super::report::{Report, moment};
use super::walk::{Word, Writer, walk};
use crate::domain::trace::{Attributes, Mark};

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
    let mut to = Markdown(to);
    for at in report.tree.order() {
        let span = &report.spans[*at as usize];
        let _ = write!(to.0, "\n## {}\n", code(&span.name));
        walk(&mut to, span, report.tree.own_time(*at));
    }
    to.0
}

/// What is written so far.
struct Markdown(String);

impl Writer for Markdown {
    fn line(&mut self, text: &str) {
        let _ = write!(self.0, "\n{text}\n");
    }

    fn title(&mut self, words: &[Word<'_>]) {
        let _ = write!(self.0, "\n### {}\n", said(words));
    }

    fn note(&mut self, words: &[Word<'_>]) {
        self.line(&said(words));
    }

    fn text(&mut self, text: &str) {
        fence(&mut self.0, "", text);
    }

    fn value(&mut self, value: &Json) {
        fence(&mut self.0, "json", &value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned));
    }

    fn attributes(&mut self, all: &Attributes) {
        self.0.push('\n');
        for (key, value) in all.iter() {
            let line = match value.as_text() {
                Some(text) if text.contains('\n') || text.len() > 200 => {
                    let _ = writeln!(self.0, "- {}", code(key));
                    fence(&mut self.0, "", text);
                    continue;
                }
                Some(text) => code(text),
                None => code(&value.to_json().to_string()),
            };
            let _ = writeln!(self.0, "- {} {line}", code(key));
        }
    }
}

fn said(words: &[Word<'_>]) -> String {
    let word = |word: &Word<'_>| match word {
        Word::Own(word) => (*word).to_owned(),
        Word::Theirs(text) => code(text),
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
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
