//! The picture of the whole screen.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{Cache, State};
use crate::tui::action::Action;
use crate::tui::keymap::{Context, label};
use crate::tui::layout::SMALLEST;
use crate::tui::look::Role;
use crate::tui::paint::{columns, fill, put, put_right};
use crate::tui::pane::chat;
use crate::tui::widget::code::Want;

/// Draws the state; changes nothing but the cache. Returns the code that is shown plain and could be highlighted.
pub fn view(state: &State, cache: &mut Cache, frame: &mut Frame<'_>) -> Vec<Want> {
    let mut wants = Vec::new();
    let screen = frame.area();
    let cells = frame.buffer_mut();
    fill(cells, screen, state.look.style(Role::Surface).patch(state.look.style(Role::Text)));
    let parts = crate::tui::layout::frame(screen, state.chat.reads_alone());
    if parts.too_small {
        too_small(state, screen, cells);
        return wants;
    }
    let sight = chat::Sight {
        look: &state.look,
        options: &state.options,
        highlights: &state.highlights,
        now: state.now,
        covered: !state.overlays.is_empty(),
    };
    top(state, parts.top, cells);
    let mut caret = chat::view(&state.chat, (cache, &mut wants), &sight, parts.body, cells);
    bottom(state, parts.bottom, cells);
    for (at, overlay) in state.overlays.iter().enumerate() {
        let typed = overlay.draw(screen, cells, &state.look, &state.options.keymap);
        if at + 1 == state.overlays.len() {
            caret = typed;
        }
    }
    if let Some(caret) = caret {
        frame.set_cursor_position(caret);
    }
    wants
}

fn too_small(state: &State, screen: Rect, cells: &mut Buffer) {
    let (width, height) = SMALLEST;
    let words = format!("{width}x{height} is the smallest; this is {}x{}", screen.width, screen.height);
    let y = screen.y + screen.height / 2;
    for (at, line) in crate::tui::paint::wrap(&words, screen.width).iter().enumerate() {
        let x = screen.x + screen.width.saturating_sub(columns(line)) / 2;
        put(cells, x, y + at as u16, screen.right(), line, state.look.style(Role::Text));
    }
}

/// The places, and what goes on elsewhere.
fn top(state: &State, area: Rect, cells: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let look = &state.look;
    let x = put(cells, area.x + 1, area.y, area.right(), "1 ", look.style(Role::Faint));
    let place = look.style(Role::Accent).add_modifier(Modifier::BOLD);
    let x = put(cells, x, area.y, area.right(), "Chat", place);
    let mut said: Vec<String> = Vec::new();
    said.extend(state.chat.elsewhere());
    if !state.mouse {
        said.push("mouse off".to_owned());
    }
    if state.options.offline {
        said.push("offline".to_owned());
    }
    let said = said.join(" · ");
    let from =
        put_right(cells, x + 4, area.y, area.right().saturating_sub(1), &said, look.style(Role::Muted));
    // The conversation's name stands between, where there is room.
    let title = state.chat.name();
    if !title.is_empty() {
        put(cells, x + 4, area.y, from.saturating_sub(3), title, look.style(Role::Muted));
    }
}

/// What can be done here, now; or what was just said.
fn bottom(state: &State, area: Rect, cells: &mut Buffer) {
    let look = &state.look;
    let right = area.right().saturating_sub(1);
    let meter = state.chat.meter(state.now);
    let end = match &state.notice {
        _ if state.quitting() => right,
        Some(_) => right,
        None => {
            put_right(cells, area.x + 1, area.y, right, &meter, look.style(Role::Muted)).saturating_sub(2)
        }
    };
    if state.quitting() {
        put(cells, area.x + 1, area.y, right, "Ctrl+C again quits.", look.style(Role::Warn));
        return;
    }
    if let Some(notice) = &state.notice {
        let role = if notice.bad { Role::Bad } else { Role::Info };
        put(cells, area.x + 1, area.y, right, &notice.text, look.style(role));
        return;
    }
    let mut x = area.x + 1;
    for (at, (key, word)) in hints(state).into_iter().enumerate() {
        let dot = if at == 0 { "" } else { " · " };
        // A hint is shown whole or not at all.
        if x + columns(dot) + columns(&key) + 1 + columns(word) > end {
            break;
        }
        x = put(cells, x, area.y, end, dot, look.style(Role::Rule));
        x = put(cells, x, area.y, end, &key, look.style(Role::Muted).add_modifier(Modifier::BOLD));
        x = put(cells, x + 1, area.y, end, word, look.style(Role::Faint));
    }
}

fn hints(state: &State) -> Vec<(String, &'static str)> {
    let keymap = &state.options.keymap;
    let context = state.chat.context();
    let mut hints = Vec::new();
    if state.chat.stoppable() {
        hints.extend(keymap.key(context, Action::Back).map(|key| (label(key), "stop")));
    } else if !matches!(context, Context::Composer | Context::Menu) {
        hints.extend(keymap.key(context, Action::Back).map(|key| (label(key), "back")));
    }
    if context == Context::Menu {
        hints.extend(keymap.key(context, Action::Accept).map(|key| (label(key), "take it")));
        hints.extend(keymap.key(context, Action::Cancel).map(|key| (label(key), "leave it")));
        return hints;
    }
    for (action, key, word) in keymap.hints(context) {
        let shown = match action {
            // The newline key that this terminal can tell from Enter.
            Action::Newline if state.full_keys => "Shift+Enter".to_owned(),
            _ => label(key),
        };
        let word = if action == Action::Send && state.chat.stoppable() { "queue" } else { word };
        if state.chat.can(action) {
            hints.push((shown, word));
        }
    }
    hints.truncate(8);
    hints
}
