//! The comparisons, the newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::tui::look::Role;
use crate::tui::paint::{put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::compare::{Focus, State};

pub(super) fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    if state.list.is_empty() && state.known {
        let lines = wrap("What was compared is kept here, the newest first.", area.width.saturating_sub(3));
        for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
            put(cells, area.x + 1, y, area.right(), &line, look.style(Role::Muted));
        }
    }
    let focused = state.focus == Focus::List;
    let right = area.right().saturating_sub(1);
    for (y, at) in (area.top()..area.bottom()).zip(state.top..state.list.len()) {
        let comparison = &state.list[at];
        let shown = state.comparison.as_ref().is_some_and(|shown| shown.id == comparison.id);
        let selected = focused && at == state.selected;
        let ground = if selected { look.style(Role::Selected) } else { Style::new() };
        let style = |role| ground.patch(look.style(role));
        if selected {
            tint(cells, Rect { y, height: 1, ..area }, ground);
        }
        if selected || shown {
            put(cells, area.x, y, right, "▌", style(if selected { Role::Accent } else { Role::Rule }));
        }
        let age = sight.wall().age(comparison.created);
        let end = put_right(cells, area.x + 1, y, right, &age, style(Role::Faint)).saturating_sub(1);
        let words = style(if shown { Role::Text } else { Role::Muted });
        let words = if shown { words.add_modifier(Modifier::BOLD) } else { words };
        put(cells, area.x + 1, y, end, &comparison.title, words);
    }
    let bar = thumb(area.height, state.top, usize::from(area.height), state.list.len());
    scrollbar(cells, area, bar, look.style(Role::Rule));
}
