//! A whole run once more, an agent's or another program's: what its tools gave is taken from the recording, and both runs can be
//! compared.

use super::{State, Wait};
use crate::domain::Error;
use crate::domain::agent::AgentEvent;
use crate::domain::agent::replay::{Edit, Missing};
use crate::domain::agent::run::State as Ends;
use crate::domain::catalog::ModelId;
use crate::domain::id::{AgentId, RunId};
use crate::domain::trace::run::Source;
use crate::domain::trace::{Kind, Run, TraceId};
use crate::domain::untrusted::safe_line;
use crate::tui::action::Action;
use crate::tui::app::Desk;
use crate::tui::effect::{Effect, Lane, TaskId};
use crate::tui::keymap::Context;
use crate::tui::models::Stock;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::picker::{Picker, Purpose};
use crate::workbench::Request;
use crate::workbench::request::agents::Agents;
use crate::workbench::request::traces::Traces;

/// A run that goes on once more.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Anew {
    of: TraceId,
    pub task: TaskId,
    /// The step that it is in.
    step: u32,
}

impl Anew {
    /// How far it is.
    pub fn words(&self) -> String {
        match self.step {
            0 => "● runs again…".to_owned(),
            step => format!("● runs again, step {step}"),
        }
    }
}

/// How it ended, in words.
fn ended(state: &Ends) -> String {
    let how = match state {
        Ends::Answered { .. } | Ends::Running => {
            return "It answered again, with what was recorded".to_owned();
        }
        Ends::Waiting { .. } => "it waits for answers of a person".to_owned(),
        Ends::GaveUp { why, .. } => format!("it gave up: {}", safe_line(&why.words())),
        Ends::Failed { error } => format!("it failed: {}", safe_line(&error.why)),
        Ends::Stopped => "it was stopped".to_owned(),
    };
    format!("It ran again with what was recorded, and {how}")
}

impl State {
    /// Answers that are being written.
    pub fn running(&self) -> usize {
        usize::from(self.asks_again())
    }

    /// The run that is meant, where it is an agent's or another program's.
    fn repeatable(&self) -> Option<&Run> {
        self.meant().filter(|run| run.source != Source::Own || run.kind == Kind::Agent)
    }

    /// Whether one is meant, and none goes on once more.
    pub(super) fn can_run_anew(&self) -> bool {
        self.repeatable().is_some() && self.anew.is_none()
    }

    /// Asks whose run it is, where it is one of this program.
    pub(super) fn run_anew(&mut self, desk: &mut Desk<'_>) {
        let Some(run) = self.repeatable().filter(|_| self.anew.is_none()) else { return };
        let of = run.id;
        if self.asks_for_model() {
            return self.choose_model(of, desk);
        }
        let find = Agents::FindRun { text: of.to_string() };
        let task = desk.call(Some(Lane("traces.agent")), Request::Agents(find));
        self.instead(|wait| matches!(wait, Wait::Agent(_)));
        self.wait(task, Wait::Agent(of));
    }

    /// Whether the run that is meant is another program's, whose model may not be here.
    pub fn asks_for_model(&self) -> bool {
        self.anew.is_none() && self.repeatable().is_some_and(|run| run.source != Source::Own)
    }

    /// Takes in what is known of the models.
    pub fn restock(&mut self, stock: &Stock, asking: bool) {
        self.asks_models = asking;
        if !self.stock.is(stock) {
            self.stock = stock.clone();
        }
    }

    /// Asks which model does once more what another program's did; its own is proposed where it is here.
    fn choose_model(&mut self, of: TraceId, desk: &mut Desk<'_>) {
        let named = self.meant().map(|run| run.model.as_str()).unwrap_or_default();
        let own = self.stock.cards.iter().find(|card| card.id.model() == named).map(|card| &card.id);
        let picker = Picker::new(Purpose::Talking, self.stock.clone(), own, self.asks_models, desk.now.wall);
        desk.overlays.push(Overlay::Picker(Box::new(picker)));
        self.retraces = Some(of);
    }

    /// It was chosen.
    pub(super) fn take_model(&mut self, model: ModelId, desk: &mut Desk<'_>) {
        if let Some(of) = self.retraces.take().filter(|_| self.anew.is_none()) {
            self.retrace(of, Some(model), desk);
        }
    }

    /// It is another program's, or was one's: its trace is all that there is of it.
    pub(super) fn retrace(&mut self, of: TraceId, model: Option<ModelId>, desk: &mut Desk<'_>) {
        let task = desk.call(None, Request::Traces(Traces::ReplayRun { id: of, model }));
        self.anew = Some(Anew { of, task, step: 0 });
    }

    /// That is known: it runs.
    pub(super) fn start_anew(&mut self, of: TraceId, id: AgentId, run: RunId, desk: &mut Desk<'_>) {
        let (edit, missing) = (Box::<Edit>::default(), Missing::Fail);
        let request = Agents::Replay { id, run, edit, version: None, model: None, missing };
        let task = desk.call(None, Request::Agents(request));
        self.anew = Some(Anew { of, task, step: 0 });
    }

    /// What happens in it.
    pub(super) fn goes_on_anew(&mut self, event: AgentEvent, desk: &mut Desk<'_>) {
        let Some(anew) = &mut self.anew else { return };
        match event {
            AgentEvent::Step { number, .. } => anew.step = number,
            // What was agreed to then is not agreed to now.
            AgentEvent::Confirm { run, id: call, .. } | AgentEvent::Agree { run, id: call, .. } => {
                desk.call(None, Request::Agents(Agents::Decide { run, call, agreed: false }));
                desk.note(
                    "It asked for what nobody agreed to, and was refused: `outcrop agent replay` asks you.",
                );
            }
            // One comes with every such run: it would stand before how that ended, and what compares the two.
            AgentEvent::Remark { text } => desk.say(text),
            AgentEvent::Ended { run, state, .. } => {
                self.marked = vec![anew.of, TraceId(*run.as_bytes())];
                let key = desk.key(Context::Runs, Action::CompareRuns);
                desk.say(format!("{}: {key} compares the two.", ended(&state)));
            }
            _ => {}
        }
    }

    /// It is over.
    pub(super) fn ran_anew(&mut self, error: Option<&Error>, desk: &mut Desk<'_>) {
        self.anew = None;
        if let Some(error) = error {
            desk.complain(error);
        }
        self.outdated(desk);
    }

    /// Stops it; `false` where none runs.
    pub(super) fn stop_anew(&mut self, desk: &mut Desk<'_>) -> bool {
        let Some(anew) = self.anew.take() else { return false };
        desk.ask(Effect::Cancel(anew.task));
        desk.say("It was stopped; what came of it is kept.");
        true
    }
}
