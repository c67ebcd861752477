//! Words and terms within a run: what its rows tell is found while it is typed, what was said within its spans once the line
//! is taken.

use super::open::Open;
use super::{State, Wait};
use crate::domain::Error;
use crate::domain::trace::filter::{Filter, Subject};
use crate::domain::trace::lint::{Finding, Lint};
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TaskId};
use crate::tui::overlay::input::Input;
use crate::tui::stroke::Stroke;
use crate::tui::trace::Trace;
use crate::workbench::Request;
use crate::workbench::request::traces::Traces;

/// Rows of a run in which every letter that is typed looks.
const TYPED: usize = 200_000;

/// What is looked for, and where it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Find {
    pub line: Input,
    /// The line is being written.
    pub writing: bool,
    /// The rows, by their numbers.
    found: Vec<u32>,
    /// What was looked for is still being looked for within spans.
    pub task: Option<TaskId>,
    /// Why the line was not taken.
    pub wrong: String,
}

impl Find {
    pub fn has(&self, row: u32) -> bool {
        self.found.binary_search(&row).is_ok()
    }

    /// Rows that were found.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    pub fn is_empty(&self) -> bool {
        self.line.text().is_empty() && self.found.is_empty()
    }

    /// What was looked for is not looked for any more.
    fn forget(&mut self) {
        self.found.clear();
    }

    /// What was found has other numbers now, or is gone.
    pub fn renumber(&mut self, place: impl Fn(u32) -> Option<u32>) {
        let rows = std::mem::take(&mut self.found);
        self.add(rows.into_iter().filter_map(place).collect());
    }

    /// More rows.
    fn add(&mut self, rows: Vec<u32>) {
        self.found.extend(rows);
        self.found.sort_unstable();
        self.found.dedup();
    }
}

/// The words that are asked for, where nothing else is.
fn words(filter: &Filter) -> Option<Vec<&str>> {
    fn word(filter: &Filter) -> Option<&str> {
        match filter {
            Filter::Text(word) => Some(word),
            _ => None,
        }
    }
    match filter {
        Filter::All(filters) => filters.iter().map(word).collect(),
        filter => Some(vec![word(filter)?]),
    }
}

/// Rows do not tell whether it passes, and not even whether it may.
fn is_hidden(filter: &Filter) -> bool {
    match filter {
        Filter::Not(filter) => filter.needs_spans() || filter.needs_scores(),
        Filter::All(filters) | Filter::Any(filters) => filters.iter().any(is_hidden),
        _ => false,
    }
}

/// The rows that pass as far as rows tell.
fn in_rows(filter: &Filter, trace: &Trace) -> Vec<u32> {
    if let [first, others @ ..] = words(filter).unwrap_or_default().as_slice() {
        let mut found = trace.outline.find(first);
        for word in others {
            let also = trace.outline.find(word);
            found.retain(|row| also.binary_search(row).is_ok());
        }
        return found;
    }
    if is_hidden(filter) {
        return Vec::new();
    }
    let subject = |at: u32| {
        let (row, names) = (trace.row(at)?, &trace.outline.names);
        Some(Subject { row, names, marks: trace.tree.marks(at), own: trace.own(at), span: None, scores: &[] })
    };
    let passes = |at: &u32| subject(*at).is_some_and(|subject| filter.matches(&subject));
    (0..trace.len() as u32).filter(passes).collect()
}

impl Open {
    /// Looks in the rows; whether that is all that there is to look in.
    fn look_in_rows(&mut self, page: usize) -> Result<bool, Error> {
        let Some(laid) = &self.laid else { return Ok(true) };
        self.find.forget();
        self.find.wrong.clear();
        let text = self.find.line.text().trim();
        if text.is_empty() {
            return Ok(true);
        }
        let filter = Filter::read(text)?;
        self.find.add(in_rows(&filter, laid));
        self.go_to_found(page);
        Ok(!filter.needs_spans() && !filter.needs_scores())
    }

    /// Goes to a row that was found, where none is chosen.
    fn go_to_found(&mut self, page: usize) {
        let here = self.current().is_some_and(|row| self.find.has(row));
        if !here && self.find.count() > 0 {
            self.seek_found(true, page);
        }
    }

    /// What was found of spans: a price that nobody knows says nothing of one.
    fn found_of_spans(&self) -> impl Iterator<Item = &Finding> {
        self.findings().iter().filter(|finding| finding.lint != Lint::UnknownPrice)
    }

    /// Whether a span failed, or looks wrong.
    pub fn has_wrong(&self) -> bool {
        let failed = self.laid.as_ref().is_some_and(|laid| !laid.causes.is_empty());
        failed || self.found_of_spans().next().is_some()
    }

    /// Goes to a span that failed or looks wrong.
    fn seek_wrong(&mut self, forward: bool, page: usize) {
        let mut rows: Vec<u32> = self.found_of_spans().flat_map(|finding| &finding.rows).copied().collect();
        rows.extend(self.laid.iter().flat_map(|laid| &laid.causes));
        rows.sort_unstable();
        self.seek(forward, page, |_, row| rows.binary_search(&row).is_ok());
    }

    fn seek_found(&mut self, forward: bool, page: usize) {
        let find = std::mem::take(&mut self.find);
        self.seek(forward, page, |_, row| find.has(row));
        self.find = find;
    }
}

impl State {
    /// A key into the line.
    pub(super) fn type_to_find(&mut self, stroke: Stroke, desk: &mut Desk<'_>) {
        let page = Self::page(desk);
        let Some(open) = &mut self.open else { return };
        open.find.wrong.clear();
        if open.find.line.press(stroke) && open.laid.as_ref().is_some_and(|laid| laid.len() <= TYPED) {
            // A line that is half written makes no sense yet, perhaps.
            let _ = open.look_in_rows(page);
        }
        self.stop_finding(desk);
        self.rest(desk);
    }

    /// What is done while the line is written.
    pub(super) fn find_line(&mut self, action: Action, desk: &mut Desk<'_>) {
        match action {
            Action::Accept => self.find_it(desk),
            Action::Cancel | Action::Back => self.leave_finding(desk),
            Action::SelectNext => self.find_next(true, desk),
            Action::SelectPrevious => self.find_next(false, desk),
            _ => {}
        }
    }

    /// The line is taken: looks in the spans as well.
    fn find_it(&mut self, desk: &mut Desk<'_>) {
        let page = Self::page(desk);
        self.stop_finding(desk);
        let Some(open) = &mut self.open else { return };
        match open.look_in_rows(page) {
            Err(error) => open.find.wrong = error.said(),
            Ok(whole) => {
                open.find.writing = false;
                if !whole {
                    self.look_in_spans(desk);
                }
            }
        }
        self.rest(desk);
    }

    fn look_in_spans(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let (id, filter) = (open.id(), open.find.line.text().trim().to_owned());
        let task = desk.call(Some(Lane("trace.find")), Request::Traces(Traces::Search { id, filter }));
        open.find.task = Some(task);
        self.instead(|wait| *wait == Wait::Found);
        self.wait(task, Wait::Found);
    }

    /// Rows have other numbers now: what still comes of a search would be taken for others, so it is begun anew.
    pub(super) fn find_anew(&mut self, desk: &mut Desk<'_>) {
        if self.open.as_ref().is_some_and(|open| open.find.task.is_some()) {
            self.stop_finding(desk);
            self.look_in_spans(desk);
        }
    }

    /// What is looked for within spans is looked for no more.
    pub(super) fn stop_finding(&mut self, desk: &mut Desk<'_>) {
        let task = self.open.as_mut().and_then(|open| open.find.task.take());
        if let Some(task) = task {
            self.waits.remove(&task);
            desk.ask(Effect::Cancel(task));
        }
    }

    /// Nothing is looked for any more.
    pub(super) fn leave_finding(&mut self, desk: &mut Desk<'_>) {
        self.stop_finding(desk);
        if let Some(open) = &mut self.open {
            open.find = Find::default();
        }
    }

    /// The next row that was found, or the one before; where nothing is looked for, of those that look wrong.
    pub(super) fn find_next(&mut self, forward: bool, desk: &mut Desk<'_>) {
        let page = Self::page(desk);
        match &mut self.open {
            Some(open) if open.find.is_empty() => open.seek_wrong(forward, page),
            Some(open) => open.seek_found(forward, page),
            None => {}
        }
        self.rest(desk);
    }

    /// Rows that were found within spans.
    pub(super) fn take_found(&mut self, rows: Vec<u32>, desk: &mut Desk<'_>) {
        let page = Self::page(desk);
        let Some(open) = &mut self.open else { return };
        let none = open.find.count() == 0;
        open.find.add(rows);
        if none {
            open.go_to_found(page);
            self.rest(desk);
        }
    }

    /// All spans were looked through.
    pub(super) fn found_all(&mut self, error: Option<&Error>, desk: &mut Desk<'_>) {
        if let Some(open) = &mut self.open {
            open.find.task = None;
        }
        if let Some(error) = error {
            desk.complain(error);
        }
    }
}
