//! Questions to the person at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::config::Secret;
use crate::domain::{Error, ErrorKind, Result};

/// Whether somebody can answer.
pub(super) fn somebody() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// A yes to an act, from `--yes` or from the person; without either it is refused.
pub(super) fn agreed(yes: bool, question: &str, doing: &str) -> Result<()> {
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
    let answer = prompt(&format!("{question} [y/N] "))?;
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Cancelled, doing, "not agreed to", ""))
    }
}

/// A secret, typed without an echo.
pub(super) fn secret(question: &str) -> Result<Secret> {
    let stdin = io::stdin();
    let failed = |why: rustix::io::Errno| Error::io("asking for a secret", &why.into());
    let before = tcgetattr(&stdin).map_err(failed)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &silent).map_err(failed)?;
    let answer = prompt(question);
    tcsetattr(&stdin, OptionalActions::Flush, &before).map_err(failed)?;
    super::out::say("");
    let answer = answer?;
    let answer = answer.trim_end_matches(['\n', '\r']);
    if answer.is_empty() {
        return Err(Error::new(ErrorKind::Cancelled, "asking for a secret", "nothing was typed", ""));
    }
    Ok(Secret::new(answer))
}

fn prompt(question: &str) -> Result<String> {
    let asked = |why: io::Error| Error::io("asking on the terminal", &why);
    let mut stderr = io::stderr();
    write!(stderr, "{}", crate::domain::untrusted::safe_text(question)).map_err(asked)?;
    stderr.flush().map_err(asked)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(asked)?;
    Ok(answer)
}
