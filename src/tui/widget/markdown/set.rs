//! Leaves → rows of a width.

use super::parse::{CodeLine, Leaf, LeafKind, Nest};
use super::table;
use crate::tui::look::Role;
use crate::tui::widget::text::{CodeRow, Ink, Row, Span, fit, prefix, width, wrap};

const RULE: Ink = Ink::of(Role::Rule);
const FAINT: Ink = Ink::of(Role::Faint);
/// The bar of a code block; narrower lines than twice this have no room for it.
const BAR: &str = "▏ ";
/// The same where a line goes on that is too long for one row: as wide, so that nothing moves.
const MORE: &str = "▏↳";

/// Sets a leaf, its code block being the `code`-th.
pub fn leaf(leaf: &Leaf, columns: usize, code: u32, rows: &mut Vec<Row>) {
    let (first, rest) = nest(&leaf.nest, columns);
    let inset: usize = rest.iter().map(|span| width(&span.text)).sum();
    let columns = columns.saturating_sub(inset).max(1);
    let inner = match &leaf.kind {
        LeafKind::Text(inline) => wrap(inline, columns),
        LeafKind::Rule => vec![Row::of("─".repeat(columns), RULE)],
        LeafKind::Table { columns: alignments, rows } => table::set(alignments, rows, columns),
        LeafKind::Code { language, lines } => {
            let mut rows = Vec::new();
            code_head(language, columns, code, &mut rows);
            for (i, line) in lines.iter().enumerate() {
                code_line(line, columns, code, i as u32, &mut rows);
            }
            rows
        }
    };
    for (i, mut row) in inner.into_iter().enumerate() {
        let before = if i == 0 { &first } else { &rest };
        if !before.is_empty() {
            row.spans.splice(0..0, before.iter().cloned());
            if let Some(code) = &mut row.code {
                code.inset += inset as u16;
            }
        }
        rows.push(row);
    }
}

fn bar(columns: usize) -> &'static str {
    if columns < 2 * width(BAR) { "" } else { BAR }
}

/// A blank row between two leaves, with the bars of the quotes that hold them both.
pub fn gap(before: Option<&Leaf>, after: &Leaf, columns: usize) -> Row {
    let quotes = |leaf: &Leaf| leaf.nest.iter().take_while(|nest| **nest == Nest::Quote).count();
    let both = before.map_or(0, quotes).min(quotes(after));
    Row { spans: nest(&after.nest[..both], columns).1, ..Row::default() }
}

/// What stands before the first row of a leaf, and before the others. Deep nests leave half of a narrow line to the text.
fn nest(nest: &[Nest], columns: usize) -> (Vec<Span>, Vec<Span>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let mut used = 0;
    for container in nest {
        match container {
            Nest::Quote => {
                if used + 2 > columns / 2 {
                    break;
                }
                used += 2;
                first.push(Span::new("▎ ", RULE));
                rest.push(Span::new("▎ ", RULE));
            }
            Nest::Item { marker, first: shown } => {
                let wide = width(marker) + 1;
                if used + wide > columns / 2 {
                    break;
                }
                used += wide;
                let blank = " ".repeat(wide);
                first.push(if *shown {
                    Span::new(format!("{marker} "), Ink::of(Role::Muted))
                } else {
                    Span::new(blank.clone(), FAINT)
                });
                rest.push(Span::new(blank, FAINT));
            }
        }
    }
    (first, rest)
}

/// The row above a code block, outside of its bar and ground, so that nobody takes it for a line of the code; none where
/// the language is not said.
pub fn code_head(language: &str, columns: usize, block: u32, rows: &mut Vec<Row>) {
    if language.is_empty() {
        return;
    }
    let inset = width(bar(columns));
    let name = fit(language, columns - inset).into_owned();
    rows.push(Row {
        spans: vec![Span::new(" ".repeat(inset), FAINT), Span::new(name, Ink::of(Role::Muted))],
        raised: false,
        code: Some(CodeRow { block, line: None, inset: inset as u16, offset: 0 }),
    });
}

/// One line of code, cut hard where it is too long: what goes on has a mark, so that nobody takes it for the next line.
pub fn code_line(line: &CodeLine, columns: usize, block: u32, number: u32, rows: &mut Vec<Row>) {
    let bar = bar(columns);
    let inset = width(bar);
    let columns = (columns - inset).max(1);
    let mut offset = 0;
    loop {
        let rest = &line.text[offset..];
        let (mut piece, _) = prefix(rest, columns);
        if piece.is_empty() {
            piece = crate::tui::widget::text::graphemes(rest).next().unwrap_or("");
        }
        let mut source = line.source;
        if source.exact {
            source.start += offset as u32;
            source.end = source.start + piece.len() as u32;
        }
        let text = Span { text: piece.to_owned(), ink: Ink::of(Role::Text), source: Some(source) };
        rows.push(Row {
            spans: vec![Span::new(if offset == 0 || bar.is_empty() { bar } else { MORE }, RULE), text],
            raised: true,
            code: Some(CodeRow { block, line: Some(number), inset: inset as u16, offset: offset as u32 }),
        });
        offset += piece.len();
        if offset >= line.text.len() {
            break;
        }
    }
}
