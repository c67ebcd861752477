//! What comes through the door.

use std::sync::Arc;
use std::time::Duration;

use super::open::Reading;
use super::{State, Wait, sending};
use crate::domain::change::Changed;
use crate::domain::figures::count;
use crate::domain::trace::Run;
use crate::domain::{Error, ErrorKind};
use crate::tui::app::Desk;
use crate::tui::dataset::added;
use crate::tui::effect::{Effect, Lane, TaskId, TimerId, Work};
use crate::tui::pane::Place;
use crate::tui::trace::{RowFor, Shared, Want};
use crate::workbench::request::traces::Traces;
use crate::workbench::{Reply, Request};

/// The delay after which a run that grows is read again.
pub(super) const GROWN: TimerId = TimerId("traces.grown");
/// It is the longer the more there is to read.
const SHORTEST: u64 = 30;
const LONGEST: u64 = 2_000;

impl State {
    /// Takes one reply in.
    pub(super) fn take(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        if self.watch == Some(task) {
            return self.told(reply, desk);
        }
        if self.receiver.is(task) {
            return self.heard(task, reply, desk);
        }
        if self.export.as_ref().is_some_and(|export| export.task == task) {
            match reply {
                Reply::TraceWritten { bytes } => self.take_piece(bytes, desk),
                Reply::TraceDamaged { places } => self.lack(places),
                _ => {}
            }
            return;
        }
        if self.again.as_ref().is_some_and(|again| again.task == Some(task)) {
            return self.answers_again(reply, desk);
        }
        if self.anew.as_ref().is_some_and(|anew| anew.task == task) {
            if let Reply::AgentEvent { event } = reply {
                self.goes_on_anew(event, desk);
            }
            return;
        }
        let Some(wait) = self.waits.get(&task).cloned() else { return };
        match (wait, reply) {
            (Wait::List, Reply::Traces { runs, more }) => self.take_runs(runs, more, desk),
            (Wait::Newest, Reply::Traces { runs, more }) => self.take_newest(runs, more, desk),
            (Wait::Older, Reply::Traces { runs, more }) => self.take_older(runs, more),
            (Wait::Rows, reply) => self.take_rows(reply),
            (Wait::Span(row), Reply::TraceSpan { span, contents }) => {
                self.take_span(row, span, contents, desk);
            }
            (Wait::Step(row), Reply::TraceSpan { contents, .. }) => {
                self.tell_step(row, contents, desk);
            }
            (wait @ (Wait::Two | Wait::Made(_) | Wait::Said(..)), reply) => {
                self.take_of_two(&wait, reply, desk);
            }
            (Wait::Notes, Reply::TraceNotes { notes, damaged }) => {
                self.count_notes(&notes, damaged.len());
                self.take_notes(notes, desk);
                if let Some(first) = damaged.first() {
                    let notes = count(damaged.len() as u64, "note", "notes");
                    desk.note(format!("{notes} of this run cannot be read: {first}"));
                }
            }
            (Wait::Found, Reply::TraceFound { rows }) => self.take_found(rows, desk),
            (Wait::Latencies, Reply::TraceStats { latencies }) => Self::show_latencies(&latencies, desk),
            (Wait::Send, Reply::TraceSent { sent }) => Self::sent(&sent, desk),
            (Wait::Import, Reply::TracesBrought { brought }) => self.imported(&brought, desk),
            (Wait::Lints, Reply::TraceFindings { findings }) => self.take_findings(findings, desk),
            (Wait::Note, Reply::TraceNoted { note }) => self.was_noted(&note, desk),
            (Wait::Noted, Reply::Trace { run }) => {
                self.tell_notes(run.id, run.notes, &run.noted);
                self.select(self.selected, desk);
            }
            (Wait::Row(of, dataset, row_for), Reply::TraceSpan { contents, .. }) => {
                self.add_row(&of, (dataset, row_for), &contents, desk);
            }
            (Wait::Added(row_for), Reply::ItemAdded { dataset, place, like, remarks }) => {
                desk.say(added(&dataset, place, like, &remarks));
                if row_for == RowFor::Raters {
                    desk.rates = Some(dataset);
                }
            }
            (Wait::Call, Reply::TraceCall { original }) => sending::bring(original, desk),
            (Wait::Led, Reply::Trace { run }) => self.open(run, desk),
            (Wait::Agent(of), Reply::AgentRunFound { book, run }) => {
                self.start_anew(of, book.agent.id, run.id, desk);
            }
            (Wait::Edit(row, of), Reply::TraceCall { original }) => self.write_call(row, *of, original, desk),
            (Wait::Beside(span), Reply::TraceCall { original }) => self.show_beside(span, &original, desk),
            (Wait::Replays, Reply::TraceReplays { replays, damaged }) => {
                self.take_replays(replays, desk);
                if let Some(first) = damaged.first() {
                    let replays = count(damaged.len() as u64, "call", "calls");
                    desk.note(format!("{replays} asked again cannot be read: {first}"));
                }
            }
            _ => {}
        }
    }

    /// Something changed, whoever did it.
    fn told(&mut self, reply: Reply, desk: &mut Desk<'_>) {
        let Reply::Changed { change, .. } = reply else { return };
        match change {
            // Whatever is read is kept as seen: nothing is while another place is shown. Whoever comes back reads all anew.
            Changed::Trace { .. } | Changed::Usage | Changed::Missed if desk.place != Place::Traces => {}
            Changed::Trace { run } => {
                // Whoever tells that it has grown counts no notes.
                let open = self.open.as_ref().map(|open| &open.run);
                let known = self.runs.iter().chain(open).find(|known| known.id == run.id);
                let run = match known.filter(|known| known.notes >= run.notes) {
                    Some(known) => Run { notes: known.notes, noted: known.noted.clone(), ..run },
                    None => run,
                };
                self.renew_open(&run, desk);
                self.put(run, desk);
            }
            Changed::TraceRemoved { id } => self.drop_run(id, desk),
            Changed::TraceNoted { id } if self.open.as_ref().is_some_and(|open| open.id() == id) => {
                self.read_notes(desk);
            }
            // Of which there is a mark in the list; what a filter looks through is not looked through again for it.
            Changed::TraceNoted { .. } if desk.place == Place::Traces && self.narrow.asked.is_empty() => {
                self.outdated(desk);
            }
            // Of this program's own runs it is said that there are more, not which.
            Changed::Usage => self.outdated(desk),
            Changed::Missed => {
                self.read(desk);
                self.grow(desk);
            }
            _ => {}
        }
    }

    /// Asks for the rows of the run that is looked into.
    pub(super) fn read_rows(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        open.stale = false;
        open.reading = Reading::Rows(Vec::new());
        let task = desk.call(Some(Lane("trace")), Request::Traces(Traces::Open { id: open.id() }));
        self.instead(|wait| *wait == Wait::Rows);
        self.wait(task, Wait::Rows);
    }

    fn take_rows(&mut self, reply: Reply) {
        let Some(open) = &mut self.open else { return };
        match reply {
            Reply::Trace { run } => {
                open.run = run;
                open.damaged.clear();
            }
            Reply::TraceRows { rows } => {
                if let Reading::Rows(packs) = &mut open.reading {
                    packs.push(rows);
                }
            }
            Reply::TraceDamaged { places } => open.damaged.extend(places),
            _ => {}
        }
    }

    /// All rows are here, or no more of them come.
    fn read_all_rows(&mut self, error: Option<Error>, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        let reading = std::mem::take(&mut open.reading);
        if let Some(error) = error {
            if open.laid.is_some() {
                // What was read before is still so.
                desk.complain(&error);
            } else {
                open.error = Some(error);
            }
        } else if let Reading::Rows(packs) = reading {
            open.error = None;
            self.numbers += 1;
            let want = Want { number: self.numbers, packs: Arc::new(packs) };
            open.reading = Reading::LaidOut(want.number);
            desk.ask(Effect::Compute(Work::Trace(want)));
        }
    }

    /// Rows were laid out; `None` where they make no sense.
    pub fn laid_out(&mut self, number: u64, laid: Option<Shared>, desk: &mut Desk<'_>) {
        let page = Self::page(desk);
        let Some(open) = self.open.as_mut().filter(|open| open.reading == Reading::LaidOut(number)) else {
            return;
        };
        open.reading = Reading::Idle;
        let moved = laid.map(|laid| open.lay(laid, page));
        if moved.is_none() && open.laid.is_some() {
            desk.complain(&senseless());
        } else if moved.is_none() {
            open.error = Some(senseless());
        }
        if open.stale {
            let spans = open.laid.as_ref().map_or(0, |laid| laid.len() as u64);
            let delay = Duration::from_millis((spans / 500).clamp(SHORTEST, LONGEST));
            desk.ask(Effect::After { timer: GROWN, delay });
        }
        if moved == Some(true) {
            // They would be taken for what other rows say.
            self.instead(|wait| matches!(wait, Wait::Span(_) | Wait::Step(_)));
            self.tell_no_more();
            self.find_anew(desk);
        }
        self.ask_what_is_wrong(desk);
        self.rest(desk);
        self.read_step(desk);
    }

    /// What was computed away from the screen failed in the middle. Rows that are shown already stay; the next that come are laid
    /// out with them.
    pub fn not_laid_out(&mut self) {
        let waits = |open: &&mut super::Open| matches!(open.reading, Reading::LaidOut(_));
        if let Some(open) = self.open.as_mut().filter(waits) {
            open.reading = Reading::Idle;
            open.error = open.laid.is_none().then(senseless);
        }
    }

    /// The run that is looked into has more spans than are shown.
    pub(super) fn grow(&mut self, desk: &mut Desk<'_>) {
        let Some(open) = &mut self.open else { return };
        if open.reading == Reading::Idle && !open.stale {
            self.read_rows(desk);
        } else {
            open.stale = true;
        }
    }

    /// It was waited long enough for more of them.
    pub(super) fn grown(&mut self, desk: &mut Desk<'_>) {
        let waits = |open: &super::Open| open.stale && open.reading == Reading::Idle;
        if desk.place == Place::Traces && self.open.as_ref().is_some_and(waits) {
            self.read_rows(desk);
        }
    }

    /// A call is over.
    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.watch == Some(task) {
            // The next time that the place is shown begins anew.
            self.watch = None;
            return;
        }
        if self.receiver.is(task) {
            return self.deaf(error.as_ref(), desk);
        }
        if self.export.as_ref().is_some_and(|export| export.task == task) {
            return self.exported(error.as_ref(), desk);
        }
        if self.again.as_ref().is_some_and(|again| again.task == Some(task)) {
            return self.asked_again(error.as_ref(), desk);
        }
        if self.anew.as_ref().is_some_and(|anew| anew.task == task) {
            return self.ran_anew(error.as_ref(), desk);
        }
        match (self.waits.remove(&task), error) {
            (Some(Wait::List), error) => {
                self.known |= error.is_some();
                self.error = error;
            }
            (Some(Wait::Rows), error) => self.read_all_rows(error, desk),
            (Some(Wait::Found), error) => self.found_all(error.as_ref(), desk),
            (Some(wait @ (Wait::Two | Wait::Made(_) | Wait::Said(..))), Some(error)) => {
                self.lacks_of_two(&wait, error, desk);
            }
            (Some(Wait::Said(..)), None) => self.read_said(desk),
            (Some(Wait::Span(row)), Some(error)) => self.no_span(row, error, desk),
            (Some(Wait::Replays), Some(error)) => self.lack_replays(&error, desk),
            // What another program did and was done once more here is no run of an agent.
            (Some(Wait::Agent(of)), Some(error)) if error.kind == ErrorKind::NotFound => {
                self.retrace(of, None, desk);
            }
            (Some(Wait::Step(row)), error) => {
                if let Some(error) = error {
                    self.take_step(row, Err(&error), desk);
                }
                self.read_step(desk);
            }
            (
                Some(
                    Wait::Newest
                    | Wait::Older
                    | Wait::Notes
                    | Wait::Latencies
                    | Wait::Import
                    | Wait::Send
                    | Wait::Remove
                    | Wait::Note
                    | Wait::Noted
                    | Wait::Row(..)
                    | Wait::Added(_)
                    | Wait::Call
                    | Wait::Led
                    | Wait::Agent(_)
                    | Wait::Edit(..)
                    | Wait::Beside(_),
                ),
                Some(error),
            ) => {
                desk.complain(&error);
            }
            _ => {}
        }
    }

    /// Whether the replies of that call are waited for.
    pub(super) fn waits(&self, task: TaskId) -> bool {
        self.watch == Some(task)
            || self.receiver.is(task)
            || self.export.as_ref().is_some_and(|export| export.task == task)
            || self.again.as_ref().is_some_and(|again| again.task == Some(task))
            || self.anew.as_ref().is_some_and(|anew| anew.task == task)
            || self.waits.contains_key(&task)
    }
}

fn senseless() -> Error {
    let why = "its rows make no sense to this program";
    Error::internal("opening a trace", why)
}
