//! The library: prompts, the versions of the open one, the line that narrows them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::prompt::library::Row;
use crate::tui::pane::prompt::{Focus, State};

/// Draws it; returns the caret of the line that narrows it.
pub(super) fn draw(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let library = &state.library;
    let focused = state.focus == Focus::Library;
    let right = area.right().saturating_sub(1);
    let bottom = area.bottom().saturating_sub(1);
    let rows = library.rows(state.book.as_ref());
    if rows.is_empty() {
        let (words, role) = match &library.error {
            Some(error) => (format!("✗ {error}"), Role::Bad),
            None if !library.prompts.is_empty() => {
                let back = sight.key(Context::Menu, Action::Cancel);
                (format!("No prompt has that in its name. {back} shows all again."), Role::Muted)
            }
            None if library.known => {
                let saves = sight.key(Context::Prompt, Action::SavePrompt);
                (
                    format!("Prompts are kept here, with their versions. {saves} saves the first one."),
                    Role::Muted,
                )
            }
            None => (String::new(), Role::Muted),
        };
        for (y, line) in (area.y + 1..bottom).zip(wrap(&words, area.width.saturating_sub(3))) {
            put(cells, area.x + 1, y, right, &line, look.style(role));
        }
    }
    let height = usize::from(bottom.saturating_sub(area.y));
    for (at, (y, row)) in (area.y..bottom).zip(rows.iter().skip(library.top)).enumerate() {
        let chosen = focused && library.top + at == library.selected;
        entry(state, sight, *row, chosen, Rect { y, height: 1, ..area }, cells);
    }
    let shown = Rect { height: area.height.saturating_sub(1), ..area };
    let bar = thumb(shown.height, library.top, height, rows.len());
    scrollbar(cells, shown, bar, look.style(Role::Rule));
    if !library.typing && library.filter.text().is_empty() {
        // Elsewhere these keys type.
        if !focused {
            return None;
        }
        let mut says =
            vec![(Action::Search, "narrow"), (Action::NewPrompt, "new"), (Action::ComparePrompt, "diff")];
        says.retain(|(action, _)| state.can_do(*action));
        let words = sight.options.keymap.line(Context::Prompts, &says);
        put(cells, area.x + 1, bottom, right, &words, look.style(Role::Faint));
        return None;
    }
    put(cells, area.x, bottom, right, if focused { "▌/" } else { " /" }, look.style(Role::Accent));
    let line = Rect { x: area.x + 3, y: bottom, width: area.width.saturating_sub(4), height: 1 };
    let caret = library.filter.draw(line, cells, look.style(Role::Text));
    (focused && library.typing).then_some(caret)
}

fn entry(state: &State, sight: &Sight<'_>, row: Row, chosen: bool, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let ground = if chosen { look.style(Role::Selected) } else { Style::new() };
    let style = |role| ground.patch(look.style(role));
    if chosen {
        tint(cells, area, look.style(Role::Selected));
        put(cells, area.x, area.y, area.right(), "▌", style(Role::Accent));
    }
    let (y, right) = (area.y, area.right().saturating_sub(1));
    match row {
        Row::Prompt(at) => {
            let Some(prompt) = state.library.prompts.get(at) else { return };
            let open = state.id() == Some(prompt.id);
            if open && !chosen {
                put(cells, area.x, y, right, "▌", style(Role::Rule));
            }
            let age = sight.wall().age(prompt.updated);
            let end = put_right(cells, area.x + 1, y, right, &age, style(Role::Faint)).saturating_sub(1);
            let words = style(if open { Role::Text } else { Role::Muted });
            let words = if open { words.add_modifier(Modifier::BOLD) } else { words };
            put(cells, area.x + 1, y, end, &prompt.name, words);
        }
        Row::Version(number) => {
            let Some(version) = state.book.as_ref().and_then(|book| book.version(number)) else { return };
            let age = sight.wall().age(version.created);
            let end = put_right(cells, area.x + 1, y, right, &age, style(Role::Faint)).saturating_sub(1);
            let marked = state.library.marked == Some(number);
            if marked {
                put(cells, area.x + 2, y, end, "•", style(Role::Accent));
            }
            let numbers = format!("{number:>3} ");
            let here = state.version() == Some(number);
            let x =
                put(cells, area.x + 3, y, end, &numbers, style(if here { Role::Text } else { Role::Muted }));
            put(cells, x, y, end, &version.note, style(Role::Faint));
        }
    }
}
