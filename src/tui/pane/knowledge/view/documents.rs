//! The documents of a base: their states and reasons.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::domain::figures::{bytes, count, grouped};
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::sync::{DocumentState, Filed};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{put, put_right, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::knowledge::documents::by_name;
use crate::tui::pane::knowledge::{Open, is_worked_on, layout};
use crate::tui::rows::{facts, failed, ground, parted};
use crate::tui::widget::text::fit_middle;

/// Draws them; returns the caret of the line that narrows them.
pub(super) fn draw(
    open: &Open,
    base: &Base,
    sight: &Sight<'_>,
    body: Rect,
    cells: &mut Buffer,
) -> Option<Position> {
    let look = sight.look;
    let shelf = &open.shelf;
    let below = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
    if let Some(error) = &shelf.error {
        failed(error, sight, below, cells);
        return None;
    }
    let (area, card_area) = layout::listed(body);
    let right = area.right().saturating_sub(2);
    let passages = right.saturating_sub(9);
    let stands = passages.saturating_sub(14);
    let y = body.y + 1;
    let faint = look.style(Role::Faint);
    let mut caret = None;
    if shelf.writing || !shelf.narrow.text().is_empty() {
        let mark = if shelf.writing { Role::Accent } else { Role::Rule };
        let x = put(cells, area.x, y, stands, "▌ ", look.style(mark));
        let line = Rect { x, y, width: stands.saturating_sub(x + 1), height: 1 };
        caret = Some(shelf.narrow.draw(line, cells, look.style(Role::Text))).filter(|_| shelf.writing);
    } else {
        put(cells, area.x + 2, y, stands, "document", faint);
    }
    put(cells, stands, y, passages, "state", faint);
    put_right(cells, passages, y, right, "passages", faint);
    if shelf.order.is_empty() {
        let words = match (shelf.known, shelf.list.is_empty()) {
            (false, _) => "Reading the documents…".to_owned(),
            (true, true) => {
                let back = sight.key(Context::Everywhere, Action::Back);
                format!("It has no documents yet. {back} leads back to where its sources are synced.")
            }
            (true, false) => "No place has that in it.".to_owned(),
        };
        for (y, line) in (area.top()..area.bottom()).zip(wrap(&words, area.width.saturating_sub(4))) {
            put(cells, area.x + 2, y, area.right(), &line, look.style(Role::Muted));
        }
        return caret;
    }
    for (y, at) in (area.top()..area.bottom()).zip(shelf.top..shelf.order.len()) {
        let Some(document) = shelf.order.get(at).and_then(|at| shelf.list.get(*at)) else { break };
        let row = Rect { y, height: 1, ..area };
        let (ground, name) = ground(at == shelf.selected, row, look, cells);
        let style = |role| ground.patch(look.style(role));
        let room = usize::from(stands.saturating_sub(area.x + 3));
        let within = within(base, document, shelf.common);
        put(cells, area.x + 2, y, stands.saturating_sub(1), &fit_middle(within, room), name);
        let (words, _, role) = state(document, is_worked_on(base));
        put(cells, stands, y, passages.saturating_sub(1), words, style(role));
        let number = grouped(document.passages.into());
        put_right(cells, passages, y, right, &number, style(Role::Muted));
    }
    let bar = thumb(area.height, shelf.top, usize::from(area.height), shelf.order.len());
    scrollbar(cells, area, bar, look.style(Role::Rule));
    if let Some(document) = shelf.current().and_then(|at| shelf.list.get(at)) {
        card((document, is_worked_on(base)), sight, card_area, area, cells);
    }
    caret
}

/// Where a document is in its source: of what is common to all nothing is told.
fn within<'a>(base: &Base, document: &'a Filed, common: usize) -> &'a str {
    let source = base.source(document.source).map(|source| source.origin.place());
    let inside = source.and_then(|place| document.uri.strip_prefix(&place)?.strip_prefix('/'));
    let inside = inside.unwrap_or(&document.uri);
    let rest = document.uri.get(common..).filter(|rest| !rest.is_empty());
    rest.filter(|rest| rest.len() < inside.len()).unwrap_or(inside)
}

/// How a document stands, in a word and in some; `runs` where the base is being worked on.
fn state(document: &Filed, runs: bool) -> (&'static str, &'static str, Role) {
    use DocumentState as D;
    if !runs && matches!(document.state, D::Pending | D::Starting | D::InProgress) {
        return ("waits", "waits for the next sync", Role::Warn);
    }
    let (word, role) = match document.state {
        D::Indexed => ("indexed", Role::Muted),
        D::PartiallyIndexed => ("in part", Role::Warn),
        D::Pending => ("pending", Role::Faint),
        D::Starting => ("starting", Role::Accent),
        D::InProgress => ("in progress", Role::Accent),
        D::MetadataUpdateFailed => ("no metadata", Role::Warn),
        D::Failed => ("failed", Role::Bad),
        D::Ignored => ("ignored", Role::Faint),
    };
    (word, word, role)
}

/// What is known of a document.
fn card((document, runs): (&Filed, bool), sight: &Sight<'_>, area: Rect, list: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let beside = area.x > list.x;
    let inside = parted(area, beside, look, cells);
    let mut about = vec![("where", document.uri.clone(), Role::Text)];
    let (_, words, role) = state(document, runs);
    about.push(("state", words.to_owned(), role));
    for note in &document.notes {
        about.push((
            "",
            by_name(note, &document.uri),
            if role == Role::Bad { Role::Bad } else { Role::Warn },
        ));
    }
    if !document.format.is_empty() {
        about.push(("read as", document.format.clone(), Role::Text));
    }
    let size = bytes(document.stamp.bytes);
    let passages = count(document.passages.into(), "passage", "passages");
    let tokens = count(document.tokens, "token", "tokens");
    about.push(("has", format!("{size} · {passages} · {tokens}"), Role::Text));
    let unread = matches!(document.state, DocumentState::Pending | DocumentState::Starting);
    let when = if unread && document.passages == 0 { "found" } else { "read" };
    about.push((when, sight.wall().ago(document.updated), Role::Muted));
    if document.metadata.is_some() {
        about.push(("metadata", "a metadata file lies beside it".to_owned(), Role::Muted));
    }
    facts(&about, look, inside, cells);
}
