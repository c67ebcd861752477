//! A model's call handed on: as a row of a dataset, from which raters and metrics are asked, at once where that is meant, or
//! to other models. All that an agent did is such a row, too.

use super::{State, Wait};
use crate::domain::Error;
use crate::domain::ErrorKind;
use crate::domain::message::{Block, Role};
use crate::domain::trace::Kind;
use crate::domain::trace::contents::Contents;
use crate::domain::trace::replay::Original;
use crate::domain::trace::sent;
use crate::tui::app::Desk;
use crate::tui::effect::Lane;
use crate::tui::overlay::Overlay;
use crate::tui::overlay::prompt::Prompt;
use crate::tui::setup::{Question, Setup};
use crate::tui::trace::{RowFor, Target};
use crate::workbench::Request;
use crate::workbench::request::datasets::Datasets;
use crate::workbench::request::traces::Traces;

impl State {
    /// The chosen call of a model, and its row.
    pub(super) fn call(&self) -> Option<(u32, Target)> {
        let open = self.open.as_ref()?;
        let row = open.chosen()?;
        let is_model = open.laid.as_ref()?.row(row)?.kind == Kind::Model;
        if is_model { Some((row, open.target(row)?)) } else { None }
    }

    /// Whether a call of a model is chosen.
    pub(super) fn has_call(&self) -> bool {
        self.call().is_some()
    }

    /// What is chosen, where it has a question and an answer: the call of a model, or all that an agent did.
    fn answered(&self) -> Option<Target> {
        let open = self.open.as_ref()?;
        let (at, laid) = (open.chosen()?, open.laid.as_ref()?);
        let row = laid.row(at)?;
        let target = open.target(at)?;
        let agent = laid.outline.names.get(row.agent);
        match row.kind {
            Kind::Model => Some(target),
            Kind::Agent if agent.is_empty() => Some(Target { model: target.name.clone(), ..target }),
            Kind::Agent => Some(Target { model: agent.to_owned(), ..target }),
            _ => None,
        }
    }

    /// Whether such a one is chosen.
    pub(super) fn has_answer(&self) -> bool {
        self.answered().is_some()
    }

    /// Asks for the dataset that it becomes a row of.
    pub(super) fn ask_for_dataset(&self, row_for: RowFor, desk: &mut Desk<'_>) {
        if let Some(target) = self.answered() {
            desk.overlays.push(Overlay::Prompt(Prompt::row(target, &self.dataset, row_for)));
        }
    }

    /// Asks for what was said in it, to make the row of.
    pub(super) fn make_row(
        &mut self,
        of: Box<Target>,
        dataset: String,
        row_for: RowFor,
        desk: &mut Desk<'_>,
    ) {
        let Some(row) = of.row else { return };
        self.dataset.clone_from(&dataset);
        let span = Traces::Span { id: of.id, row, span: of.span };
        let task = desk.call(None, Request::Traces(span));
        self.wait(task, Wait::Row(of, dataset, row_for));
    }

    /// It has come: it goes into the dataset.
    pub(super) fn add_row(
        &mut self,
        of: &Target,
        (dataset, row_for): (String, RowFor),
        contents: &Contents,
        desk: &mut Desk<'_>,
    ) {
        let Some(item) = sent::item(contents, &of.model) else {
            let why = "the person said nothing last: what goes on after a tool asks nothing";
            let hint = "Choose a call that begins with a question.";
            let error = Error::new(ErrorKind::Invalid, "making a row of a dataset", why, hint);
            return desk.complain(&error);
        };
        let add = Datasets::AddItem { dataset, item };
        let task = desk.call(None, Request::Datasets(add));
        self.wait(task, Wait::Added(row_for));
    }

    /// Asks for what the model was asked, as it can be asked again.
    pub(super) fn ask_others(&mut self, desk: &mut Desk<'_>) {
        let Some((row, of)) = self.call() else { return };
        let call = Traces::Call { id: of.id, row, span: of.span };
        let task = desk.call(Some(Lane("traces.call")), Request::Traces(call));
        self.instead(|wait| *wait == Wait::Call);
        self.wait(task, Wait::Call);
    }
}

/// It has come: the compare place has it ready.
pub(super) fn bring(original: Original, desk: &mut Desk<'_>) {
    let asked = original.asked;
    let said = |blocks: &[Block]| blocks.iter().filter_map(Block::said).collect::<Vec<_>>().join("\n");
    let last = asked.turns.iter().rposition(|turn| turn.role == Role::User);
    let text = last.map(|at| said(&asked.turns[at].blocks)).unwrap_or_default();
    if text.trim().is_empty() {
        let hint = "Choose a call that has a question of a person in it.";
        let why = "no question of a person is told of it";
        return desk.complain(&Error::new(ErrorKind::Invalid, "asking other models", why, hint));
    }
    let mut remarks = original.remarks;
    let others = asked.turns.len() - 1;
    if others > 0 {
        let (messages, are) = if others == 1 { ("message", "is") } else { ("messages", "are") };
        remarks.insert(0, format!("{others} other {messages} {are} left out"));
    }
    if !remarks.is_empty() {
        desk.say(format!("The question stands here; {}.", remarks.join("; ")));
    }
    let setup = Setup { model: asked.model, system: asked.system, settings: asked.settings };
    desk.asks = Some(Question { setup, text });
}
