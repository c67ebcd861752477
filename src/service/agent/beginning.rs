//! How a run begins: what it is of, what it needs of the world, and what it is asked first.

use tokio::time::{Duration, Instant, timeout_at};

use super::offered::Offered;
use super::onward::{blank, goes_on, model_of};
use super::remembering::{self, person};
use super::replaying;
use super::run::Running;
use super::servers::Servers;
use super::{Agents, Given, kept};
use crate::domain::agent::run::State;
use crate::domain::agent::{Definition, Run, Spent, Step, Wanted, turn};
use crate::domain::attachment::blobs_of;
use crate::domain::call::Turn;
use crate::domain::catalog::{Capability, ModelId};
use crate::domain::change::Changed;
use crate::domain::id::{AgentId, RunId, SpanId};
use crate::domain::message::{Block, Role};
use crate::domain::trace::SpanKind;
use crate::domain::trace::replay::Place;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::service::invoke::{Meter, Tells, Terms, Underway};

/// A run that is ready to begin.
pub(super) struct Beginning {
    pub(super) running: Running,
    pub(super) takes: Takes,
}

/// What a run takes up.
pub(super) enum Takes {
    Nothing,
    /// Itself, where it waited so.
    Itself(State),
    /// Another one that waits, which stays as it is: conversations have branches.
    Branch(RunId),
}

/// Reads what a run needs and checks that it can begin.
pub(super) async fn begin(agents: &Agents, id: AgentId, given: Given, terms: Terms) -> Result<Beginning> {
    const DOING: &str = "running an agent";
    let reading = agents.archive.run(move |store| Ok((kept::book(store, id)?, kept::written_into(store)?)));
    let (book, written_into) = reading.await?;
    let kept_as = |run: RunId| agents.archive.run(move |store| Ok(kept::readable(store, id, run)));
    let gone = || {
        let hint = "`outcrop agent show` lists the runs of an agent.";
        Error::new(ErrorKind::NotFound, DOING, "there is no such run of it that could go on", hint)
    };
    let now = fresh::now();
    // One that lies beyond all times is none.
    let until = terms.deadline.and_then(|deadline| Instant::now().checked_add(deadline));
    let mut takes = Takes::Nothing;
    let mut edit = None;
    let mut run = match given {
        Given::Question { text, files, after, version, model, attributes } => {
            if text.trim().is_empty() {
                let (why, hint) = if files.is_empty() {
                    ("nothing is asked", "Write a question.")
                } else {
                    ("nothing is asked of the agent", "Write beside the file what it is to do with it.")
                };
                return Err(Error::new(ErrorKind::Invalid, DOING, why, hint));
            }
            let version = kept::version(&book, version)?;
            let known = model_of(agents, &version.definition, model)?;
            let earlier = match after {
                None => None,
                Some(after) => {
                    let has_ended = |run: &Run| !matches!(run.state, State::Running | State::Waiting { .. });
                    Some(kept_as(after).await?.filter(has_ended).ok_or_else(gone)?)
                }
            };
            let mut run = earlier.unwrap_or_else(|| blank(id, version.number, known.clone()));
            (run.version, run.model, run.spent) = (version.number, known, Spent::default());
            run.holds.extend(blobs_of(&files).cloned());
            asks(&mut run, text, files);
            run.attributes.extend(attributes.session);
            run.turn_attributes = attributes.turn;
            run
        }
        Given::Answers { run: which, answers } => {
            let run = agents.archive.run(move |store| kept::waiting(store, id, which)).await?;
            let run = answered(run.ok_or_else(gone)?, answers)?;
            takes = Takes::Itself(run.state.clone());
            run
        }
        Given::Replay(again) => {
            let is_over = |run: &Run| run.state != State::Running;
            let old = kept_as(again.run).await?.filter(is_over).ok_or_else(gone)?;
            let run = replaying::once_more(&book, old, &again)?;
            edit = Some(again.edit);
            run
        }
        Given::Onward(onward) => {
            let version = kept::version(&book, None)?;
            let known = model_of(agents, &version.definition, onward.model.clone())?;
            let before = match onward.from {
                None => None,
                Some(from) => kept_as(from).await?,
            };
            let from = before.as_ref().map(|before| before.id);
            let run = goes_on(blank(id, version.number, known), before, onward)?;
            // It has results where it answers what the other one waits for.
            takes = from.filter(|_| !run.results.is_empty()).map_or(Takes::Nothing, Takes::Branch);
            run
        }
    };
    run.user = person(&terms.principal);
    let definition = replaying::definition(&kept::version(&book, Some(run.version))?.definition, &run);
    agents.invoke.knows(&run.model)?;
    holds(agents, &definition, &run).await?;
    let pins = agents.archive.run(move |store| kept::pins(store, id)).await?;
    let servers = if replaying::calls_nothing(&run) {
        Servers::agreed(&definition, &pins)
    } else {
        let opening = Servers::open(&definition, &pins, &agents.means, &terms.net);
        match until {
            Some(until) => timeout_at(until, opening).await.unwrap_or_else(|_| {
                let why = "its servers were not open within the time that there is";
                Err(Error::new(ErrorKind::Timeout, DOING, why, "Give it more time."))
            })?,
            None => opening.await?,
        }
    };
    let offered = Offered::of(&definition, &servers)?;
    let is_on = definition.steps.is_on(Step::Orchestration);
    // Who has nothing to call needs no form to say so.
    let native = !is_on
        || offered.tools().is_empty()
        || agents.invoke.card(&run.model).can(Capability::Tools) == Some(true);
    let recording = replaying::recording(agents, &mut run, edit.as_ref(), native).await?;
    // One that waited has begun before.
    if !matches!(takes, Takes::Itself(_)) {
        run.begun_with = u32::try_from(run.turns.len()).ok();
    }
    let memory = remembering::told(agents, &definition, &run, now).await?;
    run.hashes = offered.hashes(&definition);
    run.state = State::Running;
    run.updated = now;
    let running = Running {
        agents: agents.clone(),
        terms,
        name: book.agent.name,
        definition,
        offered,
        servers,
        native,
        events: None,
        began: Instant::now(),
        recording,
        traced: None,
        written_into,
        memory,
        waited: Duration::ZERO,
        before: run.spent.millis,
        until,
        written: 0,
        searched: Meter::default(),
        run,
    };
    Ok(Beginning { running, takes })
}

/// Whether its limit in dollars can hold: every model that it may ask has a price, also those that put in order what its bases have.
async fn holds(agents: &Agents, definition: &Definition, run: &Run) -> Result<()> {
    let Some(cost) = definition.limits.cost else { return Ok(()) };
    let prices = agents.invoke.prices();
    let unpriced = |model: &ModelId, keys: &str| {
        let why = format!("its limit of ${cost} cannot hold: nobody says what {model} costs");
        let hint = format!(
            "Set {keys} of [models.\"{model}\"] in the configuration file, 0 where it costs nothing, or take the cost out of \
             the agent's limits."
        );
        Error::new(ErrorKind::Config, "running an agent", why, hint)
    };
    for model in definition.asked(&run.model) {
        let price = prices.of(model);
        if price.is_none_or(|price| price.input.is_none() || price.output.is_none()) {
            return Err(unpriced(model, "input_price and output_price"));
        }
    }
    for base in &definition.bases {
        // One that is not there is told when it is searched.
        let found = agents.knowledge.find(base.name.clone()).await.ok();
        let Some(model) = found.and_then(|base| base.reranker).map(|reranker| reranker.model) else {
            continue;
        };
        if prices.of(&model).is_none_or(|price| price.input.is_none() && price.search.is_none()) {
            return Err(unpriced(&model, "search_price, or input_price and output_price,"));
        }
    }
    Ok(())
}

impl Beginning {
    /// Keeps it as one that runs: from then on somebody has to say how it ended. Of two that would take the same up one does. With it
    /// comes the step that it is.
    pub(super) async fn take_up(self) -> Result<(Running, Underway)> {
        let Self { mut running, takes } = self;
        if running.traced.is_none() {
            let made = running.run.clone();
            let kept = running.agents.archive.run(move |store| match takes {
                Takes::Nothing => kept::put_run(store, &made),
                Takes::Itself(waited) => kept::take_up(store, &waited, &made),
                Takes::Branch(from) => kept::branch_off(store, from, &made),
            });
            kept.await?;
            running.agents.changes.tell(Changed::Agents);
        }
        // The run is the span that its calls are under.
        let span = SpanId::from_bytes(*running.run.id.as_bytes());
        let invoke = &running.agents.invoke;
        let (mut step, terms) = invoke.step_as(span, SpanKind::Agent, running.name.clone(), &running.terms);
        if let Some(traced) = &running.traced {
            step.replays(traced.of);
        } else if let Some(of) = &running.run.replays {
            step.replays(Place::first(SpanId::from_bytes(*of.run.as_bytes())));
        }
        if let Some(guardrail) = &running.definition.guardrail {
            step.unguarded(guardrail.clone());
        }
        running.terms = Terms { net: terms.net.under(Some(span)), tells: Some(Tells::default()), ..terms };
        running.began = Instant::now();
        Ok((running, step))
    }
}

/// Puts a question behind what was said, and behind its files. A call that never got its result goes: no API takes one.
pub(super) fn asks(run: &mut Run, text: String, files: Vec<Block>) {
    let calls = |turn: &mut Turn| turn.blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
    run.turns.pop_if(calls);
    run.refused.retain(|refused| refused.turn < run.turns.len());
    run.results.clear();
    run.turn_attributes.clear();
    run.sought.clear();
    // Nothing was recorded of what another question leads to.
    if let Some(of) = &mut run.replays {
        of.missing = None;
    }
    run.question.clone_from(&text);
    let mut blocks = files;
    blocks.push(Block::Text { text });
    match run.turns.last_mut().filter(|turn| turn.role == Role::User) {
        Some(last) => last.blocks.append(&mut blocks),
        None => run.turns.push(Turn { role: Role::User, blocks }),
    }
}

/// A run that waited, with an answer for each call.
pub(super) fn answered(mut run: Run, answers: Vec<(String, String)>) -> Result<Run> {
    const DOING: &str = "answering the calls of an agent";
    let calls = match &run.state {
        State::Waiting { calls } => calls.clone(),
        _ => Vec::new(),
    };
    let named = || {
        let all: Vec<String> = calls.iter().map(|call| format!("{} ({})", call.id, call.action)).collect();
        format!("It waits for {}.", all.join(", "))
    };
    for (id, text) in answers {
        let by_name: Vec<&Wanted> = calls.iter().filter(|call| call.action == id).collect();
        let call = calls.iter().find(|call| call.id == id).or(match by_name[..] {
            [one] => Some(one),
            _ => None,
        });
        let Some(call) = call else {
            let why = format!("no call {id:?} waits for an answer");
            return Err(Error::new(ErrorKind::Invalid, DOING, why, named()));
        };
        let known = |block: &Block| matches!(block, Block::ToolResult { id, .. } if *id == call.id);
        if run.results.iter().any(known) {
            let why = format!("{} is answered twice", call.id);
            return Err(Error::new(ErrorKind::Invalid, DOING, why, named()));
        }
        let content = turn::shortened(text);
        run.results.push(Block::ToolResult { id: call.id.clone(), content, is_error: false });
    }
    let open = calls.iter().find(|call| {
        !run.results.iter().any(|block| matches!(block, Block::ToolResult { id, .. } if *id == call.id))
    });
    match open {
        Some(open) => {
            let why = format!("{} ({}) has no answer", open.id, open.action);
            Err(Error::new(ErrorKind::Invalid, DOING, why, named()))
        }
        None => Ok(run),
    }
}
