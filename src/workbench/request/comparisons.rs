//! Models side by side, and what people choose.

use serde::{Deserialize, Serialize};

pub use crate::domain::comparison::{Form, Plan, Table};
use crate::domain::evaluation::Choice;
use crate::domain::id::{BallotId, ComparisonId, MessageId};

/// Asks about comparisons. A lane is a conversation: it is sent to, retried, continued and opened like any other, and
/// `Fork` makes one that lists have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparisons {
    /// Makes one with a conversation for each lane: `Comparison`. A table has the rows of the plan. Nothing is sent.
    Create { plan: Plan, table: Option<Table> },
    /// Newest first: one `Comparisons` reply. `before` continues after that one.
    List { limit: usize, before: Option<ComparisonId> },
    /// The one whose id starts or ends with `text`: `Comparison`, or an error that lists those it could be.
    Find { text: String },
    /// One with the choices that count in it, and behind them those that the person took back: `Comparison`.
    Open { id: ComparisonId },
    /// What the answers of each column come to, over the turns of all pages: `Summaries`.
    Summary { id: ComparisonId },
    /// Keeps a choice among the answers of one turn, which are given in the order of the columns; `order` is how these stood
    /// on the screen. A later choice about the same answers takes its place: `Ballot`.
    Choose {
        comparison: ComparisonId,
        page: u32,
        answers: Vec<MessageId>,
        choice: Choice,
        order: Vec<usize>,
        /// Who answered could not be seen.
        #[serde(default)]
        hidden: bool,
    },
    /// Keeps that the person sees who answers before they choose, on all pages or on one, from 0: `Comparison`. What they choose
    /// there is not blind.
    Look {
        id: ComparisonId,
        #[serde(default)]
        page: Option<u32>,
    },
    /// Takes a choice of the person's back; an earlier one about the same answers counts again: `Done`.
    TakeBack { ballot: BallotId },
    /// Gives it a category, also to what was chosen in it; `None` takes it away: `Comparison`.
    Categorise { id: ComparisonId, category: Option<String> },
    /// Who was chosen over whom, of all choices or of one category's: `Leaderboard`.
    Leaderboard { category: Option<String> },
    /// Takes battles of other programs onto the leaderboard, or those of this file off it again: `BattlesRead`. Where lines are bad
    /// and are not to be passed over, nothing is done.
    TakeIn {
        #[serde(with = "crate::domain::base64")]
        bytes: Vec<u8>,
        skip_bad: bool,
        remove: bool,
    },
    /// One as a text, or the battles of one or of all: `Text`s, one after the other. Of a blind one the battles alone, until
    /// something is chosen on every page or the person has looked.
    Export { id: Option<ComparisonId>, form: Form },
    /// Deletes it with its conversations: `Done`. What was chosen stays on the leaderboard, unless `ballots` go too.
    Remove { id: ComparisonId, ballots: bool },
}
