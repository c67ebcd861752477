//! The makings, the newest first: what was asked for, and when.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::domain::message::Outcome;
use crate::domain::picture::Making;
use crate::tui::look::Role;
use crate::tui::paint::{put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::pictures::{Focus, State, prompt};

pub fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    if state.list.is_empty() && state.known {
        let words = "What is made is kept here, the newest first.";
        let lines = wrap(words, area.width.saturating_sub(3));
        for (y, line) in (area.y + 1..area.bottom()).zip(lines) {
            put(cells, area.x + 1, y, area.right(), &line, sight.look.style(Role::Muted));
        }
    }
    for (y, at) in (area.top()..area.bottom()).zip(state.top..state.list.len()) {
        row(state, sight, at, &state.list[at], Rect { y, height: 1, ..area }, cells);
    }
    let bar = thumb(area.height, state.top, usize::from(area.height), state.list.len());
    scrollbar(cells, area, bar, sight.look.style(Role::Rule));
}

fn row(state: &State, sight: &Sight<'_>, at: usize, making: &Making, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let open = at == state.selected;
    let focused = state.focus == Focus::Gallery;
    let ground = if open && focused { look.style(Role::Selected) } else { Style::new() };
    let style = |role| ground.patch(look.style(role));
    let (y, right) = (area.y, area.right().saturating_sub(1));
    if open {
        if focused {
            tint(cells, area, ground);
        }
        put(cells, area.x, y, right, "▌", style(if focused { Role::Accent } else { Role::Rule }));
    }
    let (mark, role) = match &making.outcome {
        Outcome::Streaming => ("•".to_owned(), Role::Accent),
        Outcome::Failed { .. } => (format!("✗ {}", sight.wall().age(making.created)), Role::Bad),
        _ => (sight.wall().age(making.created), Role::Faint),
    };
    let end = put_right(cells, area.x + 1, y, right, &mark, style(role)).saturating_sub(1);
    let mut words = style(if open { Role::Text } else { Role::Muted });
    if open {
        words = words.add_modifier(Modifier::BOLD);
    }
    put(cells, area.x + 1, y, end, prompt(making), words);
}
