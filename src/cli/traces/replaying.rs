//! `outcrop traces replay`: what a model was asked in a span, asked again, what came of both side by side; and whole runs once more.

use std::path::Path;

use futures_util::StreamExt;

use super::super::agents;
use super::super::args::{MissingCall, ReplayAgent, ReplayTrace};
use super::super::changes::{changes, signed};
use super::super::item::Item;
use super::super::out::Out;
use super::super::prompt::{read_input, text_file};
use super::super::wishes::set;
use super::super::{Asker, End, Exit, unexpected, words};
use super::{found, shown};
use crate::domain::delta::Event;
use crate::domain::diff;
use crate::domain::trace::replay::{Asked, Original, Replay, beside};
use crate::domain::trace::run::Source;
use crate::domain::trace::{Kind, Run, TraceId};
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::request::agents::Agents;
use crate::workbench::request::traces::Traces;
use crate::workbench::{Reply, Request};

pub(super) async fn replay(wanted: ReplayTrace, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    out.set_raw(wanted.raw)?;
    let run = found(&wanted.id, asker, out).await?;
    match wanted.span {
        Some(row) => call(&run, row, &wanted, asker, out).await.map(|()| Exit::Done),
        None => whole(&run, wanted, asker, out).await,
    }
}

/// A whole run, which is a trace of its own: an agent's, or another program's.
async fn whole(run: &Run, wanted: ReplayTrace, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    if run.source != Source::Own {
        return again(run, &wanted, asker, out).await;
    }
    if run.kind != Kind::Agent {
        let why = format!("{:?} is no run of an agent of this program", run.name);
        let hint = "Name a span that is a call of a model: its number, as `outcrop traces show` has it.";
        return Err(Error::new(ErrorKind::Invalid, "replaying a trace", why, hint).into());
    }
    let find = Request::Agents(Agents::FindRun { text: run.id.to_string() });
    match asker.one(find, out).await {
        Ok(_) => {}
        // What another program did and was done once more here is no run of an agent either.
        Err(End::Error(error)) if error.kind == ErrorKind::NotFound => {
            return again(run, &wanted, asker, out).await;
        }
        Err(end) => return Err(end),
    }
    let wanted = ReplayAgent {
        run: run.id.to_string(),
        version: None,
        newest: false,
        model: wanted.model,
        missing: wanted.missing.unwrap_or(MissingCall::Fail),
        question: None,
        step: None,
        with: None,
        template: Vec::new(),
        yes: wanted.yes,
        raw: wanted.raw,
    };
    agents::replay(wanted, asker, out).await
}

/// What another program did: its trace is all that there is of it.
async fn again(run: &Run, wanted: &ReplayTrace, asker: &Asker, out: &mut Out) -> Result<Exit, End> {
    if wanted.missing.is_some_and(|missing| missing != MissingCall::Fail) {
        let why = format!("{:?} is another program's run, of which no call can be made here", run.name);
        let hint = "Leave --missing out.";
        return Err(Error::new(ErrorKind::Invalid, "replaying a trace", why, hint).into());
    }
    let model = wanted.model.as_deref().map(str::parse).transpose().map_err(End::Error)?;
    agents::retrace(run.id, model, asker, out).await
}

async fn call(run: &Run, row: u32, wanted: &ReplayTrace, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let reply = asker.one(Request::Traces(Traces::Call { id: run.id, row, span: None }), out).await?;
    if out.json {
        out.object(&reply)?;
    }
    let Reply::TraceCall { original } = reply else { return Err(unexpected(&reply)) };
    original.remarks.iter().try_for_each(|remark| out.note(remark))?;
    let asked = edited(original.asked.clone(), wanted).await?;
    let ask = Traces::Replay { id: run.id, row, span: None, asked: Box::new(asked) };
    let mut replies = asker.ask(Request::Traces(ask));
    let mut done = None;
    while let Some(reply) = replies.next().await {
        let reply = reply?;
        if out.json {
            out.streamed(&reply).await?;
            out.show().await?;
        }
        match reply {
            Reply::Delta { event } if !out.json => said(event, out).await?,
            Reply::Delta { .. } => {}
            Reply::TraceReplayed { replay } => done = Some(replay),
            other => return Err(unexpected(&other)),
        }
    }
    if !out.json {
        out.end_piece().await?;
    }
    let replay = done.ok_or_else(|| Error::internal("asking a model again", "it never ended"))?;
    compared(&original, &replay, row, run.id, out)
}

/// What is asked: the call of the span, with what the person says otherwise.
async fn edited(mut asked: Asked, wanted: &ReplayTrace) -> Result<Asked> {
    if let Some(model) = &wanted.model {
        asked.model = Some(model.parse()?);
    }
    if let Some(system) = &wanted.system {
        asked.system = Some(system.clone()).filter(|system| !system.trim().is_empty());
    }
    set(&mut asked.settings, "--set ", &wanted.set)?;
    match &wanted.with {
        Some(file) if file == Path::new("-") => asked.say(read_input().await?),
        Some(file) => asked.say(text_file(file)?),
        None => {}
    }
    Ok(asked)
}

async fn said(event: Event, out: &mut Out) -> Result<(), End> {
    match event {
        Event::Text { text } => {
            out.piece(&text).await?;
            out.show().await
        }
        Event::ToolUse { name, input, .. } => out.note(&format!("calls {name} {input}")),
        Event::Notice { text } => out.note(&text),
        _ => Ok(()),
    }
}

/// Both side by side: what was asked otherwise, what came otherwise, the figures.
fn compared(original: &Original, replay: &Replay, row: u32, id: TraceId, out: &mut Out) -> Result<(), End> {
    let facts = diff::facts(&original.asked.facts(), &replay.asked.facts());
    let asked = diff::lines(&original.asked.told(), &replay.asked.told());
    let answer = diff::lines(&original.gave.told(), &replay.gave.told());
    let figures = beside(&original.gave.figures(), &replay.gave.figures());
    let made = TraceId(*replay.id.as_bytes());
    if out.json {
        return out.object(&Item::TraceReplayDiff {
            trace: made,
            facts: facts.into_iter().map(|(mark, name, value)| (mark.sign(), name, value)).collect(),
            asked: signed(&asked),
            answer: signed(&answer),
            figures,
        });
    }
    out.line("")?;
    out.line(&format!("− span {row} of {}", shown::short(id)))?;
    out.line(&format!("+ its replay, {}", shown::short(made)))?;
    for (mark, name, value) in facts {
        out.line(&format!("{} {name}: {value}", mark.sign()))?;
    }
    out.line("")?;
    out.line("asked:")?;
    changes(&asked, "  the same", out)?;
    out.line("answered:")?;
    changes(&answer, "  the same", out)?;
    out.line("")?;
    let head = vec![String::new(), "−".to_owned(), "+".to_owned()];
    let rows = figures.into_iter().map(|(name, one, other)| vec![name.to_owned(), one, other]);
    let rows = std::iter::once(head).chain(rows).collect();
    words::ledger(rows).iter().try_for_each(|line| out.line(line))
}
