//! The loop of a run: a model's step, what it calls, what that gave, and again, until it answers or may go no further.

use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::time::{Duration, Instant};

use super::halt::Halt;
use super::offered::Offered;
use super::replaying;
use super::retracing::Traced;
use super::servers::Servers;
use super::thinking::Asking;
use super::{Agents, kept};
use crate::domain::agent::replay::{self, Recording};
use crate::domain::agent::run::State;
use crate::domain::agent::told::{self, Standing};
use crate::domain::agent::turn::{self, Asked, MALFORMED, Next};
use crate::domain::agent::{AgentEvent, Definition, GaveUp, Run, Step, Wanted, said};
use crate::domain::call::Turn;
use crate::domain::catalog::Capability;
use crate::domain::change::Changed;
use crate::domain::message::{Block, Role};
use crate::domain::tool::Tool;
use crate::domain::trace::Fault;
use crate::domain::trace::facts::GAVE_UP;
use crate::domain::trace::told::Told;
use crate::domain::{ErrorKind, Result};
use crate::service::fresh;
use crate::service::invoke::{Counted, Meter, Terms, Underway};
use crate::worker;

/// A run that goes on.
pub(super) struct Running {
    pub(super) agents: Agents,
    pub(super) terms: Terms,
    pub(super) name: String,
    pub(super) definition: Definition,
    pub(super) offered: Offered,
    /// Those that are open.
    pub(super) servers: Servers,
    /// The model has tool calls of its own.
    pub(super) native: bool,
    pub(super) run: Run,
    pub(super) events: Option<mpsc::Sender<Result<AgentEvent>>>,
    pub(super) began: Instant,
    /// What the actions of the run gave that this one replays.
    pub(super) recording: Option<Recording>,
    /// Whose trace it does once more, where that is no run of an agent: it is kept as its own trace, and as no run either.
    pub(super) traced: Option<Traced>,
    /// Folders into which programs of agents write: what lies there leads to nothing else.
    pub(super) written_into: Vec<PathBuf>,
    /// What is told of earlier sessions with this person.
    pub(super) memory: String,
    /// What a person took to agree.
    pub(super) waited: Duration,
    /// Milliseconds that it had taken before it waited for answers.
    pub(super) before: u64,
    /// When the time of who asks is over.
    pub(super) until: Option<Instant>,
    /// Tokens that the models have written for who asks.
    pub(super) written: u64,
    /// What its searches have put in order by models, which is not yet counted as spent.
    pub(super) searched: Meter,
}

/// Runs to the end, whatever that is; `events` closed is the asker gone. The step that the run is ends with it.
pub(super) async fn run(
    agents: &Agents,
    (mut running, mut step): (Running, Underway),
    events: mpsc::Sender<Result<AgentEvent>>,
) {
    running.events = Some(events.clone());
    let said = |text: &str| vec![Block::Text { text: text.to_owned() }];
    let input = vec![Turn { role: Role::User, blocks: said(&running.run.question) }];
    // Whoever looks at a run that goes on sees what it was asked.
    step.tell(Told { input: input.clone(), ..Told::default() });
    let ended = tokio::select! {
        biased;
        () = agents.stop.cancelled() => None,
        () = events.closed() => None,
        ended = Box::pin(running.go()) => Some(ended),
    };
    let state = match ended {
        // Who leaves while the session is being remembered has the answer.
        None if matches!(running.run.state, State::Answered { .. }) => running.run.state.clone(),
        None => State::Stopped,
        Some(Ok(state)) => state,
        Some(Err(Halt::GaveUp(why))) => State::GaveUp { why, text: running.said_last() },
        Some(Err(Halt::Error(error))) if error.kind == ErrorKind::Cancelled => State::Stopped,
        Some(Err(Halt::Error(error))) => State::Failed { error },
    };
    match &state {
        State::Stopped => {}
        State::Failed { error } => step.end(Some(error)),
        // Its trace says so, and why.
        State::GaveUp { why, .. } => {
            step.fail(ErrorKind::Invalid, Fault::new(Some(GAVE_UP), &why.words()));
        }
        _ => step.end(None),
    }
    let output = match &state {
        State::Answered { text } | State::GaveUp { text, .. } => said(text),
        _ => Vec::new(),
    };
    step.tell(Told { input, output, ..Told::default() });
    running.reckon();
    running.run.state = state.clone();
    let (run, spent) = (running.run.id, running.run.spent);
    agents.pending().retain(|(of, _), _| *of != run);
    let stored = running.store().await;
    agents.changes.tell(Changed::Agents);
    let last = match (stored, state) {
        (Err(error), _) | (Ok(()), State::Failed { error }) => Err(error),
        (Ok(()), state) => Ok(AgentEvent::Ended { run, state, spent }),
    };
    // A reader that neither reads nor leaves must not hold up the end of the program.
    tokio::select! {
        biased;
        _ = events.send(last) => {}
        () = agents.stop.cancelled() => {}
    }
    // Dropped, they end too, at once and without a word.
    tokio::select! {
        biased;
        () = agents.stop.cancelled() => {}
        () = running.servers.close() => {}
    }
}

impl Running {
    /// Tells the asker; one that is gone ends the run elsewhere.
    pub(super) async fn tell(&self, event: AgentEvent) {
        if let Some(events) = &self.events {
            let _ = events.send(Ok(event)).await;
        }
    }

    /// Takes in how long it has gone on, waiting for a person left out, and what its searches came to.
    pub(super) fn reckon(&mut self) {
        for Counted { model, usage, searches } in self.searched.take() {
            let price = self.agents.invoke.prices().of(&model);
            self.run.spent.add_searches(searches, &usage, price.as_ref());
        }
        let taken = self.began.elapsed().saturating_sub(self.waited);
        let taken = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        self.run.spent.millis = self.before.saturating_add(taken);
    }

    /// How long it may still go on: by its own limit, and by that of who asks.
    pub(super) fn left(&self) -> Duration {
        let most = u64::from(self.definition.limits.seconds) * 1000;
        self.asker_waits(Duration::from_millis(most.saturating_sub(self.run.spent.millis)))
    }

    /// So long, or as long as who asks still waits.
    pub(super) fn asker_waits(&self, most: Duration) -> Duration {
        self.until.map_or(most, |until| most.min(until.saturating_duration_since(Instant::now())))
    }

    /// What the model said last, for a run that ends without an answer.
    fn said_last(&self) -> String {
        let asked = replay::asked_at(&self.run.turns, &self.run.question);
        let turns = &self.run.turns[asked.map_or(0, |at| at + 1)..];
        let said = turns.iter().filter(|turn| turn.role == Role::Assistant);
        let said =
            said.map(|turn| turn::text_of(&turn.blocks)).rfind(|text| !text.is_empty()).unwrap_or_default();
        // Of a step in JSON its thought is what a person can read.
        if self.native { said } else { said::read(&said).map_or(said, |step| step.thought) }
    }

    pub(super) async fn store(&mut self) -> Result<()> {
        self.run.updated = fresh::now();
        if self.traced.is_some() {
            return Ok(());
        }
        let run = self.run.clone();
        self.agents.archive.run(move |store| kept::put_run(store, &run)).await
    }

    async fn go(&mut self) -> Result<State, Halt> {
        let begun = AgentEvent::Begun {
            run: self.run.id,
            agent: self.name.clone(),
            version: self.run.version,
            model: self.run.model.clone(),
        };
        self.tell(begun).await;
        // What is not done must not be taken for done.
        if let Some(guardrail) = &self.definition.guardrail {
            let text =
                format!("the guardrail {guardrail:?} is not applied: guardrails come with a later version");
            self.tell(AgentEvent::Remark { text }).await;
        }
        let programs = self.definition.programs();
        if !programs.is_empty() && !worker::keeps_files() {
            let text = format!(
                "this system keeps no file from the programs of {}: they read and write what you can",
                programs.join(", ")
            );
            self.tell(AgentEvent::Remark { text }).await;
        }
        if let Some(of) = &self.run.replays {
            self.tell(AgentEvent::Remark { text: replaying::told(of) }).await;
        }
        let remarks = self.traced.as_mut().map(|traced| std::mem::take(&mut traced.remarks));
        for text in remarks.unwrap_or_default() {
            self.tell(AgentEvent::Remark { text }).await;
        }
        self.agree_to_servers().await?;
        let tools = self.offered.tools();
        if !self.run.results.is_empty() {
            self.give_twins().await;
            self.give_back(false);
        } else if self.begins() {
            self.before(&tools).await?;
        }
        let answer = match self.orchestrate(&tools).await? {
            Ok(answer) => answer,
            Err(calls) => return Ok(State::Waiting { calls }),
        };
        let text = self.after(answer).await?;
        self.run.state = State::Answered { text: text.clone() };
        self.store().await?;
        self.remember(&text).await;
        Ok(State::Answered { text })
    }

    /// Whether nothing was said to the question yet.
    fn begins(&self) -> bool {
        replay::asked_at(&self.run.turns, &self.run.question) == self.run.turns.len().checked_sub(1)
    }

    /// Whether the question is one for this agent.
    async fn before(&mut self, tools: &[Tool]) -> Result<(), Halt> {
        if !self.definition.steps.is_on(Step::PreProcessing) {
            return Ok(());
        }
        let history = &self.run.turns[..self.run.turns.len() - 1];
        let text = told::before(&self.definition, self.standing(tools, history));
        let said = self.ask(plain(Step::PreProcessing, text)).await?;
        match told::verdict(&turn::text_of(&said)) {
            Some((true, _)) => Ok(()),
            Some((false, rationale)) => Err(GaveUp::NotForIt { rationale }.into()),
            None => {
                let text = "pre-processing gave no verdict that could be read; the run goes on".to_owned();
                self.tell(AgentEvent::Remark { text }).await;
                Ok(())
            }
        }
    }

    fn standing<'a>(&'a self, tools: &'a [Tool], history: &'a [Turn]) -> Standing<'a> {
        Standing {
            tools,
            native: self.native,
            question: &self.run.question,
            history,
            attributes: &self.run.turn_attributes,
            memory: &self.memory,
        }
    }

    /// The loop: an answer, or the calls that somebody outside is to answer.
    async fn orchestrate(&mut self, tools: &[Tool]) -> Result<Result<String, Vec<Wanted>>, Halt> {
        let mut malformed = 0;
        let (mut before, mut repeats) = ((Vec::new(), Vec::new()), false);
        // Of a replay a person may have said what the model says first.
        let last = self.run.turns.last().filter(|turn| turn.role == Role::Assistant);
        let mut given = last.map(|turn| turn.blocks.clone());
        loop {
            let blocks = match given.take() {
                Some(blocks) => blocks,
                // Who goes round in circles is asked for what there is.
                None => self.think(tools, if repeats { &[] } else { tools }).await?,
            };
            let native = self.native;
            let number = self.run.spent.steps;
            match turn::next(&blocks, native, number) {
                Next::Answer(answer) => return Ok(Ok(answer)),
                Next::Malformed(said) => {
                    malformed += 1;
                    if malformed == MALFORMED {
                        self.tell_unknown().await;
                        return Err(GaveUp::Malformed { said }.into());
                    }
                    self.tell(AgentEvent::Remark { text: format!("a step could not be read: {said}") }).await;
                    self.run.turns.push(turn::again(&said, native));
                }
                Next::Calls(calls) => {
                    malformed = 0;
                    let calls = self.numbered(calls, number);
                    let (wanted, again) = self.calls(&calls, tools).await?;
                    if !wanted.is_empty() {
                        return Ok(Err(wanted));
                    }
                    // One that failed and then gave something is no circle, nor is one that looks again and sees something else.
                    let gave: Vec<Option<String>> = self.run.results.iter().map(content).collect();
                    let news = gave.iter().any(Option::is_some) && gave != before.1;
                    repeats = !native && (again || turn::alike(&calls, &before.0) && !news);
                    self.tell_again(again, repeats).await;
                    before = (calls, gave);
                    self.give_back(repeats);
                    self.store().await?;
                }
            }
        }
    }

    /// Says what becomes of a call that the model makes again.
    async fn tell_again(&self, again: bool, repeats: bool) {
        let text = match (again, repeats) {
            (false, false) => return,
            (true, true) => "the same call again: it is not made, and the model is asked for its answer",
            (true, false) => {
                "the same call again: it is not made, and the model is given what the first gave"
            }
            (false, true) => "the same call again: the model is asked for its answer",
        };
        self.tell(AgentEvent::Remark { text: text.to_owned() }).await;
    }

    /// Says of a model that was held to JSON for want of knowledge how that is mended.
    async fn tell_unknown(&self) {
        let model = &self.run.model;
        if self.native || self.agents.invoke.card(model).can(Capability::Tools).is_some() {
            return;
        }
        let text = format!(
            "nobody says whether {model} calls tools, so it was told to write its steps as JSON; where it does call \
             them, `can = [\"chat\", \"tools\"]` of [models.\"{model}\"] in the configuration file says so"
        );
        self.tell(AgentEvent::Remark { text }).await;
    }

    /// Asks the model for the next step of the loop: of the tools that it knows it may call those that are `left`.
    async fn think(&mut self, tools: &[Tool], left: &[Tool]) -> Result<Vec<Block>, Halt> {
        let system = told::system(&self.definition, self.standing(tools, &[]));
        let turns = self.run.turns.clone();
        let blocks = self.ask(Asking { step: Step::Orchestration, system, turns, tools: left }).await?;
        self.run.turns.push(Turn { role: Role::Assistant, blocks: blocks.clone() });
        self.store().await?;
        Ok(blocks)
    }

    /// The calls with ids of their own, also in the turn that made them.
    fn numbered(&mut self, calls: Vec<Asked>, number: u32) -> Vec<Asked> {
        let calls = turn::told_apart(calls, number);
        let mut ids = calls.iter().map(|call| &call.id);
        if let Some(turn) = self.run.turns.last_mut() {
            for block in &mut turn.blocks {
                if let Block::ToolUse { id, .. } = block
                    && let Some(own) = ids.next()
                {
                    own.clone_into(id);
                }
            }
        }
        calls
    }

    /// Gives the results of a step back to the model; whether it had made the same calls before.
    fn give_back(&mut self, repeats: bool) {
        let results = std::mem::take(&mut self.run.results);
        let last = self.run.turns.iter().rfind(|turn| turn.role == Role::Assistant);
        let blocks = last.map(|turn| turn.blocks.as_slice()).unwrap_or_default();
        let names: Vec<(String, String)> = match turn::next(blocks, self.native, self.run.spent.steps) {
            Next::Calls(calls) if self.native => calls.into_iter().map(|call| (call.id, call.name)).collect(),
            // A step in text makes one call: every result is of it.
            Next::Calls(calls) => {
                let name = calls.into_iter().next().map(|call| call.name).unwrap_or_default();
                let id = |block: &Block| match block {
                    Block::ToolResult { id, .. } => Some((id.clone(), name.clone())),
                    _ => None,
                };
                results.iter().filter_map(id).collect()
            }
            Next::Answer(_) | Next::Malformed(_) => Vec::new(),
        };
        self.run.turns.push(turn::given(&results, &names, self.native, &self.run.question, repeats));
    }

    /// Words the answer for the person.
    async fn after(&mut self, answer: String) -> Result<String, Halt> {
        if !self.definition.steps.is_on(Step::PostProcessing) {
            return Ok(answer);
        }
        let text = told::after(&self.definition, &self.run.question, &self.run.turns, &answer);
        let said = self.ask(plain(Step::PostProcessing, text)).await?;
        let worded = turn::text_of(&said);
        Ok(if worded.is_empty() { answer } else { worded })
    }
}

/// What a call gave; `None` where it failed.
fn content(result: &Block) -> Option<String> {
    match result {
        Block::ToolResult { content, is_error: false, .. } => Some(content.clone()),
        _ => None,
    }
}

/// A step that is one question without tools.
pub(super) fn plain(step: Step, text: String) -> Asking<'static> {
    let turns = vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }];
    Asking { step, system: None, turns, tools: &[] }
}
