//! The command line: noun, verb; text for people, `--json` one object a line for programs.
//!
//! Here live arguments, printing and questions on the terminal. Never here: what a request means, or a second way to
//! the store; everything goes through the door.

mod again;
mod agents;
mod ask;
mod cassettes;
mod changes;
mod chat;
mod compare;
mod comparisons;
mod config;
mod conversations;
mod datasets;
mod doctor;
mod edit;
mod egress;
mod evaluations;
mod export;
mod item;
mod keys;
mod knowledge;
mod looked;
mod models;
mod out;
mod pictures;
mod progress;
mod prompt;
mod prompts;
mod tending;
mod tools;
mod traces;
mod usage;
mod words;
mod workspace;

pub mod args;
pub mod wishes;

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::config::{ActionKeys, Config, Environment, Flags};
use crate::domain::{Error, ErrorKind, Result};
use crate::workbench::away::Away;
use crate::workbench::request::workspace::Workspace;
use crate::workbench::{self, Attached, Context, Face, Replies, Reply, Request, Workbench};
use args::Command;
use out::Out;

/// Reads the `[keys]` of a configuration by the table of the screen, which this face does not know.
pub type ReadKeys = fn(&BTreeMap<String, Vec<String>>) -> Result<Vec<ActionKeys>>;

/// How a command ended, as the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// A negative answer: the doctor found a fault.
    Negative,
    Error,
    /// What was asked for did not come to its end: it was stopped, here or elsewhere.
    Interrupted,
    /// A signal ended it: 128 and the signal's number, as shells have it.
    Signal(u8),
}

impl Exit {
    /// 0, 1, 2, 130; 129 for a hang-up, 143 for a request to end.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Negative => 1,
            Self::Error => 2,
            Self::Interrupted => 130,
            Self::Signal(code) => code,
        }
    }
}

/// What a command ends early with: an error to report, or a reader that went away.
#[derive(Debug)]
enum End {
    Error(Error),
    /// Nobody reads the output any more.
    BrokenPipe,
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Reports an error outside of any command.
pub fn report(error: &Error, json: bool) -> Exit {
    Out::new(json).error(error);
    Exit::Error
}

/// Says where the votes on a hand-out are that was rated on the screen.
pub fn rated_away(door: &Away) {
    evaluations::kept_away(door);
}

/// Refuses to open the screen for rating where no evaluation has that name, or several might have it. Waits for the workspace, and
/// says so where its owner is silent.
pub async fn may_rate(name: &str, door: &Arc<Attached>, config: &Config) -> Result<()> {
    let watcher = AbortOnDropHandle::new(tokio::spawn(say_silence(door.silence())));
    let asker = Asker { door: Arc::clone(door), config: config.clone(), _watcher: Some(watcher) };
    evaluations::may_rate(name, &asker).await
}

/// Runs a command that needs no configuration, which may be what is broken; `None` for the others.
pub fn run_early(
    command: &Command,
    json: bool,
    environment: &Environment,
    flags: &Flags,
    keys: ReadKeys,
) -> Option<Exit> {
    let mut out = Out::new(json);
    let ended = config::early(command, environment, flags, keys, &mut out)?;
    Some(finish(ended.and_then(|()| out.flush().map(|()| Exit::Done)), &mut out))
}

/// Says what is wrong with an installation whose configuration cannot be read.
pub fn run_broken_doctor(error: &Error, json: bool) -> Exit {
    let mut out = Out::new(json);
    let ended = doctor::broken(error, &mut out).and_then(|exit| out.flush().map(|()| exit));
    finish(ended, &mut out)
}

/// Runs one command to its end and reports what went wrong. `log` says whether the program's own log could be opened,
/// which only the doctor goes on without.
pub async fn run(
    command: Command,
    json: bool,
    config: Config,
    environment: &Environment,
    log: Result<()>,
    keys: ReadKeys,
) -> Exit {
    let mut out = Out::new(json);
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return report(&error, json),
    };
    let ended = Box::pin(dispatch(command, config, environment, (log, keys), &mut out, &mut signals))
        .await
        .and_then(|exit| {
            out.flush()?;
            Ok(exit)
        });
    finish(ended, &mut out)
}

fn finish(ended: Result<Exit, End>, out: &mut Out) -> Exit {
    match ended {
        Ok(exit) => exit,
        Err(End::BrokenPipe) => Exit::Done,
        Err(End::Error(error)) => {
            out.error(&error);
            if error.kind == ErrorKind::Cancelled { Exit::Interrupted } else { Exit::Error }
        }
    }
}

async fn dispatch(
    command: Command,
    config: Config,
    environment: &Environment,
    (log, keys): (Result<()>, ReadKeys),
    out: &mut Out,
    signals: &mut Signals,
) -> Result<Exit, End> {
    let command = match command {
        Command::Config { verb } => return config::config(verb, &config, keys, out),
        Command::Doctor => {
            return tokio::select! {
                examined = doctor::doctor(config, environment, log, out) => examined,
                ended = signals.any() => Ok(ended),
            };
        }
        other => other,
    };
    // A rater who has a hand-out may have no workspace.
    let command = match command {
        Command::Eval { verb: args::Evaluations::Rate(wanted) } => match Away::meant(&wanted.name) {
            Some(file) => {
                return tokio::select! {
                    ended = evaluations::rate_away(wanted, &file, config, out) => ended,
                    ended = signals.any() => Ok(ended),
                };
            }
            None => Command::Eval { verb: args::Evaluations::Rate(wanted) },
        },
        other => other,
    };
    let needs = match &command {
        Command::Workspace { verb: args::Workspace::Restore { .. } } => Needs::Folder,
        _ => Needs::Store,
    };
    let asker = tokio::select! {
        opened = Asker::open(config, needs) => opened?,
        ended = signals.any() => return Ok(ended),
    };
    let asks_models = matches!(
        command,
        Command::Chat(_)
            | Command::Compare(_)
            | Command::Eval { verb: args::Evaluations::Create(_) | args::Evaluations::Run { .. } }
            | Command::Models { .. }
            | Command::Pictures { .. }
            | Command::Traces { .. }
            | Command::Usage(_)
            | Command::Agent { verb: args::Agents::Run(_) | args::Agents::Replay(_) }
            | Command::Kb { .. }
            | Command::Prompts { verb: args::Prompts::Run(_) }
    );
    let running = evaluations::Running::default();
    // Programs read who looked where it is kept.
    let looks =
        !out.json && matches!(command, Command::Datasets { .. } | Command::Traces { .. } | Command::Usage(_));
    let began = words::now();
    let worked = async {
        if asks_models {
            asker.compare(out).await?;
        }
        match command {
            Command::Chat(chat) => chat::chat(chat, &asker, out).await,
            Command::Models { verb } => models::models(verb, &asker, out).await,
            Command::Pictures { verb } => pictures::pictures(verb, &asker, out).await,
            Command::Cassettes { verb } => cassettes::cassettes(verb, &asker, out).await,
            Command::Keys { verb } => keys::keys(verb, &asker, out).await,
            Command::Conversations { verb } => conversations::conversations(verb, &asker, out).await,
            Command::Agent { verb } => agents::agents(verb, &asker, out).await,
            Command::Prompts { verb } => prompts::prompts(verb, &asker, out).await,
            Command::Compare(wanted) => compare::compare(wanted, &asker, out).await,
            Command::Eval { verb } => evaluations::evaluations(verb, &asker, &running, out).await,
            Command::Comparisons { verb } => comparisons::comparisons(verb, &asker, out).await,
            Command::Datasets { verb } => datasets::datasets(verb, &asker, out).await,
            Command::Kb { verb } => knowledge::knowledge(verb, &asker, out).await,
            Command::Traces { verb } => traces::traces(verb, &asker, out).await,
            Command::Usage(wanted) => usage::usage(&wanted, &asker, out).await,
            Command::Workspace { verb } => workspace::workspace(verb, &asker, out).await,
            // Answered above, or before there was a configuration.
            Command::Paths | Command::Config { .. } | Command::Completions { .. } | Command::Doctor => {
                Ok(Exit::Done)
            }
        }
    };
    let worked = async {
        let ended = worked.await;
        if looks && ended.is_ok() {
            looked::tell(began, &asker).await;
        }
        asker.tell_notices().await;
        ended
    };
    // Dropping what a command waits for cancels it at the other side of the door; what came of it is kept there.
    let ended = tokio::select! {
        ended = worked => ended,
        ended = signals.any() => Ok(ended),
    };
    if matches!(ended, Ok(Exit::Signal(129 | 143))) {
        asker.door.hurry();
    }
    // Whoever is impatient may still cut it short.
    let close = async {
        running.pause(&asker, out).await;
        asker.door.close().await;
    };
    let told = async {
        tokio::time::sleep(workbench::LULL).await;
        if asker.door.serves_others() {
            out::say(&format!("note: {}", workbench::PARTING));
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = close => {}
        () = told => {}
        _ = signals.any() => {}
    }
    ended
}

/// Ctrl+C, and requests to end from outside: heard from here on in place of the sudden end.
struct Signals([tokio::signal::unix::Signal; 3]);

impl Signals {
    fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|why| Error::io("listening for signals", &why));
        Ok(Self([
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ]))
    }

    /// Waits for one; the exit that it means.
    async fn any(&mut self) -> Exit {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => Exit::Interrupted,
            _ = terminate.recv() => Exit::Signal(143),
            _ = hangup.recv() => Exit::Signal(129),
        }
    }
}

/// What must be well for a command to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Store,
    /// Only the place: a restore mends a store that is damaged, or whose key is lost or forgotten.
    Folder,
}

/// Says each time that the owner of the workspace does not answer, or is long in ending.
async fn say_silence(mut silence: watch::Receiver<Option<String>>) {
    while silence.changed().await.is_ok() {
        let said = silence.borrow_and_update().clone();
        if let Some(said) = said {
            out::say(&format!("note: {said}"));
        }
    }
}

/// The door, as commands use it.
struct Asker<D = Attached> {
    door: Arc<D>,
    config: Config,
    /// Says that another process has the workspace and is silent, or is about to end.
    _watcher: Option<AbortOnDropHandle<()>>,
}

impl Asker {
    /// Opens the workspace or attaches to its owner; asks for a passphrase where one is needed and somebody is there.
    async fn open(mut config: Config, needs: Needs) -> Result<Self> {
        loop {
            let door = workbench::open(&config);
            let watcher = AbortOnDropHandle::new(tokio::spawn(say_silence(door.silence())));
            match door.ready().await {
                Ok(()) => return Ok(Self { door, config, _watcher: Some(watcher) }),
                Err(error)
                    if error.kind == ErrorKind::Passphrase
                        && config.passphrase.is_none()
                        && ask::somebody() =>
                {
                    config.passphrase = Some(ask::secret("Passphrase of the workspace: ").await?);
                }
                Err(error)
                    if needs == Needs::Folder
                        && (matches!(error.kind, ErrorKind::Corrupt | ErrorKind::Locked)
                            || error.kind == ErrorKind::Passphrase && config.passphrase.is_some()) =>
                {
                    out::say(&format!("note: {error}"));
                    return Ok(Self { door, config, _watcher: None });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Says which values of this process are not in force, because another one owns the workspace and works with its own.
    async fn compare(&self, out: &mut Out) -> Result<(), End> {
        if self.door.is_owner() {
            return Ok(());
        }
        let told = BTreeMap::new();
        let reply = self.one(Request::Workspace(Workspace::Compare { told }), out).await?;
        let Reply::Differences { owner, differences } = reply else { return Err(unexpected(&reply)) };
        let record = differences.iter().find(|value| value.key == "record" && value.told.is_some());
        if let Some(record) = record {
            // Whoever records counts on it: what is not recorded is not asked.
            return Err(Error::new(
                ErrorKind::Busy,
                "recording the calls of this command",
                format!(
                    "process {owner} has the workspace open and works for this one, and with it {record}"
                ),
                "Quit that process, or leave `record` away.",
            )
            .into());
        }
        if !differences.is_empty() {
            let values: Vec<_> = differences.iter().map(ToString::to_string).collect();
            let who = format!("process {owner} has the workspace open and works for this one");
            out::say(&format!("note: {who}; in force is: {}", values.join("; ")));
            out::say("hint: quit that process to have this one's own values.");
        }
        Ok(())
    }

    /// Says what was mended or noticed about the workspace and nobody was told yet. Where that cannot be asked, the command
    /// has said why.
    async fn tell_notices(&self) {
        if let Some(Ok(Reply::Notices { founded, notices })) =
            self.ask(Request::Workspace(Workspace::Notices)).next().await
        {
            for notice in founded.into_iter().chain(notices) {
                out::say(&format!("note: {notice}"));
            }
        }
    }
}

impl<D: Workbench> Asker<D> {
    fn ask(&self, request: Request) -> Replies {
        let context = Context { principal: self.config.user.clone(), ..Context::of(Face::Cli) };
        self.door.call(context, request)
    }

    /// The last reply of a request that has one; replies before it are shown as progress.
    async fn one(&self, request: Request, out: &mut Out) -> Result<Reply, End> {
        let mut replies = self.ask(request);
        let mut progress = progress::Progress::new(out.json);
        let mut last = None;
        while let Some(reply) = replies.next().await {
            let reply = reply?;
            match &reply {
                Reply::Progress { what, done, total } => progress.show(what, *done, *total),
                _ => last = Some(reply),
            }
        }
        progress.clear();
        last.ok_or_else(|| Error::internal("waiting for an answer", "none came").into())
    }
}

/// The owner may stand in another folder.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|why| Error::io(format!("finding {}", path.display()), &why))
}

/// A reply that the request does not have.
fn unexpected(reply: &Reply) -> End {
    let mut name = FirstWord(String::new());
    // It stops where the name ends: what follows may be whole conversations.
    let _ = write!(name, "{reply:?}");
    Error::internal("reading an answer", format!("a {} came", name.0)).into()
}

/// Takes one word, and then no more.
struct FirstWord(String);

impl Write for FirstWord {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.find(|c: char| !c.is_alphanumeric());
        self.0.push_str(&text[..end.unwrap_or(text.len())]);
        if end.is_some() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_nobody_asked_for_is_named_without_what_is_in_it() {
        let named = |reply: &Reply| match unexpected(reply) {
            End::Error(error) => error.why,
            End::BrokenPipe => String::new(),
        };
        assert_eq!(named(&Reply::Done), "a Done came");
        assert_eq!(named(&Reply::Text { text: "hush".to_owned() }), "a Text came");
        assert_eq!(named(&Reply::Remembered { value: None }), "a Remembered came");
    }
}
