//! The list of conversations.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::Sight;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::chat::list::Row;
use crate::tui::pane::chat::thread::Turn;
use crate::tui::pane::chat::{Focus, State};

/// Draws the list; returns the caret of its search line.
pub fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let list = &state.list;
    let focused = state.focus == Focus::List;
    let now = sight.wall();
    let rows = list.rows(now);
    let right = area.right().saturating_sub(1);
    let bottom = area.bottom().saturating_sub(1);
    if rows.is_empty() {
        let words = match (&list.error, list.results()) {
            (Some(error), _) => error.to_string(),
            (None, Some(search)) => match (&search.error, search.task) {
                (Some(error), _) => error.to_string(),
                (None, Some(_)) => "Searching…".to_owned(),
                (None, None) => "Nothing found. A search looks into titles and every message.".to_owned(),
            },
            (None, None) if list.known => "Conversations are kept here, the newest first.".to_owned(),
            (None, None) => String::new(),
        };
        let role = if list.error.is_some() { Role::Bad } else { Role::Muted };
        for (y, line) in (area.y + 1..bottom).zip(wrap(&words, area.width.saturating_sub(3))) {
            put(cells, area.x + 1, y, right, &line, look.style(role));
        }
    }
    for (y, row) in (area.y..bottom).zip(rows.iter().skip(list.top)) {
        match row {
            Row::Group(name) => {
                put(cells, area.x + 1, y, right, name, look.style(Role::Faint));
            }
            Row::Entry(at) => {
                let Some(head) = list.entry(*at) else { continue };
                let open = state.thread.id == Some(head.id);
                let chosen = focused && *at == list.selected;
                if chosen {
                    tint(cells, Rect { y, height: 1, ..area }, look.style(Role::Selected));
                }
                let style = |role| {
                    if chosen { look.style(Role::Selected).patch(look.style(role)) } else { look.style(role) }
                };
                if open || chosen {
                    put(cells, area.x, y, right, "▌", style(Role::Accent));
                }
                let busy = std::iter::once(&state.thread)
                    .chain(&state.others)
                    .any(|thread| thread.id == Some(head.id) && thread.turn != Turn::Idle);
                let age = if busy { "•".to_owned() } else { now.age(head.updated) };
                let role = if busy { Role::Accent } else { Role::Faint };
                let end = put_right(cells, area.x + 1, y, right, &age, style(role));
                let title = if head.title.is_empty() { "untitled" } else { &head.title };
                let mut words = style(if open { Role::Text } else { Role::Muted });
                if open {
                    words = words.add_modifier(Modifier::BOLD);
                }
                put(cells, area.x + 1, y, end.saturating_sub(1), title, words);
            }
            Row::Snippet(at) => {
                let Some(hit) = list.results().and_then(|search| search.hits.get(*at)) else { continue };
                let (from, to) = hit.matched;
                let snippet = &hit.snippet;
                let piece = |range: std::ops::Range<usize>| snippet.get(range).unwrap_or_default();
                let mut x = area.x + 3;
                // The match itself is always in sight.
                let before = crate::tui::widget::text::fit_left(piece(0..from), usize::from(area.width / 3));
                x = put(cells, x, y, right, &before, look.style(Role::Faint));
                x = put(cells, x, y, right, piece(from..to), look.style(Role::Match));
                put(cells, x, y, right, piece(to..snippet.len()), look.style(Role::Faint));
            }
        }
    }
    let shown = Rect { height: area.height.saturating_sub(1), ..area };
    let bar = thumb(shown.height, list.top, usize::from(shown.height), rows.len());
    scrollbar(cells, shown, bar, look.style(Role::Rule));
    let y = bottom;
    let Some(search) = &list.search else {
        let words = sight.options.keymap.line(Context::List, &[(Action::Search, "search")]);
        put(cells, area.x + 1, y, right, &words, look.style(Role::Faint));
        return None;
    };
    put(cells, area.x, y, right, if focused { "▌/" } else { " /" }, look.style(Role::Accent));
    let line = Rect { x: area.x + 3, y, width: area.width.saturating_sub(4), height: 1 };
    let caret = search.input.draw(line, cells, look.style(Role::Text));
    (focused && search.typing).then_some(caret)
}
