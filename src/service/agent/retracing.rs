//! Runs of other programs once more, as their traces tell them: their model is asked what it was asked, and what their tools
//! gave is given. Nothing is called, and nothing is kept of it but its own trace.

use std::collections::BTreeMap;

use tokio::time::{Duration, Instant};

use super::Agents;
use super::beginning::{Beginning, Takes};
use super::offered::Offered;
use super::onward::blank;
use super::remembering::person;
use super::run::Running;
use super::servers::Servers;
use crate::domain::agent::replay::{Missing, Recording, Replayed};
use crate::domain::agent::{Definition, Executor, Group, Pins, Run};
use crate::domain::catalog::{Capability, ModelId};
use crate::domain::id::RunId;
use crate::domain::message::{Block, Role};
use crate::domain::trace::recorded::Recorded;
use crate::domain::trace::replay::{Asked, Place};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::service::invoke::{Meter, Terms};

const DOING: &str = "replaying a trace";
const NAME_ONE: &str = "Name another one: `outcrop traces replay ID -m MODEL`.";

/// Whose trace it is that a run does once more.
pub(super) struct Traced {
    pub of: Place,
    /// What of it is not as it was there, until that is told.
    pub remarks: Vec<String>,
}

/// Checks that it can begin, with that model or the one that was asked then.
pub(super) fn begin(
    agents: &Agents,
    recorded: Recorded,
    model: Option<ModelId>,
    terms: Terms,
) -> Result<Beginning> {
    let Recorded { of, name, model: named, mut asked, mut made, remarks } = recorded;
    let model = chosen(agents, model, &asked, &named)?;
    let before = asked.model.replace(model.clone());
    asked.leave_extras_of(before.as_ref());
    asked.settings.check()?;
    let tools = std::mem::take(&mut asked.settings.tools);
    let definition = definition(&asked, &name);
    let offered = Offered::recorded(&definition, tools);
    for made in &mut made {
        // By the name that the model knows it by.
        if let Some(name) = offered.name_of(&made.name) {
            name.clone_into(&mut made.name);
        }
    }
    let native =
        offered.tools().is_empty() || agents.invoke.card(&model).can(Capability::Tools) == Some(true);
    let calls = |block: &Block| matches!(block, Block::ToolUse { .. });
    if !native && asked.turns.iter().flat_map(|turn| &turn.blocks).any(calls) {
        let why = format!("it begins with calls of tools, and {model} is not known to have such");
        return Err(Error::new(ErrorKind::Invalid, DOING, why, NAME_ONE));
    }
    let said = asked.turns.iter().rev().filter(|turn| turn.role == Role::User);
    let question = said.flat_map(|turn| turn.blocks.iter().rev()).find_map(Block::said);
    let replays = Replayed {
        run: RunId::from_bytes(of.trace.0),
        step: None,
        said: false,
        prompts: BTreeMap::new(),
        missing: Some(Missing::Fail),
    };
    let run = Run {
        question: question.unwrap_or_default().to_owned(),
        turns: asked.turns,
        user: person(&terms.principal),
        replays: Some(replays),
        ..blank(fresh::agent_id(), 0, model)
    };
    let running = Running {
        agents: agents.clone(),
        // One that lies beyond all times is none.
        until: terms.deadline.and_then(|deadline| Instant::now().checked_add(deadline)),
        terms,
        name,
        servers: Servers::agreed(&definition, &Pins::default()),
        definition,
        offered,
        native,
        events: None,
        began: Instant::now(),
        recording: Some(Recording::new(made, Vec::new())),
        traced: Some(Traced { of, remarks }),
        written_into: Vec::new(),
        memory: String::new(),
        waited: Duration::ZERO,
        before: 0,
        written: 0,
        searched: Meter::default(),
        run,
    };
    Ok(Beginning { running, takes: Takes::Nothing })
}

/// The model that is asked: the one that is wished for, or the one that was asked then where it is here.
fn chosen(agents: &Agents, wished: Option<ModelId>, asked: &Asked, named: &str) -> Result<ModelId> {
    if let Some(wished) = wished {
        agents.invoke.knows(&wished)?;
        return Ok(wished);
    }
    let Some(own) = asked.model.clone() else {
        let why = format!("it asked {named:?}, which is no model's id here");
        return Err(Error::new(ErrorKind::Invalid, DOING, why, NAME_ONE));
    };
    agents.invoke.knows(&own).map_err(|error| {
        let why = format!("it asked {own}, which is not here: {}", error.why);
        Error::new(error.kind, DOING, why, NAME_ONE)
    })?;
    Ok(own)
}

/// What an agent would be that does as much: its prompt as it stands, and one group of actions, of which none is ever made.
fn definition(asked: &Asked, name: &str) -> Definition {
    let mut definition = Definition {
        instruction: asked.system.clone().unwrap_or_default(),
        model: asked.model.clone(),
        settings: asked.settings.clone(),
        groups: vec![Group {
            name: name.to_owned(),
            description: String::new(),
            enabled: true,
            confirm: false,
            functions: Vec::new(),
            openapi: None,
            runs: Executor::Person {},
        }],
        ..Definition::default()
    };
    definition.steps.orchestration.template = Some("$instruction$".to_owned());
    definition
}
