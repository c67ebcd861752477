//! The picture of the traces place.

mod bar;
mod runs;
mod spans;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::State;
use super::words::dollars;
use crate::tui::pane::Sight;

/// Draws the place into `body`; returns the cell of the caret.
pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) -> Option<Position> {
    match &state.open {
        None => runs::draw(state, sight, body, cells),
        Some(open) => spans::draw(open, state.marked.contains(&open.id()), sight, body, cells),
    }
}

/// What something cost, in a column; where of some calls nobody knows it, that it is more.
fn paid(amount: Option<f64>, unpriced: u64) -> String {
    match (amount, unpriced) {
        (None, 0) => String::new(),
        (None, _) => "$?".to_owned(),
        (Some(amount), 0) => dollars(amount),
        (Some(amount), _) => format!("{}+?", dollars(amount)),
    }
}
