//! The bases, the newest first, and what there is to know of the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{embeds, left_at, progress, standing};
use crate::domain::figures::{count, grouped};
use crate::domain::knowledge::base::{Base, Source};
use crate::domain::knowledge::rebuild::Rebuild;
use crate::domain::knowledge::store::StoreKind;
use crate::domain::knowledge::sync::{Statistics, Sync, SyncState};
use crate::domain::knowledge::vectors::{self, VectorSearch};
use crate::tui::action::Action;
use crate::tui::keymap::Context;
use crate::tui::look::Role;
use crate::tui::paint::{columns, first_parts, put, put_right, scrollbar, thumb, wrap};
use crate::tui::pane::Sight;
use crate::tui::pane::knowledge::sources::counted;
use crate::tui::pane::knowledge::{State, layout};
use crate::tui::rows::{all_fit, bar, facts, failed, ground, parted, right_of};
use crate::tui::widget::text::fit_middle;

pub(super) fn draw(state: &State, sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    if let Some(error) = &state.error {
        return failed(error, sight, body, cells);
    }
    if state.bases.is_empty() {
        if state.known {
            teach(sight, body, cells);
        }
        return;
    }
    let look = sight.look;
    let (area, below) = layout::bases(body);
    let right = right_of(body);
    // Columns from the right: how it stands, passages, documents.
    let wide = match body.width {
        0..80 => 22,
        80..110 => 32,
        _ => 44,
    };
    let stands = right.saturating_sub(wide);
    let passages = stands.saturating_sub(11);
    let documents = passages.saturating_sub(if body.width < 80 { 8 } else { 11 });
    let faint = look.style(Role::Faint);
    put(cells, body.x + 2, body.y, documents, "base", faint);
    let files = if body.width < 80 { "docs" } else { "documents" };
    put_right(cells, documents, body.y, passages.saturating_sub(1), files, faint);
    put_right(cells, passages, body.y, stands.saturating_sub(2), "passages", faint);
    let (words, style) = match state.carried {
        Some((done, of)) => {
            let share = done as f64 * 100.0 / of.max(1) as f64;
            let words = format!("● {share:.0} % of {}", count(of, "passage", "passages"));
            (words, look.style(Role::Accent))
        }
        None => ("state".to_owned(), faint),
    };
    put(cells, stands, body.y, right, &words, style);
    let sync = sight.key(Context::Bases, Action::SyncBase);
    for (y, at) in (area.top()..area.bottom()).zip(state.top..state.bases.len()) {
        let base = &state.bases[at];
        let row = Rect { y, height: 1, ..area };
        let (ground, name) = ground(at == state.selected, row, look, cells);
        let style = |role| ground.patch(look.style(role));
        let end = documents.saturating_sub(1);
        // Names of a kind begin alike: of one that is too long the end stays too.
        let shown = fit_middle(&base.name, end.saturating_sub(area.x + 2).into());
        put(cells, area.x + 2, y, end, &shown, name);
        let muted = style(Role::Muted);
        put_right(cells, documents, y, passages.saturating_sub(1), &grouped(base.holds.documents), muted);
        put_right(cells, passages, y, stands.saturating_sub(2), &grouped(base.holds.passages), muted);
        let (words, role) = standing(base, sight.wall(), Some(&sync));
        let words = first_parts(&words, right.saturating_sub(stands));
        put(cells, stands, y, right, words, style(role));
    }
    let bar = thumb(area.height, state.top, usize::from(area.height), state.bases.len());
    scrollbar(cells, area, bar, look.style(Role::Rule));
    if let Some(base) = state.current() {
        card(base, sight, below, cells);
    }
}

/// What is known of a base, then each of its sources.
fn card(base: &Base, sight: &Sight<'_>, area: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let below = parted(area, false, look, cells);
    let mut about = Vec::new();
    if let Some(description) = &base.description {
        about.push(("about", description.clone(), Role::Text));
    }
    let embeds = format!("{} · {}", base.embedder, vectors::words(base.dimensions, base.normalised));
    about.push(("embedder", embeds, Role::Text));
    if let Some(reranker) = &base.reranker {
        about.push(("reranker", reranker.words(), Role::Text));
    }
    if !base.answers.are_usual() {
        about.push(("answers", base.answers.words(), Role::Text));
    }
    let tokens = count(base.holds.tokens, "token", "tokens");
    about.push(("has", format!("{} · {tokens}", super::holds(base)), Role::Text));
    let (search, from) = (sight.options.vectors, vectors::from(base.dimensions.into()));
    let told = search != VectorSearch::BySize || search.by_lists(base.holds.passages, from);
    if told && base.store == StoreKind::Embedded {
        about.push(("vectors", search.words(base.holds.passages, from), Role::Text));
    }
    let mut stands = Vec::new();
    if let Some(rebuild) = &base.rebuild {
        stands.extend(of_rebuild(rebuild, sight));
    }
    for source in &base.sources {
        stands.extend(of_source(source, sight));
    }
    if base.sources.is_empty() {
        let key = sight.key(Context::Bases, Action::AddDocuments);
        stands.push(("source", format!("none yet: {key} adds one"), Role::Warn));
    }
    // Where there is no room for all, what goes on and what went wrong comes first.
    let all = [about.as_slice(), stands.as_slice()].concat();
    let all = if all_fit(&all, below) { all } else { [stands, about].concat() };
    let y = facts(&all, look, below, cells);
    let own = base.rebuild.iter().flat_map(|rebuild| &rebuild.sources);
    let running = own
        .chain(&base.sources)
        .filter_map(|source| source.last.as_ref())
        .find(|sync| sync.state.is_running());
    if let Some(share) = running.and_then(Sync::shown) {
        bar(share, y, look, below, cells);
    }
}

/// A rebuild: by whom it embeds, how far it is, what goes on with it.
fn of_rebuild(rebuild: &Rebuild, sight: &Sight<'_>) -> Vec<(&'static str, String, Role)> {
    let (standing, role) = super::of_rebuild(rebuild, sight.wall());
    let made = count(rebuild.holds.passages, "passage", "passages");
    let mut told = vec![("rebuild", format!("by {} · {made} · {standing}", rebuild.embedder), role)];
    if let Some(why) = rebuild.why.as_ref().filter(|_| !rebuild.is_running()) {
        let key = sight.key(Context::Bases, Action::RebuildBase);
        told.push(("", format!("{why} · {key} goes on with it; the base answers as it is"), Role::Warn));
    }
    told
}

/// A source: where it is, how it is cut, how its last sync went, what came to nothing.
fn of_source(source: &Source, sight: &Sight<'_>) -> Vec<(&'static str, String, Role)> {
    let mut told =
        vec![("source", format!("{} · cut {}", source.origin.place(), source.chunking), Role::Text)];
    let chosen = source.origin.chosen();
    if !chosen.is_empty() {
        told.push(("", chosen.join(" · "), Role::Text));
    }
    let by_itself = by_itself(source);
    if !by_itself.is_empty() {
        told.push(("", by_itself, Role::Text));
    }
    let Some(sync) = &source.last else {
        told.push(("", "not synced yet".to_owned(), Role::Warn));
        return told;
    };
    let (words, role) = went(sync, sight);
    told.push(("", words, role));
    if let Some(embeds) = embeds(sync) {
        told.push(("", format!("embeds {embeds}"), Role::Text));
    }
    if let Some(why) = &sync.why {
        told.push(("", why.clone(), Role::Warn));
    }
    // Where the source is stands above.
    let folder = format!("{}/", source.origin.place().trim_end_matches('/'));
    for failure in sync.failures.iter().take(5) {
        let within = failure.uri.strip_prefix(&folder).unwrap_or(&failure.uri);
        told.push(("", format!("✗ {}", failure.why.replace(&failure.uri, within)), Role::Bad));
    }
    if let Some(more) = sync.faulty().checked_sub(5).filter(|more| *more > 0) {
        told.push(("", format!("and {} more: the documents say which", grouped(more)), Role::Muted));
    }
    told
}

/// When a source is looked through by itself; empty where it is not.
fn by_itself(source: &Source) -> String {
    let times = source.schedule.as_ref().map(|schedule| format!("looked through at {}", schedule.cron));
    let changes = source.watch.then(|| match times {
        Some(_) => "when its files change".to_owned(),
        None => "looked through when its files change".to_owned(),
    });
    times.into_iter().chain(changes).collect::<Vec<_>>().join(", and ")
}

/// How a sync goes or went. What became of its files stands once it is over: until then they are counted of all that is due.
fn went(sync: &Sync, sight: &Sight<'_>) -> (String, Role) {
    let statistics = &sync.statistics;
    let mut words = match sync.state {
        state if state.is_running() => progress(sync, sight.wall()),
        SyncState::Stopped => left_at(sync, Some(&sight.key(Context::Bases, Action::SyncBase))),
        SyncState::Complete => format!("synced {}", sight.wall().ago(sync.updated)),
        state => state.as_str().to_lowercase().replace('_', " "),
    };
    let Statistics { failed, passages, tokens, windowed, refused, partial, known, bytes, .. } = *statistics;
    let made = Statistics {
        failed,
        passages,
        tokens,
        windowed,
        refused,
        partial,
        known,
        bytes,
        ..Statistics::default()
    };
    let over = matches!(sync.state, SyncState::Complete | SyncState::Failed);
    for part in counted(if over { statistics } else { &made }) {
        words.push_str(" · ");
        words.push_str(&part);
    }
    let role = match sync.state {
        SyncState::Failed => Role::Bad,
        SyncState::Stopped | SyncState::Stopping => Role::Warn,
        _ if sync.faulty() > 0 => Role::Warn,
        _ => Role::Muted,
    };
    (words, role)
}

/// What the place is for.
fn teach(sight: &Sight<'_>, body: Rect, cells: &mut Buffer) {
    let look = sight.look;
    let words = "Documents that models answer from: a folder or a file is read, cut into passages and embedded on this \
                 machine. A question finds the passages that fit; a model answers from them and says which. Nothing is \
                 here yet.";
    let mut y = body.y + 2;
    for line in wrap(words, body.width.saturating_sub(4).min(90)) {
        put(cells, body.x + 2, y, body.right(), &line, look.style(Role::Text));
        y += 1;
    }
    y += 1;
    let keys = [
        (
            Action::NewBase,
            "makes the first one, of a folder with text, Markdown, HTML, PDF, Word, Excel, CSV or source code",
        ),
        (Action::ImportBase, "makes one of a file that a base was written to"),
    ];
    for (action, does) in keys {
        let key = sight.key(Context::Bases, action);
        put(cells, body.x + 4, y, body.right(), &key, look.style(Role::Accent));
        let wide = columns(&key);
        for line in wrap(does, body.width.saturating_sub(wide + 8).min(90)) {
            put(cells, body.x + 6 + wide, y, body.right(), &line, look.style(Role::Text));
            y += 1;
        }
    }
    y += 1;
    put(cells, body.x + 2, y, body.right(), "Without the screen:", look.style(Role::Muted));
    for command in ["outcrop kb create docs --from DIR", "outcrop kb ask docs 'how are refunds handled?'"] {
        y += 1;
        put(cells, body.x + 4, y, body.right(), command, look.style(Role::Muted));
    }
}
