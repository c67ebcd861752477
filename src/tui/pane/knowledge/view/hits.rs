//! The hits of a question by one setting: their ranks, how each reads, where it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::found::{LEAST_PLACE, draw_on};
use super::text::{Wanted, snippet};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::ranking::{Mode, Placed};
use crate::domain::knowledge::retrieval::Found;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::knowledge::found::{Column, format_cosine, format_fused};
use crate::tui::pane::knowledge::{Focus, Open, name_of};
use crate::tui::rows::{failed, ground};
use crate::tui::widget::text::{Ink, fit_left, fit_middle, width};

/// Where the hits of one setting are.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub titles: Rect,
    pub rows: Rect,
    /// As wide is the narrowest of them.
    pub narrowest: u16,
    /// The setting stands over the passages, beside the titles of the ranks.
    pub over: bool,
    /// The column's place.
    pub at: usize,
}

/// Columns of the ranks, from the left: their titles and where each begins; then where the passage begins, and its place.
pub(super) struct Grid {
    ranks: Vec<(&'static str, u16, u16)>,
    pub passage: u16,
    place: u16,
    pub right: u16,
}

/// From this width on there is room for a name beside a passage.
const NAMED: u16 = 36;

/// The column of the order that counts.
pub(super) const RERANKED: &str = "reranked";

pub(super) fn grid(column: &Column, area: Rect) -> Grid {
    let mode = column.tuning.mode;
    let reranked = column.retrieved.as_ref().and_then(|found| found.reranked.as_ref());
    let reranked = reranked.is_some_and(|of| of.failed.is_none());
    let right = area.right().saturating_sub(1);
    let mut x = area.x + 4;
    let mut ranks = Vec::new();
    let scores = area.width >= 72;
    // Rank and score; the rank alone where there is little room.
    let wide = if scores { 9 } else { 4 };
    if mode.semantic() {
        ranks.push((if scores { "vector" } else { "vec" }, x, x + wide));
        x += wide + 1;
    }
    if mode.keyword() {
        let wide = if scores { 10 } else { 5 };
        ranks.push(("words", x, x + wide));
        x += wide + 1;
    }
    if mode == Mode::Hybrid && area.width >= 96 {
        ranks.push(("fused", x, x + wide));
        x += wide + 1;
    }
    if reranked {
        ranks.push((if scores { RERANKED } else { "rer" }, x, x + wide));
        x += wide + 1;
    }
    let passage = x + 1;
    let place = match area.width {
        60.. => right - (area.width * 3 / 10).clamp(14, 44),
        // The end of a name, and no more than the passage has.
        NAMED.. => right - (right.saturating_sub(passage) / 2).min(area.width * 3 / 10),
        _ => right,
    };
    Grid { ranks, passage, place, right }
}

impl Grid {
    /// Whether a row has its place and its score in that list.
    pub fn tells(&self, list: &str) -> bool {
        self.ranks.iter().any(|(title, from, to)| *title == list && to - from > 5)
    }
}

/// What one setting finds: its titles, and a row a hit.
pub(super) fn hits(
    (open, base): (&Open, &Base),
    column: &Column,
    wanted: &Wanted,
    sight: &Sight<'_>,
    place: Place,
    cells: &mut Buffer,
) {
    let look = sight.look;
    let Place { rows, narrowest, .. } = place;
    let grid = grid(column, Rect { width: narrowest, ..rows });
    if open.columns.len() > 1 {
        setting((open, base), column, place, &grid, sight, cells);
    }
    if let Some(error) = &column.error {
        let above = Rect { y: rows.y.saturating_sub(1), height: rows.height + 1, ..rows };
        return failed(error, sight, above, cells);
    }
    if column.retrieved.is_none() {
        if column.waits {
            put(cells, rows.x + 2, rows.y, rows.right(), "looking…", look.style(Role::Muted));
        }
        return;
    }
    titles(open, column, place, &grid, sight, cells);
    if column.rows() == 0 {
        let words = nothing(column, sight);
        for (y, line) in (rows.top()..rows.bottom()).zip(wrap(&words, rows.width.saturating_sub(4))) {
            put(cells, rows.x + 2, y, rows.right(), &line, look.style(Role::Muted));
        }
        return;
    }
    let first = column.first(rows.height);
    for (y, at) in (rows.top()..rows.bottom()).zip(first..column.rows()) {
        let line = Rect { y, height: 1, ..rows };
        row((open, base), (column, at), wanted, sight, (place, &grid, line), cells);
    }
    let bar = thumb(rows.height, first, usize::from(rows.height), column.rows());
    scrollbar(cells, rows, bar, look.style(Role::Rule));
    if open.earlier_question().is_some() || open.shows_earlier_hits(column) {
        tint(cells, rows, look.style(Role::Faint));
    }
}

/// By which setting one of two was asked.
fn setting(
    (open, base): (&Open, &Base),
    column: &Column,
    Place { titles, over, at, .. }: Place,
    grid: &Grid,
    sight: &Sight<'_>,
    cells: &mut Buffer,
) {
    let look = sight.look;
    let role = if at == open.at { Role::Accent } else { Role::Muted };
    let x = if over { grid.passage } else { titles.x + 1 };
    let x = put(cells, x, titles.y, titles.right(), &column.tuning.words(base), look.style(role));
    if open.shows_earlier_hits(column) {
        let right = titles.right().min(grid.right);
        put(cells, x, titles.y, right, " · looking…", look.style(Role::Warn));
    }
}

/// What stands in each column.
fn titles(
    open: &Open,
    column: &Column,
    Place { titles, over, .. }: Place,
    grid: &Grid,
    sight: &Sight<'_>,
    cells: &mut Buffer,
) {
    let faint = sight.look.style(Role::Faint);
    let alone = open.columns.len() == 1;
    if alone || over {
        put_right(cells, titles.x, titles.y, titles.x + 3, "#", faint);
        for (title, from, to) in &grid.ranks {
            put_right(cells, *from, titles.y, *to, title, faint);
        }
    }
    if !alone {
        return;
    }
    let warn = sight.look.style(Role::Warn);
    let (passages, style) = match () {
        () if !open.shows_earlier_hits(column) => ("passage", faint),
        () if column.of == open.asked => ("of the setting before", warn),
        () => ("of the question before", warn),
    };
    put(cells, grid.passage, titles.y, grid.place.saturating_sub(1), passages, style);
    put(cells, grid.place, titles.y, grid.right, "where", faint);
}

/// A hit in a row: its number, its ranks, how it reads from the first of the words on, where it is.
fn row(
    (open, base): (&Open, &Base),
    (column, at): (&Column, usize),
    wanted: &Wanted,
    sight: &Sight<'_>,
    (place, grid, line): (Place, &Grid, Rect),
    cells: &mut Buffer,
) {
    let look = sight.look;
    let Some((number, hit)) = column.row(at) else { return };
    let (x, y) = (line.x, line.y);
    let alone = open.columns.len() == 1;
    let has_keys = place.at == open.at && open.focus == Focus::Hits;
    let chosen = at == column.selected && (has_keys || alone || place.at == open.at);
    let (ground, _) = ground(chosen, line, look, cells);
    if chosen && !has_keys {
        put(cells, x, y, x + 1, "▌", ground.patch(look.style(Role::Rule)));
    }
    let style = |role| ground.patch(look.style(role));
    let given = column.retrieved.as_ref().and_then(|found| found.given);
    let given = given.is_none_or(|given| number.is_none_or(|number| number <= given));
    let below = column.tuning.least(base).is_some_and(|least| hit.is_below(least)) || !given;
    let uses = open.answer.as_ref().and_then(|said| said.uses(hit.passage.id));
    let (answered, used) = (uses.is_some(), uses == Some(true));
    let expected = column.wished(hit.passage.id).is_some();
    let (sign, role) = match number {
        // It was found, and the answer was not given it.
        None if !expected => ("–".to_owned(), Role::Faint),
        None => ("?".to_owned(), Role::Info),
        Some(number) if expected => (number.to_string(), Role::Info),
        Some(number) if below => (number.to_string(), Role::Faint),
        Some(number) if used => (number.to_string(), Role::Link),
        Some(number) => (number.to_string(), Role::Muted),
    };
    put_right(cells, x + 1, y, x + 3, &sign, style(role));
    let shared = open.is_shared(place.at, hit.passage.id);
    let mark = match () {
        () if number.is_none() => None,
        () if used => Some(("✓", Role::Good)),
        // Side by side what both have tells more than what the answer did not name.
        () if answered && !shared => Some(("·", Role::Faint)),
        () if expected => Some(("?", Role::Info)),
        () => shared.then_some((SHARED, Role::Faint)),
    };
    if let Some((mark, role)) = mark {
        put(cells, x + 3, y, x + 4, mark, style(role));
    }
    let text_role = match () {
        () if below => Role::Faint,
        () if answered && !used => Role::Muted,
        () => Role::Text,
    };
    let titled = alone || place.over;
    ranks(hit, grid, titled, y, style(if below { Role::Faint } else { Role::Muted }), cells);
    let width = grid.place.saturating_sub(grid.passage + 2);
    let text = snippet(&hit.passage.text, wanted, width.into(), Ink::of(text_role));
    draw_on(&text, (grid.passage, y, width), ground, sight, cells);
    if grid.place < grid.right {
        let room = usize::from(grid.right - grid.place);
        put(cells, grid.place, y, grid.right, &where_of(hit, room), style(Role::Muted));
    }
}

/// The mark of a hit that both settings have.
const SHARED: &str = "=";

/// What two settings have in common, and which of them a key changes; the shorter words last.
pub(super) fn of_both(open: &Open, stacked: bool, sight: &Sight<'_>) -> Vec<String> {
    let Some(column) = open.column() else { return Vec::new() };
    let hits = (0..column.rows()).filter_map(|row| column.row(row));
    let count =
        hits.filter(|(number, hit)| number.is_some() && open.is_shared(open.at, hit.passage.id)).count();
    let side = match (stacked, open.at) {
        (false, 0) => "left",
        (false, _) => "right",
        (true, 0) => "upper",
        (true, _) => "lower",
    };
    let both = format!("{SHARED} {count} in both");
    let changes = format!("{} changes the {side} one", sight.key(Context::Hits, Action::ChangeMode));
    if count == 0 { vec![changes] } else { vec![format!("{both} · {changes}"), both] }
}

/// That nothing was found, and what to try.
fn nothing(column: &Column, sight: &Sight<'_>) -> String {
    let key = |action| sight.key(Context::Hits, action);
    let words = "Nothing was found: no passage passes the filter or has a word of the question.";
    match &column.tuning {
        tuning if tuning.filter.is_some() => {
            format!("{words} {} changes the filter.", key(Action::SetFilter))
        }
        tuning if !tuning.mode.semantic() => {
            format!("{words} {} looks by vectors too.", key(Action::ChangeMode))
        }
        _ => words.to_owned(),
    }
}

/// Columns that tell a name from others like it.
const LEAST_NAME: usize = 12;

/// The document of a hit and where in it, in so many columns: of a long place the end is told, of a long name both ends.
fn where_of(hit: &Found, room: usize) -> String {
    let whole = name_of(&hit.uri);
    let Some(place) = hit.passage.place() else { return fit_left(whole, room).into_owned() };
    // Names of a kind begin alike: both ends of one tell it from the others.
    let name = fit_middle(whole, room * 2 / 3);
    let left = room.saturating_sub(width(&name) + 2);
    let end = end_of(place);
    let whole_part = [place, end].into_iter().find(|part| width(part) <= left);
    if let Some(part) = whole_part {
        return format!("{name}, {part}");
    }
    // Their numbers alone, where the name keeps enough of both ends beside them.
    let number = end.trim_start_matches(|c: char| !c.is_ascii_digit());
    let is_one = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '–');
    let numbered = room.checked_sub(width(number) + 1).filter(|left| is_one && *left >= LEAST_NAME);
    match numbered {
        Some(left) => format!("{} {number}", fit_middle(whole, left)),
        None if left >= LEAST_PLACE => format!("{name}, {}", fit_left(place, left)),
        None => fit_middle(whole, room).into_owned(),
    }
}

/// The end of a place: the lines or the page, whole, tell more than the end of a heading. Rows of a table that stands among
/// other text are told with the table.
fn end_of(place: &str) -> &str {
    let last = place.rfind(", ").map_or(0, |at| at + 2);
    let before = &place[..last.saturating_sub(2)];
    let table = before.rfind(", ").map_or(0, |at| at + 2);
    let is_table = ["table ", "with table "].iter().any(|begins| before[table..].starts_with(begins));
    if is_table { &place[table..] } else { &place[last..] }
}

/// Its place and score by each way of looking.
fn ranks(hit: &Found, grid: &Grid, titled: bool, y: u16, style: ratatui::style::Style, cells: &mut Buffer) {
    let standing = &hit.standing;
    for (title, from, to) in &grid.ranks {
        let scores = to - from > 5;
        let words = match *title {
            "fused" => standing.fused.map(|placed| said(placed, scores, &format_fused(placed.score), 5)),
            "words" => {
                standing.keyword.map(|placed| said(placed, scores, &format!("{:.1}", placed.score), 5))
            }
            RERANKED | "rer" => {
                standing.reranked.map(|placed| said(placed, scores, &format_cosine(placed.score), 4))
            }
            _ => {
                // Its place is deeper than the list goes.
                let deep = standing.cosine.filter(|_| scores);
                let deep = deep.map(|cosine| format!("– {:>4}", format_cosine(cosine)));
                standing.vector.map(|placed| said(placed, scores, &format_cosine(placed.score), 4)).or(deep)
            }
        };
        let words = words.map_or_else(|| "–".to_owned(), |words| told_in(title, &words, titled, to - from));
        put_right(cells, *from, y, *to, &words, style);
    }
}

/// A place in a list, without its score where there is no room for both: where no title says which list it is, the list's first letter
/// does. A number that is cut would be another one.
fn told_in(title: &str, place: &str, titled: bool, room: u16) -> String {
    let letter = if titled { "" } else { title.get(..1).unwrap_or_default() };
    let rank = place.split(' ').next().unwrap_or_default();
    let told = [place, rank].map(|told| format!("{letter}{told}"));
    let fits = told.into_iter().find(|told| columns(told) <= room);
    fits.unwrap_or_else(|| format!("{letter}…"))
}

fn said(placed: Placed, scores: bool, score: &str, wide: usize) -> String {
    if scores { format!("{} {score:>wide$}", placed.rank) } else { placed.rank.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_place_the_end_is_kept_and_rows_with_their_table() {
        assert_eq!(end_of("Prices › Tea, lines 1–13"), "lines 1–13");
        assert_eq!(end_of("sheet Prices, rows 1–9"), "rows 1–9");
        assert_eq!(end_of("Prices, table 2, rows 5–9"), "table 2, rows 5–9");
        assert_eq!(end_of("table 2, rows 5–9"), "table 2, rows 5–9");
        assert_eq!(end_of("Prices, tables 1–2"), "tables 1–2");
        assert_eq!(end_of("Prices, with table 2, row 5"), "with table 2, row 5");
        assert_eq!(end_of("Prices, with table 2, row 5, lines 3–9"), "lines 3–9");
        assert_eq!(end_of("page 3"), "page 3");
    }

    #[test]
    fn which_list_has_a_hit_is_told_where_no_title_does_and_no_number_is_cut() {
        assert_eq!(told_in("vec", "12", true, 4), "12");
        assert_eq!(told_in("vec", "12", false, 4), "v12");
        assert_eq!(told_in("words", "1234", false, 5), "w1234");
        assert_eq!(told_in("vec", "1234", false, 4), "v…");
        assert_eq!(told_in("vec", "18331", true, 4), "…");
        assert_eq!(told_in("vector", "2  .71", false, 9), "v2  .71");
        assert_eq!(told_in("vector", "18331  .71", true, 9), "18331");
        assert_eq!(told_in("vector", "– -.21", true, 5), "–");
    }
}
