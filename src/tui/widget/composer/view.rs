//! Painting the composer, and the place of its caret.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::Buffer as Cells;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::Composer;
use super::chip::chip_index;
use super::cluster::{clusters, columns, shown};
use super::rows::place_of;
use crate::tui::widget::text::fit;

/// The styles that it is painted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    pub text: Style,
    pub placeholder: Style,
    pub chip: Style,
    /// Of a file that cannot go with the message.
    pub barred: Style,
    pub selection: Style,
}

/// The first row to show so that `row` of `count` is among `height`, moving as little as can be.
pub(super) fn top_for(top: usize, row: usize, count: usize, height: u16) -> usize {
    let height = usize::from(height.max(1));
    top.clamp((row + 1).saturating_sub(height), row).min(count.saturating_sub(height))
}

impl Composer {
    /// Paints the text, or `placeholder` while there is none.
    pub fn draw(&self, area: Rect, cells: &mut Cells, look: &Look, placeholder: &str) {
        self.draw_marked(area, cells, look, placeholder, (&[], Style::new()));
    }

    /// The bytes of what is shown: where marks are counted.
    pub fn shown(&self) -> &str {
        self.buffer.text()
    }

    /// The same with some ranges of what is shown in another style; they stand in order.
    pub fn draw_marked(
        &self,
        area: Rect,
        cells: &mut Cells,
        look: &Look,
        placeholder: &str,
        (marks, marked): (&[Range<usize>], Style),
    ) {
        let area = area.intersection(cells.area);
        if area.is_empty() {
            return;
        }
        let text = self.buffer.text();
        if text.is_empty() {
            cells.set_stringn(area.x, area.y, placeholder, area.width.into(), look.placeholder);
            return;
        }
        let rows = self.rows(area.width);
        let top = self.top_in(area, &rows);
        let selection = self.buffer.selection().unwrap_or(0..0);
        for (row, y) in rows[top..].iter().zip(area.top()..area.bottom()) {
            let mut x = area.x;
            for (at, cluster) in clusters(&text[row.start..row.end]) {
                let shown = shown(cluster, &self.pastes);
                let chip = cluster.chars().next().and_then(chip_index);
                let byte = row.start + at;
                let mark = marks.get(marks.partition_point(|mark| mark.end <= byte));
                let style = match mark.is_some_and(|mark| mark.contains(&byte)) {
                    _ if chip.is_some_and(|chip| self.pastes.is_barred(chip)) => look.text.patch(look.barred),
                    _ if chip.is_some() => look.text.patch(look.chip),
                    true => look.text.patch(marked),
                    false => look.text,
                };
                let style =
                    if selection.contains(&(row.start + at)) { style.patch(look.selection) } else { style };
                let room = area.right().saturating_sub(x);
                // A chip that is wider than the row is seen to be cut.
                let seen = if chip.is_some() { fit(&shown, room.into()) } else { Cow::Borrowed(&*shown) };
                cells.set_stringn(x, y, &seen, room.into(), style);
                x += columns(&shown).min(room);
            }
        }
    }

    /// How many rows of the text are above those that are shown there, and below them.
    pub fn unseen(&self, area: Rect) -> (usize, usize) {
        let rows = self.rows(area.width);
        let top = self.top_in(area, &rows);
        (top, rows.len().saturating_sub(top + usize::from(area.height)))
    }

    /// The cell of the caret.
    pub fn caret_in(&self, area: Rect) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let text = self.buffer.text();
        let rows = self.rows(area.width);
        let (row, column) = place_of(self.buffer.caret(), text, &rows, &self.pastes);
        let y = row.checked_sub(self.top_in(area, &rows))?;
        let column = column.min(area.width - 1);
        Some(Position { x: area.x + column, y: area.y + u16::try_from(y).ok().filter(|y| *y < area.height)? })
    }

    /// The first row shown, also where the area is not the one of the last `fit`.
    fn top_in(&self, area: Rect, rows: &[super::rows::Row]) -> usize {
        let row = place_of(self.buffer.caret(), self.buffer.text(), rows, &self.pastes).0;
        top_for(self.top, row, rows.len(), area.height)
    }
}
