//! How one gets on where an answer failed: below a file that was refused, which stays in the branch and would be refused again;
//! and by keys, where the service says it by commands.

use super::Thread;
use crate::domain::attachment::blobs_of;
use crate::domain::catalog::Capability;
use crate::domain::id::MessageId;
use crate::domain::message::Outcome;
use crate::domain::{Error, ErrorKind};

impl Thread {
    /// Answers that failed below a picture or document, which may be why: their hints say the ways on from there too.
    pub fn advise(&mut self, ways: &str) {
        for at in 0..self.items.len() {
            let message = &self.items[at].message;
            let failed = message.answer.as_ref().and_then(|answer| match &answer.outcome {
                Outcome::Failed { error } if may_be_a_file(error) && !error.hint.ends_with(ways) => {
                    Some(error)
                }
                _ => None,
            });
            if failed.is_none() || !self.has_file_above(message.parent) {
                continue;
            }
            if let Some(Outcome::Failed { error }) =
                self.items[at].message.answer.as_mut().map(|answer| &mut answer.outcome)
            {
                let gap = if error.hint.is_empty() { "" } else { " " };
                error.hint = format!("{}{gap}{ways}", error.hint);
            }
        }
    }

    /// Answers that failed say how one gets on in other words, where `told` has some for a hint.
    pub fn retell(&mut self, told: impl Fn(&str) -> Option<String>) {
        let outcomes =
            self.items.iter_mut().filter_map(|item| Some(&mut item.message.answer.as_mut()?.outcome));
        let failed = outcomes.filter_map(|outcome| match outcome {
            Outcome::Failed { error } => Some(error),
            _ => None,
        });
        for error in failed.chain(&mut self.failed) {
            if let Some(hint) = told(&error.hint) {
                error.hint = hint;
            }
        }
    }

    fn has_file_above(&self, mut next: Option<MessageId>) -> bool {
        for _ in 0..self.items.len() {
            let Some(message) = next.and_then(|id| self.message(id)) else { return false };
            if blobs_of(&message.blocks).next().is_some() {
                return true;
            }
            next = message.parent;
        }
        false
    }
}

/// A file may be what was refused.
fn may_be_a_file(error: &Error) -> bool {
    match &error.kind {
        ErrorKind::Refused { capability } => {
            [Capability::Vision, Capability::Documents].iter().any(|file| file.as_str() == capability)
        }
        ErrorKind::Invalid => true,
        _ => false,
    }
}
