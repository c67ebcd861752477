//! A document as it was cut: its passages in order, and all that is known of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::found::{draw_on, headed};
use super::text::{Wanted, rows, snippet};
use crate::domain::figures::{count, grouped};
use crate::domain::knowledge::attribute::RESERVED;
use crate::domain::knowledge::passage::Passage;
use crate::domain::knowledge::retrieval::Looked;
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
        let line = Rect { y, height: 1, ..area };
        let passage = leaf.passage(at);
        let expected = passage.is_some_and(|passage| open.expected.contains(&passage.id));
        let marks = (at == leaf.selected, expected);
        row(passage, (at.into(), number), marks, &wanted, sight, line, cells);
    }
    let bar = thumb(area.height, leaf.top as usize, usize::from(area.height), leaf.all as usize);
    scrollbar(cells, area, bar, look.style(Role::Rule));
    if let Some(passage) = leaf.current() {
        let of = Card {
            passage,
            overlaps: leaf.overlaps(leaf.selected),
            wanted: &wanted,
            looked: leaf.known(),
            scroll: open.scroll,
            kept: true,
        };
        card(&of, sight, (card_area, card_area.x > area.x), cells);
    }
}

/// A passage in a row: its number, its tokens, how it begins; whether it is the selected one, and one that was expected.
pub(super) fn row(
    passage: Option<&Passage>,
    (at, number): (u64, u16),
    (chosen, expected): (bool, bool),
    wanted: &Wanted,
    sight: &Sight<'_>,
    line: Rect,
    cells: &mut Buffer,
) {
    let look = sight.look;
    let (ground, _) = ground(chosen, line, look, cells);
    let style = |role| ground.patch(look.style(role));
    let (x, y, right) = (line.x + 2, line.y, line.right().saturating_sub(1));
    put_right(cells, x, y, x + number, &grouped(at + 1), style(Role::Faint));
    let Some(passage) = passage else {
        put(cells, x + number + 2, y, right, "…", style(Role::Faint));
        return;
    };
    let x = x + number + 2;
    let tokens = format!("{} tok", grouped(passage.tokens.into()));
    put_right(cells, x, y, x + 9, &tokens, style(Role::Muted));
    if expected {
        put(cells, x + 10, y, x + 11, "?", style(Role::Info));
    }
    let width = right.saturating_sub(x + 12);
    let text = snippet(&passage.text, wanted, usize::from(width), Ink::of(Role::Text));
    draw_on(&text, (x + 12, y, width), ground, sight, cells);
}

/// A passage to be shown whole.
pub(super) struct Card<'a> {
    pub passage: &'a Passage,
    /// Bytes that its neighbours have too.
    pub overlaps: (usize, usize),
    pub wanted: &'a Wanted,
    pub looked: Option<&'a Looked>,
    /// The first row in sight.
    pub scroll: u16,
    /// It is part of a base, and has an id.
    pub kept: bool,
}

/// The text with what it shares with its neighbours, then all that is known of it.
pub(super) fn card(of: &Card<'_>, sight: &Sight<'_>, (area, beside): (Rect, bool), cells: &mut Buffer) {
    let Card { passage, overlaps, .. } = *of;
    let look = sight.look;
    if area.height < 2 {
        return;
    }
    let inside = parted(area, beside, look, cells);
    let width = area.width.saturating_sub(3).min(MEASURE + 2);
    let inside = Rect { x: area.x + 1, width, ..inside };
    let mut head = vec![count(passage.tokens.into(), "token", "tokens")];
    let shared = overlaps.0 + overlaps.1;
    if shared > 0 {
        head.push(format!("▒▒ {} shared", count(shared as u64, "byte", "bytes")));
    }
    let head = headed(passage.place(), &head, inside.width);
    put(cells, inside.x, inside.y, inside.right(), &head, look.style(Role::Muted));
    let mut all = rows(&passage.text, of.wanted, overlaps, usize::from(inside.width));
    all.push(Row::default());
    all.extend(known(of, usize::from(inside.width)));
    let y = inside.y + 1;
    let room = usize::from(inside.bottom().saturating_sub(y));
    let top = usize::from(of.scroll).min(all.len().saturating_sub(room));
    for (y, row) in (y..inside.bottom()).zip(all.iter().skip(top)) {
        row.draw(Position { x: inside.x, y }, inside.width, look, cells);
    }
    let bar = Rect { y, height: inside.bottom().saturating_sub(y), ..area };
    scrollbar(cells, bar, thumb(bar.height, top, room, all.len()), look.style(Role::Rule));
}

/// Its place in the text, what is said of its document, its vector, its neighbours.
fn known(of: &Card<'_>, width: usize) -> Vec<Row> {
    let passage = of.passage;
    let bytes = format!("{} to {}", passage.range.start, passage.range.end);
    let mut facts = vec![("bytes".to_owned(), bytes)];
    if of.kept {
        facts.push(("id".to_owned(), passage.id.to_string()));
    }
    if let Some(parent) = &passage.parent {
        facts
            .push(("given as".to_owned(), format!("the bytes {} to {} around it", parent.start, parent.end)));
    }
    facts.extend(passage.columns().map(|columns| ("columns".to_owned(), columns.replace('\t', " · "))));
    let said = passage.attributes.iter().filter(|(key, _)| !key.starts_with(RESERVED));
    facts.extend(said.map(|(key, value)| (key.clone(), value.words())));
    if let Some(looked) = of.looked {
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
    for (at, near) in of.looked.iter().flat_map(|looked| &looked.neighbours).enumerate() {
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
