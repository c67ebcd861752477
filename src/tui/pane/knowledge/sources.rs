//! The sources of a base, each with its syncs under it: how each went, and when the next one begins by itself.

use super::view::{embeds, progress};
use super::{Page, State, Wait, is_worked_on, layout};
use crate::domain::Error;
use crate::domain::figures::{bytes, count, grouped, span};
use crate::domain::id::{BaseId, SourceId, SyncId};
use crate::domain::knowledge::base::{Base, Source};
use crate::domain::knowledge::sync::{Statistics, Sync, SyncRun, SyncState};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::look::Role;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;
use crate::tui::overlay::reading::{Line, Reading};
use crate::tui::rows::{followed, stepped};
use crate::tui::when;
use crate::workbench::Request;
use crate::workbench::request::knowledge::Knowledge;

/// The list as far as it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sources {
    /// The syncs that are remembered, as they were told.
    pub runs: Vec<SyncRun>,
    pub error: Option<Error>,
    pub selected: usize,
    pub top: usize,
}

/// A row of the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Row<'a> {
    Source(&'a Source),
    /// One of its syncs.
    Run(&'a Source, &'a Sync),
}

/// What a row is of, wherever it stands.
type Known = (SourceId, Option<SyncId>);

impl Row<'_> {
    fn known(&self) -> Known {
        match self {
            Self::Source(source) => (source.id, None),
            Self::Run(source, sync) => (source.id, Some(sync.id)),
        }
    }
}

impl Sources {
    /// Each source, then its syncs, the newest first.
    pub fn rows<'a>(&'a self, base: &'a Base) -> Vec<Row<'a>> {
        let runs = base.runs(&self.runs);
        let mut rows = Vec::with_capacity(base.sources.len() + runs.len());
        for source in &base.sources {
            rows.push(Row::Source(source));
            let own = runs.iter().filter(|(id, _)| *id == source.id);
            rows.extend(own.map(|&(_, sync)| Row::Run(source, sync)));
        }
        rows
    }

    /// What keys act on.
    fn chosen(&self, base: &Base) -> Option<Known> {
        self.rows(base).get(self.selected).map(Row::known)
    }
}

impl State {
    /// Shows the sources, and reads their syncs anew.
    pub(super) fn show_sources(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        open.page = Page::Sources;
        self.read_runs(desk);
    }

    fn read_runs(&mut self, desk: &mut Desk<'_>) {
        let Some(id) = self.open.as_ref().map(|open| open.id) else { return };
        let task = desk.call(Some(Lane("runs")), Request::Knowledge(Knowledge::Runs { id }));
        self.instead(|wait| matches!(wait, Wait::Runs(_)));
        self.wait(task, Wait::Runs(id));
    }

    /// The syncs of a base have come.
    pub(super) fn take_runs(&mut self, id: BaseId, runs: Vec<SyncRun>, desk: &Desk<'_>) {
        let chosen = self.opened().and_then(|(open, base)| open.sources.chosen(base));
        let Some(open) = self.open.as_mut().filter(|open| open.id == id) else { return };
        (open.sources.runs, open.sources.error) = (runs, None);
        self.stay_on(chosen, desk);
    }

    /// Rows have come or gone: the one that keys act on is the same still, or that of its source.
    fn stay_on(&mut self, chosen: Option<Known>, desk: &Desk<'_>) {
        let Some((open, base)) = self.opened() else { return };
        let rows = open.sources.rows(base);
        let place = |known: Known| rows.iter().position(|row| row.known() == known);
        let at = chosen.and_then(|(source, sync)| place((source, sync)).or_else(|| place((source, None))));
        let at = at.unwrap_or(open.sources.selected);
        self.select_row(at, desk);
    }

    /// A base is another one than it was: what is listed of it follows.
    pub(super) fn sources_grown(&mut self, before: Option<&Base>, desk: &mut Desk<'_>) {
        let Some((open, base)) = self.opened() else { return };
        let Some(before) = before.filter(|before| before.id == base.id && open.page == Page::Sources) else {
            return;
        };
        let last = |base: &Base| -> Vec<_> {
            base.sources.iter().map(|source| (source.id, source.last.as_ref().map(|last| last.id))).collect()
        };
        let (others, chosen) = (last(before) != last(base), open.sources.chosen(before));
        if others {
            self.read_runs(desk);
        }
        self.stay_on(chosen, desk);
    }

    fn select_row(&mut self, at: usize, desk: &Desk<'_>) {
        let page = usize::from(layout::listed(desk.area).0.height).max(1);
        let Some((open, base)) = self.opened() else { return };
        let at = at.min(open.sources.rows(base).len().saturating_sub(1));
        if let Some(open) = &mut self.open {
            open.sources.selected = at;
            open.sources.top = followed(open.sources.top, at, page);
        }
    }

    /// The row of the list at that place of the screen is selected, if there is one.
    pub(super) fn row_pressed(&mut self, row: u16, desk: &Desk<'_>) {
        let Some((open, base)) = self.opened() else { return };
        let at = open.sources.top + usize::from(row.saturating_sub(layout::listed(desk.area).0.y));
        if at < open.sources.rows(base).len() {
            self.select_row(at, desk);
        }
    }

    /// The source that keys act on, and the sync where the row is one's.
    fn picked(&self) -> Option<(Source, Option<Sync>)> {
        let (open, base) = self.opened()?;
        Some(match *open.sources.rows(base).get(open.sources.selected)? {
            Row::Source(source) => (source.clone(), None),
            Row::Run(source, sync) => (source.clone(), Some(sync.clone())),
        })
    }

    pub(super) fn can_among_sources(&self, action: Action) -> bool {
        use Action as A;
        let Some((open, base)) = self.opened() else { return false };
        let rows = open.sources.rows(base).len();
        match action {
            A::AddDocuments | A::Help => true,
            A::Open | A::ChangeSource | A::SyncBase | A::Delete => rows > 0,
            action => stepped(action, 0, 1, 1).is_some() && rows > 1,
        }
    }

    pub(super) fn among_sources(&mut self, action: Action, desk: &mut Desk<'_>) {
        let page = usize::from(layout::listed(desk.area).0.height).max(1);
        let Some((open, base)) = self.opened() else { return };
        let (id, busy, rows) = (base.id, is_worked_on(base), open.sources.rows(base).len());
        if let Some(to) = stepped(action, open.sources.selected, page, rows) {
            return self.select_row(to, desk);
        }
        match (action, self.picked()) {
            (Action::AddDocuments, _) => self.write_source(id, None, desk),
            (Action::Open, Some((source, Some(sync)))) => {
                let wall = desk.wall();
                desk.overlays.push(Overlay::Reading(Box::new(reading(&source, &sync, wall))));
            }
            (Action::Open | Action::ChangeSource, Some((source, _))) => {
                self.write_source(id, Some(&source), desk);
            }
            (Action::SyncBase, Some(_)) if busy => self.do_it(Knowledge::Pause { id }, desk),
            (Action::SyncBase, Some((source, _))) => self.sync(id, Some(source.id), desk),
            (Action::Delete, Some((source, _))) => {
                if let Some((_, base)) = self.opened() {
                    desk.overlays.push(Overlay::Confirm(Confirm::remove_source(base, &source)));
                }
            }
            _ => {}
        }
    }
}

/// How a sync stands, in few words.
pub(super) fn stands(sync: &Sync) -> (String, Role) {
    let failed = sync.statistics.failed;
    match sync.state {
        SyncState::Starting => ("starting".to_owned(), Role::Accent),
        SyncState::InProgress => {
            let what = if sync.sorting.is_some() { "lists " } else { "" };
            let share = sync.shown().map(|share| format!("{what}{:.0} %", share * 100.0));
            (share.unwrap_or_else(|| "in progress".to_owned()), Role::Accent)
        }
        SyncState::Complete if failed > 0 => (format!("{} failed", grouped(failed)), Role::Warn),
        SyncState::Complete if sync.statistics.partial > 0 => {
            (format!("{} in part", grouped(sync.statistics.partial)), Role::Warn)
        }
        SyncState::Complete => ("complete".to_owned(), Role::Muted),
        SyncState::Failed => ("failed".to_owned(), Role::Bad),
        SyncState::Stopping => ("stopping".to_owned(), Role::Warn),
        SyncState::Stopped => ("stopped".to_owned(), Role::Warn),
    }
}

/// What a sync counts, in words; what there is nothing of is left out.
pub(super) fn counted(statistics: &Statistics) -> Vec<String> {
    let counts = [
        (statistics.metadata_scanned, "with metadata"),
        (statistics.new, "new"),
        (statistics.modified, "changed"),
        (statistics.metadata_modified, "told of anew"),
        (statistics.moved, "moved"),
        (statistics.deleted, "gone"),
        (statistics.unchanged, "as they were"),
        (statistics.elsewhere, "that another source has"),
        (statistics.skipped, "skipped"),
        (statistics.failed, "failed"),
        (statistics.partial, "in part"),
    ];
    let some = |(many, what): (u64, &str)| (many > 0).then(|| format!("{} {what}", grouped(many)));
    let mut words: Vec<String> = counts.into_iter().filter_map(some).collect();
    if statistics.passages > 0 {
        let passages = count(statistics.passages, "passage", "passages");
        let tokens = count(statistics.tokens, "token", "tokens");
        words.push(format!("{passages}, {tokens} from {}", bytes(statistics.bytes)));
    }
    if statistics.refused > 0 {
        words.push(format!("{} refused by the model", count(statistics.refused, "passage", "passages")));
    }
    let of_them = [
        (statistics.known, "of them embedded before"),
        (statistics.windowed, "of them longer than the model reads at once"),
    ];
    words.extend(of_them.into_iter().filter_map(some));
    words
}

/// What is known of a sync, then each file that failed.
pub(super) fn facts(sync: &Sync, wall: when::Now) -> Vec<(&'static str, String, Role)> {
    let (state, role) = stands(sync);
    let state = match sync.state {
        SyncState::Complete => "complete".to_owned(),
        state if state.is_running() => progress(sync, wall),
        _ => state,
    };
    let mut told = vec![("state", state, role)];
    if let Some(started) = sync.started {
        told.push(("started", started.as_str().to_owned(), Role::Text));
    }
    let (began, took) = (wall.clock(sync.began), span(sync.took()));
    told.push(("began", format!("{began} · took {took}"), Role::Text));
    if let Some(before) = &sync.resumes {
        let from = format!("from {}, which was stopped", before.short());
        told.push(("goes on", from, Role::Text));
    }
    if let Some(why) = &sync.why {
        told.push(("why", why.clone(), role));
    }
    let looked = count(sync.statistics.scanned, "file", "files");
    let counts = std::iter::once(format!("{looked} looked at")).chain(counted(&sync.statistics));
    told.push(("counts", counts.collect::<Vec<_>>().join(" · "), Role::Text));
    if let Some(embeds) = embeds(sync) {
        told.push(("embeds", embeds, Role::Text));
    }
    for failure in &sync.failures {
        let named =
            if failure.why.contains(&failure.uri) { String::new() } else { format!("{}: ", failure.uri) };
        told.push(("", format!("✗ {named}{}", failure.why), Role::Bad));
    }
    let more = sync.faulty().saturating_sub(sync.failures.len() as u64);
    if more > 0 {
        told.push(("", format!("✗ and {} more", grouped(more)), Role::Bad));
    }
    told
}

/// All of that, to be read.
fn reading(source: &Source, sync: &Sync, wall: when::Now) -> Reading {
    let mut lines = vec![Line::strong(&source.origin.place())];
    lines.extend(facts(sync, wall).into_iter().map(|(name, words, role)| {
        if name.is_empty() {
            Line::of(&words, role)
        } else {
            Line::term(&format!("{name:<9}"), &words).inked(role)
        }
    }));
    Reading::new(&format!("The sync {}", sync.id.short()), lines)
}
