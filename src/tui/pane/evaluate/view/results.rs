//! The results on the screen: a head, and the lines in one column or two.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::sheet::ink;
use crate::domain::evaluation::report::words::percent;
use crate::domain::figures::grouped;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, meter, put, put_right, scrollbar, thumb, tint};
use crate::tui::pane::Sight;
use crate::tui::pane::evaluate::charts::{Kind, Line};
use crate::tui::pane::evaluate::results::{Results, areas};
use crate::tui::rows::failed;
use crate::tui::widget::code::Want;

/// Columns of the meter of coverage.
const METER: u16 = 12;

pub(super) fn draw(
    results: &Results,
    wants: &mut Vec<Want>,
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) {
    head(results, sight, body, cells);
    let below = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
    let error = results.opened.as_ref().map_or(results.error.as_ref(), |opened| opened.error.as_ref());
    if let Some(error) = error {
        return failed(error, sight, below, cells);
    }
    let lines = results.lines();
    if lines.all.is_empty() {
        let words = if results.opened.is_some() { "Reading the item…" } else { "Counting the votes…" };
        put(cells, body.x + 2, body.y + 2, body.right(), words, sight.look.style(Role::Muted));
        return;
    }
    let mut first = lines.top;
    let areas = areas(body);
    let rows = lines.chosen_rows();
    for (n, area) in areas.iter().enumerate() {
        let rows_here = lines.rows_of(n, &areas, first);
        let shown_here = lines.all.iter().enumerate().skip(first).take(rows_here);
        for (y, (at, shown)) in (area.top()..area.bottom()).zip(shown_here) {
            let chosen = rows.contains(&at);
            let area = Rect { y, height: 1, ..*area };
            match shown.kind {
                Kind::Set(place, row) => set(results, (place, row), wants, sight, area, cells),
                _ => line(shown, chosen, sight, area, cells),
            }
        }
        if n > 0 {
            for y in area.top()..area.bottom() {
                put(cells, area.x - 1, y, area.x, "│", sight.look.style(Role::Rule));
            }
        }
        first += rows_here;
    }
    if let Some(last) = areas.last() {
        let bar = thumb(last.height, lines.top, first - lines.top, lines.all.len());
        scrollbar(cells, *last, bar, sight.look.style(Role::Rule));
    }
}

/// `helpful-v2, version 2 ·········· 412 of 600 votes ▓▓▓▓▓▓░░ 68.7 %`
fn head(results: &Results, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let (left, y) = (body.x + 2, body.y);
    let mut end = body.right().saturating_sub(2);
    let Some(report) = &results.report else {
        put(cells, left, y, end, &results.name, look.style(Role::Text).add_modifier(Modifier::BOLD));
        return;
    };
    if results.is_reading() {
        end = put_right(cells, left, y, end, "counting again…", look.style(Role::Faint)).saturating_sub(2);
    } else if let Ok(share) = &report.coverage.share {
        let of = &report.coverage;
        let words = match percent(*share) {
            share if body.width < 80 => share,
            share => format!("{} of {} votes  {share}", grouped(of.votes), grouped(of.expected)),
        };
        let x = put_right(cells, left, y, end, &words, look.style(Role::Muted));
        let ground = look.style(Role::Raised).patch(look.style(Role::Accent));
        let x = x.saturating_sub(METER + 1);
        put(cells, x, y, x + METER, &meter(*share, METER), ground);
        end = x.saturating_sub(2);
    }
    let version = format!("version {}", report.version);
    let beside = match results.opened.as_ref().and_then(|opened| Some((opened, opened.of(report)?))) {
        Some((opened, (metric, _))) => {
            let all = metric.disagreements.len();
            let place = format!("disagreement {} of {}", grouped(opened.at as u64 + 1), grouped(all as u64));
            let next = sight.key(Context::Results, Action::FocusNext);
            if all > 1 { format!("{place} · {next}") } else { place }
        }
        None => version,
    };
    let most = end.saturating_sub(columns(&beside) + 2).max(left + 8);
    let bold = look.style(Role::Text).add_modifier(Modifier::BOLD);
    let x = put(cells, left, y, most.min(end), &results.name, bold);
    put(cells, x + 2, y, end, &beside, look.style(Role::Muted));
}

fn line(shown: &Line, chosen: bool, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let ground = if chosen { look.style(Role::Selected) } else { Style::new() };
    if chosen {
        tint(cells, Rect { width: area.width.saturating_sub(1), ..area }, ground);
        put(cells, area.x, area.y, area.x + 1, "▌", ground.patch(look.style(Role::Accent)));
    }
    for piece in &shown.pieces {
        // No hole is in the ground of the chosen row.
        let ground = if piece.bar && !chosen { look.style(Role::Raised) } else { ground };
        let mut style = ground.patch(look.style(piece.role));
        if piece.bold {
            style = style.add_modifier(Modifier::BOLD);
        }
        put(cells, area.x + 2 + piece.x, area.y, area.right().saturating_sub(1), &piece.text, style);
    }
}

/// A row of a text of what is open, as a rater has it.
fn set(
    results: &Results,
    (place, row): (usize, usize),
    wants: &mut Vec<Want>,
    sight: &Sight<'_>,
    area: Rect,
    cells: &mut Buffer,
) {
    let Some(set) = results.opened.as_ref().and_then(|opened| opened.sets.get(place)) else { return };
    let Some(mut row) = set.rows.get(row).cloned() else { return };
    ink(&mut row, &set.codes, wants, sight);
    row.draw(Position { x: area.x + 2, y: area.y }, area.width.saturating_sub(3), sight.look, cells);
}
