//! What comes through the door.

use super::documents::went;
use super::{Page, State, Wait, is_worked_on, layout};
use crate::domain::Error;
use crate::domain::change::Changed;
use crate::domain::id::BaseId;
use crate::domain::knowledge::base::Base;
use crate::domain::knowledge::sync::SyncState;
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;
use crate::workbench::Reply;

impl State {
    /// Takes one reply in.
    pub(super) fn take(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        if self.watch == Some(task) {
            return self.told(reply, desk);
        }
        let Some(wait) = self.waits.get(&task).cloned() else { return };
        match (wait, reply) {
            (Wait::List, Reply::Bases { bases }) => {
                let chosen = self.current().map(|base| base.id);
                (self.bases, self.known, self.error) = (bases, true, None);
                self.early.clear();
                let at = self.bases.iter().position(|base| Some(base.id) == chosen);
                self.select_base(at.unwrap_or(self.selected), desk);
                self.offer_now(desk);
            }
            (Wait::Runs(id), Reply::SyncRuns { runs }) => self.take_runs(id, runs, desk),
            (Wait::Keep(form), Reply::Base { base }) => self.kept(&form, base, desk),
            (Wait::Check(typed, chunking), Reply::Done) => self.make(typed, chunking, desk),
            (Wait::Make(typed, chunking), Reply::Base { base }) => {
                let id = base.id;
                self.cuts = None;
                self.put(base);
                self.selected = self.bases.iter().position(|base| base.id == id).unwrap_or(0);
                self.add(id, &typed, chunking, desk);
            }
            (Wait::Add(..), Reply::Base { base }) => {
                // The source that was added is the last one; it is read now.
                let source = base.sources.last().map(|source| source.id);
                let id = base.id;
                self.put(base);
                self.sync(id, source, desk);
            }
            (Wait::Sync(_) | Wait::Act, Reply::Base { base }) => self.grown(base, desk),
            (Wait::Act, Reply::Done) => self.read(desk),
            (Wait::Find(at), Reply::Retrieved { retrieved, .. }) => {
                let Some(open) = &mut self.open else { return };
                if let Some(column) = open.columns.get_mut(at) {
                    (column.retrieved, column.waits) = (Some(retrieved), false);
                }
                open.settle(at);
            }
            (Wait::Answer(at), reply) => self.answered(at, reply),
            (Wait::Documents, Reply::Documents { documents }) => {
                let Some(open) = &mut self.open else { return };
                let page = usize::from(layout::listed(desk.area).0.height).max(1);
                open.shelf.take(documents, page);
                self.name_leaf(desk);
            }
            (Wait::Passages(document, from), Reply::Passages { passages }) => {
                self.take_passages(document, from, passages, desk);
            }
            (Wait::Plan(id, wish), Reply::RebuildPlan { plan }) => {
                if let Some(base) = self.bases.iter().find(|base| base.id == id) {
                    desk.overlays.push(Overlay::Confirm(Confirm::rebuild_base(base, &plan, wish)));
                }
            }
            (Wait::Export(_) | Wait::Import, Reply::Progress { done, total, .. }) => {
                self.carried = total.map(|total| (done, total));
            }
            (Wait::Export(path), Reply::Base { base }) => {
                desk.say(format!("{} is in {}.", base.name, path.display()));
            }
            (Wait::Import, Reply::Base { base }) => {
                let id = base.id;
                desk.say("It is here. Its sources are settings: nothing of them is read before a sync.");
                self.put(base);
                let at = self.bases.iter().position(|base| base.id == id);
                self.select_base(at.unwrap_or(self.selected), desk);
            }
            (Wait::Cut, Reply::Preview { preview }) => self.take_preview(preview),
            (Wait::Cut, Reply::Pieces { way, pieces }) => self.take_pieces(way, pieces),
            (Wait::Measure, Reply::Measuring { done, of }) => self.measured = Some((done, of)),
            (Wait::Measure, Reply::Quality { quality }) => self.show_quality(&quality, desk),
            (Wait::Look(id), Reply::Looked { looked }) => self.take_look(id, looked),
            _ => {}
        }
    }

    /// What an answer brings, to the column that it was asked of.
    fn answered(&mut self, at: Option<usize>, reply: Reply) {
        let Some(open) = &mut self.open else { return };
        match reply {
            Reply::Retrieved { retrieved, prompt } => {
                if let Some(answer) = &mut open.answer {
                    answer.hits = retrieved.hits.iter().map(|hit| hit.passage.id).collect();
                    answer.given = retrieved.given.unwrap_or(answer.hits.len());
                }
                if let Some(at) = at {
                    if let Some(column) = open.columns.get_mut(at) {
                        (column.retrieved, column.waits) = (Some(retrieved), false);
                    }
                    open.settle(at);
                }
                if let Some(answer) = &mut open.answer {
                    answer.nothing = prompt.is_none();
                    answer.prompt = prompt.unwrap_or_default();
                }
            }
            Reply::Delta { event } => {
                if let Some(answer) = &mut open.answer {
                    answer.fold.push(&event);
                }
            }
            Reply::Cited { citations, .. } => {
                if let Some(answer) = &mut open.answer {
                    answer.cited = Some(citations);
                }
            }
            _ => {}
        }
    }

    /// Something changed, whoever did it.
    fn told(&mut self, reply: Reply, desk: &mut Desk<'_>) {
        let Reply::Changed { change, .. } = reply else { return };
        match change {
            Changed::Base { base } if !self.known && self.bases.iter().all(|other| other.id != base.id) => {
                self.put_early(base);
            }
            Changed::Base { base } => self.grown(base, desk),
            Changed::BaseRemoved { id } => self.drop_base(id),
            Changed::Missed => self.read(desk),
            _ => {}
        }
    }

    /// A base says how it is now; one that was synced to its end is looked at again.
    pub(super) fn grown(&mut self, base: Base, desk: &mut Desk<'_>) {
        let before = self.bases.iter().find(|other| other.id == base.id).cloned();
        let ended = before.as_ref().is_some_and(is_worked_on) && !is_worked_on(&base);
        let (id, went) = (base.id, went(&base));
        self.put(base);
        self.sources_grown(before.as_ref(), desk);
        let Some(open) = self.open.as_ref().filter(|open| open.id == id && open.shelf.known) else { return };
        // While it runs they are read as often as can be seen, and never twice at once.
        let others = open.page == Page::Documents && open.shelf.is_behind(went);
        let waits = || self.waits.values().any(|wait| *wait == Wait::Documents);
        if ended || others && !waits() {
            self.read_documents(desk);
        }
    }

    /// A call is over.
    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.watch == Some(task) {
            // The next time that the place is shown begins anew.
            self.watch = None;
            return;
        }
        let Some(wait) = self.waits.remove(&task) else { return };
        let error = error.map(|error| self.in_keys(error, desk));
        match wait {
            Wait::List => self.error = error,
            Wait::Find(at) => {
                if let Some(column) = self.open.as_mut().and_then(|open| open.columns.get_mut(at)) {
                    column.waits = false;
                    if error.is_some() {
                        (column.error, column.retrieved) = (error, None);
                    }
                }
            }
            Wait::Answer(at) => {
                let Some(open) = &mut self.open else { return };
                if let Some(column) = at.and_then(|at| open.columns.get_mut(at)) {
                    column.waits = false;
                }
                if let Some(answer) = &mut open.answer {
                    (answer.runs, answer.error) = (false, error);
                }
            }
            Wait::Documents => {
                if let Some(open) = &mut self.open {
                    open.shelf.error = error;
                }
            }
            Wait::Runs(id) => {
                if let Some(open) = self.open.as_mut().filter(|open| open.id == id) {
                    open.sources.error = error;
                }
            }
            Wait::Keep(form) => {
                if let Some(error) = error {
                    self.refused(*form, error, desk);
                }
            }
            Wait::Passages(document, _) => {
                let leaf = self.open.as_mut().and_then(|open| open.leaf.as_mut());
                if let Some(leaf) = leaf.filter(|leaf| leaf.document == document && error.is_some()) {
                    leaf.error = error;
                }
            }
            Wait::Look(_) => {}
            Wait::Export(_) | Wait::Import => {
                self.carried = None;
                if let Some(error) = error {
                    desk.complain(&error);
                }
            }
            Wait::Cut => {
                if let Some(cuts) = &mut self.cuts {
                    cuts.error = error;
                }
            }
            Wait::Sync(id) => self.synced(id, error, desk),
            Wait::Check(typed, _) => {
                if let Some(error) = error {
                    self.mend(None, &typed, error, desk);
                }
            }
            Wait::Add(id, typed) => {
                if let Some(error) = error {
                    self.mend(Some(id), &typed, error, desk);
                }
            }
            Wait::Make(typed, _) => {
                if let Some(error) = error {
                    Self::not_made(&typed, &error, desk);
                }
            }
            Wait::Plan(..) | Wait::Act | Wait::Measure => {
                self.measured = None;
                if let Some(error) = error {
                    desk.complain(&error);
                }
            }
        }
    }

    /// A sync that this screen began is over.
    fn synced(&mut self, id: BaseId, error: Option<Error>, desk: &mut Desk<'_>) {
        if let Some(error) = error {
            return desk.complain(&error);
        }
        let Some(base) = self.bases.iter().find(|base| base.id == id) else { return };
        let mut syncs = base.sources.iter().filter_map(|source| source.last.as_ref());
        if syncs.any(|sync| sync.state == SyncState::Failed) {
            let name = &base.name;
            desk.say(format!("A source of {name} could not be looked through; its card says why."));
        }
    }

    /// Whether the replies of that call are waited for.
    pub(super) fn waits(&self, task: TaskId) -> bool {
        self.watch == Some(task) || self.waits.contains_key(&task)
    }
}
