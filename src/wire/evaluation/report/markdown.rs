//! A report as Markdown, with the tables of GitHub's dialect.

use std::fmt::Write as _;

use super::cells::{Block, Table};
use super::document::document;
use crate::domain::evaluation::report::Report;

/// The whole report. Every sign that Markdown or HTML would take for its own is escaped in what is not ours.
pub fn write(report: &Report) -> String {
    let mut text = String::new();
    for block in document(report) {
        if !text.is_empty() {
            text.push('\n');
        }
        match block {
            Block::Heading(level, words) => {
                let _ = writeln!(text, "{} {}", "#".repeat(usize::from(level)), escaped(&words));
            }
            Block::Text(words) => {
                let _ = writeln!(text, "{}", escaped(&words));
            }
            Block::Table(of) => table(&of, &mut text),
            Block::Terms(terms) => {
                for (name, words, source) in terms {
                    let _ = writeln!(
                        text,
                        "- **{}**: {} ({}).",
                        escaped(&name),
                        escaped(&words),
                        escaped(&source)
                    );
                }
            }
        }
    }
    text
}

fn table(of: &Table, text: &mut String) {
    let mut line = |cells: &mut dyn Iterator<Item = String>| {
        text.push('|');
        for cell in cells {
            let _ = write!(text, " {cell} |");
        }
        text.push('\n');
    };
    line(&mut of.columns.iter().map(|column| escaped(&column.name)));
    line(&mut of.columns.iter().map(|column| if column.is_number { "---:" } else { "---" }.to_owned()));
    for row in &of.rows {
        line(&mut row.iter().map(|cell| escaped(&cell.text)));
    }
}

fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' => {
                text.push('\\');
                text.push(c);
            }
            _ => text.push(c),
        }
    }
    text
}
