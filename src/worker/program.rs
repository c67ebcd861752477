//! A program of the person's that an agent calls: told something on its standard input, heard on its standard output.
//!
//! It runs in the place of a child of this program that has first taken from itself what it may not: files but the
//! named, connections, memory and time without end. Its environment is the variables that were named and what programs
//! need to run at all. Between both is another child, which ends it where this program cannot.

use std::ffi::{OsStr, OsString};
use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::beneath::Written;
use super::child::{Child, Ended, Surroundings};
use super::guard::{self, Fence};
use super::{cut, keep};
use crate::domain::agent::Program;
use crate::domain::{Error, ErrorKind, Result};

/// The words that put this program into the hidden mode, before the task.
pub(super) const MODE: [&str; 2] = ["worker", "run"];

/// Variables that programs need to run at all.
const NEEDED: [&str; 5] = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"];

/// How long it may take to find out what this machine can keep from a program.
const TRIAL: Duration = Duration::from_secs(5);

/// What the child is to run, and what that may do.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    program: PathBuf,
    arguments: Vec<String>,
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
    #[serde(default)]
    written: Written,
    network: bool,
    seconds: u64,
    memory: u64,
}

/// Runs programs, each call in a child.
#[derive(Debug, Clone)]
pub struct Programs {
    program: PathBuf,
    /// Where children are started; they can open nothing there.
    folder: PathBuf,
    around: Surroundings,
    /// Whether this machine can give a child a network without anybody in it.
    cuts: Arc<OnceCell<bool>>,
    /// Whether it can have all end with a child that come after it.
    parts: Arc<OnceCell<bool>>,
}

impl Programs {
    /// `program` is this very program.
    pub fn new(program: PathBuf, folder: PathBuf, around: Surroundings) -> Self {
        Self { program, folder, around, cuts: Arc::default(), parts: Arc::default() }
    }

    /// Calls a program; what it wrote to its standard output. `variables` are those that it may know besides; `written` is where
    /// programs write, this one or others: no link there leads it out. Offline it gets no network, though its definition names
    /// one. Dropped, it ends the program and what that started.
    ///
    /// # Errors
    ///
    /// `NotFound` where there is no such program, `Offline` where this machine cannot keep the network from one, `Timeout`
    /// after its time, `Full` where it wrote too much, `Io` where it ended with an error, with its own last words.
    pub async fn call(
        &self,
        called: &Program,
        written: &[PathBuf],
        offline: bool,
        variables: &[(String, OsString)],
        told: &[u8],
    ) -> Result<Vec<u8>> {
        let name = called.command.first().cloned().unwrap_or_default();
        let doing = || format!("running {name}");
        let program = self.found(&name).ok_or_else(|| {
            let hint = "Name it by its path, or by a name that PATH has.";
            Error::new(ErrorKind::NotFound, doing(), "there is no such program", hint)
        })?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|why| Error::io(doing(), &why))?;
        let (bounds, network) = (called.bounds, called.network && !offline);
        let cuts = !network && self.can(&cut::WAY, &self.cuts).await;
        let parts = self.can(&cut::APART, &self.parts).await;
        if offline && !cuts {
            // The guard alone leaves it datagrams.
            let why = "--offline forbids the network, and this machine cannot keep it from a program (unshare --net)";
            return Err(Error::new(ErrorKind::Offline, doing(), why, "Start without --offline."));
        }
        let arguments: Vec<String> = called.command[1..].to_vec();
        let mut read = called.read.clone();
        read.push(program.clone());
        // A file that the command names, such as a script, is named.
        read.extend(arguments.iter().map(PathBuf::from).filter(|path| path.is_absolute() && path.is_file()));
        // What lies where it may write it may read anyway. Where that leads it could have changed itself, by a link.
        read.retain(|path| !lies_in(path, &called.write));
        let write = called.write.iter().filter(|path| !lies_in(path, &called.write)).cloned().collect();
        let task = Task {
            program,
            arguments,
            read,
            write,
            written: Written::of(written),
            network,
            seconds: u64::from(bounds.seconds),
            memory: u64::from(bounds.memory_mb) << 20,
        };
        let task = serde_json::to_string(&task).map_err(|why| Error::internal(doing(), why.to_string()))?;
        let patience = Duration::from_secs(u64::from(bounds.seconds));
        let known = |name: &str| Some((OsString::from(name), self.around.get(name)?.to_owned()));
        let needed = NEEDED.into_iter().filter_map(known);
        let own = variables.iter().map(|(name, value)| (OsString::from(name), value.clone()));
        let around: Surroundings = needed.chain(own).collect();
        let way: &[&str] = match (cuts, parts) {
            (true, true) => &cut::BOTH,
            (true, false) => &cut::WAY,
            (false, true) => &cut::APART,
            (false, false) => &[],
        };
        let child = match way.split_first() {
            Some((first, rest)) => {
                Child::new(first, &self.folder, &around, patience).arguments(rest).arguments([&self.program])
            }
            None => Child::new(&self.program, &self.folder, &around, patience),
        };
        let child = child.arguments(keep::MODE).arguments([&self.program]).arguments(MODE).arguments([&task]);
        let most = bounds.output_kb as usize * 1024;
        let answered = child.answer(&[told], most + 1).await;
        let (ended, written) = answered.map_err(|why| {
            if why.kind() == io::ErrorKind::TimedOut {
                let hint = "Raise its bounds.seconds in the agent's definition if it needs longer.";
                Error::new(ErrorKind::Timeout, doing(), why.to_string(), hint)
            } else {
                Error::io(doing(), &why)
            }
        })?;
        if written.len() > most {
            let why = format!("it wrote more than {} KB", bounds.output_kb);
            let hint = "Raise its bounds.output_kb in the agent's definition if it has so much to say.";
            return Err(Error::new(ErrorKind::Full, doing(), why, hint));
        }
        if ended.status.success() {
            return Ok(written);
        }
        let why = format!("it ended with {}{}", how(ended.status), last(&ended));
        let hint = "It reads no file and reaches no network but what the agent's definition names.";
        Err(Error::new(ErrorKind::Io, doing(), why, hint))
    }

    /// The file of a program, by its path or by a name that `PATH` has.
    fn found(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            return Some(PathBuf::from(name)).filter(|path| path.is_file());
        }
        let path = self.around.get("PATH")?;
        std::env::split_paths(path).map(|folder| folder.join(name)).find(|file| is_program(file))
    }

    /// Whether this machine runs programs in such a way.
    async fn can(&self, way: &[&str], known: &OnceCell<bool>) -> bool {
        let trial = || async {
            let child = Child::new(way[0], &self.folder, &self.around, TRIAL);
            let ended = child.arguments(&way[1..]).arguments(["true"]).output(0).await;
            ended.is_ok_and(|(ended, _)| ended.status.success())
        };
        *known.get_or_init(trial).await
    }
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

/// Whether a path lies below one of these, as it is written.
fn lies_in(path: &Path, folders: &[PathBuf]) -> bool {
    let leads_up = path.components().any(|part| part == Component::ParentDir);
    !leads_up && folders.iter().any(|folder| path != folder && path.starts_with(folder))
}

/// How it ended: who keeps it tells a signal as shells do.
fn how(status: ExitStatus) -> ExitStatus {
    let signal =
        status.code().map(|code| code - keep::SIGNAL).filter(|signal| keep::SIGNALS.contains(signal));
    signal.map_or(status, ExitStatus::from_raw)
}

/// The last that it said.
fn last(ended: &Ended) -> String {
    let last = ended.said.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or_else(String::new, |last| format!(": {}", last.trim().chars().take(300).collect::<String>()))
}

/// Serves the hidden mode: takes from itself what the program may not, and becomes it. `parent` is who started it: without that it
/// is of no use. The exit code where it cannot.
pub(super) fn serve(task: &OsStr, parent: &OsStr) -> u8 {
    let Some(task) = task.to_str().and_then(|task| serde_json::from_str::<Task>(task).ok()) else { return 2 };
    let Some(parent) = parent.to_str().and_then(|parent| parent.parse().ok()) else { return 2 };
    let mut command = Command::new(&task.program);
    command.args(&task.arguments);
    let fence = Fence { read: &task.read, write: &task.write, written: &task.written, network: task.network };
    let guarded = guard::end_with(parent)
        .and_then(|()| guard::fence(&fence, task.seconds))
        .and_then(|_| guard::bound_memory(task.memory));
    let why = match guarded {
        Ok(()) => command.exec().to_string(),
        Err(error) => error.to_string(),
    };
    let _ = writeln!(io::stderr(), "{}: {why}", task.program.display());
    127
}
