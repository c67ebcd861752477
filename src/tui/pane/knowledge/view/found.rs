//! A question, the answer, and the passage that is selected of what is found.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::hits::{Grid, Place, RERANKED, grid, hits, of_both};
use super::text::{Wanted, rows};
use crate::domain::figures::{count, grouped, so_far};
use crate::domain::knowledge::attribute::RESERVED;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::ranking::{Mode, Standing};
use crate::domain::knowledge::reranking::Reranked;
use crate::domain::knowledge::retrieval::{Found, is_alike};
use crate::domain::knowledge::vectors::Probed;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, put, put_right, scrollbar, thumb, tint, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::knowledge::found::{Answer, Column, format_cosine, format_fused};
use crate::tui::pane::knowledge::layout::{self, MEASURE};
use crate::tui::pane::knowledge::{Focus, Open, Page, State, is_worked_on};
use crate::tui::rows::{failed, parted};
use crate::tui::widget::text::{Row, fit_left, prefix, width};

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
        let wanted = words_of(open, column);
        hits((open, base), column, &wanted, sight, place, cells);
        if titles.x > body.x {
            for y in titles.top()..rows.bottom() {
                put(cells, titles.x - 1, y, titles.x, "│", sight.look.style(Role::Rule));
            }
        }
    }
    let selected = open.column().and_then(|column| Some((column, column.row(column.selected)?)));
    if let Some((column, (number, found))) = selected {
        let (wanted, area) = (words_of(open, column), areas.card);
        let listed = areas.rows.get(open.at).map(|rows| grid(column, Rect { width: narrowest, ..*rows }));
        let of = (number, found, listed.as_ref());
        card((open, base), column, of, &wanted, sight, (area, areas.beside), cells);
        if open.shows_earlier_hits(column) {
            tint(cells, area, sight.look.style(Role::Faint));
        }
    } else if open.asked.is_empty() {
        let top = areas.rows.first().map_or(body.y, |rows| rows.y);
        let area = Rect { y: top, height: body.bottom().saturating_sub(top), ..body };
        teach(state, base, sight, area, cells);
    }
    caret
}

/// The words that are marked in what a column found: none in earlier hits, where others are asked for.
fn words_of(open: &Open, column: &Column) -> Wanted {
    if open.shows_earlier_hits(column) { Wanted::default() } else { Wanted::of(&column.of) }
}

/// Columns that the line of the question keeps at least.
const LEAST: u16 = 24;

/// The line of the question, and by which setting it is asked.
fn query(open: &Open, base: &Base, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    let look = sight.look;
    let right = area.right().saturating_sub(1);
    // What is below is of a question that stands here no more, or others are on their way.
    let (before, looks) =
        (open.earlier_question(), open.columns.iter().any(|column| open.shows_earlier_hits(column)));
    let (ways, role) = match open.columns.as_slice() {
        _ if looks => {
            let of = before.map_or("the setting before", |_| "the question before");
            let whole = before.map(|of| format!("looking… · below: {of}"));
            let ways = [format!("looking… · below: {of}"), "looking…".to_owned()];
            (whole.into_iter().chain(ways).collect(), Role::Warn)
        }
        _ if before.is_some() => {
            let whole = before.map(|of| format!("below: {of}"));
            (whole.into_iter().chain(["below: the question before".to_owned()]).collect(), Role::Warn)
        }
        [one] => (vec![one.tuning.words(base)], Role::Muted),
        _ => (of_both(open, area.width < layout::STACKED, sight), Role::Muted),
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
    if open.focus == Focus::Answer {
        put(cells, area.x, area.y, area.x + 1, "▌", look.style(Role::Accent));
    }
    let x = put(cells, area.x + 1, area.y, right, said.model.as_str(), look.style(Role::Model));
    let figures = match (&said.error, said.runs) {
        (Some(_), _) => "✗ failed".to_owned(),
        (None, true) if said.text().is_empty() => {
            let waited = sight.now.elapsed.saturating_sub(said.since).as_millis() as u64;
            format!("reading what was found · {}", so_far(waited))
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
    let top = open.answer_row(room, text.len());
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

/// A place that is cut shorter than this tells nothing.
pub(super) const LEAST_PLACE: usize = 12;

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

/// The passage that is selected, whole.
fn card(
    (open, base): (&Open, &Base),
    column: &Column,
    (number, found, listed): (Option<usize>, &Found, Option<&Grid>),
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
        && (number.is_some() || column.is_set_aside(passage.id))
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
    let more = [places(&found.standing, column.tuning.mode, listed), attributes(found)].concat();
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

/// Its place and score by each way of looking that its row has no room for.
fn places(standing: &Standing, mode: Mode, listed: Option<&Grid>) -> Vec<(String, String)> {
    // Of one list the fused place is the list's own.
    let fused = standing.fused.filter(|_| mode == Mode::Hybrid);
    let told = [
        ("vector", standing.vector.map(|placed| (placed.rank, format_cosine(placed.score)))),
        ("words", standing.keyword.map(|placed| (placed.rank, format!("{:.1}", placed.score)))),
        ("fused", fused.map(|placed| (placed.rank, format_fused(placed.score)))),
        (RERANKED, standing.reranked.map(|placed| (placed.rank, format_cosine(placed.score)))),
    ];
    let row = |(name, placed): (&str, Option<(u64, String)>)| {
        let (rank, score) = placed?;
        Some((name.to_owned(), format!("number {}, {score}", grouped(rank))))
    };
    let deep = standing.cosine.filter(|_| standing.vector.is_none());
    let deep =
        deep.map(|cosine| ("vector".to_owned(), format!("deeper than the list, {}", format_cosine(cosine))));
    let told = told.into_iter().filter(|(name, _)| listed.is_none_or(|grid| !grid.tells(name)));
    deep.into_iter().chain(told.filter_map(row)).collect()
}

/// The row that names its columns, and what metadata says of its document.
fn attributes(found: &Found) -> Vec<(String, String)> {
    let own = |(key, _): &(&String, &crate::domain::knowledge::attribute::Value)| !key.starts_with(RESERVED);
    let columns = found.passage.columns().map(|columns| ("columns".to_owned(), columns.replace('\t', " · ")));
    let said = found.passage.attributes.iter().filter(own).map(|(key, value)| (key.clone(), value.words()));
    columns.into_iter().chain(said).collect()
}

/// Why a passage that was expected is no hit, or how it came to be one.
fn why_not(column: &Column, (number, found): (Option<usize>, &Found)) -> String {
    let standing = &found.standing;
    // As it was asked: it may be asked by another setting meanwhile.
    let (mode, is_filtered) = (column.by.mode, column.by.filter.is_some());
    if mode.semantic() && is_filtered && standing.vector.is_none() {
        // Every vector that passes the filter is compared.
        return "It is not among the hits: the filter keeps it out.".to_owned();
    }
    let mut said = Vec::new();
    if mode.semantic() {
        said.push(match standing.vector {
            Some(placed) => {
                let rank = grouped(placed.rank);
                format!("by its vector it is number {rank}, cosine {}", format_cosine(placed.score))
            }
            None => "its vector was not compared".to_owned(),
        });
    }
    if mode.keyword() {
        said.push(match standing.keyword {
            Some(placed) => format!("by its words number {}, {:.1}", grouped(placed.rank), placed.score),
            // By words alone nothing tells one from the other.
            None if is_filtered && !mode.semantic() => {
                "it has no word of the question, or the filter keeps it out".to_owned()
            }
            None => "it has no word of the question".to_owned(),
        });
    }
    if mode == Mode::Hybrid {
        said.push(match standing.fused {
            Some(placed) => format!("fused number {}, {}", grouped(placed.rank), format_fused(placed.score)),
            None => "too deep in both lists to be fused".to_owned(),
        });
    }
    let reranked = column.retrieved.as_ref().and_then(|all| all.reranked.as_ref());
    if let Some(reranked) = reranked.filter(|reranked| reranked.failed.is_none()) {
        said.push(match standing.reranked {
            Some(placed) => {
                format!("reranked number {}, {}", grouped(placed.rank), format_cosine(placed.score))
            }
            None => format!("the reranker was given the first {} alone", grouped(reranked.given)),
        });
    }
    let place = match mode {
        Mode::Semantic => standing.vector,
        Mode::Keyword => standing.keyword,
        Mode::Hybrid => standing.fused,
    };
    let large = column.large(&found.passage).filter(|_| number.is_none());
    let most = column.by.results as u64;
    if number.is_none() && large.is_none() && place.is_some_and(|placed| placed.rank > most) {
        said.push(format!("the first {} are hits", grouped(most)));
    }
    let verdict = match (number, large) {
        (Some(number), _) => format!("It was expected, and is hit {number}"),
        (None, Some(large)) => format!("Hit {large} is the large passage that it lies in"),
        (None, None) => "It is not among the hits".to_owned(),
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
