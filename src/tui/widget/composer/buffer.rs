//! A text with a caret, a selection, undo and one kill: the editing rules, in byte offsets at cluster boundaries.

use std::ops::Range;

use super::cluster::{after, before, clusters, is_word};

/// How many steps can be undone.
const UNDO_STEPS: usize = 1_000;

/// One replacement, as undo needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    at: usize,
    removed: String,
    inserted: String,
    caret_before: usize,
}

/// What the last edit was, for those that join with the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    Typed,
    Killed,
}

/// A text that is being edited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buffer {
    text: String,
    caret: usize,
    /// The other end of the selection.
    anchor: Option<usize>,
    undo: Vec<Change>,
    redo: Vec<Change>,
    killed: String,
    last: Last,
    revision: u64,
}

/// Where a caret can go by itself. Rows are the wrapping's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Start,
    End,
}

impl Buffer {
    /// A fresh text, the caret at its end.
    pub fn new(text: String) -> Self {
        Self { caret: text.len(), text, ..Self::default() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Grows with every change of the text.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn caret(&self) -> usize {
        self.caret
    }

    /// The selected bytes; never empty.
    pub fn selection(&self) -> Option<Range<usize>> {
        let anchor = self.anchor.filter(|a| *a != self.caret)?;
        Some(anchor.min(self.caret)..anchor.max(self.caret))
    }

    /// Puts the caret to a place, which is moved to a cluster's start. `select` keeps or begins a selection.
    pub fn place(&mut self, at: usize, select: bool) {
        let at = self.boundary(at);
        self.anchor = if select { self.anchor.or(Some(self.caret)) } else { None };
        self.caret = at;
        self.last = Last::Other;
    }

    /// Moves the caret. Without `select`, a selection is left at the end that the caret goes to.
    pub fn go(&mut self, to: Move, select: bool) {
        let at = match (to, self.selection()) {
            (Move::Left, Some(range)) if !select => range.start,
            (Move::Right, Some(range)) if !select => range.end,
            _ => self.target(to),
        };
        self.place(at, select);
    }

    /// Selects everything.
    pub fn select_all(&mut self) {
        self.place(0, false);
        self.place(self.text.len(), true);
    }

    /// Puts `text` in place of the selection, or at the caret.
    pub fn insert(&mut self, text: &str) {
        let range = self.selection().unwrap_or(self.caret..self.caret);
        let typed = text.chars().count() == 1 && range.is_empty();
        if typed && self.last == Last::Typed && !text.starts_with(char::is_whitespace) && self.joins() {
            if let Some(change) = self.undo.last_mut() {
                change.inserted.push_str(text);
            }
            self.text.insert_str(self.caret, text);
            self.revision += 1;
            self.caret += text.len();
            self.redo.clear();
        } else {
            self.replace(range, text);
        }
        self.last = if typed { Last::Typed } else { Last::Other };
    }

    /// Whether the last change ends at the caret.
    fn joins(&self) -> bool {
        self.undo.last().is_some_and(|c| c.at + c.inserted.len() == self.caret)
    }

    /// Takes out the selection, or what lies between the caret and `to`.
    pub fn delete(&mut self, to: Move) {
        let range = self.selection().unwrap_or_else(|| self.span(self.target(to)));
        self.replace(range, "");
    }

    /// As `delete`, and keeps it for `yank`; kills in a row add up.
    pub fn kill(&mut self, to: Move) {
        let mut target = self.target(to);
        // At a line's end, killing to it takes the line break.
        if to == Move::LineEnd && target == self.caret {
            target = after(&self.text, self.caret);
        }
        let backward = target < self.caret;
        let range = self.selection().unwrap_or_else(|| self.span(target));
        self.kill_range(range, backward);
    }

    /// Kills back to the last white space, as Ctrl+W does in a shell.
    pub fn kill_blank_word(&mut self) {
        let head = self.text[..self.caret].trim_end();
        let start = head.rfind(char::is_whitespace).map_or(0, |i| after(&self.text, i));
        self.kill_range(self.selection().unwrap_or(start..self.caret), true);
    }

    fn kill_range(&mut self, range: Range<usize>, backward: bool) {
        if range.is_empty() {
            return;
        }
        let text = self.text[range.clone()].to_owned();
        match (self.last, backward) {
            (Last::Killed, true) => self.killed.insert_str(0, &text),
            (Last::Killed, false) => self.killed.push_str(&text),
            _ => self.killed = text,
        }
        self.replace(range, "");
        self.last = Last::Killed;
    }

    /// Puts the last kill back in.
    pub fn yank(&mut self) {
        let killed = self.killed.clone();
        let range = self.selection().unwrap_or(self.caret..self.caret);
        self.replace(range, &killed);
    }

    /// Replaces a range as one step of undo, the caret behind it.
    pub fn replace(&mut self, range: Range<usize>, with: &str) {
        self.last = Last::Other;
        self.anchor = None;
        if range.is_empty() && with.is_empty() {
            return;
        }
        let removed = self.text[range.clone()].to_owned();
        let change = Change { at: range.start, removed, inserted: with.to_owned(), caret_before: self.caret };
        self.text.replace_range(range, with);
        self.revision += 1;
        self.caret = change.at + with.len();
        self.undo.push(change);
        if self.undo.len() > UNDO_STEPS {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    /// Takes the last step back; `false` if there is none.
    pub fn undo(&mut self) -> bool {
        let Some(change) = self.undo.pop() else { return false };
        self.text.replace_range(change.at..change.at + change.inserted.len(), &change.removed);
        self.revision += 1;
        self.caret = change.caret_before;
        self.anchor = None;
        self.last = Last::Other;
        self.redo.push(change);
        true
    }

    /// Takes the last undo back; `false` if there is none.
    pub fn redo(&mut self) -> bool {
        let Some(change) = self.redo.pop() else { return false };
        self.text.replace_range(change.at..change.at + change.removed.len(), &change.inserted);
        self.revision += 1;
        self.caret = change.at + change.inserted.len();
        self.anchor = None;
        self.last = Last::Other;
        self.undo.push(change);
        true
    }

    fn span(&self, to: usize) -> Range<usize> {
        to.min(self.caret)..to.max(self.caret)
    }

    fn target(&self, to: Move) -> usize {
        let (head, tail) = self.text.split_at(self.caret);
        match to {
            Move::Left => before(&self.text, self.caret),
            Move::Right => after(&self.text, self.caret),
            Move::WordLeft => {
                let mut in_word = false;
                let found = clusters(head).rev().find(|(_, cluster)| {
                    let word = is_word(cluster);
                    let stop = in_word && !word;
                    in_word |= word;
                    stop
                });
                found.map_or(0, |(at, cluster)| at + cluster.len())
            }
            Move::WordRight => {
                let mut in_word = false;
                let found = clusters(tail).find(|(_, cluster)| {
                    let word = is_word(cluster);
                    let stop = in_word && !word;
                    in_word |= word;
                    stop
                });
                self.caret + found.map_or(tail.len(), |(at, _)| at)
            }
            Move::LineStart => head.rfind('\n').map_or(0, |i| i + 1),
            Move::LineEnd => self.caret + tail.find('\n').unwrap_or(tail.len()),
            Move::Start => 0,
            Move::End => self.text.len(),
        }
    }

    /// The start of the cluster that `at` lies in, looking no further than its line.
    fn boundary(&self, at: usize) -> usize {
        let at = self.text.floor_char_boundary(at);
        let line = self.text[..at].rfind('\n').map_or(0, |i| i + 1);
        let end = at + self.text[at..].find('\n').unwrap_or(self.text.len() - at);
        clusters(&self.text[line..end])
            .map(|(start, cluster)| (line + start, line + start + cluster.len()))
            .find(|(_, stop)| at < *stop)
            .map_or(at, |(start, _)| start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text with `|` for the caret.
    fn buffer(marked: &str) -> Buffer {
        let at = marked.find('|').unwrap();
        let mut buffer = Buffer::new(marked.replacen('|', "", 1));
        buffer.place(at, false);
        buffer
    }

    fn marked(buffer: &Buffer) -> String {
        let (head, tail) = buffer.text().split_at(buffer.caret());
        format!("{head}|{tail}")
    }

    fn after_each(start: &str, edit: impl FnOnce(&mut Buffer), end: &str) {
        let mut b = buffer(start);
        edit(&mut b);
        assert_eq!(marked(&b), end, "from {start}");
    }

    #[test]
    fn moves_stop_at_words_lines_and_clusters() {
        after_each("one two|", |b| b.go(Move::WordLeft, false), "one |two");
        after_each("one, |two", |b| b.go(Move::WordLeft, false), "|one, two");
        after_each("|one, two", |b| b.go(Move::WordRight, false), "one|, two");
        after_each("a\nbc|\nd", |b| b.go(Move::LineStart, false), "a\n|bc\nd");
        after_each("a\n|bc\nd", |b| b.go(Move::LineEnd, false), "a\nbc|\nd");
        after_each("e\u{301}|x", |b| b.go(Move::Left, false), "|e\u{301}x");
        after_each("|a\n", |b| b.go(Move::End, false), "a\n|");
        after_each("a\n|", |b| b.go(Move::Left, false), "a|\n");
    }

    #[test]
    fn kills_in_a_row_come_back_as_one() {
        after_each(
            "one two three|",
            |b| {
                b.kill(Move::WordLeft);
                b.kill(Move::WordLeft);
                b.go(Move::Start, false);
                b.yank();
            },
            "two three|one ",
        );
        after_each(
            "a |b\nc",
            |b| {
                b.kill(Move::LineEnd);
                b.kill(Move::LineEnd);
                b.yank();
                b.yank();
            },
            "a b\nb\n|c",
        );
        after_each("see src/main.rs|", Buffer::kill_blank_word, "see |");
        after_each("two  |", Buffer::kill_blank_word, "|");
    }

    #[test]
    fn undo_goes_word_by_word_and_redo_returns() {
        let mut b = Buffer::default();
        for c in ["h", "i", " ", "y", "o"] {
            b.insert(c);
        }
        let steps: Vec<_> = std::iter::from_fn(|| b.undo().then(|| b.text().to_owned())).collect();
        assert_eq!(steps, ["hi", ""]);
        assert!(b.redo() && b.redo() && !b.redo());
        assert_eq!(marked(&b), "hi yo|");
    }

    #[test]
    fn typing_replaces_the_selection() {
        let mut b = buffer("one| two");
        b.go(Move::End, true);
        assert_eq!(b.selection(), Some(3..7));
        b.insert("!");
        assert_eq!(marked(&b), "one!|");
        b.undo();
        assert_eq!(b.text(), "one two");
        b.select_all();
        b.go(Move::Left, false);
        assert_eq!((b.caret(), b.selection()), (0, None));
    }

    #[test]
    fn a_place_inside_a_cluster_is_its_start() {
        let mut b = Buffer::new("a👩\u{200d}👧b".to_owned());
        b.place(6, false);
        assert_eq!(b.caret(), 1);
        b.place(999, false);
        assert_eq!(b.caret(), b.text().len());
    }
}
