//! Runs that are done once more: with the definition as it was or another, their calls answered from what was recorded.

use std::collections::BTreeMap;

use super::calling::Did;
use super::onward::blank;
use super::run::Running;
use super::{Again, Agents, kept};
use crate::domain::agent::replay::{self, Edit, Missing, Recording};
use crate::domain::agent::turn::Asked;
use crate::domain::agent::{AgentEvent, Book, Definition, Replayed, Run};
use crate::domain::message::Role;
use crate::domain::{Error, Result};

/// The run that does `old` once more; what it says is put in by [`recording`].
pub(super) fn once_more(book: &Book, old: Run, again: &Again) -> Result<Run> {
    let version = kept::version(book, Some(again.version.unwrap_or(old.version)))?;
    let of_version = again.version.and(version.definition.model.clone());
    let model = again.model.clone().or(of_version).unwrap_or(old.model);
    // Of another version its own templates count.
    let mut prompts = match (&old.replays, again.version) {
        (Some(of), None) => of.prompts.clone(),
        _ => BTreeMap::new(),
    };
    prompts.extend(again.edit.prompts.clone());
    Ok(Run {
        question: old.question,
        holds: old.holds,
        // Recorded calls set none anew.
        attributes: old.attributes,
        turn_attributes: old.turn_attributes,
        sought: old.sought,
        replays: Some(Replayed {
            run: old.id,
            step: again.edit.step,
            said: again.edit.said.is_some(),
            prompts,
            missing: Some(again.missing),
        }),
        ..blank(old.agent, version.number, model)
    })
}

/// The definition that a run is made with: a replay may have templates of its own.
pub(super) fn definition(of: &Definition, run: &Run) -> Definition {
    let mut definition = of.clone();
    for (step, template) in run.replays.iter().flat_map(|of| &of.prompts) {
        definition.steps.of_mut(*step).template = Some(template.clone());
    }
    definition
}

/// Whether no call of it is made: what was not recorded ends it.
pub(super) fn calls_nothing(run: &Run) -> bool {
    run.replays.as_ref().is_some_and(|of| of.missing == Some(Missing::Fail))
}

/// What the calls of the run gave that `run` replays, behind what it has played already. One that begins, which has an edit, is
/// given its turns.
pub(super) async fn recording(
    agents: &Agents,
    run: &mut Run,
    edit: Option<&Edit>,
    native: bool,
) -> Result<Option<Recording>> {
    let Some(Replayed { run: of, missing: Some(_), .. }) = &run.replays else { return Ok(None) };
    let (agent, of) = (run.agent, *of);
    let old = agents.archive.run(move |store| kept::run(store, agent, of)).await?;
    let from = replay::asked_at(&old.turns, &old.question).map_or(0, |at| at + 1);
    let made = replay::made(&old.turns, from, &old.results, &old.refused);
    let mut recording = Recording::new(made, replay::declined(&old.turns, from, &old.refused));
    if let Some(edit) = edit {
        (run.turns, run.question) = replay::begin(&old.turns, &old.question, edit, native)?;
    }
    let from = replay::asked_at(&run.turns, &run.question).map_or(0, |at| at + 1);
    let mut played = run.turns.as_slice();
    // What a person has the model say first is still to be done.
    if let Some((_, before)) =
        played.split_last().filter(|(last, _)| edit.is_some() && last.role == Role::Assistant)
    {
        played = before;
    }
    if edit.is_some() {
        run.refused = old.refused.into_iter().filter(|refused| refused.turn < played.len()).collect();
    }
    for call in replay::calls(played, from, &run.refused) {
        recording.play(&call.name, &call.input);
    }
    Ok(Some(recording))
}

/// What a person is told of a replay.
pub(super) fn told(of: &Replayed) -> String {
    let mut text = format!("replays the run {}", of.run.short());
    if let Some(step) = of.step {
        text.push_str(" from step ");
        text.push_str(&step.to_string());
        text.push_str(" on");
    }
    if of.said {
        text.push_str(", with another answer of the model there");
    }
    if !of.prompts.is_empty() {
        let steps: Vec<String> = of.prompts.keys().map(|step| step.as_str().replace('_', " ")).collect();
        text.push_str(", with another prompt of ");
        text.push_str(&steps.join(" and "));
    }
    text
}

impl Running {
    /// What becomes of a call that nothing was recorded of; `None` where nothing is replayed.
    pub(super) fn missing(&self) -> Option<Missing> {
        self.recording.as_ref()?;
        self.run.replays.as_ref()?.missing
    }

    /// Whether a person did not agree to such a call in what is replayed.
    pub(super) fn was_declined(&self, asked: &Asked) -> bool {
        self.recording.as_ref().is_some_and(|recording| recording.was_declined(&asked.name, &asked.input))
    }

    /// Whether something is recorded of such a call that was not played yet.
    pub(super) fn has_another(&self, asked: &Asked) -> bool {
        self.recording.as_ref().is_some_and(|recording| recording.has_another(&asked.name, &asked.input))
    }

    /// What was recorded of a call; `None` where it is to be made.
    pub(super) async fn played(&mut self, asked: &Asked) -> Option<Did> {
        let recording = self.recording.as_mut()?;
        let mut made = recording.play(&asked.name, &asked.input).cloned();
        let stands_in = made.is_none();
        // Of another program's run nothing can be called in its place.
        if stands_in && self.traced.is_some() {
            made = recording.play_next(&asked.name).cloned();
        }
        let made = made?;
        let called = AgentEvent::Called {
            id: asked.id.clone(),
            action: asked.name.clone(),
            input: asked.input.clone(),
            by: "recording".to_owned(),
        };
        self.tell(called).await;
        if stands_in {
            let text = format!(
                "nothing was recorded of {name} {}: it gives what {name} {} gave, the next that was recorded",
                asked.input,
                made.input,
                name = asked.name,
            );
            self.tell(AgentEvent::Remark { text }).await;
        }
        Some(self.given(asked, made, stands_in))
    }

    /// What ends a replay that makes no call: nothing was recorded of this one.
    pub(super) fn lacks(&self, asked: &Asked) -> Error {
        let hint = if self.traced.is_some() {
            "No call of another program's run can be made here; another model may make those that it has."
        } else {
            "--missing run makes such calls, --missing ask asks first."
        };
        replay::missing(asked, hint)
    }
}
