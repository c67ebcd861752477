//! A question, the answer, the hits with their ranks, and the passage that is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::text::{Wanted, rows, snippet};
use crate::domain::figures::{count, grouped, seconds};
use crate::domain::knowledge::attribute::RESERVED;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::ranking::{Mode, Placed, Standing};
use crate::domain::knowledge::reranking::Reranked;
use crate::domain::knowledge::retrieval::{Found, is_alike};
use crate::domain::knowledge::vectors::Probed;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, put, put_right, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::knowledge::found::{Answer, Column, format_cosine};
use crate::tui::pane::knowledge::layout::{self, MEASURE};
use crate::tui::pane::knowledge::{Focus, Open, Page, State, is_worked_on, name_of};
use crate::tui::rows::{failed, ground, parted};
use crate::tui::widget::text::{Ink, Row, fit_left, prefix, width};

impl State {
    /// What was looked through, for the last line.
    pub(in crate::tui::pane::knowledge) fn figures(&self) -> String {
        let Some((open, _)) = self.opened() else { return String::new() };
        if let Some((done, of)) = self.measured {
            return format!("measuring · {} of {}", grouped(done), grouped(of));
        }
        // Beside documents, passages and sources it would be taken for figures of theirs.
        if open.page != Page::Found {
            return String::new();
        }
        let Some(found) = open.column().and_then(|column| column.retrieved.as_ref()) else {
            return String::new();
        };
        // As the columns are called; short, since the keys beside it matter more.
        let lists = found.probed.map(Probed::words).unwrap_or_default();
        let compared = format!("{} by vector{lists}", grouped(found.compared));
        let matched = format!("{} by words", grouped(found.matched));
        match (found.compared, found.matched) {
            (0, 0) => String::new(),
            (0, _) => matched,
            (_, 0) => compared,
            // One part: one of them alone would tell less than none.
            _ => format!("{compared}, {matched}"),
        }
    }
}

pub(super) fn draw(
    state: &State,
    open: &Open,
    base: &Base,
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) -> Option<Position> {
    let areas = layout::found(open, body);
    let caret = query(open, base, sight, areas.query, cells);
    if let Some(said) = &open.answer {
        answer(open, said, sight, (areas.answer, areas.said.as_slice()), cells);
    }
    let wanted = Wanted::of(&open.asked);
    // Two side by side are alike, whichever has a column of the screen more.
    let narrowest = areas.rows.iter().map(|rows| rows.width).min().unwrap_or(0);
    let over = open.columns.len() > 1
        && open.columns.iter().zip(&areas.rows).all(|(column, rows)| {
            let grid = grid(column, Rect { width: narrowest, ..*rows });
            columns(&column.tuning.words(base)) <= grid.right.saturating_sub(grid.passage)
        });
    for (at, column) in open.columns.iter().enumerate() {
        let (Some(titles), Some(rows)) = (areas.titles.get(at), areas.rows.get(at)) else { continue };
        // Where there is no room for both the other one is hidden.
        if titles.is_empty() {
            continue;
        }
        let place = Place { titles: *titles, rows: *rows, narrowest, over, at };
        hits((open, base), column, &wanted, sight, place, cells);
        if titles.x > body.x {
            for y in titles.top()..rows.bottom() {
                put(cells, titles.x - 1, y, titles.x, "│", sight.look.style(Role::Rule));
            }
        }
    }
    let selected = open.column().and_then(|column| Some((column, column.row(column.selected)?)));
    if let Some((column, (number, found))) = selected {
        card((open, base), column, (number, found), &wanted, sight, (areas.card, areas.beside), cells);
    } else if open.asked.is_empty() {
        let top = areas.rows.first().map_or(body.y, |rows| rows.y);
        let area = Rect { y: top, height: body.bottom().saturating_sub(top), ..body };
        teach(state, base, sight, area, cells);
    }
    caret
}

/// Columns that the line of the question keeps at least.
const LEAST: u16 = 24;

/// The line of the question, and by which setting it is asked.
fn query(open: &Open, base: &Base, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let right = area.right().saturating_sub(1);
    // What is below is of a question that stands here no more.
    let (ways, role) = match open.columns.as_slice() {
        _ if open.is_of_before() => {
            let whole = format!("below: {}", open.asked);
            (vec![whole, "below: the question before".to_owned()], Role::Warn)
        }
        [one] => (vec![one.tuning.words(base)], Role::Muted),
        _ => (Vec::new(), Role::Muted),
    };
    // What is being written keeps its room where the shorter words are enough.
    let written = columns(open.query.text()).saturating_add(4).max(LEAST);
    let fits = |words: &&String, beside: u16| columns(words).saturating_add(beside) < area.width;
    let whole = ways.iter().find(|words| fits(words, written));
    let words = whole.or_else(|| ways.last().filter(|words| fits(words, LEAST)));
    let end = words.map_or(right, |words| {
        put_right(cells, area.x + 20, area.y, right, words, look.style(role)).saturating_sub(2)
    });
    let typing = open.focus == Focus::Query;
    let mark = if typing { Role::Accent } else { Role::Rule };
    let x = put(cells, area.x, area.y, end, "▌ ", look.style(mark));
    let line = Rect { x, y: area.y, width: end.saturating_sub(x), height: 1 };
    if open.query.text().is_empty() && !typing {
        put(cells, x, area.y, end, "ask the base", look.style(Role::Faint));
        return None;
    }
    Some(open.query.draw(line, cells, look.style(Role::Text))).filter(|_| typing)
}

/// What a model says, and what it took.
fn answer(open: &Open, said: &Answer, sight: &Sight<'_>, (area, text): (Rect, &[Row]), cells: &mut Buffer) {
    let look = sight.look;
    if area.height == 0 {
        return;
    }
    let right = area.right().saturating_sub(1);
    let x = put(cells, area.x + 1, area.y, right, said.model.as_str(), look.style(Role::Model));
    let figures = match (&said.error, said.runs) {
        (Some(_), _) => "✗ failed".to_owned(),
        (None, true) if said.text().is_empty() => {
            let waited = sight.now.elapsed.saturating_sub(said.since).as_millis() as u64;
            format!("reading what was found · {}", seconds(waited))
        }
        (None, true) => "answering".to_owned(),
        (None, false) if said.nothing => String::new(),
        (None, false) => {
            let used = said.hits.iter().filter(|hit| said.uses(**hit) == Some(true)).count();
            match (&said.cited, used) {
                (None, _) => "stopped".to_owned(),
                (Some(_), 0) => "names no passage".to_owned(),
                (Some(cited), used) if is_alike(cited) => {
                    format!(
                        "names none; its words are those of {}",
                        count(used as u64, "passage", "passages")
                    )
                }
                (Some(_), used) => format!("names {}", count(used as u64, "passage", "passages")),
            }
        }
    };
    put(cells, x + 2, area.y, right, &figures, look.style(Role::Faint));
    let inside = layout::text_of(area);
    if let Some(error) = &said.error {
        return failed(error, sight, Rect { y: area.y, ..area }, cells);
    }
    let room = usize::from(inside.height);
    let top = said.first(open.answer_top, room, text.len());
    for (y, row) in (inside.top()..inside.bottom()).zip(text.iter().skip(top)) {
        row.draw(Position { x: inside.x, y }, inside.width, look, cells);
    }
    scrollbar(
        cells,
        Rect { y: inside.y, height: inside.height, ..area },
        thumb(inside.height, top, room, text.len()),
        look.style(Role::Rule),
    );
}

/// Where the hits of one setting are.
#[derive(Clone, Copy)]
struct Place {
    titles: Rect,
    rows: Rect,
    /// As wide is the narrowest of them.
    narrowest: u16,
    /// The setting stands over the passages, beside the titles of the ranks.
    over: bool,
    /// The column's place.
    at: usize,
}

/// Columns of the ranks, from the left: their titles and where each begins; then where the passage begins, and its place.
struct Grid {
    ranks: Vec<(&'static str, u16, u16)>,
    passage: u16,
    place: u16,
    right: u16,
}

/// From this width on there is room for a name beside a passage.
const NAMED: u16 = 36;

/// The column of the order that counts.
const RERANKED: &str = "reranked";

fn grid(column: &Column, area: Rect) -> Grid {
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

fn hits(
    (open, base): (&Open, &Base),
    column: &Column,
    wanted: &Wanted,
    sight: &Sight<'_>,
    Place { titles, rows, narrowest, over, at }: Place,
    cells: &mut Buffer,
) {
    let look = sight.look;
    let has_keys = at == open.at && open.focus == Focus::Hits;
    let grid = grid(column, Rect { width: narrowest, ..rows });
    let alone = open.columns.len() == 1;
    let words = column.tuning.words(base);
    if !alone {
        let role = if at == open.at { Role::Accent } else { Role::Muted };
        let x = if over { grid.passage } else { titles.x + 1 };
        let x = put(cells, x, titles.y, titles.right(), &words, look.style(role));
        shared(
            open,
            (column, at),
            (x, titles.y, titles.right().min(grid.right)),
            look.style(Role::Faint),
            cells,
        );
    }
    if let Some(error) = &column.error {
        let above = Rect { y: rows.y.saturating_sub(1), height: rows.height + 1, ..rows };
        return failed(error, sight, above, cells);
    }
    let Some(found) = &column.retrieved else {
        if column.waits {
            put(cells, rows.x + 2, rows.y, rows.right(), "looking…", look.style(Role::Muted));
        }
        return;
    };
    let faint = look.style(Role::Faint);
    if alone || over {
        put_right(cells, titles.x, titles.y, titles.x + 3, "#", faint);
        for (title, from, to) in &grid.ranks {
            put_right(cells, *from, titles.y, *to, title, faint);
        }
    }
    if alone {
        put(cells, grid.passage, titles.y, grid.place.saturating_sub(1), "passage", faint);
        put(cells, grid.place, titles.y, grid.right, "where", faint);
    }
    if column.rows() == 0 {
        let words = nothing(column, sight);
        for (y, line) in (rows.top()..rows.bottom()).zip(wrap(&words, rows.width.saturating_sub(4))) {
            put(cells, rows.x + 2, y, rows.right(), &line, look.style(Role::Muted));
        }
        return;
    }
    let least = column.tuning.least(base);
    let first = column.first(rows.height);
    for (y, row) in (rows.top()..rows.bottom()).zip(first..column.rows()) {
        let Some((number, hit)) = column.row(row) else { break };
        let line = Rect { y, height: 1, ..rows };
        let chosen = row == column.selected && (has_keys || alone || at == open.at);
        let (ground, _) = ground(chosen, line, look, cells);
        if chosen && !has_keys {
            put(cells, line.x, y, line.x + 1, "▌", ground.patch(look.style(Role::Rule)));
        }
        let style = |role| ground.patch(look.style(role));
        let given = found.given.is_none_or(|given| number.is_none_or(|number| number <= given));
        let below = least.is_some_and(|least| hit.is_below(least)) || !given;
        let uses = open.answer.as_ref().and_then(|said| said.uses(hit.passage.id));
        let (answered, used) = (uses.is_some(), uses == Some(true));
        let expected = column.wished(hit.passage.id).is_some();
        let (sign, role) = match number {
            // It was found, and the answer was not given it.
            None if !expected => ("–".to_owned(), Role::Faint),
            None => ("?".to_owned(), Role::Info),
            Some(number) if expected => (number.to_string(), Role::Info),
            Some(number) if below => (number.to_string(), Role::Faint),
            Some(number) if used => (format!("{number}"), Role::Link),
            Some(number) => (number.to_string(), Role::Muted),
        };
        put_right(cells, rows.x + 1, y, rows.x + 3, &sign, style(role));
        if answered && number.is_some() {
            let (sign, role) = if used { ("✓", Role::Good) } else { ("·", Role::Faint) };
            put(cells, rows.x + 3, y, rows.x + 4, sign, style(role));
        } else if expected && number.is_some() {
            put(cells, rows.x + 3, y, rows.x + 4, "?", style(Role::Info));
        } else if number.is_some() && open.is_shared(at, hit.passage.id) {
            put(cells, rows.x + 3, y, rows.x + 4, SHARED, style(Role::Faint));
        }
        let text_role = match () {
            () if below => Role::Faint,
            () if open.is_of_before() || (answered && !used) => Role::Muted,
            () => Role::Text,
        };
        let titled = alone || over;
        ranks(hit, &grid, titled, y, style(if below { Role::Faint } else { Role::Muted }), cells);
        let width = usize::from(grid.place.saturating_sub(grid.passage + 2));
        let text = snippet(&hit.passage.text, wanted, width, Ink::of(text_role));
        draw_on(&text, (grid.passage, y, width as u16), ground, sight, cells);
        if grid.place < grid.right {
            let room = usize::from(grid.right - grid.place);
            put(cells, grid.place, y, grid.right, &where_of(hit, room), style(Role::Muted));
        }
    }
    let bar = thumb(rows.height, first, usize::from(rows.height), column.rows());
    scrollbar(cells, rows, bar, look.style(Role::Rule));
}

/// The mark of a hit that both settings have.
const SHARED: &str = "=";

/// How many of a setting's hits the other one has too.
fn shared(
    open: &Open,
    (column, at): (&Column, usize),
    (x, y, right): (u16, u16, u16),
    style: ratatui::style::Style,
    cells: &mut Buffer,
) {
    let hits = (0..column.rows()).filter_map(|row| column.row(row));
    let both = hits.filter(|(number, hit)| number.is_some() && open.is_shared(at, hit.passage.id)).count();
    let ways = [format!(" · {SHARED} {both} in both"), format!(" · {SHARED} {both}")];
    let fits = |told: &&String| x + columns(told) <= right;
    if let Some(told) = ways.iter().filter(|_| both > 0).find(fits) {
        put(cells, x, y, right, told, style);
    }
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

/// A place that is cut shorter than this tells nothing.
const LEAST_PLACE: usize = 12;

/// The document of a hit and where in it, in so many columns: of a long place the end is told, of a long name too.
fn where_of(hit: &Found, room: usize) -> String {
    let whole = name_of(&hit.uri);
    let Some(place) = hit.passage.place() else { return fit_left(whole, room).into_owned() };
    let name = fit_left(whole, room * 2 / 3);
    let left = room.saturating_sub(width(&name) + 2);
    // The lines or the page, whole, tell more than the end of a heading.
    let end = place.rsplit(", ").next().unwrap_or(place);
    match [place, end].into_iter().find(|part| width(part) <= left) {
        Some(part) => format!("{name}, {part}"),
        None if left >= LEAST_PLACE => format!("{name}, {}", fit_left(place, left)),
        None => fit_left(whole, room).into_owned(),
    }
}

/// Where a passage stands, then what is told of it, in so many columns: the middle of a long place gives its room to what is told.
pub(super) fn headed(place: Option<&str>, told: &[String], columns: u16) -> String {
    let told = told.join(" · ");
    let Some(place) = place else { return told };
    let room = usize::from(columns).saturating_sub(width(&told) + 3);
    if width(place) <= room || room < LEAST_PLACE {
        return format!("{place} · {told}");
    }
    // Half of it is how it begins: the name of a document, where there is one.
    let begins = prefix(place, room / 2).0.trim_end();
    format!("{begins}{} · {told}", fit_left(place, room - width(begins)))
}

/// A row of text over the ground that is there.
pub(super) fn draw_on(
    row: &Row,
    (mut x, y, width): (u16, u16, u16),
    ground: ratatui::style::Style,
    sight: &Sight<'_>,
    cells: &mut Buffer,
) {
    let right = x + width;
    for span in &row.spans {
        x = put(cells, x, y, right, &span.text, ground.patch(span.ink.style(sight.look)));
    }
}

/// Its place and score by each way of looking.
fn ranks(hit: &Found, grid: &Grid, titled: bool, y: u16, style: ratatui::style::Style, cells: &mut Buffer) {
    let standing = &hit.standing;
    for (title, from, to) in &grid.ranks {
        let scores = to - from > 5;
        let words = match *title {
            "fused" => standing.fused.map(|placed| said(placed, scores, &format!("{:.4}", placed.score), 6)),
            "words" => {
                standing.keyword.map(|placed| said(placed, scores, &format!("{:.1}", placed.score), 5))
            }
            RERANKED | "rer" => {
                standing.reranked.map(|placed| said(placed, scores, &format!("{:.2}", placed.score), 5))
            }
            _ => standing.vector.map(|placed| said(placed, scores, &format_cosine(placed.score), 4)),
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

/// The passage that is selected, whole.
fn card(
    (open, base): (&Open, &Base),
    column: &Column,
    (number, found): (Option<usize>, &Found),
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
    let passage = &found.passage;
    let mut head = vec![format!("passage {}", grouped(u64::from(passage.ordinal) + 1))];
    head.push(count(passage.tokens.into(), "token", "tokens"));
    if passage.parent.is_some() {
        head.push("the large one that the hit lies in".to_owned());
    }
    let head = headed(Some(found.place().as_str()), &head, inside.width);
    put(cells, inside.x, inside.y, inside.right(), &head, look.style(Role::Muted));
    let mut lines = Vec::new();
    let reranked = column.retrieved.as_ref().and_then(|all| all.reranked.as_ref());
    if let Some(remark) = reranked.and_then(Reranked::remark) {
        lines.extend(wrap(&remark, inside.width).into_iter().map(|line| (line, Role::Warn)));
    }
    if let Some(wished) = column.wished(passage.id) {
        let words = why_not(column, (number, wished));
        lines.extend(wrap(&words, inside.width).into_iter().map(|line| (line, Role::Info)));
    }
    let given = column.retrieved.as_ref().and_then(|all| all.given);
    if given.zip(number).is_some_and(|(given, at)| at > given) {
        lines.push(("The model was not given it: its context has no room for more.".to_owned(), Role::Warn));
    } else if column.tuning.least(base).is_some_and(|least| found.is_below(least))
        && (number.is_some() || column.wished(passage.id).is_none())
    {
        lines.push(("Less near than the threshold: an answer does not see it.".to_owned(), Role::Warn));
    }
    let mut y = inside.y + 1;
    for (line, role) in lines {
        if y >= inside.bottom() {
            return;
        }
        put(cells, inside.x, y, inside.right(), &line, look.style(role));
        y += 1;
    }
    let text = rows(&passage.text, wanted, (0, 0), usize::from(inside.width));
    let more = [places(&found.standing, column.tuning.mode), attributes(found)].concat();
    let names = more.iter().map(|(name, _)| columns(name)).max().unwrap_or(0).min(20);
    let all = text.len() + if more.is_empty() { 0 } else { more.len() + 1 };
    let room = usize::from(inside.bottom().saturating_sub(y));
    let top = usize::from(open.scroll).min(all.saturating_sub(room));
    for (y, at) in (y..inside.bottom()).zip(top..all) {
        if let Some(row) = text.get(at) {
            row.draw(Position { x: inside.x, y }, inside.width, look, cells);
        } else if let Some((name, value)) = at.checked_sub(text.len() + 1).and_then(|at| more.get(at)) {
            let x = inside.x + names;
            put(cells, inside.x, y, x, name, look.style(Role::Faint));
            put(cells, x + 2, y, inside.right(), value, look.style(Role::Muted));
        }
    }
    let bar = Rect { y, height: inside.bottom().saturating_sub(y), ..area };
    scrollbar(cells, bar, thumb(bar.height, top, room, all), look.style(Role::Rule));
}

/// Its place and score by each way of looking, of which the list has no room for all on a small screen.
fn places(standing: &Standing, mode: Mode) -> Vec<(String, String)> {
    // Of one list the fused place is the list's own.
    let fused = standing.fused.filter(|_| mode == Mode::Hybrid);
    let told = [
        ("vector", standing.vector.map(|placed| (placed.rank, format_cosine(placed.score)))),
        ("words", standing.keyword.map(|placed| (placed.rank, format!("{:.1}", placed.score)))),
        ("fused", fused.map(|placed| (placed.rank, format!("{:.4}", placed.score)))),
        (RERANKED, standing.reranked.map(|placed| (placed.rank, format!("{:.2}", placed.score)))),
    ];
    let row = |(name, placed): (&str, Option<(u64, String)>)| {
        let (rank, score) = placed?;
        Some((name.to_owned(), format!("number {}, {score}", grouped(rank))))
    };
    told.into_iter().filter_map(row).collect()
}

/// What metadata says of its document.
fn attributes(found: &Found) -> Vec<(String, String)> {
    let own = |(key, _): &(&String, &crate::domain::knowledge::attribute::Value)| !key.starts_with(RESERVED);
    found.passage.attributes.iter().filter(own).map(|(key, value)| (key.clone(), value.words())).collect()
}

/// Why a passage that was expected is no hit, or how it came to be one.
fn why_not(column: &Column, (number, found): (Option<usize>, &Found)) -> String {
    let standing = &found.standing;
    let mode = column.tuning.mode;
    let mut said = Vec::new();
    if mode.semantic() {
        said.push(match standing.vector {
            Some(placed) => {
                let rank = grouped(placed.rank);
                format!("by its vector it is number {rank}, cosine {}", format_cosine(placed.score))
            }
            None => "the filter keeps it out".to_owned(),
        });
    }
    if mode.keyword() {
        said.push(match standing.keyword {
            Some(placed) => format!("by its words number {}, {:.1}", grouped(placed.rank), placed.score),
            None => "it has no word of the question".to_owned(),
        });
    }
    if mode == Mode::Hybrid {
        said.push(match standing.fused {
            Some(placed) => format!("fused number {}, {:.4}", grouped(placed.rank), placed.score),
            None => "too deep in both lists to be fused".to_owned(),
        });
    }
    let reranked = column.retrieved.as_ref().and_then(|all| all.reranked.as_ref());
    if let Some(reranked) = reranked.filter(|reranked| reranked.failed.is_none()) {
        said.push(match standing.reranked {
            Some(placed) => format!("reranked number {}, {:.2}", grouped(placed.rank), placed.score),
            None => format!("the reranker was given the first {} alone", grouped(reranked.given)),
        });
    }
    let verdict = match number {
        Some(number) => format!("It was expected, and is hit {number}"),
        None => "It is not among the hits".to_owned(),
    };
    format!("{verdict}: {}.", said.join("; "))
}

/// What can be asked.
fn teach(state: &State, base: &Base, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let key = |action| sight.key(Context::Query, action);
    let model = state.model.as_ref().unwrap_or(&sight.options.model);
    let mut said = Vec::new();
    if base.holds.passages == 0 && is_worked_on(base) {
        let reads = format!(
            "{} is being read: there is something to find once its first documents are in.",
            base.name
        );
        said.push((reads, Role::Muted));
    } else if base.holds.passages == 0 {
        let leave = sight.key(Context::Everywhere, Action::Back);
        let empty =
            format!("{} is empty: {leave} leads back to where a folder is added and synced.", base.name);
        said.push((empty, Role::Muted));
    } else {
        said.push((
            format!(
                "{} finds the passages that fit a question, by vectors and by words; {} has {model} answer from \
                 them. {} chooses another model.",
                key(Action::Accept),
                key(Action::AskBase),
                key(Action::ChooseModel)
            ),
            Role::Muted,
        ));
        said.push((
            format!(
                "A question is plain words in any order: quotes, signs and AND or OR mean nothing in it. What only some \
                 documents may answer is a filter over their metadata: {}, among what was found, says how one is written.",
                sight.key(Context::Hits, Action::SetFilter)
            ),
            Role::Faint,
        ));
    }
    let width = area.width.saturating_sub(4).min(90);
    let lines = said.iter().flat_map(|(words, role)| {
        let lines = wrap(words, width).into_iter().chain([String::new()]);
        lines.map(move |line| (line, *role))
    });
    for (y, (line, role)) in (area.top()..area.bottom()).zip(lines) {
        put(cells, area.x + 2, y, area.right(), &line, sight.look.style(role));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_list_has_a_hit_is_told_where_no_title_does_and_no_number_is_cut() {
        assert_eq!(told_in("vec", "12", true, 4), "12");
        assert_eq!(told_in("vec", "12", false, 4), "v12");
        assert_eq!(told_in("words", "1234", false, 5), "w1234");
        assert_eq!(told_in("vec", "1234", false, 4), "v…");
        assert_eq!(told_in("vec", "18331", true, 4), "…");
        assert_eq!(told_in("vector", "2  .71", false, 9), "v2  .71");
        assert_eq!(told_in("vector", "18331  .71", true, 9), "18331");
    }

    #[test]
    fn over_a_passage_a_long_place_gives_its_room_to_what_is_told() {
        let told = ["passage 2".to_owned(), "178 tokens".to_owned()];
        let head = |place, columns| headed(Some(place), &told, columns);
        assert_eq!(head("teas.md, lines 1–3", 57), "teas.md, lines 1–3 · passage 2 · 178 tokens");
        let long = "crates.md, A set of crates that was built together › Verdict, lines 8–11";
        assert_eq!(head(long, 57), "crates.md, A set…ict, lines 8–11 · passage 2 · 178 tokens");
        assert_eq!(width(&head(long, 57)), 57);
        assert!(head(long, 30).starts_with("crates.md, A set of crates"), "too little room for both");
        assert_eq!(headed(None, &told, 57), "passage 2 · 178 tokens");
    }
}
