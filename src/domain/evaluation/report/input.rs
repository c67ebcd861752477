//! What a report is made of.

use compact_str::CompactString;

use super::sources::Sources;
use super::votes::Votes;
use crate::domain::evaluation::item::ItemName;
use crate::domain::evaluation::job::Unblinded;
use crate::domain::evaluation::task::TaskDefinition;

/// Everything that is known of a rating task. Which votes count is for the report to decide.
#[derive(Debug, Clone, Copy)]
pub struct Rated<'a> {
    /// As it is in force: the report is of its version.
    pub task: &'a TaskDefinition,
    /// All that there are, those that were taken back and those of other versions among them.
    pub votes: &'a Votes,
    pub items: &'a [RatedItem],
    /// Whose an answer is, by the name that results have for it, and how long.
    pub sources: &'a Sources,
    /// Who takes part; whoever has a vote is added.
    pub raters: &'a [String],
    /// Who looked whose answers are whose, and when.
    pub unblinded: &'a [Unblinded],
    /// Of the bootstrap. 0 takes the formula for ratings, and gives α no interval.
    pub rounds: u32,
    /// The same seed gives the same report.
    pub seed: u64,
}

/// An item as results know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatedItem {
    pub hash: ItemName,
    pub category: Option<CompactString>,
    /// The conversation that it is a turn of: items of one are not independent, and are one for every interval of samples.
    pub conversation: Option<Box<str>>,
}
