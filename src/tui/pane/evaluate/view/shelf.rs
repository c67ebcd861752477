//! The datasets, and what is known of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::evaluation::Dataset;
use crate::domain::figures::grouped;
use crate::tui::look::Role;
use crate::tui::paint::{put, put_right, scrollbar, thumb};
use crate::tui::pane::Sight;
use crate::tui::pane::evaluate::State;
use crate::tui::rows::{facts, failed, ground, parted, right_of};

pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let shelf = &state.shelf;
    if let Some(error) = &shelf.error {
        return failed(error, sight, body, cells);
    }
    let look = sight.look;
    let right = right_of(body);
    let age = right.saturating_sub(10);
    let size = age.saturating_sub(9);
    let faint = look.style(Role::Faint);
    put(cells, body.x + 2, body.y, size, "dataset", faint);
    if !shelf.known {
        return;
    }
    put_right(cells, size, body.y, age, "items", faint);
    put_right(cells, age, body.y, right, "changed", faint);
    let area = State::list_area(body);
    for (y, at) in (area.top()..area.bottom()).zip(shelf.top..shelf.list.len()) {
        let dataset = &shelf.list[at];
        let row = Rect { y, height: 1, ..area };
        let (ground, name) = ground(at == shelf.selected, row, look, cells);
        let style = |role| ground.patch(look.style(role));
        put(cells, area.x + 2, y, size.saturating_sub(1), &dataset.name, name);
        put_right(cells, size, y, age, &grouped(dataset.items.into()), style(Role::Muted));
        let age_of = || sight.wall().age(dataset.updated);
        let changed = if dataset.is_built_in() { "built in".to_owned() } else { age_of() };
        put_right(cells, age, y, right, &changed, style(Role::Faint));
    }
    let bar = thumb(area.height, shelf.top, usize::from(area.height), shelf.list.len());
    scrollbar(cells, area, bar, look.style(Role::Rule));
    if let Some(dataset) = shelf.current() {
        let top = area.bottom();
        card(dataset, sight, Rect { y: top, height: body.bottom().saturating_sub(top), ..body }, cells);
    }
}

/// Where it comes from, and what it may be used for.
fn card(dataset: &Dataset, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let below = parted(area, false, look, cells);
    let from = dataset.source.clone().unwrap_or_else(|| "gathered from what was asked here".to_owned());
    let licence = dataset.licence.clone().unwrap_or_else(|| "none is known".to_owned());
    let rows = [("from", from, Role::Text), ("licence", licence, Role::Muted)];
    facts(&rows, look, below, cells);
}
