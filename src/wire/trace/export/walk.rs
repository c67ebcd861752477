//! A span as a reader meets it: every place of it, in order, for whoever writes it down.

use serde_json::Value as Json;

use super::report::moment;
use crate::domain::figures::took;
use crate::domain::trace::contents::{Contents, Part, Said};
use crate::domain::trace::{Attributes, TraceSpan};
use crate::wire::trace::meaning::contents;

/// A word of a title.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word<'a> {
    /// This program's.
    Own(&'a str),
    /// The trace's, whatever stands in it.
    Theirs(&'a str),
}

use Word::{Own, Theirs};

/// Who writes a span.
pub(super) trait Writer {
    /// A line about the span, in this program's words.
    fn line(&mut self, text: &str);
    /// The title of what follows, up to the next one.
    fn title(&mut self, words: &[Word<'_>]);
    /// What the next text or value within it is.
    fn note(&mut self, words: &[Word<'_>]);
    /// A text of the trace.
    fn text(&mut self, text: &str);
    /// A value of the trace.
    fn value(&mut self, value: &Json);
    fn attributes(&mut self, all: &Attributes);
}

/// A span whose own time is `own`, and what was said in it.
pub(super) fn walk(to: &mut dyn Writer, span: &TraceSpan, own: u64) {
    let (at, whole) = (moment(span.start), took(span.duration()));
    to.line(&format!("{at} · {whole} · {} its own · span {}", took(own), span.id));
    if !span.status_message.is_empty() {
        to.title(&[Own("Error")]);
        to.text(&span.status_message);
    }
    said(to, &contents(span));
    for event in &span.events {
        to.title(&[Own("Event"), Theirs(&event.name), Own(&moment(event.at))]);
        to.attributes(&event.attributes);
    }
    to.title(&[Own("Attributes")]);
    to.attributes(&span.attributes);
}

fn said(to: &mut dyn Writer, contents: &Contents) {
    if !contents.parameters.is_empty() {
        to.title(&[Own("Parameters")]);
        to.attributes(&contents.parameters);
    }
    for message in contents.input.iter().chain(&contents.output) {
        self::message(to, message);
    }
    if let Some(ran) = &contents.ran {
        to.title(&[Own("Tool"), Theirs(&ran.name)]);
        for (what, value) in [("Arguments", &ran.arguments), ("Result", &ran.result)] {
            if let Some(value) = value {
                to.note(&[Own(what)]);
                to.value(value);
            }
        }
    }
    if let Some(query) = &contents.query {
        to.title(&[Own("Query")]);
        to.text(query);
    }
    for (found, number) in contents.found.iter().zip(1..) {
        let number = number.to_string();
        let score = found.score.map(|score| score.to_string());
        let mut words = vec![Own("Passage"), Own(&number)];
        words.extend(found.id.as_deref().map(Theirs));
        words.extend(score.as_deref().map(Own));
        to.title(&words);
        if let Some(text) = &found.text {
            to.text(text);
        }
    }
    for score in &contents.scores {
        let value = score.value.map(|value| value.to_string());
        let mut words = vec![Own("Score"), Theirs(&score.name)];
        words.extend(value.as_deref().map(Own));
        words.extend(score.label.as_deref().map(Theirs));
        to.title(&words);
        if let Some(why) = &score.explanation {
            to.text(why);
        }
    }
}

fn message(to: &mut dyn Writer, message: &Said) {
    to.title(&[Theirs(&message.role)]);
    for part in &message.parts {
        match part {
            Part::Text { text } => to.text(text),
            Part::Reasoning { text, .. } => {
                to.note(&[Own("Reasoning")]);
                to.text(text);
            }
            Part::ToolCall { name, arguments, .. } => {
                to.note(&[Own("Calls"), Theirs(name)]);
                to.value(arguments);
            }
            Part::ToolResult { result, .. } => {
                to.note(&[Own("Result")]);
                to.value(result);
            }
            Part::Other { kind, value } => {
                to.note(&[Theirs(kind)]);
                to.value(value);
            }
        }
    }
}
