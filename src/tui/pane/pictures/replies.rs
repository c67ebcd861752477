//! What comes back through the door.

use super::{State, Wait};
use crate::domain::delta::Event as Said;
use crate::domain::{Error, ErrorKind};
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::scripts;
use crate::workbench::{Changed, Reply};

impl State {
    pub(super) fn waits(&self, task: TaskId) -> bool {
        self.watch == Some(task) || self.runs.contains_key(&task) || self.waits.contains_key(&task)
    }

    /// Takes one reply in; one that nobody waits for is dropped.
    pub(super) fn take(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        match reply {
            Reply::Changed { change, .. } if self.watch == Some(task) => self.changed(change, desk),
            Reply::Making { making } if self.runs.contains_key(&task) => self.put(making, Some(task)),
            Reply::Delta { event: Said::Notice { text } } => desk.note(text),
            Reply::Delta { event: Said::Paused { pause, ms } } => desk.note(pause.words(ms)),
            Reply::Delta { event: Said::Begun } => {}
            Reply::Delta { event: Said::Queued { ahead } } => {
                if let Some(run) = self.runs.get_mut(&task) {
                    run.ahead = ahead;
                }
            }
            reply => self.answered(task, reply, desk),
        }
        self.fit(desk);
    }

    fn answered(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        match (self.waits.get(&task).cloned(), reply) {
            (Some(Wait::List { more: behind }), Reply::Makings { makings, more }) => {
                self.take_list(makings, more, behind);
            }
            (Some(Wait::Scripts), Reply::Scripts { scripts }) => scripts::offer(scripts, desk),
            (Some(Wait::Recall), Reply::Remembered { value }) => self.recalled(value.as_ref()),
            (Some(Wait::Bytes(blob)), Reply::Picture { bytes, .. }) => {
                // Another size may want them while they come.
                self.waits.remove(&task);
                self.take_bytes(blob, bytes, desk);
            }
            _ => {}
        }
    }

    fn changed(&mut self, change: Changed, desk: &mut Desk<'_>) {
        match change {
            Changed::Making { making } => self.put(making, None),
            Changed::MakingRemoved { id } => self.drop_making(id),
            Changed::Missed => self.read(false, desk),
            _ => {}
        }
    }

    /// The stream of a call is over.
    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        if self.watch == Some(task) {
            // The next time that it is shown begins anew.
            self.watch = None;
        } else if let Some(run) = self.runs.remove(&task) {
            self.give_back(&run);
            self.failed = error.filter(|error| error.kind != ErrorKind::Cancelled);
        } else {
            match (self.waits.remove(&task), error) {
                (Some(Wait::List { .. }), Some(error)) => {
                    self.known = true;
                    self.failed = Some(error);
                }
                (Some(Wait::Remove | Wait::Keep | Wait::Scripts), Some(error)) => desk.complain(&error),
                (Some(Wait::Bytes(blob)), Some(error)) => self.lose_bytes(blob, &error, desk),
                _ => {}
            }
        }
        self.fit(desk);
    }
}
