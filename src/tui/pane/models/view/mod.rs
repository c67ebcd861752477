//! The picture of the models place: the list, and beside it, or in its place, the card.

pub mod card;
mod list;
pub(super) mod presets;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::State;
use crate::tui::look::Role;
use crate::tui::paint::put;
use crate::tui::pane::Sight;

/// Draws the place into `body`; returns the cell of the caret.
pub fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) -> Option<Position> {
    if let Some(shown) = &state.presets {
        return presets::draw(shown, sight, body, cells);
    }
    let areas = state.areas(body);
    let mut caret = None;
    if let Some(area) = areas.list {
        caret = list::draw(state, sight, area, cells);
        if area.right() < body.right() {
            for y in body.top()..body.bottom() {
                put(cells, area.right(), y, area.right() + 1, "│", sight.look.style(Role::Rule));
            }
        }
    }
    if let Some(area) = areas.card {
        card::draw(state, sight, area, cells);
    }
    caret
}
