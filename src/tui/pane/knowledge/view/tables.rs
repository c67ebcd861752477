//! Tables in a text: what stands between their cells for the columns to be columns.

use std::ops::Range;

use crate::tui::widget::text::width;

/// A part of a text in whose place so many blanks are shown.
pub(super) type Gap = (Range<usize>, usize);

/// Blanks between cells that nothing else parts.
const APART: usize = 2;

/// What parts the cells of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tabs,
    Pipes,
}

impl Kind {
    fn of(line: &str) -> Option<Self> {
        let line = line.trim_end_matches(['\r', ' ']);
        match () {
            () if line.contains('\t') => Some(Self::Tabs),
            () if line.len() > 2 && line.starts_with('|') && line.ends_with('|') => Some(Self::Pipes),
            () => None,
        }
    }

    /// The bytes of the cells of a line that begins at that byte.
    fn cells(self, line: &str, start: usize) -> Vec<Range<usize>> {
        let mark = if self == Self::Tabs { '\t' } else { '|' };
        let is_mark = |at: usize| !(self == Self::Pipes && line[..at].ends_with('\\'));
        let mut marks: Vec<usize> =
            line.match_indices(mark).map(|(at, _)| at).filter(|at| is_mark(*at)).collect();
        let mut cells = Vec::with_capacity(marks.len() + 1);
        let mut from = 0;
        if self == Self::Tabs {
            marks.push(line.len());
        } else if !marks.is_empty() {
            // What begins the line is no end of a cell.
            from = marks.remove(0) + 1;
        }
        for end in marks {
            cells.push(start + from..start + end);
            from = end + 1;
        }
        cells
    }
}

/// What stands between the cells of the tables of a text, where their rows have room in so many columns.
pub(super) fn aligned(text: &str, columns: usize) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut table = Vec::new();
    let mut kind = None;
    let mut start = 0;
    for line in text.split('\n') {
        let own = Kind::of(line);
        if own != kind {
            gaps.extend(of_table(text, kind, &table, columns));
            table.clear();
            kind = own;
        }
        if let Some(own) = own {
            table.push(own.cells(line, start));
        }
        start += line.len() + 1;
    }
    gaps.extend(of_table(text, kind, &table, columns));
    gaps
}

/// The same of one table; nothing of a line alone.
fn of_table(text: &str, kind: Option<Kind>, table: &[Vec<Range<usize>>], columns: usize) -> Vec<Gap> {
    let Some(kind) = kind.filter(|_| table.len() > 1) else { return Vec::new() };
    let wide = |cell: &Range<usize>| width(&text[cell.clone()]);
    let most = table.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |at: usize| table.iter().filter_map(|cells| cells.get(at)).map(wide).max().unwrap_or(0);
    let widths: Vec<usize> = (0..most).map(widest).collect();
    let apart = if kind == Kind::Tabs { APART } else { 1 };
    if widths.iter().map(|wide| wide + apart).sum::<usize>() >= columns {
        return Vec::new();
    }
    let mut gaps = Vec::new();
    for cells in table {
        for (cell, widest) in cells.iter().zip(&widths) {
            let blanks = widest - wide(cell);
            match kind {
                Kind::Pipes => gaps.push((cell.end..cell.end, blanks)),
                Kind::Tabs if text[cell.end..].starts_with('\t') => {
                    gaps.push((cell.end..cell.end + 1, blanks + APART));
                }
                // The last one of its line.
                Kind::Tabs => {}
            }
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, columns: usize) -> String {
        let (mut all, mut at) = (String::new(), 0);
        for (gap, blanks) in aligned(text, columns) {
            all.push_str(&text[at..gap.start]);
            all.push_str(&" ".repeat(blanks));
            at = gap.end;
        }
        all.push_str(&text[at..]);
        all
    }

    #[test]
    fn the_cells_of_a_column_stand_below_each_other() {
        assert_eq!(
            shown("plan\tprice\n緑茶セット\t1\nx\t20", 40),
            "plan        price\n緑茶セット  1\nx           20"
        );
        assert_eq!(
            shown("| a | b |\n|---|---|\n| long one | 2 |\n\nend", 40),
            "| a        | b |\n|---       |---|\n| long one | 2 |\n\nend"
        );
        assert_eq!(shown("| a \\| b | c |\n| d | e |", 40), "| a \\| b | c |\n| d      | e |");
    }

    #[test]
    fn what_is_no_table_or_has_no_room_stays_as_it_is() {
        for stays in ["one\tline", "plan\tprice\nsomething long\t1", "| a |", "a | b\nlonger | c", ""] {
            assert_eq!(shown(stays, 16), stays);
        }
    }
}
