//! Agents as records.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::domain::agent::run::State;
use crate::domain::agent::{Agent, Book, Definition, Pinned, Pins, Remembered, Run, Version};
use crate::domain::id::{AgentId, RunId, SpanId, is_piece, piece};
use crate::domain::library;
use crate::domain::trace::told::Told;
use crate::domain::{Error, ErrorKind, Result};
use crate::service::naming::{Gone, unnamed};
use crate::service::{fresh, paging, trace};
use crate::store::record::{AgentRunOf, AgentVersionOf};
use crate::store::{Batch, Scan, Store};
use crate::wire::agent::openapi;

/// Runs of one agent that are kept; older ones go.
const RUNS: usize = 200;

/// Whether a definition can be run: also what only its documents tell.
pub(super) fn check(definition: &Definition) -> Result<()> {
    definition.check()?;
    for group in &definition.groups {
        if let Some(document) = &group.openapi {
            openapi::read(document).map_err(|error| {
                Error::new(
                    error.kind,
                    format!("{} of the group {:?}", error.doing, group.name),
                    error.why,
                    error.hint,
                )
            })?;
        }
    }
    Ok(())
}

pub(super) fn named(typed: &str) -> Result<String> {
    library::named(typed, "naming an agent")
}

/// Every agent that can be read, the last changed first; `workspace verify` names the others.
pub(super) fn all(store: &Store) -> Vec<Agent> {
    let mut agents: Vec<Agent> =
        store.scan::<Agent>(Scan::all()).filter_map(|record| Some(record.ok()?.1)).collect();
    agents.sort_by(|one, other| other.updated.cmp(&one.updated).then(one.id.cmp(&other.id)));
    agents
}

/// The same, each with what its newest version is, where that can be read.
pub(super) fn listed(store: &Store) -> Vec<Agent> {
    let mut agents = all(store);
    for agent in &mut agents {
        let newest = store.get::<Version>(&AgentVersionOf(agent.id, agent.latest));
        agent.brief = newest.ok().flatten().map(|version| version.definition.brief());
    }
    agents
}

pub(super) fn find(store: &Store, name: &str) -> Result<Book> {
    let wanted = name.trim().to_lowercase();
    let all = all(store);
    let found = all.iter().find(|agent| agent.name.to_lowercase() == wanted).ok_or_else(|| {
        let names = all.iter().map(|agent| agent.name.as_str());
        paging::no_such_name("agent", name, names, "outcrop agent list")
    })?;
    book(store, found.id)
}

pub(super) fn book(store: &Store, id: AgentId) -> Result<Book> {
    let agent = store.get::<Agent>(&id)?.ok_or_else(|| missing("opening an agent"))?;
    let mut versions = Vec::new();
    for version in store.scan::<Version>(Scan::under(&id)) {
        versions.push(version?.1);
    }
    Ok(Book { agent, versions })
}

/// The folders into which programs of agents write, by any version: an older one may be run, too.
pub(super) fn written_into(store: &Store) -> Result<Vec<PathBuf>> {
    let mut folders = BTreeSet::new();
    for record in store.scan::<Version>(Scan::all()) {
        match record {
            Ok((_, version)) => folders.extend(version.definition.written_into().cloned()),
            Err(error) if error.kind != ErrorKind::Corrupt => return Err(error),
            Err(_) => {}
        }
    }
    Ok(folders.into_iter().collect())
}

/// The version of that number, or the newest one.
pub(super) fn version(book: &Book, number: Option<u32>) -> Result<&Version> {
    library::version(&book.agent.name, &book.versions, number)
}

pub(super) fn create(store: &Store, name: String, definition: Definition, note: String) -> Result<Book> {
    free(store, &name, None)?;
    let now = fresh::now();
    let agent = Agent { id: fresh::agent_id(), name, created: now, updated: now, latest: 1, brief: None };
    let version = Version { number: 1, definition, note, created: now };
    let mut batch = Batch::new();
    batch.put(&agent.id, &agent)?;
    batch.put(&AgentVersionOf(agent.id, 1), &version)?;
    store.commit(batch)?;
    Ok(Book { agent, versions: vec![version] })
}

pub(super) fn save(store: &Store, id: AgentId, definition: Definition, note: String) -> Result<Book> {
    let mut book = book(store, id)?;
    let definition = definition.with_secrets_of(book.version(None).map(|latest| &latest.definition))?;
    if let Some(same) = book.version(None).filter(|latest| latest.definition == definition) {
        return Err(Error::new(
            ErrorKind::Invalid,
            "saving a version of an agent",
            format!("it is the same as version {}", same.number),
            "Change something in it first.",
        ));
    }
    book.agent.latest = book.agent.latest.saturating_add(1);
    book.agent.updated = fresh::now();
    let version = Version { number: book.agent.latest, definition, note, created: book.agent.updated };
    let mut batch = Batch::new();
    batch.put(&id, &book.agent)?;
    batch.put(&AgentVersionOf(id, version.number), &version)?;
    store.commit(batch)?;
    book.versions.push(version);
    Ok(book)
}

pub(super) fn rename(store: &Store, id: AgentId, name: String) -> Result<Book> {
    free(store, &name, Some(id))?;
    let mut book = book(store, id)?;
    book.agent.name = name;
    book.agent.updated = fresh::now();
    let mut batch = Batch::new();
    batch.put(&id, &book.agent)?;
    store.commit(batch)?;
    Ok(book)
}

pub(super) fn remove(store: &Store, id: AgentId) -> Result<()> {
    if !store.has::<Agent>(&id)? {
        return Err(missing("removing an agent"));
    }
    let runs = store.keys::<Run>(Scan::under(&id)).collect::<Result<Vec<_>>>()?;
    // What one that goes on still says would be kept behind the agent, with its traces.
    let mut kept = runs.iter().filter_map(|AgentRunOf(agent, run)| readable(store, *agent, *run));
    if let Some(live) = kept.find(|run| run.state == State::Running) {
        return Err(still_answering(&live));
    }
    let mut batch = Batch::new();
    batch.remove::<Agent>(&id);
    batch.remove::<Pins>(&id);
    for key in store.keys::<Version>(Scan::under(&id)) {
        batch.remove::<Version>(&key?);
    }
    forget_runs(store, &runs, &mut batch)?;
    for key in store.keys::<Remembered>(Scan::under(&id)) {
        batch.remove::<Remembered>(&key?);
    }
    store.commit(batch)
}

fn still_answering(run: &Run) -> Error {
    let why = format!("it is still answering {:?}, in the run {}", short(&run.question), run.id.short());
    let hint = "Stop that answer, or wait for its end, and try again.";
    Error::new(ErrorKind::Busy, "removing an agent", why, hint)
}

/// The beginning of a question, for a sentence.
fn short(question: &str) -> String {
    const MOST: usize = 60;
    let line = question.lines().next().unwrap_or_default();
    if line.chars().count() <= MOST {
        return line.to_owned();
    }
    line.chars().take(MOST - 1).chain(['…']).collect()
}

/// Deletes runs with a batch, with what was said in their calls and the files that they alone hold; that there were some stays on
/// record.
pub(super) fn forget_runs(store: &Store, runs: &[AgentRunOf], batch: &mut Batch) -> Result<()> {
    let mut held = BTreeSet::new();
    for AgentRunOf(agent, id) in runs {
        for call in trace::calls(store, SpanId::from_bytes(*id.as_bytes()))? {
            batch.remove::<Told>(&call);
        }
        held.extend(readable(store, *agent, *id).map(|run| run.holds).unwrap_or_default());
        batch.remove::<Run>(&AgentRunOf(*agent, *id));
    }
    let gone: Vec<RunId> = runs.iter().map(|AgentRunOf(_, id)| *id).collect();
    for blob in unnamed(store, Gone::Runs(&gone), held)? {
        store.detach(&blob, batch);
    }
    Ok(())
}

/// What was agreed to of the tools of an agent's servers.
pub(super) fn pins(store: &Store, id: AgentId) -> Result<Pins> {
    Ok(store.get::<Pins>(&id)?.unwrap_or_default())
}

/// Keeps what was agreed to of one group's. The agent may have been removed meanwhile: then nothing is kept.
pub(super) fn pin(store: &Store, id: AgentId, group: String, pinned: Pinned) -> Result<()> {
    if !store.has::<Agent>(&id)? {
        return Ok(());
    }
    let mut pins = pins(store, id)?;
    pins.0.insert(group, pinned);
    let mut batch = Batch::new();
    batch.put(&id, &pins)?;
    store.commit(batch)
}

/// Those that can be read, the newest first.
pub(super) fn runs(store: &Store, id: AgentId, limit: usize) -> Vec<Run> {
    let runs = store.scan::<Run>(Scan::under(&id).reverse());
    runs.filter_map(|record| Some(record.ok()?.1)).take(limit).collect()
}

/// A run of an agent; none where it is gone or cannot be read.
pub(super) fn readable(store: &Store, agent: AgentId, run: RunId) -> Option<Run> {
    store.get::<Run>(&AgentRunOf(agent, run)).ok().flatten()
}

/// The run that waits for answers; the newest one that does where none is named.
///
/// # Errors
///
/// `Busy`: the one that is named waits for nothing any more.
pub(super) fn waiting(store: &Store, agent: AgentId, which: Option<RunId>) -> Result<Option<Run>> {
    let waits = |run: &Run| matches!(run.state, State::Waiting { .. });
    match which.map(|which| readable(store, agent, which)) {
        None => {
            let runs = store.scan::<Run>(Scan::under(&agent).reverse());
            Ok(runs.filter_map(|record| Some(record.ok()?.1)).find(waits))
        }
        Some(Some(run)) if !waits(&run) => Err(answered_elsewhere(&run)),
        Some(run) => Ok(run),
    }
}

/// Takes up a run that waits, with its answers: of several who would, one does.
///
/// # Errors
///
/// `Busy`: it is not as it was when it waited for these answers, or another run goes on from it.
pub(super) fn take_up(store: &Store, waited: &State, run: &Run) -> Result<()> {
    let taken = store.change::<Run>(&AgentRunOf(run.agent, run.id), |now| {
        if now.state != *waited || is_taken(store, &now) {
            return Err(answered_elsewhere(&now));
        }
        Ok((run.clone(), Batch::new()))
    })?;
    taken.map(drop).ok_or_else(|| missing("answering the calls of an agent"))
}

/// Keeps a run that goes on from another one, which waited for its answers and stays as it is. It may be answered in several
/// branches of a conversation, but not by two at once.
///
/// # Errors
///
/// `Busy`: a run goes on from it already, or it does so itself.
pub(super) fn branch_off(store: &Store, from: RunId, run: &Run) -> Result<()> {
    let left = store.change::<Run>(&AgentRunOf(run.agent, from), |now| {
        if !matches!(now.state, State::Waiting { .. }) || is_taken(store, &now) {
            return Err(answered_elsewhere(&now));
        }
        Ok((Run { taken_by: Some(run.id), ..now }, putting(store, run)?))
    })?;
    if left.is_some() { Ok(()) } else { put_run(store, run) }
}

/// Whether another run that went on from it runs now.
fn is_taken(store: &Store, run: &Run) -> bool {
    let by = run.taken_by.and_then(|by| readable(store, run.agent, by));
    by.is_some_and(|by| by.state == State::Running)
}

/// Somebody else was first.
fn answered_elsewhere(run: &Run) -> Error {
    let why = format!("the run {} waits for that no more: another window has answered it", run.id.short());
    let hint = "`outcrop agent show` tells how far it is.";
    Error::new(ErrorKind::Busy, "answering the calls of an agent", why, hint)
}

/// A run of an agent.
pub(super) fn run(store: &Store, agent: AgentId, run: RunId) -> Result<Run> {
    store.get::<Run>(&AgentRunOf(agent, run))?.ok_or_else(|| {
        let why = format!("the run {} is not there any more", run.short());
        let hint = "`outcrop agent show` lists those that are.";
        Error::new(ErrorKind::NotFound, "opening a run of an agent", why, hint)
    })
}

/// The run that the first or last digits of an id mean, with its agent.
pub(super) fn find_run(store: &Store, text: &str) -> Result<(Book, Run)> {
    let text = piece(text);
    let means = |key: &AgentRunOf| is_piece(&text, &key.1.to_string());
    let keys = store.keys::<Run>(Scan::all()).filter_map(Result::ok);
    let mut found: Vec<AgentRunOf> = keys.filter(means).collect();
    let doing = format!("finding the run {text:?}");
    match (found.pop(), found.is_empty()) {
        (Some(AgentRunOf(agent, id)), true) => Ok((book(store, agent)?, run(store, agent, id)?)),
        (Some(_), false) => {
            Err(Error::new(ErrorKind::Invalid, doing, "several runs have it", "Give more of its digits."))
        }
        (None, _) => {
            let hint = "`outcrop agent show` lists the runs of an agent.";
            Err(Error::new(ErrorKind::NotFound, doing, "there is none", hint))
        }
    }
}

/// Keeps a run as it is now. The agent may have been removed meanwhile: then nothing is kept.
pub(super) fn put_run(store: &Store, run: &Run) -> Result<()> {
    store.commit(putting(store, run)?)
}

fn putting(store: &Store, run: &Run) -> Result<Batch> {
    let mut batch = Batch::new();
    if !store.has::<Agent>(&run.agent)? {
        return Ok(batch);
    }
    let key = AgentRunOf(run.agent, run.id);
    if !store.has::<Run>(&key)? {
        for old in store.keys::<Run>(Scan::under(&run.agent).reverse()).skip(RUNS - 1) {
            batch.remove::<Run>(&old?);
        }
    }
    batch.put(&key, run)?;
    Ok(batch)
}

/// Nobody else has the name, however it is capitalised.
fn free(store: &Store, name: &str, but: Option<AgentId>) -> Result<()> {
    let wanted = name.to_lowercase();
    if all(store).iter().all(|other| Some(other.id) == but || other.name.to_lowercase() != wanted) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        "naming an agent",
        format!("there is an agent {name:?} already"),
        "Take another name, or `outcrop agent edit` that one.",
    ))
}

/// The name, with a number behind it where it is taken.
pub(super) fn free_name(store: &Store, name: &str) -> String {
    library::free_name(name, |name| free(store, name, None).is_err())
}

pub(super) fn missing(doing: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        doing,
        "it is not there any more",
        "`outcrop agent list` shows what there is.",
    )
}

#[cfg(test)]
mod tests {
    use super::super::onward::blank;
    use super::*;
    use crate::domain::agent::Wanted;
    use crate::store::{Owner, Unlock};

    #[test]
    fn the_files_of_a_run_are_there_as_long_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let unlock = Unlock { passphrase: None, ask: false };
        let store = Store::open(&Owner::take(home.path()).unwrap(), &unlock).unwrap().0;
        let book = create(&store, "a".to_owned(), Definition::default(), String::new()).unwrap();
        let id = book.agent.id;
        let blobs = [b"one".to_vec(), b"two".to_vec()].map(|bytes| store.attach(bytes).unwrap());
        let run = |holds: &[usize]| {
            let holds = holds.iter().map(|at| blobs[*at].clone()).collect();
            let run = Run { holds, state: State::Stopped, ..blank(id, 1, "a/b".parse().unwrap()) };
            put_run(&store, &run).unwrap();
            AgentRunOf(id, run.id)
        };
        let (first, _second) = (run(&[0, 1]), run(&[1]));
        let left = || store.attachments().unwrap();
        assert!(unnamed(&store, Gone::Nothing, left()).unwrap().is_empty());
        let mut batch = Batch::new();
        forget_runs(&store, &[first], &mut batch).unwrap();
        store.commit(batch).unwrap();
        assert_eq!(left().into_iter().collect::<Vec<_>>(), [blobs[1].clone()], "another run holds it too");
        remove(&store, id).unwrap();
        assert!(left().is_empty());
    }

    #[test]
    fn a_run_that_waits_is_gone_on_with_in_one_way_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let unlock = Unlock { passphrase: None, ask: false };
        let store = Store::open(&Owner::take(home.path()).unwrap(), &unlock).unwrap().0;
        let definition = Definition { instruction: "x".to_owned(), ..Definition::default() };
        let agent = create(&store, "a".to_owned(), definition, String::new()).unwrap().agent.id;
        let new = || blank(agent, 1, "scripted/acts".parse().unwrap());
        let call = Wanted {
            id: "1".to_owned(),
            action: "ask_user".to_owned(),
            input: serde_json::json!({}),
            question: None,
        };
        let waits = Run { state: State::Waiting { calls: vec![call] }, ..new() };
        put_run(&store, &waits).unwrap();
        let itself = Run { state: State::Running, ..waits.clone() };
        let [one, other] = [new(), new()];
        branch_off(&store, waits.id, &one).unwrap();
        for refused in [branch_off(&store, waits.id, &other), take_up(&store, &waits.state, &itself)] {
            assert_eq!(refused.unwrap_err().kind, ErrorKind::Busy);
        }
        // Once that has ended it may be answered again.
        put_run(&store, &Run { state: State::Stopped, ..one }).unwrap();
        take_up(&store, &waits.state, &itself).unwrap();
        for refused in [branch_off(&store, waits.id, &other), take_up(&store, &waits.state, &itself)] {
            assert_eq!(refused.unwrap_err().kind, ErrorKind::Busy);
        }
        assert_eq!(readable(&store, agent, other.id), None);
    }
}
