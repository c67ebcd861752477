//! Tables that fit any width: as they are, then narrower in proportion, then broken inside words, then as a list.

use pulldown_cmark::Alignment;
use ratatui::style::Modifier;

use crate::tui::look::Role;
use crate::tui::widget::text::{Ink, Inline, Row, Span, wrap};

/// Columns of ` │ `.
const GUTTER: usize = 3;
/// The narrowest column; tables that cannot have it become lists.
const LEAST: usize = 5;
const RULE: Ink = Ink::of(Role::Rule);

/// Sets a table whose first row is its head.
pub fn set(alignments: &[Alignment], rows: &[Vec<Inline>], columns: usize) -> Vec<Row> {
    let count = alignments.len();
    if count == 0 || rows.is_empty() {
        return vec![Row::default()];
    }
    match widths(rows, count, columns) {
        Some(widths) => grid(alignments, rows, &widths),
        None => list(rows, count, columns),
    }
}

/// The width of each column, `None` where there is no room for a grid.
fn widths(rows: &[Vec<Inline>], count: usize, columns: usize) -> Option<Vec<usize>> {
    let mut ideal = vec![1; count];
    let mut words = vec![1; count];
    for row in rows {
        for (i, cell) in row.iter().enumerate().take(count) {
            let (line, word) = cell.extent();
            ideal[i] = ideal[i].max(line);
            words[i] = words[i].max(word);
        }
    }
    let room = columns.checked_sub(GUTTER * (count - 1))?;
    if ideal.iter().sum::<usize>() <= room {
        return Some(ideal);
    }
    // Floors: whole words where they fit; else the longest words alone are broken.
    let capped = |cap: usize| words.iter().map(move |word| (*word).min(cap));
    let cap = (1..=room).rev().find(|cap| capped(*cap).sum::<usize>() <= room)?;
    if room / count < LEAST && capped(cap).ne(words.iter().copied()) {
        return None;
    }
    let floors: Vec<usize> = capped(cap).collect();
    // What is left goes to each column in proportion to what it lacks.
    let left = room - floors.iter().sum::<usize>();
    let lacks: Vec<usize> = ideal.iter().zip(&floors).map(|(ideal, floor)| ideal - floor).collect();
    let lack = lacks.iter().sum::<usize>().max(1);
    let mut widths: Vec<usize> =
        floors.iter().zip(&lacks).map(|(floor, own)| floor + left.min(lack) * own / lack).collect();
    // Rounding leaves a few columns over.
    let mut over = room - widths.iter().sum::<usize>();
    for (width, ideal) in widths.iter_mut().zip(&ideal) {
        let more = over.min(1).min(ideal - *width);
        *width += more;
        over -= more;
    }
    Some(widths)
}

fn grid(alignments: &[Alignment], rows: &[Vec<Inline>], widths: &[usize]) -> Vec<Row> {
    let empty = Inline::default();
    let mut out = Vec::new();
    for (number, cells) in rows.iter().enumerate() {
        let mut wrapped: Vec<std::vec::IntoIter<Row>> = widths
            .iter()
            .enumerate()
            .map(|(i, width)| wrap(cells.get(i).unwrap_or(&empty), *width).into_iter())
            .collect();
        let height = wrapped.iter().map(ExactSizeIterator::len).max().unwrap_or(1);
        for _ in 0..height {
            let mut row = Row::default();
            for (i, lines) in wrapped.iter_mut().enumerate() {
                if i > 0 {
                    row.spans.push(Span::new(" │ ", RULE));
                }
                let line = lines.next().unwrap_or_default();
                let free = widths[i].saturating_sub(line.width());
                let before = match alignments[i] {
                    Alignment::Right => free,
                    Alignment::Center => free / 2,
                    Alignment::None | Alignment::Left => 0,
                };
                pad(&mut row, before);
                row.spans.extend(line.spans);
                // The last column needs no blanks after it.
                if i + 1 < widths.len() {
                    pad(&mut row, free - before);
                }
            }
            out.push(row);
        }
        if number == 0 {
            let dashes: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
            out.push(Row::of(dashes.join("─┼─"), RULE));
        }
    }
    out
}

fn pad(row: &mut Row, columns: usize) {
    if columns > 0 {
        row.spans.push(Span::new(" ".repeat(columns), RULE));
    }
}

/// `head: value`, a row a cell; records parted by a short rule.
fn list(rows: &[Vec<Inline>], count: usize, columns: usize) -> Vec<Row> {
    let mut out = Vec::new();
    let (head, records) =
        rows.split_first().map_or((&[][..], &[][..]), |(head, rest)| (head.as_slice(), rest));
    if records.is_empty() {
        for cell in head {
            out.extend(wrap(cell, columns));
        }
        return out;
    }
    for (number, record) in records.iter().enumerate() {
        if number > 0 {
            out.push(Row::of("─".repeat(columns.min(3)), RULE));
        }
        for i in 0..count {
            let mut line = Inline::default();
            if let Some(name) = head.get(i).filter(|name| !name.is_empty()) {
                line.push(&name.text.replace('\n', " "), Ink::of(Role::Muted).with(Modifier::BOLD), None);
                line.push(": ", Ink::of(Role::Muted), None);
            }
            if let Some(cell) = record.get(i) {
                line.append(cell);
            }
            out.extend(wrap(&line, columns));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_longest_words_are_broken() {
        let cells = |texts: [&str; 4]| texts.map(|text| Inline::plain(text, RULE)).to_vec();
        let rows = [
            cells(["engine", "parameters", "licence", "what it is good for"]),
            cells([
                "SmolLM2-135M-Instruct-of-its-makers",
                "135,000,000",
                "Apache-2.0",
                "it always works offline",
            ]),
        ];
        let text = |columns| {
            let rows = set(&[Alignment::Left; 4], &rows, columns);
            rows.iter().map(Row::text).collect::<Vec<_>>().join("\n")
        };
        for whole in ["parameters", "135,000,000", "licence", "Apache-2.0"] {
            assert!(text(56).contains(whole), "{whole} is broken:\n{}", text(56));
        }
        assert!(!text(56).contains("SmolLM2-135M-Instruct-of"), "{}", text(56));
    }
}
