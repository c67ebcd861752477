//! Reading a document in a child of its own: bombs, broken files and faults of parsers cost one error and nothing else.

use std::fs::DirBuilder;
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::child::{Child, Ended, Surroundings};
use super::guard::{self, Account, Guard};
use crate::domain::knowledge::document::{Document, Limits};
use crate::domain::{Error, ErrorKind, Result};
use crate::wire::document;

/// The words that put this program into the hidden mode.
pub(super) const MODE: [&str; 2] = ["worker", "parse"];

/// What the child may answer for each byte of text, and beside it: JSON escapes, and every row has a place.
const ANSWER: (usize, usize) = (4, 64 * 1024 * 1024);

/// The first line of what the child is told; the file's bytes follow.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    name: String,
    limits: Limits,
    /// Who waits for it.
    parent: u32,
}

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    made: Result<Document>,
    guard: Option<Guard>,
    /// The most memory that it had, in bytes, where the system tells.
    peak: Option<u64>,
}

/// A document that a child read, and what that took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub document: Result<Document>,
    pub guard: Option<Guard>,
    pub peak: Option<u64>,
}

/// Reads documents in children of this program, each in one.
#[derive(Debug, Clone)]
pub struct Parsers {
    program: PathBuf,
    /// Where children work; they can open nothing there.
    folder: PathBuf,
    around: Surroundings,
    limits: Limits,
}

impl Parsers {
    /// `program` is this very program.
    pub fn new(program: PathBuf, folder: PathBuf, around: Surroundings, limits: Limits) -> Self {
        Self { program, folder, around, limits }
    }

    /// The largest file that is read, in bytes.
    pub fn largest(&self) -> u64 {
        self.limits.file
    }

    /// Reads a file; its name tells its format where its bytes do not. Dropped, it ends the child.
    pub async fn read(&self, name: &str, bytes: &[u8]) -> Result<Document> {
        let parsed = self.parse(name, bytes).await?;
        if parsed.guard == Some(Guard::Limits) {
            tracing::debug!(name, "a document was read without Landlock, which this system has not");
        }
        parsed.document
    }

    /// The same, with what it took. The error is of the child that could not be started.
    pub async fn parse(&self, name: &str, bytes: &[u8]) -> Result<Parsed> {
        let doing = || format!("reading the document {name}");
        let limits = self.limits;
        if bytes.len() as u64 > limits.file {
            // Not worth a child: this reads nothing but its length.
            return Ok(Parsed { document: document::read(name, bytes, &limits), guard: None, peak: None });
        }
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(|why| Error::io(doing(), &why))?;
        let task = serde_json::to_vec(&Task { name: name.to_owned(), limits, parent: std::process::id() })
            .map_err(|why| Error::internal(doing(), why.to_string()))?;
        let most = limits.text.saturating_mul(ANSWER.0).saturating_add(ANSWER.1);
        let child =
            Child::new(&self.program, &self.folder, &self.around, Duration::from_secs(limits.seconds));
        let answered = child.arguments(MODE).answer(&[task.as_slice(), b"\n", bytes], most).await;
        let broken =
            |why: &str| Ok(Parsed { document: Err(document::broken(name, why)), guard: None, peak: None });
        let (ended, written) = match answered {
            Ok(answered) => answered,
            Err(why) if why.kind() == io::ErrorKind::TimedOut => return Ok(timed_out(&doing(), &limits)),
            Err(why) => return Err(Error::io(doing(), &why)),
        };
        // It may be large, and takes its time.
        let read = tokio::task::spawn_blocking(move || serde_json::from_slice::<Answer>(&written)).await;
        match read.map_err(|why| Error::internal(doing(), why.to_string()))? {
            Ok(Answer { made, guard, peak }) if ended.status.success() => {
                Ok(Parsed { document: made, guard, peak })
            }
            _ if is_out_of_time(&ended) => Ok(timed_out(&doing(), &limits)),
            _ if ended.said.contains("memory allocation of") => {
                Ok(Parsed { document: Err(too_large(&doing(), &limits)), guard: None, peak: None })
            }
            _ => broken(&format!("its reader broke down on it ({}){}", ended.status, last(&ended))),
        }
    }
}

fn timed_out(doing: &str, limits: &Limits) -> Parsed {
    let why = format!("it was not read after {} s", limits.seconds);
    let hint = "If the file is sound, raise documents.seconds in the configuration.";
    Parsed { document: Err(Error::new(ErrorKind::Timeout, doing, why, hint)), guard: None, peak: None }
}

fn too_large(doing: &str, limits: &Limits) -> Error {
    let why = format!("it needs more memory than the {} MB that it may", limits.memory / 1024 / 1024);
    let hint = "If the file is sound, raise documents.memory_mb in the configuration.";
    Error::new(ErrorKind::Invalid, doing, why, hint)
}

/// Whether the system ended it for the processor's time that it took.
fn is_out_of_time(ended: &Ended) -> bool {
    use std::os::unix::process::ExitStatusExt;
    const SIGXCPU: i32 = rustix::process::Signal::XCPU.as_raw();
    ended.status.signal() == Some(SIGXCPU)
}

/// The last that it said, for whoever looks for the fault.
fn last(ended: &Ended) -> String {
    let last = ended.said.lines().rev().find(|line| !line.trim().is_empty() && !line.starts_with("note: "));
    last.map_or_else(String::new, |last| format!(": {}", last.trim().chars().take(200).collect::<String>()))
}

/// Serves the hidden mode: reads a task, guards itself, reads the document, answers. The exit code.
pub(super) fn serve() -> u8 {
    let mut input = io::stdin().lock();
    let mut line = String::new();
    let told = input.read_line(&mut line).ok().and_then(|_| serde_json::from_str::<Task>(&line).ok());
    let Some(Task { name, limits, parent }) = told else { return 2 };
    if guard::end_with(parent).is_err() {
        return 2;
    }
    let account = Account::open();
    let guard = guard::hold(limits.memory, limits.seconds, &account);
    let made = guard.clone().and_then(|_| {
        let mut bytes = Vec::new();
        let read = input.take(limits.file.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|why| {
            let doing = format!("reading the document {name}");
            if why.kind() == io::ErrorKind::OutOfMemory {
                too_large(&doing, &limits)
            } else {
                Error::io(doing, &why)
            }
        })?;
        document::read(&name, &bytes, &limits)
    });
    let answer = Answer { made, guard: guard.ok(), peak: account.peak() };
    let mut output = BufWriter::new(io::stdout().lock());
    let written =
        serde_json::to_writer(&mut output, &answer).map_err(io::Error::from).and_then(|()| output.flush());
    if written.is_ok() { 0 } else { 2 }
}
