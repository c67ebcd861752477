//! The runs, the newest first, and what there is to know of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::wrong;
use crate::domain::figures::count;
use crate::domain::trace::{Run, Source};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, first_parts, put, put_right, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::traces::State;
use crate::tui::pane::traces::about::about;
use crate::tui::pane::traces::columns::{GAP, Shown};
use crate::tui::pane::traces::hearing::Receiver;
use crate::tui::pane::traces::words::{called, sign, went};
use crate::tui::rows::{facts, failed, ground, parted};

/// Where the name of a run begins, behind its signs and its age.
const NAME: u16 = 10;

/// Columns of a name with what was asked, at most: beyond them the eye loses the row between a name and its figures.
const WIDEST: u16 = 100;

/// Columns of a service that does not fit whole, at least: a few letters of it tell nothing.
const SERVICE: u16 = 12;

/// Draws them; returns the caret of the line that narrows them.
pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) -> Option<Position> {
    let areas = state.areas(body, sight.wall());
    head(state, sight, areas.head, cells);
    let caret = narrowing(state, sight, areas.narrow, cells);
    let shown = state.widths.shown(body.width);
    // Over no rows there are no columns.
    if state.error.is_none() && state.narrow.wrong.is_empty() && !state.runs.is_empty() {
        titles(&shown, sight, areas.titles, cells);
    }
    let under = Rect { height: body.bottom().saturating_sub(areas.rows.y), ..areas.rows };
    if let Some(error) = &state.error {
        failed(error, sight, under, cells);
    } else if !state.narrow.wrong.is_empty() {
        wrong(&state.narrow.wrong, sight, under, cells);
    } else if state.runs.is_empty() {
        said_instead(state, sight, under, cells);
    } else {
        for (y, at) in (areas.rows.top()..areas.rows.bottom()).zip(state.top..state.runs.len()) {
            line(state, at, &shown, sight, Rect { y, height: 1, ..areas.rows }, cells);
        }
        let height = areas.rows.height;
        let bar = thumb(height, state.top, usize::from(height), state.runs.len());
        scrollbar(cells, areas.rows, bar, sight.look.style(Role::Rule));
        if let Some(run) = state.current().filter(|_| !areas.card.is_empty()) {
            card(run, sight, areas.card, cells);
        }
    }
    caret
}

/// The receiver; at the right what is marked.
fn head(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let look = sight.look;
    let key = |action| sight.key(Context::Runs, action);
    let right = area.right().saturating_sub(1);
    let marked = match state.marked.len() as u64 {
        0 => String::new(),
        marked => {
            format!("{} · {} compares", count(marked, "run marked", "runs marked"), key(Action::CompareRuns))
        }
    };
    let end = put_right(cells, area.x + 30, area.y, right, &marked, look.style(Role::Info)).saturating_sub(2);
    if let Some(words) = state.again_words() {
        put(cells, area.x + 2, area.y, end, &words, look.style(Role::Accent));
        return;
    }
    let (sign, words, role) = match &state.receiver {
        Receiver::Off => {
            let (key, port) = (key(Action::ToggleReceiver), state.port());
            ("○", format!("{key} takes what other programs send to port {port}"), Role::Faint)
        }
        Receiver::Starting(_) => ("○", "beginning to listen…".to_owned(), Role::Muted),
        Receiver::On(hears) => ("●", hears.words(), Role::Text),
    };
    let lit = if matches!(state.receiver, Receiver::On(_)) { Role::Accent } else { Role::Faint };
    let x = put(cells, area.x + 2, area.y, end, sign, look.style(lit));
    put(cells, x + 1, area.y, end, first_parts(&words, end.saturating_sub(x + 1)), look.style(role));
}

/// The line that narrows the list; returns its caret.
fn narrowing(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) -> Option<Position> {
    if area.is_empty() {
        return None;
    }
    let look = sight.look;
    let narrow = &state.narrow;
    let right = area.right().saturating_sub(2);
    let mark = if narrow.writing { Role::Accent } else { Role::Rule };
    let asks = narrow.writing && narrow.wrong.is_empty();
    let said = if asks { "kind:tool status:error dur>2s" } else { "" };
    let half = area.x + area.width / 2;
    let end = put_right(cells, half, area.y, right, said, look.style(Role::Faint)).saturating_sub(1);
    let x = put(cells, area.x, area.y, end, "▌ ", look.style(mark));
    let line = Rect { x, width: end.saturating_sub(x), ..area };
    let caret = narrow.line.draw(line, cells, look.style(Role::Text));
    Some(caret).filter(|_| narrow.writing)
}

/// Where the columns end: at the right edge, unless that is far from the names.
fn end(shown: &[Shown], area: Rect) -> u16 {
    let figures: u16 = shown.iter().map(|(_, wide)| wide + GAP).sum();
    area.right().saturating_sub(2).min(area.x + NAME + WIDEST + figures)
}

/// The titles of the columns.
fn titles(shown: &[Shown], sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let faint = sight.look.style(Role::Faint);
    let mut right = end(shown, area);
    for column in shown.iter().rev() {
        right = place(column, (right, area.y), column.0.title, faint, cells);
    }
    put(cells, area.x + 4, area.y, right, "age", faint);
    put(cells, area.x + NAME, area.y, right, "run", faint);
}

/// Writes into a column that ends there; returns where the one before it ends.
fn place(
    &(column, wide): &Shown,
    (right, y): (u16, u16),
    text: &str,
    style: Style,
    cells: &mut Buffer,
) -> u16 {
    let left = right.saturating_sub(wide);
    if column.number {
        put_right(cells, left, y, right, text, style);
    } else {
        put(cells, left, y, right, text, style);
    }
    left.saturating_sub(GAP)
}

fn line(state: &State, at: usize, shown: &[Shown], sight: &Sight<'_>, row: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let run = &state.runs[at];
    let (ground, name) = ground(at == state.selected, row, look, cells);
    let style = |role| ground.patch(look.style(role));
    if state.marked.contains(&run.id) {
        put(cells, row.x + 1, row.y, row.x + 2, "=", style(Role::Info).add_modifier(Modifier::BOLD));
    } else if run.notes > 0 {
        put(cells, row.x + 1, row.y, row.x + 2, "★", style(Role::Good));
    }
    let (sign, _, role) = went(run.went());
    put(cells, row.x + 2, row.y, row.x + 3, sign, style(role));
    put_right(cells, row.x + 4, row.y, row.x + NAME - 2, &sight.wall().age(run.at), style(Role::Muted));
    let mut right = end(shown, row);
    for column in shown.iter().rev() {
        let (text, role) = (column.0.cell)(run);
        right = place(column, (right, row.y), &text, style(role), cells);
    }
    let (glyph, role) = kind(run);
    let x = put(cells, row.x + NAME, row.y, right, glyph, style(role));
    let x = put(cells, x + 1, row.y, right, called(&run.name), name);
    let room = right.saturating_sub(x + 2);
    if !run.asked.is_empty() {
        // It tells more than that this program did it.
        put(cells, x + 2, row.y, right, &run.asked, style(Role::Muted));
    } else if run.source != Source::Own
        && run.service != called(&run.name)
        && (columns(&run.service) <= room || room >= SERVICE)
    {
        put(cells, x + 2, row.y, right, &run.service, style(Role::Faint));
    }
}

fn kind(run: &Run) -> (&'static str, Role) {
    sign(run.kind)
}

/// What is known of a run.
fn card(run: &Run, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let below = parted(area, false, sight.look, cells);
    facts(&about(run, sight.wall(), area.width), sight.look, below, cells);
}

/// What is said where no run is listed.
fn said_instead(state: &State, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let key = |action| sight.key(Context::Runs, action);
    let back = sight.key(Context::Everywhere, Action::Back);
    let narrowed = !state.narrow.asked.is_empty();
    let lines = if !state.known && narrowed {
        let looks = "Looking for such a span in one run after the other, in what was said as well…";
        vec![looks.to_owned(), format!("{back} stops it and shows all runs.")]
    } else if !state.known {
        vec!["Reading the traces…".to_owned()]
    } else if narrowed {
        vec![format!("No run has such a span. {back} shows all of them.")]
    } else {
        vec![
            "Every call of a model that this program makes stands here, step by step, with what it took and what was said."
                .to_owned(),
            format!(
                "{} takes what other programs send, as OTLP over HTTP; {} reads a file of theirs: OTLP, Bedrock's agents, \
                 Inspect, Claude Code, Codex.",
                key(Action::ToggleReceiver),
                key(Action::ImportTraces)
            ),
        ]
    };
    let mut y = area.y + 1;
    for text in lines {
        for line in wrap(&text, area.width.saturating_sub(6).min(90)) {
            if y < area.bottom() {
                put(cells, area.x + 4, y, area.right(), &line, sight.look.style(Role::Muted));
            }
            y += 1;
        }
        y += 1;
    }
}
