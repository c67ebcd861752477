//! The comparisons, the newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::domain::figures::{count, grouped};
use crate::tui::look::Role;
use crate::tui::models::columns::fit_id;
use crate::tui::paint::{first_parts, put, put_right, scrollbar, thumb, tint, wrap};
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

/// What the selected one is: how many columns and pages it has, what is chosen in it as far as that was read, whom it asked.
pub(super) fn about(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let Some(comparison) = state.selected_comparison().filter(|_| !area.is_empty()) else { return };
    let pages = comparison.pages.len();
    let mut facts = vec![count(comparison.columns.len() as u64, "column", "columns")];
    if pages > 1 {
        facts.push(count(pages as u64, "page", "pages"));
    }
    let shown = state.comparison.as_ref().is_some_and(|shown| shown.id == comparison.id);
    let blind = comparison.blind.is_some();
    if blind {
        let seen = shown && pages == 1 && state.is_seen();
        facts.push(if seen { "seen" } else { "blind" }.to_owned());
    }
    if shown {
        let on = |is: &dyn Fn(usize) -> bool| (0..pages).filter(|page| is(*page)).count();
        let chosen = on(&|page| !state.is_open(page));
        let seen = on(&|page| blind && state.is_chosen_seen(page));
        let grouped = |pages: usize| grouped(pages as u64);
        facts.push(match (chosen, pages) {
            (0, _) => "not chosen".to_owned(),
            (1, 1) => "chosen".to_owned(),
            _ if seen > 0 => format!("{} chosen, {} seen", grouped(chosen), grouped(seen)),
            _ => format!("{} chosen", grouped(chosen)),
        });
    }
    let right = area.right().saturating_sub(1);
    let style = |role| sight.look.style(role);
    let room = right.saturating_sub(area.x + 1);
    put(cells, area.x + 1, area.y, right, first_parts(&facts.join(" · "), room), style(Role::Muted));
    for (y, column) in (area.y + 1..area.bottom()).zip(&comparison.columns) {
        let name = fit_id(column.model.as_str(), room);
        put(cells, area.x + 1, y, right, &name, style(Role::Faint));
    }
}
