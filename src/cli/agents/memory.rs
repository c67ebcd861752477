//! `outcrop agent memory …`: what an agent remembers of sessions with people.

use std::path::Path;

use super::super::args::AgentMemory as Verb;
use super::super::item::Item;
use super::super::out::Out;
use super::super::prompt::{read_input, text_file};
use super::super::{Asker, End, ask, unexpected, words};
use super::book;
use crate::domain::agent::turn::text_of;
use crate::domain::agent::{Book, Remembered};
use crate::domain::id::{RunId, is_piece, piece};
use crate::domain::{Error, ErrorKind};
use crate::workbench::request::agents::Agents;
use crate::workbench::{Reply, Request};

/// Columns of a summary in the list.
const SHORT: usize = 60;

pub(super) async fn memory(verb: Verb, asker: &Asker, out: &mut Out) -> Result<(), End> {
    match verb {
        Verb::List { agent, user } => {
            let book = book(agent, asker, out).await?;
            let sessions = sessions(&book, user, asker, out).await?;
            list(&sessions, out)?;
            if sessions.is_empty() {
                out.note(if keeps(&book) {
                    "it remembers nothing"
                } else {
                    "it remembers nothing: its definition keeps it for no day ([memory] days = 30)"
                })?;
            }
            Ok(())
        }
        Verb::Show { agent, session, user } => {
            let book = book(agent, asker, out).await?;
            let sessions = sessions(&book, user, asker, out).await?;
            let Some(session) = session else {
                return sessions.iter().try_for_each(|session| show(session, out));
            };
            let id = meant(&book, &sessions, &session)?;
            sessions.iter().filter(|known| known.session == id).try_for_each(|known| show(known, out))?;
            history(&book, id, asker, out).await
        }
        Verb::Edit { agent, session, text, file } => {
            let book = book(agent, asker, out).await?;
            let known = sessions(&book, None, asker, out).await?;
            let session = meant(&book, &known, &session)?;
            let typed = text.join(" ");
            let summary = match &file {
                Some(file) if file != Path::new("-") => text_file(file)?,
                None if !typed.is_empty() && typed != "-" => typed,
                _ => read_input().await?,
            };
            let request = Agents::EditMemory { id: book.agent.id, session, summary };
            list(&of(asker.one(Request::Agents(request), out).await?)?, out)
        }
        Verb::Remove { agent, session, user, runs, yes } => {
            let book = book(agent, asker, out).await?;
            let known = sessions(&book, user, asker, out).await?;
            let ids: Vec<RunId> = if session.is_empty() {
                known.iter().map(|known| known.session).collect()
            } else {
                session.iter().map(|text| meant(&book, &known, text)).collect::<Result<_, _>>()?
            };
            remove(&book, ids, runs, yes, asker, out).await
        }
    }
}

/// Whether the newest version remembers anything.
fn keeps(book: &Book) -> bool {
    book.version(None).is_some_and(|version| version.definition.memory.days > 0)
}

async fn sessions(
    book: &Book,
    user: Option<String>,
    asker: &Asker,
    out: &mut Out,
) -> Result<Vec<Remembered>, End> {
    of(asker.one(Request::Agents(Agents::Memories { id: book.agent.id, user }), out).await?)
}

fn of(reply: Reply) -> Result<Vec<Remembered>, End> {
    match reply {
        Reply::AgentMemories { sessions } => Ok(sessions),
        other => Err(unexpected(&other)),
    }
}

/// The session that the first or last digits of its id mean.
fn meant(book: &Book, sessions: &[Remembered], text: &str) -> Result<RunId, Error> {
    let wanted = piece(text);
    let fits = |id: &RunId| is_piece(&wanted, &id.to_string());
    let mut found = sessions.iter().map(|session| session.session).filter(fits);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (first, _) => {
            let why = if first.is_some() { "several sessions have it" } else { "it remembers none" };
            let hint =
                format!("`outcrop agent memory list {}` shows them.", words::in_shell(&book.agent.name));
            Err(Error::new(ErrorKind::NotFound, format!("finding the session {text:?}"), why, hint))
        }
    }
}

/// A line for each.
fn list(sessions: &[Remembered], out: &mut Out) -> Result<(), End> {
    if out.json {
        return sessions.iter().try_for_each(|memory| out.object(&Item::AgentMemory { memory }));
    }
    let row = |session: &Remembered| {
        vec![
            session.session.short(),
            words::time(session.at),
            session.user.clone(),
            if session.edited { "edited".to_owned() } else { String::new() },
            words::cut(&session.summary, SHORT),
        ]
    };
    words::table(&sessions.iter().map(row).collect::<Vec<_>>()).iter().try_for_each(|line| out.line(line))
}

fn show(session: &Remembered, out: &mut Out) -> Result<(), End> {
    if out.json {
        return out.object(&Item::AgentMemory { memory: session });
    }
    let edited = if session.edited { "  edited" } else { "" };
    let (id, time) = (session.session.short(), words::time(session.at));
    out.line(&format!("{id}  {time}  {}{edited}", session.user))?;
    out.text(&session.summary)?;
    out.end_line()
}

/// What was said in a session, as far as its newest run is kept.
async fn history(book: &Book, session: RunId, asker: &Asker, out: &mut Out) -> Result<(), End> {
    let ask = Agents::Runs { id: book.agent.id, limit: usize::MAX };
    let reply = asker.one(Request::Agents(ask), out).await?;
    let Reply::AgentRuns { runs } = &reply else { return Err(unexpected(&reply)) };
    let Some(run) = runs.iter().find(|run| run.session() == session && run.replays.is_none()) else {
        return Ok(());
    };
    if out.json {
        return out.object(&Item::AgentRun { run });
    }
    out.line("")?;
    for turn in &run.turns {
        let said = text_of(&turn.blocks);
        if !said.is_empty() {
            out.text(&format!("{}: {said}", turn.role.as_str()))?;
            out.end_line()?;
        }
    }
    Ok(())
}

async fn remove(
    book: &Book,
    ids: Vec<RunId>,
    runs: bool,
    yes: bool,
    asker: &Asker,
    out: &mut Out,
) -> Result<(), End> {
    if ids.is_empty() {
        return out.note("it remembers nothing");
    }
    let sessions = words::count(ids.len() as u64, "session", "sessions");
    let all = if runs { ", and delete what was said" } else { "" };
    let question = format!("Have “{}” forget {sessions}{all}?", book.agent.name);
    ask::agreed(yes, &question, "forgetting sessions").await?;
    let shown: Vec<String> = ids.iter().map(RunId::short).collect();
    let request = Agents::Forget { id: book.agent.id, sessions: ids, runs };
    let reply = asker.one(Request::Agents(request), out).await?;
    if out.json {
        return out.object(&reply);
    }
    shown.iter().try_for_each(|id| out.line(&format!("forgot {id}")))
}
