//! The settings drawer.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Sight;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, fill, put, put_right, tint, wrap};
use crate::tui::pane::chat::drawer::{Row, rows, value};
use crate::tui::pane::chat::{Focus, State};

/// Lines above the first row.
const HEAD: u16 = 2;
/// Lines between the three named rows and the fields.
const BREAK: u16 = 1;

fn y_of(area: Rect, at: usize) -> u16 {
    area.y + HEAD + at as u16 + if at >= 3 { BREAK } else { 0 }
}

/// The row at a line of the screen.
pub fn row_at(area: Rect, y: u16) -> Option<usize> {
    (0..rows().len()).find(|at| y_of(area, *at) == y)
}

/// Draws the drawer; returns the caret of a value that is being typed.
pub fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let focused = state.focus == Focus::Settings;
    let raised = look.style(Role::Raised);
    fill(cells, area, raised);
    let left = area.x + 2;
    let right = area.right().saturating_sub(2);
    let style = |role| raised.patch(look.style(role));
    let head = if focused { Role::Accent } else { Role::Muted };
    put(cells, left, area.y, right, "Settings", style(head));
    put_right(cells, left, area.y, right, "of this conversation", style(Role::Faint));
    let mut caret = None;
    for (at, row) in rows().enumerate() {
        let y = y_of(area, at);
        if y >= area.bottom() {
            break;
        }
        let chosen = focused && at == state.drawer.selected;
        let ground = if chosen { look.style(Role::Selected) } else { raised };
        let style = |role| ground.patch(look.style(role));
        if chosen {
            tint(cells, Rect { y, height: 1, ..area }, ground);
            put(cells, area.x, y, right, "▌", style(Role::Accent));
        }
        let name = match row {
            Row::Model => "model",
            Row::Preset => "preset",
            Row::System => "system prompt",
            Row::Field(field) => field.name,
        };
        let x = put(cells, left, y, right, name, style(Role::Muted)) + 2;
        if let (true, Some(input)) = (chosen, &state.drawer.input) {
            let line = Rect { x: left + 14, y, width: right.saturating_sub(left + 14), height: 1 };
            caret = Some(input.draw(line, cells, style(Role::Text)));
            continue;
        }
        let (mut text, changed) = value(row, &state.thread.setup);
        if row == Row::Preset {
            let count = sight.options.presets.len();
            text = if count == 0 { "none configured".to_owned() } else { format!("choose of {count}") };
        }
        if row == Row::Model {
            text =
                crate::tui::widget::text::fit_left(&text, usize::from(right.saturating_sub(x))).into_owned();
        }
        let role = match row {
            _ if changed => Role::Accent,
            Row::Model => Role::Text,
            _ => Role::Faint,
        };
        let mark = if changed { "• " } else { "" };
        let shown = format!("{mark}{text}");
        let start = right.saturating_sub(columns(&shown)).max(x);
        put(cells, start, y, right, &shown, style(role));
    }
    note(state, sight, area, cells);
    caret
}

/// What the selected row means, its range, or why a value was not taken.
fn note(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let raised = sight.look.style(Role::Raised);
    let width = area.width.saturating_sub(4);
    let enter = sight.key(Context::Settings, Action::Open);
    let (text, role) = match (&state.drawer.error, state.drawer.row()) {
        (Some(error), _) => (error.to_string(), Role::Bad),
        (None, Row::Model) => {
            (format!("The next message is sent to it; {enter} chooses another."), Role::Muted)
        }
        (None, Row::Preset) => {
            ("Model, system prompt and settings at once, from the config file.".to_owned(), Role::Muted)
        }
        (None, Row::System) => match &state.thread.setup.system {
            Some(system) => (system.clone(), Role::Muted),
            None => (format!("Said to the model before everything else; {enter} writes it."), Role::Muted),
        },
        (None, Row::Field(field)) => {
            let default = "default: the model's own";
            (format!("{}\n{} · {default}", field.meaning, field.range), Role::Muted)
        }
    };
    let top = y_of(area, rows().len()) + 1;
    for (y, line) in (top..area.bottom().saturating_sub(1)).zip(wrap(&text, width)) {
        put(
            cells,
            area.x + 2,
            y,
            area.right().saturating_sub(2),
            &line,
            raised.patch(sight.look.style(role)),
        );
    }
}
