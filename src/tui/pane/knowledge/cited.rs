//! An answer in rows: Markdown as the chat sets it, with the marks of the hits that it names.

use ratatui::style::Modifier;

use super::found::Answer;
use crate::domain::knowledge::retrieval::marked;
use crate::tui::look::Role;
use crate::tui::widget::markdown::Stream;
use crate::tui::widget::text::{Ink, Inline, Row, Span, prefix, wrap};

/// What stands in the place of an answer where nothing is near enough.
const NOTHING: &str = "Not in the knowledge base: nothing that was found is near enough to answer from.";

/// The rows of an answer, that wide; it can name so many hits.
pub(super) fn rows(said: &Answer, hits: usize, width: u16) -> Vec<Row> {
    let columns = usize::from(width);
    if said.nothing {
        return wrap(&Inline::plain(NOTHING, Ink::of(Role::Warn)), columns);
    }
    let mut stream = Stream::new(columns);
    stream.update(said.text().trim_end(), !said.runs);
    stream.rows().iter().map(|row| with_marks(row, hits)).collect()
}

/// A row with its marks; in code there are none.
fn with_marks(row: &Row, hits: usize) -> Row {
    let marks = if row.code.is_some() { Vec::new() } else { marked(&row.text(), hits) };
    if marks.is_empty() {
        return row.clone();
    }
    let mut spans = Vec::new();
    let mut push = |text: &str, ink: Ink| {
        if !text.is_empty() {
            spans.push(Span::new(text, ink));
        }
    };
    let mut at = 0;
    for span in &row.spans {
        let end = at + span.text.len();
        let is_code = span.ink.role == Role::String;
        let link = if is_code { span.ink } else { span.ink.role(Role::Link).with(Modifier::BOLD) };
        let mut from = at;
        for mark in &marks {
            // As much of it as is in this span.
            let (start, stop) = (mark.start.clamp(from, end), mark.end.clamp(from, end));
            push(&span.text[from - at..start - at], span.ink);
            push(&span.text[start - at..stop - at], link);
            from = stop;
        }
        push(&span.text[from - at..], span.ink);
        at = end;
    }
    Row { spans, raised: row.raised, code: row.code }
}

/// The number of the hit that a mark names at that column of a row, as [`rows`] has it.
pub(super) fn named_at(row: &Row, hits: usize, column: usize) -> Option<usize> {
    let text = row.text();
    let at = prefix(&text, column).0.len();
    let mark = marked(&text, hits).into_iter().find(|mark| mark.contains(&at))?;
    let mut end = 0;
    let span = row.spans.iter().find(|span| {
        end += span.text.len();
        at < end
    })?;
    // In code there are none.
    if row.code.is_some() || span.ink.role != Role::Link {
        return None;
    }
    // Of several in one mark the one that is there, or that comes next.
    let digit = |c: char| c.is_ascii_digit();
    let begin = mark.start + text[mark.start..at].trim_end_matches(digit).len();
    let number = text[begin..mark.end].trim_start_matches(|c: char| !c.is_ascii_digit());
    number[..number.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(spans: &[(&str, Ink)]) -> Row {
        let spans = spans.iter().map(|(text, ink)| Span::new(*text, *ink)).collect();
        Row { spans, ..Row::default() }
    }

    #[test]
    fn a_mark_is_a_link_also_where_it_is_parted_and_in_code_it_is_none() {
        let (text, code) = (Ink::of(Role::Text), Ink::of(Role::String));
        let bold = text.with(Modifier::BOLD);
        let set = with_marks(&row(&[("so [", text), ("1", bold), ("] and [9], ", text), ("a[1]", code)]), 2);
        let link = Ink::of(Role::Link).with(Modifier::BOLD);
        let said: Vec<(&str, Ink)> = set.spans.iter().map(|span| (span.text.as_str(), span.ink)).collect();
        assert_eq!(
            said,
            [
                ("so ", text),
                ("[", link),
                ("1", link),
                ("]", link),
                (" and [9], ", text),
                ("a", code),
                ("[1]", code)
            ]
        );
        assert_eq!(named_at(&set, 2, 4), Some(1));
        assert_eq!(
            [3, 5, 6, 11, 19].map(|column| named_at(&set, 2, column)),
            [Some(1), Some(1), None, None, None]
        );
        let plain = row(&[("[ ] to do", text)]);
        assert_eq!(with_marks(&plain, 2), plain);
    }

    #[test]
    fn of_several_marks_the_one_that_is_pressed_is_meant() {
        let set = with_marks(&row(&[("川 so [1][3], [2, 13]", Ink::of(Role::Text))]), 13);
        let named: Vec<usize> = (0..22).map(|column| named_at(&set, 13, column).unwrap_or(0)).collect();
        assert_eq!(named, [0, 0, 0, 0, 0, 0, 1, 1, 1, 3, 3, 3, 0, 0, 2, 2, 2, 13, 13, 13, 13, 0]);
    }
}
