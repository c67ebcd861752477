//! A report as one HTML file that needs nothing else: no script, no picture, no server.

use std::fmt::Write as _;

use super::cells::{Bar, Block, Cell, Table};
use super::document::document;
use crate::domain::evaluation::report::Report;

/// Light or dark as the reader's system is. What is not ours is escaped, and the page itself forbids all but its own style.
const HEAD: &str = r#"<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root { --ink: #1f2328; --dim: #59636e; --line: #d1d9e0; --page: #ffffff; --fill: #5b8def; --track: #eaeef2; --mark: #1f2328 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --dim: #9198a1; --line: #3d444d; --page: #0d1117; --fill: #4c7bd9; --track: #212830; --mark: #e6edf3 }
}
body { color: var(--ink); background: var(--page); font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto;
  padding: 0 1rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { color: var(--dim); font-weight: 600 }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
svg { display: block; width: 6rem; height: .5rem; margin-left: auto }
.track { fill: var(--track) } .fill { fill: var(--fill) } .mark { stroke: var(--mark); stroke-width: 2 }
dt { font-weight: 600; margin-top: .6rem } dd { margin-left: 0 } dd small { color: var(--dim) }
</style>
"#;

/// The whole report.
pub fn write(report: &Report) -> String {
    let blocks = document(report);
    let title =
        blocks.iter().find_map(|block| if let Block::Heading(1, words) = block { Some(words) } else { None });
    let title = escaped(title.map_or("", String::as_str));
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n{HEAD}<title>{title}</title>\n</head>\n<body>\n"
    );
    for block in blocks {
        match block {
            Block::Heading(level, words) => {
                let _ = writeln!(text, "<h{level}>{}</h{level}>", escaped(&words));
            }
            Block::Text(words) => {
                let _ = writeln!(text, "<p>{}</p>", escaped(&words));
            }
            Block::Table(of) => table(&of, &mut text),
            Block::Terms(terms) => {
                text.push_str("<dl>\n");
                for (name, words, source) in terms {
                    let (name, words, source) = (escaped(&name), escaped(&words), escaped(&source));
                    let _ = writeln!(text, "<dt>{name}</dt><dd>{words} <small>{source}</small></dd>");
                }
                text.push_str("</dl>\n");
            }
        }
    }
    text.push_str("</body>\n</html>\n");
    text
}

fn table(of: &Table, text: &mut String) {
    text.push_str("<div class=\"wide\"><table>\n<tr>");
    let class = |at: usize| {
        if of.columns.get(at).is_some_and(|column| column.is_number) { " class=\"n\"" } else { "" }
    };
    for (at, column) in of.columns.iter().enumerate() {
        let _ = write!(text, "<th{}>{}</th>", class(at), escaped(&column.name));
    }
    text.push_str("</tr>\n");
    for row in &of.rows {
        text.push_str("<tr>");
        for (at, Cell { text: words, bar }) in row.iter().enumerate() {
            let _ = write!(text, "<td{}>{}", class(at), escaped(words));
            if let Some(bar) = bar {
                draw(*bar, text);
            }
            text.push_str("</td>");
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</table></div>\n");
}

/// A share as a bar, its interval as a line across. The number stands beside it, so that nobody needs to see it.
fn draw(bar: Bar, text: &mut String) {
    let at = |share: f64| share.clamp(0.0, 1.0) * 100.0;
    text.push_str("<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    text.push_str("<rect class=\"track\" width=\"100\" height=\"8\"/>");
    let _ = write!(text, "<rect class=\"fill\" width=\"{:.1}\" height=\"8\"/>", at(bar.value));
    if let Some((low, high)) = bar.bounds {
        let _ = write!(text, "<path class=\"mark\" d=\"M{:.1} 4H{:.1}\"/>", at(low), at(high));
    }
    text.push_str("</svg>");
}

fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            _ => text.push(c),
        }
    }
    text
}
