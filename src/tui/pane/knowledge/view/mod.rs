//! The picture of the knowledge place.

mod bases;
mod cutting;
mod documents;
mod found;
mod hits;
mod passages;
mod sources;
mod tables;
mod text;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

use super::{Page, State, name_of};
use crate::domain::figures::{count, grouped};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::rebuild::{Rebuild, RebuildState};
use crate::domain::knowledge::sync::{Sync, SyncState};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{first_parts, put, put_right};
use crate::tui::pane::Sight;
use crate::tui::when;

/// Draws the place into `body`; returns the cell of the caret.
pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) -> Option<Position> {
    if let Some(cuts) = &state.cuts {
        cutting::draw(state, cuts, sight, body, cells);
        return None;
    }
    let Some((open, base)) = state.opened() else {
        bases::draw(state, sight, body, cells);
        return None;
    };
    let first = Rect { height: 1.min(body.height), ..body };
    if open.wishes && matches!(open.page, Page::Documents | Page::Passages) {
        wish(sight, first, cells);
    } else {
        head(base, sight, first, cells);
    }
    match open.page {
        Page::Found => found::draw(state, open, base, sight, body, cells),
        Page::Documents => documents::draw(open, base, sight, body, cells),
        Page::Sources => {
            sources::draw(open, base, sight, body, cells);
            None
        }
        Page::Passages => {
            if let Some(leaf) = &open.leaf {
                passages::draw(open, leaf, sight, body, cells);
            }
            None
        }
    }
}

/// The base: its name, what it has, how it stands.
fn head(base: &Base, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let right = area.right().saturating_sub(1);
    let (words, role) = standing(base, sight.wall(), None);
    let end = put_right(cells, area.x + 12, area.y, right, &words, look.style(role));
    let bold = look.style(Role::Text).add_modifier(Modifier::BOLD);
    let x = put(cells, area.x + 1, area.y, end.saturating_sub(1), &base.name, bold);
    let holds = format!("  {}", holds(base));
    let end = end.saturating_sub(2);
    put(cells, x, area.y, end, first_parts(&holds, end.saturating_sub(x)), look.style(Role::Muted));
}

/// That a passage is to be chosen, and how.
fn wish(sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let key = sight.key(Context::Passages, Action::ExpectPassage);
    let words = format!("why not: choose the passage you expected · {key} chooses it");
    let right = area.right().saturating_sub(1);
    let words = first_parts(&words, right.saturating_sub(area.x + 1));
    put(cells, area.x + 1, area.y, right, words, sight.look.style(Role::Info));
}

/// What a base has.
fn holds(base: &Base) -> String {
    let documents = count(base.holds.documents, "document", "documents");
    format!("{documents} · {}", count(base.holds.passages, "passage", "passages"))
}

/// How a base stands: the source that is being looked through, else what went wrong, else how old it is. The key is the one by
/// which a sync that was stopped goes on, where it does here.
fn standing(base: &Base, wall: when::Now, key: Option<&str>) -> (String, Role) {
    if let Some(rebuild) = &base.rebuild {
        return of_rebuild(rebuild, wall);
    }
    let syncs = || base.sources.iter().filter_map(|source| source.last.as_ref());
    if base.sources.is_empty() {
        return ("no source yet".to_owned(), Role::Warn);
    }
    if let Some(sync) = syncs().find(|sync| sync.state.is_running()) {
        return (format!("● {}", progress(sync, wall)), Role::Accent);
    }
    let failed: u64 = syncs().map(|sync| sync.statistics.failed).sum();
    let partial: u64 = syncs().map(|sync| sync.statistics.partial).sum();
    let broken = syncs().any(|sync| sync.state == SyncState::Failed);
    let stopped = syncs().find(|sync| sync.state == SyncState::Stopped);
    let Some(last) = syncs().map(|sync| sync.updated).max() else {
        return ("not synced yet".to_owned(), Role::Warn);
    };
    let age = format!("synced {}", wall.ago(last));
    match (broken, stopped, failed) {
        // Short: a small screen has 22 columns for it.
        (true, ..) => ("a source failed".to_owned(), Role::Bad),
        (_, Some(sync), _) => (left_at(sync, key), Role::Warn),
        (_, _, 0) if partial > 0 => (format!("{} in part · {age}", grouped(partial)), Role::Warn),
        (_, _, 0) => (age, Role::Muted),
        (_, _, failed) => (format!("{} failed · {age}", grouped(failed)), Role::Warn),
    }
}

/// Where a sync was stopped, and what has it go on.
fn left_at(sync: &Sync, key: Option<&str>) -> String {
    let due = sync.due;
    let at = match due.files {
        0 => "stopped".to_owned(),
        files => format!("stopped at {} of {}", grouped(due.files_done), grouped(files)),
    };
    key.map_or_else(|| at.clone(), |key| format!("{at} · {key} goes on"))
}

/// How far a rebuild is, or that it goes on no more.
fn of_rebuild(rebuild: &Rebuild, wall: when::Now) -> (String, Role) {
    let mut syncs = rebuild.sources.iter().filter_map(|source| source.last.as_ref());
    match (rebuild.state, rebuild.built, syncs.find(|sync| sync.state.is_running())) {
        (RebuildState::Running, _, Some(sync)) => {
            (format!("● rebuilding: {}", progress(sync, wall)), Role::Accent)
        }
        (RebuildState::Running, _, None) => ("● rebuilding".to_owned(), Role::Accent),
        (_, true, _) => ("rebuilt: not cleared".to_owned(), Role::Warn),
        (RebuildState::Stopped, ..) => ("a rebuild is stopped".to_owned(), Role::Warn),
        (RebuildState::Failed, ..) => ("a rebuild failed".to_owned(), Role::Bad),
    }
}

/// The document that is being embedded, and how far that is.
pub(super) fn embeds(sync: &Sync) -> Option<String> {
    let at = sync.at.as_ref().filter(|_| sync.state.is_running())?;
    let passages = count(at.passages, "passage", "passages");
    Some(format!("{} · {} of {passages}", name_of(&at.uri), grouped(at.passages_done)))
}

/// How far a sync is, and how long it takes still, once that can be told.
pub(super) fn progress(sync: &Sync, wall: when::Now) -> String {
    let due = sync.due;
    if sync.state == SyncState::Stopping {
        return "stopping".to_owned();
    }
    if let Some(sorting) = sync.sorting {
        return format!("making lists: {:.0} %", sorting.share() * 100.0);
    }
    if due.files == 0 {
        return format!("{} looked at", count(sync.statistics.scanned, "file", "files"));
    }
    let share = sync.share();
    let mut words =
        format!("{:.0} % · {} of {} files", share * 100.0, grouped(due.files_done), grouped(due.files));
    let took = wall.at.since(sync.began);
    // After a few seconds the pace is one.
    if share > 0.02 && share < 1.0 && took > 3000 {
        let left = took as f64 * (1.0 - share) / share / 1000.0;
        words.push_str(" · ");
        words.push_str(&crate::domain::figures::span(left.ceil() as u64));
        words.push_str(" left");
    }
    words
}
