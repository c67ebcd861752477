//! The box that a message is written in: many lines, wrapped, with the real cursor at the caret.
//!
//! An editor of its own rather than `tui-textarea`, whose caret steps by `char` and whose columns are sums over `char`s:
//! a family emoji is five steps and eight columns there, one step and two columns on the screen. Chips, which the
//! caret must take as one, have no place in it either.

mod buffer;
mod chip;
mod cluster;
mod history;
mod mention;
mod rows;
mod view;

use std::borrow::Cow;
use std::ops::Range;

pub use buffer::Move;
pub use chip::{Ticket, blocks_of, draft_of, joined};
pub use mention::{OpenPath, mentioned_path, possible_mentions};
pub use view::Look;

use buffer::Buffer;
use chip::{Pastes, chip_index, folds};
use cluster::before;
use history::History;
use mention::{mentions, open_path, written};
use ratatui::layout::{Position, Rect};
use rows::{Row, byte_at, place_of, rows};

use crate::domain::attachment::Attachment;
use crate::domain::conversation::{Draft, Held};
use crate::domain::message::Block;
use crate::tui::key::{Key, KeyCode};
use crate::tui::stroke::{Edit, Stroke};

/// A message being written. Every method is pure; `fit` tells it the room that it is drawn in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Composer {
    buffer: Buffer,
    pastes: Pastes,
    /// How many files were asked for.
    asked: Ticket,
    history: History,
    /// The room of the last `fit`, in columns and rows.
    width: u16,
    height: u16,
    /// The first row that is shown.
    top: usize,
    /// The column that Up and Down keep to.
    goal: Option<u16>,
    /// The rows of the text as it was wrapped last.
    laid: Option<Laid>,
}

/// The rows of a text at a width; true as long as the text is of that revision.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Laid {
    revision: u64,
    width: u16,
    rows: Vec<Row>,
}

impl Composer {
    /// An empty one that remembers the texts sent before, oldest first.
    pub fn with_history(sent: Vec<Draft>) -> Self {
        Self { history: History::new(sent), ..Self::default() }
    }

    /// The whole text, pastes in full, as it is sent.
    pub fn text(&self) -> String {
        self.pastes.expand(self.buffer.text())
    }

    pub fn is_empty(&self) -> bool {
        self.buffer.text().is_empty()
    }

    /// What is written, as it is kept.
    pub fn draft(&self) -> Draft {
        self.pastes.draft(self.buffer.text())
    }

    /// Shows a kept text, the caret at its end; the steps of undo begin anew.
    pub fn set_draft(&mut self, draft: &Draft) {
        self.pastes = Pastes::of(draft);
        self.buffer = Buffer::new(draft.text.clone());
        self.laid = None;
        self.moved(None);
    }

    /// Replaces the text as one step of undo; what is too long to be shown folds.
    pub fn set_text(&mut self, text: &str) {
        self.buffer.select_all();
        let text = unix_lines(text);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if Pastes::is_showable(text) {
            self.buffer.insert(text);
        } else {
            self.insert_folded(text.to_owned());
        }
        self.moved(None);
    }

    /// The whole text as an editor shows it: pastes in full, a file by the words on its chip.
    pub fn written_out(&self) -> String {
        self.pastes.written_out(self.buffer.text())
    }

    /// Replaces the text by what an editor made of it, as one step of undo: files stand where it left their words.
    pub fn set_written(&mut self, text: &str) {
        let text = unix_lines(text);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let shown = self.pastes.taken_in(self.buffer.text(), text);
        self.buffer.select_all();
        self.buffer.insert(&shown);
        self.moved(None);
    }

    /// Ends a message: remembers it, empties the box, returns the whole text.
    pub fn take(&mut self) -> String {
        let text = self.text();
        if !text.trim().is_empty() {
            self.history.push(self.draft());
        }
        if self.pastes.is_empty() {
            self.clear();
        } else {
            // What was pasted is large: it is kept once, where Up finds it.
            self.set_draft(&Draft::default());
        }
        text
    }

    /// Puts a text that came back where Up finds it, once.
    pub fn remember(&mut self, draft: Draft) {
        if !self.history.entries().any(|sent| *sent == draft) {
            self.history.push(draft);
        }
    }

    /// Empties the box; undo brings the text back.
    pub fn clear(&mut self) {
        self.buffer.replace(0..self.buffer.text().len(), "");
        self.moved(None);
    }

    /// Types a text at the caret, as it is.
    pub fn insert(&mut self, text: &str) {
        if text.chars().any(|c| chip_index(c).is_some()) {
            self.insert_folded(text.to_owned());
        } else {
            self.buffer.insert(text);
        }
        self.moved(None);
    }

    /// Puts a paste in: folded to a chip if it is long, in full if the same was pasted right before.
    pub fn paste(&mut self, text: &str) {
        let text = unix_lines(text);
        if !folds(&text) {
            self.buffer.insert(&text);
        } else if let Some((range, paste)) = self.chip_before_caret().filter(|(_, paste)| *paste == text) {
            let paste = paste.to_owned();
            self.buffer.replace(range, &paste);
        } else {
            self.insert_folded(text);
        }
        self.moved(None);
    }

    /// Puts a paste in, in full however long it is.
    pub fn paste_whole(&mut self, text: &str) {
        self.insert(&unix_lines(text));
    }

    /// Puts the chip of a file in, at the caret.
    pub fn attach(&mut self, file: Attachment) {
        if let Some(chip) = self.pastes.fold(Held::File(file)) {
            self.buffer.insert(chip.encode_utf8(&mut [0; 4]));
        }
        self.moved(None);
    }

    /// Marks the chips of files that cannot go with the message, with why.
    pub fn bar(&mut self, why: impl Fn(&Block) -> Option<&'static str>) {
        if self.pastes.bar(why) {
            self.laid = None;
        }
    }

    /// Puts a chip in the place of what is written there, or at the caret, for a file of that name that is being read.
    /// `None` where there is no room for one more.
    pub fn reading(&mut self, name: &str, written: &str, place: Option<Range<usize>>) -> Option<Ticket> {
        self.asked += 1;
        let chip = self.pastes.reading(self.asked, name, written)?;
        match place {
            Some(range) => self.put(range, chip.encode_utf8(&mut [0; 4])),
            None => self.buffer.insert(chip.encode_utf8(&mut [0; 4])),
        }
        self.moved(None);
        Some(self.asked)
    }

    /// The file was read: it stands where its chip does.
    pub fn read(&mut self, ticket: Ticket, file: Attachment) {
        if self.pastes.read(ticket, file) {
            self.laid = None;
            self.moved(None);
        }
    }

    /// The file was not read: what was written stands there again.
    pub fn not_read(&mut self, ticket: Ticket) {
        let Some((chip, written)) = self.pastes.not_read(ticket) else { return };
        self.laid = None;
        while let Some(at) = self.buffer.text().find(chip) {
            self.put(at..at + chip.len_utf8(), &written);
        }
        self.moved(None);
    }

    /// Replaces a range; the person may write on behind it.
    fn put(&mut self, range: Range<usize>, with: &str) {
        let caret = self.buffer.caret();
        let end = range.end;
        let behind = if caret < end { range.start.min(caret) } else { caret - range.len() + with.len() };
        self.buffer.replace(range, with);
        if caret != end {
            self.buffer.place(behind, false);
        }
    }

    /// The `@path`s that are written in the text, and where.
    pub fn mentions(&self) -> Vec<(Range<usize>, String)> {
        mentions(self.buffer.text())
    }

    /// The `@path` that is being written before the caret.
    pub fn open_path(&self) -> Option<OpenPath> {
        self.buffer.selection().is_none().then(|| open_path(self.buffer.text(), self.buffer.caret()))?
    }

    /// Writes a path in the place of the one that is being written; a `whole` one ends there.
    pub fn complete(&mut self, open: &OpenPath, path: &str, whole: bool) {
        let word = written(path, open.quote, whole);
        let caret = self.buffer.caret();
        let behind = &self.buffer.text()[caret..];
        let closed = open.quote.filter(|quote| whole && behind.starts_with(*quote)).map_or(0, char::len_utf8);
        let blank = whole && !behind[closed..].starts_with(char::is_whitespace);
        if blank || self.buffer.text()[open.start..caret + closed] != word {
            let end = if blank { " " } else { "" };
            self.buffer.replace(open.start..caret + closed, &format!("{word}{end}"));
            self.moved(None);
        }
    }

    fn insert_folded(&mut self, text: String) {
        if let Some(chip) = self.pastes.fold(text) {
            self.buffer.insert(chip.encode_utf8(&mut [0; 4]));
        }
    }

    fn chip_before_caret(&self) -> Option<(Range<usize>, &str)> {
        let caret = self.buffer.caret();
        let start = before(self.buffer.text(), caret);
        let index = chip_index(self.buffer.text()[start..caret].chars().next()?)?;
        Some((start..caret, self.pastes.showable(index)?))
    }

    /// Starts a new line.
    pub fn newline(&mut self) {
        self.buffer.insert("\n");
        self.moved(None);
    }

    /// A backslash before the caret becomes a new line: what Enter does after one. `false` if there is none.
    pub fn newline_for_backslash(&mut self) -> bool {
        let caret = self.buffer.caret();
        let escaped = self.buffer.selection().is_none() && self.buffer.text()[..caret].ends_with('\\');
        if escaped {
            self.buffer.replace(caret - 1..caret, "\n");
            self.moved(None);
        }
        escaped
    }

    /// Takes the last step back; `false` if there is none.
    pub fn undo(&mut self) -> bool {
        let done = self.buffer.undo();
        self.moved(None);
        done
    }

    /// Takes the last undo back; `false` if there is none.
    pub fn redo(&mut self) -> bool {
        let done = self.buffer.redo();
        self.moved(None);
        done
    }

    /// Shows the text sent before this one; `false` at the oldest.
    pub fn history_previous(&mut self) -> bool {
        let found = self.history.previous(self.draft());
        self.show(found.as_ref())
    }

    /// Goes forward again, at last to what was being written; `false` there.
    pub fn history_next(&mut self) -> bool {
        let found = self.history.next(self.draft());
        self.show(found.as_ref())
    }

    /// Texts sent before, newest first, pastes in full, each with what it was sent as.
    pub fn sent(&self) -> impl Iterator<Item = (String, &Draft)> {
        self.history.entries().map(|draft| (Pastes::of(draft).expand(&draft.text), draft))
    }

    fn show(&mut self, draft: Option<&Draft>) -> bool {
        if let Some(draft) = draft {
            self.set_draft(draft);
        }
        draft.is_some()
    }

    /// The selected text, pastes in full.
    pub fn selected(&self) -> Option<String> {
        self.buffer.selection().map(|range| self.pastes.expand(&self.buffer.text()[range]))
    }

    /// Selects everything.
    pub fn select_all(&mut self) {
        self.buffer.select_all();
        self.moved(None);
    }

    /// Moves the caret, with or without a selection.
    pub fn go(&mut self, to: Move, select: bool) {
        self.buffer.go(to, select);
        self.moved(None);
    }

    /// Puts the caret before a character of a line, both counted from 1, or at the end nearest to it.
    pub fn go_to(&mut self, line: usize, column: usize) {
        let text = self.buffer.text();
        let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let line = text[start..].split('\n').next().unwrap_or_default();
        let at = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        self.buffer.place(start + at, false);
        self.moved(None);
    }

    /// Types a character, or edits; `false` if that came to nothing.
    pub fn press(&mut self, stroke: Stroke) -> bool {
        let (edit, select) = match stroke {
            Stroke::Types(c) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
                return true;
            }
            Stroke::Edits { edit, selects } => (edit, selects),
        };
        match edit {
            Edit::CharLeft => self.go(Move::Left, select),
            Edit::CharRight => self.go(Move::Right, select),
            Edit::WordLeft => self.go(Move::WordLeft, select),
            Edit::WordRight => self.go(Move::WordRight, select),
            Edit::LineStart => self.go(Move::LineStart, select),
            Edit::LineEnd => self.go(Move::LineEnd, select),
            Edit::TextStart => self.go(Move::Start, select),
            Edit::TextEnd => self.go(Move::End, select),
            Edit::RowUp => return self.vertical(-1, select),
            Edit::RowDown => return self.vertical(1, select),
            Edit::DeleteLeft => self.edit(|b| b.delete(Move::Left)),
            Edit::DeleteRight => self.edit(|b| b.delete(Move::Right)),
            Edit::KillBlankWord => self.edit(Buffer::kill_blank_word),
            Edit::KillWordLeft => self.edit(|b| b.kill(Move::WordLeft)),
            Edit::KillWordRight => self.edit(|b| b.kill(Move::WordRight)),
            Edit::KillLineStart => self.edit(|b| b.kill(Move::LineStart)),
            Edit::KillLineEnd => self.edit(|b| b.kill(Move::LineEnd)),
            Edit::Yank => self.edit(Buffer::yank),
        }
        true
    }

    /// Goes back or forward in what was sent before; an arrow goes a row in the text first. `false` at the end.
    pub fn recall(&mut self, newer: bool, key: Option<Key>) -> bool {
        let arrow = |key: Key| matches!(key.code, KeyCode::Up | KeyCode::Down) && key.modifiers.is_empty();
        key.is_some_and(arrow) && self.step_row(if newer { 1 } else { -1 })
            || if newer { self.history_next() } else { self.history_previous() }
    }

    /// Moves the caret by rows; `false` at the text's edge.
    pub fn step_row(&mut self, rows: isize) -> bool {
        self.vertical(rows, false)
    }

    fn edit(&mut self, change: impl FnOnce(&mut Buffer)) {
        change(&mut self.buffer);
        self.moved(None);
    }

    /// Moves the caret by rows of the last `fit`; `false` at the text's edge.
    fn vertical(&mut self, by: isize, select: bool) -> bool {
        let text = self.buffer.text();
        let rows = self.rows(self.width);
        let (row, column) = place_of(self.buffer.caret(), text, &rows, &self.pastes);
        let goal = self.goal.unwrap_or(column);
        let Some(to) = row.checked_add_signed(by).filter(|to| *to < rows.len()) else { return false };
        let at = byte_at(to, goal, text, &rows, &self.pastes);
        self.buffer.place(at, select);
        self.moved(Some(goal));
        true
    }

    /// Keeps the caret in sight after every change.
    fn moved(&mut self, goal: Option<u16>) {
        self.goal = goal;
        self.fit(self.width, self.height);
    }

    /// Tells the room that the text has; call it when the layout changes.
    pub fn fit(&mut self, width: u16, height: u16) {
        self.width = width;
        self.height = height;
        if let Cow::Owned(rows) = self.rows(width) {
            self.laid = Some(Laid { revision: self.buffer.revision(), width, rows });
        }
        let rows = self.rows(width);
        let row = place_of(self.buffer.caret(), self.buffer.text(), &rows, &self.pastes).0;
        let top = view::top_for(self.top, row, rows.len(), height);
        self.top = top;
    }

    /// The rows of the text at a width: those of the last `fit`, where they are still true.
    fn rows(&self, width: u16) -> Cow<'_, [Row]> {
        let revision = self.buffer.revision();
        match self.laid.as_ref().filter(|laid| (laid.revision, laid.width) == (revision, width)) {
            Some(laid) => Cow::Borrowed(&laid.rows),
            None => Cow::Owned(rows(self.buffer.text(), &self.pastes, width)),
        }
    }

    /// The rows that the text needs at a width, at least one, at most `most`.
    pub fn rows_at(&self, width: u16, most: u16) -> u16 {
        let count = self.rows(width).len();
        u16::try_from(count).unwrap_or(u16::MAX).clamp(1, most.max(1))
    }

    /// Puts the caret at the cell of its text's `area` that is nearest to where the mouse was pressed.
    pub fn click_near(&mut self, at: Position, area: Rect) {
        let inside = |value: u16, from: u16, len: u16| value.saturating_sub(from).min(len.saturating_sub(1));
        self.click(inside(at.x, area.x, area.width), inside(at.y, area.y, area.height), false);
    }

    /// Puts the caret under the mouse: a cell relative to the box; `select` drags.
    pub fn click(&mut self, column: u16, row: u16, select: bool) {
        let text = self.buffer.text();
        let rows = self.rows(self.width);
        let row = (self.top + usize::from(row)).min(rows.len() - 1);
        let at = byte_at(row, column, text, &rows, &self.pastes);
        self.buffer.place(at, select);
        self.moved(None);
    }
}

fn unix_lines(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

#[cfg(test)]
mod tests;
