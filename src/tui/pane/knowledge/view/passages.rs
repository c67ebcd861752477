//! A document as it was cut: its passages in order, and all that is known of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::found::draw_on;
use super::text::{Wanted, rows, snippet};
use crate::domain::figures::{count, grouped};
use crate::domain::knowledge::attribute::RESERVED;
use crate::domain::knowledge::passage::Passage;
use crate::domain::untrusted::{brief, safe_line};
use crate::tui::look::Role;
use crate::tui::paint::{columns, put, put_right, scrollbar, thumb};
use crate::tui::pane::Sight;
use crate::tui::pane::knowledge::found::format_cosine;
use crate::tui::pane::knowledge::layout::{self, MEASURE};
use crate::tui::pane::knowledge::passages::Leaf;
use crate::tui::pane::knowledge::{Open, name_of};
use crate::tui::rows::{failed, ground, parted};
use crate::tui::widget::text::{Ink, Inline, Row, fit_left, wrap};

/// Columns of the names of what is known.
const NAMES: usize = 10;

pub(super) fn draw(open: &Open, leaf: &Leaf, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let (area, card_area) = layout::listed(body);
    let y = body.y + 1;
    let right = area.right().saturating_sub(1);
    let all = count(leaf.all.into(), "passage", "passages");
    let place = format!("{} of {all}", grouped(u64::from(leaf.selected) + 1));
    let end = put_right(cells, area.x + 10, y, right, &place, look.style(Role::Muted));
    let room = usize::from(end.saturating_sub(area.x + 3));
    put(cells, area.x + 2, y, end.saturating_sub(1), &fit_left(&leaf.uri, room), look.style(Role::Text));
    if let Some(error) = &leaf.error {
        return failed(error, sight, Rect { y, height: body.height.saturating_sub(1), ..body }, cells);
    }
    let wanted = Wanted::of(&open.asked);
    let number = columns(&grouped(leaf.all.into()));
    for (y, at) in (area.top()..area.bottom()).zip(leaf.top..leaf.all) {
        let row = Rect { y, height: 1, ..area };
        let chosen = at == leaf.selected;
        let (ground, _) = ground(chosen, row, look, cells);
        let style = |role| ground.patch(look.style(role));
        let x = area.x + 2;
        put_right(cells, x, y, x + number, &grouped(u64::from(at) + 1), style(Role::Faint));
        let Some(passage) = leaf.passage(at) else {
            put(cells, x + number + 2, y, right, "…", style(Role::Faint));
            continue;
        };
        let x = x + number + 2;
        let tokens = format!("{} tok", grouped(passage.tokens.into()));
        put_right(cells, x, y, x + 9, &tokens, style(Role::Muted));
        if open.expected.contains(&passage.id) {
            put(cells, x + 10, y, x + 11, "?", style(Role::Info));
        }
        let width = right.saturating_sub(x + 12);
        let text = snippet(&passage.text, &wanted, usize::from(width), Ink::of(Role::Text));
        draw_on(&text, (x + 12, y, width), ground, sight, cells);
    }
    let bar = thumb(area.height, leaf.top as usize, usize::from(area.height), leaf.all as usize);
    scrollbar(cells, area, bar, look.style(Role::Rule));
    if let Some(passage) = leaf.current() {
        card(open, leaf, passage, &wanted, sight, (card_area, card_area.x > area.x), cells);
    }
}

/// The text with what it shares with its neighbours, then all that is known of it.
fn card(
    open: &Open,
    leaf: &Leaf,
    passage: &Passage,
    wanted: &Wanted,
    sight: &Sight<'_>,
    (area, beside): (Rect, bool),
    cells: &mut Buffer,
) {
    let look = sight.look;
    if area.height < 2 {
        return;
    }
    let inside = parted(area, beside, look, cells);
    let width = area.width.saturating_sub(3).min(MEASURE + 2);
    let inside = Rect { x: area.x + 1, width, ..inside };
    let overlaps = leaf.overlaps(leaf.selected);
    let mut head: Vec<String> = passage.place().map(str::to_owned).into_iter().collect();
    head.push(count(passage.tokens.into(), "token", "tokens"));
    let shared = overlaps.0 + overlaps.1;
    if shared > 0 {
        head.push(format!("▒▒ {} shared", count(shared as u64, "byte", "bytes")));
    }
    put(cells, inside.x, inside.y, inside.right(), &head.join(" · "), look.style(Role::Muted));
    let mut all = rows(&passage.text, wanted, overlaps, usize::from(inside.width));
    all.push(Row::default());
    all.extend(known(leaf, passage, usize::from(inside.width)));
    let y = inside.y + 1;
    let room = usize::from(inside.bottom().saturating_sub(y));
    let top = usize::from(open.scroll).min(all.len().saturating_sub(room));
    for (y, row) in (y..inside.bottom()).zip(all.iter().skip(top)) {
        row.draw(Position { x: inside.x, y }, inside.width, look, cells);
    }
    let bar = Rect { y, height: inside.bottom().saturating_sub(y), ..area };
    scrollbar(cells, bar, thumb(bar.height, top, room, all.len()), look.style(Role::Rule));
}

/// Its place in the text, what is said of its document, its vector, its neighbours.
fn known(leaf: &Leaf, passage: &Passage, width: usize) -> Vec<Row> {
    let mut facts = vec![
        ("bytes".to_owned(), format!("{} to {}", passage.range.start, passage.range.end)),
        ("id".to_owned(), passage.id.to_string()),
    ];
    if let Some(parent) = &passage.parent {
        facts
            .push(("given as".to_owned(), format!("the bytes {} to {} around it", parent.start, parent.end)));
    }
    let said = passage.attributes.iter().filter(|(key, _)| !key.starts_with(RESERVED));
    facts.extend(said.map(|(key, value)| (key.clone(), value.words())));
    let looked = leaf.known();
    if let Some(looked) = looked {
        facts.push(("vector".to_owned(), format!("length {:.4}", looked.norm)));
    }
    let mut rows = Vec::new();
    let line = |name: &str, words: &str| {
        let mut inline = Inline::default();
        inline.push(&safe_line(&format!("{name:<NAMES$}")), Ink::of(Role::Faint), None);
        inline.push(&safe_line(words), Ink::of(Role::Muted), None);
        wrap(&inline, width)
    };
    for (name, words) in &facts {
        rows.extend(line(name, words));
    }
    for (at, near) in looked.iter().flat_map(|looked| &looked.neighbours).enumerate() {
        let cosine = near.standing.vector.map_or_else(String::new, |placed| format_cosine(placed.score));
        let number = grouped(u64::from(near.passage.ordinal) + 1);
        let uri = fit_left(name_of(&near.uri), 24);
        let room = width.saturating_sub(NAMES + 2 + usize::from(columns(&cosine)));
        let place = brief(&format!("{uri} {number} · {}", near.passage.text), room);
        let name = if at == 0 { "nearest" } else { "" };
        rows.extend(line(name, &format!("{cosine}  {place}")));
    }
    rows
}
