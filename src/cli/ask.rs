//! Questions to the person at the terminal.

use std::io::{self, BufRead, IsTerminal, PipeReader, Read, Write};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcgetpgrp, tcsetattr,
};
use zeroize::Zeroizing;

use crate::domain::secret::Secret;
use crate::domain::{Error, ErrorKind, Result};

/// No secret that is piped in is longer, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Whether somebody can answer.
pub(super) fn somebody() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A yes to an act, from `--yes` or from the person; without either it is refused.
pub(super) async fn agreed(yes: bool, question: &str, doing: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !somebody() {
        return Err(Error::new(
            ErrorKind::Invalid,
            doing,
            "it needs a yes and nobody is there to give it",
            "Add --yes.",
        ));
    }
    let answer = prompt(&format!("{question} [y/N] ")).await?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Cancelled, doing, "not agreed to", ""))
    }
}

/// A secret, typed without an echo.
pub(super) async fn secret(question: &str) -> Result<Secret> {
    let silence = Silence::begin()?;
    let answer = prompt(question).await;
    drop(silence);
    let answer = answer?;
    let answer = answer.trim_end_matches(['\n', '\r']);
    if answer.is_empty() {
        return Err(Error::new(ErrorKind::Cancelled, "asking for a secret", "nothing was typed", ""));
    }
    Ok(Secret::new(answer))
}

/// A secret of one line that is piped in; `what` names it.
pub(super) async fn piped_secret(what: &str) -> Result<Secret> {
    let doing = format!("reading {what} from the standard input");
    let read = tokio::task::spawn_blocking(|| {
        let mut text = Zeroizing::new(String::new());
        io::stdin().lock().take(LONGEST).read_to_string(&mut text).map(|_| text)
    });
    let text = read.await.map_err(|why| Error::internal(&doing, why.to_string()))?;
    let text = text.map_err(|why| Error::io(&doing, &why))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(Error::new(ErrorKind::Invalid, doing, "nothing was there", "Pipe it in, in one line."));
    }
    Ok(Secret::new(line))
}

/// The terminal without its echo, which comes back however the question ends.
struct Silence(Termios);

impl Silence {
    fn begin() -> Result<Self> {
        let stdin = io::stdin();
        let failed = |why: rustix::io::Errno| Error::io("asking for a secret", &why.into());
        let before = tcgetattr(&stdin).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Flush, &silent).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
        super::out::say("");
    }
}

/// Asks on a thread of its own, so that a signal is heard while the question stands. Dropped, the question is taken back.
async fn prompt(question: &str) -> Result<String> {
    let asked = |why: io::Error| Error::io("asking on the terminal", &why);
    let mut stderr = io::stderr();
    write!(stderr, "{}", crate::domain::untrusted::safe_text(question)).map_err(asked)?;
    stderr.flush().map_err(asked)?;
    let (taken_back, _stands) = io::pipe().map_err(asked)?;
    let answer = tokio::task::spawn_blocking(move || line(&taken_back));
    answer.await.map_err(|why| Error::internal("asking on the terminal", why.to_string()))?.map_err(asked)
}

/// A line of the standard input; nothing once the question is `taken_back`, whose other end is closed then.
fn line(taken_back: &PipeReader) -> io::Result<String> {
    let stdin = io::stdin();
    loop {
        let mut fds = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(taken_back, PollFlags::IN)];
        match poll(&mut fds, None) {
            Err(Errno::INTR) => {}
            Err(why) => return Err(why.into()),
            Ok(_) if !fds[1].revents().is_empty() => {
                // What was typed of an answer is none to the next question. In the background the terminal is another's.
                if tcgetpgrp(&stdin).is_ok_and(|front| front == getpgrp()) {
                    let _ = tcflush(&stdin, QueueSelector::IFlush);
                }
                return Ok(String::new());
            }
            Ok(_) => {
                let mut answer = String::new();
                return stdin.lock().read_line(&mut answer).map(|_| answer);
            }
        }
    }
}
