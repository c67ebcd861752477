//! A file as it would be cut: its passages by one way or by two, and the selected one whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::passages::{Card, card, row};
use super::text::Wanted;
use crate::domain::figures::{count, grouped};
use crate::domain::knowledge::preview::{Preview, Way};
use crate::tui::look::Role;
use crate::tui::paint::{columns, first_parts, put, put_right, scrollbar, thumb};
use crate::tui::pane::Sight;
use crate::tui::pane::knowledge::cutting::{Cuts, SHOWN, Side};
use crate::tui::pane::knowledge::{State, layout, name_of};
use crate::tui::rows::failed;

pub(super) fn draw(state: &State, cuts: &Cuts, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let right = body.right().saturating_sub(1);
    let path = cuts.path.to_string_lossy();
    let name = name_of(&path);
    let (words, role) = match (&cuts.told, state.is_cutting()) {
        (_, true) => ("cutting it…".to_owned(), Role::Accent),
        (Some(told), false) => {
            (of_file(told, body.width.saturating_sub(columns(name) + APART + 2)), Role::Muted)
        }
        (None, false) => (String::new(), Role::Muted),
    };
    let end = put_right(cells, body.x + 12, body.y, right, &words, look.style(role)).saturating_sub(APART);
    let bold = look.style(Role::Text).add_modifier(Modifier::BOLD);
    let x = put(cells, body.x + 1, body.y, end, name, bold) + APART;
    let kept = "nothing of it is kept";
    if x + columns(kept) <= end {
        put(cells, x, body.y, end, kept, look.style(Role::Faint));
    }
    if let Some(error) = &cuts.error {
        let below = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
        return failed(error, sight, below, cells);
    }
    let areas = layout::cuts(cuts.sides.len(), cuts.at, body);
    let wanted = Wanted::default();
    for (at, side) in cuts.sides.iter().enumerate() {
        let (Some(title), Some(rows)) = (areas.titles.get(at), areas.rows.get(at)) else { continue };
        // Where there is no room for both the other one is hidden.
        if title.is_empty() {
            continue;
        }
        let way = cuts.told.as_ref().and_then(|told| told.ways.get(at));
        let window = cuts.told.as_ref().and_then(|told| told.window);
        let mine = at == cuts.at;
        titled(side, (way.filter(|way| way.chunking == side.chunking), window), mine, sight, *title, cells);
        listed(side, mine, &wanted, sight, *rows, cells);
    }
    let Some(side) = cuts.side() else { return };
    if let Some(passage) = side.list.get(side.selected) {
        let of = Card {
            passage,
            overlaps: side.overlaps(),
            wanted: &wanted,
            looked: None,
            scroll: cuts.scroll,
            kept: false,
        };
        card(&of, sight, (areas.card, areas.beside), cells);
    }
}

/// Columns between what stands at the left and at the right.
const APART: u16 = 2;

/// What was read in the file, by whose tokens: as much of it, whole, as there is room for.
fn of_file(told: &Preview, room: u16) -> String {
    let about = if told.exact { "" } else { "about " };
    let tokens = count(told.tokens, "token", "tokens");
    let read = format!("{} · {about}{tokens}", told.format);
    let by = format!("{read} by {}", told.embedder);
    if columns(&by) <= room { by } else { first_parts(&read, room).to_owned() }
}

/// How it is cut, and what that makes.
fn titled(
    side: &Side,
    (way, window): (Option<&Way>, Option<u32>),
    mine: bool,
    sight: &Sight<'_>,
    area: Rect,
    cells: &mut Buffer,
) {
    let look = sight.look;
    let role = if mine { Role::Accent } else { Role::Muted };
    let x = put(cells, area.x + 2, area.y, area.right(), &side.chunking.to_string(), look.style(role));
    let Some(way) = way else { return };
    let mut words = format!("  {}", count(way.passages, "passage", "passages"));
    if way.passages > u64::from(SHOWN) {
        words.push_str(", the first ");
        words.push_str(&grouped(SHOWN.into()));
        words.push_str(" here");
    }
    words.push_str(" · the longest ");
    words.push_str(&grouped(way.longest.into()));
    words.push_str(" tokens");
    let (more, role) = match (way.windowed, window) {
        (_, None) => (String::new(), Role::Muted),
        (0, Some(_)) => (" · none too long".to_owned(), Role::Muted),
        (many, Some(window)) => (format!(" · {} over {}", grouped(many), grouped(window.into())), Role::Warn),
    };
    // A part is told whole or not at all, and before the others that some are too long.
    let room = area.right().saturating_sub(x);
    let beside = room.saturating_sub(columns(&more));
    let kept = first_parts(&words, if role == Role::Warn { beside } else { room });
    let x = put(cells, x, area.y, area.right(), kept, look.style(Role::Muted));
    if columns(kept) <= beside {
        put(cells, x, area.y, area.right(), &more, look.style(role));
    }
}

fn listed(side: &Side, mine: bool, wanted: &Wanted, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let number = columns(&grouped(side.list.len() as u64));
    let top = side.first(area.height.into());
    for (y, at) in (area.top()..area.bottom()).zip(top..side.list.len()) {
        let chosen = mine && at == side.selected;
        let line = Rect { y, height: 1, ..area };
        row(side.list.get(at), (at as u64, number), (chosen, false), wanted, sight, line, cells);
    }
    let bar = thumb(area.height, top, usize::from(area.height), side.list.len());
    scrollbar(cells, area, bar, sight.look.style(Role::Rule));
}
