//! The operating system's keyring, where it keeps the secret that wraps the data key.
//!
//! The store sees three verbs over entries of its own; `system` speaks them to the desktop's service. Every call is
//! bounded in time: a service that is silent is an error in words, never a program that stands still.

#[cfg(target_os = "linux")]
mod system;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::domain::id::WorkspaceId;
use crate::domain::{Error, ErrorKind};

/// How long the service may take for an answer, and a person for the password that it asks for.
const ANSWER: Duration = Duration::from_secs(10);
#[cfg(target_os = "linux")]
const PERSON: Duration = Duration::from_mins(1);

/// Names one secret in the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingEntry {
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
    /// Drawn afresh for every wrapping, so that a new one never overwrites the old one.
    pub id: String,
    /// What the keyring's own windows call it.
    pub label: String,
}

impl RingEntry {
    pub(super) fn new(workspace: WorkspaceId, id: &str, folder: &Path) -> Self {
        Self { workspace, id: id.to_owned(), label: format!("outcrop: key of {}", folder.display()) }
    }
}

/// Why a keyring did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RingFault {
    /// There is none here.
    Absent(String),
    /// It did not answer in time.
    Silent,
    /// It is locked, and was not unlocked.
    Locked,
    /// Anything else, in its own words.
    Failed(String),
}

impl RingFault {
    /// The error of what was being done. `kept` says what is still well.
    pub(super) fn told(&self, kind: ErrorKind, doing: impl Into<String>, kept: &str) -> Error {
        let (why, hint) = match self {
            Self::Absent(why) => (
                format!("no keyring can be used here ({why})"),
                "Log in to the desktop or start its keyring (GNOME Keyring, KWallet, KeePassXC), then try again",
            ),
            Self::Silent => {
                ("the keyring did not answer in time".to_owned(), "Look whether it hangs, then try again")
            }
            Self::Locked => ("the keyring is locked".to_owned(), "Unlock it, then try again"),
            Self::Failed(why) => {
                (format!("the keyring failed: {why}"), "Look at the keyring, then try again")
            }
        };
        Error::new(kind, doing, why, format!("{hint}; {kept}"))
    }
}

/// What a keyring does. A call may block, but not for ever.
pub trait Ring: Send + Sync {
    /// Keeps a secret under a new entry, for good.
    fn keep(&self, entry: &RingEntry, secret: &str) -> Result<(), RingFault>;

    /// Gives it back; `None` where there is no such entry. With `ask`, a locked keyring may ask the person to unlock it.
    fn give(&self, entry: &RingEntry, ask: bool) -> Result<Option<Zeroizing<String>>, RingFault>;

    /// Takes an entry away; one that is not there is away.
    fn forget(&self, entry: &RingEntry) -> Result<(), RingFault>;
}

/// The keyring that a store uses: the system's, unless a test brings another.
#[derive(Clone)]
pub struct Keyring(Arc<dyn Ring>);

impl Keyring {
    /// Another one in place of the system's.
    pub fn of(ring: impl Ring + 'static) -> Self {
        Self(Arc::new(ring))
    }

    /// The system's, waited for no longer than `answer`.
    pub fn patient(answer: Duration) -> Self {
        #[cfg(target_os = "linux")]
        return Self::of(system::SecretService { answer, person: PERSON });
        #[cfg(not(target_os = "linux"))]
        {
            let _ = answer;
            Self::of(Unsupported)
        }
    }
}

impl Default for Keyring {
    fn default() -> Self {
        Self::patient(ANSWER)
    }
}

impl std::ops::Deref for Keyring {
    type Target = dyn Ring;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring")
    }
}

/// Systems whose keyring this program does not speak to.
#[cfg(not(target_os = "linux"))]
struct Unsupported;

#[cfg(not(target_os = "linux"))]
impl Ring for Unsupported {
    fn keep(&self, _: &RingEntry, _: &str) -> Result<(), RingFault> {
        Err(RingFault::Absent("this build speaks to the Secret Service of Linux only".to_owned()))
    }

    fn give(&self, entry: &RingEntry, _: bool) -> Result<Option<Zeroizing<String>>, RingFault> {
        self.keep(entry, "").map(|()| None)
    }

    fn forget(&self, entry: &RingEntry) -> Result<(), RingFault> {
        self.keep(entry, "")
    }
}
