//! The picture of the evaluate place.

mod list;
mod making;
mod results;
mod sheet;
mod shelf;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::State;
use crate::domain::Error;
use crate::tui::look::{Look, Role};
use crate::tui::paint::{put, tint, wrap};
use crate::tui::pane::Sight;
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

/// The ground of a row of a list, and the style of its name; the selected one is marked.
fn ground(selected: bool, row: Rect, look: &Look, cells: &mut Buffer) -> (Style, Style) {
    if !selected {
        return (Style::new(), look.style(Role::Text));
    }
    let ground = look.style(Role::Selected);
    tint(cells, row, ground);
    put(cells, row.x, row.y, row.x + 1, "▌", ground.patch(look.style(Role::Accent)));
    (ground, ground.patch(look.style(Role::Text)).add_modifier(Modifier::BOLD))
}

/// Says what failed, whole.
fn failed(error: &Error, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let lines = wrap(&error.to_string(), body.width.saturating_sub(6));
    for (at, (y, line)) in (body.y + 1..body.bottom()).zip(lines).enumerate() {
        let sign = if at == 0 { "✗" } else { " " };
        put(cells, body.x + 2, y, body.right(), sign, sight.look.style(Role::Bad));
        put(cells, body.x + 4, y, body.right(), &line, sight.look.style(Role::Bad));
    }
}
