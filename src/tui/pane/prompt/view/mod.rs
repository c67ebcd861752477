//! The picture of the prompt place.

mod answer;
mod editor;
mod library;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Focus, State};
use crate::tui::app::Cache;
use crate::tui::look::Role;
use crate::tui::paint::put;
use crate::tui::pane::Sight;
use crate::tui::setup::view::{self as settings, Panel};
use crate::tui::widget::code::Want;

pub(super) use answer::compared_rows;

/// Draws the place into `body`; returns the cell of the caret.
pub(super) fn draw(
    state: &State,
    (cache, wants): (&mut Cache, &mut Vec<Want>),
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) -> Option<Position> {
    let areas = state.areas(body);
    let rule = sight.look.style(Role::Rule);
    for column in areas.rules.into_iter().flatten() {
        for y in body.top()..body.bottom() {
            put(cells, column, y, column + 1, "│", rule);
        }
    }
    let mut caret = None;
    if let Some(area) = areas.library {
        caret = caret.or(library::draw(state, sight, area, cells));
    }
    if let Some(area) = areas.drawer {
        caret = caret.or(drawer(state, sight, area, cells));
    }
    if !areas.box_area.is_empty() {
        caret = caret.or(editor::draw(state, sight, &areas, cells));
        answer::draw(state, (cache, wants), sight, &areas, cells);
    }
    caret.filter(|_| !sight.covered)
}

fn drawer(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let panel = Panel {
        drawer: &state.drawer,
        setup: &state.in_force(),
        standing: &state.standing(),
        card: state.card(),
        focused: state.focus == Focus::Settings,
        of: "this prompt",
        asks: "The next run is sent to it",
        preset: None,
        agent: None,
    };
    settings::draw(&panel, sight, area, cells)
}
