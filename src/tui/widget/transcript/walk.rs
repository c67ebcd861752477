//! Places in the text that keys go to from another one: cell by cell and row by row, in what is in sight.

use unicode_segmentation::UnicodeSegmentation;

use super::geometry::{Geometry, Part, Placed};
use super::select::{Position, texts};
use crate::domain::message::Message;

impl Geometry {
    /// The row of a place in the text, and its column in it; `None` where it is out of sight.
    pub fn find(&self, at: Position) -> Option<(usize, u16)> {
        let shows = |placed: &Placed| {
            let here = placed.message == at.message && placed.part == Part::Block(at.block);
            here && placed.row.source().is_some_and(|(start, end)| (start..=end).contains(&at.byte))
        };
        // The end of a row is the start of the next one, where there is one.
        let row = self.rows.iter().rposition(shows)?;
        let placed = &self.rows[row];
        let width = placed.row.width() as u16;
        let reaches = |x: &u16| placed.row.source_at(*x).is_some_and(|byte| byte >= at.byte);
        Some((row, (0..width).find(reaches).unwrap_or(width)))
    }

    /// The cell of the screen of a place in the text.
    pub fn cell(&self, at: Position) -> Option<(u16, u16)> {
        let (row, column) = self.find(at)?;
        let placed = &self.rows[row];
        Some(((placed.x + column).min(self.area.right().saturating_sub(1)), placed.y))
    }

    /// The place that a row shows at a column of it.
    pub fn place(&self, row: usize, column: u16) -> Option<Position> {
        let placed = self.rows.get(row)?;
        let Part::Block(block) = placed.part else { return None };
        placed.row.source_at(column).map(|byte| Position { message: placed.message, block, byte })
    }

    /// The next row that shows text, downwards or upwards.
    pub fn text_row(&self, from: usize, down: bool) -> Option<usize> {
        let shows = |row: &usize| self.place(*row, 0).is_some();
        if down { (from + 1..self.rows.len()).find(shows) } else { (0..from).rev().find(shows) }
    }

    /// Where the text of a row begins or ends.
    pub fn row_end(&self, row: usize, last: bool) -> Option<Position> {
        let placed = self.rows.get(row)?;
        let (start, end) = placed.row.source()?;
        let Part::Block(block) = placed.part else { return None };
        Some(Position { message: placed.message, block, byte: if last { end } else { start } })
    }

    /// The place of the next other character in the row, right or left.
    pub fn beside(&self, at: Position, right: bool) -> Option<Position> {
        let (row, column) = self.find(at)?;
        let width = self.rows[row].row.width() as u16;
        let other = |x: &u16| {
            let byte = self.place(row, *x).map(|place| place.byte);
            byte.is_some_and(|byte| if right { byte > at.byte } else { byte < at.byte })
        };
        let x = if right { (column..=width).find(other) } else { (0..column).rev().find(other) }?;
        self.place(row, x)
    }
}

/// The start of the next word in a message, or of the word before; `None` at its end.
pub fn word(message: &Message, at: Position, forward: bool) -> Option<Position> {
    let place = |block: u32, byte: usize| Position { message: at.message, block, byte: byte as u32 };
    let mut starts = texts(message).flat_map(|(block, text)| {
        text.unicode_word_indices().map(move |(byte, _)| (block, byte)).chain([(block, text.len())])
    });
    let here = (at.block, at.byte as usize);
    let found =
        if forward { starts.find(|to| *to > here) } else { starts.take_while(|to| *to < here).last() };
    found.map(|(block, byte)| place(block, byte))
}
