//! Answers judged by people.

use serde::{Deserialize, Serialize};

pub use crate::domain::evaluation::exchange::{Form, ReportForm};
use crate::domain::evaluation::job::Known;
pub use crate::domain::evaluation::job::Plan;
pub use crate::domain::evaluation::sheet::{Cast, Step};
use crate::domain::evaluation::vote::Value;
use crate::domain::evaluation::{ItemHash, TaskDefinition};
use crate::domain::id::EvaluationId;

/// Asks about evaluations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evaluations {
    /// Makes one of a dataset's items: `Evaluation`. Nothing is asked yet.
    Create { plan: Plan },
    /// What the answers of a plan may cost, or what is wrong with it: `Estimate`.
    Estimate { plan: Plan },
    /// Newest first: one `Evaluations` reply. `before` continues after that one.
    List { limit: usize, before: Option<EvaluationId> },
    /// The one of that name, or whose id starts or ends with `text`: `Evaluation`, or an error that lists those it could be.
    Find { text: String },
    /// Asks for every answer that is not there, the failed ones again: `Evaluation` as it grows, until that ends. Dropping the
    /// replies stops nothing.
    Run { id: EvaluationId },
    /// Stops asking; a later `Run` goes on from there: `Evaluation`.
    Pause { id: EvaluationId },
    /// Changes the task, and what is known of answers where that is told. What would give what raters say another meaning makes a
    /// new version once one of them has sat down: `Evaluation`.
    Change { id: EvaluationId, task: TaskDefinition, known: Option<Vec<Known>> },
    /// Reads a rating task that a person wrote, TOML or JSON, from the file of that name; `name` is the task's where it names
    /// none: `Task`.
    ReadTask { text: String, file: String, name: String },
    /// The task as `ReadTask` reads it: `Text`.
    WriteTask { id: EvaluationId },
    /// Why answers are not there, each source's grouped: `Failures`.
    Failures { id: EvaluationId },
    /// Deletes it with its items, answers and votes: `Done`.
    Remove { id: EvaluationId },
    /// A rater sits down, or moves: `Seat`, with what lies before them, which is held for them a while.
    Sit { id: EvaluationId, rater: String, step: Step },
    /// What the votes of a version come to, by whose answers are whose, which is kept: of the one in force where none is named:
    /// `EvaluationReport`.
    Report { id: EvaluationId, version: Option<u32> },
    /// The same as a file: `Text`.
    WriteReport { id: EvaluationId, version: Option<u32>, form: ReportForm },
    /// Its items by number, up to `limit` from this place on, some thousand at most: `EvaluationItems`.
    Items { id: EvaluationId, from: u32, limit: u32 },
    /// An item with whose each answer is, by its number, or by the first or last digits of its name in votes, four or as many as
    /// tell it from the others: `RatedItem`.
    Item { id: EvaluationId, item: ItemHash },
    /// The same with what was said of it by a version of the task, of the one in force where none is named, and what was decided:
    /// `JudgedItem`.
    Judged { id: EvaluationId, item: ItemHash, version: Option<u32> },
    /// Keeps what an owner decides of an item that raters differ on, by the version of the task that they looked at; refused where
    /// another is in force: `Decision`.
    Adjudicate {
        id: EvaluationId,
        item: ItemHash,
        metric: String,
        value: Value,
        reason: String,
        version: u32,
    },
    /// The file that a rater takes elsewhere, held for them for some days: `HandOut`. What they could rate now, so many items at
    /// most; or with `all` their whole queue, also what needs nobody any more.
    HandOut {
        id: EvaluationId,
        rater: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        most: Option<u32>,
        #[serde(default)]
        all: bool,
    },
    /// Takes the file in that a rater brings back: `TakenIn`.
    TakeIn {
        #[serde(with = "crate::domain::base64")]
        bytes: Vec<u8>,
    },
    /// What was said by a version of the task, by the one in force where none is named, in the form of another program:
    /// `EvaluationFile`. Battles and preference data are by a metric: the first one that gives any where none is named; none at
    /// all is an error.
    Export { id: EvaluationId, form: Form, metric: Option<String>, version: Option<u32> },
    /// Makes an evaluation of what another program wrote: `TakenIn`.
    Import {
        name: String,
        form: Form,
        #[serde(with = "crate::domain::base64")]
        bytes: Vec<u8>,
    },
    /// Keeps a vote, on the disk before the reply: `Seat`, with what lies before the rater next.
    Rate { id: EvaluationId, cast: Cast },
}
