//! The loop of a run: a model's step, what it calls, what that gave, and again, until it answers or may go no further.

use std::sync::PoisonError;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant};

use super::calling::Did;
use super::halt::Halt;
use super::offered::Offered;
use super::onward::{blank, goes_on, model_of};
use super::remembering::{self, person};
use super::replaying;
use super::servers::Servers;
use super::thinking::Asking;
use super::{Agents, Given, kept};
use crate::domain::agent::action::{named, shown};
use crate::domain::agent::replay::{self, Missing, Recording};
use crate::domain::agent::run::State;
use crate::domain::agent::told::{self, Standing};
use crate::domain::agent::turn::{self, Asked, MALFORMED, Next};
use crate::domain::agent::{
    AgentEvent, BuiltIn, Definition, Executor, GaveUp, Run, Spent, Step, Wanted, said,
};
use crate::domain::call::Turn;
use crate::domain::catalog::Capability;
use crate::domain::change::Changed;
use crate::domain::id::{AgentId, SpanId};
use crate::domain::message::{Block, Role};
use crate::domain::tool::Tool;
use crate::domain::trace::replay::Place;
use crate::domain::trace::told::Told;
use crate::domain::trace::{Fault, SpanKind};
use crate::domain::{Error, ErrorKind, Result};
use crate::service::fresh;
use crate::service::invoke::{Tells, Terms, Underway};

/// Calls of one step that are made; a model that asks for more is told.
const MOST: usize = 16;

/// A run that goes on.
pub(super) struct Running {
    pub(super) agents: Agents,
    pub(super) terms: Terms,
    /// Recorded when this is dropped.
    step: Underway,
    pub(super) name: String,
    pub(super) definition: Definition,
    pub(super) offered: Offered,
    /// Those that are open.
    pub(super) servers: Servers,
    /// The model has tool calls of its own.
    pub(super) native: bool,
    pub(super) run: Run,
    events: Option<mpsc::Sender<Result<AgentEvent>>>,
    began: Instant,
    /// What the actions of the run gave that this one replays.
    pub(super) recording: Option<Recording>,
    /// What is told of earlier sessions with this person.
    memory: String,
    /// What a person took to agree.
    waited: Duration,
    /// Milliseconds that it had taken before it waited for answers.
    before: u64,
}

/// Reads what a run needs and checks that it can begin.
pub(super) async fn begin(agents: &Agents, id: AgentId, given: Given, terms: Terms) -> Result<Running> {
    const DOING: &str = "running an agent";
    let book = agents.archive.run(move |store| kept::book(store, id)).await?;
    let runs = |which: fn(&Run) -> bool| {
        let archive = agents.archive.clone();
        async move {
            let runs = archive.run(move |store| Ok(kept::runs(store, id, usize::MAX))).await?;
            Ok::<_, Error>(runs.into_iter().filter(which).collect::<Vec<_>>())
        }
    };
    let gone = || {
        let hint = "`outcrop agent show` lists the runs of an agent.";
        Error::new(ErrorKind::NotFound, DOING, "there is no such run of it that could go on", hint)
    };
    let now = fresh::now();
    let mut edit = None;
    let mut run = match given {
        Given::Question { text, after, version, model } => {
            if text.trim().is_empty() {
                return Err(Error::new(ErrorKind::Invalid, DOING, "nothing is asked", "Write a question."));
            }
            let version = kept::version(&book, version)?;
            let known = model_of(agents, &version.definition, model)?;
            let earlier = match after {
                None => None,
                Some(after) => {
                    let goes_on = |run: &Run| !matches!(run.state, State::Running | State::Waiting { .. });
                    let ended = runs(goes_on).await?;
                    Some(ended.into_iter().find(|run| run.id == after).ok_or_else(gone)?)
                }
            };
            let mut run = earlier.unwrap_or_else(|| blank(id, version.number, known.clone()));
            (run.version, run.model, run.spent) = (version.number, known, Spent::default());
            asks(&mut run, text);
            run
        }
        Given::Answers { run: which, answers } => {
            let waiting = runs(|run| matches!(run.state, State::Waiting { .. })).await?;
            let run = waiting.into_iter().find(|run| which.is_none_or(|which| run.id == which));
            answered(run.ok_or_else(gone)?, answers)?
        }
        Given::Replay(again) => {
            let ended = runs(|run| !matches!(run.state, State::Running)).await?;
            let old = ended.into_iter().find(|run| run.id == again.run).ok_or_else(gone)?;
            let run = replaying::once_more(&book, old, &again)?;
            edit = Some(again.edit);
            run
        }
        Given::Onward(onward) => {
            let version = kept::version(&book, None)?;
            let known = model_of(agents, &version.definition, onward.model.clone())?;
            let before = match onward.from {
                None => None,
                Some(from) => runs(|_| true).await?.into_iter().find(|run| run.id == from),
            };
            goes_on(blank(id, version.number, known), before, onward)?
        }
    };
    run.user = person(&terms.principal);
    let definition = replaying::definition(&kept::version(&book, Some(run.version))?.definition, &run);
    agents.invoke.knows(&run.model)?;
    let pins = agents.archive.run(move |store| kept::pins(store, id)).await?;
    let servers = if replaying::calls_nothing(&run) {
        Servers::agreed(&definition, &pins)
    } else {
        Servers::open(&definition, &pins, &agents.means, &terms.net).await?
    };
    let offered = Offered::of(&definition, &servers)?;
    let is_on = definition.steps.is_on(Step::Orchestration);
    // Who has nothing to call needs no form to say so.
    let native = !is_on
        || offered.tools().is_empty()
        || agents.invoke.card(&run.model).can(Capability::Tools) == Some(true);
    let recording = replaying::recording(agents, &mut run, edit.as_ref(), native).await?;
    let memory = remembering::told(agents, &definition, &run, now).await?;
    run.hashes = offered.hashes(&definition);
    run.state = State::Running;
    run.updated = now;
    // The run is the span that its calls are under.
    let span = SpanId::from_bytes(*run.id.as_bytes());
    let (mut step, terms) = agents.invoke.step_as(span, SpanKind::Agent, book.agent.name.clone(), &terms);
    if let Some(of) = &run.replays {
        step.replays(Place::first(SpanId::from_bytes(*of.run.as_bytes())));
    }
    if let Some(guardrail) = &definition.guardrail {
        step.unguarded(guardrail.clone());
    }
    let terms = Terms { net: terms.net.under(Some(span)), tells: Some(Tells::default()), ..terms };
    let before = run.spent.millis;
    let made = run.clone();
    agents.archive.run(move |store| kept::put_run(store, &made)).await?;
    agents.changes.tell(Changed::Agents);
    Ok(Running {
        agents: agents.clone(),
        terms,
        step,
        name: book.agent.name,
        definition,
        offered,
        servers,
        native,
        run,
        events: None,
        began: Instant::now(),
        recording,
        memory,
        waited: Duration::ZERO,
        before,
    })
}

/// Puts a question behind what was said. A call that never got its result goes: no API takes one.
pub(super) fn asks(run: &mut Run, text: String) {
    let calls = |turn: &mut Turn| turn.blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
    run.turns.pop_if(calls);
    run.results.clear();
    // Nothing was recorded of what another question leads to.
    if let Some(of) = &mut run.replays {
        of.missing = None;
    }
    run.question.clone_from(&text);
    let block = Block::Text { text };
    match run.turns.last_mut().filter(|turn| turn.role == Role::User) {
        Some(last) => last.blocks.push(block),
        None => run.turns.push(Turn { role: Role::User, blocks: vec![block] }),
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

/// Runs to the end, whatever that is; `events` closed is the asker gone.
pub(super) async fn run(agents: &Agents, mut running: Running, events: mpsc::Sender<Result<AgentEvent>>) {
    running.events = Some(events.clone());
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
        State::Failed { error } => running.step.end(Some(error)),
        // Its trace says so, and why.
        State::GaveUp { why, .. } => {
            running.step.fail(ErrorKind::Invalid, Fault::new(Some("gave_up"), &why.words()));
        }
        _ => running.step.end(None),
    }
    let said = |text: &str| vec![Block::Text { text: text.to_owned() }];
    let output = match &state {
        State::Answered { text } | State::GaveUp { text, .. } => said(text),
        _ => Vec::new(),
    };
    let input = vec![Turn { role: Role::User, blocks: said(&running.run.question) }];
    running.step.tell(Told { input, output, ..Told::default() });
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

    /// Takes in how long it has gone on, waiting for a person left out.
    pub(super) fn reckon(&mut self) {
        let taken = self.began.elapsed().saturating_sub(self.waited);
        let taken = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        self.run.spent.millis = self.before.saturating_add(taken);
    }

    /// How long it may still go on.
    pub(super) fn left(&self) -> Duration {
        let most = u64::from(self.definition.limits.seconds) * 1000;
        Duration::from_millis(most.saturating_sub(self.run.spent.millis))
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

    async fn store(&mut self) -> Result<()> {
        self.run.updated = fresh::now();
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
        if let Some(of) = &self.run.replays {
            self.tell(AgentEvent::Remark { text: replaying::told(of) }).await;
        }
        self.agree_to_servers().await?;
        let tools = self.offered.tools();
        if !self.run.results.is_empty() {
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
            attributes: &self.run.attributes,
            memory: &self.memory,
        }
    }

    /// The loop: an answer, or the calls that somebody outside is to answer.
    async fn orchestrate(&mut self, tools: &[Tool]) -> Result<Result<String, Vec<Wanted>>, Halt> {
        let mut malformed = 0;
        let (mut before, mut repeats) = (Vec::new(), false);
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
                        return Err(GaveUp::Malformed { said }.into());
                    }
                    self.tell(AgentEvent::Remark { text: format!("a step could not be read: {said}") }).await;
                    self.run.turns.push(turn::again(&said, native));
                }
                Next::Calls(calls) => {
                    malformed = 0;
                    let calls = self.numbered(calls, number);
                    let wanted = self.calls(&calls, tools).await?;
                    if !wanted.is_empty() {
                        return Ok(Err(wanted));
                    }
                    repeats = !native && turn::alike(&calls, &before);
                    if repeats {
                        let text = "the same call again: it is asked for its answer".to_owned();
                        self.tell(AgentEvent::Remark { text }).await;
                    }
                    before = calls;
                    self.give_back(repeats);
                    self.store().await?;
                }
            }
        }
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

    /// Makes the calls of a step, those that can be at once; what somebody outside is to answer comes back.
    async fn calls(&mut self, calls: &[Asked], tools: &[Tool]) -> Result<Vec<Wanted>, Halt> {
        self.run.results.clear();
        let mut agreed: Vec<&Asked> = Vec::new();
        let mut results: Vec<(String, Did)> = Vec::new();
        for (at, asked) in calls.iter().enumerate() {
            let did = if let Some((word, why)) = self.refusal(at, asked, tools) {
                self.refused(asked, word, why)
            } else if let Some(did) = self.played(asked).await {
                did
            } else if self.missing() == Some(Missing::Fail) {
                return Err(replay::missing(asked).into());
            } else if self.asks(asked) && !self.agreed(asked).await {
                let why = "the user did not agree to this call: it was not made. Do not make it again.";
                self.refused(asked, "not_agreed", why.to_owned())
            } else {
                agreed.push(asked);
                continue;
            };
            results.push((asked.id.clone(), did));
        }
        for asked in &agreed {
            let action = named(&self.offered.actions, &asked.name);
            let by =
                action.map_or("knowledge base", |action| self.definition.groups[action.group].runs.as_str());
            let called = AgentEvent::Called {
                id: asked.id.clone(),
                action: asked.name.clone(),
                input: asked.input.clone(),
                by: by.to_owned(),
            };
            self.tell(called).await;
        }
        self.reckon();
        let left = self.left();
        {
            let this = &*self;
            let mut doing = FuturesUnordered::new();
            for asked in agreed {
                doing.push(async move { (asked.id.clone(), this.call(asked, left).await) });
            }
            while let Some(done) = doing.next().await {
                results.push(done);
            }
        }
        let mut wanted = Vec::new();
        for asked in calls {
            let Some(at) = results.iter().position(|(id, _)| *id == asked.id) else { continue };
            let (_, did) = results.swap_remove(at);
            if let Some(result) = self.settled(asked, did).await? {
                self.run.results.push(result);
            } else {
                wanted.push(self.wanted(asked));
            }
        }
        Ok(wanted)
    }

    /// A call that somebody outside is to answer.
    fn wanted(&self, asked: &Asked) -> Wanted {
        let asks = named(&self.offered.actions, &asked.name).is_some_and(|action| {
            self.definition.groups[action.group].runs == Executor::BuiltIn(BuiltIn::AskUser)
        });
        let question = asked.input.get("question").and_then(Value::as_str).filter(|_| asks);
        Wanted {
            id: asked.id.clone(),
            action: asked.name.clone(),
            input: asked.input.clone(),
            question: question.map(str::to_owned),
        }
    }

    /// What came of a call, as the model is given it; `None` where somebody outside is to answer.
    async fn settled(&mut self, asked: &Asked, did: Did) -> Result<Option<Block>, Halt> {
        if let Did::Found { results, .. } = &did {
            let (id, action) = (asked.id.clone(), asked.name.clone());
            self.tell(AgentEvent::Found { id, action, passages: results.clone() }).await;
        }
        let (content, is_error) = match did {
            Did::Wanted => return Ok(None),
            Did::Failure(said) => {
                return Err(GaveUp::Failure { action: asked.name.clone(), said }.into());
            }
            Did::Gave { content, failed, attributes } => {
                if let Some(attributes) = attributes {
                    self.run.attributes = attributes;
                }
                (content, failed.is_some())
            }
            Did::Found { query, results, sources }
                if self.definition.steps.is_on(Step::KnowledgeBaseResponse) =>
            {
                let text = told::from_base(&self.definition, &query, &results);
                let said = self.ask(plain(Step::KnowledgeBaseResponse, text)).await?;
                (format!("{}\n\nSources:\n{sources}", turn::text_of(&said)), false)
            }
            Did::Found { results, .. } => (results, false),
        };
        let content = turn::shortened(content);
        let gave = AgentEvent::Gave {
            id: asked.id.clone(),
            action: asked.name.clone(),
            content: content.clone(),
            is_error,
        };
        self.tell(gave).await;
        Ok(Some(Block::ToolResult { id: asked.id.clone(), content, is_error }))
    }

    /// Why a call cannot be made, in a word for programs and in words for the model; `None` where it can.
    fn refusal(&self, at: usize, asked: &Asked, tools: &[Tool]) -> Option<(&'static str, String)> {
        if at >= MOST {
            let why = format!("at most {MOST} calls are made in one step: call it again in the next");
            return Some(("too_many_calls", why));
        }
        let Some(tool) = tools.iter().find(|tool| tool.name == asked.name) else {
            return Some(("unknown_tool", turn::unknown(&asked.name, tools)));
        };
        turn::wrong(tool, &asked.input).map(|why| ("invalid_arguments", why))
    }

    /// Whether the person is to agree before a call is made.
    fn asks(&self, asked: &Asked) -> bool {
        self.missing() == Some(Missing::Ask)
            || named(&self.offered.actions, &asked.name).is_some_and(|action| action.confirm)
    }

    /// Asks about tools that nobody has agreed to as they are now, before a model hears of them.
    async fn agree_to_servers(&mut self) -> Result<(), Halt> {
        let asks = self.servers.asks();
        if asks.is_empty() {
            return Ok(());
        }
        for (at, shown) in asks {
            let (run, group) = (self.run.id, self.definition.groups[at].name.clone());
            let id = format!("tools of {group}");
            let ask = AgentEvent::Agree { run, id: id.clone(), group: group.clone(), shown };
            if self.waits(id, ask).await {
                let (agent, pinned) = (self.run.agent, self.servers.agree(at));
                self.agents.archive.run(move |store| kept::pin(store, agent, group, pinned)).await?;
            } else {
                let left = self.servers.refuse(at).join(", ");
                let text = format!("left out of {group}, since nobody has agreed to them: {left}");
                self.tell(AgentEvent::Remark { text }).await;
            }
        }
        self.offered = Offered::of(&self.definition, &self.servers)?;
        self.run.hashes = self.offered.hashes(&self.definition);
        self.store().await?;
        Ok(())
    }

    /// Asks whether a call may be made. Only the person's own word counts.
    async fn agreed(&mut self, asked: &Asked) -> bool {
        // A server may give calls of several steps one id: a word about one is none about another.
        let id = format!("{}:{}", self.run.spent.steps, asked.id);
        let confirm = AgentEvent::Confirm {
            run: self.run.id,
            id: id.clone(),
            action: asked.name.clone(),
            shown: shown(&asked.input),
        };
        self.waits(id, confirm).await
    }

    /// Waits for a person's word on what is told by `event`.
    async fn waits(&mut self, id: String, event: AgentEvent) -> bool {
        let (say, said) = oneshot::channel();
        let (key, told) = ((self.run.id, id.clone()), id);
        self.agents.pending.lock().unwrap_or_else(PoisonError::into_inner).insert(key, say);
        let since = Instant::now();
        self.tell(event).await;
        let agreed = said.await.unwrap_or(false);
        self.waited += since.elapsed();
        self.tell(AgentEvent::Decided { id: told, agreed }).await;
        agreed
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

/// A step that is one question without tools.
pub(super) fn plain(step: Step, text: String) -> Asking<'static> {
    let turns = vec![Turn { role: Role::User, blocks: vec![Block::Text { text }] }];
    Asking { step, system: None, turns, tools: &[] }
}
