//! Answers judged by people: what is rated, by whom, in which order, and what the votes come to.
//!
//! Everything here is a value or a pure function of values and seeds. Never here: where votes are kept, the forms of other
//! programs' files (`wire::evaluation`), who may see what.

pub mod agreement;
pub mod battle;
pub mod bias;
pub mod chance;
pub mod dataset;
pub mod decision;
pub mod exchange;
pub mod figure;
pub mod floor;
pub mod gathered;
pub mod gold;
pub mod interval;
pub mod item;
pub mod job;
pub mod limits;
pub mod masking;
pub mod metric;
pub mod queue;
pub mod ranking;
pub mod report;
pub mod sheet;
pub mod tally;
pub mod task;
pub mod vote;

pub use battle::{Battle, Choice, Outcome, battles};
pub use dataset::Dataset;
pub use figure::{Estimate, Figure, Missing};
pub use item::{Item, ItemHash, Response, Turn};
pub use metric::{Method, Metric};
pub use ranking::{Leaderboard, Options, leaderboard};
pub use report::Report;
pub use task::TaskDefinition;
pub use vote::{ResponseId, Vote};
