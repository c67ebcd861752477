//! What comes back through the door, and what it means here.

use super::{State, Wait};
use crate::domain::error::sentences;
use crate::domain::workspace::{Check, Verdict};
use crate::domain::{Error, ErrorKind};
use crate::tui::app::Desk;
use crate::tui::effect::TaskId;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::confirm::Confirm;
use crate::workbench::Reply;

impl State {
    /// Takes one reply in; one that nobody waits for is dropped.
    pub(super) fn take(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        let Some(wait) = self.waits.get(&task).cloned() else { return };
        match (wait, reply) {
            (Wait::Plan, Reply::Plan { plan }) => {
                desk.overlays.push(Overlay::Confirm(Confirm::fetch(&plan)));
            }
            (Wait::Making, Reply::Pulling { step }) => {
                if let Some(making) = &mut self.making {
                    making.progress(step);
                }
            }
            (Wait::Making, Reply::Models { cards }) => {
                if let Some(card) = cards.into_iter().next() {
                    desk.say(format!("{} is here.", card.id));
                    self.list.go_to(&card.id);
                }
                self.making = None;
            }
            (Wait::Remove(id), Reply::Done) => desk.say(format!("The files of {id} are deleted.")),
            (Wait::Health(provider), Reply::Checks { checks }) => {
                desk.say(stands(&provider, &checks));
                self.health.insert(provider, Some(Ok(checks)));
            }
            (Wait::Keyless, Reply::Models { cards }) => {
                self.keyless = Some(cards);
                self.look_at_keyless(desk);
            }
            (Wait::Trial, Reply::Delta { event }) => {
                if let Some(trial) = &mut self.trial {
                    trial.take(&event);
                }
            }
            (Wait::Trial, Reply::Tried { tried }) => {
                if let Some(trial) = &mut self.trial {
                    trial.tried = Some(tried);
                }
            }
            _ => {}
        }
    }

    /// A call's stream is over.
    pub(super) fn over(&mut self, task: TaskId, error: Option<Error>, desk: &mut Desk<'_>) {
        let Some(wait) = self.waits.remove(&task) else { return };
        match (wait, error) {
            (Wait::Making, error) => {
                if let Some(making) = self.making.as_mut().filter(|making| making.task == Some(task)) {
                    making.task = None;
                    making.error = error;
                }
            }
            (Wait::Trial, error) => {
                if let Some(trial) = self.trial.as_mut().filter(|trial| trial.task == Some(task)) {
                    trial.task = None;
                    trial.stopped |= error.as_ref().is_some_and(|e| e.kind == ErrorKind::Cancelled);
                    trial.error = error.filter(|error| error.kind != ErrorKind::Cancelled);
                }
            }
            (Wait::Health(provider), Some(error)) => {
                desk.complain(&error);
                self.health.insert(provider, Some(Err(error)));
            }
            (Wait::Plan | Wait::Remove(_) | Wait::Keyless, Some(error)) => desk.complain(&error),
            _ => {}
        }
    }
}

/// What was found of a provider, in a line: what is wrong, else that nothing is.
fn stands(provider: &str, checks: &[Check]) -> String {
    let of = |verdict: Verdict| checks.iter().find(move |check| check.verdict == verdict);
    match (of(Verdict::Bad), of(Verdict::Note)) {
        (Some(check), _) => format!("{provider}: ✗ {}", sentences(&check.found, &check.advice)),
        (None, Some(check)) => format!("{provider}: · {}", sentences(&check.found, &check.advice)),
        (None, None) => format!("{provider}: ✓ nothing is wrong; its card has all that was found."),
    }
}
