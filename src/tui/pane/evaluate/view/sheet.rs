//! One item before a rater: how far they are, the question, the answers, what is asked, what was said.

use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::failed;
use crate::domain::evaluation::sheet::{Pace, Seat};
use crate::domain::figures::{self, count, grouped};
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::overlay::Hidden;
use crate::tui::paint::{columns, fill, meter, more, put, put_right, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::evaluate::Sitting;
use crate::tui::pane::evaluate::layout::{Areas, BESIDE};
use crate::tui::pane::evaluate::scales::{Spoken, TURN, wide};
use crate::tui::widget::code::{Code, Want};
use crate::tui::widget::text::Row;

pub(super) fn draw(
    sitting: &Sitting,
    ratings: Option<&Path>,
    wants: &mut Vec<Want>,
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) {
    let muted = sight.look.style(Role::Muted);
    let Some(seat) = &sitting.seat else {
        match &sitting.error {
            Some(error) => failed(error, sight, body, cells),
            None => {
                put(cells, body.x + 2, body.y + 1, body.right(), "Sitting down…", muted);
            }
        }
        return;
    };
    let areas = sitting.areas(body);
    head(seat, sight, areas.head, cells);
    if seat.sheet.is_none() {
        done(seat, ratings, sight, body, cells);
        said(sitting, sight, areas.said, cells);
        return;
    }
    question(sitting, sight, &areas, cells);
    answers(sitting, wants, sight, &areas, cells);
    // Where rows are few it has none, and its place is the first of the scales.
    if areas.rule.height > 0 {
        for x in areas.rule.left()..areas.rule.right() {
            put(cells, x, areas.rule.y, x + 1, "─", sight.look.style(Role::Rule));
        }
    }
    scales(sitting, sight, areas.scales, cells);
    said(sitting, sight, areas.said, cells);
}

/// `item 57 of 200 ▓▓▓░░ · 11.4 s an item · about 27 min left`
fn head(seat: &Seat, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let Pace { done, total, median_ms, raters, .. } = seat.pace;
    let again = seat.sheet.as_ref().is_some_and(|sheet| sheet.before.is_some());
    let at = (done + u64::from(seat.sheet.is_some() && !again)).min(total.max(done));
    let words = match (again, seat.sheet.is_some()) {
        (true, _) => "an item again".to_owned(),
        (false, true) => format!("item {} of {}", grouped(at), grouped(total)),
        (false, false) if seat.pace.skipped > 0 => {
            format!("{} rated · {} skipped", grouped(seat.pace.rated()), grouped(seat.pace.skipped))
        }
        (false, false) => format!("{} rated", grouped(done)),
    };
    let mut right = Vec::new();
    if seat.task.raters_per_item > 1 || raters > 1 {
        right.push(format!("{} so far", count(raters.into(), "rater", "raters")));
    }
    right.push(if seat.task.blind { "blind ●" } else { "not blind" }.to_owned());
    let end = put_right(cells, area.x, area.y, area.right(), &right.join(" · "), look.style(Role::Muted));
    let bold = look.style(Role::Text).add_modifier(Modifier::BOLD);
    let mut x = put(cells, area.x, area.y, end.saturating_sub(2), &words, bold);
    if total > 0 {
        let share = done as f64 / total as f64;
        // On a ground of its own, so that its end is seen before anything is rated.
        let ground = look.style(Role::Raised).patch(look.style(Role::Accent));
        x = put(cells, x + 2, area.y, end.saturating_sub(2), &meter(share, 10), ground);
    }
    if median_ms > 0 {
        let left = total.saturating_sub(done).saturating_mul(median_ms) / 1000;
        let pace = format!("{} an item", figures::seconds(median_ms));
        let ways = match left {
            0 => vec![pace],
            left => vec![format!("{pace} · {}", eta(left)), eta(left)],
        };
        if let Some(words) = ways.iter().find(|words| x + 2 + columns(words) + 2 <= end) {
            put(cells, x + 2, area.y, end.saturating_sub(2), words, look.style(Role::Muted));
        }
    }
}

/// How long so many seconds are, as one says it.
fn eta(seconds: u64) -> String {
    match seconds {
        0..60 => "less than a minute left".to_owned(),
        60..3600 => format!("{} min left", seconds.div_ceil(60)),
        _ => format!("{} left", figures::span(seconds)),
    }
}

fn question(sitting: &Sitting, sight: &Sight<'_>, areas: &Areas, cells: &mut Buffer) {
    let here = sitting.focus >= sitting.answers();
    let top = sitting.tops.last().copied().unwrap_or(0);
    let key = key_to(here, sight);
    text((sitting.rows.question.as_slice(), top), &key, areas.question, sight, cells, |_| {});
    if sitting.offers_reference() && areas.question.right() < areas.head.right() {
        let words = format!("reference: {}", sight.key(Context::Rating, Action::ShowReference));
        let (from, y) = (areas.question.right() + 1, areas.question.y);
        put_right(cells, from, y, areas.head.right(), &words, sight.look.style(Role::Faint));
    }
    if here {
        return bar(areas.question, sight, cells);
    }
    for y in areas.question.top()..areas.question.bottom() {
        let x = areas.question.x.saturating_sub(BESIDE);
        put(cells, x, y, areas.question.x, "│", sight.look.style(Role::Rule));
    }
}

/// At the left of what keys scroll, and of nothing else.
fn bar(area: Rect, sight: &Sight<'_>, cells: &mut Buffer) {
    for y in area.top()..area.bottom() {
        put(cells, area.x.saturating_sub(BESIDE), y, area.x, "▌", sight.look.style(Role::Accent));
    }
}

fn answers(sitting: &Sitting, wants: &mut Vec<Want>, sight: &Sight<'_>, areas: &Areas, cells: &mut Buffer) {
    let look = sight.look;
    let Some(sheet) = sitting.sheet() else { return };
    let shown = areas.answers.len();
    let turn = sitting.marks.turn().filter(|_| sitting.answers() > 1);
    for (n, area) in areas.answers.iter().enumerate() {
        let Some(answer) = sheet.answers.get(area.place) else { continue };
        if n > 0 {
            for y in area.head.top()..area.text.bottom() {
                let x = area.head.x.saturating_sub(BESIDE + 1);
                put(cells, x, y, x + 1, "│", look.style(Role::Rule));
            }
        }
        if sitting.focus == area.place {
            bar(area.head.union(area.text), sight, cells);
        }
        // Lit is the one that the next key is about, where each is rated for itself.
        let name = sitting.called(area.place).to_uppercase();
        let (name, style) = if turn == Some(area.place) {
            (format!("{TURN} {name}"), look.style(Role::Accent).add_modifier(Modifier::BOLD))
        } else {
            (name, look.style(Role::Muted))
        };
        let x = put(cells, area.head.x, area.head.y, area.head.right(), &name, style);
        if let Some(source) = &answer.source {
            put(cells, x + 2, area.head.y, area.head.right(), source, look.style(Role::Muted));
        }
        if n + 1 == shown && shown < sheet.answers.len() {
            let (all, unmet) = (sheet.answers.len(), sitting.unmet());
            let key = sight.key(Context::Rating, Action::FocusNext);
            let ways = match unmet {
                0 => [format!("{shown} of {all} in sight · {key}"), format!("{shown} of {all} · {key}")],
                _ => [format!("{unmet} not seen yet · {key}"), format!("{unmet} unseen · {key}")],
            };
            let fits = |words: &&String| x + 2 + columns(words) <= area.head.right();
            if let Some(words) = ways.iter().find(fits) {
                put_right(cells, x + 2, area.head.y, area.head.right(), words, look.style(Role::Faint));
            }
        }
        let top = sitting.tops.get(area.place).copied().unwrap_or(0);
        if let Some(set) = sitting.rows.answers.get(area.place) {
            let key = key_to(sitting.scrolls_with(sitting.focus, area.place), sight);
            let ink = |row: &mut Row| ink(row, &set.codes, wants, sight);
            text((set.rows.as_slice(), top), &key, area.text, sight, cells, ink);
        }
    }
}

/// Puts the inks of code on a row, or asks for them.
pub(super) fn ink(row: &mut Row, codes: &[Code], wants: &mut Vec<Want>, sight: &Sight<'_>) {
    let Some((code, line)) = row.code.and_then(|at| Some((codes.get(at.block as usize)?, at.line?))) else {
        return;
    };
    if sight.highlights.ink(code, row) {
        return;
    }
    if let Some(want) = sight.highlights.want(code, line as usize) {
        match wants.iter_mut().find(|known| known.same_block(&want)) {
            Some(known) => *known = want,
            None => wants.push(want),
        }
    }
}

/// The key that shows more of a text: one that scrolls it, or first one that leads to it.
fn key_to(scrolls: bool, sight: &Sight<'_>) -> String {
    sight.key(Context::Rating, if scrolls { Action::PageDown } else { Action::FocusNext })
}

/// Rows of a text from `top` on, how many are not in sight, and the key to those below.
fn text(
    (rows, top): (&[Row], usize),
    key: &str,
    area: Rect,
    sight: &Sight<'_>,
    cells: &mut Buffer,
    mut ink: impl FnMut(&mut Row),
) {
    for (y, row) in (area.top()..area.bottom()).zip(rows.iter().skip(top)) {
        let mut row = row.clone();
        ink(&mut row);
        row.draw(Position { x: area.x, y }, area.width, sight.look, cells);
    }
    let below = rows.len().saturating_sub(top + usize::from(area.height));
    let mut hidden = Hidden { above: top.min(rows.len()), below };
    let lines = [area.y, area.bottom().saturating_sub(1)];
    if area.height > 4 {
        // The signs have lines of their own: what would stand there is counted with what is not in sight.
        for (y, count) in [(lines[0], &mut hidden.above), (lines[1], &mut hidden.below)] {
            if *count > 0 {
                fill(cells, Rect { y, height: 1, ..area }, sight.look.style(Role::Surface));
                *count += 1;
            }
        }
    }
    let style = sight.look.style(Role::Info);
    more(Hidden { below: 0, ..hidden }, (area.x, area.right()), lines, style, cells);
    if hidden.below > 0 {
        // Of a text that it covers it leaves half a row.
        let room = if area.height > 4 { area.width } else { area.width / 2 };
        let words = format!(" ▼ {} more ", grouped(hidden.below as u64));
        let named = format!("{words}· {key} ");
        let words = if columns(&named) <= room { named } else { words };
        put_right(cells, area.x, lines[1], area.right(), &words, style);
    }
}

fn scales(sitting: &Sitting, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let all = sitting.scales(area.width);
    let name_width = all.iter().map(|scale| columns(&scale.name)).max().unwrap_or(0).min(24);
    let rows: Vec<_> = all
        .iter()
        .flat_map(|scale| scale.rows.iter().enumerate().map(move |(at, row)| (scale, at, row)))
        .collect();
    // What is asked now is in sight, with the end of it.
    let last = rows.iter().rposition(|(scale, ..)| scale.current).unwrap_or(0);
    let top = (last + 1).saturating_sub(usize::from(area.height));
    let below = rows.len().saturating_sub(top + usize::from(area.height));
    for (y, (scale, at, row)) in (area.top()..area.bottom()).zip(rows.into_iter().skip(top)) {
        let name = if at == 0 { scale.name.as_str() } else { "" };
        let style = if scale.current {
            look.style(Role::Accent).add_modifier(Modifier::BOLD)
        } else {
            look.style(Role::Muted)
        };
        put(cells, area.x, y, area.x + name_width, name, style);
        let mut x = area.x + name_width + 2;
        for piece in row {
            let end = x + wide(piece);
            let key = look.style(Role::Text).add_modifier(Modifier::BOLD);
            let after = put(cells, x, y, area.right(), &piece.key, key);
            let gap = u16::from(!piece.key.is_empty());
            let words = look.style(match piece.said {
                Spoken::Not => Role::Muted,
                Spoken::Before => Role::Info,
                Spoken::Now => Role::Good,
            });
            put(cells, after + gap, y, area.right(), &piece.words, words);
            x = end + 2;
        }
    }
    for (many, sign, y) in [(top, "▲", area.top()), (below, "▼", area.bottom().saturating_sub(1))] {
        if many > 0 && area.height > 0 {
            let words = format!(" {sign} {many} more");
            put_right(cells, area.x, y, area.right(), &words, look.style(Role::Muted));
        }
    }
}

/// What was done last, and a comment that will go with the next vote.
fn said(sitting: &Sitting, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let mut x = area.x;
    if sitting.asking.is_some() {
        x = put(cells, x, area.y, area.right(), "keeping it…", look.style(Role::Muted)) + 2;
    } else if !sitting.said.is_empty() {
        let words = format!("✓ {}", sitting.said);
        x = put(cells, x, area.y, area.right(), &words, look.style(Role::Good)) + 2;
    }
    if let Some(words) = sitting.said_before().filter(|_| sitting.asking.is_none()) {
        let words = format!("before: {words}");
        x = put(cells, x, area.y, area.right(), &words, look.style(Role::Info)) + 2;
    }
    if let Some(comment) = &sitting.comment {
        x = put(cells, x, area.y, area.right(), &format!("; {comment}"), look.style(Role::Info)) + 2;
    }
    // The way out of an item that was gone back to, or whose vote was taken back.
    if let Some((way, _)) = sitting.way_back() {
        let words = format!("{} {way}", sight.key(Context::Rating, Action::Back));
        if x + columns(&words) <= area.right() {
            put_right(cells, x, area.y, area.right(), &words, look.style(Role::Faint));
        }
    }
}

/// Nothing is left for this rater; on a hand-out, where their votes are and what becomes of them.
fn done(seat: &Seat, ratings: Option<&Path>, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let items = seat.pace.words(" by you");
    let words = match (seat.pace.done, seat.pace.taken) {
        (0, 0) => "Nothing is to be rated by you: every item has the raters that it needs.".to_owned(),
        (done, taken @ 1..) => {
            let taken = figures::count(taken, "item lies", "items lie");
            let kept = if done > 0 { format!(" {items}; every vote is kept.") } else { String::new() };
            format!("{taken} before other raters now; what they leave is for you.{kept}")
        }
        _ => format!("Done: {items}. Every vote is kept. Thank you."),
    };
    let mut y = body.y + 2;
    let width = body.width.saturating_sub(6).min(80);
    let file = ratings.filter(|_| seat.pace.done > 0).map(|file| {
        let file = file.display().to_string();
        let file = safe_line(&file);
        format!(
            "Your votes are in {file}. Send that file to whoever sent you the items: \
             `outcrop eval take-in FILE` takes it in there."
        )
    });
    let blank = file.is_some().then(String::new);
    let file = file.iter().flat_map(|text| wrap(text, width));
    for line in wrap(&words, width).into_iter().chain(blank).chain(file) {
        put(cells, body.x + 2, y, body.right(), &line, look.style(Role::Text));
        y += 1;
    }
    y += 1;
    let keys = [
        (Action::Reload, "looks again whether something is to be rated"),
        (Action::Undo, "takes the last vote back"),
        (Action::GoToVote, "goes back to one of your votes"),
    ];
    for (action, words) in
        keys.into_iter().filter(|(action, _)| seat.pace.done > 0 || *action == Action::Reload)
    {
        let key = sight.key(Context::Rating, action);
        put(cells, body.x + 2, y, body.right(), &key, look.style(Role::Accent));
        put(cells, body.x + 8, y, body.right(), words, look.style(Role::Muted));
        y += 1;
    }
}
