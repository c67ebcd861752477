//! The one kind of error that crosses a layer: what was being done, why it failed, what to try.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The program's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for programs. The texts are for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or a file does not say what it must.
    Invalid,
    /// A configuration value is wrong.
    Config,
    /// The thing named does not exist.
    NotFound,
    /// The model cannot do what was asked, by its catalogue card.
    Refused { capability: String },
    /// A key was missing or not accepted.
    Auth,
    /// The server asks to slow down.
    RateLimited { retry_after_ms: Option<u64> },
    /// The server has no room now.
    Overloaded,
    /// The server failed in its own right.
    Server { status: u16 },
    /// No connection, or one that broke.
    Network,
    /// Nothing came for too long.
    Timeout,
    /// `--offline` forbids it.
    Offline,
    /// The conversation does not fit the model's context.
    ContextLength { tokens: u32, limit: u32 },
    /// Stopped on request.
    Cancelled,
    /// A file or record is damaged.
    Corrupt,
    /// The disk is full.
    Full,
    /// A budget of the person's own is used up.
    Budget,
    /// Somebody else holds it.
    Busy,
    /// The process that served the call ended before it answered; whether it acted is not known.
    Detached,
    /// The process that was to serve the call ends and did nothing of it: another may begin it.
    NotBegun,
    /// The key does not open the store, or is not there.
    Locked,
    /// A passphrase opens the store: none was given, or a wrong one.
    Passphrase,
    /// Files or protocol of a newer or other version.
    Version,
    /// An operating-system call failed.
    Io,
    /// A fault of this program.
    Internal,
}

/// An error in three parts. `Display` joins them as *doing: why. hint*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Error {
    pub kind: ErrorKind,
    /// What was being done, as a gerund: "opening the store at …".
    pub doing: String,
    /// Why it failed, the other side's own words kept.
    pub why: String,
    /// What to try: one sentence, or empty where nothing helps.
    pub hint: String,
}

impl Error {
    /// An error from its parts.
    pub fn new(
        kind: ErrorKind,
        doing: impl Into<String>,
        why: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { kind, doing: doing.into(), why: why.into(), hint: hint.into() }
    }

    /// An operating-system error; a full disk is told apart.
    pub fn io(doing: impl Into<String>, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let (kind, hint) = match error.kind() {
            Io::StorageFull | Io::QuotaExceeded => (ErrorKind::Full, "Free some space, then try again."),
            Io::NotFound => (ErrorKind::NotFound, "Check that the path exists."),
            Io::IsADirectory => (ErrorKind::Io, "Name a file; that is a folder."),
            Io::PermissionDenied => (ErrorKind::Io, "Check who owns it and its permissions."),
            _ => (ErrorKind::Io, ""),
        };
        Self::new(kind, doing, error.to_string(), hint)
    }

    /// *why. hint*: where what was being done is plain to see.
    pub fn said(&self) -> String {
        sentences(&self.why, &self.hint)
    }

    /// Stopped on request, while `doing`.
    pub fn cancelled(doing: impl Into<String>) -> Self {
        Self::new(ErrorKind::Cancelled, doing, "stopped on request", "")
    }

    /// A fault of this program.
    pub fn internal(doing: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, doing, why, "This is a bug; `outcrop doctor` shows where the log is.")
    }
}

/// What is wrong and what to do about it, as two sentences; the second may be empty.
pub fn sentences(wrong: &str, advice: &str) -> String {
    let stop = if advice.is_empty() || wrong.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{wrong}{stop} {advice}").trim_end().to_owned()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.said())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_and_hint_are_two_sentences() {
        let said = |why, hint| Error::new(ErrorKind::Invalid, "reading", why, hint).said();
        assert_eq!(said("it is none", "Write it."), "it is none. Write it.");
        assert_eq!(said("Who are you?", "Say it."), "Who are you? Say it.");
        assert_eq!(said("it is none", ""), "it is none");
        assert_eq!(Error::new(ErrorKind::Invalid, "reading", "no", "Go.").to_string(), "reading: no. Go.");
    }
}
