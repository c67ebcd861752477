//! The sources of a base with their syncs, and what there is to know of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::figures::span;
use crate::domain::knowledge::base::{Base, Source};
use crate::domain::knowledge::sync::Started;
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{put, put_right, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::knowledge::form::said_of;
use crate::tui::pane::knowledge::sources::{self, Row, stands};
use crate::tui::pane::knowledge::{Open, layout};
use crate::tui::rows::{bar, facts, failed, ground, parted};
use crate::tui::widget::text::fit_left;

pub(super) fn draw(open: &Open, base: &Base, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let listed = &open.sources;
    if let Some(error) = &listed.error {
        let below = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
        return failed(error, sight, below, cells);
    }
    let (area, card_area) = layout::listed(body);
    let rows = listed.rows(base);
    let right = area.right().saturating_sub(2);
    let took = right.saturating_sub(13);
    let state = took.saturating_sub(13);
    let (y, faint) = (body.y + 1, look.style(Role::Faint));
    put(cells, area.x + 2, y, state, "source, its syncs", faint);
    put(cells, state, y, took, "state", faint);
    put_right(cells, took, y, right, "took", faint);
    if rows.is_empty() {
        let key = sight.key(Context::Sources, Action::AddDocuments);
        let words =
            format!("It has no source yet: {key} adds a folder, a file, a bucket's objects or a page.");
        for (y, line) in (area.top()..area.bottom()).zip(wrap(&words, area.width.saturating_sub(4))) {
            put(cells, area.x + 2, y, area.right(), &line, look.style(Role::Muted));
        }
        return;
    }
    for (y, at) in (area.top()..area.bottom()).zip(listed.top..rows.len()) {
        let line = Rect { y, height: 1, ..area };
        let (ground, name) = ground(at == listed.selected, line, look, cells);
        let style = |role| ground.patch(look.style(role));
        match rows[at] {
            Row::Source(source) => {
                let room = usize::from(state.saturating_sub(area.x + 3));
                let place = source.origin.place();
                put(cells, area.x + 2, y, state.saturating_sub(1), &fit_left(&place, room), name);
                put(cells, state, y, right, itself(source), style(Role::Faint));
            }
            Row::Run(_, sync) => {
                let wall = sight.wall();
                let x = area.x + 4;
                let end = state.saturating_sub(1);
                put(cells, x, y, end, &wall.clock(sync.began), style(Role::Text));
                let started = sync.started.map_or("", Started::as_str);
                put(cells, x + 14, y, end, started, style(Role::Muted));
                let (words, role) = stands(sync);
                put(cells, state, y, took, &words, style(role));
                put_right(cells, took, y, right, &span(sync.took()), style(Role::Muted));
            }
        }
    }
    let shown = thumb(area.height, listed.top, usize::from(area.height), rows.len());
    scrollbar(cells, area, shown, look.style(Role::Rule));
    if let Some(row) = rows.get(listed.selected) {
        let inside = parted(card_area, card_area.x > area.x, look, cells);
        let told = match *row {
            Row::Source(source) => of_source(base, source, sight),
            Row::Run(_, sync) => sources::facts(sync, sight.wall()),
        };
        let y = facts(&told, look, inside, cells);
        if let Row::Run(_, sync) = row
            && sync.state.is_running()
            && let Some(share) = sync.shown()
        {
            bar(share, y, look, inside, cells);
        }
    }
}

/// When it is looked through by itself, in a word or two.
fn itself(source: &Source) -> &'static str {
    match (&source.schedule, source.watch) {
        (None, false) => "by hand",
        (Some(_), false) => "scheduled",
        (None, true) => "watched",
        (Some(_), true) => "scheduled, watched",
    }
}

/// What is known of a source.
fn of_source(base: &Base, source: &Source, sight: &Sight<'_>) -> Vec<(&'static str, String, Role)> {
    let wall = sight.wall();
    let said = said_of(base.id, source, wall).into_iter();
    let mut told: Vec<_> = said.map(|(name, words)| (name, words, Role::Text)).collect();
    match &source.last {
        Some(sync) => {
            let (state, role) = stands(sync);
            told.push(("last sync", format!("{state} · {}", wall.ago(sync.updated)), role));
        }
        None => told.push(("last sync", "none yet".to_owned(), Role::Warn)),
    }
    let key = sight.key(Context::Sources, Action::ChangeSource);
    told.push(("", format!("{key} changes it"), Role::Faint));
    told
}
