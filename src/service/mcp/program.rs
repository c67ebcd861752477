//! Servers that are programs of this machine, spoken with over their standard input and output.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::Mutex;

use super::bounded::Bounded;
use super::{Terms, fault};
use crate::domain::agent::variable;
use crate::domain::{Error, ErrorKind, Result};
use crate::net::Leave;
use crate::worker::{Child, Heard, Talk};

/// The longest message that a server may send, which is one line, in bytes: a longer one ends the connection.
const LONGEST: usize = 16 << 20;

/// Lines of what it said that are told with an error.
const LINES: usize = 3;

/// How long one that has closed its output may take to say how it ended.
const ENDING: Duration = Duration::from_millis(500);

pub(super) type Transport = AsyncRwTransport<RoleClient, Bounded<ChildStdout>, ChildStdin>;

/// The program of a server.
pub(super) struct Program {
    heard: Mutex<Heard>,
    /// It sent a message that is longer than one may be.
    exceeded: Arc<AtomicBool>,
    /// Secrets that it was given, and the variables that they came from.
    secrets: Vec<(String, String)>,
    /// The exchange that it is, for the record of what left the machine.
    _leave: Option<Leave>,
}

/// Starts one, each of whose processes may have so many bytes of memory for itself.
pub(super) async fn start(
    terms: &Terms<'_>,
    command: &str,
    args: &[String],
    env: &BTreeMap<String, String>,
    memory: u64,
) -> Result<(Program, Transport)> {
    let doing = super::doing(terms.name);
    let mut secrets = Vec::new();
    let mut variables = Vec::new();
    for (name, value) in env {
        let filled = variable::filled(value, &|name| (terms.variable)(name))
            .map_err(|missing| unset(&doing, name, &missing))?;
        for named in variable::names(value) {
            secrets.extend((terms.variable)(named).map(|value| (named.to_owned(), value)));
        }
        variables.push((name.clone(), filled));
    }
    // It may connect to whom it likes: offline it gets no network to do it with.
    let (child, leave) = if terms.net.is_offline() {
        let (command, folder, around) = (command.to_owned(), terms.folder.to_owned(), terms.around.clone());
        let cutting =
            tokio::task::spawn_blocking(move || Child::cut(command, &folder, &around, Duration::MAX));
        let child = cutting.await.map_err(|why| Error::internal(&doing, why.to_string()))?;
        let why =
            "--offline forbids the network, and this machine cannot keep it from a program (unshare --net)";
        let child =
            child.ok_or_else(|| Error::new(ErrorKind::Offline, &doing, why, "Start without --offline."))?;
        (child, None)
    } else {
        let leave = terms.net.leave(&doing, &format!("the MCP server {}", terms.name))?;
        let child =
            Child::new(command, terms.folder, terms.around, Duration::MAX).variables(leave.variables());
        (child, Some(leave))
    };
    let talk = child.arguments(args).variables(variables).memory(memory).talk().map_err(|why| {
        if why.kind() == std::io::ErrorKind::NotFound {
            let why = format!("there is no program {}", fault::brief(command));
            return Error::new(ErrorKind::NotFound, &doing, why, "Install it, or write where it is.");
        }
        let why = format!("{} did not start: {why}", fault::brief(command));
        Error::new(ErrorKind::Io, &doing, why, "Check its command in the file of the agent.")
    })?;
    let Talk { input, output, heard } = talk;
    let output = Bounded::new(output, LONGEST);
    let exceeded = output.exceeded();
    // The SDK counts the end of a line too, and goes on where one is too long.
    let transport = AsyncRwTransport::new_client(output, input).with_max_line_length(LONGEST + 1);
    Ok((Program { heard: Mutex::new(heard), exceeded, secrets, _leave: leave }, transport))
}

/// A value names a variable that is not there.
pub(super) fn unset(doing: &str, of: &str, missing: &str) -> Error {
    let why = format!("{of} is to be read from the variable {missing}, which is not set");
    Error::new(ErrorKind::Config, doing, why, format!("Set {missing}, then start again."))
}

impl Program {
    /// The error of one that is gone: how it ended, and what it said last.
    pub async fn ended(&self, doing: &str) -> Error {
        if self.exceeded.load(Ordering::Relaxed) {
            // Nobody reads what it still has to say.
            self.leave(Duration::ZERO).await;
            let why = format!("it sent a message of more than {} MB", LONGEST >> 20);
            let hint = "No model can read so much: have it give less, or take the server out of the agent.";
            return self.with_words(Error::new(ErrorKind::Full, doing, why, hint));
        }
        let how = self.leave(ENDING).await;
        let how = match how {
            // It was ended here: all that it had done was to close its output.
            Some(status) if std::os::unix::process::ExitStatusExt::signal(&status) == Some(9) => {
                "it has closed the connection".to_owned()
            }
            Some(status) => format!("it has ended ({status})"),
            None => "it has ended".to_owned(),
        };
        let hint = "Try its command in a shell: an MCP server waits there for what is typed.";
        self.with_words(Error::new(ErrorKind::Network, doing, how, hint))
    }

    /// The same with what it said last on its standard error.
    pub fn with_words(&self, mut error: Error) -> Error {
        let Ok(heard) = self.heard.try_lock() else { return error };
        let said = heard.said();
        let last: Vec<&str> = said.lines().rev().filter(|line| !line.trim().is_empty()).take(LINES).collect();
        if !last.is_empty() {
            let words = last.into_iter().rev().collect::<Vec<_>>().join(" / ");
            let words = self
                .secrets
                .iter()
                .filter(|(_, secret)| secret.len() > 3)
                .fold(words, |words, (name, secret)| words.replace(secret, &format!("[{name}]")));
            error.why.push_str("; it said last: ");
            error.why.push_str(&fault::brief(&words));
        }
        error
    }

    /// Waits so long for it to leave, then ends it.
    pub async fn leave(&self, within: Duration) -> Option<ExitStatus> {
        self.heard.lock().await.leave(within).await
    }
}
