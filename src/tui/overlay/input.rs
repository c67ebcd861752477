//! A line that is being typed: what search lines, names and values are written in.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::untrusted::safe_line;
use crate::tui::key::{Key, KeyCode, KeyModifiers};
use crate::tui::paint::{columns, put};
use crate::tui::widget::text::fit_left;

/// The most bytes that a line takes; what is pasted beyond them is left out.
const LONGEST: usize = 4096;

/// The text and the caret, a byte offset at a grapheme's edge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    caret: usize,
}

impl Input {
    /// A line with the caret at its end.
    pub fn new(text: &str) -> Self {
        let text: String = text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).collect();
        Self { caret: text.len(), text }
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the caret.
    pub fn before(&self) -> &str {
        &self.text[..self.caret]
    }

    /// Puts a text in at the caret; lines become spaces.
    pub fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.len());
        let line = text[..text.floor_char_boundary(room)].replace(['\n', '\t'], " ");
        self.text.insert_str(self.caret, &line);
        self.caret += line.len();
    }

    /// Takes a key; whether the text changed or the caret moved.
    pub fn key(&mut self, key: Key) -> bool {
        let before = self.clone();
        let ctrl = key.modifiers == KeyModifiers::CONTROL;
        match key.code {
            KeyCode::Char(c) if key.modifiers.is_empty() => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace if key.modifiers.is_empty() => {
                let from = self.previous();
                self.text.replace_range(from..self.caret, "");
                self.caret = from;
            }
            KeyCode::Delete => {
                let to = self.next();
                self.text.replace_range(self.caret..to, "");
            }
            KeyCode::Left => self.caret = self.previous(),
            KeyCode::Right => self.caret = self.next(),
            KeyCode::Home => self.caret = 0,
            KeyCode::End => self.caret = self.text.len(),
            KeyCode::Char('a') if ctrl => self.caret = 0,
            KeyCode::Char('e') if ctrl => self.caret = self.text.len(),
            KeyCode::Char('u') if ctrl => {
                self.text.replace_range(..self.caret, "");
                self.caret = 0;
            }
            KeyCode::Char('k') if ctrl => self.text.truncate(self.caret),
            KeyCode::Char('w') if ctrl => self.delete_word(),
            KeyCode::Backspace => self.delete_word(),
            _ => {}
        }
        *self != before
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

    fn delete_word(&mut self) {
        let kept = self.before().trim_end();
        let from = kept
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + kept[at..].chars().next().map_or(1, char::len_utf8));
        self.text.replace_range(from..self.caret, "");
        self.caret = from;
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

    fn typed(keys: &str) -> Input {
        let mut input = Input::default();
        for key in Key::script(keys).unwrap() {
            input.key(key);
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
        assert_eq!(typed("<backspace><delete><left><right>").text(), "");
        let mut pasted = Input::new("a");
        pasted.insert("b\nc");
        assert_eq!((pasted.text(), pasted.before()), ("ab c", "ab c"));
    }
}
