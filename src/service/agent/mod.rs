//! Agents: kept in numbered versions, run, and heard while they run.
//!
//! A run goes on in a task of this service and ends when who asked for it goes away; what it came to is kept. Here live
//! the records and what a run needs of the world. Never here: what a step of a model means (`domain::agent`), and the JSON
//! of others (`wire::agent`).

mod beginning;
mod calling;
mod consent;
mod files;
mod halt;
mod http;
mod kept;
mod making;
mod offered;
mod onward;
mod remembering;
mod replaying;
mod retracing;
mod run;
mod servers;
mod thinking;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::agent::replay::{Edit, Missing};
use crate::domain::agent::run::{Attributes, State};
use crate::domain::agent::{Agent, AgentEvent, Book, Definition, Remembered, Run};
use crate::domain::catalog::ModelId;
use crate::domain::change::Changed;
use crate::domain::id::{AgentId, RunId};
use crate::domain::message::Block;
use crate::domain::trace::recorded::Recorded;
use crate::domain::{Error, ErrorKind, Result};
use crate::provider::lambda::Functions;
use crate::service::archive::Archive;
use crate::service::changes::Changes;
use crate::service::fresh;
use crate::service::invoke::{Invoke, Terms};
use crate::service::knowledge::Knowledge;
use crate::wire::agent::file::{self, Form};
use crate::worker::{Programs, Surroundings};
use beginning::Beginning;

pub use onward::Onward;
pub use remembering::sweep as forget_old;

/// Events that wait for a slow asker.
const EVENTS: usize = 64;

/// What agents need besides models and records.
#[derive(Clone)]
pub struct Means {
    pub programs: Programs,
    /// Where servers that are programs are started, and what they know.
    pub folder: PathBuf,
    pub around: Surroundings,
    /// Who invokes functions of AWS Lambda.
    pub functions: Functions,
    /// What definitions may name as `$NAME`: the person's environment, without what is this program's own.
    pub variables: Arc<BTreeMap<OsString, OsString>>,
    /// The model of an agent that names none, where the person has one.
    pub model: Option<ModelId>,
}

/// Names only.
impl std::fmt::Debug for Means {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Means").field("variables", &self.variables.len()).finish_non_exhaustive()
    }
}

/// Calls that wait until somebody agrees or not.
type Pending = Arc<StdMutex<BTreeMap<(RunId, String), oneshot::Sender<bool>>>>;

/// What a run begins with.
#[derive(Debug)]
pub enum Given {
    /// Something new; with a run, behind what was said in it.
    Question {
        text: String,
        /// Pictures and documents that go with it, which nobody else keeps.
        files: Vec<Block>,
        after: Option<RunId>,
        version: Option<u32>,
        model: Option<ModelId>,
        attributes: Attributes,
    },
    /// What a run waits for, by the ids of its calls. Without a run the newest that waits is meant.
    Answers { run: Option<RunId>, answers: Vec<(String, String)> },
    /// What was done already, once more.
    Replay(Again),
    /// The next turn of a conversation, in a run of its own.
    Onward(Onward),
}

/// A run that is done once more.
#[derive(Debug)]
pub struct Again {
    pub run: RunId,
    pub edit: Edit,
    /// `None` takes the version that it was made with.
    pub version: Option<u32>,
    /// In the place of its own; where a version is named, of that version's.
    pub model: Option<ModelId>,
    pub missing: Missing,
}

/// The service.
#[derive(Debug, Clone)]
pub struct Agents {
    archive: Archive,
    invoke: Arc<Invoke>,
    knowledge: Knowledge,
    changes: Changes,
    means: Means,
    pending: Pending,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Reading the agents and writing to them is one act.
    one: Arc<Mutex<()>>,
}

impl Agents {
    /// Over these records, models and bases.
    pub fn new(
        archive: Archive,
        invoke: Arc<Invoke>,
        knowledge: Knowledge,
        changes: Changes,
        means: Means,
    ) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let (pending, one) = (Pending::default(), Arc::default());
        Self { archive, invoke, knowledge, changes, means, pending, tasks, stop, one }
    }

    /// Every agent, the last changed first.
    pub async fn list(&self) -> Result<Vec<Agent>> {
        self.archive.run(|store| Ok(kept::listed(store))).await
    }

    /// The one of that name, with its versions.
    pub async fn find(&self, name: String) -> Result<Book> {
        self.archive.run(move |store| kept::find(store, &name)).await
    }

    /// The one of that id, with its versions.
    pub async fn book(&self, id: AgentId) -> Result<Book> {
        self.archive.run(move |store| kept::book(store, id)).await
    }

    /// The model of an agent that names none, where nobody else names one either.
    pub fn stands_in(&self) -> Option<&ModelId> {
        self.means.model.as_ref()
    }

    /// Keeps a new one under a name of its own. Paths that are no whole ones lie in `folder`.
    pub async fn create(
        &self,
        name: &str,
        mut definition: Definition,
        note: String,
        folder: Option<PathBuf>,
    ) -> Result<Book> {
        files::root(&mut definition, folder.as_deref());
        kept::check(&definition)?;
        let definition = definition.with_secrets_of(None)?;
        let name = kept::named(name)?;
        let _one = self.one.lock().await;
        let made = self.archive.run(move |store| kept::create(store, name, definition, note)).await?;
        self.changes.tell(Changed::Agents);
        Ok(made)
    }

    /// Keeps the next version of an agent; one that is like the newest is refused. What it does not show of that is as it was.
    pub async fn save(
        &self,
        id: AgentId,
        mut definition: Definition,
        note: String,
        folder: Option<PathBuf>,
    ) -> Result<Book> {
        files::root(&mut definition, folder.as_deref());
        kept::check(&definition)?;
        let _one = self.one.lock().await;
        let saved = self.archive.run(move |store| kept::save(store, id, definition, note)).await?;
        self.changes.tell(Changed::Agents);
        Ok(saved)
    }

    /// Gives it another name.
    pub async fn rename(&self, id: AgentId, name: &str) -> Result<Book> {
        let name = kept::named(name)?;
        let _one = self.one.lock().await;
        let renamed = self.archive.run(move |store| kept::rename(store, id, name)).await?;
        self.changes.tell(Changed::Agents);
        Ok(renamed)
    }

    /// Deletes it with its versions and its runs.
    pub async fn remove(&self, id: AgentId) -> Result<()> {
        let _one = self.one.lock().await;
        self.archive.run(move |store| kept::remove(store, id)).await?;
        self.changes.tell(Changed::Agents);
        Ok(())
    }

    /// A version as a file.
    pub async fn export(&self, id: AgentId, version: Option<u32>, json: bool) -> Result<String> {
        let book = self.archive.run(move |store| kept::book(store, id)).await?;
        let version = kept::version(&book, version)?;
        file::write(&book.agent.name, &version.definition, if json { Form::Json } else { Form::Toml })
    }

    /// Reads a file of ours or of Bedrock's; what it says, and what could not be taken over.
    pub fn read(text: &str) -> Result<(String, Definition, Vec<String>)> {
        let read = file::read(text)?;
        Ok((read.name, read.definition, read.remarks))
    }

    /// Reads a file as a new agent, under a name that is free. `name` goes before the file's own.
    pub async fn import(
        &self,
        text: &str,
        name: Option<String>,
        folder: Option<PathBuf>,
    ) -> Result<(Book, Vec<String>)> {
        let (own, mut definition, remarks) = Self::read(text)?;
        files::root(&mut definition, folder.as_deref());
        kept::check(&definition)?;
        let definition = definition.with_secrets_of(None)?;
        let name = kept::named(&name.unwrap_or(own))?;
        let _one = self.one.lock().await;
        let made = self
            .archive
            .run(move |store| {
                let name = kept::free_name(store, &name);
                kept::create(store, name, definition, "imported".to_owned())
            })
            .await?;
        self.changes.tell(Changed::Agents);
        Ok((made, remarks))
    }

    /// Its runs, the newest first.
    pub async fn runs(&self, id: AgentId, limit: usize) -> Result<Vec<Run>> {
        self.archive.run(move |store| Ok(kept::runs(store, id, limit))).await
    }

    /// A run of an agent.
    pub async fn run_of(&self, id: AgentId, run: RunId) -> Result<Run> {
        self.archive.run(move |store| kept::run(store, id, run)).await
    }

    /// The run that the first or last digits of an id mean, with its agent.
    pub async fn find_run(&self, text: String) -> Result<(Book, Run)> {
        self.archive.run(move |store| kept::find_run(store, &text)).await
    }

    /// What is remembered of sessions, of one person's or of everybody's, the newest first.
    pub async fn memories(&self, id: AgentId, user: Option<String>) -> Result<Vec<Remembered>> {
        self.archive.run(move |store| remembering::all(store, id, user.as_deref())).await
    }

    /// Puts a person's words in the place of what is remembered of a session.
    pub async fn edit_memory(&self, id: AgentId, session: RunId, summary: String) -> Result<Remembered> {
        let _one = self.one.lock().await;
        let edited = self.archive.run(move |store| remembering::edit(store, id, session, &summary)).await?;
        self.changes.tell(Changed::Agents);
        Ok(edited)
    }

    /// Forgets sessions. What was said in them stays in their runs, unless these are to go as well.
    pub async fn forget(&self, id: AgentId, sessions: Vec<RunId>, runs: bool) -> Result<()> {
        let _one = self.one.lock().await;
        self.archive.run(move |store| remembering::forget(store, id, &sessions, runs)).await?;
        self.changes.tell(Changed::Agents);
        Ok(())
    }

    /// Says whether a call may be made that waits for that.
    pub fn decide(&self, run: RunId, call: &str, agreed: bool) -> Result<()> {
        let waits = self.pending().remove(&(run, call.to_owned()));
        // Who waited may have gone in this very moment.
        waits.is_some_and(|waits| waits.send(agreed).is_ok()).then_some(()).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                "agreeing to a call of an agent",
                format!("no call {call:?} of that run waits for that any more"),
                "Another window has answered, or the run has ended.",
            )
        })
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, BTreeMap<(RunId, String), oneshot::Sender<bool>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs an agent. Dropping the events stops it; what came is kept.
    pub fn run(&self, id: AgentId, given: Given, terms: Terms) -> BoxStream<'static, Result<AgentEvent>> {
        let agents = self.clone();
        self.go(async move { beginning::begin(&agents, id, given, terms).await })
    }

    /// Does once more what another program did, with what its tools gave: by this model, or by the one that was asked then. Dropping
    /// the events stops it; its trace is kept.
    pub fn retrace(
        &self,
        recorded: Recorded,
        model: Option<ModelId>,
        terms: Terms,
    ) -> BoxStream<'static, Result<AgentEvent>> {
        let agents = self.clone();
        self.go(async move { retracing::begin(&agents, recorded, model, terms) })
    }

    fn go(
        &self,
        beginning: impl Future<Output = Result<Beginning>> + Send + 'static,
    ) -> BoxStream<'static, Result<AgentEvent>> {
        let agents = self.clone();
        let begun = async move {
            let beginning = match beginning.await {
                Ok(beginning) => beginning,
                Err(error) => return stream::once(std::future::ready(Err(error))).boxed(),
            };
            let (events, received) = mpsc::channel(EVENTS);
            let tasks = agents.tasks.clone();
            tasks.spawn(async move {
                match beginning.take_up().await {
                    Ok(begun) => run::run(&agents, begun, events).await,
                    // Nobody is left to tell when the asker is gone.
                    Err(error) => drop(events.send(Err(error)).await),
                }
            });
            stream::unfold(received, |mut received| async move {
                received.recv().await.map(|event| (event, received))
            })
            .boxed()
        };
        stream::once(begun).flatten().boxed()
    }

    /// Ends the runs that a process left open when it died. Their number.
    pub async fn mark_interrupted(&self) -> Result<usize> {
        self.archive
            .run(|store| {
                let mut interrupted = 0;
                for agent in kept::all(store) {
                    for mut run in kept::runs(store, agent.id, usize::MAX) {
                        if run.state == State::Running {
                            run.state = State::Stopped;
                            run.updated = fresh::now();
                            kept::put_run(store, &run)?;
                            interrupted += 1;
                        }
                    }
                }
                Ok(interrupted)
            })
            .await
    }

    /// Whether one runs.
    pub fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Stops every run, waits until what came is stored, and lets no new one begin.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
