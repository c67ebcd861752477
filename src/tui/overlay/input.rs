//! A line that is being typed: what search lines, names and values are written in.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::untrusted::safe_line;
use crate::tui::paint::{columns, put};
use crate::tui::stroke::{Edit, Stroke};
use crate::tui::widget::text::fit_left;

/// The most bytes that a line takes; what is pasted beyond them is left out.
const LONGEST: usize = 4096;

/// The text and the caret, a byte offset at a grapheme's edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    caret: usize,
    /// What was cut last.
    cut: String,
    /// What it began with.
    first: String,
}

impl Input {
    /// A line with the caret at its end.
    pub fn new(text: &str) -> Self {
        let text: String = text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).collect();
        Self { caret: text.len(), first: text.clone(), text, cut: String::new() }
    }

    /// Nothing is lost with it: it is empty, or what it began with.
    pub fn is_as_it_began(&self) -> bool {
        self.text.is_empty() || self.text == self.first
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the caret.
    pub fn before(&self) -> &str {
        &self.text[..self.caret]
    }

    /// Takes the text out; whether there was one.
    pub fn clear(&mut self) -> bool {
        let had = !self.text.is_empty();
        self.text.clear();
        self.caret = 0;
        had
    }

    /// Puts a text in at the caret; lines become spaces.
    pub fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        let line = text[..text.floor_char_boundary(room)].replace(['\n', '\t'], " ");
        self.text.insert_str(self.caret, &line);
        self.caret += line.len();
    }

    /// Types a character, or edits; whether the text changed or the caret moved.
    pub fn press(&mut self, stroke: Stroke) -> bool {
        let before = (self.text.clone(), self.caret);
        match stroke {
            Stroke::Types(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Stroke::Edits { edit, .. } => self.edit(edit),
        }
        (&before.0, before.1) != (&self.text, self.caret)
    }

    fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::CharLeft => self.caret = self.previous(),
            Edit::CharRight => self.caret = self.next(),
            Edit::WordLeft => self.caret = self.word_left(),
            Edit::WordRight => self.caret = self.word_right(),
            Edit::LineStart | Edit::TextStart => self.caret = 0,
            Edit::LineEnd | Edit::TextEnd => self.caret = self.text.len(),
            Edit::DeleteLeft => {
                self.take(self.previous()..self.caret);
            }
            Edit::DeleteRight => {
                self.take(self.caret..self.next());
            }
            Edit::KillBlankWord => self.kill(self.blank_left()..self.caret),
            Edit::KillWordLeft => self.kill(self.word_left()..self.caret),
            Edit::KillWordRight => self.kill(self.caret..self.word_right()),
            Edit::KillLineStart => self.kill(0..self.caret),
            Edit::KillLineEnd => self.kill(self.caret..self.text.len()),
            Edit::Yank => self.insert(&self.cut.clone()),
            // There is one row.
            Edit::RowUp | Edit::RowDown => {}
        }
    }

    /// Takes a part out, and the caret to where it was.
    fn take(&mut self, range: Range<usize>) -> String {
        self.caret = range.start;
        self.text.drain(range).collect()
    }

    /// Cuts a part, for `Yank`.
    fn kill(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.cut = self.take(range);
        }
    }

    /// Paints the line in the first row of `area`, so that the caret is in sight; returns the caret's cell.
    pub fn draw(&self, area: Rect, cells: &mut Buffer, style: Style) -> Position {
        let room = area.width.saturating_sub(1);
        let before = safe_line(self.before());
        let head = fit_left(&before, usize::from(room));
        let x = put(cells, area.x, area.y, area.right(), &head, style);
        let tail = safe_line(&self.text[self.caret..]);
        put(cells, x, area.y, area.right(), &tail, style);
        Position { x: (area.x + columns(&head)).min(area.right().saturating_sub(1)), y: area.y }
    }

    /// Where the word before the caret begins, blanks at its end included.
    fn blank_left(&self) -> usize {
        let kept = self.before().trim_end();
        kept.rfind(char::is_whitespace)
            .map_or(0, |at| at + kept[at..].chars().next().map_or(1, char::len_utf8))
    }

    fn word_left(&self) -> usize {
        self.before().unicode_word_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn word_right(&self) -> usize {
        let behind = &self.text[self.caret..];
        behind
            .unicode_word_indices()
            .next()
            .map_or(self.text.len(), |(at, word)| self.caret + at + word.len())
    }

    fn previous(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        self.text[self.caret..].graphemes(true).next().map_or(self.caret, |g| self.caret + g.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Key;
    use crate::tui::keymap::Keymap;

    fn typed(keys: &str) -> Input {
        let mut input = Input::default();
        let keymap = Keymap::default();
        for stroke in Key::script(keys).unwrap().into_iter().filter_map(|key| keymap.stroke(key)) {
            input.press(stroke);
        }
        input
    }

    #[test]
    fn a_line_takes_no_more_than_a_line() {
        let mut input = Input::default();
        input.insert(&"漢".repeat(5_000));
        input.insert("more");
        assert!((LONGEST - 3..=LONGEST).contains(&input.text().len()));
    }

    #[test]
    fn a_line_is_edited_by_graphemes_and_words() {
        assert_eq!(typed("abc<left>x").text(), "abxc");
        assert_eq!(typed("one two<ctrl+w>").text(), "one ");
        assert_eq!(typed("one two<ctrl+a><delete>").text(), "ne two");
        assert_eq!(typed("ab👩‍🚀<backspace>").text(), "ab");
        assert_eq!(typed("one-two three<alt+b><alt+b>x").text(), "one-xtwo three");
        assert_eq!(typed("one two<ctrl+a><alt+f>x").text(), "onex two");
        assert_eq!(typed("one two<ctrl+w><ctrl+a><ctrl+y> ").text(), "two one ");
        assert_eq!(typed("<backspace><delete><left><right>").text(), "");
        let mut pasted = Input::new("a");
        pasted.insert("b\nc");
        assert_eq!((pasted.text(), pasted.before()), ("ab c", "ab c"));
    }
}
