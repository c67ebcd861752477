//! What an agent keeps of earlier sessions with a person.

use serde::{Deserialize, Serialize};

use crate::domain::id::RunId;
use crate::domain::time::Timestamp;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Memory {
    /// For so many days; 0 keeps nothing.
    pub days: u16,
    /// The summaries of so many sessions, the newest, are given to the model.
    pub sessions: u16,
}

impl Default for Memory {
    fn default() -> Self {
        Self { days: 0, sessions: 5 }
    }
}

/// What is kept of one session with one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Whose session it was: the name of the account.
    pub user: String,
    /// Its run; that may be gone since.
    pub session: RunId,
    /// Of its last turn.
    pub at: Timestamp,
    /// In the model's words, or in those of who has edited it.
    pub summary: String,
    /// A person has changed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
}

/// Milliseconds of a day.
const DAY: i64 = 24 * 3600 * 1000;

impl Memory {
    /// Whether something of that moment is still kept.
    pub fn keeps(&self, at: Timestamp, now: Timestamp) -> bool {
        self.days > 0 && now.0 - at.0 < i64::from(self.days) * DAY
    }

    /// What a model is told of earlier sessions, oldest first; empty where there is nothing.
    pub fn told(&self, remembered: &[Remembered], now: Timestamp) -> String {
        let mut kept: Vec<&Remembered> =
            remembered.iter().filter(|session| self.keeps(session.at, now)).collect();
        kept.sort_by_key(|session| session.at);
        let from = kept.len().saturating_sub(usize::from(self.sessions));
        let summaries: Vec<&str> = kept[from..].iter().map(|session| session.summary.trim()).collect();
        summaries.join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_sessions_are_forgotten_and_the_newest_are_told() {
        let session = |day: i64| Remembered {
            user: "ada".to_owned(),
            session: RunId::from_bytes([day as u8; 16]),
            at: Timestamp(day * DAY),
            summary: format!("Day {day}."),
            edited: false,
        };
        let sessions: Vec<Remembered> = [9, 3, 8, 7].map(session).to_vec();
        let memory = Memory { days: 5, sessions: 2 };
        assert_eq!(memory.told(&sessions, Timestamp(10 * DAY)), "Day 8.\n\nDay 9.");
        assert_eq!(memory.told(&sessions, Timestamp(13 * DAY)), "Day 9.", "the other is five days old");
        assert_eq!(Memory::default().told(&sessions, Timestamp(10 * DAY)), "");
    }
}
