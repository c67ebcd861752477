//! One run that is looked into: which of its spans have a line, which one is chosen, what time is shown.

use std::collections::HashMap;

use super::card::Card;
use super::finding::Find;
use super::transcript::Transcript;
use crate::domain::Error;
use crate::domain::time::Timestamp;
use crate::domain::trace::lint::Finding;
use crate::domain::trace::replay::Replay;
use crate::domain::trace::{Note, Packed, Row, Run, Source, TraceId};
use crate::tui::rows::followed;
use crate::tui::trace::{Shared, Target};

/// A run that is looked into.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Open {
    pub run: Run,
    /// Its spans, once they are here.
    pub laid: Option<Shared>,
    pub reading: Reading,
    /// It has grown since its spans were asked for.
    pub stale: bool,
    /// Why its spans cannot be read.
    pub error: Option<Error>,
    /// What cannot be read of it.
    pub damaged: Vec<String>,
    /// What looks wrong in it, what was said in it read as well; `None` as long as its rows alone tell that.
    pub wrong: Option<Vec<Finding>>,
    /// What people noted on it.
    pub notes: Vec<Note>,
    /// What was asked again of it, of each span the oldest first.
    pub replays: Vec<Replay>,
    /// Reading that failed.
    pub replays_unread: bool,
    /// For each row whether what is below it has no lines.
    folded: Vec<bool>,
    /// How many are.
    folds: usize,
    /// The rows that have a line; `None` where all have one.
    lines: Option<Vec<u32>>,
    /// The row that is chosen, and its line.
    selected: u32,
    pub at: usize,
    pub top: usize,
    /// The time that is shown, in nanoseconds since the Unix epoch; `None` for all of it.
    pub zoom: Option<(u64, u64)>,
    pub find: Find,
    /// How many of the slowest were gone through.
    pub slow: usize,
    pub focus: Focus,
    /// What is known of the chosen row.
    pub card: Option<Card>,
    /// The run as a conversation, where that is read.
    pub talk: Option<Transcript>,
}

/// How far its spans are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Reading {
    #[default]
    Idle,
    /// They are coming.
    Rows(Vec<Packed>),
    /// They are being laid out under that number.
    LaidOut(u64),
}

/// Where keys go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Focus {
    #[default]
    Spans,
    /// What is read beside them, or in their place.
    Text,
}

impl Open {
    pub fn new(run: Run) -> Self {
        Self {
            run,
            laid: None,
            reading: Reading::Idle,
            stale: false,
            error: None,
            damaged: Vec::new(),
            wrong: None,
            notes: Vec::new(),
            replays: Vec::new(),
            replays_unread: false,
            folded: Vec::new(),
            folds: 0,
            lines: None,
            selected: 0,
            at: 0,
            top: 0,
            zoom: None,
            find: Find::default(),
            slow: 0,
            focus: Focus::default(),
            card: None,
            talk: None,
        }
    }

    pub fn id(&self) -> TraceId {
        self.run.id
    }

    /// The rows that have a line, in order.
    pub fn lines(&self) -> &[u32] {
        match (&self.lines, &self.laid) {
            (Some(lines), _) => lines,
            (None, Some(laid)) => laid.tree.order(),
            (None, None) => &[],
        }
    }

    /// The row that is chosen.
    pub fn current(&self) -> Option<u32> {
        self.lines().get(self.at).copied()
    }

    /// What looks wrong in it, as far as is known.
    pub fn findings(&self) -> &[Finding] {
        let told = self.laid.as_ref().map_or(&[][..], |laid| &laid.findings);
        self.wrong.as_deref().unwrap_or(told)
    }

    /// How much looks wrong in it: what failed, and what was found.
    pub fn wrongs(&self) -> usize {
        self.findings().len() + self.laid.as_ref().map_or(0, |laid| laid.causes.len())
    }

    /// The row that keys act on: of the spans, or of the steps of the conversation.
    pub fn chosen(&self) -> Option<u32> {
        match &self.talk {
            Some(talk) => talk.row(),
            None => self.current(),
        }
    }

    /// What came when the model of a row was asked again, the oldest first.
    pub fn replays_of(&self, row: u32) -> impl Iterator<Item = &Replay> {
        let span = self.laid.as_ref().and_then(|laid| laid.key(row));
        self.replays.iter().filter(move |replay| Some(replay.of.span) == span)
    }

    /// The span of a row, as it is now.
    pub fn target(&self, row: u32) -> Option<Target> {
        let laid = self.laid.as_ref()?;
        let model = laid.outline.names.get(laid.row(row)?.model).to_owned();
        let (span, name) = (laid.key(row), laid.name(row).to_owned());
        Some(Target { id: self.id(), row: Some(row), span, name, model })
    }

    pub fn is_folded(&self, row: u32) -> bool {
        self.folded.get(row as usize).copied().unwrap_or(false)
    }

    /// It is one of this program that goes on: it is known to be over as soon as it is.
    pub fn goes_on(&self) -> bool {
        self.run.source == Source::Own && self.run.runs()
    }

    /// Up to which moment what runs in it has run, in nanoseconds since the Unix epoch: now, where the run is one that goes on. Of
    /// any other's clock nothing is known here: it has run up to the last moment that is told of it.
    pub fn until(&self, now: Timestamp) -> Option<u64> {
        let now = u64::try_from(now.0).unwrap_or(0).saturating_mul(1_000_000);
        self.goes_on().then_some(now)
    }

    /// The first start and the last end, where what runs goes on until then.
    pub fn whole_time(&self, until: Option<u64>) -> (u64, u64) {
        let (first, last) = self.laid.as_ref().map(|laid| laid.time()).unwrap_or_default();
        (first, until.map_or(last, |until| until.max(last)))
    }

    /// When a row is shown to start and to end, in the same way.
    pub fn shown(laid: &Shared, row: u32, until: Option<u64>) -> (u64, u64) {
        let (start, end) = laid.tree.shown(row);
        let until = until.filter(|_| laid.row(row).is_some_and(Row::is_running));
        (start, until.map_or(end, |until| until.max(end)))
    }

    /// Nanoseconds of a row's own, in the same way: what has gone by since the last that is told is that of what it runs for.
    pub fn own(laid: &Shared, row: u32, until: Option<u64>) -> u64 {
        let runs = |row: &u32| laid.row(*row).is_some_and(Row::is_running);
        let since = Self::shown(laid, row, until).1 - laid.tree.shown(row).1;
        let waits = since > 0 && laid.tree.children(row).iter().rev().any(runs);
        laid.own(row) + if waits { 0 } else { since }
    }

    /// Its spans have come, for the first time or anew: what was chosen and folded stays so, and whoever was at the end stays
    /// there. Whether rows have other numbers than before.
    pub fn lay(&mut self, laid: Shared, page: usize) -> bool {
        let more = self.laid.as_ref().is_none_or(|before| before.len() != laid.len());
        // Nobody is led on by a span that has ended: that stands where it stood.
        let follows = more && self.at > 0 && self.at + 1 == self.lines().len();
        let before = self.laid.clone();
        let first = before.is_none();
        let moved = before.filter(|before| !goes_on(before, &laid));
        if let Some(before) = &moved {
            self.renumber(before, &laid);
        }
        self.folded.resize(laid.len(), false);
        let order = laid.tree.order();
        let chosen = if first { order.first() } else { order.last().filter(|_| follows) };
        if let Some(row) = chosen {
            self.selected = *row;
        }
        if let Some(talk) = &mut self.talk {
            talk.renew(&laid.steps);
        }
        self.laid = Some(laid);
        self.refold(page);
        moved.is_some()
    }

    /// Some were swept away, or one has come that began before others: whatever was known of a row is known of it by its id.
    fn renumber(&mut self, before: &Shared, now: &Shared) {
        let mut rows = HashMap::with_capacity(now.len());
        for (at, row) in (0u32..).zip(&now.outline.rows) {
            rows.entry(row.id).or_insert(at);
        }
        let place = |row: u32| rows.get(&before.row(row)?.id).copied();
        let folded: Vec<u32> = (0u32..)
            .zip(&self.folded)
            .filter(|(_, folds)| **folds)
            .filter_map(|(row, _)| place(row))
            .collect();
        self.folded = vec![false; now.len()];
        self.folds = 0;
        for row in folded {
            self.set_folded(row, true);
        }
        self.find.renumber(place);
        self.selected = place(self.selected).unwrap_or(0);
        if let Some(talk) = &mut self.talk {
            talk.renumber(place);
        }
        self.card = None;
    }

    /// Makes the lines anew; the chosen row stays in sight, or the one in which it is folded away.
    fn refold(&mut self, page: usize) {
        let Some(laid) = &self.laid else { return };
        self.lines = (self.folds > 0).then(|| {
            let (order, mut lines, mut at) = (laid.tree.order(), Vec::new(), 0);
            while let Some(row) = order.get(at) {
                lines.push(*row);
                at += if self.is_folded(*row) { laid.tree.subtree(*row).len().max(1) } else { 1 };
            }
            lines
        });
        self.at = self.line_of(self.selected);
        self.step(self.at, page);
    }

    /// The line of a row, or of the one in which it is folded away.
    fn line_of(&self, row: u32) -> usize {
        let Some(laid) = &self.laid else { return 0 };
        let place = laid.tree.place(row);
        match &self.lines {
            None => place,
            Some(lines) => lines.partition_point(|line| laid.tree.place(*line) <= place).saturating_sub(1),
        }
    }

    /// Chooses a line.
    pub fn step(&mut self, to: usize, page: usize) {
        let last = self.lines().len().saturating_sub(1);
        self.at = to.min(last);
        if let Some(row) = self.current() {
            self.selected = row;
        }
        self.top = followed(self.top, self.at, page).min((last + 1).saturating_sub(page.max(1)));
    }

    /// Chooses a row, wherever it is folded away.
    pub fn go(&mut self, row: u32, page: usize) {
        let Some(laid) = self.laid.clone() else { return };
        self.selected = row;
        let mut above = laid.tree.parent(row);
        let before = self.folds;
        while let Some(parent) = above {
            self.set_folded(parent, false);
            above = laid.tree.parent(parent);
        }
        if self.folds != before {
            self.refold(page);
        }
        self.step(self.line_of(row), page);
    }

    /// The same for a row that was looked for: where there is room, a line is in sight before it and one behind it.
    fn go_into_sight(&mut self, row: u32, page: usize) {
        self.go(row, page);
        let all = self.lines().len();
        if page > 2 {
            let (first, last) = ((self.at + 2).saturating_sub(page), self.at.saturating_sub(1));
            self.top = self.top.clamp(first, last).min(all.saturating_sub(page));
        }
    }

    fn set_folded(&mut self, row: u32, folds: bool) {
        let Some(folded) = self.folded.get_mut(row as usize).filter(|folded| **folded != folds) else {
            return;
        };
        *folded = folds;
        self.folds = if folds { self.folds + 1 } else { self.folds - 1 };
    }

    fn unfold_all(&mut self) {
        self.folded.fill(false);
        self.folds = 0;
    }

    /// Folds the chosen row; where there is nothing to fold, goes to the one that it is part of.
    pub fn fold(&mut self, page: usize) {
        let (Some(laid), Some(row)) = (self.laid.clone(), self.current()) else { return };
        if !laid.tree.children(row).is_empty() && !self.is_folded(row) {
            self.set_folded(row, true);
            self.refold(page);
        } else if let Some(parent) = laid.tree.parent(row) {
            self.go(parent, page);
        }
    }

    /// Unfolds the chosen row; where that is unfolded, goes to its first part.
    pub fn unfold(&mut self, page: usize) {
        let (Some(laid), Some(row)) = (self.laid.clone(), self.current()) else { return };
        if self.is_folded(row) {
            self.set_folded(row, false);
            self.refold(page);
        } else if let Some(child) = laid.tree.children(row).first() {
            self.go(*child, page);
        }
    }

    /// Folds whatever is below the first parts of each root.
    pub fn fold_to_first(&mut self, page: usize) {
        let Some(laid) = self.laid.clone() else { return };
        for part in laid.tree.roots().iter().flat_map(|root| laid.tree.children(*root)) {
            if !laid.tree.children(*part).is_empty() {
                self.set_folded(*part, true);
            }
        }
        self.refold(page);
    }

    pub fn unfold_to_last(&mut self, page: usize) {
        self.unfold_all();
        self.refold(page);
    }

    /// The time of the chosen row, where it is a part of all of it and what runs goes on until then.
    pub fn part(&self, until: Option<u64>) -> Option<(u64, u64)> {
        let shown = Self::shown(self.laid.as_ref()?, self.current()?, until);
        (shown.0 < shown.1 && shown != self.whole_time(until)).then_some(shown)
    }

    /// Whether there is such a time; one that runs in a run that goes on has one.
    pub fn is_part(&self) -> bool {
        self.part(self.goes_on().then_some(u64::MAX)).is_some()
    }

    /// The chosen row's time alone, or all of it again.
    pub fn zoom_to_row(&mut self, until: Option<u64>) {
        // What runs has gone on since.
        let is_shown = |(from, to): &(u64, u64)| {
            self.zoom
                .is_some_and(|zoom| zoom.0 == *from && (zoom.1 == *to || Some(*to) == until && zoom.1 < *to))
        };
        self.zoom = self.part(until).filter(|part| !is_shown(part));
    }

    /// Half of the time that is shown, around the middle of the chosen row, or twice as much.
    pub fn zoom(&mut self, closer: bool, until: Option<u64>) {
        let (Some(laid), Some(row)) = (&self.laid, self.current()) else { return };
        let (first, last) = self.whole_time(until);
        let (from, to) = self.zoom.unwrap_or((first, last));
        let (start, end) = Self::shown(laid, row, until);
        let wide = to.saturating_sub(from);
        let wide = if closer { (wide / 2).max(1000) } else { wide.saturating_mul(2) };
        if wide >= last.saturating_sub(first) {
            self.zoom = None;
            return;
        }
        let middle = start + (end - start) / 2;
        let from = middle.saturating_sub(wide / 2).clamp(first, last - wide);
        self.zoom = Some((from, from + wide));
    }

    /// The next row that passes, or the one before, going round.
    pub fn seek(&mut self, forward: bool, page: usize, passes: impl Fn(&Shared, u32) -> bool) -> bool {
        let (Some(laid), Some(row)) = (self.laid.clone(), self.current()) else { return false };
        let found = if forward {
            laid.tree.next(row, |row| passes(&laid, row))
        } else {
            laid.tree.previous(row, |row| passes(&laid, row))
        };
        if let Some(row) = found {
            self.go_into_sight(row, page);
        }
        found.is_some()
    }

    /// The row that took the most of its own, then the next one.
    pub fn seek_slow(&mut self, page: usize) {
        let Some(laid) = self.laid.clone() else { return };
        let slow = laid.slow();
        // Whoever went elsewhere meanwhile begins anew.
        let at = match self.slow.checked_sub(1).and_then(|last| slow.get(last)) {
            Some(last) if Some(*last) == self.current() && self.slow < slow.len() => self.slow,
            _ => 0,
        };
        if let Some(row) = slow.get(at) {
            self.go_into_sight(*row, page);
            self.slow = at + 1;
        }
    }
}

/// Whether the rows of before are the first ones of now.
fn goes_on(before: &Shared, now: &Shared) -> bool {
    let mut both = before.outline.rows.iter().zip(&now.outline.rows);
    before.len() <= now.len() && both.all(|(one, other)| one.id == other.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trace::{Facts, Outline, Source, SpanKey, TraceSpan};
    use crate::tui::trace::Trace;

    fn outline(spans: &[(u64, u64, u64, u64)]) -> Outline {
        let mut outline = Outline::default();
        for (id, parent, start, end) in spans {
            let span = TraceSpan {
                id: SpanKey(*id),
                parent: (*parent > 0).then_some(SpanKey(*parent)),
                name: format!("s{id}"),
                start: *start,
                end: *end,
                ..TraceSpan::default()
            };
            outline.add(&span, &Facts::default(), |_| None);
        }
        outline
    }

    fn opened(spans: &[(u64, u64, u64, u64)]) -> Open {
        let outline = outline(spans);
        let mut open = Open::new(Run::of(TraceId([1; 16]), Source::Received, &outline));
        open.lay(Trace::of(&[Packed::of(&outline, 0..spans.len())]).unwrap(), 10);
        open
    }

    const SPANS: [(u64, u64, u64, u64); 5] = [
        (1, 0, 1_000, 101_000),
        (2, 1, 11_000, 61_000),
        (3, 2, 12_000, 13_000),
        (4, 1, 61_000, 91_000),
        (5, 4, 62_000, 63_000),
    ];

    #[test]
    fn the_end_of_a_call_moves_nobody_who_stands_on_it() {
        // Of two that began at once the one that takes longer stands first.
        let running = [(1, 0, 1_000, 0), (2, 1, 2_000, 0), (3, 1, 2_000, 0)];
        let mut open = opened(&running);
        open.step(2, 10);
        assert_eq!((open.lines(), open.current()), (&[0, 1, 2][..], Some(2)));
        let ended = outline(&[(1, 0, 1_000, 0), (2, 1, 2_000, 0), (3, 1, 2_000, 9_000)]);
        assert!(!open.lay(Trace::of(&[Packed::of(&ended, 0..3)]).unwrap(), 10));
        assert_eq!((open.lines(), open.current()), (&[0, 2, 1][..], Some(2)));
        // Something new leads on who stands at the end.
        open.step(2, 10);
        let more = outline(&[(1, 0, 1_000, 0), (2, 1, 2_000, 0), (3, 1, 2_000, 9_000), (4, 1, 9_000, 0)]);
        open.lay(Trace::of(&[Packed::of(&more, 0..4)]).unwrap(), 10);
        assert_eq!(open.current(), Some(3));
    }

    #[test]
    fn what_runs_in_a_run_of_this_program_has_run_until_now() {
        const MS: u64 = 1_000_000;
        let spans = [(1, 0, 1_000 * MS, 0), (2, 1, 1_500 * MS, 2_000 * MS), (3, 1, 2_500 * MS, 0)];
        let mut open = opened(&spans);
        let now = Timestamp(4_000);
        assert_eq!((open.until(now), open.whole_time(None)), (None, (1_000 * MS, 2_500 * MS)));
        open.run.source = Source::Own;
        let until = open.until(now);
        assert_eq!(open.whole_time(until), (1_000 * MS, 4_000 * MS));
        let laid = open.laid.clone().unwrap();
        let shown = [0, 1, 2].map(|row| Open::shown(&laid, row, until));
        assert_eq!(
            shown,
            [(1_000, 4_000), (1_500, 2_000), (2_500, 4_000)].map(|(from, to)| (from * MS, to * MS))
        );
        // The call runs for the whole, which waits for it.
        assert_eq!([0, 1, 2].map(|row| Open::own(&laid, row, until) / MS), [1_000, 500, 1_500]);
        open.run.running = 0;
        assert_eq!(open.until(now), None);
    }

    #[test]
    fn what_is_folded_has_no_lines_and_whoever_looks_for_it_unfolds_it() {
        let mut open = opened(&SPANS);
        assert_eq!((open.lines(), open.current()), (&[0, 1, 2, 3, 4][..], Some(0)));
        open.fold_to_first(10);
        assert_eq!(open.lines(), [0, 1, 3]);
        open.step(1, 10);
        open.unfold(10);
        assert_eq!(open.lines(), [0, 1, 2, 3]);
        open.unfold(10);
        assert_eq!(open.current(), Some(2));
        open.fold(10);
        open.fold(10);
        assert_eq!((open.lines(), open.current()), (&[0, 1, 3][..], Some(1)));
        open.go(4, 10);
        assert_eq!((open.lines(), open.current()), (&[0, 1, 3, 4][..], Some(4)));
        open.unfold_to_last(10);
        assert_eq!((open.lines().len(), open.current()), (5, Some(4)));
    }

    #[test]
    fn a_run_that_grows_keeps_what_was_chosen_and_whoever_is_at_its_end_stays_there() {
        let mut open = opened(&SPANS[..4]);
        open.step(2, 10);
        let grown = || Trace::of(&[Packed::of(&outline(&SPANS), 0..5)]).unwrap();
        open.lay(grown(), 10);
        assert_eq!((open.current(), open.lines().len()), (Some(2), 5));
        let mut open = opened(&SPANS[..4]);
        open.step(3, 10);
        open.lay(grown(), 10);
        assert_eq!(open.current(), Some(4));
    }

    #[test]
    fn whatever_is_known_of_a_row_is_known_of_it_though_another_comes_before_it() {
        let mut open = opened(&[SPANS[0], SPANS[3], SPANS[4], SPANS[2]]);
        // The third and the fifth stand under the first and the fourth.
        open.go(1, 10);
        open.fold(10);
        assert_eq!(open.target(1).map(|target| target.name), Some("s4".to_owned()));
        let grown = [SPANS[0], SPANS[1], SPANS[3], SPANS[4], SPANS[2]];
        let outline = outline(&grown);
        assert!(open.lay(Trace::of(&[Packed::of(&outline, 0..5)]).unwrap(), 10));
        let chosen = open.current().and_then(|row| open.target(row));
        assert_eq!(chosen.map(|target| (target.row, target.name)), Some((Some(2), "s4".to_owned())));
        assert!(open.is_folded(2) && !open.is_folded(1));
        assert!(!open.lay(Trace::of(&[Packed::of(&outline, 0..5)]).unwrap(), 10));
    }

    #[test]
    fn time_is_shown_of_a_row_of_half_and_of_all() {
        let mut open = opened(&SPANS);
        open.go(1, 10);
        open.zoom_to_row(None);
        assert_eq!(open.zoom, Some((11_000, 61_000)));
        open.zoom_to_row(None);
        assert_eq!(open.zoom, None);
        open.zoom(true, None);
        assert_eq!(open.zoom, Some((11_000, 61_000)));
        open.zoom(false, None);
        assert_eq!(open.zoom, None);
        open.go(0, 10);
        assert!(open.part(None).is_none() && !open.is_part());
    }

    #[test]
    fn time_is_shown_of_a_row_that_runs_until_now() {
        let mut open = opened(&[(1, 0, 1_000, 0), (2, 1, 11_000, 0)]);
        open.run.source = Source::Own;
        assert!(!open.is_part());
        open.go(1, 10);
        assert!(open.is_part());
        open.zoom_to_row(Some(51_000));
        assert_eq!(open.zoom, Some((11_000, 51_000)));
        open.zoom_to_row(Some(61_000));
        assert_eq!(open.zoom, None);
        // Half of what has gone by, not of what was told.
        open.zoom(true, Some(101_000));
        assert_eq!(open.zoom, Some((31_000, 81_000)));
    }

    #[test]
    fn around_what_was_looked_for_a_line_is_in_sight_where_there_is_one() {
        let chain: Vec<(u64, u64, u64, u64)> = (1..=20).map(|id| (id, id - 1, id, 100 - id)).collect();
        let mut open = opened(&chain);
        let mut seek = |row: u32, page: usize| {
            assert!(open.seek(true, page, |_, at| at == row));
            (open.at, open.top)
        };
        assert_eq!(seek(12, 5), (12, 9));
        assert_eq!(seek(9, 5), (9, 8));
        assert_eq!(seek(19, 5), (19, 15));
        assert_eq!(seek(0, 5), (0, 0));
        assert_eq!(seek(7, 1), (7, 7));
    }

    #[test]
    fn the_slowest_comes_first_and_then_the_next() {
        let mut open = opened(&SPANS);
        let mut gone = Vec::new();
        for _ in 0..3 {
            open.seek_slow(10);
            gone.push(open.current().unwrap());
        }
        assert_eq!(gone, [1, 3, 0]);
        open.step(4, 10);
        open.seek_slow(10);
        assert_eq!(open.current(), Some(1));
    }
}
