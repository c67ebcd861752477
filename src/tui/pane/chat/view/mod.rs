//! The picture of the chat place.

mod composer;
mod first_run;
mod list;
mod main;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Focus, State};
use crate::domain::untrusted::safe_line;
use crate::tui::app::Cache;
use crate::tui::look::Role;
use crate::tui::paint::put;
use crate::tui::pane::Sight;
use crate::tui::setup::view::{self as settings, Panel};
use crate::tui::widget::code::Want;

/// Draws the place into `body`; returns the cell of the caret.
pub fn draw(
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
    if let Some(area) = areas.list {
        caret = caret.or(list::draw(state, sight, area, cells));
    }
    if let Some(area) = areas.drawer {
        caret = caret.or(drawer(state, sight, area, cells));
    }
    if !areas.box_area.is_empty() {
        caret = caret.or(main::draw(state, (cache, wants), sight, &areas, cells));
        caret = caret.or(main::find(state, sight, &areas, cells));
        let typing = composer::draw(state, sight, &areas, cells);
        caret = caret.or(typing);
    }
    caret.filter(|_| !sight.covered)
}

fn drawer(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let agent = state.thread.agent.as_ref().map(|agent| safe_line(&agent.name));
    let asks = match &agent {
        Some(name) => format!("{name} answers, by this model only where it names none"),
        None => "The next message is sent to it".to_owned(),
    };
    let panel = Panel {
        drawer: &state.drawer,
        setup: &state.thread.setup,
        standing: &state.standing(),
        card: state.card(),
        focused: state.focus == Focus::Settings,
        of: "this conversation",
        asks: &asks,
        preset: None,
        agent: agent.as_deref(),
    };
    settings::draw(&panel, sight, area, cells)
}
