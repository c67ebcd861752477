//! The text and the values of its variables.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use crate::domain::figures::grouped;
use crate::domain::prompt::{Piece, pieces};
use crate::domain::settings::FIELDS;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::Hidden;
use crate::tui::paint::{fill, put, put_right};
use crate::tui::pane::Sight;
use crate::tui::pane::prompt::layout::{Areas, NAME};
use crate::tui::pane::prompt::{Focus, State};
use crate::tui::widget::composer::Look as Styles;
use crate::tui::widget::text::fit;

/// Draws both; returns the caret of the one that is written.
pub(super) fn draw(state: &State, sight: &Sight<'_>, areas: &Areas, cells: &mut Buffer) -> Option<Position> {
    head(state, sight, areas.head, cells);
    let look = sight.look;
    let focused = state.focus == Focus::Editor;
    let ground = look.style(Role::Raised);
    let area = areas.box_area;
    fill(cells, area, ground);
    let bar = ground.patch(look.style(if focused { Role::Accent } else { Role::Rule }));
    for y in area.top()..area.bottom() {
        put(cells, area.x, y, area.x + 1, "▌", bar);
    }
    let variable = look.style(Role::Info).add_modifier(Modifier::BOLD);
    let placeholder = if state.opening { "" } else { "a text for the model; {{name}} is a variable" };
    let styles = styles(sight);
    state.editor.draw_marked(
        areas.editor,
        cells,
        &styles,
        placeholder,
        (&marks(state.editor.shown()), variable),
    );
    below(state, sight, area, cells);
    let value = values(state, sight, areas.values, cells);
    if !areas.hidden.is_empty() {
        hidden(state, sight, areas, cells);
    }
    match state.focus {
        Focus::Editor => state.editor.caret_in(areas.editor),
        Focus::Values => value,
        _ => None,
    }
}

fn styles(sight: &Sight<'_>) -> Styles {
    let look = sight.look;
    let ground = look.style(Role::Raised);
    Styles {
        text: ground.patch(look.style(Role::Text)),
        placeholder: ground.patch(look.style(Role::Faint)),
        chip: look.style(Role::Info),
        barred: look.style(Role::Faint),
        selection: look.style(Role::Selected),
    }
}

/// Where the variables stand.
fn marks(text: &str) -> Vec<Range<usize>> {
    let range = |piece| match piece {
        Piece::Variable { from, to, .. } => Some(from..to),
        Piece::Text(_) => None,
    };
    pieces(text).into_iter().filter_map(range).collect()
}

/// Which prompt it is, and which version.
fn head(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let (x, right) = (area.x + 2, area.right().saturating_sub(2));
    let Some(book) = &state.book else {
        let words = if state.editor.is_empty() { "New prompt" } else { "New prompt, not saved yet" };
        put(cells, x, area.y, right, words, look.style(Role::Muted));
        return;
    };
    let latest = book.prompt.latest;
    let (words, role) = match state.version() {
        Some(number) if number == latest => (format!("version {number}"), Role::Muted),
        Some(number) => (format!("version {number} of {latest}"), Role::Muted),
        None => (format!("changed since version {latest}"), Role::Changed),
    };
    let end = put_right(cells, x, area.y, right, &words, look.style(role)).saturating_sub(2);
    let name = look.style(Role::Text).add_modifier(Modifier::BOLD);
    put(cells, x, area.y, end, &book.prompt.name, name);
}

/// The line below the text: whom it goes to, and what was set.
fn below(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let ground = sight.look.style(Role::Raised);
    let style = |role| ground.patch(sight.look.style(role));
    let y = area.bottom().saturating_sub(1);
    let right = area.right().saturating_sub(2);
    let setup = state.in_force();
    let x = match &setup.model {
        Some(model) => put(cells, area.x + 2, y, right, model.as_str(), style(Role::Muted)),
        None => put(cells, area.x + 2, y, right, "no model is chosen yet", style(Role::Warn)),
    };
    let mut parts: Vec<String> = Vec::new();
    parts.extend(
        setup.system.as_ref().filter(|system| !system.is_empty()).map(|_| "system prompt".to_owned()),
    );
    for field in FIELDS {
        parts.extend(setup.settings.get(field.name).map(|value| format!("{} {value}", field.name)));
    }
    if !parts.is_empty() {
        put(cells, x, y, right, &format!(" · {}", parts.join(" · ")), style(Role::Faint));
    }
}

/// A row a variable; returns the caret of the value that is written.
fn values(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let look = sight.look;
    let focused = state.focus == Focus::Values;
    let written = state.written_area(area);
    let top = state.values_top(area);
    let mut row = 0_u16;
    for (at, name) in state.names.iter().enumerate() {
        let here = at == state.selected;
        let rows = if here { state.written_rows(area.width) } else { 1 };
        let y = (area.y + row).checked_sub(top).filter(|y| *y >= area.y && *y < area.bottom());
        row = row.saturating_add(rows);
        let Some(y) = y else { continue };
        let chosen = here && focused;
        let ground = if chosen { look.style(Role::Raised) } else { ratatui::style::Style::new() };
        if chosen {
            let rows = Rect { y, height: rows.min(area.bottom() - y), ..area };
            fill(cells, rows, ground);
            for y in rows.top()..rows.bottom() {
                put(cells, area.x, y, area.x + 1, "▌", ground.patch(look.style(Role::Accent)));
            }
        }
        let style = |role| ground.patch(look.style(role));
        let label = fit(name, usize::from(NAME - 1));
        put(cells, area.x + 2, y, (area.x + 1 + NAME).min(area.right()), &label, style(Role::Info));
        if chosen {
            continue;
        }
        let right = area.right().saturating_sub(2);
        match state.values.get(name) {
            None => {
                put(cells, written.x, y, right, "no value yet", style(Role::Warn));
            }
            Some(value) => {
                let more = value.lines().count().saturating_sub(1);
                let more = if more > 0 { format!("+{more} lines") } else { String::new() };
                let end = put_right(cells, written.x, y, right, &more, style(Role::Faint)).saturating_sub(1);
                let first = value.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                let shown = fit(first, usize::from(end.saturating_sub(written.x)));
                put(cells, written.x, y, end, &shown, style(Role::Text));
            }
        }
    }
    if !focused {
        return None;
    }
    let leads = sight.key(Context::Values, Action::Send);
    state.value.draw(written, cells, &styles(sight), &format!("its value; {leads} runs the prompt"));
    state.value.caret_in(written)
}

/// The variables that are not in sight.
fn hidden(state: &State, sight: &Sight<'_>, areas: &Areas, cells: &mut Buffer) {
    let Hidden { above, below } = state.values_hidden(areas.values);
    let part = |(sign, count): (char, usize)| format!("{sign} {} more", grouped(count as u64));
    let parts: Vec<_> = [('▲', above), ('▼', below)].into_iter().filter(|(_, n)| *n > 0).map(part).collect();
    let area = areas.hidden;
    let right = area.right().saturating_sub(2);
    put_right(cells, area.x + 2, area.y, right, &parts.join("  "), sight.look.style(Role::Muted));
}
