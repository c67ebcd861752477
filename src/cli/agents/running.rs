//! `outcrop agent run`: a run as it goes, and answering what it waits for.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::args::{MissingCall, ReplayAgent, RunAgent};
use super::super::out::Out;
use super::super::prompt::{files, read_input, text_file};
use super::super::{Asker, End, Exit, unexpected};
use super::consent::{Following, decides};
use super::{book, templated, version};
use crate::domain::agent::replay::{Edit, Missing};
use crate::domain::agent::run::{Attributes, State};
use crate::domain::agent::{AgentEvent, Book, Step, Version, Wanted};
use crate::domain::catalog::ModelId;
use crate::domain::delta::Event;
use crate::domain::id::{RunId, is_piece, piece};
use crate::domain::message::Block;
use crate::domain::trace::TraceId;
use crate::domain::untrusted::safe_line;
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::agents::Agents;
use crate::workbench::request::traces::Traces;
use crate::workbench::{Reply, Request};

/// Runs that an id is looked for among.
const RUNS: usize = 200;

pub(super) async fn run(wanted: RunAgent, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    out.set_raw(wanted.raw)?;
    let book = book(wanted.name.clone(), asker, out).await?;
    let id = book.agent.id;
    let after = match &wanted.run {
        Some(text) => Some(meant(&book, text, asker, out).await?),
        None => None,
    };
    let model = wanted.model.as_deref().map(str::parse).transpose().map_err(End::Error)?;
    let request = if wanted.answer.is_empty() {
        let attached = files(&wanted.file, asker, out).await?;
        let typed = wanted.question.join(" ");
        let typed = if typed == "-" || typed.is_empty() { read_input().await? } else { typed };
        let (question, files) = asked_with(attached, typed);
        let (session, turn) = (attributes(&wanted.attribute)?, attributes(&wanted.turn_attribute)?);
        let attributes = Attributes { session, turn };
        Agents::Run { id, question, files, after, version: wanted.version, model, attributes }
    } else if !wanted.question.is_empty() {
        let hint = format!(
            "Leave the question out: `outcrop agent run {} --answer ID=TEXT`, where --run ID picks the run.",
            book.agent.name
        );
        let (doing, why) = ("answering the calls of an agent", "a question stands beside --answer");
        return Err(Error::new(ErrorKind::Invalid, doing, why, hint).into());
    } else if !wanted.file.is_empty() {
        let hint = "Answer it in words, and send the file after that.";
        let doing = "answering the calls of an agent";
        return Err(Error::new(ErrorKind::Invalid, doing, "the agent waits for words", hint).into());
    } else {
        let answers = wanted.answer.iter().map(|said| answer(said)).collect::<Result<_>>()?;
        Agents::Answer { id, run: after, answers }
    };
    let known = version(&book, wanted.version)?;
    Ok(follow(Request::Agents(request), of(&book, known), wanted.yes, asker, out).await?.0)
}

/// `outcrop agent replay`
pub(in crate::cli) async fn replay(wanted: ReplayAgent, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    out.set_raw(wanted.raw)?;
    let reply = asker.one(Request::Agents(Agents::FindRun { text: wanted.run.clone() }), out).await?;
    let Reply::AgentRunFound { book, run } = reply else { return Err(unexpected(&reply)) };
    let number = if wanted.newest { Some(book.agent.latest) } else { wanted.version };
    let known = version(&book, Some(number.unwrap_or(run.version)))?;
    let said = match &wanted.with {
        Some(file) if file == Path::new("-") => Some(read_input().await?),
        Some(file) => Some(text_file(file)?),
        None => None,
    };
    let prompts = wanted.template.iter().map(|said| templated(said)).collect::<Result<_>>()?;
    let edit = Edit { question: wanted.question, step: wanted.step, said, prompts };
    let model = wanted.model.as_deref().map(str::parse).transpose().map_err(End::Error)?;
    let missing = match wanted.missing {
        MissingCall::Fail => Missing::Fail,
        MissingCall::Run => Missing::Run,
        MissingCall::Ask => Missing::Ask,
    };
    let (id, edit) = (book.agent.id, Box::new(edit));
    let request = Agents::Replay { id, run: run.id, edit, version: number, model, missing };
    let (exit, new) = follow(Request::Agents(request), of(&book, known), wanted.yes, asker, out).await?;
    beside(&run.id.short(), new, out)?;
    Ok(exit)
}

/// Does once more what another program did, as its trace tells it.
pub(in crate::cli) async fn retrace(
    trace: TraceId,
    model: Option<ModelId>,
    asker: &Asker,
    out: &mut Out,
) -> Result<Exit, End> {
    let request = Request::Traces(Traces::ReplayRun { id: trace, model });
    let (exit, new) = follow(request, Of::default(), false, asker, out).await?;
    beside(&RunId::from_bytes(trace.0).short(), new, out)?;
    Ok(exit)
}

fn beside(before: &str, new: RunId, out: &mut Out) -> Result<(), End> {
    out.note(&format!("`outcrop traces diff {before} {}` puts both runs side by side", new.short()))
}

/// Whose run is followed.
#[derive(Debug, Clone, Copy, Default)]
struct Of<'a> {
    /// The agent's name; empty of another program's run, which waits for nobody's answer.
    name: &'a str,
    /// A step of its own words the answer.
    worded: bool,
}

fn of<'a>(book: &'a Book, version: &Version) -> Of<'a> {
    Of { name: &book.agent.name, worded: version.definition.steps.is_on(Step::PostProcessing) }
}

/// Follows a run to its end: the exit that it means, and which run it is.
async fn follow(
    request: Request,
    of: Of<'_>,
    yes: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<(Exit, RunId), End> {
    let mut shown = Shown { worded: of.worded, ..Shown::default() };
    let mut following = Following::of(asker.ask(request));
    let mut ended = None;
    while let Some(reply) = following.next().await {
        let reply = reply?;
        if out.json {
            out.streamed(&reply).await?;
            out.show().await?;
        }
        let Reply::AgentEvent { event } = reply else { return Err(unexpected(&reply)) };
        if decides(&event, yes, &mut following, asker, out).await? {
            continue;
        }
        match event {
            AgentEvent::Ended { run, state, .. } => ended = Some((run, state)),
            other if out.json => drop(other),
            other => shown.show(other, out).await?,
        }
    }
    if !out.json {
        out.end_piece().await?;
    }
    let (run, state) = ended.ok_or_else(|| Error::internal("waiting for the agent", "it never ended"))?;
    Ok((end(of.name, run, state, &shown, out)?, run))
}

/// Tells a person of a call that a run makes, what it gave, and what else they should know.
pub(in crate::cli) fn tell(event: &AgentEvent, out: &mut Out) -> Result<(), End> {
    match event {
        AgentEvent::Delta { event: Event::Notice { text } } | AgentEvent::Remark { text } => out.note(text),
        AgentEvent::Called { action, input, by, .. } => out.note(&format!("calls {action} {input} ({by})")),
        AgentEvent::Gave { action, content, is_error, .. } => {
            // The end of a failure says what to do.
            let (how, most) = if *is_error { ("failed", 600) } else { ("gave", 160) };
            out.note(&format!("{action} {how}: {}", super::words::cut(&safe_line(content), most)))
        }
        _ => Ok(()),
    }
}

/// The question behind the files of text, and the other files.
fn asked_with(attached: Vec<Block>, typed: String) -> (String, Vec<Block>) {
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    for block in attached {
        match block {
            Block::Text { text } => texts.push(text),
            file => files.push(file),
        }
    }
    texts.push(typed);
    texts.retain(|text| !text.trim().is_empty());
    (texts.join("\n\n"), files)
}

/// What a flag says that answers a call.
fn answer(said: &str) -> Result<(String, String)> {
    let (id, text) = said.split_once('=').ok_or_else(|| {
        let why = format!("--answer {said} is not of the form ID=TEXT");
        Error::new(
            ErrorKind::Invalid,
            "answering the calls of an agent",
            why,
            "Write it like --answer ID=TEXT.",
        )
    })?;
    let text = match text.strip_prefix('@') {
        Some(file) => text_file(Path::new(file))?,
        None => text.to_owned(),
    };
    Ok((id.to_owned(), text))
}

/// The names and the values that `--attribute` and `--turn-attribute` have.
fn attributes(all: &[String]) -> Result<BTreeMap<String, String>> {
    let mut attributes = BTreeMap::new();
    for said in all {
        let named = said.split_once('=').filter(|(name, _)| !name.trim().is_empty());
        let (name, value) = named.ok_or_else(|| {
            let why = format!("{said:?} is not of the form NAME=VALUE");
            Error::new(ErrorKind::Invalid, "reading an attribute", why, "Write it like --attribute user=7.")
        })?;
        attributes.insert(name.trim().to_owned(), value.to_owned());
    }
    Ok(attributes)
}

/// The run that the first or last digits of an id mean.
async fn meant(book: &Book, text: &str, asker: &Asker, out: &mut Out) -> Result<RunId, End> {
    let reply = asker.one(Request::Agents(Agents::Runs { id: book.agent.id, limit: RUNS }), out).await?;
    let Reply::AgentRuns { runs } = &reply else { return Err(unexpected(&reply)) };
    let text = piece(text);
    let mut found = runs.iter().map(|run| run.id).filter(|id| is_piece(&text, &id.to_string()));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (first, _) => {
            let why = if first.is_some() { "several runs have it" } else { "there is none" };
            let hint = format!("`outcrop agent show {}` lists them.", book.agent.name);
            Err(Error::new(ErrorKind::NotFound, format!("finding the run {text:?}"), why, hint).into())
        }
    }
}

/// What was shown to a person so far.
#[derive(Default)]
struct Shown {
    /// The answer is worded by a step of its own: what came before is not shown.
    worded: bool,
    step: Option<Step>,
    /// The text of this step.
    text: String,
    /// How much of that was printed.
    printed: usize,
}

impl Shown {
    async fn show(&mut self, event: AgentEvent, out: &mut Out) -> Result<(), End> {
        match event {
            // What is kept of the session is none of the answer.
            AgentEvent::Step { step: Step::MemorySummary, .. } => self.step = Some(Step::MemorySummary),
            AgentEvent::Delta { event: Event::Text { .. } | Event::Replace { .. } }
                if self.step == Some(Step::MemorySummary) => {}
            AgentEvent::Step { step, .. } => {
                out.end_piece().await?;
                (self.step, self.printed) = (Some(step), 0);
                self.text.clear();
            }
            AgentEvent::Delta { event: Event::Text { text } } => {
                self.text.push_str(&text);
                let wanted = if self.worded { Step::PostProcessing } else { Step::Orchestration };
                // Steps in JSON are for the program; the answer in one is printed at the end.
                let begins = self.text.trim_start();
                let is_text = !begins.is_empty() && !begins.starts_with(['{', '`']);
                if self.step == Some(wanted) && is_text {
                    out.piece(&self.text[self.printed..]).await?;
                    self.printed = self.text.len();
                    out.show().await?;
                }
            }
            AgentEvent::Delta { event: Event::Replace { from, text, .. } } => {
                let cut = self.text.floor_char_boundary(from);
                self.text.truncate(cut);
                self.text.push_str(&text);
                // What is printed cannot be taken back: the end says what the answer is.
                self.printed = 0;
            }
            event => tell(&event, out)?,
        }
        Ok(())
    }

    /// Prints what a run came to, where it was not printed as it came.
    fn rest(&self, text: &str, out: &mut Out) -> Result<(), End> {
        if text.is_empty() || (self.printed > 0 && self.text.trim() == text.trim()) {
            return Ok(());
        }
        out.text(text)?;
        out.end_line()
    }
}

/// The exit that the end of a run means.
fn end(agent: &str, run: RunId, state: State, shown: &Shown, out: &mut Out) -> Result<Exit, End> {
    match state {
        State::Answered { text } => {
            if !out.json {
                shown.rest(&text, out)?;
            }
            Ok(Exit::Done)
        }
        State::Waiting { calls } => {
            for Wanted { id, action, input, question } in &calls {
                match question {
                    Some(question) => out.note(&format!("it asks: {question} ({id})"))?,
                    None => out.note(&format!("it wants {action} {input} ({id})"))?,
                }
            }
            out.note(&format!(
                "answer with `outcrop agent run {agent} --run {} --answer ID=TEXT`, for each of them",
                run.short()
            ))?;
            Ok(Exit::Done)
        }
        State::GaveUp { why, text } => {
            if !out.json {
                shown.rest(&text, out)?;
            }
            out.note(&format!("it gave up: {}", why.words()))?;
            Ok(Exit::Negative)
        }
        State::Stopped | State::Running => Ok(Exit::Interrupted),
        State::Failed { error } => Err(error.into()),
    }
}
