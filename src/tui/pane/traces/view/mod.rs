//! The picture of the traces place.

mod bar;
mod runs;
mod spans;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::State;
use super::words::{dollars, more};
use crate::tui::look::Role;
use crate::tui::paint::{put, wrap};
use crate::tui::pane::Sight;

/// What can be asked of spans, for somebody whose line makes no sense.
const TERMS: [&str; 3] = [
    "kind:tool · name: model: provider: tool: agent: service: session: error: · status:error · is:orphan",
    "tok>2k in> out> · cost>0.01 · dur>2s self> first> · score.NAME> · attr.\"KEY\"=value",
    "Side by side all hold; or, not and brackets do what they say; another word stands anywhere in a span.",
];

/// Draws the place into `body`; returns the cell of the caret.
pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) -> Option<Position> {
    if let Some(versus) = &state.versus {
        versus.shown.draw(body, sight.look, true, cells);
        return None;
    }
    match &state.open {
        None => runs::draw(state, sight, body, cells),
        Some(open) => spans::draw(state, open, sight, body, cells),
    }
}

/// What something cost, in a column; where of some calls nobody knows it, that it is more.
pub(super) fn paid(amount: Option<f64>, unpriced: u64) -> String {
    match (amount, unpriced) {
        (None, 0) => String::new(),
        (None, _) => "$?".to_owned(),
        (Some(amount), unpriced) => more(dollars(amount), unpriced),
    }
}

/// Says why a line was not taken, and what can be written there.
fn wrong(why: &str, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let lines = std::iter::once((why, Role::Warn)).chain(TERMS.map(|terms| (terms, Role::Muted)));
    let mut y = area.y + 1;
    for (text, role) in lines {
        for line in wrap(text, area.width.saturating_sub(6)) {
            if y < area.bottom() {
                put(cells, area.x + 4, y, area.right(), &line, sight.look.style(role));
            }
            y += 1;
        }
        y += 1;
    }
}
