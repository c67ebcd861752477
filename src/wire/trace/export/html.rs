//! A trace as one page of HTML that needs nothing else: no script, no font, no picture, and by its policy none can be loaded.
//!
//! Everything that is not of this file goes through `escaped`.

use std::fmt::Write;

use serde_json::Value as Json;

use super::report::{Report, moment};
use super::walk::{Word, Writer, walk};
use crate::domain::trace::Attributes;

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
    let mut to = Page(to);
    for at in report.tree.order() {
        line(&mut to, report, *at, (start, end));
        walk(&mut to, &report.spans[*at as usize], report.tree.own_time(*at));
        to.0.push_str("</section></details>\n");
    }
    to.0.push_str("</body></html>\n");
    to.0
}

/// What is written so far.
struct Page(String);

impl Writer for Page {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p>{}</p>", escaped(text));
    }

    fn title(&mut self, words: &[Word<'_>]) {
        let _ = writeln!(self.0, "<h4>{}</h4>", said(words));
    }

    fn note(&mut self, words: &[Word<'_>]) {
        let _ = writeln!(self.0, "<p>{}</p>", said(words));
    }

    fn text(&mut self, text: &str) {
        // A line feed right after the tag is taken away by HTML.
        let _ = writeln!(self.0, "<pre>\n{}</pre>", escaped(text));
    }

    fn value(&mut self, value: &Json) {
        self.text(&value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned));
    }

    fn attributes(&mut self, all: &Attributes) {
        self.0.push_str("<table>\n");
        for (key, value) in all.iter() {
            let text = value.as_text().map_or_else(|| value.to_json().to_string(), str::to_owned);
            let _ =
                writeln!(self.0, "<tr><td>{}</td><td><pre>{}</pre></td></tr>", escaped(key), escaped(&text));
        }
        self.0.push_str("</table>\n");
    }
}

fn said(words: &[Word<'_>]) -> String {
    let word = |word: &Word<'_>| match word {
        Word::Own(text) | Word::Theirs(text) => escaped(text),
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The line of a span, and the begin of what opens under it.
fn line(Page(to): &mut Page, report: &Report<'_>, at: u32, (start, end): (u64, u64)) {
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
