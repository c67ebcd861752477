//! The composer, what waits above it, and what went wrong.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::domain::settings::FIELDS;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, fill, put, put_right, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::chat::layout::Areas;
use crate::tui::pane::chat::{Focus, State};
use crate::tui::thread::Turn;
use crate::tui::widget::composer::Look as Styles;

/// Draws the composer; returns its caret where it has the focus.
pub fn draw(state: &State, sight: &Sight<'_>, areas: &Areas, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let focused = state.focus == Focus::Composer;
    let ground = look.style(Role::Raised);
    let area = areas.box_area;
    fill(cells, area, ground);
    let bar = ground.patch(look.style(if focused { Role::Accent } else { Role::Rule }));
    for y in area.top()..area.bottom() {
        put(cells, area.x, y, area.x + 1, "▌", bar);
    }
    let styles = Styles {
        text: ground.patch(look.style(Role::Text)),
        placeholder: ground.patch(look.style(Role::Faint)),
        chip: look.style(Role::Info),
        barred: look.style(Role::Faint),
        selection: look.style(Role::Selected),
    };
    state.composer.draw(areas.composer, cells, &styles, &placeholder(state, sight));
    below(state, sight, area, cells);
    let names = state.candidate_rows(areas.composer.width);
    for (y, row) in (areas.candidates.top()..areas.candidates.bottom()).zip(names) {
        put(cells, areas.composer.x, y, areas.candidates.right(), &row, look.style(Role::Muted));
    }
    queue(state, sight, areas.queue, cells);
    failed(state, sight, areas.failed, cells);
    focused.then(|| state.composer.caret_in(areas.composer)).flatten()
}

fn placeholder(state: &State, sight: &Sight<'_>) -> String {
    let words = match state.thread.turn {
        _ if state.thread.editing.is_some() => "the new wording",
        Turn::Idle if !state.thread.waiting().is_empty() => "what the agent waits for",
        Turn::Idle if state.is_bare() => "ask something",
        Turn::Idle if !state.thread.queue.is_empty() => {
            return format!("{} sends the next of what waits", sight.key(Context::Composer, Action::Send));
        }
        Turn::Idle => "ask a follow-up",
        _ => "write the next message; it waits for this answer",
    };
    words.to_owned()
}

/// The line below the text: whom it goes to, and what was changed.
fn below(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let ground = look.style(Role::Raised);
    let style = |role| ground.patch(look.style(role));
    let y = area.bottom().saturating_sub(1);
    let right = area.right().saturating_sub(2);
    let setup = &state.thread.setup;
    let mut x = area.x + 2;
    let end = if state.thread.editing.is_some() {
        let leaves = sight.key(Context::Composer, Action::Back);
        let from = x + 20;
        let whole = format!("editing: sends a new branch · {leaves} leaves it");
        let short = format!("editing · {leaves} leaves it");
        let words = if from + columns(&whole) <= right { whole } else { short };
        put_right(cells, from, y, right, &words, style(Role::Accent)).saturating_sub(2)
    } else {
        right
    };
    if let Some(agent) = &state.thread.agent {
        x = put(cells, x, y, end, &format!("agent {}", agent.name), style(Role::Accent));
        put(cells, x, y, end, " · answers instead of the model", style(Role::Faint));
        return;
    }
    match &setup.model {
        Some(model) => x = put(cells, x, y, end, model.as_str(), style(Role::Muted)),
        None => x = put(cells, x, y, end, "no model is chosen yet", style(Role::Warn)),
    }
    let mut parts: Vec<String> = Vec::new();
    if setup.system.as_ref().is_some_and(|s| !s.is_empty()) {
        parts.push("system prompt".to_owned());
    }
    for field in FIELDS {
        parts.extend(setup.settings.said(field.name));
    }
    if !parts.is_empty() {
        put(cells, x, y, end, &format!(" · {}", parts.join(" · ")), style(Role::Faint));
    }
}

/// Prompts that wait, the next one first.
fn queue(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let count = state.thread.queue.len();
    let rows = usize::from(area.height);
    for (at, (y, queued)) in (area.top()..area.bottom()).zip(&state.thread.queue).enumerate() {
        let style = sight.look.style(Role::Muted);
        let more = if at + 1 == rows && count > rows {
            format!("+{} more · ", count - rows)
        } else {
            String::new()
        };
        let edits = || sight.key(Context::Composer, Action::EditQueued);
        let hint = if at + 1 == rows { format!("{more}{} edits the last", edits()) } else { String::new() };
        let end = put_right(
            cells,
            area.x + 20,
            y,
            area.right().saturating_sub(2),
            &hint,
            sight.look.style(Role::Faint),
        );
        let x = put(cells, area.x, y, area.right(), "⋯ ", sight.look.style(Role::Accent));
        let line = queued.text.trim().lines().next().unwrap_or_default();
        put(cells, x, y, end.saturating_sub(2), line, style);
    }
}

/// What became of the last turn, where it never began.
fn failed(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let Some(error) = &state.thread.failed else { return };
    let width = area.width.saturating_sub(4);
    for (at, (y, line)) in (area.top()..area.bottom()).zip(wrap(&error.to_string(), width)).enumerate() {
        if at == 0 {
            put(cells, area.x + 1, y, area.right(), "✗", sight.look.style(Role::Bad));
        }
        put(cells, area.x + 3, y, area.right(), &line, sight.look.style(Role::Bad));
    }
}
