//! A text as rows of a width: after a blank where one is near, within a word where none is, between wide characters.

use super::chip::Pastes;
use super::cluster::{clusters, columns, shown};

/// One row on the screen: bytes of the text, without the line break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub start: usize,
    pub end: usize,
}

/// The rows of `text`; at least one. A caret behind a full last row has a row of its own.
pub fn rows(text: &str, pastes: &Pastes, width: u16) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        wrap(line, start, pastes, width.max(1), &mut rows);
        start += line.len() + 1;
    }
    rows
}

fn wrap(line: &str, offset: usize, pastes: &Pastes, width: u16, rows: &mut Vec<Row>) {
    let mut start = 0;
    let mut used: u16 = 0;
    // Where the row may end, and the columns up to there.
    let mut stop = (0, 0);
    let mut wide_before = false;
    for (at, cluster) in clusters(line) {
        let shown = shown(cluster, pastes);
        let columns = columns(&shown).min(width);
        let wide = columns == 2 && !shown.is_ascii();
        if wide || wide_before {
            stop = (at, used);
        }
        if used + columns > width {
            if stop.0 <= start {
                stop = (at, used);
            }
            rows.push(Row { start: offset + start, end: offset + stop.0 });
            start = stop.0;
            used -= stop.1;
            // What moved down may itself be as wide as a row.
            if used + columns > width {
                rows.push(Row { start: offset + start, end: offset + at });
                start = at;
                used = 0;
            }
            stop = (start, 0);
        }
        used += columns;
        wide_before = wide;
        if cluster == " " || cluster == "\t" {
            stop = (at + cluster.len(), used);
        }
    }
    rows.push(Row { start: offset + start, end: offset + line.len() });
    if used >= width {
        rows.push(Row { start: offset + line.len(), end: offset + line.len() });
    }
}

/// The row and column of a byte of the text.
pub fn place_of(at: usize, text: &str, rows: &[Row], pastes: &Pastes) -> (usize, u16) {
    let row = rows.partition_point(|r| r.start <= at).saturating_sub(1);
    let Some(Row { start, end }) = rows.get(row).copied() else { return (0, 0) };
    let column = clusters(&text[start..end])
        .take_while(|(i, _)| start + i < at)
        .fold(0, |sum: u16, (_, cluster)| sum.saturating_add(columns(&shown(cluster, pastes))));
    (row, column)
}

/// The byte of the text at a row and column, or the nearest before it.
pub fn byte_at(row: usize, column: u16, text: &str, rows: &[Row], pastes: &Pastes) -> usize {
    let Some(Row { start, end }) = rows.get(row).copied() else { return text.len() };
    let mut used: u16 = 0;
    let mut last = start;
    for (at, cluster) in clusters(&text[start..end]) {
        last = start + at;
        used = used.saturating_add(columns(&shown(cluster, pastes)));
        if used > column {
            return last;
        }
    }
    // The end of a wrapped row is the start of the next: the last cluster is the nearest place in this one.
    if rows.get(row + 1).is_some_and(|next| next.start == end) { last } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: u16) -> Vec<&str> {
        rows(text, &Pastes::default(), width).iter().map(|r| &text[r.start..r.end]).collect()
    }

    #[test]
    fn rows_break_after_blanks_and_within_long_words() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("a abcdefgh", 4), ["a ", "abcd", "efgh", ""]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("a\n\nb", 4), ["a", "", "b"]);
    }

    #[test]
    fn wide_characters_break_anywhere_and_never_in_half() {
        assert_eq!(wrapped("長い文章です", 5), ["長い", "文章", "です"]);
        assert_eq!(wrapped("ab長い", 5), ["ab長", "い"]);
        assert_eq!(wrapped("👩\u{200d}👧👩\u{200d}👧", 3), ["👩\u{200d}👧", "👩\u{200d}👧"]);
        assert_eq!(wrapped("長", 1), ["長", ""]);
    }

    #[test]
    fn a_full_last_row_leaves_the_caret_a_row() {
        let (text, pastes) = ("abcd", Pastes::default());
        let rows = rows(text, &pastes, 4);
        assert_eq!(place_of(4, text, &rows, &pastes), (1, 0));
        assert_eq!(place_of(3, text, &rows, &pastes), (0, 3));
    }

    #[test]
    fn places_and_bytes_agree() {
        let (text, pastes) = ("one 長い two\nthree\t👩\u{200d}👧!", Pastes::default());
        for width in 2..20 {
            let rows = rows(text, &pastes, width);
            for (at, _) in clusters(text) {
                let (row, column) = place_of(at, text, &rows, &pastes);
                assert_eq!(byte_at(row, column, text, &rows, &pastes), at, "byte {at} at width {width}");
            }
        }
    }
}
