//! Why a run goes no further.

use crate::domain::Error;
use crate::domain::agent::GaveUp;

/// It gave up, or something failed.
pub(super) enum Halt {
    GaveUp(GaveUp),
    Error(Error),
}

impl Halt {
    /// In words.
    pub(super) fn said(self) -> String {
        match self {
            Self::GaveUp(why) => why.words(),
            Self::Error(error) => error.said(),
        }
    }
}

impl From<GaveUp> for Halt {
    fn from(why: GaveUp) -> Self {
        Self::GaveUp(why)
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}
