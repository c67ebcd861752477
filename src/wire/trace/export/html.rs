//! A trace as one page of HTML that needs nothing else: no script, no font, no picture, and by its policy none can be loaded.
//!
//! Everything that is not of this file goes through `escaped`.

use std::fmt::Write;

use serde_json::Value as Json;

use super::report::{Report, moment, took};
use crate::domain::trace::contents::{Contents, Part, Said};
use crate::domain::trace::{Attributes, Row, TraceSpan};
use crate::wire::trace::meaning::contents;

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<style>
body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:80em;padding:0 1em;color:#222;background:#fff}
summary{display:grid;grid-template-columns:24em 18em 1fr;gap:1em;cursor:pointer;padding:2px 0}
summary>*{overflow:hidden;white-space:nowrap;text-overflow:ellipsis}
.lane{position:relative;background:#f3f3f3}
.bar{position:absolute;top:20%;height:60%;min-width:2px;background:#889}
.agent{background:#7a5fb5}.model{background:#2f7ebc}.tool{background:#c07f1f}.retrieval{background:#3b9262}
.error{color:#b00020}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f7f7f7;padding:.5em;margin:.3em 0}
section{margin:.5em 0 1em 2em}h4{margin:.8em 0 .2em}
td{vertical-align:top;padding:0 1em 0 0}td+td{overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}pre,.lane{background:#242424}.error{color:#ff7b86}}
</style>
"#;

/// The whole page.
pub fn html(report: &Report<'_>) -> String {
    let mut to = String::from(HEAD);
    let title = escaped(report.title());
    let (start, end) = report.tree.span();
    let _ = write!(to, "<title>{title}</title></head><body>\n<h1>{title}</h1>\n<p>");
    if let Some(first) = report.spans.first() {
        let _ = write!(to, "trace {} · ", first.trace);
    }
    let whole = &report.rollups.whole;
    let figures = report.figures(whole, end.saturating_sub(start));
    let _ = writeln!(to, "{} · {} spans · {}</p>", moment(start), whole.spans, escaped(&figures));
    for at in report.tree.order() {
        line(&mut to, report, *at, (start, end));
    }
    to.push_str("</body></html>\n");
    to
}

fn line(to: &mut String, report: &Report<'_>, at: u32, (start, end): (u64, u64)) {
    let row = report.row(at);
    let shown = report.tree.shown(at);
    let percent = |nanos: u64| nanos as f64 * 100.0 / end.saturating_sub(start).max(1) as f64;
    let (left, wide) = (percent(shown.0.saturating_sub(start)), percent(shown.1.saturating_sub(shown.0)));
    let figures = report.figures(&report.rollups.get(at), report.tree.duration(at));
    let name = escaped(report.outline.names.get(row.name));
    let indent = f64::from(report.tree.depth(at).min(40)) * 1.2;
    let _ = writeln!(
        to,
        "<details><summary><span{} style=\"padding-left:{indent:.1}em\">{} {name}</span><span>{}</span>\
         <span class=\"lane\"><span class=\"bar {}\" style=\"left:{left:.3}%;width:{wide:.3}%\"></span></span></summary>",
        if row.is_error() { " class=\"error\"" } else { "" },
        row.kind.as_str(),
        escaped(&figures),
        row.kind.as_str(),
    );
    to.push_str("<section>\n");
    for mark in report.tree.marks(at).iter() {
        let _ = writeln!(to, "<p class=\"error\">{}</p>", mark.says());
    }
    span(to, &report.spans[at as usize], row, report.tree.own_time(at));
    to.push_str("</section></details>\n");
}

fn span(to: &mut String, span: &TraceSpan, row: &Row, own: u64) {
    let _ = writeln!(
        to,
        "<p>{} · {} · {} its own · span {}</p>",
        moment(span.start),
        took(row.duration()),
        took(own),
        span.id
    );
    if !span.status_message.is_empty() {
        block(to, "Error", &span.status_message);
    }
    said(to, &contents(span));
    for event in &span.events {
        let _ = writeln!(to, "<h4>{} at {}</h4>", escaped(&event.name), moment(event.at));
        attributes(to, &event.attributes);
    }
    to.push_str("<h4>Attributes</h4>\n");
    attributes(to, &span.attributes);
}

fn said(to: &mut String, contents: &Contents) {
    if !contents.parameters.is_empty() {
        to.push_str("<h4>Parameters</h4>\n");
        attributes(to, &contents.parameters);
    }
    for message in contents.input.iter().chain(&contents.output) {
        self::message(to, message);
    }
    if let Some(ran) = &contents.ran {
        let _ = writeln!(to, "<h4>Tool {}</h4>", escaped(&ran.name));
        json(to, ran.arguments.as_ref());
        json(to, ran.result.as_ref());
    }
    if let Some(query) = &contents.query {
        block(to, "Query", query);
    }
    for found in &contents.found {
        let score = found.score.map(|score| score.to_string()).unwrap_or_default();
        let title = format!("Passage {} {score}", found.id.as_deref().unwrap_or_default());
        block(to, &title, found.text.as_deref().unwrap_or_default());
    }
    for score in &contents.scores {
        let value = score.value.map(|value| value.to_string()).unwrap_or_default();
        let title = format!("Score {} {value} {}", score.name, score.label.as_deref().unwrap_or_default());
        block(to, &title, score.explanation.as_deref().unwrap_or_default());
    }
}

fn message(to: &mut String, message: &Said) {
    let _ = writeln!(to, "<h4>{}</h4>", escaped(&message.role));
    for part in &message.parts {
        match part {
            Part::Text { text } => pre(to, text),
            Part::Reasoning { text } => block(to, "Reasoning", text),
            Part::ToolCall { name, arguments, .. } => {
                let _ = writeln!(to, "<p>Calls {}</p>", escaped(name));
                json(to, Some(arguments));
            }
            Part::ToolResult { result, .. } => json(to, Some(result)),
            Part::Other { value, .. } => json(to, Some(value)),
        }
    }
}

fn attributes(to: &mut String, all: &Attributes) {
    to.push_str("<table>\n");
    for (key, value) in all.iter() {
        let text = value.as_text().map_or_else(|| value.to_json().to_string(), str::to_owned);
        let _ = writeln!(to, "<tr><td>{}</td><td><pre>{}</pre></td></tr>", escaped(key), escaped(&text));
    }
    to.push_str("</table>\n");
}

fn block(to: &mut String, title: &str, text: &str) {
    let _ = writeln!(to, "<h4>{}</h4>", escaped(title));
    if !text.is_empty() {
        pre(to, text);
    }
}

fn json(to: &mut String, value: Option<&Json>) {
    if let Some(value) = value {
        pre(to, &value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned));
    }
}

fn pre(to: &mut String, text: &str) {
    // A line feed right after the tag is taken away by HTML.
    let _ = writeln!(to, "<pre>\n{}</pre>", escaped(text));
}

/// Text that can be nothing but text, in an element or an attribute. What steers, hides or turns text is named.
fn escaped(text: &str) -> String {
    let mut to = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            '\'' => to.push_str("&#39;"),
            '\n' | '\t' => to.push(c),
            c if c.is_control() || is_hidden(c) => {
                let _ = write!(to, "\\u{{{:x}}}", u32::from(c));
            }
            c => to.push(c),
        }
    }
    to
}

/// Marks of direction, and tags.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}
