//! What a picture is made with besides the prompt.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::look::Role;
use crate::tui::models::columns::fit_id;
use crate::tui::paint::{fill, first_lines, put, put_right, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::pictures::State;
use crate::tui::pane::pictures::setup::Row;
use crate::tui::widget::text::fit_left;

/// Columns of the names.
const NAMES: u16 = 17;

/// Draws it; returns the caret of a value that is being typed.
pub fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let raised = look.style(Role::Raised);
    fill(cells, area, raised);
    let (left, right) = (area.x + 2, area.right().saturating_sub(2));
    put(cells, left, area.y, right, "Settings", raised.patch(look.style(Role::Accent)));
    put_right(cells, left + 9, area.y, right, "of the next pictures", raised.patch(look.style(Role::Faint)));
    let mut caret = None;
    for (y, (at, row)) in (area.y + 2..area.bottom()).zip(Row::ALL.into_iter().enumerate()) {
        let chosen = at == state.drawer.selected;
        let ground = if chosen { look.style(Role::Selected) } else { raised };
        let style = |role| ground.patch(look.style(role));
        if chosen {
            tint(cells, Rect { y, height: 1, ..area }, ground);
            put(cells, area.x, y, right, "▌", style(Role::Accent));
        }
        let lack = state.lack(row);
        put(cells, left, y, right, row.name(), style(if lack.is_some() { Role::Faint } else { Role::Muted }));
        let from = left + NAMES;
        if let (true, Some(input)) = (chosen, &state.drawer.input) {
            let line = Rect { x: from, y, width: right.saturating_sub(from), height: 1 };
            caret = Some(input.draw(line, cells, style(Role::Text)));
            continue;
        }
        let (value, role) = match (state.setup.value(row), row) {
            (Some(value), _) if let Some(lack) = &lack => (format!("{} · {value}", lack.short), Role::Faint),
            (None, _) if let Some(lack) = &lack => (lack.short.to_owned(), Role::Faint),
            (Some(value), _) => (value, Role::Accent),
            (None, Row::Model) => ("none".to_owned(), Role::Warn),
            (None, Row::Count) => ("1".to_owned(), Role::Faint),
            (None, Row::Negative | Row::From) => ("nothing".to_owned(), Role::Faint),
            (None, Row::Size | Row::Seed) => ("the model's own".to_owned(), Role::Faint),
        };
        // Of a long name the end tells it apart, of a model also who serves it; a text is read from its begin.
        let room = right.saturating_sub(from);
        let shown = match row {
            Row::Model => fit_id(&value, room),
            Row::Negative => Cow::Borrowed(value.as_str()),
            Row::Size | Row::Seed | Row::Count | Row::From => fit_left(&value, usize::from(room)),
        };
        put(cells, from, y, right, &shown, style(role));
    }
    let y = area.y + 3 + Row::ALL.len() as u16;
    let (words, role) = match &state.drawer.error {
        Some(error) => (error.said(), Role::Bad),
        None => match state.lack(state.drawer.row()) {
            Some(lack) => (lack.why, Role::Muted),
            None => (state.drawer.row().about().to_owned(), Role::Muted),
        },
    };
    let lines = first_lines(wrap(&words, right.saturating_sub(left)), area.bottom().saturating_sub(y));
    for (y, line) in (y..area.bottom()).zip(lines) {
        put(cells, left, y, right, &line, raised.patch(look.style(role)));
    }
    caret
}
