//! Battles: two answers to one prompt and which of them was chosen. Every comparing vote comes down to them.

use serde::{Deserialize, Serialize};

use super::dataset::BadLine;
use super::item::digest;
use crate::domain::hex::unhex;
use crate::domain::id::BallotId;
use crate::domain::time::Timestamp;

/// Who was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    A,
    B,
    Tie,
    /// Neither is good: half a win for each as a tie, but counted apart.
    BothBad,
}

impl Outcome {
    /// What `a` gets of one win.
    pub const fn score(self) -> f64 {
        match self {
            Self::A => 1.0,
            Self::B => 0.0,
            Self::Tie | Self::BothBad => 0.5,
        }
    }

    /// The same, seen from the other side.
    #[must_use]
    pub const fn swapped(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
            other => other,
        }
    }

    /// Whether neither was chosen.
    pub const fn is_tie(self) -> bool {
        matches!(self, Self::Tie | Self::BothBad)
    }
}

/// Two contestants met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Battle {
    /// The contestants' names: models, or a model with its settings where one meets itself.
    pub a: String,
    pub b: String,
    pub outcome: Outcome,
    /// How much it counts; 1 for a vote.
    #[serde(default = "one")]
    pub weight: f64,
    /// The category of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What was asked. Battles of one prompt or of one vote are not independent: intervals take them together. `None`
    /// stands by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

const fn one() -> f64 {
    1.0
}

impl Battle {
    /// One that counts once, of no category and by itself.
    pub fn new(a: impl Into<String>, b: impl Into<String>, outcome: Outcome) -> Self {
        Self { a: a.into(), b: b.into(), outcome, weight: 1.0, category: None, prompt: None }
    }
}

/// What was chosen among several answers side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The answer at this place, from 0.
    One(usize),
    Tie,
    BothBad,
}

/// The battles of one choice: the chosen one has won against each of the others, among which nothing was said; a tie or
/// "both bad" is one of every two. No battle where the place is none.
///
/// The battles of a choice among three or more belong together: give them the same `prompt`.
pub fn battles<S: AsRef<str>>(contestants: &[S], choice: Choice) -> Vec<Battle> {
    let name = |at: usize| contestants[at].as_ref();
    let all = 0..contestants.len();
    match choice {
        Choice::One(won) if won < contestants.len() => all
            .filter(|other| *other != won)
            .map(|other| Battle::new(name(won), name(other), Outcome::A))
            .collect(),
        Choice::One(_) => Vec::new(),
        Choice::Tie | Choice::BothBad => {
            let outcome = if choice == Choice::Tie { Outcome::Tie } else { Outcome::BothBad };
            all.clone()
                .flat_map(|a| (a + 1..contestants.len()).map(move |b| (a, b)))
                .map(|(a, b)| Battle::new(name(a), name(b), outcome))
                .collect()
        }
    }
}

/// A battle and what files of other programs tell of it besides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fought {
    /// Its prompt is the question's id.
    pub battle: Battle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<String>,
    /// Of the conversation, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Fought {
    /// The name of the `nth` of equal ones, the same wherever it comes from: what is brought twice is there once.
    pub fn id(&self, nth: u64) -> BallotId {
        let text = serde_json::to_string(self).unwrap_or_default();
        let digits = digest(&[b"outcrop battle 1", text.as_bytes(), &nth.to_be_bytes()]);
        let bytes = unhex(&digits).unwrap_or_default();
        BallotId::from_bytes(std::array::from_fn(|at| bytes.get(at).copied().unwrap_or_default()))
    }
}

/// What became of the battles of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BattlesRead {
    /// Kept now, or taken away.
    pub taken: u64,
    /// They were there already; of those to be taken away, they were not there.
    pub passed: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bad: Vec<BadLine>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_one_has_won_against_each_and_a_tie_is_of_every_two() {
        let said = |choice| {
            battles(&["x", "y", "z"], choice)
                .into_iter()
                .map(|battle| (battle.a, battle.b, battle.outcome))
                .map(|(a, b, outcome)| format!("{a}{b}{outcome:?}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(said(Choice::One(1)), ["yxA", "yzA"]);
        assert_eq!(said(Choice::Tie), ["xyTie", "xzTie", "yzTie"]);
        assert_eq!(said(Choice::BothBad), ["xyBothBad", "xzBothBad", "yzBothBad"]);
        assert_eq!(said(Choice::One(3)), Vec::<String>::new());
    }
}
