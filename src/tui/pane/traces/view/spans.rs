//! The spans of a run: a tree, with the time of each beside it. A frame costs what is in sight, however many there are.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::bar::bar;
use super::{paid, wrong};
use crate::domain::figures::{count, grouped};
use crate::domain::trace::{Kind, Mark, Run, Went};
use crate::domain::untrusted::brief;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, first_parts, put, put_right, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::traces::open::{Focus, Open, Reading};
use crate::tui::pane::traces::reading::run;
use crate::tui::pane::traces::words::{
    NOT_MADE, called, cost, ended, failed_of, in_and_out, sign, summed, took, took_in_all, went,
};
use crate::tui::pane::traces::{State, layout};
use crate::tui::rows::{failed, ground, parted};
use crate::tui::trace::Shared;

/// Draws them; returns the caret of the line that looks for something.
pub(super) fn draw(
    state: &State,
    open: &Open,
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) -> Option<Position> {
    let areas = layout::spans(body);
    head(state, open, sight, areas.head, cells);
    if let (Some(talk), Some(laid)) = (&open.talk, &open.laid) {
        let until = open.until(sight.now.wall);
        talk.draw((run(laid), until), layout::text(body), sight.look, true, cells);
        return None;
    }
    if let (None, Focus::Text, Some(card)) = (areas.side, open.focus, &open.card) {
        card.draw(layout::text(body), sight.look, true, cells);
        return None;
    }
    let Some(laid) = open.laid.as_ref().filter(|laid| !laid.is_empty()) else {
        instead(open, sight, layout::text(body), cells);
        return None;
    };
    let grid = Grid::of(areas.rows);
    let caret = titles(open, &grid, sight, areas.titles, cells);
    let lines = open.lines();
    let mut shown = areas.rows;
    if !open.find.wrong.is_empty() {
        wrong(&open.find.wrong, sight, areas.rows, cells);
        shown.height = 0;
    }
    for (y, row) in (shown.top()..shown.bottom()).zip(lines.iter().skip(open.top)) {
        let at = open.top + usize::from(y - areas.rows.y);
        line(open, laid, (*row, at == open.at), &grid, sight, Rect { y, height: 1, ..areas.rows }, cells);
    }
    let height = areas.rows.height;
    let thumb = thumb(height, open.top, usize::from(height), lines.len());
    scrollbar(cells, areas.rows, thumb, sight.look.style(Role::Rule));
    if let Some(side) = areas.side {
        let inside = parted(side, true, sight.look, cells);
        if let Some(card) = &open.card {
            card.draw(inside, sight.look, open.focus == Focus::Text, cells);
        }
    }
    caret
}

/// Columns of why a run failed, in its head.
const WHY: usize = 30;

/// The run: its name, what it came to, how it stands.
fn head(state: &State, open: &Open, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let look = sight.look;
    let run = &open.run;
    let right = area.right().saturating_sub(1);
    let (words, role) =
        state.again_words().map_or_else(|| standing(open, sight), |words| (words, Role::Accent));
    let end = put_right(cells, area.x + 20, area.y, right, &words, look.style(role)).saturating_sub(2);
    let (glyph, role) = sign(run.kind);
    let x = put(cells, area.x + 2, area.y, end, glyph, look.style(role));
    let bold = look.style(Role::Text).add_modifier(Modifier::BOLD);
    // A name that goes on and on leaves room for what the run came to.
    let named = if end.saturating_sub(x) > 40 { x + (end - x) / 2 } else { end };
    let x = put(cells, x + 1, area.y, named, called(&run.name), bold);
    let mut parts = Vec::new();
    if state.marked.contains(&run.id) {
        parts.push("= marked".to_owned());
    }
    parts.extend(outcome(run));
    let (first, last) = open.whole_time(open.until(sight.now.wall));
    let so_far = if open.laid.is_some() { last.saturating_sub(first) } else { 0 };
    parts.push(match took_in_all(run) {
        Some(took) => took,
        None if so_far > 0 => format!("{} so far", took(so_far)),
        None => "runs".to_owned(),
    });
    // That the run itself failed was said.
    let itself = matches!(run.went(), Went::Failed | Went::GaveUp);
    if run.errors > u64::from(itself) {
        parts.push(format!("✗ {}", count(run.errors, "error", "errors")));
    }
    if let Some(laid) = &open.laid {
        let whole = &laid.sums.whole;
        parts.extend([summed(whole), cost(whole)].into_iter().filter(|part| !part.is_empty()));
    }
    parts.push(count(run.spans, "span", "spans"));
    if !run.service.is_empty() {
        parts.push(run.service.clone());
    }
    let figures = parts.join(" · ");
    let figures = first_parts(&figures, end.saturating_sub(x + 2));
    put(cells, x + 2, area.y, end, figures, look.style(Role::Muted));
}

/// How the run ended, where its other figures do not tell, and in few words why.
fn outcome(run: &Run) -> Option<String> {
    let (sign, word, _) = went(run.went());
    let failed = run.failed.as_ref().filter(|_| run.went() == Went::Failed);
    let why = failed.map(|failed| if failed.error.is_empty() { &failed.words } else { &failed.error });
    let why = why.map(|why| brief(why, WHY)).filter(|why| !why.is_empty());
    (!word.is_empty()).then(|| match why {
        Some(why) => format!("{sign} {word}: {why}"),
        None => format!("{sign} {word}"),
    })
}

/// What is to be known of it now.
fn standing(open: &Open, sight: &Sight<'_>) -> (String, Role) {
    if open.laid.is_none() && open.error.is_none() {
        return ("reading…".to_owned(), Role::Muted);
    }
    let (damaged, findings) = (open.damaged.len() as u64, open.wrongs() as u64);
    let mut told = Vec::new();
    if damaged > 0 {
        told.push(count(damaged, "place cannot be read", "places cannot be read"));
    }
    if findings > 0 {
        told.push(count(findings, "finding", "findings"));
    }
    // The key is one of the spans, not of what is read of one.
    if let Some(first) = told.first_mut().filter(|_| open.talk.is_none() && open.focus != Focus::Text) {
        *first = format!("{} {first}", sight.key(Context::Spans, Action::ShowFindings));
    }
    let runs = open.run.running > 0;
    let role = match (damaged > 0, runs, findings > 0) {
        (true, ..) => Role::Bad,
        (false, true, _) => Role::Accent,
        (false, false, true) => Role::Warn,
        (false, false, false) => Role::Muted,
    };
    if runs {
        told.insert(0, "● runs".to_owned());
    }
    (told.join(" · "), role)
}

/// What stands where the spans would be.
fn instead(open: &Open, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    if let Some(error) = &open.error {
        return failed(error, sight, area, cells);
    }
    let spans = count(open.run.spans, "span", "spans");
    let words = match &open.reading {
        _ if open.laid.is_some() => "None of its spans is here any more.".to_owned(),
        Reading::LaidOut(_) => format!("Laying {spans} out…"),
        Reading::Rows(_) | Reading::Idle => format!("Reading {spans}…"),
    };
    for (y, line) in (area.y + 1..area.bottom()).zip(wrap(&words, area.width.saturating_sub(6))) {
        put(cells, area.x + 4, y, area.right(), &line, sight.look.style(Role::Muted));
    }
}

/// Where the columns of the tree end; those without room are none.
struct Grid {
    /// Of names, behind which a sign stands.
    name: u16,
    took: u16,
    own: Option<u16>,
    tokens: Option<u16>,
    cost: Option<u16>,
    /// Where bars begin, and their cells.
    bar: (u16, u16),
}

/// Columns of what stands behind a name, at least: of fewer nothing could be read.
const SOME: u16 = 6;

/// Columns of times, tokens and dollars, with the gap before them.
const TIME: u16 = 11;
const TOKENS: u16 = 15;
const COST: u16 = 11;

impl Grid {
    fn of(area: Rect) -> Self {
        // Where there is little room the names need it more.
        let wide = if area.width < 72 { area.width / 4 } else { area.width * 3 / 10 };
        let wide = wide.clamp(10, 80).min(area.width / 2);
        let bar = area.right().saturating_sub(wide + 2);
        // The title of a column and where time begins are no one word.
        let mut end = bar.saturating_sub(2);
        let mut take = |columns: u16, from: u16| {
            let at = end;
            (area.width >= from).then(|| {
                end = end.saturating_sub(columns);
                at
            })
        };
        // From the right.
        let cost = take(COST, 112);
        let tokens = take(TOKENS, 96);
        let own = take(TIME, 72);
        let took = take(TIME, 0).unwrap_or(0);
        Self { name: end, took, own, tokens, cost, bar: (bar, wide) }
    }

    /// Where a name ends: before its sign, or without one before the time beside it, which seldom fills its column.
    fn end_of_name(&self, mark: &str, took: &str) -> u16 {
        let before = self.name.saturating_sub(2);
        if mark.is_empty() { before.max(self.took.saturating_sub(columns(took) + 2)) } else { before }
    }
}

/// The titles of the columns and the ends of the time that is shown; or the line that looks for something, whose caret is
/// returned.
fn titles(open: &Open, grid: &Grid, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let look = sight.look;
    let faint = look.style(Role::Faint);
    let find = &open.find;
    if find.writing || !find.is_empty() {
        let right = area.right().saturating_sub(1);
        let (said, role) = looked(open, sight);
        let half = area.x + area.width / 3;
        let end = put_right(cells, half, area.y, right, &said, look.style(role)).saturating_sub(1);
        let mark = if find.writing { Role::Accent } else { Role::Rule };
        let x = put(cells, area.x, area.y, end, "▌ ", look.style(mark));
        let line = Rect { x, width: end.saturating_sub(x), ..area };
        let caret = find.line.draw(line, cells, look.style(Role::Text));
        return Some(caret).filter(|_| find.writing);
    }
    put(cells, area.x + 2, area.y, grid.name, "span", faint);
    let titled =
        [(Some(grid.took), "took"), (grid.own, "self"), (grid.tokens, "tokens"), (grid.cost, "cost")];
    for (right, title) in titled {
        if let Some(right) = right {
            put_right(cells, grid.name, area.y, right, title, faint);
        }
    }
    let whole = open.whole_time(open.until(sight.now.wall));
    let ((begins, ends), (from, to)) = (whole, open.zoom.unwrap_or(whole));
    let (x, wide) = grid.bar;
    if to <= begins {
        // It has just begun: of its time the beginning alone is known, where the bars begin.
        put(cells, x, area.y, x + wide, "0", faint);
        return None;
    }
    // What runs still goes on beyond the last that is told of it.
    let more = if open.run.runs() && to == ends { "…" } else { "" };
    let since = |moment: u64| match moment.saturating_sub(begins) {
        0 => "0".to_owned(),
        nanos => took(nanos),
    };
    let both = format!("{}–{}{more}", since(from), since(to));
    if wide < 18 && from > begins && columns(&both) <= wide {
        put_right(cells, x, area.y, x + wide, &both, faint);
        return None;
    }
    let end = put_right(cells, x, area.y, x + wide, &format!("{}{more}", since(to)), faint);
    if wide >= 18 {
        put(cells, x, area.y, end.saturating_sub(1), &since(from), faint);
    }
    None
}

/// What became of looking for something.
fn looked(open: &Open, sight: &Sight<'_>) -> (String, Role) {
    let find = &open.find;
    if !find.wrong.is_empty() {
        return (String::new(), Role::Warn);
    }
    let found = grouped(find.count() as u64);
    if find.task.is_some() {
        return (format!("{found} · looking on…"), Role::Muted);
    }
    match (find.count(), find.writing) {
        (0, true) => (String::new(), Role::Muted),
        (_, true) => {
            let key = sight.key(Context::Menu, Action::Accept);
            (format!("{found} · {key} looks in texts too"), Role::Muted)
        }
        (0, false) => ("nowhere".to_owned(), Role::Warn),
        (_, false) => {
            let key = sight.key(Context::Spans, Action::SearchNext);
            (format!("{found} found · {key} next"), Role::Muted)
        }
    }
}

fn line(
    open: &Open,
    laid: &Shared,
    (at, selected): (u32, bool),
    grid: &Grid,
    sight: &Sight<'_>,
    area: Rect,
    cells: &mut Buffer,
) {
    let Some(row) = laid.row(at) else { return };
    let (look, y) = (sight.look, area.y);
    let (ground, name) = ground(selected, area, look, cells);
    let style = |role| ground.patch(look.style(role));
    if is_noted(open, laid, at) {
        put(cells, area.x + 1, y, area.x + 2, "★", style(Role::Good));
    }
    let text = |symbol| laid.outline.names.get(symbol);
    let marks = laid.tree.marks(at);
    let odd = laid.is_flagged(at) || marks.iter().any(|mark| !matches!(mark, Mark::Running | Mark::Repaired));
    let (ending, _, ending_role) = ended(&laid.outline, row);
    let not_made = laid.outline.was_made_already(row);
    let (mark, mark_role) = match (row.is_error() || row.stopped || not_made, odd, row.is_running()) {
        (true, ..) => (ending, ending_role),
        (_, true, _) => ("!", Role::Warn),
        (_, _, true) => ("…", Role::Info),
        _ => ("", Role::Muted),
    };
    let until = open.until(sight.now.wall);
    let time = Open::shown(laid, at, until);
    let long = match until {
        Some(_) if row.is_running() => took(time.1 - time.0),
        None if row.is_running() => "runs".to_owned(),
        _ => took(laid.tree.duration(at)),
    };
    let end = grid.end_of_name(mark, &long);
    // A deep tree keeps room for its names.
    let room = grid.name.saturating_sub(area.x + 2) / 3;
    let depth = u16::try_from(laid.tree.depth(at)).unwrap_or(u16::MAX).saturating_mul(2);
    let x = area.x + 2 + depth.min(room);
    if depth > room {
        put(cells, area.x + 2, y, x, "…", style(Role::Faint));
    }
    let fold = match (laid.tree.children(at).is_empty(), open.is_folded(at)) {
        (true, _) => " ",
        (false, true) => "▸",
        (false, false) => "▾",
    };
    put(cells, x, y, end, fold, style(Role::Muted));
    let (glyph, role) = sign(row.kind);
    put(cells, x + 2, y, end, glyph, style(role));
    let named = if open.find.has(at) { name.patch(look.style(Role::Match)) } else { name };
    let again = match open.replays_of(at).count() {
        0 => String::new(),
        times => format!(" ⑂ {times}"),
    };
    // However long the name is, that it was asked again is in sight.
    let x = put(cells, x + 4, y, end.saturating_sub(columns(&again)), called(text(row.name)), named);
    let mut x = put(cells, x, y, end, &again, style(Role::Info));
    let model = text(row.model);
    if row.kind == Kind::Model && !text(row.name).contains(model) {
        x = beside(cells, (x, y), end, model, style(Role::Faint));
    }
    if row.is_error() {
        // A word for it says more in little room.
        let error = text(row.error);
        let short = !error.is_empty() && !laid.outline.gave_up(row);
        let why = if short { error.to_owned() } else { failed_of(&laid.outline, row) };
        beside(cells, (x, y), end, &why, style(ending_role));
    } else if not_made {
        beside(cells, (x, y), end, NOT_MADE, style(ending_role));
    }
    if !mark.is_empty() {
        put(cells, grid.name.saturating_sub(1), y, grid.name, mark, style(mark_role));
    }
    put_right(cells, grid.name, y, grid.took, &long, style(Role::Text));
    if let Some(right) = grid.own {
        put_right(cells, grid.took, y, right, &took(Open::own(laid, at, until)), style(Role::Muted));
    }
    let sum = laid.sums.get(at);
    let (input, output) = ((sum.input, sum.untold_input.into()), (sum.output, sum.untold_output.into()));
    let tokens = if sum.is_counted() { in_and_out(input, output, TOKENS - 2) } else { String::new() };
    let spent = [(grid.tokens, TOKENS, tokens), (grid.cost, COST, paid(sum.dollars, sum.unpriced.into()))];
    for (right, wide, text) in spent {
        if let Some(right) = right {
            put_right(cells, right.saturating_sub(wide - 1), y, right, &text, style(Role::Muted));
        }
    }
    let (x, wide) = grid.bar;
    let shown = open.zoom.unwrap_or_else(|| open.whole_time(until));
    let shown = bar(shown, time, laid.on_path(at), wide);
    let role = if row.is_error() { ending_role } else { bar_role(row.kind) };
    put(cells, x, y, x + wide, &shown, style(role));
}

/// Whether somebody has scored it or noted something on it; what is noted on the run as a whole stands on its root.
fn is_noted(open: &Open, laid: &Shared, at: u32) -> bool {
    let is_root = laid.tree.roots().first() == Some(&at);
    open.notes.iter().any(|note| if note.span.is_some() { note.span == laid.key(at) } else { is_root })
}

/// Words behind a name, where there is room for all or for some of them; returns the column after them.
fn beside(cells: &mut Buffer, (x, y): (u16, u16), end: u16, words: &str, style: Style) -> u16 {
    let room = end.saturating_sub(x + 1);
    if columns(words) > room && room < SOME {
        return x;
    }
    put(cells, x + 1, y, end, words, style)
}

/// The colour of a bar is that of its kind.
fn bar_role(kind: Kind) -> Role {
    sign(kind).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_behind_a_name_are_there_in_part_but_not_by_a_letter() {
        let written = |end: u16| {
            let mut cells = Buffer::empty(Rect::new(0, 0, 12, 1));
            beside(&mut cells, (0, 0), end, "tool_error", Style::default());
            (0..12).map(|x| cells[(x, 0)].symbol()).collect::<String>().trim().to_owned()
        };
        assert_eq!([11, 7, 6].map(written), ["tool_error", "tool_…", ""]);
    }

    #[test]
    fn a_name_has_what_the_time_beside_it_leaves_unless_a_sign_stands_between_them() {
        for width in [60, 80, 120, 240] {
            let grid = Grid::of(Rect::new(0, 2, width, 9));
            assert_eq!(grid.end_of_name("✗", "1 µs"), grid.name - 2);
            assert_eq!(grid.end_of_name("", "1 µs"), grid.took - 6);
            assert!(grid.end_of_name("", "9 h 59 min") <= grid.took - 12);
        }
    }
}
