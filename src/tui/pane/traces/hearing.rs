//! The receiver: what other programs of this machine send, as long as it is switched on here.

use std::fmt::Write as _;

use super::State;
use crate::domain::Error;
use crate::domain::figures::{count, grouped};
use crate::domain::trace::Brought;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, TaskId};
use crate::tui::keymap::Context;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::Prompt;
use crate::workbench::request::traces::Traces;
use crate::workbench::{Reply, Request};

/// The port that OpenTelemetry's exporters send to where nothing else is said.
const PORT: u16 = 4318;

/// Whether senders are heard, and what they have sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Receiver {
    #[default]
    Off,
    Starting(TaskId),
    On(Hears),
}

/// Where it listens, and what came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hears {
    task: TaskId,
    pub address: String,
    spans: u64,
    /// Those that came more than once; they are kept once.
    again: u64,
    rejected: u64,
    repaired: u64,
}

impl Receiver {
    pub fn is(&self, task: TaskId) -> bool {
        match self {
            Self::Off => false,
            Self::Starting(own) | Self::On(Hears { task: own, .. }) => *own == task,
        }
    }
}

impl Hears {
    /// Where senders send to, and what came of it.
    pub fn words(&self) -> String {
        let mut words = format!("http://{}/v1/traces · {}", self.address, count(self.spans, "span", "spans"));
        let others = [(self.again, "sent again"), (self.rejected, "rejected"), (self.repaired, "repaired")];
        for (number, what) in others {
            if number > 0 {
                let _ = write!(words, " · {} {what}", grouped(number));
            }
        }
        words
    }

    fn came(&mut self, brought: &Brought) {
        self.spans += brought.spans.saturating_sub(brought.known);
        self.again += brought.known;
        self.rejected += brought.rejected;
        self.repaired += brought.repaired;
    }
}

impl State {
    /// Whether what other programs send is taken.
    pub(super) fn hears(&self) -> bool {
        self.receiver != Receiver::Off
    }

    /// The port that it listens at.
    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(PORT)
    }

    /// Asks for the port to switch it on; or switches it off.
    pub(super) fn toggle_receiver(&mut self, desk: &mut Desk<'_>) {
        match std::mem::take(&mut self.receiver) {
            Receiver::Off => desk.overlays.push(Overlay::Prompt(Prompt::port(self.port()))),
            Receiver::Starting(task) | Receiver::On(Hears { task, .. }) => {
                desk.ask(Effect::Cancel(task));
                desk.say("Nothing is taken from other programs any more.");
            }
        }
    }

    /// Switches it on.
    pub(super) fn listen(&mut self, port: u16, desk: &mut Desk<'_>) {
        if self.hears() {
            return;
        }
        self.port = Some(port);
        let listen = Traces::Listen { port, token: None };
        self.receiver = Receiver::Starting(desk.call(None, Request::Traces(listen)));
    }

    /// What it tells.
    pub(super) fn heard(&mut self, task: TaskId, reply: Reply, desk: &mut Desk<'_>) {
        match (reply, &mut self.receiver) {
            (Reply::TracesListening { address }, receiver) => {
                *receiver =
                    Receiver::On(Hears { task, address, spans: 0, again: 0, rejected: 0, repaired: 0 });
            }
            (Reply::TracesBrought { brought }, Receiver::On(hears)) => {
                hears.came(&brought);
                if !brought.remarks.is_empty() {
                    desk.note(brought.remarks);
                }
            }
            _ => {}
        }
    }

    /// It ended by itself.
    pub(super) fn deaf(&mut self, error: Option<&Error>, desk: &mut Desk<'_>) {
        let was = std::mem::take(&mut self.receiver);
        let Some(error) = error else { return };
        if matches!(was, Receiver::Starting(_)) {
            let key = desk.key(Context::Runs, Action::ToggleReceiver);
            let hint = format!("{} {key} asks for one.", error.hint);
            desk.complain(&Error { hint, ..error.clone() });
        } else {
            desk.complain(error);
        }
    }
}
