//! The picture of the evaluate place.

mod list;
mod making;
mod results;
mod sheet;
mod shelf;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::State;
use crate::tui::look::Role;
use crate::tui::paint::put;
use crate::tui::pane::Sight;
use crate::tui::rows::failed;
use crate::tui::widget::code::Want;

/// Draws the place into `body`; returns the cell of the caret.
pub(super) fn draw(
    state: &State,
    wants: &mut Vec<Want>,
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) -> Option<Position> {
    match (&state.sitting, &state.closed) {
        (Some(sitting), closed) => {
            let ratings = closed.as_ref().and_then(|closed| closed.ratings.as_deref());
            sheet::draw(sitting, ratings, wants, sight, body, cells);
        }
        (None, Some(_)) => match &state.error {
            Some(error) => failed(error, sight, body, cells),
            None => {
                put(cells, body.x + 2, body.y + 1, body.right(), "Opening…", sight.look.style(Role::Muted));
            }
        },
        (None, None) => match (&state.results, &state.making) {
            (Some(results), _) => results::draw(results, wants, sight, body, cells),
            (None, Some(making)) => return making::draw(state, making, sight, body, cells),
            (None, None) if state.shelf.open => shelf::draw(state, sight, body, cells),
            (None, None) => list::draw(state, sight, body, cells),
        },
    }
    None
}
