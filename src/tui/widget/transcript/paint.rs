//! A geometry → cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Position as Cell;

use super::find::matches;
use super::geometry::{Geometry, Part, Placed};
use super::{MEASURE, Transcript};
use crate::tui::look::{Look, Role};
use crate::tui::paint::scrollbar;
use crate::tui::widget::text::{Ink, Row};

impl Transcript<'_> {
    /// Paints what `layout` found visible.
    pub fn draw(&self, geometry: &Geometry, look: &Look, buf: &mut Buffer) {
        let area = geometry.area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let ordered = self.selection.and_then(|selection| selection.ordered(self.items));
        let rows = &geometry.rows;
        let focused = |at: usize| rows.get(at).is_some_and(|row| self.focus == Some(row.message));
        let visible = |placed: &Placed| area.y <= placed.y && placed.y < area.bottom();
        for (at, placed) in rows.iter().enumerate().filter(|(_, placed)| visible(placed)) {
            let columns = area.right().saturating_sub(placed.x).min(MEASURE);
            placed.row.draw(Cell::new(placed.x, placed.y), columns, look, buf);
            if let Some(x) = placed.right_start(area.right()) {
                let right = Row { spans: placed.right.clone(), ..Row::default() };
                right.draw(Cell::new(x, placed.y), area.right() - x, look, buf);
            }
            // The bar goes on between two parts of a message, and not between two messages.
            let within = placed.part != Part::Gap || at > 0 && focused(at - 1) && focused(at + 1);
            if focused(at) && within && placed.x > area.x {
                let bar = Row::of("▌", Ink::of(if self.active { Role::Accent } else { Role::Rule }));
                bar.draw(Cell::new(area.x, placed.y), 1, look, buf);
            }
            if let Part::Block(block) = placed.part {
                if !self.query.is_empty() {
                    self.mark_matches(placed, block, columns, look, buf);
                }
                if let Some((start, end)) = ordered {
                    let here = (placed.item, block);
                    if here >= (start.0, start.1) && here <= (end.0, end.1) {
                        let from = if here == (start.0, start.1) { start.2 } else { 0 };
                        let to = if here == (end.0, end.1) { end.2 } else { u32::MAX };
                        mark(placed, from, to, columns, Role::Selected, look, buf);
                    }
                }
            }
        }
        scrollbar(buf, geometry.area, geometry.thumb, look.style(Role::Rule));
    }

    fn mark_matches(&self, placed: &Placed, block: u32, columns: u16, look: &Look, buf: &mut Buffer) {
        let Some((start, end)) = placed.row.source() else { return };
        let message = self.items[placed.item].message;
        let Some((_, text)) = super::select::texts(message).find(|(index, _)| *index == block) else {
            return;
        };
        // A match may begin on the row before, and lower case may be longer than what was typed.
        let reach = self.query.len() * 3;
        let from = text.floor_char_boundary((start as usize).saturating_sub(reach));
        let to = text.ceil_char_boundary((end as usize + reach).min(text.len()));
        for found in matches(&text[from..to], self.query) {
            let (a, b) = ((from + found.start) as u32, (from + found.end) as u32);
            let current = self
                .found
                .is_some_and(|f| f.at.message == placed.message && f.at.block == block && f.at.byte == a);
            let role = if current { Role::Cursor } else { Role::Match };
            mark(placed, a, b, columns, role, look, buf);
        }
    }
}

/// Puts the style of `role` on the cells that show the bytes `from..to`.
fn mark(placed: &Placed, from: u32, to: u32, columns: u16, role: Role, look: &Look, buf: &mut Buffer) {
    for (start, end) in placed.row.columns_of(from, to) {
        for x in start..end.min(columns) {
            if let Some(cell) = buf.cell_mut((placed.x + x, placed.y)) {
                cell.set_style(look.style(role));
            }
        }
    }
}
