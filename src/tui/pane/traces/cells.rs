//! Tabs as blanks: rows of cells stand in columns, where there is room for them.

use crate::domain::untrusted::safe_text;
use crate::tui::widget::text::{expand_tabs, width};

/// Columns between two cells.
const APART: usize = 2;
/// Columns of cells that are all empty: what is set in by tabs.
const INDENT: usize = 4;

/// A text, safe and without tabs. Lines in a row that have as many of them are those of a table: their cells begin below each
/// other where `columns` hold the longest of them, and at stops of the usual distance where not.
pub(super) fn flat(text: &str, columns: usize) -> String {
    let safe = safe_text(text);
    if !safe.contains('\t') {
        return safe.into_owned();
    }
    let lines: Vec<&str> = safe.split('\n').collect();
    let tabs = |line: &str| line.matches('\t').count();
    let mut set: Vec<String> = Vec::with_capacity(lines.len());
    for rows in lines.chunk_by(|one, next| tabs(one) == tabs(next)) {
        match widths(rows, columns) {
            Some(widths) => set.extend(rows.iter().map(|row| padded(row, &widths))),
            None => set.extend(rows.iter().map(|row| expand_tabs(row).into_owned())),
        }
    }
    set.join("\n")
}

/// The columns of each cell of a table, the gap behind it included; `None` where they are too many, or for a single line.
fn widths(rows: &[&str], columns: usize) -> Option<Vec<usize>> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (at, cell) in row.split('\t').enumerate() {
            if at == widths.len() {
                widths.push(0);
            }
            widths[at] = widths[at].max(width(cell));
        }
    }
    let (_, first) = widths.split_last_mut()?;
    for cell in first {
        *cell = if *cell == 0 { INDENT } else { *cell + APART };
    }
    (rows.len() > 1 && widths.iter().sum::<usize>() <= columns).then_some(widths)
}

/// A row with its cells in columns.
fn padded(row: &str, widths: &[usize]) -> String {
    let mut line = String::new();
    let mut owed = 0;
    for (cell, wide) in row.split('\t').zip(widths) {
        // Blanks at the end of a row would wrap.
        if !cell.is_empty() {
            line.extend(std::iter::repeat_n(' ', owed));
            line.push_str(cell);
            owed = 0;
        }
        owed += wide.saturating_sub(width(cell));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_each_other_whatever_their_widths() {
        let table = "tea\tprice\tfrom\n阿薩姆\t4.20\t\nDarjeeling\t\tIndia";
        let wanted = "tea         price  from\n阿薩姆      4.20\nDarjeeling         India";
        assert_eq!(flat(table, 24), wanted);
        // Too wide for the room: at stops.
        assert_eq!(flat("a\tb\nlonger\tc", 5), "a   b\nlonger  c");
    }

    #[test]
    fn what_is_no_table_keeps_its_stops_and_what_is_set_in_by_tabs_stays_so() {
        assert_eq!(flat("a\tb", 80), "a   b");
        assert_eq!(
            flat("for x:\n\tif y:\n\t\tz\n\t\tlonger", 80),
            "for x:\n    if y:\n        z\n        longer"
        );
        assert_eq!(flat("no tab\nat all", 3), "no tab\nat all");
        assert_eq!(flat("a\tb\u{1b}[2J\nc\td", 80).matches(['\t', '\u{1b}']).count(), 0);
    }
}
