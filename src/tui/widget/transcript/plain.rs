//! Text as it is, its own lines wrapped; one that grows is never wrapped again from its start.

use crate::domain::untrusted::safe_text;
use crate::tui::look::Role;
use crate::tui::widget::text::{Ink, Inline, Row, Source, Span, wrap};

/// More of one text than this is not set: copying and export have all of it.
const LIMIT: usize = 1024 * 1024;

/// A text, set at a width.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    ink: Ink,
    columns: usize,
    /// Stands before every row.
    edge: Option<Span>,
    rows: Vec<Row>,
    /// What will never change: bytes of the text, the rows that show them, and where the line began that goes on there.
    settled: Mark,
    line: Mark,
    /// The line that goes on at `settled` is shown byte for byte, so far.
    exact: bool,
}

/// A byte of the text and the row that begins with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Mark {
    byte: usize,
    rows: usize,
}

impl Plain {
    /// Nothing yet.
    pub fn new(ink: Ink, columns: usize) -> Self {
        let start = Mark::default();
        Self { ink, columns, edge: None, rows: Vec::new(), settled: start, line: start, exact: true }
    }

    /// Under a row of its own, with a bar at the left of every other row; blanks around the text are left out.
    pub fn barred(head: Row, ink: Ink, columns: usize) -> Self {
        let edge = Some(Span::new("▏ ", Ink::of(Role::Rule)));
        let start = Mark { byte: 0, rows: 1 };
        let plain = Self::new(ink, columns.saturating_sub(2));
        Self { edge, rows: vec![head], settled: start, line: start, ..plain }
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Takes in what the text has grown to; it must go on where it was.
    pub fn update(&mut self, text: &str) {
        let text = if self.edge.is_some() { text.trim_end() } else { text };
        let blank = if self.edge.is_some() { text.len() - text.trim_start().len() } else { 0 };
        if self.settled.byte < blank {
            self.settled.byte = blank;
            self.line.byte = blank;
        }
        let end = text.floor_char_boundary(LIMIT);
        let shown = &text[..end];
        // A character that is not shown as it is makes the whole line one that stands for its bytes.
        let rest = shown[self.settled.byte..].split('\n').next().unwrap_or("");
        if self.exact != is_exact(rest) {
            self.settled = self.line;
        }
        self.rows.truncate(self.settled.rows);
        let mut at = self.settled.byte;
        for line in shown[at..].split_inclusive('\n') {
            self.line(line, at);
            at += line.len();
        }
        if at == 0 || shown.ends_with('\n') {
            self.line("", at);
        }
        if end < text.len() {
            let more = format!("… {} KB more: copy or export to see them", (text.len() - end) / 1024);
            self.rows.push(Row::of(more, Ink::of(Role::Faint)));
            self.settled = self.line;
        }
    }

    /// Sets the line, or the rest of one, that begins at byte `at`.
    fn line(&mut self, line: &str, at: usize) {
        let content = line.trim_end_matches(['\n', '\r']);
        let safe = safe_text(content);
        let expanded = safe.replace('\t', "    ");
        let exact = expanded == content;
        let goes_on = self.settled.byte == at && self.settled != self.line;
        let mark = Mark { byte: at, rows: self.rows.len() };
        if !goes_on {
            self.line = mark;
        }
        self.settled = mark;
        self.exact = exact;
        let source = Source { start: at as u32, end: (at + content.len()) as u32, exact };
        let mut inline = Inline::default();
        inline.push(&expanded, self.ink, Some(source));
        let rows = wrap(&inline, self.columns);
        // The last two rows may still change: what is appended can join their last cluster, or take their last word along.
        if exact
            && let Some(last) = rows.len().checked_sub(2).filter(|last| *last > 0)
            && let Some((byte, _)) = rows[last].source()
        {
            self.settled = Mark { byte: byte as usize, rows: mark.rows + last };
        }
        let edge = &self.edge;
        self.rows.extend(rows.into_iter().map(|mut row| {
            if let Some(edge) = edge {
                row.spans.insert(0, edge.clone());
            }
            row
        }));
    }
}

fn is_exact(line: &str) -> bool {
    let content = line.trim_end_matches('\r');
    !content.contains('\t') && safe_text(content) == content
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pieces: &[&str], columns: usize) -> Vec<Row> {
        let mut plain = Plain::barred(Row::default(), Ink::of(Role::Muted), columns);
        let mut text = String::new();
        for piece in pieces {
            text.push_str(piece);
            plain.update(&text);
        }
        plain.rows
    }

    #[test]
    fn a_text_that_comes_in_pieces_is_set_as_the_whole_is() {
        let text = " \n one two three four five six seven eight\n\nnine\tten eleven twelve thirteen fourteen \
                    fifteen\n漢字かな交じり文が続く長い行です e\u{301}\u{301} 👩\u{200d}🔬 the\u{1b}end of a long line\n";
        for columns in [3, 7, 12, 40] {
            let whole = set(&[text], columns);
            let letters: Vec<String> = text.chars().map(String::from).collect();
            let pieces: Vec<&str> = letters.iter().map(String::as_str).collect();
            assert_eq!(set(&pieces, columns), whole, "{columns} columns");
        }
    }

    #[test]
    fn what_is_settled_is_not_set_again() {
        let mut plain = Plain::new(Ink::of(Role::Muted), 20);
        let mut text = "word ".repeat(10_000);
        plain.update(&text);
        let (settled, rows) = (plain.settled.byte, plain.rows.len());
        assert!(text.len() - settled < 100, "{settled} of {}", text.len());
        text.push_str("more");
        plain.update(&text);
        assert!(plain.settled.byte >= settled && plain.rows.len() >= rows);
    }

    #[test]
    fn bytes_of_the_source_are_known_on_every_row() {
        let rows = set(&["alpha beta gamma\ndelta"], 12);
        let sources: Vec<_> = rows[1..].iter().map(|row| row.source().unwrap()).collect();
        assert_eq!(sources, [(0, 10), (11, 16), (17, 22)]);
    }
}
